#include "config/value.h"

/* First byte: the separator. Then pairs of a character and whether it is quoted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    char text[512];
    uint8_t quoted[512];
    size_t used = 0;

    if (count == 0)
        return 0;
    char separator = (char)data[0];
    for (size_t i = 1; i + 1 < count && used < sizeof text; i += 2) {
        text[used] = (char)data[i];
        quoted[used++] = data[i + 1] & 1;
    }

    struct value whole = { { text, used }, quoted };
    struct value rest = whole;
    struct value field;
    struct value after;
    size_t fields = 0;
    size_t separators = 0;

    for (size_t i = 0; i < used; i++)
        separators += text[i] == separator && !quoted[i];
    while (value_next_field(&rest, separator, &field)) {
        fields++;
        assert(field.text.at >= text && field.text.at + field.text.count <= text + used);
        assert(field.quoted == quoted + (field.text.at - text));
        assert(value_find(field, separator) == SIZE_MAX);
        if (value_after_prefix(field, "tag:", &after))
            assert(after.text.count + 4 == field.text.count);
    }
    assert(fields == separators + 1);
    assert(value_count_fields(whole, separator) == fields);
    return 0;
}

#include "base/text.h"

/* Every piece that is split off lies inside the text, splitting ends, and numbers survive being
 * printed and read again. */

static bool lies_in(struct text piece, struct text whole)
{
    return piece.count == 0
           || (piece.at >= whole.at && piece.at + piece.count <= whole.at + whole.count);
}

static void check_splitting(struct text text)
{
    struct text rest = text;
    struct text piece;
    size_t fields = 0;
    size_t separators = 0;

    while (text_next_field(&rest, ',', &piece)) {
        assert(lies_in(piece, text) && text_find(piece, ',') == SIZE_MAX);
        fields++;
    }
    for (size_t i = 0; i < text.count; i++)
        separators += text.at[i] == ',';
    assert(fields == (text.count == 0 ? 0 : separators + 1));

    rest = text;
    while (text_next_word(&rest, &piece))
        assert(lies_in(piece, text) && piece.count > 0 && text_trim(piece).count == piece.count);

    rest = text;
    for (size_t left = rest.count; text_next_line(&rest, &piece); left = rest.count) {
        assert(lies_in(piece, text) && text_find(piece, '\n') == SIZE_MAX);
        assert(rest.count < left);
    }
    assert(rest.count == 0);
}

static void check_numbers(struct text text)
{
    char buffer[64];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    uint64_t value;
    uint64_t again;
    uint32_t seconds;

    if (text_to_u64(text, UINT64_MAX, &value) == STATUS_OK) {
        text_put_u64(&out, value);
        enum status status = text_to_u64(text_out_text(&out), UINT64_MAX, &again);
        assert(status == STATUS_OK && again == value);
    }
    if (text_to_duration(text, &seconds) == STATUS_OK) {
        text_out_rewind(&out, 0);
        text_put_duration(&out, seconds);
        assert(!out.failed && out.count > 0);
    }
}

static void check_bytes(struct text text)
{
    uint8_t bytes[16];
    char buffer[64];
    size_t count;

    if (text_to_hex_bytes(text, bytes, sizeof bytes, &count) == STATUS_OK) {
        uint8_t again[sizeof bytes];
        size_t again_count;
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_hex(&out, bytes_of(bytes, count), ':');
        enum status status =
            text_to_hex_bytes(text_out_text(&out), again, sizeof again, &again_count);
        assert(!out.failed && status == STATUS_OK);
        assert(bytes_equal(bytes_of(bytes, count), bytes_of(again, again_count)));
    }

    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_safe(&out, text_bytes(text));
    for (size_t i = 0; i < out.count; i++)
        assert(buffer[i] >= ' ' && buffer[i] <= '~');
    assert(buffer[out.count] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text text = { (const char *)data, count };
    struct text half = text_part(text, 0, count / 2);

    check_splitting(text);
    check_numbers(text);
    check_bytes(text);
    assert(text_distance(half, text_after(text, count / 2), 3) <= 4);
    assert(text_distance(text, text, 3) == (count <= 64 ? 0 : 4));
    return 0;
}

#include "dhcp/option_value.h"

#define FIELDS_MAX 300

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* A byte of flags and two of the code, then the list; bytes 0x01 mark a field as quoted. */
static size_t cut_fields(struct text text, struct option_value_field *fields)
{
    size_t count = 0;

    while (count < FIELDS_MAX && text_next_field(&text, ',', &fields[count].text)) {
        fields[count].quoted = text_find(fields[count].text, 1) != SIZE_MAX;
        count++;
    }
    return count;
}

static void check_fill(struct bytes bytes, const struct option_value *value)
{
    static uint8_t filled[OPTION_VALUE6_MAX];
    struct option_value_addresses none = { 0 };
    struct option_value_addresses zeros = { address_any(ADDRESS_IP4), address_any(ADDRESS_IP6),
                                            address_any(ADDRESS_IP6), address_any(ADDRESS_IP6) };
    struct bytes_writer out = bytes_writer_on(filled, sizeof filled);
    size_t end = 0;

    for (unsigned i = 0; i < value->own_count; i++) {
        assert(value->own[i].offset >= end && value->own[i].offset < bytes.count);
        end = value->own[i].offset + value->own[i].before + 4u;
    }

    /* The places hold zeros, so zeros put there change nothing. */
    enum status status = option_value_fill(bytes, value, &zeros, &out);
    assert(status == STATUS_OK && bytes_equal(bytes_writer_written(&out), bytes));
    bytes_writer_rewind(&out, 0);
    status = option_value_fill(bytes, value, &none, &out);
    assert(status == STATUS_OK || (status == STATUS_NOT_FOUND && value->own_count > 0));
    assert(bytes_writer_count(&out) + 4 * value->own_count <= bytes.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t bytes[OPTION_VALUE6_MAX + 1];
    static struct option_value_field fields[FIELDS_MAX];
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint8_t flags = bytes_read_u8(&reader);
    struct option_value_source source = {
        .is_dhcp6 = (flags & 1) != 0,
        .encapsulated = (flags & 2) != 0,
        .by_name = (flags & 4) != 0,
        .code = bytes_read_u16(&reader),
        .fields = fields,
    };
    size_t room = (flags & 8) != 0 ? 12 : sizeof bytes;
    struct bytes_writer out = bytes_writer_on(bytes, room);
    struct option_value value;
    const char *why = NULL;

    source.count = cut_fields(text_from_bytes(bytes_read_rest(&reader)), fields);
    enum status status = option_value_read(&source, &out, &value, &why);
    if (status != STATUS_OK) {
        assert(why != NULL && bytes_writer_count(&out) == 0 && !out.failed);
        return 0;
    }
    assert(!out.failed && value.own_count <= OPTION_VALUE_OWN_MAX);
    assert(bytes_writer_count(&out)
           <= (source.is_dhcp6 ? OPTION_VALUE6_MAX : OPTION_VALUE4_LONG_MAX));
    assert(!source.encapsulated || value.own_count == 0);
    check_fill(bytes_writer_written(&out), &value);
    return 0;
}

#include "wire/rdata.h"

/* The first two bytes are the type, the third where the rdata begins in the rest. */

static void check_plain(struct bytes rdata, uint16_t type)
{
    static char text[8 * RDATA_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    struct dname target;
    struct soa soa;

    enum status status = rdata_check(rdata, type);
    assert(status == STATUS_OK);
    text_put_rdata(&out, rdata, type);
    for (size_t i = 0; i < out.count; i++)
        assert(text[i] >= ' ' && text[i] <= '~');

    size_t first = rdata_first_name(type);
    assert((first == SIZE_MAX) == (rdata_name_count(type) == 0));
    assert(first == SIZE_MAX || first < rdata.count);
    status = rdata_target(rdata, type, &target);
    assert(status == STATUS_OK || status == STATUS_NOT_FOUND);

    if (rdata_soa(rdata, &soa) == STATUS_OK) {
        uint8_t again[2 * DNAME_WIRE_MAX + 20];
        struct bytes_writer writer = bytes_writer_on(again, sizeof again);
        bytes_write_soa(&writer, &soa);
        assert(bytes_equal(bytes_writer_written(&writer), rdata));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t plain[RDATA_MAX];
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint16_t type = bytes_read_u16(&reader);
    size_t offset = bytes_read_u8(&reader);
    struct bytes message = bytes_read_rest(&reader);
    char text[256];
    struct text_out out = text_out_on(text, sizeof text);

    text_put_rdata(&out, message, type);
    if (offset > message.count)
        return 0;
    size_t size = message.count - offset;
    struct bytes_writer writer = bytes_writer_on(plain, sizeof plain);
    if (rdata_read(message, offset, size, type, &writer) == STATUS_OK)
        check_plain(bytes_writer_written(&writer), type);
    else
        assert(bytes_writer_count(&writer) == 0);
    if (offset == 0 && rdata_check(message, type) == STATUS_OK)
        assert(bytes_equal(bytes_writer_written(&writer), message));
    return 0;
}

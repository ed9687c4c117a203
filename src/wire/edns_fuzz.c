#include "wire/edns.h"

/* Options that were accepted can be walked to the end, and written again give the same rdata. */
static void check_options(const struct edns *edns)
{
    static uint8_t buffer[EDNS_FIXED_BYTES + UINT16_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    size_t start = edns_write_start(&writer, edns->udp_size, edns->extended_rcode, edns->dnssec_ok);
    uint16_t code;
    struct bytes value;
    struct bytes first;
    unsigned options = 0;

    for (size_t place = 0; edns_next_option(edns, &place, &code, &value); options++) {
        assert(place <= edns->options.count);
        bool found = edns_find_option(edns, code, &first);
        assert(found && first.at <= value.at);
        edns_write_option(&writer, code, value);
    }
    edns_write_end(&writer, start);
    assert(options <= EDNS_OPTIONS_MAX && !writer.failed);
    assert(bytes_equal(
        bytes_of(buffer + EDNS_FIXED_BYTES, bytes_writer_count(&writer) - EDNS_FIXED_BYTES),
        edns->options));
}

static void check_subnet(struct bytes value)
{
    uint8_t buffer[4 + 16];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct edns_subnet subnet;

    if (edns_subnet_read(value, &subnet) != STATUS_OK)
        return;
    bytes_write_edns_subnet(&writer, &subnet);
    assert(!writer.failed && bytes_equal(bytes_writer_written(&writer), value));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint16_t class_ = bytes_read_u16(&reader);
    uint32_t ttl = bytes_read_u32(&reader);
    struct bytes rdata = bytes_read_rest(&reader);
    struct edns edns;
    struct bytes value;

    check_subnet(bytes_of(data, count));
    if (rdata.count > UINT16_MAX || edns_read(class_, ttl, rdata, &edns) != STATUS_OK)
        return 0;
    check_options(&edns);
    if (edns_find_option(&edns, EDNS_CLIENT_SUBNET, &value))
        check_subnet(value);
    return 0;
}

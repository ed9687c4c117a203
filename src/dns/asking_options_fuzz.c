#include "dns/asking_options.h"

#include "dns/worker_state.h"

/* The first bytes choose what is added and who asks; the rest are a client's options. What comes
 * out has to be options again, with none of a kind twice that we add. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    unsigned what = bytes_read_u8(&reader);
    struct asking_who who = {
        .hardware = { .type = 1, .count = bytes_read_u8(&reader) % (HARDWARE_MAX + 1u) }
    };
    struct dns_asking asking = {
        .mac_forms = what & 7,
        .strip_mac = (what & 8) != 0,
        .strip_subnet = (what & 16) != 0,
        .cpe_id = (what & 32) != 0 ? "customer" : NULL,
        .add_subnet = (what & 64) != 0,
        .umbrella.wanted = (what & 128) != 0,
    };
    asking.subnet4.length = bytes_read_u8(&reader) % 33;
    asking.subnet6.length = bytes_read_u8(&reader) % 129;
    who.address = address_any((asking.subnet6.length & 1) != 0 ? ADDRESS_IP6 : ADDRESS_IP4);

    struct edns edns;
    if (reader.failed || edns_read(1232, 0, bytes_read_rest(&reader), &edns) != STATUS_OK)
        return 0;
    uint8_t kept[ASKING_CLIENT_MAX];
    uint8_t buffer[ASKING_BYTES_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    bool has_subnet;
    size_t kept_count = asking_client_options(&asking, &edns, kept, &has_subnet);
    assert(kept_count <= sizeof kept && !(has_subnet && asking.strip_subnet));
    asking_write(&asking, &who, bytes_of(kept, kept_count), &writer);
    assert(!writer.failed);

    struct edns again = { .present = true, .options = bytes_writer_written(&writer) };
    struct bytes value;
    size_t place = 0;
    uint16_t code;
    size_t walked = 0;
    while (edns_next_option(&again, &place, &code, &value))
        walked += 4 + value.count;
    assert(walked == again.options.count);
    assert(!asking.add_subnet || edns_find_option(&again, EDNS_CLIENT_SUBNET, &value));
    assert(asking.cpe_id == NULL || edns_find_option(&again, EDNS_CPE_ID, &value));
    return 0;
}

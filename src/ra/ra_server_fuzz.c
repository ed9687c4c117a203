#include "ra/ra_test_world.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* The first byte says how many bytes the next message has, two more where it comes from and what
 * happens before it: bytes of strangers, time, addresses that come and go. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static const char *const sources[] = { "::",      "fe80::1", "fd00:50::77", "2001:db8::1",
                                           "ff02::1", "fe80::2", "fd00:51::5",  "::1" };
    struct world world;
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    world_init(&world, "dhcp-range=::,constructor:lan*,ra-stateless\n"
                       "dhcp-option=option6:dns-server,[fe80::]\nra-param=lan1,4\n");
    world.keep_quiet = true;
    world_start(&world);
    for (unsigned i = 0; i < 64 && bytes_reader_left(&reader) >= 3; i++) {
        size_t length = bytes_read_u8(&reader);
        uint8_t how = bytes_read_u8(&reader);
        uint8_t pass = bytes_read_u8(&reader);
        if (length > bytes_reader_left(&reader))
            length = bytes_reader_left(&reader);
        struct ra_datagram in = {
            .message = bytes_read_span(&reader, length),
            .interface = (how >> 3 & 3) + 1u,
            .hop_limit = (how & 0x20) != 0 ? 64 : 255,
        };
        if ((how & 0x40) != 0)
            world_remove_address(&world, "fd00:50::1");
        else if ((how & 0x80) != 0 && world.address_count < COUNT_OF(world.addresses))
            world_add_address(&world, WORLD_LAN0, "fd00:50::1/64");
        if ((how & 0xc0) != 0)
            world_network_changed(&world);
        enum status status = address_from_text(text_of(sources[how & 7]), &in.from);
        assert(status == STATUS_OK);
        ra_server_message(world.server, &in, world.now, &world.out);
        assert(world.out.count == 0);
        world_pass(&world, (mono_ms)pass * 1000);
    }
    const struct ra_counters *counters = ra_server_counters(world.server);
    assert(counters->solicits + counters->dropped_malformed + counters->dropped_not_on_link
               + counters->dropped_not_admitted
           <= 64);
    world_free(&world);
    return 0;
}

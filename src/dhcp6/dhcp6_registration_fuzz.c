#include <stddef.h>
#include <stdint.h>

#include "dhcp6/dhcp6_state.h"
#include "dhcp6/dhcp6_test_world.h"

/* Bytes as the options of ADDR-REG-INFORM messages, from a few addresses, straight or through a
 * relay, with time between them.
 *
 * Always: what is answered carries its address back to whoever has it; only addresses of the link
 * are kept, and none that is leased or ours; all are forgotten in the end. */

static const char *const senders[] = { "fd00:50::7", "fd00:50::8", "fd00:50::1",
                                       "fe80::c0",   "fd00:99::1", "fd00:50::150" };

static void check_reply(const struct world *world, const struct address *from)
{
    struct dhcp6_wrapped wrapped;
    struct dhcp6_message reply;
    struct dhcp6_ia_address address;
    struct bytes value;
    if (world->sent_count == 0)
        return;
    struct bytes bytes = bytes_of(world->sent[0].bytes, world->sent[0].action.bytes.count);
    enum status status = dhcp6_unwrap(bytes, &wrapped);
    assert(world->sent_count == 1 && status == STATUS_OK);
    status = dhcp6_message_read(wrapped.inner, &reply);
    assert(status == STATUS_OK && reply.type == DHCP6_ADDR_REG_REPLY);
    bool has_address = dhcp6_option_find(&reply.options, DHCP6_IAADDR, &value);
    assert(has_address);
    status = dhcp6_ia_address_read(value, &address);
    assert(status == STATUS_OK && address_equal(&address.address, from));
}

static void hear(struct world *world, struct bytes options, const char *from, bool relayed)
{
    uint8_t buffer[512];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct address peer = world_address(from), link = world_address("fd00:50::9");
    struct world_way way = { .from = { peer, 546, 0 },
                             .local = world_address("ff02::1:2"),
                             .interface = WORLD_ETH0 };
    if (relayed) {
        way.from.address = world_address("fe80::99");
        bytes_write_u16(&writer, DHCP6_RELAY_FORW << 8);
        bytes_write_span(&writer, address_bytes(&link));
        bytes_write_span(&writer, address_bytes(&peer));
        bytes_write_u16(&writer, DHCP6_RELAY_MSG);
        bytes_write_u16(&writer, (uint16_t)(4 + options.count));
    }
    bytes_write_u32(&writer, (uint32_t)DHCP6_ADDR_REG_INFORM << 24 | 0x123456);
    bytes_write_span(&writer, options);
    world_forget(world);
    world_hears_bytes(world, bytes_writer_written(&writer), &way);
    check_reply(world, &peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    if (count > 2000)
        return 0;
    struct world *world = world_create();
    world_range(world, "fd00:50::100", "fd00:50::1ff", 0, 3600);
    world->config.address_registration = true;
    world_start(world);
    world_hears(world, "request server from=1 na:1=fd00:50::150");
    while (bytes_reader_left(&reader) > 2) {
        uint8_t how = bytes_read_u8(&reader);
        size_t room = bytes_read_u8(&reader);
        size_t left = bytes_reader_left(&reader);
        struct bytes options = bytes_read_span(&reader, room < left ? room : left);
        hear(world, options, senders[how % COUNT_OF(senders)], (how & 0x80) != 0);
        world_passes(world, (uint64_t)(how & 0x70) * 100);
        assert(dhcp6_registrations_count(world->server->registrations) <= 2);
    }
    world_passes(world, (uint64_t)UINT32_MAX * 1000);
    assert(dhcp6_registrations_count(world->server->registrations) == 0);
    world_free(world);
    return 0;
}

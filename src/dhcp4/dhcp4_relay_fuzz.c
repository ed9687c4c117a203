/* Any message, from either side, at a relay with an ordinary line, one that broadcasts and a split
 * one: what goes on is a DHCP message again, and is never what came from ourselves. */
#include "dhcp4/dhcp4_relay.h"

#include "dhcp4/dhcp4_test_world.h"

static struct world *world;

static void check_sent(const struct dhcp4_message *in, const struct world_sent *sent)
{
    assert(sent->message.op == in->op && sent->message.xid == in->xid);
    if (in->op == DHCP4_BOOTREQUEST) {
        assert(sent->message.hops == in->hops + 1 && in->hops < DHCP4_HOPS_MAX);
        assert(!address_is_any(&sent->message.giaddr));
        assert(network_own_address(world->network, &in->giaddr) == NULL);
    } else {
        assert(network_own_address(world->network, &in->giaddr) != NULL);
        assert(sent->action.bytes.count == in->bytes.count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t buffer[DHCP4_MESSAGE_MAX];
    struct dhcp_relay lines[] = {
        { .local = address_ip4(192, 168, 50, 1), .server = address_ip4(10, 0, 0, 67) },
        { .local = address_ip4(192, 168, 50, 1), .reply = { .pattern = "eth1" } },
        { .local = address_ip4(192, 168, 50, 1),
          .server = address_ip4(10, 0, 0, 67),
          .split = true,
          .uplink = address_ip4(192, 168, 60, 1) },
    };
    struct dhcp4_counters counters = { 0 };
    struct dhcp4_message message;
    world = world_create();
    world->config.relay.relays = lines;
    world->config.relay.relay_count = COUNT_OF(lines);
    struct dhcp4_relay relay = { .config = &world->config,
                                 .site = &world->site,
                                 .network = world->network,
                                 .counters = &counters,
                                 .buffer = buffer };
    struct dhcp4_datagram in = { .message = bytes_of(data, count), .interface = WORLD_ETH0 };
    bool readable = dhcp4_message_read(in.message, &message) == STATUS_OK;
    for (; in.interface <= WORLD_ETH1; in.interface++) {
        bool ours = dhcp4_relay_message(&relay, &in, &world->out);
        assert(readable || !ours);
        world_flush(world, &world->out);
        assert(world->sent_count <= COUNT_OF(lines) && (ours || world->sent_count == 0));
        for (size_t i = 0; i < world->sent_count; i++)
            check_sent(&message, &world->sent[i]);
        world->sent_count = 0;
    }
    world_free(world);
    return 0;
}

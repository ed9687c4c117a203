#include "dhcp6/dhcp6_relay.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

enum { NEAR = 2, FAR = 3 };

static uint64_t sent;

static void flush(void *context, struct dhcp6_outbox *outbox)
{
    (void)context;
    sent += outbox->count;
    dhcp6_outbox_reset(outbox);
}

/* The server's answer to a request that was passed on comes back through every relay of the chain,
 * ours being the last: it reaches whoever sent the request, with what the server said to it. */
static void answer(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *request,
                   struct bytes passed, struct dhcp6_outbox *outbox)
{
    static const uint8_t said[] = { DHCP6_REPLY, 1, 2, 3, 0, 14, 0, 0 };
    static uint8_t buffer[2 * DHCP6_MESSAGE_MAX];
    struct dhcp6_wrapped wrapped, before, after;
    if (dhcp6_unwrap(passed, &wrapped) != STATUS_OK)
        return;
    struct bytes reply =
        dhcp6_wrap_reply(&wrapped, bytes_of(said, sizeof said), buffer, sizeof buffer);
    struct dhcp6_datagram in = {
        .message = reply,
        .from = { { ADDRESS_IP6, { 0xfe, 0x80, [15] = 7 } }, DHCP6_SERVER_PORT, FAR },
        .interface = FAR,
    };
    if (reply.count == 0 || !dhcp6_relay_message(agent, &in, outbox))
        return;
    assert(outbox->count <= 1);
    if (outbox->count == 0)
        return;
    const struct dhcp6_action *back = &outbox->actions[0];
    assert(back->interface == NEAR && address_equal(&back->to.address, &request->from.address));
    enum status status = dhcp6_unwrap(back->bytes, &after);
    assert(status == STATUS_OK && bytes_equal(after.inner, bytes_of(said, sizeof said)));
    /* As many envelopes as the request had when it came to us, and what other relays put in. */
    status = dhcp6_unwrap(request->message, &before);
    assert(status == STATUS_OK && after.relay_count == before.relay_count);
    for (unsigned i = 0; i < after.relay_count; i++) {
        const struct dhcp6_relay *to = &after.relays[i], *from = &before.relays[i];
        assert(address_equal(&to->link, &from->link) && address_equal(&to->peer, &from->peer));
        assert(bytes_equal(to->interface_id, from->interface_id));
    }
    dhcp6_outbox_reset(outbox);
}

/* The first byte: by which link it comes, and from whom. What is passed on is no longer than a
 * message may be, goes to one of the two ways there are, and is counted. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static const struct network_interface interfaces[] = {
        { .index = NEAR, .name = "near", .up = true, .multicast = true },
        { .index = FAR, .name = "far", .up = true, .multicast = true },
    };
    static struct network_address own = { .address = { ADDRESS_IP6, { 0xfd, [15] = 1 } },
                                          .prefix_length = 64,
                                          .interface = NEAR };
    static struct dhcp_relay line = { .local = { ADDRESS_IP6, { 0xfd, [15] = 1 } },
                                      .reply = { .pattern = "far" } };
    static struct dhcp6_outbox outbox;
    static struct dhcp6_relay_agent agent;
    static struct network *network;
    static struct dhcp_config config;
    static struct site site;
    if (network == NULL
        && network_create(interfaces, COUNT_OF(interfaces), &own, 1, &network) != STATUS_OK)
        return 0;
    if (count == 0)
        return 0;
    dhcp_config_init(&config);
    config.relay.relays = &line;
    config.relay.relay_count = 1;
    agent.config = &config;
    agent.site = &site;
    agent.network = network;
    outbox.flush = flush;
    struct dhcp6_datagram in = {
        .message = bytes_of(data + 1, count - 1),
        .from = { { ADDRESS_IP6, { 0xfe, 0x80, [15] = 9 } },
                  (data[0] & 4) != 0 ? 547 : 1547,
                  NEAR },
        .interface = (data[0] & 1) != 0 ? NEAR : FAR,
    };
    if ((data[0] & 2) != 0)
        in.from.address.bytes[0] = 0xfd;
    struct dhcp6_relay_counters before = agent.counters;
    bool ours = dhcp6_relay_message(&agent, &in, &outbox);
    uint64_t passed =
        agent.counters.requests - before.requests + agent.counters.replies - before.replies;
    assert(passed + agent.counters.dropped - before.dropped == (uint64_t)ours);
    assert(outbox.count == passed);
    for (size_t i = 0; i < outbox.count; i++) {
        const struct dhcp6_action *action = &outbox.actions[i];
        assert(action->bytes.count > 0 && action->bytes.count <= DHCP6_MESSAGE_MAX);
        assert(action->interface == (in.interface == NEAR ? FAR : NEAR));
        assert(action->to.port != 0);
    }
    bool is_request = agent.counters.requests != before.requests;
    static uint8_t passed_on[DHCP6_MESSAGE_MAX];
    struct bytes_writer writer = bytes_writer_on(passed_on, sizeof passed_on);
    if (is_request && outbox.count > 0)
        bytes_write_span(&writer, outbox.actions[0].bytes);
    dhcp6_outbox_reset(&outbox);
    if (bytes_writer_count(&writer) > 0)
        answer(&agent, &in, bytes_writer_written(&writer), &outbox);
    dhcp6_outbox_reset(&outbox);
    return 0;
}

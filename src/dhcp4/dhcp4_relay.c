#include "dhcp4/dhcp4_relay.h"

#include "dhcp4/dhcp4_state.h"
#include "wire/frame.h"

#define HOPS_AT           3 /* RFC 951: where they stand in a message */
#define GIADDR_AT         24
#define COOKIE_BYTES      4
#define LINK_SELECTION    5  /* RFC 3527 */
#define SERVER_OVERRIDE   11 /* RFC 5107 */
#define SUBOPTION_ADDRESS 6  /* code, length, address */
#define MESSAGE_LEAST     300
#define FRAME_HARDWARE    14 /* longest link address that fits the frame we send */

/* ------------------------------------------------------------------ which relay */

static bool is_on_interface(const struct dhcp4_relay *relay, const struct address *address,
                            uint32_t interface)
{
    const struct network_address *own = network_own_address(relay->network, address);
    return address->family == ADDRESS_IP4 && own != NULL && own->interface == interface;
}

static bool may_be_served(const struct dhcp4_relay *relay, const struct address *local,
                          uint32_t interface)
{
    const struct network_interface *link = network_by_index(relay->network, interface);
    return link != NULL && !dhcp_config_excludes(relay->config, link->name)
           && network_admits(relay->network, relay->site, interface, local);
}

/* The address that stands for this relay in messages; none: its interface has none now. */
static struct address gateway_of(const struct dhcp4_relay *relay, const struct dhcp_relay *line)
{
    const struct network_address *own = NULL;
    if (!line->split)
        return line->local;
    if (!address_is_none(&line->uplink))
        return line->uplink;
    for (size_t i = 0; i < relay->network->interface_count && own == NULL; i++) {
        const struct network_interface *interface = &relay->network->interfaces[i];
        if (site_interface_matches(&line->reply, interface->name))
            own = network_first(relay->network, interface->index, ADDRESS_IP4);
    }
    return own != NULL ? own->address : (struct address){ 0 };
}

static void say_passed(const struct dhcp4_relay *relay, const struct dhcp4_message *message,
                       const struct address *from, const struct address *to)
{
    char buffer[128], one[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    if (!event_wanted(relay->events, EVENT_DHCP_DETAIL))
        return;
    text_printf(&out, "DHCP relay at %s -> %s", address_text(from, one), address_text(to, other));
    struct event event = { .kind = EVENT_DHCP_DETAIL, .text = buffer, .xid = message->xid };
    event_tell(relay->events, &event);
}

/* ------------------------------------------------------------------ to the server */

static void write_suboption(struct bytes_writer *writer, uint8_t code,
                            const struct address *address)
{
    bytes_write_u8(writer, code);
    bytes_write_u8(writer, 4);
    bytes_write_span(writer, address_bytes(address));
}

/* Where the options of the option field end; what follows is END and padding. 0: there are none, as
 * in BOOTP. */
static size_t options_end(const struct dhcp4_message *message)
{
    size_t end = message->is_dhcp ? DHCP4_FIXED_BYTES + COOKIE_BYTES : 0;
    for (unsigned i = 0; i < message->option_count; i++) {
        const struct dhcp4_option_place *place = &message->options[i];
        if (place->field == 0 && (size_t)place->offset + place->count > end)
            end = (size_t)place->offset + place->count;
    }
    return end;
}

/* The server does not see the clients' network: it is told which one it is, and that clients speak
 * to us in its place. */
static void write_with_agent(struct bytes_writer *writer, const struct dhcp4_message *message,
                             const struct address *local)
{
    size_t end = options_end(message);
    if (message->option_count == DHCP4_OPTIONS_MAX) {
        writer->failed = true; /* with one more nobody would read it */
        return;
    }
    if (end == 0) {
        bytes_write_span(writer, message->bytes);
        return;
    }
    bytes_write_span(writer, bytes_of(message->bytes.at, end));
    bytes_write_u8(writer, DHCP4_AGENT_INFO);
    bytes_write_u8(writer, 2 * SUBOPTION_ADDRESS);
    write_suboption(writer, LINK_SELECTION, local);
    write_suboption(writer, SERVER_OVERRIDE, local);
    bytes_write_u8(writer, DHCP4_END);
    if (bytes_writer_count(writer) < MESSAGE_LEAST)
        bytes_write_zeros(writer, MESSAGE_LEAST - bytes_writer_count(writer));
}

static struct bytes rewrite(const struct dhcp4_relay *relay, const struct dhcp4_message *message,
                            const struct dhcp_relay *line, const struct address *gateway)
{
    struct bytes_writer writer = bytes_writer_on(relay->buffer, DHCP4_MESSAGE_MAX);
    bool is_first = address_is_any(&message->giaddr);
    if (line->split && is_first)
        write_with_agent(&writer, message, &line->local);
    else
        bytes_write_span(&writer, message->bytes);
    bytes_patch_u8(&writer, HOPS_AT, (uint8_t)(message->hops + 1));
    if (is_first)
        bytes_patch_u32(&writer, GIADDR_AT, address_ip4_to_u32(*gateway));
    return writer.failed ? BYTES_NONE : bytes_writer_written(&writer);
}

/* To the server, or, without one, to everybody on the links the line names; those of the link it
 * came by have heard it. */
static bool send_on(const struct dhcp4_relay *relay, const struct dhcp4_message *message,
                    const struct dhcp_relay *line, const struct dhcp4_datagram *in,
                    struct dhcp4_outbox *out)
{
    struct address gateway = gateway_of(relay, line);
    uint16_t port = line->port != 0 ? line->port : DHCP_SERVER_PORT;
    bool broadcast = address_is_none(&line->server), sent = false;
    if (address_is_none(&gateway))
        return false;
    struct dhcp4_action action = {
        .kind = DHCP4_ACTION_SEND_UDP,
        .bytes = rewrite(relay, message, line, &gateway),
        .from = { gateway, dhcp_relay_server_port(&relay->config->relay), 0 },
        .to = { broadcast ? address_ip4(255, 255, 255, 255) : line->server, port, 0 },
    };
    if (action.bytes.count == 0)
        return false;
    for (size_t i = 0; broadcast && i < relay->network->interface_count; i++) {
        const struct network_interface *interface = &relay->network->interfaces[i];
        if (interface->index == in->interface || interface->index == in->link
            || !site_interface_matches(&line->reply, interface->name))
            continue;
        action.interface = interface->index;
        dhcp4_outbox_put(out, &action);
        sent = true;
    }
    if (!broadcast) {
        dhcp4_outbox_put(out, &action);
        sent = true;
    }
    if (sent)
        say_passed(relay, message, &gateway, &action.to.address);
    return sent;
}

/* Why a client's message must not go on. */
static bool must_stop_here(const struct dhcp4_relay *relay, const struct dhcp4_message *message)
{
    struct bytes value;
    if (message->hops >= DHCP4_HOPS_MAX)
        return true;
    if (!address_is_any(&message->giaddr))
        return network_own_address(relay->network, &message->giaddr) != NULL;
    return dhcp4_option_first(message, DHCP4_AGENT_INFO, &value);
}

static bool pass_request(const struct dhcp4_relay *relay, const struct dhcp4_message *message,
                         const struct dhcp4_datagram *in, struct dhcp4_outbox *out)
{
    const struct dhcp_relay_config *config = &relay->config->relay;
    bool ours = false, sent = false, stop = must_stop_here(relay, message);
    for (size_t i = 0; i < config->relay_count; i++) {
        const struct dhcp_relay *line = &config->relays[i];
        if (!is_on_interface(relay, &line->local, in->interface))
            continue;
        ours = true;
        if (!stop && may_be_served(relay, &line->local, in->interface))
            sent = send_on(relay, message, line, in, out) || sent;
    }
    if (sent)
        relay->counters->relay_requests++;
    else if (ours)
        relay->counters->relay_dropped++;
    return ours;
}

/* ------------------------------------------------------------------ back to the client */

/* Never a client on its own link, and only by the interface that the line names. The address tells
 * nothing: behind another relay it is a server we do not know that answers (RFC 1542 section 4.1).
 */
static bool may_answer(const struct dhcp4_relay *relay, const struct dhcp_relay *line,
                       const struct dhcp4_datagram *in)
{
    const struct network_interface *link = network_by_index(relay->network, in->interface);
    if (is_on_interface(relay, &line->local, in->interface))
        return false;
    if (line->reply.pattern == NULL)
        return true;
    return link != NULL && site_interface_matches(&line->reply, link->name);
}

/* Several lines may share the address on the server's side; what we put into option 82 tells them
 * apart when it comes back. */
static bool is_link_of(const struct dhcp_relay *line, const struct dhcp4_message *message)
{
    struct bytes agent, link;
    if (!line->split || !dhcp4_option_first(message, DHCP4_AGENT_INFO, &agent)
        || !dhcp4_suboption_find(agent, LINK_SELECTION, &link))
        return true;
    return bytes_equal(link, address_bytes(&line->local));
}

static const struct dhcp_relay *line_of_reply(const struct dhcp4_relay *relay,
                                              const struct dhcp4_message *message,
                                              const struct dhcp4_datagram *in)
{
    const struct dhcp_relay_config *config = &relay->config->relay;
    for (size_t i = 0; i < config->relay_count; i++) {
        const struct dhcp_relay *line = &config->relays[i];
        struct address gateway = gateway_of(relay, line);
        if (!address_is_none(&gateway) && address_equal(&gateway, &message->giaddr)
            && may_answer(relay, line, in) && is_link_of(line, message))
            return line;
    }
    return NULL;
}

/* RFC 3046 section 2.1: what a relay added it takes away. Padding in its place moves nothing. */
static struct bytes without_agent(const struct dhcp4_relay *relay,
                                  const struct dhcp4_message *message)
{
    struct bytes_writer writer = bytes_writer_on(relay->buffer, DHCP4_MESSAGE_MAX);
    bytes_write_span(&writer, message->bytes);
    for (unsigned i = 0; i < message->option_count; i++) {
        const struct dhcp4_option_place *place = &message->options[i];
        if (place->code != DHCP4_AGENT_INFO)
            continue;
        for (size_t at = place->offset - 2u; at < (size_t)place->offset + place->count; at++)
            bytes_patch_u8(&writer, at, DHCP4_PAD);
    }
    return writer.failed ? BYTES_NONE : bytes_writer_written(&writer);
}

/* RFC 1542 section 4.1.2, RFC 2131 section 4.1. */
static void address_client(const struct dhcp4_relay *relay, const struct dhcp4_message *message,
                           struct dhcp4_action *action)
{
    const struct hardware *hardware = &message->hardware;
    uint16_t port = dhcp_relay_client_port(&relay->config->relay);
    bool has_address = !address_is_any(&message->yiaddr);
    bool fits = hardware->count > 0 && hardware->count <= FRAME_HARDWARE;
    action->kind = DHCP4_ACTION_SEND_UDP;
    if ((message->flags & DHCP4_FLAG_BROADCAST) != 0) {
        action->to = (struct endpoint){ address_ip4(255, 255, 255, 255), port, 0 };
    } else if (has_address && fits) {
        action->kind = DHCP4_ACTION_SEND_LINK;
        action->to = (struct endpoint){ message->yiaddr, port, 0 };
        action->hardware = *hardware;
    } else if (!has_address && !address_is_any(&message->ciaddr)) {
        action->to = (struct endpoint){ message->ciaddr, port, 0 };
    } else {
        action->to = (struct endpoint){ address_ip4(255, 255, 255, 255), port, 0 };
    }
}

static bool pass_reply(const struct dhcp4_relay *relay, const struct dhcp4_message *message,
                       const struct dhcp4_datagram *in, struct dhcp4_outbox *out)
{
    if (address_is_any(&message->giaddr)
        || network_own_address(relay->network, &message->giaddr) == NULL)
        return false;
    const struct dhcp_relay *line = line_of_reply(relay, message, in);
    const struct network_address *own =
        line != NULL ? network_own_address(relay->network, &line->local) : NULL;
    struct dhcp4_action action = { 0 };
    if (own != NULL && may_be_served(relay, &line->local, own->interface))
        action.bytes = line->split ? without_agent(relay, message) : message->bytes;
    if (action.bytes.count == 0) {
        relay->counters->relay_dropped++;
        return true;
    }
    action.from =
        (struct endpoint){ line->local, dhcp_relay_server_port(&relay->config->relay), 0 };
    action.interface = own->interface;
    address_client(relay, message, &action);
    relay->counters->relay_replies++;
    dhcp4_outbox_put(out, &action);
    return true;
}

bool dhcp4_relay_is_reply(struct bytes message)
{
    struct bytes_reader reader = bytes_reader_on(message);
    return bytes_read_u8(&reader) == DHCP4_BOOTREPLY;
}

bool dhcp4_relay_message(const struct dhcp4_relay *relay, const struct dhcp4_datagram *in,
                         struct dhcp4_outbox *out)
{
    struct dhcp4_message message;
    /* What cannot be read is the server's to count. */
    if (relay->config->relay.relay_count == 0
        || dhcp4_message_read(in->message, &message) != STATUS_OK
        || in->message.count > DHCP4_MESSAGE_MAX)
        return false;
    return message.op == DHCP4_BOOTREQUEST ? pass_request(relay, &message, in, out)
                                           : pass_reply(relay, &message, in, out);
}

#include "dhcp6/dhcp6_relay.h"

#include "dhcp/served6.h"
#include "model/neighbour_table.h"

#define ENVELOPE_BYTES 34 /* type, hops, link address, peer address */

static const struct address all_servers = { ADDRESS_IP6, { 0xff, 0x05, [13] = 1, 0, 3 } };

bool dhcp6_relay_wanted(const struct dhcp_config *config)
{
    return dhcp_relay_has(&config->relay, ADDRESS_IP6);
}

/* ------------------------------------------------------------------ which relay */

/* Our interface on the clients' side of this line; NULL: the address is not there now. */
static const struct network_interface *link_of(const struct dhcp6_relay_agent *agent,
                                               const struct dhcp_relay *line)
{
    if (line->local.family != ADDRESS_IP6)
        return NULL;
    const struct network_address *own = network_own_address(agent->network, &line->local);
    return own != NULL ? network_by_index(agent->network, own->interface) : NULL;
}

static void say_passed(const struct dhcp6_relay_agent *agent, uint32_t xid,
                       const struct address *from, const struct address *to)
{
    char buffer[128], one[ADDRESS_TEXT_MAX], other[ADDRESS_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    if (!event_wanted(agent->events, EVENT_DHCP_DETAIL))
        return;
    text_printf(&out, "DHCP relay at %s -> %s", address_text(from, one), address_text(to, other));
    struct event event = { .kind = EVENT_DHCP_DETAIL, .text = buffer, .xid = xid };
    event_tell(agent->events, &event);
}

/* ------------------------------------------------------------------ to the server */

/* What no client sends, and so no relay passes on from one; what is not known is (RFC 7283). */
static bool is_for_client(unsigned type)
{
    return type == DHCP6_ADVERTISE || type == DHCP6_REPLY || type == DHCP6_RECONFIGURE
           || type == DHCP6_ADDR_REG_REPLY;
}

/* Another link may have our link-local address too. */
static bool is_from_us(const struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in)
{
    const struct network_address *own = network_own_address(agent->network, &in->from.address);
    return own != NULL
           && (own->interface == in->interface || !address_is_link_local(&in->from.address));
}

struct request {
    bool is_relayed; /* by another relay already */
    uint8_t hops;    /* of our envelope */
    uint32_t xid;
};

/* False: it must not go on. */
static bool open_request(const struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                         struct request *request)
{
    struct bytes_reader reader = bytes_reader_on(in->message);
    uint8_t type = bytes_read_u8(&reader);
    *request = (struct request){ .is_relayed = type == DHCP6_RELAY_FORW };
    if (is_for_client(type) || is_from_us(agent, in))
        return false;
    if (request->is_relayed) {
        uint8_t hops = bytes_read_u8(&reader);
        request->hops = (uint8_t)(hops + 1);
        return hops < DHCP6_RELAYS_MAX && in->message.count >= ENVELOPE_BYTES;
    }
    request->xid = (uint32_t)bytes_read_u8(&reader) << 16;
    request->xid |= bytes_read_u16(&reader);
    return !reader.failed;
}

static void write_option(struct bytes_writer *writer, unsigned code, struct bytes value)
{
    bytes_write_u16(writer, (uint16_t)code);
    bytes_write_u16(writer, (uint16_t)value.count);
    bytes_write_span(writer, value);
}

static void write_link_layer(struct bytes_writer *writer, const struct dhcp6_relay_agent *agent,
                             const struct address *client)
{
    struct hardware hardware;
    if (agent->neighbours == NULL || !neighbour_table_find(agent->neighbours, client, &hardware)
        || hardware.count == 0)
        return;
    bytes_write_u16(writer, DHCP6_CLIENT_LINK_LAYER);
    bytes_write_u16(writer, (uint16_t)(2 + hardware.count));
    bytes_write_u16(writer, hardware.type);
    bytes_write_copy(writer, hardware.bytes, hardware.count);
}

/* RFC 9915 section 19.1. */
static struct bytes wrap(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                         const struct request *request, const struct dhcp_relay *line,
                         const struct network_interface *link)
{
    struct bytes_writer writer = bytes_writer_on(agent->buffer, sizeof(agent->buffer));
    bool is_off_link = request->is_relayed && !address_is_link_local(&in->from.address);
    struct address link_address = is_off_link ? address_any(ADDRESS_IP6) : line->local;
    bytes_write_u8(&writer, DHCP6_RELAY_FORW);
    bytes_write_u8(&writer, request->hops);
    bytes_write_span(&writer, address_bytes(&link_address));
    bytes_write_span(&writer, address_bytes(&in->from.address));
    write_option(&writer, DHCP6_INTERFACE_ID, text_bytes(text_of(link->name)));
    if (!request->is_relayed)
        write_link_layer(&writer, agent, &in->from.address);
    if (request->is_relayed && in->from.port != DHCP6_SERVER_PORT) {
        bytes_write_u16(&writer, DHCP6_RELAY_PORT);
        bytes_write_u16(&writer, 2);
        bytes_write_u16(&writer, in->from.port);
    }
    write_option(&writer, DHCP6_RELAY_MSG, in->message);
    return writer.failed ? BYTES_NONE : bytes_writer_written(&writer);
}

/* A server that is reached by its link, and all of them at once, are spoken to by the interfaces
 * the line names; those on the link the message came by have heard it. */
static bool send_on(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                    const struct request *request, const struct dhcp_relay *line,
                    const struct network_interface *link, struct dhcp6_outbox *out)
{
    uint16_t port = line->port != 0 ? line->port : DHCP6_SERVER_PORT;
    struct dhcp6_action action = {
        .kind = DHCP6_ACTION_SEND,
        .bytes = wrap(agent, in, request, line, link),
        .to = { address_is_none(&line->server) ? all_servers : line->server, port, 0 },
    };
    bool by_link =
        address_is_multicast(&action.to.address) || address_is_link_local(&action.to.address);
    bool sent = false;
    if (action.bytes.count == 0)
        return false;
    for (size_t i = 0; by_link && i < agent->network->interface_count; i++) {
        const struct network_interface *interface = &agent->network->interfaces[i];
        if (interface->index == in->interface || line->reply.pattern == NULL
            || !site_interface_matches(&line->reply, interface->name))
            continue;
        action.interface = action.to.scope = interface->index;
        dhcp6_outbox_put(out, &action);
        sent = true;
    }
    if (!by_link) {
        dhcp6_outbox_put(out, &action);
        sent = true;
    }
    if (sent)
        say_passed(agent, request->xid, &line->local, &action.to.address);
    return sent;
}

static bool pass_request(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                         struct dhcp6_outbox *out)
{
    const struct dhcp_relay_config *config = &agent->config->relay;
    struct request request;
    bool ours = false, sent = false, fits = open_request(agent, in, &request);
    for (size_t i = 0; i < config->relay_count; i++) {
        const struct dhcp_relay *line = &config->relays[i];
        const struct network_interface *link = link_of(agent, line);
        if (link == NULL || link->index != in->interface)
            continue;
        ours = true;
        if (fits
            && served6_admits(agent->network, agent->site, agent->config, in->interface,
                              &line->local))
            sent = send_on(agent, in, &request, line, link, out) || sent;
    }
    if (sent)
        agent->counters.requests++;
    else if (ours)
        agent->counters.dropped++;
    return ours;
}

/* ------------------------------------------------------------------ back to the client */

struct reply {
    struct address link, peer;
    struct bytes interface_id; /* empty: none */
    struct bytes message;
    uint16_t port; /* of the peer */
};

NODISCARD static enum status open_reply(struct bytes bytes, struct reply *reply)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    struct dhcp6_options options;
    bytes_read_skip(&reader, 2);
    struct bytes link = bytes_read_span(&reader, 16);
    struct bytes peer = bytes_read_span(&reader, 16);
    struct bytes rest = bytes_read_span(&reader, bytes_reader_left(&reader));
    if (reader.failed)
        return STATUS_TRUNCATED;
    enum status status = dhcp6_options_read(rest, &options);
    if (status != STATUS_OK)
        return status;
    *reply = (struct reply){ .link = address_ip6(link.at), .peer = address_ip6(peer.at) };
    if (!dhcp6_option_find(&options, DHCP6_RELAY_MSG, &reply->message) || reply->message.count < 4)
        return STATUS_MALFORMED;
    if (!dhcp6_option_find(&options, DHCP6_INTERFACE_ID, &reply->interface_id))
        reply->interface_id = BYTES_NONE;
    uint8_t type = reply->message.at[0];
    reply->port = DHCP6_CLIENT_PORT;
    if (type == DHCP6_RELAY_REPL
        && (!dhcp6_option_u16(&options, DHCP6_RELAY_PORT, &reply->port) || reply->port == 0))
        reply->port = DHCP6_SERVER_PORT;
    return type == DHCP6_RELAY_FORW ? STATUS_MALFORMED : STATUS_OK;
}

/* Never by the clients' own link, and to clients that we serve alone. By the interface that the
 * line names, whoever speaks there; else from the line's server; where neither is told, as far as
 * we serve at all. */
static bool may_answer(const struct dhcp6_relay_agent *agent, const struct dhcp_relay *line,
                       const struct network_interface *link, const struct dhcp6_datagram *in)
{
    const struct network_interface *arrival = network_by_index(agent->network, in->interface);
    if (arrival == NULL || arrival->index == link->index
        || !served6_admits(agent->network, agent->site, agent->config, link->index, &line->local))
        return false;
    if (line->reply.pattern != NULL)
        return site_interface_matches(&line->reply, arrival->name);
    if (!address_is_none(&line->server) && !address_is_multicast(&line->server))
        return address_equal(&line->server, &in->from.address);
    return served6_admits(agent->network, agent->site, agent->config, in->interface, &in->local);
}

/* A client is on its link; what goes to another relay goes where that one is. */
static bool may_reach(const struct dhcp6_relay_agent *agent, const struct reply *reply,
                      const struct network_interface *link)
{
    if (address_is_any(&reply->peer) || address_is_multicast(&reply->peer))
        return false;
    return reply->message.at[0] == DHCP6_RELAY_REPL || address_is_link_local(&reply->peer)
           || network_on_link(agent->network, link->index, &reply->peer) != NULL;
}

static const struct dhcp_relay *line_of_reply(const struct dhcp6_relay_agent *agent,
                                              const struct reply *reply,
                                              const struct dhcp6_datagram *in,
                                              const struct network_interface **link)
{
    const struct dhcp_relay_config *config = &agent->config->relay;
    for (size_t i = 0; i < config->relay_count; i++) {
        const struct dhcp_relay *line = &config->relays[i];
        bool is_ours;
        *link = link_of(agent, line);
        if (*link == NULL || !may_answer(agent, line, *link, in))
            continue;
        is_ours = bytes_equal(reply->interface_id, text_bytes(text_of((*link)->name)));
        if (!address_is_any(&reply->link))
            is_ours = (is_ours || reply->interface_id.count == 0)
                      && address_equal(&reply->link, &line->local);
        if (is_ours)
            return line;
    }
    return NULL;
}

static void say_prefix(const struct dhcp6_relay_agent *agent, const struct reply *reply,
                       const struct network_interface *link, const struct prefix *prefix)
{
    char buffer[ADDRESS_TEXT_MAX + 8];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_put_address(&out, &prefix->address);
    text_printf(&out, "/%u", (unsigned)prefix->length);
    struct event event = {
        .kind = EVENT_DHCP_SNOOPED,
        .interface = link->name,
        .address = &reply->peer,
        .text = buffer,
    };
    event_tell(agent->events, &event);
}

static void snoop_ia(const struct dhcp6_relay_agent *agent, const struct reply *reply,
                     const struct network_interface *link, struct bytes value)
{
    struct dhcp6_ia ia;
    struct dhcp6_ia_prefix prefix;
    struct bytes inner;
    unsigned place = 0;
    if (dhcp6_ia_read(DHCP6_IA_PD, value, &ia) != STATUS_OK)
        return;
    while (dhcp6_option_next(&ia.options, DHCP6_IAPREFIX, &place, &inner)) {
        if (dhcp6_ia_prefix_read(inner, &prefix) == STATUS_OK && prefix.valid > 0
            && prefix.prefix.length > 0)
            say_prefix(agent, reply, link, &prefix.prefix);
    }
}

/* Whoever routes for these clients learns which prefixes are behind whom (RFC 8987). */
static void snoop(const struct dhcp6_relay_agent *agent, const struct reply *reply,
                  const struct network_interface *link)
{
    struct dhcp6_message message;
    struct bytes value;
    unsigned place = 0;
    if (!event_wanted(agent->events, EVENT_DHCP_SNOOPED) || reply->message.at[0] != DHCP6_REPLY
        || dhcp6_message_read(reply->message, &message) != STATUS_OK)
        return;
    while (dhcp6_option_next(&message.options, DHCP6_IA_PD, &place, &value))
        snoop_ia(agent, reply, link, value);
}

static bool pass_reply(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                       struct dhcp6_outbox *out)
{
    const struct network_interface *link = NULL;
    struct reply reply;
    if (open_reply(in->message, &reply) != STATUS_OK
        || line_of_reply(agent, &reply, in, &link) == NULL || !may_reach(agent, &reply, link)) {
        agent->counters.dropped++;
        return true;
    }
    bool by_link = address_is_link_local(&reply.peer);
    struct dhcp6_action action = {
        .kind = DHCP6_ACTION_SEND,
        .bytes = reply.message,
        .to = { reply.peer, reply.port, by_link ? link->index : 0 },
        .interface = link->index,
    };
    agent->counters.replies++;
    dhcp6_outbox_put(out, &action);
    snoop(agent, &reply, link);
    return true;
}

bool dhcp6_relay_message(struct dhcp6_relay_agent *agent, const struct dhcp6_datagram *in,
                         struct dhcp6_outbox *out)
{
    struct bytes_reader reader = bytes_reader_on(in->message);
    uint8_t type = bytes_read_u8(&reader);
    /* No server takes a relay's reply, so nobody else would count it. */
    if (type == DHCP6_RELAY_REPL && !reader.failed)
        return pass_reply(agent, in, out);
    return !reader.failed && pass_request(agent, in, out);
}

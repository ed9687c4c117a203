#include "dhcp4/dhcp4_reply.h"

#include "dhcp4/dhcp4_detail.h"

#define SERVER_PORT      67
#define CLIENT_PORT      68
#define DATAGRAM_HEADERS 28
#define DATAGRAM_MIN     576 /* every client must take this much (RFC 2131 section 2) */
#define BOOTP_BYTES      300 /* header and the 64 bytes of BOOTP's vendor area */
#define FRAME_HARDWARE   14  /* longest link address that fits the frame we send */
#define VALUE_MAX        4096
#define RENEWAL_FIRST_S  3 /* no T1 or T2 comes sooner */
#define FQDN_S           1
#define FQDN_O           2
#define FQDN_E           4

/* What the parts of a reply share while it is written. */
struct writing {
    struct dhcp4_exchange *exchange;
    const struct dhcp4_reply *reply;
    const struct option_pick *options;
    struct dhcp4_builder builder;
    struct bytes asked; /* option 55 */
    bool has_asked;
    struct bytes vendor; /* option 60 */
    bool has_vendor;
    struct address own; /* our address, as that client sees us */
    struct address server_id;
    uint8_t asked_scratch[256];
    uint8_t vendor_scratch[256];
};

/* ------------------------------------------------------------------ small questions */

static bool is_listed(const struct writing *writing, unsigned code)
{
    struct bytes_reader reader = bytes_reader_on(writing->asked);
    while (bytes_reader_left(&reader) > 0) {
        if (bytes_read_u8(&reader) == code)
            return true;
    }
    return false;
}

static bool is_inform(const struct dhcp4_exchange *exchange)
{
    return exchange->message.is_dhcp && exchange->message.type == DHCP4_INFORM;
}

/* A client that lists nothing gets all. */
static bool is_wanted(const struct writing *writing, unsigned code)
{
    return !writing->has_asked || is_listed(writing, code);
}

static const struct dhcp_option_rule *configured(const struct writing *writing, unsigned code)
{
    return writing->options->top4[code];
}

static void say_left_out(const struct writing *writing, unsigned code)
{
    dhcp4_server_say(writing->exchange->server, EVENT_DHCP_WARNING,
                     "cannot send DHCP/BOOTP option %u: no space left in packet", code);
}

static void put(struct writing *writing, unsigned code, struct bytes value)
{
    if (!dhcp4_builder_option(&writing->builder, code, value))
        say_left_out(writing, code);
}

static void put_address(struct writing *writing, unsigned code, const struct address *address)
{
    put(writing, code, address_bytes(address));
}

static void put_u32(struct writing *writing, unsigned code, uint32_t value)
{
    if (!dhcp4_builder_option_u32(&writing->builder, code, value))
        say_left_out(writing, code);
}

static void put_u8(struct writing *writing, unsigned code, uint8_t value)
{
    if (!dhcp4_builder_option_u8(&writing->builder, code, value))
        say_left_out(writing, code);
}

/* ------------------------------------------------------------------ what the server knows itself
 */

/* Of the configuration if it lies within the lease, and leaves the client a moment; else the usual
 * one. */
static uint32_t renewal_time(const struct writing *writing, unsigned code, uint32_t usual)
{
    const struct dhcp_option_rule *rule = configured(writing, code);
    if (rule == NULL || rule->value.count != 4)
        return usual;
    struct bytes_reader reader = bytes_reader_on(rule->value);
    uint32_t seconds = bytes_read_u32(&reader);
    return seconds >= RENEWAL_FIRST_S && seconds < writing->reply->lease_s ? seconds : usual;
}

/* RFC 2131 section 4.4.5: T1 before T2 before the end. What is taken off is little even of a short
 * T1. */
static void put_times(struct writing *writing)
{
    const struct dhcp4_reply *reply = writing->reply;
    uint32_t lease_s = reply->lease_s;
    if (!reply->has_lease_time)
        return;
    put_u32(writing, DHCP4_LEASE_TIME, lease_s);
    if (lease_s == DURATION_INFINITE || is_inform(writing->exchange))
        return;
    uint32_t t2 = renewal_time(writing, DHCP4_T2, (uint32_t)((uint64_t)lease_s * 7 / 8));
    uint32_t t1 = renewal_time(writing, DHCP4_T1, lease_s / 2);
    if (t1 >= t2)
        t1 = t2 - 1;
    uint32_t fuzz = reply->fuzz_s % (t1 / 8 + 1);
    put_u32(writing, DHCP4_T1, t1 - fuzz);
    put_u32(writing, DHCP4_T2, t2 - fuzz);
}

/* The relay is the way out of a network we are not on: the one of this message, or, for a client
 * that renews by unicast, the one its network's leases came through. */
static bool find_router(const struct writing *writing, struct address *router)
{
    const struct dhcp4_scope_range *range = writing->reply->range;
    const struct dhcp4_exchange *exchange = writing->exchange;
    *router = range->own;
    if (exchange->relayed && dhcp4_scope_holds(range, &exchange->message.giaddr))
        *router = exchange->message.giaddr;
    else if (!exchange->relayed && address_is_none(router))
        *router = exchange->server->relays[range->index];
    return !address_is_none(router);
}

static const struct dname *domain_of(const struct writing *writing)
{
    const struct address *address = &writing->reply->address;
    return site_domain_for(writing->exchange->server->setup.site,
                           address_is_none(address) ? &writing->exchange->message.ciaddr : address,
                           writing->exchange->interface->name);
}

static void put_text(struct writing *writing, unsigned code, const char *text)
{
    put(writing, code, text_bytes(text_of(text)));
}

/* A default is sent when nothing is configured in its place and the client wants it. */
static bool wants_default(const struct writing *writing, unsigned code)
{
    return configured(writing, code) == NULL && is_wanted(writing, code);
}

static void put_defaults(struct writing *writing)
{
    const struct dhcp4_scope_range *range = writing->reply->range;
    const struct site *site = writing->exchange->server->setup.site;
    const struct dname *domain = domain_of(writing);
    struct address router;
    char text[DNAME_TEXT_MAX];
    bool here = !writing->reply->elsewhere; /* what we know of our network is true for the client */
    if (here && configured(writing, DHCP4_NETMASK) == NULL)
        put_address(writing, DHCP4_NETMASK, &range->netmask);
    if (here && configured(writing, DHCP4_BROADCAST) == NULL)
        put_address(writing, DHCP4_BROADCAST, &range->broadcast);
    if (here && wants_default(writing, DHCP4_ROUTER) && find_router(writing, &router))
        put_address(writing, DHCP4_ROUTER, &router);
    if (here && wants_default(writing, DHCP4_DNS_SERVER) && site->port == 53)
        put_address(writing, DHCP4_DNS_SERVER, &writing->own);
    if (wants_default(writing, DHCP4_DOMAIN_NAME) && domain != NULL)
        put_text(writing, DHCP4_DOMAIN_NAME, dname_text(domain, text));
    if (wants_default(writing, DHCP4_HOSTNAME) && writing->reply->name != NULL)
        put_text(writing, DHCP4_HOSTNAME, writing->reply->name);
}

/* RFC 4702: the server does the client's update, which is to say it answers for the name itself. */
static void put_fqdn(struct writing *writing)
{
    const struct dhcp4_exchange *exchange = writing->exchange;
    struct dname name, whole;
    const struct dname *domain = domain_of(writing);
    uint8_t buffer[4 + DNAME_TEXT_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    if (!exchange->has_fqdn || writing->reply->name == NULL
        || dname_from_host(text_of(writing->reply->name), false, &name) != STATUS_OK)
        return;
    bool is_whole = domain != NULL && dname_join(&name, domain, &whole) == STATUS_OK;
    if (!is_whole)
        whole = name;
    uint8_t flags = FQDN_S | (exchange->fqdn.is_wire ? FQDN_E : 0);
    if ((exchange->fqdn.flags & FQDN_S) == 0)
        flags |= FQDN_O;
    bytes_write_u8(&writer, flags);
    bytes_write_u16(&writer, 0xffff); /* RCODE1 and RCODE2, which mean nothing any more */
    if (exchange->fqdn.is_wire) {
        /* RFC 4702 section 2.3.1: a name without its domain has no root at its end. */
        struct bytes wire = dname_bytes(&whole);
        bytes_write_span(&writer, is_whole ? wire : bytes_of(wire.at, wire.count - 1));
    } else {
        char text[DNAME_TEXT_MAX];
        bytes_write_span(&writer, text_bytes(text_of(dname_text(&whole, text))));
    }
    put(writing, DHCP4_FQDN, bytes_writer_written(&writer));
}

/* ------------------------------------------------------------------ configured options */

/* The bytes to send, own addresses filled in; false when nothing is left of it. */
NODISCARD static bool fill(const struct writing *writing, const struct dhcp_option_rule *rule,
                           struct bytes_writer *writer)
{
    struct option_value_addresses own = { .ip4 = writing->own };
    return rule->empty || option_value_fill(rule->value, &rule->form, &own, writer) == STATUS_OK;
}

static void put_rule(struct writing *writing, const struct dhcp_option_rule *rule)
{
    uint8_t buffer[VALUE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    if (!fill(writing, rule, &writer))
        return;
    if (rule->form.takes_nul)
        bytes_write_u8(&writer, 0);
    if (!writer.failed)
        put(writing, rule->code, bytes_writer_written(&writer));
}

/* Options the server answers for alone, and those with a place of their own in the message. */
static bool is_own_affair(unsigned code)
{
    switch (code) {
    case DHCP4_PAD:
    case DHCP4_REQUESTED_IP:
    case DHCP4_LEASE_TIME:
    case DHCP4_T1:
    case DHCP4_T2:
    case DHCP4_OVERLOAD:
    case DHCP4_MESSAGE_TYPE:
    case DHCP4_SERVER_ID:
    case DHCP4_REQUESTED_OPTIONS:
    case DHCP4_CLIENT_ID:
    case DHCP4_AGENT_INFO:
    case DHCP4_SERVER_IP:
        return true;
    default:
        return false;
    }
}

/* Options whose empty form only takes the default away (dhcp.md 5.4). */
static bool suppresses(const struct dhcp_option_rule *rule)
{
    switch (rule->code) {
    case DHCP4_NETMASK:
    case DHCP4_ROUTER:
    case DHCP4_DNS_SERVER:
    case DHCP4_HOSTNAME:
    case DHCP4_DOMAIN_NAME:
    case DHCP4_BROADCAST:
        return rule->empty;
    default:
        return false;
    }
}

/* Boot file and server name go into their fields of the header unless the client lists them. */
static bool goes_into_a_field(const struct writing *writing, const struct dhcp_option_rule *rule)
{
    if ((rule->code != DHCP4_TFTP_SERVER && rule->code != DHCP4_BOOTFILE) || rule->force)
        return false;
    return !is_listed(writing, rule->code) || writing->exchange->server->setup.config->no_override;
}

static void put_configured(struct writing *writing)
{
    for (size_t i = 0; i < writing->options->count; i++) {
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (rule->scope != DHCP_SCOPE_TOP || rule->pxe_only || rule->code > 254
            || is_own_affair(rule->code) || suppresses(rule) || goes_into_a_field(writing, rule)
            || dhcp4_builder_has(&writing->builder, rule->code))
            continue;
        if (rule->force || is_wanted(writing, rule->code))
            put_rule(writing, rule);
    }
}

static void put_fields(struct writing *writing)
{
    const struct dhcp_option_rule *server = configured(writing, DHCP4_TFTP_SERVER);
    const struct dhcp_option_rule *file = configured(writing, DHCP4_BOOTFILE);
    if (server != NULL && goes_into_a_field(writing, server)
        && !dhcp4_builder_sname(&writing->builder, text_from_bytes(server->value)))
        say_left_out(writing, DHCP4_TFTP_SERVER);
    if (file != NULL && goes_into_a_field(writing, file)
        && !dhcp4_builder_file(&writing->builder, text_from_bytes(file->value)))
        say_left_out(writing, DHCP4_BOOTFILE);
}

/* ------------------------------------------------------------------ encapsulations */

static bool contains(struct bytes whole, struct text part)
{
    for (size_t i = 0; i + part.count <= whole.count; i++) {
        if (text_equal(text_part(text_from_bytes(whole), i, part.count), part))
            return true;
    }
    return false;
}

/* The class of the client, or the one that this reply says it is of. */
static bool is_for_vendor(const struct writing *writing, const struct dhcp_option_rule *rule)
{
    const struct dhcp_option_rule *ours = configured(writing, DHCP4_VENDOR_CLASS);
    struct text wanted = text_of(rule->vendor_class);
    if (writing->has_vendor && contains(writing->vendor, wanted))
        return true;
    return ours != NULL && dhcp4_builder_has(&writing->builder, DHCP4_VENDOR_CLASS)
           && contains(ours->value, wanted);
}

/* Applies to this client and belongs to the same outer option as `like`. */
static bool is_inner(const struct writing *writing, const struct dhcp_option_rule *rule,
                     const struct dhcp_option_rule *like)
{
    return rule->scope == like->scope && !rule->pxe_only && rule->code < 255
           && (rule->scope == DHCP_SCOPE_VENDOR ? is_for_vendor(writing, rule)
                                                : rule->encap == like->encap);
}

/* code, length, value; too long a value is left out. */
static void write_inner(const struct writing *writing, const struct dhcp_option_rule *rule,
                        struct bytes_writer *writer)
{
    uint8_t buffer[VALUE_MAX];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof(buffer));
    size_t before = bytes_writer_count(writer);
    if (!fill(writing, rule, &value) || bytes_writer_count(&value) > 255)
        return;
    bytes_write_u8(writer, (uint8_t)rule->code);
    bytes_write_u8(writer, (uint8_t)bytes_writer_count(&value));
    bytes_write_span(writer, bytes_writer_written(&value));
    if (writer->failed) {
        bytes_writer_rewind(writer, before);
        say_left_out(writing, rule->code);
    }
}

/* The outer option that `like` is the first inner one of. RFC 2132 section 8.4 for 43, RFC 3925 for
 * 125; encap: has the shape of 43. False when it is left out. */
static bool put_outer(struct writing *writing, const struct dhcp_option_rule *like, size_t from)
{
    uint8_t buffer[VALUE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    bool is_enterprise = like->scope == DHCP_SCOPE_VI_ENCAP;
    bool force = false;
    unsigned outer = like->scope == DHCP_SCOPE_ENCAP ? like->encap
                     : is_enterprise                 ? (unsigned)DHCP4_VENDOR_IDENT_OPT
                                                     : (unsigned)DHCP4_VENDOR_ENCAP;
    if (is_enterprise) {
        bytes_write_u32(&writer, like->encap);
        bytes_write_u8(&writer, 0);
    }
    for (size_t i = from; i < writing->options->count; i++) {
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (!is_inner(writing, rule, like))
            continue;
        force = force || rule->force;
        write_inner(writing, rule, &writer);
    }
    if (!force && !is_wanted(writing, outer))
        return false;
    if (is_enterprise) {
        size_t count = bytes_writer_count(&writer) - 5;
        if (count > 255) {
            say_left_out(writing, outer);
            return false;
        }
        bytes_patch_u8(&writer, 4, (uint8_t)count);
    } else {
        bytes_write_u8(&writer, DHCP4_END);
    }
    if (writer.failed) {
        say_left_out(writing, outer);
        return false;
    }
    put(writing, outer, bytes_writer_written(&writer));
    return true;
}

static bool is_first_inner(const struct writing *writing, size_t at)
{
    const struct dhcp_option_rule *rule = writing->options->rules[at];
    if (rule->scope == DHCP_SCOPE_TOP || !is_inner(writing, rule, rule))
        return false;
    for (size_t i = 0; i < at; i++) {
        if (is_inner(writing, writing->options->rules[i], rule))
            return false;
    }
    return true;
}

static void put_encapsulated(struct writing *writing)
{
    bool vendor = false;
    for (size_t i = 0; i < writing->options->count; i++) {
        if (!is_first_inner(writing, i))
            continue;
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (put_outer(writing, rule, i) && rule->scope == DHCP_SCOPE_VENDOR)
            vendor = true;
    }
    /* The client must know that the vendor's options are meant for it. */
    if (vendor && writing->vendor.count > 0
        && !dhcp4_builder_has(&writing->builder, DHCP4_VENDOR_CLASS))
        put(writing, DHCP4_VENDOR_CLASS, writing->vendor);
}

/* ------------------------------------------------------------------ the whole */

static void read_request(struct writing *writing)
{
    const struct dhcp4_message *message = &writing->exchange->message;
    writing->has_asked = dhcp4_option_find(message, DHCP4_REQUESTED_OPTIONS, writing->asked_scratch,
                                           sizeof(writing->asked_scratch), &writing->asked);
    if (!writing->has_asked)
        writing->asked = BYTES_NONE;
    writing->has_vendor = dhcp4_option_find(message, DHCP4_VENDOR_CLASS, writing->vendor_scratch,
                                            sizeof(writing->vendor_scratch), &writing->vendor);
    if (!writing->has_vendor)
        writing->vendor = BYTES_NONE;
}

static void choose_options(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply)
{
    struct dhcp4_server *server = exchange->server;
    struct tag_set all = exchange->tags;
    if (!reply->elsewhere && reply->range->range->has_set_tag)
        tag_set_add(&all, reply->range->range->set_tag);
    option_pick_choose(&server->options, server->setup.config, &server->tags.names, &all,
                       &exchange->tags);
}

static size_t size_limit(const struct dhcp4_exchange *exchange)
{
    uint16_t most;
    size_t limit = DATAGRAM_MIN;
    if (!exchange->message.is_dhcp)
        return BOOTP_BYTES;
    if (dhcp4_option_u16(&exchange->message, DHCP4_MAX_SIZE, &most) && most > limit)
        limit = most;
    limit -= DATAGRAM_HEADERS;
    return limit < DHCP4_MESSAGE_MAX ? limit : DHCP4_MESSAGE_MAX;
}

static void start_builder(struct writing *writing)
{
    struct dhcp4_exchange *exchange = writing->exchange;
    const struct dhcp4_message *message = &exchange->message;
    const struct dhcp4_reply *reply = writing->reply;
    bool is_nak = reply->type == DHCP4_NAK;
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREPLY,
        .xid = message->xid,
        .flags = message->flags,
        .ciaddr = is_nak ? address_any(ADDRESS_IP4) : message->ciaddr,
        .yiaddr = address_is_none(&reply->address) ? address_any(ADDRESS_IP4) : reply->address,
        .siaddr = is_nak || reply->elsewhere ? address_any(ADDRESS_IP4) : writing->own,
        .giaddr = message->giaddr,
        .hardware = message->hardware,
    };
    /* RFC 2131 section 4.3.2: the relay must broadcast a NAK, the client may have no right address.
     */
    if (is_nak)
        header.flags |= DHCP4_FLAG_BROADCAST;
    const struct dhcp_option_rule *next = is_nak ? NULL : configured(writing, DHCP4_SERVER_IP);
    if (next != NULL && next->value.count == 4) {
        uint8_t buffer[VALUE_MAX];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
        struct address address;
        if (fill(writing, next, &writer)
            && address_from_bytes(bytes_writer_written(&writer), &address) == STATUS_OK)
            header.siaddr = address;
    }
    bool may_overload = message->is_dhcp && !exchange->server->setup.config->no_override;
    dhcp4_builder_start(&writing->builder, exchange->server->reply, sizeof(exchange->server->reply),
                        size_limit(exchange), &header, may_overload);
}

static void put_echoes(struct writing *writing)
{
    const struct dhcp4_exchange *exchange = writing->exchange;
    struct bytes value;
    if (exchange->agent_info.count > 0)
        put(writing, DHCP4_AGENT_INFO, exchange->agent_info);
    if (dhcp4_option_first(&exchange->message, DHCP4_SUBNET_SELECT, &value) && value.count == 4)
        put(writing, DHCP4_SUBNET_SELECT, value);
}

static void put_all(struct writing *writing)
{
    const struct dhcp4_reply *reply = writing->reply;
    if (reply->type != 0) {
        put_u8(writing, DHCP4_MESSAGE_TYPE, reply->type);
        put_address(writing, DHCP4_SERVER_ID, &writing->server_id);
    }
    if (reply->type == DHCP4_NAK) {
        put_text(writing, DHCP4_MESSAGE, reply->reason);
        put_echoes(writing);
        return;
    }
    put_fields(writing);
    if (reply->type != 0)
        put_times(writing);
    put_defaults(writing);
    if (reply->type != 0)
        put_fqdn(writing);
    if (reply->rapid_commit)
        put(writing, DHCP4_RAPID_COMMIT, BYTES_NONE);
    put_configured(writing);
    put_encapsulated(writing);
    put_echoes(writing);
}

/* ------------------------------------------------------------------ where to */

static bool fits_a_frame(const struct hardware *hardware)
{
    return hardware->count > 0 && hardware->count <= FRAME_HARDWARE;
}

static struct endpoint to_client(struct address address)
{
    return (struct endpoint){ address, CLIENT_PORT, 0 };
}

/* The interface the message came by if the address is on it; 0, the routing table's choice, if not.
 */
static uint32_t link_to(const struct dhcp4_exchange *exchange, const struct address *address)
{
    uint32_t interface = exchange->in->interface;
    return network_on_link(exchange->server->network, interface, address) != NULL ? interface : 0;
}

/* RFC 2131 section 4.1, in its order. */
static void address_reply(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                          const struct address *server, struct dhcp4_action *action)
{
    const struct dhcp4_message *message = &exchange->message;
    bool is_nak = reply->type == DHCP4_NAK;
    action->kind = DHCP4_ACTION_SEND_UDP;
    action->from = (struct endpoint){ *server, SERVER_PORT, 0 };
    action->interface = exchange->in->interface;
    action->hardware = message->hardware;
    if (exchange->relayed) {
        action->to = (struct endpoint){ message->giaddr, SERVER_PORT, 0 };
        action->interface = 0; /* a relay is reached by routing */
    } else if (is_inform(exchange) && !address_is_any(&exchange->in->from.address)) {
        action->to = exchange->in->from;
        action->interface = link_to(exchange, &action->to.address);
    } else if (!is_nak && !address_is_any(&message->ciaddr)) {
        action->to = to_client(message->ciaddr);
        action->interface = link_to(exchange, &message->ciaddr);
    } else if (is_nak || (message->flags & DHCP4_FLAG_BROADCAST) != 0
               || address_is_none(&reply->address) || !fits_a_frame(&message->hardware)) {
        action->to = to_client(address_ip4(255, 255, 255, 255));
    } else {
        action->kind = DHCP4_ACTION_SEND_LINK;
        action->to = to_client(reply->address);
    }
}

void dhcp4_reply_build(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                       struct dhcp4_action *action)
{
    struct writing writing = { .exchange = exchange,
                               .reply = reply,
                               .options = &exchange->server->options };
    writing.own = dhcp4_exchange_own(exchange, reply->range);
    writing.server_id = dhcp4_exchange_server_id(exchange, reply->range);
    read_request(&writing);
    if (reply->type != DHCP4_NAK)
        choose_options(exchange, reply);
    start_builder(&writing);
    put_all(&writing);
    action->bytes = dhcp4_builder_finish(&writing.builder);
    address_reply(exchange, reply, &writing.own, action);
}

void dhcp4_reply_send(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply)
{
    struct dhcp4_action action;
    dhcp4_reply_build(exchange, reply, &action);
    exchange->server->counters.sent[reply->type & 15]++;
    dhcp4_detail_reply(exchange, reply, &action);
    dhcp4_outbox_put(exchange->out, &action);
}

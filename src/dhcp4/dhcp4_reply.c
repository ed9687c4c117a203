#include "dhcp4/dhcp4_reply.h"

#include "dhcp4/dhcp4_boot.h"
#include "dhcp4/dhcp4_detail.h"
#include "dhcp4/dhcp4_encapsulation.h"
#include "dhcp4/dhcp4_netboot.h"

#define DATAGRAM_HEADERS 28
#define DATAGRAM_MIN     576 /* every client must take this much (RFC 2131 section 2) */
#define BOOTP_BYTES      300 /* header and the 64 bytes of BOOTP's vendor area */
#define FRAME_HARDWARE   14  /* longest link address that fits the frame we send */
#define RENEWAL_FIRST_S  3   /* no T1 or T2 comes sooner */
#define FQDN_S           1
#define FQDN_O           2
#define FQDN_E           4
#define FQDN_N           8

/* ------------------------------------------------------------------ small questions */

static bool is_inform(const struct dhcp4_exchange *exchange)
{
    return exchange->message.is_dhcp && exchange->message.type == DHCP4_INFORM;
}

static void put_address(struct dhcp4_writing *writing, unsigned code, const struct address *address)
{
    dhcp4_writing_put(writing, code, address_bytes(address));
}

static void put_u32(struct dhcp4_writing *writing, unsigned code, uint32_t value)
{
    if (!dhcp4_builder_option_u32(&writing->builder, code, value))
        dhcp4_writing_left_out(writing, code);
}

static void put_u8(struct dhcp4_writing *writing, unsigned code, uint8_t value)
{
    if (!dhcp4_builder_option_u8(&writing->builder, code, value))
        dhcp4_writing_left_out(writing, code);
}

/* ------------------------------------------------------------------ what the server knows itself
 */

/* Of the configuration if it lies within the lease, and leaves the client a moment; else the usual
 * one. */
static uint32_t renewal_time(const struct dhcp4_writing *writing, unsigned code, uint32_t usual)
{
    const struct dhcp_option_rule *rule = dhcp4_writing_rule(writing, code);
    if (rule == NULL || rule->value.count != 4)
        return usual;
    struct bytes_reader reader = bytes_reader_on(rule->value);
    uint32_t seconds = bytes_read_u32(&reader);
    return seconds >= RENEWAL_FIRST_S && seconds < writing->reply->lease_s ? seconds : usual;
}

/* RFC 2131 section 4.4.5: T1 before T2 before the end. What is taken off is little even of a short
 * T1. */
static void put_renewal_times(struct dhcp4_writing *writing)
{
    const struct dhcp4_reply *reply = writing->reply;
    uint32_t lease_s = reply->lease_s;
    if (!reply->has_lease_time || lease_s == DURATION_INFINITE || is_inform(writing->exchange))
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
 * that renews by unicast, the one its own lease came through. What came for others says nothing:
 * anybody may write any address into giaddr. */
static bool find_router(const struct dhcp4_writing *writing, struct address *router)
{
    const struct dhcp4_scope_range *range = writing->reply->range;
    const struct dhcp4_exchange *exchange = writing->exchange;
    if (range->shared)
        return false; /* which way leads out of it is not known (dhcp.md section 8) */
    *router = range->own;
    if (exchange->relayed && dhcp4_scope_holds(range, &exchange->message.giaddr))
        *router = exchange->message.giaddr;
    if (exchange->relayed || !address_is_none(router))
        return !address_is_none(router);
    if (exchange->lease == NULL || exchange->lease->relay == 0)
        return false;
    *router = address_ip4_from_u32(exchange->lease->relay);
    return dhcp4_scope_holds(range, router);
}

static const struct dname *domain_of(const struct dhcp4_writing *writing)
{
    const struct address *address = &writing->reply->address;
    return site_domain_for(writing->exchange->server->setup.site,
                           address_is_none(address) ? &writing->exchange->message.ciaddr : address,
                           writing->exchange->interface->name);
}

static void put_text(struct dhcp4_writing *writing, unsigned code, const char *text)
{
    dhcp4_writing_put(writing, code, text_bytes(text_of(text)));
}

/* A default is sent when nothing is configured in its place and the client wants it. */
static bool wants_default(const struct dhcp4_writing *writing, unsigned code)
{
    return dhcp4_writing_rule(writing, code) == NULL && dhcp4_writing_wants(writing, code);
}

static void put_defaults(struct dhcp4_writing *writing)
{
    const struct dhcp4_scope_range *range = writing->reply->range;
    const struct site *site = writing->exchange->server->setup.site;
    const struct dname *domain = domain_of(writing);
    struct address router;
    char text[DNAME_TEXT_MAX];
    bool here = !writing->reply->elsewhere; /* what we know of our network is true for the client */
    if (here && dhcp4_writing_rule(writing, DHCP4_NETMASK) == NULL)
        put_address(writing, DHCP4_NETMASK, &range->netmask);
    if (here && dhcp4_writing_rule(writing, DHCP4_BROADCAST) == NULL)
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

/* RFC 4702: the server does the client's update, which is to say it answers for the name itself, or
 * with dhcp-client-update leaves all updates to the client. */
static void put_fqdn(struct dhcp4_writing *writing)
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
    bool by_server = !exchange->server->setup.config->client_update;
    uint8_t flags = (by_server ? FQDN_S : FQDN_N) | (exchange->fqdn.is_wire ? FQDN_E : 0);
    if (((exchange->fqdn.flags & FQDN_S) != 0) != by_server)
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
    dhcp4_writing_put(writing, DHCP4_FQDN, bytes_writer_written(&writer));
}

/* ------------------------------------------------------------------ configured options */

static void put_rule(struct dhcp4_writing *writing, const struct dhcp_option_rule *rule)
{
    uint8_t buffer[DHCP4_VALUE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    if (!dhcp4_writing_fill(writing, rule, &writer))
        return;
    if (rule->form.takes_nul)
        bytes_write_u8(&writer, 0);
    if (!writer.failed)
        dhcp4_writing_put(writing, rule->code, bytes_writer_written(&writer));
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
static bool goes_into_a_field(const struct dhcp4_writing *writing,
                              const struct dhcp_option_rule *rule)
{
    if ((rule->code != DHCP4_TFTP_SERVER && rule->code != DHCP4_BOOTFILE) || rule->force
        || writing->boot.is_given)
        return false;
    return !dhcp4_writing_lists(writing, rule->code)
           || writing->exchange->server->setup.config->no_override;
}

static void put_configured(struct dhcp4_writing *writing)
{
    for (size_t i = 0; i < writing->options->count; i++) {
        const struct dhcp_option_rule *rule = writing->options->rules[i];
        if (rule->scope != DHCP_SCOPE_TOP || rule->code > 254
            || (writing->reply->pxe_answer != DHCP4_PXE_ORDINARY && !rule->pxe_only)
            || is_own_affair(rule->code) || suppresses(rule) || goes_into_a_field(writing, rule)
            || dhcp4_builder_has(&writing->builder, rule->code))
            continue;
        if (rule->force || dhcp4_writing_wants(writing, rule->code))
            put_rule(writing, rule);
    }
}

/* Into its field of the header, or, for a client that lists it and when it is too long for the
 * field, into its option, where a NUL ends it. */
static void put_boot_text(struct dhcp4_writing *writing, unsigned code, const char *string)
{
    struct dhcp4_builder *builder = &writing->builder;
    const struct dhcp4_exchange *exchange = writing->exchange;
    struct text text = text_of(string);
    bool may_move = exchange->message.is_dhcp && !exchange->server->setup.config->no_override
                    && (writing->reply->pxe_answer == DHCP4_PXE_ORDINARY || writing->boot.is_http);
    if (text_is_empty(text))
        return;
    if (may_move && dhcp4_writing_lists(writing, code)) {
        dhcp4_writing_put(writing, code, bytes_of(string, text.count + 1));
        return;
    }
    if (code == DHCP4_BOOTFILE ? dhcp4_builder_file(builder, text)
                               : dhcp4_builder_sname(builder, text))
        return;
    if (may_move)
        dhcp4_writing_put(writing, code, bytes_of(string, text.count + 1));
    else
        dhcp4_writing_left_out(writing, code);
}

static void put_fields(struct dhcp4_writing *writing)
{
    const struct dhcp_option_rule *server = dhcp4_writing_rule(writing, DHCP4_TFTP_SERVER);
    const struct dhcp_option_rule *file = dhcp4_writing_rule(writing, DHCP4_BOOTFILE);
    if (writing->boot.is_given) {
        put_boot_text(writing, DHCP4_TFTP_SERVER, writing->boot.server_name);
        put_boot_text(writing, DHCP4_BOOTFILE, writing->boot.file);
        return;
    }
    if (server != NULL && goes_into_a_field(writing, server)
        && !dhcp4_builder_sname(&writing->builder, text_from_bytes(server->value)))
        dhcp4_writing_left_out(writing, DHCP4_TFTP_SERVER);
    if (file != NULL && goes_into_a_field(writing, file)
        && !dhcp4_builder_file(&writing->builder, text_from_bytes(file->value)))
        dhcp4_writing_left_out(writing, DHCP4_BOOTFILE);
}

/* ------------------------------------------------------------------ the whole */

static void read_request(struct dhcp4_writing *writing)
{
    const struct dhcp4_message *message = &writing->exchange->message;
    writing->has_asked =
        dhcp4_option_find(message, DHCP4_REQUESTED_OPTIONS, writing->scratch->asked,
                          DHCP4_ASKED_BYTES, &writing->asked);
    if (!message->is_dhcp) /* BOOTP knows no such list */
        writing->has_asked = false;
    if (!writing->has_asked)
        writing->asked = BYTES_NONE;
    writing->has_vendor = dhcp4_option_find(message, DHCP4_VENDOR_CLASS, writing->scratch->vendor,
                                            DHCP4_ASKED_BYTES, &writing->vendor);
    if (!writing->has_vendor)
        writing->vendor = BYTES_NONE;
}

static void choose_options(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                           bool is_pxe, struct tag_set *all)
{
    struct dhcp4_server *server = exchange->server;
    struct tag_facts facts =
        dhcp4_exchange_tag_facts(exchange, reply->elsewhere ? NULL : reply->range->range);
    tag_rules_apply(&server->tags, &facts, all);
    option_pick_choose(&server->options, server->setup.config, &server->tags.names, all,
                       &exchange->tags, is_pxe);
}

static void boot_service(struct dhcp4_writing *writing, const struct dhcp_pxe_service *service,
                         uint16_t layer)
{
    struct text_out out = text_out_on(writing->scratch->boot_file, DHCP4_BOOT_FILE_BYTES);
    dhcp4_pxe_put_file(service, layer, &out);
    writing->boot.file = writing->scratch->boot_file;
    writing->boot.server =
        dhcp4_boot_server(writing->exchange->server, &service->server, &writing->own);
}

/* What a proxy says: it names a server only if one is configured, for the client has a DHCP server
 * that may do so too. EFI wants one, and asks it on port 4011. */
static void boot_by_proxy(struct dhcp4_writing *writing, const struct dhcp_boot *line)
{
    struct dhcp4_boot_plan *boot = &writing->boot;
    bool is_efi = writing->pxe.system >= DHCP4_PXE_FIRST_EFI;
    if (writing->reply->type == DHCP4_ACK && writing->pxe_single != NULL) {
        boot_service(writing, writing->pxe_single, 0);
        boot->server_name = address_text(&boot->server, writing->scratch->boot_server);
        return;
    }
    boot->server = is_efi ? writing->own : address_any(ADDRESS_IP4);
    if (line == NULL || writing->pxe_single != NULL) {
        (void)dhcp4_netboot_choose(writing);
        return;
    }
    boot->file = line->file;
    boot->server = dhcp4_boot_server(writing->exchange->server, &line->server, &boot->server);
}

static void choose_boot(struct dhcp4_writing *writing)
{
    const struct dhcp4_reply *reply = writing->reply;
    struct dhcp4_server *server = writing->exchange->server;
    const struct dhcp_boot *line = dhcp4_boot_choose(server, writing->tags);
    struct dhcp4_boot_plan *boot = &writing->boot;
    boot->server = reply->elsewhere ? address_any(ADDRESS_IP4) : writing->own;
    boot->is_given = true;
    writing->pxe_single = dhcp4_pxe_single(server, &writing->pxe, writing->tags);
    if (reply->pxe_answer == DHCP4_PXE_CHOICE) {
        boot_service(writing, reply->pxe_service, reply->pxe_layer);
    } else if (reply->pxe_answer == DHCP4_PXE_PROXY) {
        boot_by_proxy(writing, line);
    } else if (line != NULL) {
        boot->file = line->file;
        boot->server_name = line->server_name;
        boot->server = dhcp4_boot_server(server, &line->server, &boot->server);
    } else if (writing->pxe_single != NULL) {
        boot_service(writing, writing->pxe_single, 0);
    } else {
        boot->is_given = dhcp4_netboot_choose(writing);
    }
}

bool dhcp4_reply_is_ip6_only(struct dhcp4_exchange *exchange, const struct dhcp4_scope_range *range)
{
    struct dhcp4_scratch scratch;
    struct dhcp4_writing writing = { .exchange = exchange, .scratch = &scratch };
    const struct dhcp4_reply reply = { .range = range };
    struct tag_set tags;
    read_request(&writing);
    if (!writing.has_asked || !dhcp4_writing_lists(&writing, DHCP4_IPV6_ONLY))
        return false;
    choose_options(exchange, &reply, false, &tags);
    const struct dhcp_option_rule *rule = exchange->server->options.top4[DHCP4_IPV6_ONLY];
    return rule != NULL && rule->value.count == 4;
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

static uint16_t reply_flags(const struct dhcp4_writing *writing)
{
    const struct dhcp4_reply *reply = writing->reply;
    const struct dhcp4_server *server = writing->exchange->server;
    const struct dhcp_boot_config *boot = &server->setup.config->boot;
    uint16_t flags = writing->exchange->message.flags;
    /* RFC 2131 section 4.3.2: the relay must broadcast a NAK, the client may have no right address.
     */
    bool broadcast = reply->type == DHCP4_NAK;
    if (reply->pxe_answer == DHCP4_PXE_PROXY)
        broadcast = reply->type == DHCP4_OFFER;
    else if (reply->pxe_answer == DHCP4_PXE_ORDINARY && !broadcast)
        broadcast =
            tag_rules_any(&server->tags, boot->broadcasts, boot->broadcast_count, writing->tags);
    return broadcast ? flags | DHCP4_FLAG_BROADCAST : flags;
}

static void start_builder(struct dhcp4_writing *writing)
{
    struct dhcp4_exchange *exchange = writing->exchange;
    const struct dhcp4_message *message = &exchange->message;
    const struct dhcp4_reply *reply = writing->reply;
    bool is_nak = reply->type == DHCP4_NAK;
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREPLY,
        .xid = message->xid,
        .flags = writing->flags,
        .ciaddr = is_nak || reply->pxe_answer == DHCP4_PXE_CHOICE ? address_any(ADDRESS_IP4)
                                                                  : message->ciaddr,
        .yiaddr = address_is_none(&reply->address) ? address_any(ADDRESS_IP4) : reply->address,
        .siaddr = is_nak ? address_any(ADDRESS_IP4) : writing->boot.server,
        .giaddr = message->giaddr,
        .hardware = message->hardware,
    };
    const struct dhcp_option_rule *next = NULL;
    if (!is_nak && !writing->boot.is_given)
        next = dhcp4_writing_rule(writing, DHCP4_SERVER_IP);
    if (next != NULL && next->value.count == 4) {
        uint8_t buffer[DHCP4_VALUE_MAX];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
        struct address address;
        if (dhcp4_writing_fill(writing, next, &writer)
            && address_from_bytes(bytes_writer_written(&writer), &address) == STATUS_OK)
            header.siaddr = address;
    }
    bool may_overload = message->is_dhcp && !exchange->server->setup.config->no_override;
    dhcp4_builder_start(&writing->builder, exchange->server->reply, sizeof(exchange->server->reply),
                        size_limit(exchange), &header, may_overload);
}

static void put_echoes(struct dhcp4_writing *writing)
{
    const struct dhcp4_exchange *exchange = writing->exchange;
    struct bytes value;
    if (exchange->agent_info.count > 0)
        dhcp4_writing_put(writing, DHCP4_AGENT_INFO, exchange->agent_info);
    if (dhcp4_option_first(&exchange->message, DHCP4_SUBNET_SELECT, &value) && value.count == 4)
        dhcp4_writing_put(writing, DHCP4_SUBNET_SELECT, value);
}

static void put_all(struct dhcp4_writing *writing)
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
    if (reply->has_lease_time && reply->type != 0)
        put_u32(writing, DHCP4_LEASE_TIME, reply->lease_s);
    put_fields(writing);
    dhcp4_netboot_put(writing);
    if (reply->pxe_answer != DHCP4_PXE_ORDINARY) {
        put_configured(writing);
        dhcp4_encapsulation_put_pxe(writing);
        put_echoes(writing);
        return;
    }
    if (reply->type != 0)
        put_renewal_times(writing);
    put_defaults(writing);
    if (reply->type != 0)
        put_fqdn(writing);
    if (reply->rapid_commit)
        dhcp4_writing_put(writing, DHCP4_RAPID_COMMIT, BYTES_NONE);
    put_configured(writing);
    if (writing->pxe.is_told)
        dhcp4_encapsulation_put_pxe(writing);
    dhcp4_encapsulation_put(writing);
    put_echoes(writing);
}

/* ------------------------------------------------------------------ where to */

static bool fits_a_frame(const struct hardware *hardware)
{
    return hardware->count > 0 && hardware->count <= FRAME_HARDWARE;
}

static struct endpoint to_client(const struct dhcp4_exchange *exchange, struct address address)
{
    const struct dhcp_relay_config *config = &exchange->server->setup.config->relay;
    return (struct endpoint){ address, dhcp_relay_client_port(config), 0 };
}

/* The interface the message came by if the address is on it; 0, the routing table's choice, if not.
 */
static uint32_t link_to(const struct dhcp4_exchange *exchange, const struct address *address)
{
    const struct dhcp4_datagram *in = exchange->in;
    return network_on_link(exchange->server->network, in->interface, address) != NULL ? in->link
                                                                                      : 0;
}

/* RFC 2131 section 4.1, in its order. */
static void address_reply(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                          const struct address *server, uint16_t flags, struct dhcp4_action *action)
{
    const struct dhcp4_message *message = &exchange->message;
    const struct dhcp_relay_config *config = &exchange->server->setup.config->relay;
    bool is_nak = reply->type == DHCP4_NAK;
    action->kind = DHCP4_ACTION_SEND_UDP;
    action->from = (struct endpoint){ *server, dhcp_relay_server_port(config), 0 };
    action->interface = exchange->in->link;
    action->hardware = message->hardware;
    if (exchange->in->boot_port)
        action->from.port = DHCP4_BOOT_PORT;
    if (exchange->relayed) {
        action->to = (struct endpoint){ message->giaddr, dhcp_relay_server_port(config), 0 };
        action->interface = 0; /* a relay is reached by routing */
    } else if ((exchange->in->boot_port || is_inform(exchange))
               && !address_is_any(&exchange->in->from.address)) {
        action->to = exchange->in->from;
        action->interface = link_to(exchange, &action->to.address);
    } else if (!is_nak && !address_is_any(&message->ciaddr)) {
        action->to = to_client(exchange, message->ciaddr);
        action->interface = link_to(exchange, &message->ciaddr);
    } else if (is_nak || (flags & DHCP4_FLAG_BROADCAST) != 0 || address_is_none(&reply->address)
               || !fits_a_frame(&message->hardware)) {
        action->to = to_client(exchange, address_ip4(255, 255, 255, 255));
    } else {
        action->kind = DHCP4_ACTION_SEND_LINK;
        action->to = to_client(exchange, reply->address);
    }
}

void dhcp4_reply_build(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                       struct dhcp4_action *action)
{
    struct dhcp4_scratch scratch;
    struct tag_set tags;
    struct dhcp4_writing writing = { .exchange = exchange,
                                     .reply = reply,
                                     .options = &exchange->server->options,
                                     .tags = &tags,
                                     .scratch = &scratch };
    writing.own = dhcp4_exchange_own(exchange, reply->range);
    writing.server_id = dhcp4_exchange_server_id(exchange, reply->range);
    read_request(&writing);
    if (reply->type != DHCP4_NAK) {
        dhcp4_pxe_read(exchange, &writing.pxe);
        choose_options(exchange, reply, writing.pxe.vendor != NULL && !writing.pxe.is_http,
                       &tags);
        choose_boot(&writing);
    }
    writing.flags = reply_flags(&writing);
    start_builder(&writing);
    put_all(&writing);
    action->bytes = dhcp4_builder_finish(&writing.builder);
    address_reply(exchange, reply, &writing.own, writing.flags, action);
}

/* dhcp-reply-delay counts from the arrival of the message, so that the time a probe took is part of
 * it. */
static bool is_held_back(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                         const struct dhcp4_action *action)
{
    struct dhcp4_server *server = exchange->server;
    const struct dhcp_relay_config *config = &server->setup.config->relay;
    mono_ms until = exchange->in->arrived + (mono_ms)config->delay_s * 1000;
    if (config->delay_s == 0 || reply->type != DHCP4_OFFER || until <= exchange->now.mono
        || !tag_set_matches(&exchange->tags, &server->tags.names, &config->delay_conditions))
        return false;
    if (dhcp4_delay_add(server->delays, action, until) == STATUS_OK)
        return true;
    server->counters.pending_full++; /* too early is better than never */
    return false;
}

void dhcp4_reply_send(struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply)
{
    struct dhcp4_action action;
    dhcp4_reply_build(exchange, reply, &action);
    exchange->server->counters.sent[reply->type & 15]++;
    dhcp4_detail_reply(exchange, reply, &action);
    if (!is_held_back(exchange, reply, &action))
        dhcp4_outbox_put(exchange->out, &action);
}

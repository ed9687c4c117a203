#include "dhcp/served6.h"
#include "dhcp6/dhcp6_scope.h"
#include "dhcp6/dhcp6_state.h"
#include "model/neighbour_table.h"

/* ------------------------------------------------------------------ telling */

void dhcp6_exchange_tell(const struct dhcp6_exchange *exchange, const char *verb,
                         const struct address *address, unsigned prefix_length, const char *text)
{
    struct event event = {
        .kind = EVENT_DHCP_MESSAGE,
        .verb = verb,
        .interface = exchange->interface->name,
        .address = address,
        .prefix_length = (uint8_t)prefix_length,
        .duid = exchange->duid,
        .xid = exchange->message.xid,
        .text = text,
        .server_duid = bytes_of(exchange->server->duid, exchange->server->duid_count),
    };
    event_tell(exchange->server->setup.events, &event);
}

void dhcp6_exchange_malformed(const struct dhcp6_exchange *exchange)
{
    exchange->server->counters.dropped_malformed++;
    struct event event = {
        .kind = EVENT_DHCP_DROPPED,
        .text = "malformed DHCPv6 message",
        .peer = &exchange->in->from,
    };
    event_tell(exchange->server->setup.events, &event);
}

/* ------------------------------------------------------------------ from where */

NODISCARD static bool arrive(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    exchange->interface = network_by_index(server->network, exchange->in->interface);
    if (exchange->interface != NULL
        && served6_admits(server->network, server->setup.site, server->setup.config,
                          exchange->in->interface, &exchange->in->local))
        return true;
    server->counters.dropped_not_admitted++;
    return false;
}

/* The relay next to the client knows its link; one of layer 2 (RFC 6221) says nothing and leaves it
 * to the next. */
static void find_link(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_wrapped *wrapped = &exchange->wrapped;
    exchange->relayed = wrapped->relay_count > 0;
    for (unsigned i = wrapped->relay_count; COUNT_DOWN(i);) {
        const struct address *link = &wrapped->relays[i].link;
        if (address_is_any(link) || address_is_link_local(link))
            continue;
        exchange->link = *link;
        return;
    }
}

bool dhcp6_exchange_is_from_afar(const struct dhcp6_exchange *exchange)
{
    return exchange->relayed && !address_is_none(&exchange->link)
           && network_on_link(exchange->server->network, exchange->in->interface, &exchange->link)
                  == NULL;
}

/* What the first relay saw (RFC 6939), what our own link knows, or what the DUID is made of: that
 * is good for dhcp-host lines and the log, and proves nothing. */
static void find_hardware(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_wrapped *wrapped = &exchange->wrapped;
    struct neighbour_table *neighbours = exchange->server->setup.neighbours;
    struct hardware *hardware = &exchange->hardware;
    for (unsigned i = wrapped->relay_count; COUNT_DOWN(i);) {
        struct bytes_reader reader = bytes_reader_on(wrapped->relays[i].link_layer);
        hardware->type = bytes_read_u16(&reader);
        size_t count = bytes_reader_left(&reader);
        if (count == 0 || count > HARDWARE_MAX)
            continue;
        hardware->count = (uint8_t)count;
        bytes_read_copy(&reader, hardware->bytes, count);
        exchange->hardware_seen = dhcp6_exchange_is_from_afar(exchange);
        return;
    }
    *hardware = (struct hardware){ 0 };
    exchange->hardware_seen =
        !exchange->relayed && neighbours != NULL
        && neighbour_table_find(neighbours, &exchange->in->from.address, hardware)
        && hardware->count > 0;
    if (exchange->hardware_seen)
        return;
    if (!dhcp6_duid_hardware(exchange->duid, hardware))
        *hardware = (struct hardware){ 0 };
}

/* Rate limited: a stranger's network can be noisy. */
static void say_no_range(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX];
    server->counters.dropped_no_range++;
    if (!event_may_say(&server->no_range_said, exchange->now.mono))
        return;
    if (exchange->relayed)
        event_say(
            server->setup.events, EVENT_DHCP_WARNING,
            "no address range available for DHCPv6 request from relay at %s",
            address_text(&exchange->wrapped.relays[exchange->wrapped.relay_count - 1].link, text));
    else
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "no address range available for DHCPv6 request via %s",
                  exchange->interface->name);
}

/* ------------------------------------------------------------------ what a message must have */

enum need { NEED_NOT, NEED_MAY, NEED_MUST };

/* RFC 9915 section 16: which messages name a server. */
static enum need server_id_of(unsigned type)
{
    switch (type) {
    case DHCP6_REQUEST:
    case DHCP6_RENEW:
    case DHCP6_RELEASE:
    case DHCP6_DECLINE:
        return NEED_MUST;
    case DHCP6_INFORMATION_REQUEST:
        return NEED_MAY;
    default:
        return NEED_NOT;
    }
}

static bool is_for_us(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_server *server = exchange->server;
    struct bytes id;
    enum need need = server_id_of(exchange->message.type);
    if (!dhcp6_option_find(&exchange->message.options, DHCP6_SERVER_ID, &id))
        return need != NEED_MUST;
    return need != NEED_NOT && bytes_equal(id, bytes_of(server->duid, server->duid_count));
}

static bool has_any_ia(const struct dhcp6_message *message)
{
    return dhcp6_option_has(&message->options, DHCP6_IA_NA)
           || dhcp6_option_has(&message->options, DHCP6_IA_TA)
           || dhcp6_option_has(&message->options, DHCP6_IA_PD);
}

/* The DUID, and what RFC 9915 section 16 wants of a message. False: counted. */
NODISCARD static bool check(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    const struct dhcp6_message *message = &exchange->message;
    bool is_inform = message->type == DHCP6_INFORMATION_REQUEST;
    if (dhcp6_option_find(&message->options, DHCP6_CLIENT_ID, &exchange->duid)) {
        /* RFC 9915 section 11.1: a type, and something behind it. */
        if (exchange->duid.count < 3 || exchange->duid.count > DHCP6_DUID_MAX) {
            dhcp6_exchange_malformed(exchange);
            return false;
        }
    } else if (!is_inform) {
        server->counters.dropped_no_client++;
        return false;
    }
    if (!is_for_us(exchange)) {
        server->counters.dropped_other_server++;
        return false;
    }
    if (is_inform && has_any_ia(message)) {
        dhcp6_exchange_malformed(exchange);
        return false;
    }
    return true;
}

/* What clients send, and servers answer. */
static bool is_served_type(unsigned type)
{
    switch (type) {
    case DHCP6_SOLICIT:
    case DHCP6_REQUEST:
    case DHCP6_CONFIRM:
    case DHCP6_RENEW:
    case DHCP6_REBIND:
    case DHCP6_RELEASE:
    case DHCP6_DECLINE:
    case DHCP6_INFORMATION_REQUEST:
    case DHCP6_ADDR_REG_INFORM:
        return true;
    default:
        return false;
    }
}

/* Reads the message itself. False: counted. */
NODISCARD static bool open_message(struct dhcp6_exchange *exchange)
{
    struct dhcp6_counters *counters = &exchange->server->counters;
    const struct dhcp6_wrapped *wrapped = &exchange->wrapped;
    if (dhcp6_unwrap(exchange->in->message, &exchange->wrapped) != STATUS_OK
        || dhcp6_message_read(wrapped->inner, &exchange->message) != STATUS_OK
        || exchange->message.type >= COUNT_OF(counters->received)) {
        dhcp6_exchange_malformed(exchange);
        return false;
    }
    counters->received[exchange->message.type]++;
    /* What is for relays on its way back is not for servers. */
    if (is_served_type(exchange->message.type)
        && (wrapped->relay_count == 0 || wrapped->relays[0].type == DHCP6_RELAY_FORW))
        return true;
    counters->dropped_ignored++;
    return false;
}

/* RFC 9915 has clients speak to all servers on their link; one whose message comes from anywhere
 * else without a relay is not there. */
static bool is_from_here(const struct dhcp6_exchange *exchange)
{
    const struct address *from = &exchange->in->from.address;
    if (exchange->relayed || address_is_link_local(from)
        || network_on_link(exchange->server->network, exchange->in->interface, from) != NULL)
        return true;
    for (size_t i = 0; i < exchange->scope.count; i++) {
        if (prefix_contains(&exchange->scope.ranges[i].prefix, from))
            return true;
    }
    return false;
}

/* Some range of the link has an answer to this message. Pools of prefixes alone have none to one
 * that is about addresses, or about nothing that is leased. */
static bool has_answer(struct dhcp6_exchange *exchange)
{
    bool has_dhcp = false;
    for (size_t i = 0; i < exchange->scope.count; i++)
        has_dhcp = has_dhcp || range6_has_dhcp(exchange->scope.ranges[i].range);
    exchange->only_prefixes = !has_dhcp;
    return has_dhcp
           || (exchange->message.type != DHCP6_CONFIRM
               && exchange->message.type != DHCP6_ADDR_REG_INFORM
               && dhcp6_option_has(&exchange->message.options, DHCP6_IA_PD)
               && dhcp6_scope_delegates(exchange));
}

bool dhcp6_exchange_open(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    if (!arrive(exchange) || !open_message(exchange) || !check(exchange))
        return false;
    find_link(exchange);
    find_hardware(exchange);
    dhcp6_scope_find(exchange);
    if (!is_from_here(exchange)) {
        server->counters.dropped_not_admitted++;
        return false;
    }
    if (!has_answer(exchange)) {
        say_no_range(exchange);
        return false;
    }
    return true;
}

/* ------------------------------------------------------------------ who is it */

/* A label with a dot inside could pass for two, so a name with one is none; other bytes are for
 * whoever uses the name to judge. */
static void read_name(struct dhcp6_exchange *exchange)
{
    struct text_out out = text_out_on(exchange->said_name, sizeof(exchange->said_name));
    struct bytes value;
    if (!dhcp6_option_find(&exchange->message.options, DHCP6_FQDN, &value)
        || dhcp6_fqdn_read(value, &exchange->fqdn) != STATUS_OK)
        return;
    exchange->has_fqdn = true;
    if (exchange->fqdn.name.count == 0)
        return;
    struct bytes_reader reader = bytes_reader_on(dname_bytes(&exchange->fqdn.name));
    for (;;) {
        struct bytes label = bytes_read_span(&reader, bytes_read_u8(&reader));
        if (label.count == 0)
            break;
        if (out.count > 0)
            text_put_char(&out, '.');
        for (size_t i = 0; i < label.count; i++) {
            if (label.at[i] == '.' || label.at[i] == '\0')
                out.failed = true;
        }
        text_put(&out, text_from_bytes(label));
    }
    if (out.failed || reader.failed)
        exchange->said_name[0] = '\0';
}

struct tag_facts dhcp6_exchange_tag_facts(const struct dhcp6_exchange *exchange)
{
    return (struct tag_facts){
        .interface = exchange->interface->name,
        .host = exchange->host.host,
        .known_elsewhere = exchange->host.known_elsewhere,
        .client = &exchange->said,
        .ranges6 = exchange->ranges,
        .range6_count = exchange->range_count,
    };
}

void dhcp6_exchange_add_range(struct dhcp6_exchange *exchange, const struct dhcp_range6 *range)
{
    for (unsigned i = 0; i < exchange->range_count; i++) {
        if (exchange->ranges[i] == range)
            return;
    }
    if (range->has_set_tag && exchange->range_count < COUNT_OF(exchange->ranges))
        exchange->ranges[exchange->range_count++] = range;
}

void dhcp6_exchange_serve_from(struct dhcp6_exchange *exchange, const struct dhcp_range6 *range)
{
    const struct dhcp6_server *server = exchange->server;
    const struct dhcp_config *config = server->setup.config;
    dhcp6_exchange_add_range(exchange, range);
    if (exchange->name_ignored || !range->has_set_tag || config->ignore_name_count == 0)
        return;
    /* Without what tag-if makes of it, as dnsmasq has it. */
    struct tag_set tags = exchange->tags;
    tag_set_add(&tags, range->set_tag);
    exchange->name_ignored =
        tag_rules_any(&server->tags, config->ignore_names, config->ignore_name_count, &tags);
}

const char *dhcp6_exchange_claimed_name(const struct dhcp6_exchange *exchange)
{
    return exchange->name_ignored ? "" : exchange->said_name;
}

static bool is_served(void *context, const struct address *address)
{
    return dhcp6_scope_network(context, address) != NULL;
}

static void find_host(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    struct client_id client = { .hardware = exchange->hardware, .id = exchange->duid };
    struct dname whole, name = { 0 };
    const char *said = dhcp6_exchange_claimed_name(exchange);
    if (dname_from_host(text_of(said), false, &whole) == STATUS_OK) {
        struct dname root = dname_root();
        if (dname_prepend(dname_first_label(&whole), &root, &name) != STATUS_OK)
            name.count = 0;
    }
    struct host_question question = {
        .client = &client,
        .ip6 = true,
        .name = name.count > 0 ? &name : NULL,
        .tags = &exchange->tags,
        .tag_names = &server->tags.names,
        .is_served = is_served,
        .context = exchange,
    };
    host_match_find(server->hosts, &question, &exchange->host);
}

/* Twice: the tags that hold without a dhcp-host line help to find it. */
static void find_tags(struct dhcp6_exchange *exchange)
{
    const struct tag_rules *rules = &exchange->server->tags;
    exchange->said = (struct client_match_facts){
        .name = text_of(exchange->said_name),
        .options6 = &exchange->message.options,
        .wrapped6 = exchange->relayed ? &exchange->wrapped : NULL,
        .hardware6 = exchange->hardware,
    };
    struct tag_facts facts = dhcp6_exchange_tag_facts(exchange);
    tag_rules_apply(rules, &facts, &exchange->tags);
    find_host(exchange);
    facts = dhcp6_exchange_tag_facts(exchange);
    tag_rules_apply(rules, &facts, &exchange->tags);
}

void dhcp6_exchange_identify(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    const struct dhcp_config *config = server->setup.config;
    read_name(exchange);
    find_tags(exchange);
    exchange->name_ignored = tag_rules_any(&server->tags, config->ignore_names,
                                           config->ignore_name_count, &exchange->tags);
    /* What does not count must not lead to a line, with an address that is not for it. */
    if (exchange->name_ignored && exchange->host.by_name)
        find_tags(exchange);
    exchange->is_ignored =
        (exchange->host.host != NULL && exchange->host.host->ignore)
        || tag_rules_any(&server->tags, config->ignores, config->ignore_count, &exchange->tags);
}

/* ------------------------------------------------------------------ the addresses of its line */

bool dhcp6_exchange_is_home(const struct dhcp6_exchange *exchange, const struct address *address)
{
    const struct host_found *host = &exchange->host;
    if (host->host == NULL)
        return false;
    return address_equal(&host->address, address) || host_match_has6(host->host, address);
}

bool dhcp6_exchange_next_home(const struct dhcp6_exchange *exchange, struct dhcp6_home_place *place,
                              struct address *address)
{
    const struct host_found *host = &exchange->host;
    if (host->host == NULL)
        return false;
    for (; place->range < exchange->scope.count; place->range++, place->address = 0) {
        if (host_match_next_address6(host->host, &exchange->scope.ranges[place->range].prefix,
                                     &place->address, address))
            return true;
    }
    bool is_named = !place->named && !address_is_none(&host->address);
    place->named = true;
    *address = host->address;
    return is_named;
}

#include "dhcp4/dhcp4_leasequery.h"

#include "dhcp4/dhcp4_detail.h"

#define DATAGRAM_HEADERS 28
#define DATAGRAM_LEAST   576
#define VALUE_MAX        4096

/* What is found out about a question. */
struct answer {
    uint8_t type;        /* enum dhcp4_message_type */
    const char *verb;    /* for the log */
    struct lease *lease; /* DHCP4_LEASEACTIVE */
    struct address address;
    const struct dhcp4_scope_range *range; /* of the address; NULL: no network of ours */
    struct dhcp4_builder builder;
    struct address server_id;
};

/* ------------------------------------------------------------------ may it ask */

static bool is_permitted(struct dhcp4_exchange *exchange, const struct address *asker)
{
    struct dhcp4_server *server = exchange->server;
    char text[ADDRESS_TEXT_MAX];
    if (dhcp_relay_may_query(&server->setup.config->relay, asker))
        return true;
    server->counters.queries_refused++;
    if (event_may_say(&server->query_refused_said, exchange->now.mono))
        event_say(server->setup.events, EVENT_DHCP_WARNING, "leasequery from %s not permitted",
                  address_text(asker, text));
    return false;
}

/* ------------------------------------------------------------------ what it asks */

static bool has_client_id(const struct dhcp4_exchange *exchange, uint8_t *scratch, struct bytes *id)
{
    return dhcp4_option_find(&exchange->message, DHCP4_CLIENT_ID, scratch, LEASE_CLIENT_ID_MAX, id)
           && id->count > 0;
}

static bool is_active(const struct lease *lease, mono_ms now)
{
    return lease != NULL && lease->stored
           && (lease->expires_mono == LEASE_NEVER || lease->expires_mono > now);
}

/* RFC 4388 section 6.4: by address, else by client id, else by hardware address. */
static void find_answer(struct dhcp4_exchange *exchange, struct answer *answer)
{
    const struct dhcp4_message *message = &exchange->message;
    struct dhcp4_server *server = exchange->server;
    const struct lease_table *leases = server->setup.leases;
    static const struct hardware no_hardware;
    uint8_t scratch[LEASE_CLIENT_ID_MAX];
    struct bytes id = BYTES_NONE;
    bool by_address = !address_is_any(&message->ciaddr);
    answer->type = DHCP4_LEASEUNKNOWN;
    answer->verb = "DHCPLEASEUNKNOWN";
    answer->address = message->ciaddr;
    if (by_address)
        answer->lease = lease_table_by_address(leases, &message->ciaddr);
    else if (has_client_id(exchange, scratch, &id))
        answer->lease = lease_table_by_client(leases, &no_hardware, id);
    else
        answer->lease = lease_table_by_client(leases, &message->hardware, BYTES_NONE);
    if (!is_active(answer->lease, exchange->now.mono))
        answer->lease = NULL;
    if (answer->lease != NULL) {
        answer->type = DHCP4_LEASEACTIVE;
        answer->verb = "DHCPLEASEACTIVE";
        answer->address = answer->lease->address;
    }
    exchange->scope.ranges = server->scope_ranges;
    exchange->scope.count = 0;
    if (!address_is_any(&answer->address))
        dhcp4_scope_of_address(&exchange->scope, server->setup.config, server->network,
                               &answer->address);
    if (exchange->scope.count > 0)
        answer->range = dhcp4_scope_network(&exchange->scope, &answer->address, &exchange->tags,
                                            &server->tags.names);
    if (answer->lease == NULL && by_address && answer->range != NULL) {
        answer->type = DHCP4_LEASEUNASSIGNED;
        answer->verb = "DHCPLEASEUNASSIGNED";
    }
}

/* ------------------------------------------------------------------ the reply */

static void put(struct dhcp4_exchange *exchange, struct answer *answer, unsigned code,
                struct bytes value)
{
    if (!dhcp4_builder_has(&answer->builder, code)
        && !dhcp4_builder_option(&answer->builder, code, value))
        event_say(exchange->server->setup.events, EVENT_DHCP_WARNING,
                  "cannot send DHCP/BOOTP option %u: no space left in packet", code);
}

static void put_u32(struct dhcp4_exchange *exchange, struct answer *answer, unsigned code,
                    uint32_t value)
{
    uint8_t buffer[4];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    bytes_write_u32(&writer, value);
    put(exchange, answer, code, bytes_writer_written(&writer));
}

static uint32_t seconds_left(const struct lease *lease, mono_ms now)
{
    return lease->expires_mono == LEASE_NEVER ? DURATION_INFINITE
                                              : (uint32_t)((lease->expires_mono - now) / 1000);
}

/* RFC 4388 section 6.4.2: the times count from now, and one that is past is left out. */
static void put_time(struct dhcp4_exchange *exchange, struct answer *answer, unsigned code)
{
    const struct lease *lease = answer->lease;
    uint32_t left = seconds_left(lease, exchange->now.mono);
    if (left == DURATION_INFINITE || lease->length_s < left)
        return;
    uint32_t gone = lease->length_s - left;
    uint64_t place = code == DHCP4_T1 ? lease->length_s / 2 : (uint64_t)lease->length_s * 7 / 8;
    if (place > gone)
        put_u32(exchange, answer, code, (uint32_t)place - gone);
}

/* A line of dhcp-option without tags, or with those of the range. */
static void put_configured(struct dhcp4_exchange *exchange, struct answer *answer, unsigned code)
{
    const struct dhcp_option_rule *rule = exchange->server->options.top4[code];
    struct option_value_addresses own = { .ip4 = answer->server_id };
    uint8_t buffer[VALUE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    if (rule == NULL || rule->empty || rule->pxe_only)
        return;
    if (option_value_fill(rule->value, &rule->form, &own, &writer) == STATUS_OK)
        put(exchange, answer, code, bytes_writer_written(&writer));
}

/* What of the network and the lease is known without the client. */
static void put_asked(struct dhcp4_exchange *exchange, struct answer *answer, unsigned code)
{
    const struct lease *lease = answer->lease;
    switch (code) {
    case DHCP4_CLIENT_ID:
        if (lease->client_id_count > 0)
            put(exchange, answer, code, bytes_of(lease->client_id, lease->client_id_count));
        return;
    case DHCP4_T1:
    case DHCP4_T2:
        put_time(exchange, answer, code);
        return;
    case DHCP4_AGENT_INFO:
    case DHCP4_VENDOR_CLASS:
    case DHCP4_PAD:
    case DHCP4_END:
    case DHCP4_REQUESTED_IP:
    case DHCP4_OVERLOAD:
    case DHCP4_REQUESTED_OPTIONS:
        return;
    default:
        break;
    }
    put_configured(exchange, answer, code);
    if (answer->range != NULL && code == DHCP4_NETMASK)
        put(exchange, answer, code, address_bytes(&answer->range->netmask));
    else if (answer->range != NULL && code == DHCP4_BROADCAST)
        put(exchange, answer, code, address_bytes(&answer->range->broadcast));
    else if (code == DHCP4_HOSTNAME && lease->name != NULL)
        put(exchange, answer, code, text_bytes(text_of(lease->name)));
}

static void put_lease(struct dhcp4_exchange *exchange, struct answer *answer)
{
    struct dhcp4_server *server = exchange->server;
    struct tag_set tags = exchange->tags;
    uint8_t scratch[256];
    struct bytes asked;
    put_u32(exchange, answer, DHCP4_LEASE_TIME, seconds_left(answer->lease, exchange->now.mono));
    struct bytes agent = lease_table_agent_info(answer->lease);
    struct bytes vendor = lease_table_vendor_class(answer->lease);
    if (agent.count > 0)
        put(exchange, answer, DHCP4_AGENT_INFO, agent);
    if (vendor.count > 0)
        put(exchange, answer, DHCP4_VENDOR_CLASS, vendor);
    if (answer->range != NULL && answer->range->range->has_set_tag)
        tag_set_add(&tags, answer->range->range->set_tag);
    option_pick_choose(&server->options, server->setup.config, &server->tags.names, &tags,
                       &exchange->tags, false);
    if (!dhcp4_option_find(&exchange->message, DHCP4_REQUESTED_OPTIONS, scratch, sizeof(scratch),
                           &asked))
        return;
    struct bytes_reader reader = bytes_reader_on(asked);
    while (bytes_reader_left(&reader) > 0)
        put_asked(exchange, answer, bytes_read_u8(&reader));
}

static void start_builder(struct dhcp4_exchange *exchange, struct answer *answer)
{
    const struct dhcp4_message *message = &exchange->message;
    uint8_t *buffer = exchange->server->reply;
    size_t room = sizeof(exchange->server->reply), limit = DATAGRAM_LEAST;
    uint16_t most;
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREPLY,
        .xid = message->xid,
        .flags = message->flags,
        .ciaddr = answer->address,
        .yiaddr = address_any(ADDRESS_IP4),
        .siaddr = address_any(ADDRESS_IP4),
        .giaddr = message->giaddr,
        .hardware = answer->lease != NULL ? answer->lease->hardware : message->hardware,
    };
    if (dhcp4_option_u16(message, DHCP4_MAX_SIZE, &most) && most > limit)
        limit = most;
    limit -= DATAGRAM_HEADERS;
    dhcp4_builder_start(&answer->builder, buffer, room, limit < room ? limit : room, &header,
                        false);
}

static void send_answer(struct dhcp4_exchange *exchange, struct answer *answer)
{
    const struct dhcp_relay_config *config = &exchange->server->setup.config->relay;
    struct address own = dhcp4_exchange_own(exchange, NULL);
    answer->server_id = own;
    start_builder(exchange, answer);
    put(exchange, answer, DHCP4_MESSAGE_TYPE, bytes_of(&answer->type, 1));
    put(exchange, answer, DHCP4_SERVER_ID, address_bytes(&own));
    if (answer->lease != NULL)
        put_lease(exchange, answer);
    struct dhcp4_action action = {
        .kind = DHCP4_ACTION_SEND_UDP,
        .bytes = dhcp4_builder_finish(&answer->builder),
        .from = { own, dhcp_relay_server_port(config), 0 },
        .to = { exchange->message.giaddr, dhcp_relay_server_port(config), 0 },
    };
    exchange->server->counters.sent[answer->type & 15]++;
    dhcp4_outbox_put(exchange->out, &action);
}

static void tell(const struct dhcp4_exchange *exchange, const char *verb,
                 const struct address *address, const struct lease *lease, const char *text)
{
    struct event event = {
        .kind = EVENT_DHCP_MESSAGE,
        .verb = verb,
        .interface = exchange->interface->name,
        .address = address_is_any(address) ? NULL : address,
        .hardware = lease != NULL ? &lease->hardware : &exchange->message.hardware,
        .xid = exchange->message.xid,
        .text = text,
        .lease = lease,
    };
    event_tell(exchange->server->setup.events, &event);
}

static void tell_question(const struct dhcp4_exchange *exchange)
{
    char text[ADDRESS_TEXT_MAX + 8], from[ADDRESS_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof(text));
    text_printf(&out, "from %s", address_text(&exchange->in->from.address, from));
    tell(exchange, "DHCPLEASEQUERY", &exchange->message.ciaddr, NULL, text);
}

void dhcp4_leasequery(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    const struct dhcp_relay_config *config = &server->setup.config->relay;
    struct answer answer = { 0 };
    server->counters.received[DHCP4_LEASEQUERY]++;
    if (!config->query)
        return;
    if (!is_permitted(exchange, &exchange->in->from.address))
        return;
    /* RFC 4388 section 6.4: only relays ask, and are answered at the address they give. */
    if (address_is_any(&exchange->message.giaddr)) {
        dhcp4_exchange_malformed(exchange);
        return;
    }
    if (!is_permitted(exchange, &exchange->message.giaddr))
        return;
    tell_question(exchange);
    find_answer(exchange, &answer);
    send_answer(exchange, &answer);
    tell(exchange, answer.verb, &answer.address, answer.lease, NULL);
}

/* ------------------------------------------------------------------ what is kept for it */

/* Too long a value is kept as nothing: a part of it would be a lie. */
static struct bytes fresh_or(struct bytes said, struct bytes kept)
{
    return said.count > 0 && said.count <= UINT8_MAX ? said : kept;
}

void dhcp4_leasequery_keep(const struct dhcp4_exchange *exchange, struct lease *lease, bool is_new)
{
    uint8_t scratch[UINT8_MAX];
    struct bytes agent = is_new ? BYTES_NONE : lease_table_agent_info(lease);
    struct bytes vendor = is_new ? BYTES_NONE : lease_table_vendor_class(lease);
    struct bytes value;
    if (exchange->server->setup.config->relay.query) {
        agent = fresh_or(exchange->agent_info, agent);
        if (dhcp4_option_find(&exchange->message, DHCP4_VENDOR_CLASS, scratch, sizeof(scratch),
                              &value))
            vendor = fresh_or(value, vendor);
    }
    if (lease->origin == NULL && agent.count == 0 && vendor.count == 0)
        return;
    if (lease_table_set_origin(lease, agent, vendor) != STATUS_OK)
        exchange->server->counters.commit_failed++;
}

enum status dhcp4_leasequery_load(const struct lease_table *leases, const struct lease_line *line)
{
    struct lease *lease = lease_table_by_address(leases, &line->address);
    struct bytes value = bytes_of(line->client_id, line->client_id_count);
    if (lease == NULL)
        return STATUS_NOT_FOUND;
    return line->kind == LEASE_LINE_AGENT_INFO
               ? lease_table_set_origin(lease, value, lease_table_vendor_class(lease))
               : lease_table_set_origin(lease, lease_table_agent_info(lease), value);
}

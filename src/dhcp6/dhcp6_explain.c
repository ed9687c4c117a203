#include "dhcp6/dhcp6_explain.h"

#include <stdlib.h>

#include "dhcp6/dhcp6_explain_state.h"
#include "dhcp6/dhcp6_reply.h"
#include "dhcp6/dhcp6_scope.h"

#define MESSAGE_BYTES 4096
#define TEXT_MAX      512
#define DUID_LL       3 /* RFC 9915 section 11.4 */
#define DUID_UUID     4 /* RFC 6355 */
#define UUID_BYTES    16

struct memory {
    struct dhcp6_server server;
    struct dhcp6_exchange exchange;
    struct dhcp6_outbox out;
    uint8_t duid[DHCP6_DUID_MAX];
    uint8_t message[MESSAGE_BYTES];
};

/* ------------------------------------------------------------------ whom it is about */

static struct bytes duid_of(const struct lease *lease)
{
    return bytes_of(lease->client_id, lease->client_id_count);
}

static bool covers(const struct lease *lease, const struct address *address)
{
    struct prefix prefix = { lease->address, lease->prefix_length };
    return lease->kind == LEASE_IP6_PD ? prefix_contains(&prefix, address)
                                       : address_equal(&lease->address, address);
}

/* Some lease of this client, or NULL. */
static const struct lease *lease_of(const struct dhcp6_server *server,
                                    const struct dhcp6_explain_client *who)
{
    const struct lease *lease = lease_table_first(server->setup.leases);
    for (; lease != NULL; lease = lease_table_next(server->setup.leases, lease)) {
        if ((who->duid.count > 0 && bytes_equal(duid_of(lease), who->duid))
            || (who->hardware.count > 0 && hardware_equal(&lease->hardware, &who->hardware))
            || (!address_is_none(&who->address) && covers(lease, &who->address)))
            return lease;
    }
    return NULL;
}

/* The line that gives this address, or NULL. */
static const struct dhcp_host *host_of(const struct dhcp6_server *server,
                                       const struct address *address)
{
    const struct dhcp_config *config = server->setup.config;
    for (size_t i = 0; !address_is_none(address) && i < config->host_count; i++) {
        if (host_match_has6(&config->hosts[i], address))
            return &config->hosts[i];
    }
    return NULL;
}

/* A DUID of the hardware address, or one that is nobody's. */
static struct bytes make_duid(struct memory *memory, const struct hardware *hardware)
{
    static const uint8_t nobody[UUID_BYTES];
    struct bytes_writer writer = bytes_writer_on(memory->duid, sizeof(memory->duid));
    bytes_write_u16(&writer, hardware->count > 0 ? DUID_LL : DUID_UUID);
    if (hardware->count > 0) {
        bytes_write_u16(&writer, hardware->type);
        bytes_write_copy(&writer, hardware->bytes, hardware->count);
    } else {
        bytes_write_copy(&writer, nobody, sizeof(nobody));
    }
    return bytes_writer_written(&writer);
}

/* Its DUID and hardware address: of a lease, of its line, or as given. */
static void find_client(struct dhcp6_explanation *explanation, struct memory *memory,
                        const struct dhcp6_explain_client *who)
{
    const struct lease *lease = lease_of(explanation->server, who);
    const struct dhcp_host *host = host_of(explanation->server, &who->address);

    explanation->asked = who->address;
    explanation->duid = who->duid;
    explanation->hardware = who->hardware;
    if (lease != NULL) {
        explanation->duid = duid_of(lease);
        if (who->hardware.count == 0)
            explanation->hardware = lease->hardware;
    } else if (host != NULL && host->client_id.count > 0
               && host->client_id.count <= DHCP6_DUID_MAX) {
        explanation->duid = host->client_id;
    } else if (host != NULL && host->hardware_count > 0 && host->hardware[0].wildcards == 0) {
        explanation->hardware = host->hardware[0].hardware;
    }
    if (explanation->duid.count == 0)
        explanation->duid = make_duid(memory, &explanation->hardware);
    if (explanation->hardware.count == 0
        && !dhcp6_duid_hardware(explanation->duid, &explanation->hardware))
        explanation->hardware = (struct hardware){ 0 };
}

/* ------------------------------------------------------------------ its leases */

static void put_lease(const struct dhcp6_explanation *explanation, const struct lease *lease)
{
    static const char *const kinds[] = {
        [LEASE_IP4] = "",
        [LEASE_IP6_NA] = "address",
        [LEASE_IP6_TA] = "temporary address",
        [LEASE_IP6_PD] = "prefix",
    };
    const char *interface = dhcp6_interface_name(explanation->server, lease->interface);
    struct prefix prefix = { lease->address, lease->prefix_length };
    struct report *report = explanation->report;
    char text[TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    if (lease->kind == LEASE_IP6_PD)
        text_put_prefix(&out, &prefix);
    else
        text_put_address(&out, &lease->address);
    report_begin(report, NULL);
    report_string(report, "address", text_out_text(&out));
    report_string(report, "kind", text_of(kinds[lease->kind]));
    report_number(report, "iaid", lease->iaid);
    if (lease->name != NULL)
        report_string(report, "name", text_of(lease->name));
    if (interface[0] != '\0')
        report_string(report, "interface", text_of(interface));
    report_number(report, "expires", lease->expires_wall);
    report_end(report);
}

static void put_client(const struct dhcp6_explanation *explanation,
                       const struct dhcp6_explain_client *who)
{
    const struct lease_table *leases = explanation->server->setup.leases;
    const struct lease *lease = lease_table_first(leases);
    struct report *report = explanation->report;
    char text[TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    text_put_hex(&out, explanation->duid, ':');
    bool is_leased = lease_of(explanation->server, who) != NULL;
    bool is_nobody = !is_leased && who->duid.count == 0 && explanation->hardware.count == 0
                     && host_of(explanation->server, &who->address) == NULL;
    if (is_nobody)
        report_string(report, "client", TEXT("nobody has this address: as for any stranger"));
    else
        report_string(report, "client", text_out_text(&out));
    if (explanation->hardware.count > 0) {
        text_out_rewind(&out, 0);
        text_put_hardware(&out, &explanation->hardware);
        report_string(report, "hardware", text_out_text(&out));
    }
    report_begin_list(report, "leases");
    for (; lease != NULL && !dhcp6_explain_is_past(explanation, explanation->half);
         lease = lease_table_next(leases, lease)) {
        if (bytes_equal(duid_of(lease), explanation->duid))
            put_lease(explanation, lease);
    }
    report_end(report);
}

/* ------------------------------------------------------------------ the client's message */

static void put_association(struct dhcp6_builder *builder, unsigned code, uint32_t iaid)
{
    struct dhcp6_mark mark = dhcp6_builder_ia(builder, code, iaid, 0, 0);
    dhcp6_builder_end(builder, mark);
}

/* Each association once, though it has several leases. False: there are none. */
static bool put_associations(const struct dhcp6_explanation *explanation,
                             struct dhcp6_builder *builder, enum lease_kind kind, unsigned code,
                             unsigned *left)
{
    const struct lease_table *leases = explanation->server->setup.leases;
    const struct lease *lease = lease_table_first(leases);
    bool is_any = false;
    for (; lease != NULL; lease = lease_table_next(leases, lease)) {
        if (lease->kind != kind || !bytes_equal(duid_of(lease), explanation->duid)
            || lease_table_first_of_client(leases, kind, explanation->duid, lease->iaid) != lease)
            continue;
        is_any = true;
        if (*left == 0)
            break;
        (*left)--;
        put_association(builder, code, lease->iaid);
    }
    if (!is_any && *left > 0) {
        (*left)--;
        put_association(builder, code, 0);
    }
    return is_any;
}

/* What the client called itself when it got its lease. */
static void put_name(const struct dhcp6_explanation *explanation, struct dhcp6_builder *builder)
{
    const struct lease_table *leases = explanation->server->setup.leases;
    const struct lease *lease = lease_table_first(leases);
    uint8_t buffer[1 + DNAME_WIRE_MAX];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof(buffer));
    struct dname name;
    for (; lease != NULL; lease = lease_table_next(leases, lease)) {
        if (lease->name == NULL || lease->name_from_config
            || !bytes_equal(duid_of(lease), explanation->duid)
            || dname_from_host(text_of(lease->name), false, &name) != STATUS_OK)
            continue;
        bytes_write_u8(&value, 1); /* the server may answer for it */
        bytes_write_span(&value, bytes_of(name.wire, (size_t)name.count - 1));
        (void)dhcp6_builder_option(builder, DHCP6_FQDN, bytes_writer_written(&value));
        return;
    }
}

/* A SOLICIT as the client would send it, as far as its leases tell. */
static struct bytes write_solicit(struct dhcp6_explanation *explanation, struct memory *memory)
{
    struct dhcp6_builder builder;
    unsigned left = DHCP6_IAS_MAX - 1; /* of addresses; one is for a prefix at least */

    dhcp6_builder_start(&builder, memory->message, sizeof(memory->message), DHCP6_SOLICIT, 0);
    (void)dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, explanation->duid);
    explanation->iaid_known =
        put_associations(explanation, &builder, LEASE_IP6_NA, DHCP6_IA_NA, &left);
    left++;
    explanation->prefix_iaid_known =
        put_associations(explanation, &builder, LEASE_IP6_PD, DHCP6_IA_PD, &left);
    put_name(explanation, &builder);
    return dhcp6_builder_finish(&builder);
}

/* ------------------------------------------------------------------ one network */

static void explain_offer(const struct dhcp6_explanation *explanation)
{
    struct dhcp6_exchange *exchange = explanation->exchange;
    struct report *report = explanation->report;
    struct tag_facts facts;
    struct tag_set tags;
    struct bytes inner;

    if (!dhcp6_message_offer(exchange))
        return; /* it is our own message */
    dhcp6_explain_ranges(explanation);
    dhcp6_explain_candidates(explanation);
    dhcp6_explain_associations(explanation);
    facts = dhcp6_exchange_tag_facts(exchange);
    tag_rules_apply(&explanation->server->tags, &facts, &tags);
    dhcp_explain_tags(report, &explanation->server->tags, &facts, &tags);
    if (exchange->plan.bare)
        return;
    if (exchange->name[0] != '\0')
        report_string(report, "name", text_of(exchange->name));
    if (dhcp6_reply_build(exchange, DHCP6_ADVERTISE, &inner).count > 0)
        dhcp6_explain_options(explanation, inner, &tags);
    else
        report_string(report, "options", TEXT("they do not fit into one message"));
}

static void explain_network(const struct dhcp6_explanation *explanation)
{
    struct dhcp6_exchange *exchange = explanation->exchange;
    struct report *report = explanation->report;

    exchange->hardware = explanation->hardware;
    dhcp6_exchange_identify(exchange);
    report_begin(report, NULL);
    report_string(report, "interface", text_of(exchange->interface->name));
    dhcp_explain_host(report, &exchange->host, exchange->duid.count > 0);
    if (exchange->is_ignored) {
        struct tag_facts facts = dhcp6_exchange_tag_facts(exchange);
        dhcp_explain_ignored(report, &explanation->server->tags, exchange->host.host,
                             &exchange->tags);
        dhcp_explain_tags(report, &explanation->server->tags, &facts, &exchange->tags);
    } else {
        explain_offer(explanation);
    }
    report_end(report);
}

/* Nothing is served there; dhcp6_exchange_open has said so. */
static void explain_refusal(const struct dhcp6_explanation *explanation, const char *interface)
{
    const struct dhcp6_server *server = explanation->server;
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "interface", text_of(interface));
    report_flag(report, "served", false);
    if (dhcp_config_excludes6(server->setup.config, interface))
        report_string(report, "because",
                      TEXT("no-dhcp-interface or no-dhcpv6-interface keeps it out"));
    else if (server->counters.dropped_not_admitted > 0)
        dhcp_explain_except(report, server->setup.site, interface);
    else if (server->counters.dropped_no_range > 0)
        report_string(report, "because", TEXT("no dhcp-range is of a network of it"));
    else
        report_string(report, "because", TEXT("the message is not well formed"));
    report_end(report);
}

/* ------------------------------------------------------------------ the whole */

/* The client comes in where its leases were granted, if it has any. */
static bool may_come_by(const struct dhcp6_explanation *explanation,
                        const struct network_interface *link)
{
    const struct dhcp6_server *server = explanation->server;
    const struct lease *lease = lease_table_first(server->setup.leases);
    bool is_elsewhere = false;
    if (link->loopback)
        return false;
    for (; lease != NULL; lease = lease_table_next(server->setup.leases, lease)) {
        if (!bytes_equal(duid_of(lease), explanation->duid))
            continue;
        if (lease->interface == 0 || lease->interface == link->index
            || network_by_index(server->network, lease->interface) == NULL)
            return true;
        is_elsewhere = true;
    }
    return !is_elsewhere;
}

/* The server's state once more, with nobody who would hear of it. What it points at is only looked
 * at, but for the room for the ranges of one message. */
static void copy_server(struct dhcp6_server *copy, const struct dhcp6_server *server)
{
    *copy = *server;
    copy->setup.events = NULL;
    copy->setup.neighbours = NULL; /* who has the made-up address below is nobody's affair */
    copy->counters.dropped_not_admitted = copy->counters.dropped_no_range = 0;
    copy->namer.events = NULL;
}

static void explain_on(struct dhcp6_explanation *explanation, struct memory *memory,
                       const struct dhcp6_server *server, const struct network_interface *link,
                       struct bytes message, struct instant now)
{
    struct dhcp6_datagram in = {
        .message = message,
        .from = { address_any(ADDRESS_IP6), DHCP6_CLIENT_PORT, link->index },
        .local = address_any(ADDRESS_IP6),
        .interface = link->index,
    };
    /* From fe80:: to ff02::1:2, as clients do. */
    in.from.address.bytes[0] = 0xfe;
    in.from.address.bytes[1] = 0x80;
    in.local.bytes[0] = 0xff;
    in.local.bytes[1] = 0x02;
    in.local.bytes[13] = 1;
    in.local.bytes[15] = 2;
    copy_server(&memory->server, server);
    memory->exchange = (struct dhcp6_exchange){
        .server = &memory->server, .now = now, .out = &memory->out, .in = &in
    };
    if (dhcp6_exchange_open(&memory->exchange))
        explain_network(explanation);
    else
        explain_refusal(explanation, link->name);
}

enum status dhcp6_explain(const struct dhcp6_server *server, const struct dhcp6_explain_client *who,
                          struct instant now, struct report *report)
{
    struct memory *memory = malloc(sizeof(*memory));
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    size_t room = report->out->room - report->out->count;
    struct dhcp6_explanation explanation = {
        .server = &memory->server,
        .exchange = &memory->exchange,
        .report = report,
        .half = report->out->count + room / 2,
        .full = report->out->count + room / 4 * 3,
    };

    copy_server(&memory->server, server);
    dhcp6_outbox_reset(&memory->out);
    find_client(&explanation, memory, who);
    struct bytes message = write_solicit(&explanation, memory);
    put_client(&explanation, who);
    report_begin_list(report, "networks");
    for (size_t i = 0; i < server->network->interface_count; i++) {
        const struct network_interface *link = &server->network->interfaces[i];
        if (may_come_by(&explanation, link)
            && !dhcp6_explain_is_past(&explanation, explanation.half))
            explain_on(&explanation, memory, server, link, message, now);
    }
    dhcp_explain_absent(report, server->setup.site, server->network);
    report_end(report);
    free(memory);
    return STATUS_OK;
}

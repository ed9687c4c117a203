#include <inttypes.h>

#include "dhcp6/dhcp6_detail.h"
#include "dhcp6/dhcp6_explain_state.h"
#include "dhcp6/dhcp6_scope.h"
#include "wire/dhcp_codes.h"

#define TEXT_MAX  1024
#define VALUE_MAX 4096

/* ------------------------------------------------------------------ ranges */

static const struct range6_live *in_scope(const struct dhcp6_exchange *exchange,
                                          const struct dhcp_range6 *range)
{
    for (size_t i = 0; i < exchange->scope.count; i++) {
        if (exchange->scope.ranges[i].range == range)
            return &exchange->scope.ranges[i];
    }
    return NULL;
}

/* Something that would be given is of this range. */
static bool is_used(const struct dhcp6_exchange *exchange, const struct dhcp_range6 *range)
{
    for (unsigned i = 0; i < exchange->plan.item_count; i++) {
        const struct dhcp6_item *item = &exchange->plan.items[i];
        if (item->verdict == DHCP6_GIVE && item->range == range)
            return true;
    }
    return false;
}

static bool is_covered(const struct dhcp6_exchange *exchange, const struct range6_live *live)
{
    for (unsigned i = 0; i < exchange->plan.item_count; i++) {
        const struct dhcp6_item *item = &exchange->plan.items[i];
        if (item->verdict == DHCP6_GIVE && prefix_contains(&live->prefix, &item->address))
            return true;
    }
    return false;
}

static const char *mode_of(const struct dhcp_range6 *range)
{
    if ((range->modes & DHCP_RANGE6_DELEGATE) != 0)
        return "prefixes";
    if ((range->modes & DHCP_RANGE6_STATIC) != 0)
        return "static";
    if (range6_has_addresses(range))
        return "dynamic";
    return range6_has_dhcp(range) ? "information only" : "router advertisement only";
}

static const char *why_prefixes(const struct dhcp6_exchange *exchange,
                                const struct dhcp_range6 *range)
{
    if (is_used(exchange, range))
        return "the prefix is of this pool";
    if (range->deprecated)
        return "deprecated: nothing new is given";
    for (unsigned i = 0; i < exchange->plan.item_count; i++) {
        if (exchange->plan.items[i].verdict == DHCP6_GIVE
            && exchange->plan.items[i].prefix_length > 0)
            return "another pool gives the prefix";
    }
    return "all its prefixes are taken, or no range of a network here goes with it";
}

/* Why something is of this range, or nothing is. NULL: its conditions do not hold. */
static const char *why_range(const struct dhcp6_exchange *exchange, const struct dhcp_range6 *range,
                             bool conditions_hold)
{
    const struct range6_live *live = in_scope(exchange, range);
    bool delegates = (range->modes & DHCP_RANGE6_DELEGATE) != 0;

    if (!delegates && live == NULL)
        return "it is not of a network of the interface";
    if (!conditions_hold)
        return NULL;
    if (delegates)
        return why_prefixes(exchange, range);
    if (is_used(exchange, range))
        return "an address is of this range, or its line's is of this network";
    if (!range6_has_addresses(range))
        return "it gives no addresses";
    if ((range->modes & DHCP_RANGE6_STATIC) != 0)
        return "static: only for addresses of dhcp-host lines";
    if (is_covered(exchange, live))
        return "another range of the same network has given one";
    return "all its addresses are taken";
}

static void put_ends(struct report *report, const struct dhcp_range6 *range,
                     const struct range6_live *live)
{
    struct prefix prefix = { range->first, range->prefix_length };
    char text[ADDRESS_TEXT_MAX + 8];
    struct text_out out = text_out_on(text, sizeof(text));

    if ((range->modes & DHCP_RANGE6_DELEGATE) != 0) {
        text_put_prefix(&out, &prefix);
        report_string(report, "pool", text_out_text(&out));
        report_number(report, "prefix_length", range->delegated_length);
        return;
    }
    dhcp_explain_address(report, "first", live != NULL ? &live->first : &range->first);
    if (range->has_last)
        dhcp_explain_address(report, "last", live != NULL ? &live->last : &range->last);
    if (range->constructor != NULL)
        report_format(report, "constructor", "%s%s", range->constructor,
                      range->constructor_prefix ? "*" : "");
    if (live != NULL) {
        text_put_prefix(&out, &live->prefix);
        report_string(report, "network", text_out_text(&out));
    }
}

static void put_range(const struct dhcp6_explanation *explanation, const struct dhcp_range6 *range)
{
    const struct dhcp6_exchange *exchange = explanation->exchange;
    struct report *report = explanation->report;
    char text[TEXT_MAX];
    struct text_out missing = text_out_on(text, sizeof(text));

    dhcp_explain_missing(&missing, &explanation->server->tags.names, &range->conditions,
                         &exchange->tags);
    const char *why = why_range(exchange, range, missing.count == 0);
    report_begin(report, NULL);
    put_ends(report, range, in_scope(exchange, range));
    report_string(report, "mode", text_of(mode_of(range)));
    if (range->deprecated)
        report_flag(report, "deprecated", true);
    report_place(report, "line", &range->place);
    report_flag(report, "used", is_used(exchange, range));
    if (why != NULL)
        report_string(report, "because", text_of(why));
    else
        report_format(report, "because", "conditions do not hold: %s", text);
    report_end(report);
}

void dhcp6_explain_ranges(const struct dhcp6_explanation *explanation)
{
    const struct dhcp_config *config = explanation->server->setup.config;
    struct report *report = explanation->report;
    size_t i = 0;

    report_begin_list(report, "ranges");
    for (; i < config->range6_count && !dhcp6_explain_is_past(explanation, explanation->half); i++)
        put_range(explanation, &config->ranges6[i]);
    report_end(report);
    if (i < config->range6_count)
        report_number(report, "ranges_not_shown", (int64_t)(config->range6_count - i));
}

/* ------------------------------------------------------------------ addresses spoken of */

/* The line that gives the address to another, or NULL: a hosts file does, or nothing. */
static const struct dhcp_host *owner_of(const struct dhcp6_explanation *explanation,
                                        const struct address *address)
{
    const struct dhcp_config *config = explanation->server->setup.config;
    for (size_t i = 0; i < config->host_count; i++) {
        if (&config->hosts[i] != explanation->exchange->host.host
            && host_match_has6(&config->hosts[i], address))
            return &config->hosts[i];
    }
    return NULL;
}

static const char *place_of(const struct dhcp6_exchange *exchange, const struct address *address)
{
    if (dhcp6_scope_network(exchange, address) == NULL)
        return "in no network it could be served in";
    if (dhcp6_exchange_is_home(exchange, address))
        return "configured for it";
    if (dhcp6_scope_pool(exchange, address) != NULL)
        return "in a range it may have addresses from";
    return "in its network, but in no range it may have addresses from";
}

static void put_leased(const struct dhcp6_explanation *explanation, const struct lease *lease)
{
    struct bytes duid = bytes_of(lease->client_id, lease->client_id_count);
    char text[3 * DHCP6_DUID_MAX + 1];
    struct text_out out = text_out_on(text, sizeof(text));

    text_put_hex(&out, duid, ':');
    if (bytes_equal(duid, explanation->duid))
        report_format(explanation->report, "held_by", "the client itself, IAID %" PRIu32,
                      lease->iaid);
    else
        report_format(explanation->report, "held_by", "leased to %s", text);
}

/* What keeps it from being given, in the order the server looks (dhcp6_decide.c). */
static void put_holder(const struct dhcp6_explanation *explanation, const struct address *address)
{
    const struct dhcp6_exchange *exchange = explanation->exchange;
    const struct dhcp6_server *server = explanation->server;
    const struct lease *lease = lease_table_by_address(server->setup.leases, address);
    const struct dhcp_host *owner = owner_of(explanation, address);
    struct report *report = explanation->report;
    const char *by = "nobody";

    if (lease != NULL) {
        put_leased(explanation, lease);
        return;
    }
    if (network_own_address(server->network, address) != NULL)
        by = "this server";
    else if (dhcp6_address_is_declined(server, address))
        by = "declined: a client found it in use";
    else if (dhcp6_exchange_is_home(exchange, address))
        by = "nobody";
    else if (owner != NULL)
        by = "another client's dhcp-host line";
    else if (host_match_reserves6(server->hosts, address))
        by = "another client, whose dhcp-host line has a name with this address in a hosts file";
    else if (dhcp6_registrations_hold(server->registrations, address, explanation->duid))
        by = "a client that made the address itself and registered it";
    report_string(report, "held_by", text_of(by));
    if (owner != NULL && !dhcp6_exchange_is_home(exchange, address))
        report_place(report, "holder_line", &owner->place);
}

static void put_candidate(const struct dhcp6_explanation *explanation, const char *what,
                          const struct address *address)
{
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "what", text_of(what));
    dhcp_explain_address(report, "address", address);
    report_string(report, "place", text_of(place_of(explanation->exchange, address)));
    put_holder(explanation, address);
    report_flag(report, "taken", dhcp6_plan_gives(&explanation->exchange->plan, address));
    report_end(report);
}

/* Of a block only the first addresses: the others are looked at where those are taken. */
#define HOMES_SHOWN 4
#define HOMES_TRIED 64

/* Each once, though several ranges of its network lead to it. */
static void put_homes(const struct dhcp6_explanation *explanation)
{
    struct dhcp6_home_place place = { 0 };
    struct address shown[HOMES_SHOWN], home;
    unsigned count = 0, tries = 0;

    while (count < HOMES_SHOWN && tries++ < HOMES_TRIED
           && dhcp6_exchange_next_home(explanation->exchange, &place, &home)) {
        bool is_new = true;
        for (unsigned i = 0; i < count; i++)
            is_new = is_new && !address_equal(&shown[i], &home);
        if (!is_new)
            continue;
        shown[count++] = home;
        put_candidate(explanation, "configured for it", &home);
    }
}

void dhcp6_explain_candidates(const struct dhcp6_explanation *explanation)
{
    const struct lease_table *leases = explanation->server->setup.leases;
    const struct lease *lease = lease_table_first(leases);
    struct report *report = explanation->report;

    report_begin_list(report, "candidates");
    put_homes(explanation);
    for (; lease != NULL && !dhcp6_explain_is_past(explanation, explanation->half);
         lease = lease_table_next(leases, lease)) {
        struct bytes duid = bytes_of(lease->client_id, lease->client_id_count);
        if (lease->kind != LEASE_IP6_PD && bytes_equal(duid, explanation->duid))
            put_candidate(explanation, "its lease", &lease->address);
    }
    if (!address_is_none(&explanation->asked))
        put_candidate(explanation, "asked about", &explanation->asked);
    report_end(report);
}

/* ------------------------------------------------------------------ associations */

static const char *why_item(const struct dhcp6_explanation *explanation,
                            const struct dhcp6_part *part, const struct dhcp6_item *item)
{
    const struct lease *lease =
        lease_table_by_address(explanation->server->setup.leases, &item->address);
    bool is_own = lease != NULL && lease->prefix_length == item->prefix_length
                  && dhcp6_lease_is_own(explanation->exchange, part, lease);

    if (item->prefix_length == 0 && dhcp6_exchange_is_home(explanation->exchange, &item->address))
        return "its dhcp-host line, or a hosts file for the name there, gives it";
    if (is_own)
        return "it has the lease";
    if (item->prefix_length == 0 && explanation->server->setup.config->sequential_ip)
        return "dhcp-sequential-ip: the first that is free";
    return "the place in the range that its DUID and IAID fall on, or the next free";
}

static void put_item(const struct dhcp6_explanation *explanation, const struct dhcp6_part *part,
                     const struct dhcp6_item *item)
{
    struct prefix prefix = { item->address, item->prefix_length };
    struct report *report = explanation->report;
    char text[ADDRESS_TEXT_MAX + 8];
    struct text_out out = text_out_on(text, sizeof(text));

    if (item->prefix_length > 0)
        text_put_prefix(&out, &prefix);
    else
        text_put_address(&out, &item->address);
    report_begin(report, NULL);
    report_string(report, "address", text_out_text(&out));
    report_string(report, "because", text_of(why_item(explanation, part, item)));
    if (item->range != NULL)
        report_place(report, "range_line", &item->range->place);
    text_out_rewind(&out, 0);
    text_put_duration(&out, item->preferred);
    report_string(report, "preferred", text_out_text(&out));
    text_out_rewind(&out, 0);
    text_put_duration(&out, item->valid);
    report_string(report, "valid", text_out_text(&out));
    report_end(report);
}

static void put_part(const struct dhcp6_explanation *explanation, const struct dhcp6_part *part)
{
    bool is_prefix = part->code == DHCP6_IA_PD;
    bool iaid_known = is_prefix ? explanation->prefix_iaid_known : explanation->iaid_known;
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "kind", is_prefix ? TEXT("prefix") : TEXT("address"));
    report_number(report, "iaid", part->iaid);
    report_flag(report, "iaid_known", iaid_known);
    report_begin_list(report, "given");
    for (unsigned i = 0; i < part->count; i++) {
        const struct dhcp6_item *item = &explanation->exchange->plan.items[part->first + i];
        if (item->verdict == DHCP6_GIVE)
            put_item(explanation, part, item);
    }
    report_end(report);
    if (part->has_status)
        report_string(report, "refused", text_of(part->text));
    report_end(report);
}

void dhcp6_explain_associations(const struct dhcp6_explanation *explanation)
{
    const struct dhcp6_plan *plan = &explanation->exchange->plan;

    report_begin_list(explanation->report, "associations");
    for (unsigned i = 0; i < plan->part_count; i++)
        put_part(explanation, &plan->parts[i]);
    report_end(explanation->report);
}

/* ------------------------------------------------------------------ options */

/* Names of the wire as people write them; the log has their bytes. */
static bool put_names(struct text_out *out, struct bytes value)
{
    char text[DNAME_TEXT_MAX];
    struct dname name;
    for (size_t at = 0; at < value.count;) {
        if (dname_read(value, &at, &name) != STATUS_OK)
            return false;
        text_printf(out, "%s%s", out->count > 0 ? ", " : "", dname_text(&name, text));
    }
    return out->count > 0;
}

/* The line of an option; of one that holds others: the first that is put into it. */
static const struct dhcp_option_rule *line_of(const struct option_pick *pick, unsigned code)
{
    const struct dhcp_option_rule *rule = option_pick_find6(pick, code);
    for (size_t i = 0; rule == NULL && code == DHCP6_VENDOR_OPTS && i < pick->count; i++) {
        if (pick->rules[i]->scope == DHCP_SCOPE_VI_ENCAP)
            rule = pick->rules[i];
    }
    return rule;
}

/* Of the message itself, not of its options. */
static bool is_frame(unsigned code)
{
    return code == DHCP6_CLIENT_ID || code == DHCP6_SERVER_ID || code == DHCP6_IA_NA
           || code == DHCP6_IA_PD || code == DHCP6_STATUS;
}

static void put_sent(const struct dhcp6_explanation *explanation, unsigned code, struct bytes value)
{
    const struct dhcp_option_rule *line = line_of(&explanation->server->options, code);
    const struct dhcp_code *row = dhcp6_code_find(code);
    struct report *report = explanation->report;
    char text[VALUE_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    if (row == NULL || row->value != DHCP_VALUE_NAMES_WIRE || !put_names(&out, value)) {
        text_out_rewind(&out, 0);
        dhcp6_detail_put_value(&out, code, value);
    }
    report_begin(report, NULL);
    dhcp_explain_code(report, code, dhcp6_code_find(code));
    report_string(report, "value", text_out_text(&out));
    dhcp_explain_line(report, line);
    report_end(report);
}

static void put_left_out(const struct dhcp6_explanation *explanation,
                         const struct dhcp6_message *sent, const struct dhcp_option_rule *rule,
                         const struct tag_set *tags)
{
    const struct option_pick *pick = &explanation->server->options;
    unsigned outer = rule->scope == DHCP_SCOPE_VI_ENCAP ? DHCP6_VENDOR_OPTS : rule->code;
    struct report *report = explanation->report;

    if (!rule->ip6
        || (dhcp_explain_is_picked(pick, rule) && dhcp6_option_has(&sent->options, outer)))
        return;
    report_begin(report, NULL);
    dhcp_explain_code(report, rule->code, dhcp6_code_find(rule->code));
    dhcp_explain_left_out(report, rule, pick, &explanation->server->tags.names, tags,
                          TEXT("the server's own affair, or there is no such address of it here"));
    report_end(report);
}

void dhcp6_explain_options(const struct dhcp6_explanation *explanation, struct bytes message,
                           const struct tag_set *tags)
{
    const struct dhcp_config *config = explanation->server->setup.config;
    struct report *report = explanation->report;
    struct dhcp6_message sent;
    size_t looked = 0;

    if (dhcp6_message_read(message, &sent) != STATUS_OK)
        return;
    report_begin_list(report, "options");
    for (unsigned i = 0; i < sent.options.count; i++) {
        if (!is_frame(sent.options.at[i].code))
            put_sent(explanation, sent.options.at[i].code, sent.options.at[i].value);
    }
    report_end(report);
    report_begin_list(report, "left_out");
    for (; looked < config->option_count && !dhcp6_explain_is_past(explanation, explanation->full);
         looked++)
        put_left_out(explanation, &sent, &config->options[looked], tags);
    report_end(report);
    if (looked < config->option_count)
        report_number(report, "option_lines_not_shown", (int64_t)(config->option_count - looked));
}

/* What each message of a client comes to (RFC 9915 section 18.3).
 *
 * Section 16 of it: a server SHOULD NOT accept unicast from clients. The Server Unicast option and
 * the status UseMulticast, with which RFC 8415 steered them, are obsolete: we send neither. A
 * message that comes to one of our own addresses all the same, as from a client that another server
 * once told to, is served like any other: that does no harm, says the same section, dnsmasq does
 * so, and no answer would leave the client without its lease until T2. */
#include "dhcp6/dhcp6_decide.h"
#include "dhcp6/dhcp6_detail.h"
#include "dhcp6/dhcp6_prefix.h"
#include "dhcp6/dhcp6_registration.h"
#include "dhcp6/dhcp6_reply.h"
#include "dhcp6/dhcp6_scope.h"
#include "dhcp6/dhcp6_state.h"

#define NO_ADDRESSES "no addresses available"

/* ------------------------------------------------------------------ associations, one by one */

/* What a message does with one of its associations. */
typedef void decide_part(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                         const struct dhcp6_ia *ia);

static bool is_repeated(const struct dhcp6_plan *plan, const struct dhcp6_ia *ia)
{
    for (unsigned i = 0; i < plan->part_count; i++) {
        if (plan->parts[i].code == ia->code && plan->parts[i].iaid == ia->iaid)
            return true;
    }
    return false;
}

/* In the order of the message. One that comes twice counts once. False: it is malformed. */
NODISCARD static bool each_part(struct dhcp6_exchange *exchange, decide_part *decide)
{
    const struct dhcp6_options *options = &exchange->message.options;
    bool delegates = dhcp6_scope_delegates(exchange);
    for (unsigned i = 0; i < options->count; i++) {
        const struct dhcp6_option *option = &options->at[i];
        struct dhcp6_ia ia;
        if (option->code != DHCP6_IA_NA && option->code != DHCP6_IA_TA
            && option->code != DHCP6_IA_PD)
            continue;
        if (dhcp6_ia_read(option->code, option->value, &ia) != STATUS_OK) {
            dhcp6_exchange_malformed(exchange);
            return false;
        }
        /* Without a pool, or a range, it is another router's affair. */
        bool is_ours = option->code == DHCP6_IA_PD ? delegates : !exchange->only_prefixes;
        if (!is_ours || is_repeated(&exchange->plan, &ia))
            continue;
        struct dhcp6_part *part = dhcp6_plan_part(&exchange->plan, &ia);
        if (part == NULL)
            break;
        decide(exchange, part, &ia);
    }
    return true;
}

static unsigned count_given(const struct dhcp6_plan *plan)
{
    unsigned count = 0;
    for (unsigned i = 0; i < plan->item_count; i++)
        count += plan->items[i].verdict == DHCP6_GIVE;
    return count;
}

static void set_status(struct dhcp6_exchange *exchange, enum dhcp6_status status, const char *text)
{
    exchange->plan.has_status = true;
    exchange->plan.status = (uint8_t)status;
    exchange->plan.text = text;
}

/* ------------------------------------------------------------------ sending */

/* What the log says of the items that give no lease, or give none yet. */
static void tell_items(const struct dhcp6_exchange *exchange, const char *verb, bool given_too)
{
    const struct dhcp6_plan *plan = &exchange->plan;
    for (unsigned i = 0; i < plan->item_count; i++) {
        const struct dhcp6_item *item = &plan->items[i];
        if (item->verdict == DHCP6_GIVE && given_too)
            dhcp6_exchange_tell(exchange, verb, &item->address, item->prefix_length,
                                exchange->name);
        else if (item->verdict == DHCP6_GONE || item->verdict == DHCP6_MISSING)
            dhcp6_exchange_tell(exchange, verb, &item->address, item->prefix_length, item->text);
    }
}

static void send_reply(struct dhcp6_exchange *exchange, unsigned type)
{
    struct dhcp6_server *server = exchange->server;
    struct bytes inner;
    struct bytes reply = dhcp6_reply_build(exchange, type, &inner);
    struct dhcp6_action action = {
        .kind = DHCP6_ACTION_SEND,
        .bytes = reply,
        .to = dhcp6_reply_to(exchange),
        .interface = exchange->in->interface,
    };
    if (reply.count == 0) {
        server->counters.no_memory++;
        return;
    }
    dhcp6_detail_tags(exchange);
    dhcp6_detail_reply(exchange, inner);
    server->counters.sent[type]++;
    dhcp6_outbox_put(exchange->out, &action);
}

/* A client without a lease still has the name of its dhcp-host line. */
static void find_known_name(struct dhcp6_exchange *exchange)
{
    struct address nowhere = address_any(ADDRESS_IP6);
    struct lease_name name;
    if (!dhcp6_lease_name_for(exchange, &nowhere, &name))
        return;
    struct text_out out = text_out_on(exchange->name, sizeof(exchange->name));
    text_put_string(&out, name.text);
}

/* Takes the leases, and sends the reply when the store has them. */
static void commit_reply(struct dhcp6_exchange *exchange)
{
    struct dhcp6_plan *plan = &exchange->plan;
    struct bytes inner;
    if (dhcp6_lease_is_waited_for(exchange))
        return; /* its reply only waits for the disk */
    for (unsigned i = 0; i < plan->part_count; i++) {
        const struct dhcp6_part *part = &plan->parts[i];
        for (unsigned j = 0; j < part->count; j++) {
            struct dhcp6_item *item = &plan->items[part->first + j];
            if (item->verdict == DHCP6_GIVE)
                (void)dhcp6_lease_grant(exchange, part, item);
        }
    }
    /* What was given may have been refused by now: there was no room for another lease. */
    if (plan->has_status && plan->status == DHCP6_SUCCESS && count_given(plan) == 0)
        set_status(exchange, DHCP6_NO_ADDRS, NO_ADDRESSES);
    tell_items(exchange, "DHCPREPLY", false);
    if (plan->has_status && plan->status != DHCP6_SUCCESS)
        dhcp6_exchange_tell(exchange, "DHCPREPLY", NULL, 0, plan->text);
    if (count_given(plan) == 0) {
        find_known_name(exchange);
        send_reply(exchange, DHCP6_REPLY);
        return;
    }
    struct bytes reply = dhcp6_reply_build(exchange, DHCP6_REPLY, &inner);
    struct endpoint to = dhcp6_reply_to(exchange);
    if (reply.count == 0) {
        exchange->server->counters.no_memory++;
        dhcp6_lease_give_up(exchange);
        return;
    }
    dhcp6_detail_tags(exchange);
    dhcp6_detail_reply(exchange, inner);
    dhcp6_lease_commit(exchange, DHCP6_REPLY, reply, &to);
}

/* ------------------------------------------------------------------ messages */

static void offer_part(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                       const struct dhcp6_ia *ia)
{
    if (part->code == DHCP6_IA_PD)
        dhcp6_prefix_offer(exchange, part, ia);
    else
        dhcp6_decide_offer(exchange, part, ia);
}

/* The name an offer goes with is not yet anybody's: the whole of it comes with the lease. */
static void find_offered_name(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_plan *plan = &exchange->plan;
    struct lease_name name;
    for (unsigned i = 0; i < plan->item_count; i++) {
        const struct dhcp6_item *item = &plan->items[i];
        if (item->verdict != DHCP6_GIVE || item->prefix_length > 0)
            continue;
        if (dhcp6_lease_name_for(exchange, &item->address, &name)) {
            struct text_out out = text_out_on(exchange->name, sizeof(exchange->name));
            text_put_string(&out, name.text);
        }
        return;
    }
}

bool dhcp6_message_offer(struct dhcp6_exchange *exchange)
{
    struct dhcp6_plan *plan = &exchange->plan;
    if (!each_part(exchange, offer_part))
        return false;
    bool is_any = count_given(plan) > 0;
    plan->has_preference = is_any;
    set_status(exchange, is_any ? DHCP6_SUCCESS : DHCP6_NO_ADDRS,
               is_any ? "success" : NO_ADDRESSES);
    plan->rapid_commit = is_any && dhcp6_option_has(&exchange->message.options, DHCP6_RAPID_COMMIT);
    plan->bare = !is_any;
    if (!plan->rapid_commit)
        find_offered_name(exchange);
    return true;
}

/* RFC 9915 section 18.3.1. */
static void handle_solicit(struct dhcp6_exchange *exchange)
{
    if (!dhcp6_message_offer(exchange))
        return;
    if (exchange->plan.rapid_commit) {
        commit_reply(exchange);
        return;
    }
    tell_items(exchange, "DHCPADVERTISE", true);
    if (exchange->plan.bare)
        dhcp6_exchange_tell(exchange, "DHCPADVERTISE", NULL, 0, NO_ADDRESSES);
    send_reply(exchange, DHCP6_ADVERTISE);
}

static void request_part(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                         const struct dhcp6_ia *ia)
{
    if (part->code == DHCP6_IA_PD)
        dhcp6_prefix_request(exchange, part, ia);
    else
        dhcp6_decide_request(exchange, part, ia);
}

/* RFC 9915 section 18.3.2. */
static void handle_request(struct dhcp6_exchange *exchange)
{
    if (!each_part(exchange, request_part))
        return;
    bool is_any = count_given(&exchange->plan) > 0;
    set_status(exchange, is_any ? DHCP6_SUCCESS : DHCP6_NO_ADDRS,
               is_any ? "success" : NO_ADDRESSES);
    commit_reply(exchange);
}

static void renew_part(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                       const struct dhcp6_ia *ia)
{
    if (part->code == DHCP6_IA_PD)
        dhcp6_prefix_extend(exchange, part, ia, false);
    else
        dhcp6_decide_extend(exchange, part, ia, false);
}

static void rebind_part(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia)
{
    if (part->code == DHCP6_IA_PD)
        dhcp6_prefix_extend(exchange, part, ia, true);
    else
        dhcp6_decide_extend(exchange, part, ia, true);
}

/* Clients give up at once what they are told is gone. */
static void remove_gone(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_plan *plan = &exchange->plan;
    for (unsigned i = 0; i < plan->part_count; i++) {
        const struct dhcp6_part *part = &plan->parts[i];
        for (unsigned j = 0; j < part->count; j++) {
            const struct dhcp6_item *item = &plan->items[part->first + j];
            struct lease *lease =
                lease_table_by_address(exchange->server->setup.leases, &item->address);
            if (item->verdict == DHCP6_GONE && lease != NULL
                && dhcp6_lease_is_own(exchange, part, lease))
                (void)dhcp6_lease_remove(exchange->server, lease, exchange->now);
        }
    }
}

/* An association of which nothing is known stays out of the answer to a REBIND: another server may
 * have more to say. False: so it is with all of them. */
static bool hide_unknown(struct dhcp6_plan *plan)
{
    bool is_any = false;
    for (unsigned i = 0; i < plan->part_count; i++) {
        struct dhcp6_part *part = &plan->parts[i];
        part->is_hidden = part->count == 0 && !part->has_status;
        is_any = is_any || !part->is_hidden;
    }
    return is_any;
}

/* RFC 9915 sections 18.3.4 and 18.3.5. */
static void handle_extension(struct dhcp6_exchange *exchange, bool is_rebind)
{
    if (!each_part(exchange, is_rebind ? rebind_part : renew_part))
        return;
    if (is_rebind && !hide_unknown(&exchange->plan))
        return;
    exchange->plan.fuzz = true;
    remove_gone(exchange);
    if (is_rebind && count_given(&exchange->plan) == 0) {
        set_status(exchange, DHCP6_NO_ADDRS, NO_ADDRESSES);
        tell_items(exchange, "DHCPREPLY", false);
        send_reply(exchange, DHCP6_REPLY);
        return;
    }
    commit_reply(exchange);
}

#define CONFIRM_LINES_MAX DHCP6_IA_ITEMS_MAX /* that the log gets of one message */

/* What an association's addresses, as many as we look at, come to. */
struct confirmed {
    bool is_any, all_here;
    unsigned lines;
};

static void confirm_part(const struct dhcp6_exchange *exchange, const struct dhcp6_ia *ia,
                         struct confirmed *found)
{
    struct dhcp6_ia_address wish;
    struct bytes value;
    unsigned count = 0;
    for (unsigned place = 0; count < DHCP6_IA_ITEMS_MAX
                             && dhcp6_option_next(&ia->options, DHCP6_IAADDR, &place, &value);) {
        if (dhcp6_ia_address_read(value, &wish) != STATUS_OK)
            continue;
        bool here = dhcp6_scope_network(exchange, &wish.address) != NULL;
        count++;
        found->is_any = true;
        found->all_here = found->all_here && here;
        if (found->lines++ < CONFIRM_LINES_MAX)
            dhcp6_exchange_tell(exchange, "DHCPREPLY", &wish.address, 0,
                                here ? NULL : "confirm failed");
    }
}

/* RFC 9915 section 18.3.3: only where the addresses are counts, not whose they are. Without any
 * there is nothing to confirm, and no answer. */
static void handle_confirm(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_options *options = &exchange->message.options;
    struct confirmed found = { .all_here = true };
    unsigned parts = 0;
    for (unsigned i = 0; i < options->count && parts < DHCP6_IAS_MAX; i++) {
        const struct dhcp6_option *option = &options->at[i];
        struct dhcp6_ia ia;
        if (option->code != DHCP6_IA_NA && option->code != DHCP6_IA_TA)
            continue;
        if (dhcp6_ia_read(option->code, option->value, &ia) != STATUS_OK) {
            dhcp6_exchange_malformed(exchange);
            return;
        }
        parts++;
        confirm_part(exchange, &ia, &found);
    }
    if (!found.is_any)
        return;
    exchange->plan.bare = true;
    set_status(exchange, found.all_here ? DHCP6_SUCCESS : DHCP6_NOT_ON_LINK,
               found.all_here ? "all addresses still on link" : "confirm failed");
    send_reply(exchange, DHCP6_REPLY);
}

/* ------------------------------------------------------------------ giving back */

static void give_back(struct dhcp6_exchange *exchange, struct lease *lease)
{
    struct dhcp6_server *server = exchange->server;
    struct address address = lease->address;
    char text[ADDRESS_TEXT_MAX];
    if (exchange->message.type == DHCP6_DECLINE && lease->kind != LEASE_IP6_PD) {
        if (host_match_reserves6(server->hosts, &address))
            event_say(server->setup.events, EVENT_DHCP_NOTE,
                      "disabling DHCP static address %s for 10m", address_text(&address, text));
        dhcp6_address_decline(server, &address, exchange->now.mono);
    }
    (void)dhcp6_lease_remove(server, lease, exchange->now);
}

/* The next address or prefix of an association that is given back. */
static bool next_returned(const struct dhcp6_ia *ia, unsigned *place, struct prefix *prefix)
{
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix delegated;
    struct bytes value;
    unsigned code = ia->code == DHCP6_IA_PD ? DHCP6_IAPREFIX : DHCP6_IAADDR;
    while (dhcp6_option_next(&ia->options, code, place, &value)) {
        if (ia->code == DHCP6_IA_PD) {
            if (dhcp6_ia_prefix_read(value, &delegated) == STATUS_OK) {
                *prefix = delegated.prefix;
                return prefix->length > 0;
            }
        } else if (dhcp6_ia_address_read(value, &address) == STATUS_OK) {
            *prefix = (struct prefix){ address.address, 0 };
            return true;
        }
    }
    return false;
}

/* RFC 9915 section 18.3.7: of an association in which something was not there the status is told,
 * and nothing else. */
static void return_part(struct dhcp6_exchange *exchange, struct dhcp6_part *part,
                        const struct dhcp6_ia *ia)
{
    struct prefix prefix;
    for (unsigned place = 0; next_returned(ia, &place, &prefix);) {
        struct lease *lease =
            lease_table_by_address(exchange->server->setup.leases, &prefix.address);
        if (lease != NULL && lease->prefix_length == prefix.length
            && dhcp6_lease_is_own(exchange, part, lease))
            give_back(exchange, lease);
        else
            (void)dhcp6_plan_item(&exchange->plan, part, DHCP6_MISSING, &prefix.address,
                                  prefix.length);
    }
    part->times = DHCP6_TIMES_ZERO;
    part->is_hidden = part->count == 0;
    part->has_status = !part->is_hidden;
    part->status = DHCP6_NO_BINDING;
    part->text = "no binding found";
}

static void handle_return(struct dhcp6_exchange *exchange, const char *text)
{
    if (!each_part(exchange, return_part))
        return;
    exchange->plan.bare = true;
    set_status(exchange, DHCP6_SUCCESS, text);
    send_reply(exchange, DHCP6_REPLY);
}

/* ------------------------------------------------------------------ information */

/* Name and domain for who wants to know no more; there is no address to go by but the link's. A
 * name of the configuration is told as in an ADVERTISE, without its domain. */
static void find_plain_name(struct dhcp6_exchange *exchange)
{
    const struct dhcp6_server *server = exchange->server;
    struct lease_name name;
    struct address where = address_any(ADDRESS_IP6);
    if (exchange->scope.count > 0)
        where = exchange->scope.ranges[0].prefix.address;
    if (!dhcp6_lease_name_for(exchange, &where, &name))
        return;
    if (!name.from_config)
        exchange->domain = site_domain_for(server->setup.site, &where, exchange->interface->name);
    struct text_out out = text_out_on(exchange->name, sizeof(exchange->name));
    text_put_string(&out, name.text);
}

/* Who is given nothing is of no range, unless the link has no other than the one. */
static void add_only_range(struct dhcp6_exchange *exchange)
{
    const struct dhcp_range6 *only = NULL;
    for (size_t i = 0; i < exchange->scope.count; i++) {
        const struct dhcp_range6 *range = exchange->scope.ranges[i].range;
        if (range6_has_dhcp(range) && only != NULL)
            return;
        if (range6_has_dhcp(range))
            only = range;
    }
    if (only != NULL)
        dhcp6_exchange_add_range(exchange, only);
}

/* RFC 9915 section 18.3.6. */
static void handle_information(struct dhcp6_exchange *exchange)
{
    exchange->plan.refresh_time = true;
    add_only_range(exchange);
    find_plain_name(exchange);
    dhcp6_exchange_tell(exchange, "DHCPINFORMATION-REQUEST", NULL, 0, exchange->name);
    send_reply(exchange, DHCP6_REPLY);
}

/* ------------------------------------------------------------------ all of them */

/* These say in their own lines what came of them. */
static bool has_own_line(unsigned type)
{
    return type == DHCP6_INFORMATION_REQUEST || type == DHCP6_ADDR_REG_INFORM;
}

/* What an ignored client does not get. What it has it may keep, and give back. */
static bool gives(unsigned type)
{
    return type == DHCP6_SOLICIT || type == DHCP6_REQUEST || has_own_line(type);
}

void dhcp6_message_handle(struct dhcp6_exchange *exchange)
{
    unsigned type = exchange->message.type;
    dhcp6_exchange_identify(exchange);
    dhcp6_detail_request(exchange);
    bool is_dropped = exchange->is_ignored && gives(type);
    if (!has_own_line(type) || is_dropped)
        dhcp6_exchange_tell(exchange, dhcp6_message_type_name(type), NULL, 0,
                            is_dropped ? "ignored" : NULL);
    if (is_dropped) {
        exchange->server->counters.dropped_ignored++;
        return;
    }
    switch (type) {
    case DHCP6_SOLICIT:
        handle_solicit(exchange);
        break;
    case DHCP6_REQUEST:
        handle_request(exchange);
        break;
    case DHCP6_CONFIRM:
        handle_confirm(exchange);
        break;
    case DHCP6_RENEW:
    case DHCP6_REBIND:
        handle_extension(exchange, type == DHCP6_REBIND);
        break;
    case DHCP6_RELEASE:
        handle_return(exchange, "release received");
        break;
    case DHCP6_DECLINE:
        handle_return(exchange, "success");
        break;
    case DHCP6_INFORMATION_REQUEST:
        handle_information(exchange);
        break;
    case DHCP6_ADDR_REG_INFORM:
        dhcp6_registration_message(exchange);
        break;
    default:
        break;
    }
}

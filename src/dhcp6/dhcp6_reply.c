#include "dhcp6/dhcp6_reply.h"

#include "dhcp6/dhcp6_decide.h"
#include "dhcp6/dhcp6_netboot.h"

#define PREFERENCE_MAX 255
#define FQDN_S         1
#define FQDN_O         2
#define REFRESH_MIN_S  600                        /* RFC 9915 section 7.6: IRT_MINIMUM */
#define VALUE_MAX      4096                       /* of one configured option */
#define MESSAGE_MAX    (DHCP6_MESSAGE_MAX - 1024) /* room for the envelopes */

struct writing {
    struct dhcp6_exchange *exchange;
    struct dhcp6_builder builder;
    bool has_asked;     /* there is an option request: only what it lists is sent */
    uint32_t fuzz;      /* a random number; 0: T1 and T2 are told as they are */
    struct address own; /* our address as this client knows it; or none */
    struct option_value_addresses addresses;
};

/* ------------------------------------------------------------------ our addresses */

static bool is_unique_local(const struct address *address)
{
    return (address->bytes[0] & 0xfe) == 0xfc; /* RFC 4193 */
}

/* The first of each kind that the interface has. */
static void find_addresses(struct writing *writing)
{
    const struct network *network = writing->exchange->server->network;
    struct option_value_addresses *found = &writing->addresses;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->interface != writing->exchange->in->interface || own->tentative || own->temporary
            || own->address.family != ADDRESS_IP6)
            continue;
        struct address *kind = &found->global;
        if (address_is_link_local(&own->address))
            kind = &found->link_local;
        else if (is_unique_local(&own->address))
            kind = &found->unique;
        if (address_is_none(kind))
            *kind = own->address;
    }
}

/* In the network of the range that serves the client, else in another of the link. */
static void find_own(struct writing *writing)
{
    const struct dhcp6_exchange *exchange = writing->exchange;
    for (size_t i = 0; i < exchange->scope.count; i++) {
        const struct range6_live *live = &exchange->scope.ranges[i];
        if (address_is_none(&live->local))
            continue;
        if (address_is_none(&writing->own) || live->range == exchange->range)
            writing->own = live->local;
        if (live->range == exchange->range)
            break;
    }
    const struct address *others[] = { &writing->addresses.global, &writing->addresses.unique,
                                       &writing->addresses.link_local };
    for (size_t i = 0; i < COUNT_OF(others) && address_is_none(&writing->own); i++)
        writing->own = *others[i];
    /* [::] in an option is the address the client reaches us by, though it be a unique local one.
     */
    if (!address_is_link_local(&writing->own))
        writing->addresses.global = writing->own;
}

/* ------------------------------------------------------------------ associations */

/* RFC 9915 section 21.4: half and seven eighths of the shortest preferred lifetime. What is taken
 * off keeps clients that came together from coming back together; all associations of a client
 * come at one time (section 18.2.4). */
static void set_times(struct writing *writing, const struct dhcp6_part *part,
                      struct dhcp6_mark mark)
{
    const struct dhcp6_plan *plan = &writing->exchange->plan;
    uint32_t shortest = DHCP6_INFINITE;
    if (part->times == DHCP6_TIMES_ZERO)
        return;
    for (unsigned i = 0; i < part->count; i++) {
        const struct dhcp6_item *item = &plan->items[part->first + i];
        uint32_t lifetime = item->preferred != 0 ? item->preferred : item->valid;
        if (item->verdict == DHCP6_GIVE && lifetime < shortest)
            shortest = lifetime;
    }
    uint32_t t1 = shortest, t2 = shortest;
    if (shortest != DHCP6_INFINITE) {
        t1 = shortest / 2;
        t2 = shortest / 8 * 7;
        uint32_t fuzz = writing->fuzz % (t1 / 8 + 1);
        t1 -= fuzz;
        t2 -= fuzz;
    }
    dhcp6_builder_set_times(&writing->builder, mark, t1, t2);
}

static void put_item(struct writing *writing, const struct dhcp6_item *item)
{
    struct dhcp6_builder *builder = &writing->builder;
    bool is_given = item->verdict == DHCP6_GIVE;
    switch ((enum dhcp6_verdict)item->verdict) {
    case DHCP6_GIVE:
    case DHCP6_GONE:
        if (item->prefix_length > 0) {
            struct prefix prefix = { item->address, item->prefix_length };
            dhcp6_builder_ia_prefix(builder, &prefix, is_given ? item->preferred : 0,
                                    is_given ? item->valid : 0);
        } else {
            dhcp6_builder_ia_address(builder, &item->address, is_given ? item->preferred : 0,
                                     is_given ? item->valid : 0);
        }
        break;
    case DHCP6_REFUSE:
        (void)dhcp6_builder_status(builder, (enum dhcp6_status)item->status, text_of(item->text));
        break;
    case DHCP6_MISSING:
        break;
    }
}

/* RFC 9915 section 21.13: an association has one status, and it speaks of the whole. What is
 * refused beside what is given is left out. */
static void put_items(struct writing *writing, const struct dhcp6_part *part)
{
    const struct dhcp6_plan *plan = &writing->exchange->plan;
    bool has_status = part->has_status || dhcp6_plan_count(plan, part, DHCP6_GIVE) > 0;
    for (unsigned i = 0; i < part->count; i++) {
        const struct dhcp6_item *item = &plan->items[part->first + i];
        bool is_refused = item->verdict == DHCP6_REFUSE;
        if (!is_refused || !has_status)
            put_item(writing, item);
        has_status = has_status || is_refused;
    }
}

static void put_parts(struct writing *writing)
{
    const struct dhcp6_plan *plan = &writing->exchange->plan;
    struct dhcp6_builder *builder = &writing->builder;
    for (unsigned i = 0; i < plan->part_count; i++) {
        const struct dhcp6_part *part = &plan->parts[i];
        if (part->is_hidden)
            continue;
        struct dhcp6_mark mark = dhcp6_builder_ia(builder, part->code, part->iaid, 0, 0);
        if (part->code != DHCP6_IA_TA)
            set_times(writing, part, mark);
        put_items(writing, part);
        if (part->has_status)
            (void)dhcp6_builder_status(builder, (enum dhcp6_status)part->status,
                                       text_of(part->text));
        dhcp6_builder_end(builder, mark);
    }
}

/* ------------------------------------------------------------------ configured options */

/* Options the server answers for alone. */
static bool is_own_affair(unsigned code)
{
    switch (code) {
    case DHCP6_CLIENT_ID:
    case DHCP6_SERVER_ID:
    case DHCP6_IA_NA:
    case DHCP6_IA_TA:
    case DHCP6_IAADDR:
    case DHCP6_ORO:
    case DHCP6_PREFERENCE:
    case DHCP6_ELAPSED_TIME:
    case DHCP6_RELAY_MSG:
    case DHCP6_AUTH:
    case DHCP6_STATUS:
    case DHCP6_RAPID_COMMIT:
    case DHCP6_INTERFACE_ID:
    case DHCP6_IA_PD:
    case DHCP6_IAPREFIX:
    case DHCP6_FQDN:
        return true;
    default:
        return false;
    }
}

static bool is_wanted(const struct writing *writing, const struct dhcp_option_rule *rule,
                      unsigned code)
{
    /* RFC 9915 section 21.23: whoever asks for information alone is told for how long it holds. */
    bool is_always = code == DHCP6_REFRESH_TIME && writing->exchange->plan.refresh_time;
    return rule->force || is_always || !writing->has_asked
           || dhcp6_option_requested(&writing->exchange->message.options, code);
}

/* The value with our addresses in their places; false: nothing is left of it. */
static bool fill(const struct writing *writing, const struct dhcp_option_rule *rule,
                 struct bytes_writer *out)
{
    return option_value_fill(rule->value, &rule->form, &writing->addresses, out) == STATUS_OK;
}

static void put_configured(struct writing *writing)
{
    const struct option_pick *pick = &writing->exchange->server->options;
    for (size_t i = 0; i < pick->count; i++) {
        const struct dhcp_option_rule *rule = pick->rules[i];
        uint8_t buffer[VALUE_MAX];
        struct bytes_writer value = bytes_writer_on(buffer, sizeof(buffer));
        if (rule->scope != DHCP_SCOPE_TOP || is_own_affair(rule->code)
            || (rule->empty && rule->code == DHCP6_DNS_SERVER)
            || !is_wanted(writing, rule, rule->code) || !fill(writing, rule, &value))
            continue;
        (void)dhcp6_builder_option(&writing->builder, rule->code, bytes_writer_written(&value));
    }
}

static bool has_enterprise_before(const struct option_pick *pick, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (pick->rules[i]->scope == DHCP_SCOPE_VI_ENCAP
            && pick->rules[i]->encap == pick->rules[index]->encap)
            return true;
    }
    return false;
}

/* Option 17: one for each enterprise, with all that is for it (RFC 9915 section 21.17). */
static void put_enterprises(struct writing *writing)
{
    const struct option_pick *pick = &writing->exchange->server->options;
    for (size_t i = 0; i < pick->count; i++) {
        if (pick->rules[i]->scope != DHCP_SCOPE_VI_ENCAP || has_enterprise_before(pick, i))
            continue;
        uint8_t buffer[VALUE_MAX];
        struct bytes_writer all = bytes_writer_on(buffer, sizeof(buffer));
        bool is_any = false;
        bytes_write_u32(&all, pick->rules[i]->encap);
        for (size_t j = i; j < pick->count; j++) {
            const struct dhcp_option_rule *rule = pick->rules[j];
            size_t start = bytes_writer_count(&all);
            if (rule->scope != DHCP_SCOPE_VI_ENCAP || rule->encap != pick->rules[i]->encap
                || !is_wanted(writing, rule, DHCP6_VENDOR_OPTS))
                continue;
            bytes_write_u16(&all, rule->code);
            bytes_write_u16(&all, 0);
            if (!fill(writing, rule, &all) || all.failed) {
                bytes_writer_rewind(&all, start);
                continue;
            }
            bytes_patch_u16(&all, start + 2, (uint16_t)(bytes_writer_count(&all) - start - 4));
            is_any = true;
        }
        if (is_any)
            (void)dhcp6_builder_option(&writing->builder, DHCP6_VENDOR_OPTS,
                                       bytes_writer_written(&all));
    }
}

/* ------------------------------------------------------------------ what the server knows itself
 */

static void put_dns_server(struct writing *writing)
{
    if (writing->exchange->server->setup.site->port == 53
        && option_pick_find6(&writing->exchange->server->options, DHCP6_DNS_SERVER) == NULL
        && !address_is_none(&writing->own))
        (void)dhcp6_builder_option(&writing->builder, DHCP6_DNS_SERVER,
                                   address_bytes(&writing->own));
}

/* How long a client may go by what it was told without a lease (RFC 9915 section 21.23). */
static void put_refresh_time(struct writing *writing)
{
    const struct dhcp6_exchange *exchange = writing->exchange;
    uint32_t seconds = DHCP_LEASE6_DEFAULT_S;
    if (!exchange->plan.refresh_time
        || option_pick_find6(&writing->exchange->server->options, DHCP6_REFRESH_TIME) != NULL)
        return;
    for (size_t i = 0; i < exchange->scope.count; i++) {
        const struct dhcp_range6 *range = exchange->scope.ranges[i].range;
        if (range6_has_dhcp(range)) {
            seconds = range->lease_s;
            break;
        }
    }
    if (seconds < REFRESH_MIN_S)
        seconds = REFRESH_MIN_S;
    (void)dhcp6_builder_option_u32(&writing->builder, DHCP6_REFRESH_TIME, seconds);
}

/* RFC 4704 section 4.1: the server answers for the name itself, so it does the client's update, and
 * says so when the client had not left it that; with dhcp-client-update the client decides. */
static void put_fqdn(struct writing *writing)
{
    const struct dhcp6_exchange *exchange = writing->exchange;
    struct dname name, whole;
    uint8_t buffer[1 + DNAME_WIRE_MAX];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof(buffer));
    if (exchange->name[0] == '\0'
        || dname_from_host(text_of(exchange->name), false, &name) != STATUS_OK)
        return;
    bool is_whole =
        exchange->domain != NULL && dname_join(&name, exchange->domain, &whole) == STATUS_OK;
    uint8_t said = exchange->has_fqdn ? exchange->fqdn.flags & (FQDN_S | FQDN_O) : FQDN_S;
    uint8_t flags = FQDN_S | said;
    if (exchange->server->setup.config->client_update)
        flags = said;
    else if ((said & FQDN_S) == 0)
        flags |= FQDN_O;
    bytes_write_u8(&value, flags);
    struct bytes wire = dname_bytes(is_whole ? &whole : &name);
    /* A name without its domain has no root at its end. */
    bytes_write_span(&value, is_whole ? wire : bytes_of(wire.at, wire.count - 1));
    (void)dhcp6_builder_option(&writing->builder, DHCP6_FQDN, bytes_writer_written(&value));
}

static void choose_options(struct dhcp6_exchange *exchange)
{
    struct dhcp6_server *server = exchange->server;
    struct tag_facts facts = dhcp6_exchange_tag_facts(exchange);
    struct tag_set all;
    tag_rules_apply(&server->tags, &facts, &all);
    option_pick_choose6(&server->options, server->setup.config, &server->tags.names, &all,
                        &exchange->tags);
}

/* RFC 9686 section 4.1: who can register addresses and sees that we take them, does. */
static void put_registration(struct writing *writing)
{
    const struct dhcp6_exchange *exchange = writing->exchange;
    if (exchange->server->registrations != NULL
        && dhcp6_option_requested(&exchange->message.options, DHCP6_ADDR_REG_ENABLE))
        (void)dhcp6_builder_option(&writing->builder, DHCP6_ADDR_REG_ENABLE, BYTES_NONE);
}

/* ------------------------------------------------------------------ the whole */

struct endpoint dhcp6_reply_to(const struct dhcp6_exchange *exchange)
{
    struct endpoint to = exchange->in->from;
    const struct dhcp6_wrapped *wrapped = &exchange->wrapped;
    /* Whatever port it was sent from (dhcp.md 11); a relay's may be another one (RFC 8357). */
    to.port = exchange->relayed ? DHCP6_SERVER_PORT : DHCP6_CLIENT_PORT;
    if (exchange->relayed && wrapped->relays[0].has_relay_port)
        to.port = exchange->in->from.port;
    return to;
}

struct bytes dhcp6_reply_build(struct dhcp6_exchange *exchange, unsigned type, struct bytes *inner)
{
    struct dhcp6_server *server = exchange->server;
    const struct dhcp6_plan *plan = &exchange->plan;
    struct writing writing = {
        .exchange = exchange,
        .has_asked = dhcp6_option_has(&exchange->message.options, DHCP6_ORO),
        .fuzz = plan->fuzz ? random_u32(server->setup.random) : 0,
    };
    struct dhcp6_builder *builder = &writing.builder;
    dhcp6_builder_start(builder, server->reply, MESSAGE_MAX, type, exchange->message.xid);
    if (exchange->duid.count > 0)
        (void)dhcp6_builder_option(builder, DHCP6_CLIENT_ID, exchange->duid);
    (void)dhcp6_builder_option(builder, DHCP6_SERVER_ID,
                               bytes_of(server->duid, server->duid_count));
    if (plan->rapid_commit)
        (void)dhcp6_builder_option(builder, DHCP6_RAPID_COMMIT, BYTES_NONE);
    put_parts(&writing);
    if (plan->has_status)
        (void)dhcp6_builder_status(builder, (enum dhcp6_status)plan->status, text_of(plan->text));
    if (plan->has_preference)
        (void)dhcp6_builder_option_u8(builder, DHCP6_PREFERENCE,
                                      server->setup.config->authoritative ? PREFERENCE_MAX : 0);
    if (!plan->bare) {
        find_addresses(&writing);
        find_own(&writing);
        choose_options(exchange);
        put_configured(&writing);
        put_dns_server(&writing);
        put_refresh_time(&writing);
        put_enterprises(&writing);
        put_fqdn(&writing);
        put_registration(&writing);
        dhcp6_netboot_put(exchange, &writing.own, builder);
    }
    *inner = dhcp6_builder_finish(builder);
    if (!exchange->relayed || inner->count == 0)
        return *inner;
    return dhcp6_wrap_reply(&exchange->wrapped, *inner, server->wrapped, sizeof(server->wrapped));
}

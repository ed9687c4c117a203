#include "dhcp4/dhcp4_watch.h"

#include "dhcp4/dhcp4_state.h"

/* Its row, new or known. */
static struct dhcp4_other *row_of(struct dhcp4_others *others, const struct address *address,
                                  uint32_t interface)
{
    struct dhcp4_other *oldest = &others->at[0];
    for (size_t i = 0; i < others->count; i++) {
        struct dhcp4_other *other = &others->at[i];
        if (other->interface == interface && address_equal(&other->address, address))
            return other;
        if (other->heard < oldest->heard)
            oldest = other;
    }
    if (others->count < DHCP4_OTHERS_MAX)
        oldest = &others->at[others->count++];
    *oldest = (struct dhcp4_other){ .address = *address, .interface = interface };
    return oldest;
}

void dhcp4_watch_other(struct dhcp4_exchange *exchange)
{
    struct dhcp4_server *server = exchange->server;
    struct address address;
    if (exchange->relayed || !dhcp4_option_address(&exchange->message, DHCP4_SERVER_ID, &address)
        || address_is_any(&address) || network_own_address(server->network, &address) != NULL)
        return;
    server->counters.other_servers++;
    struct dhcp4_other *other = row_of(&server->others, &address, exchange->in->interface);
    mono_ms now = exchange->now.mono;
    other->heard = now;
    if (other->said != 0 && now - other->said < DHCP4_OTHERS_AGAIN_MS)
        return;
    /* A stranger can name any number of servers: one line a minute for those never spoken of. */
    if (other->said == 0 && !event_may_say(&server->other_said, now))
        return;
    other->said = now;
    char from[ADDRESS_TEXT_MAX], hardware[HARDWARE_TEXT_MAX];
    struct text_out out = text_out_on(hardware, sizeof(hardware));
    text_put_hardware(&out, &exchange->message.hardware);
    event_say(server->setup.events, EVENT_DHCP_WARNING,
              "another DHCP server, %s, serves clients on %s: %s has taken its offer",
              address_text(&address, from), exchange->interface->name, hardware);
}

/* ------------------------------------------------------------------ who keeps the addresses */

struct stalest {
    const struct lease *at[DHCP4_STALE_SHOWN]; /* longest ago first */
    size_t count;
};

static wall_s last_heard(const struct lease *lease)
{
    return lease->expires_wall - (wall_s)lease->length_s;
}

static void put_in_order(struct stalest *stalest, const struct lease *lease)
{
    size_t at = stalest->count;
    while (at > 0 && last_heard(stalest->at[at - 1]) > last_heard(lease))
        at--;
    if (at == DHCP4_STALE_SHOWN)
        return;
    if (stalest->count < DHCP4_STALE_SHOWN)
        stalest->count++;
    for (size_t i = stalest->count - 1; i > at; i--)
        stalest->at[i] = stalest->at[i - 1];
    stalest->at[at] = lease;
}

/* It keeps a dynamic address that this client could have had. */
static bool is_in_the_way(const struct dhcp4_exchange *exchange, const struct lease *lease)
{
    for (size_t i = 0; i < exchange->scope.count; i++) {
        const struct dhcp_range *range = exchange->scope.ranges[i].range;
        if (range->mode == DHCP_RANGE_DYNAMIC
            && address_compare(&range->first, &lease->address) <= 0
            && address_compare(&lease->address, &range->last) <= 0)
            return true;
    }
    return false;
}

void dhcp4_watch_say_stalest(const struct dhcp4_exchange *exchange)
{
    const struct lease_table *leases = exchange->server->setup.leases;
    struct stalest stalest = { .count = 0 };
    const struct lease *lease = lease_table_first(leases);
    for (; lease != NULL; lease = lease_table_next(leases, lease)) {
        if (lease->expires_wall != 0 && is_in_the_way(exchange, lease))
            put_in_order(&stalest, lease);
    }
    if (stalest.count == 0)
        return;
    char line[1024];
    struct text_out out = text_out_on(line, sizeof(line));
    for (size_t i = 0; i < stalest.count; i++) {
        wall_s left = stalest.at[i]->expires_wall - exchange->now.wall;
        text_put_string(&out, i > 0 ? ", " : "");
        text_put_address(&out, &stalest.at[i]->address);
        text_put_char(&out, ' ');
        text_put_hardware(&out, &stalest.at[i]->hardware);
        text_put_string(&out, " for ");
        text_put_duration(&out, left > 0 ? (uint32_t)left : 0);
    }
    event_say(exchange->server->setup.events, EVENT_DHCP_WARNING,
              "heard of longest ago, with the time they may keep their address: %s", line);
}

#include "daemon/commands.h"

#include "base/log.h"
#include "daemon/daemon_state.h"
#include "platform/instant.h"

void commands_reread(struct daemon *daemon)
{
    daemon_reread(daemon);
}

/* ------------------------------------------------------------------ servers */

/* What is kept goes by the number of its group of servers, and these may be others now. The default
 * group is always the first. */
static bool has_groups(const struct dns_view *view)
{
    return view != NULL && view->group_count > 1;
}

static void clear_for_servers(struct daemon *daemon, bool had_groups)
{
    bool wanted = daemon->config->dns.clear_on_reload;
    if (wanted || had_groups || has_groups(views_current(&daemon->views)))
        dns_cache_clear(daemon->cache);
    if (wanted)
        log_line(LOG_PART_MAIN, LOG_INFORM, "cleared cache");
}

static enum status read_servers(struct daemon *daemon, const struct commands_server *servers,
                                size_t count, struct text_out *error, struct bus_servers **made)
{
    const struct views *views = &daemon->views;
    struct text lines[VIEWS_BUS_SERVERS_MAX];
    if (count > VIEWS_BUS_SERVERS_MAX)
        return STATUS_FULL;
    for (size_t i = 0; i < count; i++)
        lines[i] = servers[i].value;
    return bus_servers_read(views->config, views->loaded != NULL ? views->loaded->servers : NULL,
                            lines, count, error, made);
}

enum status commands_set_servers(struct daemon *daemon, const struct commands_server *servers,
                                 size_t count, struct text_out *error)
{
    struct views *views = &daemon->views;
    struct bus_servers *before = views->overrides.servers;
    const struct dns_view *view = views_current(views);
    bool had_groups = has_groups(view);
    struct bus_servers *made;
    enum status status = read_servers(daemon, servers, count, error, &made);
    if (status != STATUS_OK)
        return status;
    log_line(LOG_PART_MAIN, LOG_INFORM, "setting upstream servers from DBus");
    views->overrides.servers = made;
    daemon_publish(daemon, true);
    if (views_current(views) == view) {
        views->overrides.servers = before;
        bus_servers_free(made);
        return STATUS_FULL;
    }
    bus_servers_free(before);
    clear_for_servers(daemon, had_groups);
    return STATUS_OK;
}

void commands_set_switch(struct daemon *daemon, enum commands_switch which, bool on)
{
    struct views_overrides *overrides = &daemon->views.overrides;
    uint8_t bit = (uint8_t)(1u << which);
    uint8_t value = on ? bit : 0;
    if ((overrides->given & bit) != 0 && (overrides->on & bit) == value)
        return;
    overrides->given |= bit;
    overrides->on = (uint8_t)((overrides->on & ~bit) | value);
    daemon_publish(daemon, false);
    /* Answers are kept as they were let through. */
    dns_cache_clear(daemon->cache);
}

/* ------------------------------------------------------------------ leases */

static bool is_name(struct text name)
{
    struct dname checked;
    return dname_from_host(name, false, &checked) == STATUS_OK;
}

static enum status read_lease(const struct commands_lease *lease, struct lease_assign *assign)
{
    *assign = (struct lease_assign){
        .address = lease->address,
        .identity = lease->identity,
        .seconds = lease->seconds == 0 ? DURATION_INFINITE : lease->seconds,
        .iaid = lease->iaid,
        .temporary = lease->temporary,
    };
    if (lease->identity.count > LEASE_CLIENT_ID_MAX)
        return STATUS_MALFORMED;
    if (lease->hardware[0] != '\0'
        && hardware_from_text(text_of(lease->hardware), &assign->hardware) != STATUS_OK)
        return STATUS_MALFORMED;
    if (!text_is_empty(lease->name) && !text_equal(lease->name, TEXT("*"))) {
        if (!is_name(lease->name))
            return STATUS_MALFORMED;
        assign->name = lease->name;
    }
    return STATUS_OK;
}

enum status commands_add_lease(struct daemon *daemon, const struct commands_lease *lease)
{
    struct dhcp_services *dhcp = &daemon->dhcp;
    struct lease_assign assign;
    enum status status = read_lease(lease, &assign);
    if (status != STATUS_OK)
        return status;
    if (lease->address.family == ADDRESS_IP4 && dhcp->ip4.active
        && dhcp->shared.config->dhcp.range_count > 0) {
        status = dhcp4_server_assign(dhcp->ip4.server, &assign, instant_now());
        dhcp4_io_wake(dhcp->ip4.io);
        return status;
    }
    if (lease->address.family != ADDRESS_IP6 || !dhcp->ip6.active
        || !dhcp6_service_gives(dhcp->shared.config))
        return STATUS_NOT_FOUND;
    if (lease->identity.count == 0)
        return STATUS_MALFORMED;
    status = dhcp6_server_assign(dhcp->ip6.server, &assign, instant_now());
    dhcp6_io_wake(dhcp->ip6.io);
    return status;
}

bool commands_delete_lease(struct daemon *daemon, const struct address *address)
{
    struct dhcp_services *dhcp = &daemon->dhcp;
    bool deleted = false;
    if (address->family == ADDRESS_IP4 && dhcp->ip4.active) {
        deleted = dhcp4_server_unassign(dhcp->ip4.server, address, instant_now());
        dhcp4_io_wake(dhcp->ip4.io);
    }
    if (address->family == ADDRESS_IP6 && dhcp->ip6.active) {
        deleted = dhcp6_server_unassign(dhcp->ip6.server, address, instant_now());
        dhcp6_io_wake(dhcp->ip6.io);
    }
    return deleted;
}

/* ------------------------------------------------------------------ counting leases */

static void on_event(void *context, const struct event *event)
{
    struct commands *commands = context;
    bool is_ip6 = event->lease != NULL && event->lease->kind != LEASE_IP4;
    event_tell(&commands->next, event);
    if (event->kind == EVENT_LEASE_ADDED)
        commands->leases_begun[is_ip6]++;
    else if (event->kind == EVENT_LEASE_REMOVED)
        commands->leases_ended[is_ip6]++;
}

struct event_sink commands_sink(struct commands *commands, struct event_sink next)
{
    commands->next = next;
    return (struct event_sink){
        .wanted =
            next.wanted | UINT64_C(1) << EVENT_LEASE_ADDED | UINT64_C(1) << EVENT_LEASE_REMOVED,
        .on_event = on_event,
        .context = commands,
        .wants_facts = next.wants_facts,
    };
}

/* ------------------------------------------------------------------ metrics */

struct metrics_list {
    struct commands_metric at[COMMANDS_METRICS_MAX];
    size_t count;
};

static void put(struct metrics_list *list, const char *name, uint64_t value)
{
    assert(list->count < COMMANDS_METRICS_MAX);
    list->at[list->count++] = (struct commands_metric){ name, value };
}

static void put_dns(struct metrics_list *list, const struct daemon *daemon,
                    const struct worker_report *report)
{
    const struct dns_counters *dns = &report->dns;
    struct dns_cache_counters cache;
    dns_cache_read_counters(daemon->cache, &cache);
    put(list, "dns_cache_inserted", cache.insertions);
    put(list, "dns_cache_live_freed", cache.evictions);
    put(list, "dns_queries_forwarded", dns->forwarded - dns->joined);
    put(list, "dns_auth_answered", dns->authoritative);
    put(list, "dns_local_answered", dns->answered_local + dns->answered_cache);
    put(list, "dns_stale_answered", dns->answered_stale);
    put(list, "dns_unanswered", dns->timeouts);
    put(list, "dnssec_max_crypto_use", 0);
    put(list, "dnssec_max_sig_fail", 0);
    put(list, "dnssec_max_work", 0);
}

static void put_dhcp(struct metrics_list *list, const struct dhcp4_counters *dhcp)
{
    static const struct dhcp4_counters none;
    if (dhcp == NULL)
        dhcp = &none;
    put(list, "bootp", dhcp->bootp);
    put(list, "pxe", 0);
    put(list, "dhcp_ack", dhcp->sent[DHCP4_ACK]);
    put(list, "dhcp_decline", dhcp->received[DHCP4_DECLINE]);
    put(list, "dhcp_discover", dhcp->received[DHCP4_DISCOVER]);
    put(list, "dhcp_inform", dhcp->received[DHCP4_INFORM]);
    put(list, "dhcp_nak", dhcp->sent[DHCP4_NAK]);
    put(list, "dhcp_offer", dhcp->sent[DHCP4_OFFER]);
    put(list, "dhcp_release", dhcp->received[DHCP4_RELEASE]);
    put(list, "dhcp_request", dhcp->received[DHCP4_REQUEST]);
    put(list, "noanswer", dhcp->dropped_ignored);
}

/* New with 2.93, and spelled as there. */
static void put_lease_queries(struct metrics_list *list, const struct dhcp4_counters *dhcp)
{
    static const struct dhcp4_counters none;
    if (dhcp == NULL)
        dhcp = &none;
    put(list, "dhcp_leasequery", dhcp->received[DHCP4_LEASEQUERY]);
    put(list, "dhcp_lease_unassigned", dhcp->sent[DHCP4_LEASEUNASSIGNED]);
    put(list, "dhcp_lease_actve", dhcp->sent[DHCP4_LEASEACTIVE]);
    put(list, "dhcp_lease_unknown", dhcp->sent[DHCP4_LEASEUNKNOWN]);
}

static void collect(const struct daemon *daemon, const struct worker_report *report,
                    struct metrics_list *list)
{
    const struct commands *commands = &daemon->commands;
    struct statistics statistics = { .time = 0 };
    list->count = 0;
    dhcp_services_count(&daemon->dhcp, &statistics);
    put_dns(list, daemon, report);
    put_dhcp(list, statistics.dhcp);
    put(list, "leases_allocated_4", commands->leases_begun[0]);
    put(list, "leases_pruned_4", commands->leases_ended[0]);
    put(list, "leases_allocated_6", commands->leases_begun[1]);
    put(list, "leases_pruned_6", commands->leases_ended[1]);
    put(list, "tcp_connections", report->shell.tcp_accepted);
    put_lease_queries(list, statistics.dhcp);
}

static uint64_t since(uint64_t now, uint64_t zero)
{
    return now >= zero ? now - zero : now;
}

static void subtract_servers(const struct daemon *daemon, struct worker_report *report)
{
    const struct commands *commands = &daemon->commands;
    const struct dns_view *view = views_current(&daemon->views);
    if (view == NULL || view->generation != commands->zero_generation)
        return; /* their numbers began with the list */
    for (size_t i = 0; i < report->server_count; i++) {
        struct dns_server_counters *now = &report->servers[i];
        const struct dns_server_counters *zero = &commands->zero_servers[i];
        now->sent = since(now->sent, zero->sent);
        now->retried = since(now->retried, zero->retried);
        now->failed = since(now->failed, zero->failed);
        now->nxdomain = since(now->nxdomain, zero->nxdomain);
    }
}

static void set_zero(struct daemon *daemon, const struct metrics_list *list,
                     const struct worker_report *report)
{
    struct commands *commands = &daemon->commands;
    const struct dns_view *view = views_current(&daemon->views);
    for (size_t i = 0; i < list->count; i++)
        commands->zero[i] = list->at[i].value;
    memcpy(commands->zero_servers, report->servers, sizeof commands->zero_servers);
    commands->zero_generation = view != NULL ? view->generation : 0;
}

static void answer(struct daemon *daemon, const struct commands_asker *asker,
                   const struct worker_report *report)
{
    struct worker_report shown = *report;
    struct metrics_list list;
    collect(daemon, report, &list);
    if (asker->done == NULL) {
        set_zero(daemon, &list, report);
        return;
    }
    for (size_t i = 0; i < list.count; i++)
        list.at[i].value = since(list.at[i].value, daemon->commands.zero[i]);
    subtract_servers(daemon, &shown);
    asker->done(asker->context, list.at, list.count, &shown);
}

static void on_report(void *context, const struct worker_report *report)
{
    struct daemon *daemon = context;
    struct commands *commands = &daemon->commands;
    struct commands_asker askers[COMMANDS_ASKERS_MAX];
    unsigned count = commands->asker_count;
    memcpy(askers, commands->askers, sizeof askers);
    commands->asker_count = 0;
    for (unsigned i = 0; i < count; i++)
        answer(daemon, &askers[i], report);
}

static bool ask(struct daemon *daemon, commands_metrics_fn *done, void *context)
{
    struct commands *commands = &daemon->commands;
    if (commands->asker_count == COMMANDS_ASKERS_MAX)
        return false;
    commands->askers[commands->asker_count++] = (struct commands_asker){ done, context };
    if (daemon->workers != NULL)
        workers_read(daemon->workers, on_report, daemon);
    else
        on_report(daemon, &(struct worker_report){ .server_count = 0 });
    return true;
}

bool commands_metrics(struct daemon *daemon, commands_metrics_fn *done, void *context)
{
    return ask(daemon, done, context);
}

void commands_clear_metrics(struct daemon *daemon)
{
    (void)ask(daemon, NULL, NULL);
}

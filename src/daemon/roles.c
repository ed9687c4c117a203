#include "daemon/roles.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon_state.h"
#include "platform/privilege.h"

#define LOW_PORTS 1024

/* ------------------------------------------------------------------ what the broker grants */

static void allow_port(struct rights_policy *policy, uint16_t port)
{
    for (size_t i = 0; i < policy->port_count; i++) {
        if (policy->ports[i] == port)
            return;
    }
    if (port > 0 && port < LOW_PORTS && policy->port_count < RIGHTS_PORTS_MAX)
        policy->ports[policy->port_count++] = port;
}

static int pass_on(const void *context, int fd, struct bytes messages)
{
    return firewall_io_pass_on(context, fd, messages);
}

static struct rights_policy what_is_granted(const struct daemon *daemon)
{
    static const uint16_t services[] = { 53, 67, 68, 69, 547 };
    const struct dns_config *dns = &daemon->config->dns;
    const struct privilege_plan *kept = &daemon->kept;
    struct rights_policy policy = {
        .ties = kept->keep_net_raw,
        .marks = kept->keep_net_admin,
        .pass_on = kept->keep_net_admin ? pass_on : NULL,
        .context = &dns->firewall,
    };
    if (!kept->keep_bind_service)
        return policy;
    allow_port(&policy, daemon->config->site.port);
    for (size_t i = 0; i < COUNT_OF(services); i++)
        allow_port(&policy, services[i]);
    if (dns->query_port_given)
        allow_port(&policy, (uint16_t)dns->query_port);
    for (size_t i = 0; i < dns->server_count; i++) {
        if (dns->servers[i].source_port_given)
            allow_port(&policy, dns->servers[i].source.port);
    }
    if ((dns->min_port > 0 && dns->min_port < LOW_PORTS)
        || (dns->max_port > 0 && dns->max_port < LOW_PORTS)) {
        policy.port_first = (uint16_t)dns->min_port;
        policy.port_last = dns->max_port > 0 ? (uint16_t)dns->max_port : UINT16_MAX;
    }
    return policy;
}

static void open_log_again(void *context)
{
    const struct daemon *daemon = context;
    /* The server tries the same, and says so if it fails. */
    enum status status = daemon_open_log(daemon->config, daemon->program, daemon->main_pid);
    (void)status;
}

/* Sockets that come and go with addresses: as long as anybody holds one its address is taken.
 * Another server opens its own. */
static void let_go(void *context)
{
    struct daemon *daemon = context;
    if (daemon->config->site.bind != SITE_BIND_DYNAMIC)
        return;
    sockets_let_go(&daemon->sockets);
    tftp_service_let_go(&daemon->tftp);
}

/* ------------------------------------------------------------------ rights */

static void keep_only(struct daemon *daemon, const struct privilege_plan *plan)
{
    if (privilege_keep_only(plan) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_OTHER, "cannot give up rights: %s", strerror(errno));
}

/* A bus may know only root, and its library does not outlive a fork: then root is given up after
 * the split, by each server. */
static bool must_stay_root(const struct daemon *daemon)
{
    const struct privilege_plan *kept = &daemon->kept;
    bool keeps = kept->keep_bind_service || kept->keep_net_raw || kept->keep_net_admin;
    return privilege_is_root()
           && (daemon->dbus.active || daemon->ubus.active || (keeps && !privilege_can_keep()));
}

static void connect_buses(struct daemon *daemon)
{
    /* A bus that does not want us any more is no reason to end what is served already. */
    dbus_service_connect(&daemon->dbus, daemon->roles.before == 0 ? &daemon->startup : NULL);
    ubus_service_connect(&daemon->ubus);
}

static void give_up_root(struct daemon *daemon, const struct privilege_plan *keep)
{
    startup_drop_privileges(&daemon->startup, &daemon->config->daemon, keep);
}

/* Rights of the broker, who has no use for others. */
static void limit_broker(struct daemon *daemon, bool stays_root)
{
    struct privilege_plan plan = daemon->kept;
    if (!stays_root)
        give_up_root(daemon, &plan);
    plan.keep_identity = stays_root;
    plan.keep_files = privilege_is_root() && !stays_root; /* user=root */
    keep_only(daemon, &plan);
}

static void confine(struct daemon *daemon)
{
    struct roles *roles = &daemon->roles;
    const struct config *config = daemon->config;
    roles->boots = daemon->tftp.active || daemon->netboot.active;
    bool keeps_leases = dhcp_services_wanted(config) && !config->script.lease_file_ro;
    const struct confinement_service service = {
        .lease_file = keeps_leases ? lease_store_path(config, &daemon->startup) : NULL,
        .has_control = daemon->control != NULL,
        .boots = roles->boots,
        .has_bus = daemon->dbus.active,
        .keeps_files = privilege_is_root(),
    };
    confinement_plan(&roles->confinement, &daemon->start, config, &service);
    if (roles->confinement.failed)
        startup_fail(&daemon->startup, EXIT_MEMORY, "no memory for the sandbox");
    if (confinement_enter(&roles->confinement) != STATUS_OK)
        startup_fail(&daemon->startup, EXIT_OTHER,
                     "cannot confine the server: %s (sandbox=no does without)", strerror(errno));
}

static void limit_server(struct daemon *daemon, bool root_was_kept)
{
    const struct privilege_plan nothing = { 0 };
    connect_buses(daemon);
    if (root_was_kept)
        give_up_root(daemon, &nothing);
    /* user=root: whose files it may use was that user's choice, within the sandbox. */
    const struct privilege_plan files = { .keep_files = privilege_is_root() };
    keep_only(daemon, &files);
    broker_bind_life();
    confine(daemon);
}

/* ------------------------------------------------------------------ the split */

static void plan_split(struct daemon *daemon)
{
    struct roles *roles = &daemon->roles;
    snprintf(roles->name, sizeof roles->name, "%s-server", daemon->program);
    roles->plan = (struct broker_plan){
        .policy = what_is_granted(daemon),
        .once = daemon->config->script.lease_file_ro,
        .name = roles->name,
        .log_again = open_log_again,
        .let_go = let_go,
        .context = daemon,
    };
}

static void stay_one(struct daemon *daemon)
{
    connect_buses(daemon);
    give_up_root(daemon, &daemon->kept);
    broker_release_signals();
    daemon_watch_signals(daemon);
}

void roles_take(struct daemon *daemon)
{
    struct roles *roles = &daemon->roles;
    const struct daemon_config *config = &daemon->config->daemon;
    if (config->no_daemon || config->no_sandbox) {
        stay_one(daemon);
        return;
    }
    bool stays_root = must_stay_root(daemon);
    plan_split(daemon);
    limit_broker(daemon, stays_root);
    struct broker_server server = broker_split(&daemon->startup, &roles->plan);
    roles->before = server.before;
    roles->reloaded = server.reloaded;
    roles->split = true;
    if (uv_loop_fork(&daemon->loop) != 0)
        startup_fail(&daemon->startup, EXIT_OTHER, "no event loop for the server");
    uv_update_time(&daemon->loop); /* it may be a long time since the split */
    daemon_take_orders(daemon, server.orders);
    limit_server(daemon, stays_root);
}

/* A server to be asked by TCP; those of a file or a bus are told when they come
 * (daemon/views_servers.c). */
static bool lacks_port(const struct config *config, char *what, size_t room)
{
    for (size_t i = 0; i < config->dns.server_count; i++) {
        uint16_t port = config->dns.servers[i].endpoint.port;
        if (sandbox_may_connect(port))
            continue;
        snprintf(what, room, "server=: TCP to port %u", port);
        return true;
    }
    return false;
}

static bool lacks_file(const struct roles *roles, const struct daemon_start *start,
                       const struct config *config, char *path, size_t room)
{
    struct confinement wanted;
    const struct confinement_service service = { .boots = roles->boots };
    confinement_plan(&wanted, start, config, &service);
    const char *lack = confinement_lacks(&roles->confinement, &wanted);
    if (lack == NULL && wanted.missing[0] != '\0')
        lack = wanted.missing;
    if (lack != NULL)
        snprintf(path, room, "%s", lack);
    confinement_free(&wanted);
    return lack != NULL;
}

bool roles_lack(const struct roles *roles, const struct daemon_start *start,
                const struct config *config, char *what, size_t room)
{
    return roles->split
           && (lacks_file(roles, start, config, what, room) || lacks_port(config, what, room));
}

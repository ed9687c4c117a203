/* linnetctl doctor: what only the daemon knows, as facts, a line each with tabs between its fields;
 * linnetctl looks at the rest of the machine and draws the conclusions.
 *
 *     process      a process of ours
 *     serves       what, its port, on how many interfaces (empty: not counted)
 *     serves_on    what, an interface where it gives addresses or is the router
 *     absent       an interface= name, where it is configured, it is a pattern; there is none such
 *     upstream     address, interface, source, where it is configured, works, in a loop
 *     other_dhcp   address, interface, seconds since it was noticed
 *     limit        name, most, how often it was reached
 *     unreadable   path, why
 *     lease_file   path, why it cannot be written, or empty
 *     clock        seconds of wall clock since start, seconds of a clock that is never set */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"
#include "daemon/limit_rows.h"
#include "dhcp/dhcp_range6.h"
#include "dhcp/served6.h"
#include "dhcp4/dhcp4_watch.h"
#include "platform/instant.h"
#include "ra/ra_server.h"
#include "wire/dhcp_codes.h"

#define BYTES_BASE     98304
#define BYTES_A_SERVER 512
#define BYTES_A_FILE   512
#define FILES_MAX      64 /* unreadable ones told */
#define LINKS_MAX      32 /* interfaces told of each kind */

#define RANGES_BYTES     ((size_t)16 * 1024)
#define RANGES_BYTES_MAX ((size_t)4 << 20)
#define MS_PER_S         1000

static void begin(struct text_out *out, const char *fact)
{
    text_put_string(out, fact);
}

static void field(struct text_out *out, const char *value)
{
    text_put_char(out, '\t');
    text_put_safe(out, text_bytes(text_of(value)));
}

static void number(struct text_out *out, uint64_t value)
{
    text_put_char(out, '\t');
    text_put_u64(out, value);
}

static void end(struct text_out *out)
{
    text_put_char(out, '\n');
}

/* ------------------------------------------------------------------ services */

static void put_process(struct text_out *out, pid_t pid)
{
    begin(out, "process");
    number(out, (uint64_t)pid);
    end(out);
}

static void put_serves(struct text_out *out, const char *what, unsigned port, int64_t links)
{
    begin(out, "serves");
    field(out, what);
    number(out, port);
    if (links >= 0)
        number(out, (uint64_t)links);
    end(out);
}

static bool gives4_on(const struct daemon *daemon, const struct network_interface *link)
{
    const struct network *network = daemon->views.network->network;
    if (link->loopback || dhcp_config_excludes(&daemon->config->dhcp, link->name))
        return false;
    for (size_t i = 0; i < network->address_count; i++) {
        const struct network_address *own = &network->addresses[i];
        if (own->interface == link->index && own->address.family == ADDRESS_IP4
            && network_admits(network, &daemon->config->site, link->index, &own->address))
            return true;
    }
    return false;
}

static bool gives6_on(const struct daemon *daemon, const struct network_interface *link)
{
    return served6_joins(daemon->views.network->network, &daemon->config->site,
                         &daemon->config->dhcp, link->index);
}

/* On how many interfaces; a relay has other rules. */
static int64_t count_links(const struct daemon *daemon, bool relays,
                           bool (*gives_on)(const struct daemon *daemon,
                                            const struct network_interface *link))
{
    const struct network *network = daemon->views.network->network;
    int64_t count = 0;
    for (size_t i = 0; i < network->interface_count; i++)
        count += gives_on(daemon, &network->interfaces[i]);
    return relays ? -1 : count;
}

static void put_services(struct text_out *out, const struct daemon *daemon)
{
    const struct dhcp_settled *settled = &daemon->dhcp.settled;
    if (daemon->config->site.port != 0)
        put_serves(out, "DNS", daemon->config->site.port, -1);
    if (daemon->dhcp.ip4.active)
        put_serves(out, "DHCP", 67, count_links(daemon, settled->relays4, gives4_on));
    if (daemon->dhcp.ip6.active)
        put_serves(out, "DHCPv6", 547, count_links(daemon, settled->relays6, gives6_on));
    if (daemon->tftp.active)
        put_serves(out, "TFTP", 69, -1);
}

/* ------------------------------------------------------------------ interfaces */

static void put_serves_on(struct text_out *out, const char *what, const char *name)
{
    begin(out, "serves_on");
    field(out, what);
    field(out, name);
    end(out);
}

/* DHCPv6 answers there, whatever is advertised. */
static bool has_dhcp6(const struct range6_set *set, uint32_t interface)
{
    struct range6_set here = range6_set_of(set, interface);
    for (size_t i = 0; i < here.count; i++) {
        if (range6_has_dhcp(here.ranges[i].range))
            return true;
    }
    return false;
}

static void put_dhcp6_links(struct text_out *out, const struct daemon *daemon)
{
    const struct network *network = daemon->views.network->network;
    struct range6_set set = { .count = 0 };
    struct arena arena;
    unsigned told = 0;
    arena_init(&arena, RANGES_BYTES, RANGES_BYTES_MAX);
    if (range6_set_build(&daemon->config->dhcp, network, &arena, &set) != STATUS_OK)
        set.count = 0;
    for (size_t i = 0; i < network->interface_count && told < LINKS_MAX; i++) {
        const struct network_interface *link = &network->interfaces[i];
        if (!gives6_on(daemon, link) || !has_dhcp6(&set, link->index))
            continue;
        put_serves_on(out, "DHCPv6", link->name);
        told++;
    }
    arena_free(&arena);
}

static void put_links(struct text_out *out, const struct daemon *daemon)
{
    if (daemon->dhcp.ip6.active)
        put_dhcp6_links(out, daemon);
    if (!daemon->ra.active || daemon->ra.server == NULL)
        return;
    const struct ra_links *links = ra_server_links(daemon->ra.server);
    unsigned told = 0;
    for (size_t i = 0; i < links->count && told < LINKS_MAX; i++) {
        if (links->at[i].prefix_count == 0)
            continue;
        put_serves_on(out, "RA", links->at[i].name);
        told++;
    }
}

static void put_place(struct text_out *out, const struct place *from)
{
    char place[256];
    struct text_out where = text_out_on(place, sizeof place);
    if (from->source == NULL)
        text_put(&where, TEXT("command line"));
    else
        text_printf(&where, "%s:%u", from->source, from->line);
    field(out, place);
}

static void put_absent(struct text_out *out, const struct daemon *daemon)
{
    const struct site *site = &daemon->config->site;
    unsigned told = 0;
    for (size_t i = 0; i < site->interface_count && told < LINKS_MAX; i++) {
        const struct site_interface *line = &site->interfaces[i];
        if (network_has_name(daemon->views.network->network, line))
            continue;
        begin(out, "absent");
        text_put_char(out, '\t');
        text_put_safe(out, text_bytes(text_of(line->pattern)));
        text_put_string(out, line->prefix ? "*" : "");
        put_place(out, &line->place);
        number(out, line->prefix);
        end(out);
        told++;
    }
}

/* ------------------------------------------------------------------ upstreams */

static void put_endpoint(struct text_out *out, const struct endpoint *endpoint)
{
    text_put_char(out, '\t');
    if (!address_is_none(&endpoint->address))
        text_put_endpoint(out, endpoint);
}

/* It has answered, and most times. */
static bool does_its_work(const struct dns_server_counters *counters)
{
    return counters->heard != 0 && counters->failed <= counters->sent / 4;
}

static void put_upstreams(struct text_out *out, const struct daemon *daemon,
                          const struct worker_report *workers)
{
    const struct dns_view *view = views_current(&daemon->views);
    for (size_t i = 0; i < view->server_count; i++) {
        const struct dns_server *server = &view->servers[i];
        bool known = workers != NULL && i < workers->server_count;
        begin(out, "upstream");
        put_endpoint(out, &server->endpoint);
        field(out, server->interface != NULL ? server->interface : "");
        put_endpoint(out, &server->source);
        put_place(out, &server->place);
        number(out, known && does_its_work(&workers->servers[i]));
        number(out, dns_loops_has(&daemon->loops, view->generation, i));
        end(out);
    }
}

static void put_others(struct text_out *out, const struct daemon *daemon)
{
    if (daemon->dhcp.ip4.server == NULL)
        return;
    const struct dhcp4_others *others = dhcp4_server_others(daemon->dhcp.ip4.server);
    mono_ms now = instant_mono();
    for (size_t i = 0; i < others->count; i++) {
        char text[ADDRESS_TEXT_MAX];
        const struct network_interface *interface =
            network_by_index(daemon->views.network->network, others->at[i].interface);
        begin(out, "other_dhcp");
        field(out, address_text(&others->at[i].address, text));
        field(out, interface != NULL ? interface->name : "");
        number(out, (now - others->at[i].heard) / MS_PER_S);
        end(out);
    }
}

static void put_limit(void *context, const struct limit *limit)
{
    struct control_answer *answer = context;
    begin(&answer->out, "limit");
    field(&answer->out, limit->name);
    number(&answer->out, limit->most);
    number(&answer->out, limit->hit);
    end(&answer->out);
}

/* ------------------------------------------------------------------ files */

static void put_file(struct text_out *out, const char *path, unsigned *count)
{
    if (path == NULL || path[0] == '\0' || access(path, R_OK) == 0 || *count >= FILES_MAX)
        return;
    ++*count;
    begin(out, "unreadable");
    field(out, path);
    field(out, strerror(errno));
    end(out);
}

static void put_files(struct text_out *out, const struct daemon *daemon)
{
    const struct config *config = daemon->config;
    unsigned count = 0;
    size_t resolv_count;
    const char *const *resolv = views_resolv_paths(&daemon->views, &resolv_count);
    for (size_t i = 0; i < resolv_count; i++)
        put_file(out, resolv[i], &count);
    for (size_t i = 0; i < config->dns.hosts_file_count; i++)
        put_file(out, config->dns.hosts_files[i].path, &count);
    for (size_t i = 0; i < config->dns.hosts_folder_count; i++)
        put_file(out, config->dns.hosts_folders[i].path, &count);
    put_file(out, config->dns.servers_file.path, &count);
    for (size_t i = 0; i < config->dhcp.source_count; i++)
        put_file(out, config->dhcp.sources[i].path, &count);
}

static void put_lease_file(struct text_out *out, struct daemon *daemon)
{
    if (daemon->dhcp.store.backend == NULL)
        return;
    const char *path = lease_store_path(daemon->config, &daemon->startup);
    begin(out, "lease_file");
    field(out, path);
    field(out, access(path, W_OK) == 0 ? "" : strerror(errno));
    end(out);
}

static void put_clock(struct text_out *out, const struct daemon *daemon)
{
    struct instant since = control_since(daemon->control), now = instant_now();
    begin(out, "clock");
    text_printf(out, "\t%lld\t%lld", (long long)(now.wall - since.wall),
                (long long)((now.mono - since.mono) / MS_PER_S));
    end(out);
}

void control_facts(struct control_answer *answer)
{
    struct daemon *daemon = answer->daemon;
    size_t servers = views_current(&daemon->views)->server_count;
    if (!control_answer_room(answer,
                             BYTES_BASE + servers * BYTES_A_SERVER + FILES_MAX * BYTES_A_FILE))
        return;
    control_answer_ok(answer);
    put_process(&answer->out, daemon->main_pid);
    put_process(&answer->out, getpid());
    put_services(&answer->out, daemon);
    put_links(&answer->out, daemon);
    put_absent(&answer->out, daemon);
    put_upstreams(&answer->out, daemon, answer->workers);
    put_others(&answer->out, daemon);
    limit_rows_each(daemon, answer->workers, put_limit, answer);
    put_files(&answer->out, daemon);
    put_lease_file(&answer->out, daemon);
    put_clock(&answer->out, daemon);
}

/* linnetctl doctor: what only the daemon knows, as facts, a line each with tabs between its fields;
 * linnetctl looks at the rest of the machine and draws the conclusions.
 *
 *     serves       what, its port
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
#include "dhcp4/dhcp4_watch.h"
#include "platform/instant.h"
#include "wire/dhcp_codes.h"

#define BYTES_BASE     16384
#define BYTES_A_SERVER 512
#define BYTES_A_FILE   512
#define FILES_MAX      64 /* unreadable ones told */
#define MS_PER_S       1000

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

static void put_serves(struct text_out *out, const char *what, unsigned port)
{
    begin(out, "serves");
    field(out, what);
    number(out, port);
    end(out);
}

static void put_services(struct text_out *out, const struct daemon *daemon)
{
    if (daemon->config->site.port != 0)
        put_serves(out, "DNS", daemon->config->site.port);
    if (daemon->dhcp.ip4.active)
        put_serves(out, "DHCP", 67);
    if (daemon->dhcp.ip6.active)
        put_serves(out, "DHCPv6", 547);
    if (daemon->tftp.active)
        put_serves(out, "TFTP", 69);
}

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
        char place[256];
        struct text_out where = text_out_on(place, sizeof place);
        if (server->place.source == NULL)
            text_put(&where, TEXT("command line"));
        else
            text_printf(&where, "%s:%u", server->place.source, server->place.line);
        begin(out, "upstream");
        put_endpoint(out, &server->endpoint);
        field(out, server->interface != NULL ? server->interface : "");
        put_endpoint(out, &server->source);
        field(out, place);
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
    put_services(&answer->out, daemon);
    put_upstreams(&answer->out, daemon, answer->workers);
    put_others(&answer->out, daemon);
    limit_rows_each(daemon, answer->workers, put_limit, answer);
    put_files(&answer->out, daemon);
    put_lease_file(&answer->out, daemon);
    put_clock(&answer->out, daemon);
}

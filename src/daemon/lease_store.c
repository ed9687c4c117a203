#include "daemon/lease_store.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "dhcp6/dhcp6_server.h"
#include "platform/clock_steps.h"
#include "platform/instant.h"
#include "store/lease_file_io.h"

#define DEFAULT_LEASE_FOLDER      "/var/lib/linnet"
#define LOOK_MS                   60000 /* at the clock, where nobody tells of it */
#define DEFAULT_LEASE_FILE_COMPAT "/var/lib/misc/dnsmasq.leases"

static void on_committed(void *context, uint64_t ticket, enum status status)
{
    struct lease_store *store = context;
    const struct lease_store_user *user =
        (ticket & DHCP6_TICKET) != 0 ? &store->user6 : &store->user4;
    if (user->committed != NULL)
        user->committed(user->context, ticket, status);
}

static void on_trouble(void *context, bool kept, const char *what, int error)
{
    (void)context;
    log_line(LOG_PART_DHCP, kept ? LOG_WARN : LOG_ERROR, "lease file: %s: %s", what,
             strerror(error));
}

const char *lease_store_path(const struct config *config, struct startup *startup)
{
    const char *path = config->dhcp.lease_file;
    if (path != NULL && path[0] != '\0')
        return path;
    if (strcmp(startup->program, "dnsmasq") == 0)
        return DEFAULT_LEASE_FILE_COMPAT;
    startup_make_folder(startup, &config->daemon, DEFAULT_LEASE_FOLDER);
    return DEFAULT_LEASE_FOLDER "/linnet.leases";
}

void lease_store_open(struct lease_store *store, struct startup *startup, uv_loop_t *loop,
                      const struct config *config, const struct siphash_key *key, bool serves4,
                      bool serves6)
{
    uint32_t most = config->dhcp.leases_max;
    *store = (struct lease_store){ .config = config, .loop = loop, .clock_fd = -1 };
    if (lease_table_create(key, most, &store->leases4) != STATUS_OK
        || lease_table_create(key, most, &store->leases6) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for %u leases", most);
    if ((!serves4 && !serves6) || config->script.lease_file_ro)
        return; /* a relay alone keeps nothing, and otherwise the script does */
    const char *path = lease_store_path(config, startup);
    struct lease_file_setup setup = {
        .loop = loop,
        .path = path,
        .table = store->leases4,
        .table6 = serves6 ? store->leases6 : NULL,
        .committed = on_committed,
        .trouble = on_trouble,
        .context = store,
    };
    if (lease_file_open(&setup, &store->backend) != STATUS_OK)
        startup_fail(startup, EXIT_FILE, "cannot open or create lease file %s: %s", path,
                     strerror(errno));
}

/* ------------------------------------------------------------------ loading */

struct loading {
    struct lease_store *store;
    struct instant now;
    uint32_t longest_s;
    unsigned left_out; /* there was no room for */
};

/* Of those that end. */
static uint32_t longer(uint32_t a, uint32_t b)
{
    return b != DURATION_INFINITE && b > a ? b : a;
}

static void keep_duid(struct lease_store *store, const struct lease_line *line)
{
    if (line->duid_count == 0 || line->duid_count > DHCP6_DUID_MAX)
        return;
    memcpy(store->duid, line->duid, line->duid_count);
    store->duid_count = line->duid_count;
}

/* What a client may rely on at most. */
static uint32_t longest_lease(const struct dhcp_config *dhcp)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < dhcp->range_count; i++)
        longest = longer(longest, dhcp->ranges[i].lease_s);
    for (size_t i = 0; i < dhcp->range6_count; i++)
        longest = longer(longest, dhcp->ranges6[i].lease_s);
    for (size_t i = 0; i < dhcp->host_count; i++)
        longest = longer(longest, dhcp->hosts[i].lease_given ? dhcp->hosts[i].lease_s : 0);
    return longest > 0 ? longest : DHCP_LEASE6_DEFAULT_S;
}

static bool load_lease(struct loading *loading, const struct lease_store_user *user,
                       const struct lease_line *line)
{
    struct lease_line read = *line;
    read.expires = lease_clock_expiry(line->expires, loading->now.wall, loading->longest_s);
    if (user->load(user->context, &read, loading->now) != STATUS_FULL)
        return true;
    loading->left_out++;
    return read.expires == 0 || read.expires > loading->now.wall;
}

/* False: it was over before it was read, and there is no room for it either. */
static bool load_line(void *context, const struct lease_line *line)
{
    struct loading *loading = context;
    struct lease_store *store = loading->store;
    bool is_ip6 = line->kind == LEASE_LINE_LEASE && line->lease_kind != LEASE_IP4;
    const struct lease_store_user *user = is_ip6 ? &store->user6 : &store->user4;
    if (line->kind == LEASE_LINE_DUID)
        keep_duid(store, line);
    else if (user->load != NULL)
        return load_lease(loading, user, line);
    return true;
}

static void complain(void *context, unsigned line, const char *why)
{
    (void)context;
    log_line(LOG_PART_DHCP, LOG_WARN, "lease file: ignoring line %u: %s", line, why);
}

/* leasefile-ro: as a lease file has them. */
static void load_init_lines(struct loading *loading)
{
    struct lease_store *store = loading->store;
    struct text rest = store->init_lines;
    struct text text;
    struct lease_line line;
    for (unsigned number = 1; text_next_line(&rest, &text); number++) {
        if (lease_line_read(text, &line) == STATUS_OK)
            (void)load_line(loading, &line);
        else
            complain(loading, number, "not a lease");
    }
    free((char *)(uintptr_t)store->init_lines.at);
    store->init_lines = TEXT_NONE;
}

/* ------------------------------------------------------------------ the clock is set */

void lease_store_look_at_clock(struct lease_store *store, struct instant now)
{
    int64_t seconds = lease_clock_step(&store->clock, now);
    if (seconds == 0)
        return;
    log_line(LOG_PART_DHCP, LOG_INFORM,
             "the clock was set %s by %lld s: leases run on, and the lease file follows",
             seconds > 0 ? "forward" : "back", (long long)(seconds > 0 ? seconds : -seconds));
    lease_clock_follow(store->leases4, now);
    lease_clock_follow(store->leases6, now);
    if (store->backend != NULL)
        store->backend->class_->renew_all(store->backend);
}

static void on_clock_set(uv_poll_t *poll, int status, int events)
{
    struct lease_store *store = poll->data;
    (void)status;
    (void)events;
    clock_steps_take(store->clock_fd);
    lease_store_look_at_clock(store, instant_now());
}

static void on_look(uv_timer_t *timer)
{
    lease_store_look_at_clock(timer->data, instant_now());
}

/* Told of it where the system does that, else looked at now and then. */
static void watch_clock(struct lease_store *store, struct instant now)
{
    lease_clock_start(&store->clock, now);
    store->clock_timer.data = store->clock_poll.data = store;
    (void)uv_timer_init(store->loop, &store->clock_timer);
    if (clock_steps_open(&store->clock_fd) == STATUS_OK
        && uv_poll_init(store->loop, &store->clock_poll, store->clock_fd) == 0) {
        (void)uv_poll_start(&store->clock_poll, UV_READABLE, on_clock_set);
        return;
    }
    if (store->clock_fd >= 0)
        close(store->clock_fd);
    store->clock_fd = -1;
    (void)uv_timer_start(&store->clock_timer, on_look, LOOK_MS, LOOK_MS);
}

static void on_clock_closed(uv_handle_t *handle)
{
    struct lease_store *store = handle->data;
    close(store->clock_fd);
    store->clock_fd = -1;
}

static void unwatch_clock(struct lease_store *store)
{
    if (store->clock_timer.data != NULL)
        uv_close((uv_handle_t *)&store->clock_timer, NULL);
    if (store->clock_fd >= 0)
        uv_close((uv_handle_t *)&store->clock_poll, on_clock_closed);
}

void lease_store_load(struct lease_store *store, struct startup *startup, struct instant now)
{
    struct loading loading = { .store = store,
                               .now = now,
                               .longest_s = longest_lease(&store->config->dhcp) };
    enum status status = STATUS_OK;
    if (store->backend != NULL)
        status = store->backend->class_->load(store->backend, load_line, complain, &loading);
    load_init_lines(&loading);
    if (loading.left_out > 0)
        log_line(LOG_PART_DHCP, LOG_WARN,
                 "more leases in the file than dhcp-lease-max allows: %u have no room",
                 loading.left_out);
    if (status != STATUS_OK)
        startup_fail(startup, EXIT_FILE, "cannot read the lease file: %s", status_text(status));
    watch_clock(store, now);
}

void lease_store_set_duid(struct lease_store *store, struct bytes duid)
{
    struct bytes known = bytes_of(store->duid, store->duid_count);
    if (duid.count == 0 || duid.count > DHCP6_DUID_MAX || bytes_equal(duid, known))
        return;
    memcpy(store->duid, duid.at, duid.count);
    store->duid_count = duid.count;
    if (store->backend != NULL
        && store->backend->class_->set_duid(store->backend, duid) != STATUS_OK)
        log_line(LOG_PART_DHCP, LOG_ERROR,
                 "no memory to keep who we are: DHCPv6 clients will see another server after a "
                 "restart");
}

void lease_store_close(struct lease_store *store)
{
    if (store->backend != NULL)
        store->backend->class_->close(store->backend);
    unwatch_clock(store);
}

void lease_store_free(struct lease_store *store)
{
    lease_table_free(store->leases4);
    lease_table_free(store->leases6);
}

#include "daemon/script_service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/script_helper.h"
#include "daemon/script_lua.h"
#include "store/lease.h"

#define OTHERS_MAX       1024 /* events that wait and are not of a lease */
#define PATIENCE_S       60   /* until it is said that a script takes long; then twice that */
#define INIT_BYTES_MAX   ((size_t)256 << 20)
#define EXIT_SCRIPT_INIT 10 /* and the script's own exit code */
#define NOTES_A_TURN     64

/* ------------------------------------------------------------------ handing on */

static void on_patience(uv_timer_t *timer)
{
    struct script_service *service = CONTAINER_OF(timer, struct script_service, patience);
    service->waited_s = service->waited_s > 0 ? 2 * service->waited_s : PATIENCE_S;
    log_line(LOG_PART_MAIN, LOG_WARN, "the lease script has been running for %u s, %zu events wait",
             service->waited_s, service->queue.count);
    uv_timer_start(timer, on_patience, (uint64_t)service->waited_s * 1000, 0);
}

static void process_is_gone(struct script_service *service)
{
    log_line(LOG_PART_MAIN, LOG_ERROR,
             "the process that runs lease scripts is gone: restart to have them run again");
    uv_poll_stop(&service->poll);
    uv_timer_stop(&service->patience);
    service->gone = true;
    service->busy = false;
}

/* STATUS_AGAIN: the socket does not take it now, and it stays the next. */
NODISCARD static enum status give(struct script_service *service)
{
    struct bytes record;
    if (!script_queue_first(&service->queue, &record))
        return STATUS_NOT_FOUND;
    ssize_t sent;
    do
        sent = send(service->fd, record.at, record.count, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    if (sent < 0 && (errno == EPIPE || errno == ECONNRESET))
        return STATUS_CLOSED;
    if (sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM))
        return STATUS_AGAIN;
    /* What no socket would ever take must not hold up the rest. */
    if (sent < 0)
        service->lost++;
    script_queue_drop_first(&service->queue);
    return sent < 0 ? STATUS_SYSTEM : STATUS_OK;
}

static void on_event_of_socket(uv_poll_t *poll, int status, int events);

static void listen_for(struct script_service *service, int events)
{
    uv_poll_start(&service->poll, events, on_event_of_socket);
}

/* One at a time: what waits here can still be superseded, what waits in the socket cannot. */
static void give_next(struct script_service *service)
{
    enum status status = STATUS_SYSTEM;
    if (!service->polling || service->gone || !service->ready || service->busy)
        return;
    while (status == STATUS_SYSTEM)
        status = give(service);
    if (status == STATUS_CLOSED)
        process_is_gone(service);
    if (status == STATUS_AGAIN)
        listen_for(service, UV_READABLE | UV_WRITABLE);
    if (status != STATUS_OK)
        return;
    service->busy = true;
    service->waited_s = 0;
    uv_timer_start(&service->patience, on_patience, PATIENCE_S * 1000, 0);
}

static void put(struct script_service *service, const struct script_record *record)
{
    if (service->gone)
        return;
    if (script_queue_put(&service->queue, record) != STATUS_OK) {
        service->lost++;
        if (!service->full)
            log_line(LOG_PART_MAIN, LOG_ERROR,
                     "too many events wait for the lease script: some are lost");
        service->full = true;
        return;
    }
    give_next(service);
}

/* ------------------------------------------------------------------ events */

static struct text text_or_none(const char *string)
{
    return string != NULL ? text_of(string) : TEXT_NONE;
}

/* Of "fe80::1%eth0"; a lease file may have anything in its place. */
static struct address address_of_hop(const char *next_hop)
{
    struct address address;
    struct text text = text_or_none(next_hop);
    if (address_from_text(text_part(text, 0, text_find(text, '%')), &address) != STATUS_OK)
        return (struct address){ 0 };
    return address;
}

static void put_lease(struct script_service *service, const struct event *event,
                      enum script_action action)
{
    const struct lease *lease = event->lease;
    struct script_record record = {
        .action = action,
        .address = lease->address,
        .hardware = lease->hardware,
        .has_facts = event->has_facts,
        .facts = event->facts,
        .client_id = bytes_of(lease->client_id, lease->client_id_count),
        .server_duid = event->server_duid,
        .iaid = lease->iaid,
        .temporary = lease->kind == LEASE_IP6_TA,
        .prefix_length = lease->prefix_length,
        .client = address_of_hop(lease->next_hop),
        .expires = lease->expires_wall,
        .name = text_or_none(lease->name),
        .domain = text_or_none(lease->domain),
        .old_name = text_or_none(event->old_name),
        .old_domain = text_or_none(event->old_domain),
        .interface = text_or_none(event->interface),
    };
    if (event->relay != NULL)
        record.relay = *event->relay;
    put(service, &record);
}

static void put_snooped(struct script_service *service, const struct event *event)
{
    struct script_record record = {
        .action = SCRIPT_RELAY_SNOOP,
        .address = *event->address,
        .interface = text_or_none(event->interface),
        .path = text_or_none(event->text),
    };
    put(service, &record);
}

static void put_event(struct script_service *service, const struct event *event)
{
    const struct script_config *config = &service->config->script;
    if (event->kind == EVENT_LEASE_ADDED)
        put_lease(service, event, SCRIPT_ADD);
    else if (event->kind == EVENT_LEASE_CHANGED || event->kind == EVENT_LEASE_KNOWN)
        put_lease(service, event, SCRIPT_OLD);
    else if (event->kind == EVENT_LEASE_REMOVED)
        put_lease(service, event, SCRIPT_DEL);
    else if (event->kind == EVENT_DHCP_SNOOPED)
        put_snooped(service, event);
    else if (event->kind == EVENT_LEASE_RENEWED
             && (event->has_facts || config->on_renewal || config->lease_file_ro))
        put_lease(service, event, SCRIPT_OLD);
}

static void on_event(void *context, const struct event *event)
{
    struct script_service *service = context;
    event_tell(&service->next, event);
    put_event(service, event);
}

static void on_neighbour(void *context, bool is_there, const struct address *address,
                         const struct hardware *hardware)
{
    struct script_record record = {
        .action = is_there ? SCRIPT_ARP_ADD : SCRIPT_ARP_DEL,
        .address = *address,
        .hardware = *hardware,
    };
    put(context, &record);
}

void script_service_sent(struct script_service *service, const struct address *to, const char *path,
                         uint64_t bytes)
{
    struct script_record record = {
        .action = SCRIPT_TFTP, .address = *to, .path = text_of(path), .size = bytes
    };
    if (service->active)
        put(service, &record);
}

#define WANT(kind) (UINT64_C(1) << (kind))

struct event_sink script_service_sink(struct script_service *service, struct event_sink next)
{
    if (!service->active)
        return next;
    service->next = next;
    return (struct event_sink){
        .wanted = next.wanted | WANT(EVENT_LEASE_ADDED) | WANT(EVENT_LEASE_CHANGED)
                  | WANT(EVENT_LEASE_REMOVED) | WANT(EVENT_LEASE_RENEWED) | WANT(EVENT_LEASE_KNOWN)
                  | WANT(EVENT_DHCP_SNOOPED),
        .on_event = on_event,
        .context = service,
        .wants_facts = true,
    };
}

/* ------------------------------------------------------------------ what comes back */

static void log_safe(enum log_part part, enum log_level level, struct text text)
{
    char buffer[LOG_LINE_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_put_safe(&out, text_bytes(text));
    log_text(part, level, text_out_text(&out));
}

static void finish(struct script_service *service)
{
    service->busy = false;
    service->full = false;
    uv_timer_stop(&service->patience);
    give_next(service);
}

static void take_note(struct script_service *service, struct bytes message)
{
    struct script_note note;
    if (script_note_read(message, &note) != STATUS_OK)
        return;
    switch (note.kind) {
    case SCRIPT_NOTE_READY:
        /* Of a new process: what the one before was at is lost with it, and not begun again, for it
         * may be what ended it. */
        service->ready = true;
        finish(service);
        break;
    case SCRIPT_NOTE_DONE:
        finish(service);
        break;
    case SCRIPT_NOTE_LINE:
        log_safe(LOG_PART_SCRIPT, LOG_INFORM, note.text);
        break;
    case SCRIPT_NOTE_WARNING:
        log_safe(LOG_PART_MAIN, LOG_WARN, note.text);
        break;
    case SCRIPT_NOTE_COUNT:
        break;
    }
}

static void take_notes(struct script_service *service)
{
    uint8_t message[SCRIPT_NOTE_MAX];
    /* Bounded, so that a script that prints without end does not hold up the loop. */
    for (int i = 0; i < NOTES_A_TURN && !service->gone; i++) {
        ssize_t count = recv(service->fd, message, sizeof(message), 0);
        if (count > 0) {
            take_note(service, bytes_of(message, (size_t)count));
            continue;
        }
        if (count == 0 || (errno != EAGAIN && errno != EINTR))
            process_is_gone(service);
        return;
    }
}

static void on_event_of_socket(uv_poll_t *poll, int status, int events)
{
    (void)status;
    struct script_service *service = CONTAINER_OF(poll, struct script_service, poll);
    if ((events & UV_WRITABLE) != 0) {
        listen_for(service, UV_READABLE);
        give_next(service);
    }
    if (!service->gone)
        take_notes(service);
}

/* ------------------------------------------------------------------ life */

static const char *or_none(const char *path)
{
    return script_config_has(path) ? path : NULL;
}

void script_service_open(struct script_service *service, struct startup *startup, uv_loop_t *loop,
                         const struct config *config, const struct siphash_key *key)
{
    *service = (struct script_service){
        .config = config,
        .loop = loop,
        .key = *key,
        .fd = -1,
        .active = script_config_wanted(&config->script),
        .setup = {
            .path = or_none(config->script.path),
            .lua = or_none(config->script.lua),
            .log_dhcp = config->site.log_dhcp,
            .run_seconds_max = SCRIPT_RUN_SECONDS_MAX,
        },
    };
    const char *unknown;
    if (!service->active)
        return;
    if (privilege_is_root()
        && privilege_find(config->script.user, NULL, NULL, &service->setup.user, &unknown)
               != STATUS_OK)
        startup_fail(startup, EXIT_CONFIG, "unknown user or group: %s", unknown);
    if (service->setup.lua != NULL && !script_lua_is_there())
        startup_fail(startup, EXIT_OTHER,
                     "Lua not available: the library of Lua 5.4 cannot be loaded");
    /* A lease has two entries at most. */
    if (script_queue_init(&service->queue, key, 2 * (size_t)config->dhcp.leases_max + OTHERS_MAX)
        != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for lease scripts");
    if (script_helper_start(&service->setup, &service->fd) != STATUS_OK)
        startup_fail(startup, EXIT_OTHER, "cannot start the process that runs lease scripts: %s",
                     strerror(errno));
}

struct text script_service_init(const struct script_service *service, struct startup *startup)
{
    char *output = NULL;
    size_t count = 0;
    int code = 0;
    if (service->setup.path == NULL)
        return TEXT_NONE;
    if (access(service->setup.path, X_OK) != 0)
        startup_fail(startup, EXIT_FILE, "cannot run lease-init script %s: %s", service->setup.path,
                     strerror(errno));
    enum status status =
        script_runner_init(&service->setup, INIT_BYTES_MAX, &output, &count, &code);
    if (status != STATUS_OK)
        startup_fail(startup, EXIT_FILE, "cannot run lease-init script %s: %s", service->setup.path,
                     status == STATUS_SYSTEM ? strerror(errno) : "it prints too much");
    if (code < 0)
        startup_fail(startup, EXIT_OTHER, "lease-init script was killed by a signal");
    if (code != 0)
        startup_fail(startup, EXIT_SCRIPT_INIT + code, "lease-init script returned exit code %d",
                     code);
    return (struct text){ output, count };
}

void script_service_start(struct script_service *service)
{
    if (!service->active)
        return;
    int error = uv_poll_init(service->loop, &service->poll, service->fd);
    if (error != 0) {
        log_line(LOG_PART_MAIN, LOG_ERROR,
                 "cannot reach the process that runs lease scripts, none is run: %s",
                 uv_strerror(error));
        service->gone = true;
        return;
    }
    uv_timer_init(service->loop, &service->patience);
    listen_for(service, UV_READABLE);
    service->polling = true;
    service->arp.tell = on_neighbour;
    service->arp.context = service;
    if (service->config->script.arp)
        script_arp_start(&service->arp, service->loop, &service->key);
}

void script_service_resume(struct script_service *service)
{
    service->ready = true;
    give_next(service);
}

void script_service_stop(struct script_service *service)
{
    if (!service->active || !service->polling)
        return;
    script_arp_stop(&service->arp);
    uv_close((uv_handle_t *)&service->poll, NULL);
    uv_close((uv_handle_t *)&service->patience, NULL);
    service->polling = false;
    enum status status = service->gone ? STATUS_CLOSED : STATUS_OK;
    while (status == STATUS_OK || status == STATUS_SYSTEM)
        status = give(service);
    service->lost += service->queue.count;
    if (service->lost > 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "%llu events for the lease script were lost",
                 (unsigned long long)service->lost);
    if (!service->gone)
        (void)shutdown(service->fd, SHUT_WR);
}

void script_service_free(struct script_service *service)
{
    if (!service->active)
        return;
    script_arp_free(&service->arp);
    script_queue_free(&service->queue);
    if (service->fd >= 0)
        close(service->fd);
    service->fd = -1;
}

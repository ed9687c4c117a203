#include "daemon/dbus_service.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon_state.h"
#include "daemon/dbus_methods.h"
#include "platform/instant.h"
#include "store/lease.h"

#define START_WAIT_MS    1000
#define MESSAGES_A_TURN  16

static void on_turn(void *context);

bool dbus_service_wanted(const struct config *config)
{
    return config->daemon.dbus_name != NULL;
}

/* ------------------------------------------------------------------ signals */

static void emit(struct dbus_service *service, const char *member, const char *const *arguments,
                 size_t count)
{
    const struct dbus_library *lib = service->library;
    sd_bus_message *signal = NULL;
    uint64_t queued = 0;
    if (service->bus == NULL)
        return;
    if (lib->get_n_queued_write(service->bus, &queued) < 0 || queued > DBUS_QUEUED_WRITE_MAX) {
        if (service->unsent++ == 0)
            log_line(LOG_PART_MAIN, LOG_WARN, "the bus does not take D-Bus signals: some are lost");
        return;
    }
    int code =
        lib->message_new_signal(service->bus, &signal, DBUS_OBJECT_PATH, service->name, member);
    for (size_t i = 0; i < count && code >= 0; i++)
        code = lib->message_append_basic(signal, 's', arguments[i]);
    if (code >= 0)
        code = lib->send(service->bus, signal, NULL);
    if (code < 0)
        service->unsent++;
    lib->message_unref(signal);
}

static void tell_lease(struct dbus_service *service, const char *member, const struct lease *lease)
{
    char address[ADDRESS_TEXT_MAX];
    char client[3 * LEASE_CLIENT_ID_MAX + 1];
    char name[2 * DNAME_TEXT_MAX + 2];
    struct text_out client_out = text_out_on(client, sizeof client);
    struct text_out name_out = text_out_on(name, sizeof name);
    if (lease->kind != LEASE_IP4)
        text_put_hex(&client_out, bytes_of(lease->client_id, lease->client_id_count), ':');
    else
        text_put_hex(&client_out, bytes_of(lease->hardware.bytes, lease->hardware.count), ':');
    if (text_is_empty(text_out_text(&client_out)))
        text_put_string(&client_out, "<null>");
    if (lease->name != NULL)
        text_put_string(&name_out, lease->name);
    if (lease->name != NULL && lease->domain != NULL) {
        text_put_char(&name_out, '.');
        text_put_string(&name_out, lease->domain);
    }
    const char *const arguments[] = { address_text(&lease->address, address), client, name };
    emit(service, member, arguments, COUNT_OF(arguments));
    on_turn(service);
}

static void on_event(void *context, const struct event *event)
{
    struct dbus_service *service = context;
    event_tell(&service->next, event);
    if (service->bus == NULL || event->lease == NULL)
        return;
    if (event->kind == EVENT_LEASE_ADDED)
        tell_lease(service, "DhcpLeaseAdded", event->lease);
    else if (event->kind == EVENT_LEASE_CHANGED || event->kind == EVENT_LEASE_KNOWN)
        tell_lease(service, "DhcpLeaseUpdated", event->lease);
    else if (event->kind == EVENT_LEASE_REMOVED)
        tell_lease(service, "DhcpLeaseDeleted", event->lease);
}

#define WANT(kind) (UINT64_C(1) << (kind))

struct event_sink dbus_service_sink(struct dbus_service *service, struct event_sink next)
{
    if (!service->active)
        return next;
    service->next = next;
    return (struct event_sink){
        .wanted = next.wanted | WANT(EVENT_LEASE_ADDED) | WANT(EVENT_LEASE_CHANGED)
                  | WANT(EVENT_LEASE_REMOVED) | WANT(EVENT_LEASE_KNOWN),
        .on_event = on_event,
        .context = service,
        .wants_facts = next.wants_facts,
    };
}

/* ------------------------------------------------------------------ connection */

static void announce(struct dbus_service *service)
{
    log_line(LOG_PART_MAIN, LOG_INFORM, "DBus support enabled: connected to system bus");
    if (service->queued)
        log_line(LOG_PART_MAIN, LOG_WARN, "the D-Bus name %s is another program's: waiting for it",
                 service->name);
    emit(service, "Up", NULL, 0);
}

static void on_close(void *context)
{
    struct dbus_service *service = context;
    service->library->close(service->bus);
    service->library->unref(service->bus);
    service->bus = NULL;
    service->owner = service->queued = false;
}

/* What the bus says of our wish for the name. */
static int on_name(sd_bus_message *message, void *context, sd_bus_error *unused)
{
    (void)unused;
    struct dbus_service *service = context;
    const sd_bus_error *error = service->library->message_get_error(message);
    struct text_out refusal = text_out_on(service->refusal, sizeof service->refusal);
    uint32_t answer = 0;
    if (error != NULL) {
        text_put_string(&refusal, error->message != NULL ? error->message : error->name);
        if (service->keeper.loop != NULL)
            log_line(LOG_PART_MAIN, LOG_ERROR, "DBus error: %s", service->refusal);
        return 0;
    }
    (void)service->library->message_read_basic(message, 'u', &answer);
    service->queued = answer == 2; /* DBUS_REQUEST_NAME_REPLY_IN_QUEUE */
    service->owner = !service->queued;
    service->keeper.tries = 0;
    if (service->keeper.loop != NULL)
        announce(service);
    return 0;
}

static int on_open(void *context)
{
    struct dbus_service *service = context;
    const struct dbus_library *lib = service->library;
    int fd = -1;
    if (lib->open_system(&service->bus) < 0) {
        service->bus = NULL;
        return -1;
    }
    service->refusal[0] = '\0';
    if (lib->add_fallback(service->bus, NULL, "/", dbus_methods_handle, service) >= 0
        && lib->request_name_async(service->bus, NULL, service->name, SD_BUS_NAME_QUEUE, on_name,
                                   service)
               >= 0)
        fd = lib->get_fd(service->bus);
    if (fd < 0)
        on_close(service);
    return fd;
}

/* ------------------------------------------------------------------ on the loop */

static int wanted_events(short events)
{
    return ((events & POLLIN) != 0 ? UV_READABLE : 0) | ((events & POLLOUT) != 0 ? UV_WRITABLE : 0);
}

/* In how many milliseconds the library wants to be called whatever happens; -1: not at all. */
static int64_t wait_ms(const struct dbus_service *service)
{
    uint64_t deadline_us = 0;
    if (service->library->get_timeout(service->bus, &deadline_us) < 0 || deadline_us == UINT64_MAX)
        return -1;
    uint64_t now_us = uv_hrtime() / 1000;
    return deadline_us > now_us ? (int64_t)((deadline_us - now_us) / 1000 + 1) : 0;
}

static void arm(struct dbus_service *service)
{
    int events = service->library->get_events(service->bus);
    bus_keeper_poll(&service->keeper, events >= 0 ? wanted_events((short)events) : -1,
                    wait_ms(service));
}

static void lose(struct dbus_service *service)
{
    if (service->owner || service->queued)
        log_line(LOG_PART_MAIN, LOG_WARN, "connection to system bus lost, trying again");
    bus_keeper_lose(&service->keeper);
}

/* Takes some messages, no more than a turn of the loop should have. */
static void take_messages(struct dbus_service *service)
{
    for (int i = 0; i < MESSAGES_A_TURN && service->bus != NULL; i++) {
        int code = service->library->process(service->bus, NULL);
        if (code == -EBUSY)
            return; /* we are in there already */
        if (code < 0) {
            lose(service);
            return;
        }
        if (code == 0)
            break;
    }
}

/* After anything that may have been read or queued. */
static void on_turn(void *context)
{
    struct dbus_service *service = context;
    if (!bus_keeper_runs(&service->keeper))
        return;
    take_messages(service);
    if (service->bus != NULL)
        arm(service);
}

static const struct bus_keeper_verbs verbs = {
    .open = on_open,
    .close = on_close,
    .joined = on_turn,
    .turn = on_turn,
};

/* ------------------------------------------------------------------ life */

/* Until the bus has answered, for a moment: with root's rights, which are gone after that. */
static void wait_for_name(struct dbus_service *service)
{
    mono_ms deadline = instant_mono() + START_WAIT_MS;
    while (!service->owner && !service->queued && service->refusal[0] == '\0') {
        int code = service->library->process(service->bus, NULL);
        mono_ms now = instant_mono();
        if (code < 0) {
            bus_keeper_lose(&service->keeper);
            return;
        }
        if (now >= deadline)
            return;
        if (code > 0)
            continue;
        int64_t wait = wait_ms(service);
        if (wait < 0 || wait > (int64_t)(deadline - now))
            wait = (int64_t)(deadline - now);
        struct pollfd one = {
            .fd = service->library->get_fd(service->bus),
            .events = (short)service->library->get_events(service->bus),
        };
        (void)poll(&one, 1, (int)wait);
    }
}

void dbus_service_open(struct dbus_service *service, struct startup *startup, struct daemon *daemon)
{
    const struct config *config = daemon->config;
    *service = (struct dbus_service){
        .daemon = daemon,
        .keeper = { .verbs = &verbs, .owner = service },
    };
    if (!dbus_service_wanted(config))
        return;
    /* A copy: the configuration it stands in is gone after a reload. */
    service->name =
        strdup(config->daemon.dbus_name[0] != '\0' ? config->daemon.dbus_name : DBUS_DEFAULT_NAME);
    if (service->name == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for the D-Bus name");
    service->library = dbus_library_load();
    if (service->library == NULL)
        startup_fail(startup, EXIT_OTHER, "DBus not available: libsystemd cannot be loaded");
    service->active = true;
}

void dbus_service_connect(struct dbus_service *service, struct startup *startup)
{
    if (!service->active || !bus_keeper_connect(&service->keeper))
        return;
    wait_for_name(service);
    if (service->refusal[0] != '\0' && startup != NULL)
        startup_fail(startup, EXIT_OTHER, "DBus error: %s", service->refusal);
}

void dbus_service_log(struct dbus_service *service)
{
    if (!service->active)
        return;
    if (service->owner || service->queued)
        announce(service);
    else
        log_line(LOG_PART_MAIN, LOG_INFORM, "DBus support enabled: bus connection pending");
}

void dbus_service_start(struct dbus_service *service)
{
    if (service->active)
        bus_keeper_start(&service->keeper, &service->daemon->loop);
}

void dbus_service_stop(struct dbus_service *service)
{
    if (service->keeper.loop == NULL)
        return;
    bus_keeper_stop(&service->keeper);
    free(service->name);
    service->name = NULL;
}

#include "daemon/ubus_service.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "daemon/daemon_state.h"
#include "daemon/ubus_library.h"
#include "store/lease.h"

#define METRICS_ASKED_MAX 8
#define NO_WAIT           (-1)

/* One connection. */
struct ubus_link {
    struct ubus_service *service;
    struct ubus_context *context;
    struct ubus_object object;
    struct ubus_object_type type;
};

/* A caller that waits for numbers. */
struct question {
    struct ubus_service *service;
    unsigned link; /* the number of the connection it came by */
    struct ubus_request_data request;
};

/* ------------------------------------------------------------------ the method */

static void tell_metrics(void *context, const struct commands_metric *metrics, size_t count,
                         const struct worker_report *report)
{
    (void)report;
    struct question *question = context;
    struct ubus_service *service = question->service;
    const struct ubus_library *lib = service->library;
    struct blob_buf message = { .buf = NULL };
    int status = UBUS_STATUS_UNKNOWN_ERROR;
    service->metrics_asked--;
    if (service->link == NULL || service->links != question->link) {
        free(question);
        return;
    }
    bool whole = lib->blob_buf_init(&message, 0) == 0;
    for (size_t i = 0; whole && i < count; i++) {
        uint32_t number = htonl((uint32_t)metrics[i].value);
        whole = lib->blobmsg_add_field(&message, BLOBMSG_TYPE_INT32, metrics[i].name, &number,
                                       sizeof number)
                == 0;
    }
    if (whole)
        status = lib->ubus_send_reply(service->link->context, &question->request, message.head);
    lib->ubus_complete_deferred_request(service->link->context, &question->request, status);
    lib->blob_buf_free(&message);
    free(question);
}

static int on_metrics(struct ubus_context *context, struct ubus_object *object,
                      struct ubus_request_data *request, const char *method,
                      struct blob_attr *message)
{
    (void)method;
    (void)message;
    struct ubus_service *service = CONTAINER_OF(object, struct ubus_link, object)->service;
    struct question *question = NULL;
    if (service->metrics_asked < METRICS_ASKED_MAX)
        question = malloc(sizeof *question);
    if (question == NULL)
        return UBUS_STATUS_UNKNOWN_ERROR;
    question->service = service;
    question->link = service->links;
    ubus_defer_request(context, request, &question->request);
    service->metrics_asked++;
    if (commands_metrics(service->daemon, tell_metrics, question))
        return UBUS_STATUS_OK;
    service->metrics_asked--;
    request->deferred = false;
    free(question);
    return UBUS_STATUS_UNKNOWN_ERROR;
}

static const struct ubus_method methods[] = {
    { .name = "metrics", .handler = on_metrics },
};

/* ------------------------------------------------------------------ notifications */

static bool add_text(const struct ubus_library *lib, struct blob_buf *message, const char *name,
                     const char *text)
{
    return lib->blobmsg_add_field(message, BLOBMSG_TYPE_STRING, name, text,
                                  (unsigned)strlen(text) + 1)
           == 0;
}

static void lose_one(struct ubus_service *service)
{
    if (service->unsent++ == 0)
        log_line(LOG_PART_MAIN, LOG_WARN,
                 "the bus does not take ubus notifications: some are lost");
}

static void notify(struct ubus_service *service, const char *type, const struct event *event)
{
    const struct ubus_library *lib = service->library;
    struct ubus_link *link = service->link;
    struct blob_buf message = { .buf = NULL };
    char address[ADDRESS_TEXT_MAX];
    char hardware[HARDWARE_TEXT_MAX];
    struct text_out hardware_out = text_out_on(hardware, sizeof hardware);
    const char *name = event->lease->name;
    text_put_hardware(&hardware_out, event->hardware);
    bool sent = lib->blob_buf_init(&message, 0) == 0 && add_text(lib, &message, "mac", hardware)
                && add_text(lib, &message, "ip", address_text(event->address, address))
                && (name == NULL || add_text(lib, &message, "name", name))
                && add_text(lib, &message, "interface", event->interface)
                && lib->ubus_notify(link->context, &link->object, type, message.head, NO_WAIT) == 0;
    if (!sent)
        lose_one(service);
    lib->blob_buf_free(&message);
}

/* What is not the lease of the one who speaks carries a text that says so. */
static bool is_of_own_lease(const struct event *event)
{
    return event->lease != NULL && event->hardware != NULL && event->address != NULL
           && event->interface != NULL && address_equal(&event->lease->address, event->address);
}

static void on_event(void *context, const struct event *event)
{
    struct ubus_service *service = context;
    event_tell(&service->next, event);
    if (service->link == NULL || !service->link->object.has_subscribers
        || event->kind != EVENT_DHCP_MESSAGE || !is_of_own_lease(event))
        return;
    if (strcmp(event->verb, "DHCPACK") == 0)
        notify(service, "dhcp.ack", event);
    else if (strcmp(event->verb, "DHCPRELEASE") == 0)
        notify(service, "dhcp.release", event);
}

struct event_sink ubus_service_sink(struct ubus_service *service, struct event_sink next)
{
    if (!service->active)
        return next;
    service->next = next;
    return (struct event_sink){
        .wanted = next.wanted | UINT64_C(1) << EVENT_DHCP_MESSAGE,
        .on_event = on_event,
        .context = service,
        .wants_facts = next.wants_facts,
    };
}

/* ------------------------------------------------------------------ connection */

static void on_close(void *context)
{
    struct ubus_service *service = context;
    service->library->ubus_free(service->link->context);
    free(service->link);
    service->link = NULL;
}

/* The library has one function for all connections, and we have one daemon. */
static struct ubus_service *listening;

static void on_lost(struct ubus_context *context)
{
    if (listening != NULL && listening->link != NULL && listening->link->context == context)
        listening->lost = true;
}

static bool add_object(struct ubus_service *service, struct ubus_link *link)
{
    link->type = (struct ubus_object_type){
        .name = service->name,
        .methods = methods,
        .n_methods = COUNT_OF(methods),
    };
    link->object = (struct ubus_object){
        .name = service->name,
        .type = &link->type,
        .methods = methods,
        .n_methods = COUNT_OF(methods),
    };
    return service->library->ubus_add_object(link->context, &link->object) == 0;
}

static int on_open(void *context)
{
    struct ubus_service *service = context;
    struct ubus_link *link = calloc(1, sizeof *link);
    if (link == NULL)
        return -1;
    link->service = service;
    link->context = service->library->ubus_connect(NULL);
    if (link->context == NULL) {
        free(link);
        return -1;
    }
    service->link = link;
    if (!add_object(service, link)) {
        on_close(service);
        return -1;
    }
    link->context->connection_lost = on_lost;
    listening = service;
    service->lost = false;
    service->links++;
    return link->context->sock.fd;
}

static void announce(struct ubus_service *service)
{
    service->keeper.tries = 0;
    log_line(LOG_PART_MAIN, LOG_INFORM, "UBus support enabled: connected to system bus");
}

/* ------------------------------------------------------------------ on the loop */

static void on_joined(void *context)
{
    struct ubus_service *service = context;
    bus_keeper_poll(&service->keeper, UV_READABLE, BUS_KEEPER_NO_WAIT);
    if (service->keeper.tries > 0) /* otherwise it was there at the start, which has been said */
        announce(service);
}

static void on_turn(void *context)
{
    struct ubus_service *service = context;
    ubus_handle_event(service->link->context);
    if (!service->lost)
        return;
    log_line(LOG_PART_MAIN, LOG_WARN, "connection to ubus lost, trying again");
    bus_keeper_lose(&service->keeper);
}

static const struct bus_keeper_verbs verbs = {
    .open = on_open,
    .close = on_close,
    .joined = on_joined,
    .turn = on_turn,
};

/* ------------------------------------------------------------------ life */

void ubus_service_open(struct ubus_service *service, struct startup *startup, struct daemon *daemon)
{
    const char *name = daemon->config->daemon.ubus_name;
    *service = (struct ubus_service){
        .daemon = daemon,
        .keeper = { .verbs = &verbs, .owner = service },
    };
    if (name == NULL)
        return;
    /* A copy: the configuration it stands in is gone after a reload. */
    service->name = strdup(name[0] != '\0' ? name : UBUS_DEFAULT_NAME);
    if (service->name == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for the ubus name");
    service->library = ubus_library_load();
    if (service->library == NULL)
        startup_fail(startup, EXIT_OTHER, "Ubus not available: libubus cannot be loaded");
    service->active = true;
}

void ubus_service_connect(struct ubus_service *service)
{
    if (service->active)
        (void)bus_keeper_connect(&service->keeper);
}

void ubus_service_log(struct ubus_service *service)
{
    if (!service->active)
        return;
    if (service->link != NULL)
        announce(service);
    else
        log_line(LOG_PART_MAIN, LOG_INFORM, "UBus support enabled: bus connection pending");
}

void ubus_service_start(struct ubus_service *service)
{
    if (service->active)
        bus_keeper_start(&service->keeper, &service->daemon->loop);
}

void ubus_service_stop(struct ubus_service *service)
{
    if (service->keeper.loop == NULL)
        return;
    bus_keeper_stop(&service->keeper);
    free(service->name);
    service->name = NULL;
}

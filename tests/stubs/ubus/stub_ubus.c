/* A library in place of libubus and libubox: it writes down what it is told, and a byte on a
 * socketpair makes it what the bus would. */
#include "stub_ubus.h"

#include <arpa/inet.h>
#include <libubus.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

char stub_ubus_said[8192];
bool stub_ubus_up;
int stub_ubus_open;

struct connection {
    struct ubus_context context; /* first: it is what callers hold */
    struct ubus_object *object;
    int far_end;
};

static struct connection *latest;

__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
    size_t count = strlen(stub_ubus_said);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(stub_ubus_said + count, sizeof stub_ubus_said - count, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------ messages: text */

int blob_buf_init(struct blob_buf *buffer, int id)
{
    (void)id;
    if (buffer->buf == NULL)
        buffer->buf = malloc(4096);
    buffer->buflen = 4096;
    buffer->head = buffer->buf;
    *(char *)buffer->buf = '\0';
    return 0;
}

void blob_buf_free(struct blob_buf *buffer)
{
    free(buffer->buf);
    *buffer = (struct blob_buf){ .buf = NULL };
}

int blobmsg_add_field(struct blob_buf *buffer, int type, const char *name, const void *data,
                      unsigned int count)
{
    char *text = buffer->buf;
    size_t used = strlen(text);
    size_t room = (size_t)buffer->buflen - used;
    uint32_t number;
    if (type == BLOBMSG_TYPE_INT32 && count == sizeof number) {
        memcpy(&number, data, sizeof number);
        snprintf(text + used, room, " %s=%u", name, ntohl(number));
        return 0;
    }
    if (type != BLOBMSG_TYPE_STRING || count == 0 || ((const char *)data)[count - 1] != '\0')
        return -1;
    snprintf(text + used, room, " %s=%s", name, (const char *)data);
    return 0;
}

/* ------------------------------------------------------------------ the bus */

static void call_metrics(struct connection *connection)
{
    struct ubus_request_data request = { .object = connection->object->id, .peer = 7 };
    for (int i = 0; i < connection->object->n_methods; i++) {
        const struct ubus_method *method = &connection->object->methods[i];
        if (strcmp(method->name, "metrics") != 0)
            continue;
        int status =
            method->handler(&connection->context, connection->object, &request, method->name, NULL);
        say("handled %d%s\n", status, request.deferred ? " deferred" : "");
    }
}

static void on_data(struct uloop_fd *descriptor, unsigned int events)
{
    struct connection *connection = latest;
    char what = 'x';
    (void)events;
    if (read(descriptor->fd, &what, 1) != 1)
        return;
    if (what == 'm')
        call_metrics(connection);
    else if (what == 's' || what == 'u')
        connection->object->has_subscribers = what == 's';
    else
        connection->context.connection_lost(&connection->context);
}

void stub_ubus_send(char what)
{
    if (write(latest->far_end, &what, 1) != 1)
        abort();
}

struct ubus_context *ubus_connect(const char *path)
{
    int ends[2];
    if (!stub_ubus_up || path != NULL)
        return NULL;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        abort();
    latest = calloc(1, sizeof *latest);
    if (latest == NULL)
        abort();
    latest->context.sock = (struct uloop_fd){ .cb = on_data, .fd = ends[0] };
    latest->far_end = ends[1];
    stub_ubus_open++;
    say("connect\n");
    return &latest->context;
}

void ubus_free(struct ubus_context *context)
{
    struct connection *connection = (struct connection *)context;
    close(connection->context.sock.fd);
    close(connection->far_end);
    free(connection);
    stub_ubus_open--;
    say("free\n");
}

int ubus_add_object(struct ubus_context *context, struct ubus_object *object)
{
    struct connection *connection = (struct connection *)context;
    connection->object = object;
    object->id = 5;
    say("object %s methods=%d type=%d\n", object->name, object->n_methods, object->type->n_methods);
    return 0;
}

int ubus_notify(struct ubus_context *context, struct ubus_object *object, const char *type,
                struct blob_attr *message, int timeout)
{
    (void)context;
    say("notify %s %s%s%s\n", object->name, type, (const char *)message,
        timeout < 0 ? "" : " waits");
    return 0;
}

int ubus_send_reply(struct ubus_context *context, struct ubus_request_data *request,
                    struct blob_attr *message)
{
    (void)context;
    say("reply to %u:%s\n", request->peer, (const char *)message);
    return 0;
}

void ubus_complete_deferred_request(struct ubus_context *context, struct ubus_request_data *request,
                                    int status)
{
    (void)context;
    say("complete %u %d\n", request->peer, status);
}

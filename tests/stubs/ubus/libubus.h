/* What ubus_service.c uses of libubus, declared by us for its test: no more than the documented
 * names and members. */
#ifndef STUB_LIBUBUS_H
#define STUB_LIBUBUS_H

#include <libubox/blobmsg.h>
#include <stdint.h>
#include <string.h>

#define ULOOP_READ 1

struct uloop_fd {
    void (*cb)(struct uloop_fd *descriptor, unsigned int events);
    int fd;
};

struct ubus_context {
    struct uloop_fd sock;
    void (*connection_lost)(struct ubus_context *context);
};

struct ubus_request_data {
    uint32_t object;
    uint32_t peer;
    bool deferred;
};

struct ubus_object;
typedef int (*ubus_handler_t)(struct ubus_context *context, struct ubus_object *object,
                              struct ubus_request_data *request, const char *method,
                              struct blob_attr *message);

struct ubus_method {
    const char *name;
    ubus_handler_t handler;
};

struct ubus_object_type {
    const char *name;
    uint32_t id;
    const struct ubus_method *methods;
    int n_methods;
};

struct ubus_object {
    const char *name;
    uint32_t id;
    struct ubus_object_type *type;
    bool has_subscribers;
    const struct ubus_method *methods;
    int n_methods;
};

enum ubus_msg_status {
    UBUS_STATUS_OK,
    UBUS_STATUS_UNKNOWN_ERROR = 9,
};

struct ubus_context *ubus_connect(const char *path);
void ubus_free(struct ubus_context *context);
int ubus_add_object(struct ubus_context *context, struct ubus_object *object);
int ubus_notify(struct ubus_context *context, struct ubus_object *object, const char *type,
                struct blob_attr *message, int timeout);
int ubus_send_reply(struct ubus_context *context, struct ubus_request_data *request,
                    struct blob_attr *message);
void ubus_complete_deferred_request(struct ubus_context *context,
                                    struct ubus_request_data *request, int status);

static inline void ubus_handle_event(struct ubus_context *context)
{
    context->sock.cb(&context->sock, ULOOP_READ);
}

static inline void ubus_defer_request(struct ubus_context *context,
                                      struct ubus_request_data *request,
                                      struct ubus_request_data *later)
{
    (void)context;
    memcpy(later, request, sizeof *request);
    request->deferred = true;
}

#endif

/* libubus and libubox, taken into memory only when enable-ubus is given. */
#ifndef LINNET_DAEMON_UBUS_LIBRARY_H
#define LINNET_DAEMON_UBUS_LIBRARY_H

#include <libubox/blobmsg.h>
#include <libubus.h>

/* Functions only: what the headers define inline needs no library. */
#define UBUS_LIBRARY_FUNCTIONS(each)                                                               \
    each(ubus_connect) each(ubus_free) each(ubus_add_object) each(ubus_notify)                     \
    each(ubus_send_reply) each(ubus_complete_deferred_request) each(blob_buf_init)                 \
    each(blob_buf_free) each(blobmsg_add_field)

#define UBUS_LIBRARY_FIELD(name) __typeof__(name) *name;
struct ubus_library {
    UBUS_LIBRARY_FUNCTIONS(UBUS_LIBRARY_FIELD)
};
#undef UBUS_LIBRARY_FIELD

/* Its functions; loads the library at the first call. NULL: it is not there, or too old. */
const struct ubus_library *ubus_library_load(void);

#endif

/* libsystemd's D-Bus, taken into memory only when enable-dbus is given. */
#ifndef LINNET_DAEMON_DBUS_LIBRARY_H
#define LINNET_DAEMON_DBUS_LIBRARY_H

#include <systemd/sd-bus.h>

#define DBUS_LIBRARY_FUNCTIONS(each)                                                               \
    each(open_system) each(close) each(unref) each(get_fd) each(get_events) each(get_timeout)      \
    each(process) each(add_fallback) each(request_name_async) each(get_n_queued_write)             \
    each(send) each(reply_method_errorf) each(message_get_path) each(message_get_member)           \
    each(message_get_interface) each(message_get_signature) each(message_get_error)                \
    each(message_ref) each(message_unref) each(message_at_end) each(message_peek_type)             \
    each(message_read_basic) each(message_read_array) each(message_enter_container)                \
    each(message_exit_container) each(message_new_method_return) each(message_new_signal)          \
    each(message_append_basic) each(message_open_container) each(message_close_container)

#define DBUS_LIBRARY_FIELD(name) __typeof__(sd_bus_##name) *name;
struct dbus_library {
    DBUS_LIBRARY_FUNCTIONS(DBUS_LIBRARY_FIELD)
};
#undef DBUS_LIBRARY_FIELD

/* Its functions; loads the library at the first call. NULL: it is not there, or too old. */
const struct dbus_library *dbus_library_load(void);

#endif

#include "daemon/http_library.h"

#include <stddef.h>

#include "base/compiler.h"
#include "platform/library.h"

#define LIBRARY "libmicrohttpd.so.12"

/* Where each function's address goes, in the order of the struct. */
static const struct library_function functions[] = {
    { "MHD_start_daemon", offsetof(struct http_library, start_daemon) },
    { "MHD_stop_daemon", offsetof(struct http_library, stop_daemon) },
    { "MHD_add_connection", offsetof(struct http_library, add_connection) },
    { "MHD_get_connection_info", offsetof(struct http_library, get_connection_info) },
    { "MHD_lookup_connection_value", offsetof(struct http_library, lookup_connection_value) },
    { "MHD_create_response_from_buffer",
      offsetof(struct http_library, create_response_from_buffer) },
    { "MHD_create_response_from_fd_at_offset64",
      offsetof(struct http_library, create_response_from_fd_at_offset64) },
    { "MHD_add_response_header", offsetof(struct http_library, add_response_header) },
    { "MHD_queue_response", offsetof(struct http_library, queue_response) },
    { "MHD_destroy_response", offsetof(struct http_library, destroy_response) },
};

const struct http_library *http_library_load(void)
{
    static struct http_library loaded;
    static void *library;
    if (library == NULL)
        library = library_load(LIBRARY, functions, COUNT_OF(functions), &loaded);
    return library != NULL ? &loaded : NULL;
}

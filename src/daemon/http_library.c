#include "daemon/http_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libmicrohttpd.so.12"

/* Where each function's address goes, in the order of the struct. */
static const struct {
    const char *name;
    size_t offset;
} functions[] = {
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
    static bool is_loaded;
    if (is_loaded)
        return &loaded;
    void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return NULL;
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        void *address = dlsym(library, functions[i].name);
        if (address == NULL) {
            dlclose(library);
            return NULL;
        }
        memcpy((char *)&loaded + functions[i].offset, &address, sizeof address);
    }
    is_loaded = true;
    return &loaded;
}

/* libmicrohttpd, taken into memory only when network boot serves HTTP: with it come libraries of
 * several MiB, for which a daemon without it has no use. */
#ifndef LINNET_DAEMON_HTTP_LIBRARY_H
#define LINNET_DAEMON_HTTP_LIBRARY_H

#include <microhttpd.h>

struct http_library {
    __typeof__(MHD_start_daemon) *start_daemon;
    __typeof__(MHD_stop_daemon) *stop_daemon;
    __typeof__(MHD_add_connection) *add_connection;
    __typeof__(MHD_get_connection_info) *get_connection_info;
    __typeof__(MHD_lookup_connection_value) *lookup_connection_value;
    __typeof__(MHD_create_response_from_buffer) *create_response_from_buffer;
    __typeof__(MHD_create_response_from_fd_at_offset64) *create_response_from_fd_at_offset64;
    __typeof__(MHD_add_response_header) *add_response_header;
    __typeof__(MHD_queue_response) *queue_response;
    __typeof__(MHD_destroy_response) *destroy_response;
};

/* Its functions; loads the library at the first call, which is made while the program may still
 * read everything. NULL: it is not there, or too old. */
const struct http_library *http_library_load(void);

#endif

/* HTTP of netboot=: the files of one folder, for reading. Connections are taken on the main loop,
 * by the one gate for all protocols, and served by a thread of libmicrohttpd that sees nothing but
 * the folder, so that a slow disk or client keeps nobody else waiting. */
#ifndef LINNET_DAEMON_NETBOOT_HTTP_H
#define LINNET_DAEMON_NETBOOT_HTTP_H

#include <stdatomic.h>
#include <uv.h>

#include "daemon/daemon_config.h"
#include "daemon/views.h"
#include "tftp/http_clients.h"

/* Descriptors that it can have open: a socket and a file for each connection. */
#define NETBOOT_HTTP_DESCRIPTORS (2 * (HTTP_CLIENTS_MAX + HTTP_CLIENTS_SPARE) + 2)
#define NETBOOT_HTTP_SILENCE_S   30    /* who is silent for that long goes */
#define NETBOOT_HTTP_MEMORY      16384 /* bytes for the request of a connection */

struct netboot_http_counters {
    atomic_uint_fast64_t connections, not_admitted, refused; /* refused: no place for it */
    atomic_uint_fast64_t ended; /* it gave way to another, or was too slow */
    atomic_uint_fast64_t requests, sent, parts, not_found, denied, unsupported, failed;
};

struct netboot_http;

/* Is there HTTP: in this build, and its library on this machine? Loads it when first asked. */
bool netboot_http_is_there(void);

/* While still root: listens, without taking connections yet. STATUS_SYSTEM with errno, *what: the
 * address it could not have. STATUS_NO_MEMORY. */
NODISCARD enum status netboot_http_open(const struct config *config, struct netboot_http **http,
                                        struct endpoint *what);
/* After root is given up: starts the thread, and connections are taken. STATUS_SYSTEM with
 * errno. */
NODISCARD enum status netboot_http_start(struct netboot_http *http, uv_loop_t *loop,
                                         const struct views *views);
/* For requests from now on. Does nothing for NULL. */
void netboot_http_config_changed(struct netboot_http *http, const struct config *config);
/* Ends the thread; run the loop until it is empty, then free. Both do nothing for NULL. */
void netboot_http_stop(struct netboot_http *http);
void netboot_http_free(struct netboot_http *http);

const struct netboot_http_counters *netboot_http_counters(const struct netboot_http *http);

#endif

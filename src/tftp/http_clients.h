/* The connections of HTTP: who may have one, who has to give way, and who is too slow to keep his.
 *
 * A head has to be there in time, and what is sent has to get on. One address has a share. When
 * there is no place left, these give way to a newcomer: first who has one and asks for nothing,
 * then who takes very little, then one of those that have more than the newcomer's site (IPv6 by
 * its /64). A machine that loads its system at a good pace gives way to nobody who has as many. */
#ifndef LINNET_TFTP_HTTP_CLIENTS_H
#define LINNET_TFTP_HTTP_CLIENTS_H

#include "base/address.h"
#include "base/clock.h"
#include "base/compiler.h"

#define HTTP_CLIENTS_MAX    128 /* at once */
#define HTTP_CLIENTS_SPARE  32  /* places of those that are told to go, until they are gone */
#define HTTP_CLIENTS_SHARE  32  /* of one address */
#define HTTP_HEAD_MS        10000 /* for all of the head, from the connection or the last answer */
#define HTTP_IDLE_MS        1000  /* a head that is not there by now is no longer protected */
#define HTTP_STRETCH_MS     30000 /* in each the client takes this many bytes, or goes */
#define HTTP_STRETCH_LEAST  65536
#define HTTP_STRETCH_LITTLE (1024 * 1024) /* less gives way */

enum http_client_state {
    HTTP_CLIENT_NONE,
    HTTP_CLIENT_HANDED,  /* over to who serves it, who has not said that he has it */
    HTTP_CLIENT_WAITING, /* for a request */
    HTTP_CLIENT_SENDING,
    HTTP_CLIENT_ENDED,   /* told to go */
};

struct http_client {
    enum http_client_state state;
    int fd;
    struct address address;
    mono_ms since;         /* of waiting, or of this stretch of sending */
    uint64_t taken_before; /* bytes, when the stretch began */
    uint64_t pace;         /* bytes in the last whole stretch; UINT64_MAX: there was none */
};

struct http_clients {
    struct http_client at[HTTP_CLIENTS_MAX + HTTP_CLIENTS_SPARE];
};

/* A place for a new connection, or NULL. *victim: who has to give way, marked as ended already;
 * NULL for nobody. */
struct http_client *http_clients_take(struct http_clients *clients, const struct address *address,
                                      int fd, mono_ms now, struct http_client **victim);
void http_client_release(struct http_client *client);
/* By descriptor; NULL when it is not known. */
struct http_client *http_clients_find(struct http_clients *clients, int fd);
bool http_clients_any(const struct http_clients *clients);

/* From now on. taken: bytes that the client has acknowledged so far. */
void http_client_waits(struct http_client *client, mono_ms now);
void http_client_sends(struct http_client *client, mono_ms now, uint64_t taken);

/* Does this one want to know what was taken (see below)? */
bool http_client_stretch_is_over(const struct http_client *client, mono_ms now);
/* True when the connection has to end now; then it is marked as ended. To be asked each second. A
 * place that was handed over and never heard of is free afterwards instead. taken: as above;
 * UINT64_MAX when the system does not say, and then no pace is asked for. */
bool http_client_is_late(struct http_client *client, mono_ms now, uint64_t taken);

#endif

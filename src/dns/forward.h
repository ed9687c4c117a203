/* Questions that go upstream: joining an equal one under way or opening a flight, hearing what
 * comes back, asking again, giving up (dns.md section 3, security rules R7, R8, R18).
 *
 * Questions without an answer are put again by ourselves, whether the client does or not: a client
 * that waits for its own timer waits for seconds. First after the time the server usually needs,
 * and to all of its group; then at widening steps. fast-dns-retry sets these steps instead.
 *
 * A flight ends in one of these ways and always within FORWARD_DEADLINE_MS: an answer; an error all
 * servers agree on; no way to reach any; silence. */
#ifndef LINNET_DNS_FORWARD_H
#define LINNET_DNS_FORWARD_H

#include "dns/query.h"

#define FORWARD_DEADLINE_MS    10000 /* then SERVFAIL: the client has given up or should */
#define FORWARD_REJOIN_MS      1000  /* a joining client makes us ask again after this silence */
#define FORWARD_REPEAT_MS      100   /* as does the same client asking again */
#define FORWARD_TCP_MS         3000  /* patience with a connection */
#define FORWARD_ERROR_ROUNDS   2     /* retransmissions to the others before an error counts */
#define FORWARD_UNREACHABLE_MS 250   /* before a second try when nothing could be sent */

/* Answers at once only when it must refuse: no server, or no room. */
void forward_start(struct dns_worker *worker, const struct dns_query *query, uint16_t group);

/* What is told of this client makes its answers different from others': no cached one will do. */
bool forward_is_personal(const struct dns_worker *worker, const struct dns_query *query);

/* Puts a TXT question of our own to one server, to see whether it comes back (dns_loop.h). */
void forward_probe(struct dns_worker *worker, uint16_t server, const struct dname *name);

/* Asks anew for what was answered from an expired entry, for the cache alone: nobody waits, and one
 * such question at a time is enough. */
void forward_refresh(struct dns_worker *worker, const struct dns_query *query, uint16_t group);

/* As dns_worker_reply and its like. */
void forward_reply(struct dns_worker *worker, uint32_t id, uint16_t server, bool tcp,
                   struct bytes bytes);
void forward_reply_in_fragments(struct dns_worker *worker, uint32_t id, uint16_t server);
void forward_send_failed(struct dns_worker *worker, uint32_t id, uint16_t server, bool tcp);

/* Flights whose time has come. */
void forward_tick(struct dns_worker *worker);

/* The server list is another: every flight starts over with it, under a new id. */
void forward_servers_changed(struct dns_worker *worker);

/* Clients of this TCP connection are gone. Their flights go on, for the cache. */
void forward_connection_closed(struct dns_worker *worker, uint64_t connection);

#endif

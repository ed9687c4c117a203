/* A DNS worker with everything around it, for tests: a configuration in a few words, a clock that
 * moves when told, clients and servers that are lines of text. Not part of the daemon.
 *
 * A test is a script, a step a line. Lines before the first "ask" set up:
 *
 *     server 198.51.100.1            server /corp.test/ 198.51.100.2    server /sub.test/ #
 *     local /lan/                    address /ads.test/ 203.0.113.9     address /ads.test/ #
 *     name printer.lan 192.0.2.5     hosts file entry, PTR included
 *     record lan.test 300 MX 10 a.b  configured record with its own TTL, "-" for local-ttl
 *     lease laptop 192.0.2.77
 *     set strict-order               any of the switches and numbers in worker_fixture.c
 *
 * Then things happen:
 *
 *     ask a.test A                   words before the name: id=7 port=4001 tcp edns do cd ad norec
 *                                    size=512 ecs version=1 CH repeat
 *     answer 0 NOERROR a.test 60 A 192.0.2.1, ...; test 60 NS ns.test
 *                                    to the newest send to server 0; flags aa tc noopt nora are
 *                                    words after the rcode; after ';' the authority section
 *     forge 0 id                     a false answer to that send, or question, query, short, case,
 *                                    garbage, fragments
 *     fail 0                         the send came to nothing
 *     wait 1000                      milliseconds, ticking at every deadline
 *     hangup 5                       TCP connection 5 is gone
 *     reload                         a new view with another server list number
 *
 * And lines that begin with '=' say what came out next, "= nothing" that nothing did:
 *
 *     = send 0 udp a.test A rd       question as sent; edns options and flags follow
 *     = reply NOERROR rd ra: a.test 60 A 192.0.2.1
 *                                    more than six records are their number and the first: "*9
 * a..." = close                        may be left out
 */
#ifndef LINNET_DNS_WORKER_FIXTURE_H
#define LINNET_DNS_WORKER_FIXTURE_H

#include "dns/dns_worker.h"

struct fixture;

/* Plays the script against a fresh worker. NULL when all was as expected, otherwise what was not;
 * the text is static. Output not asked for at the end is an error too. */
const char *fixture_play(const char *script);

/* A table of scripts. */
struct fixture_row {
    const char *name;
    const char *script;
};
/* Plays all; writes to standard error what was not as expected. How many rows that were. */
unsigned fixture_play_rows(const struct fixture_row *rows, size_t count);

/* For tests and benchmarks that want the parts. */
struct fixture *fixture_create(void);
void fixture_free(struct fixture *fixture);
/* One step; false with the reason in fixture_error. */
bool fixture_step(struct fixture *fixture, const char *step);
const char *fixture_error(const struct fixture *fixture);

struct dns_worker *fixture_worker(struct fixture *fixture);
struct dns_outbox *fixture_outbox(struct fixture *fixture);
struct instant fixture_now(const struct fixture *fixture);
/* The query an "ask" step would send, written into the fixture's own buffer. */
struct dns_datagram fixture_question(struct fixture *fixture, const char *words);
/* Ready to answer: builds the worker if no step has done so. */
bool fixture_start(struct fixture *fixture);

/* What was sent last to this server, for fuzzing; false when nothing was. */
struct fixture_send {
    uint32_t flight;
    uint16_t server;
    bool tcp;
    size_t count;
    uint8_t bytes[1024];
};
bool fixture_last_send(const struct fixture *fixture, uint16_t server, struct fixture_send *send);
/* Every event told since the last call, one a line: "query a.test A". Static. */
const char *fixture_events(struct fixture *fixture);

#endif

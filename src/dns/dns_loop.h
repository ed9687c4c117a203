/* dns-loop-detect: a server that forwards our own questions back to us is found and left out.
 *
 * For each new list of servers one worker puts a question to every server that nobody else would
 * ask: TXT of eight hexadecimal digits below "test". The digits are a keyed hash of the server and
 * of the list's number, so all workers know them without telling each other, and nobody can make
 * them up. When such a question arrives from outside, its server is in a loop. */
#ifndef LINNET_DNS_DNS_LOOP_H
#define LINNET_DNS_DNS_LOOP_H

#include <stdatomic.h>

#include "dns/query.h"

/* What workers find, for all of them and for main. Zeros at start. */
struct dns_loops {
    _Atomic uint64_t found_in[DNS_SERVERS_MAX]; /* generation of the list it was found in, plus 1 */
    /* Called by the worker that finds one, on its thread; may be NULL. */
    void (*on_found)(void *context);
    void *context;
};

/* The server at this place of the list is in a loop. loops may be NULL: nothing is looked for. */
static inline bool dns_loops_has(const struct dns_loops *loops, uint64_t generation, size_t server)
{
    return loops != NULL && server < DNS_SERVERS_MAX
           && atomic_load_explicit(&loops->found_in[server], memory_order_relaxed)
                  == generation + 1;
}

/* The server is in a loop, as far as this worker's view goes. */
bool dns_loop_has(const struct dns_worker *worker, uint16_t server);

/* One question to every server of the view. Answers are of no interest. */
void dns_loop_send_probes(struct dns_worker *worker);

/* True when this is one of our questions come back; the server is then left out. */
bool dns_loop_recognise(struct dns_worker *worker, const struct dns_asker *asker);

#endif

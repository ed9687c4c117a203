/* A worker's way to the firewall: puts addresses into its sets, asks for the marks of connections.
 * Sends without waiting and reads the answers at once (platform/nfnetlink.h).
 *
 * Addresses stay in sets with timeouts as long as clients may use them, at least
 * FIREWALL_STAY_MIN_S; a set's own timeout is the shortest that is given. Answers from the cache
 * put them in again when half of that is over, or when they would go too soon. */
#ifndef LINNET_DNS_FIREWALL_IO_H
#define LINNET_DNS_FIREWALL_IO_H

#include "base/siphash.h"
#include "dns/dns_hooks.h"
#include "model/event.h"

#define FIREWALL_STAY_MIN_S   10
#define FIREWALL_ASK_AGAIN_MS 60000 /* what a set is like is asked anew after so long */
#define FIREWALL_TELL_MS      10000 /* one error of a set in the log in so long */

struct firewall_io;

/* events: must outlive it. STATUS_NO_MEMORY, STATUS_SYSTEM with errno. Needs no right; what it does
 * later needs CAP_NET_ADMIN. */
NODISCARD enum status firewall_io_create(const struct siphash_key *key,
                                         const struct event_sink *events, struct firewall_io **io);
void firewall_io_free(struct firewall_io *io);

const struct dns_hooks *firewall_io_hooks(struct firewall_io *io);

/* In the process that keeps the right, on behalf of one that has not (platform/rights.h): what the
 * functions above send, about the sets of `config`. An errno, or 0. */
struct firewall_config;
int firewall_io_pass_on(const struct firewall_config *config, int fd, struct bytes messages);
/* The first set, as written, that `later` has and `config` has not; NULL: none. */
const char *firewall_io_new_set(const struct firewall_config *config,
                                const struct firewall_config *later);

#endif

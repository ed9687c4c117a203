/* The end of a flight: every client waiting gets its answer, the cache learns, sockets are closed.
 */
#ifndef LINNET_DNS_FLIGHT_FINISH_H
#define LINNET_DNS_FLIGHT_FINISH_H

#include "dns/flight_table.h"
#include "dns/reply_read.h"

/* With an upstream's answer. */
void flight_finish_reply(struct dns_worker *worker, struct flight *flight,
                         const struct dns_reply *reply);
/* With an error made here. source: as tell_error. */
void flight_finish_error(struct dns_worker *worker, struct flight *flight, unsigned rcode, int ede,
                         const char *source);
/* The answer exists but would only come by TCP, which did not work: clients of UDP are told to try
 * it themselves, clients of TCP get SERVFAIL. */
void flight_finish_truncated(struct dns_worker *worker, struct flight *flight);
/* With nothing said to anybody. */
void flight_finish_silently(struct dns_worker *worker, struct flight *flight);

#endif

/* Putting a flight's question to servers: which ones, by what transport, with what EDNS. */
#ifndef LINNET_DNS_FLIGHT_SEND_H
#define LINNET_DNS_FLIGHT_SEND_H

#include "dns/flight_table.h"

/* Takes over the client's EDNS options that a server should see: all but those about one hop, as
 * far as they fit. */
void flight_take_options(struct flight *flight, const struct dns_asking *asking,
                         const struct edns *edns);
/* The same options as went upstream. */
bool flight_has_options_of(const struct flight *flight, const struct dns_asking *asking,
                           const struct edns *edns);

/* The question's name as it is sent with do-0x20-encode: letters in the other case where the
 * flight's case_bits say so. */
struct dname flight_mixed_name(const struct flight *flight);

/* Sends the question to one server under a fresh id. False when the flight has used up its sends.
 */
bool flight_send_to(struct dns_worker *worker, struct flight *flight, uint16_t server, bool tcp);
/* As a new question: to those upstream_state_choose names. False when there is nobody. */
bool flight_send_first(struct dns_worker *worker, struct flight *flight);
/* Once more: to all of the group that have not refused, with strict-order to the next in order. */
bool flight_send_again(struct dns_worker *worker, struct flight *flight);
/* To those of the group not asked yet, with strict-order to the next only. False when there is
 * none. */
bool flight_send_unasked(struct dns_worker *worker, struct flight *flight);

#endif

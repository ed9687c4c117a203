/* Zone transfers (RFC 5936) to secondary servers. An incremental one (RFC 1995) is answered with
 * the whole zone. */
#ifndef LINNET_DNS_AUTH_TRANSFER_H
#define LINNET_DNS_AUTH_TRANSFER_H

#include "dns/auth_answer.h"

/* A zone with more names is not transferred: the transfer is made in one go, and other clients wait
 * so long. */
#define AUTH_TRANSFER_NAMES_MAX 50000
/* Each worker transfers so many names a second, and as many at once; more are refused, and the
 * secondary comes again. So transfers take a small part of its time, whoever asks for them. */
#define AUTH_TRANSFER_RATE  100000
#define AUTH_TRANSFER_BURST 100000

/* Answers a question of type AXFR or IXFR. reply->zone is the zone that holds the name, or NULL;
 * nothing of the answer has been written yet. */
void auth_transfer(struct auth_reply *reply);

#endif

/* DNS cookies (RFC 7873) as a server: what a client sends as its cookie comes back with ours, so
 * that it knows an answer of a server it has spoken with from a forged one. Ours is made as RFC
 * 9018 says.
 *
 * Cookies go from hop to hop and are no concern of the servers behind us. None is asked for: a
 * client without one is served as well, so what it sends as ours is not looked at. */
#ifndef LINNET_DNS_COOKIE_H
#define LINNET_DNS_COOKIE_H

#include "base/address.h"
#include "base/clock.h"
#include "base/siphash.h"
#include "base/status.h"

#define COOKIE_CLIENT_BYTES 8
#define COOKIE_BYTES        24 /* the client's and ours */

/* The client's part of what it sent. STATUS_MALFORMED: not 8 bytes, or 16 to 40 (RFC 7873 section
 * 5.2.2). */
NODISCARD enum status cookie_read(struct bytes value, uint8_t client[COOKIE_CLIENT_BYTES]);

/* The whole cookie for this client, with the secret of this day: each day another one is derived
 * from the key, so all workers have the same without talking. */
void cookie_make(const struct siphash_key *key, const uint8_t client[COOKIE_CLIENT_BYTES],
                 const struct address *from, wall_s now, uint8_t cookie[COOKIE_BYTES]);
/* The same with a given secret; for test vectors. */
void cookie_make_with(const struct siphash_key *secret, const uint8_t client[COOKIE_CLIENT_BYTES],
                      const struct address *from, wall_s now, uint8_t cookie[COOKIE_BYTES]);

#endif

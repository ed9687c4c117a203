/* Keyed hash (SipHash-1-3 for tables): whoever does not know the key cannot make keys collide. */
#ifndef LINNET_BASE_SIPHASH_H
#define LINNET_BASE_SIPHASH_H

#include "base/bytes.h"

struct siphash_key {
    uint64_t k0;
    uint64_t k1;
};

uint64_t siphash13(const struct siphash_key *key, const void *data, size_t count);
/* The reference variant, for RFC 9018 server cookies and test vectors. */
uint64_t siphash24(const struct siphash_key *key, const void *data, size_t count);

#endif

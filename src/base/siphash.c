#include "base/siphash.h"

/* Aumasson and Bernstein, "SipHash: a fast short-input PRF" (2012). */

struct sip_state {
    uint64_t v0, v1, v2, v3;
};

static inline uint64_t rotate(uint64_t x, unsigned bits)
{
    return x << bits | x >> (64 - bits);
}

WRAPS static inline void sip_rounds(struct sip_state *s, unsigned rounds)
{
    for (unsigned i = 0; i < rounds; i++) {
        s->v0 += s->v1;
        s->v1 = rotate(s->v1, 13) ^ s->v0;
        s->v0 = rotate(s->v0, 32);
        s->v2 += s->v3;
        s->v3 = rotate(s->v3, 16) ^ s->v2;
        s->v0 += s->v3;
        s->v3 = rotate(s->v3, 21) ^ s->v0;
        s->v2 += s->v1;
        s->v1 = rotate(s->v1, 17) ^ s->v2;
        s->v2 = rotate(s->v2, 32);
    }
}

/* Little-endian by arithmetic, which compilers turn into one load. */
static inline uint64_t read_word(const uint8_t *at)
{
    return (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16 | (uint64_t)at[3] << 24
           | (uint64_t)at[4] << 32 | (uint64_t)at[5] << 40 | (uint64_t)at[6] << 48
           | (uint64_t)at[7] << 56;
}

static inline uint64_t siphash(const struct siphash_key *key, const uint8_t *at, size_t count,
                               unsigned word_rounds, unsigned end_rounds)
{
    struct sip_state s = { key->k0 ^ 0x736f6d6570736575, key->k1 ^ 0x646f72616e646f6d,
                           key->k0 ^ 0x6c7967656e657261, key->k1 ^ 0x7465646279746573 };

    /* The last word holds the bytes left over and, on top, the count. */
    uint64_t last = (uint64_t)count << 56;
    for (; count >= 8; at += 8, count -= 8) {
        uint64_t word = read_word(at);
        s.v3 ^= word;
        sip_rounds(&s, word_rounds);
        s.v0 ^= word;
    }
    unsigned bits = 0;
    if ((count & 4) != 0) {
        last |= (uint64_t)at[0] | (uint64_t)at[1] << 8 | (uint64_t)at[2] << 16
                | (uint64_t)at[3] << 24;
        at += 4;
        bits = 32;
    }
    if ((count & 2) != 0) {
        last |= ((uint64_t)at[0] | (uint64_t)at[1] << 8) << bits;
        at += 2;
        bits += 16;
    }
    if ((count & 1) != 0)
        last |= (uint64_t)at[0] << bits;
    s.v3 ^= last;
    sip_rounds(&s, word_rounds);
    s.v0 ^= last;

    s.v2 ^= 0xff;
    sip_rounds(&s, end_rounds);
    return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

uint64_t siphash13(const struct siphash_key *key, const void *data, size_t count)
{
    return siphash(key, data, count, 1, 3);
}

uint64_t siphash24(const struct siphash_key *key, const void *data, size_t count)
{
    return siphash(key, data, count, 2, 4);
}

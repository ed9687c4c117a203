/* Unpredictable numbers: ChaCha20 keyed from getrandom(2), re-keyed as it goes and after fork, so a
 * 16-bit id costs no system call. One per thread, given to cores as a parameter; a seeded one makes
 * tests repeatable. */
#ifndef LINNET_BASE_RANDOM_H
#define LINNET_BASE_RANDOM_H

#include "base/compiler.h"
#include "base/siphash.h"
#include "base/status.h"

struct random {
    uint32_t key[8];
    uint64_t counter;
    uint8_t block[512];
    size_t used;     /* bytes of block already given out (and wiped) */
    uint64_t given;  /* since the last fresh key from the system */
    bool seeded;     /* tests: never ask the system */
    unsigned forks;  /* how often this process had been forked when it was keyed */
};

/* Keyed by the operating system. STATUS_SYSTEM when it gives none. */
NODISCARD enum status random_init(struct random *random);
/* The same sequence for the same seed, for tests and simulation. */
void random_init_seeded(struct random *random, uint64_t seed);

void random_bytes(struct random *random, void *to, size_t count);
uint16_t random_u16(struct random *random);
uint32_t random_u32(struct random *random);
uint64_t random_u64(struct random *random);
/* Uniform in 0..bound-1, without modulo bias; bound > 0. */
uint32_t random_below(struct random *random, uint32_t bound);
struct siphash_key random_hash_key(struct random *random);

#endif

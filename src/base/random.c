#include "base/random.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"

#define CHACHA_BLOCK_BYTES 64
#define KEY_BYTES          32
#define RESEED_BYTES       (1024 * 1024)

/* ------------------------------------------------------------------ noticing a fork */

/* Counted in the child of every fork, so that parent and child never give the same numbers. A pid
 * would do too, but asking for it is a system call. */
static _Atomic unsigned forks;
static pthread_once_t watch_once = PTHREAD_ONCE_INIT;

static void count_fork(void)
{
    atomic_fetch_add_explicit(&forks, 1, memory_order_relaxed);
}

static void watch_forks(void)
{
    /* Fails only without memory at start; the periodic fresh key still parts the two then. */
    (void)pthread_atfork(NULL, NULL, count_fork);
}

static unsigned forks_now(void)
{
    return atomic_load_explicit(&forks, memory_order_relaxed);
}

/* ------------------------------------------------------------------ ChaCha20 */

static inline uint32_t rotate(uint32_t x, unsigned bits)
{
    return x << bits | x >> (32 - bits);
}

WRAPS static inline void quarter_round(uint32_t x[16], unsigned a, unsigned b, unsigned c,
                                       unsigned d)
{
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 16);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 12);
    x[a] += x[b];
    x[d] = rotate(x[d] ^ x[a], 8);
    x[c] += x[d];
    x[b] = rotate(x[b] ^ x[c], 7);
}

/* RFC 8439 section 2.3, with a 64-bit counter and the rest of the nonce zero: a key is used for one
 * stream only. */
WRAPS static void chacha20_block(const uint32_t key[8], uint64_t counter,
                                 uint8_t to[CHACHA_BLOCK_BYTES])
{
    const uint32_t start[16] = { 0x61707865,
                                 0x3320646e,
                                 0x79622d32,
                                 0x6b206574,
                                 key[0],
                                 key[1],
                                 key[2],
                                 key[3],
                                 key[4],
                                 key[5],
                                 key[6],
                                 key[7],
                                 (uint32_t)counter,
                                 (uint32_t)(counter >> 32) };
    uint32_t x[16];

    memcpy(x, start, sizeof x);
    for (unsigned i = 0; i < 10; i++) {
        quarter_round(x, 0, 4, 8, 12);
        quarter_round(x, 1, 5, 9, 13);
        quarter_round(x, 2, 6, 10, 14);
        quarter_round(x, 3, 7, 11, 15);
        quarter_round(x, 0, 5, 10, 15);
        quarter_round(x, 1, 6, 11, 12);
        quarter_round(x, 2, 7, 8, 13);
        quarter_round(x, 3, 4, 9, 14);
    }
    for (size_t i = 0; i < 16; i++) {
        uint32_t word = x[i] + start[i];
        to[4 * i] = (uint8_t)word;
        to[4 * i + 1] = (uint8_t)(word >> 8);
        to[4 * i + 2] = (uint8_t)(word >> 16);
        to[4 * i + 3] = (uint8_t)(word >> 24);
    }
}

/* ------------------------------------------------------------------ keys */

/* Fast key erasure: the head of each batch is the key of the next and is wiped at once, so whoever
 * reads this memory later cannot tell what was given before. */
static void refill(struct random *random)
{
    for (size_t i = 0; i < sizeof random->block; i += CHACHA_BLOCK_BYTES)
        chacha20_block(random->key, random->counter++, random->block + i);

    for (size_t i = 0; i < 8; i++) {
        const uint8_t *at = random->block + 4 * i;
        random->key[i] =
            (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
    }
    memset(random->block, 0, KEY_BYTES);
    random->used = KEY_BYTES;
}

/* Mixes fresh bytes of the system into the key and forgets the current batch. */
static enum status mix_in_system(struct random *random)
{
    uint32_t fresh[8];

    random->used = sizeof random->block;
    memset(random->block, 0, sizeof random->block);
    /* getentropy is getrandom(2) that waits for the pool at boot and retries by itself. */
    if (getentropy(fresh, sizeof fresh) != 0)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < COUNT_OF(fresh); i++)
        random->key[i] ^= fresh[i];
    random->given = 0;
    return STATUS_OK;
}

enum status random_init(struct random *random)
{
    struct random made = { .forks = forks_now() };

    (void)pthread_once(&watch_once, watch_forks);
    enum status status = mix_in_system(&made);
    if (status != STATUS_OK)
        return status;
    *random = made;
    return STATUS_OK;
}

void random_init_seeded(struct random *random, uint64_t seed)
{
    *random = (struct random){ .key = { (uint32_t)seed, (uint32_t)(seed >> 32) },
                               .used = sizeof random->block,
                               .seeded = true };
}

static void rekey_when_due(struct random *random)
{
    if (random->seeded)
        return;

    unsigned now = forks_now();
    bool forked = random->forks != now;
    if (LIKELY(!forked && random->given < RESEED_BYTES))
        return;

    random->forks = now;
    if (mix_in_system(random) == STATUS_OK)
        return;
    /* It worked at start, so this is a sandbox gone wrong. The old key is still secret; a child
     * only has to leave its parent's sequence. Tried again after another batch. */
    random->given = RESEED_BYTES - sizeof random->block;
    if (forked)
        random->key[0] ^= (uint32_t)getpid();
}

/* ------------------------------------------------------------------ numbers */

void random_bytes(struct random *random, void *to, size_t count)
{
    uint8_t *at = to;

    rekey_when_due(random);
    random->given += count;
    while (count > 0) {
        if (random->used == sizeof random->block)
            refill(random);
        size_t part = sizeof random->block - random->used;
        if (part > count)
            part = count;
        memcpy(at, random->block + random->used, part);
        memset(random->block + random->used, 0, part);
        random->used += part;
        at += part;
        count -= part;
    }
}

uint16_t random_u16(struct random *random)
{
    uint16_t value;
    random_bytes(random, &value, sizeof value);
    return value;
}

uint32_t random_u32(struct random *random)
{
    uint32_t value;
    random_bytes(random, &value, sizeof value);
    return value;
}

uint64_t random_u64(struct random *random)
{
    uint64_t value;
    random_bytes(random, &value, sizeof value);
    return value;
}

/* Lemire, "Fast random integer generation in an interval" (2019): the high half of a product, drawn
 * again for the few low halves that would favour some results. */
uint32_t random_below(struct random *random, uint32_t bound)
{
    assert(bound > 0);

    uint64_t product = (uint64_t)random_u32(random) * bound;
    if ((uint32_t)product < bound) {
        uint32_t uneven = (UINT32_MAX - bound + 1) % bound;
        while ((uint32_t)product < uneven)
            product = (uint64_t)random_u32(random) * bound;
    }
    return (uint32_t)(product >> 32);
}

struct siphash_key random_hash_key(struct random *random)
{
    uint64_t k0 = random_u64(random);
    uint64_t k1 = random_u64(random);
    return (struct siphash_key){ k0, k1 };
}

/* Questions that every server has just failed to answer: for a second, two when it goes on, they
 * are not put again (RFC 9520). Only for servers that did answer, so it delays no recovery from a
 * dead line. Fixed memory; a question gives way to another one of the same place. */
#ifndef LINNET_DNS_FAILURE_MEMORY_H
#define LINNET_DNS_FAILURE_MEMORY_H

#include "base/clock.h"
#include "base/compiler.h"

#define FAILURE_MEMORY_PLACES 256
#define FAILURE_FIRST_MS      1000  /* RFC 9520 section 3.2 wants no less */
#define FAILURE_AGAIN_MS      2000
#define FAILURE_FORGET_MS     10000 /* a failure after so long a rest is a first one */

struct failure_memory {
    struct failure {
        uint64_t question;  /* its hash with its group; 0: free */
        mono_ms since;
        uint32_t for_ms;
        uint8_t rcode;
    } places[FAILURE_MEMORY_PLACES];
};

/* The rcode to answer with, 0 when the question may be put. question: flight_key_hash. */
unsigned failure_memory_find(const struct failure_memory *memory, uint64_t question,
                             uint16_t group, mono_ms now);
void failure_memory_add(struct failure_memory *memory, uint64_t question, uint16_t group,
                        unsigned rcode, mono_ms now);
void failure_memory_clear(struct failure_memory *memory);

#endif

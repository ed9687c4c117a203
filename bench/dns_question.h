/* The question of a query, for the programs that ask. */
#ifndef LINNET_BENCH_DNS_QUESTION_H
#define LINNET_BENCH_DNS_QUESTION_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* "www.example" with type A and class IN, the labels as they are. Writes six bytes more than the name has characters,
 * and returns how many it wrote. */
static inline size_t put_question(uint8_t *to, const char *name)
{
    static const uint8_t tail[] = { 0, 0, 1, 0, 1 };
    size_t at = 0;
    while (*name != '\0') {
        size_t label = strcspn(name, ".");
        to[at++] = (uint8_t)label;
        memcpy(to + at, name, label);
        at += label;
        name += label + (name[label] == '.');
    }
    memcpy(to + at, tail, sizeof tail);
    return at + sizeof tail;
}

#endif

#include "soak_question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TYPE_A    1
#define TYPE_AAAA 28

static const struct {
    const char *letters;
    const char *domain; /* wire form, without the root */
    uint8_t type;
} kinds[SOAK_KINDS] = {
    [SOAK_CACHED] = { "h", "\2up\4test", TYPE_A },
    [SOAK_FORWARDED] = { "f", "\2up\4test", TYPE_A },
    [SOAK_MISSING] = { "nx", "\2up\4test", TYPE_A },
    [SOAK_NO_DATA] = { "h", "\2up\4test", TYPE_AAAA },
    [SOAK_LOCAL] = { "l", "\4soak\4test", TYPE_A },
    [SOAK_NOBODY] = { "z", "\4soak\4test", TYPE_A },
};

size_t soak_question_put(uint8_t *to, enum soak_kind kind, uint32_t number)
{
    char label[16];
    int count = snprintf(label, sizeof label, "%s%u", kinds[kind].letters, (unsigned)number);
    size_t domain = strlen(kinds[kind].domain);
    size_t at = 0;
    to[at++] = (uint8_t)count;
    memcpy(to + at, label, (size_t)count);
    at += (size_t)count;
    memcpy(to + at, kinds[kind].domain, domain);
    at += domain;
    to[at++] = 0;
    to[at++] = 0;
    to[at++] = kinds[kind].type;
    to[at++] = 0;
    to[at++] = 1;
    return at;
}

bool soak_question_read(const uint8_t *at, size_t room, enum soak_kind *kind, uint32_t *number,
                        size_t *count)
{
    uint8_t again[64];
    char label[16] = "";
    size_t label_bytes = room > 0 ? at[0] : 0;
    if (label_bytes == 0 || label_bytes >= sizeof label || label_bytes >= room)
        return false;
    memcpy(label, at + 1, label_bytes);
    for (unsigned i = 0; i < SOAK_KINDS; i++) {
        size_t letters = strlen(kinds[i].letters);
        if (strncasecmp(label, kinds[i].letters, letters) != 0 || label[letters] < '0'
            || label[letters] > '9')
            continue;
        *number = (uint32_t)strtoul(label + letters, NULL, 10);
        *count = soak_question_put(again, (enum soak_kind)i, *number);
        if (*count <= room && memcmp(again + 1 + label_bytes, at + 1 + label_bytes,
                                     *count - 1 - label_bytes) == 0) {
            *kind = (enum soak_kind)i;
            return true;
        }
    }
    return false;
}

struct soak_answer soak_answer_of(enum soak_kind kind, uint32_t number)
{
    bool has_address = kind == SOAK_CACHED || kind == SOAK_FORWARDED || kind == SOAK_LOCAL;
    uint8_t first = kind == SOAK_CACHED ? 11 : kind == SOAK_FORWARDED ? 12 : 13;
    return (struct soak_answer){
        .rcode = kind == SOAK_MISSING || kind == SOAK_NOBODY ? 3 : 0,
        .has_address = has_address,
        .address = { first, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number },
    };
}

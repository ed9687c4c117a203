/* What a server asks its broker to send, as nobody's bytes: whatever is let through is only what
 * nfnetlink_linux.c makes. */
#include <string.h>

#include "platform/nfnetlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static bool has_ipset(const void *context, const char *name)
{
    (void)context;
    return strcmp(name, "s") == 0;
}

static bool has_nft(const void *context, const char *table, const char *name)
{
    (void)context;
    return strcmp(table, "t") == 0 && strcmp(name, "s") == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t room[NFNETLINK_MESSAGE_MAX + 64] __attribute__((aligned(8)));
    const struct nfnetlink_sets sets = { has_ipset, has_nft, NULL };
    if (count > sizeof room)
        return 0;
    /* At the end of the room, so that reading on is noticed. */
    size_t start = (sizeof room - count) & ~(size_t)7;
    memcpy(room + start, data, count);
    bool ours = nfnetlink_is_ours(bytes_of(room + start, count), &sets);
    assert(!ours || count <= NFNETLINK_MESSAGE_MAX);
    return 0;
}

/* The prefixes that hosts have been told of, and for two hours those that are gone: these are
 * announced with no preferred lifetime, so that hosts stop using their addresses (RFC 9096, RFC
 * 4861 section 6.2.3). */
#ifndef LINNET_RA_RA_MEMORY_H
#define LINNET_RA_RA_MEMORY_H

#include "base/clock.h"
#include "ra/ra_link.h"
#include "ra/ra_state.h"

#define RA_MEMORY_MAX 1024       /* prefixes; of more the newest are not remembered */
#define RA_GONE_S     (2 * 3600) /* RFC 4862 section 5.5.3: hosts keep an address so long anyway */

struct ra_remembered {
    char interface[NETWORK_NAME_MAX];
    struct prefix prefix;
    bool on_link, autonomous;
    bool gone;
    bool seen;        /* by the update under way */
    mono_ms ends;     /* of one that is gone */
    mono_ms valid_to; /* of our address there; MONO_NEVER */
    uint32_t cap_s;   /* hosts are told of no longer time; UINT32_MAX: of any */
};

struct ra_memory {
    struct ra_remembered *at; /* in no order */
    size_t count, room;
    size_t left_out;
    bool changed; /* since ra_memory_saved: what is on the disk is not this */
};

void ra_memory_free(struct ra_memory *memory);

/* A line of the stored state, at start. STATUS_FULL, STATUS_NO_MEMORY. */
NODISCARD enum status ra_memory_load(struct ra_memory *memory, const struct ra_state_line *line,
                                     struct instant now);
/* What is there now; lifetimes of the links count from `read_at`. `told` is called for each prefix
 * that comes (gone false) or goes. */
typedef void ra_memory_told(void *context, const char *interface, const struct prefix *prefix,
                            bool gone);
void ra_memory_update(struct ra_memory *memory, const struct ra_links *links, mono_ms read_at,
                      mono_ms now, ra_memory_told *told, void *context);
/* Drops those whose time is over. */
void ra_memory_expire(struct ra_memory *memory, mono_ms now);
/* When the next one ends. */
mono_ms ra_memory_deadline(const struct ra_memory *memory);
/* Appends the gone ones of an interface; how many there are then. */
size_t ra_memory_gone(const struct ra_memory *memory, const char *interface, mono_ms now,
                      struct icmp6_prefix *prefixes, size_t count, size_t room);
/* As text, a line each; at most count * RA_STATE_LINE_MAX bytes. */
void ra_memory_put(const struct ra_memory *memory, struct instant now, struct text_out *out);

#endif

/* A router advertisement as bytes (RFC 4861 section 4.2). */
#ifndef LINNET_RA_RA_ADVERT_H
#define LINNET_RA_RA_ADVERT_H

#include "base/bytes.h"
#include "ra/ra_link.h"
#include "wire/icmp6_message.h"

/* What changes with time. */
struct ra_moment {
    const struct icmp6_prefix *prefixes; /* those of the link, then those taken back */
    size_t count;
    bool is_router;          /* false: prefixes are only taken back, and nobody is to route by us */
    uint32_t dns_lifetime_s; /* of what is told of DNS */
};

/* Writes one advertisement. All prefixes do not fit into one if there are many: `next` says which
 * is the first to write, 0 at first, and then which is the first of the next message; all are
 * written when it has become `count`. Options that have no room are left out. The writer needs room
 * for ICMP6_ADVERT_MAX bytes. */
void ra_advert_write(const struct ra_link *link, const struct ra_config *ra,
                     const struct ra_moment *moment, size_t *next, struct bytes_writer *writer);

#endif

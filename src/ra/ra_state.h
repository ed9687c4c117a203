/* What router advertisement keeps over a restart: the prefixes that hosts were told of, so that one
 * that is gone is taken back (RFC 9096 section 3.5). A line of text for each:
 *
 *     lan0 fd00:50::/64 la 0             told of now: l on-link, a autonomous
 *     lan0 fd00:51::/64 a 1795372375     gone, and taken back until then
 */
#ifndef LINNET_RA_RA_STATE_H
#define LINNET_RA_RA_STATE_H

#include "base/address.h"
#include "base/clock.h"
#include "model/network.h"

#define RA_STATE_LINE_MAX 128

struct ra_state_line {
    char interface[NETWORK_NAME_MAX];
    struct prefix prefix; /* IPv6 */
    bool on_link, autonomous;
    bool gone;
    wall_s ends; /* of one that is gone, seconds since 1970 */
};

/* STATUS_MALFORMED. */
NODISCARD enum status ra_state_line_read(struct text text, struct ra_state_line *line);
/* With its line end. */
void text_put_ra_state_line(struct text_out *out, const struct ra_state_line *line);

#endif

/* How many lines the log gets of what strangers can cause: of each kind of bad packet one a second,
 * and of all else so many at once and so many in each second. What is sent is always told. */
#ifndef LINNET_TFTP_TFTP_LINES_H
#define LINNET_TFTP_TFTP_LINES_H

#include "tftp/tftp_allowance.h"
#include "tftp/tftp_server.h"

#define TFTP_LINES_BAD_EVERY_MS 1000 /* of one kind of bad packet; as DNS and DHCP have it */
/* Anybody can make us write lines; a room of clients that starts at once is not to lose any. */
#define TFTP_LINES_A_SECOND 10
#define TFTP_LINES_AT_ONCE  500

struct tftp_lines {
    struct tftp_allowance fair;
    uint64_t left_out; /* of fair ones, since the last that was told */
    struct tftp_lines_bad {
        mono_ms next;  /* when one may be told again */
        uint64_t held; /* since the last */
    } bad[TFTP_EVENT_BAD_COUNT];
};

void tftp_lines_init(struct tftp_lines *lines);
/* May a line of this kind be told now? A bad packet's line then says that *held more came since the
 * last; otherwise *held is 0. Neither takes from the other's. False: it was counted. */
bool tftp_lines_take(struct tftp_lines *lines, enum tftp_event_kind kind, mono_ms now,
                     uint64_t *held);
/* For a tick: lines were left out, and there is room again for the one that says so. */
bool tftp_lines_owed(struct tftp_lines *lines, mono_ms now);

#endif

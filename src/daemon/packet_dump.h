/* dumpfile: copies of packets in the form that tcpdump reads (raw IP), each as one UDP datagram, or
 * one packet of ICMPv6, with headers made up from what is known of its ends. Any thread. */
#ifndef LINNET_DAEMON_PACKET_DUMP_H
#define LINNET_DAEMON_PACKET_DUMP_H

#include <pthread.h>

#include "base/status.h"
#include "model/packet_tap.h"

#define PACKET_DUMP_RECORD_MAX 65600
#define PACKET_DUMP_BYTES      (2 * PACKET_DUMP_RECORD_MAX) /* kept for a slow reader of a pipe */

struct packet_dump {
    pthread_mutex_t lock;
    int fd;
    uint64_t count;    /* packets, those left out too */
    uint64_t left_out; /* since that was last told */
    size_t waiting;
    struct packet_tap tap;
    uint8_t buffer[PACKET_DUMP_BYTES];
};

/* Appends to the file, which becomes readable for its owner alone when it is new. mask: which
 * packets. NULL with errno; STATUS_MALFORMED: it is no such file. */
NODISCARD enum status packet_dump_open(const char *path, uint32_t mask, struct packet_dump **dump);
void packet_dump_close(struct packet_dump *dump);
/* For fchown after open. */
int packet_dump_descriptor(const struct packet_dump *dump);
/* What the shells call. */
const struct packet_tap *packet_dump_tap(struct packet_dump *dump);

/* A record of the file. Returns its bytes; for tests. */
size_t packet_dump_record(const struct packet_tap_packet *packet, int64_t seconds, uint32_t micros,
                          uint8_t record[PACKET_DUMP_RECORD_MAX]);

#endif

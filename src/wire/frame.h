/* Ethernet, IPv4, UDP and ICMP headers with their checksums, for what leaves by raw sockets:
 * replies to hosts that have no address yet, and echo probes (RFC 791, 768, 792, 1071). */
#ifndef LINNET_WIRE_FRAME_H
#define LINNET_WIRE_FRAME_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

#define FRAME_UDP4_OVERHEAD 28  /* IPv4 and UDP headers */
#define FRAME_ECHO_BYTES    64

/* An IPv4 packet (no link header) with UDP checksum, DF clear, TTL 64, TOS 0x10.
 * STATUS_NO_SPACE, STATUS_RANGE when payload is too long for IPv4. */
NODISCARD enum status frame_udp4_write(struct bytes_writer *writer, const struct endpoint *from,
                                       const struct endpoint *to, struct bytes payload);
/* Reads one back, checking lengths and checksums; payload is a view. */
NODISCARD enum status frame_udp4_read(struct bytes packet, struct endpoint *from,
                                      struct endpoint *to, struct bytes *payload);

/* An ICMP echo request body (the kernel adds the IP header). */
void frame_echo_write(struct bytes_writer *writer, uint16_t id, uint16_t sequence);
/* An echo reply as a raw IPv4 socket gives it, IP header included.
 * STATUS_NOT_FOUND for other ICMP. */
NODISCARD enum status frame_echo_reply_read(struct bytes packet, struct address *from, uint16_t *id,
                                            uint16_t *sequence);

/* RFC 1071 over a span, `sum` carries a pseudo-header's sum. Result in
 * host order, ready to write. */
uint16_t frame_checksum(struct bytes span, uint32_t sum);

#endif

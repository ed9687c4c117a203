/* Writes a DNS message into a caller's buffer: compression, truncation at whole RRsets, and room
 * kept for OPT. Never writes past `limit`.
 *
 *     dns_builder_start(&b, buffer, room, limit);
 *     dns_builder_header(&b, id, flags);
 *     dns_builder_question(&b, &qname, qtype, qclass);
 *     dns_builder_reserve(&b, EDNS_FIXED_BYTES);        room that records may not use
 *     dns_builder_record(&b, DNS_ANSWER, &owner, type, class, ttl, rdata);
 *     dns_builder_opt(&b, ...);                         gives the reserve back, then writes
 *     struct bytes message = dns_builder_finish(&b);
 */
#ifndef LINNET_WIRE_DNS_BUILDER_H
#define LINNET_WIRE_DNS_BUILDER_H

#include "base/bytes.h"
#include "base/status.h"
#include "wire/dname.h"
#include "wire/dns_message.h"
#include "wire/edns.h"

#define DNS_COMPRESSION_NAMES 24  /* suffixes remembered; more are written in full */
/* Bytes of names looked at to find them, for one message: names that differ at their end only would
 * cost as much as their number times their length times DNS_COMPRESSION_NAMES (CVE-2024-8508). Two
 * thousand different mail servers need less; after that names are written in full. */
#define DNS_COMPRESSION_EFFORT (512 * 1024)

struct dns_builder {
    struct bytes_writer writer;
    uint16_t flags;
    uint16_t counts[4];
    size_t reserve;
    bool truncated;
    uint16_t suffixes[DNS_COMPRESSION_NAMES];  /* offsets of names already written */
    unsigned suffix_count;
    size_t effort;                             /* what is left of DNS_COMPRESSION_EFFORT */
};

/* limit: the most bytes the message may have (client's UDP size, or 65535 for TCP); <= room. */
void dns_builder_start(struct dns_builder *builder, void *buffer, size_t room, size_t limit);
void dns_builder_header(struct dns_builder *builder, uint16_t id, uint16_t flags);
/* The name is written as given, case kept (0x20). */
void dns_builder_question(struct dns_builder *builder, const struct dname *qname, uint16_t qtype,
                          uint16_t qclass);
void dns_builder_reserve(struct dns_builder *builder, size_t bytes);

/* One record; rdata is uncompressed, its names are compressed where RFC 3597 allows. The owner
 * equal to the question becomes a two-byte pointer. When it does not fit nothing of it stays,
 * `truncated` is set, and later records are refused too. Sections must come in order (asserted).
 * Returns false when it was not written. */
bool dns_builder_record(struct dns_builder *builder, enum dns_section section,
                        const struct dname *owner, uint16_t type, uint16_t class_, uint32_t ttl,
                        struct bytes rdata);

/* OPT as the last record, its options written by the caller's bytes (already encoded, may be
 * empty). ede_code EDE_NONE: no error option. The extended rcode's upper bits come from rcode. */
void dns_builder_opt(struct dns_builder *builder, uint16_t udp_size, bool dnssec_ok, unsigned rcode,
                     int ede_code, struct bytes options);

/* Drops records after the question (RFC 2181 section 9 lets a truncated reply be empty). */
void dns_builder_drop_records(struct dns_builder *builder);

static inline void dns_builder_set_flags(struct dns_builder *builder, uint16_t set)
{
    builder->flags |= set;
}

/* Patches flags (TC when truncated) and counts; the finished message as a view of the buffer, or an
 * empty view when not even header and question fitted. */
struct bytes dns_builder_finish(struct dns_builder *builder);

/* The answer for a message too broken to read: header with QR, the rcode, opcode and RD copied, and
 * no question. Empty view when `query` is shorter than a header or is itself an answer. */
struct bytes dns_build_error(struct bytes query, unsigned rcode, void *buffer, size_t room);

#endif

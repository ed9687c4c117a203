/* A view of a DNS message (RFC 1035 section 4): header, question, EDNS, and where the sections are.
 * Points into the datagram; copies only the question's name. */
#ifndef LINNET_WIRE_DNS_MESSAGE_H
#define LINNET_WIRE_DNS_MESSAGE_H

#include "base/bytes.h"
#include "base/status.h"
#include "wire/dname.h"
#include "wire/edns.h"
#include "wire/rrtype.h"

#define DNS_HEADER_BYTES 12
#define DNS_MESSAGE_MAX  65535
#define DNS_RECORDS_MAX  4096  /* a message that claims more is malformed */

#define DNS_FLAG_QR 0x8000
#define DNS_FLAG_AA 0x0400
#define DNS_FLAG_TC 0x0200
#define DNS_FLAG_RD 0x0100
#define DNS_FLAG_RA 0x0080
#define DNS_FLAG_AD 0x0020
#define DNS_FLAG_CD 0x0010
#define DNS_OPCODE(flags) (((flags) >> 11) & 0xf)
#define DNS_RCODE(flags)  ((flags) & 0xf)

enum dns_section { DNS_ANSWER, DNS_AUTHORITY, DNS_ADDITIONAL };

struct dns_message {
    struct bytes bytes;
    uint16_t id;
    uint16_t flags;
    uint16_t counts[4];  /* question, answer, authority, additional: as the header claims */
    struct dname qname;  /* set when counts[0] == 1 */
    uint16_t qtype;
    uint16_t qclass;
    size_t question_end;      /* offset after the question; DNS_HEADER_BYTES when there is none */
    size_t section_start[3];  /* offsets of answer, authority, additional */
    size_t end;               /* offset after the last record; bytes after it are ignored */
    struct edns edns;         /* from the additional section */
};

struct dns_record {
    size_t owner_offset;
    size_t rdata_offset;
    uint16_t type;
    uint16_t class_;
    uint32_t ttl;
    uint16_t rdata_count;
};

/* Header only: enough to answer FORMERR or NOTIMP with the right id.
 * STATUS_TRUNCATED for fewer than 12 bytes. */
NODISCARD enum status dns_message_read_header(struct bytes bytes, struct dns_message *message);

/* Everything above: walks all sections once, checks that every owner name and rdata length lies
 * inside the message and that at most one OPT stands in the additional section (RFC 6891 6.1.1).
 * Does not look into rdata other than OPT's. On error the header fields are still set when at least
 * 12 bytes came (id, flags, counts), and qname, qtype, qclass, question_end when the question
 * itself was sound (otherwise question_end is DNS_HEADER_BYTES).
 *
 * STATUS_TRUNCATED, STATUS_MALFORMED. */
NODISCARD enum status dns_message_read(struct bytes bytes, struct dns_message *message);

/* Walks the records of a section of a message that was read well:
 *     struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
 *     while (dns_record_next(&cursor, &record)) ... */
struct dns_cursor {
    const struct dns_message *message;
    size_t offset;
    unsigned left;
};
struct dns_cursor dns_section_cursor(const struct dns_message *message, enum dns_section section);
bool dns_record_next(struct dns_cursor *cursor, struct dns_record *record);
/* The record's owner, decompressed. */
NODISCARD enum status dns_record_owner(const struct dns_message *message,
                                       const struct dns_record *record, struct dname *owner);
/* The raw rdata view (may hold compression pointers: rdata_read decompresses). */
static inline struct bytes dns_record_rdata(const struct dns_message *message,
                                            const struct dns_record *record)
{
    return (struct bytes){ message->bytes.at + record->rdata_offset, record->rdata_count };
}

#endif

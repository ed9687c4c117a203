#include "wire/dns_message.h"

#define QUESTION_TAIL_BYTES 4 /* type and class after the name */

enum status dns_message_read_header(struct bytes bytes, struct dns_message *message)
{
    if (bytes.count < DNS_HEADER_BYTES)
        return STATUS_TRUNCATED;

    struct bytes_reader reader = bytes_reader_on(bytes);
    message->bytes = bytes;
    message->id = bytes_read_u16(&reader);
    message->flags = bytes_read_u16(&reader);
    for (unsigned i = 0; i < COUNT_OF(message->counts); i++)
        message->counts[i] = bytes_read_u16(&reader);

    /* The root until a question is read: the rest of the 255 bytes need not be touched. */
    message->qname.count = 1;
    message->qname.wire[0] = 0;
    message->qtype = 0;
    message->qclass = 0;
    message->question_end = DNS_HEADER_BYTES;
    for (unsigned i = 0; i < COUNT_OF(message->section_start); i++)
        message->section_start[i] = DNS_HEADER_BYTES;
    message->end = DNS_HEADER_BYTES;
    message->edns = (struct edns){ .present = false };
    return STATUS_OK;
}

/* The one question of an ordinary message; writes to `message` only when all of it is sound. */
static enum status read_question(struct dns_message *message)
{
    size_t at = DNS_HEADER_BYTES;
    enum status status = dname_read(message->bytes, &at, &message->qname);
    if (status != STATUS_OK)
        return status;

    struct bytes_reader reader = bytes_reader_on(message->bytes);
    bytes_reader_seek(&reader, at);
    uint16_t qtype = bytes_read_u16(&reader);
    uint16_t qclass = bytes_read_u16(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;
    message->qtype = qtype;
    message->qclass = qclass;
    message->question_end = bytes_reader_offset(&reader);
    return STATUS_OK;
}

/* None or several questions: stepped over, for the caller to refuse (RFC 9619). */
static enum status skip_questions(struct dns_message *message)
{
    size_t at = DNS_HEADER_BYTES;

    for (unsigned left = message->counts[0]; left > 0; left--) {
        enum status status = dname_skip(message->bytes, &at);
        if (status != STATUS_OK)
            return status;
        if (message->bytes.count - at < QUESTION_TAIL_BYTES)
            return STATUS_TRUNCATED;
        at += QUESTION_TAIL_BYTES;
    }
    message->question_end = at;
    return STATUS_OK;
}

static enum status read_record(struct bytes bytes, size_t *offset, struct dns_record *record)
{
    size_t at = *offset;
    enum status status = dname_skip(bytes, &at);
    if (status != STATUS_OK)
        return status;

    struct bytes_reader reader = bytes_reader_on(bytes);
    bytes_reader_seek(&reader, at);
    record->owner_offset = *offset;
    record->type = bytes_read_u16(&reader);
    record->class_ = bytes_read_u16(&reader);
    record->ttl = bytes_read_u32(&reader);
    record->rdata_count = bytes_read_u16(&reader);
    record->rdata_offset = bytes_reader_offset(&reader);
    bytes_read_skip(&reader, record->rdata_count);
    if (reader.failed)
        return STATUS_TRUNCATED;
    *offset = bytes_reader_offset(&reader);
    return STATUS_OK;
}

/* RFC 6891 section 6.1: once, in the additional section, owned by the root. Anywhere else it is
 * refused, so that nobody further on meets one among the answers. */
static enum status read_opt(struct dns_message *message, const struct dns_record *record,
                            enum dns_section section)
{
    if (section != DNS_ADDITIONAL || message->edns.present
        || message->bytes.at[record->owner_offset] != 0)
        return STATUS_MALFORMED;
    return edns_read(record->class_, record->ttl, dns_record_rdata(message, record),
                     &message->edns);
}

static enum status read_sections(struct dns_message *message)
{
    size_t at = message->question_end;

    for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        message->section_start[section] = at;
        for (unsigned left = message->counts[1 + section]; left > 0; left--) {
            struct dns_record record;
            enum status status = read_record(message->bytes, &at, &record);
            if (status == STATUS_OK && record.type == RRTYPE_OPT)
                status = read_opt(message, &record, section);
            if (status != STATUS_OK)
                return status;
        }
    }
    message->end = at;
    return STATUS_OK;
}

enum status dns_message_read(struct bytes bytes, struct dns_message *message)
{
    enum status status = dns_message_read_header(bytes, message);
    if (status != STATUS_OK)
        return status;

    status = message->counts[0] == 1 ? read_question(message) : skip_questions(message);
    if (status != STATUS_OK) {
        message->qname.count = 1; /* no half-read name stays behind */
        message->qname.wire[0] = 0;
        return status;
    }

    unsigned claimed = 0;
    for (unsigned i = 0; i < COUNT_OF(message->counts); i++)
        claimed += message->counts[i];
    if (claimed > DNS_RECORDS_MAX)
        return STATUS_MALFORMED;
    return read_sections(message);
}

struct dns_cursor dns_section_cursor(const struct dns_message *message, enum dns_section section)
{
    return (struct dns_cursor){
        .message = message,
        .offset = message->section_start[section],
        .left = message->counts[1 + (unsigned)section],
    };
}

bool dns_record_next(struct dns_cursor *cursor, struct dns_record *record)
{
    if (cursor->left == 0
        || read_record(cursor->message->bytes, &cursor->offset, record) != STATUS_OK) {
        cursor->left = 0;
        return false;
    }
    cursor->left--;
    return true;
}

enum status dns_record_owner(const struct dns_message *message, const struct dns_record *record,
                             struct dname *owner)
{
    size_t at = record->owner_offset;
    return dname_read(message->bytes, &at, owner);
}

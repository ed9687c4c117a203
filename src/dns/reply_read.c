#include "dns/reply_read.h"

#include "wire/rdata.h"

#define TTL_SIGN_BIT 0x80000000u

/* ------------------------------------------------------------------ the chain */

static bool is_owned_by(const struct dns_message *message, const struct dns_record *record,
                        const struct dname *name)
{
    struct dname owner;
    return dns_record_owner(message, record, &owner) == STATUS_OK && dname_equal(&owner, name);
}

static bool is_in_chain(const struct dns_reply *reply, const struct dname *name)
{
    for (size_t i = 0; i < reply->link_count; i++) {
        if (dname_equal(&reply->links[i], name))
            return true;
    }
    return false;
}

static bool is_final_type(const struct dns_message *message, uint16_t type)
{
    return type == message->qtype || message->qtype == RRTYPE_ANY;
}

enum chain_step {
    CHAIN_STAYS,
    CHAIN_ADVANCED,
    CHAIN_ENDED,
    CHAIN_LOOPED,
    CHAIN_BROKEN,
    CHAIN_TOO_LONG,
};

/* What one record of the answer section does to the chain. */
static enum chain_step follow_record(const struct dns_message *message,
                                     const struct dns_record *record, struct dns_reply *reply)
{
    const struct dname *last = &reply->links[reply->link_count - 1];
    bool is_final = is_final_type(message, record->type);
    struct dname target;
    size_t at = record->rdata_offset;

    if (record->class_ != message->qclass || (!is_final && record->type != RRTYPE_CNAME)
        || !is_owned_by(message, record, last))
        return CHAIN_STAYS;
    if (is_final)
        return CHAIN_ENDED;
    if (reply->link_count > REPLY_LINKS_MAX)
        return CHAIN_TOO_LONG;
    if (dname_read(message->bytes, &at, &target) != STATUS_OK
        || at != record->rdata_offset + record->rdata_count)
        return CHAIN_BROKEN;
    if (is_in_chain(reply, &target))
        return CHAIN_LOOPED;
    reply->links[reply->link_count++] = target;
    return CHAIN_ADVANCED;
}

/* Follows the aliases from the asked name. Servers send them in order, so one walk does; another is
 * made only when the last one got further without arriving. */
static enum chain_step follow_chain(const struct dns_message *message, struct dns_reply *reply)
{
    enum chain_step step;
    unsigned looks = 0;
    bool advanced = true;

    reply->links[0] = message->qname;
    reply->link_count = 1;
    while (advanced) {
        struct dns_cursor cursor = dns_section_cursor(message, DNS_ANSWER);
        struct dns_record record;
        advanced = false;
        looks += message->counts[1];
        if (looks > REPLY_LOOKS_MAX)
            return CHAIN_TOO_LONG;
        while (dns_record_next(&cursor, &record)) {
            step = follow_record(message, &record, reply);
            if (step == CHAIN_ADVANCED)
                advanced = true;
            else if (step != CHAIN_STAYS)
                return step;
        }
    }
    return CHAIN_STAYS;
}

/* ------------------------------------------------------------------ keeping records */

static struct bytes written_since(const struct bytes_writer *writer, size_t start)
{
    return bytes_of(writer->start + start, bytes_writer_count(writer) - start);
}

static enum status keep_record(const struct dns_message *message, const struct dns_record *record,
                               enum dns_section section, uint8_t link, const struct dname *owner,
                               struct dns_reply *reply)
{
    if (reply->count == REPLY_RECORDS_MAX)
        return STATUS_RANGE;

    struct bytes_writer writer =
        bytes_writer_on(reply->bytes + reply->bytes_used, REPLY_BYTES_MAX - reply->bytes_used);
    if (owner != NULL)
        bytes_write_span(&writer, dname_bytes(owner));
    struct bytes owner_bytes = bytes_writer_written(&writer);
    if (writer.failed)
        return STATUS_RANGE;
    size_t rdata_at = owner_bytes.count;
    enum status status = rdata_read(message->bytes, record->rdata_offset, record->rdata_count,
                                    record->type, &writer);
    if (status != STATUS_OK)
        return status == STATUS_NO_SPACE ? STATUS_RANGE : STATUS_MALFORMED;

    reply->records[reply->count++] = (struct reply_record){
        .type = record->type,
        .section = (uint8_t)section,
        .link = link,
        .ttl = (record->ttl & TTL_SIGN_BIT) != 0 ? 0 : record->ttl,
        .owner = owner_bytes,
        .rdata = written_since(&writer, rdata_at),
    };
    reply->bytes_used += bytes_writer_count(&writer);
    return STATUS_OK;
}

/* Which name of the chain owns it; the last is tried first, for it owns most. */
static uint8_t find_link(const struct dns_reply *reply, const struct dname *owner)
{
    for (size_t i = reply->link_count; i > 0; i--) {
        if (dname_equal(&reply->links[i - 1], owner))
            return (uint8_t)(i - 1);
    }
    return REPLY_NO_LINK;
}

/* RFC 6672: the DNAME an alias of the chain was made from stands above it. */
static bool is_dname_of_chain(const struct dns_reply *reply, const struct dname *owner)
{
    for (size_t i = 0; i + 1 < reply->link_count; i++) {
        if (dname_is_within(&reply->links[i], owner))
            return true;
    }
    return false;
}

static bool belongs_to_answer(const struct dns_message *message, const struct dns_record *record,
                              bool dnssec_ok, bool looped, uint8_t link, uint32_t *aliased,
                              const struct dns_reply *reply)
{
    if (record->type == RRTYPE_RRSIG && dnssec_ok)
        return true;
    if (link + 1u == reply->link_count && !looped)
        return is_final_type(message, record->type);
    /* A name has one CNAME; a second would be another chain. */
    if (record->type != RRTYPE_CNAME || (*aliased >> link & 1) != 0)
        return false;
    *aliased |= 1u << link;
    return true;
}

/* looped: the last name is an alias too, of a name before it; it is passed on with the rest. */
static enum status keep_answer(const struct dns_message *message, bool dnssec_ok, bool looped,
                               struct dns_reply *reply)
{
    struct dns_cursor cursor = dns_section_cursor(message, DNS_ANSWER);
    struct dns_record record;
    uint32_t aliased = 0; /* bit per link: its CNAME has been kept */
    enum status status = STATUS_OK;

    while (status == STATUS_OK && dns_record_next(&cursor, &record)) {
        struct dname owner;
        if (record.class_ != message->qclass)
            continue;
        if (dns_record_owner(message, &record, &owner) != STATUS_OK)
            return STATUS_MALFORMED;
        uint8_t link = find_link(reply, &owner);
        if (link != REPLY_NO_LINK) {
            if (belongs_to_answer(message, &record, dnssec_ok, looped, link, &aliased, reply))
                status = keep_record(message, &record, DNS_ANSWER, link, NULL, reply);
        } else if ((record.type == RRTYPE_DNAME || (record.type == RRTYPE_RRSIG && dnssec_ok))
                   && is_dname_of_chain(reply, &owner)) {
            status = keep_record(message, &record, DNS_ANSWER, REPLY_NO_LINK, &owner, reply);
        }
    }
    return status;
}

static bool belongs_to_authority(uint16_t type, bool dnssec_ok)
{
    if (type == RRTYPE_SOA || type == RRTYPE_NS)
        return true;
    return dnssec_ok
           && (type == RRTYPE_RRSIG || type == RRTYPE_NSEC || type == RRTYPE_NSEC3
               || type == RRTYPE_DS);
}

static enum status keep_authority(const struct dns_message *message, bool dnssec_ok,
                                  struct dns_reply *reply)
{
    struct dns_cursor cursor = dns_section_cursor(message, DNS_AUTHORITY);
    struct dns_record record;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && dns_record_next(&cursor, &record)) {
        struct dname owner;
        if (record.class_ != message->qclass || !belongs_to_authority(record.type, dnssec_ok))
            continue;
        if (dns_record_owner(message, &record, &owner) != STATUS_OK)
            return STATUS_MALFORMED;
        status = keep_record(message, &record, DNS_AUTHORITY, REPLY_NO_LINK, &owner, reply);
        if (status == STATUS_OK && record.type == RRTYPE_SOA && reply->soa == NULL)
            reply->soa = &reply->records[reply->count - 1];
    }
    return status;
}

/* ------------------------------------------------------------------ what kind it is */

static bool has_authority(const struct dns_reply *reply, uint16_t type)
{
    for (size_t i = 0; i < reply->count; i++) {
        if (reply->records[i].section == DNS_AUTHORITY && reply->records[i].type == type)
            return true;
    }
    return false;
}

static enum reply_kind kind_of(const struct dns_reply *reply, enum chain_step end)
{
    if (reply->rcode != RCODE_NOERROR && reply->rcode != RCODE_NXDOMAIN)
        return REPLY_ERROR;
    if (end == CHAIN_ENDED)
        return reply->rcode == RCODE_NOERROR ? REPLY_DATA : REPLY_INCOMPLETE;
    if (end == CHAIN_LOOPED)
        return REPLY_INCOMPLETE;
    if (reply->rcode == RCODE_NXDOMAIN)
        return REPLY_NXDOMAIN;
    if (reply->soa != NULL)
        return REPLY_NODATA;
    /* RFC 2308 section 2.2: NS without SOA is a referral. A server that does not recurse may also
     * stop in the middle of a chain; that says nothing about its end. */
    if (has_authority(reply, RRTYPE_NS)
        || (reply->link_count > 1 && (reply->flags & DNS_FLAG_RA) == 0))
        return REPLY_INCOMPLETE;
    return REPLY_NODATA;
}

enum status reply_read(const struct dns_message *message, bool dnssec_ok, struct dns_reply *reply)
{
    reply->rcode = DNS_RCODE(message->flags);
    if (message->edns.present)
        reply->rcode |= (unsigned)message->edns.extended_rcode << 4;
    reply->flags = message->flags;
    reply->edns = message->edns;
    reply->rule = REPLY_AS_SENT;
    reply->rule_ttl = 0;
    reply->count = 0;
    reply->bytes_used = 0;
    reply->soa = NULL;

    enum chain_step end = follow_chain(message, reply);
    if (end == CHAIN_BROKEN || end == CHAIN_TOO_LONG)
        return end == CHAIN_BROKEN ? STATUS_MALFORMED : STATUS_RANGE;
    enum status status = keep_answer(message, dnssec_ok, end == CHAIN_LOOPED, reply);
    if (status == STATUS_OK)
        status = keep_authority(message, dnssec_ok, reply);
    if (status == STATUS_OK)
        reply->kind = kind_of(reply, end);
    return status;
}

bool reply_soa_is_usable(const struct dns_reply *reply)
{
    struct dname owner;
    return reply->soa != NULL && dname_from_wire(reply->soa->owner, &owner) == STATUS_OK
           && dname_is_within(&reply->links[reply->link_count - 1], &owner);
}

/* A server's bytes as the answer to a question: what is accepted must be readable, and what is kept
 * of it must belong to the chain. The first bytes of the input say what was asked. */

#include "dns/reply_accept.h"
#include "dns/reply_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static struct dns_reply reply;

static void check_reply(const struct dns_message *message)
{
    assert(reply.link_count >= 1 && reply.link_count <= REPLY_LINKS_MAX + 1);
    assert(dname_equal_exact(&reply.links[0], &message->qname));
    assert(reply.count <= REPLY_RECORDS_MAX && reply.bytes_used <= REPLY_BYTES_MAX);
    for (size_t i = 0; i < reply.count; i++) {
        const struct reply_record *record = &reply.records[i];
        struct dname owner;
        assert(record->type != RRTYPE_OPT);
        assert(record->ttl <= INT32_MAX);
        if (record->link == REPLY_NO_LINK)
            assert(dname_from_wire(record->owner, &owner) == STATUS_OK);
        else
            assert(record->link < reply.link_count && record->section == DNS_ANSWER);
        if (record->link + 1u < reply.link_count)
            assert(record->type == RRTYPE_CNAME || record->type == RRTYPE_RRSIG);
    }
    if (reply.kind == REPLY_NODATA || reply.kind == REPLY_NXDOMAIN)
        (void)reply_soa_is_usable(&reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    bool dnssec_ok = bytes_read_u8(&reader) & 1;
    struct bytes bytes = bytes_read_rest(&reader);
    struct dns_message asked;
    struct dns_message message;

    /* The question is taken from the message itself, so that most inputs get past it. */
    if (dns_message_read(bytes, &asked) == STATUS_TRUNCATED && bytes.count < DNS_HEADER_BYTES)
        return 0;
    struct reply_expected expected = {
        .id = asked.id,
        .qname = &asked.qname,
        .qtype = asked.qtype,
        .qclass = asked.qclass,
        .with_edns = !dnssec_ok,
    };
    enum reply_verdict verdict = reply_accept(bytes, &expected, &message);
    if (verdict == REPLY_OURS) {
        assert((message.flags & DNS_FLAG_QR) != 0 && message.counts[0] == 1);
        if (reply_read(&message, dnssec_ok, &reply) == STATUS_OK)
            check_reply(&message);
    }
    expected.id ^= 1;
    assert(reply_accept(bytes, &expected, &message) != REPLY_OURS);
    return 0;
}

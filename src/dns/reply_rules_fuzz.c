/* A server's bytes, and every rule there is: what comes out is still an answer that can be kept and
 * sent. The first byte says which rules hold. */

#include "dns/reply_accept.h"
#include "dns/reply_rules.h"
#include "wire/dns_builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static struct dns_reply reply;
static uint8_t room[DNS_MESSAGE_MAX];

static void check_reply(const struct dns_message *message, enum reply_rules_verdict verdict)
{
    struct dns_builder builder;

    assert(reply.link_count >= 1 && reply.link_count <= REPLY_LINKS_MAX + 1);
    assert(reply.rule == REPLY_AS_SENT || verdict == REPLY_RULES_TAKE);
    assert(reply.rule != REPLY_BLOCKED
           || (reply.count == 0 && reply.kind == REPLY_INCOMPLETE && reply.rcode == 0));
    assert(reply.rule != REPLY_DENIED
           || (reply.kind == REPLY_NXDOMAIN && reply.rcode == RCODE_NXDOMAIN));
    assert(reply.soa == NULL
           || (reply.soa < reply.records + reply.count && reply.soa->type == RRTYPE_SOA));

    dns_builder_start(&builder, room, sizeof room, sizeof room);
    dns_builder_header(&builder, 1, DNS_FLAG_QR);
    dns_builder_question(&builder, &message->qname, message->qtype, message->qclass);
    for (size_t i = 0; i < reply.count; i++) {
        const struct reply_record *record = &reply.records[i];
        struct dname other;
        const struct dname *owner = &other;
        if (record->link == REPLY_NO_LINK)
            assert(dname_from_wire(record->owner, &other) == STATUS_OK);
        else
            owner = &reply.links[record->link];
        assert(!record->aliased || record->rdata.count == 4);
        (void)dns_builder_record(&builder, (enum dns_section)record->section, owner, record->type,
                                 message->qclass, record->ttl, record->rdata);
    }
    assert(dns_builder_finish(&builder).count > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static const struct siphash_key key;
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint8_t chosen = bytes_read_u8(&reader);
    struct bytes bytes = bytes_read_rest(&reader);
    struct prefix bogus = { .address = address_ip4(192, 0, 2, 0), .length = 25 };
    struct prefix ignored = { .address = address_ip4(192, 0, 2, 128), .length = 25 };
    struct dns_alias alias = { .to = 0x0a000000, .mask = 0xffff0000, .first = 0xc0000000 };
    struct dns_type types[] = { { .type = RRTYPE_TXT },
                                { .type = RRTYPE_CNAME },
                                { .type = RRTYPE_ANY } };
    struct dname ok = dname_root();
    struct dns_filters filters = {
        .stop_rebind = chosen & 1,
        .rebind_localhost_ok = chosen >> 1 & 1,
        .filter_a = chosen >> 2 & 1,
        .filter_aaaa = chosen >> 3 & 1,
        .filtered = { types, chosen >> 4 & 1 ? COUNT_OF(types) : 0, 0 },
        .bogus = { &bogus, chosen >> 5 & 1, 0, { 0 } },
        .ignored = { &ignored, chosen >> 6 & 1, 0, { 0 } },
        .aliases = &alias,
        .alias_count = chosen >> 7 & 1,
        .rebind_ok = &ok,
        .rebind_ok_count = chosen == 1,
    };
    struct dns_message message;
    struct reply_rules *rules;
    struct arena arena;

    if (dns_message_read(bytes, &message) != STATUS_OK || message.counts[0] != 1
        || reply_read(&message, chosen & 1, &reply) != STATUS_OK)
        return 0;
    arena_init(&arena, 16384, 1 << 20);
    if (reply_rules_create(&filters, &key, &arena, &rules) == STATUS_OK && rules != NULL) {
        enum reply_rules_verdict verdict = reply_rules_apply(rules, message.qtype, &reply);
        check_reply(&message, verdict);
        reply_rules_free(rules);
    }
    arena_free(&arena);
    return 0;
}

#include "dns/reply_relay.h"

#include "dns/reply_cache.h"
#include "dns/tell.h"
#include "dns/worker_state.h"

#define RELAYED_OPTIONS_MAX 512

/* RFC 7828 and RFC 7830: about one connection and one message, never passed on. */
static bool is_hop_by_hop(uint16_t code)
{
    return code == EDNS_COOKIE || code == EDNS_KEEPALIVE || code == EDNS_PADDING;
}

static struct bytes relayed_options(const struct edns *edns, bool own_options, uint8_t *buffer)
{
    struct bytes_writer writer = bytes_writer_on(buffer, RELAYED_OPTIONS_MAX);
    size_t place = 0;
    uint16_t code;
    struct bytes value;

    while (edns_next_option(edns, &place, &code, &value)) {
        size_t before = bytes_writer_count(&writer);
        if (is_hop_by_hop(code) || (!own_options && code != EDNS_ERROR))
            continue;
        edns_write_option(&writer, code, value);
        if (writer.failed)
            bytes_writer_rewind(&writer, before);
    }
    return bytes_writer_written(&writer);
}

/* The client's own spelling for the name it asked, ours for the rest. False when it did not fit. */
static bool put_record(struct dns_worker *worker, const struct dns_asker *asker,
                       const struct dns_reply *reply, const struct reply_record *record,
                       struct dns_builder *builder)
{
    struct dname other;
    const struct dname *owner = &other;

    if (record->link == 0)
        owner = asker->qname;
    else if (record->link != REPLY_NO_LINK)
        owner = &reply->links[record->link];
    else if (dname_from_wire(record->owner, &other) != STATUS_OK)
        return true; /* cannot be: it was a name when it was kept */
    return dns_builder_record(builder, (enum dns_section)record->section, owner, record->type,
                              asker->qclass, query_ttl(worker->view->config, record->ttl),
                              record->rdata);
}

/* What we have done to the answer ourselves. */
static int ede_of_rule(const struct dns_reply *reply)
{
    switch ((enum reply_rule)reply->rule) {
    case REPLY_AS_SENT:
        break;
    case REPLY_FILTERED:
        return EDE_FILTERED;
    case REPLY_DENIED:
    case REPLY_BLOCKED:
        return EDE_BLOCKED;
    }
    return EDE_NONE;
}

/* RFC 6840 section 5.8: AD is for those who ask, by AD or DO. */
static bool wants_ad(const struct dns_asker *asker)
{
    return asker->dnssec_ok || (asker->flags & DNS_FLAG_AD) != 0;
}

void reply_relay(struct dns_worker *worker, const struct dns_asker *asker,
                 const struct dns_reply *reply, bool own_options, bool known_here)
{
    uint8_t options[RELAYED_OPTIONS_MAX];
    bool denies_ours = known_here && reply->kind == REPLY_NXDOMAIN && reply->link_count == 1;
    struct answer_end end = {
        .rcode = denies_ours ? RCODE_NOERROR : reply->rcode,
        .flags = denies_ours ? DNS_FLAG_AA : reply->flags & DNS_FLAG_AA,
        .ede = ede_of_rule(reply),
        .options = relayed_options(&reply->edns, own_options, options),
    };

    if (!denies_ours && wants_ad(asker) && reply_is_secure(worker->view->config, reply))
        end.flags |= DNS_FLAG_AD;

    struct dns_builder builder;
    query_answer_start(worker, asker, &builder);
    if (asker->has_edns)
        dns_builder_reserve(&builder, end.options.count);
    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_record *record = &reply->records[i];
        if (!put_record(worker, asker, reply, record, &builder)) {
            /* Name servers behind a whole answer are no loss worth a second question by TCP
             * (RFC 2181 section 9). */
            if (record->section == DNS_AUTHORITY && reply->kind == REPLY_DATA)
                builder.truncated = false;
            break;
        }
    }
    query_answer_finish(worker, asker, &builder, end);
}

static int told_ede(const struct dns_reply *reply)
{
    struct bytes value;
    if (!edns_find_option(&reply->edns, EDNS_ERROR, &value) || value.count < sizeof(uint16_t))
        return EDE_NONE;
    struct bytes_reader reader = bytes_reader_on(value);
    return bytes_read_u16(&reader);
}

/* Whose answer ends here: what we have made of it. */
static void tell_rule(const struct dns_worker *worker, const struct dns_asker *asker,
                      uint16_t qtype, const struct dns_reply *reply)
{
    const struct dname *last = &reply->links[reply->link_count - 1];
    enum event_answer answer =
        reply->rule == REPLY_DENIED ? EVENT_ANSWER_NXDOMAIN : EVENT_ANSWER_NODATA;

    if (reply->rule == REPLY_BLOCKED)
        tell_rebind(worker, asker, last);
    else if (reply->rule == REPLY_DENIED || reply->kind != REPLY_DATA)
        tell_negative(worker, EVENT_DNS_LOCAL, asker, last, qtype, answer, "config");
}

void reply_tell(const struct dns_worker *worker, const struct dns_asker *asker, uint16_t qtype,
                const struct dns_reply *reply)
{
    if (reply->rule == REPLY_BLOCKED) {
        tell_rule(worker, asker, qtype, reply);
        return;
    }
    if (!event_wanted(worker->setup.events, EVENT_DNS_REPLY)
        && !event_wanted(worker->setup.events, EVENT_DNS_ERROR))
        return;
    const struct dname *last = &reply->links[reply->link_count - 1];

    for (size_t i = 0; i < reply->count; i++) {
        const struct reply_record *record = &reply->records[i];
        if (record->aliased)
            tell_record(worker, EVENT_DNS_LOCAL, asker, &reply->links[record->link], record->type,
                        record->rdata, "config");
        if (record->link != REPLY_NO_LINK)
            tell_record(worker, EVENT_DNS_REPLY, asker, &reply->links[record->link], record->type,
                        record->rdata, NULL);
    }
    if (reply->rule != REPLY_AS_SENT)
        tell_rule(worker, asker, qtype, reply);
    else if (reply->kind == REPLY_ERROR)
        tell_error(worker, asker, reply->rcode, told_ede(reply), "reply");
    else if (reply->rcode == RCODE_NXDOMAIN)
        tell_negative(worker, EVENT_DNS_REPLY, asker, last, qtype, EVENT_ANSWER_NXDOMAIN, NULL);
    else if (reply->kind != REPLY_DATA)
        tell_negative(worker, EVENT_DNS_REPLY, asker, last, qtype, EVENT_ANSWER_NODATA, NULL);
}

#include "dns/query.h"

#include "dns/outbox.h"
#include "dns/worker_state.h"

/* RFC 1035 section 4.2.1: what every client can take. */
#define UDP_LIMIT_PLAIN 512

static uint32_t answer_limit(const struct edns *edns, const struct dns_config *config, bool tcp)
{
    if (tcp)
        return DNS_MESSAGE_MAX;
    if (!edns->present || edns->udp_size <= UDP_LIMIT_PLAIN)
        return UDP_LIMIT_PLAIN;
    return edns->udp_size < config->edns_udp_size ? edns->udp_size : config->edns_udp_size;
}

void query_open(struct dns_query *query, const struct dns_client *client,
                const struct dns_config *config, uint32_t serial)
{
    const struct dns_message *message = &query->message;
    struct dns_asker *asker = &query->asker;

    asker->qname = &message->qname;
    asker->client = *client;
    asker->serial = serial;
    asker->limit = answer_limit(&message->edns, config, client->tcp);
    asker->id = message->id;
    asker->flags = message->flags;
    asker->qtype = message->qtype;
    asker->qclass = message->qclass;
    asker->has_edns = message->edns.present;
    asker->dnssec_ok = message->edns.present && message->edns.dnssec_ok;
    query->name_known = false;
}

void query_answer_start(struct dns_worker *worker, const struct dns_asker *asker,
                        struct dns_builder *builder)
{
    uint8_t *room = outbox_room(worker->out, asker->limit);

    dns_builder_start(builder, room, asker->limit, asker->limit);
    dns_builder_header(builder, asker->id,
                       DNS_FLAG_QR | DNS_FLAG_RA | (asker->flags & (DNS_FLAG_RD | DNS_FLAG_CD)));
    dns_builder_question(builder, asker->qname, asker->qtype, asker->qclass);
    if (asker->has_edns)
        dns_builder_reserve(builder, EDNS_FIXED_BYTES);
}

static void count_answer(struct dns_counters *counters, unsigned rcode, bool truncated)
{
    counters->servfail += rcode == RCODE_SERVFAIL;
    counters->nxdomain += rcode == RCODE_NXDOMAIN;
    counters->truncated += truncated;
}

void query_answer_finish(struct dns_worker *worker, const struct dns_asker *asker,
                         struct dns_builder *builder, struct answer_end end)
{
    /* Without OPT there is no place for the upper bits of an rcode, and the lower ones alone would
     * say something else. */
    unsigned rcode = end.rcode > 0xf && !asker->has_edns ? RCODE_SERVFAIL : end.rcode;

    dns_builder_set_flags(builder, (uint16_t)(end.flags | DNS_RCODE(rcode)));
    if (asker->has_edns)
        dns_builder_opt(builder, (uint16_t)worker->view->config->edns_udp_size, asker->dnssec_ok,
                        rcode, end.ede, end.options);
    struct bytes message = dns_builder_finish(builder);
    if (message.count == 0)
        return; /* cannot be: the limit always holds header, question and OPT */
    count_answer(&worker->counters, rcode, (builder->flags & DNS_FLAG_TC) != 0);
    outbox_reply(worker->out, &asker->client, message);
}

void query_answer_empty(struct dns_worker *worker, const struct dns_asker *asker,
                        struct answer_end end)
{
    struct dns_builder builder;
    query_answer_start(worker, asker, &builder);
    query_answer_finish(worker, asker, &builder, end);
}

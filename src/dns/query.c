#include "dns/query.h"

#include "dns/outbox.h"
#include "dns/worker_state.h"

/* RFC 1035 section 4.2.1: what every client can take. */
#define UDP_LIMIT_PLAIN 512

#define OPTION_HEAD_BYTES 4
#define KEEPALIVE_UNITS   (DNS_TCP_IDLE_MS / 100) /* RFC 7828 counts tenths of a second */
#define OPTIONS_MAX       1024                    /* ours and those that are relayed */

static uint32_t answer_limit(const struct edns *edns, const struct dns_config *config, bool tcp)
{
    if (tcp)
        return DNS_MESSAGE_MAX;
    if (!edns->present || edns->udp_size <= UDP_LIMIT_PLAIN)
        return UDP_LIMIT_PLAIN;
    return edns->udp_size < config->edns_udp_size ? edns->udp_size : config->edns_udp_size;
}

/* RFC 7828 section 3.3.1: over UDP keepalive means nothing. */
static void read_options(struct dns_asker *asker, const struct edns *edns)
{
    struct bytes value;
    asker->has_cookie = edns_find_option(edns, EDNS_COOKIE, &value)
                        && cookie_read(value, asker->cookie) == STATUS_OK;
    asker->wants_keepalive = asker->client.tcp && edns_find_option(edns, EDNS_KEEPALIVE, &value);
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
    asker->has_cookie = asker->wants_keepalive = false;
    if (message->edns.options.count > 0)
        read_options(asker, &message->edns);
    query->name_known = false;
}

/* What the answer's OPT says for ourselves. */
static size_t own_option_bytes(const struct dns_asker *asker)
{
    return (asker->has_cookie ? OPTION_HEAD_BYTES + COOKIE_BYTES : 0)
           + (asker->wants_keepalive ? OPTION_HEAD_BYTES + sizeof(uint16_t) : 0);
}

static void write_own_options(const struct dns_worker *worker, const struct dns_asker *asker,
                              struct bytes_writer *writer)
{
    uint8_t cookie[COOKIE_BYTES];
    uint8_t units[sizeof(uint16_t)] = { KEEPALIVE_UNITS >> 8, KEEPALIVE_UNITS & 0xff };

    if (asker->has_cookie) {
        cookie_make(&worker->setup.key, asker->cookie, &asker->client.from.address,
                    worker->now.wall, cookie);
        edns_write_option(writer, EDNS_COOKIE, bytes_of(cookie, sizeof cookie));
    }
    if (asker->wants_keepalive)
        edns_write_option(writer, EDNS_KEEPALIVE, bytes_of(units, sizeof units));
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
        dns_builder_reserve(builder, EDNS_FIXED_BYTES + own_option_bytes(asker));
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

    uint8_t options[OPTIONS_MAX];
    if (asker->has_cookie || asker->wants_keepalive) {
        struct bytes_writer writer = bytes_writer_on(options, sizeof options);
        write_own_options(worker, asker, &writer);
        bytes_write_span(&writer, end.options);
        end.options = bytes_writer_written(&writer);
    }
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

#include "dns/chaos.h"

#include "dns/tell.h"
#include "dns/worker_state.h"
#include "wire/rdata.h"

#define SERVERS_LISTED_MAX 32
#define TEXT_MAX           255 /* of a character-string */

typedef void put_text(const struct dns_worker *worker, struct bytes_writer *rdata);

static void put_string(struct bytes_writer *rdata, const char *string)
{
    bytes_write_strings(rdata, text_bytes(text_of(string)));
}

static void put_number(struct bytes_writer *rdata, uint64_t number)
{
    char buffer[24];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_u64(&out, number);
    put_string(rdata, buffer);
}

static struct dns_cache_counters cache_counters(const struct dns_worker *worker)
{
    struct dns_cache_counters counters;
    dns_cache_read_counters(worker->setup.cache, &counters);
    return counters;
}

static void put_version(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    const char *version = worker->setup.version;
    put_string(rdata, version != NULL ? version : "linnet-" LINNET_VERSION);
}

static void put_authors(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    (void)worker;
    put_string(rdata, "the linnet authors");
}

static void put_copyright(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    (void)worker;
    put_string(rdata, "ISC licence");
}

static void put_cache_size(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    put_number(rdata, worker->view->config->cache_size);
}

static void put_insertions(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    put_number(rdata, cache_counters(worker).insertions);
}

static void put_evictions(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    put_number(rdata, cache_counters(worker).evictions);
}

/* As monitors understand them: hits were answered here, misses had to be forwarded. */
static void put_hits(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    put_number(rdata, worker->counters.answered_local + worker->counters.answered_cache
                          + worker->counters.answered_stale);
}

static void put_misses(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    put_number(rdata, worker->counters.forwarded);
}

static void put_auth(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    put_number(rdata, worker->counters.authoritative);
}

/* One string per server: address#port, queries sent, queries failed. */
static void put_servers(const struct dns_worker *worker, struct bytes_writer *rdata)
{
    size_t count = worker->view->server_count;

    for (size_t i = 0; i < count && i < SERVERS_LISTED_MAX; i++) {
        struct dns_server_counters counters = dns_worker_server_counters(worker, i);
        char buffer[TEXT_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_endpoint(&out, &worker->view->servers[i].endpoint);
        text_printf(&out, " %llu %llu", (unsigned long long)counters.sent,
                    (unsigned long long)counters.failed);
        put_string(rdata, buffer);
    }
    if (count == 0)
        put_string(rdata, "");
}

static const struct {
    const char *label;
    put_text *put;
} texts[] = {
    { "version", put_version },
    { "authors", put_authors },
    { "copyright", put_copyright },
    { "cachesize", put_cache_size },
    { "insertions", put_insertions },
    { "evictions", put_evictions },
    { "misses", put_misses },
    { "hits", put_hits },
    { "auth", put_auth },
    { "servers", put_servers },
};

/* label.bind, in any case. */
static put_text *find_text(const struct dname *qname)
{
    static const uint8_t bind[] = "\4bind";
    struct dname rest;

    if (!dname_parent(qname, &rest) || rest.count != sizeof bind)
        return NULL;
    dname_lower(&rest);
    if (memcmp(rest.wire, bind, sizeof bind) != 0)
        return NULL;
    struct text label = text_from_bytes(dname_first_label(qname));
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (text_equal_nocase(label, text_of(texts[i].label)))
            return texts[i].put;
    }
    return NULL;
}

void chaos_answer(struct dns_worker *worker, const struct dns_asker *asker)
{
    put_text *put = find_text(asker->qname);
    if (put == NULL || asker->qtype != RRTYPE_TXT || worker->view->config->no_ident) {
        tell_error(worker, asker, RCODE_NOTIMP, EDE_NONE, "config");
        query_answer_empty(worker, asker,
                           (struct answer_end){ .rcode = RCODE_NOTIMP, .ede = EDE_NOT_SUPPORTED });
        return;
    }

    uint8_t buffer[SERVERS_LISTED_MAX * (TEXT_MAX + 1)];
    struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);
    struct dns_builder builder;
    put(worker, &rdata);
    query_answer_start(worker, asker, &builder);
    dns_builder_record(&builder, DNS_ANSWER, asker->qname, RRTYPE_TXT, asker->qclass, 0,
                       bytes_writer_written(&rdata));
    tell_record(worker, EVENT_DNS_LOCAL, asker, asker->qname, RRTYPE_TXT,
                bytes_writer_written(&rdata), "config");
    worker->counters.answered_local++;
    query_answer_finish(worker, asker, &builder,
                        (struct answer_end){ .flags = DNS_FLAG_AA, .ede = EDE_NONE });
}

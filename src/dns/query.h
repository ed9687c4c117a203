/* One client's question and how it is answered: what must be remembered of the client, and the
 * frame every answer has (header, question, OPT, size). */
#ifndef LINNET_DNS_QUERY_H
#define LINNET_DNS_QUERY_H

#include "dns/cookie.h"
#include "dns/dns_worker.h"
#include "wire/dns_builder.h"
#include "wire/dns_message.h"

struct dns_worker;

/* All that an answer needs to know of who asked. */
struct dns_asker {
    const struct dname *qname; /* as written by the client, case kept; lives where its owner says */
    struct dns_client client;
    uint32_t serial;
    uint32_t limit; /* most bytes of the answer */
    uint16_t id;
    uint16_t flags; /* of the query */
    uint16_t qtype, qclass;
    bool has_edns, dnssec_ok;
    bool has_cookie;                     /* RFC 7873 */
    bool wants_keepalive;                /* RFC 7828: how long the connection may rest */
    uint8_t cookie[COOKIE_CLIENT_BYTES]; /* the client's part */
};

struct dns_query {
    struct dns_message message; /* view of the datagram */
    struct dns_asker asker;     /* qname points into message */
    uint64_t hash;              /* of the name */
    bool name_known;            /* the name is ours, though not with this type */
};

/* How an answer ends. */
struct answer_end {
    unsigned rcode;       /* 12 bits; those above four need EDNS */
    uint16_t flags;       /* DNS_FLAG_AA, DNS_FLAG_TC */
    int ede;              /* enum ede_code; told only to clients with EDNS */
    struct bytes options; /* EDNS options to pass on, encoded */
};

/* Fills the asker of a query whose message has been read well. */
void query_open(struct dns_query *query, const struct dns_client *client,
                const struct dns_config *config, uint32_t serial);

/* Header and question, in the outbox's buffer. Nothing else may be put in the outbox before the
 * answer is finished or given up; giving up needs no call. */
void query_answer_start(struct dns_worker *worker, const struct dns_asker *asker,
                        struct dns_builder *builder);
/* OPT, flags, and off it goes. Counts what kind of answer it was. */
void query_answer_finish(struct dns_worker *worker, const struct dns_asker *asker,
                         struct dns_builder *builder, struct answer_end end);
/* Both, with no records. */
void query_answer_empty(struct dns_worker *worker, const struct dns_asker *asker,
                        struct answer_end end);

/* The TTL of an upstream's record as clients may see it: never over max-ttl. */
static inline uint32_t query_ttl(const struct dns_config *config, uint32_t ttl)
{
    return config->max_ttl != 0 && ttl > config->max_ttl ? config->max_ttl : ttl;
}

#endif

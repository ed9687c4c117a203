#include "dns/flight_finish.h"

#include "dns/firewall.h"
#include "dns/local_answer.h"
#include "dns/outbox.h"
#include "dns/reply_cache.h"
#include "dns/reply_relay.h"
#include "dns/tell.h"
#include "dns/worker_state.h"

static void end(struct dns_worker *worker, struct flight *flight)
{
    outbox_close(worker->out, flight->id);
    if (!flight->probe)
        upstream_state_closed(&worker->upstream, flight->group);
    flight_table_close(&worker->flights, flight);
    flight_table_trim(&worker->flights, worker->now.mono);
}

/* Answers to questions that were put in a special way hold for those who put them: without RD a
 * server tells what it happens to have, with CD it has not checked, for a client's subnet or with
 * what is told of it they may differ. Of ANY and other questions about questions nothing can be
 * kept (RFC 6895 section 3.1). */
static bool is_cacheable(const struct flight *flight)
{
    bool is_meta = flight->qtype >= 128 && flight->qtype <= 255;
    return (flight->flags & DNS_FLAG_RD) != 0 && (flight->flags & DNS_FLAG_CD) == 0
           && !flight->has_subnet && flight->addition == 0 && !is_meta
           && flight->qtype != RRTYPE_RRSIG;
}

void flight_finish_reply(struct dns_worker *worker, struct flight *flight,
                         const struct dns_reply *reply)
{
    bool known_here = reply->kind == REPLY_NXDOMAIN
                      && local_answer_knows(worker, &flight->qname, flight->name_hash);
    struct dname spelling;

    if (is_cacheable(flight))
        reply_cache_insert(worker->setup.cache, &worker->setup.key, worker->view->config, reply,
                           flight->qtype, flight->name_hash, flight->group, worker->now.mono,
                           worker->cache_buffer);
    if (UNLIKELY(worker->setup.hooks != NULL))
        firewall_learn_reply(worker, flight_first_asker(flight), reply);
    reply_tell(worker, flight_first_asker(flight), flight->qtype, reply);
    LIST_EACH(node, &flight->waiters)
    {
        const struct flight_waiter *waiter = CONTAINER_OF(node, struct flight_waiter, node);
        const struct dns_asker asker = flight_waiter_asker(flight, waiter, &spelling);
        reply_relay(worker, &asker, reply, waiter->own_options, known_here);
    }
    end(worker, flight);
}

void flight_finish_error(struct dns_worker *worker, struct flight *flight, unsigned rcode, int ede,
                         const char *source)
{
    struct dname spelling;

    tell_error(worker, flight_first_asker(flight), rcode, ede, source);
    LIST_EACH(node, &flight->waiters)
    {
        const struct flight_waiter *waiter = CONTAINER_OF(node, struct flight_waiter, node);
        const struct dns_asker asker = flight_waiter_asker(flight, waiter, &spelling);
        query_answer_empty(worker, &asker, (struct answer_end){ .rcode = rcode, .ede = ede });
    }
    end(worker, flight);
}

void flight_finish_truncated(struct dns_worker *worker, struct flight *flight)
{
    struct dname spelling;

    LIST_EACH(node, &flight->waiters)
    {
        const struct flight_waiter *waiter = CONTAINER_OF(node, struct flight_waiter, node);
        struct answer_end answer = { .flags = DNS_FLAG_TC, .ede = EDE_NONE };
        if (waiter->asker.client.tcp)
            answer = (struct answer_end){ .rcode = RCODE_SERVFAIL, .ede = EDE_NO_REACHABLE };
        const struct dns_asker asker = flight_waiter_asker(flight, waiter, &spelling);
        query_answer_empty(worker, &asker, answer);
    }
    end(worker, flight);
}

void flight_finish_silently(struct dns_worker *worker, struct flight *flight)
{
    end(worker, flight);
}

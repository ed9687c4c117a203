#include "dns/tell.h"

#include "dns/worker_state.h"

/* What all events about a client's question share. */
static struct event event_about(enum event_kind kind, const struct dns_asker *asker)
{
    struct event event = { .kind = kind, .ede = EDE_NONE };
    if (asker != NULL) {
        event.name = asker->qname;
        event.type = asker->qtype;
        event.client = &asker->client.from;
        event.serial = asker->serial;
        event.tcp = asker->client.tcp;
    }
    return event;
}

void tell_query(const struct dns_worker *worker, const struct dns_asker *asker)
{
    tell_auth_query(worker, asker, false);
}

void tell_auth_query(const struct dns_worker *worker, const struct dns_asker *asker,
                     bool authoritative)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_QUERY))
        return;
    struct event event = event_about(EVENT_DNS_QUERY, asker);
    event.peer = &asker->client.from;
    event.authoritative = authoritative;
    event_tell(worker->setup.events, &event);
}

void tell_transfer_refused(const struct dns_worker *worker, const struct dns_asker *asker)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_TRANSFER_REFUSED))
        return;
    struct event event = event_about(EVENT_DNS_TRANSFER_REFUSED, asker);
    event.peer = &asker->client.from;
    event_tell(worker->setup.events, &event);
}

void tell_forwarded(const struct dns_worker *worker, const struct dns_asker *asker,
                    const struct dname *name, uint16_t type, const struct endpoint *server)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_FORWARDED))
        return;
    struct event event = event_about(EVENT_DNS_FORWARDED, asker);
    event.name = name;
    event.type = type;
    event.peer = server;
    event_tell(worker->setup.events, &event);
}

void tell_record(const struct dns_worker *worker, enum event_kind kind,
                 const struct dns_asker *asker, const struct dname *owner, uint16_t type,
                 struct bytes rdata, const char *source)
{
    if (!event_wanted(worker->setup.events, kind))
        return;
    struct event event = event_about(kind, asker);
    event.name = owner;
    event.type = type;
    event.answer = EVENT_ANSWER_RDATA;
    event.rdata = rdata;
    event.source = source;
    event_tell(worker->setup.events, &event);
}

void tell_negative(const struct dns_worker *worker, enum event_kind kind,
                   const struct dns_asker *asker, const struct dname *owner, uint16_t type,
                   enum event_answer answer, const char *source)
{
    if (!event_wanted(worker->setup.events, kind))
        return;
    struct event event = event_about(kind, asker);
    event.name = owner;
    event.type = type;
    event.answer = (uint8_t)answer;
    event.rcode = answer == EVENT_ANSWER_NXDOMAIN ? RCODE_NXDOMAIN : RCODE_NOERROR;
    event.source = source;
    event_tell(worker->setup.events, &event);
}

void tell_error(const struct dns_worker *worker, const struct dns_asker *asker, unsigned rcode,
                int ede, const char *source)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_ERROR))
        return;
    struct event event = event_about(EVENT_DNS_ERROR, asker);
    event.rcode = (uint8_t)rcode;
    event.ede = ede;
    event.source = source;
    event_tell(worker->setup.events, &event);
}

void tell_limit(const struct dns_worker *worker, const struct dns_asker *asker)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_LIMIT))
        return;
    struct event event = event_about(EVENT_DNS_LIMIT, asker);
    event_tell(worker->setup.events, &event);
}

void tell_rebind(const struct dns_worker *worker, const struct dns_asker *asker,
                 const struct dname *name)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_REBIND))
        return;
    struct event event = event_about(EVENT_DNS_REBIND, asker);
    event.name = name;
    event_tell(worker->setup.events, &event);
}

void tell_server(const struct dns_worker *worker, uint16_t server, const char *text)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_SERVER))
        return;
    struct event event = event_about(EVENT_DNS_SERVER, NULL);
    event.peer = &worker->view->servers[server].endpoint;
    event.text = text;
    event_tell(worker->setup.events, &event);
}

void tell_dropped(const struct dns_worker *worker, const struct endpoint *peer, const char *text)
{
    if (!event_wanted(worker->setup.events, EVENT_DNS_DROPPED))
        return;
    struct event event = event_about(EVENT_DNS_DROPPED, NULL);
    event.peer = peer;
    event.text = text;
    event_tell(worker->setup.events, &event);
}

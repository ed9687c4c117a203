#include "dns/question_rules.h"

#include "dns/cookie.h"
#include "dns/private_ranges.h"

/* ------------------------------------------------------------------ packets */

bool question_rules_admit(const struct dns_view *view, const struct dns_client *client)
{
    return (network_admits(view->network, view->site, client->interface, &client->local)
            || network_is_auth(view->network, view->site, client->interface, &client->local))
           && network_admits_client(view->network, view->site, &client->from.address);
}

enum question_verdict question_rules_read(const struct dns_view *view,
                                          const struct dns_datagram *in,
                                          struct dns_message *message)
{
    if (!question_rules_admit(view, &in->client))
        return QUESTION_NOT_ADMITTED;
    if (dns_message_read_header(in->message, message) != STATUS_OK)
        return QUESTION_SHORT;
    if ((message->flags & DNS_FLAG_QR) != 0)
        return QUESTION_RESPONSE;
    if (DNS_OPCODE(message->flags) != OPCODE_QUERY)
        return QUESTION_NOTIMP;
    /* RFC 9619: a query has exactly one question. */
    if (message->counts[0] != 1 || dns_message_read(in->message, message) != STATUS_OK)
        return QUESTION_FORMERR;
    return QUESTION_GO;
}

/* RFC 7873 section 5.2.2. */
static bool has_malformed_cookie(const struct edns *edns)
{
    uint8_t client[COOKIE_CLIENT_BYTES];
    struct bytes value;
    return edns->options.count > 0 && edns_find_option(edns, EDNS_COOKIE, &value)
           && cookie_read(value, client) != STATUS_OK;
}

int question_rules_ede(unsigned rcode)
{
    if (rcode == RCODE_NOTIMP)
        return EDE_NOT_SUPPORTED;
    return rcode == RCODE_REFUSED ? EDE_PROHIBITED : EDE_NONE;
}

unsigned question_rules_rcode(const struct dns_message *message)
{
    if (message->edns.present && message->edns.version != 0)
        return RCODE_BADVERS;
    if (message->qclass != RRCLASS_IN && message->qclass != RRCLASS_CH)
        return RCODE_NOTIMP;
    if (message->qtype == 0 || message->qtype == RRTYPE_OPT || has_malformed_cookie(&message->edns))
        return RCODE_FORMERR;
    /* A forwarder has no zone to transfer, and an upstream's is not ours to give away. */
    if (message->qtype == RRTYPE_AXFR || message->qtype == RRTYPE_IXFR)
        return RCODE_REFUSED;
    return RCODE_NOERROR;
}

/* ------------------------------------------------------------------ names */

static bool is_private_reverse(const struct dname *qname)
{
    struct prefix asked;
    return dname_reverse_parse(qname, &asked) == STATUS_OK && private_ranges_hold(&asked);
}

/* server= and rev-server= lines for a reverse zone say that somebody does know (dns.md 2.3). */
static bool has_own_rule(const struct dns_view *view, const struct dns_route_choice *route)
{
    return route->route != NULL && route->route != view->any_route;
}

static bool is_unqualified(const struct dname *qname)
{
    return !dname_is_root(qname) && qname->wire[1 + qname->wire[0]] == 0;
}

static bool has_underscore(const struct dname *qname)
{
    for (size_t label = 0; qname->wire[label] != 0; label += 1u + qname->wire[label]) {
        if (memchr(&qname->wire[label + 1], '_', qname->wire[label]) != NULL)
            return true;
    }
    return false;
}

bool question_rules_windows(const struct dns_view *view, const struct dname *qname, uint16_t qtype)
{
    if (!view->config->filters.filter_win2k)
        return false;
    return qtype == RRTYPE_SOA || qtype == RRTYPE_SRV
           || (qtype == RRTYPE_ANY && has_underscore(qname));
}

enum question_fate question_rules_fate(const struct dns_view *view, const struct dname *qname,
                                       uint16_t qtype, const struct dns_route_choice *route)
{
    if (view->config->bogus_priv && qtype == RRTYPE_PTR && !has_own_rule(view, route)
        && is_private_reverse(qname))
        return QUESTION_PRIVATE;
    if (view->config->domain_needed
        && (qtype == RRTYPE_A || qtype == RRTYPE_AAAA || qtype == RRTYPE_ANY)
        && is_unqualified(qname))
        return QUESTION_UNQUALIFIED;
    return QUESTION_FORWARD;
}

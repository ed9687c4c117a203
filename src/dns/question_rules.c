#include "dns/question_rules.h"

/* ------------------------------------------------------------------ packets */

static bool is_admitted(const struct dns_view *view, const struct dns_client *client)
{
    return network_admits(view->network, view->site, client->interface, &client->local)
           && network_admits_client(view->network, view->site, &client->from.address);
}

enum question_verdict question_rules_read(const struct dns_view *view,
                                          const struct dns_datagram *in,
                                          struct dns_message *message)
{
    if (!is_admitted(view, &in->client))
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

unsigned question_rules_rcode(const struct dns_message *message)
{
    if (message->edns.present && message->edns.version != 0)
        return RCODE_BADVERS;
    if (message->qclass != RRCLASS_IN && message->qclass != RRCLASS_CH)
        return RCODE_NOTIMP;
    if (message->qtype == 0 || message->qtype == RRTYPE_OPT)
        return RCODE_FORMERR;
    /* A forwarder has no zone to transfer, and an upstream's is not ours to give away. */
    if (message->qtype == RRTYPE_AXFR || message->qtype == RRTYPE_IXFR)
        return RCODE_REFUSED;
    return RCODE_NOERROR;
}

/* ------------------------------------------------------------------ names */

/* Reverse zones that nobody outside can know anything of: RFC 6303, and RFC 7793 for 100.64/10. */
static const struct {
    uint8_t family;
    uint8_t length;
    uint8_t bytes[4];  /* the rest is zero */
    uint8_t last_byte; /* ::1 */
} private_prefixes[] = {
    { ADDRESS_IP4, 8, { 0 }, 0 },
    { ADDRESS_IP4, 8, { 10 }, 0 },
    { ADDRESS_IP4, 8, { 127 }, 0 },
    { ADDRESS_IP4, 10, { 100, 64 }, 0 },
    { ADDRESS_IP4, 16, { 169, 254 }, 0 },
    { ADDRESS_IP4, 12, { 172, 16 }, 0 },
    { ADDRESS_IP4, 16, { 192, 168 }, 0 },
    { ADDRESS_IP4, 24, { 192, 0, 2 }, 0 },
    { ADDRESS_IP4, 24, { 198, 51, 100 }, 0 },
    { ADDRESS_IP4, 24, { 203, 0, 113 }, 0 },
    { ADDRESS_IP4, 32, { 255, 255, 255, 255 }, 0 },
    { ADDRESS_IP6, 128, { 0 }, 0 },
    { ADDRESS_IP6, 128, { 0 }, 1 },
    { ADDRESS_IP6, 10, { 0xfe, 0x80 }, 0 },
    { ADDRESS_IP6, 10, { 0xfe, 0xc0 }, 0 },
    { ADDRESS_IP6, 8, { 0xfd }, 0 },
    { ADDRESS_IP6, 32, { 0x20, 0x01, 0x0d, 0xb8 }, 0 },
};

static bool is_private_reverse(const struct dname *qname)
{
    struct prefix asked;
    if (dname_reverse_parse(qname, &asked) != STATUS_OK)
        return false;

    for (size_t i = 0; i < COUNT_OF(private_prefixes); i++) {
        struct prefix range = {
            .address.family = private_prefixes[i].family,
            .length = private_prefixes[i].length,
        };
        memcpy(range.address.bytes, private_prefixes[i].bytes, sizeof private_prefixes[i].bytes);
        if (range.length == 128)
            range.address.bytes[15] = private_prefixes[i].last_byte;
        if (asked.length >= range.length && prefix_contains(&range, &asked.address))
            return true;
    }
    return false;
}

/* server= and rev-server= lines for a reverse zone say that somebody does know (dns.md 2.3). */
static bool has_own_rule(const struct dns_view *view, const struct dns_route_choice *route)
{
    if (route->route == NULL)
        return false;
    return view->route_any == UINT32_MAX || route->route != &view->routes[view->route_any];
}

static bool is_unqualified(const struct dname *qname)
{
    return !dname_is_root(qname) && qname->wire[1 + qname->wire[0]] == 0;
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

/* Answers of authoritative service (dns.md section 12). Questions that come in where auth-server
 * says are answered from zone data and nothing else; elsewhere only names in a zone are, and the
 * rest goes on as if there were no zones. */
#ifndef LINNET_DNS_AUTH_ANSWER_H
#define LINNET_DNS_AUTH_ANSWER_H

#include "dns/auth_zone.h"
#include "dns/query.h"

/* Answers, having told of the query, or returns false without having done anything. The view has
 * auth data. */
bool auth_answer(struct dns_worker *worker, struct dns_query *query);

/* ------------------------------------------------------------------ for auth_transfer.c */

/* An answer under way: header and question are written. strict: asked where auth-server says. */
struct auth_reply {
    struct dns_worker *worker;
    const struct dns_query *query;
    const struct auth_data *data;
    const struct auth_zone *zone;
    bool strict;
    struct dns_builder builder;
};

void auth_reply_start(struct auth_reply *reply);
void auth_reply_finish(struct auth_reply *reply, unsigned rcode, bool authoritative, int ede);
/* REFUSED, told and sent. */
void auth_reply_refuse(struct auth_reply *reply, int ede);
/* The zone's SOA record, in one of the sections. */
void auth_reply_put_soa(struct auth_reply *reply, enum dns_section section,
                        const struct dname *apex);
/* The target of an alias as the zone tells it: one without a dot is meant within the zone. */
struct dname auth_alias_target(const struct auth_zone *zone, const struct dname *target);

#endif

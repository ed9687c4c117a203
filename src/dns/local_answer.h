/* Answers from what is ours: hosts files and records of the configuration, names of DHCP clients,
 * address= literals. Looked up before the cache and before the table of flights, so that no flight
 * can ever hold back a name of ours (security.md 1.4). */
#ifndef LINNET_DNS_LOCAL_ANSWER_H
#define LINNET_DNS_LOCAL_ANSWER_H

#include "dns/dns_view.h"
#include "dns/query.h"

/* Answers if the name has this type here, or is an alias here. Otherwise false, and
 * query->name_known says whether the name is ours with other types. */
bool local_answer(struct dns_worker *worker, struct dns_query *query);

/* Answers what the routing rules say without asking anybody: literals, the null address, NXDOMAIN
 * (or NODATA for a known name). route->kind is not FORWARD. */
void local_answer_route(struct dns_worker *worker, const struct dns_query *query,
                        const struct dns_route_choice *route);

/* NXDOMAIN made here, NODATA when the name is known. */
void local_answer_negative(struct dns_worker *worker, const struct dns_query *query,
                           bool name_exists, bool authoritative);

/* address= gives the name an address of either family. Then it exists, whatever an upstream says of
 * its other types. */
bool local_answer_has_literal(const struct dns_worker *worker, const struct dname *name);

/* The name exists though it has no record here: by address=, or because a configured name lies
 * below it. */
bool local_answer_vouches(const struct dns_worker *worker, const struct dname *name);

/* The name is ours, whatever its types: of a file, of a client, or by address=. */
bool local_answer_knows(const struct dns_worker *worker, const struct dname *name, uint64_t hash);

#endif

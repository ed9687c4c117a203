/* The CHAOS names version.bind, cachesize.bind and their like, which monitors read (dns.md 13). */
#ifndef LINNET_DNS_CHAOS_H
#define LINNET_DNS_CHAOS_H

#include "dns/query.h"

/* Answers a question of class CH: the text asked for, or NOTIMP. */
void chaos_answer(struct dns_worker *worker, const struct dns_asker *asker);

#endif

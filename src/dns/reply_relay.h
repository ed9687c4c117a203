/* An upstream answer written for one waiting client: its own name's case, its size, its EDNS. */
#ifndef LINNET_DNS_REPLY_RELAY_H
#define LINNET_DNS_REPLY_RELAY_H

#include "dns/query.h"
#include "dns/reply_read.h"

/* own_options: the client's EDNS options are those that went upstream, so the answer's are for it;
 * otherwise only extended errors are passed on. known_here: the asked name is ours with other
 * types, so that an NXDOMAIN would be wrong (dns.md section 0). */
void reply_relay(struct dns_worker *worker, const struct dns_asker *asker,
                 const struct dns_reply *reply, bool own_options, bool known_here);

/* Events for each record, or for what the answer says instead. */
void reply_tell(const struct dns_worker *worker, const struct dns_asker *asker, uint16_t qtype,
                const struct dns_reply *reply);

#endif

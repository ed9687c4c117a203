/* Events of the DNS core. Each looks first whether anybody listens, so an unheard one costs a test.
 */
#ifndef LINNET_DNS_TELL_H
#define LINNET_DNS_TELL_H

#include "dns/query.h"
#include "model/event.h"

/* query[A] name from client */
void tell_query(const struct dns_worker *worker, const struct dns_asker *asker);
/* The same where auth-server says: auth[A] name from client; elsewhere as above. */
void tell_auth_query(const struct dns_worker *worker, const struct dns_asker *asker,
                     bool authoritative);
/* ignoring zone transfer request from client */
void tell_transfer_refused(const struct dns_worker *worker, const struct dns_asker *asker);
/* forwarded name to server. asker: the first client waiting, NULL when none is left. */
void tell_forwarded(const struct dns_worker *worker, const struct dns_asker *asker,
                    const struct dname *name, uint16_t type, const struct endpoint *server);
/* <kind> owner is rdata. source: for EVENT_DNS_LOCAL. asker may be NULL. */
void tell_record(const struct dns_worker *worker, enum event_kind kind,
                 const struct dns_asker *asker, const struct dname *owner, uint16_t type,
                 struct bytes rdata, const char *source);
/* <kind> owner is NODATA or NXDOMAIN */
void tell_negative(const struct dns_worker *worker, enum event_kind kind,
                   const struct dns_asker *asker, const struct dname *owner, uint16_t type,
                   enum event_answer answer, const char *source);
/* <source> error is RCODE. source: "config" when we made it, "reply" when a server did. */
void tell_error(const struct dns_worker *worker, const struct dns_asker *asker, unsigned rcode,
                int ede, const char *source);
/* Maximum number of concurrent DNS queries reached */
void tell_limit(const struct dns_worker *worker, const struct dns_asker *asker);
/* possible DNS-rebind attack detected: name. asker may be NULL. */
void tell_rebind(const struct dns_worker *worker, const struct dns_asker *asker,
                 const struct dname *name);
/* A server does what it should not. text: what, after "nameserver X". */
void tell_server(const struct dns_worker *worker, uint16_t server, const char *text);
/* A packet we do nothing with. text: which kind. */
void tell_dropped(const struct dns_worker *worker, const struct endpoint *peer, const char *text);

#endif

/* resolv.conf: text in, servers out (dns.md section 4). */
#ifndef LINNET_DNS_RESOLV_FILE_H
#define LINNET_DNS_RESOLV_FILE_H

#include "base/arena.h"
#include "dns/dns_config.h"

#define RESOLV_SERVERS_MAX 64

/* Reads `nameserver` (and `server`) lines; everything else is ignored, as are 0.0.0.0 and ::. A
 * %scope that is a name is kept as the interface. At most RESOLV_SERVERS_MAX. Never fails on
 * content. *servers is arena memory. STATUS_NO_MEMORY. */
NODISCARD enum status resolv_file_read(struct text text, struct arena *arena,
                                       const struct dns_server **servers, size_t *count);
/* The first domain of the last `search` or `domain` line. STATUS_NOT_FOUND. */
NODISCARD enum status resolv_file_search(struct text text, struct dname *domain);

#endif

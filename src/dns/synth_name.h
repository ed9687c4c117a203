/* Names made up for whole ranges of addresses (synth-domain): computed from the question, both
 * ways, never listed. The cost is one comparison for each synth-domain line. */
#ifndef LINNET_DNS_SYNTH_NAME_H
#define LINNET_DNS_SYNTH_NAME_H

#include "dns/dns_records.h"

/* The address a made-up name stands for: prefix and address with dashes (IPv6 in any spelling
 * inet_pton takes once the dashes are colons), or prefix and number. False when no line makes up
 * this name. */
bool synth_name_address(const struct dns_records *records, const struct dname *name,
                        struct address *address);

/* The name the first line with this address makes up for it; IPv6 is spelt in full
 * (2001-0db8-0000-...), so that no label begins with a dash. False when no line has the address. */
bool synth_name_of(const struct dns_records *records, const struct address *address,
                   struct dname *name);

#endif

/* connmark-allowlist: which names clients may look up whose connections have a mark. */
#ifndef LINNET_DNS_CONNMARK_H
#define LINNET_DNS_CONNMARK_H

#include "base/text.h"
#include "dns/firewall_config.h"
#include "wire/dname.h"

#define CONNMARK_EVERYTHING "*"

/* What is wrong with a pattern, in a few words, or NULL when nothing is: two or more labels of 1 to
 * 63 letters, digits and inner hyphens, in each but the last two up to two stars, the last neither
 * all digits nor "local". */
const char *connmark_pattern_fault(struct text pattern);

/* A sound pattern against a name: label by label, a star for any characters within one. Names that
 * no host can have (other characters, one label, under "local") match nothing. Time is the product
 * of both lengths at most. */
bool connmark_pattern_matches(struct text pattern, const struct dname *name);

/* A connection without a mark under the mask may look up anything; one with a mark what a line for
 * this mark allows. */
bool connmark_allows(const struct firewall_config *config, uint32_t mark,
                     const struct dname *name);

#endif

/* The site's domains that are answered from here alone: domain=lan,<subnet>,local means the name
 * and the reverse zones of the subnet. */
#ifndef LINNET_DNS_SITE_RULES_H
#define LINNET_DNS_SITE_RULES_H

#include "base/place.h"
#include "base/status.h"
#include "model/site.h"
#include "wire/dname.h"

typedef enum status site_rules_add(void *context, const struct dname *name, struct place place);

/* Gives each name to `add` until one fails, and returns its status. A subnet that ends inside a
 * label has at most 128 zones. */
NODISCARD enum status site_rules_list(const struct site *site, site_rules_add *add, void *context);

#endif

#include "model/site.h"

#include <string.h>

void site_init(struct site *site)
{
    memset(site, 0, sizeof(*site));
    site->port = 53;
}

static bool domain_covers(const struct site_domain *domain, const struct address *address,
                          const char *interface)
{
    switch ((enum site_domain_by)domain->by) {
    case SITE_DOMAIN_ALL:
        return false;
    case SITE_DOMAIN_RANGE:
        return range_contains(&domain->range, address);
    case SITE_DOMAIN_INTERFACE:
        return interface != NULL && strcmp(domain->interface, interface) == 0;
    }
    return false;
}

const struct dname *site_domain_for(const struct site *site, const struct address *address,
                                    const char *interface)
{
    for (size_t i = site->domain_count; COUNT_DOWN(i);)
        if (domain_covers(&site->domains[i], address, interface))
            return &site->domains[i].name;
    return site_domain_default(site);
}

const struct dname *site_domain_default(const struct site *site)
{
    for (size_t i = site->domain_count; COUNT_DOWN(i);) {
        /* domain=# has no name until the start has read resolv.conf. */
        if (site->domains[i].by == SITE_DOMAIN_ALL && site->domains[i].name.count > 0)
            return &site->domains[i].name;
    }
    return NULL;
}

bool site_interface_matches(const struct site_interface *pattern, const char *name)
{
    if (pattern->prefix)
        return strncmp(name, pattern->pattern, strlen(pattern->pattern)) == 0;
    return strcmp(name, pattern->pattern) == 0;
}

#include "dns/site_rules.h"

#define LABEL_BITS_IP4 8 /* one label of a reverse name (RFC 1035 section 3.5) */
#define LABEL_BITS_IP6 4 /* RFC 3596 section 2.5 */

/* A range that is exactly a prefix. */
static bool range_is_prefix(const struct address_range *range, struct prefix *prefix)
{
    unsigned bits = (unsigned)address_size((enum address_family)range->first.family) * 8;
    unsigned length = 0;

    while (
        length < bits
        && ((range->first.bytes[length / 8] ^ range->last.bytes[length / 8]) & (0x80 >> length % 8))
               == 0)
        length++;
    for (unsigned i = length; i < bits; i++) {
        if ((range->first.bytes[i / 8] & (0x80 >> i % 8)) != 0
            || (range->last.bytes[i / 8] & (0x80 >> i % 8)) == 0)
            return false;
    }
    return prefix_make(range->first, length, prefix) == STATUS_OK;
}

/* domain=lan,192.168.1.0/24,local: the reverse zones of the subnet are ours alone too. */
static enum status list_reverse(const struct prefix *prefix, struct place place,
                                site_rules_add *add, void *context)
{
    unsigned step = prefix->address.family == ADDRESS_IP4 ? LABEL_BITS_IP4 : LABEL_BITS_IP6;
    unsigned label_bits = (prefix->length + step - 1) / step * step;
    unsigned labels_max =
        (unsigned)address_size((enum address_family)prefix->address.family) * 8 / step;
    struct address address = prefix->address;

    for (unsigned zone = 0; zone < 1u << (label_bits - prefix->length); zone++) {
        struct dname name = dname_reverse(&address);
        for (unsigned i = label_bits / step; i < labels_max; i++)
            (void)dname_parent(&name, &name);
        enum status status = add(context, &name, place);
        if (status != STATUS_OK || label_bits == 0)
            return status;
        /* The zones differ in the bits just above label_bits, all within one byte. */
        address.bytes[(label_bits - 1) / 8] += (uint8_t)(1u << (8 - 1 - (label_bits - 1) % 8));
    }
    return STATUS_OK;
}

enum status site_rules_list(const struct site *site, site_rules_add *add, void *context)
{
    for (size_t i = 0; i < site->domain_count; i++) {
        const struct site_domain *domain = &site->domains[i];
        struct prefix prefix;
        if (!domain->local || domain->name.count <= 1)
            continue;
        enum status status = add(context, &domain->name, domain->place);
        if (status == STATUS_OK && domain->by == SITE_DOMAIN_RANGE
            && range_is_prefix(&domain->range, &prefix))
            status = list_reverse(&prefix, domain->place, add, context);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

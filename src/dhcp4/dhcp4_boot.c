#include "dhcp4/dhcp4_boot.h"

const struct dhcp_boot *dhcp4_boot_choose(const struct dhcp4_server *server,
                                          const struct tag_set *tags)
{
    const struct dhcp_boot_config *config = &server->setup.config->boot;
    const struct dhcp_boot *found = NULL;
    for (size_t i = config->boot_count; COUNT_DOWN(i);) {
        const struct dhcp_boot *boot = &config->boots[i];
        if (boot->conditions.count == 0) {
            if (found == NULL)
                found = boot;
        } else if (tag_set_matches(tags, &server->tags.names, &boot->conditions)) {
            return boot;
        }
    }
    return found;
}

/* ------------------------------------------------------------------ names of servers */

static bool is_ip4(const struct local_record *record)
{
    return record->type == RRTYPE_A && record->rdata.count == 4;
}

/* Of the configuration and hosts files, the next one each time. */
static bool find_configured(struct dhcp4_server *server, const struct dname *name, uint64_t hash,
                            struct address *address)
{
    const struct local_name *known = server->namer.configured != NULL
                                         ? local_names_find(server->namer.configured, name, hash)
                                         : NULL;
    uint32_t count = 0;
    for (uint32_t i = 0; known != NULL && i < known->count; i++)
        count += is_ip4(&known->records[i]);
    if (count == 0)
        return false;
    uint32_t turn = server->boot_turn++ % count;
    for (uint32_t i = 0; i < known->count; i++) {
        if (is_ip4(&known->records[i]) && turn-- == 0)
            return address_from_bytes(known->records[i].rdata, address) == STATUS_OK;
    }
    return false;
}

static bool find_leased(struct dhcp4_server *server, const struct dname *name, uint64_t hash,
                        struct address *address)
{
    struct lease_answer answer;
    if (server->setup.names == NULL
        || !lease_names_find(server->setup.names, name, hash, RRTYPE_A, &answer)
        || answer.address_count == 0)
        return false;
    *address = answer.addresses[server->boot_turn++ % answer.address_count];
    return true;
}

struct address dhcp4_boot_server(struct dhcp4_server *server, const struct dhcp_boot_server *given,
                                 const struct address *own)
{
    struct address address = address_any(ADDRESS_IP4);
    struct dname name;
    if (given->host == NULL)
        return address_is_none(&given->address) ? *own : given->address;
    if (dname_from_host(text_of(given->host), false, &name) != STATUS_OK)
        return address;
    uint64_t hash = dname_hash(&server->setup.key, &name);
    if (!find_configured(server, &name, hash, &address)
        && !find_leased(server, &name, hash, &address))
        return address_any(ADDRESS_IP4);
    return address;
}

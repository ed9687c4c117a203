/* Leases that are given and taken away without a message of their client's. They go the way of all
 * leases: the store first, then the DNS and whoever wants to know. */
#include "dhcp6/dhcp6_state.h"

static bool is_same(const struct lease *lease, const struct lease_assign *assign,
                    enum lease_kind kind)
{
    return lease->kind == kind && lease->iaid == assign->iaid
           && bytes_equal(bytes_of(lease->client_id, lease->client_id_count), assign->identity);
}

static enum status take(struct dhcp6_server *server, const struct lease_assign *assign,
                        struct instant now, struct lease **lease, mono_ms *kept_until)
{
    enum lease_kind kind = assign->temporary ? LEASE_IP6_TA : LEASE_IP6_NA;
    *lease = lease_table_by_address(server->setup.leases, &assign->address);
    *kept_until = 0;
    if (*lease != NULL && is_same(*lease, assign, kind)) {
        *kept_until = dhcp6_lease_kept_until(server, *lease);
        dhcp6_pending_forget(server->pending, *lease);
        return STATUS_OK;
    }
    if (*lease != NULL && !dhcp6_lease_remove(server, *lease, now))
        return STATUS_AGAIN;
    *lease = NULL;
    if (dhcp6_clients_count(server->clients, assign->identity) >= DHCP6_CLIENT_LEASES_MAX)
        return STATUS_FULL;
    enum status status = lease_table_add6(server->setup.leases, &assign->address, 0, kind,
                                          assign->identity, assign->iaid, lease);
    if (status == STATUS_OK)
        dhcp6_clients_add(server->clients, assign->identity);
    return status;
}

/* A name the namer will not have is left out, as it is of a client. */
static enum status name_it(struct dhcp6_server *server, struct lease *lease, struct text said,
                           const char *link, char old_name[LEASE_NAME_MAX], bool *changed)
{
    struct lease_name name;
    struct lease *loser;
    char domain_text[DNAME_TEXT_MAX] = "";
    struct text_out out = text_out_on(old_name, LEASE_NAME_MAX);
    struct text had = text_of(lease->name);
    bool named = !text_is_empty(said) && !lease_name_is_reserved(said)
                 && lease_name_fit(&server->namer, said, &lease->address, link, &name);
    *changed = false;
    if (text_equal(had, named ? text_of(name.text) : TEXT_NONE))
        return STATUS_OK;
    text_put(&out, had);
    *changed = true;
    if (!named)
        return lease_table_set_name(server->setup.leases, lease, TEXT_NONE, TEXT_NONE);
    const struct dname *domain = site_domain_for(server->setup.site, &lease->address, link);
    if (domain != NULL)
        (void)dname_text(domain, domain_text);
    if (!dhcp6_lease_clear_name(server, lease, &name, domain_text)) {
        *changed = false;
        return STATUS_OK; /* the configuration gave it to another */
    }
    enum status status =
        lease_name_assign(&server->namer, server->setup.leases, lease, &name, link, &loser);
    if (status == STATUS_OK && loser != NULL && loser->stored)
        lease_name_publish(&server->namer, loser); /* its own: a client has one name for all */
    return status;
}

enum status dhcp6_server_assign(struct dhcp6_server *server, const struct lease_assign *assign,
                                struct instant now)
{
    struct lease *lease;
    mono_ms kept_until;
    enum status status = take(server, assign, now, &lease, &kept_until);
    if (status != STATUS_OK)
        return status;
    struct dhcp6_item item = { .preferred = 1, .lease = lease, .kept_until = kept_until };
    bool is_new = !lease->stored;
    if (assign->hardware.count > 0)
        status = lease_table_set_client(server->setup.leases, lease, &assign->hardware,
                                        assign->identity);
    lease->interface = network_link_of(server->network, &lease->address);
    lease_table_set_expiry(server->setup.leases, lease, now, assign->seconds);
    const char *link = dhcp6_interface_name(server, lease->interface);
    if (status == STATUS_OK)
        status = name_it(server, lease, assign->name, link[0] != '\0' ? link : NULL, item.old_name,
                         &item.changed);
    if (status == STATUS_OK)
        status = dhcp6_lease_keep(server, &item, now);
    if (status != STATUS_OK && is_new) {
        /* The store may have said so already, and then it is gone. */
        lease = lease_table_by_address(server->setup.leases, &assign->address);
        if (lease != NULL)
            (void)dhcp6_lease_remove(server, lease, now);
    }
    return status;
}

bool dhcp6_server_unassign(struct dhcp6_server *server, const struct address *address,
                           struct instant now)
{
    struct lease *lease = lease_table_by_address(server->setup.leases, address);
    return lease != NULL && lease->kind != LEASE_IP6_PD && dhcp6_lease_remove(server, lease, now);
}

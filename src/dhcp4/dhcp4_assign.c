/* Leases that are given and taken away without a message of their client's. They go the way of all
 * leases: the store first, then the DNS and whoever wants to know. */
#include "dhcp4/dhcp4_state.h"

/* A name the namer will not have is left out, as it is of a client. */
static enum status name_it(struct dhcp4_server *server, struct lease *lease, struct text said,
                           const char *link, char old_name[LEASE_OLD_NAME_MAX], bool *changed)
{
    struct lease_table *leases = server->setup.leases;
    struct lease_name name;
    struct lease *loser = NULL;
    struct text_out out = text_out_on(old_name, LEASE_OLD_NAME_MAX);
    struct text had = text_of(lease->name);
    bool named = !text_is_empty(said) && !lease_name_is_reserved(said)
                 && lease_name_fit(&server->namer, said, &lease->address, link, &name);
    *changed = false;
    if (text_equal(had, named ? text_of(name.text) : TEXT_NONE))
        return STATUS_OK;
    text_put(&out, had);
    enum status status = STATUS_OK;
    if (named)
        status = lease_name_assign(&server->namer, leases, lease, &name, link, &loser);
    else
        status = lease_table_set_name(leases, lease, TEXT_NONE, TEXT_NONE);
    if (loser != NULL)
        dhcp4_lease_strip_name(server, loser);
    *changed = status == STATUS_OK;
    return status;
}

static enum status take(struct dhcp4_server *server, const struct lease_assign *assign,
                        struct lease **lease, bool *is_new, bool *changed, mono_ms *kept_until)
{
    struct lease_table *leases = server->setup.leases;
    *lease = lease_table_by_address(leases, &assign->address);
    *is_new = *lease == NULL || !(*lease)->stored;
    *changed = false;
    *kept_until = *lease != NULL ? (*lease)->expires_mono : 0;
    if (*lease == NULL)
        return lease_table_add(leases, &assign->address, LEASE_IP4, &assign->hardware,
                               assign->identity, lease);
    const struct lease_commit_row *row = lease_commit_find(server->commit, (*lease)->ticket);
    if (row != NULL)
        *kept_until = row->kept_until;
    lease_commit_forget(server->commit, *lease); /* what waits is overtaken */
    *changed = !hardware_equal(&(*lease)->hardware, &assign->hardware);
    return lease_table_set_client(leases, *lease, &assign->hardware, assign->identity);
}

enum status dhcp4_server_assign(struct dhcp4_server *server, const struct lease_assign *assign,
                                struct instant now)
{
    char old_name[LEASE_OLD_NAME_MAX] = "";
    bool is_new, changed, renamed = false;
    struct lease *lease;
    struct lease_commit_row *row;
    mono_ms kept_until;
    enum status status = take(server, assign, &lease, &is_new, &changed, &kept_until);
    if (status != STATUS_OK)
        return status;
    lease->interface = network_link_of(server->network, &lease->address);
    const struct network_interface *link = network_by_index(server->network, lease->interface);
    lease_table_set_expiry(server->setup.leases, lease, now, assign->seconds);
    status =
        name_it(server, lease, assign->name, link != NULL ? link->name : NULL, old_name, &renamed);
    if (status == STATUS_OK)
        status = lease_commit_add(server->commit, lease, BYTES_NONE, &row);
    dhcp4_probe_forget(server->probes, &assign->address);
    dhcp4_server_refresh(server, &assign->address);
    if (status != STATUS_OK) {
        if (is_new)
            (void)dhcp4_lease_remove(server, lease, now);
        return status;
    }
    row->is_new = is_new;
    row->kept_until = kept_until;
    row->changed = changed || renamed;
    struct text_out out = text_out_on(row->old_name, sizeof(row->old_name));
    text_put_string(&out, old_name);
    return dhcp4_lease_keep(server, lease, row, now);
}

bool dhcp4_server_unassign(struct dhcp4_server *server, const struct address *address,
                           struct instant now)
{
    struct lease *lease = lease_table_by_address(server->setup.leases, address);
    return lease != NULL && dhcp4_lease_remove(server, lease, now);
}

#include "dhcp/lease_name_load.h"

#include "wire/dhcp6_message.h"

static const char *link_name(const struct lease_name_loader *loader, const struct lease *lease)
{
    const struct network_interface *link = network_by_index(loader->network, lease->interface);
    return link != NULL ? link->name : NULL;
}

static struct bytes client_id_of(const struct lease *lease)
{
    return bytes_of(lease->client_id, lease->client_id_count);
}

static bool anywhere(void *context, const struct address *address)
{
    (void)context;
    (void)address;
    return true;
}

/* The configuration calls this client so. */
static bool is_configured_name(const struct lease_name_loader *loader, const struct lease *lease,
                               const struct lease_name *name)
{
    bool ip6 = lease->kind != LEASE_IP4;
    struct client_id client = { lease->hardware, client_id_of(lease) };
    /* The file does not tell it. */
    if (ip6 && client.hardware.count == 0 && !dhcp6_duid_hardware(client.id, &client.hardware))
        client.hardware = (struct hardware){ 0 };
    struct host_question question = {
        .client = &client, .tag_names = loader->tag_names, .is_served = anywhere, .ip6 = ip6
    };
    struct host_found found;
    struct tag_set tags;
    tag_set_init(&tags);
    question.tags = &tags;
    host_match_find(loader->hosts, &question, &found);
    return found.host != NULL && found.host->name.count > 0
           && text_equal_nocase(text_from_bytes(dname_first_label(&found.host->name)),
                                text_of(name->text));
}

/* A DHCPv6 client has one name for all its leases. */
static bool share_names(const struct lease *a, const struct lease *b)
{
    return a->kind != LEASE_IP4 && bytes_equal(client_id_of(a), client_id_of(b));
}

enum status lease_name_load(const struct lease_name_loader *loader, struct lease *lease,
                            struct text said)
{
    const char *link = link_name(loader, lease);
    struct lease_name name;
    struct lease *loser;
    if (lease->kind == LEASE_IP6_PD
        || !lease_name_fit(loader->namer, said, &lease->address, link, &name))
        return lease_table_set_name(loader->leases, lease, TEXT_NONE, TEXT_NONE);
    name.from_config = is_configured_name(loader, lease, &name);
    enum status status =
        lease_name_assign(loader->namer, loader->leases, lease, &name, link, &loser);
    if (status == STATUS_OK && loser != NULL && !share_names(loser, lease))
        status = lease_table_set_name(loader->leases, loser, TEXT_NONE, TEXT_NONE);
    return status;
}

static void load_anew(const struct lease_name_loader *loader, struct lease *lease)
{
    const struct dname *domain =
        site_domain_for(loader->namer->site, &lease->address, link_name(loader, lease));
    char text[DNAME_TEXT_MAX] = "";
    char name[LEASE_NAME_MAX];
    struct text_out copy = text_out_on(name, sizeof(name));
    if (domain != NULL)
        (void)dname_text(domain, text);
    if (text_equal(text_of(text), text_of(lease->domain != NULL ? lease->domain : "")))
        return;
    text_put_string(&copy, lease->name);
    lease_name_withdraw(loader->namer, lease);
    if (copy.failed || lease_name_load(loader, lease, text_of(name)) != STATUS_OK)
        event_say(loader->namer->events, EVENT_DHCP_WARNING, "no memory for the name of a lease");
}

void lease_name_load_anew(const struct lease_name_loader *loader)
{
    const struct lease *lease = lease_table_first(loader->leases);
    for (; lease != NULL; lease = lease_table_next(loader->leases, lease)) {
        if (lease->name != NULL)
            load_anew(loader, lease_table_by_address(loader->leases, &lease->address));
    }
}

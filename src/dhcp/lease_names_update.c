#include "dhcp/lease_names_update.h"

static void warn(const struct lease_namer *namer, const struct text_out *text)
{
    struct event event = { .kind = EVENT_DHCP_WARNING, .text = text->start };
    event_tell(namer->events, &event);
}

/* ------------------------------------------------------------------ making a name fit */

/* Clients send names with a dot or a NUL at the end. */
static struct text without_tail(struct text said)
{
    while (said.count > 0 && (said.at[said.count - 1] == '\0' || said.at[said.count - 1] == '.'))
        said.count--;
    return said;
}

static void say_ignored_domain(const struct lease_namer *namer, const struct dname *domain,
                               struct text host)
{
    char buffer[DNAME_TEXT_MAX + 128];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    if (!event_wanted(namer->events, EVENT_DHCP_WARNING))
        return;
    text_put_string(&out, "Ignoring domain ");
    text_put_dname(&out, domain);
    text_put_string(&out, " for DHCP host name ");
    text_put(&out, host);
    warn(namer, &out);
}

bool lease_name_is_reserved(struct text said)
{
    static const char *const reserved[] = { "localhost", "wpad", "isatap" };
    struct text host = text_part(said, 0, text_find(said, '.'));
    for (size_t i = 0; i < COUNT_OF(reserved); i++)
        if (text_equal_nocase(host, text_of(reserved[i])))
            return true;
    return false;
}

bool lease_name_fit(const struct lease_namer *namer, struct text said,
                    const struct address *address, const char *interface, struct lease_name *name)
{
    struct dname whole, rest;
    said = without_tail(said);
    if (text_is_empty(said) || dname_from_host(said, false, &whole) != STATUS_OK
        || !dname_parent(&whole, &rest))
        return false;
    struct text host = text_from_bytes(dname_first_label(&whole));
    if (!dname_is_root(&rest)) {
        const struct dname *domain = site_domain_for(namer->site, address, interface);
        if (domain == NULL || !dname_equal(domain, &rest))
            say_ignored_domain(namer, &rest, host);
    }
    struct text_out out = text_out_on(name->text, sizeof(name->text));
    text_put(&out, host);
    name->from_config = false;
    return !out.failed && host.count > 0;
}

bool lease_name_of_address(const struct lease_namer *namer, const struct address *address,
                           const char *interface, struct lease_name *name)
{
    if (namer->configured == NULL)
        return false;
    struct dname reverse = dname_reverse(address);
    struct dname whole, rest;
    const struct local_name *found =
        local_names_find(namer->configured, &reverse, dname_hash(&namer->key, &reverse));
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const struct local_record *record = &found->records[i];
        if (record->type != RRTYPE_PTR || dname_from_wire(record->rdata, &whole) != STATUS_OK
            || !dname_parent(&whole, &rest))
            continue;
        const struct dname *domain = site_domain_for(namer->site, address, interface);
        if (!dname_is_root(&rest) && (domain == NULL || !dname_equal(domain, &rest)))
            continue;
        return lease_name_fit(namer, text_from_bytes(dname_first_label(&whole)), address, interface,
                              name);
    }
    return false;
}

/* ------------------------------------------------------------------ leases */

/* A name that the configuration gave to another client is not to be had by claiming it (R14). */
static bool is_given_to_another(const struct lease *bearer, const struct lease *lease,
                                const struct lease_name *name)
{
    return bearer != NULL && bearer != lease && bearer->name_from_config && !name->from_config;
}

static bool is_same_machine(const struct lease *a, const struct lease *b)
{
    return a->hardware.count > 0 && hardware_equal(&a->hardware, &b->hardware)
           && (a->kind == LEASE_IP4 || a->hardware_seen)
           && (b->kind == LEASE_IP4 || b->hardware_seen);
}

/* The lease of the other family that has this name and is another machine's, or NULL. */
static const struct lease *other_bearer(const struct lease_namer *namer, const struct lease *lease,
                                        struct text name, const char *domain)
{
    const struct lease *found = NULL;
    if (namer->other != NULL && !text_is_empty(name))
        found = namer->whole_names ? lease_table_by_name_in(namer->other, name, text_of(domain))
                                   : lease_table_by_name(namer->other, name);
    return found != NULL && !is_same_machine(found, lease) ? found : NULL;
}

bool lease_name_is_given(const struct lease_namer *namer, const struct lease *lease,
                         const struct lease_name *name, const char *domain)
{
    const struct lease *other = other_bearer(namer, lease, text_of(name->text), domain);
    return other != NULL && other->name_from_config && !name->from_config;
}

enum status lease_name_assign(const struct lease_namer *namer, struct lease_table *table,
                              struct lease *lease, const struct lease_name *name,
                              const char *interface, struct lease **loser)
{
    char buffer[DNAME_TEXT_MAX] = "";
    struct text host = text_of(name->text);
    const struct dname *domain = site_domain_for(namer->site, &lease->address, interface);
    if (domain != NULL && !text_is_empty(host))
        (void)dname_text(domain, buffer);
    *loser = NULL;
    struct lease *bearer = namer->whole_names ? lease_table_by_name_in(table, host, text_of(buffer))
                                              : lease_table_by_name(table, host);
    if (is_given_to_another(bearer, lease, name) || lease_name_is_given(namer, lease, name, buffer))
        return STATUS_OK;
    enum status status = lease_table_set_name(table, lease, host, text_of(buffer));
    if (status != STATUS_OK)
        return status;
    lease->name_from_config = name->from_config;
    if (bearer == NULL || bearer == lease)
        return STATUS_OK;
    lease_name_withdraw(namer, bearer);
    *loser = bearer;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the DNS */

/* The record that makes this name somebody else's already, or NULL. */
static const struct local_record *rival(const struct lease_namer *namer, const struct dname *name,
                                        const struct address *address)
{
    const struct local_record *found = NULL;
    if (namer->configured == NULL)
        return NULL;
    const struct local_name *known =
        local_names_find(namer->configured, name, dname_hash(&namer->key, name));
    uint16_t type = address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
    for (size_t i = 0; known != NULL && i < known->count; i++) {
        const struct local_record *record = &known->records[i];
        if (record->type == type && bytes_equal(record->rdata, address_bytes(address)))
            return NULL;
        if (record->type == type || record->type == RRTYPE_CNAME)
            found = record;
    }
    return found;
}

static void say_rival(const struct lease_namer *namer, const struct dname *name,
                      const struct lease *lease, const struct local_record *record)
{
    char buffer[2 * DNAME_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    struct address other;
    if (!event_wanted(namer->events, EVENT_DHCP_WARNING))
        return;
    text_put_string(&out, "not giving name ");
    text_put_dname(&out, name);
    text_put_string(&out, " to the DHCP lease of ");
    text_put_address(&out, &lease->address);
    text_put_string(&out, " because the name exists in ");
    text_put_string(&out, record->source_name != NULL ? record->source_name : "config");
    if (record->type != RRTYPE_CNAME && address_from_bytes(record->rdata, &other) == STATUS_OK) {
        text_put_string(&out, " with address ");
        text_put_address(&out, &other);
    }
    warn(namer, &out);
}

static bool is_free(const struct lease_namer *namer, const struct dname *name,
                    const struct lease *lease)
{
    const struct local_record *record = rival(namer, name, &lease->address);
    if (record != NULL)
        say_rival(namer, name, lease, record);
    return record == NULL;
}

/* Between the families, what the configuration gives wins over what is claimed. False: that is not
 * this one. */
static bool wins_name(const struct lease_namer *namer, const struct lease *lease)
{
    const struct lease *other = other_bearer(namer, lease, text_of(lease->name),
                                             lease->domain != NULL ? lease->domain : "");
    if (other == NULL || other->name_from_config == lease->name_from_config)
        return true;
    if (lease->name_from_config)
        lease_names_remove(namer->names, &other->address);
    return lease->name_from_config;
}

void lease_name_publish(const struct lease_namer *namer, const struct lease *lease)
{
    struct dname name, domain, qualified;
    if (namer->names == NULL)
        return;
    if (lease->name == NULL || dname_from_host(text_of(lease->name), false, &name) != STATUS_OK
        || !wins_name(namer, lease)) {
        lease_names_remove(namer->names, &lease->address);
        return;
    }
    bool bare = !namer->whole_names && is_free(namer, &name, lease);
    bool has_qualified = lease->domain != NULL
                         && dname_from_text(text_of(lease->domain), &domain) == STATUS_OK
                         && dname_join(&name, &domain, &qualified) == STATUS_OK;
    /* One whose whole name is free keeps that when only the bare one is somebody else's. */
    if ((has_qualified || !bare) && !(has_qualified && is_free(namer, &qualified, lease))) {
        lease_names_remove(namer->names, &lease->address);
        return;
    }
    if (lease_names_set(namer->names, &lease->address, bare ? &name : &qualified,
                        bare && has_qualified ? &qualified : NULL)
        != STATUS_OK)
        lease_names_remove(namer->names, &lease->address);
}

void lease_name_withdraw(const struct lease_namer *namer, const struct lease *lease)
{
    if (namer->names != NULL)
        lease_names_remove(namer->names, &lease->address);
}

#include "dhcp4/dhcp4_decide.h"
#include "dhcp4/dhcp4_detail.h"
#include "dhcp4/dhcp4_leasequery.h"
#include "dhcp4/dhcp4_facts.h"
#include "dhcp4/dhcp4_reply.h"
#include "dhcp4/dhcp4_shorten.h"
#include "dhcp4/dhcp4_state.h"

/* A removal the store could not take is tried again so soon. */
#define REMOVE_AGAIN_MS 1000

/* ------------------------------------------------------------------ which addresses can be picked
 */

void dhcp4_server_refresh(struct dhcp4_server *server, const struct address *address)
{
    uint64_t client;
    bool taken = lease_table_by_address(server->setup.leases, address) != NULL
                 || host_match_owner(server->hosts, address) != NULL
                 || network_own_address(server->network, address) != NULL
                 || dhcp4_address_is_declined(server, address)
                 || dhcp4_probe_of_address(server->probes, address, &client) != DHCP4_PROBE_NONE;
    address_pick_set(server->pick, address, taken);
}

bool dhcp4_address_is_declined(const struct dhcp4_server *server, const struct address *address)
{
    for (size_t i = 0; i < server->declined_count; i++) {
        if (address_equal(&server->declined[i].address, address))
            return true;
    }
    return false;
}

static void forget_declined(struct dhcp4_server *server, size_t index)
{
    struct address address = server->declined[index].address;
    server->declined_count--;
    for (size_t i = index; i < server->declined_count; i++)
        server->declined[i] = server->declined[i + 1];
    dhcp4_server_refresh(server, &address);
}

/* The oldest gives way when there are too many. */
void dhcp4_address_decline(struct dhcp4_server *server, const struct address *address, mono_ms now)
{
    for (size_t i = 0; i < server->declined_count; i++) {
        if (address_equal(&server->declined[i].address, address))
            return;
    }
    if (server->declined_count == DHCP4_DECLINED_MAX) {
        server->counters.declined_gave_way++;
        forget_declined(server, 0);
    }
    server->declined[server->declined_count++] =
        (struct dhcp4_declined){ *address, now + DHCP4_DECLINE_MS };
    dhcp4_server_refresh(server, address);
}

void dhcp4_declined_expire(struct dhcp4_server *server, mono_ms now)
{
    while (server->declined_count > 0 && server->declined[0].until <= now)
        forget_declined(server, 0);
}

mono_ms dhcp4_declined_deadline(const struct dhcp4_server *server)
{
    return server->declined_count > 0 ? server->declined[0].until : MONO_NEVER;
}

/* ------------------------------------------------------------------ telling */

static const char *interface_name(const struct dhcp4_server *server, uint32_t index)
{
    const struct network_interface *interface = network_by_index(server->network, index);
    return interface != NULL ? interface->name : NULL;
}

static void tell_lease(const struct dhcp4_server *server, enum event_kind kind,
                       const struct lease *lease, const char *old_name, const char *old_domain)
{
    if (!event_wanted(server->setup.events, kind))
        return;
    struct address relay = address_ip4_from_u32(lease->relay);
    struct event event = {
        .kind = kind,
        .interface = interface_name(server, lease->interface),
        .address = &lease->address,
        .hardware = &lease->hardware,
        .text = lease->name,
        .lease = lease,
        .old_name = old_name != NULL && old_name[0] != '\0' ? old_name : NULL,
        .old_domain = old_domain,
        .relay = lease->relay != 0 ? &relay : NULL,
    };
    dhcp4_facts_fill(server, lease->ticket, &event);
    event_tell(server->setup.events, &event);
}

void dhcp4_server_tell_leases(const struct dhcp4_server *server)
{
    const struct lease *lease = lease_table_first(server->setup.leases);
    if (!event_wanted(server->setup.events, EVENT_LEASE_KNOWN))
        return;
    for (; lease != NULL; lease = lease_table_next(server->setup.leases, lease))
        if (lease->kind == LEASE_IP4 && lease->stored)
            tell_lease(server, EVENT_LEASE_KNOWN, lease, NULL, NULL);
}

NODISCARD static enum status put_in_store(struct dhcp4_server *server, enum lease_change_kind kind,
                                          struct lease *lease, uint64_t ticket)
{
    struct lease_change change = { kind, lease, ticket };
    if (server->setup.backend == NULL)
        return STATUS_OK;
    return server->setup.backend->class_->commit(server->setup.backend, &change);
}

/* ------------------------------------------------------------------ taking away */

bool dhcp4_lease_remove(struct dhcp4_server *server, struct lease *lease, struct instant now)
{
    struct address address = lease->address;
    lease_name_withdraw(&server->namer, lease);
    lease_commit_forget(server->commit, lease);
    if (put_in_store(server, LEASE_CHANGE_REMOVE, lease, 0) != STATUS_OK) {
        lease_table_set_expiry_mono(server->setup.leases, lease, now, now.mono + REMOVE_AGAIN_MS);
        return false;
    }
    if (lease->stored)
        tell_lease(server, EVENT_LEASE_REMOVED, lease, NULL, NULL);
    lease_table_remove(server->setup.leases, lease);
    dhcp4_server_refresh(server, &address);
    return true;
}

/* Another client took its name. */
void dhcp4_lease_strip_name(struct dhcp4_server *server, struct lease *lease)
{
    char old_name[LEASE_OLD_NAME_MAX];
    char old_domain[DNAME_TEXT_MAX];
    struct text_out out = text_out_on(old_name, sizeof(old_name));
    struct text_out domain = text_out_on(old_domain, sizeof(old_domain));
    text_put_string(&out, lease->name);
    if (lease->domain != NULL)
        text_put_string(&domain, lease->domain);
    if (lease_table_set_name(server->setup.leases, lease, TEXT_NONE, TEXT_NONE) != STATUS_OK)
        return;
    if (put_in_store(server, LEASE_CHANGE_PUT, lease, 0) != STATUS_OK)
        server->counters.commit_failed++;
    if (lease->stored)
        tell_lease(server, EVENT_LEASE_CHANGED, lease, old_name,
                   old_domain[0] != '\0' ? old_domain : NULL);
}

/* ------------------------------------------------------------------ giving */

static bool same_text(const char *a, const char *b)
{
    return text_equal(text_of(a), text_of(b));
}

/* "02-00-00-00-00-01" for who has no name (dhcp-generate-names). */
static bool generate_name(const struct dhcp4_exchange *exchange, struct lease_name *name)
{
    const struct dhcp4_server *server = exchange->server;
    const struct dhcp_config *config = server->setup.config;
    const struct hardware *hardware = &exchange->client.hardware;
    if (hardware->count == 0
        || !tag_rules_any(&server->tags, config->generate_names, config->generate_name_count,
                          &exchange->tags))
        return false;
    struct text_out out = text_out_on(name->text, sizeof(name->text));
    text_put_hex(&out, bytes_of(hardware->bytes, hardware->count), '-');
    name->from_config = false;
    return !out.failed;
}

/* The dhcp-host line, unless only a name that does not count led to it; then a hosts file. */
static bool configured_name(const struct dhcp4_exchange *exchange, const struct lease *lease,
                            struct lease_name *name)
{
    const struct lease_namer *namer = &exchange->server->namer;
    const struct dhcp_host *host = exchange->host.host;
    const char *link = exchange->interface->name;
    char text[DNAME_TEXT_MAX];
    if (host != NULL && host->name.count > 0 && !(exchange->host.by_name && exchange->name_ignored)
        && lease_name_fit(namer, text_of(dname_text(&host->name, text)), &lease->address, link,
                          name)) {
        name->from_config = !exchange->host.by_name;
        return true;
    }
    if (!lease_name_of_address(namer, &lease->address, link, name))
        return false;
    name->from_config = true;
    return true;
}

/* A client may claim it again and again. */
static void say_reserved_name(const struct dhcp4_exchange *exchange, const char *claimed)
{
    struct dhcp4_server *server = exchange->server;
    if (event_may_say(&server->bad_name_said, exchange->now.mono))
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "not giving the name %s to a DHCP client that claims it", claimed);
}

/* What is configured wins over what is claimed, and that over what can be made up. Nothing: it
 * keeps the one it has. */
static bool choose_name(const struct dhcp4_exchange *exchange, const struct lease *lease,
                        struct lease_name *name)
{
    const char *claimed = dhcp4_exchange_claimed_name(exchange);
    if (configured_name(exchange, lease, name))
        return true;
    if (lease_name_is_reserved(text_of(claimed)))
        say_reserved_name(exchange, claimed);
    else if (claimed[0] != '\0'
             && lease_name_fit(&exchange->server->namer, text_of(claimed), &lease->address,
                               exchange->interface->name, name))
        return true;
    return generate_name(exchange, name);
}

/* Names the lease; the old name goes to the row, for whoever wants to know. True when it changed.
 * *told: the name is the reply's to tell, not one kept from an earlier message. */
static bool name_lease(struct dhcp4_exchange *exchange, struct lease *lease,
                       char old_name[LEASE_OLD_NAME_MAX], bool *told)
{
    struct dhcp4_server *server = exchange->server;
    struct lease_name name;
    struct lease *loser;
    old_name[0] = '\0';
    *told = choose_name(exchange, lease, &name);
    if (!*told)
        return false;
    if (same_text(lease->name, name.text)) {
        lease->name_from_config = name.from_config;
        return false;
    }
    struct text_out out = text_out_on(old_name, LEASE_OLD_NAME_MAX);
    if (lease->name != NULL)
        text_put_string(&out, lease->name);
    if (lease_name_assign(&server->namer, server->setup.leases, lease, &name,
                          exchange->interface->name, &loser)
        != STATUS_OK) {
        *told = false;
        return false;
    }
    if (loser != NULL)
        dhcp4_lease_strip_name(server, loser);
    *told = same_text(lease->name, name.text);
    if (!*told)
        old_name[0] = '\0';
    return *told;
}

/* A client that leaves its id out of one message has not lost it. */
static struct bytes id_to_keep(const struct client_id *client, const struct lease *lease,
                               uint8_t scratch[LEASE_CLIENT_ID_MAX])
{
    struct bytes_writer writer = bytes_writer_on(scratch, LEASE_CLIENT_ID_MAX);
    if (client->id.count > 0 || !client_id_has_lease(client, lease))
        return client->id;
    bytes_write_span(&writer, bytes_of(lease->client_id, lease->client_id_count));
    return bytes_writer_written(&writer);
}

/* The lease of this address becomes the client's. *is_new: it was not this client's before, so the
 * client may not rely on it until the store says so. A client is known by its id or its hardware:
 * when both have changed one after the other and the store has neither, it is another's there.
 * NULL: there is no room. */
static struct lease *take_lease(struct dhcp4_exchange *exchange, const struct address *address,
                                bool *is_new, bool *changed)
{
    struct dhcp4_server *server = exchange->server;
    struct lease_table *leases = server->setup.leases;
    const struct client_id *client = &exchange->client;
    struct lease *lease = lease_table_by_address(leases, address);
    uint8_t scratch[LEASE_CLIENT_ID_MAX];
    *is_new = lease == NULL;
    if (lease == NULL) {
        enum status status =
            lease_table_add(leases, address, LEASE_IP4, &client->hardware, client->id, &lease);
        if (status == STATUS_OK)
            return lease;
        if (status == STATUS_FULL)
            server->counters.lease_limit++;
        else
            server->counters.no_memory++;
        return NULL;
    }
    bool same_hardware = hardware_equal(&lease->hardware, &client->hardware);
    struct bytes id = id_to_keep(client, lease, scratch);
    bool is_same = same_hardware
                   && bytes_equal(id, bytes_of(lease->client_id, lease->client_id_count));
    *is_new = (!same_hardware && !client_id_has_lease(client, lease))
              || (!is_same && lease->owner_unwritten);
    if (*is_new) {
        char text[HARDWARE_TEXT_MAX], where[ADDRESS_TEXT_MAX];
        struct text_out out = text_out_on(text, sizeof(text));
        text_put_hardware(&out, &lease->hardware);
        event_say(server->setup.events, EVENT_DHCP_NOTE, "abandoning lease to %s of %s", text,
                  address_text(address, where));
    }
    *changed = !same_hardware;
    if (lease_table_set_client(leases, lease, &client->hardware, id) == STATUS_OK) {
        lease->owner_unwritten = lease->owner_unwritten || !is_same;
        return lease;
    }
    server->counters.no_memory++;
    return NULL;
}

static void fill_row(struct lease_commit_row *row, const struct dhcp4_exchange *exchange,
                     const struct dhcp4_reply *reply, const struct dhcp4_action *action)
{
    row->kind = (uint8_t)action->kind;
    row->type = reply->type;
    row->from = action->from;
    row->to = action->to;
    row->hardware = action->hardware;
    row->interface = action->interface;
    row->xid = exchange->message.xid;
}

/* Hands the lease to the store, and the reply to a row that waits for it. One that the store has
 * never had, for it could not even take the removal, is as new as it was the first time. */
static void commit_lease(struct dhcp4_exchange *exchange, struct lease *lease,
                         const struct dhcp4_reply *reply, bool is_new, bool changed,
                         mono_ms kept_until, const char *old_name)
{
    struct dhcp4_server *server = exchange->server;
    struct dhcp4_action action;
    struct lease_commit_row *row;
    is_new = is_new || !lease->stored;
    dhcp4_reply_build(exchange, reply, &action);
    dhcp4_detail_reply(exchange, reply, &action);
    if (lease_commit_add(server->commit, lease, action.bytes, &row) != STATUS_OK) {
        server->counters.pending_full++;
        if (!is_new)
            lease_table_set_expiry_mono(server->setup.leases, lease, exchange->now, kept_until);
        else if (!dhcp4_lease_remove(server, lease, exchange->now))
            server->counters.commit_failed++;
        return;
    }
    fill_row(row, exchange, reply, &action);
    dhcp4_facts_keep(exchange, reply, lease);
    row->is_new = is_new;
    row->changed = changed;
    row->kept_until = kept_until;
    struct text_out out = text_out_on(row->old_name, sizeof(row->old_name));
    text_put_string(&out, old_name);
    lease->committed = false;
    enum status status = put_in_store(server, LEASE_CHANGE_PUT, lease, lease->ticket);
    if (status != STATUS_OK || server->setup.backend == NULL)
        dhcp4_lease_settle(server, row, status, exchange->now, exchange->out);
}

enum status dhcp4_lease_keep(struct dhcp4_server *server, struct lease *lease,
                             struct lease_commit_row *row, struct instant now)
{
    lease->committed = false;
    enum status status = put_in_store(server, LEASE_CHANGE_PUT, lease, lease->ticket);
    if (status != STATUS_OK || server->setup.backend == NULL)
        dhcp4_lease_settle(server, row, status, now, NULL);
    return status;
}

void dhcp4_lease_grant(struct dhcp4_exchange *exchange, struct dhcp4_reply *reply)
{
    struct dhcp4_server *server = exchange->server;
    char old_name[LEASE_OLD_NAME_MAX];
    struct address address = reply->address;
    struct lease *lease = lease_table_by_address(server->setup.leases, &address);
    bool is_new, told, changed = false;
    if (lease != NULL && lease->ticket != 0)
        return; /* its acknowledgement only waits for the disk */
    if (exchange->lease != NULL && exchange->lease != lease) {
        if (!dhcp4_lease_remove(server, exchange->lease, exchange->now))
            server->counters.commit_failed++;
        exchange->lease = NULL;
    }
    lease = take_lease(exchange, &address, &is_new, &changed);
    if (lease == NULL)
        return;
    exchange->lease = lease;
    lease->interface = exchange->in->interface;
    mono_ms kept_until = lease->expires_mono;
    lease_table_set_expiry(server->setup.leases, lease, exchange->now, reply->lease_s);
    changed = name_lease(exchange, lease, old_name, &told) || changed;
    dhcp4_leasequery_keep(exchange, lease, is_new);
    reply->name = told ? lease->name : NULL;
    /* One that renews by unicast is where it was; the relay did not see that (RFC 2131 4.3.2). */
    if (exchange->relayed)
        lease->relay = address_ip4_to_u32(exchange->message.giaddr);
    else if (is_new || !dhcp4_exchange_by_unicast(exchange))
        lease->relay = 0;
    dhcp4_probe_forget(server->probes, &address);
    dhcp4_server_refresh(server, &address);
    commit_lease(exchange, lease, reply, is_new, changed, kept_until, old_name);
}

/* ------------------------------------------------------------------ the store's answer */

static void send_row(struct dhcp4_server *server, const struct lease_commit_row *row,
                     struct dhcp4_outbox *out)
{
    const struct lease *lease = row->lease;
    const char *name = interface_name(server, lease->interface);
    struct dhcp4_action action = {
        .kind = (enum dhcp4_action_kind)row->kind,
        .bytes = bytes_of(row->reply, row->reply_count),
        .from = row->from,
        .to = row->to,
        .hardware = row->hardware,
        .interface = row->interface,
    };
    struct event event = {
        .kind = EVENT_DHCP_MESSAGE,
        .verb = row->type == 0 ? "BOOTP" : "DHCPACK",
        .interface = name != NULL ? name : "",
        .address = &lease->address,
        .hardware = &lease->hardware,
        .xid = row->xid,
        .text = row->type == 0 ? NULL : lease->name,
        .lease = lease,
    };
    event_tell(server->setup.events, &event);
    server->counters.sent[row->type & 15]++;
    dhcp4_outbox_put(out, &action);
}

/* The store still has the lease as it was, so it lasts no longer than that and nobody is told that
 * it does. False: nothing is left to tell. */
static bool fall_back(struct dhcp4_server *server, struct lease_commit_row *row, struct instant now)
{
    struct lease *lease = row->lease;
    mono_ms until = row->kept_until;
    if (lease->expires_mono <= until)
        return true;
    lease_table_set_expiry_mono(server->setup.leases, lease, now, until);
    uint64_t left_s = until > now.mono ? (until - now.mono) / 1000 : 0;
    /* A second is what one has whose removal the store would not take. */
    return left_s > 1
           && dhcp4_reply_shorten(row->reply, row->reply_count,
                                  left_s < UINT32_MAX ? (uint32_t)left_s : UINT32_MAX);
}

void dhcp4_lease_settle(struct dhcp4_server *server, struct lease_commit_row *row,
                        enum status status, struct instant now, struct dhcp4_outbox *out)
{
    struct lease *lease = row->lease;
    if (status != STATUS_OK)
        server->counters.commit_failed++;
    if (lease == NULL) {
        lease_commit_done(server->commit, row);
        return;
    }
    /* Nobody may rely on a lease that was never kept. One that was is good for its old time. */
    if (status != STATUS_OK && row->is_new) {
        lease_commit_done(server->commit, row);
        if (!dhcp4_lease_remove(server, lease, now))
            server->counters.commit_failed++;
        return;
    }
    bool is_told = status == STATUS_OK || fall_back(server, row, now);
    bool is_first = !lease->stored;
    lease->committed = status == STATUS_OK;
    lease->owner_unwritten = lease->owner_unwritten && status != STATUS_OK;
    lease->stored = true;
    lease_name_publish(&server->namer, lease);
    if (row->reply_count > 0 && is_told)
        send_row(server, row, out);
    if (is_first)
        tell_lease(server, EVENT_LEASE_ADDED, lease, NULL, NULL);
    else if (row->changed)
        tell_lease(server, EVENT_LEASE_CHANGED, lease, row->old_name, NULL);
    else
        tell_lease(server, EVENT_LEASE_RENEWED, lease, NULL, NULL);
    lease_commit_done(server->commit, row);
}

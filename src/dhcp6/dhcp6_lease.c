#include "dhcp6/dhcp6_decide.h"
#include "dhcp6/dhcp6_facts.h"
#include "dhcp6/dhcp6_shorten.h"
#include "dhcp6/dhcp6_state.h"

/* A removal the store could not take is tried again so soon. */
#define REMOVE_AGAIN_MS 1000

/* ------------------------------------------------------------------ declined addresses */

bool dhcp6_address_is_declined(const struct dhcp6_server *server, const struct address *address)
{
    for (size_t i = 0; i < server->declined_count; i++) {
        if (address_equal(&server->declined[i].address, address))
            return true;
    }
    return false;
}

static void forget_declined(struct dhcp6_server *server, size_t index)
{
    server->declined_count--;
    for (size_t i = index; i < server->declined_count; i++)
        server->declined[i] = server->declined[i + 1];
}

/* The oldest gives way when there are too many. */
void dhcp6_address_decline(struct dhcp6_server *server, const struct address *address, mono_ms now)
{
    if (dhcp6_address_is_declined(server, address))
        return;
    if (server->declined_count == DHCP6_DECLINED_MAX) {
        server->counters.declined_gave_way++;
        forget_declined(server, 0);
    }
    server->declined[server->declined_count++] =
        (struct dhcp6_declined){ *address, now + DHCP6_DECLINE_MS };
}

void dhcp6_declined_expire(struct dhcp6_server *server, mono_ms now)
{
    while (server->declined_count > 0 && server->declined[0].until <= now)
        forget_declined(server, 0);
}

mono_ms dhcp6_declined_deadline(const struct dhcp6_server *server)
{
    return server->declined_count > 0 ? server->declined[0].until : MONO_NEVER;
}

/* ------------------------------------------------------------------ telling */

const char *dhcp6_interface_name(const struct dhcp6_server *server, uint32_t index)
{
    const struct network_interface *interface = network_by_index(server->network, index);
    return interface != NULL ? interface->name : "";
}

static struct bytes duid_of(const struct lease *lease)
{
    return bytes_of(lease->client_id, lease->client_id_count);
}

/* row: of the message that brought this about; NULL: none. */
static void tell_lease(const struct dhcp6_server *server, enum event_kind kind,
                       const struct lease *lease, const char *old_name, const char *old_domain,
                       const struct dhcp6_pending_row *row)
{
    if (!event_wanted(server->setup.events, kind))
        return;
    const char *interface =
        dhcp6_interface_name(server, row != NULL ? row->interface : lease->interface);
    struct event event = {
        .kind = kind,
        .interface = interface[0] != '\0' ? interface : NULL,
        .address = &lease->address,
        .prefix_length = lease->prefix_length,
        .hardware = &lease->hardware,
        .duid = duid_of(lease),
        .text = lease->name,
        .lease = lease,
        .old_name = old_name != NULL && old_name[0] != '\0' ? old_name : NULL,
        .old_domain = old_domain,
        .server_duid = bytes_of(server->duid, server->duid_count),
    };
    if (row != NULL) {
        event.has_facts = row->has_facts;
        event.facts = bytes_of(row->facts, row->facts_count);
        event.relay = address_is_none(&row->relay) ? NULL : &row->relay;
    }
    event_tell(server->setup.events, &event);
}

void dhcp6_server_tell_leases(const struct dhcp6_server *server)
{
    const struct lease *lease = lease_table_first(server->setup.leases);
    if (!event_wanted(server->setup.events, EVENT_LEASE_KNOWN))
        return;
    for (; lease != NULL; lease = lease_table_next(server->setup.leases, lease)) {
        if (lease->stored)
            tell_lease(server, EVENT_LEASE_KNOWN, lease, NULL, NULL, NULL);
    }
}

NODISCARD static enum status put_in_store(struct dhcp6_server *server, enum lease_change_kind kind,
                                          struct lease *lease, uint64_t ticket)
{
    struct lease_change change = { kind, lease, ticket };
    if (server->setup.backend == NULL)
        return STATUS_OK;
    return server->setup.backend->class_->commit(server->setup.backend, &change);
}

/* ------------------------------------------------------------------ taking away */

bool dhcp6_lease_remove(struct dhcp6_server *server, struct lease *lease, struct instant now)
{
    lease_name_withdraw(&server->namer, lease);
    dhcp6_pending_forget(server->pending, lease);
    if (put_in_store(server, LEASE_CHANGE_REMOVE, lease, 0) != STATUS_OK) {
        server->counters.commit_failed++;
        lease_table_set_expiry_mono(server->setup.leases, lease, now, now.mono + REMOVE_AGAIN_MS);
        return false;
    }
    if (lease->stored)
        tell_lease(server, EVENT_LEASE_REMOVED, lease, NULL, NULL, NULL);
    dhcp6_clients_remove(server->clients, duid_of(lease));
    lease_table_remove(server->setup.leases, lease);
    return true;
}

/* Another client took its name. False: there was no memory for that. */
static bool strip_name(struct dhcp6_server *server, struct lease *lease)
{
    char old_name[LEASE_NAME_MAX];
    char old_domain[DNAME_TEXT_MAX];
    struct text_out out = text_out_on(old_name, sizeof(old_name));
    struct text_out domain = text_out_on(old_domain, sizeof(old_domain));
    text_put_string(&out, lease->name);
    if (lease->domain != NULL)
        text_put_string(&domain, lease->domain);
    if (lease_table_set_name(server->setup.leases, lease, TEXT_NONE, TEXT_NONE) != STATUS_OK)
        return false;
    lease_name_withdraw(&server->namer, lease);
    if (put_in_store(server, LEASE_CHANGE_PUT, lease, 0) != STATUS_OK)
        server->counters.commit_failed++;
    if (lease->stored)
        tell_lease(server, EVENT_LEASE_CHANGED, lease, old_name,
                   old_domain[0] != '\0' ? old_domain : NULL, NULL);
    return true;
}

/* ------------------------------------------------------------------ names */

/* The dhcp-host line, unless only a name that does not count led to it. */
static bool configured_name(const struct dhcp6_exchange *exchange, const struct lease_namer *namer,
                            const struct address *address, struct lease_name *name)
{
    const struct dhcp_host *host = exchange->host.host;
    char text[DNAME_TEXT_MAX];
    if (host == NULL || host->name.count == 0 || (exchange->host.by_name && exchange->name_ignored)
        || !lease_name_fit(namer, text_of(dname_text(&host->name, text)), address,
                           exchange->interface->name, name))
        return false;
    name->from_config = !exchange->host.by_name;
    return true;
}

/* A client may claim it again and again. */
static void say_reserved_name(const struct dhcp6_exchange *exchange, const char *claimed)
{
    struct dhcp6_server *server = exchange->server;
    if (event_may_say(&server->bad_name_said, exchange->now.mono))
        event_say(server->setup.events, EVENT_DHCP_WARNING,
                  "not giving the name %s to a DHCP client that claims it", claimed);
}

/* What the client calls itself is not for it: it is nobody's, or a dhcp-host line keeps it for
 * another client, which need not be here now. */
static bool is_name_refused(const struct dhcp6_exchange *exchange)
{
    struct text claimed = text_of(dhcp6_exchange_claimed_name(exchange));
    const struct client_id client = { exchange->hardware, exchange->duid };
    struct dname name;
    return lease_name_is_reserved(claimed)
           || (dname_from_host(claimed, false, &name) == STATUS_OK
               && host_match_keeps_name(exchange->server->hosts, &name, &client));
}

/* What is configured wins over what is claimed. */
static bool choose_name(const struct dhcp6_exchange *exchange, const struct lease_namer *namer,
                        const struct address *address, struct lease_name *name)
{
    const char *claimed = dhcp6_exchange_claimed_name(exchange);
    if (configured_name(exchange, namer, address, name))
        return true;
    return claimed[0] != '\0' && !is_name_refused(exchange)
           && lease_name_fit(namer, text_of(claimed), address, exchange->interface->name, name);
}

bool dhcp6_lease_name_for(const struct dhcp6_exchange *exchange, const struct address *address,
                          struct lease_name *name)
{
    struct lease_namer quiet = exchange->server->namer;
    quiet.events = NULL;
    return choose_name(exchange, &quiet, address, name);
}

/* Other clients that bear the name lose it: all leases of one name are one client's. False: the
 * configuration gave it to them and not to this one. Ends because each turn takes a name away. */
bool dhcp6_lease_clear_name(struct dhcp6_server *server, const struct lease *lease,
                            const struct lease_name *name, const char *domain)
{
    struct lease_table *leases = server->setup.leases;
    struct text host = text_of(name->text);
    struct lease *bearer;
    if (lease_name_is_given(&server->namer, lease, name, domain))
        return false;
    for (;;) {
        bearer = server->namer.whole_names ? lease_table_by_name_in(leases, host, text_of(domain))
                                           : lease_table_by_name(leases, host);
        if (bearer == NULL || bytes_equal(duid_of(bearer), duid_of(lease)))
            return true;
        if ((bearer->name_from_config && !name->from_config) || !strip_name(server, bearer))
            return false;
    }
}

static bool same_text(const char *a, const char *b)
{
    return text_equal(text_of(a), text_of(b));
}

/* Names the lease. True when the name changed; the old one goes to old_name. *told: the name is the
 * reply's to tell, not one kept from an earlier message. */
static bool name_lease(struct dhcp6_exchange *exchange, struct lease *lease,
                       char old_name[LEASE_NAME_MAX], bool *told)
{
    struct dhcp6_server *server = exchange->server;
    const char *link = exchange->interface->name;
    char domain_text[DNAME_TEXT_MAX] = "";
    struct lease_name name;
    struct lease *loser;
    old_name[0] = '\0';
    *told = false;
    if (dhcp6_exchange_claimed_name(exchange)[0] != '\0' && is_name_refused(exchange))
        say_reserved_name(exchange, dhcp6_exchange_claimed_name(exchange));
    if (lease->kind == LEASE_IP6_PD
        || !choose_name(exchange, &server->namer, &lease->address, &name))
        return false;
    if (same_text(lease->name, name.text)) {
        lease->name_from_config = name.from_config;
        *told = true;
        return false;
    }
    const struct dname *domain = site_domain_for(server->setup.site, &lease->address, link);
    if (domain != NULL)
        (void)dname_text(domain, domain_text);
    struct text_out out = text_out_on(old_name, LEASE_NAME_MAX);
    if (lease->name != NULL)
        text_put_string(&out, lease->name);
    bool had_name = lease->name != NULL;
    if (!dhcp6_lease_clear_name(server, lease, &name, domain_text)
        || lease_name_assign(&server->namer, server->setup.leases, lease, &name, link, &loser)
               != STATUS_OK) {
        old_name[0] = '\0';
        return false;
    }
    if (loser != NULL && loser->stored)
        lease_name_publish(&server->namer, loser); /* its own: a client has one name for all */
    if (!had_name)
        old_name[0] = '\0';
    *told = true;
    return true;
}

/* The first that gets a name says what the client is told. */
static void tell_name(struct dhcp6_exchange *exchange, const struct lease *lease)
{
    struct text_out out = text_out_on(exchange->name, sizeof(exchange->name));
    if (exchange->name[0] != '\0')
        return;
    text_put_string(&out, lease->name);
    exchange->domain =
        site_domain_for(exchange->server->setup.site, &lease->address, exchange->interface->name);
}

/* ------------------------------------------------------------------ giving */

static bool refuse(struct dhcp6_item *item)
{
    item->verdict = DHCP6_REFUSE;
    item->status = item->prefix_length > 0 ? DHCP6_NO_PREFIX : DHCP6_NO_ADDRS;
    item->text = item->prefix_length > 0 ? "no prefix available" : "address unavailable";
    return false;
}

/* A new lease, within what one client and all of them may have. */
static struct lease *add_lease(struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                               const struct dhcp6_item *item)
{
    struct dhcp6_server *server = exchange->server;
    struct lease *lease = NULL;
    if (dhcp6_clients_count(server->clients, exchange->duid) >= DHCP6_CLIENT_LEASES_MAX) {
        server->counters.lease_limit++;
        return NULL;
    }
    enum status status =
        lease_table_add6(server->setup.leases, &item->address, item->prefix_length,
                         dhcp6_lease_kind(part->code), exchange->duid, part->iaid, &lease);
    if (status == STATUS_OK) {
        dhcp6_clients_add(server->clients, exchange->duid);
        return lease;
    }
    if (status == STATUS_FULL)
        server->counters.lease_limit++;
    else
        server->counters.no_memory++;
    return NULL;
}

/* What was seen is not forgotten for what a DUID says. */
static void set_hardware(const struct dhcp6_exchange *exchange, struct lease *lease)
{
    const struct hardware *hardware = &exchange->hardware;
    struct dhcp6_server *server = exchange->server;
    if (hardware->count == 0 || (lease->hardware_seen && !exchange->hardware_seen))
        return;
    if (!hardware_equal(&lease->hardware, hardware)
        && lease_table_set_client(server->setup.leases, lease, hardware, exchange->duid)
               != STATUS_OK) {
        server->counters.no_memory++; /* it only is not known then */
        return;
    }
    lease->hardware_seen = exchange->hardware_seen;
}

/* A prefix goes to where its client speaks from. True: that has changed. */
static bool set_next_hop(const struct dhcp6_exchange *exchange, struct lease *lease)
{
    char text[ADDRESS_TEXT_MAX + NETWORK_NAME_MAX];
    struct text_out out = text_out_on(text, sizeof(text));
    const struct address *client = &exchange->in->from.address;
    if (exchange->relayed)
        client = &exchange->wrapped.relays[exchange->wrapped.relay_count - 1].peer;
    if (lease->kind != LEASE_IP6_PD || address_is_any(client))
        return false;
    text_put_address(&out, client);
    if (!exchange->relayed)
        text_printf(&out, "%%%s", exchange->interface->name);
    if (lease->next_hop != NULL && text_equal(text_of(lease->next_hop), text_out_text(&out)))
        return false;
    if (lease_table_set_next_hop(lease, text_out_text(&out)) == STATUS_OK)
        return true;
    exchange->server->counters.no_memory++; /* it only is not known then */
    return false;
}

bool dhcp6_lease_grant(struct dhcp6_exchange *exchange, const struct dhcp6_part *part,
                       struct dhcp6_item *item)
{
    struct lease_table *leases = exchange->server->setup.leases;
    struct lease *lease = lease_table_by_address(leases, &item->address);
    if (lease == NULL)
        lease = add_lease(exchange, part, item);
    if (lease == NULL || !dhcp6_lease_is_own(exchange, part, lease)
        || lease->prefix_length != item->prefix_length)
        return refuse(item);
    set_hardware(exchange, lease);
    item->kept_until = lease->expires_mono;
    lease->interface = exchange->relayed ? 0 : exchange->in->interface; /* else none of our links */
    lease_table_set_expiry(leases, lease, exchange->now, item->valid);
    item->lease = lease;
    bool told;
    item->changed = name_lease(exchange, lease, item->old_name, &told);
    item->changed = set_next_hop(exchange, lease) || item->changed;
    if (told)
        tell_name(exchange, lease);
    return true;
}

bool dhcp6_lease_is_waited_for(const struct dhcp6_exchange *exchange)
{
    for (unsigned i = 0; i < exchange->plan.item_count; i++) {
        const struct dhcp6_item *item = &exchange->plan.items[i];
        const struct lease *lease =
            lease_table_by_address(exchange->server->setup.leases, &item->address);
        if (item->verdict == DHCP6_GIVE && lease != NULL && lease->ticket != 0)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------ the store's answer */

static void tell_item(const struct dhcp6_server *server, const struct dhcp6_pending_row *row,
                      const struct dhcp6_pending_item *item, const char *verb)
{
    struct event event = {
        .kind = EVENT_DHCP_MESSAGE,
        .verb = verb,
        .interface = dhcp6_interface_name(server, row->interface),
        .address = &item->address,
        .prefix_length = item->prefix_length,
        .duid = duid_of(item->lease),
        .xid = row->xid,
        .text = item->is_deprecated ? "deprecated" : row->name,
        .lease = item->lease,
    };
    event_tell(server->setup.events, &event);
}

/* A lease that was never kept is nobody's to rely on. */
static void drop_new(struct dhcp6_server *server, struct dhcp6_pending_row *row, struct instant now)
{
    for (unsigned i = 0; i < row->item_count; i++) {
        struct dhcp6_pending_item *item = &row->items[i];
        struct lease *lease = item->lease;
        if (lease == NULL || !item->is_new || !item->failed)
            continue;
        item->lease = NULL;
        lease->ticket = 0;
        (void)dhcp6_lease_remove(server, lease, now);
    }
}

static void tell_kept(struct dhcp6_server *server, const struct dhcp6_pending_row *row,
                      const struct dhcp6_pending_item *item)
{
    struct lease *lease = item->lease;
    bool is_first = !lease->stored;
    lease->committed = !item->failed;
    lease->stored = true;
    if (lease->kind != LEASE_IP6_PD)
        lease_name_publish(&server->namer, lease);
    if (is_first)
        tell_lease(server, EVENT_LEASE_ADDED, lease, NULL, NULL, row);
    else if (item->changed)
        tell_lease(server, EVENT_LEASE_CHANGED, lease, item->old_name, NULL, row);
    else
        tell_lease(server, EVENT_LEASE_RENEWED, lease, NULL, NULL, row);
}

static void send_row(struct dhcp6_server *server, const struct dhcp6_pending_row *row,
                     struct dhcp6_outbox *out)
{
    struct dhcp6_action action = {
        .kind = DHCP6_ACTION_SEND,
        .bytes = bytes_of(row->reply, row->reply_count),
        .to = row->to,
        .interface = row->interface,
    };
    server->counters.sent[row->type]++;
    dhcp6_outbox_put(out, &action);
}

/* What the store refused it still has as it was, so that is how long the lease lasts. A client
 * counts from when it hears the reply (RFC 9915 section 21.6), which may have waited: it is told no
 * more than what is left by now. False: that is nothing. */
static bool fit_times(struct dhcp6_server *server, struct dhcp6_pending_row *row,
                      const struct dhcp6_pending_item *item, struct instant now)
{
    struct lease *lease = item->lease;
    if (lease == NULL || (item->failed && item->is_new))
        return true;
    bool falls_back = item->failed && lease->expires_mono > item->kept_until;
    uint32_t told_s = lease->length_s;
    if (falls_back)
        lease_table_set_expiry_mono(server->setup.leases, lease, now, item->kept_until);
    if (lease->expires_mono == LEASE_NEVER)
        return true;
    uint64_t left_ms = lease->expires_mono > now.mono ? lease->expires_mono - now.mono : 0;
    uint64_t left_s = (left_ms + (falls_back ? 0 : 999)) / 1000;
    if (left_s < told_s)
        dhcp6_reply_shorten(row->reply, row->reply_count, &item->address, item->prefix_length,
                            (uint32_t)left_s);
    return left_s > 1; /* a second is what one has whose removal the store would not take */
}

/* The store has answered for all of the row. What it has is told whether or not the reply leaves:
 * leases are there. */
static void finish(struct dhcp6_server *server, struct dhcp6_pending_row *row, struct instant now,
                   struct dhcp6_outbox *out)
{
    bool is_sent = !row->cancelled && row->reply_count > 0;
    for (unsigned i = 0; i < row->item_count; i++) {
        const struct dhcp6_pending_item *item = &row->items[i];
        is_sent = fit_times(server, row, item, now) && is_sent && !(item->failed && item->is_new);
    }
    for (unsigned i = 0; is_sent && i < row->item_count; i++) {
        if (row->items[i].lease != NULL)
            tell_item(server, row, &row->items[i], "DHCPREPLY");
    }
    if (is_sent)
        send_row(server, row, out);
    drop_new(server, row, now);
    for (unsigned i = 0; i < row->item_count; i++) {
        if (row->items[i].lease != NULL)
            tell_kept(server, row, &row->items[i]);
    }
    dhcp6_pending_done(server->pending, row);
}

static void answer(struct dhcp6_server *server, struct dhcp6_pending_row *row, unsigned index,
                   enum status status)
{
    struct dhcp6_pending_item *item = &row->items[index];
    if (!item->waits)
        return;
    item->waits = false;
    row->waiting--;
    if (status == STATUS_OK)
        return;
    item->failed = true;
    server->counters.commit_failed++;
}

void dhcp6_server_committed(struct dhcp6_server *server, uint64_t ticket, enum status status,
                            struct instant now, struct dhcp6_outbox *out)
{
    unsigned index;
    struct dhcp6_pending_row *row = dhcp6_pending_find(server->pending, ticket, &index);
    if (row == NULL)
        return;
    answer(server, row, index, status);
    if (row->waiting == 0)
        finish(server, row, now, out);
}

/* ------------------------------------------------------------------ to the store */

static void fill_row(const struct dhcp6_exchange *exchange, struct dhcp6_pending_row *row,
                     unsigned type, const struct endpoint *to)
{
    row->type = (uint8_t)type;
    row->xid = exchange->message.xid;
    row->interface = exchange->in->interface;
    row->to = *to;
    struct text_out name = text_out_on(row->name, sizeof(row->name));
    text_put_string(&name, exchange->name);
    dhcp6_facts_keep(exchange, row);
}

static void add_item(struct dhcp6_pending_row *row, const struct dhcp6_item *given)
{
    struct lease *lease = given->lease;
    struct dhcp6_pending_item *item = &row->items[row->item_count];
    *item = (struct dhcp6_pending_item){
        .lease = lease,
        .waits = true,
        .is_new = !lease->stored,
        .changed = given->changed,
        .is_deprecated = given->preferred == 0,
        .kept_until = given->kept_until,
        .address = lease->address,
        .prefix_length = lease->prefix_length,
    };
    struct text_out out = text_out_on(item->old_name, sizeof(item->old_name));
    text_put_string(&out, given->old_name);
    lease->ticket = dhcp6_pending_ticket(row, row->item_count);
    lease->committed = false;
    row->item_count++;
    row->waiting++;
}

void dhcp6_lease_give_up(struct dhcp6_exchange *exchange)
{
    for (unsigned i = exchange->plan.item_count; COUNT_DOWN(i);) {
        struct dhcp6_item *item = &exchange->plan.items[i];
        struct lease *lease = item->lease;
        item->lease = NULL;
        if (lease != NULL && !lease->stored)
            (void)dhcp6_lease_remove(exchange->server, lease, exchange->now);
        else if (lease != NULL)
            lease_table_set_expiry_mono(exchange->server->setup.leases, lease, exchange->now,
                                        item->kept_until);
    }
}

mono_ms dhcp6_lease_kept_until(const struct dhcp6_server *server, const struct lease *lease)
{
    unsigned index;
    const struct dhcp6_pending_row *row =
        dhcp6_pending_find(server->pending, lease->ticket, &index);
    return row != NULL ? row->items[index].kept_until : lease->expires_mono;
}

enum status dhcp6_lease_keep(struct dhcp6_server *server, const struct dhcp6_item *item,
                             struct instant now)
{
    struct dhcp6_pending_row *row;
    enum status status = dhcp6_pending_add(server->pending, BYTES_NONE, &row);
    if (status != STATUS_OK)
        return status;
    struct lease *lease = item->lease;
    row->interface = lease->interface;
    add_item(row, item);
    status = put_in_store(server, LEASE_CHANGE_PUT, lease, lease->ticket);
    if (status == STATUS_OK && server->setup.backend != NULL)
        return STATUS_OK;
    answer(server, row, 0, status);
    finish(server, row, now, NULL);
    return status;
}

void dhcp6_lease_commit(struct dhcp6_exchange *exchange, unsigned type, struct bytes reply,
                        const struct endpoint *to)
{
    struct dhcp6_server *server = exchange->server;
    struct dhcp6_pending_row *row;
    if (dhcp6_pending_add(server->pending, reply, &row) != STATUS_OK) {
        server->counters.pending_full++;
        dhcp6_lease_give_up(exchange);
        return;
    }
    const uint64_t ticket = row->ticket; /* the row is another's as soon as all have answered */
    fill_row(exchange, row, type, to);
    for (unsigned i = 0; i < exchange->plan.item_count; i++) {
        const struct dhcp6_item *item = &exchange->plan.items[i];
        if (item->lease != NULL && item->lease->ticket == 0)
            add_item(row, item);
    }
    /* All are in the row before the store hears of the first: it may answer at once. */
    for (unsigned i = 0; row->ticket == ticket && i < row->item_count; i++) {
        struct lease *lease = row->items[i].lease;
        enum status status = put_in_store(server, LEASE_CHANGE_PUT, lease, lease->ticket);
        if (status != STATUS_OK || server->setup.backend == NULL)
            answer(server, row, i, status);
    }
    if (row->ticket == ticket && row->waiting == 0)
        finish(server, row, exchange->now, exchange->out);
}

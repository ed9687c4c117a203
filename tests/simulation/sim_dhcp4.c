/* DHCPv4 clients (RFC 2131 section 4.4), and what must hold of what the server tells them. */
#include "simulation.h"

#include <stdlib.h>

#include "wire/dhcp4_message.h"

#define ID_BYTES  7
#define TRIES_MAX 4
#define REPLY_LEAST                                                                                \
    576 /* every host takes so much (RFC 2131 section 2), headers of IP and UDP in */
#define IP_UDP  28
#define LAPSE_S 2 /* the lease file counts seconds */

static const uint8_t first_octets[SIM_LINKS][3] = { { 192, 0, 2 }, { 198, 51, 100 } };
static const char *const state_names[] = { "off",   "selecting", "requesting", "rebooting",
                                           "bound", "renewing",  "rebinding" };
static const char *const type_names[] = { "?",   "discover", "offer",   "request", "decline",
                                          "ack", "nak",      "release", "inform" };

static struct address link_address(unsigned link, unsigned last)
{
    const uint8_t *octets = first_octets[link];
    return address_ip4(octets[0], octets[1], octets[2], (uint8_t)last);
}

static unsigned number_of(const struct sim *sim, const struct sim_client *client)
{
    return (unsigned)(client - sim->clients);
}

static bool holds_address(const struct sim_client *client)
{
    return client->state >= SIM_BOUND;
}

bool sim_client_is_sure(const struct sim *sim, const struct sim_client *client)
{
    return holds_address(client) && client->voided == 0 && sim->now < client->expires
           && sim->now < client->sure;
}

/* ------------------------------------------------------------------ what a client says */

static void set_timer(struct sim *sim, struct sim_client *client, mono_ms after);

static void put(struct dhcp4_builder *builder, unsigned code, struct bytes value)
{
    if (!dhcp4_builder_option(builder, code, value))
        abort();
}

static void put_identity(const struct sim_client *client, struct dhcp4_builder *builder)
{
    uint8_t id[ID_BYTES] = { 1 };
    char name[16];
    struct text_out out = text_out_on(name, sizeof name);
    uint8_t size[2] = { (uint8_t)(client->max_size >> 8), (uint8_t)client->max_size };
    memcpy(id + 1, client->hardware.bytes, 6);
    text_printf(&out, "c%u", client->name);
    if (client->has_id)
        put(builder, DHCP4_CLIENT_ID, bytes_of(id, sizeof id));
    put(builder, DHCP4_HOSTNAME, text_bytes(text_out_text(&out)));
    if (client->max_size != 0)
        put(builder, DHCP4_MAX_SIZE, bytes_of(size, 2));
}

static void arrive(struct sim *sim, const struct sim_event *event);

/* ciaddr where the client uses its address; what it wants where it only would. */
static void say(struct sim *sim, struct sim_client *client, uint8_t type, bool names_server)
{
    uint8_t buffer[1024];
    struct dhcp4_builder builder;
    bool uses = client->state >= SIM_BOUND && type != DHCP4_DECLINE;
    struct address none = address_any(ADDRESS_IP4);
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREQUEST,
        .xid = client->xid,
        .flags = client->broadcast ? DHCP4_FLAG_BROADCAST : 0,
        .ciaddr = uses ? client->address : none,
        .yiaddr = none,
        .siaddr = none,
        .giaddr = none,
        .hardware = client->hardware,
    };
    dhcp4_builder_start(&builder, buffer, sizeof buffer, sizeof buffer, &header, false);
    put(&builder, DHCP4_MESSAGE_TYPE, bytes_of(&type, 1));
    if (!uses && !address_is_none(&client->address))
        put(&builder, DHCP4_REQUESTED_IP, address_bytes(&client->address));
    if (names_server)
        put(&builder, DHCP4_SERVER_ID, address_bytes(&client->server));
    put_identity(client, &builder);
    if (sim->choice.rapid && type == DHCP4_DISCOVER)
        put(&builder, DHCP4_RAPID_COMMIT, BYTES_NONE);
    sim_tell(sim, "client %u on eth%u (%s) says %s, xid %08x", number_of(sim, client), client->link,
             state_names[client->state], type_names[type], client->xid);
    struct sim_event event = { .act = arrive,
                               .who = number_of(sim, client),
                               .number = client->epoch,
                               .server = (uint16_t)client->link };
    sim_carry(sim, event, dhcp4_builder_finish(&builder));
}

static void enter(struct sim *sim, struct sim_client *client, enum sim_state state)
{
    client->state = state;
    client->epoch++;
    client->tries = 0;
    client->asked = sim->now;
    client->xid = random_u32(&sim->random);
}

static void discover(struct sim *sim, struct sim_client *client)
{
    enter(sim, client, SIM_SELECTING);
    if (!client->remembers)
        client->address = (struct address){ 0 };
    say(sim, client, DHCP4_DISCOVER, false);
    set_timer(sim, client, 4000);
}

static void boot(struct sim *sim, struct sim_client *client)
{
    if (!client->remembers || address_is_none(&client->address)) {
        discover(sim, client);
        return;
    }
    enter(sim, client, SIM_REBOOTING);
    say(sim, client, DHCP4_REQUEST, false);
    set_timer(sim, client, 4000);
}

static void turn_off(struct sim *sim, struct sim_client *client, mono_ms span)
{
    client->state = SIM_OFF;
    client->epoch++;
    set_timer(sim, client, span);
}

/* ------------------------------------------------------------------ the life of a client */

static void live(struct sim *sim, struct sim_client *client)
{
    const struct sim_choice *choice = &sim->choice;
    if (sim_chance(sim, choice->renaming))
        client->name = sim_between(sim, 0, 7);
    if (sim_chance(sim, choice->leaving)) {
        say(sim, client, DHCP4_RELEASE, true);
        turn_off(sim, client, sim_between(sim, 1, 60000));
    } else if (sim_chance(sim, choice->moving) && choice->links > 1) {
        client->link ^= 1;
        sim_tell(sim, "client %u moves to eth%u", number_of(sim, client), client->link);
        boot(sim, client);
    } else if (sim_chance(sim, choice->forgetful)) {
        client->remembers = sim_chance(sim, 500);
        sim_tell(sim, "client %u reboots%s", number_of(sim, client),
                 client->remembers ? "" : " and remembers nothing");
        turn_off(sim, client, sim_between(sim, 1, 10000));
    } else if (sim_chance(sim, 50)) {
        say(sim, client, DHCP4_INFORM, false);
    }
}

static void renew(struct sim *sim, struct sim_client *client)
{
    if (sim->now >= client->expires) {
        sim_tell(sim, "the lease of client %u is over", number_of(sim, client));
        discover(sim, client);
        return;
    }
    enum sim_state state = sim->now >= client->rebind ? SIM_REBINDING : SIM_RENEWING;
    if (client->state != state)
        enter(sim, client, state);
    client->state = state;
    say(sim, client, DHCP4_REQUEST, false);
    mono_ms left = client->expires - sim->now;
    set_timer(sim, client, left / 2 > 5000 ? left / 2 : mono_earlier(left, 5000));
}

static void try_again(struct sim *sim, struct sim_client *client)
{
    if (++client->tries < TRIES_MAX) {
        say(sim, client, client->state == SIM_SELECTING ? DHCP4_DISCOVER : DHCP4_REQUEST,
            client->state == SIM_REQUESTING);
        set_timer(sim, client, (mono_ms)4000 << client->tries);
    } else if (client->state == SIM_SELECTING) {
        turn_off(sim, client, sim_between(sim, 1000, 120000));
    } else {
        discover(sim, client);
    }
}

static void on_timer(struct sim *sim, const struct sim_event *event)
{
    struct sim_client *client = &sim->clients[event->who];
    if (event->number != client->timer || sim->draining)
        return;
    switch (client->state) {
    case SIM_OFF:
        boot(sim, client);
        break;
    case SIM_BOUND:
        live(sim, client);
        if (client->state == SIM_BOUND && sim->now >= client->renew)
            renew(sim, client);
        else if (client->state == SIM_BOUND)
            set_timer(sim, client, mono_earlier(client->renew - sim->now, 60000));
        break;
    case SIM_RENEWING:
    case SIM_REBINDING:
        renew(sim, client);
        break;
    case SIM_SELECTING:
    case SIM_REQUESTING:
    case SIM_REBOOTING:
        try_again(sim, client);
        break;
    }
}

static void set_timer(struct sim *sim, struct sim_client *client, mono_ms after)
{
    struct sim_event event = { .act = on_timer,
                               .who = number_of(sim, client),
                               .number = ++client->timer };
    sim_later(sim, after, event, BYTES_NONE);
}

void sim_begin_clients(struct sim *sim)
{
    for (unsigned i = 0; i < sim->choice.squatters; i++)
        sim->squatters[i] = link_address(0, 50 + random_below(&sim->random, sim->choice.pool));
    for (unsigned i = 0; i < sim->choice.clients; i++) {
        struct sim_client *client = &sim->clients[i];
        *client = (struct sim_client){
            .hardware = { 1, 6, { 2, 0, 0, 0, 0, (uint8_t)(i + 1) } },
            .link = sim_between(sim, 0, sim->choice.links - 1),
            .name = sim_between(sim, 0, 7),
            .has_id = sim_chance(sim, 500),
            .broadcast = sim_chance(sim, 300),
            .remembers = sim_chance(sim, 700),
            .max_size = sim_chance(sim, 500) ? (uint16_t)sim_between(sim, 300, 1500) : 0,
        };
        set_timer(sim, client, sim_between(sim, 1, 30000));
    }
}

/* ------------------------------------------------------------------ what the server hears */

/* What was sent in another state, or was changed on the way, may end the lease of whom it names:
 * the server cannot know better. */
static void void_named(struct sim *sim, const struct dhcp4_message *message)
{
    struct bytes id;
    bool has_id = dhcp4_option_first(message, DHCP4_CLIENT_ID, &id) && id.count == ID_BYTES;
    for (unsigned i = 0; i < sim->choice.clients; i++) {
        struct sim_client *client = &sim->clients[i];
        if (hardware_equal(&client->hardware, &message->hardware)
            || (has_id && memcmp(id.at + 1, client->hardware.bytes, 6) == 0))
            client->voided = sim->now;
    }
}

static bool asks_for(const struct dhcp4_message *message, const struct address *address)
{
    struct address wanted = message->ciaddr;
    if (address_is_any(&wanted) && !dhcp4_option_address(message, DHCP4_REQUESTED_IP, &wanted))
        return false;
    return message->type == DHCP4_REQUEST && address_equal(&wanted, address);
}

static bool is_same(const struct dhcp4_message *message, const struct hardware *hardware,
                    struct bytes client_id)
{
    struct bytes id;
    return hardware_equal(&message->hardware, hardware)
           || (client_id.count > 0 && dhcp4_option_first(message, DHCP4_CLIENT_ID, &id)
               && bytes_equal(id, client_id));
}

/* What is declined now, when it is the client's in the server's eyes. */
static void note_declined(struct sim *sim, const struct dhcp4_message *message)
{
    unsigned type = sim->fault == SIM_FAULT_NO_QUARANTINE ? DHCP4_RELEASE : DHCP4_DECLINE;
    struct address address = message->ciaddr;
    if (message->type != type
        || (type == DHCP4_DECLINE && !dhcp4_option_address(message, DHCP4_REQUESTED_IP, &address)))
        return;
    const struct lease *lease = lease_table_by_address(sim->net.leases, &address);
    if (lease != NULL
        && is_same(message, &lease->hardware, bytes_of(lease->client_id, lease->client_id_count)))
        sim_note_declined(sim, &address, false);
}

static void note_heard(struct sim *sim, const struct sim_event *event)
{
    struct dhcp4_message message;
    const struct sim_client *client = &sim->clients[event->who];
    if (dhcp4_message_read(bytes_of(event->bytes, event->count), &message) != STATUS_OK)
        return;
    bool stale = event->number != client->epoch
                 && (!asks_for(&message, &client->address) || event->server != client->link);
    if (event->corrupt || stale)
        void_named(sim, &message);
    if (!event->corrupt)
        note_declined(sim, &message);
    uint16_t most;
    size_t room = REPLY_LEAST;
    if (dhcp4_option_u16(&message, DHCP4_MAX_SIZE, &most) && most > room)
        room = most;
    sim->heard[sim->heard_count++ % SIM_HEARD_MAX] = (struct sim_heard){
        .hardware = message.hardware,
        .xid = message.xid,
        .interface = event->server + 2u,
        .room = room - IP_UDP - (sim->fault == SIM_FAULT_LESS_ROOM4 ? 260 : 0),
    };
}

static void arrive(struct sim *sim, const struct sim_event *event)
{
    struct sim_client *client = &sim->clients[event->who];
    if (sim->now < sim->down_until[event->server])
        return;
    if (sim->now < sim->stalled_until) {
        struct sim_event again = *event;
        sim_later(sim, sim->stalled_until - sim->now, again, bytes_of(event->bytes, event->count));
        return;
    }
    struct address ciaddr = address_any(ADDRESS_IP4);
    memcpy(ciaddr.bytes, event->bytes + 12, 4);
    bool unicast = !address_is_any(&ciaddr) && client->state != SIM_REBINDING;
    struct dhcp4_datagram in = {
        .message = bytes_of(event->bytes, event->count),
        .from = { ciaddr, 68, 0 },
        .local = unicast ? link_address(event->server, 1) : address_ip4(255, 255, 255, 255),
        .interface = event->server + 2u,
    };
    note_heard(sim, event);
    fake_network_dhcp4(&sim->net, &in);
}

/* ------------------------------------------------------------------ what the server says */

static struct sim_client *client_by_hardware(struct sim *sim, const struct hardware *hardware)
{
    for (unsigned i = 0; i < sim->choice.clients; i++)
        if (hardware_equal(&sim->clients[i].hardware, hardware))
            return &sim->clients[i];
    return NULL;
}

static void check_asked(struct sim *sim, const struct dhcp4_action *action,
                        const struct dhcp4_message *message)
{
    uint32_t xid = message->xid ^ (sim->fault == SIM_FAULT_STRANGER4);
    bool fits = true;
    for (uint64_t i = 0; i < sim->heard_count && i < SIM_HEARD_MAX; i++) {
        struct sim_heard *heard = &sim->heard[(sim->heard_count - 1 - i) % SIM_HEARD_MAX];
        if (heard->answered || heard->xid != xid
            || !hardware_equal(&heard->hardware, &message->hardware)
            || (action->interface != 0 && heard->interface != action->interface))
            continue;
        fits = action->bytes.count <= heard->room;
        if (!fits)
            continue;
        heard->answered = true;
        return;
    }
    if (fits)
        sim_break(sim, SIM_REPLY_ASKED, "nobody asked for the %s of xid %08x",
                  type_names[message->type % 9], message->xid);
    else
        sim_break(sim, SIM_REPLY_SIZE, "a DHCP answer of %zu bytes", action->bytes.count);
}

/* A client is known by its id or by its hardware. */
static bool is_known_as(const struct sim_client *client, const struct hardware *hardware,
                        struct bytes client_id)
{
    uint8_t id[ID_BYTES] = { 1 };
    memcpy(id + 1, client->hardware.bytes, 6);
    return hardware_equal(hardware, &client->hardware)
           || (client->has_id && bytes_equal(client_id, bytes_of(id, sizeof id)));
}

static bool is_written_for(const struct lease_line *line, const struct sim_client *client)
{
    return is_known_as(client, &line->hardware, bytes_of(line->client_id, line->client_id_count));
}

static void check_stored(struct sim *sim, const struct dhcp4_message *message)
{
    char text[ADDRESS_TEXT_MAX];
    const struct fake_store *store = &sim->net.store;
    const char *line = fake_store_find(store, &message->yiaddr);
    struct lease_line read;
    const struct sim_client *client = client_by_hardware(sim, &message->hardware);
    mono_ms asked = client != NULL && client->xid == message->xid ? client->asked : 0;
    wall_s ago = (wall_s)((sim->now - asked) / SIM_SECOND);
    uint32_t lease_s = 0;
    address_text(&message->yiaddr, text);
    dhcp4_option_u32(message, DHCP4_LEASE_TIME, &lease_s);
    if (line == NULL || lease_line_read(text_of(line), &read) != STATUS_OK)
        sim_break(sim, SIM_STORED_FIRST, "%s is acknowledged and not in the store", text);
    else if (client != NULL && client->voided == 0 && !is_written_for(&read, client))
        sim_break(sim, SIM_STORED_FIRST, "%s is another's in the store", text);
    else if (sim->clock_set == 0 && asked != 0
             && read.expires + LAPSE_S + ago < sim->net.now.wall + (wall_s)lease_s)
        sim_break(sim, SIM_TOLD_LONGER, "%s ends earlier in the store", text);
}

/* At the moment the server says so: the client may use it from when it hears it. */
static void check_ack(struct sim *sim, const struct dhcp4_message *message)
{
    char text[ADDRESS_TEXT_MAX];
    address_text(&message->yiaddr, text);
    for (unsigned i = 0; i < sim->choice.clients; i++) {
        const struct sim_client *other = &sim->clients[i];
        if (!hardware_equal(&other->hardware, &message->hardware) && sim_client_is_sure(sim, other)
            && address_equal(&other->address, &message->yiaddr))
            sim_break(sim, SIM_ONE_HOLDER, "%s is acknowledged while client %u has it", text, i);
    }
    check_stored(sim, message);
}

static void probe_answered(struct sim *sim, const struct sim_event *event)
{
    struct address address;
    memcpy(&address, event->bytes, sizeof address);
    if (sim->now < sim->stalled_until)
        return;
    fake_network_probe_heard(&sim->net, &address);
}

static void on_probe(struct sim *sim, const struct address *address)
{
    bool used = false;
    for (unsigned i = 0; i < sim->choice.squatters; i++)
        used = used || address_equal(&sim->squatters[i], address);
    for (unsigned i = 0; i < sim->choice.clients; i++)
        used = used
               || (holds_address(&sim->clients[i])
                   && address_equal(&sim->clients[i].address, address));
    if (used)
        sim_carry(sim, (struct sim_event){ .act = probe_answered },
                  bytes_of(address, sizeof *address));
}

static void hear(struct sim *sim, const struct sim_event *event);

void sim_on_dhcp4(void *context, const struct dhcp4_action *action)
{
    struct sim *sim = context;
    struct dhcp4_message message;
    if (action->kind == DHCP4_ACTION_PROBE) {
        on_probe(sim, &action->to.address);
        return;
    }
    if (dhcp4_message_read(action->bytes, &message) != STATUS_OK || message.op != DHCP4_BOOTREPLY) {
        sim_break(sim, SIM_REPLY_ASKED, "what is sent to a DHCP client is no answer");
        return;
    }
    check_asked(sim, action, &message);
    if ((message.type == DHCP4_OFFER || message.type == DHCP4_ACK)
        && sim_is_declined(sim, &message.yiaddr)) {
        char text[ADDRESS_TEXT_MAX];
        sim_break(sim, SIM_QUARANTINE, "%s was declined a short while ago",
                  address_text(&message.yiaddr, text));
    }
    if (message.type == DHCP4_ACK && !address_is_any(&message.yiaddr))
        check_ack(sim, &message);
    const struct sim_client *client = client_by_hardware(sim, &message.hardware);
    if (client == NULL)
        return;
    char text[ADDRESS_TEXT_MAX];
    sim_tell(sim, "the server says %s of %s to client %u, xid %08x", type_names[message.type % 9],
             address_text(&message.yiaddr, text), number_of(sim, client), message.xid);
    struct sim_event event = { .act = hear,
                               .who = number_of(sim, client),
                               .server = (uint16_t)client->link };
    sim_carry(sim, event, action->bytes);
}

/* ------------------------------------------------------------------ what the client hears */

/* The lease has the id of another, which a message that was changed on the way has brought there.
 */
static bool is_mixed_up(const struct sim *sim, const struct sim_client *client)
{
    const struct lease *lease = lease_table_by_address(sim->net.leases, &client->address);
    uint8_t id[ID_BYTES] = { 1 };
    memcpy(id + 1, client->hardware.bytes, 6);
    return lease != NULL && lease->client_id_count > 0
           && (!client->has_id
               || !bytes_equal(bytes_of(lease->client_id, lease->client_id_count),
                               bytes_of(id, sizeof id)));
}

static void bind(struct sim *sim, struct sim_client *client, const struct dhcp4_message *message)
{
    uint32_t lease_s;
    if (!dhcp4_option_u32(message, DHCP4_LEASE_TIME, &lease_s))
        return;
    mono_ms asked = client->asked;
    mono_ms lease = (mono_ms)lease_s * SIM_SECOND;
    client->address = message->yiaddr;
    (void)dhcp4_option_address(message, DHCP4_SERVER_ID, &client->server);
    client->state = SIM_BOUND;
    client->epoch++;
    client->renew = asked + lease / 2;
    client->rebind = asked + lease * 7 / 8;
    client->expires = client->sure = asked + lease;
    /* What a restart or a stale message has undone since it asked is not given by this. */
    if (client->voided < asked && sim->restarted < asked)
        client->voided = 0;
    else if (client->voided == 0)
        client->voided = sim->restarted;
    if (is_mixed_up(sim, client))
        client->voided = sim->now;
    if (sim_chance(sim, sim->choice.declining)) {
        say(sim, client, DHCP4_DECLINE, true);
        client->address = (struct address){ 0 };
        turn_off(sim, client, 10000);
        return;
    }
    set_timer(sim, client,
              mono_earlier(client->renew > sim->now ? client->renew - sim->now : 1,
                           sim_between(sim, 1, 60000)));
}

static void take_offer(struct sim *sim, struct sim_client *client,
                       const struct dhcp4_message *message)
{
    if (!dhcp4_option_address(message, DHCP4_SERVER_ID, &client->server))
        return;
    uint32_t xid = client->xid;
    enter(sim, client, SIM_REQUESTING);
    client->xid = xid;
    client->address = message->yiaddr;
    say(sim, client, DHCP4_REQUEST, true);
    set_timer(sim, client, 4000);
}

/* One that has taken an offer wants that and nothing else: an address that was given at once to an
 * earlier message of this transaction (RFC 4039) goes when the server hears what it wants. */
static bool is_wanted(const struct sim *sim, const struct sim_client *client,
                      const struct address *given)
{
    if (client->state == SIM_SELECTING)
        return sim->choice.rapid;
    return client->state == SIM_REQUESTING ? address_equal(given, &client->address)
                                           : client->state != SIM_OFF && client->state != SIM_BOUND;
}

static void hear(struct sim *sim, const struct sim_event *event)
{
    struct sim_client *client = &sim->clients[event->who];
    struct dhcp4_message message;
    if (sim->draining || sim->now < sim->down_until[event->server] || event->corrupt
        || event->server != client->link
        || dhcp4_message_read(bytes_of(event->bytes, event->count), &message) != STATUS_OK
        || message.xid != client->xid)
        return;
    bool asks = client->state > SIM_SELECTING && client->state != SIM_BOUND;
    if (message.type == DHCP4_OFFER && client->state == SIM_SELECTING) {
        take_offer(sim, client, &message);
    } else if (message.type == DHCP4_ACK && !address_is_any(&message.yiaddr)
               && is_wanted(sim, client, &message.yiaddr)) {
        bind(sim, client, &message);
    } else if (message.type == DHCP4_NAK && asks) {
        client->address = (struct address){ 0 };
        discover(sim, client);
    }
}

/* ------------------------------------------------------------------ checks */

void sim_clients_before_restart(struct sim *sim)
{
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < sim->choice.clients; i++) {
        struct sim_client *client = &sim->clients[i];
        struct lease_line line;
        if (!sim_client_is_sure(sim, client))
            continue;
        const char *found = fake_store_find(&sim->net.store, &client->address);
        if (found == NULL || lease_line_read(text_of(found), &line) != STATUS_OK
            || !is_written_for(&line, client)) {
            sim_break(sim, SIM_STORED_FIRST, "the store has lost %s of client %u",
                      address_text(&client->address, text), i);
            return;
        }
        /* What a clock that was wrong has made of it. */
        wall_s left = line.expires - sim->net.now.wall;
        mono_ms sure = left > 0 ? sim->now + (mono_ms)left * SIM_SECOND : sim->now;
        if (sim->clock_set == 0 && sure + LAPSE_S * SIM_SECOND < client->expires)
            sim_break(sim, SIM_TOLD_LONGER, "the store says that %s ends earlier",
                      address_text(&client->address, text));
        client->sure = mono_earlier(client->sure, sure);
    }
}

static bool has_lease(const struct sim *sim, const struct sim_client *client)
{
    const struct lease *lease = lease_table_by_address(sim->net.leases, &client->address);
    return lease != NULL
           && is_known_as(client, &lease->hardware,
                          bytes_of(lease->client_id, lease->client_id_count));
}

void sim_forgive_full_table(struct sim *sim)
{
    for (unsigned i = 0; i < sim->choice.clients; i++)
        if (sim->store_failed && !has_lease(sim, &sim->clients[i]))
            sim->clients[i].sure = sim->now;
}

void sim_check_clients(struct sim *sim)
{
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < sim->choice.clients; i++) {
        const struct sim_client *client = &sim->clients[i];
        if (sim_client_is_sure(sim, client) && !has_lease(sim, client))
            sim_break(sim, SIM_LEASE_KEPT, "client %u has lost %s", i,
                      address_text(&client->address, text));
    }
}

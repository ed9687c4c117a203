/* DHCPv6 clients (RFC 9915 section 18.2), one or several associations each, on a link or behind a
 * relay. */
#include "sim_dhcp6.h"

#include <stdlib.h>

#define TRIES_MAX 4

static const uint8_t networks[SIM_RELAYED + 1] = { 1, 2, 9 };
static const char *const state_names[] = { "off",       "soliciting", "requesting", "confirming",
                                           "returning", "bound",      "renewing",   "rebinding" };

unsigned sim_dhcp6_number_of(const struct sim *sim, const struct sim_client6 *client)
{
    return (unsigned)(client - sim->clients6);
}

/* 2001:db8:0:NETWORK::LAST */
struct address sim_dhcp6_address(unsigned network, unsigned last)
{
    struct address address = address_any(ADDRESS_IP6);
    static const uint8_t head[] = { 0x20, 0x01, 0x0d, 0xb8 };
    memcpy(address.bytes, head, sizeof head);
    address.bytes[7] = networks[network];
    address.bytes[14] = (uint8_t)(last >> 8);
    address.bytes[15] = (uint8_t)last;
    return address;
}

struct address sim_dhcp6_link_local(unsigned last)
{
    struct address address = address_any(ADDRESS_IP6);
    address.bytes[0] = 0xfe;
    address.bytes[1] = 0x80;
    address.bytes[15] = (uint8_t)last;
    return address;
}

bool sim_dhcp6_is_sure(const struct sim *sim, const struct sim_ia *ia)
{
    return ia->held && ia->voided == 0 && sim->now < ia->expires && sim->now < ia->sure;
}

static unsigned held_count(const struct sim *sim, const struct sim_client6 *client)
{
    unsigned count = 0;
    for (unsigned i = 0; i < client->ia_count; i++)
        count += client->ias[i].held && sim->now < client->ias[i].expires;
    return count;
}

/* ------------------------------------------------------------------ what a client says */

static void put_ia(const struct sim_ia *ia, struct dhcp6_builder *builder, bool with_address)
{
    struct dhcp6_mark mark = dhcp6_builder_ia(builder, ia->code, ia->iaid, 0, 0);
    struct prefix prefix = { ia->address, ia->prefix_length };
    if (with_address && ia->code == DHCP6_IA_PD)
        dhcp6_builder_ia_prefix(builder, &prefix, 0, 0);
    else if (with_address)
        dhcp6_builder_ia_address(builder, &ia->address, 0, 0);
    dhcp6_builder_end(builder, mark);
}

/* Which associations a message of this type is about. */
static bool is_about(const struct sim_ia *ia, unsigned type)
{
    bool is_prefix = ia->code == DHCP6_IA_PD;
    if (type == DHCP6_SOLICIT || type == DHCP6_REQUEST)
        return true;
    if (type == DHCP6_INFORMATION_REQUEST)
        return false;
    if (type == DHCP6_RELEASE || type == DHCP6_DECLINE)
        return ia->returned && !(is_prefix && type == DHCP6_DECLINE);
    return ia->held && !(is_prefix && type == DHCP6_CONFIRM);
}

static void put_name(const struct sim_client6 *client, struct dhcp6_builder *builder)
{
    uint8_t value[8] = { 1, 2, 'd', (uint8_t)('0' + client->name) };
    if (client->name < 8)
        (void)dhcp6_builder_option(builder, DHCP6_FQDN, bytes_of(value, 4));
}

static struct bytes build(const struct sim_client6 *client, unsigned type, uint8_t *buffer,
                          size_t room)
{
    struct dhcp6_builder builder;
    static const uint8_t wanted[] = { 0, DHCP6_DNS_SERVER, 0, DHCP6_DOMAIN_SEARCH };
    dhcp6_builder_start(&builder, buffer, room, type, client->xid);
    (void)dhcp6_builder_option(&builder, DHCP6_CLIENT_ID,
                               bytes_of(client->duid, client->duid_count));
    if (type == DHCP6_REQUEST || type == DHCP6_RENEW || type == DHCP6_RELEASE
        || type == DHCP6_DECLINE)
        (void)dhcp6_builder_option(&builder, DHCP6_SERVER_ID, fake_network_duid());
    if (type == DHCP6_SOLICIT && client->rapid)
        (void)dhcp6_builder_option(&builder, DHCP6_RAPID_COMMIT, BYTES_NONE);
    (void)dhcp6_builder_option(&builder, DHCP6_ORO, bytes_of(wanted, sizeof wanted));
    put_name(client, &builder);
    for (unsigned i = 0; i < client->ia_count; i++)
        if (is_about(&client->ias[i], type))
            put_ia(&client->ias[i], &builder, !address_is_none(&client->ias[i].address));
    return dhcp6_builder_finish(&builder);
}

/* The relay's envelope (RFC 9915 section 9). */
static struct bytes wrap(const struct sim *sim, const struct sim_client6 *client,
                         struct bytes message, uint8_t *buffer, size_t room)
{
    struct bytes_writer writer = bytes_writer_on(buffer, room);
    struct address link = sim_dhcp6_address(SIM_RELAYED, 1);
    struct address peer = sim_dhcp6_link_local(1 + sim_dhcp6_number_of(sim, client));
    bytes_write_u8(&writer, DHCP6_RELAY_FORW);
    bytes_write_u8(&writer, 0);
    bytes_write_span(&writer, address_bytes(&link));
    bytes_write_span(&writer, address_bytes(&peer));
    bytes_write_u16(&writer, DHCP6_INTERFACE_ID);
    bytes_write_u16(&writer, 2);
    bytes_write_u16(&writer, 7);
    bytes_write_u16(&writer, DHCP6_RELAY_MSG);
    bytes_write_u16(&writer, (uint16_t)message.count);
    bytes_write_span(&writer, message);
    return bytes_writer_written(&writer);
}

static void say(struct sim *sim, struct sim_client6 *client, unsigned type)
{
    uint8_t buffer[1024], wrapped[1200];
    struct bytes message = build(client, type, buffer, sizeof buffer);
    if (client->relayed)
        message = wrap(sim, client, message, wrapped, sizeof wrapped);
    sim_tell(sim, "client6 %u on %s%u (%s) says %s, xid %06x", sim_dhcp6_number_of(sim, client),
             client->relayed ? "relay behind eth" : "eth", client->link, state_names[client->state],
             dhcp6_message_type_name(type), client->xid);
    struct sim_event event = { .act = sim_checks6_arrive,
                               .who = sim_dhcp6_number_of(sim, client),
                               .number = client->epoch,
                               .server = (uint16_t)client->link };
    sim_carry(sim, event, message);
}

/* ------------------------------------------------------------------ the life of a client */

static void set_timer(struct sim *sim, struct sim_client6 *client, mono_ms after);

static void begin(struct sim *sim, struct sim_client6 *client, enum sim_state6 state, unsigned type)
{
    client->state = state;
    client->type = (uint8_t)type;
    client->epoch++;
    client->tries = 0;
    client->asked = sim->now;
    client->xid = random_u32(&sim->random) & 0xffffff;
    say(sim, client, type);
    set_timer(sim, client, 2000);
}

static void forget(struct sim_client6 *client)
{
    for (unsigned i = 0; i < client->ia_count; i++) {
        client->ias[i].held = false;
        client->ias[i].address = (struct address){ 0 };
    }
}

static void solicit(struct sim *sim, struct sim_client6 *client)
{
    for (unsigned i = 0; i < client->ia_count; i++)
        client->ias[i].held = false;
    begin(sim, client, SIM6_SOLICITING, DHCP6_SOLICIT);
}

static void turn_off(struct sim *sim, struct sim_client6 *client, mono_ms span)
{
    client->state = SIM6_OFF;
    client->epoch++;
    set_timer(sim, client, span);
}

static void boot(struct sim *sim, struct sim_client6 *client)
{
    bool has_address = false;
    for (unsigned i = 0; i < client->ia_count; i++)
        has_address = has_address || is_about(&client->ias[i], DHCP6_CONFIRM);
    if (has_address && held_count(sim, client) > 0)
        begin(sim, client, SIM6_CONFIRMING, DHCP6_CONFIRM);
    else
        solicit(sim, client);
}

/* It uses nothing any more from when it says so. */
static void give_back(struct sim *sim, struct sim_client6 *client, unsigned type)
{
    for (unsigned i = 0; i < client->ia_count; i++) {
        client->ias[i].returned = client->ias[i].held;
        client->ias[i].held = false;
    }
    begin(sim, client, SIM6_RETURNING, type);
}

static void live(struct sim *sim, struct sim_client6 *client)
{
    const struct sim_choice *choice = &sim->choice;
    if (sim_chance(sim, choice->leaving)) {
        give_back(sim, client, DHCP6_RELEASE);
    } else if (sim_chance(sim, choice->moving) && choice->links > 1 && !client->relayed) {
        client->link ^= 1;
        sim_tell(sim, "client6 %u moves to eth%u", sim_dhcp6_number_of(sim, client), client->link);
        boot(sim, client);
    } else if (sim_chance(sim, choice->forgetful)) {
        if (sim_chance(sim, 500))
            forget(client);
        sim_tell(sim, "client6 %u reboots", sim_dhcp6_number_of(sim, client));
        turn_off(sim, client, sim_between(sim, 1, 10000));
    } else if (sim_chance(sim, 50)) {
        say(sim, client, DHCP6_INFORMATION_REQUEST);
    }
}

static void renew(struct sim *sim, struct sim_client6 *client)
{
    if (held_count(sim, client) == 0) {
        sim_tell(sim, "the leases of client6 %u are over", sim_dhcp6_number_of(sim, client));
        solicit(sim, client);
        return;
    }
    bool rebinds = sim->now >= client->rebind;
    enum sim_state6 state = rebinds ? SIM6_REBINDING : SIM6_RENEWING;
    unsigned type = rebinds ? DHCP6_REBIND : DHCP6_RENEW;
    if (client->state != state)
        begin(sim, client, state, type);
    else
        say(sim, client, type);
    set_timer(sim, client, sim_between(sim, 5000, 20000));
}

static void wait_for_renewal(struct sim *sim, struct sim_client6 *client)
{
    mono_ms left = client->renew > sim->now ? client->renew - sim->now : 1;
    client->state = SIM6_BOUND;
    client->epoch++;
    set_timer(sim, client, mono_earlier(left, sim_between(sim, 1, 60000)));
}

static void try_again(struct sim *sim, struct sim_client6 *client)
{
    if (++client->tries < TRIES_MAX) {
        say(sim, client, client->type);
        set_timer(sim, client, (mono_ms)2000 << client->tries);
    } else if (client->state == SIM6_CONFIRMING) {
        wait_for_renewal(sim, client); /* what it has lasts (RFC 9915 section 18.2.3) */
    } else if (client->state == SIM6_REQUESTING) {
        solicit(sim, client);
    } else {
        turn_off(sim, client, sim_between(sim, 1000, 120000));
    }
}

static void on_timer(struct sim *sim, const struct sim_event *event)
{
    struct sim_client6 *client = &sim->clients6[event->who];
    if (event->number != client->timer || sim->draining)
        return;
    switch (client->state) {
    case SIM6_OFF:
        boot(sim, client);
        break;
    case SIM6_BOUND:
        live(sim, client);
        if (client->state == SIM6_BOUND && sim->now >= client->renew)
            renew(sim, client);
        else if (client->state == SIM6_BOUND)
            wait_for_renewal(sim, client);
        break;
    case SIM6_RENEWING:
    case SIM6_REBINDING:
        renew(sim, client);
        break;
    case SIM6_SOLICITING:
    case SIM6_REQUESTING:
    case SIM6_CONFIRMING:
    case SIM6_RETURNING:
        try_again(sim, client);
        break;
    }
}

static void set_timer(struct sim *sim, struct sim_client6 *client, mono_ms after)
{
    struct sim_event event = { .act = on_timer,
                               .who = sim_dhcp6_number_of(sim, client),
                               .number = ++client->timer };
    sim_later(sim, after, event, BYTES_NONE);
}

/* Some DUIDs have a hardware address in them; two of them differ in several bits, so that one that
 * is broken on the way is nobody else's. */
static void make_duid(struct sim *sim, struct sim_client6 *client, unsigned i)
{
    static const uint8_t kinds[][8] = { { 0, 1, 0, 1, 1, 2, 3, 4 },
                                        { 0, 2, 0, 0, 0, 9, 8, 7 },
                                        { 0, 3, 0, 1 },
                                        { 0, 4, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff } };
    static const uint8_t counts[] = { 8, 8, 4, 8 };
    unsigned kind = sim_between(sim, 0, 3);
    struct bytes_writer writer = bytes_writer_on(client->duid, sizeof client->duid);
    bytes_write_copy(&writer, kinds[kind], counts[kind]);
    const uint8_t tail[] = { 2, 0, 6, (uint8_t)i, (uint8_t)~i, (uint8_t)(i * 7) };
    bytes_write_copy(&writer, tail, sizeof tail);
    for (unsigned more = kind == 3 ? 4 : 0; more > 0; more--)
        bytes_write_u8(&writer, (uint8_t)(i * more));
    client->duid_count = bytes_writer_count(&writer);
}

void sim_begin_clients6(struct sim *sim)
{
    for (unsigned i = 0; i < sim->choice.clients6; i++) {
        struct sim_client6 *client = &sim->clients6[i];
        *client = (struct sim_client6){
            .link = sim_between(sim, 0, sim->choice.links - 1),
            .relayed = sim_chance(sim, 250),
            .rapid = sim_chance(sim, 300),
            .name = sim_between(sim, 0, 12),
            .ia_count = sim_between(sim, 1, SIM_IAS_MAX),
        };
        client->link = client->relayed ? 0 : client->link;
        make_duid(sim, client, i);
        for (unsigned j = 0; j < client->ia_count; j++) {
            static const uint16_t codes[] = { DHCP6_IA_NA, DHCP6_IA_NA, DHCP6_IA_TA, DHCP6_IA_PD };
            client->ias[j].code = codes[sim_between(sim, 0, COUNT_OF(codes) - 1)];
            client->ias[j].iaid = 0x10000 * j + i;
        }
        set_timer(sim, client, sim_between(sim, 1, 30000));
    }
}

/* ------------------------------------------------------------------ what the client hears */

bool sim_dhcp6_read_given(const struct dhcp6_option *option, struct sim_given *given)
{
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix prefix;
    if (option->code == DHCP6_IAADDR
        && dhcp6_ia_address_read(option->value, &address) == STATUS_OK) {
        given->address = address.address;
        given->prefix_length = 0;
        given->valid = address.valid;
        return true;
    }
    if (option->code != DHCP6_IAPREFIX || dhcp6_ia_prefix_read(option->value, &prefix) != STATUS_OK)
        return false;
    given->address = prefix.prefix.address;
    given->prefix_length = prefix.prefix.length;
    given->valid = prefix.valid;
    return true;
}

/* The first address or prefix of an association; what is told with no time is lost. */
static bool hear_ia(const struct dhcp6_message *reply, const struct sim_ia *mine,
                    struct sim_given *given)
{
    struct bytes value;
    for (unsigned place = 0; dhcp6_option_next(&reply->options, mine->code, &place, &value);) {
        struct dhcp6_ia ia;
        if (dhcp6_ia_read(mine->code, value, &ia) != STATUS_OK || ia.iaid != mine->iaid)
            continue;
        *given = (struct sim_given){ 0 };
        for (unsigned i = 0; i < ia.options.count; i++)
            if (sim_dhcp6_read_given(&ia.options.at[i], given) && given->valid > 0)
                return true;
        given->valid = 0;
        return true;
    }
    return false;
}

static void hold(struct sim *sim, const struct sim_client6 *client, struct sim_ia *ia,
                 const struct sim_given *given)
{
    ia->held = given->valid > 0;
    if (!ia->held)
        return;
    ia->address = given->address;
    ia->prefix_length = given->prefix_length;
    ia->expires = ia->sure = client->asked + (mono_ms)given->valid * SIM_SECOND;
    /* What a restart or a stale message has undone since it asked is not given by this. */
    if (ia->voided < client->asked && sim->restarted < client->asked)
        ia->voided = 0;
    else if (ia->voided == 0)
        ia->voided = sim->restarted;
}

static void bind(struct sim *sim, struct sim_client6 *client, const struct dhcp6_message *reply)
{
    mono_ms first = MONO_NEVER;
    for (unsigned i = 0; i < client->ia_count; i++) {
        struct sim_given given;
        if (hear_ia(reply, &client->ias[i], &given))
            hold(sim, client, &client->ias[i], &given);
        if (client->ias[i].held)
            first = mono_earlier(first, client->ias[i].expires);
    }
    if (held_count(sim, client) == 0) {
        turn_off(sim, client, sim_between(sim, 1000, 60000));
        return;
    }
    mono_ms span = first > client->asked ? first - client->asked : 0;
    client->renew = client->asked + span / 2;
    client->rebind = client->asked + span * 4 / 5;
    if (sim_chance(sim, sim->choice.declining))
        give_back(sim, client, DHCP6_DECLINE);
    else
        wait_for_renewal(sim, client);
}

static void take_offer(struct sim *sim, struct sim_client6 *client,
                       const struct dhcp6_message *reply)
{
    unsigned offered = 0;
    for (unsigned i = 0; i < client->ia_count; i++) {
        struct sim_given given;
        if (!hear_ia(reply, &client->ias[i], &given) || given.valid == 0)
            continue;
        client->ias[i].address = given.address;
        client->ias[i].prefix_length = given.prefix_length;
        offered++;
    }
    if (offered > 0)
        begin(sim, client, SIM6_REQUESTING, DHCP6_REQUEST);
}

static void hear_confirmed(struct sim *sim, struct sim_client6 *client,
                           const struct dhcp6_message *reply)
{
    struct bytes value = BYTES_NONE;
    (void)dhcp6_option_find(&reply->options, DHCP6_STATUS, &value);
    struct bytes_reader reader = bytes_reader_on(value);
    if (bytes_read_u16(&reader) == DHCP6_SUCCESS) {
        wait_for_renewal(sim, client);
        return;
    }
    forget(client);
    solicit(sim, client);
}

void sim_dhcp6_hear(struct sim *sim, const struct sim_event *event)
{
    struct sim_client6 *client = &sim->clients6[event->who];
    struct dhcp6_message reply;
    if (sim->draining || sim->now < sim->down_until[event->server] || event->corrupt
        || event->server != client->link
        || dhcp6_message_read(bytes_of(event->bytes, event->count), &reply) != STATUS_OK
        || reply.xid != client->xid)
        return;
    if (client->state == SIM6_SOLICITING && reply.type == DHCP6_ADVERTISE) {
        take_offer(sim, client, &reply);
    } else if (reply.type != DHCP6_REPLY) {
        return;
    } else if (client->state == SIM6_CONFIRMING) {
        hear_confirmed(sim, client, &reply);
    } else if (client->state == SIM6_RETURNING) {
        turn_off(sim, client, sim_between(sim, 1, 60000));
    } else if (client->state == SIM6_REQUESTING || client->state == SIM6_RENEWING
               || client->state == SIM6_REBINDING
               || (client->state == SIM6_SOLICITING && client->rapid)) {
        bind(sim, client, &reply);
    }
}

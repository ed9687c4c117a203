/* What must hold of what the server tells DHCPv6 clients, seen where messages reach it and leave
 * it. */
#include "sim_dhcp6.h"

#include <stdlib.h>

#define REPLY_MAX  1232 /* one packet of IPv6, whatever the link */
#define LAPSE_S    2    /* the lease file counts seconds */
#define POOL_FIRST 0x100
#define ETH0       2

/* ------------------------------------------------------------------ what the server hears */

static void void_leases(struct sim *sim, struct sim_client6 *client)
{
    for (unsigned i = 0; i < client->ia_count; i++)
        client->ias[i].voided = sim->now;
}

/* It is told that what it had on another link is gone, and need not have heard it yet. */
static void void_elsewhere(struct sim *sim, struct sim_client6 *client, unsigned network)
{
    struct address here = sim_dhcp6_address(network, 0);
    for (unsigned i = 0; i < client->ia_count; i++)
        if (client->ias[i].code != DHCP6_IA_PD && client->ias[i].address.bytes[7] != here.bytes[7])
            client->ias[i].voided = sim->now;
}

/* What is declined now, of those that are the client's in the server's eyes. */
static void note_declined(struct sim *sim, const struct dhcp6_message *message, bool corrupt)
{
    struct bytes duid, value;
    unsigned type = sim->fault == SIM_FAULT_NO_QUARANTINE6 ? DHCP6_RELEASE : DHCP6_DECLINE;
    if (message->type != type || !dhcp6_option_find(&message->options, DHCP6_CLIENT_ID, &duid))
        return;
    const struct lease *lease = lease_table_first(sim->net.leases6);
    for (; lease != NULL; lease = lease_table_next(sim->net.leases6, lease)) {
        struct dhcp6_ia ia;
        struct dhcp6_ia_address wish;
        unsigned code = lease->kind == LEASE_IP6_TA ? DHCP6_IA_TA : DHCP6_IA_NA;
        if (lease->kind == LEASE_IP6_PD
            || !bytes_equal(bytes_of(lease->client_id, lease->client_id_count), duid))
            continue;
        for (unsigned place = 0; dhcp6_option_next(&message->options, code, &place, &value);) {
            unsigned inner = 0;
            if (dhcp6_ia_read(code, value, &ia) != STATUS_OK || ia.iaid != lease->iaid)
                continue;
            while (dhcp6_option_next(&ia.options, DHCP6_IAADDR, &inner, &value))
                if (dhcp6_ia_address_read(value, &wish) == STATUS_OK
                    && address_equal(&wish.address, &lease->address))
                    sim_note_declined(sim, &lease->address, corrupt);
        }
    }
}

static struct sim_heard6 *note_heard(struct sim *sim, const struct dhcp6_message *message,
                                     const struct dhcp6_datagram *in, bool corrupt)
{
    struct bytes duid = BYTES_NONE;
    struct sim_heard6 *heard = &sim->heard6[sim->heard6_count++ % SIM_HEARD6_MAX];
    *heard = (struct sim_heard6){ .xid = message->xid,
                                  .interface = in->interface,
                                  .from = in->from,
                                  .type = message->type,
                                  .corrupt = corrupt };
    if (dhcp6_option_find(&message->options, DHCP6_CLIENT_ID, &duid)
        && duid.count <= sizeof heard->duid) {
        memcpy(heard->duid, duid.at, duid.count);
        heard->duid_count = duid.count;
    }
    heard->rapid = dhcp6_option_has(&message->options, DHCP6_RAPID_COMMIT);
    for (unsigned i = 0; i < message->options.count; i++) {
        const struct dhcp6_option *option = &message->options.at[i];
        struct dhcp6_ia ia;
        if ((option->code == DHCP6_IA_NA || option->code == DHCP6_IA_TA
             || option->code == DHCP6_IA_PD)
            && heard->ia_count < COUNT_OF(heard->ias)
            && dhcp6_ia_read(option->code, option->value, &ia) == STATUS_OK)
            heard->ias[heard->ia_count++] = (struct sim_asked){ ia.code, ia.iaid };
    }
    return heard;
}

void sim_checks6_arrive(struct sim *sim, const struct sim_event *event)
{
    struct sim_client6 *client = &sim->clients6[event->who];
    struct dhcp6_wrapped wrapped;
    struct dhcp6_message message;
    struct bytes bytes = bytes_of(event->bytes, event->count);
    if (sim->now < sim->down_until[event->server])
        return;
    if (sim->now < sim->stalled_until) {
        struct sim_event again = *event;
        sim_later(sim, sim->stalled_until - sim->now, again, bytes);
        return;
    }
    struct dhcp6_datagram in = {
        .message = bytes,
        .from = { sim_dhcp6_link_local(1 + event->who), DHCP6_CLIENT_PORT, event->server + ETH0 },
        .local = sim_dhcp6_address(0, 1),
        .interface = event->server + ETH0,
    };
    if (client->relayed)
        in.from = (struct endpoint){ sim_dhcp6_address(0, 0xee), DHCP6_SERVER_PORT, 0 };
    else if (address_from_text(TEXT("ff02::1:2"), &in.local) != STATUS_OK)
        abort();
    struct sim_heard6 *heard = NULL;
    if (dhcp6_unwrap(bytes, &wrapped) == STATUS_OK
        && dhcp6_message_read(wrapped.inner, &message) == STATUS_OK) {
        bool returns = message.type == DHCP6_RELEASE || message.type == DHCP6_DECLINE;
        if (event->corrupt || (returns && event->number != client->epoch))
            void_leases(sim, client);
        void_elsewhere(sim, client, client->relayed ? SIM_RELAYED : event->server);
        heard = note_heard(sim, &message, &in, event->corrupt);
        note_declined(sim, &message, event->corrupt);
    }
    fake_network_dhcp6(&sim->net, &in);
    if (heard != NULL && !event->corrupt && message.type == DHCP6_SOLICIT && !heard->rapid
        && !heard->answered)
        sim_break(sim, SIM_SERVED, "a SOLICIT of client6 %u is not answered", event->who);
}

/* ------------------------------------------------------------------ what the server says */

static void not_asked(struct sim *sim, const struct dhcp6_message *reply, const char *why)
{
    sim_break(sim, SIM_REPLY_ASKED, "the %s of xid %06x: %s", dhcp6_message_type_name(reply->type),
              reply->xid, why);
}

static bool fits_question(unsigned question, bool rapid, unsigned answer)
{
    if (answer == DHCP6_ADVERTISE)
        return question == DHCP6_SOLICIT;
    return answer == DHCP6_REPLY && (question != DHCP6_SOLICIT || rapid);
}

static bool was_asked(const struct sim_heard6 *question, unsigned code, uint32_t iaid)
{
    for (unsigned i = 0; i < question->ia_count; i++)
        if (question->ias[i].code == code && question->ias[i].iaid == iaid)
            return true;
    return false;
}

static bool asked_for_all(const struct sim_heard6 *question, const struct dhcp6_message *reply)
{
    for (unsigned i = 0; i < reply->options.count; i++) {
        const struct dhcp6_option *option = &reply->options.at[i];
        struct dhcp6_ia ia;
        if ((option->code == DHCP6_IA_NA || option->code == DHCP6_IA_TA
             || option->code == DHCP6_IA_PD)
            && (dhcp6_ia_read(option->code, option->value, &ia) != STATUS_OK
                || !was_asked(question, ia.code, ia.iaid)))
            return false;
    }
    return true;
}

static struct sim_heard6 *question_of(struct sim *sim, const struct dhcp6_action *action,
                                      const struct dhcp6_message *reply, struct bytes duid)
{
    uint32_t xid = reply->xid ^ (sim->fault == SIM_FAULT_STRANGER6);
    for (uint64_t i = 0; i < sim->heard6_count && i < SIM_HEARD6_MAX; i++) {
        struct sim_heard6 *heard = &sim->heard6[(sim->heard6_count - 1 - i) % SIM_HEARD6_MAX];
        if (!heard->answered && heard->xid == xid && heard->interface == action->interface
            && address_equal(&heard->from.address, &action->to.address)
            && heard->from.port == action->to.port
            && bytes_equal(bytes_of(heard->duid, heard->duid_count), duid)
            && fits_question(heard->type, heard->rapid, reply->type)
            && asked_for_all(heard, reply)) {
            return heard;
        }
    }
    return NULL;
}

static enum lease_kind kind_of(unsigned code)
{
    if (code == DHCP6_IA_PD)
        return LEASE_IP6_PD;
    return code == DHCP6_IA_TA ? LEASE_IP6_TA : LEASE_IP6_NA;
}

static void check_one_holder(struct sim *sim, const struct sim_given *given)
{
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < sim->choice.clients6; i++) {
        const struct sim_client6 *other = &sim->clients6[i];
        bool is_it = bytes_equal(bytes_of(other->duid, other->duid_count), given->duid);
        for (unsigned j = 0; j < other->ia_count; j++) {
            const struct sim_ia *ia = &other->ias[j];
            if (sim_dhcp6_is_sure(sim, ia) && address_equal(&ia->address, &given->address)
                && !(is_it && ia->code == given->code && ia->iaid == given->iaid))
                sim_break(sim, SIM_ONE_HOLDER, "%s is given while client6 %u has it",
                          address_text(&given->address, text), i);
        }
    }
}

static void check_stored(struct sim *sim, const struct sim_given *given)
{
    char text[ADDRESS_TEXT_MAX];
    const char *line = fake_store_find(&sim->net.store, &given->address);
    struct lease_line read;
    address_text(&given->address, text);
    if (line == NULL || lease_line_read(text_of(line), &read) != STATUS_OK
        || read.lease_kind != kind_of(given->code) || read.iaid != given->iaid
        || read.prefix_length != given->prefix_length
        || !bytes_equal(bytes_of(read.client_id, read.client_id_count), given->duid))
        sim_break(sim, SIM_STORED_FIRST, "%s is leased and not in the store", text);
    else if (sim->clock_set == 0
             && read.expires + LAPSE_S < sim->net.now.wall + (wall_s)given->valid)
        sim_break(sim, SIM_TOLD_LONGER, "%s is leased for %u s, and the store has %lld", text,
                  given->valid, (long long)(read.expires - sim->net.now.wall));
}

static void check_given(struct sim *sim, const struct sim_given *given, unsigned type)
{
    char text[ADDRESS_TEXT_MAX];
    if (sim_is_declined(sim, &given->address))
        sim_break(sim, SIM_QUARANTINE, "%s was declined a short while ago",
                  address_text(&given->address, text));
    if (given->valid > sim->choice.lease_s)
        sim_break(sim, SIM_TOLD_LONGER, "%s is leased for %u s",
                  address_text(&given->address, text), given->valid);
    if (type != DHCP6_REPLY)
        return;
    check_one_holder(sim, given);
    check_stored(sim, given);
}

/* How many addresses of a network's pool cannot be given. */
static unsigned taken_in(const struct sim *sim, unsigned network)
{
    unsigned taken = 0;
    for (unsigned i = 0; i < sim->choice.pool; i++) {
        struct address address = sim_dhcp6_address(network, POOL_FIRST + i);
        taken += lease_table_by_address(sim->net.leases6, &address) != NULL
                 || sim_may_be_declined(sim, &address);
    }
    return sim->fault == SIM_FAULT_NOT_SERVED ? 0 : taken;
}

/* An association that was offered nothing, while something was there. */
static void check_served(struct sim *sim, const struct sim_heard6 *question, unsigned network,
                         unsigned given_addresses, unsigned empty)
{
    if (question->type != DHCP6_SOLICIT || question->corrupt || empty == 0)
        return;
    unsigned taken = taken_in(sim, network) + given_addresses;
    if (taken < sim->choice.pool)
        sim_break(sim, SIM_SERVED, "no address is offered, and %u of %u are free",
                  sim->choice.pool - taken, sim->choice.pool);
}

static void check_ias(struct sim *sim, const struct dhcp6_message *reply,
                      const struct sim_heard6 *question, struct bytes duid, unsigned network)
{
    unsigned addresses = 0, full = 0, asked = 0;
    for (unsigned i = 0; i < question->ia_count; i++)
        asked += question->ias[i].code != DHCP6_IA_PD;
    for (unsigned i = 0; i < reply->options.count; i++) {
        const struct dhcp6_option *option = &reply->options.at[i];
        struct dhcp6_ia ia;
        if (option->code != DHCP6_IA_NA && option->code != DHCP6_IA_TA
            && option->code != DHCP6_IA_PD)
            continue;
        if (dhcp6_ia_read(option->code, option->value, &ia) != STATUS_OK)
            continue;
        unsigned items = 0;
        for (unsigned j = 0; j < ia.options.count; j++) {
            struct sim_given given = { .duid = duid, .code = ia.code, .iaid = ia.iaid };
            if (!sim_dhcp6_read_given(&ia.options.at[j], &given) || given.valid == 0)
                continue;
            items++;
            check_given(sim, &given, reply->type);
        }
        addresses += ia.code != DHCP6_IA_PD ? items : 0;
        full += ia.code != DHCP6_IA_PD && items > 0;
    }
    if (reply->type == DHCP6_ADVERTISE)
        check_served(sim, question, network, addresses, asked - full);
}

static struct sim_client6 *client_by_duid(struct sim *sim, struct bytes duid)
{
    for (unsigned i = 0; i < sim->choice.clients6; i++)
        if (bytes_equal(bytes_of(sim->clients6[i].duid, sim->clients6[i].duid_count), duid))
            return &sim->clients6[i];
    return NULL;
}

void sim_on_dhcp6(void *context, const struct dhcp6_action *action)
{
    struct sim *sim = context;
    struct dhcp6_wrapped wrapped;
    struct dhcp6_message reply;
    struct bytes duid, server;
    size_t room = sim->fault == SIM_FAULT_LESS_ROOM6 ? 80 : REPLY_MAX;
    if (dhcp6_unwrap(action->bytes, &wrapped) != STATUS_OK
        || dhcp6_message_read(wrapped.inner, &reply) != STATUS_OK) {
        sim_break(sim, SIM_REPLY_ASKED, "what is sent to a DHCPv6 client is no answer");
        return;
    }
    if (!dhcp6_option_find(&reply.options, DHCP6_CLIENT_ID, &duid))
        duid = BYTES_NONE;
    if (action->bytes.count > room)
        sim_break(sim, SIM_REPLY_SIZE, "a DHCPv6 answer of %zu bytes", action->bytes.count);
    if (!dhcp6_option_find(&reply.options, DHCP6_SERVER_ID, &server)
        || !bytes_equal(server, fake_network_duid()) || sim->fault == SIM_FAULT_OTHER_SERVER)
        not_asked(sim, &reply, "another server's");
    struct sim_heard6 *question = question_of(sim, action, &reply, duid);
    if (question == NULL) {
        not_asked(sim, &reply, "nobody asked for it");
        return;
    }
    if ((wrapped.relay_count > 0) != (question->from.port == DHCP6_SERVER_PORT))
        not_asked(sim, &reply, "a relay's envelope too many or too few");
    question->answered = true;
    check_ias(sim, &reply, question, duid,
              wrapped.relay_count > 0 ? SIM_RELAYED : question->interface - ETH0);
    const struct sim_client6 *client = client_by_duid(sim, duid);
    if (client == NULL)
        return;
    sim_tell(sim, "the server says %s to client6 %u, xid %06x", dhcp6_message_type_name(reply.type),
             sim_dhcp6_number_of(sim, client), reply.xid);
    struct sim_event event = { .act = sim_dhcp6_hear,
                               .who = sim_dhcp6_number_of(sim, client),
                               .server = (uint16_t)client->link };
    sim_carry(sim, event, wrapped.inner);
}

/* ------------------------------------------------------------------ checks */

static bool has_lease(const struct sim *sim, const struct sim_client6 *client,
                      const struct sim_ia *ia)
{
    const struct lease *lease = lease_table_by_address(sim->net.leases6, &ia->address);
    return lease != NULL && lease->kind == kind_of(ia->code) && lease->iaid == ia->iaid
           && bytes_equal(bytes_of(lease->client_id, lease->client_id_count),
                          bytes_of(client->duid, client->duid_count));
}

static void before_restart(struct sim *sim, struct sim_ia *ia, unsigned number)
{
    char text[ADDRESS_TEXT_MAX];
    struct lease_line line;
    const char *found = fake_store_find(&sim->net.store, &ia->address);
    if (found == NULL || lease_line_read(text_of(found), &line) != STATUS_OK
        || line.lease_kind != kind_of(ia->code) || line.iaid != ia->iaid) {
        sim_break(sim, SIM_STORED_FIRST, "the store has lost %s of client6 %u",
                  address_text(&ia->address, text), number);
        return;
    }
    wall_s left = line.expires - sim->net.now.wall;
    mono_ms sure = left > 0 ? sim->now + (mono_ms)left * SIM_SECOND : sim->now;
    if (sim->clock_set == 0 && sure + LAPSE_S * SIM_SECOND < ia->expires)
        sim_break(sim, SIM_TOLD_LONGER, "the store says that %s ends earlier",
                  address_text(&ia->address, text));
    ia->sure = mono_earlier(ia->sure, sure);
}

void sim_clients6_before_restart(struct sim *sim)
{
    for (unsigned i = 0; i < sim->choice.clients6; i++)
        for (unsigned j = 0; j < sim->clients6[i].ia_count; j++)
            if (sim_dhcp6_is_sure(sim, &sim->clients6[i].ias[j]))
                before_restart(sim, &sim->clients6[i].ias[j], i);
}

void sim_forgive_full_table6(struct sim *sim)
{
    for (unsigned i = 0; i < sim->choice.clients6; i++)
        for (unsigned j = 0; j < sim->clients6[i].ia_count; j++)
            if (!has_lease(sim, &sim->clients6[i], &sim->clients6[i].ias[j]))
                sim->clients6[i].ias[j].sure = sim->now;
}

void sim_check_clients6(struct sim *sim)
{
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < sim->choice.clients6; i++) {
        const struct sim_client6 *client = &sim->clients6[i];
        for (unsigned j = 0; j < client->ia_count; j++)
            if (sim_dhcp6_is_sure(sim, &client->ias[j]) && !has_lease(sim, client, &client->ias[j]))
                sim_break(sim, SIM_LEASE_KEPT, "client6 %u has lost %s", i,
                          address_text(&client->ias[j].address, text));
    }
}

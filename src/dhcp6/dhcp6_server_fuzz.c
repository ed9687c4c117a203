#include "dhcp6/dhcp6_test_world.h"

#include "dhcp6/dhcp6_clients.h"

/* Bytes as a conversation of a few clients with one server: each step is a message made from a few
 * bytes, a raw datagram, some time that passes, an answer of the store, another network, a restart
 * with the leases that the store has.
 *
 * Always: an address has one lease and one client; what a reply gives is in the table and in the
 * store; no client has more than its share; memory stays inside its bounds. */

#define NAMES_MAX 64

static struct world *fuzz_world;

/* What is leased to the client, not merely told to be gone. */
static void check_item(const struct world *world, unsigned code, struct bytes value)
{
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix prefix;
    struct address at;
    uint32_t valid;
    if (code == DHCP6_IAADDR && dhcp6_ia_address_read(value, &address) == STATUS_OK) {
        at = address.address;
        valid = address.valid;
        assert(address.preferred <= valid);
    } else if (code == DHCP6_IAPREFIX && dhcp6_ia_prefix_read(value, &prefix) == STATUS_OK) {
        at = prefix.prefix.address;
        valid = prefix.valid;
    } else {
        return;
    }
    const struct lease *lease = lease_table_by_address(world->leases, &at);
    assert(valid == 0 || (lease != NULL && (lease->stored || lease->ticket != 0)));
}

static void check_sent(void *context, struct dhcp6_outbox *out)
{
    struct world *world = context;
    for (size_t i = 0; i < out->count; i++) {
        struct dhcp6_wrapped wrapped;
        struct dhcp6_message message;
        enum status status = dhcp6_unwrap(out->actions[i].bytes, &wrapped);
        assert(status == STATUS_OK);
        status = dhcp6_message_read(wrapped.inner, &message);
        assert(status == STATUS_OK);
        assert(dhcp6_option_has(&message.options, DHCP6_SERVER_ID));
        for (unsigned j = 0; message.type == DHCP6_REPLY && j < message.options.count; j++) {
            const struct dhcp6_option *option = &message.options.at[j];
            struct dhcp6_ia ia;
            if (option->code != DHCP6_IA_NA && option->code != DHCP6_IA_TA
                && option->code != DHCP6_IA_PD)
                continue;
            status = dhcp6_ia_read(option->code, option->value, &ia);
            assert(status == STATUS_OK);
            for (unsigned k = 0; k < ia.options.count; k++)
                check_item(world, ia.options.at[k].code, ia.options.at[k].value);
        }
    }
    dhcp6_outbox_reset(out);
}

static void check_leases(const struct world *world)
{
    const struct lease *lease = lease_table_first(world->leases);
    uint32_t count = 0;
    for (; lease != NULL; lease = lease_table_next(world->leases, lease), count++) {
        uint32_t own = 0;
        const struct lease *other = lease_table_first(world->leases);
        assert(lease_table_by_address(world->leases, &lease->address) == lease);
        for (; other != NULL; other = lease_table_next(world->leases, other))
            own += bytes_equal(bytes_of(lease->client_id, lease->client_id_count),
                               bytes_of(other->client_id, other->client_id_count));
        assert(own <= DHCP6_CLIENT_LEASES_MAX);
    }
    assert(count == lease_table_count(world->leases) && count <= 24);
    assert(lease_names_count(world->names) <= count);
}

static void set_up(uint8_t mode)
{
    /* What is sent is checked on the way; a large world takes longer to make than it lives. */
    fuzz_world = world_create_sized(1, NAMES_MAX);
    fuzz_world->capacity = 24;
    struct dhcp_range6 *range = world_range(fuzz_world, "fd00:50::100", "fd00:50::10f", 0, 600);
    if ((mode & 8) != 0) {
        range->first = world_address("::100");
        range->last = world_address("::10f");
        range->constructor = "eth0";
    }
    range->deprecated = (mode & 32) != 0;
    world_range(fuzz_world, "fd00:9::10", "fd00:9::1f", 0, 600);
    world_pool(fuzz_world, "2001:db8:f000::", 54, 56, 600);
    world_host(fuzz_world, 1, "::101", 128, "one");
    world_host(fuzz_world, 2, "fd00:50::108", 126, "two");
    world_option(fuzz_world, 200, "a value of some length, so that there is something to send");
    world_domain(fuzz_world, "lan");
    fuzz_world->config.authoritative = (mode & 1) != 0;
    fuzz_world->config.sequential_ip = (mode & 2) != 0;
    fuzz_world->config.client_update = (mode & 4) != 0;
    fuzz_world->out.flush = check_sent;
    fuzz_world->sink.wanted |= (uint64_t)1 << EVENT_DHCP_DETAIL;
    fuzz_world->sink.wants_facts = true;
    world_start(fuzz_world);
}

static void settle(struct world *world)
{
    check_sent(world, &world->out);
    world->line_count = 0;
}

static const char *const types[] = { "solicit", "request", "confirm", "renew",
                                     "rebind",  "release", "decline", "inform" };
static const char *const words[] = {
    "na:1",
    "na:1=fd00:50::101",
    "na:2=fd00:50::102,fd00:50::109",
    "na:3=fd00:70::101@30-60",
    "ta:1",
    "ta:2=fd00:9::11",
    "pd:1",
    "pd:2=2001:db8:f000:100::/56,::/60",
    "rapid",
    "fqdn=1:one",
    "fqdn=0:other.lan",
    "oro=23,39,200",
    "server",
    "na:4=fd00:50::108,fd00:51::1,::",
    "on=eth1",
    "nobody",
};

/* A message from four bytes. */
static void hear_made(struct world *world, struct bytes_reader *reader)
{
    char line[512];
    uint8_t buffer[4096];
    struct world_way way;
    struct text_out out = text_out_on(line, sizeof(line));
    uint8_t what = bytes_read_u8(reader);
    uint16_t with = bytes_read_u16(reader);
    unsigned type = what % COUNT_OF(types);
    text_printf(&out, "%s from=%u", types[type], (unsigned)(bytes_read_u8(reader) % 4));
    for (unsigned i = 0; i < COUNT_OF(words); i++) {
        if ((with >> i & 1) != 0)
            text_printf(&out, " %s", words[i]);
    }
    struct dhcp6_datagram in = { .message = world_write(line, buffer, sizeof(buffer), &way) };
    in.from = way.from;
    in.local = way.local;
    in.interface = way.interface;
    dhcp6_server_message(world->server, &in, world->now, &world->out);
    settle(world);
}

static void hear_raw(struct world *world, struct bytes_reader *reader)
{
    size_t count = bytes_read_u16(reader) % 700;
    if (count > bytes_reader_left(reader))
        count = bytes_reader_left(reader);
    struct dhcp6_datagram in = {
        .message = bytes_read_span(reader, count),
        .from = { world_address("fe80::c0"), 546, WORLD_ETH0 },
        .local = world_address("ff02::1:2"),
        .interface = WORLD_ETH0,
    };
    dhcp6_server_message(world->server, &in, world->now, &world->out);
    settle(world);
}

static void move(struct world *world, bool there)
{
    struct network *next = world_make_network(there ? "fd00:70::1" : "fd00:50::1");
    dhcp6_server_set_network(world->server, next);
    network_free(world->network);
    world->network = next;
}

static void step(struct world *world, struct bytes_reader *reader)
{
    uint8_t what = bytes_read_u8(reader);
    switch (what & 7) {
    case 0:
        hear_raw(world, reader);
        break;
    case 1:
        world->now.mono += (mono_ms)bytes_read_u8(reader) * (what & 8 ? 10000 : 100);
        world->now.wall += (int8_t)bytes_read_u8(reader) * 100;
        dhcp6_server_tick(world->server, world->now, &world->out);
        break;
    case 2:
        world_store_answers_first(world, what >> 4, what & 8 ? STATUS_SYSTEM : STATUS_OK);
        break;
    case 3:
        if ((what & 16) != 0)
            world_restart(world, NAMES_MAX);
        else
            move(world, (what & 8) != 0);
        break;
    default:
        hear_made(world, reader);
        break;
    }
    settle(world);
    check_leases(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint8_t mode = bytes_read_u8(&reader);
    set_up(mode);
    for (unsigned steps = 0; bytes_reader_left(&reader) > 0 && steps < 500; steps++) {
        fuzz_world->store_full = (mode & 16) != 0 && steps % 7 == 3;
        if (fuzz_world->ticket_count < 1000)
            step(fuzz_world, &reader);
    }
    fuzz_world->store_full = false;
    world_store_answers(fuzz_world, STATUS_OK);
    settle(fuzz_world);
    /* All comes to rest: nothing is due any more once every lease has expired. */
    for (int turn = 0; turn < 16 && dhcp6_server_deadline(fuzz_world->server) != MONO_NEVER;
         turn++) {
        fuzz_world->now.mono += 1000000000;
        dhcp6_server_tick(fuzz_world->server, fuzz_world->now, &fuzz_world->out);
        settle(fuzz_world);
    }
    assert(dhcp6_server_deadline(fuzz_world->server) == MONO_NEVER);
    assert(lease_table_count(fuzz_world->leases) == 0);
    assert(dhcp6_server_counters(fuzz_world->server)->pending_full == 0);
    world_free(fuzz_world);
    return 0;
}

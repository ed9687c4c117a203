#include "ra/ra_test_world.h"

/* Bytes as what happens on two links: solicitations of strangers, time, addresses that come and go,
 * other settings, restarts from what was kept.
 *
 * Always: what is sent is an advertisement of ours that reads, for all or for one host, and with
 * only prefixes that we may tell of; those to all leave three seconds apart (RFC 4861 section
 * 6.2.6); a solicitation sends nothing at once; what is kept over a restart reads again; and there
 * is always a next advertisement, within the longest interval. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

#define STEPS_MAX       64
#define INTERVAL_MAX_MS 1800000 /* RFC 4861 section 6.2.1: MaxRtrAdvInterval */

static const char *const sources[] = { "::",      "fe80::1", "fd00:50::77", "2001:db8::1",
                                       "ff02::1", "fe80::2", "fd00:51::5",  "::1" };

/* When the last one left for all, by interface; 0: none has since the server began. */
static mono_ms sent_to_all[WORLD_LAN1 + 1];

static void check_prefix(struct bytes value)
{
    struct icmp6_prefix prefix;
    enum status status = icmp6_prefix_read(value, &prefix);
    assert(status == STATUS_OK && prefix.preferred_s <= prefix.valid_s);
    assert(!address_is_link_local(&prefix.address) && !address_is_multicast(&prefix.address));
}

static void check_sent(const struct world *world, const struct ra_action *action)
{
    static struct icmp6_options options;
    struct icmp6_advert advert;
    enum status status = icmp6_advert_read(action->bytes, &advert, &options);
    assert(status == STATUS_OK && action->bytes.count <= ICMP6_ADVERT_MAX);
    assert(address_is_link_local(&action->from));
    assert(action->interface == WORLD_LAN0 || action->interface == WORLD_LAN1);
    for (unsigned i = 0; i < options.count; i++)
        if (options.at[i].type == ICMP6_PREFIX)
            check_prefix(options.at[i].value);
    if (!address_is_multicast(&action->to))
        return;
    mono_ms *last = &sent_to_all[action->interface];
    assert(*last == 0 || world->now.mono - *last >= 3000);
    *last = world->now.mono;
}

static void flush(void *context, struct ra_outbox *out)
{
    for (size_t i = 0; i < out->count; i++)
        check_sent(context, &out->actions[i]);
    out->count = 0;
}

static void pass(struct world *world, mono_ms ms)
{
    mono_ms end = world->now.mono + ms;
    mono_ms deadline;
    for (unsigned turns = 0; (deadline = ra_server_deadline(world->server)) <= end; turns++) {
        assert(turns < 10000);
        if (deadline > world->now.mono)
            world->now.mono = deadline;
        ra_server_tick(world->server, world->now, &world->out);
        flush(world, &world->out);
    }
    world->now.mono = end;
    world->now.wall = WORLD_WALL + (wall_s)(end / 1000);
}

/* The server ends, and another begins with what the first has kept. */
static void restart(struct world *world)
{
    size_t room = ra_server_state_bytes(world->server);
    char *kept = malloc(room);
    struct ra_setup setup = { .dhcp = &world->dhcp,
                              .ra = &world->ra,
                              .site = &world->site,
                              .network = world->network,
                              .events = &world->sink,
                              .random = &world->random };
    assert(kept != NULL);
    struct text_out out = text_out_on(kept, room);
    ra_server_put_state(world->server, world->now, &out);
    assert(!out.failed);
    ra_server_free(world->server);
    enum status status = ra_server_create(&setup, &world->server);
    assert(status == STATUS_OK);
    struct text rest = text_out_text(&out), text;
    while (text_next_line(&rest, &text)) {
        struct ra_state_line line;
        status = ra_state_line_read(text, &line);
        assert(status == STATUS_OK);
        status = ra_server_load(world->server, &line, world->now);
        assert(status == STATUS_OK);
    }
    free(kept);
    memset(sent_to_all, 0, sizeof sent_to_all);
    world_start(world);
}

static void solicit(struct world *world, struct bytes message, uint8_t how)
{
    struct ra_datagram in = {
        .message = message,
        .interface = (how >> 3 & 3) + 1u,
        .hop_limit = (how & 0x20) != 0 ? 64 : 255,
    };
    enum status status = address_from_text(text_of(sources[how & 7]), &in.from);
    assert(status == STATUS_OK);
    ra_server_message(world->server, &in, world->now, &world->out);
    assert(world->out.count == 0);
}

static void change_network(struct world *world, bool comes)
{
    if (!comes)
        world_remove_address(world, "fd00:50::1");
    else if (world->address_count < COUNT_OF(world->addresses))
        world_add_address(world, WORLD_LAN0, "fd00:50::1/64");
    world_network_changed(world);
}

/* Bytes of a message, where it comes from, and the seconds that pass afterwards; messages of 254
 * and 255 bytes are other things. */
static void step(struct world *world, struct bytes_reader *reader)
{
    size_t length = bytes_read_u8(reader);
    uint8_t how = bytes_read_u8(reader);
    uint8_t seconds = bytes_read_u8(reader);
    if (length == 255) {
        restart(world);
    } else if (length == 254) {
        enum status status = ra_server_set_config(world->server, &world->dhcp, world->now);
        assert(status == STATUS_OK);
    } else {
        if ((how & 0xc0) != 0)
            change_network(world, (how & 0x40) == 0);
        size_t left = bytes_reader_left(reader);
        solicit(world, bytes_read_span(reader, length < left ? length : left), how);
    }
    pass(world, (mono_ms)seconds * 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct world world;
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    world_init(&world, "dhcp-range=::,constructor:lan*,ra-stateless\n"
                       "dhcp-option=option6:dns-server,[fe80::]\nra-param=lan1,4\n");
    world.keep_quiet = true;
    world.out.flush = flush;
    memset(sent_to_all, 0, sizeof sent_to_all);
    world_start(&world);
    for (unsigned i = 0; i < STEPS_MAX && bytes_reader_left(&reader) >= 3; i++)
        step(&world, &reader);
    const struct ra_counters *counters = ra_server_counters(world.server);
    assert(counters->solicits + counters->dropped_malformed + counters->dropped_not_on_link
               + counters->dropped_not_admitted
           <= STEPS_MAX);
    /* lan1 has its addresses all the time. */
    assert(ra_server_deadline(world.server) <= world.now.mono + INTERVAL_MAX_MS);
    world_free(&world);
    return 0;
}

/* The world of router advertisement: links whose prefixes come and go, a router that is started
 * anew, given another configuration, and remembers on a disk that may fail (RFC 9096). Nothing of
 * it touches the other protocols, so it has its own time after theirs; only some seeds have it. */
#include "sim_ra.h"

#include <stdio.h>
#include <stdlib.h>

#include "daemon/daemon_config.h"

#define EVERY         3 /* so many seeds, one has this act */
#define TROUBLES      60
#define TURNS_MAX     200000
#define TICKS_MAX     1000
#define AGAIN_MS      60000 /* the file is tried so long after a failure */
#define NOTICE_MS     1000  /* so late at most the kernel's news are heard */
#define DAD_MS        1500
#define KEPT_BYTES    ((size_t)64 << 10)
#define ROUNDED_BYTES ((size_t)4 << 10) /* by the C library */
#define GONE_MS       (RA_GONE_S * SIM_SECOND)
#define NO_PLACE      UINT32_MAX

struct sim_ra sim_ra;

/* ------------------------------------------------------------------ names and times */

struct instant sim_ra_now(const struct sim *sim)
{
    wall_s passed = (wall_s)((sim->now - FAKE_START_MONO) / SIM_SECOND);
    return (struct instant){ sim->now, FAKE_START_WALL + passed + sim_ra.ahead };
}

struct address sim_ra_address(unsigned link, unsigned place, unsigned last)
{
    const uint8_t bytes[16] = { 0x20,
                                0x01,
                                0x0d,
                                0xb8,
                                0,
                                (uint8_t)(link + 1),
                                0,
                                (uint8_t)place,
                                [14] = (uint8_t)(last >> 8),
                                (uint8_t)last };
    return address_ip6(bytes);
}

struct address sim_ra_link_local(unsigned link)
{
    const uint8_t bytes[16] = { 0xfe, 0x80, [15] = (uint8_t)(link + 1) };
    return address_ip6(bytes);
}

bool sim_ra_postpone(struct sim *sim, const struct sim_event *event)
{
    if (sim->now >= sim_ra.stalled_until)
        return false;
    sim_later(sim, sim_ra.stalled_until - sim->now, *event, bytes_of(event->bytes, event->count));
    return true;
}

/* ------------------------------------------------------------------ what the core does */

static void on_event(void *context, const struct event *event)
{
    struct sim *sim = context;
    if (event->text != NULL)
        sim_tell(sim, "log: %s", event->text);
}

static void flush(void *context, struct ra_outbox *outbox)
{
    for (size_t i = 0; i < outbox->count; i++)
        sim_ra_sent(context, &outbox->actions[i]);
    outbox->count = 0;
}

static void write_again(struct sim *sim, const struct sim_event *event);

/* The file is written after each change, as ra_state_io.h does. */
static void write_file(struct sim *sim)
{
    if (sim_ra.disk_fails && !sim_ra.draining) {
        struct sim_event event = { .act = write_again };
        if (!sim_ra.stale)
            sim_later(sim, AGAIN_MS, event, BYTES_NONE);
        sim_ra.stale = true;
        return;
    }
    struct text_out out = text_out_on(sim_ra.file, sizeof sim_ra.file);
    ra_server_put_state(sim_ra.server, sim_ra_now(sim), &out);
    sim_ra.file_count = out.count;
    sim_ra.stale = false;
    sim_ra.set_since = 0;
    if (out.count + 1 > ra_server_state_bytes(sim_ra.server))
        sim_break(sim, SIM_RA_SIZE, "%zu bytes to keep where %zu were announced", out.count,
                  ra_server_state_bytes(sim_ra.server));
}

static void write_again(struct sim *sim, const struct sim_event *event)
{
    if (!sim_ra.stale || sim_ra_postpone(sim, event))
        return;
    sim_ra.stale = false;
    write_file(sim);
}

void sim_ra_finish(struct sim *sim)
{
    flush(sim, &sim_ra.out);
    sim_ra_sent_all(sim);
    if (ra_server_take_changed(sim_ra.server))
        write_file(sim);
}

/* ------------------------------------------------------------------ what the kernel has */

static uint32_t seconds_left(const struct sim *sim, mono_ms until)
{
    if (until == MONO_NEVER)
        return UINT32_MAX;
    return until > sim->now ? (uint32_t)((until - sim->now) / SIM_SECOND) : 0;
}

static struct network_address address_row(const struct sim *sim, unsigned link, unsigned place)
{
    const struct sim_ra_row *own = &sim_ra.links[link].places[place].now;
    struct network_address row = {
        .address = sim_ra_address(link, place, 1),
        .prefix_length = 64,
        .preferred_s = seconds_left(sim, own->preferred_until),
        .valid_s = seconds_left(sim, own->valid_until),
        .tentative = own->tentative,
        .autoconf = own->autoconf,
        .deprecated = own->preferred_until <= sim->now,
        .permanent = own->valid_until == MONO_NEVER,
        .interface = SIM_RA_FIRST + link,
    };
    if (sim->fault == SIM_FAULT_RA_LONGER && row.valid_s != UINT32_MAX)
        row.valid_s += 3600;
    return row;
}

static size_t put_link(const struct sim *sim, unsigned index, struct network_interface *interface,
                       struct network_address *addresses)
{
    const struct sim_ra_link *link = &sim_ra.links[index];
    size_t count = 0;
    *interface = (struct network_interface){
        .index = SIM_RA_FIRST + index,
        .name = { 'e', 't', 'h', (char)('0' + index) },
        .up = link->up,
        .multicast = true,
        .mtu = link->mtu,
        .hardware = { 1, 6, { 2, 0, 0, 0, 0x0e, (uint8_t)index } },
    };
    if (link->flushed)
        return 0;
    addresses[count++] = (struct network_address){
        .address = sim_ra_link_local(index),
        .prefix_length = 64,
        .preferred_s = UINT32_MAX,
        .valid_s = UINT32_MAX,
        .permanent = true,
        .tentative = link->tentative,
        .interface = interface->index,
    };
    for (unsigned i = 0; i < link->place_count; i++)
        if (link->places[i].now.there)
            addresses[count++] = address_row(sim, index, i);
    return count;
}

static struct network *read_network(struct sim *sim)
{
    static struct network_address addresses[SIM_RA_LINKS * (SIM_RA_PLACES + 1)];
    struct network_interface interfaces[SIM_RA_LINKS];
    struct network *network;
    size_t count = 0;
    for (unsigned i = 0; i < sim_ra.link_count; i++)
        count += put_link(sim, i, &interfaces[i], &addresses[count]);
    if (network_create(interfaces, sim_ra.link_count, addresses, count, &network) != STATUS_OK)
        abort();
    network->read_at = sim->now;
    sim_ra_read(sim);
    return network;
}

/* ------------------------------------------------------------------ what the core is given */

static void must(struct sim *sim, enum status status)
{
    if (status != STATUS_OK)
        sim_break(sim, SIM_ALIVE, "router advertisement: %s", status_text(status));
}

static void give_network(struct sim *sim, const struct sim_event *event)
{
    if (sim_ra_postpone(sim, event))
        return;
    struct network *before = sim_ra.network;
    sim_ra.notice_under_way = false;
    sim_ra.network = read_network(sim);
    must(sim, ra_server_set_network(sim_ra.server, sim_ra.network, sim_ra_now(sim)));
    network_free(before);
    sim_ra_given(sim);
    sim_ra_finish(sim);
}

/* The kernel's news; what follows in the same moment is heard with them. */
static void notice(struct sim *sim)
{
    if (sim_ra.notice_under_way)
        return;
    sim_ra.notice_under_way = true;
    sim_later(sim, sim_chance(sim, 500) ? 0 : sim_between(sim, 0, NOTICE_MS),
              (struct sim_event){ .act = give_network }, BYTES_NONE);
}

static void load_file(struct sim *sim)
{
    struct text rest = { sim_ra.file, sim_ra.file_count }, line;
    while (text_next_line(&rest, &line)) {
        struct ra_state_line read;
        must(sim, ra_state_line_read(line, &read));
        if (sim->broken == SIM_HOLDS)
            must(sim, ra_server_load(sim_ra.server, &read, sim_ra_now(sim)));
    }
}

static bool start_server(struct sim *sim)
{
    const struct config *config = sim_ra.configs[sim_ra.variant];
    struct network *before = sim_ra.network;
    sim_ra.network = read_network(sim);
    network_free(before);
    struct ra_setup setup = {
        .dhcp = &config->dhcp,
        .ra = &config->ra,
        .site = &config->site,
        .network = sim_ra.network,
        .events = &sim_ra.sink,
        .random = &sim_ra.random,
    };
    must(sim, ra_server_create(&setup, &sim_ra.server));
    if (sim->broken != SIM_HOLDS)
        return false;
    load_file(sim);
    must(sim, ra_server_start(sim_ra.server, sim_ra_now(sim)));
    sim_ra_restarted(sim);
    sim_ra_given(sim);
    sim_ra_finish(sim);
    return sim->broken == SIM_HOLDS;
}

static void restart(struct sim *sim, const struct sim_event *event)
{
    if (sim_ra_postpone(sim, event))
        return;
    sim_tell(sim, "the router is started anew%s", sim_ra.stale ? ", its file is old" : "");
    ra_server_free(sim_ra.server);
    sim_ra.server = NULL;
    if (sim->fault == SIM_FAULT_RA_FORGETS)
        sim_ra.file_count = 0;
    (void)start_server(sim);
}

static void reload(struct sim *sim, const struct sim_event *event)
{
    if (sim_ra_postpone(sim, event))
        return;
    sim_ra.variant = (sim_ra.variant + 1) % SIM_RA_VARIANTS;
    const struct config *config = sim_ra.configs[sim_ra.variant];
    sim_tell(sim, "the configuration is now number %u", sim_ra.variant);
    ra_server_set_rules(sim_ra.server, &config->ra, &config->site);
    must(sim, ra_server_set_config(sim_ra.server, &config->dhcp, sim_ra_now(sim)));
    sim_ra_given(sim);
    sim_ra_finish(sim);
}

/* ------------------------------------------------------------------ prefixes come and go */

/* The kernel takes away what is over and says when an address is deprecated. */
static void expire(struct sim *sim, const struct sim_event *event)
{
    struct sim_ra_row *place = &sim_ra.links[event->who].places[event->number].now;
    if (!place->there)
        return;
    if (place->valid_until <= sim->now)
        place->there = false;
    if (place->valid_until <= sim->now || place->preferred_until <= sim->now)
        notice(sim);
}

static void expire_at(struct sim *sim, unsigned link, unsigned place, mono_ms when)
{
    struct sim_event event = { .act = expire, .who = link, .number = place };
    if (when != MONO_NEVER && when > sim->now)
        sim_later(sim, when - sim->now, event, BYTES_NONE);
}

static void set_lifetimes(struct sim *sim, unsigned link, unsigned index)
{
    struct sim_ra_row *place = &sim_ra.links[link].places[index].now;
    place->preferred_until = place->valid_until = MONO_NEVER;
    if (!sim_chance(sim, 700))
        return;
    unsigned valid_s = sim_between(sim, 30, sim_chance(sim, 300) ? 600 : 30000);
    place->valid_until = sim->now + valid_s * SIM_SECOND + sim_between(sim, 0, 999);
    place->preferred_until = sim->now + sim_between(sim, 1, valid_s) * SIM_SECOND;
    expire_at(sim, link, index, place->valid_until);
    expire_at(sim, link, index, place->preferred_until);
}

static void detected(struct sim *sim, const struct sim_event *event)
{
    struct sim_ra_link *link = &sim_ra.links[event->who];
    if (event->number == NO_PLACE)
        link->tentative = false;
    else
        link->places[event->number].now.tentative = false;
    notice(sim);
}

/* An address may be used when nobody else has it. */
static void detect(struct sim *sim, unsigned link, uint32_t place)
{
    struct sim_event event = { .act = detected, .who = link, .number = place };
    sim_later(sim, sim_between(sim, 1, DAD_MS), event, BYTES_NONE);
}

static void put_place(struct sim *sim, unsigned link, unsigned index, bool tentative)
{
    struct sim_ra_row *place = &sim_ra.links[link].places[index].now;
    place->there = true;
    place->tentative = tentative;
    place->autoconf = sim_chance(sim, 50);
    set_lifetimes(sim, link, index);
    if (tentative)
        detect(sim, link, index);
}

/* One prefix comes, goes, lasts longer or shorter, or is not to be used any more. */
static void change_place(struct sim *sim)
{
    unsigned index = sim_between(sim, 0, sim_ra.link_count - 1);
    struct sim_ra_link *link = &sim_ra.links[index];
    unsigned number = sim_between(sim, 0, link->place_count - 1), kind = sim_between(sim, 0, 9);
    struct sim_ra_row *place = &link->places[number].now;
    if (!place->there)
        put_place(sim, index, number, sim_chance(sim, 500));
    else if (kind < 5)
        place->there = false;
    else if (kind < 8)
        set_lifetimes(sim, index, number);
    else
        place->preferred_until = sim->now;
    sim_tell(sim, "prefix %u of eth%u %s", number, index,
             !place->there                        ? "is gone"
             : place->preferred_until <= sim->now ? "is deprecated"
                                                  : "is there");
    notice(sim);
}

/* ------------------------------------------------------------------ links */

static void bring_up(struct sim *sim, const struct sim_event *event)
{
    struct sim_ra_link *link = &sim_ra.links[event->who];
    if (link->up)
        return;
    link->up = true;
    link->tentative |= link->flushed;
    if (link->tentative)
        detect(sim, event->who, NO_PLACE);
    for (unsigned i = 0; i < link->place_count && link->flushed; i++)
        if (link->places[i].now.there)
            put_place(sim, event->who, i, true);
    link->flushed = false;
    sim_tell(sim, "eth%u is up", event->who);
    notice(sim);
}

/* For a moment or longer; its addresses may go with it. */
static void take_down(struct sim *sim)
{
    unsigned index = sim_between(sim, 0, sim_ra.link_count - 1);
    struct sim_ra_link *link = &sim_ra.links[index];
    link->up = false;
    link->flushed = link->flushed || sim_chance(sim, 500);
    sim_tell(sim, "eth%u is down", index);
    sim_later(sim, sim_between(sim, 1, sim_chance(sim, 500) ? 3000 : 900000),
              (struct sim_event){ .act = bring_up, .who = index }, BYTES_NONE);
    notice(sim);
}

static void change_mtu(struct sim *sim)
{
    static const uint32_t sizes[] = { 1280, 1500, 9000 };
    sim_ra.links[sim_between(sim, 0, sim_ra.link_count - 1)].mtu =
        sizes[sim_between(sim, 0, COUNT_OF(sizes) - 1)];
    notice(sim);
}

/* ------------------------------------------------------------------ troubles */

static void set_clock(struct sim *sim)
{
    static const wall_s steps[] = { 30, -30, 3600, -3600, 86400 * 365, -86400 * 365 };
    wall_s step = steps[sim_between(sim, 0, COUNT_OF(steps) - 1)];
    sim_tell(sim, "the wall clock is set by %lld s", (long long)step);
    sim_ra.ahead += step;
    sim_ra.set_since += step;
}

static void stall(struct sim *sim)
{
    mono_ms span = sim_between(sim, 1, sim_chance(sim, 200) ? 600000 : 5000);
    if (sim->now < sim_ra.stalled_until)
        return;
    sim_ra.stalled_until = sim->now + span;
    sim_tell(sim, "the router stalls for %llu ms", (unsigned long long)span);
}

/* After a failure of power the provider may have given another prefix (RFC 9096 section 1). */
static void lose_power(struct sim *sim)
{
    if (sim_chance(sim, 500))
        change_place(sim);
    restart(sim, &(struct sim_event){ .act = restart });
}

static void befall(struct sim *sim, const struct sim_event *event)
{
    const struct sim_choice *choice = &sim->choice;
    if (sim_ra.draining)
        return;
    if (sim_chance(sim, sim_ra.change))
        change_place(sim);
    if (sim_chance(sim, choice->restarts))
        lose_power(sim);
    if (sim_chance(sim, choice->store_trouble)) {
        sim_ra.disk_fails = !sim_ra.disk_fails;
        sim_tell(sim, "the disk %s", sim_ra.disk_fails ? "fails" : "works");
    }
    if (sim_chance(sim, choice->clock_jumps))
        set_clock(sim);
    if (sim_chance(sim, choice->link_downs))
        take_down(sim);
    if (sim_chance(sim, choice->renaming))
        reload(sim, &(struct sim_event){ .act = reload });
    if (sim_chance(sim, choice->forgetful))
        change_mtu(sim);
    if (sim_chance(sim, choice->stalls))
        stall(sim);
    mono_ms span = (sim_ra.end - sim->now) / TROUBLES + 1000;
    sim_later(sim, 1 + random_below(&sim->random, (uint32_t)span), *event, BYTES_NONE);
}

/* ------------------------------------------------------------------ choosing */

static uint16_t choose_interval(struct sim *sim)
{
    static const uint16_t intervals[] = { 60, 200, 600, 600, 1800 };
    if (sim_chance(sim, 50))
        return (uint16_t)sim_between(sim, RA_INTERVAL_MIN_S, 12);
    return intervals[sim_between(sim, 0, COUNT_OF(intervals) - 1)];
}

static struct sim_ra_line choose_line(struct sim *sim)
{
    unsigned kind = sim_between(sim, 0, 99);
    struct sim_ra_line line = {
        .kind = kind < 5    ? SIM_RA_NONE
                : kind < 85 ? SIM_RA_TEMPLATE
                            : SIM_RA_LITERAL,
        .router = sim_chance(sim, 100),
        .deprecated = sim_chance(sim, 50),
        .interval_s = choose_interval(sim),
    };
    line.lease_given = !line.deprecated && sim_chance(sim, 400);
    line.lease_s = line.lease_given ? sim_between(sim, 120, 20000) : 0;
    return line;
}

static void put_line(struct sim *sim, const struct sim_ra_line *line, unsigned link,
                     struct text_out *out)
{
    static const char *const modes[] = { "ra-only", "ra-only,off-link", "ra-stateless", "ra-names",
                                         "slaac" };
    const char *mode =
        line->router ? "ra-only,ra-advrouter" : modes[sim_between(sim, 0, COUNT_OF(modes) - 1)];
    text_printf(out, "ra-param=eth%u,%u\n", link, line->interval_s);
    if (line->kind == SIM_RA_NONE)
        return;
    text_printf(out, "dhcp-range=");
    if (line->kind == SIM_RA_LITERAL) {
        struct address address = sim_ra_address(link, 0, 0);
        text_put_address(out, &address);
    } else {
        bool given = strcmp(mode, "slaac") == 0;
        text_printf(out, "::%s,constructor:eth%u", given ? "100,::1ff" : "", link);
    }
    text_printf(out, ",%s,64", mode);
    if (line->lease_given)
        text_printf(out, ",%us", line->lease_s);
    text_printf(out, "%s\n", line->deprecated ? ",deprecated" : "");
}

static bool read_config(struct sim *sim, unsigned variant)
{
    static char text[4096];
    struct text_out out = text_out_on(text, sizeof text);
    struct config *config = config_create();
    sim_ra.configs[variant] = config;
    if (config == NULL)
        abort();
    for (unsigned i = 0; i < sim_ra.link_count; i++) {
        sim_ra.lines[variant][i] = choose_line(sim);
        put_line(sim, &sim_ra.lines[variant][i], i, &out);
    }
    if (sim_chance(sim, 300))
        text_printf(&out, "dhcp-option=option6:domain-search,one.example,two.example\n");
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    if (reader == NULL)
        abort();
    enum status status = option_read_text(reader, "simulation", text_out_text(&out));
    option_reader_free(reader);
    if (status == STATUS_OK)
        status = config_finish(config, true);
    if (sim->tells)
        printf("configuration number %u:\n%s", variant, text);
    if (status != STATUS_OK || config->errors.count > 0)
        sim_break(sim, SIM_ALIVE, "a configuration of router advertisement is refused");
    return sim->broken == SIM_HOLDS;
}

static mono_ms choose_duration(struct sim *sim)
{
    mono_ms longest = 0;
    for (unsigned i = 0; i < sim_ra.link_count * SIM_RA_VARIANTS; i++) {
        mono_ms interval = sim_ra.lines[i % SIM_RA_VARIANTS][i / SIM_RA_VARIANTS].interval_s;
        longest = interval > longest ? interval : longest;
    }
    return longest * SIM_SECOND * sim_between(sim, 3, 12);
}

static bool choose(struct sim *sim)
{
    sim_ra.link_count = sim_between(sim, 1, SIM_RA_LINKS);
    sim_ra.host_count = sim_between(sim, 1, sim_chance(sim, 20) ? SIM_RA_HOSTS_MAX : 36);
    sim_ra.change = sim_between(sim, 0, 300);
    for (unsigned i = 0; i < SIM_RA_VARIANTS; i++)
        if (!read_config(sim, i))
            return false;
    sim_ra.end = sim->now + choose_duration(sim);
    for (unsigned i = 0; i < sim_ra.link_count; i++) {
        struct sim_ra_link *link = &sim_ra.links[i];
        link->up = sim_chance(sim, 900);
        link->mtu = 1500;
        link->place_count = sim_chance(sim, 20) ? SIM_RA_PLACES : sim_between(sim, 1, 4);
        for (unsigned j = 0; j < link->place_count; j++)
            if (sim_chance(sim, 700))
                put_place(sim, i, j, false);
    }
    return true;
}

/* ------------------------------------------------------------------ the act */

static bool turn(struct sim *sim, mono_ms until)
{
    mono_ms deadline = ra_server_deadline(sim_ra.server);
    if (deadline < sim_ra.stalled_until)
        deadline = sim_ra.stalled_until;
    mono_ms event = sim_next_event(sim);
    mono_ms next = mono_earlier(deadline, event);
    if (sim->broken != SIM_HOLDS || next == MONO_NEVER || next > until)
        return false;
    if (next > sim->now)
        sim->now = next;
    if (sim->now >= sim_ra.stalled_until) {
        unsigned ticks = 0;
        for (; ticks < TICKS_MAX && ra_server_deadline(sim_ra.server) <= sim->now; ticks++) {
            ra_server_tick(sim_ra.server, sim_ra_now(sim), &sim_ra.out);
            sim_ra_finish(sim);
        }
        if (ticks == TICKS_MAX)
            sim_break(sim, SIM_ALL_ENDS, "router advertisement is never done");
        sim_ra_judge(sim);
    }
    if (event <= sim->now)
        sim_play_event(sim);
    return sim->broken == SIM_HOLDS;
}

/* Nobody asks any more, and the prefixes are gone: they are taken back for their time, and that is
 * all. */
static void drain(struct sim *sim)
{
    unsigned turns = 0;
    sim_tell(sim, "the prefixes are gone, and no host asks");
    /* What was put off until the end of a stall still comes then. */
    mono_ms last = sim->now > sim_ra.stalled_until ? sim->now : sim_ra.stalled_until;
    sim_ra.draining = true;
    sim_ra.stalled_until = 0;
    if (sim_ra.stale)
        write_file(sim);
    for (unsigned i = 0; i < sim_ra.link_count; i++)
        for (unsigned j = 0; j < sim_ra.links[i].place_count; j++)
            sim_ra.links[i].places[j].now.there &= sim->fault == SIM_FAULT_RA_WEDGED;
    notice(sim);
    /* The core finds out that there is nothing left when it would tell it. */
    last += NOTICE_MS + GONE_MS + RA_INTERVAL_MAX_S * SIM_SECOND;
    while (turns < TURNS_MAX && turn(sim, last))
        turns++;
}

static void check_memory(struct sim *sim, size_t at_start)
{
    size_t bytes = sim_bytes_in_use();
    if (bytes > at_start + KEPT_BYTES)
        sim_break(sim, SIM_MEMORY, "router advertisement has %zu bytes more than at the start",
                  bytes - at_start);
    ra_server_free(sim_ra.server);
    sim_ra.server = NULL;
    if (!start_server(sim))
        return;
    bytes = sim_bytes_in_use();
    if (bytes > at_start + ROUNDED_BYTES)
        sim_break(sim, SIM_MEMORY, "a new router has %zu bytes more than the first",
                  bytes - at_start);
}

static void stop(struct sim *sim)
{
    ra_server_free(sim_ra.server);
    network_free(sim_ra.network);
    for (unsigned i = 0; i < SIM_RA_VARIANTS; i++)
        config_free(sim_ra.configs[i]);
    while (sim->event_count > 0)
        free(sim->events[--sim->event_count].bytes);
}

static void play(struct sim *sim)
{
    sim_tell(sim, "hosts solicit routers");
    if (!choose(sim) || !start_server(sim))
        return;
    size_t at_start = sim_bytes_in_use();
    if (sim->fault == SIM_FAULT_RA_LEAK)
        sim->leak = malloc(KEPT_BYTES);
    sim_ra_begin_hosts(sim);
    for (unsigned i = 0; i < sim_ra.link_count; i++)
        sim_later(sim, sim_between(sim, 1, 60000), (struct sim_event){ .act = bring_up, .who = i },
                  BYTES_NONE);
    sim_later(sim, 1000, (struct sim_event){ .act = befall }, BYTES_NONE);
    while (turn(sim, sim_ra.end))
        continue;
    if (sim->broken == SIM_HOLDS)
        drain(sim);
    if (sim->broken == SIM_HOLDS)
        sim_ra_check_end(sim);
    if (sim->broken == SIM_HOLDS)
        check_memory(sim, at_start);
}

void sim_play_solicitations(struct sim *sim)
{
    if (sim->seed % EVERY != 0)
        return;
    size_t before = sim_bytes_in_use();
    memset(&sim_ra, 0, sizeof sim_ra);
    random_init_seeded(&sim_ra.random, sim->seed);
    sim_ra.out.flush = flush;
    sim_ra.out.context = sim;
    sim_ra.sink = (struct event_sink){ .wanted = sim->tells ? UINT64_MAX : 0,
                                       .on_event = on_event,
                                       .context = sim };
    play(sim);
    stop(sim);
    if (sim->broken == SIM_HOLDS && sim_bytes_in_use() > before)
        sim_break(sim, SIM_MEMORY, "%zu bytes are left of router advertisement",
                  sim_bytes_in_use() - before);
}

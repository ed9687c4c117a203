/* The loop: events in the order of time, the cores between them, and what is told of it. */
#include "simulation.h"

#include "dhcp6/dhcp6_pending.h"

#include <stdio.h>
#include <stdlib.h>

#define EVENTS_PLAYED_MAX  400000
#define DRAIN_TURNS_MAX    100000
#define CHECK_EVERY        8
#define TEXT_BYTES         4096
#define KEPT_BYTES         ((size_t)16 << 10) /* the C library rounds up, by a page what is large */
#define DHCP6_ROWS_AT_ONCE 8                  /* dhcp6_pending.c takes memory for so many */
#define ROW_BYTES          (sizeof(struct dhcp6_pending_row) + DHCP6_REPLY_BYTES)
#define DHCP6_REPLY_BYTES  1500

static const char *const invariant_names[SIM_INVARIANT_COUNT] = {
    [SIM_HOLDS] = "everything holds",
    [SIM_ONE_HOLDER] = "an address has one client",
    [SIM_LEASE_KEPT] = "who renews in time keeps the address",
    [SIM_TOLD_LONGER] = "what a client was told lasts no longer than what the store says",
    [SIM_QUARANTINE] = "a declined address is not given for a while",
    [SIM_SERVED] = "who asks is offered an address while there is one",
    [SIM_STORED_FIRST] = "the store has a lease before its client is told",
    [SIM_REPLY_SIZE] = "no answer is larger than its receiver takes",
    [SIM_REPLY_ASKED] = "answers go to who asked and answer what was asked",
    [SIM_FORGERY] = "what no server said is told to nobody",
    [SIM_NAME_LEASED] = "a client's name is one of a lease",
    [SIM_ANSWERED] = "every question has an answer in the end",
    [SIM_SENDS_BOUNDED] = "one question costs a bounded number of packets",
    [SIM_RA_ANSWERED] = "a good router solicitation is answered in time",
    [SIM_RA_SPACED] = "advertisements to all keep their distance",
    [SIM_RA_INTERVAL] = "advertisements to all are no further apart than configured",
    [SIM_RA_ASKED] = "an advertisement before its time was asked for",
    [SIM_RA_SIZE] = "no advertisement is larger than any link takes",
    [SIM_RA_WHOLE] = "each advertisement tells of all prefixes there are",
    [SIM_RA_TAKEN_BACK] = "a prefix that is gone is taken back",
    [SIM_RA_LIFETIME] = "nothing is advertised for longer than there is reason",
    [SIM_ALL_ENDS] = "when all fall silent nothing stays under way",
    [SIM_COUNTERS] = "counters add up",
    [SIM_MEMORY] = "memory that was taken is given back",
    [SIM_ALIVE] = "no assertion fails",
};

const char *sim_invariant_name(enum sim_invariant invariant)
{
    return invariant_names[invariant];
}

/* ------------------------------------------------------------------ chance */

bool sim_chance(struct sim *sim, unsigned in_a_thousand)
{
    return in_a_thousand > 0 && random_below(&sim->random, 1000) < in_a_thousand;
}

unsigned sim_between(struct sim *sim, unsigned least, unsigned most)
{
    return least + random_below(&sim->random, most - least + 1);
}

/* ------------------------------------------------------------------ the story */

void sim_tell(struct sim *sim, const char *format, ...)
{
    char *line = sim->story[sim->story_count++ % SIM_STORY_LINES];
    struct text_out out = text_out_on(line, SIM_LINE_BYTES);
    va_list arguments;
    mono_ms since = sim->now - FAKE_START_MONO;
    text_printf(&out, "%8llu.%03u  ", (unsigned long long)(since / 1000), (unsigned)(since % 1000));
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    if (sim->tells)
        puts(line);
}

void sim_print_story(const struct sim *sim)
{
    uint64_t first = sim->story_count > SIM_STORY_LINES ? sim->story_count - SIM_STORY_LINES : 0;
    for (uint64_t i = first; i < sim->story_count; i++)
        printf("  %s\n", sim->story[i % SIM_STORY_LINES]);
}

void sim_break(struct sim *sim, enum sim_invariant invariant, const char *format, ...)
{
    if (sim->broken != SIM_HOLDS)
        return;
    struct text_out out = text_out_on(sim->why, sizeof sim->why);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    sim->broken = invariant;
}

static void on_log(void *context, const char *line)
{
    struct sim *sim = context;
    if (sim->tells)
        sim_tell(sim, "log: %s", line);
}

/* ------------------------------------------------------------------ events */

static bool is_before(const struct sim_event *a, const struct sim_event *b)
{
    return a->at != b->at ? a->at < b->at : a->serial < b->serial;
}

static void swap(struct sim_event *a, struct sim_event *b)
{
    struct sim_event other = *a;
    *a = *b;
    *b = other;
}

static void push(struct sim *sim, const struct sim_event *event)
{
    if (sim->event_count == SIM_EVENTS_MAX) {
        sim_break(sim, SIM_ALL_ENDS, "more than %d events wait", SIM_EVENTS_MAX);
        free(event->bytes);
        return;
    }
    size_t at = sim->event_count++;
    sim->events[at] = *event;
    for (; at > 0 && is_before(&sim->events[at], &sim->events[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&sim->events[at], &sim->events[(at - 1) / 2]);
}

static struct sim_event pop(struct sim *sim)
{
    struct sim_event first = sim->events[0];
    sim->events[0] = sim->events[--sim->event_count];
    for (size_t at = 0;;) {
        size_t least = at, child = 2 * at + 1;
        if (child < sim->event_count && is_before(&sim->events[child], &sim->events[least]))
            least = child;
        if (child + 1 < sim->event_count && is_before(&sim->events[child + 1], &sim->events[least]))
            least = child + 1;
        if (least == at)
            return first;
        swap(&sim->events[at], &sim->events[least]);
        at = least;
    }
}

void sim_later(struct sim *sim, mono_ms after, struct sim_event event, struct bytes bytes)
{
    event.at = sim->now + after;
    event.serial = ++sim->serial;
    event.bytes = NULL;
    event.count = bytes.count;
    if (bytes.count > 0) {
        event.bytes = malloc(bytes.count);
        if (event.bytes == NULL)
            abort();
        memcpy(event.bytes, bytes.at, bytes.count);
    }
    push(sim, &event);
}

void sim_carry(struct sim *sim, struct sim_event event, struct bytes bytes)
{
    const struct sim_choice *choice = &sim->choice;
    if (sim_chance(sim, choice->loss))
        return;
    unsigned copies = sim_chance(sim, choice->twice) ? 2 : 1;
    for (unsigned i = 0; i < copies; i++) {
        mono_ms after = sim_between(sim, 1, 20);
        if (sim_chance(sim, choice->late))
            after += sim_between(sim, 1, sim_chance(sim, 100) ? 300000 : 5000);
        struct sim_event copy = event;
        copy.corrupt = bytes.count > 0 && sim_chance(sim, choice->corrupt);
        sim_later(sim, after, copy, bytes);
        if (!copy.corrupt || sim->broken != SIM_HOLDS)
            continue;
        /* It was put somewhere in the heap, so its bytes are found by its number. */
        for (size_t at = 0; at < sim->event_count; at++)
            if (sim->events[at].serial == sim->serial)
                sim->events[at].bytes[random_below(&sim->random, (uint32_t)bytes.count)] ^=
                    (uint8_t)(1u << random_below(&sim->random, 8));
    }
}

/* ------------------------------------------------------------------ the loop */

static void check_now(struct sim *sim)
{
    if (sim->now < sim->stalled_until)
        return;
    fake_network_tick(&sim->net, sim->now); /* what the last event has made due */
    if (sim->fault != SIM_FAULT_RESTART_FORGETS)
        sim_check_clients(sim);
    if (sim->fault != SIM_FAULT_RESTART_FORGETS6)
        sim_check_clients6(sim);
    sim_check_names(sim);
}

mono_ms sim_next_event(const struct sim *sim)
{
    return sim->event_count > 0 ? sim->events[0].at : MONO_NEVER;
}

void sim_play_event(struct sim *sim)
{
    struct sim_event first = pop(sim);
    first.act(sim, &first);
    free(first.bytes);
}

/* One event or one deadline; false when there is none before `until`. */
static bool turn(struct sim *sim, mono_ms until)
{
    mono_ms deadline = fake_network_deadline(&sim->net);
    if (deadline < sim->stalled_until)
        deadline = sim->stalled_until;
    mono_ms event = sim_next_event(sim);
    mono_ms next = mono_earlier(deadline, event);
    if (next == MONO_NEVER || next > until)
        return false;
    if (next > sim->now)
        sim->now = next;
    if (sim->now >= sim->stalled_until)
        fake_network_tick(&sim->net, sim->now);
    if (event <= sim->now)
        sim_play_event(sim);
    sim_inject(sim);
    if (sim->waited_most < sim->net.store.change_count)
        sim->waited_most = sim->net.store.change_count;
    if (++sim->played % CHECK_EVERY == 0)
        check_now(sim);
    if (sim->played > EVENTS_PLAYED_MAX)
        sim_break(sim, SIM_ALL_ENDS, "the story does not end");
    return sim->broken == SIM_HOLDS;
}

/* All fall silent: what is under way ends by itself, and leases with their time. */
static void drain(struct sim *sim)
{
    sim_tell(sim, "all fall silent");
    sim->draining = true;
    sim->stalled_until = 0;
    sim->net.store.mode = FAKE_STORE_WORKS;
    fake_network_tick(&sim->net, sim->now);
    fake_network_settle(&sim->net);
    for (unsigned i = 0; i < DRAIN_TURNS_MAX && turn(sim, MONO_NEVER - 1); i++)
        continue;
}

static bool start(struct sim *sim)
{
    static char config[TEXT_BYTES], network[TEXT_BYTES];
    struct text_out config_out = text_out_on(config, sizeof config);
    struct text_out network_out = text_out_on(network, sizeof network);
    sim_put_config(sim, &config_out);
    sim_put_network(sim, &network_out);
    const struct fake_network_texts texts = {
        .path = "simulation",
        .config = text_out_text(&config_out),
        .network = text_out_text(&network_out),
        .hosts = TEXT("192.0.2.9 printer.lan printer\n2001:db8::9 printer.lan\n"),
    };
    sim->net.on_dns = sim_on_dns;
    sim->net.on_dhcp4 = sim_on_dhcp4;
    sim->net.on_dhcp6 = sim_on_dhcp6;
    sim->net.on_log = on_log;
    sim->net.context = sim;
    if (sim->tells)
        fputs(config, stdout);
    const char *wrong = fake_network_start(&sim->net, &texts);
    if (wrong != NULL)
        sim_break(sim, SIM_ALIVE, "%s", wrong);
    else
        random_init_seeded(&sim->net.random, sim->seed);
    return wrong == NULL;
}

/* How much a server that has no lease left may keep for later: rows of replies that wait for the
 * store, as many as have waited at once. One that is started anew has what it had at first. */
static void check_memory(struct sim *sim)
{
    size_t rows = sim->waited_most + DHCP6_ROWS_AT_ONCE;
    size_t most = sim->bytes_at_start + KEPT_BYTES + rows * ROW_BYTES, bytes = sim_bytes_in_use();
    if (bytes > most)
        sim_break(sim, SIM_MEMORY, "%zu bytes more than at the start, %zu replies have waited",
                  bytes - sim->bytes_at_start, sim->waited_most);
    const char *wrong = fake_network_restart(&sim->net);
    if (wrong != NULL)
        sim_break(sim, SIM_ALIVE, "%s", wrong);
    bytes = sim_bytes_in_use();
    if (bytes > sim->bytes_at_start + KEPT_BYTES)
        sim_break(sim, SIM_MEMORY, "a new server has %zu bytes more than the first",
                  bytes - sim->bytes_at_start);
}

enum sim_invariant sim_play(struct sim *sim, uint64_t seed, enum sim_fault fault, bool tells)
{
    struct sim_event *events = sim->events;
    struct sim_heard *heard = sim->heard;
    struct sim_heard6 *heard6 = sim->heard6;
    struct sim_query *queries = sim->queries;
    struct sim_send *sends = sim->sends;
    memset(sim, 0, sizeof *sim);
    sim->seed = seed;
    sim->fault = fault;
    sim->tells = tells;
    sim->now = FAKE_START_MONO;
    sim->events = events;
    sim->heard = heard;
    sim->heard6 = heard6;
    sim->queries = queries;
    sim->sends = sends;
    random_init_seeded(&sim->random, seed);
    sim_choose(sim);
    sim->end = sim->now + sim->choice.duration;
    if (!start(sim))
        return sim->broken;
    sim->bytes_at_start = sim_bytes_in_use();
    sim_begin_clients(sim);
    sim_begin_clients6(sim);
    sim_begin_queries(sim);
    sim_begin_troubles(sim);
    while (turn(sim, sim->end))
        continue;
    if (sim->broken == SIM_HOLDS)
        drain(sim);
    if (sim->broken == SIM_HOLDS)
        sim_check_end(sim);
    if (sim->broken == SIM_HOLDS)
        check_memory(sim);
    if (sim->broken == SIM_HOLDS)
        sim_play_downloads(sim);
    if (sim->broken == SIM_HOLDS)
        sim_play_solicitations(sim);
    while (sim->event_count > 0)
        free(sim->events[--sim->event_count].bytes);
    free(sim->leak);
    fake_network_stop(&sim->net);
    return sim->broken;
}

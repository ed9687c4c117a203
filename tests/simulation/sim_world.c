/* What a seed chooses, and what befalls its server. Rare things happen often: a rate is nothing at
 * all, a little, or far more than any network has. */
#include "simulation.h"

#include "store/lease_clock.h"

#define WALL_BACK (-(wall_s)86400 * 365)

/* ------------------------------------------------------------------ choosing */

static unsigned rate(struct sim *sim)
{
    unsigned kind = sim_between(sim, 0, 99);
    if (kind < 50)
        return 0;
    if (kind < 80)
        return sim_between(sim, 5, 50);
    return kind < 95 ? sim_between(sim, 50, 200) : sim_between(sim, 200, 500);
}

static void choose_faults(struct sim *sim)
{
    struct sim_choice *choice = &sim->choice;
    choice->loss = rate(sim);
    choice->twice = rate(sim);
    choice->late = rate(sim);
    choice->corrupt = rate(sim) / 2;
    choice->store_trouble = rate(sim);
    choice->restarts = rate(sim);
    choice->stalls = rate(sim);
    choice->clock_jumps = rate(sim);
    choice->link_downs = rate(sim);
    choice->forgetful = rate(sim);
    choice->leaving = rate(sim);
    choice->declining = rate(sim);
    choice->moving = rate(sim);
    choice->renaming = rate(sim);
    choice->squatters = sim_chance(sim, 200) ? sim_between(sim, 1, 4) : 0;
}

static bool is_lucky(struct sim *sim)
{
    return sim_chance(sim, 300);
}

void sim_choose(struct sim *sim)
{
    struct sim_choice *choice = &sim->choice;
    choice->clients = sim_between(sim, 1, is_lucky(sim) ? SIM_CLIENTS_MAX : 5);
    choice->links = sim_between(sim, 1, SIM_LINKS);
    choice->pool = sim_between(sim, 1, is_lucky(sim) ? 30 : 6);
    choice->lease_s = is_lucky(sim) ? 120 : sim_between(sim, 120, 3600);
    choice->names = sim_between(sim, 1, is_lucky(sim) ? 200 : 10);
    choice->servers = sim_between(sim, 0, SIM_SERVERS_MAX);
    choice->queries = sim_between(sim, 0, is_lucky(sim) ? 400 : 100);
    choice->clients6 = sim_between(sim, 0, is_lucky(sim) ? SIM_CLIENTS6_MAX : 3);
    choice->ping = is_lucky(sim);
    choice->rapid = is_lucky(sim);
    choice->duration = sim_between(sim, 1, 4) * (mono_ms)choice->lease_s * SIM_SECOND;
    for (unsigned i = 0; i < choice->servers; i++)
        choice->manners[i] =
            is_lucky(sim) ? (uint8_t)sim_between(sim, 0, SIM_MANNER_COUNT - 1) : SIM_GOOD;
    choose_faults(sim);
}

/* ------------------------------------------------------------------ configuration */

static bool has(const struct sim *sim, unsigned bit)
{
    return (sim->seed * UINT64_C(0x9e3779b97f4a7c15) >> (20 + 2 * bit) & 3) == 0;
}

static void put_switches(const struct sim *sim, struct text_out *out)
{
    static const char *const switches[] = {
        "dhcp-authoritative", "all-servers",        "strict-order",   "dns-forward-max=8",
        "no-negcache",        "dhcp-sequential-ip", "do-0x20-encode", "use-stale-cache",
        "stop-dns-rebind",    "fast-dns-retry",     "dhcp-fqdn",      "dhcp-lease-max=4",
        "no-round-robin",
    };
    for (unsigned i = 0; i < COUNT_OF(switches); i++)
        if (has(sim, i))
            text_printf(out, "%s\n", switches[i]);
}

void sim_put_config(const struct sim *sim, struct text_out *out)
{
    const struct sim_choice *choice = &sim->choice;
    static const unsigned cache_sizes[] = { 0, 10, 150, 1000 };
    static const char *const networks[SIM_LINKS] = { "192.0.2", "198.51.100" };
    for (unsigned i = 0; i < choice->links; i++)
        text_printf(out, "dhcp-range=%s.50,%s.%u,%us\n", networks[i], networks[i],
                    49 + choice->pool, choice->lease_s);
    static const unsigned networks6[] = { 1, 2, 9 }; /* the last is behind a relay */
    for (unsigned i = 0; i < COUNT_OF(networks6) && choice->clients6 > 0; i++)
        text_printf(out, "dhcp-range=2001:db8:0:%u::100,2001:db8:0:%u::%x,64,%us\n", networks6[i],
                    networks6[i], 0xff + choice->pool, choice->lease_s);
    if (choice->clients6 > 0)
        text_printf(out, "dhcp-range=2001:db8:f000::,pd,58,60,%us\n", choice->lease_s);
    text_printf(out, "domain=lan\nlocal=/lan/\nno-resolv\ncache-size=%u\n",
                cache_sizes[sim->seed % COUNT_OF(cache_sizes)]);
    for (unsigned i = 0; i < choice->servers; i++)
        text_printf(out, "server=203.0.113.%u\n", i + 1);
    if (!choice->ping)
        text_printf(out, "no-ping\n");
    if (choice->rapid)
        text_printf(out, "dhcp-rapid-commit\n");
    put_switches(sim, out);
}

void sim_put_network(const struct sim *sim, struct text_out *out)
{
    text_printf(out,
                "lo 127.0.0.1/8\neth0 192.0.2.1/24 2001:db8:0:1::1/64 mac=02:00:00:00:0e:00\n");
    if (sim->choice.links > 1)
        text_printf(out, "eth1 198.51.100.1/24 2001:db8:0:2::1/64 mac=02:00:00:00:0e:01\n");
}

/* ------------------------------------------------------------------ troubles */

/* Removals that a store refused are leases again until their time is over. */
static bool is_crowded(const struct sim *sim, enum address_family family, uint32_t room)
{
    const struct fake_store *store = &sim->net.store;
    struct lease_line read;
    uint32_t count = 0;
    for (size_t i = 0; i < store->line_count; i++)
        count += store->lines[i].address.family == family
                 && lease_line_read(text_of(store->lines[i].line), &read) == STATUS_OK
                 && read.expires > sim->net.now.wall;
    return sim->store_failed && count > room;
}

static void restart(struct sim *sim)
{
    sim_tell(sim, "the server is started anew");
    uint32_t room = lease_table_capacity(sim->net.leases);
    bool is_crowded4 = is_crowded(sim, ADDRESS_IP4, room);
    bool is_crowded6 = is_crowded(sim, ADDRESS_IP6, room);
    if (sim->fault == SIM_FAULT_STORE_EMPTIED || sim->fault == SIM_FAULT_RESTART_FORGETS) {
        fake_store_free(&sim->net.store);
        sim->net.store.line_count = 0;
    }
    if (sim->fault == SIM_FAULT_RESTART_FORGETS6)
        sim_lose_lines(&sim->net.store, ADDRESS_IP6);
    sim->restarted = sim->now;
    if (sim->fault != SIM_FAULT_RESTART_FORGETS)
        sim_clients_before_restart(sim);
    if (sim->fault != SIM_FAULT_RESTART_FORGETS6)
        sim_clients6_before_restart(sim);
    const char *wrong = fake_network_restart(&sim->net);
    if (wrong != NULL)
        sim_break(sim, SIM_ALIVE, "%s", wrong);
    sim->heard_count = sim->heard6_count = 0;
    sim_queries_after_restart(sim);
    if (wrong == NULL && is_crowded4)
        sim_forgive_full_table(sim);
    if (wrong == NULL && is_crowded6)
        sim_forgive_full_table6(sim);
}

static void trouble_store(struct sim *sim)
{
    static const char *const words[] = { "works", "is slow", "fails", "is full" };
    sim->net.store.mode = (enum fake_store_mode)sim_between(sim, 0, FAKE_STORE_FULL);
    sim_tell(sim, "the store %s", words[sim->net.store.mode]);
    sim->store_failed |= sim->net.store.mode >= FAKE_STORE_FAILS;
    if (sim->now < sim->stalled_until)
        return;
    fake_network_settle(&sim->net);
}

static void write_anew(struct sim *sim, struct lease_table *leases)
{
    lease_clock_follow(leases, sim->net.now);
    const struct lease *lease = lease_table_first(leases);
    for (; lease != NULL; lease = lease_table_next(leases, lease)) {
        char line[LEASE_LINES_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        text_put_lease_lines(&out, lease);
        if (out.count > 0 && line[out.count - 1] == '\n')
            line[out.count - 1] = '\0';
        if (lease->stored)
            fake_store_put(&sim->net.store, &lease->address, line);
    }
}

/* The lease file is written anew when the clock was set, as daemon/ does (lease_clock.h). */
static void set_clock(struct sim *sim)
{
    static const wall_s steps[] = { 3600, -3600, 86400, 10 * 86400 * 365, WALL_BACK, 30, -30 };
    wall_s step = steps[random_below(&sim->random, COUNT_OF(steps))];
    sim_tell(sim, "the wall clock is set by %lld s", (long long)step);
    sim->net.wall_ahead += step;
    sim->clock_set = sim->now;
    sim->net.now.wall += step;
    if (sim->net.store.mode != FAKE_STORE_WORKS)
        return;
    write_anew(sim, sim->net.leases);
    write_anew(sim, sim->net.leases6);
}

static void stall(struct sim *sim)
{
    mono_ms span = sim_between(sim, 1, sim_chance(sim, 200) ? 600000 : 5000);
    sim->stalled_until = sim->now + span;
    sim_tell(sim, "the server stalls for %llu ms", (unsigned long long)span);
}

static void take_link_down(struct sim *sim)
{
    unsigned link = sim_between(sim, 0, sim->choice.links - 1);
    mono_ms span = sim_between(sim, 1000, 600000);
    sim->down_until[link] = sim->now + span;
    sim_tell(sim, "eth%u is down for %llu ms", link, (unsigned long long)span);
}

static void befall(struct sim *sim, const struct sim_event *event)
{
    const struct sim_choice *choice = &sim->choice;
    if (sim->draining)
        return;
    if (sim_chance(sim, choice->restarts) && sim->now >= sim->stalled_until)
        restart(sim);
    if (sim_chance(sim, choice->store_trouble))
        trouble_store(sim);
    if (sim_chance(sim, choice->clock_jumps) && sim->now >= sim->stalled_until)
        set_clock(sim);
    if (sim_chance(sim, choice->stalls))
        stall(sim);
    if (sim_chance(sim, choice->link_downs))
        take_link_down(sim);
    sim_later(sim, 1 + random_below(&sim->random, (uint32_t)(choice->duration / 40)), *event,
              BYTES_NONE);
}

void sim_begin_troubles(struct sim *sim)
{
    sim_later(sim, 1000, (struct sim_event){ .act = befall }, BYTES_NONE);
}

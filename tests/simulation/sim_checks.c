/* What is looked at from outside, now and then and at the end, and the faults that show that each
 * check can fail. */
#include "simulation.h"

#include <stdlib.h>

#define FAULT_TIME    200 /* events after which a fault in the world comes */
#define LEAK_BYTES    (1 << 15)
#define TICK_ALLOWED  1000
#define QUARANTINE_MS UINT64_C(600000)

/* ------------------------------------------------------------------ now and then */

void sim_check_names(struct sim *sim)
{
    size_t place = 0;
    struct address address;
    struct dname name;
    char text[DNAME_TEXT_MAX];
    while (lease_names_walk(sim->net.lease_names, &place, &address, &name)) {
        const struct lease *lease = lease_table_by_address(
            address.family == ADDRESS_IP6 ? sim->net.leases6 : sim->net.leases, &address);
        struct bytes label = dname_first_label(&name);
        struct text said = text_from_bytes(label);
        /* While the store has not taken the new name, the old one stands. */
        bool is_its =
            lease != NULL
            && (lease->ticket != 0
                || (lease->name != NULL && text_equal_nocase(text_of(lease->name), said)));
        if (!is_its)
            sim_break(sim, SIM_NAME_LEASED, "%s is the name of no lease", dname_text(&name, text));
        else if (lease->expires_mono + TICK_ALLOWED < sim->net.now.mono)
            sim_break(sim, SIM_NAME_LEASED, "%s is the name of a lease that is over",
                      dname_text(&name, text));
    }
}

/* ------------------------------------------------------------------ declined addresses */

/* A server that is started anew does not remember. */
static bool was_declined(const struct sim *sim, const struct address *address, bool or_may_be)
{
    for (uint64_t i = 0; i < sim->declined_count && i < SIM_DECLINED_MAX; i++) {
        const struct sim_declined *declined = &sim->declined[i];
        if (address_equal(&declined->address, address) && (or_may_be || !declined->corrupt)
            && declined->at >= sim->restarted && sim->now < declined->at + QUARANTINE_MS)
            return true;
    }
    return false;
}

bool sim_is_declined(const struct sim *sim, const struct address *address)
{
    return was_declined(sim, address, false);
}

bool sim_may_be_declined(const struct sim *sim, const struct address *address)
{
    return was_declined(sim, address, true);
}

/* Saying it again does not make it longer, so the later time is no more than possible. */
void sim_note_declined(struct sim *sim, const struct address *address, bool corrupt)
{
    sim->declined[sim->declined_count % SIM_DECLINED_MAX] =
        (struct sim_declined){ *address, sim->now, corrupt || sim_may_be_declined(sim, address) };
    sim->declined_count++;
}

/* ------------------------------------------------------------------ at the end */

static void check_counters(struct sim *sim)
{
    const struct dns_counters *counters = dns_worker_counters(sim->net.dns);
    uint64_t queries =
        counters->queries_udp + counters->queries_tcp + (sim->fault == SIM_FAULT_MISCOUNTED);
    uint64_t owed = 0, given = 0;
    for (size_t i = 0; i < sim->query_count; i++) {
        owed += sim->queries[i].bare && !sim->queries[i].answered;
        given += sim->queries[i].answered && !sim->queries[i].lost;
    }
    uint64_t dropped =
        counters->dropped_not_admitted + counters->dropped_response + counters->dropped_short;
    if (queries != sim->queries_since)
        sim_break(sim, SIM_COUNTERS, "%llu queries counted of %llu", (unsigned long long)queries,
                  (unsigned long long)sim->queries_since);
    else if (dropped > owed)
        sim_break(sim, SIM_COUNTERS, "%llu dropped of %llu that could be",
                  (unsigned long long)dropped, (unsigned long long)owed);
    else if (counters->answered_local + counters->answered_cache > queries || given > queries)
        sim_break(sim, SIM_COUNTERS, "more answers than %llu questions",
                  (unsigned long long)queries);
}

void sim_check_end(struct sim *sim)
{
    struct fake_network *net = &sim->net;
    sim_check_names(sim);
    sim_check_queries(sim);
    if (net->dns != NULL)
        check_counters(sim);
    if (fake_network_deadline(net) != MONO_NEVER)
        sim_break(sim, SIM_ALL_ENDS, "a core still waits for something");
    if (dns_worker_flights(net->dns) > 0)
        sim_break(sim, SIM_ALL_ENDS, "%u questions are under way", dns_worker_flights(net->dns));
    if (lease_table_count(net->leases) > 0)
        sim_break(sim, SIM_ALL_ENDS, "%u leases have not ended", lease_table_count(net->leases));
    if (lease_table_count(net->leases6) > 0)
        sim_break(sim, SIM_ALL_ENDS, "%u leases of IPv6 have not ended",
                  lease_table_count(net->leases6));
    if (lease_names_count(net->lease_names) > 0)
        sim_break(sim, SIM_NAME_LEASED, "%zu names are left", lease_names_count(net->lease_names));
    /* What a store refused to take away stays there until the next start. */
    if (!sim->store_failed && net->store.line_count > 0)
        sim_break(sim, SIM_ALL_ENDS, "%zu leases are left in the store", net->store.line_count);
}

/* ------------------------------------------------------------------ faults */

const struct sim_fault_row sim_faults[SIM_FAULT_COUNT] = {
    [SIM_NO_FAULT] = { "none", SIM_HOLDS },
    [SIM_FAULT_STORE_EMPTIED] = { "store-emptied", SIM_STORED_FIRST },
    [SIM_FAULT_RESTART_FORGETS] = { "restart-forgets", SIM_ONE_HOLDER },
    [SIM_FAULT_TAKEN_AWAY] = { "taken-away", SIM_LEASE_KEPT },
    [SIM_FAULT_STORE_LOSES] = { "store-loses", SIM_STORED_FIRST },
    [SIM_FAULT_LESS_ROOM] = { "less-room", SIM_REPLY_SIZE },
    [SIM_FAULT_LESS_ROOM4] = { "less-room4", SIM_REPLY_SIZE },
    [SIM_FAULT_STRANGER] = { "stranger", SIM_REPLY_ASKED },
    [SIM_FAULT_STRANGER4] = { "stranger4", SIM_REPLY_ASKED },
    [SIM_FAULT_OTHER_QUESTION] = { "other-question", SIM_REPLY_ASKED },
    [SIM_FAULT_GUESSED_ID] = { "guessed-id", SIM_FORGERY },
    [SIM_FAULT_GHOST_NAME] = { "ghost-name", SIM_NAME_LEASED },
    [SIM_FAULT_UNANSWERED] = { "unanswered", SIM_ANSWERED },
    [SIM_FAULT_SENDS] = { "sends", SIM_SENDS_BOUNDED },
    [SIM_FAULT_WEDGED] = { "wedged", SIM_ALL_ENDS },
    [SIM_FAULT_UNCLOSED] = { "unclosed", SIM_ALL_ENDS },
    [SIM_FAULT_MISCOUNTED] = { "miscounted", SIM_COUNTERS },
    [SIM_FAULT_LEAK] = { "leak", SIM_MEMORY },
    [SIM_FAULT_LARGE_BLOCK] = { "large-block", SIM_REPLY_SIZE },
    [SIM_FAULT_SOCKET_LEFT] = { "socket-left", SIM_ALL_ENDS },
    [SIM_FAULT_STORE_SHORTER] = { "store-shorter", SIM_TOLD_LONGER },
    [SIM_FAULT_STORE_SHORTER6] = { "store-shorter6", SIM_TOLD_LONGER },
    [SIM_FAULT_RESTART_FORGETS6] = { "restart-forgets6", SIM_ONE_HOLDER },
    [SIM_FAULT_TAKEN_AWAY6] = { "taken-away6", SIM_LEASE_KEPT },
    [SIM_FAULT_STORE_LOSES6] = { "store-loses6", SIM_STORED_FIRST },
    [SIM_FAULT_LESS_ROOM6] = { "less-room6", SIM_REPLY_SIZE },
    [SIM_FAULT_STRANGER6] = { "stranger6", SIM_REPLY_ASKED },
    [SIM_FAULT_OTHER_SERVER] = { "other-server", SIM_REPLY_ASKED },
    [SIM_FAULT_NO_QUARANTINE] = { "no-quarantine", SIM_QUARANTINE },
    [SIM_FAULT_NO_QUARANTINE6] = { "no-quarantine6", SIM_QUARANTINE },
    [SIM_FAULT_NOT_SERVED] = { "not-served", SIM_SERVED },
    [SIM_FAULT_WEDGED6] = { "wedged6", SIM_ALL_ENDS },
    [SIM_FAULT_RA_UNHEARD] = { "ra-unheard", SIM_RA_ANSWERED },
    [SIM_FAULT_RA_HASTE] = { "ra-haste", SIM_RA_SPACED },
    [SIM_FAULT_RA_SILENT] = { "ra-silent", SIM_RA_INTERVAL },
    [SIM_FAULT_RA_BELIEVING] = { "ra-believing", SIM_RA_ASKED },
    [SIM_FAULT_RA_LESS_ROOM] = { "ra-less-room", SIM_RA_SIZE },
    [SIM_FAULT_RA_CUT] = { "ra-cut", SIM_RA_WHOLE },
    [SIM_FAULT_RA_FORGETS] = { "ra-forgets", SIM_RA_TAKEN_BACK },
    [SIM_FAULT_RA_LONGER] = { "ra-longer", SIM_RA_LIFETIME },
    [SIM_FAULT_RA_WEDGED] = { "ra-wedged", SIM_ALL_ENDS },
    [SIM_FAULT_RA_MISCOUNTED] = { "ra-miscounted", SIM_COUNTERS },
    [SIM_FAULT_RA_LEAK] = { "ra-leak", SIM_MEMORY },
};

static void add_ghost(struct sim *sim)
{
    struct dname name;
    struct address address = address_ip4(192, 0, 2, 240);
    if (dname_from_text(TEXT("ghost"), &name) != STATUS_OK
        || lease_names_set(sim->net.lease_names, &address, &name, NULL) != STATUS_OK)
        abort();
}

static void add_wedge(struct sim *sim)
{
    struct lease *lease;
    struct address address = address_ip4(192, 0, 2, 241);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0, 0xee } };
    if (lease_table_by_address(sim->net.leases, &address) == NULL
        && lease_table_add(sim->net.leases, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease)
               != STATUS_OK)
        return;
}

static void add_wedge6(struct sim *sim)
{
    struct lease *lease;
    struct address address = address_any(ADDRESS_IP6);
    address.bytes[0] = 0xfd;
    if (lease_table_by_address(sim->net.leases6, &address) == NULL
        && lease_table_add6(sim->net.leases6, &address, 0, LEASE_IP6_NA, bytes_of("wedge", 5), 1,
                            &lease)
               != STATUS_OK)
        return;
}

static void take_away(struct sim *sim, struct lease_table *leases)
{
    struct lease *lease = lease_table_first(leases);
    if (lease == NULL || lease->ticket != 0)
        return;
    lease_names_remove(sim->net.lease_names, &lease->address);
    lease_table_remove(leases, lease);
}

void sim_lose_lines(struct fake_store *store, enum address_family family)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->line_count; i++) {
        if (store->lines[i].address.family == family)
            free(store->lines[i].line);
        else
            store->lines[kept++] = store->lines[i];
    }
    store->line_count = kept;
}

/* "1000003600 ..." becomes "0000003600 ...": over for years. */
static void shorten_lines(struct fake_store *store, enum address_family family)
{
    for (size_t i = 0; i < store->line_count; i++) {
        char *line = store->lines[i].line;
        if (store->lines[i].address.family == family)
            line[0] = '0';
    }
}

void sim_inject(struct sim *sim)
{
    if (sim->fault == SIM_FAULT_STORE_LOSES)
        sim_lose_lines(&sim->net.store, ADDRESS_IP4);
    if (sim->fault == SIM_FAULT_STORE_LOSES6)
        sim_lose_lines(&sim->net.store, ADDRESS_IP6);
    if (sim->fault == SIM_FAULT_STORE_SHORTER)
        shorten_lines(&sim->net.store, ADDRESS_IP4);
    if (sim->fault == SIM_FAULT_STORE_SHORTER6)
        shorten_lines(&sim->net.store, ADDRESS_IP6);
    if (sim->played != FAULT_TIME)
        return;
    switch ((int)sim->fault) {
    case SIM_FAULT_TAKEN_AWAY:
        take_away(sim, sim->net.leases);
        break;
    case SIM_FAULT_TAKEN_AWAY6:
        take_away(sim, sim->net.leases6);
        break;
    case SIM_FAULT_WEDGED6:
        add_wedge6(sim);
        break;
    case SIM_FAULT_GHOST_NAME:
        add_ghost(sim);
        break;
    case SIM_FAULT_WEDGED:
        add_wedge(sim);
        break;
    case SIM_FAULT_LEAK:
        sim->leak = malloc(LEAK_BYTES);
        break;
    default:
        break;
    }
}

/* simulate [-v] SEED             plays one seed; -v: tells the story
 * simulate --seeds A..B [--seconds N]   plays many, and stops at the first that breaks something
 * simulate --faults              each deliberate fault must be found by the check it is for */
#include "simulation.h"

#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define FAULT_SEEDS 400

static struct sim sim;

static void report(void)
{
    printf("seed %llu: %s: %s\n", (unsigned long long)sim.seed, sim_invariant_name(sim.broken),
           sim.why);
    sim_print_story(&sim);
}

/* An assertion of the program: the story is told, and the process ends as it would have. */
static void on_abort(int signal)
{
    (void)signal;
    sim_break(&sim, SIM_ALIVE, "the program ended itself");
    report();
    fflush(stdout);
}

static bool read_number(const char *text, const char *end, uint64_t *number)
{
    size_t count = end != NULL ? (size_t)(end - text) : strlen(text);
    return text_to_u64((struct text){ text, count }, UINT64_MAX, number) == STATUS_OK;
}

static int play_one(const char *text, bool tells)
{
    uint64_t seed;
    if (!read_number(text, NULL, &seed)) {
        fprintf(stderr, "simulate: \"%s\" is not a seed\n", text);
        return 2;
    }
    enum sim_invariant broken = sim_play(&sim, seed, SIM_NO_FAULT, tells);
    report();
    return broken != SIM_HOLDS;
}

static int play_many(const char *range, time_t seconds)
{
    const char *dots = strstr(range, "..");
    uint64_t first, last, seed;
    time_t end = time(NULL) + seconds;
    if (dots == NULL || !read_number(range, dots, &first) || !read_number(dots + 2, NULL, &last)) {
        fprintf(stderr, "simulate: \"%s\" is not A..B\n", range);
        return 2;
    }
    for (seed = first; seed <= last; seed++) {
        if (sim_play(&sim, seed, SIM_NO_FAULT, false) != SIM_HOLDS) {
            report();
            return 1;
        }
        if (seconds > 0 && time(NULL) >= end) {
            seed++;
            break;
        }
    }
    printf("%llu seeds played\n", (unsigned long long)(seed - first));
    return 0;
}

/* Another check may see the same fault first in some seed; in some seed its own must. */
static int play_faults(void)
{
    int missed = 0;
    for (unsigned fault = 1; fault < SIM_FAULT_COUNT; fault++) {
        uint64_t seed = 1;
        while (seed <= FAULT_SEEDS
               && sim_play(&sim, seed, (enum sim_fault)fault, false) != sim_faults[fault].breaks)
            seed++;
        bool found = seed <= FAULT_SEEDS;
        missed += !found;
        printf("%-16s %s: \"%s\"", sim_faults[fault].name, found ? "found" : "NOT FOUND",
               sim_invariant_name(sim_faults[fault].breaks));
        if (found)
            printf(", seed %llu: %s", (unsigned long long)seed, sim.why);
        putchar('\n');
    }
    return missed > 0;
}

int main(int argc, char **argv)
{
    sim.events = calloc(SIM_EVENTS_MAX, sizeof *sim.events);
    sim.heard = calloc(SIM_HEARD_MAX, sizeof *sim.heard);
    sim.heard6 = calloc(SIM_HEARD6_MAX, sizeof *sim.heard6);
    sim.queries = calloc(SIM_QUERIES_MAX, sizeof *sim.queries);
    sim.sends = calloc(SIM_SENDS_MAX, sizeof *sim.sends);
    if (sim.events == NULL || sim.heard == NULL || sim.heard6 == NULL || sim.queries == NULL
        || sim.sends == NULL)
        return 2;
    signal(SIGABRT, on_abort);
    /* Pools are large and hardly touched: fresh pages are zero, the heap's have to be made so. */
    mallopt(M_MMAP_THRESHOLD, 1 << 17);
    int result = 2;
    if (argc == 2 && strcmp(argv[1], "--faults") == 0)
        result = play_faults();
    else if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
        result = play_many(argv[2], 0);
    else if (argc == 5 && strcmp(argv[1], "--seeds") == 0 && strcmp(argv[3], "--seconds") == 0)
        result = play_many(argv[2], atol(argv[4]));
    else if (argc == 3 && strcmp(argv[1], "-v") == 0)
        result = play_one(argv[2], true);
    else if (argc == 2)
        result = play_one(argv[1], false);
    else
        fprintf(stderr, "usage: simulate [-v] SEED | --seeds A..B [--seconds N] | --faults\n");
    free(sim.events);
    free(sim.heard);
    free(sim.heard6);
    free(sim.queries);
    free(sim.sends);
    return result;
}

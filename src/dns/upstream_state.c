#include "dns/upstream_state.h"

#include <stdlib.h>

/* As long as nearly all its answers took: a dead server then costs one query little, and a slow
 * name at a good server costs few packets more. */
#define PATIENCE_MIN_MS       20
#define PATIENCE_MIN_ALONE_MS 250
#define PATIENCE_MAX_MS       1000
#define PATIENCE_UNKNOWN_MS   500
#define VARIANCE_MIN_MS       10
#define LATENCY_WEIGHT        8

#define FORWARD_SAMPLE_MAX_MS 60000

#define SILENT_MANY      3 /* in a row: a server that is probably not there */
#define CASE_CHANGES_MAX 3 /* in a row without proof: it is the server that does so */

/* One piece, and a large one: the system hands it out page by page as it is written to, where three
 * smaller ones would be cleared and be in memory whole from the start. */
struct upstream_tables {
    struct upstream_server servers[2][DNS_SERVERS_MAX];
    struct upstream_group groups[DNS_GROUPS_MAX];
};

enum status upstream_state_init(struct upstream_state *state)
{
    struct upstream_tables *tables = calloc(1, sizeof *tables);
    *state = (struct upstream_state){ .tables = tables };
    if (tables == NULL)
        return STATUS_NO_MEMORY;
    state->servers = tables->servers[0];
    state->spare = tables->servers[1];
    state->groups = tables->groups;
    return STATUS_OK;
}

void upstream_state_free(struct upstream_state *state)
{
    free(state->tables);
    *state = (struct upstream_state){ .mapped = false };
}

enum status upstream_state_copy(struct upstream_state *state, const struct upstream_state *from)
{
    enum status status = upstream_state_init(state);
    if (status != STATUS_OK)
        return status;
    for (size_t i = 0; i < from->server_count; i++)
        state->servers[i] = from->servers[i];
    for (size_t i = 0; i < from->group_count; i++)
        state->groups[i] = from->groups[i];
    state->server_count = from->server_count;
    state->group_count = from->group_count;
    state->generation = from->generation;
    state->mapped = from->mapped;
    return STATUS_OK;
}

static const struct upstream_server *find(const struct upstream_state *state,
                                          const struct endpoint *endpoint)
{
    for (size_t i = 0; i < state->server_count; i++) {
        if (endpoint_equal(&state->servers[i].endpoint, endpoint))
            return &state->servers[i];
    }
    return NULL;
}

bool upstream_state_map(struct upstream_state *state, const struct dns_view *view)
{
    if (state->mapped && state->generation == view->generation)
        return false;

    for (size_t i = 0; i < view->server_count; i++) {
        const struct upstream_server *known = find(state, &view->servers[i].endpoint);
        state->spare[i] = known != NULL
                              ? *known
                              : (struct upstream_server){ .endpoint = view->servers[i].endpoint };
    }
    struct upstream_server *old = state->servers;
    state->servers = state->spare;
    state->spare = old;
    state->server_count = view->server_count;
    /* Not the whole array, which is mostly memory never touched. */
    size_t groups = view->group_count > state->group_count ? view->group_count : state->group_count;
    state->group_count = view->group_count;
    for (size_t i = 0; i < groups; i++)
        state->groups[i] = (struct upstream_group){ .preferred = UPSTREAM_NONE };

    bool was_mapped = state->mapped;
    state->generation = view->generation;
    state->mapped = true;
    return was_mapped;
}

static void plan_all(const struct dns_view *view, const struct dns_group *members,
                     struct upstream_plan *plan)
{
    for (unsigned i = 0; i < members->count && plan->count < UPSTREAM_FANOUT_MAX; i++)
        plan->servers[plan->count++] = view->member_servers[members->first + i];
}

void upstream_state_choose(struct upstream_state *state, const struct dns_view *view,
                           uint16_t group, mono_ms now, struct upstream_plan *plan)
{
    const struct dns_group *members = &view->groups[group];
    struct upstream_group *known = &state->groups[group];

    plan->count = 0;
    plan->why = UPSTREAM_WHY_NONE;
    if (members->count == 0)
        return;
    if (view->config->strict_order || members->count == 1) {
        plan->why = members->count == 1 ? UPSTREAM_WHY_ALONE : UPSTREAM_WHY_ORDER;
        plan->servers[plan->count++] = view->member_servers[members->first];
        return;
    }
    if (!view->config->all_servers && known->preferred != UPSTREAM_NONE
        && known->queries < UPSTREAM_PROBE_QUERIES && now < known->probed + UPSTREAM_PROBE_MS) {
        known->queries++;
        plan->why = UPSTREAM_WHY_PREFERRED;
        plan->servers[plan->count++] = known->preferred;
        return;
    }
    plan->why = view->config->all_servers           ? UPSTREAM_WHY_ALL
                : known->preferred == UPSTREAM_NONE ? UPSTREAM_WHY_UNKNOWN
                                                    : UPSTREAM_WHY_COMPARE;
    known->queries = 0;
    known->probed = now;
    plan_all(view, members, plan);
}

mono_ms upstream_state_patience(const struct upstream_state *state, const struct dns_config *config,
                                uint16_t server, bool alone)
{
    const struct upstream_server *known = &state->servers[server];
    mono_ms least = alone ? PATIENCE_MIN_ALONE_MS : PATIENCE_MIN_MS;
    /* strict-order means the order: others are asked only when there is no doubt. A server that has
     * been silent several times is still asked first, but not waited for. */
    if (config->strict_order && !alone)
        return known->silent >= SILENT_MANY ? PATIENCE_MIN_MS : PATIENCE_MAX_MS;
    if (!known->measured)
        return PATIENCE_UNKNOWN_MS;

    /* Both are kept as multiples, so `variance` is four times itself as it stands. */
    mono_ms spread = known->variance > VARIANCE_MIN_MS ? known->variance : VARIANCE_MIN_MS;
    mono_ms patience = known->round_trip / 8 + spread;
    if (patience < least)
        return least;
    return patience < PATIENCE_MAX_MS ? patience : PATIENCE_MAX_MS;
}

/* RFC 6298 section 2, with its weights. */
static void measure(struct upstream_server *known, uint32_t sample_ms)
{
    if (!known->measured) {
        known->round_trip = sample_ms * 8;
        known->variance = sample_ms * 2;
        return;
    }
    uint32_t mean = known->round_trip / 8;
    uint32_t error = sample_ms > mean ? sample_ms - mean : mean - sample_ms;
    known->variance = known->variance - known->variance / 4 + error;
    known->round_trip = known->round_trip - known->round_trip / 8 + sample_ms;
}

void upstream_state_sent(struct upstream_state *state, uint16_t server, bool again)
{
    struct dns_server_counters *counters = &state->servers[server].counters;
    counters->sent++;
    counters->retried += again;
}

void upstream_state_answered(struct upstream_state *state, uint16_t group, uint16_t server,
                             mono_ms latency, bool nxdomain)
{
    struct upstream_server *known = &state->servers[server];
    uint32_t sample = latency < UINT32_MAX / LATENCY_WEIGHT ? (uint32_t)latency : 0;

    if (sample > FORWARD_SAMPLE_MAX_MS)
        sample = FORWARD_SAMPLE_MAX_MS;
    measure(known, sample);
    known->silent = 0;
    if (known->measured)
        sample = (known->counters.latency_ms * (LATENCY_WEIGHT - 1) + sample) / LATENCY_WEIGHT;
    known->counters.latency_ms = sample;
    known->measured = true;
    known->counters.nxdomain += nxdomain;
    state->groups[group].preferred = server;
}

void upstream_state_failed(struct upstream_state *state, uint16_t group, uint16_t server)
{
    state->servers[server].counters.failed++;
    if (state->groups[group].preferred == server)
        state->groups[group].preferred = UPSTREAM_NONE;
}

void upstream_state_silent(struct upstream_state *state, uint16_t group)
{
    state->groups[group].preferred = UPSTREAM_NONE;
}

void upstream_state_opened(struct upstream_state *state, uint16_t group)
{
    state->groups[group].flights++;
}

void upstream_state_closed(struct upstream_state *state, uint16_t group)
{
    state->groups[group].flights--;
}

void upstream_state_unanswered(struct upstream_state *state, uint16_t server)
{
    if (state->servers[server].silent < UINT8_MAX)
        state->servers[server].silent++;
}

void upstream_state_heard(struct upstream_state *state, uint16_t server)
{
    state->servers[server].silent = 0;
}

bool upstream_state_case_changed(struct upstream_state *state, uint16_t server, bool certain)
{
    struct upstream_server *known = &state->servers[server];

    if (known->folds_case)
        return false;
    known->case_changes++;
    known->folds_case = certain || known->case_changes >= CASE_CHANGES_MAX;
    return known->folds_case;
}

void upstream_state_case_kept(struct upstream_state *state, uint16_t server)
{
    state->servers[server].case_changes = 0;
}

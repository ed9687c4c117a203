/* Taking over the lease file as it is found at start. */
#include "store/lease_plan_lines.h"

/* What loading a file needs to know. */
struct loading {
    struct lease_plan *plan;
    struct text all;
    void (*each)(void *context, const struct lease_line *line);
    void (*complain)(void *context, unsigned line, const char *why);
    void *context;
    unsigned number;
};

static void broken(struct loading *loading, const char *why)
{
    loading->plan->has_broken = true;
    loading->plan->needs_rewrite = true;
    if (loading->complain != NULL)
        loading->complain(loading->context, loading->number, why);
}

static void keep_extra(struct loading *loading, struct text line)
{
    struct lease_plan *plan = loading->plan;
    if (!lease_text_put(&plan->extra, line) || !lease_text_put(&plan->extra, TEXT("\n")))
        broken(loading, "no memory to keep the line");
}

/* The line of a lease that has an earlier one. A third one cannot be remembered. */
static void note_earlier(struct lease_plan *plan, struct lease_record *record)
{
    plan->needs_rewrite = true;
    plan->ghosts = plan->ghosts || lease_line_exists(&record->older);
    record->older = record->line;
    plan->dead++;
}

/* Where a line stands that may be killed, but not given another expiry: we would write it in other
 * words. */
static struct lease_place foreign_place(struct text line, uint64_t offset)
{
    struct lease_place place = lease_plan_measure(line, offset);
    for (size_t i = 0; i < line.count && line.at[i] != ' '; i++) {
        if (line.at[i] < '0' || line.at[i] > '9' || i >= LEASE_DIGITS_MAX)
            return lease_no_line;
    }
    return place.digits > 0 ? place : lease_no_line;
}

/* The table has taken the lease: remembers where its line stands. */
static void note_line(struct loading *loading, struct text line, struct lease *lease, bool ended)
{
    struct lease_plan *plan = loading->plan;
    char buffer[LEASE_LINE_MAX];
    uint32_t index;
    if (lease->store_cookie != 0)
        note_earlier(plan, &plan->records[lease->store_cookie - 1]);
    else if (lease_plan_record_take(plan, &index) == STATUS_OK)
        lease->store_cookie = index + 1;
    else
        return;
    struct text canonical = lease_plan_text(lease, buffer, sizeof(buffer));
    struct text bare = text_part(canonical, 0, canonical.count > 0 ? canonical.count - 1 : 0);
    struct lease_place *place = &plan->records[lease->store_cookie - 1].line;
    uint64_t offset = (uint64_t)(line.at - loading->all.at);
    if (ended && text_equal(bare, line)) {
        *place = lease_plan_measure(canonical, offset);
        return;
    }
    *place = foreign_place(line, offset);
    plan->needs_rewrite = true;
    plan->ghosts = plan->ghosts || !lease_line_exists(place);
}

static uint64_t digest_of(const struct lease *lease)
{
    char buffer[LEASE_LINES_MAX];
    return lease_plan_measure(lease_plan_text(lease, buffer, sizeof(buffer)), 0).digest;
}

/* Comes after the line of its lease; of a lease that is gone it is nothing. */
static void load_origin(struct loading *loading, const struct lease_line *read, bool ended)
{
    const struct lease *lease = lease_plan_find(loading->plan, &read->address);
    if (!ended) {
        broken(loading, "cut off");
    } else if (lease != NULL) {
        uint64_t before = digest_of(lease);
        loading->each(loading->context, read);
        if (lease->store_cookie == 0)
            return;
        struct lease_place *place = &loading->plan->records[lease->store_cookie - 1].line;
        if (lease_line_exists(place) && place->digest == before)
            place->digest = digest_of(lease);
    }
}

/* Half a DUID would be another server's. Of several the last counts. */
static void load_duid(struct loading *loading, const struct lease_line *read, bool ended)
{
    struct lease_plan *plan = loading->plan;
    if (!ended) {
        broken(loading, "cut off");
        return;
    }
    memcpy(plan->duid, read->duid, read->duid_count);
    plan->duid_count = read->duid_count;
    loading->each(loading->context, read);
}

static void load_line(struct loading *loading, struct text line, bool ended)
{
    struct lease_plan *plan = loading->plan;
    struct lease_line read;
    if (line.count >= LEASE_LINE_MAX) {
        broken(loading, "too long");
    } else if (lease_line_read(line, &read) != STATUS_OK) {
        if (lease_line_is_foreign(line))
            keep_extra(loading, line);
        else
            broken(loading, ended ? "not a lease" : "cut off");
    } else if (read.kind == LEASE_LINE_AGENT_INFO || read.kind == LEASE_LINE_VENDOR_CLASS) {
        load_origin(loading, &read, ended);
    } else if (read.kind == LEASE_LINE_DUID) {
        load_duid(loading, &read, ended);
    } else if (read.kind == LEASE_LINE_LEASE) {
        const struct lease *known = lease_plan_find(plan, &read.address);
        if (!ended && known != NULL) {
            broken(loading, "cut off");
            return;
        }
        if (known == NULL && read.expires == LEASE_LINE_DEAD_WALL) {
            plan->dead++;
            return;
        }
        loading->each(loading->context, &read);
        struct lease *lease = lease_plan_find(plan, &read.address);
        if (lease != NULL)
            note_line(loading, line, lease, ended);
        else
            keep_extra(loading, line);
    }
}

void lease_plan_load(struct lease_plan *plan, struct text all,
                     void (*each)(void *context, const struct lease_line *line),
                     void (*complain)(void *context, unsigned line, const char *why), void *context)
{
    struct loading loading = {
        .plan = plan, .all = all, .each = each, .complain = complain, .context = context
    };
    struct text rest = all;
    struct text line;
    plan->size = all.count;
    plan->tail_open = all.count > 0 && all.at[all.count - 1] != '\n';
    plan->needs_rewrite = plan->tail_open;
    while (text_next_line(&rest, &line)) {
        bool last = text_is_empty(rest);
        loading.number++;
        line = text_trim(line); /* of what fills a page */
        load_line(&loading, line, !(last && plan->tail_open));
    }
}

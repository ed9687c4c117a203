/* Taking over the lease file as it is found at start. */
#include "store/lease_plan_lines.h"

static void broken(struct lease_loading *loading, const char *why)
{
    loading->plan->has_broken = true;
    loading->plan->needs_rewrite = true;
    if (loading->complain != NULL)
        loading->complain(loading->context, loading->number, why);
}

static void keep_extra(struct lease_loading *loading, struct text line)
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

/* The lease that had this record is gone; the one that took its place has none yet, or there was no
 * room for one. */
static void inherit(struct lease_plan *plan, struct lease *lease, uint32_t cookie)
{
    if (lease != NULL) {
        lease->store_cookie = cookie;
        return;
    }
    lease_plan_record_give(plan, cookie - 1);
    plan->dead++;
    plan->needs_rewrite = plan->ghosts = true;
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
static void note_line(struct lease_loading *loading, struct text line, struct lease *lease,
                      bool ended)
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
    uint64_t offset = loading->offset + (uint64_t)(line.at - loading->piece.at);
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
static void load_origin(struct lease_loading *loading, const struct lease_line *read, bool ended)
{
    const struct lease *lease = lease_plan_find(loading->plan, &read->address);
    if (!ended) {
        broken(loading, "cut off");
    } else if (lease != NULL) {
        uint64_t before = digest_of(lease);
        (void)loading->each(loading->context, read);
        if (lease->store_cookie == 0)
            return;
        struct lease_place *place = &loading->plan->records[lease->store_cookie - 1].line;
        if (lease_line_exists(place) && place->digest == before)
            place->digest = digest_of(lease);
    }
}

/* Half a DUID would be another server's. Of several the last counts. */
static void load_duid(struct lease_loading *loading, const struct lease_line *read, bool ended)
{
    struct lease_plan *plan = loading->plan;
    if (!ended) {
        broken(loading, "cut off");
        return;
    }
    memcpy(plan->duid, read->duid, read->duid_count);
    plan->duid_count = read->duid_count;
    (void)loading->each(loading->context, read);
}

static void load_line(struct lease_loading *loading, struct text line, bool ended)
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
        uint32_t cookie = known != NULL ? known->store_cookie : 0;
        bool keep = loading->each(loading->context, &read); /* `known` may be gone */
        struct lease *lease = lease_plan_find(plan, &read.address);
        if (cookie != 0 && (lease == NULL || lease->store_cookie == 0))
            inherit(plan, lease, cookie);
        if (lease != NULL)
            note_line(loading, line, lease, ended);
        else if (keep)
            keep_extra(loading, line);
        else
            plan->dead++;
    }
}

/* A line that ends in a later piece, or not at all. It can be no lease. */
static size_t skip_long(struct lease_loading *loading)
{
    if (!loading->skipping) {
        loading->number++;
        broken(loading, "too long");
    }
    loading->skipping = true;
    return loading->piece.count;
}

/* What is left of a line that was skipped; without its end, that is all of the piece. */
static void end_skipping(struct lease_loading *loading, struct text *rest)
{
    struct text line;
    if (loading->skipping)
        (void)text_next_line(rest, &line);
    loading->skipping = false;
}

size_t lease_plan_load_piece(struct lease_loading *loading, struct text piece, bool is_last)
{
    struct lease_plan *plan = loading->plan;
    size_t end = is_last ? piece.count : text_find_last(piece, '\n') + 1;
    struct text rest = text_part(piece, 0, end);
    struct text line;
    bool is_open = piece.count > 0 ? piece.at[piece.count - 1] != '\n' : loading->skipping;
    bool tail_open = is_last && is_open;
    loading->piece = piece;
    if (end == 0 && !is_last)
        end = skip_long(loading);
    else
        end_skipping(loading, &rest);
    while (text_next_line(&rest, &line)) {
        loading->number++;
        bool ended = !(text_is_empty(rest) && tail_open);
        line = text_trim(line); /* of what fills a page */
        load_line(loading, line, ended);
    }
    loading->offset += end;
    plan->size = loading->offset;
    plan->tail_open = tail_open;
    plan->needs_rewrite = plan->needs_rewrite || tail_open;
    return end;
}

void lease_plan_load(struct lease_plan *plan, struct text all,
                     bool (*each)(void *context, const struct lease_line *line),
                     void (*complain)(void *context, unsigned line, const char *why), void *context)
{
    struct lease_loading loading = {
        .plan = plan, .each = each, .complain = complain, .context = context
    };
    (void)lease_plan_load_piece(&loading, all, true);
}

/* linnetctl cache: what the DNS cache holds, a few places of its index at a time, so that its locks
 * are never held for long; and forgetting it. */
#include <stdlib.h>

#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"
#include "platform/instant.h"
#include "wire/rdata.h"
#include "wire/rrtype.h"

#define PIECE_SLOTS 256
#define PIECE_TURNS 8   /* of so many places each */
#define RDATA_SHOWN 500 /* characters of one record */

struct cache_listing {
    uint64_t place;
    size_t told;
    bool brief; /* an entry by itself is too long: its records are left out */
    bool one;   /* only this name: */
    struct dname name;
};

/* ------------------------------------------------------------------ one entry */

static const char *kind_name(uint8_t kind)
{
    static const char *const names[] = { "", "records", "alias", "no data", "no such name" };
    return kind < COUNT_OF(names) ? names[kind] : "";
}

static void put_rdata_text(struct text_out *out, struct bytes rdata, uint16_t type)
{
    text_put_rdata(out, rdata, type);
    if (out->failed) {
        text_out_rewind(out, RDATA_SHOWN);
        text_put(out, TEXT("..."));
    }
}

struct entry {
    char name[DNAME_TEXT_MAX];
    char type_name[16];
    uint16_t type;
    bool negative;
    const struct dns_cache_hit *hit;
};

/* That a name does not exist is known for all types. */
static void put_type(struct entry *entry)
{
    struct text_out out = text_out_on(entry->type_name, sizeof entry->type_name);
    if (entry->hit->kind == DNS_CACHE_NXDOMAIN)
        text_put(&out, TEXT("any"));
    else
        text_put_rrtype(&out, entry->type);
}

static bool next_rdata(struct bytes_reader *reader, const struct entry *entry, char *text,
                       size_t room)
{
    struct text_out out = text_out_on(text, room);
    struct bytes rdata = bytes_read_span(reader, bytes_read_u16(reader));
    if (reader->failed)
        return false;
    put_rdata_text(&out, rdata, entry->type);
    return true;
}

static void put_json(struct report *report, const struct entry *entry, bool brief)
{
    const struct dns_cache_hit *hit = entry->hit;
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);
    char text[RDATA_SHOWN + 8];
    report_begin(report, NULL);
    report_string(report, "name", text_of(entry->name));
    report_string(report, "type", text_of(entry->type_name));
    report_string(report, "kind", text_of(kind_name(hit->kind)));
    report_number(report, "ttl", hit->ttl_left);
    report_flag(report, "secure", (hit->flags & DNS_CACHE_SECURE) != 0);
    report_number(report, "records", hit->record_count);
    report_begin_list(report, "data");
    for (unsigned i = 0; i < hit->record_count && !entry->negative && !brief; i++)
        if (next_rdata(&reader, entry, text, sizeof text))
            report_string(report, NULL, text_of(text));
    report_end(report);
    report_end(report);
}

static void put_rows(struct report *report, const struct entry *entry, bool brief)
{
    const struct dns_cache_hit *hit = entry->hit;
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);
    char text[RDATA_SHOWN + 8];
    if (entry->negative || brief) {
        report_say(report, "%-40s %8u %-8s (%s%s)", entry->name, hit->ttl_left, entry->type_name,
                   kind_name(hit->kind), brief ? ", too many to show" : "");
        return;
    }
    for (unsigned i = 0; i < hit->record_count; i++)
        if (next_rdata(&reader, entry, text, sizeof text))
            report_say(report, "%-40s %8u %-8s %s", entry->name, hit->ttl_left, entry->type_name,
                       text);
}

static void visit(void *context, const struct dname *name, uint16_t group,
                  const struct dns_cache_hit *hit, uint16_t type)
{
    struct control_answer *answer = context;
    struct cache_listing *listing = answer->state;
    (void)group;
    if (answer->out.failed || (listing->one && !dname_equal(name, &listing->name)))
        return;
    struct entry entry = {
        .type = hit->kind == DNS_CACHE_CNAME ? RRTYPE_CNAME : type,
        .negative = hit->kind == DNS_CACHE_NODATA || hit->kind == DNS_CACHE_NXDOMAIN,
        .hit = hit,
    };
    dname_text(name, entry.name);
    put_type(&entry);
    if (answer->report.form == REPORT_JSON)
        put_json(&answer->report, &entry, listing->brief);
    else
        put_rows(&answer->report, &entry, listing->brief);
    listing->told++;
}

/* ------------------------------------------------------------------ all of it */

enum step { STEP_MORE, STEP_LAST, STEP_FULL };

/* So many places of the index, whole or not at all. */
static enum step walk(struct control_answer *answer, uint32_t slots)
{
    struct cache_listing *listing = answer->state;
    struct control_mark mark = control_answer_mark(answer);
    struct cache_listing before = *listing;
    bool left = dns_cache_walk_some(answer->daemon->cache, &listing->place, slots, instant_mono(),
                                    visit, answer);
    if (answer->out.failed) {
        control_answer_back(answer, &mark);
        *listing = before;
        return STEP_FULL;
    }
    return left ? STEP_MORE : STEP_LAST;
}

/* With nothing else in the buffer, ever fewer places must fit in the end; the last one in short. */
static enum step squeeze(struct control_answer *answer)
{
    struct cache_listing *listing = answer->state;
    for (uint32_t slots = PIECE_SLOTS / 4; slots > 0; slots /= 4) {
        enum step step = walk(answer, slots);
        if (step != STEP_FULL)
            return step;
    }
    listing->brief = true;
    enum step step = walk(answer, 1);
    listing->brief = false;
    return step;
}

static bool more(struct control_answer *answer)
{
    struct cache_listing *listing = answer->state;
    enum step step = STEP_MORE;
    for (int i = 0; i < PIECE_TURNS && step == STEP_MORE; i++) {
        size_t before = answer->out.count;
        step = walk(answer, PIECE_SLOTS);
        if (step == STEP_FULL && before == 0)
            step = squeeze(answer);
    }
    if (step != STEP_LAST)
        return true;
    struct control_mark mark = control_answer_mark(answer);
    if (answer->report.form == REPORT_JSON)
        report_end(&answer->report);
    report_number(&answer->report, "shown", (int64_t)listing->told);
    report_end(&answer->report);
    if (!answer->out.failed)
        return false;
    /* All is told but the end: what is walked from now on is past the last place. */
    control_answer_back(answer, &mark);
    return true;
}

static bool take_name(struct control_answer *answer, struct dname *name)
{
    struct text text = answer->request.words[0];
    if (dname_from_text(text, name) == STATUS_OK)
        return true;
    control_answer_refuse(answer, CONTROL_USAGE, "\"%.*s\" is not a name", TEXT_ARG(text));
    return false;
}

void control_cache(struct control_answer *answer)
{
    struct dns_cache_counters cache;
    struct cache_listing *listing = calloc(1, sizeof *listing);
    struct report *report = &answer->report;
    answer->state = listing;
    if (listing == NULL) {
        control_answer_refuse(answer, CONTROL_REFUSED, "no memory for the list");
        return;
    }
    listing->one = answer->request.word_count > 0;
    if (listing->one && !take_name(answer, &listing->name))
        return;
    dns_cache_read_counters(answer->daemon->cache, &cache);
    control_answer_ok(answer);
    report_begin(report, NULL);
    report_number(report, "entries", (int64_t)cache.entries);
    report_number(report, "records", (int64_t)cache.records);
    report_number(report, "records_max", answer->daemon->config->dns.cache_size);
    report_number(report, "hits", (int64_t)cache.hits);
    report_number(report, "misses", (int64_t)cache.misses);
    report_number(report, "evictions", (int64_t)cache.evictions);
    if (report->form == REPORT_JSON)
        report_begin_list(report, "cache");
    answer->more = more;
}

void control_cache_flush(struct control_answer *answer)
{
    struct daemon *daemon = answer->daemon;
    struct dns_cache_counters cache;
    struct dname name;
    uint64_t forgotten;
    bool one = answer->request.word_count > 0;
    if (one && !take_name(answer, &name))
        return;
    if (one) {
        forgotten = dns_cache_forget(daemon->cache, &name, dname_hash(&daemon->key, &name));
    } else {
        dns_cache_read_counters(daemon->cache, &cache);
        forgotten = cache.entries;
        dns_cache_clear(daemon->cache);
    }
    control_answer_ok(answer);
    report_begin(&answer->report, NULL);
    report_number(&answer->report, "entries_forgotten", (int64_t)forgotten);
    report_end(&answer->report);
}

#include "daemon/cache_dump.h"

#include <time.h>

#include "base/log.h"
#include "platform/instant.h"
#include "wire/rdata.h"
#include "wire/rrtype.h"

#define SLICE_MS      1
#define SLICE_SLOTS   512 /* of the cache's index, under its lock */
#define SLICE_NAMES   250
#define HOST_WIDTH    30
#define ADDRESS_WIDTH 40
#define FLAGS_WIDTH   10
#define EXPIRES_WIDTH 24

/* Where each letter stands among the flags. */
enum flag {
    FLAG_TYPE,
    FLAG_FORWARD,
    FLAG_REVERSE,
    FLAG_IMMORTAL,
    FLAG_DHCP,
    FLAG_NEGATIVE,
    FLAG_NXDOMAIN,
    FLAG_HOSTS,
    FLAG_CONFIG,
    FLAG_VERIFIED
};

struct row {
    char host[DNAME_TEXT_MAX], address[DNAME_TEXT_MAX];
    char flags[FLAGS_WIDTH + 1];
    char expires[EXPIRES_WIDTH + 2];
    const char *source;
};

static struct row row_of(const struct dname *name, const char *flags)
{
    struct row row = { .source = "" };
    if (name != NULL)
        dname_text(name, row.host);
    memset(row.flags, ' ', FLAGS_WIDTH);
    memcpy(row.flags, flags, strlen(flags));
    return row;
}

static void say_row(const struct row *row, cache_dump_say *say, void *context)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_printf(&out, "%-*s %-*s %-*s %-*s %s", HOST_WIDTH, row->host, ADDRESS_WIDTH, row->address,
                FLAGS_WIDTH, row->flags, EXPIRES_WIDTH, row->expires, row->source);
    while (out.count > 0 && line[out.count - 1] == ' ')
        out.count--;
    say(context, (struct text){ line, out.count });
}

/* "Sun Nov 22 11:44:53 2026" */
static void put_time(int64_t when, char *to)
{
    static const char *const days[] = { "Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t seconds = (time_t)when;
    struct tm local;
    struct text_out out = text_out_on(to, EXPIRES_WIDTH + 2);
    if (localtime_r(&seconds, &local) != NULL)
        text_printf(&out, "%s %s %2d %02d:%02d:%02d %d", days[local.tm_wday], months[local.tm_mon],
                    local.tm_mday, local.tm_hour, local.tm_min, local.tm_sec, local.tm_year + 1900);
}

static void put_type(struct row *row, uint16_t type)
{
    struct text_out out = text_out_on(row->address, sizeof row->address);
    text_put_char(&out, '<');
    text_put_rrtype(&out, type);
    text_put_char(&out, '>');
}

/* The whole address a reverse name stands for. */
static bool reverse_address(const struct dname *name, struct address *address)
{
    struct prefix prefix;
    if (dname_reverse_parse(name, &prefix) != STATUS_OK
        || prefix.length != address_size((enum address_family)prefix.address.family) * 8)
        return false;
    *address = prefix.address;
    return true;
}

/* ------------------------------------------------------------------ the cache */

static void fill_record(struct row *row, const struct cache_dump_entry *entry, struct bytes rdata)
{
    struct address address;
    struct dname target;
    bool is_alias = entry->hit->kind == DNS_CACHE_CNAME;
    uint16_t type = is_alias ? RRTYPE_CNAME : entry->type;

    if ((type == RRTYPE_A || type == RRTYPE_AAAA)
        && address_from_bytes(rdata, &address) == STATUS_OK) {
        row->flags[FLAG_TYPE] = type == RRTYPE_A ? '4' : '6';
        address_text(&address, row->address);
    } else if (type == RRTYPE_CNAME && rdata_target(rdata, type, &target) == STATUS_OK) {
        row->flags[FLAG_TYPE] = 'C';
        dname_text(&target, row->address);
    } else if (type == RRTYPE_PTR && reverse_address(entry->name, &address)
               && rdata_target(rdata, type, &target) == STATUS_OK) {
        dname_text(&target, row->host);
        address_text(&address, row->address);
        row->flags[FLAG_TYPE] = address.family == ADDRESS_IP4 ? '4' : '6';
        row->flags[FLAG_FORWARD] = ' ';
        row->flags[FLAG_REVERSE] = 'R';
    } else {
        row->flags[FLAG_TYPE] = 'T';
        put_type(row, type);
    }
}

static void fill_negative(struct row *row, const struct cache_dump_entry *entry)
{
    struct address address;
    row->flags[FLAG_NEGATIVE] = 'N';
    if (entry->hit->kind == DNS_CACHE_NXDOMAIN)
        row->flags[FLAG_NXDOMAIN] = 'X';
    else if (entry->type == RRTYPE_A || entry->type == RRTYPE_AAAA)
        row->flags[FLAG_TYPE] = entry->type == RRTYPE_A ? '4' : '6';
    else if (entry->type != RRTYPE_PTR)
        row->flags[FLAG_TYPE] = 'T';
    if (row->flags[FLAG_TYPE] == 'T')
        put_type(row, entry->type);
    if (!reverse_address(entry->name, &address))
        return;
    row->host[0] = '\0';
    address_text(&address, row->address);
    row->flags[FLAG_TYPE] = address.family == ADDRESS_IP4 ? '4' : '6';
    row->flags[FLAG_FORWARD] = ' ';
    row->flags[FLAG_REVERSE] = 'R';
}

void cache_dump_entry(const struct cache_dump_entry *entry, cache_dump_say *say, void *context)
{
    const struct dns_cache_hit *hit = entry->hit;
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);
    bool is_negative = hit->kind == DNS_CACHE_NODATA || hit->kind == DNS_CACHE_NXDOMAIN;
    for (unsigned i = 0; i < (is_negative ? 1u : hit->record_count); i++) {
        struct row row = row_of(entry->name, " F");
        put_time(entry->now + hit->ttl_left, row.expires);
        if ((hit->flags & DNS_CACHE_SECURE) != 0)
            row.flags[FLAG_VERIFIED] = 'V';
        if (is_negative) {
            fill_negative(&row, entry);
        } else {
            struct bytes rdata = bytes_read_span(&reader, bytes_read_u16(&reader));
            if (reader.failed)
                return;
            fill_record(&row, entry, rdata);
        }
        say_row(&row, say, context);
    }
}

/* ------------------------------------------------------------------ names of our own */

/* The address's pointer leads to this very name. */
static bool points_back(const struct local_names *names, const struct siphash_key *key,
                        const struct dname *name, const struct address *address)
{
    struct dname reverse = dname_reverse(address);
    const struct local_name *found = local_names_find(names, &reverse, dname_hash(key, &reverse));
    for (uint32_t i = 0; found != NULL && i < found->count; i++) {
        struct dname target;
        if (found->records[i].type == RRTYPE_PTR
            && rdata_target(found->records[i].rdata, RRTYPE_PTR, &target) == STATUS_OK
            && dname_equal(&target, name))
            return true;
    }
    return false;
}

void cache_dump_name(const struct local_names *names, const struct siphash_key *key,
                     const struct local_name *name, cache_dump_say *say, void *context)
{
    for (uint32_t i = 0; i < name->count; i++) {
        const struct local_record *record = &name->records[i];
        struct address address;
        struct dname target;
        bool is_config = record->source == LOCAL_CONFIG;
        struct row row = row_of(&name->name, " F I");
        if ((record->type == RRTYPE_A || record->type == RRTYPE_AAAA)
            && address_from_bytes(record->rdata, &address) == STATUS_OK) {
            row.flags[FLAG_TYPE] = record->type == RRTYPE_A ? '4' : '6';
            row.flags[FLAG_REVERSE] = points_back(names, key, &name->name, &address) ? 'R' : ' ';
            row.flags[FLAG_HOSTS] = 'H';
            row.source = record->source_name;
            address_text(&address, row.address);
        } else if (record->type == RRTYPE_CNAME
                   && rdata_target(record->rdata, RRTYPE_CNAME, &target) == STATUS_OK) {
            row.flags[FLAG_TYPE] = 'C';
            dname_text(&target, row.address);
        } else {
            continue;
        }
        row.flags[FLAG_CONFIG] = is_config ? 'C' : ' ';
        say_row(&row, say, context);
    }
}

/* ------------------------------------------------------------------ clients of DHCP */

/* The lease whose name this is, and whose end is the name's: the address's own, or, for one that
 * the host made itself (ra-names), the IPv4 lease with that name. */
static const struct lease *lease_of(const struct cache_dump_leases *leases,
                                    const struct address *address, const struct dname *whole)
{
    const struct lease_table *table = address->family == ADDRESS_IP4 ? leases->ip4 : leases->ip6;
    const struct lease *own = table != NULL ? lease_table_by_address(table, address) : NULL;
    char domain[DNAME_TEXT_MAX] = "";
    struct dname parent;
    if (own != NULL || leases->ip4 == NULL)
        return own;
    if (dname_parent(whole, &parent) && !dname_is_root(&parent))
        dname_text(&parent, domain);
    return lease_table_by_name_in(leases->ip4, text_from_bytes(dname_first_label(whole)),
                                  text_of(domain));
}

/* The name has this address from us already, and answers so. */
static bool is_ours(const struct local_names *names, const struct siphash_key *key,
                    const struct dname *name, const struct address *address)
{
    const struct local_name *found =
        names != NULL ? local_names_find(names, name, dname_hash(key, name)) : NULL;
    uint16_t type = address->family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA;
    for (uint32_t i = 0; found != NULL && i < found->count; i++)
        if (found->records[i].type == type
            && bytes_equal(found->records[i].rdata, address_bytes(address)))
            return true;
    return false;
}

static void say_lease(const struct address *address, const struct dname *name,
                      const struct lease *lease, bool reverse, cache_dump_say *say, void *context)
{
    struct row row = row_of(name, " F  D");
    row.flags[FLAG_TYPE] = address->family == ADDRESS_IP4 ? '4' : '6';
    row.flags[FLAG_REVERSE] = reverse ? 'R' : ' ';
    if (lease != NULL && lease->expires_wall == 0)
        row.flags[FLAG_IMMORTAL] = 'I';
    else if (lease != NULL)
        put_time((int64_t)lease->expires_wall, row.expires);
    address_text(address, row.address);
    say_row(&row, say, context);
}

bool cache_dump_lease(const struct cache_dump_leases *leases, const struct local_names *names,
                      const struct siphash_key *key, size_t *place, cache_dump_say *say,
                      void *context)
{
    struct address address;
    struct dname plain;
    struct lease_answer answer;
    if (leases->names == NULL || !lease_names_walk(leases->names, place, &address, &plain))
        return false;
    struct dname reverse = dname_reverse(&address);
    uint64_t hash = dname_hash(key, &reverse);
    if (!lease_names_find(leases->names, &reverse, hash, RRTYPE_PTR, &answer))
        return true; /* gone meanwhile */
    const struct dname *whole = &answer.pointer;
    const struct lease *lease = lease_of(leases, &address, whole);
    /* A name of ours may have the address's pointer. */
    bool has_pointer = names == NULL || local_names_find(names, &reverse, hash) == NULL;
    if (!dname_equal(&plain, whole) && !is_ours(names, key, &plain, &address))
        say_lease(&address, &plain, lease, false, say, context);
    if (!is_ours(names, key, whole, &address))
        say_lease(&address, whole, lease, has_pointer, say, context);
    return true;
}

/* ------------------------------------------------------------------ slices */

enum stage { STAGE_CACHE, STAGE_NAMES, STAGE_LEASES, STAGE_END };

static void log_row(void *context, struct text line)
{
    (void)context;
    log_text(LOG_PART_MAIN, LOG_INFORM, line);
}

static void visit(void *context, const struct dname *name, uint16_t group,
                  const struct dns_cache_hit *hit, uint16_t type)
{
    (void)group;
    const struct cache_dump_entry entry = { name, hit, type, *(const int64_t *)context };
    cache_dump_entry(&entry, log_row, NULL);
}

static bool slice_of_names(struct cache_dump *dump)
{
    for (int i = 0; i < SLICE_NAMES; i++) {
        const struct local_name *name =
            dump->names != NULL ? local_names_walk(dump->names, &dump->place) : NULL;
        if (name == NULL)
            return false;
        cache_dump_name(dump->names, &dump->key, name, log_row, NULL);
    }
    return true;
}

static bool slice_of_leases(struct cache_dump *dump)
{
    for (int i = 0; i < SLICE_NAMES; i++)
        if (!cache_dump_lease(&dump->leases, dump->names, &dump->key, &dump->place, log_row, NULL))
            return false;
    return true;
}

static bool slice(struct cache_dump *dump)
{
    struct instant now = instant_now();
    int64_t wall = now.wall;
    switch ((enum stage)dump->stage) {
    case STAGE_CACHE:
        return dns_cache_walk_some(dump->cache, &dump->cache_place, SLICE_SLOTS, now.mono, visit,
                                   &wall);
    case STAGE_NAMES:
        return slice_of_names(dump);
    case STAGE_LEASES:
        return slice_of_leases(dump);
    case STAGE_END:
        break;
    }
    return false;
}

static void end(struct cache_dump *dump)
{
    if (!dump->running)
        return;
    dump->running = false;
    uv_timer_stop(&dump->timer);
    local_names_free(dump->names);
    dump->names = NULL;
}

static void on_timer(uv_timer_t *timer)
{
    struct cache_dump *dump = CONTAINER_OF(timer, struct cache_dump, timer);
    if (slice(dump))
        return;
    dump->place = 0;
    if (++dump->stage == STAGE_END)
        end(dump);
}

void cache_dump_init(struct cache_dump *dump, uv_loop_t *loop, const struct siphash_key *key)
{
    *dump = (struct cache_dump){ .key = *key };
    uv_timer_init(loop, &dump->timer);
}

void cache_dump_start(struct cache_dump *dump, struct dns_cache *cache,
                      const struct local_names *names, const struct cache_dump_leases *leases)
{
    end(dump);
    dump->running = true;
    dump->cache = cache;
    dump->leases = *leases;
    /* Holding counts, which is no change of the names. */
    dump->names = names != NULL ? local_names_hold((struct local_names *)(uintptr_t)names) : NULL;
    dump->stage = STAGE_CACHE;
    dump->cache_place = 0;
    dump->place = 0;
    log_line(LOG_PART_MAIN, LOG_INFORM, "%-*s %-*s %-*s %-*s %s", HOST_WIDTH, "Host", ADDRESS_WIDTH,
             "Address", FLAGS_WIDTH, "Flags", EXPIRES_WIDTH, "Expires", "Source");
    log_line(LOG_PART_MAIN, LOG_INFORM,
             "------------------------------ ---------------------------------------- ---------- "
             "------------------------ ------------");
    uv_timer_start(&dump->timer, on_timer, SLICE_MS, SLICE_MS);
}

void cache_dump_close(struct cache_dump *dump)
{
    end(dump);
    uv_close((uv_handle_t *)&dump->timer, NULL);
}

#include "store/dns_cache.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "wire/rrtype.h"

#define START 1000000u

static const struct siphash_key key = { 1, 2 };

static struct dns_cache *make_cache(uint32_t records, unsigned workers)
{
    struct dns_cache_setup setup = { .records = records, .workers = workers, .key = key };
    struct dns_cache *cache = NULL;
    assert_int_equal(dns_cache_create(&setup, &cache), STATUS_OK);
    return cache;
}

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct dname numbered(unsigned number)
{
    char text[32];
    snprintf(text, sizeof text, "n%u.test", number);
    return name_of(text);
}

static void insert(struct dns_cache *cache, const struct dname *name, mono_ms now,
                   const struct dns_cache_entry *entry)
{
    dns_cache_insert(cache, name, dname_hash(&key, name), now, entry);
}

static uint8_t buffer[DNS_CACHE_ENTRY_MAX];

static enum dns_cache_kind find(struct dns_cache *cache, const struct dname *name, uint16_t type,
                                uint16_t group, mono_ms now, uint32_t stale_max_s,
                                struct dns_cache_hit *hit)
{
    return dns_cache_find(cache, name, dname_hash(&key, name), type, group, now, stale_max_s,
                          buffer, hit);
}

static void insert_number(struct dns_cache *cache, unsigned number, mono_ms now)
{
    struct dname name = numbered(number);
    struct dns_cache_entry entry = { .kind = DNS_CACHE_RRSET,
                                     .type = RRTYPE_A,
                                     .ttl = 60,
                                     .record_count = 1,
                                     .rdatas = bytes_of("\0\4\1\2\3\4", 6) };
    insert(cache, &name, now, &entry);
}

static bool has_number(struct dns_cache *cache, unsigned number, mono_ms now)
{
    struct dname name = numbered(number);
    struct dns_cache_hit hit;
    return find(cache, &name, RRTYPE_A, 0, now, 0, &hit) == DNS_CACHE_RRSET;
}

static struct dns_cache_counters counters_of(struct dns_cache *cache)
{
    struct dns_cache_counters counters;
    dns_cache_read_counters(cache, &counters);
    return counters;
}

/* ------------------------------------------------------------------ what is given back */

static void test_gives_back_what_was_put_in(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(10, 1);
    struct dname name = name_of("www.Example.test");
    struct dname other_case = name_of("WWW.example.TEST");
    struct dns_cache_entry entry = { .kind = DNS_CACHE_RRSET,
                                     .type = RRTYPE_A,
                                     .group = 3,
                                     .ttl = 60,
                                     .record_count = 2,
                                     .rdatas = bytes_of("\0\4\1\2\3\4\0\4\5\6\7\10", 12),
                                     .soa_owner = bytes_of("\4test", 6),
                                     .soa_rdata = bytes_of("soa", 3),
                                     .flags = DNS_CACHE_SECURE };
    struct dns_cache_hit hit;

    insert(cache, &name, START, &entry);
    for (unsigned i = 0; i < 3; i++) {
        const struct dname *asked = i == 1 ? &other_case : &name;
        assert_int_equal(find(cache, asked, RRTYPE_A, 3, START, 0, &hit), DNS_CACHE_RRSET);
        assert_int_equal(hit.kind, DNS_CACHE_RRSET);
        assert_int_equal(hit.flags, DNS_CACHE_SECURE);
        assert_int_equal(hit.ttl_left, 60);
        assert_int_equal(hit.record_count, 2);
        assert_int_equal(hit.rotation, i);
        assert_true(bytes_equal(hit.rdatas, entry.rdatas));
        assert_true(bytes_equal(hit.soa_owner, entry.soa_owner));
        assert_true(bytes_equal(hit.soa_rdata, entry.soa_rdata));
        assert_ptr_equal(hit.rdatas.at, buffer);
    }
    assert_int_equal(find(cache, &name, RRTYPE_AAAA, 3, START, 0, &hit), DNS_CACHE_MISS);
    assert_int_equal(hit.kind, DNS_CACHE_MISS);
    assert_int_equal(find(cache, &name, RRTYPE_A, 4, START, 0, &hit), DNS_CACHE_MISS);
    dns_cache_free(cache);
}

static void test_ttl_counts_down(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint64_t after_ms;
        uint32_t stale_max_s;
        uint8_t kind;
        uint32_t ttl_left, stale_s;
    } rows[] = {
        /* clang-format off */
        { "at once",                   0,     0,          DNS_CACHE_RRSET, 10, 0 },
        { "rounded up",                1,     0,          DNS_CACHE_RRSET, 10, 0 },
        { "one second",                1000,  0,          DNS_CACHE_RRSET, 9,  0 },
        { "last millisecond",          9999,  0,          DNS_CACHE_RRSET, 1,  0 },
        { "over",                      10000, 0,          DNS_CACHE_MISS,  0,  0 },
        { "stale at once",             10000, 1,          DNS_CACHE_RRSET, 0,  1 },
        { "stale, last millisecond",   10999, 1,          DNS_CACHE_RRSET, 0,  1 },
        { "too stale",                 11000, 1,          DNS_CACHE_MISS,  0,  0 },
        { "stale longer",              15500, 86400,      DNS_CACHE_RRSET, 0,  6 },
        { "stale without bound",       99999, UINT32_MAX, DNS_CACHE_RRSET, 0,  90 },
        { "fresh though stale allowed", 500,  86400,      DNS_CACHE_RRSET, 10, 0 },
        /* clang-format on */
    };
    struct dns_cache *cache = make_cache(10, 1);
    struct dname name = name_of("a.test");
    struct dns_cache_entry entry = { .kind = DNS_CACHE_RRSET,
                                     .type = RRTYPE_A,
                                     .ttl = 10,
                                     .record_count = 1,
                                     .rdatas = bytes_of("\0\0", 2) };

    insert(cache, &name, START, &entry);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_cache_hit hit;
        uint8_t kind =
            find(cache, &name, RRTYPE_A, 0, START + rows[i].after_ms, rows[i].stale_max_s, &hit);
        if (kind != rows[i].kind || hit.ttl_left != rows[i].ttl_left
            || hit.stale_s != rows[i].stale_s)
            fail_msg("%s: kind %u ttl %u stale %u", rows[i].name, kind, hit.ttl_left, hit.stale_s);
    }
    dns_cache_free(cache);
}

/* Two insertions of one name, then a question: type A or AAAA in the first's group. */
static void test_replaces(void **state)
{
    (void)state;
    enum { A = RRTYPE_A, AAAA = RRTYPE_AAAA };
    enum { MISS = DNS_CACHE_MISS, RRSET, CNAME, NODATA, NXDOMAIN };
    static const struct {
        const char *name;
        uint8_t first, first_type;
        uint8_t second, second_type, second_group;
        uint8_t a, aaaa; /* what is found; both entries carry their number as rdata */
        uint8_t entries;
    } rows[] = {
        /* clang-format off */
        { "rrset by a newer one",            RRSET, A, RRSET, A, 0, RRSET, MISS, 1 },
        { "rrsets of two types stay",        RRSET, A, RRSET, AAAA, 0, RRSET, RRSET, 2 },
        { "rrset by nodata",                 RRSET, A, NODATA, A, 0, NODATA, MISS, 1 },
        { "nodata by rrset",                 NODATA, A, RRSET, A, 0, RRSET, MISS, 1 },
        { "nodata of another type stays",    NODATA, AAAA, RRSET, A, 0, RRSET, NODATA, 2 },
        { "rrset by cname",                  RRSET, A, CNAME, 0, 0, CNAME, CNAME, 1 },
        { "nodata by cname",                 NODATA, A, CNAME, 0, 0, CNAME, CNAME, 1 },
        { "cname by rrset",                  CNAME, 0, RRSET, A, 0, RRSET, MISS, 1 },
        { "cname by nodata",                 CNAME, 0, NODATA, A, 0, NODATA, MISS, 1 },
        { "cname by cname",                  CNAME, 0, CNAME, 0, 0, CNAME, CNAME, 1 },
        { "rrset by nxdomain",               RRSET, A, NXDOMAIN, 0, 0, NXDOMAIN, NXDOMAIN, 1 },
        { "cname by nxdomain",               CNAME, 0, NXDOMAIN, 0, 0, NXDOMAIN, NXDOMAIN, 1 },
        { "nxdomain by rrset",               NXDOMAIN, 0, RRSET, A, 0, RRSET, MISS, 1 },
        { "nxdomain by nodata",              NXDOMAIN, 0, NODATA, AAAA, 0, MISS, NODATA, 1 },
        { "nxdomain by cname",               NXDOMAIN, 0, CNAME, 0, 0, CNAME, CNAME, 1 },
        { "not by another group's nxdomain", RRSET, A, NXDOMAIN, 0, 7, RRSET, MISS, 2 },
        { "not by another group's rrset",    RRSET, A, RRSET, A, 7, RRSET, MISS, 2 },
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_cache *cache = make_cache(10, 1);
        struct dname name = name_of("a.test");
        struct dns_cache_entry first = { .kind = rows[i].first,
                                         .type = rows[i].first_type,
                                         .ttl = 60,
                                         .record_count = 1,
                                         .rdatas = bytes_of("\0\1\1", 3) };
        struct dns_cache_entry second = { .kind = rows[i].second,
                                          .type = rows[i].second_type,
                                          .group = rows[i].second_group,
                                          .ttl = 60,
                                          .record_count = 1,
                                          .rdatas = bytes_of("\0\1\2", 3) };
        struct dns_cache_hit hit;

        insert(cache, &name, START, &first);
        insert(cache, &name, START, &second);
        uint8_t a = find(cache, &name, RRTYPE_A, 0, START, 0, &hit);
        /* What replaced must itself be found, not what it replaced. */
        bool wrong = a == rows[i].second && rows[i].second_group == 0 && rows[i].second_type != AAAA
                     && hit.rdatas.at[2] != 2;
        uint8_t aaaa = find(cache, &name, RRTYPE_AAAA, 0, START, 0, &hit);
        uint64_t entries = counters_of(cache).entries;
        if (a != rows[i].a || aaaa != rows[i].aaaa || entries != rows[i].entries || wrong)
            fail_msg("%s: A %u AAAA %u entries %u%s", rows[i].name, a, aaaa, (unsigned)entries,
                     wrong ? ", the older one" : "");
        dns_cache_free(cache);
    }
}

static void test_leaves_out(void **state)
{
    (void)state;
    static uint8_t bulk[DNS_CACHE_ENTRY_MAX + 1];
    static const struct {
        const char *name;
        uint32_t ttl;
        uint16_t records;
        size_t rdata_bytes, owner_bytes, soa_bytes;
        bool held;
    } rows[] = {
        /* clang-format off */
        { "ordinary",        1, 1, 4,                      0,   0,                  true },
        { "ttl 0",           0, 1, 4,                      0,   0,                  false },
        { "as many as fit",     1, 5, 4,                      0,   0,                  true },
        { "more records",    1, 6, 4,                      0,   0,                  false },
        { "no rdata",        1, 0, 0,                      0,   0,                  true },
        { "largest",         1, 1, DNS_CACHE_ENTRY_MAX - 48,  0,   0,                  true },
        { "larger",          1, 1, DNS_CACHE_ENTRY_MAX,    0,   0,                  false },
        { "large with its soa", 1, 1, 8192,                   255, 8192,               false },
        { "impossible owner",   1, 1, 4,                      256, 0,                  false },
        { "impossible soa",     1, 1, 4,                      0,   DNS_CACHE_ENTRY_MAX + 1, false },
        /* clang-format on */
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_cache *cache = make_cache(5, 1);
        struct dname name = name_of("a.test");
        struct dns_cache_entry old = { .kind = DNS_CACHE_RRSET,
                                       .type = RRTYPE_A,
                                       .ttl = 9,
                                       .record_count = 1,
                                       .rdatas = bytes_of("\0\1o", 3) };
        struct dns_cache_entry entry = { .kind = DNS_CACHE_RRSET,
                                         .type = RRTYPE_A,
                                         .ttl = rows[i].ttl,
                                         .record_count = rows[i].records,
                                         .rdatas = bytes_of(bulk, rows[i].rdata_bytes),
                                         .soa_owner = bytes_of(bulk, rows[i].owner_bytes),
                                         .soa_rdata = bytes_of(bulk, rows[i].soa_bytes) };
        struct dns_cache_hit hit;
        insert(cache, &name, START, &old);
        insert(cache, &name, START, &entry);
        assert_int_equal(find(cache, &name, RRTYPE_A, 0, START, 0, &hit), DNS_CACHE_RRSET);
        if ((hit.ttl_left == rows[i].ttl) != rows[i].held
            || (rows[i].held && !bytes_equal(hit.rdatas, entry.rdatas)))
            fail_msg("%s: ttl %u, %zu bytes", rows[i].name, hit.ttl_left, hit.rdatas.count);
        dns_cache_free(cache);
    }
}

static void test_size_zero_holds_nothing(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(0, 4);
    insert_number(cache, 1, START);
    assert_false(has_number(cache, 1, START));
    assert_int_equal(counters_of(cache).insertions, 0);
    assert_int_equal(counters_of(cache).misses, 1);
    dns_cache_clear(cache);
    dns_cache_free(cache);
}

/* ------------------------------------------------------------------ bounds */

static void test_oldest_gives_way_at_the_record_bound(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(150, 1);

    for (unsigned i = 0; i < 150; i++)
        insert_number(cache, i, START);
    assert_int_equal(counters_of(cache).records, 150);
    assert_int_equal(counters_of(cache).evictions, 0);
    for (unsigned i = 150; i < 160; i++)
        insert_number(cache, i, START);
    assert_int_equal(counters_of(cache).records, 150);
    assert_int_equal(counters_of(cache).evictions, 10);
    for (unsigned i = 0; i < 160; i++)
        assert_int_equal(has_number(cache, i, START), i >= 10);
    dns_cache_free(cache);
}

static void test_records_are_counted_not_entries(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(10, 1);
    struct dname name = name_of("many.test");
    struct dns_cache_entry entry = { .kind = DNS_CACHE_RRSET,
                                     .type = RRTYPE_A,
                                     .ttl = 60,
                                     .record_count = 4,
                                     .rdatas = bytes_of("", 0) };

    for (unsigned i = 0; i < 10; i++)
        insert_number(cache, i, START);
    insert(cache, &name, START, &entry);
    assert_int_equal(counters_of(cache).records, 10);
    assert_int_equal(counters_of(cache).entries, 7);
    assert_false(has_number(cache, 3, START));
    assert_true(has_number(cache, 4, START));
    dns_cache_free(cache);
}

static void test_what_is_asked_stays(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(100, 1);

    for (unsigned i = 0; i < 100; i++)
        insert_number(cache, i, START);
    /* Asked once in each lap: outlives any number of laps. */
    for (unsigned i = 100; i < 1000; i++) {
        if (i % 50 == 0)
            assert_true(has_number(cache, 0, START));
        insert_number(cache, i, START);
    }
    assert_true(has_number(cache, 0, START));
    assert_false(has_number(cache, 1, START));
    /* No longer asked: one lap for the last hit, then gone. */
    for (unsigned i = 1000; i < 1200; i++)
        insert_number(cache, i, START);
    assert_false(has_number(cache, 0, START));
    assert_int_equal(counters_of(cache).records, 100);
    dns_cache_free(cache);
}

static void test_one_insertion_copies_few(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(100, 1);

    for (unsigned i = 0; i < 100; i++)
        insert_number(cache, i, START);
    for (unsigned i = 0; i < 100; i++)
        assert_true(has_number(cache, i, START));
    /* All have been hit; eight are copied forward, the ninth gives way nevertheless. */
    insert_number(cache, 100, START);
    assert_int_equal(counters_of(cache).evictions, 1);
    for (unsigned i = 0; i <= 100; i++)
        assert_int_equal(has_number(cache, i, START), i != 8);
    dns_cache_free(cache);
}

static void test_expired_is_no_eviction(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(10, 1);
    struct dname name = numbered(0);
    struct dns_cache_hit hit;

    for (unsigned i = 0; i < 10; i++)
        insert_number(cache, i, START);
    assert_true(has_number(cache, 0, START));
    for (unsigned i = 10; i < 15; i++)
        insert_number(cache, i, START + 60000);
    assert_int_equal(counters_of(cache).evictions, 0);
    assert_int_equal(counters_of(cache).entries, 10);
    /* A hit does not keep what has expired. */
    assert_int_equal(find(cache, &name, RRTYPE_A, 0, START + 60000, 3600, &hit), DNS_CACHE_MISS);
    dns_cache_free(cache);
}

static void test_one_name_cannot_fill_a_run(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(1000, 1);
    struct dname name = name_of("a.test");
    struct dns_cache_hit hit;

    /* Several laps, so that the oldest is not always the one that stands first in the block. */
    for (uint16_t type = 1; type <= 20000; type++) {
        struct dns_cache_entry entry = { .kind = DNS_CACHE_NODATA, .type = type, .ttl = 60 };
        insert(cache, &name, START, &entry);
        if (type <= 32)
            continue;
        assert_int_equal(find(cache, &name, type, 0, START, 0, &hit), DNS_CACHE_NODATA);
        assert_int_equal(find(cache, &name, type - 31, 0, START, 0, &hit), DNS_CACHE_NODATA);
        assert_int_equal(find(cache, &name, type - 32, 0, START, 0, &hit), DNS_CACHE_MISS);
    }
    assert_int_equal(counters_of(cache).entries, 32);
    dns_cache_free(cache);
}

static void test_shards_share_the_bound(void **state)
{
    (void)state;
    static const struct {
        unsigned workers;
        uint32_t records;
    } rows[] = { { 1, 150 }, { 2, 150 }, { 4, 150 }, { 64, 1000 }, { 4, 1 }, { 8, 10007 } };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_cache *cache = make_cache(rows[i].records, rows[i].workers);
        for (unsigned n = 0; n < 4 * rows[i].records; n++) {
            insert_number(cache, n, START);
            assert_true(has_number(cache, n, START));
        }
        struct dns_cache_counters counters = counters_of(cache);
        assert_true(counters.records <= rows[i].records);
        assert_true(counters.records >= rows[i].records * 9 / 10);
        assert_true(counters.bytes >= 64 * 1024);
        dns_cache_free(cache);
    }
}

/* ------------------------------------------------------------------ against a simple model */

#define MODEL_NAMES 40

struct model_entry {
    uint8_t kind; /* of the last insertion, 0: none, or it was superseded */
    uint32_t serial;
    size_t rdata_bytes;
};

/* Types are 0..2, so that each model entry has a place. */
static void model_insert(struct model_entry model[3], uint8_t kind, unsigned type, uint32_t serial,
                         size_t rdata_bytes)
{
    bool all = kind == DNS_CACHE_CNAME || kind == DNS_CACHE_NXDOMAIN;
    for (unsigned i = 0; i < 3; i++) {
        bool held_all = model[i].kind == DNS_CACHE_CNAME || model[i].kind == DNS_CACHE_NXDOMAIN;
        if (all || i == type)
            model[i] = (struct model_entry){ kind, serial, rdata_bytes };
        else if (held_all)
            model[i].kind = DNS_CACHE_MISS;
    }
}

/* Random insertions and questions with entries of all sizes and hashes that collide. What is found
 * must be the last thing put in; what has just been put in must be found; bounds hold. */
static void run_model(uint32_t records, size_t bytes_max, uint64_t hash_mask)
{
    static uint8_t bulk[DNS_CACHE_ENTRY_MAX];
    struct model_entry model[MODEL_NAMES][3] = { 0 };
    struct random random;
    struct dns_cache *cache = make_cache(records, 1);
    unsigned found = 0;
    random_init_seeded(&random, records);

    for (uint32_t serial = 1; serial <= 20000; serial++) {
        unsigned number = random_below(&random, MODEL_NAMES);
        unsigned type = random_below(&random, 3);
        struct dname name = numbered(number);
        uint64_t hash = dname_hash(&key, &name) & hash_mask;
        struct dns_cache_hit hit;

        if (random_below(&random, 2) == 0) {
            size_t count = 4 + random_below(&random, (uint32_t)bytes_max - 3);
            memset(bulk, (int)serial, count);
            memcpy(bulk, &serial, sizeof serial);
            struct dns_cache_entry entry = { .kind = (uint8_t)(1 + random_below(&random, 4)),
                                             .type = (uint16_t)type,
                                             .ttl = 60,
                                             .record_count = 1,
                                             .rdatas = bytes_of(bulk, count) };
            dns_cache_insert(cache, &name, hash, START, &entry);
            model_insert(model[number], entry.kind, type, serial, count);
        }
        const struct model_entry *expected = &model[number][type];
        uint8_t kind =
            dns_cache_find(cache, &name, hash, (uint16_t)type, 0, START, 0, buffer, &hit);
        if (expected->serial == serial)
            assert_int_equal(kind, expected->kind);
        if (kind != DNS_CACHE_MISS) {
            found++;
            assert_int_equal(kind, expected->kind);
            assert_int_equal(hit.rdatas.count, expected->rdata_bytes);
            assert_memory_equal(hit.rdatas.at, &expected->serial, sizeof expected->serial);
            for (size_t i = 4; i < hit.rdatas.count; i++)
                assert_int_equal(hit.rdatas.at[i], (uint8_t)expected->serial);
        }
        struct dns_cache_counters counters = counters_of(cache);
        assert_true(counters.records <= records && counters.entries <= counters.records);
    }
    assert_true(found > 10000);
    dns_cache_free(cache);
}

static void test_model_few_records(void **state)
{
    (void)state;
    run_model(20, 60, UINT64_MAX);
}

static void test_model_full_block(void **state)
{
    (void)state;
    run_model(1000, 5000, UINT64_MAX);
}

static void test_model_largest_entries(void **state)
{
    (void)state;
    run_model(1000, DNS_CACHE_ENTRY_MAX - 64, UINT64_MAX);
}

static void test_model_colliding(void **state)
{
    (void)state;
    run_model(1000, 3000, 3);
}

static void test_model_colliding_at_the_index_end(void **state)
{
    (void)state;
    /* All hashes near the last slot, so that runs wrap around to the first. */
    static uint8_t payload[8];
    struct dns_cache *cache = make_cache(100, 1);
    struct dns_cache_hit hit;

    for (unsigned lap = 0; lap < 50; lap++) {
        for (unsigned i = 0; i < 90; i++) {
            struct dname name = numbered(i);
            payload[0] = (uint8_t)(i + lap);
            struct dns_cache_entry entry = { .kind = DNS_CACHE_RRSET,
                                             .type = 1,
                                             .ttl = 60,
                                             .record_count = 1,
                                             .rdatas = bytes_of(payload, 8) };
            dns_cache_insert(cache, &name, UINT64_MAX - i % 5, START, &entry);
        }
        unsigned held = 0;
        for (unsigned i = 0; i < 90; i++) {
            struct dname name = numbered(i);
            if (dns_cache_find(cache, &name, UINT64_MAX - i % 5, 1, 0, START, 0, buffer, &hit)
                == DNS_CACHE_MISS)
                continue;
            held++;
            assert_int_equal(hit.rdatas.at[0], (uint8_t)(i + lap));
        }
        assert_int_equal(held, 90);
    }
    dns_cache_free(cache);
}

/* ------------------------------------------------------------------ looking in */

struct seen {
    unsigned count;
    uint32_t ttl_sum;
    uint16_t last_type;
    struct dname last;
};

static void count_visit(void *context, const struct dname *name, uint16_t group,
                        const struct dns_cache_hit *hit, uint16_t type)
{
    struct seen *seen = context;
    seen->count++;
    seen->ttl_sum += hit->ttl_left;
    seen->last_type = type;
    seen->last = *name;
    assert_int_equal(group, 0);
    assert_int_equal(hit->rdatas.count, 6);
}

static void test_walk_and_clear(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(200, 4);
    struct seen seen = { 0 };

    dns_cache_walk(cache, START, count_visit, &seen);
    assert_int_equal(seen.count, 0);
    for (unsigned i = 0; i < 1000; i++)
        insert_number(cache, i, START);
    insert_number(cache, 999, START + 30000);
    dns_cache_walk(cache, START + 1000, count_visit, &seen);
    assert_int_equal(seen.count, counters_of(cache).entries);
    assert_true(seen.count > 150 && seen.ttl_sum >= 59 * seen.count);
    assert_int_equal(seen.last_type, RRTYPE_A);

    seen = (struct seen){ 0 };
    dns_cache_walk(cache, START + 60000, count_visit, &seen);
    assert_int_equal(seen.count, 1);
    struct dname fresh = numbered(999);
    assert_true(dname_equal(&seen.last, &fresh));

    dns_cache_clear(cache);
    assert_int_equal(counters_of(cache).entries, 0);
    assert_int_equal(counters_of(cache).records, 0);
    assert_false(has_number(cache, 999, START));
    dns_cache_free(cache);
}

static void test_forgets_one_name(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(1000, 4);
    for (unsigned i = 0; i < 300; i++)
        insert_number(cache, i, START);
    for (unsigned i = 0; i < 600; i += 2) { /* each second one, twice */
        struct dname name = numbered(i % 300);
        assert_int_equal(dns_cache_forget(cache, &name, dname_hash(&key, &name)), i < 300);
    }
    for (unsigned i = 0; i < 300; i++)
        assert_int_equal(has_number(cache, i, START), i % 2 == 1);
    assert_int_equal(counters_of(cache).entries, 150);
    dns_cache_free(cache);
}

static void test_counters(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(2, 1);
    for (unsigned i = 0; i < 3; i++)
        insert_number(cache, i, START);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(has_number(cache, i, START), i > 0);
    struct dns_cache_counters counters = counters_of(cache);
    assert_int_equal(counters.insertions, 3);
    assert_int_equal(counters.evictions, 1);
    assert_int_equal(counters.hits, 2);
    assert_int_equal(counters.misses, 1);
    assert_int_equal(counters.entries, 2);
    assert_int_equal(counters.records, 2);
    dns_cache_free(cache);
}

/* ------------------------------------------------------------------ threads */

struct stress {
    struct dns_cache *cache;
    uint64_t seed;
    unsigned found;
    bool sound;
};

/* Every entry is filled with one byte, so that a torn copy would show. */
static void *stress_run(void *context)
{
    struct stress *stress = context;
    struct random random;
    uint8_t bulk[400], out[DNS_CACHE_ENTRY_MAX];
    random_init_seeded(&random, stress->seed);

    for (unsigned i = 0; i < 20000; i++) {
        struct dname name = numbered(random_below(&random, 300));
        uint64_t hash = dname_hash(&key, &name);
        struct dns_cache_hit hit;
        if (i % 3 == 0) {
            size_t count = 1 + random_below(&random, sizeof bulk - 1);
            memset(bulk, (int)random_below(&random, 256), count);
            struct dns_cache_entry entry = { DNS_CACHE_RRSET, .type = 1, .ttl = 5,
                                             .record_count = 1, .rdatas = bytes_of(bulk, count) };
            dns_cache_insert(stress->cache, &name, hash, START + i, &entry);
        } else if (dns_cache_find(stress->cache, &name, hash, 1, 0, START + i, 0, out, &hit)
                   != DNS_CACHE_MISS) {
            stress->found++;
            for (size_t at = 1; at < hit.rdatas.count; at++)
                stress->sound = stress->sound && hit.rdatas.at[at] == hit.rdatas.at[0];
        }
        if (i % 5000 == 4999)
            dns_cache_clear(stress->cache);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    struct dns_cache *cache = make_cache(200, 4);
    struct stress stresses[4];
    pthread_t threads[4];

    for (unsigned i = 0; i < 4; i++) {
        stresses[i] = (struct stress){ cache, i, 0, true };
        assert_int_equal(pthread_create(&threads[i], NULL, stress_run, &stresses[i]), 0);
    }
    for (unsigned i = 0; i < 20; i++) {
        struct dns_cache_counters counters;
        dns_cache_read_counters(cache, &counters);
        assert_true(counters.records <= 200);
    }
    for (unsigned i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        assert_true(stresses[i].sound);
        assert_true(stresses[i].found > 1000);
    }
    dns_cache_free(cache);
}

static bool knows(struct dns_cache *cache, const char *text, uint16_t group, mono_ms now)
{
    struct dname name = name_of(text);
    return dns_cache_knows(cache, &name, dname_hash(&key, &name), group, now);
}

/* A name exists when anything of it is known, unless that is that it does not. */
static void test_knows(void **state)
{
    static const struct {
        const char *name;
        uint8_t kind;
        bool known;
    } rows[] = {
        { "data.test", DNS_CACHE_RRSET, true },
        { "alias.test", DNS_CACHE_CNAME, true },
        { "other-type.test", DNS_CACHE_NODATA, true },
        { "nothing.test", DNS_CACHE_NXDOMAIN, false },
    };
    struct dns_cache *cache = make_cache(100, 1);
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        insert(cache, &name, START,
               &(struct dns_cache_entry){
                   .kind = rows[i].kind, .type = RRTYPE_MX, .group = 1, .ttl = 60 });
        if (knows(cache, rows[i].name, 1, START + 59999) != rows[i].known)
            fail_msg("%s", rows[i].name);
        if (knows(cache, rows[i].name, 1, START + 60000))
            fail_msg("%s, expired", rows[i].name);
        if (knows(cache, rows[i].name, 2, START))
            fail_msg("%s, from other servers", rows[i].name);
    }
    assert_false(knows(cache, "stranger.test", 1, START));
    assert_true(knows(cache, "DATA.test", 1, START));
    dns_cache_free(cache);
}

static void test_stale(void **state)
{
    struct dns_cache *cache = make_cache(100, 1);
    struct dname name = numbered(1);
    struct dns_cache_hit hit;
    (void)state;

    insert_number(cache, 1, START); /* for 300 s or less */
    mono_ms long_after = START + 10000 * 1000ull;
    assert_int_equal(find(cache, &name, RRTYPE_A, 0, long_after, 0, &hit), DNS_CACHE_MISS);
    assert_int_equal(find(cache, &name, RRTYPE_A, 0, long_after, 1000, &hit), DNS_CACHE_MISS);
    assert_int_equal(find(cache, &name, RRTYPE_A, 0, long_after, 10000, &hit), DNS_CACHE_RRSET);
    assert_int_equal(hit.ttl_left, 0);
    assert_true(hit.stale_s > 0);
    assert_int_equal(find(cache, &name, RRTYPE_A, 0, MONO_NEVER - 1, UINT32_MAX, &hit),
                     DNS_CACHE_RRSET);
    dns_cache_free(cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gives_back_what_was_put_in),
        cmocka_unit_test(test_ttl_counts_down),
        cmocka_unit_test(test_replaces),
        cmocka_unit_test(test_leaves_out),
        cmocka_unit_test(test_size_zero_holds_nothing),
        cmocka_unit_test(test_oldest_gives_way_at_the_record_bound),
        cmocka_unit_test(test_records_are_counted_not_entries),
        cmocka_unit_test(test_what_is_asked_stays),
        cmocka_unit_test(test_one_insertion_copies_few),
        cmocka_unit_test(test_expired_is_no_eviction),
        cmocka_unit_test(test_one_name_cannot_fill_a_run),
        cmocka_unit_test(test_shards_share_the_bound),
        cmocka_unit_test(test_model_few_records),
        cmocka_unit_test(test_model_full_block),
        cmocka_unit_test(test_model_largest_entries),
        cmocka_unit_test(test_model_colliding),
        cmocka_unit_test(test_model_colliding_at_the_index_end),
        cmocka_unit_test(test_walk_and_clear),
        cmocka_unit_test(test_forgets_one_name),
        cmocka_unit_test(test_counters),
        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_knows),
        cmocka_unit_test(test_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

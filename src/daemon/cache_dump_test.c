#include "daemon/cache_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "platform/instant.h"
#include "wire/rrtype.h"

#define NOW 1795348022 /* Sun Nov 22 11:47:02 2026 in UTC */

static char said[4096];

static void say(void *context, struct text line)
{
    (void)context;
    size_t count = strlen(said);
    snprintf(said + count, sizeof said - count, "%.*s\n", TEXT_ARG(line));
}

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

/* ------------------------------------------------------------------ the cache */

#define ADDRESS4 "\0\4\313\0\161\1"
#define ALIAS    "\0\5\1a\1b\0"

static const struct {
    const char *what, *name;
    enum dns_cache_kind kind;
    uint16_t type;
    const char *rdatas;
    size_t rdata_bytes;
    uint16_t records;
    uint8_t flags;
    const char *expected;
} rows[] = {
    { "address", "a1.up.test", DNS_CACHE_RRSET, RRTYPE_A, ADDRESS4, 6, 1, 0,
      "a1.up.test                     203.0.113.1                              4F         Sun Nov "
      "22 11:48:02 2026\n" },
    { "two addresses, verified", "a", DNS_CACHE_RRSET, RRTYPE_A, ADDRESS4 ADDRESS4, 12, 2,
      DNS_CACHE_SECURE,
      "a                              203.0.113.1                              4F       V Sun Nov "
      "22 11:48:02 2026\n"
      "a                              203.0.113.1                              4F       V Sun Nov "
      "22 11:48:02 2026\n" },
    { "alias", "c.test", DNS_CACHE_CNAME, 0, ALIAS, 7, 1, 0,
      "c.test                         a.b                                      CF         Sun Nov "
      "22 11:48:02 2026\n" },
    { "pointer", "1.113.0.203.in-addr.arpa", DNS_CACHE_RRSET, RRTYPE_PTR, ALIAS, 7, 1, 0,
      "a.b                            203.0.113.1                              4 R        Sun Nov "
      "22 11:48:02 2026\n" },
    { "another type", "x", DNS_CACHE_RRSET, RRTYPE_SRV, ALIAS, 7, 1, 0,
      "x                              <SRV>                                    TF         Sun Nov "
      "22 11:48:02 2026\n" },
    { "no such type", "only4", DNS_CACHE_NODATA, RRTYPE_AAAA, "", 0, 0, 0,
      "only4                                                                   6F   N     Sun Nov "
      "22 11:48:02 2026\n" },
    { "no such other type", "only4", DNS_CACHE_NODATA, RRTYPE_MX, "", 0, 0, 0,
      "only4                          <MX>                                     TF   N     Sun Nov "
      "22 11:48:02 2026\n" },
    { "no such name", "nx", DNS_CACHE_NXDOMAIN, 0, "", 0, 0, 0,
      "nx                                                                       F   NX    Sun Nov "
      "22 11:48:02 2026\n" },
    { "no such address", "1.113.0.203.in-addr.arpa", DNS_CACHE_NXDOMAIN, 0, "", 0, 0, 0,
      "                               203.0.113.1                              4 R  NX    Sun Nov "
      "22 11:48:02 2026\n" },
    { "cut off", "x", DNS_CACHE_RRSET, RRTYPE_A, ADDRESS4, 4, 1, 0, "" },
};

static void test_entries(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        struct dns_cache_hit hit = {
            .kind = (uint8_t)rows[i].kind,
            .flags = rows[i].flags,
            .ttl_left = 60,
            .record_count = rows[i].records,
            .rdatas = bytes_of(rows[i].rdatas, rows[i].rdata_bytes),
        };
        const struct cache_dump_entry entry = { &name, &hit, rows[i].type, NOW };
        said[0] = '\0';
        cache_dump_entry(&entry, say, NULL);
        if (strcmp(said, rows[i].expected) != 0)
            fail_msg("%s:\n%s%s", rows[i].what, said, rows[i].expected);
    }
}

/* ------------------------------------------------------------------ names of our own */

static struct siphash_key key = { 1, 2 };

static struct local_names *make_names(void)
{
    struct local_names *names;
    struct address address = address_ip4(192, 0, 2, 10);
    struct dname alpha = name_of("alpha");
    struct dname qualified = name_of("alpha.lan");
    assert_int_equal(local_names_create(&key, &names), STATUS_OK);
    assert_int_equal(
        local_names_add_address(names, &alpha, &address, LOCAL_HOSTS, "/etc/hosts", true),
        STATUS_OK);
    assert_int_equal(
        local_names_add_address(names, &qualified, &address, LOCAL_HOSTS, "/etc/hosts", true),
        STATUS_OK);
    address = address_ip4(1, 1, 1, 1);
    struct dname configured = name_of("hr");
    assert_int_equal(
        local_names_add_address(names, &configured, &address, LOCAL_CONFIG, "config", true),
        STATUS_OK);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    return names;
}

static void test_names(void **test)
{
    (void)test;
    static const char *const expected[] = {
        "alpha                          192.0.2.10                               4FRI   H          "
        "                  /etc/hosts\n",
        "alpha.lan                      192.0.2.10                               4F I   H          "
        "                  /etc/hosts\n",
        "hr                             1.1.1.1                                  4FRI   HC         "
        "                  config\n",
    };
    struct local_names *names = make_names();
    const struct local_name *name;
    size_t place = 0;
    size_t bytes = 0;
    said[0] = '\0';
    while ((name = local_names_walk(names, &place)) != NULL)
        cache_dump_name(names, &key, name, say, NULL);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        if (strstr(said, expected[i]) == NULL)
            fail_msg("no\n%sin\n%s", expected[i], said);
        bytes += strlen(expected[i]);
    }
    assert_int_equal(strlen(said), bytes); /* and nothing of reverse names */
    local_names_free(names);
}

/* ------------------------------------------------------------------ clients of DHCP */

#define END (NOW + 60) /* Sun Nov 22 11:48:02 2026 in UTC */

static void add_lease(struct lease_table *table, struct address address, const char *name,
                      const char *domain, wall_s end)
{
    static uint8_t number;
    const struct hardware hardware = { .type = 1,
                                       .count = 6,
                                       .bytes = { 2, 0, 0, 0, 0, ++number } };
    const uint8_t duid[] = { 0, 3, 0, 1, number };
    const struct instant now = { .mono = 1000, .wall = NOW };
    struct lease *lease;
    enum status status =
        address.family == ADDRESS_IP4
            ? lease_table_add(table, &address, LEASE_IP4, &hardware, bytes_of(NULL, 0), &lease)
            : lease_table_add6(table, &address, 0, LEASE_IP6_NA, bytes_of(duid, sizeof duid), 1,
                               &lease);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(lease_table_set_name(table, lease, text_of(name), text_of(domain)), STATUS_OK);
    if (end != 0)
        lease_table_set_expiry_wall(table, lease, now, end);
}

static void give_name(struct lease_names *names, struct address address, const char *text,
                      const char *qualified)
{
    struct dname name = name_of(text);
    struct dname whole = name_of(qualified != NULL ? qualified : text);
    assert_int_equal(lease_names_set(names, &address, &name, qualified != NULL ? &whole : NULL),
                     STATUS_OK);
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

/* As dnsmasq 2.90 lists them. */
static const struct {
    const char *what, *address;
    bool leased;
    wall_s end;
    const char *label, *domain, *name, *qualified, *expected;
} clients[] = {
    { "both forms", "192.168.50.100", true, END, "laptop", "lan.test", "laptop", "laptop.lan.test",
      "laptop                         192.168.50.100                           4F  D      Sun Nov "
      "22 11:48:02 2026\n"
      "laptop.lan.test                192.168.50.100                           4FR D      Sun Nov "
      "22 11:48:02 2026\n" },
    { "no domain", "192.168.50.101", true, END, "bare", "", "bare", NULL,
      "bare                           192.168.50.101                           4FR D      Sun Nov "
      "22 11:48:02 2026\n" },
    { "dhcp-fqdn", "192.168.50.102", true, END, "whole", "lan.test", "whole.lan.test", NULL,
      "whole.lan.test                 192.168.50.102                           4FR D      Sun Nov "
      "22 11:48:02 2026\n" },
    { "for ever", "192.168.50.103", true, 0, "ever", "lan.test", "ever", "ever.lan.test",
      "ever                           192.168.50.103                           4F ID\n"
      "ever.lan.test                  192.168.50.103                           4FRID\n" },
    { "IPv6", "fd00::1", true, END, "six", "lan.test", "six", "six.lan.test",
      "six                            fd00::1                                  6F  D      Sun Nov "
      "22 11:48:02 2026\n"
      "six.lan.test                   fd00::1                                  6FR D      Sun Nov "
      "22 11:48:02 2026\n" },
    { "without a name", "192.168.50.104", true, END, "", "", NULL, NULL, "" },
    { "an address the host made", "fd00::2", false, 0, NULL, NULL, "laptop", "laptop.lan.test",
      "laptop                         fd00::2                                  6F  D      Sun Nov "
      "22 11:48:02 2026\n"
      "laptop.lan.test                fd00::2                                  6FR D      Sun Nov "
      "22 11:48:02 2026\n" },
    { "an address of nobody's lease", "fd00::3", false, 0, NULL, NULL, "own", "own.lan.test",
      "own                            fd00::3                                  6F  D\n"
      "own.lan.test                   fd00::3                                  6FR D\n" },
    { "ours already, and another form", "192.0.2.10", true, END, "alpha", "test", "alpha",
      "alpha.test",
      "alpha.test                     192.0.2.10                               4F  D      Sun Nov "
      "22 11:48:02 2026\n" },
};

static void test_leases(void **test)
{
    (void)test;
    struct lease_names *given;
    struct lease_table *ip4, *ip6;
    struct local_names *ours = make_names();
    size_t place = 0;
    size_t bytes = 0;
    assert_int_equal(lease_names_create(&key, 20, &given), STATUS_OK);
    assert_int_equal(lease_table_create(&key, 20, &ip4), STATUS_OK);
    assert_int_equal(lease_table_create(&key, 20, &ip6), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        struct address address = address_of(clients[i].address);
        if (clients[i].leased)
            add_lease(address.family == ADDRESS_IP4 ? ip4 : ip6, address, clients[i].label,
                      clients[i].domain, clients[i].end);
        if (clients[i].name != NULL)
            give_name(given, address, clients[i].name, clients[i].qualified);
    }
    const struct cache_dump_leases leases = { given, ip4, ip6 };
    said[0] = '\0';
    while (cache_dump_lease(&leases, ours, &key, &place, say, NULL))
        ;
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        if (strstr(said, clients[i].expected) == NULL)
            fail_msg("%s: no\n%sin\n%s", clients[i].what, clients[i].expected, said);
        bytes += strlen(clients[i].expected);
    }
    assert_int_equal(strlen(said), bytes); /* and nothing else */
    lease_table_free(ip4);
    lease_table_free(ip6);
    lease_names_free(given);
    local_names_free(ours);
}

/* ------------------------------------------------------------------ the whole */

#define ENTRIES 3000

static void fill_cache(struct dns_cache *cache)
{
    for (unsigned i = 0; i < ENTRIES; i++) {
        char text[32];
        snprintf(text, sizeof text, "n%u.test", i);
        struct dname name = name_of(text);
        const struct dns_cache_entry entry = {
            .kind = DNS_CACHE_NXDOMAIN,
            .ttl = 1000,
        };
        dns_cache_insert(cache, &name, dname_hash(&key, &name), instant_mono(), &entry);
    }
}

static size_t count_lines(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += *text == '\n';
    return count;
}

/* In slices, so that the loop goes on; and all of it. */
static void test_whole(void **test)
{
    (void)test;
    static char logged[65536];
    uv_loop_t loop;
    struct cache_dump dump;
    struct dns_cache *cache;
    struct dns_cache_setup setup = { .records = ENTRIES * 2, .workers = 2, .key = key };
    struct local_names *names = make_names();
    assert_int_equal(dns_cache_create(&setup, &cache), STATUS_OK);
    fill_cache(cache);
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    assert_int_equal(log_open(&log), STATUS_OK);
    uv_loop_init(&loop);
    cache_dump_init(&dump, &loop, &key);
    const struct cache_dump_leases none = { .names = NULL };
    cache_dump_start(&dump, cache, names, &none);
    cache_dump_start(&dump, cache, names, &none); /* anew */
    local_names_free(names);                      /* it holds them itself */

    log_take_memory(logged, sizeof logged);
    assert_int_equal(count_lines(logged), 4);
    size_t lines = 0;
    size_t most = 0;
    unsigned turns = 0;
    while (dump.running && turns < 100000) {
        uv_run(&loop, UV_RUN_ONCE);
        turns++;
        log_take_memory(logged, sizeof logged);
        size_t count = count_lines(logged);
        lines += count;
        most = count > most ? count : most;
    }
    assert_false(dump.running);
    assert_int_equal(lines, ENTRIES + 3);
    assert_true(most <= 512);
    cache_dump_start(&dump, cache, NULL, &none);
    cache_dump_close(&dump); /* in the middle */
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&loop), 0);
    dns_cache_free(cache);
    log_close();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_entries),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_leases),
        cmocka_unit_test(test_whole),
    };
    setenv("TZ", "UTC", 1);
    tzset();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "daemon/lease_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "dhcp6/dhcp6_server.h"

static char folder[] = "/tmp/lease_store_test.XXXXXX";
static char path[64];
static char logged[4096];

static const char all[] = "4000000000 02:00:00:00:00:c0 192.168.50.132 cli1 *\n"
                          "agent-info 192.168.50.132 01:02:aa:bb\n"
                          "what is this\n"
                          "duid 00:01:00:01:32:95\n"
                          "4000000001 77 fd00:50::18f foo 00:03:00:01:02:00:00:00:00:c0\n"
                          "4000000002 P78 2001:db8:f000::/60 * 00:03:00:01:02:00:00:00:00:c0\n";

struct heard {
    unsigned lines, last_kind;
    wall_s expires;
    uint64_t ticket;
    enum status answer;
};

static enum status load(void *context, const struct lease_line *line, struct instant now)
{
    struct heard *heard = context;
    (void)now;
    heard->lines++;
    heard->expires = line->expires;
    heard->last_kind = line->lease_kind;
    return heard->answer;
}

static void committed(void *context, uint64_t ticket, enum status status)
{
    struct heard *heard = context;
    heard->ticket = status == STATUS_OK ? ticket : 0;
}

struct world {
    uv_loop_t loop;
    struct config config;
    struct startup startup;
    struct lease_store store;
    struct heard ip4, ip6;
    struct siphash_key key;
};

static void open_store(struct world *world, bool serves4, bool serves6)
{
    lease_store_open(&world->store, &world->startup, &world->loop, &world->config, &world->key,
                     serves4, serves6);
    world->store.user4 = (struct lease_store_user){ load, committed, &world->ip4 };
    world->store.user6 = (struct lease_store_user){ load, committed, &world->ip6 };
}

static void close_store(struct world *world)
{
    lease_store_close(&world->store);
    uv_run(&world->loop, UV_RUN_DEFAULT);
    lease_store_free(&world->store);
}

static int set_up(void **test)
{
    static struct world world;
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    world = (struct world){ .key = { 1, 2 }, .startup = { .program = "linnet" } };
    *test = &world;
    strcpy(folder + sizeof folder - 7, "XXXXXX");
    if (mkdtemp(folder) == NULL || uv_loop_init(&world.loop) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/leases", folder);
    world.config.dhcp.lease_file = path;
    world.config.dhcp.leases_max = 10;
    return log_open(&log) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **test)
{
    struct world *world = *test;
    unlink(path);
    log_close();
    return rmdir(folder) == 0 ? uv_loop_close(&world->loop) : -1;
}

static const struct instant now = { .mono = 1, .wall = 1800000000 };

/* leasefile-ro: no file, but what the script said goes the same way. */
static void test_to_whom(void **test)
{
    struct world *world = *test;
    world->config.script.lease_file_ro = true;
    open_store(world, true, true);
    assert_null(world->store.backend);
    world->store.init_lines = (struct text){ strdup(all), sizeof all - 1 };
    world->ip6.answer = STATUS_FULL;
    lease_store_load(&world->store, &world->startup, now);
    assert_int_equal(world->ip4.lines, 2); /* what the relay said is a line too */
    assert_int_equal(world->ip6.lines, 2);
    assert_int_equal(world->ip6.last_kind, LEASE_IP6_PD);
    assert_int_equal(world->store.duid_count, 6);
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "ignoring line 3"));
    assert_non_null(strstr(logged, "more leases in the file than dhcp-lease-max allows"));
    close_store(world);
}

/* A family that is not served has nobody to take its lines, and they do no harm. */
static void test_to_nobody(void **test)
{
    struct world *world = *test;
    world->config.script.lease_file_ro = true;
    open_store(world, true, false);
    world->store.user6 = (struct lease_store_user){ .load = NULL };
    world->store.init_lines = (struct text){ strdup(all), sizeof all - 1 };
    lease_store_load(&world->store, &world->startup, now);
    assert_int_equal(world->ip4.lines, 2);
    close_store(world);
}

static void commit(struct world *world, const char *address, enum lease_kind kind, uint64_t ticket)
{
    static const uint8_t id[] = { 0, 3, 0, 1, 9 };
    struct hardware hardware = { .type = 1, .count = 6 };
    struct bytes client = bytes_of(id, sizeof id);
    struct address where;
    struct lease *lease;
    assert_int_equal(address_from_text(text_of(address), &where), STATUS_OK);
    enum status status =
        kind == LEASE_IP4
            ? lease_table_add(world->store.leases4, &where, kind, &hardware, client, &lease)
            : lease_table_add6(world->store.leases6, &where, 0, kind, client, 7, &lease);
    assert_int_equal(status, STATUS_OK);
    lease_table_set_expiry(kind == LEASE_IP4 ? world->store.leases4 : world->store.leases6, lease,
                           now, 3600);
    struct lease_change change = { .kind = LEASE_CHANGE_PUT, .lease = lease, .ticket = ticket };
    assert_int_equal(world->store.backend->class_->commit(world->store.backend, &change),
                     STATUS_OK);
}

/* One file, and each family hears of its own. */
static void test_one_file(void **test)
{
    struct world *world = *test;
    static const uint8_t duid[] = { 0, 4, 1, 2, 3 };
    alarm(20);
    open_store(world, true, true);
    lease_store_load(&world->store, &world->startup, now);
    assert_int_equal(world->store.duid_count, 0);
    lease_store_set_duid(&world->store, bytes_of(duid, sizeof duid));
    commit(world, "192.168.50.9", LEASE_IP4, 5);
    commit(world, "fd00::9", LEASE_IP6_NA, DHCP6_TICKET | 6);
    while (world->ip4.ticket == 0 || world->ip6.ticket == 0) /* alarm() ends it */
        uv_run(&world->loop, UV_RUN_ONCE);
    close_store(world);
    assert_int_equal(world->ip4.ticket, 5);
    assert_true(world->ip6.ticket == (DHCP6_TICKET | 6));

    open_store(world, true, true);
    lease_store_load(&world->store, &world->startup, now);
    assert_int_equal(world->ip4.lines, 1);
    assert_int_equal(world->ip6.lines, 1);
    assert_int_equal(world->ip6.last_kind, LEASE_IP6_NA);
    assert_true(bytes_equal(bytes_of(world->store.duid, world->store.duid_count),
                            bytes_of(duid, sizeof duid)));
    close_store(world);
}

/* A board that starts in 1970: its clients keep what they have, for a whole lease time, not until
 * 2096. */
static void test_a_clock_not_set(void **test)
{
    struct world *world = *test;
    struct dhcp_range range = { .lease_s = 7200 };
    world->config.dhcp.ranges = &range;
    world->config.dhcp.range_count = 1;
    world->config.script.lease_file_ro = true;
    static const char line[] = "4000000000 02:00:00:00:00:c0 192.168.50.132 cli1 *\n";
    open_store(world, true, false);
    world->store.init_lines = (struct text){ strdup(line), sizeof line - 1 };
    lease_store_load(&world->store, &world->startup, (struct instant){ 1, 100 });
    assert_int_equal(world->ip4.lines, 1);
    assert_int_equal(world->ip4.expires, 7300);
    close_store(world);
    world->config.dhcp.range_count = 0;
}

static void expect_file(const char *expected)
{
    char text[1024] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    (void)!fread(text, 1, sizeof text - 1, file);
    fclose(file);
    assert_string_equal(text, expected);
}

/* What there is no room for is told once. Its line stays, unless it was over before. */
static void test_no_room(void **test)
{
    static const char lines[] = "1700000000 02:00:00:00:00:01 192.168.50.1 over *\n"
                                "1900000000 02:00:00:00:00:02 192.168.50.2 runs *\n"
                                "1700000001 02:00:00:00:00:03 192.168.50.3 over *\n";
    struct world *world = *test;
    FILE *file = fopen(path, "w");
    alarm(20);
    assert_non_null(file);
    fputs(lines, file);
    fclose(file);
    open_store(world, true, true);
    world->ip4.answer = STATUS_FULL;
    lease_store_load(&world->store, &world->startup, now);
    log_take_memory(logged, sizeof logged);
    const char *told = strstr(logged, "more leases in the file than dhcp-lease-max allows: 3");
    assert_non_null(told);
    assert_null(strstr(told + 1, "more leases"));
    commit(world, "192.168.50.9", LEASE_IP4, 5);
    while (world->ip4.ticket == 0) /* alarm() ends it */
        uv_run(&world->loop, UV_RUN_ONCE);
    close_store(world);
    expect_file("1800003600 00:00:00:00:00:00 192.168.50.9 * 00:03:00:01:09\n"
                "1900000000 02:00:00:00:00:02 192.168.50.2 runs *\n");
}

/* Dates of the file follow when the clock is set, forward and back. */
static void test_the_clock_is_set(void **test)
{
    struct world *world = *test;
    alarm(20);
    open_store(world, true, true);
    lease_store_load(&world->store, &world->startup, now);
    commit(world, "192.168.50.9", LEASE_IP4, 5);
    while (world->ip4.ticket == 0) /* alarm() ends it */
        uv_run(&world->loop, UV_RUN_ONCE);
    expect_file("1800003600 00:00:00:00:00:00 192.168.50.9 * 00:03:00:01:09\n");
    struct instant later = { now.mono + 1000, now.wall + 1 };
    lease_store_look_at_clock(&world->store, later);
    log_take_memory(logged, sizeof logged);
    assert_null(strstr(logged, "the clock was set"));
    later.wall += 5000;
    lease_store_look_at_clock(&world->store, later);
    later.wall -= 9000;
    lease_store_look_at_clock(&world->store, later);
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "the clock was set forward by 5000 s"));
    assert_non_null(strstr(logged, "the clock was set back by 9000 s"));
    close_store(world);
    expect_file("1799999600 00:00:00:00:00:00 192.168.50.9 * 00:03:00:01:09\n");
}

#define CLAIM(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CLAIM(test_to_whom),         CLAIM(test_to_nobody), CLAIM(test_one_file),
        CLAIM(test_a_clock_not_set), CLAIM(test_no_room),   CLAIM(test_the_clock_is_set),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

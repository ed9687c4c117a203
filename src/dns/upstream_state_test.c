#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/upstream_state.h"

#define START 1000000

struct world {
    struct dns_config config;
    struct dns_server servers[40];
    uint16_t members[40];
    struct dns_group groups[2];
    struct dns_view view;
    struct upstream_state state;
};

/* `count` servers in group 0; group 1 has the last of them. */
static void set_up(struct world *world, uint16_t count)
{
    *world = (struct world){ .groups = { { 0, count }, { (uint16_t)(count - 1), 1 } } };
    for (uint16_t i = 0; i < count; i++) {
        world->servers[i].endpoint =
            (struct endpoint){ address_ip4(198, 51, 100, (uint8_t)(i + 1)), 53, 0 };
        world->members[i] = i;
    }
    world->view = (struct dns_view){ .config = &world->config,
                                     .servers = world->servers,
                                     .server_count = count,
                                     .member_servers = world->members,
                                     .groups = world->groups,
                                     .group_count = 2,
                                     .generation = 1 };
    assert_int_equal(upstream_state_init(&world->state), STATUS_OK);
    assert_false(upstream_state_map(&world->state, &world->view));
}

/* How many are asked; *first is the first of them. */
static unsigned choose(struct world *world, mono_ms now, uint16_t *first)
{
    struct upstream_plan plan;
    upstream_state_choose(&world->state, &world->view, 0, now, &plan);
    *first = plan.count > 0 ? plan.servers[0] : UPSTREAM_NONE;
    return plan.count;
}

static void test_preferred(void **state)
{
    struct world world;
    uint16_t first;
    (void)state;

    set_up(&world, 3);
    assert_int_equal(choose(&world, START, &first), 3);
    assert_int_equal(choose(&world, START, &first), 3); /* nobody has answered yet */
    upstream_state_answered(&world.state, 0, 2, 10, false);
    for (unsigned i = 0; i < UPSTREAM_PROBE_QUERIES; i++) {
        assert_int_equal(choose(&world, START + 1, &first), 1);
        assert_int_equal(first, 2);
    }
    assert_int_equal(choose(&world, START + 1, &first), 3); /* and then all again */
    upstream_state_answered(&world.state, 0, 1, 10, false);
    assert_int_equal(choose(&world, START + UPSTREAM_PROBE_MS, &first), 1);
    assert_int_equal(first, 1);
    assert_int_equal(choose(&world, START + 1 + UPSTREAM_PROBE_MS, &first), 3);

    upstream_state_failed(&world.state, 0, 0); /* not the preferred one */
    assert_int_equal(choose(&world, START + 2 + UPSTREAM_PROBE_MS, &first), 1);
    upstream_state_failed(&world.state, 0, 1);
    assert_int_equal(choose(&world, START + 3 + UPSTREAM_PROBE_MS, &first), 3);
    upstream_state_answered(&world.state, 0, 1, 10, false);
    upstream_state_silent(&world.state, 0);
    assert_int_equal(choose(&world, START + 4 + UPSTREAM_PROBE_MS, &first), 3);
    upstream_state_free(&world.state);
}

static void test_modes_and_bounds(void **state)
{
    struct world world;
    uint16_t first;
    (void)state;

    set_up(&world, 3);
    world.config.all_servers = true;
    upstream_state_answered(&world.state, 0, 2, 10, false);
    assert_int_equal(choose(&world, START, &first), 3);
    world.config.strict_order = true;
    assert_int_equal(choose(&world, START, &first), 1);
    assert_int_equal(first, 0);
    world.groups[0].count = 0;
    assert_int_equal(choose(&world, START, &first), 0);
    upstream_state_free(&world.state);

    set_up(&world, 40);
    assert_int_equal(choose(&world, START, &first), UPSTREAM_FANOUT_MAX);
    upstream_state_free(&world.state);
}

static mono_ms patience(struct world *world, uint16_t server, bool alone)
{
    return upstream_state_patience(&world->state, &world->config, server, alone);
}

static void test_patience(void **state)
{
    struct world world;
    (void)state;

    set_up(&world, 3);
    mono_ms unknown = patience(&world, 0, false);
    for (unsigned i = 0; i < 10; i++) {
        upstream_state_answered(&world.state, 0, 0, 2, false);
        upstream_state_answered(&world.state, 0, 1, i % 2 == 0 ? 20 : 120, false);
        upstream_state_answered(&world.state, 0, 2, 5000, false);
    }
    mono_ms quick = patience(&world, 0, false);
    mono_ms uneven = patience(&world, 1, false);
    mono_ms slow = patience(&world, 2, false);
    assert_in_range(quick, 10, 20); /* a dead server must not cost a query more */
    assert_true(quick < uneven && uneven > 120 && uneven < unknown);
    assert_int_equal(slow, 1000);
    assert_in_range(patience(&world, 0, true), 200, 300); /* asking the same one again is no help */

    world.config.strict_order = true;
    assert_int_equal(patience(&world, 0, false), 1000);
    for (unsigned i = 0; i < 3; i++)
        upstream_state_unanswered(&world.state, 0);
    assert_true(patience(&world, 0, false) <= 20); /* still first, but not waited for */
    upstream_state_heard(&world.state, 0);
    assert_int_equal(patience(&world, 0, false), 1000);
    upstream_state_free(&world.state);
}

/* One proof settles it, or several answers in a row without; one kept in between does not. */
static void test_case(void **state)
{
    struct world world;
    (void)state;

    set_up(&world, 2);
    assert_false(upstream_state_case_changed(&world.state, 0, false));
    assert_false(upstream_state_case_changed(&world.state, 0, false));
    upstream_state_case_kept(&world.state, 0);
    assert_false(upstream_state_case_changed(&world.state, 0, false));
    assert_false(upstream_state_case_changed(&world.state, 0, false));
    assert_true(upstream_state_case_changed(&world.state, 0, false));
    assert_false(upstream_state_case_changed(&world.state, 0, true)); /* known */
    assert_true(upstream_state_case_changed(&world.state, 1, true));
    upstream_state_free(&world.state);
}

static void test_latency_is_smoothed(void **state)
{
    struct world world;
    (void)state;

    set_up(&world, 1);
    upstream_state_answered(&world.state, 0, 0, 80, false);
    assert_int_equal(world.state.servers[0].counters.latency_ms, 80);
    upstream_state_answered(&world.state, 0, 0, 160, true);
    assert_int_equal(world.state.servers[0].counters.latency_ms, 90);
    assert_int_equal(world.state.servers[0].counters.nxdomain, 1);
    upstream_state_sent(&world.state, 0, false);
    upstream_state_sent(&world.state, 0, true);
    assert_int_equal(world.state.servers[0].counters.sent, 2);
    assert_int_equal(world.state.servers[0].counters.retried, 1);
    upstream_state_free(&world.state);
}

/* Another list: what is known goes with the address, what groups preferred is forgotten. */
static void test_map(void **state)
{
    struct world world;
    uint16_t first;
    (void)state;

    set_up(&world, 3);
    upstream_state_sent(&world.state, 2, false);
    upstream_state_answered(&world.state, 0, 2, 10, false);
    assert_false(upstream_state_map(&world.state, &world.view));

    struct dns_server moved = world.servers[2];
    world.servers[2] = world.servers[0];
    world.servers[0] = moved;
    world.servers[1].endpoint.port = 5353;
    world.view.generation = 2;
    assert_true(upstream_state_map(&world.state, &world.view));
    assert_int_equal(world.state.servers[0].counters.sent, 1);
    assert_int_equal(world.state.servers[1].counters.sent, 0);
    assert_int_equal(world.state.servers[2].counters.sent, 0);
    assert_int_equal(choose(&world, START, &first), 3);
    upstream_state_free(&world.state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preferred), cmocka_unit_test(test_modes_and_bounds),
        cmocka_unit_test(test_patience),  cmocka_unit_test(test_latency_is_smoothed),
        cmocka_unit_test(test_map),       cmocka_unit_test(test_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

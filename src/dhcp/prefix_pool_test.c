#include "dhcp/prefix_pool.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lease_table *leases;
static uint32_t iaid;

static int set_up(void **state)
{
    static const struct siphash_key key = { 1, 2 };
    (void)state;
    return lease_table_create(&key, 100, &leases) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lease_table_free(leases);
    return 0;
}

static struct prefix prefix_of(const char *text)
{
    struct prefix prefix;
    assert_int_equal(prefix_from_text(text_of(text), &prefix), STATUS_OK);
    return prefix;
}

static struct dhcp_range6 pool_of(const char *text, uint8_t length)
{
    struct prefix prefix = prefix_of(text);
    return (struct dhcp_range6){ .first = prefix.address,
                                 .prefix_length = prefix.length,
                                 .delegated_length = length,
                                 .modes = DHCP_RANGE6_DELEGATE };
}

static void lease(const char *text)
{
    struct prefix prefix = prefix_of(text);
    struct lease *added;
    assert_int_equal(lease_table_add6(leases, &prefix.address, prefix.length, LEASE_IP6_PD,
                                      bytes_of("\1", 1), iaid++, &added),
                     STATUS_OK);
}

static const struct {
    const char *name, *pool;
    uint8_t length;
    uint64_t place;
    const char *prefix;
} places[] = {
    { "the first", "2001:db8:f000::/52", 60, 0, "2001:db8:f000::/60" },
    { "the last", "2001:db8:f000::/52", 60, 255, "2001:db8:f000:ff0::/60" },
    { "round the end", "2001:db8:f000::/52", 60, 256, "2001:db8:f000::/60" },
    { "of 2^32", "2001:db8::/32", 64, 0x12345678, "2001:db8:1234:5678::/64" },
    { "an odd length", "2001:db8::/48", 57, 3, "2001:db8:0:180::/57" },
    { "over a byte", "2001:db8::/48", 63, 0x7f81, "2001:db8:0:ff02::/63" },
    { "addresses", "2001:db8::/120", 128, 0x7f, "2001:db8::7f/128" },
    { "of 2^64", "2001:db8::/32", 96, 0x8000000000000001, "2001:db8:8000:0:0:1::/96" },
    { "of 2^96", "2001:db8::/32", 128, 0x8000000000000001, "2001:db8::8000:0:0:1/128" },
    { "of one", "2001:db8:1::/48", 48, 99, "2001:db8:1::/48" },
};

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct dhcp_range6 pool = pool_of(places[i].pool, places[i].length);
        struct prefix wanted = prefix_of(places[i].prefix), found;
        assert_true(prefix_pool_next(&pool, leases, places[i].place, NULL, NULL, &found));
        if (!prefix_equal(&found, &wanted)) {
            char text[64];
            struct text_out out = text_out_on(text, sizeof(text));
            text_put_prefix(&out, &found);
            fail_msg("%s: %s, not %s", places[i].name, text, places[i].prefix);
        }
        if (!prefix_pool_holds(&pool, &found))
            fail_msg("%s: not held", places[i].name);
    }
}

static void test_counts(void **state)
{
    (void)state;
    struct dhcp_range6 pool = pool_of("2001:db8:f000::/52", 60);
    assert_int_equal(prefix_pool_count(&pool), 256);
    pool = pool_of("2001:db8::/32", 96);
    assert_true(prefix_pool_count(&pool) == UINT64_MAX);
    pool = pool_of("2001:db8:f000::/52", 60);
    struct prefix other = prefix_of("2001:db8:f000::/56");
    assert_false(prefix_pool_holds(&pool, &other));
    other = prefix_of("2001:db8:e000::/60");
    assert_false(prefix_pool_holds(&pool, &other));
}

/* What has a lease, or overlaps with one of another length, is passed over. */
static void test_taken(void **state)
{
    (void)state;
    struct dhcp_range6 pool = pool_of("2001:db8::/56", 60);
    struct prefix found;
    lease("2001:db8::/60");
    assert_true(prefix_pool_next(&pool, leases, 0, NULL, NULL, &found));
    struct prefix wanted = prefix_of("2001:db8:0:10::/60");
    assert_true(prefix_equal(&found, &wanted));
    lease("2001:db8:0:1f::/64"); /* inside ::10 */
    lease("2001:db8:0:20::/59"); /* around ::20 and ::30 */
    lease("2001:db8:0:4f:8000::/80");
    wanted = prefix_of("2001:db8:0:50::/60");
    assert_true(prefix_pool_next(&pool, leases, 0, NULL, NULL, &found));
    assert_true(prefix_equal(&found, &wanted));
}

static bool all(void *context, const struct prefix *prefix)
{
    (void)prefix;
    ++*(unsigned *)context;
    return true;
}

static void test_full(void **state)
{
    (void)state;
    struct dhcp_range6 pool = pool_of("2001:db8::/62", 64);
    struct prefix found;
    unsigned asked = 0;
    lease("2001:db8:0:1::/64");
    assert_false(prefix_pool_next(&pool, leases, 2, all, &asked, &found));
    assert_int_equal(asked, 3);
    pool = pool_of("2001:db8::/32", 64);
    asked = 0;
    assert_false(prefix_pool_next(&pool, leases, UINT32_MAX, all, &asked, &found));
    assert_in_range(asked, PREFIX_POOL_TRIES - 1, PREFIX_POOL_TRIES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_places, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_counts, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

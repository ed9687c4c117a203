#include "dhcp/address_pick6.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct address ip6(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

static const uint8_t ll[] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 0xc0 };
static const uint8_t en[] = { 0, 2, 0, 0, 0x0b, 0x79, 1, 2, 3, 4, 5, 6 };

/* As dnsmasq 2.90 gave them. */
static const struct {
    const char *name, *first, *last;
    const uint8_t *duid;
    size_t count;
    uint32_t iaid;
    const char *address;
} places[] = {
    { "256", "fd00:50::100", "fd00:50::1ff", ll, sizeof(ll), 77, "fd00:50::18f" },
    { "100", "fd00:50::1:0", "fd00:50::1:63", ll, sizeof(ll), 77, "fd00:50::1:3" },
    { "100 again", "fd00:50::1:0", "fd00:50::1:63", ll, sizeof(ll), 1, "fd00:50::1:1f" },
    { "another kind", "fd00:50::1:0", "fd00:50::1:63", en, sizeof(en), 5, "fd00:50::1:3c" },
    { "nearly 2^48", "fd00:50::1:0:0:0", "fd00:50::1:ffff:ffff:fffe", ll, sizeof(ll), 77,
      "fd00:50::1:241c:57c7:5337" },
    { "2^64", "fd00:50::", "fd00:50::ffff:ffff:ffff:ffff", ll, sizeof(ll), 77,
      "fd00:50::97a8:241c:57c6:bb8f" },
    { "over two words", "fd00:50::1:0", "fd00:50::3:5", en, sizeof(en), 5, "fd00:50::2:d82e" },
};

static bool nothing(void *context, const struct address *address)
{
    (void)context;
    (void)address;
    return false;
}

static void test_places(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct address first = ip6(places[i].first), last = ip6(places[i].last), found;
        char text[ADDRESS_TEXT_MAX];
        uint64_t place =
            address_pick6_place(bytes_of(places[i].duid, places[i].count), places[i].iaid);
        assert_true(address_pick6_next(&first, &last, place, nothing, NULL, &found));
        if (!text_equal(text_of(address_text(&found, text)), text_of(places[i].address)))
            fail_msg("%s: %s, not %s", places[i].name, text, places[i].address);
    }
}

struct taken {
    struct address first;
    uint64_t bits;
    unsigned asked;
};

static bool is_taken(void *context, const struct address *address)
{
    struct taken *taken = context;
    taken->asked++;
    uint64_t offset = address_distance(&taken->first, address);
    return offset > 63 || (taken->bits >> offset & 1) != 0;
}

/* The range ::10 to ::13. */
static const struct {
    const char *name;
    uint64_t taken, place;
    int offset; /* -1: none */
} searches[] = {
    { "free", 0x0, 2, 2 },
    { "the next", 0x4, 2, 3 },
    { "round the end", 0xc, 2, 0 },
    { "the one before", 0xd, 2, 1 },
    { "full", 0xf, 2, -1 },
    { "the lowest", 0x3, 0, 2 },
    { "modulo", 0x0, 4000000003, 3 },
};

static void test_searches(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(searches); i++) {
        struct address first = ip6("fd00::10"), last = ip6("fd00::13"), found;
        struct taken taken = { first, searches[i].taken, 0 };
        bool any = address_pick6_next(&first, &last, searches[i].place, is_taken, &taken, &found);
        int offset = any ? (int)address_distance(&first, &found) : -1;
        if (offset != searches[i].offset)
            fail_msg("%s: %d, not %d", searches[i].name, offset, searches[i].offset);
    }
}

/* More than 2^64 addresses, all taken: the search ends. */
static void test_bounds(void **state)
{
    (void)state;
    struct address first = ip6("fd00::"), last = ip6("fd00:ffff::"), found;
    struct taken taken = { first, UINT64_MAX, 0 };
    assert_false(address_pick6_next(&first, &last, UINT64_MAX, is_taken, &taken, &found));
    assert_int_equal(taken.asked, ADDRESS_PICK6_TRIES);
    taken.asked = 0;
    assert_false(address_pick6_next(&first, &first, 7, is_taken, &taken, &found));
    assert_int_equal(taken.asked, 1);
}

#define ROW_CLIENTS 100000
struct leased {
    struct address first;
    uint8_t bits[4 * 65536 / 8];
    size_t asked;
};

static bool is_leased(void *context, const struct address *address)
{
    struct leased *leased = context;
    uint64_t offset = address_distance(&leased->first, address);
    leased->asked++;
    return (leased->bits[offset / 8] >> offset % 8 & 1) != 0;
}

/* DUIDs in a row, as one maker's cards have them, do not make the search long. */
static void test_clients_in_a_row(void **state)
{
    (void)state;
    static struct leased leased;
    struct address first = ip6("fd00::1:0"), last = ip6("fd00::4:ffff"), found;
    leased = (struct leased){ .first = first };
    for (unsigned i = 0; i < ROW_CLIENTS; i++) {
        const uint8_t duid[] = { 0,         3, 0, 1, 2, 0, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8),
                                 (uint8_t)i };
        uint64_t place = address_pick6_place(bytes_of(duid, sizeof(duid)), 1);
        assert_true(address_pick6_next(&first, &last, place, is_leased, &leased, &found));
        uint64_t offset = address_distance(&first, &found);
        leased.bits[offset / 8] |= (uint8_t)(1u << offset % 8);
    }
    assert_true(leased.asked < 25 * ROW_CLIENTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_clients_in_a_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

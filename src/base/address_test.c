#include "base/address.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>

#include <cmocka.h>

/* An address that the test itself wrote down, so it must read. */
static struct address given(const char *text)
{
    struct address address;
    if (address_from_text(text_of(text), &address) != STATUS_OK)
        fail_msg("%s is no address", text);
    return address;
}

static struct prefix given_prefix(const char *text)
{
    struct prefix prefix;
    if (prefix_from_text(text_of(text), &prefix) != STATUS_OK)
        fail_msg("%s is no prefix", text);
    return prefix;
}

static void test_reads_and_prints_addresses(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        const char *printed; /* NULL: malformed */
    } rows[] = {
        { "192.0.2.1", "192.0.2.1" },
        { "0.0.0.0", "0.0.0.0" },
        { "255.255.255.255", "255.255.255.255" },
        { "::", "::" },
        { "::1", "::1" },
        { "1::", "1::" },
        { "2001:DB8::0001", "2001:db8::1" },
        /* RFC 5952 section 4: no leading zeros, the longest run, the first of two, no run of one.
         */
        { "2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1" },
        { "2001:0:0:1:0:0:0:1", "2001:0:0:1::1" },
        { "2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1" },
        { "0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7" },
        { "1:2:3:4:5:6:0:0", "1:2:3:4:5:6::" },
        { "0:0:2:3:4:5:6:7", "::2:3:4:5:6:7" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff" },
        { "::ffff:192.0.2.1", "::ffff:192.0.2.1" },
        { "::ffff:c000:201", "::ffff:192.0.2.1" },
        { "64:ff9b::192.0.2.33", "64:ff9b::c000:221" },
        { "", NULL },
        { "192.0.2", NULL },
        { "192.0.2.256", NULL },
        { "192.0.2.1 ", NULL },
        { " 192.0.2.1", NULL },
        { "192.0.2.01", NULL },
        { "192.0.2.1.1", NULL },
        { "[::1]", NULL },
        { "fe80::1%eth0", NULL },
        { "1::2::3", NULL },
        { "12345::", NULL },
        { ":", NULL },
        { "1:2:3:4:5:6:7:8:9", NULL },
        { "0000000000000000000000000000000000000000000000000000000::", NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = { .family = 77 };
        char buffer[ADDRESS_TEXT_MAX];
        enum status status = address_from_text(text_of(rows[i].text), &address);
        if (status != (rows[i].printed != NULL ? STATUS_OK : STATUS_MALFORMED))
            fail_msg("\"%s\": %s", rows[i].text, status_text(status));
        if (status != STATUS_OK && address.family != 77)
            fail_msg("\"%s\": written although it failed", rows[i].text);
        if (status == STATUS_OK && strcmp(address_text(&address, buffer), rows[i].printed) != 0)
            fail_msg("\"%s\": %s", rows[i].text, buffer);
    }
    struct address address;
    assert_int_equal(address_from_text((struct text){ "192.0.2.1\0", 10 }, &address),
                     STATUS_MALFORMED);
}

static void test_bytes_and_back(void **test)
{
    (void)test;
    struct address ip4 = address_ip4(192, 0, 2, 1);
    struct address ip6 = given("2001:db8::1");
    struct address none = { 0 };
    struct address again;

    assert_int_equal(address_from_bytes(address_bytes(&ip4), &again), STATUS_OK);
    assert_true(address_equal(&ip4, &again));
    assert_int_equal(address_from_bytes(address_bytes(&ip6), &again), STATUS_OK);
    assert_true(address_equal(&ip6, &again));
    again = address_ip6(ip6.bytes);
    assert_true(address_equal(&ip6, &again));
    assert_int_equal(address_from_bytes(bytes_of("12345", 5), &again), STATUS_MALFORMED);
    assert_int_equal(address_from_bytes(BYTES_NONE, &again), STATUS_MALFORMED);
    assert_int_equal(address_bytes(&none).count, 0);
    assert_true(address_is_none(&none));
    assert_int_equal(address_ip4_to_u32(ip4), 0xc0000201);
    again = address_ip4_from_u32(0xc0000201);
    assert_true(address_equal(&ip4, &again));
    assert_int_equal(address_size(ADDRESS_IP6), 16);
}

static void test_kinds(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        bool any;
        bool loopback;
        bool link_local;
        bool multicast;
    } rows[] = {
        { "0.0.0.0", true, false, false, false },
        { "::", true, false, false, false },
        { "127.0.0.1", false, true, false, false },
        { "127.255.255.255", false, true, false, false },
        { "128.0.0.1", false, false, false, false },
        { "::1", false, true, false, false },
        { "::2", false, false, false, false },
        { "1::1", false, false, false, false },
        { "169.254.0.1", false, false, true, false },
        { "169.253.0.1", false, false, false, false },
        { "fe80::1", false, false, true, false },
        { "febf::1", false, false, true, false },
        { "fec0::1", false, false, false, false },
        { "223.255.255.255", false, false, false, false },
        { "224.0.0.1", false, false, false, true },
        { "239.0.0.1", false, false, false, true },
        { "240.0.0.1", false, false, false, false },
        { "ff02::1", false, false, false, true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = given(rows[i].text);
        if (address_is_any(&address) != rows[i].any
            || address_is_loopback(&address) != rows[i].loopback
            || address_is_link_local(&address) != rows[i].link_local
            || address_is_multicast(&address) != rows[i].multicast)
            fail_msg("%s", rows[i].text);
    }
    struct address none = { 0 };
    assert_false(address_is_any(&none) || address_is_loopback(&none)
                 || address_is_multicast(&none));
}

static void test_adding_and_distance(void **test)
{
    (void)test;
    static const struct {
        const char *from;
        uint64_t offset;
        const char *to;
        bool wraps;
    } rows[] = {
        { "192.0.2.1", 0, "192.0.2.1", false },
        { "192.0.2.255", 1, "192.0.3.0", false },
        { "0.0.0.0", 0xffffffff, "255.255.255.255", false },
        { "255.255.255.255", 1, "0.0.0.0", true },
        { "10.0.0.1", 0x100000002, "10.0.0.3", true },
        { "2001:db8::ff", 1, "2001:db8::100", false },
        { "2001:db8::ffff:ffff:ffff:ffff", 1, "2001:db8:0:1::", false },
        { "2001:db8::1", UINT64_MAX - 1, "2001:db8::ffff:ffff:ffff:ffff", false },
        { "::ffff:ffff:ffff:ffff", UINT64_MAX - 1, "::1:ffff:ffff:ffff:fffd", false },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 2, "::1", true },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address from = given(rows[i].from);
        struct address to = given(rows[i].to);
        struct address sum = address_add(from, rows[i].offset);
        if (!address_equal(&sum, &to))
            fail_msg("%s + %llu", rows[i].from, (unsigned long long)rows[i].offset);
        if (!rows[i].wraps && address_distance(&from, &to) != rows[i].offset)
            fail_msg("%s to %s", rows[i].from, rows[i].to);
    }
    struct address low = given("::");
    struct address high = given("0:0:0:1::");
    struct address next = address_next(low);
    assert_true(address_distance(&low, &high) == UINT64_MAX);
    assert_int_equal(next.bytes[15], 1);

    struct address ip4 = given("255.0.0.0");
    assert_true(address_compare(&ip4, &low) < 0);
    assert_true(address_compare(&high, &low) > 0);
    assert_int_equal(address_compare(&low, &low), 0);
}

static void test_prefixes(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        enum status status;
        const char *printed;
    } rows[] = {
        { "192.0.2.77/24", STATUS_OK, "192.0.2.0/24" },
        { "192.0.2.77/26", STATUS_OK, "192.0.2.64/26" },
        { "192.0.2.77", STATUS_OK, "192.0.2.77/32" },
        { "192.0.2.77/0", STATUS_OK, "0.0.0.0/0" },
        { "2001:db8:ffff::1/33", STATUS_OK, "2001:db8:8000::/33" },
        { "2001:db8::1", STATUS_OK, "2001:db8::1/128" },
        { "192.0.2.0/33", STATUS_RANGE, NULL },
        { "2001:db8::/129", STATUS_RANGE, NULL },
        { "192.0.2.0/99999999999", STATUS_RANGE, NULL },
        { "192.0.2.0/", STATUS_MALFORMED, NULL },
        { "192.0.2.0/x", STATUS_MALFORMED, NULL },
        { "/24", STATUS_MALFORMED, NULL },
        { "192.0.2.0/24/24", STATUS_MALFORMED, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct prefix prefix;
        char buffer[ADDRESS_TEXT_MAX + 4];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        enum status status = prefix_from_text(text_of(rows[i].text), &prefix);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].text, status_text(status));
        if (status != STATUS_OK)
            continue;
        text_put_prefix(&out, &prefix);
        if (strcmp(buffer, rows[i].printed) != 0)
            fail_msg("%s: %s", rows[i].text, buffer);
    }
}

static void test_prefix_contains(void **test)
{
    (void)test;
    static const struct {
        const char *prefix;
        const char *address;
        bool contains;
    } rows[] = {
        { "192.0.2.0/24", "192.0.2.255", true },
        { "192.0.2.0/24", "192.0.3.0", false },
        { "192.0.2.64/26", "192.0.2.64", true },
        { "192.0.2.64/26", "192.0.2.127", true },
        { "192.0.2.64/26", "192.0.2.128", false },
        { "192.0.2.64/26", "192.0.2.63", false },
        { "0.0.0.0/0", "255.1.2.3", true },
        { "0.0.0.0/0", "::", false },
        { "192.0.2.1/32", "192.0.2.1", true },
        { "192.0.2.1/32", "192.0.2.0", false },
        { "::/0", "2001:db8::", true },
        { "2001:db8::/127", "2001:db8::1", true },
        { "2001:db8::/127", "2001:db8::2", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct prefix prefix = given_prefix(rows[i].prefix);
        struct address address = given(rows[i].address);
        if (prefix_contains(&prefix, &address) != rows[i].contains)
            fail_msg("%s, %s", rows[i].prefix, rows[i].address);
    }
    struct prefix a = given_prefix("10.0.0.0/8");
    struct prefix b = given_prefix("10.0.0.0/9");
    assert_true(prefix_equal(&a, &a));
    assert_false(prefix_equal(&a, &b));
}

static void test_masks(void **test)
{
    (void)test;
    for (unsigned length = 0; length <= 32; length++) {
        struct address mask = netmask_from_length(length);
        unsigned again = 77;
        if (netmask_to_length(&mask, &again) != STATUS_OK || again != length)
            fail_msg("length %u: %u", length, again);
    }
    struct address mask = netmask_from_length(26);
    struct address expected = given("255.255.255.192");
    assert_true(address_equal(&mask, &expected));

    static const char *const bad[] = { "255.0.255.0", "0.255.255.255", "255.255.255.1", "::" };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        unsigned length;
        struct address address = given(bad[i]);
        if (netmask_to_length(&address, &length) != STATUS_MALFORMED)
            fail_msg("%s", bad[i]);
    }
}

static void test_ranges(void **test)
{
    (void)test;
    struct address_range range = { given("10.0.0.10"), given("10.0.1.9") };
    static const struct {
        const char *address;
        bool contains;
    } rows[] = {
        { "10.0.0.9", false }, { "10.0.0.10", true },  { "10.0.0.255", true },
        { "10.0.1.9", true },  { "10.0.1.10", false }, { "a00:10::", false },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct address address = given(rows[i].address);
        if (range_contains(&range, &address) != rows[i].contains)
            fail_msg("%s", rows[i].address);
    }
    assert_int_equal(range_count(&range), 256);
    struct address_range one = { given("::1"), given("::1") };
    assert_int_equal(range_count(&one), 1);
    struct address_range all = { given("::"), given("::ffff:ffff:ffff:ffff") };
    assert_true(range_count(&all) == UINT64_MAX);
    struct address_range all4 = { given("0.0.0.0"), given("255.255.255.255") };
    assert_true(range_count(&all4) == 0x100000000);
}

static void test_endpoints(void **test)
{
    (void)test;
    static const struct {
        const char *address;
        uint16_t port;
        uint32_t scope;
        const char *printed;
    } rows[] = {
        { "192.0.2.1", 53, 0, "192.0.2.1#53" },
        { "fe80::1", 53, 2, "fe80::1%2#53" },
        { "ff02::1:2", 547, 4294967295, "ff02::1:2%4294967295#547" },
        { "2001:db8::1", 65535, 0, "2001:db8::1#65535" },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct endpoint endpoint = { given(rows[i].address), rows[i].port, rows[i].scope };
        struct endpoint again;
        struct sockaddr_storage storage;
        char buffer[ENDPOINT_TEXT_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);

        text_put_endpoint(&out, &endpoint);
        if (out.failed || strcmp(buffer, rows[i].printed) != 0)
            fail_msg("%s: %s", rows[i].printed, buffer);
        unsigned length = endpoint_to_sockaddr(&endpoint, &storage);
        if (length
            != (endpoint.address.family == ADDRESS_IP4 ? sizeof(struct sockaddr_in)
                                                       : sizeof(struct sockaddr_in6)))
            fail_msg("%s: %u bytes", rows[i].printed, length);
        if (endpoint_from_sockaddr((struct sockaddr *)&storage, &again) != STATUS_OK
            || !endpoint_equal(&endpoint, &again))
            fail_msg("%s: sockaddr and back", rows[i].printed);
    }
}

static void test_sockaddr_details(void **test)
{
    (void)test;
    struct sockaddr_storage storage;
    struct endpoint endpoint = { given("192.0.2.1"), 0x1234, 0 };

    (void)endpoint_to_sockaddr(&endpoint, &storage);
    const struct sockaddr_in *ip4 = (const struct sockaddr_in *)&storage;
    assert_int_equal(ip4->sin_family, AF_INET);
    assert_int_equal(ntohs(ip4->sin_port), 0x1234);
    assert_int_equal(ntohl(ip4->sin_addr.s_addr), 0xc0000201);

    /* The kernel may name an interface for a global address too; that must not make it another. */
    endpoint = (struct endpoint){ given("2001:db8::1"), 53, 7 };
    (void)endpoint_to_sockaddr(&endpoint, &storage);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&storage, &endpoint), STATUS_OK);
    assert_int_equal(endpoint.scope, 0);

    storage.ss_family = AF_UNIX;
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&storage, &endpoint),
                     STATUS_UNSUPPORTED);
}

static void test_hardware(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        enum status status;
        uint16_t type;
        const char *printed;
    } rows[] = {
        { "02:00:00:00:00:01", STATUS_OK, 1, "02:00:00:00:00:01" },
        { "02-00-5E-00-53-fF", STATUS_OK, 1, "02:00:5e:00:53:ff" },
        { "2:0:0:0:0:1", STATUS_OK, 1, "02:00:00:00:00:01" },
        { "06-02:00:00:00:00:01", STATUS_OK, 6, "06-02:00:00:00:00:01" },
        { "1-02:00:00:00:00:01", STATUS_OK, 1, "02:00:00:00:00:01" },
        { "20-1:2:3:4:5:6:7:8", STATUS_OK, 0x20, "20-01:02:03:04:05:06:07:08" },
        { "06-02-00", STATUS_OK, 1, "06:02:00" },
        { "ab", STATUS_OK, 1, "ab" },
        { "0:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f", STATUS_OK, 1,
          "00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f" },
        { "ffff-0:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f", STATUS_OK, 0xffff,
          "ffff-00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f" },
        { "0:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10", STATUS_RANGE, 0, NULL },
        { "0:1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:x", STATUS_MALFORMED, 0, NULL },
        { "", STATUS_MALFORMED, 0, NULL },
        { "02:", STATUS_MALFORMED, 0, NULL },
        { ":02", STATUS_MALFORMED, 0, NULL },
        { "02::01", STATUS_MALFORMED, 0, NULL },
        { "002:01", STATUS_MALFORMED, 0, NULL },
        { "06-", STATUS_MALFORMED, 0, NULL },
        { "-02:01", STATUS_MALFORMED, 0, NULL },
        { "xx-02:01", STATUS_MALFORMED, 0, NULL },
        { "10000-02:01", STATUS_MALFORMED, 0, NULL },
        { "02:01-03", STATUS_MALFORMED, 0, NULL },
        { "06-02-01:03", STATUS_MALFORMED, 0, NULL },
        { "02:*:01", STATUS_MALFORMED, 0, NULL },
        { "02 01", STATUS_MALFORMED, 0, NULL },
    };

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct hardware hardware = { .type = 77 };
        char buffer[HARDWARE_TEXT_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        enum status status = hardware_from_text(text_of(rows[i].text), &hardware);
        if (status != rows[i].status)
            fail_msg("\"%s\": %s", rows[i].text, status_text(status));
        if (status != STATUS_OK) {
            if (hardware.type != 77)
                fail_msg("\"%s\": written although it failed", rows[i].text);
            continue;
        }
        text_put_hardware(&out, &hardware);
        if (out.failed || hardware.type != rows[i].type || strcmp(buffer, rows[i].printed) != 0)
            fail_msg("\"%s\": %s", rows[i].text, buffer);
    }
    struct hardware a = { 1, 2, { 1, 2 } };
    struct hardware b = { 1, 3, { 1, 2 } };
    struct hardware c = { 6, 2, { 1, 2 } };
    assert_true(hardware_equal(&a, &a));
    assert_false(hardware_equal(&a, &b) || hardware_equal(&a, &c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_and_prints_addresses),
        cmocka_unit_test(test_bytes_and_back),
        cmocka_unit_test(test_kinds),
        cmocka_unit_test(test_adding_and_distance),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_prefix_contains),
        cmocka_unit_test(test_masks),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_sockaddr_details),
        cmocka_unit_test(test_hardware),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

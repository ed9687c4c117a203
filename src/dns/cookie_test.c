#include "dns/cookie.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static size_t from_hex(const char *hex, uint8_t *bytes)
{
    size_t count = 0;
    unsigned byte;
    for (; sscanf(hex, "%2x", &byte) == 1; hex += 2)
        bytes[count++] = (uint8_t)byte;
    return count;
}

static struct siphash_key key_of(const char *hex)
{
    uint8_t bytes[16];
    struct siphash_key key = { 0, 0 };
    assert_int_equal(from_hex(hex, bytes), 16);
    for (size_t i = 0; i < 8; i++) {
        key.k0 |= (uint64_t)bytes[i] << (8 * i);
        key.k1 |= (uint64_t)bytes[8 + i] << (8 * i);
    }
    return key;
}

/* RFC 9018 appendix A. */
static const struct {
    const char *what, *secret, *client, *from, *cookie;
    wall_s now;
} vectors[] = {
    { "A.1", "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100",
      "2464c4abcf10c957010000005cf79f111f8130c3eee29480", 1559731985 },
    { "A.2", "e5e973e5a6b2a43f48e7dc849e37bfcf", "2464c4abcf10c957", "198.51.100.100",
      "2464c4abcf10c957010000005cf7a871d4a564a1442aca77", 1559734385 },
    { "A.3", "e5e973e5a6b2a43f48e7dc849e37bfcf", "fc93fc62807ddb86", "203.0.113.203",
      "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e", 1559734700 },
    { "A.4", "445536bcd2513298075a5d379663c962", "22681ab97d52c298",
      "2001:db8:220:1:59de:d0f4:8769:82b8", "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
      1559741961 },
};

static void test_vectors(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        uint8_t client[COOKIE_CLIENT_BYTES];
        uint8_t expected[COOKIE_BYTES];
        uint8_t cookie[COOKIE_BYTES];
        struct address from;
        struct siphash_key secret = key_of(vectors[i].secret);
        assert_int_equal(from_hex(vectors[i].client, client), sizeof client);
        assert_int_equal(from_hex(vectors[i].cookie, expected), sizeof expected);
        assert_int_equal(address_from_text(text_of(vectors[i].from), &from), STATUS_OK);
        cookie_make_with(&secret, client, &from, vectors[i].now, cookie);
        if (memcmp(cookie, expected, sizeof cookie) != 0)
            fail_msg("%s: another cookie", vectors[i].what);
    }
}

static void test_lengths(void **test)
{
    (void)test;
    uint8_t value[64];
    uint8_t client[COOKIE_CLIENT_BYTES];
    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)i;
    for (size_t count = 0; count <= sizeof value; count++) {
        bool good = count == 8 || (count >= 16 && count <= 40);
        enum status status = cookie_read(bytes_of(value, count), client);
        if (status != (good ? STATUS_OK : STATUS_MALFORMED))
            fail_msg("%zu bytes: %s", count, status_text(status));
        if (good)
            assert_memory_equal(client, value, sizeof client);
    }
}

/* Depends on the client, its address, the key and the day. */
static void test_made(void **test)
{
    (void)test;
    static const uint8_t client[COOKIE_CLIENT_BYTES] = "abcdefg";
    static const uint8_t other_client[COOKIE_CLIENT_BYTES] = "abcdefh";
    struct address from = address_ip4(192, 0, 2, 1);
    struct address other_from = address_ip4(192, 0, 2, 2);
    struct siphash_key key = { 1, 2 };
    struct siphash_key other_key = { 1, 3 };
    uint8_t cookies[6][COOKIE_BYTES];
    cookie_make(&key, client, &from, 1000, cookies[0]);
    cookie_make(&key, client, &from, 1000, cookies[1]);
    assert_memory_equal(cookies[0], cookies[1], COOKIE_BYTES);
    cookie_make(&key, other_client, &from, 1000, cookies[1]);
    cookie_make(&key, client, &other_from, 1000, cookies[2]);
    cookie_make(&other_key, client, &from, 1000, cookies[3]);
    cookie_make(&key, client, &from, 1001, cookies[4]);
    cookie_make(&key, client, &from, 1000 + 86400, cookies[5]);
    for (size_t i = 0; i < COUNT_OF(cookies); i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(cookies[i] + 16, cookies[j] + 16, 8);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

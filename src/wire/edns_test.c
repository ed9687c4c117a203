#include "wire/edns.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define WIRE(literal) (const uint8_t *)(literal), sizeof(literal) - 1

static void test_fixed_part(void **test)
{
    (void)test;
    struct edns edns;
    assert_int_equal(edns_read(1232, 0x12038001, BYTES_NONE, &edns), STATUS_OK);
    assert_true(edns.present && edns.dnssec_ok);
    assert_int_equal(edns.udp_size, 1232);
    assert_int_equal(edns.extended_rcode, 0x12);
    assert_int_equal(edns.version, 3);
    assert_int_equal(edns_read(512, 0x00007fff, BYTES_NONE, &edns), STATUS_OK);
    assert_false(edns.dnssec_ok);
}

static void test_options(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *rdata;
        size_t count;
        enum status status;
        unsigned options;
    } rows[] = {
        { "none", WIRE(""), STATUS_OK, 0 },
        { "one", WIRE("\0\12\0\2ab"), STATUS_OK, 1 },
        { "empty ones", WIRE("\0\3\0\0\0\3\0\0"), STATUS_OK, 2 },
        { "length lies", WIRE("\0\12\0\3ab"), STATUS_MALFORMED, 0 },
        { "length lies much",
          WIRE("\0\12\xff\xff"
               "ab"),
          STATUS_MALFORMED, 0 },
        { "half a head", WIRE("\0\12\0\0\0\12\0"), STATUS_MALFORMED, 0 },
        { "one byte", WIRE("\0"), STATUS_MALFORMED, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct edns edns = { .present = false };
        struct bytes rdata = { rows[i].rdata, rows[i].count };
        enum status status = edns_read(1232, 0, rdata, &edns);
        if (status != rows[i].status || edns.present != (status == STATUS_OK))
            fail_msg("%s: %s", rows[i].name, status_text(status));
        unsigned options = 0;
        uint16_t code;
        struct bytes value;
        for (size_t place = 0; edns_next_option(&edns, &place, &code, &value);)
            options++;
        if (options != rows[i].options)
            fail_msg("%s: %u options", rows[i].name, options);
    }
}

static void test_most_options(void **test)
{
    (void)test;
    uint8_t rdata[4 * (EDNS_OPTIONS_MAX + 1)] = { 0 };
    struct edns edns;
    struct bytes most = { rdata, 4 * EDNS_OPTIONS_MAX };
    assert_int_equal(edns_read(1232, 0, most, &edns), STATUS_OK);
    struct bytes more = { rdata, sizeof rdata };
    assert_int_equal(edns_read(1232, 0, more, &edns), STATUS_MALFORMED);
}

static void test_finds_the_first(void **test)
{
    (void)test;
    static const uint8_t rdata[] = "\0\3\0\1x\0\12\0\2ab\0\12\0\1c";
    struct edns edns;
    struct bytes value;
    assert_int_equal(edns_read(1232, 0, bytes_of(rdata, sizeof rdata - 1), &edns), STATUS_OK);
    assert_true(edns_find_option(&edns, EDNS_COOKIE, &value));
    assert_true(bytes_equal(value, bytes_of("ab", 2)));
    assert_true(edns_find_option(&edns, EDNS_NSID, &value));
    assert_false(edns_find_option(&edns, EDNS_PADDING, &value));
    edns.present = false;
    assert_false(edns_find_option(&edns, EDNS_NSID, &value));
}

static void test_client_subnet(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *value;
        size_t count;
        const char *printed; /* address/source/scope; NULL: malformed */
    } rows[] = {
        { "ip4 /24", WIRE("\0\1\x18\0\xc0\0\2"), "192.0.2.0/24/0" },
        { "ip4 /0", WIRE("\0\1\0\0"), "0.0.0.0/0/0" },
        { "ip4 /32 with scope", WIRE("\0\1\x20\x10\xc0\0\2\1"), "192.0.2.1/32/16" },
        { "ip4 /21", WIRE("\0\1\x15\0\xc0\0\x08"), "192.0.8.0/21/0" },
        { "ip6 /32", WIRE("\0\2\x20\0\x20\1\x0d\xb8"), "2001:db8::/32/0" },
        { "bits past the source length", WIRE("\0\1\x15\0\xc0\0\x09"), NULL },
        { "family 0", WIRE("\0\0\0\0"), NULL },
        { "family 3", WIRE("\0\3\0\0"), NULL },
        { "too short", WIRE("\0\1\x18\0\xc0\0"), NULL },
        { "too long", WIRE("\0\1\x18\0\xc0\0\2\0"), NULL },
        { "ip4 /33", WIRE("\0\1\x21\0\xc0\0\2\0\0"), NULL },
        { "ip4 scope 33", WIRE("\0\1\x18\x21\xc0\0\2"), NULL },
        { "ip6 /129", WIRE("\0\2\x81\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), NULL },
        { "no address part", WIRE("\0\1\x18"), NULL },
        { "nothing", WIRE(""), NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct edns_subnet subnet;
        struct bytes value = { rows[i].value, rows[i].count };
        enum status status = edns_subnet_read(value, &subnet);
        if (status != (rows[i].printed != NULL ? STATUS_OK : STATUS_MALFORMED))
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status != STATUS_OK)
            continue;
        char buffer[80];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_address(&out, &subnet.address);
        text_printf(&out, "/%u/%u", subnet.source_length, subnet.scope_length);
        if (strcmp(buffer, rows[i].printed) != 0)
            fail_msg("%s: %s", rows[i].name, buffer);

        uint8_t again[32];
        struct bytes_writer writer = bytes_writer_on(again, sizeof again);
        bytes_write_edns_subnet(&writer, &subnet);
        if (writer.failed || !bytes_equal(bytes_writer_written(&writer), value))
            fail_msg("%s: written otherwise", rows[i].name);
    }
}

static void test_subnet_hides_host_bits(void **test)
{
    (void)test;
    uint8_t buffer[32];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct edns_subnet subnet = { address_ip4(192, 0, 2, 77), 26, 0 };
    bytes_write_edns_subnet(&writer, &subnet);
    struct bytes wanted = { WIRE("\0\1\x1a\0\xc0\0\2\x40") };
    assert_true(bytes_equal(bytes_writer_written(&writer), wanted));
}

static void test_writes_opt(void **test)
{
    (void)test;
    uint8_t buffer[64];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    bytes_write_u8(&writer, 0xee);
    size_t start = edns_write_start(&writer, 1232, 1, true);
    edns_write_option(&writer, EDNS_NSID, bytes_of("ns", 2));
    edns_write_error(&writer, EDE_NONE);
    edns_write_error(&writer, EDE_BLOCKED);
    edns_write_end(&writer, start);
    struct bytes wanted = { WIRE("\xee\0\0\x29\4\xd0\1\0\x80\0\0\14\0\3\0\2ns\0\17\0\2\0\17") };
    assert_false(writer.failed);
    assert_true(bytes_equal(bytes_writer_written(&writer), wanted));
}

static void test_writes_within_bounds(void **test)
{
    (void)test;
    uint8_t buffer[64];
    for (size_t room = 0; room < 20; room++) {
        memset(buffer, 0xaa, sizeof buffer);
        struct bytes_writer writer = bytes_writer_on(buffer, room);
        size_t start = edns_write_start(&writer, 1232, 0, false);
        edns_write_option(&writer, EDNS_NSID, bytes_of("nsid", 4));
        edns_write_end(&writer, start);
        if (writer.failed != (room < EDNS_FIXED_BYTES + 8) || buffer[room] != 0xaa)
            fail_msg("room %zu", room);
    }
    static uint8_t large[UINT16_MAX + 100];
    struct bytes_writer writer = bytes_writer_on(large, sizeof large);
    edns_write_option(&writer, EDNS_PADDING, bytes_of(large, UINT16_MAX + 1));
    assert_true(writer.failed);
    bytes_writer_rewind(&writer, 0);
    size_t start = edns_write_start(&writer, 1232, 0, false);
    bytes_write_zeros(&writer, UINT16_MAX + 1);
    edns_write_end(&writer, start);
    assert_true(writer.failed);
}

static void test_error_names(void **test)
{
    (void)test;
    static const struct {
        int code;
        const char *name;
    } rows[] = {
        { EDE_OTHER, "other" },
        { EDE_STALE, "stale answer" },
        { EDE_FORGED, "forged answer" },
        { EDE_DNSSEC_BOGUS, "DNSSEC bogus" },
        { EDE_NOT_READY, "not ready" },
        { EDE_BLOCKED, "blocked" },
        { EDE_CENSORED, "censored" },
        { EDE_FILTERED, "filtered" },
        { EDE_PROHIBITED, "prohibited" },
        { EDE_STALE_NXDOMAIN, "stale NXDOMAIN answer" },
        { EDE_NOT_AUTHORITATIVE, "not authoritative" },
        { EDE_NOT_SUPPORTED, "not supported" },
        { EDE_NO_REACHABLE, "no reachable authority" },
        { EDE_NETWORK_ERROR, "network error" },
        { EDE_INVALID_DATA, "invalid data" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *name = ede_name(rows[i].code);
        if (name == NULL || strcmp(name, rows[i].name) != 0)
            fail_msg("%d: %s", rows[i].code, name != NULL ? name : "no name");
    }
    assert_null(ede_name(EDE_NONE));
    assert_null(ede_name(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fixed_part),    cmocka_unit_test(test_options),
        cmocka_unit_test(test_most_options),  cmocka_unit_test(test_finds_the_first),
        cmocka_unit_test(test_client_subnet), cmocka_unit_test(test_subnet_hides_host_bits),
        cmocka_unit_test(test_writes_opt),    cmocka_unit_test(test_writes_within_bounds),
        cmocka_unit_test(test_error_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

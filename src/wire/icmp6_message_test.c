#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/icmp6_message.h"

#define SPAN(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
#define HEAD "\x85\0\0\0\0\0\0\0"

static const struct address any = { .family = ADDRESS_IP6 };
static const struct address host = { ADDRESS_IP6, { 0xfe, 0x80, [15] = 7 } };

/* ------------------------------------------------------------------ solicitations */

static const struct {
    const char *name;
    struct bytes message;
    bool has_address;
    enum status status;
    unsigned hardware;
} solicits[] = {
    { "bare", SPAN(HEAD), false, STATUS_OK, 0 },
    { "with a link-layer address", SPAN(HEAD "\1\1\2\0\0\0\x50\2"), true, STATUS_OK, 6 },
    { "an option nobody knows", SPAN(HEAD "\xfd\1abcdef"), false, STATUS_OK, 0 },
    { "a nonce before it", SPAN(HEAD "\x0e\1abcdef\1\1\2\0\0\0\x50\2"), true, STATUS_OK, 6 },
    { "a long link-layer address", SPAN(HEAD "\1\3abcdefghijklmnopqrstuv"), true, STATUS_OK, 16 },
    { "link-layer address of nobody", SPAN(HEAD "\1\1\2\0\0\0\x50\2"), false, STATUS_MALFORMED, 0 },
    { "a code", SPAN("\x85\1\0\0\0\0\0\0"), false, STATUS_MALFORMED, 0 },
    { "an advertisement", SPAN("\x86\0\0\0\0\0\0\0"), false, STATUS_NOT_FOUND, 0 },
    { "empty", { 0 }, false, STATUS_TRUNCATED, 0 },
    { "cut header", SPAN("\x85\0\0\0\0\0\0"), false, STATUS_TRUNCATED, 0 },
    { "option of no length", SPAN(HEAD "\1\0\2\0\0\0\x50\2"), true, STATUS_MALFORMED, 0 },
    { "option past the end", SPAN(HEAD "\1\2\2\0\0\0\x50\2"), true, STATUS_TRUNCATED, 0 },
    { "half an option", SPAN(HEAD "\1"), true, STATUS_TRUNCATED, 0 },
};

static void test_solicit(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(solicits); i++) {
        struct icmp6_solicit solicit = { .source.count = 99 };
        enum status status = icmp6_solicit_read(solicits[i].message,
                                                solicits[i].has_address ? &host : &any, &solicit);
        if (status != solicits[i].status)
            fail_msg("%s: %s", solicits[i].name, status_text(status));
        if (status == STATUS_OK && solicit.source.count != solicits[i].hardware)
            fail_msg("%s: %u bytes", solicits[i].name, solicit.source.count);
    }
}

static void test_too_many_options(void **state)
{
    (void)state;
    uint8_t message[8 + 8 * (ICMP6_OPTIONS_MAX + 1)] = { ICMP6_ROUTER_SOLICIT };
    struct icmp6_solicit solicit;
    for (size_t i = 8; i < sizeof message; i += 8) {
        message[i] = 14;
        message[i + 1] = 1;
    }
    assert_int_equal(icmp6_solicit_read(bytes_of(message, sizeof message - 8), &host, &solicit),
                     STATUS_OK);
    assert_int_equal(icmp6_solicit_read(bytes_of(message, sizeof message), &host, &solicit),
                     STATUS_MALFORMED);
}

/* ------------------------------------------------------------------ options written */

static struct prefix prefix_of(const char *text)
{
    struct prefix prefix;
    assert_int_equal(prefix_from_text(text_of(text), &prefix), STATUS_OK);
    return prefix;
}

static void write_prefix(struct bytes_writer *writer)
{
    struct icmp6_prefix prefix = {
        .address = prefix_of("fd00:50::/64").address,
        .length = 64,
        .on_link = true,
        .autonomous = true,
        .valid_s = 86400,
        .preferred_s = ICMP6_INFINITE,
    };
    icmp6_prefix_write(writer, &prefix);
}

static void write_router_prefix(struct bytes_writer *writer)
{
    struct icmp6_prefix prefix = {
        .address = prefix_of("fd00:50::1").address, .length = 64, .router = true, .valid_s = 1
    };
    icmp6_prefix_write(writer, &prefix);
}

static void write_mtu(struct bytes_writer *writer)
{
    icmp6_mtu_write(writer, 1500);
}

static void write_interval(struct bytes_writer *writer)
{
    icmp6_interval_write(writer, 600000);
}

static void write_link_layer(struct bytes_writer *writer)
{
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0x50, 1 } };
    icmp6_link_layer_write(writer, &hardware);
}

static void write_no_link_layer(struct bytes_writer *writer)
{
    struct hardware hardware = { .count = 0 };
    icmp6_link_layer_write(writer, &hardware);
}

static void write_rdnss(struct bytes_writer *writer)
{
    struct address server = prefix_of("fe80::1").address;
    icmp6_rdnss_write(writer, address_bytes(&server), 1800);
}

static void write_dnssl(struct bytes_writer *writer)
{
    icmp6_dnssl_write(writer, bytes_of("\1a\7example", 11), 60);
}

static void write_portal(struct bytes_writer *writer)
{
    icmp6_captive_portal_write(writer, bytes_of("http://x", 8));
}

static void write_portal_fitting(struct bytes_writer *writer)
{
    icmp6_captive_portal_write(writer, bytes_of("http:x", 6));
}

static void write_pref64(struct bytes_writer *writer)
{
    struct prefix prefix = prefix_of("64:ff9b::/96");
    icmp6_pref64_write(writer, &prefix, 1795);
}

static void write_pref64_short(struct bytes_writer *writer)
{
    struct prefix prefix = prefix_of("2001:db8::/32");
    icmp6_pref64_write(writer, &prefix, UINT32_MAX);
}

static void write_route(struct bytes_writer *writer)
{
    struct prefix prefix = prefix_of("2001:db8::/48");
    icmp6_route_write(writer, &prefix, ICMP6_HIGH, 1800);
}

static void write_default_route(struct bytes_writer *writer)
{
    struct prefix prefix = prefix_of("::/0");
    icmp6_route_write(writer, &prefix, ICMP6_LOW, 5);
}

static void write_host_route(struct bytes_writer *writer)
{
    struct prefix prefix = prefix_of("2001:db8::1/128");
    icmp6_route_write(writer, &prefix, ICMP6_MEDIUM, 5);
}

static void write_echo(struct bytes_writer *writer)
{
    icmp6_echo_write(writer, 0x1234, 5);
}

/* The layouts of RFC 4861 section 4.6 and of the RFCs that the codes name. */
static const struct {
    const char *name;
    void (*write)(struct bytes_writer *writer);
    struct bytes bytes;
} written[] = {
    { "prefix", write_prefix,
      SPAN(
          "\3\4\x40\xc0\0\1\x51\x80\xff\xff\xff\xff\0\0\0\0\xfd\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\0") },
    { "prefix with the router's address", write_router_prefix,
      SPAN("\3\4\x40\x20\0\0\0\1\0\0\0\0\0\0\0\0\xfd\0\0\x50\0\0\0\0\0\0\0\0\0\0\0\1") },
    { "MTU", write_mtu, SPAN("\5\1\0\0\0\0\5\xdc") },
    { "interval", write_interval, SPAN("\7\1\0\0\0\x09\x27\xc0") },
    { "link-layer address", write_link_layer, SPAN("\1\1\2\0\0\0\x50\1") },
    { "no link-layer address", write_no_link_layer, { 0 } },
    { "DNS server", write_rdnss, SPAN("\x19\3\0\0\0\0\7\x08\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\1") },
    { "search list", write_dnssl, SPAN("\x1f\3\0\0\0\0\0\x3c\1a\7example\0\0\0\0\0\0") },
    { "portal", write_portal, SPAN("\x25\2http://x\0\0\0\0\0\0") },
    { "portal without padding", write_portal_fitting, SPAN("\x25\1http:x") },
    { "NAT64 prefix", write_pref64, SPAN("\x26\2\7\x08\0\x64\xff\x9b\0\0\0\0\0\0\0\0") },
    { "short NAT64 prefix, for long", write_pref64_short,
      SPAN("\x26\2\xff\xfd\x20\1\x0d\xb8\0\0\0\0\0\0\0\0") },
    { "route", write_route, SPAN("\x18\2\x30\x08\0\0\7\x08\x20\1\x0d\xb8\0\0\0\0") },
    { "default route", write_default_route, SPAN("\x18\1\0\x18\0\0\0\5") },
    { "route to a host", write_host_route,
      SPAN("\x18\3\x80\0\0\0\0\5\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1") },
    { "echo request", write_echo, SPAN("\x80\0\0\0\x12\x34\0\5") },
};

static void test_written(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        uint8_t buffer[64];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        written[i].write(&writer);
        if (writer.failed || !bytes_equal(bytes_writer_written(&writer), written[i].bytes))
            fail_msg("%s: %zu bytes", written[i].name, bytes_writer_count(&writer));
    }
}

/* With one byte less than it needs an option is not begun. */
static void test_no_room(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(written); i++) {
        uint8_t buffer[64] = { 0 };
        if (written[i].bytes.count == 0 || written[i].write == write_echo)
            continue;
        struct bytes_writer writer = bytes_writer_on(buffer, written[i].bytes.count - 1);
        written[i].write(&writer);
        if (!writer.failed || bytes_writer_count(&writer) != 0)
            fail_msg("%s: %zu bytes", written[i].name, bytes_writer_count(&writer));
    }
}

static void test_option_too_long(void **state)
{
    (void)state;
    static uint8_t buffer[4096], addresses[128 * 16];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    icmp6_rdnss_write(&writer, bytes_of(addresses, 127 * 16), 1);
    assert_false(writer.failed);
    assert_int_equal(bytes_writer_count(&writer), 2040);
    icmp6_rdnss_write(&writer, bytes_of(addresses, 128 * 16), 1);
    assert_true(writer.failed);
}

static void test_pref64_fits(void **state)
{
    (void)state;
    for (unsigned length = 0; length <= 128; length++) {
        bool wanted = length == 32 || length == 40 || length == 48 || length == 56 || length == 64
                      || length == 96;
        if (icmp6_pref64_fits(length) != wanted)
            fail_msg("/%u", length);
    }
}

/* ------------------------------------------------------------------ advertisements */

static void test_advert(void **state)
{
    (void)state;
    uint8_t buffer[128];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct icmp6_advert advert = {
        .hop_limit = 64,
        .managed = true,
        .preference = ICMP6_LOW,
        .lifetime_s = 1800,
        .reachable_ms = 7,
        .retrans_ms = 9,
    };
    struct icmp6_advert read;
    struct icmp6_options options;
    struct icmp6_prefix prefix;
    icmp6_advert_write(&writer, &advert);
    assert_memory_equal(buffer, "\x86\0\0\0\x40\x98\7\x08\0\0\0\7\0\0\0\x09", 16);
    write_prefix(&writer);
    write_mtu(&writer);
    assert_int_equal(icmp6_advert_read(bytes_writer_written(&writer), &read, &options), STATUS_OK);
    assert_memory_equal(&read, &advert, sizeof read);
    assert_int_equal(options.count, 2);
    assert_int_equal(options.at[1].type, ICMP6_MTU);
    assert_int_equal(icmp6_prefix_read(options.at[0].value, &prefix), STATUS_OK);
    assert_true(prefix.on_link && prefix.autonomous && !prefix.router);
    assert_int_equal(prefix.valid_s, 86400);
    assert_int_equal(prefix.preferred_s, ICMP6_INFINITE);
    assert_int_equal(icmp6_prefix_read(options.at[1].value, &prefix), STATUS_MALFORMED);
    buffer[1] = 1;
    assert_int_equal(icmp6_advert_read(bytes_writer_written(&writer), &read, &options),
                     STATUS_MALFORMED);
}

/* ------------------------------------------------------------------ echo */

static const struct {
    const char *name;
    struct bytes message;
    enum status status;
} echoes[] = {
    { "reply", SPAN("\x81\0\0\0\x12\x34\0\5"), STATUS_OK },
    { "reply with data", SPAN("\x81\0\0\0\x12\x34\0\5xyz"), STATUS_OK },
    { "request", SPAN("\x80\0\0\0\x12\x34\0\5"), STATUS_NOT_FOUND },
    { "other code", SPAN("\x81\1\0\0\x12\x34\0\5"), STATUS_NOT_FOUND },
    { "cut", SPAN("\x81\0\0\0\x12\x34\0"), STATUS_TRUNCATED },
    { "empty", { 0 }, STATUS_TRUNCATED },
};

static void test_echo(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(echoes); i++) {
        uint16_t id = 0, sequence = 0;
        enum status status = icmp6_echo_reply_read(echoes[i].message, &id, &sequence);
        if (status != echoes[i].status || (status == STATUS_OK && (id != 0x1234 || sequence != 5)))
            fail_msg("%s: %s", echoes[i].name, status_text(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_solicit),         cmocka_unit_test(test_too_many_options),
        cmocka_unit_test(test_written),         cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_option_too_long), cmocka_unit_test(test_pref64_fits),
        cmocka_unit_test(test_advert),          cmocka_unit_test(test_echo),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

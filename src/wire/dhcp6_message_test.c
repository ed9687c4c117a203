#include "wire/dhcp6_message.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SPAN(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }
#define LINK16 "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
#define PEER16 "\xfe\x80\0\0\0\0\0\0\0\0\0\0\0\0\0\2"

static struct bytes bytes_from(const char *at, size_t count)
{
    return bytes_of(at, count);
}
#define LITERAL(literal) bytes_from((literal), sizeof(literal) - 1)

/* clang-format off */
static const struct {
    const char *name;
    struct bytes message;
    enum status status;
    uint8_t type;
    unsigned options;
} messages[] = {
    { "a solicit", SPAN("\1\xab\xcd\xef\0\1\0\2\0\3\0\xe\0\0"), STATUS_OK, 1, 2 },
    { "no options", SPAN("\xb\0\0\1"), STATUS_OK, 11, 0 },
    { "an unknown type", SPAN("\xff\0\0\1"), STATUS_OK, 255, 0 },
    { "nothing", SPAN(""), STATUS_TRUNCATED, 0, 0 },
    { "a short header", SPAN("\1\0\0"), STATUS_TRUNCATED, 0, 0 },
    { "a cut option", SPAN("\1\0\0\1\0\1\0"), STATUS_TRUNCATED, 0, 0 },
    { "an option past the end", SPAN("\1\0\0\1\0\1\0\2\1"), STATUS_TRUNCATED, 0, 0 },
    { "a relay's message", SPAN("\xc\0\0\1"), STATUS_MALFORMED, 0, 0 },
    { "a relay's reply", SPAN("\xd\0\0\1"), STATUS_MALFORMED, 0, 0 },
};

static const struct {
    const char *name;
    struct bytes message;
    enum status status;
    unsigned relays;
    size_t inner;
} envelopes[] = {
    { "none", SPAN("\1\0\0\1"), STATUS_OK, 0, 4 },
    { "one", SPAN("\xc\0" LINK16 PEER16 "\0\x9\0\4\1\0\0\1"), STATUS_OK, 1, 4 },
    { "a reply", SPAN("\xd\0" LINK16 PEER16 "\0\x9\0\4\2\0\0\1"), STATUS_OK, 1, 4 },
    { "two", SPAN("\xc\1" LINK16 PEER16 "\0\x9\0\x2a\xc\0" LINK16 PEER16 "\0\x9\0\4\1\0\0\1"),
      STATUS_OK, 2, 4 },
    { "two kinds", SPAN("\xc\1" LINK16 PEER16 "\0\x9\0\x2a\xd\0" LINK16 PEER16 "\0\x9\0\4\1\0\0\1"),
      STATUS_MALFORMED, 0, 0 },
    { "without a message", SPAN("\xc\0" LINK16 PEER16), STATUS_MALFORMED, 0, 0 },
    { "an empty message", SPAN("\xc\0" LINK16 PEER16 "\0\x9\0\0"), STATUS_MALFORMED, 0, 0 },
    { "two messages", SPAN("\xc\0" LINK16 PEER16 "\0\x9\0\1\1\0\x9\0\1\1"), STATUS_MALFORMED, 0, 0 },
    { "a cut address", SPAN("\xc\0" LINK16 "\xfe\x80"), STATUS_TRUNCATED, 0, 0 },
    { "a cut option", SPAN("\xc\0" LINK16 PEER16 "\0\x9\0\4\1"), STATUS_TRUNCATED, 0, 0 },
    { "nothing", SPAN(""), STATUS_TRUNCATED, 0, 0 },
};

static const struct {
    const char *name;
    struct bytes value;
    enum status status;
    const char *wanted; /* the name as text; "": none */
    bool partial;
    uint8_t flags;
} fqdns[] = {
    { "whole", SPAN("\1\3cli\3lan\0"), STATUS_OK, "cli.lan", false, 1 },
    { "partial", SPAN("\0\3cli"), STATUS_OK, "cli", true, 0 },
    { "none", SPAN("\4"), STATUS_OK, "", false, 4 },
    { "the root", SPAN("\1\0"), STATUS_OK, "", false, 1 },
    { "nothing", SPAN(""), STATUS_TRUNCATED, "", false, 0 },
    { "a label cut", SPAN("\0\5cli"), STATUS_MALFORMED, "", false, 0 },
    { "a pointer", SPAN("\0\xc0\0"), STATUS_MALFORMED, "", false, 0 },
    { "more behind", SPAN("\0\1a\0b"), STATUS_MALFORMED, "", false, 0 },
};

static const struct {
    const char *name;
    struct bytes duid;
    uint16_t type; /* 0: none in it */
    uint8_t count;
} duids[] = {
    { "LLT", SPAN("\0\1\0\1\1\2\3\4\2\0\0\0\0\xc0"), 1, 6 },
    { "LL", SPAN("\0\3\0\1\2\0\0\0\0\xc0"), 1, 6 },
    { "LL of EUI-64", SPAN("\0\3\0\x1b\1\2\3\4\5\6\7\x8"), 27, 8 },
    { "EN", SPAN("\0\2\0\0\xb\x79\1\2"), 0, 0 },
    { "UUID", SPAN("\0\4\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf\x10"), 0, 0 },
    { "cut", SPAN("\0\3\0\1\2\0\0"), 0, 0 },
    { "too long", SPAN("\0\3\0\1\2\0\0\0\0\xc0\1"), 0, 0 },
    { "another kind", SPAN("\0\3\0\x20\2\0\0\0\0\xc0"), 0, 0 },
    { "nothing", SPAN(""), 0, 0 },
};
/* clang-format on */

static void test_messages(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(messages); i++) {
        struct dhcp6_message message;
        enum status status = dhcp6_message_read(messages[i].message, &message);
        if (status != messages[i].status)
            fail_msg("%s: %s", messages[i].name, status_text(status));
        if (status == STATUS_OK
            && (message.type != messages[i].type || message.options.count != messages[i].options))
            fail_msg("%s: type %u, %u options", messages[i].name, message.type,
                     message.options.count);
    }
    struct dhcp6_message message;
    assert_int_equal(dhcp6_message_read(messages[0].message, &message), STATUS_OK);
    assert_int_equal(message.xid, 0xabcdef);
}

static void test_envelopes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(envelopes); i++) {
        struct dhcp6_wrapped wrapped;
        enum status status = dhcp6_unwrap(envelopes[i].message, &wrapped);
        if (status != envelopes[i].status)
            fail_msg("%s: %s", envelopes[i].name, status_text(status));
        if (status == STATUS_OK
            && (wrapped.relay_count != envelopes[i].relays
                || wrapped.inner.count != envelopes[i].inner))
            fail_msg("%s: %u relays", envelopes[i].name, wrapped.relay_count);
    }
}

static void test_what_a_relay_says(void **state)
{
    (void)state;
    struct dhcp6_wrapped wrapped;
    struct bytes message = LITERAL("\xc\3" LINK16 PEER16
                                   "\0\x12\0\2if\0\x4f\0\x8\0\1\2\0\0\0\0\xc0\0\x25\0\6\0\0\0\5rr"
                                   "\0\x26\0\2su\0\x87\0\2\x12\x34\0\x9\0\4\1\0\0\1");
    assert_int_equal(dhcp6_unwrap(message, &wrapped), STATUS_OK);
    const struct dhcp6_relay *relay = &wrapped.relays[0];
    assert_int_equal(relay->hops, 3);
    assert_int_equal(relay->link.bytes[0], 0x20);
    assert_int_equal(relay->peer.bytes[15], 2);
    assert_true(bytes_equal(relay->interface_id, LITERAL("if")));
    assert_int_equal(relay->link_layer.count, 8);
    assert_true(bytes_equal(relay->remote_id, LITERAL("\0\0\0\5rr")));
    assert_true(bytes_equal(relay->subscriber_id, LITERAL("su")));
    assert_true(relay->has_relay_port && relay->relay_port == 0x1234);
    /* The reply goes back with interface id and port, and nothing else. */
    uint8_t buffer[256];
    struct bytes reply = dhcp6_wrap_reply(&wrapped, LITERAL("\7\0\0\1"), buffer, sizeof(buffer));
    assert_true(bytes_equal(
        reply, LITERAL("\xd\3" LINK16 PEER16 "\0\x12\0\2if\0\x87\0\2\x12\x34\0\x9\0\4\7\0\0\1")));
    assert_int_equal(dhcp6_wrap_reply(&wrapped, LITERAL("\7\0\0\1"), buffer, reply.count - 1).count,
                     0);
}

/* As deep as it may be, and one deeper. */
static void test_depth(void **state)
{
    (void)state;
    static struct dhcp6_wrapped wrapped, again;
    static uint8_t buffer[2048];
    wrapped.relay_count = DHCP6_RELAYS_MAX;
    for (unsigned i = 0; i < DHCP6_RELAYS_MAX; i++)
        wrapped.relays[i] = (struct dhcp6_relay){ .hops = (uint8_t)i };
    struct bytes deep = dhcp6_wrap_reply(&wrapped, LITERAL("\7\0\0\1"), buffer, sizeof(buffer));
    assert_int_equal(dhcp6_unwrap(deep, &again), STATUS_OK);
    assert_int_equal(again.relay_count, DHCP6_RELAYS_MAX);
    assert_int_equal(again.relays[7].hops, 7);

    static uint8_t deeper[2048];
    wrapped.relay_count = 1;
    struct bytes more = dhcp6_wrap_reply(&wrapped, deep, deeper, sizeof(deeper));
    assert_int_equal(dhcp6_unwrap(more, &again), STATUS_MALFORMED);
}

/* One option more than may be. */
static void test_many_options(void **state)
{
    (void)state;
    uint8_t bytes[4 * (DHCP6_OPTIONS_MAX + 1)] = { 0 };
    struct dhcp6_options options;
    assert_int_equal(dhcp6_options_read(bytes_of(bytes, 4 * DHCP6_OPTIONS_MAX), &options),
                     STATUS_OK);
    assert_int_equal(options.count, DHCP6_OPTIONS_MAX);
    assert_int_equal(dhcp6_options_read(bytes_of(bytes, sizeof(bytes)), &options),
                     STATUS_MALFORMED);
}

static void test_finding(void **state)
{
    (void)state;
    struct dhcp6_options options;
    struct bytes value;
    unsigned place = 0;
    uint16_t number;
    assert_int_equal(dhcp6_options_read(LITERAL("\0\6\0\4\0\x17\0\x18\0\7\0\1\5\0\7\0\1\6\0\x8\0\2"
                                                "\1\2"),
                                        &options),
                     STATUS_OK);
    assert_true(dhcp6_option_next(&options, 7, &place, &value) && value.at[0] == 5);
    assert_true(dhcp6_option_next(&options, 7, &place, &value) && value.at[0] == 6);
    assert_false(dhcp6_option_next(&options, 7, &place, &value));
    assert_true(dhcp6_option_u16(&options, DHCP6_ELAPSED_TIME, &number) && number == 0x102);
    assert_false(dhcp6_option_u16(&options, DHCP6_PREFERENCE, &number));
    assert_true(dhcp6_option_has(&options, DHCP6_ORO));
    assert_false(dhcp6_option_has(&options, DHCP6_FQDN));
    assert_true(dhcp6_option_requested(&options, DHCP6_DOMAIN_SEARCH));
    assert_false(dhcp6_option_requested(&options, 0x1700));
}

static void test_associations(void **state)
{
    (void)state;
    struct dhcp6_ia ia;
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix prefix;
    assert_int_equal(
        dhcp6_ia_read(DHCP6_IA_NA, LITERAL("\0\0\0\7\0\0\0\1\0\0\0\2\0\xd\0\2\0\0"), &ia),
        STATUS_OK);
    assert_true(ia.iaid == 7 && ia.t1 == 1 && ia.t2 == 2 && ia.options.count == 1);
    assert_int_equal(dhcp6_ia_read(DHCP6_IA_TA, LITERAL("\0\0\0\7\0\xd\0\2\0\0"), &ia), STATUS_OK);
    assert_true(ia.iaid == 7 && ia.t1 == 0 && ia.options.count == 1);
    assert_int_equal(dhcp6_ia_read(DHCP6_IA_NA, LITERAL("\0\0\0\7\0\0\0\1\0\0\0"), &ia),
                     STATUS_TRUNCATED);
    assert_int_equal(dhcp6_ia_address_read(LITERAL(LINK16 "\0\0\0\1\0\0\0\2"), &address),
                     STATUS_OK);
    assert_true(address.preferred == 1 && address.valid == 2 && address.address.bytes[15] == 1);
    assert_int_equal(dhcp6_ia_address_read(LITERAL(LINK16 "\0\0\0\1\0\0\0"), &address),
                     STATUS_TRUNCATED);
    assert_int_equal(dhcp6_ia_prefix_read(LITERAL("\0\0\0\1\0\0\0\2\x38" LINK16), &prefix),
                     STATUS_OK);
    assert_true(prefix.prefix.length == 56 && prefix.prefix.address.bytes[15] == 0);
    assert_int_equal(dhcp6_ia_prefix_read(LITERAL("\0\0\0\1\0\0\0\2\x81" LINK16), &prefix),
                     STATUS_MALFORMED);
    assert_int_equal(dhcp6_ia_prefix_read(LITERAL("\0\0\0\1\0\0\0\2\x38"), &prefix),
                     STATUS_TRUNCATED);
}

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fqdns); i++) {
        struct dhcp6_fqdn fqdn;
        char text[DNAME_TEXT_MAX] = "";
        enum status status = dhcp6_fqdn_read(fqdns[i].value, &fqdn);
        if (status != fqdns[i].status)
            fail_msg("%s: %s", fqdns[i].name, status_text(status));
        if (status != STATUS_OK)
            continue;
        if (fqdn.name.count > 0)
            (void)dname_text(&fqdn.name, text);
        if (!text_equal(text_of(text), text_of(fqdns[i].wanted)) || fqdn.partial != fqdns[i].partial
            || fqdn.flags != fqdns[i].flags)
            fail_msg("%s: \"%s\"", fqdns[i].name, text);
    }
}

static void test_duids(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(duids); i++) {
        struct hardware hardware;
        bool found = dhcp6_duid_hardware(duids[i].duid, &hardware);
        if (found != (duids[i].type != 0)
            || (found
                && (hardware.type != duids[i].type || hardware.count != duids[i].count
                    || hardware.bytes[0]
                           != duids[i].duid.at[duids[i].duid.count - hardware.count])))
            fail_msg("%s", duids[i].name);
    }
}

static void test_strings(void **state)
{
    (void)state;
    struct bytes rest = LITERAL("\0\2ab\0\0\0\1c\0\2d");
    struct bytes string;
    assert_true(dhcp6_string_next(&rest, &string) && bytes_equal(string, LITERAL("ab")));
    assert_true(dhcp6_string_next(&rest, &string) && string.count == 0);
    assert_true(dhcp6_string_next(&rest, &string) && bytes_equal(string, LITERAL("c")));
    assert_false(dhcp6_string_next(&rest, &string));
    rest = BYTES_NONE;
    assert_false(dhcp6_string_next(&rest, &string));
}

static void test_building(void **state)
{
    (void)state;
    uint8_t buffer[256];
    struct dhcp6_builder builder;
    struct address address;
    struct prefix prefix;
    assert_int_equal(address_from_text(TEXT("2001:db8::1"), &address), STATUS_OK);
    assert_int_equal(prefix_from_text(TEXT("2001:db8::/56"), &prefix), STATUS_OK);
    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_REPLY, 0x12abcdef);
    assert_true(dhcp6_builder_option_u8(&builder, DHCP6_PREFERENCE, 255));
    struct dhcp6_mark mark = dhcp6_builder_ia(&builder, DHCP6_IA_NA, 7, 0, 0);
    dhcp6_builder_ia_address(&builder, &address, 1, 2);
    assert_true(dhcp6_builder_status(&builder, DHCP6_SUCCESS, TEXT("ok")));
    dhcp6_builder_end(&builder, mark);
    dhcp6_builder_set_times(&builder, mark, 3, 4);
    mark = dhcp6_builder_ia(&builder, DHCP6_IA_TA, 8, 0, 0);
    dhcp6_builder_end(&builder, mark);
    mark = dhcp6_builder_ia(&builder, DHCP6_IA_PD, 9, 5, 6);
    dhcp6_builder_ia_prefix(&builder, &prefix, 1, 2);
    dhcp6_builder_end(&builder, mark);
    assert_true(dhcp6_builder_option_u32(&builder, DHCP6_REFRESH_TIME, 86400));
    struct bytes wanted =
        LITERAL("\7\xab\xcd\xef\0\7\0\1\xff\0\3\0\x30\0\0\0\7\0\0\0\3\0\0\0\4"
                "\0\5\0\x18" LINK16 "\0\0\0\1\0\0\0\2\0\xd\0\4\0\0ok"
                "\0\4\0\4\0\0\0\x8\0\x19\0\x29\0\0\0\x9\0\0\0\5\0\0\0\6"
                "\0\x1a\0\x19\0\0\0\1\0\0\0\2\x38\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0"
                "\0\x20\0\4\0\1\x51\x80");
    assert_true(bytes_equal(dhcp6_builder_finish(&builder), wanted));
    assert_int_equal(builder.refused, 0);
}

/* A whole option that does not fit is left out; half an association fails the message. */
static void test_no_room(void **state)
{
    (void)state;
    uint8_t buffer[12];
    struct dhcp6_builder builder;
    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_REPLY, 1);
    assert_false(dhcp6_builder_option(&builder, 23, LITERAL("12345")));
    assert_false(dhcp6_builder_status(&builder, DHCP6_SUCCESS, TEXT("abc")));
    assert_int_equal(builder.refused, 2);
    assert_int_equal(builder.last_refused, DHCP6_STATUS);
    assert_true(dhcp6_builder_option(&builder, 24, LITERAL("1234")));
    assert_int_equal(dhcp6_builder_finish(&builder).count, 12);

    dhcp6_builder_start(&builder, buffer, sizeof(buffer), DHCP6_REPLY, 1);
    struct dhcp6_mark mark = dhcp6_builder_ia(&builder, DHCP6_IA_NA, 7, 0, 0);
    dhcp6_builder_end(&builder, mark);
    dhcp6_builder_set_times(&builder, mark, 1, 2);
    assert_false(dhcp6_builder_option_u8(&builder, DHCP6_PREFERENCE, 1));
    assert_int_equal(dhcp6_builder_finish(&builder).count, 0);
}

static void test_type_names(void **state)
{
    (void)state;
    assert_string_equal(dhcp6_message_type_name(DHCP6_SOLICIT), "DHCPSOLICIT");
    assert_string_equal(dhcp6_message_type_name(DHCP6_INFORMATION_REQUEST),
                        "DHCPINFORMATION-REQUEST");
    assert_null(dhcp6_message_type_name(0));
    assert_null(dhcp6_message_type_name(20));
    assert_null(dhcp6_message_type_name(255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_envelopes),
        cmocka_unit_test(test_what_a_relay_says),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_many_options),
        cmocka_unit_test(test_finding),
        cmocka_unit_test(test_associations),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_duids),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_building),
        cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_type_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

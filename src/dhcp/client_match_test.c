#include "dhcp/client_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "dhcp/dhcp_options.h"

extern const struct option dhcp_client_options[];
extern const size_t dhcp_client_option_count;

/* What a client sends, or what is said of it, and the one line it is held against. */
struct match_row {
    const char *claim;
    const char *line;
    unsigned code; /* 0: none */
    struct bytes value;
    const char *name;
    bool matches;
};

#define SENT(text)                                                                                 \
    {                                                                                              \
        (const uint8_t *)(text), sizeof(text) - 1                                                  \
    }

static const struct match_row rows[] = {
    { "part of a vendor class", "dhcp-vendorclass=set:t,cme", 60, SENT("Acme Corp"), "", true },
    { "in another case", "dhcp-vendorclass=set:t,acme", 60, SENT("Acme Corp"), "", false },
    { "an old spelling", "dhcp-vendorclass=t,Acme", 60, SENT("Acme"), "", true },
    { "another option", "dhcp-vendorclass=set:t,Acme", 77, SENT("Acme"), "", false },
    { "any vendor class", "dhcp-vendorclass=set:t,", 60, SENT("x"), "", true },
    { "a number alone is for DHCPv6", "dhcp-vendorclass=set:t,enterprise:9", 60, SENT("9"), "",
      false },
    { "a plain user class", "dhcp-userclass=set:t,lab", 77, SENT("mylab"), "", true },
    { "one of several user classes", "dhcp-userclass=set:t,lab", 77, SENT("\3abc\3lab"), "", true },
    { "an option is there", "dhcp-match=set:t,200", 200, SENT("\0"), "", true },
    { "an option is empty", "dhcp-match=set:t,200", 200, SENT(""), "", false },
    { "an option is not there", "dhcp-match=set:t,200", 201, SENT("x"), "", false },
    { "a byte", "dhcp-match=set:t,200,5", 200, SENT("\5"), "", true },
    { "a byte among others", "dhcp-match=set:t,200,5", 200, SENT("\0\5"), "", true },
    { "two bytes", "dhcp-match=set:t,200,5s", 200, SENT("\0\5"), "", true },
    { "two bytes across two places", "dhcp-match=set:t,200,5s", 200, SENT("\1\0\5\1"), "", false },
    { "two bytes for a larger number", "dhcp-match=set:t,200,256", 200, SENT("\1\0"), "", true },
    { "four bytes", "dhcp-match=set:t,200,5i", 200, SENT("\0\0\0\5"), "", true },
    { "a negative number", "dhcp-match=set:t,200,-1", 200, SENT("\377\377\377\377"), "", true },
    { "by the width of the option", "dhcp-match=set:t,option:client-arch,7", 93, SENT("\0\6\0\7"),
      "", true },
    { "narrower than the option", "dhcp-match=set:t,option:client-arch,7", 93, SENT("\7"), "",
      false },
    { "names in any case", "dhcp-match=set:t,option:Client-Arch,7", 93, SENT("\0\7"), "", true },
    { "a number in quotes is text", "dhcp-match=set:t,200,\"5\"", 200, SENT("x5"), "", true },
    { "a number in quotes is no byte", "dhcp-match=set:t,200,\"5\"", 200, SENT("\5"), "", false },
    { "part of a text", "dhcp-match=set:t,200,te", 200, SENT("atext"), "", true },
    { "a text with a comma", "dhcp-match=set:t,200,te,xt", 200, SENT("te,xt"), "", true },
    { "text in another case", "dhcp-match=set:t,200,TEXT", 200, SENT("text"), "", false },
    { "a star in a text is a star", "dhcp-match=set:t,200,te*", 200, SENT("text"), "", false },
    { "an address", "dhcp-match=set:t,200,192.0.2.1", 200, SENT("\1\2\3\4\300\0\2\1"), "", true },
    { "an address across two places", "dhcp-match=set:t,200,192.0.2.1", 200,
      SENT("\1\300\0\2\1\2\3\4"), "", false },
    { "bytes", "dhcp-match=set:t,200,01:02", 200, SENT("\1\2"), "", true },
    { "bytes and more", "dhcp-match=set:t,200,01:02", 200, SENT("\1\2\3"), "", true },
    { "fewer bytes", "dhcp-match=set:t,200,01:02", 200, SENT("\1"), "", false },
    { "any byte at the end", "dhcp-match=set:t,200,01:*", 200, SENT("\1\2"), "", true },
    { "nothing is not any byte", "dhcp-match=set:t,200,01:*", 200, SENT("\1"), "", false },
    { "any byte between", "dhcp-match=set:t,200,1:*:3", 200, SENT("\1\7\3\4"), "", true },
    { "another byte behind it", "dhcp-match=set:t,200,1:*:3", 200, SENT("\1\7\4\4"), "", false },
    { "bytes of a string option", "dhcp-match=set:t,60,01:*", 60, SENT("\1\2"), "", true },
    { "a time", "dhcp-match=set:t,58,1m", 58, SENT("\0\0\0\x3c"), "", true },
    { "an enterprise", "dhcp-match=set:t,vi-encap:9", 124, SENT("\0\0\0\x09\1\0"), "", true },
    { "another enterprise", "dhcp-match=set:t,vi-encap:9", 124, SENT("\0\0\0\x08\1\0"), "", false },
    { "an enterprise that says nothing", "dhcp-match=set:t,vi-encap:9", 124, SENT("\0\0\0\x09\0"),
      "", false },
    { "a class of an enterprise", "dhcp-match=set:t,vi-encap:9,bc", 124, SENT("\0\0\0\x09\4\3abc"),
      "", true },
    { "a class of the second enterprise", "dhcp-match=set:t,vi-encap:9,bc", 124,
      SENT("\0\0\0\x08\1\0\0\0\0\x09\4\3abc"), "", true },
    { "a class that runs past the end", "dhcp-match=set:t,vi-encap:9,bc", 124,
      SENT("\0\0\0\x09\7\3abc"), "", false },
    { "DHCPv6 options are none of DHCPv4", "dhcp-match=set:t,option6:60", 60, SENT("x"), "",
      false },
    { "a card", "dhcp-mac=set:t,02:00:00:00:00:01", 0, SENT(""), "", true },
    { "a kind of card", "dhcp-mac=set:t,02:00:*:*:*:*", 0, SENT(""), "", true },
    { "cards with dashes", "dhcp-mac=set:t,02-00-00-00-00-01", 0, SENT(""), "", true },
    { "of Ethernet", "dhcp-mac=set:t,01-02:00:00:00:00:01", 0, SENT(""), "", true },
    { "of another type", "dhcp-mac=set:t,06-02:00:00:00:00:01", 0, SENT(""), "", false },
    { "a shorter card", "dhcp-mac=set:t,02:00:00:00:00", 0, SENT(""), "", false },
    { "a name", "dhcp-name-match=set:t,Laptop", 0, SENT(""), "lapTOP", true },
    { "the start of a name", "dhcp-name-match=set:t,lap*", 0, SENT(""), "Laptop-1", true },
    { "more than a name", "dhcp-name-match=set:t,laptop-1", 0, SENT(""), "laptop", false },
    { "a name and its domain", "dhcp-name-match=set:t,pc.lan", 0, SENT(""), "pc.lan", true },
    { "any name", "dhcp-name-match=set:t,*", 0, SENT(""), "x", true },
    { "no name", "dhcp-name-match=set:t,*", 0, SENT(""), "", false },
    { "a circuit", "dhcp-circuitid=set:t,port7", 82, SENT("\1\5port7"), "", true },
    { "a longer circuit", "dhcp-circuitid=set:t,port7", 82, SENT("\1\6port77"), "", false },
    { "a circuit in hex", "dhcp-circuitid=set:t,01:2", 82, SENT("\1\2\1\2"), "", true },
    { "no hex without a colon", "dhcp-circuitid=set:t,0102", 82,
      SENT("\1\4"
           "0102"),
      "", true },
    { "no hex in quotes", "dhcp-circuitid=set:t,\"01:02\"", 82,
      SENT("\1\5"
           "01:02"),
      "", true },
    { "no hex with other letters", "dhcp-circuitid=set:t,01:zz", 82,
      SENT("\1\5"
           "01:zz"),
      "", true },
    { "the remote end", "dhcp-remoteid=set:t,sw1", 82, SENT("\1\1x\2\3sw1"), "", true },
    { "the circuit is not the remote end", "dhcp-remoteid=set:t,sw1", 82, SENT("\1\3sw1"), "",
      false },
    { "a subscriber", "dhcp-subscrid=set:t,s", 82, SENT("\6\1s"), "", true },
};

static struct arena arena;
static struct option_errors errors;
static struct dhcp_config config;

static void read_line(const char *line)
{
    const struct option_table table = { dhcp_client_options, dhcp_client_option_count, &config };
    const struct option_set set = { &table, 1 };
    memset(&errors, 0, sizeof(errors));
    dhcp_config_init(&config);
    struct option_reader *reader = option_reader_create(&set, &arena, &errors);
    assert_non_null(reader);
    (void)option_read_text(reader, "test.conf", text_of(line));
    option_reader_free(reader);
}

static struct bytes client_message(unsigned code, struct bytes value, uint8_t buffer[1024])
{
    struct dhcp4_builder builder;
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREQUEST,
        .ciaddr = address_any(ADDRESS_IP4),
        .yiaddr = address_any(ADDRESS_IP4),
        .siaddr = address_any(ADDRESS_IP4),
        .giaddr = address_any(ADDRESS_IP4),
        .hardware = { 1, 6, { 2, 0, 0, 0, 0, 1 } },
    };
    dhcp4_builder_start(&builder, buffer, 1024, 1024, &header, false);
    assert_true(dhcp4_builder_option_u8(&builder, DHCP4_MESSAGE_TYPE, DHCP4_DISCOVER));
    if (code != 0)
        assert_true(dhcp4_builder_option(&builder, code, value));
    return dhcp4_builder_finish(&builder);
}

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct match_row *row = &rows[i];
        uint8_t buffer[1024];
        struct dhcp4_message message;
        struct tag_set set;
        uint16_t tag;
        arena_init(&arena, 16384, 1 << 20);
        read_line(row->line);
        if (errors.count > 0)
            fail_msg("%s: refused: %s", row->claim, errors.errors[0].message);
        assert_int_equal(
            dhcp4_message_read(client_message(row->code, row->value, buffer), &message), STATUS_OK);
        struct client_match_facts facts = { .message = &message, .name = text_of(row->name) };
        (void)dhcp4_option_first(&message, DHCP4_AGENT_INFO, &facts.agent_info);
        tag_set_init(&set);
        client_match_apply(&config, &facts, ~0u, &set);
        assert_int_equal(tag_names_find(&config.tags, TEXT("t"), &tag), STATUS_OK);
        if (tag_set_has(&set, tag) != row->matches)
            fail_msg("%s: %s", row->claim, row->matches ? "no tag" : "a tag");
        arena_free(&arena);
    }
}

static void test_cpe(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        struct bytes value;
        bool is_cpe;
    } cpes[] = {
        { "maker and serial", SENT("\0\0\x0d\xe9\x09\1\3ABC\2\2xy"), true },
        { "of another enterprise", SENT("\0\0\x0d\xe8\x09\1\3ABC\2\2xy"), false },
        { "no serial", SENT("\0\0\x0d\xe9\5\1\3ABC"), false },
        { "cut short", SENT("\0\0\x0d\xe9\x09\1\3ABC"), false },
        { "behind another", SENT("\0\0\0\1\1x\0\0\x0d\xe9\x09\1\3ABC\2\2xy"), true },
    };
    for (size_t i = 0; i < COUNT_OF(cpes); i++) {
        uint8_t buffer[1024];
        struct dhcp4_message message;
        assert_int_equal(dhcp4_message_read(client_message(125, cpes[i].value, buffer), &message),
                         STATUS_OK);
        if (client_match_is_cpe(&message) != cpes[i].is_cpe)
            fail_msg("%s", cpes[i].claim);
    }
}

static void test_subjects(void **state)
{
    (void)state;
    uint8_t buffer[1024];
    struct dhcp4_message message;
    struct tag_set set;
    char text[64];
    arena_init(&arena, 16384, 1 << 20);
    read_line("dhcp-mac=set:card,02:*:*:*:*:*\ndhcp-name-match=set:name,x\n"
              "dhcp-match=set:has,53\n");
    assert_int_equal(dhcp4_message_read(client_message(0, BYTES_NONE, buffer), &message),
                     STATUS_OK);
    struct client_match_facts facts = { .message = &message, .name = TEXT("x") };
    static const struct {
        unsigned subjects;
        const char *tags;
    } calls[] = {
        { CLIENT_MATCH_NAMES, "name" },
        { CLIENT_MATCH_CLASSES, "has" },
        { CLIENT_MATCH_CARDS, "card" },
        { CLIENT_MATCH_RELAYS, "" },
    };
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        struct text_out out = text_out_on(text, sizeof(text));
        tag_set_init(&set);
        client_match_apply(&config, &facts, calls[i].subjects, &set);
        text_put_tags(&out, &set, &config.tags);
        assert_string_equal(text, calls[i].tags);
    }
    arena_free(&arena);
}

/* ------------------------------------------------------------------ DHCPv6 */

/* The options of a client's message, or the one that a relay adds. */
static const struct {
    const char *claim, *line;
    struct bytes options;
    bool by_relay;
    bool matches;
} rows6[] = {
    { "a vendor class", "dhcp-vendorclass=set:t,cme", SENT("\0\x10\0\xa\0\0\0\x9\0\4Acme"), false,
      true },
    { "of an enterprise", "dhcp-vendorclass=set:t,enterprise:9,Ac",
      SENT("\0\x10\0\xa\0\0\0\x9\0\4Acme"), false, true },
    { "of another enterprise", "dhcp-vendorclass=set:t,enterprise:8,Ac",
      SENT("\0\x10\0\xa\0\0\0\x9\0\4Acme"), false, false },
    { "an enterprise alone", "dhcp-vendorclass=set:t,enterprise:9", SENT("\0\x10\0\4\0\0\0\x9"),
      false, true },
    { "not over two classes", "dhcp-vendorclass=set:t,ab", SENT("\0\x10\0\xa\0\0\0\x9\0\1a\0\1b"),
      false, false },
    { "the second class option", "dhcp-vendorclass=set:t,ab",
      SENT("\0\x10\0\4\0\0\0\x8\0\x10\0\x8\0\0\0\x9\0\2ab"), false, true },
    { "a user class", "dhcp-userclass=set:t,lab", SENT("\0\xf\0\x8\0\1x\0\3lab"), false, true },
    { "a user class cut", "dhcp-userclass=set:t,lab", SENT("\0\xf\0\5\0\4lab"), false, false },
    { "an option is there", "dhcp-match=set:t,option6:79", SENT("\0\x4f\0\1x"), false, true },
    { "an option is empty", "dhcp-match=set:t,option6:79", SENT("\0\x4f\0\0"), false, false },
    { "an option of DHCPv4", "dhcp-match=set:t,79", SENT("\0\x4f\0\1x"), false, false },
    { "an option by name", "dhcp-match=set:t,option6:bootfile-url,tftp", SENT("\0\x3b\0\6tftp:/"),
      false, true },
    { "bytes", "dhcp-match=set:t,option6:200,01:*:03", SENT("\0\xc8\0\3\1\2\3"), false, true },
    { "an enterprise of DHCPv4", "dhcp-match=set:t,vi-encap:9", SENT("\0\x10\0\4\0\0\0\x9"), false,
      false },
    { "hardware", "dhcp-mac=set:t,02:*:*:*:*:07", SENT(""), false, true },
    { "other hardware", "dhcp-mac=set:t,02:*:*:*:*:08", SENT(""), false, false },
    { "the name", "dhcp-name-match=set:t,cl*", SENT(""), false, true },
    { "a remote id", "dhcp-remoteid=set:t,ab", SENT("\0\x25\0\6\0\0\0\x9\x61\x62"), true, true },
    { "with its enterprise", "dhcp-remoteid=set:t,00:00:00:09:61:62",
      SENT("\0\x25\0\6\0\0\0\x9\x61\x62"), true, true },
    { "a remote id of the client's own", "dhcp-remoteid=set:t,ab",
      SENT("\0\x25\0\6\0\0\0\x9\x61\x62"), false, false },
    { "part of a remote id", "dhcp-remoteid=set:t,a", SENT("\0\x25\0\6\0\0\0\x9\x61\x62"), true,
      false },
    { "a subscriber id", "dhcp-subscrid=set:t,ab", SENT("\0\x26\0\2\x61\x62"), true, true },
    { "no circuit ids", "dhcp-circuitid=set:t,ab", SENT("\0\x12\0\2\x61\x62"), true, false },
};

/* A relay's envelope around a message, with these options. */
static struct bytes relayed(struct bytes options, uint8_t *buffer, size_t room)
{
    struct bytes_writer writer = bytes_writer_on(buffer, room);
    bytes_write_u8(&writer, DHCP6_RELAY_FORW);
    bytes_write_zeros(&writer, 33);
    bytes_write_span(&writer, options);
    bytes_write_u16(&writer, DHCP6_RELAY_MSG);
    bytes_write_u16(&writer, 4);
    bytes_write_u32(&writer, 0x01000001);
    assert_false(writer.failed);
    return bytes_writer_written(&writer);
}

static void test_rows6(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows6); i++) {
        uint8_t buffer[512];
        static struct dhcp6_wrapped wrapped;
        static struct dhcp6_options options;
        struct tag_set set;
        uint16_t tag;
        struct client_match_facts facts = {
            .options6 = &options,
            .wrapped6 = &wrapped,
            .hardware6 = { 1, 6, { 2, 0, 0, 0, 0, 7 } },
            .name = TEXT("client"),
        };
        arena_init(&arena, 16384, 1 << 20);
        read_line(rows6[i].line);
        struct bytes around = rows6[i].by_relay ? rows6[i].options : BYTES_NONE;
        struct bytes inside = rows6[i].by_relay ? BYTES_NONE : rows6[i].options;
        assert_int_equal(dhcp6_unwrap(relayed(around, buffer, sizeof(buffer)), &wrapped),
                         STATUS_OK);
        assert_int_equal(dhcp6_options_read(inside, &options), STATUS_OK);
        tag_set_init(&set);
        client_match_apply(&config, &facts, ~0u, &set);
        assert_int_equal(tag_names_find(&config.tags, TEXT("t"), &tag), STATUS_OK);
        if (tag_set_has(&set, tag) != rows6[i].matches)
            fail_msg("%s: %s", rows6[i].claim, rows6[i].matches ? "no tag" : "a tag");
        arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_rows6),
        cmocka_unit_test(test_cpe),
        cmocka_unit_test(test_subjects),
    };
    return cmocka_run_group_tests_name("client_match", tests, NULL, NULL);
}

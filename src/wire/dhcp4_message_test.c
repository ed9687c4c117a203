#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/dhcp4_message.h"

#define COOKIE           "\x63\x82\x53\x63"
#define LITERAL(literal) bytes_of((literal), sizeof(literal) - 1)

/* A message around three fields of options: the fixed part with op, hlen and some recognisable
 * values, then whatever the row gives. */
static struct bytes make_message(uint8_t *buffer, size_t room, uint8_t op, uint8_t hlen,
                                 struct bytes sname, struct bytes file, struct bytes vendor)
{
    struct bytes_writer writer = bytes_writer_on(buffer, room);

    bytes_write_u8(&writer, op);
    bytes_write_u8(&writer, 1);
    bytes_write_u8(&writer, hlen);
    bytes_write_u8(&writer, 3);
    bytes_write_u32(&writer, 0x01020304);
    bytes_write_u16(&writer, 7);
    bytes_write_u16(&writer, DHCP4_FLAG_BROADCAST);
    bytes_write_u32(&writer, 0xc0000201);
    bytes_write_u32(&writer, 0xc0000202);
    bytes_write_u32(&writer, 0xc0000203);
    bytes_write_u32(&writer, 0xc0000204);
    for (unsigned i = 0; i < 16; i++)
        bytes_write_u8(&writer, (uint8_t)(0xa0 + i));
    bytes_write_span(&writer, sname);
    bytes_write_zeros(&writer, DHCP4_SNAME_BYTES - sname.count);
    bytes_write_span(&writer, file);
    bytes_write_zeros(&writer, DHCP4_FILE_BYTES - file.count);
    bytes_write_span(&writer, vendor);
    assert_false(writer.failed);
    return bytes_writer_written(&writer);
}

#define SPAN(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

/* clang-format off */
static const struct {
    const char *name;
    uint8_t op, hlen;
    struct bytes sname, file, vendor;
    enum status status;
    bool is_dhcp;
    uint8_t type, overload;
    unsigned count;
} reads[] = {
    { "discover", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff"), STATUS_OK, true, 1, 0, 1 },
    { "reply", 2, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\2\xff"), STATUS_OK, true, 2, 0, 1 },
    { "no END", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\3"), STATUS_OK, true, 3, 0, 1 },
    { "PAD between", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\0\0\x35\1\1\0\x0c\1x\0"), STATUS_OK, true, 1,
      0, 2 },
    { "nothing behind END", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff\x0c\xff"), STATUS_OK,
      true, 1, 0, 1 },
    { "empty option", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\x50\0\xff"), STATUS_OK, true, 1, 0,
      2 },
    { "BOOTP without vendor area", 1, 6, { 0 }, { 0 }, { 0 }, STATUS_OK, false, 0, 0, 0 },
    { "BOOTP with a short vendor area", 1, 6, { 0 }, { 0 }, SPAN("\x63\x82"), STATUS_OK, false, 0,
      0, 0 },
    { "BOOTP with zeros", 1, 6, { 0 }, { 0 }, SPAN("\0\0\0\0\x35\1\1"), STATUS_OK, false, 0, 0, 0 },
    { "BOOTP with options", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x0c\1x\xff"), STATUS_OK, false, 0, 0,
      1 },
    { "cookie alone", 1, 6, { 0 }, { 0 }, SPAN(COOKIE), STATUS_OK, false, 0, 0, 0 },
    { "wrong cookie", 1, 6, { 0 }, { 0 }, SPAN("\x63\x82\x53\x64\x35\1\1\xff"), STATUS_MALFORMED,
      false, 0, 0, 0 },
    { "op 0", 0, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0, 0 },
    { "op 3", 3, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0, 0 },
    { "hlen 16", 1, 16, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff"), STATUS_OK, true, 1, 0, 1 },
    { "hlen 17", 1, 17, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0,
      0 },
    { "hlen 255", 1, 255, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0,
      0 },
    { "option past the end", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\x0c\2x"), STATUS_MALFORMED,
      false, 0, 0, 0 },
    { "option without length", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\x0c"), STATUS_MALFORMED,
      false, 0, 0, 0 },
    { "empty message type", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\0\xff"), STATUS_MALFORMED, false,
      0, 0, 0 },
    { "message type 0", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\0\xff"), STATUS_MALFORMED, false, 0,
      0, 0 },
    { "two message types", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x35\1\1\x35\1\3\xff"),
      STATUS_MALFORMED, false, 0, 0, 0 },
    { "file overloaded", 1, 6, { 0 }, SPAN("\x0c\1x\xff"), SPAN(COOKIE "\x34\1\1\x35\1\1\xff"),
      STATUS_OK, true, 1, 1, 3 },
    { "sname overloaded", 1, 6, SPAN("\x0c\1x\xff"), { 0 }, SPAN(COOKIE "\x34\1\2\x35\1\1\xff"),
      STATUS_OK, true, 1, 2, 3 },
    { "both overloaded", 1, 6, SPAN("\x0c\1x\xff"), SPAN("\x0d\0\xff"),
      SPAN(COOKIE "\x34\1\3\x35\1\1\xff"), STATUS_OK, true, 1, 3, 4 },
    { "message type in file", 1, 6, { 0 }, SPAN("\x35\1\5\xff"), SPAN(COOKIE "\x34\1\1\xff"),
      STATUS_OK, true, 5, 1, 2 },
    { "fields without overload are text", 1, 6, SPAN("\x0c\1x\xff"), SPAN("\x0c\xff"),
      SPAN(COOKIE "\x35\1\1\xff"), STATUS_OK, true, 1, 0, 1 },
    { "overload inside file", 1, 6, { 0 }, SPAN("\x34\1\2\xff"),
      SPAN(COOKIE "\x34\1\1\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0, 0 },
    { "overload inside sname", 1, 6, SPAN("\x34\1\1\xff"), { 0 },
      SPAN(COOKIE "\x34\1\2\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0, 0 },
    { "overload 4", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x34\1\4\x35\1\1\xff"), STATUS_MALFORMED,
      false, 0, 0, 0 },
    { "overload of two bytes", 1, 6, { 0 }, { 0 }, SPAN(COOKIE "\x34\2\1\1\x35\1\1\xff"),
      STATUS_MALFORMED, false, 0, 0, 0 },
    { "option past the file field", 1, 6, { 0 }, SPAN("\x0c\xc8xx"),
      SPAN(COOKIE "\x34\1\1\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0, 0 },
    { "option past the sname field", 1, 6, SPAN("\x0c\x3f"), { 0 },
      SPAN(COOKIE "\x34\1\2\x35\1\1\xff"), STATUS_MALFORMED, false, 0, 0, 0 },
    { "option to the end of sname", 1, 6, SPAN("\x0c\x3e"), { 0 },
      SPAN(COOKIE "\x34\1\2\x35\1\1\xff"), STATUS_OK, true, 1, 2, 3 },
};
/* clang-format on */

static void test_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(reads); i++) {
        uint8_t buffer[1024];
        struct dhcp4_message message = { .type = 77 };
        struct bytes bytes = make_message(buffer, sizeof buffer, reads[i].op, reads[i].hlen,
                                          reads[i].sname, reads[i].file, reads[i].vendor);
        enum status status = dhcp4_message_read(bytes, &message);
        if (status != reads[i].status)
            fail_msg("%s: %s", reads[i].name, status_text(status));
        if (status != STATUS_OK) {
            if (message.type != 77)
                fail_msg("%s: written in spite of the error", reads[i].name);
            continue;
        }
        if (message.is_dhcp != reads[i].is_dhcp || message.type != reads[i].type
            || message.overload != reads[i].overload || message.option_count != reads[i].count)
            fail_msg("%s: dhcp %d type %u overload %u options %u", reads[i].name, message.is_dhcp,
                     message.type, message.overload, message.option_count);
    }
}

static void test_read_truncated(void **state)
{
    (void)state;
    uint8_t buffer[DHCP4_FIXED_BYTES];
    struct dhcp4_message message;
    struct bytes whole =
        make_message(buffer, sizeof buffer, 1, 6, BYTES_NONE, BYTES_NONE, BYTES_NONE);

    for (size_t count = 0; count < whole.count; count++)
        assert_int_equal(dhcp4_message_read(bytes_of(buffer, count), &message), STATUS_TRUNCATED);
    assert_int_equal(dhcp4_message_read(whole, &message), STATUS_OK);
}

static void test_read_fixed(void **state)
{
    (void)state;
    uint8_t buffer[512];
    struct dhcp4_message message;
    struct bytes bytes = make_message(buffer, sizeof buffer, 1, 6, LITERAL("server"),
                                      LITERAL("boot"), LITERAL(COOKIE "\x35\1\1\xff"));

    assert_int_equal(dhcp4_message_read(bytes, &message), STATUS_OK);
    assert_int_equal(message.op, 1);
    assert_int_equal(message.hops, 3);
    assert_int_equal(message.xid, 0x01020304);
    assert_int_equal(message.secs, 7);
    assert_int_equal(message.flags, DHCP4_FLAG_BROADCAST);
    assert_int_equal(address_ip4_to_u32(message.ciaddr), 0xc0000201);
    assert_int_equal(address_ip4_to_u32(message.yiaddr), 0xc0000202);
    assert_int_equal(address_ip4_to_u32(message.siaddr), 0xc0000203);
    assert_int_equal(address_ip4_to_u32(message.giaddr), 0xc0000204);
    assert_int_equal(message.hardware.type, 1);
    assert_int_equal(message.hardware.count, 6);
    assert_memory_equal(message.hardware.bytes, "\xa0\xa1\xa2\xa3\xa4\xa5\0\0\0\0\0\0\0\0\0\0", 16);
    assert_int_equal(message.sname.count, DHCP4_SNAME_BYTES);
    assert_string_equal((const char *)message.sname.at, "server");
    assert_int_equal(message.file.count, DHCP4_FILE_BYTES);
    assert_string_equal((const char *)message.file.at, "boot");
}

/* 128 fragments are indexed, one more is refused rather than forgotten. */
static void test_read_too_many(void **state)
{
    (void)state;
    static uint8_t buffer[1024];
    uint8_t vendor[4 + 3 + 2 * DHCP4_OPTIONS_MAX];
    struct bytes_writer writer = bytes_writer_on(vendor, sizeof vendor);
    struct dhcp4_message message;

    bytes_write_copy(&writer, COOKIE "\x35\1\1", 7);
    for (unsigned i = 1; i < DHCP4_OPTIONS_MAX; i++)
        bytes_write_u16(&writer, 0xc800);
    struct bytes bytes = make_message(buffer, sizeof buffer, 1, 6, BYTES_NONE, BYTES_NONE,
                                      bytes_writer_written(&writer));
    assert_int_equal(dhcp4_message_read(bytes, &message), STATUS_OK);
    assert_int_equal(message.option_count, DHCP4_OPTIONS_MAX);

    bytes_write_u16(&writer, 0xc800);
    bytes = make_message(buffer, sizeof buffer, 1, 6, BYTES_NONE, BYTES_NONE,
                         bytes_writer_written(&writer));
    assert_int_equal(dhcp4_message_read(bytes, &message), STATUS_MALFORMED);

    static uint8_t large[DHCP4_MESSAGE_MAX + 1];
    make_message(large, sizeof large, 1, 6, BYTES_NONE, BYTES_NONE, LITERAL(COOKIE));
    assert_int_equal(dhcp4_message_read(bytes_of(large, DHCP4_MESSAGE_MAX), &message), STATUS_OK);
    assert_int_equal(dhcp4_message_read(bytes_of(large, sizeof large), &message), STATUS_MALFORMED);
}

/* RFC 3396: fragments join in the order options, file, sname, not as they stand in the message. */
static void test_find(void **state)
{
    (void)state;
    uint8_t buffer[512];
    uint8_t scratch[8];
    struct dhcp4_message message;
    struct bytes value;
    struct bytes bytes = make_message(
        buffer, sizeof buffer, 1, 6, LITERAL("\x0c\2ef\xff"), LITERAL("\x0c\2cd\xff"),
        LITERAL(COOKIE "\x34\1\3\x35\1\1\x0c\2ab\x32\4\xc0\0\2\7\x50\0\x39\2\5\xdc\xff"));

    assert_int_equal(dhcp4_message_read(bytes, &message), STATUS_OK);
    assert_true(dhcp4_option_find(&message, DHCP4_HOSTNAME, scratch, sizeof scratch, &value));
    assert_int_equal(value.count, 6);
    assert_memory_equal(value.at, "abcdef", 6);
    assert_false(dhcp4_option_find(&message, DHCP4_HOSTNAME, scratch, 5, &value));
    assert_true(dhcp4_option_find(&message, DHCP4_HOSTNAME, scratch, 6, &value));
    assert_true(dhcp4_option_first(&message, DHCP4_HOSTNAME, &value));
    assert_int_equal(value.count, 2);

    /* One fragment is a view of the message and needs no scratch. */
    assert_true(dhcp4_option_find(&message, DHCP4_REQUESTED_IP, NULL, 0, &value));
    assert_true(value.at > buffer && value.at < buffer + sizeof buffer);
    assert_true(dhcp4_option_find(&message, DHCP4_RAPID_COMMIT, NULL, 0, &value));
    assert_int_equal(value.count, 0);
    assert_false(dhcp4_option_find(&message, DHCP4_CLIENT_ID, scratch, sizeof scratch, &value));
    assert_false(dhcp4_option_first(&message, DHCP4_CLIENT_ID, &value));
    assert_false(
        dhcp4_option_find(&message, 256 + DHCP4_HOSTNAME, scratch, sizeof scratch, &value));
}

static void test_typed(void **state)
{
    (void)state;
    uint8_t buffer[512];
    struct dhcp4_message message;
    struct address address = address_any(ADDRESS_IP4);
    uint32_t word = 0;
    uint16_t half = 0;
    uint8_t byte = 0;
    struct bytes bytes =
        make_message(buffer, sizeof buffer, 1, 6, BYTES_NONE, BYTES_NONE,
                     LITERAL(COOKIE "\x35\1\1\x32\4\xc0\0\2\7\x39\2\5\xdc\x33\3\0\0\1\xff"));

    assert_int_equal(dhcp4_message_read(bytes, &message), STATUS_OK);
    assert_true(dhcp4_option_address(&message, DHCP4_REQUESTED_IP, &address));
    assert_int_equal(address_ip4_to_u32(address), 0xc0000207);
    assert_true(dhcp4_option_u32(&message, DHCP4_REQUESTED_IP, &word));
    assert_int_equal(word, 0xc0000207);
    assert_true(dhcp4_option_u16(&message, DHCP4_MAX_SIZE, &half));
    assert_int_equal(half, 1500);
    assert_true(dhcp4_option_u8(&message, DHCP4_MESSAGE_TYPE, &byte));
    assert_int_equal(byte, 1);

    /* A wrong size is an absent option. */
    assert_false(dhcp4_option_u32(&message, DHCP4_LEASE_TIME, &word));
    assert_false(dhcp4_option_address(&message, DHCP4_MAX_SIZE, &address));
    assert_false(dhcp4_option_u16(&message, DHCP4_MESSAGE_TYPE, &half));
    assert_false(dhcp4_option_u8(&message, DHCP4_MAX_SIZE, &byte));
    assert_false(dhcp4_option_u8(&message, DHCP4_CLIENT_ID, &byte));
}

static const struct {
    const char *name;
    struct bytes list;
    unsigned code;
    bool found;
    struct bytes value;
} suboptions[] = {
    { "first", SPAN("\1\2ab\2\1c"), 1, true, SPAN("ab") },
    { "last", SPAN("\1\2ab\2\1c"), 2, true, SPAN("c") },
    { "empty value", SPAN("\1\0\2\1c"), 1, true, { 0 } },
    { "absent", SPAN("\1\2ab\2\1c"), 3, false, { 0 } },
    { "empty list", { 0 }, 1, false, { 0 } },
    { "behind END", SPAN("\1\1a\xff\2\1c"), 2, false, { 0 } },
    { "behind PAD", SPAN("\1\1a\0\0\2\1c"), 2, true, SPAN("c") },
    { "the first of two", SPAN("\1\1a\1\1b"), 1, true, SPAN("a") },
    { "length past the end", SPAN("\1\3ab"), 1, false, { 0 } },
    { "a later length past the end", SPAN("\1\1a\2\5b"), 1, false, { 0 } },
    { "no length", SPAN("\1\1a\2"), 1, false, { 0 } },
};

static void test_suboptions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(suboptions); i++) {
        struct bytes value = BYTES_NONE;
        bool found = dhcp4_suboption_find(suboptions[i].list, suboptions[i].code, &value);
        if (found != suboptions[i].found || !bytes_equal(value, suboptions[i].value))
            fail_msg("%s", suboptions[i].name);
    }
}

static void test_fqdn(void **state)
{
    (void)state;
    struct dhcp4_fqdn fqdn;

    assert_int_equal(dhcp4_fqdn_read(LITERAL("\1\xff\xff"
                                             "pc.lan"),
                                     &fqdn),
                     STATUS_OK);
    assert_int_equal(fqdn.flags, 1);
    assert_false(fqdn.is_wire);
    assert_true(bytes_equal(fqdn.name, LITERAL("pc.lan")));
    assert_int_equal(dhcp4_fqdn_read(LITERAL("\5\0\0\2pc"), &fqdn), STATUS_OK);
    assert_true(fqdn.is_wire);
    assert_true(bytes_equal(fqdn.name, LITERAL("\2pc")));
    assert_int_equal(dhcp4_fqdn_read(LITERAL("\4\0\0"), &fqdn), STATUS_OK);
    assert_int_equal(fqdn.name.count, 0);
    assert_int_equal(dhcp4_fqdn_read(LITERAL("\4\0"), &fqdn), STATUS_TRUNCATED);
    assert_int_equal(dhcp4_fqdn_read(BYTES_NONE, &fqdn), STATUS_TRUNCATED);
}

/* ------------------------------------------------------------------ building */

static struct dhcp4_reply_header test_header(void)
{
    return (struct dhcp4_reply_header){
        .op = DHCP4_BOOTREPLY,
        .hops = 1,
        .xid = 0xdeadbeef,
        .secs = 2,
        .flags = DHCP4_FLAG_BROADCAST,
        .yiaddr = address_ip4(192, 0, 2, 10),
        .siaddr = address_ip4(192, 0, 2, 1),
        .giaddr = address_ip4(192, 0, 2, 254),
        .hardware = { 1, 6, { 2, 0, 0, 0, 0, 1 } },
    };
}

static const uint8_t filler[1024];

static void test_build(void **state)
{
    (void)state;
    uint8_t buffer[600];
    struct dhcp4_builder builder;
    struct dhcp4_reply_header header = test_header();
    struct dhcp4_message message;
    struct address server = address_ip4(192, 0, 2, 1);
    uint32_t lease = 0;

    memset(buffer, 0xee, sizeof buffer);
    dhcp4_builder_start(&builder, buffer, sizeof buffer, 548, &header, true);
    assert_true(dhcp4_builder_option_u8(&builder, DHCP4_MESSAGE_TYPE, DHCP4_ACK));
    assert_true(dhcp4_builder_option_address(&builder, DHCP4_SERVER_ID, &server));
    assert_true(dhcp4_builder_option_u32(&builder, DHCP4_LEASE_TIME, 3600));
    assert_true(dhcp4_builder_option(&builder, DHCP4_RAPID_COMMIT, BYTES_NONE));
    assert_true(dhcp4_builder_sname(&builder, TEXT("server")));
    assert_true(dhcp4_builder_file(&builder, TEXT("a longer name")));
    assert_true(dhcp4_builder_file(&builder, TEXT("boot")));
    assert_true(dhcp4_builder_has(&builder, DHCP4_RAPID_COMMIT));
    assert_true(dhcp4_builder_has(&builder, DHCP4_MESSAGE_TYPE));
    assert_false(dhcp4_builder_has(&builder, DHCP4_ROUTER));

    struct bytes built = dhcp4_builder_finish(&builder);
    assert_int_equal(built.count, 300);
    assert_int_equal(builder.refused, 0);
    assert_int_equal(buffer[300], 0xee);
    assert_int_equal(dhcp4_message_read(built, &message), STATUS_OK);
    assert_int_equal(message.op, DHCP4_BOOTREPLY);
    assert_int_equal(message.xid, 0xdeadbeef);
    assert_int_equal(message.type, DHCP4_ACK);
    assert_int_equal(message.overload, 0);
    assert_int_equal(message.option_count, 4);
    assert_int_equal(address_ip4_to_u32(message.ciaddr), 0);
    assert_int_equal(address_ip4_to_u32(message.giaddr), 0xc00002fe);
    assert_true(hardware_equal(&message.hardware, &header.hardware));
    assert_string_equal((const char *)message.sname.at, "server");
    assert_memory_equal(message.file.at, "boot\0\0\0\0\0\0\0\0\0\0", 14);
    assert_true(dhcp4_option_u32(&message, DHCP4_LEASE_TIME, &lease));
    assert_int_equal(lease, 3600);
}

/* At the smallest limit the options field is 60 bytes: 56 may be used while overload is possible,
 * 59 when it is not. */
static const struct {
    const char *name;
    bool may_overload;
    const char *sname, *file;
    unsigned values[4]; /* sizes, 0 ends */
    unsigned refused;
    uint8_t overload;
    uint8_t fields[4]; /* where each landed; 9 means refused */
} placements[] = {
    { "all of the options field", false, NULL, NULL, { 57 }, 0, 0, { 0 } },
    { "one byte too many", false, NULL, NULL, { 58 }, 1, 0, { 9 } },
    { "room kept for overload", true, NULL, NULL, { 54 }, 0, 0, { 0 } },
    { "into file", true, NULL, NULL, { 55 }, 0, 1, { 1 } },
    { "no reserve when both fields hold text", true, "s", "f", { 57 }, 0, 0, { 0 } },
    { "file, then sname", true, NULL, NULL, { 54, 125, 61 }, 0, 3, { 0, 1, 2 } },
    { "file full to its END", true, NULL, NULL, { 125 }, 0, 1, { 1 } },
    { "too long for file", true, NULL, NULL, { 126 }, 1, 0, { 9 } },
    { "file taken", true, NULL, "f", { 55, 62 }, 1, 2, { 2, 9 } },
    { "sname taken", true, "s", NULL, { 54, 100, 61 }, 1, 1, { 0, 1, 9 } },
    { "the rest of a text field stays text", true, "s", "f", { 57, 20 }, 1, 0, { 0, 9 } },
    { "the rest of sname stays text", true, "s", NULL, { 54, 125, 20 }, 1, 1, { 0, 1, 9 } },
    { "the rest of file stays text", true, NULL, "f", { 54, 61, 20 }, 1, 2, { 0, 2, 9 } },
    { "a later small one still fits", true, NULL, NULL, { 40, 120, 10 }, 0, 1, { 0, 1, 0 } },
    { "nothing fits any more", true, NULL, NULL, { 54, 125, 61, 1 }, 1, 3, { 0, 1, 2, 9 } },
};

static const struct dhcp4_option_place *find_place(const struct dhcp4_message *message,
                                                   unsigned code)
{
    for (unsigned i = 0; i < message->option_count; i++)
        if (message->options[i].code == code)
            return &message->options[i];
    return NULL;
}

static void test_placement(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(placements); i++) {
        uint8_t buffer[300];
        struct dhcp4_builder builder;
        struct dhcp4_reply_header header = test_header();
        struct dhcp4_message message;

        dhcp4_builder_start(&builder, buffer, sizeof buffer, 300, &header,
                            placements[i].may_overload);
        if (placements[i].sname != NULL)
            assert_true(dhcp4_builder_sname(&builder, text_of(placements[i].sname)));
        if (placements[i].file != NULL)
            assert_true(dhcp4_builder_file(&builder, text_of(placements[i].file)));
        for (unsigned n = 0; n < COUNT_OF(placements[i].values) && placements[i].values[n] > 0; n++)
            if (dhcp4_builder_option(&builder, 200 + n, bytes_of(filler, placements[i].values[n]))
                != (placements[i].fields[n] != 9))
                fail_msg("%s: value %u", placements[i].name, n);
        if (builder.refused != placements[i].refused)
            fail_msg("%s: %u refused", placements[i].name, builder.refused);

        struct bytes built = dhcp4_builder_finish(&builder);
        if (built.count != 300 || dhcp4_message_read(built, &message) != STATUS_OK
            || message.overload != placements[i].overload)
            fail_msg("%s: not well-formed, or overload %u", placements[i].name, message.overload);
        for (unsigned n = 0; n < COUNT_OF(placements[i].values) && placements[i].values[n] > 0;
             n++) {
            const struct dhcp4_option_place *place = find_place(&message, 200 + n);
            bool refused = placements[i].fields[n] == 9;
            if (refused != (place == NULL))
                fail_msg("%s: value %u is lost or not refused", placements[i].name, n);
            if (!refused
                && (place->field != placements[i].fields[n]
                    || place->count != placements[i].values[n]))
                fail_msg("%s: value %u is elsewhere", placements[i].name, n);
        }
    }
}

static void test_build_long(void **state)
{
    (void)state;
    uint8_t buffer[1500];
    uint8_t value[700];
    uint8_t scratch[700];
    struct dhcp4_builder builder;
    struct dhcp4_reply_header header = test_header();
    struct dhcp4_message message;
    struct bytes found;

    for (size_t i = 0; i < sizeof value; i++)
        value[i] = (uint8_t)(i * 7);
    dhcp4_builder_start(&builder, buffer, sizeof buffer, sizeof buffer, &header, true);
    assert_true(dhcp4_builder_option(&builder, 121, bytes_of(value, sizeof value)));
    assert_true(dhcp4_builder_option(&builder, 122, bytes_of(value, 255)));
    assert_true(dhcp4_builder_has(&builder, 121));
    assert_false(dhcp4_builder_has(&builder, value[0]));
    struct bytes built = dhcp4_builder_finish(&builder);
    assert_int_equal(built.count, 240 + 700 + 3 * 2 + 255 + 2 + 1);
    assert_int_equal(dhcp4_message_read(built, &message), STATUS_OK);
    assert_int_equal(message.option_count, 4);
    assert_true(dhcp4_option_find(&message, 121, scratch, sizeof scratch, &found));
    assert_true(bytes_equal(found, bytes_of(value, sizeof value)));
}

static void test_build_refused(void **state)
{
    (void)state;
    uint8_t buffer[400];
    char name[DHCP4_FILE_BYTES];
    struct dhcp4_builder builder;
    struct dhcp4_reply_header header = test_header();

    memset(name, 'n', sizeof name);
    dhcp4_builder_start(&builder, buffer, sizeof buffer, 300, &header, true);
    assert_false(dhcp4_builder_option(&builder, DHCP4_PAD, BYTES_NONE));
    assert_false(dhcp4_builder_option(&builder, DHCP4_OVERLOAD, bytes_of(filler, 1)));
    assert_false(dhcp4_builder_option(&builder, DHCP4_END, BYTES_NONE));
    assert_false(dhcp4_builder_option(&builder, 256 + 3, bytes_of(filler, 4)));
    assert_false(dhcp4_builder_option(&builder, 215, bytes_of(filler, 700)));
    assert_int_equal(builder.refused, 5);
    assert_int_equal(builder.last_refused, 215);

    assert_false(dhcp4_builder_sname(&builder, (struct text){ name, 64 }));
    assert_true(dhcp4_builder_sname(&builder, (struct text){ name, 63 }));
    assert_false(dhcp4_builder_file(&builder, (struct text){ name, 128 }));
    assert_true(dhcp4_builder_file(&builder, (struct text){ name, 127 }));
    assert_true(dhcp4_builder_file(&builder, TEXT("")));
    assert_false(builder.file_used);
    assert_true(dhcp4_builder_option(&builder, 200, bytes_of(filler, 100)));
    assert_false(dhcp4_builder_file(&builder, TEXT("late")));
    assert_int_equal(dhcp4_builder_finish(&builder).count, 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),       cmocka_unit_test(test_read_truncated),
        cmocka_unit_test(test_read_fixed), cmocka_unit_test(test_read_too_many),
        cmocka_unit_test(test_find),       cmocka_unit_test(test_typed),
        cmocka_unit_test(test_suboptions), cmocka_unit_test(test_fqdn),
        cmocka_unit_test(test_build),      cmocka_unit_test(test_placement),
        cmocka_unit_test(test_build_long), cmocka_unit_test(test_build_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

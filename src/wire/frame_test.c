#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/frame.h"

#define LITERAL(literal) bytes_of((literal), sizeof(literal) - 1)
#define SPAN(literal)                                                                              \
    {                                                                                              \
        (const uint8_t *)(literal), sizeof(literal) - 1                                            \
    }

/* "hello" from 192.0.2.1 port 67 to 255.255.255.255 port 68, as scapy writes it. */
#define HELLO_HEADER                                                                               \
    "\x45\x10\x00\x21\xf9\x79\x00\x00\x40\x11\xbf\x41\xc0\x00\x02\x01\xff\xff\xff\xff"
#define HELLO_UDP "\x00\x43\x00\x44\x00\x0d\xf9\x79hello"

/* An echo reply from 192.0.2.9, id 0x1234, sequence 5. */
#define ECHO_HEADER                                                                                \
    "\x45\x00\x00\x1f\x00\x07\x00\x00\x40\x01\xf6\xcc\xc0\x00\x02\x09\xc0\x00\x02\x01"
#define ECHO_BODY                                                                                  \
    "\x00\x00\x29\x64\x12\x34\x00\x05"                                                             \
    "abc"

static const struct {
    const char *name;
    struct bytes span;
    uint32_t sum;
    uint16_t checksum;
} sums[] = {
    { "RFC 1071 section 3", SPAN("\x00\x01\xf2\x03\xf4\xf5\xf6\xf7"), 0, 0x220d },
    { "nothing", { 0 }, 0, 0xffff },
    { "odd count", SPAN("\x12\x34\x56"), 0, 0x97cb },
    { "carried sum", SPAN("\x00\x01"), 0x1ffff, 0xfffd },
    { "largest carried sum", SPAN("\xff\xff\xff\xff"), UINT32_MAX, 0x0000 },
};

static void test_checksum(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(sums); i++)
        if (frame_checksum(sums[i].span, sums[i].sum) != sums[i].checksum)
            fail_msg("%s: %04x", sums[i].name, frame_checksum(sums[i].span, sums[i].sum));
}

static const struct endpoint server = { { ADDRESS_IP4, { 192, 0, 2, 1 } }, 67, 0 };
static const struct endpoint client = { { ADDRESS_IP4, { 255, 255, 255, 255 } }, 68, 0 };

static void test_udp_write(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);

    bytes_write_u16(&writer, 0xabcd);
    assert_int_equal(frame_udp4_write(&writer, &server, &client, LITERAL("hello")), STATUS_OK);
    assert_false(writer.failed);
    assert_int_equal(bytes_writer_count(&writer), 2 + 33);
    assert_memory_equal(buffer, "\xab\xcd" HELLO_HEADER HELLO_UDP, 2 + 33);
}

static void test_udp_write_limits(void **state)
{
    (void)state;
    static uint8_t payload[65536];
    static uint8_t buffer[65536];
    struct bytes_writer writer = bytes_writer_on(buffer, 33);

    assert_int_equal(frame_udp4_write(&writer, &server, &client, LITERAL("hello!")),
                     STATUS_NO_SPACE);
    assert_int_equal(bytes_writer_count(&writer), 0);
    assert_false(writer.failed);
    assert_int_equal(frame_udp4_write(&writer, &server, &client, LITERAL("hello")), STATUS_OK);

    struct bytes_writer large = bytes_writer_on(buffer, sizeof buffer);
    assert_int_equal(frame_udp4_write(&large, &server, &client, bytes_of(payload, 65535 - 27)),
                     STATUS_RANGE);
    assert_int_equal(frame_udp4_write(&large, &server, &client, bytes_of(payload, 65535 - 28)),
                     STATUS_OK);
}

/* RFC 768: a sum that comes out as zero is sent as all ones. */
static void test_udp_zero_checksum(void **state)
{
    (void)state;
    uint8_t buffer[64];
    struct endpoint from, to;
    struct bytes payload;

    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    assert_int_equal(frame_udp4_write(&writer, &server, &client, LITERAL("\0\0")), STATUS_OK);
    uint8_t fill[2] = { buffer[26], buffer[27] };
    bytes_writer_rewind(&writer, 0);
    assert_int_equal(frame_udp4_write(&writer, &server, &client, bytes_of(fill, 2)), STATUS_OK);
    assert_int_equal(buffer[26], 0xff);
    assert_int_equal(buffer[27], 0xff);
    assert_int_equal(frame_udp4_read(bytes_writer_written(&writer), &from, &to, &payload),
                     STATUS_OK);
}

static const struct {
    const char *name;
    struct bytes packet;
    enum status status;
} udp_reads[] = {
    { "hello", SPAN(HELLO_HEADER HELLO_UDP), STATUS_OK },
    { "link padding behind it", SPAN(HELLO_HEADER HELLO_UDP "\0\0\0\0"), STATUS_OK },
    { "no UDP checksum", SPAN(HELLO_HEADER "\x00\x43\x00\x44\x00\x0d\x00\x00hello"), STATUS_OK },
    { "header options",
      SPAN("\x46\x10\x00\x25\xf9\x79\x00\x00\x40\x11\xbc\x3b\xc0\x00\x02\x01\xff\xff\xff\xff"
           "\x01\x01\x01\x01" HELLO_UDP),
      STATUS_OK },
    { "payload flipped", SPAN(HELLO_HEADER "\x00\x43\x00\x44\x00\x0d\xf9\x79jello"),
      STATUS_MALFORMED },
    { "header flipped",
      SPAN("\x45\x10\x00\x21\xf9\x79\x00\x00\x41\x11\xbf\x41\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_MALFORMED },
    { "version 6",
      SPAN("\x65\x10\x00\x21\xf9\x79\x00\x00\x40\x11\x9f\x41\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_MALFORMED },
    { "header length 4",
      SPAN("\x44\x10\x00\x21\xf9\x79\x00\x00\x40\x11\xc0\x41\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_MALFORMED },
    { "total length shorter than the header",
      SPAN("\x45\x10\x00\x13\xf9\x79\x00\x00\x40\x11\xbf\x4f\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_MALFORMED },
    { "header options longer than the packet",
      SPAN("\x4f\x10\x00\x21\xf9\x79\x00\x00\x40\x11\xb5\x41\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_MALFORMED },
    { "total length past the end",
      SPAN("\x45\x10\x00\x22\xf9\x79\x00\x00\x40\x11\xbf\x40\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_TRUNCATED },
    { "UDP length past the end", SPAN(HELLO_HEADER "\x00\x43\x00\x44\x00\x0e\xf9\x78hello"),
      STATUS_TRUNCATED },
    { "UDP length 7", SPAN(HELLO_HEADER "\x00\x43\x00\x44\x00\x07\x00\x00hello"),
      STATUS_MALFORMED },
    { "a fragment",
      SPAN("\x45\x10\x00\x21\xf9\x79\x20\x00\x40\x11\x9f\x41\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_NOT_FOUND },
    { "a later fragment",
      SPAN("\x45\x10\x00\x21\xf9\x79\x00\x01\x40\x11\xbf\x40\xc0\x00\x02\x01\xff\xff\xff"
           "\xff" HELLO_UDP),
      STATUS_NOT_FOUND },
    { "ICMP", SPAN(ECHO_HEADER ECHO_BODY), STATUS_NOT_FOUND },
};

static void test_udp_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(udp_reads); i++) {
        struct endpoint from, to;
        struct bytes payload;
        enum status status = frame_udp4_read(udp_reads[i].packet, &from, &to, &payload);
        if (status != udp_reads[i].status)
            fail_msg("%s: %s", udp_reads[i].name, status_text(status));
        if (status == STATUS_OK
            && (!bytes_equal(payload, LITERAL("hello")) || !endpoint_equal(&from, &server)
                || !endpoint_equal(&to, &client)))
            fail_msg("%s: something else came out", udp_reads[i].name);
    }
}

static void test_udp_read_truncated(void **state)
{
    (void)state;
    struct endpoint from, to;
    struct bytes payload;

    for (size_t count = 0; count < 33; count++)
        assert_int_equal(
            frame_udp4_read(bytes_of(HELLO_HEADER HELLO_UDP, count), &from, &to, &payload),
            STATUS_TRUNCATED);
}

static void test_echo_write(void **state)
{
    (void)state;
    uint8_t buffer[FRAME_ECHO_BYTES + 1];
    uint8_t expected[FRAME_ECHO_BYTES] = { 8, 0, 0xe5, 0xc6, 0x12, 0x34, 0, 5 };
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);

    frame_echo_write(&writer, 0x1234, 5);
    assert_false(writer.failed);
    assert_int_equal(bytes_writer_count(&writer), FRAME_ECHO_BYTES);
    assert_memory_equal(buffer, expected, sizeof expected);

    for (size_t room = 0; room < FRAME_ECHO_BYTES; room++) {
        writer = bytes_writer_on(buffer, room);
        frame_echo_write(&writer, 0x1234, 5);
        assert_true(writer.failed);
    }
}

static const struct {
    const char *name;
    struct bytes packet;
    enum status status;
} echo_reads[] = {
    { "reply", SPAN(ECHO_HEADER ECHO_BODY), STATUS_OK },
    { "request",
      SPAN(ECHO_HEADER "\x08\x00\x21\x64\x12\x34\x00\x05"
                       "abc"),
      STATUS_NOT_FOUND },
    { "unreachable",
      SPAN(ECHO_HEADER "\x03\x01\x26\x63\x12\x34\x00\x05"
                       "abc"),
      STATUS_NOT_FOUND },
    { "body flipped",
      SPAN(ECHO_HEADER "\x00\x00\x29\x64\x12\x34\x00\x05"
                       "abd"),
      STATUS_MALFORMED },
    { "UDP", SPAN(HELLO_HEADER HELLO_UDP), STATUS_NOT_FOUND },
    { "shorter than its header says", SPAN(ECHO_HEADER "\x00\x00\x29\x64"), STATUS_TRUNCATED },
    { "no room for an id",
      SPAN("\x45\x00\x00\x18\x00\x07\x00\x00\x40\x01\xf6\xd3\xc0\x00\x02\x09\xc0\x00\x02\x01"
           "\x00\x00\xff\xff"),
      STATUS_TRUNCATED },
};

static void test_echo_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(echo_reads); i++) {
        struct address from = { 0 };
        uint16_t id = 0;
        uint16_t sequence = 0;
        enum status status = frame_echo_reply_read(echo_reads[i].packet, &from, &id, &sequence);
        if (status != echo_reads[i].status)
            fail_msg("%s: %s", echo_reads[i].name, status_text(status));
        if (status == STATUS_OK
            && (address_ip4_to_u32(from) != 0xc0000209 || id != 0x1234 || sequence != 5))
            fail_msg("%s: something else came out", echo_reads[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checksum),         cmocka_unit_test(test_udp_write),
        cmocka_unit_test(test_udp_write_limits), cmocka_unit_test(test_udp_zero_checksum),
        cmocka_unit_test(test_udp_read),         cmocka_unit_test(test_udp_read_truncated),
        cmocka_unit_test(test_echo_write),       cmocka_unit_test(test_echo_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

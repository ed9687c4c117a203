#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/tftp_packet.h"

/* A string literal with NULs inside, and without the one the compiler adds. */
#define WIRE(literal) literal, sizeof(literal) - 1

static const struct {
    const char *claim;
    const char *wire;
    size_t count;
    enum status status;
    const char *name;
    enum tftp_mode mode;
    uint8_t present;
    uint32_t blksize, timeout_s, windowsize;
    uint64_t tsize;
} requests[] = {
    { "octet", WIRE("\0\1f\0octet\0"), STATUS_OK, "f", TFTP_MODE_OCTET, 0, 0, 0, 0, 0 },
    { "netascii in any case", WIRE("\0\1f\0NetAscii\0"), STATUS_OK, "f", TFTP_MODE_NETASCII, 0, 0,
      0, 0, 0 },
    { "mail", WIRE("\0\1f\0mail\0"), STATUS_OK, "f", TFTP_MODE_OTHER, 0, 0, 0, 0, 0 },
    { "no mode", WIRE("\0\1f\0\0"), STATUS_OK, "f", TFTP_MODE_OTHER, 0, 0, 0, 0, 0 },
    { "all options",
      WIRE("\0\1f\0octet\0blksize\0001400\0tsize\0000\0timeout\0003\0"
           "windowsize\00016\0"),
      STATUS_OK, "f", TFTP_MODE_OCTET, 15, 1400, 3, 16, 0 },
    { "options in capitals", WIRE("\0\1f\0octet\0BLKSIZE\000600\0"), STATUS_OK, "f",
      TFTP_MODE_OCTET, TFTP_OPTION_BLKSIZE, 600, 0, 0, 0 },
    { "the last of two counts", WIRE("\0\1f\0octet\0blksize\0001400\0blksize\000600\0"), STATUS_OK,
      "f", TFTP_MODE_OCTET, TFTP_OPTION_BLKSIZE, 600, 0, 0, 0 },
    { "an unknown option is passed over", WIRE("\0\1f\0octet\0foo\0bar\0tsize\0007\0"), STATUS_OK,
      "f", TFTP_MODE_OCTET, TFTP_OPTION_TSIZE, 0, 0, 0, 7 },
    { "values that are none",
      WIRE("\0\1f\0octet\0blksize\0x\0timeout\000256\0windowsize\0000\0tsize\0-1\0"), STATUS_OK,
      "f", TFTP_MODE_OCTET, TFTP_OPTION_TSIZE, 0, 0, 0, 0 },
    { "a block of nothing", WIRE("\0\1f\0octet\0blksize\0000\0"), STATUS_OK, "f", TFTP_MODE_OCTET,
      0, 0, 0, 0, 0 },
    { "a value too large for 64 bits", WIRE("\0\1f\0octet\0tsize\00099999999999999999999999\0"),
      STATUS_OK, "f", TFTP_MODE_OCTET, TFTP_OPTION_TSIZE, 0, 0, 0, 0 },
    { "an option without a value", WIRE("\0\1f\0octet\0blksize\0"), STATUS_OK, "f", TFTP_MODE_OCTET,
      0, 0, 0, 0, 0 },
    { "an empty value", WIRE("\0\1f\0octet\0blksize\0\0"), STATUS_OK, "f", TFTP_MODE_OCTET, 0, 0, 0,
      0, 0 },
    { "NULs at the end", WIRE("\0\1f\0octet\0\0\0\0"), STATUS_OK, "f", TFTP_MODE_OCTET, 0, 0, 0, 0,
      0 },
    { "a value without its end", WIRE("\0\1f\0octet\0blksize\0001400"), STATUS_TRUNCATED, NULL, 0,
      0, 0, 0, 0, 0 },
    { "a mode without its end", WIRE("\0\1f\0octet"), STATUS_TRUNCATED, NULL, 0, 0, 0, 0, 0, 0 },
    { "a name without its end", WIRE("\0\1f"), STATUS_TRUNCATED, NULL, 0, 0, 0, 0, 0, 0 },
    { "nothing behind the opcode", WIRE("\0\1"), STATUS_TRUNCATED, NULL, 0, 0, 0, 0, 0, 0 },
    { "no name", WIRE("\0\1\0octet\0"), STATUS_MALFORMED, NULL, 0, 0, 0, 0, 0, 0 },
};

static void test_requests(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct tftp_packet packet;
        enum status status =
            tftp_packet_read(bytes_of(requests[i].wire, requests[i].count), &packet);
        if (status != requests[i].status)
            fail_msg("%s: %s", requests[i].claim, status_text(status));
        assert_int_equal(packet.opcode, TFTP_READ);
        if (status != STATUS_OK)
            continue;
        const struct tftp_options *options = &packet.options;
        if (!text_equal(packet.name, text_of(requests[i].name)) || packet.mode != requests[i].mode)
            fail_msg("%s: name or mode", requests[i].claim);
        if (options->present != requests[i].present || options->blksize != requests[i].blksize
            || options->timeout_s != requests[i].timeout_s || options->tsize != requests[i].tsize
            || options->windowsize != requests[i].windowsize)
            fail_msg("%s: options %x", requests[i].claim, options->present);
    }
}

static const struct {
    const char *claim;
    const char *wire;
    size_t count;
    enum status status;
    uint16_t opcode;
    uint16_t number; /* block or error */
} others[] = {
    { "nothing", WIRE(""), STATUS_TRUNCATED, 0, 0 },
    { "one byte", WIRE("\0"), STATUS_TRUNCATED, 0, 0 },
    { "an acknowledgement", WIRE("\0\4\1\2"), STATUS_OK, TFTP_ACK, 0x102 },
    { "half of one", WIRE("\0\4\1"), STATUS_TRUNCATED, TFTP_ACK, 0 },
    { "data", WIRE("\0\3\0\1abc"), STATUS_OK, TFTP_DATA, 1 },
    { "an error", WIRE("\0\5\0\3why\0"), STATUS_OK, TFTP_ERROR, 3 },
    { "an error without an end", WIRE("\0\5\0\3why"), STATUS_OK, TFTP_ERROR, 3 },
    { "opcode 0", WIRE("\0\0f\0octet\0"), STATUS_UNSUPPORTED, 0, 0 },
    { "opcode 7", WIRE("\0\7f\0octet\0"), STATUS_UNSUPPORTED, 7, 0 },
    { "a large opcode", WIRE("\1\1f\0octet\0"), STATUS_UNSUPPORTED, 257, 0 },
};

static void test_others(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        struct tftp_packet packet;
        enum status status = tftp_packet_read(bytes_of(others[i].wire, others[i].count), &packet);
        if (status != others[i].status || packet.opcode != others[i].opcode)
            fail_msg("%s: %s, opcode %u", others[i].claim, status_text(status), packet.opcode);
        if (status != STATUS_OK)
            continue;
        if ((packet.opcode == TFTP_ERROR ? packet.error : packet.block) != others[i].number)
            fail_msg("%s: number", others[i].claim);
        if (packet.opcode == TFTP_ERROR && !text_equal(packet.reason, TEXT("why")))
            fail_msg("%s: reason", others[i].claim);
        if (packet.opcode == TFTP_DATA && packet.data.count != 3)
            fail_msg("%s: data", others[i].claim);
    }
}

/* Pairs beyond the bound are as if not there. */
static void test_option_bound(void **state)
{
    (void)state;
    char wire[1024];
    struct bytes_writer writer = bytes_writer_on(wire, sizeof wire);
    struct tftp_packet packet;
    bytes_write_copy(&writer, "\0\1f\0octet\0", 10);
    for (int i = 0; i < TFTP_OPTIONS_MAX; i++)
        bytes_write_copy(&writer, "a\0b\0", 4);
    bytes_write_copy(&writer, "blksize\000600\0", 12);
    assert_int_equal(tftp_packet_read(bytes_writer_written(&writer), &packet), STATUS_OK);
    assert_int_equal(packet.options.present, 0);
}

static void test_writing(void **state)
{
    (void)state;
    char wire[128];
    struct bytes_writer writer = bytes_writer_on(wire, sizeof wire);
    struct tftp_options options = {
        .present = 15, .blksize = 1468, .tsize = UINT64_MAX, .timeout_s = 3, .windowsize = 16
    };
    struct tftp_packet packet;
    tftp_write_oack(&writer, &options);
    const char oack[] = "\0\6blksize\0001468\0tsize\00018446744073709551615\0timeout\0003\0"
                        "windowsize\00016";
    assert_int_equal(bytes_writer_count(&writer), sizeof oack);
    assert_memory_equal(wire, oack, sizeof oack);
    assert_int_equal(tftp_packet_read(bytes_writer_written(&writer), &packet), STATUS_OK);
    assert_int_equal(packet.options.tsize, UINT64_MAX);

    writer = bytes_writer_on(wire, sizeof wire);
    tftp_write_error(&writer, TFTP_ERROR_NOT_FOUND, TEXT("none"));
    assert_int_equal(bytes_writer_count(&writer), 9);
    assert_memory_equal(wire, "\0\5\0\1none\0", 9);

    writer = bytes_writer_on(wire, sizeof wire);
    tftp_write_data_header(&writer, 0xfffe);
    tftp_write_ack(&writer, 2);
    assert_memory_equal(wire, "\0\3\xff\xfe\0\4\0\2", 8);

    writer = bytes_writer_on(wire, 7);
    tftp_write_oack(&writer, &options);
    assert_true(writer.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_requests),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_option_bound),
        cmocka_unit_test(test_writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

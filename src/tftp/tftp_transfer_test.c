#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "tftp/tftp_test_files.h"
#include "tftp/tftp_transfer.h"

static struct memory_files files;
static struct tftp_transfer transfer;
static uint8_t sent[TFTP_OUTBOX_BYTES];
static size_t sent_count, datagram_bytes;

static void begin(uint64_t bytes, const char *content, bool text, struct tftp_options asked)
{
    memory_init(&files);
    struct memory_file *file = memory_add(&files, NULL, content, bytes);
    tftp_transfer_init(&transfer, &file->core, &asked, text, 1468, TFTP_WINDOW_MAX, 1000);
}

static bool send_now(void)
{
    struct bytes_writer writer = bytes_writer_on(sent, tftp_transfer_send_most(&transfer));
    bool good = tftp_transfer_send(&transfer, &files.files, &writer, &datagram_bytes);
    sent_count = bytes_writer_count(&writer);
    return good;
}

/* What lies in `sent` now: "oack", or the blocks as "1 2 3+5", the last with its bytes. */
static const char *what_is_sent(void)
{
    static char text[1024];
    struct text_out out = text_out_on(text, sizeof text);
    size_t at = 0;
    if (sent_count > 0 && sent[1] == TFTP_OACK)
        return "oack";
    while (at < sent_count) {
        size_t count = sent_count - at < datagram_bytes ? sent_count - at : datagram_bytes;
        text_printf(&out, "%s%d", at > 0 ? " " : "", sent[at + 2] << 8 | sent[at + 3]);
        at += count;
        if (count < datagram_bytes || at == sent_count)
            text_printf(&out, "+%zu", count - TFTP_HEADER_BYTES);
    }
    return text;
}

static const char *ack(uint16_t block, mono_ms now)
{
    enum tftp_says says = tftp_transfer_ack(&transfer, &files.files, block, now);
    if (says == TFTP_SAYS_SEND)
        return send_now() ? what_is_sent() : "broken";
    return says == TFTP_SAYS_DONE ? "done" : "nothing";
}

static struct tftp_options asked(uint8_t present, uint32_t blksize, uint32_t window)
{
    return (struct tftp_options){
        .present = present, .blksize = blksize, .windowsize = window, .timeout_s = 3
    };
}

#define ASK_BLOCK  TFTP_OPTION_BLKSIZE
#define ASK_WINDOW TFTP_OPTION_WINDOWSIZE

static void test_lock_step(void **state)
{
    (void)state;
    begin(1300, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    assert_string_equal(what_is_sent(), "1+512");
    assert_int_equal(sent[4], memory_byte(0));
    assert_string_equal(ack(1, 1001), "2+512");
    assert_int_equal(sent[4], memory_byte(512));
    assert_string_equal(ack(2, 1002), "3+276");
    assert_string_equal(ack(3, 1003), "done");
}

/* RFC 1350 section 6: the end is a block that is not full, if need be an empty one. */
static void test_ends(void **state)
{
    (void)state;
    begin(0, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    assert_string_equal(what_is_sent(), "1+0");
    assert_string_equal(ack(1, 1001), "done");
    begin(512, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    assert_string_equal(ack(1, 1001), "2+0");
    assert_string_equal(ack(2, 1001), "done");
}

/* RFC 1123 section 4.2.3.1: a late or doubled acknowledgement causes nothing. */
static void test_sorcerers_apprentice(void **state)
{
    (void)state;
    begin(5000, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    assert_string_equal(ack(1, 1001), "2+512");
    assert_string_equal(ack(1, 1002), "nothing");
    assert_string_equal(ack(0, 1002), "nothing");
    assert_string_equal(ack(3, 1002), "nothing");
    assert_string_equal(ack(0xffff, 1002), "nothing");
    assert_string_equal(ack(2, 1003), "3+512");
    assert_string_equal(ack(1, 1004), "nothing");
    assert_string_equal(ack(2, 1004), "nothing");
}

static void test_greeting(void **state)
{
    (void)state;
    begin(5000, NULL, false, asked(ASK_BLOCK | TFTP_OPTION_TSIZE, 1000, 0));
    assert_true(send_now());
    assert_string_equal(what_is_sent(), "oack");
    assert_memory_equal(sent, "\0\6blksize\0001000\0tsize\0005000\0", sent_count);
    assert_string_equal(ack(1, 1001), "nothing");
    assert_string_equal(ack(0, 1001), "1+1000");
    assert_string_equal(ack(0, 1001), "nothing");
    assert_string_equal(ack(1, 1001), "2+1000");
}

static void test_granted(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        struct tftp_options asked;
        bool text;
        uint8_t present;
        uint32_t blksize, window;
    } rows[] = {
        { "no more than the way allows", { .present = 1, .blksize = 9000 }, false, 1, 1468, 1 },
        { "a small block", { .present = 1, .blksize = 8 }, false, 1, 8, 1 },
        { "a window", { .present = 8, .windowsize = 16 }, false, 8, 512, 16 },
        { "a window of blocks",
          { .present = 9, .blksize = 1468, .windowsize = 65535 },
          false,
          9,
          1468,
          TFTP_WINDOW_MAX },
        { "tsize", { .present = 2 }, false, 2, 512, 1 },
        { "no tsize of text", { .present = 2 }, true, 0, 512, 1 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        begin(5000, NULL, rows[i].text, rows[i].asked);
        if (transfer.options.present != rows[i].present || transfer.block_bytes != rows[i].blksize
            || transfer.window != rows[i].window)
            fail_msg("%s: %x %u %u", rows[i].claim, transfer.options.present, transfer.block_bytes,
                     transfer.window);
    }
    struct tftp_options all = asked(ASK_BLOCK | ASK_WINDOW, 65464, 65535);
    struct memory_file *file = memory_add(&files, NULL, NULL, 1 << 20);
    tftp_transfer_init(&transfer, &file->core, &all, false, TFTP_BLOCK_MAX, TFTP_WINDOW_MAX, 0);
    assert_int_equal(transfer.window, 2); /* of 128 KB */
    assert_true(tftp_transfer_send_most(&transfer) <= TFTP_WINDOW_BYTES);
    tftp_transfer_init(&transfer, &file->core, &all, false, 1468, 4, 0);
    assert_int_equal(transfer.options.windowsize, 4);
    tftp_transfer_init(&transfer, &file->core, &all, false, 0, TFTP_WINDOW_MAX, 0);
    assert_int_equal(transfer.options.present, ASK_WINDOW); /* tftp-no-blocksize */
    assert_int_equal(transfer.block_bytes, 512);
}

/* RFC 7440 */
static void test_window(void **state)
{
    (void)state;
    begin(512 * 9 + 5, NULL, false, asked(ASK_WINDOW, 0, 4));
    assert_string_equal(ack(0, 1001), "1 2 3 4+512");
    assert_string_equal(ack(4, 1002), "5 6 7 8+512");
    assert_string_equal(ack(6, 1003), "7 8 9 10+5"); /* 7 was lost */
    assert_string_equal(ack(5, 1003), "nothing");
    assert_string_equal(ack(10, 1004), "done");
}

/* What lies in the window is sent again once, whoever acknowledges block after block. */
static void test_window_of_many_acknowledgements(void **state)
{
    (void)state;
    size_t blocks = 64;
    begin(512 * 127 + 5, NULL, false, asked(ASK_WINDOW, 0, 64));
    (void)ack(0, 1001);
    for (uint16_t block = 1; block < 64; block++) {
        const char *said = ack(block, 1002);
        if (strcmp(said, "nothing") != 0)
            blocks += (sent_count + datagram_bytes - 1) / datagram_bytes;
    }
    assert_int_equal(transfer.next, 128);
    assert_int_equal(blocks, 64 + 64 + 62);
    begin(512 * 100, NULL, false, asked(ASK_WINDOW, 0, 4));
    (void)ack(0, 1001);
    assert_string_equal(ack(2, 1002), "3 4 5 6+512");
    assert_string_equal(ack(4, 1003), "7 8+512"); /* of the first time: not a loss again */
    assert_string_equal(ack(8, 1004), "9 10 11 12+512");
    assert_string_equal(ack(9, 1005), "10 11 12 13+512");
    begin(512 * 5, NULL, false, asked(ASK_WINDOW, 0, 8));
    (void)ack(0, 1001);
    assert_string_equal(ack(1, 1002), "2 3 4 5 6+0");
    assert_string_equal(ack(2, 1002), "nothing"); /* there is no more */
    assert_string_equal(ack(6, 1002), "done");
}

static void test_window_of_text(void **state)
{
    (void)state;
    static char lines[4096];
    memset(lines, '\n', sizeof lines);
    lines[0] = 'x'; /* no block ends between two lines */
    begin(sizeof lines, lines, true, asked(ASK_WINDOW, 0, 4));
    assert_string_equal(ack(0, 1), "1 2 3 4+512");
    assert_string_equal(ack(1, 2), "2 3 4 5+512");
    assert_string_equal(ack(2, 3), "6+512");
    assert_int_equal(sent[4], '\n');
    assert_int_equal(sent[5], '\r');
    assert_string_equal(ack(6, 3), "7 8 9 10+512");
}

/* The window's first block is lost: the last acknowledgement comes again, once. */
static void test_window_hint(void **state)
{
    (void)state;
    begin(512 * 100, NULL, false, asked(ASK_WINDOW, 0, 4));
    assert_string_equal(ack(0, 1001), "1 2 3 4+512");
    assert_string_equal(ack(4, 1002), "5 6 7 8+512");
    assert_string_equal(ack(4, 1003), "5 6 7 8+512");
    assert_string_equal(ack(4, 1003), "nothing");
    assert_string_equal(ack(8, 1004), "9 10 11 12+512");
    /* The doubled window made the client say 8 twice: that must not double this one. */
    assert_string_equal(ack(8, 1004), "nothing");
    assert_string_equal(ack(12, 1005), "13 14 15 16+512");
    assert_string_equal(ack(12, 1005), "13 14 15 16+512");
}

/* Blocks count modulo 65536, and the file goes on. */
static void test_roll_over(void **state)
{
    (void)state;
    begin(8 * 200000, NULL, false, asked(ASK_BLOCK | ASK_WINDOW, 8, 64));
    (void)ack(0, 1001);
    for (uint64_t acked = 64; acked < 200000; acked += 64) {
        const char *said = ack((uint16_t)acked, 1001);
        if (sent[4] != memory_byte(acked * 8) || (sent[2] << 8 | sent[3]) != (uint16_t)(acked + 1))
            fail_msg("block %llu: %s", (unsigned long long)acked + 1, said);
    }
    assert_string_equal(ack((uint16_t)200000, 1001), "3393+0");
    assert_string_equal(ack((uint16_t)200001, 1001), "done");
}

/* Past 4 GB. */
static void test_large(void **state)
{
    (void)state;
    begin((UINT64_C(5) << 30) + 1, NULL, false, asked(ASK_BLOCK, 1024, 0));
    (void)ack(0, 1001);
    transfer.first = transfer.next = UINT64_C(5) << 20; /* as if all that had come */
    assert_true(send_now());
    assert_string_equal(what_is_sent(), "0+1024");
    assert_int_equal(sent[4 + 5], memory_byte((UINT64_C(5) << 30) - 1024 + 5));
    assert_string_equal(ack(0, 1001), "1+1");
    assert_string_equal(ack(1, 1001), "done");
}

static void test_times(void **state)
{
    (void)state;
    static const unsigned expected_s[] = { 1, 3, 6, 9, 14, 19 };
    begin(5000, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    for (size_t i = 0; i < COUNT_OF(expected_s); i++) {
        assert_int_equal(transfer.due, 1000 + 1000 * expected_s[i]);
        assert_int_equal(tftp_transfer_due(&transfer, transfer.due), TFTP_SAYS_SEND);
        assert_true(send_now());
        assert_string_equal(what_is_sent(), "1+512");
    }
    assert_int_equal(transfer.due, 31000);
    assert_int_equal(tftp_transfer_due(&transfer, transfer.due), TFTP_SAYS_GIVE_UP);
}

static void test_times_of_the_client(void **state)
{
    (void)state;
    begin(5000, NULL, false, asked(TFTP_OPTION_TIMEOUT, 0, 0));
    assert_int_equal(transfer.due, 4000);
    struct tftp_options slow = { .present = TFTP_OPTION_TIMEOUT, .timeout_s = 255 };
    begin(5000, NULL, false, slow);
    assert_int_equal(transfer.options.timeout_s, 255);
    static const unsigned expected_s[] = { 20, 60, 120 };
    for (size_t i = 0; i < COUNT_OF(expected_s); i++) {
        assert_int_equal(transfer.due, 1000 + 1000 * expected_s[i]);
        assert_int_equal(tftp_transfer_due(&transfer, transfer.due), TFTP_SAYS_SEND);
    }
    assert_int_equal(transfer.due, 181000);
    assert_int_equal(tftp_transfer_due(&transfer, 181000), TFTP_SAYS_GIVE_UP);
    begin(5000, NULL, false, asked(0, 0, 0));
    assert_int_equal(tftp_transfer_due(&transfer, 2000), TFTP_SAYS_SEND);
    assert_true(send_now());
    assert_string_equal(ack(1, 2500), "2+512");
    assert_int_equal(transfer.due, 3500); /* with each step the spacing begins anew */
}

static void test_text(void **state)
{
    (void)state;
    static char lines[600], expected[1200];
    size_t count = 0;
    for (size_t i = 0; i < sizeof lines; i++) {
        lines[i] = i % 7 == 0 || i == 511 || i == 512 ? '\n' : 'x';
        if (lines[i] == '\n')
            expected[count++] = '\r';
        expected[count++] = lines[i];
    }
    struct tftp_options window = asked(ASK_WINDOW, 0, 2);
    begin(sizeof lines, lines, true, window);
    assert_string_equal(ack(0, 1), "1 2+175");
    assert_int_equal(count, 512 + 175);
    assert_memory_equal(sent + 4, expected, 512);
    assert_memory_equal(sent + 520, expected + 512, 175);
    assert_string_equal(ack(1, 2), "2+175"); /* only what is missing */
    assert_memory_equal(sent + 4, expected + 512, 175);
    assert_string_equal(ack(2, 2), "done");
    memset(lines, '\n', sizeof lines);
    begin(256, lines, true, asked(0, 0, 0));
    assert_true(send_now());
    assert_string_equal(what_is_sent(), "1+512");
    assert_string_equal(ack(1, 2), "2+0");
    assert_string_equal(ack(2, 2), "done");
}

static void test_a_file_that_shrinks(void **state)
{
    (void)state;
    begin(5000, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    files.broken_from = 700;
    assert_string_equal(ack(1, 1001), "broken");
    begin(1000, NULL, false, asked(0, 0, 0));
    assert_true(send_now());
    files.changed = true;
    assert_string_equal(ack(1, 1001), "broken"); /* before its client has the end */
    begin(5000, NULL, true, asked(0, 0, 0));
    files.broken_from = 300;
    assert_false(send_now());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lock_step),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_sorcerers_apprentice),
        cmocka_unit_test(test_greeting),
        cmocka_unit_test(test_granted),
        cmocka_unit_test(test_window),
        cmocka_unit_test(test_window_hint),
        cmocka_unit_test(test_window_of_many_acknowledgements),
        cmocka_unit_test(test_window_of_text),
        cmocka_unit_test(test_roll_over),
        cmocka_unit_test(test_large),
        cmocka_unit_test(test_times),
        cmocka_unit_test(test_times_of_the_client),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_a_file_that_shrinks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

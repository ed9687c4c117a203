#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "platform/nfnetlink.h"

static uint8_t room[NFNETLINK_MESSAGE_MAX] __attribute__((aligned(8)));

/* ------------------------------------------------------------------ answers */

/* As Linux 6.18 gave them. */
static const struct {
    const char *name;
    enum nfnetlink_answer_kind kind;
    int error;
    size_t count;
    const char *bytes;
} recorded[] = {
    { "ipset done", NFNETLINK_DONE, 0, 36,
      "\x24\x00\x00\x00\x02\x00\x00\x01\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\x00\x00\x00\x00\x38\x00\x00\x00\x09\x06\x05\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00" },
    { "ipset missing", NFNETLINK_DONE, ENOENT, 36,
      "\x24\x00\x00\x00\x02\x00\x00\x01\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\xfe\xff\xff\xff\x44\x00\x00\x00\x09\x06\x05\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00" },
    { "ipset no timeouts", NFNETLINK_DONE, NFNETLINK_NO_TIMEOUTS, 36,
      "\x24\x00\x00\x00\x02\x00\x00\x01\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\xf5\xef\xff\xff\x40\x00\x00\x00\x09\x06\x05\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00" },
    { "ipset other family", NFNETLINK_DONE, NFNETLINK_OTHER_FAMILY, 36,
      "\x24\x00\x00\x00\x02\x00\x00\x01\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\xff\xef\xff\xff\x44\x00\x00\x00\x09\x06\x05\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00" },
    { "mark", NFNETLINK_MARK, 0, 164,
      "\xa4\x00\x00\x00\x00\x01\x02\x00\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\x02\x00\x00\x00\x34\x00\x01\x80\x14\x00\x01\x80\x08\x00\x01\x00"
      "\x7f\x00\x00\x01\x08\x00\x02\x00\x7f\x00\x00\x01\x1c\x00\x02\x80"
      "\x05\x00\x01\x00\x11\x00\x00\x00\x06\x00\x02\x00\x17\x71\x00\x00"
      "\x06\x00\x03\x00\x14\xb4\x00\x00\x34\x00\x02\x80\x14\x00\x01\x80"
      "\x08\x00\x01\x00\x7f\x00\x00\x01\x08\x00\x02\x00\x7f\x00\x00\x01"
      "\x1c\x00\x02\x80\x05\x00\x01\x00\x11\x00\x00\x00\x06\x00\x02\x00"
      "\x14\xb4\x00\x00\x06\x00\x03\x00\x17\x71\x00\x00\x08\x00\x03\x00"
      "\x00\x00\x00\x08\x08\x00\x08\x00\x00\x00\x12\x34\x08\x00\x0c\x00"
      "\x4e\x83\x8d\x86\x08\x00\x0b\x00\x00\x00\x00\x02\x08\x00\x07\x00"
      "\x00\x00\x00\x1d" },
    { "mark missing", NFNETLINK_DONE, ENOENT, 36,
      "\x24\x00\x00\x00\x02\x00\x00\x01\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\xfe\xff\xff\xff\x48\x00\x00\x00\x01\x01\x01\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00" },
    { "nft facts", NFNETLINK_FACTS, 0, 136,
      "\x88\x00\x00\x00\x09\x0a\x00\x00\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\x01\x00\x00\x02\x06\x00\x01\x00\x75\x00\x00\x00\x0a\x00\x02\x00"
      "\x74\x69\x6d\x65\x64\x00\x00\x00\x0c\x00\x10\x00\x00\x00\x00\x00"
      "\x00\x00\x00\x01\x08\x00\x03\x00\x00\x00\x00\x14\x08\x00\x04\x00"
      "\x00\x00\x00\x07\x08\x00\x05\x00\x00\x00\x00\x04\x0c\x00\x0b\x00"
      "\x00\x00\x00\x00\x00\x01\x5f\x90\x0a\x00\x0d\x00\x00\x04\x02\x00"
      "\x00\x00\x00\x00\x04\x00\x09\x00\x17\x00\x13\x00\x30\x78\x66\x66"
      "\x66\x66\x66\x66\x66\x66\x38\x32\x35\x30\x38\x30\x65\x30\x00\x00"
      "\x08\x00\x14\x00\x00\x00\x00\x00" },
    { "nft missing", NFNETLINK_DONE, ENOENT, 36,
      "\x24\x00\x00\x00\x02\x00\x00\x01\x07\x00\x00\x00\x2e\x61\x00\x00"
      "\xfe\xff\xff\xff\x28\x00\x00\x00\x0a\x0a\x01\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00" },
};

static void recorded_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(recorded); i++) {
        struct nfnetlink_answer answer;
        memcpy(room, recorded[i].bytes, recorded[i].count);
        struct bytes left = bytes_of(room, recorded[i].count);
        if (!nfnetlink_next(&left, &answer) || answer.kind != recorded[i].kind
            || answer.error != recorded[i].error || answer.sequence != 7)
            fail_msg("%s: kind %d, error %d", recorded[i].name, answer.kind, answer.error);
        if (answer.kind == NFNETLINK_MARK)
            assert_int_equal(answer.mark, 0x1234);
        if (answer.kind == NFNETLINK_FACTS) {
            assert_int_equal(answer.facts.family, ADDRESS_IP4);
            assert_true(answer.facts.intervals && answer.facts.timeouts);
            assert_int_equal(answer.facts.default_s, 90);
        }
        assert_int_equal(left.count, 0);
        assert_false(nfnetlink_next(&left, &answer));
    }
}

/* Whatever is missing at the end, nothing is read that is not there. */
static void cut_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(recorded); i++) {
        for (size_t count = 0; count < recorded[i].count; count++) {
            struct nfnetlink_answer answer;
            memcpy(room, recorded[i].bytes, count);
            struct bytes left = bytes_of(room, count);
            if (nfnetlink_next(&left, &answer))
                fail_msg("%s cut to %zu bytes", recorded[i].name, count);
        }
    }
}

static void several_answers(void **state)
{
    (void)state;
    struct nfnetlink_answer answer;
    size_t count = 0;
    unsigned answers = 0;
    for (size_t i = 0; i < COUNT_OF(recorded); i++) {
        memcpy(room + count, recorded[i].bytes, recorded[i].count);
        count += recorded[i].count;
    }
    struct bytes left = bytes_of(room, count);
    while (nfnetlink_next(&left, &answer))
        answers++;
    assert_int_equal(answers, COUNT_OF(recorded));
}

/* ------------------------------------------------------------------ messages */

static void check(const char *what, size_t count, const char *bytes, size_t wanted)
{
    /* Padding is whatever was there; the room was zero. */
    if (count != wanted || memcmp(room, bytes, wanted) != 0)
        fail_msg("%s: %zu bytes", what, count);
    memset(room, 0, sizeof room);
}
#define CHECK(what, count, bytes) check(what, count, bytes, sizeof(bytes) - 1)

static const struct address four = { ADDRESS_IP4, { 192, 0, 2, 7 } };
static const struct address six = { ADDRESS_IP6, { 0x20, 1, 0xd, 0xb8, [15] = 7 } };
static const struct nfnetlink_nft_name name = { NFNETLINK_INET, "t", "s" };

/* Messages that a kernel took; tests/system/test_firewall.py has one take them each time. */
static void messages(void **state)
{
    (void)state;
    struct nfnetlink_elements elements = { .addresses = &four, .count = 1, .timeout_s = 60 };
    struct nfnetlink_nft_facts facts = { .intervals = true };
    struct nfnetlink_flow flow = {
        .client = { .address = four, .port = 6001 },
        .local = { .address = { ADDRESS_IP4, { 192, 0, 2, 1 } }, .port = 53 },
    };
    memset(room, 0, sizeof room);
    CHECK("ipset", nfnetlink_ipset_add(room, 7, "streams", &elements),
          "\x40\x00\x00\x00\x09\x06\x05\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x02\x00\x00\x00\x05\x00\x01\x00\x06\x00\x00\x00\x0c\x00\x02\x00"
          "\x73\x74\x72\x65\x61\x6d\x73\x00\x18\x00\x07\x80\x0c\x00\x01\x80"
          "\x08\x00\x01\x40\xc0\x00\x02\x07\x08\x00\x06\x40\x00\x00\x00\x3c");
    CHECK("nft", nfnetlink_nft_add(room, 7, &name, &facts, &elements),
          "\x14\x00\x00\x00\x10\x00\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x00\x00\x00\x0a\x5c\x00\x00\x00\x0c\x0a\x05\x04\x07\x00\x00\x00"
          "\x00\x00\x00\x00\x01\x00\x00\x00\x06\x00\x01\x00\x74\x00\x00\x00"
          "\x06\x00\x02\x00\x73\x00\x00\x00\x38\x00\x03\x80\x1c\x00\x01\x80"
          "\x0c\x00\x01\x80\x08\x00\x01\x00\xc0\x00\x02\x07\x0c\x00\x04\x00"
          "\x00\x00\x00\x00\x00\x00\xea\x60\x18\x00\x01\x80\x08\x00\x03\x00"
          "\x00\x00\x00\x01\x0c\x00\x01\x80\x08\x00\x01\x00\xc0\x00\x02\x08"
          "\x14\x00\x00\x00\x11\x00\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x00\x00\x00\x0a");
    elements.addresses = &six;
    elements.timeout_s = 0;
    facts.intervals = false;
    CHECK("nft6", nfnetlink_nft_add(room, 7, &name, &facts, &elements),
          "\x14\x00\x00\x00\x10\x00\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x00\x00\x00\x0a\x44\x00\x00\x00\x0c\x0a\x05\x04\x07\x00\x00\x00"
          "\x00\x00\x00\x00\x01\x00\x00\x00\x06\x00\x01\x00\x74\x00\x00\x00"
          "\x06\x00\x02\x00\x73\x00\x00\x00\x20\x00\x03\x80\x1c\x00\x01\x80"
          "\x18\x00\x01\x80\x14\x00\x01\x00\x20\x01\x0d\xb8\x00\x00\x00\x00"
          "\x00\x00\x00\x00\x00\x00\x00\x07\x14\x00\x00\x00\x11\x00\x01\x00"
          "\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x0a");
    CHECK("ask", nfnetlink_nft_ask(room, 7, &name),
          "\x24\x00\x00\x00\x0a\x0a\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x01\x00\x00\x00\x06\x00\x01\x00\x74\x00\x00\x00\x06\x00\x02\x00"
          "\x73\x00\x00\x00");
    CHECK("mark", nfnetlink_mark_ask(room, 7, &flow),
          "\x48\x00\x00\x00\x01\x01\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x02\x00\x00\x00\x34\x00\x02\x80\x14\x00\x01\x80\x08\x00\x01\x00"
          "\xc0\x00\x02\x01\x08\x00\x02\x00\xc0\x00\x02\x07\x1c\x00\x02\x80"
          "\x05\x00\x01\x00\x11\x00\x00\x00\x06\x00\x02\x00\x00\x35\x00\x00"
          "\x06\x00\x03\x00\x17\x71\x00\x00");
    flow.client.address = flow.local.address = six;
    flow.tcp = true;
    CHECK("mark6", nfnetlink_mark_ask(room, 7, &flow),
          "\x60\x00\x00\x00\x01\x01\x01\x00\x07\x00\x00\x00\x00\x00\x00\x00"
          "\x0a\x00\x00\x00\x4c\x00\x02\x80\x2c\x00\x01\x80\x14\x00\x03\x00"
          "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x07"
          "\x14\x00\x04\x00\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00"
          "\x00\x00\x00\x07\x1c\x00\x02\x80\x05\x00\x01\x00\x06\x00\x00\x00"
          "\x06\x00\x02\x00\x00\x35\x00\x00\x06\x00\x03\x00\x17\x71\x00\x00");
}

/* The most that may be asked for at once fits, and the lengths of the messages add up. */
static void the_largest(void **state)
{
    (void)state;
    struct address many[NFNETLINK_ADDRESSES_MAX];
    char long_name[NFNETLINK_NFT_NAME_MAX + 1];
    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = six;
    const struct nfnetlink_nft_name longest = { NFNETLINK_NETDEV, long_name, long_name };
    const struct nfnetlink_nft_facts facts = { .intervals = true };
    const struct nfnetlink_elements elements = {
        .addresses = many, .count = COUNT_OF(many), .timeout_s = UINT32_MAX, .longer = true
    };
    size_t count = nfnetlink_nft_add(room, 7, &longest, &facts, &elements);
    assert_in_range(count, 1, NFNETLINK_MESSAGE_MAX);
    size_t at = 0;
    unsigned parts = 0;
    while (at < count) {
        uint32_t length;
        memcpy(&length, room + at, sizeof length);
        assert_in_range(length, 16, count - at);
        at += length;
        parts++;
    }
    assert_int_equal(at, count);
    assert_int_equal(parts, 5); /* the batch begins, in, out, in, it ends */
    assert_in_range(nfnetlink_ipset_add(room, 7, "1234567890123456789012345678901", &elements), 1,
                    NFNETLINK_MESSAGE_MAX);
}

/* The kernel's answer is there when the message has been sent; without the right it is a refusal,
 * and with it the set is not there. */
static void a_real_socket(void **state)
{
    (void)state;
    int fd;
    bool lost;
    struct nfnetlink_answer answer;
    const struct nfnetlink_elements elements = { .addresses = &four, .count = 1 };
    assert_int_equal(nfnetlink_open(&fd), STATUS_OK);
    assert_int_equal(nfnetlink_receive(fd, room, &lost).count, 0);
    size_t count = nfnetlink_ipset_add(room, 7, "linnet-no-such-set", &elements);
    assert_int_equal(nfnetlink_send(fd, bytes_of(room, count)), STATUS_OK);
    struct bytes left = nfnetlink_receive(fd, room, &lost);
    assert_true(nfnetlink_next(&left, &answer));
    assert_int_equal(answer.sequence, 7);
    assert_int_not_equal(answer.error, 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recorded_answers), cmocka_unit_test(cut_answers),
        cmocka_unit_test(several_answers),  cmocka_unit_test(messages),
        cmocka_unit_test(the_largest),      cmocka_unit_test(a_real_socket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

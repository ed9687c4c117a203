#include "wire/dns_message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WIRE(literal) (const uint8_t *)(literal), sizeof(literal) - 1

#define ID_FLAGS "\x12\x34\1\0"
#define QUERY    ID_FLAGS "\0\1\0\0\0\0\0\0"
#define A_LAN    "\1a\3lan\0\0\1\0\1"
#define OPT      "\0\0\x29\4\xd0\0\0\x80\0\0\0"
#define A_RECORD "\xC0\x0C\0\1\0\1\0\0\0\x3C\0\4\xC0\0\2\1"

static void test_plain_query(void **test)
{
    (void)test;
    static const uint8_t query[] = QUERY A_LAN;
    struct dns_message message;
    struct bytes bytes = { query, sizeof query - 1 };
    char text[DNAME_TEXT_MAX];

    assert_int_equal(dns_message_read(bytes, &message), STATUS_OK);
    assert_int_equal(message.id, 0x1234);
    assert_int_equal(message.flags, DNS_FLAG_RD);
    assert_int_equal(message.counts[0], 1);
    assert_string_equal(dname_text(&message.qname, text), "a.lan");
    assert_int_equal(message.qtype, RRTYPE_A);
    assert_int_equal(message.qclass, RRCLASS_IN);
    assert_int_equal(message.question_end, bytes.count);
    assert_int_equal(message.section_start[DNS_ANSWER], bytes.count);
    assert_int_equal(message.section_start[DNS_AUTHORITY], bytes.count);
    assert_int_equal(message.section_start[DNS_ADDITIONAL], bytes.count);
    assert_int_equal(message.end, bytes.count);
    assert_false(message.edns.present);
}

static void test_query_with_opt(void **test)
{
    (void)test;
    static const uint8_t query[] = ID_FLAGS "\0\1\0\0\0\0\0\1" A_LAN OPT "rest";
    struct dns_message message;

    assert_int_equal(dns_message_read(bytes_of(query, sizeof query - 1), &message), STATUS_OK);
    assert_true(message.edns.present && message.edns.dnssec_ok);
    assert_int_equal(message.edns.udp_size, 1232);
    assert_int_equal(message.end, sizeof query - 1 - 4);
}

static void test_answer_with_all_sections(void **test)
{
    (void)test;
    static const uint8_t answer[] =
        "\x12\x34\x81\x80\0\1\0\2\0\1\0\2" A_LAN A_RECORD "\1B\xC0\x0E\0\x10\0\1\0\0\0\1\0\2\1x"
        "\xC0\x0E\0\2\0\1\0\0\0\2\0\2\xC0\x0C" OPT "\xC0\x0C\0\x1c\0\1\0\0\0\3\0\x10"
        "aaaaaaaaaaaaaaaa";
    static const struct {
        enum dns_section section;
        const char *owner;
        uint16_t type;
        uint32_t ttl;
        uint16_t rdata_count;
    } rows[] = {
        { DNS_ANSWER, "a.lan", RRTYPE_A, 60, 4 },
        { DNS_ANSWER, "B.lan", RRTYPE_TXT, 1, 2 },
        { DNS_AUTHORITY, "lan", RRTYPE_NS, 2, 2 },
        { DNS_ADDITIONAL, ".", RRTYPE_OPT, 0x8000, 0 },
        { DNS_ADDITIONAL, "a.lan", RRTYPE_AAAA, 3, 16 },
    };
    struct dns_message message;
    struct dns_record record;
    struct dname owner;
    char text[DNAME_TEXT_MAX];
    size_t row = 0;

    assert_int_equal(dns_message_read(bytes_of(answer, sizeof answer - 1), &message), STATUS_OK);
    for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        struct dns_cursor cursor = dns_section_cursor(&message, section);
        for (; dns_record_next(&cursor, &record); row++) {
            assert_true(row < COUNT_OF(rows));
            assert_int_equal(dns_record_owner(&message, &record, &owner), STATUS_OK);
            if (section != rows[row].section
                || strcmp(dname_text(&owner, text), rows[row].owner) != 0
                || record.type != rows[row].type || record.ttl != rows[row].ttl
                || record.rdata_count != rows[row].rdata_count)
                fail_msg("record %zu: %s, type %u", row, text, record.type);
        }
        assert_false(dns_record_next(&cursor, &record));
    }
    assert_int_equal(row, COUNT_OF(rows));
    assert_int_equal(record.rdata_count, 16);
    assert_true(bytes_equal(dns_record_rdata(&message, &record), bytes_of("aaaaaaaaaaaaaaaa", 16)));
    assert_int_equal(message.end, sizeof answer - 1);
}

static void test_malformed(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *wire;
        size_t count;
        enum status status;
        bool question; /* whether the question is there all the same */
    } rows[] = {
        { "nothing", WIRE(""), STATUS_TRUNCATED, false },
        { "11 bytes", WIRE("\x12\x34\1\0\0\0\0\0\0\0\0"), STATUS_TRUNCATED, false },
        { "header alone", WIRE(ID_FLAGS "\0\0\0\0\0\0\0\0"), STATUS_OK, false },
        { "no question where one is claimed", WIRE(QUERY), STATUS_TRUNCATED, false },
        { "name without its root", WIRE(QUERY "\1a"), STATUS_TRUNCATED, false },
        { "no type", WIRE(QUERY "\1a\0"), STATUS_TRUNCATED, false },
        { "half a class", WIRE(QUERY "\1a\0\0\1\0"), STATUS_TRUNCATED, false },
        { "question points to itself", WIRE(QUERY "\xC0\x0C\0\1\0\1"), STATUS_MALFORMED, false },
        { "question points forward", WIRE(QUERY "\xC0\x0E\0\1\0\1"), STATUS_MALFORMED, false },
        { "label of 64", WIRE(QUERY "\x40"), STATUS_MALFORMED, false },
        { "two questions", WIRE(ID_FLAGS "\0\2\0\0\0\0\0\0" A_LAN A_LAN), STATUS_OK, false },
        { "second question missing", WIRE(ID_FLAGS "\0\2\0\0\0\0\0\0" A_LAN), STATUS_TRUNCATED,
          false },
        { "second question without class", WIRE(ID_FLAGS "\0\2\0\0\0\0\0\0" A_LAN "\0\0\1\0"),
          STATUS_TRUNCATED, false },
        /* RFC 9267 section 6: counts that lie. */
        { "an answer claimed, none there", WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN),
          STATUS_TRUNCATED, true },
        { "two claimed, one there", WIRE(ID_FLAGS "\0\1\0\2\0\0\0\0" A_LAN A_RECORD),
          STATUS_TRUNCATED, true },
        { "65535 claimed", WIRE(ID_FLAGS "\0\1\xff\xff\0\0\0\0" A_LAN A_RECORD), STATUS_MALFORMED,
          true },
        { "one more than the most", WIRE(ID_FLAGS "\0\1\x08\0\x07\xff\0\1" A_LAN A_RECORD),
          STATUS_MALFORMED, true },
        { "fewer claimed than there", WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN A_RECORD A_RECORD),
          STATUS_OK, true },
        /* RFC 9267 section 5: rdata length. */
        { "rdata past the end",
          WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN "\xC0\x0C\0\1\0\1\0\0\0\x3C\0\5\xC0\0\2\1"),
          STATUS_TRUNCATED, true },
        { "rdata far past the end",
          WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN "\xC0\x0C\0\1\0\1\0\0\0\x3C\xff\xff\xC0\0\2\1"),
          STATUS_TRUNCATED, true },
        { "record ends in its ttl", WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN "\xC0\x0C\0\1\0\1\0\0"),
          STATUS_TRUNCATED, true },
        { "owner points to itself",
          WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN "\xC0\x17\0\1\0\1\0\0\0\x3C\0\4\xC0\0\2\1"),
          STATUS_MALFORMED, true },
        { "owner points forward",
          WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN "\xC0\x20\0\1\0\1\0\0\0\x3C\0\4\xC0\0\2\1"),
          STATUS_MALFORMED, true },
        { "owner of a reserved kind", WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN "\x80\0"),
          STATUS_MALFORMED, true },
        { "OPT twice", WIRE(ID_FLAGS "\0\1\0\0\0\0\0\2" A_LAN OPT OPT), STATUS_MALFORMED, true },
        { "OPT among the answers", WIRE(ID_FLAGS "\0\1\0\1\0\0\0\0" A_LAN OPT), STATUS_MALFORMED,
          true },
        { "OPT with an owner",
          WIRE(ID_FLAGS "\0\1\0\0\0\0\0\1" A_LAN "\xC0\x0C\0\x29\4\xd0\0\0\0\0\0\0"),
          STATUS_MALFORMED, true },
        { "OPT option lies",
          WIRE(ID_FLAGS "\0\1\0\0\0\0\0\1" A_LAN "\0\0\x29\4\xd0\0\0\0\0\0\5\0\3\0\2x"),
          STATUS_MALFORMED, true },
        { "OPT cut", WIRE(ID_FLAGS "\0\1\0\0\0\0\0\1" A_LAN "\0\0\x29\4\xd0\0\0\0\0\0"),
          STATUS_TRUNCATED, true },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t *copy = malloc(rows[i].count > 0 ? rows[i].count : 1);
        struct dns_message message;
        assert_non_null(copy);
        memcpy(copy, rows[i].wire, rows[i].count);

        enum status status = dns_message_read(bytes_of(copy, rows[i].count), &message);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (rows[i].count >= DNS_HEADER_BYTES) {
            bool question = message.counts[0] == 1 && message.question_end > DNS_HEADER_BYTES;
            if (message.id != 0x1234 || message.flags != DNS_FLAG_RD)
                fail_msg("%s: header is lost", rows[i].name);
            if (question != rows[i].question || (question && message.qname.count != 7))
                fail_msg("%s: question_end %zu", rows[i].name, message.question_end);
            if (!question && !dname_is_root(&message.qname))
                fail_msg("%s: half a name", rows[i].name);
        }
        free(copy);
    }
}

/* A name longer than 255 bytes that only shows when its pointer is followed: owners are only
 * stepped over, so the message reads, and asking for the owner tells. */
static void test_owner_too_long(void **test)
{
    (void)test;
    uint8_t buffer[512];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    static const uint8_t zeros[63];

    bytes_write_copy(&writer, ID_FLAGS "\0\1\0\1\0\0\0\0", DNS_HEADER_BYTES);
    for (unsigned i = 0; i < 4; i++) {
        bytes_write_u8(&writer, i < 3 ? 63 : 61);
        bytes_write_copy(&writer, zeros, i < 3 ? 63 : 61);
    }
    bytes_write_copy(&writer, "\0\0\1\0\1", 5);
    bytes_write_copy(&writer, "\1x" A_RECORD, 2 + 16);

    struct dns_message message;
    struct dns_record record;
    struct dname owner;
    assert_int_equal(dns_message_read(bytes_writer_written(&writer), &message), STATUS_OK);
    assert_int_equal(message.qname.count, 255);
    struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
    assert_true(dns_record_next(&cursor, &record));
    assert_int_equal(dns_record_owner(&message, &record, &owner), STATUS_MALFORMED);
}

static void test_most_records(void **test)
{
    (void)test;
    static uint8_t buffer[DNS_HEADER_BYTES + DNS_RECORDS_MAX * 11];
    for (unsigned more = 0; more < 2; more++) {
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        bytes_write_copy(&writer, ID_FLAGS "\0\0", 6);
        bytes_write_u16(&writer, (uint16_t)(DNS_RECORDS_MAX + more));
        bytes_write_u32(&writer, 0);
        bytes_write_zeros(&writer, DNS_RECORDS_MAX * 11);
        assert_false(writer.failed);
        struct dns_message message;
        assert_int_equal(dns_message_read(bytes_writer_written(&writer), &message),
                         more == 0 ? STATUS_OK : STATUS_MALFORMED);
    }
}

static void test_header_alone(void **test)
{
    (void)test;
    static const uint8_t query[] = "\xab\xcd\x29\x85\0\1\0\2\0\3\0\4garbage";
    struct dns_message message;
    assert_int_equal(dns_message_read_header(bytes_of(query, sizeof query - 1), &message),
                     STATUS_OK);
    assert_int_equal(message.id, 0xabcd);
    assert_int_equal(DNS_OPCODE(message.flags), OPCODE_UPDATE);
    assert_int_equal(DNS_RCODE(message.flags), RCODE_REFUSED);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(message.counts[i], i + 1);
    assert_int_equal(message.question_end, DNS_HEADER_BYTES);
    assert_int_equal(dns_message_read_header(bytes_of(query, 11), &message), STATUS_TRUNCATED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_query),
        cmocka_unit_test(test_query_with_opt),
        cmocka_unit_test(test_answer_with_all_sections),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_owner_too_long),
        cmocka_unit_test(test_most_records),
        cmocka_unit_test(test_header_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "wire/dns_builder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "wire/rdata.h"

#define WIRE(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* A name that the test itself wrote down, so it must read. */
static struct dname given(const char *text)
{
    struct dname name;
    if (dname_from_text(text_of(text), &name) != STATUS_OK)
        fail_msg("%s is no name", text);
    return name;
}

static const struct bytes ADDRESS = { (const uint8_t *)"\xC0\0\2\1", 4 };

static uint8_t buffer[DNS_MESSAGE_MAX + 64];

static void start(struct dns_builder *builder, size_t limit, const char *qname)
{
    struct dname name = given(qname);
    memset(buffer, 0xaa, sizeof buffer);
    dns_builder_start(builder, buffer, sizeof buffer, limit);
    dns_builder_header(builder, 0x1234, DNS_FLAG_QR | DNS_FLAG_RD);
    dns_builder_question(builder, &name, RRTYPE_A, RRCLASS_IN);
}

static bool add(struct dns_builder *builder, enum dns_section section, const char *owner,
                uint16_t type, struct bytes rdata)
{
    struct dname name = given(owner);
    return dns_builder_record(builder, section, &name, type, RRCLASS_IN, 60, rdata);
}

/* The finished message, read again. */
static struct dns_message finish(struct dns_builder *builder)
{
    struct dns_message message;
    struct bytes bytes = dns_builder_finish(builder);
    enum status status = dns_message_read(bytes, &message);
    if (status != STATUS_OK)
        fail_msg("a message of %zu bytes: %s", bytes.count, status_text(status));
    assert_int_equal(message.end, bytes.count);
    return message;
}

static void test_plain_answer(void **test)
{
    (void)test;
    static const uint8_t wanted[] = "\x12\x34\x81\0\0\1\0\1\0\0\0\1\1A\3lan\0\0\1\0\1"
                                    "\xC0\x0C\0\1\0\1\0\0\0\x3C\0\4\xC0\0\2\1"
                                    "\0\0\x29\4\xd0\0\0\x80\0\0\0";
    struct dns_builder builder;
    start(&builder, 512, "A.lan");
    dns_builder_reserve(&builder, EDNS_FIXED_BYTES);
    assert_true(add(&builder, DNS_ANSWER, "A.lan", RRTYPE_A, ADDRESS));
    dns_builder_opt(&builder, 1232, true, RCODE_NOERROR, EDE_NONE, BYTES_NONE);
    struct bytes message = dns_builder_finish(&builder);
    assert_true(bytes_equal(message, bytes_of(wanted, sizeof wanted - 1)));
}

static void test_flags(void **test)
{
    (void)test;
    struct dns_builder builder;
    start(&builder, 512, "a.lan");
    dns_builder_set_flags(&builder, DNS_FLAG_AA | RCODE_NXDOMAIN);
    struct dns_message message = finish(&builder);
    assert_int_equal(message.flags, DNS_FLAG_QR | DNS_FLAG_RD | DNS_FLAG_AA | RCODE_NXDOMAIN);
    assert_int_equal(message.id, 0x1234);
}

/* One record after the question www.a.lan, as it must stand in the message. */
static void test_compresses(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const char *owner;
        uint16_t type;
        const uint8_t *rdata;
        size_t rdata_count;
        const uint8_t *owner_wire;
        size_t owner_count;
        const uint8_t *rdata_wire;
        size_t written;
    } rows[] = {
        { "owner is the question", "www.a.lan", 1, WIRE("abcd"), WIRE("\xC0\x0C"), WIRE("abcd") },
        { "in another case", "WWW.a.LAN", 1, WIRE("abcd"), WIRE("\xC0\x0C"), WIRE("abcd") },
        { "owner above it", "a.lan", 1, WIRE("abcd"), WIRE("\xC0\x10"), WIRE("abcd") },
        { "the last label", "lan", 1, WIRE("abcd"), WIRE("\xC0\x12"), WIRE("abcd") },
        { "owner beside it", "b.A.lan", 1, WIRE("abcd"), WIRE("\1b\xC0\x10"), WIRE("abcd") },
        { "owner below it", "x.www.a.lan", 1, WIRE("abcd"), WIRE("\1x\xC0\x0C"), WIRE("abcd") },
        { "a label that ends the same", "aa.lan", 1, WIRE("abcd"), WIRE("\2aa\xC0\x12"),
          WIRE("abcd") },
        { "strange owner", "test", 1, WIRE("abcd"), WIRE("\4test\0"), WIRE("abcd") },
        { "root", ".", 1, WIRE("abcd"), WIRE("\0"), WIRE("abcd") },
        { "CNAME", "www.a.lan", 5, WIRE("\1b\1a\3lan\0"), WIRE("\xC0\x0C"), WIRE("\1b\xC0\x10") },
        { "NS in another case", "www.a.lan", 2, WIRE("\1A\3LAN\0"), WIRE("\xC0\x0C"),
          WIRE("\xC0\x10") },
        { "PTR to the root", "www.a.lan", 12, WIRE("\0"), WIRE("\xC0\x0C"), WIRE("\0") },
        { "MX", "www.a.lan", 15, WIRE("\0\1\1a\3lan\0"), WIRE("\xC0\x0C"), WIRE("\0\1\xC0\x10") },
        { "SOA", "a.lan", 6,
          WIRE("\2ns\3lan\0\1x\2ns\3lan\0"
               "12345678901234567890"),
          WIRE("\xC0\x10"),
          WIRE("\2ns\xC0\x12\1x\xC0\x27"
               "12345678901234567890") },
        { "MINFO", "www.a.lan", 14, WIRE("\3lan\0\1a\3lan\0"), WIRE("\xC0\x0C"),
          WIRE("\xC0\x12\xC0\x10") },
        { "owner's suffix for its target", "b.test", 5, WIRE("\1c\4test\0"), WIRE("\1b\4test\0"),
          WIRE("\1c\xC0\x1D") },
        /* RFC 3597 section 4: never in newer types. */
        { "SRV in full", "www.a.lan", 33, WIRE("\0\0\0\0\0\1\1a\3lan\0"), WIRE("\xC0\x0C"),
          WIRE("\0\0\0\0\0\1\1a\3lan\0") },
        { "DNAME in full", "www.a.lan", 39, WIRE("\1a\3lan\0"), WIRE("\xC0\x0C"),
          WIRE("\1a\3lan\0") },
        { "unknown type", "www.a.lan", 65400, WIRE("\1a\3lan\0"), WIRE("\xC0\x0C"),
          WIRE("\1a\3lan\0") },
        /* Not what the type says: nobody should hand it in, and it goes out unchanged. */
        { "CNAME without its root", "www.a.lan", 5, WIRE("\1a"), WIRE("\xC0\x0C"), WIRE("\1a") },
        { "MX of one byte", "www.a.lan", 15, WIRE("\0"), WIRE("\xC0\x0C"), WIRE("\0") },
        { "empty", "www.a.lan", 2, WIRE(""), WIRE("\xC0\x0C"), WIRE("") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_builder builder;
        struct dns_record record;
        start(&builder, 512, "www.a.lan");
        if (!add(&builder, DNS_ANSWER, rows[i].owner, rows[i].type,
                 bytes_of(rows[i].rdata, rows[i].rdata_count)))
            fail_msg("%s: refused", rows[i].name);
        struct dns_message message = finish(&builder);
        struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
        assert_true(dns_record_next(&cursor, &record));
        struct bytes owner = { message.bytes.at + record.owner_offset, rows[i].owner_count };
        if (!bytes_equal(owner, bytes_of(rows[i].owner_wire, rows[i].owner_count))
            || record.rdata_offset != record.owner_offset + owner.count + 10)
            fail_msg("%s: owner", rows[i].name);
        if (!bytes_equal(dns_record_rdata(&message, &record),
                         bytes_of(rows[i].rdata_wire, rows[i].written)))
            fail_msg("%s: rdata", rows[i].name);
    }
}

/* More names than are remembered, then the first again; and one that lies beyond a pointer's reach.
 */
static void test_many_names(void **test)
{
    (void)test;
    struct dns_builder builder;
    struct dns_record record;
    struct dname owner;
    char text[DNAME_TEXT_MAX];
    static const uint8_t filler[1000];
    start(&builder, DNS_MESSAGE_MAX, "a.lan");

    for (unsigned i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "h%u.d%u.test", i / 2, i / 2);
        struct bytes rdata = bytes_of(filler, i < 30 ? 10 : 300);
        if (!add(&builder, DNS_ANSWER, text, RRTYPE_NULL, rdata))
            fail_msg("%s: refused", text);
    }
    struct dns_message message = finish(&builder);
    struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
    for (unsigned i = 0; dns_record_next(&cursor, &record); i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, "h%u.d%u.test", i / 2, i / 2);
        if (dns_record_owner(&message, &record, &owner) != STATUS_OK
            || strcmp(dname_text(&owner, text), wanted) != 0)
            fail_msg("%s instead of %s", text, wanted);
    }
    assert_int_equal(message.counts[1], 200);
}

/* Names that differ at their end only cost most to compare: when enough has been compared, what is
 * left is written in full, and right. */
static void test_effort_is_bounded(void **test)
{
    (void)test;
    enum { ALIKE = 200, SMALL_LABELS = 120 };
    struct dns_builder builder;
    struct dns_record record;
    struct dname owner;
    char text[DNAME_TEXT_MAX];
    char wanted[DNAME_TEXT_MAX];
    for (unsigned i = 0; i < SMALL_LABELS; i++)
        memcpy(wanted + 2 * (size_t)i, "a.", 2);
    start(&builder, DNS_MESSAGE_MAX, "a.lan");
    for (unsigned i = 0; i < ALIKE; i++) {
        snprintf(wanted + 2 * SMALL_LABELS, sizeof wanted - 2 * SMALL_LABELS, "end%u", i);
        assert_true(add(&builder, DNS_ANSWER, wanted, RRTYPE_A, ADDRESS));
    }
    assert_int_equal(builder.effort, 0);
    struct dns_message message = finish(&builder);
    struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
    for (unsigned i = 0; dns_record_next(&cursor, &record); i++) {
        snprintf(wanted + 2 * SMALL_LABELS, sizeof wanted - 2 * SMALL_LABELS, "end%u", i);
        assert_int_equal(dns_record_owner(&message, &record, &owner), STATUS_OK);
        assert_string_equal(dname_text(&owner, text), wanted);
    }
    assert_int_equal(message.counts[1], ALIKE);
}

/* As many mail servers as are kept of one answer: the ending of all is written once. */
static void test_effort_is_enough(void **test)
{
    (void)test;
    struct dns_builder builder;
    start(&builder, DNS_MESSAGE_MAX, "mail.example.test");
    for (unsigned i = 0; i < 2048; i++) {
        uint8_t rdata[] = "\0\12\6......\7example\4test";
        snprintf((char *)rdata + 3, 7, "mx%04u", i);
        rdata[9] = 7; /* where snprintf has put its end */
        assert_true(add(&builder, DNS_ANSWER, "mail.example.test", RRTYPE_MX,
                        bytes_of(rdata, sizeof rdata)));
    }
    assert_true(builder.effort > 0);
    finish(&builder);
}

/* A pointer has 14 bits: names further on are written in full. */
static void test_names_out_of_reach(void **test)
{
    (void)test;
    struct dns_builder builder;
    struct dns_record record;
    struct dname owner;
    char text[DNAME_TEXT_MAX];
    static const uint8_t filler[0x4000];
    start(&builder, DNS_MESSAGE_MAX, "a.lan");
    assert_true(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_NULL, bytes_of(filler, sizeof filler)));
    assert_true(add(&builder, DNS_ANSWER, "x.far.test", RRTYPE_A, ADDRESS));
    assert_true(add(&builder, DNS_ANSWER, "y.far.test", RRTYPE_A, ADDRESS));
    struct dns_message message = finish(&builder);
    struct dns_cursor cursor = dns_section_cursor(&message, DNS_ANSWER);
    while (dns_record_next(&cursor, &record))
        assert_int_equal(dns_record_owner(&message, &record, &owner), STATUS_OK);
    assert_string_equal(dname_text(&owner, text), "y.far.test");
}

/* At every limit: what does not fit leaves nothing, TC tells, and not a byte is written past it. */
static void test_every_limit(void **test)
{
    (void)test;
    static const uint8_t target[] = "\1b\4test\0";
    size_t whole = 0;

    for (size_t limit = 0; limit < 120; limit++) {
        struct dns_builder builder;
        start(&builder, limit, "a.lan");
        dns_builder_reserve(&builder, EDNS_FIXED_BYTES);
        bool first =
            add(&builder, DNS_ANSWER, "a.lan", RRTYPE_CNAME, bytes_of(target, sizeof target - 1));
        bool second = add(&builder, DNS_ANSWER, "b.test", RRTYPE_A, ADDRESS);
        dns_builder_opt(&builder, 1232, false, 0, EDE_NONE, BYTES_NONE);
        struct bytes bytes = dns_builder_finish(&builder);

        for (size_t i = limit; i < sizeof buffer && i < limit + 64; i++) {
            if (buffer[i] != 0xaa)
                fail_msg("limit %zu: byte %zu is written", limit, i);
        }
        if (limit < DNS_HEADER_BYTES + 11) {
            assert_int_equal(bytes.count, 0);
            assert_false(first);
            continue;
        }
        struct dns_message message = finish(&builder);
        if (second && whole == 0)
            whole = limit;
        if (message.counts[1] != first + second || (second && !first))
            fail_msg("limit %zu: %u answers", limit, message.counts[1]);
        bool opt_fits = limit >= DNS_HEADER_BYTES + 11 + EDNS_FIXED_BYTES;
        if (((message.flags & DNS_FLAG_TC) != 0) == (first && second))
            fail_msg("limit %zu: flags %04x", limit, message.flags);
        if (message.edns.present != opt_fits)
            fail_msg("limit %zu: OPT %d", limit, message.edns.present);
    }
    assert_int_equal(whole, 12 + 11 + (2 + 10 + 8) + (2 + 10 + 4) + EDNS_FIXED_BYTES);
}

static void test_whole_rrsets(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const char *last_owner;
        uint16_t last_type;
        unsigned answers; /* of four, when the fifth does not fit */
    } rows[] = {
        { "last RRset goes", "b.lan", RRTYPE_A, 2 },
        { "in another case", "B.Lan", RRTYPE_A, 2 },
        { "another type", "b.lan", RRTYPE_AAAA, 4 },
        { "another owner", "c.lan", RRTYPE_A, 4 },
        { "not next to its like", "a.lan", RRTYPE_A, 4 },
    };
    static const uint8_t large[480];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_builder builder;
        start(&builder, 512, "a.lan");
        assert_true(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_A, ADDRESS));
        assert_true(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_A, ADDRESS));
        assert_true(add(&builder, DNS_ANSWER, "b.lan", RRTYPE_A, ADDRESS));
        assert_true(add(&builder, DNS_ANSWER, "b.lan", RRTYPE_A, ADDRESS));
        assert_false(add(&builder, DNS_ANSWER, rows[i].last_owner, rows[i].last_type,
                         bytes_of(large, sizeof large)));
        assert_false(add(&builder, DNS_ANSWER, "d.lan", RRTYPE_A, ADDRESS));
        assert_true(builder.truncated);
        struct dns_message message = finish(&builder);
        if (message.counts[1] != rows[i].answers)
            fail_msg("%s: %u answers", rows[i].name, message.counts[1]);
        assert_true((message.flags & DNS_FLAG_TC) != 0);
    }

    /* The same RRset in an earlier section stays. */
    struct dns_builder builder;
    start(&builder, 512, "a.lan");
    assert_true(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_A, ADDRESS));
    assert_true(add(&builder, DNS_ADDITIONAL, "a.lan", RRTYPE_A, ADDRESS));
    assert_false(add(&builder, DNS_ADDITIONAL, "a.lan", RRTYPE_A, bytes_of(large, sizeof large)));
    struct dns_message message = finish(&builder);
    assert_int_equal(message.counts[1], 1);
    assert_int_equal(message.counts[3], 0);
}

/* Names that went with a dropped record must not be pointed at. */
static void test_forgets_dropped_names(void **test)
{
    (void)test;
    struct dns_builder builder;
    static const uint8_t target[] = "\1x\4gone\0";
    start(&builder, 512, "a.lan");
    assert_true(
        add(&builder, DNS_ANSWER, "a.lan", RRTYPE_CNAME, bytes_of(target, sizeof target - 1)));
    dns_builder_drop_records(&builder);
    assert_true(add(&builder, DNS_AUTHORITY, "y.gone", RRTYPE_A, ADDRESS));
    struct dns_message message = finish(&builder);
    struct dns_record record;
    struct dname owner;
    char text[DNAME_TEXT_MAX];
    assert_int_equal(message.counts[1], 0);
    struct dns_cursor cursor = dns_section_cursor(&message, DNS_AUTHORITY);
    assert_true(dns_record_next(&cursor, &record));
    assert_int_equal(dns_record_owner(&message, &record, &owner), STATUS_OK);
    assert_string_equal(dname_text(&owner, text), "y.gone");
}

static void test_drop_after_truncation(void **test)
{
    (void)test;
    struct dns_builder builder;
    static const uint8_t large[600];
    start(&builder, 512, "a.lan");
    assert_true(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_A, ADDRESS));
    assert_false(add(&builder, DNS_ANSWER, "b.lan", RRTYPE_TXT, bytes_of(large, sizeof large)));
    dns_builder_drop_records(&builder);
    dns_builder_opt(&builder, 1232, false, 0, EDE_NONE, BYTES_NONE);
    struct dns_message message = finish(&builder);
    assert_int_equal(message.counts[1], 0);
    assert_true(message.edns.present && (message.flags & DNS_FLAG_TC) != 0);
}

static void test_opt(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        size_t spare; /* room after the question */
        bool present;
        bool options;
        bool error;
    } rows[] = {
        { "all fits", 11 + 6 + 6, true, true, true },
        { "no error", 11 + 6 + 5, true, true, false },
        { "options only", 11 + 6, true, true, false },
        { "alone", 11 + 5, true, false, false },
        { "alone, just", 11, true, false, false },
        { "not even alone", 10, false, false, false },
    };
    struct bytes options = { WIRE("\0\3\0\2ns") };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_builder builder;
        struct bytes value;
        start(&builder, DNS_HEADER_BYTES + 11 + rows[i].spare, "a.lan");
        dns_builder_opt(&builder, 1232, false, RCODE_BADCOOKIE, EDE_STALE, options);
        struct dns_message message = finish(&builder);
        if (message.edns.present != rows[i].present
            || edns_find_option(&message.edns, EDNS_NSID, &value) != rows[i].options
            || edns_find_option(&message.edns, EDNS_ERROR, &value) != rows[i].error)
            fail_msg("%s: %d, %zu bytes of options", rows[i].name, message.edns.present,
                     message.edns.options.count);
        if (((message.flags & DNS_FLAG_TC) != 0) == rows[i].present)
            fail_msg("%s: flags %04x", rows[i].name, message.flags);
        if (rows[i].present && message.edns.extended_rcode != RCODE_BADCOOKIE >> 4)
            fail_msg("%s: rcode %u", rows[i].name, message.edns.extended_rcode);
    }
}

static void test_most_records(void **test)
{
    (void)test;
    struct dns_builder builder;
    unsigned written = 0;
    start(&builder, DNS_MESSAGE_MAX, ".");
    while (add(&builder, DNS_ANSWER, ".", (uint16_t)(1000 + written), BYTES_NONE))
        written++;
    dns_builder_opt(&builder, 1232, false, 0, EDE_NONE, BYTES_NONE);
    struct dns_message message = finish(&builder);
    assert_int_equal(message.counts[1], written);
    assert_int_equal(1 + written + 1, DNS_RECORDS_MAX);
}

static void test_longest_rdata(void **test)
{
    (void)test;
    static const uint8_t rdata[RDATA_MAX + 10];
    struct dns_builder builder;
    start(&builder, DNS_MESSAGE_MAX, "a.lan");
    assert_false(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_NULL, bytes_of(rdata, sizeof rdata)));
    start(&builder, sizeof buffer, "a.lan");
    assert_true(add(&builder, DNS_ANSWER, "a.lan", RRTYPE_NULL,
                    bytes_of(rdata, DNS_MESSAGE_MAX - 12 - 11 - 12)));
    assert_int_equal(finish(&builder).bytes.count, DNS_MESSAGE_MAX);
}

static void test_build_error(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        const uint8_t *query;
        size_t count;
        unsigned rcode;
        size_t room;
        const uint8_t *wanted;
        size_t wanted_count;
    } rows[] = {
        { "FORMERR", WIRE("\x12\x34\1\0\0\1\0\2\0\3\0\4garbage"), RCODE_FORMERR, 12,
          WIRE("\x12\x34\x81\1\0\0\0\0\0\0\0\0") },
        { "NOTIMP of UPDATE", WIRE("\x12\x34\x28\0\0\1\0\0\0\0\0\0"), RCODE_NOTIMP, 512,
          WIRE("\x12\x34\xA8\4\0\0\0\0\0\0\0\0") },
        { "other flags go", WIRE("\x12\x34\x07\xff\0\0\0\0\0\0\0\0"), RCODE_REFUSED, 512,
          WIRE("\x12\x34\x81\5\0\0\0\0\0\0\0\0") },
        { "an answer", WIRE("\x12\x34\x81\0\0\0\0\0\0\0\0\0"), RCODE_FORMERR, 512, WIRE("") },
        { "short", WIRE("\x12\x34\1\0\0\0\0\0\0\0\0"), RCODE_FORMERR, 512, WIRE("") },
        { "nothing", WIRE(""), RCODE_FORMERR, 512, WIRE("") },
        { "no room", WIRE("\x12\x34\1\0\0\0\0\0\0\0\0\0"), RCODE_FORMERR, 11, WIRE("") },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes query = { rows[i].query, rows[i].count };
        struct bytes error = dns_build_error(query, rows[i].rcode, buffer, rows[i].room);
        if (!bytes_equal(error, bytes_of(rows[i].wanted, rows[i].wanted_count)))
            fail_msg("%s: %zu bytes", rows[i].name, error.count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_answer),
        cmocka_unit_test(test_flags),
        cmocka_unit_test(test_compresses),
        cmocka_unit_test(test_many_names),
        cmocka_unit_test(test_effort_is_bounded),
        cmocka_unit_test(test_effort_is_enough),
        cmocka_unit_test(test_names_out_of_reach),
        cmocka_unit_test(test_every_limit),
        cmocka_unit_test(test_whole_rrsets),
        cmocka_unit_test(test_forgets_dropped_names),
        cmocka_unit_test(test_drop_after_truncation),
        cmocka_unit_test(test_opt),
        cmocka_unit_test(test_most_records),
        cmocka_unit_test(test_longest_rdata),
        cmocka_unit_test(test_build_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dns/fixture_text.h"
#include "dns/reply_read.h"

static struct dns_reply reply;
static uint8_t buffer[DNS_MESSAGE_MAX];

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static enum status read_reply(const char *qname, uint16_t qtype, unsigned flags, const char *answer,
                              const char *authority, bool dnssec_ok)
{
    struct dname name = name_of(qname);
    struct dns_builder builder;
    struct dns_message message;

    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(&builder, 1, (uint16_t)(DNS_FLAG_QR | flags));
    dns_builder_question(&builder, &name, qtype, RRCLASS_IN);
    assert_true(fixture_put_records(&builder, DNS_ANSWER, text_of(answer)));
    assert_true(fixture_put_records(&builder, DNS_AUTHORITY, text_of(authority)));
    assert_int_equal(dns_message_read(dns_builder_finish(&builder), &message), STATUS_OK);
    return reply_read(&message, dnssec_ok, &reply);
}

static const struct {
    const char *claim;
    uint16_t qtype;
    unsigned flags;
    const char *answer, *authority;
    enum reply_kind kind;
    size_t links, records;
    bool soa_usable;
} rows[] = {
    { "data", 1, DNS_FLAG_RA, "a.test 60 A 192.0.2.1", "", REPLY_DATA, 1, 1, false },
    { "data, spelt otherwise", 1, DNS_FLAG_RA, "A.TEST 60 A 192.0.2.1", "", REPLY_DATA, 1, 1,
      false },
    { "alias and data", 1, DNS_FLAG_RA, "a.test 60 CNAME b.test, b.test 60 A 192.0.2.1", "",
      REPLY_DATA, 2, 2, false },
    { "in the wrong order", 1, DNS_FLAG_RA, "b.test 60 A 192.0.2.1, a.test 60 CNAME b.test", "",
      REPLY_DATA, 2, 2, false },
    { "asked for the alias", 5, DNS_FLAG_RA, "a.test 60 CNAME b.test, b.test 60 CNAME c.test", "",
      REPLY_DATA, 1, 1, false },
    { "asked for anything", 255, DNS_FLAG_RA, "a.test 60 CNAME b.test, a.test 60 TXT x", "",
      REPLY_DATA, 1, 2, false },
    { "alias to itself", 1, DNS_FLAG_RA, "a.test 60 CNAME a.test", "", REPLY_INCOMPLETE, 1, 1,
      false },
    { "data beside an alias is not the answer", 1, DNS_FLAG_RA,
      "a.test 60 CNAME b.test, a.test 60 A 192.0.2.66, b.test 60 A 192.0.2.1", "", REPLY_DATA, 2, 2,
      false },
    { "a stranger's records", 1, DNS_FLAG_RA,
      "x.test 60 A 192.0.2.66, a.test 60 A 192.0.2.1, y.test 60 CNAME a.test", "", REPLY_DATA, 1, 1,
      false },
    { "no data", 1, DNS_FLAG_RA, "", "test 60 SOA 5", REPLY_NODATA, 1, 1, true },
    { "no data, no SOA", 1, DNS_FLAG_RA, "", "", REPLY_NODATA, 1, 0, false },
    { "other type only", 1, DNS_FLAG_RA, "a.test 60 TXT x", "", REPLY_NODATA, 1, 0, false },
    { "referral", 1, 0, "", "test 60 NS ns.test", REPLY_INCOMPLETE, 1, 1, false },
    { "NS and SOA", 1, 0, "", "test 60 NS ns.test, test 60 SOA 5", REPLY_NODATA, 1, 2, true },
    { "dangling alias of one who recurses", 1, DNS_FLAG_RA, "a.test 60 CNAME b.test", "",
      REPLY_NODATA, 2, 1, false },
    { "dangling alias of one who does not", 1, 0, "a.test 60 CNAME b.test", "", REPLY_INCOMPLETE, 2,
      1, false },
    { "no name", 1, DNS_FLAG_RA | RCODE_NXDOMAIN, "", "test 60 SOA 5", REPLY_NXDOMAIN, 1, 1, true },
    { "no name behind an alias", 1, DNS_FLAG_RA | RCODE_NXDOMAIN, "a.test 60 CNAME b.other",
      "other 60 SOA 5", REPLY_NXDOMAIN, 2, 2, true },
    { "SOA beside the name", 1, DNS_FLAG_RA | RCODE_NXDOMAIN, "a.test 60 CNAME b.other",
      "test 60 SOA 5", REPLY_NXDOMAIN, 2, 2, false },
    { "SOA below the name", 1, DNS_FLAG_RA | RCODE_NXDOMAIN, "", "x.a.test 60 SOA 5",
      REPLY_NXDOMAIN, 1, 1, false },
    { "no name, and yet data", 1, DNS_FLAG_RA | RCODE_NXDOMAIN, "a.test 60 A 192.0.2.1", "",
      REPLY_INCOMPLETE, 1, 1, false },
    { "error", 1, DNS_FLAG_RA | RCODE_NOTIMP, "", "", REPLY_ERROR, 1, 0, false },
    { "other authority is left out", 1, DNS_FLAG_RA, "a.test 60 A 192.0.2.1",
      "test 60 NS ns.test, test 60 TXT x, test 60 NSEC 0474657374000001"
      "60",
      REPLY_DATA, 1, 2, false },
};

static void test_kinds(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum status status = read_reply("a.test", rows[i].qtype, rows[i].flags, rows[i].answer,
                                        rows[i].authority, false);
        if (status != STATUS_OK || reply.kind != rows[i].kind || reply.link_count != rows[i].links
            || reply.count != rows[i].records || reply_soa_is_usable(&reply) != rows[i].soa_usable)
            fail_msg("%s: %s kind %d, %zu links, %zu records", rows[i].claim, status_text(status),
                     reply.kind, reply.link_count, reply.count);
    }
}

static void test_ttl_with_the_top_bit(void **state)
{
    (void)state;
    assert_int_equal(read_reply("a.test", 1, 0, "a.test 2147483648 A 192.0.2.1", "", false),
                     STATUS_OK);
    assert_int_equal(reply.records[0].ttl, 0);
    assert_int_equal(read_reply("a.test", 1, 0, "a.test 2147483647 A 192.0.2.1", "", false),
                     STATUS_OK);
    assert_int_equal(reply.records[0].ttl, 2147483647);
}

static void test_bounds(void **state)
{
    char answer[4096];
    struct text_out out = text_out_on(answer, sizeof answer);
    (void)state;

    for (unsigned i = 0; i < REPLY_LINKS_MAX; i++)
        text_printf(&out, "%sa%u.test 60 CNAME a%u.test", i > 0 ? ", " : "", i, i + 1);
    assert_int_equal(read_reply("a0.test", 1, 0, answer, "", false), STATUS_OK);
    assert_int_equal(reply.link_count, REPLY_LINKS_MAX + 1);
    text_printf(&out, ", a%u.test 60 CNAME end.test", REPLY_LINKS_MAX);
    assert_int_equal(read_reply("a0.test", 1, 0, answer, "", false), STATUS_RANGE);

    assert_int_equal(read_reply("a.test", 1, 0, "*2048 a.test 60 A 10.0.0.0", "", false),
                     STATUS_OK);
    assert_int_equal(reply.count, REPLY_RECORDS_MAX);
    assert_int_equal(read_reply("a.test", 1, 0, "*2049 a.test 60 A 10.0.0.0", "", false),
                     STATUS_RANGE);
    assert_int_equal(
        read_reply("a.test", 1, 0, "*2040 a.test 60 A 10.0.0.0", "*9 test 60 SOA 0", false),
        STATUS_RANGE);

    /* Few bytes on the wire may be many when names are written in full. */
    text_out_rewind(&out, 0);
    text_put_string(&out, "*600 ");
    for (unsigned i = 0; i < 120; i++)
        text_put_string(&out, "a.");
    text_put_string(&out, " 60 SOA 0");
    assert_int_equal(read_reply("a.test", 1, 0, "", answer, false), STATUS_RANGE);
}

/* Aliases in any order; but told from the last to the first among thousands of others each would
 * cost a look at all of them. */
static void test_looks_are_bounded(void **state)
{
    static const char in_order[] = "a.test 60 CNAME b.test, b.test 60 CNAME c.test, "
                                   "c.test 60 CNAME d.test, d.test 60 CNAME e.test, ";
    static const char reversed[] = "d.test 60 CNAME e.test, c.test 60 CNAME d.test, "
                                   "b.test 60 CNAME c.test, a.test 60 CNAME b.test, ";
    const struct {
        const char *aliases;
        const char *others;
        enum status status;
    } claims[] = {
        { in_order, "*2000 e.test 60 A 10.0.0.0", STATUS_OK },
        { in_order, "*4000 x.test 60 A 10.0.0.0", STATUS_OK },
        { reversed, "*2000 e.test 60 A 10.0.0.0", STATUS_OK },
        { reversed, "*1634 x.test 60 A 10.0.0.0", STATUS_OK }, /* five walks */
        { reversed, "*1635 x.test 60 A 10.0.0.0", STATUS_RANGE },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(claims); i++) {
        char answer[512];
        struct text_out out = text_out_on(answer, sizeof answer);
        text_put_string(&out, claims[i].aliases);
        text_put_string(&out, claims[i].others);
        enum status status = read_reply("a.test", 1, 0, answer, "", false);
        if (status != claims[i].status)
            fail_msg("%s: %s", answer, status_text(status));
        assert_true(status != STATUS_OK || reply.link_count == 5);
    }
}

static void test_malformed_rdata(void **state)
{
    (void)state;
    /* An address of three bytes, written as hexadecimal of an unknown type and then renamed. */
    assert_int_equal(read_reply("a.test", 1, 0, "a.test 60 TYPE65400 0a0000", "", false),
                     STATUS_OK);
    struct dns_message message;
    size_t count = DNS_HEADER_BYTES + 8 + 4 + 12 + 3;
    buffer[DNS_HEADER_BYTES + 8 + 4 + 2] = 0;
    buffer[DNS_HEADER_BYTES + 8 + 4 + 3] = RRTYPE_A;
    assert_int_equal(dns_message_read(bytes_of(buffer, count), &message), STATUS_OK);
    assert_int_equal(reply_read(&message, false, &reply), STATUS_MALFORMED);
}

static void test_dnssec_records(void **state)
{
    const char *nsec = "test 60 NSEC 04746573740000016"
                       "0";
    (void)state;
    assert_int_equal(read_reply("a.test", 1, DNS_FLAG_RA, "", nsec, true), STATUS_OK);
    assert_int_equal(reply.count, 1);
    assert_int_equal(read_reply("a.test", 1, DNS_FLAG_RA, "", nsec, false), STATUS_OK);
    assert_int_equal(reply.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),           cmocka_unit_test(test_ttl_with_the_top_bit),
        cmocka_unit_test(test_bounds),          cmocka_unit_test(test_looks_are_bounded),
        cmocka_unit_test(test_malformed_rdata), cmocka_unit_test(test_dnssec_records),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

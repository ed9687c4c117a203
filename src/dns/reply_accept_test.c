#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/reply_accept.h"
#include "wire/dns_builder.h"

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static const struct {
    const char *claim;
    uint16_t id;
    uint16_t flags;
    const char *qname; /* NULL: no question */
    uint16_t qtype, qclass;
    bool with_opt;
    size_t cut; /* bytes left out at the end */
    enum reply_verdict verdict;
} rows[] = {
    { "ours", 7, DNS_FLAG_QR, "wWw.test", 1, 1, true, 0, REPLY_OURS },
    { "without OPT", 7, DNS_FLAG_QR, "wWw.test", 1, 1, false, 0, REPLY_OURS },
    { "an error is an answer", 7, DNS_FLAG_QR | RCODE_SERVFAIL, "wWw.test", 1, 1, true, 0,
      REPLY_OURS },
    { "wrong id", 8, DNS_FLAG_QR, "wWw.test", 1, 1, true, 0, REPLY_WRONG_ID },
    { "a query", 7, 0, "wWw.test", 1, 1, true, 0, REPLY_MALFORMED },
    { "another opcode", 7, DNS_FLAG_QR | OPCODE_UPDATE << 11, "wWw.test", 1, 1, true, 0,
      REPLY_MALFORMED },
    { "another name", 7, DNS_FLAG_QR, "wWx.test", 1, 1, true, 0, REPLY_WRONG_QUESTION },
    { "another case", 7, DNS_FLAG_QR, "www.test", 1, 1, true, 0, REPLY_WRONG_CASE },
    { "another type", 7, DNS_FLAG_QR, "wWw.test", 28, 1, true, 0, REPLY_WRONG_QUESTION },
    { "another class", 7, DNS_FLAG_QR, "wWw.test", 1, 3, true, 0, REPLY_WRONG_QUESTION },
    { "no question", 7, DNS_FLAG_QR, NULL, 0, 0, true, 0, REPLY_WRONG_QUESTION },
    { "cut off", 7, DNS_FLAG_QR, "wWw.test", 1, 1, true, 1, REPLY_MALFORMED },
    { "FORMERR without OPT", 7, DNS_FLAG_QR | RCODE_FORMERR, "wWw.test", 1, 1, false, 0,
      REPLY_NO_EDNS },
    { "NOTIMP without OPT", 7, DNS_FLAG_QR | RCODE_NOTIMP, "wWw.test", 1, 1, false, 0,
      REPLY_NO_EDNS },
    { "FORMERR without question", 7, DNS_FLAG_QR | RCODE_FORMERR, NULL, 0, 0, false, 0,
      REPLY_NO_EDNS },
    { "FORMERR with OPT", 7, DNS_FLAG_QR | RCODE_FORMERR, "wWw.test", 1, 1, true, 0, REPLY_OURS },
    { "FORMERR without question, wrong id", 9, DNS_FLAG_QR | RCODE_FORMERR, NULL, 0, 0, false, 0,
      REPLY_WRONG_ID },
    { "SERVFAIL without question", 7, DNS_FLAG_QR | RCODE_SERVFAIL, NULL, 0, 0, false, 0,
      REPLY_WRONG_QUESTION },
};

static void test_verdicts(void **state)
{
    struct dname sent = name_of("wWw.test");
    struct reply_expected expected = { 7, &sent, 1, 1, true };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t buffer[512];
        struct dns_builder builder;
        struct dns_message message;
        dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
        dns_builder_header(&builder, rows[i].id, rows[i].flags);
        if (rows[i].qname != NULL) {
            struct dname qname = name_of(rows[i].qname);
            dns_builder_question(&builder, &qname, rows[i].qtype, rows[i].qclass);
        }
        if (rows[i].with_opt)
            dns_builder_opt(&builder, 1232, false, 0, EDE_NONE, BYTES_NONE);
        struct bytes bytes = dns_builder_finish(&builder);
        bytes.count -= rows[i].cut;
        if (reply_accept(bytes, &expected, &message) != rows[i].verdict)
            fail_msg("%s", rows[i].claim);
    }
}

/* When OPT was not sent, FORMERR is not about OPT. */
static void test_sent_without_edns(void **state)
{
    struct dname sent = name_of("a.test");
    struct reply_expected expected = { 7, &sent, 1, 1, false };
    uint8_t buffer[512];
    struct dns_builder builder;
    struct dns_message message;
    (void)state;

    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(&builder, 7, DNS_FLAG_QR | RCODE_FORMERR);
    dns_builder_question(&builder, &sent, 1, 1);
    assert_int_equal(reply_accept(dns_builder_finish(&builder), &expected, &message), REPLY_OURS);
    assert_int_equal(reply_accept(bytes_of(buffer, 11), &expected, &message), REPLY_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_sent_without_edns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

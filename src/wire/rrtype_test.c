#include "wire/rrtype.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void test_names_and_back(void **test)
{
    (void)test;
    static const struct {
        uint16_t type;
        const char *name;
    } rows[] = {
        { RRTYPE_A, "A" },           { RRTYPE_NS, "NS" },       { RRTYPE_CNAME, "CNAME" },
        { RRTYPE_SOA, "SOA" },       { RRTYPE_PTR, "PTR" },     { RRTYPE_MX, "MX" },
        { RRTYPE_TXT, "TXT" },       { RRTYPE_AAAA, "AAAA" },   { RRTYPE_SRV, "SRV" },
        { RRTYPE_NAPTR, "NAPTR" },   { RRTYPE_DNAME, "DNAME" }, { RRTYPE_OPT, "OPT" },
        { RRTYPE_DS, "DS" },         { RRTYPE_RRSIG, "RRSIG" }, { RRTYPE_NSEC, "NSEC" },
        { RRTYPE_DNSKEY, "DNSKEY" }, { RRTYPE_NSEC3, "NSEC3" }, { RRTYPE_TLSA, "TLSA" },
        { RRTYPE_SVCB, "SVCB" },     { RRTYPE_HTTPS, "HTTPS" }, { RRTYPE_ANY, "ANY" },
        { RRTYPE_URI, "URI" },       { RRTYPE_CAA, "CAA" },     { 32769, "DLV" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *name = rrtype_name(rows[i].type);
        uint16_t type = 0;
        if (name == NULL || strcmp(name, rows[i].name) != 0)
            fail_msg("%u: %s", rows[i].type, name != NULL ? name : "no name");
        if (rrtype_from_text(text_of(name), &type) != STATUS_OK || type != rows[i].type)
            fail_msg("%s comes back as %u", name, type);
    }
}

/* No two types share a name, and every name reads as its type. */
static void test_every_number(void **test)
{
    (void)test;
    for (unsigned i = 0; i <= UINT16_MAX; i++) {
        char buffer[32];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        uint16_t type = 0;
        const char *name = rrtype_name((uint16_t)i);

        text_put_rrtype(&out, (uint16_t)i);
        if (name == NULL) {
            if (!text_starts(text_out_text(&out), TEXT("type=")))
                fail_msg("%u: %s", i, buffer);
            continue;
        }
        if (strcmp(buffer, name) != 0)
            fail_msg("%u: %s", i, buffer);
        if (rrtype_from_text(text_of(name), &type) != STATUS_OK || type != i)
            fail_msg("%s: %u instead of %u", name, type, i);
    }
}

static void test_reads_text(void **test)
{
    (void)test;
    static const struct {
        const char *text;
        enum status status;
        uint16_t type;
    } rows[] = {
        { "a", STATUS_OK, 1 },
        { "Https", STATUS_OK, 65 },
        { "nsap-ptr", STATUS_OK, 23 },
        { "TYPE65", STATUS_OK, 65 },
        { "type65400", STATUS_OK, 65400 },
        { "28", STATUS_OK, 28 },
        { "65535", STATUS_OK, 65535 },
        { "ta", STATUS_OK, 32768 },
        { "65536", STATUS_NOT_FOUND, 0 },
        { "TYPE", STATUS_NOT_FOUND, 0 },
        { "TYPE-1", STATUS_NOT_FOUND, 0 },
        { "", STATUS_NOT_FOUND, 0 },
        { "AA", STATUS_NOT_FOUND, 0 },
        { "A ", STATUS_NOT_FOUND, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint16_t type = 0;
        enum status status = rrtype_from_text(text_of(rows[i].text), &type);
        if (status != rows[i].status || type != rows[i].type)
            fail_msg("\"%s\": %s, %u", rows[i].text, status_text(status), type);
    }
}

static void test_prints_unknown(void **test)
{
    (void)test;
    char buffer[32];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    assert_null(rrtype_name(0));
    assert_null(rrtype_name(65400));
    text_put_rrtype(&out, 65400);
    assert_string_equal(buffer, "type=65400");
}

static void test_rcodes(void **test)
{
    (void)test;
    static const struct {
        unsigned rcode;
        const char *name;
    } rows[] = {
        { RCODE_NOERROR, "NOERROR" },   { RCODE_FORMERR, "FORMERR" },
        { RCODE_SERVFAIL, "SERVFAIL" }, { RCODE_NXDOMAIN, "NXDOMAIN" },
        { RCODE_NOTIMP, "NOTIMP" },     { RCODE_REFUSED, "REFUSED" },
        { RCODE_BADVERS, "BADVERS" },   { RCODE_BADCOOKIE, "BADCOOKIE" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *name = rcode_name(rows[i].rcode);
        if (name == NULL || strcmp(name, rows[i].name) != 0)
            fail_msg("%u: %s", rows[i].rcode, name != NULL ? name : "no name");
    }
    assert_null(rcode_name(12));
    assert_null(rcode_name(24));
    assert_null(rcode_name(UINT32_MAX));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_back), cmocka_unit_test(test_every_number),
        cmocka_unit_test(test_reads_text),     cmocka_unit_test(test_prints_unknown),
        cmocka_unit_test(test_rcodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

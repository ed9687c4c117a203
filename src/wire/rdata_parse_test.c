#include "wire/rdata_parse.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "wire/rdata.h"
#include "wire/rrtype.h"

#define ROOM 4096

/* Presentation form of every type that has one, as text_put_rdata prints it: read and printed
 * again it is the same. */
static const struct {
    const char *type;
    const char *text;
} same[] = {
    { "A", "192.0.2.1" },
    { "NS", "ns.example." },
    { "MD", "a.example." },
    { "MF", "a.example." },
    { "CNAME", "." },
    { "SOA", "ns.example. hostmaster.example. 2026010100 1200 180 1209600 600" },
    { "MB", "a.example." },
    { "MG", "a.example." },
    { "MR", "a.example." },
    { "PTR", "Web\\032Server._http._tcp.example." },
    { "HINFO", "\"a cpu\" \"an os\"" },
    { "MINFO", "a.example. b.example." },
    { "MX", "10 mail.example." },
    { "TXT", "\"v=spf1 a -all\" \"\" \"\\\"quoted\\\" \\\\ \\255\"" },
    { "RP", "a.example. b.example." },
    { "AFSDB", "1 a.example." },
    { "X25", "\"311061700956\"" },
    { "ISDN", "\"150862028003217\" \"004\"" },
    { "RT", "10 a.example." },
    { "NSAP-PTR", "a.example." },
    { "SIG", "A 8 2 3600 20260131235959 20260101000000 12345 example. AQID" },
    { "KEY", "256 3 8 AQIDBA==" },
    { "PX", "10 a.example. b.example." },
    { "GPOS", "\"-32.6882\" \"116.8652\" \"10.0\"" },
    { "AAAA", "2001:db8::1" },
    { "NXT", "a.example. A MX KEY NXT" },
    { "EID", "e32c6f78163a9348" },
    { "NIMLOC", "3235" },
    { "SRV", "1 2 443 a.example." },
    { "NAPTR", "10 100 \"u\" \"E2U+sip\" \"!^.*$!sip:info@example.test!\" ." },
    { "KX", "1 a.example." },
    { "CERT", "1 2 3 AQIDBAU=" },
    { "DNAME", "a.example." },
    { "DS", "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118" },
    { "SSHFP", "4 2 123456789abcdef67890123456789abcdef67890" },
    { "RRSIG", "TYPE65400 8 2 3600 20260131235959 19700101000000 12345 example. AQID" },
    { "NSEC", "b.example. A NS SOA MX RRSIG NSEC CAA TYPE1234" },
    { "DNSKEY", "257 3 13 AQIDBAUG" },
    { "DHCID", "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=" },
    { "NSEC3", "1 1 12 aabbccdd 2vptu5timamqttgl4luu9kg21e0aor3s A RRSIG" },
    { "NSEC3", "1 0 0 - 2vptu5timamqttgl4luu9kg21e0aor3s" },
    { "NSEC3PARAM", "1 0 10 aabb" },
    { "TLSA", "3 1 1 0d6fce3b1d2e" },
    { "SMIMEA", "3 0 0 aabb" },
    { "NINFO", "\"a\"" },
    { "RKEY", "0 3 8 AQID" },
    { "TALINK", "a.example. b.example." },
    { "CDS", "0 0 0 00" },
    { "CDNSKEY", "0 3 0 AA==" },
    { "OPENPGPKEY", "AQIDBAUGBwg=" },
    { "CSYNC", "66 3 A NS AAAA" },
    { "ZONEMD", "2026010100 1 1 c68090d90a7aed71" },
    { "SVCB", "0 foo.example." },
    { "SVCB", "16 foo.example. mandatory=alpn,ipv4hint alpn=\"h2,h3-19\" ipv4hint=192.0.2.1" },
    { "HTTPS", "1 . alpn=\"h2\"" },
    { "HTTPS", "1 . alpn=\"h3,h2\" no-default-alpn port=8443 ipv4hint=192.0.2.1,192.0.2.2 "
               "ech=AQIDBA== ipv6hint=2001:db8::1 dohpath=\"/dns-query{?dns}\" key65280=\"a b\"" },
    { "HTTPS", "1 . alpn=\"f\\\\\\\\oo\\\\,bar,h2\"" },
    { "HTTPS", "1 . key667=\"hello\\210qoo\"" },
    { "SPF", "\"v=spf1\"" },
    { "NID", "10 0014:4fff:ff20:ee64" },
    { "L32", "10 10.1.2.0" },
    { "L64", "10 2001:0db8:1140:1000" },
    { "LP", "10 l64-subnet1.example." },
    { "EUI48", "00-00-5e-00-53-2a" },
    { "EUI64", "00-00-5e-ef-10-00-00-2a" },
    { "URI", "10 1 \"ftp://ftp1.example/public\"" },
    { "CAA", "0 issue \"ca.example; policy=ev\"" },
    { "CAA", "128 tbs \"\"" },
    { "AVC", "\"app-name\"" },
    { "RESINFO", "\"qnamemin\"" },
    { "TYPE65400", "\\# 3 010203" },
    { "TYPE65400", "\\# 0" },
};

static bool parse(const char *type_name, struct text text, struct bytes_writer *out,
                  struct rdata_complaint *complaint)
{
    uint16_t type;
    assert_int_equal(rrtype_from_text(text_of(type_name), &type), STATUS_OK);
    return rdata_parse(text, type, out, complaint) == STATUS_OK;
}

static void test_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++) {
        uint8_t buffer[ROOM];
        char text[ROOM];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        struct text_out out = text_out_on(text, sizeof text);
        struct rdata_complaint complaint;
        uint16_t type;
        if (!parse(same[i].type, text_of(same[i].text), &writer, &complaint))
            fail_msg("%s %s: \"%.*s\" %s", same[i].type, same[i].text, TEXT_ARG(complaint.where),
                     complaint.what);
        assert_int_equal(rrtype_from_text(text_of(same[i].type), &type), STATUS_OK);
        if (rdata_check(bytes_writer_written(&writer), type) != STATUS_OK)
            fail_msg("%s %s: not well formed", same[i].type, same[i].text);
        text_put_rdata(&out, bytes_writer_written(&writer), type);
        if (!text_equal(text_out_text(&out), text_of(same[i].text)))
            fail_msg("%s %s: printed as %s", same[i].type, same[i].text, text);
    }
}

/* No type with a table row may be forgotten above, but LOC, which is read as bytes only. */
static void test_every_type(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= UINT16_MAX; type++) {
        uint8_t buffer[ROOM];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        struct rdata_complaint complaint;
        bool found = false;
        if (rdata_parse(TEXT(""), (uint16_t)type, &writer, &complaint) == STATUS_NOT_FOUND)
            continue;
        for (size_t i = 0; i < COUNT_OF(same); i++) {
            uint16_t tested;
            found = found
                    || (rrtype_from_text(text_of(same[i].type), &tested) == STATUS_OK
                        && tested == type);
        }
        if (!found)
            fail_msg("type %u is not tested", type);
    }
}

/* Other spellings of the same. */
static const struct {
    const char *type, *text, *printed;
} spelt[] = {
    { "HTTPS", "1 . alpn=h2", "1 . alpn=\"h2\"" },
    { "HTTPS", " 1  .  port=443 alpn=\"h2\" ", "1 . alpn=\"h2\" port=443" },
    { "HTTPS", "1 a.example mandatory=port,alpn alpn=h2 port=1",
      "1 a.example. mandatory=alpn,port alpn=\"h2\" port=1" },
    { "HTTPS", "1 . key3=\"\\001\\187\"", NULL },
    { "TXT", "one two", "\"one\" \"two\"" },
    { "TXT", "\"a\\\"b\" \\065", "\"a\\\"b\" \"A\"" },
    { "SOA", "a. b. ( 1 2 3 4 5 )", "a. b. 1 2 3 4 5" },
    { "NSEC", "b. MX A A", "b. A MX" },
    { "DNSKEY", "257 3 13 AQID BAUG", "257 3 13 AQIDBAUG" },
    { "DS", "1 8 2 AB CD", "1 8 2 abcd" },
    { "RRSIG", "A 8 2 3600 1 2 3 a. AQID", "A 8 2 3600 19700101000001 19700101000002 3 a. AQID" },
    { "A", "\\# 4 C0 00 0201", "192.0.2.1" },
    { "MX", "\\# 4 000A 0161", NULL },
    { "LOC", "\\# 16 00121613 80000000 80000000 00989680",
      "0 0 0.000 N 0 0 0.000 E 0.00m 1m 10000m 10m" },
    { "CAA", "0 issue \";\"", "0 issue \";\"" },
};

static void test_spelt(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(spelt); i++) {
        uint8_t buffer[ROOM];
        char text[ROOM];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        struct text_out out = text_out_on(text, sizeof text);
        struct rdata_complaint complaint = { TEXT_NONE, "" };
        uint16_t type;
        bool read = parse(spelt[i].type, text_of(spelt[i].text), &writer, &complaint);
        if (read != (spelt[i].printed != NULL))
            fail_msg("%s: %s", spelt[i].text, complaint.what);
        if (!read)
            continue;
        assert_int_equal(rrtype_from_text(text_of(spelt[i].type), &type), STATUS_OK);
        text_put_rdata(&out, bytes_writer_written(&writer), type);
        if (!text_equal(text_out_text(&out), text_of(spelt[i].printed)))
            fail_msg("%s: printed as %s", spelt[i].text, text);
    }
}

static const struct {
    const char *type, *text, *where, *what;
} wrong[] = {
    { "A", "", "", "an address is missing at the end" },
    { "A", "192.0.2", "192.0.2", "is not an IPv4 address" },
    { "A", "2001:db8::1", "2001:db8::1", "is not an IPv4 address" },
    { "A", "192.0.2.1 x", "x", "is one field more than a record of this type has" },
    { "AAAA", "192.0.2.1", "192.0.2.1", "is not an IPv6 address" },
    { "MX", "65536 a.", "65536", "is not a number from 0 to 65535" },
    { "MX", "10", "", "a domain name is missing at the end" },
    { "MX", "10 a..b", "a..b", "is not a domain name" },
    { "TXT", "", "", "a string is missing at the end (try \"\")" },
    { "TXT", "\"open", "\"open", "has a quote that does not end" },
    { "TXT", "\\256", "\\256", "holds an escape that is not \\ddd or \\x" },
    { "TXT", "a\\", "a\\", "holds an escape that is not \\ddd or \\x" },
    { "CAA", "0 \"\" x", "\"\"", "is empty" },
    { "CAA", "0 issue", "", "a text is missing at the end (try \"\")" },
    { "TLSA", "3 1 1 abc", "abc", "has half a byte too many" },
    { "TLSA", "3 1 1 xy", "xy", "is not hexadecimal" },
    { "DNSKEY", "257 3 13 A*", "A*", "is not base64" },
    { "DNSKEY", "257 3 13 AQ=I", "AQ=I", "is not base64" },
    { "DNSKEY", "257 3 13 A", "A", "ends within a byte" },
    { "NSEC3", "1 0 0 - xyz", "xyz", "is not base32hex" },
    { "NSEC3", "1 0 0 abc aa", "abc", "has half a byte too many" },
    { "NSEC", "a. NOSUCH", "NOSUCH", "is not a record type" },
    { "NXT", "a. CAA", "CAA", "is not a record type below 128" },
    { "RRSIG", "A 8 2 1 20260131 1 1 a. AA==", "", NULL },
    { "RRSIG", "A 8 2 1 99991231235959 1 1 a. AA==", "99991231235959",
      "is not a time (try 20260131235959)" },
    { "EUI48", "00:00:5e:00:53:2a", "00:00:5e:00:53:2a", "is not like 00-00-5e-00-53-2a" },
    { "L64", "1 2001:db8:1140:1000", "2001:db8:1140:1000", "is not like 2001:0db8:1140:1000" },
    { "HTTPS", "1 . alp=h2", "alp=h2",
      "is not a service parameter (try alpn=h2, port=443, ipv4hint=..., key65280=...)" },
    { "HTTPS", "1 . alpn", "alpn", "needs a value" },
    { "HTTPS", "1 . alpn=", "alpn=", "needs a value" },
    { "HTTPS", "1 . alpn=h2,", "alpn=h2,", "holds a protocol of no or too many characters" },
    { "HTTPS", "1 . no-default-alpn=1", "no-default-alpn=1", "takes no value" },
    { "HTTPS", "1 . port=x", "port=x", "is not a port (0 to 65535)" },
    { "HTTPS", "1 . ipv4hint=::1", "ipv4hint=::1", "is not a list of IPv4 addresses" },
    { "HTTPS", "1 . ipv6hint=1.2.3.4", "ipv6hint=1.2.3.4", "is not a list of IPv6 addresses" },
    { "HTTPS", "1 . port=1 port=2", "port=2", "is a service parameter given twice" },
    { "HTTPS", "1 . mandatory=alpn,alpn", "mandatory=alpn,alpn",
      "names a service parameter twice" },
    { "HTTPS", "1 . mandatory=mandatory", "mandatory=mandatory",
      "is not a list of service parameters" },
    { "HTTPS", "1 . key65535=x", "key65535=x",
      "is not a service parameter (try alpn=h2, port=443, ipv4hint=..., key65280=...)" },
    { "TYPE65400", "\\# 2 01", "2", "is not how many bytes follow" },
    { "TYPE65400", "\\#", "", "the count of bytes is missing behind \\#" },
    { "TYPE65400", "\\# x", "x", "is not a count of bytes (0 to 65535)" },
    { "A", "\\# 2 0102", " 0102", "is not what a record of this type holds" },
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        uint8_t buffer[ROOM];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        struct rdata_complaint complaint;
        bool read = parse(wrong[i].type, text_of(wrong[i].text), &writer, &complaint);
        if (wrong[i].what == NULL) {
            assert_true(read);
            continue;
        }
        if (read)
            fail_msg("%s %s: taken", wrong[i].type, wrong[i].text);
        assert_int_equal(bytes_writer_count(&writer), 0);
        if (!text_equal(text_of(complaint.what), text_of(wrong[i].what))
            || !text_equal(complaint.where, text_of(wrong[i].where)))
            fail_msg("%s %s: \"%.*s\" %s", wrong[i].type, wrong[i].text, TEXT_ARG(complaint.where),
                     complaint.what);
    }
}

static void test_no_form(void **state)
{
    uint8_t buffer[16];
    struct rdata_complaint complaint;
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);

    (void)state;
    assert_int_equal(rdata_parse(TEXT("1 2 3"), 65400, &writer, &complaint), STATUS_NOT_FOUND);
    assert_int_equal(rdata_parse(TEXT("52 N 0 E 0m"), RRTYPE_LOC, &writer, &complaint),
                     STATUS_NOT_FOUND);
}

static void test_no_room(void **state)
{
    uint8_t buffer[8];
    struct rdata_complaint complaint;
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    bytes_write_u8(&writer, 7);

    (void)state;
    assert_int_equal(rdata_parse(TEXT("\"12345678\""), RRTYPE_TXT, &writer, &complaint),
                     STATUS_NO_SPACE);
    assert_int_equal(rdata_parse(TEXT("1 . alpn=h2,h3"), RRTYPE_HTTPS, &writer, &complaint),
                     STATUS_NO_SPACE);
    assert_int_equal(bytes_writer_count(&writer), 1);
    assert_int_equal(rdata_parse(TEXT("\"123456\""), RRTYPE_TXT, &writer, &complaint), STATUS_OK);
}

/* 256 characters are too many for one string. */
static void test_long_string(void **state)
{
    char text[300];
    uint8_t buffer[ROOM];
    struct rdata_complaint complaint;
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);

    (void)state;
    memset(text, 'x', sizeof text);
    assert_int_equal(rdata_parse((struct text){ text, 255 }, RRTYPE_TXT, &writer, &complaint),
                     STATUS_OK);
    assert_int_equal(rdata_parse((struct text){ text, 256 }, RRTYPE_TXT, &writer, &complaint),
                     STATUS_MALFORMED);
    assert_string_equal(complaint.what, "is longer than 255 characters");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same),        cmocka_unit_test(test_every_type),
        cmocka_unit_test(test_spelt),       cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_no_form),     cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_long_string),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

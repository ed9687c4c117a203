#include "wire/rdata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "wire/rrtype.h"

#define WIRE(literal) (const uint8_t *)(literal), sizeof(literal) - 1

/* Uncompressed rdata and how it is printed. */
static const struct {
    uint16_t type;
    const char *hex;
    const char *text;
} samples[] = {
    { RRTYPE_A, "c0000201", "192.0.2.1" },
    { RRTYPE_NS, "026e73076578616d706c6500", "ns.example." },
    { RRTYPE_CNAME, "00", "." },
    { RRTYPE_SOA,
      "026e73076578616d706c65000b686f73742e6d6173746572076578616d706c650078a3f17500001c2000"
      "000e10001275000000012c",
      "ns.example. host\\.master.example. 2024010101 7200 3600 1209600 300" },
    { RRTYPE_PTR, "0161036c616e00", "a.lan." },
    { RRTYPE_HINFO, "025043056120226222", "\"PC\" \"a \\\"b\\\"\"" },
    { RRTYPE_MX, "000a046d61696c076578616d706c6500", "10 mail.example." },
    { RRTYPE_TXT, "036f6e650574776f09ff", "\"one\" \"two\\009\\255\"" },
    { RRTYPE_TXT, "00", "\"\"" },
    { RRTYPE_RP, "046d626f78076578616d706c650003747874076578616d706c6500",
      "mbox.example. txt.example." },
    { RRTYPE_AFSDB, "000103616673076578616d706c6500", "1 afs.example." },
    { 19, "0c333131303631373030393536", "\"311061700956\"" },
    { 20, "0f31353038363230323830303332313703303034", "\"150862028003217\" \"004\"" },
    { 21, "00020572656c6179076578616d706c6500", "2 relay.example." },
    { RRTYPE_KEY, "0200ff010103010307", "512 255 1 AQMBAwc=" },
    { RRTYPE_PX, "000a046e65743202697400027078076578616d706c6500", "10 net2.it. px.example." },
    { 27, "082d33322e36383832083131362e383635320431302e30", "\"-32.6882\" \"116.8652\" \"10.0\"" },
    { RRTYPE_AAAA, "20010db8000000000000000000000001", "2001:db8::1" },
    { RRTYPE_LOC, "0033131389172dd070be15f000988d20",
      "42 21 54.000 N 71 6 18.000 W -24.00m 30m 10m 10m" },
    { RRTYPE_LOC, "0051161374caa938800816cb00989a81",
      "52 14 5.000 S 0 8 50.123 E 10.25m 0.50m 10000m 10m" },
    { RRTYPE_SRV, "0000000513c403736970076578616d706c6500", "0 5 5060 sip.example." },
    { RRTYPE_NAPTR,
      "0064000a0153075349502b4432551b215e2e2a24217369703a696e666f406578616d706c652e636f6d21"
      "045f736970045f756470076578616d706c6500",
      "100 10 \"S\" \"SIP+D2U\" \"!^.*$!sip:info@example.com!\" _sip._udp.example." },
    { RRTYPE_KX, "000a026b78076578616d706c6500", "10 kx.example." },
    { RRTYPE_CERT, "000130390801020304", "1 12345 8 AQIDBA==" },
    { RRTYPE_DNAME, "076578616d706c6500", "example." },
    { RRTYPE_DS, "ec4505012bb183af5f22588179a53b0a98631fad1a292118",
      "60485 5 1 2bb183af5f22588179a53b0a98631fad1a292118" },
    { RRTYPE_SSHFP, "0201123456789abcdef67890123456789abcdef67890",
      "2 1 123456789abcdef67890123456789abcdef67890" },
    { RRTYPE_RRSIG, "00010503000151803e7c9dd73e5510d70a52076578616d706c6503636f6d000102030405",
      "A 5 3 86400 20030322173103 20030220173103 2642 example.com. AQIDBAU=" },
    { RRTYPE_RRSIG, "ff780d020000012c800000000000000000010001",
      "TYPE65400 13 2 300 20380119031408 19700101000000 1 . AQ==" },
    { RRTYPE_NSEC,
      "04686f7374076578616d706c65000006400100000003041b000000000000000000000000000000000000"
      "000000000000000020",
      "host.example. A MX RRSIG NSEC TYPE1234" },
    { RRTYPE_NSEC, "04686f7374076578616d706c65000006000000000001010140", "host.example. NSEC CAA" },
    { RRTYPE_DNSKEY, "010003050103d22a6ca77f35b893206fd35e4c506d83788437",
      "256 3 5 AQPSKmynfzW4kyBv015MUG2DeIQ3" },
    { RRTYPE_DHCID, "000201636fc0b8271c82825bb1ac5c41cf5351aa69b4febd94e8f17cdb95000da48c40",
      "AAIBY2/AuCccgoJbsaxcQc9TUapptP69lOjxfNuVAA2kjEA=" },
    { RRTYPE_NSEC3,
      "0101000c04aabbccdd14174eb2409fe28bcb4887a1836f957f0a8425e27b000722010000000290",
      "1 1 12 aabbccdd 2t7b4g4vsa5smi47k61mv5bv1a22bojr NS SOA MX RRSIG DNSKEY NSEC3PARAM" },
    { RRTYPE_NSEC3, "010000000014174eb2409fe28bcb4887a1836f957f0a8425e27b",
      "1 0 0 - 2t7b4g4vsa5smi47k61mv5bv1a22bojr" },
    { RRTYPE_NSEC3PARAM, "0100000c04aabbccdd", "1 0 12 aabbccdd" },
    { RRTYPE_NSEC3PARAM, "0100000000", "1 0 0 -" },
    { RRTYPE_TLSA, "0301010123456789abcdef", "3 1 1 0123456789abcdef" },
    { RRTYPE_SMIMEA, "030000ff", "3 0 0 ff" },
    { RRTYPE_CDS, "0000000000", "0 0 0 00" },
    { RRTYPE_CDNSKEY, "0000030000", "0 3 0 AA==" },
    { RRTYPE_OPENPGPKEY, "010203040506", "AQIDBAUG" },
    { RRTYPE_CSYNC, "000000420003000460000008", "66 3 A NS AAAA" },
    { RRTYPE_ZONEMD,
      "7848b78c0101abababababababababababababababababababababababababababababababababababab"
      "abababababababababababab",
      "2018031500 1 1 ababababababababababababababababababababababababababababababababababa"
      "bababababababababababababab" },
    { RRTYPE_SVCB, "000003737663076578616d706c6500", "0 svc.example." },
    { RRTYPE_HTTPS,
      "000100000100060268320268330003000220fb00040008c0000201c00002020005000301020300060020"
      "20010db800000000000000000000000100000000000000000000000000000002",
      "1 . alpn=\"h2,h3\" port=8443 ipv4hint=192.0.2.1,192.0.2.2 ech=AQID ipv6hint=2001:db8"
      "::1,::2" },
    { RRTYPE_HTTPS,
      "001003666f6f076578616d706c6500000000040004029b0001000905665c6f6f2c026832000200000004"
      "0004c0000201000700082f717b3f646e737d029b0005612262d263",
      "16 foo.example. mandatory=ipv4hint,key667 alpn=\"f\\\\\\\\oo\\\\,,h2\" no-default-al"
      "pn ipv4hint=192.0.2.1 dohpath=\"/q{?dns}\" key667=\"a\\\"b\\210c\"" },
    { RRTYPE_SPF, "0b763d73706631202d616c6c", "\"v=spf1 -all\"" },
    { 108, "00005e00532a", "00-00-5e-00-53-2a" },
    { 109, "00005eef1000002a", "00-00-5e-ef-10-00-00-2a" },
    { 105, "000a0a010200", "10 10.1.2.0" },
    { 106, "000a20010db811401000", "10 2001:0db8:1140:1000" },
    { 104, "000a00144fffff20ee64", "10 0014:4fff:ff20:ee64" },
    { 107, "000a036c3634076578616d706c6500", "10 l64.example." },
    { RRTYPE_URI, "000a00016674703a2f2f667470312e6578616d706c652f7075626c6963",
      "10 1 \"ftp://ftp1.example/public\"" },
    { RRTYPE_CAA, "0005697373756563612e6578616d706c653b206163636f756e743d31",
      "0 issue \"ca.example; account=1\"" },
    { RRTYPE_CAA, "8005696f646566", "128 iodef \"\"" },
    { RRTYPE_NXT, "01610060000008", "a. A NS AAAA" },
    { RRTYPE_LOC, "01001300800000008000000000989680", "\\# 16 01001300800000008000000000989680" },
    { 31, "00ff", "00ff" },
    { 65400, "", "\\# 0" },
    { RRTYPE_NULL, "c0ff", "\\# 2 c0ff" },
    { RRTYPE_APL, "00010804c0000200", "\\# 8 00010804c0000200" },
};

/* A sample's bytes with nothing behind them, so that the sanitizer sees every read past the end. */
static struct bytes sample_bytes(size_t index)
{
    size_t room = strlen(samples[index].hex) / 2;
    uint8_t *bytes = malloc(room > 0 ? room : 1);
    size_t count = 0;
    assert_non_null(bytes);
    if (text_to_hex_bytes(text_of(samples[index].hex), bytes, room, &count) != STATUS_OK)
        fail_msg("%s: no hex", samples[index].text);
    return bytes_of(bytes, count);
}

static void free_bytes(struct bytes bytes)
{
    free((void *)(uintptr_t)bytes.at);
}

static void test_samples(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct bytes rdata = sample_bytes(i);
        uint8_t copy[512];
        char text[1024];
        struct bytes_writer writer = bytes_writer_on(copy, sizeof copy);
        struct text_out out = text_out_on(text, sizeof text);

        enum status status = rdata_check(rdata, samples[i].type);
        if (status != STATUS_OK)
            fail_msg("%s: check: %s", samples[i].text, status_text(status));
        status = rdata_read(rdata, 0, rdata.count, samples[i].type, &writer);
        if (status != STATUS_OK || !bytes_equal(bytes_writer_written(&writer), rdata))
            fail_msg("%s: read: %s", samples[i].text, status_text(status));
        text_put_rdata(&out, rdata, samples[i].type);
        if (out.failed || strcmp(text, samples[i].text) != 0)
            fail_msg("\n%s instead of\n%s", text, samples[i].text);
        free_bytes(rdata);
    }
}

/* Reading and checking agree about every shortening of every sample, and neither leaves it. */
static void test_shortened_samples(void **test)
{
    (void)test;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct bytes whole = sample_bytes(i);
        for (size_t count = 0; count < whole.count; count++) {
            uint8_t *copy = malloc(count > 0 ? count : 1);
            uint8_t buffer[512];
            char text[2048];
            struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
            struct text_out out = text_out_on(text, sizeof text);
            assert_non_null(copy);
            memcpy(copy, whole.at, count);
            struct bytes rdata = { copy, count };

            bool sound = rdata_check(rdata, samples[i].type) == STATUS_OK;
            bool read = rdata_read(rdata, 0, count, samples[i].type, &writer) == STATUS_OK;
            if (sound != read)
                fail_msg("%s cut to %zu bytes", samples[i].text, count);
            if (bytes_writer_count(&writer) != (read ? count : 0))
                fail_msg("%s cut to %zu bytes: something stays", samples[i].text, count);
            text_put_rdata(&out, rdata, samples[i].type);
            if (!sound && !text_starts(text_out_text(&out), TEXT("\\# ")))
                fail_msg("%s cut to %zu bytes: %s", samples[i].text, count, text);
            free(copy);
        }
        free_bytes(whole);
    }
}

static void test_malformed(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        uint16_t type;
        const uint8_t *rdata;
        size_t count;
        enum status status;
    } rows[] = {
        { "A of 3 bytes", RRTYPE_A, WIRE("\1\2\3"), STATUS_MALFORMED },
        { "A of 5 bytes", RRTYPE_A, WIRE("\1\2\3\4\5"), STATUS_MALFORMED },
        { "A of nothing", RRTYPE_A, WIRE(""), STATUS_MALFORMED },
        { "AAAA of 15 bytes", RRTYPE_AAAA, WIRE("aaaaaaaaaaaaaaa"), STATUS_MALFORMED },
        { "CNAME and a byte", RRTYPE_CNAME, WIRE("\1a\0\0"), STATUS_MALFORMED },
        { "MX without a name", RRTYPE_MX, WIRE("\0\1"), STATUS_MALFORMED },
        { "MX of one byte", RRTYPE_MX, WIRE("\0"), STATUS_MALFORMED },
        { "name without its root", RRTYPE_NS, WIRE("\1a"), STATUS_MALFORMED },
        { "label of 64", RRTYPE_NS,
          WIRE("\x40"
               "a\0"),
          STATUS_MALFORMED },
        { "pointer", RRTYPE_NS, WIRE("\xC0\0"), STATUS_MALFORMED },
        { "SOA without minimum", RRTYPE_SOA, WIRE("\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"),
          STATUS_MALFORMED },
        { "SOA", RRTYPE_SOA, WIRE("\0\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"), STATUS_OK },
        { "TXT of nothing", RRTYPE_TXT, WIRE(""), STATUS_MALFORMED },
        { "TXT past the end", RRTYPE_TXT, WIRE("\1a\3bc"), STATUS_MALFORMED },
        { "HINFO of three", RRTYPE_HINFO, WIRE("\1a\1b\1c"), STATUS_MALFORMED },
        { "CAA without a tag", RRTYPE_CAA, WIRE("\0\0x"), STATUS_MALFORMED },
        { "CAA tag past the end", RRTYPE_CAA, WIRE("\0\5issu"), STATUS_MALFORMED },
        { "CAA of one byte", RRTYPE_CAA, WIRE("\0"), STATUS_MALFORMED },
        /* RFC 4034 section 4.1.2. */
        { "bitmap", RRTYPE_NSEC, WIRE("\0\0\1\x40"), STATUS_OK },
        { "bitmap of two windows", RRTYPE_NSEC, WIRE("\0\0\1\x40\1\1\x40"), STATUS_OK },
        { "bitmap window of length 0", RRTYPE_NSEC, WIRE("\0\0\0"), STATUS_MALFORMED },
        { "bitmap window of length 33", RRTYPE_NSEC,
          WIRE("\0\0\41aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"), STATUS_MALFORMED },
        { "bitmap window past the end", RRTYPE_NSEC, WIRE("\0\0\2\x40"), STATUS_MALFORMED },
        { "bitmap window twice", RRTYPE_NSEC, WIRE("\0\1\1\x40\1\1\x40"), STATUS_MALFORMED },
        { "bitmap windows fall", RRTYPE_NSEC, WIRE("\0\1\1\x40\0\1\x40"), STATUS_MALFORMED },
        { "bitmap half a head", RRTYPE_NSEC, WIRE("\0\0"), STATUS_MALFORMED },
        { "NSEC3 without a hash", RRTYPE_NSEC3, WIRE("\1\0\0\0\0\0"), STATUS_MALFORMED },
        { "NSEC3 salt past the end", RRTYPE_NSEC3, WIRE("\1\0\0\0\5ab"), STATUS_MALFORMED },
        { "flat bitmap too long", RRTYPE_NXT,
          WIRE("\0"
               "aaaaaaaaaaaaaaaaa"),
          STATUS_MALFORMED },
        { "SVCB", RRTYPE_SVCB, WIRE("\0\1\0\0\1\0\0\0\3\0\0"), STATUS_OK },
        { "SVCB keys fall", RRTYPE_SVCB, WIRE("\0\1\0\0\3\0\0\0\1\0\0"), STATUS_MALFORMED },
        { "SVCB key twice", RRTYPE_SVCB, WIRE("\0\1\0\0\3\0\0\0\3\0\0"), STATUS_MALFORMED },
        { "SVCB value past the end", RRTYPE_SVCB, WIRE("\0\1\0\0\3\0\2a"), STATUS_MALFORMED },
        { "SVCB half a head", RRTYPE_SVCB, WIRE("\0\1\0\0\3\0"), STATUS_MALFORMED },
        { "unknown type", 65400, WIRE("\xC0\xFF\x80"), STATUS_OK },
        { "unknown type, nothing", 65400, WIRE(""), STATUS_OK },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes rdata = { rows[i].rdata, rows[i].count };
        enum status status = rdata_check(rdata, rows[i].type);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        uint8_t buffer[256];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        status = rdata_read(rdata, 0, rdata.count, rows[i].type, &writer);
        if ((status == STATUS_OK) != (rows[i].status == STATUS_OK))
            fail_msg("%s: read: %s", rows[i].name, status_text(status));
    }
}

/* A fixed part of 18 bytes, a signer, and whatever is left is the signature. */
static void test_rrsig_of_every_length(void **test)
{
    (void)test;
    static const uint8_t bytes[64] = { 0, 1, 13, 2 };
    for (size_t count = 0; count <= sizeof bytes; count++) {
        enum status status = rdata_check(bytes_of(bytes, count), RRTYPE_RRSIG);
        if (status != (count < 19 ? STATUS_MALFORMED : STATUS_OK))
            fail_msg("%zu bytes: %s", count, status_text(status));
    }
}

/* The message in front of each rdata is a name at 0, "lan", and "a" with a pointer to it at 5. */
static void test_decompresses(void **test)
{
    (void)test;
    static const uint8_t before[] = "\3lan\0\1a\xC0";
    static const struct {
        const char *name;
        uint16_t type;
        const uint8_t *rdata;
        size_t count;
        enum status status;
        const char *text;
    } rows[] = {
        { "CNAME", RRTYPE_CNAME, WIRE("\1b\xC0\0"), STATUS_OK, "b.lan." },
        { "CNAME, two jumps", RRTYPE_CNAME, WIRE("\xC0\5"), STATUS_OK, "a.lan." },
        { "MX", RRTYPE_MX, WIRE("\0\7\1b\xC0\0"), STATUS_OK, "7 b.lan." },
        { "SOA", RRTYPE_SOA, WIRE("\xC0\0\1b\xC0\5\0\0\0\1\0\0\0\2\0\0\0\3\0\0\0\4\0\0\0\5"),
          STATUS_OK, "lan. b.a.lan. 1 2 3 4 5" },
        { "pointer into the same rdata", 14, WIRE("\1b\xC0\0\1c\xC0\11"), STATUS_OK,
          "b.lan. c.b.lan." },
        { "SRV", RRTYPE_SRV, WIRE("\0\1\0\2\0\3\xC0\0"), STATUS_OK, "1 2 3 lan." },
        { "NAPTR", RRTYPE_NAPTR, WIRE("\0\1\0\2\0\0\0\xC0\0"), STATUS_OK,
          "1 2 \"\" \"\" \"\" lan." },
        { "RP", RRTYPE_RP, WIRE("\xC0\0\xC0\5"), STATUS_OK, "lan. a.lan." },
        { "AFSDB", RRTYPE_AFSDB, WIRE("\0\1\xC0\0"), STATUS_OK, "1 lan." },
        { "RT", 21, WIRE("\0\1\xC0\0"), STATUS_OK, "1 lan." },
        { "PX", RRTYPE_PX, WIRE("\0\1\xC0\0\xC0\5"), STATUS_OK, "1 lan. a.lan." },
        { "KX", RRTYPE_KX, WIRE("\0\1\xC0\0"), STATUS_OK, "1 lan." },
        { "DNAME", RRTYPE_DNAME, WIRE("\xC0\0"), STATUS_OK, "lan." },
        { "NXT", RRTYPE_NXT, WIRE("\xC0\0\x60"), STATUS_OK, "lan. A NS" },
        { "SIG", RRTYPE_SIG, WIRE("\0\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xC0\0\1"), STATUS_OK,
          "A 1 1 0 19700101000000 19700101000000 0 lan. AQ==" },
        { "RRSIG may not", RRTYPE_RRSIG, WIRE("\0\1\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xC0\0\1"),
          STATUS_MALFORMED, NULL },
        { "NSEC may not", RRTYPE_NSEC, WIRE("\xC0\0\0\1\x40"), STATUS_MALFORMED, NULL },
        { "HTTPS may not", RRTYPE_HTTPS, WIRE("\0\1\xC0\0"), STATUS_MALFORMED, NULL },
        { "unknown stays as it is", 65400, WIRE("\xC0\0"), STATUS_OK, "\\# 2 c000" },
        { "pointer to itself", RRTYPE_CNAME, WIRE("\xC0\11"), STATUS_MALFORMED, NULL },
        { "pointer forward", RRTYPE_CNAME, WIRE("\xC0\13\0"), STATUS_MALFORMED, NULL },
        { "half a pointer", RRTYPE_CNAME, WIRE("\xC0"), STATUS_TRUNCATED, NULL },
        { "label over the end", RRTYPE_CNAME, WIRE("\5bc"), STATUS_TRUNCATED, NULL },
        { "pointer and a byte", RRTYPE_CNAME, WIRE("\xC0\0\0"), STATUS_MALFORMED, NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t message[128];
        uint8_t plain[256];
        char text[256];
        struct bytes_writer writer = bytes_writer_on(plain, sizeof plain);
        struct text_out out = text_out_on(text, sizeof text);
        /* The literal's NUL is the pointer's second byte; bytes follow that are not the rdata's. */
        memcpy(message, before, sizeof before);
        memcpy(message + sizeof before, rows[i].rdata, rows[i].count);
        memset(message + sizeof before + rows[i].count, 0, 8);
        struct bytes whole = { message, sizeof before + rows[i].count + 8 };

        enum status status = rdata_read(whole, sizeof before, rows[i].count, rows[i].type, &writer);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status != STATUS_OK) {
            if (writer.failed || bytes_writer_count(&writer) != 0)
                fail_msg("%s: something stays", rows[i].name);
            continue;
        }
        text_put_rdata(&out, bytes_writer_written(&writer), rows[i].type);
        if (strcmp(text, rows[i].text) != 0)
            fail_msg("%s: %s", rows[i].name, text);
    }
}

static void test_reading_is_bounded(void **test)
{
    (void)test;
    static const uint8_t message[] = "\3lan\0\1b\xC0\0";
    struct bytes whole = { message, sizeof message - 1 };
    uint8_t buffer[16];

    for (size_t room = 0; room < 7; room++) {
        memset(buffer, 0xaa, sizeof buffer);
        struct bytes_writer writer = bytes_writer_on(buffer, room);
        assert_int_equal(rdata_read(whole, 5, 4, RRTYPE_NS, &writer), STATUS_NO_SPACE);
        assert_int_equal(bytes_writer_count(&writer), 0);
        assert_int_equal(buffer[room], 0xaa);
    }
    struct bytes_writer writer = bytes_writer_on(buffer, 7);
    assert_int_equal(rdata_read(whole, 5, 5, RRTYPE_NS, &writer), STATUS_TRUNCATED);
    assert_int_equal(rdata_read(whole, SIZE_MAX, 2, RRTYPE_NS, &writer), STATUS_TRUNCATED);
    assert_int_equal(rdata_read(whole, 20, 0, 65400, &writer), STATUS_TRUNCATED);
    assert_int_equal(rdata_read(whole, 5, 4, RRTYPE_NS, &writer), STATUS_OK);
}

/* Names make it longer than a length field can say. */
static void test_too_long_when_decompressed(void **test)
{
    (void)test;
    static uint8_t message[80000];
    static uint8_t plain[80000];
    struct bytes_writer out = bytes_writer_on(plain, sizeof plain);
    struct bytes_writer writer = bytes_writer_on(message, sizeof message);

    for (unsigned i = 0; i < 4; i++) {
        bytes_write_u8(&writer, i < 3 ? 63 : 61);
        bytes_write_zeros(&writer, i < 3 ? 63 : 61);
    }
    bytes_write_u8(&writer, 0);
    size_t start = bytes_writer_count(&writer);
    bytes_write_zeros(&writer, 18);
    bytes_write_u16(&writer, 0xC000);
    bytes_write_zeros(&writer, 65500);
    struct bytes whole = bytes_writer_written(&writer);
    size_t count = whole.count - start;
    assert_true(count <= RDATA_MAX);
    assert_int_equal(rdata_read(whole, start, count, RRTYPE_SIG, &out), STATUS_NO_SPACE);
    assert_int_equal(rdata_read(whole, start, count - 300, RRTYPE_SIG, &out), STATUS_OK);
}

static void test_names_inside(void **test)
{
    (void)test;
    static const struct {
        uint16_t type;
        size_t first;
        unsigned names;
    } rows[] = {
        { RRTYPE_NS, 0, 1 },
        { RRTYPE_CNAME, 0, 1 },
        { RRTYPE_PTR, 0, 1 },
        { RRTYPE_SOA, 0, 2 },
        { 14, 0, 2 },
        { RRTYPE_MX, 2, 1 },
        { RRTYPE_A, SIZE_MAX, 0 },
        { RRTYPE_AAAA, SIZE_MAX, 0 },
        { RRTYPE_SRV, SIZE_MAX, 0 },
        { RRTYPE_DNAME, SIZE_MAX, 0 },
        { RRTYPE_RRSIG, SIZE_MAX, 0 },
        { RRTYPE_TXT, SIZE_MAX, 0 },
        { 65400, SIZE_MAX, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rdata_first_name(rows[i].type) != rows[i].first
            || rdata_name_count(rows[i].type) != rows[i].names)
            fail_msg("type %u: %zu, %u", rows[i].type, rdata_first_name(rows[i].type),
                     rdata_name_count(rows[i].type));
    }
}

static void test_targets(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        uint16_t type;
        const uint8_t *rdata;
        size_t count;
        enum status status;
        const char *target;
    } rows[] = {
        { "CNAME", RRTYPE_CNAME, WIRE("\1a\3lan\0"), STATUS_OK, "a.lan" },
        { "NS", RRTYPE_NS, WIRE("\1a\3lan\0"), STATUS_OK, "a.lan" },
        { "PTR", RRTYPE_PTR, WIRE("\1a\3lan\0"), STATUS_OK, "a.lan" },
        { "DNAME", RRTYPE_DNAME, WIRE("\0"), STATUS_OK, "." },
        { "MX", RRTYPE_MX, WIRE("\0\1\1a\0"), STATUS_OK, "a" },
        { "SRV", RRTYPE_SRV, WIRE("\0\1\0\2\0\3\1a\0"), STATUS_OK, "a" },
        { "SOA", RRTYPE_SOA, WIRE("\1a\0\1b\0\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1\0\0\0\1"), STATUS_OK,
          "a" },
        { "A has none", RRTYPE_A, WIRE("\1\2\3\4"), STATUS_NOT_FOUND, NULL },
        { "RP has none", RRTYPE_RP, WIRE("\0\0"), STATUS_NOT_FOUND, NULL },
        { "short SRV", RRTYPE_SRV, WIRE("\0\1\0\2"), STATUS_MALFORMED, NULL },
        { "pointer", RRTYPE_CNAME, WIRE("\xC0\0"), STATUS_MALFORMED, NULL },
        { "bytes behind", RRTYPE_CNAME, WIRE("\1a\0x"), STATUS_MALFORMED, NULL },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname target;
        char text[DNAME_TEXT_MAX];
        struct bytes rdata = { rows[i].rdata, rows[i].count };
        enum status status = rdata_target(rdata, rows[i].type, &target);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status == STATUS_OK && strcmp(dname_text(&target, text), rows[i].target) != 0)
            fail_msg("%s: %s", rows[i].name, text);
    }
}

static void test_soa_and_back(void **test)
{
    (void)test;
    struct soa soa = { .serial = 1, .refresh = 2, .retry = 3, .expire = 4, .minimum = 0xFFFFFFFF };
    struct soa again;
    uint8_t buffer[64];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    assert_int_equal(dname_from_text(TEXT("ns.lan"), &soa.mname), STATUS_OK);
    assert_int_equal(dname_from_text(TEXT("root.lan"), &soa.rname), STATUS_OK);

    bytes_write_soa(&writer, &soa);
    assert_int_equal(rdata_soa(bytes_writer_written(&writer), &again), STATUS_OK);
    assert_true(dname_equal(&soa.mname, &again.mname) && dname_equal(&soa.rname, &again.rname));
    assert_int_equal(again.serial, 1);
    assert_int_equal(again.refresh, 2);
    assert_int_equal(again.retry, 3);
    assert_int_equal(again.expire, 4);
    assert_int_equal(again.minimum, 0xFFFFFFFF);
    assert_int_equal(rdata_soa(bytes_of(buffer, 20), &again), STATUS_MALFORMED);
}

static void test_strings(void **test)
{
    (void)test;
    static const struct {
        size_t count;
        size_t written;
        uint8_t first;
    } rows[] = {
        { 0, 1, 0 }, { 1, 2, 1 }, { 255, 256, 255 }, { 256, 258, 255 }, { 510, 512, 255 }
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t text[512];
        uint8_t buffer[600];
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        memset(text, 'x', sizeof text);
        bytes_write_strings(&writer, bytes_of(text, rows[i].count));
        struct bytes written = bytes_writer_written(&writer);
        if (written.count != rows[i].written || written.at[0] != rows[i].first
            || rdata_check(written, RRTYPE_TXT) != STATUS_OK)
            fail_msg("%zu bytes: %zu", rows[i].count, written.count);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_samples),
        cmocka_unit_test(test_shortened_samples),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_rrsig_of_every_length),
        cmocka_unit_test(test_decompresses),
        cmocka_unit_test(test_reading_is_bounded),
        cmocka_unit_test(test_too_long_when_decompressed),
        cmocka_unit_test(test_names_inside),
        cmocka_unit_test(test_targets),
        cmocka_unit_test(test_soa_and_back),
        cmocka_unit_test(test_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dhcp/option_value.h"

enum how { PLAIN, NAMED, INSIDE, INSIDE_NAMED };

/* The bytes dnsmasq 2.90 sends (seen on the wire) for the same text, or what it says against it.
 * No text at all is an option without a value. The server is 192.168.50.1. */
/* clang-format off */
static const struct row {
    enum how how;
    unsigned code;
    const char *text;
    const char *hex;
    const char *why;
} rows4[] = {
    { PLAIN, 1, "255.255.0.0", "ffff0000", NULL },
    { PLAIN, 1, "foo", NULL, "bad IP address" },
    { PLAIN, 2, "-18000", "ffffb9b0", NULL },
    { PLAIN, 2, "3600", "00000e10", NULL },
    { PLAIN, 2, "1h", "3168", NULL },
    { PLAIN, 2, "5b", "05", NULL },
    { PLAIN, 3, "1.2.3.4,5.6.7.8", "0102030405060708", NULL },
    { PLAIN, 3, "0.0.0.0,5.6.7.8", "c0a8320105060708", NULL },
    { PLAIN, 3, "1.2.3.4/24", "18010203", NULL },
    { PLAIN, 3, "foo", NULL, "bad IP address" },
    { PLAIN, 3, "5", NULL, "bad IP address" },
    { PLAIN, 3, "01:02:03:04", NULL, "bad IP address" },
    { PLAIN, 3, "\"1.2.3.4\"", NULL, "bad IP address" },
    { PLAIN, 3, "", NULL, "bad IP address" },
    { PLAIN, 3, NULL, "", NULL },
    { PLAIN, 6, "1.2.3.4,", NULL, "bad IPv4 address" },
    { PLAIN, 12, "foo", "666f6f", NULL },
    { PLAIN, 13, "5", "0005", NULL },
    { PLAIN, 15, "example.com", "6578616d706c652e636f6d", NULL },
    { PLAIN, 15, "1.2.3.4", "312e322e332e34", NULL },
    { PLAIN, 15, "12", "3132", NULL },
    { PLAIN, 15, "01:02", "30313a3032", NULL },
    { PLAIN, 17, "1.2.3.4:/path", "312e322e332e343a2f70617468", NULL },
    { PLAIN, 19, "1", "01", NULL },
    { PLAIN, 19, "1s", "0001", NULL },
    { PLAIN, 21, "1.2.3.0,255.255.255.0", "01020300ffffff00", NULL },
    { PLAIN, 26, "1500", "05dc", NULL },
    { PLAIN, 26, "1500,1400", NULL, "bad IPv4 address" },
    { PLAIN, 26, "foo", "666f6f", NULL },
    { PLAIN, 26, "1.2.3.4", "01020304", NULL },
    { PLAIN, 26, "05:dc", "05dc", NULL },
    { PLAIN, 26, "\"1500\"", "31353030", NULL },
    { PLAIN, 33, "1.2.3.4,5.6.7.8", "0102030405060708", NULL },
    { PLAIN, 35, "60", "0000003c", NULL },
    { PLAIN, 40, "a:b", "613a62", NULL },
    { PLAIN, 42, "0.0.0.0", "c0a83201", NULL },
    { PLAIN, 43, "01:02", "0102", NULL },
    { PLAIN, 43, "ANDROID_METERED", "414e44524f49445f4d455445524544", NULL },
    { PLAIN, 43, "5", NULL, "dhcp-option too long" },
    { PLAIN, 46, "8", "08", NULL },
    { PLAIN, 46, "0x8", "307838", NULL },
    { PLAIN, 51, "1h", "00000e10", NULL },
    { PLAIN, 55, "1", NULL, "dhcp-option too long" },
    { PLAIN, 55, "5s", "0005", NULL },
    { PLAIN, 58, "60", "0000003c", NULL },
    { PLAIN, 58, "1m", "0000003c", NULL },
    { NAMED, 58, "2M", "00000078", NULL },
    { NAMED, 59, "1h", "00000e10", NULL },
    { PLAIN, 60, "PXEClient", "505845436c69656e74", NULL },
    { PLAIN, 60, "5", "05", NULL },
    { PLAIN, 66, "1.2.3.4", "312e322e332e3400", NULL },
    { PLAIN, 66, "foo", "666f6f00", NULL },
    { PLAIN, 66, "", "00", NULL },
    { PLAIN, 66, NULL, "", NULL },
    { PLAIN, 67, "foo,bar", "666f6f2c62617200", NULL },
    { PLAIN, 67, "5", "3500", NULL },
    { PLAIN, 77, "foo", "666f6f", NULL },
    { PLAIN, 80, NULL, "", NULL },
    { PLAIN, 93, "7", "0007", NULL },
    { PLAIN, 94, "1:2:3", "010203", NULL },
    { PLAIN, 97, "00:01:02", "000102", NULL },
    { PLAIN, 100, "EST5EDT4,M3.2.0/02:00,M11.1.0/02:00",
      "45535435454454342c4d332e322e302f30323a30302c4d31312e312e302f30323a3030", NULL },
    { PLAIN, 101, "Europe/London", "4575726f70652f4c6f6e646f6e", NULL },
    { PLAIN, 108, "1800", "00000708", NULL },
    { NAMED, 108, "30m", "33306d", NULL },
    { PLAIN, 114, "http://1.2.3.4/x", "687474703a2f2f312e322e332e342f78", NULL },
    { PLAIN, 119, "a,b.c", "0161000162016300", NULL },
    { PLAIN, 119, "example.com,sub.example.com,example.org",
      "076578616d706c6503636f6d0003737562c000076578616d706c65036f726700", NULL },
    { PLAIN, 119, "FOO.com,x.foo.COM", "03666f6f03636f6d000178c000", NULL },
    { PLAIN, 119, "EXAMPLE.com,a.example.COM,b.a.example.com",
      "076578616d706c6503636f6d000161c00001620161c000", NULL },
    { PLAIN, 119, "example.com,a.example.com,a.example.com,c.a.example.com",
      "076578616d706c6503636f6d000161c0000161c00001630161c000", NULL },
    { PLAIN, 119, "x.y.com,y.com,com,z.x.y.com", "0178017903636f6d00c002c004017ac000", NULL },
    { PLAIN, 119, "a.b,a.b", "0161016200c000", NULL },
    { PLAIN, 119, ".", "00", NULL },
    { PLAIN, 119, "5", "013500", NULL },
    { PLAIN, 119, "foo.", "03666f6f00", NULL },
    { PLAIN, 119, "-foo.com", "042d666f6f03636f6d00", NULL },
    { PLAIN, 119, "foo bar.com", "07666f6f2062617203636f6d00", NULL },
    { PLAIN, 119, "\"a.b,c.d\"", "016103622c63016400", NULL },
    { PLAIN, 119, "a.b, c.d", "01610162000163016400", NULL },
    { PLAIN, 119, NULL, "", NULL },
    { PLAIN, 119, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.com",
      NULL, "bad domain in dhcp-option" },
    { PLAIN, 120, "1.2.3.4,5.6.7.8", "010102030405060708", NULL },
    { PLAIN, 120, "0.0.0.0", "0100000000", NULL },
    { PLAIN, 120, "sip.example.com,b.example.com", "0003736970076578616d706c6503636f6d000162c004",
      NULL },
    { PLAIN, 120, "1.2.3.4,foo", "0001310132013301340003666f6f00", NULL },
    { PLAIN, 120, "\"1.2.3.4\"", "00013101320133013400", NULL },
    { PLAIN, 120, "5", "05", NULL },
    { PLAIN, 120, "01:02", "0102", NULL },
    { PLAIN, 120, "1.2.3.0/24", "0118010203", NULL },
    { PLAIN, 120, "1.2.3.4,", NULL, "bad IPv4 address" },
    { PLAIN, 121, "1.2.3.0/24,9.9.9.9", "1801020309090909", NULL },
    { PLAIN, 121, "1.2.3.4/24,9.9.9.9,0.0.0.0/0,192.168.50.1", "180102030909090900c0a83201", NULL },
    { PLAIN, 121, "10.0.0.0/8,0.0.0.0", "080a00000000", NULL },
    { PLAIN, 121, "foo", "666f6f", NULL },
    { PLAIN, 125, "00:00:00:02:03:01:02:03", "0000000203010203", NULL },
    { PLAIN, 150, "1.2.3.4", "01020304", NULL },
    { PLAIN, 150, "foo", NULL, "bad IP address" },
    { PLAIN, 200, "1.2.3.4", "01020304", NULL },
    { PLAIN, 200, "1.2.3.4, 5.6.7.8", "0102030405060708", NULL },
    { PLAIN, 200, "1.2.3.4,5.6.7.8,0.0.0.0", "0102030405060708c0a83201", NULL },
    { PLAIN, 200, "0.0.0.0,10.0.0.0/8,1.2.3.4", "00000000080a01020304", NULL },
    { PLAIN, 200, "10.0.0.0/8", "080a", NULL },
    { PLAIN, 200, "9.9.9.9,10.0.0.0/8", "09090909080a", NULL },
    { PLAIN, 200, "10.128.0.0/9,9.9.9.9,172.16.0.0/12,8.8.8.8", "090a80090909090cac1008080808",
      NULL },
    { PLAIN, 200, "1.2.3.4,foo", "312e322e332e342c666f6f", NULL },
    { PLAIN, 200, "1.2.3.4,\"5.6.7.8\"", "312e322e332e342c352e362e372e38", NULL },
    { PLAIN, 200, "1.2.3", NULL, "bad IPv4 address" },
    { PLAIN, 200, "1.2.3.4.5", NULL, "bad IPv4 address" },
    { PLAIN, 200, "1.2.3.400", NULL, "bad IPv4 address" },
    { PLAIN, 200, "01.02.03.04", NULL, "bad IPv4 address" },
    { PLAIN, 200, "1.2.3.4 5.6.7.8", NULL, "bad IPv4 address" },
    { PLAIN, 200, "1.2.3.4-5", "312e322e332e342d35", NULL },
    { PLAIN, 200, "1.5", NULL, "bad IPv4 address" },
    { PLAIN, 200, ".", "2e", NULL },
    { PLAIN, 200, "10/8", NULL, "bad IPv4 address" },
    { PLAIN, 200, "/8", "2f38", NULL },
    { PLAIN, 200, "/1/2", "2f312f32", NULL },
    { PLAIN, 200, "a/b,1.2.3.4", "612f622c312e322e332e34", NULL },
    { PLAIN, 200, "1,2,3", NULL, "bad IPv4 address" },
    { PLAIN, 200, "1,,2", NULL, "bad IPv4 address" },
    { PLAIN, 200, "0", "00", NULL },
    { PLAIN, 200, "-0", "00", NULL },
    { PLAIN, 200, "010", "0a", NULL },
    { PLAIN, 200, "5", "05", NULL },
    { PLAIN, 200, "255", "ff", NULL },
    { PLAIN, 200, "256", "0100", NULL },
    { PLAIN, 200, "65535", "ffff", NULL },
    { PLAIN, 200, "65536", "00010000", NULL },
    { PLAIN, 200, "4294967295", "ffffffff", NULL },
    { PLAIN, 200, "-1", "ffffffff", NULL },
    { PLAIN, 200, "5b", "05", NULL },
    { PLAIN, 200, "5s", "0005", NULL },
    { PLAIN, 200, "5i", "00000005", NULL },
    { PLAIN, 200, "-5b", "fb", NULL },
    { PLAIN, 200, "-5s", "fffb", NULL },
    { PLAIN, 200, "5B", "3542", NULL },
    { PLAIN, 200, "5x", "3578", NULL },
    { PLAIN, 200, "+5", "2b35", NULL },
    { PLAIN, 200, "-", "2d", NULL },
    { PLAIN, 200, "\"5\"", "35", NULL },
    { PLAIN, 200, "0x10", "30783130", NULL },
    { PLAIN, 200, "1b,300", "31622c333030", NULL },
    { PLAIN, 200, "6h", "3668", NULL },
    { PLAIN, 200, "01:02:ff", "0102ff", NULL },
    { PLAIN, 200, "1:2", "0102", NULL },
    { PLAIN, 200, "a:b", "0a0b", NULL },
    { PLAIN, 200, "12:b", "120b", NULL },
    { PLAIN, 200, "g:h", "673a68", NULL },
    { PLAIN, 200, "5:s", "353a73", NULL },
    { PLAIN, 200, "01:*:03", "30313a2a3a3033", NULL },
    { PLAIN, 200, "01:02,03:04", "30313a30322c30333a3034", NULL },
    { PLAIN, 200, "\"01:02\"", "30313a3032", NULL },
    { PLAIN, 200, "ff", "6666", NULL },
    { PLAIN, 200, "foo,bar", "666f6f2c626172", NULL },
    { PLAIN, 200, "\"foo\",bar", "666f6f2c626172", NULL },
    { PLAIN, 200, "foo, bar", "666f6f2c20626172", NULL },
    { PLAIN, 200, "a b", "612062", NULL },
    { PLAIN, 200, ",", "2c", NULL },
    { PLAIN, 200, "a,,b", "612c2c62", NULL },
    { PLAIN, 200, "", "", NULL },
    { PLAIN, 200, NULL, "", NULL },
    { PLAIN, 200, "\"\"", "", NULL },
    { PLAIN, 200, "[fd00::1]", "5b666430303a3a315d", NULL },
    { PLAIN, 255, "1.2.3.4", "01020304", NULL },
    { NAMED, 255, "0.0.0.0", "00000000", NULL },
    { PLAIN, 255, "foo", NULL, "bad IP address" },
    { INSIDE, 190, "user", "75736572", NULL },
    { INSIDE, 190, "5", "05", NULL },
    { INSIDE, 190, "5i", "00000005", NULL },
    { INSIDE, 26, "5", "05", NULL },
    { INSIDE, 3, "foo", "666f6f", NULL },
    { INSIDE, 15, "5", "05", NULL },
    { INSIDE, 66, "foo", "666f6f", NULL },
    { INSIDE, 58, "1m", "316d", NULL },
    { INSIDE, 119, "a.b", "612e62", NULL },
    { INSIDE, 190, "0.0.0.0", "00000000", NULL },
    { INSIDE, 190, "1.2.3.0/24,5.6.7.8", "1801020305060708", NULL },
    { INSIDE, 190, NULL, "", NULL },
    { INSIDE, 190, "01:02", "0102", NULL },
    { INSIDE, 190, "\"01:02\"", "30313a3032", NULL },
    { INSIDE_NAMED, 26, "5", "0005", NULL },
    { INSIDE_NAMED, 58, "1m", "0000003c", NULL },
    { INSIDE_NAMED, 3, "0.0.0.0", "00000000", NULL },
    { INSIDE_NAMED, 3, "foo", NULL, "bad IP address" },
    { INSIDE_NAMED, 119, "a.b", "0161016200", NULL },
    { INSIDE_NAMED, 120, "a.b", "612e62", NULL },
    { INSIDE_NAMED, 15, "5", "35", NULL },
    { INSIDE_NAMED, 66, "foo", "666f6f", NULL },
};
/* clang-format on */

/* The same for DHCPv6; the server is fd00:50::1 and fe80::ff:fe00:5001. */
/* clang-format off */
static const struct row rows6[] = {
    { PLAIN, 23, "[2001:db8::1],[2001:db8::2]",
      "20010db800000000000000000000000120010db8000000000000000000000002", NULL },
    { NAMED, 23, "[::],[2001:db8::5],[fe80::]",
      "fd00005000000000000000000000000120010db8000000000000000000000005"
      "fe80000000000000000000fffe005001",
      NULL },
    { PLAIN, 23, "[fd00::]", "fd000050000000000000000000000001", NULL },
    { PLAIN, 23, "[fd00::1]", "fd000000000000000000000000000001", NULL },
    { PLAIN, 23, "2001:db8::1", "20010db8000000000000000000000001", NULL },
    { PLAIN, 23, "foo", NULL, "bad IPv6 address" },
    { PLAIN, 23, "1.2.3.4", NULL, "bad IPv6 address" },
    { PLAIN, 23, "[foo]", NULL, "bad IPv6 address" },
    { PLAIN, 23, "[2001:db8::1],foo", NULL, "bad IPv6 address" },
    { PLAIN, 23, "[2001:db8::1/64]", NULL, "bad IPv6 address" },
    { PLAIN, 23, NULL, "", NULL },
    { PLAIN, 24, "example.com,a.example.com",
      "076578616d706c6503636f6d000161076578616d706c6503636f6d00", NULL },
    { PLAIN, 24, ".", "00", NULL },
    { PLAIN, 24, "5", "013500", NULL },
    { PLAIN, 24, "FOO.com", "03666f6f03636f6d00", NULL },
    { PLAIN, 21, "sip.example.com", "03736970076578616d706c6503636f6d00", NULL },
    { PLAIN, 22, "[2001:db8::1]", "20010db8000000000000000000000001", NULL },
    { PLAIN, 29, "nis.example", "036e6973076578616d706c6500", NULL },
    { PLAIN, 31, "[2001:db8::1],[::]",
      "20010db8000000000000000000000001fd000050000000000000000000000001", NULL },
    { PLAIN, 32, "600", "00000258", NULL },
    { PLAIN, 32, "1h", "00000e10", NULL },
    { NAMED, 32, "1d", "00015180", NULL },
    { PLAIN, 41, "EST5EDT4,M3.2.0/02:00", "45535435454454342c4d332e322e302f30323a3030", NULL },
    { PLAIN, 41, "5", "35", NULL },
    { PLAIN, 56, "[2001:db8::1],[2001:db8::2]",
      "0001001020010db80000000000000000000000010001001020010db8000000000000000000000002", NULL },
    { PLAIN, 56, "[::],[2001:db8::2]",
      "00010010fd0000500000000000000000000000010001001020010db8000000000000000000000002", NULL },
    { PLAIN, 56, "[ff05::101]", "00020010ff050000000000000000000000000101", NULL },
    { NAMED, 56, "ntp.example.com,b.example.com",
      "00030011036e7470076578616d706c6503636f6d000003000f0162076578616d706c6503636f6d00", NULL },
    { PLAIN, 56, "01:02", "0102", NULL },
    { PLAIN, 56, "5", "05", NULL },
    { PLAIN, 56, "1.2.3.4", "00030009013101320133013400", NULL },
    { PLAIN, 59, "tftp://[2001:db8::1]/x", "746674703a2f2f5b323030313a6462383a3a315d2f78", NULL },
    { PLAIN, 59, "5", "35", NULL },
    { PLAIN, 60, "foo,bar", "0003666f6f0003626172", NULL },
    { PLAIN, 60, "5", "000135", NULL },
    { PLAIN, 103, "http://x", "687474703a2f2f78", NULL },
    { PLAIN, 200, "5", "05", NULL },
    { PLAIN, 200, "300", "012c", NULL },
    { PLAIN, 200, "70000", "00011170", NULL },
    { PLAIN, 200, "5s", "0005", NULL },
    { PLAIN, 200, "-5", "fffffffb", NULL },
    { PLAIN, 200, "01:02", "0102", NULL },
    { PLAIN, 200, "1.2.3.4", "312e322e332e34", NULL },
    { PLAIN, 200, "10.0.0.0/8,1.2.3.4", "31302e302e302e302f382c312e322e332e34", NULL },
    { PLAIN, 200, "foo,bar", "666f6f2c626172", NULL },
    { PLAIN, 200, "[2001:db8::1],[2001:db8::2]",
      "20010db800000000000000000000000120010db8000000000000000000000002", NULL },
    { PLAIN, 200, "[::]", "fd000050000000000000000000000001", NULL },
    { PLAIN, 200, "[fe80::]", "fe80000000000000000000fffe005001", NULL },
    { PLAIN, 200, "\"[2001:db8::1]\"", "5b323030313a6462383a3a315d", NULL },
    { PLAIN, 200, "[2001:db8::1],foo", "5b323030313a6462383a3a315d2c666f6f", NULL },
    { PLAIN, 200, "[2001:db8::]/32", "5b323030313a6462383a3a5d2f3332", NULL },
    { PLAIN, 200, "[]", "5b5d", NULL },
    { PLAIN, 200, "1m", "316d", NULL },
    { PLAIN, 200, NULL, "", NULL },
    { INSIDE, 7, "text", "74657874", NULL },
    { INSIDE, 7, "5", "05", NULL },
    { INSIDE, 7, "[::]", "00000000000000000000000000000000", NULL },
    { INSIDE, 23, "[2001:db8::1]", "20010db8000000000000000000000001", NULL },
    { INSIDE, 23, "foo", "666f6f", NULL },
    { INSIDE_NAMED, 23, "foo", NULL, "bad IPv6 address" },
    { INSIDE_NAMED, 23, "[::]", "00000000000000000000000000000000", NULL },
    { INSIDE_NAMED, 24, "a.b", "0161016200", NULL },
};
/* clang-format on */

/* Where dnsmasq sends bytes nobody meant (numbers cut down, host bits of a route, half of a text),
 * an error or the plain reading is better. */
static const struct row stricter4[] = {
    { PLAIN, 19, "300", NULL, "number too large for this dhcp-option" },
    { PLAIN, 19, "256", NULL, "number too large for this dhcp-option" },
    { PLAIN, 19, "255", "ff", NULL },
    { PLAIN, 19, "-128", "80", NULL },
    { PLAIN, 19, "-129", NULL, "number too large for this dhcp-option" },
    { PLAIN, 26, "70000", NULL, "number too large for this dhcp-option" },
    { PLAIN, 200, "300b", NULL, "number too large for this dhcp-option" },
    { PLAIN, 200, "65536s", NULL, "number too large for this dhcp-option" },
    { PLAIN, 200, "4294967296", NULL, "number too large for this dhcp-option" },
    { PLAIN, 200, "-2147483648", "80000000", NULL },
    { PLAIN, 200, "-2147483649", NULL, "number too large for this dhcp-option" },
    { PLAIN, 200, "99999999999999999999999", NULL, "number too large for this dhcp-option" },
    { PLAIN, 200, "--5", "2d2d35", NULL },
    { PLAIN, 200, "5-", "352d", NULL },
    { PLAIN, 200, "1-2", "312d32", NULL },
    { PLAIN, 200, "01-02-03", "30312d30322d3033", NULL },
    { PLAIN, 200, "b", "62", NULL },
    { PLAIN, 200, ":", "3a", NULL },
    { PLAIN, 200, "123:45", NULL, "bad hex constant" },
    { PLAIN, 200, "ff:", NULL, "bad hex constant" },
    { PLAIN, 200, ":ff", NULL, "bad hex constant" },
    { PLAIN, 200, "1::2", NULL, "bad hex constant" },
    { PLAIN, 200, "fd00::1", NULL, "bad hex constant" },
    { PLAIN, 121, "10.255.0.0/9,1.2.3.4", "090a8001020304", NULL },
    { PLAIN, 121, "1.2.3.4/33,9.9.9.9", NULL, "bad IPv4 address" },
    { PLAIN, 121, "10.0.0.0/,9.9.9.9", NULL, "bad IPv4 address" },
    { PLAIN, 121, "10.0.0.0/8/9", NULL, "bad IPv4 address" },
    { PLAIN, 58, "foo", NULL, "bad dhcp-option" },
    { PLAIN, 58, "\"1m\"", NULL, "bad dhcp-option" },
    { PLAIN, 58, "1m,2m", NULL, "bad dhcp-option" },
    { PLAIN, 58, "-1", NULL, "bad dhcp-option" },
    { PLAIN, 58, "99999999999", NULL, "bad dhcp-option" },
    { PLAIN, 58, "infinite", "ffffffff", NULL },
    { PLAIN, 119, "a..b", NULL, "bad domain in dhcp-option" },
    { PLAIN, 119, "a,,b", "016100016200", NULL },
    { PLAIN, 119, "a.b,", "0161016200", NULL },
    { PLAIN, 119, ",a.b", "0161016200", NULL },
    { PLAIN, 120, "", "", NULL },
    { PLAIN, 66, " foo ", "20666f6f2000", NULL },
    { PLAIN, 200, " 1.2.3.4 ", "01020304", NULL },
};

static const struct row stricter6[] = {
    { PLAIN, 32, "foo", NULL, "bad dhcp-option" },
    { PLAIN, 200, "2001:db8::1", NULL, "bad hex constant" },
    { PLAIN, 200, "[2001:db8::1", "5b323030313a6462383a3a31", NULL },
    { PLAIN, 200, "[1:2]", NULL, "bad IPv6 address" },
    { PLAIN, 23, "\"[2001:db8::1]\"", NULL, "bad IPv6 address" },
    { PLAIN, 23, "[1.2.3.4]", NULL, "bad IPv6 address" },
    { PLAIN, 24, "a,,b", "016100016200", NULL },
    { PLAIN, 56, "a..b", NULL, "bad domain in dhcp-option" },
    { PLAIN, 56, "[::],ntp.ex", "00010010fd00005000000000000000000000000100030008036e747002657800",
      NULL },
    { PLAIN, 56, "[foo]", NULL, "bad IPv6 address" },
};

#define FIELDS_MAX 100

/* Cuts a value as the configuration reader does: at commas outside quotes, quotes taken away. */
static size_t cut_fields(const char *text, char *copy, struct option_value_field *fields)
{
    size_t count = 1;
    bool inside = false;

    fields[0] = (struct option_value_field){ { copy, 0 }, false };
    for (; *text != '\0'; text++) {
        struct option_value_field *field = &fields[count - 1];
        if (*text == '"') {
            inside = !inside;
            field->quoted = true;
        } else if (*text == ',' && !inside) {
            assert_true(count < FIELDS_MAX);
            fields[count++] = (struct option_value_field){ { copy, 0 }, false };
        } else {
            *copy++ = *text;
            field->text.count++;
        }
    }
    return count;
}

static struct option_value_addresses test_addresses(void)
{
    return (struct option_value_addresses){
        .ip4 = address_ip4(192, 168, 50, 1),
        .global = { ADDRESS_IP6, { 0xfd, 0, 0, 0x50, [15] = 1 } },
        .unique = { ADDRESS_IP6, { 0xfd, 0, 0, 0x50, [15] = 1 } },
        .link_local = { ADDRESS_IP6, { 0xfe, 0x80, [11] = 0xff, 0xfe, 0, 0x50, 1 } },
    };
}

static enum status read_row(const struct row *row, bool is_dhcp6, struct bytes_writer *out,
                            struct option_value *value, const char **why)
{
    static char copy[4096];
    struct option_value_field fields[FIELDS_MAX];
    struct option_value_source source = {
        .is_dhcp6 = is_dhcp6,
        .code = row->code,
        .encapsulated = row->how == INSIDE || row->how == INSIDE_NAMED,
        .by_name = row->how == NAMED || row->how == INSIDE_NAMED,
        .fields = fields,
        .count = row->text != NULL ? cut_fields(row->text, copy, fields) : 0,
    };
    return option_value_read(&source, out, value, why);
}

static void check_row(const struct row *row, bool is_dhcp6)
{
    uint8_t bytes[1024];
    uint8_t filled[1024];
    char hex[2048];
    const char *why = NULL;
    struct option_value value;
    struct option_value_addresses addresses = test_addresses();
    struct bytes_writer out = bytes_writer_on(bytes, sizeof bytes);
    struct bytes_writer sent = bytes_writer_on(filled, sizeof filled);
    struct text_out shown = text_out_on(hex, sizeof hex);

    enum status status = read_row(row, is_dhcp6, &out, &value, &why);
    if (row->why != NULL) {
        if (status == STATUS_OK || why == NULL || strcmp(why, row->why) != 0)
            fail_msg("%u,%s: %s", row->code, row->text, why != NULL ? why : "accepted");
        assert_int_equal(bytes_writer_count(&out), 0);
        return;
    }
    if (status != STATUS_OK)
        fail_msg("%u,%s: %s", row->code, row->text, why);

    /* What the wire shows: own addresses filled in, the NUL of 66 and 67 added. */
    status = option_value_fill(bytes_writer_written(&out), &value, &addresses, &sent);
    assert_int_equal(status, STATUS_OK);
    if (value.takes_nul)
        bytes_write_u8(&sent, 0);
    text_put_hex(&shown, bytes_writer_written(&sent), 0);
    if (strcmp(hex, row->hex) != 0)
        fail_msg("%u,%s: %s, not %s", row->code, row->text != NULL ? row->text : "", hex, row->hex);
}

static void test_rows4(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows4); i++)
        check_row(&rows4[i], false);
    for (size_t i = 0; i < COUNT_OF(stricter4); i++)
        check_row(&stricter4[i], false);
}

static void test_rows6(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows6); i++)
        check_row(&rows6[i], true);
    for (size_t i = 0; i < COUNT_OF(stricter6); i++)
        check_row(&stricter6[i], true);
}

static const struct {
    bool is_dhcp6;
    struct row row;
    const char *hex; /* what is sent when we have none of the addresses; NULL for nothing at all */
    unsigned own_count;
    struct option_value_own own[2];
} owns[] = {
    { false, { PLAIN, 3, "0.0.0.0", NULL, NULL }, NULL, 1, { { 0, 0, OPTION_VALUE_OWN_IP4 } } },
    { false,
      { PLAIN, 3, "1.2.3.4,0.0.0.0,5.6.7.8,0.0.0.0", NULL, NULL },
      "0102030405060708",
      2,
      { { 4, 0, OPTION_VALUE_OWN_IP4 }, { 12, 0, OPTION_VALUE_OWN_IP4 } } },
    { false, { PLAIN, 200, "1.2.3.4", NULL, NULL }, "01020304", 0, { { 0 } } },
    { false, { INSIDE, 200, "0.0.0.0", NULL, NULL }, "00000000", 0, { { 0 } } },
    { false, { PLAIN, 255, "0.0.0.0", NULL, NULL }, "00000000", 0, { { 0 } } },
    { false, { PLAIN, 200, NULL, NULL, NULL }, "", 0, { { 0 } } },
    { true,
      { PLAIN, 23, "[fd00::],[2001:db8::9]", NULL, NULL },
      "20010db8000000000000000000000009",
      1,
      { { 0, 0, OPTION_VALUE_OWN_UNIQUE } } },
    { true,
      { PLAIN, 23, "[fe80::],[::]", NULL, NULL },
      NULL,
      2,
      { { 0, 0, OPTION_VALUE_OWN_LINK_LOCAL }, { 16, 0, OPTION_VALUE_OWN_GLOBAL } } },
    { true,
      { PLAIN, 56, "[2001:db8::1],[::]", NULL, NULL },
      "0001001020010db8000000000000000000000001",
      1,
      { { 20, 4, OPTION_VALUE_OWN_GLOBAL } } },
};

/* A list loses the entries whose address we do not have, with their suboption headers. */
static void test_own(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(owns); i++) {
        uint8_t bytes[128];
        uint8_t filled[128];
        char hex[257];
        const char *why = "";
        struct option_value value;
        struct option_value_addresses none = { 0 };
        struct bytes_writer out = bytes_writer_on(bytes, sizeof bytes);
        struct bytes_writer sent = bytes_writer_on(filled, sizeof filled);
        struct text_out shown = text_out_on(hex, sizeof hex);

        if (read_row(&owns[i].row, owns[i].is_dhcp6, &out, &value, &why) != STATUS_OK)
            fail_msg("%u,%s: %s", owns[i].row.code, owns[i].row.text, why);
        if (value.own_count != owns[i].own_count)
            fail_msg("%u,%s: %u own", owns[i].row.code, owns[i].row.text, value.own_count);
        for (unsigned n = 0; n < value.own_count; n++)
            if (value.own[n].offset != owns[i].own[n].offset
                || value.own[n].before != owns[i].own[n].before
                || value.own[n].kind != owns[i].own[n].kind)
                fail_msg("%u,%s: own address %u", owns[i].row.code, owns[i].row.text, n);

        enum status status = option_value_fill(bytes_writer_written(&out), &value, &none, &sent);
        if (status != (owns[i].hex != NULL ? STATUS_OK : STATUS_NOT_FOUND))
            fail_msg("%u,%s: %s", owns[i].row.code, owns[i].row.text, status_text(status));
        text_put_hex(&shown, bytes_writer_written(&sent), 0);
        if (strcmp(hex, owns[i].hex != NULL ? owns[i].hex : "") != 0)
            fail_msg("%u,%s: sent %s", owns[i].row.code, owns[i].row.text, hex);
    }
}

static void test_fill_room(void **state)
{
    (void)state;
    uint8_t bytes[16];
    uint8_t filled[16];
    const char *why = NULL;
    struct option_value value;
    struct option_value_addresses addresses = test_addresses();
    struct bytes_writer out = bytes_writer_on(bytes, sizeof bytes);
    const struct row row = { PLAIN, 3, "1.2.3.4,0.0.0.0,5.6.7.8", NULL, NULL };

    assert_int_equal(read_row(&row, false, &out, &value, &why), STATUS_OK);
    for (size_t room = 0; room < 16; room++) {
        struct bytes_writer sent = bytes_writer_on(filled, room);
        enum status status =
            option_value_fill(bytes_writer_written(&out), &value, &addresses, &sent);
        assert_int_equal(status, room < 12 ? STATUS_NO_SPACE : STATUS_OK);
        assert_int_equal(bytes_writer_count(&sent), room < 12 ? 0 : 12);
    }
}

static void test_limits(void **state)
{
    (void)state;
    static uint8_t bytes[OPTION_VALUE6_MAX + 100];
    static char text[OPTION_VALUE6_MAX + 1];
    const char *why = NULL;
    struct option_value value;
    struct option_value_field field = { { text, OPTION_VALUE4_LONG_MAX }, false };
    struct option_value_source source = { .code = 200, .fields = &field, .count = 1 };
    struct bytes_writer out = bytes_writer_on(bytes, sizeof bytes);

    memset(text, 'x', sizeof text);
    bytes_write_u8(&out, 0xaa);
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_OK);
    assert_int_equal(bytes_writer_count(&out), 1 + OPTION_VALUE4_LONG_MAX);
    field.text.count++;
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_RANGE);
    assert_string_equal(why, "dhcp-option too long");
    assert_int_equal(bytes_writer_count(&out), 1 + OPTION_VALUE4_LONG_MAX);

    /* An encapsulated one has a byte for its length. */
    bytes_writer_rewind(&out, 1);
    source.encapsulated = true;
    field.text.count = OPTION_VALUE4_MAX;
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_OK);
    bytes_writer_rewind(&out, 1);
    field.text.count++;
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_RANGE);
    source.encapsulated = false;

    bytes_writer_rewind(&out, 1);
    source.is_dhcp6 = true;
    field.text.count = OPTION_VALUE6_MAX;
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_OK);
    bytes_writer_rewind(&out, 1);
    field.text.count++;
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_RANGE);

    struct bytes_writer small = bytes_writer_on(bytes, 10);
    field.text.count = 11;
    assert_int_equal(option_value_read(&source, &small, &value, &why), STATUS_NO_SPACE);
    assert_int_equal(bytes_writer_count(&small), 0);
    assert_false(small.failed);
    bytes_write_zeros(&small, 11);
    field.text.count = 1;
    assert_int_equal(option_value_read(&source, &small, &value, &why), STATUS_NO_SPACE);
    assert_true(small.failed);

    struct option_value_field many[OPTION_VALUE_OWN_MAX + 1];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = (struct option_value_field){ TEXT("0.0.0.0"), false };
    source = (struct option_value_source){ .code = 3, .fields = many, .count = COUNT_OF(many) };
    bytes_writer_rewind(&out, 1);
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_FULL);
    source.count--;
    assert_int_equal(option_value_read(&source, &out, &value, &why), STATUS_OK);
    assert_int_equal(value.own_count, OPTION_VALUE_OWN_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows4),     cmocka_unit_test(test_rows6),  cmocka_unit_test(test_own),
        cmocka_unit_test(test_fill_room), cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

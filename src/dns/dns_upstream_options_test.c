#include "config/option_line_test.h"
#include "dns/dns_config.h"

extern const struct option dns_upstream_options[];
extern const size_t dns_upstream_option_count;

static struct dns_config dns;

static void reset(void *part)
{
    dns_config_init(part);
}

#define LONG_TEXT                                                                                  \
    "0123456789012345678901234567890123456789012345678901234567890123"                             \
    "0123456789012345678901234567890123456789012345678901234567890123"

static const struct line_row rows[] = {
    { "binary", "add-mac", "add-mac", NULL, NULL },
    { "base64", "add-mac=base64", "add-mac=base64", NULL, NULL },
    { "several forms", "add-mac=text\nadd-mac", "add-mac\nadd-mac=text", NULL, NULL },
    { "no form of a hardware address", "add-mac=hex", NULL, "error", "base64, text" },
    { "switches", "strip-mac\nstrip-subnet", "strip-mac\nstrip-subnet", NULL, NULL },

    { "a text", "add-cpe-id=customer 17", "add-cpe-id=customer 17", NULL, NULL },
    { "a longest text", "add-cpe-id=" LONG_TEXT, "add-cpe-id=" LONG_TEXT, NULL, NULL },
    { "a text too long", "add-cpe-id=" LONG_TEXT "x", NULL, "error", "129 characters" },

    { "no network at all", "add-subnet", "add-subnet=0,0", NULL, NULL },
    { "lengths", "add-subnet=24,56", "add-subnet=24,56", NULL, NULL },
    { "one length", "add-subnet=24", "add-subnet=24,0", NULL, NULL },
    { "only the second length", "add-subnet=,48", "add-subnet=0,48", NULL, NULL },
    { "an address", "add-subnet=192.0.2.0/24", "add-subnet=192.0.2.0/24,0", NULL, NULL },
    { "an address each, of any family", "add-subnet=2001:db8::/32,192.0.2.0/24",
      "add-subnet=2001:db8::/32,192.0.2.0/24", NULL, NULL },
    { "too long for IPv4", "add-subnet=33", NULL, "error", "has 32 bits, not 33" },
    { "too long for IPv6", "add-subnet=24,129", NULL, "error", "has 128 bits, not 129" },
    { "too long for the address", "add-subnet=192.0.2.0/33", NULL, "error", "has 32 bits" },
    { "an address without length", "add-subnet=192.0.2.0", NULL, "error", "192.0.2.0/24" },
    { "no address", "add-subnet=x/24", NULL, "bad address", "\"x\" is not an address" },
    { "no length", "add-subnet=x", NULL, "error", "\"x\" is not a length" },
    { "three networks", "add-subnet=24,56,8", NULL, "error", "two networks" },

    { "nothing but the address", "umbrella", "umbrella", NULL, NULL },
    { "all items", "umbrella=assetid:7,orgid:4294967295,deviceid:00112233445566ff",
      "umbrella=deviceid:00112233445566ff,orgid:4294967295,assetid:7", NULL, NULL },
    { "a short device id", "umbrella=deviceid:0011", NULL, "error", "16 hexadecimal digits" },
    { "a device id with colons", "umbrella=deviceid:00:11:22:33:44:55:66:77", NULL, "error",
      "16 hexadecimal digits" },
    { "a number too large", "umbrella=orgid:4294967296", NULL, "error", "not a number" },
    { "an unknown item", "umbrella=userid:1", NULL, "error", "none of deviceid" },

    { "the defaults", "fast-dns-retry", "fast-dns-retry=1000,10000", NULL, NULL },
    { "the first wait", "fast-dns-retry=50", "fast-dns-retry=50,10000", NULL, NULL },
    { "both times", "fast-dns-retry=500,4000", "fast-dns-retry=500,4000", NULL, NULL },
    { "the limit left out", "fast-dns-retry=500,", "fast-dns-retry=500,10000", NULL, NULL },
    { "too short", "fast-dns-retry=49", NULL, "error", "49 ms is too short" },
    { "no time", "fast-dns-retry=1s", NULL, "error", "\"1s\" is not a number of milliseconds" },
    { "three times", "fast-dns-retry=100,200,300", NULL, "error", "two numbers" },

    { "ports", "port-limit=4", "port-limit=4", NULL, NULL },
    { "no port", "port-limit=0", NULL, "error", "0" },
    { "other switches", "dns-loop-detect\ndo-0x20-encode\nno-0x20-encode",
      "dns-loop-detect\ndo-0x20-encode\nno-0x20-encode", NULL, NULL },
};

static void test_lines(void **state)
{
    const struct option_table table = { dns_upstream_options, dns_upstream_option_count, &dns };
    const struct option_set set = { &table, 1 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &dns, &rows[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_lines) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

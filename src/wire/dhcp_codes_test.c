#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "wire/dhcp_codes.h"

/* Numbers and names are what people have in their configurations, so they are written out again. */
static const struct {
    unsigned code;
    const char *name;
    unsigned value;
    unsigned bytes;
} listed4[] = {
    { 1, "netmask", DHCP_VALUE_ADDRESSES, 0 },
    { 2, "time-offset", DHCP_VALUE_NUMBER, 4 },
    { 3, "router", DHCP_VALUE_ADDRESSES, 0 },
    { 6, "dns-server", DHCP_VALUE_ADDRESSES, 0 },
    { 7, "log-server", DHCP_VALUE_ADDRESSES, 0 },
    { 9, "lpr-server", DHCP_VALUE_ADDRESSES, 0 },
    { 13, "boot-file-size", DHCP_VALUE_NUMBER, 2 },
    { 15, "domain-name", DHCP_VALUE_NAME, 0 },
    { 16, "swap-server", DHCP_VALUE_ADDRESSES, 0 },
    { 17, "root-path", DHCP_VALUE_STRING, 0 },
    { 18, "extension-path", DHCP_VALUE_STRING, 0 },
    { 19, "ip-forward-enable", DHCP_VALUE_NUMBER, 1 },
    { 20, "non-local-source-routing", DHCP_VALUE_NUMBER, 1 },
    { 21, "policy-filter", DHCP_VALUE_ADDRESSES, 0 },
    { 22, "max-datagram-reassembly", DHCP_VALUE_NUMBER, 2 },
    { 23, "default-ttl", DHCP_VALUE_NUMBER, 1 },
    { 26, "mtu", DHCP_VALUE_NUMBER, 2 },
    { 27, "all-subnets-local", DHCP_VALUE_NUMBER, 1 },
    { 31, "router-discovery", DHCP_VALUE_NUMBER, 1 },
    { 32, "router-solicitation", DHCP_VALUE_ADDRESSES, 0 },
    { 33, "static-route", DHCP_VALUE_ADDRESSES, 0 },
    { 34, "trailer-encapsulation", DHCP_VALUE_NUMBER, 1 },
    { 35, "arp-timeout", DHCP_VALUE_NUMBER, 4 },
    { 36, "ethernet-encap", DHCP_VALUE_NUMBER, 1 },
    { 37, "tcp-ttl", DHCP_VALUE_NUMBER, 1 },
    { 38, "tcp-keepalive", DHCP_VALUE_NUMBER, 4 },
    { 40, "nis-domain", DHCP_VALUE_NAME, 0 },
    { 41, "nis-server", DHCP_VALUE_ADDRESSES, 0 },
    { 42, "ntp-server", DHCP_VALUE_ADDRESSES, 0 },
    { 44, "netbios-ns", DHCP_VALUE_ADDRESSES, 0 },
    { 45, "netbios-dd", DHCP_VALUE_ADDRESSES, 0 },
    { 46, "netbios-nodetype", DHCP_VALUE_NUMBER, 1 },
    { 47, "netbios-scope", DHCP_VALUE_UNKNOWN, 0 },
    { 48, "x-windows-fs", DHCP_VALUE_ADDRESSES, 0 },
    { 49, "x-windows-dm", DHCP_VALUE_ADDRESSES, 0 },
    { 58, "T1", DHCP_VALUE_TIME, 0 },
    { 59, "T2", DHCP_VALUE_TIME, 0 },
    { 60, "vendor-class", DHCP_VALUE_UNKNOWN, 0 },
    { 64, "nis+-domain", DHCP_VALUE_NAME, 0 },
    { 65, "nis+-server", DHCP_VALUE_ADDRESSES, 0 },
    { 66, "tftp-server", DHCP_VALUE_STRING, 0 },
    { 67, "bootfile-name", DHCP_VALUE_STRING, 0 },
    { 68, "mobile-ip-home", DHCP_VALUE_ADDRESSES, 0 },
    { 69, "smtp-server", DHCP_VALUE_ADDRESSES, 0 },
    { 70, "pop3-server", DHCP_VALUE_ADDRESSES, 0 },
    { 71, "nntp-server", DHCP_VALUE_ADDRESSES, 0 },
    { 74, "irc-server", DHCP_VALUE_ADDRESSES, 0 },
    { 77, "user-class", DHCP_VALUE_UNKNOWN, 0 },
    { 80, "rapid-commit", DHCP_VALUE_UNKNOWN, 0 },
    { 91, "last-transaction", DHCP_VALUE_TIME, 0 },
    { 92, "associated-ip", DHCP_VALUE_ADDRESSES, 0 },
    { 93, "client-arch", DHCP_VALUE_NUMBER, 2 },
    { 94, "client-interface-id", DHCP_VALUE_UNKNOWN, 0 },
    { 97, "client-machine-id", DHCP_VALUE_UNKNOWN, 0 },
    { 100, "posix-timezone", DHCP_VALUE_STRING, 0 },
    { 101, "tzdb-timezone", DHCP_VALUE_STRING, 0 },
    { 108, "ipv6-only", DHCP_VALUE_NUMBER, 4 },
    { 114, "captive-portal", DHCP_VALUE_STRING, 0 },
    { 119, "domain-search", DHCP_VALUE_NAMES_WIRE, 0 },
    { 120, "sip-server", DHCP_VALUE_SIP, 0 },
    { 121, "classless-static-route", DHCP_VALUE_ROUTES, 0 },
    { 125, "vendor-id-encap", DHCP_VALUE_UNKNOWN, 0 },
    { 150, "tftp-server-address", DHCP_VALUE_ADDRESSES, 0 },
    { 255, "server-ip-address", DHCP_VALUE_ADDRESSES, 0 },
};

static const struct {
    unsigned code;
    const char *name;
    unsigned value;
} listed6[] = {
    { 21, "sip-server-domain", DHCP_VALUE_NAMES_WIRE },
    { 22, "sip-server", DHCP_VALUE_ADDRESSES },
    { 23, "dns-server", DHCP_VALUE_ADDRESSES },
    { 24, "domain-search", DHCP_VALUE_NAMES_WIRE },
    { 27, "nis-server", DHCP_VALUE_ADDRESSES },
    { 28, "nis+-server", DHCP_VALUE_ADDRESSES },
    { 29, "nis-domain", DHCP_VALUE_NAMES_WIRE },
    { 30, "nis+-domain", DHCP_VALUE_NAMES_WIRE },
    { 31, "sntp-server", DHCP_VALUE_ADDRESSES },
    { 32, "information-refresh-time", DHCP_VALUE_TIME },
    { 41, "posix-timezone", DHCP_VALUE_STRING },
    { 42, "tzdb-timezone", DHCP_VALUE_STRING },
    { 56, "ntp-server", DHCP_VALUE_UNKNOWN },
    { 59, "bootfile-url", DHCP_VALUE_STRING },
    { 60, "bootfile-param", DHCP_VALUE_STRING },
    { 103, "captive-portal", DHCP_VALUE_STRING },
};

static const struct {
    unsigned code;
    const char *name;
} logged4[] = {
    { 12, "hostname" },
    { 28, "broadcast" },
    { 43, "vendor-encap" },
    { 50, "requested-address" },
    { 51, "lease-time" },
    { 52, "option-overload" },
    { 53, "message-type" },
    { 54, "server-identifier" },
    { 55, "parameter-request" },
    { 56, "message" },
    { 57, "max-message-size" },
    { 61, "client-id" },
    { 81, "FQDN" },
    { 82, "agent-id" },
    { 118, "subnet-select" },
};

static const struct {
    unsigned code;
    const char *name;
} logged6[] = {
    { 1, "client-id" },    { 2, "server-id" },     { 3, "ia-na" },       { 4, "ia-ta" },
    { 5, "iaaddr" },       { 6, "oro" },           { 7, "preference" },  { 12, "unicast" },
    { 13, "status" },      { 14, "rapid-commit" }, { 15, "user-class" }, { 16, "vendor-class" },
    { 17, "vendor-opts" }, { 25, "ia-pd" },         { 26, "iaprefix" },   { 39, "FQDN" },
};

/* The help lists exactly the rows above, in their order. */
static void test_listed4(void **state)
{
    (void)state;
    size_t count;
    size_t next = 0;
    const struct dhcp_code *rows = dhcp4_codes(&count);

    for (size_t i = 0; i < count; i++) {
        if (!rows[i].in_help)
            continue;
        if (next >= COUNT_OF(listed4))
            fail_msg("%s is listed too", rows[i].name);
        if (rows[i].code != listed4[next].code || rows[i].value != listed4[next].value
            || rows[i].bytes != listed4[next].bytes
            || !text_equal(text_of(rows[i].name), text_of(listed4[next].name)))
            fail_msg("%u %s stands where %u %s should", rows[i].code, rows[i].name,
                     listed4[next].code, listed4[next].name);
        next++;
    }
    assert_int_equal(next, COUNT_OF(listed4));
}

static void test_listed6(void **state)
{
    (void)state;
    size_t count;
    size_t next = 0;
    const struct dhcp_code *rows = dhcp6_codes(&count);

    for (size_t i = 0; i < count; i++) {
        if (!rows[i].in_help)
            continue;
        if (next >= COUNT_OF(listed6))
            fail_msg("%s is listed too", rows[i].name);
        if (rows[i].code != listed6[next].code || rows[i].value != listed6[next].value
            || !text_equal(text_of(rows[i].name), text_of(listed6[next].name)))
            fail_msg("%u %s stands where %u %s should", rows[i].code, rows[i].name,
                     listed6[next].code, listed6[next].name);
        next++;
    }
    assert_int_equal(next, COUNT_OF(listed6));
}

static void check_logged(const struct dhcp_code *row, unsigned code, const char *name,
                         const struct dhcp_code *named)
{
    if (row == NULL || !text_equal(text_of(row->name), text_of(name)))
        fail_msg("option %u is not %s", code, name);
    if (row->in_help)
        fail_msg("%s is in the help", name);
    if (named == row)
        fail_msg("%s may be used in a configuration", name);
}

static void test_logged(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(logged4); i++)
        check_logged(dhcp4_code_find(logged4[i].code), logged4[i].code, logged4[i].name,
                     dhcp4_code_by_name(text_of(logged4[i].name)));
    for (size_t i = 0; i < COUNT_OF(logged6); i++)
        check_logged(dhcp6_code_find(logged6[i].code), logged6[i].code, logged6[i].name,
                     dhcp6_code_by_name(text_of(logged6[i].name)));
}

/* Finding by number is a binary search, so the order of the rows is an invariant. */
static void check_rows(const struct dhcp_code *rows, size_t count,
                       const struct dhcp_code *(*find)(unsigned))
{
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && rows[i - 1].code >= rows[i].code)
            fail_msg("%s is out of order", rows[i].name);
        if (find(rows[i].code) != &rows[i])
            fail_msg("%s is not found by its number", rows[i].name);
        if ((rows[i].value == DHCP_VALUE_NUMBER) != (rows[i].bytes != 0))
            fail_msg("%s has the wrong width", rows[i].name);
    }
}

static void test_rows(void **state)
{
    (void)state;
    size_t count;
    const struct dhcp_code *rows = dhcp4_codes(&count);

    check_rows(rows, count, dhcp4_code_find);
    rows = dhcp6_codes(&count);
    check_rows(rows, count, dhcp6_code_find);
}

static void test_finding(void **state)
{
    (void)state;
    assert_null(dhcp4_code_find(0));
    assert_null(dhcp4_code_find(4));
    assert_null(dhcp4_code_find(256));
    assert_null(dhcp4_code_find(65536 + 6));
    assert_null(dhcp6_code_find(0));
    assert_null(dhcp6_code_find(10));
    assert_null(dhcp6_code_find(104));
    assert_int_equal(dhcp4_code_by_name(TEXT("t1"))->code, 58);
    assert_int_equal(dhcp4_code_by_name(TEXT("Router"))->code, 3);
    assert_int_equal(dhcp6_code_by_name(TEXT("dns-server"))->code, 23);
    assert_null(dhcp4_code_by_name(TEXT("rout")));
    assert_null(dhcp4_code_by_name(TEXT("")));
    assert_null(dhcp6_code_by_name(TEXT("router")));
}

static void test_message_types(void **state)
{
    (void)state;
    assert_string_equal(dhcp4_message_type_name(1), "DHCPDISCOVER");
    assert_string_equal(dhcp4_message_type_name(8), "DHCPINFORM");
    assert_string_equal(dhcp4_message_type_name(13), "DHCPLEASEACTIVE");
    assert_null(dhcp4_message_type_name(0));
    assert_null(dhcp4_message_type_name(9));
    assert_null(dhcp4_message_type_name(14));
    assert_null(dhcp4_message_type_name(255));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listed4), cmocka_unit_test(test_listed6),
        cmocka_unit_test(test_logged),  cmocka_unit_test(test_rows),
        cmocka_unit_test(test_finding), cmocka_unit_test(test_message_types),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

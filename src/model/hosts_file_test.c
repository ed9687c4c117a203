#include "model/hosts_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct siphash_key key = { 1, 2 };

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

/* Complaints as text: "2 bad address;3 bad name;". */
static void note_complaint(void *context, const char *path, unsigned line, const char *what)
{
    assert_string_equal(path, "/etc/hosts");
    text_printf(context, "%u %s;", line, what);
}

/* lan for all, but sub.lan for 10.0.0.0/24. */
static const struct site *site_of_lan(void)
{
    static struct site_domain domains[2];
    static struct site site;
    site_init(&site);
    domains[0] = (struct site_domain){ .name = name_of("lan"), .by = SITE_DOMAIN_ALL };
    domains[1] =
        (struct site_domain){ .name = name_of("sub.lan"),
                              .by = SITE_DOMAIN_RANGE,
                              .range = { address_ip4(10, 0, 0, 0), address_ip4(10, 0, 0, 255) } };
    site.domains = domains;
    site.domain_count = 2;
    return &site;
}

/* A name's addresses, or where its PTR points: "192.0.2.1 2001:db8::1", "" when unknown. */
static void describe(const struct local_names *names, const char *asked, struct text_out *out)
{
    struct dname name = name_of(asked);
    const struct local_name *found = local_names_find(names, &name, dname_hash(&key, &name));
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const struct local_record *record = &found->records[i];
        struct address address;
        struct dname target;
        assert_int_equal(record->source, LOCAL_HOSTS);
        assert_string_equal(record->source_name, "/etc/hosts");
        text_put_string(out, i > 0 ? " " : "");
        if (record->type == RRTYPE_PTR) {
            assert_int_equal(dname_from_wire(record->rdata, &target), STATUS_OK);
            text_put_dname(out, &target);
        } else {
            assert_int_equal(address_from_bytes(record->rdata, &address), STATUS_OK);
            assert_int_equal(record->type, address.family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA);
            text_put_address(out, &address);
        }
    }
}

struct row {
    const char *claim;
    const char *text;
    const char *name, *answer; /* one question */
    size_t count;
    const char *complaints;
    bool expand;
};

#define ONE_REVERSE "1.2.0.192.in-addr.arpa"
#define L63         "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* clang-format off */
static const struct row rows[] = {
    { "a line",                  "192.0.2.1 a\n",                    "a", "192.0.2.1", 1, "" },
    { "no newline at the end",   "192.0.2.1 a",                      "a", "192.0.2.1", 1, "" },
    { "CR LF",                   "192.0.2.1 a\r\n192.0.2.2 b\r\n",   "b", "192.0.2.2", 2, "" },
    { "tabs and blanks",         " \t192.0.2.1\t \ta  b \n",         "b", "192.0.2.1", 2, "" },
    { "IPv6",                    "2001:db8::1 a\n",                  "a", "2001:db8::1", 1, "" },
    { "both families",
      "192.0.2.1 a\n2001:db8::1 a\n",     "a", "192.0.2.1 2001:db8::1", 2, "" },
    { "several addresses",
      "192.0.2.1 a\n192.0.2.2 a\n",       "a", "192.0.2.1 192.0.2.2", 2, "" },
    { "duplicates collapse",     "192.0.2.1 a A\n192.0.2.1 a\n",     "a", "192.0.2.1", 3, "" },
    { "empty",                   "",                                 "a", "", 0, "" },
    { "empty lines",             "\n\n \n192.0.2.1 a\n\n",           "a", "192.0.2.1", 1, "" },
    { "a comment",               "# 192.0.2.1 a\n",                  "a", "", 0, "" },
    { "a comment behind",        "192.0.2.1 a # b\n",                "b", "", 1, "" },
    { "a comment at once behind", "192.0.2.1 a#b\n",                 "a", "192.0.2.1", 1, "" },
    { "an address alone",        "192.0.2.1\n",                      "a", "", 0, "" },
    { "any case",
      "192.0.2.1 Host.Example\n",         "hOST.example", "192.0.2.1", 1, "" },

    { "bad address",             "192.0.2 a\n",                      "a", "", 0, "1 bad address;" },
    { "its line",                "\n#\nx a\n",                       "a", "", 0, "3 bad address;" },
    { "a scope is no address",   "fe80::1%lo a\n",                   "a", "", 0, "1 bad address;" },
    { "a name alone",            "a\n",                              "a", "", 0, "1 bad address;" },
    { "control characters",
      "192.0.2.1 a\1b c\n",               "c", "192.0.2.1", 1, "1 bad name;" },
    { "8-bit characters",        "192.0.2.1 \xc3\xbc\n",             "a", "", 0, "1 bad name;" },
    { "a backslash",             "192.0.2.1 a\\b\n",                 "a", "", 0, "1 bad name;" },
    { "an empty label",          "192.0.2.1 a..b\n",                 "a", "", 0, "1 bad name;" },
    { "a dot in front",          "192.0.2.1 .a\n",                   "a", "", 0, "1 bad name;" },
    { "the root",                "192.0.2.1 .\n",                    ".", "", 0, "1 bad name;" },
    { "longest label",           "192.0.2.1 " L63 "\n",              L63, "192.0.2.1", 1, "" },
    { "longer label",            "192.0.2.1 a" L63 "\n",             "a", "", 0, "1 bad name;" },
    { "longer name",
      "192.0.2.1 " L63 "." L63 "." L63 "." L63 "\n", "a", "", 0, "1 bad name;" },
    { "one complaint a line",
      "192.0.2.1 .a .b c\n.\n",           "c", "192.0.2.1", 1, "1 bad name;2 bad address;" },

    { "underscore",              "192.0.2.1 _a_.b\n",                "_a_.b", "192.0.2.1", 1, "" },
    { "digits first",            "192.0.2.1 9a\n",                   "9a", "192.0.2.1", 1, "" },
    { "punycode",
      "192.0.2.1 xn--bcher-kva\n",        "xn--bcher-kva", "192.0.2.1", 1, "" },
    { "a star",                  "192.0.2.1 *.x\n",                  "*.x", "192.0.2.1", 1, "" },
    { "a star is no wildcard",   "192.0.2.1 *.x\n",                  "a.x", "", 1, "" },
    { "a dash first",            "192.0.2.1 -a\n",                   "-a", "192.0.2.1", 1, "" },
    { "a dot behind",            "192.0.2.1 a.\n",                   "a", "192.0.2.1", 1, "" },

    { "PTR",                     "192.0.2.1 a b\n192.0.2.1 c\n",     ONE_REVERSE, "a", 3, "" },
    { "PTR behind a bad name",
      "192.0.2.1 .x b\n",                 ONE_REVERSE, "b", 1, "1 bad name;" },

    { "not expanded unasked",    "192.0.2.1 a\n",                    "a.lan", "", 1, "" },
    { "expanded",
      "192.0.2.1 a\n",                    "a.lan", "192.0.2.1", 2, "", true },
    { "expanded, the plain one",
      "192.0.2.1 a\n",                    "a", "192.0.2.1", 2, "", true },
    { "expanded, PTR",
      "192.0.2.1 a b\n",                  ONE_REVERSE, "a.lan", 4, "", true },
    { "expanded by address",
      "10.0.0.1 a\n",                     "a.sub.lan", "10.0.0.1", 2, "", true },
    { "not two domains",         "10.0.0.1 a\n",                     "a.lan", "", 2, "", true },
    { "with a dot, not expanded", "192.0.2.1 a.b\n",                 "a.b.lan", "", 1, "", true },
    { "with a dot behind, not expanded", "192.0.2.1 a.\n",           "a.lan", "", 1, "", true },
    { "with a dot behind, PTR",
      "192.0.2.1 a.\n",                   ONE_REVERSE, "a", 1, "", true },
};
/* clang-format on */

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct local_names *names = NULL;
        char complaints[256], answer[256];
        struct text_out complaints_out = text_out_on(complaints, sizeof complaints);
        struct text_out answer_out = text_out_on(answer, sizeof answer);
        size_t count = 0;

        assert_int_equal(local_names_create(&key, &names), STATUS_OK);
        struct hosts_file_setup setup = {
            .path = "/etc/hosts",
            .expand = rows[i].expand ? site_of_lan() : NULL,
            .complain = note_complaint,
            .context = &complaints_out,
        };
        assert_int_equal(hosts_file_read(names, text_of(rows[i].text), &setup, &count), STATUS_OK);
        assert_int_equal(local_names_freeze(names), STATUS_OK);
        describe(names, rows[i].name, &answer_out);
        if (count != rows[i].count || strcmp(answer, rows[i].answer) != 0
            || strcmp(complaints, rows[i].complaints) != 0)
            fail_msg("%s: %zu names, \"%s\", \"%s\"", rows[i].claim, count, answer, complaints);
        local_names_free(names);
    }
}

static void test_too_long_to_expand(void **state)
{
    (void)state;
    struct local_names *names = NULL;
    struct site_domain domain = { .name =
                                      name_of(L63 "." L63 "." L63 ".rather.long.domain.for.a.host"),
                                  .by = SITE_DOMAIN_ALL };
    struct site site;
    size_t count = 0;
    site_init(&site);
    site.domains = &domain;
    site.domain_count = 1;
    assert_int_equal(local_names_create(&key, &names), STATUS_OK);
    struct hosts_file_setup setup = { .path = "/etc/hosts", .expand = &site };
    assert_int_equal(hosts_file_read(names, TEXT("192.0.2.1 " L63 " short\n"), &setup, &count),
                     STATUS_OK);
    assert_int_equal(count, 3); /* only the second has a longer form */
    local_names_free(names);
}

/* domain=vpn.lan,tun0: for addresses in the interface's subnets, wherever they are now. */
static void test_domain_of_an_interface(void **state)
{
    (void)state;
    struct network_interface interfaces[] = { { .index = 1, .name = "lo", .loopback = true },
                                              { .index = 7, .name = "tun0", .up = true } };
    struct network_address addresses[] = {
        { .address = address_ip4(127, 0, 0, 1), .prefix_length = 8, .interface = 1 },
        { .address = address_ip4(10, 9, 0, 1), .prefix_length = 24, .interface = 7 },
    };
    struct site_domain domains[] = {
        { .name = name_of("lan"), .by = SITE_DOMAIN_ALL },
        { .name = name_of("vpn.lan"), .by = SITE_DOMAIN_INTERFACE, .interface = "tun0" },
    };
    static const struct {
        const char *text, *name, *answer;
        bool connected;
    } cases[] = {
        { "10.9.0.9 a\n", "a.vpn.lan", "10.9.0.9", true },
        { "10.9.0.9 a\n", "a.lan", "", true },
        { "10.9.1.9 a\n", "a.lan", "10.9.1.9", true },
        { "10.9.1.9 a\n", "a.vpn.lan", "", true },
        { "10.9.0.9 a\n", "a.lan", "10.9.0.9", false },
        { "10.9.0.9 a\n", "a.vpn.lan", "", false },
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct local_names *names = NULL;
        struct network *network = NULL;
        struct site site;
        char answer[256];
        struct text_out out = text_out_on(answer, sizeof answer);
        size_t count = 0;
        site_init(&site);
        site.domains = domains;
        site.domain_count = COUNT_OF(domains);
        assert_int_equal(
            network_create(interfaces, 2, addresses, cases[i].connected ? 2 : 1, &network),
            STATUS_OK);
        assert_int_equal(local_names_create(&key, &names), STATUS_OK);
        struct hosts_file_setup setup = { .path = "/etc/hosts",
                                          .expand = &site,
                                          .network = network };
        assert_int_equal(hosts_file_read(names, text_of(cases[i].text), &setup, &count), STATUS_OK);
        assert_int_equal(local_names_freeze(names), STATUS_OK);
        describe(names, cases[i].name, &out);
        if (strcmp(answer, cases[i].answer) != 0)
            fail_msg("%zu: %s is \"%s\"", i, cases[i].name, answer);
        local_names_free(names);
        network_free(network);
    }
}

static void test_which_files(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool counts;
    } files[] = {
        { "hosts", true },    { "a.b", true },    { "hosts~", false }, { ".hosts", false },
        { "#hosts#", false }, { "#hosts", true }, { "hosts#", true },  { "#", false },
        { "~", false },       { "~a", true },     { ".", false },      { "..", false },
        { "", false },
    };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (hosts_file_name_counts(files[i].name) != files[i].counts)
            fail_msg("\"%s\"", files[i].name);
    }
}

static void test_line_of_a_name(void **state)
{
    (void)state;
    static const char text[] =
        "# printer.lan\n192.168.1.5 printer Printer.lan\n\n"
        "not-an-address nas.lan\n192.168.1.6 nas.lan # tv.lan\n192.168.1.7\n";
    static const struct {
        const char *name;
        unsigned line;
    } looked[] = {
        { "printer.lan", 2 },
        { "PRINTER", 2 },
        { "printer.home", 2 },
        { "nas.lan", 5 },
        { "nas.home", 0 },
        { "tv.lan", 0 },
        { "lan", 0 },
        { "5.1.168.192.in-addr.arpa", 2 },
        { "7.1.168.192.in-addr.arpa", 0 },
    };
    for (size_t i = 0; i < COUNT_OF(looked); i++) {
        struct dname name = name_of(looked[i].name);
        if (hosts_file_line_of(text_of(text), &name) != looked[i].line)
            fail_msg("%s: line %u", looked[i].name, hosts_file_line_of(text_of(text), &name));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_too_long_to_expand),
        cmocka_unit_test(test_domain_of_an_interface),
        cmocka_unit_test(test_which_files),
        cmocka_unit_test(test_line_of_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

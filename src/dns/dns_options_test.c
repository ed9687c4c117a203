#include "config/option_line_test.h"
#include "dns/dns_config.h"
#include "dns/dns_rule_options.h"
#include "dns/dns_rules.h"

extern const struct option dns_options[];
extern const size_t dns_option_count;

static struct dns_config dns;

static void reset(void *part)
{
    static bool used;
    if (used)
        dns_config_free(part);
    used = true;
    dns_config_init(part);
}

/* All rules, those without a domain first. */
static size_t list_rules(struct dns_rule rules[], size_t room)
{
    size_t count = 0;
    uint32_t walk = 0;
    for (; count < dns.rule_count; count++) {
        assert_true(count < room);
        rules[count] = dns.rules[count];
    }
    while (count < room && dns.domain_rules != NULL
           && dns_rules_next(dns.domain_rules, DNS_LINES_ALL, &walk, &rules[count]))
        count++;
    return count;
}

#define LONG_LABEL "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const char unknown[] = "Name or service not known";

static const struct line_row rows[] = {
    { "a server", "server=192.0.2.1", "server=192.0.2.1", NULL, NULL },
    { "port 53 is the default", "server=192.0.2.1#53", "server=192.0.2.1", NULL, NULL },
    { "a server with a port", "server=2001:db8::1#5353", "server=2001:db8::1#5353", NULL, NULL },
    { "a server for a domain", "server=/Lan/192.0.2.1", "server=/lan/192.0.2.1", NULL, NULL },
    { "a server for several domains", "server=/a/b.c//192.0.2.1", "server=//a/b.c/192.0.2.1", NULL,
      NULL },
    { "a server for names without a dot", "server=//192.0.2.1", "server=//192.0.2.1", NULL, NULL },
    { "a server for any name", "server=/#/192.0.2.1", "server=/#/192.0.2.1", NULL, NULL },
    { "a star alone is any name", "server=/*/192.0.2.1", "server=/#/192.0.2.1", NULL, NULL },
    { "the root is any name", "server=/./192.0.2.1", "server=/#/192.0.2.1", NULL, NULL },
    { "an old dot in front", "server=/.a.b/192.0.2.1", "server=/a.b/192.0.2.1", NULL, NULL },
    { "names that end so", "server=/*a.b/192.0.2.1", "server=/*a.b/192.0.2.1", NULL, NULL },
    { "names below", "server=/*.a.b/192.0.2.1", "server=/*.a.b/192.0.2.1", NULL, NULL },
    { "a star inside is a letter", "server=/a.*.b/192.0.2.1", "server=/a.*.b/192.0.2.1", NULL,
      NULL },
    { "a first star kept a letter", "server=/.*a.b/192.0.2.1", "server=/.*a.b/192.0.2.1", NULL,
      NULL },
    { "a blank in a name", "server=/a b/192.0.2.1", "server=/a\\032b/192.0.2.1", NULL, NULL },
    { "a quote in a name", "server=\"/a\\\"b/192.0.2.1\"", "server=\"/a\\\\\\\"b/192.0.2.1\"", NULL,
      NULL },
    { "a name no question can have", "server=/a..b/c/192.0.2.1", "server=/c/192.0.2.1", NULL,
      NULL },
    { "the default servers", "server=/a/#", "server=/a/#", NULL, NULL },
    { "a local domain", "local=/a/b/", "local=/a/\nlocal=/b/", NULL, NULL },
    { "a local domain by server", "server=/a/", "local=/a/", NULL, NULL },
    { "local names without a dot", "local=//", "local=//", NULL, NULL },
    { "nothing is forwarded", "server=", "local=/#/", NULL, NULL },
    { "over an interface", "server=192.0.2.1@eth0", "server=192.0.2.1@eth0", NULL, NULL },
    { "from an address", "server=192.0.2.1@192.0.2.9", "server=192.0.2.1@192.0.2.9", NULL, NULL },
    { "from a port", "server=192.0.2.1@192.0.2.9#99", "server=192.0.2.1@192.0.2.9#99", NULL, NULL },
    { "over an interface from an address", "server=192.0.2.1#54@eth0@192.0.2.9#0",
      "server=192.0.2.1#54@eth0@192.0.2.9#0", NULL, NULL },
    { "by scope", "server=fe80::1%lo", "server=fe80::1%lo", NULL, NULL },

    { "a port that is none", "server=192.0.2.1#x", NULL, "bad port",
      "\"x\" is not a port (0 to 65535)" },
    { "a port too far", "server=192.0.2.1#300000", NULL, "bad port", "not a port" },
    { "port 0", "server=192.0.2.1#0", NULL, "bad port", "port 0" },
    { "a colon for the port", "server=192.0.2.1:53", NULL, unknown, "192.0.2.1#53" },
    { "brackets", "server=[2001:db8::1]", NULL, unknown, "without brackets" },
    { "two servers on a line", "server=192.0.2.1,192.0.2.2", NULL, unknown, "comma" },
    { "an address out of bounds", "server=300.1.1.1", NULL, unknown,
      "\"300.1.1.1\" is not a server" },
    { "a domain without its last slash", "server=/a/b c", NULL, unknown,
      "\"b c\" is not a server" },
    { "an interface after a source", "server=192.0.2.1@192.0.2.9@eth0", NULL,
      "interface can only be specified once", "\"eth0\"" },
    { "a source of the other family", "server=192.0.2.1@::1", NULL,
      "cannot use IPv4 server address with IPv6 source address", "IPv6" },
    { "a scope that is not there", "server=fe80::1%nosuch0", NULL, "bad interface name",
      "nosuch0" },
    { "a label too long", "server=/" LONG_LABEL "/192.0.2.1", NULL, "error", "63 characters" },

    { "a reverse zone", "rev-server=10.0.0.0/8,192.0.2.1", "server=/10.in-addr.arpa/192.0.2.1",
      NULL, NULL },
    { "host bits are dropped", "rev-server=10.1.2.3/8,192.0.2.1",
      "server=/10.in-addr.arpa/192.0.2.1", NULL, NULL },
    { "one address", "rev-server=10.0.0.1,#", "server=/1.0.0.10.in-addr.arpa/#", NULL, NULL },
    { "four zones", "rev-server=10.1.4.0/22,192.0.2.1#54@eth0",
      "server=/4.1.10.in-addr.arpa/5.1.10.in-addr.arpa/6.1.10.in-addr.arpa/7.1.10.in-addr.arpa/"
      "192.0.2.1#54@eth0",
      NULL, NULL },
    { "two zones answered here", "rev-server=10.0.0.0/7",
      "local=/10.in-addr.arpa/\nlocal=/11.in-addr.arpa/", NULL, NULL },
    { "nibbles", "rev-server=2001:db8:f000::/35,192.0.2.1",
      "server=/e.8.b.d.0.1.0.0.2.ip6.arpa/f.8.b.d.0.1.0.0.2.ip6.arpa/192.0.2.1", NULL, NULL },
    { "a subnet that is none", "rev-server=foo,192.0.2.1", NULL, "error",
      "\"foo\" is not a subnet" },
    { "no bits", "rev-server=10.0.0.0/0,192.0.2.1", NULL, "bad IPv4 prefix length", "1 to 32" },
    { "too many bits", "rev-server=::/129,192.0.2.1", NULL, "bad IPv6 prefix length", "1 to 128" },
    { "a server left out", "rev-server=10.0.0.0/8,", NULL, unknown, "missing" },
    { "a second server", "rev-server=10.0.0.0/8,192.0.2.1,192.0.2.2", NULL, unknown, "192.0.2.2" },

    { "an address", "address=/a.b/192.0.2.1", "address=/a.b/192.0.2.1", NULL, NULL },
    { "an address for two domains", "address=/a/b/::1", "address=/a/::1\naddress=/b/::1", NULL,
      NULL },
    { "the null addresses", "address=/a/#", "address=/a/#", NULL, NULL },
    { "no such name", "address=/a/", "address=/a/", NULL, NULL },
    { "an address for all", "address=192.0.2.1", "address=/#/192.0.2.1", NULL, NULL },
    { "blanks around an address", "address=/a/ 192.0.2.1", "address=/a/192.0.2.1", NULL, NULL },
    { "a domain alone", "address=foo", NULL, "Bad address in --address", "/domain/address" },
    { "a domain without its last slash", "address=/foo/bar", NULL, "Bad address in --address",
      "a domain ends with '/'" },
    { "an address with a port", "address=/a/192.0.2.1#53", NULL, "Bad address in --address",
      "\"192.0.2.1#53\"" },

    { "resolv files", "resolv-file=/a\nresolv-file=/b c", "resolv-file=/a\nresolv-file=/b c", NULL,
      NULL },
    { "no resolv file", "resolv-file", "resolv-file=", NULL, NULL },
    { "none and then one", "resolv-file=\nresolv-file=/a", "resolv-file=/a", NULL, NULL },
    { "hosts files", "addn-hosts=/a,b\naddn-hosts=", "addn-hosts=/a,b", NULL, NULL },
    { "a cache size", "cache-size=1000", "cache-size=1000", NULL, NULL },
    { "a cache size below nothing", "cache-size=-5", NULL, "error", "\"-5\" is not a number" },
    { "no connection", "max-tcp-connections=0", NULL, "error", "less than 1" },
    { "threads", "dns-threads=4", "dns-threads=4", NULL, NULL },
    { "too many threads", "dns-threads=65", NULL, "error", "64" },
};

static struct option_table table = { dns_options, 0, &dns };
static const struct option_set set = { &table, 1 };

static void lines_of_dns(void **state)
{
    (void)state;
    table.count = dns_option_count;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        line_check(&set, reset, &dns, &rows[i]);
}

static void rules_share_the_server_of_their_line(void **state)
{
    (void)state;
    table.count = dns_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dns);
    line_read(&set, "server=/a/*b/192.0.2.1\nserver=192.0.2.2\nlocal=//\naddress=/c/#");
    assert_int_equal(line_errors.count, 0);
    assert_int_equal(dns.server_count, 2);

    static const struct {
        uint8_t match, action;
        uint32_t server;
        bool from_address;
    } wanted[] = {
        { DNS_RULE_ALL, DNS_RULE_SERVER, 1, false },
        { DNS_RULE_UNQUALIFIED, DNS_RULE_LOCAL, 0, false },
        { DNS_RULE_DOMAIN, DNS_RULE_SERVER, 0, false },
        { DNS_RULE_SUFFIX_TEXT, DNS_RULE_SERVER, 0, false },
        { DNS_RULE_DOMAIN, DNS_RULE_NULL, 0, true },
    };
    struct dns_rule rules[8];
    assert_int_equal(list_rules(rules, COUNT_OF(rules)), COUNT_OF(wanted));
    for (size_t i = 0; i < COUNT_OF(wanted); i++) {
        assert_int_equal(rules[i].match, wanted[i].match);
        assert_int_equal(rules[i].action, wanted[i].action);
        assert_int_equal(rules[i].server, wanted[i].server);
        assert_int_equal(rules[i].from_address, wanted[i].from_address);
    }
    arena_free(&line_arena);
}

static void a_host_name_becomes_its_addresses(void **state)
{
    (void)state;
    table.count = dns_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dns);
    line_read(&set, "server=/lan/localhost#5353@lo");
    assert_int_equal(line_errors.count, 0);
    assert_true(dns.server_count >= 1);
    for (size_t i = 0; i < dns.server_count; i++) {
        assert_true(address_is_loopback(&dns.servers[i].endpoint.address));
        assert_int_equal(dns.servers[i].endpoint.port, 5353);
        assert_string_equal(dns.servers[i].interface, "lo");
    }
    struct dns_rule rules[DNS_SERVER_ADDRESSES_MAX];
    assert_int_equal(list_rules(rules, COUNT_OF(rules)), dns.server_count);
    for (size_t i = 0; i < dns.server_count; i++)
        assert_int_equal(rules[i].server, i);
    arena_free(&line_arena);
}

/* A long list of zones keeps its order and comes out as lines that can be read. */
static void many_zones(void **state)
{
    (void)state;
    static char printed[LINE_PRINTED_MAX];
    static struct dns_rule rules[129];
    table.count = dns_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dns);
    line_read(&set, "rev-server=10.0.0.128/25,192.0.2.1");
    assert_int_equal(line_errors.count, 0);
    assert_int_equal(list_rules(rules, COUNT_OF(rules)), 128);
    struct dname last;
    assert_int_equal(dname_from_text(TEXT("255.0.0.10.in-addr.arpa"), &last), STATUS_OK);
    assert_true(dname_equal(&rules[127].domain, &last));

    line_print(&set, "", printed);
    reset(&dns);
    line_read(&set, printed);
    assert_int_equal(line_errors.count, 0);
    assert_int_equal(list_rules(rules, COUNT_OF(rules)), 128);
    assert_true(dname_equal(&rules[127].domain, &last));
    arena_free(&line_arena);
}

/* Where a flag was given first, for explanations. */
static void flags_keep_their_line(void **state)
{
    (void)state;
    table.count = dns_option_count;
    arena_init(&line_arena, 65536, 64u << 20);
    reset(&dns);
    line_read(&set, "no-resolv\nbogus-priv\n\ndomain-needed\nbogus-priv\n");
    assert_int_equal(line_errors.count, 0);
    assert_string_equal(dns.bogus_priv_place.source, "test.conf");
    assert_int_equal(dns.bogus_priv_place.line, 2);
    assert_int_equal(dns.domain_needed_place.line, 4);
    arena_free(&line_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_dns),
        cmocka_unit_test(rules_share_the_server_of_their_line),
        cmocka_unit_test(a_host_name_becomes_its_addresses),
        cmocka_unit_test(many_zones),
        cmocka_unit_test(flags_keep_their_line),
    };
    int failures = cmocka_run_group_tests(tests, NULL, NULL);
    dns_config_free(&dns);
    return failures;
}

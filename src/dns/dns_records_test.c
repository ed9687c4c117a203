#include "dns/dns_records.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/option.h"
#include "dns/dns_config.h"
#include "dns/dns_record_options.h"
#include "wire/rdata.h"

extern const struct option dns_record_options[];
extern const size_t dns_record_option_count;

static const struct siphash_key key = { 1, 2 };

/* One configuration, read from its lines. */
struct world {
    struct arena arena;
    struct option_errors errors;
    struct dns_config config;
    struct site site;
};

static struct world *make_world(const char *lines)
{
    struct world *world = test_calloc(1, sizeof *world);
    arena_init(&world->arena, 4096, 1 << 24);
    dns_config_init(&world->config);
    site_init(&world->site);
    const struct option_table tables[] = {
        option_own_table(),
        { dns_record_options, dns_record_option_count, &world->config },
    };
    const struct option_set set = { tables, COUNT_OF(tables) };
    struct option_reader *reader = option_reader_create(&set, &world->arena, &world->errors);
    assert_non_null(reader);
    (void)option_read_text(reader, "test", text_of(lines));
    option_reader_free(reader);
    return world;
}

static void free_world(struct world *world)
{
    arena_free(&world->arena);
    test_free(world);
}

static void finish(struct world *world, const char *own_name)
{
    if (world->errors.count > 0)
        fail_msg("%s", world->errors.errors[0].message);
    assert_int_equal(dns_records_finish(&world->config, &world->site, own_name, &world->arena),
                     STATUS_OK);
}

/* All records of a name as "TTL TYPE rdata; ...". */
static const char *records_of(const struct local_names *names, const char *text)
{
    static char buffer[4096];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    const struct local_name *found = local_names_find(names, &name, dname_hash(&key, &name));
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        const struct local_record *record = &found->records[i];
        assert_string_equal(record->source_name, "config");
        text_put_string(&out, i > 0 ? "; " : "");
        if (record->has_ttl)
            text_printf(&out, "%u ", record->ttl);
        text_put_rrtype(&out, record->type);
        text_put_char(&out, ' ');
        text_put_rdata(&out, record->rdata, record->type);
    }
    return buffer;
}

/* ------------------------------------------------------------------ names of the configuration */

static const struct {
    const char *lines, *name, *records;
} rows[] = {
    { "host-record=a.lan,192.0.2.1,2001:db8::1,60", "a.lan",
      "60 A 192.0.2.1; 60 AAAA 2001:db8::1" },
    { "host-record=a.lan,192.0.2.1,60", "1.2.0.192.in-addr.arpa", "60 PTR a.lan." },
    { "host-record=a.lan,b.lan,192.0.2.1", "b.lan", "A 192.0.2.1" },
    { "host-record=a.lan,b.lan,192.0.2.1", "1.2.0.192.in-addr.arpa", "PTR a.lan." },
    { "host-record=a.lan,192.0.2.1\nhost-record=b.lan,192.0.2.1", "1.2.0.192.in-addr.arpa",
      "PTR a.lan." },
    { "host-record=a.lan,192.0.2.1\nptr-record=1.2.0.192.in-addr.arpa,b.lan",
      "1.2.0.192.in-addr.arpa", "PTR b.lan." },
    { "host-record=a.lan,192.0.2.1,192.0.2.2", "a.lan", "A 192.0.2.2" },
    { "cname=a.lan,b.lan,c.lan,9", "b.lan", "9 CNAME c.lan." },
    { "cname=*.lan,c.lan", "*.lan", "CNAME c.lan." },
    { "txt-record=a, b ,c \ntxt-record=a", "a", "TXT \"b \" \"c\"; TXT \"\"" },
    { "txt-record=a,\" b \",\"x,y\"", "a", "TXT \" b \" \"x,y\"" },
    { "ptr-record=_http._tcp.lan,\"Web Server._http._tcp.lan\"", "_http._tcp.lan",
      "PTR Web\\032Server._http._tcp.lan." },
    { "ptr-record=a", "a", "PTR ." },
    { "srv-host=a.b.c,d,1,2,3", "a.b.c", "SRV 2 3 1 d." },
    { "srv-host=a.b.c", "a.b.c", "SRV 0 0 1 ." },
    { "mx-host=a,b,5", "a", "MX 5 b." },
    { "mx-host=a", "a", "MX 1 this.machine." },
    { "mx-host=a,,9\nmx-target=t", "a", "MX 9 t." },
    { "mx-target=t", "this.machine", "MX 0 t." },
    { "mx-target=t\nmx-host=this.machine,b", "this.machine", "MX 1 b." },
    { "localmx", "this.machine", "" },
    { "naptr-record=a,1,2,s,x,,b", "a", "NAPTR 1 2 \"s\" \"x\" \"\" b." },
    { "naptr-record=a,1,2,s,x,\"!^.*$!y!\"", "a", "NAPTR 1 2 \"s\" \"x\" \"!^.*$!y!\" ." },
    { "caa-record=a,128,issue,\"x; y\"", "a", "CAA 128 issue \"x; y\"" },
    { "dns-rr=a,51,01:23:45", "a", "NSEC3PARAM \\# 3 012345" },
    { "dns-rr=a,65400,0:1 2-fe ff03", "a", "type=65400 \\# 6 000102feff03" },
    { "dns-rr=a,65400,123", "a", "type=65400 \\# 2 1203" },
    { "dns-rr=a,65400", "a", "type=65400 \\# 0" },
    { "dns-rr=a,1,c0000201", "a", "A 192.0.2.1" },
    { "dns-rr=a,HTTPS,\"1 . alpn=h2\"", "a", "HTTPS 1 . alpn=\"h2\"" },
    { "dns-rr=a,65,\"1 . alpn=h2,h3\"", "a", "HTTPS 1 . alpn=\"h2,h3\"" },
    { "dns-rr=a,https,1 . alpn=h2,h3 port=1", "a", "HTTPS 1 . alpn=\"h2,h3\" port=1" },
    { "dns-rr=a,TXT,\"one two\"", "a", "TXT \"one\" \"two\"" },
    { "dns-rr=a,TXT,one \"two three\"", "a", "TXT \"one\" \"two three\"" },
    { "dns-rr=a,TXT,\"\\\"one two\\\"\"", "a", "TXT \"one two\"" },
    { "dns-rr=a,CAA,0 issue \"ca.example; x\"", "a", "CAA 0 issue \"ca.example; x\"" },
    { "dns-rr=a,TYPE65400,\\# 2 0102", "a", "type=65400 \\# 2 0102" },
    { "dns-rr=a,65400,\\# 2 0102", "a", "type=65400 \\# 2 0102" },
    { "dns-rr=a,SSHFP,4 2 1234", "a", "SSHFP 4 2 1234" },
    { "dns-rr=a,LOC,\\# 16 00121613800000008000000000989680", "a",
      "LOC 0 0 0.000 N 0 0 0.000 E 0.00m 1m 10000m 10m" },
    { "synth-domain=lan,192.0.2.0/24,x", "x192-0-2-1.lan", "" },
    { "interface-name=a,lan0", "a", "" },
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world *world = make_world(rows[i].lines);
        struct local_names *names;
        finish(world, "this.machine");
        assert_int_equal(local_names_create(&key, &names), STATUS_OK);
        assert_int_equal(dns_records_add_names(&world->config, &world->site, names), STATUS_OK);
        assert_int_equal(local_names_freeze(names), STATUS_OK);
        const char *found = records_of(names, rows[i].name);
        if (strcmp(found, rows[i].records) != 0)
            fail_msg("%s: %s", rows[i].lines, found);
        local_names_free(names);
        free_world(world);
    }
}

/* A name of two labels is completed, others are not. */
static void test_service_domain(void **state)
{
    (void)state;
    static const char *const expected[] = { "_a._b.lan", "_a", "_a._b.c" };
    struct world *world = make_world("srv-host=_a._b\nsrv-host=_a\nsrv-host=_a._b.c\n");
    struct site_domain domain = { .by = SITE_DOMAIN_ALL };
    assert_int_equal(dname_from_text(TEXT("lan"), &domain.name), STATUS_OK);
    world->site.domains = &domain;
    world->site.domain_count = 1;
    finish(world, NULL);
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        char text[DNAME_TEXT_MAX];
        assert_string_equal(dname_text(&world->config.records.records[i].name, text), expected[i]);
    }
    free_world(world);
}

/* A machine whose name is none: mail goes nowhere rather than to a name that cannot be. */
static void test_no_own_name(void **state)
{
    (void)state;
    struct world *world = make_world("mx-host=a\n");
    finish(world, "..");
    assert_int_equal(world->config.records.own_name.count, 0);
    assert_memory_equal(world->config.records.records[0].rdata.at, "\0\1\0", 3);
    free_world(world);
}

static const struct {
    const char *name;
    bool below;
} aboves[] = {
    { "b.c.test", true }, { "c.test", true },  { "test", true },     { ".", true },
    { "d.test", true },   { "e.test", true },  { "f.test", true },   { "a.b.c.test", false },
    { "x.test", false },  { "g.test", false }, { "b.c.tes", false }, { "xc.test", false },
};

static void test_names_above(void **state)
{
    (void)state;
    struct world *world = make_world("txt-record=A.b.C.test,x\nhost-record=h.d.test,192.0.2.1\n"
                                     "cname=i.e.test,j.g.test\ninterface-name=k.f.test,lo\n");
    finish(world, "this.machine");
    for (size_t i = 0; i < COUNT_OF(aboves); i++) {
        struct dname name;
        assert_int_equal(dname_from_text(text_of(aboves[i].name), &name), STATUS_OK);
        if (dns_records_have_below(&world->config.records, &name) != aboves[i].below)
            fail_msg("%s", aboves[i].name);
    }
    free_world(world);
    world = make_world("");
    struct dname root = dname_root();
    assert_false(dns_records_have_below(&world->config.records, &root));
    free_world(world);
}

static void test_wildcard(void **state)
{
    (void)state;
    static const struct {
        const char *name, *target;
    } questions[] = {
        { "x.lan", "one" },   { "x.y.lan", "one" }, { "x.sub.lan", "two" },
        { "sub.lan", "one" }, { "lan", NULL },      { "x.other", NULL },
    };
    struct world *world = make_world("cname=*.lan,one\ncname=*.sub.lan,two\ncname=a.lan,three\n");
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        struct dname name;
        char text[DNAME_TEXT_MAX] = "nothing";
        assert_int_equal(dname_from_text(text_of(questions[i].name), &name), STATUS_OK);
        const struct dns_cname *cname = dns_records_wildcard_cname(&world->config.records, &name);
        if (cname != NULL)
            dname_text(&cname->target, text);
        if (strcmp(text, questions[i].target != NULL ? questions[i].target : "nothing") != 0)
            fail_msg("%s: %s", questions[i].name, text);
    }
    free_world(world);
}

/* ------------------------------------------------------------------ names that follow interfaces
 */

static struct network_address an_address(const char *text, uint8_t length, uint32_t interface)
{
    struct network_address address = { .prefix_length = length, .interface = interface };
    assert_int_equal(address_from_text(text_of(text), &address.address), STATUS_OK);
    return address;
}

static struct network *make_network(void)
{
    struct network *network;
    const struct network_interface interfaces[] = {
        { .index = 1, .name = "lan0", .up = true },
        { .index = 2, .name = "down0" },
    };
    struct network_address addresses[] = {
        an_address("192.0.2.254", 24, 1),    an_address("2001:db8::254", 64, 1),
        an_address("2001:db8::1111", 64, 1), an_address("2001:db8::2222", 64, 1),
        an_address("2001:db8::3333", 64, 1), an_address("fe80::1", 64, 1),
        an_address("10.1.1.1", 17, 1),       an_address("198.51.100.1", 24, 2),
    };
    addresses[2].temporary = true;
    addresses[3].deprecated = true;
    addresses[4].tentative = true;
    strcpy(addresses[6].label, "lan0:1");
    assert_int_equal(
        network_create(interfaces, COUNT_OF(interfaces), addresses, COUNT_OF(addresses), &network),
        STATUS_OK);
    return network;
}

static const struct {
    const char *lines, *name, *records;
} followers[] = {
    { "interface-name=a,lan0", "a",
      "type=0 \\# 2 0001; type=0 \\# 2 001c; A 192.0.2.254; AAAA 2001:db8::254; A 10.1.1.1" },
    { "interface-name=a,lan0/4", "a",
      "type=0 \\# 2 0001; type=0 \\# 2 001c; A 192.0.2.254; A 10.1.1.1" },
    { "interface-name=a,lan0/6", "a", "type=0 \\# 2 0001; type=0 \\# 2 001c; AAAA 2001:db8::254" },
    { "interface-name=a,lan0:1", "a", "type=0 \\# 2 0001; type=0 \\# 2 001c; A 10.1.1.1" },
    { "interface-name=a,down0", "a", "type=0 \\# 2 0001; type=0 \\# 2 001c" },
    { "interface-name=a,nosuch", "a", "type=0 \\# 2 0001; type=0 \\# 2 001c" },
    { "interface-name=a,lan0\ninterface-name=b,lan0", "254.2.0.192.in-addr.arpa", "PTR a." },
    { "dynamic-host=a,0.0.0.9,lan0", "a", "type=0 \\# 2 0001; A 192.0.2.9; A 10.1.0.9" },
    { "dynamic-host=a,255.255.255.9,lan0", "a", "type=0 \\# 2 0001; A 192.0.2.9; A 10.1.127.9" },
    { "dynamic-host=a,::9:0:0:9,lan0", "a", "type=0 \\# 2 001c; AAAA 2001:db8::9:0:0:9" },
    { "dynamic-host=a,0.0.0.9,lan0", "9.2.0.192.in-addr.arpa", "PTR a." },
};

static void test_followers(void **state)
{
    (void)state;
    struct network *network = make_network();
    for (size_t i = 0; i < COUNT_OF(followers); i++) {
        struct world *world = make_world(followers[i].lines);
        struct local_names *names;
        finish(world, "this.machine");
        assert_int_equal(
            dns_records_network_names(&world->config, &world->site, network, &key, &names),
            STATUS_OK);
        const char *found = records_of(names, followers[i].name);
        if (strcmp(found, followers[i].records) != 0)
            fail_msg("%s: %s", followers[i].lines, found);
        local_names_free(names);
        free_world(world);
    }
    struct world *world = make_world("host-record=a,192.0.2.1\n");
    struct local_names *none;
    assert_int_equal(dns_records_network_names(&world->config, &world->site, network, &key, &none),
                     STATUS_OK);
    assert_null(none);
    free_world(world);
    network_free(network);
}

/* ------------------------------------------------------------------ errors */

static const struct {
    const char *line;
    unsigned column;
    const char *message; /* how it begins */
} wrong[] = {
    { "host-record=a", 13, "there is no address for the name" },
    { "host-record=a,192.0.2.300", 15, "\"192.0.2.300\" is not an address" },
    { "host-record=a..b,192.0.2.1", 13, "\"a..b\" is not a name" },
    { "host-record=a,192.0.2.1,9999999999", 25, "\"9999999999\" is no time to live" },
    { "dynamic-host=a,eth0", 16, "the host part is missing" },
    { "dynamic-host=a,0.0.0.1", 23, "the interface is missing" },
    { "interface-name=a,eth0/5", 23, "\"5\" is not a family" },
    { "synth-domain=a,192.0.2.0/33", 26, "33 is too long for a prefix" },
    { "synth-domain=a,192.0.2.9,192.0.2.1", 26, "the range ends before it begins" },
    { "synth-domain=a,2001:db8::/63,x*", 30, "a range whose names are numbered" },
    { "cname=a", 7, "the target is missing" },
    { "srv-host=a,b,x", 14, "\"x\" is not a port" },
    { "mx-host=a,b,x", 13, "\"x\" is not a preference" },
    { "naptr-record=a,1,2", 14, "a NAPTR record has six fields or seven" },
    { "caa-record=a,0,is-sue,x", 16, "\"is-sue\" is not a tag" },
    { "dns-rr=a,NOSUCH,x", 10, "\"NOSUCH\" is not a record type" },
    { "dns-rr=a,OPT,x", 10, "no record can have the type OPT" },
    { "dns-rr=a,HTTPS,1 . alp=h2", 20, "\"alp=h2\" is not a service parameter" },
    { "dns-rr=a,HTTPS,\"1 . alp=h2\"", 21, "\"alp=h2\" is not a service parameter" },
    { "dns-rr=a,A,192.0.2.x", 12, "\"192.0.2.x\" is not an IPv4 address" },
    { "dns-rr=a,1,010203", 12, "these bytes are not what a record of this type holds" },
    { "dns-rr=a,51,xy", 13, "\"xy\" is not hexadecimal; with the type's name" },
    { "dns-rr=a,LOC,52 N", 14, "records of this type are written as bytes" },
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        struct world *world = make_world(wrong[i].line);
        if (world->errors.count != 1)
            fail_msg("%s: %zu errors", wrong[i].line, world->errors.count);
        const struct option_error *error = &world->errors.errors[0];
        if (error->column != wrong[i].column
            || !text_starts(text_of(error->message), text_of(wrong[i].message)))
            fail_msg("%s: column %u, %s", wrong[i].line, error->column, error->message);
        free_world(world);
    }
}

static const struct {
    const char *lines, *compat; /* of the first error; NULL: none */
} loops[] = {
    { "cname=a,b\ncname=b,c\ncname=c,d", NULL },
    { "cname=a,a", "CNAME loop involving a" },
    { "cname=a,b\ncname=b,A", "CNAME loop involving b" },
    { "cname=x,a\ncname=a,b\ncname=b,a", "CNAME loop involving b" },
    { "cname=a,b\ncname=b,a\ncname=x,a", "CNAME loop involving x" },
    { "cname=a,b\ncname=A,c", "duplicate CNAME" },
};

static void test_loops(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(loops); i++) {
        struct world *world = make_world(loops[i].lines);
        dns_record_options_finish(&world->config, &world->site, &world->errors, &world->arena);
        bool as_expected =
            loops[i].compat == NULL
                ? world->errors.count == 0
                : world->errors.count == 1
                      && strcmp(world->errors.errors[0].compat, loops[i].compat) == 0;
        if (!as_expected)
            fail_msg("%s: %s", loops[i].lines,
                     world->errors.count > 0 ? world->errors.errors[0].compat : "no error");
        free_world(world);
    }
}

/* A hundred thousand aliases in one chain: every one is looked at once. */
static void test_long_chain(void **state)
{
    (void)state;
    enum { COUNT = 100000, BYTES = COUNT * 32 };
    char *lines = test_malloc(BYTES);
    struct text_out out = text_out_on(lines, BYTES);
    for (unsigned i = 0; i < COUNT; i++)
        text_printf(&out, "cname=n%u,n%u\n", i, i + 1);
    assert_false(out.failed);
    struct arena arena;
    arena_init(&arena, 1 << 20, (size_t)1 << 31);
    struct dns_config config;
    struct site site;
    static struct option_errors errors;
    dns_config_init(&config);
    site_init(&site);
    const struct option_table tables[] = {
        option_own_table(),
        { dns_record_options, dns_record_option_count, &config },
    };
    const struct option_set set = { tables, COUNT_OF(tables) };
    struct option_reader *reader = option_reader_create(&set, &arena, &errors);
    (void)option_read_text(reader, "test", text_out_text(&out));
    option_reader_free(reader);
    dns_record_options_finish(&config, &site, &errors, &arena);
    assert_int_equal(errors.count, 0);
    assert_int_equal(config.records.cname_count, COUNT);
    arena_free(&arena);
    test_free(lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),       cmocka_unit_test(test_service_domain),
        cmocka_unit_test(test_no_own_name), cmocka_unit_test(test_names_above),
        cmocka_unit_test(test_wildcard),    cmocka_unit_test(test_followers),
        cmocka_unit_test(test_wrong),       cmocka_unit_test(test_loops),
        cmocka_unit_test(test_long_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "dns/reply_rules.h"

#include "config/option_line_test.h"
#include "dns/dns_config.h"
#include "dns/fixture_text.h"

extern const struct option dns_filter_options[];
extern const size_t dns_filter_option_count;

static struct dns_config config;
static struct dns_reply reply;
static uint8_t buffer[DNS_MESSAGE_MAX];

#define A    RRTYPE_A
#define AAAA RRTYPE_AAAA
#define TXT  RRTYPE_TXT
#define MX   RRTYPE_MX
#define ANY  RRTYPE_ANY
#define IGN  (-1)

/* The question is a.test; `left` is what remains, the authority section included. */
static const struct {
    const char *claim;
    const char *lines;
    uint16_t qtype;
    const char *rcode; /* of the server's answer */
    const char *answer, *authority;
    int rule; /* enum reply_rule, or IGN */
    enum reply_kind kind;
    const char *left;
} rows[] = {
    { "nothing fits", "bogus-nxdomain=192.0.2.1", A, "", "a.test 60 A 192.0.2.2", "", REPLY_AS_SENT,
      REPLY_DATA, "a.test 60 A 192.0.2.2" },

    { "bogus", "bogus-nxdomain=192.0.2.1", A, "", "a.test 60 A 192.0.2.1", "test 60 NS ns.test",
      REPLY_DENIED, REPLY_NXDOMAIN, "" },
    { "bogus, one of several", "bogus-nxdomain=192.0.2.0/24", A, "",
      "a.test 60 A 198.51.100.1, a.test 60 A 192.0.2.200", "", REPLY_DENIED, REPLY_NXDOMAIN, "" },
    { "bogus, the second line", "bogus-nxdomain=192.0.2.1\nbogus-nxdomain=198.51.100.0/24", A, "",
      "a.test 60 A 198.51.100.1", "", REPLY_DENIED, REPLY_NXDOMAIN, "" },
    { "bogus behind an alias", "bogus-nxdomain=192.0.2.1", A, "",
      "a.test 60 CNAME b.test, b.test 60 A 192.0.2.1", "", REPLY_DENIED, REPLY_NXDOMAIN,
      "a.test 60 CNAME b.test" },
    { "bogus, IPv6", "bogus-nxdomain=2001:db8::/32", AAAA, "", "a.test 60 AAAA 2001:db8::9", "",
      REPLY_DENIED, REPLY_NXDOMAIN, "" },
    { "bogus among all types", "bogus-nxdomain=192.0.2.1", ANY, "",
      "a.test 60 TXT x, a.test 60 A 192.0.2.1", "", REPLY_DENIED, REPLY_NXDOMAIN, "" },
    { "an address of a name server is no answer", "bogus-nxdomain=192.0.2.1", TXT, "",
      "a.test 60 TXT x", "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 TXT \"x\"" },
    { "an error says nothing of addresses", "stop-dns-rebind", A, "NOTIMP", "a.test 60 A 10.0.0.1",
      "", REPLY_AS_SENT, REPLY_ERROR, "" },
    { "a denial with data in it", "stop-dns-rebind", A, "NXDOMAIN", "a.test 60 A 10.0.0.1", "",
      REPLY_BLOCKED, REPLY_INCOMPLETE, "" },

    { "ignored", "ignore-address=192.0.2.1", A, "", "a.test 60 A 192.0.2.1", "", IGN, REPLY_DATA,
      "a.test 60 A 192.0.2.1" },
    { "ignored before it is bogus", "bogus-nxdomain=192.0.2.1\nignore-address=192.0.2.1", A, "",
      "a.test 60 A 192.0.2.1", "", IGN, REPLY_DATA, "a.test 60 A 192.0.2.1" },
    { "ignored is what was sent", "ignore-address=10.0.0.1\nalias=192.0.2.1,10.0.0.1", A, "",
      "a.test 60 A 192.0.2.1", "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.0.0.1!" },

    { "rebind", "stop-dns-rebind", A, "", "a.test 60 A 10.0.0.1", "test 60 NS ns.test",
      REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "rebind among others", "stop-dns-rebind", A, "",
      "a.test 60 A 8.8.8.8, a.test 60 A 192.168.0.1", "", REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "rebind at the end of a chain", "stop-dns-rebind", A, "",
      "a.test 60 CNAME b.test, b.test 60 A 127.0.0.1", "", REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "rebind, mapped", "stop-dns-rebind", AAAA, "", "a.test 60 AAAA ::ffff:10.0.0.1", "",
      REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "no rebind", "stop-dns-rebind", A, "", "a.test 60 A 8.8.8.8", "", REPLY_AS_SENT, REPLY_DATA,
      "a.test 60 A 8.8.8.8" },
    { "private without stop-dns-rebind", "rebind-localhost-ok\nrebind-domain-ok=x", A, "",
      "a.test 60 A 10.0.0.1", "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.0.0.1" },
    { "rebind-domain-ok", "stop-dns-rebind\nrebind-domain-ok=/x/TEST/", A, "",
      "a.test 60 A 10.0.0.1", "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.0.0.1" },
    { "rebind-domain-ok of the alias's target", "stop-dns-rebind\nrebind-domain-ok=b.other", A, "",
      "a.test 60 CNAME b.other, b.other 60 A 10.0.0.1", "", REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "rebind-domain-ok is whole labels", "stop-dns-rebind\nrebind-domain-ok=est", A, "",
      "a.test 60 A 10.0.0.1", "", REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "rebind-localhost-ok", "stop-dns-rebind\nrebind-localhost-ok", A, "",
      "a.test 60 A 127.0.0.2, a.test 60 A 0.0.0.0", "", REPLY_AS_SENT, REPLY_DATA,
      "a.test 60 A 127.0.0.2, a.test 60 A 0.0.0.0" },
    { "rebind-localhost-ok, IPv6", "stop-dns-rebind\nrebind-localhost-ok", AAAA, "",
      "a.test 60 AAAA ::1, a.test 60 AAAA ::, a.test 60 AAAA ::ffff:127.0.0.1", "", REPLY_AS_SENT,
      REPLY_DATA, "a.test 60 AAAA ::1, a.test 60 AAAA ::, a.test 60 AAAA ::ffff:127.0.0.1" },
    { "rebind-localhost-ok is for no other", "stop-dns-rebind\nrebind-localhost-ok", A, "",
      "a.test 60 A 127.0.0.2, a.test 60 A 10.0.0.1", "", REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "bogus before rebind", "stop-dns-rebind\nbogus-nxdomain=10.0.0.1", A, "",
      "a.test 60 A 10.0.0.1", "", REPLY_DENIED, REPLY_NXDOMAIN, "" },
    { "rebind before the filter", "stop-dns-rebind\nfilter-A", A, "", "a.test 60 A 10.0.0.1", "",
      REPLY_BLOCKED, REPLY_INCOMPLETE, "" },

    { "alias", "alias=192.0.2.1,10.0.0.1", A, "", "a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2",
      "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.0.0.1!, a.test 60 A 192.0.2.2" },
    { "alias of a net", "alias=192.0.2.0,10.1.1.77,255.255.255.0", A, "",
      "a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.254, a.test 60 A 192.0.3.1", "", REPLY_AS_SENT,
      REPLY_DATA, "a.test 60 A 10.1.1.1!, a.test 60 A 10.1.1.254!, a.test 60 A 192.0.3.1" },
    { "alias of a range", "alias=192.0.2.2-192.0.2.3,10.1.1.0,255.255.255.0", A, "",
      "*4 a.test 60 A 192.0.2.1", "", REPLY_AS_SENT, REPLY_DATA,
      "a.test 60 A 192.0.2.1, a.test 60 A 10.1.1.2!, a.test 60 A 10.1.1.3!, a.test 60 A "
      "192.0.2.4" },
    { "the last alias wins", "alias=192.0.2.0,10.1.1.0,255.255.255.0\nalias=192.0.2.1,10.0.0.1", A,
      "", "a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2", "", REPLY_AS_SENT, REPLY_DATA,
      "a.test 60 A 10.0.0.1!, a.test 60 A 10.1.1.2!" },
    { "an alias is not followed", "alias=192.0.2.1,10.0.0.1\nalias=10.0.0.1,10.0.0.2", A, "",
      "a.test 60 A 192.0.2.1", "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.0.0.1!" },
    { "alias behind CNAME, authority stays", "alias=192.0.2.1,10.0.0.1", A, "",
      "a.test 60 CNAME b.test, b.test 60 A 192.0.2.1", "test 60 NS ns.test", REPLY_AS_SENT,
      REPLY_DATA, "a.test 60 CNAME b.test, b.test 60 A 10.0.0.1!, test 60 NS ns.test" },
    { "an odd mask", "alias=192.0.2.1,10.0.3.0,255.0.255.0", A, "", "a.test 60 A 192.9.2.9", "",
      REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.9.3.9!" },
    { "every address", "alias=0.0.0.0,0.0.0.0,0.0.0.0", A, "", "a.test 60 A 192.9.2.9", "",
      REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 192.9.2.9!" },
    { "what an alias makes is judged", "stop-dns-rebind\nalias=8.8.8.8,10.0.0.1", A, "",
      "a.test 60 A 8.8.8.8", "", REPLY_BLOCKED, REPLY_INCOMPLETE, "" },
    { "what an alias hides is not", "bogus-nxdomain=8.8.8.8\nalias=8.8.8.8,10.0.0.1", A, "",
      "a.test 60 A 8.8.8.8", "", REPLY_AS_SENT, REPLY_DATA, "a.test 60 A 10.0.0.1!" },

    { "filter-A", "filter-A", A, "", "a.test 60 A 192.0.2.1", "test 60 NS ns.test", REPLY_FILTERED,
      REPLY_NODATA, "test 60 NS ns.test" },
    { "filter-A leaves AAAA", "filter-A", AAAA, "", "a.test 60 AAAA 2001:db8::1", "", REPLY_AS_SENT,
      REPLY_DATA, "a.test 60 AAAA 2001:db8::1" },
    { "filter-AAAA", "filter-AAAA", AAAA, "", "a.test 60 CNAME b.test, b.test 60 AAAA 2001:db8::1",
      "", REPLY_FILTERED, REPLY_NODATA, "a.test 60 CNAME b.test" },
    { "filter-rr", "filter-rr=MX,TXT", TXT, "", "a.test 60 TXT x, a.test 60 TXT y", "",
      REPLY_FILTERED, REPLY_NODATA, "" },
    { "filter-rr by number", "filter-rr=16", TXT, "", "a.test 60 TXT x", "", REPLY_FILTERED,
      REPLY_NODATA, "" },
    { "the largest type", "filter-rr=65535", 65535, "", "a.test 60 TYPE65535 01", "",
      REPLY_FILTERED, REPLY_NODATA, "" },
    { "a denial has nothing to filter", "filter-A", A, "NXDOMAIN", "", "test 60 SOA 5",
      REPLY_AS_SENT, REPLY_NXDOMAIN, "test 60 SOA 5" },
    { "nor has NODATA", "filter-A", A, "", "", "test 60 SOA 5", REPLY_AS_SENT, REPLY_NODATA,
      "test 60 SOA 5" },
    { "some of all types", "filter-A\nfilter-rr=TXT", ANY, "",
      "a.test 60 A 192.0.2.1, a.test 60 TXT x, a.test 60 MX 1 b.test", "", REPLY_FILTERED,
      REPLY_DATA, "a.test 60 MX 1 b.test" },
    { "all of all types", "filter-A", ANY, "", "a.test 60 A 192.0.2.1", "", REPLY_FILTERED,
      REPLY_NODATA, "" },
    { "the common types", "filter-rr=ANY", ANY, "",
      "a.test 60 TXT x, a.test 60 A 192.0.2.1, a.test 60 AAAA 2001:db8::1, a.test 60 MX 1 b.test, "
      "a.test 60 SRV 1 1 1 b.test",
      "", REPLY_FILTERED, REPLY_DATA,
      "a.test 60 A 192.0.2.1, a.test 60 AAAA 2001:db8::1, a.test 60 MX 1 b.test" },
    { "filter-rr=ANY is for ANY", "filter-rr=ANY", TXT, "", "a.test 60 TXT x", "", REPLY_AS_SENT,
      REPLY_DATA, "a.test 60 TXT \"x\"" },
    { "aliases on the way stay", "filter-rr=CNAME", A, "",
      "a.test 60 CNAME b.test, b.test 60 A 192.0.2.1", "", REPLY_AS_SENT, REPLY_DATA,
      "a.test 60 CNAME b.test, b.test 60 A 192.0.2.1" },
    { "an alias asked for does not", "filter-rr=CNAME", RRTYPE_CNAME, "", "a.test 60 CNAME b.test",
      "", REPLY_FILTERED, REPLY_NODATA, "" },
    { "authority is no answer", "filter-rr=NS", TXT, "", "a.test 60 TXT x", "test 60 NS ns.test",
      REPLY_AS_SENT, REPLY_DATA, "a.test 60 TXT \"x\", test 60 NS ns.test" },
};

static unsigned rcode_of(const char *text)
{
    if (strcmp(text, "NXDOMAIN") == 0)
        return RCODE_NXDOMAIN;
    return strcmp(text, "NOTIMP") == 0 ? RCODE_NOTIMP : RCODE_NOERROR;
}

static void read_answer(size_t row)
{
    struct dns_builder builder;
    struct dns_message message;
    struct dname name;

    assert_int_equal(dname_from_text(TEXT("a.test"), &name), STATUS_OK);
    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(
        &builder, 1,
        (uint16_t)(DNS_FLAG_QR | DNS_FLAG_RA | DNS_FLAG_AD | rcode_of(rows[row].rcode)));
    dns_builder_question(&builder, &name, rows[row].qtype, RRCLASS_IN);
    assert_true(fixture_put_records(&builder, DNS_ANSWER, text_of(rows[row].answer)));
    assert_true(fixture_put_records(&builder, DNS_AUTHORITY, text_of(rows[row].authority)));
    assert_int_equal(dns_message_read(dns_builder_finish(&builder), &message), STATUS_OK);
    assert_int_equal(reply_read(&message, false, &reply), STATUS_OK);
}

static const char *left_text(char *room, size_t count)
{
    struct text_out out = text_out_on(room, count);
    text_put_string(&out, "");
    for (size_t i = 0; i < reply.count; i++) {
        const struct reply_record *record = &reply.records[i];
        struct dname other;
        const struct dname *owner = &other;
        if (record->link != REPLY_NO_LINK)
            owner = &reply.links[record->link];
        else
            assert_int_equal(dname_from_wire(record->owner, &other), STATUS_OK);
        if (i > 0)
            text_put_string(&out, ", ");
        text_put_fixture_record(&out, owner, record->ttl, record->type, record->rdata);
        if (record->aliased)
            text_put_char(&out, '!');
    }
    return room;
}

static void reset(void *part)
{
    dns_config_init(part);
}

static struct reply_rules *rules_of(const char *lines, struct arena *arena)
{
    static const struct siphash_key key;
    struct option_table table = { dns_filter_options, dns_filter_option_count, &config };
    struct option_set set = { &table, 1 };
    struct reply_rules *rules;

    reset(&config);
    line_read(&set, lines);
    assert_int_equal(line_errors.count, 0);
    assert_int_equal(reply_rules_create(&config.filters, &key, arena, &rules), STATUS_OK);
    return rules;
}

static void answers_by_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char left[2048];
        arena_init(&line_arena, 4096, 1 << 22);
        struct reply_rules *rules = rules_of(rows[i].lines, &line_arena);
        read_answer(i);
        int rule = IGN;
        if (rules == NULL || reply_rules_apply(rules, rows[i].qtype, &reply) == REPLY_RULES_TAKE)
            rule = reply.rule;
        if (rule != rows[i].rule || reply.kind != rows[i].kind
            || strcmp(left_text(left, sizeof left), rows[i].left) != 0)
            fail_msg("%s: rule %d, kind %d, left: %s", rows[i].claim, rule, reply.kind, left);
        /* What is not as the server sent it was not checked by it. */
        bool changed = rule > REPLY_AS_SENT || strchr(left, '!') != NULL;
        if (changed == ((reply.flags & DNS_FLAG_AD) != 0))
            fail_msg("%s: AD", rows[i].claim);
        if ((rule == REPLY_DENIED || rule == REPLY_FILTERED) && reply.rule_ttl != 60)
            fail_msg("%s: TTL %u", rows[i].claim, reply.rule_ttl);
        reply_rules_free(rules);
        arena_free(&line_arena);
    }
}

static void nothing_configured_is_nothing(void **state)
{
    (void)state;
    arena_init(&line_arena, 4096, 1 << 20);
    assert_null(rules_of("", &line_arena));
    assert_null(rules_of("filterwin2k\ncache-rr=TXT\nuse-stale-cache\nproxy-dnssec", &line_arena));
    assert_false(reply_rules_filter(NULL, RRTYPE_A));
    arena_free(&line_arena);
}

/* A SOA that moves up in the list is still found. */
static void the_soa_moves_along(void **state)
{
    struct dns_builder builder;
    struct dns_message message;
    struct dname name;
    (void)state;

    arena_init(&line_arena, 4096, 1 << 20);
    struct reply_rules *rules = rules_of("filter-A", &line_arena);
    assert_int_equal(dname_from_text(TEXT("a.test"), &name), STATUS_OK);
    dns_builder_start(&builder, buffer, sizeof buffer, sizeof buffer);
    dns_builder_header(&builder, 1, DNS_FLAG_QR);
    dns_builder_question(&builder, &name, RRTYPE_A, RRCLASS_IN);
    assert_true(fixture_put_records(&builder, DNS_ANSWER, TEXT("*5 a.test 60 A 192.0.2.1")));
    assert_true(fixture_put_records(&builder, DNS_AUTHORITY, TEXT("test 60 SOA 7")));
    assert_int_equal(dns_message_read(dns_builder_finish(&builder), &message), STATUS_OK);
    assert_int_equal(reply_read(&message, false, &reply), STATUS_OK);
    assert_int_equal(reply_rules_apply(rules, RRTYPE_A, &reply), REPLY_RULES_TAKE);
    assert_int_equal(reply.count, 1);
    assert_ptr_equal(reply.soa, &reply.records[0]);
    assert_int_equal(reply.soa->type, RRTYPE_SOA);
    arena_free(&line_arena);
}

/* ------------------------------------------------------------------ the options */

static const struct line_row lines[] = {
    { "types", "filter-rr=TXT,mx,65,TYPE64", "filter-rr=TXT,MX,HTTPS,SVCB", NULL, NULL },
    { "types of two lines", "filter-rr=TXT\nfilter-rr=65400", "filter-rr=TXT,65400", NULL, NULL },
    { "a type that is none", "filter-rr=TXT,NOSUCH", NULL, "bad RR type", "NOSUCH" },
    { "a type too large", "cache-rr=65536", NULL, "bad RR type", "65536" },
    { "a type below nothing", "cache-rr=-1", NULL, "bad RR type", "-1" },
    { "types to keep", "cache-rr=ANY", "cache-rr=ANY", NULL, NULL },
    { "types left out", "filter-rr=,TXT,,", "filter-rr=TXT", NULL, NULL },
    { "an address", "bogus-nxdomain=192.0.2.1", "bogus-nxdomain=192.0.2.1", NULL, NULL },
    { "a prefix", "bogus-nxdomain=192.0.2.1/24", "bogus-nxdomain=192.0.2.0/24", NULL, NULL },
    { "everything", "ignore-address=::/0", "ignore-address=::/0", NULL, NULL },
    { "a whole prefix", "ignore-address=::1/128", "ignore-address=::1", NULL, NULL },
    { "a slash alone", "ignore-address=192.0.2.1/", "ignore-address=192.0.2.1", NULL, NULL },
    { "too long a prefix", "bogus-nxdomain=192.0.2.1/33", NULL, "error", "0 to 32" },
    { "no address", "bogus-nxdomain=foo", NULL, "error", "\"foo\" is not an address" },
    { "two addresses", "bogus-nxdomain=192.0.2.1,192.0.2.2", NULL, "error", "not an address" },
    { "an alias", "alias=192.0.2.1,10.0.0.1", "alias=192.0.2.1,10.0.0.1", NULL, NULL },
    { "an alias of a net", "alias=192.0.2.1, 10.0.0.1 ,255.255.255.0",
      "alias=192.0.2.1,10.0.0.1,255.255.255.0", NULL, NULL },
    { "an alias of a range", "alias=192.0.2.1-192.0.2.9,10.0.0.0,255.255.255.0",
      "alias=192.0.2.1-192.0.2.9,10.0.0.0,255.255.255.0", NULL, NULL },
    { "a range over nets", "alias=192.0.2.1-192.0.2.9,10.0.0.0", NULL, "invalid alias range",
      "mask" },
    { "a range turned round", "alias=192.0.2.9-192.0.2.1,10.0.0.0,255.255.255.0", NULL,
      "invalid alias range", "ends before" },
    { "a range without end", "alias=192.0.2.9-,10.0.0.0", NULL, "invalid alias range", "IPv4" },
    { "no new address", "alias=192.0.2.9", NULL, "missing address in alias", "new address" },
    { "an IPv6 alias", "alias=::1,::2", NULL, "missing address in alias", "\"::1\"" },
    { "a fourth field", "alias=192.0.2.1,10.0.0.1,255.255.255.0,x", NULL,
      "missing address in alias", "\"x\"" },
    { "a domain", "rebind-domain-ok=Corp.example", "rebind-domain-ok=/Corp.example/", NULL, NULL },
    { "domains", "rebind-domain-ok=/a/b.c/\nrebind-domain-ok=d/e",
      "rebind-domain-ok=/a/\nrebind-domain-ok=/b.c/\nrebind-domain-ok=/d/\nrebind-domain-ok=/e/",
      NULL, NULL },
    { "a domain that is none", "rebind-domain-ok=a..b", NULL, "error", "\"a..b\"" },
    { "stale for a day", "use-stale-cache", "use-stale-cache", NULL, NULL },
    { "stale for ever", "use-stale-cache=0", "use-stale-cache=0", NULL, NULL },
    { "stale for a while", "use-stale-cache=60", "use-stale-cache=60", NULL, NULL },
    { "stale for no number", "use-stale-cache=1h", NULL, "error", "\"1h\"" },
    { "stale too long", "use-stale-cache=4294967295", NULL, "error", "4294967295" },
    { "flags",
      "filterwin2k\nfilter-A\nfilter-AAAA\nstop-dns-rebind\nrebind-localhost-ok\nproxy-dnssec",
      "filterwin2k\nfilter-A\nfilter-AAAA\nstop-dns-rebind\nrebind-localhost-ok\nproxy-dnssec",
      NULL, NULL },
};

static void lines_of_filters(void **state)
{
    static struct option_table table = { dns_filter_options, 0, &config };
    static const struct option_set set = { &table, 1 };
    (void)state;

    table.count = dns_filter_option_count;
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        line_check(&set, reset, &config, &lines[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_by_rule),
        cmocka_unit_test(nothing_configured_is_nothing),
        cmocka_unit_test(the_soa_moves_along),
        cmocka_unit_test(lines_of_filters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

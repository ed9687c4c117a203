#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "dns/dns_explain.h"
#include "dns/worker_state.h"
#include "dns/worker_fixture.h"
#include "wire/dns_message.h"

#define REPORT_BYTES 65536
#define LINE_BYTES   4096

/* Every row is explained first, and then asked: the worker must do what the explanation said. */
static const struct {
    const char *name;
    const char *script; /* what happened before */
    const char *ask;
    const char *settled; /* the step that settles it */
    const char *also;    /* stands in the explanation too; NULL: nothing else is looked for */
} rows[] = {
    { "hosts file", "name printer.lan 192.0.2.5\n", "printer.lan A", "local names", "/etc/hosts" },
    { "reverse name", "name printer.lan 192.0.2.5\n", "5.2.0.192.in-addr.arpa PTR", "local names",
      NULL },
    { "record of the configuration", "record lan.test 300 MX 10 a.b\n", "lan.test MX",
      "local names", NULL },
    { "alias", "record www.lan - CNAME srv.lan\nname srv.lan 192.0.2.7\n", "www.lan A",
      "local names", "alias here" },
    { "lease", "lease laptop 192.0.2.77\n", "laptop A", "local names", "DHCP client" },
    { "made up", "synth pool.test 192.0.2.20 192.0.2.30 host-\n", "host-192-0-2-21.pool.test A",
      "local names", "synth-domain" },
    { "two addresses turn round as they will",
      "name two.lan 192.0.2.5\nname two.lan 192.0.2.6\nask two.lan A\n"
      "= reply NOERROR aa rd ra: two.lan 0 A 192.0.2.5, two.lan 0 A 192.0.2.6\n",
      "two.lan A", "local names", NULL },
    { "localise-queries", "set localise\nname a.lan 203.0.113.1\nname a.lan 192.0.2.9\n", "a.lan A",
      "local names", NULL },
    { "known with another type", "server 198.51.100.1\nname printer.lan 192.0.2.5\n",
      "printer.lan AAAA", "upstream", "no record of this type" },
    { "address= below a domain", "address /ads.test/ 203.0.113.9\n", "x.ads.test A", "domain rules",
      "/ads.test/" },
    { "address= of another family goes on", "server 198.51.100.1\naddress /ads.test/ 203.0.113.9\n",
      "ads.test AAAA", "upstream", "says nothing of this type" },
    { "null address", "address /ads.test/ #\n", "ads.test A", "domain rules", "null address" },
    { "local=", "local /lan/\nname a.lan 192.0.2.3\n", "nobody.lan A", "domain rules",
      "answered here only" },
    { "local=, known with another type", "local /lan/\nname a.lan 192.0.2.3\n", "a.lan AAAA",
      "domain rules", NULL },
    { "filterwin2k", "set filterwin2k\nserver 198.51.100.1\n", "_ldap._tcp.test SRV",
      "questions of Windows", NULL },
    { "bogus-priv", "set bogus-priv\nserver 198.51.100.1\n", "1.0.168.192.in-addr.arpa PTR",
      "private addresses", "nobody here has" },
    { "domain-needed", "set domain-needed\nserver 198.51.100.1\n", "plain A", "names without a dot",
      "not asked upstream" },
    { "zone transfer", "server 198.51.100.1\n", "a.test AXFR", "kind of question", NULL },
    { "nothing to ask", "", "a.test A", "upstream", "no server" },
    { "the only server", "server 198.51.100.1\n", "a.test A", "upstream", "the only one" },
    { "server of a domain", "server 198.51.100.1\nserver /corp.test/ 198.51.100.2\n",
      "x.corp.test A", "upstream", "/corp.test/" },
    { "the domain that is longer", "server /test/ 198.51.100.1\nserver /corp.test/ 198.51.100.2\n",
      "x.corp.test A", "upstream", "/corp.test/" },
    { "end of a label", "server 198.51.100.1\nserver /*rp.test/ 198.51.100.2\n", "corp.test A",
      "upstream", "/*rp.test/" },
    { "names without a dot", "server 198.51.100.1\nserver // 198.51.100.2\n", "plain A", "upstream",
      "without a dot" },
    { "any name", "address /#/ 203.0.113.9\n", "a.test A", "domain rules", "/#/" },
    { "back to the default servers",
      "server 198.51.100.1\nserver /corp.test/ 198.51.100.2\nserver /sub.corp.test/ #\n",
      "sub.corp.test A", "upstream", "the default servers" },
    { "all at first", "server 198.51.100.1\nserver 198.51.100.2\n", "a.test A", "upstream",
      "none is preferred" },
    { "the one that answered first",
      "server 198.51.100.1\nserver 198.51.100.2\nask b.test A\n= send 0 udp b.test A rd\n"
      "= send 1 udp b.test A rd\nanswer 1 NOERROR b.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: b.test 60 A 192.0.2.1\n= close\n",
      "a.test A", "upstream", "the last to answer first" },
    { "strict-order", "set strict-order\nserver 198.51.100.1\nserver 198.51.100.2\n", "a.test A",
      "upstream", "strict-order" },
    { "all-servers", "set all-servers\nserver 198.51.100.1\nserver 198.51.100.2\n", "a.test A",
      "upstream", "all-servers" },
    { "in the cache",
      "server 198.51.100.1\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "= close\nwait 5000\n",
      "a.test A", "cache", "\"ttl_left_s\": 55" },
    { "two in the cache, which turn as they will",
      "server 198.51.100.1\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2\n= close\n",
      "a.test A", "cache", NULL },
    { "an alias in the cache",
      "server 198.51.100.1\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 CNAME b.test, b.test 30 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 CNAME b.test, b.test 30 A 192.0.2.1\n= close\n",
      "a.test A", "cache", "\"alias\"" },
    { "no such name, in the cache",
      "server 198.51.100.1\nset neg-ttl 50\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NXDOMAIN\n= reply NXDOMAIN rd ra\n= close\n",
      "a.test A", "cache", "no such name" },
    { "expired",
      "server 198.51.100.1\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n= close\nwait 90000\n",
      "a.test A", "upstream", "\"stale\"" },
    { "expired, and given all the same",
      "server 198.51.100.1\nset stale 3600\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "= close\nwait 90000\n",
      "a.test A", "cache", "use-stale-cache" },
    { "a failure is remembered",
      "server 198.51.100.1\nask a.test A\n= send 0 udp a.test A rd\nanswer 0 SERVFAIL\n"
      "= send 0 udp a.test A rd\nanswer 0 SERVFAIL\n= reply SERVFAIL rd ra\n= close\n",
      "a.test A", "upstream", "RFC 9520" },
    { "a type that is taken out", "server 198.51.100.1\nset filter-AAAA\nname a.lan 192.0.2.1\n",
      "a.lan AAAA", "cache", "the name is known here, and records of this type are taken out" },
    { "a type that is taken out, of a name in the cache",
      "server 198.51.100.1\nset filter-AAAA\nask a.test A\n= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "= close\n",
      "a.test AAAA", "cache", "it knows the name, and records of this type are taken out" },
    { "an answer of which nothing was left",
      "server 198.51.100.1\nset filter-AAAA\nask a.test AAAA\n= send 0 udp a.test AAAA rd\n"
      "answer 0 NOERROR a.test 60 AAAA 2001:db8::1\n= reply NOERROR rd ra\n= close\n",
      "a.test AAAA", "cache", "what was left of an answer" },
    { "rebind protection", "server 198.51.100.1\nset stop-dns-rebind\n", "a.test A", "upstream",
      "private address is refused" },
    { "another interface is served", "set interface\nserver 198.51.100.1\n", "interface=3 a.test A",
      "admission", "not served" },
};

static struct {
    struct fixture *fixture;
    char json[REPORT_BYTES];
    char line[LINE_BYTES];
    char steps[65536];
    size_t step_bytes;
} the;

/* The fixture keeps what it is given, so the steps stay where they are. */
static bool play(const char *script)
{
    struct text rest = text_of(script), line;
    bool ok = true;
    while (ok && text_next_line(&rest, &line)) {
        char *step = the.steps + the.step_bytes;
        assert_true(the.step_bytes + line.count < sizeof the.steps);
        the.step_bytes += (size_t)snprintf(step, line.count + 1, "%.*s", TEXT_ARG(line)) + 1;
        ok = fixture_step(the.fixture, step);
    }
    return ok;
}

static void explain(const char *words, enum report_form form)
{
    struct text_out out = text_out_on(the.json, sizeof the.json);
    struct report report = report_on(&out, form);
    struct dns_datagram in = fixture_question(the.fixture, words);
    struct dns_message message;

    assert_int_equal(dns_message_read(in.message, &message), STATUS_OK);
    const struct dns_explain_question question = { message.qname, message.qtype, in.client };
    report_begin(&report, NULL);
    assert_int_equal(
        dns_explain(fixture_worker(the.fixture), &question, fixture_now(the.fixture), &report),
        STATUS_OK);
    report_end(&report);
    assert_false(out.failed);
}

/* The string or number behind "name": in the part of the report; "" when it has none. */
static struct text member(const char *part, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(part, key);
    if (at == NULL)
        return TEXT_NONE;
    at += strlen(key);
    at += strspn(at, " \n");
    if (*at == '"')
        return (struct text){ at + 1, strcspn(at + 1, "\"") };
    return (struct text){ at, strcspn(at, ",\n }") };
}

/* The strings of a list, as the fixture writes the records of a section. */
static void put_list(struct text_out *out, const char *part, const char *name, const char *before)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\":", name);
    const char *at = strstr(part, key);
    assert_non_null(at);
    const char *end = strchr(at, ']');
    assert_non_null(end);
    for (at = strchr(at, '[') + 1; (at = strchr(at, '"')) != NULL && at < end;) {
        size_t count = strcspn(at + 1, "\"");
        bool rooted = count > 0 && at[count] == '.'; /* names in data end in a dot */
        text_printf(out, "%s%.*s", before, (int)(rooted ? count - 1 : count), at + 1);
        before = ", ";
        at += count + 2;
    }
}

/* What the worker will do, as the explanation has it: lines of the fixture's. */
static void expect_reply(struct text_out *out, const char *answer)
{
    text_printf(out, "= reply %.*s %.*s", TEXT_ARG(member(answer, "rcode")),
                TEXT_ARG(member(answer, "flags")));
    put_list(out, answer, "records", ": ");
    put_list(out, answer, "authority", "; authority ");
    put_list(out, answer, "additional", "; additional ");
    text_put_string(out, "; opt 1232");
    struct text ede = member(answer, "extended_error_code");
    if (ede.count > 0)
        text_printf(out, " ede=%.*s", TEXT_ARG(ede));
    text_put_char(out, '\n');
}

static void expect_sends(struct text_out *out, const char *list, const char *question)
{
    const char *end = strchr(list, ']');
    for (const char *at = strchr(list, '[') + 1; (at = strchr(at, '"')) != NULL && at < end;) {
        unsigned server = (unsigned)(at[strlen("\"198.51.100.")] - '1');
        text_printf(out, "= send %u udp %s rd\n", server, question);
        at = strchr(at + 1, '"') + 1;
    }
}

static void check_row(size_t row)
{
    char words[256];
    struct text_out out = text_out_on(the.line, sizeof the.line);
    const char *question = strncmp(rows[row].ask, "interface=", 10) == 0
                               ? strchr(rows[row].ask, ' ') + 1
                               : rows[row].ask;

    snprintf(words, sizeof words, "edns %s", rows[row].ask);
    if (!play(rows[row].script) || !fixture_start(the.fixture))
        fail_msg("%s: %s", rows[row].name, fixture_error(the.fixture));
    explain(words, REPORT_JSON);
    const char *settled = strstr(the.json, "\"settles\": true");
    if (settled == NULL)
        fail_msg("%s: nothing settles it\n%s", rows[row].name, the.json);
    while (strncmp(settled, "\"step\":", 7) != 0)
        settled--;
    if (!text_equal(member(settled, "step"), text_of(rows[row].settled)))
        fail_msg("%s: settled by \"%.*s\"", rows[row].name, TEXT_ARG(member(settled, "step")));
    if (rows[row].also != NULL && strstr(the.json, rows[row].also) == NULL)
        fail_msg("%s: no \"%s\" in\n%s", rows[row].name, rows[row].also, the.json);

    const char *answer = strstr(the.json, "\"answer\": {");
    const char *refreshed = strstr(the.json, "\"refreshed_from\":");
    const char *forwarded = strstr(the.json, "\"would_be_forwarded_to\":");
    if (answer != NULL)
        expect_reply(&out, answer);
    if (refreshed != NULL)
        expect_sends(&out, refreshed, question);
    if (forwarded != NULL)
        expect_sends(&out, forwarded, question);
    if (out.count == 0)
        text_put_string(&out, "= nothing\n");
    snprintf(words, sizeof words, "ask edns %s", rows[row].ask);
    if (!fixture_step(the.fixture, words) || !play(the.line))
        fail_msg("%s: %s\nexplained as\n%s%s", rows[row].name, fixture_error(the.fixture), the.line,
                 the.json);
}

static void explains_what_is_done(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(rows); row++) {
        the.fixture = fixture_create();
        assert_non_null(the.fixture);
        check_row(row);
        fixture_free(the.fixture);
    }
}

/* The options that decide are told with the line that gave them: the step that settles it, and what
 * would be made of an answer. */
static void tells_lines(void **state)
{
    static const struct {
        const char *script, *ask;
        const char *from; /* of the step or the filter; its line comes next */
    } lines[] = {
        { "set bogus-priv\n", "1.0.168.192.in-addr.arpa PTR", "nobody here has" },
        { "set domain-needed\n", "plain A", "not asked upstream" },
        { "set filterwin2k\n", "_ldap._tcp.test SRV", "without end" },
        { "set filter-AAAA\nname a.lan 192.0.2.1\n", "a.lan AAAA", "no server is asked" },
        { "set filter-A\n", "a.test A", "records of this type are taken out" },
        { "set stop-dns-rebind\n", "a.test A", "private address is refused" },
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines) * 2; i++) {
        enum report_form form = i % 2 == 0 ? REPORT_JSON : REPORT_TEXT;
        the.fixture = fixture_create();
        assert_non_null(the.fixture);
        assert_true(play(lines[i / 2].script));
        assert_true(fixture_start(the.fixture));
        explain(lines[i / 2].ask, form);
        const char *at = strstr(the.json, lines[i / 2].from);
        const char *place = at != NULL ? strstr(at, "test.conf:7") : NULL;
        if (place == NULL || place - at > 160)
            fail_msg("%s: no line in\n%s", lines[i / 2].script, the.json);
        fixture_free(the.fixture);
    }
}

/* As often as one likes: no counter moves, no question waits. */
static void changes_nothing(void **state)
{
    (void)state;
    the.fixture = fixture_create();
    assert_non_null(the.fixture);
    assert_true(play("server 198.51.100.1\nserver 198.51.100.2\nname a.lan 192.0.2.1\n"
                     "name a.lan 192.0.2.2\n"));
    assert_true(fixture_start(the.fixture));
    assert_true(play("ask c.test A\n= send 0 udp c.test A rd\n= send 1 udp c.test A rd\n"
                     "answer 1 NOERROR c.test 60 A 192.0.2.1\n"
                     "= reply NOERROR rd ra: c.test 60 A 192.0.2.1\n= close\n"));
    struct dns_worker *worker = fixture_worker(the.fixture);
    const struct upstream_state *upstream = &worker->upstream;
    struct upstream_state copy = { 0 };
    struct dns_cache_counters cache_before, cache;
    const struct dns_counters before = *dns_worker_counters(worker);
    dns_cache_read_counters(worker->setup.cache, &cache_before);
    assert_int_equal(upstream_state_copy(&copy, upstream), STATUS_OK);
    static const char *const questions[] = { "a.test A", "a.lan A", "c.test A" };
    for (int i = 0; i < 100; i++) {
        explain(questions[i % 3], i % 2 == 0 ? REPORT_TEXT : REPORT_JSON);
        assert_int_equal(dns_worker_flights(worker), 0);
    }
    assert_memory_equal(&before, dns_worker_counters(worker), sizeof before);
    dns_cache_read_counters(worker->setup.cache, &cache);
    assert_memory_equal(&cache_before, &cache, sizeof cache);
    assert_int_equal(copy.server_count, upstream->server_count);
    assert_memory_equal(copy.servers, upstream->servers, copy.server_count * sizeof *copy.servers);
    assert_memory_equal(copy.groups, upstream->groups, copy.group_count * sizeof *copy.groups);
    upstream_state_free(&copy);
    assert_true(play("ask a.lan A\n"
                     "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1, a.lan 0 A 192.0.2.2\n"));
    fixture_free(the.fixture);
}

static void finds_the_client(void **state)
{
    struct network_interface interfaces[] = {
        { .index = 1, .name = "lo", .up = true, .loopback = true },
        { .index = 2, .name = "lan0", .up = true },
        { .index = 3, .name = "lan1", .up = true },
    };
    struct network_address addresses[] = {
        { .address = address_ip4(127, 0, 0, 1), .prefix_length = 8, .label = "lo", .interface = 1 },
        { .address = address_ip4(192, 0, 2, 1),
          .prefix_length = 24,
          .label = "lan0",
          .interface = 2 },
        { .address = address_ip4(198, 51, 100, 1),
          .prefix_length = 24,
          .label = "lan1",
          .interface = 3 },
    };
    static const struct {
        const char *name, *from, *local;
        uint32_t interface;
    } clients[] = {
        { "this machine", NULL, "127.0.0.1", 1 },
        { "on a link", "198.51.100.7", "198.51.100.1", 3 },
        { "one of our addresses", "192.0.2.1", "192.0.2.1", 2 },
        { "from elsewhere", "203.0.113.9", "192.0.2.1", 2 },
    };
    struct network *network;
    (void)state;

    assert_int_equal(network_create(interfaces, 3, addresses, 3, &network), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        struct address from = { 0 };
        struct dns_client client;
        char text[ADDRESS_TEXT_MAX];
        if (clients[i].from != NULL)
            assert_int_equal(address_from_text(text_of(clients[i].from), &from), STATUS_OK);
        dns_explain_client(network, &from, &client);
        if (client.interface != clients[i].interface
            || strcmp(address_text(&client.local, text), clients[i].local) != 0)
            fail_msg("%s: interface %u, %s", clients[i].name, client.interface, text);
    }
    network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_what_is_done),
        cmocka_unit_test(tells_lines),
        cmocka_unit_test(changes_nothing),
        cmocka_unit_test(finds_the_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

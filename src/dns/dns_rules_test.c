#include "dns/dns_rules.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/random.h"
#include "dns/dns_view.h"

static struct dns_config config;
static struct site site;

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct address address_of(unsigned number)
{
    return address_ip4(192, 0, 2, (uint8_t)number);
}

static void reset(void)
{
    dns_config_init(&config);
    site_init(&site);
}

static struct dns_rules *make_rules(const struct dns_rules *base)
{
    struct dns_rules *rules = NULL;
    assert_int_equal(dns_rules_create(base, &rules), STATUS_OK);
    return rules;
}

static void add(struct dns_rules *rules, const char *name, uint8_t action, unsigned number)
{
    struct dns_rule rule = { .domain = name_of(name),
                             .match = DNS_RULE_DOMAIN,
                             .action = action,
                             .from_address = action == DNS_RULE_ADDRESS || action == DNS_RULE_NULL,
                             .server = number,
                             .address = address_of(number),
                             .place = { "f", number } };
    assert_int_equal(dns_rules_add(rules, &rule), STATUS_OK);
}

/* The routes for a name as text: "local+192.0.2.1 | servers 1 2". */
static const char *ask(const struct dns_rules *rules, const char *name)
{
    static char answer[512];
    struct dns_rules_match matches[DOMAIN_MATCHES_MAX];
    struct dname asked = name_of(name);
    struct text_out out = text_out_on(answer, sizeof answer);
    size_t count = dns_rules_find(rules, &asked, matches);

    for (size_t i = 0; i < count; i++) {
        const struct dns_route *route = matches[i].route;
        text_put_string(&out, i > 0 ? " |" : "");
        text_put_string(&out, route->local ? " local" : "");
        text_put_string(&out, route->null_address ? " null" : "");
        text_put_string(&out, route->standard ? " standard" : "");
        for (size_t j = 0; j < route->address_count; j++) {
            text_put_char(&out, ' ');
            text_put_address(&out, &route->addresses[j]);
        }
        if (route->servers == DNS_SERVERS_NONE)
            continue;
        struct dns_server_set set = dns_rules_set(rules, route->servers);
        for (size_t j = 0; j < set.count; j++)
            text_printf(&out, " s%u", set.servers[j]);
    }
    return answer;
}

static void test_lines_of_one_domain(void **state)
{
    (void)state;
    reset();
    struct dns_rules *rules = make_rules(NULL);
    add(rules, "a.x", DNS_RULE_ADDRESS, 1);
    add(rules, "b.x", DNS_RULE_LOCAL, 0);
    add(rules, "A.x", DNS_RULE_ADDRESS, 2);
    add(rules, "a.x", DNS_RULE_ADDRESS, 1); /* once is enough */
    add(rules, "a.x", DNS_RULE_SERVER, 7);
    add(rules, "c.x", DNS_RULE_SERVER, 7);
    add(rules, "a.x", DNS_RULE_LOCAL, 0);
    add(rules, "c.x", DNS_RULE_SERVER, 5);
    add(rules, "d.x", DNS_RULE_NULL, 0);
    add(rules, "d.x", DNS_RULE_STANDARD, 0);
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);
    assert_string_equal(ask(rules, "a.x"), " local 192.0.2.1 192.0.2.2 s7");
    assert_string_equal(ask(rules, "y.b.x"), " local");
    assert_string_equal(ask(rules, "c.x"), " s7 s5");
    assert_string_equal(ask(rules, "d.x"), " null standard");
    assert_string_equal(ask(rules, "x"), "");
    assert_int_equal(dns_rules_count(rules, DNS_LINES_ALL), 10);
    assert_int_equal(dns_rules_count(rules, DNS_LINES(DNS_RULE_LOCAL)), 2);
    assert_int_equal(dns_rules_count(rules, DNS_ADDRESS_LINES_ALL), 4);
    dns_rules_free(rules);
}

/* The rules of a servers-file stand over those of the configuration. */
static void test_base(void **state)
{
    (void)state;
    reset();
    struct dns_rules *base = make_rules(NULL);
    add(base, "x", DNS_RULE_LOCAL, 0);
    add(base, "a.x", DNS_RULE_SERVER, 1);
    add(base, "a.x", DNS_RULE_ADDRESS, 1);
    add(base, "b.x", DNS_RULE_SERVER, 1);
    assert_int_equal(dns_rules_finish(base, &config, &site), STATUS_OK);
    struct dns_rules *rules = make_rules(base);
    add(rules, "a.x", DNS_RULE_SERVER, 2);
    add(rules, "a.x", DNS_RULE_SERVER, 3);
    add(rules, "c.b.x", DNS_RULE_SERVER, 3);
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);

    assert_string_equal(ask(rules, "a.x"), " 192.0.2.1 s1 s2 s3 | local");
    assert_string_equal(ask(rules, "y.c.b.x"), " s3 | s1 | local");
    assert_string_equal(ask(rules, "b.x"), " s1 | local");
    assert_string_equal(ask(base, "a.x"), " 192.0.2.1 s1 | local");
    assert_int_equal(dns_rules_count(rules, DNS_LINES_ALL), 3);
    assert_ptr_equal(dns_rules_base(rules), base);
    dns_rules_free(rules);

    /* Nothing of its own. */
    rules = make_rules(base);
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);
    assert_string_equal(ask(rules, "a.x"), " 192.0.2.1 s1 | local");
    dns_rules_free(rules);
    dns_rules_free(base);
}

static void test_places(void **state)
{
    static const struct {
        const char *source;
        unsigned line;
    } places[] = {
        { "a", 1 }, { "a", 2 },  { "a", 3 },  { "a", 7 },  { "a", 7 }, { "a", 8 },
        { "b", 9 }, { "b", 10 }, { NULL, 0 }, { NULL, 0 }, { "a", 9 },
    };
    (void)state;
    reset();
    struct dns_rules *rules = make_rules(NULL);
    char text[32];
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        struct dns_rule rule = { .match = DNS_RULE_DOMAIN,
                                 .action = DNS_RULE_LOCAL,
                                 .place = { places[i].source, places[i].line } };
        snprintf(text, sizeof text, "n%u.x", i);
        rule.domain = name_of(text);
        assert_int_equal(dns_rules_add(rules, &rule), STATUS_OK);
    }
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);
    for (unsigned i = 0; i < COUNT_OF(places); i++) {
        struct dns_rules_match matches[DOMAIN_MATCHES_MAX];
        snprintf(text, sizeof text, "n%u.x", i);
        struct dname name = name_of(text);
        assert_int_equal(dns_rules_find(rules, &name, matches), 1);
        struct place place = dns_rules_place(rules, matches[0].pattern, matches[0].from_base);
        if (place.source != places[i].source || place.line != places[i].line)
            fail_msg("%s: line %u", text, place.line);
    }
    dns_rules_free(rules);
}

static void test_special(void **state)
{
    struct dns_rule rules_of_config[] = {
        { .match = DNS_RULE_UNQUALIFIED, .action = DNS_RULE_LOCAL },
        { .match = DNS_RULE_ALL, .action = DNS_RULE_SERVER },
        { .match = DNS_RULE_ANY, .action = DNS_RULE_ADDRESS, .address = address_of(3) },
        { .match = DNS_RULE_ANY, .action = DNS_RULE_SERVER },
        { .match = DNS_RULE_ANY, .action = DNS_RULE_ADDRESS, .address = address_of(4) },
    };
    (void)state;
    reset();
    config.rules = rules_of_config;
    config.rule_count = COUNT_OF(rules_of_config);
    assert_int_equal(dns_config_finish(&config, &site), STATUS_OK);
    const struct dns_rules *rules = config.domain_rules;
    assert_true(dns_rules_are_finished(rules));
    assert_true(dns_rules_unqualified(rules)->local);
    assert_int_equal(dns_rules_unqualified(rules)->address_count, 0);
    assert_int_equal(dns_rules_any(rules)->address_count, 2);
    assert_int_equal(dns_rules_any(rules)->servers, DNS_SERVERS_NONE);
    assert_int_equal(dns_rules_count(rules, DNS_LINES_ALL), 0);
    assert_string_equal(ask(rules, "a"), "");
    dns_config_free(&config);
    dns_config_free(&config);

    config.rule_count = 0;
    assert_int_equal(dns_config_finish(&config, &site), STATUS_OK);
    assert_null(dns_rules_any(config.domain_rules));
    assert_null(dns_rules_unqualified(config.domain_rules));
    dns_config_free(&config);
}

/* Thousands of different addresses, and a domain with very many lines. */
static void test_many_targets(void **state)
{
    enum { MANY = 5000 };
    (void)state;
    reset();
    struct dns_rules *rules = make_rules(NULL);
    for (unsigned i = 0; i < MANY; i++) {
        char text[32];
        struct dns_rule rule = { .match = DNS_RULE_DOMAIN,
                                 .action = DNS_RULE_ADDRESS,
                                 .from_address = true,
                                 .address = address_ip4_from_u32(i) };
        snprintf(text, sizeof text, "n%u.x", i % 7 == 0 ? 0 : i);
        rule.domain = name_of(text);
        assert_int_equal(dns_rules_add(rules, &rule), STATUS_OK);
    }
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);
    struct dns_rules_match matches[DOMAIN_MATCHES_MAX];
    struct dname name = name_of("n0.x");
    assert_int_equal(dns_rules_find(rules, &name, matches), 1);
    assert_int_equal(matches[0].route->address_count, (MANY + 6) / 7);
    assert_string_equal(ask(rules, "n4999.x"), " 0.0.19.135");
    assert_true(dns_rules_bytes(rules) < MANY * 250);
    dns_rules_free(rules);
}

/* ------------------------------------------------------------------ against a simple model */

#define MODEL_RULES   100000
#define MODEL_SERVERS 4
#define MODEL_ASKED   200

struct model_rule {
    char text[32];
    uint8_t match, action;
    uint8_t number; /* of the address or the server */
};

static struct model_rule model[MODEL_RULES];

/* Names of few words, so that many lie within others and many are equal. */
static void random_name(struct random *random, char text[32])
{
    static const char *const words[] = { "a", "b", "ab", "ba", "aab", "x1" };
    struct text_out out = text_out_on(text, 32);
    unsigned labels = 1 + random_below(random, 5);
    for (unsigned i = 0; i < labels; i++)
        text_printf(&out, "%s%s", i > 0 ? "." : "", words[random_below(random, COUNT_OF(words))]);
    if (random_below(random, 2) == 0)
        text_printf(&out, ".%u", random_below(random, 30000));
}

static bool model_matches(const struct model_rule *rule, const char *name)
{
    size_t count = strlen(name);
    size_t tail = strlen(rule->text);
    if (tail > count || strcmp(name + count - tail, rule->text) != 0)
        return false;
    bool whole = tail == count;
    bool at_dot = !whole && name[count - tail - 1] == '.';
    return rule->match == DNS_RULE_SUFFIX_TEXT || at_dot
           || (whole && rule->match == DNS_RULE_DOMAIN);
}

static unsigned model_rank(const struct model_rule *rule)
{
    unsigned kind = rule->match == DNS_RULE_BELOW ? 2 : rule->match == DNS_RULE_DOMAIN ? 1 : 0;
    return 1 + 4 * (unsigned)strlen(rule->text) + kind;
}

/* What dns.md section 2.2 says of an A question, level by level: "address 192.0.2.7", "null",
 * "local", "default" or the bits of the servers asked. */
static void model_answer(const char *name, struct text_out *out)
{
    static uint32_t matching[MODEL_RULES];
    size_t matching_count = 0;
    for (uint32_t i = 0; i < MODEL_RULES; i++) {
        if (model_matches(&model[i], name))
            matching[matching_count++] = i;
    }
    for (unsigned bound = UINT32_MAX;;) {
        unsigned rank = 0;
        unsigned actions = 0;
        unsigned servers = 0;
        for (size_t i = 0; i < matching_count; i++) {
            unsigned own = model_rank(&model[matching[i]]);
            rank = own < bound && own > rank ? own : rank;
        }
        if (rank == 0)
            break;
        bound = rank;
        for (size_t i = 0; i < matching_count; i++) {
            const struct model_rule *rule = &model[matching[i]];
            if (model_rank(rule) != rank)
                continue;
            /* The first address stands for all. */
            if (rule->action == DNS_RULE_ADDRESS && (actions & 1u << DNS_RULE_ADDRESS) == 0)
                text_printf(out, "address 192.0.2.%u", rule->number);
            if (rule->action == DNS_RULE_SERVER)
                servers |= 1u << rule->number;
            actions |= 1u << rule->action;
        }
        bool standard = (actions & 1u << DNS_RULE_STANDARD) != 0;
        if ((actions & 1u << DNS_RULE_ADDRESS) == 0 && (actions & 1u << DNS_RULE_NULL) != 0)
            text_put_string(out, "null");
        else if ((actions & 1u << DNS_RULE_ADDRESS) == 0 && (actions & 1u << DNS_RULE_LOCAL) != 0)
            text_put_string(out, "local");
        else if ((actions & 1u << DNS_RULE_ADDRESS) == 0 && !standard)
            text_printf(out, "servers %x", servers);
        if (out->count > 0)
            return;
        break;
    }
    text_put_string(out, "default");
}

static void view_answer(const struct dns_view *view, const char *name, struct text_out *out)
{
    struct dname asked = name_of(name);
    struct dns_route_choice choice = dns_view_route(view, &asked, RRTYPE_A);
    unsigned servers = 0;

    switch (choice.kind) {
    case DNS_ROUTE_ADDRESS:
        text_put_string(out, "address ");
        text_put_address(out, &choice.route->addresses[0]);
        return;
    case DNS_ROUTE_NULL:
        text_put_string(out, "null");
        return;
    case DNS_ROUTE_LOCAL:
        text_put_string(out, "local");
        return;
    case DNS_ROUTE_FORWARD:
        break;
    }
    for (size_t i = 0; i < view->groups[choice.group].count; i++)
        servers |= 1u << view->member_servers[view->groups[choice.group].first + i];
    if (choice.group == 0)
        text_put_string(out, "default");
    else
        text_printf(out, "servers %x", servers);
}

static void make_model(struct random *random)
{
    static const uint8_t matches[] = { DNS_RULE_DOMAIN, DNS_RULE_DOMAIN, DNS_RULE_DOMAIN,
                                       DNS_RULE_BELOW, DNS_RULE_SUFFIX_TEXT };
    for (size_t i = 0; i < MODEL_RULES; i++) {
        struct model_rule *rule = &model[i];
        random_name(random, rule->text);
        rule->match = matches[random_below(random, COUNT_OF(matches))];
        rule->action = (uint8_t)random_below(random, DNS_RULE_NULL + 1);
        rule->number = (uint8_t)random_below(random, MODEL_SERVERS);
    }
}

/* Those of [first, end) into the rules, in their order. */
static void add_model(struct dns_rules *rules, size_t first, size_t end)
{
    for (size_t i = first; i < end; i++) {
        struct dns_rule rule = { .domain = name_of(model[i].text),
                                 .match = model[i].match,
                                 .action = model[i].action,
                                 .server = model[i].number,
                                 .address = address_of(model[i].number) };
        assert_int_equal(dns_rules_add(rules, &rule), STATUS_OK);
    }
}

static void check_model(struct random *random, struct dns_rules *rules, const char *claim)
{
    static const struct siphash_key key = { 1, 2 };
    static struct network none;
    struct dns_view *view;
    const struct dns_view_setup setup = {
        .config = &config, .site = &site, .network = &none, .key = key, .generation = 1
    };
    config.domain_rules = rules;
    assert_int_equal(dns_view_create(&setup, &view), STATUS_OK);
    assert_ptr_equal(view->rules, rules);
    for (unsigned i = 0; i < MODEL_ASKED; i++) {
        char name[32];
        char texts[2][64];
        struct text_out expected = text_out_on(texts[0], sizeof texts[0]);
        struct text_out got = text_out_on(texts[1], sizeof texts[1]);
        random_name(random, name);
        model_answer(name, &expected);
        view_answer(view, name, &got);
        if (strcmp(texts[0], texts[1]) != 0)
            fail_msg("%s: %s: %s, not %s", claim, name, texts[1], texts[0]);
    }
    dns_view_free(view);
    config.domain_rules = NULL;
}

static void test_model(void **state)
{
    static struct dns_server servers[MODEL_SERVERS];
    struct random random;
    (void)state;

    reset();
    for (unsigned i = 0; i < MODEL_SERVERS; i++)
        servers[i].endpoint = (struct endpoint){ address_ip4(198, 51, 100, (uint8_t)i), 53, 0 };
    config.servers = servers;
    config.server_count = MODEL_SERVERS;
    random_init_seeded(&random, 7);
    make_model(&random);

    struct dns_rules *rules = make_rules(NULL);
    add_model(rules, 0, MODEL_RULES);
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);
    check_model(&random, rules, "all at once");
    dns_rules_free(rules);

    struct dns_rules *base = make_rules(NULL);
    add_model(base, 0, MODEL_RULES / 3);
    assert_int_equal(dns_rules_finish(base, &config, &site), STATUS_OK);
    rules = make_rules(base);
    add_model(rules, MODEL_RULES / 3, MODEL_RULES);
    assert_int_equal(dns_rules_finish(rules, &config, &site), STATUS_OK);
    check_model(&random, rules, "over a base");
    dns_rules_free(rules);
    dns_rules_free(base);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines_of_one_domain),
        cmocka_unit_test(test_base),
        cmocka_unit_test(test_places),
        cmocka_unit_test(test_special),
        cmocka_unit_test(test_many_targets),
        cmocka_unit_test(test_model),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

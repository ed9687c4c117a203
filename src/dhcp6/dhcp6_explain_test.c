#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_explain.h"
#include "dhcp6/dhcp6_test_world.h"

#include "dhcp/dhcp_explain_test_says.h"

#define SOLICIT "solicit from=7 na:0 pd:0"

static struct dhcp_range6 *with_pool(struct world *world)
{
    struct dhcp_range6 *range = world_range(world, "fd00:50::100", "fd00:50::1ff", 0, 3600);
    range->place = here;
    return range;
}

static void plain(struct world *world)
{
    (void)with_pool(world);
}

static void sequential(struct world *world)
{
    (void)with_pool(world);
    world->config.sequential_ip = true;
}

static void reserved(struct world *world)
{
    (void)with_pool(world);
    world_host(world, CLIENT, "fd00:50::77", 128, "seven")->place =
        (struct place){ "test.conf", 13 };
}

static void reserved_for_another(struct world *world)
{
    sequential(world);
    world_host(world, CLIENT + 1, "fd00:50::100", 128, "eight")->place =
        (struct place){ "test.conf", 14 };
}

static void static_only(struct world *world)
{
    with_pool(world)->modes = DHCP_RANGE6_STATIC;
}

static void no_addresses(struct world *world)
{
    struct dhcp_range6 *range = with_pool(world);
    range->modes = DHCP_RANGE6_RA_STATELESS;
    range->first = range->last = world_address("fd00:50::");
    range->has_last = false;
}

static void one_address(struct world *world)
{
    struct dhcp_range6 *range = with_pool(world);
    range->last = range->first;
}

static void host_ignored(struct world *world)
{
    (void)with_pool(world);
    ignore_host(world_host(world, CLIENT, NULL, 0, NULL));
}

static void unknown_ignored(struct world *world)
{
    (void)with_pool(world);
    ignore_unknown(world);
}

static void range_with_tag(struct world *world)
{
    struct dhcp_range6 *range = with_pool(world);
    world_condition(world, &range->conditions, "guest", false);
    world_range(world, "fd00:50::a00", "fd00:50::aff", 0, 600)->place =
        (struct place){ "test.conf", 15 };
}

static void other_network(struct world *world)
{
    (void)with_pool(world);
    world_range(world, "fd00:99::100", "fd00:99::1ff", 0, 600)->place =
        (struct place){ "test.conf", 16 };
}

static void prefixes(struct world *world)
{
    (void)with_pool(world);
    world_pool(world, "fd00:aa00::", 48, 64, 3600)->place = (struct place){ "test.conf", 17 };
}

static void options_with_tags(struct world *world)
{
    static struct dhcp_tag_if line;
    static uint16_t blue;
    struct dhcp_option_rule *rule;
    reserved(world);
    rule = world_option(world, DHCP6_DOMAIN_SEARCH, NULL);
    rule->empty = false;
    rule->value = bytes_of("\3lan\7example", 13);
    rule->place = (struct place){ "test.conf", 20 };
    world_condition(world, &rule->conditions, "blue", false);
    rule = world_option(world, DHCP6_NTP_SERVER, "0123456789abcdef");
    rule->place = (struct place){ "test.conf", 21 };
    world_condition(world, &rule->conditions, "guest", false);
    line = (struct dhcp_tag_if){ .set_tags = &blue, .set_tag_count = 1 };
    line.place = (struct place){ "test.conf", 22 };
    blue = world_tag(world, "blue");
    world_condition(world, &line.conditions, "known", false);
    world->config.tag_ifs = &line;
    world->config.tag_if_count = 1;
}

static void replaced_options(struct world *world)
{
    (void)with_pool(world);
    options_that_give_way(world, DHCP6_NTP_SERVER, "0123456789abcdef", DHCP6_DNS_SERVER);
}

/* Each row is explained first, and then the client comes. */
static const struct {
    const char *name;
    void (*configure)(struct world *world);
    const char *before; /* what is heard before that; NULL: nothing */
    const char *says[5];
} rows[] = {
    { "any address", plain, NULL, { "DUID and IAID fall on", "test.conf:12" } },
    { "one behind the other", sequential, NULL, { "dhcp-sequential-ip", "\"fd00:50::100\"" } },
    { "the first is taken",
      sequential,
      "request from=8 na:0=fd00:50::100",
      { "\"address\": \"fd00:50::101\"" } },
    { "its own lease",
      plain,
      "request from=7 na:0=fd00:50::105",
      { "it has the lease", "\"what\": \"its lease\"", "the client itself, IAID 0" } },
    { "its line",
      reserved,
      NULL,
      { "its dhcp-host line", "\"address\": \"fd00:50::77\"", "\"found_by\": \"client id\"",
        "there is a dhcp-host line for it" } },
    { "its line's address is another's",
      reserved,
      "request from=8 na:0",
      { "\"held_by\": \"nobody\"", "configured for it" } },
    { "another's line is not for it", reserved_for_another, NULL, { "\"fd00:50::101\"" } },
    { "no range for it", static_only, NULL, { "static: only for addresses", "unavailable" } },
    { "information only", no_addresses, NULL, { "it gives no addresses", "information only" } },
    { "all are taken",
      one_address,
      "request from=8 na:0=fd00:50::100",
      { "all its addresses are taken", "\"refused\": \"address unavailable\"" } },
    { "a line says ignore", host_ignored, NULL, { "\"ignored_by\": \"test.conf:12\"" } },
    { "dhcp-ignore", unknown_ignored, NULL, { "\"ignored_by\": \"test.conf:12\"" } },
    { "a range for others",
      range_with_tag,
      NULL,
      { "conditions do not hold: tag:guest", "test.conf:15" } },
    { "a range of another network",
      other_network,
      NULL,
      { "it is not of a network of the interface", "test.conf:16" } },
    { "a prefix besides", prefixes, NULL, { "the prefix is of this pool", "test.conf:17" } },
    { "options and their lines",
      options_with_tags,
      NULL,
      { "\"value\": \"lan.example\"", "test.conf:20", "test.conf:21",
        "conditions do not hold: tag:guest", "test.conf:22" } },
    { "options that give way",
      replaced_options,
      NULL,
      { "goes before it", "\"instead\": \"test.conf:21\"", "takes the default away" } },
};

static void explain(const struct world *world, const struct dhcp6_explain_client *who,
                    enum report_form form)
{
    struct text_out out = text_out_on(json, sizeof(json));
    struct report report = report_on(&out, form);
    report_begin(&report, NULL);
    assert_int_equal(dhcp6_explain(world->server, who, world->now, &report), STATUS_OK);
    report_end(&report);
    assert_false(out.failed);
}

static const struct dhcp6_explain_client by_hardware = { .hardware = {
                                                             1, 6, { 2, 0, 0, 0, 0, CLIENT } } };

static void explain_client(const struct world *world, enum report_form form)
{
    explain(world, &by_hardware, form);
}

/* All addresses that the report's associations give, one behind the other. */
static void told_addresses(char *text, size_t room)
{
    const char *at = strstr(json, "\"associations\":");
    const char *end = at != NULL ? strstr(at, "\"tags\":") : NULL;
    struct text_out out = text_out_on(text, room);
    while (end != NULL && (at = strstr(at, "\"address\": \"")) != NULL && at < end) {
        at += strlen("\"address\": \"");
        text_put(&out, (struct text){ at, strcspn(at, "\"") });
        text_put_char(&out, ' ');
    }
}

/* The same of a reply: words with a lifetime behind them. */
static void given_addresses(const char *reply, char *text, size_t room)
{
    struct text rest = text_of(reply), word;
    struct text_out out = text_out_on(text, room);
    while (text_next_word(&rest, &word)) {
        size_t end = text_find(word, '@');
        if (end == SIZE_MAX)
            continue;
        text_put(&out, text_part(word, 0, end));
        text_put_char(&out, ' ');
    }
}

/* Every option of the message is in the report. */
static void check_options(const char *name, const struct world_sent *sent)
{
    struct dhcp6_message message;
    char word[32];
    assert_int_equal(dhcp6_message_read(sent->action.bytes, &message), STATUS_OK);
    for (unsigned i = 0; i < message.options.count; i++) {
        unsigned code = message.options.at[i].code;
        if (code == DHCP6_CLIENT_ID || code == DHCP6_SERVER_ID || code == DHCP6_IA_NA
            || code == DHCP6_IA_PD || code == DHCP6_STATUS
            || strstr(sent->text, "status=2") != NULL)
            continue;
        snprintf(word, sizeof(word), "\"option\": %u,", code);
        must_say(name, word);
    }
}

static void check_row(size_t row)
{
    struct world *world = world_create();
    char told[1024], given[1024] = "";
    const char *name = rows[row].name;

    rows[row].configure(world);
    world_start(world);
    if (rows[row].before != NULL) {
        char line[256];
        snprintf(line, sizeof(line), "%s server", rows[row].before);
        world_hears(world, line);
        assert_int_equal(world->sent_count, 1);
        world_forget(world);
    }
    check_explains_only(world);
    told_addresses(told, sizeof(told));
    for (size_t i = 0; i < COUNT_OF(rows[row].says) && rows[row].says[i] != NULL; i++)
        must_say(name, rows[row].says[i]);
    world_hears(world, SOLICIT);
    if (world->sent_count > 0) {
        given_addresses(world->sent[0].text, given, sizeof(given));
        check_options(name, &world->sent[0]);
    }
    check_told(name, told, given);
    world_free(world);
}

static void explains_what_is_done(void **state)
{
    (void)state;
    for (size_t row = 0; row < COUNT_OF(rows); row++)
        check_row(row);
}

/* The same client by its hardware address, its DUID and its address. */
static void finds_the_client(void **state)
{
    static const uint8_t duid[] = { 0, 3, 0, 1, 2, 0, 0, 0, 0, 7 };
    struct world *world = world_create();
    const struct dhcp6_explain_client ways[] = {
        by_hardware,
        { .duid = bytes_of(duid, sizeof(duid)) },
        { .address = world_address("fd00:50::142") },
    };
    (void)state;
    plain(world);
    world_start(world);
    world_hears(world, "request from=7 na:5=fd00:50::142 server fqdn=1:pc");
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        explain(world, &ways[i], REPORT_JSON);
        must_say("client", "\"client\": \"00:03:00:01:02:00:00:00:00:07\"");
        must_say("client", "\"hardware\": \"02:00:00:00:00:07\"");
        must_say("client", "\"iaid\": 5");
        must_say("client", "\"iaid_known\": true");
        must_say("client", "it has the lease");
        must_say("client", "\"name\": \"pc\"");
    }
    world_free(world);
}

/* Who has the address, or why nobody can. */
static void explains_an_address(void **state)
{
    static const struct {
        const char *address;
        const char *says[2];
    } asked[] = {
        { "fd00:50::1", { "this server", "as for any stranger" } },
        { "fd00:50::177", { "declined: a client found it in use", "in a range it may have" } },
        { "fd00:50::9999", { "but in no range it may have", "\"held_by\": \"nobody\"" } },
        { "fd00:77::1", { "in no network it could be served in", "as for any stranger" } },
        { "fd00:50::77", { "configured for it", "00:03:00:01:02:00:00:00:00:07" } },
        { "fd00:50::150", { "leased to", "00:03:00:01:02:00:00:00:00:09" } },
    };
    struct world *world = world_create();
    (void)state;
    reserved(world);
    world_start(world);
    world_hears(world, "request from=8 na:0=fd00:50::177 server");
    world_hears(world, "decline from=8 na:0=fd00:50::177 server");
    world_hears(world, "request from=9 na:0=fd00:50::150 server");
    for (size_t i = 0; i < COUNT_OF(asked); i++) {
        const struct dhcp6_explain_client who = { .address = world_address(asked[i].address) };
        explain(world, &who, REPORT_JSON);
        must_say(asked[i].address, asked[i].says[1]);
        if (i + 1 < COUNT_OF(asked))
            must_say(asked[i].address, asked[i].says[0]);
    }
    world_free(world);
}

/* The address of its line is leased to somebody else. */
static void says_who_has_its_address(void **state)
{
    struct world *world = world_create();
    (void)state;
    plain(world);
    world_range(world, "fd00:50::a00", "fd00:50::aff", 0, 600);
    world_start(world);
    world_hears(world, "request from=8 na:0=fd00:50::100 server");
    struct dhcp_config other = world->config;
    world_host(world, CLIENT, "fd00:50::100", 128, NULL);
    other.hosts = world->config.hosts;
    other.host_count = world->config.host_count;
    assert_int_equal(dhcp6_server_set_config(world->server, &other), STATUS_OK);
    explain_client(world, REPORT_JSON);
    must_say("leased", "\"held_by\": \"leased to 00:03:00:01:02:00:00:00:00:08\"");
    must_say("leased", "\"taken\": false");
    const char *first = strstr(json, "\"configured for it\"");
    assert_null(
        strstr(first + 1, "\"what\": \"configured for it\"")); /* though two ranges lead to it */
    world_free(world);
}

static void says_where_nothing_is_served(void **state)
{
    struct world *world = world_create();
    (void)state;
    world_range(world, "fd00:99::100", "fd00:99::1ff", 0, 600);
    check_not_served(world, "no dhcp-range is of");

    world = world_create();
    plain(world);
    world->config.no_dhcp6 = &not_eth0;
    world->config.no_dhcp6_count = 1;
    check_not_served(world, "no-dhcpv6-interface");

    world = world_create();
    plain(world);
    world->site.excepts = &not_eth0;
    world->site.except_count = 1;
    check_not_served(world, "except-interface keeps it out");

    world = world_create();
    plain(world);
    check_absent(world);
}

static void ends_where_room_does(void **state)
{
    struct world *world = world_create();
    (void)state;
    plain(world);
    check_ends_where_room_does(world, DHCP6_NTP_SERVER, "0123456789abcdef");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(explains_what_is_done),        cmocka_unit_test(finds_the_client),
        cmocka_unit_test(explains_an_address),          cmocka_unit_test(says_who_has_its_address),
        cmocka_unit_test(says_where_nothing_is_served), cmocka_unit_test(ends_where_room_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

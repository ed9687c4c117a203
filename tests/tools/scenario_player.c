/* Plays one scenario file: tests/scenarios/README.md says how it is written.
 *
 *     scenario_player FILE
 *
 * Exits 0 when everything happened that the file expects and nothing else, otherwise 1 with a
 * report. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

static struct scenario the_scenario;

/* ------------------------------------------------------------------ log lines */

static void on_log(void *context, const char *line)
{
    struct scenario *scenario = context;
    if (scenario->log_count == SCENARIO_LOGS_MAX) {
        scenario->logs_lost++;
        return;
    }
    scenario->logs[scenario->log_count++] = scenario_string(scenario, "%s", line);
}

static const char *find_log(const struct scenario *scenario, struct text text)
{
    char wanted[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(wanted, sizeof wanted);
    text_put(&out, text);
    for (size_t i = 0; i < scenario->log_count; i++)
        if (strstr(scenario->logs[i], wanted) != NULL)
            return scenario->logs[i];
    return NULL;
}

/* ------------------------------------------------------------------ time */

static bool is_pending(const struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->output_count; i++)
        if (!scenario->outputs[i].consumed)
            return true;
    return false;
}

/* Goes to `when`, calling the cores on the way. What they do before that instant was not expected.
 * With `until_output` the way ends with the first output. */
static void go_to(struct scenario *scenario, mono_ms when, bool until_output)
{
    struct fake_network *world = &scenario->network;
    if (when < world->now.mono)
        scenario_fail(scenario, "time does not go back");
    for (;;) {
        mono_ms deadline = fake_network_deadline(world);
        if (deadline > when)
            break;
        fake_network_tick(world, deadline > world->now.mono ? deadline : world->now.mono);
        if (until_output && is_pending(scenario))
            return;
        if (world->now.mono < when)
            output_none_pending(scenario, "before that time");
    }
    fake_network_tick(world, when);
}

/* `until T allow PATTERN`: what is sent on the way may be that, any number of times, and nothing
 * else. */
static void allow_until(struct scenario *scenario)
{
    output_none_pending(scenario, "before this line");
    scenario->log_count = 0;
    mono_ms when = FAKE_START_MONO + scenario_time_ms(scenario, line_take(scenario, "a time"));
    if (!line_take_if(scenario, "allow"))
        scenario_fail(scenario, "after \"until T\" comes allow");
    for (;;) {
        go_to(scenario, when, true);
        if (!is_pending(scenario))
            return;
        while (is_pending(scenario))
            output_expect(scenario);
        output_none_pending(scenario, "on the way");
    }
}

/* `at T`, or `by T`: up to T, till something is sent. */
static void take_time(struct scenario *scenario, bool until_output)
{
    output_none_pending(scenario, "before this line");
    scenario->log_count = 0;
    mono_ms when = FAKE_START_MONO + scenario_time_ms(scenario, line_take(scenario, "a time"));
    go_to(scenario, when, until_output);
}

/* ------------------------------------------------------------------ expectations */

static void expect_log(struct scenario *scenario, bool wanted)
{
    struct text text = line_take(scenario, "a text");
    line_done(scenario);
    const char *found = find_log(scenario, text);
    if (wanted && found == NULL)
        scenario_fail(scenario, "expected a log line with \"%.*s\", got none", TEXT_ARG(text));
    if (!wanted && found != NULL)
        scenario_fail(scenario, "expected no log line with \"%.*s\", got \"%s\"", TEXT_ARG(text),
                      found);
}

static void expect_counter(struct scenario *scenario)
{
    struct text name = line_take(scenario, "a counter");
    struct text text = line_take(scenario, "a number");
    uint64_t expected, value;
    line_done(scenario);
    if (text_to_u64(text, UINT64_MAX, &expected) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a number", TEXT_ARG(text));
    if (!fake_network_counter(&scenario->network, name, &value))
        scenario_fail(scenario, "there is no counter \"%.*s\"", TEXT_ARG(name));
    if (value != expected)
        scenario_fail(scenario, "expected counter %.*s %llu, got %llu", TEXT_ARG(name),
                      (unsigned long long)expected, (unsigned long long)value);
}

/* expect lease A [mac=] [name=] [left=seconds], expect no lease A, expect leases N */
static void expect_lease(struct scenario *scenario, bool wanted)
{
    struct address address = scenario_address(scenario, line_take(scenario, "an address"));
    const struct lease *lease = scenario->network.leases != NULL
                                    ? lease_table_by_address(scenario->network.leases, &address)
                                    : NULL;
    if (wanted != (lease != NULL))
        scenario_fail(scenario, "expected %s lease, got %s", wanted ? "a" : "no",
                      lease != NULL ? "one" : "none");
    if (lease == NULL) {
        line_done(scenario);
        return;
    }
    char mac[HARDWARE_TEXT_MAX];
    struct text_out out = text_out_on(mac, sizeof mac);
    text_put_hardware(&out, &lease->hardware);
    static struct output output;
    output = (struct output){ .head = { "lease" } };
    output_attribute(scenario, &output, "mac", "%s", mac);
    if (lease->name != NULL)
        output_attribute(scenario, &output, "name", "%s", lease->name);
    if (lease->domain != NULL)
        output_attribute(scenario, &output, "domain", "%s", lease->domain);
    if (lease->expires_mono == LEASE_NEVER)
        output_attribute(scenario, &output, "left", "infinite");
    else
        output_attribute(scenario, &output, "left", "%llu",
                         (unsigned long long)(lease->expires_mono - scenario->network.now.mono)
                             / 1000)
            ->kind = ATTRIBUTE_NUMBER;
    output_check(scenario, &output);
}

static void expect_leases(struct scenario *scenario)
{
    struct text text = line_take(scenario, "a number");
    uint64_t expected;
    line_done(scenario);
    if (text_to_u64(text, UINT32_MAX, &expected) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not a number", TEXT_ARG(text));
    uint32_t count = lease_table_count(scenario->network.leases);
    if (count != expected)
        scenario_fail(scenario, "expected %u leases, got %u", (unsigned)expected, count);
}

/* expect stored A ["text in its line"], expect no stored A */
static void expect_stored(struct scenario *scenario, bool wanted)
{
    struct address address = scenario_address(scenario, line_take(scenario, "an address"));
    struct text text = TEXT_NONE;
    if (scenario->line.next < scenario->line.count)
        text = line_take(scenario, "a text");
    line_done(scenario);
    const char *line = fake_store_find(&scenario->network.store, &address);
    if (wanted != (line != NULL))
        scenario_fail(scenario, "expected the store to have %s line for it, got %s",
                      wanted ? "a" : "no", line != NULL ? line : "none");
    char wanted_text[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(wanted_text, sizeof wanted_text);
    text_put(&out, text);
    if (line != NULL && strstr(line, wanted_text) == NULL)
        scenario_fail(scenario, "expected \"%s\" in the stored line, got \"%s\"", wanted_text,
                      line);
}

static void expect(struct scenario *scenario)
{
    bool wanted = !line_take_if(scenario, "no");
    if (line_take_if(scenario, "log"))
        expect_log(scenario, wanted);
    else if (line_take_if(scenario, "lease"))
        expect_lease(scenario, wanted);
    else if (line_take_if(scenario, "stored"))
        expect_stored(scenario, wanted);
    else if (!wanted)
        scenario_fail(scenario, "after \"expect no\" comes log, lease or stored");
    else if (line_take_if(scenario, "counter"))
        expect_counter(scenario);
    else if (line_take_if(scenario, "leases"))
        expect_leases(scenario);
    else if (line_take_if(scenario, "nothing"))
        output_none_pending(scenario, "here");
    else
        output_expect(scenario);
}

/* ------------------------------------------------------------------ what happens */

static void settle_store(struct scenario *scenario, bool durable)
{
    struct fake_network *world = &scenario->network;
    uint64_t left = line_number(scenario, "count", UINT64_MAX);
    uint64_t ticket;
    line_done(scenario);
    for (; left > 0 && fake_store_settle(&world->store, durable, &ticket); left--)
        if (ticket != 0)
            dhcp4_server_committed(world->dhcp4, ticket, durable ? STATUS_OK : STATUS_SYSTEM,
                                   world->now, &world->dhcp4_out);
    fake_network_settle(world);
}

static void change_store(struct scenario *scenario)
{
    static const struct {
        const char *word;
        enum fake_store_mode mode;
    } modes[] = {
        { "works", FAKE_STORE_WORKS },
        { "slow", FAKE_STORE_SLOW },
        { "fails", FAKE_STORE_FAILS },
        { "full", FAKE_STORE_FULL },
    };
    if (line_take_if(scenario, "commits")) {
        settle_store(scenario, true);
        return;
    }
    if (line_take_if(scenario, "loses")) {
        settle_store(scenario, false);
        return;
    }
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        if (!line_take_if(scenario, modes[i].word))
            continue;
        line_done(scenario);
        scenario->network.store.mode = modes[i].mode;
        fake_network_settle(&scenario->network);
        return;
    }
    scenario_fail(scenario, "after \"store\" comes works, slow, fails, full, commits or loses");
}

static void hear_probe(struct scenario *scenario)
{
    struct address address = scenario_address(scenario, line_take(scenario, "an address"));
    if (!line_take_if(scenario, "answers"))
        scenario_fail(scenario, "after \"probe A\" comes answers");
    line_done(scenario);
    fake_network_probe_heard(&scenario->network, &address);
}

static void fail_on(struct scenario *scenario, const char *wrong)
{
    if (wrong != NULL)
        scenario_fail(scenario, "%s", wrong);
}

/* eth0 < PROTOCOL ..., or an output of eth0. */
static void use_interface(struct scenario *scenario)
{
    struct line *line = &scenario->line;
    size_t first = line->next;
    struct text name = line_take(scenario, "something that happens");
    const struct network_interface *interface = fake_network_interface(&scenario->network, name);
    if (interface == NULL)
        scenario_fail(scenario, "\"%.*s\" is neither an interface nor a word known here",
                      TEXT_ARG(name));
    if (!line_take_if(scenario, "<")) {
        line->words[first].used = false;
        line->next = first;
        output_expect(scenario);
    } else if (line_take_if(scenario, "dns")) {
        scenario_dns_input(scenario, interface);
    } else if (line_take_if(scenario, "dhcp4")) {
        scenario_dhcp4_input(scenario, interface);
    } else {
        scenario_fail(scenario, "after \"<\" comes dns or dhcp4");
    }
}

/* What stands after the time. */
static void happen(struct scenario *scenario)
{
    struct fake_network *world = &scenario->network;
    if (scenario->line.next == scenario->line.count)
        return;
    if (line_take_if(scenario, "expect")) {
        expect(scenario);
    } else if (line_take_if(scenario, "store")) {
        change_store(scenario);
    } else if (line_take_if(scenario, "probe")) {
        hear_probe(scenario);
    } else if (line_take_if(scenario, "upstream")) {
        scenario_upstream_input(scenario);
    } else if (line_take_if(scenario, "restart")) {
        line_done(scenario);
        scenario->query_count = 0;
        scenario->send_count = 0;
        fail_on(scenario, fake_network_restart(world));
    } else if (line_take_if(scenario, "hosts")) {
        line_done(scenario);
        fail_on(scenario, fake_network_new_hosts(world, scenario_take_block(scenario, false)));
    } else if (line_take_if(scenario, "resolv")) {
        line_done(scenario);
        fail_on(scenario, fake_network_new_resolv(world, scenario_take_block(scenario, false)));
    } else {
        use_interface(scenario);
    }
}

/* ------------------------------------------------------------------ the file */

static void start(struct scenario *scenario, const struct fake_network_texts *texts)
{
    struct fake_network *world = &scenario->network;
    world->on_dns = scenario_on_dns_action;
    world->on_dhcp4 = scenario_on_dhcp4_action;
    world->on_log = on_log;
    world->context = scenario;
    fail_on(scenario, fake_network_start(world, texts));
    scenario->started = true;
}

/* The blocks before the first timed line. */
static bool take_block(struct scenario *scenario, struct fake_network_texts *texts)
{
    struct {
        const char *word;
        struct text *text;
    } blocks[] = {
        { "config", &texts->config }, { "network", &texts->network }, { "hosts", &texts->hosts },
        { "resolv", &texts->resolv }, { "leases", &texts->leases },
    };
    for (size_t i = 0; i < COUNT_OF(blocks); i++) {
        if (!line_take_if(scenario, blocks[i].word))
            continue;
        line_done(scenario);
        *blocks[i].text = scenario_take_block(scenario, i == 0);
        return true;
    }
    return false;
}

static void play_line(struct scenario *scenario, struct fake_network_texts *texts)
{
    if (line_take_if(scenario, "fails")) {
        struct text text = line_take(scenario, "a text");
        scenario->must_fail = scenario_string(scenario, "%.*s", TEXT_ARG(text));
        return;
    }
    if (!scenario->started && take_block(scenario, texts))
        return;
    if (!scenario->started)
        start(scenario, texts);
    if (line_take_if(scenario, "at")) {
        take_time(scenario, false);
        happen(scenario);
    } else if (line_take_if(scenario, "by")) {
        take_time(scenario, true);
        happen(scenario);
    } else if (line_take_if(scenario, "until")) {
        allow_until(scenario);
    } else if (line_take_if(scenario, "expect")) {
        expect(scenario);
    } else {
        scenario_fail(scenario, "a line begins with at, by, until or expect");
    }
}

static void finish(struct scenario *scenario)
{
    if (!scenario->started)
        scenario_fail(scenario, "nothing happens in this scenario");
    output_none_pending(scenario, "at the end");
    scenario_dns_finish(scenario);
    if (scenario->must_fail == NULL)
        return;
    fprintf(stderr, "%s: should have failed with \"%s\"\n", scenario->path, scenario->must_fail);
}

int main(int argc, char **argv)
{
    struct scenario *scenario = &the_scenario;
    struct fake_network_texts texts = { 0 };
    if (argc != 2) {
        fprintf(stderr, "usage: scenario_player FILE\n");
        return 2;
    }
    arena_init(&scenario->arena, 1 << 20, 256 << 20);
    if (!scenario_open(scenario, argv[1]))
        return 2;
    texts.path = argv[1];
    while (scenario_next_line(scenario))
        play_line(scenario, &texts);
    finish(scenario);
    fake_network_stop(&scenario->network);
    arena_free(&scenario->arena);
    return 0;
}

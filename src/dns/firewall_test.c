/* The core and a firewall that is not there: whose mark is asked for, what is learned and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/dns_hooks.h"
#include "dns/worker_fixture.h"
#include "dns/worker_state.h"

struct fake {
    uint32_t mark;
    unsigned marks_asked;
    char said[1024];
};

static uint32_t fake_mark(void *context, const struct dns_client *client, uint16_t port)
{
    struct fake *fake = context;
    (void)client;
    assert_int_equal(port, 53);
    fake->marks_asked++;
    return fake->mark;
}

static size_t fake_learned(void *context, const struct dns_learned *learned)
{
    struct fake *fake = context;
    struct text_out out = text_out_on(fake->said, sizeof fake->said);
    text_printf(&out, "%s list %u for %u:", learned->fresh ? "fresh" : "cached",
                learned->match->lists[FIREWALL_IPSET], learned->ttl);
    for (size_t i = 0; i < learned->count; i++) {
        text_put_char(&out, ' ');
        text_put_address(&out, &learned->addresses[i]);
    }
    return learned->count;
}

/* A worker with hooks, and its configuration to be filled. */
static struct firewall_config *equip(struct fixture *fixture, struct fake *fake,
                                     struct dns_hooks *hooks)
{
    struct dns_worker *worker = fixture_worker(fixture);
    const struct dns_view *view = snapshot_read(worker->setup.view);
    *hooks = (struct dns_hooks){ fake_mark, fake_learned, fake };
    worker->setup.hooks = hooks;
    return &((struct dns_config *)(uintptr_t)view->config)->firewall;
}

static void play(struct fixture *fixture, const char *steps)
{
    struct text rest = text_of(steps);
    while (rest.count > 0) {
        char step[512];
        size_t end = text_find(rest, '\n');
        struct text_out out = text_out_on(step, sizeof step);
        text_put(&out, text_part(rest, 0, end));
        if (!fixture_step(fixture, step))
            fail_msg("%s: %s", step, fixture_error(fixture));
        rest = end == SIZE_MAX ? TEXT_NONE : text_after(rest, end + 1);
    }
}

static void what_is_learned(void **state)
{
    (void)state;
    struct fake fake = { .mark = 0 };
    struct dns_hooks hooks;
    struct dname domain;
    struct fixture *fixture = fixture_create();
    play(fixture, "server 198.51.100.1");
    assert_true(fixture_start(fixture));
    struct firewall_config *config = equip(fixture, &fake, &hooks);
    assert_int_equal(firewall_rules_create(&config->rules), STATUS_OK);
    assert_int_equal(dname_from_text(TEXT("a.test"), &domain), STATUS_OK);
    assert_int_equal(firewall_rules_add(config->rules, DNS_RULE_DOMAIN, &domain, FIREWALL_IPSET, 3),
                     STATUS_OK);
    assert_int_equal(firewall_rules_finish(config->rules), STATUS_OK);

    play(fixture, "ask a.test A\n"
                  "= send 0 udp a.test A rd\n"
                  "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                  "= reply NOERROR rd ra: a.test 60 A 192.0.2.1");
    assert_string_equal(fake.said, "fresh list 3 for 60: 192.0.2.1");
    play(fixture, "ask a.test A\n"
                  "= reply NOERROR rd ra: a.test 60 A 192.0.2.1");
    assert_string_equal(fake.said, "cached list 3 for 60: 192.0.2.1");
    fake.said[0] = '\0';
    play(fixture, "ask b.test A\n"
                  "= send 0 udp b.test A rd\n"
                  "answer 0 NOERROR b.test 60 A 192.0.2.1\n"
                  "= reply NOERROR rd ra: b.test 60 A 192.0.2.1");
    assert_string_equal(fake.said, "");
    assert_int_equal(fake.marks_asked, 0);
    const struct dns_counters *counters = dns_worker_counters(fixture_worker(fixture));
    assert_int_equal(counters->set_addresses, 2);
    assert_int_equal(counters->set_failures, 2);
    firewall_rules_free(config->rules);
    config->rules = NULL;
    fixture_free(fixture);
}

static void who_may_ask(void **state)
{
    (void)state;
    struct fake fake = { .mark = 1 };
    struct dns_hooks hooks;
    const char *patterns[] = { "good.example" };
    struct connmark_entry entry = {
        .mark = 1, .mask = UINT32_MAX, .patterns = patterns, .count = 1
    };
    struct fixture *fixture = fixture_create();
    play(fixture, "server 198.51.100.1\nname bad.example 192.0.2.1\nname good.example 192.0.2.2");
    assert_true(fixture_start(fixture));
    struct firewall_config *config = equip(fixture, &fake, &hooks);
    config->allowlist = true;
    config->allow_mask = UINT32_MAX;
    config->entries = &entry;
    config->entry_count = 1;
    play(fixture, "ask bad.example A\n"
                  "= reply REFUSED rd ra\n"
                  "ask good.example A\n"
                  "= reply NOERROR aa rd ra: good.example 0 A 192.0.2.2");
    fake.mark = 0;
    play(fixture, "ask bad.example A\n"
                  "= reply NOERROR aa rd ra: bad.example 0 A 192.0.2.1");
    assert_int_equal(fake.marks_asked, 3);
    assert_int_equal(dns_worker_counters(fixture_worker(fixture))->refused_mark, 1);
    fixture_free(fixture);
}

/* Questions with different marks are different questions. */
static void marks_upstream(void **state)
{
    (void)state;
    struct fake fake = { .mark = 5 };
    struct dns_hooks hooks;
    struct fixture *fixture = fixture_create();
    play(fixture, "server 198.51.100.1");
    assert_true(fixture_start(fixture));
    equip(fixture, &fake, &hooks)->conntrack = true;
    struct dns_datagram in = fixture_question(fixture, "a.test A");
    struct dns_outbox *out = fixture_outbox(fixture);
    struct dns_worker *worker = fixture_worker(fixture);
    dns_outbox_reset(out);
    dns_worker_query(worker, &in, fixture_now(fixture), out);
    assert_int_equal(out->count, 1);
    assert_int_equal(out->actions[0].mark, 5);
    fake.mark = 6;
    dns_worker_query(worker, &in, fixture_now(fixture), out);
    assert_int_equal(out->count, 2);
    assert_int_equal(out->actions[1].mark, 6);
    assert_int_not_equal(out->actions[0].flight, out->actions[1].flight);
    dns_worker_query(worker, &in, fixture_now(fixture), out);
    assert_int_equal(out->count, 2);
    /* Only so many at once (FLIGHT_VARIANTS_MAX), whoever chooses marks. */
    for (fake.mark = 100; fake.mark < 200; fake.mark++) {
        dns_outbox_reset(out);
        dns_worker_query(worker, &in, fixture_now(fixture), out);
    }
    assert_int_equal(dns_worker_flights(worker), FLIGHT_VARIANTS_MAX);
    dns_outbox_reset(out);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_learned),
        cmocka_unit_test(who_may_ask),
        cmocka_unit_test(marks_upstream),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

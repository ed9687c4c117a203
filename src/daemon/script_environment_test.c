#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/script_environment.h"
#include "model/lease_facts.h"

static struct script_call call;
static char said[8192];

static char *none[] = { NULL };

/* "word word | NAME=value NAME=value" */
static const char *build(const struct script_record *record, char *const *base)
{
    struct text_out out = text_out_on(said, sizeof(said));
    script_call_build(&call, "/s", record, &(struct script_moment){ .now = 1000 }, base);
    assert_null(call.words[call.word_count]);
    assert_null(call.environment[call.environment_count]);
    for (size_t i = 1; i < call.word_count; i++)
        text_printf(&out, "%s ", call.words[i]);
    for (size_t i = 0; i < call.environment_count; i++)
        text_printf(&out, "| %s ", call.environment[i]);
    return said;
}

#define MAC                                                                                        \
    {                                                                                              \
        .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 0, 1 }                                       \
    }

static void calls_are_as_documented(void **state)
{
    (void)state;
    const struct {
        const char *claim;
        struct script_record record;
        const char *said;
    } rows[] = {
        { "a new lease",
          { .action = SCRIPT_ADD,
            .address = address_ip4(192, 0, 2, 5),
            .hardware = MAC,
            .name = TEXT("foo"),
            .domain = TEXT("lan"),
            .interface = TEXT("eth0"),
            .expires = 4600,
            .has_facts = true,
            .client_id = bytes_of("\1\xab", 2) },
          "add 02:00:00:00:00:01 192.0.2.5 foo | DNSMASQ_CLIENT_ID=01:ab "
          "| DNSMASQ_INTERFACE=eth0 | DNSMASQ_LEASE_EXPIRES=4600 | DNSMASQ_DOMAIN=lan "
          "| DNSMASQ_TIME_REMAINING=3600 " },
        { "without name, for ever, behind a relay",
          { .action = SCRIPT_OLD,
            .address = address_ip4(192, 0, 2, 5),
            .hardware = MAC,
            .relay = address_ip4(192, 0, 2, 1) },
          "old 02:00:00:00:00:01 192.0.2.5 | DNSMASQ_LEASE_EXPIRES=0 | DNSMASQ_DATA_MISSING=1 "
          "| DNSMASQ_RELAY_ADDRESS=192.0.2.1 " },
        { "a name that is lost is no word",
          { .action = SCRIPT_OLD,
            .address = address_ip4(192, 0, 2, 5),
            .hardware = MAC,
            .name = TEXT("new"),
            .old_name = TEXT("was"),
            .expires = 1 },
          "old 02:00:00:00:00:01 192.0.2.5 | DNSMASQ_LEASE_EXPIRES=1 | DNSMASQ_DATA_MISSING=1 "
          "| DNSMASQ_OLD_HOSTNAME=was " },
        { "what is over has no time left",
          { .action = SCRIPT_DEL,
            .address = address_ip4(192, 0, 2, 5),
            .hardware = MAC,
            .name = TEXT("foo"),
            .expires = 2000 },
          "del 02:00:00:00:00:01 192.0.2.5 foo | DNSMASQ_LEASE_EXPIRES=2000 "
          "| DNSMASQ_DATA_MISSING=1 " },
        { "a file",
          { .action = SCRIPT_TFTP,
            .address = address_ip4(192, 0, 2, 5),
            .size = 4096,
            .path = TEXT("/srv/a b") },
          "tftp 4096 192.0.2.5 /srv/a b " },
        { "a neighbour",
          { .action = SCRIPT_ARP_DEL, .address = address_ip4(192, 0, 2, 5), .hardware = MAC },
          "arp-del 02:00:00:00:00:01 192.0.2.5 " },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *got = build(&rows[i].record, none);
        if (!text_equal(text_of(got), text_of(rows[i].said)))
            fail_msg("%s:\n  %s\n  not\n  %s", rows[i].claim, got, rows[i].said);
    }
}

static void an_ip6_lease_goes_by_its_duid(void **state)
{
    (void)state;
    struct script_record record = {
        .action = SCRIPT_ADD,
        .client_id = bytes_of("\0\3\0\1", 4),
        .server_duid = bytes_of("\0\1", 2),
        .iaid = 77,
        .temporary = true,
        .hardware = MAC,
        .has_facts = true,
    };
    assert_int_equal(address_from_text(TEXT("2001:db8::5"), &record.address), STATUS_OK);
    assert_string_equal(build(&record, none),
                        "add 00:03:00:01 2001:db8::5 | DNSMASQ_IAID=T77 "
                        "| DNSMASQ_SERVER_DUID=00:01 | DNSMASQ_MAC=02:00:00:00:00:01 "
                        "| DNSMASQ_LEASE_EXPIRES=0 ");
}

static void a_delegated_prefix_has_its_length(void **state)
{
    (void)state;
    struct script_record record = {
        .action = SCRIPT_DEL,
        .client_id = bytes_of("\0\3\0\1", 4),
        .iaid = 77,
        .prefix_length = 56,
        .has_facts = true,
    };
    assert_int_equal(address_from_text(TEXT("2001:db8::"), &record.address), STATUS_OK);
    assert_string_equal(build(&record, none), "del 00:03:00:01 2001:db8::/56 | DNSMASQ_IAID=P77 "
                                              "| DNSMASQ_LEASE_EXPIRES=0 ");
    assert_int_equal(address_from_text(TEXT("fe80::1"), &record.client), STATUS_OK);
    assert_string_equal(build(&record, none),
                        "del 00:03:00:01 2001:db8::/56 | DNSMASQ_IAID=P77 "
                        "| DNSMASQ_CLIENT_ADDRESS=fe80::1 | DNSMASQ_LEASE_EXPIRES=0 ");
}

/* Each fact there is, with these words. */
static struct bytes facts_saying(struct text words, uint8_t *room, size_t count)
{
    static const enum lease_fact facts[] = {
        LEASE_FACT_VENDOR_CLASS, LEASE_FACT_USER_CLASS,    LEASE_FACT_SUPPLIED_NAME,
        LEASE_FACT_REQUESTED,    LEASE_FACT_TAGS,          LEASE_FACT_MUD_URL,
        LEASE_FACT_CIRCUIT_ID,   LEASE_FACT_SUBSCRIBER_ID, LEASE_FACT_REMOTE_ID,
        LEASE_FACT_CPEWAN_OUI,   LEASE_FACT_CPEWAN_SERIAL, LEASE_FACT_CPEWAN_CLASS,
        LEASE_FACT_VENDOR_ID,
    };
    _Static_assert(COUNT_OF(facts) == LEASE_FACT_COUNT - 1, "every fact there is");
    struct bytes_writer writer = bytes_writer_on(room, count);
    for (size_t i = 0; i < COUNT_OF(facts); i++)
        lease_facts_put(&writer, facts[i], text_bytes(words));
    return bytes_writer_written(&writer);
}

/* Up to a NUL each value is there, as long as it was. */
static void strangers_words_mean_nothing_to_a_shell(void **state)
{
    (void)state;
    uint8_t facts[256];
    struct bytes_writer writer = bytes_writer_on(facts, sizeof(facts));
    lease_facts_put(&writer, LEASE_FACT_VENDOR_CLASS, text_bytes(TEXT("a\nb$(x) c=d-e%^@,./:+_")));
    lease_facts_put(&writer, LEASE_FACT_CIRCUIT_ID, bytes_of("c\0d", 3));
    lease_facts_put(&writer, LEASE_FACT_USER_CLASS, BYTES_NONE);
    lease_facts_put(&writer, LEASE_FACT_USER_CLASS, text_bytes(TEXT("\x1b[1m\x7f\xff\t")));
    lease_facts_put(&writer, LEASE_FACT_REMOTE_ID, text_bytes(TEXT("$`\"'\\;&|<>(){}[]*?!#~\r\n")));
    struct script_record record = {
        .action = SCRIPT_ADD,
        .address = address_ip4(192, 0, 2, 5),
        .has_facts = true,
        .facts = bytes_writer_written(&writer),
    };
    assert_string_equal(build(&record, none),
                        "add  192.0.2.5 | DNSMASQ_LEASE_EXPIRES=0 "
                        "| DNSMASQ_VENDOR_CLASS=a_b__x_ c=d-e%^@,./:+_ | DNSMASQ_CIRCUIT_ID=c "
                        "| DNSMASQ_USER_CLASS1=__1m___ "
                        "| DNSMASQ_REMOTE_ID=_______________________ ");
}

/* Whatever is a text, from whoever: a server that somebody has taken over says names and domains
 * that nobody checked. */
static void no_value_has_words_for_a_shell(void **state)
{
    (void)state;
    static const enum script_action leases[] = { SCRIPT_ADD, SCRIPT_OLD, SCRIPT_DEL };
    const struct text words = TEXT("$(touch x)`id`;\n");
    uint8_t room[1024];
    struct script_record record = {
        .has_facts = true,
        .facts = facts_saying(words, room, sizeof(room)),
        .name = words,
        .domain = words,
        .interface = words,
        .client_id = text_bytes(words),
        .server_duid = text_bytes(words),
        .relay = address_ip4(192, 0, 2, 1),
        .hardware = MAC,
    };
    for (size_t i = 0; i < 4 * COUNT_OF(leases); i++) {
        record.action = leases[i / 4];
        record.old_name = i % 2 == 0 ? words : TEXT_NONE;
        record.address = address_ip4(192, 0, 2, 5);
        if (i % 4 >= 2)
            assert_int_equal(address_from_text(TEXT("2001:db8::5"), &record.address), STATUS_OK);
        const char *got = build(&record, none);
        if (strpbrk(got, "$`(;\n)") != NULL || strstr(got, "__touch x__id___") == NULL)
            fail_msg("row %zu: %s", i, got);
        /* The facts, the domain and the interface, and in some the lost name. */
        assert_true(call.environment_count >= COUNT_OF(leases) + LEASE_FACT_COUNT);
    }
    record = (struct script_record){ .action = SCRIPT_RELAY_SNOOP, .interface = words };
    assert_null(strpbrk(build(&record, none), "$`(;\n)"));
}

static void put_value(void *context, const char *name, struct text value)
{
    struct text_out *out = context;
    if (text_equal(text_of(name), TEXT("MUD_URL")))
        text_put(out, value);
}

/* What Lua gets is data and goes to no shell. */
static void each_gives_values_as_they_came(void **state)
{
    (void)state;
    char buffer[64];
    uint8_t room[1024];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    struct script_record record = {
        .action = SCRIPT_ADD,
        .has_facts = true,
        .facts = facts_saying(TEXT("https://x/?a=$(b)"), room, sizeof(room)),
    };
    script_environment_each(&record, &(struct script_moment){ .now = 1000 }, put_value, &out);
    assert_true(text_equal(text_out_text(&out), TEXT("https://x/?a=$(b)")));
}

/* It would not be found under another name. */
static void a_file_keeps_its_name(void **state)
{
    (void)state;
    struct script_record record = { .action = SCRIPT_TFTP, .path = TEXT("/srv/a(1)~\xc3\xa4") };
    record.address = address_ip4(192, 0, 2, 5);
    assert_string_equal(build(&record, none), "tftp 0 192.0.2.5 /srv/a(1)~\xc3\xa4 ");
}

static void only_harmless_variables_pass(void **state)
{
    (void)state;
    static const char *const variables[] = { "PATH=/bin",
                                             "LD_PRELOAD=/x",
                                             "BASH_ENV=/x",
                                             "ENV=/x",
                                             "DNSMASQ_TAGS=forged",
                                             "VIR_BRIDGE_NAME=virbr0",
                                             "BASH_FUNC_x%%=()",
                                             "no value",
                                             "=x",
                                             "NOTIFY_SOCKET=/run/x",
                                             "LC_ALL=C",
                                             NULL };
    char *const *base = (char *const *)(uintptr_t)variables;
    struct script_record record = { .action = SCRIPT_ARP_ADD };
    build(&record, base);
    assert_int_equal(call.environment_count, 3);
    assert_string_equal(call.environment[0], "PATH=/bin");
    assert_string_equal(call.environment[1], "VIR_BRIDGE_NAME=virbr0");
    assert_string_equal(call.environment[2], "LC_ALL=C");
    script_call_build_init(&call, "/s", base);
    assert_int_equal(call.word_count, 2);
    assert_string_equal(call.words[1], "init");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_are_as_documented),
        cmocka_unit_test(an_ip6_lease_goes_by_its_duid),
        cmocka_unit_test(a_delegated_prefix_has_its_length),
        cmocka_unit_test(strangers_words_mean_nothing_to_a_shell),
        cmocka_unit_test(no_value_has_words_for_a_shell),
        cmocka_unit_test(each_gives_values_as_they_came),
        cmocka_unit_test(a_file_keeps_its_name),
        cmocka_unit_test(only_harmless_variables_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

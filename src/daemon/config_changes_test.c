#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "daemon/config_changes.h"

#define OUTPUT_BYTES ((size_t)256 * 1024)

static struct config *config_of(const char *lines)
{
    struct config *config = config_create();
    assert_non_null(config);
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    assert_non_null(reader);
    enum status status = option_read_text(reader, "a.conf", text_of(lines));
    option_reader_free(reader);
    if (status == STATUS_OK)
        status = config_finish(config, true); /* what this build lacks may be there too */
    if (status != STATUS_OK)
        fail_msg("\"%s\" is refused: %s", lines, config->errors.errors[0].message);
    return config;
}

static const struct words_row {
    const char *claim;
    const char *before, *now;
    const char *words;
    bool cache_stale;
} words_rows[] = {
    { "nothing", "", "", "", false },
    { "the same lines", "server=192.0.2.1\nno-hosts", "server=192.0.2.1\nno-hosts", "", false },
    { "the same lines of different options in another order", "server=192.0.2.1\nno-hosts",
      "no-hosts\nserver=192.0.2.1", "", false },
    { "the same line in other words", "address=/a.example/192.0.2.1",
      "address = /a.example/192.0.2.1 # a comment", "", false },
    { "one server more", "server=192.0.2.1", "server=192.0.2.1\nserver=192.0.2.2",
      "server=192.0.2.2 is new\n", false },
    { "the first line of an option", "", "server=192.0.2.2", "server=192.0.2.2 is new\n", false },
    { "the last line of an option", "server=192.0.2.2", "", "server=192.0.2.2 is gone\n", false },
    { "a server in the place of another", "server=192.0.2.1", "server=192.0.2.2",
      "server=192.0.2.1 is gone\nserver=192.0.2.2 is new\n", false },
    { "one in the middle",
      "host-record=a.example,192.0.2.1\nhost-record=b.example,192.0.2.2\n"
      "host-record=c.example,192.0.2.3",
      "host-record=a.example,192.0.2.1\nhost-record=c.example,192.0.2.3",
      "host-record=b.example,192.0.2.2 is gone\n", false },
    { "lines that begin and end alike", "server=192.0.2.1\nserver=192.0.2.11",
      "server=192.0.2.11\nserver=192.0.2.111",
      "server=192.0.2.1 is gone\nserver=192.0.2.111 is new\n", false },
    { "another order", "server=192.0.2.1\nserver=192.0.2.2\nserver=192.0.2.3",
      "server=192.0.2.2\nserver=192.0.2.1\nserver=192.0.2.3",
      "the lines of server come in another order\n", false },
    { "a range", "dhcp-range=192.0.2.10,192.0.2.20", "",
      "dhcp-range=192.0.2.10,192.0.2.20 is gone\n", false },
    { "a flag", "", "domain-needed", "domain-needed is new\n", false },
    { "a flag that is gone", "bogus-priv", "", "bogus-priv is gone\n", false },
    { "a number that only a start can change", "cache-size=200", "cache-size=1000",
      "cache-size: 200 -> 1000, takes effect at the next start\n", false },
    { "a flag that only a start can change", "", "bind-dynamic",
      "bind-dynamic is new, takes effect at the next start\n", false },
    { "a text that only a start can change", "dhcp-leasefile=/a/b", "dhcp-leasefile=/a/c",
      "dhcp-leasefile: /a/b -> /a/c, takes effect at the next start\n", false },
    { "a number", "max-cache-ttl=60", "max-cache-ttl=30", "max-cache-ttl: 60 -> 30\n", false },
    { "what the cache was filled by", "", "bogus-nxdomain=192.0.2.9",
      "bogus-nxdomain=192.0.2.9 is new\n", true },
    { "what upstreams were asked", "", "add-subnet=24", "add-subnet=24,0 is new\n", true },
};

static void test_words(void **state)
{
    (void)state;
    char *words = malloc(OUTPUT_BYTES);
    assert_non_null(words);
    for (size_t i = 0; i < COUNT_OF(words_rows); i++) {
        const struct words_row *row = &words_rows[i];
        struct config *before = config_of(row->before);
        struct config *now = config_of(row->now);
        struct config_changes changes;
        struct text_out out = text_out_on(words, OUTPUT_BYTES);
        config_changes_find(before, now, &changes);
        config_changes_put(&changes, &out);
        if (strcmp(words, row->words) != 0)
            fail_msg("%s: \"%s\"", row->claim, words);
        if (changes.cache_stale != row->cache_stale)
            fail_msg("%s: the cache is %sstale", row->claim, changes.cache_stale ? "" : "not ");
        config_changes_free(&changes);
        config_free(before);
        config_free(now);
    }
    free(words);
}

/* Counted all, shown some; and long lines are cut. */
static void test_bounds(void **state)
{
    (void)state;
    static char lines[64 * 1024];
    struct text_out out = text_out_on(lines, sizeof(lines));
    for (size_t i = 0; i < CONFIG_CHANGES_SHOWN + 50; i++)
        text_printf(&out, "address=/host%zu.example/192.0.2.1\n", i);
    struct config *before = config_of("");
    struct config *now = config_of(lines);
    struct config_changes changes;
    config_changes_find(before, now, &changes);
    assert_int_equal(changes.lines, CONFIG_CHANGES_SHOWN + 50);
    assert_int_equal(changes.shown, CONFIG_CHANGES_SHOWN);
    assert_true(changes.complete);
    config_changes_free(&changes);
    config_free(now);

    out = text_out_on(lines, sizeof(lines));
    text_put_string(&out, "txt-record=long.example");
    for (int i = 0; i < 100; i++)
        text_put_string(&out, ",word");
    now = config_of(lines);
    config_changes_find(before, now, &changes);
    assert_int_equal(changes.shown, 1);
    assert_int_equal(strlen(changes.at[0].now), CONFIG_CHANGES_LINE + 3);
    config_changes_free(&changes);
    config_free(now);
    config_free(before);
}

static const char *printed(const struct config *config, const struct option *wanted, char *memory)
{
    struct text_out out = text_out_on(memory, OUTPUT_BYTES);
    for (size_t t = 0; t < config->set.count; t++) {
        for (size_t i = 0; i < config->set.tables[t].count; i++)
            if (&config->set.tables[t].rows[i] == wanted)
                option_print_row(&config->set.tables[t], i, &out);
    }
    assert_false(out.failed);
    return memory;
}

/* Whatever a row says only a start can change is kept: each of its examples against none. */
static void test_start_is_kept(void **state)
{
    (void)state;
    char *kept = malloc(OUTPUT_BYTES);
    char *wanted = malloc(OUTPUT_BYTES);
    struct config *none = config_of("");
    size_t rows = 0;
    assert_true(kept != NULL && wanted != NULL);
    for (size_t t = 0; t < none->set.count; t++) {
        for (size_t i = 0; i < none->set.tables[t].count; i++) {
            const struct option *row = &none->set.tables[t].rows[i];
            if (!row->at_start || row->state != OPTION_BUILT)
                continue;
            for (const char *const *example = row->examples; *example != NULL; example++) {
                struct config *from = config_of(*example);
                struct config *to = config_of("");
                assert_int_equal(config_keep_start(to, from), STATUS_OK);
                printed(from, row, wanted);
                config_free(from); /* nothing of it may be in use any more */
                if (strcmp(printed(to, row, kept), wanted) != 0)
                    fail_msg("%s: kept as \"%s\"", *example, kept);
                config_free(to);
                rows++;
            }
        }
    }
    assert_true(rows > 20);
    config_free(none);
    free(kept);
    free(wanted);
}

static void test_uses(void **state)
{
    (void)state;
    struct config *config = config_of("server=192.0.2.1");
    const struct config *other = config_hold(config);
    config_free(config);
    assert_int_equal(other->dns.server_count, 1);
    config_free(other);
    config_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_start_is_kept),
        cmocka_unit_test(test_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

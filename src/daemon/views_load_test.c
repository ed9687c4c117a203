#include "daemon/views_load.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/folder_test_world.h"
#include "dns/dns_rules.h"

/* Loads one after the other in a folder of our own. Logged lines name it "@". */
static const struct siphash_key key = { 3, 4 };
static struct config *config;
static struct views_loaded *loaded;
static struct dns_path hosts[4], folders[2];
static char logged[65536];

static void remove_file(const char *name)
{
    assert_int_equal(unlink(in_folder(name)), 0);
}

static int set_up(void **test)
{
    (void)test;
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "l", .level = LOG_INFORM };
    if (!make_folder() || log_open(&log) != STATUS_OK)
        return -1;
    config = config_create();
    loaded = NULL;
    if (config == NULL)
        return -1;
    config->dns.no_hosts = true;
    config->dns.hosts_files = hosts;
    config->dns.hosts_folders = folders;
    return 0;
}

static int tear_down(void **test)
{
    (void)test;
    views_loaded_free(loaded);
    config_free(config);
    log_close();
    return remove_folder();
}

static void use_hosts(const char *name)
{
    hosts[config->dns.hosts_file_count++].path = strdup(in_folder(name));
}

static void use_folder(const char *name)
{
    folders[config->dns.hosts_folder_count++].path = strdup(in_folder(name));
}

static void free_paths(void)
{
    for (size_t i = 0; i < config->dns.hosts_file_count; i++)
        free((char *)(uintptr_t)hosts[i].path);
    for (size_t i = 0; i < config->dns.hosts_folder_count; i++)
        free((char *)(uintptr_t)folders[i].path);
}

/* What was logged, without prefixes, with '@' for the folder, lines ended by '|'. */
static const char *short_log(void)
{
    static char text[65536];
    char *to = text;
    log_take_memory(logged, sizeof logged);
    for (char *line = strtok(logged, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        for (const char *at = line + 3; *at != '\0';) {
            if (strncmp(at, folder, strlen(folder)) == 0) {
                *to++ = '@';
                at += strlen(folder);
            } else {
                *to++ = *at++;
            }
        }
        *to++ = '|';
    }
    *to = '\0';
    return text;
}

/* One load; what is new is taken over. Returns whether anything is. */
static bool load(enum views_load_what what)
{
    struct views_load load = { .config = config, .key = key, .what = what, .before = loaded };
    views_load_run(&load);
    assert_int_equal(load.status, STATUS_OK);
    views_load_tell(&load.log);
    if (load.after == NULL)
        return false;
    views_loaded_free(loaded);
    loaded = load.after;
    return true;
}

static void check_log(const char *expected)
{
    const char *log = short_log();
    if (strcmp(log, expected) != 0)
        fail_msg("\n  logged   %s\n  expected %s", log, expected);
}

static bool knows(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return local_names_find(loaded->names, &name, dname_hash(&key, &name)) != NULL;
}

static void check_names(const char *known, const char *unknown)
{
    for (const char *const *lists = (const char *const[]){ known, unknown, NULL }; *lists != NULL;
         lists++) {
        struct text rest = text_of(*lists);
        struct text word;
        while (text_next_word(&rest, &word)) {
            char name[64];
            snprintf(name, sizeof name, "%.*s", TEXT_ARG(word));
            if (knows(name) != (*lists == known))
                fail_msg("%s is %sknown", name, knows(name) ? "" : "not ");
        }
    }
}

/* ------------------------------------------------------------------ hosts files */

static void test_order_and_words(void **test)
{
    (void)test;
    use_hosts("one");
    use_hosts("gone");
    use_hosts("d");
    use_folder("w");
    use_folder("nowhere");
    mkdir(in_folder("d"), 0755);
    mkdir(in_folder("w"), 0755);
    write_file("one", "192.0.2.1 one\nx\n192.0.2.2 two three .\n");
    write_file("d/b", "192.0.2.3 b\n");
    write_file("d/a", "192.0.2.3 a\n");
    write_file("d/a~", "192.0.2.3 backup\n");
    write_file("w/w", "192.0.2.4 w\n");
    assert_true(load(VIEWS_LOAD_ALL));
    check_log("bad address at @/one line 2|bad name at @/one line 3|read @/one - 3 names|"
              "failed to load names from @/gone: No such file or directory|"
              "read @/d/a - 1 names|read @/d/b - 1 names|read @/w/w - 1 names|"
              "bad dynamic directory @/nowhere: No such file or directory|");
    check_names("one two three a b w", "backup");
    free_paths();
}

static void test_last_good_stays(void **test)
{
    (void)test;
    use_hosts("f");
    use_hosts("d");
    mkdir(in_folder("d"), 0755);
    write_file("f", "192.0.2.1 f1\n192.0.2.2 f2\n");
    write_file("d/a", "192.0.2.3 a\n");
    write_file("d/b", "192.0.2.4 b\n");
    assert_true(load(VIEWS_LOAD_ALL));
    short_log();

    static const struct {
        const char *what, *content, *log; /* content NULL: no such file */
        const char *known, *unknown;
    } rows[] = {
        { "gone", NULL,
          "failed to load names from @/f: No such file or directory|"
          "keeping the 2 names last read from @/f|",
          "f1 f2", "g" },
        { "not a line is right", "hello\nworld\n",
          "bad address at @/f line 1|bad address at @/f line 2|"
          "keeping the 2 names last read from @/f|",
          "f1 f2", "g" },
        { "one line is wrong", "oops\n192.0.2.5 g\n",
          "bad address at @/f line 1|read @/f - 1 names|", "g", "f1 f2" },
        { "empty is right", "# nothing\n", "read @/f - 0 names|", "a", "f1 g" },
        { "wrong from the start", "oops\n", "bad address at @/f line 1|read @/f - 0 names|", "a",
          "f1 g" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unlink(in_folder("f"));
        if (rows[i].content != NULL)
            write_file("f", rows[i].content);
        assert_true(load(VIEWS_LOAD_ALL));
        char expected[512];
        snprintf(expected, sizeof expected, "%sread @/d/a - 1 names|read @/d/b - 1 names|",
                 rows[i].log);
        const char *log = short_log();
        if (strcmp(log, expected) != 0)
            fail_msg("%s: %s", rows[i].what, log);
        check_names(rows[i].known, rows[i].unknown);
    }
    free_paths();
}

static void test_folder_forgets_and_keeps(void **test)
{
    (void)test;
    use_hosts("d");
    mkdir(in_folder("d"), 0755);
    write_file("d/a", "192.0.2.3 a\n");
    write_file("d/b", "192.0.2.4 b\n");
    assert_true(load(VIEWS_LOAD_ALL));
    remove_file("d/a"); /* it left the folder: that is said, not suffered */
    assert_true(load(VIEWS_LOAD_ALL));
    check_names("b", "a");
    short_log();
    assert_int_equal(rename(in_folder("d"), in_folder("e")), 0); /* the whole folder is gone */
    assert_true(load(VIEWS_LOAD_ALL));
    check_log("failed to load names from @/d: No such file or directory|"
              "keeping the 1 names last read from @/d|");
    check_names("b", "a");
    assert_int_equal(rename(in_folder("e"), in_folder("d")), 0);
    if (geteuid() != 0) { /* root may read everything */
        assert_int_equal(chmod(in_folder("d/b"), 0), 0);
        assert_true(load(VIEWS_LOAD_ALL));
        check_names("b", "");
    }
    free_paths();
}

static void test_complaints_are_bounded(void **test)
{
    (void)test;
    static char text[4000];
    struct text_out out = text_out_on(text, sizeof text);
    for (unsigned i = 0; i < VIEWS_LOAD_COMPLAINTS_MAX + 7; i++)
        text_put_string(&out, "oops\n");
    text_put_string(&out, "192.0.2.1 right\n");
    use_hosts("f");
    write_file("f", text);
    assert_true(load(VIEWS_LOAD_ALL));
    const char *log = short_log();
    assert_non_null(
        strstr(log, "bad address at @/f line 100|7 more bad lines in @/f|read @/f - 1"));
    assert_null(strstr(log, "line 101|"));
    free_paths();
}

/* The PTR of an address is the first name's over all files, and equal records count once. */
static void test_files_are_one(void **test)
{
    (void)test;
    use_hosts("f");
    use_hosts("g");
    write_file("f", "192.0.2.1 a\n192.0.2.2 both\n");
    write_file("g", "192.0.2.1 b\n192.0.2.2 both\n192.0.2.3 both\n");
    assert_true(load(VIEWS_LOAD_ALL));
    struct dname name, target;
    assert_int_equal(dname_from_text(TEXT("1.2.0.192.in-addr.arpa"), &name), STATUS_OK);
    const struct local_name *found =
        local_names_find(loaded->names, &name, dname_hash(&key, &name));
    assert_int_equal(found->count, 1);
    assert_int_equal(dname_from_wire(found->records[0].rdata, &target), STATUS_OK);
    assert_int_equal(dname_from_text(TEXT("a"), &name), STATUS_OK);
    assert_true(dname_equal(&name, &target));
    assert_int_equal(dname_from_text(TEXT("both"), &name), STATUS_OK);
    found = local_names_find(loaded->names, &name, dname_hash(&key, &name));
    assert_int_equal(found->count, 2);
    assert_string_equal(found->records[0].source_name, hosts[0].path);
    assert_string_equal(found->records[1].source_name, hosts[1].path);
    free_paths();
}

/* ------------------------------------------------------------------ hostsdir */

static void test_hostsdir(void **test)
{
    (void)test;
    use_hosts("f");
    use_folder("w");
    mkdir(in_folder("w"), 0755);
    write_file("f", "192.0.2.1 f\n");
    write_file("w/a", "192.0.2.2 a\n");
    write_file("w/b", "192.0.2.3 b c\n");
    assert_true(load(VIEWS_LOAD_ALL));
    short_log();
    const struct local_names *part_of_b = loaded->files[2].part;
    assert_false(load(VIEWS_LOAD_FOLDERS));
    check_log("");

    write_file("w/a", "192.0.2.2 a\n192.0.2.2 a2\n");
    assert_true(load(VIEWS_LOAD_FOLDERS));
    check_log("inotify: @/w/a new or modified|inotify: flushed 1 names read from @/w/a|"
              "read @/w/a - 2 names|");
    check_names("f a a2 b c", "");
    assert_ptr_equal(loaded->files[2].part, part_of_b); /* not read again */

    write_file("w/n", "192.0.2.4 n\n");
    write_file("w/n~", "192.0.2.4 backup\n");
    mkdir(in_folder("w/sub"), 0755);
    assert_true(load(VIEWS_LOAD_FOLDERS));
    check_log("inotify: @/w/n new or modified|read @/w/n - 1 names|");

    assert_int_equal(rename(in_folder("w/n"), in_folder("w/m")), 0);
    remove_file("w/b");
    assert_true(load(VIEWS_LOAD_FOLDERS));
    check_log("inotify: @/w/m new or modified|read @/w/m - 1 names|"
              "inotify: @/w/b removed|inotify: flushed 2 names read from @/w/b|"
              "inotify: @/w/n removed|inotify: flushed 1 names read from @/w/n|");
    check_names("f a n", "b c backup");

    /* Everything is read again on a signal, without these words. */
    assert_true(load(VIEWS_LOAD_ALL));
    check_log("read @/f - 1 names|read @/w/a - 2 names|read @/w/m - 1 names|");
    /* Something else than a hosts file was written there. */
    write_file("w/m", "oops\n");
    assert_true(load(VIEWS_LOAD_FOLDERS));
    short_log();
    check_names("n", "");
    assert_false(load(VIEWS_LOAD_FOLDERS)); /* and is looked at once */

    char command[128];
    snprintf(command, sizeof command, "rm -r %s/w", folder);
    assert_int_equal(system(command), 0);
    assert_true(load(VIEWS_LOAD_FOLDERS));
    check_log("inotify: @/w/a removed|inotify: flushed 2 names read from @/w/a|"
              "inotify: @/w/m removed|inotify: flushed 1 names read from @/w/m|");
    check_names("f", "a n");
    assert_false(load(VIEWS_LOAD_FOLDERS));
    check_log("");
    free_paths();
}

static void test_stopped(void **test)
{
    (void)test;
    atomic_bool stop = true;
    use_hosts("f");
    write_file("f", "192.0.2.1 f\n");
    struct views_load load = {
        .config = config, .key = key, .what = VIEWS_LOAD_ALL, .stop = &stop
    };
    views_load_run(&load);
    assert_int_equal(load.status, STATUS_OK);
    assert_null(load.after);
    views_load_tell(&load.log);
    free_paths();
}

/* ------------------------------------------------------------------ servers-file */

static size_t rule_count(const struct dns_config *dns)
{
    return dns->rule_count + dns_rules_count(dns->domain_rules, DNS_LINES_ALL);
}

static void test_servers_file(void **test)
{
    (void)test;
    static const struct {
        const char *what, *content, *log;
        size_t servers, rules;
        bool fresh;
    } rows[] = {
        { "missing at the start", NULL, "cannot read @/s: No such file or directory|", 0, 0,
          false },
        { "first",
          "server=192.0.2.1\nserver=/a.x/192.0.2.2#5353\nrev-server=10.0.0.0/8,192.0.2.3\n", "", 3,
          3, true },
        { "the same again",
          "server=192.0.2.1\nserver=/a.x/192.0.2.2#5353\n"
          "rev-server=10.0.0.0/8,192.0.2.3\n",
          "", 3, 3, false },
        { "gone", NULL, "cannot read @/s: No such file or directory|", 3, 3, false },
        { "nothing right", "local=/x/\nfoo\n",
          "illegal option at line 1 of @/s|bad option at line 2 of @/s|", 3, 3, false },
        { "some right", "# of the office\ncache-size=5\nserver=/b.x/\nserver=\"1.2\n",
          "illegal option at line 2 of @/s|missing \" at line 4 of @/s|", 0, 1, true },
        { "empty is right", "", "", 0, 0, true },
    };
    char path[128];
    snprintf(path, sizeof path, "%s/s", folder);
    config->dns.servers_file.path = path;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        unlink(path);
        if (rows[i].content != NULL)
            write_file("s", rows[i].content);
        const struct loaded_servers *before = loaded != NULL ? loaded->servers : NULL;
        assert_true(load(VIEWS_LOAD_ALL));
        const char *log = short_log();
        const struct loaded_servers *now = loaded->servers;
        if (strcmp(log, rows[i].log) != 0 || (now != before) != rows[i].fresh
            || (now != NULL
                && (now->config.server_count != rows[i].servers
                    || rule_count(&now->config) != rows[i].rules)))
            fail_msg("%s: %s (%zu servers, %zu rules)", rows[i].what, log,
                     now != NULL ? now->config.server_count : 0,
                     now != NULL ? rule_count(&now->config) : 0);
        assert_true(load(VIEWS_LOAD_HOSTS)); /* does not touch it */
        assert_ptr_equal(loaded->servers, now);
    }
}

/* The file's servers come behind those of the configuration, and a rule knows its own. */
static void test_servers_join(void **test)
{
    (void)test;
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    char path[128];
    snprintf(path, sizeof path, "%s/s", folder);
    assert_int_equal(option_read_text(reader, "test", TEXT("server=192.0.2.9\nno-hosts\n")),
                     STATUS_OK);
    option_reader_free(reader);
    assert_int_equal(config_finish(config, true), STATUS_OK);
    config->dns.servers_file.path = path;
    write_file("s", "server=/a.x/192.0.2.1\n");
    assert_true(load(VIEWS_LOAD_ALL));
    const struct dns_config *dns = &loaded->servers->config;
    assert_int_equal(dns->server_count, 2);
    assert_int_equal(rule_count(dns), 2);
    assert_int_equal(config->dns.server_count, 1);
    assert_int_equal(rule_count(&config->dns), 1);
    struct dns_rule rule;
    uint32_t walk = 0;
    assert_true(dns_rules_next(dns->domain_rules, DNS_LINES_ALL, &walk, &rule));
    assert_int_equal(rule.server, 1);
    assert_true(dns->no_hosts);
}

#define WITH_FOLDER(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FOLDER(test_order_and_words),
        WITH_FOLDER(test_last_good_stays),
        WITH_FOLDER(test_folder_forgets_and_keeps),
        WITH_FOLDER(test_complaints_are_bounded),
        WITH_FOLDER(test_files_are_one),
        WITH_FOLDER(test_hostsdir),
        WITH_FOLDER(test_stopped),
        WITH_FOLDER(test_servers_file),
        WITH_FOLDER(test_servers_join),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

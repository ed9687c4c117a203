#include "daemon/views.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "daemon/folder_test_world.h"

/* A configuration of our own making, files of our own in a folder of our own. */
static const struct siphash_key key;
static struct config config;
static struct snapshot_domain domain;
static struct views views;
static char logged[16384];

/* How old a file is, in seconds: its time decides which resolv file is the newest. */
static void make_older(const char *name, long seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    struct timespec times[2] = { { now.tv_sec - seconds, 0 }, { now.tv_sec - seconds, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, in_folder(name), times, 0), 0);
}

static int begin(void **test)
{
    (void)test;
    return make_folder() ? 0 : -1;
}

static int end(void **test)
{
    (void)test;
    return remove_folder();
}

static int set_up(void **test)
{
    (void)test;
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    memset(&config, 0, sizeof config);
    config.uses = 1; /* ours: the views' uses never free it */
    site_init(&config.site);
    dns_config_init(&config.dns);
    config.dns.no_hosts = true;
    config.dns.no_resolv = true;
    snapshot_domain_init(&domain);
    if (log_open(&log) != STATUS_OK)
        return -1;
    log_take_memory(logged, sizeof logged);
    return views_init(&views, &config, &domain, &key) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **test)
{
    (void)test;
    views_free(&views);
    log_close();
    return 0;
}

/* What was logged since the last call. */
static const char *new_log(void)
{
    log_take_memory(logged, sizeof logged);
    return logged;
}

static void check_logged(const char *expected)
{
    const char *log = new_log();
    if (strstr(log, expected) == NULL)
        fail_msg("\n  logged \"%s\"\n  without \"%s\"", log, expected);
}

static struct address address_of(const char *text)
{
    struct address address;
    if (address_from_text(text_of(text), &address) != STATUS_OK)
        fail_msg("%s is no address", text);
    return address;
}

/* ------------------------------------------------------------------ hosts files */

static bool is_known(const struct local_names *names, const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return local_names_find(names, &name, dname_hash(&key, &name)) != NULL;
}

static void check_known(const char *text, bool expected)
{
    if (is_known(views_names(&views), text) != expected)
        fail_msg("%s is %sknown", text, expected ? "not " : "");
}

static void set_hosts(struct dns_path *paths, size_t count)
{
    config.dns.hosts_files = paths;
    config.dns.hosts_file_count = count;
}

static void test_hosts(void **test)
{
    (void)test;
    struct dns_path paths[] = { { .path = in_folder("hosts") },
                                { .path = in_folder("hosts.d") },
                                { .path = in_folder("gone") } };
    write_file("hosts", "192.0.2.10 alpha\n192.0.2.11 beta gamma\nnonsense here\n");
    mkdir(in_folder("hosts.d"), 0755);
    mkdir(in_folder("hosts.d/below"), 0755);
    write_file("hosts.d/one", "192.0.2.20 one\n");
    write_file("hosts.d/two", "192.0.2.21 two\n");
    write_file("hosts.d/two~", "192.0.2.22 backup\n");
    write_file("hosts.d/.hidden", "192.0.2.23 hidden\n");
    write_file("hosts.d/below/three", "192.0.2.24 three\n");
    set_hosts(paths, 3);

    assert_int_equal(views_read_names(&views), STATUS_OK);
    check_known("alpha", true);
    check_known("gamma", true);
    check_known("11.2.0.192.in-addr.arpa", true);
    check_known("one", true);
    check_known("two", true);
    check_known("backup", false);
    check_known("hidden", false);
    check_known("three", false);
    const char *log = new_log();
    char expected[256];
    snprintf(expected, sizeof expected, "read %s/hosts - 3 names\n", folder);
    assert_non_null(strstr(log, expected));
    snprintf(expected, sizeof expected, "read %s/hosts.d/one - 1 names\n", folder);
    assert_non_null(strstr(log, expected));
    snprintf(expected, sizeof expected, "bad address at %s/hosts line 3\n", folder);
    assert_non_null(strstr(log, expected));
    snprintf(expected, sizeof expected,
             "failed to load names from %s/gone: No such file or directory\n", folder);
    assert_non_null(strstr(log, expected));
}

static void test_hosts_again(void **test)
{
    (void)test;
    struct dns_path path = { .path = in_folder("hosts") };
    write_file("hosts", "192.0.2.10 alpha\n");
    set_hosts(&path, 1);
    assert_int_equal(views_read_names(&views), STATUS_OK);
    /* Somebody else, DHCP say, still looks at the old ones. */
    struct local_names *before = local_names_hold(views.loaded->names);
    write_file("hosts", "192.0.2.10 omega\n");
    assert_int_equal(views_read_names(&views), STATUS_OK);
    check_known("alpha", false);
    check_known("omega", true);
    assert_true(is_known(before, "alpha"));
    local_names_free(before);
}

static void test_hosts_expanded(void **test)
{
    (void)test;
    struct dns_path path = { .path = in_folder("hosts") };
    struct site_domain lan = { .by = SITE_DOMAIN_ALL };
    assert_int_equal(dname_from_text(TEXT("lan"), &lan.name), STATUS_OK);
    config.site.domains = &lan;
    config.site.domain_count = 1;
    write_file("hosts", "192.0.2.10 alpha\n");
    set_hosts(&path, 1);
    assert_int_equal(views_read_names(&views), STATUS_OK);
    check_known("alpha.lan", false);
    config.dns.expand_hosts = true;
    assert_int_equal(views_read_names(&views), STATUS_OK);
    check_known("alpha.lan", true);
    check_known("alpha", true);
}

static void test_no_hosts_without_dns(void **test)
{
    (void)test;
    struct dns_path path = { .path = in_folder("hosts") };
    write_file("hosts", "192.0.2.10 alpha\n");
    set_hosts(&path, 1);
    config.site.port = 0;
    assert_int_equal(views_read_names(&views), STATUS_OK);
    assert_int_equal(local_names_count(views_names(&views)), 0);
}

/* ------------------------------------------------------------------ resolv files */

/* As views_init does, which knew another configuration. */
static void list_resolv(void)
{
    free(views.resolv_paths);
    free(views.resolv_stamps);
    views.resolv_count = 0;
    assert_int_equal(views_list_resolv(&views), STATUS_OK);
}

static void set_resolv(struct dns_path *paths, size_t count)
{
    config.dns.no_resolv = false;
    config.dns.resolv_files = paths;
    config.dns.resolv_file_count = count;
    list_resolv();
}

static void test_resolv_paths(void **test)
{
    (void)test;
    struct dns_path two[] = { { .path = "/a" }, { .path = "/b" } };
    struct dns_path many[100];
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = two[i % 2];
    const struct {
        const char *what;
        struct dns_path *files;
        size_t file_count;
        bool no_resolv, empty;
        uint32_t port;
        size_t count;
        const char *first;
    } rows[] = {
        { "default", NULL, 0, false, false, 53, 1, "/etc/resolv.conf" },
        { "two", two, 2, false, false, 53, 2, "/a" },
        { "no-resolv", two, 2, true, false, 53, 0, NULL },
        { "resolv-file= without a name", NULL, 0, false, true, 53, 0, NULL },
        { "no DNS", two, 2, false, false, 0, 0, NULL },
        { "many", many, COUNT_OF(many), false, false, 53, COUNT_OF(many), "/a" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        config.dns.resolv_files = rows[i].files;
        config.dns.resolv_file_count = rows[i].file_count;
        config.dns.no_resolv = rows[i].no_resolv;
        config.dns.resolv_file_empty = rows[i].empty;
        config.site.port = rows[i].port;
        size_t count = 99;
        list_resolv();
        const char *const *paths = views_resolv_paths(&views, &count);
        if (count != rows[i].count || (count > 0 && strcmp(paths[0], rows[i].first) != 0))
            fail_msg("%s: %zu paths", rows[i].what, count);
    }
}

static void check_servers(const char *what, size_t count, const char *first)
{
    struct address address = address_of(first);
    if (views.resolv.count != count
        || !address_equal(&views.resolv.servers[0].endpoint.address, &address))
        fail_msg("%s: %zu servers", what, views.resolv.count);
}

static void test_newest_resolv_wins(void **test)
{
    (void)test;
    struct dns_path paths[] = { { .path = in_folder("a") },
                                { .path = in_folder("b") },
                                { .path = in_folder("gone") } };
    set_resolv(paths, 3);
    write_file("a", "nameserver 10.0.0.1\n");
    write_file("b", "nameserver 10.0.0.2\nnameserver 10.0.0.3\n");
    make_older("a", 100);
    make_older("b", 50);
    assert_true(views_read_resolv(&views, true));
    check_servers("b is newer", 2, "10.0.0.2");
    char expected[128];
    snprintf(expected, sizeof expected, "reading %s/b\n", folder);
    check_logged(expected);
    assert_string_equal(views.resolv_path, in_folder("b"));

    assert_false(views_read_resolv(&views, false));
    assert_string_equal(new_log(), "");
    make_older("a", 10);
    assert_true(views_read_resolv(&views, false));
    check_servers("a was touched", 1, "10.0.0.1");
    assert_true(views_read_resolv(&views, true));
    check_servers("forced", 1, "10.0.0.1");

    assert_int_equal(unlink(in_folder("a")), 0);
    assert_true(views_read_resolv(&views, false));
    check_servers("a is gone", 2, "10.0.0.2");
    assert_int_equal(unlink(in_folder("b")), 0);
    assert_false(views_read_resolv(&views, false));
    check_servers("the last servers stay", 2, "10.0.0.2");
    write_file("gone", "nameserver 10.0.0.4\n");
    assert_true(views_read_resolv(&views, false));
    check_servers("a file that appears", 1, "10.0.0.4");
    assert_int_equal(unlink(in_folder("gone")), 0);
}

static void test_resolv_without_servers(void **test)
{
    (void)test;
    struct dns_path path = { .path = in_folder("a") };
    set_resolv(&path, 1);
    write_file("a", "nameserver 10.0.0.1\n");
    make_older("a", 100);
    assert_true(views_read_resolv(&views, true));
    write_file("a", "# nothing yet\n");
    new_log();
    assert_false(views_read_resolv(&views, false));
    char expected[128];
    snprintf(expected, sizeof expected, "no servers found in %s/a, will retry\n", folder);
    check_logged(expected);
    check_servers("the old ones stay", 1, "10.0.0.1");
    write_file("a", "nameserver 10.0.0.9\n");
    assert_true(views_read_resolv(&views, false));
    check_servers("new ones", 1, "10.0.0.9");

    assert_int_equal(unlink(in_folder("a")), 0);
    assert_int_equal(mkdir(in_folder("a"), 0755), 0);
    new_log();
    assert_false(views_read_resolv(&views, false));
    snprintf(expected, sizeof expected, "failed to read %s/a: Is a directory\n", folder);
    check_logged(expected);
    assert_int_equal(rmdir(in_folder("a")), 0);
}

/* ------------------------------------------------------------------ views */

static void test_network(void **test)
{
    (void)test;
    const struct network_interface *lo = network_by_name(views.network->network, "lo");
    assert_non_null(lo);
    assert_true(lo->loopback);
    assert_int_equal(lo->hardware.count, 6);
    for (size_t i = 0; i < views.network->network->address_count; i++)
        assert_int_not_equal(views.network->network->addresses[i].label[0], '\0');
    /* Read anew, the old one stays for who holds it. */
    struct shared_network *before = views.network;
    before->uses++;
    assert_int_equal(views_read_network(&views), STATUS_OK);
    assert_ptr_not_equal(views.network, before);
    assert_non_null(network_by_name(before->network, "lo"));
    views_drop_network(before);
    views_drop_network(NULL);
}

static unsigned lines_with(const char *log, const char *word)
{
    unsigned count = 0;
    for (const char *at = log; (at = strstr(at, word)) != NULL; at++)
        count++;
    return count;
}

struct rule_row {
    uint8_t match, action;
    const char *domain;
    bool from_address;
    const char *line; /* NULL: none */
};

static void test_server_lines(void **test)
{
    (void)test;
    static const struct rule_row rows[] = {
        { DNS_RULE_DOMAIN, DNS_RULE_SERVER, "b.x", false,
          "using nameserver 10.9.9.9#54(via eth0) for domain b.x \n" },
        { DNS_RULE_BELOW, DNS_RULE_SERVER, "f.x", false,
          "using nameserver 10.9.9.9#54(via eth0) for domain *.f.x \n" },
        { DNS_RULE_SUFFIX_TEXT, DNS_RULE_SERVER, "g.x", false,
          "using nameserver 10.9.9.9#54(via eth0) for domain *g.x \n" },
        { DNS_RULE_UNQUALIFIED, DNS_RULE_SERVER, ".", false,
          "using nameserver 10.9.9.9#54(via eth0) for unqualified names \n" },
        { DNS_RULE_ANY, DNS_RULE_SERVER, ".", false, "using nameserver 10.9.9.9#54(via eth0)\n" },
        { DNS_RULE_DOMAIN, DNS_RULE_STANDARD, "a.x", false,
          "using standard nameservers for a.x\n" },
        { DNS_RULE_DOMAIN, DNS_RULE_LOCAL, "c.x", false,
          "using only locally-known addresses for c.x\n" },
        { DNS_RULE_BELOW, DNS_RULE_LOCAL, "c.x", false,
          "using only locally-known addresses for *.c.x\n" },
        { DNS_RULE_DOMAIN, DNS_RULE_LOCAL, "d.x", true,
          "using only locally-known addresses for d.x\n" },
        { DNS_RULE_UNQUALIFIED, DNS_RULE_STANDARD, ".", false,
          "using standard nameservers for unqualified names\n" },
        { DNS_RULE_UNQUALIFIED, DNS_RULE_LOCAL, ".", false, NULL },
        { DNS_RULE_UNQUALIFIED, DNS_RULE_LOCAL, ".", true, NULL },
        { DNS_RULE_ANY, DNS_RULE_LOCAL, ".", false, NULL },
        { DNS_RULE_ANY, DNS_RULE_LOCAL, ".", true, NULL },
        { DNS_RULE_DOMAIN, DNS_RULE_ADDRESS, "e.x", true, NULL },
        { DNS_RULE_DOMAIN, DNS_RULE_NULL, "h.x", true, NULL },
    };
    struct dns_server server = { .endpoint = { .address = address_of("10.9.9.9"), .port = 54 },
                                 .interface = "eth0" };
    config.dns.servers = &server;
    config.dns.server_count = 1;
    config.dns.rule_count = 1;
    assert_int_equal(views_read_names(&views), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_rule rule = { .match = rows[i].match,
                                 .action = rows[i].action,
                                 .from_address = rows[i].from_address,
                                 .address = address_of("192.0.2.1") };
        assert_int_equal(dname_from_text(text_of(rows[i].domain), &rule.domain), STATUS_OK);
        config.dns.rules = &rule;
        new_log();
        assert_int_equal(views_publish(&views, true), STATUS_OK);
        const char *log = new_log();
        assert_int_equal(lines_with(log, "using "), rows[i].line != NULL);
        if (rows[i].line != NULL && strstr(log, rows[i].line) == NULL)
            fail_msg("\n  logged \"%s\"\n  without \"%s\"", log, rows[i].line);
        /* The same view again, for another reason, is not worth a line. */
        assert_int_equal(views_publish(&views, false), STATUS_OK);
        assert_string_equal(new_log(), "");
    }
    assert_int_equal(views_reclaim(&views), 0);
    config.dns.rule_count = 0;
}

static void test_long_lists(void **test)
{
    (void)test;
    enum { MANY = 40 };
    static struct dns_rule rules[MANY];
    static struct dns_server servers[MANY];
    assert_int_equal(views_read_names(&views), STATUS_OK);
    for (size_t i = 0; i < MANY; i++) {
        char name[16];
        snprintf(name, sizeof name, "l%zu.x", i);
        rules[i] = (struct dns_rule){ .match = DNS_RULE_DOMAIN,
                                      .action = DNS_RULE_LOCAL,
                                      .from_address = i % 2 == 0 };
        assert_int_equal(dname_from_text(text_of(name), &rules[i].domain), STATUS_OK);
        servers[i].endpoint = (struct endpoint){ address_ip4(10, 0, 0, (uint8_t)(i + 1)), 53, 0 };
    }
    config.dns.rules = rules;
    config.dns.rule_count = MANY;
    assert_int_equal(views_publish(&views, true), STATUS_OK);
    const char *log = new_log();
    assert_non_null(strstr(log, "warning: no upstream servers configured\n"));
    assert_int_equal(lines_with(log, "using only locally-known addresses for"), 8);
    assert_non_null(strstr(log, "using 32 more local addresses\n"));
    for (size_t i = 0; i < MANY; i++) {
        rules[i].action = DNS_RULE_STANDARD;
        rules[i].from_address = false;
    }
    assert_int_equal(views_publish(&views, true), STATUS_OK);
    log = new_log();
    assert_int_equal(lines_with(log, "using standard nameservers for"), 30);
    assert_non_null(strstr(log, "using 10 more nameservers\n"));
    config.dns.rule_count = 0;

    static const struct {
        size_t servers, logged, more;
    } rows[] = { { 1, 1, 0 }, { 30, 30, 0 }, { 31, 30, 1 }, { 40, 30, 1 } };
    struct dns_rule defaults[MANY];
    for (size_t i = 0; i < MANY; i++)
        defaults[i] = (struct dns_rule){ .match = DNS_RULE_ALL,
                                         .action = DNS_RULE_SERVER,
                                         .domain = dname_root(),
                                         .server = (uint32_t)i };
    config.dns.servers = servers;
    config.dns.rules = defaults;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        config.dns.server_count = config.dns.rule_count = rows[i].servers;
        assert_int_equal(views_publish(&views, true), STATUS_OK);
        log = new_log();
        assert_int_equal(lines_with(log, "using nameserver"), rows[i].logged);
        assert_int_equal(lines_with(log, "more servers are defined but not logged"), rows[i].more);
    }
    config.dns.server_count = config.dns.rule_count = 0;
}

/* We must not ask ourselves. */
static void test_own_server_is_left_out(void **test)
{
    (void)test;
    struct dns_path path = { .path = in_folder("a") };
    set_resolv(&path, 1);
    write_file("a", "nameserver 127.0.0.1\nnameserver 10.0.0.1\n");
    if (views.network->network->address_count == 0)
        skip(); /* the loopback interface is down */
    assert_int_equal(views_read_names(&views), STATUS_OK);
    assert_true(views_read_resolv(&views, true));
    new_log();
    assert_int_equal(views_publish(&views, true), STATUS_OK);
    const char *log = new_log();
    assert_non_null(strstr(log, "ignoring nameserver 127.0.0.1 - local interface\n"));
    assert_non_null(strstr(log, "using nameserver 10.0.0.1#53\n"));
    assert_int_equal(views_current(&views)->server_count, 1);
    assert_int_equal(unlink(in_folder("a")), 0);
}

/* A reader keeps what it looks at until it has passed, whatever is published meanwhile. */
static void test_reclaim_under_a_reader(void **test)
{
    (void)test;
    struct dns_path path = { .path = in_folder("hosts") };
    struct snapshot_reader reader;
    write_file("hosts", "192.0.2.10 alpha\n");
    set_hosts(&path, 1);
    assert_int_equal(views_read_names(&views), STATUS_OK);
    assert_int_equal(views_publish(&views, true), STATUS_OK);
    assert_int_equal(snapshot_add_reader(&domain, &reader), STATUS_OK);

    snapshot_wake(&domain, &reader);
    const struct dns_view *seen = snapshot_read(&views.slot);
    assert_ptr_equal(seen, views_current(&views));
    uint64_t generation = seen->generation;
    for (size_t i = 0; i < 3; i++) {
        write_file("hosts", i % 2 == 0 ? "192.0.2.10 omega\n" : "192.0.2.10 psi\n");
        assert_int_equal(views_read_names(&views), STATUS_OK);
        assert_int_equal(views_read_network(&views), STATUS_OK);
        assert_int_equal(views_publish(&views, i == 2), STATUS_OK);
        assert_int_equal(views_reclaim(&views), i + 1);
    }
    /* Still whole, with the names and the network it was made of. */
    assert_true(is_known(seen->names, "alpha"));
    assert_false(is_known(seen->names, "omega"));
    assert_non_null(network_by_name(seen->network, "lo"));
    assert_int_equal(seen->generation, generation);

    snapshot_pass(&domain, &reader);
    assert_int_equal(views_reclaim(&views), 0);
    seen = snapshot_read(&views.slot);
    assert_true(is_known(seen->names, "omega"));
    assert_int_equal(seen->generation, generation + 1);

    /* A sleeping reader holds nothing. */
    snapshot_sleep(&domain, &reader);
    assert_int_equal(views_publish(&views, false), STATUS_OK);
    assert_int_equal(views_reclaim(&views), 0);
}

#define WITH_VIEWS(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_VIEWS(test_hosts),
        WITH_VIEWS(test_hosts_again),
        WITH_VIEWS(test_hosts_expanded),
        WITH_VIEWS(test_no_hosts_without_dns),
        WITH_VIEWS(test_resolv_paths),
        WITH_VIEWS(test_newest_resolv_wins),
        WITH_VIEWS(test_resolv_without_servers),
        WITH_VIEWS(test_network),
        WITH_VIEWS(test_server_lines),
        WITH_VIEWS(test_long_lists),
        WITH_VIEWS(test_own_server_is_left_out),
        WITH_VIEWS(test_reclaim_under_a_reader),
    };
    return cmocka_run_group_tests(tests, begin, end);
}

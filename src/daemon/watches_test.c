#include "daemon/watches.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/folder_test_world.h"

/* A loop and a folder of our own; what the watches say is counted. */
static uv_loop_t loop;
static struct watches watches;
static struct config *config;
static struct dns_path hostsdir;
static unsigned resolv_count, folders_count;

static void on_resolv(void *context)
{
    assert_ptr_equal(context, &loop);
    resolv_count++;
}

static void on_folders(void *context)
{
    assert_ptr_equal(context, &loop);
    folders_count++;
}

static int set_up(void **test)
{
    (void)test;
    config = config_create();
    return make_folder() && config != NULL && uv_loop_init(&loop) == 0 ? 0 : -1;
}

static int tear_down(void **test)
{
    (void)test;
    watches_stop(&watches);
    uv_run(&loop, UV_RUN_DEFAULT);
    config_free(config);
    return remove_folder() | uv_loop_close(&loop);
}

static void on_enough(uv_timer_t *timer)
{
    uv_stop(timer->loop);
}

static void run_for(uint64_t ms)
{
    uv_timer_t enough;
    uv_timer_init(&loop, &enough);
    uv_timer_start(&enough, on_enough, ms, 0);
    uv_run(&loop, UV_RUN_DEFAULT);
    uv_close((uv_handle_t *)&enough, NULL);
    uv_run(&loop, UV_RUN_NOWAIT);
}

static void start(const char *const *paths, size_t count)
{
    struct watches_setup setup = {
        .loop = &loop,
        .config = config,
        .resolv_paths = paths,
        .resolv_count = count,
        .resolv_changed = on_resolv,
        .folders_changed = on_folders,
        .context = &loop,
    };
    watches_init(&watches, &setup);
    watches_refresh(&watches);
    run_for(100); /* the look at what happened before */
    resolv_count = folders_count = 0;
}

static void check_counts(const char *what, bool resolv, bool folders)
{
    run_for(150);
    if ((resolv_count > 0) != resolv || (folders_count > 0) != folders)
        fail_msg("%s: resolv %u, folders %u", what, resolv_count, folders_count);
    resolv_count = folders_count = 0;
}

static void test_link_chain(void **test)
{
    (void)test;
    mkdir(in_folder("a"), 0755);
    mkdir(in_folder("b"), 0755);
    mkdir(in_folder("c"), 0755);
    mkdir(in_folder("d"), 0755);
    write_file("c/resolv", "nameserver 192.0.2.1\n");
    assert_int_equal(symlink("../c/resolv", in_folder("b/link")), 0);
    assert_int_equal(symlink(in_folder("b/link"), in_folder("a/resolv.conf")), 0);
    const char *path = in_folder("a/resolv.conf");
    start(&path, 1);
    write_file("c/resolv", "nameserver 192.0.2.2\n");
    check_counts("the file at the end", true, false);
    write_file("d/resolv", "nameserver 192.0.2.3\n");
    check_counts("a folder of nobody's", false, false);
    assert_int_equal(unlink(in_folder("b/link")), 0);
    assert_int_equal(symlink("../d/resolv", in_folder("b/link")), 0);
    check_counts("the link in the middle", true, false);
    write_file("d/resolv", "nameserver 192.0.2.4\n");
    check_counts("where it leads now", true, false);
    write_file("c/resolv", "nameserver 192.0.2.5\n");
    check_counts("where it led before", false, false);
}

static void test_circle_of_links_ends(void **test)
{
    (void)test;
    assert_int_equal(symlink("two", in_folder("one")), 0);
    assert_int_equal(symlink("one", in_folder("two")), 0);
    const char *path = in_folder("one");
    start(&path, 1);
    write_file("three", "");
    check_counts("a circle", true, false);
}

static void test_no_poll(void **test)
{
    (void)test;
    const char *path = in_folder("resolv");
    config->dns.no_poll = true;
    start(&path, 1);
    write_file("resolv", "nameserver 192.0.2.1\n");
    check_counts("no-poll", false, false);
}

static void use_hostsdir(const char *path)
{
    hostsdir.path = path;
    config->dns.hosts_folders = &hostsdir;
    config->dns.hosts_folder_count = 1;
}

static void test_burst_counts_once(void **test)
{
    (void)test;
    mkdir(in_folder("w"), 0755);
    use_hostsdir(in_folder("w"));
    start(NULL, 0);
    for (unsigned i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof name, "w/%u", i);
        write_file(name, "192.0.2.1 a\n");
    }
    run_for(200);
    if (folders_count == 0 || folders_count > 3)
        fail_msg("told %u times", folders_count);
}

static void test_folder_that_comes_and_goes(void **test)
{
    (void)test;
    use_hostsdir(in_folder("w"));
    start(NULL, 0);
    mkdir(in_folder("w"), 0755);
    run_for(1300);
    assert_true(folders_count > 0);
    folders_count = 0;
    write_file("w/a", "192.0.2.1 a\n");
    check_counts("it is watched", false, true);
    assert_int_equal(unlink(in_folder("w/a")), 0);
    assert_int_equal(rmdir(in_folder("w")), 0);
    check_counts("it is gone", false, true);
    mkdir(in_folder("w"), 0755);
    run_for(1300);
    assert_true(folders_count > 0);
    folders_count = 0;
    write_file("w/b", "192.0.2.1 b\n");
    check_counts("another one of that name", false, true);
}

#define WITH_LOOP(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(test_link_chain),
        WITH_LOOP(test_circle_of_links_ends),
        WITH_LOOP(test_no_poll),
        WITH_LOOP(test_burst_counts_once),
        WITH_LOOP(test_folder_that_comes_and_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

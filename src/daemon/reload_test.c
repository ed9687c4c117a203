#include "daemon/reload.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

/* A loop, views of a folder of our own, and a reader who looks at names all the time. */
static char folder[] = "/tmp/linnet-reload-XXXXXX";
static const struct siphash_key key = { 5, 6 };
static struct config *config;
static struct snapshot_domain domain;
static struct views views;
static struct reload reload;
static uv_loop_t loop;
static char path[64];
static struct dns_path hosts = { .path = path };
static unsigned ready_count, signal_count;

static void write_hosts(const char *content)
{
    FILE *file = fopen(path, "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

static void on_ready(void *context, bool by_signal, bool new_servers)
{
    assert_ptr_equal(context, &views);
    assert_false(new_servers);
    ready_count++;
    signal_count += by_signal;
    reload_tell(&reload);
    assert_int_equal(views_publish(&views, false), STATUS_OK);
    views_reclaim(&views);
}

static int set_up(void **test)
{
    (void)test;
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "l", .level = LOG_INFORM };
    strcpy(folder, "/tmp/linnet-reload-XXXXXX");
    if (mkdtemp(folder) == NULL || log_open(&log) != STATUS_OK || uv_loop_init(&loop) != 0)
        return -1;
    snprintf(path, sizeof path, "%s/hosts", folder);
    config = config_create();
    config->dns.no_hosts = config->dns.no_resolv = true;
    config->dns.hosts_files = &hosts;
    config->dns.hosts_file_count = 1;
    snapshot_domain_init(&domain);
    ready_count = signal_count = 0;
    write_hosts("192.0.2.1 first\n");
    if (views_init(&views, config, &domain, &key) != STATUS_OK
        || views_read_names(&views) != STATUS_OK || views_publish(&views, true) != STATUS_OK)
        return -1;
    reload_init(&reload, &loop, &views, on_ready, &views);
    return 0;
}

static int tear_down(void **test)
{
    (void)test;
    reload_stop(&reload);
    uv_run(&loop, UV_RUN_DEFAULT);
    views_free(&views);
    config_free(config);
    log_close();
    unlink(path);
    rmdir(folder);
    return uv_loop_close(&loop);
}

static bool knows(const struct dns_view *view, const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return local_names_find(view->names, &name, dname_hash(&key, &name)) != NULL;
}

static void test_old_names_serve_meanwhile(void **test)
{
    (void)test;
    write_hosts("192.0.2.1 second\n");
    reload_want(&reload, VIEWS_LOAD_ALL, true);
    assert_true(knows(views_current(&views), "first"));
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_true(knows(views_current(&views), "second"));
    assert_false(knows(views_current(&views), "first"));
    assert_int_equal(ready_count, 1);
    assert_int_equal(signal_count, 1);
}

/* Asked for three times while one runs: done once more, as much as the greatest asked for. */
static void test_once_more_behind(void **test)
{
    (void)test;
    reload_want(&reload, VIEWS_LOAD_HOSTS, false);
    reload_want(&reload, VIEWS_LOAD_FOLDERS, false);
    reload_want(&reload, VIEWS_LOAD_ALL, true);
    reload_want(&reload, VIEWS_LOAD_FOLDERS, false);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ready_count, 2);
    assert_int_equal(signal_count, 1);
}

/* Nothing changed in folders: nobody is told. A signal is heard in any case. */
static void test_no_news(void **test)
{
    (void)test;
    reload_want(&reload, VIEWS_LOAD_FOLDERS, false);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ready_count, 0);
}

static void test_stopped_in_between(void **test)
{
    (void)test;
    write_hosts("192.0.2.1 second\n");
    reload_want(&reload, VIEWS_LOAD_ALL, true);
    reload_stop(&reload);
    reload_want(&reload, VIEWS_LOAD_ALL, true);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(ready_count, 0);
    assert_true(knows(views_current(&views), "first"));
}

/* ------------------------------------------------------------------ with a thread that reads */

static struct snapshot_reader reader;
static atomic_bool reading;

/* Either all names of a generation or none of it. */
static void look(void *context)
{
    (void)context;
    snapshot_wake(&domain, &reader);
    while (atomic_load(&reading)) {
        const struct dns_view *view = snapshot_read(&views.slot);
        bool first = knows(view, "first");
        assert_true(first != knows(view, "second"));
        assert_true(first == knows(view, "n999.first"));
        snapshot_pass(&domain, &reader);
    }
    snapshot_sleep(&domain, &reader);
}

static void write_generation(const char *name)
{
    static char text[65536];
    struct text_out out = text_out_on(text, sizeof text);
    for (unsigned i = 0; i < 1000; i++)
        text_printf(&out, "192.0.2.1 n%u.%s\n", i, name);
    text_printf(&out, "192.0.2.1 %s\n", name);
    write_hosts(text);
}

static void test_under_a_reader(void **test)
{
    (void)test;
    uv_thread_t thread;
    write_generation("first");
    reload_want(&reload, VIEWS_LOAD_ALL, true);
    uv_run(&loop, UV_RUN_DEFAULT);
    assert_int_equal(snapshot_add_reader(&domain, &reader), STATUS_OK);
    atomic_store(&reading, true);
    assert_int_equal(uv_thread_create(&thread, look, NULL), 0);
    for (unsigned i = 0; i < 20; i++) {
        write_generation(i % 2 == 0 ? "second" : "first");
        reload_want(&reload, VIEWS_LOAD_ALL, true);
        uv_run(&loop, UV_RUN_DEFAULT);
        views_reclaim(&views);
        reload_clean(&reload);
    }
    atomic_store(&reading, false);
    uv_thread_join(&thread);
    assert_int_equal(ready_count, 21);
}

#define WITH_LOOP(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_LOOP(test_old_names_serve_meanwhile),
        WITH_LOOP(test_once_more_behind),
        WITH_LOOP(test_no_news),
        WITH_LOOP(test_stopped_in_between),
        WITH_LOOP(test_under_a_reader),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

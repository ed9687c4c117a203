#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/option_reader.h"
#include "config/option_test_rows.h"

/* Every test runs in an empty folder of its own, so that names in messages are short. */
static char here[64];
static char before[4096];

static int enter_folder(void **state)
{
    (void)state;
    strcpy(here, "/tmp/option_sources_test.XXXXXX");
    return getcwd(before, sizeof before) != NULL && mkdtemp(here) != NULL ? chdir(here) : -1;
}

static int leave_folder(void **state)
{
    (void)state;
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", here);
    return chdir(before) == 0 ? system(command) : -1;
}

static void put_file(const char *path, const char *content)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void read_words(struct test_run *run, const char *first, const char *second,
                       const char *third)
{
    char *argv[] = { (char *)"linnet", (char *)first, (char *)second, (char *)third };
    int argc = third != NULL ? 4 : second != NULL ? 3 : 2;
    (void)option_read_arguments(run->reader, argc, argv);
}

static const char *servers(struct test_run *run)
{
    struct text_out out = text_out_on(run->text, sizeof run->text);
    for (size_t i = 0; i < run->part.servers.count; i++)
        text_printf(&out, "%s ", run->part.servers.at[i]);
    return run->text;
}

/* ------------------------------------------------------------------ which files */

static void test_default_file(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    put_file("default", "port=7\n");
    assert_int_equal(option_read_files(run->reader, "default"), STATUS_OK);
    assert_int_equal(run->part.port, 7);
    test_run_end(run);

    run = test_run_start();
    assert_int_equal(option_read_files(run->reader, "missing"), STATUS_OK);
    assert_int_equal(option_read_files(run->reader, NULL), STATUS_OK);
    test_run_end(run);

    /* Named on the command line: not the default, and it must be there. */
    run = test_run_start();
    put_file("other", "cache-size=8\n");
    read_words(run, "--conf-file=other", NULL, NULL);
    assert_int_equal(run->part.cache_size, 150);
    assert_int_equal(option_read_files(run->reader, "default"), STATUS_OK);
    assert_int_equal(run->part.cache_size, 8);
    assert_int_equal(run->part.port, 53);
    test_run_end(run);

    run = test_run_start();
    read_words(run, "--conf-file=", NULL, NULL);
    assert_int_equal(option_read_files(run->reader, "default"), STATUS_OK);
    assert_int_equal(run->part.port, 53);
    test_run_end(run);

    run = test_run_start();
    read_words(run, "-C", "missing", "--no-hosts");
    assert_int_equal(option_read_files(run->reader, "default"), STATUS_MALFORMED);
    assert_string_equal(test_run_compat(run), "cannot read missing: No such file or directory");
    assert_string_equal(test_run_errors(run),
                        "linnet: cannot read missing: No such file or directory\n");
    assert_int_equal(run->errors.errors[0].exit_code, 3);
    test_run_end(run);

    run = test_run_start();
    assert_int_equal(option_read_file(run->reader, "missing", true), STATUS_OK);
    assert_int_equal(option_read_file(run->reader, "missing", false), STATUS_MALFORMED);
    test_run_end(run);
}

/* As dnsmasq: arguments in order with conf-dir and conf-script in their turn, then the files. */
static void test_order(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    assert_int_equal(mkdir("d", 0755), 0);
    put_file("d/x", "server=3\n");
    put_file("b", "server=2\n");
    put_file("a", "server=1\nconf-file=b\nserver=4\nconf-dir=d\nserver=5\n"
                  "conf-script=echo server=6\nserver=7\n");
    assert_int_equal(option_read_file(run->reader, "a", false), STATUS_OK);
    assert_string_equal(servers(run), "1 2 4 3 5 6 7 ");
    test_run_end(run);

    run = test_run_start();
    read_words(run, "--conf-file=b", "--conf-dir=d", "--server=9");
    read_words(run, "--conf-script=echo server=8", "--server=10", "-Ca");
    assert_int_equal(option_read_files(run->reader, NULL), STATUS_OK);
    assert_string_equal(servers(run), "3 9 8 10 2 1 4 5 6 7 ");
    test_run_end(run);
}

static void test_each_file_once(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    put_file("a", "conf-file=a\nport=1\nconf-file=./a\nconf-file=link\nconf-file=other\n");
    put_file("b", "conf-file=a\nconf-file=b\n");
    assert_int_equal(symlink("a", "link"), 0);
    assert_int_equal(link("a", "other"), 0);
    assert_int_equal(option_read_file(run->reader, "b", false), STATUS_OK);
    assert_int_equal(option_read_file(run->reader, "a", false), STATUS_OK);
    assert_int_equal(run->part.port, 1);
    test_run_end(run);
}

/* "Once" counts over all files and commands together, and apart from the command line. */
static void test_once_over_files(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    put_file("b", "\nport=2\n");
    put_file("a", "conf-file=b\nport=1\n");
    read_words(run, "--port=3", "-Ca", "--conf-script=true");
    assert_int_equal(option_read_files(run->reader, NULL), STATUS_MALFORMED);
    assert_string_equal(test_run_compat(run), "illegal repeated keyword at line 2 of a");
    assert_string_equal(run->errors.errors[0].message,
                        "may be given only once; it is in b, line 2, already");
    assert_int_equal(run->part.port, 2);
    test_run_end(run);

    run = test_run_start();
    read_words(run, "--conf-script=echo port=3", "--conf-script=echo port=4", NULL);
    assert_string_equal(test_run_compat(run),
                        "illegal repeated keyword in output from echo port=4");
    test_run_end(run);
}

/* ------------------------------------------------------------------ folders and standard input */

static void test_folder(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    assert_int_equal(mkdir("d", 0755), 0);
    assert_int_equal(mkdir("d/sub.conf", 0755), 0);
    assert_int_equal(mkfifo("d/fifo.conf", 0600), 0);
    put_file("d/b.conf", "server=b\n");
    put_file("d/a.conf", "server=a\n");
    put_file("d/c.bak", "server=c\n");
    put_file("d/c.conf~", "server=old\n");
    put_file("else", "server=link\n");
    assert_int_equal(symlink("../else", "d/z.conf"), 0);

    assert_int_equal(option_read_text(run->reader, "f", TEXT("conf-dir=d/,*.conf\n")), STATUS_OK);
    assert_string_equal(servers(run), "a b link ");
    assert_int_equal(option_read_text(run->reader, "f", TEXT("conf-dir = d , .conf\n")), STATUS_OK);
    assert_string_equal(servers(run), "a b link c ");
    test_run_end(run);

    /* dnsmasq keeps the slash the user wrote and adds its own. */
    run = test_run_start();
    put_file("d/b.conf", "bad-b\n");
    put_file("d/a.conf", "no-hosts\nbad-a\n");
    assert_int_equal(option_read_text(run->reader, "f", TEXT("conf-dir=d/,*.conf\n")),
                     STATUS_MALFORMED);
    assert_string_equal(test_run_compat(run),
                        "bad option at line 2 of d//a.conf; bad option at line 1 of d//b.conf");
    test_run_end(run);

    run = test_run_start();
    assert_int_equal(symlink("nowhere", "d/my.conf"), 0);
    assert_int_equal(option_read_text(run->reader, "f", TEXT("conf-dir=d,*y.conf\n")),
                     STATUS_MALFORMED);
    assert_string_equal(test_run_compat(run), "cannot access d/my.conf: No such file or directory");
    assert_int_equal(run->errors.errors[0].exit_code, 3);
    test_run_end(run);
}

static void test_missing_sources(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    put_file("file", "");
    assert_int_equal(option_read_text(run->reader, "f",
                                      TEXT("\nconf-dir=nope,x\nconf-dir=file\n"
                                           "conf-file=nope\n")),
                     STATUS_MALFORMED);
    assert_string_equal(test_run_compat(run),
                        "cannot access directory nope: No such file or directory; "
                        "cannot access directory file: Not a directory; "
                        "cannot read nope: No such file or directory");
    assert_string_equal(
        test_run_errors(run),
        "f:2:10: conf-dir: cannot access directory nope: No such file or directory\n"
        "    conf-dir=nope,x\n"
        "             ^\n"
        "f:3:10: conf-dir: cannot access directory file: Not a directory\n"
        "    conf-dir=file\n"
        "             ^\n"
        "f:4:11: conf-file: cannot read nope: No such file or directory\n"
        "    conf-file=nope\n"
        "              ^\n");
    test_run_end(run);

    run = test_run_start();
    read_words(run, "--conf-dir=nope", "--conf-script=false", NULL);
    assert_string_equal(test_run_compat(run),
                        "cannot access directory nope: No such file or directory; "
                        "false returns non-zero error code");
    test_run_end(run);
}

/* dnsmasq users have folders as conf-file in live configurations; they are read as nothing. */
static void test_folder_as_file(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    assert_int_equal(mkdir("d", 0755), 0);
    put_file("d/x", "bad\n");
    assert_int_equal(option_read_text(run->reader, "f", TEXT("conf-file=d\n")), STATUS_OK);
    test_run_end(run);
}

static void test_standard_input(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    put_file("input", "\nport=9\nport=x\n");
    put_file("a", "conf-file=-\nconf-file=-\n");
    int kept = dup(STDIN_FILENO);
    assert_non_null(freopen("input", "r", stdin));
    assert_int_equal(option_read_file(run->reader, "a", false), STATUS_MALFORMED);
    assert_string_equal(test_run_compat(run), "illegal repeated keyword at line 3 of stdin");
    assert_int_equal(run->part.port, 9);
    if (kept >= 0) {
        assert_int_equal(dup2(kept, STDIN_FILENO), STDIN_FILENO);
        close(kept);
    }
    test_run_end(run);
}

/* ------------------------------------------------------------------ commands */

static const struct {
    const char *text;
    const char *compat;
    int exit_code;
} script_rows[] = {
    { "conf-script=true", "", 0 },
    { "conf-script=echo no-hosts", "", 0 },
    { "conf-script=printf 'no-hosts\\nno-resolv\\n'", "", 0 },
    { "conf-script=false", "false returns non-zero error code", 10 },
    { "conf-script=exit 7", "exit 7 returns non-zero error code", 10 },
    { "conf-script=\"kill -9 $$\"", "kill -9 $$ returns non-zero error code", 19 },
    { "conf-script=echo port=99999", "error in output from echo port=99999", 1 },
    { "conf-script=echo \"port=99999\"", "error in output from echo port=99999", 1 },
    { "conf-script=echo bad1;echo", "bad option in output from echo bad1;echo", 1 },
    { "conf-script=echo port=x;exit 4",
      "error in output from echo port=x;exit 4; echo port=x;exit 4 returns non-zero error code",
      1 },
    { "conf-script=echo conf-script=echo bad", "bad option in output from echo bad", 1 },
    { "conf-script=echo conf-file=nope", "cannot read nope: No such file or directory", 3 },
};

static void test_scripts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(script_rows); i++) {
        struct test_run *run = test_run_start();
        (void)option_read_text(run->reader, "f", text_of(script_rows[i].text));
        const char *compat = test_run_compat(run);
        int exit_code = run->errors.count > 0 ? run->errors.errors[0].exit_code : 0;
        if (strcmp(compat, script_rows[i].compat) != 0 || exit_code != script_rows[i].exit_code)
            fail_msg("%s: %d \"%s\"", script_rows[i].text, exit_code, compat);
        test_run_end(run);
    }
}

static void test_script_place(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    (void)option_read_text(run->reader, "f", TEXT("conf-script=echo; echo no-hosts=1\n"));
    assert_string_equal(test_run_errors(run),
                        "output of echo; echo no-hosts=1:2:10: no-hosts: takes no value\n"
                        "    no-hosts=1\n"
                        "             ^\n");
    test_run_end(run);
}

/* A command that names itself, or a chain of files, ends at a bound. */
static void test_depth(void **state)
{
    (void)state;
    struct test_run *run = test_run_start();
    put_file("again", "conf-script=cat again\n");
    assert_int_equal(option_read_file(run->reader, "again", false), STATUS_MALFORMED);
    assert_string_equal(run->errors.errors[0].message, "sources are nested more than 32 deep");
    assert_int_equal(run->errors.count, 1);
    test_run_end(run);

    run = test_run_start();
    put_file("twice", "conf-script=cat twice\nconf-script=cat twice\n");
    assert_int_equal(option_read_file(run->reader, "twice", false), STATUS_MALFORMED);
    /* One too many for each command that ran and was not at the bottom. */
    assert_true(option_errors_total(&run->errors) <= 2 * OPTION_SCRIPTS_MAX + 2);
    assert_true(run->reader->script_count == OPTION_SCRIPTS_MAX);
    test_run_end(run);

    run = test_run_start();
    for (int i = 0; i < OPTION_DEPTH_MAX + 2; i++) {
        char name[16];
        char content[64];
        snprintf(name, sizeof name, "f%d", i);
        snprintf(content, sizeof content, "server=%d\nconf-file=f%d\n", i, i + 1);
        put_file(name, content);
    }
    assert_int_equal(option_read_file(run->reader, "f0", false), STATUS_MALFORMED);
    assert_int_equal(run->part.servers.count, OPTION_DEPTH_MAX);
    assert_int_equal(run->errors.count, 1);
    test_run_end(run);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, enter_folder, leave_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_FOLDER(test_default_file),   IN_FOLDER(test_order),
        IN_FOLDER(test_each_file_once), IN_FOLDER(test_once_over_files),
        IN_FOLDER(test_folder),         IN_FOLDER(test_missing_sources),
        IN_FOLDER(test_folder_as_file), IN_FOLDER(test_standard_input),
        IN_FOLDER(test_scripts),        IN_FOLDER(test_script_place),
        IN_FOLDER(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

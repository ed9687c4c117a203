#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config_file.h"

/* ------------------------------------------------------------------ lines */

/* A line as "name=value" with quoted characters between '<' and '>'; without "=" just the name. */
static void put_decoded(struct text_out *out, struct value value)
{
    bool in_quotes = false;

    for (size_t i = 0; i < value.text.count; i++) {
        if ((value.quoted != NULL && value.quoted[i] != 0) != in_quotes) {
            in_quotes = !in_quotes;
            text_put_char(out, in_quotes ? '<' : '>');
        }
        text_put_char(out, value.text.at[i]);
    }
    text_put_string(out, in_quotes ? ">" : "");
}

static void decode(const char *text, size_t count, struct text_out *out)
{
    struct config_lines lines;
    struct config_line line;
    enum status status;

    assert_int_equal(config_lines_init(&lines, (struct text){ text, count }), STATUS_OK);
    while ((status = config_lines_next(&lines, &line)) != STATUS_NOT_FOUND) {
        text_printf(out, "%u:", line.number);
        if (status != STATUS_OK) {
            text_printf(out, "!%d@%u;", status, line.bad_column);
            continue;
        }
        put_decoded(out, line.name);
        text_put_string(out, line.value.text.at != NULL ? "=" : "");
        put_decoded(out, line.value);
        text_put_char(out, ';');
    }
    config_lines_free(&lines);
}

/* What dnsmasq 2.90 makes of each, seen in its answers to TXT queries, unless marked ours. */
static const struct {
    const char *name;
    const char *text;
    const char *lines;
} line_rows[] = {
    { "name alone", "no-resolv\n", "1:no-resolv;" },
    { "no newline at the end", "no-resolv", "1:no-resolv;" },
    { "nothing", "", "" },
    { "empty lines", "\n\n \n\t\r\nx\n", "5:x;" },
    { "blanks around the sign", "  port = 53  \n", "1:port=53;" },
    { "tabs", "\tport\t=\t53\t\n", "1:port=53;" },
    { "CR LF", "a=b\r\nc\r\n", "1:a=b;2:c;" },
    { "lone CR at the end", "a=b\r", "1:a=b;" },
    { "empty value", "port=\n", "1:port=;" },
    { "blank value", "port= \n", "1:port=;" },
    { "second sign belongs to the value", "t=a=b\n", "1:t=a=b;" },
    { "no name", "=5\n", "1:=5;" },
    { "comment line", "# x\n  # y\n#z\n", "" },
    { "semicolon is no comment", ";x\n", "1:;x;" },
    { "comment after a blank", "t=a #b\n", "1:t=a;" },
    { "comment after a tab", "t=a\t#b\n", "1:t=a;" },
    { "comment after a form feed", "t=a\f#b\n", "1:t=a;" },
    { "hash inside a word", "t=a#b\n", "1:t=a#b;" },
    { "hash at the start of a value", "t=#b\n", "1:t=#b;" },
    { "comment instead of a value", "t= #b\n", "1:t=;" },
    { "hash after a comma", "t=a,#b\n", "1:t=a,#b;" },
    { "comment after a comma and a blank", "t=a, #b\n", "1:t=a,;" },
    { "quote in a comment", "t=a # \"b\n", "1:t=a;" },
    { "comment after a name", "a # b\n", "1:a;" },
    { "quoted comma", "t=\"a,b\",c\n", "1:t=<a,b>,c;" },
    { "quotes within a word", "t=a\"b,c\"d\n", "1:t=a<b,c>d;" },
    { "quoted hash", "t=a \"#b\"\n", "1:t=a <#b>;" },
    { "hash right after a quote", "t=\"a\"#b\n", "1:t=<a>#b;" },
    { "hash after a quoted blank", "t=\"a \"#b\n", "1:t=<a >#b;" },
    { "comment after a quote", "t=\"a \" #b\n", "1:t=<a >;" },
    { "quoted blanks at both ends", "t= \" a \" \n", "1:t=< a >;" },
    { "nothing in quotes", "t=\"\"\n", "1:t=;" },
    { "nothing in quotes and a comment", "t=\"\" # c\n", "1:t=;" },
    { "only quotes", "\"\"\n", "" },
    { "single quotes are ordinary", "t='a,b'\n", "1:t='a,b';" },
    { "unquoted tab is a space", "t=a\tb\n", "1:t=a b;" },
    { "quoted tab stays", "t=\"a\tb\"\n", "1:t=<a\tb>;" },
    { "escapes", "t=\"\\\\\\\"\\t\\n\\r\\b\\e\"\n", "1:t=<\\\"\t\n\r\b\033>;" },
    { "no such escape", "t=\"\\q\\x41\\,\\N\"\n", "1:t=<\\q\\x41\\,\\N>;" },
    { "backslash outside quotes", "t=\\n\\\\\n", "1:t=\\n\\\\;" },
    { "no continuation", "t=a\\\nb\n", "1:t=a\\;2:b;" },
    { "quoted name", "\"po\"rt=53\n", "1:<po>rt=53;" },
    { "quoted sign divides too", "\"port=53\"\n", "1:<port>=<53>;" },
    { "two quoted parts touching (ours; dnsmasq trips)", "t=\"a\"\"b\"\n", "1:t=<ab>;" },
    { "bytes past ASCII", "t=\xc3\xa9\xff\n", "1:t=\xc3\xa9\xff;" },
    { "open quote", "t=\"a\nb\n", "1:!1@3;2:b;" },
    { "open quote at the end", "t=a\"\n", "1:!1@4;" },
    { "quote closed by an escape only", "t=\"a\\\"\n", "1:!1@3;" },
    { "backslash last", "t=\"a\\", "1:!1@3;" },
    { "third quote opens", "t=\"a\"\"\n", "1:!1@6;" },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(line_rows); i++) {
        char buffer[512];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        decode(line_rows[i].text, strlen(line_rows[i].text), &out);
        if (strcmp(buffer, line_rows[i].lines) != 0)
            fail_msg("%s: %s", line_rows[i].name, buffer);
    }
}

static void test_nul_bytes(void **state)
{
    (void)state;
    char buffer[128];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    decode("a=\0b\nc\n\0", 8, &out);
    assert_string_equal(buffer, "1:!2@3;2:c;3:!2@1;");
}

static void test_columns(void **state)
{
    (void)state;
    const char *written = "  t = \"a\\tb\",c\n";
    struct config_lines lines;
    struct config_line line;

    assert_int_equal(config_lines_init(&lines, text_of(written)), STATUS_OK);
    assert_int_equal(config_lines_next(&lines, &line), STATUS_OK);
    assert_string_equal(line.written, "  t = \"a\\tb\",c");
    const unsigned columns[] = { 8, 9, 11, 13, 14, 15 }; /* a, tab, b, comma, c, the end */
    size_t first = (size_t)(line.value.text.at - line.decoded);
    assert_int_equal(first + 5, line.decoded_count);
    for (size_t i = 0; i < COUNT_OF(columns); i++)
        assert_int_equal(line.columns[first + i], columns[i]);
    config_lines_free(&lines);
}

/* Lines that need no decoding are not copied; those that do are found whatever makes it so. */
static void test_plain_lines(void **state)
{
    static const struct {
        const char *text;
        bool plain;
    } plain_rows[] = {
        { "address=/x.test/", true }, { "address=/x.test/#", true }, { " a = b ", true },
        { "a=b #c", false },          { "a=b# c", false },           { "a=\tb", false },
        { "a=\"b\"", false },         { "a=b\rc", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(plain_rows); i++) {
        struct config_lines lines;
        struct config_line line;
        assert_int_equal(config_lines_init(&lines, text_of(plain_rows[i].text)), STATUS_OK);
        assert_int_equal(config_lines_next(&lines, &line), STATUS_OK);
        if ((line.columns == NULL) != plain_rows[i].plain
            || (line.value.quoted == NULL) != plain_rows[i].plain)
            fail_msg("%s", plain_rows[i].text);
        config_lines_free(&lines);
    }
}

static void test_long_lines(void **state)
{
    (void)state;
    const size_t counts[] = { CONFIG_LINE_MAX - 1, CONFIG_LINE_MAX, CONFIG_LINE_MAX + 1, 1u << 20 };
    char *text = malloc((1u << 20) + 3);
    assert_non_null(text);

    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        char buffer[64];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        struct config_lines lines;
        struct config_line line;

        memset(text, 'x', counts[i]);
        memcpy(text + counts[i], "\ny\n", 3);
        assert_int_equal(config_lines_init(&lines, (struct text){ text, counts[i] + 3 }),
                         STATUS_OK);
        enum status expected = counts[i] <= CONFIG_LINE_MAX ? STATUS_OK : STATUS_RANGE;
        assert_int_equal(config_lines_next(&lines, &line), expected);
        if (expected == STATUS_OK) {
            assert_int_equal(line.decoded_count, counts[i]);
            assert_null(line.columns);
            assert_ptr_equal(line.decoded, line.written);
        }
        assert_int_equal(config_lines_next(&lines, &line), STATUS_OK);
        assert_int_equal(line.number, 2);
        assert_int_equal(config_lines_next(&lines, &line), STATUS_NOT_FOUND);
        config_lines_free(&lines);
        assert_false(out.failed);
    }
    free(text);
}

/* ------------------------------------------------------------------ folders */

/* Names left of the files a.conf b.bak c d~ .e #f# g.conf.dpkg-new h.CONF x, seen in dnsmasq. */
static const struct {
    const char *filters;
    const char *taken;
} folder_rows[] = {
    { NULL, "a.conf b.bak c g.conf.dpkg-new h.CONF x " },
    { "", "a.conf b.bak c g.conf.dpkg-new h.CONF x " },
    { ".bak", "a.conf c g.conf.dpkg-new h.CONF x " },
    { "*.conf", "a.conf " },
    { "*.conf,*.bak", "a.conf b.bak " },
    { "conf", "b.bak c g.conf.dpkg-new h.CONF x " },
    { "*", "a.conf b.bak c g.conf.dpkg-new h.CONF x " },
    { " .bak , .dpkg-new", "a.conf c h.CONF x " },
    { "x", "a.conf b.bak c g.conf.dpkg-new h.CONF x " },
    { "*x", "" },
    { ",.bak,", "a.conf c g.conf.dpkg-new h.CONF x " },
    { "*.bak,x", "b.bak " },
    { ".bak,*k", "" },
};

static const char *const folder_names[] = { "a.conf",          "b.bak",  "c", "d~", ".e", "#f#",
                                            "g.conf.dpkg-new", "h.CONF", "x", "#",  "~" };

static void test_folder_takes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(folder_rows); i++) {
        char buffer[256];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        struct value filters = value_of(text_of(folder_rows[i].filters));
        for (size_t j = 0; j < COUNT_OF(folder_names); j++) {
            if (config_folder_takes(folder_names[j], filters))
                text_printf(&out, "%s ", folder_names[j]);
        }
        if (strcmp(buffer, folder_rows[i].taken) != 0)
            fail_msg("%s: %s", folder_rows[i].filters, buffer);
    }
    assert_false(config_folder_takes("", value_of(TEXT_NONE)));
}

struct temporary {
    char folder[64];
    char path[128];
};

static void make_file(struct temporary *temporary, const char *name, const char *content)
{
    snprintf(temporary->path, sizeof temporary->path, "%s/%s", temporary->folder, name);
    FILE *file = fopen(temporary->path, "w");
    assert_non_null(file);
    assert_true(fputs(content, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

static void remove_file(struct temporary *temporary, const char *name)
{
    snprintf(temporary->path, sizeof temporary->path, "%s/%s", temporary->folder, name);
    assert_int_equal(unlink(temporary->path), 0);
}

static void test_folder_list(void **state)
{
    (void)state;
    struct temporary temporary = { .folder = "/tmp/config_file_test.XXXXXX" };
    struct config_folder folder;

    assert_non_null(mkdtemp(temporary.folder));
    assert_int_equal(config_folder_list(temporary.folder, value_of(TEXT_NONE), &folder), STATUS_OK);
    assert_int_equal(folder.count, 0);
    config_folder_free(&folder);

    make_file(&temporary, "b", "");
    make_file(&temporary, "a", "");
    make_file(&temporary, "B", "");
    make_file(&temporary, "c~", "");
    assert_int_equal(config_folder_list(temporary.folder, value_of(TEXT_NONE), &folder), STATUS_OK);
    assert_int_equal(folder.count, 3);
    assert_string_equal(folder.names[0], "B");
    assert_string_equal(folder.names[1], "a");
    assert_string_equal(folder.names[2], "b");
    config_folder_free(&folder);

    assert_int_equal(config_folder_list(temporary.path, value_of(TEXT_NONE), &folder),
                     STATUS_SYSTEM);
    assert_int_equal(errno, ENOTDIR);
    remove_file(&temporary, "a");
    remove_file(&temporary, "b");
    remove_file(&temporary, "B");
    remove_file(&temporary, "c~");
    assert_int_equal(rmdir(temporary.folder), 0);
    assert_int_equal(config_folder_list(temporary.folder, value_of(TEXT_NONE), &folder),
                     STATUS_SYSTEM);
    assert_int_equal(errno, ENOENT);
}

/* ------------------------------------------------------------------ files and commands */

/* Opens the temporary file and counts its lines. */
static enum status count_lines(const char *path, size_t limit, size_t *count)
{
    struct config_lines lines;
    struct config_line line;
    struct config_file_id id;
    int file;

    *count = 0;
    assert_int_equal(config_file_open(path, &file, &id), STATUS_OK);
    assert_int_equal(config_lines_init_file(&lines, file, limit), STATUS_OK);
    while (config_lines_next(&lines, &line) != STATUS_NOT_FOUND)
        ++*count;
    enum status status = config_lines_end(&lines);
    config_lines_free(&lines);
    config_file_close(file);
    return status;
}

static void test_files(void **state)
{
    (void)state;
    struct temporary temporary = { .folder = "/tmp/config_file_test.XXXXXX" };
    struct config_file_id first;
    struct config_file_id second;
    bool is_regular = false;
    size_t count;
    int file;

    assert_non_null(mkdtemp(temporary.folder));
    make_file(&temporary, "f", "port=1\n");
    assert_int_equal(config_file_open(temporary.path, &file, &first), STATUS_OK);
    config_file_close(file);
    assert_int_equal(count_lines(temporary.path, 7, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(count_lines(temporary.path, 6, &count), STATUS_RANGE);

    assert_int_equal(config_file_open(temporary.path, &file, &second), STATUS_OK);
    config_file_close(file);
    assert_memory_equal(&first, &second, sizeof first);
    assert_int_equal(config_file_is_regular(temporary.path, &is_regular), STATUS_OK);
    assert_true(is_regular);
    remove_file(&temporary, "f");
    assert_int_equal(config_file_open(temporary.path, &file, &first), STATUS_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(config_file_is_regular(temporary.path, &is_regular), STATUS_SYSTEM);

    assert_int_equal(config_file_is_regular(temporary.folder, &is_regular), STATUS_OK);
    assert_false(is_regular);
    assert_int_equal(count_lines(temporary.folder, CONFIG_FILE_MAX, &count), STATUS_OK);
    assert_int_equal(count, 0);
    assert_int_equal(rmdir(temporary.folder), 0);
}

/* Lines of all lengths fall on the edges of the window in every way; the same lines come out of a
 * text. */
static void test_large_file(void **state)
{
    (void)state;
    enum { LINES = 4000 };
    struct temporary temporary = { .folder = "/tmp/config_file_test.XXXXXX" };
    struct config_lines lines[2];
    struct config_line line[2];
    struct config_file_id id;
    struct text_out out;
    char *text = malloc((size_t)LINES * 600);
    int file;

    assert_non_null(text);
    out = text_out_on(text, (size_t)LINES * 600);
    for (unsigned i = 0; i < LINES; i++) {
        text_printf(&out, "n%u=", i);
        for (unsigned j = 0; j < i % 531; j++)
            text_put_char(&out, (char)('a' + (i + j) % 26));
        text_put_string(&out, i % 7 == 0 ? " # c\r\n" : i % 3 == 0 ? "\r\n" : "\n");
    }
    assert_false(out.failed);
    assert_non_null(mkdtemp(temporary.folder));
    make_file(&temporary, "f", text);
    assert_int_equal(config_file_open(temporary.path, &file, &id), STATUS_OK);
    assert_int_equal(config_lines_init_file(&lines[0], file, CONFIG_FILE_MAX), STATUS_OK);
    assert_int_equal(config_lines_init(&lines[1], text_out_text(&out)), STATUS_OK);
    for (unsigned i = 0; i < LINES; i++) {
        for (unsigned j = 0; j < 2; j++) {
            assert_int_equal(config_lines_next(&lines[j], &line[j]), STATUS_OK);
            assert_int_equal(line[j].number, i + 1);
            assert_int_equal(line[j].value.text.count, i % 531);
        }
        assert_true(text_equal(line[0].name.text, line[1].name.text));
        assert_true(text_equal(line[0].value.text, line[1].value.text));
        assert_string_equal(line[0].written, line[1].written);
    }
    for (unsigned j = 0; j < 2; j++) {
        assert_int_equal(config_lines_next(&lines[j], &line[j]), STATUS_NOT_FOUND);
        assert_int_equal(config_lines_end(&lines[j]), STATUS_OK);
        config_lines_free(&lines[j]);
    }
    config_file_close(file);
    free(text);
    remove_file(&temporary, "f");
    assert_int_equal(rmdir(temporary.folder), 0);
}

/* A hole: as large as wanted without writing it. */
static void test_endless_line(void **state)
{
    (void)state;
    struct temporary temporary = { .folder = "/tmp/config_file_test.XXXXXX" };
    size_t count;

    assert_non_null(mkdtemp(temporary.folder));
    make_file(&temporary, "f", "");
    assert_int_equal(truncate(temporary.path, (off_t)1 << 20), 0);
    assert_int_equal(count_lines(temporary.path, 1u << 20, &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(count_lines(temporary.path, (1u << 20) - 1, &count), STATUS_RANGE);
    assert_int_equal(count, 1);
    remove_file(&temporary, "f");
    assert_int_equal(rmdir(temporary.folder), 0);
}

static void test_scripts(void **state)
{
    (void)state;
    struct text output;
    int wait_status;

    assert_int_equal(config_script_run("echo 'a b'; echo c", NULL, &output, &wait_status),
                     STATUS_OK);
    assert_true(text_equal(output, TEXT("a b\nc\n")));
    assert_int_equal(wait_status, 0);
    free((void *)output.at);

    assert_int_equal(config_script_run("echo x; exit 7", NULL, &output, &wait_status), STATUS_OK);
    assert_true(WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 7);
    free((void *)output.at);

    assert_int_equal(config_script_run("kill -9 $$", NULL, &output, &wait_status), STATUS_OK);
    assert_true(WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == 9);
    free((void *)output.at);

    /* Whoever serves does not wait for ever, for the output or for the end. */
    const struct config_script_limit limit = { .seconds = 1 };
    assert_int_equal(config_script_run("sleep 60", &limit, &output, &wait_status), STATUS_SYSTEM);
    assert_int_equal(errno, ETIME);
    assert_int_equal(config_script_run("exec >&-; sleep 60", &limit, &output, &wait_status),
                     STATUS_SYSTEM);
    /* One that never stops writing is ended at the bound. */
    assert_int_equal(config_script_run("yes no-resolv", NULL, &output, &wait_status), STATUS_RANGE);
}

/* What a server ignores, and a thread of its pool holds, ends a command as elsewhere. */
static void test_signals_of_scripts(void **state)
{
    (void)state;
    static const struct {
        const char *command;
        int number;
    } rows[] = { { "kill -PIPE $$", SIGPIPE },
                 { "kill -ALRM $$", SIGALRM },
                 { "kill -TERM $$", SIGTERM },
                 { "kill -HUP $$", SIGHUP } };
    struct sigaction ignore = { .sa_handler = SIG_IGN }, pipe_before, alarm_before;
    sigset_t all, before;
    struct text output;
    int ends[COUNT_OF(rows)];
    sigfillset(&all);
    assert_int_equal(sigaction(SIGPIPE, &ignore, &pipe_before), 0);
    assert_int_equal(sigaction(SIGALRM, &ignore, &alarm_before), 0);
    assert_int_equal(sigprocmask(SIG_SETMASK, &all, &before), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        ends[i] = 0;
        if (config_script_run(rows[i].command, NULL, &output, &ends[i]) == STATUS_OK)
            free((void *)output.at);
    }
    assert_int_equal(sigprocmask(SIG_SETMASK, &before, NULL), 0);
    assert_int_equal(sigaction(SIGPIPE, &pipe_before, NULL), 0);
    assert_int_equal(sigaction(SIGALRM, &alarm_before, NULL), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!WIFSIGNALED(ends[i]) || WTERMSIG(ends[i]) != rows[i].number)
            fail_msg("%s: wait status %d", rows[i].command, ends[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),        cmocka_unit_test(test_nul_bytes),
        cmocka_unit_test(test_columns),      cmocka_unit_test(test_long_lines),
        cmocka_unit_test(test_folder_takes), cmocka_unit_test(test_folder_list),
        cmocka_unit_test(test_files),        cmocka_unit_test(test_large_file),
        cmocka_unit_test(test_scripts),      cmocka_unit_test(test_plain_lines),
        cmocka_unit_test(test_endless_line), cmocka_unit_test(test_signals_of_scripts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

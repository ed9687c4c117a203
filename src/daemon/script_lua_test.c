#include "daemon/script_lua.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a script said last, and what was said of it. */
struct heard {
    char printed[256], failed[256];
};

static void on_printed(void *context, struct text line)
{
    struct heard *heard = context;
    (void)snprintf(heard->printed, sizeof(heard->printed), "%.*s", TEXT_ARG(line));
}

static void on_failed(void *context, struct text message)
{
    struct heard *heard = context;
    (void)snprintf(heard->failed, sizeof(heard->failed), "%.*s", TEXT_ARG(message));
}

/* A script of these words. */
static struct script_lua *open_script(const char *words, struct heard *heard)
{
    char path[] = "/tmp/script_lua_test.XXXXXX";
    struct script_lua_ears ears = { on_printed, on_failed, heard };
    *heard = (struct heard){ .printed = "" };
    FILE *file = fdopen(mkstemp(path), "w");
    assert_non_null(file);
    assert_true(fputs(words, file) >= 0);
    assert_int_equal(fclose(file), 0);
    struct script_lua *lua = script_lua_open(path, &ears);
    assert_int_equal(unlink(path), 0);
    return lua;
}

static bool lua_is_in_memory(void)
{
    char line[512];
    bool found = false;
    FILE *maps = fopen("/proc/self/maps", "r");
    assert_non_null(maps);
    while (fgets(line, sizeof(line), maps) != NULL)
        found = found || strstr(line, "/liblua") != NULL;
    (void)fclose(maps);
    return found;
}

/* First of all: later ones leave it in memory. */
static void the_library_is_loaded_with_the_first_script(void **state)
{
    (void)state;
    struct heard heard;
    assert_false(lua_is_in_memory());
    assert_true(script_lua_is_there());
    assert_false(lua_is_in_memory());
    struct script_lua *lua = open_script("print('one', 2, nil)", &heard);
    assert_non_null(lua);
    assert_true(lua_is_in_memory());
    assert_string_equal(heard.printed, "one\t2\tnil");
    script_lua_close(lua);
}

static void a_script_may_require_a_module_in_c(void **state)
{
    (void)state;
    struct heard heard;
    struct script_lua *lua = open_script("package.cpath = '" LUA_MODULES "/?.so'\n"
                                         "print((require('a_module')))",
                                         &heard);
    assert_string_equal(heard.failed, "");
    assert_string_equal(heard.printed, "42");
    script_lua_close(lua);
}

static void a_script_that_is_none_is_told(void **state)
{
    (void)state;
    struct heard heard;
    assert_null(open_script("this is not Lua", &heard));
    assert_non_null(strstr(heard.failed, "syntax error"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_library_is_loaded_with_the_first_script),
        cmocka_unit_test(a_script_may_require_a_module_in_c),
        cmocka_unit_test(a_script_that_is_none_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

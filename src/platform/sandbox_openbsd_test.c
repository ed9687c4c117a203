/* OpenBSD's layers against its two calls, written down as they come. */
#include "platform/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

static char calls[1024];
static const char *refused; /* this call fails */

static int note(const char *name, const char *first, const char *second)
{
    size_t count = strlen(calls);
    snprintf(calls + count, sizeof calls - count, "%s(%s, %s)\n", name,
             first != NULL ? first : "NULL", second != NULL ? second : "NULL");
    if (refused == NULL || strcmp(refused, first != NULL ? first : name) != 0)
        return 0;
    errno = EPERM;
    return -1;
}

int unveil(const char *path, const char *permissions)
{
    return note("unveil", path, permissions);
}

int pledge(const char *promises, const char *execpromises)
{
    return note("pledge", promises, execpromises);
}

static const struct sandbox_path paths[] = {
    { "/etc", SANDBOX_READ },
    { "/nowhere", SANDBOX_READ },
    { "/var", SANDBOX_KEEP },
};
static const struct sandbox_plan plan = { .paths = paths, .path_count = 3 };

static void test_order(void **state)
{
    (void)state;
    struct sandbox_layers layers;
    calls[0] = '\0';
    refused = "/nowhere"; /* does not exist: passed over */
    assert_int_equal(sandbox_enter(&plan, &layers), STATUS_OK);
    static const char start[] = "unveil(/etc, r)\nunveil(/nowhere, r)\nunveil(/var, rwc)\n"
                                "unveil(NULL, NULL)\npledge(stdio inet ";
    assert_memory_equal(calls, start, sizeof start - 1);
    assert_null(strstr(calls, "exec"));
    assert_null(strstr(calls, "proc"));
    assert_true(layers.files && layers.calls && layers.no_new_privileges);
    assert_false(layers.ports || layers.strangers); /* these calls know of neither */
    assert_true(sandbox_may_connect(53));
}

static void test_refusals(void **state)
{
    (void)state;
    struct sandbox_layers layers;
    refused = "/etc"; /* exists */
    assert_int_equal(sandbox_enter(&plan, &layers), STATUS_SYSTEM);
    assert_false(layers.files);
    refused = "unveil"; /* the last one */
    assert_int_equal(sandbox_enter(&plan, &layers), STATUS_SYSTEM);
    assert_false(layers.files || layers.calls);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

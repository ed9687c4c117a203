/* A system without layers says so, and goes on. */
#include "platform/sandbox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "platform/child.h"

static void test_says_so(void **state)
{
    (void)state;
    struct sandbox_layers layers = { true, true, true, true, true };
    const struct sandbox_plan plan = { .port_count = 0 };
    assert_int_equal(sandbox_enter(&plan, &layers), STATUS_OK);
    assert_false(layers.no_new_privileges || layers.files || layers.ports || layers.strangers
                 || layers.calls);
    assert_true(sandbox_may_connect(53));
}

static void test_a_child_without_its_parent(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        child_set_name("child");
        child_ends_with(getppid());
        child_ends_with(getppid() + 1); /* gone before we could look */
        _exit(9);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(WEXITSTATUS(status), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_says_so),
        cmocka_unit_test(test_a_child_without_its_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

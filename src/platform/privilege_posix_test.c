/* Giving up root with nothing but POSIX; each try in a process of its own. */
#include "platform/privilege.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <grp.h>
#include <sys/wait.h>
#include <unistd.h>

#define ANOTHER 65534

static int in_child(int (*body)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0)
        _exit(body());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int drop_all(void)
{
    const struct privilege_plan plan = {
        .user = ANOTHER, .group = ANOTHER, .change_user = true, .change_group = true,
    };
    if (privilege_drop(&plan) != STATUS_OK)
        return 1;
    if (getuid() != ANOTHER || geteuid() != ANOTHER || getgid() != ANOTHER || getegid() != ANOTHER)
        return 2;
    if (getgroups(0, NULL) != 0)
        return 3;
    if (setuid(0) == 0 || setgid(0) == 0)
        return 4;
    return privilege_keep_only(&plan) == STATUS_OK && !privilege_is_root() ? 0 : 5;
}

static int stay(void)
{
    const struct privilege_plan plan = { .change_user = false };
    return privilege_drop(&plan) == STATUS_OK && getuid() == 0 ? 0 : 1;
}

static void test_gives_up_root(void **state)
{
    (void)state;
    assert_false(privilege_can_keep());
    if (!privilege_is_root())
        skip();
    assert_int_equal(in_child(drop_all), 0);
    assert_int_equal(in_child(stay), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_gives_up_root) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

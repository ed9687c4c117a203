#include "platform/descriptors.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

static void set_limit(unsigned soft, unsigned hard)
{
    struct rlimit limit = { soft, hard };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static unsigned limit_now(void)
{
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    return (unsigned)limit.rlim_cur;
}

/* Up to what is wanted, never down, and no further than the hard limit. */
static void test_raise(void **state)
{
    (void)state;
    set_limit(64, 200);
    assert_int_equal(descriptors_raise(128), 128);
    assert_int_equal(limit_now(), 128);
    assert_int_equal(descriptors_raise(100), 128);
    assert_int_equal(limit_now(), 128);
    assert_int_equal(descriptors_raise(4096), 200);
    assert_int_equal(limit_now(), 200);
}

/* Those above go, the one below stays. */
static void test_close_from(void **state)
{
    (void)state;
    int kept = dup(STDERR_FILENO);
    int first = dup(STDERR_FILENO);
    int last = fcntl(STDERR_FILENO, F_DUPFD, first + 20);
    assert_true(kept >= 0 && first > kept && last > first);
    descriptors_close_from((unsigned)first);
    assert_true(fcntl(kept, F_GETFD) >= 0);
    assert_true(fcntl(first, F_GETFD) < 0);
    assert_true(fcntl(last, F_GETFD) < 0);
    close(kept);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_close_from),
        cmocka_unit_test(test_raise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

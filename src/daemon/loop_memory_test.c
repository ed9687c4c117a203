#include "daemon/loop_memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/resource.h>
#include <uv.h>

#define POLLS 400

static void close_all(uv_handle_t *handle, void *context)
{
    (void)context;
    uv_close(handle, NULL);
}

/* A loop whose table grows, with whatever memory there is. */
static void use_loop(void)
{
    static uv_loop_t loop;
    static uv_poll_t polls[POLLS];
    static uv_os_sock_t pairs[POLLS][2];
    assert_int_equal(uv_loop_init(&loop), 0);
    for (size_t i = 0; i < POLLS; i++) {
        assert_int_equal(uv_socketpair(SOCK_STREAM, 0, pairs[i], 0, 0), 0);
        assert_int_equal(uv_poll_init(&loop, &polls[i], pairs[i][0]), 0);
        assert_int_equal(uv_poll_start(&polls[i], UV_READABLE, NULL), 0);
    }
    uv_walk(&loop, close_all, NULL);
    assert_int_equal(uv_run(&loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&loop), 0);
    for (size_t i = 0; i < POLLS; i++) {
        (void)close((int)pairs[i][0]);
        (void)close((int)pairs[i][1]);
    }
}

static bool without_memory;

/* In the place of the C library's, by the linker's --wrap. */
void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
    return without_memory ? NULL : __real_malloc(size);
}

static void test_with_memory(void **state)
{
    (void)state;
    use_loop();
}

/* Many times: what was taken from the reserve is given back to it. */
static void test_without_memory(void **state)
{
    (void)state;
    without_memory = true;
    for (int i = 0; i < 50; i++)
        use_loop();
    without_memory = false;
    use_loop();
}

int main(void)
{
    loop_memory_begin();
    const struct rlimit limit = { 2048, 2048 };
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_with_memory),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

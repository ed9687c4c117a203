#include "platform/service_notify.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/linnet-notify-XXXXXX";

/* The manager's end; '@' first: a name outside of the file system. */
static int listen_as(const char *name)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t count = strlen(name);
    struct timeval patience = { .tv_usec = 100000 };
    memcpy(to.sun_path, name, count);
    if (name[0] == '@')
        to.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&to,
                          (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count)),
                     0);
    return fd;
}

static void check_heard(int fd, const char *expected)
{
    char text[2 * SERVICE_NOTIFY_MAX];
    ssize_t count = recv(fd, text, sizeof text - 1, 0);
    text[count > 0 ? count : 0] = '\0';
    assert_string_equal(text, expected);
}

static void tell_and_hear(const char *name)
{
    int manager = listen_as(name);
    setenv("NOTIFY_SOCKET", name, 1);
    service_notify_open();
    assert_null(getenv("NOTIFY_SOCKET"));
    service_notify("READY=1\nSTATUS=%d names", 7);
    check_heard(manager, "READY=1\nSTATUS=7 names");

    char text[SERVICE_NOTIFY_MAX];
    service_notify_reloading();
    ssize_t count = recv(manager, text, sizeof text - 1, 0);
    assert_true(count > 0);
    text[count] = '\0';
    unsigned long long usec = 0;
    assert_int_equal(sscanf(text, "RELOADING=1\nMONOTONIC_USEC=%llu\n", &usec), 1);
    assert_true(usec > 0);

    /* Longer than there is room for: cut, and nothing beyond it is touched. */
    char longer[2 * SERVICE_NOTIFY_MAX];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    service_notify("%s", longer);
    longer[SERVICE_NOTIFY_MAX - 1] = '\0';
    check_heard(manager, longer);

    /* The manager is gone, or does not read: nobody waits. */
    for (int i = 0; i < 2000; i++)
        service_notify("WATCHDOG=1");
    close(manager);
    service_notify("WATCHDOG=1");
}

static void test_path(void **test)
{
    (void)test;
    char name[80];
    assert_non_null(mkdtemp(folder));
    snprintf(name, sizeof name, "%s/socket", folder);
    tell_and_hear(name);
    unlink(name);
    rmdir(folder);
}

static void test_abstract(void **test)
{
    (void)test;
    char name[80];
    snprintf(name, sizeof name, "@linnet-notify-%ld", (long)getpid());
    tell_and_hear(name);
}

static void test_no_manager(void **test)
{
    (void)test;
    static const char *const names[] = { NULL, "", "/", "@", "relative", "/nonexist/socket" };
    char longest[200];
    memset(longest, '/', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    setenv("WATCHDOG_USEC", "2000000", 1);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (names[i] != NULL)
            setenv("NOTIFY_SOCKET", names[i], 1);
        service_notify_open();
        service_notify("READY=1");
        assert_int_equal(service_notify_watchdog_ms(), 0);
    }
    setenv("NOTIFY_SOCKET", longest, 1);
    service_notify_open();
    service_notify("READY=1");
}

static void test_watchdog(void **test)
{
    (void)test;
    char name[80];
    char own[32];
    snprintf(name, sizeof name, "@linnet-watchdog-%ld", (long)getpid());
    snprintf(own, sizeof own, "%ld", (long)getpid());
    int manager = listen_as(name);
    const struct {
        const char *usec, *pid;
        uint64_t ms;
    } rows[] = {
        { "3000000", NULL, 1500 }, { "3000000", own, 1500 }, { "3000000", "1", 0 },
        { "no number", own, 0 },   { NULL, own, 0 },         { "99999999999999999999", own, 0 },
        { "3000000", "", 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        setenv("NOTIFY_SOCKET", name, 1);
        if (rows[i].usec != NULL)
            setenv("WATCHDOG_USEC", rows[i].usec, 1);
        if (rows[i].pid != NULL)
            setenv("WATCHDOG_PID", rows[i].pid, 1);
        service_notify_open();
        if (service_notify_watchdog_ms() != rows[i].ms)
            fail_msg("row %zu: %llu", i, (unsigned long long)service_notify_watchdog_ms());
        assert_null(getenv("WATCHDOG_USEC"));
        assert_null(getenv("WATCHDOG_PID"));
    }
    close(manager);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),
        cmocka_unit_test(test_abstract),
        cmocka_unit_test(test_no_manager),
        cmocka_unit_test(test_watchdog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "platform/port_holder.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define HOLDER_NAME "a port-holder"

struct held {
    const char *address;
    bool tcp;
    bool both_families; /* an IPv6 socket that takes IPv4 too */
    uint16_t port;      /* 0: any */
};

/* Binds as asked and gives the port; 0 when it cannot be done here. */
static uint16_t hold(const struct held *held, int *fd)
{
    struct endpoint end = { .port = held->port };
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    int only6 = held->both_families ? 0 : 1;
    if (address_from_text(text_of(held->address), &end.address) != STATUS_OK)
        return 0;
    int family = end.address.family == ADDRESS_IP6 ? AF_INET6 : AF_INET;
    *fd = socket(family, (held->tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return 0;
    if (family == AF_INET6)
        setsockopt(*fd, IPPROTO_IPV6, IPV6_V6ONLY, &only6, sizeof only6);
    if (bind(*fd, (struct sockaddr *)&name, endpoint_to_sockaddr(&end, &name)) != 0
        || (held->tcp && listen(*fd, 1) != 0)
        || getsockname(*fd, (struct sockaddr *)&name, &count) != 0
        || endpoint_from_sockaddr((struct sockaddr *)&name, &end) != STATUS_OK) {
        close(*fd);
        return 0;
    }
    return end.port;
}

/* Another process, by a name of its own, holds a port until it is killed. */
static pid_t start_holder(const struct held *held, uint16_t *port)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int fd;
        prctl(PR_SET_NAME, HOLDER_NAME);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        uint16_t held_port = hold(held, &fd);
        if (write(ends[1], &held_port, sizeof held_port) != sizeof held_port)
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    *port = 0;
    ssize_t count = read(ends[0], port, sizeof *port);
    close(ends[0]);
    assert_int_equal(count, sizeof *port);
    return child;
}

static void end_holder(pid_t child)
{
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_who(void **test)
{
    (void)test;
    static const struct {
        const char *what;
        struct held held;
        const char *wanted;
        bool wanted_tcp;
        bool found;
    } rows[] = {
        { "same address", { "127.0.0.1", false, false, 0 }, "127.0.0.1", false, true },
        { "wildcard in the way", { "0.0.0.0", false, false, 0 }, "127.0.0.1", false, true },
        { "in the way of the wildcard", { "127.0.0.1", false, false, 0 }, "0.0.0.0", false, true },
        { "another address", { "127.0.0.1", false, false, 0 }, "127.0.0.2", false, false },
        { "another protocol", { "127.0.0.1", false, false, 0 }, "127.0.0.1", true, false },
        { "TCP", { "127.0.0.1", true, false, 0 }, "127.0.0.1", true, true },
        { "TCP wildcard", { "0.0.0.0", true, false, 0 }, "0.0.0.0", true, true },
        { "IPv6", { "::1", false, false, 0 }, "::1", false, true },
        { "IPv6 in the way of the wildcard", { "::1", true, false, 0 }, "::", true, true },
        { "IPv4 is not in the way of IPv6", { "127.0.0.1", false, false, 0 }, "::", false, false },
        { "IPv6 address is not in the way of IPv4",
          { "::1", false, false, 0 },
          "0.0.0.0",
          false,
          false },
        { "one socket for both families", { "::", false, true, 0 }, "0.0.0.0", false, true },
        { "one socket for both families, TCP", { "::", true, true, 0 }, "127.0.0.1", true, true },
        { "mapped address", { "::ffff:127.0.0.1", false, true, 0 }, "127.0.0.1", false, true },
        { "another mapped address",
          { "::ffff:127.0.0.1", false, true, 0 },
          "127.0.0.2",
          false,
          false },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct endpoint wanted = { 0 };
        pid_t child = start_holder(&rows[i].held, &wanted.port);
        struct port_holder holder = { .pid = 0 };
        assert_int_equal(address_from_text(text_of(rows[i].wanted), &wanted.address), STATUS_OK);
        enum status status = STATUS_NOT_FOUND;
        if (wanted.port != 0)
            status = port_holder_find(&wanted, rows[i].wanted_tcp, &holder);
        end_holder(child);
        if (wanted.port == 0)
            continue; /* no such address on this machine */
        if (status != (rows[i].found ? STATUS_OK : STATUS_NOT_FOUND))
            fail_msg("%s: %s", rows[i].what, status_text(status));
        if (rows[i].found && (holder.pid != child || strcmp(holder.program, HOLDER_NAME) != 0))
            fail_msg("%s: %s, pid %d", rows[i].what, holder.program, holder.pid);
    }
}

/* Each process that is in the way of the wildcard, once, and no more than there is room for. */
static void test_all(void **test)
{
    (void)test;
    struct held helds[] = { { .address = "127.0.0.1" },
                            { .address = "127.0.0.2" },
                            { .address = "::", .both_families = true } };
    pid_t children[COUNT_OF(helds)];
    struct port_holder holders[8];
    struct endpoint any = { .address = address_any(ADDRESS_IP4) };
    size_t held = 0;
    for (size_t i = 0; i < COUNT_OF(helds); i++) {
        uint16_t port;
        helds[i].port = any.port;
        children[i] = start_holder(&helds[i], &port);
        any.port = i == 0 ? port : any.port;
        held += port != 0; /* the third may find the port taken */
    }
    size_t one = port_holder_list(&any, false, holders, 1);
    size_t other = port_holder_list(&any, true, holders, COUNT_OF(holders));
    size_t all = port_holder_list(&any, false, holders, COUNT_OF(holders));
    for (size_t i = 0; i < COUNT_OF(helds); i++)
        end_holder(children[i]);
    assert_true(held >= 2);
    assert_int_equal(one, 1);
    assert_int_equal(other, 0);
    assert_int_equal(all, held);
    for (size_t i = 0; i < all; i++)
        assert_string_equal(holders[i].program, HOLDER_NAME);
    assert_int_not_equal(holders[0].pid, holders[1].pid);
}

static void test_nobody(void **test)
{
    (void)test;
    int fd;
    struct endpoint end = { .address = address_ip4(127, 0, 0, 1) };
    end.port = hold(&(struct held){ "127.0.0.1", true, false, 0 }, &fd);
    close(fd);
    struct port_holder holder;
    assert_int_equal(port_holder_find(&end, true, &holder), STATUS_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who),
        cmocka_unit_test(test_all),
        cmocka_unit_test(test_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

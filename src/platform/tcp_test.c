#include "platform/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static struct endpoint local_end(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end;
}

/* A connected socket, or -1. */
static int connect_to(const struct endpoint *to)
{
    struct sockaddr_storage name;
    unsigned count = endpoint_to_sockaddr(to, &name);
    int fd = socket(name.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(fd, (struct sockaddr *)&name, (socklen_t)count) == 0)
        return fd;
    close(fd);
    return -1;
}

/* It takes connections from the first moment and holds nobody up. */
static void check_listening(struct address address)
{
    struct endpoint any_port = { .address = address };
    int fd;
    if (tcp_bind(&any_port, false, &fd) != STATUS_OK) {
        assert_true(errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
        skip(); /* this family does not exist here */
    }
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    struct endpoint here = local_end(fd);
    int client = connect_to(&here);
    assert_true(client >= 0);
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    close(client);
    close(accepted);
    assert_true(accept(fd, NULL, NULL) < 0);
    assert_int_equal(errno, EAGAIN);
    close(fd);
    assert_int_equal(connect_to(&here), -1);
}

static void test_listening_ip4(void **test)
{
    (void)test;
    check_listening(address_ip4(127, 0, 0, 1));
}

static void test_listening_ip6(void **test)
{
    (void)test;
    check_listening(address_ip6((const uint8_t[16]){ [15] = 1 }));
}

static void test_taken(void **test)
{
    (void)test;
    struct endpoint here = { .address = address_ip4(127, 0, 0, 1) };
    int first;
    int second = -1;
    assert_int_equal(tcp_bind(&here, false, &first), STATUS_OK);
    here = local_end(first);
    assert_int_equal(tcp_bind(&here, false, &second), STATUS_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    assert_int_equal(tcp_bind(&here, true, &second), STATUS_SYSTEM);
    assert_int_equal(errno, EADDRINUSE);
    close(first);
    here.address = address_ip4(192, 0, 2, 1);
    assert_int_equal(tcp_bind(&here, false, &second), STATUS_SYSTEM);
    assert_int_equal(errno, EADDRNOTAVAIL);
    assert_int_equal(second, -1);
}

/* A restart must not wait for the connections of the one before. */
static void test_taken_again_at_once(void **test)
{
    (void)test;
    struct endpoint here = { .address = address_ip4(127, 0, 0, 1) };
    int fd;
    assert_int_equal(tcp_bind(&here, false, &fd), STATUS_OK);
    here = local_end(fd);
    int client = connect_to(&here);
    int accepted = accept(fd, NULL, NULL);
    assert_true(client >= 0 && accepted >= 0);
    close(accepted); /* the side that closes first is the one that waits */
    close(client);
    close(fd);
    assert_int_equal(tcp_bind(&here, false, &fd), STATUS_OK);
    close(fd);
}

static void test_shared(void **test)
{
    (void)test;
    struct endpoint here = { .address = address_ip4(127, 0, 0, 1) };
    int first;
    int second;
    assert_int_equal(tcp_bind(&here, true, &first), STATUS_OK);
    here = local_end(first);
    assert_int_equal(tcp_bind(&here, true, &second), STATUS_OK);
    close(first);
    close(second);
}

static void test_families_apart(void **test)
{
    (void)test;
    struct endpoint six = { .address = address_any(ADDRESS_IP6) };
    struct endpoint four = { .address = address_any(ADDRESS_IP4) };
    int fd6;
    int fd4;
    if (tcp_bind(&six, false, &fd6) != STATUS_OK)
        skip(); /* no IPv6 here */
    four.port = local_end(fd6).port;
    assert_int_equal(tcp_bind(&four, false, &fd4), STATUS_OK);
    close(fd6);
    close(fd4);
}

static void test_device(void **test)
{
    (void)test;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(socket_bind_device(fd, "nosuchif0"), STATUS_SYSTEM);
    assert_int_equal(errno, ENODEV);
    assert_int_equal(socket_bind_device(fd, "lo"), STATUS_OK);
    char name[16] = "";
    socklen_t count = sizeof name;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, name, &count), 0);
    assert_string_equal(name, "lo");
    close(fd);
}

static void test_before_the_address_is_there(void **test)
{
    (void)test;
    struct endpoint nowhere = { .address = address_ip4(192, 0, 2, 1) };
    struct endpoint nowhere6 = { .address =
                                     address_ip6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8 }) };
    int fd;
    assert_int_equal(tcp_bind(&nowhere, false, &fd), STATUS_SYSTEM);
    assert_int_equal(tcp_bind_early(&nowhere, false, &fd), STATUS_OK);
    close(fd);
    if (tcp_bind_early(&nowhere6, false, &fd) == STATUS_OK)
        close(fd);
    else
        assert_int_equal(errno, EAFNOSUPPORT);
}

/* What is accepted is non-blocking, sends at once, and both ends are known. */
static void test_accept(void **test)
{
    (void)test;
    struct endpoint here = { .address = address_ip4(127, 0, 0, 1) };
    struct endpoint from;
    struct endpoint local;
    int listener;
    int accepted;
    int on = 0;
    socklen_t count = sizeof on;
    uint8_t byte;
    assert_int_equal(tcp_bind(&here, false, &listener), STATUS_OK);
    assert_int_equal(tcp_accept(listener, &accepted, &from), STATUS_NOT_FOUND);
    here = local_end(listener);
    int client = connect_to(&here);
    assert_int_equal(tcp_accept(listener, &accepted, &from), STATUS_OK);
    struct endpoint client_end = local_end(client);
    assert_true(endpoint_equal(&from, &client_end));
    assert_true(tcp_local_end(accepted, &local));
    assert_true(endpoint_equal(&local, &here));
    assert_int_equal(recv(accepted, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(getsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, &count), 0);
    assert_true(on);
    assert_int_equal(fcntl(accepted, F_GETFD), FD_CLOEXEC);
    assert_int_equal(tcp_accept(client, &accepted, &from), STATUS_SYSTEM);
    assert_false(tcp_local_end(-1, &local));
    close(accepted);
    close(client);
    close(listener);
}

/* Without a descriptor the connection goes on waiting. */
static void test_accept_without_descriptors(void **test)
{
    (void)test;
    struct endpoint here = { .address = address_ip4(127, 0, 0, 1) };
    struct endpoint from;
    struct rlimit before;
    int listener;
    int accepted;
    assert_int_equal(tcp_bind(&here, false, &listener), STATUS_OK);
    here = local_end(listener);
    int client = connect_to(&here);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    struct rlimit none = { .rlim_cur = 0, .rlim_max = before.rlim_max };
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    assert_int_equal(tcp_accept(listener, &accepted, &from), STATUS_FULL);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(tcp_accept(listener, &accepted, &from), STATUS_OK);
    close(accepted);
    close(client);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listening_ip4),
        cmocka_unit_test(test_listening_ip6),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_taken_again_at_once),
        cmocka_unit_test(test_shared),
        cmocka_unit_test(test_families_apart),
        cmocka_unit_test(test_device),
        cmocka_unit_test(test_accept),
        cmocka_unit_test(test_accept_without_descriptors),
        cmocka_unit_test(test_before_the_address_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

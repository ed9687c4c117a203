#include "platform/tcp.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listening_ip4), cmocka_unit_test(test_listening_ip6),
        cmocka_unit_test(test_taken),         cmocka_unit_test(test_taken_again_at_once),
        cmocka_unit_test(test_shared),        cmocka_unit_test(test_families_apart),
        cmocka_unit_test(test_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

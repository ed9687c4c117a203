#include "platform/icmp_echo.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/namespace_test_world.h"

static int open_echo(void)
{
    int fd;
    if (!alone)
        skip();
    assert_int_equal(icmp_echo_open(&fd), STATUS_OK);
    return fd;
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&poll_fd, 1, 2000), 1);
}

static void test_open(void **test)
{
    (void)test;
    int fd = open_echo();
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    close(fd);
}

/* An echo request with this id, nothing in it. Its checksum is the complement of 0x0800 + id. */
static struct bytes request(uint8_t *packet, uint16_t id)
{
    struct bytes_writer writer = bytes_writer_on(packet, 8);
    uint32_t sum = 0x0800u + id;
    bytes_write_u8(&writer, 8);
    bytes_write_u8(&writer, 0);
    bytes_write_u16(&writer, (uint16_t) ~((sum & 0xffff) + (sum >> 16)));
    bytes_write_u16(&writer, id);
    bytes_write_u16(&writer, 0);
    return bytes_writer_written(&writer);
}

/* Several at once; our own requests, which the loopback interface shows us too, are not replies. */
static void test_replies(void **test)
{
    (void)test;
    int fd = open_echo();
    uint8_t sent[8], buffer[ICMP_ECHO_PACKET_MAX];
    struct bytes packet;
    assert_int_equal(icmp_echo_receive(fd, buffer, &packet), STATUS_AGAIN);
    for (uint8_t i = 1; i <= 3; i++) {
        struct address to = address_ip4(127, 0, 0, i);
        uint32_t interface = i == 2 ? if_nametoindex("lo") : 0;
        assert_int_equal(icmp_echo_send(fd, &to, interface, request(sent, (uint16_t)(0xab00 + i))),
                         STATUS_OK);
    }
    for (uint8_t i = 1; i <= 3; i++) {
        const uint8_t source[] = { 127, 0, 0, i };
        const uint8_t id_and_sequence[] = { 0xab, i, 0, 0 };
        wait_readable(fd);
        assert_int_equal(icmp_echo_receive(fd, buffer, &packet), STATUS_OK);
        assert_int_equal(packet.count, 20 + 8);
        assert_memory_equal(packet.at + 12, source, sizeof source);
        assert_int_equal(packet.at[20], 0); /* an echo reply */
        assert_memory_equal(packet.at + 24, id_and_sequence, sizeof id_and_sequence);
    }
    assert_int_equal(icmp_echo_receive(fd, buffer, &packet), STATUS_AGAIN);
    close(fd);
}

static void test_no_way(void **test)
{
    (void)test;
    int fd = open_echo();
    uint8_t sent[8];
    struct address to = address_ip4(192, 0, 2, 1);
    assert_int_equal(icmp_echo_send(fd, &to, 0, request(sent, 1)), STATUS_SYSTEM);
    assert_int_equal(errno, ENETUNREACH);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),
        cmocka_unit_test(test_replies),
        cmocka_unit_test(test_no_way),
    };
    return cmocka_run_group_tests(tests, enter_namespace, NULL);
}

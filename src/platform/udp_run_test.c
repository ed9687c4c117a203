#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "platform/udp.h"
#include "platform/udp_run.h"

static int from_fd, to_fd;
static struct endpoint to;

static int open_on(struct address address, struct endpoint *endpoint)
{
    struct udp_setup setup = { .bind = { .address = address }, .receive_bytes = 1 << 20 };
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    int fd;
    assert_int_equal(udp_open(&setup, &fd), STATUS_OK);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, endpoint), STATUS_OK);
    return fd;
}

static int set_up(void **state)
{
    (void)state;
    struct endpoint from;
    from_fd = open_on(address_ip4(127, 0, 0, 1), &from);
    to_fd = open_on(address_ip4(127, 0, 0, 1), &to);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    close(from_fd);
    return close(to_fd);
}

static const struct {
    const char *claim;
    size_t count, datagram_bytes;
    unsigned datagrams;
} rows[] = {
    { "one", 100, 100, 1 },
    { "one shorter than it may be", 30, 100, 1 },
    { "two", 200, 100, 2 },
    { "the last is shorter", 250, 100, 3 },
    { "a window", 16 * 1472, 1472, 16 },
    { "a window with an end", 15 * 1472 + 4, 1472, 16 },
    { "more than the kernel cuts at once", 100 * 1472, 1472, 100 },
    { "small ones, many", 130 * 12, 12, 130 },
    { "large ones, singly", 3 * 33000, 33000, 3 },
};

static void test_runs(void **state)
{
    (void)state;
    static uint8_t sent[160000], got[65536];
    for (size_t i = 0; i < sizeof sent; i++)
        sent[i] = (uint8_t)(i * 2654435761u >> 24);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct udp_run run = { .bytes = bytes_of(sent, rows[i].count),
                               .datagram_bytes = rows[i].datagram_bytes,
                               .to = to };
        unsigned went = udp_run_send(from_fd, &run);
        if (went != rows[i].datagrams)
            fail_msg("%s: %u went", rows[i].claim, went);
        size_t at = 0;
        for (unsigned n = 0; n < went; n++) {
            struct bytes message;
            struct endpoint from;
            enum status status = udp_run_receive(to_fd, got, sizeof got, &message, &from);
            if (status != STATUS_OK || at + message.count > rows[i].count
                || memcmp(got, sent + at, message.count) != 0)
                fail_msg("%s: datagram %u: %s", rows[i].claim, n, status_text(status));
            at += message.count;
        }
        assert_int_equal(at, rows[i].count);
    }
}

static void test_receiving(void **state)
{
    (void)state;
    uint8_t got[8];
    struct bytes message;
    struct endpoint from;
    struct udp_run run = { .bytes = bytes_of("0123456789", 10), .datagram_bytes = 10, .to = to };
    assert_int_equal(udp_run_receive(to_fd, got, sizeof got, &message, &from), STATUS_AGAIN);
    assert_int_equal(udp_run_send(from_fd, &run), 1);
    assert_int_equal(udp_run_receive(to_fd, got, sizeof got, &message, &from), STATUS_RANGE);
    run.from = address_ip4(127, 0, 0, 1);
    run.bytes.count = 8;
    assert_int_equal(udp_run_send(from_fd, &run), 1);
    assert_int_equal(udp_run_receive(to_fd, got, sizeof got, &message, &from), STATUS_OK);
    assert_int_equal(message.count, 8);
    assert_true(address_is_loopback(&from.address));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runs),
        cmocka_unit_test(test_receiving),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}

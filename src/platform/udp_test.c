#include "platform/udp.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/namespace_test_world.h"

#define WAIT_MS 2000
#define NARROW  1280

static struct udp_batch *batch;

static int make_batch(void **test)
{
    (void)test;
    batch = udp_batch_create(512);
    return batch != NULL ? 0 : -1;
}

static int free_batch(void **test)
{
    (void)test;
    udp_batch_free(batch);
    udp_batch_free(NULL);
    return 0;
}

static struct address loopback(enum address_family family)
{
    if (family == ADDRESS_IP4)
        return address_ip4(127, 0, 0, 1);
    return address_ip6((const uint8_t[16]){ [15] = 1 });
}

static void wait_readable(int fd)
{
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&poll_fd, 1, WAIT_MS), 1);
}

static struct endpoint local_end(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end;
}

/* A socket on a port of the system's choice; -1 where this family does not exist. */
static int open_on(const struct address *address, bool want_arrival)
{
    struct udp_setup setup = { .bind = { .address = *address }, .want_arrival = want_arrival };
    int fd = -1;
    if (udp_open(&setup, &fd) != STATUS_OK)
        assert_true(errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL);
    return fd;
}

static struct bytes letters(const char *string)
{
    return text_bytes(text_of(string));
}

/* ------------------------------------------------------------------ opening */

static void test_open_flags(void **test)
{
    (void)test;
    struct udp_setup setup = {
        .bind = { .address = loopback(ADDRESS_IP4) },
        .broadcast = true,
        .free_bind = true,
        .reuse_address = true,
        .receive_bytes = 65536,
    };
    int fd;
    assert_int_equal(udp_open(&setup, &fd), STATUS_OK);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    static const int on[] = { SO_BROADCAST, SO_REUSEADDR };
    for (size_t i = 0; i < COUNT_OF(on); i++) {
        int value = 0;
        socklen_t count = sizeof value;
        assert_int_equal(getsockopt(fd, SOL_SOCKET, on[i], &value, &count), 0);
        assert_int_equal(value, 1);
    }
    int room = 0;
    socklen_t count = sizeof room;
    assert_int_equal(getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, &count), 0);
    assert_in_range(room, 65536, 65536 * 4);
    close(fd);
}

static void test_open_refused(void **test)
{
    (void)test;
    int first = open_on(&(struct address){ ADDRESS_IP4, { 127, 0, 0, 1 } }, false);
    struct endpoint taken = local_end(first);
    const struct {
        const char *what;
        struct udp_setup setup;
        int error;
    } rows[] = {
        { "port is taken", { .bind = taken }, EADDRINUSE },
        { "port is taken by a socket that does not share",
          { .bind = taken, .reuse_port = true },
          EADDRINUSE },
        { "address is nobody's",
          { .bind = { .address = address_ip4(192, 0, 2, 1) } },
          EADDRNOTAVAIL },
        { "no such device",
          { .bind = { .address = loopback(ADDRESS_IP4) }, .device = "nosuchif0" },
          ENODEV },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int fd = -1;
        errno = 0;
        enum status status = udp_open(&rows[i].setup, &fd);
        if (status != STATUS_SYSTEM || errno != rows[i].error || fd != -1)
            fail_msg("%s: %s, errno %d", rows[i].what, status_text(status), errno);
    }
    close(first);
}

static void test_address_to_come(void **test)
{
    (void)test;
    struct udp_setup setup = {
        .bind = { .address = address_ip4(192, 0, 2, 1) },
        .free_bind = true,
    };
    int fd;
    assert_int_equal(udp_open(&setup, &fd), STATUS_OK);
    close(fd);
}

static void test_shared_port(void **test)
{
    (void)test;
    struct udp_setup setup = { .bind = { .address = loopback(ADDRESS_IP4) }, .reuse_port = true };
    int first;
    int second;
    assert_int_equal(udp_open(&setup, &first), STATUS_OK);
    setup.bind = local_end(first);
    assert_int_equal(udp_open(&setup, &second), STATUS_OK);
    assert_int_equal(local_end(second).port, setup.bind.port);
    close(first);
    close(second);
}

/* One port number of both families: an IPv6 socket takes IPv6 only. */
static void test_families_apart(void **test)
{
    (void)test;
    struct address any6 = address_any(ADDRESS_IP6);
    int six = open_on(&any6, false);
    if (six < 0)
        skip(); /* no IPv6 here */
    struct udp_setup setup = { .bind = { .address = address_any(ADDRESS_IP4) } };
    setup.bind.port = local_end(six).port;
    int four;
    assert_int_equal(udp_open(&setup, &four), STATUS_OK);
    close(six);
    close(four);
}

/* ------------------------------------------------------------------ batches */

/* Sends `count` datagrams of its own number from a plain socket and takes them as arrivals. */
static void check_batch(enum address_family family, bool want_arrival, unsigned count)
{
    struct address any = address_any(family);
    struct address here = loopback(family);
    int server = open_on(&any, want_arrival);
    int client = open_on(&here, false);
    if (server < 0 || client < 0)
        skip(); /* this family does not exist here */
    struct endpoint to = { .address = here, .port = local_end(server).port };
    struct udp_departure departures[UDP_BATCH];
    uint8_t numbers[UDP_BATCH];
    for (unsigned i = 0; i < count; i++) {
        numbers[i] = (uint8_t)i;
        departures[i] = (struct udp_departure){ .message = bytes_of(&numbers[i], 1), .to = to };
    }
    assert_int_equal(udp_send(batch, client, departures, count), count);

    struct udp_arrival arrivals[UDP_BATCH];
    bool refused = true;
    wait_readable(server);
    assert_int_equal(udp_receive(batch, server, arrivals, &refused), count);
    assert_false(refused);
    struct endpoint from = local_end(client);
    for (unsigned i = 0; i < count; i++) {
        const struct udp_arrival *arrival = &arrivals[i];
        assert_int_equal(arrival->message.count, 1);
        assert_int_equal(arrival->message.at[0], i);
        assert_true(endpoint_equal(&arrival->from, &from));
        assert_false(arrival->cut);
        if (want_arrival) {
            assert_true(address_equal(&arrival->local, &here));
            assert_int_equal(arrival->interface, if_nametoindex("lo"));
        } else {
            assert_true(address_is_none(&arrival->local));
            assert_int_equal(arrival->interface, 0);
        }
    }
    assert_int_equal(udp_receive(batch, server, arrivals, &refused), 0);
    assert_false(refused);
    close(server);
    close(client);
}

static void test_batch_ip4(void **test)
{
    (void)test;
    check_batch(ADDRESS_IP4, true, 1);
    check_batch(ADDRESS_IP4, true, UDP_BATCH);
    check_batch(ADDRESS_IP4, false, 7);
}

static void test_batch_ip6(void **test)
{
    (void)test;
    check_batch(ADDRESS_IP6, true, UDP_BATCH);
    check_batch(ADDRESS_IP6, false, 7);
}

/* What is said of one datagram must not be said of the next: lengths, cuts and arrival addresses.
 */
static void test_each_for_itself(void **test)
{
    (void)test;
    struct address any = address_any(ADDRESS_IP4);
    struct address here = loopback(ADDRESS_IP4);
    int server = open_on(&any, true);
    int client = open_on(&here, false);
    uint8_t longer[600] = { 7 };
    const struct {
        const char *what;
        size_t count;
        uint8_t to; /* last byte of the address in 127.0.0.0/8 */
        bool cut;
    } rows[] = {
        { "empty", 0, 1, false },     { "longer than the buffer", 600, 2, true },
        { "one byte", 1, 3, false },  { "exactly the buffer", 512, 4, false },
        { "one more", 513, 5, true },
    };
    struct udp_departure departures[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        departures[i] = (struct udp_departure){
            .message = bytes_of(longer, rows[i].count),
            .to = { .address = address_ip4(127, 0, 0, rows[i].to), .port = local_end(server).port },
        };
    assert_int_equal(udp_send(batch, client, departures, COUNT_OF(rows)), COUNT_OF(rows));
    struct udp_arrival arrivals[UDP_BATCH];
    wait_readable(server);
    assert_int_equal(udp_receive(batch, server, arrivals, NULL), COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t expected = rows[i].cut ? 512 : rows[i].count;
        if (arrivals[i].message.count != expected || arrivals[i].cut != rows[i].cut
            || arrivals[i].local.bytes[3] != rows[i].to)
            fail_msg("%s: %zu bytes, cut %d, to .%d", rows[i].what, arrivals[i].message.count,
                     arrivals[i].cut, arrivals[i].local.bytes[3]);
    }
    close(server);
    close(client);
}

/* A wildcard socket answers from the address that was asked, whatever the route would choose. */
static void check_source(enum address_family family, const struct address *from, uint32_t interface)
{
    struct address any = address_any(family);
    struct address here = loopback(family);
    int server = open_on(&any, true);
    int client = open_on(&here, false);
    if (server < 0 || client < 0)
        skip();
    struct udp_departure departure = {
        .message = letters("answer"),
        .to = local_end(client),
        .from = *from,
        .interface = interface,
    };
    assert_int_equal(udp_send(batch, server, &departure, 1), 1);
    struct udp_arrival arrival[UDP_BATCH];
    wait_readable(client);
    assert_int_equal(udp_receive(batch, client, arrival, NULL), 1);
    assert_true(bytes_equal(arrival[0].message, letters("answer")));
    if (!address_is_none(from))
        assert_true(address_equal(&arrival[0].from.address, from));
    assert_int_equal(arrival[0].from.port, local_end(server).port);
    close(server);
    close(client);
}

static void test_chosen_source(void **test)
{
    (void)test;
    struct address none = { 0 };
    struct address other = address_ip4(127, 5, 6, 7);
    struct address six = loopback(ADDRESS_IP6);
    uint32_t lo = if_nametoindex("lo");
    check_source(ADDRESS_IP4, &other, 0);
    check_source(ADDRESS_IP4, &other, lo);
    check_source(ADDRESS_IP4, &none, lo);
    check_source(ADDRESS_IP4, &none, 0);
    check_source(ADDRESS_IP6, &six, lo);
}

/* Neighbours of one size to one receiver go in one call; what arrives is the same as ever. */
static void check_runs(enum address_family family)
{
    static uint8_t letters_of[9][2000];
    static const struct {
        size_t count;
        int receiver;
    } sent[] = { { 40, 0 }, { 40, 0 }, { 40, 0 },   { 30, 0 },  { 50, 0 },
                 { 50, 1 }, { 50, 1 }, { 2000, 1 }, { 2000, 1 } };
    struct address address = loopback(family);
    int from = open_on(&address, false);
    int to[2] = { open_on(&address, false), open_on(&address, false) };
    if (from < 0)
        skip();
    struct udp_departure departures[COUNT_OF(sent)];
    for (size_t i = 0; i < COUNT_OF(sent); i++) {
        memset(letters_of[i], 'a' + (int)i, sent[i].count);
        departures[i] = (struct udp_departure){ .message = bytes_of(letters_of[i], sent[i].count),
                                                .to = local_end(to[sent[i].receiver]) };
        if (i % 3 != 1)
            continue;
        departures[i].from = address; /* by the side of the others' choice of the system */
    }
    assert_int_equal(udp_send(batch, from, departures, COUNT_OF(sent)), COUNT_OF(sent));
    for (unsigned round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(sent); i++)
            departures[i].from = (struct address){ 0 };
        for (size_t i = 0; i < COUNT_OF(sent); i++) {
            static uint8_t got[4096];
            int fd = to[sent[i].receiver];
            wait_readable(fd);
            assert_int_equal(recv(fd, got, sizeof got, 0), sent[i].count);
            assert_memory_equal(got, letters_of[i], sent[i].count);
        }
        if (round == 0)
            assert_int_equal(udp_send(batch, from, departures, COUNT_OF(sent)), COUNT_OF(sent));
    }
    close(from);
    close(to[0]);
    close(to[1]);
}

static void test_runs(void **test)
{
    (void)test;
    check_runs(ADDRESS_IP4);
    check_runs(ADDRESS_IP6);
}

/* A run in whose way a narrow link lies still arrives, one by one. */
static void test_run_too_wide(void **test)
{
    (void)test;
    static const uint8_t long_one[1100];
    struct address address = loopback(ADDRESS_IP4);
    int from = open_on(&address, false);
    int to = open_on(&address, false);
    struct udp_departure departures[UDP_BATCH];
    /* Together longer than any datagram, which the system refuses. */
    for (size_t i = 0; i < COUNT_OF(departures); i++)
        departures[i] = (struct udp_departure){ .message = bytes_of(long_one, sizeof long_one),
                                                .to = local_end(to) };
    assert_int_equal(udp_send(batch, from, departures, COUNT_OF(departures)), UDP_BATCH);
    for (size_t i = 0; i < COUNT_OF(departures); i++) {
        uint8_t got[2000];
        wait_readable(to);
        assert_int_equal(recv(to, got, sizeof got, 0), sizeof long_one);
    }
    close(from);
    close(to);
}

/* One that cannot go does not hold up the others. */
static void test_one_cannot_go(void **test)
{
    (void)test;
    struct address here = loopback(ADDRESS_IP4);
    int server = open_on(&here, false);
    int client = open_on(&here, false);
    struct endpoint to = local_end(server);
    struct udp_departure departures[3] = {
        { .message = letters("a"), .to = to },
        { .message = letters("b"), .to = to, .from = address_ip4(192, 0, 2, 1) },
        { .message = letters("c"), .to = to },
    };
    assert_int_equal(udp_send(batch, client, departures, 3), 2);
    struct udp_arrival arrivals[UDP_BATCH];
    wait_readable(server);
    assert_int_equal(udp_receive(batch, server, arrivals, NULL), 2);
    assert_int_equal(arrivals[0].message.at[0], 'a');
    assert_int_equal(arrivals[1].message.at[0], 'c');
    assert_int_equal(udp_send(batch, client, departures, 0), 0);
    close(server);
    close(client);
}

/* ------------------------------------------------------------------ connected */

static void check_connected(enum address_family family)
{
    struct address here = loopback(family);
    struct address none = { 0 };
    int server = open_on(&here, false);
    int stranger = open_on(&here, false);
    if (server < 0)
        skip();
    struct endpoint to = local_end(server);
    int fd;
    assert_int_equal(udp_connect(&to, &none, 0, NULL, 0, &fd), STATUS_OK);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    /* Only who was asked may answer. */
    struct udp_departure departure = { .message = letters("forged"), .to = local_end(fd) };
    assert_int_equal(udp_send(batch, stranger, &departure, 1), 1);
    departure.message = letters("true");
    assert_int_equal(udp_send(batch, server, &departure, 1), 1);
    struct udp_arrival arrivals[UDP_BATCH];
    wait_readable(fd);
    assert_int_equal(udp_receive(batch, fd, arrivals, NULL), 1);
    assert_true(bytes_equal(arrivals[0].message, letters("true")));
    close(fd);
    close(stranger);
    close(server);
}

static void test_connected_ip4(void **test)
{
    (void)test;
    check_connected(ADDRESS_IP4);
}

static void test_connected_ip6(void **test)
{
    (void)test;
    check_connected(ADDRESS_IP6);
}

static void test_connect_from(void **test)
{
    (void)test;
    struct address here = loopback(ADDRESS_IP4);
    struct address none = { 0 };
    struct address other = address_ip4(127, 9, 9, 9);
    struct address foreign = address_ip4(192, 0, 2, 1);
    int server = open_on(&here, false);
    int holder = open_on(&(struct address){ ADDRESS_IP4, { 0 } }, false);
    struct endpoint to = local_end(server);
    uint16_t taken = local_end(holder).port;
    int free_holder = open_on(&here, false);
    uint16_t free_port = local_end(free_holder).port;
    close(free_holder);
    const struct {
        const char *what;
        const struct address *source;
        uint16_t port;
        const char *device;
        enum status status;
    } rows[] = {
        { "address and port chosen", &other, free_port, NULL, STATUS_OK },
        { "port chosen", &none, free_port, NULL, STATUS_OK },
        { "address chosen", &other, 0, NULL, STATUS_OK },
        { "device chosen", &none, 0, "lo", STATUS_OK },
        { "port taken", &none, taken, NULL, STATUS_EXISTS },
        { "address not ours", &foreign, 0, NULL, STATUS_SYSTEM },
        { "no such device", &none, 0, "nosuchif0", STATUS_SYSTEM },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int fd = -1;
        enum status status = udp_connect(&to, rows[i].source, rows[i].port, rows[i].device, 0, &fd);
        if (status != rows[i].status)
            fail_msg("%s: %s, errno %d", rows[i].what, status_text(status), errno);
        if (status != STATUS_OK)
            continue;
        struct endpoint end = local_end(fd);
        if (rows[i].port != 0 && end.port != rows[i].port)
            fail_msg("%s: from port %u", rows[i].what, end.port);
        if (!address_is_none(rows[i].source) && !address_equal(&end.address, rows[i].source))
            fail_msg("%s: from another address", rows[i].what);
        close(fd);
    }
    close(server);
    close(holder);
}

/* Nobody listens: the kernel says so, once, and the socket goes on. */
static void check_refused(enum address_family family)
{
    struct address here = loopback(family);
    struct address none = { 0 };
    int gone = open_on(&here, false);
    if (gone < 0)
        skip();
    struct endpoint to = local_end(gone);
    close(gone);
    int fd;
    assert_int_equal(udp_connect(&to, &none, 0, NULL, 0, &fd), STATUS_OK);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    wait_readable(fd);
    struct udp_arrival arrivals[UDP_BATCH];
    bool refused = false;
    assert_int_equal(udp_receive(batch, fd, arrivals, &refused), 0);
    assert_true(refused);
    assert_int_equal(udp_receive(batch, fd, arrivals, &refused), 0);
    assert_false(refused);
    close(fd);
}

static void test_refused_ip4(void **test)
{
    (void)test;
    check_refused(ADDRESS_IP4);
}

static void test_refused_ip6(void **test)
{
    (void)test;
    check_refused(ADDRESS_IP6);
}

/* ------------------------------------------------------------------ fragments */

/* Whole, in fragments, whole again: each is told for what it is. */
static void check_taken(int sender, int fd, const struct endpoint *expected)
{
    static const size_t sizes[] = { 1, 1200, 2000, 5000, 1200 };
    static uint8_t out[5000];
    static uint8_t in[4096];
    struct endpoint to = local_end(fd);
    struct udp_departure departure = { .to = to };
    struct udp_taken taken;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        memset(out, 'a' + (int)i, sizes[i]);
        departure.message = bytes_of(out, sizes[i]);
        assert_int_equal(udp_send(batch, sender, &departure, 1), 1);
        wait_readable(fd);
        taken = (struct udp_taken){ .in_fragments = sizes[i] <= NARROW };
        assert_int_equal(udp_take(fd, in, sizeof in, expected != NULL, &taken), STATUS_OK);
        assert_int_equal(taken.message.count, sizes[i] < sizeof in ? sizes[i] : sizeof in);
        assert_memory_equal(taken.message.at, out, taken.message.count);
        assert_true(expected == NULL || endpoint_equal(&taken.from, expected));
        if (taken.in_fragments != (sizes[i] > NARROW))
            fail_msg("%zu bytes: in fragments %d", sizes[i], taken.in_fragments);
    }
    assert_int_equal(udp_take(fd, in, sizeof in, false, &taken), STATUS_AGAIN);
}

static void check_fragments(enum address_family family)
{
    struct address here = loopback(family);
    struct address none = { 0 };
    struct udp_setup setup = { .bind = { .address = here }, .tell_fragments = true };
    int sender = open_on(&here, false);
    int fd;
    if (!alone || sender < 0)
        skip();
    assert_int_equal(narrow_loopback(NARROW), 0);
    struct endpoint from = local_end(sender);
    assert_int_equal(udp_connect(&from, &none, 0, NULL, 0, &fd), STATUS_OK);
    check_taken(sender, fd, NULL);
    close(sender);
    assert_int_equal(send(fd, "x", 1, 0), 1);
    wait_readable(fd);
    uint8_t byte;
    struct udp_taken taken;
    assert_int_equal(udp_take(fd, &byte, 1, false, &taken), STATUS_SYSTEM); /* nobody is there */
    assert_int_equal(udp_take(fd, &byte, 1, false, &taken), STATUS_AGAIN);
    close(fd);
    sender = open_on(&here, false);
    from = local_end(sender);
    assert_int_equal(udp_open(&setup, &fd), STATUS_OK);
    check_taken(sender, fd, &from);
    close(fd);
    close(sender);
}

static void test_fragments_ip4(void **test)
{
    (void)test;
    check_fragments(ADDRESS_IP4);
}

static void test_fragments_ip6(void **test)
{
    (void)test;
    check_fragments(ADDRESS_IP6);
}

int main(void)
{
    const struct CMUnitTest fragments[] = {
        cmocka_unit_test_setup(test_fragments_ip4, enter_namespace),
        cmocka_unit_test(test_fragments_ip6),
    };
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_flags),      cmocka_unit_test(test_open_refused),
        cmocka_unit_test(test_address_to_come), cmocka_unit_test(test_shared_port),
        cmocka_unit_test(test_families_apart),  cmocka_unit_test(test_batch_ip4),
        cmocka_unit_test(test_batch_ip6),       cmocka_unit_test(test_each_for_itself),
        cmocka_unit_test(test_chosen_source),   cmocka_unit_test(test_one_cannot_go),
        cmocka_unit_test(test_connected_ip4),   cmocka_unit_test(test_connected_ip6),
        cmocka_unit_test(test_connect_from),    cmocka_unit_test(test_refused_ip4),
        cmocka_unit_test(test_refused_ip6),     cmocka_unit_test(test_runs),
        cmocka_unit_test(test_run_too_wide),
    };
    int failed = cmocka_run_group_tests(tests, make_batch, free_batch);
    /* Last, for this process stays in the namespace of its own. */
    return failed + cmocka_run_group_tests(fragments, make_batch, free_batch);
}

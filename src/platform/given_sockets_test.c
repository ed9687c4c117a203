#include "platform/given_sockets.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/tcp.h"
#include "platform/udp.h"

static struct given_sockets given;

/* The descriptors from 3 on are the test's to arrange, so each arranges them in a child. */
static void in_child(void (*body)(void))
{
    pid_t child = fork();
    int status = 0;
    assert_true(child >= 0);
    if (child == 0) {
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        body();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("line %d", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
}

#define CHECK(what)                                                                                \
    do {                                                                                           \
        if (!(what))                                                                               \
            _exit(__LINE__ & 0xff);                                                                \
    } while (0)

static void tell(const char *count, const char *names)
{
    char own[32];
    snprintf(own, sizeof own, "%ld", (long)getpid());
    setenv("LISTEN_PID", own, 1);
    setenv("LISTEN_FDS", count, 1);
    if (names != NULL)
        setenv("LISTEN_FDNAMES", names, 1);
}

static int open_udp(void)
{
    struct udp_setup setup = { .bind = { .address = address_ip4(127, 0, 0, 1) } };
    int fd = -1;
    CHECK(udp_open(&setup, &fd) == STATUS_OK);
    return fd;
}

static void take_all_kinds(void)
{
    struct endpoint local = { .address = address_ip4(127, 0, 0, 1) };
    char text[GIVEN_SOCKETS_TEXT_MAX];
    int listener = -1;
    int shared = -1;
    CHECK(open_udp() == 3);
    CHECK(tcp_bind(&local, false, &listener) == STATUS_OK && listener == 4);
    CHECK(open("/dev/null", O_RDONLY) == 5);
    CHECK(socket(AF_UNIX, SOCK_DGRAM, 0) == 6);
    CHECK(socket(AF_INET, SOCK_STREAM, 0) == 7); /* bound to nothing, listening nowhere */
    /* 8 is not open; 9 is beyond the number */
    CHECK(fcntl(3, F_DUPFD, 9) == 9);
    tell("6", "dns:dns:a\nb::e:gone");
    given_sockets_take(&given);
    CHECK(getenv("LISTEN_PID") == NULL && getenv("LISTEN_FDS") == NULL
          && getenv("LISTEN_FDNAMES") == NULL);
    CHECK(given.count == 5 && given.too_many == 0);
    CHECK(given.at[0].usable && !given.at[0].tcp && !given.at[0].both);
    CHECK(given.at[0].endpoint.port != 0);
    CHECK(given.at[1].usable && given.at[1].tcp);
    CHECK(!given.at[2].usable && !given.at[3].usable && !given.at[4].usable);
    CHECK(strcmp(given.at[0].name, "dns") == 0 && strcmp(given.at[3].name, "") == 0);
    CHECK(strchr(given.at[2].name, '\n') == NULL); /* it goes into the log */
    CHECK(strncmp(given_socket_text(&given.at[0], text), "UDP 127.0.0.1#", 14) == 0);
    CHECK(strcmp(given_socket_text(&given.at[3], text), "descriptor 6, no socket of a service")
          == 0);
    for (int fd = 3; fd < 8; fd++)
        CHECK((fcntl(fd, F_GETFD) & FD_CLOEXEC) != 0);

    for (unsigned i = 0; i < 2; i++) {
        struct endpoint end;
        CHECK(given_socket_share(&given.at[i], true, 65536, &shared) == STATUS_OK);
        CHECK(shared > 7 && (fcntl(shared, F_GETFL) & O_NONBLOCK) != 0);
        CHECK(tcp_local_end(shared, &end) && endpoint_equal(&end, &given.at[i].endpoint));
    }
    close(given.at[0].fd);
    CHECK(given_socket_share(&given.at[0], true, 0, &shared) == STATUS_SYSTEM);
}

static void take_both_families(void)
{
    struct address any6 = address_any(ADDRESS_IP6);
    struct endpoint to = { .address = any6, .port = 0 };
    struct sockaddr_storage name;
    int off = 0;
    int fd = socket(AF_INET6, SOCK_DGRAM, 0);
    if (fd < 0)
        return; /* no IPv6 here */
    CHECK(fd == 3);
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    unsigned count = endpoint_to_sockaddr(&to, &name);
    CHECK(bind(fd, (struct sockaddr *)&name, (socklen_t)count) == 0);
    tell("1", NULL);
    given_sockets_take(&given);
    CHECK(given.count == 1 && given.at[0].usable && given.at[0].both);
    CHECK(given.at[0].name[0] == '\0');
}

static void take_others(void)
{
    static const char *const counts[] = { "", "-1", "x", "0", "99999999999", "5000" };
    CHECK(open_udp() == 3);
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        tell(counts[i], "a:b");
        given_sockets_take(&given);
        CHECK(given.count == 0 && getenv("LISTEN_FDS") == NULL);
    }
    tell("1", NULL);
    setenv("LISTEN_PID", "1", 1);
    given_sockets_take(&given);
    CHECK(given.count == 0 && getenv("LISTEN_PID") == NULL);
    CHECK((fcntl(3, F_GETFL)) >= 0); /* not ours to close */
    given_sockets_take(&given);
    CHECK(given.count == 0);
}

static void take_too_many(void)
{
    for (int fd = 3; fd < 3 + GIVEN_SOCKETS_MAX + 6; fd++)
        CHECK((fd == 3 ? open_udp() : dup(3)) == fd);
    tell("70", NULL);
    given_sockets_take(&given);
    CHECK(given.count == GIVEN_SOCKETS_MAX && given.too_many == 6);
    CHECK(fcntl(3 + GIVEN_SOCKETS_MAX, F_GETFD) < 0);
}

static void test_all_kinds(void **test)
{
    (void)test;
    in_child(take_all_kinds);
}

static void test_both_families(void **test)
{
    (void)test;
    in_child(take_both_families);
}

static void test_others(void **test)
{
    (void)test;
    in_child(take_others);
}

static void test_too_many(void **test)
{
    (void)test;
    in_child(take_too_many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kinds),
        cmocka_unit_test(test_both_families),
        cmocka_unit_test(test_others),
        cmocka_unit_test(test_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

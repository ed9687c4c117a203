#include "platform/rights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "platform/privilege.h"

/* Who grants runs on a thread of its own until the channel is closed. */
struct granter {
    int channel;
    struct rights_policy policy;
    enum rights_verb last;
    char said[64];
    unsigned passed_on, refused;
    pthread_t thread;
};

static unsigned passed_on;

static int pass_on(const void *context, int fd, struct bytes message)
{
    (void)context;
    passed_on++;
    return fd >= 0 && message.count == 3 ? 0 : EIO;
}

static void keep_words(struct granter *granter, struct bytes payload)
{
    size_t count = payload.count < sizeof granter->said ? payload.count : sizeof granter->said - 1;
    memcpy(granter->said, payload.at, count);
    granter->said[count] = '\0';
}

static void *grant_all(void *context)
{
    static _Alignas(8) uint8_t room[RIGHTS_PAYLOAD_MAX];
    struct granter *granter = context;
    struct rights_request request;
    enum status status;
    do {
        status = rights_take(granter->channel, room, &request);
        if (status == STATUS_AGAIN)
            usleep(1000);
        if (status == STATUS_MALFORMED)
            granter->refused++;
        if (status != STATUS_OK)
            continue;
        granter->last = request.verb;
        if (request.verb < RIGHTS_TELL)
            rights_grant(granter->channel, &granter->policy, &request);
        else
            keep_words(granter, request.payload);
        rights_let_go(request.fd);
    } while (status != STATUS_CLOSED);
    return NULL;
}

static struct granter granter;
static int asker;

static void start(const struct rights_policy *policy)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    granter = (struct granter){ .channel = ends[0], .policy = *policy };
    asker = ends[1];
    rights_ask(asker);
    assert_int_equal(pthread_create(&granter.thread, NULL, grant_all, &granter), 0);
}

static void stop(void)
{
    rights_ask(-1);
    close(asker);
    pthread_join(granter.thread, NULL);
    close(granter.channel);
}

/* ------------------------------------------------------------------ low ports */

/* The thread that asks has no rights, the one that grants keeps what the test has. */
static void *bind_without_rights(void *context)
{
    const uint16_t *port = context;
    static int result;
    const struct privilege_plan nothing = { 0 };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(*port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    result = privilege_keep_only(&nothing) != STATUS_OK ? -1000 : 0;
    if (result == 0 && rights_bind(fd, (struct sockaddr *)&to, sizeof to) != 0)
        result = errno;
    close(fd);
    return &result;
}

static int bound(uint16_t port)
{
    pthread_t thread;
    void *result;
    assert_int_equal(pthread_create(&thread, NULL, bind_without_rights, &port), 0);
    pthread_join(thread, &result);
    return *(int *)result;
}

static void test_low_ports(void **state)
{
    (void)state;
    const struct rights_policy policy = {
        .ports = { 1011 }, .port_count = 1, .port_first = 1015, .port_last = 1016
    };
    if (!privilege_is_root())
        skip();
    assert_int_equal(bound(1011), EACCES); /* there is nobody to ask */
    start(&policy);
    assert_int_equal(bound(1011), 0);
    assert_int_equal(bound(1012), EACCES);
    assert_int_equal(bound(1015), 0);
    assert_int_equal(bound(1016), 0);
    assert_int_equal(bound(1017), EACCES);
    stop();
}

/* What is answered when a socket of this type is to be bound to the port. */
static int granted(const struct rights_policy *policy, int type, uint16_t port)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons(port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int32_t error = -1;
    int ends[2];
    struct rights_request request = {
        .verb = RIGHTS_BIND,
        .fd = socket(AF_INET, type | SOCK_CLOEXEC, 0),
        .payload = bytes_of((const uint8_t *)&to, sizeof to),
    };
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    rights_grant(ends[0], policy, &request);
    assert_int_equal(recv(ends[1], &error, sizeof error, 0), (ssize_t)sizeof error);
    rights_let_go(request.fd);
    close(ends[0]);
    close(ends[1]);
    return error;
}

/* Who may listen on any port has got around the sandbox that it is in. */
static void test_listening_elsewhere(void **state)
{
    (void)state;
    const struct rights_policy policy = {
        .ports = { 20011 }, .port_count = 1, .port_first = 1015, .port_last = 1016
    };
    assert_int_equal(granted(&policy, SOCK_DGRAM, 20012), 0);
    assert_int_equal(granted(&policy, SOCK_STREAM, 20011), 0);
    assert_int_equal(granted(&policy, SOCK_STREAM, 20012), EACCES);
    assert_int_equal(granted(&policy, SOCK_STREAM, 1015), EACCES);
}

/* ------------------------------------------------------------------ what is refused */

static int ask_raw(const void *bytes, size_t count)
{
    int32_t error = -1;
    assert_int_equal(send(asker, bytes, count, 0), (ssize_t)count);
    assert_int_equal(recv(asker, &error, sizeof error, 0), (ssize_t)sizeof error);
    return error;
}

static void test_nonsense_is_refused(void **state)
{
    (void)state;
    const struct rights_policy all = {
        .ties = true, .marks = true, .pass_on = pass_on, .port_first = 1, .port_last = UINT16_MAX
    };
    start(&all);
    uint32_t words[] = { RIGHTS_VERB_COUNT, 0, 0 };
    assert_int_equal(ask_raw(words, 3), EINVAL);            /* not even a verb */
    assert_int_equal(ask_raw(words, sizeof words), EINVAL); /* no such verb */
    words[0] = RIGHTS_BIND;
    assert_int_equal(ask_raw(words, sizeof words), EBADF); /* no socket */
    words[0] = RIGHTS_MARK;
    assert_int_equal(ask_raw(words, sizeof words), EBADF);
    stop();
    assert_int_equal(granter.refused, 2);
}

static void test_what_the_policy_lacks(void **state)
{
    (void)state;
    const struct rights_policy none = { .ties = false };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    start(&none);
    assert_int_equal(rights_send(fd, NULL, 0, bytes_of((const uint8_t *)"abc", 3)), -1);
    assert_int_equal(errno, EACCES);
    stop();
    close(fd);
}

/* Two descriptors, or none that is asked for: nothing stays open with who grants. */
static void pass(const int *fds, size_t count)
{
    uint32_t words[] = { RIGHTS_STARTED, 0 };
    _Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(4 * sizeof(int))] = { 0 };
    struct iovec part = { words, sizeof words };
    struct msghdr message = { .msg_iov = &part, .msg_iovlen = 1, .msg_control = control,
                              .msg_controllen = CMSG_SPACE(count * sizeof *fds) };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(count * sizeof *fds);
    memcpy(CMSG_DATA(header), fds, count * sizeof *fds);
    assert_true(sendmsg(asker, &message, 0) > 0);
}

static bool is_closed_by_all(int fd)
{
    uint8_t byte;
    struct pollfd look = { .fd = fd, .events = POLLIN };
    return poll(&look, 1, 5000) == 1 && read(fd, &byte, 1) == 0;
}

static void test_descriptors_do_not_stay(void **state)
{
    (void)state;
    const struct rights_policy none = { .ties = false };
    start(&none);
    for (size_t count = 1; count <= 3; count++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        const int fds[] = { ends[1], ends[1], ends[1] };
        pass(fds, count);
        close(ends[1]);
        assert_true(is_closed_by_all(ends[0]));
        close(ends[0]);
    }
    stop();
}

/* ------------------------------------------------------------------ the rest */

static void test_passing_on(void **state)
{
    (void)state;
    const struct rights_policy policy = { .pass_on = pass_on };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    start(&policy);
    passed_on = 0;
    assert_int_equal(rights_send(fd, NULL, 0, bytes_of((const uint8_t *)"abc", 3)), 0);
    assert_int_equal(rights_send(fd, NULL, 0, bytes_of((const uint8_t *)"abcd", 4)), -1);
    assert_int_equal(errno, EIO);
    assert_int_equal(passed_on, 2);
    stop();
    close(fd);
}

static void test_saying(void **state)
{
    (void)state;
    const struct rights_policy none = { .ties = false };
    assert_false(rights_say(RIGHTS_TELL, bytes_of((const uint8_t *)"READY=1", 7)));
    start(&none);
    assert_true(rights_can_ask());
    assert_true(rights_say(RIGHTS_TELL, bytes_of((const uint8_t *)"READY=1", 7)));
    stop();
    assert_int_equal(granter.last, RIGHTS_TELL);
    assert_string_equal(granter.said, "READY=1");
}

static void test_who_grants_is_gone(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    rights_ask(ends[1]);
    close(ends[0]);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(rights_send(fd, NULL, 0, bytes_of((const uint8_t *)"abc", 3)), -1);
    assert_int_equal(errno, ECONNRESET);
    rights_ask(-1);
    close(ends[1]);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_low_ports),
        cmocka_unit_test(test_listening_elsewhere),
        cmocka_unit_test(test_nonsense_is_refused),
        cmocka_unit_test(test_what_the_policy_lacks),
        cmocka_unit_test(test_descriptors_do_not_stay),
        cmocka_unit_test(test_passing_on),
        cmocka_unit_test(test_saying),
        cmocka_unit_test(test_who_grants_is_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

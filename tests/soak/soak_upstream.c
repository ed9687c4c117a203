/* The soak's upstream server: soak_upstream ADDRESS PORT. Each name has an answer of its own (see
 * soak_question.h); names it does not know are refused. Until SIGTERM, when it prints how many
 * questions came. */
#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "soak_question.h"

#define BATCH         64
#define MESSAGE_BYTES 600
#define HEADER_BYTES  12

static volatile sig_atomic_t stopped;

static void on_signal(int number)
{
    (void)number;
    stopped = 1;
}

static size_t put(uint8_t *to, size_t at, const void *from, size_t count)
{
    memcpy(to + at, from, count);
    return at + count;
}

/* Turns the question in `message` into its answer; 0 when it is none. */
static size_t answer(uint8_t *message, size_t count)
{
    static const uint8_t opt[] = { 0, 0, 41, 0x04, 0xd0, 0, 0, 0, 0, 0, 0 };
    static const uint8_t soa[] = { 0, 0, 6, 0, 1, 0, 0, 1, 44, 0, 22, 0, 0, 0, 0, 0, 1, 0, 0, 14, 16,
                                   0, 0, 14, 16, 0, 0, 14, 16, 0, 0, 1, 44 };
    static const uint8_t record[] = { 0xc0, HEADER_BYTES, 0, 1, 0, 1, 0, 0, 1, 44, 0, 4 };
    enum soak_kind kind;
    uint32_t number;
    size_t question;
    if (count <= HEADER_BYTES || (message[2] & 0x80) != 0)
        return 0;
    bool has_opt = message[11] != 0;
    struct soak_answer right = { .rcode = 5 };
    if (soak_question_read(message + HEADER_BYTES, count - HEADER_BYTES, &kind, &number, &question))
        right = soak_answer_of(kind, number);
    else
        return 0;
    size_t at = HEADER_BYTES + question;
    message[2] = 0x81;
    message[3] = (uint8_t)(0x80 | right.rcode);
    message[7] = right.has_address;
    message[9] = !right.has_address;
    message[11] = has_opt;
    if (right.has_address)
        at = put(message, put(message, at, record, sizeof record), right.address, 4);
    else
        at = put(message, at, soa, sizeof soa);
    return has_opt ? put(message, at, opt, sizeof opt) : at;
}

static unsigned long long serve(int fd)
{
    static uint8_t messages[BATCH][MESSAGE_BYTES];
    static struct sockaddr_in from[BATCH];
    static struct iovec vectors[BATCH];
    static struct mmsghdr headers[BATCH];
    unsigned long long questions = 0;
    while (!stopped) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        unsigned answers = 0;
        if (poll(&wait, 1, 1000) <= 0)
            continue;
        for (unsigned i = 0; i < BATCH; i++) {
            vectors[i] = (struct iovec){ messages[i], MESSAGE_BYTES - 100 };
            headers[i].msg_hdr = (struct msghdr){
                .msg_name = &from[i], .msg_namelen = sizeof from[i], .msg_iov = &vectors[i], .msg_iovlen = 1
            };
        }
        int count = recvmmsg(fd, headers, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++) {
            size_t bytes = answer(messages[i], headers[i].msg_len);
            vectors[i].iov_len = bytes;
            questions++;
            if (bytes > 0)
                headers[answers++].msg_hdr = headers[i].msg_hdr;
        }
        for (unsigned sent = 0; sent < answers;) {
            int done = sendmmsg(fd, headers + sent, answers - sent, 0);
            if (done <= 0)
                break;
            sent += (unsigned)done;
        }
    }
    return questions;
}

int main(int argc, char **argv)
{
    struct sockaddr_in local = { .sin_family = AF_INET };
    int buffer = 8 << 20;
    if (argc != 3 || inet_pton(AF_INET, argv[1], &local.sin_addr) != 1)
        return 1;
    local.sin_port = htons((uint16_t)atoi(argv[2]));
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof buffer);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&local, sizeof local) != 0)
        return 1;
    signal(SIGTERM, on_signal);
    printf("%llu\n", serve(fd));
    return 0;
}

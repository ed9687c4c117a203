/* The least a UDP server can do: sends every datagram back, in batches. What a DNS server spends beyond
 * this is its own. udp_echo ADDRESS PORT */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>

#define BATCH 64

int main(int argc, char **argv)
{
    static uint8_t memory[BATCH][4096];
    static struct sockaddr_in from[BATCH];
    static struct iovec vector[BATCH];
    static struct mmsghdr message[BATCH];
    if (argc < 3)
        return 1;
    struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2])) };
    inet_pton(AF_INET, argv[1], &own.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    int buffer = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    if (bind(fd, (struct sockaddr *)&own, sizeof own) != 0)
        return 1;
    for (;;) {
        struct pollfd wait = { .fd = fd, .events = POLLIN };
        poll(&wait, 1, -1);
        for (int i = 0; i < BATCH; i++) {
            vector[i] = (struct iovec){ memory[i], sizeof memory[i] };
            message[i].msg_hdr = (struct msghdr){ .msg_name = &from[i], .msg_namelen = sizeof from[i],
                                                  .msg_iov = &vector[i], .msg_iovlen = 1 };
        }
        int count = recvmmsg(fd, message, BATCH, MSG_DONTWAIT, NULL);
        for (int i = 0; i < count; i++) {
            vector[i].iov_len = message[i].msg_len;
            memory[i][2] |= 0x80;
        }
        if (count > 0)
            sendmmsg(fd, message, (unsigned)count, 0);
    }
}

#include "platform/tcp.h"

/* Apart from tcp.c, for the kernel's header and that of the C library, whose structure is an older
 * and shorter one, exclude each other. */
#if defined(__linux__)

#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

bool tcp_acknowledged(int fd, uint64_t *bytes)
{
    struct tcp_info info;
    socklen_t count = sizeof(info);
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &count) != 0
        || count < offsetof(struct tcp_info, tcpi_bytes_acked) + sizeof(info.tcpi_bytes_acked))
        return false;
    *bytes = info.tcpi_bytes_acked;
    return true;
}

#else

bool tcp_acknowledged(int fd, uint64_t *bytes)
{
    (void)fd;
    (void)bytes;
    return false;
}

#endif

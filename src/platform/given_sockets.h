/* Sockets that a service manager has opened for us: LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES
 * (sd_listen_fds(3)'s protocol; no library). */
#ifndef LINNET_PLATFORM_GIVEN_SOCKETS_H
#define LINNET_PLATFORM_GIVEN_SOCKETS_H

#include "base/address.h"
#include "base/status.h"

#define GIVEN_SOCKETS_MAX      64
#define GIVEN_SOCKETS_TEXT_MAX 160

struct given_socket {
    int fd;
    bool tcp;         /* listening */
    bool both;        /* an IPv6 socket that takes IPv4 too */
    bool usable;      /* of a kind that we know, with an endpoint; otherwise only closed */
    struct endpoint endpoint;
    char name[32];    /* by the manager; "" when it says none */
};

struct given_sockets {
    struct given_socket at[GIVEN_SOCKETS_MAX];
    unsigned count;
    unsigned too_many; /* closed at once: more than there is room for */
};

/* Takes the variables out of the environment and, when LISTEN_PID is ours, the descriptors from 3
 * on. They are close-on-exec afterwards, and the caller's. First of all: before the process forks
 * or opens anything. A descriptor that is not open is passed over. */
void given_sockets_take(struct given_sockets *given);

/* What is known of one, for people: "UDP 127.0.0.1#53 (dns.socket)", "descriptor 4, no socket". */
const char *given_socket_text(const struct given_socket *socket,
                              char text[GIVEN_SOCKETS_TEXT_MAX]);

/* A descriptor of our own for the same socket, set up as if udp_open or tcp_bind had made it.
 * arrival: UDP that says where each datagram came in. Several share what comes in. STATUS_SYSTEM
 * with errno. */
NODISCARD enum status given_socket_share(const struct given_socket *socket, bool arrival,
                                         unsigned receive_bytes, int *fd);

#endif

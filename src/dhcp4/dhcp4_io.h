/* The shell around the DHCPv4 core: its sockets, its timer, its probes. */
#ifndef LINNET_DHCP4_DHCP4_IO_H
#define LINNET_DHCP4_DHCP4_IO_H

#include <uv.h>

#include "dhcp4/dhcp4_server.h"
#include "model/packet_tap.h"
#include "platform/udp.h"

/* Opened while there is still the right to; owned by the shell from dhcp4_io_create on. */
struct dhcp4_sockets {
    int udp;
    int link; /* raw frames to hosts without an address */
    int echo; /* probes; -1: none (no-ping) */
    int boot; /* port 4011; -1: none (no PXE menu) */
    int reply; /* port 67, where servers answer a relay; -1: none, or `udp` is on it */
};

/* port: of the server. device: tie to this interface, or NULL. shared: other instances serve other
 * interfaces of this machine. STATUS_SYSTEM with errno and *what names the socket that failed. */
NODISCARD enum status dhcp4_sockets_open(uint16_t port, const char *device, bool shared,
                                         bool probe, struct dhcp4_sockets *sockets,
                                         const char **what);
/* Adds the socket of port 4011. */
NODISCARD enum status dhcp4_sockets_open_boot(const char *device, bool shared,
                                              struct dhcp4_sockets *sockets);
/* Adds the socket for servers' replies to a relay that listens to clients on another port. */
NODISCARD enum status dhcp4_sockets_open_reply(bool shared, struct dhcp4_sockets *sockets);
void dhcp4_sockets_close(struct dhcp4_sockets *sockets);

struct dhcp4_io;

/* NULL when memory ends; then the sockets stay the caller's. tap: who looks at packets, or NULL. */
NODISCARD struct dhcp4_io *dhcp4_io_create(uv_loop_t *loop, struct dhcp4_server *server,
                                           const struct dhcp4_sockets *sockets,
                                           const struct packet_tap *tap);
/* Closes all handles; run the loop until it is empty, then dhcp4_io_free. */
void dhcp4_io_close(struct dhcp4_io *io);
void dhcp4_io_free(struct dhcp4_io *io);
/* From the lease backend: the store has, or refused, this ticket. */
void dhcp4_io_committed(struct dhcp4_io *io, uint64_t ticket, enum status status);
/* The server was called outside a message: its next deadline may be another. */
void dhcp4_io_wake(struct dhcp4_io *io);

#endif

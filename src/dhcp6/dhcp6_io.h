/* The shell around the DHCPv6 core and the relay beside it: the socket, the multicast groups, the
 * timer. */
#ifndef LINNET_DHCP6_DHCP6_IO_H
#define LINNET_DHCP6_DHCP6_IO_H

#include <uv.h>

#include "dhcp6/dhcp6_relay.h"
#include "dhcp6/dhcp6_server.h"
#include "model/packet_tap.h"

/* [::]:547. device: tie it to this interface, or NULL. shared: other instances serve other
 * interfaces of this machine. STATUS_SYSTEM with errno. */
NODISCARD enum status dhcp6_socket_open(const char *device, bool shared, int *socket);

struct dhcp6_io_setup {
    uv_loop_t *loop;
    struct dhcp6_server *server;
    int socket; /* the shell's, once it is created */
    const struct dhcp_config *config;
    const struct site *site;
    const struct network *network;
    struct neighbour_table *neighbours; /* may be NULL */
    const struct event_sink *events;    /* may be NULL; of the relay */
    const struct packet_tap *tap;       /* may be NULL */
};

struct dhcp6_io;

/* Joins ff02::1:2 and ff05::1:3 where it serves, and takes messages. NULL when memory ends. */
NODISCARD struct dhcp6_io *dhcp6_io_create(const struct dhcp6_io_setup *setup);
/* Closes all handles; run the loop until it is empty, then dhcp6_io_free. */
void dhcp6_io_close(struct dhcp6_io *io);
void dhcp6_io_free(struct dhcp6_io *io);

/* The server is told besides. */
void dhcp6_io_set_network(struct dhcp6_io *io, const struct network *network);
void dhcp6_io_set_config(struct dhcp6_io *io, const struct dhcp_config *config);
/* Before dhcp6_io_set_config, which looks at it. */
void dhcp6_io_set_site(struct dhcp6_io *io, const struct site *site);
/* From the lease backend: the store has, or refused, this ticket. */
void dhcp6_io_committed(struct dhcp6_io *io, uint64_t ticket, enum status status);
/* The server was called outside a message: its next deadline may be another. */
void dhcp6_io_wake(struct dhcp6_io *io);

const struct dhcp6_relay_counters *dhcp6_io_relay_counters(const struct dhcp6_io *io);
/* Interfaces on which both groups are joined. */
size_t dhcp6_io_joined_count(const struct dhcp6_io *io);

#endif

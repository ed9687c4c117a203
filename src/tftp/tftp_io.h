/* The shell around the TFTP core: listening sockets, one socket for each transfer, the timer. All
 * sockets are watched as one, and a turn of the loop takes no longer than a fraction of a
 * millisecond, so that a rush of transfers does not keep DNS waiting. */
#ifndef LINNET_TFTP_TFTP_IO_H
#define LINNET_TFTP_TFTP_IO_H

#include <uv.h>

#include "model/packet_tap.h"
#include "tftp/tftp_server.h"

#define TFTP_LISTENERS_MAX 1024

struct tftp_io;

/* Where a request came in. */
struct tftp_arrival {
    const char *interface_name; /* lives until the call of the core is over */
    uint32_t mtu;
};

struct tftp_io_setup {
    uv_loop_t *loop;
    struct tftp_server *server;
    const struct tftp_config *config;
    uint32_t transfers_max;
    /* May a request be served that came in here? Fills *arrival. */
    bool (*admit)(void *context, const struct address *local, uint32_t interface,
                  struct tftp_arrival *arrival);
    void *context;
    const struct packet_tap *tap; /* gets a copy of each packet (dumpfile); NULL: none; kept */
};

/* A listening socket; while still root, or with the right to low ports. early: the address need not
 * be ready. STATUS_SYSTEM with errno. */
NODISCARD enum status tftp_listener_open(const struct endpoint *endpoint, bool early, int *fd);

/* NULL when memory or descriptors end. */
NODISCARD struct tftp_io *tftp_io_create(const struct tftp_io_setup *setup);
/* Takes over a listening socket. STATUS_FULL, STATUS_SYSTEM; then it stays the caller's. */
NODISCARD enum status tftp_io_listen(struct tftp_io *io, const struct endpoint *endpoint, int fd);
/* Other ports for transfers from now on. */
void tftp_io_set_config(struct tftp_io *io, const struct tftp_config *config);
/* Is one on this endpoint? */
bool tftp_io_listens(const struct tftp_io *io, const struct endpoint *endpoint);
/* Lets go of all that `keep` does not want. */
void tftp_io_unlisten(struct tftp_io *io,
                      bool (*keep)(void *context, const struct endpoint *endpoint), void *context);
/* Closes all handles and sockets; run the loop until it is empty, then tftp_io_free. */
void tftp_io_close(struct tftp_io *io);
void tftp_io_free(struct tftp_io *io);
/* Requests that came in where nothing is served. */
uint64_t tftp_io_not_admitted(const struct tftp_io *io);

#endif

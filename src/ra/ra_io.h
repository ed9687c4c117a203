/* The shell around the router advertisement core: its socket, its multicast groups, its timer. */
#ifndef LINNET_RA_RA_IO_H
#define LINNET_RA_RA_IO_H

#include <uv.h>

#include "model/packet_tap.h"
#include "ra/ra_state_io.h"

struct ra_io;

struct ra_io_setup {
    uv_loop_t *loop;
    struct ra_server *server;
    int socket;                   /* of icmp6_open; the shell's from ra_io_create on */
    struct ra_state_io *state;    /* the shell's too; NULL: nothing is remembered */
    const struct packet_tap *tap; /* may be NULL */
};

/* After ra_server_start. NULL when memory ends; then socket and state stay the caller's. */
NODISCARD struct ra_io *ra_io_create(const struct ra_io_setup *setup);
/* What is remembered is on the disk when it returns. Closes all handles; run the loop until it is
 * empty, then ra_io_free. */
void ra_io_close(struct ra_io *io);
void ra_io_free(struct ra_io *io);

/* The core was given another network or configuration. */
void ra_io_changed(struct ra_io *io);

#endif

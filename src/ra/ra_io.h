/* The shell around the router advertisement core: its socket, its timer, the file that remembers
 * prefixes. */
#ifndef LINNET_RA_RA_IO_H
#define LINNET_RA_RA_IO_H

#include <uv.h>

#include "model/packet_tap.h"
#include "ra/ra_server.h"

struct ra_io;

struct ra_io_setup {
    uv_loop_t *loop;
    struct ra_server *server;
    int socket;             /* of icmp6_open; the shell's from ra_io_create on */
    const char *state_path; /* kept, not copied; NULL: nothing is remembered */
    int state;              /* of ra_io_open_state; the shell's too; -1: none */
    const struct packet_tap *tap; /* may be NULL */
};

/* While there is the right to: makes the file if it is not there. Later it is replaced, or, where
 * the folder is not ours to write, written over. -1 with errno. */
int ra_io_open_state(const char *state_path);
/* Reads what the file remembers into the core; a file that is not there is no error. Before
 * ra_server_start. */
void ra_io_load(struct ra_server *server, const char *state_path);
/* After ra_server_start. NULL when memory ends; then both descriptors stay the caller's. */
NODISCARD struct ra_io *ra_io_create(const struct ra_io_setup *setup);
/* What is remembered is on the disk when it returns. Closes all handles; run the loop until it is
 * empty, then ra_io_free. */
void ra_io_close(struct ra_io *io);
void ra_io_free(struct ra_io *io);

/* The core was given another network or configuration. */
void ra_io_changed(struct ra_io *io);

#endif

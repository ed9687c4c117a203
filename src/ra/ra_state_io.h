/* The file of remembered prefixes (ra_state.h). A thread of the pool writes it after every change,
 * and again and again where it cannot be written. */
#ifndef LINNET_RA_RA_STATE_IO_H
#define LINNET_RA_RA_STATE_IO_H

#include <uv.h>

#include "ra/ra_server.h"

#define RA_STATE_AGAIN_MS 60000

struct ra_state_io;

struct ra_state_setup {
    uv_loop_t *loop;
    struct ra_server *server;
    const char *path;  /* kept, not copied */
    int file;          /* of ra_state_io_open; its own when it has been created; -1: none */
    uint64_t again_ms; /* so long after a failure; RA_STATE_AGAIN_MS but for tests */
};

/* While there is the right to: makes the file if it is not there. Later it is replaced, or, where
 * the folder is not ours to write, written over. -1 with errno. */
int ra_state_io_open(const char *path);
/* Reads what the file remembers into the core; a file that is not there is no error. Before
 * ra_server_start. */
void ra_state_io_load(struct ra_server *server, const char *path);
/* NULL when memory ends. */
NODISCARD struct ra_state_io *ra_state_io_create(const struct ra_state_setup *setup);
/* After calls into the core: what has changed is on its way to the disk. */
void ra_state_io_follow(struct ra_state_io *io);
/* What is remembered is on the disk when it returns, or that it cannot be was said. Waits for a
 * write that is under way and does one itself: RA_MEMORY_MAX lines. Run the loop until it is empty,
 * then free. */
void ra_state_io_close(struct ra_state_io *io);
void ra_state_io_free(struct ra_state_io *io);

#endif

/* The default lease backend: the dnsmasq-compatible file, which is its own journal (docs/decisions).
 *
 * A new or changed lease is one line appended; a renewal overwrites the ten digits of its expiry in
 * place; then fdatasync, on a thread of libuv's pool, for all changes that wait. A removed or superseded
 * line goes when the file is written anew (temporary file, fsync, rename, fsync of the folder): at once
 * when the file is small, else when enough has gathered, at most once a second. So a reader sees whole
 * lines at any instant, and the cost of an exchange does not grow with the number of leases. On load the
 * last line for an address wins. */
#ifndef LINNET_STORE_LEASE_FILE_IO_H
#define LINNET_STORE_LEASE_FILE_IO_H

#include <uv.h>

#include "store/lease_backend.h"

struct lease_file_setup {
    uv_loop_t *loop;
    const char *path;                  /* kept, not copied */
    const struct lease_table *table;   /* written out when the file is made anew */
    void (*committed)(void *context, uint64_t ticket, enum status status);
    void (*trouble)(void *context, const char *what, int error);  /* said once per kind of trouble */
    void *context;
};

/* Opens or creates the file (mode 0644). STATUS_SYSTEM with errno. */
NODISCARD enum status lease_file_open(const struct lease_file_setup *setup,
                                      struct lease_backend **backend);

#endif

/* The default lease backend: the dnsmasq-compatible file, which is its own journal
 * (docs/decisions).
 *
 * A new or changed lease is one line appended; a renewal overwrites the ten digits of its expiry in
 * place; then fdatasync, on a thread of libuv's pool, for all changes that wait. A removed or
 * superseded line goes when the file is written anew (temporary file, fsync, rename, fsync of the
 * folder): at once when the file is small, else when enough has gathered, at most once a second. So
 * a reader sees whole lines at any instant, and the cost of an exchange does not grow with the
 * number of leases. On load the last line for an address wins.
 *
 * Where the file cannot be replaced (a folder that is not ours, a file that is a mount of its
 * own) that is said once, removed lines stay with an expiry long past, and the file is
 * overwritten only when more than half of a large one is such lines or when somebody else
 * changed it: a copy of all leases behind the old lines first, so that no crash can cost one. */
#ifndef LINNET_STORE_LEASE_FILE_IO_H
#define LINNET_STORE_LEASE_FILE_IO_H

#include <uv.h>

#include "store/lease_backend.h"

struct lease_file_setup {
    uv_loop_t *loop;
    const char *path;                  /* kept, not copied */
    const struct lease_table *table;   /* written out when the file is made anew */
    const struct lease_table *table6;  /* the IPv6 leases; NULL: lines about them are kept as they
                                          stand */
    void (*committed)(void *context, uint64_t ticket, enum status status);
    /* Said once per kind of trouble; `what` lasts for the call. `kept`: every lease is on the disk
     * all the same. */
    void (*trouble)(void *context, bool kept, const char *what, int error);
    void *context;
};

/* Opens or creates the file (mode 0644). STATUS_SYSTEM with errno. */
NODISCARD enum status lease_file_open(const struct lease_file_setup *setup,
                                      struct lease_backend **backend);

#endif

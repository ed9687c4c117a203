/* Where leases last: a file, later a database. The acknowledgement of a lease leaves only after
 * `committed` said that the store has it.
 *
 * A change is a whole lease as it should be kept, or a removal. The backend copies what it needs
 * during the call. Changes are made durable in order, as many as wait in one go (group commit);
 * `committed` is called on the main thread, once for each ticket, in order, with STATUS_OK or
 * STATUS_SYSTEM when the disk refused (the change is then not durable; a later change of the
 * same address supersedes it). */
#ifndef LINNET_STORE_LEASE_BACKEND_H
#define LINNET_STORE_LEASE_BACKEND_H

#include "base/status.h"
#include "store/lease_lines.h"
#include "store/lease_table.h"

enum lease_change_kind { LEASE_CHANGE_PUT, LEASE_CHANGE_REMOVE };

struct lease_change {
    enum lease_change_kind kind;
    struct lease *lease;       /* PUT: its store_cookie may be written. REMOVE: only read */
    uint64_t ticket;           /* 0: nobody waits for it */
};

struct lease_backend;

struct lease_backend_class {
    const char *name;
    /* Calls `each` for every lease kept; false: of what it did not take the line may go. Bad lines
     * go to `complain` and are skipped. */
    enum status (*load)(struct lease_backend *backend,
                        bool (*each)(void *context, const struct lease_line *line),
                        void (*complain)(void *context, unsigned line, const char *why),
                        void *context);
    /* Never blocks. STATUS_FULL when too many changes wait: then nothing was taken. */
    enum status (*commit)(struct lease_backend *backend, const struct lease_change *change);
    /* Makes everything given so far durable before it returns, then releases all. */
    void (*close)(struct lease_backend *backend);
    /* Who the server is (its DUID), kept from now on; load gives it back as a LEASE_LINE_DUID.
     * Never blocks; durable no later than any lease committed after it. STATUS_FULL. */
    enum status (*set_duid)(struct lease_backend *backend, struct bytes duid);
    /* The leases of the tables say other expiry times than were committed, all at once (the clock
     * was set): they are kept anew, soon. Never blocks. */
    void (*renew_all)(struct lease_backend *backend);
};

struct lease_backend {
    const struct lease_backend_class *class_;
    void (*committed)(void *context, uint64_t ticket, enum status status);
    void *context;
};

#endif

/* What was set from a bus since start: servers, and switches of the configuration. The
 * configuration itself stays as it is; each new view is made with these over it, whichever
 * configuration is in use by then. Main thread only. */
#ifndef LINNET_DAEMON_VIEWS_OVERRIDES_H
#define LINNET_DAEMON_VIEWS_OVERRIDES_H

#include "daemon/views_load.h"

#define VIEWS_BUS_SERVERS_MAX    1024                 /* lines */
#define VIEWS_BUS_LINE_BYTES_MAX ((size_t)64 * 1024)  /* of one */
#define VIEWS_BUS_BYTES_MAX      ((size_t)512 * 1024) /* of all */

enum views_switch {
    VIEWS_FILTER_WIN2K,
    VIEWS_FILTER_A,
    VIEWS_FILTER_AAAA,
    VIEWS_BOGUS_PRIV,
    VIEWS_LOCALISE_QUERIES,
    VIEWS_SWITCH_COUNT,
};

/* The lines given last, and what they make of the configuration they were last put over. */
struct bus_servers;

struct views_overrides {
    uint8_t given, on;           /* a bit for each switch */
    struct bus_servers *servers; /* NULL: none */
};

/* Reads lines in the syntax of server= as they would be over this configuration and its
 * servers-file
 * (NULL: none). Names are not looked up, for that waits: servers are addresses. Nothing is in use
 * yet. No lines: *made is NULL. STATUS_MALFORMED with what is wrong in *error, STATUS_FULL for more
 * than the bounds above, STATUS_NO_MEMORY. */
NODISCARD enum status bus_servers_read(const struct config *config, struct loaded_servers *loaded,
                                       const struct text *lines, size_t count,
                                       struct text_out *error, struct bus_servers **made);
/* NULL is harmless. */
void bus_servers_free(struct bus_servers *servers);

/* All that is set, over this configuration and its servers-file: *effective is what a view is to be
 * made of, and *held (NULL: nothing) what it stands on, a use of which is the caller's.
 * STATUS_NO_MEMORY, STATUS_MALFORMED: the lines do not go with this configuration. */
NODISCARD enum status views_overrides_apply(struct views_overrides *overrides,
                                            const struct config *config,
                                            struct loaded_servers *loaded,
                                            struct dns_config *effective,
                                            struct loaded_servers **held);
void views_overrides_free(struct views_overrides *overrides);

#endif

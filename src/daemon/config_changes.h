/* What differs between two configurations, option by option, by the lines that each of them prints
 * (--print-config), and in plain words. Pure; slow where configurations are long, so not for a
 * thread that answers. */
#ifndef LINNET_DAEMON_CONFIG_CHANGES_H
#define LINNET_DAEMON_CONFIG_CHANGES_H

#include "base/arena.h"
#include "daemon/daemon_config.h"

#define CONFIG_CHANGES_SHOWN 200 /* lines; of the others only how many there are is told */
#define CONFIG_CHANGES_LINE  200 /* characters of a line that are shown */

enum config_change_kind {
    CONFIG_CHANGE_NEW,   /* `now` is a line that was not there */
    CONFIG_CHANGE_GONE,  /* `before` is not there any more */
    CONFIG_CHANGE_VALUE, /* the option's only line was `before` and is `now` */
    CONFIG_CHANGE_ORDER, /* the same lines in another order */
};

struct config_change {
    enum config_change_kind kind;
    const struct option *option;
    const char *before, *now; /* whole lines, cut to CONFIG_CHANGES_LINE; NULL: none */
};

struct config_changes {
    struct arena arena;
    struct config_change *at;
    size_t shown;
    size_t lines;     /* new or gone, shown or not */
    size_t at_start;  /* of these, what only the next start can change */
    bool cache_stale; /* what the cache holds was made by rules that are others now */
    bool complete;    /* false: no memory to tell them all */
};

/* before and now: finished configurations. Free with config_changes_free in any case. */
void config_changes_find(const struct config *before, const struct config *now,
                         struct config_changes *changes);
void config_changes_free(struct config_changes *changes);

/* `server=192.0.2.1 is new`, a line each. */
void config_changes_put(const struct config_changes *changes, struct text_out *out);

/* What only a start can change gets the value it has in `from`; strings are copied. */
NODISCARD enum status config_keep_start(struct config *to, const struct config *from);

#endif

/* Giving up root: to another user and group, keeping only the
 * capabilities the configuration needs. */
#ifndef LINNET_PLATFORM_PRIVILEGE_H
#define LINNET_PLATFORM_PRIVILEGE_H

#include "base/compiler.h"
#include "base/status.h"

#include <sys/types.h>

struct privilege_plan {
    uid_t user;
    gid_t group;
    bool change_user;        /* false: stay who we are */
    bool change_group;
    bool keep_net_admin;     /* neighbour table, sets, marks */
    bool keep_net_raw;       /* device-bound upstream sockets */
    bool keep_bind_service;  /* low ports on addresses that appear later */
    bool keep_identity;      /* becoming other users */
    bool keep_files;         /* root's access to other users' files */
};

/* Fills user and group from names. `user` NULL or "": unchanged. group NULL: `fallback_group` if
 * that exists, else the user's own. STATUS_NOT_FOUND, *unknown says which name. */
NODISCARD enum status privilege_find(const char *user, const char *group,
                                     const char *fallback_group, struct privilege_plan *plan,
                                     const char **unknown);

/* True when the process has root's rights to give up. */
bool privilege_is_root(void);

/* Single rights can be kept without being root. Where they cannot, who needs one stays root. */
bool privilege_can_keep(void);

/* Drops groups, group, user, capabilities; forbids gaining any again. STATUS_SYSTEM with errno.
 * Must be called before any other thread starts. */
NODISCARD enum status privilege_drop(const struct privilege_plan *plan);

/* Why privilege_drop could not, by the errno it left: a phrase for a message, with a way out where
 * there is one. Valid until the next call of it or of strerror. */
const char *privilege_reason(int error);

/* Gives up every capability that the plan does not name, whoever we are; and forbids gaining any.
 * STATUS_SYSTEM with errno. For the thread that calls. */
NODISCARD enum status privilege_keep_only(const struct privilege_plan *plan);

#endif

/* Users and groups: the same everywhere. */
#include "platform/privilege.h"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

enum status privilege_find(const char *user, const char *group, const char *fallback_group,
                           struct privilege_plan *plan, const char **unknown)
{
    struct privilege_plan found = *plan;
    const struct passwd *account = NULL;
    found.change_user = false;
    found.change_group = false;
    if (user != NULL && user[0] != '\0') {
        account = getpwnam(user);
        if (account == NULL) {
            *unknown = user;
            return STATUS_NOT_FOUND;
        }
        found.user = account->pw_uid;
        found.group = account->pw_gid;
        found.change_user = account->pw_uid != 0;
        found.change_group = found.change_user;
    }
    const struct group *wanted = NULL;
    if (group != NULL && group[0] != '\0') {
        wanted = getgrnam(group);
        if (wanted == NULL) {
            *unknown = group;
            return STATUS_NOT_FOUND;
        }
    } else if (group == NULL && fallback_group != NULL && found.change_user) {
        wanted = getgrnam(fallback_group);
    }
    if (wanted != NULL) {
        found.group = wanted->gr_gid;
        found.change_group = true;
    }
    *plan = found;
    return STATUS_OK;
}

bool privilege_is_root(void)
{
    return geteuid() == 0;
}

#include "platform/privilege.h"

#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
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

static enum status set_capabilities(uint32_t kept)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2] = { { .effective = kept, .permitted = kept } };
    return syscall(SYS_capset, &header, data) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

static uint32_t wanted_capabilities(const struct privilege_plan *plan)
{
    uint32_t kept = 0;
    if (plan->keep_net_admin)
        kept |= 1u << CAP_NET_ADMIN;
    if (plan->keep_net_raw)
        kept |= 1u << CAP_NET_RAW;
    if (plan->keep_bind_service)
        kept |= 1u << CAP_NET_BIND_SERVICE;
    return kept;
}

enum status privilege_drop(const struct privilege_plan *plan)
{
    if (!plan->change_user && !plan->change_group)
        return STATUS_OK;
    uint32_t kept = wanted_capabilities(plan);
    if (plan->change_group && (setgroups(0, NULL) != 0 || setgid(plan->group) != 0))
        return STATUS_SYSTEM;
    if (!plan->change_user)
        return STATUS_OK;
    if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) != 0 || setuid(plan->user) != 0)
        return STATUS_SYSTEM;
    enum status status = set_capabilities(kept);
    if (status != STATUS_OK)
        return status;
    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0);
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

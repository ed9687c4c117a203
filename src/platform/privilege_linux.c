#include "platform/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool privilege_can_keep(void)
{
    return true;
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
    if (plan->keep_identity)
        kept |= 1u << CAP_SETUID | 1u << CAP_SETGID | 1u << CAP_CHOWN | 1u << CAP_KILL;
    if (plan->keep_files)
        kept |= 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH | 1u << CAP_CHOWN
                | 1u << CAP_FOWNER;
    return kept;
}

enum status privilege_keep_only(const struct privilege_plan *plan)
{
    struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) != 0)
        return STATUS_SYSTEM;
    /* All of ours are in the first word. */
    if (set_capabilities(data[0].permitted & wanted_capabilities(plan)) != STATUS_OK)
        return STATUS_SYSTEM;
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 ? STATUS_OK : STATUS_SYSTEM;
}

/* The list is empty, or names nothing but the group that is ours anyway. */
static bool has_no_other_groups(gid_t group)
{
    gid_t only;
    int count = getgroups(0, NULL);
    return count == 0 || (count == 1 && getgroups(1, &only) == 1 && only == group);
}

/* A user namespace that an ordinary user made forbids setgroups, for it could get around a
 * permission that is denied to a group. Where there is nothing to drop that is no loss. */
static bool become_group(gid_t group)
{
    if (setgroups(0, NULL) != 0 && (errno != EPERM || !has_no_other_groups(group)))
        return false;
    return setgid(group) == 0;
}

enum status privilege_drop(const struct privilege_plan *plan)
{
    if (!plan->change_user && !plan->change_group)
        return STATUS_OK;
    uint32_t kept = wanted_capabilities(plan);
    if (plan->change_group && !become_group(plan->group))
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

/* user_namespaces(7) */
static bool namespace_forbids_setgroups(void)
{
    char word[4] = "";
    int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool denied = read(fd, word, sizeof word) == (ssize_t)sizeof word
                  && memcmp(word, "deny", sizeof word) == 0;
    close(fd);
    return denied;
}

const char *privilege_reason(int error)
{
    if (error == EPERM && namespace_forbids_setgroups())
        return "this user namespace forbids changing groups (user=root without group= stays root)";
    if (error == EINVAL)
        return "this user namespace lacks that user or group (user=root without group= stays root)";
    return strerror(error);
}

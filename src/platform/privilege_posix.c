/* Where a right cannot be kept without being root: all of them go, or none. */
#include <grp.h>
#include <string.h>
#include <unistd.h>

#include "platform/privilege.h"

bool privilege_can_keep(void)
{
    return false;
}

enum status privilege_drop(const struct privilege_plan *plan)
{
    if (!plan->change_user && !plan->change_group)
        return STATUS_OK;
    if (plan->change_group && (setgroups(0, NULL) != 0 || setgid(plan->group) != 0))
        return STATUS_SYSTEM;
    if (plan->change_user && setuid(plan->user) != 0)
        return STATUS_SYSTEM;
    /* Root that can be had back was not given up. */
    return plan->change_user && plan->user != 0 && setuid(0) == 0 ? STATUS_CONFLICT : STATUS_OK;
}

const char *privilege_reason(int error)
{
    return strerror(error);
}

/* There is nothing between root and everybody. */
enum status privilege_keep_only(const struct privilege_plan *plan)
{
    (void)plan;
    return STATUS_OK;
}

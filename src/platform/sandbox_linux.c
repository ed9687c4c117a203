/* Landlock (Linux 5.13; TCP since 6.7, strangers since 6.12), spoken to by its three system calls:
 * the C library has no functions. Headers may be older than the kernel, so what came later is
 * written down here. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "platform/sandbox.h"

#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ull << 14)
#endif
#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ull << 15)
#endif

/* linux/landlock.h, landlock_ruleset_attr: older kernels take it as long as what they do not know
 * is 0. */
struct refusals {
    uint64_t files, ports, strangers;
};

#define RULE_PORT         2
#define PORT_BIND         (1ull << 0)
#define PORT_CONNECT      (1ull << 1)
#define STRANGERS_NAMES   (1ull << 0)
#define STRANGERS_SIGNALS (1ull << 1)

#define VERSION_PORTS     4
#define VERSION_STRANGERS 6

/* landlock_net_port_attr */
struct port_rule {
    uint64_t access, port;
};

#define OF_FILES                                                                                   \
    (LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE     \
     | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_IOCTL_DEV)
#define KEEPING                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_TRUNCATE | LANDLOCK_ACCESS_FS_REMOVE_FILE  \
     | LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK)
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)

/* Where we may connect to, to be asked about. */
static struct {
    uint16_t ports[SANDBOX_PORTS_MAX];
    size_t count;
    bool limited;
} connecting;

/* What this kernel can refuse: each version of the interface brought more. */
static uint64_t files_handled(long version)
{
    uint64_t all = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 2)
        all |= LANDLOCK_ACCESS_FS_REFER;
    if (version >= 3)
        all |= LANDLOCK_ACCESS_FS_TRUNCATE;
    if (version >= 5)
        all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    return all;
}

static struct refusals what_is_refused(const struct sandbox_plan *plan, long version)
{
    struct refusals all = { .files = files_handled(version) };
    if (version >= VERSION_PORTS)
        all.ports = PORT_BIND | (plan->any_port ? 0 : PORT_CONNECT);
    if (version >= VERSION_STRANGERS)
        all.strangers = STRANGERS_SIGNALS | (plan->abstract_names ? 0 : STRANGERS_NAMES);
    return all;
}

static enum status allow_path(int rules, const struct sandbox_path *path, uint64_t all)
{
    struct stat found;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = path->access == SANDBOX_KEEP ? READING | KEEPING : READING,
        .parent_fd = open(path->path, O_PATH | O_CLOEXEC),
    };
    if (rule.parent_fd < 0)
        return STATUS_OK; /* not there, or not for us anyway */
    rule.allowed_access &= all;
    if (fstat(rule.parent_fd, &found) == 0 && !S_ISDIR(found.st_mode))
        rule.allowed_access &= OF_FILES;
    long added = syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
    int error = errno;
    close(rule.parent_fd);
    errno = error;
    return added == 0 ? STATUS_OK : STATUS_SYSTEM;
}

static enum status allow_port(int rules, uint16_t port, uint64_t access)
{
    const struct port_rule rule = { access, port };
    return syscall(SYS_landlock_add_rule, rules, RULE_PORT, &rule, 0) == 0 ? STATUS_OK
                                                                           : STATUS_SYSTEM;
}

static enum status allow_ports(int rules, const struct sandbox_plan *plan, uint64_t refused)
{
    enum status status = STATUS_OK;
    /* A connection from an address of ours is bound to it, and to port 0. */
    if (refused & PORT_BIND)
        status = allow_port(rules, 0, PORT_BIND);
    if (status == STATUS_OK && (refused & PORT_BIND) && plan->own_port != 0)
        status = allow_port(rules, plan->own_port, PORT_BIND);
    for (size_t i = 0; status == STATUS_OK && (refused & PORT_CONNECT) && i < plan->port_count; i++)
        status = allow_port(rules, plan->ports[i], PORT_CONNECT);
    return status;
}

static enum status allow_all(int rules, const struct sandbox_plan *plan,
                             const struct refusals *refused)
{
    enum status status = allow_ports(rules, plan, refused->ports);
    for (size_t i = 0; status == STATUS_OK && i < plan->path_count; i++)
        status = allow_path(rules, &plan->paths[i], refused->files);
    if (status == STATUS_OK && syscall(SYS_landlock_restrict_self, rules, 0) != 0)
        status = STATUS_SYSTEM;
    return status;
}

static void remember_ports(const struct sandbox_plan *plan, uint64_t refused)
{
    connecting.limited = (refused & PORT_CONNECT) != 0;
    for (size_t i = 0; connecting.limited && i < plan->port_count; i++)
        connecting.ports[connecting.count++] = plan->ports[i];
}

static enum status restrict_reach(const struct sandbox_plan *plan, struct sandbox_layers *layers)
{
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version < 1)
        return STATUS_OK;
    const struct refusals refused = what_is_refused(plan, version);
    int rules = (int)syscall(SYS_landlock_create_ruleset, &refused, sizeof refused, 0);
    if (rules < 0)
        return STATUS_SYSTEM;
    enum status status = allow_all(rules, plan, &refused);
    int error = errno;
    close(rules);
    errno = error;
    if (status != STATUS_OK)
        return status;
    remember_ports(plan, refused.ports);
    layers->files = true;
    layers->ports = refused.ports != 0;
    layers->strangers = refused.strangers != 0;
    return STATUS_OK;
}

enum status sandbox_enter(const struct sandbox_plan *plan, struct sandbox_layers *layers)
{
    *layers = (struct sandbox_layers){ .files = false };
    assert(plan->port_count <= SANDBOX_PORTS_MAX);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return STATUS_SYSTEM;
    layers->no_new_privileges = true;
    struct sandbox_calls *calls = NULL;
    enum status status = sandbox_calls_prepare(&calls);
    if (status == STATUS_SYSTEM)
        return status;
    status = restrict_reach(plan, layers);
    if (status != STATUS_OK)
        return status;
    status = sandbox_calls_enter(calls);
    layers->calls = status == STATUS_OK;
    return status == STATUS_UNSUPPORTED ? STATUS_OK : status;
}

bool sandbox_may_connect(uint16_t port)
{
    for (size_t i = 0; i < connecting.count; i++) {
        if (connecting.ports[i] == port)
            return true;
    }
    return !connecting.limited;
}

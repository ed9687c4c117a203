#include "platform/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define NO_SUCH_NAME "no-such-name-here"

/* A group that is not the one of user nobody, and one that is. */
static const struct group *other_group;
static const struct passwd *nobody;

static int find_accounts(void **test)
{
    (void)test;
    static struct passwd kept;
    static struct group kept_group;
    nobody = getpwnam("nobody");
    other_group = getgrnam("daemon");
    if (nobody == NULL || other_group == NULL)
        return 0;
    kept = *nobody;
    kept_group = *other_group;
    nobody = &kept;
    other_group = &kept_group;
    return 0;
}

static void test_find(void **test)
{
    (void)test;
    if (nobody == NULL || other_group == NULL)
        skip(); /* a system without the usual accounts */
    const struct {
        const char *what, *user, *group, *fallback;
        bool change_user, change_group;
        gid_t expected;
    } rows[] = {
        { "neither", NULL, NULL, NULL, false, false, 0 },
        { "stay the user", "", NULL, "daemon", false, false, 0 },
        { "root stays root", "root", NULL, "daemon", false, false, 0 },
        { "the user's own group", "nobody", NULL, NULL, true, true, nobody->pw_gid },
        { "fallback group", "nobody", NULL, "daemon", true, true, other_group->gr_gid },
        { "no fallback group there", "nobody", NULL, NO_SUCH_NAME, true, true, nobody->pw_gid },
        { "group given", "nobody", "daemon", NO_SUCH_NAME, true, true, other_group->gr_gid },
        { "empty group: the user's own", "nobody", "", "daemon", true, true, nobody->pw_gid },
        { "group alone", NULL, "daemon", NULL, false, true, other_group->gr_gid },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct privilege_plan plan = { .keep_net_raw = true };
        const char *unknown = NULL;
        enum status status =
            privilege_find(rows[i].user, rows[i].group, rows[i].fallback, &plan, &unknown);
        if (status != STATUS_OK || unknown != NULL)
            fail_msg("%s: %s", rows[i].what, status_text(status));
        if (plan.change_user != rows[i].change_user || plan.change_group != rows[i].change_group
            || (plan.change_user && plan.user != nobody->pw_uid)
            || (plan.change_group && plan.group != rows[i].expected) || !plan.keep_net_raw)
            fail_msg("%s: user %d (%d), group %d (%d)", rows[i].what, plan.change_user,
                     (int)plan.user, plan.change_group, (int)plan.group);
    }
}

static void test_unknown(void **test)
{
    (void)test;
    struct privilege_plan plan = { .user = 7 };
    const char *unknown = NULL;
    assert_int_equal(privilege_find(NO_SUCH_NAME, NULL, NULL, &plan, &unknown), STATUS_NOT_FOUND);
    assert_string_equal(unknown, NO_SUCH_NAME);
    assert_int_equal(privilege_find("root", NO_SUCH_NAME "2", NULL, &plan, &unknown),
                     STATUS_NOT_FOUND);
    assert_string_equal(unknown, NO_SUCH_NAME "2");
    assert_int_equal(plan.user, 7);
}

/* ------------------------------------------------------------------ giving up root, in a child */

/* A number of /proc/self/status, in the base it is written in. */
static unsigned long long own_status(const char *name, int base)
{
    char line[256];
    unsigned long long value = ~0ull;
    size_t length = strlen(name);
    FILE *file = fopen("/proc/self/status", "re");
    while (file != NULL && fgets(line, sizeof line, file) != NULL)
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            value = strtoull(line + length + 1, NULL, base);
    if (file != NULL)
        fclose(file);
    return value;
}

struct drop {
    const char *what;
    struct privilege_plan plan;
    unsigned long long kept;
};

/* Which check failed, or 0. */
static int drop_and_look(const struct drop *drop)
{
    const struct privilege_plan *plan = &drop->plan;
    gid_t more[] = { 1, 2 };
    if (setgroups(2, more) != 0)
        return 10;
    if (privilege_drop(plan) != STATUS_OK)
        return 1;
    if (plan->change_group && (getgid() != plan->group || getegid() != plan->group))
        return 2;
    if (plan->change_group && getgroups(0, NULL) != 0)
        return 3;
    if (!plan->change_user)
        return getuid() == 0 ? 0 : 4;
    if (getuid() != plan->user || geteuid() != plan->user || privilege_is_root())
        return 5;
    if (own_status("CapPrm", 16) != drop->kept || own_status("CapEff", 16) != drop->kept)
        return 6;
    if (own_status("CapInh", 16) != 0 || own_status("CapAmb", 16) != 0)
        return 7;
    if (prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
        return 8;
    /* There is no way back. */
    return setuid(0) != 0 && setgid(0) != 0 ? 0 : 9;
}

static void test_drop(void **test)
{
    (void)test;
    if (!privilege_is_root() || nobody == NULL)
        skip(); /* nothing to give up */
    uid_t user = nobody->pw_uid;
    gid_t group = nobody->pw_gid;
    unsigned long long raw = 1ull << CAP_NET_RAW;
    unsigned long long admin = 1ull << CAP_NET_ADMIN;
    unsigned long long low_ports = 1ull << CAP_NET_BIND_SERVICE;
    const struct drop rows[] = {
        { "nothing", { .change_user = false }, 0 },
        { "group only", { .change_group = true, .group = group }, 0 },
        { "everything",
          { .change_user = true, .user = user, .change_group = true, .group = group },
          0 },
        { "keep raw sockets",
          { .change_user = true,
            .user = user,
            .change_group = true,
            .group = group,
            .keep_net_raw = true },
          raw },
        { "keep all three",
          { .change_user = true,
            .user = user,
            .change_group = true,
            .group = group,
            .keep_net_raw = true,
            .keep_net_admin = true,
            .keep_bind_service = true },
          raw | admin | low_ports },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((own_status("CapPrm", 16) & rows[i].kept) != rows[i].kept)
            continue; /* a container whose root has less */
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(drop_and_look(&rows[i]));
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: check %d failed", rows[i].what, WEXITSTATUS(status));
    }
}

static void test_drop_without_right(void **test)
{
    (void)test;
    if (privilege_is_root())
        skip(); /* may do it all */
    struct privilege_plan plan = { .change_user = true, .user = getuid() + 1 };
    assert_int_equal(privilege_drop(&plan), STATUS_SYSTEM);
    assert_int_equal(errno, EPERM);
}

/* ------------------------------------------------------------------ where groups cannot change */

struct confined_drop {
    const char *what;
    int group_count; /* beside our own, before the namespace */
    struct privilege_plan plan;
    enum status status;
    const char *reason;
};

static bool put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return done;
}

/* As `unshare --user --map-root-user` does it: root and its group, and nobody else. */
static bool enter_user_namespace(void)
{
    char users[32];
    char groups[32];
    snprintf(users, sizeof users, "0 %u 1", (unsigned)geteuid());
    snprintf(groups, sizeof groups, "0 %u 1", (unsigned)getegid());
    return unshare(CLONE_NEWUSER) == 0 && put("/proc/self/setgroups", "deny")
           && put("/proc/self/uid_map", users) && put("/proc/self/gid_map", groups);
}

#define NOT_TRIED 77

static int drop_confined(const struct confined_drop *drop)
{
    gid_t more[] = { getegid(), 1 };
    if ((privilege_is_root() && setgroups((size_t)drop->group_count, more) != 0)
        || getgroups(0, NULL) != drop->group_count || !enter_user_namespace())
        return NOT_TRIED;
    if (privilege_drop(&drop->plan) != drop->status)
        return 1;
    if (drop->status != STATUS_OK)
        return strstr(privilege_reason(errno), drop->reason) != NULL ? 0 : 2;
    return getuid() == 0 && getgid() == 0 ? 0 : 3;
}

static void test_drop_in_a_user_namespace(void **test)
{
    (void)test;
    static const struct confined_drop rows[] = {
        { "our own group, and no others", 0, { .change_group = true }, STATUS_OK, NULL },
        { "our own group, named twice", 1, { .change_group = true }, STATUS_OK, NULL },
        { "a group to drop", 2, { .change_group = true }, STATUS_SYSTEM, "forbids changing" },
        { "a group that is not there",
          0,
          { .change_group = true, .group = 1 },
          STATUS_SYSTEM,
          "lacks that user or group" },
        { "a user that is not there",
          0,
          { .change_user = true, .user = 1 },
          STATUS_SYSTEM,
          "lacks that user or group" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            _exit(drop_confined(&rows[i]));
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == NOT_TRIED)
            print_message("%s: not tried, no right to\n", rows[i].what);
        else if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
            fail_msg("%s: check %d failed", rows[i].what, WEXITSTATUS(status));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_unknown),
        cmocka_unit_test(test_drop),
        cmocka_unit_test(test_drop_without_right),
        cmocka_unit_test(test_drop_in_a_user_namespace),
    };
    return cmocka_run_group_tests(tests, find_accounts, NULL);
}

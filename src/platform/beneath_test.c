#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "platform/beneath.h"

static char top[64];  /* the folder around the root: what is in it must not be reached */
static char root[80]; /* the root */
static int root_fd;

static void write_file(const char *folder, const char *name, const char *content)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(content, file);
    fclose(file);
}

static void make_link(const char *target, const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(symlink(target, path), 0);
}

static void make_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    assert_int_equal(mkdir(path, 0755), 0);
}

static void make_special(void)
{
    char path[256];
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    snprintf(path, sizeof path, "%s/fifo", root);
    assert_int_equal(mkfifo(path, 0644), 0);
    snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", root);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof name), 0);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    char inside[256];
    snprintf(top, sizeof top, "/tmp/beneath_test_XXXXXX");
    assert_non_null(mkdtemp(top));
    snprintf(root, sizeof root, "%s/root", top);
    assert_int_equal(mkdir(root, 0755), 0);
    write_file(top, "secret", "secret");
    write_file(root, "file", "hello");
    write_file(root, "a..b", "dots");
    make_folder("sub");
    make_folder("sub/deep");
    write_file(root, "sub/file", "in sub");
    make_link("file", "link");
    make_link("../file", "sub/up");
    make_link("../../secret", "sub/out");
    make_link("../secret", "out");
    make_link("/etc/passwd", "absolute_out");
    make_link("..", "parent");
    make_link("sub", "folder_link");
    make_link("loop2", "loop1");
    make_link("loop1", "loop2");
    make_link("/proc/self/root", "magic");
    make_link("/dev/stdin", "stdin");
    make_link("nowhere", "dangling");
    make_link("sub/../file", "roundabout");
    snprintf(inside, sizeof inside, "%s/sub/file", root);
    make_link(inside, "absolute_in");
    snprintf(inside, sizeof inside, "%s/../secret", root);
    make_link(inside, "absolute_up");
    snprintf(inside, sizeof inside, "%sx/file", root);
    make_link(inside, "absolute_near");
    make_special();
    return beneath_folder(root, &root_fd) == STATUS_OK ? 0 : -1;
}

static int take_down(void **state)
{
    (void)state;
    char command[128];
    close(root_fd);
    snprintf(command, sizeof command, "rm -rf '%s'", top);
    return system(command);
}

static const struct {
    const char *claim;
    const char *path;
    enum status status;
    const char *content;
} rows[] = {
    { "a file", "file", STATUS_OK, "hello" },
    { "in a folder", "sub/file", STATUS_OK, "in sub" },
    { "slashes and dots", ".//sub/./file", STATUS_OK, "in sub" },
    { "a slash before it", "/file", STATUS_OK, "hello" },
    { "dots in a name", "a..b", STATUS_OK, "dots" },
    { "a link", "link", STATUS_OK, "hello" },
    { "a link that goes up inside", "sub/up", STATUS_OK, "hello" },
    { "a link that goes down and up", "roundabout", STATUS_OK, "hello" },
    { "through a link to a folder", "folder_link/file", STATUS_OK, "in sub" },
    { "an absolute link to the inside", "absolute_in", STATUS_OK, "in sub" },
    { "a link out", "out", STATUS_DENIED, NULL },
    { "a link out of a folder", "sub/out", STATUS_DENIED, NULL },
    { "a link out through a link", "folder_link/out", STATUS_DENIED, NULL },
    { "an absolute link out", "absolute_out", STATUS_DENIED, NULL },
    { "an absolute link in and out again", "absolute_up", STATUS_DENIED, NULL },
    { "an absolute link to a folder whose name begins so", "absolute_near", STATUS_DENIED, NULL },
    { "through a link to the parent", "parent/secret", STATUS_DENIED, NULL },
    { "through /proc", "magic/etc/passwd", STATUS_DENIED, NULL },
    { "a device", "stdin", STATUS_DENIED, NULL },
    { "links in a circle", "loop1", STATUS_DENIED, NULL },
    { "..", "../secret", STATUS_DENIED, NULL },
    { ".. in the middle", "sub/../file", STATUS_DENIED, NULL },
    { ".. at the end", "sub/..", STATUS_DENIED, NULL },
    { "nothing", "", STATUS_DENIED, NULL },
    { "only slashes", "//", STATUS_DENIED, NULL },
    { "the root itself", ".", STATUS_DENIED, NULL },
    { "not there", "none", STATUS_NOT_FOUND, NULL },
    { "not there in a folder", "sub/none", STATUS_NOT_FOUND, NULL },
    { "in no folder", "none/file", STATUS_NOT_FOUND, NULL },
    { "a link to nothing", "dangling", STATUS_NOT_FOUND, NULL },
    { "below a file", "file/x", STATUS_SYSTEM, NULL },
    { "a folder", "sub", STATUS_EXISTS, NULL },
    { "a link to a folder", "folder_link", STATUS_EXISTS, NULL },
    { "a pipe does not hang", "fifo", STATUS_UNSUPPORTED, NULL },
    { "a socket", "socket", STATUS_UNSUPPORTED, NULL },
};

typedef enum status opener(int folder, const char *folder_path, const char *path, int *fd,
                           struct beneath_file *file);

static void check_rows(opener *open_file, const char *how)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int fd;
        struct beneath_file file;
        char content[32] = "";
        enum status status = open_file(root_fd, root, rows[i].path, &fd, &file);
        if (status != rows[i].status)
            fail_msg("%s, %s: %s (%s)", rows[i].claim, how, status_text(status), strerror(errno));
        if (status != STATUS_OK)
            continue;
        ssize_t got = read(fd, content, sizeof content - 1);
        close(fd);
        if (got < 0 || strcmp(content, rows[i].content) != 0)
            fail_msg("%s, %s: \"%s\"", rows[i].claim, how, content);
        assert_int_equal(file.bytes, strlen(rows[i].content));
        assert_int_equal(file.owner, getuid());
    }
}

static void test_by_kernel(void **state)
{
    (void)state;
    check_rows(beneath_open, "by the kernel");
}

static void test_by_walking(void **state)
{
    (void)state;
    check_rows(beneath_open_walking, "walking");
}

/* What is no file is not opened: a FIFO's writer would go on, a device might begin to work. */
static void test_is_not_opened(void **state)
{
    (void)state;
    struct beneath_file file;
    char path[256];
    int fd;
    snprintf(path, sizeof path, "%s/fifo", root);
    for (int turn = 0; turn < 20; turn++) {
        pid_t writer = fork();
        if (writer == 0) {
            int opened = open(path, O_WRONLY); /* waits for a reader */
            _exit(opened >= 0 ? 0 : 1);
        }
        usleep(2000);
        assert_int_equal(beneath_open(root_fd, root, "fifo", &fd, &file), STATUS_UNSUPPORTED);
        assert_int_equal(beneath_open_walking(root_fd, root, "fifo", &fd, &file),
                         STATUS_UNSUPPORTED);
        usleep(2000);
        int status;
        pid_t ended = waitpid(writer, &status, WNOHANG);
        kill(writer, SIGKILL);
        if (ended == 0)
            waitpid(writer, &status, 0);
        assert_int_equal(ended, 0);
    }
}

static void test_long_names(void **state)
{
    (void)state;
    static char path[BENEATH_PATH_MAX + 1];
    int fd;
    struct beneath_file file;
    memset(path, 'a', 300);
    assert_int_equal(beneath_open(root_fd, root, path, &fd, &file), STATUS_SYSTEM);
    assert_int_equal(errno, ENAMETOOLONG);
    assert_int_equal(beneath_open_walking(root_fd, root, path, &fd, &file), STATUS_SYSTEM);
    memset(path, 'a', BENEATH_PATH_MAX);
    assert_int_equal(beneath_open(root_fd, root, path, &fd, &file), STATUS_DENIED);
    for (size_t i = 0; i + 2 <= BENEATH_PATH_MAX; i += 2)
        memcpy(path + i, "a/", 2);
    path[BENEATH_PATH_MAX - 1] = '\0';
    assert_int_equal(beneath_open_walking(root_fd, root, path, &fd, &file), STATUS_NOT_FOUND);
}

/* More folders than are held open at once: refused, and none stays open. */
static void test_depth(void **state)
{
    (void)state;
    char path[4 * BENEATH_DEPTH_MAX] = "";
    int fd, before = dup(0);
    struct beneath_file file;
    for (int i = 0; i <= BENEATH_DEPTH_MAX; i++) {
        strcat(path, i == 0 ? "d" : "/d");
        make_folder(path);
    }
    strcat(path, "/f");
    write_file(root, path, "deep");
    assert_int_equal(beneath_open(root_fd, root, path, &fd, &file), STATUS_OK);
    close(fd);
    assert_int_equal(beneath_open_walking(root_fd, root, path, &fd, &file), STATUS_DENIED);
    int after = dup(0);
    assert_int_equal(after, before + 1);
    close(before);
    close(after);
}

/* A component becomes a link between two looks: whatever is opened lies inside. */
static void test_race(void **state)
{
    (void)state;
    char victim[128], outside[128], other[128];
    snprintf(victim, sizeof victim, "%s/race", root);
    snprintf(other, sizeof other, "%s/race2", root);
    snprintf(outside, sizeof outside, "%s", top);
    make_folder("race");
    write_file(root, "race/secret", "inside");
    assert_int_equal(symlink(outside, other), 0);
    pid_t child = fork();
    if (child == 0) {
        for (;;)
            (void)renameat2(AT_FDCWD, victim, AT_FDCWD, other, RENAME_EXCHANGE);
    }
    for (int i = 0; i < 20000; i++) {
        int fd;
        struct beneath_file file;
        char content[16] = "";
        opener *open_file = i % 2 == 0 ? beneath_open : beneath_open_walking;
        if (open_file(root_fd, root, "race/secret", &fd, &file) != STATUS_OK)
            continue;
        ssize_t got = read(fd, content, sizeof content - 1);
        close(fd);
        if (got < 0 || strcmp(content, "inside") != 0) {
            kill(child, SIGKILL);
            fail_msg("turn %d: \"%s\" was opened", i, content);
        }
    }
    kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
}

static void test_folders(void **state)
{
    (void)state;
    int fd;
    assert_true(beneath_is_folder(root_fd, root, "sub"));
    assert_true(beneath_is_folder(root_fd, root, "folder_link"));
    assert_false(beneath_is_folder(root_fd, root, "file"));
    assert_false(beneath_is_folder(root_fd, root, "parent"));
    assert_false(beneath_is_folder(root_fd, root, "none"));
    assert_int_equal(beneath_folder("/nonexistent", &fd), STATUS_NOT_FOUND);
    assert_int_equal(beneath_folder("/etc/passwd", &fd), STATUS_SYSTEM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_by_kernel),     cmocka_unit_test(test_by_walking),
        cmocka_unit_test(test_long_names),    cmocka_unit_test(test_depth),
        cmocka_unit_test(test_race),          cmocka_unit_test(test_folders),
        cmocka_unit_test(test_is_not_opened),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}

#include "platform/file.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/linnet-file-XXXXXX";

static const char *in_folder(const char *name)
{
    static char path[4][128];
    static unsigned turn;
    char *to = path[turn++ % COUNT_OF(path)];
    snprintf(to, sizeof path[0], "%s/%s", folder, name);
    return to;
}

static void write_file(const char *name, const char *content, size_t count)
{
    FILE *file = fopen(in_folder(name), "we");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, count, file), count);
    assert_int_equal(fclose(file), 0);
}

static void make_socket(const char *name)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", in_folder(name));
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    close(fd);
}

static int make_folder(void **test)
{
    (void)test;
    if (mkdtemp(folder) == NULL)
        return -1;
    char large[10000];
    memset(large, 'x', sizeof large);
    write_file("empty", "", 0);
    write_file("small", "one\ntwo\n", 8);
    write_file("zero byte", "a\0b", 3);
    write_file("large", large, sizeof large);
    assert_int_equal(mkdir(in_folder("sub"), 0755), 0);
    assert_int_equal(mkfifo(in_folder("fifo"), 0644), 0);
    assert_int_equal(symlink("small", in_folder("link")), 0);
    assert_int_equal(symlink("gone", in_folder("dangling")), 0);
    make_socket("socket");
    return 0;
}

static int remove_folder(void **test)
{
    (void)test;
    static const char *const names[] = { "empty", "small",    "zero byte", "large", "fifo",
                                         "link",  "dangling", "socket",    "new",   "old" };
    for (size_t i = 0; i < COUNT_OF(names); i++)
        unlink(in_folder(names[i]));
    rmdir(in_folder("sub"));
    return rmdir(folder);
}

static void test_read(void **test)
{
    (void)test;
    static const struct {
        const char *name;
        size_t limit;
        enum status status;
        int error;
        size_t count;
    } rows[] = {
        { "empty", 100, STATUS_OK, 0, 0 },
        { "empty", 0, STATUS_OK, 0, 0 },
        { "small", 100, STATUS_OK, 0, 8 },
        { "small", 8, STATUS_OK, 0, 8 },
        { "small", 7, STATUS_RANGE, EFBIG, 0 },
        { "link", 100, STATUS_OK, 0, 8 },
        { "zero byte", 100, STATUS_OK, 0, 3 },
        { "large", 10000, STATUS_OK, 0, 10000 },
        { "large", 9999, STATUS_RANGE, EFBIG, 0 },
        { "gone", 100, STATUS_NOT_FOUND, ENOENT, 0 },
        { "dangling", 100, STATUS_NOT_FOUND, ENOENT, 0 },
        { "small/below", 100, STATUS_NOT_FOUND, ENOTDIR, 0 },
        { "sub", 100, STATUS_UNSUPPORTED, EISDIR, 0 },
        { "fifo", 100, STATUS_UNSUPPORTED, EINVAL, 0 },
        { "socket", 100, STATUS_UNSUPPORTED, ENXIO, 0 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text content = TEXT_NONE;
        errno = 0;
        enum status status = file_read(in_folder(rows[i].name), rows[i].limit, &content);
        if (status != rows[i].status || content.count != rows[i].count)
            fail_msg("%s, limit %zu: %s, %zu bytes", rows[i].name, rows[i].limit,
                     status_text(status), content.count);
        if (status != STATUS_OK && errno != rows[i].error)
            fail_msg("%s, limit %zu: errno %d", rows[i].name, rows[i].limit, errno);
        if (status == STATUS_OK)
            free((void *)(uintptr_t)content.at);
    }
}

static void test_content(void **test)
{
    (void)test;
    struct text content;
    assert_int_equal(file_read(in_folder("small"), 100, &content), STATUS_OK);
    assert_true(text_equal(content, TEXT("one\ntwo\n")));
    free((void *)(uintptr_t)content.at);
}

/* These say that they are empty, and this one is longer than the room taken at first. */
static void test_file_that_hides_its_size(void **test)
{
    (void)test;
    struct text content;
    if (access("/proc/kallsyms", R_OK) != 0)
        skip();
    assert_int_equal(file_read("/proc/kallsyms", FILE_BYTES_MAX, &content), STATUS_OK);
    assert_true(content.count > 3 * 4096);
    assert_int_equal(content.at[content.count - 1], '\n');
    free((void *)(uintptr_t)content.at);
    assert_int_equal(file_read("/proc/kallsyms", 1000, &content), STATUS_RANGE);
    assert_int_equal(errno, EFBIG);
}

static void test_denied(void **test)
{
    (void)test;
    struct text content;
    if (geteuid() == 0)
        skip(); /* root may read everything */
    assert_int_equal(chmod(in_folder("small"), 0), 0);
    assert_int_equal(file_read(in_folder("small"), 100, &content), STATUS_DENIED);
    assert_int_equal(chmod(in_folder("small"), 0644), 0);
}

static void test_stamp(void **test)
{
    (void)test;
    struct file_stamp before;
    struct file_stamp after;

    file_stamp_read(in_folder("new"), &before);
    assert_false(before.exists);
    file_stamp_read(in_folder("gone"), &after);
    assert_true(file_stamp_equal(&before, &after));

    write_file("new", "a", 1);
    file_stamp_read(in_folder("new"), &after);
    assert_true(after.exists && !after.is_folder);
    assert_int_equal(after.size, 1);
    assert_false(file_stamp_equal(&before, &after));

    /* Same size and time, another file put in its place: the inode tells. */
    struct timespec times[2] = { { 1000, 5 }, { 1000, 5 } };
    assert_int_equal(utimensat(AT_FDCWD, in_folder("new"), times, 0), 0);
    file_stamp_read(in_folder("new"), &before);
    assert_int_equal(before.modified_ns, INT64_C(1000000000005));
    write_file("old", "b", 1);
    assert_int_equal(utimensat(AT_FDCWD, in_folder("old"), times, 0), 0);
    assert_int_equal(rename(in_folder("old"), in_folder("new")), 0);
    file_stamp_read(in_folder("new"), &after);
    assert_false(file_stamp_equal(&before, &after));

    file_stamp_read(in_folder("new"), &before);
    assert_true(file_stamp_equal(&before, &after));
    times[1].tv_nsec++;
    assert_int_equal(utimensat(AT_FDCWD, in_folder("new"), times, 0), 0);
    file_stamp_read(in_folder("new"), &after);
    assert_false(file_stamp_equal(&before, &after));

    file_stamp_read(in_folder("sub"), &after);
    assert_true(after.exists && after.is_folder);
    assert_int_equal(unlink(in_folder("new")), 0);
}

struct names {
    char text[256];
    struct text_out out;
    unsigned left; /* how many more are wanted */
};

static bool take_name(void *context, const char *name)
{
    struct names *names = context;
    text_printf(&names->out, "%s|", name);
    return --names->left > 0;
}

static void test_list(void **test)
{
    (void)test;
    struct names names = { .left = 100 };
    names.out = text_out_on(names.text, sizeof names.text);
    assert_int_equal(file_list(folder, take_name, &names), STATUS_OK);
    assert_string_equal(names.text, "dangling|empty|fifo|large|link|small|socket|sub|zero byte|");

    names.left = 2;
    names.out = text_out_on(names.text, sizeof names.text);
    assert_int_equal(file_list(folder, take_name, &names), STATUS_OK);
    assert_string_equal(names.text, "dangling|empty|");

    names.left = 100;
    names.out = text_out_on(names.text, sizeof names.text);
    assert_int_equal(file_list(in_folder("sub"), take_name, &names), STATUS_OK);
    assert_string_equal(names.text, "");

    assert_int_equal(file_list(in_folder("gone"), take_name, &names), STATUS_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(file_list(in_folder("small"), take_name, &names), STATUS_SYSTEM);
    assert_int_equal(errno, ENOTDIR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_content),
        cmocka_unit_test(test_file_that_hides_its_size),
        cmocka_unit_test(test_denied),
        cmocka_unit_test(test_stamp),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

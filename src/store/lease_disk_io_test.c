#include "store/lease_disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[96];
static struct lease_disk disk;

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/lease_disk_test.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/leases", folder);
    return lease_disk_open(path, &disk) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    lease_disk_close(&disk);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    return system(command);
}

static const char *content(void)
{
    static char text[256];
    int fd = open(path, O_RDONLY);
    ssize_t count = fd >= 0 ? read(fd, text, sizeof(text) - 1) : 0;
    text[count > 0 ? count : 0] = '\0';
    if (fd >= 0)
        close(fd);
    return text;
}

static struct lease_work append_of(uint64_t size, const char *text)
{
    return (
        struct lease_work){ .disk = &disk, .size = size, .append = bytes_of(text, strlen(text)) };
}

static void test_append_and_patch(void **state)
{
    (void)state;
    struct lease_work work = append_of(0, "abc\n");
    lease_disk_work(&work);
    assert_false(work.append_failed || work.patch_failed || work.foreign);
    struct lease_patch patch = { .offset = 1, .count = 2, .digits = "XY" };
    work = append_of(4, "def\n");
    work.patches = &patch;
    work.patch_count = 1;
    lease_disk_work(&work);
    assert_string_equal(content(), "aXY\ndef\n");
    /* The size is not what we left: hands off. */
    work = append_of(4, "ghi\n");
    lease_disk_work(&work);
    assert_true(work.foreign);
    assert_string_equal(content(), "aXY\ndef\n");
}

static void test_rewrite(void **state)
{
    (void)state;
    struct lease_work work = append_of(0, "old\n");
    lease_disk_work(&work);
    assert_int_equal(chmod(path, 0640), 0);
    work = (struct lease_work){
        .disk = &disk, .rewrite = true, .image = bytes_of("new\n", 4), .keep_broken = true
    };
    lease_disk_work(&work);
    assert_false(work.rewrite_failed || work.in_place);
    assert_true(work.broken_kept && work.new_fd >= 0);
    assert_string_equal(content(), "new\n");
    struct stat facts;
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0640); /* as it was */
    assert_int_equal(access(disk.temporary, F_OK), -1);
    assert_int_equal(access(disk.broken, F_OK), 0);
    close(disk.fd);
    disk.fd = work.new_fd;
}

static void test_rewrite_fails(void **state)
{
    (void)state;
    struct lease_work work = append_of(0, "old\n");
    lease_disk_work(&work);
    assert_int_equal(mkdir(disk.temporary, 0700), 0);
    work = (struct lease_work){ .disk = &disk, .rewrite = true, .image = bytes_of("new\n", 4) };
    lease_disk_work(&work);
    assert_true(work.rewrite_failed);
    assert_int_equal(work.new_fd, -1);
    assert_string_equal(content(), "old\n");
}

static void test_a_link_stays_a_link(void **state)
{
    (void)state;
    char link_path[96];
    struct lease_disk by_link;
    struct stat facts;
    snprintf(link_path, sizeof(link_path), "%s/link", folder);
    assert_int_equal(symlink("leases", link_path), 0);
    assert_int_equal(lease_disk_open(link_path, &by_link), STATUS_OK);
    struct lease_work work = { .disk = &by_link, .rewrite = true, .image = bytes_of("new\n", 4) };
    lease_disk_work(&work);
    assert_false(work.rewrite_failed);
    close(work.new_fd);
    assert_int_equal(lstat(link_path, &facts), 0);
    assert_true(S_ISLNK(facts.st_mode));
    assert_string_equal(content(), "new\n");
    lease_disk_close(&by_link);
}

static void test_read(void **state)
{
    (void)state;
    uint8_t *bytes;
    size_t count;
    struct lease_work work = append_of(0, "abc\n");
    lease_disk_work(&work);
    assert_int_equal(lease_disk_read(&disk, 3, &bytes, &count), STATUS_RANGE);
    assert_int_equal(lease_disk_read(&disk, 4, &bytes, &count), STATUS_OK);
    assert_int_equal(count, 4);
    assert_memory_equal(bytes, "abc\n", 4);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_and_patch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewrite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewrite_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_link_stays_a_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_disk_io", tests, NULL, NULL);
}

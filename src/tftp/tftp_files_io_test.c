#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "tftp/tftp_files_io.h"

#define LARGE_BYTES ((size_t)3 * 1000 * 1000 + 7)

static char folder[64];
static uint8_t *large;
static struct tftp_config config;
static struct tftp_disk *disk;
static struct tftp_files files;

static void write_file(const char *name, const void *content, size_t count)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(content, 1, count, file), count);
    fclose(file);
    chmod(path, 0644);
}

static int set_up(void **state)
{
    (void)state;
    large = malloc(LARGE_BYTES);
    for (size_t i = 0; i < LARGE_BYTES; i++)
        large[i] = (uint8_t)(i * 2654435761u >> 24);
    snprintf(folder, sizeof folder, "/tmp/tftp_files_XXXXXX");
    assert_non_null(mkdtemp(folder));
    write_file("large", large, LARGE_BYTES);
    write_file("small", "hello", 5);
    tftp_config_init(&config);
    assert_int_equal(tftp_disk_create(&config, 4, &disk, &files), STATUS_OK);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    char command[128];
    assert_int_equal(tftp_disk_open_files(disk), 0);
    tftp_disk_free(disk);
    free(large);
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

static enum status open_file(const char *name, struct tftp_file **file, const char **why)
{
    struct tftp_path path;
    assert_int_equal(tftp_path_make(&config, folder, "", text_of(name), &path), STATUS_OK);
    return files.open(files.context, &path, file, why);
}

static void test_reading(void **state)
{
    (void)state;
    struct tftp_file *file;
    const char *why;
    static uint8_t block[70000];
    size_t got;
    assert_int_equal(open_file("large", &file, &why), STATUS_OK);
    assert_int_equal(file->bytes, LARGE_BYTES);
    /* More than all chunks hold, in steps that fall across their borders, there and back. */
    for (size_t at = 0; at < LARGE_BYTES; at += 1468) {
        size_t count = LARGE_BYTES - at < 1468 ? LARGE_BYTES - at : 1468;
        files.read(files.context, file, at, block, count, &got);
        assert_int_equal(got, count);
        assert_memory_equal(block, large + at, count);
    }
    for (size_t at = LARGE_BYTES - sizeof block; at > sizeof block; at -= sizeof block) {
        files.read(files.context, file, at, block, sizeof block, &got);
        assert_int_equal(got, sizeof block);
        assert_memory_equal(block, large + at, sizeof block);
    }
    files.read(files.context, file, LARGE_BYTES - 3, block, 10, &got);
    assert_int_equal(got, 3);
    files.close(files.context, file);
}

static void test_sharing(void **state)
{
    (void)state;
    struct tftp_file *one, *two, *three;
    const char *why;
    uint8_t block[5];
    size_t got;
    assert_int_equal(open_file("small", &one, &why), STATUS_OK);
    assert_int_equal(open_file("./small", &two, &why), STATUS_OK);
    assert_ptr_equal(one, two);
    assert_int_equal(tftp_disk_open_files(disk), 1);
    files.read(files.context, one, 0, block, 5, &got);
    files.close(files.context, one);
    assert_int_equal(tftp_disk_open_files(disk), 1);
    assert_true(files.is_same(files.context, two));
    /* One that was written since is another. */
    write_file("small", "other!", 6);
    assert_int_equal(open_file("small", &three, &why), STATUS_OK);
    assert_ptr_not_equal(three, two);
    files.read(files.context, three, 0, block, 5, &got);
    assert_memory_equal(block, "other", 5);
    assert_false(files.is_same(files.context, two));
    files.read(files.context, two, 0, block, 5, &got);
    files.close(files.context, two);
    files.close(files.context, three);
}

/* Rewritten in place, with size and time kept: no new request gets old bytes, and a transfer that
 * is under way does not go on with new ones. */
static void test_a_file_that_changes(void **state)
{
    (void)state;
    struct tftp_file *one, *two;
    const char *why;
    static uint8_t block[40000];
    char path[128];
    size_t got;
    struct stat facts;
    write_file("changing", large, sizeof block);
    snprintf(path, sizeof path, "%s/changing", folder);
    assert_int_equal(stat(path, &facts), 0);
    assert_int_equal(open_file("changing", &one, &why), STATUS_OK);
    files.read(files.context, one, 0, block, 5, &got);
    assert_int_equal(got, 5);
    usleep(20000); /* a tick of the file system's clock */
    write_file("changing", large + 100, sizeof block);
    struct timespec times[2] = { facts.st_atim, facts.st_mtim };
    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    assert_false(files.is_same(files.context, one));
    files.read(files.context, one, sizeof block - 5, block, 5, &got);
    assert_int_equal(got, 0);
    assert_int_equal(open_file("changing", &two, &why), STATUS_OK);
    assert_ptr_not_equal(one, two);
    files.read(files.context, two, 0, block, 5, &got);
    assert_memory_equal(block, large + 100, 5);
    files.close(files.context, one);
    /* One that another took the place of is what it was. */
    assert_int_equal(unlink(path), 0);
    assert_true(files.is_same(files.context, two));
    files.close(files.context, two);
}

static void test_refusals(void **state)
{
    (void)state;
    struct tftp_file *file;
    const char *why = "";
    char path[128];
    struct tftp_path parts;
    snprintf(path, sizeof path, "%s/sub", folder);
    assert_int_equal(mkdir(path, 0755), 0);
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0644), 0);
    write_file("private", "x", 1);
    snprintf(path, sizeof path, "%s/private", folder);
    chmod(path, 0);
    assert_int_equal(open_file("none", &file, &why), STATUS_NOT_FOUND);
    assert_int_equal(open_file("private", &file, &why), STATUS_DENIED);
    assert_int_equal(open_file("sub", &file, &why), STATUS_SYSTEM);
    assert_string_equal(why, "Is a directory");
    assert_int_equal(open_file("fifo", &file, &why), STATUS_SYSTEM);
    assert_string_equal(why, "Not a regular file");
    assert_int_equal(open_file("small/x", &file, &why), STATUS_SYSTEM);
    assert_string_equal(why, "Not a directory");
    assert_int_equal(tftp_path_make(&config, folder, "", TEXT("sub"), &parts), STATUS_OK);
    assert_true(files.is_folder(files.context, &parts));
    assert_int_equal(tftp_path_make(&config, folder, "", TEXT("small"), &parts), STATUS_OK);
    assert_false(files.is_folder(files.context, &parts));
    parts.folder = "/nonexistent";
    assert_int_equal(files.open(files.context, &parts, &file, &why), STATUS_NOT_FOUND);
    assert_false(files.is_folder(files.context, &parts));
}

static void test_bound(void **state)
{
    (void)state;
    struct tftp_file *kept[4], *file;
    const char *why;
    for (int i = 0; i < 4; i++) {
        char name[16];
        snprintf(name, sizeof name, "n%d", i);
        write_file(name, name, 2);
        assert_int_equal(open_file(name, &kept[i], &why), STATUS_OK);
    }
    assert_int_equal(open_file("large", &file, &why), STATUS_SYSTEM);
    assert_string_equal(why, "Too many open files");
    for (int i = 0; i < 4; i++)
        files.close(files.context, kept[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_sharing),
        cmocka_unit_test(test_a_file_that_changes),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, set_up, take_down);
}

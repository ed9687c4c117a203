#include "store/lease_disk_io.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/text.h"

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
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0);
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
    uint8_t part[4];
    assert_int_equal(lease_disk_read_at(&disk, 1, part, 2, &count), STATUS_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(part, "bc", 2);
    assert_int_equal(lease_disk_read_at(&disk, 3, part, sizeof(part), &count), STATUS_OK);
    assert_int_equal(count, 1);
    assert_int_equal(lease_disk_read_at(&disk, 4, part, sizeof(part), &count), STATUS_OK);
    assert_int_equal(count, 0);
    free(bytes);
}

/* From here on we may not write the folder, and with a mode of 0700 not even search it. */
static void become_nobody(mode_t mode)
{
    assert_int_equal(chown(path, 65534, 65534), 0);
    assert_int_equal(chmod(folder, mode), 0);
    assert_int_equal(seteuid(65534), 0);
}

static void test_closed_folder(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    struct lease_work work = append_of(0, "old\nolder\n");
    lease_disk_work(&work);
    assert_int_equal(lease_disk_closed(&disk), 0);
    become_nobody(0755);
    assert_int_equal(lease_disk_closed(&disk), EACCES);
    work = (struct lease_work){ .disk = &disk, .rewrite = true, .image = bytes_of("new\n", 4) };
    lease_disk_work(&work);
    assert_int_equal(work.closed_error, EACCES);
    assert_false(work.in_place || work.rewrite_failed);
    assert_string_equal(content(), "old\nolder\n");
    work.keep_broken = true; /* nor a copy of the old file */
    lease_disk_work(&work);
    assert_false(work.in_place || work.broken_kept);
    work = (struct lease_work){
        .disk = &disk, .rewrite = true, .overwrite = true, .image = bytes_of("new\n", 4)
    };
    lease_disk_work(&work);
    assert_true(work.in_place);
    assert_false(work.rewrite_failed || work.foreign);
    assert_int_equal(work.new_fd, -1);
    assert_string_equal(content(), "new\n");
    /* An image may be longer than what is there. */
    work.image = bytes_of("a\nb\nc\nd\n", 8);
    lease_disk_work(&work);
    assert_string_equal(content(), "a\nb\nc\nd\n");
}

/* Another file has our name: what we write must be found there. */
static void test_closed_folder_and_another_file(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(unlink(path), 0);
    struct lease_work work = {
        .disk = &disk, .rewrite = true, .overwrite = true, .image = bytes_of("new\n", 4)
    };
    assert_int_equal(close(open(path, O_CREAT | O_WRONLY, 0600)), 0);
    become_nobody(0755);
    lease_disk_work(&work);
    assert_false(work.rewrite_failed);
    assert_true(work.in_place && work.new_fd >= 0);
    assert_string_equal(content(), "new\n");
    close(disk.fd);
    disk.fd = work.new_fd;
    assert_int_equal(seteuid(0), 0);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(seteuid(65534), 0);
    lease_disk_work(&work);
    assert_true(work.rewrite_failed);
    assert_int_equal(work.new_fd, -1);
}

static void test_folder_we_may_not_search(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    become_nobody(0700);
    struct lease_work work = append_of(0, "abc\n");
    lease_disk_work(&work);
    assert_false(work.foreign || work.append_failed || work.patch_failed);
    work = append_of(5, "def\n");
    lease_disk_work(&work);
    assert_true(work.foreign); /* the size can be seen */
    work = (struct lease_work){
        .disk = &disk, .rewrite = true, .overwrite = true, .image = bytes_of("new\n", 4)
    };
    lease_disk_work(&work);
    assert_true(work.in_place && !work.rewrite_failed);
    assert_int_equal(seteuid(0), 0);
    assert_string_equal(content(), "new\n");
    assert_int_equal(unlink(path), 0);
    assert_int_equal(seteuid(65534), 0);
    work = append_of(4, "def\n");
    lease_disk_work(&work);
    assert_true(work.foreign); /* a file without a name is nobody's */
}

static void test_no_room_to_overwrite(void **state)
{
    (void)state;
    struct rlimit old, small;
    if (geteuid() != 0)
        skip();
    struct lease_work work = append_of(0, "old\nolder\n");
    lease_disk_work(&work);
    become_nobody(0755);
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = 13;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    work = (struct lease_work){
        .disk = &disk, .rewrite = true, .overwrite = true, .image = bytes_of("new\n", 4)
    };
    lease_disk_work(&work);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(work.rewrite_failed);
    assert_false(work.foreign);
    assert_string_equal(content(), "old\nolder\n");
}

/* ------------------------------------------------------------------ killed while overwriting */

#define KILL_LINES 3000

/* Two files of the same leases in another order, the first with as many dead lines between. */
static struct bytes kill_image(char *to, size_t room, bool forward)
{
    struct text_out out = text_out_on(to, room);
    for (unsigned i = 0; i < KILL_LINES; i++) {
        unsigned number = forward ? i : KILL_LINES - 1 - i;
        if (forward)
            text_printf(&out, "dead but long enough to make the file shrink\n");
        text_printf(&out, "lease %04u of some length\n", number);
    }
    assert_false(out.failed);
    return bytes_of(to, out.count);
}

static void check_every_lease(void)
{
    static uint8_t seen[KILL_LINES];
    uint8_t *bytes;
    size_t count;
    unsigned found = 0;
    memset(seen, 0, sizeof(seen));
    assert_int_equal(lease_disk_read(&disk, 1 << 24, &bytes, &count), STATUS_OK);
    struct text rest = text_from_bytes(bytes_of(bytes, count));
    struct text line;
    while (text_next_line(&rest, &line)) {
        uint32_t number;
        if (line.count == 25 && text_starts(line, TEXT("lease "))
            && text_to_u32(text_part(line, 6, 4), &number) == STATUS_OK && number < KILL_LINES
            && seen[number]++ == 0)
            found++;
    }
    free(bytes);
    assert_int_equal(found, KILL_LINES);
}

_Noreturn static void overwrite_until_killed(const struct bytes images[2])
{
    for (unsigned i = 0; i < 10000; i++) {
        struct lease_work work = {
            .disk = &disk, .rewrite = true, .overwrite = true, .image = images[i % 2]
        };
        lease_disk_work(&work);
        if (!work.in_place || work.rewrite_failed)
            break;
    }
    _exit(1);
}

static void test_killed_while_overwriting(void **state)
{
    static char forward[1 << 19], backward[1 << 19];
    (void)state;
    if (geteuid() != 0)
        skip();
    struct bytes images[] = { kill_image(forward, sizeof(forward), true),
                              kill_image(backward, sizeof(backward), false) };
    struct lease_work work = { .disk = &disk, .append = images[0] };
    lease_disk_work(&work);
    become_nobody(0755);
    for (unsigned round = 0; round < 60; round++) {
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            overwrite_until_killed(images);
        usleep(200 + round * 331 % 5000);
        int status;
        assert_int_equal(seteuid(0), 0);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        check_every_lease();
        assert_int_equal(seteuid(65534), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_and_patch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewrite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_rewrite_fails, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_link_stays_a_link, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_read, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder_and_another_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder_we_may_not_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_room_to_overwrite, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_killed_while_overwriting, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_disk_io", tests, NULL, NULL);
}

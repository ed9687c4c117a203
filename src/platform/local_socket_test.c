#include "platform/local_socket.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/local_socket_XXXXXX";
static char path[64];

static int make_folder(void **test)
{
    (void)test;
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/s", folder);
    return 0;
}

static int remove_folder(void **test)
{
    (void)test;
    return rmdir(folder);
}

static void test_listens_for_its_own(void **test)
{
    (void)test;
    int listener, other, connection;
    struct local_peer holder, peer;
    struct stat info;
    assert_int_equal(local_socket_listen(path, &listener, &holder), STATUS_OK);
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0660);
    /* A second one is told who has it. */
    assert_int_equal(local_socket_listen(path, &other, &holder), STATUS_EXISTS);
    assert_int_equal(holder.pid, getpid());
    assert_int_equal(local_socket_connect(path, 0, &connection), STATUS_OK);
    assert_true(local_socket_peer(connection, &peer));
    assert_int_equal(peer.user, getuid());
    assert_true(local_socket_peer_in(connection, getgid()));
    assert_false(local_socket_peer_in(connection, 54321));
    close(connection);
    close(listener);
}

static void test_replaces_a_dead_one(void **test)
{
    (void)test;
    int listener, connection;
    struct local_peer holder;
    assert_int_equal(local_socket_connect(path, 0, &connection), STATUS_SYSTEM);
    assert_int_equal(local_socket_listen(path, &listener, &holder), STATUS_OK);
    assert_int_equal(local_socket_connect(path, 0, &connection), STATUS_OK);
    close(connection);
    close(listener);
    unlink(path);
}

/* Somebody who stands still: neither a start nor a question waits for him for ever. */
static void test_a_full_queue(void **test)
{
    (void)test;
    int listener, other, waiting[64];
    size_t count = 0;
    struct local_peer holder;
    assert_int_equal(local_socket_listen(path, &listener, &holder), STATUS_OK);
    while (count < COUNT_OF(waiting) && local_socket_connect(path, 1, &waiting[count]) == STATUS_OK)
        count++;
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(local_socket_listen(path, &other, &holder), STATUS_EXISTS);
    while (count > 0)
        close(waiting[--count]);
    close(listener);
    unlink(path);
}

/* The mode is that of the socket, whatever the mask was before; and that one stays. */
static void test_mask(void **test)
{
    (void)test;
    int listener;
    struct local_peer holder;
    struct stat info;
    mode_t before = umask(0);
    enum status status = local_socket_listen(path, &listener, &holder);
    assert_int_equal(umask(before), 0);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(lstat(path, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0660);
    close(listener);
    unlink(path);
}

static void test_leaves_other_files_alone(void **test)
{
    (void)test;
    int listener;
    struct local_peer holder;
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fclose(file);
    assert_int_equal(local_socket_listen(path, &listener, &holder), STATUS_CONFLICT);
    assert_int_equal(unlink(path), 0);
}

static void test_refuses_long_paths(void **test)
{
    (void)test;
    int listener;
    struct local_peer holder;
    char name[200];
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(local_socket_listen(name, &listener, &holder), STATUS_RANGE);
    assert_int_equal(local_socket_connect(name, 0, &listener), STATUS_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_listens_for_its_own),
        cmocka_unit_test(test_replaces_a_dead_one),
        cmocka_unit_test(test_a_full_queue),
        cmocka_unit_test(test_mask),
        cmocka_unit_test(test_leaves_other_files_alone),
        cmocka_unit_test(test_refuses_long_paths),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}

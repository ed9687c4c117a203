#include "store/lease_file_test_world.h"

/* ------------------------------------------------------------------ tests */

static void test_a_new_lease_is_a_line(void **state)
{
    (void)state;
    struct stat facts;
    open_world();
    put(1, 3600, "cli1", 1);
    assert_int_equal(world->answered, 0);
    wait_for(1);
    assert_int_equal(world->answers[1], STATUS_OK);
    assert_string_equal(content(), "1700003600 02:00:00:00:00:01 10.0.0.1 cli1 *\n");
    assert_int_equal(stat(world->path, &facts), 0);
    assert_int_equal(facts.st_mode & 0777, 0644);
    close_world();
}

static void test_a_renewal_overwrites_ten_digits(void **state)
{
    (void)state;
    struct stat before, after;
    open_world();
    put(1, 3600, "cli1", 1);
    wait_for(1);
    stat(world->path, &before);
    world->now.wall += 1800;
    put(1, 3600, "cli1", 2);
    wait_for(2);
    stat(world->path, &after);
    assert_string_equal(content(), "1700005400 02:00:00:00:00:01 10.0.0.1 cli1 *\n");
    assert_true(before.st_ino == after.st_ino);
    close_world();
}

static void test_changes_and_removals_in_a_small_file(void **state)
{
    (void)state;
    open_world();
    put(1, 3600, "one", 1);
    put(2, 3600, "two", 2);
    put(3, DURATION_INFINITE, "", 3);
    wait_for(3);
    put(1, 3600, "uno", 4);
    take_out(2);
    settle();
    assert_string_equal(content(), "0 02:00:00:00:00:03 10.0.0.3 * *\n"
                                   "1700003600 02:00:00:00:00:01 10.0.0.1 uno *\n");
    /* A lease that comes and goes before the disk has seen it. */
    put(4, 60, "x", 5);
    put(5, 60, "y", 6);
    take_out(5);
    settle();
    assert_int_equal(world->ok, 6);
    char line[256];
    assert_non_null(line_of("10.0.0.4", line));
    assert_null(line_of("10.0.0.5", line));
    close_world();
}

static void test_load_and_keep(void **state)
{
    (void)state;
    char broken[128];
    write_file("1700000500 02:00:00:00:00:01 10.0.0.1 one 01:02\n"
               "this is not a lease\n"
               "duid 00:01:00:01\n"
               "1700000600 02:00:00:00:00:02 10.0.0.2 two *\n"
               "1700000700 02:00:00:00:00:01 10.0.0.1 uno 01:02\n"
               "agent-info 10.0.0.1 01:02\n"
               "vendorclass 10.0.0.1 76:65\n"
               "agent-info 10.0.0.7 01:02\n"
               "later-word 10.0.0.1 01:02\n"
               "1795417510 77 fd00:50::18f foo 00:03:00\n"
               "1700000900 02:00:00:00:00:09 10.0.0.2");
    open_world();
    assert_int_equal(world->complaints, 2);
    assert_int_equal(world->last_complaint, 11);
    assert_int_equal(world->lines_loaded, 7);
    assert_int_equal(lease_table_count(world->table), 2);
    assert_string_equal(lease_at(1)->name, "uno");
    world->reader_pauses = true; /* until the broken lines are gone */
    put(3, 60, "", 1);
    wait_for(1);
    assert_string_equal(content(), "1700000060 02:00:00:00:00:03 10.0.0.3 * *\n"
                                   "1700000600 02:00:00:00:00:02 10.0.0.2 two *\n"
                                   "1700000700 02:00:00:00:00:01 10.0.0.1 uno 01:02\n"
                                   "duid 00:01:00:01\n"
                                   "later-word 10.0.0.1 01:02\n"
                                   "1795417510 77 fd00:50::18f foo 00:03:00\n"
                                   "agent-info 10.0.0.1 01:02\n"
                                   "vendorclass 10.0.0.1 76:65\n");
    snprintf(broken, sizeof(broken), "%s.broken", world->path);
    assert_non_null(strstr(content_of(broken), "this is not a lease\nduid"));
    close_world();
}

/* What a disk that was full for long leaves behind: no size of our own file keeps us from reading
 * it. */
static void test_loading_a_large_file(void **state)
{
    (void)state;
    char line[256];
    FILE *file = fopen(world->path, "w");
    assert_non_null(file);
    for (unsigned i = 0; i < 17500; i++)
        assert_true(fprintf(file, "1 02:00:00:00:00:09 10.0.0.9 * *%4000s\n", "") > 4000);
    assert_true(ftell(file) > 64 << 20);
    fputs("1700000500 02:00:00:00:00:01 10.0.0.1 one *\n", file);
    fclose(file);
    world->reader_pauses = true;
    open_world();
    assert_int_equal(world->complaints, 0);
    assert_int_equal(world->lines_loaded, 1);
    put(1, 600, "one", 1);
    wait_for(1);
    close_world();
    assert_non_null(line_of("10.0.0.1", line));
    assert_string_equal(line, "1700000600 02:00:00:00:00:01 10.0.0.1 one *");
}

/* Lines of a file that was loaded are overwritten in place too. */
static void test_renewal_of_a_loaded_lease(void **state)
{
    (void)state;
    struct stat before, after;
    write_file("1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
               "1700000600 02:00:00:00:00:02 10.0.0.2 two *\n");
    stat(world->path, &before);
    open_world();
    put(2, 7200, "two", 1);
    wait_for(1);
    stat(world->path, &after);
    assert_true(before.st_ino == after.st_ino);
    assert_string_equal(content(), "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
                                   "1700007200 02:00:00:00:00:02 10.0.0.2 two *\n");
    close_world();
}

static void test_answers_come_after_the_line(void **state)
{
    (void)state;
    open_world();
    world->check_on_answer = true;
    for (unsigned i = 1; i <= 500; i++) {
        put(i, 3600, "", i);
        if (i % 7 == 0)
            turn();
    }
    wait_for(500);
    assert_int_equal(world->ok, 500);
    close_world();
}

static void test_full_queue(void **state)
{
    (void)state;
    open_world();
    unsigned taken = 0;
    for (unsigned i = 1; i <= 6000; i++) {
        put(1, 3600, "", 0);
        struct lease_change change = { LEASE_CHANGE_PUT, lease_at(1), i };
        if (world->backend->class_->commit(world->backend, &change) != STATUS_OK)
            break;
        taken++;
        if (i == 2000)
            break;
    }
    enum status status = STATUS_OK;
    for (unsigned i = 2001; i <= 9000 && status == STATUS_OK; i++) {
        struct lease_change change = { LEASE_CHANGE_PUT, lease_at(1), i };
        status = world->backend->class_->commit(world->backend, &change);
        taken += status == STATUS_OK;
    }
    assert_int_equal(status, STATUS_FULL);
    wait_for(taken);
    assert_int_equal(world->ok, taken);
    put(2, 60, "", 10000);
    wait_for(taken + 1);
    close_world();
}

static void test_full_disk(void **state)
{
    (void)state;
    struct rlimit old, small;
    char line[256];
    open_world();
    for (unsigned i = 1; i <= 20; i++)
        put(i, 3600, "", i);
    wait_for(20);
    size_t full = strlen(content());
    getrlimit(RLIMIT_FSIZE, &old);
    small = old;
    small.rlim_cur = full + 20; /* half a line more */
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);

    put(100, 3600, "", 100);
    wait_for(21);
    assert_int_equal(world->answers[100], STATUS_SYSTEM);
    assert_int_equal(strlen(content()), full);
    assert_true(world->troubles > 0);
    assert_int_equal(world->losses, world->troubles);
    unsigned troubles = world->troubles;
    world->now.wall += 10;
    put(5, 3600, "", 101); /* a renewal needs no room */
    wait_for(22);
    assert_int_equal(world->answers[101], STATUS_OK);
    assert_non_null(line_of("10.0.0.5", line));
    assert_true(strncmp(line, "1700003610 ", 11) == 0);
    lease_table_remove(world->table, lease_at(100)); /* the server takes it back */
    put(101, 3600, "", 102);
    wait_for(23);
    assert_int_equal(world->answers[102], STATUS_SYSTEM);
    assert_int_equal(world->troubles, troubles); /* said once */

    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    put(102, 3600, "", 103);
    wait_for(24);
    assert_int_equal(world->answers[103], STATUS_OK);
    assert_non_null(line_of("10.0.0.102", line));
    assert_null(line_of("10.0.0.100", line));
    close_world();
}

static void test_no_rewrite_possible(void **state)
{
    (void)state;
    char blocker[128], line[256];
    snprintf(blocker, sizeof(blocker), "%s.new", world->path);
    assert_int_equal(mkdir(blocker, 0700), 0);
    open_world();
    put(1, 3600, "one", 1);
    put(2, 3600, "two", 2);
    put(3, DURATION_INFINITE, "three", 3);
    wait_for(3);
    take_out(1);
    take_out(3);
    put(2, 3600, "zwei", 4);
    settle();
    assert_int_equal(world->answers[4], STATUS_OK);
    assert_non_null(line_of("10.0.0.1", line));
    assert_true(strncmp(line, "0000000001 ", 11) == 0);
    assert_non_null(line_of("10.0.0.3", line));
    assert_true(strncmp(line, "1 ", 2) == 0);
    assert_non_null(line_of("10.0.0.2", line));
    assert_non_null(strstr(line, "zwei"));
    assert_int_equal(rmdir(blocker), 0);
    close_world();
    assert_string_equal(content(), "1700003600 02:00:00:00:00:02 10.0.0.2 zwei *\n");
}

static void test_folder_of_another_user(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file("1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
               "1700000600 02:00:00:00:00:02 10.0.0.2 two *\n");
    assert_int_equal(chown(world->path, 65534, 65534), 0);
    assert_int_equal(chmod(world->folder, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    open_world();
    take_out(1);
    put(3, 60, "", 1);
    wait_for(1);
    assert_int_equal(world->answers[1], STATUS_OK);
    static const char patched[] = "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                                  "1700000600 02:00:00:00:00:02 10.0.0.2 two *\n"
                                  "1700000060 02:00:00:00:00:03 10.0.0.3 * *\n";
    assert_string_equal(content(), patched);
    assert_int_equal(world->troubles, 1); /* said when it was loaded, once */
    assert_int_equal(world->losses, 0);
    assert_non_null(strstr(world->trouble, world->folder));
    assert_non_null(strstr(world->trouble, "give it to the user linnet runs as"));
    close_world();
    assert_int_equal(world->troubles, 1);
    assert_string_equal(content(), patched);
    /* The dead line does not come back, and goes when the folder is ours. */
    assert_int_equal(seteuid(0), 0);
    open_world();
    assert_int_equal(lease_table_count(world->table), 2);
    close_world();
    assert_string_equal(content(), "1700000060 02:00:00:00:00:03 10.0.0.3 * *\n"
                                   "1700000600 02:00:00:00:00:02 10.0.0.2 two *\n");
}

/* The daemon opens the file as root and becomes nobody, who may not even search the folder. */
static void test_folder_nobody_may_search(void **state)
{
    (void)state;
    struct stat before, after;
    if (geteuid() != 0)
        skip();
    open_world();
    stat(world->path, &before);
    assert_int_equal(chmod(world->folder, 0700), 0);
    assert_int_equal(seteuid(65534), 0);
    put(1, 3600, "one", 1);
    put(2, 3600, "two", 2);
    wait_for(2);
    take_out(1);
    world->now.wall++;
    put(2, 3600, "two", 3);
    wait_for(3);
    settle();
    assert_int_equal(world->ok, 3);
    assert_int_equal(world->troubles, 1); /* the folder, not that somebody changed the file */
    assert_int_equal(world->losses, 0);
    assert_non_null(strstr(world->trouble, "is not writable for us"));
    close_world();
    assert_int_equal(seteuid(0), 0);
    stat(world->path, &after);
    assert_true(before.st_ino == after.st_ino);
    assert_string_equal(content(), "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                                   "1700003601 02:00:00:00:00:02 10.0.0.2 two *\n");
}

/* Somebody empties the file in a folder where we can only overwrite. */
static void test_closed_folder_and_somebody_else(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file("this is not a lease\n"
               "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n");
    assert_int_equal(chown(world->path, 65534, 65534), 0);
    assert_int_equal(chmod(world->folder, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    open_world();
    world->reader_pauses = true;
    put(2, 60, "two", 1);
    wait_for(1);
    assert_non_null(strstr(content(), "this is not a lease\n"));
    write_file("");
    put(3, 60, "three", 2);
    wait_for(2);
    assert_int_equal(world->ok, 2);
    static const char expected[] = "1700000060 02:00:00:00:00:03 10.0.0.3 three *\n"
                                   "1700000060 02:00:00:00:00:02 10.0.0.2 two *\n"
                                   "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n";
    assert_string_equal(content(), expected);
    close_world();
    assert_int_equal(seteuid(0), 0);
}

static void test_somebody_else_touches_the_file(void **state)
{
    (void)state;
    open_world();
    put(1, 3600, "one", 1);
    wait_for(1);
    write_file("");
    put(2, 3600, "two", 2);
    wait_for(2);
    assert_int_equal(world->answers[2], STATUS_OK);
    assert_string_equal(content(), "1700003600 02:00:00:00:00:02 10.0.0.2 two *\n"
                                   "1700003600 02:00:00:00:00:01 10.0.0.1 one *\n");
    assert_int_equal(unlink(world->path), 0);
    world->now.wall++;
    put(2, 3600, "two", 3);
    wait_for(3);
    assert_int_equal(world->answers[3], STATUS_OK);
    assert_string_equal(content(), "1700003601 02:00:00:00:00:02 10.0.0.2 two *\n"
                                   "1700003600 02:00:00:00:00:01 10.0.0.1 one *\n");
    close_world();
}

static void on_alive(uv_timer_t *timer)
{
    (void)timer;
}

static void test_a_large_file(void **state)
{
    (void)state;
    char line[256];
    struct stat before, after;
    open_world();
    for (unsigned i = 1; i <= 3000; i++)
        put(i, 3600, "some-name", i);
    wait_for(3000);
    stat(world->path, &before);
    assert_true(before.st_size > 65536);
    take_out(7);
    put(8, 3600, "other", 3001);
    wait_for(3001);
    stat(world->path, &after);
    assert_true(before.st_ino == after.st_ino); /* not written anew for two lines */
    assert_true(strncmp(line_of("10.0.0.7", line), "0000000001 ", 11) == 0);
    assert_non_null(strstr(line_of("10.0.0.8", line), " other "));
    for (unsigned i = 1000; i < 1800; i++)
        take_out(i);
    put(9, 3600, "other", 3002);
    settle();
    /* The file's own timer does not keep a loop alive. */
    uv_timer_t alive;
    assert_int_equal(uv_timer_init(&world->loop, &alive), 0);
    assert_int_equal(uv_timer_start(&alive, on_alive, 100000, 0), 0);
    for (unsigned i = 0; i < 3000 && line_of("10.0.0.7", line) != NULL; i++) {
        usleep(1000);
        turn();
    }
    uv_close((uv_handle_t *)&alive, NULL);
    assert_null(line_of("10.0.0.7", line));
    close_world();
}

static void test_close_makes_all_durable(void **state)
{
    (void)state;
    open_world();
    for (unsigned i = 1; i <= 100; i++)
        put(i, 3600, "", i);
    put(50, 3600, "name", 101);
    take_out(99);
    world->backend->class_->close(world->backend);
    char line[256];
    assert_non_null(line_of("10.0.0.100", line));
    assert_null(line_of("10.0.0.99", line));
    assert_non_null(strstr(line_of("10.0.0.50", line), " name "));
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    lease_table_free(world->table);
    /* What was written is what is read. */
    open_world();
    assert_int_equal(lease_table_count(world->table), 99);
    assert_int_equal(world->complaints, 0);
    close_world();
}

static void test_not_a_file(void **state)
{
    (void)state;
    static const struct siphash_key key = { 1, 2 };
    struct lease_file_setup setup = { .loop = &world->loop, .path = world->folder };
    struct lease_backend *backend;
    assert_int_equal(lease_table_create(&key, 1, &world->table), STATUS_OK);
    setup.table = world->table;
    assert_int_equal(lease_file_open(&setup, &backend), STATUS_SYSTEM);
    setup.path = "/nonexistent/leases";
    assert_int_equal(lease_file_open(&setup, &backend), STATUS_SYSTEM);
    assert_int_equal(errno, ENOENT);
    assert_int_equal(mkfifo(world->path, 0600), 0);
    setup.path = world->path;
    assert_int_equal(lease_file_open(&setup, &backend), STATUS_SYSTEM);
    lease_table_free(world->table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_lease_is_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_renewal_overwrites_ten_digits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changes_and_removals_in_a_small_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_load_and_keep, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loading_a_large_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_renewal_of_a_loaded_lease, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_answers_come_after_the_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_queue, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full_disk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_rewrite_possible, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder_of_another_user, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_somebody_else_touches_the_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_large_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_close_makes_all_durable, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_not_a_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder_nobody_may_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder_and_somebody_else, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_file_io", tests, NULL, NULL);
}

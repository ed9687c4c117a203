#include "store/lease_file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop, a table and a file in a folder of its own; every answer is remembered, and the file is
 * read as a stranger would read it at every turn of the loop. */
struct world {
    uv_loop_t loop;
    struct lease_table *table;
    struct lease_backend *backend;
    char folder[64];
    char path[96];
    struct instant now;
    enum status answers[8192];
    uint64_t last_ticket;
    unsigned answered, ok, failed, troubles, complaints, lines_loaded;
    unsigned last_complaint;
    char trouble[512];
    bool check_on_answer, reader_pauses;
    char content[1 << 20];
};

static struct world *world;

/* ------------------------------------------------------------------ a stranger reads the file */

static const char *content_of(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t count = 0, got;
    world->content[0] = '\0';
    if (fd < 0)
        return NULL;
    while ((got = read(fd, world->content + count, sizeof(world->content) - 1 - (size_t)count)) > 0)
        count += got;
    close(fd);
    world->content[count] = '\0';
    return world->content;
}

static const char *content(void)
{
    return content_of(world->path);
}

/* The last line for this address, or NULL; its text without the newline in `line`. */
static const char *line_of(const char *address, char line[256])
{
    struct text rest = text_of(content());
    struct text each;
    bool found = false;
    while (text_next_line(&rest, &each)) {
        struct text words = each;
        struct text word = TEXT_NONE;
        for (unsigned i = 0; i < 3; i++)
            (void)text_next_word(&words, &word);
        if (!text_equal(word, text_of(address)))
            continue;
        found = true;
        each = text_trim(each);
        snprintf(line, 256, "%.*s", TEXT_ARG(each));
    }
    return found ? line : NULL;
}

static void check_whole_lines(void)
{
    const char *all = content();
    if (all == NULL || world->reader_pauses)
        return;
    size_t count = strlen(all);
    struct text rest = { all, count };
    struct text each;
    if (count > 0 && all[count - 1] != '\n')
        fail_msg("a reader sees a cut line: %s", all);
    while (text_next_line(&rest, &each)) {
        struct lease_line line;
        if (lease_line_read(each, &line) != STATUS_OK && !text_starts(each, TEXT("agent-info")))
            fail_msg("a reader sees a broken line: %.*s", TEXT_ARG(each));
    }
}

/* ------------------------------------------------------------------ the world */

static void on_committed(void *context, uint64_t ticket, enum status status)
{
    struct world *w = context;
    assert_true(ticket > w->last_ticket);
    w->last_ticket = ticket;
    w->answers[ticket % COUNT_OF(w->answers)] = status;
    w->answered++;
    *(status == STATUS_OK ? &w->ok : &w->failed) += 1;
    if (w->check_on_answer && status == STATUS_OK) {
        char address[32], line[256];
        snprintf(address, sizeof(address), "10.0.%u.%u", (unsigned)(ticket >> 8),
                 (unsigned)(ticket & 255));
        if (line_of(address, line) == NULL)
            fail_msg("ticket %u answered before its line was in the file", (unsigned)ticket);
    }
}

static void on_trouble(void *context, const char *what, int error)
{
    struct world *w = context;
    (void)error;
    w->troubles++;
    snprintf(w->trouble, sizeof(w->trouble), "%s", what);
}

static void on_line(void *context, const struct lease_line *line)
{
    struct world *w = context;
    struct lease *lease = lease_table_by_address(w->table, &line->address);
    struct bytes id = bytes_of(line->client_id, line->client_id_count);
    w->lines_loaded++;
    if (line->kind == LEASE_LINE_AGENT_INFO)
        assert_int_equal(lease_table_set_origin(lease, id, lease_table_vendor_class(lease)),
                         STATUS_OK);
    if (line->kind == LEASE_LINE_VENDOR_CLASS)
        assert_int_equal(lease_table_set_origin(lease, lease_table_agent_info(lease), id),
                         STATUS_OK);
    if (line->kind != LEASE_LINE_LEASE || line->lease_kind != LEASE_IP4)
        return;
    if (lease == NULL
        && lease_table_add(w->table, &line->address, LEASE_IP4, &line->hardware, id, &lease)
               != STATUS_OK)
        return;
    assert_int_equal(lease_table_set_client(w->table, lease, &line->hardware, id), STATUS_OK);
    assert_int_equal(lease_table_set_name(w->table, lease, line->name, TEXT_NONE), STATUS_OK);
    lease_table_set_expiry_wall(w->table, lease, w->now, line->expires);
}

static void on_complaint(void *context, unsigned line, const char *why)
{
    (void)why;
    ((struct world *)context)->complaints++;
    ((struct world *)context)->last_complaint = line;
}

static void open_world(void)
{
    static const struct siphash_key key = { 1, 2 };
    struct lease_file_setup setup = {
        .loop = &world->loop,
        .path = world->path,
        .committed = on_committed,
        .trouble = on_trouble,
        .context = world,
    };
    assert_int_equal(lease_table_create(&key, 20000, &world->table), STATUS_OK);
    setup.table = world->table;
    assert_int_equal(lease_file_open(&setup, &world->backend), STATUS_OK);
    assert_int_equal(world->backend->class_->load(world->backend, on_line, on_complaint, world),
                     STATUS_OK);
}

static void close_world(void)
{
    world->backend->class_->close(world->backend);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    lease_table_free(world->table);
}

static int set_up(void **state)
{
    (void)state;
    world = calloc(1, sizeof(*world));
    assert_int_equal(uv_loop_init(&world->loop), 0);
    snprintf(world->folder, sizeof(world->folder), "/tmp/lease_file_test.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof(world->path), "%s/leases", world->folder);
    world->now = (struct instant){ 1000, 1700000000 };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    char command[128];
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0); /* a test may have ended early */
    assert_int_equal(uv_loop_close(&world->loop), 0);
    snprintf(command, sizeof(command), "rm -rf %s", world->folder);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static void write_file(const char *text)
{
    FILE *file = fopen(world->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static struct lease *lease_at(unsigned number)
{
    struct address address = address_ip4(10, 0, (uint8_t)(number >> 8), (uint8_t)number);
    return lease_table_by_address(world->table, &address);
}

static void put(unsigned number, uint32_t seconds, const char *name, uint64_t ticket)
{
    struct address address = address_ip4(10, 0, (uint8_t)(number >> 8), (uint8_t)number);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number } };
    struct lease *lease = lease_at(number);
    if (lease == NULL)
        assert_int_equal(
            lease_table_add(world->table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
            STATUS_OK);
    lease_table_set_expiry(world->table, lease, world->now, seconds);
    assert_int_equal(lease_table_set_name(world->table, lease, text_of(name), TEXT_NONE),
                     STATUS_OK);
    struct lease_change change = { LEASE_CHANGE_PUT, lease, ticket };
    assert_int_equal(world->backend->class_->commit(world->backend, &change), STATUS_OK);
}

static void take_out(unsigned number)
{
    struct lease *lease = lease_at(number);
    struct lease_change change = { LEASE_CHANGE_REMOVE, lease, 0 };
    assert_int_equal(world->backend->class_->commit(world->backend, &change), STATUS_OK);
    lease_table_remove(world->table, lease);
}

static void turn(void)
{
    uv_run(&world->loop, UV_RUN_NOWAIT);
    check_whole_lines();
}

/* Turns until all tickets up to this one are answered. */
static void wait_for(unsigned answered)
{
    for (unsigned i = 0; world->answered < answered; i++) {
        assert_true(i < 20000);
        turn();
        usleep(100);
    }
}

/* Lets everything settle that needs no timer. */
static void settle(void)
{
    while (uv_run(&world->loop, UV_RUN_ONCE) != 0)
        check_whole_lines();
    check_whole_lines();
}

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
                                   "agent-info 10.0.0.1 01:02\n"
                                   "vendorclass 10.0.0.1 76:65\n"
                                   "duid 00:01:00:01\n"
                                   "later-word 10.0.0.1 01:02\n"
                                   "1795417510 77 fd00:50::18f foo 00:03:00\n");
    snprintf(broken, sizeof(broken), "%s.broken", world->path);
    assert_non_null(strstr(content_of(broken), "this is not a lease\nduid"));
    close_world();
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

/* ------------------------------------------------------------------ random walks */

/* The file, loaded as after a crash, holds exactly the leases of the table whose tickets were
 * answered, whatever the order of changes was. */
static void check_equals_table(void)
{
    struct lease *lease = lease_table_first(world->table);
    unsigned expected = 0;
    for (; lease != NULL; lease = lease_table_next(world->table, lease)) {
        char address[ADDRESS_TEXT_MAX], line[256], wanted[LEASE_LINE_MAX];
        struct text_out out = text_out_on(wanted, sizeof(wanted));
        text_put_lease_line(&out, lease);
        wanted[out.count - 1] = '\0';
        if (line_of(address_text(&lease->address, address), line) == NULL)
            fail_msg("%s is missing", address);
        assert_string_equal(line, wanted);
        expected++;
    }
    struct text rest = text_of(content());
    struct text each;
    unsigned alive = 0;
    static uint8_t seen[65536];
    memset(seen, 0, sizeof(seen));
    while (text_next_line(&rest, &each)) {
        struct lease_line line;
        assert_int_equal(lease_line_read(each, &line), STATUS_OK);
        if (line.kind == LEASE_LINE_EMPTY)
            continue; /* fills a page */
        unsigned index = (unsigned)line.address.bytes[2] << 8 | line.address.bytes[3];
        alive -= seen[index];
        seen[index] = line.expires != 1;
        alive += seen[index];
    }
    assert_int_equal(alive, expected);
}

static void random_walk(bool unlinked)
{
    uint64_t ticket = 0;
    srand(1);
    open_world();
    for (unsigned round = 0; round < 40; round++) {
        for (unsigned i = 0; i < 60; i++) {
            unsigned number = 1 + (unsigned)rand() % (round < 20 ? 50 : 1500);
            world->now.wall += rand() % 2;
            if (rand() % 3 == 0 && lease_at(number) != NULL)
                take_out(number);
            else
                put(number, 3600, rand() % 4 == 0 ? "long-name-of-a-client" : "name", ++ticket);
            if (rand() % 10 == 0)
                turn();
        }
        if (round == 30 && unlinked)
            assert_int_equal(unlink(world->path), 0);
        settle();
        if (round % 4 == 3)
            check_equals_table();
    }
    assert_int_equal(world->failed, 0);
    close_world();
}

static void test_random_walk(void **state)
{
    (void)state;
    random_walk(true);
}

static void test_random_walk_in_a_closed_folder(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    write_file("");
    assert_int_equal(chown(world->path, 65534, 65534), 0);
    assert_int_equal(chmod(world->folder, 0755), 0);
    assert_int_equal(seteuid(65534), 0);
    world->reader_pauses = true; /* an append across a page may be seen in part */
    random_walk(false);
    assert_int_equal(world->troubles, 1);
    assert_int_equal(seteuid(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_new_lease_is_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_renewal_overwrites_ten_digits, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_changes_and_removals_in_a_small_file, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_load_and_keep, set_up, tear_down),
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
        cmocka_unit_test_setup_teardown(test_random_walk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_folder_nobody_may_search, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder_and_somebody_else, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_walk_in_a_closed_folder, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_file_io", tests, NULL, NULL);
}

/* The lease file with leases of both families, and who the server is, in any order of changes. */
#include "store/lease_file_test_world.h"

static unsigned duids_loaded;

static bool on_duid_line(void *context, const struct lease_line *line)
{
    (void)context;
    duids_loaded += line->kind == LEASE_LINE_DUID && line->duid_count == 3 && line->duid[2] == 7;
    return true;
}

/* Who we are is durable without any lease, and comes back. */
static void test_duid(void **state)
{
    (void)state;
    open_world();
    assert_int_equal(world->backend->class_->set_duid(world->backend, bytes_of("\0\4\7", 3)),
                     STATUS_OK);
    settle();
    assert_string_equal(content(), "duid 00:04:07\n");
    put(1, 3600, "", 1);
    wait_for(1);
    assert_string_equal(content(), "duid 00:04:07\n1700003600 02:00:00:00:00:01 10.0.0.1 * *\n");
    take_out(1);
    settle();
    assert_string_equal(content(), "duid 00:04:07\n");
    close_world();
    open_world();
    assert_int_equal(
        world->backend->class_->load(world->backend, on_duid_line, on_complaint, world), STATUS_OK);
    assert_int_equal(duids_loaded, 1);
    close_world();
}

/* ------------------------------------------------------------------ random walks */

/* The file, loaded as after a crash, holds exactly the leases of the table whose tickets were
 * answered, whatever the order of changes was. */
static unsigned check_has_leases(const struct lease_table *table)
{
    struct lease *lease = table != NULL ? lease_table_first(table) : NULL;
    unsigned expected = 0;
    for (; lease != NULL; lease = lease_table_next(table, lease)) {
        char address[ADDRESS_TEXT_MAX + 4], line[256], wanted[LEASE_LINE_MAX];
        struct text_out out = text_out_on(wanted, sizeof(wanted));
        text_put_lease_line(&out, lease);
        wanted[out.count - 1] = '\0';
        (void)address_text(&lease->address, address);
        if (lease->kind == LEASE_IP6_PD)
            strcat(address, "/64");
        if (line_of(address, line) == NULL)
            fail_msg("%s is missing", address);
        assert_string_equal(line, wanted);
        expected++;
    }
    return expected;
}

static void check_equals_table(void)
{
    static struct lease_line line, duid;
    duid.duid_count = 0;
    unsigned expected = check_has_leases(world->table) + check_has_leases(world->table6);
    struct text rest = text_of(content());
    struct text each;
    unsigned alive = 0;
    static uint8_t seen[65536];
    memset(seen, 0, sizeof(seen));
    while (text_next_line(&rest, &each)) {
        assert_int_equal(lease_line_read(each, &line), STATUS_OK);
        if (line.kind == LEASE_LINE_DUID)
            duid = line;
        if (line.kind != LEASE_LINE_LEASE)
            continue; /* fills a page */
        unsigned index = (unsigned)line.address.bytes[2] << 8 | line.address.bytes[3];
        alive -= seen[index];
        seen[index] = line.expires != 1;
        alive += seen[index];
    }
    assert_int_equal(alive, expected);
    assert_true(bytes_equal(bytes_of(duid.duid, duid.duid_count), world->duid));
}

static void change_duid(const char *duid)
{
    world->duid = text_bytes(text_of(duid));
    assert_int_equal(world->backend->class_->set_duid(world->backend, world->duid), STATUS_OK);
}

static void random_walk(bool unlinked)
{
    uint64_t ticket = 0;
    world->both = true;
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
        if (round == 5 || round == 25)
            change_duid(round == 5 ? "\1\2\3" : "\3\2");
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
        cmocka_unit_test_setup_teardown(test_duid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_walk, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_random_walk_in_a_closed_folder, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_file_walk", tests, NULL, NULL);
}

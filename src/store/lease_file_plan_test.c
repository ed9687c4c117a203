#include "store/lease_file_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* A plan with a file in memory: what the work says is done to `file` as a disk would, or is not. */
static struct lease_table *table;
static struct lease_plan plan;
static struct lease_work work;
static char file[1 << 20];
static size_t file_count;
static uint64_t now_ms;
static const struct instant now = { 1000, 1700000000 };

static int set_up(void **state)
{
    static const struct siphash_key key = { 1, 2 };
    (void)state;
    file_count = 0;
    now_ms = 1000000;
    assert_int_equal(lease_table_create(&key, 10000, &table), STATUS_OK);
    return lease_plan_init(&plan, table) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lease_plan_free(&plan);
    lease_table_free(table);
    return 0;
}

static void change(enum lease_change_kind kind, unsigned number, uint32_t seconds, const char *name)
{
    struct address address = address_ip4(10, 0, (uint8_t)(number >> 8), (uint8_t)number);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number } };
    struct lease *lease = lease_table_by_address(table, &address);
    if (lease == NULL)
        assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
                         STATUS_OK);
    lease_table_set_expiry(table, lease, now, seconds);
    assert_int_equal(lease_table_set_name(table, lease, text_of(name), TEXT_NONE), STATUS_OK);
    struct lease_change given = { kind, lease, 0 };
    assert_int_equal(lease_plan_change(&plan, &given), STATUS_OK);
    if (kind == LEASE_CHANGE_REMOVE)
        lease_table_remove(table, lease);
}

static void start(void)
{
    lease_plan_start(&plan, NULL, now_ms, &work);
    work.new_fd = -1;
}

static void write_at(size_t offset, struct bytes bytes)
{
    struct bytes_writer writer = bytes_writer_on(file + offset, sizeof(file) - offset);
    bytes_write_span(&writer, bytes);
    assert_false(writer.failed);
}

/* The disk does as it is told. */
static void do_work(void)
{
    if (work.rewrite) {
        write_at(0, work.image);
        file_count = work.image.count;
        work.new_fd = 3;
        return;
    }
    assert_int_equal(work.size, file_count);
    write_at(file_count, work.append);
    file_count += work.append.count;
    for (size_t i = 0; i < work.patch_count; i++) {
        assert_true(work.patches[i].offset + work.patches[i].count <= file_count);
        write_at(work.patches[i].offset, bytes_of(work.patches[i].digits, work.patches[i].count));
    }
}

static bool settle(void)
{
    return lease_plan_settle(&plan, &work, now_ms);
}

static void done(void)
{
    start();
    do_work();
    assert_true(settle());
    lease_plan_done(&plan);
    file[file_count] = '\0';
}

static void test_append_and_patch(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    change(LEASE_CHANGE_PUT, 2, 100, "two");
    done();
    assert_false(work.rewrite);
    assert_string_equal(file, "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n");
    change(LEASE_CHANGE_PUT, 2, 200, "two");
    done();
    assert_int_equal(work.patch_count, 1);
    assert_int_equal(work.append.count, 0);
    assert_string_equal(file, "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "1700000200 02:00:00:00:00:02 10.0.0.2 two *\n");
    assert_true(lease_plan_deadline(&plan) == UINT64_MAX);
    /* A small file is written anew for a line that dies. */
    change(LEASE_CHANGE_REMOVE, 1, 0, "");
    done();
    assert_true(work.rewrite);
    assert_string_equal(file, "1700000200 02:00:00:00:00:02 10.0.0.2 two *\n");
}

static void test_put_and_remove_in_one_batch(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    change(LEASE_CHANGE_PUT, 1, 200, "one");
    change(LEASE_CHANGE_REMOVE, 1, 0, "");
    done();
    assert_string_equal(file, "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n");
    assert_false(lease_plan_is_idle(&plan, now_ms)); /* a dead line in a small file */
    done();
    assert_string_equal(file, "");
}

static void test_a_failed_append_is_forgotten(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    done();
    now_ms += 5000;
    change(LEASE_CHANGE_PUT, 1, 200, "one"); /* in place: works */
    change(LEASE_CHANGE_PUT, 2, 100, "two"); /* appended: fails */
    start();
    size_t before = file_count;
    do_work();
    file_count = before;
    work.append_failed = true;
    assert_true(settle());
    assert_false(plan.flight.changes[0].failed);
    assert_true(plan.flight.changes[1].failed);
    lease_plan_done(&plan);
    assert_true(lease_plan_is_idle(&plan, now_ms));
    assert_true(lease_plan_deadline(&plan) == now_ms + LEASE_FILE_RETRY_MS);
    /* The next change, a second later, brings everything back. */
    now_ms += LEASE_FILE_REWRITE_MS;
    change(LEASE_CHANGE_PUT, 1, 300, "one");
    done();
    assert_true(work.rewrite);
    assert_string_equal(file, "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n"
                              "1700000300 02:00:00:00:00:01 10.0.0.1 one *\n");
}

static void test_a_failed_image_becomes_patches(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    change(LEASE_CHANGE_PUT, 2, 100, "two");
    done();
    now_ms += 5000;
    change(LEASE_CHANGE_REMOVE, 1, 0, "");
    change(LEASE_CHANGE_PUT, 2, 100, "zwei");
    start();
    assert_true(work.rewrite);
    work.rewrite_failed = true;
    assert_false(settle());
    assert_false(work.rewrite);
    do_work();
    assert_true(settle());
    lease_plan_done(&plan);
    file[file_count] = '\0';
    assert_string_equal(file, "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n"
                              "1700000100 02:00:00:00:00:02 10.0.0.2 zwei *\n");
    /* Both lines of the second die with it. */
    change(LEASE_CHANGE_REMOVE, 2, 0, "");
    start();
    assert_false(work.rewrite);
    do_work();
    assert_true(settle());
    lease_plan_done(&plan);
    file[file_count] = '\0';
    assert_string_equal(file, "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "0000000001 02:00:00:00:00:02 10.0.0.2 two *\n"
                              "0000000001 02:00:00:00:00:02 10.0.0.2 zwei *\n");
}

static void test_a_foreign_change_makes_an_image(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    done();
    change(LEASE_CHANGE_PUT, 1, 200, "one");
    start();
    assert_false(work.rewrite);
    work.foreign = true;
    assert_false(settle());
    assert_true(work.rewrite);
    do_work();
    work.foreign = false;
    assert_true(settle());
    assert_false(plan.flight.changes[0].failed);
}

/* What a reader could see in part is not appended. */
static void test_no_append_across_a_page(void **state)
{
    (void)state;
    unsigned images = 0;
    for (unsigned i = 1; i <= 300; i++) {
        change(LEASE_CHANGE_PUT, i, 100, "name");
        start();
        images += work.rewrite;
        if (!work.rewrite && file_count / 4096 != (file_count + work.append.count - 1) / 4096)
            fail_msg("%u bytes appended at %u", (unsigned)work.append.count, (unsigned)file_count);
        do_work();
        assert_true(settle());
        lease_plan_done(&plan);
    }
    assert_int_equal(images, file_count / 4096);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_and_patch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_put_and_remove_in_one_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_append_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_image_becomes_patches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_foreign_change_makes_an_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_append_across_a_page, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_file_plan", tests, NULL, NULL);
}

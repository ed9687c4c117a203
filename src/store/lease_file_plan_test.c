#include "store/lease_file_plan.h"

#include <errno.h>
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
static bool folder_closed;
static uint64_t now_ms;
static const struct instant now = { 1000, 1700000000 };

static int set_up(void **state)
{
    static const struct siphash_key key = { 1, 2 };
    (void)state;
    file_count = 0;
    folder_closed = false;
    now_ms = 1000000;
    assert_int_equal(lease_table_create(&key, 10000, &table), STATUS_OK);
    return lease_plan_init(&plan, table, NULL) == STATUS_OK ? 0 : -1;
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
        work.closed_error = folder_closed ? EACCES : 0;
        work.in_place = folder_closed && work.overwrite;
        if (folder_closed && !work.overwrite)
            return;
        write_at(0, work.image);
        file_count = work.image.count;
        work.new_fd = folder_closed ? -1 : 3;
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

/* A lease that was refused for want of room can be given up: there is nothing to write about it. */
static void test_a_full_batch_takes_a_removal_of_nothing(void **state)
{
    (void)state;
    struct address address = address_ip4(10, 0, 0, 1);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0, 1 } };
    struct lease *lease;
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
                     STATUS_OK);
    struct lease_change awaited = { LEASE_CHANGE_REMOVE, lease, 1 };
    struct lease_change put = { LEASE_CHANGE_PUT, lease, 2 };
    struct lease_change removal = { LEASE_CHANGE_REMOVE, lease, 0 };
    for (unsigned i = 0; i < LEASE_FILE_CHANGES_MAX; i++)
        assert_int_equal(lease_plan_change(&plan, &awaited), STATUS_OK);
    assert_int_equal(lease_plan_change(&plan, &awaited), STATUS_FULL);
    assert_int_equal(lease_plan_change(&plan, &put), STATUS_FULL);
    assert_int_equal(lease_plan_change(&plan, &removal), STATUS_OK);
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

/* A reader is shown the file page by page, from the front: at the end of every page that an append
 * fills there is a whole line, and no lease needs another way than an append. */
static void test_no_line_across_a_page(void **state)
{
    (void)state;
    char name[64];
    for (unsigned i = 1; i <= 2000; i++) {
        snprintf(name, sizeof(name), "%.*s", (int)(1 + i * 7 % 50),
                 "a-name-of-some-length-that-goes-on-and-on-and-on-for-ever");
        change(LEASE_CHANGE_PUT, i, 100, name);
        if (i % 7 != 0 && i % 11 != 0)
            continue;
        size_t before = file_count;
        done();
        assert_false(work.rewrite);
        for (size_t at = before - before % 4096 + 4096; at <= file_count; at += 4096) {
            if (file[at - 1] != '\n')
                fail_msg("a line across %zu after %u leases", at, i);
        }
    }
    assert_null(strstr(file, "\n\n"));
    assert_null(strstr(file, "\n "));
}

static void set_origin(unsigned number, const char *agent_info)
{
    struct address address = address_ip4(10, 0, (uint8_t)(number >> 8), (uint8_t)number);
    struct lease *lease = lease_table_by_address(table, &address);
    assert_int_equal(lease_table_set_origin(lease, text_bytes(text_of(agent_info)), BYTES_NONE),
                     STATUS_OK);
}

/* What a relay said is appended with its lease, overwritten with it when only the time changes, and
 * comes behind all leases when the file is written anew. */
static void test_origin_lines(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    set_origin(1, "A");
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    change(LEASE_CHANGE_PUT, 2, 100, "two");
    done();
    done(); /* the first line of the lease was dead */
    assert_true(work.rewrite);
    assert_string_equal(file, "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n"
                              "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "agent-info 10.0.0.1 41\n");
    change(LEASE_CHANGE_PUT, 1, 200, "one");
    done();
    assert_int_equal(work.append.count, 0);
    assert_int_equal(work.patch_count, 1);
    assert_false(plan.dead > 0);
    change(LEASE_CHANGE_PUT, 3, 100, "three");
    set_origin(3, "B");
    change(LEASE_CHANGE_PUT, 3, 100, "three");
    done();
    assert_non_null(strstr(file, "10.0.0.3 three *\nagent-info 10.0.0.3 42\n"));
    change(LEASE_CHANGE_REMOVE, 1, 0, "");
    done();
    assert_true(work.rewrite);
    assert_string_equal(file, "1700000100 02:00:00:00:00:03 10.0.0.3 three *\n"
                              "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n"
                              "agent-info 10.0.0.3 42\n");
}

/* A batch whose first way may turn out to be closed. Counts how often the file was written whole.
 */
static unsigned done_somehow(void)
{
    unsigned images = 0;
    start();
    for (unsigned i = 0;; i++) {
        assert_true(i < 4);
        do_work();
        images += work.rewrite && (work.in_place || work.new_fd >= 0);
        if (settle())
            break;
        work.new_fd = -1;
    }
    for (size_t i = 0; i < plan.flight.count; i++)
        assert_false(plan.flight.changes[i].failed);
    lease_plan_done(&plan);
    file[file_count] = '\0';
    return images;
}

static unsigned lines_with(const char *part)
{
    unsigned count = 0;
    for (const char *at = file; (at = strstr(at, part)) != NULL; at++)
        count++;
    return count;
}

static void test_closed_folder_lives_on_patches(void **state)
{
    (void)state;
    folder_closed = true;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    change(LEASE_CHANGE_PUT, 2, 100, "two");
    assert_int_equal(done_somehow(), 0);
    change(LEASE_CHANGE_REMOVE, 1, 0, ""); /* here it is found out */
    start();
    assert_true(work.rewrite && !work.overwrite);
    do_work();
    assert_false(settle());
    assert_false(work.rewrite);
    do_work();
    assert_true(settle());
    lease_plan_done(&plan);
    file[file_count] = '\0';
    assert_string_equal(file, "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n");
    assert_true(lease_plan_is_idle(&plan, now_ms + LEASE_FILE_DEAD_WAIT_MS));
    assert_true(lease_plan_deadline(&plan) == UINT64_MAX);
    /* From now on it is not even tried, across pages neither. */
    for (unsigned i = 3; i <= 300; i++) {
        change(LEASE_CHANGE_PUT, i, 100, "name");
        if (i > 10)
            change(LEASE_CHANGE_REMOVE, i - 5, 0, "");
        start();
        assert_false(work.rewrite);
        do_work();
        assert_true(settle());
        lease_plan_done(&plan);
    }
    file[file_count] = '\0';
    assert_int_equal(lines_with("\n0000000001 "), 290);
    assert_int_equal(lines_with("\n1700000100 "), 9);
    /* Much later the folder is asked again, and is ours. */
    folder_closed = false;
    now_ms += LEASE_FILE_CLOSED_MS;
    assert_true(lease_plan_is_idle(&plan, now_ms));
    change(LEASE_CHANGE_PUT, 2, 300, "two");
    assert_int_equal(done_somehow(), 1);
    assert_int_equal(lines_with("0000000001 "), 0);
    change(LEASE_CHANGE_REMOVE, 2, 300, "");
    assert_int_equal(done_somehow(), 1);
}

static void test_closed_folder_is_overwritten_rarely(void **state)
{
    (void)state;
    unsigned images = 0;
    folder_closed = true;
    lease_plan_close_folder(&plan, now_ms);
    for (unsigned i = 1; i <= 500; i++)
        change(LEASE_CHANGE_PUT, i, 1000, "stays");
    assert_int_equal(done_somehow(), 0);
    for (unsigned i = 0; i < 8000; i++) {
        change(LEASE_CHANGE_PUT, 600 + i % 50, 1000, i % 100 < 50 ? "a-guest" : "guest-b");
        if (i % 3 == 0)
            change(LEASE_CHANGE_REMOVE, 600 + i % 50, 0, "");
        assert_int_equal(done_somehow(), 0);
        if (lease_plan_is_idle(&plan, now_ms))
            continue;
        size_t before = file_count;
        assert_in_range(before, LEASE_FILE_CLOSED_BYTES, LEASE_FILE_CLOSED_BYTES + 256);
        assert_int_equal(done_somehow(), 1);
        assert_true(file_count < before / 2);
        assert_int_equal(lines_with("0000000001 "), 0);
        assert_true(lease_plan_is_idle(&plan, now_ms));
        images++;
    }
    assert_in_range(images, 1, 3);
    /* Offsets are those of the file as it is now. */
    for (unsigned i = 1; i <= 500; i++)
        change(LEASE_CHANGE_PUT, i, 2000, "stays");
    assert_int_equal(done_somehow(), 0);
    assert_int_equal(lines_with("1700002000 02:00:00:00:"), 500);
    for (unsigned i = 1; i <= 500; i++) {
        char line[64];
        snprintf(line, sizeof(line), "\n1700002000 02:00:00:00:%02x:%02x 10.0.%u.%u stays *\n",
                 i >> 8, i & 255, i >> 8, i & 255);
        if (lines_with(line) != 1 && !text_starts(text_of(file), text_of(line + 1)))
            fail_msg("renewed elsewhere: %s", line);
    }
}

static bool on_line(void *context, const struct lease_line *line)
{
    struct lease *lease = lease_table_by_address(table, &line->address);
    (void)context;
    if (lease == NULL)
        assert_int_equal(lease_table_add(table, &line->address, line->lease_kind, &line->hardware,
                                         BYTES_NONE, &lease),
                         STATUS_OK);
    assert_int_equal(lease_table_set_name(table, lease, line->name, TEXT_NONE), STATUS_OK);
    lease_table_set_expiry_wall(table, lease, now, line->expires);
    return true;
}

static void load(const char *text)
{
    write_at(0, bytes_of(text, strlen(text)));
    file_count = strlen(text);
    lease_plan_load(&plan, text_of(text), on_line, NULL, NULL);
}

/* ------------------------------------------------------------------ IPv6 */

static void change6(enum lease_change_kind kind, struct lease_table *table6, uint8_t last,
                    uint32_t seconds)
{
    struct address address = address_any(ADDRESS_IP6);
    struct lease *lease;
    address.bytes[0] = 0xfd;
    address.bytes[15] = last;
    lease = lease_table_by_address(table6, &address);
    if (lease == NULL)
        assert_int_equal(lease_table_add6(table6, &address, 128,
                                          last < 100 ? LEASE_IP6_NA : LEASE_IP6_PD,
                                          bytes_of("\1\2", 2), last, &lease),
                         STATUS_OK);
    lease_table_set_expiry(table6, lease, now, seconds);
    struct lease_change given = { kind, lease, 0 };
    assert_int_equal(lease_plan_change(&plan, &given), STATUS_OK);
    if (kind == LEASE_CHANGE_REMOVE)
        lease_table_remove(table6, lease);
}

/* The order in the file: IPv4, who we are, IPv6; changes of both are patches alike. */
static void test_both_families(void **state)
{
    static const struct siphash_key key = { 1, 2 };
    struct lease_table *table6;
    (void)state;
    assert_int_equal(lease_table_create(&key, 10, &table6), STATUS_OK);
    plan.table6 = table6;
    assert_int_equal(lease_plan_set_duid(&plan, bytes_of("\0\3\0\1", 4)), STATUS_OK);
    assert_false(lease_plan_is_idle(&plan, now_ms));
    done();
    assert_string_equal(file, "duid 00:03:00:01\n");
    change6(LEASE_CHANGE_PUT, table6, 1, 100);
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    change6(LEASE_CHANGE_PUT, table6, 100, 100);
    done();
    assert_string_equal(file, "duid 00:03:00:01\n"
                              "1700000100 1 fd00::1 * 01:02\n"
                              "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "1700000100 P100 fd00::64/128 * 01:02\n");
    change6(LEASE_CHANGE_PUT, table6, 100, 300);
    done();
    assert_false(work.rewrite);
    assert_int_equal(work.patch_count, 1);
    change6(LEASE_CHANGE_REMOVE, table6, 1, 100);
    done();
    assert_string_equal(file, "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "duid 00:03:00:01\n"
                              "1700000300 P100 fd00::64/128 * 01:02\n");
    /* The same again is no change; another one replaces it. */
    assert_int_equal(lease_plan_set_duid(&plan, bytes_of("\0\3\0\1", 4)), STATUS_OK);
    assert_true(lease_plan_is_idle(&plan, now_ms));
    assert_int_equal(lease_plan_set_duid(&plan, bytes_of("\0\2", 2)), STATUS_OK);
    done();
    assert_string_equal(file, "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "duid 00:02\n"
                              "1700000300 P100 fd00::64/128 * 01:02\n");
    lease_table_free(table6);
    plan.table6 = NULL;
}

/* Where the file cannot be replaced, the DUID is a line behind the others. */
static void test_duid_in_a_closed_folder(void **state)
{
    (void)state;
    load("1700000500 02:00:00:00:00:01 10.0.0.1 one *\n");
    folder_closed = true;
    lease_plan_close_folder(&plan, now_ms);
    assert_int_equal(lease_plan_set_duid(&plan, bytes_of("\0\3", 2)), STATUS_OK);
    done_somehow();
    assert_string_equal(file, "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "duid 00:03\n");
}

static unsigned duids_seen;

static bool on_duid(void *context, const struct lease_line *line)
{
    (void)context;
    duids_seen += line->kind == LEASE_LINE_DUID;
    return true;
}

static void test_loading_a_duid(void **state)
{
    (void)state;
    static const char whole[] = "duid 00:03\n0 1 fd00::1 * 01\n";
    static const char cut[] = "duid 00:01";
    duids_seen = 0;
    lease_plan_load(&plan, text_of(whole), on_duid, NULL, NULL);
    assert_int_equal(duids_seen, 1);
    assert_int_equal(plan.duid_count, 2);
    /* Half of one is none. */
    lease_plan_load(&plan, text_of(cut), on_duid, NULL, NULL);
    assert_int_equal(duids_seen, 1);
    assert_int_equal(plan.duid[1], 3);
}

/* A DUID whose line was refused is no less needed: it goes before the next lease. */
static void test_a_failed_duid_is_written_later(void **state)
{
    (void)state;
    load("1700000500 02:00:00:00:00:01 10.0.0.1 one *\n");
    folder_closed = true;
    lease_plan_close_folder(&plan, now_ms);
    assert_int_equal(lease_plan_set_duid(&plan, bytes_of("\0\3", 2)), STATUS_OK);
    for (unsigned i = 0; i < 2; i++) {
        if (i > 0)
            change(LEASE_CHANGE_PUT, 2, 100, "two");
        start();
        assert_false(work.rewrite);
        work.append_failed = true;
        work.error = ENOSPC;
        assert_true(settle());
        lease_plan_done(&plan);
    }
    change(LEASE_CHANGE_PUT, 3, 100, "three");
    done_somehow();
    change(LEASE_CHANGE_PUT, 4, 100, "four");
    done_somehow();
    assert_string_equal(file, "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "duid 00:03\n"
                              "1700000100 02:00:00:00:00:03 10.0.0.3 three *\n"
                              "1700000100 02:00:00:00:00:04 10.0.0.4 four *\n");
}

/* Another lease in the place of the one that had the address, or none where there is no room. */
static bool on_other(void *context, const struct lease_line *line)
{
    struct lease *lease = lease_table_by_address(table, &line->address);
    if (lease != NULL)
        lease_table_remove(table, lease);
    if (lease == NULL || context == NULL)
        (void)on_line(NULL, line);
    return true;
}

/* Of two lines for one address the earlier is not forgotten with its lease. */
static void test_loading_two_leases_of_an_address(void **state)
{
    static const char lines[] = "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
                                "1700000600 02:00:00:00:00:02 10.0.0.1 two *\n";
    (void)state;
    folder_closed = true;
    lease_plan_close_folder(&plan, now_ms);
    write_at(0, bytes_of(lines, strlen(lines)));
    file_count = strlen(lines);
    lease_plan_load(&plan, text_of(lines), on_other, NULL, NULL);
    assert_int_equal(plan.dead, 1);
    assert_int_equal(plan.record_count, 1);
    change(LEASE_CHANGE_REMOVE, 1, 100, "two");
    assert_int_equal(done_somehow(), 0);
    assert_string_equal(file, "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "0000000001 02:00:00:00:00:02 10.0.0.1 two *\n");
}

static void test_loading_a_lease_there_is_no_room_for(void **state)
{
    static const char lines[] = "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n"
                                "1700000600 02:00:00:00:00:02 10.0.0.1 two *\n";
    (void)state;
    write_at(0, bytes_of(lines, strlen(lines)));
    file_count = strlen(lines);
    lease_plan_load(&plan, text_of(lines), on_other, NULL, &file);
    assert_int_equal(plan.record_count, 0);
    assert_true(plan.needs_rewrite);
    change(LEASE_CHANGE_PUT, 3, 100, "three");
    assert_int_equal(done_somehow(), 1);
    assert_string_equal(file, "1700000100 02:00:00:00:00:03 10.0.0.3 three *\n"
                              "1700000600 02:00:00:00:00:02 10.0.0.1 two *\n");
}

/* The pieces may end anywhere. What is left of a line that is longer than a piece is no line. */
static void test_loading_in_pieces(void **state)
{
    static char all[8192];
    struct text_out out = text_out_on(all, sizeof(all));
    (void)state;
    text_put_string(&out, "1700000500 02:00:00:00:00:01 10.0.0.1 one *\n");
    for (unsigned i = 0; i < 5000; i++)
        text_put_char(&out, 'x');
    text_put_string(&out, "\n1700000600 02:00:00:00:00:02 10.0.0.2 two *\n"
                          "1700000700 02:00:00:00:00:03 10.0.0.3 three *");
    struct text text = text_out_text(&out);
    for (size_t room = LEASE_LINE_MAX; room < 6000; room += 7) {
        struct lease_loading loading = { .plan = &plan, .each = on_line };
        size_t at = 0;
        for (bool is_last = false; !is_last;) {
            size_t left = text.count - at;
            is_last = left < room;
            at += lease_plan_load_piece(&loading, text_part(text, at, is_last ? left : room),
                                        is_last);
        }
        assert_int_equal(at, text.count);
        assert_int_equal(loading.number, 4);
        assert_int_equal(plan.size, text.count);
        assert_true(plan.tail_open && plan.has_broken && plan.needs_rewrite);
        assert_int_equal(lease_table_count(table), 3);
        struct address second = address_ip4(10, 0, 0, 2);
        const struct lease *lease = lease_table_by_address(table, &second);
        assert_int_equal(plan.records[lease->store_cookie - 1].line.offset, 44 + 5001);
        assert_int_equal(tear_down(NULL), 0);
        assert_int_equal(set_up(NULL), 0);
    }
}

/* What a crash, or we in a closed folder, may leave behind. */
static void test_loaded_lines_can_be_killed(void **state)
{
    (void)state;
    folder_closed = true;
    load("1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
         "0000000001 02:00:00:00:00:09 10.0.0.2 dead *\n"
         "1700000100 02:00:00:00:00:01 10.0.0.1 uno *\n"
         "1700000100 02:00:00:00:00:03 10.0.0.3 three *\n"
         "1700000100 02:00:00:00:00:04 10.0.0.4   blanks *");
    lease_plan_close_folder(&plan, now_ms);
    assert_int_equal(lease_table_count(table), 3); /* not the dead one */
    change(LEASE_CHANGE_REMOVE, 1, 0, "");
    change(LEASE_CHANGE_PUT, 3, 200, "three");
    change(LEASE_CHANGE_PUT, 4, 200, "blanks");
    assert_int_equal(done_somehow(), 0);
    assert_string_equal(file, "0000000001 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "0000000001 02:00:00:00:00:09 10.0.0.2 dead *\n"
                              "0000000001 02:00:00:00:00:01 10.0.0.1 uno *\n"
                              "1700000200 02:00:00:00:00:03 10.0.0.3 three *\n"
                              "1700000100 02:00:00:00:00:04 10.0.0.4   blanks *\n"
                              "1700000200 02:00:00:00:00:04 10.0.0.4 blanks *\n");
    change(LEASE_CHANGE_REMOVE, 4, 0, "");
    assert_int_equal(done_somehow(), 0);
    assert_int_equal(lines_with("0000000001 "), 5);
}

/* Three lines for one address, or one whose digits we cannot find: only an image helps. */
static void test_ghosts_are_overwritten(void **state)
{
    static const char *const files[] = {
        ("1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
         "1700000100 02:00:00:00:00:01 10.0.0.1 uno *\n"
         "1700000100 02:00:00:00:00:01 10.0.0.1 eins *\n"),
        "0000000000000001700000100 02:00:00:00:00:01 10.0.0.1 eins *\n",
    };
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (i > 0) {
            tear_down(state);
            set_up(state);
        }
        folder_closed = true;
        load(files[i]);
        lease_plan_close_folder(&plan, now_ms);
        change(LEASE_CHANGE_PUT, 2, 100, "two");
        if (done_somehow() != 1)
            fail_msg("not overwritten: %s", files[i]);
        assert_string_equal(file, "1700000100 02:00:00:00:00:02 10.0.0.2 two *\n"
                                  "1700000100 02:00:00:00:00:01 10.0.0.1 eins *\n");
    }
}

/* A line that is in the file dies only after a later one is there. */
static void test_a_failed_append_costs_no_older_line(void **state)
{
    (void)state;
    lease_plan_close_folder(&plan, now_ms);
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    done();
    change(LEASE_CHANGE_PUT, 1, 100, "uno");
    change(LEASE_CHANGE_PUT, 1, 100, "eins");
    start();
    assert_int_equal(work.patch_count, 0);
    work.append_failed = true;
    assert_true(settle());
    lease_plan_done(&plan);
    assert_int_equal(plan.dead, 0);
    change(LEASE_CHANGE_PUT, 1, 100, "uno");
    change(LEASE_CHANGE_PUT, 1, 100, "eins");
    done();
    assert_string_equal(file, "1700000100 02:00:00:00:00:01 10.0.0.1 one *\n"
                              "0000000001 02:00:00:00:00:01 10.0.0.1 uno *\n"
                              "1700000100 02:00:00:00:00:01 10.0.0.1 eins *\n");
    assert_int_equal(plan.dead, 2);
}

/* Somebody else's file that cannot be written anew either: the batch fails, and ends. */
static void test_a_foreign_change_without_remedy(void **state)
{
    (void)state;
    change(LEASE_CHANGE_PUT, 1, 100, "one");
    done();
    for (unsigned round = 0; round < 2; round++) {
        change(LEASE_CHANGE_PUT, 1, 200, "one");
        start();
        if (!work.rewrite) {
            work.foreign = true;
            assert_false(settle());
        }
        assert_true(work.rewrite);
        work.new_fd = -1;
        work.rewrite_failed = true;
        assert_true(settle());
        assert_true(plan.flight.changes[0].failed);
        lease_plan_done(&plan);
        assert_true(lease_plan_is_idle(&plan, now_ms));
        assert_true(lease_plan_deadline(&plan) == now_ms + LEASE_FILE_RETRY_MS);
    }
    now_ms += LEASE_FILE_RETRY_MS;
    assert_false(lease_plan_is_idle(&plan, now_ms));
    done();
    assert_true(work.rewrite);
    assert_string_equal(file, "1700000200 02:00:00:00:00:01 10.0.0.1 one *\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_append_and_patch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_both_families, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_duid_in_a_closed_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loading_a_duid, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_duid_is_written_later, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loading_two_leases_of_an_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_loading_a_lease_there_is_no_room_for, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_loading_in_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_put_and_remove_in_one_batch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_full_batch_takes_a_removal_of_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_append_is_forgotten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_image_becomes_patches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_foreign_change_makes_an_image, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_no_line_across_a_page, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_origin_lines, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder_lives_on_patches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_closed_folder_is_overwritten_rarely, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_loaded_lines_can_be_killed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_ghosts_are_overwritten, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_failed_append_costs_no_older_line, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_foreign_change_without_remedy, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_file_plan", tests, NULL, NULL);
}

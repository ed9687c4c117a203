#include "dhcp/lease_commit.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static struct lease_commit *commit;

static int set_up(void **state)
{
    (void)state;
    return lease_commit_create(3, &commit) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    lease_commit_free(commit);
    return 0;
}

static struct lease_commit_row *add(struct lease *lease, const char *reply)
{
    struct lease_commit_row *row;
    assert_int_equal(lease_commit_add(commit, lease, text_bytes(text_of(reply)), &row), STATUS_OK);
    return row;
}

static void test_tickets(void **state)
{
    (void)state;
    struct lease leases[4] = { 0 };
    struct lease_commit_row *row = add(&leases[0], "first");
    assert_ptr_equal(lease_commit_find(commit, leases[0].ticket), row);
    assert_int_equal(row->reply_count, 5);
    assert_ptr_equal(row->lease, &leases[0]);
    uint64_t ticket = leases[0].ticket;
    lease_commit_done(commit, row);
    assert_int_equal(leases[0].ticket, 0);
    assert_null(lease_commit_find(commit, ticket));
    assert_null(lease_commit_find(commit, 0));
    assert_null(lease_commit_find(commit, ticket + 1));
    add(&leases[1], "second");
    assert_true(leases[1].ticket > ticket);
}

static void test_full(void **state)
{
    (void)state;
    struct lease leases[4] = { 0 };
    struct lease_commit_row *rows[3], *row;
    for (int i = 0; i < 3; i++)
        rows[i] = add(&leases[i], "x");
    assert_int_equal(lease_commit_add(commit, &leases[3], BYTES_NONE, &row), STATUS_FULL);
    assert_int_equal(leases[3].ticket, 0);
    /* Room comes back at once, and the ticket of who had it before is not the new one's. */
    uint64_t old = leases[1].ticket;
    lease_commit_done(commit, rows[1]);
    assert_ptr_equal(add(&leases[3], "a longer reply than before"), rows[1]);
    assert_null(lease_commit_find(commit, old));
    assert_ptr_equal(lease_commit_find(commit, leases[3].ticket), rows[1]);
    assert_int_equal(lease_commit_add(commit, &leases[1], BYTES_NONE, &row), STATUS_FULL);
    lease_commit_done(commit, rows[0]);
    lease_commit_done(commit, rows[2]);
    assert_int_equal(lease_commit_count(commit), 1);
    add(&leases[0], "y");
    add(&leases[1], "z");
    assert_true(leases[1].ticket > leases[0].ticket && leases[0].ticket > leases[3].ticket);
    assert_int_equal(lease_commit_add(commit, &leases[2], BYTES_NONE, &row), STATUS_FULL);
}

static void test_forget(void **state)
{
    (void)state;
    struct lease lease = { 0 };
    lease_commit_forget(commit, &lease);
    struct lease_commit_row *row = add(&lease, "x");
    uint64_t ticket = lease.ticket;
    lease_commit_forget(commit, &lease);
    assert_int_equal(lease.ticket, 0);
    assert_ptr_equal(lease_commit_find(commit, ticket), row);
    assert_null(row->lease);
    lease_commit_done(commit, row);
    assert_int_equal(lease_commit_count(commit), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_tickets, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_full, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_forget, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_commit", tests, NULL, NULL);
}

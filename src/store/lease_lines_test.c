#include "store/lease_lines.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "store/lease_table.h"

/* Lines that are read and come out as they were. */
static const char *const round_trips[] = {
    "1795372375 02:00:00:00:00:c0 192.168.50.132 cli1 01:02:00:00:00:00:00:c0",
    "1795372438 02:00:00:00:00:c0 192.168.50.132 foo *",
    "0 02:00:00:00:00:c0 192.168.50.60 * *",
    "1999999999 06-02:00:00:00:00:dd 192.168.50.123 tr *",
    "1795417510 77 fd00:50::18f foo 00:03:00:01:02:00:00:00:00:c0",
    "1795338640 T77 fd00:50::1f3 * 00:03:00:01:02:00:00:00:00:c0",
    "1795417510 P77 2001:db8:f0::/60 * 00:03:00:01:02:00:00:00:00:c0",
    "0 P4294967295 ::/0 * 00:03",
    "1795417510 P77 2001:db8:f0::/60 fe80::1%eth0 00:03:00:01:02:00:00:00:00:c0",
    "1795338640 * 192.0.2.1 * ff:00",
};

static void lease_of(const struct lease_line *line, struct lease *lease, char *name)
{
    *lease = (struct lease){
        .address = line->address,
        .prefix_length = line->prefix_length,
        .kind = (uint8_t)line->lease_kind,
        .hardware = line->hardware,
        .client_id = (uint8_t *)line->client_id,
        .client_id_count = (uint16_t)line->client_id_count,
        .iaid = line->iaid,
        .expires_wall = line->expires,
    };
    struct text_out out = text_out_on(name, 2048);
    text_put(&out, line->name);
    char **at = line->lease_kind == LEASE_IP6_PD ? &lease->next_hop : &lease->name;
    *at = line->name.count > 0 ? name : NULL;
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(round_trips); i++) {
        struct lease_line line;
        struct lease lease;
        char name[2048];
        char text[LEASE_LINE_MAX];
        struct text_out out = text_out_on(text, sizeof(text));
        if (lease_line_read(text_of(round_trips[i]), &line) != STATUS_OK)
            fail_msg("not read: %s", round_trips[i]);
        lease_of(&line, &lease, name);
        text_put_lease_line(&out, &lease);
        text[out.count - 1] = '\0'; /* the newline */
        assert_string_equal(text, round_trips[i]);
    }
}

/* What belongs to a lease stands behind its line, and only when there is any. */
static void test_lines_of_one_lease(void **state)
{
    (void)state;
    struct lease lease = { .address = address_ip4(192, 0, 2, 1), .kind = LEASE_IP4 };
    char text[LEASE_LINES_MAX];
    const struct {
        const char *agent_info, *vendor_class, *lines;
    } origins[] = {
        { "", "", "0 * 192.0.2.1 * *\n" },
        { "\1\2", "", "0 * 192.0.2.1 * *\nagent-info 192.0.2.1 01:02\n" },
        { "", "A", "0 * 192.0.2.1 * *\nvendorclass 192.0.2.1 41\n" },
        { "\1", "AB", "0 * 192.0.2.1 * *\nagent-info 192.0.2.1 01\nvendorclass 192.0.2.1 41:42\n" },
    };
    for (size_t i = 0; i < COUNT_OF(origins); i++) {
        struct text_out out = text_out_on(text, sizeof(text));
        assert_int_equal(lease_table_set_origin(&lease, text_bytes(text_of(origins[i].agent_info)),
                                                text_bytes(text_of(origins[i].vendor_class))),
                         STATUS_OK);
        text_put_lease_lines(&out, &lease);
        assert_string_equal(text, origins[i].lines);
    }
    assert_int_equal(lease_table_set_origin(&lease, BYTES_NONE, BYTES_NONE), STATUS_OK);
    assert_null(lease.origin);
}

/* The longest lease there can be is a page's worth at most. */
static void test_longest_lines(void **state)
{
    (void)state;
    static char name[256];
    static uint8_t id[255];
    memset(name, 'n', sizeof(name) - 1);
    struct lease lease = { .address = address_ip4(255, 255, 255, 255),
                           .kind = LEASE_IP4,
                           .hardware = { 255, HARDWARE_MAX, { 0 } },
                           .expires_wall = INT64_MAX,
                           .name = name,
                           .client_id = id,
                           .client_id_count = sizeof(id) };
    char text[LEASE_LINES_MAX];
    struct text_out out = text_out_on(text, sizeof(text));
    struct bytes longest = bytes_of(id, sizeof(id));
    assert_int_equal(lease_table_set_origin(&lease, longest, longest), STATUS_OK);
    text_put_lease_lines(&out, &lease);
    assert_false(out.failed);
    assert_int_equal(lease_table_set_origin(&lease, BYTES_NONE, BYTES_NONE), STATUS_OK);
}

static void test_foreign_lines(void **state)
{
    static const struct {
        const char *line;
        bool foreign;
    } lines[] = {
        { "agent-info 192.0.2.1 01:02", true },
        { "later-word 192.0.2.1 what ever", true },
        { "word 01:02:03", true },
        { "word fd00::1", true },
        { "what is this", false },
        { "duid 00:01", false },
        { "1795372375 192.0.2.1", false },
        { "Word 192.0.2.1", false },
        { "word 192.0.2.1 \x01", false },
        { "word", false },
        { "", false },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (lease_line_is_foreign(text_of(lines[i].line)) != lines[i].foreign)
            fail_msg("%s", lines[i].line);
    }
}

static const struct {
    const char *name;
    const char *line;
    enum status status;
    enum lease_line_kind kind;
} rows[] = {
    { "nothing", "", STATUS_OK, LEASE_LINE_EMPTY },
    { "blanks", "    ", STATUS_OK, LEASE_LINE_EMPTY },
    { "agent-info", "agent-info 192.0.2.1 01:02", STATUS_OK, LEASE_LINE_AGENT_INFO },
    { "agent-info of nothing", "agent-info 192.0.2.1", STATUS_MALFORMED, LEASE_LINE_EMPTY },
    { "agent-info and more", "agent-info 192.0.2.1 01 02", STATUS_MALFORMED, LEASE_LINE_EMPTY },
    { "agent-info of nobody", "agent-info one 01", STATUS_MALFORMED, LEASE_LINE_EMPTY },
    { "vendorclass", "vendorclass 192.0.2.1 41", STATUS_OK, LEASE_LINE_VENDOR_CLASS },
    { "blanks", "   ", STATUS_OK, LEASE_LINE_EMPTY },
    { "duid", "duid 00:01:00:01:32:95", STATUS_OK, LEASE_LINE_DUID },
    { "duid of nothing", "duid", STATUS_MALFORMED, 0 },
    { "duid *", "duid *", STATUS_MALFORMED, 0 },
    { "duid and more", "duid 00:01 x", STATUS_MALFORMED, 0 },
    { "field missing", "1 02:00:00:00:00:01 192.0.2.1 a", STATUS_MALFORMED, 0 },
    { "field too many", "1 02:00:00:00:00:01 192.0.2.1 a * x", STATUS_MALFORMED, 0 },
    { "no number", "x 02:00:00:00:00:01 192.0.2.1 a *", STATUS_MALFORMED, 0 },
    { "negative", "-1 02:00:00:00:00:01 192.0.2.1 a *", STATUS_MALFORMED, 0 },
    { "number past 63 bits", "9223372036854775808 02:00:00:00:00:01 192.0.2.1 a *",
      STATUS_MALFORMED, 0 },
    { "no MAC", "1 zz 192.0.2.1 a *", STATUS_MALFORMED, 0 },
    { "MAC too long", "1 1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:10:11 192.0.2.1 a *", STATUS_MALFORMED, 0 },
    { "no address", "1 02:00:00:00:00:01 192.0.2.256 a *", STATUS_MALFORMED, 0 },
    { "no id", "1 02:00:00:00:00:01 192.0.2.1 a xx", STATUS_MALFORMED, 0 },
    { "MAC before IPv6", "1 02:00:00:00:00:01 2001:db8::1 a *", STATUS_MALFORMED, 0 },
    { "IAID too big", "1 4294967296 2001:db8::1 a *", STATUS_MALFORMED, 0 },
    { "control character", "1 02:00:00:00:00:01 192.0.2.1 a\x1b[2J *", STATUS_MALFORMED, 0 },
};

static void test_rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct lease_line line;
        enum status status = lease_line_read(text_of(rows[i].line), &line);
        if (status != rows[i].status)
            fail_msg("%s: %s", rows[i].name, status_text(status));
        if (status == STATUS_OK && line.kind != rows[i].kind)
            fail_msg("%s: kind %d", rows[i].name, (int)line.kind);
    }
}

static void test_long_client_ids(void **state)
{
    (void)state;
    for (size_t count = 1; count <= 300; count++) {
        char text[LEASE_LINE_MAX];
        struct lease_line line;
        struct text_out out = text_out_on(text, sizeof(text));
        text_put_string(&out, "1 02:00:00:00:00:01 192.0.2.1 * ");
        for (size_t i = 0; i < count; i++)
            text_put_string(&out, i > 0 ? ":ab" : "ab");
        enum status wanted = count <= LEASE_CLIENT_ID_MAX ? STATUS_OK : STATUS_MALFORMED;
        assert_int_equal(lease_line_read(text_out_text(&out), &line), wanted);
        if (wanted == STATUS_OK)
            assert_int_equal(line.client_id_count, count);
    }
}

static void test_names_cannot_break_the_line(void **state)
{
    (void)state;
    struct lease lease = { .address = address_ip4(192, 0, 2, 1),
                           .expires_wall = 5,
                           .name = (char *)"a b\nc\xff" };
    char text[LEASE_LINE_MAX];
    struct text_out out = text_out_on(text, sizeof(text));
    text_put_lease_line(&out, &lease);
    assert_string_equal(text, "5 * 192.0.2.1 a\\040b\\012c\\377 *\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_lines_of_one_lease),
        cmocka_unit_test(test_longest_lines),
        cmocka_unit_test(test_foreign_lines),
        cmocka_unit_test(test_rows),
        cmocka_unit_test(test_long_client_ids),
        cmocka_unit_test(test_names_cannot_break_the_line),
    };
    return cmocka_run_group_tests_name("lease_lines", tests, NULL, NULL);
}

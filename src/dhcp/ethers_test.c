#include "dhcp/ethers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *claim;
    const char *text;
    bool found;
    enum ethers_kind kind;
    unsigned number;
    const char *hardware;
    const char *address, *name;
    uint32_t wildcards;
} rows[] = {
    { "an address", "02:00:00:00:00:01 192.0.2.1", true, ETHERS_HOST, 1, "02:00:00:00:00:01",
      "192.0.2.1", NULL, 0 },
    { "a name", "02:00:00:00:00:01\tprinter\n", true, ETHERS_HOST, 1, "02:00:00:00:00:01", NULL,
      "printer", 0 },
    { "short bytes", "2:0:0:0:0:a x", true, ETHERS_HOST, 1, "02:00:00:00:00:0a", NULL, "x", 0 },
    { "dashes", "02-00-00-00-00-01 x", true, ETHERS_HOST, 1, "02:00:00:00:00:01", NULL, "x", 0 },
    { "wildcards", "02:*:00:00:00:* x", true, ETHERS_HOST, 1, "02:00:00:00:00:00", NULL, "x", 34 },
    { "comments and blank lines count", "# a\n\n  02:00:00:00:00:01 x # tail\r\n", true,
      ETHERS_HOST, 3, "02:00:00:00:00:01", NULL, "x", 0 },
    { "nothing", "", false, ETHERS_HOST, 0, NULL, NULL, NULL, 0 },
    { "only a comment", "# x", false, ETHERS_HOST, 0, NULL, NULL, NULL, 0 },
    { "no hardware address", "printer 192.0.2.1", true, ETHERS_BAD_LINE, 1, NULL, NULL, NULL, 0 },
    { "bad hex", "zz:00:00:00:00:01 x", true, ETHERS_BAD_LINE, 1, NULL, NULL, NULL, 0 },
    { "three digits", "002:00:00:00:00:01 x", true, ETHERS_BAD_LINE, 1, NULL, NULL, NULL, 0 },
    { "an empty byte", "02::00:00:00:01 x", true, ETHERS_BAD_LINE, 1, NULL, NULL, NULL, 0 },
    { "seventeen bytes", "1:2:3:4:5:6:7:8:9:a:b:c:d:e:f:0:1 x", true, ETHERS_BAD_LINE, 1, NULL,
      NULL, NULL, 0 },
    { "hardware alone", "02:00:00:00:00:01", true, ETHERS_BAD_LINE, 1, NULL, NULL, NULL, 0 },
    { "two names", "02:00:00:00:00:01 one two", true, ETHERS_BAD_NAME, 1, NULL, NULL, NULL, 0 },
    { "IPv6", "02:00:00:00:00:01 fe80::1", true, ETHERS_BAD_NAME, 1, NULL, NULL, NULL, 0 },
    { "a bad name", "02:00:00:00:00:01 -x", true, ETHERS_BAD_NAME, 1, NULL, NULL, NULL, 0 },
};

static void test_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct text rest = text_of(rows[i].text);
        struct ethers_line line = { 0 };
        char text[DNAME_TEXT_MAX];
        struct text_out out = text_out_on(text, sizeof(text));
        if (ethers_next(&rest, &line) != rows[i].found)
            fail_msg("%s: %s", rows[i].claim, rows[i].found ? "not found" : "found");
        if (!rows[i].found)
            continue;
        if (line.kind != rows[i].kind || line.number != rows[i].number)
            fail_msg("%s: kind %d, line %u", rows[i].claim, (int)line.kind, line.number);
        if (line.kind != ETHERS_HOST)
            continue;
        text_put_hardware(&out, &line.hardware.hardware);
        if (strcmp(text, rows[i].hardware) != 0 || line.hardware.wildcards != rows[i].wildcards)
            fail_msg("%s: %s, wildcards %u", rows[i].claim, text, line.hardware.wildcards);
        if (rows[i].address != NULL
            && strcmp(address_text(&line.address, text), rows[i].address) != 0)
            fail_msg("%s: address %s", rows[i].claim, text);
        if (rows[i].name != NULL && strcmp(dname_text(&line.name, text), rows[i].name) != 0)
            fail_msg("%s: name %s", rows[i].claim, text);
    }
}

static void test_goes_on(void **state)
{
    (void)state;
    struct text rest = TEXT("bad\n02:00:00:00:00:01 a\n\n02:00:00:00:00:02 b");
    struct ethers_line line = { 0 };
    assert_true(ethers_next(&rest, &line));
    assert_int_equal(line.kind, ETHERS_BAD_LINE);
    assert_true(ethers_next(&rest, &line));
    assert_int_equal(line.number, 2);
    assert_true(ethers_next(&rest, &line));
    assert_int_equal(line.number, 4);
    assert_false(ethers_next(&rest, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_goes_on),
    };
    return cmocka_run_group_tests_name("ethers", tests, NULL, NULL);
}

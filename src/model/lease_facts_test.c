#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "model/lease_facts.h"

static struct bytes word(const char *text)
{
    return text_bytes(text_of(text));
}

static void facts_come_back_in_order(void **state)
{
    (void)state;
    uint8_t buffer[LEASE_FACTS_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    enum lease_fact fact;
    struct bytes value;

    lease_facts_put(&writer, LEASE_FACT_VENDOR_CLASS, word("udhcp"));
    lease_facts_put(&writer, LEASE_FACT_USER_CLASS, BYTES_NONE);
    lease_facts_put(&writer, LEASE_FACT_USER_CLASS, word("iPXE"));
    struct bytes_reader reader = bytes_reader_on(bytes_writer_written(&writer));
    assert_true(lease_facts_next(&reader, &fact, &value));
    assert_int_equal(fact, LEASE_FACT_VENDOR_CLASS);
    assert_true(bytes_equal(value, word("udhcp")));
    assert_true(lease_facts_next(&reader, &fact, &value));
    assert_int_equal(fact, LEASE_FACT_USER_CLASS);
    assert_int_equal(value.count, 0);
    assert_true(lease_facts_next(&reader, &fact, &value));
    assert_true(bytes_equal(value, word("iPXE")));
    assert_false(lease_facts_next(&reader, &fact, &value));
    assert_false(reader.failed);
}

static void what_is_too_much_is_cut_or_left_out(void **state)
{
    (void)state;
    static uint8_t big[LEASE_FACT_VALUE_MAX + 9];
    uint8_t buffer[LEASE_FACT_VALUE_MAX + 8];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    enum lease_fact fact;
    struct bytes value;

    lease_facts_put(&writer, LEASE_FACT_TAGS, bytes_of(big, sizeof(big)));
    lease_facts_put(&writer, LEASE_FACT_TAGS, bytes_of(big, 3));
    assert_false(writer.failed);
    lease_facts_put(&writer, LEASE_FACT_TAGS, bytes_of(big, 2));
    struct bytes_reader reader = bytes_reader_on(bytes_writer_written(&writer));
    assert_true(lease_facts_next(&reader, &fact, &value));
    assert_int_equal(value.count, LEASE_FACT_VALUE_MAX);
    assert_true(lease_facts_next(&reader, &fact, &value));
    assert_int_equal(value.count, 2);
    assert_false(lease_facts_next(&reader, &fact, &value));
}

static void bytes_that_are_no_list(void **state)
{
    (void)state;
    static const struct {
        const char *claim, *bytes;
        size_t count;
    } rows[] = {
        { "no such fact", "\x63\0\0", 3 },
        { "fact zero", "\0\0\0", 3 },
        { "only a head", "\1\0", 2 },
        { "longer than it is", "\1\0\5abc", 6 },
        { "longer than allowed", "\1\x08\0abc", 6 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct bytes_reader reader = bytes_reader_on(bytes_of(rows[i].bytes, rows[i].count));
        enum lease_fact fact;
        struct bytes value;
        if (lease_facts_next(&reader, &fact, &value) || !reader.failed)
            fail_msg("%s: taken for a list", rows[i].claim);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(facts_come_back_in_order),
        cmocka_unit_test(what_is_too_much_is_cut_or_left_out),
        cmocka_unit_test(bytes_that_are_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "model/local_names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct siphash_key key = { 1, 2 };

static struct local_names *make_names(void)
{
    struct local_names *names = NULL;
    assert_int_equal(local_names_create(&key, &names), STATUS_OK);
    return names;
}

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static struct address address_of(const char *text)
{
    struct address address;
    assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

static void add(struct local_names *names, const char *owner, uint16_t type, const char *rdata)
{
    struct dname name = name_of(owner);
    struct local_record record = { .type = type,
                                   .source = LOCAL_CONFIG,
                                   .source_name = "config",
                                   .rdata = bytes_of(rdata, strlen(rdata)) };
    assert_int_equal(local_names_add(names, &name, &record), STATUS_OK);
}

static void add_address(struct local_names *names, const char *owner, const char *address,
                        bool reverse)
{
    struct dname name = name_of(owner);
    struct address value = address_of(address);
    assert_int_equal(
        local_names_add_address(names, &name, &value, LOCAL_HOSTS, "/etc/hosts", reverse),
        STATUS_OK);
}

static const struct local_name *find(const struct local_names *names, const char *owner)
{
    struct dname name = name_of(owner);
    return local_names_find(names, &name, dname_hash(&key, &name));
}

/* What a PTR of this owner points at, "" when there is none. */
static const char *pointer_of(const struct local_names *names, const char *owner)
{
    static char text[DNAME_TEXT_MAX];
    const struct local_name *found = find(names, owner);
    for (size_t i = 0; found != NULL && i < found->count; i++) {
        struct dname target;
        if (found->records[i].type == RRTYPE_PTR
            && dname_from_wire(found->records[i].rdata, &target) == STATUS_OK)
            return dname_text(&target, text);
    }
    return "";
}

static void test_empty(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_null(find(names, "a.test"));
    assert_null(find(names, "."));
    assert_int_equal(local_names_count(names), 0);
    local_names_free(names);

    names = make_names();
    local_names_free(names); /* never frozen */
    local_names_free(NULL);
}

static void test_records_in_order_and_once(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    add(names, "a.test", RRTYPE_TXT, "two");
    add(names, "a.test", RRTYPE_TXT, "one");
    add(names, "A.TEST", RRTYPE_TXT, "two"); /* again */
    add(names, "a.test", RRTYPE_CAA, "two");
    add(names, "a.test", RRTYPE_TXT, "");
    add(names, "b.test", RRTYPE_TXT, "two");
    assert_int_equal(local_names_freeze(names), STATUS_OK);

    const struct local_name *found = find(names, "a.TEST");
    assert_non_null(found);
    struct dname owner = name_of("a.test");
    assert_true(dname_equal_exact(&found->name, &owner));
    static const struct {
        uint16_t type;
        const char *rdata;
    } expected[] = {
        { RRTYPE_TXT, "two" }, { RRTYPE_TXT, "one" }, { RRTYPE_CAA, "two" }, { RRTYPE_TXT, "" }
    };
    assert_int_equal(found->count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_int_equal(found->records[i].type, expected[i].type);
        assert_int_equal(found->records[i].source, LOCAL_CONFIG);
        assert_string_equal(found->records[i].source_name, "config");
        assert_true(bytes_equal(found->records[i].rdata, text_bytes(text_of(expected[i].rdata))));
    }
    assert_int_equal(find(names, "b.test")->count, 1);
    assert_null(find(names, "test"));
    assert_null(find(names, "x.a.test"));
    assert_int_equal(local_names_count(names), 2);
    local_names_free(names);
}

static void test_ttl_of_the_first_stays(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    struct dname name = name_of("a.test");
    struct local_record record = { .type = RRTYPE_A,
                                   .has_ttl = true,
                                   .ttl = 7,
                                   .source_name = "config",
                                   .rdata = bytes_of("abcd", 4) };
    assert_int_equal(local_names_add(names, &name, &record), STATUS_OK);
    record.ttl = 9;
    assert_int_equal(local_names_add(names, &name, &record), STATUS_OK);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_int_equal(find(names, "a.test")->count, 1);
    assert_true(find(names, "a.test")->records[0].has_ttl);
    assert_int_equal(find(names, "a.test")->records[0].ttl, 7);
    local_names_free(names);
}

static void test_pointers(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    add_address(names, "late.test", "192.0.2.1", false);
    add_address(names, "first.test", "192.0.2.1", true);
    add_address(names, "second.test", "192.0.2.1", true);
    add_address(names, "six.test", "2001:db8::1", true);
    add_address(names, "quiet.test", "192.0.2.2", false);
    struct dname given = name_of("given.test");
    struct dname owner = name_of("3.2.0.192.in-addr.arpa");
    struct local_record record = { .type = RRTYPE_PTR,
                                   .source_name = "config",
                                   .rdata = dname_bytes(&given) };
    assert_int_equal(local_names_add(names, &owner, &record), STATUS_OK);
    add_address(names, "third.test", "192.0.2.3", true);
    assert_int_equal(local_names_freeze(names), STATUS_OK);

    static const struct {
        const char *owner, *target;
    } rows[] = {
        { "1.2.0.192.in-addr.arpa", "first.test" },
        { "2.2.0.192.in-addr.arpa", "" },
        { "3.2.0.192.in-addr.arpa", "given.test" },
        { "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa", "six.test" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (strcmp(pointer_of(names, rows[i].owner), rows[i].target) != 0)
            fail_msg("%s: %s", rows[i].owner, pointer_of(names, rows[i].owner));
        const struct local_name *found = find(names, rows[i].owner);
        if (found != NULL && found->count != 1)
            fail_msg("%s: %u pointers", rows[i].owner, found->count);
    }
    const struct local_name *six = find(names, "six.test");
    struct address address = address_of("2001:db8::1");
    assert_int_equal(six->records[0].type, RRTYPE_AAAA);
    assert_int_equal(six->records[0].source, LOCAL_HOSTS);
    assert_true(bytes_equal(six->records[0].rdata, address_bytes(&address)));
    local_names_free(names);
}

static void test_kept_strings(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    char path[] = "/etc/hosts";
    const char *kept = local_names_keep(names, path);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    path[0] = 'x';
    assert_string_equal(kept, "/etc/hosts");
    local_names_free(names);
}

/* More records of one name than are compared one by one, and many names. */
static void test_many(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    char text[32];
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned i = 0; i < 5000; i++) {
            snprintf(text, sizeof text, "10.1.%u.%u", i / 256, i % 256);
            add_address(names, "crowded.test", text, false);
            snprintf(text, sizeof text, "n%u.test", i);
            add_address(names, text, "192.0.2.1", false);
        }
    }
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_int_equal(local_names_count(names), 5001);
    const struct local_name *crowded = find(names, "crowded.test");
    assert_int_equal(crowded->count, 5000);
    for (unsigned i = 0; i < 5000; i++) {
        assert_int_equal(crowded->records[i].rdata.at[2], i / 256);
        assert_int_equal(crowded->records[i].rdata.at[3], i % 256);
        snprintf(text, sizeof text, "N%u.test", i);
        assert_non_null(find(names, text));
        assert_int_equal(find(names, text)->count, 1);
    }
    for (unsigned i = 5000; i < 6000; i++) {
        snprintf(text, sizeof text, "n%u.test", i);
        assert_null(find(names, text));
    }
    local_names_free(names);
}

/* ------------------------------------------------------------------ parts */

static struct local_names *join(struct local_names **parts, size_t count)
{
    struct local_names *whole = NULL;
    assert_int_equal(local_names_join(&key, parts, count, &whole), STATUS_OK);
    for (size_t i = 0; i < count; i++)
        local_names_free(parts[i]); /* the whole holds them */
    return whole;
}

static void test_parts_are_one(void **state)
{
    (void)state;
    struct local_names *parts[3] = { make_names(), make_names(), make_names() };
    struct dname given = name_of("given.test");
    struct dname owner = name_of("9.2.0.192.in-addr.arpa");
    struct local_record record = { .type = RRTYPE_PTR,
                                   .source = LOCAL_CONFIG,
                                   .source_name = "config",
                                   .rdata = dname_bytes(&given) };
    assert_int_equal(local_names_add(parts[0], &owner, &record), STATUS_OK);
    add(parts[0], "only.test", RRTYPE_TXT, "config");
    add(parts[0], "both.test", RRTYPE_TXT, "config");
    add_address(parts[1], "both.test", "192.0.2.1", true);
    add_address(parts[1], "ten.test", "192.0.2.10", true);
    add_address(parts[2], "BOTH.test", "192.0.2.1", true);
    add_address(parts[2], "both.test", "192.0.2.2", true);
    add_address(parts[2], "nine.test", "192.0.2.9", true);
    add_address(parts[2], "late.test", "192.0.2.10", true);
    for (size_t i = 0; i < 3; i++)
        local_names_freeze_part(parts[i]);
    struct local_names *whole = join(parts, 3);

    assert_int_equal(find(whole, "only.test")->count, 1);
    const struct local_name *both = find(whole, "both.test");
    assert_int_equal(both->count, 3);
    assert_int_equal(both->records[0].type, RRTYPE_TXT);
    assert_int_equal(both->records[1].rdata.at[3], 1);
    assert_int_equal(both->records[2].rdata.at[3], 2);
    assert_string_equal(pointer_of(whole, "9.2.0.192.in-addr.arpa"), "given.test");
    assert_int_equal(find(whole, "9.2.0.192.in-addr.arpa")->count, 1);
    assert_string_equal(pointer_of(whole, "10.2.0.192.in-addr.arpa"), "ten.test");
    assert_int_equal(find(whole, "10.2.0.192.in-addr.arpa")->count, 1);
    assert_int_equal(find(whole, "nine.test")->count, 1);
    assert_null(find(whole, "none.test"));
    assert_int_equal(local_names_count(whole), 9);
    local_names_free(whole);
}

static void test_names_above(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        bool above;
    } rows[] = {
        { "b.example", true },    { "EXAMPLE", true }, { "a.b.example", false },
        { "x.b.example", false }, { "single", false }, { "2.0.192.in-addr.arpa", false },
        { ".", false },
    };
    struct local_names *parts[] = { make_names() };
    add_address(parts[0], "a.b.example", "192.0.2.1", true);
    add_address(parts[0], "single", "192.0.2.1", true);
    for (unsigned i = 0; i < 100; i++) {
        char text[32];
        snprintf(text, sizeof text, "n.m%u.example", i);
        add_address(parts[0], text, "192.0.2.1", true);
    }
    local_names_freeze_part(parts[0]);
    struct local_names *whole = join(parts, 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dname name = name_of(rows[i].name);
        if (local_names_has_below(whole, dname_hash(&key, &name)) != rows[i].above)
            fail_msg("%s", rows[i].name);
    }
    struct dname last = name_of("m99.example");
    assert_true(local_names_has_below(whole, dname_hash(&key, &last)));
    local_names_free(whole);
}

static void test_no_parts(void **state)
{
    (void)state;
    struct local_names *parts[1] = { make_names() };
    local_names_freeze_part(parts[0]);
    struct local_names *whole = join(parts, 1);
    assert_int_equal(local_names_count(whole), 0);
    assert_null(find(whole, "a.test"));
    local_names_free(whole);
    whole = join(parts, 0);
    assert_null(find(whole, "a.test"));
    local_names_free(whole);
}

/* Names with more records than are compared one by one, in several parts; a part is not changed by
 * what it is joined with. */
static void test_crowded_parts(void **state)
{
    (void)state;
    enum { PARTS = 3, MANY = 700 };
    static const struct {
        unsigned first, end;
    } ranges[PARTS] = { { 0, 500 }, { 100, 600 }, { 0, MANY } };
    struct local_names *parts[PARTS];
    for (unsigned part = 0; part < PARTS; part++) {
        parts[part] = make_names();
        for (unsigned i = ranges[part].first; i < ranges[part].end; i++) {
            char text[32];
            snprintf(text, sizeof text, "10.1.%u.%u", i / 256, i % 256);
            add_address(parts[part], "crowded.test", text, true);
        }
        local_names_freeze_part(parts[part]);
    }
    for (unsigned count = PARTS; count >= 1; count--) {
        struct local_names *whole = NULL;
        assert_int_equal(local_names_join(&key, parts, count, &whole), STATUS_OK);
        const struct local_name *crowded = find(whole, "crowded.test");
        unsigned expected = count == 3 ? MANY : count == 2 ? 600 : 500;
        assert_int_equal(crowded->count, expected);
        for (unsigned i = 0; i < expected; i++) {
            assert_int_equal(crowded->records[i].rdata.at[2], i / 256);
            assert_int_equal(crowded->records[i].rdata.at[3], i % 256);
        }
        assert_int_equal(local_names_count(whole), expected + 1);
        local_names_free(whole);
    }
    for (unsigned part = 0; part < PARTS; part++)
        local_names_free(parts[part]);
}

/* Many files, and the same names in all of them. */
static void test_many_parts(void **state)
{
    (void)state;
    enum { PARTS = 300 };
    struct local_names *parts[PARTS];
    char text[32];
    for (unsigned part = 0; part < PARTS; part++) {
        parts[part] = make_names();
        add_address(parts[part], "everywhere.test", "0.0.0.0", true);
        snprintf(text, sizeof text, "p%u.test", part);
        add_address(parts[part], text, "0.0.0.0", true);
        local_names_freeze_part(parts[part]);
    }
    struct local_names *whole = join(parts, PARTS);
    assert_int_equal(find(whole, "everywhere.test")->count, 1);
    for (unsigned part = 0; part < PARTS; part++) {
        snprintf(text, sizeof text, "P%u.test", part);
        assert_non_null(find(whole, text));
    }
    assert_int_equal(local_names_count(whole), PARTS + 2);
    local_names_free(whole);
}

static void test_expected(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    assert_int_equal(local_names_expect(names, 10000), STATUS_OK);
    add_address(names, "a.test", "192.0.2.1", true);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_non_null(find(names, "a.test"));
    local_names_free(names);
}

/* The PTR has the letters of the line that gives it, whatever the name was called before. */
static void test_pointer_keeps_case(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    add_address(names, "host.test", "192.0.2.1", true);
    add_address(names, "HOST.test", "192.0.2.2", true);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_string_equal(pointer_of(names, "1.2.0.192.in-addr.arpa"), "host.test");
    assert_string_equal(pointer_of(names, "2.2.0.192.in-addr.arpa"), "HOST.test");
    local_names_free(names);
}

/* A found struct may be copied whole although only its own bytes are kept. */
static void test_copied_whole(void **state)
{
    (void)state;
    struct local_names *names = make_names();
    add(names, "a", RRTYPE_TXT, "x");
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    struct local_name copy = *find(names, "a");
    struct dname expected = name_of("a");
    assert_true(dname_equal(&copy.name, &expected));
    local_names_free(names);
}

static void test_walk(void **state)
{
    (void)state;
    enum { COUNT = 1000 };
    struct local_names *names = make_names();
    bool seen[COUNT] = { false };
    size_t place = 0;
    for (unsigned i = 0; i < COUNT; i++) {
        char name[32];
        snprintf(name, sizeof name, "n%u.test", i);
        add_address(names, name, "192.0.2.1", false);
    }
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    for (const struct local_name *name; (name = local_names_walk(names, &place)) != NULL;) {
        char text[DNAME_TEXT_MAX];
        unsigned number = COUNT;
        assert_int_equal(sscanf(dname_text(&name->name, text), "n%u.test", &number), 1);
        assert_true(number < COUNT && !seen[number]);
        seen[number] = true;
    }
    for (unsigned i = 0; i < COUNT; i++)
        assert_true(seen[i]);
    assert_null(local_names_walk(names, &place));
    local_names_free(names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_walk),
        cmocka_unit_test(test_records_in_order_and_once),
        cmocka_unit_test(test_ttl_of_the_first_stays),
        cmocka_unit_test(test_pointers),
        cmocka_unit_test(test_kept_strings),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_copied_whole),
        cmocka_unit_test(test_parts_are_one),
        cmocka_unit_test(test_names_above),
        cmocka_unit_test(test_no_parts),
        cmocka_unit_test(test_crowded_parts),
        cmocka_unit_test(test_many_parts),
        cmocka_unit_test(test_expected),
        cmocka_unit_test(test_pointer_keeps_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

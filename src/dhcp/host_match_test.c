#include "dhcp/host_match.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Lines of the configuration under test; 192.0.2.x is served, anything else is another network. */
static struct dhcp_hardware_pattern patterns[] = {
    { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 1 } } },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 2 } } },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 0 } }, .wildcards = 1 << 5 },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 0 } }, .wildcards = 3 << 4 },
    { .hardware = { 6, 6, { 2, 0, 0, 0, 0, 1 } } },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 9 } } },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 0, 8 } } },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 1, 5 } }, .any_type = true },
    { .hardware = { 1, 6, { 2, 0, 0, 0, 1, 0 } }, .any_type = true, .wildcards = 1 << 5 },
};
static struct tag_condition is_red = { .tag = 0 };
static struct dhcp_host hosts[] = {
    [0] = { .hardware = &patterns[0],
            .hardware_count = 1,
            .address = { ADDRESS_IP4, { 192, 0, 2, 10 } } },
    [1] = { .hardware = &patterns[0],
            .hardware_count = 1,
            .address = { ADDRESS_IP4, { 192, 0, 2, 11 } } },
    [2] = { .client_id = { (const uint8_t *)"id2", 3 } },
    [3] = { .hardware = &patterns[3], .hardware_count = 1 },
    [4] = { .hardware = &patterns[2], .hardware_count = 1 },
    [5] = { .name = { 6, "\4name" } },
    [6] = { .hardware = &patterns[1], .hardware_count = 1, .conditions = { &is_red, 1, 1 } },
    [7] = { .client_id = { (const uint8_t *)"id7", 3 } },
    [8] = { .hardware = &patterns[4], .hardware_count = 1 },
    [9] = { .hardware = &patterns[5],
            .hardware_count = 1,
            .address = { ADDRESS_IP4, { 10, 0, 0, 9 } } },
    [10] = { .hardware = &patterns[6], .hardware_count = 1, .client_id_any = true },
    [11] = { .name = { 9, "\7printer" } },
};

static const struct {
    const char *name;
    uint8_t mac;
    uint16_t type;
    const char *id, *said;
    bool red;
    int host; /* index; -1: none */
    bool elsewhere;
} rows[] = {
    { "of two equal lines the last", 1, 1, NULL, NULL, false, 1, false },
    { "the id before the hardware", 1, 1, "id2", NULL, false, 2, false },
    { "an id with a type byte of zero", 1, 1, "", NULL, false, 2, false },
    { "one wildcard before two", 77, 1, NULL, NULL, false, 4, false },
    { "the hardware before wildcards", 8, 1, NULL, NULL, false, 10, false },
    { "the hardware type counts", 1, 6, NULL, NULL, false, 8, false },
    { "hardware before the name", 1, 1, NULL, "name", false, 1, false },
    { "a wildcard before the name", 77, 1, NULL, "NAME", false, 4, false },
    { "the name alone", 77, 7, NULL, "NAME", false, 5, false },
    { "a line with conditions before an id without", 2, 1, "id7", NULL, true, 6, false },
    { "its conditions do not hold", 2, 1, "id7", NULL, false, 7, false },
    { "for another network: the wildcard", 9, 1, NULL, NULL, false, 4, false },
    { "nobody", 77, 7, NULL, NULL, false, -1, false },
};

static bool is_served(void *context, const struct address *address)
{
    (void)context;
    return address->bytes[0] == 192;
}

static void ask(const struct host_match *match, uint8_t mac, uint16_t type, struct bytes id,
                const char *said, bool red, struct host_found *found)
{
    static const char *names[] = { "red" };
    struct tag_names tag_names = { .names = names, .count = 1 };
    struct client_id client = { { type, 6, { 2, 0, 0, 0, 0, mac } }, id };
    struct dname name = { 0 };
    struct tag_set tags;
    tag_set_init(&tags);
    if (red)
        tag_set_add(&tags, 0);
    if (said != NULL)
        assert_int_equal(dname_from_text(text_of(said), &name), STATUS_OK);
    struct host_question question = { &client,   said != NULL ? &name : NULL,
                                      &tags,     &tag_names,
                                      is_served, NULL };
    host_match_find(match, &question, found);
}

static struct host_match *match_of(size_t host_count)
{
    static const struct siphash_key key = { 1, 2 };
    static struct dhcp_config config;
    struct host_match *match;
    config.hosts = hosts;
    config.host_count = host_count;
    assert_int_equal(host_match_create(&key, &config, &match), STATUS_OK);
    return match;
}

static void test_precedence(void **state)
{
    (void)state;
    struct host_match *match = match_of(COUNT_OF(hosts));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct host_found found;
        struct bytes id = text_bytes(text_of(rows[i].id));
        if (rows[i].id != NULL && id.count == 0)
            id = bytes_of("\0id2", 4);
        ask(match, rows[i].mac, rows[i].type, id, rows[i].said, rows[i].red, &found);
        int host = found.host != NULL ? (int)(found.host - hosts) : -1;
        if (host != rows[i].host || found.known_elsewhere != rows[i].elsewhere)
            fail_msg("%s: line %d", rows[i].name, host);
        if (found.by_name != (host == 5))
            fail_msg("%s: by name: %d", rows[i].name, found.by_name);
    }
    host_match_free(match);
}

/* A line without a type is for hardware of any type. */
static void test_any_type(void **state)
{
    (void)state;
    const struct hardware ring = { 6, 6, { 2, 0, 0, 0, 1, 5 } };
    const struct hardware other = { 6, 6, { 2, 0, 0, 0, 1, 6 } };
    const struct hardware none = { 6, 6, { 2, 0, 0, 0, 2, 6 } };
    const struct hardware *cards[] = { &ring, &other, &none };
    static const struct siphash_key key = { 1, 2 };
    struct dhcp_host lines[] = {
        { .hardware = &patterns[8], .hardware_count = 1, .client_id_any = true },
        { .hardware = &patterns[7], .hardware_count = 1 },
    };
    struct dhcp_config config = { .hosts = lines, .host_count = COUNT_OF(lines) };
    struct host_match *match;
    assert_int_equal(host_match_create(&key, &config, &match), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(cards); i++) {
        struct client_id client = { *cards[i], BYTES_NONE };
        struct tag_names names = { 0 };
        struct tag_set tags;
        struct host_found found;
        tag_set_init(&tags);
        struct host_question question = { &client, NULL, &tags, &names, is_served, NULL };
        host_match_find(match, &question, &found);
        assert_ptr_equal(found.host, i == 0 ? &lines[1] : i == 1 ? &lines[0] : NULL);
        assert_true(host_match_ignores_id(match, cards[i]) == (i < 2));
    }
    host_match_free(match);
}

static void test_known_elsewhere(void **state)
{
    (void)state;
    struct host_found found;
    struct dhcp_host saved = hosts[0];
    hosts[0] = hosts[9];
    struct host_match *match = match_of(1);
    ask(match, 9, 1, BYTES_NONE, NULL, false, &found);
    assert_null(found.host);
    assert_true(found.known_elsewhere);
    ask(match, 8, 1, BYTES_NONE, NULL, false, &found);
    assert_false(found.known_elsewhere);
    host_match_free(match);
    hosts[0] = saved;
}

static void test_owners(void **state)
{
    (void)state;
    static const struct siphash_key key = { 1, 2 };
    struct host_match *match = match_of(COUNT_OF(hosts));
    struct address address = address_ip4(192, 0, 2, 11), other = address_ip4(192, 0, 2, 99);
    assert_ptr_equal(host_match_owner(match, &address), &hosts[1]);
    assert_null(host_match_owner(match, &other));

    struct local_names *names;
    assert_int_equal(local_names_create(&key, &names), STATUS_OK);
    assert_int_equal(
        local_names_add_address(names, &hosts[11].name, &other, LOCAL_HOSTS, "hosts", true),
        STATUS_OK);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_int_equal(host_match_set_names(match, names), STATUS_OK);
    assert_ptr_equal(host_match_owner(match, &other), &hosts[11]);
    struct host_found found;
    ask(match, 77, 7, BYTES_NONE, "printer", false, &found);
    assert_true(address_equal(&found.address, &other));
    unsigned count = 0;
    for (size_t place = 0; host_match_next_address(match, &place, &address);)
        count++;
    assert_int_equal(count, 4);
    assert_int_equal(host_match_set_names(match, NULL), STATUS_OK);
    assert_null(host_match_owner(match, &other));
    local_names_free(names);
    host_match_free(match);
}

static void test_ignored_ids(void **state)
{
    (void)state;
    struct host_match *match = match_of(COUNT_OF(hosts));
    struct hardware yes = { 1, 6, { 2, 0, 0, 0, 0, 8 } }, no = { 1, 6, { 2, 0, 0, 0, 0, 1 } };
    assert_true(host_match_ignores_id(match, &yes));
    assert_false(host_match_ignores_id(match, &no));
    host_match_free(match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),      cmocka_unit_test(test_any_type),
        cmocka_unit_test(test_known_elsewhere), cmocka_unit_test(test_owners),
        cmocka_unit_test(test_ignored_ids),
    };
    return cmocka_run_group_tests_name("host_match", tests, NULL, NULL);
}

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

/* ------------------------------------------------------------------ DHCPv6 */

#define DUID "\0\3\0\1\2\0\0\0\0\1"
#define IP6(a, b, last)                                                                            \
    {                                                                                              \
        ADDRESS_IP6,                                                                               \
        {                                                                                          \
            a, b, [15] = (last)                                                                    \
        }                                                                                          \
    }

/* fd01:: is served. */
static struct dhcp_host_address6 whole6 = { IP6(0xfd, 1, 5), 128 };
static struct dhcp_host_address6 far6 = { IP6(0xfd, 2, 5), 128 };
static struct dhcp_host_address6 part6 = { IP6(0, 0, 0x77), 128 };
static struct dhcp_host_address6 block6 = { IP6(0xfd, 1, 8), 126 };
static struct dhcp_host_address6 several6[] = { { IP6(0xfd, 2, 5), 128 },
                                                { IP6(0, 0, 0x40), 127 },
                                                { IP6(0xfd, 1, 8), 126 } };
static struct dhcp_host hosts6[] = {
    [0] = { .hardware = &patterns[0],
            .hardware_count = 1,
            .addresses6 = &whole6,
            .address6_count = 1 },
    [1] = { .client_id = { (const uint8_t *)DUID, 10 }, .addresses6 = &part6, .address6_count = 1 },
    [2] = { .client_id = { (const uint8_t *)"far", 3 }, .addresses6 = &far6, .address6_count = 1 },
    [3] = { .client_id = { (const uint8_t *)"four", 4 },
            .address = { ADDRESS_IP4, { 192, 0, 2, 1 } } },
    [4] = { .client_id = { (const uint8_t *)"bare", 4 } },
    [5] = { .name = { 6, "\4name" }, .addresses6 = &block6, .address6_count = 1 },
    [6] = { .hardware = &patterns[1], .hardware_count = 1, .conditions = { &is_red, 1, 1 } },
    [7] = { .name = { 9, "\7printer" } },
};

static bool is_served6(void *context, const struct address *address)
{
    (void)context;
    return address->family == ADDRESS_IP6 && address->bytes[1] == 1;
}

static struct host_match *match6_of(void)
{
    static const struct siphash_key key = { 1, 2 };
    static struct dhcp_config config;
    struct host_match *match;
    config.hosts = hosts6;
    config.host_count = COUNT_OF(hosts6);
    assert_int_equal(host_match_create(&key, &config, &match), STATUS_OK);
    return match;
}

static void ask6(const struct host_match *match, uint8_t mac, struct bytes duid, const char *said,
                 bool red, struct host_found *found)
{
    static const char *names[] = { "red" };
    struct tag_names tag_names = { .names = names, .count = 1 };
    struct client_id client = { { 1, mac != 0 ? 6 : 0, { 2, 0, 0, 0, 0, mac } }, duid };
    struct dname name = { 0 };
    struct tag_set tags;
    tag_set_init(&tags);
    if (red)
        tag_set_add(&tags, 0);
    if (said != NULL)
        assert_int_equal(dname_from_text(text_of(said), &name), STATUS_OK);
    struct host_question question = {
        .client = &client,
        .name = said != NULL ? &name : NULL,
        .tags = &tags,
        .tag_names = &tag_names,
        .is_served = is_served6,
        .ip6 = true,
    };
    host_match_find(match, &question, found);
}

static const struct {
    const char *name;
    uint8_t mac; /* 0: not known */
    const char *id, *said;
    bool red;
    int host;
    bool elsewhere;
} rows6[] = {
    { "by hardware", 1, "x", NULL, false, 0, false },
    { "the DUID before the hardware", 1, NULL, NULL, false, 1, false },
    { "the hardware before the name", 1, "x", "name", false, 0, false },
    { "by name", 0, "x", "NAME", false, 5, false },
    { "conditions go first", 2, NULL, NULL, true, 6, false },
    { "conditions do not hold", 2, NULL, NULL, false, 1, false },
    { "an address of another network", 0, "far", NULL, false, -1, true },
    { "an IPv4 line", 0, "four", NULL, false, -1, true },
    { "a line without addresses", 0, "bare", NULL, false, 4, false },
    { "nobody", 0, "x", NULL, false, -1, false },
};

static void test_precedence6(void **state)
{
    (void)state;
    struct host_match *match = match6_of();
    for (size_t i = 0; i < COUNT_OF(rows6); i++) {
        struct host_found found;
        struct bytes duid =
            rows6[i].id != NULL ? text_bytes(text_of(rows6[i].id)) : bytes_of(DUID, 10);
        ask6(match, rows6[i].mac, duid, rows6[i].said, rows6[i].red, &found);
        int host = found.host != NULL ? (int)(found.host - hosts6) : -1;
        if (host != rows6[i].host || found.known_elsewhere != rows6[i].elsewhere)
            fail_msg("%s: line %d", rows6[i].name, host);
    }
    host_match_free(match);
}

/* The zero before an id is a custom of DHCPv4. */
static void test_no_type_byte6(void **state)
{
    (void)state;
    struct host_match *match = match6_of();
    struct host_found found;
    ask6(match, 0, bytes_of("\0bare", 5), NULL, false, &found);
    assert_null(found.host);
    host_match_free(match);
}

static void test_addresses6(void **state)
{
    (void)state;
    const struct prefix network = { IP6(0xfd, 1, 0), 64 };
    struct dhcp_host host = { .addresses6 = several6, .address6_count = COUNT_OF(several6) };
    char text[256];
    struct text_out out = text_out_on(text, sizeof(text));
    struct address address;
    for (size_t place = 0; host_match_next_address6(&host, &network, &place, &address);) {
        text_put_address(&out, &address);
        text_put_char(&out, ' ');
        assert_true(host_match_has6(&host, &address));
    }
    assert_string_equal(text, "fd01::40 fd01::41 fd01::8 fd01::9 fd01::a fd01::b ");
    address = (struct address)IP6(0xfd, 1, 0x42);
    assert_false(host_match_has6(&host, &address));
    /* A block of more than will ever be given ends. */
    struct dhcp_host_address6 large = { IP6(0xfd, 1, 0), 64 };
    host = (struct dhcp_host){ .addresses6 = &large, .address6_count = 1 };
    size_t count = 0;
    for (size_t place = 0; host_match_next_address6(&host, &network, &place, &address);)
        count++;
    assert_int_equal(count, HOST_BLOCK_MAX);
}

static void test_reserved6(void **state)
{
    (void)state;
    static const struct siphash_key key = { 1, 2 };
    static const struct {
        const char *name;
        struct address address;
        bool reserved;
    } addresses[] = {
        { "an address", IP6(0xfd, 1, 5), true },
        { "the next", IP6(0xfd, 1, 6), false },
        { "in another network", IP6(0xfd, 2, 5), true },
        { "a host part", IP6(0xfd, 1, 0x77), true },
        { "a host part in any network", IP6(0xfe, 0x80, 0x77), true },
        { "the first of a block", IP6(0xfd, 1, 8), true },
        { "the last of a block", IP6(0xfd, 1, 11), true },
        { "behind a block", IP6(0xfd, 1, 12), false },
    };
    struct host_match *match = match6_of();
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        if (host_match_reserves6(match, &addresses[i].address) != addresses[i].reserved)
            fail_msg("%s", addresses[i].name);
    }
    /* A name in a hosts file. */
    struct address other = IP6(0xfd, 1, 99);
    struct local_names *names;
    struct host_found found;
    assert_false(host_match_reserves6(match, &other));
    assert_int_equal(local_names_create(&key, &names), STATUS_OK);
    assert_int_equal(
        local_names_add_address(names, &hosts6[7].name, &other, LOCAL_HOSTS, "hosts", true),
        STATUS_OK);
    assert_int_equal(local_names_freeze(names), STATUS_OK);
    assert_int_equal(host_match_set_names(match, names), STATUS_OK);
    assert_true(host_match_reserves6(match, &other));
    assert_true(host_match_reserves6(match, &whole6.address));
    ask6(match, 0, bytes_of("x", 1), "printer", false, &found);
    assert_ptr_equal(found.host, &hosts6[7]);
    assert_true(address_equal(&found.address, &other));
    local_names_free(names);
    host_match_free(match);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_precedence),      cmocka_unit_test(test_any_type),
        cmocka_unit_test(test_known_elsewhere), cmocka_unit_test(test_owners),
        cmocka_unit_test(test_ignored_ids),     cmocka_unit_test(test_precedence6),
        cmocka_unit_test(test_no_type_byte6),   cmocka_unit_test(test_addresses6),
        cmocka_unit_test(test_reserved6),
    };
    return cmocka_run_group_tests_name("host_match", tests, NULL, NULL);
}

#include "dhcp/lease_names_update.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct siphash_key key = { 1, 2 };
static struct site_domain domains[2];
static struct site site;
static struct lease_table *table;
static struct lease_names *names;
static struct local_names *configured;
static struct event_sink sink;
static char said[512];
static struct lease_namer namer;

static void on_event(void *context, const struct event *event)
{
    (void)context;
    snprintf(said, sizeof(said), "%s", event->text);
}

static void add(const char *name, struct address address)
{
    struct dname dname;
    assert_int_equal(dname_from_text(text_of(name), &dname), STATUS_OK);
    assert_int_equal(
        local_names_add_address(configured, &dname, &address, LOCAL_HOSTS, "/etc/hosts", true),
        STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    site_init(&site);
    domains[0] = (struct site_domain){ .by = SITE_DOMAIN_RANGE,
                                       .range = { { ADDRESS_IP4, { 10, 0, 0, 0 } },
                                                  { ADDRESS_IP4, { 10, 0, 0, 255 } } } };
    domains[1] = (struct site_domain){ .by = SITE_DOMAIN_ALL };
    assert_int_equal(dname_from_text(TEXT("ten.lan"), &domains[0].name), STATUS_OK);
    assert_int_equal(dname_from_text(TEXT("lan"), &domains[1].name), STATUS_OK);
    site.domains = domains;
    site.domain_count = 2;
    assert_int_equal(lease_table_create(&key, 8, &table), STATUS_OK);
    assert_int_equal(lease_names_create(&key, 16, &names), STATUS_OK);
    assert_int_equal(local_names_create(&key, &configured), STATUS_OK);
    add("taken", address_ip4(192, 0, 2, 77));
    add("qualified.lan", address_ip4(192, 0, 2, 78));
    add("home.lan", address_ip4(192, 0, 2, 5));
    add("far.example", address_ip4(192, 0, 2, 6));
    assert_int_equal(local_names_freeze(configured), STATUS_OK);
    sink = (struct event_sink){ .wanted = UINT64_MAX, .on_event = on_event };
    said[0] = '\0';
    namer = (struct lease_namer){ &site, names, configured, key, &sink, false, NULL };
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    lease_table_free(table);
    lease_names_free(names);
    local_names_free(configured);
    return 0;
}

static void test_fit(void **state)
{
    (void)state;
    static const struct {
        const char *said;
        struct address address;
        const char *fit; /* NULL: no name */
        const char *line;
    } rows[] = {
        { "box", { ADDRESS_IP4, { 192, 0, 2, 1 } }, "box", "" },
        { "box.lan", { ADDRESS_IP4, { 192, 0, 2, 1 } }, "box", "" },
        { "Box.LAN.", { ADDRESS_IP4, { 192, 0, 2, 1 } }, "Box", "" },
        { "box.lan",
          { ADDRESS_IP4, { 10, 0, 0, 1 } },
          "box",
          "Ignoring domain lan for DHCP host name box" },
        { "box.ten.lan", { ADDRESS_IP4, { 10, 0, 0, 1 } }, "box", "" },
        { "box.a.b",
          { ADDRESS_IP4, { 192, 0, 2, 1 } },
          "box",
          "Ignoring domain a.b for DHCP host name box" },
        { "", { ADDRESS_IP4, { 192, 0, 2, 1 } }, NULL, "" },
        { ".", { ADDRESS_IP4, { 192, 0, 2, 1 } }, NULL, "" },
        { "-box", { ADDRESS_IP4, { 192, 0, 2, 1 } }, NULL, "" },
        { "bo x", { ADDRESS_IP4, { 192, 0, 2, 1 } }, NULL, "" },
        { "box..lan", { ADDRESS_IP4, { 192, 0, 2, 1 } }, NULL, "" },
        { "b\303\266x", { ADDRESS_IP4, { 192, 0, 2, 1 } }, NULL, "" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct lease_name name;
        said[0] = '\0';
        bool fits = lease_name_fit(&namer, text_of(rows[i].said), &rows[i].address, NULL, &name);
        if (fits != (rows[i].fit != NULL) || (fits && strcmp(name.text, rows[i].fit) != 0)
            || strcmp(said, rows[i].line) != 0)
            fail_msg("%s: %s, said %s", rows[i].said, fits ? name.text : "no name", said);
    }
}

static void test_of_address(void **state)
{
    (void)state;
    struct lease_name name;
    struct address home = address_ip4(192, 0, 2, 5), far = address_ip4(192, 0, 2, 6);
    struct address none = address_ip4(192, 0, 2, 7);
    assert_true(lease_name_of_address(&namer, &home, NULL, &name));
    assert_string_equal(name.text, "home");
    assert_false(lease_name_of_address(&namer, &far, NULL, &name));
    assert_false(lease_name_of_address(&namer, &none, NULL, &name));
}

static void name_it(struct lease *lease, const char *text, bool from_config, struct lease **loser)
{
    struct lease_name name;
    assert_true(lease_name_fit(&namer, text_of(text), &lease->address, NULL, &name));
    name.from_config = from_config;
    assert_int_equal(lease_name_assign(&namer, table, lease, &name, NULL, loser), STATUS_OK);
}

static struct lease *lease_named(uint8_t host, const char *text, struct lease **loser)
{
    struct address address = address_ip4(192, 0, 2, host);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0, host } };
    struct lease *lease;
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease),
                     STATUS_OK);
    name_it(lease, text, false, loser);
    return lease;
}

static bool holds(const char *text, uint8_t host)
{
    struct dname name;
    struct address address;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return lease_names_holder(names, &name, &address) ? address.bytes[3] == host : host == 0;
}

static void test_publish(void **state)
{
    (void)state;
    struct lease *loser;
    struct lease *first = lease_named(1, "box", &loser);
    assert_null(loser);
    assert_string_equal(first->domain, "lan");
    lease_name_publish(&namer, first);
    assert_true(holds("box", 1) && holds("box.lan", 1));
    struct lease *second = lease_named(2, "BOX", &loser);
    assert_ptr_equal(loser, first);
    assert_true(holds("box", 0));
    lease_name_publish(&namer, second);
    assert_true(holds("box.lan", 2));
    lease_name_withdraw(&namer, second);
    assert_true(holds("box", 0) && holds("box.lan", 0));
}

/* What the configuration gave cannot be claimed; what was claimed gives way to it. */
static void test_given_names_stay(void **state)
{
    (void)state;
    struct lease *loser;
    struct lease *first = lease_named(1, "box", &loser), *second = lease_named(2, "chest", &loser);
    name_it(first, "box", true, &loser);
    name_it(second, "BOX", false, &loser);
    assert_null(loser);
    assert_string_equal(first->name, "box");
    assert_string_equal(second->name, "chest");
    assert_string_equal(second->domain, "lan");
    name_it(first, "chest", true, &loser);
    assert_ptr_equal(loser, second);
    assert_string_equal(first->name, "chest");
}

/* The same between the families, in the DNS too: a machine has its name in both. */
static void test_given_in_the_other_family(void **state)
{
    (void)state;
    struct lease *loser, *first = lease_named(1, "box", &loser), *other;
    struct lease_table *table6;
    struct lease_namer namer6 = namer;
    struct address at = { ADDRESS_IP6, { 0xfd, 0 } }, first_at = first->address;
    struct lease_answer answer;
    struct dname box;
    assert_int_equal(lease_table_create(&key, 8, &table6), STATUS_OK);
    assert_int_equal(lease_table_add6(table6, &at, 0, LEASE_IP6_NA, bytes_of("duid", 4), 1, &other),
                     STATUS_OK);
    namer.other = table6;
    namer6.other = table;
    assert_int_equal(dname_from_text(TEXT("box"), &box), STATUS_OK);
    const struct lease_name claimed = { "box", false };
    assert_int_equal(lease_name_assign(&namer6, table6, other, &claimed, NULL, &loser), STATUS_OK);
    assert_string_equal(other->name, "box"); /* both only claim it */
    lease_name_publish(&namer, first);
    lease_name_publish(&namer6, other);
    assert_true(lease_names_find(names, &box, dname_hash(&key, &box), RRTYPE_ANY, &answer));
    assert_int_equal(answer.address_count, 2);
    /* The configuration gives it to one. */
    first->name_from_config = true;
    lease_name_publish(&namer, first);
    for (unsigned turn = 0; turn < 2; turn++) {
        assert_true(lease_names_find(names, &box, dname_hash(&key, &box), RRTYPE_ANY, &answer));
        assert_int_equal(answer.address_count, 1);
        assert_true(address_equal(&answer.addresses[0], &first_at));
        lease_name_publish(&namer6, other);
    }
    assert_true(lease_name_is_given(&namer6, other, &claimed, "lan"));
    assert_false(lease_name_is_given(&namer6, other, &(struct lease_name){ "box", true }, "lan"));
    assert_int_equal(lease_table_set_name(table6, other, TEXT_NONE, TEXT_NONE), STATUS_OK);
    assert_int_equal(lease_name_assign(&namer6, table6, other, &claimed, NULL, &loser), STATUS_OK);
    assert_null(other->name);
    /* One machine, as was seen. */
    assert_int_equal(lease_table_set_client(table6, other, &first->hardware, bytes_of("duid", 4)),
                     STATUS_OK);
    assert_true(lease_name_is_given(&namer6, other, &claimed, "lan")); /* the DUID's word */
    other->hardware_seen = true;
    assert_false(lease_name_is_given(&namer6, other, &claimed, "lan"));
    lease_table_free(table6);
}

static void test_configured_names_win(void **state)
{
    (void)state;
    struct lease *loser;
    lease_name_publish(&namer, lease_named(1, "taken", &loser));
    assert_true(holds("taken", 0) && holds("taken.lan", 1));
    assert_string_equal(said,
                        "not giving name taken to the DHCP lease of 192.0.2.1 because the name "
                        "exists in /etc/hosts with address 192.0.2.77");
    lease_name_publish(&namer, lease_named(2, "qualified", &loser));
    assert_true(holds("qualified", 0) && holds("qualified.lan", 0));
    assert_string_equal(said,
                        "not giving name qualified.lan to the DHCP lease of 192.0.2.2 because the "
                        "name exists in /etc/hosts with address 192.0.2.78");
    lease_name_publish(&namer, lease_named(5, "home", &loser));
    assert_true(holds("home.lan", 5));
}

/* dhcp-fqdn: the same name in two domains, and none without its domain. */
static void test_whole_names(void **state)
{
    (void)state;
    struct lease *loser, *far;
    struct address address = address_ip4(10, 0, 0, 9);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, 0, 9 } };
    namer.whole_names = true;
    struct lease *near = lease_named(1, "box", &loser);
    lease_name_publish(&namer, near);
    assert_int_equal(lease_table_add(table, &address, LEASE_IP4, &hardware, BYTES_NONE, &far),
                     STATUS_OK);
    name_it(far, "BOX", false, &loser);
    assert_null(loser);
    lease_name_publish(&namer, far);
    assert_true(holds("box", 0) && holds("box.lan", 1) && holds("box.ten.lan", 9));
    struct lease *second = lease_named(2, "Box", &loser);
    assert_ptr_equal(loser, near);
    lease_name_publish(&namer, second);
    assert_true(holds("box.lan", 2) && holds("box.ten.lan", 9));
    said[0] = '\0';
    lease_name_publish(&namer, lease_named(3, "taken", &loser));
    assert_string_equal(said, ""); /* only the bare name is somebody else's */
    assert_true(holds("taken.lan", 3));
    site.domain_count = 0;
    lease_name_publish(&namer, lease_named(4, "bare", &loser));
    assert_true(holds("bare", 0));
}

static void test_without_dns(void **state)
{
    (void)state;
    struct lease *loser;
    namer.names = NULL;
    struct lease *lease = lease_named(1, "box", &loser);
    lease_name_publish(&namer, lease);
    lease_name_withdraw(&namer, lease);
    assert_string_equal(lease->name, "box");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_address, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_publish, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_given_names_stay, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_given_in_the_other_family, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_configured_names_win, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_whole_names, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_without_dns, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("lease_names_update", tests, NULL, NULL);
}

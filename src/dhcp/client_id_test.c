#include "dhcp/client_id.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct hardware mac1 = { 1, 6, { 2, 0, 0, 0, 0, 1 } };
static const struct hardware mac2 = { 1, 6, { 2, 0, 0, 0, 0, 2 } };

static struct client_id client_of(struct hardware hardware, const char *id)
{
    return (struct client_id){ hardware, text_bytes(text_of(id)) };
}

static void test_whose_lease(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        const struct hardware *hardware;
        const char *id;
        const struct hardware *lease_hardware;
        const char *lease_id;
        bool has;
    } rows[] = {
        { "same hardware, no ids", &mac1, NULL, &mac1, NULL, true },
        { "other hardware, no ids", &mac1, NULL, &mac2, NULL, false },
        { "same id on other hardware", &mac1, "id", &mac2, "id", true },
        { "other id on the same hardware", &mac1, "id", &mac1, "other", false },
        { "an id now, none then", &mac1, "id", &mac1, NULL, true },
        { "none now, an id then", &mac1, NULL, &mac1, "id", true },
        { "none now, an id then, other hardware", &mac1, NULL, &mac2, "id", false },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client_id client = client_of(*rows[i].hardware, rows[i].id);
        struct text id = text_of(rows[i].lease_id);
        struct lease lease = { .hardware = *rows[i].lease_hardware,
                               .client_id = (uint8_t *)id.at,
                               .client_id_count = (uint16_t)id.count };
        if (client_id_has_lease(&client, &lease) != rows[i].has)
            fail_msg("%s", rows[i].name);
    }
}

static void test_hash(void **state)
{
    (void)state;
    static const struct siphash_key key = { 1, 2 };
    struct client_id a = client_of(mac1, "id"), b = client_of(mac2, "id"),
                     c = client_of(mac1, NULL);
    struct client_id d = client_of(mac2, NULL), none = { 0 };
    assert_true(client_id_hash(&key, &a) == client_id_hash(&key, &b));
    assert_true(client_id_hash(&key, &a) != client_id_hash(&key, &c));
    assert_true(client_id_hash(&key, &c) != client_id_hash(&key, &d));
    assert_false(client_id_is_none(&c));
    assert_true(client_id_is_none(&none));
}

/* Option 61 of this many bytes, in pieces of at most 255. */
static size_t id_read_from(size_t count, bool ignore)
{
    static uint8_t id[600];
    uint8_t buffer[2048], scratch[LEASE_CLIENT_ID_MAX];
    struct dhcp4_message message;
    struct dhcp4_builder builder;
    struct address any = address_any(ADDRESS_IP4);
    struct dhcp4_reply_header header = { .op = DHCP4_BOOTREQUEST,
                                         .ciaddr = any,
                                         .yiaddr = any,
                                         .siaddr = any,
                                         .giaddr = any,
                                         .hardware = mac1 };
    dhcp4_builder_start(&builder, buffer, sizeof(buffer), sizeof(buffer), &header, false);
    assert_true(dhcp4_builder_option_u8(&builder, DHCP4_MESSAGE_TYPE, DHCP4_DISCOVER));
    assert_true(dhcp4_builder_option(&builder, DHCP4_CLIENT_ID, bytes_of(id, count)));
    assert_int_equal(dhcp4_message_read(dhcp4_builder_finish(&builder), &message), STATUS_OK);
    struct client_id client = client_id_from_dhcp4(&message, ignore, scratch);
    assert_true(hardware_equal(&client.hardware, &mac1));
    return client.id.count;
}

static void test_from_a_message(void **state)
{
    (void)state;
    assert_int_equal(id_read_from(7, false), 7);
    assert_int_equal(id_read_from(255, false), 255);
    assert_int_equal(id_read_from(256, false), 0);
    assert_int_equal(id_read_from(600, false), 0);
    assert_int_equal(id_read_from(7, true), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whose_lease),
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_from_a_message),
    };
    return cmocka_run_group_tests_name("client_id", tests, NULL, NULL);
}

#include "dns/asking_options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dns/worker_state.h"
#include "model/neighbour_table.h"

#define IP4_CLIENT                                                                                 \
    {                                                                                              \
        ADDRESS_IP4,                                                                               \
        {                                                                                          \
            10, 1, 2, 3                                                                            \
        }                                                                                          \
    }
#define IP6_CLIENT                                                                                 \
    {                                                                                              \
        ADDRESS_IP6,                                                                               \
        {                                                                                          \
            0x20, 0x01, 0x0d, 0xb8, 0, 0x12, 0x34, 0x56                                            \
        }                                                                                          \
    }
#define MAC                                                                                        \
    {                                                                                              \
        1, 6,                                                                                      \
        {                                                                                          \
            0x56, 0x68, 0xde, 0xc8, 0x6d, 0x25                                                     \
        }                                                                                          \
    }

#define OWN_SUBNET "00080007000118000a0102"
#define OWN_MAC    "fde90006aabbccddeeff"
#define OWN_CPE    "fe3200046d696e65"
#define OTHER      "ff0000080102030405060708" /* nobody's */
#define COOKIE     "000a00080102030405060708"

/* Options as hexadecimal digits: what the client sent, what goes upstream (dns.md section 10). */
static const struct {
    const char *claim;
    struct dns_asking asking;
    struct asking_who who;
    const char *sent, *upstream;
    bool personal;
} rows[] = {
    { "nothing", { 0 }, { IP4_CLIENT, MAC }, "", "", false },
    { "add-mac",
      { .mac_forms = DNS_MAC_BINARY },
      { IP4_CLIENT, MAC },
      "",
      "fde900065668dec86d25",
      true },
    { "add-mac=base64",
      { .mac_forms = DNS_MAC_BASE64 },
      { IP4_CLIENT, MAC },
      "",
      "fe310008566d6a657947306c",
      true },
    { "add-mac=text",
      { .mac_forms = DNS_MAC_TEXT },
      { IP4_CLIENT, MAC },
      "",
      "fe31001135363a36383a64653a63383a36643a3235",
      true },
    { "add-mac, but it is not known",
      { .mac_forms = DNS_MAC_BINARY },
      { IP4_CLIENT, { 0 } },
      "",
      "",
      false },
    { "the client's own is kept",
      { .mac_forms = DNS_MAC_BINARY },
      { IP4_CLIENT, MAC },
      OWN_MAC,
      OWN_MAC,
      true },
    { "or taken out",
      { .mac_forms = DNS_MAC_BINARY, .strip_mac = true },
      { IP4_CLIENT, MAC },
      OWN_MAC OTHER,
      OTHER "fde900065668dec86d25",
      true },
    { "strip-mac alone", { .strip_mac = true }, { IP4_CLIENT, MAC }, OWN_MAC OTHER, OTHER, false },
    { "add-cpe-id",
      { .cpe_id = "foobar" },
      { IP4_CLIENT, MAC },
      "",
      "fe320006666f6f626172",
      false },
    { "add-cpe-id takes the place of the client's",
      { .cpe_id = "foobar" },
      { IP4_CLIENT, MAC },
      OWN_CPE,
      "fe320006666f6f626172",
      false },
    { "a client's cpe-id passes otherwise", { 0 }, { IP4_CLIENT, MAC }, OWN_CPE, OWN_CPE, true },
    { "add-subnet=24,96",
      { .add_subnet = true, .subnet4.length = 24 },
      { IP4_CLIENT, MAC },
      "",
      "00080007000118000a0102",
      true },
    { "bits past the length are zero",
      { .add_subnet = true, .subnet4.length = 23 },
      { IP4_CLIENT, MAC },
      "",
      "00080007000117000a0102",
      true },
    { "of IPv6",
      { .add_subnet = true, .subnet6.length = 56 },
      { IP6_CLIENT, MAC },
      "",
      "0008000b0002380020010db8001234",
      true },
    { "add-subnet tells nothing",
      { .add_subnet = true },
      { IP4_CLIENT, MAC },
      "",
      "0008000400010000",
      false },
    { "add-subnet=1.2.3.4/24, for IPv6 too",
      { .add_subnet = true, .subnet6 = { { ADDRESS_IP4, { 1, 2, 3, 4 } }, 24 } },
      { IP6_CLIENT, MAC },
      "",
      "0008000700011800010203",
      false },
    { "the client's network is kept",
      { .add_subnet = true, .subnet4.length = 8 },
      { IP4_CLIENT, MAC },
      OWN_SUBNET,
      OWN_SUBNET,
      true },
    { "or taken out, too",
      { .add_subnet = true, .subnet4.length = 8, .strip_subnet = true },
      { IP4_CLIENT, MAC },
      OWN_SUBNET,
      "00080005000108000a",
      true },
    { "strip-subnet alone",
      { .strip_subnet = true },
      { IP4_CLIENT, MAC },
      OWN_SUBNET OTHER,
      OTHER,
      false },
    { "umbrella",
      { .umbrella.wanted = true },
      { IP4_CLIENT, MAC },
      "",
      "4f44000c4f444e53010000100a010203",
      true },
    { "umbrella with numbers",
      { .umbrella = { true, true, true, true, 4711, 815, { 1, 2, 3, 4, 5, 6, 7, 8 } } },
      { IP6_CLIENT, MAC },
      "",
      "4f44002e4f444e5301000008000012670020"
      "20010db8001234560000000000000000"
      "00400102030405060708"
      "00040000032f",
      true },
    { "of one hop",
      { 0 },
      { IP4_CLIENT, MAC },
      "000b0000"
      "000c00020000" COOKIE OTHER,
      OTHER,
      false },
    { "a malformed network", { 0 }, { IP4_CLIENT, MAC }, "00080003000118", "", false },
};

static struct bytes from_hex(const char *digits, uint8_t *buffer, size_t room)
{
    size_t count = 0;
    assert_int_equal(text_to_hex_bytes(text_of(digits), buffer, room, &count), STATUS_OK);
    return bytes_of(buffer, count);
}

static void test_rows(void **state)
{
    static struct dns_worker worker;
    static struct dns_config config;
    const struct dns_view view = { .config = &config };
    (void)state;

    worker.view = &view;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint8_t sent[256];
        uint8_t kept[ASKING_CLIENT_MAX];
        uint8_t buffer[ASKING_BYTES_MAX];
        char text[2 * ASKING_BYTES_MAX + 1];
        struct text_out out = text_out_on(text, sizeof text);
        struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
        struct edns edns = { .present = true,
                             .options = from_hex(rows[i].sent, sent, sizeof sent) };
        bool has_subnet;

        config.asking = rows[i].asking;
        size_t count = asking_client_options(&config.asking, &edns, kept, &has_subnet);
        asking_write(&config.asking, &rows[i].who, bytes_of(kept, count), &writer);
        assert_false(writer.failed);
        text_put_hex(&out, bytes_writer_written(&writer), '\0');
        if (strcmp(text, rows[i].upstream) != 0)
            fail_msg("%s: %s, not %s", rows[i].claim, text, rows[i].upstream);
        uint64_t key = asking_key(&worker, &rows[i].who, bytes_of(kept, count));
        if ((key != 0) != rows[i].personal)
            fail_msg("%s: %s", rows[i].claim, key != 0 ? "is personal" : "is not personal");
    }
}

/* Clients of one network share what is told of the network, others do not. */
static void test_key(void **state)
{
    static struct dns_worker worker;
    static struct dns_config config;
    const struct dns_view view = { .config = &config };
    const struct asking_who one = { { ADDRESS_IP4, { 10, 1, 2, 3 } }, MAC };
    const struct asking_who near = { { ADDRESS_IP4, { 10, 1, 2, 4 } }, { 1, 6, { 2 } } };
    const struct asking_who far = { { ADDRESS_IP4, { 10, 1, 3, 3 } }, MAC };
    (void)state;

    worker.view = &view;
    config.asking = (struct dns_asking){ .add_subnet = true, .subnet4.length = 24 };
    uint64_t key = asking_key(&worker, &one, BYTES_NONE);
    assert_int_equal(asking_key(&worker, &near, BYTES_NONE), key);
    assert_int_not_equal(asking_key(&worker, &far, BYTES_NONE), key);
    config.asking.mac_forms = DNS_MAC_BINARY;
    assert_int_not_equal(asking_key(&worker, &one, BYTES_NONE),
                         asking_key(&worker, &near, BYTES_NONE));
}

/* Clients of this machine have no hardware address, whatever the table says. */
static void test_who(void **state)
{
    static struct dns_worker worker;
    static struct dns_config config = { .asking.mac_forms = DNS_MAC_TEXT };
    const struct dns_view view = { .config = &config };
    const struct siphash_key key = { 1, 2 };
    const struct hardware mac = MAC;
    struct dns_asker asker = { .client.from.address = address_ip4(127, 0, 0, 1) };
    struct asking_who who;
    (void)state;

    worker.view = &view;
    assert_int_equal(neighbour_table_create(&key, 4, &worker.setup.neighbours), STATUS_OK);
    assert_int_equal(
        neighbour_table_set(worker.setup.neighbours, &asker.client.from.address, 1, &mac),
        STATUS_OK);
    asking_who_asks(&worker, &asker, &who);
    assert_int_equal(who.hardware.count, 0);
    asker.client.from.address = address_ip4(10, 0, 0, 1);
    asking_who_asks(&worker, &asker, &who);
    assert_int_equal(who.hardware.count, 0);
    assert_int_equal(
        neighbour_table_set(worker.setup.neighbours, &asker.client.from.address, 1, &mac),
        STATUS_OK);
    asking_who_asks(&worker, &asker, &who);
    assert_true(hardware_equal(&who.hardware, &mac));
    neighbour_table_free(worker.setup.neighbours);
}

/* All forms at once, of the longest hardware address, with all else, find room. */
static void test_most(void **state)
{
    char cpe[DNS_CPE_ID_MAX + 1] = { 0 };
    uint8_t client[ASKING_CLIENT_MAX] = { 0xff, 0xf0, 0, ASKING_CLIENT_MAX - 4 };
    uint8_t buffer[ASKING_BYTES_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct asking_who who = { IP6_CLIENT, { 1, HARDWARE_MAX, { 1 } } };
    (void)state;

    memset(cpe, 'x', DNS_CPE_ID_MAX);
    const struct dns_asking asking = { .mac_forms = DNS_MAC_BINARY | DNS_MAC_BASE64 | DNS_MAC_TEXT,
                                       .cpe_id = cpe,
                                       .add_subnet = true,
                                       .subnet6.length = 128,
                                       .umbrella = { true, true, true, true, 1, 2, { 3 } } };
    asking_write(&asking, &who, bytes_of(client, sizeof client), &writer);
    assert_false(writer.failed);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows), cmocka_unit_test(test_key),
                                        cmocka_unit_test(test_who), cmocka_unit_test(test_most) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "model/network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LO = 1, ETH = 5, WLAN = 3 };

static struct address address_of(const char *text)
{
    struct address address = { ADDRESS_NONE, { 0 } };
    if (text != NULL)
        assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

/* lo, eth0 with a labelled second address, wlan0; given in an order that is not by index. */
static struct network *make_network(void)
{
    static const struct network_interface interfaces[] = {
        { .index = ETH, .name = "eth0", .up = true },
        { .index = LO, .name = "lo", .up = true, .loopback = true },
        { .index = WLAN, .name = "wlan0", .up = true },
    };
    static const struct {
        const char *address;
        uint8_t prefix_length;
        const char *broadcast, *label;
        uint32_t interface;
        bool temporary, tentative, deprecated;
    } rows[] = {
        /* clang-format off */
        { "127.0.0.1",     8,   NULL,         "lo",     LO,   false, false, false },
        { "::1",           128, NULL,         "lo",     LO,   false, false, false },
        { "10.1.0.1",      24,  "10.1.0.255", "eth0",   ETH,  false, false, false },
        { "10.1.9.1",      24,  "10.1.9.255", "eth0:1", ETH,  false, false, false },
        { "10.1.0.129",    25,  "10.1.0.255", "eth0",   ETH,  false, false, false },
        { "10.2.0.1",      24,  "10.2.0.255", "wlan0",  WLAN, false, false, false },
        { "2001:db8::1",   64,  NULL,         "wlan0",  WLAN, true,  false, false },
        { "2001:db8::2",   64,  NULL,         "wlan0",  WLAN, false, true,  false },
        { "2001:db8::3",   64,  NULL,         "wlan0",  WLAN, false, false, true },
        { "2001:db8::4",   64,  NULL,         "",       WLAN, false, false, false },
        { "2001:db8::5",   64,  NULL,         "wlan0",  WLAN, false, false, false },
        { "fe80::1",       64,  NULL,         "wlan0",  WLAN, false, false, false },
        { "fe80::1",       64,  NULL,         "eth0",   ETH,  false, false, false },
        /* clang-format on */
    };
    struct network_address addresses[COUNT_OF(rows)];
    struct network *network = NULL;

    memset(addresses, 0, sizeof addresses);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        addresses[i].address = address_of(rows[i].address);
        addresses[i].prefix_length = rows[i].prefix_length;
        addresses[i].broadcast = address_of(rows[i].broadcast);
        addresses[i].interface = rows[i].interface;
        addresses[i].temporary = rows[i].temporary;
        addresses[i].tentative = rows[i].tentative;
        addresses[i].deprecated = rows[i].deprecated;
        snprintf(addresses[i].label, sizeof addresses[i].label, "%s", rows[i].label);
    }
    assert_int_equal(
        network_create(interfaces, COUNT_OF(interfaces), addresses, COUNT_OF(addresses), &network),
        STATUS_OK);
    memset(addresses, 0xff, sizeof addresses); /* it was a copy */
    return network;
}

/* ------------------------------------------------------------------ looking up */

static void test_interfaces(void **state)
{
    (void)state;
    struct network *network = make_network();
    assert_string_equal(network_by_index(network, LO)->name, "lo");
    assert_string_equal(network_by_index(network, WLAN)->name, "wlan0");
    assert_string_equal(network_by_index(network, ETH)->name, "eth0");
    assert_null(network_by_index(network, 0));
    assert_null(network_by_index(network, 2));
    assert_null(network_by_index(network, 6));
    assert_int_equal(network_by_name(network, "eth0")->index, ETH);
    assert_null(network_by_name(network, "eth"));
    network_free(network);
    network_free(NULL);

    assert_int_equal(network_create(NULL, 0, NULL, 0, &network), STATUS_OK);
    struct address address = address_of("10.1.0.1");
    assert_null(network_by_index(network, 1));
    assert_null(network_by_name(network, "lo"));
    assert_null(network_own_address(network, &address));
    assert_false(network_is_local(network, &address));
    network_free(network);
}

static void test_bounds(void **state)
{
    (void)state;
    static struct network_interface interfaces[NETWORK_INTERFACES_MAX + 1];
    static struct network_address addresses[NETWORK_ADDRESSES_MAX + 1];
    struct network *network = NULL;
    for (uint32_t i = 0; i < COUNT_OF(interfaces); i++)
        interfaces[i].index = i + 1;
    for (uint32_t i = 0; i < COUNT_OF(addresses); i++) {
        addresses[i].address = address_ip4_from_u32(0x0a000000 + i);
        addresses[i].prefix_length = 32;
    }
    assert_int_equal(
        network_create(interfaces, COUNT_OF(interfaces), addresses, COUNT_OF(addresses), &network),
        STATUS_OK);
    assert_non_null(network_by_index(network, NETWORK_INTERFACES_MAX));
    assert_null(network_by_index(network, NETWORK_INTERFACES_MAX + 1));
    assert_non_null(network_own_address(network, &addresses[NETWORK_ADDRESSES_MAX - 1].address));
    assert_null(network_own_address(network, &addresses[NETWORK_ADDRESSES_MAX].address));
    network_free(network);
}

static void test_subnets(void **state)
{
    (void)state;
    static const struct {
        const char *address;
        uint32_t interface;
        const char *on_link; /* NULL: none */
        bool local, own;
    } rows[] = {
        /* clang-format off */
        { "10.1.0.1",    ETH,  "10.1.0.1",    true,  true },
        { "10.1.0.77",   ETH,  "10.1.0.1",    true,  false },
        { "10.1.0.200",  ETH,  "10.1.0.129",  true,  false },  /* the longer prefix */
        { "10.1.0.77",   WLAN, NULL,          true,  false },
        { "10.1.1.1",    ETH,  NULL,          false, false },
        { "10.2.0.9",    WLAN, "10.2.0.1",    true,  false },
        { "127.9.9.9",   LO,   "127.0.0.1",   true,  false },
        { "::1",         LO,   "::1",         true,  true },
        { "::2",         LO,   NULL,          false, false },
        { "2001:db8::9", WLAN, "2001:db8::1", true,  false },
        { "2001:db9::9", WLAN, NULL,          false, false },
        { "fe80::9",     ETH,  "fe80::1",     true,  false },
        /* clang-format on */
    };
    struct network *network = make_network();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[ADDRESS_TEXT_MAX];
        struct address address = address_of(rows[i].address);
        const struct network_address *found = network_on_link(network, rows[i].interface, &address);
        const char *on_link = found != NULL ? address_text(&found->address, text) : "none";
        const char *expected = rows[i].on_link != NULL ? rows[i].on_link : "none";
        bool local = network_is_local(network, &address);
        bool own = network_own_address(network, &address) != NULL;
        if (strcmp(on_link, expected) != 0 || local != rows[i].local || own != rows[i].own)
            fail_msg("%s: %s%s%s", rows[i].address, on_link, local ? " local" : "",
                     own ? " own" : "");
    }
    network_free(network);
}

static void test_first(void **state)
{
    (void)state;
    struct network *network = make_network();
    struct address four = address_of("10.1.0.1");
    struct address six = address_of("2001:db8::4");
    assert_true(address_equal(&network_first(network, ETH, ADDRESS_IP4)->address, &four));
    assert_true(address_equal(&network_first(network, WLAN, ADDRESS_IP6)->address, &six));
    assert_null(network_first(network, 99, ADDRESS_IP4));
    network_free(network);
}

/* ------------------------------------------------------------------ admission */

/* One packet of each kind. */
static const struct packet {
    const char *name;
    uint32_t interface;
    const char *local;
} packets[] = {
    /* clang-format off */
    { "own to 127.0.0.1",   LO,   "127.0.0.1" },
    { "own to 127.0.0.53",  LO,   "127.0.0.53" },
    { "own to eth0's",      LO,   "10.1.0.1" },
    { "own to wlan0's",     LO,   "10.2.0.1" },
    { "eth0 to eth0's",     ETH,  "10.1.0.1" },
    { "eth0 to wlan0's",    ETH,  "10.2.0.1" },
    { "wlan0 to wlan0's",   WLAN, "10.2.0.1" },
    { "wlan0 to eth0's",    WLAN, "10.1.0.1" },
    { "eth0 to eth0:1's",   ETH,  "10.1.9.1" },
    { "own to eth0:1's",    LO,   "10.1.9.1" },
    { "eth0 broadcast",     ETH,  "255.255.255.255" },
    { "eth0 to its subnet", ETH,  "10.1.0.255" },
    { "wlan0 broadcast",    WLAN, "255.255.255.255" },
    { "wlan0 multicast",    WLAN, "ff02::1:2" },
    { "eth0 link-local",    ETH,  "fe80::1" },
    { "wlan0 link-local",   WLAN, "fe80::1" },
    { "unknown interface",  77,   "10.9.0.1" },
    /* clang-format on */
};

struct admission {
    const char *name;
    uint8_t bind;
    const char *interfaces[2], *excepts[2], *listens[2];
    bool interface_empty;
    const char *admitted; /* Y or - for each packet above */
};

/* The unicast columns were measured on the reference system (dns.md section 16). */
/* clang-format off */
static const struct admission admissions[] = {
    /* Own to 127.0.0.1, .53, eth0, wlan0; eth0 to eth0, wlan0; wlan0 to wlan0, eth0; eth0, own to
     * eth0:1; broadcasts on eth0 (2), wlan0 (2); link-local on both; unknown. */
    { "nothing", SITE_BIND_WILDCARD, .admitted = "YYYY" "YY" "YY" "YY" "YYYY" "YY" "Y" },
    { "interface", SITE_BIND_WILDCARD, { "eth0" },
      .admitted = "YYY-" "YY" "--" "YY" "YY--" "Y-" "-" },
    { "interface not lo", SITE_BIND_WILDCARD, { "eth0" }, { "lo" },
      .admitted = "--Y-" "YY" "--" "YY" "YY--" "Y-" "-" },
    { "label excepted", SITE_BIND_WILDCARD, .excepts = { "eth0:1" },
      .admitted = "YYYY" "YY" "YY" "YY" "YYYY" "YY" "Y" },
    { "except", SITE_BIND_WILDCARD, .excepts = { "eth0" },
      .admitted = "YY-Y" "--" "YY" "YY" "--YY" "-Y" "Y" },
    { "except lo", SITE_BIND_WILDCARD, .excepts = { "lo" },
      .admitted = "--YY" "YY" "YY" "YY" "YYYY" "YY" "Y" },
    { "listen", SITE_BIND_WILDCARD, .listens = { "10.1.0.1" },
      .admitted = "--Y-" "Y-" "-Y" "--" "YY--" "--" "-" },
    { "listen beats except", SITE_BIND_WILDCARD, .excepts = { "eth0" }, .listens = { "10.1.0.1" },
      .admitted = "--Y-" "Y-" "-Y" "--" "YY--" "--" "-" },
    { "listen and interface", SITE_BIND_WILDCARD, { "wlan0" }, .listens = { "10.1.0.1" },
      .admitted = "YYYY" "Y-" "YY" "--" "YYYY" "-Y" "-" },
    { "label", SITE_BIND_WILDCARD, { "eth0:1" },
      .admitted = "YY--" "--" "--" "YY" "----" "--" "-" },
    { "interface excepted", SITE_BIND_WILDCARD, { "eth0" }, { "eth0" },
      .admitted = "YY--" "--" "--" "--" "----" "--" "-" },
    { "pattern", SITE_BIND_WILDCARD, { "eth*" },
      .admitted = "YYY-" "YY" "--" "YY" "YY--" "Y-" "-" },
    { "pattern excepted", SITE_BIND_WILDCARD, .excepts = { "w*", "e*" },
      .admitted = "YY--" "--" "--" "--" "----" "--" "Y" },
    { "interface missing", SITE_BIND_WILDCARD, { "ppp0" },
      .admitted = "YY--" "--" "--" "--" "----" "--" "-" },
    { "interface empty", SITE_BIND_WILDCARD, .interface_empty = true,
      .admitted = "YY--" "--" "--" "--" "----" "--" "-" },
    { "empty, not lo, listen", SITE_BIND_INTERFACES, .excepts = { "lo" },
      .listens = { "10.1.0.1" }, .interface_empty = true,
      .admitted = "--Y-" "Y-" "-Y" "--" "YY--" "--" "-" },
    { "listen to 127/8", SITE_BIND_WILDCARD, .listens = { "127.0.0.53" },
      .admitted = "-Y--" "--" "--" "--" "----" "--" "-" },

    { "bind: nothing", SITE_BIND_INTERFACES, .admitted = "YYYY" "YY" "YY" "YY" "YYYY" "YY" "Y" },
    { "bind: interface", SITE_BIND_INTERFACES, { "eth0" },
      .admitted = "YYY-" "Y-" "-Y" "--" "YY--" "Y-" "-" },
    { "bind: interface not lo", SITE_BIND_INTERFACES, { "eth0" }, { "lo" },
      .admitted = "--Y-" "Y-" "-Y" "--" "YY--" "Y-" "-" },
    { "bind: except", SITE_BIND_INTERFACES, .excepts = { "eth0" },
      .admitted = "YY-Y" "-Y" "Y-" "YY" "--YY" "-Y" "Y" },
    { "bind: except lo", SITE_BIND_INTERFACES, .excepts = { "lo" },
      .admitted = "--YY" "YY" "YY" "YY" "YYYY" "YY" "Y" },
    { "bind: listen", SITE_BIND_INTERFACES, .listens = { "10.1.0.1" },
      .admitted = "--Y-" "Y-" "-Y" "--" "YY--" "--" "-" },
    { "bind: listen and interface", SITE_BIND_INTERFACES, { "wlan0" }, .listens = { "10.1.0.1" },
      .admitted = "YYYY" "YY" "YY" "--" "YYYY" "-Y" "-" },
    { "bind: label", SITE_BIND_INTERFACES, { "eth0:1" },
      .admitted = "YY--" "--" "--" "YY" "----" "--" "-" },
    { "bind: label excepted", SITE_BIND_INTERFACES, .excepts = { "eth0:1" },
      .admitted = "YYYY" "YY" "YY" "--" "YYYY" "YY" "Y" },

    { "dynamic: nothing", SITE_BIND_DYNAMIC, .admitted = "YYYY" "YY" "YY" "YY" "YYYY" "YY" "Y" },
    { "dynamic: interface", SITE_BIND_DYNAMIC, { "eth0" },
      .admitted = "YYY-" "Y-" "--" "--" "YY--" "Y-" "-" },
    { "dynamic: interface not lo", SITE_BIND_DYNAMIC, { "eth0" }, { "lo" },
      .admitted = "--Y-" "Y-" "--" "--" "YY--" "Y-" "-" },
    { "dynamic: except", SITE_BIND_DYNAMIC, .excepts = { "eth0" },
      .admitted = "YY-Y" "--" "Y-" "YY" "--YY" "-Y" "Y" },
    { "dynamic: listen", SITE_BIND_DYNAMIC, .listens = { "10.1.0.1" },
      .admitted = "--Y-" "Y-" "-Y" "--" "YY--" "--" "-" },
    { "dynamic: listen and interface", SITE_BIND_DYNAMIC, { "wlan0" }, .listens = { "10.1.0.1" },
      .admitted = "YYYY" "Y-" "YY" "--" "YYYY" "-Y" "-" },
    { "dynamic: label excepted", SITE_BIND_DYNAMIC, .excepts = { "eth0:1" },
      .admitted = "YYYY" "YY" "YY" "--" "YYYY" "YY" "Y" },
};
/* clang-format on */

static size_t fill_patterns(struct site_interface *to, char texts[2][16],
                            const char *const patterns[2])
{
    size_t count = 0;
    for (; count < 2 && patterns[count] != NULL; count++) {
        snprintf(texts[count], 16, "%s", patterns[count]);
        char *star = strchr(texts[count], '*');
        if (star != NULL)
            *star = '\0';
        to[count] = (struct site_interface){ .pattern = texts[count], .prefix = star != NULL };
    }
    return count;
}

static void test_admits(void **state)
{
    (void)state;
    struct network *network = make_network();
    for (size_t i = 0; i < COUNT_OF(admissions); i++) {
        const struct admission *row = &admissions[i];
        struct site_interface interfaces[2], excepts[2];
        struct site_listen listens[2];
        char texts[4][16];
        struct site site = { .bind = row->bind,
                             .interfaces = interfaces,
                             .excepts = excepts,
                             .listens = listens,
                             .interface_empty = row->interface_empty };
        site.interface_count = fill_patterns(interfaces, texts, row->interfaces);
        site.except_count = fill_patterns(excepts, texts + 2, row->excepts);
        for (; site.listen_count < 2 && row->listens[site.listen_count] != NULL;
             site.listen_count++)
            listens[site.listen_count].address = address_of(row->listens[site.listen_count]);

        assert_int_equal(strlen(row->admitted), COUNT_OF(packets));
        for (size_t p = 0; p < COUNT_OF(packets); p++) {
            struct address local = address_of(packets[p].local);
            bool admitted = network_admits(network, &site, packets[p].interface, &local);
            if (admitted != (row->admitted[p] == 'Y'))
                fail_msg("%s: %s %s", row->name, packets[p].name,
                         admitted ? "admitted" : "refused");
        }
    }
    network_free(network);
}

/* What is sent to an address that is not ours is not a broadcast. */
static void test_admits_no_foreign_address(void **state)
{
    (void)state;
    struct network *network = make_network();
    struct site_listen listen = { .address = address_of("10.1.0.1") };
    struct site site = { .listens = &listen, .listen_count = 1 };
    struct address foreign = address_of("10.1.0.7");
    struct address none = { ADDRESS_NONE, { 0 } };
    assert_false(network_admits(network, &site, ETH, &foreign));
    assert_true(network_admits(network, &site, ETH, &none));
    assert_false(network_admits(network, &site, WLAN, &none));
    network_free(network);
}

static void test_admits_client(void **state)
{
    (void)state;
    enum { NONE, INTERFACE, EXCEPT, LISTEN, EMPTY };
    static const struct {
        const char *name;
        uint8_t local_service, option;
        const char *client;
        bool admitted;
    } rows[] = {
        /* clang-format off */
        { "off",                   SITE_LOCAL_OFF,  NONE,      "192.0.2.1",   true },
        { "net, neighbour",        SITE_LOCAL_NET,  NONE,      "10.2.0.7",    true },
        { "net, neighbour v6",     SITE_LOCAL_NET,  NONE,      "2001:db8::7", true },
        { "net, ourselves",        SITE_LOCAL_NET,  NONE,      "10.1.0.1",    true },
        { "net, loopback",         SITE_LOCAL_NET,  NONE,      "127.0.0.9",   true },
        { "net, stranger",         SITE_LOCAL_NET,  NONE,      "192.0.2.1",   false },
        { "net, stranger v6",      SITE_LOCAL_NET,  NONE,      "2001:db9::7", false },
        { "host, loopback",        SITE_LOCAL_HOST, NONE,      "127.0.0.1",   true },
        { "host, loopback v6",     SITE_LOCAL_HOST, NONE,      "::1",         true },
        { "host, neighbour",       SITE_LOCAL_HOST, NONE,      "10.2.0.7",    false },
        { "host, ourselves",       SITE_LOCAL_HOST, NONE,      "10.1.0.1",    false },
        { "net, interface=",       SITE_LOCAL_NET,  INTERFACE, "192.0.2.1",   true },
        { "net, except-interface", SITE_LOCAL_NET,  EXCEPT,    "192.0.2.1",   true },
        { "net, listen-address",   SITE_LOCAL_NET,  LISTEN,    "192.0.2.1",   true },
        { "net, interface empty",  SITE_LOCAL_NET,  EMPTY,     "192.0.2.1",   true },
        { "host, interface=",      SITE_LOCAL_HOST, INTERFACE, "192.0.2.1",   true },
        /* clang-format on */
    };
    struct network *network = make_network();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct site site = { .local_service = rows[i].local_service,
                             .interface_count = rows[i].option == INTERFACE,
                             .except_count = rows[i].option == EXCEPT,
                             .listen_count = rows[i].option == LISTEN,
                             .interface_empty = rows[i].option == EMPTY };
        struct address client = address_of(rows[i].client);
        if (network_admits_client(network, &site, &client) != rows[i].admitted)
            fail_msg("%s", rows[i].name);
    }
    network_free(network);
}

/* ------------------------------------------------------------------ auth-server */

static void test_auth(void **state)
{
    (void)state;
    enum {
        WILDCARD = SITE_BIND_WILDCARD,
        BOUND = SITE_BIND_INTERFACES,
        DYNAMIC = SITE_BIND_DYNAMIC
    };
    static const struct {
        const char *interface, *address; /* of auth-server */
        uint8_t family, bind;
        uint32_t arrival;
        const char *local;
        bool auth;
    } rows[] = {
        /* clang-format off */
        { "eth0", NULL,       ADDRESS_NONE, WILDCARD, ETH,  "10.1.0.1",  true },
        { "eth0", NULL,       ADDRESS_NONE, WILDCARD, WLAN, "10.1.0.1",  false },
        { "eth0", NULL,       ADDRESS_NONE, BOUND,    WLAN, "10.1.0.1",  true },
        { "eth0", NULL,       ADDRESS_NONE, DYNAMIC,  WLAN, "10.1.0.1",  true },
        { "eth0", NULL,       ADDRESS_NONE, WILDCARD, ETH,  "127.0.0.1", true },
        { "eth0", NULL,       ADDRESS_NONE, BOUND,    ETH,  "127.0.0.1", false },
        { "eth0", NULL,       ADDRESS_NONE, WILDCARD, LO,   "10.1.0.1",  true },
        { "eth0", NULL,       ADDRESS_NONE, WILDCARD, LO,   "127.0.0.1", false },
        { "eth0", NULL,       ADDRESS_IP4,  WILDCARD, ETH,  "10.1.0.1",  true },
        { "eth0", NULL,       ADDRESS_IP6,  WILDCARD, ETH,  "10.1.0.1",  false },
        { "eth0", NULL,       ADDRESS_IP6,  WILDCARD, ETH,  "fe80::9",   true },
        { "nosuch", NULL,     ADDRESS_NONE, WILDCARD, ETH,  "10.1.0.1",  false },
        { NULL,   "10.1.0.1", ADDRESS_NONE, WILDCARD, WLAN, "10.1.0.1",  true },
        { NULL,   "10.1.0.1", ADDRESS_NONE, WILDCARD, ETH,  "10.1.9.1",  false },
        { NULL,   NULL,       ADDRESS_NONE, WILDCARD, ETH,  "10.1.0.1",  false },
        /* clang-format on */
    };
    struct network *network = make_network();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct site_auth auth = {
            .interface = rows[i].interface,
            .family = rows[i].family,
            .address = address_of(rows[i].address),
        };
        struct site site = {
            .bind = rows[i].bind,
            .auths = &auth,
            .auth_count = rows[i].interface != NULL || rows[i].address != NULL,
        };
        struct address local = address_of(rows[i].local);
        if (network_is_auth(network, &site, rows[i].arrival, &local) != rows[i].auth)
            fail_msg("row %zu: to %s by %u", i, rows[i].local, rows[i].arrival);
    }
    struct site strict = { .local_service = SITE_LOCAL_NET };
    struct address stranger = address_of("203.0.113.1");
    assert_false(network_admits_client(network, &strict, &stranger));
    strict.auth_given = true;
    assert_true(network_admits_client(network, &strict, &stranger));
    network_free(network);
}

static void test_names(void **state)
{
    struct network_interface interfaces[] = { { .index = 2, .name = "eth0" } };
    struct network_address addresses[] = {
        { .address = address_ip4(192, 0, 2, 1), .label = "eth0:1", .interface = 2 },
    };
    static const struct {
        struct site_interface pattern;
        bool is_there;
    } rows[] = {
        { { .pattern = "eth0" }, true },
        { { .pattern = "eth0:1" }, true },
        { { .pattern = "eth9" }, false },
        { { .pattern = "eth" }, false },
        { { .pattern = "et", .prefix = true }, true },
        { { .pattern = "pp", .prefix = true }, false },
    };
    struct network *network;
    (void)state;
    assert_int_equal(network_create(interfaces, 1, addresses, 1, &network), STATUS_OK);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (network_has_name(network, &rows[i].pattern) != rows[i].is_there)
            fail_msg("%s", rows[i].pattern.pattern);
    network_free(network);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interfaces),    cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_subnets),       cmocka_unit_test(test_first),
        cmocka_unit_test(test_admits),        cmocka_unit_test(test_admits_no_foreign_address),
        cmocka_unit_test(test_admits_client), cmocka_unit_test(test_auth),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

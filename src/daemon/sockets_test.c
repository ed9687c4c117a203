#include "daemon/sockets.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "platform/tcp.h"

#define LIST_MAX 8

/* ------------------------------------------------------------------ where to listen */

static struct address address_of(const char *text)
{
    struct address address = { 0 };
    if (address_from_text(text_of(text), &address) != STATUS_OK)
        fail_msg("%s is no address", text);
    return address;
}

static const struct {
    uint32_t interface;
    const char *address, *label;
    uint8_t prefix_length;
    bool tentative;
} own_addresses[] = {
    { 1, "127.0.0.1", "lo", 8, false },       { 1, "::1", "lo", 128, false },
    { 2, "192.0.2.1", "eth0", 24, false },    { 2, "192.0.2.2", "eth0:1", 24, false },
    { 2, "2001:db8::1", "eth0", 64, false },  { 2, "fe80::1", "eth0", 64, false },
    { 3, "198.51.100.1", "eth1", 24, false }, { 3, "fe80::1", "eth1", 64, false },
    { 3, "192.0.2.1", "eth1", 32, false }, /* one address on two interfaces */
    { 3, "2001:db8:1::1", "eth1", 64, true },
};

/* ip6: with the IPv6 addresses. */
static struct network *make_network(bool ip6)
{
    static const struct network_interface interfaces[] = {
        { .index = 1, .name = "lo", .up = true, .loopback = true },
        { .index = 2, .name = "eth0", .up = true },
        { .index = 3, .name = "eth1", .up = true },
    };
    struct network_address addresses[COUNT_OF(own_addresses)] = { 0 };
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(own_addresses); i++) {
        struct network_address *to = &addresses[count];
        to->address = address_of(own_addresses[i].address);
        if (to->address.family == ADDRESS_IP6 && !ip6)
            continue;
        to->interface = own_addresses[i].interface;
        to->prefix_length = own_addresses[i].prefix_length;
        to->tentative = own_addresses[i].tentative;
        snprintf(to->label, sizeof to->label, "%s", own_addresses[i].label);
        count++;
    }
    struct network *network;
    assert_int_equal(network_create(interfaces, COUNT_OF(interfaces), addresses, count, &network),
                     STATUS_OK);
    return network;
}

struct row {
    const char *what;
    enum site_bind bind;
    const char *interfaces[LIST_MAX]; /* a '*' at the end as in the file */
    const char *excepts[LIST_MAX];
    const char *listens[LIST_MAX];
    bool interface_empty;
    enum site_local_service local;
    bool no_ip6;
    const char *expected; /* addresses with their scopes; "?name": that interface is missing */
};

#define EVERYWHERE "0.0.0.0 ::"
#define NOT_READY  " 2001:db8:1::1"
#define ALONE      .bind = SITE_BIND_INTERFACES
#define DYNAMIC    .bind = SITE_BIND_DYNAMIC
#define ALL_OWN    "127.0.0.1 ::1 192.0.2.1 192.0.2.2 2001:db8::1 fe80::1%2 198.51.100.1 fe80::1%3"

static const struct row rows[] = {
    { "nothing said", .expected = EVERYWHERE },
    { "interface, wildcard", .interfaces = { "eth0" }, .expected = EVERYWHERE },
    { "interface that is not there, wildcard", .interfaces = { "eth9" }, .expected = EVERYWHERE },
    { "listen-address, wildcard", .listens = { "192.0.2.1" }, .expected = EVERYWHERE },
    { "local networks", .local = SITE_LOCAL_NET, .expected = EVERYWHERE },
    { "this host only", .local = SITE_LOCAL_HOST, .expected = "127.0.0.1 ::1" },
    { "this host only, no IPv6", .local = SITE_LOCAL_HOST, .no_ip6 = true,
      .expected = "127.0.0.1" },
    { "this host only gives way to interface", .local = SITE_LOCAL_HOST, .interfaces = { "eth0" },
      .expected = EVERYWHERE },
    { "bind-interfaces alone, with what is not ready yet", ALONE, .expected = ALL_OWN NOT_READY },
    { "bind-dynamic alone", DYNAMIC, .expected = ALL_OWN },
    { "one interface comes with loopback, and without labels", ALONE, .interfaces = { "eth0" },
      .expected = "127.0.0.1 ::1 192.0.2.1 2001:db8::1 fe80::1%2" },
    { "a label", ALONE, .interfaces = { "eth0:1" }, .expected = "127.0.0.1 ::1 192.0.2.2" },
    { "all that begin so", ALONE, .interfaces = { "eth*" }, .expected = ALL_OWN NOT_READY },
    { "none that begins so", ALONE, .interfaces = { "ppp*" }, .expected = "127.0.0.1 ::1" },
    { "except loopback", ALONE, .interfaces = { "eth1" }, .excepts = { "lo" },
      .expected = "198.51.100.1 fe80::1%3 192.0.2.1" NOT_READY },
    { "except one", DYNAMIC, .excepts = { "eth0" },
      .expected = "127.0.0.1 ::1 192.0.2.2 198.51.100.1 fe80::1%3 192.0.2.1" },
    { "empty interface: loopback only", ALONE, .interface_empty = true,
      .expected = "127.0.0.1 ::1" },
    { "missing interface", ALONE, .interfaces = { "eth0", "eth9" }, .expected = "?eth9" },
    { "missing label", ALONE, .interfaces = { "eth0:7" }, .expected = "?eth0:7" },
    { "missing interface may come", DYNAMIC, .interfaces = { "eth9" },
      .expected = "127.0.0.1 ::1" },
    { "listen-address", ALONE, .listens = { "192.0.2.2" }, .expected = "192.0.2.2" },
    { "listen-address twice", ALONE, .listens = { "192.0.2.2", "192.0.2.2" },
      .expected = "192.0.2.2" },
    { "listen-address link-local", ALONE, .listens = { "fe80::1" },
      .expected = "fe80::1%2 fe80::1%3" },
    { "listen-address and interface", ALONE, .interfaces = { "eth1" }, .excepts = { "lo" },
      .listens = { "192.0.2.2" },
      .expected = "192.0.2.2 198.51.100.1 fe80::1%3 192.0.2.1" NOT_READY },
    { "any of 127/8", ALONE, .listens = { "127.9.9.9" }, .expected = "127.9.9.9" },
    { "any of 127/8, dynamic", DYNAMIC, .listens = { "127.9.9.9" }, .expected = "127.9.9.9" },
    { "nobody's address is tried, and fails when opened", ALONE, .listens = { "203.0.113.1" },
      .expected = "203.0.113.1" },
    { "nobody's address may come", DYNAMIC, .listens = { "203.0.113.1", "192.0.2.1" },
      .expected = "192.0.2.1" },
};

static void put_interface(struct site_interface *to, const char *pattern)
{
    static char names[LIST_MAX][16];
    static size_t turn;
    size_t length = strlen(pattern);
    *to = (struct site_interface){ .pattern = pattern };
    if (pattern[length - 1] != '*')
        return;
    char *name = names[turn++ % LIST_MAX];
    snprintf(name, sizeof names[0], "%.*s", (int)length - 1, pattern);
    *to = (struct site_interface){ .pattern = name, .prefix = true };
}

static void test_endpoints(void **test)
{
    (void)test;
    struct network *networks[] = { make_network(true), make_network(false) };
    for (size_t r = 0; r < COUNT_OF(rows); r++) {
        const struct row *row = &rows[r];
        struct site_interface interfaces[LIST_MAX];
        struct site_interface excepts[LIST_MAX];
        struct site_listen listens[LIST_MAX];
        struct site site = {
            .port = 5353,
            .bind = (uint8_t)row->bind,
            .interface_empty = row->interface_empty,
            .local_service = (uint8_t)row->local,
            .interfaces = interfaces,
            .excepts = excepts,
            .listens = listens,
        };
        for (; row->interfaces[site.interface_count] != NULL; site.interface_count++)
            put_interface(&interfaces[site.interface_count], row->interfaces[site.interface_count]);
        for (; row->excepts[site.except_count] != NULL; site.except_count++)
            put_interface(&excepts[site.except_count], row->excepts[site.except_count]);
        for (; row->listens[site.listen_count] != NULL; site.listen_count++)
            listens[site.listen_count].address = address_of(row->listens[site.listen_count]);

        struct endpoint endpoints[32];
        size_t count = 0;
        const char *missing = NULL;
        enum status status = sockets_endpoints(&site, networks[row->no_ip6], endpoints,
                                               COUNT_OF(endpoints), &count, &missing);
        char got[512];
        struct text_out out = text_out_on(got, sizeof got);
        if (status != STATUS_OK) {
            assert_int_equal(status, STATUS_NOT_FOUND);
            text_printf(&out, "?%s", missing);
        }
        for (size_t i = 0; status == STATUS_OK && i < count; i++) {
            assert_int_equal(endpoints[i].port, 5353);
            text_put_string(&out, i > 0 ? " " : "");
            text_put_address(&out, &endpoints[i].address);
            if (endpoints[i].scope != 0)
                text_printf(&out, "%%%u", endpoints[i].scope);
        }
        if (strcmp(got, row->expected) != 0)
            fail_msg("%s:\n  got %s\n  not %s", row->what, got, row->expected);
    }
    network_free(networks[0]);
    network_free(networks[1]);
}

/* More than fit are left out, not written past the end. */
static void test_bounded(void **test)
{
    (void)test;
    struct network *network = make_network(true);
    struct site site = { .port = 53, .bind = SITE_BIND_INTERFACES };
    struct endpoint endpoints[4];
    size_t count;
    const char *missing;
    memset(&endpoints[3], 0x5a, sizeof endpoints[3]);
    assert_int_equal(sockets_endpoints(&site, network, endpoints, 3, &count, &missing), STATUS_OK);
    assert_int_equal(count, 3);
    assert_int_equal(endpoints[3].port, 0x5a5a);
    network_free(network);
}

/* ------------------------------------------------------------------ opening them */

static struct network *real_network;
static struct site_listen here = { .address = { ADDRESS_IP4, { 127, 0, 0, 1 } } };

static int make_real(void **test)
{
    (void)test;
    struct log_setup quiet = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    real_network = make_network(false);
    return log_open(&quiet) == STATUS_OK ? 0 : -1;
}

static int free_real(void **test)
{
    (void)test;
    network_free(real_network);
    log_close();
    return 0;
}

static struct site site_on(const struct site_listen *listen, uint16_t port)
{
    return (struct site){
        .port = port,
        .bind = SITE_BIND_INTERFACES,
        .listens = (struct site_listen *)(uintptr_t)listen,
        .listen_count = 1,
    };
}

static uint16_t port_of(int fd)
{
    struct sockaddr_storage name;
    socklen_t count = sizeof name;
    struct endpoint end;
    assert_int_equal(getsockname(fd, (struct sockaddr *)&name, &count), 0);
    assert_int_equal(endpoint_from_sockaddr((struct sockaddr *)&name, &end), STATUS_OK);
    return end.port;
}

static bool is_listening(int fd)
{
    int value = 0;
    socklen_t count = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &count) == 0 && value == 1;
}

static void close_all(struct dns_sockets *sockets)
{
    for (size_t i = 0; i < sockets->endpoint_count * sockets->workers; i++) {
        close(sockets->udp[i]);
        close(sockets->tcp[i]);
    }
    sockets_free(sockets);
}

/* A port that is free for UDP and TCP. */
static uint16_t free_port(void)
{
    static struct dns_sockets sockets;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct site site = site_on(&here, 0);
    sockets_open(&startup, &site, real_network, 1, &sockets);
    uint16_t port = port_of(sockets.tcp[0]);
    close_all(&sockets);
    return port;
}

static void test_one_for_each_worker(void **test)
{
    (void)test;
    static struct dns_sockets sockets;
    for (unsigned workers = 1; workers <= 4; workers++) {
        struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
        uint16_t port = free_port();
        struct site_listen listens[] = { here, { .address = { ADDRESS_IP4, { 127, 0, 0, 2 } } } };
        struct site site = site_on(listens, port);
        site.listen_count = 2;
        sockets_open(&startup, &site, real_network, workers, &sockets);
        assert_int_equal(sockets.endpoint_count, 2);
        assert_int_equal(sockets.workers, workers);
        for (size_t i = 0; i < 2 * workers; i++) {
            assert_int_equal(port_of(sockets.udp[i]), port);
            assert_int_equal(port_of(sockets.tcp[i]), port);
            assert_false(is_listening(sockets.udp[i]));
            assert_true(is_listening(sockets.tcp[i]));
        }
        close_all(&sockets);
    }
}

/* In a child, because it ends the process. Gives the exit code and what was said. */
static int open_in_child(const struct site *site, unsigned workers, char *said, size_t room)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        static struct dns_sockets sockets;
        struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
        dup2(ends[1], STDERR_FILENO);
        sockets_open(&startup, site, real_network, workers, &sockets);
        _exit(99);
    }
    close(ends[1]);
    size_t count = 0;
    for (ssize_t got; (got = read(ends[0], said + count, room - 1 - count)) > 0;)
        count += (size_t)got;
    said[count] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void check_refused(const struct site *site, unsigned workers, const char *expected)
{
    char said[1024];
    int code = open_in_child(site, workers, said, sizeof said);
    if (code != EXIT_NETWORK)
        fail_msg("exit code %d instead of: %s", code, expected);
    if (strstr(said, expected) == NULL)
        fail_msg("\n  got \"%s\"\n  not \"%s\"", said, expected);
}

static void test_taken(void **test)
{
    (void)test;
    static struct dns_sockets sockets;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct site site = site_on(&here, free_port());
    sockets_open(&startup, &site, real_network, 1, &sockets);
    char expected[128];
    snprintf(expected, sizeof expected,
             "failed to create listening socket for 127.0.0.1: Address already in use"
             " (UDP port %u is held by ",
             site.port);
    check_refused(&site, 1, expected);
    /* Sharing among our own workers must not share with a stranger. */
    check_refused(&site, 3, expected);

    close(sockets.udp[0]);
    snprintf(expected, sizeof expected, "(TCP port %u is held by ", site.port);
    check_refused(&site, 1, expected);
    check_refused(&site, 3, expected);
    close(sockets.tcp[0]);
    sockets_free(&sockets);

    /* Nor when the other one shares. */
    sockets_open(&startup, &site, real_network, 2, &sockets);
    check_refused(&site, 2, "Address already in use");
    close_all(&sockets);
}

static void test_taken_everywhere(void **test)
{
    (void)test;
    static struct dns_sockets sockets;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct site site = { .port = free_port() };
    sockets_open(&startup, &site, real_network, 1, &sockets);
    char expected[128];
    snprintf(expected, sizeof expected,
             "failed to create listening socket for port %u: Address already in use", site.port);
    check_refused(&site, 1, expected);
    close_all(&sockets);
}

static void test_impossible(void **test)
{
    (void)test;
    static const struct site_listen nowhere = { .address = { ADDRESS_IP4, { 203, 0, 113, 1 } } };
    struct site site = site_on(&nowhere, free_port());
    check_refused(&site, 1,
                  "\nlinnet: failed to create listening socket for 203.0.113.1: "
                  "Cannot assign requested address\n");
    struct site_interface missing = { .pattern = "nosuch0" };
    site = (struct site){
        .port = 5353, .bind = SITE_BIND_INTERFACES, .interfaces = &missing, .interface_count = 1
    };
    check_refused(&site, 1, "\nlinnet: unknown interface nosuch0\n");
}

/* ------------------------------------------------------------------ following the network */

/* Takes over what it is given, and closes it. */
struct owner {
    char said[256];
    size_t room; /* orders it takes until it is full */
};

static bool owner_has_room(void *context)
{
    const struct owner *owner = context;
    return owner->room > 0;
}

static void owner_say(struct owner *owner, const char *word, const struct endpoint *endpoint)
{
    char address[ADDRESS_TEXT_MAX];
    size_t count = strlen(owner->said);
    snprintf(owner->said + count, sizeof owner->said - count, "%s%s%s", count > 0 ? " " : "", word,
             address_text(&endpoint->address, address));
    owner->room--;
}

static void owner_listen(void *context, const struct endpoint *endpoint, const int *udp,
                         const int *tcp, bool arrival)
{
    assert_true(arrival);
    for (int i = 0; i < 2; i++) {
        assert_false(is_listening(udp[i]));
        assert_true(is_listening(tcp[i]));
        assert_int_equal(port_of(udp[i]), endpoint->port);
        close(udp[i]);
        close(tcp[i]);
    }
    owner_say(context, "+", endpoint);
}

static void owner_unlisten(void *context, const struct endpoint *endpoint)
{
    owner_say(context, "-", endpoint);
}

/* Of 127.0.0.1 to 127.0.0.9 those whose digits are in `last`; "?" before one: it is tentative. */
static struct network *make_loopbacks(const char *last)
{
    struct network_interface lo = { .index = 1, .name = "lo", .up = true, .loopback = true };
    struct network_address addresses[16];
    size_t count = 0;
    bool tentative = false;
    for (; *last != '\0'; last++) {
        if (*last == '?') {
            tentative = true;
            continue;
        }
        addresses[count++] = (struct network_address){
            .address = address_ip4(127, 0, 0, (uint8_t)(*last - '0')),
            .prefix_length = 8,
            .interface = 1,
            .tentative = tentative,
        };
        tentative = false;
    }
    struct network *network;
    assert_int_equal(network_create(&lo, 1, addresses, count, &network), STATUS_OK);
    return network;
}

static void check_follow(struct dns_sockets *sockets, const struct site *site, const char *last,
                         size_t room, bool all, const char *expected)
{
    struct owner owner = { .room = room };
    const struct sockets_owner calls = {
        .has_room = owner_has_room,
        .listen = owner_listen,
        .unlisten = owner_unlisten,
        .context = &owner,
    };
    struct network *network = make_loopbacks(last);
    bool done = sockets_follow(sockets, site, network, &calls);
    network_free(network);
    if (strcmp(owner.said, expected) != 0 || done != all)
        fail_msg("loopbacks %s: %s \"%s\" instead of \"%s\"", last, done ? "all" : "not all",
                 owner.said, expected);
}

static void close_descriptors(struct dns_sockets *sockets)
{
    for (size_t i = 0; i < sockets->endpoint_count * sockets->workers; i++) {
        close(sockets->udp[i]);
        close(sockets->tcp[i]);
    }
}

static void test_follow_dynamic(void **test)
{
    (void)test;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct dns_sockets sockets;
    struct site site = { .port = free_port(), .bind = SITE_BIND_DYNAMIC };
    struct network *network = make_loopbacks("1");
    sockets_open(&startup, &site, network, 2, &sockets);
    network_free(network);
    close_descriptors(&sockets);

    check_follow(&sockets, &site, "1", 9, true, "");
    check_follow(&sockets, &site, "1?2", 9, true, ""); /* not before it is ready */
    check_follow(&sockets, &site, "12", 9, true, "+127.0.0.2");
    check_follow(&sockets, &site, "345", 9, true,
                 "-127.0.0.1 -127.0.0.2 +127.0.0.3 +127.0.0.4 +127.0.0.5");
    /* Without room it is called again. */
    check_follow(&sockets, &site, "67", 2, false, "-127.0.0.3 -127.0.0.4");
    check_follow(&sockets, &site, "67", 2, false, "-127.0.0.5 +127.0.0.6");
    check_follow(&sockets, &site, "67", 2, true, "+127.0.0.7");
    check_follow(&sockets, &site, "", 9, true, "-127.0.0.6 -127.0.0.7");
    sockets_free(&sockets);
}

static void test_follow_taken(void **test)
{
    (void)test;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct dns_sockets sockets;
    struct site site = { .port = free_port(), .bind = SITE_BIND_DYNAMIC };
    struct network *network = make_loopbacks("1");
    sockets_open(&startup, &site, network, 2, &sockets);
    network_free(network);
    close_descriptors(&sockets);

    struct endpoint second = { .address = address_ip4(127, 0, 0, 2), .port = (uint16_t)site.port };
    int stranger;
    char logged[1024];
    assert_int_equal(tcp_bind(&second, false, &stranger), STATUS_OK);
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    assert_int_equal(log_open(&log), STATUS_OK);
    check_follow(&sockets, &site, "123", 9, true, "+127.0.0.3");
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged,
                           "failed to create listening socket for 127.0.0.2: Address already "
                           "in use"));
    check_follow(&sockets, &site, "123", 9, true, "");
    assert_int_equal(log_take_memory(logged, sizeof logged), 0); /* was said already */
    close(stranger);
    check_follow(&sockets, &site, "123", 9, true, "+127.0.0.2");
    log_close();
    sockets_free(&sockets);
}

/* bind-interfaces takes what it found at start, be it ready or not, and nothing after. */
static void test_static(void **test)
{
    (void)test;
    struct startup startup = { .program = "linnet", .verdict_pipe = -1 };
    struct dns_sockets sockets;
    struct site site = { .port = free_port(), .bind = SITE_BIND_INTERFACES };
    /* Not on this machine at all, which is what a tentative one is like to the system. */
    struct network_interface lo = { .index = 1, .name = "lo", .up = true, .loopback = true };
    struct network_address addresses[] = {
        { .address = address_ip4(127, 0, 0, 1), .prefix_length = 8, .interface = 1 },
        { .address = address_ip4(192, 0, 2, 9),
          .prefix_length = 24,
          .interface = 1,
          .tentative = true },
    };
    struct network *network;
    assert_int_equal(network_create(&lo, 1, addresses, 2, &network), STATUS_OK);
    sockets_open(&startup, &site, network, 2, &sockets);
    network_free(network);
    assert_int_equal(sockets.endpoint_count, 2);
    for (size_t i = 0; i < 4; i++)
        assert_true(is_listening(sockets.tcp[i]));
    close_descriptors(&sockets);
    check_follow(&sockets, &site, "123", 9, true, "");
    check_follow(&sockets, &site, "", 9, true, "");
    sockets_free(&sockets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_endpoints),
        cmocka_unit_test(test_bounded),
        cmocka_unit_test(test_one_for_each_worker),
        cmocka_unit_test(test_taken),
        cmocka_unit_test(test_taken_everywhere),
        cmocka_unit_test(test_impossible),
        cmocka_unit_test(test_follow_dynamic),
        cmocka_unit_test(test_follow_taken),
        cmocka_unit_test(test_static),
    };
    return cmocka_run_group_tests(tests, make_real, free_real);
}

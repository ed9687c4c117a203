#include "platform/netwatch.h"

#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* All of this happens in a network namespace of our own, where nothing changes unless we change it.
 */
static bool alone;
static struct mnl_socket *kernel;
static uint32_t lo;

static int enter_namespace(void **test)
{
    (void)test;
    alone = unshare(CLONE_NEWNET) == 0 || unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0;
    if (!alone) {
        print_message("no right to make a network namespace: only reading is tested\n");
        return 0;
    }
    lo = if_nametoindex("lo");
    kernel = mnl_socket_open2(NETLINK_ROUTE, SOCK_CLOEXEC);
    return kernel != NULL && mnl_socket_bind(kernel, 0, MNL_SOCKET_AUTOPID) == 0 ? 0 : -1;
}

static int leave_namespace(void **test)
{
    (void)test;
    if (kernel != NULL)
        mnl_socket_close(kernel);
    return 0;
}

/* ------------------------------------------------------------------ changing the network */

static uint8_t request_buffer[1024] __attribute__((aligned(8)));

static struct nlmsghdr *new_request(uint16_t type, uint16_t flags)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(request_buffer);
    request->nlmsg_type = type;
    request->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | NLM_F_ACK | flags);
    return request;
}

/* Sends it and gives the kernel's verdict as errno. */
static int ask_kernel(const struct nlmsghdr *request)
{
    uint8_t answer[4096];
    if (mnl_socket_sendto(kernel, request, request->nlmsg_len) < 0)
        return errno;
    ssize_t count = mnl_socket_recvfrom(kernel, answer, sizeof answer);
    if (count < 0)
        return errno;
    return mnl_cb_run(answer, (size_t)count, 0, mnl_socket_get_portid(kernel), NULL, NULL) < 0
               ? errno
               : 0;
}

static int set_link_up(bool up)
{
    struct nlmsghdr *request = new_request(RTM_NEWLINK, 0);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(request, sizeof *info);
    info->ifi_index = (int)lo;
    info->ifi_change = IFF_UP;
    info->ifi_flags = up ? IFF_UP : 0;
    return ask_kernel(request);
}

struct row {
    const char *address, *peer, *broadcast, *label;
    uint8_t prefix_length;
    uint32_t preferred_s, valid_s; /* 0, 0: for ever */
    uint8_t maker;                 /* IFA_PROTO, which headers may not know yet */
    uint32_t flags;
};

static struct address parse(const char *text)
{
    struct address address = { 0 };
    if (text != NULL)
        assert_int_equal(address_from_text(text_of(text), &address), STATUS_OK);
    return address;
}

static void put_address(struct nlmsghdr *request, uint16_t type, struct address address)
{
    struct bytes bytes = address_bytes(&address);
    mnl_attr_put(request, type, bytes.count, bytes.at);
}

static int add_address(const struct row *row)
{
    struct address local = parse(row->address);
    struct nlmsghdr *request = new_request(RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(request, sizeof *info);
    info->ifa_family = local.family == ADDRESS_IP4 ? AF_INET : AF_INET6;
    info->ifa_prefixlen = row->prefix_length;
    info->ifa_index = lo;
    info->ifa_flags = IFA_F_NODAD; /* or it would be tentative for a moment */
    put_address(request, IFA_LOCAL, local);
    put_address(request, IFA_ADDRESS, row->peer != NULL ? parse(row->peer) : local);
    if (row->broadcast != NULL)
        put_address(request, IFA_BROADCAST, parse(row->broadcast));
    if (row->label != NULL)
        mnl_attr_put_strz(request, IFA_LABEL, row->label);
    if (row->maker != 0)
        mnl_attr_put_u8(request, 11, row->maker);
    if (row->flags != 0)
        mnl_attr_put_u32(request, IFA_FLAGS, IFA_F_NODAD | row->flags);
    struct ifa_cacheinfo cache = { .ifa_prefered = row->preferred_s, .ifa_valid = row->valid_s };
    if (row->valid_s != 0)
        mnl_attr_put(request, IFA_CACHEINFO, sizeof cache, &cache);
    return ask_kernel(request);
}

static const struct netwatch_address *find_address(const struct netwatch_list *list,
                                                   const char *text)
{
    struct address wanted = parse(text);
    for (size_t i = 0; i < list->address_count; i++)
        if (address_equal(&list->addresses[i].address, &wanted))
            return &list->addresses[i];
    return NULL;
}

static const struct netwatch_interface *find_interface(const struct netwatch_list *list,
                                                       const char *name)
{
    for (size_t i = 0; i < list->interface_count; i++)
        if (strcmp(list->interfaces[i].name, name) == 0)
            return &list->interfaces[i];
    return NULL;
}

/* ------------------------------------------------------------------ tests */

static void test_interfaces(void **test)
{
    (void)test;
    struct netwatch_list list;
    assert_int_equal(netwatch_list_now(&list), STATUS_OK);
    const struct netwatch_interface *link = find_interface(&list, "lo");
    assert_non_null(link);
    assert_int_equal(link->index, if_nametoindex("lo"));
    assert_true(link->loopback);
    assert_false(link->point_to_point);
    assert_true(link->mtu >= 1280);
    assert_int_equal(link->hardware.count, 6);
    assert_int_equal(link->hardware.type, 772); /* ARPHRD_LOOPBACK */
    netwatch_list_free(&list);
    assert_null(list.interfaces);
    netwatch_list_free(&list);
}

static void test_up_and_down(void **test)
{
    (void)test;
    if (!alone)
        skip();
    static const bool up[] = { true, false, true };
    for (size_t i = 0; i < COUNT_OF(up); i++) {
        struct netwatch_list list;
        assert_int_equal(set_link_up(up[i]), 0);
        assert_int_equal(netwatch_list_now(&list), STATUS_OK);
        assert_int_equal(find_interface(&list, "lo")->up, up[i]);
        netwatch_list_free(&list);
    }
}

static void test_addresses(void **test)
{
    (void)test;
    if (!alone)
        skip();
    static const struct row rows[] = {
        { "192.0.2.1", NULL, "192.0.2.255", "lo", 24, 0, 0 },
        { "192.0.2.2", NULL, NULL, "lo:second", 32, 0, 0 },
        { "198.51.100.1", "198.51.100.2", NULL, "lo", 32, 0, 0 }, /* point to point */
        { "203.0.113.1", NULL, NULL, "lo", 24, 1000, 2000 },
        { "2001:db8::1", NULL, NULL, NULL, 64, 0, 0 },
        { "2001:db8::2", NULL, NULL, NULL, 128, 1000, 2000 },
        { "2001:db8::3", NULL, NULL, NULL, 64, 0, 2000 }, /* deprecated from the start */
    };
    assert_int_equal(set_link_up(true), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int error = add_address(&rows[i]);
        if (error != 0 && strchr(rows[i].address, ':') != NULL)
            continue; /* no IPv6 here */
        assert_int_equal(error, 0);
        struct netwatch_list list;
        assert_int_equal(netwatch_list_now(&list), STATUS_OK);
        const struct netwatch_address *found = find_address(&list, rows[i].address);
        if (found == NULL)
            fail_msg("%s is not listed", rows[i].address);
        struct address broadcast = parse(rows[i].broadcast);
        bool forever = rows[i].valid_s == 0;
        if (found->interface != lo || found->prefix_length != rows[i].prefix_length
            || !address_equal(&found->broadcast, &broadcast)
            || strcmp(found->label, rows[i].label != NULL ? rows[i].label : "") != 0)
            fail_msg("%s: on %u, /%u, label %s", rows[i].address, found->interface,
                     found->prefix_length, found->label);
        /* The clock may have gone on by a second or two. */
        uint32_t valid_s = forever ? UINT32_MAX : rows[i].valid_s;
        uint32_t preferred_s = forever ? UINT32_MAX : rows[i].preferred_s;
        if (found->permanent != forever || found->temporary || found->tentative
            || found->deprecated != (preferred_s == 0) || valid_s - found->valid_s > 5
            || preferred_s - found->preferred_s > 5)
            fail_msg("%s: permanent %d, deprecated %d, valid %u, preferred %u", rows[i].address,
                     found->permanent, found->deprecated, found->valid_s, found->preferred_s);
        netwatch_list_free(&list);
    }
}

/* What the kernel makes of a router's advertisement: it says so, or, before it could, gave it the
 * flag of those it makes temporary addresses for. */
static void test_autoconf(void **test)
{
    (void)test;
    static const struct row rows[] = {
        { "2001:db8:1::1", .prefix_length = 64, .preferred_s = 1000, .valid_s = 2000 },
        { "2001:db8:1::2", .prefix_length = 64, .maker = 1 },
        { "2001:db8:1::3", .prefix_length = 64, .maker = 2 },
        { "2001:db8:1::4", .prefix_length = 64, .flags = IFA_F_MANAGETEMPADDR },
    };
    if (!alone)
        skip();
    assert_int_equal(set_link_up(true), 0);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct netwatch_list list;
        if (add_address(&rows[i]) != 0)
            skip(); /* no IPv6 here */
        assert_int_equal(netwatch_list_now(&list), STATUS_OK);
        const struct netwatch_address *found = find_address(&list, rows[i].address);
        if (found == NULL || found->autoconf != (i >= 2))
            fail_msg("%s", rows[i].address);
        netwatch_list_free(&list);
    }
}

static void test_many_addresses(void **test)
{
    (void)test;
    if (!alone)
        skip();
    enum { MANY = 600 };
    char text[ADDRESS_TEXT_MAX];
    for (unsigned i = 0; i < MANY; i++) {
        struct address address = address_ip4_from_u32(0x0a000001 + i);
        struct row row = { .address = address_text(&address, text),
                           .label = "lo",
                           .prefix_length = 32 };
        assert_int_equal(add_address(&row), 0);
    }
    struct netwatch_list list;
    assert_int_equal(netwatch_list_now(&list), STATUS_OK);
    assert_true(list.address_count >= MANY);
    for (unsigned i = 0; i < MANY; i++) {
        struct address address = address_ip4_from_u32(0x0a000001 + i);
        assert_non_null(find_address(&list, address_text(&address, text)));
    }
    netwatch_list_free(&list);
}

static void test_changes(void **test)
{
    (void)test;
    if (!alone)
        skip();
    int fd;
    assert_int_equal(netwatch_open(&fd), STATUS_OK);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_false(netwatch_changed(fd));

    struct row row = { .address = "192.0.2.77", .label = "lo", .prefix_length = 32 };
    assert_int_equal(add_address(&row), 0);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&poll_fd, 1, 2000), 1);
    assert_true(netwatch_changed(fd));
    assert_false(netwatch_changed(fd));

    assert_int_equal(set_link_up(false), 0);
    assert_true(netwatch_changed(fd));
    assert_false(netwatch_changed(fd));
    assert_int_equal(set_link_up(true), 0);
    assert_true(netwatch_changed(fd));
    close(fd);
}

/* More news than the socket holds: the kernel drops some and says so, which counts as a change, and
 * the socket goes on working. */
static void test_lost_changes(void **test)
{
    (void)test;
    if (!alone)
        skip();
    int fd;
    int smallest = 1;
    assert_int_equal(netwatch_open(&fd), STATUS_OK);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &smallest, sizeof smallest), 0);
    for (int i = 0; i < 200; i++)
        assert_int_equal(set_link_up(i % 2 == 1), 0);
    struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
    assert_int_equal(poll(&poll_fd, 1, 2000), 1);
    assert_true(poll_fd.revents & POLLERR);
    assert_true(netwatch_changed(fd));
    for (int i = 0; i < 10 && netwatch_changed(fd); i++)
        ;
    assert_int_equal(poll(&poll_fd, 1, 0), 0);
    assert_int_equal(set_link_up(false), 0);
    assert_true(netwatch_changed(fd));
    assert_int_equal(set_link_up(true), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_interfaces),     cmocka_unit_test(test_up_and_down),
        cmocka_unit_test(test_addresses),      cmocka_unit_test(test_autoconf),
        cmocka_unit_test(test_many_addresses), cmocka_unit_test(test_changes),
        cmocka_unit_test(test_lost_changes),
    };
    return cmocka_run_group_tests(tests, enter_namespace, leave_namespace);
}

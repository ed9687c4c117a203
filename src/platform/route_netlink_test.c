#include "platform/route_netlink.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int count_loopback(const struct nlmsghdr *message, void *context)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    unsigned *count = context;
    assert_int_equal(message->nlmsg_type, RTM_NEWLINK);
    if ((info->ifi_flags & IFF_LOOPBACK) != 0)
        ++*count;
    return MNL_CB_OK;
}

static int fail_at_once(const struct nlmsghdr *message, void *context)
{
    (void)message;
    (void)context;
    errno = ENOMEM;
    return MNL_CB_ERROR;
}

static void a_whole_table(void **state)
{
    (void)state;
    unsigned count = 0;
    assert_int_equal(
        route_netlink_list(RTM_GETLINK, sizeof(struct ifinfomsg), count_loopback, &count),
        STATUS_OK);
    assert_int_equal(count, 1);
}

static void the_reader_s_error_is_told(void **state)
{
    (void)state;
    assert_int_equal(route_netlink_list(RTM_GETLINK, sizeof(struct ifinfomsg), fail_at_once, NULL),
                     STATUS_SYSTEM);
    assert_int_equal(errno, ENOMEM);
}

static void news_do_not_block(void **state)
{
    (void)state;
    int fd = -1;
    char byte;
    assert_int_equal(route_netlink_listen(RTMGRP_LINK, &fd), STATUS_OK);
    assert_int_equal(recv(fd, &byte, 1, 0), -1);
    assert_int_equal(errno, EAGAIN);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_table),
        cmocka_unit_test(the_reader_s_error_is_told),
        cmocka_unit_test(news_do_not_block),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "platform/nfnetlink.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static uint8_t room[NFNETLINK_MESSAGE_MAX] __attribute__((aligned(8)));

static bool has_ipset(const void *context, const char *name)
{
    (void)context;
    return strcmp(name, "ours") == 0;
}

static bool has_nft(const void *context, const char *table, const char *name)
{
    (void)context;
    return strcmp(table, "t") == 0 && strcmp(name, "ours") == 0;
}

static const struct nfnetlink_sets sets = { has_ipset, has_nft, NULL };

static struct bytes made(size_t count)
{
    return bytes_of(room, count);
}

/* Every kind of message that we make, about a set of ours and about another. */
static size_t make(int kind, const char *set)
{
    const struct address addresses[] = { address_ip4(192, 0, 2, 1), address_ip4(192, 0, 2, 9) };
    const struct nfnetlink_elements elements = { addresses, 2, 30, kind == 2 };
    const struct nfnetlink_nft_name name = { NFNETLINK_INET, "t", set };
    const struct nfnetlink_nft_facts facts = { .family = ADDRESS_IP4, .intervals = true,
                                               .timeouts = true };
    const struct nfnetlink_flow flow = { .client = { .address = addresses[0], .port = 7 },
                                         .local = { .address = addresses[1], .port = 53 } };
    switch (kind) {
    case 0:
        return nfnetlink_ipset_add(room, 1, set, &elements);
    case 1:
    case 2:
        return nfnetlink_nft_add(room, 1, &name, &facts, &elements);
    case 3:
        return nfnetlink_nft_ask(room, 1, &name);
    default:
        return nfnetlink_mark_ask(room, 1, &flow);
    }
}

static void test_what_we_make(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 4; kind++) {
        if (!nfnetlink_is_ours(made(make(kind, "ours")), &sets))
            fail_msg("kind %d is refused", kind);
        if (kind < 4 && nfnetlink_is_ours(made(make(kind, "other")), &sets))
            fail_msg("kind %d about another set is let through", kind);
    }
}

/* Any byte may be another one: what is let through then is harmless too, and reading stays within
 * the message. Types, lengths and names are never others. */
static void test_each_byte_changed(void **state)
{
    (void)state;
    for (int kind = 0; kind <= 3; kind++) {
        size_t count = make(kind, "ours");
        for (size_t i = 0; i < count; i++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                make(kind, "ours");
                room[i] ^= (uint8_t)(1u << bit);
                bool ours = nfnetlink_is_ours(made(count), &sets);
                bool other_end = i == 4 && bit == 0; /* a batch begins instead of ending */
                if (ours && i < 6 && !other_end)
                    fail_msg("kind %d, byte %zu: length or type", kind, i);
            }
        }
        make(kind, "ours");
        for (size_t cut = 1; cut < count && kind != 0; cut++) {
            /* A message less may be whole again; half a one is not. */
            if (cut % 4 != 0 && nfnetlink_is_ours(made(count - cut), &sets))
                fail_msg("kind %d cut by %zu", kind, cut);
        }
    }
}

static void header(uint16_t type, uint16_t flags, uint32_t count)
{
    struct nlmsghdr message = { .nlmsg_len = count, .nlmsg_type = type, .nlmsg_flags = flags };
    memset(room, 0, count);
    memcpy(room, &message, sizeof message);
}

static void test_others_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        uint16_t type, flags;
    } rows[] = {
        { "a new table", NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE, NLM_F_REQUEST },
        { "a rule gone", NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE, NLM_F_REQUEST },
        { "all elements gone", NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELSETELEM, NLM_F_REQUEST },
        { "all sets", NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETSET, NLM_F_REQUEST | NLM_F_DUMP },
        { "every connection", NFNL_SUBSYS_CTNETLINK << 8 | 1, NLM_F_REQUEST | NLM_F_DUMP },
        { "a set destroyed", NFNL_SUBSYS_IPSET << 8 | 3, NLM_F_REQUEST },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        header(rows[i].type, rows[i].flags, 20);
        if (nfnetlink_is_ours(made(20), &sets))
            fail_msg("%s is let through", rows[i].what);
    }
    assert_true(nfnetlink_is_ours(made(0), &sets));
    header(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 20);
    assert_true(nfnetlink_is_ours(made(20), &sets));
    assert_false(nfnetlink_is_ours(made(16), &sets));
}

/* The numbers of a batch's begin and end are those of links made and taken down elsewhere. */
static void test_only_the_firewall(void **state)
{
    (void)state;
    static const int protocols[] = { NETLINK_ROUTE, NETLINK_XFRM, NETLINK_GENERIC };
    header(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, 20);
    for (size_t i = 0; i < COUNT_OF(protocols); i++) {
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocols[i]);
        if (fd < 0)
            continue; /* a kernel without it */
        assert_int_equal(nfnetlink_pass_on(fd, made(20), &sets), EPERM);
        close(fd);
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_equal(nfnetlink_pass_on(fd, made(20), &sets), EPERM);
    close(fd);
    assert_int_equal(nfnetlink_open(&fd), STATUS_OK);
    assert_int_equal(nfnetlink_pass_on(fd, made(make(3, "other")), &sets), EPERM);
    assert_int_equal(nfnetlink_pass_on(fd, made(make(3, "ours")), &sets), 0);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_we_make),
        cmocka_unit_test(test_each_byte_changed),
        cmocka_unit_test(test_others_are_refused),
        cmocka_unit_test(test_only_the_firewall),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "platform/nfnetlink.h"

#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/rights.h"

#define IPSET_PROTOCOL_ANY 6 /* every kernel since 2011 takes it */
#define NFT_TYPE_IP4       7 /* nft's own numbers for what a set holds */
#define NFT_TYPE_IP6       8
#define MS_A_SECOND        1000u
#define ERRNO_MAX          4095

/* The longest that is made: every address put in, taken out and put in again, each with the end of
 * its interval. An element takes at most 56 bytes (the headers of four attributes, address, flags,
 * timeout), the frame around them two names and four headers each time. */
#define ELEMENT_BYTES 56
#define FRAME_BYTES   (2 * (NFNETLINK_NFT_NAME_MAX + 9) + 64)
static_assert(3 * (2 * NFNETLINK_ADDRESSES_MAX * ELEMENT_BYTES + FRAME_BYTES) + 64
                  <= NFNETLINK_MESSAGE_MAX,
              "messages fit");

/* ------------------------------------------------------------------ frames */

static struct nlmsghdr *put_header(uint8_t *at, uint16_t type, uint16_t flags, uint32_t sequence,
                                   uint8_t family, uint16_t resource)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(at);
    message->nlmsg_type = type;
    message->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
    message->nlmsg_seq = sequence;
    struct nfgenmsg *general = mnl_nlmsg_put_extra_header(message, sizeof *general);
    general->nfgen_family = family;
    general->version = NFNETLINK_V0;
    general->res_id = htons(resource);
    return message;
}

static uint16_t type_of(unsigned subsystem, unsigned command)
{
    return (uint16_t)(subsystem << 8 | command);
}

/* ------------------------------------------------------------------ ipset */

static size_t put_ipset_entry(uint8_t *at, uint32_t sequence, const char *set,
                              const struct address *address, uint32_t timeout_s)
{
    bool ip6 = address->family == ADDRESS_IP6;
    struct nlmsghdr *message = put_header(at, type_of(NFNL_SUBSYS_IPSET, IPSET_CMD_ADD), NLM_F_ACK,
                                          sequence, ip6 ? NFPROTO_IPV6 : NFPROTO_IPV4, 0);
    mnl_attr_put_u8(message, IPSET_ATTR_PROTOCOL, IPSET_PROTOCOL_ANY);
    mnl_attr_put_strz(message, IPSET_ATTR_SETNAME, set);
    struct nlattr *data = mnl_attr_nest_start(message, IPSET_ATTR_DATA);
    struct nlattr *ip = mnl_attr_nest_start(message, IPSET_ATTR_IP);
    struct bytes bytes = address_bytes(address);
    mnl_attr_put(message,
                 (ip6 ? IPSET_ATTR_IPADDR_IPV6 : IPSET_ATTR_IPADDR_IPV4) | NLA_F_NET_BYTEORDER,
                 bytes.count, bytes.at);
    mnl_attr_nest_end(message, ip);
    if (timeout_s > 0)
        mnl_attr_put_u32(message, IPSET_ATTR_TIMEOUT | NLA_F_NET_BYTEORDER, htonl(timeout_s));
    mnl_attr_nest_end(message, data);
    return message->nlmsg_len;
}

size_t nfnetlink_ipset_add(uint8_t *room, uint32_t sequence, const char *set,
                           const struct nfnetlink_elements *elements)
{
    size_t count = 0;
    uint32_t timeout_s = elements->timeout_s < NFNETLINK_TIMEOUT_MAX_S ? elements->timeout_s
                                                                       : NFNETLINK_TIMEOUT_MAX_S;
    assert(elements->count <= NFNETLINK_ADDRESSES_MAX);
    for (size_t i = 0; i < elements->count; i++)
        count += put_ipset_entry(room + count, sequence, set, &elements->addresses[i], timeout_s);
    return count;
}

/* ------------------------------------------------------------------ nftables */

static uint8_t protocol_of(enum nfnetlink_family family)
{
    static const uint8_t protocols[] = {
        [NFNETLINK_INET] = NFPROTO_INET,     [NFNETLINK_IP] = NFPROTO_IPV4,
        [NFNETLINK_IP6] = NFPROTO_IPV6,      [NFNETLINK_ARP] = NFPROTO_ARP,
        [NFNETLINK_BRIDGE] = NFPROTO_BRIDGE, [NFNETLINK_NETDEV] = NFPROTO_NETDEV,
    };
    return protocols[family];
}

static void put_element(struct nlmsghdr *message, const struct address *address, uint32_t flags,
                        uint32_t timeout_s)
{
    struct bytes bytes = address_bytes(address);
    struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
    if (flags != 0)
        mnl_attr_put_u32(message, NFTA_SET_ELEM_FLAGS, htonl(flags));
    struct nlattr *key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
    mnl_attr_put(message, NFTA_DATA_VALUE, bytes.count, bytes.at);
    mnl_attr_nest_end(message, key);
    if (timeout_s > 0)
        mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT,
                         htobe64((uint64_t)timeout_s * MS_A_SECOND));
    mnl_attr_nest_end(message, element);
}

static bool is_last(const struct address *address)
{
    struct address next = address_next(*address);
    return address_is_any(&next);
}

static size_t put_elements(uint8_t *at, uint16_t command, uint16_t flags, uint32_t sequence,
                           const struct nfnetlink_nft_name *name,
                           const struct nfnetlink_nft_facts *facts,
                           const struct nfnetlink_elements *elements)
{
    struct nlmsghdr *message = put_header(at, type_of(NFNL_SUBSYS_NFTABLES, command), flags,
                                          sequence, protocol_of(name->family), 0);
    uint32_t timeout_s = command == NFT_MSG_NEWSETELEM ? elements->timeout_s : 0;
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, name->table);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, name->set);
    struct nlattr *list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    for (size_t i = 0; i < elements->count; i++) {
        const struct address *address = &elements->addresses[i];
        put_element(message, address, 0, timeout_s);
        /* An interval ends with the first address that is not in it any more. */
        if (facts->intervals && !is_last(address)) {
            struct address next = address_next(*address);
            put_element(message, &next, NFT_SET_ELEM_INTERVAL_END, 0);
        }
    }
    mnl_attr_nest_end(message, list);
    return message->nlmsg_len;
}

/* One transaction. An element that is there keeps its timeout in kernels before 6.12; taking it out
 * fails where it is not there. So for a longer one: put in, take out, put in. */
size_t nfnetlink_nft_add(uint8_t *room, uint32_t sequence, const struct nfnetlink_nft_name *name,
                         const struct nfnetlink_nft_facts *facts,
                         const struct nfnetlink_elements *elements)
{
    assert(elements->count <= NFNETLINK_ADDRESSES_MAX);
    size_t count =
        put_header(room, NFNL_MSG_BATCH_BEGIN, 0, sequence, AF_UNSPEC, NFNL_SUBSYS_NFTABLES)
            ->nlmsg_len;
    if (elements->longer) {
        count += put_elements(room + count, NFT_MSG_NEWSETELEM, NLM_F_CREATE, sequence, name, facts,
                              elements);
        count += put_elements(room + count, NFT_MSG_DELSETELEM, 0, sequence, name, facts, elements);
    }
    count += put_elements(room + count, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, sequence,
                          name, facts, elements);
    return count
           + put_header(room + count, NFNL_MSG_BATCH_END, 0, sequence, AF_UNSPEC,
                        NFNL_SUBSYS_NFTABLES)
                 ->nlmsg_len;
}

size_t nfnetlink_nft_ask(uint8_t *room, uint32_t sequence, const struct nfnetlink_nft_name *name)
{
    struct nlmsghdr *message = put_header(room, type_of(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSET), 0,
                                          sequence, protocol_of(name->family), 0);
    mnl_attr_put_strz(message, NFTA_SET_TABLE, name->table);
    mnl_attr_put_strz(message, NFTA_SET_NAME, name->set);
    return message->nlmsg_len;
}

/* ------------------------------------------------------------------ marks */

static void put_address(struct nlmsghdr *message, uint16_t type, const struct address *address)
{
    struct bytes bytes = address_bytes(address);
    mnl_attr_put(message, type, bytes.count, bytes.at);
}

/* The connection is looked for by the way answers take: where a rule of the firewall has sent the
 * question to us instead of where the client meant it to go, only that way has our address. */
size_t nfnetlink_mark_ask(uint8_t *room, uint32_t sequence, const struct nfnetlink_flow *flow)
{
    bool ip6 = flow->client.address.family == ADDRESS_IP6;
    struct nlmsghdr *message = put_header(room, type_of(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET),
                                          0, sequence, ip6 ? AF_INET6 : AF_INET, 0);
    struct nlattr *tuple = mnl_attr_nest_start(message, CTA_TUPLE_REPLY);
    struct nlattr *ip = mnl_attr_nest_start(message, CTA_TUPLE_IP);
    put_address(message, ip6 ? CTA_IP_V6_SRC : CTA_IP_V4_SRC, &flow->local.address);
    put_address(message, ip6 ? CTA_IP_V6_DST : CTA_IP_V4_DST, &flow->client.address);
    mnl_attr_nest_end(message, ip);
    struct nlattr *protocol = mnl_attr_nest_start(message, CTA_TUPLE_PROTO);
    mnl_attr_put_u8(message, CTA_PROTO_NUM, flow->tcp ? IPPROTO_TCP : IPPROTO_UDP);
    mnl_attr_put_u16(message, CTA_PROTO_SRC_PORT, htons(flow->local.port));
    mnl_attr_put_u16(message, CTA_PROTO_DST_PORT, htons(flow->client.port));
    mnl_attr_nest_end(message, protocol);
    mnl_attr_nest_end(message, tuple);
    return message->nlmsg_len;
}

/* ------------------------------------------------------------------ answers */

static bool attribute_u32(const struct nlattr *attribute, uint32_t *value)
{
    if (mnl_attr_get_payload_len(attribute) < sizeof *value)
        return false;
    struct bytes_reader reader =
        bytes_reader_on(bytes_of(mnl_attr_get_payload(attribute), sizeof *value));
    *value = bytes_read_u32(&reader);
    return true;
}

static uint32_t attribute_seconds(const struct nlattr *attribute)
{
    if (mnl_attr_get_payload_len(attribute) < sizeof(uint64_t))
        return 0;
    struct bytes_reader reader =
        bytes_reader_on(bytes_of(mnl_attr_get_payload(attribute), sizeof(uint64_t)));
    uint64_t ms = (uint64_t)bytes_read_u32(&reader) << 32;
    ms |= bytes_read_u32(&reader);
    uint64_t seconds = ms / MS_A_SECOND + (ms % MS_A_SECOND != 0);
    return seconds < UINT32_MAX ? (uint32_t)seconds : UINT32_MAX;
}

static void read_facts(const struct nlmsghdr *message, struct nfnetlink_nft_facts *facts)
{
    const struct nlattr *attribute;
    uint32_t flags = 0;
    uint32_t type = 0;

    mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
    {
        switch (mnl_attr_get_type(attribute)) {
        case NFTA_SET_FLAGS:
            (void)attribute_u32(attribute, &flags);
            break;
        case NFTA_SET_KEY_TYPE:
            (void)attribute_u32(attribute, &type);
            break;
        case NFTA_SET_TIMEOUT:
            facts->default_s = attribute_seconds(attribute);
            break;
        default:
            break;
        }
    }
    facts->intervals = (flags & NFT_SET_INTERVAL) != 0;
    facts->timeouts = (flags & NFT_SET_TIMEOUT) != 0;
    if (type == NFT_TYPE_IP4 && (flags & NFT_SET_MAP) == 0)
        facts->family = ADDRESS_IP4;
    if (type == NFT_TYPE_IP6 && (flags & NFT_SET_MAP) == 0)
        facts->family = ADDRESS_IP6;
}

static uint32_t read_mark(const struct nlmsghdr *message)
{
    const struct nlattr *attribute;
    uint32_t mark = 0;

    mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
    {
        if (mnl_attr_get_type(attribute) == CTA_MARK)
            (void)attribute_u32(attribute, &mark);
    }
    return mark;
}

static int read_error(const struct nlmsghdr *message)
{
    int32_t code;
    memcpy(&code, mnl_nlmsg_get_payload(message), sizeof code);
    if (code == 0)
        return 0;
    if (code == -IPSET_ERR_TIMEOUT)
        return NFNETLINK_NO_TIMEOUTS;
    /* A set of IPv4 addresses says of an IPv6 one that the message is not sound. */
    if (code == -IPSET_ERR_PROTOCOL || code == -IPSET_ERR_IPADDR_IPV4
        || code == -IPSET_ERR_IPADDR_IPV6 || code == -IPSET_ERR_INVALID_FAMILY)
        return NFNETLINK_OTHER_FAMILY;
    return code < 0 && code >= -ERRNO_MAX ? -code : EPROTO;
}

static bool read_answer(const struct nlmsghdr *message, struct nfnetlink_answer *answer)
{
    size_t payload = mnl_nlmsg_get_payload_len(message);
    *answer = (struct nfnetlink_answer){ .sequence = message->nlmsg_seq };

    if (message->nlmsg_type == NLMSG_ERROR) {
        if (payload < sizeof(int32_t))
            return false;
        answer->kind = NFNETLINK_DONE;
        answer->error = read_error(message);
        return true;
    }
    /* The kernel's are whole words; of others the last attribute would be read past its end. */
    if (payload < sizeof(struct nfgenmsg) || message->nlmsg_len % MNL_ALIGNTO != 0)
        return false;
    if (message->nlmsg_type == type_of(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWSET)) {
        answer->kind = NFNETLINK_FACTS;
        read_facts(message, &answer->facts);
        return true;
    }
    if (message->nlmsg_type == type_of(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_NEW)) {
        answer->kind = NFNETLINK_MARK;
        answer->mark = read_mark(message);
        return true;
    }
    return false;
}

bool nfnetlink_next(struct bytes *left, struct nfnetlink_answer *answer)
{
    while (left->count > 0) {
        const struct nlmsghdr *message = (const void *)left->at;
        int count = left->count < INT32_MAX ? (int)left->count : INT32_MAX;
        /* The library takes a length with its highest bit set for a negative one, which fits. */
        if (!mnl_nlmsg_ok(message, count) || message->nlmsg_len > left->count)
            return false;
        size_t step = ((size_t)message->nlmsg_len + MNL_ALIGNTO - 1) & ~(size_t)(MNL_ALIGNTO - 1);
        if (step > left->count)
            step = left->count;
        *left = bytes_of(left->at + step, left->count - step);
        if (read_answer(message, answer))
            return true;
    }
    return false;
}

const char *nfnetlink_error_text(int error)
{
    if (error == NFNETLINK_NO_TIMEOUTS)
        return "Set made without timeouts";
    return error == NFNETLINK_OTHER_FAMILY ? "Set of another address family" : strerror(error);
}

/* ------------------------------------------------------------------ the socket */

enum status nfnetlink_open(int *fd)
{
    int opened = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_NETFILTER);
    if (opened < 0)
        return STATUS_SYSTEM;
    struct sockaddr_nl name = { .nl_family = AF_NETLINK };
    if (bind(opened, (struct sockaddr *)&name, sizeof name) != 0) {
        int error = errno;
        close(opened);
        errno = error;
        return STATUS_SYSTEM;
    }
    /* Errors come without what was sent. */
    int yes = 1;
    (void)setsockopt(opened, SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
    *fd = opened;
    return STATUS_OK;
}

enum status nfnetlink_send(int fd, struct bytes message)
{
    const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    if (rights_send(fd, (const struct sockaddr *)&kernel, sizeof kernel, message) == 0)
        return STATUS_OK;
    return errno == EAGAIN || errno == ENOBUFS ? STATUS_AGAIN : STATUS_SYSTEM;
}

struct bytes nfnetlink_receive(int fd, uint8_t *room, bool *lost)
{
    *lost = false;
    for (;;) {
        ssize_t count = recv(fd, room, NFNETLINK_ANSWER_MAX, MSG_DONTWAIT);
        if (count >= 0)
            return bytes_of(room, (size_t)count);
        if (errno == ENOBUFS)
            *lost = true;
        else if (errno != EINTR)
            return BYTES_NONE;
    }
}

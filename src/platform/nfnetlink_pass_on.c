/* What a process with CAP_NET_ADMIN sends for one without: only messages that nfnetlink_linux.c
 * makes, about sets that the configuration names. */
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>

#include "platform/nfnetlink.h"

static uint16_t type_of(unsigned subsystem, unsigned command)
{
    return (uint16_t)(subsystem << 8 | command);
}

/* ------------------------------------------------------------------ attributes */

/* A text that ends within its attribute; NULL: it does not. */
static const char *text_of_attribute(const struct nlattr *attribute)
{
    const char *text = mnl_attr_get_payload(attribute);
    return memchr(text, '\0', mnl_attr_get_payload_len(attribute)) != NULL ? text : NULL;
}

/* The only one of this type at the top of the message; NULL: there is none, or two. */
static const struct nlattr *only_one(const struct nlmsghdr *message, uint16_t type)
{
    const struct nlattr *found = NULL, *attribute;
    mnl_attr_for_each(attribute, message, sizeof(struct nfgenmsg))
    {
        if (mnl_attr_get_type(attribute) != type)
            continue;
        if (found != NULL)
            return NULL;
        found = attribute;
    }
    return found;
}

/* Every attribute fills the message to its end, and is of these types. */
static bool has_only(const void *start, size_t count, uint64_t types)
{
    const uint8_t *at = start;
    while (count > 0) {
        const struct nlattr *attribute = (const void *)at;
        if (count < sizeof *attribute || attribute->nla_len < sizeof *attribute
            || attribute->nla_len > count || mnl_attr_get_type(attribute) > 63
            || (types >> mnl_attr_get_type(attribute) & 1) == 0)
            return false;
        size_t step = MNL_ALIGN(attribute->nla_len);
        step = step < count ? step : count;
        at += step;
        count -= step;
    }
    return true;
}

static bool nest_has_only(const struct nlattr *nest, uint64_t types)
{
    return has_only(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest), types);
}

static bool body_has_only(const struct nlmsghdr *message, uint64_t types)
{
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
        return false;
    return has_only(mnl_nlmsg_get_payload_offset(message, sizeof(struct nfgenmsg)),
                    mnl_nlmsg_get_payload_len(message) - sizeof(struct nfgenmsg), types);
}

#define TYPE(number) (UINT64_C(1) << (number))

/* ------------------------------------------------------------------ messages */

static bool ipset_add_is_ours(const struct nlmsghdr *message, const struct nfnetlink_sets *sets)
{
    if (!body_has_only(message, TYPE(IPSET_ATTR_PROTOCOL) | TYPE(IPSET_ATTR_SETNAME)
                                    | TYPE(IPSET_ATTR_DATA)))
        return false;
    const struct nlattr *name = only_one(message, IPSET_ATTR_SETNAME);
    const struct nlattr *data = only_one(message, IPSET_ATTR_DATA);
    return name != NULL && data != NULL && text_of_attribute(name) != NULL
           && nest_has_only(data, TYPE(IPSET_ATTR_IP) | TYPE(IPSET_ATTR_TIMEOUT))
           && sets->has_ipset(sets->context, text_of_attribute(name));
}

static bool nft_names_are_ours(const struct nlmsghdr *message, const struct nfnetlink_sets *sets,
                               uint16_t table_type, uint16_t set_type)
{
    const struct nlattr *table = only_one(message, table_type);
    const struct nlattr *set = only_one(message, set_type);
    return table != NULL && set != NULL && text_of_attribute(table) != NULL
           && text_of_attribute(set) != NULL
           && sets->has_nft(sets->context, text_of_attribute(table), text_of_attribute(set));
}

static bool nft_element_is_ours(const struct nlattr *element)
{
    const struct nlattr *part;
    if (mnl_attr_get_type(element) != NFTA_LIST_ELEM
        || !nest_has_only(element, TYPE(NFTA_SET_ELEM_FLAGS) | TYPE(NFTA_SET_ELEM_KEY)
                                       | TYPE(NFTA_SET_ELEM_TIMEOUT)))
        return false;
    mnl_attr_for_each_nested(part, element)
    {
        if (mnl_attr_get_type(part) == NFTA_SET_ELEM_KEY
            && !nest_has_only(part, TYPE(NFTA_DATA_VALUE)))
            return false;
    }
    return true;
}

static bool nft_elements_are_ours(const struct nlmsghdr *message, const struct nfnetlink_sets *sets)
{
    const struct nlattr *element;
    if (!body_has_only(message, TYPE(NFTA_SET_ELEM_LIST_TABLE) | TYPE(NFTA_SET_ELEM_LIST_SET)
                                    | TYPE(NFTA_SET_ELEM_LIST_ELEMENTS))
        || !nft_names_are_ours(message, sets, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_LIST_SET))
        return false;
    const struct nlattr *list = only_one(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    if (list == NULL || !nest_has_only(list, TYPE(NFTA_LIST_ELEM)))
        return false;
    mnl_attr_for_each_nested(element, list)
    {
        if (!nft_element_is_ours(element))
            return false;
    }
    return true;
}

static bool is_ours(const struct nlmsghdr *message, const struct nfnetlink_sets *sets)
{
    uint16_t type = message->nlmsg_type;
    if (mnl_nlmsg_get_payload_len(message) < sizeof(struct nfgenmsg))
        return false;
    if (type == NFNL_MSG_BATCH_BEGIN || type == NFNL_MSG_BATCH_END
        || type == type_of(NFNL_SUBSYS_CTNETLINK, IPCTNL_MSG_CT_GET))
        return (message->nlmsg_flags & NLM_F_DUMP) == 0;
    if (type == type_of(NFNL_SUBSYS_IPSET, IPSET_CMD_ADD))
        return ipset_add_is_ours(message, sets);
    if (type == type_of(NFNL_SUBSYS_NFTABLES, NFT_MSG_GETSET))
        return (message->nlmsg_flags & NLM_F_DUMP) == 0
               && body_has_only(message, TYPE(NFTA_SET_TABLE) | TYPE(NFTA_SET_NAME))
               && nft_names_are_ours(message, sets, NFTA_SET_TABLE, NFTA_SET_NAME);
    if (type == type_of(NFNL_SUBSYS_NFTABLES, NFT_MSG_NEWSETELEM)
        || type == type_of(NFNL_SUBSYS_NFTABLES, NFT_MSG_DELSETELEM))
        return nft_elements_are_ours(message, sets);
    return false;
}

bool nfnetlink_is_ours(struct bytes messages, const struct nfnetlink_sets *sets)
{
    struct bytes left = messages;
    if (messages.count > NFNETLINK_MESSAGE_MAX)
        return false;
    while (left.count > 0) {
        const struct nlmsghdr *message = (const void *)left.at;
        if (left.count < sizeof *message || message->nlmsg_len < sizeof *message
            || message->nlmsg_len > left.count || message->nlmsg_len % MNL_ALIGNTO != 0
            || !is_ours(message, sets))
            return false;
        left = bytes_of(left.at + message->nlmsg_len, left.count - message->nlmsg_len);
    }
    return true;
}

/* ------------------------------------------------------------------ the socket */

/* Numbers of messages mean other things to other parts of the kernel. */
static bool is_of_the_firewall(int fd)
{
    int domain = 0, protocol = -1;
    socklen_t count = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &count) != 0 || domain != AF_NETLINK)
        return false;
    count = sizeof protocol;
    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &count) == 0
           && protocol == NETLINK_NETFILTER;
}

int nfnetlink_pass_on(int fd, struct bytes messages, const struct nfnetlink_sets *sets)
{
    const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
    if (!is_of_the_firewall(fd) || !nfnetlink_is_ours(messages, sets))
        return EPERM;
    ssize_t sent = sendto(fd, messages.at, messages.count, MSG_DONTWAIT,
                          (const struct sockaddr *)&kernel, sizeof kernel);
    return sent < 0 ? errno : 0;
}

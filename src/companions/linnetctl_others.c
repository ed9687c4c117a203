#include "companions/linnetctl_others.h"

#include <errno.h>
#include <ifaddrs.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "platform/icmp6.h"
#include "platform/instant.h"
#include "platform/udp.h"
#include "wire/dhcp6_message.h"
#include "wire/icmp6_message.h"

#define MESSAGE_BYTES 256
#define ON_LINK_HOPS  255 /* RFC 4861 section 6.1.2: no router has passed it on */
#define DUID_UUID     4   /* RFC 6355 */

/* ------------------------------------------------------------------ where */

void linnetctl_others_add(struct linnetctl_others *others, struct text interface,
                          enum linnetctl_other_kind kind)
{
    char name[IF_NAMESIZE];
    struct text_out out = text_out_on(name, sizeof name);
    size_t i = 0;
    text_put(&out, interface);
    uint32_t index = out.failed ? 0 : if_nametoindex(name);
    while (i < others->link_count && others->links[i].index != index)
        i++;
    if (index == 0 || i == LINNETCTL_LINKS_MAX)
        return;
    struct linnetctl_link *link = &others->links[i];
    if (i == others->link_count) {
        *link = (struct linnetctl_link){ .index = index, .fd = -1 };
        memcpy(link->name, name, sizeof name);
        others->link_count++;
    }
    link->dhcp6 = link->dhcp6 || kind == LINNETCTL_DHCP6;
    link->router = link->router || kind == LINNETCTL_ROUTER;
}

static bool is_ours(const struct address *address)
{
    struct ifaddrs *all;
    struct endpoint own;
    bool ours = false;
    if (getifaddrs(&all) != 0)
        return false;
    for (const struct ifaddrs *at = all; at != NULL && !ours; at = at->ifa_next)
        ours = at->ifa_addr != NULL && endpoint_from_sockaddr(at->ifa_addr, &own) == STATUS_OK
               && address_equal(&own.address, address);
    freeifaddrs(all);
    return ours;
}

/* ------------------------------------------------------------------ asking */

/* errno says why. */
static void fail(struct linnetctl_others *others, const char *what)
{
    others->failed = what;
    others->error = errno;
}

/* For an address and for information: some servers have only one of them to give. */
static struct bytes build(const struct linnetctl_others *others, enum dhcp6_message_type type,
                          uint8_t *buffer)
{
    static const uint8_t no_time[2], wanted[2] = { 0, DHCP6_DNS_SERVER };
    struct dhcp6_builder builder;
    dhcp6_builder_start(&builder, buffer, MESSAGE_BYTES, type, others->xid);
    dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, bytes_of(others->duid, sizeof others->duid));
    dhcp6_builder_option(&builder, DHCP6_ELAPSED_TIME, bytes_of(no_time, sizeof no_time));
    dhcp6_builder_option(&builder, DHCP6_ORO, bytes_of(wanted, sizeof wanted));
    if (type == DHCP6_SOLICIT)
        dhcp6_builder_end(&builder, dhcp6_builder_ia(&builder, DHCP6_IA_NA, 1, 0, 0));
    return dhcp6_builder_finish(&builder);
}

static void ask_dhcp6(struct linnetctl_others *others, struct linnetctl_link *link,
                      struct udp_batch *batch)
{
    static const uint8_t servers[16] = { 0xff, 2, [13] = 1, [15] = 2 };
    const struct udp_setup setup = {
        .bind = { .address = address_any(ADDRESS_IP6), .port = DHCP6_CLIENT_PORT },
        .device = link->name,
        .reuse_address = true,
        .multicast_hops = 1, /* and linnet does not hear it */
    };
    uint8_t solicit[MESSAGE_BYTES], request[MESSAGE_BYTES];
    struct udp_departure departures[2] = {
        { .message = build(others, DHCP6_SOLICIT, solicit) },
        { .message = build(others, DHCP6_INFORMATION_REQUEST, request) },
    };
    for (size_t i = 0; i < COUNT_OF(departures); i++) {
        departures[i].to = (struct endpoint){ .address = address_ip6(servers),
                                              .port = DHCP6_SERVER_PORT,
                                              .scope = link->index };
        departures[i].interface = link->index;
    }
    if (link->fd < 0 && udp_open(&setup, &link->fd) != STATUS_OK) {
        link->fd = -1;
        fail(others, "DHCPv6 servers");
    } else if (udp_send(batch, link->fd, departures, COUNT_OF(departures)) == 0) {
        fail(others, "DHCPv6 servers");
    }
}

static bool open_icmp(struct linnetctl_others *others)
{
    if (others->icmp_fd < 0 && icmp6_open_host(&others->icmp_fd) != STATUS_OK)
        others->icmp_fd = -1;
    return others->icmp_fd >= 0;
}

static void ask_routers(struct linnetctl_others *others, const struct linnetctl_link *link)
{
    static const uint8_t routers[16] = { 0xff, 2, [15] = 2 };
    static const uint8_t solicit[8] = { ICMP6_ROUTER_SOLICIT };
    const struct address to = address_ip6(routers), from = { .family = ADDRESS_NONE };
    if (!open_icmp(others)
        || icmp6_send(others->icmp_fd, &to, &from, link->index, bytes_of(solicit, sizeof solicit))
               != STATUS_OK)
        fail(others, "routers");
}

static void ask_all(struct linnetctl_others *others, struct udp_batch *batch)
{
    for (size_t i = 0; i < others->link_count; i++) {
        if (others->links[i].dhcp6)
            ask_dhcp6(others, &others->links[i], batch);
        if (others->links[i].router)
            ask_routers(others, &others->links[i]);
    }
}

void linnetctl_others_ask(struct linnetctl_others *others)
{
    struct udp_batch *batch = udp_batch_create(DHCP6_MESSAGE_MAX);
    others->icmp_fd = -1;
    (void)!getentropy(&others->xid, sizeof others->xid);
    (void)!getentropy(others->duid, sizeof others->duid);
    others->xid &= 0xffffff;
    others->duid[0] = 0;
    others->duid[1] = DUID_UUID;
    if (batch != NULL)
        ask_all(others, batch);
    udp_batch_free(batch);
    others->until_ms = instant_mono() + (others->link_count > 0 ? LINNETCTL_OTHERS_MS : 0);
}

/* ------------------------------------------------------------------ hearing */

/* Its row, when it is a new one. */
static struct linnetctl_other *add_found(struct linnetctl_others *others,
                                         enum linnetctl_other_kind kind, const struct address *from,
                                         const struct linnetctl_link *link)
{
    for (size_t i = 0; i < others->found_count; i++) {
        const struct linnetctl_other *known = &others->found[i];
        if (known->kind == kind && known->link == link && address_equal(&known->address, from))
            return NULL;
    }
    if (others->found_count == LINNETCTL_OTHERS_MAX || is_ours(from))
        return NULL;
    struct linnetctl_other *other = &others->found[others->found_count++];
    *other = (struct linnetctl_other){ .kind = kind, .address = *from, .link = link };
    return other;
}

static void hear_dhcp6(struct linnetctl_others *others, const struct linnetctl_link *link,
                       struct udp_batch *batch)
{
    struct udp_arrival arrivals[UDP_BATCH];
    bool refused;
    unsigned count = udp_receive(batch, link->fd, arrivals, &refused);
    for (unsigned i = 0; i < count; i++) {
        struct dhcp6_message reply;
        if (dhcp6_message_read(arrivals[i].message, &reply) == STATUS_OK
            && (reply.type == DHCP6_ADVERTISE || reply.type == DHCP6_REPLY)
            && reply.xid == others->xid && dhcp6_option_has(&reply.options, DHCP6_SERVER_ID))
            (void)add_found(others, LINNETCTL_DHCP6, &arrivals[i].from.address, link);
    }
}

/* What it says it is: for how long a router, and for which network. */
static void describe(struct linnetctl_other *other, const struct icmp6_advert *advert,
                     const struct icmp6_options *options)
{
    struct text_out out = text_out_on(other->what, sizeof other->what);
    text_printf(&out, "a router for %u s", advert->lifetime_s);
    for (unsigned i = 0; i < options->count; i++) {
        struct icmp6_prefix told;
        char text[ADDRESS_TEXT_MAX];
        if (options->at[i].type != ICMP6_PREFIX
            || icmp6_prefix_read(options->at[i].value, &told) != STATUS_OK)
            continue;
        text_printf(&out, ", of %s/%u", address_text(&told.address, text), told.length);
        return;
    }
}

static void hear_routers(struct linnetctl_others *others)
{
    uint8_t buffer[2048];
    struct icmp6_arrival arrival;
    struct icmp6_advert advert;
    struct icmp6_options options;
    while (icmp6_receive(others->icmp_fd, buffer, sizeof buffer, &arrival) == STATUS_OK) {
        const struct linnetctl_link *link = NULL;
        for (size_t i = 0; i < others->link_count; i++)
            if (others->links[i].index == arrival.interface && others->links[i].router)
                link = &others->links[i];
        if (link == NULL || arrival.cut || arrival.hop_limit != ON_LINK_HOPS
            || !address_is_link_local(&arrival.from)
            || icmp6_advert_read(arrival.message, &advert, &options) != STATUS_OK)
            continue;
        struct linnetctl_other *other = add_found(others, LINNETCTL_ROUTER, &arrival.from, link);
        if (other != NULL)
            describe(other, &advert, &options);
    }
}

static size_t list(const struct linnetctl_others *others, struct pollfd *polls)
{
    for (size_t i = 0; i < others->link_count; i++)
        polls[i] = (struct pollfd){ .fd = others->links[i].fd, .events = POLLIN };
    polls[others->link_count] = (struct pollfd){ .fd = others->icmp_fd, .events = POLLIN };
    return others->link_count + 1;
}

static void finish(struct linnetctl_others *others)
{
    for (size_t i = 0; i < others->link_count; i++) {
        if (others->links[i].fd >= 0)
            close(others->links[i].fd);
        others->links[i].fd = -1;
    }
    if (others->icmp_fd >= 0)
        close(others->icmp_fd);
    others->icmp_fd = -1;
}

void linnetctl_others_hear(struct linnetctl_others *others)
{
    struct pollfd polls[LINNETCTL_LINKS_MAX + 1];
    struct udp_batch *batch = udp_batch_create(DHCP6_MESSAGE_MAX);
    uint64_t now;
    while (batch != NULL && (now = instant_mono()) < others->until_ms) {
        size_t count = list(others, polls);
        (void)poll(polls, count, (int)(others->until_ms - now));
        for (size_t i = 0; i < others->link_count; i++)
            if (polls[i].revents != 0)
                hear_dhcp6(others, &others->links[i], batch);
        if (polls[others->link_count].revents != 0)
            hear_routers(others);
    }
    udp_batch_free(batch);
    finish(others);
}

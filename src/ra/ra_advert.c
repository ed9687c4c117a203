#include "ra/ra_advert.h"

#define HOP_LIMIT 64

static uint32_t default_lifetime(const struct ra_link *link)
{
    return RA_LIFETIMES * (uint32_t)link->interval_s;
}

/* An option that had no room is left out whole, and the next may still fit. */
static void keep_if_whole(struct bytes_writer *writer, size_t before)
{
    if (writer->failed)
        bytes_writer_rewind(writer, before);
}

static bool has_router_prefix(const struct ra_link *link)
{
    for (size_t i = 0; i < link->prefix_count; i++)
        if (link->prefixes[i].router)
            return true;
    return false;
}

static void write_dns(const struct ra_link *link, const struct ra_moment *moment,
                      struct bytes_writer *writer)
{
    size_t before = bytes_writer_count(writer);
    if (link->search.count > 0)
        icmp6_dnssl_write(writer, link->search, moment->dns_lifetime_s);
    keep_if_whole(writer, before);
    before = bytes_writer_count(writer);
    if (link->dns_servers.count > 0)
        icmp6_rdnss_write(writer, link->dns_servers, moment->dns_lifetime_s);
    keep_if_whole(writer, before);
}

/* What says how to get out of the network: for those who route by us. */
static void write_ways(const struct ra_link *link, const struct ra_config *ra,
                       struct bytes_writer *writer)
{
    for (size_t i = 0; i < ra->pref64_count; i++) {
        const struct ra_pref64 *pref64 = &ra->pref64s[i];
        size_t before = bytes_writer_count(writer);
        icmp6_pref64_write(writer, &pref64->prefix,
                           pref64->lifetime_given ? pref64->lifetime_s : default_lifetime(link));
        keep_if_whole(writer, before);
    }
    for (size_t i = 0; i < ra->route_count; i++) {
        const struct ra_route *route = &ra->routes[i];
        size_t before = bytes_writer_count(writer);
        icmp6_route_write(writer, &route->prefix, (enum icmp6_preference)route->preference,
                          route->lifetime_given ? route->lifetime_s : default_lifetime(link));
        keep_if_whole(writer, before);
    }
}

static void write_options(const struct ra_link *link, const struct ra_config *ra,
                          const struct ra_moment *moment, struct bytes_writer *writer)
{
    if (has_router_prefix(link))
        icmp6_interval_write(writer, link->interval_s * UINT32_C(1000));
    if (link->mtu != 0)
        icmp6_mtu_write(writer, link->mtu);
    icmp6_link_layer_write(writer, &link->hardware);
    write_dns(link, moment, writer);
    size_t before = bytes_writer_count(writer);
    if (link->portal.count > 0)
        icmp6_captive_portal_write(writer, link->portal);
    keep_if_whole(writer, before);
    if (moment->is_router)
        write_ways(link, ra, writer);
}

void ra_advert_write(const struct ra_link *link, const struct ra_config *ra,
                     const struct ra_moment *moment, size_t *next, struct bytes_writer *writer)
{
    uint8_t buffer[ICMP6_ADVERT_MAX];
    struct icmp6_advert advert = {
        .hop_limit = HOP_LIMIT,
        .managed = link->managed,
        .other = link->other,
        .preference = link->preference,
        .lifetime_s = moment->is_router ? link->lifetime_s : 0,
    };
    /* RFC 4191 section 2.2: no preference of what is no default router. */
    if (advert.lifetime_s == 0)
        advert.preference = ICMP6_MEDIUM;
    icmp6_advert_write(writer, &advert);

    /* The options come behind the prefixes, but have their room first; of several messages the
     * first has them. One prefix finds room always. */
    size_t room = bytes_writer_room(writer);
    struct bytes_writer options =
        bytes_writer_on(buffer, room > sizeof buffer ? sizeof buffer : room);
    if (*next == 0) {
        size_t reserved = moment->count > 0 ? ICMP6_PREFIX_BYTES : 0;
        options = bytes_writer_on(buffer, room > reserved ? room - reserved : 0);
        write_options(link, ra, moment, &options);
    }
    size_t left = room - bytes_writer_count(&options);
    for (; *next < moment->count && left >= ICMP6_PREFIX_BYTES; left -= ICMP6_PREFIX_BYTES)
        icmp6_prefix_write(writer, &moment->prefixes[(*next)++]);
    bytes_write_span(writer, bytes_writer_written(&options));
}

/* How questions are put to upstream servers: what is added and taken away, when they are put again
 * (dns_upstream_options.c). Memory is the config arena's. */
#ifndef LINNET_DNS_DNS_ASKING_H
#define LINNET_DNS_DNS_ASKING_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

/* Forms of a hardware address (dns.md section 10); several may be wanted at once. */
#define DNS_MAC_BINARY 1u
#define DNS_MAC_BASE64 2u
#define DNS_MAC_TEXT   4u

#define DNS_CPE_ID_MAX          128 /* bytes of text */
#define DNS_UMBRELLA_DEVICE     8   /* bytes of a device id */
#define DNS_RETRY_FIRST_DEFAULT 1000
#define DNS_RETRY_FIRST_MIN     50
#define DNS_RETRY_LIMIT_DEFAULT 10000

/* What is told of clients of one family. */
struct dns_subnet {
    struct address address; /* always this one; none: the client's */
    uint8_t length;
};

struct dns_umbrella {
    bool wanted;
    bool has_organisation, has_asset, has_device;
    uint32_t organisation, asset;
    uint8_t device[DNS_UMBRELLA_DEVICE];
};

struct dns_asking {
    uint8_t mac_forms; /* bits DNS_MAC_...; 0: hardware addresses are not told */
    bool strip_mac, strip_subnet;
    const char *cpe_id; /* NULL: none */
    bool add_subnet;
    struct dns_subnet subnet4, subnet6;
    struct dns_umbrella umbrella;

    bool loop_detect;
    bool mix_case, never_mix_case; /* do-0x20-encode, no-0x20-encode */
    bool retry;                    /* fast-dns-retry */
    uint32_t retry_first_ms, retry_limit_ms;
    uint32_t port_limit; /* 0: one */
};

/* Something is added to questions. */
static inline bool dns_asking_adds(const struct dns_asking *asking)
{
    return asking->mac_forms != 0 || asking->add_subnet || asking->cpe_id != NULL
           || asking->umbrella.wanted;
}

static inline bool dns_asking_mixes_case(const struct dns_asking *asking)
{
    return asking->mix_case && !asking->never_mix_case;
}

#endif

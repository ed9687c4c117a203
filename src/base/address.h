/* IP addresses, prefixes, ranges, endpoints, hardware addresses: values,
 * passed and kept by value. */
#ifndef LINNET_BASE_ADDRESS_H
#define LINNET_BASE_ADDRESS_H

#include "base/bytes.h"
#include "base/compiler.h"
#include "base/status.h"
#include "base/text.h"

enum address_family { ADDRESS_NONE = 0, ADDRESS_IP4 = 4, ADDRESS_IP6 = 6 };

/* Network byte order; an IPv4 address uses the first four bytes and the rest are zero, always, so
 * that two addresses may be compared and hashed as memory. */
struct address {
    uint8_t family;  /* enum address_family */
    uint8_t bytes[16];
};

struct prefix {
    struct address address;  /* host bits zero */
    uint8_t length;          /* 0..32 or 0..128 */
};

/* first <= last, one family. */
struct address_range {
    struct address first;
    struct address last;
};

/* Where a datagram comes from or goes to. */
struct endpoint {
    struct address address;
    uint16_t port;
    uint32_t scope;  /* interface index of a link-local IPv6 address, else 0 */
};

/* An Ethernet-like hardware address with its ARP type (RFC 826; 1 is Ethernet). */
#define HARDWARE_MAX 16
struct hardware {
    uint16_t type;
    uint8_t count;  /* 0..HARDWARE_MAX; 0 means none */
    uint8_t bytes[HARDWARE_MAX];
};

#define ADDRESS_TEXT_MAX  46  /* longest text with its NUL */
#define ENDPOINT_TEXT_MAX 72  /* with %scope and #port */
#define HARDWARE_TEXT_MAX 56

struct address address_ip4(uint8_t a, uint8_t b, uint8_t c, uint8_t d);
struct address address_ip4_from_u32(uint32_t host_order);
uint32_t address_ip4_to_u32(struct address address);  /* host order; asserts the family */
struct address address_ip6(const uint8_t bytes[16]);
struct address address_any(enum address_family family);
size_t address_size(enum address_family family);  /* 4, 16 or 0 */
struct bytes address_bytes(const struct address *address);
/* 4 or 16 bytes, anything else is STATUS_MALFORMED. */
NODISCARD enum status address_from_bytes(struct bytes bytes, struct address *address);

static inline bool address_is_none(const struct address *address)
{
    return address->family == ADDRESS_NONE;
}
bool address_equal(const struct address *a, const struct address *b);
/* Who may be one and the same with many addresses: of an IPv6 one its /64, else the address. */
struct address address_site(const struct address *address);
bool address_same_site(const struct address *a, const struct address *b);
int address_compare(const struct address *a, const struct address *b);  /* family first */
bool address_is_any(const struct address *address);       /* 0.0.0.0 or :: */
bool address_is_loopback(const struct address *address);  /* 127/8, ::1 */
bool address_is_link_local(const struct address *address);
bool address_is_multicast(const struct address *address);
/* The address after, wrapping at the end of the family. */
struct address address_next(struct address address);
/* base + offset within the family, wrapping. */
struct address address_add(struct address base, uint64_t offset);
/* b - a, for a <= b of one family; UINT64_MAX when it does not fit. */
uint64_t address_distance(const struct address *a, const struct address *b);

/* Exactly an address, as inet_pton reads it: no blanks, no brackets, no scope. */
NODISCARD enum status address_from_text(struct text text, struct address *address);
/* RFC 5952 form for IPv6. */
void text_put_address(struct text_out *out, const struct address *address);
/* Into a buffer of ADDRESS_TEXT_MAX; returns it. */
const char *address_text(const struct address *address, char buffer[ADDRESS_TEXT_MAX]);

/* Masks the host bits away. STATUS_RANGE when length is too long for the family. */
NODISCARD enum status prefix_make(struct address address, unsigned length, struct prefix *prefix);
bool prefix_contains(const struct prefix *prefix, const struct address *address);
bool prefix_equal(const struct prefix *a, const struct prefix *b);
/* "192.0.2.0/24", "2001:db8::/32", or an address alone (full length). */
NODISCARD enum status prefix_from_text(struct text text, struct prefix *prefix);
void text_put_prefix(struct text_out *out, const struct prefix *prefix);
/* 255.255.255.0 for 24; asserts length <= 32. */
struct address netmask_from_length(unsigned length);
/* STATUS_MALFORMED when the ones are not contiguous. */
NODISCARD enum status netmask_to_length(const struct address *mask, unsigned *length);

bool range_contains(const struct address_range *range, const struct address *address);
/* Number of addresses, UINT64_MAX when it does not fit. */
uint64_t range_count(const struct address_range *range);

bool endpoint_equal(const struct endpoint *a, const struct endpoint *b);
/* 192.0.2.1#53, fe80::1%2#53 */
void text_put_endpoint(struct text_out *out, const struct endpoint *endpoint);

bool hardware_equal(const struct hardware *a, const struct hardware *b);
/* "02:00:00:00:00:01", also "TT-02:00:..." with the ARP type in hex, ':' or '-' between bytes, one
 * or two digits a byte. STATUS_MALFORMED for anything else, STATUS_RANGE
 * above HARDWARE_MAX bytes. */
NODISCARD enum status hardware_from_text(struct text text, struct hardware *hardware);
/* Lower case, colons; with a "TT-" prefix when the type is not Ethernet. */
void text_put_hardware(struct text_out *out, const struct hardware *hardware);

/* sockaddr to endpoint and back. `to` must hold a sockaddr_storage. */
struct sockaddr;
NODISCARD enum status endpoint_from_sockaddr(const struct sockaddr *from,
                                             struct endpoint *endpoint);
/* Returns the length written. */
unsigned endpoint_to_sockaddr(const struct endpoint *endpoint, void *to);

#endif

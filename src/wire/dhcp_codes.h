/* DHCPv4 and DHCPv6 option codes: number, name, kind of value. One table each; --help dhcp, the
 * dhcp-option reader and the logs all read it. */
#ifndef LINNET_WIRE_DHCP_CODES_H
#define LINNET_WIRE_DHCP_CODES_H

#include "base/status.h"
#include "base/text.h"

enum dhcp4_code {
    DHCP4_PAD = 0, DHCP4_NETMASK = 1, DHCP4_ROUTER = 3, DHCP4_DNS_SERVER = 6, DHCP4_HOSTNAME = 12,
    DHCP4_DOMAIN_NAME = 15, DHCP4_BROADCAST = 28, DHCP4_VENDOR_ENCAP = 43, DHCP4_REQUESTED_IP = 50,
    DHCP4_LEASE_TIME = 51, DHCP4_OVERLOAD = 52, DHCP4_MESSAGE_TYPE = 53, DHCP4_SERVER_ID = 54,
    DHCP4_REQUESTED_OPTIONS = 55, DHCP4_MESSAGE = 56, DHCP4_MAX_SIZE = 57, DHCP4_T1 = 58,
    DHCP4_T2 = 59, DHCP4_VENDOR_CLASS = 60, DHCP4_CLIENT_ID = 61, DHCP4_TFTP_SERVER = 66,
    DHCP4_BOOTFILE = 67, DHCP4_USER_CLASS = 77, DHCP4_RAPID_COMMIT = 80, DHCP4_FQDN = 81,
    DHCP4_AGENT_INFO = 82, DHCP4_CLIENT_ARCH = 93, DHCP4_UUID = 97, DHCP4_IPV6_ONLY = 108,
    DHCP4_CAPTIVE_PORTAL = 114, DHCP4_SUBNET_SELECT = 118, DHCP4_DOMAIN_SEARCH = 119,
    DHCP4_SIP_SERVER = 120, DHCP4_CLASSLESS_ROUTE = 121, DHCP4_VENDOR_IDENT = 124,
    DHCP4_VENDOR_IDENT_OPT = 125,
    DHCP4_TFTP_ADDRESS = 150, DHCP4_SERVER_IP = 255 /* config only: siaddr */, DHCP4_END = 255,
};

enum dhcp4_message_type {
    DHCP4_DISCOVER = 1, DHCP4_OFFER, DHCP4_REQUEST, DHCP4_DECLINE, DHCP4_ACK, DHCP4_NAK,
    DHCP4_RELEASE, DHCP4_INFORM, DHCP4_LEASEQUERY = 10, DHCP4_LEASEUNASSIGNED, DHCP4_LEASEUNKNOWN,
    DHCP4_LEASEACTIVE,
};
/* "DHCPDISCOVER", ...; NULL for a number without a name. */
const char *dhcp4_message_type_name(unsigned type);

/* How a configured value is read and how a received one is shown. */
enum dhcp_value {
    DHCP_VALUE_UNKNOWN,    /* guess from the text */
    DHCP_VALUE_ADDRESSES,  /* a list of addresses */
    DHCP_VALUE_NUMBER,     /* `bytes` wide integer, or a list of them */
    DHCP_VALUE_TIME,       /* seconds as 4 bytes; text may be 6h */
    DHCP_VALUE_STRING,
    DHCP_VALUE_NAME,       /* one domain name as text */
    DHCP_VALUE_NAMES_WIRE, /* RFC 3397 compressed list (v4), uncompressed list (v6) */
    DHCP_VALUE_SIP,        /* RFC 3361 names or addresses */
    DHCP_VALUE_ROUTES,     /* RFC 3442 */
    DHCP_VALUE_INTERNAL,   /* set by the server itself; a config may still give raw bytes */
};

struct dhcp_code {
    uint16_t code;
    uint8_t bytes;        /* DHCP_VALUE_NUMBER: width, else 0 */
    uint8_t value;        /* enum dhcp_value */
    bool in_help;         /* listed by --help dhcp; others are only named in logs */
    const char *name;
};

/* NULL when the number has no row. */
const struct dhcp_code *dhcp4_code_find(unsigned code);
const struct dhcp_code *dhcp6_code_find(unsigned code);
/* By name, in any case, among the names a configuration may use (in_help). NULL when unknown. */
const struct dhcp_code *dhcp4_code_by_name(struct text name);
const struct dhcp_code *dhcp6_code_by_name(struct text name);
/* All rows in the order of their numbers. */
const struct dhcp_code *dhcp4_codes(size_t *count);
const struct dhcp_code *dhcp6_codes(size_t *count);

#endif

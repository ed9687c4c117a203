#include "wire/dhcp_codes.h"

#define ADDRESSES  DHCP_VALUE_ADDRESSES
#define NUMBER     DHCP_VALUE_NUMBER
#define TIME       DHCP_VALUE_TIME
#define STRING     DHCP_VALUE_STRING
#define NAME       DHCP_VALUE_NAME
#define NAMES_WIRE DHCP_VALUE_NAMES_WIRE
#define SIP        DHCP_VALUE_SIP
#define ROUTES     DHCP_VALUE_ROUTES
#define INTERNAL   DHCP_VALUE_INTERNAL
#define UNKNOWN    DHCP_VALUE_UNKNOWN

/* Widths by RFC 2132 unless said otherwise. A name people may write in a configuration is listed by
 * --help; the others are only for the logs. */
static const struct dhcp_code codes4[] = {
    { 1, 0, ADDRESSES, true, "netmask" },
    { 2, 4, NUMBER, true, "time-offset" },
    { 3, 0, ADDRESSES, true, "router" },
    { 6, 0, ADDRESSES, true, "dns-server" },
    { 7, 0, ADDRESSES, true, "log-server" },
    { 9, 0, ADDRESSES, true, "lpr-server" },
    { 12, 0, NAME, false, "hostname" },
    { 13, 2, NUMBER, true, "boot-file-size" },
    { 15, 0, NAME, true, "domain-name" },
    { 16, 0, ADDRESSES, true, "swap-server" },
    { 17, 0, STRING, true, "root-path" },
    { 18, 0, STRING, true, "extension-path" },
    { 19, 1, NUMBER, true, "ip-forward-enable" },
    { 20, 1, NUMBER, true, "non-local-source-routing" },
    { 21, 0, ADDRESSES, true, "policy-filter" },
    { 22, 2, NUMBER, true, "max-datagram-reassembly" },
    { 23, 1, NUMBER, true, "default-ttl" },
    { 26, 2, NUMBER, true, "mtu" },
    { 27, 1, NUMBER, true, "all-subnets-local" },
    { 28, 0, ADDRESSES, false, "broadcast" },
    { 31, 1, NUMBER, true, "router-discovery" },
    { 32, 0, ADDRESSES, true, "router-solicitation" },
    { 33, 0, ADDRESSES, true, "static-route" },
    { 34, 1, NUMBER, true, "trailer-encapsulation" },
    { 35, 4, NUMBER, true, "arp-timeout" },
    { 36, 1, NUMBER, true, "ethernet-encap" },
    { 37, 1, NUMBER, true, "tcp-ttl" },
    { 38, 4, NUMBER, true, "tcp-keepalive" },
    { 40, 0, NAME, true, "nis-domain" },
    { 41, 0, ADDRESSES, true, "nis-server" },
    { 42, 0, ADDRESSES, true, "ntp-server" },
    { 43, 0, INTERNAL, false, "vendor-encap" },
    { 44, 0, ADDRESSES, true, "netbios-ns" },
    { 45, 0, ADDRESSES, true, "netbios-dd" },
    { 46, 1, NUMBER, true, "netbios-nodetype" },
    { 47, 0, UNKNOWN, true, "netbios-scope" },
    { 48, 0, ADDRESSES, true, "x-windows-fs" },
    { 49, 0, ADDRESSES, true, "x-windows-dm" },
    { 50, 0, ADDRESSES, false, "requested-address" },
    { 51, 0, TIME, false, "lease-time" },
    { 52, 0, INTERNAL, false, "option-overload" },
    { 53, 0, INTERNAL, false, "message-type" },
    { 54, 0, ADDRESSES, false, "server-identifier" },
    { 55, 0, INTERNAL, false, "parameter-request" },
    { 56, 0, INTERNAL, false, "message" },
    { 57, 0, INTERNAL, false, "max-message-size" },
    { 58, 0, TIME, true, "T1" },
    { 59, 0, TIME, true, "T2" },
    { 60, 0, UNKNOWN, true, "vendor-class" },
    { 61, 0, INTERNAL, false, "client-id" },
    { 64, 0, NAME, true, "nis+-domain" },
    { 65, 0, ADDRESSES, true, "nis+-server" },
    { 66, 0, STRING, true, "tftp-server" },
    { 67, 0, STRING, true, "bootfile-name" },
    { 68, 0, ADDRESSES, true, "mobile-ip-home" },
    { 69, 0, ADDRESSES, true, "smtp-server" },
    { 70, 0, ADDRESSES, true, "pop3-server" },
    { 71, 0, ADDRESSES, true, "nntp-server" },
    { 74, 0, ADDRESSES, true, "irc-server" },
    { 77, 0, UNKNOWN, true, "user-class" },      /* RFC 3004 */
    { 80, 0, UNKNOWN, true, "rapid-commit" },    /* RFC 4039, empty */
    { 81, 0, INTERNAL, false, "FQDN" },          /* RFC 4702 */
    { 82, 0, INTERNAL, false, "agent-id" },      /* RFC 3046 */
    { 91, 0, TIME, true, "last-transaction" },   /* RFC 4388 */
    { 92, 0, ADDRESSES, true, "associated-ip" }, /* RFC 4388 */
    { 93, 2, NUMBER, true, "client-arch" },      /* RFC 4578 */
    { 94, 0, UNKNOWN, true, "client-interface-id" },
    { 97, 0, UNKNOWN, true, "client-machine-id" },
    { 100, 0, STRING, true, "posix-timezone" }, /* RFC 4833 */
    { 101, 0, STRING, true, "tzdb-timezone" },
    { 108, 4, NUMBER, true, "ipv6-only" },              /* RFC 8925 */
    { 114, 0, STRING, true, "captive-portal" },         /* RFC 8910 */
    { 118, 0, INTERNAL, false, "subnet-select" },       /* RFC 3011 */
    { 119, 0, NAMES_WIRE, true, "domain-search" },      /* RFC 3397 */
    { 120, 0, SIP, true, "sip-server" },                /* RFC 3361 */
    { 121, 0, ROUTES, true, "classless-static-route" }, /* RFC 3442 */
    { 125, 0, UNKNOWN, true, "vendor-id-encap" },       /* RFC 3925 */
    { 150, 0, ADDRESSES, true, "tftp-server-address" }, /* RFC 5859 */
    { 255, 0, ADDRESSES, true, "server-ip-address" },   /* siaddr, never an option on the wire */
};

static const struct dhcp_code codes6[] = {
    { 1, 0, INTERNAL, false, "client-id" }, /* RFC 8415 */
    { 2, 0, INTERNAL, false, "server-id" },
    { 3, 0, INTERNAL, false, "ia-na" },
    { 4, 0, INTERNAL, false, "ia-ta" },
    { 5, 0, INTERNAL, false, "iaaddr" },
    { 6, 0, INTERNAL, false, "oro" },
    { 7, 1, NUMBER, false, "preference" },
    { 12, 0, ADDRESSES, false, "unicast" },
    { 13, 0, INTERNAL, false, "status" },
    { 14, 0, INTERNAL, false, "rapid-commit" },
    { 15, 0, INTERNAL, false, "user-class" },
    { 16, 0, INTERNAL, false, "vendor-class" },
    { 17, 0, INTERNAL, false, "vendor-opts" },
    { 21, 0, NAMES_WIRE, true, "sip-server-domain" }, /* RFC 3319 */
    { 22, 0, ADDRESSES, true, "sip-server" },
    { 23, 0, ADDRESSES, true, "dns-server" }, /* RFC 3646 */
    { 24, 0, NAMES_WIRE, true, "domain-search" },
    { 25, 0, INTERNAL, false, "ia-pd" },
    { 26, 0, INTERNAL, false, "iaprefix" },
    { 27, 0, ADDRESSES, true, "nis-server" }, /* RFC 3898 */
    { 28, 0, ADDRESSES, true, "nis+-server" },
    { 29, 0, NAMES_WIRE, true, "nis-domain" },
    { 30, 0, NAMES_WIRE, true, "nis+-domain" },
    { 31, 0, ADDRESSES, true, "sntp-server" }, /* RFC 4075 */
    { 32, 0, TIME, true, "information-refresh-time" },
    { 39, 0, INTERNAL, false, "FQDN" },        /* RFC 4704 */
    { 41, 0, STRING, true, "posix-timezone" }, /* RFC 4833 */
    { 42, 0, STRING, true, "tzdb-timezone" },
    { 56, 0, UNKNOWN, true, "ntp-server" },     /* RFC 5908: a list of suboptions */
    { 59, 0, STRING, true, "bootfile-url" },    /* RFC 5970 */
    { 60, 0, STRING, true, "bootfile-param" },  /* RFC 5970: counted strings */
    { 103, 0, STRING, true, "captive-portal" }, /* RFC 8910 */
};

const char *dhcp4_message_type_name(unsigned type)
{
    static const char *const names[] = {
        [DHCP4_DISCOVER] = "DHCPDISCOVER",
        [DHCP4_OFFER] = "DHCPOFFER",
        [DHCP4_REQUEST] = "DHCPREQUEST",
        [DHCP4_DECLINE] = "DHCPDECLINE",
        [DHCP4_ACK] = "DHCPACK",
        [DHCP4_NAK] = "DHCPNAK",
        [DHCP4_RELEASE] = "DHCPRELEASE",
        [DHCP4_INFORM] = "DHCPINFORM",
        [DHCP4_LEASEQUERY] = "DHCPLEASEQUERY",
        [DHCP4_LEASEUNASSIGNED] = "DHCPLEASEUNASSIGNED",
        [DHCP4_LEASEUNKNOWN] = "DHCPLEASEUNKNOWN",
        [DHCP4_LEASEACTIVE] = "DHCPLEASEACTIVE",
    };

    return type < COUNT_OF(names) ? names[type] : NULL;
}

static const struct dhcp_code *find(const struct dhcp_code *rows, size_t count, unsigned code)
{
    size_t low = 0;
    size_t high = count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (rows[middle].code == code)
            return &rows[middle];
        if (rows[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

static const struct dhcp_code *by_name(const struct dhcp_code *rows, size_t count, struct text name)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].in_help && text_equal_nocase(text_of(rows[i].name), name))
            return &rows[i];
    return NULL;
}

const struct dhcp_code *dhcp4_code_find(unsigned code)
{
    return find(codes4, COUNT_OF(codes4), code);
}

const struct dhcp_code *dhcp6_code_find(unsigned code)
{
    return find(codes6, COUNT_OF(codes6), code);
}

const struct dhcp_code *dhcp4_code_by_name(struct text name)
{
    return by_name(codes4, COUNT_OF(codes4), name);
}

const struct dhcp_code *dhcp6_code_by_name(struct text name)
{
    return by_name(codes6, COUNT_OF(codes6), name);
}

const struct dhcp_code *dhcp4_codes(size_t *count)
{
    *count = COUNT_OF(codes4);
    return codes4;
}

const struct dhcp_code *dhcp6_codes(size_t *count)
{
    *count = COUNT_OF(codes6);
    return codes6;
}

/* The options of the DHCPv4 service and of network boot. The readers of the structured ones stand
 * in the files that dhcp_options.h lists; the struct they fill is dhcp/dhcp_config.h. */
#include "dhcp/dhcp_options.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dhcp_options[];
extern const size_t dhcp_option_count;

/* clang-format off */
const struct option dhcp_options[] = {
    /* Networks and hosts. */
    {
        .name = "dhcp-range", .letter = 'F', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_range, .print = dhcp_print_range,
        .shape = "{tag:<tag>,}[set:<tag>,]<first>,<last>|static|proxy"
                 "[,<netmask>[,<broadcast>]][,<lease time>] or "
                 "{tag:<tag>,}[set:<tag>,]<IPv6 first>[,<last>][,constructor:<interface>[*]]{,<mode>}"
                 "[,<prefix length>][,<lease time>|deprecated] or "
                 "{tag:<tag>,}[set:<tag>,]<IPv6 prefix>,pd,<length>[,<client's length>][,<lease time>]",
        .help = "Serve DHCP on a network, from this range of addresses",
        .doc = DOC("\"static\" serves only hosts of dhcp-host, \"proxy\" only tells clients of another server how "
               "to boot. The netmask is that of the interface unless given; behind a relay it should be. "
               "Lease times are a number with s, m, h, d or w, or \"infinite\"; an hour unless given and two "
               "minutes at least. With tag: the range is used only for clients that have the tags; set: gives "
               "a tag to the clients in it. "
               "In IPv6 who asks for information alone has the tag too, where the link has no other range. "
               "For IPv6 the prefix length is 64 unless given and the lease time a day; \"deprecated\" "
               "in its place tells clients to make no new use of the network. With constructor: the "
               "addresses have host bits only, and hold in every network of the interface. Modes combine: "
               "\"static\" as above (\"::,static\" for whatever networks there are), \"slaac\" lets hosts "
               "make addresses of their own as well, \"ra-only\" advertises and gives none, "
               "\"ra-stateless\" advertises and only informs, \"ra-names\" gives IPv4 leases' names to the "
               "addresses that hosts make, \"ra-advrouter\" tells the router's addresses, \"off-link\" that "
               "hosts of the network do not see each other. \"pd\" is a pool of prefixes for routers and for "
               "hosts that ask for one (RFC 9663): each client gets one of 64 bits, or of the length given. "
               "Routes are a dhcp-script's affair, which is told PREFIX/LENGTH in place of an address, in "
               "DNSMASQ_CLIENT_ADDRESS where its client is and in DNSMASQ_INTERFACE by which link: "
               "ip -6 route replace $3 via $DNSMASQ_CLIENT_ADDRESS dev $DNSMASQ_INTERFACE. Behind a relay the "
               "route goes to DNSMASQ_RELAY_ADDRESS, and the relay needs one to the client."),
        .examples = EXAMPLES("dhcp-range=192.168.0.50,192.168.0.150,12h",
                             "dhcp-range=192.168.0.0,static",
                             "dhcp-range=tag:guest,set:far,192.168.9.10,192.168.9.99,255.255.255.0,1h",
                             "dhcp-range=10.0.0.10,10.0.0.99,255.255.255.0,10.0.0.255,infinite",
                             "dhcp-range=2001:db8::100,2001:db8::1ff,64,12h",
                             "dhcp-range=::100,::1ff,constructor:eth0,slaac",
                             "dhcp-range=2001:db8:f000::,pd,52,60"),
    },
    {
        .name = "dhcp-host", .letter = 'G', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_host, .print = dhcp_print_host,
        .shape = "<item>{,<item>}, item = <hardware address>|id:<client id>|id:*|set:<tag>|tag:<tag>|"
                 "<address>|[<IPv6 address>]|<name>|<lease time>|ignore",
        .help = "What one host is given: address, name, lease time, tags",
        .doc = DOC("The host is known by its hardware address (with '*' for bytes that may be anything, several "
               "when it has several cards), by its client id, or by the name it claims. Items come in any "
               "order. id:* means: ignore the client id of this host. \"ignore\" means: do not serve it. Two "
               "hosts may not have the same IPv4 address. For IPv6 the client id is the DUID; [2001:db8::5] is an "
               "address, [::5] one in whatever network the host is in, and of a block such as [2001:db8::8/125] "
               "each client gets an address of its own. The lease time is in IPv6 for the line's addresses "
               "alone."),
        .examples = EXAMPLES("dhcp-host=02:00:00:00:00:01,192.168.0.60,printer,infinite",
                             "dhcp-host=02:00:00:00:00:02,02:00:00:00:00:03,set:laptops,192.168.0.61",
                             "dhcp-host=id:01:02:00:00:00:00:04,192.168.0.62,45m",
                             "dhcp-host=id:00:03:00:01:02:00:00:00:00:05,[2001:db8::5],camera",
                             "dhcp-host=02:00:00:*:*:*,ignore"),
    },
    {
        .name = "no-dhcp-interface", .letter = '2', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_no_interface, .print = dhcp_print_no_interface,
        .shape = "<interface>{,<interface>}",
        .help = "Serve no DHCP on these interfaces",
        .doc = DOC("DNS is still served there. A name may end in '*'."),
        .examples = EXAMPLES("no-dhcp-interface=eth1", "no-dhcp-interface=eth1,wlan*"),
    },

    /* What is sent. */
    {
        .name = "dhcp-option", .letter = 'O', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_option, .print = dhcp_print_option,
        .shape = DHCP_OPTION_SHAPE,
        .help = "Send this option to clients that ask for it",
        .doc = DOC("By number or name (--help dhcp lists the names). 0.0.0.0 in a list of addresses stands for "
               "this machine. Without a value the option is not sent at all, which turns off those that are "
               "sent by themselves, such as the router. With tag: it goes only to clients that have the tags, "
               "and wins over one without. encap:, vi-encap: and vendor: put it inside another option. A value "
               "in double quotes is always text. option6: is for DHCPv6, where [::] stands for this machine's "
               "global address, [fd00::] for its unique local and [fe80::] for its link-local one."),
        .examples = EXAMPLES("dhcp-option=option:router,192.168.0.254", "dhcp-option=3",
                             "dhcp-option=tag:guest,6,192.0.2.53,0.0.0.0",
                             "dhcp-option=vendor:MSFT,2,1i", "dhcp-option=option6:dns-server,[2001:db8::53],[::]"),
    },
    {
        .name = "dhcp-option-force", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_option_force, .print = dhcp_print_option_force,
        .shape = DHCP_OPTION_SHAPE,
        .help = "Send this option to clients whether they ask for it or not",
        .doc = DOC("Otherwise as dhcp-option."),
        .examples = EXAMPLES("dhcp-option-force=208,f1:00:74:7e", "dhcp-option-force=option:mtu,1400"),
    },
    {
        .name = "dhcp-no-override", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, no_override), .shape = "",
        .help = "Never put options into the file and server name fields",
        .doc = DOC("Those fields can take options when a message is full; some old clients mistake them."),
        .examples = EXAMPLES("dhcp-no-override"),
    },

    /* How addresses are given. */
    {
        .name = "dhcp-authoritative", .letter = 'K', .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, authoritative), .shape = "",
        .help = "This is the only DHCP server of the network",
        .doc = DOC("Clients that come with an address unknown here get it or are told no at once, instead of "
               "being left waiting. For a network where no other server must be listened to."),
        .examples = EXAMPLES("dhcp-authoritative"),
    },
    {
        .name = "dhcp-sequential-ip", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, sequential_ip), .shape = "",
        .help = "Give the lowest free address",
        .doc = DOC("Without it the address is chosen by the hardware address, so that a client tends to get the "
               "same one again."),
        .examples = EXAMPLES("dhcp-sequential-ip"),
    },
    {
        .name = "dhcp-ignore-clid", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, ignore_client_id), .shape = "",
        .help = "Know clients by their hardware address only",
        .doc = DOC("A machine that boots several systems then keeps one address."),
        .examples = EXAMPLES("dhcp-ignore-clid"),
    },
    {
        .name = "no-ping", .at_start = true, .letter = '5', .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, no_ping), .shape = "",
        .help = "Do not check with a ping that an address is free",
        .doc = DOC("Offers are then made at once."),
        .examples = EXAMPLES("no-ping"),
    },
    {
        .name = "dhcp-rapid-commit", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, rapid_commit), .shape = "",
        .help = "Give an address in two messages instead of four, when a client asks for that",
        .doc = DOC("RFC 4039. Only for networks with one server."),
        .examples = EXAMPLES("dhcp-rapid-commit"),
    },
    {
        .name = "dhcp-lease-max", .at_start = true, .letter = 'X', .kind = OPTION_NUMBER, .once = true, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, leases_max), .min = 0, .max = 1000000,
        .shape = "<leases>",
        .help = "How many leases there may be",
        .doc = DOC("1000 unless given, of IPv4 and of IPv6 each. Further clients are not served."),
        .examples = EXAMPLES("dhcp-lease-max=5000"),
    },
    {
        .name = "dhcp-leasefile", .at_start = true, .letter = 'l', .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "dhcp4", .read = dhcp_read_lease_file,
        .print = dhcp_print_lease_file,
        .shape = "[<path>]",
        .help = "Keep the leases in this file",
        .doc = DOC("So that a restart does not give an address away that is in use."),
        .examples = EXAMPLES("dhcp-leasefile=/var/lib/linnet/leases"),
    },

    /* Who is served. */
    {
        .name = "dhcp-ignore", .letter = 'J', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_ignore, .print = dhcp_print_ignore,
        .shape = "tag:<tag>{,tag:<tag>}",
        .help = "Do not serve clients that have all these tags",
        .doc = DOC("\"tag:!known\" stands for hosts that no dhcp-host line knows."),
        .examples = EXAMPLES("dhcp-ignore=tag:!known", "dhcp-ignore=tag:guest,tag:!paid"),
    },
};
/* clang-format on */

const size_t dhcp_option_count = COUNT_OF(dhcp_options);

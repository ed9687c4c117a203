/* The options of the DHCPv4 service and of network boot. The readers of the structured ones stand
 * in the files that dhcp_options.h lists; the struct they fill is dhcp/dhcp_config.h. */
#include "dhcp/dhcp_options.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dhcp_options[];
extern const size_t dhcp_option_count;

#define OPTION_SHAPE                                                                               \
    "{tag:<tag>,}[encap:<number>,|vi-encap:<enterprise>,|vendor:[<class>],]"                       \
    "<number>|option:<name>{,<value>}"

/* clang-format off */
const struct option dhcp_options[] = {
    /* Networks and hosts. */
    {
        .name = "dhcp-range", .letter = 'F', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_range, .print = dhcp_print_range,
        .shape = "{tag:<tag>,}[set:<tag>,]<first>,<last>|static|proxy"
                 "[,<netmask>[,<broadcast>]][,<lease time>]",
        .help = "Serve DHCP on a network, from this range of addresses",
        .doc = "\"static\" serves only hosts of dhcp-host, \"proxy\" only tells clients of another server how "
               "to boot. The netmask is that of the interface unless given; behind a relay it should be. "
               "Lease times are a number with s, m, h, d or w, or \"infinite\"; an hour unless given and two "
               "minutes at least. With tag: the range is used only for clients that have the tags; set: gives "
               "a tag to the clients in it.",
        .examples = EXAMPLES("dhcp-range=192.168.0.50,192.168.0.150,12h",
                             "dhcp-range=192.168.0.0,static",
                             "dhcp-range=tag:guest,set:far,192.168.9.10,192.168.9.99,255.255.255.0,1h",
                             "dhcp-range=10.0.0.10,10.0.0.99,255.255.255.0,10.0.0.255,infinite"),
    },
    {
        .name = "dhcp-host", .letter = 'G', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_host, .print = dhcp_print_host,
        .shape = "<item>{,<item>}, item = <hardware address>|id:<client id>|id:*|set:<tag>|tag:<tag>|"
                 "<address>|[<IPv6 address>]|<name>|<lease time>|ignore",
        .help = "What one host is given: address, name, lease time, tags",
        .doc = "The host is known by its hardware address (with '*' for bytes that may be anything, several "
               "when it has several cards), by its client id, or by the name it claims. Items come in any "
               "order. id:* means: ignore the client id of this host. \"ignore\" means: do not serve it. Two "
               "hosts may not have the same IPv4 address.",
        .examples = EXAMPLES("dhcp-host=02:00:00:00:00:01,192.168.0.60,printer,infinite",
                             "dhcp-host=02:00:00:00:00:02,02:00:00:00:00:03,set:laptops,192.168.0.61",
                             "dhcp-host=id:01:02:00:00:00:00:04,192.168.0.62,45m",
                             "dhcp-host=02:00:00:*:*:*,ignore"),
    },
    {
        .name = "dhcp-hostsfile", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<path>",
        .help = "Read dhcp-host values from this file or folder, again on SIGHUP",
        .doc = "One value a line, without \"dhcp-host=\".",
        .examples = EXAMPLES("dhcp-hostsfile=/etc/linnet/hosts"),
    },
    {
        .name = "dhcp-hostsdir", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<folder>",
        .help = "Read dhcp-host values from this folder, and again whenever a file changes",
        .doc = "What a deleted file said stays until SIGHUP.",
        .examples = EXAMPLES("dhcp-hostsdir=/etc/linnet/hosts.d"),
    },
    {
        .name = "read-ethers", .letter = 'Z', .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "",
        .help = "Read hosts from /etc/ethers, again on SIGHUP",
        .doc = "Each line is a hardware address and a name or an address.",
        .examples = EXAMPLES("read-ethers"),
    },
    {
        .name = "shared-network", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<interface>|<address>,<address>",
        .help = "Serve another subnet's ranges too on this link",
        .doc = "The second address lies in the other subnet; the first is that of a relay, or an interface "
               "takes its place.",
        .examples = EXAMPLES("shared-network=eth0,192.168.9.1", "shared-network=192.168.8.1,192.168.9.1"),
    },
    {
        .name = "bridge-interface", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<interface>,<alias>[*]{,<alias>[*]}",
        .help = "Treat DHCP messages from these interfaces as if they came from another",
        .doc = "For virtual machines whose interfaces appear one by one.",
        .examples = EXAMPLES("bridge-interface=br0,tap*"),
    },
    {
        .name = "no-dhcp-interface", .letter = '2', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_no_interface, .print = dhcp_print_no_interface,
        .shape = "<interface>{,<interface>}",
        .help = "Serve no DHCP on these interfaces",
        .doc = "DNS is still served there. A name may end in '*'.",
        .examples = EXAMPLES("no-dhcp-interface=eth1", "no-dhcp-interface=eth1,wlan*"),
    },
    {
        .name = "no-dhcpv4-interface", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_no_interface,  /* no-dhcp-interface prints it */
        .shape = "<interface>{,<interface>}",
        .help = "Serve no DHCPv4 on these interfaces",
        .doc = "The same as no-dhcp-interface as long as DHCPv6 is not built.",
        .examples = EXAMPLES("no-dhcpv4-interface=eth1"),
    },

    /* What is sent. */
    {
        .name = "dhcp-option", .letter = 'O', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_option, .print = dhcp_print_option,
        .shape = OPTION_SHAPE,
        .help = "Send this option to clients that ask for it",
        .doc = "By number or name (--help dhcp lists the names). 0.0.0.0 in a list of addresses stands for "
               "this machine. Without a value the option is not sent at all, which turns off those that are "
               "sent by themselves, such as the router. With tag: it goes only to clients that have the tags, "
               "and wins over one without. encap:, vi-encap: and vendor: put it inside another option. A value "
               "in double quotes is always text.",
        .examples = EXAMPLES("dhcp-option=option:router,192.168.0.254", "dhcp-option=3",
                             "dhcp-option=tag:guest,6,192.0.2.53,0.0.0.0",
                             "dhcp-option=vendor:MSFT,2,1i"),
    },
    {
        .name = "dhcp-option-force", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_option_force, .print = dhcp_print_option_force,
        .shape = OPTION_SHAPE,
        .help = "Send this option to clients whether they ask for it or not",
        .doc = "Otherwise as dhcp-option.",
        .examples = EXAMPLES("dhcp-option-force=208,f1:00:74:7e", "dhcp-option-force=option:mtu,1400"),
    },
    {
        .name = "dhcp-option-pxe", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "pxe",
        .shape = OPTION_SHAPE,
        .help = "Send this option to clients that boot with PXE",
        .doc = "In answers of a proxy range too. Otherwise as dhcp-option.",
        .examples = EXAMPLES("dhcp-option-pxe=66,boot.lan"),
    },
    {
        .name = "dhcp-optsfile", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<path>",
        .help = "Read dhcp-option values from this file or folder, again on SIGHUP",
        .doc = "One value a line, without \"dhcp-option=\".",
        .examples = EXAMPLES("dhcp-optsfile=/etc/linnet/options"),
    },
    {
        .name = "dhcp-optsdir", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<folder>",
        .help = "Read dhcp-option values from this folder, and again whenever a file changes",
        .doc = "What a deleted file said stays until SIGHUP.",
        .examples = EXAMPLES("dhcp-optsdir=/etc/linnet/options.d"),
    },
    {
        .name = "dhcp-no-override", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, no_override), .shape = "",
        .help = "Never put options into the file and server name fields",
        .doc = "Those fields can take options when a message is full; some old clients mistake them.",
        .examples = EXAMPLES("dhcp-no-override"),
    },
    {
        .name = "dhcp-broadcast", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .value_optional = true,
        .area = "dhcp4", .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Always broadcast answers to clients that have no address yet",
        .doc = "For clients that cannot hear anything else and do not say so.",
        .examples = EXAMPLES("dhcp-broadcast", "dhcp-broadcast=tag:old"),
    },
    {
        .name = "dhcp-reply-delay", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dhcp4", .shape = "{tag:<tag>,}<seconds>",
        .help = "Wait this long before making an offer",
        .doc = "So that another server is heard first.",
        .examples = EXAMPLES("dhcp-reply-delay=2", "dhcp-reply-delay=tag:pxe,1"),
    },

    /* How addresses are given. */
    {
        .name = "dhcp-authoritative", .letter = 'K', .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, authoritative), .shape = "",
        .help = "This is the only DHCP server of the network",
        .doc = "Clients that come with an address unknown here get it or are told no at once, instead of "
               "being left waiting. For a network where no other server must be listened to.",
        .examples = EXAMPLES("dhcp-authoritative"),
    },
    {
        .name = "dhcp-sequential-ip", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, sequential_ip), .shape = "",
        .help = "Give the lowest free address",
        .doc = "Without it the address is chosen by the hardware address, so that a client tends to get the "
               "same one again.",
        .examples = EXAMPLES("dhcp-sequential-ip"),
    },
    {
        .name = "dhcp-ignore-clid", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, ignore_client_id), .shape = "",
        .help = "Know clients by their hardware address only",
        .doc = "A machine that boots several systems then keeps one address.",
        .examples = EXAMPLES("dhcp-ignore-clid"),
    },
    {
        .name = "no-ping", .letter = '5', .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, no_ping), .shape = "",
        .help = "Do not check with a ping that an address is free",
        .doc = "Offers are then made at once.",
        .examples = EXAMPLES("no-ping"),
    },
    {
        .name = "dhcp-rapid-commit", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, rapid_commit), .shape = "",
        .help = "Give an address in two messages instead of four, when a client asks for that",
        .doc = "RFC 4039. Only for networks with one server.",
        .examples = EXAMPLES("dhcp-rapid-commit"),
    },
    {
        .name = "dhcp-lease-max", .letter = 'X', .kind = OPTION_NUMBER, .once = true, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, leases_max), .min = 0, .max = 1000000,
        .shape = "<leases>",
        .help = "How many leases there may be",
        .doc = "1000 unless given. Further clients are not served.",
        .examples = EXAMPLES("dhcp-lease-max=5000"),
    },
    {
        .name = "dhcp-leasefile", .letter = 'l', .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "dhcp4", .read = dhcp_read_lease_file,
        .print = dhcp_print_lease_file,
        .shape = "[<path>]",
        .help = "Keep the leases in this file",
        .doc = "So that a restart does not give an address away that is in use.",
        .examples = EXAMPLES("dhcp-leasefile=/var/lib/linnet/leases"),
    },
    {
        .name = "bootp-dynamic", .letter = '3', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .value_optional = true, .area = "dhcp4", .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Give addresses of a range to BOOTP clients",
        .doc = "For ever, since such clients never say that they leave.",
        .examples = EXAMPLES("bootp-dynamic", "bootp-dynamic=tag:old"),
    },
    {
        .name = "dhcp-alternate-port", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .value_optional = true, .area = "dhcp4", .shape = "[<server port>[,<client port>]]",
        .help = "Use other ports than 67 and 68",
        .doc = "1067 and 1068, or the one given and the next.",
        .examples = EXAMPLES("dhcp-alternate-port", "dhcp-alternate-port=1067,1068"),
    },

    /* Who is served, and what is known of clients. */
    {
        .name = "dhcp-ignore", .letter = 'J', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_ignore, .print = dhcp_print_ignore,
        .shape = "tag:<tag>{,tag:<tag>}",
        .help = "Do not serve clients that have all these tags",
        .doc = "\"tag:!known\" stands for hosts that no dhcp-host line knows.",
        .examples = EXAMPLES("dhcp-ignore=tag:!known", "dhcp-ignore=tag:guest,tag:!paid"),
    },
    {
        .name = "tag-if", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "set:<tag>|tag:[!]<tag>[*]{,...}",
        .help = "Set tags on clients that have other tags",
        .doc = "When all conditions hold all set: tags are set. Lines are gone through in their order; a name "
               "in a condition may end in '*'.",
        .examples = EXAMPLES("tag-if=set:slow,tag:guest,tag:!paid", "tag-if=set:any,tag:vlan*"),
    },
    {
        .name = "dhcp-vendorclass", .letter = 'U', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "dhcp4", .shape = "[set:]<tag>,[enterprise:<number>,]<class>",
        .help = "Set a tag on clients of this vendor class",
        .doc = "The class may be any part of what the client sends, in the same case.",
        .examples = EXAMPLES("dhcp-vendorclass=set:phones,SIP", "dhcp-vendorclass=set:efi,enterprise:343,PXEClient"),
    },
    {
        .name = "dhcp-userclass", .letter = 'j', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "dhcp4", .shape = "[set:]<tag>,<class>",
        .help = "Set a tag on clients of this user class",
        .doc = "The class may be any part of one that the client sends.",
        .examples = EXAMPLES("dhcp-userclass=set:ipxe,iPXE"),
    },
    {
        .name = "dhcp-mac", .letter = '4', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "dhcp4", .shape = "[set:]<tag>,<hardware address>",
        .help = "Set a tag on clients by hardware address",
        .doc = "Bytes may be '*'.",
        .examples = EXAMPLES("dhcp-mac=set:cameras,02:00:5e:*:*:*"),
    },
    {
        .name = "dhcp-match", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "[set:]<tag>,<number>|option:<name>|vi-encap:<enterprise>[,<value>]",
        .help = "Set a tag on clients that send an option, perhaps with this value",
        .doc = "Without a value it is enough that the option is not empty.",
        .examples = EXAMPLES("dhcp-match=set:ipxe,175", "dhcp-match=set:efi64,option:client-arch,7"),
    },
    {
        .name = "dhcp-name-match", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "[set:]<tag>,<name>[*]",
        .help = "Set a tag on clients that claim this name",
        .doc = "In any case; with '*' any name that starts so.",
        .examples = EXAMPLES("dhcp-name-match=set:tablets,tab-*"),
    },
    {
        .name = "dhcp-circuitid", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "[set:]<tag>,<hex>|<text>",
        .help = "Set a tag by the circuit a relay names",
        .doc = "RFC 3046 circuit id, compared whole.",
        .examples = EXAMPLES("dhcp-circuitid=set:floor2,00:04:00:02"),
    },
    {
        .name = "dhcp-remoteid", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "[set:]<tag>,<hex>|<text>",
        .help = "Set a tag by the remote end a relay names",
        .doc = "RFC 3046 remote id, compared whole.",
        .examples = EXAMPLES("dhcp-remoteid=set:line7,modem-7"),
    },
    {
        .name = "dhcp-subscrid", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "[set:]<tag>,<hex>|<text>",
        .help = "Set a tag by the subscriber a relay names",
        .doc = "RFC 3993 subscriber id, compared whole.",
        .examples = EXAMPLES("dhcp-subscrid=set:gold,customer-17"),
    },

    /* Names of clients. */
    {
        .name = "dhcp-ignore-names", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .value_optional = true, .area = "dhcp4", .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Do not believe the names clients give",
        .doc = "Of all clients, or of those that have the tags. Names of dhcp-host are still used.",
        .examples = EXAMPLES("dhcp-ignore-names", "dhcp-ignore-names=tag:guest"),
    },
    {
        .name = "dhcp-generate-names", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .value_optional = true, .area = "dhcp4", .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Make a name of the hardware address for clients without one",
        .doc = "With dashes in it, as 02-00-00-00-00-01.",
        .examples = EXAMPLES("dhcp-generate-names", "dhcp-generate-names=tag:guest"),
    },
    {
        .name = "dhcp-fqdn", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dhcp4", .shape = "",
        .help = "Put only full names of clients into DNS",
        .doc = "So that two clients in different domains may have the same name. Needs domain=.",
        .examples = EXAMPLES("dhcp-fqdn"),
    },
    {
        .name = "dhcp-client-update", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "",
        .help = "Let clients update DNS themselves",
        .doc = "They are told so in the FQDN option (RFC 4702).",
        .examples = EXAMPLES("dhcp-client-update"),
    },

    /* Relays. */
    {
        .name = "dhcp-relay", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<local address>,[<server>[#<port>]][,<interface>[*]]",
        .help = "Pass DHCP messages on to another server",
        .doc = "Those that come in on the interface with the local address. Without a server they are "
               "broadcast on the interface named.",
        .examples = EXAMPLES("dhcp-relay=192.168.0.1,192.0.2.67", "dhcp-relay=192.168.0.1,192.0.2.67#1067,eth1"),
    },
    {
        .name = "dhcp-split-relay", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp4",
        .shape = "<local address>,<server>[#<port>],<interface>|<address>",
        .help = "Pass DHCP messages on from another address than the clients' side",
        .doc = "For servers that cannot reach the client's network.",
        .examples = EXAMPLES("dhcp-split-relay=192.168.0.1,192.0.2.67,eth1"),
    },
    {
        .name = "dhcp-proxy", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .value_optional = true,
        .area = "dhcp4", .shape = "[<address>{,<address>}]",
        .help = "Make clients go through the relay even for renewals",
        .doc = "The relay's address is given as the server's, for all relays or those listed.",
        .examples = EXAMPLES("dhcp-proxy", "dhcp-proxy=192.168.0.1,192.168.1.1"),
    },
    {
        .name = "leasequery", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .value_optional = true,
        .area = "dhcp4", .shape = "[<address>[/<length>]]",
        .help = "Tell relays about leases when they ask (RFC 4388)",
        .doc = "All that ask, or those in the subnet.",
        .examples = EXAMPLES("leasequery", "leasequery=192.168.0.0/16"),
    },

    /* Network boot. */
    {
        .name = "dhcp-boot", .letter = 'M', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "pxe", .shape = "{tag:<tag>,}<file>[,<server name>[,<server>]]",
        .help = "What clients boot over the network, and from where",
        .doc = "From this machine unless a server is given.",
        .examples = EXAMPLES("dhcp-boot=pxelinux.0", "dhcp-boot=tag:efi64,efi/boot.efi,boot,192.0.2.69"),
    },
    {
        .name = "pxe-service", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "pxe",
        .shape = "{tag:<tag>,}<system>,<text>[,<file>|<number>[,<server>]]",
        .help = "An entry of the PXE boot menu",
        .doc = "For one kind of system, by its name or number. Without a file the client boots from its disk.",
        .examples = EXAMPLES("pxe-service=x86PC,\"Install Linux\",pxelinux",
                             "pxe-service=x86-64_EFI,\"Boot from disk\""),
    },
    {
        .name = "pxe-prompt", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "pxe",
        .shape = "{tag:<tag>,}<text>[,<seconds>]",
        .help = "What the PXE boot menu asks, and how long it waits",
        .doc = "With 0 seconds the first entry is taken at once.",
        .examples = EXAMPLES("pxe-prompt=\"Press F8 for the menu\",10"),
    },
    {
        .name = "dhcp-pxe-vendor", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "pxe",
        .shape = "<vendor>{,<vendor>}",
        .help = "Vendor classes that mean PXE",
        .doc = "PXEClient unless given.",
        .examples = EXAMPLES("dhcp-pxe-vendor=PXEClient,AAPLBSDPC"),
    },
};
/* clang-format on */

const size_t dhcp_option_count = COUNT_OF(dhcp_options);

/* Options of services that this version does not have yet: DHCPv6, router advertisement, TFTP,
 * DNSSEC, sets and marks of the firewall. They are known, so that whoever uses one
 * is told what is the matter. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option later_options[] = {
    /* DHCPv6 and router advertisement. */
    {
        .name = "dhcp-duid", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dhcp6", .shape = "<enterprise>,<hex>",
        .help = "Who this server is to DHCPv6 clients",
        .doc = "In place of an id made from its hardware address. One that is stored with the leases wins.",
        .examples = EXAMPLES("dhcp-duid=2937,01:02:03:04"),
    },
    {
        .name = "no-dhcpv6-interface", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dhcp6",
        .shape = "<interface>{,<interface>}",
        .help = "Serve no DHCPv6 and send no router advertisements on these interfaces",
        .doc = "DHCPv4 is still served there.",
        .examples = EXAMPLES("no-dhcpv6-interface=eth1", "no-dhcpv6-interface=eth1,wlan0"),
    },
    {
        .name = "enable-ra", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "ra", .shape = "",
        .help = "Send router advertisements for every IPv6 range",
        .doc = "They tell hosts the router, the prefix and whether to ask DHCPv6.",
        .examples = EXAMPLES("enable-ra"),
    },
    {
        .name = "ra-param", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "ra",
        .shape = "<interface>[*][,mtu:<bytes>|mtu:<interface>|mtu:off][,high|,low][,<interval>[,<lifetime>]]",
        .help = "What router advertisements on an interface say",
        .doc = "The interval is 600 seconds and the lifetime three times that unless given; with a lifetime of "
               "0 the router is not to be used as a default one.",
        .examples = EXAMPLES("ra-param=eth0,60", "ra-param=eth*,mtu:1280,low,60,1200", "ra-param=br0,0,0"),
    },

    /* TFTP. */
    {
        .name = "enable-tftp", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .value_optional = true,
        .area = "tftp", .shape = "[<interface>{,<interface>}]",
        .help = "Serve files over TFTP",
        .doc = "For reading only, on the interfaces that serve DHCP or on those listed.",
        .examples = EXAMPLES("enable-tftp", "enable-tftp=eth0,eth1"),
    },
    {
        .name = "tftp-root", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "tftp",
        .shape = "<folder>[,<interface>]",
        .help = "Serve the files of this folder, and nothing outside it",
        .doc = "For all interfaces or for one.",
        .examples = EXAMPLES("tftp-root=/srv/tftp", "tftp-root=/srv/lab,eth1"),
    },
    {
        .name = "tftp-no-fail", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "tftp", .shape = "",
        .help = "Start even when the folder of tftp-root cannot be read",
        .doc = "A warning is logged.",
        .examples = EXAMPLES("tftp-no-fail"),
    },
    {
        .name = "tftp-unique-root", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .value_optional = true, .area = "tftp", .shape = "[ip|mac]",
        .help = "Serve each client from a folder of its own, if there is one",
        .doc = "Below tftp-root, named by the client's address or, with mac, by its hardware address.",
        .examples = EXAMPLES("tftp-unique-root", "tftp-unique-root=mac"),
    },
    {
        .name = "tftp-secure", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "tftp", .shape = "",
        .help = "Serve only files that belong to the user the process runs as",
        .doc = "As root, those that everyone may read.",
        .examples = EXAMPLES("tftp-secure"),
    },
    {
        .name = "tftp-lowercase", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "tftp", .shape = "",
        .help = "Look for files in lower case, however they are asked for",
        .doc = "For clients that do not tell cases apart.",
        .examples = EXAMPLES("tftp-lowercase"),
    },
    {
        .name = "tftp-max", .kind = OPTION_NUMBER, .state = OPTION_NOT_BUILT, .once = true, .area = "tftp",
        .min = 0, .max = 100000, .shape = "<transfers>",
        .help = "How many files may be on their way at once",
        .doc = "50 unless given.",
        .examples = EXAMPLES("tftp-max=100"),
    },
    {
        .name = "tftp-mtu", .kind = OPTION_NUMBER, .state = OPTION_NOT_BUILT, .once = true, .area = "tftp",
        .min = 0, .max = 65535, .shape = "<bytes>",
        .help = "Largest packet to agree on with a client",
        .doc = "In place of the interface's own limit.",
        .examples = EXAMPLES("tftp-mtu=1400"),
    },
    {
        .name = "tftp-no-blocksize", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "tftp", .shape = "",
        .help = "Always send blocks of 512 bytes",
        .doc = "For clients that ask for more and cannot take it.",
        .examples = EXAMPLES("tftp-no-blocksize"),
    },
    {
        .name = "tftp-port-range", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "tftp", .shape = "<first>,<last>",
        .help = "Send files from these ports",
        .doc = "To suit a firewall. There can be no more transfers at once than ports.",
        .examples = EXAMPLES("tftp-port-range=50000,50099"),
    },
    {
        .name = "tftp-single-port", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "tftp", .shape = "",
        .help = "Send files from port 69 too",
        .doc = "For networks where packets from another port are lost.",
        .examples = EXAMPLES("tftp-single-port"),
    },

    /* DNSSEC. */
    {
        .name = "dnssec", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dnssec", .shape = "",
        .help = "Check the signatures of answers",
        .doc = "Needs a trust-anchor for the root. Answers that fail are not passed on.",
        .examples = EXAMPLES("dnssec"),
    },
    {
        .name = "trust-anchor", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dnssec",
        .shape = "<domain>,[<class>,]<key tag>,<algorithm>,<digest type>,<hex digest>|<domain>[,<class>]",
        .help = "A key to trust, as a DS record",
        .doc = "The root's come with the package. A domain alone is taken to be unsigned.",
        .examples = EXAMPLES("trust-anchor=.,20326,8,2,"
                             "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D",
                             "trust-anchor=unsigned.example"),
    },
    {
        .name = "dnssec-check-unsigned", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .value_optional = true, .area = "dnssec", .shape = "[no]",
        .help = "Whether unsigned answers must be proved to be rightly so",
        .doc = "They must unless \"no\" is given, which leaves them open to forgery.",
        .examples = EXAMPLES("dnssec-check-unsigned", "dnssec-check-unsigned=no"),
    },
    {
        .name = "dnssec-no-timecheck", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dnssec",
        .shape = "",
        .help = "Do not look at the dates of signatures until SIGINT",
        .doc = "For machines whose clock is wrong until the network has told them the time.",
        .examples = EXAMPLES("dnssec-no-timecheck"),
    },
    {
        .name = "dnssec-timestamp", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dnssec", .shape = "<path>",
        .help = "Do not look at the dates of signatures while the clock is behind this file's",
        .doc = "The file is made and touched by the program itself.",
        .examples = EXAMPLES("dnssec-timestamp=/var/lib/linnet/timestamp"),
    },
    {
        .name = "dnssec-limits", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dnssec", .shape = "<number>{,<number>}",
        .help = "How much work one answer may cause",
        .doc = "Up to four numbers: failed signatures of a record set, signatures checked, further queries, "
               "rounds of NSEC3 hashing; 0 leaves one as it is.",
        .examples = EXAMPLES("dnssec-limits=0,100", "dnssec-limits=10,100,20,50"),
    },
    {
        .name = "dnssec-debug", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dnssec", .shape = "",
        .help = "Pass on answers that fail the check",
        .doc = "For finding out why they do.",
        .examples = EXAMPLES("dnssec-debug"),
    },

    /* The firewall. */
    {
        .name = "ipset", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "firewall",
        .shape = "/<domain>/{<domain>/}<set>{,<set>}",
        .help = "Put the addresses of these domains into IP sets of the firewall",
        .doc = "When they come in an answer. The sets must exist.",
        .examples = EXAMPLES("ipset=/video.example/streams", "ipset=/a.example/b.example/one,two"),
    },
    {
        .name = "nftset", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "firewall",
        .shape = "/<domain>/{<domain>/}<set>{,<set>}, set = [4#|6#][<family>#]<table>#<name>",
        .help = "Put the addresses of these domains into nftables sets",
        .doc = "When they come in an answer. 4# and 6# pick a family; the sets must exist.",
        .examples = EXAMPLES("nftset=/video.example/inet#filter#streams",
                             "nftset=/video.example/4#ip#filter#v4,6#ip6#filter#v6"),
    },
    {
        .name = "conntrack", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "firewall", .shape = "",
        .help = "Give forwarded queries the connection mark of the client's",
        .doc = "So that rules can tell whose traffic they cause. Not together with query-port.",
        .examples = EXAMPLES("conntrack"),
    },
    {
        .name = "connmark-allowlist-enable", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .once = true, .value_optional = true, .area = "firewall", .shape = "[<mask>]",
        .help = "Answer marked clients only for names on their lists",
        .doc = "The mark of the connection under the mask says which list holds.",
        .examples = EXAMPLES("connmark-allowlist-enable", "connmark-allowlist-enable=255"),
    },
    {
        .name = "connmark-allowlist", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "firewall", .shape = "<mark>[/<mask>][,*|,<pattern>{/<pattern>}]",
        .help = "The names that clients with this mark may look up",
        .doc = "Patterns may hold '*' inside labels, but not in the last two; '*' alone allows every name.",
        .examples = EXAMPLES("connmark-allowlist=1,*.example.com/www.example.net",
                             "connmark-allowlist=2/3,*"),
    },
};
/* clang-format on */

const size_t later_option_count = COUNT_OF(later_options);

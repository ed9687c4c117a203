/* The options about the firewall, in a build without it. */
#include "config/option.h"
#include "dns/dns_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_firewall_options[];
extern const size_t dns_firewall_option_count;

#define WITHOUT .state = OPTION_NO_FEATURE, .feature = "firewall sets and marks", .area = "firewall"

/* clang-format off */
const struct option dns_firewall_options[] = {
    {
        .name = "ipset", .kind = OPTION_TEXT, WITHOUT, .shape = "[/<domain>/{<domain>/}]<set>{,<set>}",
        .help = "Put the addresses of these domains into IP sets of the firewall",
        .doc = DOC("Not in this build."),
        .examples = EXAMPLES("ipset=/video.example/streams"),
    },
    {
        .name = "nftset", .kind = OPTION_TEXT, WITHOUT, .shape = "[/<domain>/{<domain>/}]<set>{,<set>}",
        .help = "Put the addresses of these domains into nftables sets",
        .doc = DOC("Not in this build."),
        .examples = EXAMPLES("nftset=/video.example/inet#filter#streams"),
    },
    {
        .name = "conntrack", .kind = OPTION_FLAG, WITHOUT, .shape = "",
        .help = "Give forwarded queries the connection mark of the client's",
        .doc = DOC("Not in this build."),
        .examples = EXAMPLES("conntrack"),
    },
    {
        .name = "connmark-allowlist-enable", .kind = OPTION_TEXT, .once = true, .value_optional = true, WITHOUT,
        .shape = "[<mask>]",
        .help = "Answer marked clients only for names on their lists",
        .doc = DOC("Not in this build."),
        .examples = EXAMPLES("connmark-allowlist-enable"),
    },
    {
        .name = "connmark-allowlist", .kind = OPTION_TEXT, WITHOUT,
        .shape = "<mark>[/<mask>][,<pattern>{/<pattern>}]",
        .help = "The names that clients with this mark may look up",
        .doc = DOC("Not in this build."),
        .examples = EXAMPLES("connmark-allowlist=1,*.example.com"),
    },
};
/* clang-format on */

const size_t dns_firewall_option_count = COUNT_OF(dns_firewall_options);

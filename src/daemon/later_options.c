/* Options of services that this version does not have yet: DNSSEC, sets and marks of the firewall.
 * They are known, so that whoever uses one is told what is the matter. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option later_options[] = {
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

/* The options that judge and change what upstream servers answer, and say what is kept of it. */
#include "config/option.h"
#include "dns/dns_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_filter_options[];
extern const size_t dns_filter_option_count;

/* clang-format off */
const struct option dns_filter_options[] = {
    {
        .name = "filterwin2k", .letter = 'f', .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns",
        .shape = "",
        .help = "Do not forward SOA and SRV queries",
        .doc = "Nor ANY queries for names with an underscore. It once kept dial-up lines from being opened "
               "by Windows; it breaks Kerberos, SIP and XMPP.",
        .examples = EXAMPLES("filterwin2k"),
    },
    {
        .name = "filter-A", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns", .shape = "",
        .help = "Take IPv4 addresses out of forwarded answers",
        .doc = "Addresses known here are still given.",
        .examples = EXAMPLES("filter-A"),
    },
    {
        .name = "filter-AAAA", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns", .shape = "",
        .help = "Take IPv6 addresses out of forwarded answers",
        .doc = "Addresses known here are still given.",
        .examples = EXAMPLES("filter-AAAA"),
    },
    {
        .name = "filter-rr", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dns",
        .shape = "<type>{,<type>}",
        .help = "Take records of these types out of forwarded answers",
        .doc = "Names or numbers. ANY reduces answers to ANY queries to a few common types.",
        .examples = EXAMPLES("filter-rr=HTTPS,SVCB", "filter-rr=ANY"),
    },
    {
        .name = "stop-dns-rebind", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns", .shape = "",
        .help = "Refuse forwarded answers that hold private addresses",
        .doc = "A defence against web pages that reach into this network by way of their own name.",
        .examples = EXAMPLES("stop-dns-rebind"),
    },
    {
        .name = "rebind-domain-ok", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dns",
        .shape = "<domain>|/<domain>/{<domain>/}",
        .help = "Let private addresses of these domains through stop-dns-rebind",
        .doc = "With all domains below them.",
        .examples = EXAMPLES("rebind-domain-ok=corp.example", "rebind-domain-ok=/corp.example/lab.example/"),
    },
    {
        .name = "rebind-localhost-ok", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns",
        .shape = "",
        .help = "Let loopback addresses through stop-dns-rebind",
        .doc = "Lists of blocked mail senders answer with such addresses.",
        .examples = EXAMPLES("rebind-localhost-ok"),
    },
    {
        .name = "bogus-nxdomain", .letter = 'B', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "dns", .shape = "<address>[/<length>]",
        .help = "Turn forwarded answers with this address into \"no such name\"",
        .doc = "For providers that answer mistyped names with an advertisement's address.",
        .examples = EXAMPLES("bogus-nxdomain=192.0.2.66", "bogus-nxdomain=198.51.100.0/24"),
    },
    {
        .name = "ignore-address", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dns",
        .shape = "<address>[/<length>]",
        .help = "Drop forwarded answers with this address and wait for another",
        .doc = "Against forged answers that always hold the same address.",
        .examples = EXAMPLES("ignore-address=192.0.2.66", "ignore-address=198.51.100.0/24"),
    },
    {
        .name = "alias", .letter = 'V', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "dns",
        .shape = "<address>[-<address>],<new address>[,<mask>]",
        .help = "Replace IPv4 addresses in forwarded answers",
        .doc = "Under the mask the network part is replaced and the host part kept. With a range only "
               "addresses in it are changed.",
        .examples = EXAMPLES("alias=192.0.2.1,10.0.0.1", "alias=192.0.2.0,10.0.0.0,255.255.255.0",
                             "alias=192.0.2.10-192.0.2.40,10.0.0.0,255.255.255.0"),
    },
    {
        .name = "cache-rr", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "cache",
        .shape = "<type>{,<type>}",
        .help = "Keep records of these types too",
        .doc = "Names or numbers; ANY for all types.",
        .examples = EXAMPLES("cache-rr=TXT,HTTPS", "cache-rr=ANY"),
    },
    {
        .name = "use-stale-cache", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .value_optional = true, .area = "cache", .shape = "[<seconds>]",
        .help = "Answer from expired records while fresh ones are fetched",
        .doc = "Up to a day past their time unless given; zero means however old they are.",
        .examples = EXAMPLES("use-stale-cache", "use-stale-cache=3600"),
    },
};
/* clang-format on */

const size_t dns_filter_option_count = COUNT_OF(dns_filter_options);

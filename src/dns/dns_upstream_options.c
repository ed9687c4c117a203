/* The options about how questions are put to upstream servers: what is added to them and
 * taken away, and when they are put again. */
#include "config/option.h"
#include "dns/dns_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_upstream_options[];
extern const size_t dns_upstream_option_count;

/* clang-format off */
const struct option dns_upstream_options[] = {
    {
        .name = "add-mac", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .value_optional = true,
        .area = "dns", .shape = "[base64|text]",
        .help = "Tell the servers the client's hardware address",
        .doc = "In an EDNS option that filtering services read; binary unless a form is given. Answers are "
               "then not cached.",
        .examples = EXAMPLES("add-mac", "add-mac=base64", "add-mac=text"),
    },
    {
        .name = "strip-mac", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns", .shape = "",
        .help = "Take hardware addresses out of clients' queries",
        .doc = "When a forwarder further in has added one.",
        .examples = EXAMPLES("strip-mac"),
    },
    {
        .name = "add-cpe-id", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "dns", .shape = "<text>",
        .help = "Tell the servers this text to know the customer by",
        .doc = "In an EDNS option, with every query.",
        .examples = EXAMPLES("add-cpe-id=customer-17"),
    },
    {
        .name = "add-subnet", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .value_optional = true, .area = "dns",
        .shape = "[[<address>/]<length>[,[<address>/]<length>]]",
        .help = "Tell the servers the client's network",
        .doc = "The first so many bits of its address (RFC 7871), for IPv4 and then IPv6, or always the "
               "address given. Answers are cached only in the second case.",
        .examples = EXAMPLES("add-subnet", "add-subnet=24,56", "add-subnet=192.0.2.0/24"),
    },
    {
        .name = "strip-subnet", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "dns", .shape = "",
        .help = "Take network addresses (RFC 7871) out of clients' queries",
        .doc = "They are also kept from being told when add-subnet adds its own.",
        .examples = EXAMPLES("strip-subnet"),
    },
    {
        .name = "umbrella", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .value_optional = true, .area = "dns",
        .shape = "[<item>{,<item>}], item = deviceid:<hex>|orgid:<number>|assetid:<number>",
        .help = "Tell Cisco Umbrella who asks",
        .doc = "Adds the client's address and the numbers given in an EDNS option.",
        .examples = EXAMPLES("umbrella", "umbrella=orgid:1234,deviceid:0102030405060708"),
    },
    {
        .name = "dns-loop-detect", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "upstream",
        .shape = "",
        .help = "Find servers that send our queries back to us, and stop using them",
        .doc = "A probe goes to each server whenever the set of servers changes.",
        .examples = EXAMPLES("dns-loop-detect"),
    },
    {
        .name = "do-0x20-encode", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "upstream",
        .shape = "",
        .help = "Change the case of letters in queries at random and require the answer to match",
        .doc = "A forged answer has to guess the letters too. Some servers do not keep case.",
        .examples = EXAMPLES("do-0x20-encode"),
    },
    {
        .name = "no-0x20-encode", .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "upstream",
        .shape = "",
        .help = "Never change the case of letters in queries",
        .doc = "Wins over do-0x20-encode.",
        .examples = EXAMPLES("no-0x20-encode"),
    },
    {
        .name = "fast-dns-retry", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .value_optional = true, .area = "upstream", .shape = "[<first milliseconds>[,<limit milliseconds>]]",
        .help = "Send unanswered queries again without waiting for the client",
        .doc = "The first time after 1000 ms unless given, then after twice as long each time, until the "
               "limit, 10000 ms unless given, has passed.",
        .examples = EXAMPLES("fast-dns-retry", "fast-dns-retry=500,4000"),
    },
    {
        .name = "port-limit", .kind = OPTION_NUMBER, .state = OPTION_NOT_BUILT, .once = true,
        .area = "upstream", .min = 1, .max = 65535, .shape = "<ports>",
        .help = "From how many ports one query may be sent when it is repeated",
        .doc = "One unless given. More ports help against networks that lose single flows.",
        .examples = EXAMPLES("port-limit=4"),
    },
};
/* clang-format on */

const size_t dns_upstream_option_count = COUNT_OF(dns_upstream_options);

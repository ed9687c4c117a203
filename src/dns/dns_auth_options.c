/* The options of authoritative service. */
#include "config/option.h"
#include "dns/dns_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_auth_options[];
extern const size_t dns_auth_option_count;

/* clang-format off */
const struct option dns_auth_options[] = {
    {
        .name = "auth-peer", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "auth",
        .shape = "<address>{,<address>}",
        .help = "Who may transfer authoritative zones",
        .doc = "By source address; everyone else is refused.",
        .examples = EXAMPLES("auth-peer=192.0.2.53,2001:db8::53"),
    },
    {
        .name = "auth-sec-servers", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "auth",
        .shape = "<domain>{,<domain>}",
        .help = "Secondary servers of authoritative zones",
        .doc = "They appear as NS records and may transfer the zones, unless auth-peer says who may.",
        .examples = EXAMPLES("auth-sec-servers=ns2.example.com,ns3.example.com"),
    },
    {
        .name = "auth-server", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "auth", .shape = "<domain>{,<interface>[/4|/6]|,<address>}",
        .help = "Serve zones authoritatively on these interfaces and addresses",
        .doc = "Questions that come in there are answered only from auth-zone data. The domain is this "
               "server's own name, as NS and SOA records give it.",
        .examples = EXAMPLES("auth-server=ns.example.com,eth1", "auth-server=ns.example.com,eth1/6,192.0.2.1"),
    },
    {
        .name = "auth-soa", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "auth", .shape = "<serial>[,<hostmaster>[,<refresh>[,<retry>[,<expiry>]]]]",
        .help = "The SOA record of authoritative zones",
        .doc = "The serial number is the time of the start unless given and grows with each reload.",
        .examples = EXAMPLES("auth-soa=2024010100", "auth-soa=1,hostmaster.example.com,1200,180,1209600"),
    },
    {
        .name = "auth-ttl", .kind = OPTION_SECONDS, .state = OPTION_NOT_BUILT, .once = true,
        .area = "auth", .min = 0, .max = UINT32_MAX, .shape = "<seconds>",
        .help = "Time to live of authoritative answers",
        .doc = "600 unless given.",
        .examples = EXAMPLES("auth-ttl=3600"),
    },
    {
        .name = "auth-zone", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "auth",
        .shape = "<domain>{,[exclude:]<subnet>|,[exclude:]<interface>[/4|/6]}",
        .help = "A zone to serve authoritatively",
        .doc = "Only addresses in the subnets, and not in those excluded, are told; the subnets also become "
               "reverse zones.",
        .examples = EXAMPLES("auth-zone=home.example.com,192.0.2.0/24",
                             "auth-zone=home.example.com,eth0,exclude:192.0.2.128/25"),
    },
};
/* clang-format on */

const size_t dns_auth_option_count = COUNT_OF(dns_auth_options);

/* The options that put records into DNS. */
#include "config/option.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_record_options[];
extern const size_t dns_record_option_count;

/* clang-format off */
const struct option dns_record_options[] = {
    {
        .name = "host-record", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>{,<name>}{,<address>}[,<seconds>]",
        .help = "A name with its addresses, and the address with its name",
        .doc = "A, AAAA and PTR records in one line, as a hosts file would give them. The first name is what "
               "the address resolves to. The number at the end is the time to live.",
        .examples = EXAMPLES("host-record=printer.lan,192.0.2.9", "host-record=www.lan,www,192.0.2.10,2001:db8::10",
                             "host-record=db.lan,192.0.2.11,60"),
    },
    {
        .name = "dynamic-host", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>,[<address>],[<address>],<interface>",
        .help = "A name whose network is that of an interface, whatever it is now",
        .doc = "The host part comes from the addresses given, the network part from the interface. It follows "
               "when the provider gives another prefix.",
        .examples = EXAMPLES("dynamic-host=www.example.com,0.0.0.8,eth0",
                             "dynamic-host=www.example.com,0.0.0.8,::8,eth0"),
    },
    {
        .name = "interface-name", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>,<interface>[/4|/6]",
        .help = "A name for the addresses of an interface",
        .doc = "Of both families unless one is given, as they are at the time of the question.",
        .examples = EXAMPLES("interface-name=gateway.lan,eth0", "interface-name=gateway4.lan,eth0/4"),
    },
    {
        .name = "synth-domain", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<domain>,<address>,<address>|<subnet>[,<prefix>[*]]",
        .help = "Make up names for all addresses of a range",
        .doc = "The name is the prefix and the address with dashes, or, with '*', the prefix and a number "
               "that counts through the range. Names resolve both ways.",
        .examples = EXAMPLES("synth-domain=guest.example,192.0.2.0/24,ip-",
                             "synth-domain=guest.example,192.0.2.10,192.0.2.50,host*"),
    },
    {
        .name = "cname", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<alias>{,<alias>},<target>[,<seconds>]",
        .help = "Other names for a name known here",
        .doc = "The target must be known here: from a hosts file, a lease or a record. An alias that leads "
               "back to itself is an error.",
        .examples = EXAMPLES("cname=www.lan,server.lan", "cname=ftp.lan,files.lan,server.lan,300"),
    },
    {
        .name = "txt-record", .letter = 'Y', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "records", .shape = "<name>{,<text>}",
        .help = "A TXT record",
        .doc = "Each field is one string; quote those that hold commas.",
        .examples = EXAMPLES("txt-record=lan,\"v=spf1 a -all\"", "txt-record=_http._tcp.lan,path=/,user=guest"),
    },
    {
        .name = "ptr-record", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>[,<target>]",
        .help = "A PTR record",
        .doc = "For service discovery and the like; addresses get theirs from host-record or a hosts file.",
        .examples = EXAMPLES("ptr-record=_http._tcp.lan,\"Web Server._http._tcp.lan\""),
    },
    {
        .name = "srv-host", .letter = 'W', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "records", .shape = "<service>[,<target>[,<port>[,<priority>[,<weight>]]]]",
        .help = "An SRV record",
        .doc = "A service without a domain gets the one of domain=. Without a target there is no such "
               "service; the port is 1, priority and weight 0 unless given.",
        .examples = EXAMPLES("srv-host=_ldap._tcp.lan,ldap.lan,389", "srv-host=_sip._udp,sip.lan,5060,10,20",
                             "srv-host=_ftp._tcp.lan"),
    },
    {
        .name = "mx-host", .letter = 'm', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .area = "records", .shape = "<name>[,<target>[,<preference>]]",
        .help = "An MX record",
        .doc = "The target is that of mx-target, or this machine, unless given; the preference is 1.",
        .examples = EXAMPLES("mx-host=lan", "mx-host=lan,mail.lan,50"),
    },
    {
        .name = "mx-target", .letter = 't', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .once = true,
        .area = "records", .shape = "<name>",
        .help = "Where mail goes unless mx-host says otherwise",
        .doc = "Used by mx-host without a target and by localmx.",
        .examples = EXAMPLES("mx-target=mail.lan"),
    },
    {
        .name = "selfmx", .letter = 'e', .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "",
        .help = "Answer MX questions about local hosts with the host itself",
        .doc = "Hosts from hosts files and leases.",
        .examples = EXAMPLES("selfmx"),
    },
    {
        .name = "localmx", .letter = 'L', .kind = OPTION_FLAG, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "",
        .help = "Answer MX questions about local hosts with the host of mx-target",
        .doc = "Hosts from hosts files and leases.",
        .examples = EXAMPLES("localmx"),
    },
    {
        .name = "naptr-record", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>,<order>,<preference>,<flags>,<service>,<regexp>[,<replacement>]",
        .help = "A NAPTR record (RFC 3403)",
        .doc = "Telephony uses them to find servers.",
        .examples = EXAMPLES("naptr-record=lan,10,100,s,SIP+D2U,,_sip._udp.lan"),
    },
    {
        .name = "caa-record", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>,<flags>,<tag>,<value>",
        .help = "A CAA record (RFC 8659)",
        .doc = "Says who may issue certificates for the name.",
        .examples = EXAMPLES("caa-record=home.example,0,issue,ca.example"),
    },
    {
        .name = "dns-rr", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .area = "records",
        .shape = "<name>,<type number>[,<hex>]",
        .help = "A record of any type, its data as hexadecimal",
        .doc = "Bytes may be separated by colons or blanks.",
        .examples = EXAMPLES("dns-rr=lan,51,01:23:45", "dns-rr=lan,99,0123 45"),
    },
};
/* clang-format on */

const size_t dns_record_option_count = COUNT_OF(dns_record_options);

/* The options that put records into DNS. */
#include "dns/dns_record_options.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_record_options[];
extern const size_t dns_record_option_count;

/* clang-format off */
const struct option dns_record_options[] = {
    {
        .name = "host-record", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>{,<name>}{,<address>}[,<seconds>]",
        .read = dns_read_host_record, .print = dns_print_host_record,
        .help = "A name with its addresses, and the address with its name",
        .doc = DOC("A, AAAA and PTR records in one line, as a hosts file would give them. The first name is what "
               "the address resolves to. The number at the end is the time to live."),
        .examples = EXAMPLES("host-record=printer.lan,192.0.2.9", "host-record=www.lan,www,192.0.2.10,2001:db8::10",
                             "host-record=db.lan,192.0.2.11,60"),
    },
    {
        .name = "dynamic-host", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>,[<address>],[<address>],<interface>",
        .read = dns_read_dynamic_host, .print = dns_print_dynamic_host,
        .help = "A name whose network is that of an interface, whatever it is now",
        .doc = DOC("The host part comes from the addresses given, the network part from the interface. It follows "
               "when the provider gives another prefix. The addresses resolve to the name."),
        .examples = EXAMPLES("dynamic-host=www.example.com,0.0.0.8,eth0",
                             "dynamic-host=www.example.com,0.0.0.8,::8,eth0"),
    },
    {
        .name = "interface-name", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>,<interface>[/4|/6]",
        .read = dns_read_interface_name, .print = dns_print_interface_name,
        .help = "A name for the addresses of an interface",
        .doc = DOC("Of both families unless one is given, as they are at the time of the question, but for IPv6 "
               "addresses that are temporary, deprecated or of the link alone. What the interface has not is "
               "denied. The first such name is the one its addresses resolve to."),
        .examples = EXAMPLES("interface-name=gateway.lan,eth0", "interface-name=gateway4.lan,eth0/4"),
    },
    {
        .name = "synth-domain", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<domain>,<address>,<address>|<subnet>[,<prefix>[*]]",
        .read = dns_read_synth_domain, .print = dns_print_synth_domain,
        .help = "Make up names for all addresses of a range",
        .doc = DOC("The name is the prefix and the address with dashes (IPv6 in full: 2001-0db8-0000-...), or, with "
               "'*', the prefix and a number that counts through the range. Names resolve both ways; short "
               "spellings of IPv6 are understood."),
        .examples = EXAMPLES("synth-domain=guest.example,192.0.2.0/24,ip-",
                             "synth-domain=guest.example,192.0.2.10,192.0.2.50,host*"),
    },
    {
        .name = "cname", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<alias>{,<alias>},<target>[,<seconds>]",
        .read = dns_read_cname, .print = dns_print_cname,
        .help = "Other names for a name known here",
        .doc = DOC("The target must be known here: from a hosts file, a lease or a record; otherwise the alias is "
               "all there is to the answer. An alias that leads back to itself is an error, and so is one "
               "given twice. One that begins with \"*.\" covers all names below, in auth-zone only."),
        .examples = EXAMPLES("cname=www.lan,server.lan", "cname=ftp.lan,files.lan,server.lan,300"),
    },
    {
        .name = "txt-record", .letter = 'Y', .kind = OPTION_STRUCTURED,
        .area = "records", .shape = "<name>{,<text>}",
        .read = dns_read_txt_record, .print = dns_print_txt_record,
        .help = "A TXT record",
        .doc = DOC("Each field is one string; quote those that hold commas."),
        .examples = EXAMPLES("txt-record=lan,\"v=spf1 a -all\"", "txt-record=_http._tcp.lan,path=/,user=guest"),
    },
    {
        .name = "ptr-record", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>[,<target>]",
        .read = dns_read_ptr_record, .print = dns_print_ptr_record,
        .help = "A PTR record",
        .doc = DOC("For service discovery and the like; addresses get theirs from host-record or a hosts file."),
        .examples = EXAMPLES("ptr-record=_http._tcp.lan,\"Web Server._http._tcp.lan\""),
    },
    {
        .name = "srv-host", .letter = 'W', .kind = OPTION_STRUCTURED,
        .area = "records", .shape = "<service>[,<target>[,<port>[,<priority>[,<weight>]]]]",
        .read = dns_read_srv_host, .print = dns_print_srv_host,
        .help = "An SRV record",
        .doc = DOC("A service without a domain gets the one of domain=. Without a target there is no such "
               "service; the port is 1, priority and weight 0 unless given."),
        .examples = EXAMPLES("srv-host=_ldap._tcp.lan,ldap.lan,389", "srv-host=_sip._udp,sip.lan,5060,10,20",
                             "srv-host=_ftp._tcp.lan"),
    },
    {
        .name = "mx-host", .letter = 'm', .kind = OPTION_STRUCTURED,
        .area = "records", .shape = "<name>[,<target>[,<preference>]]",
        .read = dns_read_mx_host, .print = dns_print_mx_host,
        .help = "An MX record",
        .doc = DOC("The target is that of mx-target, or this machine, unless given; the preference is 1."),
        .examples = EXAMPLES("mx-host=lan", "mx-host=lan,mail.lan,50"),
    },
    {
        .name = "mx-target", .letter = 't', .kind = OPTION_STRUCTURED, .once = true,
        .area = "records", .shape = "<name>",
        .read = dns_read_mx_target, .print = dns_print_mx_target,
        .help = "Where mail goes unless mx-host says otherwise",
        .doc = DOC("Used by mx-host without a target and by localmx."),
        .examples = EXAMPLES("mx-target=mail.lan"),
    },
    {
        .name = "selfmx", .letter = 'e', .kind = OPTION_FLAG, .area = "records",
        .shape = "",
        .field = offsetof(struct dns_config, records.self_mx),
        .help = "Answer MX questions about local hosts with the host itself",
        .doc = DOC("Hosts from hosts files and leases."),
        .examples = EXAMPLES("selfmx"),
    },
    {
        .name = "localmx", .letter = 'L', .kind = OPTION_FLAG, .area = "records",
        .shape = "",
        .field = offsetof(struct dns_config, records.local_mx),
        .help = "Answer MX questions about local hosts with the host of mx-target",
        .doc = DOC("Hosts from hosts files and leases."),
        .examples = EXAMPLES("localmx"),
    },
    {
        .name = "naptr-record", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>,<order>,<preference>,<flags>,<service>,<regexp>[,<replacement>]",
        .read = dns_read_naptr_record, .print = dns_print_naptr_record,
        .help = "A NAPTR record (RFC 3403)",
        .doc = DOC("Telephony uses them to find servers."),
        .examples = EXAMPLES("naptr-record=lan,10,100,s,SIP+D2U,,_sip._udp.lan"),
    },
    {
        .name = "caa-record", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>,<flags>,<tag>,<value>",
        .read = dns_read_caa_record, .print = dns_print_caa_record,
        .help = "A CAA record (RFC 8659)",
        .doc = DOC("Says who may issue certificates for the name."),
        .examples = EXAMPLES("caa-record=home.example,0,issue,ca.example"),
    },
    {
        .name = "dns-rr", .kind = OPTION_STRUCTURED, .area = "records",
        .shape = "<name>,<type>[,<data>]",
        .read = dns_read_rr, .print = dns_print_rr,
        .help = "A record of any type",
        .doc = DOC("With the type's number the data is hexadecimal, its bytes apart by colons, dashes, blanks or "
               "nothing. With the type's name it is written as in a zone file (RFC 1035 section 5.1, RFC 9460 "
               "section 2.1), also in quotes, or as \\# and the bytes (RFC 3597)."),
        .examples = EXAMPLES("dns-rr=lan,51,01:23:45", "dns-rr=lan,99,0123 45",
                             "dns-rr=lan,HTTPS,\"1 . alpn=h2,h3 ipv4hint=192.0.2.1\"",
                             "dns-rr=_443._tcp.www.lan,TLSA,3 1 1 0d6fce3b1d2e"),
    },
};
/* clang-format on */

const size_t dns_record_option_count = COUNT_OF(dns_record_options);

/* The options of the DNS service: where questions go, what is kept, which answers are let through.
 * The rows and the readers of the simple ones; the struct they fill is dns/dns_config.h. */
#include "config/option.h"
#include "dns/dns_config.h"
#include "dns/dns_rule_options.h"

#define LINE_MAX_BYTES 8192

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_options[];
extern const size_t dns_option_count;

/* ------------------------------------------------------------------ files */

static enum status append_path(struct option_context *context, struct text path,
                               struct dns_path **items, size_t *count, size_t *room)
{
    struct dns_path *item = option_append(context, items, count, room, sizeof(*item));
    if (item == NULL)
        return STATUS_NO_MEMORY;
    item->place = context->place;
    item->path = option_string(context, path);
    return item->path != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void print_paths(struct option_printer *printer, const struct dns_path *paths, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        option_put_whole(&out, text_of(paths[i].path));
        option_print_value(printer, "%s", line);
    }
}

static enum status read_resolv_file(struct option_context *context, struct value value)
{
    struct dns_config *dns = context->part;
    if (value.text.count == 0) {
        dns->resolv_file_empty = true;
        return STATUS_OK;
    }
    return append_path(context, value.text, &dns->resolv_files, &dns->resolv_file_count,
                       &dns->resolv_file_room);
}

static void print_resolv_file(const void *part, struct option_printer *printer)
{
    const struct dns_config *dns = part;
    /* An empty one only takes the default away, which any file does too. */
    if (dns->resolv_file_empty && dns->resolv_file_count == 0)
        option_print_value(printer, "%s", "");
    print_paths(printer, dns->resolv_files, dns->resolv_file_count);
}

static enum status read_addn_hosts(struct option_context *context, struct value value)
{
    struct dns_config *dns = context->part;
    if (value.text.count == 0)
        return STATUS_OK;
    return append_path(context, value.text, &dns->hosts_files, &dns->hosts_file_count,
                       &dns->hosts_file_room);
}

static enum status read_hostsdir(struct option_context *context, struct value value)
{
    struct dns_config *dns = context->part;
    if (value.text.count == 0)
        return STATUS_OK;
    return append_path(context, value.text, &dns->hosts_folders, &dns->hosts_folder_count,
                       &dns->hosts_folder_room);
}

static void print_hostsdir(const void *part, struct option_printer *printer)
{
    const struct dns_config *dns = part;
    print_paths(printer, dns->hosts_folders, dns->hosts_folder_count);
}

/* An empty name switches it off. */
static enum status read_servers_file(struct option_context *context, struct value value)
{
    struct dns_config *dns = context->part;
    dns->servers_file.place = context->place;
    dns->servers_file.path = option_string(context, value.text);
    return dns->servers_file.path != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void print_servers_file(const void *part, struct option_printer *printer)
{
    const struct dns_config *dns = part;
    print_paths(printer, &dns->servers_file, dns->servers_file.path != NULL ? 1 : 0);
}

static void print_addn_hosts(const void *part, struct option_printer *printer)
{
    const struct dns_config *dns = part;
    print_paths(printer, dns->hosts_files, dns->hosts_file_count);
}

/* ------------------------------------------------------------------ rows */

#define SERVER_SHAPE                                                                               \
    "[/[<domain>]/{[<domain>]/}][<address>[#<port>]|<host>[#<port>]|#]"                            \
    "[@<interface>][@<source>[#<port>]]"

/* clang-format off */
const struct option dns_options[] = {
    /* Where a question goes. */
    {
        .name = "server", .letter = 'S', .kind = OPTION_STRUCTURED, .area = "upstream",
        .read = dns_read_server, .print = dns_print_server,
        .shape = SERVER_SHAPE,
        .help = "Forward to this server, for these domains if any are given",
        .doc = DOC("The longest matching domain wins. \"//\" stands for names without a dot and '#' as a domain "
               "for any name; '*' in front of a domain matches any text there. With domains but without an "
               "address the names are answered from local knowledge only; '#' as the address sends them to "
               "the default servers after all. An interface or a source address after '@' is used for the "
               "queries; a source port makes the port fixed, which is easier to spoof. A host name is looked "
               "up once, when the configuration is read."),
        .examples = EXAMPLES("server=192.0.2.1", "server=/lan/corp.example/192.0.2.1#5353",
                             "server=2001:db8::53@eth0", "server=/open.corp.example/#"),
    },
    {
        .name = "local", .kind = OPTION_STRUCTURED, .area = "upstream",
        .read = dns_read_server, .print = dns_print_local,
        .shape = SERVER_SHAPE,
        .help = "Never forward names in these domains",
        .doc = DOC("Another name of server, for lines without an address: what is not known from hosts files, "
               "leases or this configuration does not exist."),
        .examples = EXAMPLES("local=/lan/", "local=/home.example/168.192.in-addr.arpa/", "local=//"),
    },
    {
        .name = "rev-server", .kind = OPTION_STRUCTURED, .area = "upstream",
        .read = dns_read_rev_server, /* server and local print its rules */
        .shape = "<subnet>[,<address>[#<port>][@<interface>][@<source>[#<port>]]]",
        .help = "Send questions about addresses of this subnet to a server",
        .doc = DOC("The same as server with the reverse zones of the subnet written out, several where its "
               "length is not a multiple of 8 bits (IPv4) or 4 bits (IPv6). Without a server they are "
               "answered from local knowledge only. Wins over bogus-priv."),
        .examples = EXAMPLES("rev-server=192.168.0.0/16,192.0.2.1", "rev-server=10.1.0.0/22,192.0.2.1#5353",
                             "rev-server=2001:db8::/33,2001:db8::1", "rev-server=172.16.0.0/12"),
    },
    {
        .name = "address", .letter = 'A', .kind = OPTION_STRUCTURED, .area = "dns",
        .read = dns_read_address, .print = dns_print_address,
        .shape = "/<domain>/{<domain>/}[<address>|#]",
        .help = "Answer these domains, and all below them, with this address",
        .doc = DOC("Other types are forwarded as usual. Without an address every question there is answered "
               "\"no such name\"; '#' gives 0.0.0.0 and ::. Hosts files, leases and records given here are "
               "looked at first. Repeat the line for more addresses. A domain with an empty label, as block "
               "lists sometimes hold, can match nothing and is passed over."),
        .examples = EXAMPLES("address=/printer.lan/192.0.2.9", "address=/ads.example/tracker.example/#",
                             "address=/blocked.example/", "address=/#/2001:db8::1"),
    },
    {
        .name = "resolv-file", .letter = 'r', .kind = OPTION_STRUCTURED, .value_optional = true,
        .area = "upstream", .read = read_resolv_file, .print = print_resolv_file,
        .shape = "[<path>]",
        .help = "Take the servers to forward to from this file",
        .doc = DOC("Instead of /etc/resolv.conf; its nameserver lines count. Given several times, the file "
               "changed last is used. An empty value means no file."),
        .examples = EXAMPLES("resolv-file=/run/resolv.upstream", "resolv-file="),
    },
    {
        .name = "no-resolv", .letter = 'R', .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, no_resolv), .shape = "",
        .help = "Do not read any resolv file",
        .doc = DOC("Only servers given here are used."),
        .examples = EXAMPLES("no-resolv"),
    },
    {
        .name = "no-poll", .letter = 'n', .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, no_poll), .shape = "",
        .help = "Do not watch resolv files for changes",
        .doc = DOC("They are read at start and on SIGHUP. Only one resolv-file is allowed then."),
        .examples = EXAMPLES("no-poll"),
    },
    {
        .name = "strict-order", .letter = 'o', .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, strict_order), .shape = "",
        .help = "Ask servers strictly in the order given",
        .doc = DOC("The next one is asked only when the one before fails or refuses, or the client asks again."),
        .examples = EXAMPLES("strict-order"),
    },
    {
        .name = "all-servers", .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, all_servers), .shape = "",
        .help = "Ask all servers at once and take the first good answer",
        .doc = DOC("Without it all are asked only now and then, to find the fastest."),
        .examples = EXAMPLES("all-servers"),
    },
    {
        .name = "servers-file", .kind = OPTION_STRUCTURED, .once = true,
        .area = "upstream", .read = read_servers_file, .print = print_servers_file, .shape = "<path>",
        .help = "Read server and rev-server lines from this file, again on SIGHUP",
        .doc = DOC("Lets servers change without a restart. Other options in the file are passed over, and so "
               "are wrong lines. A file that cannot be read, or has no right line left, leaves the servers "
               "read last in use."),
        .examples = EXAMPLES("servers-file=/etc/linnet/servers.conf"),
    },
    {
        .name = "query-port", .at_start = true, .letter = 'Q', .kind = OPTION_NUMBER, .once = true, .area = "upstream",
        .field = offsetof(struct dns_config, query_port), .min = 0, .max = 65535,
        .present_field = offsetof(struct dns_config, query_port_given) + 1,
        .shape = "<port>",
        .help = "Send all queries from this one port",
        .doc = DOC("For old firewalls only: random ports are a defence against forged answers. Zero takes one "
               "port of the system's choice and keeps it."),
        .examples = EXAMPLES("query-port=53535", "query-port=0"),
    },
    {
        .name = "min-port", .at_start = true, .kind = OPTION_NUMBER, .once = true, .area = "upstream",
        .field = offsetof(struct dns_config, min_port), .min = 0, .max = 65535,
        .shape = "<port>",
        .help = "Lowest random port to send queries from",
        .doc = DOC("Keeps queries clear of ports that a firewall wants for itself. Together with max-port; "
               "without either all ports from 1024 up are used."),
        .examples = EXAMPLES("min-port=10000"),
    },
    {
        .name = "max-port", .at_start = true, .kind = OPTION_NUMBER, .once = true, .area = "upstream",
        .field = offsetof(struct dns_config, max_port), .min = 0, .max = 65535,
        .shape = "<port>",
        .help = "Highest random port to send queries from",
        .doc = DOC("Must not be below min-port."),
        .examples = EXAMPLES("max-port=60000"),
    },

    /* The service itself. */
    {
        .name = "edns-packet-max", .letter = 'P', .kind = OPTION_NUMBER, .once = true, .area = "dns",
        .field = offsetof(struct dns_config, edns_udp_size), .min = 0, .max = 65535,
        .shape = "<bytes>",
        .help = "Largest UDP answer to accept and to offer",
        .doc = DOC("1232 unless given, which fits the networks of today without fragments; less than 512 counts "
               "as 512."),
        .examples = EXAMPLES("edns-packet-max=512", "edns-packet-max=4096"),
    },
    {
        .name = "max-tcp-connections", .at_start = true, .kind = OPTION_NUMBER, .once = true, .area = "dns",
        .field = offsetof(struct dns_config, tcp_connections_max), .min = 1, .max = 100000,
        .shape = "<connections>",
        .help = "How many TCP connections may be open at once",
        .doc = DOC("100 unless given. When there are more, the one that has been idle longest is closed."),
        .examples = EXAMPLES("max-tcp-connections=500"),
    },
    {
        .name = "dns-forward-max", .at_start = true, .letter = '0', .kind = OPTION_NUMBER, .once = true, .area = "dns",
        .field = offsetof(struct dns_config, forward_max), .min = 0, .max = 100000,
        .present_field = offsetof(struct dns_config, forward_max_given) + 1,
        .shape = "<queries>",
        .help = "How many forwarded queries may wait for an answer at once",
        .doc = DOC("For each group of servers; past that, new ones are refused. Without it there is no such limit: "
               "room grows as it is needed, up to 16384 questions, and when half of that is in use no "
               "client may have more than an eighth."),
        .examples = EXAMPLES("dns-forward-max=1000"),
    },
    {
        .name = "dns-threads", .at_start = true, .kind = OPTION_NUMBER, .once = true, .ours = true, .area = "dns",
        .field = offsetof(struct dns_config, threads), .min = 1, .max = 64,
        .shape = "<threads>",
        .help = "How many threads answer DNS queries",
        .doc = DOC("One unless given, which is enough for most networks. All share one cache."),
        .examples = EXAMPLES("dns-threads=4"),
    },
    {
        .name = "no-ident", .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, no_ident), .shape = "",
        .help = "Do not answer version.bind and its like",
        .doc = DOC("These names in class CHAOS tell the version and the cache's counters."),
        .examples = EXAMPLES("no-ident"),
    },
    {
        .name = "no-round-robin", .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, no_round_robin), .shape = "",
        .help = "Keep several addresses of a name in the order they came",
        .doc = DOC("Without it the order changes from answer to answer, to spread the load."),
        .examples = EXAMPLES("no-round-robin"),
    },
    {
        .name = "dhcp-ttl", .kind = OPTION_SECONDS, .once = true, .area = "dns",
        .field = offsetof(struct dns_config, dhcp_ttl), .min = 0, .max = UINT32_MAX,
        .present_field = offsetof(struct dns_config, dhcp_ttl_given) + 1,
        .shape = "<seconds>",
        .help = "How long others may keep answers about DHCP clients",
        .doc = DOC("In place of local-ttl for names that come from leases."),
        .examples = EXAMPLES("dhcp-ttl=30"),
    },
    {
        .name = "max-ttl", .kind = OPTION_SECONDS, .once = true, .area = "dns",
        .field = offsetof(struct dns_config, max_ttl), .min = 0, .max = UINT32_MAX,
        .shape = "<seconds>",
        .help = "Never tell clients a longer time to live than this",
        .doc = DOC("What the cache keeps is not changed by it, nor the times of names known here."),
        .examples = EXAMPLES("max-ttl=300"),
    },

    /* Names known here. */
    {
        .name = "no-hosts", .letter = 'h', .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, no_hosts), .shape = "",
        .help = "Do not read /etc/hosts",
        .doc = DOC("Files given with addn-hosts are still read."),
        .examples = EXAMPLES("no-hosts"),
    },
    {
        .name = "addn-hosts", .letter = 'H', .kind = OPTION_STRUCTURED, .area = "dns",
        .read = read_addn_hosts, .print = print_addn_hosts,
        .shape = "<path>",
        .help = "Read this hosts file, or all files of this folder, too",
        .doc = DOC("Read at start and on SIGHUP. Of a folder, names ending in '~' or starting with '.', and "
               "those with '#' at both ends, are passed over."),
        .examples = EXAMPLES("addn-hosts=/etc/hosts.office", "addn-hosts=\"/srv/my hosts\""),
    },
    {
        .name = "hostsdir", .kind = OPTION_STRUCTURED, .area = "dns",
        .read = read_hostsdir, .print = print_hostsdir, .shape = "<folder>",
        .help = "Read the hosts files of this folder, and again whenever one changes",
        .doc = DOC("New, changed and deleted files take effect at once, without a signal. The same files are "
               "passed over as with addn-hosts."),
        .examples = EXAMPLES("hostsdir=/etc/linnet/hosts.d"),
    },
    {
        .name = "expand-hosts", .letter = 'E', .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, expand_hosts), .shape = "",
        .help = "Add the domain to plain names in hosts files",
        .doc = DOC("\"printer\" is then known as printer.home.example as well, if domain=home.example."),
        .examples = EXAMPLES("expand-hosts"),
    },
    {
        .name = "localise-queries", .letter = 'y', .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, records.localise), .shape = "",
        .help = "Of several local addresses, give those on the network the query came from",
        .doc = DOC("Only for IPv4 addresses of names known here; when none fits, all are given."),
        .examples = EXAMPLES("localise-queries"),
    },

    /* Which questions are asked. */
    {
        .name = "domain-needed", .letter = 'D', .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, domain_needed), .shape = "",
        .place_field = offsetof(struct dns_config, domain_needed_place) + 1,
        .help = "Do not forward questions for addresses of names without a dot",
        .doc = DOC("They are answered from local knowledge, or with \"no such name\"."),
        .examples = EXAMPLES("domain-needed"),
    },
    {
        .name = "bogus-priv", .letter = 'b', .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, bogus_priv), .shape = "",
        .place_field = offsetof(struct dns_config, bogus_priv_place) + 1,
        .help = "Do not forward reverse look-ups of private addresses",
        .doc = DOC("The ranges of RFC 6303. Those not known here get \"no such name\". rev-server and server "
               "lines for the reverse zones win over it."),
        .examples = EXAMPLES("bogus-priv"),
    },

    /* The cache. */
    {
        .name = "cache-size", .at_start = true, .letter = 'c', .kind = OPTION_NUMBER, .once = true, .area = "cache",
        .field = offsetof(struct dns_config, cache_size), .min = 0, .max = 1000000,
        .present_field = offsetof(struct dns_config, cache_size_given) + 1,
        .shape = "<records>",
        .help = "How many records the cache holds",
        .doc = DOC("150 unless given; zero turns the cache off. Memory for the whole cache is taken at start."),
        .examples = EXAMPLES("cache-size=0", "cache-size=10000"),
    },
    {
        .name = "no-negcache", .letter = 'N', .kind = OPTION_FLAG, .area = "cache",
        .field = offsetof(struct dns_config, no_negcache), .shape = "",
        .help = "Do not remember that a name does not exist",
        .doc = DOC("Neither \"no such name\" nor \"no such record\" is then cached."),
        .examples = EXAMPLES("no-negcache"),
    },
    {
        .name = "neg-ttl", .kind = OPTION_SECONDS, .once = true, .area = "cache",
        .field = offsetof(struct dns_config, neg_ttl), .min = 0, .max = UINT32_MAX,
        .shape = "<seconds>",
        .help = "How long to remember that a name does not exist, when the server does not say",
        .doc = DOC("Without it such answers are not cached. What the answer itself says (RFC 2308) wins."),
        .examples = EXAMPLES("neg-ttl=60"),
    },
    {
        .name = "max-cache-ttl", .kind = OPTION_SECONDS, .once = true, .area = "cache",
        .field = offsetof(struct dns_config, max_cache_ttl), .min = 0, .max = UINT32_MAX,
        .shape = "<seconds>",
        .help = "Never keep a record longer than this",
        .doc = DOC("The answer that brings it is passed on as it came."),
        .examples = EXAMPLES("max-cache-ttl=3600"),
    },
    {
        .name = "min-cache-ttl", .kind = OPTION_SECONDS, .once = true, .area = "cache",
        .field = offsetof(struct dns_config, min_cache_ttl), .min = 0, .max = UINT32_MAX,
        .shape = "<seconds>",
        .help = "Keep every record at least this long",
        .doc = DOC("At most 3600. Serving records longer than their owner wants gives wrong answers at times."),
        .examples = EXAMPLES("min-cache-ttl=60"),
    },
    {
        .name = "clear-on-reload", .kind = OPTION_FLAG, .area = "cache",
        .field = offsetof(struct dns_config, clear_on_reload), .shape = "",
        .help = "Forget the cache when the servers change",
        .doc = DOC("For networks where other servers give other answers."),
        .examples = EXAMPLES("clear-on-reload"),
    },
};
/* clang-format on */

const size_t dns_option_count = COUNT_OF(dns_options);

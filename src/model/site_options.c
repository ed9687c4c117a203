/* The options several services share: interfaces and addresses served, the domain, what is logged.
 * The rows and their readers; the struct they fill is model/site.h. */
#include "config/option.h"
#include "model/site.h"

#define LINE_MAX_BYTES 2048

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option site_options[];
extern const size_t site_option_count;

/* ------------------------------------------------------------------ interfaces and addresses */

static enum status append_interface(struct option_context *context, struct text name,
                                    struct site_interface **items, size_t *count, size_t *room)
{
    struct site_interface *item = option_append(context, items, count, room, sizeof(*item));
    if (item == NULL)
        return STATUS_NO_MEMORY;
    item->place = context->place;
    item->prefix = text_ends(name, TEXT("*"));
    if (item->prefix)
        name.count--;
    item->pattern = option_string(context, name);
    return item->pattern != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_interface(struct option_context *context, struct value value)
{
    struct site *site = context->part;
    struct value rest = value;
    struct value field;

    if (value.text.count == 0)
        site->interface_empty = true;
    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        enum status status = append_interface(context, field.text, &site->interfaces,
                                              &site->interface_count, &site->interface_room);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status read_except_interface(struct option_context *context, struct value value)
{
    struct site *site = context->part;
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        enum status status = append_interface(context, field.text, &site->excepts,
                                              &site->except_count, &site->except_room);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void print_patterns(struct option_printer *printer, const struct site_interface *patterns,
                           size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        if (patterns[i].pattern[0] != '\0')
            option_put_quoted(&out, text_of(patterns[i].pattern));
        if (patterns[i].prefix)
            text_put_char(&out, '*');
        option_print_value(printer, "%s", line);
    }
}

static void print_interface(const void *part, struct option_printer *printer)
{
    const struct site *site = part;
    if (site->interface_empty)
        option_print_value(printer, "%s", "");
    print_patterns(printer, site->interfaces, site->interface_count);
}

static void print_except_interface(const void *part, struct option_printer *printer)
{
    const struct site *site = part;
    print_patterns(printer, site->excepts, site->except_count);
}

static enum status read_listen_address(struct option_context *context, struct value value)
{
    struct site *site = context->part;
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        struct address address;
        if (address_from_text(field.text, &address) != STATUS_OK)
            return option_fail(context, field.text, NULL,
                               "\"%.*s\" is not an IP address (like 192.0.2.1 or 2001:db8::1)",
                               TEXT_ARG(field.text));
        struct site_listen *listen = option_append(context, &site->listens, &site->listen_count,
                                                   &site->listen_room, sizeof(*listen));
        if (listen == NULL)
            return STATUS_NO_MEMORY;
        listen->address = address;
        listen->place = context->place;
    }
    return STATUS_OK;
}

static void print_listen_address(const void *part, struct option_printer *printer)
{
    const struct site *site = part;
    for (size_t i = 0; i < site->listen_count; i++) {
        char text[ADDRESS_TEXT_MAX];
        option_print_value(printer, "%s", address_text(&site->listens[i].address, text));
    }
}

static enum status read_local_service(struct option_context *context, struct value value)
{
    struct site *site = context->part;
    if (value.text.at == NULL || text_equal(value.text, TEXT("net")))
        site->local_service = SITE_LOCAL_NET;
    else if (text_equal(value.text, TEXT("host")))
        site->local_service = SITE_LOCAL_HOST;
    else
        return option_fail(context, value.text, NULL,
                           "\"%.*s\" is not a kind of local service (net or host)",
                           TEXT_ARG(value.text));
    return STATUS_OK;
}

static void print_local_service(const void *part, struct option_printer *printer)
{
    const struct site *site = part;
    if (site->local_service == SITE_LOCAL_NET)
        option_print_value(printer, "net");
    else if (site->local_service == SITE_LOCAL_HOST)
        option_print_value(printer, "host");
}

/* ------------------------------------------------------------------ domain */

/* The last address of a prefix: its host bits all ones. */
static struct address prefix_last(const struct prefix *prefix)
{
    struct address last = prefix->address;
    unsigned bits = (unsigned)address_size((enum address_family)last.family) * 8;
    for (unsigned bit = prefix->length; bit < bits; bit++)
        last.bytes[bit / 8] |= (uint8_t)(0x80u >> bit % 8);
    return last;
}

static enum status not_a_range(struct option_context *context, struct text where)
{
    return option_fail(context, where, NULL,
                       "\"%.*s\" is not an address, a subnet or an interface "
                       "(try 192.0.2.0/24 or 192.0.2.10,192.0.2.50)",
                       TEXT_ARG(where));
}

/* ip/length */
static enum status read_subnet(struct option_context *context, struct text text, size_t slash,
                               struct address_range *range)
{
    struct address address;
    uint64_t length;
    struct prefix prefix;
    struct text length_text = text_after(text, slash + 1);

    if (address_from_text(text_part(text, 0, slash), &address) != STATUS_OK)
        return not_a_range(context, text);
    enum status status = text_to_u64(length_text, 128, &length);
    if (status == STATUS_MALFORMED)
        return option_fail(context, text, NULL, "\"%.*s\" is not a prefix length",
                           TEXT_ARG(length_text));
    if (status != STATUS_OK || prefix_make(address, (unsigned)length, &prefix) != STATUS_OK)
        return option_fail(context, text, "bad prefix length",
                           "the prefix length is at most %d here, not %.*s",
                           address.family == ADDRESS_IP4 ? 32 : 128, TEXT_ARG(length_text));

    range->first = prefix.address;
    range->last = prefix_last(&prefix);
    return STATUS_OK;
}

/* Two ends in either order. */
static enum status make_range(struct option_context *context, struct text where,
                              const struct address *a, const struct address *b,
                              struct address_range *range)
{
    if (a->family != b->family)
        return option_fail(context, where, NULL,
                           "a range goes from one IPv4 address to another, or from one IPv6 "
                           "address to another");
    bool reversed = address_compare(a, b) > 0;
    range->first = reversed ? *b : *a;
    range->last = reversed ? *a : *b;
    return STATUS_OK;
}

/* Whom the domain is for: the fields after its name. */
static enum status read_domain_scope(struct option_context *context, struct value rest,
                                     struct site_domain *domain)
{
    struct value field;
    if (!value_next_field(&rest, ',', &field) || field.text.count == 0)
        return STATUS_OK;

    struct text text = field.text;
    struct address first;
    struct address last;
    size_t slash = text_find(text, '/');
    size_t dash = text_find(text, '-');
    enum status status = STATUS_OK;
    domain->by = SITE_DOMAIN_RANGE;

    if (slash != SIZE_MAX) {
        status = read_subnet(context, text, slash, &domain->range);
    } else if (address_from_text(text, &first) == STATUS_OK) {
        struct value before_end = rest;
        struct value end;
        last = first;
        if (value_next_field(&rest, ',', &end) && end.text.count > 0) {
            if (text_equal(end.text, TEXT("local")))
                rest = before_end;
            else if (address_from_text(end.text, &last) != STATUS_OK)
                return option_fail(context, end.text, NULL,
                                   "\"%.*s\" is not the last address of the range that starts "
                                   "at %.*s",
                                   TEXT_ARG(end.text), TEXT_ARG(text));
        }
        status = make_range(context, text, &first, &last, &domain->range);
    } else if (dash != SIZE_MAX && address_from_text(text_part(text, 0, dash), &first) == STATUS_OK
               && address_from_text(text_after(text, dash + 1), &last) == STATUS_OK) {
        status = make_range(context, text, &first, &last, &domain->range);
    } else {
        domain->by = SITE_DOMAIN_INTERFACE;
        domain->interface = option_string(context, text);
        if (domain->interface == NULL)
            return STATUS_NO_MEMORY;
    }
    if (status != STATUS_OK)
        return status;

    while (value_next_field(&rest, ',', &field)) {
        if (text_equal(field.text, TEXT("local")))
            domain->local = true;
        else if (field.text.count > 0)
            return option_fail(context, field.text, NULL,
                               "only \"local\" may follow here, not \"%.*s\"",
                               TEXT_ARG(field.text));
    }
    return STATUS_OK;
}

static enum status read_domain(struct option_context *context, struct value value)
{
    struct site *site = context->part;
    struct site_domain domain = { .by = SITE_DOMAIN_ALL, .place = context->place };
    struct value rest = value;
    struct value name;

    if (!value_next_field(&rest, ',', &name) || name.text.count == 0)
        return STATUS_OK; /* domain= alone: none */
    if (text_equal(name.text, TEXT("#")))
        domain.from_resolv = true;
    else if (dname_from_text(text_starts(name.text, TEXT(".")) ? text_after(name.text, 1)
                                                               : name.text,
                             &domain.name)
             != STATUS_OK)
        return option_fail(context, name.text, NULL,
                           "\"%.*s\" is not a domain (labels of 1 to 63 characters with a dot "
                           "between them, 255 in all)",
                           TEXT_ARG(name.text));

    enum status status = read_domain_scope(context, rest, &domain);
    if (status != STATUS_OK)
        return status;
    struct site_domain *kept = option_append(context, &site->domains, &site->domain_count,
                                             &site->domain_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = domain;
    return STATUS_OK;
}

/* The prefix length of a range that is a subnet, or -1. */
static int range_prefix_length(const struct address_range *range)
{
    unsigned bits = (unsigned)address_size((enum address_family)range->first.family) * 8;
    for (unsigned length = 0; length <= bits; length++) {
        struct prefix prefix;
        if (prefix_make(range->first, length, &prefix) != STATUS_OK)
            return -1;
        struct address last = prefix_last(&prefix);
        if (address_equal(&prefix.address, &range->first) && address_equal(&last, &range->last))
            return (int)length;
    }
    return -1;
}

static void put_domain_scope(struct text_out *out, const struct site_domain *domain)
{
    if (domain->by == SITE_DOMAIN_INTERFACE) {
        text_put_char(out, ',');
        option_put_quoted(out, text_of(domain->interface));
    } else if (domain->by == SITE_DOMAIN_RANGE) {
        int length = range_prefix_length(&domain->range);
        text_put_char(out, ',');
        text_put_address(out, &domain->range.first);
        if (length >= 0) {
            text_printf(out, "/%d", length);
        } else {
            text_put_char(out, ',');
            text_put_address(out, &domain->range.last);
        }
    }
    if (domain->local)
        text_put_string(out, ",local");
}

static void print_domain(const void *part, struct option_printer *printer)
{
    const struct site *site = part;
    for (size_t i = 0; i < site->domain_count; i++) {
        const struct site_domain *domain = &site->domains[i];
        char line[LINE_MAX_BYTES];
        char name[DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof(line));
        if (domain->from_resolv)
            text_put_char(&out, '#');
        else
            option_put_quoted(&out, text_of(dname_text(&domain->name, name)));
        put_domain_scope(&out, domain);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ logging */

static enum status read_log_queries(struct option_context *context, struct value value)
{
    struct site *site = context->part;
    site->log_queries = true;
    /* Other words mean plain logging: dnsmasq takes any. */
    if (text_equal(value.text, TEXT("extra")))
        site->log_queries_extra = 1;
    else if (text_equal(value.text, TEXT("proto")))
        site->log_queries_extra = 2;
    else if (text_equal(value.text, TEXT("auth")))
        site->log_queries_only |= SITE_LOG_AUTH;
    else if (text_equal(value.text, TEXT("only_failed")))
        site->log_queries_only |= SITE_LOG_FAILED;
    return STATUS_OK;
}

static void print_log_queries(const void *part, struct option_printer *printer)
{
    const struct site *site = part;
    if (site->log_queries && site->log_queries_extra == 0 && site->log_queries_only == 0)
        option_print_flag(printer);
    if (site->log_queries_extra != 0)
        option_print_value(printer, "%s", site->log_queries_extra == 1 ? "extra" : "proto");
    if ((site->log_queries_only & SITE_LOG_AUTH) != 0)
        option_print_value(printer, "auth");
    if ((site->log_queries_only & SITE_LOG_FAILED) != 0)
        option_print_value(printer, "only_failed");
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option site_options[] = {
    {
        .name = "port", .at_start = true, .letter = 'p', .kind = OPTION_NUMBER, .once = true, .area = "dns",
        .field = offsetof(struct site, port), .min = 0, .max = 65535,
        .present_field = offsetof(struct site, port_given) + 1,
        .shape = "<port>",
        .help = "Answer DNS on this port instead of 53; 0 turns DNS off",
        .doc = DOC("UDP and TCP alike. With port=0 the process serves only DHCP and TFTP: hosts files are "
               "not read and clients are not told to use it as their name server."),
        .examples = EXAMPLES("port=5353", "port=0"),
    },
    {
        .name = "interface", .letter = 'i', .kind = OPTION_STRUCTURED, .area = "process",
        .read = read_interface, .print = print_interface,
        .shape = "[<interface>{,<interface>}]",
        .help = "Serve only these interfaces, and the loopback interface",
        .doc = DOC("A name ending in '*' stands for every interface that starts so. The loopback interface "
               "is always added; an empty value leaves only that. An interface that does not exist yet "
               "is a warning, except with bind-interfaces, where it stops the start."),
        .examples = EXAMPLES("interface=eth0", "interface=eth1,wlan*", "interface="),
    },
    {
        .name = "except-interface", .letter = 'I', .kind = OPTION_STRUCTURED, .area = "process",
        .read = read_except_interface, .print = print_except_interface,
        .shape = "<interface>{,<interface>}",
        .help = "Never serve these interfaces",
        .doc = DOC("Wins over interface, but not over listen-address. A trailing '*' is allowed here too."),
        .examples = EXAMPLES("except-interface=ppp0", "except-interface=lo,docker*"),
    },
    {
        .name = "listen-address", .letter = 'a', .kind = OPTION_STRUCTURED, .area = "process",
        .read = read_listen_address, .print = print_listen_address,
        .shape = "<address>{,<address>}",
        .help = "Serve these addresses of this machine",
        .doc = DOC("Adds to what interface selects. Loopback is not included unless it is listed."),
        .examples = EXAMPLES("listen-address=192.0.2.1", "listen-address=127.0.0.1,::1"),
    },
    {
        .name = "bind-interfaces", .at_start = true, .letter = 'z', .kind = OPTION_FLAG, .area = "process",
        .field = offsetof(struct site, bind_interfaces),
        .shape = "",
        .help = "Open one socket for each served address, and none for the rest",
        .doc = DOC("Lets several servers share a machine, each on its own addresses. Addresses that appear "
               "later are not served: bind-dynamic does that. The two exclude each other."),
        .examples = EXAMPLES("bind-interfaces"),
    },
    {
        .name = "bind-dynamic", .at_start = true, .kind = OPTION_FLAG, .area = "process",
        .field = offsetof(struct site, bind_dynamic),
        .shape = "",
        .help = "As bind-interfaces, and follow interfaces as they come and go",
        .doc = DOC("New addresses of served interfaces are bound as they appear, old ones let go. Interfaces "
               "and addresses that are listed and not there yet are waited for."),
        .examples = EXAMPLES("bind-dynamic"),
    },
    {
        .name = "local-service", .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process",
        .read = read_local_service, .print = print_local_service,
        .shape = "[net|host]",
        .help = "Answer only clients on the networks this machine is attached to",
        .doc = DOC("net, the default kind, drops DNS queries that come from further away than a directly "
               "attached subnet; host serves this machine alone. It has no effect once interface, "
               "except-interface or listen-address say what to serve."),
        .examples = EXAMPLES("local-service", "local-service=net", "local-service=host"),
    },
    {
        .name = "domain", .letter = 's', .kind = OPTION_STRUCTURED, .area = "dns",
        .read = read_domain, .print = print_domain,
        .shape = "<domain>|#[,<address>[,<address>]|,<subnet>[,local]|,<interface>]",
        .help = "The DNS domain of this network, or of a part of it",
        .doc = DOC("Given to DHCP clients and, with expand-hosts, added to plain names in hosts files. With "
               "a subnet, a range or an interface it holds only for addresses there, and the first that "
               "fits wins. With \"local\" queries in that domain and the reverse zone of the subnet are "
               "never forwarded. '#' takes the first search domain of /etc/resolv.conf."),
        .examples = EXAMPLES("domain=home.example", "domain=guest.example,192.0.2.0/24,local",
                             "domain=lab.example,192.0.2.10,192.0.2.99", "domain=vpn.example,tun0"),
    },
    {
        .name = "domain-suffix", .kind = OPTION_STRUCTURED, .area = "dns",
        .read = read_domain, /* domain prints it */
        .shape = "<domain>|#[,<address>[,<address>]|,<subnet>[,local]|,<interface>]",
        .help = "An old name of domain",
        .doc = DOC("Means exactly what domain means."),
        .examples = EXAMPLES("domain-suffix=home.example"),
    },
    {
        .name = "local-ttl", .letter = 'T', .kind = OPTION_SECONDS, .once = true, .area = "dns",
        .field = offsetof(struct site, local_ttl), .min = 0, .max = UINT32_MAX,
        .shape = "<seconds>",
        .help = "How long others may keep answers about local names",
        .doc = DOC("The time to live of answers from hosts files, DHCP leases and records given here. Zero, "
               "the default, means: ask again each time."),
        .examples = EXAMPLES("local-ttl=60"),
    },
    {
        .name = "log-queries", .letter = 'q', .kind = OPTION_STRUCTURED, .value_optional = true,
        .letter_value_optional = true,
        .area = "log", .read = read_log_queries, .print = print_log_queries,
        .shape = "[extra|proto|auth|only_failed]",
        .help = "Log every DNS query and what became of it",
        .doc = DOC("extra starts each line with a serial number and the client's address and port, so that "
               "the lines of one query can be found; proto adds UDP or TCP to that. auth shows only "
               "lines about authoritative zones, only_failed only errors and denials. SIGUSR1 then also "
               "lists the cache."),
        .examples = EXAMPLES("log-queries", "log-queries=extra", "log-queries=proto", "log-queries=auth",
                             "log-queries=only_failed"),
    },
    {
        .name = "log-dhcp", .kind = OPTION_FLAG, .area = "log",
        .field = offsetof(struct site, log_dhcp),
        .shape = "",
        .help = "Log all options of DHCP messages and the tags of their clients",
        .doc = DOC("Wins over quiet-dhcp."),
        .examples = EXAMPLES("log-dhcp"),
    },
    {
        .name = "log-debug", .at_start = true, .kind = OPTION_FLAG, .area = "log",
        .field = offsetof(struct site, log_debug),
        .shape = "",
        .help = "Log more, for finding faults",
        .doc = DOC("Adds lines of interest to those who look into the program's own work."),
        .examples = EXAMPLES("log-debug"),
    },
    {
        .name = "quiet-dhcp", .kind = OPTION_FLAG, .area = "log",
        .field = offsetof(struct site, quiet_dhcp),
        .shape = "",
        .help = "Do not log ordinary DHCPv4 traffic",
        .doc = DOC("Errors and problems are still logged. log-dhcp wins over it."),
        .examples = EXAMPLES("quiet-dhcp"),
    },
};
/* clang-format on */

const size_t site_option_count = COUNT_OF(site_options);

/* The options that judge and change what upstream servers answer, and say what is kept of it. */
#include "config/option.h"
#include "dns/dns_config.h"
#include "wire/rrtype.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_filter_options[];
extern const size_t dns_filter_option_count;

#define LINE_MAX_BYTES  4096
#define LINE_TYPES_MAX  32 /* types printed on one line */
#define FILTERS(member) offsetof(struct dns_config, filters.member)

static struct dns_filters *filters_of(struct option_context *context)
{
    struct dns_config *dns = context->part;
    return &dns->filters;
}

static const struct dns_filters *filters_in(const void *part)
{
    const struct dns_config *dns = part;
    return &dns->filters;
}

/* ------------------------------------------------------------------ types */

static enum status read_types(struct option_context *context, struct value value,
                              struct dns_types *types)
{
    struct value field;

    while (value_next_field(&value, ',', &field)) {
        uint16_t type;
        if (field.text.count == 0)
            continue;
        if (rrtype_from_text(field.text, &type) != STATUS_OK)
            return option_fail(context, field.text, "bad RR type",
                               "\"%.*s\" is not a type of record (try TXT, HTTPS, 65 or ANY)",
                               TEXT_ARG(field.text));
        struct dns_type *kept =
            option_append(context, &types->at, &types->count, &types->room, sizeof *kept);
        if (kept == NULL)
            return STATUS_NO_MEMORY;
        *kept = (struct dns_type){ type, context->place };
    }
    return STATUS_OK;
}

static void put_type(struct text_out *out, uint16_t type)
{
    if (rrtype_name(type) != NULL)
        text_put_string(out, rrtype_name(type));
    else
        text_printf(out, "%u", type);
}

static void print_types(const struct dns_types *types, struct option_printer *printer)
{
    for (size_t from = 0; from < types->count; from += LINE_TYPES_MAX) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        for (size_t i = from; i < types->count && i < from + LINE_TYPES_MAX; i++) {
            if (i > from)
                text_put_char(&out, ',');
            put_type(&out, types->at[i].type);
        }
        option_print_value(printer, "%s", line);
    }
}

static enum status read_filtered(struct option_context *context, struct value value)
{
    return read_types(context, value, &filters_of(context)->filtered);
}

static void print_filtered(const void *part, struct option_printer *printer)
{
    print_types(&filters_in(part)->filtered, printer);
}

static enum status read_cached(struct option_context *context, struct value value)
{
    return read_types(context, value, &filters_of(context)->cached);
}

static void print_cached(const void *part, struct option_printer *printer)
{
    print_types(&filters_in(part)->cached, printer);
}

/* ------------------------------------------------------------------ addresses */

static enum status read_prefix(struct option_context *context, struct value value,
                               struct dns_prefixes *prefixes)
{
    struct text text = text_trim(value.text);
    struct text bare = text;
    struct prefix prefix;

    /* A slash with nothing behind it is passed over. */
    if (text_find(text, '/') != SIZE_MAX && text_find(text, '/') + 1 == text.count)
        bare = text_part(text, 0, text.count - 1);
    enum status status = prefix_from_text(bare, &prefix);
    if (status == STATUS_RANGE)
        return option_fail(context, text, NULL,
                           "the length of \"%.*s\" is not 0 to 32 (IPv4) or 0 to 128 (IPv6)",
                           TEXT_ARG(text));
    if (status != STATUS_OK)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is not an address (try 192.0.2.66 or 198.51.100.0/24)",
                           TEXT_ARG(text));
    struct prefix *kept =
        option_append(context, &prefixes->at, &prefixes->count, &prefixes->room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = prefix;
    if (prefixes->count == 1)
        prefixes->first = context->place;
    return STATUS_OK;
}

static void print_prefixes(const struct dns_prefixes *prefixes, struct option_printer *printer)
{
    for (size_t i = 0; i < prefixes->count; i++) {
        const struct prefix *prefix = &prefixes->at[i];
        char line[ADDRESS_TEXT_MAX + sizeof "/128"];
        struct text_out out = text_out_on(line, sizeof line);
        if (prefix->length == address_size((enum address_family)prefix->address.family) * 8)
            text_put_address(&out, &prefix->address);
        else
            text_put_prefix(&out, prefix);
        option_print_value(printer, "%s", line);
    }
}

static enum status read_bogus(struct option_context *context, struct value value)
{
    return read_prefix(context, value, &filters_of(context)->bogus);
}

static void print_bogus(const void *part, struct option_printer *printer)
{
    print_prefixes(&filters_in(part)->bogus, printer);
}

static enum status read_ignored(struct option_context *context, struct value value)
{
    return read_prefix(context, value, &filters_of(context)->ignored);
}

static void print_ignored(const void *part, struct option_printer *printer)
{
    print_prefixes(&filters_in(part)->ignored, printer);
}

/* ------------------------------------------------------------------ alias */

#define MISSING_ADDRESS "missing address in alias"
#define BAD_RANGE       "invalid alias range"

static enum status read_ip4(struct option_context *context, struct text text, const char *compat,
                            uint32_t *ip4)
{
    struct address address;
    if (address_from_text(text, &address) != STATUS_OK || address.family != ADDRESS_IP4)
        return option_fail(context, text, compat, "\"%.*s\" is not an IPv4 address",
                           TEXT_ARG(text));
    *ip4 = address_ip4_to_u32(address);
    return STATUS_OK;
}

/* "192.0.2.1" or "192.0.2.10-192.0.2.40" */
static enum status read_alias_from(struct option_context *context, struct text text,
                                   struct dns_alias *alias)
{
    size_t dash = text_find(text, '-');
    enum status status =
        read_ip4(context, text_trim(text_part(text, 0, dash)), MISSING_ADDRESS, &alias->first);

    alias->last = alias->first;
    if (status != STATUS_OK || dash == SIZE_MAX)
        return status;
    alias->is_range = true;
    return read_ip4(context, text_after(text, dash + 1), BAD_RANGE, &alias->last);
}

static enum status check_alias_range(struct option_context *context, struct text text,
                                     const struct dns_alias *alias)
{
    if (!alias->is_range)
        return STATUS_OK;
    if (alias->last < alias->first)
        return option_fail(context, text, BAD_RANGE, "the range \"%.*s\" ends before it begins",
                           TEXT_ARG(text));
    if (((alias->first ^ alias->last) & alias->mask) != 0)
        return option_fail(context, text, BAD_RANGE,
                           "the range \"%.*s\" is not in one network of the mask (add a mask "
                           "such as 255.255.255.0)",
                           TEXT_ARG(text));
    return STATUS_OK;
}

static enum status read_alias(struct option_context *context, struct value value)
{
    struct dns_filters *filters = filters_of(context);
    struct dns_alias alias = { .mask = UINT32_MAX, .place = context->place };
    struct value from;
    struct value to;
    struct value mask;

    if (!value_next_field(&value, ',', &from))
        return option_fail(context, TEXT_NONE, MISSING_ADDRESS, "two addresses are missing");
    bool has_to = value_next_field(&value, ',', &to);
    bool has_mask = has_to && value_next_field(&value, ',', &mask);

    if (!has_to)
        return option_fail(context, from.text, MISSING_ADDRESS, "the new address is missing");
    enum status status = read_alias_from(context, from.text, &alias);
    if (status != STATUS_OK)
        return status;
    if (has_mask
        && (status = read_ip4(context, mask.text, MISSING_ADDRESS, &alias.mask)) != STATUS_OK)
        return status;
    if ((status = check_alias_range(context, from.text, &alias)) != STATUS_OK)
        return status;
    if ((status = read_ip4(context, to.text, MISSING_ADDRESS, &alias.to)) != STATUS_OK)
        return status;
    struct value more;
    if (value_next_field(&value, ',', &more))
        return option_fail(context, more.text, MISSING_ADDRESS, "\"%.*s\" is one field too many",
                           TEXT_ARG(more.text));

    struct dns_alias *kept = option_append(context, &filters->aliases, &filters->alias_count,
                                           &filters->alias_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = alias;
    return STATUS_OK;
}

static void put_ip4(struct text_out *out, uint32_t ip4)
{
    struct address address = address_ip4_from_u32(ip4);
    text_put_address(out, &address);
}

static void print_alias(const void *part, struct option_printer *printer)
{
    const struct dns_filters *filters = filters_in(part);

    for (size_t i = 0; i < filters->alias_count; i++) {
        const struct dns_alias *alias = &filters->aliases[i];
        char line[4 * ADDRESS_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        put_ip4(&out, alias->first);
        if (alias->is_range) {
            text_put_char(&out, '-');
            put_ip4(&out, alias->last);
        }
        text_put_char(&out, ',');
        put_ip4(&out, alias->to);
        if (alias->mask != UINT32_MAX) {
            text_put_char(&out, ',');
            put_ip4(&out, alias->mask);
        }
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ rebind-domain-ok */

static enum status append_domain(struct option_context *context, struct text text)
{
    struct dns_filters *filters = filters_of(context);
    struct dname name;

    if (text.count == 0)
        return STATUS_OK;
    enum status status = dname_from_text(text, &name);
    if (status == STATUS_RANGE)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is too long for a domain (63 characters a label, 255 in all)",
                           TEXT_ARG(text));
    if (status != STATUS_OK)
        return option_fail(context, text, NULL, "\"%.*s\" is not a domain", TEXT_ARG(text));
    struct dname *kept = option_append(context, &filters->rebind_ok, &filters->rebind_ok_count,
                                       &filters->rebind_ok_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = name;
    return STATUS_OK;
}

/* "domain", or several with slashes around them. */
static enum status read_rebind_ok(struct option_context *context, struct value value)
{
    struct value field;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && value_next_field(&value, '/', &field))
        status = append_domain(context, field.text);
    return status;
}

static void print_rebind_ok(const void *part, struct option_printer *printer)
{
    const struct dns_filters *filters = filters_in(part);

    for (size_t i = 0; i < filters->rebind_ok_count; i++) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        text_put_char(&out, '/');
        text_put_dname(&out, &filters->rebind_ok[i]);
        text_put_char(&out, '/');
        char quoted[LINE_MAX_BYTES];
        struct text_out whole = text_out_on(quoted, sizeof quoted);
        option_put_whole(&whole, text_of(line));
        option_print_value(printer, "%s", quoted);
    }
}

/* ------------------------------------------------------------------ use-stale-cache */

static enum status read_stale(struct option_context *context, struct value value)
{
    struct dns_filters *filters = filters_of(context);
    struct text text = text_trim(value.text);

    filters->use_stale = true;
    filters->stale_max_s = DNS_STALE_DEFAULT_S;
    if (text.at == NULL || text.count == 0)
        return STATUS_OK;
    if (text_to_u32(text, &filters->stale_max_s) != STATUS_OK || filters->stale_max_s > INT32_MAX)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is not a number of seconds (0 to %d; 0 means however old)",
                           TEXT_ARG(text), INT32_MAX);
    return STATUS_OK;
}

static void print_stale(const void *part, struct option_printer *printer)
{
    const struct dns_filters *filters = filters_in(part);

    if (!filters->use_stale)
        return;
    if (filters->stale_max_s == DNS_STALE_DEFAULT_S)
        option_print_flag(printer);
    else
        option_print_value(printer, "%u", filters->stale_max_s);
}

/* ------------------------------------------------------------------ the table */

/* clang-format off */
const struct option dns_filter_options[] = {
    {
        .name = "filterwin2k", .letter = 'f', .kind = OPTION_FLAG, .field = FILTERS(filter_win2k), .area = "dns",
        .place_field = FILTERS(filter_win2k_place) + 1, .shape = "",
        .help = "Do not forward SOA and SRV queries",
        .doc = DOC("Nor ANY queries for names with an underscore; they are answered without data. It once kept "
               "dial-up lines from being opened by Windows; it breaks Kerberos, SIP and XMPP. Records given "
               "here are still found."),
        .examples = EXAMPLES("filterwin2k"),
    },
    {
        .name = "filter-A", .kind = OPTION_FLAG, .field = FILTERS(filter_a), .area = "dns", .shape = "",
        .place_field = FILTERS(filter_a_place) + 1,
        .help = "Take IPv4 addresses out of forwarded answers",
        .doc = DOC("Addresses known here are still given."),
        .examples = EXAMPLES("filter-A"),
    },
    {
        .name = "filter-AAAA", .kind = OPTION_FLAG, .field = FILTERS(filter_aaaa), .area = "dns", .shape = "",
        .place_field = FILTERS(filter_aaaa_place) + 1,
        .help = "Take IPv6 addresses out of forwarded answers",
        .doc = DOC("Addresses known here are still given."),
        .examples = EXAMPLES("filter-AAAA"),
    },
    {
        .name = "filter-rr", .kind = OPTION_STRUCTURED,
        .read = read_filtered, .print = print_filtered, .area = "dns",
        .shape = "<type>{,<type>}",
        .help = "Take records of these types out of forwarded answers",
        .doc = DOC("Names or numbers. ANY reduces answers to ANY queries to A, AAAA, MX and CNAME. Aliases on the "
               "way to an answer stay, and so do records known here."),
        .examples = EXAMPLES("filter-rr=HTTPS,SVCB", "filter-rr=ANY"),
    },
    {
        .name = "stop-dns-rebind", .kind = OPTION_FLAG, .field = FILTERS(stop_rebind), .area = "dns", .shape = "",
        .place_field = FILTERS(stop_rebind_place) + 1,
        .help = "Refuse forwarded answers that hold private addresses",
        .doc = DOC("A defence against web pages that reach into this network by way of their own name. The answer "
               "has no data then, and a warning is logged. Addresses known here are never in the way."),
        .examples = EXAMPLES("stop-dns-rebind"),
    },
    {
        .name = "rebind-domain-ok", .kind = OPTION_STRUCTURED,
        .read = read_rebind_ok, .print = print_rebind_ok, .area = "dns",
        .shape = "<domain>|/<domain>/{<domain>/}",
        .help = "Let private addresses of these domains through stop-dns-rebind",
        .doc = DOC("With all domains below them. What counts is the name that is asked for."),
        .examples = EXAMPLES("rebind-domain-ok=corp.example", "rebind-domain-ok=/corp.example/lab.example/"),
    },
    {
        .name = "rebind-localhost-ok", .kind = OPTION_FLAG,
        .field = FILTERS(rebind_localhost_ok), .area = "dns",
        .shape = "",
        .help = "Let loopback addresses through stop-dns-rebind",
        .doc = DOC("127.0.0.0/8, ::1, 0.0.0.0/8 and ::. Lists of blocked mail senders answer with such addresses."),
        .examples = EXAMPLES("rebind-localhost-ok"),
    },
    {
        .name = "bogus-nxdomain", .letter = 'B', .kind = OPTION_STRUCTURED,
        .read = read_bogus, .print = print_bogus,
        .area = "dns", .shape = "<address>[/<length>]",
        .help = "Turn forwarded answers with this address into \"no such name\"",
        .doc = DOC("For providers that answer mistyped names with an advertisement's address."),
        .examples = EXAMPLES("bogus-nxdomain=192.0.2.66", "bogus-nxdomain=198.51.100.0/24"),
    },
    {
        .name = "ignore-address", .kind = OPTION_STRUCTURED,
        .read = read_ignored, .print = print_ignored, .area = "dns",
        .shape = "<address>[/<length>]",
        .help = "Drop forwarded answers with this address and wait for another",
        .doc = DOC("Against forged answers that always hold the same address."),
        .examples = EXAMPLES("ignore-address=192.0.2.66", "ignore-address=198.51.100.0/24"),
    },
    {
        .name = "alias", .letter = 'V', .kind = OPTION_STRUCTURED,
        .read = read_alias, .print = print_alias, .area = "dns",
        .shape = "<address>[-<address>],<new address>[,<mask>]",
        .help = "Replace IPv4 addresses in forwarded answers",
        .doc = DOC("Under the mask the network part is replaced and the host part kept. With a range only "
               "addresses in it are changed. Of several lines that fit the last counts."),
        .examples = EXAMPLES("alias=192.0.2.1,10.0.0.1", "alias=192.0.2.0,10.0.0.0,255.255.255.0",
                             "alias=192.0.2.10-192.0.2.40,10.0.0.0,255.255.255.0"),
    },
    {
        .name = "cache-rr", .kind = OPTION_STRUCTURED,
        .read = read_cached, .print = print_cached, .area = "cache",
        .shape = "<type>{,<type>}",
        .help = "Keep records of these types too",
        .doc = DOC("Names or numbers; ANY for all types. Here every type is kept anyway, so this changes nothing; "
               "it is read for the sake of configurations that have it."),
        .examples = EXAMPLES("cache-rr=TXT,HTTPS", "cache-rr=ANY"),
    },
    {
        .name = "use-stale-cache", .kind = OPTION_STRUCTURED,
        .read = read_stale, .print = print_stale, .once = true,
        .value_optional = true, .area = "cache", .shape = "[<seconds>]",
        .help = "Answer from expired records while fresh ones are fetched",
        .doc = DOC("Up to a day past their time unless given; zero means however old they are. Such an answer has "
               "a TTL of 0. It is given without a server too, so names outlive a broken line (RFC 8767)."),
        .examples = EXAMPLES("use-stale-cache", "use-stale-cache=3600"),
    },
    {
        .name = "proxy-dnssec", .kind = OPTION_FLAG, .field = FILTERS(proxy_dnssec), .area = "dnssec",
        .shape = "",
        .help = "Believe servers that say they have checked signatures",
        .doc = DOC("Servers are asked whether they have, and clients that ask are told, also from the cache. Only "
               "for servers on this machine or behind a line nobody can reach."),
        .examples = EXAMPLES("proxy-dnssec"),
    },
};
/* clang-format on */

const size_t dns_filter_option_count = COUNT_OF(dns_filter_options);

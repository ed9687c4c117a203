#include "dns/dns_rule_options.h"

#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>

#include "dns/dns_rules.h"

#define LINE_MAX_BYTES   4096
#define LINE_DOMAINS_MAX 16 /* domains printed on one line */
#define LABEL_BITS_IP4   8  /* one label of a reverse name (RFC 1035 section 3.5) */
#define LABEL_BITS_IP6   4  /* RFC 3596 section 2.5 */

/* ------------------------------------------------------------------ domains */

/* A name without escapes, as nearly all are: dname_from_text without what it must look out for.
 * False when it is another. */
static bool read_plain_name(struct text text, struct dname *name)
{
    if (text.count > DNAME_WIRE_MAX - 2 || text.at[0] == '*' || text.at[0] == '#'
        || memchr(text.at, '\\', text.count) != NULL)
        return false;
    memcpy(name->wire + 1, text.at, text.count);
    name->wire[text.count + 1] = '.';
    for (size_t label = 0; label <= text.count;) {
        const uint8_t *first = name->wire + label + 1;
        const uint8_t *dot = memchr(first, '.', text.count + 1 - label);
        size_t count = (size_t)(dot - first);
        if (count == 0 || count > DNAME_LABEL_MAX)
            return false;
        name->wire[label] = (uint8_t)count;
        label += 1 + count;
    }
    name->wire[text.count + 1] = 0;
    name->count = (uint8_t)(text.count + 2);
    return true;
}

enum status dns_read_pattern(struct option_context *context, struct text text,
                             struct dns_rule *rule, bool *never)
{
    rule->match = DNS_RULE_DOMAIN;
    *never = false;

    if (text.count == 0) {
        rule->match = DNS_RULE_UNQUALIFIED;
        rule->domain = dname_root();
        return STATUS_OK;
    }
    if (read_plain_name(text, &rule->domain))
        return STATUS_OK;
    if (text_equal(text, TEXT("#")) || text_equal(text, TEXT("*")) || text_equal(text, TEXT("."))
        || text_equal(text, TEXT("*."))) {
        rule->match = DNS_RULE_ANY;
        rule->domain = dname_root();
        return STATUS_OK;
    }

    struct text name = text;
    if (text_starts(name, TEXT("*."))) {
        rule->match = DNS_RULE_BELOW;
        name = text_after(name, 2);
    } else if (text_starts(name, TEXT("*"))) {
        rule->match = DNS_RULE_SUFFIX_TEXT;
        name = text_after(name, 1);
    } else if (text_starts(name, TEXT("."))) {
        name = text_after(name, 1);
    }

    enum status status = dname_from_text(name, &rule->domain);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_RANGE)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is too long for a domain (63 characters a label, 255 in all)",
                           TEXT_ARG(text));
    /* Block lists hold names such as "a..b". They match nothing, so they may stay. */
    *never = true;
    return STATUS_OK;
}

void dns_split_domains(struct value value, struct text *domains, struct value *target)
{
    *domains = TEXT_NONE;
    *target = value;
    if (!text_starts(value.text, TEXT("/")))
        return;
    size_t last = text_find_last(value.text, '/');
    *domains = last == 0 ? text_part(value.text, 0, 0) : text_part(value.text, 1, last - 1);
    *target = value_part(value, last + 1, SIZE_MAX);
    target->text = text_trim(target->text);
}

static enum status fail_rules(struct option_context *context, enum status status)
{
    return option_fail_whole(context->errors, context->arena, context->place, 4,
                             "could not get memory", "no room for the lines about domains: %s",
                             status_text(status));
}

/* A rule about a domain goes to the compact ones. */
static enum status append_rule(struct option_context *context, struct dns_rule *rule)
{
    struct dns_config *dns = context->part;
    bool has_domain = rule->match == DNS_RULE_DOMAIN || rule->match == DNS_RULE_BELOW
                      || rule->match == DNS_RULE_SUFFIX_TEXT;

    rule->place = context->place;
    if (has_domain) {
        enum status status = STATUS_OK;
        if (dns->domain_rules == NULL)
            status = dns_rules_create(NULL, &dns->domain_rules);
        if (status == STATUS_OK)
            status = dns_rules_add(dns->domain_rules, rule);
        return status == STATUS_OK ? STATUS_OK : fail_rules(context, status);
    }
    struct dns_rule *kept =
        option_append(context, &dns->rules, &dns->rule_count, &dns->rule_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *rule;
    return STATUS_OK;
}

/* One rule like `rule` for each domain of the list; the whole world when there is no list. */
static enum status append_rules(struct option_context *context, struct text domains,
                                struct dns_rule *rule)
{
    if (domains.at == NULL) {
        rule->domain = dname_root();
        /* Only a server without domains joins the servers of resolv.conf; the rest is about any
         * name. */
        rule->match = rule->action == DNS_RULE_SERVER ? DNS_RULE_ALL : DNS_RULE_ANY;
        return append_rule(context, rule);
    }

    for (size_t from = 0; from <= domains.count;) {
        struct text rest = text_after(domains, from);
        size_t slash = text_find(rest, '/');
        struct text one = slash == SIZE_MAX ? rest : text_part(rest, 0, slash);
        from = slash == SIZE_MAX ? domains.count + 1 : from + slash + 1;

        bool never;
        enum status status = dns_read_pattern(context, text_trim(one), rule, &never);
        if (status == STATUS_OK && !never)
            status = append_rule(context, rule);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ servers */

/* "#port" at the end of `text`, which loses it. Untouched port when there is none. */
static enum status take_port(struct option_context *context, struct text *text, uint16_t *port,
                             bool zero_allowed)
{
    size_t hash = text_find(*text, '#');
    if (hash == SIZE_MAX)
        return STATUS_OK;
    struct text number = text_after(*text, hash + 1);
    uint16_t value;
    if (text_to_u16(number, &value) != STATUS_OK)
        return option_fail(context, *text, "bad port", "\"%.*s\" is not a port (0 to 65535)",
                           TEXT_ARG(number));
    if (value == 0 && !zero_allowed)
        return option_fail(context, *text, "bad port", "nothing can be sent to port 0 (try 53)");
    *port = value;
    *text = text_part(*text, 0, hash);
    return STATUS_OK;
}

/* An address, IPv6 perhaps with %interface. STATUS_NOT_FOUND when it is neither. */
static enum status read_scoped(struct option_context *context, struct text text,
                               struct endpoint *endpoint)
{
    size_t percent = text_find(text, '%');
    struct text plain = percent == SIZE_MAX ? text : text_part(text, 0, percent);
    if (address_from_text(plain, &endpoint->address) != STATUS_OK)
        return STATUS_NOT_FOUND;
    if (percent == SIZE_MAX)
        return STATUS_OK;

    char name[IF_NAMESIZE];
    struct text scope = text_after(text, percent + 1);
    struct text_out out = text_out_on(name, sizeof(name));
    text_put(&out, scope);
    if (text_to_u32(scope, &endpoint->scope) != STATUS_OK)
        endpoint->scope = out.failed ? 0 : if_nametoindex(name);
    if (endpoint->scope == 0 || endpoint->address.family != ADDRESS_IP6)
        return option_fail(context, text, "bad interface name",
                           "there is no interface \"%.*s\" for the scope of this address",
                           TEXT_ARG(scope));
    return STATUS_OK;
}

/* "interface" or "source[#port]" after an '@'. */
static enum status read_origin(struct option_context *context, struct text text, bool first,
                               struct dns_server *server)
{
    uint16_t port = 0;
    struct text plain = text;
    struct endpoint source = { 0 };
    bool has_port = text_find(text, '#') != SIZE_MAX;

    enum status status = take_port(context, &plain, &port, true);
    if (status != STATUS_OK || plain.count == 0)
        return status;
    status = read_scoped(context, plain, &source);
    if (status == STATUS_OK) {
        source.port = port;
        server->source = source;
        server->source_port_given = has_port;
        return STATUS_OK;
    }
    if (status != STATUS_NOT_FOUND)
        return status;

    if (!first)
        return option_fail(context, text, "interface can only be specified once",
                           "\"%.*s\" is not an address, and an interface can only be the first "
                           "thing after the server",
                           TEXT_ARG(plain));
    server->interface = option_string(context, plain);
    return server->interface != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Only digits and dots: meant as an IPv4 address, never looked up. */
static bool looks_like_ip4(struct text text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.at[i] != '.' && (text.at[i] < '0' || text.at[i] > '9'))
            return false;
    return true;
}

static const char no_such_name[] = "Name or service not known";

static enum status not_a_server(struct option_context *context, struct text text)
{
    size_t colon = text_find(text, ':');
    struct address address;
    if (text_starts(text, TEXT("[")))
        return option_fail(context, text, no_such_name,
                           "\"%.*s\": an IPv6 server is written without brackets", TEXT_ARG(text));
    if (colon != SIZE_MAX && address_from_text(text_part(text, 0, colon), &address) == STATUS_OK)
        return option_fail(context, text, no_such_name,
                           "\"%.*s\": the port stands after '#' (%.*s#%.*s)", TEXT_ARG(text),
                           TEXT_ARG(text_part(text, 0, colon)),
                           TEXT_ARG(text_after(text, colon + 1)));
    if (text_find(text, ',') != SIZE_MAX)
        return option_fail(context, text, no_such_name, "one server a line: \"%.*s\" holds a comma",
                           TEXT_ARG(text));
    return option_fail(context, text, no_such_name,
                       "\"%.*s\" is not a server (an address, or a name to look up)",
                       TEXT_ARG(text));
}

static bool is_among(const struct endpoint *found, size_t count, const struct address *address)
{
    for (size_t i = 0; i < count; i++)
        if (address_equal(&found[i].address, address))
            return true;
    return false;
}

/* All addresses of a host name. The one place where reading the configuration waits for the
 * network: the line asks for it, and nothing is served yet. */
static enum status look_up(struct option_context *context, struct text text,
                           struct endpoint found[DNS_SERVER_ADDRESSES_MAX], size_t *count)
{
    struct dname checked;
    if (text.count == 0 || looks_like_ip4(text)
        || dname_from_host(text, false, &checked) != STATUS_OK)
        return not_a_server(context, text);
    const char *name = option_string(context, text);
    if (name == NULL)
        return STATUS_NO_MEMORY;

    struct addrinfo *list = NULL;
    struct addrinfo hints = { .ai_socktype = SOCK_DGRAM };
    int code = getaddrinfo(name, NULL, &hints, &list);
    if (code != 0)
        return option_fail(context, text, gai_strerror(code),
                           "the server's name \"%s\" cannot be looked up: %s", name,
                           gai_strerror(code));

    *count = 0;
    for (struct addrinfo *one = list; one != NULL; one = one->ai_next) {
        struct endpoint endpoint;
        if (*count == DNS_SERVER_ADDRESSES_MAX
            || endpoint_from_sockaddr(one->ai_addr, &endpoint) != STATUS_OK
            || is_among(found, *count, &endpoint.address))
            continue;
        found[(*count)++] = endpoint;
    }
    freeaddrinfo(list);
    return *count > 0 ? STATUS_OK : not_a_server(context, text);
}

/* "address[#port][@interface][@source[#port]]": what all its addresses have in common in `server`,
 * the addresses in `found`. */
static enum status read_target(struct option_context *context, struct text text,
                               struct dns_server *server,
                               struct endpoint found[DNS_SERVER_ADDRESSES_MAX], size_t *count)
{
    size_t at = text_find(text, '@');
    struct text host = at == SIZE_MAX ? text : text_part(text, 0, at);
    uint16_t port = 53;

    enum status status = take_port(context, &host, &port, false);
    if (status != STATUS_OK)
        return status;
    for (bool first = true; at != SIZE_MAX; first = false) {
        struct text rest = text_after(text, at + 1);
        size_t next = text_find(rest, '@');
        struct text origin = next == SIZE_MAX ? rest : text_part(rest, 0, next);
        status = read_origin(context, origin, first, server);
        if (status != STATUS_OK)
            return status;
        at = next == SIZE_MAX ? SIZE_MAX : at + 1 + next;
    }

    found[0] = (struct endpoint){ 0 };
    *count = 1;
    status = read_scoped(context, host, &found[0]);
    if (status == STATUS_NOT_FOUND)
        status = look_up(context, host, found, count);
    if (status != STATUS_OK)
        return status;

    for (size_t i = 0; i < *count; i++) {
        uint8_t family = found[i].address.family;
        found[i].port = port;
        if (server->source.address.family != ADDRESS_NONE
            && server->source.address.family != family)
            return option_fail(context, text,
                               family == ADDRESS_IP4
                                   ? "cannot use IPv4 server address with IPv6 source address"
                                   : "cannot use IPv6 server address with IPv4 source address",
                               "the server has an IPv%u address and the source an IPv%u one",
                               family, server->source.address.family);
    }
    return STATUS_OK;
}

/* The index of a server, which is new or was named before: lists name one for many domains. */
static enum status find_server(struct option_context *context, const struct dns_server *server,
                               uint32_t *index)
{
    struct dns_config *dns = context->part;
    for (size_t i = dns->server_count; COUNT_DOWN(i);) {
        if (dns_server_equal(&dns->servers[i], server)) {
            *index = (uint32_t)i;
            return STATUS_OK;
        }
    }
    struct dns_server *kept =
        option_append(context, &dns->servers, &dns->server_count, &dns->server_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *server;
    *index = (uint32_t)(dns->server_count - 1);
    return STATUS_OK;
}

/* The rules of `domains` for what stands after them. */
static enum status append_target(struct option_context *context, struct text domains,
                                 struct text target)
{
    struct dns_rule rule = { .action = DNS_RULE_LOCAL };

    if (target.count == 0)
        return append_rules(context, domains, &rule);
    if (text_equal(target, TEXT("#"))) {
        rule.action = DNS_RULE_STANDARD;
        return append_rules(context, domains, &rule);
    }

    struct dns_server server = { .place = context->place };
    struct endpoint found[DNS_SERVER_ADDRESSES_MAX];
    size_t count = 0;
    enum status status = read_target(context, target, &server, found, &count);
    for (size_t i = 0; status == STATUS_OK && i < count; i++) {
        server.endpoint = found[i];
        rule.action = DNS_RULE_SERVER;
        status = find_server(context, &server, &rule.server);
        if (status == STATUS_OK)
            status = append_rules(context, domains, &rule);
    }
    return status;
}

enum status dns_read_server(struct option_context *context, struct value value)
{
    struct text domains;
    struct value target;
    dns_split_domains(value, &domains, &target);
    return append_target(context, domains, target.text);
}

/* ------------------------------------------------------------------ reverse zones */

/* How many zones cover the prefix, each one label deeper than what is complete. */
static unsigned zone_count(const struct prefix *prefix, unsigned *labels)
{
    unsigned bits = prefix->address.family == ADDRESS_IP4 ? LABEL_BITS_IP4 : LABEL_BITS_IP6;
    *labels = (prefix->length + bits - 1) / bits;
    return 1u << (*labels * bits - prefix->length);
}

/* The zone of `labels` labels that holds this address. */
static struct dname zone_of(const struct address *address, unsigned labels)
{
    struct dname name = dname_reverse(address);
    unsigned all = address->family == ADDRESS_IP4 ? 4 : 32;
    for (unsigned i = labels; i < all; i++) {
        bool shorter = dname_parent(&name, &name);
        assert(shorter);
        (void)shorter;
    }
    return name;
}

/* The address `index` zones after the prefix's first. */
static struct address zone_address(const struct prefix *prefix, unsigned labels, unsigned index)
{
    struct address address = prefix->address;
    unsigned last = labels - 1;
    if (address.family == ADDRESS_IP4)
        address.bytes[last] = (uint8_t)(address.bytes[last] + index);
    else
        address.bytes[last / 2] =
            (uint8_t)(address.bytes[last / 2] + (last % 2 == 0 ? index << 4 : index));
    return address;
}

/* ip[/length]: the subnet of rev-server. */
static enum status read_reverse_prefix(struct option_context *context, struct text text,
                                       struct prefix *prefix)
{
    size_t slash = text_find(text, '/');
    struct address address;
    if (address_from_text(slash == SIZE_MAX ? text : text_part(text, 0, slash), &address)
        != STATUS_OK)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is not a subnet (like 192.0.2.0/24 or 2001:db8::/32)",
                           TEXT_ARG(text));

    uint64_t bits = address_size((enum address_family)address.family) * 8;
    uint64_t length = bits;
    if (slash != SIZE_MAX
        && (text_to_u64(text_after(text, slash + 1), bits, &length) != STATUS_OK || length == 0))
        return option_fail(context, text,
                           bits == 32 ? "bad IPv4 prefix length" : "bad IPv6 prefix length",
                           "\"%.*s\" is not a prefix length (1 to %u)",
                           TEXT_ARG(text_after(text, slash + 1)), (unsigned)bits);
    return prefix_make(address, (unsigned)length, prefix);
}

/* The zones of a prefix as the list of domains that a server= line would have. */
static enum status put_zones(struct option_context *context, const struct prefix *prefix,
                             struct text *domains)
{
    unsigned labels;
    unsigned count = zone_count(prefix, &labels);
    size_t room = (size_t)count * (DNAME_WIRE_MAX + 1);
    char *buffer = arena_take(context->arena, room);
    if (buffer == NULL)
        return option_fail(context, TEXT_NONE, NULL, "no memory for %u zones", count);

    struct text_out out = text_out_on(buffer, room);
    for (unsigned i = 0; i < count; i++) {
        struct address address = zone_address(prefix, labels, i);
        struct dname zone = zone_of(&address, labels);
        if (i > 0)
            text_put_char(&out, '/');
        text_put_dname(&out, &zone);
    }
    *domains = text_out_text(&out);
    return STATUS_OK;
}

enum status dns_read_rev_server(struct option_context *context, struct value value)
{
    struct value rest = value;
    struct value subnet;
    struct value target = value_of(TEXT_NONE);
    struct prefix prefix;
    struct text domains;

    if (!value_next_field(&rest, ',', &subnet))
        subnet = value;
    enum status status = read_reverse_prefix(context, subnet.text, &prefix);
    if (status != STATUS_OK)
        return status;
    if (value_next_field(&rest, ',', &target) && target.text.count == 0)
        return option_fail(context, TEXT_NONE, no_such_name, "a server is missing after the comma");
    if (rest.text.at != NULL)
        return option_fail(context, rest.text, no_such_name,
                           "one server a line: \"%.*s\" is too much", TEXT_ARG(rest.text));

    status = put_zones(context, &prefix, &domains);
    return status == STATUS_OK ? append_target(context, domains, target.text) : status;
}

/* ------------------------------------------------------------------ address */

enum status dns_read_address(struct option_context *context, struct value value)
{
    struct text domains;
    struct value target;
    struct dns_rule rule; /* its name is large: only what is read is written */
    rule.action = DNS_RULE_LOCAL;
    rule.from_address = true;
    rule.server = 0;
    rule.address = (struct address){ 0 };
    dns_split_domains(value, &domains, &target);

    if (text_equal(target.text, TEXT("#"))) {
        rule.action = DNS_RULE_NULL;
    } else if (target.text.count > 0) {
        rule.action = DNS_RULE_ADDRESS;
        if (address_from_text(target.text, &rule.address) != STATUS_OK)
            return option_fail(context, target.text, "Bad address in --address",
                               domains.at == NULL
                                   ? "\"%.*s\" is not /domain/address (like /lan/192.0.2.1)"
                                   : "\"%.*s\" is not an IP address, and a domain ends with '/'",
                               TEXT_ARG(target.text));
    }
    return append_rules(context, domains, &rule);
}

/* ------------------------------------------------------------------ printing rules */

void dns_put_pattern(struct text_out *out, const struct dns_rule *rule)
{
    switch ((enum dns_rule_match)rule->match) {
    case DNS_RULE_ALL:
    case DNS_RULE_UNQUALIFIED:
        return;
    case DNS_RULE_ANY:
        text_put_char(out, '#');
        return;
    case DNS_RULE_DOMAIN:
        /* A dot in front keeps a first star literal: "/.*a.b/". */
        if (text_starts(text_from_bytes(dname_first_label(&rule->domain)), TEXT("*")))
            text_put_char(out, '.');
        break;
    case DNS_RULE_SUFFIX_TEXT:
        text_put_char(out, '*');
        break;
    case DNS_RULE_BELOW:
        text_put_string(out, "*.");
        break;
    }
    text_put_dname(out, &rule->domain);
}

static void put_endpoint(struct text_out *out, const struct endpoint *endpoint)
{
    text_put_address(out, &endpoint->address);
    char name[IF_NAMESIZE];
    if (endpoint->scope != 0 && if_indextoname(endpoint->scope, name) != NULL)
        text_printf(out, "%%%s", name);
    else if (endpoint->scope != 0)
        text_printf(out, "%%%u", endpoint->scope);
}

static void put_server(struct text_out *out, const struct dns_server *server)
{
    put_endpoint(out, &server->endpoint);
    if (server->endpoint.port != 53)
        text_printf(out, "#%u", server->endpoint.port);
    if (server->interface != NULL)
        text_printf(out, "@%s", server->interface);
    if (server->source.address.family != ADDRESS_NONE) {
        text_put_char(out, '@');
        put_endpoint(out, &server->source);
        if (server->source_port_given)
            text_printf(out, "#%u", server->source.port);
    }
}

static void put_target(struct text_out *out, const struct dns_config *dns,
                       const struct dns_rule *rule)
{
    switch ((enum dns_rule_action)rule->action) {
    case DNS_RULE_SERVER:
        put_server(out, &dns->servers[rule->server]);
        break;
    case DNS_RULE_STANDARD:
    case DNS_RULE_NULL:
        text_put_char(out, '#');
        break;
    case DNS_RULE_LOCAL:
        break;
    case DNS_RULE_ADDRESS:
        text_put_address(out, &rule->address);
        break;
    }
}

/* ------------------------------------------------------------------ printing lines */

/* Rules become a line: neighbours that lead to the same server share one. */
struct line {
    const struct dns_config *dns;
    struct option_printer *printer;
    char text[LINE_MAX_BYTES];
    struct text_out out;
    struct dns_rule first; /* of the line being made */
    size_t count;          /* rules in it; 0: none is being made */
};

static void finish_line(struct line *line)
{
    char quoted[LINE_MAX_BYTES * 2];
    struct text_out quoting = text_out_on(quoted, sizeof(quoted));

    if (line->count == 0)
        return;
    put_target(&line->out, line->dns, &line->first);
    option_put_whole(&quoting, text_out_text(&line->out));
    option_print_value(line->printer, "%s", quoted);
    line->count = 0;
}

/* Room for the longest server and one more domain must be left. */
static bool fits_line(const struct line *line, const struct dns_rule *rule)
{
    return line->count > 0 && line->count < LINE_DOMAINS_MAX
           && line->out.count < LINE_MAX_BYTES - 256 - DNAME_TEXT_MAX
           && line->first.match != DNS_RULE_ALL && rule->match != DNS_RULE_ALL
           && line->first.action == DNS_RULE_SERVER && rule->action == DNS_RULE_SERVER
           && line->first.server == rule->server;
}

static void put_rule(struct line *line, const struct dns_rule *rule)
{
    if (!fits_line(line, rule)) {
        finish_line(line);
        line->out = text_out_on(line->text, sizeof(line->text));
        line->first = *rule;
        if (rule->match != DNS_RULE_ALL)
            text_put_char(&line->out, '/');
    }
    dns_put_pattern(&line->out, rule);
    if (rule->match != DNS_RULE_ALL)
        text_put_char(&line->out, '/');
    line->count++;
}

static bool is_of(const struct dns_rule *rule, unsigned lines)
{
    unsigned kind = rule->from_address ? DNS_ADDRESS_LINES(rule->action) : DNS_LINES(rule->action);
    return (kind & lines) != 0;
}

static void print_lines(const void *part, struct option_printer *printer, unsigned lines)
{
    const struct dns_config *dns = part;
    struct line line = { .dns = dns, .printer = printer };
    struct dns_rule rule;
    uint32_t walk = 0;

    for (size_t i = 0; i < dns->rule_count; i++) {
        if (is_of(&dns->rules[i], lines))
            put_rule(&line, &dns->rules[i]);
    }
    while (dns->domain_rules != NULL && dns_rules_next(dns->domain_rules, lines, &walk, &rule))
        put_rule(&line, &rule);
    finish_line(&line);
}

void dns_print_server(const void *part, struct option_printer *printer)
{
    print_lines(part, printer, DNS_LINES(DNS_RULE_SERVER) | DNS_LINES(DNS_RULE_STANDARD));
}

void dns_print_local(const void *part, struct option_printer *printer)
{
    print_lines(part, printer, DNS_LINES(DNS_RULE_LOCAL));
}

void dns_print_address(const void *part, struct option_printer *printer)
{
    print_lines(part, printer, DNS_ADDRESS_LINES_ALL);
}

/* The options of authoritative service. */
#include "config/option.h"
#include "dns/dns_config.h"

#define LINE_MAX_BYTES   4096
#define LENGTH_IP4       24 /* of a subnet written without a length */
#define LENGTH_IP6       64
#define SOA_FIELDS       5
#define SUBNETS_LINE_MAX 16 /* printed on one line */

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_auth_options[];
extern const size_t dns_auth_option_count;

/* ------------------------------------------------------------------ words */

static struct auth_config *auth_of(struct option_context *context)
{
    struct dns_config *dns = context->part;
    return &dns->auth;
}

static enum status read_name(struct option_context *context, struct text text, struct dname *name)
{
    if (text.count > 0 && dname_from_text(text, name) == STATUS_OK && !dname_is_root(name))
        return STATUS_OK;
    return option_fail(context, text, NULL,
                       "\"%.*s\" is not a domain (labels of 1 to 63 characters with a dot between "
                       "them, 255 in all)",
                       TEXT_ARG(text));
}

/* "eth0", "eth0/4" or "eth0/6". */
static enum status read_interface(struct option_context *context, struct text text,
                                  const char **interface, uint8_t *family)
{
    size_t slash = text_find_last(text, '/');
    struct text name = slash == SIZE_MAX ? text : text_part(text, 0, slash);

    *family = ADDRESS_NONE;
    if (slash != SIZE_MAX) {
        struct text after = text_after(text, slash + 1);
        if (text_equal(after, TEXT("4")))
            *family = ADDRESS_IP4;
        else if (text_equal(after, TEXT("6")))
            *family = ADDRESS_IP6;
        else
            return option_fail(context, text, NULL,
                               "after the slash of an interface stands 4 or 6, not \"%.*s\"",
                               TEXT_ARG(after));
    }
    if (name.count == 0)
        return option_fail(context, text, NULL, "the name of an interface is missing");
    *interface = option_string(context, name);
    return *interface != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ------------------------------------------------------------------ auth-server */

static enum status append_listen(struct option_context *context, struct text text)
{
    struct auth_config *auth = auth_of(context);
    struct site_auth listen = { .place = context->place };

    if (address_from_text(text, &listen.address) != STATUS_OK) {
        struct address address;
        size_t slash = text_find(text, '/');
        if (slash != SIZE_MAX
            && address_from_text(text_part(text, 0, slash), &address) == STATUS_OK)
            return option_fail(context, text, NULL,
                               "queries come to an address, not to a subnet (try %.*s)",
                               TEXT_ARG(text_part(text, 0, slash)));
        enum status status = read_interface(context, text, &listen.interface, &listen.family);
        if (status != STATUS_OK)
            return status;
    }
    struct site_auth *kept = option_append(context, &auth->listens, &auth->listen_count,
                                           &auth->listen_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = listen;
    return STATUS_OK;
}

static enum status read_auth_server(struct option_context *context, struct value value)
{
    struct auth_config *auth = auth_of(context);
    struct value rest = value;
    struct value field;

    if (!value_next_field(&rest, ',', &field))
        return option_fail(context, value.text, NULL, "the name of this server is missing");
    enum status status = read_name(context, field.text, &auth->server);
    while (status == STATUS_OK && value_next_field(&rest, ',', &field)) {
        if (field.text.count > 0)
            status = append_listen(context, field.text);
    }
    auth->server_given = status == STATUS_OK;
    return status;
}

static void put_name(struct text_out *out, const struct dname *name)
{
    char text[DNAME_TEXT_MAX];
    option_put_quoted(out, text_of(dname_text(name, text)));
}

static void put_interface(struct text_out *out, const char *interface, uint8_t family)
{
    option_put_quoted(out, text_of(interface));
    if (family != ADDRESS_NONE)
        text_printf(out, "/%u", family);
}

static void print_auth_server(const void *part, struct option_printer *printer)
{
    const struct auth_config *auth = &((const struct dns_config *)part)->auth;
    char line[LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));

    if (!auth->server_given)
        return;
    put_name(&out, &auth->server);
    for (size_t i = 0; i < auth->listen_count; i++) {
        const struct site_auth *listen = &auth->listens[i];
        text_put_char(&out, ',');
        if (listen->interface != NULL)
            put_interface(&out, listen->interface, listen->family);
        else
            text_put_address(&out, &listen->address);
    }
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ auth-zone */

/* "192.0.2.0/24", or without a length. *is_subnet stays false for what does not begin with an
 * address. */
static enum status read_prefix(struct option_context *context, struct text text,
                               struct prefix *prefix, bool *is_subnet)
{
    struct address address;
    size_t slash = text_find(text, '/');
    struct text front = slash == SIZE_MAX ? text : text_part(text, 0, slash);
    uint64_t length;

    *is_subnet = address_from_text(front, &address) == STATUS_OK;
    if (!*is_subnet)
        return STATUS_OK;
    if (slash == SIZE_MAX) {
        length = address.family == ADDRESS_IP4 ? LENGTH_IP4 : LENGTH_IP6;
    } else {
        struct text digits = text_after(text, slash + 1);
        if (text_to_u64(digits, 128, &length) != STATUS_OK)
            return option_fail(context, text, NULL, "\"%.*s\" is not a prefix length",
                               TEXT_ARG(digits));
    }
    if (prefix_make(address, (unsigned)length, prefix) != STATUS_OK)
        return option_fail(context, text, NULL, "the prefix length is at most %d here",
                           address.family == ADDRESS_IP4 ? 32 : 128);
    return STATUS_OK;
}

static enum status append_subnet(struct option_context *context, struct value field,
                                 struct auth_zone_config *zone)
{
    struct auth_subnet subnet = { .exclude = false };
    struct value after;
    bool is_subnet;

    if (value_after_prefix(field, "exclude:", &after)) {
        subnet.exclude = true;
        field = after;
    }
    enum status status = read_prefix(context, field.text, &subnet.prefix, &is_subnet);
    if (status == STATUS_OK && !is_subnet)
        status = read_interface(context, field.text, &subnet.interface, &subnet.family);
    if (status != STATUS_OK)
        return status;
    struct auth_subnet *kept = option_append(context, &zone->subnets, &zone->subnet_count,
                                             &zone->subnet_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = subnet;
    return STATUS_OK;
}

static struct auth_zone_config *find_or_add_zone(struct option_context *context,
                                                 const struct dname *domain)
{
    struct auth_config *auth = auth_of(context);

    for (size_t i = 0; i < auth->zone_count; i++) {
        if (dname_equal(&auth->zones[i].domain, domain))
            return &auth->zones[i];
    }
    struct auth_zone_config *zone =
        option_append(context, &auth->zones, &auth->zone_count, &auth->zone_room, sizeof(*zone));
    if (zone != NULL) {
        zone->domain = *domain;
        zone->place = context->place;
    }
    return zone;
}

static enum status read_auth_zone(struct option_context *context, struct value value)
{
    struct value rest = value;
    struct value field;
    struct dname domain;

    if (!value_next_field(&rest, ',', &field))
        return option_fail(context, value.text, NULL, "the zone's domain is missing");
    enum status status = read_name(context, field.text, &domain);
    if (status != STATUS_OK)
        return status;
    struct auth_zone_config *zone = find_or_add_zone(context, &domain);
    if (zone == NULL)
        return STATUS_NO_MEMORY;
    while (status == STATUS_OK && value_next_field(&rest, ',', &field)) {
        if (field.text.count > 0)
            status = append_subnet(context, field, zone);
    }
    return status;
}

static void put_subnet(struct text_out *out, const struct auth_subnet *subnet)
{
    text_put_string(out, subnet->exclude ? ",exclude:" : ",");
    if (subnet->interface != NULL) {
        put_interface(out, subnet->interface, subnet->family);
    } else {
        text_put_address(out, &subnet->prefix.address);
        text_printf(out, "/%u", subnet->prefix.length);
    }
}

static void print_auth_zone(const void *part, struct option_printer *printer)
{
    const struct auth_config *auth = &((const struct dns_config *)part)->auth;

    for (size_t i = 0; i < auth->zone_count; i++) {
        const struct auth_zone_config *zone = &auth->zones[i];
        size_t at = 0;
        do {
            char line[LINE_MAX_BYTES];
            struct text_out out = text_out_on(line, sizeof(line));
            put_name(&out, &zone->domain);
            for (size_t n = 0; n < SUBNETS_LINE_MAX && at < zone->subnet_count; n++)
                put_subnet(&out, &zone->subnets[at++]);
            option_print_value(printer, "%s", line);
        } while (at < zone->subnet_count);
    }
}

/* ------------------------------------------------------------------ auth-soa */

static enum status read_number(struct option_context *context, struct text text, const char *what,
                               uint32_t *number)
{
    uint64_t read;
    if (text.count == 0)
        return STATUS_OK; /* the default stays */
    if (text_to_u64(text, UINT32_MAX, &read) != STATUS_OK)
        return option_fail(context, text, NULL, "\"%.*s\" is not a %s (a number up to %u)",
                           TEXT_ARG(text), what, UINT32_MAX);
    *number = (uint32_t)read;
    return STATUS_OK;
}

/* RFC 1035 section 8: what stands before the '@' of a mail address is one label. */
static enum status read_hostmaster(struct option_context *context, struct text text,
                                   struct dname *hostmaster)
{
    size_t at = text_find(text, '@');
    struct dname domain;

    if (text.count == 0)
        return STATUS_OK;
    if (at == SIZE_MAX)
        return read_name(context, text, hostmaster);
    enum status status = read_name(context, text_after(text, at + 1), &domain);
    if (status != STATUS_OK)
        return status;
    struct text local = text_part(text, 0, at);
    if (local.count == 0 || local.count > DNAME_LABEL_MAX
        || dname_prepend(text_bytes(local), &domain, hostmaster) != STATUS_OK)
        return option_fail(context, text, NULL, "\"%.*s\" is not a mail address", TEXT_ARG(text));
    return STATUS_OK;
}

static enum status read_auth_soa(struct option_context *context, struct value value)
{
    struct auth_config *auth = auth_of(context);
    struct value rest = value;
    struct value field;
    unsigned nth = 0;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && value_next_field(&rest, ',', &field)) {
        switch (nth++) {
        case 0:
            status = read_number(context, field.text, "serial number", &auth->serial);
            break;
        case 1:
            status = read_hostmaster(context, field.text, &auth->hostmaster);
            break;
        case 2:
            status = read_number(context, field.text, "refresh time", &auth->refresh);
            break;
        case 3:
            status = read_number(context, field.text, "retry time", &auth->retry);
            break;
        case 4:
            status = read_number(context, field.text, "expiry time", &auth->expiry);
            break;
        default:
            status = option_fail(context, field.text, NULL,
                                 "nothing may follow the expiry time, but \"%.*s\" does",
                                 TEXT_ARG(field.text));
            break;
        }
    }
    auth->soa_fields = (uint8_t)(nth < SOA_FIELDS ? nth : SOA_FIELDS);
    return status;
}

static void print_auth_soa(const void *part, struct option_printer *printer)
{
    const struct auth_config *auth = &((const struct dns_config *)part)->auth;
    const uint32_t times[] = { auth->refresh, auth->retry, auth->expiry };
    char line[LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));

    if (auth->soa_fields == 0)
        return;
    text_printf(&out, "%u", auth->serial);
    if (auth->soa_fields > 1)
        text_put_char(&out, ',');
    if (auth->hostmaster.count > 0)
        put_name(&out, &auth->hostmaster);
    for (size_t i = 2; i < auth->soa_fields; i++)
        text_printf(&out, ",%u", times[i - 2]);
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ secondaries and peers */

static enum status read_auth_sec_servers(struct option_context *context, struct value value)
{
    struct auth_config *auth = auth_of(context);
    struct value rest = value;
    struct value field;
    struct dname name;

    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        enum status status = read_name(context, field.text, &name);
        if (status != STATUS_OK)
            return status;
        struct dname *kept = option_append(context, &auth->secondaries, &auth->secondary_count,
                                           &auth->secondary_room, sizeof(*kept));
        if (kept == NULL)
            return STATUS_NO_MEMORY;
        *kept = name;
    }
    return STATUS_OK;
}

static void print_auth_sec_servers(const void *part, struct option_printer *printer)
{
    const struct auth_config *auth = &((const struct dns_config *)part)->auth;

    for (size_t i = 0; i < auth->secondary_count; i++) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        put_name(&out, &auth->secondaries[i]);
        option_print_value(printer, "%s", line);
    }
}

static enum status read_auth_peer(struct option_context *context, struct value value)
{
    struct auth_config *auth = auth_of(context);
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        struct address address;
        if (address_from_text(field.text, &address) != STATUS_OK)
            return option_fail(context, field.text, NULL,
                               "\"%.*s\" is not an IP address (like 192.0.2.1 or 2001:db8::1)",
                               TEXT_ARG(field.text));
        struct address *kept = option_append(context, &auth->peers, &auth->peer_count,
                                             &auth->peer_room, sizeof(*kept));
        if (kept == NULL)
            return STATUS_NO_MEMORY;
        *kept = address;
    }
    return STATUS_OK;
}

static void print_auth_peer(const void *part, struct option_printer *printer)
{
    const struct auth_config *auth = &((const struct dns_config *)part)->auth;

    for (size_t i = 0; i < auth->peer_count; i++) {
        char text[ADDRESS_TEXT_MAX];
        option_print_value(printer, "%s", address_text(&auth->peers[i], text));
    }
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option dns_auth_options[] = {
    {
        .name = "auth-peer", .kind = OPTION_STRUCTURED, .area = "auth",
        .read = read_auth_peer, .print = print_auth_peer,
        .shape = "<address>{,<address>}",
        .help = "Who may transfer authoritative zones",
        .doc = DOC("By source address; everyone else is refused. Without it, and with auth-sec-servers, "
               "everybody may."),
        .examples = EXAMPLES("auth-peer=192.0.2.53,2001:db8::53"),
    },
    {
        .name = "auth-sec-servers", .kind = OPTION_STRUCTURED, .area = "auth",
        .read = read_auth_sec_servers, .print = print_auth_sec_servers,
        .shape = "<domain>{,<domain>}",
        .help = "Secondary servers of authoritative zones",
        .doc = DOC("They appear as NS records, and zones may be transferred: by anybody, unless auth-peer says "
               "who. A secondary hears of changes by asking for the SOA record; no notice is sent."),
        .examples = EXAMPLES("auth-sec-servers=ns2.example.com,ns3.example.com"),
    },
    {
        .name = "auth-server", .kind = OPTION_STRUCTURED, .once = true, .area = "auth",
        .read = read_auth_server, .print = print_auth_server,
        .shape = "<domain>{,<interface>[/4|/6]|,<address>}",
        .help = "Serve zones authoritatively on these interfaces and addresses",
        .doc = DOC("Questions that come in there are answered only from auth-zone data; they are served even "
               "where interface and listen-address do not say so. The domain is this server's own name, "
               "as NS and SOA records give it."),
        .examples = EXAMPLES("auth-server=ns.example.com,eth1", "auth-server=ns.example.com,eth1/6,192.0.2.1"),
    },
    {
        .name = "auth-soa", .kind = OPTION_STRUCTURED, .once = true, .area = "auth",
        .read = read_auth_soa, .print = print_auth_soa,
        .shape = "<serial>[,<hostmaster>[,<refresh>[,<retry>[,<expiry>]]]]",
        .help = "The SOA record of authoritative zones",
        .doc = DOC("The serial number is the time of the start unless given and grows with each reload."),
        .examples = EXAMPLES("auth-soa=2024010100", "auth-soa=1,hostmaster.example.com,1200,180,1209600"),
    },
    {
        .name = "auth-ttl", .kind = OPTION_SECONDS, .once = true, .area = "auth",
        .field = offsetof(struct dns_config, auth) + offsetof(struct auth_config, ttl),
        .min = 0, .max = UINT32_MAX, .shape = "<seconds>",
        .help = "Time to live of authoritative answers",
        .doc = DOC("600 unless given."),
        .examples = EXAMPLES("auth-ttl=3600"),
    },
    {
        .name = "auth-zone", .kind = OPTION_STRUCTURED, .area = "auth",
        .read = read_auth_zone, .print = print_auth_zone,
        .shape = "<domain>{,[exclude:]<subnet>|,[exclude:]<interface>[/4|/6]}",
        .help = "A zone to serve authoritatively",
        .doc = DOC("It holds the hosts, leases and records of this configuration whose names lie in the domain. "
               "Only addresses in the subnets, and not in those excluded, are told; the subnets also become "
               "reverse zones. Without a subnet all addresses are told."),
        .examples = EXAMPLES("auth-zone=home.example.com,192.0.2.0/24",
                             "auth-zone=home.example.com,eth0,exclude:192.0.2.128/25"),
    },
};
/* clang-format on */

const size_t dns_auth_option_count = COUNT_OF(dns_auth_options);

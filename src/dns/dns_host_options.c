#include "dns/dns_record_options.h"

#define LINE_MAX_BYTES (DNS_HOST_NAMES_MAX * 64)
#define IP6_HALF_BYTES 8

/* ------------------------------------------------------------------ fields */

enum status dns_record_name(struct option_context *context, struct value field, const char *compat,
                            struct dname *name)
{
    if (field.text.count == 0)
        return option_fail(context, field.text, compat, "a name is missing here");
    enum status status = dname_from_text(field.text, name);
    if (status == STATUS_RANGE)
        return option_fail(context, field.text, compat,
                           "\"%.*s\" is too long for a name (63 characters a label, 255 in all)",
                           TEXT_ARG(field.text));
    if (status != STATUS_OK)
        return option_fail(context, field.text, compat,
                           "\"%.*s\" is not a name: it has an empty label, or a bad escape",
                           TEXT_ARG(field.text));
    return STATUS_OK;
}

void dns_record_put_name(struct text_out *out, const struct dname *name)
{
    char buffer[DNAME_TEXT_MAX];
    option_put_quoted(out, text_of(dname_text(name, buffer)));
}

bool dns_record_is_digits(struct text text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.count > 0;
}

enum status dns_record_ttl(struct option_context *context, struct text text, const char *compat,
                           uint32_t *ttl)
{
    if (text_to_u32(text, ttl) == STATUS_OK && *ttl <= INT32_MAX)
        return STATUS_OK;
    return option_fail(context, text, compat,
                       "\"%.*s\" is no time to live (seconds, at most 2147483647)", TEXT_ARG(text));
}

/* Meant as an address, though it is none. */
static bool looks_like_address(struct text text)
{
    bool dots = false;
    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] == ':')
            return true;
        if (text.at[i] != '.' && (text.at[i] < '0' || text.at[i] > '9'))
            return false;
        dots = dots || text.at[i] == '.';
    }
    return dots;
}

static enum status read_interface(struct option_context *context, struct text text,
                                  const char *compat, const char **interface)
{
    if (text.count == 0 || text.count >= NETWORK_NAME_MAX)
        return option_fail(context, text, compat,
                           text.count == 0 ? "the interface is missing (try eth0)"
                                           : "\"%.*s\" is too long for an interface's name",
                           TEXT_ARG(text));
    *interface = option_string(context, text);
    return *interface != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ------------------------------------------------------------------ host-record */

static const char bad_host[] = "Bad host-record";

struct host_line {
    struct dname *names;
    size_t count, room;
    struct dns_host_record host;
};

static enum status read_host_field(struct option_context *context, struct value field,
                                   struct host_line *line)
{
    struct address address;
    struct text text = field.text;

    if (text.count == 0)
        return STATUS_OK;
    if (address_from_text(text, &address) == STATUS_OK) {
        struct address *to = address.family == ADDRESS_IP4 ? &line->host.ip4 : &line->host.ip6;
        *to = address; /* the last of a family counts */
        return STATUS_OK;
    }
    if (dns_record_is_digits(text)) {
        line->host.has_ttl = true;
        return dns_record_ttl(context, text, bad_host, &line->host.ttl);
    }
    if (looks_like_address(text))
        return option_fail(context, text, bad_host, "\"%.*s\" is not an address", TEXT_ARG(text));
    if (line->count == DNS_HOST_NAMES_MAX)
        return option_fail(context, text, bad_host, "more than %d names in one line",
                           DNS_HOST_NAMES_MAX);
    struct dname *name =
        option_append(context, &line->names, &line->count, &line->room, sizeof *name);
    return name != NULL ? dns_record_name(context, field, bad_host, name) : STATUS_NO_MEMORY;
}

enum status dns_read_host_record(struct option_context *context, struct value value)
{
    struct dns_records *records = &((struct dns_config *)context->part)->records;
    struct host_line line = { .host = { .place = context->place } };
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        enum status status = read_host_field(context, field, &line);
        if (status != STATUS_OK)
            return status;
    }
    if (line.count == 0)
        return option_fail(context, value.text, bad_host,
                           "there is no name (try printer.lan,192.0.2.9)");
    if (address_is_none(&line.host.ip4) && address_is_none(&line.host.ip6))
        return option_fail(context, value.text, bad_host,
                           "there is no address for the name (try printer.lan,192.0.2.9)");

    struct dns_host_record *kept = option_append(context, &records->hosts, &records->host_count,
                                                 &records->host_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line.host;
    kept->names = line.names;
    kept->name_count = line.count;
    return STATUS_OK;
}

static void put_address_field(struct text_out *out, const struct address *address)
{
    if (address_is_none(address))
        return;
    text_put_char(out, ',');
    text_put_address(out, address);
}

void dns_print_host_record(const void *part, struct option_printer *printer)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;

    for (size_t i = 0; i < records->host_count; i++) {
        const struct dns_host_record *host = &records->hosts[i];
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        for (size_t n = 0; n < host->name_count; n++) {
            text_put_string(&out, n > 0 ? "," : "");
            dns_record_put_name(&out, &host->names[n]);
        }
        put_address_field(&out, &host->ip4);
        put_address_field(&out, &host->ip6);
        if (host->has_ttl)
            text_printf(&out, ",%u", host->ttl);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ names that follow interfaces
 */

static const char no_dynamic_address[] = "missing address in dynamic host";

static struct dns_interface_name *append_interface_name(struct option_context *context)
{
    struct dns_records *records = &((struct dns_config *)context->part)->records;
    struct dns_interface_name *kept =
        option_append(context, &records->interface_names, &records->interface_name_count,
                      &records->interface_name_room, sizeof *kept);
    return kept;
}

enum status dns_read_dynamic_host(struct option_context *context, struct value value)
{
    struct dns_interface_name line = { .is_dynamic_host = true, .place = context->place };
    struct value rest = value;
    struct value field;
    struct address address;

    value_next_field(&rest, ',', &field);
    enum status status = dns_record_name(context, field, no_dynamic_address, &line.name);
    if (status != STATUS_OK)
        return status;
    field = value_part(value, value.text.count, 0);
    while (value_next_field(&rest, ',', &field)
           && (field.text.count == 0 || address_from_text(field.text, &address) == STATUS_OK)) {
        if (field.text.count == 0)
            continue;
        if (address.family == ADDRESS_IP4) {
            line.ip4 = true;
            line.host4 = address;
        } else {
            line.ip6 = true;
            line.host6 = address;
        }
        field = value_part(value, value.text.count, 0);
    }
    if (!line.ip4 && !line.ip6)
        return option_fail(context, field.text, no_dynamic_address,
                           "the host part is missing (try www.example.com,0.0.0.8,eth0)");
    status = read_interface(context, field.text, no_dynamic_address, &line.interface);
    if (status != STATUS_OK)
        return status;
    if (value_next_field(&rest, ',', &field))
        return option_fail(context, field.text, NULL, "nothing may follow the interface");

    struct dns_interface_name *kept = append_interface_name(context);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

void dns_print_dynamic_host(const void *part, struct option_printer *printer)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;

    for (size_t i = 0; i < records->interface_name_count; i++) {
        const struct dns_interface_name *line = &records->interface_names[i];
        char buffer[2 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        if (!line->is_dynamic_host)
            continue;
        dns_record_put_name(&out, &line->name);
        put_address_field(&out, &line->host4);
        put_address_field(&out, &line->host6);
        text_put_char(&out, ',');
        option_put_quoted(&out, text_of(line->interface));
        option_print_value(printer, "%s", buffer);
    }
}

enum status dns_read_interface_name(struct option_context *context, struct value value)
{
    static const char bad[] = "bad interface name";
    struct dns_interface_name line = { .ip4 = true, .ip6 = true, .place = context->place };
    struct value rest = value;
    struct value field;

    value_next_field(&rest, ',', &field);
    enum status status = dns_record_name(context, field, bad, &line.name);
    if (status != STATUS_OK)
        return status;
    if (!value_next_field(&rest, ',', &field))
        return option_fail(context, value.text, bad,
                           "the interface is missing (try gateway.lan,eth0)");
    size_t slash = value_find(field, '/');
    struct text family = slash != SIZE_MAX ? text_after(field.text, slash + 1) : TEXT_NONE;
    if (slash != SIZE_MAX && !text_equal(family, TEXT("4")) && !text_equal(family, TEXT("6")))
        return option_fail(
            context, family, NULL,
            "\"%.*s\" is not a family: only /4 and /6 may stand behind the interface",
            TEXT_ARG(family));
    line.ip4 = slash == SIZE_MAX || text_equal(family, TEXT("4"));
    line.ip6 = slash == SIZE_MAX || text_equal(family, TEXT("6"));
    status = read_interface(context, text_part(field.text, 0, slash), bad, &line.interface);
    if (status != STATUS_OK)
        return status;
    if (value_next_field(&rest, ',', &field))
        return option_fail(context, field.text, bad, "nothing may follow the interface");

    struct dns_interface_name *kept = append_interface_name(context);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

void dns_print_interface_name(const void *part, struct option_printer *printer)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;

    for (size_t i = 0; i < records->interface_name_count; i++) {
        const struct dns_interface_name *line = &records->interface_names[i];
        char buffer[2 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        if (line->is_dynamic_host)
            continue;
        dns_record_put_name(&out, &line->name);
        text_put_char(&out, ',');
        option_put_quoted(&out, text_of(line->interface));
        if (!line->ip4 || !line->ip6)
            text_put_string(&out, line->ip4 ? "/4" : "/6");
        option_print_value(printer, "%s", buffer);
    }
}

/* ------------------------------------------------------------------ synth-domain */

static enum status read_synth_subnet(struct option_context *context, struct text text, size_t slash,
                                     struct dns_synth *synth)
{
    struct address address;
    struct prefix prefix;
    struct text length_text = text_after(text, slash + 1);
    uint16_t length;

    if (address_from_text(text_part(text, 0, slash), &address) != STATUS_OK)
        return option_fail(context, text, NULL, "\"%.*s\" is not an address",
                           TEXT_ARG(text_part(text, 0, slash)));
    if (text_to_u16(length_text, &length) != STATUS_OK)
        return option_fail(context, length_text, NULL, "\"%.*s\" is not a prefix length",
                           TEXT_ARG(length_text));
    if (prefix_make(address, length, &prefix) != STATUS_OK)
        return option_fail(context, length_text, "bad prefix length",
                           "%u is too long for a prefix of this family", length);
    synth->length = prefix.length;
    synth->range = (struct address_range){ prefix.address, prefix.address };
    for (size_t bit = length; bit < address_size(address.family) * 8; bit++)
        synth->range.last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    return STATUS_OK;
}

/* An address alone, or two; the second is taken off `rest`. */
static enum status read_synth_range(struct option_context *context, struct text text,
                                    struct value *rest, struct dns_synth *synth)
{
    struct value field;

    synth->length = UINT8_MAX;
    if (address_from_text(text, &synth->range.first) != STATUS_OK)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is neither an address nor a subnet (try 192.0.2.0/24)",
                           TEXT_ARG(text));
    synth->range.last = synth->range.first;
    if (!value_next_field(rest, ',', &field))
        return STATUS_OK;
    if (address_from_text(field.text, &synth->range.last) != STATUS_OK
        || synth->range.last.family != synth->range.first.family)
        return option_fail(context, field.text, NULL,
                           "\"%.*s\" is not the last address of the range", TEXT_ARG(field.text));
    if (address_compare(&synth->range.first, &synth->range.last) > 0)
        return option_fail(context, field.text, NULL,
                           "the range ends before it begins: change the two addresses about");
    return STATUS_OK;
}

static enum status read_synth_prefix(struct option_context *context, struct text text,
                                     struct dns_synth *synth)
{
    synth->numbered = text_ends(text, TEXT("*"));
    if (synth->numbered)
        text.count--;
    if (text.count > DNAME_LABEL_MAX)
        return option_fail(context, text, NULL, "\"%.*s\" is too long for the front of a name",
                           TEXT_ARG(text));
    synth->prefix = arena_text(context->arena, text);
    if (text.count > 0 && synth->prefix.count == 0)
        return STATUS_NO_MEMORY;
    /* Numbers have 64 bits. */
    if (synth->numbered && synth->range.first.family == ADDRESS_IP6
        && memcmp(synth->range.first.bytes, synth->range.last.bytes, IP6_HALF_BYTES) != 0)
        return option_fail(context, text, "prefix length too small",
                           "a range whose names are numbered lies within one /64");
    return STATUS_OK;
}

enum status dns_read_synth_domain(struct option_context *context, struct value value)
{
    struct dns_records *records = &((struct dns_config *)context->part)->records;
    struct dns_synth synth = { .place = context->place, .prefix = TEXT("") };
    struct value rest = value;
    struct value field;

    value_next_field(&rest, ',', &field);
    enum status status = dns_record_name(context, field, NULL, &synth.domain);
    if (status != STATUS_OK)
        return status;
    if (!value_next_field(&rest, ',', &field))
        return option_fail(context, value.text, NULL,
                           "the addresses are missing (try guest.example,192.0.2.0/24,ip-)");
    size_t slash = value_find(field, '/');
    status = slash != SIZE_MAX ? read_synth_subnet(context, field.text, slash, &synth)
                               : read_synth_range(context, field.text, &rest, &synth);
    if (status == STATUS_OK && value_next_field(&rest, ',', &field))
        status = read_synth_prefix(context, field.text, &synth);
    if (status != STATUS_OK)
        return status;
    if (value_next_field(&rest, ',', &field))
        return option_fail(context, field.text, NULL, "nothing may follow the prefix");

    struct dns_synth *kept = option_append(context, &records->synths, &records->synth_count,
                                           &records->synth_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = synth;
    return STATUS_OK;
}

void dns_print_synth_domain(const void *part, struct option_printer *printer)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;

    for (size_t i = 0; i < records->synth_count; i++) {
        const struct dns_synth *synth = &records->synths[i];
        char line[2 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        dns_record_put_name(&out, &synth->domain);
        put_address_field(&out, &synth->range.first);
        if (synth->length != UINT8_MAX)
            text_printf(&out, "/%u", synth->length);
        else
            put_address_field(&out, &synth->range.last);
        if (synth->prefix.count > 0 || synth->numbered) {
            text_put_char(&out, ',');
            if (synth->prefix.count > 0)
                option_put_quoted(&out, synth->prefix);
            text_put_string(&out, synth->numbered ? "*" : "");
        }
        option_print_value(printer, "%s", line);
    }
}

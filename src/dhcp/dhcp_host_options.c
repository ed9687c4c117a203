#include "dhcp/dhcp_options.h"

static const char bad_hex[] = "bad hex constant";
static const char bad_name[] = "bad DHCP host name";
static const char bad_prefix6[] = "bad IPv6 prefix";

/* ------------------------------------------------------------------ hardware addresses */

/* One or two digits. */
static bool read_hex_byte(struct text text, uint8_t *byte)
{
    uint64_t value;
    if (text.count > 2 || text_to_u64_hex(text, &value) != STATUS_OK)
        return false;
    *byte = (uint8_t)value;
    return true;
}

static enum status bad_hardware(struct option_context *context, struct text text,
                                const char *compat)
{
    struct address address;
    struct text plain = text_starts(text, TEXT("[")) ? text_after(text, 1) : text;
    if (address_from_text(plain, &address) == STATUS_OK)
        return option_fail(context, text, compat, "an IPv6 address stands in brackets here: [%.*s]",
                           TEXT_ARG(plain));
    return option_fail(
        context, text, compat,
        "\"%.*s\" is not a hardware address (like 02:00:00:00:00:01, with '*' for any "
        "byte)",
        TEXT_ARG(text));
}

enum status dhcp_read_hardware(struct option_context *context, struct text text, const char *compat,
                               struct dhcp_hardware_pattern *out)
{
    struct dhcp_hardware_pattern pattern = { .hardware.type = 1, .any_type = true };
    struct text rest = text;
    size_t dash = text_find(text, '-');
    size_t colon = text_find(text, ':');
    char separator = colon == SIZE_MAX && dash != SIZE_MAX ? '-' : ':';
    uint8_t type;

    if (separator == ':' && dash != SIZE_MAX && dash < colon) {
        if (!read_hex_byte(text_part(text, 0, dash), &type))
            return bad_hardware(context, text, compat);
        pattern.hardware.type = type;
        pattern.any_type = false;
        rest = text_after(text, dash + 1);
    }

    struct text byte;
    while (text_next_field(&rest, separator, &byte)) {
        unsigned index = pattern.hardware.count;
        if (index == HARDWARE_MAX)
            return option_fail(context, text, compat, "a hardware address has at most %d bytes",
                               HARDWARE_MAX);
        if (text_equal(byte, TEXT("*")))
            pattern.wildcards |= 1u << index;
        else if (!read_hex_byte(byte, &pattern.hardware.bytes[index]))
            return bad_hardware(context, text, compat);
        pattern.hardware.count++;
    }
    *out = pattern;
    return STATUS_OK;
}

static enum status read_hardware(struct option_context *context, struct text text,
                                 struct dhcp_host *host)
{
    struct dhcp_hardware_pattern pattern;
    enum status status = dhcp_read_hardware(context, text, bad_hex, &pattern);
    if (status != STATUS_OK)
        return status;
    struct dhcp_hardware_pattern *kept = option_append(
        context, &host->hardware, &host->hardware_count, &host->hardware_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = pattern;
    return STATUS_OK;
}

void dhcp_put_hardware(struct text_out *out, const struct dhcp_hardware_pattern *pattern)
{
    if (!pattern->any_type)
        text_printf(out, "%02x-", pattern->hardware.type);
    for (unsigned i = 0; i < pattern->hardware.count; i++) {
        if (i > 0)
            text_put_char(out, ':');
        if ((pattern->wildcards >> i & 1) != 0)
            text_put_char(out, '*');
        else
            text_printf(out, "%02x", pattern->hardware.bytes[i]);
    }
}

/* ------------------------------------------------------------------ client ids */

/* What stands after "id:": '*', bytes with colons between them, or text. */
static enum status read_client_id(struct option_context *context, struct value value,
                                  struct dhcp_host *host)
{
    struct text text = value.text;
    if (text.count == 0)
        return option_fail(context, text, bad_hex,
                           "after \"id:\" comes a client id (01:02:03, some text, or '*' for any)");
    if (!value_is_quoted(value) && text_equal(text, TEXT("*"))) {
        host->client_id_any = true;
        return STATUS_OK;
    }
    if (value_find(value, ':') == SIZE_MAX) {
        host->client_id = arena_bytes(context->arena, text_bytes(text));
        return host->client_id.at != NULL ? STATUS_OK
                                          : option_fail(context, text, NULL, "no memory");
    }

    uint8_t *bytes = arena_take(context->arena, text.count);
    if (bytes == NULL)
        return option_fail(context, text, NULL, "no memory");
    struct text rest = text;
    struct text byte;
    size_t count = 0;
    while (text_next_field(&rest, ':', &byte)) {
        if (!read_hex_byte(byte, &bytes[count]))
            return option_fail(context, text, bad_hex,
                               "\"%.*s\" is not a client id: between colons stand one or two hex "
                               "digits",
                               TEXT_ARG(text));
        count++;
    }
    host->client_id = bytes_of(bytes, count);
    return STATUS_OK;
}

static void put_client_id(struct text_out *out, struct bytes id)
{
    bool printable = true;
    for (size_t i = 0; i < id.count; i++)
        printable = printable && id.at[i] >= ' ' && id.at[i] < 0x7f;

    text_put_string(out, "id:");
    if (!printable && id.count > 1)
        text_put_hex(out, id, ':');
    else if (text_equal(text_from_bytes(id), TEXT("*")))
        text_put_string(out, "\"*\"");
    else
        option_put_quoted(out, text_from_bytes(id));
}

/* ------------------------------------------------------------------ addresses and names */

/* "[address]" or "[address/length]". */
static enum status read_address6(struct option_context *context, struct text text,
                                 struct dhcp_host *host)
{
    struct text inside = text_part(text, 1, text.count - 2);
    size_t slash = text_find(inside, '/');
    struct dhcp_host_address6 item = { .length = 128 };
    struct prefix prefix;
    uint64_t length = 128;

    if (address_from_text(text_part(inside, 0, slash), &item.address) != STATUS_OK
        || item.address.family != ADDRESS_IP6)
        return option_fail(context, text, bad_name,
                           "\"%.*s\" is not an IPv6 address (like [2001:db8::5])", TEXT_ARG(text));
    if (slash != SIZE_MAX && text_to_u64(text_after(inside, slash + 1), 128, &length) != STATUS_OK)
        return option_fail(context, text, bad_prefix6, "\"%.*s\" is not a prefix length (0 to 128)",
                           TEXT_ARG(text_after(inside, slash + 1)));
    item.length = (uint8_t)length;
    enum status status = prefix_make(item.address, item.length, &prefix);
    if (status != STATUS_OK || !address_equal(&prefix.address, &item.address))
        return option_fail(context, text, bad_prefix6,
                           "the address has ones after the first %u bits, where none may be",
                           item.length);

    struct dhcp_host_address6 *kept = option_append(
        context, &host->addresses6, &host->address6_count, &host->address6_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = item;
    return STATUS_OK;
}

/* Four groups of digits: an IPv4 address was meant. */
static bool looks_like_ip4(struct text text)
{
    unsigned dots = 0;
    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] == '.')
            dots++;
        else if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    }
    return dots == 3;
}

static enum status read_name(struct option_context *context, struct text text,
                             struct dhcp_host *host)
{
    if (looks_like_ip4(text))
        return option_fail(context, text, bad_name, "\"%.*s\" is not an IPv4 address",
                           TEXT_ARG(text));
    struct dname name;
    if (text_find(text, '/') != SIZE_MAX || dname_from_host(text, false, &name) != STATUS_OK)
        return option_fail(context, text, bad_name,
                           "\"%.*s\" is not a host name (letters, digits, '-' and '_', not "
                           "starting with '-')",
                           TEXT_ARG(text));
    host->name = name;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the line */

static enum status add_set_tag(struct option_context *context, struct text name,
                               struct dhcp_host *host)
{
    uint16_t tag;
    enum status status = dhcp_intern_tag(context, name, &tag);
    if (status != STATUS_OK)
        return status;
    uint16_t *kept = option_append(context, &host->set_tags, &host->set_tag_count,
                                   &host->set_tag_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = tag;
    return STATUS_OK;
}

static enum status read_item(struct option_context *context, struct value field,
                             struct dhcp_host *host)
{
    struct text text = field.text;
    struct text name;
    struct value after;
    struct address address;
    enum status status;

    if (value_after_prefix(field, "id:", &after))
        return read_client_id(context, after, host);
    /* "net:" sets a tag here, as it did before there was "set:". */
    if (value_after_prefix(field, "net:", &after))
        return add_set_tag(context, after.text, host);
    switch (dhcp_tag_word(field, &name)) {
    case DHCP_TAG_SET:
        return add_set_tag(context, name, host);
    case DHCP_TAG_CONDITION:
        /* A bare "#name" is a condition elsewhere, but never was one here. */
        if (value_find(field, '#') != 0)
            return dhcp_add_condition(context, name, &host->conditions);
        break;
    case DHCP_TAG_NONE:
        break;
    }
    if (text_starts(text, TEXT("[")) && text_ends(text, TEXT("]")))
        return read_address6(context, text, host);
    if (value_find(field, ':') != SIZE_MAX)
        return read_hardware(context, text, host);
    if (address_from_text(text, &address) == STATUS_OK && address.family == ADDRESS_IP4) {
        host->address = address;
        return STATUS_OK;
    }
    if (text_equal(text, TEXT("ignore"))) {
        host->ignore = true;
        return STATUS_OK;
    }
    if (dhcp_lease_time(context, text, NULL, &host->lease_s, &status)) {
        host->lease_given = true;
        return status;
    }
    return read_name(context, text, host);
}

enum status dhcp_read_host(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct dhcp_host host = { .lease_s = DHCP_LEASE_DEFAULT_S, .place = context->place };
    struct value rest = value;
    struct value field;
    bool any = false;

    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        enum status status = read_item(context, field, &host);
        if (status != STATUS_OK)
            return status;
        any = true;
    }
    if (!any)
        return STATUS_OK;
    struct dhcp_host *kept =
        option_append(context, &dhcp->hosts, &dhcp->host_count, &dhcp->host_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = host;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ printing */

static void put_who(struct text_out *out, const struct dhcp_host *host,
                    const struct tag_names *names)
{
    for (size_t i = 0; i < host->hardware_count; i++) {
        dhcp_put_comma(out);
        dhcp_put_hardware(out, &host->hardware[i]);
    }
    if (host->client_id_any || host->client_id.count > 0)
        dhcp_put_comma(out);
    if (host->client_id_any)
        text_put_string(out, "id:*");
    else if (host->client_id.count > 0)
        put_client_id(out, host->client_id);
    if (host->conditions.count > 0) {
        dhcp_put_comma(out);
        dhcp_put_conditions(out, &host->conditions, names);
        text_out_rewind(out, out->count - 1);
    }
}

static void put_what(struct text_out *out, const struct dhcp_host *host,
                     const struct tag_names *names)
{
    char name[DNAME_TEXT_MAX];

    for (size_t i = 0; i < host->set_tag_count; i++) {
        dhcp_put_comma(out);
        text_put_string(out, "set:");
        option_put_quoted(out, text_of(names->names[host->set_tags[i]]));
    }
    if (!address_is_none(&host->address)) {
        dhcp_put_comma(out);
        text_put_address(out, &host->address);
    }
    for (size_t i = 0; i < host->address6_count; i++) {
        dhcp_put_comma(out);
        text_put_char(out, '[');
        text_put_address(out, &host->addresses6[i].address);
        if (host->addresses6[i].length < 128)
            text_printf(out, "/%u", host->addresses6[i].length);
        text_put_char(out, ']');
    }
    if (host->name.count > 0) {
        dhcp_put_comma(out);
        text_put_string(out, dname_text(&host->name, name));
    }
    if (host->lease_given) {
        dhcp_put_comma(out);
        dhcp_put_lease_time(out, host->lease_s);
    }
    if (host->ignore) {
        dhcp_put_comma(out);
        text_put_string(out, "ignore");
    }
}

void dhcp_print_host(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->host_count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        put_who(&out, &dhcp->hosts[i], &dhcp->tags);
        put_what(&out, &dhcp->hosts[i], &dhcp->tags);
        option_print_value(printer, "%s", line);
    }
}

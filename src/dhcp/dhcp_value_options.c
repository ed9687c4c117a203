#include "dhcp/dhcp_options.h"
#include "wire/dhcp_codes.h"

static const char bad_option[] = "bad dhcp-option";

#define VALUE_FIELDS_MAX 256  /* fields of one value: more do not fit in an option */
#define VALUE_ROOM       4096 /* for the encoded bytes, which option_value.h bounds */

/* ------------------------------------------------------------------ which option */

/* dnsmasq takes the names in any case. */
static const struct dhcp_code *code_by_name(struct text name)
{
    size_t count;
    const struct dhcp_code *codes = dhcp4_codes(&count);
    for (size_t i = 0; i < count; i++)
        if (codes[i].name != NULL && text_equal_nocase(text_of(codes[i].name), name))
            return &codes[i];
    return NULL;
}

static enum status set_number(struct option_context *context, struct text text,
                              struct dhcp_option_rule *rule)
{
    uint16_t code;
    /* Inside an encapsulation the whole byte is free; outside 0 is padding and 255 the end, which
     * stands for siaddr here. */
    unsigned lowest = rule->scope == DHCP_SCOPE_TOP ? 1 : 0;
    unsigned highest = rule->ip6 ? UINT16_MAX : 255;
    if (text_to_u16(text, &code) != STATUS_OK || code > highest || code < lowest)
        return option_fail(context, text, bad_option,
                           "%.*s is not the number of a DHCP%s option (%u to %u)", TEXT_ARG(text),
                           rule->ip6 ? "v6" : "", lowest, highest);
    rule->code = code;
    return STATUS_OK;
}

static enum status set_name(struct option_context *context, struct text name,
                            struct dhcp_option_rule *rule)
{
    const struct dhcp_code *code = rule->ip6 ? dhcp6_code_by_name(name) : code_by_name(name);
    if (code == NULL)
        return option_fail(
            context, name, bad_option,
            "no DHCP%s option is called \"%.*s\" (--help dhcp%s lists them; a number does "
            "for any)",
            rule->ip6 ? "v6" : "", TEXT_ARG(name), rule->ip6 ? "6" : "");
    rule->code = code->code;
    rule->by_name = true;
    return STATUS_OK;
}

static bool is_number(struct text text)
{
    for (size_t i = 0; i < text.count; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return text.count > 0;
}

static enum status set_scope(struct option_context *context, struct value where,
                             struct dhcp_option_rule *rule, enum dhcp_option_scope scope)
{
    if (rule->scope == DHCP_SCOPE_TOP || rule->scope == scope) { /* of two the last one counts */
        rule->scope = (uint8_t)scope;
        return STATUS_OK;
    }
    return option_fail(context, where.text, "inappropriate vendor:",
                       "only one of encap:, vi-encap: and vendor: may be given");
}

static enum status set_encap(struct option_context *context, struct value value, uint64_t max,
                             struct dhcp_option_rule *rule)
{
    uint64_t number;
    if (text_to_u64(value.text, max, &number) != STATUS_OK)
        return option_fail(context, value.text, bad_option, "\"%.*s\" is not a number (0 to %llu)",
                           TEXT_ARG(value.text), (unsigned long long)max);
    rule->encap = (uint32_t)number;
    return STATUS_OK;
}

/* option6:<number> or option6:<name>, perhaps behind vi-encap:. */
static enum status set_option6(struct option_context *context, struct text option,
                               struct dhcp_option_rule *rule)
{
    rule->ip6 = true;
    if (rule->scope == DHCP_SCOPE_ENCAP || rule->scope == DHCP_SCOPE_VENDOR)
        return option_fail(context, option, "unsupported encapsulation for IPv6 option",
                           "a DHCPv6 option stands alone or in vi-encap:<enterprise>");
    if (rule->pxe_only)
        return option_fail(context, option, bad_option, "PXE is about DHCPv4 options only");
    bool digits = option.count > 0 && option.at[0] >= '0' && option.at[0] <= '9';
    return digits ? set_number(context, option, rule) : set_name(context, option, rule);
}

/* One field before the value. *done once it was the option itself. */
static enum status read_selector(struct option_context *context, struct value field, bool last,
                                 struct dhcp_option_rule *rule, bool *done)
{
    struct value after;
    struct text name;
    enum status status;

    if (dhcp_tag_word(field, &name) != DHCP_TAG_NONE)
        return dhcp_add_condition(context, name, &rule->conditions);
    if (value_after_prefix(field, "encap:", &after)) {
        status = set_scope(context, field, rule, DHCP_SCOPE_ENCAP);
        return status == STATUS_OK ? set_encap(context, after, 255, rule) : status;
    }
    if (value_after_prefix(field, "vi-encap:", &after)) {
        status = set_scope(context, field, rule, DHCP_SCOPE_VI_ENCAP);
        return status == STATUS_OK ? set_encap(context, after, UINT32_MAX, rule) : status;
    }
    if (value_after_prefix(field, "vendor:", &after)) {
        status = set_scope(context, field, rule, DHCP_SCOPE_VENDOR);
        rule->vendor_class = option_string(context, after.text);
        return rule->vendor_class != NULL ? status : STATUS_NO_MEMORY;
    }
    if (value_after_prefix(field, "option6:", &after)) {
        *done = true;
        return set_option6(context, after.text, rule);
    }
    if (value_after_prefix(field, "option:", &after)) {
        *done = true;
        return set_name(context, after.text, rule);
    }
    if (is_number(field.text)) {
        *done = true;
        return set_number(context, field.text, rule);
    }
    if (!last) /* an old way to write tag: */
        return dhcp_add_condition(context, name, &rule->conditions);
    return option_fail(context, field.text, bad_option,
                       "\"%.*s\" is not a DHCP option (a number, or option:<name>)",
                       TEXT_ARG(field.text));
}

/* ------------------------------------------------------------------ its value */

static const struct dhcp_code *code_of(const struct dhcp_option_rule *rule)
{
    return rule->ip6 ? dhcp6_code_find(rule->code) : dhcp4_code_find(rule->code);
}

/* What the option's row wants, for an error message. */
static const char *wanted_value(const struct dhcp_option_rule *rule)
{
    const struct dhcp_code *code =
        rule->scope == DHCP_SCOPE_TOP || rule->by_name ? code_of(rule) : NULL;
    switch ((enum dhcp_value)(code != NULL ? code->value : DHCP_VALUE_UNKNOWN)) {
    case DHCP_VALUE_ADDRESSES:
        return rule->ip6 ? "IPv6 addresses, like [2001:db8::1]" : "IPv4 addresses, like 192.0.2.1";
    case DHCP_VALUE_NUMBER:
        return "a number";
    case DHCP_VALUE_TIME:
        return "a time, like 12h or 45m";
    case DHCP_VALUE_NAME:
    case DHCP_VALUE_NAMES_WIRE:
        return "domain names";
    case DHCP_VALUE_SIP:
        return "domain names or IPv4 addresses";
    case DHCP_VALUE_ROUTES:
        return "networks and routers, like 192.0.2.0/24,192.0.2.1";
    case DHCP_VALUE_UNKNOWN:
    case DHCP_VALUE_STRING:
    case DHCP_VALUE_INTERNAL:
        break;
    }
    return "addresses, a number, bytes like 01:02:ff, or text";
}

/* Takes the value apart with its blanks, which count in text. */
static size_t split_value(struct value rest, struct option_value_field *fields)
{
    size_t count = 0;
    while (rest.text.at != NULL && count < VALUE_FIELDS_MAX) {
        size_t comma = value_find(rest, ',');
        struct value field = comma == SIZE_MAX ? rest : value_part(rest, 0, comma);
        fields[count++] = (struct option_value_field){ field.text, value_is_quoted(field) };
        if (comma == SIZE_MAX)
            break;
        rest = value_part(rest, comma + 1, SIZE_MAX);
    }
    return count;
}

/* In quotes even where none are needed: they say that it is a string. */
static void put_string(struct text_out *out, struct text text)
{
    size_t before = out->count;
    option_put_quoted(out, text);
    if (out->failed || (out->count > before && out->start[before] == '"'))
        return;
    text_out_rewind(out, before);
    text_put_char(out, '"');
    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] == '\\')
            text_put_char(out, '\\');
        text_put_char(out, text.at[i]);
    }
    text_put_char(out, '"');
}

/* Must be quoted in a file although nobody did: from the command line, where quotes are letters. */
static bool needs_quotes(struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c == '"' || c == 0x7f || (c < ' ' && c != '\t') || c == '#')
            return true;
    }
    return false;
}

/* The value as a line of a file would have it, so that printing it needs no decoding. */
static enum status keep_written(struct option_context *context,
                                const struct option_value_field *fields, size_t count,
                                struct dhcp_option_rule *rule)
{
    char line[DHCP_LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            text_put_char(&out, ',');
        if (fields[i].quoted || needs_quotes(fields[i].text))
            put_string(&out, fields[i].text);
        else
            text_put(&out, fields[i].text);
    }
    if (out.failed)
        return option_fail(context, fields[0].text, "dhcp-option too long",
                           "the value is too long");
    rule->written = option_string(context, text_trim(text_out_text(&out)));
    return rule->written != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_value(struct option_context *context, struct value rest,
                              struct dhcp_option_rule *rule)
{
    struct option_value_field fields[VALUE_FIELDS_MAX];
    uint8_t buffer[VALUE_ROOM];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    const char *why = NULL;

    if (value_count_fields(rest, ',') > VALUE_FIELDS_MAX)
        return option_fail(context, rest.text, "dhcp-option too long",
                           "a value has at most %d fields", VALUE_FIELDS_MAX);
    size_t count = split_value(rest, fields);
    struct option_value_source source = { .is_dhcp6 = rule->ip6,
                                          .code = rule->code,
                                          .encapsulated = rule->scope != DHCP_SCOPE_TOP,
                                          .by_name = rule->by_name,
                                          .fields = fields,
                                          .count = count };
    if (option_value_read(&source, &writer, &rule->form, &why) != STATUS_OK)
        return option_fail(context, rest.text, why, "%s; option %u takes %s", why, rule->code,
                           wanted_value(rule));

    rule->empty = count == 0;
    rule->value = arena_bytes(context->arena, bytes_writer_written(&writer));
    if (rule->value.at == NULL && bytes_writer_count(&writer) > 0)
        return option_fail(context, rest.text, NULL, "no memory");
    return count > 0 ? keep_written(context, fields, count, rule) : STATUS_OK;
}

static enum status read_rule(struct option_context *context, struct value value, bool force,
                             bool pxe_only)
{
    struct dhcp_config *dhcp = context->part;
    struct dhcp_option_rule rule = { .force = force,
                                     .pxe_only = pxe_only,
                                     .place = context->place };
    struct value rest = value;
    struct value field;
    bool done = false;

    if (value.text.count == 0)
        return STATUS_OK;
    while (!done) {
        if (!value_next_field(&rest, ',', &field))
            return option_fail(context, TEXT_NONE, bad_option,
                               "the option itself is missing: a number, or option:<name>");
        enum status status = read_selector(context, field, rest.text.at == NULL, &rule, &done);
        if (status != STATUS_OK)
            return status;
    }

    enum status status = read_value(context, rest, &rule);
    if (status != STATUS_OK)
        return status;
    struct dhcp_option_rule *kept = option_append(context, &dhcp->options, &dhcp->option_count,
                                                  &dhcp->option_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = rule;
    return STATUS_OK;
}

enum status dhcp_read_option(struct option_context *context, struct value value)
{
    return read_rule(context, value, false, false);
}

enum status dhcp_read_option_force(struct option_context *context, struct value value)
{
    return read_rule(context, value, true, false);
}

enum status dhcp_read_option_pxe(struct option_context *context, struct value value)
{
    return read_rule(context, value, false, true);
}

/* ------------------------------------------------------------------ printing */

static void put_scope(struct text_out *out, const struct dhcp_option_rule *rule)
{
    switch ((enum dhcp_option_scope)rule->scope) {
    case DHCP_SCOPE_TOP:
        break;
    case DHCP_SCOPE_ENCAP:
        text_printf(out, "encap:%u,", rule->encap);
        break;
    case DHCP_SCOPE_VENDOR:
        text_put_string(out, "vendor:");
        option_put_quoted(out, text_of(rule->vendor_class));
        text_put_char(out, ',');
        break;
    case DHCP_SCOPE_VI_ENCAP:
        text_printf(out, "vi-encap:%u,", rule->encap);
        break;
    }
}

static void print_rules(const void *part, struct option_printer *printer, bool force, bool pxe_only)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->option_count; i++) {
        const struct dhcp_option_rule *rule = &dhcp->options[i];
        char line[DHCP_LINE_MAX_BYTES * 2];
        struct text_out out = text_out_on(line, sizeof(line));
        if (rule->force != force || rule->pxe_only != pxe_only)
            continue;

        dhcp_put_conditions(&out, &rule->conditions, &dhcp->tags);
        put_scope(&out, rule);
        const char *six = rule->ip6 ? "6" : "";
        if (rule->by_name)
            text_printf(&out, "option%s:%s", six, code_of(rule)->name);
        else if (rule->ip6)
            text_printf(&out, "option6:%u", rule->code);
        else
            text_printf(&out, "%u", rule->code);
        if (rule->written != NULL)
            text_printf(&out, ",%s", rule->written);
        option_print_value(printer, "%s", line);
    }
}

void dhcp_print_option(const void *part, struct option_printer *printer)
{
    print_rules(part, printer, false, false);
}

void dhcp_print_option_force(const void *part, struct option_printer *printer)
{
    print_rules(part, printer, true, false);
}

void dhcp_print_option_pxe(const void *part, struct option_printer *printer)
{
    print_rules(part, printer, false, true);
}

#include "dhcp/client_match.h"
#include "dhcp/dhcp_options.h"
#include "wire/dhcp_codes.h"

static const char bad_match[] = "illegal dhcp-match";
static const char bad_option[] = "bad dhcp-option";

#define VALUE_FIELDS_MAX 64   /* fields of one value: more do not fit in an option */
#define VALUE_ROOM       1024 /* for the encoded bytes, which option_value.h bounds */

/* Lines of several options are kept together, so each option prints its own subjects. */
static const struct {
    const char *option;
    unsigned subjects;
} printed[] = {
    { "dhcp-vendorclass", 1u << CLIENT_MATCH_VENDOR_CLASS },
    { "dhcp-userclass", 1u << CLIENT_MATCH_USER_CLASS },
    { "dhcp-mac", 1u << CLIENT_MATCH_HARDWARE },
    { "dhcp-match", 1u << CLIENT_MATCH_OPTION | 1u << CLIENT_MATCH_ENTERPRISE },
    { "dhcp-name-match", 1u << CLIENT_MATCH_NAME },
    { "dhcp-circuitid", 1u << CLIENT_MATCH_CIRCUIT_ID },
    { "dhcp-remoteid", 1u << CLIENT_MATCH_REMOTE_ID },
    { "dhcp-subscrid", 1u << CLIENT_MATCH_SUBSCRIBER_ID },
};

/* ------------------------------------------------------------------ what all lines share */

/* "set:tag" or, as it was before there was that, the tag alone; and a comma. */
static enum status read_tag(struct option_context *context, struct value *rest, const char *compat,
                            struct client_match_rule *rule)
{
    struct value field, after;
    rule->place = context->place;
    bool any = value_next_field(rest, ',', &field);
    bool is_set = any && value_after_prefix(field, "set:", &after);
    if (!any || rest->text.at == NULL)
        return option_fail(context, any ? field.text : TEXT_NONE,
                           is_set && compat != NULL ? bad_option : compat,
                           "the tag comes first, then, after a comma, what sets it");
    return dhcp_intern_tag(context, is_set ? after.text : field.text, &rule->tag);
}

/* Without blanks at its ends. */
static struct value trimmed(struct value value)
{
    struct text text = text_trim(value.text);
    return text.count > 0 ? value_part(value, (size_t)(text.at - value.text.at), text.count)
                          : value_of(TEXT(""));
}

static enum status keep_rule(struct option_context *context, const struct client_match_rule *rule)
{
    struct dhcp_config *dhcp = context->part;
    struct client_match_rule *kept = option_append(context, &dhcp->matches, &dhcp->match_count,
                                                   &dhcp->match_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *rule;
    return STATUS_OK;
}

/* The text itself is the value. */
static enum status keep_text(struct option_context *context, struct text text,
                             struct client_match_rule *rule)
{
    rule->written = option_string(context, text);
    if (rule->written == NULL)
        return STATUS_NO_MEMORY;
    rule->value = text_bytes(text_of(rule->written));
    return STATUS_OK;
}

static bool read_hex_byte(struct text text, uint64_t *byte)
{
    return text.count <= 2 && text_to_u64_hex(text, byte) == STATUS_OK;
}

/* "01:2:*" as bytes and which of them may be anything. *is_hex: it has that look, with a colon. */
static enum status read_hex(struct option_context *context, struct value value, bool wildcards,
                            struct client_match_rule *rule, bool *is_hex)
{
    struct text rest = value.text;
    struct text byte;
    uint64_t number = 0;
    size_t count = 0;
    *is_hex = !value_is_quoted(value) && text_find(value.text, ':') != SIZE_MAX;
    while (*is_hex && text_next_field(&rest, ':', &byte)) {
        *is_hex = read_hex_byte(byte, &number) || (wildcards && text_equal(byte, TEXT("*")));
        count++;
    }
    if (!*is_hex)
        return STATUS_OK;
    uint8_t *bytes = arena_take(context->arena, count * 2);
    if (bytes == NULL)
        return option_fail(context, value.text, NULL, "no memory");
    rest = value.text;
    for (size_t i = 0; text_next_field(&rest, ':', &byte); i++) {
        bytes[count + i] = byte.at[0] == '*';
        if (read_hex_byte(byte, &number))
            bytes[i] = (uint8_t)number;
    }
    rule->value = bytes_of(bytes, count);
    rule->any = bytes + count;
    rule->written = option_string(context, value.text);
    return rule->written != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* ------------------------------------------------------------------ classes */

static enum status read_class(struct option_context *context, struct value value,
                              enum client_match_subject subject)
{
    struct client_match_rule rule = { .subject = (uint8_t)subject, .form = CLIENT_MATCH_TEXT };
    struct value rest = value;
    struct value field, after;
    enum status status = read_tag(context, &rest, NULL, &rule);
    if (status != STATUS_OK)
        return status;
    (void)value_next_field(&rest, ',', &field);
    if (subject == CLIENT_MATCH_VENDOR_CLASS && value_after_prefix(field, "enterprise:", &after)) {
        if (text_to_u32(after.text, &rule.enterprise) != STATUS_OK)
            return option_fail(context, after.text, NULL, "\"%.*s\" is not an enterprise number",
                               TEXT_ARG(after.text));
        rule.has_enterprise = true;
        rule.ip6 = rest.text.at == NULL;
        if (rule.ip6)
            return keep_rule(context, &rule);
        (void)value_next_field(&rest, ',', &field);
    }
    if (rest.text.at != NULL)
        return option_fail(context, rest.text, NULL,
                           "the class is one field; a comma in it needs double quotes");
    status = keep_text(context, field.text, &rule);
    return status == STATUS_OK ? keep_rule(context, &rule) : status;
}

enum status dhcp_read_vendor_class(struct option_context *context, struct value value)
{
    return read_class(context, value, CLIENT_MATCH_VENDOR_CLASS);
}

enum status dhcp_read_user_class(struct option_context *context, struct value value)
{
    return read_class(context, value, CLIENT_MATCH_USER_CLASS);
}

/* ------------------------------------------------------------------ cards, names, relays */

enum status dhcp_read_mac(struct option_context *context, struct value value)
{
    struct client_match_rule rule = { .subject = CLIENT_MATCH_HARDWARE };
    struct value rest = value;
    enum status status = read_tag(context, &rest, NULL, &rule);
    if (status == STATUS_OK)
        status = dhcp_read_hardware(context, text_trim(rest.text), NULL, &rule.hardware);
    return status == STATUS_OK ? keep_rule(context, &rule) : status;
}

enum status dhcp_read_name_match(struct option_context *context, struct value value)
{
    struct client_match_rule rule = { .subject = CLIENT_MATCH_NAME, .form = CLIENT_MATCH_WHOLE };
    struct value rest = value;
    enum status status = read_tag(context, &rest, NULL, &rule);
    if (status != STATUS_OK)
        return status;
    struct text name = text_trim(rest.text);
    if (name.count == 0)
        return option_fail(context, TEXT_NONE, NULL, "the name is missing");
    rule.prefix = name.at[name.count - 1] == '*';
    if (rule.prefix)
        name.count--;
    status = keep_text(context, name, &rule);
    return status == STATUS_OK ? keep_rule(context, &rule) : status;
}

static enum status read_agent(struct option_context *context, struct value value,
                              enum client_match_subject subject)
{
    struct client_match_rule rule = { .subject = (uint8_t)subject, .form = CLIENT_MATCH_WHOLE };
    struct value rest = value;
    bool is_hex;
    enum status status = read_tag(context, &rest, NULL, &rule);
    if (status != STATUS_OK)
        return status;
    struct value id = trimmed(rest);
    status = read_hex(context, id, false, &rule, &is_hex);
    if (status == STATUS_OK && !is_hex) {
        rule.quoted = value_is_quoted(id);
        status = keep_text(context, id.text, &rule);
    }
    return status == STATUS_OK ? keep_rule(context, &rule) : status;
}

enum status dhcp_read_circuit_id(struct option_context *context, struct value value)
{
    return read_agent(context, value, CLIENT_MATCH_CIRCUIT_ID);
}

enum status dhcp_read_remote_id(struct option_context *context, struct value value)
{
    return read_agent(context, value, CLIENT_MATCH_REMOTE_ID);
}

enum status dhcp_read_subscriber_id(struct option_context *context, struct value value)
{
    return read_agent(context, value, CLIENT_MATCH_SUBSCRIBER_ID);
}

/* ------------------------------------------------------------------ dhcp-match: which option */

static enum status read_number(struct option_context *context, struct text text, uint64_t max,
                               struct client_match_rule *rule)
{
    uint64_t code;
    if (text_to_u64(text, max, &code) != STATUS_OK || code == 0)
        return option_fail(context, text, bad_option,
                           "\"%.*s\" is not a DHCP option (a number from 1 to %llu, or "
                           "option:<name>)",
                           TEXT_ARG(text), (unsigned long long)max);
    rule->code = (uint16_t)code;
    return STATUS_OK;
}

static enum status read_name(struct option_context *context, struct text text,
                             struct client_match_rule *rule)
{
    const struct dhcp_code *code = rule->ip6 ? dhcp6_code_by_name(text) : dhcp4_code_by_name(text);
    if (code == NULL)
        return option_fail(context, text, bad_option,
                           "no DHCP%s option is called \"%.*s\" (--help dhcp lists them; a number "
                           "does for any)",
                           rule->ip6 ? "v6" : "", TEXT_ARG(text));
    rule->code = code->code;
    rule->by_name = true;
    return STATUS_OK;
}

static enum status read_subject(struct option_context *context, struct value field,
                                struct client_match_rule *rule)
{
    struct value after;
    struct text name;
    rule->subject = CLIENT_MATCH_OPTION;
    if (value_after_prefix(field, "vi-encap:", &after)) {
        rule->subject = CLIENT_MATCH_ENTERPRISE;
        if (text_to_u32(after.text, &rule->enterprise) != STATUS_OK)
            return option_fail(context, after.text, bad_option,
                               "\"%.*s\" is not an enterprise number", TEXT_ARG(after.text));
        return STATUS_OK;
    }
    if (value_after_prefix(field, "encap:", &after))
        return option_fail(context, field.text, "inappropriate encap:",
                           "options inside others cannot be matched, only vi-encap: can");
    if (value_after_prefix(field, "vendor:", &after))
        return option_fail(context, field.text, "inappropriate vendor:",
                           "options inside others cannot be matched, only vi-encap: can");
    if (value_after_prefix(field, "option6:", &after)) {
        rule->ip6 = true;
        bool digits = after.text.count > 0 && after.text.at[0] >= '0' && after.text.at[0] <= '9';
        return digits ? read_number(context, after.text, UINT16_MAX, rule)
                      : read_name(context, after.text, rule);
    }
    if (value_after_prefix(field, "option:", &after))
        return read_name(context, after.text, rule);
    if (dhcp_tag_word(field, &name) != DHCP_TAG_NONE)
        return option_fail(context, field.text, bad_match, "only one tag can be set");
    return read_number(context, field.text, 254, rule);
}

/* ------------------------------------------------------------------ dhcp-match: its value */

static enum dhcp_value value_kind(const struct client_match_rule *rule)
{
    const struct dhcp_code *code = NULL;
    if (rule->subject == CLIENT_MATCH_OPTION)
        code = rule->ip6 ? dhcp6_code_find(rule->code) : dhcp4_code_find(rule->code);
    return code != NULL ? (enum dhcp_value)code->value : DHCP_VALUE_UNKNOWN;
}

/* A number, perhaps with a width; a list of IPv4 addresses. Else it is text. */
static bool looks_like_elements(struct value value)
{
    bool digit = false;
    bool dotted = false;
    struct text text = value.text;
    if (value_is_quoted(value))
        return false;
    if (text.count > 0 && text.at[0] == '-')
        text = text_after(text, 1);
    for (size_t i = 0; i < text.count; i++) {
        char c = text.at[i];
        bool width = i + 1 == text.count && (c == 'b' || c == 's' || c == 'i');
        if (c >= '0' && c <= '9')
            digit = true;
        else if (c == '.' || c == ',' || c == ' ')
            dotted = true;
        else if (!width || dotted)
            return false;
    }
    return digit;
}

static enum client_match_form form_of(const struct client_match_rule *rule, struct value value)
{
    switch (value_kind(rule)) {
    case DHCP_VALUE_ADDRESSES:
    case DHCP_VALUE_NUMBER:
    case DHCP_VALUE_TIME:
        return CLIENT_MATCH_ELEMENT;
    case DHCP_VALUE_STRING:
    case DHCP_VALUE_NAME:
    case DHCP_VALUE_NAMES_WIRE:
    case DHCP_VALUE_SIP:
    case DHCP_VALUE_ROUTES:
        return CLIENT_MATCH_TEXT;
    case DHCP_VALUE_UNKNOWN:
    case DHCP_VALUE_INTERNAL:
        break;
    }
    return looks_like_elements(value) ? CLIENT_MATCH_ELEMENT : CLIENT_MATCH_TEXT;
}

/* As dhcp-option would send it. */
static enum status encode(struct option_context *context, struct value value,
                          struct client_match_rule *rule)
{
    struct option_value_field fields[VALUE_FIELDS_MAX];
    uint8_t buffer[VALUE_ROOM];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct option_value ignored;
    struct value rest = value;
    const char *why = NULL;
    size_t count = 0;
    while (rest.text.at != NULL) {
        if (count == VALUE_FIELDS_MAX)
            return option_fail(context, rest.text, "dhcp-option too long",
                               "a value has at most %d fields", VALUE_FIELDS_MAX);
        size_t comma = value_find(rest, ',');
        struct value field = comma == SIZE_MAX ? rest : value_part(rest, 0, comma);
        fields[count++] = (struct option_value_field){ field.text, value_is_quoted(field) };
        if (comma == SIZE_MAX)
            break;
        rest = value_part(rest, comma + 1, SIZE_MAX);
    }
    struct option_value_source source = { .is_dhcp6 = rule->ip6,
                                          .code = rule->code,
                                          .encapsulated = rule->subject == CLIENT_MATCH_ENTERPRISE,
                                          .by_name = rule->by_name,
                                          .fields = fields,
                                          .count = count };
    if (option_value_read(&source, &writer, &ignored, &why) != STATUS_OK)
        return option_fail(context, value.text, why, "%s: \"%.*s\" is not a value of this option",
                           why, TEXT_ARG(value.text));
    rule->value = arena_bytes(context->arena, bytes_writer_written(&writer));
    if (rule->value.at == NULL && bytes_writer_count(&writer) > 0)
        return option_fail(context, value.text, NULL, "no memory");
    rule->written = option_string(context, text_trim(value.text));
    return rule->written != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status dhcp_read_match(struct option_context *context, struct value value)
{
    struct client_match_rule rule = { .form = CLIENT_MATCH_PRESENT };
    struct value rest = value;
    struct value field;
    bool is_hex;
    enum status status = read_tag(context, &rest, bad_match, &rule);
    if (status != STATUS_OK)
        return status;
    (void)value_next_field(&rest, ',', &field);
    status = read_subject(context, field, &rule);
    if (status != STATUS_OK || rest.text.at == NULL)
        return status == STATUS_OK ? keep_rule(context, &rule) : status;

    rest = trimmed(rest);
    status = read_hex(context, rest, true, &rule, &is_hex);
    if (status != STATUS_OK)
        return status;
    rule.form = CLIENT_MATCH_BYTES;
    if (!is_hex) {
        rule.quoted = value_is_quoted(rest);
        rule.form = (uint8_t)form_of(&rule, rest);
        status = encode(context, rest, &rule);
    }
    return status == STATUS_OK ? keep_rule(context, &rule) : status;
}

/* ------------------------------------------------------------------ printing */

static void put_subject(struct text_out *out, const struct client_match_rule *rule)
{
    if (rule->subject == CLIENT_MATCH_ENTERPRISE) {
        text_printf(out, ",vi-encap:%u", rule->enterprise);
        return;
    }
    const struct dhcp_code *code = NULL;
    if (rule->by_name)
        code = rule->ip6 ? dhcp6_code_find(rule->code) : dhcp4_code_find(rule->code);
    text_put_string(out, rule->ip6 ? ",option6:" : rule->by_name ? ",option:" : ",");
    if (code != NULL)
        text_put_string(out, code->name);
    else
        text_printf(out, "%u", rule->code);
}

static void put_written(struct text_out *out, const struct client_match_rule *rule)
{
    struct text text = text_of(rule->written);
    text_put_char(out, ',');
    if (rule->quoted)
        option_put_in_quotes(out, text);
    else if (rule->subject == CLIENT_MATCH_OPTION || rule->subject == CLIENT_MATCH_ENTERPRISE
             || rule->any != NULL)
        option_put_whole(out, text);
    else
        option_put_quoted(out, text);
}

static void print_rule(const struct dhcp_config *dhcp, const struct client_match_rule *rule,
                       struct option_printer *printer)
{
    char line[DHCP_LINE_MAX_BYTES * 2];
    struct text_out out = text_out_on(line, sizeof(line));
    text_put_string(&out, "set:");
    option_put_quoted(&out, text_of(dhcp->tags.names[rule->tag]));
    if (rule->subject == CLIENT_MATCH_OPTION || rule->subject == CLIENT_MATCH_ENTERPRISE)
        put_subject(&out, rule);
    if (rule->has_enterprise)
        text_printf(&out, ",enterprise:%u", rule->enterprise);
    if (rule->subject == CLIENT_MATCH_HARDWARE) {
        text_put_char(&out, ',');
        dhcp_put_hardware(&out, &rule->hardware);
    }
    if (rule->written != NULL)
        put_written(&out, rule);
    if (rule->prefix)
        text_put_char(&out, '*');
    option_print_value(printer, "%s", line);
}

void dhcp_print_matches(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    unsigned subjects = 0;
    for (size_t i = 0; i < COUNT_OF(printed); i++) {
        if (text_equal(text_of(printed[i].option), text_of(printer->option->name)))
            subjects = printed[i].subjects;
    }
    for (size_t i = 0; i < dhcp->match_count; i++) {
        if ((subjects >> dhcp->matches[i].subject & 1) != 0)
            print_rule(dhcp, &dhcp->matches[i], printer);
    }
}

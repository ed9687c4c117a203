#include "dhcp/dhcp_options.h"

/* ------------------------------------------------------------------ tags */

enum dhcp_tag_word dhcp_tag_word(struct value field, struct text *name)
{
    struct value after;
    if (value_after_prefix(field, "set:", &after)) {
        *name = after.text;
        return DHCP_TAG_SET;
    }
    if (value_after_prefix(field, "tag:", &after) || value_after_prefix(field, "net:", &after)) {
        *name = after.text;
        return DHCP_TAG_CONDITION;
    }
    *name = field.text;
    return value_find(field, '#') == 0 ? DHCP_TAG_CONDITION : DHCP_TAG_NONE;
}

enum status dhcp_intern_tag(struct option_context *context, struct text name, uint16_t *tag)
{
    struct dhcp_config *dhcp = context->part;
    enum status status = tag_names_intern(&dhcp->tags, context->arena, name, tag);
    if (status == STATUS_FULL)
        return option_fail(context, name, NULL, "there are more than %d different tags", TAGS_MAX);
    if (status != STATUS_OK)
        return option_fail(context, name, NULL, "no memory for another tag");
    return STATUS_OK;
}

enum status dhcp_add_condition(struct option_context *context, struct text name,
                               struct tag_conditions *conditions)
{
    struct tag_condition condition = { 0 };
    if (text_starts(name, TEXT("!")) || text_starts(name, TEXT("#"))) {
        condition.negated = true;
        name = text_after(name, 1);
    }
    enum status status = dhcp_intern_tag(context, name, &condition.tag);
    if (status != STATUS_OK)
        return status;
    struct tag_condition *kept = option_append(context, &conditions->at, &conditions->count,
                                               &conditions->room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = condition;
    return STATUS_OK;
}

void dhcp_put_comma(struct text_out *out)
{
    if (out->count > 0)
        text_put_char(out, ',');
}

void dhcp_put_conditions(struct text_out *out, const struct tag_conditions *conditions,
                         const struct tag_names *names)
{
    for (size_t i = 0; i < conditions->count; i++) {
        text_put_string(out, conditions->at[i].negated ? "tag:!" : "tag:");
        option_put_quoted(out, text_of(names->names[conditions->at[i].tag]));
        if (conditions->at[i].prefix)
            text_put_char(out, '*');
        text_put_char(out, ',');
    }
}

/* ------------------------------------------------------------------ lease times */

void dhcp_put_lease_time(struct text_out *out, uint32_t seconds)
{
    static const struct {
        uint32_t seconds;
        char letter;
    } units[] = { { 7 * 86400, 'w' }, { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };

    if (seconds == DURATION_INFINITE) {
        text_put_string(out, "infinite");
        return;
    }
    size_t unit = 0;
    while (seconds % units[unit].seconds != 0)
        unit++;
    text_printf(out, "%u%c", seconds / units[unit].seconds, units[unit].letter);
}

bool dhcp_lease_time(struct option_context *context, struct text text, const char *compat,
                     uint32_t *seconds, enum status *status)
{
    enum status read = text_to_duration(text, seconds);
    if (read != STATUS_OK && read != STATUS_RANGE)
        return false;

    if (read == STATUS_RANGE)
        *status = option_fail(context, text, compat,
                              "\"%.*s\" is too long a time (\"infinite\" lasts for ever)",
                              TEXT_ARG(text));
    else
        *status = STATUS_OK;
    if (*seconds < DHCP_LEASE_MIN_S)
        *seconds = DHCP_LEASE_MIN_S;
    return true;
}

/* ------------------------------------------------------------------ dhcp-ignore */

enum status dhcp_read_condition_line(struct option_context *context, struct value value,
                                     bool for_all, struct dhcp_conditions **lines, size_t *count,
                                     size_t *room)
{
    struct dhcp_conditions line = { .place = context->place };
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        struct text name;
        if (field.text.count == 0)
            continue;
        (void)dhcp_tag_word(field, &name); /* any spelling of a tag is a condition here */
        enum status status = dhcp_add_condition(context, name, &line.conditions);
        if (status != STATUS_OK)
            return status;
    }
    if (line.conditions.count == 0 && !for_all)
        return STATUS_OK;
    struct dhcp_conditions *kept = option_append(context, lines, count, room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

void dhcp_print_condition_lines(struct option_printer *printer, const struct dhcp_config *dhcp,
                                const struct dhcp_conditions *lines, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        if (lines[i].conditions.count == 0) {
            option_print_flag(printer);
            continue;
        }
        dhcp_put_conditions(&out, &lines[i].conditions, &dhcp->tags);
        text_out_rewind(&out, out.count - 1);
        option_print_value(printer, "%s", line);
    }
}

enum status dhcp_read_ignore(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    return dhcp_read_condition_line(context, value, false, &dhcp->ignores, &dhcp->ignore_count,
                                    &dhcp->ignore_room);
}

void dhcp_print_ignore(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    dhcp_print_condition_lines(printer, dhcp, dhcp->ignores, dhcp->ignore_count);
}

/* ------------------------------------------------------------------ names of clients */

enum status dhcp_read_ignore_names(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    return dhcp_read_condition_line(context, value, true, &dhcp->ignore_names,
                                    &dhcp->ignore_name_count, &dhcp->ignore_name_room);
}

void dhcp_print_ignore_names(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    dhcp_print_condition_lines(printer, dhcp, dhcp->ignore_names, dhcp->ignore_name_count);
}

enum status dhcp_read_generate_names(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    return dhcp_read_condition_line(context, value, true, &dhcp->generate_names,
                                    &dhcp->generate_name_count, &dhcp->generate_name_room);
}

void dhcp_print_generate_names(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    dhcp_print_condition_lines(printer, dhcp, dhcp->generate_names, dhcp->generate_name_count);
}

/* ------------------------------------------------------------------ tag-if */

static const char bad_tag_if[] = "bad tag-if";

static enum status bad_tag_item(struct option_context *context, struct text item)
{
    return option_fail(context, item, bad_tag_if,
                       "\"%.*s\" is neither set:<tag> nor tag:<tag> (tag:!<tag>, tag:<start>*)",
                       TEXT_ARG(item));
}

/* "name", "!name", "name*". */
static enum status add_tag_if_condition(struct option_context *context, struct text name,
                                        struct dhcp_tag_if *line)
{
    bool prefix = text_ends(name, TEXT("*"));
    if (prefix)
        name.count--;
    enum status status = dhcp_add_condition(context, name, &line->conditions);
    if (status == STATUS_OK)
        line->conditions.at[line->conditions.count - 1].prefix = prefix;
    return status;
}

static enum status add_tag_if_set(struct option_context *context, struct text name,
                                  struct dhcp_tag_if *line)
{
    uint16_t tag;
    enum status status = dhcp_intern_tag(context, name, &tag);
    if (status != STATUS_OK)
        return status;
    uint16_t *kept = option_append(context, &line->set_tags, &line->set_tag_count,
                                   &line->set_tag_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = tag;
    return STATUS_OK;
}

enum status dhcp_read_tag_if(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct dhcp_tag_if line = { .place = context->place };
    struct value rest = value;
    struct value field, after;

    while (value_next_field(&rest, ',', &field)) {
        bool is_set = value_after_prefix(field, "set:", &after);
        if ((!is_set && !value_after_prefix(field, "tag:", &after)) || after.text.count == 0)
            return bad_tag_item(context, field.text);
        enum status status = is_set ? add_tag_if_set(context, after.text, &line)
                                    : add_tag_if_condition(context, after.text, &line);
        if (status != STATUS_OK)
            return status;
    }
    if (line.set_tag_count == 0)
        return option_fail(context, TEXT_NONE, bad_tag_if, "no tag to set: set:<tag> is missing");
    struct dhcp_tag_if *kept = option_append(context, &dhcp->tag_ifs, &dhcp->tag_if_count,
                                             &dhcp->tag_if_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

void dhcp_print_tag_if(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->tag_if_count; i++) {
        const struct dhcp_tag_if *tag_if = &dhcp->tag_ifs[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        for (size_t j = 0; j < tag_if->set_tag_count; j++) {
            text_put_string(&out, "set:");
            option_put_quoted(&out, text_of(dhcp->tags.names[tag_if->set_tags[j]]));
            text_put_char(&out, ',');
        }
        dhcp_put_conditions(&out, &tag_if->conditions, &dhcp->tags);
        text_out_rewind(&out, out.count - 1);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ no-dhcp-interface */

enum status dhcp_read_no_interface(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        struct text name = field.text;
        if (name.count == 0)
            continue;
        struct site_interface *item = option_append(context, &dhcp->no_dhcp, &dhcp->no_dhcp_count,
                                                    &dhcp->no_dhcp_room, sizeof(*item));
        if (item == NULL)
            return STATUS_NO_MEMORY;
        item->place = context->place;
        item->prefix = text_ends(name, TEXT("*"));
        if (item->prefix)
            name.count--;
        item->pattern = option_string(context, name);
        if (item->pattern == NULL)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

void dhcp_print_no_interface(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->no_dhcp_count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        option_put_quoted(&out, text_of(dhcp->no_dhcp[i].pattern));
        if (dhcp->no_dhcp[i].prefix)
            text_put_char(&out, '*');
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ dhcp-leasefile */

enum status dhcp_read_lease_file(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    dhcp->lease_file = NULL;
    if (value.text.count == 0)
        return STATUS_OK;
    dhcp->lease_file = option_string(context, value.text);
    return dhcp->lease_file != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

void dhcp_print_lease_file(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    char line[DHCP_LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));
    if (dhcp->lease_file == NULL)
        return;
    option_put_whole(&out, text_of(dhcp->lease_file));
    option_print_value(printer, "%s", line);
}

#include "dhcp/dhcp_options.h"

static const char bad_range[] = "bad dhcp-range";

/* Only such characters: then it is an address, well or badly written, and no tag. */
static bool looks_like_address(struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        char c = text_fold(text.at[i]);
        if (c != '.' && c != ':' && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'))
            return false;
    }
    return text.count > 0;
}

static enum status set_tag(struct option_context *context, struct text name,
                           struct dhcp_range *range)
{
    if (range->has_set_tag)
        return option_fail(context, name, "only one tag allowed",
                           "a range sets one tag; conditions are written \"tag:%.*s\"",
                           TEXT_ARG(name));
    range->has_set_tag = true;
    return dhcp_intern_tag(context, name, &range->set_tag);
}

/* Everything before the first address. */
static enum status read_tags(struct option_context *context, struct dhcp_fields *fields,
                             struct dhcp_range *range)
{
    enum status status = STATUS_OK;
    for (; status == STATUS_OK && fields->left; dhcp_next_field(fields)) {
        struct value field = fields->field;
        struct value after;
        struct text name;
        enum dhcp_tag_word word = dhcp_tag_word(field, &name);

        if (word == DHCP_TAG_CONDITION) {
            status = dhcp_add_condition(context, name, &range->conditions);
        } else if (word == DHCP_TAG_SET) {
            status = set_tag(context, name, range);
        } else if (value_after_prefix(field, "interface:", &after)) {
            range->interface = option_string(context, after.text);
            if (range->interface == NULL)
                status = STATUS_NO_MEMORY;
        } else if (field.text.count > 0 && !looks_like_address(field.text)
                   && text_find(field.text, ':') == SIZE_MAX) {
            status = set_tag(context, name, range); /* an old way to write set: */
        } else {
            return STATUS_OK;
        }
    }
    return status;
}

static enum status read_first(struct option_context *context, struct dhcp_fields *fields,
                              struct dhcp_range *range)
{
    struct text text = fields->field.text;
    if (!fields->left || text.count == 0)
        return option_fail(context, TEXT_NONE, bad_range,
                           "a range starts with an address (try 192.0.2.10,192.0.2.50,12h)");
    if (address_from_text(text, &range->first) != STATUS_OK)
        return option_fail(context, text, bad_range,
                           "\"%.*s\" is not an IPv4 address (like 192.0.2.10)", TEXT_ARG(text));
    dhcp_next_field(fields);
    return STATUS_OK;
}

static bool is_ip4(struct text text, struct address *address)
{
    return address_from_text(text, address) == STATUS_OK && address->family == ADDRESS_IP4;
}

/* The last address, or static or proxy in its place. */
static enum status read_last(struct option_context *context, struct dhcp_fields *fields,
                             struct dhcp_range *range)
{
    struct text text = fields->field.text;
    range->last = range->first;
    if (text_equal(text, TEXT("static"))) {
        range->mode = DHCP_RANGE_STATIC;
    } else if (text_equal(text, TEXT("proxy"))) {
        range->mode = DHCP_RANGE_PROXY;
    } else if (!is_ip4(text, &range->last)) {
        return option_fail(context, text, bad_range,
                           "after the first address comes the last one, \"static\" or \"proxy\", "
                           "not \"%.*s\"",
                           TEXT_ARG(text));
    }
    if (address_compare(&range->first, &range->last) > 0) {
        struct address first = range->last;
        range->last = range->first;
        range->first = first;
    }
    dhcp_next_field(fields);
    return STATUS_OK;
}

static enum status read_netmask(struct option_context *context, struct dhcp_fields *fields,
                                struct dhcp_range *range)
{
    struct address mask;
    unsigned length;
    if (!is_ip4(fields->field.text, &mask))
        return STATUS_OK;
    if (netmask_to_length(&mask, &length) != STATUS_OK)
        return option_fail(context, fields->field.text, bad_range,
                           "%.*s is not a netmask: its ones are not all in front "
                           "(like 255.255.255.0)",
                           TEXT_ARG(fields->field.text));
    uint32_t different = address_ip4_to_u32(range->first) ^ address_ip4_to_u32(range->last);
    if ((different & address_ip4_to_u32(mask)) != 0)
        return option_fail(context, fields->field.text, "inconsistent DHCP range",
                           "under the netmask %.*s the first and the last address are in "
                           "different networks",
                           TEXT_ARG(fields->field.text));
    /* 0.0.0.0 is a way to leave it open. */
    if (length > 0)
        range->netmask = mask;
    dhcp_next_field(fields);
    if (is_ip4(fields->field.text, &range->broadcast))
        dhcp_next_field(fields);
    else
        range->broadcast = (struct address){ 0 };
    return STATUS_OK;
}

static enum status read_lease(struct option_context *context, struct dhcp_fields *fields,
                              struct dhcp_range *range)
{
    struct text text = fields->field.text;
    enum status status = STATUS_OK;
    bool last = fields->rest.text.at == NULL;

    if (!fields->left || (last && text.count == 0))
        return STATUS_OK;
    if (dhcp_lease_time(context, text, bad_range, &range->lease_s, &status)) {
        range->lease_given = true;
    } else if (!text_equal(text, TEXT("deprecated"))) { /* means something for IPv6 only */
        return option_fail(context, text, bad_range,
                           text_find(text, '.') != SIZE_MAX
                               ? "\"%.*s\" is neither an IPv4 address nor a time"
                               : "\"%.*s\" is not a time (try 12h, 45m, infinite)",
                           TEXT_ARG(text));
    }
    if (status != STATUS_OK)
        return status;
    dhcp_next_field(fields);
    if (fields->left)
        return option_fail(context, fields->field.text, bad_range,
                           "nothing may follow the lease time, but \"%.*s\" does",
                           TEXT_ARG(fields->field.text));
    return STATUS_OK;
}

enum status dhcp_read_range(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct dhcp_range range = { .place = context->place, .lease_s = DHCP_LEASE_DEFAULT_S };
    struct dhcp_fields fields = { .rest = value };
    dhcp_next_field(&fields);

    enum status status = read_tags(context, &fields, &range);
    if (status == STATUS_OK && text_find(fields.field.text, ':') != SIZE_MAX)
        return dhcp_read_range6(context, fields.field, fields.rest, &range);
    if (status == STATUS_OK)
        status = read_first(context, &fields, &range);
    if (status == STATUS_OK)
        status = read_last(context, &fields, &range);
    if (status == STATUS_OK)
        status = read_netmask(context, &fields, &range);
    if (status == STATUS_OK)
        status = read_lease(context, &fields, &range);
    if (status != STATUS_OK)
        return status;

    struct dhcp_range *kept =
        option_append(context, &dhcp->ranges, &dhcp->range_count, &dhcp->range_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = range;
    return STATUS_OK;
}

static void put_network(struct text_out *out, const struct dhcp_range *range)
{
    text_put_address(out, &range->first);
    text_put_char(out, ',');
    switch ((enum dhcp_range_mode)range->mode) {
    case DHCP_RANGE_DYNAMIC:
        text_put_address(out, &range->last);
        break;
    case DHCP_RANGE_STATIC:
        text_put_string(out, "static");
        break;
    case DHCP_RANGE_PROXY:
        text_put_string(out, "proxy");
        break;
    }

    bool has_broadcast = !address_is_none(&range->broadcast);
    if (!address_is_none(&range->netmask)) {
        text_put_char(out, ',');
        text_put_address(out, &range->netmask);
    } else if (has_broadcast) {
        text_put_string(out, ",0.0.0.0");
    }
    if (has_broadcast) {
        text_put_char(out, ',');
        text_put_address(out, &range->broadcast);
    }
}

void dhcp_print_range(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->range_count; i++) {
        const struct dhcp_range *range = &dhcp->ranges[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));

        dhcp_put_conditions(&out, &range->conditions, &dhcp->tags);
        if (range->has_set_tag) {
            text_put_string(&out, "set:");
            option_put_quoted(&out, text_of(dhcp->tags.names[range->set_tag]));
            text_put_char(&out, ',');
        }
        if (range->interface != NULL) {
            text_put_string(&out, "interface:");
            option_put_quoted(&out, text_of(range->interface));
            text_put_char(&out, ',');
        }
        put_network(&out, range);
        if (range->lease_given) {
            text_put_char(&out, ',');
            dhcp_put_lease_time(&out, range->lease_s);
        }
        option_print_value(printer, "%s", line);
    }
    dhcp_print_ranges6(dhcp, printer);
}

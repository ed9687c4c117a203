/* The part of dhcp-range lines that is about IPv6 (dhcp.md section 2.2). */
#include "dhcp/dhcp_options.h"

#define PREFIX_MIN 64 /* of a link */
#define RA_MODES                                                                                   \
    (DHCP_RANGE6_RA_ONLY | DHCP_RANGE6_SLAAC | DHCP_RANGE6_RA_NAMES | DHCP_RANGE6_RA_STATELESS     \
     | DHCP_RANGE6_RA_ADVROUTER)
#define DELEGATED_LENGTH 64 /* RFC 9663: a link's worth for every client */

static const char bad_range[] = "bad dhcp-range";
static const char inconsistent[] = "inconsistent DHCPv6 range";

static const struct {
    const char *word;
    uint8_t mode; /* enum dhcp_range6_mode */
} mode_words[] = {
    { "static", DHCP_RANGE6_STATIC },
    { "ra-only", DHCP_RANGE6_RA_ONLY },
    { "slaac", DHCP_RANGE6_SLAAC },
    { "ra-names", DHCP_RANGE6_RA_NAMES },
    { "ra-stateless", DHCP_RANGE6_RA_STATELESS },
    { "ra-advrouter", DHCP_RANGE6_RA_ADVROUTER },
    { "off-link", DHCP_RANGE6_OFF_LINK },
    { "pd", DHCP_RANGE6_DELEGATE },
};

/* Only digits: then it is a length and, where none is due, a time. */
static bool is_number(struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    }
    return text.count > 0;
}

static enum status read_last(struct option_context *context, struct dhcp_fields *fields,
                             struct dhcp_range6 *range)
{
    struct text text = fields->field.text;
    range->last = range->first;
    if (!fields->left)
        return option_fail(context, TEXT_NONE, bad_range,
                           "after the first address comes the last one, a mode or the length of "
                           "the prefix (try 2001:db8::10,2001:db8::99,64,12h)");
    if (text_find(text, ':') == SIZE_MAX || text_starts(text, TEXT("constructor:")))
        return STATUS_OK;
    if (address_from_text(text, &range->last) != STATUS_OK || range->last.family != ADDRESS_IP6)
        return option_fail(context, text, bad_range, "\"%.*s\" is not an IPv6 address",
                           TEXT_ARG(text));
    range->has_last = true;
    if (address_compare(&range->first, &range->last) > 0) {
        struct address first = range->last;
        range->last = range->first;
        range->first = first;
    }
    dhcp_next_field(fields);
    return STATUS_OK;
}

static enum status read_constructor(struct option_context *context, struct text name,
                                    struct dhcp_range6 *range)
{
    range->constructor_prefix = text_ends(name, TEXT("*"));
    if (name.count == 0)
        return option_fail(context, name, bad_range,
                           "after \"constructor:\" comes the name of an interface");
    if (range->constructor_prefix)
        name = text_part(name, 0, name.count - 1);
    range->constructor = option_string(context, name);
    return range->constructor != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static uint8_t mode_of(struct text word)
{
    for (size_t i = 0; i < COUNT_OF(mode_words); i++) {
        if (text_equal(word, text_of(mode_words[i].word)))
            return mode_words[i].mode;
    }
    return 0;
}

/* constructor: and words, in any order. */
static enum status read_modes(struct option_context *context, struct dhcp_fields *fields,
                              struct dhcp_range6 *range)
{
    enum status status = STATUS_OK;
    for (; status == STATUS_OK && fields->left; dhcp_next_field(fields)) {
        struct value after;
        uint8_t mode = mode_of(fields->field.text);
        if (mode != 0)
            range->modes |= mode;
        else if (value_after_prefix(fields->field, "constructor:", &after))
            status = read_constructor(context, after.text, range);
        else
            return STATUS_OK;
    }
    return status;
}

static enum status read_length(struct option_context *context, struct dhcp_fields *fields,
                               const char *what, unsigned min, uint8_t *length)
{
    struct text text = fields->field.text;
    uint64_t value;
    if (!is_number(text))
        return STATUS_OK;
    if (text_to_u64(text, 128, &value) != STATUS_OK)
        return option_fail(context, text, bad_range,
                           "%.*s is not the length of %s (a time of so many seconds is written "
                           "%.*ss)",
                           TEXT_ARG(text), what, TEXT_ARG(text));
    if (value < min)
        return option_fail(context, text, "prefix length must be at least 64",
                           "the length of %s is %u at least", what, min);
    *length = (uint8_t)value;
    dhcp_next_field(fields);
    return STATUS_OK;
}

static enum status read_lease(struct option_context *context, struct dhcp_fields *fields,
                              struct dhcp_range6 *range)
{
    struct text text = fields->field.text;
    enum status status = STATUS_OK;
    bool last = fields->rest.text.at == NULL;

    if (!fields->left || (last && text.count == 0))
        return STATUS_OK;
    if (text_equal(text, TEXT("deprecated")))
        range->deprecated = true;
    else if (dhcp_lease_time(context, text, bad_range, &range->lease_s, &status))
        range->lease_given = true;
    else
        return option_fail(context, text, bad_range,
                           "\"%.*s\" is neither a mode (static, ra-only, slaac, ra-names, "
                           "ra-stateless, ra-advrouter, off-link, pd) nor a time (12h, infinite)",
                           TEXT_ARG(text));
    if (status != STATUS_OK)
        return status;
    dhcp_next_field(fields);
    if (fields->left)
        return option_fail(context, fields->field.text, bad_range,
                           "nothing may follow the lease time, but \"%.*s\" does",
                           TEXT_ARG(fields->field.text));
    return STATUS_OK;
}

/* ------------------------------------------------------------------ what must hold */

static bool same_network(const struct address *a, const struct address *b, unsigned length)
{
    struct prefix prefix;
    return prefix_make(*a, length, &prefix) == STATUS_OK && prefix_contains(&prefix, b);
}

static enum status check_link(struct option_context *context, const struct dhcp_range6 *range)
{
    struct address none = address_any(ADDRESS_IP6);
    if (range->prefix_length != PREFIX_MIN && (range->modes & RA_MODES) != 0)
        return option_fail(context, TEXT_NONE, "prefix length must be exactly 64 for RA subnets",
                           "a network that is advertised to hosts has a prefix of 64 bits");
    if (range->prefix_length != PREFIX_MIN && range->constructor != NULL)
        return option_fail(context, TEXT_NONE,
                           "prefix length must be exactly 64 for subnet constructors",
                           "with \"constructor:\" the prefix has 64 bits");
    if (!same_network(&range->first, &range->last, range->prefix_length))
        return option_fail(context, TEXT_NONE, inconsistent,
                           "the first and the last address differ in the first %u bits",
                           range->prefix_length);
    if (range->constructor != NULL && !same_network(&none, &range->first, PREFIX_MIN))
        return option_fail(context, TEXT_NONE, "prefix must be zero with \"constructor:\" argument",
                           "with \"constructor:\" the addresses are without their network "
                           "(like ::10,::99), which comes from the interface");
    return STATUS_OK;
}

/* A pool of prefixes: its own length must be given, and what a client gets is a part of it. */
static enum status read_pool(struct option_context *context, struct dhcp_fields *fields,
                             struct dhcp_range6 *range)
{
    struct prefix whole;
    if (range->has_last || range->constructor != NULL || range->modes != DHCP_RANGE6_DELEGATE)
        return option_fail(context, TEXT_NONE, bad_range,
                           "\"pd\" follows the prefix and goes with no other mode "
                           "(try 2001:db8:f000::,pd,52,60)");
    range->prefix_length = 0;
    enum status status = read_length(context, fields, "the pool", 1, &range->prefix_length);
    if (status == STATUS_OK && range->prefix_length == 0)
        status = option_fail(context, fields->field.text, bad_range,
                             "after \"pd\" comes the length of the pool "
                             "(try 2001:db8:f000::,pd,52,60)");
    range->delegated_length = DELEGATED_LENGTH;
    if (status == STATUS_OK)
        status = read_length(context, fields, "a client's prefix", 1, &range->delegated_length);
    if (status != STATUS_OK)
        return status;
    if (range->delegated_length < range->prefix_length)
        return option_fail(context, TEXT_NONE, bad_range,
                           "a pool of length %u has no prefixes of length %u", range->prefix_length,
                           range->delegated_length);
    if (prefix_make(range->first, range->prefix_length, &whole) != STATUS_OK
        || !address_equal(&whole.address, &range->first))
        return option_fail(context, TEXT_NONE, bad_range,
                           "the address of the pool has bits behind its length, %u",
                           range->prefix_length);
    return STATUS_OK;
}

enum status dhcp_read_range6(struct option_context *context, struct value first, struct value rest,
                             const struct dhcp_range *tags)
{
    struct dhcp_config *dhcp = context->part;
    struct dhcp_fields fields = { .rest = rest };
    struct dhcp_range6 range = {
        .prefix_length = PREFIX_MIN,
        .delegated_length = DELEGATED_LENGTH,
        .lease_s = DHCP_LEASE6_DEFAULT_S,
        .conditions = tags->conditions,
        .set_tag = tags->set_tag,
        .has_set_tag = tags->has_set_tag,
        .place = context->place,
    };
    if (tags->interface != NULL)
        return option_fail(context, first.text, bad_range,
                           "\"interface:\" is for IPv4; for IPv6 it is \"constructor:\", behind "
                           "the addresses");
    if (address_from_text(first.text, &range.first) != STATUS_OK)
        return option_fail(context, first.text, bad_range,
                           "\"%.*s\" is not an IPv6 address (like 2001:db8::10)",
                           TEXT_ARG(first.text));
    dhcp_next_field(&fields);
    enum status status = read_last(context, &fields, &range);
    if (status == STATUS_OK)
        status = read_modes(context, &fields, &range);
    if (status == STATUS_OK && (range.modes & DHCP_RANGE6_DELEGATE) != 0) {
        status = read_pool(context, &fields, &range);
    } else if (status == STATUS_OK) {
        status = read_length(context, &fields, "the prefix", PREFIX_MIN, &range.prefix_length);
        if (status == STATUS_OK)
            status = check_link(context, &range);
    }
    if (status == STATUS_OK)
        status = read_lease(context, &fields, &range);
    if (status != STATUS_OK)
        return status;

    struct dhcp_range6 *kept = option_append(context, &dhcp->ranges6, &dhcp->range6_count,
                                             &dhcp->range6_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = range;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ printing */

static void put_range6(struct text_out *out, const struct dhcp_range6 *range)
{
    text_put_address(out, &range->first);
    if (range->has_last) {
        text_put_char(out, ',');
        text_put_address(out, &range->last);
    }
    if (range->constructor != NULL) {
        text_put_string(out, ",constructor:");
        option_put_quoted(out, text_of(range->constructor));
        if (range->constructor_prefix)
            text_put_char(out, '*');
    }
    for (size_t i = 0; i < COUNT_OF(mode_words); i++) {
        if ((range->modes & mode_words[i].mode) != 0)
            text_printf(out, ",%s", mode_words[i].word);
    }
    text_printf(out, ",%u", range->prefix_length);
    if ((range->modes & DHCP_RANGE6_DELEGATE) != 0)
        text_printf(out, ",%u", range->delegated_length);
    if (range->deprecated) {
        text_put_string(out, ",deprecated");
    } else if (range->lease_given) {
        text_put_char(out, ',');
        dhcp_put_lease_time(out, range->lease_s);
    }
}

void dhcp_print_ranges6(const struct dhcp_config *dhcp, struct option_printer *printer)
{
    for (size_t i = 0; i < dhcp->range6_count; i++) {
        const struct dhcp_range6 *range = &dhcp->ranges6[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));

        dhcp_put_conditions(&out, &range->conditions, &dhcp->tags);
        if (range->has_set_tag) {
            text_put_string(&out, "set:");
            option_put_quoted(&out, text_of(dhcp->tags.names[range->set_tag]));
            text_put_char(&out, ',');
        }
        put_range6(&out, range);
        option_print_value(printer, "%s", line);
    }
}

/* The options of router advertisement. The struct they fill is ra/ra_config.h. */
#include "config/option.h"
#include "ra/ra_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option ra_options[];
extern const size_t ra_option_count;

#define LINE_MAX_BYTES 512 /* of a printed value */
#define NUMBER_MAX     UINT32_MAX

/* ------------------------------------------------------------------ ra-param */

static const char bad_params[] = "bad RA-params";

/* Decimal digits; nothing is 0, and what is too much is the most there is. */
static bool is_number(struct text text, uint64_t *number)
{
    *number = 0;
    if (text.count == 0)
        return true;
    enum status status = text_to_u64(text, NUMBER_MAX, number);
    if (status == STATUS_RANGE)
        *number = NUMBER_MAX;
    return status == STATUS_OK || status == STATUS_RANGE;
}

static enum status read_interface(struct option_context *context, struct text name,
                                  struct site_interface *interface)
{
    interface->place = context->place;
    interface->prefix = text_ends(name, TEXT("*"));
    if (interface->prefix)
        name.count--;
    interface->pattern = option_string(context, name);
    return interface->pattern != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_mtu(struct option_context *context, struct text text,
                            struct ra_param *param)
{
    uint64_t number;
    if (text_equal(text, TEXT("off"))) {
        param->mtu_off = true;
        return STATUS_OK;
    }
    if (!is_number(text, &number)) {
        param->mtu_interface = option_string(context, text);
        return param->mtu_interface != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    }
    if (number < RA_MTU_MIN)
        return option_fail(context, text, bad_params,
                           "\"%.*s\" is no MTU for IPv6: it is at least %d bytes (or \"off\", or "
                           "an interface that has it)",
                           TEXT_ARG(text), RA_MTU_MIN);
    param->mtu = (uint32_t)number;
    return STATUS_OK;
}

static uint16_t interval_of(uint64_t seconds)
{
    if (seconds == 0)
        return RA_INTERVAL_DEFAULT_S;
    if (seconds < RA_INTERVAL_MIN_S)
        return RA_INTERVAL_MIN_S;
    return (uint16_t)(seconds < RA_INTERVAL_MAX_S ? seconds : RA_INTERVAL_MAX_S);
}

/* RFC 4861 section 6.2.1: zero, or between the interval and 9000 seconds. */
static uint16_t lifetime_of(uint64_t seconds, uint16_t interval_s)
{
    if (seconds != 0 && seconds < interval_s)
        return interval_s;
    return (uint16_t)(seconds < RA_LIFETIME_MAX_S ? seconds : RA_LIFETIME_MAX_S);
}

/* [mtu:..,][high,|low,]: takes those fields; *field is the first that is neither. *left: there is
 * one. */
static enum status read_words(struct option_context *context, struct value *rest,
                              struct value *field, bool *left, struct ra_param *param)
{
    struct value mtu;
    *left = value_next_field(rest, ',', field);
    bool has_mtu = *left && value_after_prefix(*field, "mtu:", &mtu);
    if (has_mtu) {
        enum status status = read_mtu(context, mtu.text, param);
        if (status != STATUS_OK)
            return status;
        *left = value_next_field(rest, ',', field);
    }
    bool is_high = *left && text_equal_nocase(field->text, TEXT("high"));
    bool is_low = *left && text_equal_nocase(field->text, TEXT("low"));
    if (is_high || is_low) {
        param->preference = is_high ? ICMP6_HIGH : ICMP6_LOW;
        *left = value_next_field(rest, ',', field);
    }
    if (!*left && (has_mtu || is_high || is_low))
        return option_fail(context, TEXT_NONE, bad_params,
                           "the interval must follow, in seconds (try %d)", RA_INTERVAL_DEFAULT_S);
    return STATUS_OK;
}

static enum status read_numbers(struct option_context *context, struct value *rest,
                                struct value field, bool left, struct ra_param *param)
{
    uint64_t interval = 0, lifetime;
    if (left && !is_number(field.text, &interval))
        return option_fail(context, field.text, bad_params,
                           "\"%.*s\" is not an interval in seconds (4 to 1800; before it may stand "
                           "mtu:<bytes> and high or low)",
                           TEXT_ARG(field.text));
    param->interval_s = interval_of(interval);
    param->lifetime_s = lifetime_of((uint64_t)param->interval_s * RA_LIFETIMES, param->interval_s);
    if (!left || !value_next_field(rest, ',', &field))
        return STATUS_OK;
    if (!is_number(field.text, &lifetime))
        return option_fail(context, field.text, bad_params,
                           "\"%.*s\" is not a lifetime in seconds (0 to 9000)",
                           TEXT_ARG(field.text));
    if (field.text.count > 0)
        param->lifetime_s = lifetime_of(lifetime, param->interval_s);
    if (value_next_field(rest, ',', &field))
        return option_fail(context, field.text, bad_params,
                           "nothing may follow the lifetime, but \"%.*s\" does",
                           TEXT_ARG(field.text));
    return STATUS_OK;
}

static enum status read_param(struct option_context *context, struct value value)
{
    struct ra_config *config = context->part;
    struct ra_param param = { .place = context->place };
    struct value rest = value, field;
    bool left;
    (void)value_next_field(&rest, ',', &field);
    enum status status = read_interface(context, field.text, &param.interface);
    if (status == STATUS_OK)
        status = read_words(context, &rest, &field, &left, &param);
    if (status == STATUS_OK)
        status = read_numbers(context, &rest, field, left, &param);
    if (status != STATUS_OK)
        return status;
    struct ra_param *kept = option_append(context, &config->params, &config->param_count,
                                          &config->param_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = param;
    return STATUS_OK;
}

static void print_params(const void *part, struct option_printer *printer)
{
    const struct ra_config *config = part;
    for (size_t i = 0; i < config->param_count; i++) {
        const struct ra_param *param = &config->params[i];
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        option_put_quoted(&out, text_of(param->interface.pattern));
        text_put_string(&out, param->interface.prefix ? "*" : "");
        if (param->mtu_off) {
            text_put_string(&out, ",mtu:off");
        } else if (param->mtu_interface != NULL) {
            text_put_string(&out, ",mtu:");
            option_put_quoted(&out, text_of(param->mtu_interface));
        } else if (param->mtu != 0) {
            text_printf(&out, ",mtu:%u", param->mtu);
        }
        if (param->preference != ICMP6_MEDIUM)
            text_put_string(&out, param->preference == ICMP6_HIGH ? ",high" : ",low");
        text_printf(&out, ",%u,%u", (unsigned)param->interval_s, (unsigned)param->lifetime_s);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ ra-pref64, ra-route */

static enum status read_prefix(struct option_context *context, struct text text,
                               struct prefix *prefix)
{
    if (prefix_from_text(text, prefix) != STATUS_OK || prefix->address.family != ADDRESS_IP6)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is not an IPv6 prefix (like 64:ff9b::/96)", TEXT_ARG(text));
    return STATUS_OK;
}

/* The last field, when there is one. */
static enum status read_lifetime(struct option_context *context, struct value *rest,
                                 struct value field, bool *given, uint32_t *seconds)
{
    if (text_to_duration(field.text, seconds) != STATUS_OK)
        return option_fail(context, field.text, NULL,
                           "\"%.*s\" is not a time (try 30m, 1h, infinite)", TEXT_ARG(field.text));
    *given = true;
    if (value_next_field(rest, ',', &field))
        return option_fail(context, field.text, NULL,
                           "nothing may follow the lifetime, but \"%.*s\" does",
                           TEXT_ARG(field.text));
    return STATUS_OK;
}

static void put_lifetime(struct text_out *out, bool given, uint32_t seconds)
{
    if (given && seconds == DURATION_INFINITE)
        text_put_string(out, ",infinite");
    else if (given)
        text_printf(out, ",%us", seconds);
}

static enum status read_pref64(struct option_context *context, struct value value)
{
    struct ra_config *config = context->part;
    struct ra_pref64 pref64 = { .place = context->place };
    struct value rest = value, field;
    (void)value_next_field(&rest, ',', &field);
    enum status status = read_prefix(context, field.text, &pref64.prefix);
    if (status == STATUS_OK && !icmp6_pref64_fits(pref64.prefix.length))
        return option_fail(context, field.text, NULL,
                           "a NAT64 prefix is 32, 40, 48, 56, 64 or 96 bits long, not %u",
                           (unsigned)pref64.prefix.length);
    if (status == STATUS_OK && value_next_field(&rest, ',', &field))
        status = read_lifetime(context, &rest, field, &pref64.lifetime_given, &pref64.lifetime_s);
    if (status != STATUS_OK)
        return status;
    struct ra_pref64 *kept = option_append(context, &config->pref64s, &config->pref64_count,
                                           &config->pref64_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = pref64;
    return STATUS_OK;
}

static void print_pref64s(const void *part, struct option_printer *printer)
{
    const struct ra_config *config = part;
    for (size_t i = 0; i < config->pref64_count; i++) {
        const struct ra_pref64 *pref64 = &config->pref64s[i];
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        text_put_prefix(&out, &pref64->prefix);
        put_lifetime(&out, pref64->lifetime_given, pref64->lifetime_s);
        option_print_value(printer, "%s", line);
    }
}

static enum status read_route(struct option_context *context, struct value value)
{
    struct ra_config *config = context->part;
    struct ra_route route = { .place = context->place };
    struct value rest = value, field;
    (void)value_next_field(&rest, ',', &field);
    enum status status = read_prefix(context, field.text, &route.prefix);
    if (status != STATUS_OK)
        return status;
    bool left = value_next_field(&rest, ',', &field);
    bool is_high = left && text_equal_nocase(field.text, TEXT("high"));
    bool is_low = left && text_equal_nocase(field.text, TEXT("low"));
    if (is_high || is_low) {
        route.preference = is_high ? ICMP6_HIGH : ICMP6_LOW;
        left = value_next_field(&rest, ',', &field);
    }
    if (left)
        status = read_lifetime(context, &rest, field, &route.lifetime_given, &route.lifetime_s);
    if (status != STATUS_OK)
        return status;
    struct ra_route *kept = option_append(context, &config->routes, &config->route_count,
                                          &config->route_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = route;
    return STATUS_OK;
}

static void print_routes(const void *part, struct option_printer *printer)
{
    const struct ra_config *config = part;
    for (size_t i = 0; i < config->route_count; i++) {
        const struct ra_route *route = &config->routes[i];
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        text_put_prefix(&out, &route->prefix);
        if (route->preference != ICMP6_MEDIUM)
            text_put_string(&out, route->preference == ICMP6_HIGH ? ",high" : ",low");
        put_lifetime(&out, route->lifetime_given, route->lifetime_s);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option ra_options[] = {
    {
        .name = "enable-ra", .kind = OPTION_FLAG, .area = "ra",
        .field = offsetof(struct ra_config, enable),
        .shape = "",
        .help = "Send router advertisements for every IPv6 range",
        .doc = DOC("They tell hosts the router, the prefix and whether to ask DHCPv6. Ranges with slaac, ra-only, "
               "ra-names, ra-stateless or ra-advrouter are advertised without it."),
        .examples = EXAMPLES("enable-ra"),
    },
    {
        .name = "ra-param", .kind = OPTION_STRUCTURED, .area = "ra",
        .read = read_param, .print = print_params,
        .shape = "<interface>[*][,mtu:<bytes>|mtu:<interface>|mtu:off][,high|,low][,<interval>[,<lifetime>]]",
        .help = "What router advertisements on an interface say",
        .doc = DOC("The interval is 600 seconds unless given, or given as 0, and lies between 4 and 1800; the lifetime "
               "is three times that and at most 9000. With a lifetime of 0 the router is not to be used as a "
               "default one. Without mtu: the interface's own is told."),
        .examples = EXAMPLES("ra-param=eth0,60", "ra-param=eth*,mtu:1280,low,60,1200", "ra-param=br0,0,0"),
    },
    {
        .name = "ra-pref64", .kind = OPTION_STRUCTURED, .ours = true, .area = "ra",
        .read = read_pref64, .print = print_pref64s,
        .shape = "<prefix>/<length>[,<lifetime>]",
        .help = "Tell hosts the prefix of the network's NAT64 (RFC 8781)",
        .doc = DOC("The length is 32, 40, 48, 56, 64 or 96. The lifetime is three times the interval of the "
               "advertisements unless given, and at most 65528 seconds."),
        .examples = EXAMPLES("ra-pref64=64:ff9b::/96", "ra-pref64=2001:db8:64::/96,30m"),
    },
    {
        .name = "ra-route", .kind = OPTION_STRUCTURED, .ours = true, .area = "ra",
        .read = read_route, .print = print_routes,
        .shape = "<prefix>/<length>[,high|,low][,<lifetime>]",
        .help = "Tell hosts that this router leads to a network (RFC 4191)",
        .doc = DOC("For routers that are not, or not alone, the default one: see the lifetime of ra-param. The "
               "route's lifetime is three times the interval of the advertisements unless given."),
        .examples = EXAMPLES("ra-route=2001:db8:1::/48", "ra-route=fd00::/8,high,1h"),
    },
    {
        .name = "quiet-ra", .kind = OPTION_FLAG, .area = "log",
        .field = offsetof(struct ra_config, quiet),
        .shape = "",
        .help = "Do not log ordinary router advertisement traffic",
        .doc = DOC("Errors and problems are still logged."),
        .examples = EXAMPLES("quiet-ra"),
    },
};
/* clang-format on */

const size_t ra_option_count = COUNT_OF(ra_options);

#include "dhcp/client_match.h"

#include "dhcp/host_match.h"

#define OPTION_BYTES_MAX     2048 /* of one option in several pieces (RFC 3396) */
#define AGENT_CIRCUIT_ID     1
#define AGENT_REMOTE_ID      2
#define AGENT_SUBSCRIBER_ID  6
#define ENTERPRISE_BROADBAND 3561 /* TR-069 */
#define CPE_MANUFACTURER     1
#define CPE_SERIAL           2

/* ------------------------------------------------------------------ one value */

bool client_match_contains(struct bytes whole, struct bytes part)
{
    for (size_t i = 0; i + part.count <= whole.count; i++) {
        if (bytes_equal(bytes_of(whole.at + i, part.count), part))
            return true;
    }
    return false;
}

static bool has_element(struct bytes list, struct bytes element)
{
    struct bytes_reader reader = bytes_reader_on(list);
    while (element.count > 0 && bytes_reader_left(&reader) >= element.count) {
        if (bytes_equal(bytes_read_span(&reader, element.count), element))
            return true;
    }
    return false;
}

static bool begins_like(const struct client_match_rule *rule, struct bytes value)
{
    if (value.count < rule->value.count)
        return false;
    for (size_t i = 0; i < rule->value.count; i++) {
        if (rule->any[i] == 0 && value.at[i] != rule->value.at[i])
            return false;
    }
    return true;
}

bool client_match_value(const struct client_match_rule *rule, struct bytes value)
{
    switch ((enum client_match_form)rule->form) {
    case CLIENT_MATCH_PRESENT:
        return value.count > 0;
    case CLIENT_MATCH_TEXT:
        return value.count > 0 && client_match_contains(value, rule->value);
    case CLIENT_MATCH_ELEMENT:
        return has_element(value, rule->value);
    case CLIENT_MATCH_BYTES:
        return value.count > 0 && begins_like(rule, value);
    case CLIENT_MATCH_WHOLE:
        return bytes_equal(value, rule->value);
    }
    return false;
}

/* ------------------------------------------------------------------ where the value stands */

static bool match_option(const struct client_match_rule *rule, const struct dhcp4_message *message,
                         unsigned code)
{
    uint8_t scratch[OPTION_BYTES_MAX];
    struct bytes value;
    return dhcp4_option_find(message, code, scratch, sizeof(scratch), &value)
           && client_match_value(rule, value);
}

/* RFC 3925 section 3: enterprise number, length, and in that classes with a length each. */
static bool match_classes(const struct client_match_rule *rule, struct bytes classes)
{
    struct bytes_reader reader = bytes_reader_on(classes);
    while (bytes_reader_left(&reader) > 0) {
        struct bytes one = bytes_read_span(&reader, bytes_read_u8(&reader));
        if (!reader.failed && client_match_value(rule, one))
            return true;
    }
    return rule->form == CLIENT_MATCH_PRESENT && classes.count > 0;
}

static bool match_enterprise(const struct client_match_rule *rule,
                             const struct dhcp4_message *message)
{
    uint8_t scratch[OPTION_BYTES_MAX];
    struct bytes value;
    if (!dhcp4_option_find(message, DHCP4_VENDOR_IDENT, scratch, sizeof(scratch), &value))
        return false;
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) > 0) {
        uint32_t enterprise = bytes_read_u32(&reader);
        struct bytes classes = bytes_read_span(&reader, bytes_read_u8(&reader));
        if (reader.failed)
            return false;
        if (enterprise == rule->enterprise && match_classes(rule, classes))
            return true;
    }
    return false;
}

static bool match_name(const struct client_match_rule *rule, struct text name)
{
    struct text wanted = text_from_bytes(rule->value);
    if (name.count == 0)
        return false;
    return rule->prefix ? text_starts_nocase(name, wanted) : text_equal_nocase(name, wanted);
}

static bool match_agent(const struct client_match_rule *rule, struct bytes agent_info,
                        unsigned suboption)
{
    struct bytes value;
    return agent_info.count > 0 && dhcp4_suboption_find(agent_info, suboption, &value)
           && client_match_value(rule, value);
}

/* ------------------------------------------------------------------ the same in DHCPv6 */

#define ENTERPRISE_BYTES 4

static bool match_option6(const struct client_match_rule *rule, const struct dhcp6_options *options)
{
    struct bytes value;
    for (unsigned place = 0; dhcp6_option_next(options, rule->code, &place, &value);) {
        if (client_match_value(rule, value))
            return true;
    }
    return false;
}

/* RFC 9915 section 21.15: strings with a length each. */
static bool match_strings(const struct client_match_rule *rule, struct bytes rest)
{
    struct bytes string;
    while (dhcp6_string_next(&rest, &string)) {
        if (client_match_value(rule, string))
            return true;
    }
    return false;
}

static bool match_user_class6(const struct client_match_rule *rule,
                              const struct dhcp6_options *options)
{
    struct bytes value;
    return dhcp6_option_find(options, DHCP6_USER_CLASS, &value) && match_strings(rule, value);
}

/* RFC 9915 section 21.16: one option for each enterprise. */
static bool match_vendor_class6(const struct client_match_rule *rule,
                                const struct dhcp6_options *options)
{
    struct bytes value;
    for (unsigned place = 0; dhcp6_option_next(options, DHCP6_VENDOR_CLASS, &place, &value);) {
        struct bytes_reader reader = bytes_reader_on(value);
        uint32_t enterprise = bytes_read_u32(&reader);
        if (reader.failed || (rule->has_enterprise && enterprise != rule->enterprise))
            continue;
        if (rule->ip6 || match_strings(rule, bytes_read_rest(&reader)))
            return true;
    }
    return false;
}

static bool match_remote_id6(const struct client_match_rule *rule, struct bytes value)
{
    if (value.count == 0)
        return false;
    struct bytes_reader reader = bytes_reader_on(value);
    bytes_read_skip(&reader, ENTERPRISE_BYTES);
    return client_match_value(rule, value)
           || (bytes_reader_left(&reader) > 0
               && client_match_value(rule, bytes_read_rest(&reader)));
}

/* Any relay on the way may have said it. */
static bool match_relays6(const struct client_match_rule *rule, const struct dhcp6_wrapped *wrapped)
{
    for (unsigned i = 0; wrapped != NULL && i < wrapped->relay_count; i++) {
        const struct dhcp6_relay *relay = &wrapped->relays[i];
        if (rule->subject == CLIENT_MATCH_REMOTE_ID
                ? match_remote_id6(rule, relay->remote_id)
                : relay->subscriber_id.count > 0 && client_match_value(rule, relay->subscriber_id))
            return true;
    }
    return false;
}

static bool matches6(const struct client_match_rule *rule, const struct client_match_facts *facts)
{
    switch ((enum client_match_subject)rule->subject) {
    case CLIENT_MATCH_VENDOR_CLASS:
        return match_vendor_class6(rule, facts->options6);
    case CLIENT_MATCH_USER_CLASS:
        return match_user_class6(rule, facts->options6);
    case CLIENT_MATCH_OPTION:
        return rule->ip6 && match_option6(rule, facts->options6);
    case CLIENT_MATCH_HARDWARE:
        return facts->hardware6.count > 0
               && host_match_hardware(&rule->hardware, &facts->hardware6);
    case CLIENT_MATCH_REMOTE_ID:
    case CLIENT_MATCH_SUBSCRIBER_ID:
        return match_relays6(rule, facts->wrapped6);
    case CLIENT_MATCH_NAME:
        return match_name(rule, facts->name);
    case CLIENT_MATCH_ENTERPRISE:
    case CLIENT_MATCH_CIRCUIT_ID:
        return false;
    }
    return false;
}

static bool matches4(const struct client_match_rule *rule, const struct client_match_facts *facts)
{
    if (rule->ip6)
        return false;
    switch ((enum client_match_subject)rule->subject) {
    case CLIENT_MATCH_VENDOR_CLASS:
        return match_option(rule, facts->message, DHCP4_VENDOR_CLASS);
    case CLIENT_MATCH_USER_CLASS:
        /* The classes of RFC 3004 with their lengths, or one text: a part of one is a part of all.
         */
        return match_option(rule, facts->message, DHCP4_USER_CLASS);
    case CLIENT_MATCH_OPTION:
        return match_option(rule, facts->message, rule->code);
    case CLIENT_MATCH_ENTERPRISE:
        return match_enterprise(rule, facts->message);
    case CLIENT_MATCH_HARDWARE:
        return host_match_hardware(&rule->hardware, &facts->message->hardware);
    case CLIENT_MATCH_CIRCUIT_ID:
        return match_agent(rule, facts->agent_info, AGENT_CIRCUIT_ID);
    case CLIENT_MATCH_REMOTE_ID:
        return match_agent(rule, facts->agent_info, AGENT_REMOTE_ID);
    case CLIENT_MATCH_SUBSCRIBER_ID:
        return match_agent(rule, facts->agent_info, AGENT_SUBSCRIBER_ID);
    case CLIENT_MATCH_NAME:
        return match_name(rule, facts->name);
    }
    return false;
}

void client_match_apply(const struct dhcp_config *config, const struct client_match_facts *facts,
                        unsigned subjects, struct tag_set *set)
{
    for (size_t i = 0; i < config->match_count; i++) {
        const struct client_match_rule *rule = &config->matches[i];
        if ((subjects >> rule->subject & 1) == 0)
            continue;
        if (facts->message != NULL ? matches4(rule, facts) : matches6(rule, facts))
            tag_set_add(set, rule->tag);
    }
}

bool client_match_is_cpe(const struct dhcp4_message *message)
{
    uint8_t scratch[OPTION_BYTES_MAX];
    struct bytes value, part;
    if (!dhcp4_option_find(message, DHCP4_VENDOR_IDENT_OPT, scratch, sizeof(scratch), &value))
        return false;
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) > 0) {
        uint32_t enterprise = bytes_read_u32(&reader);
        struct bytes inner = bytes_read_span(&reader, bytes_read_u8(&reader));
        if (reader.failed)
            return false;
        if (enterprise == ENTERPRISE_BROADBAND
            && dhcp4_suboption_find(inner, CPE_MANUFACTURER, &part)
            && dhcp4_suboption_find(inner, CPE_SERIAL, &part))
            return true;
    }
    return false;
}

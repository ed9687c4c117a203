#include "dhcp6/dhcp6_detail.h"

#include <inttypes.h>

#include "dhcp/dhcp_value_text.h"

#define LINE_MAX       512
#define CODES_PER_LINE 4

static bool is_wanted(const struct dhcp6_exchange *exchange)
{
    return event_wanted(exchange->server->setup.events, EVENT_DHCP_DETAIL);
}

static void say(const struct dhcp6_exchange *exchange, const struct text_out *line)
{
    struct event event = {
        .kind = EVENT_DHCP_DETAIL,
        .text = line->start,
        .xid = exchange->message.xid,
        .interface = exchange->interface->name,
        .duid = exchange->duid,
    };
    event_tell(exchange->server->setup.events, &event);
}

/* ------------------------------------------------------------------ requests */

static void say_range(const struct dhcp6_exchange *exchange, const struct range6_live *live)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    bool dynamic =
        range6_has_addresses(live->range) && (live->range->modes & DHCP_RANGE6_STATIC) == 0;
    if (dynamic) {
        text_put_string(&line, "available DHCP range: ");
        text_put_address(&line, &live->first);
        text_put_string(&line, " -- ");
        text_put_address(&line, &live->last);
    } else {
        text_put_string(&line, "available DHCP subnet: ");
        text_put_prefix(&line, &live->prefix);
    }
    say(exchange, &line);
}

void dhcp6_detail_request(struct dhcp6_exchange *exchange)
{
    char buffer[LINE_MAX];
    struct bytes value, class;
    if (!is_wanted(exchange))
        return;
    for (size_t i = 0; i < exchange->scope.count; i++)
        say_range(exchange, &exchange->scope.ranges[i]);
    if (dhcp6_option_find(&exchange->message.options, DHCP6_VENDOR_CLASS, &value)) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        struct bytes_reader reader = bytes_reader_on(value);
        text_printf(&line, "vendor class: %" PRIu32, bytes_read_u32(&reader));
        say(exchange, &line);
    }
    if (dhcp6_option_find(&exchange->message.options, DHCP6_USER_CLASS, &value)) {
        while (dhcp6_string_next(&value, &class)) {
            struct text_out line = text_out_on(buffer, sizeof(buffer));
            text_put_string(&line, "user class: ");
            text_put(&line, text_from_bytes(class));
            say(exchange, &line);
        }
    }
    if (exchange->said_name[0] != '\0') {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "client provides name: ");
        text_put_string(&line, exchange->said_name);
        say(exchange, &line);
    }
    if (exchange->hardware.count > 0) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "client MAC address: ");
        text_put_hardware(&line, &exchange->hardware);
        say(exchange, &line);
    }
}

/* ------------------------------------------------------------------ replies */

static const char *name_of(unsigned code)
{
    const struct dhcp_code *row = dhcp6_code_find(code);
    return row != NULL ? row->name : "";
}

static void say_asked(const struct dhcp6_exchange *exchange)
{
    struct bytes asked;
    char buffer[LINE_MAX];
    if (!dhcp6_option_find(&exchange->message.options, DHCP6_ORO, &asked))
        return;
    struct bytes_reader reader = bytes_reader_on(asked);
    while (bytes_reader_left(&reader) >= 2) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "requested options: ");
        for (unsigned i = 0; i < CODES_PER_LINE && bytes_reader_left(&reader) >= 2; i++) {
            unsigned code = bytes_read_u16(&reader);
            const char *name = name_of(code);
            text_printf(&line, "%u%s%s%s", code, name[0] != '\0' ? ":" : "", name,
                        bytes_reader_left(&reader) >= 2 ? ", " : "");
        }
        say(exchange, &line);
    }
}

void dhcp6_detail_tags(const struct dhcp6_exchange *exchange)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    struct tag_set tags;
    if (!is_wanted(exchange))
        return;
    if (!exchange->plan.bare)
        say_asked(exchange);
    struct tag_facts facts = dhcp6_exchange_tag_facts(exchange);
    tag_rules_apply(&exchange->server->tags, &facts, &tags);
    text_put_string(&line, "tags: ");
    text_put_tags(&line, &tags, &exchange->server->tags.names);
    say(exchange, &line);
}

void dhcp6_detail_put_value(struct text_out *line, unsigned code, struct bytes value)
{
    const struct dhcp_code *row = dhcp6_code_find(code);
    enum dhcp_value kind = row != NULL ? (enum dhcp_value)row->value : DHCP_VALUE_UNKNOWN;
    if (code == DHCP6_PREFERENCE || kind == DHCP_VALUE_TIME)
        kind = DHCP_VALUE_NUMBER;
    if (kind != DHCP_VALUE_NUMBER || value.count <= 8)
        dhcp_value_text_put(line, kind, 16, value);
}

static void say_sent(const struct dhcp6_exchange *exchange, bool nested, unsigned code,
                     struct bytes value)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    struct bytes_reader reader = bytes_reader_on(value);
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix prefix;
    text_printf(&line, "%s size:%3zu option:%3u %s  ", nested ? "nest" : "sent", value.count, code,
                name_of(code));
    if (code == DHCP6_IA_NA || code == DHCP6_IA_PD) {
        uint32_t iaid = bytes_read_u32(&reader);
        uint32_t t1 = bytes_read_u32(&reader);
        text_printf(&line, "IAID=%" PRIu32 " T1=%" PRIu32 " T2=%" PRIu32, iaid, t1,
                    bytes_read_u32(&reader));
    } else if (code == DHCP6_IA_TA) {
        text_printf(&line, "IAID=%" PRIu32, bytes_read_u32(&reader));
    } else if (code == DHCP6_IAADDR && dhcp6_ia_address_read(value, &address) == STATUS_OK) {
        text_put_address(&line, &address.address);
        text_printf(&line, " PL=%" PRIu32 " VL=%" PRIu32, address.preferred, address.valid);
    } else if (code == DHCP6_IAPREFIX && dhcp6_ia_prefix_read(value, &prefix) == STATUS_OK) {
        text_put_prefix(&line, &prefix.prefix);
        text_printf(&line, " PL=%" PRIu32 " VL=%" PRIu32, prefix.preferred, prefix.valid);
    } else if (code == DHCP6_STATUS) {
        text_printf(&line, "%u ", (unsigned)bytes_read_u16(&reader));
        text_put(&line, text_from_bytes(bytes_read_rest(&reader)));
    } else {
        dhcp6_detail_put_value(&line, code, value);
    }
    say(exchange, &line);
}

void dhcp6_detail_reply(const struct dhcp6_exchange *exchange, struct bytes reply)
{
    struct dhcp6_message sent;
    struct dhcp6_ia ia;
    if (!is_wanted(exchange) || dhcp6_message_read(reply, &sent) != STATUS_OK)
        return;
    for (unsigned i = 0; i < sent.options.count; i++) {
        const struct dhcp6_option *option = &sent.options.at[i];
        say_sent(exchange, false, option->code, option->value);
        if (option->code != DHCP6_IA_NA && option->code != DHCP6_IA_TA
            && option->code != DHCP6_IA_PD)
            continue;
        if (dhcp6_ia_read(option->code, option->value, &ia) != STATUS_OK)
            continue;
        for (unsigned j = 0; j < ia.options.count; j++)
            say_sent(exchange, true, ia.options.at[j].code, ia.options.at[j].value);
    }
}

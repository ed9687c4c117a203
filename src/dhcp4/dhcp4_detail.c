#include "dhcp4/dhcp4_detail.h"

#include "dhcp/dhcp_value_text.h"

#define LINE_MAX       512
#define CODES_PER_LINE 4

static bool is_wanted(const struct dhcp4_exchange *exchange)
{
    return event_wanted(exchange->server->setup.events, EVENT_DHCP_DETAIL);
}

static void say(const struct dhcp4_exchange *exchange, const struct text_out *line)
{
    struct event event = {
        .kind = EVENT_DHCP_DETAIL,
        .text = line->start,
        .xid = exchange->message.xid,
        .interface = exchange->interface->name,
    };
    event_tell(exchange->server->setup.events, &event);
}

/* ------------------------------------------------------------------ requests */

static void say_range(const struct dhcp4_exchange *exchange, const struct dhcp4_scope_range *range)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    bool dynamic = range->range->mode == DHCP_RANGE_DYNAMIC;
    text_put_string(&line, dynamic ? "available DHCP range: " : "available DHCP subnet: ");
    text_put_address(&line, &range->range->first);
    text_put_string(&line, dynamic ? " -- " : "/");
    text_put_address(&line, dynamic ? &range->range->last : &range->netmask);
    say(exchange, &line);
}

void dhcp4_detail_request(const struct dhcp4_exchange *exchange)
{
    char buffer[LINE_MAX];
    struct bytes vendor;
    if (!is_wanted(exchange))
        return;
    for (size_t i = 0; i < exchange->scope.count; i++)
        say_range(exchange, &exchange->scope.ranges[i]);
    if (exchange->scope.has_proxy)
        say_range(exchange, &exchange->scope.proxy);
    if (dhcp4_option_first(&exchange->message, DHCP4_VENDOR_CLASS, &vendor)) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "vendor class: ");
        text_put(&line, text_from_bytes(vendor));
        say(exchange, &line);
    }
    if (exchange->said_name[0] != '\0') {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "client provides name: ");
        text_put_string(&line, exchange->said_name);
        say(exchange, &line);
    }
}

void dhcp4_detail_tags(const struct dhcp4_exchange *exchange, const struct dhcp4_scope_range *range)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    struct tag_set tags;
    struct tag_facts facts =
        dhcp4_exchange_tag_facts(exchange, range != NULL ? range->range : NULL);
    if (!is_wanted(exchange))
        return;
    tag_rules_apply(&exchange->server->tags, &facts, &tags);
    text_put_string(&line, "tags: ");
    text_put_tags(&line, &tags, &exchange->server->tags.names);
    say(exchange, &line);
}

/* ------------------------------------------------------------------ replies */

static const char *name_of(unsigned code)
{
    const struct dhcp_code *row = dhcp4_code_find(code);
    return row != NULL ? row->name : "";
}

static void say_asked(const struct dhcp4_exchange *exchange)
{
    struct bytes asked;
    char buffer[LINE_MAX];
    if (!dhcp4_option_first(&exchange->message, DHCP4_REQUESTED_OPTIONS, &asked))
        return;
    struct bytes_reader reader = bytes_reader_on(asked);
    while (bytes_reader_left(&reader) > 0) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "requested options: ");
        for (unsigned i = 0; i < CODES_PER_LINE && bytes_reader_left(&reader) > 0; i++) {
            unsigned code = bytes_read_u8(&reader);
            const char *name = name_of(code);
            text_printf(&line, "%u%s%s%s", code, name[0] != '\0' ? ":" : "", name,
                        bytes_reader_left(&reader) > 0 ? ", " : "");
        }
        say(exchange, &line);
    }
}

/* Options of the protocol itself have no kind in the table. */
static enum dhcp_value kind_of(unsigned code)
{
    const struct dhcp_code *row = dhcp4_code_find(code);
    enum dhcp_value kind = row != NULL ? (enum dhcp_value)row->value : DHCP_VALUE_UNKNOWN;
    if (code == DHCP4_LEASE_TIME || code == DHCP4_T1 || code == DHCP4_T2)
        kind = DHCP_VALUE_TIME;
    else if (code == DHCP4_MESSAGE_TYPE)
        kind = DHCP_VALUE_NUMBER;
    else if (code == DHCP4_NETMASK || code == DHCP4_BROADCAST || code == DHCP4_SERVER_ID)
        kind = DHCP_VALUE_ADDRESSES;
    else if (code == DHCP4_HOSTNAME)
        kind = DHCP_VALUE_STRING;
    return kind;
}

void dhcp4_detail_put_value(struct text_out *out, unsigned code, struct bytes value)
{
    dhcp_value_text_put(out, kind_of(code), 4, value);
}

static void say_sent(const struct dhcp4_exchange *exchange, unsigned code, struct bytes value)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    text_printf(&line, "sent size:%3zu option:%3u %s  ", value.count, code, name_of(code));
    dhcp4_detail_put_value(&line, code, value);
    say(exchange, &line);
}

static void say_field(const struct dhcp4_exchange *exchange, const char *what, struct bytes field)
{
    char buffer[LINE_MAX];
    struct text_out line = text_out_on(buffer, sizeof(buffer));
    struct text text = text_from_bytes(field);
    size_t end = text_find(text, '\0');
    if (end != SIZE_MAX)
        text = text_part(text, 0, end);
    if (text_is_empty(text))
        return;
    text_put_string(&line, what);
    text_put(&line, text);
    say(exchange, &line);
}

static void say_header(const struct dhcp4_exchange *exchange, const struct dhcp4_message *sent)
{
    char buffer[LINE_MAX];
    if ((sent->overload & 1) == 0)
        say_field(exchange, "bootfile name: ", sent->file);
    if ((sent->overload & 2) == 0)
        say_field(exchange, "server name: ", sent->sname);
    if (!address_is_any(&sent->siaddr)) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "next server: ");
        text_put_address(&line, &sent->siaddr);
        say(exchange, &line);
    }
    if ((sent->flags & DHCP4_FLAG_BROADCAST) != 0 && address_is_any(&sent->ciaddr)) {
        struct text_out line = text_out_on(buffer, sizeof(buffer));
        text_put_string(&line, "broadcast response");
        say(exchange, &line);
    }
}

void dhcp4_detail_reply(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                        const struct dhcp4_action *action)
{
    struct dhcp4_message sent;
    if (!is_wanted(exchange) || dhcp4_message_read(action->bytes, &sent) != STATUS_OK)
        return;
    if (reply->type != DHCP4_NAK && reply->pxe_answer == DHCP4_PXE_ORDINARY)
        say_asked(exchange);
    say_header(exchange, &sent);
    for (unsigned i = 0; i < sent.option_count; i++) {
        const struct dhcp4_option_place *place = &sent.options[i];
        struct bytes_reader reader = bytes_reader_on(sent.bytes);
        bytes_reader_seek(&reader, place->offset);
        if (place->code != DHCP4_OVERLOAD)
            say_sent(exchange, place->code, bytes_read_span(&reader, place->count));
    }
}

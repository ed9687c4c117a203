#include "dhcp6/dhcp6_facts.h"

#include "model/lease_facts.h"

#define TAGS_TEXT_MAX  1024
#define ASKED_TEXT_MAX 1024
#define NUMBER_MAX     16

/* Every option 16 is an enterprise's: its number, then its classes (RFC 9915 section 21.16). */
static void put_vendor_classes(const struct dhcp6_exchange *exchange, struct bytes_writer *facts)
{
    struct bytes value, class;
    unsigned left = LEASE_FACT_CLASSES;
    bool has_id = false;
    for (unsigned place = 0;
         dhcp6_option_next(&exchange->message.options, DHCP6_VENDOR_CLASS, &place, &value);) {
        char buffer[NUMBER_MAX];
        struct text_out out = text_out_on(buffer, sizeof(buffer));
        struct bytes_reader reader = bytes_reader_on(value);
        text_put_u64(&out, bytes_read_u32(&reader));
        if (reader.failed)
            continue;
        if (!has_id)
            lease_facts_put(facts, LEASE_FACT_VENDOR_ID, text_bytes(text_out_text(&out)));
        has_id = true;
        for (struct bytes rest = bytes_read_rest(&reader);
             left > 0 && dhcp6_string_next(&rest, &class); left--)
            lease_facts_put(facts, LEASE_FACT_VENDOR_CLASS, class);
    }
}

static void put_user_classes(const struct dhcp6_exchange *exchange, struct bytes_writer *facts)
{
    struct bytes rest, class;
    if (!dhcp6_option_find(&exchange->message.options, DHCP6_USER_CLASS, &rest))
        return;
    for (unsigned left = LEASE_FACT_CLASSES; left > 0 && dhcp6_string_next(&rest, &class); left--)
        lease_facts_put(facts, LEASE_FACT_USER_CLASS, class);
}

static void put_asked(const struct dhcp6_exchange *exchange, struct bytes_writer *facts)
{
    char buffer[ASKED_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    struct bytes value;
    if (!dhcp6_option_find(&exchange->message.options, DHCP6_ORO, &value))
        return;
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) >= 2)
        text_printf(&out, "%s%u", out.count > 0 ? "," : "", (unsigned)bytes_read_u16(&reader));
    if (out.count > 0)
        lease_facts_put(facts, LEASE_FACT_REQUESTED, text_bytes(text_out_text(&out)));
}

/* The names that a line of the log has with commas. */
static void put_tags(const struct dhcp6_exchange *exchange, struct bytes_writer *facts)
{
    char buffer[TAGS_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    const struct tag_names *names = &exchange->server->tags.names;
    struct tag_facts all = dhcp6_exchange_tag_facts(exchange);
    struct tag_set tags;
    tag_rules_apply(&exchange->server->tags, &all, &tags);
    for (unsigned i = 0; i < tags.order_count; i++)
        text_printf(&out, "%s%s", i > 0 ? " " : "", names->names[tags.order[i]]);
    if (out.count > 0)
        lease_facts_put(facts, LEASE_FACT_TAGS, text_bytes(text_out_text(&out)));
}

void dhcp6_facts_write(const struct dhcp6_exchange *exchange, struct bytes_writer *facts)
{
    struct bytes value;
    /* What the client has no say in comes first, and what it can have any number of last. */
    put_tags(exchange, facts);
    /* Without its domain, as scripts of DHCPv6 know it. */
    struct text name = text_of(exchange->said_name);
    name = text_part(name, 0, text_find(name, '.'));
    if (!text_is_empty(name))
        lease_facts_put(facts, LEASE_FACT_SUPPLIED_NAME, text_bytes(name));
    put_asked(exchange, facts);
    if (dhcp6_option_find(&exchange->message.options, DHCP6_MUD_URL, &value) && value.count > 0)
        lease_facts_put(facts, LEASE_FACT_MUD_URL, value);
    put_vendor_classes(exchange, facts);
    put_user_classes(exchange, facts);
}

void dhcp6_facts_keep(const struct dhcp6_exchange *exchange, struct dhcp6_pending_row *row)
{
    uint8_t buffer[LEASE_FACTS_MAX];
    struct bytes_writer facts = bytes_writer_on(buffer, sizeof(buffer));
    if (!event_wants_facts(exchange->server->setup.events))
        return;
    if (exchange->relayed)
        row->relay = exchange->link;
    if (exchange->message.type == DHCP6_RENEW || exchange->message.type == DHCP6_REBIND)
        return;
    dhcp6_facts_write(exchange, &facts);
    dhcp6_pending_keep_facts(row, bytes_writer_written(&facts));
}

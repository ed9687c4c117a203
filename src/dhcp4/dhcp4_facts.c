#include "dhcp4/dhcp4_facts.h"

#include <stdlib.h>

#include "dhcp4/dhcp4_reply.h"
#include "model/lease_facts.h"

#define MUD_URL             161  /* RFC 8520 */
#define VENDOR_ENCAPSULATED 125  /* RFC 3925 */
#define BROADBAND_FORUM     3561 /* whose TR-069 has three sub-options of it */
#define OPTION_MAX          1024 /* of the values taken */
#define TAGS_TEXT_MAX       1024

struct dhcp4_facts {
    uint64_t ticket; /* 0: nothing is kept */
    struct address relay;
    uint8_t *at; /* the row's own memory, kept for the next one */
    size_t count, room;
    bool said; /* the client came with more than a renewal */
};

/* ------------------------------------------------------------------ reading */

/* The old form of option 77 is one text (as iPXE sends it), the later one a list of them with a
 * length before each (RFC 3004). What is no such list whole is one. */
static bool is_class_list(struct bytes value)
{
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) > 0)
        bytes_read_skip(&reader, bytes_read_u8(&reader));
    return !reader.failed;
}

static void put_user_classes(struct bytes value, struct bytes_writer *facts)
{
    struct bytes_reader reader = bytes_reader_on(value);
    if (!is_class_list(value)) {
        lease_facts_put(facts, LEASE_FACT_USER_CLASS, value);
        return;
    }
    for (unsigned left = LEASE_FACT_CLASSES; left > 0 && bytes_reader_left(&reader) > 0; left--)
        lease_facts_put(facts, LEASE_FACT_USER_CLASS,
                        bytes_read_span(&reader, bytes_read_u8(&reader)));
}

static void put_asked(struct bytes value, struct bytes_writer *facts)
{
    char buffer[OPTION_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) > 0)
        text_printf(&out, "%s%u", out.count > 0 ? "," : "", (unsigned)bytes_read_u8(&reader));
    lease_facts_put(facts, LEASE_FACT_REQUESTED, text_bytes(text_out_text(&out)));
}

/* Enterprise number, length, sub-options; and so on (RFC 3925 section 4). */
static void put_tr069(struct bytes value, struct bytes_writer *facts)
{
    static const struct {
        unsigned code;
        enum lease_fact fact;
    } rows[] = {
        { 1, LEASE_FACT_CPEWAN_OUI },
        { 2, LEASE_FACT_CPEWAN_SERIAL },
        { 3, LEASE_FACT_CPEWAN_CLASS },
    };
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) > 0) {
        uint32_t enterprise = bytes_read_u32(&reader);
        struct bytes list = bytes_read_span(&reader, bytes_read_u8(&reader));
        struct bytes found;
        for (size_t i = 0; enterprise == BROADBAND_FORUM && i < COUNT_OF(rows); i++)
            if (dhcp4_suboption_find(list, rows[i].code, &found) && found.count > 0)
                lease_facts_put(facts, rows[i].fact, found);
    }
}

static void put_agent(struct bytes agent, struct bytes_writer *facts)
{
    static const struct {
        unsigned code;
        enum lease_fact fact;
    } rows[] = {
        { 1, LEASE_FACT_CIRCUIT_ID },    /* RFC 3046 */
        { 6, LEASE_FACT_SUBSCRIBER_ID }, /* RFC 3993 */
        { 2, LEASE_FACT_REMOTE_ID },
    };
    struct bytes found;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (dhcp4_suboption_find(agent, rows[i].code, &found) && found.count > 0)
            lease_facts_put(facts, rows[i].fact, found);
}

/* The names that a line of the log has with commas. */
static void put_tags(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                     struct bytes_writer *facts)
{
    char buffer[TAGS_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    const struct tag_names *names = &exchange->server->tags.names;
    struct tag_facts all = dhcp4_exchange_tag_facts(exchange, reply->range->range);
    struct tag_set tags;
    tag_rules_apply(&exchange->server->tags, &all, &tags);
    for (unsigned i = 0; i < tags.order_count; i++)
        text_printf(&out, "%s%s", i > 0 ? " " : "", names->names[tags.order[i]]);
    if (out.count > 0)
        lease_facts_put(facts, LEASE_FACT_TAGS, text_bytes(text_out_text(&out)));
}

void dhcp4_facts_write(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                       struct bytes_writer *facts)
{
    const struct dhcp4_message *message = &exchange->message;
    uint8_t scratch[OPTION_MAX];
    struct bytes value;
    put_tags(exchange, reply, facts); /* what the client has no say in comes first */
    if (dhcp4_option_find(message, DHCP4_VENDOR_CLASS, scratch, sizeof(scratch), &value)
        && value.count > 0)
        lease_facts_put(facts, LEASE_FACT_VENDOR_CLASS, value);
    if (exchange->said_name[0] != '\0')
        lease_facts_put(facts, LEASE_FACT_SUPPLIED_NAME, text_bytes(text_of(exchange->said_name)));
    if (dhcp4_option_find(message, VENDOR_ENCAPSULATED, scratch, sizeof(scratch), &value))
        put_tr069(value, facts);
    put_agent(exchange->agent_info, facts);
    if (dhcp4_option_find(message, DHCP4_REQUESTED_OPTIONS, scratch, sizeof(scratch), &value)
        && value.count > 0)
        put_asked(value, facts);
    if (dhcp4_option_find(message, MUD_URL, scratch, sizeof(scratch), &value) && value.count > 0)
        lease_facts_put(facts, LEASE_FACT_MUD_URL, value);
    if (dhcp4_option_find(message, DHCP4_USER_CLASS, scratch, sizeof(scratch), &value))
        put_user_classes(value, facts);
}

/* ------------------------------------------------------------------ keeping */

/* RFC 2131 section 4.3.2: RENEWING and REBINDING clients fill in ciaddr and name no server. */
static bool is_renewal(const struct dhcp4_message *message)
{
    struct bytes value;
    return message->type == DHCP4_REQUEST && !address_is_any(&message->ciaddr)
           && !dhcp4_option_first(message, DHCP4_SERVER_ID, &value);
}

/* The rest of a ticket is a place (dhcp/lease_commit.h). */
static struct dhcp4_facts *row_of(const struct dhcp4_server *server, uint64_t ticket)
{
    return server->facts != NULL ? &server->facts[ticket % DHCP4_PENDING_MAX] : NULL;
}

NODISCARD static bool keep_bytes(struct dhcp4_facts *row, struct bytes bytes)
{
    if (bytes.count > row->room) {
        uint8_t *memory = realloc(row->at, bytes.count);
        if (memory == NULL)
            return false;
        row->at = memory;
        row->room = bytes.count;
    }
    struct bytes_writer writer = bytes_writer_on(row->at, row->room);
    bytes_write_span(&writer, bytes);
    row->count = bytes.count;
    return true;
}

void dhcp4_facts_keep(const struct dhcp4_exchange *exchange, const struct dhcp4_reply *reply,
                      const struct lease *lease)
{
    struct dhcp4_server *server = exchange->server;
    uint8_t buffer[LEASE_FACTS_MAX];
    struct bytes_writer facts = bytes_writer_on(buffer, sizeof(buffer));
    if (!event_wants_facts(server->setup.events))
        return;
    if (server->facts == NULL)
        server->facts = calloc(DHCP4_PENDING_MAX, sizeof(*server->facts));
    struct dhcp4_facts *row = row_of(server, lease->ticket);
    if (row == NULL)
        return;
    row->ticket = lease->ticket;
    row->relay = (struct address){ 0 };
    if (exchange->relayed)
        row->relay = exchange->message.giaddr;
    row->said = exchange->message.is_dhcp && !is_renewal(&exchange->message);
    row->count = 0;
    if (!row->said)
        return;
    dhcp4_facts_write(exchange, reply, &facts);
    row->said = keep_bytes(row, bytes_writer_written(&facts));
}

void dhcp4_facts_fill(const struct dhcp4_server *server, uint64_t ticket, struct event *event)
{
    const struct dhcp4_facts *row = row_of(server, ticket);
    if (row == NULL || ticket == 0 || row->ticket != ticket)
        return;
    event->has_facts = row->said;
    event->facts = bytes_of(row->at, row->count);
    if (!address_is_none(&row->relay))
        event->relay = &row->relay;
}

void dhcp4_facts_free(struct dhcp4_server *server)
{
    for (size_t i = 0; server->facts != NULL && i < DHCP4_PENDING_MAX; i++)
        free(server->facts[i].at);
    free(server->facts);
    server->facts = NULL;
}

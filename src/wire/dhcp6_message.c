#include "wire/dhcp6_message.h"

#define OPTION_HEADER_BYTES 4

enum duid_type { DUID_LLT = 1, DUID_LL = 3 };
enum arp_type { ARP_ETHERNET = 1, ARP_IEEE802 = 6, ARP_EUI64 = 27 };

const char *dhcp6_message_type_name(unsigned type)
{
    static const char *const names[] = {
        [DHCP6_SOLICIT] = "DHCPSOLICIT",
        [DHCP6_ADVERTISE] = "DHCPADVERTISE",
        [DHCP6_REQUEST] = "DHCPREQUEST",
        [DHCP6_CONFIRM] = "DHCPCONFIRM",
        [DHCP6_RENEW] = "DHCPRENEW",
        [DHCP6_REBIND] = "DHCPREBIND",
        [DHCP6_REPLY] = "DHCPREPLY",
        [DHCP6_RELEASE] = "DHCPRELEASE",
        [DHCP6_DECLINE] = "DHCPDECLINE",
        [DHCP6_RECONFIGURE] = "DHCPRECONFIGURE",
        [DHCP6_INFORMATION_REQUEST] = "DHCPINFORMATION-REQUEST",
        [DHCP6_RELAY_FORW] = "DHCPRELAY-FORW",
        [DHCP6_RELAY_REPL] = "DHCPRELAY-REPL",
        [DHCP6_ADDR_REG_INFORM] = "DHCPADDR-REG-INFORM",
        [DHCP6_ADDR_REG_REPLY] = "DHCPADDR-REG-REPLY",
    };
    return type < COUNT_OF(names) ? names[type] : NULL;
}

/* ------------------------------------------------------------------ options */

enum status dhcp6_options_read(struct bytes bytes, struct dhcp6_options *options)
{
    struct bytes_reader reader = bytes_reader_on(bytes);

    options->count = 0;
    while (bytes_reader_left(&reader) > 0) {
        struct dhcp6_option option;
        option.code = bytes_read_u16(&reader);
        option.value = bytes_read_span(&reader, bytes_read_u16(&reader));
        if (reader.failed)
            return STATUS_TRUNCATED;
        if (options->count >= DHCP6_OPTIONS_MAX)
            return STATUS_MALFORMED;
        options->at[options->count++] = option;
    }
    return STATUS_OK;
}

bool dhcp6_option_next(const struct dhcp6_options *options, unsigned code, unsigned *place,
                       struct bytes *value)
{
    for (unsigned i = *place; i < options->count; i++)
        if (options->at[i].code == code) {
            *place = i + 1;
            *value = options->at[i].value;
            return true;
        }
    *place = options->count;
    return false;
}

bool dhcp6_option_find(const struct dhcp6_options *options, unsigned code, struct bytes *value)
{
    unsigned place = 0;
    return dhcp6_option_next(options, code, &place, value);
}

bool dhcp6_option_u16(const struct dhcp6_options *options, unsigned code, uint16_t *value)
{
    struct bytes found;
    if (!dhcp6_option_find(options, code, &found) || found.count != 2)
        return false;
    struct bytes_reader reader = bytes_reader_on(found);
    *value = bytes_read_u16(&reader);
    return true;
}

bool dhcp6_option_has(const struct dhcp6_options *options, unsigned code)
{
    struct bytes value;
    return dhcp6_option_find(options, code, &value);
}

bool dhcp6_option_requested(const struct dhcp6_options *options, unsigned code)
{
    struct bytes list;
    unsigned place = 0;

    while (dhcp6_option_next(options, DHCP6_ORO, &place, &list)) {
        struct bytes_reader reader = bytes_reader_on(list);
        while (bytes_reader_left(&reader) >= 2)
            if (bytes_read_u16(&reader) == code)
                return true;
    }
    return false;
}

/* ------------------------------------------------------------------ messages */

enum status dhcp6_message_read(struct bytes bytes, struct dhcp6_message *message)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    uint32_t head = bytes_read_u32(&reader);

    if (bytes.count > DHCP6_MESSAGE_MAX)
        return STATUS_MALFORMED;
    if (reader.failed)
        return STATUS_TRUNCATED;
    message->bytes = bytes;
    message->type = (uint8_t)(head >> 24);
    message->xid = head & 0xffffff;
    if (message->type == DHCP6_RELAY_FORW || message->type == DHCP6_RELAY_REPL)
        return STATUS_MALFORMED;
    return dhcp6_options_read(bytes_read_rest(&reader), &message->options);
}

static struct address read_ip6(struct bytes_reader *reader)
{
    uint8_t bytes[16];
    bytes_read_copy(reader, bytes, sizeof bytes);
    return address_ip6(bytes);
}

/* What a relay says of itself, and the one message it carries. */
static enum status read_envelope_options(const struct dhcp6_options *options,
                                         struct dhcp6_relay *relay, struct bytes *inside)
{
    struct bytes again;
    unsigned place = 0;

    if (!dhcp6_option_next(options, DHCP6_RELAY_MSG, &place, inside) || inside->count == 0)
        return STATUS_MALFORMED;
    if (dhcp6_option_next(options, DHCP6_RELAY_MSG, &place, &again))
        return STATUS_MALFORMED;
    (void)dhcp6_option_find(options, DHCP6_INTERFACE_ID, &relay->interface_id);
    (void)dhcp6_option_find(options, DHCP6_CLIENT_LINK_LAYER, &relay->link_layer);
    (void)dhcp6_option_find(options, DHCP6_REMOTE_ID, &relay->remote_id);
    (void)dhcp6_option_find(options, DHCP6_SUBSCRIBER_ID, &relay->subscriber_id);
    relay->has_relay_port = dhcp6_option_u16(options, DHCP6_RELAY_PORT, &relay->relay_port);
    return STATUS_OK;
}

static enum status read_envelope(struct bytes bytes, struct dhcp6_relay *relay,
                                 struct bytes *inside)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    struct dhcp6_options options;

    *relay = (struct dhcp6_relay){ .type = bytes_read_u8(&reader), .hops = bytes_read_u8(&reader) };
    relay->link = read_ip6(&reader);
    relay->peer = read_ip6(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;
    enum status status = dhcp6_options_read(bytes_read_rest(&reader), &options);
    if (status != STATUS_OK)
        return status;
    return read_envelope_options(&options, relay, inside);
}

enum status dhcp6_unwrap(struct bytes bytes, struct dhcp6_wrapped *wrapped)
{
    wrapped->relay_count = 0;
    wrapped->inner = bytes;
    if (bytes.count == 0)
        return STATUS_TRUNCATED;
    if (bytes.count > DHCP6_MESSAGE_MAX)
        return STATUS_MALFORMED;

    for (;;) {
        struct bytes inside = BYTES_NONE;
        struct bytes_reader reader = bytes_reader_on(wrapped->inner);
        uint8_t type = bytes_peek_u8(&reader);
        if (type != DHCP6_RELAY_FORW && type != DHCP6_RELAY_REPL)
            return STATUS_OK;
        if (wrapped->relay_count >= DHCP6_RELAYS_MAX)
            return STATUS_MALFORMED;
        /* Requests travel in RELAY-FORW all the way and replies in RELAY-REPL. */
        if (wrapped->relay_count > 0 && type != wrapped->relays[0].type)
            return STATUS_MALFORMED;
        enum status status =
            read_envelope(wrapped->inner, &wrapped->relays[wrapped->relay_count], &inside);
        if (status != STATUS_OK)
            return status;
        wrapped->relay_count++;
        wrapped->inner = inside;
    }
}

enum status dhcp6_ia_read(unsigned code, struct bytes value, struct dhcp6_ia *ia)
{
    struct bytes_reader reader = bytes_reader_on(value);

    ia->code = (uint16_t)code;
    ia->iaid = bytes_read_u32(&reader);
    ia->t1 = code == DHCP6_IA_TA ? 0 : bytes_read_u32(&reader);
    ia->t2 = code == DHCP6_IA_TA ? 0 : bytes_read_u32(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;
    return dhcp6_options_read(bytes_read_rest(&reader), &ia->options);
}

enum status dhcp6_ia_address_read(struct bytes value, struct dhcp6_ia_address *address)
{
    struct bytes_reader reader = bytes_reader_on(value);
    struct dhcp6_ia_address read = { .address = read_ip6(&reader) };

    read.preferred = bytes_read_u32(&reader);
    read.valid = bytes_read_u32(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;
    *address = read;
    return STATUS_OK;
}

enum status dhcp6_ia_prefix_read(struct bytes value, struct dhcp6_ia_prefix *prefix)
{
    struct bytes_reader reader = bytes_reader_on(value);
    struct dhcp6_ia_prefix read;

    read.preferred = bytes_read_u32(&reader);
    read.valid = bytes_read_u32(&reader);
    uint8_t length = bytes_read_u8(&reader);
    struct address address = read_ip6(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;
    if (prefix_make(address, length, &read.prefix) != STATUS_OK)
        return STATUS_MALFORMED;
    *prefix = read;
    return STATUS_OK;
}

enum status dhcp6_fqdn_read(struct bytes value, struct dhcp6_fqdn *fqdn)
{
    struct bytes_reader reader = bytes_reader_on(value);
    struct dhcp6_fqdn read = { .flags = bytes_read_u8(&reader) };
    struct bytes name = bytes_read_rest(&reader);

    if (reader.failed)
        return STATUS_TRUNCATED;
    if (name.count > 0 && dname_from_wire(name, &read.name) != STATUS_OK) {
        /* RFC 4704 section 4.2: a partial name is a wire name without the root label. */
        uint8_t whole[DNAME_WIRE_MAX];
        struct bytes_writer writer = bytes_writer_on(whole, sizeof whole);
        bytes_write_span(&writer, name);
        bytes_write_u8(&writer, 0);
        if (writer.failed
            || dname_from_wire(bytes_writer_written(&writer), &read.name) != STATUS_OK)
            return STATUS_MALFORMED;
        read.partial = true;
    }
    if (read.name.count == 1) /* the root alone names nobody */
        read.name.count = 0;
    *fqdn = read;
    return STATUS_OK;
}

bool dhcp6_string_next(struct bytes *rest, struct bytes *string)
{
    struct bytes_reader reader = bytes_reader_on(*rest);
    struct bytes read = bytes_read_span(&reader, bytes_read_u16(&reader));

    if (rest->count == 0 || reader.failed)
        return false;
    *string = read;
    *rest = bytes_read_rest(&reader);
    return true;
}

bool dhcp6_duid_hardware(struct bytes duid, struct hardware *hardware)
{
    struct bytes_reader reader = bytes_reader_on(duid);
    uint16_t kind = bytes_read_u16(&reader);
    struct hardware read = { .type = bytes_read_u16(&reader) };

    if (kind != DUID_LLT && kind != DUID_LL)
        return false;
    if (kind == DUID_LLT)
        bytes_read_skip(&reader, 4); /* the time */
    size_t wanted = read.type == ARP_ETHERNET || read.type == ARP_IEEE802 ? 6
                    : read.type == ARP_EUI64                              ? 8
                                                                          : 0;
    if (wanted == 0 || bytes_reader_left(&reader) != wanted)
        return false;
    read.count = (uint8_t)wanted;
    bytes_read_copy(&reader, read.bytes, wanted);
    *hardware = read;
    return true;
}

/* ------------------------------------------------------------------ building */

void dhcp6_builder_start(struct dhcp6_builder *builder, void *buffer, size_t room, unsigned type,
                         uint32_t xid)
{
    *builder = (struct dhcp6_builder){ .out = bytes_writer_on(buffer, room) };
    bytes_write_u32(&builder->out, (uint32_t)type << 24 | (xid & 0xffffff));
}

bool dhcp6_builder_option(struct dhcp6_builder *builder, unsigned code, struct bytes value)
{
    if (value.count > UINT16_MAX
        || bytes_writer_room(&builder->out) < OPTION_HEADER_BYTES + value.count) {
        builder->refused++;
        builder->last_refused = code;
        return false;
    }
    bytes_write_u16(&builder->out, (uint16_t)code);
    bytes_write_u16(&builder->out, (uint16_t)value.count);
    bytes_write_span(&builder->out, value);
    return true;
}

bool dhcp6_builder_option_u8(struct dhcp6_builder *builder, unsigned code, uint8_t value)
{
    return dhcp6_builder_option(builder, code, bytes_of(&value, 1));
}

bool dhcp6_builder_option_u32(struct dhcp6_builder *builder, unsigned code, uint32_t value)
{
    uint8_t wire[4];
    struct bytes_writer writer = bytes_writer_on(wire, sizeof wire);
    bytes_write_u32(&writer, value);
    return dhcp6_builder_option(builder, code, bytes_writer_written(&writer));
}

bool dhcp6_builder_status(struct dhcp6_builder *builder, enum dhcp6_status status, struct text text)
{
    size_t count = 2 + text.count;

    if (count > UINT16_MAX || bytes_writer_room(&builder->out) < OPTION_HEADER_BYTES + count) {
        builder->refused++;
        builder->last_refused = DHCP6_STATUS;
        return false;
    }
    bytes_write_u16(&builder->out, DHCP6_STATUS);
    bytes_write_u16(&builder->out, (uint16_t)count);
    bytes_write_u16(&builder->out, (uint16_t)status);
    bytes_write_span(&builder->out, text_bytes(text));
    return true;
}

struct dhcp6_mark dhcp6_builder_begin(struct dhcp6_builder *builder, unsigned code)
{
    struct dhcp6_mark mark = { bytes_writer_count(&builder->out) };

    bytes_write_u16(&builder->out, (uint16_t)code);
    bytes_write_u16(&builder->out, 0); /* known at the end */
    return mark;
}

void dhcp6_builder_end(struct dhcp6_builder *builder, struct dhcp6_mark mark)
{
    if (builder->out.failed)
        return;
    size_t count = bytes_writer_count(&builder->out) - mark.at - OPTION_HEADER_BYTES;
    if (count > UINT16_MAX)
        builder->out.failed = true;
    else
        bytes_patch_u16(&builder->out, mark.at + 2, (uint16_t)count);
}

struct dhcp6_mark dhcp6_builder_ia(struct dhcp6_builder *builder, unsigned code, uint32_t iaid,
                                   uint32_t t1, uint32_t t2)
{
    struct dhcp6_mark mark = dhcp6_builder_begin(builder, code);

    bytes_write_u32(&builder->out, iaid);
    if (code != DHCP6_IA_TA) {
        bytes_write_u32(&builder->out, t1);
        bytes_write_u32(&builder->out, t2);
    }
    return mark;
}

void dhcp6_builder_set_times(struct dhcp6_builder *builder, struct dhcp6_mark mark, uint32_t t1,
                             uint32_t t2)
{
    bytes_patch_u32(&builder->out, mark.at + OPTION_HEADER_BYTES + 4, t1);
    bytes_patch_u32(&builder->out, mark.at + OPTION_HEADER_BYTES + 8, t2);
}

void dhcp6_builder_ia_address(struct dhcp6_builder *builder, const struct address *address,
                              uint32_t preferred, uint32_t valid)
{
    struct dhcp6_mark mark = dhcp6_builder_begin(builder, DHCP6_IAADDR);

    bytes_write_copy(&builder->out, address->bytes, sizeof address->bytes);
    bytes_write_u32(&builder->out, preferred);
    bytes_write_u32(&builder->out, valid);
    dhcp6_builder_end(builder, mark);
}

void dhcp6_builder_ia_prefix(struct dhcp6_builder *builder, const struct prefix *prefix,
                             uint32_t preferred, uint32_t valid)
{
    struct dhcp6_mark mark = dhcp6_builder_begin(builder, DHCP6_IAPREFIX);

    bytes_write_u32(&builder->out, preferred);
    bytes_write_u32(&builder->out, valid);
    bytes_write_u8(&builder->out, prefix->length);
    bytes_write_copy(&builder->out, prefix->address.bytes, sizeof prefix->address.bytes);
    dhcp6_builder_end(builder, mark);
}

struct bytes dhcp6_builder_finish(struct dhcp6_builder *builder)
{
    return builder->out.failed ? BYTES_NONE : bytes_writer_written(&builder->out);
}

/* The head of one RELAY-REPL (RFC 9915 section 19.3), with what of the envelope goes back: its
 * interface id, and its port (RFC 8357 section 5.2). */
static void put_reply_envelope(struct dhcp6_builder *builder, const struct dhcp6_relay *relay)
{
    struct bytes_writer *out = &builder->out;

    bytes_write_u8(out, DHCP6_RELAY_REPL);
    bytes_write_u8(out, relay->hops);
    bytes_write_copy(out, relay->link.bytes, sizeof relay->link.bytes);
    bytes_write_copy(out, relay->peer.bytes, sizeof relay->peer.bytes);
    if (relay->interface_id.count > 0) {
        struct dhcp6_mark mark = dhcp6_builder_begin(builder, DHCP6_INTERFACE_ID);
        bytes_write_span(out, relay->interface_id);
        dhcp6_builder_end(builder, mark);
    }
    if (relay->has_relay_port) {
        struct dhcp6_mark mark = dhcp6_builder_begin(builder, DHCP6_RELAY_PORT);
        bytes_write_u16(out, relay->relay_port);
        dhcp6_builder_end(builder, mark);
    }
}

struct bytes dhcp6_wrap_reply(const struct dhcp6_wrapped *came_in, struct bytes message,
                              void *buffer, size_t room)
{
    struct dhcp6_builder builder = { .out = bytes_writer_on(buffer, room) };
    struct dhcp6_mark marks[DHCP6_RELAYS_MAX];

    for (unsigned i = 0; i < came_in->relay_count; i++) {
        put_reply_envelope(&builder, &came_in->relays[i]);
        marks[i] = dhcp6_builder_begin(&builder, DHCP6_RELAY_MSG);
    }
    bytes_write_span(&builder.out, message);
    for (unsigned i = came_in->relay_count; i > 0; i--)
        dhcp6_builder_end(&builder, marks[i - 1]);
    return dhcp6_builder_finish(&builder);
}

#include "wire/dhcp4_message.h"

#define MAGIC_COOKIE    0x63825363
#define COOKIE_BYTES    4
#define CHADDR_BYTES    16
#define SNAME_OFFSET    44
#define FILE_OFFSET     (SNAME_OFFSET + DHCP4_SNAME_BYTES)
#define MESSAGE_MIN     300 /* RFC 1542 section 2.1: what BOOTP relays and clients expect */
#define FRAGMENT_MAX    255
#define OVERLOAD_FILE   1
#define OVERLOAD_SNAME  2
#define OVERLOAD_OPTION 3 /* bytes option 52 takes */

#define FQDN_FLAG_WIRE 0x04

static_assert(FILE_OFFSET + DHCP4_FILE_BYTES == DHCP4_FIXED_BYTES, "RFC 2131 figure 1");

enum option_field { FIELD_OPTIONS, FIELD_FILE, FIELD_SNAME };

/* ------------------------------------------------------------------ reading */

static struct address read_ip4(struct bytes_reader *reader)
{
    return address_ip4_from_u32(bytes_read_u32(reader));
}

/* The fixed part. hlen is believed only up to what the field holds, and what lies behind it is
 * cleared so that two hardware addresses can be compared as memory. */
static enum status read_fixed(struct bytes_reader *reader, struct dhcp4_message *message)
{
    message->op = bytes_read_u8(reader);
    message->hardware.type = bytes_read_u8(reader);
    message->hardware.count = bytes_read_u8(reader);
    message->hops = bytes_read_u8(reader);
    message->xid = bytes_read_u32(reader);
    message->secs = bytes_read_u16(reader);
    message->flags = bytes_read_u16(reader);
    message->ciaddr = read_ip4(reader);
    message->yiaddr = read_ip4(reader);
    message->siaddr = read_ip4(reader);
    message->giaddr = read_ip4(reader);
    struct bytes chaddr = bytes_read_span(reader, CHADDR_BYTES);
    message->sname = bytes_read_span(reader, DHCP4_SNAME_BYTES);
    message->file = bytes_read_span(reader, DHCP4_FILE_BYTES);
    if (reader->failed)
        return STATUS_TRUNCATED;

    if (message->op != DHCP4_BOOTREQUEST && message->op != DHCP4_BOOTREPLY)
        return STATUS_MALFORMED;
    if (message->hardware.count > HARDWARE_MAX)
        return STATUS_MALFORMED;
    struct bytes_reader hardware = bytes_reader_on(chaddr);
    bytes_read_copy(&hardware, message->hardware.bytes, message->hardware.count);
    return STATUS_OK;
}

static enum status index_option(struct dhcp4_message *message, enum option_field field,
                                uint8_t code, size_t offset, size_t count)
{
    /* RFC 2131 section 4.1: only the options field may say that others hold options too. */
    if (code == DHCP4_OVERLOAD && field != FIELD_OPTIONS)
        return STATUS_MALFORMED;
    if (message->option_count >= DHCP4_OPTIONS_MAX)
        return STATUS_MALFORMED;
    message->options[message->option_count++] = (struct dhcp4_option_place){
        .code = code,
        .field = (uint8_t)field,
        .count = (uint16_t)count,
        .offset = (uint16_t)offset,
    };
    return STATUS_OK;
}

/* One field of options, up to END or its last byte. Every turn takes at least one byte. */
static enum status index_field(struct dhcp4_message *message, enum option_field field,
                               size_t offset, size_t count)
{
    struct bytes_reader whole = bytes_reader_on(message->bytes);
    bytes_reader_seek(&whole, offset);
    struct bytes_reader reader = bytes_read_nested(&whole, count);

    while (bytes_reader_left(&reader) > 0) {
        uint8_t code = bytes_read_u8(&reader);
        if (code == DHCP4_PAD)
            continue;
        if (code == DHCP4_END)
            break;
        uint8_t length = bytes_read_u8(&reader);
        size_t at = offset + bytes_reader_offset(&reader);
        bytes_read_skip(&reader, length);
        if (reader.failed)
            return STATUS_MALFORMED;
        enum status status = index_option(message, field, code, at, length);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

/* An option that must be one byte when it is there at all: absent leaves *value alone. Several
 * fragments would be a longer value (RFC 3396), so they are refused too. */
static enum status read_single_byte(const struct dhcp4_message *message, unsigned code,
                                    unsigned max, uint8_t *value, bool *found)
{
    uint8_t scratch[2];
    struct bytes joined;

    *found = dhcp4_option_first(message, code, &joined);
    if (!*found)
        return STATUS_OK;
    if (!dhcp4_option_find(message, code, scratch, sizeof scratch, &joined) || joined.count != 1)
        return STATUS_MALFORMED;
    if (joined.at[0] == 0 || joined.at[0] > max)
        return STATUS_MALFORMED;
    *value = joined.at[0];
    return STATUS_OK;
}

/* RFC 2131 section 4.1: the options field first, then file, then sname. The order of the index is
 * the order in which RFC 3396 joins the fragments of one option. */
static enum status index_options(struct dhcp4_message *message)
{
    size_t start = DHCP4_FIXED_BYTES + COOKIE_BYTES;
    bool found;

    enum status status = index_field(message, FIELD_OPTIONS, start, message->bytes.count - start);
    if (status == STATUS_OK)
        status = read_single_byte(message, DHCP4_OVERLOAD, OVERLOAD_FILE | OVERLOAD_SNAME,
                                  &message->overload, &found);
    if (status == STATUS_OK && (message->overload & OVERLOAD_FILE) != 0)
        status = index_field(message, FIELD_FILE, FILE_OFFSET, DHCP4_FILE_BYTES);
    if (status == STATUS_OK && (message->overload & OVERLOAD_SNAME) != 0)
        status = index_field(message, FIELD_SNAME, SNAME_OFFSET, DHCP4_SNAME_BYTES);
    if (status == STATUS_OK)
        status = read_single_byte(message, DHCP4_MESSAGE_TYPE, UINT8_MAX, &message->type,
                                  &message->is_dhcp);
    return status;
}

enum status dhcp4_message_read(struct bytes bytes, struct dhcp4_message *message)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    struct dhcp4_message parsed = { .bytes = bytes };

    if (bytes.count > DHCP4_MESSAGE_MAX)
        return STATUS_MALFORMED;
    enum status status = read_fixed(&reader, &parsed);
    if (status != STATUS_OK)
        return status;

    /* RFC 951 leaves the vendor area free; zeros or nothing there is BOOTP without options. */
    if (bytes_reader_left(&reader) >= COOKIE_BYTES) {
        uint32_t cookie = bytes_read_u32(&reader);
        if (cookie != MAGIC_COOKIE && cookie != 0)
            return STATUS_MALFORMED;
        if (cookie == MAGIC_COOKIE)
            status = index_options(&parsed);
        if (status != STATUS_OK)
            return status;
    }
    *message = parsed;
    return STATUS_OK;
}

static struct bytes place_value(const struct dhcp4_message *message,
                                const struct dhcp4_option_place *place)
{
    struct bytes_reader reader = bytes_reader_on(message->bytes);
    bytes_reader_seek(&reader, place->offset);
    return bytes_read_span(&reader, place->count);
}

bool dhcp4_option_find(const struct dhcp4_message *message, unsigned code, void *scratch,
                       size_t room, struct bytes *value)
{
    const struct dhcp4_option_place *only = NULL;
    unsigned fragments = 0;

    for (unsigned i = 0; i < message->option_count; i++)
        if (message->options[i].code == code) {
            only = &message->options[i];
            fragments++;
        }
    if (fragments == 0)
        return false;
    if (fragments == 1) {
        *value = place_value(message, only);
        return true;
    }

    struct bytes_writer joined = bytes_writer_on(scratch, room);
    for (unsigned i = 0; i < message->option_count; i++)
        if (message->options[i].code == code)
            bytes_write_span(&joined, place_value(message, &message->options[i]));
    if (joined.failed)
        return false;
    *value = bytes_writer_written(&joined);
    return true;
}

bool dhcp4_option_first(const struct dhcp4_message *message, unsigned code, struct bytes *value)
{
    for (unsigned i = 0; i < message->option_count; i++)
        if (message->options[i].code == code) {
            *value = place_value(message, &message->options[i]);
            return true;
        }
    return false;
}

/* A reader over the option's value when it has exactly this size. */
static bool sized_option(const struct dhcp4_message *message, unsigned code, size_t count,
                         struct bytes_reader *reader)
{
    struct bytes value;
    if (!dhcp4_option_first(message, code, &value) || value.count != count)
        return false;
    *reader = bytes_reader_on(value);
    return true;
}

bool dhcp4_option_address(const struct dhcp4_message *message, unsigned code,
                          struct address *address)
{
    struct bytes_reader reader;
    if (!sized_option(message, code, 4, &reader))
        return false;
    *address = read_ip4(&reader);
    return true;
}

bool dhcp4_option_u32(const struct dhcp4_message *message, unsigned code, uint32_t *value)
{
    struct bytes_reader reader;
    if (!sized_option(message, code, 4, &reader))
        return false;
    *value = bytes_read_u32(&reader);
    return true;
}

bool dhcp4_option_u16(const struct dhcp4_message *message, unsigned code, uint16_t *value)
{
    struct bytes_reader reader;
    if (!sized_option(message, code, 2, &reader))
        return false;
    *value = bytes_read_u16(&reader);
    return true;
}

bool dhcp4_option_u8(const struct dhcp4_message *message, unsigned code, uint8_t *value)
{
    struct bytes_reader reader;
    if (!sized_option(message, code, 1, &reader))
        return false;
    *value = bytes_read_u8(&reader);
    return true;
}

bool dhcp4_suboption_find(struct bytes list, unsigned code, struct bytes *value)
{
    struct bytes_reader reader = bytes_reader_on(list);
    struct bytes first = BYTES_NONE;
    bool found = false;

    /* The whole list is walked before any of it is believed. Option 43 may hold PAD and END inside
     * (RFC 2132 section 8.4); option 82 does not use those numbers. */
    while (bytes_reader_left(&reader) > 0) {
        uint8_t next = bytes_read_u8(&reader);
        if (next == DHCP4_PAD)
            continue;
        if (next == DHCP4_END)
            break;
        struct bytes span = bytes_read_span(&reader, bytes_read_u8(&reader));
        if (next == code && !found) {
            first = span;
            found = true;
        }
    }
    if (reader.failed || !found)
        return false;
    *value = first;
    return true;
}

enum status dhcp4_fqdn_read(struct bytes value, struct dhcp4_fqdn *fqdn)
{
    struct bytes_reader reader = bytes_reader_on(value);

    uint8_t flags = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 2); /* rcodes, which RFC 4702 section 2.2 tells servers to ignore */
    struct bytes name = bytes_read_rest(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;

    *fqdn = (struct dhcp4_fqdn){
        .flags = flags,
        .is_wire = (flags & FQDN_FLAG_WIRE) != 0,
        .name = name,
    };
    return STATUS_OK;
}

/* ------------------------------------------------------------------ building */

/* No address at all stands for 0.0.0.0, so that a caller sets only what it has. */
static void write_ip4(struct bytes_writer *writer, struct address address)
{
    bytes_write_u32(writer, address_is_none(&address) ? 0 : address_ip4_to_u32(address));
}

void dhcp4_builder_start(struct dhcp4_builder *builder, void *buffer, size_t room, size_t limit,
                         const struct dhcp4_reply_header *header, bool may_overload)
{
    assert(room >= limit && limit >= MESSAGE_MIN);
    assert(header->hardware.count <= HARDWARE_MAX);

    struct bytes_writer writer = bytes_writer_on(buffer, limit);
    bytes_write_u8(&writer, header->op);
    bytes_write_u8(&writer, (uint8_t)header->hardware.type);
    bytes_write_u8(&writer, header->hardware.count);
    bytes_write_u8(&writer, header->hops);
    bytes_write_u32(&writer, header->xid);
    bytes_write_u16(&writer, header->secs);
    bytes_write_u16(&writer, header->flags);
    write_ip4(&writer, header->ciaddr);
    write_ip4(&writer, header->yiaddr);
    write_ip4(&writer, header->siaddr);
    write_ip4(&writer, header->giaddr);
    bytes_write_copy(&writer, header->hardware.bytes, header->hardware.count);
    bytes_write_zeros(&writer, DHCP4_FIXED_BYTES - bytes_writer_count(&writer));
    bytes_write_u32(&writer, MAGIC_COOKIE);

    size_t start = bytes_writer_count(&writer);
    *builder = (struct dhcp4_builder){
        .buffer = buffer,
        .room = room,
        .limit = limit,
        .options = bytes_writer_on(writer.start + start, limit - start),
        .file = bytes_writer_on(writer.start + FILE_OFFSET, DHCP4_FILE_BYTES),
        .sname = bytes_writer_on(writer.start + SNAME_OFFSET, DHCP4_SNAME_BYTES),
        .may_overload = may_overload,
    };
}

/* Text at the start of a field whose rest stays zero, so that it ends in NUL. */
static bool write_text_field(struct bytes_writer *field, bool *used, struct text text)
{
    size_t size = (size_t)(field->end - field->start);

    if (text.count >= size || (!*used && bytes_writer_count(field) > 0))
        return false;
    bytes_writer_rewind(field, 0);
    bytes_write_span(field, text_bytes(text));
    bytes_write_zeros(field, size - text.count);
    bytes_writer_rewind(field, text.count);
    *used = text.count > 0;
    return true;
}

bool dhcp4_builder_sname(struct dhcp4_builder *builder, struct text name)
{
    return write_text_field(&builder->sname, &builder->sname_used, name);
}

bool dhcp4_builder_file(struct dhcp4_builder *builder, struct text name)
{
    return write_text_field(&builder->file, &builder->file_used, name);
}

/* What must stay free in the options field: END, and option 52 while it may still be needed. */
static size_t options_reserve(const struct dhcp4_builder *builder)
{
    bool can_overload = builder->may_overload && (!builder->file_used || !builder->sname_used);
    return 1 + (can_overload ? OVERLOAD_OPTION : 0);
}

static bool has_room(const struct bytes_writer *field, size_t reserve, size_t bytes)
{
    size_t room = bytes_writer_room(field);
    return room >= reserve && bytes <= room - reserve;
}

/* The field that takes an option of so many bytes, headers included; NULL when none does. An option
 * is never spread over two fields: many clients join only what stands together. */
static struct bytes_writer *pick_field(struct dhcp4_builder *builder, size_t bytes)
{
    if (has_room(&builder->options, options_reserve(builder), bytes))
        return &builder->options;
    if (!builder->may_overload)
        return NULL;
    if (!builder->file_used && has_room(&builder->file, 1, bytes))
        return &builder->file;
    if (!builder->sname_used && has_room(&builder->sname, 1, bytes))
        return &builder->sname;
    return NULL;
}

static void write_option(struct bytes_writer *field, uint8_t code, struct bytes value)
{
    struct bytes_reader reader = bytes_reader_on(value);

    do {
        size_t left = bytes_reader_left(&reader);
        size_t count = left < FRAGMENT_MAX ? left : FRAGMENT_MAX;
        bytes_write_u8(field, code);
        bytes_write_u8(field, (uint8_t)count);
        bytes_write_span(field, bytes_read_span(&reader, count));
    } while (bytes_reader_left(&reader) > 0);
}

bool dhcp4_builder_option(struct dhcp4_builder *builder, unsigned code, struct bytes value)
{
    size_t fragments = value.count == 0 ? 1 : (value.count - 1) / FRAGMENT_MAX + 1;
    struct bytes_writer *field = NULL;

    /* PAD, END and overload are ours to write; a configuration may still name any number. */
    bool allowed = code != DHCP4_PAD && code != DHCP4_OVERLOAD && code < DHCP4_END;
    if (allowed && value.count <= DHCP4_MESSAGE_MAX)
        field = pick_field(builder, value.count + 2 * fragments);
    if (field == NULL) {
        builder->refused++;
        builder->last_refused = code;
        return false;
    }
    write_option(field, (uint8_t)code, value);
    return true;
}

bool dhcp4_builder_option_address(struct dhcp4_builder *builder, unsigned code,
                                  const struct address *address)
{
    return dhcp4_builder_option(builder, code, address_bytes(address));
}

bool dhcp4_builder_option_u32(struct dhcp4_builder *builder, unsigned code, uint32_t value)
{
    uint8_t bytes[4];
    struct bytes_writer writer = bytes_writer_on(bytes, sizeof bytes);
    bytes_write_u32(&writer, value);
    return dhcp4_builder_option(builder, code, bytes_writer_written(&writer));
}

bool dhcp4_builder_option_u8(struct dhcp4_builder *builder, unsigned code, uint8_t value)
{
    return dhcp4_builder_option(builder, code, bytes_of(&value, 1));
}

static bool field_has(const struct bytes_writer *field, unsigned code)
{
    struct bytes_reader reader = bytes_reader_on(bytes_writer_written(field));

    while (bytes_reader_left(&reader) > 0) {
        uint8_t next = bytes_read_u8(&reader);
        bytes_read_skip(&reader, bytes_read_u8(&reader));
        if (next == code)
            return true;
    }
    return false;
}

bool dhcp4_builder_has(const struct dhcp4_builder *builder, unsigned code)
{
    return field_has(&builder->options, code)
           || (!builder->file_used && field_has(&builder->file, code))
           || (!builder->sname_used && field_has(&builder->sname, code));
}

/* END behind the options of an overloaded field; its rest is PAD already. */
static bool finish_overloaded(struct bytes_writer *field, bool used)
{
    if (used || bytes_writer_count(field) == 0)
        return false;
    bytes_write_u8(field, DHCP4_END);
    return true;
}

struct bytes dhcp4_builder_finish(struct dhcp4_builder *builder)
{
    struct bytes_writer *options = &builder->options;
    unsigned overload = 0;

    if (finish_overloaded(&builder->file, builder->file_used))
        overload |= OVERLOAD_FILE;
    if (finish_overloaded(&builder->sname, builder->sname_used))
        overload |= OVERLOAD_SNAME;
    if (overload != 0) {
        bytes_write_u8(options, DHCP4_OVERLOAD);
        bytes_write_u8(options, 1);
        bytes_write_u8(options, (uint8_t)overload);
    }
    bytes_write_u8(options, DHCP4_END);

    size_t start = DHCP4_FIXED_BYTES + COOKIE_BYTES;
    if (start + bytes_writer_count(options) < MESSAGE_MIN)
        bytes_write_zeros(options, MESSAGE_MIN - start - bytes_writer_count(options));
    assert(!options->failed && !builder->file.failed && !builder->sname.failed);
    return bytes_of(builder->buffer, start + bytes_writer_count(options));
}

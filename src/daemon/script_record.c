#include "daemon/script_record.h"

#include "model/lease_facts.h"

/* A message is the action, then fields: which, two bytes of length, the value. */
enum field {
    FIELD_ADDRESS = 1,
    FIELD_HARDWARE,
    FIELD_RELAY,
    FIELD_FACTS, /* even an empty one says that they are known */
    FIELD_CLIENT_ID,
    FIELD_SERVER_DUID,
    FIELD_IAID,
    FIELD_EXPIRES,
    FIELD_NAME,
    FIELD_DOMAIN,
    FIELD_OLD_NAME,
    FIELD_INTERFACE,
    FIELD_PATH,
    FIELD_SIZE,
    FIELD_CLIENT,
    FIELD_COUNT
};

#define INTERFACE_MAX 64

static const uint16_t field_max[FIELD_COUNT] = {
    [FIELD_ADDRESS] = 16,
    [FIELD_HARDWARE] = 2 + HARDWARE_MAX,
    [FIELD_RELAY] = 16,
    [FIELD_FACTS] = LEASE_FACTS_MAX,
    [FIELD_CLIENT_ID] = SCRIPT_ID_MAX,
    [FIELD_SERVER_DUID] = SCRIPT_ID_MAX,
    [FIELD_IAID] = 6,
    [FIELD_EXPIRES] = 8,
    [FIELD_NAME] = SCRIPT_NAME_MAX,
    [FIELD_DOMAIN] = SCRIPT_NAME_MAX,
    [FIELD_OLD_NAME] = SCRIPT_NAME_MAX,
    [FIELD_INTERFACE] = INTERFACE_MAX,
    [FIELD_PATH] = SCRIPT_PATH_MAX,
    [FIELD_SIZE] = 8,
    [FIELD_CLIENT] = 16,
};

/* ------------------------------------------------------------------ writing */

static void put(struct bytes_writer *writer, enum field field, struct bytes value)
{
    if (value.count > field_max[field])
        return;
    bytes_write_u8(writer, (uint8_t)field);
    bytes_write_u16(writer, (uint16_t)value.count);
    bytes_write_span(writer, value);
}

static void put_present(struct bytes_writer *writer, enum field field, struct bytes value)
{
    if (value.count > 0)
        put(writer, field, value);
}

static void put_u64(struct bytes_writer *writer, enum field field, uint64_t value)
{
    bytes_write_u8(writer, (uint8_t)field);
    bytes_write_u16(writer, 8);
    bytes_write_u64(writer, value);
}

static void put_hardware(struct bytes_writer *writer, const struct hardware *hardware)
{
    if (hardware->count == 0 || hardware->count > HARDWARE_MAX)
        return;
    bytes_write_u8(writer, FIELD_HARDWARE);
    bytes_write_u16(writer, (uint16_t)(2 + hardware->count));
    bytes_write_u16(writer, hardware->type);
    bytes_write_copy(writer, hardware->bytes, hardware->count);
}

static void put_iaid(struct bytes_writer *writer, const struct script_record *record)
{
    if (record->address.family != ADDRESS_IP6 || record->client_id.count == 0)
        return;
    bytes_write_u8(writer, FIELD_IAID);
    bytes_write_u16(writer, 6);
    bytes_write_u8(writer, record->temporary);
    bytes_write_u8(writer, record->prefix_length);
    bytes_write_u32(writer, record->iaid);
}

void script_record_write(const struct script_record *record, struct bytes_writer *writer)
{
    bytes_write_u8(writer, (uint8_t)record->action);
    put_present(writer, FIELD_ADDRESS, address_bytes(&record->address));
    put_hardware(writer, &record->hardware);
    put_present(writer, FIELD_RELAY, address_bytes(&record->relay));
    if (record->has_facts)
        put(writer, FIELD_FACTS, record->facts);
    put_present(writer, FIELD_CLIENT_ID, record->client_id);
    put_present(writer, FIELD_SERVER_DUID, record->server_duid);
    put_iaid(writer, record);
    if (record->expires > 0)
        put_u64(writer, FIELD_EXPIRES, (uint64_t)record->expires);
    put_present(writer, FIELD_NAME, text_bytes(record->name));
    put_present(writer, FIELD_DOMAIN, text_bytes(record->domain));
    put_present(writer, FIELD_OLD_NAME, text_bytes(record->old_name));
    put_present(writer, FIELD_INTERFACE, text_bytes(record->interface));
    put_present(writer, FIELD_PATH, text_bytes(record->path));
    if (record->size > 0)
        put_u64(writer, FIELD_SIZE, record->size);
    put_present(writer, FIELD_CLIENT, address_bytes(&record->client));
}

/* ------------------------------------------------------------------ reading */

static bool take_text(struct bytes value, struct text *text)
{
    *text = text_from_bytes(value);
    return value.count > 0 && text_find(*text, '\0') == SIZE_MAX;
}

static bool take_id(struct bytes value, struct bytes *id)
{
    *id = value;
    return value.count > 0;
}

static bool take_hardware(struct bytes value, struct hardware *hardware)
{
    struct bytes_reader reader = bytes_reader_on(value);
    *hardware = (struct hardware){ .type = bytes_read_u16(&reader) };
    hardware->count = (uint8_t)bytes_reader_left(&reader);
    bytes_read_copy(&reader, hardware->bytes, hardware->count);
    return !reader.failed && hardware->count > 0;
}

static bool take_u64(struct bytes value, uint64_t *number)
{
    struct bytes_reader reader = bytes_reader_on(value);
    *number = bytes_read_u64(&reader);
    return !reader.failed && bytes_reader_left(&reader) == 0 && *number > 0;
}

static bool take_expires(struct bytes value, wall_s *expires)
{
    uint64_t number;
    if (!take_u64(value, &number) || number > INT64_MAX)
        return false;
    *expires = (wall_s)number;
    return true;
}

static bool take_iaid(struct bytes value, struct script_record *record)
{
    struct bytes_reader reader = bytes_reader_on(value);
    unsigned temporary = bytes_read_u8(&reader);
    record->temporary = temporary != 0;
    record->prefix_length = bytes_read_u8(&reader);
    record->iaid = bytes_read_u32(&reader);
    return !reader.failed && bytes_reader_left(&reader) == 0 && temporary <= 1
           && record->prefix_length <= 128;
}

static bool take_facts(struct bytes value, struct script_record *record)
{
    struct bytes_reader reader = bytes_reader_on(value);
    enum lease_fact fact;
    struct bytes word;
    while (lease_facts_next(&reader, &fact, &word))
        continue;
    record->has_facts = true;
    record->facts = value;
    return !reader.failed;
}

static bool take(enum field field, struct bytes value, struct script_record *record)
{
    switch (field) {
    case FIELD_ADDRESS:
        return address_from_bytes(value, &record->address) == STATUS_OK;
    case FIELD_HARDWARE:
        return take_hardware(value, &record->hardware);
    case FIELD_RELAY:
        return address_from_bytes(value, &record->relay) == STATUS_OK;
    case FIELD_FACTS:
        return take_facts(value, record);
    case FIELD_CLIENT_ID:
        return take_id(value, &record->client_id);
    case FIELD_SERVER_DUID:
        return take_id(value, &record->server_duid);
    case FIELD_IAID:
        return take_iaid(value, record);
    case FIELD_EXPIRES:
        return take_expires(value, &record->expires);
    case FIELD_NAME:
        return take_text(value, &record->name);
    case FIELD_DOMAIN:
        return take_text(value, &record->domain);
    case FIELD_OLD_NAME:
        return take_text(value, &record->old_name);
    case FIELD_INTERFACE:
        return take_text(value, &record->interface);
    case FIELD_PATH:
        return take_text(value, &record->path);
    case FIELD_SIZE:
        return take_u64(value, &record->size);
    case FIELD_CLIENT:
        return address_from_bytes(value, &record->client) == STATUS_OK;
    case FIELD_COUNT:
        break;
    }
    return false;
}

enum status script_record_read(struct bytes message, struct script_record *record)
{
    struct bytes_reader reader = bytes_reader_on(message);
    uint32_t seen = 0;
    unsigned action = bytes_read_u8(&reader);
    if (message.count > SCRIPT_RECORD_MAX || action == 0 || action >= SCRIPT_ACTION_COUNT)
        return STATUS_MALFORMED;
    *record = (struct script_record){ .action = (enum script_action)action };
    while (bytes_reader_left(&reader) > 0) {
        unsigned field = bytes_read_u8(&reader);
        struct bytes value = bytes_read_span(&reader, bytes_read_u16(&reader));
        if (reader.failed || field == 0 || field >= FIELD_COUNT || (seen >> field & 1) != 0
            || value.count > field_max[field] || !take((enum field)field, value, record))
            return STATUS_MALFORMED;
        seen |= 1u << field;
    }
    return STATUS_OK;
}

/* ------------------------------------------------------------------ notes */

void script_note_write(const struct script_note *note, struct bytes_writer *writer)
{
    struct text text = text_part(note->text, 0, SCRIPT_NOTE_TEXT_MAX);
    bytes_write_u8(writer, (uint8_t)note->kind);
    bytes_write_span(writer, text_bytes(text));
}

enum status script_note_read(struct bytes message, struct script_note *note)
{
    struct bytes_reader reader = bytes_reader_on(message);
    unsigned kind = bytes_read_u8(&reader);
    if (reader.failed || kind == 0 || kind >= SCRIPT_NOTE_COUNT || message.count > SCRIPT_NOTE_MAX)
        return STATUS_MALFORMED;
    note->kind = (enum script_note_kind)kind;
    note->text = text_from_bytes(bytes_read_rest(&reader));
    return STATUS_OK;
}

#include "dhcp/dhcp_value_text.h"

#include "base/address.h"

#define HEX_MAX 14 /* bytes of a value shown before "..." */

static void put_addresses(struct text_out *out, size_t address_bytes, struct bytes value)
{
    struct bytes_reader reader = bytes_reader_on(value);
    while (bytes_reader_left(&reader) >= address_bytes) {
        struct address address;
        if (address_from_bytes(bytes_read_span(&reader, address_bytes), &address) == STATUS_OK)
            text_put_address(out, &address);
        if (bytes_reader_left(&reader) > 0)
            text_put_string(out, ", ");
    }
}

static void put_hex(struct text_out *out, struct bytes value)
{
    bool cut = value.count > HEX_MAX;
    text_put_hex(out, bytes_of(value.at, cut ? HEX_MAX : value.count), ':');
    if (cut)
        text_put_string(out, "...");
}

static uint64_t number_of(struct bytes value)
{
    struct bytes_reader reader = bytes_reader_on(value);
    uint64_t number = 0;
    while (bytes_reader_left(&reader) > 0)
        number = number << 8 | bytes_read_u8(&reader);
    return number;
}

void dhcp_value_text_put(struct text_out *out, enum dhcp_value kind, size_t address_bytes,
                         struct bytes value)
{
    switch (kind) {
    case DHCP_VALUE_ADDRESSES:
        put_addresses(out, address_bytes, value);
        return;
    case DHCP_VALUE_TIME:
        if (value.count != 4)
            break;
        text_put_duration(out, (uint32_t)number_of(value));
        return;
    case DHCP_VALUE_NUMBER:
        if (value.count > 8)
            break;
        text_put_u64(out, number_of(value));
        return;
    case DHCP_VALUE_STRING:
    case DHCP_VALUE_NAME:
        text_put(out, text_from_bytes(value));
        return;
    case DHCP_VALUE_UNKNOWN:
    case DHCP_VALUE_NAMES_WIRE:
    case DHCP_VALUE_SIP:
    case DHCP_VALUE_ROUTES:
    case DHCP_VALUE_INTERNAL:
        break;
    }
    put_hex(out, value);
}

#include "dhcp6/dhcp6_shorten.h"

#include "wire/dhcp6_message.h"

/* Where the times stand in the values of the options (RFC 9915 sections 21.4, 21.6, 21.22). */
#define IA_TIMES      4
#define ADDRESS_TIMES 16
#define PREFIX_TIMES  0

struct shortening {
    uint8_t *reply;
    const struct address *address;
    unsigned prefix_length;
    uint32_t valid_s;
};

/* Two times that stand one behind the other in a view of the reply. */
static void lower_times(const struct shortening *to, struct bytes value, size_t at, uint32_t first,
                        uint32_t second)
{
    struct bytes_reader reader = bytes_reader_on(value);
    bytes_read_skip(&reader, at);
    uint32_t a = bytes_read_u32(&reader);
    uint32_t b = bytes_read_u32(&reader);
    if (reader.failed)
        return;
    struct bytes_writer writer = bytes_writer_on(to->reply + (value.at - to->reply) + at, 8);
    bytes_write_u32(&writer, a < first ? a : first);
    bytes_write_u32(&writer, b < second ? b : second);
}

/* It is the one that is looked for. */
static bool shorten_item(const struct shortening *to, const struct dhcp6_option *option)
{
    struct dhcp6_ia_address address;
    struct dhcp6_ia_prefix prefix;
    size_t at = option->code == DHCP6_IAADDR ? ADDRESS_TIMES : PREFIX_TIMES;
    if (option->code == DHCP6_IAADDR) {
        if (to->prefix_length != 0 || dhcp6_ia_address_read(option->value, &address) != STATUS_OK
            || !address_equal(&address.address, to->address))
            return false;
    } else if (option->code != DHCP6_IAPREFIX || to->prefix_length == 0
               || dhcp6_ia_prefix_read(option->value, &prefix) != STATUS_OK
               || prefix.prefix.length != to->prefix_length
               || !address_equal(&prefix.prefix.address, to->address)) {
        return false;
    }
    lower_times(to, option->value, at, to->valid_s, to->valid_s);
    return true;
}

/* T1 and T2 by the defaults of RFC 9915 section 21.4. */
static void shorten_ia(const struct shortening *to, const struct dhcp6_option *option)
{
    struct dhcp6_ia ia;
    bool found = false;
    if (dhcp6_ia_read(option->code, option->value, &ia) != STATUS_OK)
        return;
    for (unsigned i = 0; i < ia.options.count; i++)
        found = shorten_item(to, &ia.options.at[i]) || found;
    if (found && option->code != DHCP6_IA_TA)
        lower_times(to, option->value, IA_TIMES, to->valid_s / 2,
                    (uint32_t)((uint64_t)to->valid_s * 4 / 5));
}

void dhcp6_reply_shorten(uint8_t *reply, size_t count, const struct address *address,
                         unsigned prefix_length, uint32_t valid_s)
{
    const struct shortening to = { reply, address, prefix_length, valid_s };
    struct dhcp6_wrapped wrapped;
    struct dhcp6_message message;
    if (dhcp6_unwrap(bytes_of(reply, count), &wrapped) != STATUS_OK
        || dhcp6_message_read(wrapped.inner, &message) != STATUS_OK)
        return;
    for (unsigned i = 0; i < message.options.count; i++) {
        unsigned code = message.options.at[i].code;
        if (code == DHCP6_IA_NA || code == DHCP6_IA_TA || code == DHCP6_IA_PD)
            shorten_ia(&to, &message.options.at[i]);
    }
}

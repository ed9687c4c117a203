#include "dhcp4/dhcp4_shorten.h"

#include "wire/dhcp4_message.h"

/* Another number where this one stands. */
static void put_over(uint8_t *reply, struct bytes value, uint32_t number)
{
    struct bytes_writer writer = bytes_writer_on(reply + (value.at - reply), value.count);
    bytes_write_u32(&writer, number);
}

static bool lower(uint8_t *reply, const struct dhcp4_message *message, unsigned code, uint32_t most)
{
    struct bytes value;
    uint32_t number;
    if (!dhcp4_option_u32(message, code, &number) || !dhcp4_option_first(message, code, &value))
        return false;
    if (number > most)
        put_over(reply, value, most);
    return true;
}

/* T1 and T2 by the defaults of RFC 2131 section 4.4.5, which what is configured may lie before. */
bool dhcp4_reply_shorten(uint8_t *reply, size_t count, uint32_t lease_s)
{
    struct dhcp4_message message;
    if (dhcp4_message_read(bytes_of(reply, count), &message) != STATUS_OK
        || !lower(reply, &message, DHCP4_LEASE_TIME, lease_s))
        return false;
    (void)lower(reply, &message, DHCP4_T1, lease_s / 2);
    (void)lower(reply, &message, DHCP4_T2, (uint32_t)((uint64_t)lease_s * 7 / 8));
    return true;
}

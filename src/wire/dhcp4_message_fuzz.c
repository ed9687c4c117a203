#include "wire/dhcp4_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static uint8_t joined[256][DHCP4_MESSAGE_MAX];
static struct bytes values[256];

/* What the message holds under each number, joined. */
static void find_all(const struct dhcp4_message *message)
{
    for (unsigned code = 0; code < 256; code++) {
        struct bytes first;
        bool present = dhcp4_option_first(message, code, &first);
        values[code] = BYTES_NONE;
        bool found =
            dhcp4_option_find(message, code, joined[code], sizeof joined[code], &values[code]);
        assert(found == present);
        if (found)
            assert(values[code].count >= first.count);
        else
            values[code].at = NULL;
        (void)dhcp4_suboption_find(values[code], 1, &first);
    }
}

/* Every option goes through the builder; what it accepted must be read back equal. */
static void rebuild(const struct dhcp4_message *message, size_t limit, bool may_overload)
{
    static uint8_t buffer[DHCP4_MESSAGE_MAX];
    static uint8_t scratch[DHCP4_MESSAGE_MAX];
    bool accepted[256] = { false };
    struct dhcp4_builder builder;
    struct dhcp4_message again;
    struct dhcp4_reply_header header = { .op = message->op,
                                         .xid = message->xid,
                                         .ciaddr = message->ciaddr,
                                         .hardware = message->hardware };
    unsigned refused = 0;

    dhcp4_builder_start(&builder, buffer, sizeof buffer, limit, &header, may_overload);
    if ((message->xid & 1) != 0)
        (void)dhcp4_builder_file(&builder, TEXT("boot"));
    for (unsigned i = 0; i < message->option_count; i++) {
        uint8_t code = message->options[i].code;
        if (dhcp4_builder_has(&builder, code))
            continue;
        accepted[code] = dhcp4_builder_option(&builder, code, values[code]);
        refused += !accepted[code];
        assert(dhcp4_builder_has(&builder, code) == accepted[code]);
    }
    assert(builder.refused == refused);
    struct bytes built = dhcp4_builder_finish(&builder);
    assert(built.count >= 300 && built.count <= limit);

    enum status status = dhcp4_message_read(built, &again);
    assert(status == STATUS_OK);
    assert(again.xid == message->xid && hardware_equal(&again.hardware, &message->hardware));
    assert(may_overload || again.overload == 0);
    for (unsigned code = 0; code < 256; code++) {
        struct bytes value;
        bool found = dhcp4_option_find(&again, code, scratch, sizeof scratch, &value);
        assert(found == (accepted[code] || (code == DHCP4_OVERLOAD && again.overload != 0)));
        assert(!accepted[code] || bytes_equal(value, values[code]));
    }
}

/* The first two bytes choose the limit, the third whether fields may be overloaded. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    size_t limit = 300 + bytes_read_u16(&reader) % (DHCP4_MESSAGE_MAX - 300 + 1);
    bool may_overload = (bytes_read_u8(&reader) & 1) != 0;
    struct dhcp4_message message;
    struct dhcp4_fqdn fqdn;

    if (dhcp4_message_read(bytes_read_rest(&reader), &message) != STATUS_OK)
        return 0;
    assert(message.hardware.count <= HARDWARE_MAX && message.option_count <= DHCP4_OPTIONS_MAX);
    assert(!message.is_dhcp == (message.type == 0));
    find_all(&message);
    if (dhcp4_fqdn_read(values[DHCP4_FQDN], &fqdn) == STATUS_OK)
        assert(fqdn.name.count + 3 == values[DHCP4_FQDN].count);
    rebuild(&message, limit, may_overload);
    return 0;
}

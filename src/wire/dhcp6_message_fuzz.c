#include "wire/dhcp6_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* What stands inside options, each as its code says. */
static void read_inside(const struct dhcp6_options *options)
{
    for (unsigned i = 0; i < options->count; i++) {
        struct bytes value = options->at[i].value;
        struct bytes string;
        struct dhcp6_ia ia;
        struct dhcp6_ia_address address;
        struct dhcp6_ia_prefix prefix;
        struct dhcp6_fqdn fqdn;
        struct hardware hardware;
        if (dhcp6_ia_read(options->at[i].code, value, &ia) == STATUS_OK)
            assert(ia.options.count <= DHCP6_OPTIONS_MAX);
        if (dhcp6_ia_address_read(value, &address) == STATUS_OK)
            assert(address.address.family == ADDRESS_IP6 && value.count >= 24);
        if (dhcp6_ia_prefix_read(value, &prefix) == STATUS_OK)
            assert(prefix.prefix.length <= 128);
        if (dhcp6_fqdn_read(value, &fqdn) == STATUS_OK)
            assert(fqdn.name.count != 1);
        if (dhcp6_duid_hardware(value, &hardware))
            assert(hardware.count == 6 || hardware.count == 8);
        size_t left = value.count;
        while (dhcp6_string_next(&value, &string)) {
            assert(value.count + string.count + 2 == left);
            left = value.count;
        }
        bool requested = dhcp6_option_requested(options, options->at[i].code);
        assert(!requested || dhcp6_option_has(options, DHCP6_ORO));
    }
}

/* Every option goes through the builder; what it accepted must be read back equal. */
static void rebuild(const struct dhcp6_message *message, size_t room)
{
    static uint8_t buffer[DHCP6_MESSAGE_MAX];
    static struct dhcp6_message again;
    struct dhcp6_builder builder;
    unsigned kept[DHCP6_OPTIONS_MAX];
    unsigned count = 0;

    dhcp6_builder_start(&builder, buffer, room, message->type, message->xid);
    for (unsigned i = 0; i < message->options.count; i++) {
        const struct dhcp6_option *option = &message->options.at[i];
        if (dhcp6_builder_option(&builder, option->code, option->value))
            kept[count++] = i;
    }
    assert(builder.refused + count == message->options.count);
    struct bytes built = dhcp6_builder_finish(&builder);
    assert(built.count <= room);
    if (room < 4)
        return;
    enum status status = dhcp6_message_read(built, &again);
    assert(status == STATUS_OK && again.xid == message->xid && again.type == message->type);
    assert(again.options.count == count);
    for (unsigned i = 0; i < count; i++)
        assert(bytes_equal(again.options.at[i].value, message->options.at[kept[i]].value));
}

/* The envelopes around a message, put around it again as a reply. */
static void rewrap(const struct dhcp6_wrapped *wrapped)
{
    static uint8_t buffer[4 * DHCP6_MESSAGE_MAX];
    static struct dhcp6_wrapped again;
    struct bytes reply = dhcp6_wrap_reply(wrapped, wrapped->inner, buffer, sizeof(buffer));
    if (reply.count == 0 || reply.count > DHCP6_MESSAGE_MAX)
        return;
    enum status status = dhcp6_unwrap(reply, &again);
    assert(status == STATUS_OK && again.relay_count == wrapped->relay_count);
    assert(bytes_equal(again.inner, wrapped->inner));
    for (unsigned i = 0; i < again.relay_count; i++) {
        assert(again.relays[i].type == DHCP6_RELAY_REPL);
        assert(address_equal(&again.relays[i].peer, &wrapped->relays[i].peer));
        assert(bytes_equal(again.relays[i].interface_id, wrapped->relays[i].interface_id));
    }
}

/* The first two bytes choose the room of the message that is built. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static struct dhcp6_wrapped wrapped;
    static struct dhcp6_message message;
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    size_t room = bytes_read_u16(&reader) % DHCP6_MESSAGE_MAX;

    if (dhcp6_unwrap(bytes_read_rest(&reader), &wrapped) != STATUS_OK)
        return 0;
    assert(wrapped.relay_count <= DHCP6_RELAYS_MAX && wrapped.inner.count > 0);
    rewrap(&wrapped);
    if (dhcp6_message_read(wrapped.inner, &message) != STATUS_OK)
        return 0;
    read_inside(&message.options);
    rebuild(&message, room);
    return 0;
}

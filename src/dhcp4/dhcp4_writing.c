#include "dhcp4/dhcp4_writing.h"

bool dhcp4_writing_lists(const struct dhcp4_writing *writing, unsigned code)
{
    struct bytes_reader reader = bytes_reader_on(writing->asked);
    while (bytes_reader_left(&reader) > 0) {
        if (bytes_read_u8(&reader) == code)
            return true;
    }
    return false;
}

bool dhcp4_writing_wants(const struct dhcp4_writing *writing, unsigned code)
{
    return !writing->has_asked || dhcp4_writing_lists(writing, code);
}

const struct dhcp_option_rule *dhcp4_writing_rule(const struct dhcp4_writing *writing,
                                                  unsigned code)
{
    return writing->options->top4[code];
}

void dhcp4_writing_left_out(const struct dhcp4_writing *writing, unsigned code)
{
    event_say(writing->exchange->server->setup.events, EVENT_DHCP_WARNING,
              "cannot send DHCP/BOOTP option %u: no space left in packet", code);
}

void dhcp4_writing_put(struct dhcp4_writing *writing, unsigned code, struct bytes value)
{
    if (!dhcp4_builder_option(&writing->builder, code, value))
        dhcp4_writing_left_out(writing, code);
}

bool dhcp4_writing_fill(const struct dhcp4_writing *writing, const struct dhcp_option_rule *rule,
                        struct bytes_writer *writer)
{
    struct option_value_addresses own = { .ip4 = writing->own };
    return rule->empty || option_value_fill(rule->value, &rule->form, &own, writer) == STATUS_OK;
}

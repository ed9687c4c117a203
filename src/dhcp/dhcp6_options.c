/* The options of the DHCPv6 service alone: who the server is, where it is not, how much it says. */
#include "dhcp/dhcp_options.h"
#include "wire/dhcp6_message.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dhcp6_options[];
extern const size_t dhcp6_option_count;

#define DUID_EN        2 /* RFC 9915 section 11.3 */
#define DUID_EN_HEADER 6 /* type and enterprise number */

static const char bad_duid[] = "bad DUID";

/* ------------------------------------------------------------------ dhcp-duid */

/* "1:2:ff", or pairs of digits without colons. */
static enum status read_id(struct text text, struct bytes_writer *id)
{
    struct text rest = text;
    struct text byte;
    uint64_t number;
    size_t count;
    if (text_find(text, ':') == SIZE_MAX) {
        enum status status = text_to_hex_bytes(text, id->at, bytes_writer_room(id), &count);
        if (status == STATUS_OK)
            (void)bytes_writer_take(id, count);
        return status;
    }
    while (text_next_field(&rest, ':', &byte)) {
        if (byte.count > 2 || text_to_u64_hex(byte, &number) != STATUS_OK)
            return STATUS_MALFORMED;
        bytes_write_u8(id, (uint8_t)number);
    }
    return id->failed ? STATUS_NO_SPACE : STATUS_OK;
}

static enum status read_duid(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct value rest = value;
    struct value number;
    uint32_t enterprise;
    uint8_t duid[DHCP6_DUID_MAX];

    if (!value_next_field(&rest, ',', &number)
        || text_to_u32(number.text, &enterprise) != STATUS_OK)
        return option_fail(context, number.text, bad_duid,
                           "\"%.*s\" is not an enterprise number (try 2937,01:02:03:04)",
                           TEXT_ARG(number.text));
    struct text text = rest.text.at != NULL ? text_trim(rest.text) : TEXT_NONE;
    struct bytes_writer writer = bytes_writer_on(duid, sizeof(duid));
    bytes_write_u16(&writer, DUID_EN);
    bytes_write_u32(&writer, enterprise);
    enum status status = read_id(text, &writer);
    if (status == STATUS_NO_SPACE)
        return option_fail(context, text, bad_duid, "an id has %d bytes at most",
                           DHCP6_DUID_MAX - DUID_EN_HEADER);
    if (status != STATUS_OK || bytes_writer_count(&writer) == DUID_EN_HEADER)
        return option_fail(context, text, bad_duid,
                           "behind the enterprise number come the bytes of the id (try "
                           "2937,01:02:03:04)");
    struct bytes kept = arena_bytes(context->arena, bytes_writer_written(&writer));
    if (kept.at == NULL)
        return option_fail(context, value.text, NULL, "no memory");
    dhcp->duid = kept;
    return STATUS_OK;
}

static void print_duid(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    char line[DHCP_LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));
    struct bytes_reader reader = bytes_reader_on(dhcp->duid);
    if (dhcp->duid.count == 0)
        return;
    bytes_read_skip(&reader, 2);
    text_printf(&out, "%u,", bytes_read_u32(&reader));
    text_put_hex(&out, bytes_read_rest(&reader), ':');
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ no-dhcpv6-interface */

static enum status read_no_interface6(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct value rest = value;
    struct value field;
    while (value_next_field(&rest, ',', &field)) {
        struct text name = field.text;
        if (name.count == 0)
            continue;
        struct site_interface *item = option_append(context, &dhcp->no_dhcp6, &dhcp->no_dhcp6_count,
                                                    &dhcp->no_dhcp6_room, sizeof(*item));
        if (item == NULL)
            return STATUS_NO_MEMORY;
        item->place = context->place;
        item->prefix = text_ends(name, TEXT("*"));
        item->pattern =
            option_string(context, item->prefix ? text_part(name, 0, name.count - 1) : name);
        if (item->pattern == NULL)
            return STATUS_NO_MEMORY;
    }
    return STATUS_OK;
}

static void print_no_interface6(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->no_dhcp6_count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        option_put_quoted(&out, text_of(dhcp->no_dhcp6[i].pattern));
        if (dhcp->no_dhcp6[i].prefix)
            text_put_char(&out, '*');
        option_print_value(printer, "%s", line);
    }
}

/* clang-format off */
const struct option dhcp6_options[] = {
    {
        .name = "dhcp-duid", .at_start = true, .kind = OPTION_STRUCTURED, .once = true, .area = "dhcp6",
        .read = read_duid, .print = print_duid,
        .shape = "<enterprise>,<hex>",
        .help = "Who this server is to DHCPv6 clients",
        .doc = DOC("In place of an id made from its hardware address. One that is stored with the leases wins."),
        .examples = EXAMPLES("dhcp-duid=2937,01:02:03:04"),
    },
    {
        .name = "no-dhcpv6-interface", .kind = OPTION_STRUCTURED, .area = "dhcp6",
        .read = read_no_interface6, .print = print_no_interface6,
        .shape = "<interface>{,<interface>}",
        .help = "Serve no DHCPv6 and send no router advertisements on these interfaces",
        .doc = DOC("DHCPv4 is still served there. A name may end in '*'."),
        .examples = EXAMPLES("no-dhcpv6-interface=eth1", "no-dhcpv6-interface=eth1,wlan*"),
    },
    {
        .name = "quiet-dhcp6", .kind = OPTION_FLAG, .area = "log", .shape = "",
        .field = offsetof(struct dhcp_config, quiet_dhcp6),
        .help = "Do not log ordinary DHCPv6 traffic",
        .doc = DOC("Errors and problems are still logged. log-dhcp wins over it."),
        .examples = EXAMPLES("quiet-dhcp6"),
    },
};
/* clang-format on */

const size_t dhcp6_option_count = COUNT_OF(dhcp6_options);

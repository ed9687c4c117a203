/* HTTP of netboot=, in a build that has libmicrohttpd. */
#include "config/option.h"
#include "tftp/netboot_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option netboot_http_options[];
extern const size_t netboot_http_option_count;

/* Takes the address off the front: "[2001:db8::1]:80", "192.0.2.1:80", or either alone. */
static bool take_address(struct text *rest, struct address *address)
{
    struct text host = *rest, port = TEXT_NONE;
    size_t end = text_find(host, ']');
    if (host.count > 0 && host.at[0] == '[' && end != SIZE_MAX) {
        port = text_after(host, end + 1);
        host = text_part(host, 1, end - 1);
    } else if (text_find(host, ':') == text_find_last(host, ':')
               && text_find(host, ':') != SIZE_MAX) {
        port = text_after(host, text_find(host, ':'));
        host = text_part(host, 0, text_find(host, ':'));
    }
    if (address_from_text(host, address) != STATUS_OK
        || (port.count > 0 && (port.at[0] != ':' || port.count == 1)))
        return false;
    *rest = text_after(port, 1);
    return true;
}

static enum status read_http(struct option_context *context, struct value value)
{
    struct netboot_config *config = context->part;
    struct text rest = value.text;
    struct address address = { 0 };
    uint16_t port = NETBOOT_HTTP_PORT_DEFAULT;
    if (text_equal(rest, TEXT("off"))) {
        config->http_off = true;
        return STATUS_OK;
    }
    bool has_address = text_find(rest, ':') != SIZE_MAX || text_find(rest, '.') != SIZE_MAX;
    if (has_address && !take_address(&rest, &address))
        return option_fail(context, value.text, NULL,
                           "\"%.*s\" is not an address and a port (try 192.0.2.1:8080, "
                           "[2001:db8::1]:8080)",
                           TEXT_ARG(value.text));
    if (!(has_address && rest.count == 0) && (text_to_u16(rest, &port) != STATUS_OK || port == 0))
        return option_fail(context, value.text, NULL,
                           "\"%.*s\" is not a port from 1 to 65535, nor \"off\"",
                           TEXT_ARG(value.text));
    config->http_off = false;
    config->http_port = port;
    config->http_address = address;
    return STATUS_OK;
}

static void print_http(const void *part, struct option_printer *printer)
{
    const struct netboot_config *config = part;
    char text[ADDRESS_TEXT_MAX];
    bool is_ip6 = config->http_address.family == ADDRESS_IP6;
    if (config->http_off)
        option_print_value(printer, "off");
    else if (!address_is_none(&config->http_address))
        option_print_value(printer, "%s%s%s:%u", is_ip6 ? "[" : "",
                           address_text(&config->http_address, text), is_ip6 ? "]" : "",
                           (unsigned)config->http_port);
    else if (config->http_port != NETBOOT_HTTP_PORT_DEFAULT)
        option_print_value(printer, "%u", (unsigned)config->http_port);
}

/* clang-format off */
const struct option netboot_http_options[] = {
    {
        .name = "netboot-http", .at_start = true, .kind = OPTION_STRUCTURED, .once = true, .ours = true, .area = "tftp",
        .read = read_http, .print = print_http, .shape = "[<address>:]<port>|off",
        .help = "Serve the folder of netboot by HTTP here, or not at all",
        .doc = DOC("On port 80 of all addresses unless given; whoever TFTP serves may ask for files. An "
               "IPv6 address stands in brackets. Needs netboot."),
        .examples = EXAMPLES("netboot-http=8080", "netboot-http=192.0.2.1:8080", "netboot-http=off"),
    },
};
/* clang-format on */

const size_t netboot_http_option_count = COUNT_OF(netboot_http_options);

/* The options of relays, of links that stand for others, and of the ports DHCP is served on. */
#include "dhcp/dhcp_options.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dhcp_relay_options[];
extern const size_t dhcp_relay_option_count;

static struct dhcp_relay_config *relay_of(struct option_context *context)
{
    struct dhcp_config *dhcp = context->part;
    return &dhcp->relay;
}

static const struct dhcp_relay_config *relay_in(const void *part)
{
    const struct dhcp_config *dhcp = part;
    return &dhcp->relay;
}

/* ------------------------------------------------------------------ pieces */

static enum status read_interface(struct option_context *context, struct text name,
                                  struct site_interface *interface)
{
    interface->place = context->place;
    interface->prefix = text_ends(name, TEXT("*"));
    if (interface->prefix)
        name.count--;
    interface->pattern = option_string(context, name);
    return interface->pattern != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void put_interface(struct text_out *out, const struct site_interface *interface)
{
    option_put_quoted(out, text_of(interface->pattern));
    if (interface->prefix)
        text_put_char(out, '*');
}

/* An IPv4 address; 0.0.0.0 is none. */
static bool is_ip4(struct text text, struct address *address)
{
    return address_from_text(text, address) == STATUS_OK && address->family == ADDRESS_IP4
           && !address_is_any(address);
}

static bool is_ip6(struct text text)
{
    struct address address;
    return address_from_text(text, &address) == STATUS_OK && address.family == ADDRESS_IP6;
}

/* ------------------------------------------------------------------ dhcp-relay */

static const char bad_relay[] = "Bad dhcp-relay";
static const char bad_split[] = "Bad dhcp-split-relay";

static enum status read_port(struct option_context *context, struct text text, const char *compat,
                             uint16_t *port)
{
    if (text_to_u16(text, port) != STATUS_OK || *port == 0)
        return option_fail(context, text, compat, "\"%.*s\" is not a port (1 to 65535)",
                           TEXT_ARG(text));
    return STATUS_OK;
}

static const char *family_name(unsigned family)
{
    return family == ADDRESS_IP6 ? "IPv6" : "IPv4";
}

/* "address" or "address#port". False: it is something else. */
static bool is_server(struct option_context *context, struct value field, const char *compat,
                      struct dhcp_relay *relay, enum status *status)
{
    size_t hash = text_find(field.text, '#');
    struct text address = text_part(field.text, 0, hash);
    *status = STATUS_OK;
    struct address server;
    if (address_from_text(address, &server) != STATUS_OK)
        return false;
    if (server.family != relay->local.family) {
        *status = option_fail(context, field.text, compat,
                              "clients and server of a relay speak one protocol, but \"%.*s\" is "
                              "an %s address",
                              TEXT_ARG(address), family_name(server.family));
        return true;
    }
    if (!address_is_any(&server))
        relay->server = server;
    if (hash != SIZE_MAX)
        *status = read_port(context, text_after(field.text, hash + 1), compat, &relay->port);
    return true;
}

static enum status read_local(struct option_context *context, struct value *rest,
                              const char *compat, struct dhcp_relay *relay)
{
    struct value field;
    if (!value_next_field(rest, ',', &field) || rest->text.at == NULL)
        return option_fail(context, TEXT_NONE, compat,
                           "a relay has an address of its own and a server (try "
                           "192.168.0.1,192.0.2.67)");
    if (address_from_text(field.text, &relay->local) != STATUS_OK
        || address_is_any(&relay->local))
        return option_fail(context, field.text, compat,
                           "\"%.*s\" is not an address of this machine (like 192.168.0.1)",
                           TEXT_ARG(field.text));
    if (relay->split && relay->local.family != ADDRESS_IP4)
        return option_fail(context, field.text, compat,
                           "DHCPv6 has no split relays, but \"%.*s\" is an IPv6 address",
                           TEXT_ARG(field.text));
    return STATUS_OK;
}

static enum status keep_relay(struct option_context *context, const struct dhcp_relay *relay)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct dhcp_relay *kept = option_append(context, &config->relays, &config->relay_count,
                                            &config->relay_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *relay;
    return STATUS_OK;
}

static enum status read_relay(struct option_context *context, struct value value)
{
    struct dhcp_relay relay = { .place = context->place };
    struct value rest = value, field;
    enum status status = read_local(context, &rest, bad_relay, &relay);
    if (status != STATUS_OK)
        return status;
    bool left = value_next_field(&rest, ',', &field);
    if (is_server(context, field, bad_relay, &relay, &status)) {
        left = value_next_field(&rest, ',', &field);
    } else if (field.text.count == 0) {
        status = option_fail(context, field.text, bad_relay,
                             "there is neither a server nor an interface to broadcast on");
    }
    if (status == STATUS_OK && left && field.text.count > 0) {
        status = read_interface(context, field.text, &relay.reply);
        left = value_next_field(&rest, ',', &field);
    }
    if (status != STATUS_OK)
        return status;
    if (left && field.text.count > 0)
        return option_fail(context, field.text, bad_relay,
                           "nothing may follow the interface, but \"%.*s\" does",
                           TEXT_ARG(field.text));
    if (address_is_none(&relay.server) && relay.reply.pattern == NULL)
        return option_fail(context, TEXT_NONE, bad_relay,
                           "to broadcast, a relay needs an interface");
    return keep_relay(context, &relay);
}

static enum status read_split(struct option_context *context, struct value value)
{
    struct dhcp_relay relay = { .place = context->place, .split = true };
    struct value rest = value, field;
    enum status status = read_local(context, &rest, bad_split, &relay);
    if (status != STATUS_OK)
        return status;
    (void)value_next_field(&rest, ',', &field);
    if (!is_server(context, field, bad_split, &relay, &status)
        || (status == STATUS_OK && address_is_none(&relay.server)))
        return option_fail(context, field.text, bad_split,
                           "\"%.*s\" is not an IPv4 address of a server (like 192.0.2.67)",
                           TEXT_ARG(field.text));
    if (status != STATUS_OK)
        return status;
    if (!value_next_field(&rest, ',', &field) || field.text.count == 0)
        return option_fail(context, TEXT_NONE, bad_split,
                           "after the server comes the interface, or our address, on its side");
    if (!is_ip4(field.text, &relay.uplink)) {
        relay.uplink = (struct address){ 0 };
        status = read_interface(context, field.text, &relay.reply);
    }
    if (status == STATUS_OK && value_next_field(&rest, ',', &field))
        status = option_fail(context, field.text, bad_split,
                             "nothing may follow the server's side, but \"%.*s\" does",
                             TEXT_ARG(field.text));
    return status == STATUS_OK ? keep_relay(context, &relay) : status;
}

static void print_relays(const void *part, struct option_printer *printer, bool split)
{
    const struct dhcp_relay_config *config = relay_in(part);
    for (size_t i = 0; i < config->relay_count; i++) {
        const struct dhcp_relay *relay = &config->relays[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        if (relay->split != split)
            continue;
        text_put_address(&out, &relay->local);
        if (!address_is_none(&relay->server) || relay->port != 0) {
            struct address any = address_any((enum address_family)relay->local.family);
            text_put_char(&out, ',');
            text_put_address(&out, address_is_none(&relay->server) ? &any : &relay->server);
            if (relay->port != 0)
                text_printf(&out, "#%u", (unsigned)relay->port);
        }
        if (!address_is_none(&relay->uplink)) {
            text_put_char(&out, ',');
            text_put_address(&out, &relay->uplink);
        } else if (relay->reply.pattern != NULL) {
            text_put_char(&out, ',');
            put_interface(&out, &relay->reply);
        }
        option_print_value(printer, "%s", line);
    }
}

static void print_relay(const void *part, struct option_printer *printer)
{
    print_relays(part, printer, false);
}

static void print_split(const void *part, struct option_printer *printer)
{
    print_relays(part, printer, true);
}

/* ------------------------------------------------------------------ dhcp-proxy, leasequery */

static enum status read_proxy(struct option_context *context, struct value value)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct value rest = value, field;
    if (value.text.at == NULL)
        config->proxy = true;
    while (value_next_field(&rest, ',', &field)) {
        struct address address;
        if (!is_ip4(field.text, &address))
            return option_fail(context, field.text, "bad dhcp-proxy address",
                               "\"%.*s\" is not the IPv4 address of a relay", TEXT_ARG(field.text));
        struct address *kept = option_append(context, &config->proxies, &config->proxy_count,
                                             &config->proxy_room, sizeof(*kept));
        if (kept == NULL)
            return STATUS_NO_MEMORY;
        *kept = address;
    }
    return STATUS_OK;
}

static void print_proxy(const void *part, struct option_printer *printer)
{
    const struct dhcp_relay_config *config = relay_in(part);
    char text[ADDRESS_TEXT_MAX];
    if (config->proxy)
        option_print_flag(printer);
    for (size_t i = 0; i < config->proxy_count; i++)
        option_print_value(printer, "%s", address_text(&config->proxies[i], text));
}

static enum status read_query(struct option_context *context, struct value value)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct prefix prefix;
    config->query = true;
    if (value.text.count == 0) {
        config->query_anybody = true;
        return STATUS_OK;
    }
    if (prefix_from_text(value.text, &prefix) != STATUS_OK || prefix.address.family != ADDRESS_IP4)
        return option_fail(context, value.text, "bad leasequery address",
                           "\"%.*s\" is not an IPv4 address or network (like 192.168.0.0/16)",
                           TEXT_ARG(value.text));
    struct prefix *kept = option_append(context, &config->queriers, &config->querier_count,
                                        &config->querier_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = prefix;
    return STATUS_OK;
}

static void print_query(const void *part, struct option_printer *printer)
{
    const struct dhcp_relay_config *config = relay_in(part);
    char line[DHCP_LINE_MAX_BYTES];
    if (config->query_anybody)
        option_print_flag(printer);
    for (size_t i = 0; i < config->querier_count; i++) {
        struct text_out out = text_out_on(line, sizeof(line));
        text_put_prefix(&out, &config->queriers[i]);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ links */

static const char bad_shared[] = "bad shared-network";

static enum status read_shared(struct option_context *context, struct value value)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct dhcp_shared_network shared = { .place = context->place };
    struct value rest = value, link, subnet, more;
    if (!value_next_field(&rest, ',', &link) || link.text.count == 0
        || !value_next_field(&rest, ',', &subnet) || value_next_field(&rest, ',', &more))
        return option_fail(context, TEXT_NONE, bad_shared,
                           "it takes a link and an address in another subnet (try "
                           "eth0,192.168.9.1)");
    if (is_ip6(link.text) || is_ip6(subnet.text))
        return option_fail(context, is_ip6(link.text) ? link.text : subnet.text,
                           is_ip6(subnet.text) && !is_ip4(link.text, &shared.link)
                               ? "unsupported option"
                               : bad_shared,
                           "DHCPv6 is not built yet");
    if (!is_ip4(subnet.text, &shared.subnet))
        return option_fail(context, subnet.text, bad_shared,
                           "\"%.*s\" is not an IPv4 address in the other subnet (like "
                           "192.168.9.1)",
                           TEXT_ARG(subnet.text));
    if (!is_ip4(link.text, &shared.link)) {
        shared.link = (struct address){ 0 };
        shared.interface = option_string(context, link.text);
        if (shared.interface == NULL)
            return STATUS_NO_MEMORY;
    }
    struct dhcp_shared_network *kept = option_append(
        context, &config->shared, &config->shared_count, &config->shared_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = shared;
    return STATUS_OK;
}

static void print_shared(const void *part, struct option_printer *printer)
{
    const struct dhcp_relay_config *config = relay_in(part);
    for (size_t i = 0; i < config->shared_count; i++) {
        const struct dhcp_shared_network *shared = &config->shared[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        if (shared->interface != NULL)
            option_put_quoted(&out, text_of(shared->interface));
        else
            text_put_address(&out, &shared->link);
        text_put_char(&out, ',');
        text_put_address(&out, &shared->subnet);
        option_print_value(printer, "%s", line);
    }
}

static enum status read_bridge(struct option_context *context, struct value value)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct value rest = value, name, field;
    if (!value_next_field(&rest, ',', &name) || rest.text.at == NULL)
        return option_fail(context, TEXT_NONE, "bad bridge-interface",
                           "it takes an interface and others that stand for it (try br0,tap*)");
    const char *interface = option_string(context, name.text);
    if (interface == NULL)
        return STATUS_NO_MEMORY;
    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        struct dhcp_bridge *kept = option_append(context, &config->bridges, &config->bridge_count,
                                                 &config->bridge_room, sizeof(*kept));
        if (kept == NULL)
            return STATUS_NO_MEMORY;
        kept->interface = interface;
        kept->place = context->place;
        enum status status = read_interface(context, field.text, &kept->alias);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void print_bridge(const void *part, struct option_printer *printer)
{
    const struct dhcp_relay_config *config = relay_in(part);
    for (size_t i = 0; i < config->bridge_count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        option_put_quoted(&out, text_of(config->bridges[i].interface));
        text_put_char(&out, ',');
        put_interface(&out, &config->bridges[i].alias);
        option_print_value(printer, "%s", line);
    }
}

static enum status read_no_dhcp4(struct option_context *context, struct value value)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct value rest = value, field;
    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        struct site_interface *item =
            option_append(context, &config->no_dhcp4, &config->no_dhcp4_count,
                          &config->no_dhcp4_room, sizeof(*item));
        if (item == NULL)
            return STATUS_NO_MEMORY;
        enum status status = read_interface(context, field.text, item);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void print_no_dhcp4(const void *part, struct option_printer *printer)
{
    const struct dhcp_relay_config *config = relay_in(part);
    for (size_t i = 0; i < config->no_dhcp4_count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        put_interface(&out, &config->no_dhcp4[i]);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ delay, ports */

static enum status read_delay(struct option_context *context, struct value value)
{
    struct dhcp_relay_config *config = relay_of(context);
    struct value rest = value, field = value_of(TEXT_NONE);
    struct text name;
    config->delay_given = true;
    while (value_next_field(&rest, ',', &field)
           && !text_starts(field.text, TEXT("#"))
           && dhcp_tag_word(field, &name) == DHCP_TAG_CONDITION) {
        enum status status = dhcp_add_condition(context, name, &config->delay_conditions);
        if (status != STATUS_OK)
            return status;
        if (rest.text.at == NULL)
            return option_fail(context, field.text, NULL, "after the tags come the seconds");
    }
    if (rest.text.at != NULL)
        return option_fail(context, field.text, NULL,
                           "conditions, written \"tag:<tag>\", come before the seconds, and "
                           "nothing after them");
    if (field.text.count == 0)
        return STATUS_OK;
    if (text_to_u32(field.text, &config->delay_s) != STATUS_OK
        || config->delay_s > DHCP_REPLY_DELAY_MAX_S)
        return option_fail(context, field.text, NULL,
                           "\"%.*s\" is not a number of seconds (0 to %u)", TEXT_ARG(field.text),
                           (unsigned)DHCP_REPLY_DELAY_MAX_S);
    return STATUS_OK;
}

static void print_delay(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    const struct dhcp_relay_config *config = &dhcp->relay;
    char line[DHCP_LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));
    if (!config->delay_given)
        return;
    dhcp_put_conditions(&out, &config->delay_conditions, &dhcp->tags);
    text_printf(&out, "%u", config->delay_s);
    option_print_value(printer, "%s", line);
}

static enum status read_alternate(struct option_context *context, struct value value)
{
    static const char bad_port[] = "invalid port number";
    struct dhcp_relay_config *config = relay_of(context);
    struct value rest = value, field;
    enum status status = STATUS_OK;
    config->server_port = DHCP_ALTERNATE_SERVER_PORT;
    config->client_port = 0;
    if (value_next_field(&rest, ',', &field) && field.text.count > 0)
        status = read_port(context, field.text, bad_port, &config->server_port);
    if (status == STATUS_OK && value_next_field(&rest, ',', &field) && field.text.count > 0)
        status = read_port(context, field.text, bad_port, &config->client_port);
    if (status == STATUS_OK && value_next_field(&rest, ',', &field))
        status = option_fail(context, field.text, bad_port, "there are two ports, not more");
    if (status == STATUS_OK && config->client_port == 0) {
        if (config->server_port == UINT16_MAX)
            return option_fail(context, value.text, bad_port,
                               "after 65535 there is no port for the clients");
        config->client_port = config->server_port + 1;
    }
    return status;
}

static void print_alternate(const void *part, struct option_printer *printer)
{
    const struct dhcp_relay_config *config = relay_in(part);
    if (config->server_port != 0)
        option_print_value(printer, "%u,%u", (unsigned)config->server_port,
                           (unsigned)config->client_port);
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option dhcp_relay_options[] = {
    {
        .name = "dhcp-relay", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_relay, .print = print_relay,
        .shape = "<local address>,[<server>[#<port>]][,<interface>[*]]",
        .help = "Pass DHCP messages on to another server",
        .doc = DOC("Those that come in on the interface with the local address, which is then not served "
               "from here. With an interface only replies that come in by it are passed back, and "
               "never those that come in by the clients' interface. "
               "Without a server messages are broadcast on the interface named; those of DHCPv6 go to all "
               "servers of the site (ff05::1:3) by it. Several lines with one local address ask several "
               "servers."),
        .examples = EXAMPLES("dhcp-relay=192.168.0.1,192.0.2.67",
                             "dhcp-relay=192.168.0.1,192.0.2.67#1067,eth1",
                             "dhcp-relay=192.168.0.1,eth1",
                             "dhcp-relay=2001:db8:1::1,2001:db8:2::547"),
    },
    {
        .name = "dhcp-split-relay", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_split, .print = print_split,
        .shape = "<local address>,<server>[#<port>],<interface>|<address>",
        .help = "Pass DHCP messages on from another address than the clients' side",
        .doc = DOC("For servers that cannot reach the clients' network: they answer to our address on their "
               "side, and are told the clients' network by RFC 3527 and that clients speak to us by "
               "RFC 5107."),
        .examples = EXAMPLES("dhcp-split-relay=192.168.0.1,192.0.2.67,eth1",
                             "dhcp-split-relay=192.168.0.1,192.0.2.67#1067,192.0.2.1"),
    },
    {
        .name = "dhcp-proxy", .kind = OPTION_STRUCTURED, .value_optional = true, .area = "dhcp4",
        .read = read_proxy, .print = print_proxy,
        .shape = "[<address>{,<address>}]",
        .help = "Make clients go through the relay even for renewals",
        .doc = DOC("The relay's address is given as the server's, for all relays or those listed."),
        .examples = EXAMPLES("dhcp-proxy", "dhcp-proxy=192.168.0.1,192.168.1.1"),
    },
    {
        .name = "leasequery", .kind = OPTION_STRUCTURED, .value_optional = true, .area = "dhcp4",
        .read = read_query, .print = print_query,
        .shape = "[<address>[/<length>]]",
        .help = "Tell relays about leases when they ask (RFC 4388)",
        .doc = DOC("All that ask, or those in the subnet. What relays and clients said of themselves, options "
               "82 and 60, is then kept with the leases."),
        .examples = EXAMPLES("leasequery", "leasequery=192.168.0.0/16", "leasequery=192.0.2.1"),
    },
    {
        .name = "shared-network", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_shared, .print = print_shared,
        .shape = "<interface>|<address>,<address>",
        .help = "Serve another subnet's ranges too on this link",
        .doc = DOC("The second address lies in the other subnet; the first is one of this machine or of a "
               "relay, or an interface takes its place. The ranges of the other subnet need a netmask, and "
               "their clients a router of dhcp-option."),
        .examples = EXAMPLES("shared-network=eth0,192.168.9.1", "shared-network=192.168.8.1,192.168.9.1"),
    },
    {
        .name = "bridge-interface", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_bridge, .print = print_bridge,
        .shape = "<interface>,<alias>[*]{,<alias>[*]}",
        .help = "Treat DHCP messages from these interfaces as if they came from another",
        .doc = DOC("For virtual machines whose interfaces appear one by one and have no address."),
        .examples = EXAMPLES("bridge-interface=br0,tap*", "bridge-interface=br0,tap1,tap2"),
    },
    {
        .name = "no-dhcpv4-interface", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_no_dhcp4, .print = print_no_dhcp4,
        .shape = "<interface>{,<interface>}",
        .help = "Serve no DHCPv4 on these interfaces",
        .doc = DOC("All else is still served there. A name may end in '*'."),
        .examples = EXAMPLES("no-dhcpv4-interface=eth1", "no-dhcpv4-interface=eth1,wlan*"),
    },
    {
        .name = "dhcp-reply-delay", .kind = OPTION_STRUCTURED, .once = true, .area = "dhcp4",
        .read = read_delay, .print = print_delay,
        .shape = "{tag:<tag>,}<seconds>",
        .help = "Wait this long before making an offer",
        .doc = DOC("So that another server is heard first. With tag: only for clients that have the tags. An "
               "address stays reserved for 30 seconds from when the offer was made, not from when it "
               "leaves."),
        .examples = EXAMPLES("dhcp-reply-delay=2", "dhcp-reply-delay=tag:pxe,1"),
    },
    {
        .name = "dhcp-alternate-port", .at_start = true,
        .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "dhcp4", .read = read_alternate, .print = print_alternate,
        .shape = "[<server port>[,<client port>]]",
        .help = "Use other ports than 67 and 68",
        .doc = DOC("1067 and 1068, or the one given and the next. Servers of dhcp-relay are still asked on "
               "port 67 unless their line says another."),
        .examples = EXAMPLES("dhcp-alternate-port", "dhcp-alternate-port=1067,1068",
                             "dhcp-alternate-port=2067"),
    },
};
/* clang-format on */

const size_t dhcp_relay_option_count = COUNT_OF(dhcp_relay_options);

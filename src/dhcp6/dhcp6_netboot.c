#include "dhcp6/dhcp6_netboot.h"

#define ADVICE_BYTES     512
#define URL_BYTES        512
#define ENTERPRISE_BYTES 4
#define LENGTH_BYTES     2
#define HTTP_CLASS       TEXT("HTTPClient")

static struct bytes value_of(const struct dhcp6_exchange *exchange, unsigned code)
{
    struct bytes value;
    return dhcp6_option_find(&exchange->message.options, code, &value) ? value : BYTES_NONE;
}

/* The first class of option 16 (RFC 9915 section 21.16). */
static struct text vendor_of(struct bytes option)
{
    struct bytes_reader reader = bytes_reader_on(option);
    (void)bytes_read_span(&reader, ENTERPRISE_BYTES);
    struct bytes class = bytes_read_span(&reader, bytes_read_u16(&reader));
    return reader.failed ? TEXT_NONE : text_from_bytes(class);
}

static void put_url(const struct netboot_listing *listing, const struct netboot_choice *choice,
                    const struct address *own, struct dhcp6_builder *builder)
{
    char url[URL_BYTES];
    struct text_out out = text_out_on(url, sizeof(url));
    netboot_put_url(listing, choice, own, &out);
    (void)dhcp6_builder_option(builder, DHCP6_BOOTFILE_URL, text_bytes(text_out_text(&out)));
}

/* The client takes a reply for one of HTTP boot by this class, from its own enterprise. */
static void put_class(struct bytes from_client, struct dhcp6_builder *builder)
{
    uint8_t buffer[32];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct bytes_reader reader = bytes_reader_on(from_client);
    bytes_write_span(&writer, bytes_read_span(&reader, ENTERPRISE_BYTES));
    bytes_write_u16(&writer, (uint16_t)HTTP_CLASS.count);
    bytes_write_span(&writer, text_bytes(HTTP_CLASS));
    (void)dhcp6_builder_option(builder, DHCP6_VENDOR_CLASS, bytes_writer_written(&writer));
}

static void advise(struct dhcp6_server *server, const struct netboot_listing *listing,
                   const struct netboot_client *client, enum netboot_verdict verdict)
{
    char text[ADVICE_BYTES];
    struct text_out out = text_out_on(text, sizeof(text));
    if (!event_wanted(server->setup.events, EVENT_DHCP_WARNING)
        || !netboot_may_say(&server->netboot_said, listing, client))
        return;
    netboot_put_advice(verdict, client, ADDRESS_IP6, &out);
    event_say(server->setup.events, EVENT_DHCP_WARNING, "%s", text);
}

void dhcp6_netboot_put(const struct dhcp6_exchange *exchange, const struct address *own,
                       struct dhcp6_builder *builder)
{
    struct dhcp6_server *server = exchange->server;
    struct bytes vendor = value_of(exchange, DHCP6_VENDOR_CLASS);
    struct netboot_choice choice;
    if (server->setup.netboot == NULL || address_is_none(own)
        || option_pick_find6(&server->options, DHCP6_BOOTFILE_URL) != NULL
        || (dhcp6_option_has(&exchange->message.options, DHCP6_ORO)
            && !dhcp6_option_requested(&exchange->message.options, DHCP6_BOOTFILE_URL)))
        return;
    struct netboot_client client =
        netboot_client_read(vendor_of(vendor), value_of(exchange, DHCP6_CLIENT_ARCH),
                            value_of(exchange, DHCP6_USER_CLASS));
    if (!client.boots)
        return;
    const struct netboot_listing *listing = server->setup.netboot(server->setup.context);
    enum netboot_verdict verdict = netboot_pick(listing, &client, own, &choice);
    if (verdict != NETBOOT_FILE) {
        advise(server, listing, &client, verdict);
        return;
    }
    put_url(listing, &choice, own, builder);
    if (client.by_http && option_pick_find6(&server->options, DHCP6_VENDOR_CLASS) == NULL)
        put_class(vendor, builder);
}

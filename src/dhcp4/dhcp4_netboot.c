#include "dhcp4/dhcp4_netboot.h"

#define ADVICE_BYTES     512
#define USER_CLASS_BYTES 256
#define HTTP_CLASS       TEXT("HTTPClient")

static struct netboot_client client_of(const struct dhcp4_writing *writing)
{
    const struct dhcp4_message *message = &writing->exchange->message;
    uint8_t scratch[USER_CLASS_BYTES];
    struct bytes systems, user_class;
    if (!dhcp4_option_first(message, DHCP4_CLIENT_ARCH, &systems))
        systems = BYTES_NONE;
    if (!dhcp4_option_find(message, DHCP4_USER_CLASS, scratch, sizeof(scratch), &user_class))
        user_class = BYTES_NONE;
    return netboot_client_read(text_from_bytes(writing->vendor), systems, user_class);
}

/* Options 66, 67 and 255 of dhcp-option lines are an answer already. */
static bool is_configured(const struct dhcp4_writing *writing)
{
    return dhcp4_writing_rule(writing, DHCP4_BOOTFILE) != NULL
           || dhcp4_writing_rule(writing, DHCP4_TFTP_SERVER) != NULL
           || dhcp4_writing_rule(writing, DHCP4_SERVER_IP) != NULL;
}

static void advise(struct dhcp4_server *server, const struct netboot_listing *listing,
                   const struct netboot_client *client, enum netboot_verdict verdict)
{
    char text[ADVICE_BYTES];
    struct text_out out = text_out_on(text, sizeof(text));
    if (!event_wanted(server->setup.events, EVENT_DHCP_WARNING)
        || !netboot_may_say(&server->netboot_said, listing, client))
        return;
    netboot_put_advice(verdict, client, ADDRESS_IP4, &out);
    event_say(server->setup.events, EVENT_DHCP_WARNING, "%s", text);
}

bool dhcp4_netboot_choose(struct dhcp4_writing *writing)
{
    struct dhcp4_server *server = writing->exchange->server;
    struct dhcp4_boot_plan *boot = &writing->boot;
    struct text_out out = text_out_on(writing->scratch->boot_file, DHCP4_BOOT_FILE_BYTES);
    struct netboot_choice choice;
    if (server->setup.netboot == NULL || !writing->exchange->message.is_dhcp
        || is_configured(writing) || dhcp4_pxe_has_entry(server, &writing->pxe, writing->tags))
        return false;
    struct netboot_client client = client_of(writing);
    if (!client.boots)
        return false; /* the folder is not looked at for every client there is */
    const struct netboot_listing *listing = server->setup.netboot(server->setup.context);
    enum netboot_verdict verdict = netboot_pick(listing, &client, &writing->own, &choice);
    if (verdict != NETBOOT_FILE) {
        advise(server, listing, &client, verdict);
        return false;
    }
    if (choice.by_http)
        netboot_put_url(listing, &choice, &writing->own, &out);
    else
        text_put_string(&out, choice.file);
    *boot = (struct dhcp4_boot_plan){ .is_given = true,
                                      .is_http = client.by_http,
                                      .file = writing->scratch->boot_file,
                                      .server = writing->own };
    return true;
}

void dhcp4_netboot_put(struct dhcp4_writing *writing)
{
    if (writing->boot.is_http && dhcp4_writing_rule(writing, DHCP4_VENDOR_CLASS) == NULL
        && !dhcp4_builder_has(&writing->builder, DHCP4_VENDOR_CLASS))
        dhcp4_writing_put(writing, DHCP4_VENDOR_CLASS, text_bytes(HTTP_CLASS));
}

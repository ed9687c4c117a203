/* dhcp_release INTERFACE ADDRESS MAC [CLIENTID|*]: tells the DHCP server of this host that a client
 * gives its address back, in the client's name. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/netwatch.h"
#include "platform/udp.h"
#include "wire/dhcp4_message.h"

#define MESSAGE_BYTES 548
#define CLIENT_ID_MAX 255
#define SERVER_PORT   67

static const char usage[] = "usage: dhcp_release <interface> <addr> <mac> [<client_id>]\n";

struct wish {
    const char *interface;
    struct address address;
    struct hardware hardware;
    uint8_t client_id[CLIENT_ID_MAX];
    size_t client_id_count;
};

static bool read_words(int count, char **words, struct wish *wish)
{
    if (count < 4 || count > 5) {
        fputs(usage, stderr);
        return false;
    }
    *wish = (struct wish){ .interface = words[1] };
    if (address_from_text(text_of(words[2]), &wish->address) != STATUS_OK
        || wish->address.family != ADDRESS_IP4) {
        fprintf(stderr, "dhcp_release: \"%s\" is not an IPv4 address\n", words[2]);
        return false;
    }
    if (hardware_from_text(text_of(words[3]), &wish->hardware) != STATUS_OK) {
        fprintf(stderr, "dhcp_release: \"%s\" is not a hardware address\n", words[3]);
        return false;
    }
    if (count == 5 && strcmp(words[4], "*") != 0
        && text_to_hex_bytes(text_of(words[4]), wish->client_id, sizeof wish->client_id,
                             &wish->client_id_count)
               != STATUS_OK) {
        fprintf(stderr, "dhcp_release: \"%s\" is not a client id (like 01:02:00:00:00:00:01)\n",
                words[4]);
        return false;
    }
    return true;
}

/* The server's address: ours on that interface, best of the client's subnet. */
static bool find_server(const struct wish *wish, struct address *server, uint32_t *interface)
{
    struct netwatch_list list;
    if (netwatch_list_now(&list) != STATUS_OK) {
        perror("dhcp_release: interfaces");
        return false;
    }
    *interface = 0;
    for (size_t i = 0; i < list.interface_count; i++) {
        if (strcmp(list.interfaces[i].name, wish->interface) == 0)
            *interface = list.interfaces[i].index;
    }
    *server = (struct address){ 0 };
    for (size_t i = 0; i < list.address_count; i++) {
        const struct netwatch_address *own = &list.addresses[i];
        struct prefix prefix;
        if (own->interface != *interface || own->address.family != ADDRESS_IP4)
            continue;
        bool fits = prefix_make(own->address, own->prefix_length, &prefix) == STATUS_OK
                    && prefix_contains(&prefix, &wish->address);
        if (fits || address_is_none(server))
            *server = own->address;
        if (fits)
            break;
    }
    netwatch_list_free(&list);
    if (*interface == 0)
        fprintf(stderr, "dhcp_release: there is no interface %s\n", wish->interface);
    else if (address_is_none(server))
        fprintf(stderr, "dhcp_release: %s has no IPv4 address\n", wish->interface);
    return !address_is_none(server);
}

static struct bytes build(const struct wish *wish, const struct address *server, uint8_t *buffer)
{
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREQUEST,
        .ciaddr = wish->address,
        .yiaddr = address_any(ADDRESS_IP4),
        .siaddr = address_any(ADDRESS_IP4),
        .giaddr = address_any(ADDRESS_IP4),
        .hardware = wish->hardware,
    };
    struct dhcp4_builder builder;
    dhcp4_builder_start(&builder, buffer, MESSAGE_BYTES, MESSAGE_BYTES, &header, false);
    dhcp4_builder_option_u8(&builder, DHCP4_MESSAGE_TYPE, DHCP4_RELEASE);
    dhcp4_builder_option_address(&builder, DHCP4_SERVER_ID, server);
    if (wish->client_id_count > 0)
        dhcp4_builder_option(&builder, DHCP4_CLIENT_ID,
                             bytes_of(wish->client_id, wish->client_id_count));
    return dhcp4_builder_finish(&builder);
}

int main(int count, char **words)
{
    struct wish wish;
    struct address server;
    uint32_t interface;
    if (count == 2 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_words(count, words, &wish) || !find_server(&wish, &server, &interface))
        return 1;

    struct udp_setup setup = { .bind = { .address = address_any(ADDRESS_IP4) },
                               .device = wish.interface };
    int fd;
    if (udp_open(&setup, &fd) != STATUS_OK) {
        fprintf(stderr, "dhcp_release: %s: %s\n", wish.interface, strerror(errno));
        return 1;
    }
    uint8_t buffer[MESSAGE_BYTES];
    struct udp_departure departure = {
        .message = build(&wish, &server, buffer),
        .to = { .address = server, .port = SERVER_PORT },
    };
    struct udp_batch *batch = udp_batch_create(MESSAGE_BYTES);
    bool sent = batch != NULL && udp_send(batch, fd, &departure, 1) == 1;
    if (!sent)
        fprintf(stderr, "dhcp_release: cannot send: %s\n", strerror(errno));
    udp_batch_free(batch);
    close(fd);
    return sent ? 0 : 1;
}

/* dhcp_release6: tells the DHCPv6 servers of a link that a client gives an address back, in the
 * client's name (RFC 9915 section 18.2.7), and waits until one has heard it. */
#include <errno.h>
#include <getopt.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/instant.h"
#include "platform/udp.h"
#include "wire/dhcp6_message.h"

#define MESSAGE_BYTES 1024
#define ADDRESSES_MAX 16
#define TRIES         5 /* REL_MAX_RC, the first after one second */

static const char usage[] =
    "Usage: dhcp_release6 --ip IPv6 --iface IFACE --server-id SERVER_ID --client-id CLIENT_ID "
    "--iaid IAID [--dry-run] | --help\n";

struct wish {
    const char *interface;
    struct address addresses[ADDRESSES_MAX];
    size_t address_count;
    uint8_t client[DHCP6_DUID_MAX], server[DHCP6_DUID_MAX];
    size_t client_count, server_count;
    uint32_t iaid;
    bool has_iaid, dry_run;
};

static bool read_id(const char *name, uint8_t *to, size_t *count)
{
    if (text_to_hex_bytes(text_of(optarg), to, DHCP6_DUID_MAX, count) == STATUS_OK && *count > 0)
        return true;
    fprintf(stderr, "dhcp_release6: \"%s\" is not a %s (like 00:03:00:01:02:00:00:00:00:01)\n",
            optarg, name);
    return false;
}

static bool read_address(struct wish *wish)
{
    struct address *address = &wish->addresses[wish->address_count];
    if (wish->address_count == ADDRESSES_MAX) {
        fprintf(stderr, "dhcp_release6: more than %d addresses\n", ADDRESSES_MAX);
        return false;
    }
    wish->address_count++;
    if (address_from_text(text_of(optarg), address) == STATUS_OK && address->family == ADDRESS_IP6)
        return true;
    fprintf(stderr, "dhcp_release6: \"%s\" is not an IPv6 address\n", optarg);
    return false;
}

static bool read_iaid(struct wish *wish)
{
    wish->has_iaid = true;
    if (text_to_u32(text_of(optarg), &wish->iaid) == STATUS_OK)
        return true;
    fprintf(stderr, "dhcp_release6: \"%s\" is not an IAID (a number)\n", optarg);
    return false;
}

/* One option of the command line; false ends the program with its message. */
static bool take_word(struct wish *wish, int letter)
{
    switch (letter) {
    case 'n':
        wish->interface = optarg;
        return true;
    case 'a':
        return read_address(wish);
    case 'c':
        return read_id("client id", wish->client, &wish->client_count);
    case 's':
        return read_id("server id", wish->server, &wish->server_count);
    case 'i':
        return read_iaid(wish);
    case 'd':
        wish->dry_run = true;
        return true;
    case 'h':
        fputs(usage, stdout);
        exit(0);
    default:
        fputs(usage, stderr);
        exit(255);
    }
}

static const char *missing(const struct wish *wish)
{
    return wish->interface == NULL    ? "iface"
           : wish->address_count == 0 ? "ip"
           : wish->client_count == 0  ? "client-id"
           : wish->server_count == 0  ? "server-id"
           : !wish->has_iaid          ? "iaid"
                                      : NULL;
}

static struct bytes build(const struct wish *wish, uint32_t xid, uint8_t *buffer)
{
    struct dhcp6_builder builder;
    dhcp6_builder_start(&builder, buffer, MESSAGE_BYTES, DHCP6_RELEASE, xid);
    dhcp6_builder_option(&builder, DHCP6_CLIENT_ID, bytes_of(wish->client, wish->client_count));
    dhcp6_builder_option(&builder, DHCP6_SERVER_ID, bytes_of(wish->server, wish->server_count));
    struct dhcp6_mark ia = dhcp6_builder_ia(&builder, DHCP6_IA_NA, wish->iaid, 0, 0);
    for (size_t i = 0; i < wish->address_count; i++)
        dhcp6_builder_ia_address(&builder, &wish->addresses[i], 0, 0);
    dhcp6_builder_end(&builder, ia);
    static const uint8_t no_time[2];
    dhcp6_builder_option(&builder, DHCP6_ELAPSED_TIME, bytes_of(no_time, sizeof no_time));
    return dhcp6_builder_finish(&builder);
}

static void print_message(struct bytes message)
{
    char line[2 * MESSAGE_BYTES + 1];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_hex(&out, message, 0);
    puts(line);
}

/* A REPLY of that server to this client and transaction. */
static bool is_answer(const struct wish *wish, const struct dhcp6_message *reply, uint32_t xid)
{
    struct bytes client, server;
    return reply->type == DHCP6_REPLY && reply->xid == xid
           && dhcp6_option_find(&reply->options, DHCP6_CLIENT_ID, &client)
           && bytes_equal(client, bytes_of(wish->client, wish->client_count))
           && dhcp6_option_find(&reply->options, DHCP6_SERVER_ID, &server)
           && bytes_equal(server, bytes_of(wish->server, wish->server_count));
}

/* The status of this level of options; what the server has to say to it, if it is not success. */
static int status_of(const struct dhcp6_options *options)
{
    struct bytes value;
    if (!dhcp6_option_find(options, DHCP6_STATUS, &value))
        return DHCP6_SUCCESS;
    struct bytes_reader reader = bytes_reader_on(value);
    int status = bytes_read_u16(&reader);
    char line[256];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_safe(&out, bytes_read_rest(&reader));
    if (!reader.failed && status != DHCP6_SUCCESS)
        fprintf(stderr, "%s\n", line);
    return reader.failed ? DHCP6_SUCCESS : status;
}

/* What the server makes of it: of the whole, else of the association. */
static int verdict(const struct dhcp6_message *reply)
{
    struct bytes value;
    struct dhcp6_ia ia;
    int status = status_of(&reply->options);
    if (status == DHCP6_SUCCESS && dhcp6_option_find(&reply->options, DHCP6_IA_NA, &value)
        && dhcp6_ia_read(DHCP6_IA_NA, value, &ia) == STATUS_OK)
        status = status_of(&ia.options);
    return status;
}

/* The answer came within this time, whatever else did. */
static bool is_answered(const struct wish *wish, struct udp_batch *batch, int fd, uint32_t xid,
                        int wait_ms, int *status)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    struct udp_arrival arrivals[UDP_BATCH];
    int64_t until = (int64_t)instant_mono() + wait_ms;
    for (int64_t left = wait_ms; left > 0; left = until - (int64_t)instant_mono()) {
        bool refused;
        (void)poll(&wait, 1, (int)left);
        unsigned count = udp_receive(batch, fd, arrivals, &refused);
        for (unsigned i = 0; i < count; i++) {
            struct dhcp6_message reply;
            if (dhcp6_message_read(arrivals[i].message, &reply) != STATUS_OK
                || !is_answer(wish, &reply, xid))
                continue;
            *status = verdict(&reply);
            return true;
        }
    }
    return false;
}

/* Says it until the server answers; what the program returns: its status code. */
static int tell(const struct wish *wish, struct udp_batch *batch, int fd,
                const struct udp_departure *departure, uint32_t xid)
{
    for (int i = 0, wait_ms = 1000; i < TRIES; i++, wait_ms *= 2) {
        if (udp_send(batch, fd, departure, 1) != 1) {
            fprintf(stderr, "dhcp_release6: cannot send: %s\n", strerror(errno));
            return 4;
        }
        int status;
        if (is_answered(wish, batch, fd, xid, wait_ms, &status))
            return status;
    }
    fprintf(stderr, "dhcp_release6: no server has answered\n");
    return 255;
}

static int release(const struct wish *wish, struct bytes message, uint32_t xid)
{
    static const uint8_t servers[16] = { 0xff, 2, [13] = 1, [15] = 2 };
    struct udp_setup setup = {
        .bind = { .address = address_any(ADDRESS_IP6), .port = DHCP6_CLIENT_PORT },
        .device = wish->interface,
        .reuse_address = true,
    };
    struct udp_batch *batch = udp_batch_create(DHCP6_MESSAGE_MAX);
    int fd;
    if (batch == NULL || udp_open(&setup, &fd) != STATUS_OK) {
        fprintf(stderr, "dhcp_release6: %s: %s\n", wish->interface, strerror(errno));
        udp_batch_free(batch);
        return 4;
    }
    uint32_t index = if_nametoindex(wish->interface);
    struct udp_departure departure = {
        .message = message,
        .to = { .address = address_ip6(servers), .port = DHCP6_SERVER_PORT, .scope = index },
        .interface = index,
    };
    int result = tell(wish, batch, fd, &departure, xid);
    udp_batch_free(batch);
    close(fd);
    return result;
}

int main(int count, char **words)
{
    static const struct option names[] = {
        { "iface", required_argument, NULL, 'n' },
        { "ip", required_argument, NULL, 'a' },
        { "client-id", required_argument, NULL, 'c' },
        { "server-id", required_argument, NULL, 's' },
        { "iaid", required_argument, NULL, 'i' },
        { "dry-run", no_argument, NULL, 'd' },
        { "help", no_argument, NULL, 'h' },
        { NULL, 0, NULL, 0 },
    };
    struct wish wish = { 0 };
    int letter;
    while ((letter = getopt_long(count, words, "n:a:c:s:i:dh", names, NULL)) != -1) {
        if (!take_word(&wish, letter))
            return 255;
    }
    if (missing(&wish) != NULL) {
        fprintf(stderr, "Missing required %s parameter\n%s", missing(&wish), usage);
        return 255;
    }
    uint8_t buffer[MESSAGE_BYTES];
    uint32_t xid = 0;
    (void)!getentropy(&xid, sizeof xid);
    xid &= 0xffffff;
    struct bytes message = build(&wish, xid, buffer);
    if (wish.dry_run) {
        print_message(message);
        return 0;
    }
    return release(&wish, message, xid);
}

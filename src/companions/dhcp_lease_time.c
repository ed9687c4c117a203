/* dhcp_lease_time ADDRESS: asks the DHCP server of this host how long a lease has yet to run, and
 * prints that without a newline. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "platform/udp.h"
#include "wire/dhcp4_message.h"

#define MESSAGE_BYTES 548
#define SERVER_PORT   67
#define WAIT_S        3

static const char usage[] = "usage: dhcp_lease_time <address>\n";

static struct bytes build(const struct address *address, uint32_t xid, uint8_t *buffer)
{
    static const uint8_t wanted[] = { DHCP4_LEASE_TIME };
    struct dhcp4_reply_header header = {
        .op = DHCP4_BOOTREQUEST,
        .xid = xid,
        .ciaddr = *address,
        .yiaddr = address_any(ADDRESS_IP4),
        .siaddr = address_any(ADDRESS_IP4),
        .giaddr = address_any(ADDRESS_IP4),
    };
    struct dhcp4_builder builder;
    dhcp4_builder_start(&builder, buffer, MESSAGE_BYTES, MESSAGE_BYTES, &header, false);
    dhcp4_builder_option_u8(&builder, DHCP4_MESSAGE_TYPE, DHCP4_INFORM);
    dhcp4_builder_option(&builder, DHCP4_REQUESTED_OPTIONS, bytes_of(wanted, sizeof wanted));
    return dhcp4_builder_finish(&builder);
}

/* It is the answer to our question, and no stray or forged one. */
static bool is_answer(struct bytes bytes, const struct address *address, uint32_t xid,
                      struct dhcp4_message *message)
{
    return dhcp4_message_read(bytes, message) == STATUS_OK && message->op == DHCP4_BOOTREPLY
           && message->xid == xid && address_equal(&message->ciaddr, address);
}

/* Sends the question and waits for the answer, for WAIT_S at most; false when there is no time in
 * it: there is no such lease. */
static bool ask(struct udp_batch *batch, int fd, const struct address *address, uint32_t *seconds)
{
    uint8_t buffer[MESSAGE_BYTES];
    uint32_t xid = 0;
    (void)!getentropy(&xid, sizeof xid);
    struct udp_departure departure = {
        .message = build(address, xid, buffer),
        .to = { .address = address_ip4(127, 0, 0, 1), .port = SERVER_PORT },
    };
    if (udp_send(batch, fd, &departure, 1) != 1) {
        fprintf(stderr, "dhcp_lease_time: cannot send: %s\n", strerror(errno));
        return false;
    }
    alarm(WAIT_S); /* callers know its signal as "no server answers" */
    struct udp_arrival arrivals[UDP_BATCH];
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    bool refused;
    for (;;) {
        (void)poll(&wait, 1, -1);
        unsigned count = udp_receive(batch, fd, arrivals, &refused);
        for (unsigned i = 0; i < count; i++) {
            struct dhcp4_message message;
            if (is_answer(arrivals[i].message, address, xid, &message))
                return dhcp4_option_u32(&message, DHCP4_LEASE_TIME, seconds);
        }
    }
}

static bool read_words(int count, char **words, struct address *address)
{
    if (count != 2) {
        fputs(usage, stderr);
        return false;
    }
    if (address_from_text(text_of(words[1]), address) != STATUS_OK
        || address->family != ADDRESS_IP4) {
        fprintf(stderr, "dhcp_lease_time: \"%s\" is not an IPv4 address\n", words[1]);
        return false;
    }
    return true;
}

int main(int count, char **words)
{
    struct address address;
    if (count == 2 && (strcmp(words[1], "--help") == 0 || strcmp(words[1], "-h") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    if (!read_words(count, words, &address))
        return 1;

    struct udp_setup setup = { .bind = { .address = address_any(ADDRESS_IP4) } };
    struct udp_batch *batch = udp_batch_create(MESSAGE_BYTES);
    int fd;
    if (batch == NULL || udp_open(&setup, &fd) != STATUS_OK) {
        fprintf(stderr, "dhcp_lease_time: no socket: %s\n", strerror(errno));
        udp_batch_free(batch);
        return 1;
    }
    uint32_t seconds;
    bool found = ask(batch, fd, &address, &seconds);
    udp_batch_free(batch);
    close(fd);
    if (!found)
        return 1;
    char line[64];
    struct text_out out = text_out_on(line, sizeof line);
    text_put_duration(&out, seconds);
    fputs(line, stdout);
    return 0;
}

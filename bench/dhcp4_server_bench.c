/* How long one exchange takes (DISCOVER, OFFER, REQUEST, ACK, without probe and with a store that
 * answers at once), and one renewal, while so many other leases exist. The figures of a row should
 * not grow from left to right. */
#include <time.h>

#include "dhcp4/dhcp4_test_world.h"

#define EXCHANGES 20000

static double now_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

static void flush(void *context, struct dhcp4_outbox *out)
{
    struct world *world = context;
    for (size_t i = 0; i < out->count; i++) {
        enum status status = dhcp4_message_read(out->actions[i].bytes, &world->sent[0].message);
        assert(status == STATUS_OK);
        (void)status;
    }
    dhcp4_outbox_reset(out);
}

static void hear(struct world *world, const struct client_message *message)
{
    uint8_t buffer[600];
    struct dhcp4_datagram in = {
        .message = world_write(message, buffer, sizeof(buffer)),
        .from = { world_address(message->ciaddr), 68, 0 },
        .local = address_ip4(255, 255, 255, 255),
        .interface = WORLD_ETH0,
    };
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    world_store_answers(world, STATUS_OK);
    flush(world, &world->out);
}

/* A new client comes, takes an address and goes. */
static void exchange(struct world *world, uint32_t number, bool stays)
{
    char text[ADDRESS_TEXT_MAX];
    struct client_message message = { .type = DHCP4_DISCOVER,
                                      .mac = (uint8_t)number,
                                      .mac_high = (uint16_t)(number >> 8) };
    hear(world, &message);
    struct address given = world->sent[0].message.yiaddr;
    message.type = DHCP4_REQUEST;
    message.server = "192.168.50.1";
    message.wanted = address_text(&given, text);
    hear(world, &message);
    assert(lease_table_by_address(world->leases, &given) != NULL);
    if (stays)
        return;
    message.type = DHCP4_RELEASE;
    message.ciaddr = text;
    message.wanted = NULL;
    hear(world, &message);
}

static void measure(uint32_t leases)
{
    struct world *world = world_create();
    struct dhcp_range *range =
        world_range(world, address_ip4(192, 168, 0, 2), address_ip4(192, 168, 63, 250), 3600);
    range->netmask = address_ip4(255, 255, 192, 0);
    world->capacity = 12000;
    world->sink.wanted = 0;
    world->out.flush = flush;
    world_start(world);
    for (uint32_t i = 0; i < leases; i++)
        exchange(world, i, true);
    double start = now_ns();
    for (uint32_t i = 0; i < EXCHANGES; i++)
        exchange(world, 1000000 + i, false);
    double exchanged = (now_ns() - start) / EXCHANGES;

    char text[ADDRESS_TEXT_MAX];
    const struct lease *lease = lease_table_first(world->leases);
    struct client_message renewal = { .type = DHCP4_REQUEST,
                                      .mac = lease->hardware.bytes[5],
                                      .mac_high = (uint16_t)(lease->hardware.bytes[3] << 8
                                                             | lease->hardware.bytes[4]),
                                      .ciaddr = address_text(&lease->address, text) };
    start = now_ns();
    for (uint32_t i = 0; i < EXCHANGES; i++)
        hear(world, &renewal);
    printf("%6u leases: %7.0f ns for an exchange and a release, %6.0f ns for a renewal\n",
           (unsigned)leases, exchanged, (now_ns() - start) / EXCHANGES);
    world_free(world);
}

int main(void)
{
    static const uint32_t counts[] = { 10, 100, 1000, 10000 };
    for (size_t i = 0; i < COUNT_OF(counts); i++)
        measure(counts[i]);
    return 0;
}

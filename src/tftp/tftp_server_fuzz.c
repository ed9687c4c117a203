#include "tftp/tftp_server.h"
#include "tftp/tftp_test_files.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* Bytes as a conversation of a few clients with a server of few places: each step is a datagram to
 * the listening port or to a transfer, a client that does what it should, or half of it, or some
 * time that passes.
 *
 * Always: there are no more transfers than places; what is sent is a packet of at most the agreed
 * size; only an acknowledgement, a request or time causes a block to be sent, and nothing that came
 * from another port than the transfer's; a block is the next one, or one of a window that is sent
 * again; a file that is not being sent has no users. */

#define PLACES 4

static struct tftp_server *server;
static bool is_open[PLACES];
static size_t blocks_sent;
static bool lose_sockets, single_port;

/* What a client of each transfer knows. */
static struct client {
    struct endpoint at;
    uint16_t block; /* that was sent last */
    bool is_served; /* an OACK, or a block, has come */
} clients[PLACES];

static bool is_known(const struct client *client, const struct endpoint *from)
{
    return client->is_served && endpoint_equal(&client->at, from);
}

static void on_event(void *context, const struct tftp_event *event)
{
    (void)context;
    assert(strlen(event->text) > 0);
    for (const char *c = event->text; *c != '\0'; c++)
        assert(*c >= ' ' && *c <= '~');
}

static bool hardware_of(void *context, const struct address *address, struct hardware *hardware)
{
    (void)context;
    *hardware = (struct hardware){ .type = 1, .count = 2, .bytes = { 2, 0 } };
    return address->bytes[3] == 1;
}

static void note_sent(const struct tftp_action *action, const struct tftp_packet *packet)
{
    if (action->transfer == TFTP_NO_TRANSFER || packet->opcode == TFTP_ERROR)
        return;
    struct client *client = &clients[action->transfer];
    if (!is_known(client, &action->to))
        *client = (struct client){ .at = action->to };
    client->is_served = true;
    if (packet->opcode != TFTP_DATA) {
        client->block = 0;
        return;
    }
    /* Numbers go round after 65535; with one port for all a second request begins anew. */
    uint16_t back = (uint16_t)(0x10000u + client->block - packet->block);
    assert(back == UINT16_MAX || back <= TFTP_WINDOW_MAX || packet->block == 1);
    client->block = packet->block;
}

static void check_sent(const struct tftp_action *action)
{
    struct bytes_reader reader = bytes_reader_on(action->bytes);
    assert(action->bytes.count > 0 && action->datagram_bytes > 0);
    while (bytes_reader_left(&reader) > 0) {
        struct tftp_packet packet;
        size_t left = bytes_reader_left(&reader);
        size_t one = left < action->datagram_bytes ? left : action->datagram_bytes;
        enum status status = tftp_packet_read(bytes_read_span(&reader, one), &packet);
        assert(status == STATUS_OK);
        assert(packet.opcode == TFTP_DATA || packet.opcode == TFTP_OACK
               || packet.opcode == TFTP_ERROR);
        assert(packet.opcode != TFTP_DATA || one <= 1500);
        blocks_sent += packet.opcode == TFTP_DATA;
        note_sent(action, &packet);
    }
}

static void flush(void *context, struct tftp_outbox *outbox)
{
    (void)context;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct tftp_action *action = &outbox->actions[i];
        assert(action->transfer < PLACES || action->transfer == TFTP_NO_TRANSFER);
        if (action->kind == TFTP_ACTION_SEND) {
            check_sent(action);
            continue;
        }
        if (action->kind == TFTP_ACTION_OPEN && lose_sockets)
            tftp_server_no_socket(server, action->transfer);
        else
            is_open[action->transfer] = action->kind == TFTP_ACTION_OPEN;
        clients[action->transfer] = (struct client){ .block = 0 };
    }
    tftp_outbox_reset(outbox);
}

/* A client acknowledges what it was sent last (0), or that from another port (1), or a block too
 * few (2), or gives up (3). */
static void acknowledge(uint32_t transfer, unsigned how, mono_ms now, struct tftp_outbox *outbox)
{
    struct client *client = &clients[transfer];
    uint8_t buffer[64];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct tftp_datagram datagram = { .from = client->at, .interface_name = "", .mtu = 1500 };
    size_t before = blocks_sent;
    if (!client->is_served)
        return;
    uint16_t block = client->block;
    if (how == 1)
        datagram.from.port += 7;
    else if (how == 2 && block > 0)
        block--;
    if (how == 3)
        tftp_write_error(&writer, TFTP_ERROR_OTHER, TEXT("enough"));
    else
        tftp_write_ack(&writer, block);
    datagram.message = bytes_writer_written(&writer);
    if (single_port)
        tftp_server_request(server, &datagram, now, outbox);
    else
        tftp_server_message(server, transfer, &datagram, now, outbox);
    flush(NULL, outbox);
    assert((how != 1 && how != 3) || blocks_sent == before);
}

static void step(struct bytes_reader *reader, mono_ms *now, struct tftp_outbox *outbox)
{
    uint8_t what = bytes_read_u8(reader);
    size_t before = blocks_sent;
    struct tftp_packet packet = { .opcode = 0 };
    if (what < 48) {
        *now += (mono_ms)(what + 1) * 100;
        tftp_server_tick(server, *now, outbox);
        flush(NULL, outbox);
        return;
    }
    if (what < 64) {
        acknowledge(what & 3, what >> 2 & 3, *now, outbox);
        return;
    }
    struct bytes_reader message = bytes_read_nested(reader, bytes_peek_u8(reader) + 1u);
    bytes_read_skip(&message, 1);
    struct tftp_datagram datagram = {
        .message = bytes_read_rest(&message),
        .from = { .address = address_ip4(192, 0, 2, (uint8_t)(what & 3)),
                  .port = (uint16_t)(1000 + (what >> 2 & 1)) },
        .interface_name = "",
        .mtu = 1500,
    };
    enum status status = tftp_packet_read(datagram.message, &packet);
    if (what < 160)
        tftp_server_request(server, &datagram, *now, outbox);
    else
        tftp_server_message(server, what >> 3 & 3, &datagram, *now, outbox);
    flush(NULL, outbox);
    if (status != STATUS_OK || (packet.opcode != TFTP_READ && packet.opcode != TFTP_ACK))
        assert(blocks_sent == before);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static struct tftp_outbox outbox;
    static struct memory_files files;
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint8_t flags = bytes_read_u8(&reader);
    struct tftp_config config = { .single_port = (flags & 1) != 0,
                                  .no_blocksize = (flags & 2) != 0,
                                  .second_root = (flags & 32) != 0 ? "/boot" : NULL,
                                  .unique_root = flags >> 2 & 1 };
    struct tftp_setup setup = { .config = &config,
                                .files = &files.files,
                                .hardware_of = hardware_of,
                                .on_event = on_event,
                                .transfers_max = PLACES,
                                .key = { 1, 2 } };
    mono_ms now = 1;
    memory_init(&files);
    if ((flags & 64) != 0)
        config.unique_root = TFTP_UNIQUE_HARDWARE;
    files.folder = "/boot/02-00";
    memory_add(&files, "/f", NULL, (flags & 128) != 0 ? 5000 : 200000);
    memory_add(&files, "/g", "a\nb\n", 4);
    memory_add(&files, "/d", NULL, 0)->status = STATUS_DENIED;
    memory_add(&files, "/boot/f", NULL, 100000);
    memory_add(&files, "/boot/02-00/f", NULL, 3);
    files.broken_from = (flags & 16) != 0 ? 3000 : 0;
    lose_sockets = (flags & 8) != 0;
    single_port = config.single_port;
    memset(clients, 0, sizeof clients);
    outbox.flush = flush;
    tftp_outbox_reset(&outbox);
    memset(is_open, 0, sizeof is_open);
    enum status status = tftp_server_create(&setup, &server);
    assert(status == STATUS_OK);
    while (bytes_reader_left(&reader) > 1) {
        step(&reader, &now, &outbox);
        int users = 0;
        for (size_t i = 0; i < files.count; i++)
            users += files.at[i].users;
        assert((uint32_t)users == tftp_server_transfers(server) && users <= PLACES);
        assert((tftp_server_deadline(server) == MONO_NEVER) == (users == 0));
    }
    now += 600000;
    for (int i = 0; i < 16; i++, now += 600000)
        tftp_server_tick(server, now, &outbox);
    flush(NULL, &outbox);
    assert(tftp_server_transfers(server) == 0);
    for (int i = 0; i < PLACES; i++)
        assert(!is_open[i]);
    tftp_server_free(server);
    return 0;
}

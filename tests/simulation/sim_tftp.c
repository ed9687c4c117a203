/* The second act: TFTP clients and their files (RFC 1350, 2347 to 2349, 7440), over the same bad
 * network. Nothing of it touches DHCP and DNS, so it has its own time after theirs. */
#include "simulation.h"

#include <stdlib.h>

#include "tftp/tftp_server.h"
#include "tftp/tftp_test_files.h"
#include "wire/tftp_packet.h"

#define PLACES        6
#define DOWNLOADS_MAX 12
#define PORT_FIRST    3000
#define PACKET_BYTES  2048
#define TRIES_MAX     6
#define WAIT_MS       1000
#define TURNS_MAX     200000
#define FILE_SIZES    4

static const uint32_t file_bytes[FILE_SIZES] = { 0, 511, 5000, 60000 };
static const char *const file_names[FILE_SIZES] = { "/0", "/1", "/2", "/3" };

struct download {
    unsigned file, tries, timer;
    uint32_t blksize, windowsize; /* asked for; 0: not */
    uint32_t agreed, window, in_window;
    uint32_t transfer, opening; /* whom it hears; opening 0: nobody yet */
    uint64_t count;             /* of bytes it has */
    uint16_t block;             /* the last in order */
    bool over, whole;
    bool changed; /* its request was, on the way: who knows for what */
};

struct act {
    struct tftp_server *server;
    struct memory_files files;
    struct tftp_config config;
    struct tftp_outbox out;
    struct download downloads[DOWNLOADS_MAX];
    unsigned count;
    uint32_t opening[PLACES]; /* 0: closed */
    uint32_t openings;
};

static struct act act;

/* ------------------------------------------------------------------ what clients send */

static void flush(void *context, struct tftp_outbox *outbox);

static void arrive(struct sim *sim, const struct sim_event *event)
{
    struct tftp_datagram datagram = {
        .message = bytes_of(event->bytes, event->count),
        .from = { address_ip4(192, 0, 2, 100), (uint16_t)(PORT_FIRST + event->who), 0 },
        .local = address_ip4(192, 0, 2, 1),
        .interface = 2,
        .interface_name = "eth0",
        .mtu = 1500,
    };
    act.downloads[event->who].changed |= event->corrupt && event->number == 0;
    if (event->number == 0)
        tftp_server_request(act.server, &datagram, sim->now, &act.out);
    else if (act.opening[event->server] == event->number)
        tftp_server_message(act.server, event->server, &datagram, sim->now, &act.out);
    flush(sim, &act.out);
}

static void on_timer(struct sim *sim, const struct sim_event *event);

static void wait(struct sim *sim, unsigned who)
{
    struct sim_event event = { .act = on_timer, .who = who, .number = ++act.downloads[who].timer };
    sim_later(sim, WAIT_MS, event, BYTES_NONE);
}

static void send(struct sim *sim, unsigned who, const struct bytes_writer *writer)
{
    const struct download *download = &act.downloads[who];
    struct sim_event event = { .act = arrive,
                               .who = who,
                               .number = download->opening,
                               .server = (uint16_t)download->transfer };
    sim_carry(sim, event, bytes_writer_written(writer));
    wait(sim, who);
}

static void put_option(struct bytes_writer *writer, const char *name, uint32_t value)
{
    char text[32];
    struct text_out out = text_out_on(text, sizeof text);
    text_printf(&out, "%s%c%u%c", name, '\0', value, '\0');
    if (value != 0)
        bytes_write_copy(writer, text, out.count);
}

static void request(struct sim *sim, unsigned who)
{
    uint8_t buffer[128];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    const struct download *download = &act.downloads[who];
    sim_tell(sim, "tftp client %u asks for %u bytes, blksize %u, windowsize %u", who,
             file_bytes[download->file], download->blksize, download->windowsize);
    bytes_write_u16(&writer, TFTP_READ);
    bytes_write_copy(&writer, file_names[download->file], 3);
    bytes_write_copy(&writer, "octet", 6);
    put_option(&writer, "blksize", download->blksize);
    put_option(&writer, "windowsize", download->windowsize);
    send(sim, who, &writer);
}

static void acknowledge(struct sim *sim, unsigned who)
{
    uint8_t buffer[4];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    act.downloads[who].in_window = 0;
    tftp_write_ack(&writer, act.downloads[who].block);
    send(sim, who, &writer);
}

static void on_timer(struct sim *sim, const struct sim_event *event)
{
    struct download *download = &act.downloads[event->who];
    if (event->number != download->timer || download->over)
        return;
    if (++download->tries > TRIES_MAX || sim_chance(sim, sim->choice.leaving)) {
        sim_tell(sim, "tftp client %u gives up", event->who);
        download->over = true;
    } else if (download->opening == 0) {
        request(sim, event->who);
    } else {
        acknowledge(sim, event->who);
    }
}

/* ------------------------------------------------------------------ what clients hear */

static void take_data(struct sim *sim, unsigned who, const struct tftp_packet *packet)
{
    struct download *download = &act.downloads[who];
    if (packet->block != (uint16_t)(download->block + 1)) {
        acknowledge(sim, who);
        return;
    }
    download->block++;
    download->tries = 0;
    download->count += packet->data.count;
    download->whole = packet->data.count < download->agreed;
    if (download->whole || ++download->in_window >= download->window)
        acknowledge(sim, who);
    if (!download->whole)
        return;
    download->over = true;
    sim_tell(sim, "tftp client %u has all %llu bytes", who, (unsigned long long)download->count);
    if (download->count != file_bytes[download->file] && !download->changed)
        sim_break(sim, SIM_REPLY_ASKED, "%llu bytes of a file of %u",
                  (unsigned long long)download->count, file_bytes[download->file]);
}

static void hear(struct sim *sim, const struct sim_event *event)
{
    struct download *download = &act.downloads[event->who];
    struct tftp_packet packet;
    bool is_first = download->opening == 0 && event->number != 0;
    if (download->over || event->corrupt
        || tftp_packet_read(bytes_of(event->bytes, event->count), &packet) != STATUS_OK
        || (!is_first && download->opening != event->number))
        return;
    if (packet.opcode == TFTP_ERROR) {
        download->over = true;
        return;
    }
    if (is_first) {
        download->opening = event->number;
        download->transfer = event->server;
    }
    if (packet.opcode == TFTP_OACK && download->block == 0) {
        if ((packet.options.present & TFTP_OPTION_BLKSIZE) != 0)
            download->agreed = packet.options.blksize;
        if ((packet.options.present & TFTP_OPTION_WINDOWSIZE) != 0)
            download->window = packet.options.windowsize;
        acknowledge(sim, event->who);
    } else if (packet.opcode == TFTP_DATA) {
        take_data(sim, event->who, &packet);
    }
}

/* ------------------------------------------------------------------ what the server sends */

static void check_data(struct sim *sim, const struct download *download,
                       const struct tftp_packet *packet)
{
    size_t most = download->blksize != 0 ? download->blksize : TFTP_BLOCK_DEFAULT;
    if (sim->fault == SIM_FAULT_LARGE_BLOCK)
        most /= 2;
    if (packet->data.count > most)
        sim_break(sim, SIM_REPLY_SIZE, "a block of %zu bytes where %zu were asked for",
                  packet->data.count, most);
    uint64_t offset = (uint64_t)(packet->block - 1) * download->agreed;
    for (size_t i = 0; i < packet->data.count; i++)
        if (packet->data.at[i] != memory_byte(offset + i)) {
            sim_break(sim, SIM_REPLY_ASKED, "block %u is not the file's", packet->block);
            return;
        }
}

static void carry_out_send(struct sim *sim, const struct tftp_action *action)
{
    unsigned who = action->to.port - PORT_FIRST;
    struct bytes_reader reader = bytes_reader_on(action->bytes);
    size_t blocks = 0;
    if (who >= act.count) {
        sim_break(sim, SIM_REPLY_ASKED, "nobody at port %u asked for a file", action->to.port);
        return;
    }
    struct download *download = &act.downloads[who];
    struct sim_event event = { .act = hear, .who = who };
    if (action->transfer != TFTP_NO_TRANSFER) {
        event.server = (uint16_t)action->transfer;
        event.number = act.opening[action->transfer];
    }
    while (bytes_reader_left(&reader) > 0) {
        struct tftp_packet packet;
        size_t left = bytes_reader_left(&reader);
        struct bytes one =
            bytes_read_span(&reader, left < action->datagram_bytes ? left : action->datagram_bytes);
        if (tftp_packet_read(one, &packet) != STATUS_OK) {
            sim_break(sim, SIM_REPLY_ASKED, "what is sent to a TFTP client cannot be read");
            return;
        }
        blocks += packet.opcode == TFTP_DATA;
        if (packet.opcode == TFTP_DATA && download->opening == event.number && !download->changed)
            check_data(sim, download, &packet);
        sim_carry(sim, event, one);
    }
    if (blocks > (download->windowsize != 0 ? download->windowsize : 1) && !download->changed)
        sim_break(sim, SIM_SENDS_BOUNDED, "%zu blocks at once, of %u", blocks,
                  download->windowsize);
}

static void flush(void *context, struct tftp_outbox *outbox)
{
    struct sim *sim = context;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct tftp_action *action = &outbox->actions[i];
        if (action->kind == TFTP_ACTION_SEND)
            carry_out_send(sim, action);
        else if (action->kind == TFTP_ACTION_OPEN)
            act.opening[action->transfer] = ++act.openings;
        else if (sim->fault != SIM_FAULT_SOCKET_LEFT)
            act.opening[action->transfer] = 0;
    }
    tftp_outbox_reset(outbox);
}

/* ------------------------------------------------------------------ the act */

static void on_event(void *context, const struct tftp_event *event)
{
    struct sim *sim = context;
    if (sim->tells)
        sim_tell(sim, "log: %s", event->text);
}

static void begin(struct sim *sim, const struct sim_event *event)
{
    request(sim, event->who);
}

static bool start(struct sim *sim)
{
    memset(&act, 0, sizeof act);
    memory_init(&act.files);
    tftp_config_init(&act.config);
    for (unsigned i = 0; i < FILE_SIZES; i++)
        memory_add(&act.files, file_names[i], NULL, file_bytes[i]);
    act.out.flush = flush;
    act.out.context = sim;
    const struct tftp_setup setup = { .config = &act.config,
                                      .files = &act.files.files,
                                      .on_event = on_event,
                                      .context = sim,
                                      .transfers_max = PLACES,
                                      .key = { 1, 2 } };
    if (tftp_server_create(&setup, &act.server) != STATUS_OK)
        return false;
    act.count = sim_between(sim, 0, DOWNLOADS_MAX);
    for (unsigned i = 0; i < act.count; i++) {
        act.downloads[i] = (struct download){
            .file = sim_between(sim, 0, FILE_SIZES - 1),
            .blksize = sim_chance(sim, 600) ? sim_between(sim, 400, 1468) : 0,
            .windowsize = sim_chance(sim, 400) ? sim_between(sim, 1, 40) : 0,
            .agreed = TFTP_BLOCK_DEFAULT,
            .window = 1,
        };
        sim_later(sim, sim_between(sim, 1, 5000), (struct sim_event){ .act = begin, .who = i },
                  BYTES_NONE);
    }
    return true;
}

static bool turn(struct sim *sim)
{
    mono_ms deadline = tftp_server_deadline(act.server);
    mono_ms event = sim_next_event(sim);
    mono_ms next = mono_earlier(deadline, event);
    if (next == MONO_NEVER || sim->broken != SIM_HOLDS)
        return false;
    if (next > sim->now)
        sim->now = next;
    if (deadline <= sim->now) {
        tftp_server_tick(act.server, sim->now, &act.out);
        flush(sim, &act.out);
    } else {
        sim_play_event(sim);
    }
    return true;
}

static void check_end(struct sim *sim, unsigned turns)
{
    int users = 0;
    for (size_t i = 0; i < act.files.count; i++)
        users += act.files.at[i].users;
    if (turns == TURNS_MAX || tftp_server_transfers(act.server) > 0 || users > 0)
        sim_break(sim, SIM_ALL_ENDS, "%u transfers are under way, %d files open",
                  tftp_server_transfers(act.server), users);
    for (unsigned i = 0; i < PLACES; i++)
        if (act.opening[i] != 0)
            sim_break(sim, SIM_ALL_ENDS, "the socket of transfer %u is open", i);
    for (unsigned i = 0; i < act.count; i++)
        if (!act.downloads[i].over)
            sim_break(sim, SIM_ALL_ENDS, "tftp client %u still waits", i);
}

void sim_play_downloads(struct sim *sim)
{
    unsigned turns = 0;
    if (!start(sim)) {
        sim_break(sim, SIM_ALIVE, "no TFTP server");
        return;
    }
    while (turns < TURNS_MAX && turn(sim))
        turns++;
    if (sim->broken == SIM_HOLDS)
        check_end(sim, turns);
    tftp_server_free(act.server);
}

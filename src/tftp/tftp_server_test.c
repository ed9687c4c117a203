#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "tftp/tftp_server.h"
#include "tftp/tftp_test_files.h"

#define LOG_MAX 4096

static struct memory_files files;
static struct tftp_config config;
static struct tftp_server *server;
static struct tftp_outbox *outbox;
static char said[LOG_MAX]; /* events' lines */
static char did[LOG_MAX];  /* actions, in words */
static uint64_t told_bytes;
static bool no_socket;

static void on_event(void *context, const struct tftp_event *event)
{
    (void)context;
    struct text_out out = text_out_on(said + strlen(said), sizeof said - strlen(said));
    text_printf(&out, "%s%s", said[0] != '\0' ? "; " : "", event->text);
    if (event->kind == TFTP_EVENT_SENT)
        told_bytes = event->bytes;
}

static bool hardware_of(void *context, const struct address *address, struct hardware *hardware)
{
    (void)context;
    *hardware = (struct hardware){ .type = 1, .count = 6, .bytes = { 2, 0, 0, 0, 0, 0xc0 } };
    return address->bytes[3] == 9;
}

static void put_packet(struct text_out *out, const struct tftp_action *action)
{
    struct tftp_packet packet;
    assert_int_equal(
        tftp_packet_read(bytes_of(action->bytes.at, action->bytes.count < action->datagram_bytes
                                                        ? action->bytes.count
                                                        : action->datagram_bytes),
                         &packet),
        STATUS_OK);
    if (packet.opcode == TFTP_DATA)
        text_printf(out, "data %u+%zu", packet.block, action->bytes.count - TFTP_HEADER_BYTES);
    else if (packet.opcode == TFTP_OACK)
        text_put_string(out, "oack");
    else
        text_printf(out, "error %u %.*s", packet.error, TEXT_ARG(packet.reason));
}

static void flush(void *context, struct tftp_outbox *full)
{
    (void)context;
    struct text_out out = text_out_on(did + strlen(did), sizeof did - strlen(did));
    for (size_t i = 0; i < full->count; i++) {
        const struct tftp_action *action = &full->actions[i];
        if (did[0] != '\0' || i > 0)
            text_put_string(&out, "; ");
        if (action->transfer == TFTP_NO_TRANSFER)
            text_put_string(&out, "69: ");
        else
            text_printf(&out, "%u: ", action->transfer);
        if (action->kind == TFTP_ACTION_SEND)
            put_packet(&out, action);
        else
            text_put_string(&out, action->kind == TFTP_ACTION_OPEN ? "open" : "close");
        if (action->kind == TFTP_ACTION_OPEN && no_socket)
            tftp_server_no_socket(server, action->transfer);
    }
    tftp_outbox_reset(full);
}

static void begin_with(uint32_t transfers_max)
{
    struct tftp_setup setup = {
        .config = &config,
        .files = &files.files,
        .hardware_of = hardware_of,
        .on_event = on_event,
        .transfers_max = transfers_max,
        .key = { 1, 2 },
    };
    assert_int_equal(tftp_server_create(&setup, &server), STATUS_OK);
}

static int set_up(void **state)
{
    (void)state;
    static struct tftp_root root;
    memory_init(&files);
    memory_add(&files, "/srv/f", NULL, 700);
    root = (struct tftp_root){ .folder = "/srv" };
    tftp_config_init(&config);
    config.roots = &root;
    config.root_count = 1;
    outbox = calloc(1, sizeof *outbox);
    outbox->flush = flush;
    no_socket = false;
    begin_with(8);
    return 0;
}

static int take_down(void **state)
{
    (void)state;
    tftp_server_free(server);
    free(outbox);
    for (size_t i = 0; i < files.count; i++)
        assert_int_equal(files.at[i].users, 0);
    return 0;
}

static const char *finish(void)
{
    flush(NULL, outbox);
    return did;
}

static void start_turn(void)
{
    said[0] = did[0] = '\0';
}

static struct tftp_datagram datagram_of(uint8_t host, uint16_t port, const void *wire, size_t count)
{
    return (struct tftp_datagram){
        .message = bytes_of(wire, count),
        .from = { .address = address_ip4(192, 0, 2, host), .port = port },
        .local = address_ip4(192, 0, 2, 1),
        .interface = 2,
        .interface_name = "eth0",
        .mtu = 1500,
    };
}

static const char *request(uint8_t host, uint16_t port, const void *wire, size_t count, mono_ms now)
{
    struct tftp_datagram datagram = datagram_of(host, port, wire, count);
    start_turn();
    tftp_server_request(server, &datagram, now, outbox);
    return finish();
}

#define REQUEST(host, port, wire, now) request(host, port, wire, sizeof(wire) - 1, now)
#define READ_F                         "\0\1f\0octet\0"

static const char *message(uint32_t transfer, uint8_t host, uint16_t port, const void *wire,
                           size_t count, mono_ms now)
{
    struct tftp_datagram datagram = datagram_of(host, port, wire, count);
    start_turn();
    tftp_server_message(server, transfer, &datagram, now, outbox);
    return finish();
}

#define MESSAGE(transfer, host, port, wire, now)                                                   \
    message(transfer, host, port, wire, sizeof(wire) - 1, now)

static const char *tick(mono_ms now)
{
    start_turn();
    tftp_server_tick(server, now, outbox);
    return finish();
}

static void test_a_file(void **state)
{
    (void)state;
    assert_string_equal(REQUEST(7, 1000, READ_F, 1), "0: open; 0: data 1+512");
    assert_int_equal(tftp_server_transfers(server), 1);
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 2), "0: data 2+188");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\2", 3), "0: close");
    assert_string_equal(said, "sent /srv/f to 192.0.2.7");
    assert_int_equal(told_bytes, 700);
    assert_int_equal(tftp_server_transfers(server), 0);
    assert_int_equal(tftp_server_deadline(server), MONO_NEVER);
    assert_int_equal(tftp_server_counters(server)->sent_bytes, 700);
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\2", 3), ""); /* late */
}

static void test_answers(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        const char *wire;
        size_t count;
        const char *did, *said;
    } rows[] = {
#define ROW(wire) wire, sizeof(wire) - 1
        { "not found", ROW("\0\1none\0octet\0"),
          "69: error 1 file /srv/none not found for 192.0.2.7",
          "file /srv/none not found for 192.0.2.7" },
        { "denied", ROW("\0\1denied\0octet\0"),
          "69: error 2 cannot access /srv/denied: Permission denied",
          "cannot access /srv/denied: Permission denied" },
        { "a folder", ROW("\0\1sub\0octet\0"), "69: error 0 cannot read /srv/sub: Is a directory",
          "cannot read /srv/sub: Is a directory" },
        { "up", ROW("\0\1../f\0octet\0"), "69: error 2 cannot access /srv/../f: Permission denied",
          "cannot access /srv/../f: Permission denied" },
        { "control characters are not passed on", ROW("\0\1a\n\33b\0octet\0"),
          "69: error 1 file /srv/ab not found for 192.0.2.7",
          "file /srv/ab not found for 192.0.2.7" },
        { "a write request", ROW("\0\2f\0octet\0"),
          "69: error 4 unsupported write request from 192.0.2.7",
          "unsupported write request from 192.0.2.7" },
        { "mail", ROW("\0\1f\0mail\0"), "69: error 4 unsupported request from 192.0.2.7",
          "unsupported request from 192.0.2.7" },
        { "an unknown opcode", ROW("\0\x9f\0octet\0"),
          "69: error 4 unsupported request from 192.0.2.7", "unsupported request from 192.0.2.7" },
        { "a name without an end", ROW("\0\1f"), "69: error 4 unsupported request from 192.0.2.7",
          "unsupported request from 192.0.2.7" },
        { "no name", ROW("\0\1\0octet\0"), "69: error 4 unsupported request from 192.0.2.7",
          "unsupported request from 192.0.2.7" },
        { "an acknowledgement of nothing", ROW("\0\4\0\1"),
          "69: error 4 unsupported request from 192.0.2.7", "unsupported request from 192.0.2.7" },
        { "an error is not answered", ROW("\0\5\0\1why\0"), "", "" },
        { "one byte", ROW("\1"), "", "" },
        { "nothing", ROW(""), "", "" },
    };
    memory_add(&files, "/srv/denied", NULL, 1)->status = STATUS_DENIED;
    memory_add(&files, "/srv/sub", NULL, 1)->status = STATUS_SYSTEM;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *what = request(7, 1000, rows[i].wire, rows[i].count, 1000 * (mono_ms)i);
        if (strcmp(what, rows[i].did) != 0 || strcmp(said, rows[i].said) != 0)
            fail_msg("%s: %s / %s", rows[i].claim, what, said);
        assert_int_equal(tftp_server_transfers(server), 0);
    }
}

static void test_options(void **state)
{
    (void)state;
    assert_string_equal(REQUEST(7, 1000, "\0\1f\0octet\0blksize\0009000\0", 1), "0: open; 0: oack");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\0", 2), "0: data 1+700");
    config.mtu = 232;
    assert_string_equal(REQUEST(7, 1001, "\0\1f\0octet\0blksize\0009000\0", 1), "1: open; 1: oack");
    assert_string_equal(MESSAGE(1, 7, 1001, "\0\4\0\0", 2), "1: data 1+200");
    config.no_blocksize = true;
    assert_string_equal(REQUEST(7, 1002, "\0\1f\0octet\0blksize\0009000\0", 1),
                        "2: open; 2: data 1+512");
}

/* RFC 1350 section 4 */
static void test_wrong_port(void **state)
{
    (void)state;
    REQUEST(7, 1000, READ_F, 1);
    assert_string_equal(MESSAGE(0, 7, 1001, "\0\4\0\1", 2),
                        "0: error 5 ignoring packet from 192.0.2.7 (TID mismatch)");
    assert_string_equal(MESSAGE(0, 8, 1000, "\0\4\0\1", 2),
                        "0: error 5 ignoring packet from 192.0.2.8 (TID mismatch)");
    assert_string_equal(MESSAGE(0, 8, 1000, "\0\5\0\0x\0", 2), "");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 2), "0: data 2+188");
    assert_int_equal(tftp_server_counters(server)->wrong_port, 3);
}

static void test_client_error(void **state)
{
    (void)state;
    REQUEST(7, 1000, READ_F, 1);
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\5\0\0can\1cel", 2), "0: close");
    assert_string_equal(said, "error 0 cancel received from 192.0.2.7; "
                              "failed sending /srv/f to 192.0.2.7");
}

static void test_silence(void **state)
{
    (void)state;
    REQUEST(7, 1000, READ_F, 1000);
    assert_string_equal(tick(1999), "");
    assert_string_equal(tick(2000), "0: data 1+512");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 2500), "0: data 2+188");
    assert_string_equal(tick(3499), "");
    assert_string_equal(tick(3500), "0: data 2+188");
    for (mono_ms now = 3501; now < 32500; now += 100)
        tick(now);
    assert_int_equal(tftp_server_transfers(server), 1);
    assert_string_equal(tick(33200), "0: close");
    assert_string_equal(said, "failed sending /srv/f to 192.0.2.7");
    assert_int_equal(tftp_server_deadline(server), MONO_NEVER);
}

/* A request that is said again is answered from the same port; a new one from there begins anew. */
static void test_said_again(void **state)
{
    (void)state;
    memory_add(&files, "/srv/g", NULL, 5);
    REQUEST(7, 1000, READ_F, 1);
    assert_string_equal(REQUEST(7, 1000, READ_F, 1500), "0: data 1+512");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 1600), "0: data 2+188");
    /* It may have got all, and its last word was lost. */
    assert_string_equal(REQUEST(7, 1000, READ_F, 1700), "0: close; 0: open; 0: data 1+512");
    files.at[0].core.bytes = 5000;
    assert_string_equal(REQUEST(7, 1000, READ_F, 9000), "0: close; 0: open; 0: data 1+512");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 9000), "0: data 2+512");
    assert_string_equal(REQUEST(7, 1000, READ_F, 9001), "");
    assert_string_equal(REQUEST(7, 1000, READ_F, 12000), "0: close; 0: open; 0: data 1+512");
    assert_string_equal(REQUEST(7, 1000, "\0\1g\0octet\0", 12001),
                        "0: close; 0: open; 0: data 1+5");
    assert_int_equal(tftp_server_transfers(server), 1);
}

static void test_single_port(void **state)
{
    (void)state;
    config.single_port = true;
    assert_string_equal(REQUEST(7, 1000, READ_F, 1), "69: data 1+512");
    assert_string_equal(REQUEST(8, 1000, READ_F, 1), "69: data 1+512");
    assert_string_equal(REQUEST(7, 1000, "\0\4\0\1", 2), "69: data 2+188");
    assert_string_equal(REQUEST(7, 1000, "\0\4\0\2", 3), "");
    assert_string_equal(said, "sent /srv/f to 192.0.2.7");
    assert_string_equal(REQUEST(7, 1000, "\0\4\0\2", 3), ""); /* late: nobody waits for an answer */
    assert_string_equal(REQUEST(7, 1000, "\0\3\0\2x", 3), "");
    assert_string_equal(said, "");
    assert_int_equal(tftp_server_counters(server)->strays, 2);
    assert_string_equal(REQUEST(7, 1000, "\0\2f\0octet\0", 3),
                        "69: error 4 unsupported write request from 192.0.2.7");
    assert_string_equal(REQUEST(8, 1000, "\0\5\0\0x\0", 3), "");
    assert_int_equal(tftp_server_transfers(server), 0);
}

/* Who acknowledges in a client's name gets it no flood. */
static void test_single_port_bound(void **state)
{
    (void)state;
    char wire[4] = { 0, 4 };
    config.single_port = true;
    files.at[0].core.bytes = (uint64_t)100 << 20;
    REQUEST(7, 1000, "\0\1f\0octet\0blksize\0001468\0windowsize\00064\0", 1);
    assert_string_equal(REQUEST(7, 1000, "\0\4\0\0", 1), "69: data 1+5884"); /* and 3 headers */
    unsigned windows = 1;
    bool is_bound = false;
    for (unsigned block = 4; block < 20000 && !is_bound; block += 4) {
        wire[2] = (char)(block >> 8), wire[3] = (char)block;
        is_bound = request(7, 1000, wire, sizeof wire, 1)[0] == '\0';
        windows += !is_bound;
    }
    assert_true(is_bound);
    assert_int_equal(windows, 4 * 1024 * 1024 / (4 * 1472));
    assert_string_equal(request(7, 1000, wire, sizeof wire, 1), ""); /* not a second one either */
    assert_string_equal(REQUEST(8, 1000, READ_F, 1), "69: data 1+512");
    /* What waits goes on by itself, soon, and is no try. */
    mono_ms due = tftp_server_deadline(server);
    assert_true(due > 1 && due < 20);
    assert_non_null(strstr(tick(due), "data 2849+5884"));
    assert_int_equal(tftp_server_counters(server)->repeated, 0);
    assert_int_equal(tftp_server_deadline(server), 1001);
}

/* A storm of packets from wrong ports, and of requests: few lines, few answers. */
static void test_storms(void **state)
{
    (void)state;
    unsigned answers = 0, lines = 0;
    REQUEST(7, 1000, READ_F, 1);
    for (unsigned i = 0; i < 10000; i++) {
        answers += MESSAGE(0, 8, (uint16_t)(2000 + i), "\0\4\0\1", 1)[0] != '\0';
        lines += said[0] != '\0';
    }
    assert_int_equal(answers, 8);
    assert_int_equal(lines, 1);
    assert_int_equal(tftp_server_counters(server)->wrong_port, 10000);
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 2), "0: data 2+188");
    for (unsigned i = 0; i < 10000; i++) {
        assert_string_not_equal(REQUEST(9, 1000, "\0\1none\0octet\0", 3), "");
        lines += said[0] != '\0';
    }
    assert_int_equal(lines, 501);
    assert_int_equal(tftp_server_counters(server)->left_out, 9500);
    /* A file that was sent is told of all the same, and what was missed. */
    MESSAGE(0, 7, 1000, "\0\4\0\2", 4);
    assert_string_equal(said, "9500 more lines left out; sent /srv/f to 192.0.2.7");
    for (unsigned i = 0; i < 100; i++)
        REQUEST(9, 1000, "\0\1none\0octet\0", 5);
    assert_string_equal(said, "");
    REQUEST(9, 1000, "\0\1none\0octet\0", 205);
    assert_string_equal(said, "100 more lines left out; file /srv/none not found for 192.0.2.9");
}

/* Bad packets of every kind: each is answered as before, and of each kind one line a second is
 * told, with how many there were besides. */
static void test_bad_packets(void **state)
{
    (void)state;
    static char wire[2 * TFTP_PATH_MAX];
    memset(wire, 'a', sizeof wire);
    memcpy(wire, "\0\1", 2);
    memcpy(wire + sizeof wire - 7, "\0octet", 7);
    const struct {
        const char *wire;
        size_t count;
        const char *answer, *first, *later;
    } rows[] = {
#define ROW(wire) wire, sizeof(wire) - 1
        { ROW("\0\x9f\0octet\0"), "69: error 4 unsupported request from 192.0.2.9",
          "unsupported request from 192.0.2.9",
          "unsupported request from 192.0.2.9 (and 99 more)" },
        { ROW("\0\2f\0octet\0"), "69: error 4 unsupported write request from 192.0.2.9",
          "unsupported write request from 192.0.2.9",
          "unsupported write request from 192.0.2.9 (and 99 more)" },
        { ROW("\0\1../f\0octet\0"), "69: error 2 cannot access /srv/../f: Permission denied",
          "cannot access /srv/../f: Permission denied",
          "cannot access /srv/../f: Permission denied (and 99 more)" },
#undef ROW
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (unsigned j = 0; j < 100; j++) {
            assert_string_equal(request(9, 1000, rows[i].wire, rows[i].count, 1), rows[i].answer);
            assert_string_equal(said, j == 0 ? rows[i].first : "");
        }
        assert_string_equal(request(9, 1000, rows[i].wire, rows[i].count, 1001), rows[i].answer);
        assert_string_equal(said, rows[i].later);
    }
    request(9, 1000, wire, sizeof wire, 1002); /* too long: the same kind as one that leads up */
    assert_string_equal(said, "");
    assert_int_equal(tftp_server_counters(server)->left_out, 3 * 99 + 1);
}

/* Errors from clients are bad packets too, but each transfer that ends so is told. Who asks for
 * what there is none of, or what is not for him, is told of each time. */
static void test_told_each_time(void **state)
{
    (void)state;
    memory_add(&files, "/srv/denied", NULL, 1)->status = STATUS_DENIED;
    for (unsigned j = 0; j < 3; j++) {
        REQUEST(9, 1000, READ_F, 2000);
        MESSAGE(0, 9, 1000, "\0\5\0\10no\0", 2000);
        assert_string_equal(said, j == 0 ? "error 8 no received from 192.0.2.9; "
                                           "failed sending /srv/f to 192.0.2.9"
                                         : "failed sending /srv/f to 192.0.2.9");
    }
    /* Another error is another thing. */
    REQUEST(9, 1000, READ_F, 2000);
    MESSAGE(0, 9, 1000, "\0\5\0\3disk full\0", 2000);
    assert_string_equal(said, "error 3 disk full received from 192.0.2.9; "
                              "failed sending /srv/f to 192.0.2.9");
    for (unsigned j = 0; j < 2; j++) {
        REQUEST(9, 1000, READ_F, 2000);
        MESSAGE(0, 9, 1000, "\0\5\xff\xffx\0", 2000);
        assert_int_equal(strstr(said, "error 65535 x received") != NULL, j == 0);
    }
    for (unsigned j = 0; j < 3; j++) {
        REQUEST(9, 1000, "\0\1none\0octet\0", 2000);
        assert_string_equal(said, "file /srv/none not found for 192.0.2.9");
        REQUEST(9, 1000, "\0\1denied\0octet\0", 2000);
        assert_string_equal(said, "cannot access /srv/denied: Permission denied");
    }
    assert_int_equal(tftp_server_counters(server)->left_out, 2 + 1);
}

/* A request in a client's name does not end what the client is getting. */
static void test_forged_requests(void **state)
{
    (void)state;
    files.at[0].core.bytes = 5000;
    memory_add(&files, "/srv/g", NULL, 5);
    REQUEST(7, 1000, READ_F, 1);
    MESSAGE(0, 7, 1000, "\0\4\0\1", 2);
    assert_string_equal(REQUEST(7, 1000, "\0\1g\0octet\0", 3), "");
    assert_string_equal(REQUEST(7, 1000, "\0\1none\0octet\0", 1500),
                        "69: error 1 file /srv/none not found for 192.0.2.7");
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\2", 1600), "0: data 3+512");
    assert_string_equal(REQUEST(7, 1000, "\0\1g\0octet\0", 2600), "0: close; 0: open; 0: data 1+5");
}

static void test_full(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        REQUEST((uint8_t)(i + 10), 1000, READ_F, 1);
    assert_int_equal(tftp_server_transfers(server), 8);
    assert_string_equal(REQUEST(7, 1000, READ_F, 2000), "");
    assert_string_equal(said, "maximum number of concurrent TFTP transfers reached");
    REQUEST(7, 1001, READ_F, 2000);
    assert_string_equal(said, "");
    assert_int_equal(tftp_server_counters(server)->dropped, 2);
    /* Who is heard of keeps the place; who has been silent longest gives way. */
    MESSAGE(0, 10, 1000, "\0\4\0\1", 2500);
    assert_string_equal(REQUEST(7, 1000, READ_F, 3500), "1: close; 1: open; 1: data 1+512");
    assert_string_equal(said, "failed sending /srv/f to 192.0.2.11");
    assert_int_equal(tftp_server_counters(server)->evicted, 1);
}

/* One client may have all but the last quarter of the places. */
static void test_share(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        REQUEST(7, (uint16_t)(1000 + i), READ_F, 1);
    assert_int_equal(tftp_server_transfers(server), 6);
    assert_string_equal(REQUEST(8, 1000, READ_F, 1), "6: open; 6: data 1+512");
    /* Only its own silent ones give way to more of them, though there is one place. */
    for (uint16_t i = 0; i < 6; i++)
        MESSAGE(i, 7, (uint16_t)(1000 + i), "\0\4\0\1", 4000 + i);
    assert_string_equal(REQUEST(7, 2000, READ_F, 5000), "");
    assert_string_equal(REQUEST(7, 2000, READ_F, 7000), "0: close; 0: open; 0: data 1+512");
    assert_string_equal(said, "failed sending /srv/f to 192.0.2.7");
    assert_int_equal(tftp_server_counters(server)->evicted, 1);
}

/* When all are busy, who has most gives way to who has none; but not to one more of those that have
 * one each. */
static void test_greedy(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 4; i++)
        REQUEST(7, (uint16_t)(1000 + i), READ_F, 1);
    for (uint16_t i = 0; i < 4; i++)
        REQUEST((uint8_t)(20 + i), 1000, READ_F, 2);
    assert_int_equal(tftp_server_transfers(server), 8);
    assert_string_equal(REQUEST(30, 1000, READ_F, 3), "0: close; 0: open; 0: data 1+512");
    assert_string_equal(said, "failed sending /srv/f to 192.0.2.7");
    assert_string_equal(REQUEST(31, 1000, READ_F, 4), "1: close; 1: open; 1: data 1+512");
    assert_string_equal(REQUEST(32, 1000, READ_F, 5), "2: close; 2: open; 2: data 1+512");
    assert_string_equal(REQUEST(33, 1000, READ_F, 6), ""); /* each has one now */
    assert_string_equal(REQUEST(7, 2000, READ_F, 7), "");
    assert_int_equal(tftp_server_counters(server)->evicted, 3);
    assert_int_equal(tftp_server_counters(server)->dropped, 2);
}

/* So many clients with one transfer each that some of them fall together: they are not greedy. */
static void test_together(void **state)
{
    (void)state;
    tftp_server_free(server);
    begin_with(200);
    for (uint8_t i = 1; i <= 200; i++)
        REQUEST(i, 1000, READ_F, 1);
    assert_int_equal(tftp_server_transfers(server), 200);
    assert_string_equal(REQUEST(201, 1000, READ_F, 2), "");
    assert_int_equal(tftp_server_counters(server)->evicted, 0);
    /* Who has two gives one. */
    MESSAGE(9, 10, 1000, "\0\5\0\0gone\0", 3);
    REQUEST(11, 1001, READ_F, 4);
    assert_int_equal(tftp_server_transfers(server), 200);
    REQUEST(202, 1000, READ_F, 5);
    assert_string_equal(said, "failed sending /srv/f to 192.0.2.11");
    REQUEST(203, 1000, READ_F, 6);
    assert_int_equal(tftp_server_counters(server)->evicted, 1);
}

static const char *request6(uint8_t network, uint8_t host, uint16_t port, mono_ms now)
{
    struct tftp_datagram datagram = datagram_of(1, port, READ_F, sizeof READ_F - 1);
    datagram.from.address = (struct address){ .family = ADDRESS_IP6, .bytes = { 0xfd } };
    datagram.from.address.bytes[7] = network;
    datagram.from.address.bytes[15] = host;
    start_turn();
    tftp_server_request(server, &datagram, now, outbox);
    return finish();
}

/* A share is an address's; but one network of IPv6 that has all gives way to another. */
static void test_networks(void **state)
{
    (void)state;
    for (uint8_t i = 1; i <= 8; i++)
        assert_string_not_equal(request6(1, i, 1000, 1), "");
    assert_int_equal(tftp_server_transfers(server), 8);
    assert_int_equal(tftp_server_counters(server)->over_share, 0);
    assert_string_equal(request6(1, 9, 1000, 2), "");
    assert_string_equal(request6(2, 1, 1000, 3), "0: close; 0: open; 0: data 1+512");
    assert_string_equal(said, "failed sending /srv/f to fd00:0:0:1::1");
}

/* What is not there takes nobody's place. */
static void test_no_file_no_place(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        REQUEST((uint8_t)(i + 10), 1000, READ_F, 1);
    assert_string_equal(REQUEST(7, 1000, "\0\1none\0octet\0", 9000),
                        "69: error 1 file /srv/none not found for 192.0.2.7");
    assert_int_equal(tftp_server_transfers(server), 8);
    assert_int_equal(tftp_server_counters(server)->evicted, 0);
}

/* Who agreed on 10 s between two tries is not silent after 3. */
static void test_patience(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 8; i++)
        REQUEST((uint8_t)(i + 10), 1000, "\0\1f\0octet\0timeout\00010\0", 1);
    assert_string_equal(REQUEST(7, 1000, READ_F, 20000), "");
    assert_string_equal(REQUEST(7, 1000, READ_F, 20001), "0: close; 0: open; 0: data 1+512");
    REQUEST(20, 1000, READ_F, 21000);
    assert_string_equal(REQUEST(21, 1000, READ_F, 23500), "2: close; 2: open; 2: data 1+512");
}

static void test_no_socket(void **state)
{
    (void)state;
    no_socket = true;
    REQUEST(7, 1000, READ_F, 1);
    assert_string_equal(said, "no socket for a TFTP transfer");
    assert_string_equal(tick(tftp_server_deadline(server) + 1), "");
    assert_int_equal(tftp_server_transfers(server), 0);
}

static void test_folders(void **state)
{
    (void)state;
    struct tftp_root roots[] = { { .folder = "/srv" }, { .folder = "/lab", .interface = "eth0" } };
    memory_add(&files, "/lab/f", NULL, 5);
    memory_add(&files, "/boot/g", NULL, 6);
    memory_add(&files, "/srv/192.0.2.7/f", NULL, 7);
    memory_add(&files, "/srv/02-00-00-00-00-c0/f", NULL, 8);
    config.roots = roots;
    config.root_count = 2;
    assert_string_equal(REQUEST(7, 1, READ_F, 1), "0: open; 0: data 1+5");
    assert_string_equal(REQUEST(7, 2, "\0\1g\0octet\0", 1),
                        "69: error 1 file /lab/g not found for 192.0.2.7");
    config.second_root = "/boot";
    assert_string_equal(REQUEST(7, 3, "\0\1g\0octet\0", 1), "1: open; 1: data 1+6");
    assert_string_equal(REQUEST(7, 3, "\0\1h\0octet\0", 1),
                        "69: error 1 file /lab/h not found for 192.0.2.7");
    /* Whatever is in the way in the first folder. */
    memory_add(&files, "/lab/d", NULL, 1)->status = STATUS_SYSTEM;
    memory_add(&files, "/lab/p", NULL, 1)->status = STATUS_DENIED;
    memory_add(&files, "/boot/p", NULL, 9);
    assert_string_equal(REQUEST(7, 3, "\0\1p\0octet\0", 1), "1: close; 1: open; 1: data 1+9");
    assert_string_equal(REQUEST(7, 33, "\0\1d\0octet\0", 1),
                        "69: error 0 cannot read /lab/d: Is a directory");
    assert_string_equal(REQUEST(7, 33, "\0\1../p\0octet\0", 1),
                        "69: error 2 cannot access /lab/../p: Permission denied");
    config.root_count = 1;
    config.unique_root = TFTP_UNIQUE_ADDRESS;
    assert_string_equal(REQUEST(7, 4, READ_F, 1), "2: open; 2: data 1+512");
    files.folder = "/srv/192.0.2.7";
    assert_string_equal(REQUEST(7, 5, READ_F, 1), "3: open; 3: data 1+7");
    config.second_root = NULL;
    assert_string_equal(REQUEST(7, 6, "\0\1g\0octet\0", 1),
                        "69: error 1 file /srv/192.0.2.7/g not found for 192.0.2.7");
    config.unique_root = TFTP_UNIQUE_HARDWARE;
    files.folder = "/srv/02-00-00-00-00-c0";
    assert_string_equal(REQUEST(9, 7, READ_F, 1), "4: open; 4: data 1+8");
    assert_string_equal(REQUEST(8, 7, READ_F, 1), "5: open; 5: data 1+512");
}

static void test_hostile_names(void **state)
{
    (void)state;
    static char wire[65000];
    memset(wire, 'a', sizeof wire);
    memcpy(wire, "\0\1", 2);
    memcpy(wire + sizeof wire - 7, "\0octet", 7);
    const char *what = request(7, 1000, wire, sizeof wire, 1);
    assert_non_null(strstr(what, "69: error 0 cannot read /srv/aaa"));
    assert_true(strlen(what) < TFTP_REASON_MAX + 16);
    assert_string_equal(request(7, 1000, wire, 1400, 1),
                        "69: error 4 unsupported request from 192.0.2.7");
    struct tftp_datagram cut = datagram_of(7, 1000, READ_F, sizeof READ_F - 1);
    cut.cut = true;
    start_turn();
    tftp_server_request(server, &cut, 1, outbox);
    assert_string_equal(finish(), "");
    assert_string_equal(REQUEST(7, 0, READ_F, 1), ""); /* nobody to answer */
}

static void test_a_file_that_shrinks(void **state)
{
    (void)state;
    REQUEST(7, 1000, READ_F, 1);
    files.broken_from = 600;
    assert_string_equal(MESSAGE(0, 7, 1000, "\0\4\0\1", 2),
                        "0: error 0 the file has changed; 0: close");
    assert_string_equal(said, "failed sending /srv/f to 192.0.2.7");
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, take_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_file),
        TEST(test_answers),
        TEST(test_options),
        TEST(test_wrong_port),
        TEST(test_client_error),
        TEST(test_silence),
        TEST(test_said_again),
        TEST(test_single_port),
        TEST(test_full),
        TEST(test_share),
        TEST(test_greedy),
        TEST(test_together),
        TEST(test_networks),
        TEST(test_no_socket),
        TEST(test_folders),
        TEST(test_hostile_names),
        TEST(test_a_file_that_shrinks),
        TEST(test_storms),
        TEST(test_bad_packets),
        TEST(test_told_each_time),
        TEST(test_forged_requests),
        TEST(test_patience),
        TEST(test_no_file_no_place),
        TEST(test_single_port_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

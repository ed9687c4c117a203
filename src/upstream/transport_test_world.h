/* A transport with a loop under it and a shell above it that writes down what it is told, and
 * servers on loopback for it to ask: what the tests of both transports
 * share. Not part of the program. */
#ifndef LINNET_UPSTREAM_TRANSPORT_TEST_WORLD_H
#define LINNET_UPSTREAM_TRANSPORT_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "upstream/transport.h"

#define WORLD_SOCKETS_MAX 8
#define WORLD_PORT_MIN    20000
#define WORLD_PORT_MAX    29999
#define WORLD_PATIENCE_MS 3000
#define WORLD_HEARD_MAX   16

/* What the transport told. */
struct world_heard {
    bool failed;
    uint32_t flight;
    uint16_t server;
    size_t count;
    uint8_t first; /* of the message */
    uint8_t last;
    bool in_fragments; /* then nothing is known of the message */
};

/* All that was told, in order, and what the shell does when it is told. */
struct world {
    uv_loop_t loop;
    struct random random;
    struct transport *transport;
    struct world_heard heard[WORLD_HEARD_MAX];
    size_t heard_count;
    bool close_when_told;
    bool send_when_told;
    const struct transport_target *send_to;
    bool free_when_told;
};

extern struct world world;

/* Made by the first, gone with the second, whatever is open then. */
void world_open(struct transport *(*create)(const struct transport_setup *), uint16_t port_min,
                uint16_t port_max);
void world_close(void);

enum status world_ask(uint32_t flight, const struct transport_target *target,
                      const char *question);
void world_close_flight(uint32_t flight);

void world_pause_ms(int ms);
/* Runs the loop until so much has been heard. */
void world_run_until_heard(size_t count);
/* Gives everything that is under way time to arrive, and nothing more may. */
void world_run_quietly(size_t count);
/* The failure's message begins with `what`. */
void world_check_heard(size_t index, const char *what, const struct world_heard *expected);

struct world_server {
    int fd;
    struct endpoint end;
};

/* type: SOCK_DGRAM or SOCK_STREAM. False when this family does not exist here. */
bool world_open_server(enum address_family family, int type, struct world_server *server);
struct transport_target world_target(const struct world_server *server, uint16_t number);

#endif

/* Packets that nobody should send: what is valid, and then bent. The same seed makes the same. */
#ifndef LINNET_TESTS_MALFORMED_PACKETS_H
#define LINNET_TESTS_MALFORMED_PACKETS_H

#include <stddef.h>
#include <stdint.h>

#define PACKET_BYTES_MAX 1400

struct packet {
    uint8_t bytes[PACKET_BYTES_MAX];
    size_t count;
};

/* Packets to bend. */
struct packet_store {
    struct packet *packets;
    size_t count;
};

/* Every file of the folder, without a folder's name none. Ends the program when there is no memory.
 */
void packet_store_read(struct packet_store *store, const char *folder);
void packet_store_add(struct packet_store *store, const void *bytes, size_t count);

uint32_t packet_random(void);
void packet_random_seed(uint64_t seed);

/* One of the store, whole or bent in one to eight places; now and then nothing but noise. */
void packet_make(const struct packet_store *store, struct packet *out);

#endif

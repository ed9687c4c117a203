#include "malformed_packets.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t state = 1;

void packet_random_seed(uint64_t seed)
{
    state = seed * 0x9e3779b97f4a7c15u | 1;
}

uint32_t packet_random(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16);
}

/* ------------------------------------------------------------------ what is bent */

void packet_store_add(struct packet_store *store, const void *bytes, size_t count)
{
    store->packets = realloc(store->packets, (store->count + 1) * sizeof(struct packet));
    if (store->packets == NULL)
        exit(4);
    struct packet *packet = &store->packets[store->count++];
    packet->count = count < PACKET_BYTES_MAX ? count : PACKET_BYTES_MAX;
    memcpy(packet->bytes, bytes, packet->count);
}

void packet_store_read(struct packet_store *store, const char *folder)
{
    DIR *directory = opendir(folder);
    if (directory == NULL) {
        fprintf(stderr, "%s: cannot open\n", folder);
        exit(3);
    }
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char path[4096];
        uint8_t bytes[PACKET_BYTES_MAX];
        snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
        FILE *file = entry->d_name[0] != '.' ? fopen(path, "rb") : NULL;
        if (file == NULL)
            continue;
        packet_store_add(store, bytes, fread(bytes, 1, sizeof(bytes), file));
        fclose(file);
    }
    closedir(directory);
}

/* ------------------------------------------------------------------ how it is bent */

static uint8_t odd_byte(void)
{
    static const uint8_t odd[] = { 0, 1, 2, 63, 64, 127, 128, 191, 192, 254, 255 };
    uint32_t r = packet_random();
    return r & 1 ? odd[(r >> 1) % sizeof(odd)] : (uint8_t)(r >> 8);
}

static void cut(struct packet *packet, size_t at)
{
    packet->count = at;
}

static void grow(struct packet *packet, size_t at)
{
    size_t more = 1 + packet_random() % 64;
    if (packet->count + more > PACKET_BYTES_MAX)
        return;
    memmove(packet->bytes + at + more, packet->bytes + at, packet->count - at);
    for (size_t i = 0; i < more; i++)
        packet->bytes[at + i] = odd_byte();
    packet->count += more;
}

static void shrink(struct packet *packet, size_t at)
{
    size_t less = 1 + packet_random() % 16;
    if (at + less > packet->count)
        return;
    memmove(packet->bytes + at, packet->bytes + at + less, packet->count - at - less);
    packet->count -= less;
}

/* A piece of it once more, elsewhere: options twice, names that point into themselves. */
static void repeat(struct packet *packet, size_t at)
{
    size_t from = packet_random() % packet->count;
    size_t count = 1 + packet_random() % 48;
    size_t start = at > from ? at : from;
    if (start + count <= packet->count)
        memmove(packet->bytes + at, packet->bytes + from, count);
}

static void bend(struct packet *packet)
{
    if (packet->count == 0)
        return;
    size_t at = packet_random() % packet->count;
    switch (packet_random() % 10) {
    case 0:
        cut(packet, at);
        break;
    case 1:
        grow(packet, at);
        break;
    case 2:
        shrink(packet, at);
        break;
    case 3:
        repeat(packet, at);
        break;
    case 4:
        packet->bytes[at] ^= (uint8_t)(1u << packet_random() % 8);
        break;
    default:
        packet->bytes[at] = odd_byte();
        break;
    }
}

void packet_make(const struct packet_store *store, struct packet *out)
{
    uint32_t r = packet_random();
    if (r % 64 == 0 || store->count == 0) {
        out->count = packet_random() % 600;
        for (size_t i = 0; i < out->count; i++)
            out->bytes[i] = (uint8_t)packet_random();
        return;
    }
    *out = store->packets[packet_random() % store->count];
    for (uint32_t i = 0; i < (r >> 8) % 9; i++)
        bend(out);
}

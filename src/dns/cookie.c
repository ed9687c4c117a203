#include "dns/cookie.h"

#define SERVER_MIN 8
#define SERVER_MAX 32
#define VERSION    1
#define DAY_S      86400
#define HASHED_MAX (COOKIE_CLIENT_BYTES + 8 + 16) /* with version, reserved, time, and an address  \
                                                   */

enum status cookie_read(struct bytes value, uint8_t client[COOKIE_CLIENT_BYTES])
{
    size_t server = value.count - COOKIE_CLIENT_BYTES;
    if (value.count < COOKIE_CLIENT_BYTES
        || (server != 0 && (server < SERVER_MIN || server > SERVER_MAX)))
        return STATUS_MALFORMED;
    memcpy(client, value.at, COOKIE_CLIENT_BYTES);
    return STATUS_OK;
}

/* RFC 9018 section 4: client cookie, version 1, three reserved bytes, time, and of these with the
 * client's address the hash, whose bytes stand in the order in which SipHash gives them. */
void cookie_make_with(const struct siphash_key *secret, const uint8_t client[COOKIE_CLIENT_BYTES],
                      const struct address *from, wall_s now, uint8_t cookie[COOKIE_BYTES])
{
    uint8_t hashed[HASHED_MAX];
    struct bytes_writer writer = bytes_writer_on(hashed, sizeof hashed);
    bytes_write_copy(&writer, client, COOKIE_CLIENT_BYTES);
    bytes_write_u8(&writer, VERSION);
    bytes_write_u8(&writer, 0);
    bytes_write_u16(&writer, 0);
    bytes_write_u32(&writer, (uint32_t)now);
    size_t shown = bytes_writer_count(&writer);
    bytes_write_span(&writer, address_bytes(from));
    uint64_t hash = siphash24(secret, hashed, bytes_writer_count(&writer));

    memcpy(cookie, hashed, shown);
    for (size_t i = 0; i < sizeof hash; i++)
        cookie[shown + i] = (uint8_t)(hash >> (8 * i));
}

void cookie_make(const struct siphash_key *key, const uint8_t client[COOKIE_CLIENT_BYTES],
                 const struct address *from, wall_s now, uint8_t cookie[COOKIE_BYTES])
{
    /* Hashed to be a secret, and never the same bytes as a name that the key also hashes. */
    struct {
        char purpose[16];
        int64_t day;
        uint64_t half;
    } seed = { .purpose = "server cookie", .day = now / DAY_S };
    struct siphash_key secret;
    secret.k0 = siphash24(key, &seed, sizeof seed);
    seed.half = 1;
    secret.k1 = siphash24(key, &seed, sizeof seed);
    cookie_make_with(&secret, client, from, now, cookie);
}

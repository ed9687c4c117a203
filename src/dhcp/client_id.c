#include "dhcp/client_id.h"

struct client_id client_id_from_dhcp4(const struct dhcp4_message *message, bool ignore_id,
                                      uint8_t scratch[LEASE_CLIENT_ID_MAX])
{
    struct client_id client = { .hardware = message->hardware, .id = BYTES_NONE };
    struct bytes id;
    if (!ignore_id && dhcp4_option_find(message, DHCP4_CLIENT_ID, scratch, LEASE_CLIENT_ID_MAX, &id)
        && id.count <= LEASE_CLIENT_ID_MAX)
        client.id = id;
    return client;
}

bool client_id_is_none(const struct client_id *client)
{
    return client->id.count == 0 && client->hardware.count == 0;
}

uint64_t client_id_hash(const struct siphash_key *key, const struct client_id *client)
{
    uint8_t buffer[1 + LEASE_CLIENT_ID_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    if (client->id.count > 0) {
        bytes_write_u8(&writer, 1);
        bytes_write_span(&writer, client->id);
    } else {
        bytes_write_u8(&writer, 0);
        bytes_write_u16(&writer, client->hardware.type);
        bytes_write_copy(&writer, client->hardware.bytes, client->hardware.count);
    }
    return siphash13(key, buffer, bytes_writer_count(&writer));
}

bool client_id_has_lease(const struct client_id *client, const struct lease *lease)
{
    struct bytes id = bytes_of(lease->client_id, lease->client_id_count);
    if (client->id.count > 0 && id.count > 0)
        return bytes_equal(client->id, id);
    return client->hardware.count > 0 && hardware_equal(&client->hardware, &lease->hardware);
}

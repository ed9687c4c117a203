#include "dns/asking_options.h"

#include <string.h>

#include "dns/worker_state.h"
#include "model/neighbour_table.h"

/* Of Cisco's option: "ODNS", version 1, flags 0, then fields with a type each. */
#define UMBRELLA_MAGIC   0x4f444e53u
#define UMBRELLA_VERSION 1
#define UMBRELLA_ASSET   0x0004
#define UMBRELLA_ORG     0x0008
#define UMBRELLA_IP4     0x0010
#define UMBRELLA_IP6     0x0020
#define UMBRELLA_DEVICE  0x0040

#define MAC_VALUE_MAX HARDWARE_TEXT_MAX

/* ------------------------------------------------------------------ the client's own */

/* RFC 7828, RFC 7830 and RFC 7873 speak of one connection, one message, one hop; an extended error
 * or a malformed subnet has no place in a question. */
static bool is_passed_on(const struct dns_asking *asking, uint16_t code, struct bytes value)
{
    struct edns_subnet subnet;

    switch (code) {
    case EDNS_CLIENT_SUBNET:
        return !asking->strip_subnet && edns_subnet_read(value, &subnet) == STATUS_OK;
    case EDNS_MAC:
    case EDNS_MAC_TEXT:
        return !asking->strip_mac;
    case EDNS_CPE_ID: /* of who we are we know better */
        return asking->cpe_id == NULL;
    case EDNS_UMBRELLA:
        return !asking->umbrella.wanted;
    case EDNS_COOKIE:
    case EDNS_KEEPALIVE:
    case EDNS_PADDING:
    case EDNS_ERROR:
        return false;
    default:
        return true;
    }
}

size_t asking_client_options(const struct dns_asking *asking, const struct edns *edns, uint8_t *to,
                             bool *has_subnet)
{
    struct bytes_writer writer = bytes_writer_on(to, ASKING_CLIENT_MAX);
    size_t place = 0;
    uint16_t code;
    struct bytes value;

    *has_subnet = false;
    while (edns_next_option(edns, &place, &code, &value)) {
        size_t before = bytes_writer_count(&writer);
        if (!is_passed_on(asking, code, value))
            continue;
        edns_write_option(&writer, code, value);
        if (writer.failed)
            bytes_writer_rewind(&writer, before);
        else if (code == EDNS_CLIENT_SUBNET)
            *has_subnet = true;
    }
    return bytes_writer_count(&writer);
}

static bool find_own(struct bytes client_options, uint16_t code, struct bytes *value)
{
    const struct edns own = { .present = true, .options = client_options };
    return edns_find_option(&own, code, value);
}

/* ------------------------------------------------------------------ who asks */

static const struct dns_subnet *subnet_for(const struct dns_asking *asking,
                                           const struct address *client)
{
    return client->family == ADDRESS_IP6 ? &asking->subnet6 : &asking->subnet4;
}

/* The network told differs from client to client. */
static bool tells_own_network(const struct dns_asking *asking, const struct address *client)
{
    const struct dns_subnet *subnet = subnet_for(asking, client);
    return asking->add_subnet && address_is_none(&subnet->address) && subnet->length > 0;
}

void asking_who_asks(const struct dns_worker *worker, const struct dns_asker *asker,
                     struct asking_who *who)
{
    const struct dns_asking *asking = &worker->view->config->asking;

    *who = (struct asking_who){ .address = asker->client.from.address };
    if (asking->mac_forms != 0 && worker->setup.neighbours != NULL
        && !address_is_loopback(&who->address))
        (void)neighbour_table_find(worker->setup.neighbours, &who->address, &who->hardware);
}

/* ------------------------------------------------------------------ additions */

/* One form of the hardware address, as bytes of `buffer` (MAC_VALUE_MAX). */
static struct bytes mac_value(const struct hardware *hardware, unsigned form, char *buffer)
{
    struct text_out out = text_out_on(buffer, MAC_VALUE_MAX);
    struct bytes raw = bytes_of(hardware->bytes, hardware->count);

    if (form == DNS_MAC_BINARY)
        return raw;
    if (form == DNS_MAC_BASE64)
        text_put_base64(&out, raw);
    else
        text_put_hex(&out, raw, ':');
    return bytes_of(buffer, out.count);
}

static void write_mac(unsigned form, const struct asking_who *who, struct bytes_writer *writer)
{
    char buffer[MAC_VALUE_MAX];
    edns_write_option(writer, form == DNS_MAC_BINARY ? EDNS_MAC : EDNS_MAC_TEXT,
                      mac_value(&who->hardware, form, buffer));
}

/* RFC 7871 section 6; the family is that of the address told, and the scope is for answers. */
static void write_subnet(const struct dns_asking *asking, const struct asking_who *who,
                         struct bytes_writer *writer)
{
    const struct dns_subnet *wanted = subnet_for(asking, &who->address);
    const struct edns_subnet subnet = {
        .address = address_is_none(&wanted->address) ? who->address : wanted->address,
        .source_length = wanted->length,
    };
    uint8_t buffer[32];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof buffer);

    if (address_is_none(&subnet.address))
        return; /* a question of our own */
    bytes_write_edns_subnet(&value, &subnet);
    edns_write_option(writer, EDNS_CLIENT_SUBNET, bytes_writer_written(&value));
}

static void write_umbrella(const struct dns_umbrella *umbrella, const struct asking_who *who,
                           struct bytes_writer *writer)
{
    uint8_t buffer[64];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof buffer);

    bytes_write_u32(&value, UMBRELLA_MAGIC);
    bytes_write_u8(&value, UMBRELLA_VERSION);
    bytes_write_u8(&value, 0);
    if (umbrella->has_organisation) {
        bytes_write_u16(&value, UMBRELLA_ORG);
        bytes_write_u32(&value, umbrella->organisation);
    }
    bytes_write_u16(&value, who->address.family == ADDRESS_IP6 ? UMBRELLA_IP6 : UMBRELLA_IP4);
    bytes_write_span(&value, address_bytes(&who->address));
    if (umbrella->has_device) {
        bytes_write_u16(&value, UMBRELLA_DEVICE);
        bytes_write_copy(&value, umbrella->device, sizeof umbrella->device);
    }
    if (umbrella->has_asset) {
        bytes_write_u16(&value, UMBRELLA_ASSET);
        bytes_write_u32(&value, umbrella->asset);
    }
    edns_write_option(writer, EDNS_UMBRELLA, bytes_writer_written(&value));
}

/* Calls for every addition there is: those of the client's own kinds stay out. personal_only: just
 * those that differ from client to client, and then the client's own of these kinds too, for that
 * is what they are about. */
static void write_additions(const struct dns_asking *asking, const struct asking_who *who,
                            struct bytes client_options, bool personal_only,
                            struct bytes_writer *writer)
{
    static const uint8_t mac_forms[] = { DNS_MAC_BINARY, DNS_MAC_BASE64, DNS_MAC_TEXT };
    struct bytes own;

    for (size_t i = 0; i < sizeof mac_forms; i++) {
        uint16_t code = mac_forms[i] == DNS_MAC_BINARY ? EDNS_MAC : EDNS_MAC_TEXT;
        if ((asking->mac_forms & mac_forms[i]) == 0)
            continue;
        if (find_own(client_options, code, &own)) {
            if (personal_only)
                edns_write_option(writer, code, own);
        } else if (who->hardware.count > 0) {
            write_mac(mac_forms[i], who, writer);
        }
    }
    if (asking->cpe_id != NULL && !personal_only)
        edns_write_option(writer, EDNS_CPE_ID, bytes_of(asking->cpe_id, strlen(asking->cpe_id)));
    if (asking->umbrella.wanted)
        write_umbrella(&asking->umbrella, who, writer);
    if (!asking->add_subnet || (personal_only && !tells_own_network(asking, &who->address)))
        return;
    if (!find_own(client_options, EDNS_CLIENT_SUBNET, &own))
        write_subnet(asking, who, writer);
    else if (personal_only)
        edns_write_option(writer, EDNS_CLIENT_SUBNET, own);
}

/* A client may say itself who it is: then the answer is for it alone, whatever is configured. */
static void write_own_identity(struct bytes client_options, struct bytes_writer *writer)
{
    static const uint16_t codes[] = { EDNS_MAC, EDNS_MAC_TEXT, EDNS_CPE_ID, EDNS_UMBRELLA };
    struct bytes own;

    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        if (find_own(client_options, codes[i], &own))
            edns_write_option(writer, codes[i], own);
    }
}

uint64_t asking_key(const struct dns_worker *worker, const struct asking_who *who,
                    struct bytes client_options)
{
    uint8_t buffer[ASKING_BYTES_MAX + ASKING_CLIENT_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);

    write_additions(&worker->view->config->asking, who, client_options, true, &writer);
    write_own_identity(client_options, &writer);
    struct bytes told = bytes_writer_written(&writer);
    if (told.count == 0)
        return 0;
    uint64_t key = siphash13(&worker->setup.key, told.at, told.count);
    return key != 0 ? key : 1;
}

void asking_write(const struct dns_asking *asking, const struct asking_who *who,
                  struct bytes client_options, struct bytes_writer *writer)
{
    bytes_write_span(writer, client_options);
    write_additions(asking, who, client_options, false, writer);
}

#include "wire/edns.h"

#include "wire/rrtype.h"

#define OPT_DNSSEC_OK   0x8000
#define OPT_RDLENGTH_AT 9 /* from the owner: root 1, type 2, class 2, ttl 4 */

/* The address families of RFC 7871 (IANA address family numbers). */
#define SUBNET_FAMILY_IP4 1
#define SUBNET_FAMILY_IP6 2

static const char *const ede_names[] = {
    "other",
    "unsupported DNSKEY algorithm",
    "unsupported DS digest type",
    "stale answer",
    "forged answer",
    "DNSSEC indeterminate",
    "DNSSEC bogus",
    "signature expired",
    "signature not yet valid",
    "DNSKEY missing",
    "RRSIGs missing",
    "no zone key bit set",
    "NSEC missing",
    "cached error",
    "not ready",
    "blocked",
    "censored",
    "filtered",
    "prohibited",
    "stale NXDOMAIN answer",
    "not authoritative",
    "not supported",
    "no reachable authority",
    "network error",
    "invalid data",
    "signature expired before valid",
    "too early",
    "unsupported NSEC3 iterations value",
    "unable to conform to policy",
    "synthesized",
};

const char *ede_name(int code)
{
    return code >= 0 && (size_t)code < COUNT_OF(ede_names) ? ede_names[code] : NULL;
}

/* ------------------------------------------------------------------ reading */

static enum status check_options(struct bytes options)
{
    struct bytes_reader reader = bytes_reader_on(options);
    unsigned count = 0;

    while (bytes_reader_left(&reader) > 0) {
        bytes_read_u16(&reader);
        bytes_read_skip(&reader, bytes_read_u16(&reader));
        if (reader.failed || ++count > EDNS_OPTIONS_MAX)
            return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

enum status edns_read(uint16_t class_, uint32_t ttl, struct bytes rdata, struct edns *edns)
{
    enum status status = check_options(rdata);
    if (status != STATUS_OK)
        return status;

    *edns = (struct edns){
        .present = true,
        .udp_size = class_,
        .extended_rcode = (uint8_t)(ttl >> 24),
        .version = (uint8_t)(ttl >> 16),
        .dnssec_ok = (ttl & OPT_DNSSEC_OK) != 0,
        .options = rdata,
    };
    return STATUS_OK;
}

bool edns_next_option(const struct edns *edns, size_t *place, uint16_t *code, struct bytes *value)
{
    if (!edns->present || *place >= edns->options.count)
        return false;
    struct bytes_reader reader = bytes_reader_on(edns->options);
    bytes_reader_seek(&reader, *place);
    uint16_t option = bytes_read_u16(&reader);
    struct bytes span = bytes_read_span(&reader, bytes_read_u16(&reader));
    if (reader.failed)
        return false;
    *place = bytes_reader_offset(&reader);
    *code = option;
    *value = span;
    return true;
}

bool edns_find_option(const struct edns *edns, uint16_t code, struct bytes *value)
{
    size_t place = 0;
    uint16_t found;
    struct bytes span;

    while (edns_next_option(edns, &place, &found, &span)) {
        if (found == code) {
            *value = span;
            return true;
        }
    }
    return false;
}

enum status edns_subnet_read(struct bytes value, struct edns_subnet *subnet)
{
    struct bytes_reader reader = bytes_reader_on(value);
    uint16_t family = bytes_read_u16(&reader);
    uint8_t source = bytes_read_u8(&reader);
    uint8_t scope = bytes_read_u8(&reader);
    struct bytes sent = bytes_read_rest(&reader);

    if (reader.failed || (family != SUBNET_FAMILY_IP4 && family != SUBNET_FAMILY_IP6))
        return STATUS_MALFORMED;
    struct address address = address_any(family == SUBNET_FAMILY_IP4 ? ADDRESS_IP4 : ADDRESS_IP6);
    unsigned most = family == SUBNET_FAMILY_IP4 ? 32 : 128;
    if (source > most || scope > most || sent.count != (source + 7u) / 8)
        return STATUS_MALFORMED;

    struct bytes_reader copy = bytes_reader_on(sent);
    bytes_read_copy(&copy, address.bytes, sent.count);
    /* Bits past the source length must be zero (RFC 7871 section 6). */
    struct prefix prefix;
    if (prefix_make(address, source, &prefix) != STATUS_OK
        || !address_equal(&prefix.address, &address))
        return STATUS_MALFORMED;

    *subnet = (struct edns_subnet){ address, source, scope };
    return STATUS_OK;
}

/* ------------------------------------------------------------------ writing */

void bytes_write_edns_subnet(struct bytes_writer *writer, const struct edns_subnet *subnet)
{
    bool is_ip4 = subnet->address.family == ADDRESS_IP4;
    size_t count = (subnet->source_length + 7u) / 8;
    assert(count <= address_size(subnet->address.family));

    bytes_write_u16(writer, is_ip4 ? SUBNET_FAMILY_IP4 : SUBNET_FAMILY_IP6);
    bytes_write_u8(writer, subnet->source_length);
    bytes_write_u8(writer, subnet->scope_length);
    struct prefix prefix = { .length = 0 };
    if (prefix_make(subnet->address, subnet->source_length, &prefix) == STATUS_OK)
        bytes_write_copy(writer, prefix.address.bytes, count);
}

size_t edns_write_start(struct bytes_writer *writer, uint16_t udp_size, uint8_t extended_rcode,
                        bool dnssec_ok)
{
    size_t start = bytes_writer_count(writer);
    bytes_write_u8(writer, 0);
    bytes_write_u16(writer, RRTYPE_OPT);
    bytes_write_u16(writer, udp_size);
    bytes_write_u32(writer, (uint32_t)extended_rcode << 24 | (dnssec_ok ? OPT_DNSSEC_OK : 0));
    bytes_write_u16(writer, 0);
    return start;
}

void edns_write_option(struct bytes_writer *writer, uint16_t code, struct bytes value)
{
    if (value.count > UINT16_MAX) {
        writer->failed = true;
        return;
    }
    bytes_write_u16(writer, code);
    bytes_write_u16(writer, (uint16_t)value.count);
    bytes_write_span(writer, value);
}

void edns_write_error(struct bytes_writer *writer, int ede_code)
{
    if (ede_code < 0)
        return;
    bytes_write_u16(writer, EDNS_ERROR);
    bytes_write_u16(writer, sizeof(uint16_t));
    bytes_write_u16(writer, (uint16_t)ede_code);
}

void edns_write_end(struct bytes_writer *writer, size_t start)
{
    if (writer->failed)
        return;
    size_t options = bytes_writer_count(writer) - start - EDNS_FIXED_BYTES;
    if (options > UINT16_MAX)
        writer->failed = true;
    else
        bytes_patch_u16(writer, start + OPT_RDLENGTH_AT, (uint16_t)options);
}

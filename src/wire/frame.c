#include "wire/frame.h"

#define IP4_HEADER_BYTES 20
#define IP4_TTL          64
#define IP4_TOS_LOWDELAY 0x10
#define IP4_FRAGMENT     0x3fff /* more fragments, and the offset */
#define PROTOCOL_ICMP    1
#define PROTOCOL_UDP     17
#define UDP_HEADER_BYTES 8
#define ICMP_ECHO_REPLY  0
#define ICMP_ECHO        8

uint16_t frame_checksum(struct bytes span, uint32_t sum)
{
    struct bytes_reader reader = bytes_reader_on(span);
    uint64_t total = sum;

    while (bytes_reader_left(&reader) >= 2)
        total += bytes_read_u16(&reader);
    if (bytes_reader_left(&reader) > 0)
        total += (uint32_t)bytes_read_u8(&reader) << 8;
    while (total >> 16 != 0)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

/* RFC 768: both addresses, the protocol and the UDP length, summed but not complemented. */
static uint32_t pseudo_header_sum(struct address from, struct address to, size_t udp_bytes)
{
    uint32_t source = address_ip4_to_u32(from);
    uint32_t destination = address_ip4_to_u32(to);

    return (source >> 16) + (source & 0xffff) + (destination >> 16) + (destination & 0xffff)
           + PROTOCOL_UDP + (uint32_t)udp_bytes;
}

static struct bytes written_span(const struct bytes_writer *writer, size_t start, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_writer_written(writer));
    bytes_reader_seek(&reader, start);
    return bytes_read_span(&reader, count);
}

static void write_udp(struct bytes_writer *writer, const struct endpoint *from,
                      const struct endpoint *to, struct bytes payload)
{
    bytes_write_u16(writer, from->port);
    bytes_write_u16(writer, to->port);
    bytes_write_u16(writer, (uint16_t)(UDP_HEADER_BYTES + payload.count));
    bytes_write_u16(writer, 0);
    bytes_write_span(writer, payload);
}

static void write_ip4(struct bytes_writer *writer, const struct endpoint *from,
                      const struct endpoint *to, size_t total)
{
    bytes_write_u8(writer, 0x45);
    bytes_write_u8(writer, IP4_TOS_LOWDELAY);
    bytes_write_u16(writer, (uint16_t)total);
    bytes_write_u16(writer, 0);
    bytes_write_u16(writer, 0);
    bytes_write_u8(writer, IP4_TTL);
    bytes_write_u8(writer, PROTOCOL_UDP);
    bytes_write_u16(writer, 0);
    bytes_write_u32(writer, address_ip4_to_u32(from->address));
    bytes_write_u32(writer, address_ip4_to_u32(to->address));
}

enum status frame_udp4_write(struct bytes_writer *writer, const struct endpoint *from,
                             const struct endpoint *to, struct bytes payload)
{
    if (payload.count > UINT16_MAX - FRAME_UDP4_OVERHEAD)
        return STATUS_RANGE;
    size_t total = FRAME_UDP4_OVERHEAD + payload.count;
    if (bytes_writer_room(writer) < total)
        return STATUS_NO_SPACE;

    size_t start = bytes_writer_count(writer);
    size_t udp = start + IP4_HEADER_BYTES;
    size_t udp_bytes = UDP_HEADER_BYTES + payload.count;
    write_ip4(writer, from, to, total);
    write_udp(writer, from, to, payload);

    uint16_t checksum = frame_checksum(written_span(writer, udp, udp_bytes),
                                       pseudo_header_sum(from->address, to->address, udp_bytes));
    if (checksum == 0)
        checksum = 0xffff; /* RFC 768: zero would say that there is none */
    bytes_patch_u16(writer, udp + 6, checksum);

    /* DF is clear, so the identification should differ between packets (RFC 6864); the UDP checksum
     * does, without any state here. */
    bytes_patch_u16(writer, start + 4, checksum);
    bytes_patch_u16(writer, start + 10,
                    frame_checksum(written_span(writer, start, IP4_HEADER_BYTES), 0));
    return STATUS_OK;
}

/* One IPv4 packet; link padding behind its total length is left out of `body`. */
struct ip4_packet {
    struct address from, to;
    uint8_t protocol;
    bool is_fragment;
    struct bytes body;
};

static enum status read_ip4(struct bytes packet, struct ip4_packet *ip)
{
    struct bytes_reader reader = bytes_reader_on(packet);

    uint8_t version = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 1);
    size_t total = bytes_read_u16(&reader);
    bytes_read_skip(&reader, 2);
    uint16_t fragment = bytes_read_u16(&reader);
    bytes_read_skip(&reader, 1);
    uint8_t protocol = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 2);
    uint32_t from = bytes_read_u32(&reader);
    uint32_t to = bytes_read_u32(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;

    size_t header = (size_t)(version & 0xf) * 4;
    if (version >> 4 != 4 || header < IP4_HEADER_BYTES || total < header)
        return STATUS_MALFORMED;
    if (total > packet.count)
        return STATUS_TRUNCATED;
    reader = bytes_reader_on(packet);
    if (frame_checksum(bytes_read_span(&reader, header), 0) != 0)
        return STATUS_MALFORMED;

    ip->from = address_ip4_from_u32(from);
    ip->to = address_ip4_from_u32(to);
    ip->protocol = protocol;
    ip->is_fragment = (fragment & IP4_FRAGMENT) != 0;
    ip->body = bytes_read_span(&reader, total - header);
    return STATUS_OK;
}

enum status frame_udp4_read(struct bytes packet, struct endpoint *from, struct endpoint *to,
                            struct bytes *payload)
{
    struct ip4_packet ip;
    enum status status = read_ip4(packet, &ip);
    if (status != STATUS_OK)
        return status;
    if (ip.protocol != PROTOCOL_UDP || ip.is_fragment)
        return STATUS_NOT_FOUND;

    struct bytes_reader reader = bytes_reader_on(ip.body);
    uint16_t source = bytes_read_u16(&reader);
    uint16_t destination = bytes_read_u16(&reader);
    size_t length = bytes_read_u16(&reader);
    uint16_t checksum = bytes_read_u16(&reader);
    if (reader.failed || length > ip.body.count)
        return STATUS_TRUNCATED;
    if (length < UDP_HEADER_BYTES)
        return STATUS_MALFORMED;
    struct bytes data = bytes_read_span(&reader, length - UDP_HEADER_BYTES);
    reader = bytes_reader_on(ip.body);
    if (checksum != 0
        && frame_checksum(bytes_read_span(&reader, length),
                          pseudo_header_sum(ip.from, ip.to, length))
               != 0)
        return STATUS_MALFORMED;

    *from = (struct endpoint){ .address = ip.from, .port = source };
    *to = (struct endpoint){ .address = ip.to, .port = destination };
    *payload = data;
    return STATUS_OK;
}

void frame_echo_write(struct bytes_writer *writer, uint16_t id, uint16_t sequence)
{
    size_t start = bytes_writer_count(writer);

    bytes_write_u8(writer, ICMP_ECHO);
    bytes_write_u8(writer, 0);
    bytes_write_u16(writer, 0);
    bytes_write_u16(writer, id);
    bytes_write_u16(writer, sequence);
    bytes_write_zeros(writer, FRAME_ECHO_BYTES - (bytes_writer_count(writer) - start));
    bytes_patch_u16(writer, start + 2,
                    frame_checksum(written_span(writer, start, FRAME_ECHO_BYTES), 0));
}

enum status frame_echo_reply_read(struct bytes packet, struct address *from, uint16_t *id,
                                  uint16_t *sequence)
{
    struct ip4_packet ip;
    enum status status = read_ip4(packet, &ip);
    if (status != STATUS_OK)
        return status;
    if (ip.protocol != PROTOCOL_ICMP || ip.is_fragment)
        return STATUS_NOT_FOUND;

    struct bytes_reader reader = bytes_reader_on(ip.body);
    uint8_t type = bytes_read_u8(&reader);
    bytes_read_skip(&reader, 3);
    uint16_t reply_id = bytes_read_u16(&reader);
    uint16_t reply_sequence = bytes_read_u16(&reader);
    if (reader.failed)
        return STATUS_TRUNCATED;
    if (type != ICMP_ECHO_REPLY)
        return STATUS_NOT_FOUND;
    if (frame_checksum(ip.body, 0) != 0)
        return STATUS_MALFORMED;

    *from = ip.from;
    *id = reply_id;
    *sequence = reply_sequence;
    return STATUS_OK;
}

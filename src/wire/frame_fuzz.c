#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static void round_trip(struct endpoint from, struct endpoint to, struct bytes payload)
{
    static uint8_t buffer[65536];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct endpoint from_again, to_again;
    struct bytes payload_again;

    enum status status = frame_udp4_write(&writer, &from, &to, payload);
    assert(status == (payload.count > 65535 - FRAME_UDP4_OVERHEAD ? STATUS_RANGE : STATUS_OK));
    if (status != STATUS_OK)
        return;
    assert(bytes_writer_count(&writer) == FRAME_UDP4_OVERHEAD + payload.count);
    status = frame_udp4_read(bytes_writer_written(&writer), &from_again, &to_again, &payload_again);
    assert(status == STATUS_OK);
    assert(endpoint_equal(&from, &from_again) && endpoint_equal(&to, &to_again));
    assert(bytes_equal(payload, payload_again));
}

/* The bytes as a packet, then as addresses, ports and a payload. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes packet = bytes_of(data, count);
    struct endpoint from = { 0 };
    struct endpoint to = { 0 };
    struct bytes payload;
    struct address address;
    uint16_t id, sequence;

    if (frame_udp4_read(packet, &from, &to, &payload) == STATUS_OK) {
        assert(payload.count + FRAME_UDP4_OVERHEAD <= count);
        round_trip(from, to, payload);
    }
    if (frame_echo_reply_read(packet, &address, &id, &sequence) == STATUS_OK)
        assert(count >= 28 && address.family == ADDRESS_IP4);

    struct bytes_reader reader = bytes_reader_on(packet);
    from.address = address_ip4_from_u32(bytes_read_u32(&reader));
    to.address = address_ip4_from_u32(bytes_read_u32(&reader));
    from.port = bytes_read_u16(&reader);
    to.port = bytes_read_u16(&reader);
    round_trip(from, to, bytes_read_rest(&reader));
    return 0;
}

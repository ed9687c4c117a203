#include "wire/tftp_packet.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static bool is_inside(struct text text, const uint8_t *data, size_t count)
{
    const uint8_t *at = (const uint8_t *)text.at;
    return text.count == 0 || (at >= data && at + text.count <= data + count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct tftp_packet packet, again;
    uint8_t wire[256];
    if (tftp_packet_read(bytes_of(data, count), &packet) != STATUS_OK)
        return 0;
    assert(is_inside(packet.name, data, count) && is_inside(packet.reason, data, count));
    assert(text_find(packet.name, '\0') == SIZE_MAX && text_find(packet.reason, '\0') == SIZE_MAX);
    if (packet.opcode == TFTP_READ || packet.opcode == TFTP_WRITE)
        assert(packet.name.count > 0);
    const struct tftp_options *options = &packet.options;
    assert((options->present & TFTP_OPTION_TIMEOUT) == 0 || options->timeout_s - 1 < 255);
    assert((options->present & TFTP_OPTION_WINDOWSIZE) == 0 || options->windowsize - 1 < 65535);
    assert((options->present & TFTP_OPTION_BLKSIZE) == 0 || options->blksize > 0);

    struct bytes_writer writer = bytes_writer_on(wire, sizeof wire);
    tftp_write_oack(&writer, options);
    assert(!writer.failed);
    enum status status = tftp_packet_read(bytes_writer_written(&writer), &again);
    assert(status == STATUS_OK && again.options.present == options->present);
    assert(again.options.tsize == options->tsize || (options->present & TFTP_OPTION_TSIZE) == 0);
    return 0;
}

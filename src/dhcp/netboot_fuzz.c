
#include "dhcp/netboot.h"

/* 8 bytes of what is in the folder, then three values with a byte of length each. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    struct netboot_listing listing = { .present = bytes_read_u32(&reader) };
    listing.present |= (uint64_t)bytes_read_u32(&reader) << 32;
    listing.http_port = bytes_read_u8(&reader);
    struct bytes vendor = bytes_read_span(&reader, bytes_read_u8(&reader));
    struct bytes systems = bytes_read_span(&reader, bytes_read_u8(&reader));
    struct bytes user_class = bytes_read_span(&reader, bytes_read_u8(&reader));
    if (reader.failed)
        return 0;

    struct netboot_client client =
        netboot_client_read(text_from_bytes(vendor), systems, user_class);
    const struct address own = address_ip4(192, 0, 2, 1);
    struct netboot_choice choice = { .file = NULL };
    char buffer[512];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    enum netboot_verdict verdict = netboot_pick(&listing, &client, &own, &choice);
    assert((verdict == NETBOOT_NOTHING) == !client.boots);
    if (verdict == NETBOOT_FILE) {
        assert(choice.file != NULL && listing.present != 0);
        assert(!choice.by_http || listing.http_port != 0);
        assert(!client.by_http || choice.by_http);
        netboot_put_url(&listing, &choice, &own, &out);
    } else if (verdict != NETBOOT_NOTHING) {
        netboot_put_advice(verdict, &client, ADDRESS_IP6, &out);
    }
    assert(!out.failed);
    return 0;
}

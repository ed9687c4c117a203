#include "wire/rdata.h"
#include "wire/rdata_parse.h"

/* The first two bytes are the type, the rest is text. What is read is well formed, and printed,
 * read again and printed it says the same. The bytes may differ: zeros at the end of a bitmap of
 * types, which nobody ought to send (RFC 4034 section 4.1.2), have no text, and a bitmap of zeros
 * only has but the blank before it. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t buffer[RDATA_MAX + 16];
    static uint8_t again_buffer[RDATA_MAX + 16];
    static char text_buffer[8 * RDATA_MAX];
    static char again_text[8 * RDATA_MAX];
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint16_t type = bytes_read_u16(&reader);
    struct text text = text_from_bytes(bytes_read_rest(&reader));
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct bytes_writer again = bytes_writer_on(again_buffer, sizeof again_buffer);
    struct text_out out = text_out_on(text_buffer, sizeof text_buffer);
    struct rdata_complaint complaint;

    enum status status = rdata_parse(text, type, &writer, &complaint);
    if (status != STATUS_OK) {
        assert(bytes_writer_count(&writer) == 0);
        assert(status != STATUS_MALFORMED || complaint.what[0] != '\0');
        return 0;
    }
    struct bytes rdata = bytes_writer_written(&writer);
    status = rdata_check(rdata, type);
    assert(status == STATUS_OK);
    text_put_rdata(&out, rdata, type);
    assert(!out.failed);
    status = rdata_parse(text_out_text(&out), type, &again, &complaint);
    if (status != STATUS_OK)
        return 0;
    struct text_out out_again = text_out_on(again_text, sizeof again_text);
    text_put_rdata(&out_again, bytes_writer_written(&again), type);
    assert(text_equal(text_trim(text_out_text(&out_again)), text_trim(text_out_text(&out))));
    return 0;
}

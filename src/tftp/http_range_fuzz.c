
#include "tftp/http_range.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* 8 bytes of file size, then the field. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    uint64_t bytes = (uint64_t)bytes_read_u32(&reader) << 32;
    bytes |= bytes_read_u32(&reader);
    struct http_range range;
    if (reader.failed)
        return 0;

    enum http_range_kind kind =
        http_range_read(text_after((struct text){ (const char *)data, count }, 8), bytes, &range);
    assert(range.first <= bytes && range.count <= bytes - range.first);
    assert(kind != HTTP_RANGE_PART || range.count > 0);
    assert(kind == HTTP_RANGE_PART || (range.first == 0 && range.count == bytes));
    return 0;
}

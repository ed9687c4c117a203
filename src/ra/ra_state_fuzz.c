#include <stdint.h>

#include "ra/ra_state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text rest = text_from_bytes(bytes_of(data, count));
    struct text text;
    struct ra_state_line line, again;
    while (text_next_line(&rest, &text)) {
        if (ra_state_line_read(text, &line) != STATUS_OK)
            continue;
        char buffer[RA_STATE_LINE_MAX];
        struct text_out out = text_out_on(buffer, sizeof buffer);
        text_put_ra_state_line(&out, &line);
        assert(!out.failed);
        enum status status = ra_state_line_read(text_out_text(&out), &again);
        assert(status == STATUS_OK);
        assert(prefix_equal(&line.prefix, &again.prefix) && line.gone == again.gone
               && line.ends == again.ends && line.on_link == again.on_link
               && line.autonomous == again.autonomous);
        assert(strcmp(line.interface, again.interface) == 0);
    }
    return 0;
}

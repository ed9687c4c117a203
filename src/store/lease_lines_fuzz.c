#include "store/lease_lines.h"

/* Whatever is read can be written, and reads again as the same. */
static void check_round_trip(const struct lease_line *line)
{
    char name[LEASE_LINE_MAX];
    char text[4 * LEASE_LINE_MAX];
    struct text_out name_out = text_out_on(name, sizeof(name));
    struct text_out out = text_out_on(text, sizeof(text));
    bool is_prefix = line->lease_kind == LEASE_IP6_PD;
    text_put(&name_out, line->name);
    struct lease lease = {
        .address = line->address,
        .prefix_length = line->prefix_length,
        .kind = (uint8_t)line->lease_kind,
        .hardware = line->hardware,
        .client_id = (uint8_t *)line->client_id,
        .client_id_count = (uint16_t)line->client_id_count,
        .iaid = line->iaid,
        .expires_wall = line->expires,
        .name = line->name.count > 0 && !is_prefix ? name : NULL,
        .next_hop = line->name.count > 0 && is_prefix ? name : NULL,
    };
    text_put_lease_line(&out, &lease);
    assert(!out.failed);

    struct lease_line again;
    struct text written = text_part(text_out_text(&out), 0, out.count - 1);
    enum status status = lease_line_read(written, &again);
    assert(status == STATUS_OK);
    assert(again.expires == line->expires && again.lease_kind == line->lease_kind);
    assert(address_equal(&again.address, &line->address));
    assert(again.prefix_length == line->prefix_length && again.iaid == line->iaid);
    assert(hardware_equal(&again.hardware, &line->hardware));
    assert(text_equal(again.name, line->name));
    assert(bytes_equal(bytes_of(again.client_id, again.client_id_count),
                       bytes_of(line->client_id, line->client_id_count)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text rest = text_from_bytes(bytes_of(data, count));
    struct text line;
    while (text_next_line(&rest, &line)) {
        struct lease_line read;
        if (lease_line_read(line, &read) != STATUS_OK)
            continue;
        assert(read.client_id_count <= LEASE_CLIENT_ID_MAX);
        if (read.kind == LEASE_LINE_LEASE)
            check_round_trip(&read);
    }
    return 0;
}

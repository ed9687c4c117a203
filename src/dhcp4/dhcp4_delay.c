#include "dhcp4/dhcp4_delay.h"

#include <stdlib.h>

#define XID_AT 4 /* RFC 951: where it stands in a message */

struct row {
    struct dhcp4_action action; /* without its bytes */
    mono_ms until;
    uint32_t xid;
    uint8_t *bytes; /* the row's own, kept for the next one */
    size_t count, room;
};

/* A ring: `count` rows from `first` on. */
struct dhcp4_delay {
    struct row *rows;
    uint32_t capacity, first, count;
};

enum status dhcp4_delay_create(uint32_t capacity, struct dhcp4_delay **out)
{
    assert(capacity > 0);
    struct dhcp4_delay *delay = calloc(1, sizeof(*delay));
    if (delay == NULL)
        return STATUS_NO_MEMORY;
    delay->rows = calloc(capacity, sizeof(*delay->rows));
    if (delay->rows == NULL) {
        free(delay);
        return STATUS_NO_MEMORY;
    }
    delay->capacity = capacity;
    *out = delay;
    return STATUS_OK;
}

void dhcp4_delay_free(struct dhcp4_delay *delay)
{
    if (delay == NULL)
        return;
    for (uint32_t i = 0; i < delay->capacity; i++)
        free(delay->rows[i].bytes);
    free(delay->rows);
    free(delay);
}

static struct row *row_at(const struct dhcp4_delay *delay, uint32_t place)
{
    return &delay->rows[(delay->first + place) % delay->capacity];
}

static uint32_t xid_of(struct bytes message)
{
    struct bytes_reader reader = bytes_reader_on(message);
    bytes_read_skip(&reader, XID_AT);
    return bytes_read_u32(&reader);
}

static struct row *find(const struct dhcp4_delay *delay, uint32_t xid,
                        const struct hardware *hardware)
{
    for (uint32_t i = 0; i < delay->count; i++) {
        struct row *row = row_at(delay, i);
        if (row->xid == xid && hardware_equal(&row->action.hardware, hardware))
            return row;
    }
    return NULL;
}

NODISCARD static enum status fill(struct row *row, const struct dhcp4_action *action)
{
    if (action->bytes.count > row->room) {
        uint8_t *bytes = realloc(row->bytes, action->bytes.count);
        if (bytes == NULL)
            return STATUS_NO_MEMORY;
        row->bytes = bytes;
        row->room = action->bytes.count;
    }
    struct bytes_writer writer = bytes_writer_on(row->bytes, row->room);
    bytes_write_span(&writer, action->bytes);
    row->count = bytes_writer_count(&writer);
    row->action = *action;
    row->action.bytes = BYTES_NONE;
    row->xid = xid_of(action->bytes);
    return STATUS_OK;
}

/* The last row goes before those that are due later. */
static void settle_last(struct dhcp4_delay *delay)
{
    for (uint32_t i = delay->count - 1; i > 0; i--) {
        struct row *row = row_at(delay, i), *before = row_at(delay, i - 1), between = *row;
        if (before->until <= row->until)
            return;
        *row = *before;
        *before = between;
    }
}

enum status dhcp4_delay_add(struct dhcp4_delay *delay, const struct dhcp4_action *action,
                            mono_ms until)
{
    struct row *row = find(delay, xid_of(action->bytes), &action->hardware);
    if (row != NULL)
        return fill(row, action);
    if (delay->count == delay->capacity)
        return STATUS_FULL;
    row = row_at(delay, delay->count);
    enum status status = fill(row, action);
    if (status != STATUS_OK)
        return status;
    row->until = until;
    delay->count++;
    settle_last(delay);
    return STATUS_OK;
}

bool dhcp4_delay_due(struct dhcp4_delay *delay, mono_ms now, struct dhcp4_action *action)
{
    const struct row *row = &delay->rows[delay->first];
    if (delay->count == 0 || row->until > now)
        return false;
    *action = row->action;
    action->bytes = bytes_of(row->bytes, row->count);
    delay->first = (delay->first + 1) % delay->capacity;
    delay->count--;
    return true;
}

mono_ms dhcp4_delay_deadline(const struct dhcp4_delay *delay)
{
    return delay->count > 0 ? delay->rows[delay->first].until : MONO_NEVER;
}

uint32_t dhcp4_delay_count(const struct dhcp4_delay *delay)
{
    return delay->count;
}

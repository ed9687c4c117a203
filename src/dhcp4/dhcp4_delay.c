#include "dhcp4/dhcp4_delay.h"

#include <stdlib.h>

struct row {
    struct dhcp4_action action; /* without its bytes */
    mono_ms until;
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

enum status dhcp4_delay_add(struct dhcp4_delay *delay, const struct dhcp4_action *action,
                            mono_ms until)
{
    if (delay->count == delay->capacity)
        return STATUS_FULL;
    struct row *row = &delay->rows[(delay->first + delay->count) % delay->capacity];
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
    row->until = until;
    delay->count++;
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

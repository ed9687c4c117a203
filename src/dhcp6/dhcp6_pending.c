#include "dhcp6/dhcp6_pending.h"

#include <stdlib.h>

#define CHUNK_ROWS 8 /* that memory is taken for at once */

struct dhcp6_pending {
    uint32_t capacity, used;
    uint32_t touched;                   /* rows from here on have never been used */
    uint32_t free_head;                 /* number of the row that was done last, from 1; 0: none */
    uint64_t rounds;                    /* how many rows were given */
    struct dhcp6_pending_row *chunks[]; /* NULL: none of its rows has been used */
};

static struct dhcp6_pending_row *row_at(const struct dhcp6_pending *pending, uint32_t place)
{
    return &pending->chunks[place / CHUNK_ROWS][place % CHUNK_ROWS];
}

enum status dhcp6_pending_create(uint32_t capacity, struct dhcp6_pending **out)
{
    assert(capacity > 0);
    size_t chunk_count = (capacity + CHUNK_ROWS - 1) / CHUNK_ROWS;
    struct dhcp6_pending *pending =
        calloc(1, sizeof(*pending) + chunk_count * sizeof(pending->chunks[0]));
    if (pending == NULL)
        return STATUS_NO_MEMORY;
    pending->capacity = capacity;
    *out = pending;
    return STATUS_OK;
}

void dhcp6_pending_free(struct dhcp6_pending *pending)
{
    if (pending == NULL)
        return;
    for (uint32_t i = 0; i < pending->touched; i++) {
        free(row_at(pending, i)->reply);
        free(row_at(pending, i)->facts);
    }
    for (uint32_t i = 0; i < pending->capacity; i += CHUNK_ROWS)
        free(pending->chunks[i / CHUNK_ROWS]);
    free(pending);
}

NODISCARD static enum status keep(uint8_t **memory, size_t *room, size_t *count, struct bytes bytes)
{
    if (bytes.count > *room) {
        uint8_t *more = realloc(*memory, bytes.count);
        if (more == NULL)
            return STATUS_NO_MEMORY;
        *memory = more;
        *room = bytes.count;
    }
    struct bytes_writer writer = bytes_writer_on(*memory, *room);
    bytes_write_span(&writer, bytes);
    *count = bytes.count;
    return STATUS_OK;
}

NODISCARD static enum status make_chunk(struct dhcp6_pending *pending, uint32_t place)
{
    struct dhcp6_pending_row **chunk = &pending->chunks[place / CHUNK_ROWS];
    if (*chunk == NULL)
        *chunk = calloc(CHUNK_ROWS, sizeof(**chunk));
    return *chunk != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status dhcp6_pending_add(struct dhcp6_pending *pending, struct bytes reply,
                              struct dhcp6_pending_row **out)
{
    uint32_t place = pending->free_head != 0 ? pending->free_head - 1 : pending->touched;
    if (place == pending->capacity)
        return STATUS_FULL;
    enum status status = make_chunk(pending, place);
    if (status != STATUS_OK)
        return status;
    struct dhcp6_pending_row *row = row_at(pending, place);
    status = keep(&row->reply, &row->reply_room, &row->reply_count, reply);
    if (status != STATUS_OK)
        return status;
    if (pending->free_head != 0)
        pending->free_head = row->next_free;
    else
        pending->touched++;
    pending->used++;
    row->ticket = (++pending->rounds * pending->capacity + place) * DHCP6_ITEMS_MAX;
    row->place = place;
    row->item_count = 0;
    row->waiting = 0;
    row->cancelled = false;
    row->has_facts = false;
    row->name[0] = '\0';
    row->facts_count = 0;
    row->relay = (struct address){ 0 };
    *out = row;
    return STATUS_OK;
}

uint64_t dhcp6_pending_ticket(const struct dhcp6_pending_row *row, unsigned index)
{
    return DHCP6_TICKET | (row->ticket + index);
}

struct dhcp6_pending_row *dhcp6_pending_find(struct dhcp6_pending *pending, uint64_t ticket,
                                             unsigned *index)
{
    if ((ticket & DHCP6_TICKET) == 0)
        return NULL;
    ticket &= ~DHCP6_TICKET;
    *index = (unsigned)(ticket % DHCP6_ITEMS_MAX);
    ticket -= *index;
    uint32_t place = (uint32_t)(ticket / DHCP6_ITEMS_MAX % pending->capacity);
    if (place >= pending->touched)
        return NULL;
    struct dhcp6_pending_row *row = row_at(pending, place);
    return ticket != 0 && row->ticket == ticket && *index < row->item_count ? row : NULL;
}

void dhcp6_pending_keep_facts(struct dhcp6_pending_row *row, struct bytes facts)
{
    row->has_facts = keep(&row->facts, &row->facts_room, &row->facts_count, facts) == STATUS_OK;
}

void dhcp6_pending_done(struct dhcp6_pending *pending, struct dhcp6_pending_row *row)
{
    for (unsigned i = 0; i < row->item_count; i++) {
        if (row->items[i].lease != NULL)
            row->items[i].lease->ticket = 0;
    }
    row->ticket = 0;
    row->item_count = 0;
    row->next_free = pending->free_head;
    pending->free_head = row->place + 1;
    pending->used--;
}

void dhcp6_pending_forget(struct dhcp6_pending *pending, struct lease *lease)
{
    unsigned index;
    struct dhcp6_pending_row *row = dhcp6_pending_find(pending, lease->ticket, &index);
    lease->ticket = 0;
    if (row == NULL)
        return;
    row->items[index].lease = NULL;
    row->cancelled = true;
}

uint32_t dhcp6_pending_count(const struct dhcp6_pending *pending)
{
    return pending->used;
}

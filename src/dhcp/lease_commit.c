#include "dhcp/lease_commit.h"

#include <stdlib.h>

struct lease_commit {
    struct lease_commit_row *rows;
    uint32_t capacity, used;
    uint32_t touched;   /* rows from here on have never been used */
    uint32_t free_head; /* number of the row that was done last, from 1; 0: none */
    uint64_t rounds;    /* how many tickets were given */
};

enum status lease_commit_create(uint32_t capacity, struct lease_commit **out)
{
    assert(capacity > 0);
    struct lease_commit *commit = calloc(1, sizeof(*commit));
    if (commit == NULL)
        return STATUS_NO_MEMORY;
    commit->rows = calloc(capacity, sizeof(*commit->rows));
    if (commit->rows == NULL) {
        free(commit);
        return STATUS_NO_MEMORY;
    }
    commit->capacity = capacity;
    *out = commit;
    return STATUS_OK;
}

void lease_commit_free(struct lease_commit *commit)
{
    if (commit == NULL)
        return;
    for (uint32_t i = 0; i < commit->touched; i++)
        free(commit->rows[i].reply);
    free(commit->rows);
    free(commit);
}

NODISCARD static enum status keep_reply(struct lease_commit_row *row, struct bytes reply)
{
    if (reply.count > row->reply_room) {
        uint8_t *memory = realloc(row->reply, reply.count);
        if (memory == NULL)
            return STATUS_NO_MEMORY;
        row->reply = memory;
        row->reply_room = reply.count;
    }
    struct bytes_writer writer = bytes_writer_on(row->reply, row->reply_room);
    bytes_write_span(&writer, reply);
    row->reply_count = reply.count;
    return STATUS_OK;
}

/* The row that was done last, so that as few as possible take memory. */
static uint32_t next_row(const struct lease_commit *commit)
{
    return commit->free_head != 0 ? commit->free_head - 1 : commit->touched;
}

enum status lease_commit_add(struct lease_commit *commit, struct lease *lease, struct bytes reply,
                             struct lease_commit_row **out)
{
    assert(lease->ticket == 0);
    uint32_t place = next_row(commit);
    if (place == commit->capacity)
        return STATUS_FULL;
    struct lease_commit_row *row = &commit->rows[place];
    enum status status = keep_reply(row, reply);
    if (status != STATUS_OK)
        return status;
    if (commit->free_head != 0)
        commit->free_head = row->next_free;
    else
        commit->touched++;
    commit->used++;
    *row = (struct lease_commit_row){
        .ticket = ++commit->rounds * commit->capacity + place,
        .lease = lease,
        .reply = row->reply,
        .reply_count = row->reply_count,
        .reply_room = row->reply_room,
    };
    lease->ticket = row->ticket;
    *out = row;
    return STATUS_OK;
}

struct lease_commit_row *lease_commit_find(struct lease_commit *commit, uint64_t ticket)
{
    struct lease_commit_row *row = &commit->rows[ticket % commit->capacity];
    return ticket != 0 && row->ticket == ticket ? row : NULL;
}

void lease_commit_done(struct lease_commit *commit, struct lease_commit_row *row)
{
    if (row->lease != NULL)
        row->lease->ticket = 0;
    row->lease = NULL;
    row->ticket = 0;
    row->next_free = commit->free_head;
    commit->free_head = (uint32_t)(row - commit->rows) + 1;
    commit->used--;
}

void lease_commit_forget(struct lease_commit *commit, struct lease *lease)
{
    struct lease_commit_row *row = lease_commit_find(commit, lease->ticket);
    lease->ticket = 0;
    if (row != NULL)
        row->lease = NULL;
}

uint32_t lease_commit_count(const struct lease_commit *commit)
{
    return commit->used;
}

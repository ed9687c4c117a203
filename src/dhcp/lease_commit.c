#include "dhcp/lease_commit.h"

#include <stdlib.h>

struct lease_commit {
    struct lease_commit_row *rows;
    uint32_t capacity;
    uint64_t first, next; /* tickets first..next-1 have rows; the oldest may be done already */
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
    commit->first = commit->next = 1;
    *out = commit;
    return STATUS_OK;
}

void lease_commit_free(struct lease_commit *commit)
{
    if (commit == NULL)
        return;
    for (uint32_t i = 0; i < commit->capacity; i++)
        free(commit->rows[i].reply);
    free(commit->rows);
    free(commit);
}

static struct lease_commit_row *row_of(struct lease_commit *commit, uint64_t ticket)
{
    return &commit->rows[ticket % commit->capacity];
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

enum status lease_commit_add(struct lease_commit *commit, struct lease *lease, struct bytes reply,
                             struct lease_commit_row **out)
{
    assert(lease->ticket == 0);
    if (commit->next - commit->first == commit->capacity)
        return STATUS_FULL;
    struct lease_commit_row *row = row_of(commit, commit->next);
    enum status status = keep_reply(row, reply);
    if (status != STATUS_OK)
        return status;
    *row = (struct lease_commit_row){
        .used = true,
        .lease = lease,
        .reply = row->reply,
        .reply_count = row->reply_count,
        .reply_room = row->reply_room,
    };
    lease->ticket = commit->next++;
    *out = row;
    return STATUS_OK;
}

struct lease_commit_row *lease_commit_find(struct lease_commit *commit, uint64_t ticket)
{
    if (ticket < commit->first || ticket >= commit->next)
        return NULL;
    struct lease_commit_row *row = row_of(commit, ticket);
    return row->used ? row : NULL;
}

void lease_commit_done(struct lease_commit *commit, struct lease_commit_row *row)
{
    if (row->lease != NULL)
        row->lease->ticket = 0;
    row->lease = NULL;
    row->used = false;
    while (commit->first < commit->next && !row_of(commit, commit->first)->used)
        commit->first++;
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
    return (uint32_t)(commit->next - commit->first);
}

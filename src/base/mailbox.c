#include "base/mailbox.h"

#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"

enum status mailbox_init(struct mailbox *box, size_t message_bytes, uint32_t capacity,
                         void (*wake)(void *context), void *context)
{
    assert(message_bytes > 0 && capacity > 0);

    size_t whole;
    if (!size_multiply(message_bytes, capacity, &whole))
        return STATUS_NO_MEMORY;
    uint8_t *memory = malloc(whole);
    if (memory == NULL)
        return STATUS_NO_MEMORY;

    *box = (struct mailbox){ .memory = memory,
                             .message_bytes = message_bytes,
                             .capacity = capacity,
                             .wake = wake,
                             .context = context };
    if (pthread_mutex_init(&box->lock, NULL) != 0) {
        free(memory);
        box->memory = NULL;
        return STATUS_SYSTEM;
    }
    return STATUS_OK;
}

void mailbox_free(struct mailbox *box)
{
    if (box->memory == NULL)
        return;
    pthread_mutex_destroy(&box->lock);
    free(box->memory);
    box->memory = NULL;
}

static void *message_at(const struct mailbox *box, uint64_t index)
{
    return box->memory + box->message_bytes * (index % box->capacity);
}

enum status mailbox_post(struct mailbox *box, const void *message)
{
    enum status status = STATUS_OK;
    bool was_empty = false;

    pthread_mutex_lock(&box->lock);
    if (box->count == box->capacity) {
        box->refused++;
        status = STATUS_FULL;
    } else {
        was_empty = box->count == 0;
        memcpy(message_at(box, (uint64_t)box->head + box->count), message, box->message_bytes);
        box->count++;
    }
    pthread_mutex_unlock(&box->lock);

    /* Outside the lock, so that the woken owner does not run into it. One call is enough: the owner
     * takes until the box is empty, and the next post after that wakes it again. */
    if (was_empty && box->wake != NULL)
        box->wake(box->context);
    return status;
}

uint32_t mailbox_room(struct mailbox *box)
{
    pthread_mutex_lock(&box->lock);
    uint32_t room = box->capacity - box->count;
    pthread_mutex_unlock(&box->lock);
    return room;
}

bool mailbox_take(struct mailbox *box, void *message)
{
    pthread_mutex_lock(&box->lock);
    bool found = box->count > 0;
    if (found) {
        memcpy(message, message_at(box, box->head), box->message_bytes);
        box->head = (box->head + 1) % box->capacity;
        box->count--;
    }
    pthread_mutex_unlock(&box->lock);
    return found;
}

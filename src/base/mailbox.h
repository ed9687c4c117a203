/* A bounded queue of fixed-size messages from many threads to one. Posting never waits for room: a
 * full box is an answer. The owner is woken by a callback that must be safe from any thread (the
 * shells give uv_async_send). */
#ifndef LINNET_BASE_MAILBOX_H
#define LINNET_BASE_MAILBOX_H

#include <pthread.h>

#include "base/compiler.h"
#include "base/status.h"

struct mailbox {
    pthread_mutex_t lock;
    uint8_t *memory;
    size_t message_bytes;
    uint32_t capacity;
    uint32_t head;
    uint32_t count;
    uint64_t refused;  /* posts that found it full */
    void (*wake)(void *context);
    void *context;
};

NODISCARD enum status mailbox_init(struct mailbox *box, size_t message_bytes, uint32_t capacity,
                                   void (*wake)(void *context), void *context);
void mailbox_free(struct mailbox *box);
/* Copies the message in and wakes the owner if the box was empty.
 * STATUS_FULL when there is no room. */
NODISCARD enum status mailbox_post(struct mailbox *box, const void *message);
/* How many more messages it takes now; of use to the only one who posts. */
uint32_t mailbox_room(struct mailbox *box);
/* Copies the oldest out; false when empty. Only the owner calls this. */
bool mailbox_take(struct mailbox *box, void *message);

#endif

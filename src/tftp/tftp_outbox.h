/* What the core wants done, in order; carried out by the shell after each call, or when it is full
 * (flush). */
#ifndef LINNET_TFTP_TFTP_OUTBOX_H
#define LINNET_TFTP_TFTP_OUTBOX_H

#include "base/address.h"
#include "base/bytes.h"
#include "wire/tftp_packet.h"

#define TFTP_OUTBOX_ACTIONS  64
#define TFTP_WINDOW_MAX      64           /* blocks under way at once, whatever a client asks for */
#define TFTP_WINDOW_BYTES    (128 * 1024) /* and bytes, unless one block is larger */
#define TFTP_OUTBOX_BYTES    (2 * TFTP_WINDOW_BYTES)
#define TFTP_NO_TRANSFER     UINT32_MAX

enum tftp_action_kind {
    TFTP_ACTION_OPEN,  /* a socket for the transfer at `local`; cannot: tftp_server_no_socket */
    TFTP_ACTION_SEND,
    TFTP_ACTION_CLOSE, /* the transfer's socket */
};

struct tftp_action {
    enum tftp_action_kind kind;
    uint32_t transfer;     /* whose socket; TFTP_NO_TRANSFER: the listener's */
    uint32_t listener;     /* the one its request came to */
    uint32_t interface;
    struct address local;  /* ours: where the request was sent to */
    struct endpoint to;    /* SEND */
    struct bytes bytes;    /* SEND: datagrams, one behind the other; valid until the reset */
    size_t datagram_bytes; /* SEND: each, but for the last, which may be shorter */
};

struct tftp_outbox {
    void (*flush)(void *context, struct tftp_outbox *outbox); /* carries all out and resets */
    void *context;
    size_t count;
    size_t used; /* of buffer */
    struct tftp_action actions[TFTP_OUTBOX_ACTIONS];
    uint8_t buffer[TFTP_OUTBOX_BYTES];
};

static inline void tftp_outbox_reset(struct tftp_outbox *outbox)
{
    outbox->count = 0;
    outbox->used = 0;
}

/* Room for one more action with so many bytes (at most TFTP_WINDOW_BYTES or one largest packet);
 * flushes first when there is none. */
static inline struct bytes_writer tftp_outbox_writer(struct tftp_outbox *outbox, size_t bytes)
{
    assert(bytes <= sizeof outbox->buffer);
    if (outbox->count == TFTP_OUTBOX_ACTIONS || sizeof outbox->buffer - outbox->used < bytes)
        outbox->flush(outbox->context, outbox);
    return bytes_writer_on(outbox->buffer + outbox->used, sizeof outbox->buffer - outbox->used);
}

/* Adds an action; what the writer above has written becomes its bytes. Without a writer there may
 * be no place: then it flushes. */
static inline void tftp_outbox_add(struct tftp_outbox *outbox, const struct tftp_action *action,
                                   const struct bytes_writer *writer)
{
    if (outbox->count == TFTP_OUTBOX_ACTIONS)
        outbox->flush(outbox->context, outbox);
    struct tftp_action *added = &outbox->actions[outbox->count++];
    *added = *action;
    if (writer != NULL) {
        added->bytes = bytes_writer_written(writer);
        outbox->used += added->bytes.count;
    }
}

#endif

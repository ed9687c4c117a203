/* One file on its way to one client: which block comes next, what an acknowledgement means, when to
 * send again (RFC 1350, 7440). Reads the file; no sockets, no clock. */
#ifndef LINNET_TFTP_TFTP_TRANSFER_H
#define LINNET_TFTP_TFTP_TRANSFER_H

#include "base/clock.h"
#include "tftp/tftp_files.h"
#include "tftp/tftp_outbox.h"

/* A place in a file that is sent as netascii: of a line feed that became two characters the second
 * may be still to come. */
struct tftp_text_place {
    uint64_t offset;
    bool line_feed;
};

struct tftp_transfer {
    struct tftp_file *file;
    struct tftp_options options; /* accepted; none present: no OACK */
    uint32_t block_bytes;
    uint32_t window;             /* blocks */
    bool text;                   /* netascii */
    bool greeting;               /* OACK sent, ACK 0 awaited */
    /* Blocks count from 1 and do not wrap here; on the wire they are the last 16 bits. */
    uint64_t first; /* not acknowledged yet */
    uint64_t next;  /* not sent yet */
    uint64_t last;  /* of the file; netascii: 0 until its end was seen */
    uint64_t hastened; /* `next` when a window was last sent again because of an acknowledgement */
    uint64_t rewound;  /* `next` when one within the window last did that */
    struct tftp_text_place place; /* netascii: of block `first` */
    /* Sending again. */
    uint32_t interval_ms; /* as agreed, but short enough to try a few times */
    uint8_t tries;       /* times that what is under way was sent, but for the first */
    mono_ms sent_at;     /* for the first time */
    mono_ms progress_at; /* when the client last moved on */
    mono_ms due;
};

enum tftp_says {
    TFTP_SAYS_NOTHING, /* an old or foreign acknowledgement */
    TFTP_SAYS_SEND,    /* tftp_transfer_send is to be called */
    TFTP_SAYS_DONE,    /* the last block is acknowledged */
    TFTP_SAYS_GIVE_UP, /* nobody has answered for too long */
};

/* options: as asked; becomes what is granted. block_most: largest block the way allows; 0: none but
 * the default may be agreed on (tftp-no-blocksize). window_most: blocks, at least 1. */
void tftp_transfer_init(struct tftp_transfer *transfer, struct tftp_file *file,
                        const struct tftp_options *asked, bool text, uint32_t block_most,
                        uint32_t window_most, mono_ms now);

/* Duplicates of what was acknowledged before never cause anything to be sent, with one exception:
 * with a window, the last acknowledgement once more says that the client misses the window's first
 * block (RFC 7440 section 4), and then it is sent again, but never for two windows in a row, so
 * that no acknowledgement can make itself immortal (RFC 1123 section 4.2.3.1). An acknowledgement
 * within the window says that what follows was lost: that is sent again, but not once more before
 * all that was under way then is acknowledged; until then only new blocks follow it. So whatever a
 * client acknowledges, each block is sent about twice at most without time passing. */
enum tftp_says tftp_transfer_ack(struct tftp_transfer *transfer, const struct tftp_files *files,
                                 uint16_t block, mono_ms now);
/* When `due` has come. */
enum tftp_says tftp_transfer_due(struct tftp_transfer *transfer, mono_ms now);

/* Writes OACK or the blocks that may be under way and are not; *datagram_bytes is the size of each
 * but the last. At most TFTP_WINDOW_BYTES or one block. False when the file cannot be read as it
 * was, or, with its last block, is not the same any more. */
NODISCARD bool tftp_transfer_send(struct tftp_transfer *transfer, const struct tftp_files *files,
                                  struct bytes_writer *writer, size_t *datagram_bytes);
/* Most that tftp_transfer_send writes. */
size_t tftp_transfer_send_most(const struct tftp_transfer *transfer);

/* No block is acknowledged yet. */
static inline bool tftp_transfer_is_new(const struct tftp_transfer *transfer)
{
    return transfer->first == 1;
}

/* No block is left that was never sent. */
static inline bool tftp_transfer_is_all_sent(const struct tftp_transfer *transfer)
{
    return transfer->last != 0 && transfer->next > transfer->last;
}

#endif

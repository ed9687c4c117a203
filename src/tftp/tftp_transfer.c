#include "tftp/tftp_transfer.h"

#define OACK_BYTES_MAX   128
#define TEXT_CHUNK_BYTES 1024
#define INTERVAL_MS      1000
#define INTERVAL_MAX_MS  (20 * 1000) /* 180 s of patience are to hold a few tries */
#define PATIENCE_MS      (180 * 1000)

/* In intervals: after the first send it is sent again at 1, 3, 6, 9, 14 and 19, and at 30 it is
 * over. */
static const uint8_t gaps[] = { 1, 2, 3, 3, 5, 5, 11 };

static uint32_t window_of(uint32_t asked, uint32_t block_bytes, uint32_t window_most)
{
    uint32_t most = TFTP_WINDOW_BYTES / (block_bytes + TFTP_HEADER_BYTES);
    if (most > window_most)
        most = window_most;
    if (most == 0)
        most = 1;
    return asked < most ? asked : most;
}

static void grant_options(struct tftp_transfer *transfer, const struct tftp_options *asked,
                          uint32_t block_most, uint32_t window_most)
{
    struct tftp_options *granted = &transfer->options;
    *granted = *asked;
    if (block_most == 0)
        granted->present &= (uint8_t)~TFTP_OPTION_BLKSIZE;
    if (transfer->text)
        granted->present &= (uint8_t)~TFTP_OPTION_TSIZE; /* its size is not known before its end */
    granted->tsize = transfer->file->bytes;
    if ((granted->present & TFTP_OPTION_BLKSIZE) != 0) {
        uint32_t most = block_most < TFTP_BLOCK_MAX ? block_most : TFTP_BLOCK_MAX;
        granted->blksize = granted->blksize < most ? granted->blksize : most;
        transfer->block_bytes = granted->blksize;
    }
    if ((granted->present & TFTP_OPTION_WINDOWSIZE) != 0) {
        granted->windowsize = window_of(granted->windowsize, transfer->block_bytes, window_most);
        transfer->window = granted->windowsize;
    }
    if ((granted->present & TFTP_OPTION_TIMEOUT) != 0) {
        uint32_t wanted = granted->timeout_s * 1000;
        transfer->interval_ms = wanted < INTERVAL_MAX_MS ? wanted : INTERVAL_MAX_MS;
    }
}

static void arm(struct tftp_transfer *transfer, mono_ms now)
{
    transfer->tries = 0;
    transfer->sent_at = now;
    transfer->progress_at = now;
    transfer->due = now + transfer->interval_ms;
}

void tftp_transfer_init(struct tftp_transfer *transfer, struct tftp_file *file,
                        const struct tftp_options *asked, bool text, uint32_t block_most,
                        uint32_t window_most, mono_ms now)
{
    *transfer = (struct tftp_transfer){
        .file = file,
        .block_bytes = TFTP_BLOCK_DEFAULT,
        .window = 1,
        .text = text,
        .first = 1,
        .next = 1,
        .interval_ms = INTERVAL_MS,
    };
    grant_options(transfer, asked, block_most, window_most);
    transfer->greeting = transfer->options.present != 0;
    if (!text)
        transfer->last = file->bytes / transfer->block_bytes + 1;
    arm(transfer, now);
}

/* ------------------------------------------------------------------ netascii */

/* Writes the next block's characters: a line feed becomes carriage return and line feed. Returns
 * how many; fewer than a block at the end of the file. `to` NULL: only counts on. */
static size_t convert_block(const struct tftp_transfer *transfer, const struct tftp_files *files,
                            struct tftp_text_place *place, uint8_t *to)
{
    size_t done = 0;
    while (done < transfer->block_bytes) {
        uint8_t chunk[TEXT_CHUNK_BYTES];
        size_t got = 0;
        uint64_t left = transfer->file->bytes - place->offset;
        size_t wanted = transfer->block_bytes - done;
        if (place->line_feed) {
            if (to != NULL)
                to[done] = '\n';
            done++;
            place->line_feed = false;
            continue;
        }
        if (wanted > sizeof chunk)
            wanted = sizeof chunk;
        if (wanted > left)
            wanted = (size_t)left;
        if (wanted > 0)
            files->read(files->context, transfer->file, place->offset, chunk, wanted, &got);
        if (got == 0)
            break;
        for (size_t i = 0; i < got && !place->line_feed && done < transfer->block_bytes; i++) {
            place->line_feed = chunk[i] == '\n';
            if (to != NULL)
                to[done] = place->line_feed ? '\r' : chunk[i];
            done++;
            place->offset++;
        }
    }
    return done;
}

/* ------------------------------------------------------------------ what comes in */

static void move_to(struct tftp_transfer *transfer, const struct tftp_files *files, uint64_t first)
{
    for (; transfer->text && transfer->first < first; transfer->first++)
        (void)convert_block(transfer, files, &transfer->place, NULL);
    transfer->first = first;
}

/* Is there a block that may be under way and is not? */
static bool has_to_send(const struct tftp_transfer *transfer)
{
    return transfer->next < transfer->first + transfer->window
           && (transfer->last == 0 || transfer->next <= transfer->last);
}

enum tftp_says tftp_transfer_ack(struct tftp_transfer *transfer, const struct tftp_files *files,
                                 uint16_t block, mono_ms now)
{
    if (transfer->greeting) {
        if (block != 0)
            return TFTP_SAYS_NOTHING;
        transfer->greeting = false;
        arm(transfer, now);
        return TFTP_SAYS_SEND;
    }

    uint16_t ahead = (uint16_t)(block - (uint16_t)(transfer->first - 1));
    if (ahead > transfer->next - transfer->first)
        return TFTP_SAYS_NOTHING;
    if (ahead == 0) {
        bool is_hint = transfer->window > 1 && transfer->next > transfer->first
                       && transfer->first > transfer->hastened;
        if (!is_hint)
            return TFTP_SAYS_NOTHING;
        transfer->hastened = transfer->next - 1 + transfer->window;
        transfer->next = transfer->first;
        return TFTP_SAYS_SEND;
    }

    move_to(transfer, files, transfer->first + ahead);
    arm(transfer, now);
    if (transfer->last != 0 && transfer->first > transfer->last)
        return TFTP_SAYS_DONE;
    /* Fewer than were sent: the client misses what follows. */
    if (transfer->first < transfer->next && transfer->first > transfer->rewound) {
        transfer->rewound = transfer->next;
        transfer->next = transfer->first;
    }
    return has_to_send(transfer) ? TFTP_SAYS_SEND : TFTP_SAYS_NOTHING;
}

enum tftp_says tftp_transfer_due(struct tftp_transfer *transfer, mono_ms now)
{
    transfer->tries++;
    if (transfer->tries >= COUNT_OF(gaps) || now - transfer->sent_at >= PATIENCE_MS)
        return TFTP_SAYS_GIVE_UP;
    transfer->due = now + (mono_ms)transfer->interval_ms * gaps[transfer->tries];
    if (transfer->due > transfer->sent_at + PATIENCE_MS)
        transfer->due = transfer->sent_at + PATIENCE_MS;
    transfer->next = transfer->first;
    return TFTP_SAYS_SEND;
}

/* ------------------------------------------------------------------ what goes out */

size_t tftp_transfer_send_most(const struct tftp_transfer *transfer)
{
    if (transfer->greeting)
        return OACK_BYTES_MAX;
    return (size_t)transfer->window * (transfer->block_bytes + TFTP_HEADER_BYTES);
}

static bool send_octets(const struct tftp_transfer *transfer, const struct tftp_files *files,
                        struct bytes_writer *writer)
{
    uint64_t offset = (transfer->next - 1) * transfer->block_bytes;
    uint64_t left = transfer->file->bytes - offset;
    size_t count = left < transfer->block_bytes ? (size_t)left : transfer->block_bytes;
    size_t got = 0;
    uint8_t *to = bytes_writer_take(writer, count);
    if (to == NULL)
        return false;
    if (count > 0)
        files->read(files->context, transfer->file, offset, to, count, &got);
    return got == count;
}

/* Goes through the whole window again, though only `first` has its place kept: text is short. */
static bool send_text(struct tftp_transfer *transfer, const struct tftp_files *files,
                      struct tftp_text_place *place, struct bytes_writer *writer)
{
    size_t offset = bytes_writer_count(writer);
    uint8_t *to = bytes_writer_take(writer, transfer->block_bytes);
    if (to == NULL)
        return false;
    size_t count = convert_block(transfer, files, place, to);
    bytes_writer_rewind(writer, offset + count);
    if (count < transfer->block_bytes)
        transfer->last = transfer->next;
    return count == transfer->block_bytes || place->offset == transfer->file->bytes;
}

bool tftp_transfer_send(struct tftp_transfer *transfer, const struct tftp_files *files,
                        struct bytes_writer *writer, size_t *datagram_bytes)
{
    if (transfer->greeting) {
        tftp_write_oack(writer, &transfer->options);
        *datagram_bytes = bytes_writer_count(writer);
        return !writer->failed;
    }
    struct tftp_text_place place = transfer->place;
    for (uint64_t i = transfer->first; transfer->text && i < transfer->next; i++)
        (void)convert_block(transfer, files, &place, NULL);
    *datagram_bytes = transfer->block_bytes + TFTP_HEADER_BYTES;
    while (has_to_send(transfer)) {
        tftp_write_data_header(writer, (uint16_t)transfer->next);
        if (!(transfer->text ? send_text(transfer, files, &place, writer)
                             : send_octets(transfer, files, writer)))
            return false;
        transfer->next++;
    }
    /* Who has got the last block cannot be told any more. */
    return transfer->last == 0 || transfer->next <= transfer->last
           || files->is_same(files->context, transfer->file);
}

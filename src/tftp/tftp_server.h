/* The TFTP service: requests, and the transfers that come of them. Bytes or a tick and the time in,
 * actions out. */
#ifndef LINNET_TFTP_TFTP_SERVER_H
#define LINNET_TFTP_TFTP_SERVER_H

#include "base/clock.h"
#include "base/siphash.h"
#include "tftp/tftp_config.h"
#include "tftp/tftp_files.h"
#include "tftp/tftp_outbox.h"

#define TFTP_REASON_MAX 500 /* characters of an ERROR packet and their NUL */

enum tftp_event_kind {
    /* What no honest client sends, or seldom: of each kind one line a second, which ends in
     * "(and N more)" when others were held back. */
    TFTP_EVENT_UNSUPPORTED,  /* unsupported request from A */
    TFTP_EVENT_WRITE,        /* unsupported write request from A */
    TFTP_EVENT_BAD_NAME,     /* of a file: as REFUSED, but it leads up or is too long */
    TFTP_EVENT_WRONG_PORT,   /* ignoring packet from A (TID mismatch) */
    TFTP_EVENT_CLIENT_ERROR, /* error N ... received from A: this + N, so each N is a kind */
    TFTP_EVENT_CLIENT_LAST = TFTP_EVENT_CLIENT_ERROR + TFTP_ERROR_OPTIONS + 1, /* higher N */
    TFTP_EVENT_BAD_COUNT,    /* how many kinds these are */

    TFTP_EVENT_SENT = TFTP_EVENT_BAD_COUNT, /* sent P to A */
    TFTP_EVENT_FAILED,       /* failed sending P to A */
    TFTP_EVENT_NOT_FOUND,    /* file P not found for A */
    TFTP_EVENT_REFUSED,      /* cannot access P: Permission denied; cannot read P: ... */
    TFTP_EVENT_FULL,         /* once for each time that there is no place left */
    TFTP_EVENT_NO_SOCKET,
    TFTP_EVENT_LEFT_OUT,     /* N more lines left out: there were too many in a short time */
};

struct tftp_event {
    enum tftp_event_kind kind;
    const char *text; /* a line for people, printable */
    const struct address *client; /* LEFT_OUT: NULL */
    const char *path; /* SENT */
    uint64_t bytes;   /* SENT */
};

/* Which address the neighbour or client has; false when unknown. */
typedef bool tftp_hardware_of(void *context, const struct address *address,
                              struct hardware *hardware);

struct tftp_setup {
    const struct tftp_config *config;
    const struct tftp_files *files; /* kept, not copied */
    tftp_hardware_of *hardware_of;  /* tftp-unique-root=mac; NULL: nobody knows */
    void (*on_event)(void *context, const struct tftp_event *event);
    void *context;                  /* of both */
    uint32_t transfers_max;         /* > 0 */
    struct siphash_key key;
};

/* A datagram and where it came in. */
struct tftp_datagram {
    struct bytes message;
    struct endpoint from;
    struct address local;  /* it was sent to */
    uint32_t interface;
    const char *interface_name; /* "" when unknown; requests only */
    uint32_t mtu;               /* of that; 0 when unknown; requests only */
    uint32_t listener;          /* comes back in actions; requests only */
    bool cut;                   /* was longer than the buffer */
};

struct tftp_counters {
    uint64_t requests, sent, sent_bytes, failed, not_found, refused, unsupported;
    uint64_t dropped;  /* no place for the transfer */
    uint64_t evicted;  /* silent ones, or some of who has most, that gave way */
    uint64_t over_share; /* of the dropped ones: their client has half of the places */
    uint64_t malformed, wrong_port, repeated; /* packets; blocks sent again */
    uint64_t strays;   /* tftp-single-port: of no transfer, or of one that is over */
    uint64_t left_out; /* lines, all but those about files that were sent */
};

struct tftp_server;

/* Takes all memory. STATUS_NO_MEMORY. The configuration is kept, not copied. */
NODISCARD enum status tftp_server_create(const struct tftp_setup *setup,
                                         struct tftp_server **server);
void tftp_server_free(struct tftp_server *server);
/* For requests from now on; transfers go on as they began. tftp-single-port and tftp-max must be
 * the same. */
void tftp_server_set_config(struct tftp_server *server, const struct tftp_config *config);

/* What came to the listening port. With tftp-single-port also what belongs to transfers. */
void tftp_server_request(struct tftp_server *server, const struct tftp_datagram *datagram,
                         mono_ms now, struct tftp_outbox *outbox);
/* What came to a transfer's socket. */
void tftp_server_message(struct tftp_server *server, uint32_t transfer,
                         const struct tftp_datagram *datagram, mono_ms now,
                         struct tftp_outbox *outbox);
/* TFTP_ACTION_OPEN could not be done: the transfer is over. May be called while the outbox is
 * carried out, which it does not touch. */
void tftp_server_no_socket(struct tftp_server *server, uint32_t transfer);
void tftp_server_tick(struct tftp_server *server, mono_ms now, struct tftp_outbox *outbox);
/* When it wants to be called; MONO_NEVER. */
mono_ms tftp_server_deadline(const struct tftp_server *server);

const struct tftp_counters *tftp_server_counters(const struct tftp_server *server);
/* Under way now, and the most there were. */
uint32_t tftp_server_transfers(const struct tftp_server *server);
uint32_t tftp_server_transfers_most(const struct tftp_server *server);

#endif

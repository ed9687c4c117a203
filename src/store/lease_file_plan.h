/* What the lease file does next: which lines to append, which digits to overwrite, when to write
 * the file anew. Pure: no descriptor, no thread, no clock; lease_file_io.c carries it out.
 *
 * Changes gather in `waiting`. One batch at a time, `flight`, is with the disk; when it is back its
 * tickets are answered and what gathered meanwhile becomes the next one. A batch is done in one of
 * two ways: patches (lines appended, digits overwritten in place) or an image (the whole file
 * anew).
 *
 * Every lease has a record, named by its store_cookie: where its line stands. A line that is no
 * longer true is given an expiry long past, so that it cannot come back to life after a crash, and
 * goes altogether with the next image.
 *
 * A reader of the file sees whole lines: a rename shows all or nothing, and the kernel shows an
 * append page by page, so no line that is appended lies in two pages. The line before it ends in
 * blanks up to the end of its page; where that one is on the disk already, an empty line fills
 * the page, which happens behind files of others and before uncommonly long names only.
 *
 * A closed folder takes no new file from us, so there an image goes over the old lines, where
 * readers may see it half done. It is made only when there is no other way or when most lines
 * are dead; all else is patches, however long dead lines stand. */
#ifndef LINNET_STORE_LEASE_FILE_PLAN_H
#define LINNET_STORE_LEASE_FILE_PLAN_H

#include "store/lease_backend.h"
#include "store/lease_disk.h"
#include "store/lease_text.h"

#define LEASE_FILE_CHANGES_MAX  4096   /* that wait for the disk; more is STATUS_FULL */
#define LEASE_FILE_SMALL_BYTES  65536  /* written anew whenever a line in it dies */
#define LEASE_FILE_REWRITE_MS   1000   /* a larger one at most so often */
#define LEASE_FILE_RETRY_MS     60000  /* after a rewrite failed */
#define LEASE_FILE_DEAD_WAIT_MS 10000  /* longest that a dead line stands in a larger one, */
#define LEASE_FILE_DEAD_BYTES   256    /* a millisecond for so many bytes of it at most */
#define LEASE_FILE_CLOSED_MS    600000 /* until a folder that took no new file is asked again */
#define LEASE_FILE_CLOSED_BYTES 262144 /* there a smaller file keeps its dead lines */

#define LEASE_LINE_DEAD_WALL 1         /* the expiry of a line that is no longer true */

/* Where one line stands in the file. */
#define LEASE_LINE_NONE (((uint64_t)1 << 56) - 1)
struct lease_place {
    uint64_t offset : 56;  /* LEASE_LINE_NONE: nowhere */
    uint64_t digits : 8;   /* of its expiry */
    uint64_t digest;       /* of all behind them */
};

struct lease_record {
    struct lease_place line;
    struct lease_place older;  /* the line that `line` superseded, if it still stands in the file */
    bool removed;              /* its removal waits: no longer part of an image */
    uint32_t next_free;
};

/* One change that waits or is with the disk. */
struct lease_file_change {
    uint8_t kind;         /* enum lease_change_kind */
    bool needs_append;    /* lost when the append fails */
    bool failed;
    uint8_t digits;
    uint16_t text_count;
    uint32_t record;      /* UINT32_MAX: none */
    size_t text_at;
    uint64_t ticket;
    uint64_t digest;
    struct lease_place before_line, before_older;
};

struct lease_batch {
    struct lease_file_change *changes;
    size_t count;
    char *text;           /* the lines, one after another */
    size_t text_count;
};

struct lease_plan {
    const struct lease_table *table;
    const struct lease_table *table6; /* NULL: leases of IPv6 are lines of others */
    uint8_t duid[LEASE_CLIENT_ID_MAX]; /* the server's, for a line before the IPv6 leases */
    size_t duid_count;                 /* 0: none */
    bool duid_unwritten, duid_appended; /* its line was refused; the batch at hand has it again */
    uint64_t size;           /* of the file */
    bool tail_open;          /* it does not end in a newline */
    bool has_broken;         /* lines nobody could read: kept aside before the first image */
    bool needs_rewrite;
    bool force_rewrite;      /* the next batch is done as an image if at all possible */
    bool lost;               /* where lines stand in the file is not known: an image or nothing */
    bool ghosts;             /* lines that look true, are not, and stand where we do not know */
    bool mixed;              /* agent-info lines and the like may stand among the leases */
    bool closed;             /* the folder takes no new file from us */
    bool patch_only;         /* ... or only as patches: the image just failed */
    size_t dead;             /* lines in the file that are no longer true */
    uint64_t dead_since_ms, rewritten_ms, failed_ms;
    uint64_t closed_ms;          /* when it last did not */
    uint64_t blocked_until_ms;   /* 0, or when a failed rewrite is tried again without a change */
    struct lease_text extra;  /* lines of others, kept as they are */
    struct lease_record *records;
    uint32_t record_room, record_touched; /* from there on they have never been in use */
    uint32_t free_record, record_count;
    struct lease_place *images;  /* where the lines of the first records stand in `image` */
    uint32_t images_room;
    struct lease_batch waiting, flight;
    struct lease_text append, image;
    struct lease_patch *patches;
    size_t patch_count;
};

/* table6 may be NULL. */
NODISCARD enum status lease_plan_init(struct lease_plan *plan, const struct lease_table *table,
                                      const struct lease_table *table6);
void lease_plan_free(struct lease_plan *plan);

/* Takes the whole file as it is read at start. `each` puts the lease into the table or does not;
 * what it does not take is kept as it stands, or goes when it says false. Lines that cannot be read
 * go to `complain`. */
void lease_plan_load(struct lease_plan *plan, struct text all,
                     bool (*each)(void *context, const struct lease_line *line),
                     void (*complain)(void *context, unsigned line, const char *why),
                     void *context);

/* The same piece by piece, so that a file of any size can be read. */
struct lease_loading {
    struct lease_plan *plan;
    bool (*each)(void *context, const struct lease_line *line);
    void (*complain)(void *context, unsigned line, const char *why);
    void *context;
    unsigned number;      /* of the line at hand */
    struct text piece;
    uint64_t offset;      /* of the piece in the file */
    bool skipping;        /* the piece begins within a line that is too long */
};
/* Takes the lines that end in this piece, and with the last one all. How many bytes that were: the
 * next piece begins behind them. A piece has room for a line of LEASE_LINE_MAX. */
size_t lease_plan_load_piece(struct lease_loading *loading, struct text piece, bool is_last);

/* What is known beforehand: the folder takes no new file from us. */
void lease_plan_close_folder(struct lease_plan *plan, uint64_t now_ms);

/* A change to wait for the disk. STATUS_FULL, STATUS_NO_MEMORY: not taken. */
NODISCARD enum status lease_plan_change(struct lease_plan *plan, const struct lease_change *change);

/* Who the server is from now on (at most LEASE_CLIENT_ID_MAX bytes): the file is made anew with it
 * or, where that is not possible, gets a line. Nothing is to be done when it has it already.
 * STATUS_FULL: not taken. */
NODISCARD enum status lease_plan_set_duid(struct lease_plan *plan, struct bytes duid);

/* The expiry times of all leases have changed: the next batch writes the file anew, with those the
 * tables have then. */
void lease_plan_renew_all(struct lease_plan *plan);

/* Nothing need be done now but what waits. */
bool lease_plan_is_idle(const struct lease_plan *plan, uint64_t now_ms);
/* When the file should be written anew without any change; UINT64_MAX: never. */
uint64_t lease_plan_deadline(const struct lease_plan *plan);

/* All that waits goes into flight; says what the disk has to do. The work refers to the plan's
 * memory and is valid until lease_plan_settle. */
void lease_plan_start(struct lease_plan *plan, const struct lease_disk *disk, uint64_t now_ms,
                      struct lease_work *work);
/* The disk has done it, well or badly. False: the same batch has to be tried in the other way,
 * and `work` says how. True: each change of plan->flight knows whether it failed; the caller
 * answers them and then calls lease_plan_done. A new descriptor in the work is the caller's to
 * take over. */
NODISCARD bool lease_plan_settle(struct lease_plan *plan, struct lease_work *work, uint64_t now_ms);
void lease_plan_done(struct lease_plan *plan);

#endif

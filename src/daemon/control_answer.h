/* What a command of the control socket says: written whole at the start, or in pieces. Nothing here
 * knows of sockets. */
#ifndef LINNET_DAEMON_CONTROL_ANSWER_H
#define LINNET_DAEMON_CONTROL_ANSWER_H

#include "base/report.h"
#include "daemon/workers.h"
#include "wire/control_request.h"

#define CONTROL_PIECE_BYTES 65536

struct daemon;

struct control_answer {
    struct daemon *daemon;
    struct control_request request;
    /* For commands that want it (control_command_wants_workers), while they begin. */
    const struct worker_report *workers;
    struct text_out out;   /* in memory of the answer's own */
    struct report report;  /* on `out`, after control_answer_ok */
    /* The next piece into `out`, which is empty then; false: that was the last. NULL: all is there.
     * May write nothing and be called again a turn later. */
    bool (*more)(struct control_answer *answer);
    void *state; /* of `more`: freed with the answer */
    bool waits;  /* the answer comes later, with control_answer_ready */
    struct control_answer **waiter; /* who will bring it looks here; cleared when nobody waits */
};

/* Zeroed, then this. STATUS_NO_MEMORY. */
NODISCARD enum status control_answer_init(struct control_answer *answer);
void control_answer_free(struct control_answer *answer);
/* Before anything is written: room for so many bytes at once. False: no memory, and the answer says
 * so. */
bool control_answer_room(struct control_answer *answer, size_t bytes);

/* The report may begin, or begins anew. */
void control_answer_verdict(struct control_answer *answer, enum control_verdict verdict);
/* The verdict is "ok". */
void control_answer_ok(struct control_answer *answer);
/* The whole answer, whatever was written before. */
PRINTF_LIKE(3, 4)
void control_answer_refuse(struct control_answer *answer, enum control_verdict verdict,
                           const char *format, ...);
/* control.c: what waited is there now. */
void control_answer_ready(struct control_answer *answer);

/* Where a piece stood, to take back what did not fit. */
struct control_mark {
    size_t count;
    struct report report;
};
struct control_mark control_answer_mark(const struct control_answer *answer);
void control_answer_back(struct control_answer *answer, const struct control_mark *mark);

/* ------------------------------------------------------------------ commands */

bool control_command_wants_workers(enum control_command_id id);
/* Begins the answer to answer->request. */
void control_command_begin(struct control_answer *answer);

void control_status(struct control_answer *answer);
void control_leases(struct control_answer *answer);
void control_cache(struct control_answer *answer);
void control_cache_flush(struct control_answer *answer);
void control_upstreams(struct control_answer *answer);
void control_reload(struct control_answer *answer);
void control_facts(struct control_answer *answer);

#endif

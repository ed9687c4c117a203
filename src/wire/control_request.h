/* The control socket's protocol: what linnetctl asks of the running daemon, and how.
 *
 * One connection, one request, one answer. The request is one line of words with blanks between
 * them, at most CONTROL_LINE_MAX bytes with its LF:
 *
 *     text|json COMMAND [WORD ...]
 *
 * The answer is a line of one word, how it went (enum control_verdict); then what there is to say,
 * in the form that was asked for; then one NUL byte, and the end of the stream. Without the NUL the
 * answer was cut off. Nothing else in it is NUL. */
#ifndef LINNET_WIRE_CONTROL_REQUEST_H
#define LINNET_WIRE_CONTROL_REQUEST_H

#include "base/report.h"
#include "base/status.h"

#define CONTROL_LINE_MAX      4096
#define CONTROL_WORDS_MAX     2
#define CONTROL_SOCKET        "/run/linnet/control.sock"
#define CONTROL_SOCKET_FOLDER "/run/linnet"

enum control_verdict {
    CONTROL_OK,      /* "ok" */
    CONTROL_REFUSED, /* "refused": not allowed, or it failed; why is the text */
    CONTROL_USAGE,   /* "usage": the request makes no sense; why is the text */
};

enum control_command_id {
    CONTROL_STATUS,
    CONTROL_LEASES,
    CONTROL_CACHE,
    CONTROL_CACHE_FLUSH,
    CONTROL_UPSTREAMS,
    CONTROL_RELOAD,
    CONTROL_EXPLAIN,
    CONTROL_EXPLAIN_DHCP,
    CONTROL_DOCTOR, /* facts for linnetctl, which draws the conclusions: daemon/control_facts.c */
};

struct control_command {
    const char *name;
    uint8_t id; /* enum control_command_id */
    uint8_t words_min, words_max;
    bool changes;      /* not for everybody */
    const char *shape; /* what follows the name */
    const char *help;
};
extern const struct control_command control_commands[];
extern const size_t control_command_count;

/* Texts point into the line. */
struct control_request {
    enum report_form form;
    const struct control_command *command;
    struct text words[CONTROL_WORDS_MAX];
    size_t word_count;
    struct text client; /* explain --as; empty: not given */
    bool dry_run;       /* reload --dry-run */
};

/* line: without its LF. STATUS_MALFORMED: *error says why, in words for people, and the form is
 * still right when it could be read. */
NODISCARD enum status control_request_read(struct text line, struct control_request *request,
                                           struct text_out *error);
/* One line for each command, as --help shows them. */
void control_request_help(struct text_out *out);

const char *control_verdict_name(enum control_verdict verdict);
/* STATUS_NOT_FOUND. */
NODISCARD enum status control_verdict_read(struct text line, enum control_verdict *verdict);

#endif

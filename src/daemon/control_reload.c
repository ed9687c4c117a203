/* linnetctl reload: the whole configuration again; what came of it is told when it is known. */
#include <stdlib.h>

#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"

#define BYTES_BASE 4096
#define GROWTH     6 /* of a byte of text, at most, when it is escaped */

/* Outlives a client who does not wait. */
struct reload_ask {
    struct control_answer *answer; /* NULL: nobody waits any more */
    bool beginning;
};

static const char *outcome_name(enum config_reload_outcome outcome)
{
    switch (outcome) {
    case CONFIG_RELOAD_USED:
        return "in use";
    case CONFIG_RELOAD_CHECKED:
        return "right, and not used yet";
    case CONFIG_RELOAD_REFUSED:
        return "refused: the old one stays";
    case CONFIG_RELOAD_BUSY:
        return "busy: another reload is under way";
    }
    return "";
}

static void put_lines(struct report *report, struct text lines)
{
    struct text line;
    if (report->form == REPORT_JSON)
        report_begin_list(report, "lines");
    while (text_next_line(&lines, &line)) {
        if (report->form == REPORT_JSON)
            report_string(report, NULL, line);
        else
            report_say(report, "%.*s", TEXT_ARG(line));
    }
    if (report->form == REPORT_JSON)
        report_end(report);
}

static void put(struct control_answer *answer, const struct config_reload_answer *done)
{
    struct report *report = &answer->report;
    bool good = done->outcome == CONFIG_RELOAD_USED || done->outcome == CONFIG_RELOAD_CHECKED;
    if (!control_answer_room(answer, BYTES_BASE + GROWTH * done->lines.count))
        return;
    control_answer_verdict(answer, good ? CONTROL_OK : CONTROL_REFUSED);
    report_begin(report, NULL);
    put_lines(report, done->lines);
    report_string(report, "configuration", text_of(outcome_name(done->outcome)));
    report_number(report, "lines_changed", (int64_t)done->changed);
    report_number(report, "wait_for_next_start", (int64_t)done->at_start);
    report_number(report, "errors", (int64_t)done->errors);
    report_end(report);
}

static void on_done(void *context, const struct config_reload_answer *done)
{
    struct reload_ask *ask = context;
    struct control_answer *answer = ask->answer;
    bool beginning = ask->beginning;
    free(ask);
    if (answer == NULL)
        return;
    answer->waiter = NULL;
    answer->waits = false;
    put(answer, done);
    if (!beginning)
        control_answer_ready(answer);
}

void control_reload(struct control_answer *answer)
{
    struct reload_ask *ask = calloc(1, sizeof *ask);
    if (ask == NULL) {
        control_answer_refuse(answer, CONTROL_REFUSED, "no memory");
        return;
    }
    ask->answer = answer;
    ask->beginning = true;
    answer->waiter = &ask->answer;
    answer->waits = true;
    daemon_reload_config(answer->daemon, answer->request.dry_run, on_done, ask);
    if (answer->waits)
        ask->beginning = false;
}

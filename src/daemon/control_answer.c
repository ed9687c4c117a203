#include "daemon/control_answer.h"

#include <stdlib.h>

#include "daemon/explain.h"

enum status control_answer_init(struct control_answer *answer)
{
    char *memory = malloc(CONTROL_PIECE_BYTES);
    if (memory == NULL)
        return STATUS_NO_MEMORY;
    answer->out = text_out_on(memory, CONTROL_PIECE_BYTES);
    return STATUS_OK;
}

void control_answer_free(struct control_answer *answer)
{
    free(answer->out.start);
    free(answer->state);
    answer->out = (struct text_out){ .room = 0 };
    answer->state = NULL;
}

bool control_answer_room(struct control_answer *answer, size_t bytes)
{
    if (bytes <= answer->out.room)
        return true;
    char *memory = malloc(bytes);
    if (memory == NULL) {
        control_answer_refuse(answer, CONTROL_REFUSED, "no memory for the answer");
        return false;
    }
    free(answer->out.start);
    answer->out = text_out_on(memory, bytes);
    return true;
}

void control_answer_verdict(struct control_answer *answer, enum control_verdict verdict)
{
    text_out_rewind(&answer->out, 0);
    text_put_string(&answer->out, control_verdict_name(verdict));
    text_put_char(&answer->out, '\n');
    answer->report = report_on(&answer->out, answer->request.form);
}

void control_answer_ok(struct control_answer *answer)
{
    control_answer_verdict(answer, CONTROL_OK);
}

void control_answer_refuse(struct control_answer *answer, enum control_verdict verdict,
                           const char *format, ...)
{
    char buffer[1024];
    struct text_out why = text_out_on(buffer, sizeof buffer);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&why, format, arguments);
    va_end(arguments);
    control_answer_verdict(answer, verdict);
    answer->more = NULL;
    struct report *report = &answer->report;
    report_begin(report, NULL);
    if (answer->request.form == REPORT_JSON)
        report_string(report, "error", text_out_text(&why));
    else
        report_say(report, "%s", buffer);
    report_end(report);
}

struct control_mark control_answer_mark(const struct control_answer *answer)
{
    return (struct control_mark){ answer->out.count, answer->report };
}

void control_answer_back(struct control_answer *answer, const struct control_mark *mark)
{
    text_out_rewind(&answer->out, mark->count);
    answer->report = mark->report;
}

/* ------------------------------------------------------------------ commands */

/* The report of an explanation says itself what was wrong with the question: only the verdict is
 * another then. */
static void explain(struct control_answer *answer)
{
    const struct control_request *request = &answer->request;
    enum control_verdict verdict = CONTROL_OK;
    do {
        control_answer_verdict(answer, verdict);
        enum status status = request->command->id == CONTROL_EXPLAIN
                                 ? explain_dns(answer->daemon, request->words[0], request->words[1],
                                               request->client, &answer->report)
                                 : explain_dhcp(answer->daemon, request->words[0], &answer->report);
        verdict = status != STATUS_OK && verdict == CONTROL_OK ? CONTROL_REFUSED : CONTROL_OK;
    } while (verdict != CONTROL_OK);
}

bool control_command_wants_workers(enum control_command_id id)
{
    return id == CONTROL_STATUS || id == CONTROL_UPSTREAMS || id == CONTROL_DOCTOR;
}

void control_command_begin(struct control_answer *answer)
{
    static void (*const begins[])(struct control_answer *) = {
        [CONTROL_STATUS] = control_status,
        [CONTROL_LEASES] = control_leases,
        [CONTROL_CACHE] = control_cache,
        [CONTROL_CACHE_FLUSH] = control_cache_flush,
        [CONTROL_UPSTREAMS] = control_upstreams,
        [CONTROL_RELOAD] = control_reload,
        [CONTROL_EXPLAIN] = explain,
        [CONTROL_EXPLAIN_DHCP] = explain,
        [CONTROL_DOCTOR] = control_facts,
    };
    begins[answer->request.command->id](answer);
    if (answer->out.failed)
        control_answer_refuse(answer, CONTROL_REFUSED, "the answer is too long");
}

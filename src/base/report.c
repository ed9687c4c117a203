#include "base/report.h"

#include <inttypes.h>

#define SENTENCE_MAX 1024 /* bytes of one formatted value or sentence */

struct report report_on(struct text_out *out, enum report_form form)
{
    return (struct report){ .out = out, .form = form };
}

/* ------------------------------------------------------------------ strings */

static bool follows(struct text text, size_t at, uint8_t low, uint8_t high)
{
    return at < text.count && (uint8_t)text.at[at] >= low && (uint8_t)text.at[at] <= high;
}

/* Bytes of the character that begins at `at`, by table 3-7 of the Unicode standard (RFC 3629
 * section 4): no overlong forms, no surrogates, nothing past U+10FFFF. 0: it is no UTF-8. */
static size_t utf8_span(struct text text, size_t at)
{
    static const struct {
        uint8_t from, to, low, high, span; /* first byte, second byte, bytes in all */
    } rows[] = {
        { 0xC2, 0xDF, 0x80, 0xBF, 2 }, { 0xE0, 0xE0, 0xA0, 0xBF, 3 }, { 0xE1, 0xEC, 0x80, 0xBF, 3 },
        { 0xED, 0xED, 0x80, 0x9F, 3 }, { 0xEE, 0xEF, 0x80, 0xBF, 3 }, { 0xF0, 0xF0, 0x90, 0xBF, 4 },
        { 0xF1, 0xF3, 0x80, 0xBF, 4 }, { 0xF4, 0xF4, 0x80, 0x8F, 4 },
    };
    uint8_t head = (uint8_t)text.at[at];
    if (head < 0x80)
        return 1;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (head < rows[i].from || head > rows[i].to)
            continue;
        if (!follows(text, at + 1, rows[i].low, rows[i].high))
            return 0;
        for (size_t j = 2; j < rows[i].span; j++) {
            if (!follows(text, at + j, 0x80, 0xBF))
                return 0;
        }
        return rows[i].span;
    }
    return 0;
}

/* A terminal obeys it: U+0000..U+001F, U+007F, and U+0080..U+009F, which begin with C2. */
static bool is_control(struct text text, size_t at)
{
    uint8_t head = (uint8_t)text.at[at];
    return head < 0x20 || head == 0x7F || (head == 0xC2 && follows(text, at + 1, 0x80, 0x9F));
}

static void put_control(struct text_out *out, enum report_form form, struct text character)
{
    uint8_t code = (uint8_t)character.at[character.count - 1];
    if (form == REPORT_JSON)
        text_printf(out, "\\u%04x", code);
    else
        for (size_t i = 0; i < character.count; i++)
            text_printf(out, "\\%03o", (uint8_t)character.at[i]);
}

static void put_escaped(struct text_out *out, enum report_form form, struct text value)
{
    size_t span;
    for (size_t at = 0; at < value.count; at += span) {
        char c = value.at[at];
        span = utf8_span(value, at);
        if (span == 0) {
            span = 1;
            text_printf(out, form == REPORT_JSON ? "\\\\%03o" : "\\%03o", (uint8_t)c);
        } else if (is_control(value, at)) {
            put_control(out, form, text_part(value, at, span));
        } else {
            if (form == REPORT_JSON && (c == '"' || c == '\\'))
                text_put_char(out, '\\');
            text_put(out, text_part(value, at, span));
        }
    }
}

static void put_quoted(struct text_out *out, struct text value)
{
    text_put_char(out, '"');
    put_escaped(out, REPORT_JSON, value);
    text_put_char(out, '"');
}

/* ------------------------------------------------------------------ what stands before a value */

static void put_blanks(struct text_out *out, unsigned count)
{
    text_printf(out, "%*s", (int)count, "");
}

static bool in_list(const struct report *report)
{
    return report->depth > 0 && report->list[report->depth - 1];
}

/* The first line of an object in a list has the list's dash, so it is that of the list. */
static bool opens_item(const struct report *report)
{
    unsigned depth = report->depth;
    return depth > 1 && !report->list[depth - 1] && report->list[depth - 2]
           && !report->filled[depth - 1];
}

/* What was opened with a name still stands at the end of its line. */
static bool line_is_open(const struct report *report)
{
    unsigned depth = report->depth;
    return depth > 1 && !report->filled[depth - 1] && !report->list[depth - 2];
}

static void begin_line(struct report *report)
{
    unsigned depth = report->depth;
    if (depth == 0)
        return;
    if (line_is_open(report))
        text_put_char(report->out, '\n');
    if (opens_item(report) || in_list(report)) {
        put_blanks(report->out, 2 * (opens_item(report) ? depth - 2 : depth - 1));
        text_put(report->out, TEXT("- "));
    } else {
        put_blanks(report->out, 2 * (depth - 1));
    }
    report->filled[depth - 1] = true;
}

static void put_name(struct report *report, const char *name)
{
    struct text_out *out = report->out;
    if (name == NULL || in_list(report) || report->depth == 0)
        return;
    if (report->form == REPORT_JSON) {
        put_quoted(out, text_of(name));
        text_put(out, TEXT(": "));
        return;
    }
    for (; *name != '\0'; name++)
        put_escaped(out, REPORT_TEXT, *name == '_' ? TEXT(" ") : (struct text){ name, 1 });
    text_put_char(out, ':');
}

/* Up to the value. */
static void begin_member(struct report *report, const char *name)
{
    if (report->form == REPORT_TEXT) {
        begin_line(report);
    } else if (report->depth > 0) {
        text_put(report->out, report->filled[report->depth - 1] ? TEXT(",\n") : TEXT("\n"));
        put_blanks(report->out, 2 * report->depth);
        report->filled[report->depth - 1] = true;
    }
    put_name(report, name);
}

/* A value of one line: up to it, with the blank that parts it from its name. */
static void begin_value(struct report *report, const char *name)
{
    begin_member(report, name);
    if (report->form == REPORT_TEXT && report->depth > 0 && !in_list(report))
        text_put_char(report->out, ' ');
}

static void end_value(struct report *report)
{
    if (report->form == REPORT_TEXT || report->depth == 0)
        text_put_char(report->out, '\n');
}

/* ------------------------------------------------------------------ objects and lists */

static void open(struct report *report, const char *name, bool list)
{
    if (report->depth >= REPORT_DEPTH_MAX) {
        report->out->failed = true;
        return;
    }
    /* As text, an item of a list shows with its first line. */
    if (report->form == REPORT_JSON || !in_list(report) || list) {
        begin_member(report, name);
        if (report->form == REPORT_JSON)
            text_put_char(report->out, list ? '[' : '{');
    } else if (line_is_open(report)) {
        text_put_char(report->out, '\n');
    }
    if (report->depth > 0)
        report->filled[report->depth - 1] = true;
    report->list[report->depth] = list;
    report->filled[report->depth] = false;
    report->depth++;
}

void report_begin(struct report *report, const char *name)
{
    open(report, name, false);
}

void report_begin_list(struct report *report, const char *name)
{
    open(report, name, true);
}

static void end_text(struct report *report)
{
    unsigned depth = report->depth;
    if (report->filled[depth - 1])
        return;
    if (line_is_open(report)) {
        text_put(report->out, TEXT(" none\n"));
    } else if (depth > 1) {
        if (!report->list[depth - 1]) {
            put_blanks(report->out, 2 * (depth - 2));
            text_put_char(report->out, '-');
        }
        text_put_char(report->out, '\n');
    }
}

static void end_json(struct report *report)
{
    unsigned depth = report->depth;
    if (report->filled[depth - 1]) {
        text_put_char(report->out, '\n');
        put_blanks(report->out, 2 * (depth - 1));
    }
    text_put_char(report->out, report->list[depth - 1] ? ']' : '}');
    if (depth == 1)
        text_put_char(report->out, '\n');
}

void report_end(struct report *report)
{
    if (report->depth == 0) {
        report->out->failed = true;
        return;
    }
    if (report->form == REPORT_JSON)
        end_json(report);
    else
        end_text(report);
    report->depth--;
}

/* ------------------------------------------------------------------ values */

void report_string(struct report *report, const char *name, struct text value)
{
    begin_value(report, name);
    if (report->form == REPORT_JSON)
        put_quoted(report->out, value);
    else
        put_escaped(report->out, REPORT_TEXT, value);
    end_value(report);
}

void report_number(struct report *report, const char *name, int64_t value)
{
    begin_value(report, name);
    text_printf(report->out, "%" PRId64, value);
    end_value(report);
}

void report_flag(struct report *report, const char *name, bool value)
{
    begin_value(report, name);
    if (report->form == REPORT_JSON)
        text_put_string(report->out, value ? "true" : "false");
    else
        text_put_string(report->out, value ? "yes" : "no");
    end_value(report);
}

void report_none(struct report *report, const char *name)
{
    begin_value(report, name);
    text_put_string(report->out, report->form == REPORT_JSON ? "null" : "-");
    end_value(report);
}

void report_format(struct report *report, const char *name, const char *format, ...)
{
    char buffer[SENTENCE_MAX];
    struct text_out sentence = text_out_on(buffer, sizeof buffer);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&sentence, format, arguments);
    va_end(arguments);
    report_string(report, name, text_out_text(&sentence));
}

void report_say(struct report *report, const char *format, ...)
{
    char buffer[SENTENCE_MAX];
    struct text_out sentence = text_out_on(buffer, sizeof buffer);
    va_list arguments;
    if (report->form == REPORT_JSON)
        return;
    va_start(arguments, format);
    text_vprintf(&sentence, format, arguments);
    va_end(arguments);
    begin_line(report);
    put_escaped(report->out, REPORT_TEXT, text_out_text(&sentence));
    text_put_char(report->out, '\n');
}

void report_place(struct report *report, const char *name, const struct place *place)
{
    if (place->source == NULL)
        report_string(report, name, TEXT("command line"));
    else if (place->line == 0)
        report_string(report, name, text_of(place->source));
    else
        report_format(report, name, "%s:%u", place->source, place->line);
}

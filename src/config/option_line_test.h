/* For tests of option rows: one table, one text read with it, and what came of that. */
#ifndef LINNET_CONFIG_OPTION_LINE_TEST_H
#define LINNET_CONFIG_OPTION_LINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "config/option.h"

#define LINE_PRINTED_MAX 16384

/* A claim about one line, or several with '\n' between them. */
struct line_row {
    const char *claim;
    const char *lines;
    const char *printed; /* expected: lines of options named in `lines`, NULL when it is refused */
    const char *compat;  /* refused: dnsmasq's words */
    const char *message; /* refused: some of ours */
};

static struct arena line_arena;
static struct option_errors line_errors;

static inline void line_read(const struct option_set *set, const char *lines)
{
    memset(&line_errors, 0, sizeof(line_errors));
    struct option_reader *reader = option_reader_create(set, &line_arena, &line_errors);
    assert_non_null(reader);
    (void)option_read_text(reader, "test.conf", text_of(lines));
    option_reader_free(reader);
}

/* What option_print_config says about the options that differ from `before`, which it says of
 * nothing read. Both are lists of lines in the same order. */
static inline void line_print(const struct option_set *set, const char *before, char *printed)
{
    static char all[LINE_PRINTED_MAX * 4];
    struct text_out out = text_out_on(all, sizeof(all));
    struct text_out kept = text_out_on(printed, LINE_PRINTED_MAX);
    option_print_config(set, &out);
    assert_false(out.failed);

    struct text rest = text_out_text(&out);
    struct text line;
    while (text_next_line(&rest, &line)) {
        char wanted[LINE_PRINTED_MAX];
        struct text_out whole = text_out_on(wanted, sizeof(wanted));
        text_printf(&whole, "\n%.*s\n", TEXT_ARG(line));
        if (strstr(before, wanted) != NULL || line.count == 0 || line.at[0] == '#')
            continue;
        if (kept.count > 0)
            text_put_char(&kept, '\n');
        text_put(&kept, line);
    }
    assert_false(kept.failed);
}

static inline void line_check_refused(const struct line_row *row)
{
    const struct option_error *error = &line_errors.errors[0];
    if (line_errors.count != 1)
        fail_msg("%s: %zu errors", row->claim, line_errors.count);
    if (row->compat != NULL && strcmp(error->compat, row->compat) != 0)
        fail_msg("%s: dnsmasq's words are \"%s\"", row->claim, error->compat);
    if (row->message != NULL && strstr(error->message, row->message) == NULL)
        fail_msg("%s: the message is \"%s\"", row->claim, error->message);
}

/* `reset` puts the part of the only table back to its defaults. */
static inline void line_check(const struct option_set *set, void (*reset)(void *part), void *part,
                              const struct line_row *row)
{
    static char before[LINE_PRINTED_MAX * 4];
    static char printed[LINE_PRINTED_MAX];
    static char again[LINE_PRINTED_MAX];
    struct text_out out = text_out_on(before, sizeof(before));

    arena_init(&line_arena, 16384, 64 << 20);
    reset(part);
    text_put_char(&out, '\n');
    option_print_config(set, &out);

    line_read(set, row->lines);
    if (row->printed == NULL) {
        line_check_refused(row);
        arena_free(&line_arena);
        return;
    }
    if (line_errors.count > 0)
        fail_msg("%s: refused: %s", row->claim, line_errors.errors[0].message);
    line_print(set, before, printed);
    if (strcmp(printed, row->printed) != 0)
        fail_msg("%s: printed \"%s\"", row->claim, printed);

    reset(part);
    line_read(set, printed);
    if (line_errors.count > 0)
        fail_msg("%s: what is printed cannot be read: %s", row->claim,
                 line_errors.errors[0].message);
    line_print(set, before, again);
    if (strcmp(printed, again) != 0)
        fail_msg("%s: printed, read and printed again: \"%s\"", row->claim, again);
    arena_free(&line_arena);
}

#endif

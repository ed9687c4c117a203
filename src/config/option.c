#include "config/option.h"

/* ------------------------------------------------------------------ finding rows */

const struct option *option_find(const struct option_set *set, struct text name,
                                 const struct option_table **table)
{
    for (size_t t = 0; t < set->count; t++) {
        const struct option_table *at = &set->tables[t];
        for (size_t i = 0; i < at->count; i++) {
            if (!text_equal(text_of(at->rows[i].name), name))
                continue;
            if (table != NULL)
                *table = at;
            return &at->rows[i];
        }
    }
    return NULL;
}

const struct option *option_find_letter(const struct option_set *set, char letter,
                                        const struct option_table **table)
{
    for (size_t t = 0; letter != 0 && t < set->count; t++) {
        const struct option_table *at = &set->tables[t];
        for (size_t i = 0; i < at->count; i++) {
            if (at->rows[i].letter != letter)
                continue;
            if (table != NULL)
                *table = at;
            return &at->rows[i];
        }
    }
    return NULL;
}

/* Mistakes we allow for: one in a short name, three in a long one. */
static unsigned distance_allowed(struct text name)
{
    return name.count < 5 ? 1 : name.count < 9 ? 2 : 3;
}

/* How far a name is from what was written; more than `limit` when too far. Wrong case and a name
 * cut short are nearer than any typing mistake. */
static unsigned distance(struct text written, struct text name, unsigned limit)
{
    if (text_equal_nocase(written, name))
        return 0;
    if (written.count >= 3 && text_starts(name, written))
        return 1;
    unsigned typed = text_distance(written, name, limit);
    return typed == 0 ? 0 : typed + 1;
}

const char *option_suggest(const struct option_set *set, struct text name)
{
    unsigned limit = distance_allowed(name);
    unsigned best = limit + 2;
    const char *nearest = NULL;

    for (size_t t = 0; t < set->count; t++) {
        for (size_t i = 0; i < set->tables[t].count; i++) {
            const char *candidate = set->tables[t].rows[i].name;
            unsigned far = distance(name, text_of(candidate), limit);
            if (far < best) {
                best = far;
                nearest = candidate;
            }
        }
    }
    return nearest;
}

/* ------------------------------------------------------------------ recording errors */

#define MESSAGE_MAX 1024

/* For errors about memory there may be none left to say so. */
static const char *keep(struct arena *arena, struct text text)
{
    const char *kept = arena_string(arena, text);
    return kept != NULL ? kept : "out of memory";
}

PRINTF_LIKE(4, 0)
static enum status record(struct option_errors *errors, struct arena *arena,
                          struct option_error error, const char *format, va_list arguments)
{
    if (errors->count == OPTION_ERRORS_MAX) {
        errors->dropped++;
        return STATUS_MALFORMED;
    }

    char message[MESSAGE_MAX];
    struct text_out out = text_out_on(message, sizeof message);
    text_vprintf(&out, format, arguments);
    error.message = keep(arena, text_out_text(&out));

    if (error.compat == NULL)
        error.compat = error.place.source != NULL ? "error" : "try --help";
    error.compat = keep(arena, text_of(error.compat));
    if (error.line_text != NULL)
        error.line_text = keep(arena, text_of(error.line_text));
    errors->errors[errors->count++] = error;
    return STATUS_MALFORMED;
}

/* The column in line_text of a character of the value; 0 when it is none of them. */
static unsigned column_of(const struct option_context *context, struct text where)
{
    if (where.at == NULL || context->decoded == NULL)
        return 0;
    /* As numbers: `where` may point into something else altogether. */
    uintptr_t at = (uintptr_t)where.at;
    uintptr_t first = (uintptr_t)context->decoded;
    if (at < first || at - first > context->decoded_count)
        return 0;
    size_t index = (size_t)(at - first);
    if (context->columns != NULL)
        return context->columns[index];
    return context->value_column != 0 ? context->value_column + (unsigned)index : 0;
}

/* The line as written; where only the value is known, that. */
static const char *line_of(const struct option_context *context)
{
    if (context->line_text != NULL || context->decoded == NULL)
        return context->line_text;
    return keep(context->arena, (struct text){ context->decoded, context->decoded_count });
}

enum status option_fail(struct option_context *context, struct text where, const char *compat,
                        const char *format, ...)
{
    struct option_error error = {
        .place = context->place,
        .column = column_of(context, where),
        .line_text = line_of(context),
        .option = context->option != NULL ? context->option->name : NULL,
        .compat = compat,
        .exit_code = 1,
    };
    va_list arguments;
    va_start(arguments, format);
    enum status status = record(context->errors, context->arena, error, format, arguments);
    va_end(arguments);
    return status;
}

enum status option_fail_at(struct option_errors *errors, struct arena *arena, struct place place,
                           const char *compat, const char *format, ...)
{
    struct option_error error = { .place = place, .compat = compat, .exit_code = 1 };
    va_list arguments;
    va_start(arguments, format);
    enum status status = record(errors, arena, error, format, arguments);
    va_end(arguments);
    return status;
}

enum status option_fail_whole(struct option_errors *errors, struct arena *arena, struct place place,
                              int exit_code, const char *compat, const char *format, ...)
{
    struct option_error error = {
        .place = place,
        .compat = compat,
        .exit_code = exit_code,
        .compat_whole = true,
    };
    va_list arguments;
    va_start(arguments, format);
    enum status status = record(errors, arena, error, format, arguments);
    va_end(arguments);
    return status;
}

/* ------------------------------------------------------------------ config memory */

static void fail_memory(struct option_context *context)
{
    (void)option_fail_whole(context->errors, context->arena, context->place, 4,
                            "could not get memory", "out of memory");
}

void *option_append(struct option_context *context, void *items, size_t *count, size_t *room,
                    size_t size)
{
    char *array;
    memcpy(&array, items, sizeof array);

    if (*count == *room) {
        size_t larger_room = *room > 0 ? *room * 2 : 4;
        char *larger = arena_take_array(context->arena, larger_room, size);
        if (larger == NULL) {
            fail_memory(context);
            return NULL;
        }
        if (*count > 0)
            memcpy(larger, array, *count * size);
        array = larger;
        memcpy(items, &array, sizeof array);
        *room = larger_room;
    }
    void *element = array + *count * size;
    memset(element, 0, size);
    ++*count;
    return element;
}

const char *option_string(struct option_context *context, struct text text)
{
    const char *string = arena_string(context->arena, text);
    if (string == NULL)
        fail_memory(context);
    return string;
}

/* ------------------------------------------------------------------ showing errors */

#define SHOWN_MAX    160 /* bytes of a long line that are shown */
#define SHOWN_BEFORE 100 /* of those, at most so many before the caret */

/* What stands in a file must not reach a terminal as control characters. */
static void put_visible(struct text_out *out, struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        unsigned char c = (unsigned char)text.at[i];
        text_put_char(out, c == '\t' ? ' ' : c < 0x20 || c == 0x7f ? '?' : (char)c);
    }
}

/* Second and later bytes of a UTF-8 character take no room on the screen. */
static bool is_continuation(char c)
{
    return ((unsigned char)c & 0xC0) == 0x80;
}

/* The line, or the part of a long one around the column, and a caret below the column. */
static void put_line(struct text_out *out, struct text line, unsigned column)
{
    size_t first = 0;
    size_t caret = column > 0 ? column - 1 : 0;
    const char *before = "";

    while (first < line.count && (column == 0 || first < caret)
           && (line.at[first] == ' ' || line.at[first] == '\t'))
        first++;
    if (caret > first + SHOWN_BEFORE) {
        first = caret - SHOWN_BEFORE;
        before = "...";
    }
    while (first < line.count && is_continuation(line.at[first]))
        first++;
    size_t end = line.count - first > SHOWN_MAX ? first + SHOWN_MAX : line.count;
    while (end < line.count && is_continuation(line.at[end]))
        end++;

    text_printf(out, "    %s", before);
    put_visible(out, text_part(line, first, end - first));
    text_put_string(out, end < line.count ? "...\n" : "\n");
    if (column == 0)
        return;

    text_printf(out, "    %*s", (int)strlen(before), "");
    for (size_t i = first; i < caret; i++) {
        if (i >= line.count || !is_continuation(line.at[i]))
            text_put_char(out, ' ');
    }
    text_put_string(out, "^\n");
}

/* "office.conf:14:37: ", "command line: " or, for what has no place at all, "linnet: ". */
static void put_place(struct text_out *out, const struct option_error *error, const char *program)
{
    if (error->place.source == NULL) {
        bool nowhere = error->compat_whole && error->line_text == NULL;
        text_printf(out, "%s: ", nowhere ? program : "command line");
        return;
    }
    put_visible(out, text_of(error->place.source));
    if (error->place.line > 0)
        text_printf(out, ":%u", error->place.line);
    if (error->column > 0)
        text_printf(out, ":%u", error->column);
    text_put_string(out, ": ");
}

static void put_error(struct text_out *out, const struct option_error *error, const char *program)
{
    put_place(out, error, program);
    if (error->option != NULL)
        text_printf(out, "%s%s: ", error->place.source == NULL ? "--" : "", error->option);
    put_visible(out, text_of(error->message));
    text_put_char(out, '\n');
    if (error->line_text != NULL)
        put_line(out, text_of(error->line_text), error->column);
}

static void put_compat_error(struct text_out *out, const struct option_error *error,
                             const char *compat_name)
{
    text_printf(out, "\n%s: ", compat_name);
    struct text source = text_of(error->place.source);

    if (!error->compat_whole && source.at == NULL)
        text_put_string(out, "bad command line options: ");
    put_visible(out, text_of(error->compat));
    if (!error->compat_whole && text_starts(source, TEXT(OPTION_OUTPUT_OF))) {
        text_put_string(out, " in output from ");
        put_visible(out, text_after(source, sizeof OPTION_OUTPUT_OF - 1));
    } else if (!error->compat_whole && source.at != NULL) {
        text_printf(out, " at line %u of ", error->place.line);
        put_visible(out, source);
    }
    text_put_char(out, '\n');
}

int option_print_errors(const struct option_errors *errors, const char *program,
                        const char *compat_name, struct text_out *out)
{
    for (size_t i = 0; i < errors->count; i++) {
        const struct option_error *error = &errors->errors[i];
        if (compat_name != NULL)
            put_compat_error(out, error, compat_name);
        /* "cannot read F: reason" is all there is to say, and one line says it. */
        if (compat_name == NULL || error->line_text != NULL
            || strcmp(error->message, error->compat) != 0)
            put_error(out, error, program);
    }
    if (errors->dropped > 0)
        text_printf(out, "%s: and %zu more errors\n", program, errors->dropped);
    return errors->count > 0 ? errors->errors[0].exit_code : 0;
}

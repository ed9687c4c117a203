#include "config/option.h"

#include <stdlib.h>

#include "config/option_reader.h"

/* ------------------------------------------------------------------ the reader */

static int compare_known(const void *a, const void *b)
{
    const struct known_option *first = a;
    const struct known_option *second = b;
    return strcmp(first->row->name, second->row->name);
}

static void gather_known(struct option_reader *reader)
{
    const struct option_set *set = reader->set;
    size_t at = 0;

    for (size_t t = 0; t < set->count; t++) {
        for (size_t i = 0; i < set->tables[t].count; i++) {
            reader->known[at++] = (struct known_option){
                .row = &set->tables[t].rows[i],
                .table = &set->tables[t],
            };
        }
    }
    qsort(reader->known, reader->known_count, sizeof reader->known[0], compare_known);
    for (size_t i = 1; i < reader->known_count; i++)
        assert(compare_known(&reader->known[i - 1], &reader->known[i]) != 0);
}

struct option_reader *option_reader_create(const struct option_set *set, struct arena *arena,
                                           struct option_errors *errors)
{
    size_t count = 0;
    for (size_t t = 0; t < set->count; t++)
        count += set->tables[t].count;

    struct option_reader *reader = calloc(1, sizeof *reader);
    if (reader == NULL)
        return NULL;
    *reader = (struct option_reader){
        .set = set,
        .arena = arena,
        .errors = errors,
        .known = calloc(count + 1, sizeof(struct known_option)),
        .known_count = count,
    };
    if (reader->known == NULL) {
        free(reader);
        return NULL;
    }
    gather_known(reader);
    return reader;
}

void option_reader_free(struct option_reader *reader)
{
    if (reader == NULL)
        return;
    free(reader->known);
    free(reader);
}

void option_reader_read_again(struct option_reader *reader, const char *folder,
                              const atomic_bool *stop)
{
    reader->again = true;
    reader->folder = folder;
    reader->stop = stop;
}

const struct option_requests *option_reader_requests(const struct option_reader *reader)
{
    return &reader->requests;
}

static int compare_name(const void *name, const void *known)
{
    const struct known_option *candidate = known;
    return text_compare(*(const struct text *)name, text_of(candidate->row->name));
}

struct known_option *option_reader_find(struct option_reader *reader, struct text name)
{
    struct known_option *last = reader->last;
    if (last != NULL && name.count == reader->last_count
        && memcmp(name.at, last->row->name, name.count) == 0)
        return last;
    last =
        bsearch(&name, reader->known, reader->known_count, sizeof reader->known[0], compare_name);
    if (last != NULL && name.count > 0) {
        reader->last = last;
        reader->last_count = name.count;
    }
    return last;
}

struct option_reading option_reading_at(struct option_reader *reader, enum option_source source,
                                        struct place place)
{
    return (struct option_reading){
        .context = { .arena = reader->arena, .errors = reader->errors, .place = place },
        .reader = reader,
        .source = source,
    };
}

/* ------------------------------------------------------------------ a value into a field */

static void *field_of(const struct option_context *context)
{
    return (char *)context->part + context->option->field;
}

static enum status read_number(struct option_context *context, struct text text)
{
    const struct option *row = context->option;
    uint64_t max = row->max;
    if (row->max == 0 && row->kind == OPTION_SECONDS)
        max = UINT32_MAX;
    assert(max <= UINT32_MAX);

    uint64_t number = 0;
    enum status status = text_is_empty(text) ? STATUS_OK : text_to_u64(text, max, &number);
    if (status == STATUS_MALFORMED)
        return option_fail(context, text, NULL, "\"%.*s\" is not a %s", TEXT_ARG(text),
                           row->kind == OPTION_SECONDS ? "number of seconds" : "number");
    if (status != STATUS_OK)
        return option_fail(context, text, NULL, "%.*s is more than %llu", TEXT_ARG(text),
                           (unsigned long long)max);
    if (number < row->min)
        return option_fail(context, text, NULL, "%llu is less than %llu",
                           (unsigned long long)number, (unsigned long long)row->min);

    *(uint32_t *)field_of(context) = (uint32_t)number;
    return STATUS_OK;
}

static enum status read_text_list(struct option_context *context, struct text text)
{
    if (text_is_empty(text))
        return STATUS_OK;
    const char *string = option_string(context, text);
    if (string == NULL)
        return STATUS_NO_MEMORY;

    struct option_texts *list = field_of(context);
    const char **element =
        option_append(context, &list->at, &list->count, &list->room, sizeof(const char *));
    if (element == NULL)
        return STATUS_NO_MEMORY;
    *element = string;
    return STATUS_OK;
}

static void set_flag(struct option_context *context)
{
    const struct option *row = context->option;
    bool *flag = field_of(context);

    if (row->place_field != 0 && !*flag)
        memcpy((char *)context->part + row->place_field - 1, &context->place,
               sizeof(context->place));
    *flag = true;
}

static enum status read_field(struct option_context *context, struct value value)
{
    const struct option *row = context->option;
    if (row->read != NULL)
        return row->read(context, value);

    switch ((enum option_kind)row->kind) {
    case OPTION_FLAG:
        set_flag(context);
        return STATUS_OK;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
        /* "log-async" and "log-async=" leave the default. */
        if (row->value_optional && text_is_empty(value.text))
            return STATUS_OK;
        return read_number(context, value.text);
    case OPTION_TEXT: {
        const char *string = option_string(context, value.text);
        if (string == NULL)
            return STATUS_NO_MEMORY;
        *(const char **)field_of(context) = string;
        return STATUS_OK;
    }
    case OPTION_TEXT_LIST:
        return read_text_list(context, value.text);
    case OPTION_STRUCTURED:
        break;
    }
    return option_fail(context, TEXT_NONE, NULL, "has no reader");
}

/* Is this a row that this program can act on? */
static enum status check_built(struct option_context *context)
{
    const struct option *row = context->option;

    switch ((enum option_state)row->state) {
    case OPTION_BUILT:
        return STATUS_OK;
    case OPTION_NOT_BUILT:
        return option_fail(context, TEXT_NONE, "unsupported option", "not built yet");
    case OPTION_NO_FEATURE:
        break;
    }
    return option_fail(context, TEXT_NONE, "unsupported option", "this linnet was built without %s",
                       row->feature != NULL ? row->feature : "it");
}

static enum status check_value_given(struct option_reading *reading, struct value value)
{
    struct option_context *context = &reading->context;
    const struct option *row = context->option;
    bool from_file = reading->source == OPTION_FROM_FILE;
    bool given = value.text.at != NULL;

    if (row->kind == OPTION_FLAG && given)
        return option_fail(context, value.text, from_file ? "extraneous parameter" : NULL,
                           "takes no value");
    if (row->kind != OPTION_FLAG && !row->value_optional && !given)
        return option_fail(context, TEXT_NONE, from_file ? "missing parameter" : NULL,
                           "needs a value: %s=%s", row->name, row->shape != NULL ? row->shape : "");
    return STATUS_OK;
}

static enum status check_once(struct option_reading *reading, struct known_option *known)
{
    struct option_context *context = &reading->context;
    enum option_source source = reading->source;

    if (!known->row->once || !known->seen[source]) {
        known->seen[source] = true;
        known->first[source] = context->place;
        return STATUS_OK;
    }
    if (source == OPTION_FROM_COMMAND_LINE)
        return option_fail(context, TEXT_NONE, "illegal repeated flag", "may be given only once");
    const struct place *first = &known->first[source];
    return option_fail(context, TEXT_NONE, "illegal repeated keyword",
                       "may be given only once; it is in %s, line %u, already", first->source,
                       first->line);
}

enum status option_reading_take(struct option_reading *reading, struct known_option *known,
                                struct value value)
{
    struct option_context *context = &reading->context;
    const struct option *row = known->row;
    context->option = row;
    context->part = known->table->part;

    enum status status = check_built(context);
    if (status == STATUS_OK)
        status = check_value_given(reading, value);
    if (status == STATUS_OK)
        status = check_once(reading, known);
    if (status != STATUS_OK)
        return status;

    bool from_file = reading->source == OPTION_FROM_FILE;
    if (row->command_line_only && from_file)
        return STATUS_OK;
    /* What a file says once holds, even when the file (a conf-dir among the arguments) came first.
     */
    if (row->once && !from_file && known->seen[OPTION_FROM_FILE])
        return STATUS_OK;

    status = read_field(context, value);
    if (status == STATUS_OK && row->present_field != 0)
        *(bool *)((char *)context->part + row->present_field - 1) = true;
    return status;
}

/* ------------------------------------------------------------------ a line */

static enum status fail_unknown(struct option_reading *reading, struct text name)
{
    struct option_context *context = &reading->context;
    struct text marks = TEXT("\xEF\xBB\xBF");

    if (text_starts(name, marks))
        return option_fail(context, name, "bad option",
                           "the file begins with a byte order mark; save it without one");
    if (text_starts(name, TEXT("--")) && option_reader_find(reading->reader, text_after(name, 2)))
        return option_fail(context, name, "bad option", "in a file it is \"%.*s\", without \"--\"",
                           TEXT_ARG(text_after(name, 2)));
    if (text_is_empty(name))
        return option_fail(context, name, "bad option", "there is no option before the \"=\"");

    const char *near = option_suggest(reading->reader->set, name);
    if (near == NULL)
        return option_fail(context, name, "bad option", "unknown option \"%.*s\"", TEXT_ARG(name));
    return option_fail(context, name, "bad option", "unknown option \"%.*s\"; did you mean %s?",
                       TEXT_ARG(name), near);
}

/* A line that could not even be taken apart. */
static void fail_line(struct option_reading *reading, enum status status, unsigned bad_column)
{
    struct option_context *context = &reading->context;
    static const uint8_t nothing[1];
    /* Nothing was decoded; one empty value stands for the bad column. */
    struct text where = bad_column != 0 ? (struct text){ (const char *)nothing, 0 } : TEXT_NONE;
    context->decoded = where.at;
    context->value_column = bad_column;

    if (status == STATUS_TRUNCATED)
        (void)option_fail(context, where, "missing \"", "this quote is never closed");
    else if (status == STATUS_RANGE)
        (void)option_fail(context, where, NULL, "the line is longer than %d bytes",
                          CONFIG_LINE_MAX);
    else
        (void)option_fail(context, where, NULL, "a NUL byte in the line");
}

static void read_line(struct option_reading *reading, const struct config_line *line)
{
    struct option_context *context = &reading->context;
    context->decoded = line->decoded;
    context->decoded_count = line->decoded_count;
    context->columns = line->columns;
    context->value_column = 1; /* without columns the line is as written */

    struct known_option *known = option_reader_find(reading->reader, line->name.text);
    if (known == NULL)
        (void)fail_unknown(reading, line->name.text);
    else
        (void)option_reading_take(reading, known, line->value);
}

static enum status fail_memory(struct option_reader *reader, const char *source)
{
    return option_fail_whole(reader->errors, reader->arena, (struct place){ source, 0 }, 4,
                             "could not get memory", "out of memory");
}

enum status option_read_lines(struct option_reader *reader, const char *source,
                              struct config_lines *lines)
{
    size_t errors_before = option_errors_total(reader->errors);
    struct config_line line;
    enum status status;

    while ((status = config_lines_next(lines, &line)) != STATUS_NOT_FOUND) {
        struct place place = { source, line.number };
        struct option_reading reading = option_reading_at(reader, OPTION_FROM_FILE, place);
        reading.context.line_text = line.written;
        if (status == STATUS_NO_MEMORY)
            return fail_memory(reader, source);
        if (status == STATUS_OK)
            read_line(&reading, &line);
        else
            fail_line(&reading, status, line.bad_column);
    }
    return option_errors_since(reader->errors, errors_before);
}

enum status option_read_lines_of(struct option_reader *reader, const char *source, struct text text)
{
    struct config_lines lines;
    enum status status = config_lines_init(&lines, text);
    status = status == STATUS_OK ? option_read_lines(reader, source, &lines)
                                 : fail_memory(reader, source);
    config_lines_free(&lines);
    return status;
}

enum status option_read_text(struct option_reader *reader, const char *source, struct text text)
{
    const char *kept = arena_string(reader->arena, text_of(source));
    if (kept == NULL)
        return option_fail_whole(reader->errors, reader->arena, (struct place){ NULL, 0 }, 4,
                                 "could not get memory", "out of memory");
    return option_read_lines_of(reader, kept, text);
}

enum status option_read_value(struct option_reader *reader, const char *name, struct value value,
                              struct place place)
{
    struct known_option *known = option_reader_find(reader, text_of(name));
    if (known == NULL)
        return STATUS_NOT_FOUND;

    enum option_source source = place.source != NULL ? OPTION_FROM_FILE : OPTION_FROM_COMMAND_LINE;
    struct option_reading reading = option_reading_at(reader, source, place);
    struct option_context *context = &reading.context;
    context->part = known->table->part;
    context->option = known->row;
    context->decoded = value.text.at;
    context->decoded_count = value.text.count;
    context->value_column = 1; /* the value is the line */

    enum status status = check_built(context);
    if (status == STATUS_OK)
        status = check_value_given(&reading, value);
    if (status == STATUS_OK)
        status = read_field(context, value);
    return status;
}

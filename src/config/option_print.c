#include "config/option.h"

/* ------------------------------------------------------------------ for the rows' printers */

static void put_name(struct option_printer *printer)
{
    text_printf(printer->out, "%s%s", printer->as_arguments ? "--" : "", printer->option->name);
}

void option_print_value(struct option_printer *printer, const char *format, ...)
{
    va_list arguments;

    put_name(printer);
    text_put_char(printer->out, '=');
    va_start(arguments, format);
    text_vprintf(printer->out, format, arguments);
    va_end(arguments);
    text_put_char(printer->out, '\n');
}

void option_print_flag(struct option_printer *printer)
{
    put_name(printer);
    text_put_char(printer->out, '\n');
}

/* ------------------------------------------------------------------ quoting */

/* The letter that stands for a character in quotes, or 0 when it stands for itself. */
static char escape_letter(char c)
{
    switch (c) {
    case '\\':
    case '"':
        return c;
    case '\t':
        return 't';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\b':
        return 'b';
    case '\033':
        return 'e';
    default:
        return 0;
    }
}

/* Separators of the values of some option, blanks, and what opens a quote or a comment. A backslash
 * alone means itself outside quotes. */
static bool needs_quotes(struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        unsigned char c = (unsigned char)text.at[i];
        if (c <= ' ' || c == 0x7f || strchr(",:#\"", c) != NULL)
            return true;
    }
    return false;
}

void option_put_in_quotes(struct text_out *out, struct text text)
{
    text_put_char(out, '"');
    for (size_t i = 0; i < text.count; i++) {
        char letter = escape_letter(text.at[i]);
        if (letter != 0)
            text_put_char(out, '\\');
        text_put_char(out, letter != 0 ? letter : text.at[i]);
    }
    text_put_char(out, '"');
}

void option_put_quoted(struct text_out *out, struct text text)
{
    if (needs_quotes(text))
        option_put_in_quotes(out, text);
    else
        text_put(out, text);
}

/* ------------------------------------------------------------------ the whole configuration */

void option_put_whole(struct text_out *out, struct text text)
{
    bool blank_at_end = text.count > 0 && (text.at[0] == ' ' || text.at[text.count - 1] == ' ');

    for (size_t i = 0; i < text.count; i++) {
        unsigned char c = (unsigned char)text.at[i];
        bool comment = c == '#' && (i == 0 || text.at[i - 1] == ' ');
        if (c < ' ' || c == '"' || comment || blank_at_end) {
            option_put_in_quotes(out, text);
            return;
        }
    }
    text_put(out, text);
}

static void print_text(struct option_printer *printer, const char *string)
{
    put_name(printer);
    text_put_char(printer->out, '=');
    option_put_whole(printer->out, text_of(string));
    text_put_char(printer->out, '\n');
}

static void print_number(struct option_printer *printer, uint32_t number)
{
    const struct option *row = printer->option;
    uint64_t max = row->max == 0 && row->kind == OPTION_SECONDS ? UINT32_MAX : row->max;

    /* Outside its limits is a part's own mark for "not given". */
    if (number >= row->min && number <= max)
        option_print_value(printer, "%u", (unsigned)number);
}

static void print_texts(struct option_printer *printer, const struct option_texts *texts)
{
    for (size_t i = 0; i < texts->count; i++)
        print_text(printer, texts->at[i]);
    /* Given, but empty: "resolv-file=" asks for no file. */
    if (texts->count == 0 && printer->option->present_field != 0)
        print_text(printer, "");
}

static void print_row(struct option_printer *printer, const void *part)
{
    const struct option *row = printer->option;
    const char *base = part;

    if (row->print != NULL) {
        row->print(part, printer);
        return;
    }
    if (row->kind == OPTION_STRUCTURED || row->read != NULL)
        return;
    if (row->present_field != 0 && !*(const bool *)(base + row->present_field - 1))
        return;

    const void *field = base + row->field;
    switch ((enum option_kind)row->kind) {
    case OPTION_FLAG:
        if (*(const bool *)field)
            option_print_flag(printer);
        break;
    case OPTION_NUMBER:
    case OPTION_SECONDS:
        print_number(printer, *(const uint32_t *)field);
        break;
    case OPTION_TEXT:
        if (*(const char *const *)field != NULL)
            print_text(printer, *(const char *const *)field);
        break;
    case OPTION_TEXT_LIST:
        print_texts(printer, field);
        break;
    case OPTION_STRUCTURED:
        break;
    }
}

static bool prints_itself(const struct option *row)
{
    return row->print != NULL || row->read != NULL || row->kind == OPTION_STRUCTURED;
}

/* A synonym: an earlier row prints the same field. */
static bool is_printed_before(const struct option_table *table, size_t index)
{
    const struct option *row = &table->rows[index];

    for (size_t i = 0; !prints_itself(row) && i < index; i++) {
        const struct option *earlier = &table->rows[i];
        if (!prints_itself(earlier) && earlier->kind == row->kind && earlier->field == row->field
            && earlier->state == OPTION_BUILT)
            return true;
    }
    return false;
}

void option_print_row(const struct option_table *table, size_t index, struct text_out *out)
{
    const struct option *row = &table->rows[index];
    struct option_printer printer = { .out = out, .option = row };

    if (table->part != NULL && row->state == OPTION_BUILT && !row->command_line_only
        && !is_printed_before(table, index))
        print_row(&printer, table->part);
}

void option_print_config(const struct option_set *set, struct text_out *out)
{
    for (size_t t = 0; t < set->count; t++) {
        for (size_t i = 0; i < set->tables[t].count; i++)
            option_print_row(&set->tables[t], i, out);
    }
}

#include "config/option.h"

/* ------------------------------------------------------------------ walking the rows */

struct row_place {
    size_t table;
    size_t index;
};

/* The next row of all tables; NULL at the end. Start with a zeroed place. */
static const struct option *next_row(const struct option_set *set, struct row_place *place)
{
    while (place->table < set->count) {
        const struct option_table *table = &set->tables[place->table];
        if (place->index < table->count)
            return &table->rows[place->index++];
        place->table++;
        place->index = 0;
    }
    return NULL;
}

static struct text area_of(const struct option *row)
{
    return row->area != NULL ? text_of(row->area) : TEXT("other");
}

/* Names of areas in the order they first appear. */
#define AREAS_MAX 32
struct areas {
    struct text names[AREAS_MAX];
    size_t count;
};

static struct areas gather_areas(const struct option_set *set)
{
    struct areas areas = { .count = 0 };
    struct row_place place = { 0 };

    for (const struct option *row; (row = next_row(set, &place)) != NULL;) {
        struct text area = area_of(row);
        size_t i = 0;
        while (i < areas.count && !text_equal(areas.names[i], area))
            i++;
        if (i == areas.count && areas.count < AREAS_MAX)
            areas.names[areas.count++] = area;
    }
    return areas;
}

static const char *title_of(struct text area)
{
    static const struct {
        const char *area;
        const char *title;
    } titles[] = {
        { "process", "Process and listening" },
        { "log", "Logging" },
        { "dns", "DNS" },
        { "cache", "DNS cache" },
        { "upstream", "Upstream servers" },
        { "records", "Local DNS records" },
        { "auth", "Authoritative DNS" },
        { "dnssec", "DNSSEC" },
        { "dhcp", "DHCP" },
        { "dhcp4", "DHCP" },
        { "dhcp6", "DHCPv6" },
        { "ra", "Router advertisements" },
        { "pxe", "Network boot" },
        { "tftp", "TFTP" },
        { "script", "Lease scripts" },
        { "firewall", "Firewall sets and marks" },
    };
    for (size_t i = 0; i < COUNT_OF(titles); i++) {
        if (text_equal(text_of(titles[i].area), area))
            return titles[i].title;
    }
    return NULL;
}

static void put_title(struct text_out *out, struct text area)
{
    const char *title = title_of(area);
    if (title != NULL)
        text_put_string(out, title);
    else
        text_put(out, area);
}

static bool has_value(const struct option *row)
{
    return row->kind != OPTION_FLAG;
}

/* Brackets around the whole shape: the bracket that opens it closes at its end. */
static bool is_bracketed(struct text shape)
{
    size_t depth = 0;

    for (size_t i = 0; i < shape.count; i++) {
        if (shape.at[i] == '[')
            depth++;
        else if (shape.at[i] == ']' && depth > 0)
            depth--;
        if (depth == 0)
            return i > 0 && i + 1 == shape.count;
    }
    return false;
}

/* A row with an optional value may say so in its shape; the brackets are put around "=" and all. */
static struct text shape_of(const struct option *row)
{
    struct text shape = text_of(row->shape);

    if (text_is_empty(shape))
        return TEXT("<value>");
    return row->value_optional && is_bracketed(shape) ? text_part(shape, 1, shape.count - 2)
                                                      : shape;
}

/* What the reader should know before relying on it; "" when it works. */
static void put_state(struct text_out *out, const struct option *row)
{
    if (row->state == OPTION_NOT_BUILT)
        text_put_string(out, " (not built yet)");
    else if (row->state == OPTION_NO_FEATURE || row->feature != NULL)
        text_printf(out, " (this build is without %s)", row->feature != NULL ? row->feature : "it");
}

/* ------------------------------------------------------------------ --help */

#define HELP_COLUMN 55

static void put_help_line(struct text_out *out, const struct option *row)
{
    size_t start = out->count;

    if (row->letter != 0)
        text_printf(out, "-%c, ", row->letter);
    else
        text_put_string(out, "    ");
    text_printf(out, "--%s", row->name);
    if (has_value(row))
        text_printf(out, row->value_optional ? "[=%.*s]" : "=%.*s", TEXT_ARG(shape_of(row)));
    size_t width = out->count - start;
    text_printf(out, "%*s", width + 2 > HELP_COLUMN ? 2 : (int)(HELP_COLUMN - width), "");
    text_put_string(out, row->help != NULL ? row->help : "");
    put_state(out, row);
    text_put_char(out, '\n');
}

void option_print_help(const struct option_set *set, const char *program, bool compat,
                       struct text_out *out)
{
    struct row_place place = { 0 };

    text_printf(out, "Usage: %s [options]\n\nValid options are:\n", program);
    if (compat) {
        for (const struct option *row; (row = next_row(set, &place)) != NULL;)
            put_help_line(out, row);
        return;
    }

    struct areas areas = gather_areas(set);
    for (size_t i = 0; i < areas.count; i++) {
        text_put_char(out, '\n');
        put_title(out, areas.names[i]);
        text_put_string(out, ":\n");
        place = (struct row_place){ 0 };
        for (const struct option *row; (row = next_row(set, &place)) != NULL;) {
            if (text_equal(area_of(row), areas.names[i]))
                put_help_line(out, row);
        }
    }
}

/* ------------------------------------------------------------------ the manual */

/* Text that roff takes as it is: no escapes, no quotes that end an argument, and nothing at the
 * start of a line that makes it a request. */
static void put_roff(struct text_out *out, struct text text)
{
    if (text.count > 0 && (text.at[0] == '.' || text.at[0] == '\''))
        text_put_string(out, "\\&");
    for (size_t i = 0; i < text.count; i++) {
        char c = text.at[i];
        if (c == '\\')
            text_put_string(out, "\\e");
        else if (c == '"')
            text_put_string(out, "\\(dq");
        else if (c == '-')
            text_put_string(out, "\\-");
        else
            text_put_char(out, c == '\n' ? ' ' : c);
    }
}

/* A paragraph, every sentence on a line of its own, as roff wants to know where they end. */
static void put_sentences(struct text_out *out, struct text text)
{
    size_t first = 0;

    for (size_t i = 0; i + 1 < text.count; i++) {
        if (text.at[i] != '.' || text.at[i + 1] != ' ')
            continue;
        put_roff(out, text_part(text, first, i + 1 - first));
        text_put_char(out, '\n');
        first = i + 2;
    }
    put_roff(out, text_after(text, first));
    text_put_char(out, '\n');
}

static void put_manual_tag(struct text_out *out, const struct option *row)
{
    text_put_string(out, ".It Cm \"");
    put_roff(out, text_of(row->name));
    text_put_char(out, '"');
    if (has_value(row)) {
        text_put_string(out, row->value_optional ? " Ns \"[=" : " Ns \"=");
        put_roff(out, shape_of(row));
        text_put_string(out, row->value_optional ? "]\"" : "\"");
    }
    text_put_char(out, '\n');
}

static void put_manual_row(struct text_out *out, const struct option *row)
{
    put_manual_tag(out, row);
    put_roff(out, text_of(row->help != NULL ? row->help : row->name));
    put_state(out, row);
    text_put_string(out, ".\n");
    if (row->doc != NULL)
        put_sentences(out, text_of(row->doc));
    if (row->letter != 0)
        text_printf(out, "On the command line also\n.Fl %c .\n", row->letter);
    if (row->command_line_only)
        text_put_string(out, "In a file it has no effect.\n");
    if (row->once)
        text_put_string(out, "It may be given only once.\n");
    if (row->at_start)
        text_put_string(out, "A change takes effect at the next start.\n");
    if (row->examples == NULL)
        return;
    text_put_string(out, ".Bd -literal -offset indent\n");
    for (const char *const *example = row->examples; *example != NULL; example++) {
        put_roff(out, text_of(*example));
        text_put_char(out, '\n');
    }
    text_put_string(out, ".Ed\n");
}

void option_print_manual(const struct option_set *set, struct text_out *out)
{
    struct areas areas = gather_areas(set);

    for (size_t i = 0; i < areas.count; i++) {
        struct row_place place = { 0 };
        text_put_string(out, ".Ss ");
        put_title(out, areas.names[i]);
        text_put_string(out, "\n.Bl -tag -width Ds\n");
        for (const struct option *row; (row = next_row(set, &place)) != NULL;) {
            if (text_equal(area_of(row), areas.names[i]))
                put_manual_row(out, row);
        }
        text_put_string(out, ".El\n");
    }
}

/* ------------------------------------------------------------------ completion */

static bool contains(struct text text, struct text part)
{
    for (size_t i = 0; i + part.count <= text.count; i++) {
        if (text_starts(text_after(text, i), part))
            return true;
    }
    return false;
}

static bool names_a_file(const struct option *row)
{
    static const char *const words[] = { "path", "file", "folder", "dir" };

    for (size_t i = 0; has_value(row) && i < COUNT_OF(words); i++) {
        if (contains(shape_of(row), text_of(words[i])))
            return true;
    }
    return false;
}

/* The program's name as part of a shell function's name. */
static void put_function_name(struct text_out *out, const char *program)
{
    text_put_char(out, '_');
    for (; *program != '\0'; program++) {
        char c = text_fold(*program);
        bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        text_put_char(out, is_word ? *program : '_');
    }
}

/* In single quotes for a shell. `also` are characters the place gives a meaning to; they get a
 * backslash. */
static void put_shell(struct text_out *out, struct text text, const char *also)
{
    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] == '\'')
            text_put_string(out, "'\\''");
        else if (strchr(also, text.at[i]) != NULL)
            text_printf(out, "\\%c", text.at[i]);
        else
            text_put_char(out, text.at[i]);
    }
}

static void print_bash(const struct option_set *set, const char *program, struct text_out *out)
{
    struct row_place place = { 0 };

    put_function_name(out, program);
    text_put_string(out, "()\n{\n"
                         "    local word=$2 options files=\" \"\n"
                         "    COMPREPLY=()\n"
                         "    options=(");
    for (const struct option *row; (row = next_row(set, &place)) != NULL;)
        text_printf(out, "\n        --%s%s", row->name,
                    has_value(row) && !row->value_optional ? "=" : "");
    text_put_string(out, "\n    )\n    files+=\"");
    place = (struct row_place){ 0 };
    for (const struct option *row; (row = next_row(set, &place)) != NULL;) {
        if (names_a_file(row))
            text_printf(out, "--%s ", row->name);
    }
    /* Bash cuts words at "=": then the word before the last is "=" and the one before it the
     * option. */
    text_put_string(out, "\"\n"
                         "    local option=$3\n"
                         "    [[ $word == = ]] && word=\n"
                         "    [[ $option == = ]] && option=${COMP_WORDS[COMP_CWORD-2]}\n"
                         "    if [[ $files == *\" $option \"* ]]; then\n"
                         "        mapfile -t COMPREPLY < <(compgen -f -- \"$word\")\n"
                         "        compopt -o filenames\n"
                         "        return\n"
                         "    fi\n"
                         "    mapfile -t COMPREPLY < <(compgen -W \"${options[*]}\" -- \"$word\")\n"
                         "    [[ ${COMPREPLY[0]} == *= ]] && compopt -o nospace\n"
                         "}\n"
                         "complete -F ");
    put_function_name(out, program);
    text_printf(out, " %s\n", program);
}

static void print_zsh(const struct option_set *set, const char *program, struct text_out *out)
{
    struct row_place place = { 0 };

    text_printf(out, "#compdef %s\n\n_arguments", program);
    for (const struct option *row; (row = next_row(set, &place)) != NULL;) {
        /* "=-": the value is attached; "=": attached or the next word. */
        const char *sign = !has_value(row) ? "" : row->value_optional ? "=-" : "=";
        text_printf(out, " \\\n    '*--%s%s[", row->name, sign);
        put_shell(out, text_of(row->help), "[]\\:");
        text_put_char(out, ']');
        if (has_value(row)) {
            text_put_string(out, row->value_optional ? "::" : ":");
            put_shell(out, shape_of(row), "[]\\:");
            text_put_string(out, names_a_file(row) ? ":_files" : ": ");
        }
        text_put_char(out, '\'');
    }
    text_put_char(out, '\n');
}

static void print_fish(const struct option_set *set, const char *program, struct text_out *out)
{
    struct row_place place = { 0 };

    text_printf(out, "complete -c %s -f\n", program);
    for (const struct option *row; (row = next_row(set, &place)) != NULL;) {
        text_printf(out, "complete -c %s -l %s", program, row->name);
        if (row->letter != 0)
            text_printf(out, " -s %c", row->letter);
        if (has_value(row) && !row->value_optional)
            text_put_string(out, names_a_file(row) ? " -r -F" : " -x");
        text_put_string(out, " -d '");
        /* In fish a quote inside single quotes is \' and a backslash \\. */
        for (const char *at = row->help != NULL ? row->help : ""; *at != '\0'; at++)
            text_printf(out, *at == '\'' || *at == '\\' ? "\\%c" : "%c", *at);
        text_put_string(out, "'\n");
    }
}

enum status option_print_completion(const struct option_set *set, const char *shell,
                                    const char *program, struct text_out *out)
{
    struct text name = text_of(shell);

    if (text_equal(name, TEXT("bash")))
        print_bash(set, program, out);
    else if (text_equal(name, TEXT("zsh")))
        print_zsh(set, program, out);
    else if (text_equal(name, TEXT("fish")))
        print_fish(set, program, out);
    else
        return STATUS_NOT_FOUND;
    return STATUS_OK;
}

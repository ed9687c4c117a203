#include "config/config_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* ------------------------------------------------------------------ lines */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static size_t longest_line(struct text text)
{
    struct text line;
    size_t longest = 0;

    while (text_next_line(&text, &line)) {
        if (line.count > longest)
            longest = line.count;
    }
    return longest < CONFIG_LINE_MAX ? longest : CONFIG_LINE_MAX;
}

enum status config_lines_init(struct config_lines *lines, struct text text)
{
    size_t room = longest_line(text) + 1;

    *lines = (struct config_lines){
        .rest = text,
        .written = malloc(room),
        .decoded = malloc(room),
        .quoted = malloc(room),
        .columns = malloc(room * sizeof(uint16_t)),
    };
    if (lines->written != NULL && lines->decoded != NULL && lines->quoted != NULL
        && lines->columns != NULL)
        return STATUS_OK;
    config_lines_free(lines);
    return STATUS_NO_MEMORY;
}

void config_lines_free(struct config_lines *lines)
{
    free(lines->written);
    free(lines->decoded);
    free(lines->quoted);
    free(lines->columns);
    *lines = (struct config_lines){ 0 };
}

/* What a letter after a backslash in quotes stands for, or 0. */
static char escaped(char letter)
{
    switch (letter) {
    case '\\':
    case '"':
        return letter;
    case 't':
        return '\t';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 'b':
        return '\b';
    case 'e':
        return '\033';
    default:
        return 0;
    }
}

/* Decodes lines->written. False when a quote stays open; *bad_column is where it opens. */
static bool decode(struct config_lines *lines, size_t *count, unsigned *bad_column)
{
    const char *from = lines->written;
    bool in_quotes = false;
    bool after_blank = true;
    size_t at = 0;
    size_t made = 0;

    for (; from[at] != '\0'; at++) {
        char c = from[at];
        size_t column = at + 1;

        if (c == '"') {
            in_quotes = !in_quotes;
            after_blank = false;
            *bad_column = (unsigned)column;
            continue;
        }
        if (!in_quotes && c == '#' && after_blank)
            break;
        if (in_quotes && c == '\\' && from[at + 1] != '\0' && escaped(from[at + 1]) != 0)
            c = escaped(from[++at]);
        else if (!in_quotes && is_blank(c))
            c = ' ';
        after_blank = c == ' ';
        lines->decoded[made] = c;
        lines->quoted[made] = in_quotes;
        lines->columns[made] = (uint16_t)column;
        made++;
    }
    lines->columns[made] = (uint16_t)(at + 1);
    *count = made;
    return !in_quotes;
}

/* The part with unquoted blanks at both ends left out. */
static struct value trim(const struct config_lines *lines, size_t first, size_t end)
{
    while (first < end && lines->decoded[first] == ' ' && !lines->quoted[first])
        first++;
    while (end > first && lines->decoded[end - 1] == ' ' && !lines->quoted[end - 1])
        end--;
    return (struct value){ { lines->decoded + first, end - first }, lines->quoted + first };
}

/* Puts the next line of the text into lines->written, NUL-terminated. */
static enum status take_line(struct config_lines *lines, struct config_line *line)
{
    struct text written;

    if (!text_next_line(&lines->rest, &written))
        return STATUS_NOT_FOUND;
    lines->number++;
    *line = (struct config_line){ .number = lines->number, .written = lines->written };

    size_t nul = text_find(written, '\0');
    bool too_long = written.count > CONFIG_LINE_MAX;
    struct text kept = text_part(written, 0, nul < CONFIG_LINE_MAX ? nul : CONFIG_LINE_MAX);
    memcpy(lines->written, kept.at, kept.count);
    lines->written[kept.count] = '\0';

    if (too_long)
        return STATUS_RANGE;
    if (nul != SIZE_MAX) {
        line->bad_column = (unsigned)nul + 1;
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

enum status config_lines_next(struct config_lines *lines, struct config_line *line)
{
    for (;;) {
        enum status status = take_line(lines, line);
        if (status != STATUS_OK)
            return status;

        size_t count;
        unsigned quote_column = 0;
        if (!decode(lines, &count, &quote_column)) {
            line->bad_column = quote_column;
            return STATUS_TRUNCATED;
        }

        /* The first "=" divides, quoted or not: dnsmasq looks for it after undoing the quotes. */
        const char *equals = count > 0 ? memchr(lines->decoded, '=', count) : NULL;
        size_t name_end = equals != NULL ? (size_t)(equals - lines->decoded) : count;
        line->name = trim(lines, 0, name_end);
        if (equals != NULL)
            line->value = trim(lines, name_end + 1, count);
        else if (text_is_empty(line->name.text))
            continue;
        line->decoded = lines->decoded;
        line->decoded_count = count;
        line->columns = lines->columns;
        return STATUS_OK;
    }
}

/* ------------------------------------------------------------------ files */

void config_file_close(int file)
{
    if (file != STDIN_FILENO)
        close(file);
}

enum status config_file_open(const char *path, int *file, struct config_file_id *id)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int opened = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;

    if (opened < 0)
        return STATUS_SYSTEM;
    if (fstat(opened, &info) != 0) {
        int reason = errno;
        config_file_close(opened);
        errno = reason;
        return STATUS_SYSTEM;
    }
    *file = opened;
    *id = (struct config_file_id){ (uint64_t)info.st_dev, (uint64_t)info.st_ino };
    return STATUS_OK;
}

/* Bytes until the end of the file into a buffer that grows. */
static enum status read_whole(int file, size_t limit, struct text *text)
{
    size_t room = 16384;
    size_t count = 0;
    char *buffer = malloc(room);
    enum status status = STATUS_NO_MEMORY;

    while (buffer != NULL) {
        ssize_t got = read(file, buffer + count, room - count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0 || (got < 0 && errno == EISDIR)) {
            *text = (struct text){ buffer, count };
            return STATUS_OK;
        }
        status = got < 0 ? STATUS_SYSTEM : STATUS_RANGE;
        if (got < 0 || count + (size_t)got > limit)
            break;
        count += (size_t)got;
        if (count < room)
            continue;
        room *= 2;
        char *larger = realloc(buffer, room);
        status = STATUS_NO_MEMORY;
        if (larger == NULL)
            break;
        buffer = larger;
    }
    int reason = errno;
    free(buffer);
    errno = reason;
    return status;
}

enum status config_file_read(int file, size_t limit, struct text *text)
{
    enum status status = read_whole(file, limit, text);
    int reason = errno;

    config_file_close(file);
    errno = reason;
    return status;
}

enum status config_file_is_regular(const char *path, bool *is_regular)
{
    struct stat info;
    if (stat(path, &info) != 0)
        return STATUS_SYSTEM;
    *is_regular = S_ISREG(info.st_mode);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ folders */

static bool is_leftover(struct text name)
{
    char first = name.at[0];
    char last = name.at[name.count - 1];
    return first == '.' || last == '~' || (first == '#' && last == '#');
}

bool config_folder_takes(const char *name, struct value filters)
{
    struct text whole = text_of(name);
    struct value filter;
    bool let_in = false;
    bool must_be_let_in = false;

    if (text_is_empty(whole) || is_leftover(whole))
        return false;
    while (value_next_field(&filters, ',', &filter)) {
        struct text suffix = filter.text;
        if (text_is_empty(suffix))
            continue;
        bool lets_in = suffix.at[0] == '*';
        if (lets_in)
            suffix = text_after(suffix, 1);
        if (text_is_empty(suffix)) /* a bare "*" says nothing */
            continue;
        bool matches = suffix.count < whole.count && text_ends(whole, suffix);
        if (!lets_in && matches)
            return false;
        must_be_let_in |= lets_in;
        let_in |= lets_in && matches;
    }
    return let_in || !must_be_let_in;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static enum status add_name(struct config_folder *folder, size_t *room, const char *name)
{
    if (folder->count == CONFIG_FOLDER_MAX)
        return STATUS_FULL;
    if (folder->count == *room) {
        size_t larger_room = *room > 0 ? *room * 2 : 32;
        char **larger = realloc(folder->names, larger_room * sizeof(char *));
        if (larger == NULL)
            return STATUS_NO_MEMORY;
        folder->names = larger;
        *room = larger_room;
    }
    char *copy = strdup(name);
    if (copy == NULL)
        return STATUS_NO_MEMORY;
    folder->names[folder->count++] = copy;
    return STATUS_OK;
}

enum status config_folder_list(const char *path, struct value filters, struct config_folder *folder)
{
    struct config_folder found = { NULL, 0 };
    enum status status = STATUS_OK;
    size_t room = 0;
    DIR *directory = opendir(path);

    if (directory == NULL)
        return STATUS_SYSTEM;
    for (struct dirent *entry; status == STATUS_OK && (entry = readdir(directory)) != NULL;) {
        if (config_folder_takes(entry->d_name, filters))
            status = add_name(&found, &room, entry->d_name);
    }
    closedir(directory);
    if (status != STATUS_OK) {
        config_folder_free(&found);
        return status;
    }
    if (found.count > 0)
        qsort(found.names, found.count, sizeof(char *), compare_names);
    *folder = found;
    return STATUS_OK;
}

void config_folder_free(struct config_folder *folder)
{
    for (size_t i = 0; i < folder->count; i++)
        free(folder->names[i]);
    free(folder->names);
    *folder = (struct config_folder){ NULL, 0 };
}

/* ------------------------------------------------------------------ commands */

enum status config_script_run(const char *command, struct text *output, int *wait_status)
{
    FILE *pipe = popen(command, "re");
    if (pipe == NULL)
        return STATUS_SYSTEM;

    /* Past the limit the pipe is closed, so a command that goes on writing is ended by SIGPIPE. */
    struct text text = TEXT_NONE;
    enum status status = read_whole(fileno(pipe), CONFIG_OUTPUT_MAX, &text);
    int reason = errno;
    int ended = pclose(pipe);
    if (status == STATUS_OK && ended == -1) {
        reason = errno;
        free((void *)text.at);
        status = STATUS_SYSTEM;
    }
    errno = reason;
    if (status != STATUS_OK)
        return status;
    *output = text;
    *wait_status = ended;
    return STATUS_OK;
}

#include "config/config_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ------------------------------------------------------------------ lines */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Holds the longest line with its CR LF. */
#define WINDOW_BYTES ((size_t)128 * 1024)

static enum status make_window(struct config_lines *lines, size_t room)
{
    lines->room = room;
    lines->window = malloc(room + 1); /* a NUL ends the last line */
    return lines->window != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

enum status config_lines_init(struct config_lines *lines, struct text text)
{
    *lines = (struct config_lines){ .rest = text, .file = -1 };
    return make_window(lines, text.count < WINDOW_BYTES ? text.count : WINDOW_BYTES);
}

enum status config_lines_init_file(struct config_lines *lines, int file, size_t limit)
{
    *lines = (struct config_lines){ .file = file, .file_left = limit + 1 };
    return make_window(lines, WINDOW_BYTES);
}

void config_lines_free(struct config_lines *lines)
{
    free(lines->window);
    free(lines->decoded);
    free(lines->quoted);
    free(lines->columns);
    *lines = (struct config_lines){ .file = -1 };
}

enum status config_lines_end(const struct config_lines *lines)
{
    if (lines->failure == STATUS_SYSTEM)
        errno = lines->reason;
    return lines->failure;
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

/* For the first line that needs it. */
static bool has_decoding_memory(struct config_lines *lines)
{
    size_t room = CONFIG_LINE_MAX + 1;
    if (lines->decoded == NULL)
        lines->decoded = malloc(room);
    if (lines->quoted == NULL)
        lines->quoted = malloc(room);
    if (lines->columns == NULL)
        lines->columns = malloc(room * sizeof(uint16_t));
    return lines->decoded != NULL && lines->quoted != NULL && lines->columns != NULL;
}

/* Decodes a line. False when a quote stays open; *bad_column is where it opens. */
static bool decode(struct config_lines *lines, const char *from, size_t *count,
                   unsigned *bad_column)
{
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
static struct value trim(const char *decoded, const uint8_t *quoted, size_t first, size_t end)
{
    while (first < end && decoded[first] == ' ' && (quoted == NULL || !quoted[first]))
        first++;
    while (end > first && decoded[end - 1] == ' ' && (quoted == NULL || !quoted[end - 1]))
        end--;
    return (struct value){ { decoded + first, end - first },
                           quoted != NULL ? quoted + first : NULL };
}

/* More of the text or the file behind what is left in the window. */
static void refill(struct config_lines *lines)
{
    size_t have = lines->end - lines->first;
    memmove(lines->window, lines->window + lines->first, have);
    lines->first = 0;
    lines->end = have;
    size_t room = lines->room - have;

    if (lines->file < 0) {
        struct text part = text_part(lines->rest, 0, room);
        if (part.count > 0)
            memcpy(lines->window + have, part.at, part.count);
        lines->end += part.count;
        lines->rest = text_after(lines->rest, part.count);
        lines->ended = lines->rest.count == 0;
        return;
    }
    ssize_t got;
    do {
        got = read(lines->file, lines->window + have,
                   room < lines->file_left ? room : lines->file_left);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        lines->end += (size_t)got;
        lines->file_left -= (size_t)got;
        if (lines->file_left > 0)
            return;
        lines->failure = STATUS_RANGE;
    } else if (got < 0 && errno != EISDIR) {
        lines->failure = STATUS_SYSTEM;
        lines->reason = errno;
    }
    lines->ended = true;
}

/* The next line in the window, a NUL in the place of its end, without the CR before the LF.
 * STATUS_RANGE for the beginning of one that is too long. */
static enum status take_line(struct config_lines *lines, struct text *line)
{
    for (;;) {
        char *at = lines->window + lines->first;
        size_t have = lines->end - lines->first;
        char *newline = have > 0 ? memchr(at, '\n', have) : NULL;

        if (newline == NULL && have > CONFIG_LINE_MAX + 1) {
            bool known = lines->in_long_line;
            lines->in_long_line = true;
            lines->first = lines->end;
            at[CONFIG_LINE_MAX] = '\0';
            *line = (struct text){ at, CONFIG_LINE_MAX };
            if (!known)
                return STATUS_RANGE;
            continue;
        }
        if (newline == NULL && !lines->ended) {
            refill(lines);
            continue;
        }
        if (newline == NULL && have == 0)
            return STATUS_NOT_FOUND;

        size_t count = newline != NULL ? (size_t)(newline - at) : have;
        lines->first += newline != NULL ? count + 1 : have;
        if (lines->in_long_line) {
            lines->in_long_line = false;
            continue;
        }
        if (newline != NULL && count > 0 && at[count - 1] == '\r')
            count--;
        bool too_long = count > CONFIG_LINE_MAX;
        count = too_long ? CONFIG_LINE_MAX : count;
        at[count] = '\0';
        *line = (struct text){ at, count };
        return too_long ? STATUS_RANGE : STATUS_OK;
    }
}

#define EVERY_BYTE 0x0101010101010101ull

/* Whether a line has a character below this one in ASCII. Looks at eight bytes at once; at the end
 * at some a second time. */
WRAPS static bool has_below(struct text line, char bound)
{
    uint64_t below = 0;
    uint64_t word;

    if (line.count < sizeof word) {
        for (size_t i = 0; i < line.count; i++)
            below |= (uint8_t)line.at[i] < bound;
        return below != 0;
    }
    for (size_t i = 0; i < line.count; i += sizeof word) {
        size_t last = line.count - sizeof word;
        memcpy(&word, line.at + (i < last ? i : last), sizeof word);
        below |= (word - EVERY_BYTE * (uint8_t)bound) & ~word;
    }
    return (below & EVERY_BYTE * 0x80) != 0;
}

/* Whether a line must be decoded character by character: not when it is nothing but what it looks
 * like, which most are. */
static bool needs_decoding(struct text line)
{
    /* Blanks, '"' and '#' are all below '$'. */
    if (!has_below(line, '$'))
        return false;
    if (has_below(line, ' ') || memchr(line.at, '"', line.count) != NULL)
        return true;
    return memchr(line.at, '#', line.count) != NULL && memchr(line.at, ' ', line.count) != NULL;
}

/* Nothing but a comment or spaces. */
static bool says_nothing(struct text line)
{
    size_t at = 0;
    while (at < line.count && line.at[at] == ' ')
        at++;
    return at == line.count || line.at[at] == '#';
}

/* Takes apart what is decoded. */
static void divide(struct config_line *line, const uint8_t *quoted)
{
    const char *decoded = line->decoded;
    size_t count = line->decoded_count;
    /* The first "=" divides, quoted or not: dnsmasq looks for it after undoing the quotes. */
    const char *equals = count > 0 ? memchr(decoded, '=', count) : NULL;
    size_t name_end = equals != NULL ? (size_t)(equals - decoded) : count;

    line->name = trim(decoded, quoted, 0, name_end);
    if (equals != NULL)
        line->value = trim(decoded, quoted, name_end + 1, count);
}

static enum status read_line(struct config_lines *lines, struct text text, struct config_line *line)
{
    bool decoding = needs_decoding(text);
    size_t nul = decoding ? text_find(text, '\0') : SIZE_MAX;
    if (nul != SIZE_MAX) {
        line->bad_column = (unsigned)nul + 1;
        return STATUS_MALFORMED;
    }
    if (says_nothing(text))
        return STATUS_OK;
    if (!decoding) {
        line->decoded = text.at;
        line->decoded_count = text.count;
        divide(line, NULL);
        return STATUS_OK;
    }

    unsigned quote_column = 0;
    if (!has_decoding_memory(lines))
        return STATUS_NO_MEMORY;
    if (!decode(lines, text.at, &line->decoded_count, &quote_column)) {
        line->bad_column = quote_column;
        return STATUS_TRUNCATED;
    }
    line->decoded = lines->decoded;
    line->columns = lines->columns;
    divide(line, lines->quoted);
    return STATUS_OK;
}

enum status config_lines_next(struct config_lines *lines, struct config_line *line)
{
    for (;;) {
        struct text text;
        enum status status = take_line(lines, &text);
        if (status == STATUS_NOT_FOUND)
            return status;
        *line = (struct config_line){ .number = ++lines->number, .written = text.at };
        if (status == STATUS_OK)
            status = read_line(lines, text, line);
        if (status != STATUS_OK || line->value.text.at != NULL || !text_is_empty(line->name.text))
            return status;
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

#define LOOK_MS 50 /* whether a command's time is over */

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* A command's limit, with the moment it began; limit NULL: there is none. */
struct patience {
    const struct config_script_limit *limit;
    uint64_t began;
};

static bool is_over(const struct patience *patience)
{
    bool stopped = patience->limit->stop != NULL && atomic_load(patience->limit->stop);
    if (!stopped && now_ms() - patience->began < (uint64_t)patience->limit->seconds * 1000)
        return false;
    errno = stopped ? ECANCELED : ETIME;
    return true;
}

static enum status wait_readable(int file, const struct patience *patience)
{
    struct pollfd poll_for = { .fd = file, .events = POLLIN };
    while (patience->limit != NULL) {
        if (is_over(patience))
            return STATUS_SYSTEM;
        if (poll(&poll_for, 1, LOOK_MS) > 0)
            break;
    }
    return STATUS_OK;
}

/* Bytes until the end into a buffer that grows. */
static enum status read_whole(int file, const struct patience *patience, size_t limit,
                              struct text *text)
{
    size_t room = 16384;
    size_t count = 0;
    char *buffer = malloc(room);
    enum status status = STATUS_NO_MEMORY;

    while (buffer != NULL) {
        status = wait_readable(file, patience);
        if (status != STATUS_OK)
            break;
        ssize_t got = read(file, buffer + count, room - count);
        if (got < 0 && errno == EINTR)
            continue;
        if (got == 0) {
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

/* In a group of its own it can be killed with all that it has started. Whoever serves ignores
 * signals, and a thread of its pool holds all of them, that end a command as it expects. */
static int set_attributes(posix_spawnattr_t *attributes, bool own_group)
{
    sigset_t none, ignored;
    sigemptyset(&none);
    sigemptyset(&ignored);
    sigaddset(&ignored, SIGPIPE);
    sigaddset(&ignored, SIGALRM);
    int flags =
        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | (own_group ? POSIX_SPAWN_SETPGROUP : 0);
    int error = posix_spawnattr_setsigmask(attributes, &none);
    if (error == 0)
        error = posix_spawnattr_setsigdefault(attributes, &ignored);
    if (error == 0)
        error = posix_spawnattr_setflags(attributes, (short)flags);
    return error;
}

static enum status start_command(const char *command, bool own_group, pid_t *pid, int *output)
{
    char shell[] = "sh", option[] = "-c";
    char *words[] = { shell, option, (char *)(uintptr_t)command, NULL };
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0)
        return STATUS_SYSTEM;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    int error = posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    if (error == 0)
        error = set_attributes(&attributes, own_group);
    if (error == 0)
        error = posix_spawn(pid, "/bin/sh", &actions, &attributes, words, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    *output = ends[0];
    if (error != 0)
        close(ends[0]);
    errno = error;
    return error == 0 ? STATUS_OK : STATUS_SYSTEM;
}

/* One that has closed its output may go on. */
static enum status wait_for_end(pid_t pid, const struct patience *patience, int *wait_status)
{
    pid_t ended;
    do {
        ended = waitpid(pid, wait_status, patience->limit != NULL ? WNOHANG : 0);
        if (ended == 0 && is_over(patience))
            return STATUS_SYSTEM;
        if (ended == 0)
            (void)poll(NULL, 0, LOOK_MS);
    } while (ended == 0 || (ended < 0 && errno == EINTR));
    return ended == pid ? STATUS_OK : STATUS_SYSTEM;
}

enum status config_script_run(const char *command, const struct config_script_limit *limit,
                              struct text *output, int *wait_status)
{
    const struct patience patience = { limit, now_ms() };
    struct text text = TEXT_NONE;
    pid_t pid;
    int from;
    enum status status = start_command(command, limit != NULL, &pid, &from);
    if (status != STATUS_OK)
        return status;
    /* Past the limit the pipe is closed, so a command that goes on writing is ended by SIGPIPE. */
    status = read_whole(from, &patience, CONFIG_OUTPUT_MAX, &text);
    int reason = errno;
    int ended = -1;
    bool was_read = status == STATUS_OK;
    close(from);
    if (was_read)
        status = wait_for_end(pid, &patience, &ended);
    if (was_read && status != STATUS_OK)
        reason = errno;
    if (status != STATUS_OK && limit != NULL)
        (void)kill(-pid, SIGKILL);
    while (status != STATUS_OK && waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    if (was_read && status != STATUS_OK) {
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

/* Configuration text: its lines taken apart (comments, quotes, escapes, columns), and the places it
 * comes from (files, folders, standard input, the output of commands). Knows nothing of options.
 *
 * The syntax of a line, as dnsmasq has it:
 *   name | name = value           blanks around the name, the "=" and at both ends are dropped
 *   # comment                     at the start, or after a blank; never inside quotes
 *   "..."                         may open and close inside a word; protects blanks , : . and #
 *   \\ \" \t \n \r \b \e          inside quotes only; any other backslash stays as it is
 * An unquoted tab or other blank counts as a space. There is no continuation of lines. */
#ifndef LINNET_CONFIG_CONFIG_FILE_H
#define LINNET_CONFIG_CONFIG_FILE_H

#include <stdatomic.h>

#include "config/value.h"

/* Columns are 16 bits wide, and one more than the last character has a column too. */
#define CONFIG_LINE_MAX   65534
#define CONFIG_FILE_MAX   (1u << 30) /* a block list of many million names */
#define CONFIG_OUTPUT_MAX (16u << 20)
#define CONFIG_FOLDER_MAX 65536 /* files taken from one folder */

/* ------------------------------------------------------------------ lines */

/* A line taken apart. Everything points into the config_lines it came from, until its next line. */
struct config_line {
    unsigned number;     /* 1-based */
    const char *written; /* the line as it stands in the file, NUL-terminated */
    struct value name;   /* empty when the line says nothing */
    struct value value;  /* text.at is NULL when there is no "=" */
    /* The decoded characters and the column (1-based, in bytes) in `written` of each; one more
     * column than characters, for what is missing at the end. NULL when nothing was decoded: then
     * the characters are those of `written` and the first is in column 1. */
    const char *decoded;
    size_t decoded_count;
    const uint16_t *columns;
    unsigned bad_column; /* on failure: where, or 0 */
};

/* Lines pass through a window, so that a file of any size takes only as much memory as that. */
struct config_lines {
    struct text rest;    /* of a text */
    int file;            /* -1: a text */
    size_t file_left;    /* bytes that may still be read, and one more */
    enum status failure; /* of reading */
    int reason;          /* its errno */
    bool ended;          /* the window holds all that is left */
    bool in_long_line;   /* what comes is the end of a line that was too long */
    unsigned number;
    char *window;
    size_t first, end, room;
    /* Of a line that needs decoding: */
    char *decoded;
    uint8_t *quoted;
    uint16_t *columns;
};

/* The lines of a text, which must stay, or of an open file, of which not more than `limit` bytes
 * are read and which stays open. STATUS_NO_MEMORY. */
NODISCARD enum status config_lines_init(struct config_lines *lines, struct text text);
NODISCARD enum status config_lines_init_file(struct config_lines *lines, int file, size_t limit);
void config_lines_free(struct config_lines *lines);

/* The next line, blank ones and comments skipped. After a failure the lines behind it can still be
 * read; the line's number, written and bad_column are set.
 * STATUS_NOT_FOUND    no more lines; config_lines_end says why
 * STATUS_TRUNCATED    a quote that opens at bad_column is never closed
 * STATUS_RANGE        longer than CONFIG_LINE_MAX
 * STATUS_MALFORMED    it has a NUL byte, at bad_column
 * STATUS_NO_MEMORY    to decode it */
NODISCARD enum status config_lines_next(struct config_lines *lines, struct config_line *line);

/* After the last line: STATUS_OK, or why the file was not read to its end: STATUS_SYSTEM with
 * errno, STATUS_RANGE when it is larger than the limit. */
NODISCARD enum status config_lines_end(const struct config_lines *lines);

/* ------------------------------------------------------------------ sources */

/* Which file something is, whatever it was called. */
struct config_file_id {
    uint64_t device;
    uint64_t inode;
};

/* Opens for reading; "-" is standard input. A folder reads as nothing, as it does in dnsmasq, whose
 * users have "conf-file=/etc/dnsmasq.d" in live files. STATUS_SYSTEM with errno. */
NODISCARD enum status config_file_open(const char *path, int *file, struct config_file_id *id);

/* Closes it; standard input stays open. */
void config_file_close(int file);

/* STATUS_SYSTEM with errno when there is no such thing. Links are followed. */
NODISCARD enum status config_file_is_regular(const char *path, bool *is_regular);

/* conf-dir's value: "folder[,suffix|*suffix]...". Is this file of the folder one to read? A plain
 * suffix leaves out, one after "*" lets in (any of several); both must be shorter than the name.
 * Never the leftovers of editors: "x~", ".x", "#x#". `filters` is the value after the folder. */
bool config_folder_takes(const char *name, struct value filters);

struct config_folder {
    char **names; /* of the entries taken, in ASCII order */
    size_t count;
};

/* STATUS_SYSTEM with errno when the folder cannot be read, STATUS_FULL past CONFIG_FOLDER_MAX,
 * STATUS_NO_MEMORY. */
NODISCARD enum status config_folder_list(const char *path, struct value filters,
                                         struct config_folder *folder);
void config_folder_free(struct config_folder *folder);

/* Who serves already does not wait for ever. */
struct config_script_limit {
    unsigned seconds;
    const atomic_bool *stop; /* once true, no longer; NULL: none */
};

/* Runs the command through the shell and gathers what it writes to its standard output, malloc'ed.
 * wait_status is waitpid's. limit: past it the command and what it has started are killed; NULL:
 * none. STATUS_RANGE past CONFIG_OUTPUT_MAX, STATUS_NO_MEMORY, STATUS_SYSTEM (ETIME and ECANCELED
 * for the limit). */
NODISCARD enum status config_script_run(const char *command,
                                        const struct config_script_limit *limit,
                                        struct text *output, int *wait_status);

#endif

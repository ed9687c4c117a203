/* One row per option: its name, letter, shape, help, limits, reader, printer and examples. From the
 * rows, and nothing else, come the file reader, the command-line reader, --help, --print-config,
 * the manual's reference section, shell completion and the compatibility test. There is no second
 * place.
 */
#ifndef LINNET_CONFIG_OPTION_H
#define LINNET_CONFIG_OPTION_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/place.h"
#include "base/status.h"
#include "base/text.h"
#include "config/value.h"

enum option_kind {
    OPTION_FLAG,       /* no value; field is a bool that becomes true */
    OPTION_NUMBER,     /* uint32_t field, decimal, min..max; an empty value is 0, as in dnsmasq */
    OPTION_SECONDS,    /* uint32_t field, decimal seconds, min..max (max 0: UINT32_MAX) */
    OPTION_TEXT,       /* const char * field; the text, arena memory; "" when left out or empty */
    OPTION_TEXT_LIST,  /* struct option_texts field; each value appended whole, empty ones not */
    OPTION_STRUCTURED, /* read and print do everything */
};

enum option_state {
    OPTION_BUILT = 0,
    OPTION_NOT_BUILT,  /* recognised, refused at start: "not built yet" */
    OPTION_NO_FEATURE, /* recognised, needs an optional feature this binary lacks (row.feature) */
};

/* A growing list of strings in config memory. */
struct option_texts {
    const char **at;
    size_t count;
    size_t room;
};

struct option_context;
struct option_printer;

struct option {
    const char *name;
    char letter;                /* short flag, or 0 */
    uint8_t kind;               /* enum option_kind */
    uint8_t state;              /* enum option_state */
    bool once;                  /* a second one in the same kind of source is an error */
    bool value_optional;        /* the value may be left out (command line: only attached) */
    bool letter_value_optional; /* with the letter too: -q, -qextra; otherwise -x needs a value */
    bool command_line_only;     /* in a file: accepted and ignored */
    bool ours;                  /* linnet's own, unknown to dnsmasq */
    bool at_start;              /* only a start can change it, no reload of the configuration */
    uint32_t place_field;       /* OPTION_FLAG: offset + 1 of a struct place, where it was first
                                   given; 0 for none */
    const char *area;           /* "dns", "dhcp4", ... as documentation groups it */
    const char *feature;        /* OPTION_NO_FEATURE: which; OPTION_BUILT: a start needs it */
    uint32_t field;             /* offset in the part's struct */
    uint32_t present_field;     /* offset + 1 of a bool set true when given, 0 for none */
    uint32_t min, max;          /* OPTION_NUMBER and OPTION_SECONDS */
    /* Reads one value. value.text.at is NULL when none was given; its characters are gone after the
     * call. Reports through option_fail and returns its status. OPTION_STRUCTURED needs it; another
     * kind that has it is read by it. */
    enum status (*read)(struct option_context *context, struct value value);
    /* Emits every value this option now has, one option_print_value each (or option_print_flag).
     * NULL for an OPTION_STRUCTURED synonym, whose values another row prints. */
    void (*print)(const void *part, struct option_printer *printer);
    const char *shape;           /* grammar of the value for help and manual; "" for flags */
    const char *help;            /* one line */
    const char *doc;             /* a paragraph; may be NULL */
    const char *const *examples; /* whole lines as in a file, NULL at the end; DOC like doc */
};

#define EXAMPLES(...) DOC(((const char *const[]){ __VA_ARGS__, NULL }))

/* The rows of one folder and the struct they fill. */
struct option_table {
    const struct option *rows;
    size_t count;
    void *part;
};

/* All tables of the program. */
struct option_set {
    const struct option_table *tables;
    size_t count;
    struct option_texts *sources; /* gets the files and folders that are read; NULL: nobody asks */
};

/* The row of this name (exact), with its table; NULL. */
const struct option *option_find(const struct option_set *set, struct text name,
                                 const struct option_table **table);
const struct option *option_find_letter(const struct option_set *set, char letter,
                                        const struct option_table **table);
/* The name nearest to a mistyped one, NULL when none is near: "did you mean". */
const char *option_suggest(const struct option_set *set, struct text name);

/* ------------------------------------------------------------------ errors */

/* One problem, ready to be shown. All memory is the arena's. */
struct option_error {
    struct place place;
    unsigned column;       /* 1-based in `line_text`; 0 when it is about the whole line */
    const char *line_text; /* the line or argument as written; NULL when it is not known any more */
    const char *option;    /* the option's name, or NULL */
    const char *compat;    /* what dnsmasq would say, without place: "bad dhcp-range"; never NULL */
    const char *message;   /* ours, whole: "\"12x\" is not a time (try 12h, 45m, infinite)" */
    int exit_code;         /* 1 configuration, 3 file system, 4 memory, 5 other, 10 conf-script */
    bool compat_whole;     /* dnsmasq says `compat` alone, without a place */
};

#define OPTION_ERRORS_MAX 50

struct option_errors {
    struct option_error errors[OPTION_ERRORS_MAX];
    size_t count;   /* kept */
    size_t dropped; /* beyond the bound */
};

/* What a reader gets. */
struct option_context {
    void *part;                  /* the struct the row's table fills */
    const struct option *option; /* the row being read */
    struct arena *arena;         /* lives as long as the config */
    struct option_errors *errors;
    struct place place;
    /* For columns: the decoded characters of the line and where each stood in line_text, which is
     * NULL when the decoded ones are all there is. */
    const char *line_text;
    const char *decoded;
    size_t decoded_count;
    const uint16_t *columns; /* 1-based, decoded_count + 1; NULL: they follow value_column */
    unsigned value_column;   /* without columns: where decoded[0] stands in line_text */
};

/* Records an error at the character `where` points to (a field of the value; at NULL: whole line)
 * and returns STATUS_MALFORMED, so a reader may `return option_fail(...)`. `compat` is dnsmasq's
 * wording, NULL for its general one ("error" in files, "try --help" on the command line). */
PRINTF_LIKE(4, 5)
enum status option_fail(struct option_context *context, struct text where, const char *compat,
                        const char *format, ...);
/* As above for what is found after reading (cross-checks), with the place kept by the entry. The
 * place decides dnsmasq's form: "at line N of F", or the command line's. */
PRINTF_LIKE(5, 6)
enum status option_fail_at(struct option_errors *errors, struct arena *arena, struct place place,
                           const char *compat, const char *format, ...);

/* As above where dnsmasq says `compat` alone ("CNAME loop involving a", "cannot read F: reason") or
 * ends with another exit code. A zero place means that it is about the configuration as a whole. */
PRINTF_LIKE(6, 7)
enum status option_fail_whole(struct option_errors *errors, struct arena *arena, struct place place,
                              int exit_code, const char *compat, const char *format, ...);

/* Appends one zeroed element to an array in the arena: array of `size`-byte elements at *items,
 * with *count in use and *room allocated. NULL (after recording an error) when memory ends. */
NODISCARD void *option_append(struct option_context *context, void *items, size_t *count,
                              size_t *room, size_t size);
/* NUL-terminated copy in the arena, after recording an error NULL. */
NODISCARD const char *option_string(struct option_context *context, struct text text);

/* ------------------------------------------------------------------ reading */

/* Which kind of source: for "once", and for what the message says. */
enum option_source { OPTION_FROM_COMMAND_LINE, OPTION_FROM_FILE };

struct option_reader; /* option_read.c: remembers which once-options were seen where */

/* Reads config lines and arguments into the parts of `set`. */
struct option_reader *option_reader_create(const struct option_set *set, struct arena *arena,
                                           struct option_errors *errors);
void option_reader_free(struct option_reader *reader);
/* Sources are read again while we serve: standard input has been read and is gone, what is no file
 * might never end, and commands get half a minute. folder: where the start was, NULL: where we are;
 * stop: ends commands once it is true. */
void option_reader_read_again(struct option_reader *reader, const char *folder,
                              const atomic_bool *stop);

/* Words of argv after the program's name (argv[1]...), GNU style: --opt=value, --opt value,
 * unambiguous prefixes, -o value, -ovalue, -abc for flags, optional values only attached, empty
 * words ignored. Errors are recorded. conf-file given here is remembered for option_read_files;
 * conf-dir and conf-script are read in their turn, as dnsmasq does, and still their once-options
 * beat those of the command line. Stops after --help and --version, which answer without any file.
 */
enum status option_read_arguments(struct option_reader *reader, int argc, char *const *argv);

/* The files named on the command line, in order, or default_file when none was named (missing is
 * fine then; NULL for no file). A file is read once, whatever it is called the second time. */
enum status option_read_files(struct option_reader *reader, const char *default_file);

/* One file (or "-"); used by the above, by conf-file lines and by tests. `optional`: may be
 * missing. */
enum status option_read_file(struct option_reader *reader, const char *path, bool optional);

/* Text as if it were a file called `source`; for tests and scenarios. The output of a conf-script
 * has the source "output of <command>". */
#define OPTION_OUTPUT_OF "output of "
enum status option_read_text(struct option_reader *reader, const char *source, struct text text);

/* One "name=value" right-hand side read with the row called `name` (dhcp-hostsfile lines...). Not
 * counted for "once". STATUS_NOT_FOUND without such a row. */
enum status option_read_value(struct option_reader *reader, const char *name, struct value value,
                              struct place place);

/* What --test, --help, --version and their like asked for on the command line. */
struct option_requests {
    bool help;
    const char *help_topic; /* "dhcp", "dhcp6" or NULL */
    bool version;
    bool test;
    bool print_config;
    bool print_manual;
    const char *print_completion; /* "bash", "zsh", "fish" or NULL */
};
const struct option_requests *option_reader_requests(const struct option_reader *reader);

/* The rows the framework itself owns: conf-file, conf-dir, conf-script, test, help, version,
 * print-config, print-manual, print-completion. Always the first table of a set; part is NULL. */
struct option_table option_own_table(void);

/* Writes all errors: with compat_name NULL ours (file:line:column, the line, a caret, the message),
 * otherwise for each first dnsmasq's form ("\ndnsmasq: <compat> at line N of F"), then ours.
 * Returns the exit code of the first. */
int option_print_errors(const struct option_errors *errors, const char *program,
                        const char *compat_name, struct text_out *out);

/* ------------------------------------------------------------------ printing */

struct option_printer {
    struct text_out *out;
    const struct option *option;
    bool as_arguments; /* --name=value instead of name=value */
};
/* One line of this option with the formatted value; what needs quotes in a file gets them by the
 * caller through option_put_quoted. */
PRINTF_LIKE(2, 3) void option_print_value(struct option_printer *printer, const char *format, ...);
void option_print_flag(struct option_printer *printer);
/* Appends text in double quotes with escapes when it needs them (blanks, comma, '#', ':' ...). */
void option_put_quoted(struct text_out *out, struct text text);
/* As above for a value that its reader takes whole: it is split nowhere, so only what the file
 * reader itself undoes needs quotes, and a path keeps its plain look. */
void option_put_whole(struct text_out *out, struct text text);

/* Always in quotes: a string that would otherwise read as an address or a number. */
void option_put_in_quotes(struct text_out *out, struct text text);

/* The whole configuration as lines that read back to the same. */
void option_print_config(const struct option_set *set, struct text_out *out);
/* Of that, the lines of one row: none where another row prints its values. */
void option_print_row(const struct option_table *table, size_t index, struct text_out *out);

/* ------------------------------------------------------------------ documents */

/* --help: one line per option with the long name. compat_name: dnsmasq's heading. */
void option_print_help(const struct option_set *set, const char *program, bool compat,
                       struct text_out *out);
/* The manual's reference section, in mdoc. */
void option_print_manual(const struct option_set *set, struct text_out *out);
/* STATUS_NOT_FOUND for an unknown shell. */
NODISCARD enum status option_print_completion(const struct option_set *set, const char *shell,
                                              const char *program, struct text_out *out);

#endif

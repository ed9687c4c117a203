/* What the three files that read options share: option_read.c, option_arguments.c,
 * option_sources.c. Nobody else includes this. */
#ifndef LINNET_CONFIG_OPTION_READER_H
#define LINNET_CONFIG_OPTION_READER_H

#include "config/config_file.h"
#include "config/option.h"

#define OPTION_DEPTH_MAX   32  /* files inside files inside ... */
#define OPTION_SCRIPTS_MAX 256 /* conf-script runs in one start */

/* A row, and where it was first seen in each kind of source. */
struct known_option {
    const struct option *row;
    const struct option_table *table;
    struct place first[2]; /* by enum option_source */
    bool seen[2];
};

struct option_reader {
    const struct option_set *set;
    struct arena *arena;
    struct option_errors *errors;
    struct known_option *known; /* sorted by name */
    size_t known_count;
    struct known_option *last;      /* found; NULL: none yet */
    size_t last_count;              /* letters of its name */
    struct option_requests requests;
    bool conf_file_named;           /* on the command line, so the default file is not read */
    struct option_texts conf_files; /* those named there */
    struct config_file_id *files;   /* those read, arena memory */
    size_t file_count, file_room;
    unsigned depth;
    unsigned script_count;
    bool again;                     /* we serve already: option_reader_read_again */
    const char *folder;             /* where relative paths begin; NULL: where we are */
    const atomic_bool *stop;        /* of commands */
};

/* What a row's reader really gets; the rows of option_own_table find their way back from the
 * context. */
struct option_reading {
    struct option_context context;
    struct option_reader *reader;
    enum option_source source;
};

static inline struct option_reading *option_reading_of(struct option_context *context)
{
    return CONTAINER_OF(context, struct option_reading, context);
}

/* The row of exactly this name, or NULL. Quick: a block list asks once a line. */
struct known_option *option_reader_find(struct option_reader *reader, struct text name);

/* A reading of this reader's, at this place, with nothing known of a line. */
struct option_reading option_reading_at(struct option_reader *reader, enum option_source source,
                                        struct place place);

/* Reads one value into the row's field: built?, extraneous or missing value, once, then the row's
 * own reader. The line's facts are in `reading` already. */
enum status option_reading_take(struct option_reading *reading, struct known_option *known,
                                struct value value);

/* Errors so far, shown or not. */
static inline size_t option_errors_total(const struct option_errors *errors)
{
    return errors->count + errors->dropped;
}

/* STATUS_OK when none were added since. */
static inline enum status option_errors_since(const struct option_errors *errors, size_t total)
{
    return option_errors_total(errors) == total ? STATUS_OK : STATUS_MALFORMED;
}

/* All lines, of a text in the second; place.source names where they come from. */
enum status option_read_lines(struct option_reader *reader, const char *source,
                              struct config_lines *lines);
enum status option_read_lines_of(struct option_reader *reader, const char *source,
                                 struct text text);

#endif

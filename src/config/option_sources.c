/* The rows the framework owns: where more configuration comes from (conf-file, conf-dir,
 * conf-script), and what the command line asks for instead of serving (--test, --help, ...). */
#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "config/option.h"
#include "config/option_reader.h"

/* ------------------------------------------------------------------ failing */

/* Exit codes as process.md lists them. */
enum { EXIT_FILES = 3, EXIT_MEMORY = 4, EXIT_OTHER = 5, EXIT_SCRIPT = 10 };

#define SCRIPT_SECONDS 30 /* of a command, while we serve */

/* As option_fail, where dnsmasq says `what` without a place and ends with another code. */
PRINTF_LIKE(4, 5)
static enum status fail_source(struct option_context *context, struct text where, int exit_code,
                               const char *format, ...)
{
    struct option_errors *errors = context->errors;
    size_t kept_before = errors->count;
    char what[512];
    struct text_out out = text_out_on(what, sizeof what);
    va_list arguments;

    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    (void)option_fail(context, where, what, "%s", what);
    if (errors->count > kept_before) {
        errors->errors[kept_before].exit_code = exit_code;
        errors->errors[kept_before].compat_whole = true;
    }
    return STATUS_MALFORMED;
}

/* What a status of config_file.c means for the user. */
static const char *reason_of(enum status status)
{
    if (status == STATUS_SYSTEM)
        return strerror(errno);
    return strerror(status == STATUS_NO_MEMORY ? ENOMEM : EFBIG);
}

/* ------------------------------------------------------------------ files */

static bool was_read(const struct option_reader *reader, struct config_file_id id)
{
    for (size_t i = 0; i < reader->file_count; i++) {
        if (reader->files[i].device == id.device && reader->files[i].inode == id.inode)
            return true;
    }
    return false;
}

static enum status check_depth(struct option_context *context, struct text where)
{
    if (option_reading_of(context)->reader->depth < OPTION_DEPTH_MAX)
        return STATUS_OK;
    return option_fail(context, where, NULL, "sources are nested more than %d deep",
                       OPTION_DEPTH_MAX);
}

/* The lines of an open file. */
static enum status read_lines(struct option_context *context, struct text where, const char *path,
                              int file)
{
    struct option_reader *reader = option_reading_of(context)->reader;
    const char *source = strcmp(path, "-") == 0 ? "stdin" : path;
    struct config_lines lines;

    enum status status = config_lines_init_file(&lines, file, CONFIG_FILE_MAX);
    if (status == STATUS_OK) {
        reader->depth++;
        status = option_read_lines(reader, source, &lines);
        reader->depth--;
        enum status end = config_lines_end(&lines);
        if (end != STATUS_OK)
            status =
                fail_source(context, where, EXIT_FILES, "cannot read %s: %s", path, reason_of(end));
    } else {
        status = fail_source(context, where, EXIT_MEMORY, "could not get memory");
    }
    config_lines_free(&lines);
    return status;
}

/* A path as it was meant at the start; NULL: no memory. */
static const char *path_from_start(struct option_context *context, const char *path)
{
    const char *folder = option_reading_of(context)->reader->folder;
    if (folder == NULL || path[0] == '/' || strcmp(path, "-") == 0)
        return path;
    size_t folder_count = strlen(folder);
    size_t count = strlen(path) + 1;
    char *whole = arena_take(context->arena, folder_count + 1 + count);
    if (whole == NULL)
        return NULL;
    memcpy(whole, folder, folder_count);
    whole[folder_count] = '/';
    memcpy(whole + folder_count + 1, path, count);
    return whole;
}

/* Who serves already must not wait for a writer, or for a terminal. */
static enum status check_again(struct option_context *context, struct text where, const char *path)
{
    bool is_regular;
    if (!option_reading_of(context)->reader->again)
        return STATUS_OK;
    if (strcmp(path, "-") == 0)
        return fail_source(context, where, EXIT_FILES,
                           "standard input was read at the start and cannot be read again");
    if (config_file_is_regular(path, &is_regular) == STATUS_OK && !is_regular)
        return fail_source(context, where, EXIT_FILES,
                           "%s is not a regular file and cannot be read again", path);
    return STATUS_OK;
}

/* For who must be able to read it again. */
static enum status note_source(struct option_context *context, const char *path)
{
    struct option_texts *sources = option_reading_of(context)->reader->set->sources;
    if (sources == NULL || strcmp(path, "-") == 0)
        return STATUS_OK;
    const char **element = option_append(context, &sources->at, &sources->count, &sources->room,
                                         sizeof(const char *));
    if (element == NULL)
        return STATUS_NO_MEMORY;
    *element = path;
    return STATUS_OK;
}

/* `path` must live as long as the config; `where` is where it stands, for an error. */
static enum status read_file(struct option_context *context, struct text where, const char *path,
                             bool optional)
{
    struct option_reader *reader = option_reading_of(context)->reader;
    struct config_file_id id;
    int file;

    enum status status = check_depth(context, where);
    if (status != STATUS_OK)
        return status;
    path = path_from_start(context, path);
    if (path == NULL)
        return fail_source(context, where, EXIT_MEMORY, "could not get memory");
    status = check_again(context, where, path);
    if (status != STATUS_OK)
        return status;
    status = config_file_open(path, &file, &id);
    if (status != STATUS_OK && optional && errno == ENOENT)
        return STATUS_OK;
    if (status != STATUS_OK)
        return fail_source(context, where, EXIT_FILES, "cannot read %s: %s", path,
                           reason_of(status));

    if (!was_read(reader, id)) {
        struct config_file_id *kept = option_append(context, &reader->files, &reader->file_count,
                                                    &reader->file_room, sizeof *kept);
        status = STATUS_NO_MEMORY;
        if (kept != NULL && note_source(context, path) == STATUS_OK) {
            *kept = id;
            status = read_lines(context, where, path, file);
        }
    }
    config_file_close(file);
    return status;
}

enum status option_read_file(struct option_reader *reader, const char *path, bool optional)
{
    struct option_reading reading =
        option_reading_at(reader, OPTION_FROM_FILE, (struct place){ 0 });
    const char *kept = option_string(&reading.context, text_of(path));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    return read_file(&reading.context, TEXT_NONE, kept, optional);
}

enum status option_read_files(struct option_reader *reader, const char *default_file)
{
    size_t errors_before = option_errors_total(reader->errors);

    if (!reader->conf_file_named && default_file != NULL)
        return option_read_file(reader, default_file, true);
    for (size_t i = 0; i < reader->conf_files.count; i++)
        (void)option_read_file(reader, reader->conf_files.at[i], false);
    return option_errors_since(reader->errors, errors_before);
}

static enum status read_conf_file(struct option_context *context, struct value value)
{
    struct option_reading *reading = option_reading_of(context);
    struct option_reader *reader = reading->reader;
    bool from_command_line = reading->source == OPTION_FROM_COMMAND_LINE;

    if (from_command_line)
        reader->conf_file_named = true;
    if (text_is_empty(value.text))
        return STATUS_OK;
    const char *path = option_string(context, value.text);
    if (path == NULL)
        return STATUS_NO_MEMORY;
    if (!from_command_line)
        return read_file(context, value.text, path, false);

    struct option_texts *files = &reader->conf_files;
    const char **element =
        option_append(context, &files->at, &files->count, &files->room, sizeof(const char *));
    if (element == NULL)
        return STATUS_NO_MEMORY;
    *element = path;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ folders */

static enum status read_folder_file(struct option_context *context, struct text where,
                                    const char *folder, const char *name)
{
    size_t folder_count = strlen(folder);
    size_t name_count = strlen(name);
    char *path = arena_take(context->arena, folder_count + 1 + name_count + 1);
    bool is_regular;

    if (path == NULL)
        return fail_source(context, where, EXIT_MEMORY, "could not get memory");
    memcpy(path, folder, folder_count);
    path[folder_count] = '/';
    memcpy(path + folder_count + 1, name, name_count);

    if (config_file_is_regular(path, &is_regular) != STATUS_OK)
        return fail_source(context, where, EXIT_FILES, "cannot access %s: %s", path,
                           strerror(errno));
    return is_regular ? read_file(context, where, path, false) : STATUS_OK;
}

static enum status read_conf_dir(struct option_context *context, struct value value)
{
    struct value filters = value;
    struct value field;
    struct config_folder folder;

    if (!value_next_field(&filters, ',', &field) || text_is_empty(field.text))
        return STATUS_OK;
    const char *path = option_string(context, field.text);
    if (path != NULL)
        path = path_from_start(context, path);
    if (path == NULL)
        return STATUS_NO_MEMORY;
    enum status status = config_folder_list(path, filters, &folder);
    if (status != STATUS_OK)
        return fail_source(context, field.text, EXIT_FILES, "cannot access directory %s: %s", path,
                           reason_of(status));
    status = note_source(context, path);
    /* Every file is read, so that all their errors are seen at once. */
    for (size_t i = 0; i < folder.count; i++) {
        enum status one = read_folder_file(context, field.text, path, folder.names[i]);
        status = one != STATUS_OK ? one : status;
    }
    config_folder_free(&folder);
    return status;
}

/* ------------------------------------------------------------------ commands */

/* 10, whatever the command's own code was, and past it for a signal: what dnsmasq does, against its
 * manual. */
static enum status fail_command(struct option_context *context, struct text where,
                                const char *command, int wait_status)
{
    int exit_code = EXIT_SCRIPT + (WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : 0);
    return fail_source(context, where, exit_code, "%s returns non-zero error code", command);
}

static enum status read_conf_script(struct option_context *context, struct value value)
{
    struct option_reader *reader = option_reading_of(context)->reader;
    struct text output;
    int wait_status;

    if (text_is_empty(value.text))
        return STATUS_OK;
    enum status status = check_depth(context, value.text);
    if (status != STATUS_OK)
        return status;
    /* Without this bound a command that writes two of itself would run for ever. */
    if (reader->script_count >= OPTION_SCRIPTS_MAX)
        return option_fail(context, value.text, NULL, "more than %d commands", OPTION_SCRIPTS_MAX);
    reader->script_count++;

    /* The source name holds the command at its end, so one copy serves for both. */
    char *source = arena_take(context->arena, sizeof OPTION_OUTPUT_OF + value.text.count);
    if (source == NULL)
        return fail_source(context, value.text, EXIT_MEMORY, "could not get memory");
    memcpy(source, OPTION_OUTPUT_OF, sizeof OPTION_OUTPUT_OF - 1);
    memcpy(source + sizeof OPTION_OUTPUT_OF - 1, value.text.at, value.text.count);
    const char *command = source + sizeof OPTION_OUTPUT_OF - 1;

    const struct config_script_limit limit = { SCRIPT_SECONDS, reader->stop };
    status = config_script_run(command, reader->again ? &limit : NULL, &output, &wait_status);
    if (status != STATUS_OK)
        return fail_source(context, value.text, EXIT_OTHER, "cannot run %s: %s", command,
                           reason_of(status));
    reader->depth++;
    status = option_read_lines_of(reader, source, output);
    reader->depth--;
    free((void *)output.at);
    if (wait_status != 0)
        return fail_command(context, value.text, command, wait_status);
    return status;
}

/* ------------------------------------------------------------------ requests */

static struct option_requests *requests_of(struct option_context *context)
{
    return &option_reading_of(context)->reader->requests;
}

static enum status read_test(struct option_context *context, struct value value)
{
    (void)value;
    requests_of(context)->test = true;
    return STATUS_OK;
}

static enum status read_help(struct option_context *context, struct value value)
{
    (void)value;
    requests_of(context)->help = true;
    return STATUS_OK;
}

static enum status read_version(struct option_context *context, struct value value)
{
    (void)value;
    requests_of(context)->version = true;
    return STATUS_OK;
}

static enum status read_print_config(struct option_context *context, struct value value)
{
    (void)value;
    requests_of(context)->print_config = true;
    return STATUS_OK;
}

static enum status read_print_manual(struct option_context *context, struct value value)
{
    (void)value;
    requests_of(context)->print_manual = true;
    return STATUS_OK;
}

static enum status read_print_completion(struct option_context *context, struct value value)
{
    static const char *const shells[] = { "bash", "fish", "zsh" };

    for (size_t i = 0; i < COUNT_OF(shells); i++) {
        if (text_equal(value.text, text_of(shells[i]))) {
            requests_of(context)->print_completion = shells[i];
            return STATUS_OK;
        }
    }
    return option_fail(context, value.text, NULL,
                       "\"%.*s\" is not a shell we know (bash, fish, zsh)", TEXT_ARG(value.text));
}

/* ------------------------------------------------------------------ the rows */

static const struct option own_rows[] = {
    {
        .name = "conf-file",
        .letter = 'C',
        .kind = OPTION_STRUCTURED,
        .value_optional = true,
        .area = "process",
        .read = read_conf_file,
        .shape = "<path>",
        .help = "Read configuration from this file too",
        .doc = DOC("On the command line the files named are read instead of the default one, in "
                   "their order and after all other arguments; an empty name reads none. In a "
                   "file the named one is read at this place. A file is read only once, whatever "
                   "it is called the second time. The name \"-\" is standard input."),
        .examples = EXAMPLES("conf-file=/etc/dnsmasq.more.conf", "conf-file="),
    },
    {
        .name = "conf-dir",
        .letter = '7',
        .kind = OPTION_STRUCTURED,
        .area = "process",
        .read = read_conf_dir,
        .shape = "<directory>[,<suffix>|*<suffix>]...",
        .help = "Read configuration from the files of a directory",
        .doc = DOC("Files are read in the order of their names. One whose name ends in a plain "
                   "suffix is left out; with suffixes after \"*\" only those that end in one of "
                   "them are read. Names that end in \"~\", begin with \".\" or begin and end "
                   "with \"#\" never are."),
        .examples = EXAMPLES("conf-dir=/etc/dnsmasq.d", "conf-dir=/etc/dnsmasq.d,*.conf",
                             "conf-dir=/etc/dnsmasq.d,.bak,.dpkg-old"),
    },
    {
        .name = "conf-script",
        .kind = OPTION_STRUCTURED,
        .area = "process",
        .read = read_conf_script,
        .shape = "<command>",
        .help = "Read configuration from the output of a command",
        .doc = DOC("The shell runs the command at start; its standard output is read as if it were "
               "a file. A command that fails ends the start with exit code 10."),
        .examples = EXAMPLES("conf-script=/usr/local/bin/make-config --site office"),
    },
    {
        .name = "test",
        .kind = OPTION_FLAG,
        .command_line_only = true,
        .area = "process",
        .read = read_test,
        .shape = "",
        .help = "Check the configuration and stop",
    },
    {
        .name = "help",
        .letter = 'w',
        .kind = OPTION_FLAG,
        .command_line_only = true,
        .area = "process",
        .read = read_help,
        .shape = "",
        .help = "Show the options; followed by dhcp or dhcp6, the DHCP options by name",
    },
    {
        .name = "version",
        .letter = 'v',
        .kind = OPTION_FLAG,
        .command_line_only = true,
        .area = "process",
        .read = read_version,
        .shape = "",
        .help = "Show the version and what was built in",
    },
    {
        .name = "print-config",
        .kind = OPTION_FLAG,
        .command_line_only = true,
        .ours = true,
        .area = "process",
        .read = read_print_config,
        .shape = "",
        .help = "Show the whole configuration as one file and stop",
    },
    {
        .name = "print-manual",
        .kind = OPTION_FLAG,
        .command_line_only = true,
        .ours = true,
        .area = "process",
        .read = read_print_manual,
        .shape = "",
        .help = "Write the manual's list of options in mdoc and stop",
    },
    {
        .name = "print-completion",
        .kind = OPTION_STRUCTURED,
        .command_line_only = true,
        .ours = true,
        .area = "process",
        .read = read_print_completion,
        .shape = "bash|fish|zsh",
        .help = "Write a completion script for this shell and stop",
    },
};

struct option_table option_own_table(void)
{
    return (struct option_table){ .rows = own_rows, .count = COUNT_OF(own_rows), .part = NULL };
}

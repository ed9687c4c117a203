/* The options of the process itself: who it runs as, its files, its log. */
#include "base/log.h"
#include "config/option.h"
#include "daemon/daemon_config.h"

#define LINE_MAX_BYTES    4096
#define LOG_QUEUE_DEFAULT 5

/* ------------------------------------------------------------------ user, group, pid-file */

static const char **text_field(const struct option *option, void *part)
{
    return (const char **)(void *)((char *)part + option->field);
}

/* A text that may be left out or empty, which is not the same as not given at all. */
enum status daemon_read_text(struct option_context *context, struct value value)
{
    const char *text = value.text.count == 0 ? "" : option_string(context, value.text);
    if (text == NULL)
        return STATUS_NO_MEMORY;
    *text_field(context->option, context->part) = text;
    return STATUS_OK;
}

void daemon_print_text(const void *part, struct option_printer *printer)
{
    const char *const *field =
        (const char *const *)(const void *)((const char *)part + printer->option->field);
    char line[LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof(line));
    if (*field == NULL)
        return;
    option_put_whole(&out, text_of(*field));
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ the log */

/* As syslog(3) has them, with two that some systems add. */
static const char *const facilities[] = {
    "auth",   "authpriv", "cron",     "daemon", "ftp",    "kern",   "lpr",    "mail",
    "mark",   "news",     "security", "syslog", "user",   "uucp",   "local0", "local1",
    "local2", "local3",   "local4",   "local5", "local6", "local7",
};

static bool is_facility(struct text text)
{
    for (size_t i = 0; i < COUNT_OF(facilities); i++)
        if (text_equal_nocase(text_of(facilities[i]), text))
            return true;
    return false;
}

static enum status read_log_facility(struct option_context *context, struct value value)
{
    struct text text = value.text;
    if (text_find(text, '/') == SIZE_MAX && !text_equal(text, TEXT("-")) && !is_facility(text))
        return option_fail(
            context, text, "bad log facility",
            "\"%.*s\" is not a facility of syslog (daemon, local0 to local7, ...), a "
            "path with a '/' or \"-\"",
            TEXT_ARG(text));
    return daemon_read_text(context, value);
}

/* Five lines unless given, a hundred at most; and none is no queue, as in dnsmasq. */
static enum status read_log_async(struct option_context *context, struct value value)
{
    struct daemon_config *config = context->part;
    uint64_t lines = LOG_QUEUE_DEFAULT;
    if (!text_is_empty(value.text) && text_to_u64(value.text, INT32_MAX, &lines) != STATUS_OK)
        return option_fail(context, value.text, NULL, "\"%.*s\" is not a number of lines",
                           TEXT_ARG(value.text));
    config->log_queue = lines < LOG_QUEUE_MAX ? (uint32_t)lines : LOG_QUEUE_MAX;
    return STATUS_OK;
}

static void print_log_async(const void *part, struct option_printer *printer)
{
    const struct daemon_config *config = part;
    if (config->log_queue > 0)
        option_print_value(printer, "%u", config->log_queue);
}

static enum status read_dump_mask(struct option_context *context, struct value value)
{
    struct daemon_config *config = context->part;
    struct text text = value.text;
    uint32_t mask = 0;
    if (text_to_u32_any(text, &mask) != STATUS_OK)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is not a mask (a sum like 15, or hexadecimal like 0x1003)",
                           TEXT_ARG(text));
    config->dump_mask = mask;
    return STATUS_OK;
}

static void print_dump_mask(const void *part, struct option_printer *printer)
{
    const struct daemon_config *config = part;
    if (config->dump_mask != 0)
        option_print_value(printer, "0x%x", config->dump_mask);
}

/* ------------------------------------------------------------------ sandbox */

static enum status read_sandbox(struct option_context *context, struct value value)
{
    struct daemon_config *config = context->part;
    if (!text_equal(value.text, TEXT("yes")) && !text_equal(value.text, TEXT("no")))
        return option_fail(context, value.text, NULL, "\"%.*s\" is neither yes nor no",
                           TEXT_ARG(value.text));
    config->no_sandbox = text_equal(value.text, TEXT("no"));
    return STATUS_OK;
}

static void print_sandbox(const void *part, struct option_printer *printer)
{
    const struct daemon_config *config = part;
    if (config->no_sandbox)
        option_print_value(printer, "no");
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option daemon_options[] = {
    {
        .name = "user", .at_start = true, .letter = 'u',
        .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process", .field = offsetof(struct daemon_config, user),
        .read = daemon_read_text, .print = daemon_print_text,
        .shape = "[<name>]",
        .help = "Become this user once everything is open",
        .doc = DOC("When started by root; nobody unless given. An empty name keeps root."),
        .examples = EXAMPLES("user=linnet", "user="),
    },
    {
        .name = "group", .at_start = true, .letter = 'g',
        .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process", .field = offsetof(struct daemon_config, group),
        .read = daemon_read_text, .print = daemon_print_text,
        .shape = "[<name>]",
        .help = "Become a member of this group once everything is open",
        .doc = DOC("When started by root; dip where there is such a group, else the user's own, unless given."),
        .examples = EXAMPLES("group=linnet"),
    },
    {
        .name = "pid-file", .at_start = true, .letter = 'x',
        .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process", .field = offsetof(struct daemon_config, pid_file),
        .read = daemon_read_text, .print = daemon_print_text,
        .shape = "[<path>]",
        .help = "Write the process number to this file",
        .doc = DOC("It is there when the start is over and goes away at a regular end. An empty value means none."),
        .examples = EXAMPLES("pid-file=/run/linnet.pid", "pid-file="),
    },
    {
        .name = "no-daemon", .at_start = true, .letter = 'd', .kind = OPTION_FLAG, .area = "process",
        .field = offsetof(struct daemon_config, no_daemon), .shape = "",
        .help = "Stay in the foreground and log to the terminal, for finding faults",
        .doc = DOC("The user is not changed and no pid file is written. Ctrl-C ends it."),
        .examples = EXAMPLES("no-daemon"),
    },
    {
        .name = "keep-in-foreground", .at_start = true, .letter = 'k', .kind = OPTION_FLAG, .area = "process",
        .field = offsetof(struct daemon_config, keep_in_foreground), .shape = "",
        .help = "Stay in the foreground, and do everything else as usual",
        .doc = DOC("For service managers that watch the process."),
        .examples = EXAMPLES("keep-in-foreground"),
    },
    {
        .name = "sandbox", .ours = true, .at_start = true, .kind = OPTION_STRUCTURED, .once = true, .area = "process",
        .read = read_sandbox, .print = print_sandbox,
        .shape = "yes|no",
        .help = "Confine what reads packets in a process of its own",
        .doc = DOC("The process that reads packets has no rights, reaches only the files that the configuration "
               "names and only the system calls it needs; another one waits for it, and starts it again "
               "when a fault ends it. no: all in one process, for finding faults; as with no-daemon."),
        .examples = EXAMPLES("sandbox=no"),
    },
    {
        .name = "log-facility", .at_start = true, .letter = '8', .kind = OPTION_STRUCTURED, .once = true, .area = "log",
        .field = offsetof(struct daemon_config, log_facility),
        .read = read_log_facility, .print = daemon_print_text,
        .shape = "<facility>|<path>|-",
        .help = "Where the log goes: a facility of syslog, a file, or \"-\" for standard error",
        .doc = DOC("What has a '/' in it is a file. It is opened anew on SIGUSR2."),
        .examples = EXAMPLES("log-facility=local0", "log-facility=/var/log/linnet.log", "log-facility=-"),
    },
    {
        .name = "log-async", .at_start = true, .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "log",
        .read = read_log_async, .print = print_log_async,
        .shape = "[<lines>]",
        .help = "Keep so many lines while the log is slow, instead of waiting for it",
        .doc = DOC("Five unless given, a hundred at most. What does not fit is lost, and counted."),
        .examples = EXAMPLES("log-async", "log-async=50"),
    },
    {
        .name = "log-malloc", .at_start = true, .kind = OPTION_FLAG, .area = "log", .shape = "",
        .field = offsetof(struct daemon_config, log_malloc),
        .help = "Log the memory taken at start, by what it is for",
        .doc = DOC("What questions and leases need is taken at start and kept, so there is nothing to log "
               "after that: SIGUSR1 says how much of it is in use."),
        .examples = EXAMPLES("log-malloc"),
    },
    {
        .name = "dumpfile", .at_start = true, .kind = OPTION_TEXT, .once = true,
        .field = offsetof(struct daemon_config, dump_file),
        .area = "log", .shape = "<path>",
        .help = "Write copies of packets to this file",
        .doc = DOC("In the form that tcpdump and Wireshark read. dumpmask says which; without it there are "
               "none. What is there already stays. When the disk is too slow packets are left out, and "
               "counted."),
        .examples = EXAMPLES("dumpfile=/var/log/linnet.pcap"),
    },
    {
        .name = "dumpmask", .at_start = true, .kind = OPTION_STRUCTURED, .once = true,
        .read = read_dump_mask, .print = print_dump_mask,
        .area = "log", .shape = "<mask>",
        .help = "Which packets dumpfile gets",
        .doc = DOC("A sum of: 1 queries of clients, 2 answers to them, 4 and 8 the same with servers, 0x10 and "
               "0x20 those of validation, 0x40 and 0x80 answers that failed it, 0x1000 DHCP, 0x2000 DHCPv6, "
               "0x4000 router advertisements, 0x8000 TFTP."),
        .examples = EXAMPLES("dumpmask=15", "dumpmask=0x1003"),
    },
};
/* clang-format on */

const size_t daemon_option_count = COUNT_OF(daemon_options);

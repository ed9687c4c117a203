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
static enum status read_text(struct option_context *context, struct value value)
{
    const char *text = value.text.count == 0 ? "" : option_string(context, value.text);
    if (text == NULL)
        return STATUS_NO_MEMORY;
    *text_field(context->option, context->part) = text;
    return STATUS_OK;
}

static void print_text(const void *part, struct option_printer *printer)
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
    return read_text(context, value);
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

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option daemon_options[] = {
    {
        .name = "user", .letter = 'u', .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process", .field = offsetof(struct daemon_config, user),
        .read = read_text, .print = print_text,
        .shape = "[<name>]",
        .help = "Become this user once everything is open",
        .doc = "When started by root; nobody unless given. An empty name keeps root.",
        .examples = EXAMPLES("user=linnet", "user="),
    },
    {
        .name = "group", .letter = 'g', .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process", .field = offsetof(struct daemon_config, group),
        .read = read_text, .print = print_text,
        .shape = "[<name>]",
        .help = "Become a member of this group once everything is open",
        .doc = "When started by root; dip where there is such a group, else the user's own, unless given.",
        .examples = EXAMPLES("group=linnet"),
    },
    {
        .name = "pid-file", .letter = 'x', .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "process", .field = offsetof(struct daemon_config, pid_file),
        .read = read_text, .print = print_text,
        .shape = "[<path>]",
        .help = "Write the process number to this file",
        .doc = "It is there when the start is over and goes away at a regular end. An empty value means none.",
        .examples = EXAMPLES("pid-file=/run/linnet.pid", "pid-file="),
    },
    {
        .name = "no-daemon", .letter = 'd', .kind = OPTION_FLAG, .area = "process",
        .field = offsetof(struct daemon_config, no_daemon), .shape = "",
        .help = "Stay in the foreground and log to the terminal, for finding faults",
        .doc = "The user is not changed and no pid file is written. Ctrl-C ends it.",
        .examples = EXAMPLES("no-daemon"),
    },
    {
        .name = "keep-in-foreground", .letter = 'k', .kind = OPTION_FLAG, .area = "process",
        .field = offsetof(struct daemon_config, keep_in_foreground), .shape = "",
        .help = "Stay in the foreground, and do everything else as usual",
        .doc = "For service managers that watch the process.",
        .examples = EXAMPLES("keep-in-foreground"),
    },
    {
        .name = "log-facility", .letter = '8', .kind = OPTION_STRUCTURED, .once = true, .area = "log",
        .field = offsetof(struct daemon_config, log_facility),
        .read = read_log_facility, .print = print_text,
        .shape = "<facility>|<path>|-",
        .help = "Where the log goes: a facility of syslog, a file, or \"-\" for standard error",
        .doc = "What has a '/' in it is a file. It is opened anew on SIGUSR2.",
        .examples = EXAMPLES("log-facility=local0", "log-facility=/var/log/linnet.log", "log-facility=-"),
    },
    {
        .name = "log-async", .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "log",
        .read = read_log_async, .print = print_log_async,
        .shape = "[<lines>]",
        .help = "Keep so many lines while the log is slow, instead of waiting for it",
        .doc = "Five unless given, a hundred at most. What does not fit is lost, and counted.",
        .examples = EXAMPLES("log-async", "log-async=50"),
    },
    {
        .name = "log-malloc", .kind = OPTION_FLAG, .area = "log", .shape = "",
        .field = offsetof(struct daemon_config, log_malloc),
        .help = "Log the memory taken at start, by what it is for",
        .doc = "What questions and leases need is taken at start and kept, so there is nothing to log "
               "after that: SIGUSR1 says how much of it is in use.",
        .examples = EXAMPLES("log-malloc"),
    },
    {
        .name = "dumpfile", .kind = OPTION_TEXT, .once = true,
        .field = offsetof(struct daemon_config, dump_file),
        .area = "log", .shape = "<path>",
        .help = "Write copies of packets to this file",
        .doc = "In the form that tcpdump and Wireshark read. dumpmask says which; without it there are "
               "none. What is there already stays. When the disk is too slow packets are left out, and "
               "counted.",
        .examples = EXAMPLES("dumpfile=/var/log/linnet.pcap"),
    },
    {
        .name = "dumpmask", .kind = OPTION_STRUCTURED, .once = true,
        .read = read_dump_mask, .print = print_dump_mask,
        .area = "log", .shape = "<mask>",
        .help = "Which packets dumpfile gets",
        .doc = "A sum of: 1 queries of clients, 2 answers to them, 4 and 8 the same with servers, 0x10 and "
               "0x20 those of validation, 0x40 and 0x80 answers that failed it, 0x1000 DHCP, 0x2000 DHCPv6, "
               "0x4000 router advertisements, 0x8000 TFTP.",
        .examples = EXAMPLES("dumpmask=15", "dumpmask=0x1003"),
    },
    {
        .name = "enable-dbus", .letter = '1', .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT,
        .once = true, .value_optional = true, .letter_value_optional = true, .area = "process",
        .shape = "[<service name>]",
        .help = "Take commands and give news over D-Bus",
        .doc = "On the system bus, under the name uk.org.thekelleys.dnsmasq unless given.",
        .examples = EXAMPLES("enable-dbus", "enable-dbus=org.example.linnet"),
    },
    {
        .name = "enable-ubus", .kind = OPTION_STRUCTURED, .state = OPTION_NOT_BUILT, .value_optional = true,
        .once = true, .area = "process", .shape = "[<service name>]",
        .help = "Take commands and give news over ubus",
        .doc = "For OpenWrt, under the name dnsmasq unless given.",
        .examples = EXAMPLES("enable-ubus", "enable-ubus=dnsmasq.lan"),
    },
};
/* clang-format on */

const size_t daemon_option_count = COUNT_OF(daemon_options);

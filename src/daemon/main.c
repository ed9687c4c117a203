/* linnet: command line, configuration, then the daemon. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/daemon.h"
#include "daemon/dhcp_help.h"
#include "daemon/manual.h"
#include "daemon/startup.h"

#define OUTPUT_BYTES        (1u << 20)
#define PRINT_BYTES_MAX     ((size_t)1 << 30)
#define DEFAULT_FILE        "/etc/linnet.conf"
#define DEFAULT_FILE_COMPAT "/etc/dnsmasq.conf"

/* The name people and programs call us by decides whose words come first. */
static const char *program_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return strcmp(name, "dnsmasq") == 0 ? "dnsmasq" : "linnet";
}

static void put_version(struct text_out *out, bool compat)
{
    if (compat) {
        text_put_string(out, "Dnsmasq version 2.93  Copyright (c) 2026 the linnet authors (linnet "
                             LINNET_VERSION ")\n"
                             "Compile time options: IPv6 GNU-getopt no-DBus no-UBus no-i18n no-IDN2"
                             " DHCP no-DHCPv6 no-Lua no-TFTP no-conntrack no-ipset no-nftset"
                             " no-auth no-DNSSEC no-loop-detect inotify no-dumpfile\n\n"
                             "This software comes with ABSOLUTELY NO WARRANTY.\n");
        return;
    }
    text_put_string(out, "linnet " LINNET_VERSION "\n"
                         "DNS forwarder and cache, DHCPv4. ISC licence.\n");
}

/* Answers --help, --version and their like on stdout. False when none was asked for. */
static bool answer_requests(const struct config *config, const struct option_requests *requests,
                            const char *program, struct text_out *out)
{
    bool compat = strcmp(program, "dnsmasq") == 0;
    if (requests->help && requests->help_topic != NULL)
        dhcp_help_print(strcmp(requests->help_topic, "dhcp6") == 0, out);
    else if (requests->help)
        option_print_help(&config->set, program, compat, out);
    else if (requests->version)
        put_version(out, compat);
    else if (requests->print_manual)
        manual_print(&config->set, out);
    else if (requests->print_completion != NULL) {
        if (option_print_completion(&config->set, requests->print_completion, program, out)
            != STATUS_OK)
            return false;
    } else
        return false;
    return true;
}

/* Everything the configuration says, from all sources; errors are in config->errors. */
static void read_config(struct config *config, struct option_reader *reader, const char *program,
                        bool test_only)
{
    bool compat = strcmp(program, "dnsmasq") == 0;
    /* The status repeats what the errors say, and all errors are to be seen. */
    enum status status =
        option_read_files(reader, compat ? DEFAULT_FILE_COMPAT : DEFAULT_FILE);
    if (status == STATUS_OK || config->errors.count > 0)
        status = config_finish(config, test_only);
    (void)status;
}

static int print_errors(const struct config *config, const char *program, struct text_out *out)
{
    const char *compat = strcmp(program, "dnsmasq") == 0 ? program : NULL;
    int code = option_print_errors(&config->errors, program, compat, out);
    fputs(out->start, stderr);
    if (config->errors.count > 0) {
        const struct option_error *first = &config->errors.errors[0];
        struct log_setup setup = { .target = LOG_TO_SYSLOG, .name = program, .facility = 24,
                                   .level = LOG_INFORM };
        if (!isatty(STDERR_FILENO) && log_open(&setup) == STATUS_OK) {
            log_line(LOG_PART_MAIN, LOG_CRITICAL, "%s", first->message);
            log_line(LOG_PART_MAIN, LOG_CRITICAL, "FAILED to start up");
            log_close();
        }
    }
    return code;
}

/* A configuration may hold a million lines: the buffer grows until all of it fits. */
static int print_config(const struct config *config)
{
    for (size_t room = OUTPUT_BYTES; room <= PRINT_BYTES_MAX; room *= 4) {
        char *memory = malloc(room);
        if (memory == NULL)
            break;
        struct text_out out = text_out_on(memory, room);
        option_print_config(&config->set, &out);
        if (!out.failed)
            fputs(memory, stdout);
        free(memory);
        if (!out.failed)
            return EXIT_OK;
    }
    fprintf(stderr, "the configuration is too large to print\n");
    return EXIT_MEMORY;
}

static int run(struct config *config, struct option_reader *reader, const char *program,
               struct text_out *out)
{
    const struct option_requests *requests = option_reader_requests(reader);
    bool arguments_good = config->errors.count == 0;
    if (arguments_good && answer_requests(config, requests, program, out)) {
        fputs(out->start, stdout);
        return EXIT_OK;
    }
    if (arguments_good)
        read_config(config, reader, program, requests->test);
    if (config->errors.count > 0)
        return print_errors(config, program, out);
    if (requests->test) {
        fprintf(stderr, "%s: syntax check OK.\n", program);
        return EXIT_OK;
    }
    if (requests->print_config)
        return print_config(config);
    return daemon_run(config, program);
}

int main(int argc, char **argv)
{
    const char *program = program_name(argc > 0 ? argv[0] : "linnet");
    struct config *config = config_create();
    char *memory = malloc(OUTPUT_BYTES);
    if (config == NULL || memory == NULL) {
        fprintf(stderr, "\n%s: could not get memory\n", program);
        return EXIT_MEMORY;
    }
    struct text_out out = text_out_on(memory, OUTPUT_BYTES);
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    int code = EXIT_MEMORY;
    if (reader != NULL) {
        /* What is wrong with the arguments is in config->errors. */
        enum status status = option_read_arguments(reader, argc, argv);
        (void)status;
        code = run(config, reader, program, &out);
        option_reader_free(reader);
    }
    free(memory);
    config_free(config);
    return code;
}

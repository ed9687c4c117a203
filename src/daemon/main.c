/* linnet: command line, configuration, then the daemon. */
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/build_words.h"
#include "daemon/daemon.h"
#include "daemon/dhcp_help.h"
#include "daemon/manual.h"
#include "daemon/startup.h"
#include "platform/service_notify.h"

#define OUTPUT_BYTES    (1u << 20)
#define PRINT_BYTES_MAX ((size_t)1 << 30)
#define SERVE           (-1) /* nothing else was asked for */

/* The name people and programs call us by decides whose words come first. */
static const char *program_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    return strcmp(name, "dnsmasq") == 0 ? "dnsmasq" : "linnet";
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
        build_words_put_version(&config->set, compat, out);
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
    enum status status = option_read_files(reader, config_default_file(compat));
    if (status == STATUS_OK || config->errors.count > 0)
        status = config_finish(config, test_only);
    (void)status;
}

static int print_errors(const struct config *config, const char *program, bool test_only,
                        struct text_out *out)
{
    const char *compat = strcmp(program, "dnsmasq") == 0 ? program : NULL;
    int code = option_print_errors(&config->errors, program, compat, out);
    fputs(out->start, stderr);
    if (config->errors.count > 0 && !test_only) {
        const struct option_error *first = &config->errors.errors[0];
        service_notify("STATUS=%s", first->message);
        struct log_setup setup = {
            .target = LOG_TO_SYSLOG, .name = program, .facility = 24, .level = LOG_INFORM
        };
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

/* The exit code, or SERVE. */
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
        return print_errors(config, program, requests->test, out);
    if (requests->test) {
        fprintf(stderr, "%s: syntax check OK.\n", program);
        return EXIT_OK;
    }
    if (requests->print_config)
        return print_config(config);
    return SERVE;
}

int main(int argc, char **argv)
{
    const char *program = program_name(argc > 0 ? argv[0] : "linnet");
    startup_enter();
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
    } else {
        fprintf(stderr, "\n%s: could not get memory\n", program);
    }
    free(memory);
    if (code == SERVE)
        return daemon_run(&(struct daemon_start){ config, program, argc, argv, getcwd(NULL, 0) });
    config_free(config);
    return code;
}

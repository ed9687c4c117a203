/* Where the log goes. */
#include <string.h>
#include <syslog.h>

#include "base/log.h"
#include "daemon/daemon.h"

static const struct {
    const char *name;
    int facility;
} facilities[] = {
    { "daemon", LOG_DAEMON }, { "user", LOG_USER },     { "mail", LOG_MAIL },
    { "auth", LOG_AUTH },     { "syslog", LOG_SYSLOG }, { "lpr", LOG_LPR },
    { "news", LOG_NEWS },     { "uucp", LOG_UUCP },     { "cron", LOG_CRON },
    { "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 }, { "local2", LOG_LOCAL2 },
    { "local3", LOG_LOCAL3 }, { "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
    { "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 }, { "kern", LOG_KERN },
};

static bool find_facility(const char *name, int *facility)
{
    for (size_t i = 0; i < COUNT_OF(facilities); i++)
        if (text_equal_nocase(text_of(name), text_of(facilities[i].name))) {
            *facility = facilities[i].facility;
            return true;
        }
    return false;
}

enum status daemon_open_log(const struct config *config, const char *program, long pid)
{
    const struct daemon_config *daemon = &config->daemon;
    struct log_setup setup = {
        .target = LOG_TO_SYSLOG,
        .name = program,
        .facility = daemon->no_daemon ? LOG_LOCAL0 : LOG_DAEMON,
        .level = config->site.log_debug ? LOG_DETAIL : LOG_INFORM,
        .also_stderr = daemon->no_daemon,
        .pid = pid,
    };
    const char *to = daemon->log_facility;
    if (to == NULL || to[0] == '\0')
        return log_open(&setup);
    if (strcmp(to, "-") == 0) {
        setup.target = daemon->no_daemon ? LOG_TO_STDERR_TIMED : LOG_TO_STDERR_PLAIN;
        setup.also_stderr = false;
    } else if (strchr(to, '/') != NULL) {
        setup.target = LOG_TO_FILE;
        setup.path = to;
    } else if (!find_facility(to, &setup.facility)) {
        return STATUS_RANGE;
    }
    return log_open(&setup);
}

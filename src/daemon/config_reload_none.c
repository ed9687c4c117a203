/* The configuration read again, in a build without it: only a start reads it. */
#include "daemon/config_reload.h"

void daemon_reload_config(struct daemon *daemon, bool dry_run, config_reload_done *done,
                          void *context)
{
    (void)daemon;
    (void)dry_run;
    struct config_reload_answer answer = {
        .outcome = CONFIG_RELOAD_REFUSED,
        .lines = TEXT("this linnet was built without reloading the configuration\n"),
        .errors = 1,
    };
    if (done != NULL)
        done(context, &answer);
}

void config_reload_init(struct daemon *daemon)
{
    (void)daemon;
}

void config_reload_by_signal(struct daemon *daemon)
{
    (void)daemon;
}

void config_reload_stop(struct daemon *daemon)
{
    (void)daemon;
}

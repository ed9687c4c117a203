/* The control socket, in a build without it: there is never one. */
#include "daemon/control.h"

struct control *control_open(struct startup *startup, const struct daemon_config *config)
{
    (void)startup;
    (void)config;
    return NULL;
}

void control_start(struct control *control, struct daemon *daemon, uv_loop_t *loop)
{
    (void)control;
    (void)daemon;
    (void)loop;
}

void control_stop(struct control *control)
{
    (void)control;
}

void control_free(struct control *control)
{
    (void)control;
}

const struct control_counters *control_counters(const struct control *control)
{
    (void)control;
    return NULL;
}

#include "daemon/netboot_http.h"

bool netboot_http_is_there(void)
{
    return false;
}

enum status netboot_http_open(const struct config *config, struct netboot_http **http,
                              struct endpoint *what)
{
    (void)config;
    (void)what;
    *http = NULL;
    return STATUS_UNSUPPORTED;
}

enum status netboot_http_start(struct netboot_http *http, uv_loop_t *loop,
                               const struct views *views)
{
    (void)http;
    (void)loop;
    (void)views;
    return STATUS_UNSUPPORTED;
}

void netboot_http_config_changed(struct netboot_http *http, const struct config *config)
{
    (void)http;
    (void)config;
}

void netboot_http_stop(struct netboot_http *http)
{
    (void)http;
}

void netboot_http_free(struct netboot_http *http)
{
    (void)http;
}

const struct netboot_http_counters *netboot_http_counters(const struct netboot_http *http)
{
    (void)http;
    return NULL;
}

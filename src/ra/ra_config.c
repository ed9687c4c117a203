#include "ra/ra_config.h"

static const struct ra_param defaults = {
    .interval_s = RA_INTERVAL_DEFAULT_S,
    .lifetime_s = RA_LIFETIMES * RA_INTERVAL_DEFAULT_S,
};

const struct ra_param *ra_config_param(const struct ra_config *config, const char *interface)
{
    /* The last line wins. */
    for (size_t i = config->param_count; COUNT_DOWN(i);)
        if (site_interface_matches(&config->params[i].interface, interface))
            return &config->params[i];
    return &defaults;
}

/* The configuration read again, in a build without it. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option config_reload_options[] = {
    {
        .name = "reload-config", .kind = OPTION_FLAG, .state = OPTION_NO_FEATURE,
        .feature = "reloading the configuration", .ours = true, .area = "process", .shape = "",
        .help = "Read the whole configuration again on SIGHUP",
        .doc = DOC("Not in this build."),
        .examples = EXAMPLES("reload-config"),
    },
};
/* clang-format on */

const size_t config_reload_option_count = COUNT_OF(config_reload_options);

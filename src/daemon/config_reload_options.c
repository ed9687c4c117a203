/* The configuration read again while the program runs. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option config_reload_options[] = {
    {
        .name = "reload-config", .kind = OPTION_FLAG, .ours = true, .area = "process",
        .field = offsetof(struct daemon_config, reload_config), .shape = "",
        .help = "Read the whole configuration again on SIGHUP",
        .doc = DOC("The same command line, files, folders and scripts, as whoever we run as now, so the files must be "
               "readable for that user. One with an error changes nothing: all that is wrong stands in the log, and "
               "the old one stays. A good one is used at once, with what was cached, the leases and the questions "
               "under way; the log says which lines are new or gone, and which of them have to wait for the next "
               "start. Hosts files and the like are read again too, but unlike without it the cache is not emptied. "
               "When called dnsmasq SIGHUP does what dnsmasq does, and this has no effect."),
        .examples = EXAMPLES("reload-config"),
    },
};
/* clang-format on */

const size_t config_reload_option_count = COUNT_OF(config_reload_options);

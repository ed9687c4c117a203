/* HTTP of netboot=, in a build that has no libmicrohttpd. */
#include "config/option.h"
#include "tftp/netboot_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option netboot_http_options[];
extern const size_t netboot_http_option_count;

/* clang-format off */
const struct option netboot_http_options[] = {
    {
        .name = "netboot-http", .kind = OPTION_STRUCTURED, .state = OPTION_NO_FEATURE,
        .feature = "HTTP (libmicrohttpd)", .ours = true, .area = "tftp", .shape = "[<address>:]<port>|off",
        .help = "Serve the folder of netboot by HTTP here, or not at all",
        .doc = DOC("On port 80 of all addresses unless given. Needs netboot."),
        .examples = EXAMPLES("netboot-http=8080", "netboot-http=192.0.2.1:8080", "netboot-http=off"),
    },
};
/* clang-format on */

const size_t netboot_http_option_count = COUNT_OF(netboot_http_options);

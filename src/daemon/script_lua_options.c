/* Lua scripts, in a build that has Lua. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option script_lua_options[] = {
    {
        .name = "dhcp-luascript", .at_start = true, .kind = OPTION_TEXT, .area = "script",
        .field = offsetof(struct script_config, lua), .shape = "<path>",
        .help = "Call functions of this Lua script whenever a lease begins, changes or ends",
        .doc = DOC("In a process of its own, without starting a program each time. The functions, all optional, are "
               "init(), shutdown(), lease(action, data), tftp(action, data) and arp(action, data). The keys of "
               "data are mac_address or client_duid, ip_address, hostname, and the names of dhcp-script's "
               "variables in lower case and without DNSMASQ_. print goes to the log."),
        .examples = EXAMPLES("dhcp-luascript=/usr/local/share/on-lease.lua"),
    },
};
/* clang-format on */

const size_t script_lua_option_count = COUNT_OF(script_lua_options);

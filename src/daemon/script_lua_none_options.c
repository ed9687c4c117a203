/* Lua scripts, in a build that has no Lua. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option script_lua_options[] = {
    {
        .name = "dhcp-luascript", .kind = OPTION_TEXT, .state = OPTION_NO_FEATURE, .feature = "Lua",
        .area = "script", .field = offsetof(struct script_config, lua), .shape = "<path>",
        .help = "Call functions of this Lua script whenever a lease begins, changes or ends",
        .doc = DOC("In a process of its own, without starting a program each time."),
        .examples = EXAMPLES("dhcp-luascript=/usr/local/share/on-lease.lua"),
    },
};
/* clang-format on */

const size_t script_lua_option_count = COUNT_OF(script_lua_options);

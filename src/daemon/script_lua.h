/* Lease scripts in Lua: functions of one file that stays loaded (dhcp.md section 10). Built with
 * the headers of Lua 5.4, whose library is loaded when a script is opened; or without them from
 * script_lua_none.c, where nothing can be opened. */
#ifndef LINNET_DAEMON_SCRIPT_LUA_H
#define LINNET_DAEMON_SCRIPT_LUA_H

#include "daemon/script_environment.h"

struct script_lua;

/* Whether the library can be loaded: a start that needs it says so when it cannot. */
bool script_lua_is_there(void);

struct script_lua_ears {
    void (*printed)(void *context, struct text line); /* by print */
    void (*failed)(void *context, struct text message);
    void *context;
};

/* Loads the file and calls its init(). NULL, after telling why, when it cannot be loaded. */
struct script_lua *script_lua_open(const char *path, const struct script_lua_ears *ears);
/* lease(action, table), tftp(...), arp(...) or snoop(...), if the file has such a function. */
void script_lua_call(struct script_lua *lua, const struct script_record *record,
                     const struct script_moment *moment);
/* Calls shutdown(). NULL is fine. */
void script_lua_close(struct script_lua *lua);

#endif

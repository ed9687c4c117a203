/* Lua 5.4, taken into memory only in the process that runs lease scripts in Lua. */
#ifndef LINNET_DAEMON_LUA_LIBRARY_H
#define LINNET_DAEMON_LUA_LIBRARY_H

#include <lauxlib.h>
#include <lualib.h>
#include <stdbool.h>

#define LUA_LIBRARY_FUNCTIONS(each)                                                                \
    each(luaL_addlstring) each(luaL_addvalue) each(luaL_buffinit) each(luaL_loadfilex)             \
        each(luaL_newstate) each(luaL_openlibs) each(luaL_pushresult) each(luaL_tolstring)         \
            each(lua_close) each(lua_createtable) each(lua_getglobal) each(lua_gettop)             \
                each(lua_pcallk) each(lua_pushcclosure) each(lua_pushlightuserdata)                \
                    each(lua_pushlstring) each(lua_pushnumber) each(lua_pushstring)                \
                        each(lua_setfield) each(lua_setglobal) each(lua_settop)                    \
                            each(lua_tolstring) each(lua_touserdata)

#define LUA_LIBRARY_FIELD(name) __typeof__(name) *name;
struct lua_library {
    LUA_LIBRARY_FUNCTIONS(LUA_LIBRARY_FIELD)
};
#undef LUA_LIBRARY_FIELD

/* Its functions; loads the library at the first call, for modules that a script requires as well:
 * those find Lua's functions in the program. NULL: it is not there. */
const struct lua_library *lua_library_load(void);
/* Whether it could be loaded; it is not in memory afterwards, unless it was before. */
bool lua_library_is_there(void);

#endif

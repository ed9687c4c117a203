/* A module as Lua scripts require them: not linked with Lua, whose functions it finds in the
 * program that runs the script. */
#include <lauxlib.h>

int luaopen_a_module(lua_State *state);

int luaopen_a_module(lua_State *state)
{
    lua_pushinteger(state, 42);
    return 1;
}

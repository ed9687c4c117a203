#include "daemon/script_lua.h"

bool script_lua_is_there(void)
{
    return false;
}

struct script_lua *script_lua_open(const char *path, const struct script_lua_ears *ears)
{
    (void)path;
    ears->failed(ears->context, TEXT("this build is without Lua"));
    return NULL;
}

void script_lua_call(struct script_lua *lua, const struct script_record *record,
                     const struct script_moment *moment)
{
    (void)lua;
    (void)record;
    (void)moment;
}

void script_lua_close(struct script_lua *lua)
{
    (void)lua;
}

#include "daemon/script_lua.h"

#include <stdlib.h>

#include "daemon/lua_library.h"

static const struct lua_library *api;

struct script_lua {
    lua_State *state;
    struct script_lua_ears ears;
};

static void pop(lua_State *state)
{
    api->lua_settop(state, -2);
}

/* ------------------------------------------------------------------ ears */

static void tell_failure(struct script_lua *lua)
{
    size_t count = 0;
    const char *message = api->lua_tolstring(lua->state, -1, &count);
    struct text text = { message, count };
    lua->ears.failed(lua->ears.context, message != NULL ? text : TEXT("an error without words"));
    pop(lua->state);
}

/* There is no terminal to print to. */
static int on_print(lua_State *state)
{
    struct script_lua *lua = api->lua_touserdata(state, lua_upvalueindex(1));
    luaL_Buffer line;
    int count = api->lua_gettop(state);
    api->luaL_buffinit(state, &line);
    for (int i = 1; i <= count; i++) {
        if (i > 1)
            api->luaL_addlstring(&line, "\t", 1);
        (void)api->luaL_tolstring(state, i, NULL);
        api->luaL_addvalue(&line);
    }
    api->luaL_pushresult(&line);
    size_t bytes = 0;
    const char *text = api->lua_tolstring(state, -1, &bytes);
    lua->ears.printed(lua->ears.context, (struct text){ text, bytes });
    return 0;
}

/* ------------------------------------------------------------------ calling */

/* The function on the stack, or none of that name. */
static bool push_function(struct script_lua *lua, const char *name)
{
    if (api->lua_getglobal(lua->state, name) == LUA_TFUNCTION)
        return true;
    pop(lua->state);
    return false;
}

static void call(struct script_lua *lua, int arguments)
{
    if (api->lua_pcallk(lua->state, arguments, 0, 0, 0, NULL) != LUA_OK)
        tell_failure(lua);
}

bool script_lua_is_there(void)
{
    return lua_library_is_there();
}

struct script_lua *script_lua_open(const char *path, const struct script_lua_ears *ears)
{
    api = lua_library_load();
    if (api == NULL) {
        ears->failed(ears->context, TEXT("the library of Lua 5.4 cannot be loaded"));
        return NULL;
    }
    struct script_lua *lua = calloc(1, sizeof(*lua));
    lua_State *state = lua != NULL ? api->luaL_newstate() : NULL;
    if (state == NULL) {
        free(lua);
        ears->failed(ears->context, TEXT("no memory"));
        return NULL;
    }
    *lua = (struct script_lua){ state, *ears };
    api->luaL_openlibs(state);
    api->lua_pushlightuserdata(state, lua);
    api->lua_pushcclosure(state, on_print, 1);
    api->lua_setglobal(state, "print");
    if (api->luaL_loadfilex(state, path, NULL) != LUA_OK
        || api->lua_pcallk(state, 0, 0, 0, 0, NULL) != LUA_OK) {
        tell_failure(lua);
        api->lua_close(state);
        free(lua);
        return NULL;
    }
    if (push_function(lua, "init"))
        call(lua, 0);
    return lua;
}

void script_lua_close(struct script_lua *lua)
{
    if (lua == NULL)
        return;
    if (push_function(lua, "shutdown"))
        call(lua, 0);
    api->lua_close(lua->state);
    free(lua);
}

/* ------------------------------------------------------------------ the table */

static void set_text(lua_State *state, const char *key, struct text value)
{
    api->lua_pushlstring(state, value.at != NULL ? value.at : "", value.count);
    api->lua_setfield(state, -2, key);
}

/* Numbers of dnsmasq's tables are floating ones. */
static bool is_number_key(const char *name)
{
    static const char *const keys[] = { "LEASE_EXPIRES", "LEASE_LENGTH", "TIME_REMAINING",
                                        "DATA_MISSING" };
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (text_equal(text_of(name), text_of(keys[i])))
            return true;
    return false;
}

static void set_variable(void *context, const char *name, struct text value)
{
    lua_State *state = context;
    char key[64];
    struct text_out out = text_out_on(key, sizeof(key));
    uint64_t number;
    for (size_t i = 0; name[i] != '\0'; i++)
        text_put_char(&out, text_fold(name[i]));
    if (!is_number_key(name) || text_to_u64(value, UINT64_MAX, &number) != STATUS_OK) {
        set_text(state, key, value);
        return;
    }
    api->lua_pushnumber(state, (lua_Number)number);
    api->lua_setfield(state, -2, key);
}

static void set_address(lua_State *state, const char *key, const struct address *address)
{
    char text[ADDRESS_TEXT_MAX];
    set_text(state, key, text_of(address_text(address, text)));
}

static void set_client(lua_State *state, const char *key, const struct script_record *record)
{
    char buffer[3 * SCRIPT_ID_MAX + 8];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_put_script_client(&out, record);
    set_text(state, key, text_out_text(&out));
}

static void set_leased(lua_State *state, const struct script_record *record)
{
    char buffer[ADDRESS_TEXT_MAX + 4];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_put_address(&out, &record->address);
    if (record->prefix_length > 0)
        text_printf(&out, "/%u", (unsigned)record->prefix_length);
    set_text(state, "ip_address", text_out_text(&out));
}

static void set_lease(lua_State *state, const struct script_record *record,
                      const struct script_moment *moment)
{
    bool ip6 = record->address.family == ADDRESS_IP6;
    set_client(state, ip6 ? "client_duid" : "mac_address", record);
    set_leased(state, record);
    if (!text_is_empty(record->name) && text_is_empty(record->old_name))
        set_text(state, "hostname", record->name);
    script_environment_each(record, moment, set_variable, state);
}

static void set_file(lua_State *state, const struct script_record *record)
{
    set_address(state, "destination_address", &record->address);
    set_text(state, "file_name", record->path);
    api->lua_pushnumber(state, (lua_Number)record->size);
    api->lua_setfield(state, -2, "file_size");
}

void script_lua_call(struct script_lua *lua, const struct script_record *record,
                     const struct script_moment *moment)
{
    static const char *const functions[SCRIPT_ACTION_COUNT] = {
        [SCRIPT_ADD] = "lease",         [SCRIPT_OLD] = "lease",   [SCRIPT_DEL] = "lease",
        [SCRIPT_TFTP] = "tftp",         [SCRIPT_ARP_ADD] = "arp", [SCRIPT_ARP_DEL] = "arp",
        [SCRIPT_RELAY_SNOOP] = "snoop",
    };
    lua_State *state = lua->state;
    if (!push_function(lua, functions[record->action]))
        return;
    api->lua_pushstring(state, script_action_word(record->action));
    api->lua_createtable(state, 0, 0);
    switch (record->action) {
    case SCRIPT_ADD:
    case SCRIPT_OLD:
    case SCRIPT_DEL:
        set_lease(state, record, moment);
        break;
    case SCRIPT_TFTP:
        set_file(state, record);
        break;
    case SCRIPT_ARP_ADD:
    case SCRIPT_ARP_DEL:
        set_client(state, "mac_address", record);
        set_address(state, "client_address", &record->address);
        break;
    case SCRIPT_RELAY_SNOOP:
        set_text(state, "interface", record->interface);
        set_address(state, "client_address", &record->address);
        set_text(state, "prefix", record->path);
        break;
    case SCRIPT_ACTION_COUNT:
        break;
    }
    call(lua, 2);
}

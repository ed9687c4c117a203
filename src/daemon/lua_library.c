#include "daemon/lua_library.h"

#include <stddef.h>

#include "base/compiler.h"
#include "platform/library.h"

/* Its file has another name with every distribution: Debian and FreeBSD, Fedora, Arch, Alpine. */
static const char *const files[] = { "liblua5.4.so.0", "liblua-5.4.so", "liblua.so.5.4",
                                     "liblua-5.4.so.0" };

#define PLACE(name) { #name, offsetof(struct lua_library, name) },

static const struct library_function functions[] = { LUA_LIBRARY_FUNCTIONS(PLACE) };

static void *load(struct lua_library *into, const char **file)
{
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        void *library = library_load(files[i], functions, COUNT_OF(functions), into);
        *file = files[i];
        if (library != NULL)
            return library;
    }
    return NULL;
}

const struct lua_library *lua_library_load(void)
{
    static struct lua_library loaded;
    static void *library;
    const char *file;
    if (library == NULL && (library = load(&loaded, &file)) != NULL)
        library_share(file);
    return library != NULL ? &loaded : NULL;
}

bool lua_library_is_there(void)
{
    struct lua_library unused;
    const char *file;
    void *library = load(&unused, &file);
    if (library != NULL)
        library_unload(library);
    return library != NULL;
}

#include "daemon/dbus_library.h"

#include <stddef.h>

#include "base/compiler.h"
#include "platform/library.h"

#define LIBRARY "libsystemd.so.0"

#define PLACE(name) { "sd_bus_" #name, offsetof(struct dbus_library, name) },

/* Where each function's address goes. */
static const struct library_function functions[] = { DBUS_LIBRARY_FUNCTIONS(PLACE) };

const struct dbus_library *dbus_library_load(void)
{
    static struct dbus_library loaded;
    static void *library;
    if (library == NULL)
        library = library_load(LIBRARY, functions, COUNT_OF(functions), &loaded);
    return library != NULL ? &loaded : NULL;
}

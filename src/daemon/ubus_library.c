#include "daemon/ubus_library.h"

#include <stddef.h>

#include "base/compiler.h"
#include "platform/library.h"

#define PLACE(name) { #name, offsetof(struct ubus_library, name) },

/* Where each function's address goes. */
static const struct library_function functions[] = { UBUS_LIBRARY_FUNCTIONS(PLACE) };

/* UBUS_LIBRARY is the file's name with its version, from the build: OpenWrt's changes with the
 * library's releases. libubox comes along, and is looked through as well. */
const struct ubus_library *ubus_library_load(void)
{
    static struct ubus_library loaded;
    static void *library;
    if (library == NULL)
        library = library_load(UBUS_LIBRARY, functions, COUNT_OF(functions), &loaded);
    return library != NULL ? &loaded : NULL;
}

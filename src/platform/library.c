#include "platform/library.h"

#include <dlfcn.h>
#include <string.h>

void *library_load(const char *file, const struct library_function *functions, size_t count,
                   void *into)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        void *address = dlsym(library, functions[i].name);
        if (address == NULL) {
            dlclose(library);
            return NULL;
        }
        memcpy((char *)into + functions[i].offset, &address, sizeof address);
    }
    return library;
}

void library_unload(void *library)
{
    (void)dlclose(library);
}

void library_share(const char *file)
{
    /* Never closed: it would be shared no longer than this handle is open. */
    (void)dlopen(file, RTLD_NOW | RTLD_GLOBAL | RTLD_NOLOAD);
}

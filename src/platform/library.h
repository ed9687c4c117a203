/* Shared libraries that are taken into memory only when a feature asks for them. */
#ifndef LINNET_PLATFORM_LIBRARY_H
#define LINNET_PLATFORM_LIBRARY_H

#include <stddef.h>

/* A function of the library, and where in the caller's struct of pointers its address goes. */
struct library_function {
    const char *name;
    size_t offset;
};

/* Loads the library `file`, a name with its version, and writes the addresses of `count` functions
 * into the struct at `into`. The library stays until library_unload. NULL: it is not there or lacks
 * one of the functions, and is not loaded; some of `into` may have been written. */
void *library_load(const char *file, const struct library_function *functions, size_t count,
                   void *into);
/* None of the addresses may be called any more. */
void library_unload(void *library);
/* A library that is loaded gives its functions to libraries loaded from now on, as one that the
 * program is linked with does: modules of an interpreter expect that. Nothing where it is not
 * loaded. */
void library_share(const char *file);

#endif

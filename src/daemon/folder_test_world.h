/* A folder of a test's own, and files in it. */
#ifndef LINNET_DAEMON_FOLDER_TEST_WORLD_H
#define LINNET_DAEMON_FOLDER_TEST_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/compiler.h"

static char folder[32];

static inline bool make_folder(void)
{
    strcpy(folder, "/tmp/linnet-test-XXXXXX");
    return mkdtemp(folder) != NULL;
}

/* With all that is in it. 0: done. */
static inline int remove_folder(void)
{
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

/* The path of a file there; good for the next fifteen calls. */
static inline const char *in_folder(const char *name)
{
    static char paths[16][128];
    static unsigned turn;
    char *path = paths[turn++ % COUNT_OF(paths)];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static inline void write_file(const char *name, const char *content)
{
    FILE *file = fopen(in_folder(name), "we");
    assert_non_null(file);
    fputs(content, file);
    assert_int_equal(fclose(file), 0);
}

#endif

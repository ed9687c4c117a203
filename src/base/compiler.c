#include "base/compiler.h"

#include <stdio.h>
#include <stdlib.h>

void assertion_failed(const char *file, int line)
{
    fprintf(stderr, "%s:%d: assertion failed\n", file, line);
    abort();
}

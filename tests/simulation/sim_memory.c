/* How much memory is in use, to the byte: the C library's own number has in it what is freed and
 * kept aside for the next time, more than some leaks. The linker leads each call of the program
 * here (--wrap). */
#include "simulation.h"

#include <malloc.h>
#include <stdlib.h>

static size_t in_use;

void *__real_malloc(size_t count);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t count);
void *__real_aligned_alloc(size_t alignment, size_t count);
char *__real_strdup(const char *string);
void __real_free(void *memory);
void *__wrap_malloc(size_t count);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t count);
void *__wrap_aligned_alloc(size_t alignment, size_t count);
char *__wrap_strdup(const char *string);
void __wrap_free(void *memory);

size_t sim_bytes_in_use(void)
{
    return in_use;
}

void *__wrap_malloc(size_t count)
{
    void *memory = __real_malloc(count);
    in_use += malloc_usable_size(memory);
    return memory;
}

void *__wrap_calloc(size_t count, size_t size)
{
    void *memory = __real_calloc(count, size);
    in_use += malloc_usable_size(memory);
    return memory;
}

void *__wrap_realloc(void *memory, size_t count)
{
    size_t before = malloc_usable_size(memory);
    void *moved = __real_realloc(memory, count);
    if (moved != NULL)
        in_use += malloc_usable_size(moved) - before;
    return moved;
}

void *__wrap_aligned_alloc(size_t alignment, size_t count)
{
    void *memory = __real_aligned_alloc(alignment, count);
    in_use += malloc_usable_size(memory);
    return memory;
}

char *__wrap_strdup(const char *string)
{
    char *copy = __real_strdup(string);
    in_use += malloc_usable_size(copy);
    return copy;
}

void __wrap_free(void *memory)
{
    in_use -= malloc_usable_size(memory);
    __real_free(memory);
}

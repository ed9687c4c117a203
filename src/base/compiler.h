/* What we ask of the compiler, in one place. The only header outside platform/ that may use #if. */
#ifndef LINNET_BASE_COMPILER_H
#define LINNET_BASE_COMPILER_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define NODISCARD                __attribute__((warn_unused_result))
#define PRINTF_LIKE(string, arg) __attribute__((format(printf, string, arg)))
#define UNUSED                   __attribute__((unused))
#define NORETURN                 __attribute__((noreturn))
#define LIKELY(x)                __builtin_expect(!!(x), 1)
#define UNLIKELY(x)              __builtin_expect(!!(x), 0)

/* Elements of an array (not of a pointer). */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* The struct that holds this member. */
#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* Assertions stay on in release; expensive ones are for test builds. */
#ifdef LINNET_SLOW_ASSERTS
#define assert_slow(condition) assert(condition)
#else
#define assert_slow(condition) ((void)sizeof(condition))
#endif

#endif

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
#define ALWAYS_INLINE            inline __attribute__((always_inline))
#define NORETURN                 __attribute__((noreturn))
#define LIKELY(x)                __builtin_expect(!!(x), 1)
#define UNLIKELY(x)              __builtin_expect(!!(x), 0)

/* For functions whose arithmetic is meant to wrap round (hashes, random numbers, serial numbers):
 * the build under clang's integer checks leaves them alone. */
#if defined(__clang__)
#define WRAPS __attribute__((no_sanitize("unsigned-integer-overflow")))
#else
#define WRAPS
#endif

/* The next lower index of a loop that counts down to 0; false at the end, where `i-- > 0` alone
 * would wrap round. */
#define COUNT_DOWN(i) ((i) > 0 && (i)-- > 0)

/* Elements of an array (not of a pointer). */
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

/* What only the manual and the tests need, which small programs go without. */
#ifdef LINNET_NO_MANUAL
#define DOC(...) NULL
#else
#define DOC(...) (__VA_ARGS__)
#endif

/* The struct that holds this member. */
#define CONTAINER_OF(pointer, type, member) \
    ((type *)(void *)((char *)(pointer) - offsetof(type, member)))

/* Assertions stay on in release, without their words: file and line say enough. Expensive ones are
 * for test builds. */
#ifndef __FILE_NAME__
#define __FILE_NAME__ __FILE__
#endif
#undef assert
#define assert(condition) \
    (LIKELY(condition) ? (void)0 : assertion_failed(__FILE_NAME__, __LINE__))
NORETURN void assertion_failed(const char *file, int line);

#ifdef LINNET_SLOW_ASSERTS
#define assert_slow(condition) assert(condition)
#else
#define assert_slow(condition) ((void)sizeof(condition))
#endif

#endif

#include "platform/library.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/compiler.h"

#define LIBRARY "libm.so.6"

struct functions {
    double (*root)(double of);
    void *unused;
    double (*power)(double base, double exponent);
};

#define ROOT                                                                                       \
    {                                                                                              \
        "sqrt", offsetof(struct functions, root)                                                   \
    }
#define POWER                                                                                      \
    {                                                                                              \
        "pow", offsetof(struct functions, power)                                                   \
    }

static void functions_land_in_their_places(void **state)
{
    (void)state;
    static const struct library_function rows[] = { POWER, ROOT };
    struct functions functions = { .unused = NULL };
    void *library = library_load(LIBRARY, rows, COUNT_OF(rows), &functions);
    assert_non_null(library);
    assert_true(functions.root(9.0) > 2.9 && functions.root(9.0) < 3.1);
    assert_true(functions.power(2.0, 5.0) > 31.9 && functions.power(2.0, 5.0) < 32.1);
    assert_null(functions.unused);
    library_unload(library);
}

static void all_functions_or_none(void **state)
{
    (void)state;
    static const struct library_function rows[] = { ROOT, { "no_such_function", 0 } };
    struct functions functions;
    assert_null(library_load(LIBRARY, rows, COUNT_OF(rows), &functions));
}

static void a_library_that_is_not_there(void **state)
{
    (void)state;
    static const struct library_function rows[] = { ROOT };
    struct functions functions = { .unused = NULL };
    assert_null(library_load("libnosuchlibrary.so.1", rows, COUNT_OF(rows), &functions));
    assert_null(functions.root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_land_in_their_places),
        cmocka_unit_test(all_functions_or_none),
        cmocka_unit_test(a_library_that_is_not_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "config/config_file.h"
#include "config/option_test_rows.h"

/* No byte of a file may do more than be refused, and what was accepted must read back to the same.
 * Files and commands are not touched: those rows are left out. */
static struct test_run *start(void)
{
    struct test_run *run = test_run_start();
    option_reader_free(run->reader);
    run->set = (struct option_set){ run->tables + 1, 1 };
    run->reader = option_reader_create(&run->set, &run->arena, &run->errors);
    assert(run->reader != NULL);
    return run;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static char printed[2][1 << 20];
    struct test_run *first = start();
    struct test_run *second = start();
    struct text_out out = text_out_on(printed[0], sizeof printed[0]);

    enum status status =
        option_read_text(first->reader, "fuzz.conf", (struct text){ (const char *)data, count });
    assert((status == STATUS_OK) == (first->errors.count == 0));
    for (size_t i = 0; i < first->errors.count; i++) {
        const struct option_error *error = &first->errors.errors[i];
        assert(error->place.line >= 1 && error->message[0] != '\0' && error->compat[0] != '\0');
        assert(error->line_text != NULL && error->column <= strlen(error->line_text) + 1);
    }
    (void)test_run_errors(first);
    (void)test_run_compat(first);

    option_print_config(&first->set, &out);
    /* Quoting may make a very long line too long. */
    if (!out.failed && count < CONFIG_LINE_MAX / 4) {
        struct text_out again = text_out_on(printed[1], sizeof printed[1]);
        status = option_read_text(second->reader, "again.conf", text_out_text(&out));
        assert(status == STATUS_OK);
        option_print_config(&second->set, &again);
        assert(strcmp(printed[0], printed[1]) == 0);
    }
    test_run_end(first);
    test_run_end(second);
    return 0;
}

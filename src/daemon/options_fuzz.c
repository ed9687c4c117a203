/* Lines of a configuration, through every row that is built. */
#include <stdlib.h>
#include <string.h>

#include "daemon/daemon_config.h"
#include "daemon/no_lookup_test_world.h"

#define PRINTED_BYTES ((size_t)1 << 20)

/* Without the first table: its rows read files and run commands. */
static struct option_set rows_of(const struct config *config)
{
    return (struct option_set){ config->set.tables + 1, config->set.count - 1 };
}

static void read_into(struct config *config, struct text text)
{
    struct option_set set = rows_of(config);
    struct option_reader *reader = option_reader_create(&set, &config->arena, &config->errors);
    assert(reader != NULL);
    enum status status = option_read_text(reader, "fuzz", text);
    assert((status == STATUS_OK) == (config->errors.count == 0));
    option_reader_free(reader);
}

static bool print_from(const struct config *config, struct text_out *out)
{
    struct option_set set = rows_of(config);
    option_print_config(&set, out);
    return !out->failed;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct config *config = config_create();
    struct config *again = config_create();
    char *first = malloc(PRINTED_BYTES);
    char *second = malloc(PRINTED_BYTES);
    assert(config != NULL && again != NULL && first != NULL && second != NULL);
    struct text_out once = text_out_on(first, PRINTED_BYTES);
    struct text_out twice = text_out_on(second, PRINTED_BYTES);

    read_into(config, text_from_bytes(bytes_of(data, count)));
    if (config->errors.count == 0 && print_from(config, &once)) {
        /* What was read prints as lines that read to the same. */
        read_into(again, text_out_text(&once));
        assert(again->errors.count == 0);
        assert(print_from(again, &twice));
        assert(strcmp(first, second) == 0);
    }
    (void)config_finish(config, false);

    config_free(config);
    config_free(again);
    free(first);
    free(second);
    return 0;
}

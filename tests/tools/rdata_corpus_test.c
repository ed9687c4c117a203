/* Do the corpora of rdata and rdata_parse reach every type of record whose inside we know? A type
 * that gets a layout and no input would be hunted by chance only. The folder of corpora is the one
 * word. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "wire/rdata.h"
#include "wire/rdata_fields.h"
#include "wire/rdata_parse.h"
#include "wire/rrtype.h"

#define TYPES     65536
#define INPUT_MAX 70000

static const char *corpora;
static unsigned char reached[TYPES];

/* Is this input of the fuzz target rdata a record that is read? The first two bytes are the type,
 * the third where the rdata begins in the rest. */
static bool reads_wire(struct bytes_reader *reader, uint16_t type)
{
    static uint8_t plain[RDATA_MAX];
    struct bytes_writer writer = bytes_writer_on(plain, sizeof(plain));
    size_t offset = bytes_read_u8(reader);
    struct bytes message = bytes_read_rest(reader);
    return !reader->failed && offset < message.count
           && rdata_read(message, offset, message.count - offset, type, &writer) == STATUS_OK;
}

/* And this one of rdata_parse: the type, then text. The general form of RFC 3597 counts for LOC
 * only, which has no other to be read by. */
static bool reads_text(struct bytes_reader *reader, uint16_t type)
{
    static uint8_t plain[RDATA_MAX];
    struct bytes_writer writer = bytes_writer_on(plain, sizeof(plain));
    struct text text = text_from_bytes(bytes_read_rest(reader));
    struct rdata_complaint complaint;
    return (type == RRTYPE_LOC || !text_starts(text_trim(text), TEXT("\\#")))
           && rdata_parse(text, type, &writer, &complaint) == STATUS_OK;
}

static void replay_file(const char *folder, const char *name,
                        bool (*reads)(struct bytes_reader *reader, uint16_t type))
{
    static uint8_t input[INPUT_MAX];
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s/%s", corpora, folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s: cannot be opened", path);
    struct bytes_reader reader = bytes_reader_on(bytes_of(input, fread(input, 1, INPUT_MAX, file)));
    fclose(file);
    uint16_t type = bytes_read_u16(&reader);
    if (!reader.failed && reads(&reader, type))
        reached[type] = 1;
}

static void every_type_is_reached(const char *folder,
                                  bool (*reads)(struct bytes_reader *reader, uint16_t type))
{
    char path[4096];
    char missing[4096] = "";
    struct text_out out = text_out_on(missing, sizeof(missing));
    size_t known = 0;
    snprintf(path, sizeof(path), "%s/%s", corpora, folder);
    memset(reached, 0, sizeof(reached));
    DIR *directory = opendir(path);
    if (directory == NULL)
        fail_msg("%s: cannot be opened", path);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            replay_file(folder, entry->d_name, reads);
    closedir(directory);
    for (unsigned type = 0; type < TYPES; type++) {
        if (rdata_fields_of((uint16_t)type) == NULL)
            continue;
        known++;
        if (reached[type] == 0) {
            text_put_char(&out, ' ');
            text_put_rrtype(&out, (uint16_t)type);
        }
    }
    assert_true(known > 60);
    if (missing[0] != '\0')
        fail_msg("tests/corpora/%s has no input that is read for:%s", folder, missing);
}

static void rdata_reaches_every_type(void **state)
{
    (void)state;
    every_type_is_reached("rdata", reads_wire);
}

static void rdata_parse_reaches_every_type(void **state)
{
    (void)state;
    every_type_is_reached("rdata_parse", reads_text);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rdata_reaches_every_type),
        cmocka_unit_test(rdata_parse_reaches_every_type),
    };
    if (argc != 2)
        return 1;
    corpora = argv[1];
    return cmocka_run_group_tests(tests, NULL, NULL);
}

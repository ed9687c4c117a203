#include <string.h>

#include "daemon/script_environment.h"
#include "daemon/script_record.h"

static void count_one(void *context, const char *name, struct text value)
{
    size_t *count = context;
    assert(name[0] != '\0');
    assert(text_find(value, '\0') == SIZE_MAX);
    (*count)++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct script_record record, again;
    struct script_note note;
    uint8_t buffer[SCRIPT_RECORD_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    static struct script_call call;

    if (script_note_read(bytes_of(data, count), &note) == STATUS_OK)
        assert(note.text.count < count);
    if (script_record_read(bytes_of(data, count), &record) != STATUS_OK)
        return 0;
    /* What was understood is written, and understood again as the same. */
    script_record_write(&record, &writer);
    assert(!writer.failed);
    assert(script_record_read(bytes_writer_written(&writer), &again) == STATUS_OK);
    assert(again.action == record.action && again.expires == record.expires);
    assert(address_equal(&again.address, &record.address));
    assert(bytes_equal(again.facts, record.facts) && again.has_facts == record.has_facts);
    assert(text_equal(again.name, record.name) && text_equal(again.path, record.path));

    size_t values = 0;
    script_environment_each(&record, &(struct script_moment){ .now = 1000, .log_dhcp = true },
                            count_one, &values);
    static const char *const variables[] = { "PATH=/bin", "LD_PRELOAD=x", NULL };
    char *const *base = (char *const *)(uintptr_t)variables;
    script_call_build(&call, "/script", &record, &(struct script_moment){ .now = 1000 }, base);
    assert(call.word_count >= 2 && call.words[call.word_count] == NULL);
    assert(call.environment[call.environment_count] == NULL);
    for (size_t i = 0; i < call.environment_count; i++)
        assert(strpbrk(call.environment[i], "$`\"'\\;&|<>(){}[]*?!#~\n") == NULL);
    return 0;
}


#include "wire/control_request.h"

static bool lies_in(struct text part, struct text whole)
{
    return part.count == 0
           || (part.at >= whole.at && part.at + part.count <= whole.at + whole.count);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text line = { (const char *)data, count };
    char why[512];
    struct text_out error = text_out_on(why, sizeof why);
    struct control_request request;
    if (control_request_read(line, &request, &error) != STATUS_OK) {
        assert(error.count > 0);
        return 0;
    }
    assert(request.command != NULL && error.count == 0);
    assert(request.word_count >= request.command->words_min);
    assert(request.word_count <= request.command->words_max);
    for (size_t i = 0; i < request.word_count; i++)
        assert(request.words[i].count > 0 && lies_in(request.words[i], line));
    assert(lies_in(request.client, line));
    assert(!request.dry_run || request.command->changes);
    return 0;
}

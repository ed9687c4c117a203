/* Answers of the kernel, as nobody's bytes: every one is read within its bounds, and it ends. */
#include <string.h>

#include "platform/nfnetlink.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static uint8_t room[NFNETLINK_ANSWER_MAX] __attribute__((aligned(8)));
    struct nfnetlink_answer answer;

    if (count > sizeof room)
        return 0;
    /* At the end of the room, so that reading on is noticed. */
    size_t start = (sizeof room - count) & ~(size_t)7;
    memcpy(room + start, data, count);
    struct bytes left = bytes_of(room + start, count);
    for (size_t before = count; nfnetlink_next(&left, &answer); before = left.count) {
        assert(left.count < before);
        assert(answer.kind <= NFNETLINK_MARK);
        assert(answer.kind == NFNETLINK_DONE || answer.error == 0);
        assert(nfnetlink_error_text(answer.error) != NULL);
        assert(answer.facts.family == ADDRESS_NONE || answer.facts.family == ADDRESS_IP4
               || answer.facts.family == ADDRESS_IP6);
    }
    return 0;
}

/* The filter of system calls, where there is none. */
#include "platform/sandbox.h"

enum status sandbox_calls_prepare(struct sandbox_calls **calls)
{
    *calls = NULL;
    return STATUS_UNSUPPORTED;
}

enum status sandbox_calls_enter(struct sandbox_calls *calls)
{
    (void)calls;
    return STATUS_UNSUPPORTED;
}

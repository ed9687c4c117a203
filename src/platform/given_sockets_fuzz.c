/* What a service manager says of the sockets it gives, as nobody's text: how many on the first
 * line, their names on the rest. */
#include "platform/given_sockets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static struct given_sockets given;
    char text[4096], own[32], said[GIVEN_SOCKETS_TEXT_MAX];
    if (count >= sizeof text)
        return 0;
    memcpy(text, data, count);
    text[count] = '\0';
    char *names = strchr(text, '\n');
    if (names != NULL)
        *names++ = '\0';
    (void)snprintf(own, sizeof own, "%ld", (long)getpid());
    setenv("LISTEN_PID", own, 1);
    setenv("LISTEN_FDS", text, 1);
    if (names != NULL)
        setenv("LISTEN_FDNAMES", names, 1);

    given_sockets_take(&given);
    assert(given.count <= GIVEN_SOCKETS_MAX);
    assert(getenv("LISTEN_FDS") == NULL && getenv("LISTEN_FDNAMES") == NULL);
    for (unsigned i = 0; i < given.count; i++) {
        assert(given.at[i].fd >= 3 && strlen(given.at[i].name) < sizeof given.at[i].name);
        const char *line = given_socket_text(&given.at[i], said);
        for (const char *c = line; *c != '\0'; c++)
            assert(*c >= ' ' && *c <= '~');
    }
    return 0;
}

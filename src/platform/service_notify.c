#include "platform/service_notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "platform/rights.h"

static int manager = -1; /* connected socket */
static uint64_t watchdog_ms;

/* A path, or with '@' a name outside of the file system: then it has no byte after its last. */
static int connect_manager(const char *name)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    size_t count = strlen(name);
    if ((name[0] != '/' && name[0] != '@') || count < 2 || count >= sizeof to.sun_path)
        return -1;
    memcpy(to.sun_path, name, count);
    if (name[0] == '@')
        to.sun_path[0] = '\0';
    socklen_t bytes =
        (socklen_t)(offsetof(struct sockaddr_un, sun_path) + count + (name[0] == '/' ? 1 : 0));
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&to, bytes) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static uint64_t number_of(const char *text)
{
    uint64_t number = 0;
    if (text == NULL || text_to_u64(text_of(text), INT64_MAX, &number) != STATUS_OK)
        return 0;
    return number;
}

void service_notify_open(void)
{
    const char *name = getenv("NOTIFY_SOCKET");
    const char *pid = getenv("WATCHDOG_PID");
    manager = name != NULL ? connect_manager(name) : -1;
    /* The variables are for the process that the manager has started: us, until we fork. */
    bool watched = manager >= 0 && (pid == NULL || number_of(pid) == (uint64_t)getpid());
    watchdog_ms = watched ? number_of(getenv("WATCHDOG_USEC")) / 1000 / 2 : 0;
    unsetenv("NOTIFY_SOCKET");
    unsetenv("WATCHDOG_USEC");
    unsetenv("WATCHDOG_PID");
}

void service_notify(const char *format, ...)
{
    char text[SERVICE_NOTIFY_MAX];
    if (manager < 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    int count = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (count < 0)
        return;
    size_t bytes = (size_t)count < sizeof text ? (size_t)count : sizeof text - 1;
    /* The manager hears the process that it has started. */
    if (rights_say(RIGHTS_TELL, bytes_of((const uint8_t *)text, bytes)))
        return;
    ssize_t sent;
    do
        sent = send(manager, text, bytes, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
}

void service_notify_reloading(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    service_notify("RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reading files again",
                   (unsigned long long)now.tv_sec * 1000000
                       + (unsigned long long)now.tv_nsec / 1000);
}

uint64_t service_notify_watchdog_ms(void)
{
    return watchdog_ms;
}

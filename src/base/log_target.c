#include "base/log_target.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MEMORY_BYTES 65536
#define SYSLOG_PATH  "/dev/log"
#define PREFIX_MAX   128

/* Apart because it starts as zeros and then takes no place in the program. */
static char memory[MEMORY_BYTES];
static size_t memory_count;

/* ------------------------------------------------------------------ opening and closing */

static void make_idents(struct log_end *end)
{
    static const char *const suffixes[LOG_PART_COUNT] = { "", "-dhcp", "-tftp", "-script" };

    for (size_t i = 0; i < LOG_PART_COUNT; i++) {
        struct text_out out = text_out_on(end->idents[i], LOG_IDENT_MAX);
        text_put_string(&out, end->setup.name);
        text_put_string(&out, suffixes[i]);
    }
}

/* At once, while the socket can still be reached: later there may be a sandbox. */
static int connect_syslog(const char *path)
{
    struct sockaddr_un name = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    snprintf(name.sun_path, sizeof name.sun_path, "%s", path != NULL ? path : SYSLOG_PATH);
    if (connect(fd, (struct sockaddr *)&name, sizeof name) == 0)
        return fd;
    close(fd);
    return -1;
}

enum status log_end_open(const struct log_setup *setup, struct log_end *end)
{
    int fd = -1;

    if (setup->target == LOG_TO_FILE) {
        /* Without O_NONBLOCK a pipe that nobody reads would stop the daemon. */
        fd = open(setup->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
                  0640);
        if (fd < 0)
            return STATUS_SYSTEM;
    } else if (setup->target == LOG_TO_SYSLOG) {
        fd = connect_syslog(setup->path);
    }
    long pid = setup->pid != 0 ? setup->pid : (long)getpid();
    *end = (struct log_end){ .setup = *setup, .fd = fd, .pid = pid };
    make_idents(end);
    return STATUS_OK;
}

void log_end_close(struct log_end *end)
{
    if (end->fd >= 0)
        close(end->fd);
    end->fd = -1;
}

int log_end_descriptor(const struct log_end *end)
{
    if (end->setup.target == LOG_TO_FILE || end->setup.target == LOG_TO_SYSLOG)
        return end->fd;
    return end->setup.target == LOG_TO_MEMORY ? -1 : STDERR_FILENO;
}

/* ------------------------------------------------------------------ one line */

/* "Nov 22 05:49:35 " in English whatever the locale says, as syslog daemons write it. Made anew
 * once a second. */
static void put_time(struct log_end *end, struct text_out *out, time_t when)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct tm local;

    if (end->shown != when && localtime_r(&when, &local) != NULL) {
        struct text_out time = text_out_on(end->time, sizeof end->time);
        text_printf(&time, "%s %2d %02d:%02d:%02d ", months[local.tm_mon], local.tm_mday,
                    local.tm_hour, local.tm_min, local.tm_sec);
        end->shown = when;
    }
    text_put_string(out, end->time);
}

static void put_prefix(struct log_end *end, enum log_target target, struct text_out *out,
                       const struct log_entry *entry)
{
    if (target == LOG_TO_SYSLOG)
        text_printf(out, "<%d>", end->setup.facility | entry->level);
    bool timed =
        target == LOG_TO_FILE || target == LOG_TO_SYSLOG || target == LOG_TO_STDERR_TIMED;
    if (timed)
        put_time(end, out, entry->when);
    text_put_string(out, end->idents[entry->part]);
    if (timed || target == LOG_TO_STDERR_PLAIN)
        text_printf(out, "[%ld]", end->pid);
    text_put(out, TEXT(": "));
}

static void keep_in_memory(struct text line)
{
    if (line.count > MEMORY_BYTES - memory_count)
        return;
    memcpy(memory + memory_count, line.at, line.count);
    memory_count += line.count;
}

static bool has_room(int fd)
{
    struct pollfd ready = { .fd = fd, .events = POLLOUT };
    return poll(&ready, 1, 0) != 0;
}

static enum log_sent write_whole(int fd, struct text line, bool wait)
{
    ssize_t count;

    /* A terminal or pipe that we share with others must not be made non-blocking; it is asked. */
    if (!wait && fd == STDERR_FILENO && !has_room(fd))
        return LOG_BUSY;
    do
        count = write(fd, line.at, line.count);
    while (count < 0 && errno == EINTR);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !wait ? LOG_BUSY : LOG_SENT;
}

/* The receiver may have been started anew since: then it is connected to once more. */
static enum log_sent send_to_syslog(struct log_end *end, struct text line, bool wait)
{
    for (int attempt = 0; attempt < 2; attempt++) {
        if (end->fd < 0)
            end->fd = connect_syslog(end->setup.path);
        if (end->fd < 0)
            return LOG_SENT;
        ssize_t count;
        do
            count = send(end->fd, line.at, line.count, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
        while (count < 0 && errno == EINTR);
        if (count >= 0)
            return LOG_SENT;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS)
            return LOG_BUSY;
        log_end_close(end);
    }
    return LOG_SENT;
}

/* Prefix, text and newline in one piece. */
static enum log_sent send_line(struct log_end *end, enum log_target target,
                               const struct log_entry *entry, bool wait)
{
    char buffer[PREFIX_MAX + LOG_LINE_MAX];
    /* One byte is kept back for the newline of a line that was cut. */
    struct text_out out = text_out_on(buffer, LOG_LINE_MAX);

    put_prefix(end, target, &out, entry);
    text_put(&out, (struct text){ entry->text, entry->count });
    if (target == LOG_TO_SYSLOG)
        return send_to_syslog(end, text_out_text(&out), wait);
    buffer[out.count] = '\n';
    struct text line = { buffer, out.count + 1 };
    if (target == LOG_TO_MEMORY) {
        keep_in_memory(line);
        return LOG_SENT;
    }
    return write_whole(target == LOG_TO_FILE ? end->fd : STDERR_FILENO, line, wait);
}

enum log_sent log_end_send(struct log_end *end, const struct log_entry *entry, bool wait)
{
    enum log_sent sent = send_line(end, end->setup.target, entry, wait);
    if (sent == LOG_SENT && end->setup.also_stderr
        && (end->setup.target == LOG_TO_SYSLOG || end->setup.target == LOG_TO_FILE))
        (void)send_line(end, LOG_TO_STDERR, entry, wait);
    return sent;
}

size_t log_end_take_memory(char *buffer, size_t room)
{
    size_t count = memory_count < room ? memory_count : room - 1;
    memcpy(buffer, memory, count);
    buffer[count] = '\0';
    memory_count -= count;
    memmove(memory, memory + count, memory_count);
    return count;
}

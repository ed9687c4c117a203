#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#define IDENT_MAX    48
#define MEMORY_BYTES 65536

/* One for the process, as standard error is. */
static struct {
    pthread_mutex_t lock;
    struct log_setup setup;
    int descriptor;                         /* of the log file, else -1 */
    char idents[LOG_PART_COUNT][IDENT_MAX]; /* syslog keeps a pointer to the one in use */
    const char *syslog_ident;               /* the one syslog has now, NULL for none */
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .setup = { .target = LOG_TO_STDERR, .name = "linnet", .level = LOG_INFORM },
    .descriptor = -1,
    .idents = { "linnet", "linnet-dhcp", "linnet-tftp", "linnet-script" },
};

/* Under the same lock; apart because it starts as zeros and then takes no place in the program. */
static char memory[MEMORY_BYTES];
static size_t memory_count;

/* Beside the lock, so that a line nobody wants costs nothing. */
static _Atomic int level_now = LOG_INFORM;

/* ------------------------------------------------------------------ opening and closing */

static void make_idents(const char *name)
{
    static const char *const suffixes[LOG_PART_COUNT] = { "", "-dhcp", "-tftp", "-script" };

    for (size_t i = 0; i < LOG_PART_COUNT; i++) {
        struct text_out out = text_out_on(state.idents[i], IDENT_MAX);
        text_put_string(&out, name);
        text_put_string(&out, suffixes[i]);
    }
}

/* Connects at once, while the socket can still be reached: later there may be a sandbox. */
static void take_syslog_ident(const char *ident)
{
    openlog(ident, LOG_PID | LOG_NDELAY, state.setup.facility);
    state.syslog_ident = ident;
}

static void leave_target(void)
{
    if (state.descriptor >= 0)
        close(state.descriptor);
    state.descriptor = -1;
    if (state.syslog_ident != NULL)
        closelog();
    state.syslog_ident = NULL;
}

enum status log_open(const struct log_setup *setup)
{
    int descriptor = -1;

    assert(setup->name != NULL);
    if (setup->target == LOG_TO_FILE) {
        /* Without O_NONBLOCK a pipe that nobody reads would stop the daemon. */
        descriptor = open(setup->path,
                          O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
        if (descriptor < 0)
            return STATUS_SYSTEM;
    }

    pthread_mutex_lock(&state.lock);
    leave_target();
    state.setup = *setup;
    state.descriptor = descriptor;
    make_idents(setup->name);
    if (setup->target == LOG_TO_SYSLOG)
        take_syslog_ident(state.idents[LOG_PART_MAIN]);
    atomic_store_explicit(&level_now, (int)setup->level, memory_order_relaxed);
    pthread_mutex_unlock(&state.lock);
    return STATUS_OK;
}

void log_close(void)
{
    pthread_mutex_lock(&state.lock);
    leave_target();
    state.setup.target = LOG_TO_STDERR;
    pthread_mutex_unlock(&state.lock);
}

int log_descriptor(void)
{
    pthread_mutex_lock(&state.lock);
    int descriptor = state.descriptor;
    pthread_mutex_unlock(&state.lock);
    return descriptor;
}

/* ------------------------------------------------------------------ one line */

/* "Nov 22 05:49:35 " in English whatever the locale says, as syslog daemons write it. */
static void put_time(struct text_out *out)
{
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    time_t now = time(NULL);
    struct tm local;

    if (localtime_r(&now, &local) == NULL)
        return;
    text_printf(out, "%s %2d %02d:%02d:%02d ", months[local.tm_mon], local.tm_mday, local.tm_hour,
                local.tm_min, local.tm_sec);
}

static void put_prefix(struct text_out *out, enum log_target target, const char *ident)
{
    if (target == LOG_TO_FILE)
        put_time(out);
    text_put_string(out, ident);
    if (target == LOG_TO_FILE || target == LOG_TO_STDERR_PLAIN)
        text_printf(out, "[%ld]", (long)getpid());
    text_put(out, TEXT(": "));
}

/* The last guard against strangers' bytes: a control character could forge a line or drive a
 * terminal, so it becomes \ooo. Bytes from 0x80 up stay, for they are people's UTF-8. */
static void put_without_controls(struct text_out *out, struct text text)
{
    size_t start = 0;

    for (size_t i = 0; i < text.count; i++) {
        uint8_t c = (uint8_t)text.at[i];
        if (c >= ' ' && c != 0x7f)
            continue;
        text_put(out, text_part(text, start, i - start));
        text_put_safe(out, (struct bytes){ &c, 1 });
        start = i + 1;
    }
    text_put(out, text_after(text, start));
}

/* There is nobody to tell when this fails. */
static void write_whole(int descriptor, struct text line)
{
    ssize_t count;
    do
        count = write(descriptor, line.at, line.count);
    while (count < 0 && errno == EINTR);
}

static void keep_in_memory(struct text line)
{
    if (line.count > MEMORY_BYTES - memory_count)
        return;
    memcpy(memory + memory_count, line.at, line.count);
    memory_count += line.count;
}

/* To a descriptor or to memory: prefix, text and newline in one piece. */
static void send_line(enum log_target target, const char *ident, struct text message)
{
    char buffer[LOG_LINE_MAX + 1];
    /* One byte is kept back for the newline of a line that was cut. */
    struct text_out out = text_out_on(buffer, LOG_LINE_MAX);

    put_prefix(&out, target, ident);
    text_put(&out, message);
    buffer[out.count] = '\n';
    struct text line = { buffer, out.count + 1 };

    if (target == LOG_TO_MEMORY)
        keep_in_memory(line);
    else
        write_whole(target == LOG_TO_FILE ? state.descriptor : STDERR_FILENO, line);
}

static void send_to_syslog(const char *ident, enum log_level level, const char *message)
{
    if (ident != state.syslog_ident)
        take_syslog_ident(ident);
    syslog(state.setup.facility | (int)level, "%s", message);
}

void log_vline(enum log_part part, enum log_level level, const char *format, va_list arguments)
{
    char raw[LOG_LINE_MAX];
    char safe[LOG_LINE_MAX];
    int saved_errno = errno;

    assert((unsigned)part < LOG_PART_COUNT);
    if ((int)level > atomic_load_explicit(&level_now, memory_order_relaxed))
        return;

    struct text_out raw_out = text_out_on(raw, sizeof raw);
    text_vprintf(&raw_out, format, arguments);
    struct text_out out = text_out_on(safe, sizeof safe);
    put_without_controls(&out, text_out_text(&raw_out));

    pthread_mutex_lock(&state.lock);
    const char *ident = state.idents[part];
    if (state.setup.target != LOG_TO_SYSLOG) {
        send_line(state.setup.target, ident, text_out_text(&out));
    } else {
        send_to_syslog(ident, level, safe);
        if (state.setup.also_stderr)
            send_line(LOG_TO_STDERR, ident, text_out_text(&out));
    }
    pthread_mutex_unlock(&state.lock);
    errno = saved_errno;
}

void log_line(enum log_part part, enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_vline(part, level, format, arguments);
    va_end(arguments);
}

/* ------------------------------------------------------------------ rate and memory */

#define RATE_MS 1000

bool log_rate_pass(struct log_rate *rate, mono_ms now, uint64_t *suppressed)
{
    if (rate->last != 0 && now - rate->last < RATE_MS) {
        rate->held++;
        return false;
    }
    *suppressed = rate->held;
    rate->held = 0;
    rate->last = now;
    return true;
}

size_t log_take_memory(char *buffer, size_t room)
{
    assert(room > 0);
    pthread_mutex_lock(&state.lock);
    size_t count = memory_count < room ? memory_count : room - 1;
    memcpy(buffer, memory, count);
    buffer[count] = '\0';
    memory_count -= count;
    memmove(memory, memory + count, memory_count);
    pthread_mutex_unlock(&state.lock);
    return count;
}

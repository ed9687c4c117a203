#include "base/log.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/log_target.h"

#define BUSY_MS  50  /* until a slow target is tried again, if it cannot be polled */
#define POLL_MS  200 /* and if it can */
#define CLOSE_MS 500 /* what a stuck target may hold up our end */

/* One for the process, as standard error is. */
static struct {
    pthread_mutex_t lock;
    struct log_end end;
} state = {
    .lock = PTHREAD_MUTEX_INITIALIZER,
    .end = {
        .setup = { .target = LOG_TO_STDERR, .name = "linnet", .level = LOG_INFORM },
        .fd = -1,
        .idents = { "linnet", "linnet-dhcp", "linnet-tftp", "linnet-script" },
    },
};

/* Lines that wait because the target is slow, in a ring; under the same lock. Only when there are
 * some has the thread something to do. */
static struct {
    struct log_entry *entries; /* NULL: log_line itself waits */
    uint32_t capacity, head, count;
    uint32_t highest;
    uint64_t lost; /* and not told yet */
    uint64_t lost_all;
    bool stop;
    pthread_cond_t wake;
    pthread_t thread;
} queue = { .wake = PTHREAD_COND_INITIALIZER };

/* Beside the lock, so that a line nobody wants costs nothing. */
static _Atomic int level_now = LOG_INFORM;

/* ------------------------------------------------------------------ opening and closing */

enum status log_open(const struct log_setup *setup)
{
    struct log_end fresh;

    assert(setup->name != NULL);
    enum status status = log_end_open(setup, &fresh);
    if (status != STATUS_OK)
        return status;
    pthread_mutex_lock(&state.lock);
    log_end_close(&state.end);
    state.end = fresh;
    atomic_store_explicit(&level_now, (int)setup->level, memory_order_relaxed);
    pthread_mutex_unlock(&state.lock);
    return STATUS_OK;
}

bool log_is_on_stderr(void)
{
    pthread_mutex_lock(&state.lock);
    const struct log_setup *setup = &state.end.setup;
    bool is = setup->also_stderr || setup->target == LOG_TO_STDERR
              || setup->target == LOG_TO_STDERR_PLAIN || setup->target == LOG_TO_STDERR_TIMED;
    pthread_mutex_unlock(&state.lock);
    return is;
}

int log_descriptor(void)
{
    pthread_mutex_lock(&state.lock);
    int descriptor = state.end.setup.target == LOG_TO_FILE ? state.end.fd : -1;
    pthread_mutex_unlock(&state.lock);
    return descriptor;
}

/* ------------------------------------------------------------------ the queue */

static void fill(struct log_entry *entry, enum log_part part, enum log_level level)
{
    entry->when = time(NULL);
    entry->part = (uint8_t)part;
    entry->level = (uint8_t)level;
}

/* Sends what waits until the target is busy again. */
static void send_waiting(void)
{
    while (queue.count > 0) {
        if (log_end_send(&state.end, &queue.entries[queue.head], false) == LOG_BUSY)
            return;
        queue.head = (queue.head + 1) % queue.capacity;
        queue.count--;
    }
    if (queue.lost == 0)
        return;
    struct log_entry entry;
    struct text_out out = text_out_on(entry.text, sizeof entry.text);
    fill(&entry, LOG_PART_MAIN, LOG_WARN);
    text_printf(&out, "overflow: %llu log entries lost", (unsigned long long)queue.lost);
    entry.count = (uint16_t)out.count;
    if (log_end_send(&state.end, &entry, false) == LOG_SENT)
        queue.lost = 0;
}

static bool something_waits(void)
{
    return queue.count > 0 || queue.lost > 0;
}

/* Until the target can take a line, as far as that can be known. */
static void wait_for_room(int fd)
{
    struct pollfd room = { .fd = fd, .events = POLLOUT };
    struct timespec nap = { .tv_nsec = BUSY_MS * 1000000L };
    if (fd < 0 || poll(&room, 1, POLL_MS) != 0)
        nanosleep(&nap, NULL); /* it may say so and be busy all the same */
}

static void *deliver(void *context)
{
    mono_ms waited = 0;
    pthread_mutex_lock(&state.lock);
    while (!queue.stop || (something_waits() && waited < CLOSE_MS)) {
        if (!something_waits()) {
            pthread_cond_wait(&queue.wake, &state.lock);
            continue;
        }
        int fd = log_end_descriptor(&state.end);
        if (queue.stop)
            waited += POLL_MS;
        pthread_mutex_unlock(&state.lock);
        wait_for_room(fd);
        pthread_mutex_lock(&state.lock);
        send_waiting();
    }
    pthread_mutex_unlock(&state.lock);
    return context;
}

enum status log_start_queue(uint32_t lines)
{
    sigset_t all;
    sigset_t before;

    assert(lines > 0 && queue.entries == NULL);
    struct log_entry *entries = calloc(lines, sizeof *entries);
    if (entries == NULL)
        return STATUS_NO_MEMORY;
    pthread_mutex_lock(&state.lock);
    queue.entries = entries;
    queue.capacity = lines;
    queue.head = queue.count = 0;
    queue.lost = queue.lost_all = 0;
    queue.highest = 0;
    queue.stop = false;
    pthread_mutex_unlock(&state.lock);

    sigfillset(&all); /* signals are for the main thread */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&queue.thread, NULL, deliver, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error == 0)
        return STATUS_OK;
    pthread_mutex_lock(&state.lock);
    queue.entries = NULL;
    pthread_mutex_unlock(&state.lock);
    free(entries);
    return STATUS_SYSTEM;
}

static void stop_queue(void)
{
    pthread_mutex_lock(&state.lock);
    bool runs = queue.entries != NULL;
    queue.stop = true;
    pthread_cond_signal(&queue.wake);
    pthread_mutex_unlock(&state.lock);
    if (!runs)
        return;
    pthread_join(queue.thread, NULL);
    pthread_mutex_lock(&state.lock);
    free(queue.entries);
    queue.entries = NULL;
    pthread_mutex_unlock(&state.lock);
}

void log_close(void)
{
    stop_queue();
    pthread_mutex_lock(&state.lock);
    log_end_close(&state.end);
    state.end.setup.target = LOG_TO_STDERR;
    state.end.setup.also_stderr = false;
    pthread_mutex_unlock(&state.lock);
}

/* ------------------------------------------------------------------ one line */

/* The last guard against strangers' bytes: a control character could forge a line or drive a
 * terminal, so it becomes \ooo. Bytes from 0x80 up stay, for they are people's UTF-8. */
static void put_without_controls(struct text_out *out, struct text text)
{
    size_t start = 0;

    for (size_t i = 0; i < text.count; i++) {
        uint8_t c = (uint8_t)text.at[i];
        if (LIKELY(c >= ' ' && c != 0x7f))
            continue;
        text_put(out, text_part(text, start, i - start));
        text_put_safe(out, (struct bytes){ &c, 1 });
        start = i + 1;
    }
    text_put(out, text_after(text, start));
}

struct log_queue_use log_queue_use(void)
{
    pthread_mutex_lock(&state.lock);
    const struct log_queue_use use = { queue.count, queue.highest,
                                       queue.entries != NULL ? queue.capacity : 0, queue.lost_all };
    pthread_mutex_unlock(&state.lock);
    return use;
}

/* With a queue nobody waits: what the target does not take now is kept, or counted as lost. */
static void send_or_keep(const struct log_entry *entry)
{
    pthread_mutex_lock(&state.lock);
    if (queue.entries == NULL) {
        (void)log_end_send(&state.end, entry, true);
    } else if (something_waits() || log_end_send(&state.end, entry, false) == LOG_BUSY) {
        if (queue.count == queue.capacity) {
            queue.lost++;
            queue.lost_all++;
        } else {
            struct log_entry *kept = &queue.entries[(queue.head + queue.count++) % queue.capacity];
            memcpy(kept, entry, offsetof(struct log_entry, text) + entry->count);
            if (queue.count > queue.highest)
                queue.highest = queue.count;
        }
        pthread_cond_signal(&queue.wake);
    }
    pthread_mutex_unlock(&state.lock);
}

void log_text(enum log_part part, enum log_level level, struct text text)
{
    struct log_entry entry;
    int saved_errno = errno;

    assert((unsigned)part < LOG_PART_COUNT);
    if ((int)level > atomic_load_explicit(&level_now, memory_order_relaxed))
        return;
    struct text_out out = text_out_on(entry.text, sizeof entry.text);
    put_without_controls(&out, text);
    entry.count = (uint16_t)out.count;
    fill(&entry, part, level);
    send_or_keep(&entry);
    errno = saved_errno;
}

void log_vline(enum log_part part, enum log_level level, const char *format, va_list arguments)
{
    char raw[LOG_LINE_MAX];
    int saved_errno = errno;

    if ((int)level > atomic_load_explicit(&level_now, memory_order_relaxed))
        return;
    struct text_out out = text_out_on(raw, sizeof raw);
    text_vprintf(&out, format, arguments);
    log_text(part, level, text_out_text(&out));
    errno = saved_errno;
}

void log_line(enum log_part part, enum log_level level, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    log_vline(part, level, format, arguments);
    va_end(arguments);
}

size_t log_take_memory(char *buffer, size_t room)
{
    assert(room > 0);
    pthread_mutex_lock(&state.lock);
    size_t count = log_end_take_memory(buffer, room);
    pthread_mutex_unlock(&state.lock);
    return count;
}

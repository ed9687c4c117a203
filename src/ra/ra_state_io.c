#include "ra/ra_state_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/file.h"
#include "platform/instant.h"

#define STATE_BYTES_MAX ((size_t)1024 * 1024)
#define PATH_BYTES      4096

struct ra_state_io {
    struct ra_state_setup setup;
    uv_timer_t again;
    bool unsaved; /* what is newest is neither on the disk nor on its way there */
    bool failing; /* that was said */
    bool closing;

    uv_work_t work;
    bool under_way; /* until the loop has heard of its end */
    uv_sem_t done;  /* posted by the thread */
    char *text;
    size_t count;
    int error;
};

/* ------------------------------------------------------------------ reading */

int ra_state_io_open(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
}

void ra_state_io_load(struct ra_server *server, const char *path)
{
    struct text content, text;
    struct ra_state_line line;
    enum status status = file_read(path, STATE_BYTES_MAX, &content);
    if (status == STATUS_NOT_FOUND)
        return;
    if (status != STATUS_OK) {
        log_line(LOG_PART_DHCP, LOG_WARN, "cannot read %s: %s", path, status_text(status));
        return;
    }
    struct text rest = content;
    for (unsigned number = 1; text_next_line(&rest, &text); number++) {
        if (ra_state_line_read(text, &line) != STATUS_OK)
            log_line(LOG_PART_DHCP, LOG_WARN, "%s: ignoring line %u: not a prefix", path, number);
        else if (ra_server_load(server, &line, instant_now()) != STATUS_OK)
            break;
    }
    free((char *)(uintptr_t)content.at);
}

/* ------------------------------------------------------------------ writing */

static bool write_all(int file, const char *text, size_t count)
{
    while (count > 0) {
        ssize_t wrote = write(file, text, count);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        text += wrote;
        count -= (size_t)wrote;
    }
    return true;
}

/* Where no new file can be made, the one that was opened as root is written over. */
static int write_over(int file, const char *text, size_t count)
{
    if (lseek(file, 0, SEEK_SET) != 0 || !write_all(file, text, count)
        || ftruncate(file, (off_t)count) != 0 || fsync(file) != 0)
        return errno;
    return 0;
}

/* The old file stays whole until the new one is. Returns 0 or errno. */
static int write_new(const char *path, const char *text, size_t count)
{
    char fresh[PATH_BYTES];
    struct text_out name = text_out_on(fresh, sizeof fresh);
    text_printf(&name, "%s.new", path);
    if (name.failed)
        return ENAMETOOLONG;
    int file = open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (file < 0)
        return errno;
    bool written = write_all(file, text, count) && fsync(file) == 0;
    int error = written ? 0 : errno;
    if (close(file) != 0 && error == 0)
        error = errno;
    if (error == 0 && rename(fresh, path) != 0)
        error = errno;
    return error;
}

static int write_state(const struct ra_state_io *io, const char *text, size_t count)
{
    int error = write_new(io->setup.path, text, count);
    bool denied = error == EACCES || error == EPERM || error == EROFS || error == EBUSY;
    return denied && io->setup.file >= 0 ? write_over(io->setup.file, text, count) : error;
}

static int take_state(const struct ra_state_io *io, char **text, size_t *count)
{
    size_t room = ra_server_state_bytes(io->setup.server);
    *text = malloc(room);
    if (*text == NULL)
        return ENOMEM;
    struct text_out out = text_out_on(*text, room);
    ra_server_put_state(io->setup.server, instant_now(), &out);
    *count = out.count;
    return 0;
}

/* ------------------------------------------------------------------ when */

/* A disk that stays full is told of once. */
static void tell(struct ra_state_io *io, int error)
{
    bool was_failing = io->failing;
    io->failing = error != 0;
    if (io->failing && !was_failing)
        log_line(LOG_PART_DHCP, LOG_ERROR, "cannot write %s: %s", io->setup.path, strerror(error));
    if (!io->failing && was_failing)
        log_line(LOG_PART_DHCP, LOG_INFORM, "%s is written again", io->setup.path);
}

static void on_again(uv_timer_t *timer);

static void failed(struct ra_state_io *io, int error)
{
    io->unsaved = true;
    tell(io, error);
    if (!io->closing)
        uv_timer_start(&io->again, on_again, io->setup.again_ms, 0);
}

static void on_write(uv_work_t *work)
{
    struct ra_state_io *io = CONTAINER_OF(work, struct ra_state_io, work);
    io->error = write_state(io, io->text, io->count);
    uv_sem_post(&io->done);
}

static void on_written(uv_work_t *work, int status);

static void save(struct ra_state_io *io)
{
    if (!io->unsaved || io->under_way || io->closing)
        return;
    int error = take_state(io, &io->text, &io->count);
    if (error == 0 && uv_queue_work(io->setup.loop, &io->work, on_write, on_written) != 0) {
        free(io->text);
        io->text = NULL;
        error = EAGAIN;
    }
    if (error != 0) {
        failed(io, error);
        return;
    }
    io->under_way = true;
    io->unsaved = false;
}

static void on_written(uv_work_t *work, int status)
{
    struct ra_state_io *io = CONTAINER_OF(work, struct ra_state_io, work);
    free(io->text);
    io->text = NULL;
    io->under_way = false;
    if (io->closing)
        return; /* closing has seen to it */
    uv_sem_wait(&io->done);
    if (status != 0 || io->error != 0) {
        failed(io, io->error);
        return;
    }
    tell(io, 0);
    save(io);
}

static void on_again(uv_timer_t *timer)
{
    save(CONTAINER_OF(timer, struct ra_state_io, again));
}

void ra_state_io_follow(struct ra_state_io *io)
{
    if (!ra_server_take_changed(io->setup.server))
        return;
    io->unsaved = true;
    save(io);
}

/* ------------------------------------------------------------------ start and end */

struct ra_state_io *ra_state_io_create(const struct ra_state_setup *setup)
{
    struct ra_state_io *io = calloc(1, sizeof *io);
    if (io == NULL || uv_sem_init(&io->done, 0) != 0) {
        free(io);
        return NULL;
    }
    io->setup = *setup;
    uv_timer_init(setup->loop, &io->again);
    return io;
}

/* Two must not write at once. */
static void await_write(struct ra_state_io *io)
{
    if (!io->under_way)
        return;
    if (uv_cancel((uv_req_t *)&io->work) == 0) {
        io->unsaved = true; /* it had not begun */
        return;
    }
    uv_sem_wait(&io->done);
    io->unsaved = io->unsaved || io->error != 0;
}

void ra_state_io_close(struct ra_state_io *io)
{
    char *text = NULL;
    size_t count = 0;
    io->closing = true;
    uv_close((uv_handle_t *)&io->again, NULL);
    await_write(io);
    io->unsaved = io->unsaved || ra_server_take_changed(io->setup.server);
    if (!io->unsaved)
        return;
    int error = take_state(io, &text, &count);
    if (error == 0)
        error = write_state(io, text, count);
    free(text);
    io->unsaved = error != 0;
    tell(io, error);
}

void ra_state_io_free(struct ra_state_io *io)
{
    if (io == NULL)
        return;
    uv_sem_destroy(&io->done);
    if (io->setup.file >= 0)
        close(io->setup.file);
    free(io->text);
    free(io);
}

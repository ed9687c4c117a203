#include "store/lease_file_io.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/lease_disk_io.h"
#include "store/lease_file_plan.h"

#define PIECE_BYTES ((size_t)1 << 20)

enum trouble {
    TROUBLE_APPEND,
    TROUBLE_REWRITE,
    TROUBLE_BROKEN,
    TROUBLE_FOREIGN,
    TROUBLE_CLOSED,
    TROUBLE_COUNT
};

struct lease_file {
    struct lease_backend backend;
    struct lease_file_setup setup;
    struct lease_disk disk;
    struct lease_plan plan;
    struct lease_work work; /* the thread's while busy */
    bool busy, closing;
    bool said[TROUBLE_COUNT];
    uv_work_t request;
    uv_sem_t done;
    uv_timer_t timer;
    unsigned references; /* callbacks of libuv still to come after close */
};

static struct lease_file *file_of(struct lease_backend *backend)
{
    return CONTAINER_OF(backend, struct lease_file, backend);
}

static uint64_t now_ms(const struct lease_file *file)
{
    return uv_now(file->setup.loop);
}

static void say(struct lease_file *file, enum trouble trouble, const char *what, int error)
{
    if (file->said[trouble])
        return;
    file->said[trouble] = true;
    if (file->setup.trouble != NULL)
        file->setup.trouble(file->setup.context, trouble == TROUBLE_CLOSED, what, error);
}

/* What to do about a file that cannot be replaced. */
static void say_closed(struct lease_file *file, int error)
{
    char what[PATH_MAX + 256];
    struct text_out out = text_out_on(what, sizeof(what));
    if (error == EBUSY || error == EXDEV)
        text_printf(&out,
                    "%s is mounted by itself: mount its folder instead, so that the file can be "
                    "replaced as a whole",
                    file->disk.path);
    else
        text_printf(&out,
                    "the folder %s is not writable for us: give it to the user linnet runs as, so "
                    "that the file can be replaced as a whole",
                    file->disk.folder);
    say(file, TROUBLE_CLOSED, what, error);
}

/* What went well may be said again when it next goes wrong. */
static void say_troubles(struct lease_file *file)
{
    const struct lease_work *work = &file->work;
    if (work->closed_error != 0)
        say_closed(file, work->closed_error);
    else if (work->rewrite && work->new_fd >= 0)
        file->said[TROUBLE_CLOSED] = false;
    if (work->closed_error != 0 && !work->in_place)
        return;
    if (work->rewrite && !work->rewrite_failed)
        file->said[TROUBLE_REWRITE] = file->said[TROUBLE_APPEND] = false;
    else if (work->rewrite && work->keep_broken && !work->broken_kept)
        say(file, TROUBLE_BROKEN, "cannot keep its unreadable lines", work->error);
    else if (work->rewrite)
        say(file, TROUBLE_REWRITE, "cannot write it anew", work->error);
    else if (work->append_failed || work->patch_failed)
        say(file, TROUBLE_APPEND, "cannot write to it", work->error);
    else if (work->foreign)
        say(file, TROUBLE_FOREIGN, "it was changed by somebody else and is written anew", ESTALE);
    else if (work->append.count > 0)
        file->said[TROUBLE_APPEND] = false;
}

/* ------------------------------------------------------------------ a batch */

static void finish(struct lease_file *file);

/* The last callback of libuv that still knows the object frees it. */
static void release(struct lease_file *file)
{
    if (--file->references > 0)
        return;
    uv_sem_destroy(&file->done);
    lease_plan_free(&file->plan);
    free(file);
}

static void on_work(uv_work_t *request)
{
    struct lease_file *file = request->data;
    lease_disk_work(&file->work);
    uv_sem_post(&file->done);
}

static void on_after_work(uv_work_t *request, int status)
{
    struct lease_file *file = request->data;
    (void)status;
    if (file->closing) {
        release(file);
        return;
    }
    file->references--;
    uv_sem_wait(&file->done);
    finish(file);
}

static void run(struct lease_file *file)
{
    if (!file->closing
        && uv_queue_work(file->setup.loop, &file->request, on_work, on_after_work) == 0) {
        file->references++;
        return;
    }
    lease_disk_work(&file->work);
    finish(file);
}

static void start(struct lease_file *file)
{
    file->busy = true;
    lease_plan_start(&file->plan, &file->disk, now_ms(file), &file->work);
    run(file);
}

static void on_timer(uv_timer_t *timer)
{
    struct lease_file *file = timer->data;
    if (!file->busy && !lease_plan_is_idle(&file->plan, now_ms(file)))
        start(file);
}

static void set_timer(struct lease_file *file)
{
    uint64_t due = lease_plan_deadline(&file->plan);
    uint64_t now = now_ms(file);
    if (due == UINT64_MAX || file->closing)
        (void)uv_timer_stop(&file->timer);
    else
        (void)uv_timer_start(&file->timer, on_timer, due > now ? due - now : 0, 0);
}

static void answer(struct lease_file *file)
{
    const struct lease_batch *flight = &file->plan.flight;
    for (size_t i = 0; i < flight->count; i++) {
        const struct lease_file_change *change = &flight->changes[i];
        if (change->ticket != 0 && !file->closing && file->setup.committed != NULL)
            file->setup.committed(file->setup.context, change->ticket,
                                  change->failed ? STATUS_SYSTEM : STATUS_OK);
    }
}

static void finish(struct lease_file *file)
{
    say_troubles(file);
    int new_fd = file->work.new_fd;
    bool settled = lease_plan_settle(&file->plan, &file->work, now_ms(file));
    if (new_fd >= 0) {
        (void)close(file->disk.fd);
        file->disk.fd = new_fd;
    }
    if (!settled) {
        run(file);
        return;
    }
    answer(file);
    lease_plan_done(&file->plan);
    file->busy = false;
    if (!lease_plan_is_idle(&file->plan, now_ms(file)))
        start(file);
    else
        set_timer(file);
}

/* ------------------------------------------------------------------ the interface */

/* Piece by piece: how large the file is depends on what clients say, and on how long a full disk
 * kept it from being written anew. What we wrote we can read. */
NODISCARD static enum status load_pieces(struct lease_file *file, struct lease_loading *loading,
                                         uint8_t *buffer)
{
    bool is_last = false;
    for (size_t kept = 0; !is_last;) {
        size_t got;
        enum status status = lease_disk_read_at(&file->disk, loading->offset + kept, buffer + kept,
                                                PIECE_BYTES - kept, &got);
        if (status != STATUS_OK)
            return status;
        is_last = got < PIECE_BYTES - kept;
        struct bytes piece = bytes_of(buffer, kept + got);
        size_t taken = lease_plan_load_piece(loading, text_from_bytes(piece), is_last);
        kept = piece.count - taken;
        memmove(buffer, buffer + taken, kept);
    }
    return STATUS_OK;
}

static enum status file_load(struct lease_backend *backend,
                             bool (*each)(void *context, const struct lease_line *line),
                             void (*complain)(void *context, unsigned line, const char *why),
                             void *context)
{
    struct lease_file *file = file_of(backend);
    struct lease_loading loading = {
        .plan = &file->plan, .each = each, .complain = complain, .context = context
    };
    uint8_t *buffer = malloc(PIECE_BYTES);
    if (buffer == NULL)
        return STATUS_NO_MEMORY;
    if (lease_disk_follow(&file->disk) != STATUS_OK && file->setup.trouble != NULL)
        file->setup.trouble(file->setup.context, false, "it was replaced and cannot be opened",
                            errno);
    enum status status = load_pieces(file, &loading, buffer);
    free(buffer);
    if (status != STATUS_OK)
        return status;
    int error = lease_disk_closed(&file->disk); /* by now we are the user that we stay */
    if (error != 0) {
        lease_plan_close_folder(&file->plan, now_ms(file));
        say_closed(file, error);
    }
    return STATUS_OK;
}

static enum status file_commit(struct lease_backend *backend, const struct lease_change *change)
{
    struct lease_file *file = file_of(backend);
    enum status status = lease_plan_change(&file->plan, change);
    if (status == STATUS_OK && !file->busy && file->plan.waiting.count > 0)
        start(file);
    return status;
}

static enum status file_set_duid(struct lease_backend *backend, struct bytes duid)
{
    struct lease_file *file = file_of(backend);
    enum status status = lease_plan_set_duid(&file->plan, duid);
    if (status == STATUS_OK && !file->busy && file->plan.waiting.count > 0)
        start(file);
    return status;
}

static void file_renew_all(struct lease_backend *backend)
{
    struct lease_file *file = file_of(backend);
    lease_plan_renew_all(&file->plan);
    if (!file->busy)
        start(file);
}

static void on_timer_closed(uv_handle_t *handle)
{
    release(handle->data);
}

static void file_close(struct lease_backend *backend)
{
    struct lease_file *file = file_of(backend);
    file->closing = true;
    if (file->busy) {
        if (uv_cancel((uv_req_t *)&file->request) == 0)
            lease_disk_work(&file->work);
        else
            uv_sem_wait(&file->done);
        finish(file);
    }
    if (file->plan.dead > 0 || file->plan.needs_rewrite || file->plan.mixed) {
        file->plan.force_rewrite = true;
        start(file);
    }
    lease_disk_close(&file->disk);
    uv_close((uv_handle_t *)&file->timer, on_timer_closed);
}

static const struct lease_backend_class lease_file_class = {
    .name = "file",
    .load = file_load,
    .commit = file_commit,
    .close = file_close,
    .set_duid = file_set_duid,
    .renew_all = file_renew_all,
};

enum status lease_file_open(const struct lease_file_setup *setup, struct lease_backend **backend)
{
    struct lease_file *file = calloc(1, sizeof(*file));
    if (file == NULL)
        return STATUS_NO_MEMORY;
    enum status status = lease_plan_init(&file->plan, setup->table, setup->table6);
    if (status == STATUS_OK)
        status = lease_disk_open(setup->path, &file->disk);
    if (status != STATUS_OK) {
        int error = errno;
        lease_plan_free(&file->plan);
        free(file);
        errno = error;
        return status;
    }
    file->backend = (struct lease_backend){ &lease_file_class, setup->committed, setup->context };
    file->setup = *setup;
    file->request.data = file;
    file->timer.data = file;
    file->references = 1;
    int failed = uv_sem_init(&file->done, 0);
    if (failed == 0)
        failed = uv_timer_init(setup->loop, &file->timer);
    assert(failed == 0); /* neither asks the system for anything it could refuse */
    (void)failed;
    uv_unref((uv_handle_t *)&file->timer);
    *backend = &file->backend;
    return STATUS_OK;
}

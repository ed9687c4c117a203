#include "daemon/reload.h"

#include "platform/memory.h"

/* So many lines are written at once by main; a folder with thousands of files says more. */
#define LINES_AT_ONCE 64

void reload_init(struct reload *reload, uv_loop_t *loop, struct views *views,
                 void (*ready)(void *context, bool by_signal, bool new_servers), void *context)
{
    *reload = (struct reload){
        .loop = loop,
        .views = views,
        .ready = ready,
        .context = context,
    };
    atomic_init(&reload->stop, false);
    list_init(&reload->waste);
}

/* ------------------------------------------------------------------ waste */

static void on_clean(uv_work_t *work)
{
    views_free_waste(&CONTAINER_OF(work, struct reload, waste_work)->waste);
    memory_trim();
}

static void on_cleaned(uv_work_t *work, int status)
{
    (void)status;
    struct reload *reload = CONTAINER_OF(work, struct reload, waste_work);
    reload->cleaning = false;
    reload_clean(reload);
}

void reload_clean(struct reload *reload)
{
    if (reload->cleaning || atomic_load(&reload->stop)
        || !views_take_waste(reload->views, &reload->waste))
        return;
    reload->cleaning = true;
    if (uv_queue_work(reload->loop, &reload->waste_work, on_clean, on_cleaned) != 0) {
        on_clean(&reload->waste_work);
        reload->cleaning = false;
    }
}

/* ------------------------------------------------------------------ loads */

static void start_wanted(struct reload *reload);

static void on_tell(uv_work_t *work)
{
    views_load_tell(&CONTAINER_OF(work, struct reload, tell_work)->lines);
}

static void on_told(uv_work_t *work, int status)
{
    (void)status;
    struct reload *reload = CONTAINER_OF(work, struct reload, tell_work);
    reload->telling = false;
    start_wanted(reload);
}

void reload_tell(struct reload *reload)
{
    reload->lines = reload->load.log;
    reload->load.log = (struct load_log){ 0 };
    reload->telling = reload->lines.lines > LINES_AT_ONCE
                      && uv_queue_work(reload->loop, &reload->tell_work, on_tell, on_told) == 0;
    if (!reload->telling)
        views_load_tell(&reload->lines);
}

static void on_load(uv_work_t *work)
{
    views_load_run(&CONTAINER_OF(work, struct reload, load_work)->load);
}

static void on_loaded(uv_work_t *work, int status)
{
    (void)status;
    struct reload *reload = CONTAINER_OF(work, struct reload, load_work);
    bool new_servers = reload->load.new_servers;
    reload->loading = false;
    bool news = views_end_load(reload->views, &reload->load);
    if (atomic_load(&reload->stop)) {
        views_load_tell(&reload->load.log);
        return;
    }
    if (news || reload->by_signal)
        reload->ready(reload->context, reload->by_signal, new_servers);
    else
        reload_tell(reload);
    reload_clean(reload);
    start_wanted(reload);
}

static void start_wanted(struct reload *reload)
{
    if (!reload->wanted || reload->loading || reload->telling || reload->held
        || atomic_load(&reload->stop))
        return;
    views_begin_load(reload->views, reload->wanted_what, &reload->load);
    reload->load.stop = &reload->stop;
    reload->by_signal = reload->wanted_by_signal;
    reload->wanted = false;
    reload->wanted_by_signal = false;
    reload->wanted_what = VIEWS_LOAD_FOLDERS;
    reload->loading = true;
    if (uv_queue_work(reload->loop, &reload->load_work, on_load, on_loaded) != 0) {
        on_load(&reload->load_work);
        on_loaded(&reload->load_work, 0);
    }
}

void reload_want(struct reload *reload, enum views_load_what what, bool by_signal)
{
    reload->wanted = true;
    reload->wanted_by_signal = reload->wanted_by_signal || by_signal;
    if (what > reload->wanted_what)
        reload->wanted_what = what;
    start_wanted(reload);
}

void reload_hold(struct reload *reload, bool held)
{
    reload->held = held;
    start_wanted(reload);
}

void reload_stop(struct reload *reload)
{
    atomic_store(&reload->stop, true);
}

#include "daemon/host_reload.h"

#include "base/log.h"

void host_reload_init(struct host_reload *reload, uv_loop_t *loop, const struct config *config,
                      const struct siphash_key *key,
                      enum status (*ready)(void *context, const struct dhcp_config *dhcp),
                      void *context)
{
    *reload = (struct host_reload){
        .loop = loop,
        .ready = ready,
        .context = context,
        .active = host_files_wanted(config),
    };
    host_files_init(&reload->files, config, key);
}

enum status host_reload_start(struct host_reload *reload)
{
    if (!reload->active)
        return STATUS_OK;
    enum status status = host_files_load(&reload->files, true, &reload->current);
    host_files_tell(&reload->files);
    return status;
}

const struct dhcp_config *host_reload_config(const struct host_reload *reload)
{
    return reload->current != NULL ? &reload->current->dhcp : &reload->files.config->dhcp;
}

/* ------------------------------------------------------------------ loads */

static void start_wanted(struct host_reload *reload);

static void on_load(uv_work_t *work)
{
    struct host_reload *reload = CONTAINER_OF(work, struct host_reload, work);
    reload->status = host_files_load(&reload->files, reload->all, &reload->made);
}

static void use_made(struct host_reload *reload)
{
    struct host_files_config *waste = reload->made;
    enum status status = reload->status;
    if (status == STATUS_OK && waste != NULL)
        status = reload->ready(reload->context, &waste->dhcp);
    if (status != STATUS_OK) {
        log_line(LOG_PART_DHCP, LOG_ERROR, "cannot use the hosts of files: %s: the old ones stay",
                 status == STATUS_FULL ? "too many tags" : status_text(status));
    } else if (waste != NULL) {
        waste = reload->current;
        reload->current = reload->made;
    }
    reload->made = NULL;
    host_files_config_free(waste);
}

static void on_loaded(uv_work_t *work, int status)
{
    (void)status;
    struct host_reload *reload = CONTAINER_OF(work, struct host_reload, work);
    reload->loading = false;
    host_files_tell(&reload->files);
    if (reload->stopped)
        return;
    use_made(reload);
    start_wanted(reload);
}

static void start_wanted(struct host_reload *reload)
{
    if (!reload->wanted || reload->loading || reload->stopped || reload->held)
        return;
    reload->all = reload->wanted_all;
    reload->wanted = reload->wanted_all = false;
    reload->loading = true;
    if (uv_queue_work(reload->loop, &reload->work, on_load, on_loaded) != 0) {
        on_load(&reload->work);
        on_loaded(&reload->work, 0);
    }
}

void host_reload_want(struct host_reload *reload, bool all)
{
    if (!reload->active)
        return;
    reload->wanted = true;
    reload->wanted_all = reload->wanted_all || all;
    start_wanted(reload);
}

void host_reload_hold(struct host_reload *reload, bool held)
{
    reload->held = held;
    if (reload->loop != NULL)
        start_wanted(reload);
}

void host_reload_replace(struct host_reload *reload, const struct host_files *files,
                         struct host_files_config *made)
{
    host_files_config_free(reload->current);
    host_files_free(&reload->files);
    reload->files = *files;
    reload->current = made;
    reload->active = host_files_wanted(files->config);
    reload->wanted = reload->wanted && reload->active;
}

void host_reload_stop(struct host_reload *reload)
{
    reload->stopped = true;
}

void host_reload_free(struct host_reload *reload)
{
    if (reload->files.config == NULL)
        return;
    host_files_config_free(reload->made);
    host_files_config_free(reload->current);
    host_files_free(&reload->files);
}

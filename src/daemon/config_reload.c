#include "daemon/config_reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/config_swap.h"
#include "daemon/daemon_state.h"
#include "platform/service_notify.h"

#define WAIT_MS     5 /* until other loads have ended */
#define ANSWER_ROOM ((size_t)256 * 1024)
#define ERRORS_ROOM ((size_t)64 * 1024)

/* ------------------------------------------------------------------ on a thread of the pool */

static bool config_says(const struct config *config, const char *words)
{
    for (size_t i = 0; i < config->errors.count; i++) {
        if (strstr(config->errors.errors[i].message, words) != NULL)
            return true;
    }
    return false;
}

/* What is wrong with it, as lines; where a file is closed to whom we have become, that too. */
static void keep_errors(struct config_reload_job *job, const struct config *config,
                        const char *program)
{
    bool is_denied = config_says(config, strerror(EACCES));
    job->error_count = config->errors.count + config->errors.dropped;
    job->errors = malloc(ERRORS_ROOM);
    if (job->errors == NULL)
        return;
    struct text_out out = text_out_on(job->errors, ERRORS_ROOM);
    (void)option_print_errors(&config->errors, program, NULL, &out);
    if (job->roles->split && config_says(config, strerror(EPERM)))
        text_printf(&out, "commands cannot be run by the confined process: start anew\n");
    if (is_denied && geteuid() != 0)
        text_printf(&out,
                    "%s runs as user %u now, which may not read that; make it readable for it, or "
                    "start anew\n",
                    program, (unsigned)geteuid());
}

static struct config *read_config(struct config_reload_job *job)
{
    const struct daemon_start *start = job->start;
    struct config *config = config_create();
    if (config == NULL)
        return NULL;
    struct option_reader *reader =
        option_reader_create(&config->set, &config->arena, &config->errors);
    if (reader != NULL) {
        option_reader_read_again(reader, start->folder, job->load.stop);
        /* The status repeats what the errors say, and all errors are to be seen. */
        enum status status = option_read_arguments(reader, start->argc, start->argv);
        if (config->errors.count == 0)
            status = option_read_files(reader,
                                       config_default_file(strcmp(start->program, "dnsmasq") == 0));
        if (status == STATUS_OK || config->errors.count > 0)
            status = config_finish(config, false);
        (void)status;
        option_reader_free(reader);
    }
    if (reader != NULL && config->errors.count == 0)
        return config;
    keep_errors(job, config, start->program);
    config_free(config);
    return NULL;
}

static void refuse(struct config_reload_job *job, const char *why)
{
    job->errors = strdup(why);
    job->error_count = 1;
}

/* Without a way to ask for marks, everybody would be let through. */
static bool marks_fit(struct config_reload_job *job)
{
    const struct config *config = job->config;
    if (job->has_firewall || config->site.port == 0 || !config->dns.firewall.allowlist)
        return true;
    refuse(job, "connmark-allowlist-enable: clients' marks can be asked for from the next start "
                "on, and until then nothing would be refused\n");
    return false;
}

/* A process that is confined would find the files missing, and servers out of reach. */
static bool reach_fits(struct config_reload_job *job)
{
    char what[512], why[768];
    if (!roles_lack(job->roles, job->start, job->config, what, sizeof what))
        return true;
    snprintf(why, sizeof why,
             "%s is outside of what the running process may reach: start anew to use it\n", what);
    refuse(job, why);
    return false;
}

/* Nor may it speak to the firewall of others than the broker knows. */
static bool sets_fit(struct config_reload_job *job)
{
    char why[512];
    const char *set =
        job->has_firewall && job->roles->split
            ? firewall_io_new_set(&job->before->dns.firewall, &job->config->dns.firewall)
            : NULL;
    if (set == NULL)
        return true;
    snprintf(why, sizeof why, "the set %s can be filled from the next start on\n", set);
    refuse(job, why);
    return false;
}

/* What it has from the start may not go with what is new. */
static bool kept_fits(struct config_reload_job *job)
{
    if (config_check_kept(job->config) == STATUS_OK)
        return true;
    keep_errors(job, job->config, job->start->program);
    return false;
}

/* Workers cannot share one source port, and how many there are was settled at start. */
static bool ports_fit(struct config_reload_job *job)
{
    const struct dns_config *dns = &job->config->dns;
    bool fixed = dns->query_port_given;
    for (size_t i = 0; i < job->before->dns.server_count; i++)
        fixed = fixed || job->before->dns.servers[i].source_port_given;
    for (size_t i = 0; !fixed && dns->threads > 1 && i < dns->server_count; i++) {
        if (!dns->servers[i].source_port_given)
            continue;
        refuse(job,
               "server with a source port does not go with dns-threads until the next start\n");
        return false;
    }
    return true;
}

static enum status read_hosts(struct config_reload_job *job)
{
    host_files_init(&job->files, job->config, &job->key);
    if (!job->hosts_wanted || !host_files_wanted(job->config))
        return STATUS_OK;
    enum status status = host_files_inherit(&job->files, job->files_before);
    if (status == STATUS_OK)
        status = host_files_load(&job->files, true, &job->hosts);
    return status;
}

/* What nobody takes over. Slow. */
static void drop_made(struct config_reload_job *job)
{
    views_loaded_free(job->load.after);
    free(job->load.log.at);
    host_files_config_free(job->hosts);
    host_files_free(&job->files);
    config_free(job->config);
    config_changes_free(&job->changes);
    free(job->errors);
    free(job);
}

static void run(uv_work_t *work)
{
    struct config_reload *reload = CONTAINER_OF(work, struct config_reload, work);
    struct config_reload_job *job = reload->job;
    job->status = STATUS_OK;
    job->config = read_config(job);
    if (job->config == NULL)
        return;
    config_changes_find(job->before, job->config, &job->changes);
    job->status = config_keep_start(job->config, job->before);
    if (job->status != STATUS_OK)
        return;
    if (!kept_fits(job) || !marks_fit(job) || !ports_fit(job) || !reach_fits(job)
        || !sets_fit(job)) {
        job->status = STATUS_MALFORMED;
        return;
    }
    dhcp_services_leave_out(job->dhcp, &job->config->dhcp, &job->note);
    job->load.config = job->config;
    views_load_run(&job->load);
    job->status = job->load.status;
    if (job->status == STATUS_OK && job->load.after != NULL)
        job->status = read_hosts(job);
}

/* ------------------------------------------------------------------ answers */

static void log_lines_of(struct text lines, enum log_level level)
{
    struct text line;
    while (text_next_line(&lines, &line))
        log_line(LOG_PART_MAIN, level, "%.*s", TEXT_ARG(line));
}

static void put_summary(struct text_out *out, const struct config_reload_job *job, bool dry_run)
{
    const struct config_changes *changes = &job->changes;
    if (changes->lines == 0)
        text_put_string(out, "the configuration is the same");
    else
        text_printf(out, "%zu %s of the configuration %s new or gone", changes->lines,
                    changes->lines == 1 ? "line" : "lines", changes->lines == 1 ? "is" : "are");
    if (changes->at_start > 0)
        text_printf(out, ", of which %zu take effect at the next start", changes->at_start);
    text_put_string(out, dry_run ? "; nothing has been done yet\n" : "\n");
}

static void put_refusal(struct text_out *out, const struct config_reload_job *job)
{
    if (job->errors != NULL)
        text_put_string(out, job->errors);
    else if (job->load.status == STATUS_SYSTEM)
        text_printf(out, "servers-file cannot be read\n");
    else if (job->status == STATUS_FULL)
        text_put_string(out, "too many servers, sets of servers or tags\n");
    else
        text_put_string(out, "no memory for another configuration\n");
    text_put_string(out, "the new configuration is not used, the old one stays\n");
}

static void answer(struct daemon *daemon, enum config_reload_outcome outcome)
{
    struct config_reload *reload = &daemon->config_reload;
    struct config_reload_job *job = reload->job;
    char *memory = malloc(ANSWER_ROOM);
    bool refused = outcome == CONFIG_RELOAD_REFUSED;
    if (memory == NULL)
        memory = job->reserve;
    struct text_out out =
        text_out_on(memory, memory == job->reserve ? sizeof(job->reserve) : ANSWER_ROOM);
    if (outcome == CONFIG_RELOAD_CHECKED || (refused && reload->wish.dry_run)) {
        load_log_put(&job->load.log, &out);
        load_log_put(&job->files.log, &out);
    }
    if (refused) {
        put_refusal(&out, job);
    } else {
        config_changes_put(&job->changes, &out);
        text_put_string(&out, job->notes);
        put_summary(&out, job, outcome == CONFIG_RELOAD_CHECKED);
    }
    struct config_reload_answer given = {
        .outcome = outcome,
        .lines = text_out_text(&out),
        .changed = job->changes.lines,
        .at_start = job->changes.at_start,
        .errors = job->error_count,
    };
    if (outcome != CONFIG_RELOAD_CHECKED)
        log_lines_of(given.lines, refused ? LOG_ERROR : LOG_INFORM);
    if (reload->wish.done != NULL)
        reload->wish.done(reload->wish.context, &given);
    reload->wish.done = NULL;
    if (memory != job->reserve)
        free(memory);
}

static void tell_refused(const struct config_reload_wish *wish, enum config_reload_outcome outcome,
                         struct text why)
{
    const struct config_reload_answer given = { .outcome = outcome, .lines = why };
    if (wish->done != NULL)
        wish->done(wish->context, &given);
}

/* ------------------------------------------------------------------ its course */

static void start_next(struct daemon *daemon);

static void on_dropped(uv_work_t *work, int status)
{
    (void)status;
    struct config_reload *reload = CONTAINER_OF(work, struct config_reload, waste_work);
    struct daemon *daemon = CONTAINER_OF(reload, struct daemon, config_reload);
    reload->waste = NULL;
    start_next(daemon);
}

static void drop(uv_work_t *work)
{
    drop_made(CONTAINER_OF(work, struct config_reload, waste_work)->waste);
}

/* Other loads may begin again; what nobody needs is given back on the pool. */
static void end(struct daemon *daemon)
{
    struct config_reload *reload = &daemon->config_reload;
    if (reload->job->load.config != NULL) /* else another's load may be under way */
        views_abandon_load(&daemon->views);
    /* Who has no answer yet is told that there will be none. */
    tell_refused(&reload->wish, CONFIG_RELOAD_REFUSED, TEXT("linnet is stopping\n"));
    reload->waste = reload->job;
    reload->job = NULL;
    reload->wish.done = NULL;
    if (!reload->stopped) {
        if (!reload->wish.dry_run)
            daemon_tell_ready(daemon);
        reload_hold(&daemon->reload, false);
        host_reload_hold(&daemon->dhcp.files, false);
    }
    if (uv_queue_work(&daemon->loop, &reload->waste_work, drop, on_dropped) != 0) {
        drop_made(reload->waste);
        on_dropped(&reload->waste_work, 0);
    }
}

/* What SIGHUP does besides. */
static void finish_signal(struct daemon *daemon)
{
    dhcp_services_tell_leases(&daemon->dhcp);
    if (daemon->config->dns.no_poll && views_read_resolv(&daemon->views, true))
        daemon_publish(daemon, true);
}

/* SIGHUP was for hosts files and the cache, too. */
static void reread_old(struct daemon *daemon)
{
    log_line(LOG_PART_MAIN, LOG_INFORM,
             "reading the files of the old configuration again, as without reload-config");
    daemon_reread(daemon);
}

static void on_run(uv_work_t *work, int status)
{
    (void)status;
    struct config_reload *reload = CONTAINER_OF(work, struct config_reload, work);
    struct daemon *daemon = CONTAINER_OF(reload, struct daemon, config_reload);
    struct config_reload_job *job = reload->job;
    if (reload->stopped) {
        end(daemon);
        return;
    }
    bool good = job->config != NULL && job->status == STATUS_OK && job->load.after != NULL;
    if (good)
        config_swap_put_notes(daemon, job->config, &job->note);
    if (!reload->wish.dry_run) { /* else they are in the answer */
        views_load_tell(&job->load.log);
        host_files_tell(&job->files);
    }
    if (good && !reload->wish.dry_run) {
        job->status = config_swap(daemon, job);
        good = job->status == STATUS_OK;
        if (good && reload->wish.by_signal)
            finish_signal(daemon);
    }
    if (!good) {
        answer(daemon, CONFIG_RELOAD_REFUSED);
        if (reload->wish.by_signal)
            reread_old(daemon);
    } else
        answer(daemon, reload->wish.dry_run ? CONFIG_RELOAD_CHECKED : CONFIG_RELOAD_USED);
    if (good && !reload->wish.dry_run)
        (void)rights_say(RIGHTS_RELOADED, BYTES_NONE);
    end(daemon);
}

/* Nothing else reads files while we do: what it read would belong to the old configuration. */
static void on_wait(uv_timer_t *timer)
{
    struct config_reload *reload = CONTAINER_OF(timer, struct config_reload, wait_timer);
    struct daemon *daemon = CONTAINER_OF(reload, struct daemon, config_reload);
    struct config_reload_job *job = reload->job;
    if (reload_is_busy(&daemon->reload) || host_reload_is_busy(&daemon->dhcp.files)) {
        uv_timer_start(timer, on_wait, WAIT_MS, 0);
        return;
    }
    views_begin_load(&daemon->views, VIEWS_LOAD_ALL, &job->load);
    job->load.config_before = daemon->config;
    job->load.stop = &daemon->reload.stop;
    job->before = daemon->config;
    job->dhcp = &daemon->dhcp;
    job->has_firewall = daemon->firewalls != NULL;
    job->roles = &daemon->roles;
    job->note = text_out_on(job->notes, sizeof(job->notes));
    job->hosts_wanted = daemon->dhcp.active;
    job->files_before = &daemon->dhcp.files.files;
    if (uv_queue_work(&daemon->loop, &reload->work, run, on_run) != 0) {
        run(&reload->work);
        on_run(&reload->work, 0);
    }
}

static void begin(struct daemon *daemon, const struct config_reload_wish *wish)
{
    struct config_reload *reload = &daemon->config_reload;
    struct config_reload_job *job = calloc(1, sizeof(*job));
    if (job == NULL) {
        tell_refused(wish, CONFIG_RELOAD_REFUSED, TEXT("no memory for another configuration\n"));
        return;
    }
    job->start = &daemon->start;
    job->key = daemon->key;
    reload->job = job;
    reload->wish = *wish;
    if (!wish->dry_run) {
        service_notify_reloading();
        log_line(LOG_PART_MAIN, LOG_INFORM, "reading the configuration again");
    }
    reload_hold(&daemon->reload, true);
    host_reload_hold(&daemon->dhcp.files, true);
    on_wait(&reload->wait_timer);
}

static void start_next(struct daemon *daemon)
{
    struct config_reload *reload = &daemon->config_reload;
    bool waits = reload->waits;
    reload->waits = false;
    if (waits && reload->stopped)
        tell_refused(&reload->next, CONFIG_RELOAD_REFUSED, TEXT("linnet is stopping\n"));
    else if (waits)
        begin(daemon, &reload->next);
    else if (reload->again && !reload->stopped)
        config_reload_by_signal(daemon);
}

/* Who asks again as soon as it has its answer is not told that we are busy, though what the last
 * one made may still have to be cleared away. */
void daemon_reload_config(struct daemon *daemon, bool dry_run, config_reload_done *done,
                          void *context)
{
    struct config_reload *reload = &daemon->config_reload;
    const struct config_reload_wish wish = { .done = done, .context = context, .dry_run = dry_run };
    if (daemon->stopping || reload->waits || reload->job != NULL) {
        tell_refused(&wish, CONFIG_RELOAD_BUSY,
                     TEXT("the configuration is being read already; try again in a moment\n"));
    } else if (reload->waste != NULL) {
        reload->next = wish;
        reload->waits = true;
    } else {
        begin(daemon, &wish);
    }
}

void config_reload_by_signal(struct daemon *daemon)
{
    struct config_reload *reload = &daemon->config_reload;
    const struct config_reload_wish wish = { .by_signal = true };
    reload->again = reload->job != NULL || reload->waste != NULL;
    if (!reload->again)
        begin(daemon, &wish);
}

void config_reload_init(struct daemon *daemon)
{
    uv_timer_init(&daemon->loop, &daemon->config_reload.wait_timer);
}

void config_reload_stop(struct daemon *daemon)
{
    struct config_reload *reload = &daemon->config_reload;
    bool waits = uv_is_active((uv_handle_t *)&reload->wait_timer);
    reload->stopped = true;
    uv_close((uv_handle_t *)&reload->wait_timer, NULL);
    if (waits)
        end(daemon);
}

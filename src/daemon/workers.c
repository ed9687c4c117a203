#include "daemon/workers.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mailbox.h"
#include "dns/firewall_io.h"
#include "platform/memory.h"

/* Where the system limits them: of a process's addresses for the questions of a worker, and what
 * one takes with those who wait for it. */
#define MEMORY_SHARE 8
#define FLIGHT_BYTES 3328

struct worker {
    struct workers *owner;
    struct dns_shell *shell;
    struct random random;
    uv_loop_t own_loop; /* workers after the first */
    uv_loop_t *loop;
    uv_async_t wake;
    uv_thread_t thread;
    bool started;
    _Atomic bool stop;
    _Atomic bool want_report;
    _Atomic bool want_anew; /* ... and the highest is counted anew */
    struct worker_report report;
    struct mailbox orders; /* of struct worker_order; workers after the first */
};

/* A socket to listen on, or with fd -1 the end of listening at an endpoint. */
struct worker_order {
    struct endpoint endpoint;
    int fd;
    bool tcp, arrival;
};

#define ORDERS_MAX      256
#define ORDERS_A_CHANGE 2 /* UDP and TCP */

struct workers {
    unsigned count;
    struct worker *each;
    struct snapshot_slot *view;
    uv_async_t reported; /* to main: all have answered */
    _Atomic unsigned reports_missing;
    bool reporting;
    bool anew;        /* what is under way counts anew */
    bool anew_missed; /* somebody wanted that, and it does not */
    struct workers_asker {
        void (*done)(void *context, const struct worker_report *sum);
        void *context;
    } askers[WORKERS_ASKERS_MAX];
    unsigned asker_count;
};

/* ------------------------------------------------------------------ reports */

static void fill_report(struct worker *worker, bool anew)
{
    struct dns_shell *shell = worker->shell;
    dns_shell_enter(shell);
    const struct dns_view *view = snapshot_read(worker->owner->view);
    worker->report.dns = *dns_worker_counters(shell->worker);
    worker->report.shell = shell->counters;
    if (anew)
        shell->counters.tcp_open_max = shell->counters.tcp_open; /* "since last SIGUSR1" */
    worker->report.flights = dns_worker_flights(shell->worker);
    worker->report.flights_most = dns_worker_flights_most(shell->worker);
    worker->report.flights_max = dns_worker_flights_max(shell->worker);
    worker->report.server_count = view->server_count < COUNT_OF(worker->report.servers)
                                      ? view->server_count
                                      : COUNT_OF(worker->report.servers);
    for (size_t i = 0; i < worker->report.server_count; i++)
        worker->report.servers[i] = dns_worker_server_counters(shell->worker, i);
    dns_shell_leave(shell);
}

/* Both counter structs are nothing but 64-bit counters. */
static void add_counters(void *to, const void *from, size_t bytes)
{
    uint64_t *sum = to;
    const uint64_t *part = from;
    for (size_t i = 0; i < bytes / sizeof *sum; i++)
        sum[i] += part[i];
}

void workers_add_server(struct dns_server_counters *to, const struct dns_server_counters *from)
{
    to->sent += from->sent;
    to->retried += from->retried;
    to->failed += from->failed;
    to->nxdomain += from->nxdomain;
    if (from->latency_ms > to->latency_ms)
        to->latency_ms = from->latency_ms;
    if (from->heard > to->heard)
        to->heard = from->heard;
}

static void begin_round(struct workers *workers, bool anew);

static void finish_report(struct workers *workers)
{
    struct worker_report sum = { 0 };
    for (unsigned i = 0; i < workers->count; i++) {
        const struct worker_report *report = &workers->each[i].report;
        add_counters(&sum.dns, &report->dns, sizeof sum.dns);
        add_counters(&sum.shell, &report->shell, sizeof sum.shell);
        for (size_t s = 0; s < report->server_count; s++)
            workers_add_server(&sum.servers[s], &report->servers[s]);
        if (report->server_count > sum.server_count)
            sum.server_count = report->server_count;
        sum.flights += report->flights;
        sum.flights_most += report->flights_most;
        sum.flights_max += report->flights_max;
    }
    /* Who is told may ask again. */
    struct workers_asker askers[WORKERS_ASKERS_MAX];
    unsigned count = workers->asker_count;
    memcpy(askers, workers->askers, sizeof askers);
    workers->reporting = false;
    workers->asker_count = 0;
    for (unsigned i = 0; i < count; i++)
        askers[i].done(askers[i].context, &sum);
    if (workers->anew_missed && !workers->reporting)
        begin_round(workers, true);
}

static void on_reported(uv_async_t *async)
{
    struct workers *workers = CONTAINER_OF(async, struct workers, reported);
    if (workers->reporting && atomic_load(&workers->reports_missing) == 0)
        finish_report(workers);
}

static void add_asker(struct workers *workers,
                      void (*done)(void *context, const struct worker_report *sum), void *context)
{
    for (unsigned i = 0; i < workers->asker_count; i++)
        if (workers->askers[i].done == done && workers->askers[i].context == context)
            return;
    if (workers->asker_count < WORKERS_ASKERS_MAX)
        workers->askers[workers->asker_count++] = (struct workers_asker){ done, context };
}

static void begin_round(struct workers *workers, bool anew)
{
    workers->reporting = true;
    workers->anew = anew;
    if (anew)
        workers->anew_missed = false;
    atomic_store(&workers->reports_missing, workers->count - 1);
    fill_report(&workers->each[0], anew);
    for (unsigned i = 1; i < workers->count; i++) {
        atomic_store(&workers->each[i].want_anew, anew);
        atomic_store(&workers->each[i].want_report, true);
        uv_async_send(&workers->each[i].wake);
    }
    if (workers->count == 1)
        finish_report(workers);
}

static void ask(struct workers *workers,
                void (*done)(void *context, const struct worker_report *sum), void *context,
                bool anew)
{
    add_asker(workers, done, context);
    /* One that only reads is under way: its numbers will do, and they are counted anew after it. */
    if (workers->reporting)
        workers->anew_missed = workers->anew_missed || (anew && !workers->anew);
    else
        begin_round(workers, anew);
}

void workers_report(struct workers *workers,
                    void (*done)(void *context, const struct worker_report *sum), void *context)
{
    ask(workers, done, context, true);
}

void workers_read(struct workers *workers,
                  void (*done)(void *context, const struct worker_report *sum), void *context)
{
    ask(workers, done, context, false);
}

void workers_look(struct workers *workers)
{
    struct dns_shell *shell = workers->each[0].shell;
    dns_shell_enter(shell);
    dns_worker_tick(shell->worker, shell->now, &shell->outbox);
    dns_shell_leave(shell);
}

/* ------------------------------------------------------------------ threads */

static void carry_out_order(struct worker *worker, const struct worker_order *order)
{
    struct dns_shell *shell = worker->shell;
    enum status status;
    if (order->fd < 0) {
        dns_udp_unlisten(shell, &order->endpoint);
        dns_tcp_unlisten(shell, &order->endpoint);
        return;
    }
    if (order->tcp)
        status = dns_tcp_listen(shell, order->fd, &order->endpoint);
    else
        status = dns_udp_listen(shell, order->fd, &order->endpoint, order->arrival);
    if (status == STATUS_OK)
        return;
    close(order->fd);
    log_line(LOG_PART_MAIN, LOG_ERROR, "cannot listen on a new socket: %s", status_text(status));
}

static void carry_out_orders(struct worker *worker)
{
    struct worker_order order;
    while (mailbox_take(&worker->orders, &order))
        carry_out_order(worker, &order);
}

static void wake_worker(void *context)
{
    struct worker *worker = context;
    uv_async_send(&worker->wake);
}

bool workers_have_room(struct workers *workers)
{
    /* Nobody else posts, so what is free now stays free until we post. */
    for (unsigned i = 1; i < workers->count; i++)
        if (mailbox_room(&workers->each[i].orders) < ORDERS_A_CHANGE)
            return false;
    return true;
}

static void give_order(struct workers *workers, unsigned index, const struct worker_order *order)
{
    struct worker *worker = &workers->each[index];
    if (index == 0)
        carry_out_order(worker, order);
    else if (mailbox_post(&worker->orders, order) != STATUS_OK && order->fd >= 0)
        close(order->fd); /* cannot be: workers_have_room was asked */
}

void workers_listen(struct workers *workers, const struct endpoint *endpoint, const int *udp,
                    const int *tcp, bool arrival)
{
    for (unsigned i = 0; i < workers->count; i++) {
        struct worker_order order = { .endpoint = *endpoint, .fd = udp[i], .arrival = arrival };
        give_order(workers, i, &order);
        order.fd = tcp[i];
        order.tcp = true;
        give_order(workers, i, &order);
    }
}

void workers_unlisten(struct workers *workers, const struct endpoint *endpoint)
{
    struct worker_order order = { .endpoint = *endpoint, .fd = -1 };
    for (unsigned i = 0; i < workers->count; i++)
        give_order(workers, i, &order);
}

/* What was ordered and not seen any more. */
static void drop_orders(struct worker *worker)
{
    struct worker_order order;
    while (worker->orders.memory != NULL && mailbox_take(&worker->orders, &order))
        if (order.fd >= 0)
            close(order.fd);
    mailbox_free(&worker->orders);
}

static void on_wake(uv_async_t *async)
{
    struct worker *worker = CONTAINER_OF(async, struct worker, wake);
    carry_out_orders(worker);
    if (atomic_exchange(&worker->want_report, false)) {
        fill_report(worker, atomic_load(&worker->want_anew));
        if (atomic_fetch_sub(&worker->owner->reports_missing, 1) == 1)
            uv_async_send(&worker->owner->reported);
    }
    if (atomic_exchange(&worker->stop, false)) {
        dns_shell_close(worker->shell);
        uv_close((uv_handle_t *)&worker->wake, NULL);
    }
}

static void run_worker(void *argument)
{
    struct worker *worker = argument;
    uv_run(worker->loop, UV_RUN_DEFAULT);
}

static enum status take_sockets(struct worker *worker, unsigned index,
                                const struct dns_sockets *sockets)
{
    for (size_t i = 0; i < sockets->endpoint_count; i++) {
        size_t at = index * sockets->endpoint_count + i;
        enum status status = STATUS_OK;
        if (sockets->udp[at] >= 0)
            status = dns_udp_listen(worker->shell, sockets->udp[at], &sockets->endpoints[i],
                                    sockets->arrival);
        if (status == STATUS_OK && sockets->tcp[at] >= 0)
            status = dns_tcp_listen(worker->shell, sockets->tcp[at], &sockets->endpoints[i]);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static enum status create_worker(struct workers *workers, unsigned index,
                                 const struct workers_setup *setup)
{
    struct worker *worker = &workers->each[index];
    worker->owner = workers;
    worker->loop = index == 0 ? setup->loop : &worker->own_loop;
    if (index > 0 && uv_loop_init(&worker->own_loop) != 0)
        return STATUS_SYSTEM;
    enum status status = random_init(&worker->random);
    if (status != STATUS_OK)
        return status;
    struct dns_shell_setup shell = setup->shell;
    shell.loop = worker->loop;
    shell.random = &worker->random;
    shell.worker.random = &worker->random;
    shell.worker.sends_probes = index == 0;
    if (setup->firewalls != NULL)
        shell.worker.hooks = firewall_io_hooks(setup->firewalls[index]);
    /* Connections are dealt out to the workers evenly, so each has its share of the places. */
    shell.tcp_connections_max =
        (setup->shell.tcp_connections_max + setup->count - 1) / setup->count;
    worker->shell = dns_shell_create(&shell);
    if (worker->shell == NULL)
        return STATUS_NO_MEMORY;
    if (index > 0 && uv_async_init(worker->loop, &worker->wake, on_wake) != 0)
        return STATUS_SYSTEM;
    if (index > 0) {
        status = mailbox_init(&worker->orders, sizeof(struct worker_order), ORDERS_MAX, wake_worker,
                              worker);
        if (status != STATUS_OK)
            return status;
    }
    return take_sockets(worker, index, setup->sockets);
}

static uint32_t at_most(uint32_t count, size_t most)
{
    return count < most ? count : (uint32_t)most;
}

void workers_set_limits(struct dns_worker_setup *setup, const struct dns_config *config)
{
    size_t flights = memory_most() / MEMORY_SHARE / FLIGHT_BYTES;
    dns_worker_set_limits(setup, config);
    uint32_t waiters_each = setup->waiters_max / setup->flights_max;
    if (flights >= setup->flights_max)
        return;
    setup->flights_max = at_most(setup->flights_max, flights > 0 ? flights : 1);
    setup->waiters_max = at_most(setup->waiters_max, (size_t)setup->flights_max * waiters_each);
    setup->group_flights_max = at_most(setup->group_flights_max, setup->flights_max);
}

struct workers *workers_create(const struct workers_setup *setup)
{
    struct workers *workers = calloc(1, sizeof *workers);
    if (workers == NULL)
        return NULL;
    workers->count = setup->count;
    workers->view = setup->shell.worker.view;
    workers->each = calloc(setup->count, sizeof *workers->each);
    if (workers->each == NULL || uv_async_init(setup->loop, &workers->reported, on_reported) != 0)
        return NULL;
    /* What is half built when memory ends is left to the exit that follows. */
    for (unsigned i = 0; i < setup->count; i++)
        if (create_worker(workers, i, setup) != STATUS_OK)
            return NULL;
    return workers;
}

enum status workers_start(struct workers *workers)
{
    for (unsigned i = 1; i < workers->count; i++) {
        struct worker *worker = &workers->each[i];
        if (uv_thread_create(&worker->thread, run_worker, worker) != 0)
            return STATUS_SYSTEM;
        worker->started = true;
    }
    return STATUS_OK;
}

void workers_stop(struct workers *workers)
{
    for (unsigned i = 1; i < workers->count; i++) {
        struct worker *worker = &workers->each[i];
        atomic_store(&worker->stop, true);
        uv_async_send(&worker->wake);
    }
    for (unsigned i = 1; i < workers->count; i++) {
        struct worker *worker = &workers->each[i];
        if (!worker->started)
            continue;
        uv_thread_join(&worker->thread);
        uv_loop_close(&worker->own_loop);
    }
    dns_shell_close(workers->each[0].shell);
    uv_close((uv_handle_t *)&workers->reported, NULL);
}

void workers_free(struct workers *workers)
{
    if (workers == NULL)
        return;
    for (unsigned i = 0; i < workers->count; i++) {
        drop_orders(&workers->each[i]);
        dns_shell_free(workers->each[i].shell);
    }
    free(workers->each);
    free(workers);
}

const struct dns_worker *workers_first(const struct workers *workers)
{
    return workers->each[0].shell->worker;
}

#include "dns/dns_shell_io.h"

#include <stdlib.h>

#include "platform/instant.h"

#define SWEEP_MS 1000

static void show(const struct dns_shell *shell, enum packet_tap_mask mask,
                 const struct endpoint *from, const struct endpoint *to, struct bytes message)
{
    const struct packet_tap_packet packet = {
        .mask = (uint32_t)mask, .from = *from, .to = *to, .message = message
    };
    packet_tap_show(shell->tap, &packet);
}

void dns_shell_show(struct dns_shell *shell, enum packet_tap_mask mask,
                    const struct dns_client *client, struct bytes message)
{
    const struct dns_view *view = snapshot_read(shell->view);
    struct endpoint own = { .address = client->local, .port = (uint16_t)view->site->port };
    if (mask == PACKET_TAP_QUERY)
        show(shell, mask, &client->from, &own, message);
    else
        show(shell, mask, &own, &client->from, message);
}

/* Past the bound the core's own deadline finds out, as for an upstream that stays silent. */
static void note_failure(struct dns_shell *shell, uint32_t flight, uint16_t server, bool tcp)
{
    shell->counters.send_failed++;
    if (shell->failure_count < DNS_FAILURES_MAX)
        shell->failures[shell->failure_count++] = (struct dns_send_failure){ flight, server, tcp };
}

static void send_upstream(struct dns_shell *shell, const struct dns_action *action)
{
    const struct dns_view *view = snapshot_read(shell->view);
    const struct dns_config *config = view->config;
    bool own_port = action->to.source_port_given;
    struct transport_target target = {
        .to = action->to.endpoint,
        .device = action->to.interface,
        .source = action->to.source.address,
        .fixed_port = own_port || config->query_port_given,
        .source_port = own_port ? action->to.source.port : (uint16_t)config->query_port,
        .port_limit = config->asking.port_limit,
        .server = action->server,
        .mark = action->mark,
    };
    if (UNLIKELY(shell->tap != NULL)) {
        struct endpoint from = { .address = target.source, .port = target.source_port };
        show(shell, PACKET_TAP_ASKED, &from, &target.to, action->bytes);
    }
    struct transport *transport = action->tcp ? shell->tcp : shell->udp;
    enum status status = transport->class_->send(transport, action->flight, &target, action->bytes);
    if (status == STATUS_OK)
        return;
    /* No connection gives way to a newcomer: its question would have to be asked again, and the
     * same would happen to the next one. */
    if (status == STATUS_FULL && action->tcp)
        shell->counters.upstream_tcp_full++;
    else if (status == STATUS_FULL)
        shell->counters.upstream_full++;
    note_failure(shell, action->flight, action->server, action->tcp);
}

static void carry_out(void *context, struct dns_outbox *outbox)
{
    struct dns_shell *shell = context;
    size_t at = 0;
    while (at < outbox->count) {
        const struct dns_action *action = &outbox->actions[at];
        switch (action->kind) {
        case DNS_ACTION_REPLY:
            if (!action->client.tcp) {
                at += dns_udp_send_replies(shell, outbox, at);
                continue;
            }
            at += dns_tcp_send_replies(shell, outbox, at);
            continue;
        case DNS_ACTION_SEND:
            send_upstream(shell, action);
            break;
        case DNS_ACTION_CLOSE:
            shell->udp->class_->close(shell->udp, action->flight);
            shell->tcp->class_->close(shell->tcp, action->flight);
            break;
        }
        at++;
    }
    dns_outbox_reset(outbox);
}

static void on_timer(uv_timer_t *timer)
{
    struct dns_shell *shell = CONTAINER_OF(timer, struct dns_shell, timer);
    shell->armed = MONO_NEVER;
    dns_shell_enter(shell);
    dns_worker_tick(shell->worker, shell->now, &shell->outbox);
    dns_shell_leave(shell);
}

static void on_sweep(uv_timer_t *timer)
{
    struct dns_shell *shell = CONTAINER_OF(timer, struct dns_shell, sweep);
    dns_shell_enter(shell);
    if (!dns_tcp_sweep(shell, shell->now.mono))
        uv_timer_stop(&shell->sweep);
    dns_shell_leave(shell);
}

void dns_shell_watch_connections(struct dns_shell *shell)
{
    if (!uv_is_active((uv_handle_t *)&shell->sweep))
        uv_timer_start(&shell->sweep, on_sweep, SWEEP_MS, SWEEP_MS);
}

static void arm_timer(struct dns_shell *shell)
{
    mono_ms deadline = dns_worker_deadline(shell->worker);
    if (deadline >= shell->armed)
        return; /* fires in time; an early tick is harmless */
    shell->armed = deadline;
    uint64_t wait = deadline > shell->now.mono ? deadline - shell->now.mono : 0;
    uv_update_time(shell->loop);
    uv_timer_start(&shell->timer, on_timer, wait, 0);
}

/* Each failure may make the core try another server, and that may fail too: it ends because a
 * flight has a bounded number of tries. */
static void tell_failures(struct dns_shell *shell)
{
    shell->depth++;
    while (shell->failure_count > 0) {
        struct dns_send_failure failure = shell->failures[--shell->failure_count];
        dns_worker_send_failed(shell->worker, failure.flight, failure.server, failure.tcp,
                               shell->now, &shell->outbox);
        if (shell->outbox.count > 0)
            carry_out(shell, &shell->outbox);
    }
    shell->depth--;
}

void dns_shell_enter(struct dns_shell *shell)
{
    if (shell->depth++ > 0)
        return;
    snapshot_wake(shell->domain, &shell->reader);
    shell->now = instant_now();
}

void dns_shell_leave(struct dns_shell *shell)
{
    if (--shell->depth > 0)
        return;
    if (shell->outbox.count > 0)
        carry_out(shell, &shell->outbox);
    tell_failures(shell);
    dns_tcp_forget_closed(shell);
    arm_timer(shell);
    snapshot_sleep(shell->domain, &shell->reader);
}

static void on_upstream_reply(struct dns_shell *shell, uint32_t flight, uint16_t server, bool tcp,
                              struct bytes message)
{
    dns_shell_enter(shell);
    if (UNLIKELY(shell->tap != NULL)) {
        const struct dns_view *view = snapshot_read(shell->view);
        static const struct endpoint unknown = { .port = 0 };
        show(shell, PACKET_TAP_REPLY,
             server < view->server_count ? &view->servers[server].endpoint : &unknown, &unknown,
             message);
    }
    dns_worker_reply(shell->worker, flight, server, tcp, message, shell->now, &shell->outbox);
    dns_shell_leave(shell);
}

static void on_upstream_failed(struct dns_shell *shell, uint32_t flight, uint16_t server, bool tcp)
{
    dns_shell_enter(shell);
    dns_worker_send_failed(shell->worker, flight, server, tcp, shell->now, &shell->outbox);
    dns_shell_leave(shell);
}

static void on_udp_reply(void *context, uint32_t flight, uint16_t server, struct bytes message)
{
    on_upstream_reply(context, flight, server, false, message);
}

static void on_udp_fragments(void *context, uint32_t flight, uint16_t server)
{
    struct dns_shell *shell = context;
    dns_shell_enter(shell);
    dns_worker_reply_in_fragments(shell->worker, flight, server, shell->now, &shell->outbox);
    dns_shell_leave(shell);
}

static void on_udp_failed(void *context, uint32_t flight, uint16_t server)
{
    on_upstream_failed(context, flight, server, false);
}

/* What comes back in one turn goes out to the clients together. */
static void on_udp_turn(void *context, bool begins)
{
    if (begins)
        dns_shell_enter(context);
    else
        dns_shell_leave(context);
}

static void on_tcp_reply(void *context, uint32_t flight, uint16_t server, struct bytes message)
{
    on_upstream_reply(context, flight, server, true, message);
}

static void on_tcp_failed(void *context, uint32_t flight, uint16_t server)
{
    on_upstream_failed(context, flight, server, true);
}

static bool create_transports(struct dns_shell *shell, const struct dns_shell_setup *setup)
{
    struct transport_setup transport = {
        .loop = setup->loop,
        .random = setup->random,
        .sockets_max = setup->worker.flights_max * DNS_UPSTREAM_SOCKETS_PER_FLIGHT + 16,
        .port_min = setup->port_min,
        .port_max = setup->port_max,
        .reply = on_udp_reply,
        .in_fragments = on_udp_fragments,
        .failed = on_udp_failed,
        .turn = on_udp_turn,
        .context = shell,
    };
    shell->udp = transport_udp_create(&transport);
    transport.sockets_max = DNS_UPSTREAM_TCP_MAX;
    transport.reply = on_tcp_reply;
    transport.failed = on_tcp_failed;
    shell->tcp = transport_tcp_create(&transport);
    return shell->udp != NULL && shell->tcp != NULL;
}

static void free_parts(struct dns_shell *shell)
{
    dns_worker_free(shell->worker);
    udp_batch_free(shell->batch);
    dns_udp_free(shell);
    dns_tcp_free(shell);
    free(shell);
}

struct dns_shell *dns_shell_create(const struct dns_shell_setup *setup)
{
    struct dns_shell *shell = calloc(1, sizeof *shell);
    if (shell == NULL)
        return NULL;
    shell->loop = setup->loop;
    shell->view = setup->worker.view;
    shell->domain = setup->domain;
    shell->random = setup->random;
    shell->tap = setup->tap;
    shell->armed = MONO_NEVER;
    shell->outbox.flush = carry_out;
    shell->outbox.context = shell;
    shell->batch = udp_batch_create(DNS_QUERY_BYTES);
    if (shell->batch == NULL || dns_worker_create(&setup->worker, &shell->worker) != STATUS_OK
        || dns_tcp_create(shell, setup->tcp_connections_max) != STATUS_OK
        || snapshot_add_reader(setup->domain, &shell->reader) != STATUS_OK
        || !create_transports(shell, setup)) {
        if (shell->udp != NULL)
            shell->udp->class_->free(shell->udp);
        if (shell->tcp != NULL)
            shell->tcp->class_->free(shell->tcp);
        free_parts(shell);
        return NULL;
    }
    snapshot_sleep(shell->domain, &shell->reader);
    uv_timer_init(shell->loop, &shell->timer);
    uv_timer_init(shell->loop, &shell->sweep);
    return shell;
}

void dns_shell_close(struct dns_shell *shell)
{
    dns_udp_close(shell);
    dns_tcp_close(shell);
    uv_close((uv_handle_t *)&shell->timer, NULL);
    uv_close((uv_handle_t *)&shell->sweep, NULL);
    shell->udp->class_->free(shell->udp);
    shell->tcp->class_->free(shell->tcp);
}

void dns_shell_free(struct dns_shell *shell)
{
    free_parts(shell);
}

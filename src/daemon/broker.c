#include "daemon/broker.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/child.h"
#include "platform/instant.h"
#include "platform/service_notify.h"

/* What is for the server; the broker has no use for any of it. */
static const int passed_on[] = { SIGHUP, SIGUSR1, SIGUSR2, SIGINT, SIGTERM };

struct broker {
    struct startup *startup;
    const struct broker_plan *plan;
    sigset_t held, open; /* while it works, while it waits */
    int asks, orders;    /* its ends of the server's sockets; -1: closed */
    pid_t server;
    unsigned servers;              /* made so far */
    bool started;                  /* one of them has served */
    bool reloaded;                 /* one of them has read the configuration again */
    bool ending;                   /* it was told to end */
    mono_ms made[BROKER_RESTARTS]; /* when the last ones were made again, round and round */
};

/* In the server: whose child it is. */
static pid_t parent;

/* ------------------------------------------------------------------ signals */

static volatile sig_atomic_t arrived[NSIG];

static void note_signal(int number)
{
    arrived[number] = 1;
}

static void all_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGCHLD);
    for (size_t i = 0; i < COUNT_OF(passed_on); i++)
        sigaddset(set, passed_on[i]);
}

void broker_hold_signals(void)
{
    sigset_t held;
    all_signals(&held);
    sigprocmask(SIG_BLOCK, &held, NULL);
}

void broker_let_end(bool allowed)
{
    sigset_t ends;
    sigemptyset(&ends);
    sigaddset(&ends, SIGTERM);
    sigaddset(&ends, SIGINT);
    sigprocmask(allowed ? SIG_UNBLOCK : SIG_BLOCK, &ends, NULL);
}

void broker_release_signals(void)
{
    sigset_t held;
    all_signals(&held);
    sigprocmask(SIG_UNBLOCK, &held, NULL);
}

static void take_signals(struct broker *broker)
{
    struct sigaction note = { .sa_handler = note_signal };
    all_signals(&broker->held);
    sigprocmask(SIG_BLOCK, &broker->held, &broker->open);
    for (size_t i = 0; i < COUNT_OF(passed_on); i++) {
        sigdelset(&broker->open, passed_on[i]);
        sigaction(passed_on[i], &note, NULL);
    }
    sigdelset(&broker->open, SIGCHLD);
    sigaction(SIGCHLD, &note, NULL);
}

static bool any_to_pass_on(void)
{
    for (size_t i = 0; i < COUNT_OF(passed_on); i++) {
        if (arrived[passed_on[i]] != 0)
            return true;
    }
    return false;
}

/* What the socket does not take stays noted, once however often it came: as with signals. */
static void pass_on(struct broker *broker)
{
    for (size_t i = 0; i < COUNT_OF(passed_on); i++) {
        int number = passed_on[i];
        uint8_t order = (uint8_t)number;
        if (arrived[number] == 0)
            continue;
        arrived[number] = 0;
        broker->ending = broker->ending || number == SIGTERM;
        if (number == SIGUSR2 && broker->plan->log_again != NULL)
            broker->plan->log_again(broker->plan->context);
        if (send(broker->orders, &order, 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0
            && (errno == EAGAIN || errno == ENOBUFS))
            arrived[number] = 1;
    }
}

/* ------------------------------------------------------------------ making servers */

static void close_channels(struct broker *broker)
{
    if (broker->asks >= 0)
        close(broker->asks);
    if (broker->orders >= 0)
        close(broker->orders);
    broker->asks = broker->orders = -1;
}

static void become_server(const struct broker *broker, const int *asks, const int *orders,
                          struct broker_server *server)
{
    struct sigaction standard = { .sa_handler = SIG_DFL };
    close(asks[0]);
    close(orders[0]);
    sigaction(SIGCHLD, &standard, NULL);
    rights_ask(asks[1]);
    startup_leave_verdict(broker->startup);
    child_set_name(broker->plan->name);
    *server = (struct broker_server){ .before = broker->servers,
                                      .reloaded = broker->reloaded,
                                      .orders = orders[1] };
}

/* True in the server. */
static bool make_server(struct broker *broker, struct broker_server *server)
{
    int asks[2], orders[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, asks) != 0
        || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, orders) != 0)
        startup_fail(broker->startup, EXIT_OTHER, "cannot create a socket: %s", strerror(errno));
    parent = getpid();
    broker->server = fork();
    if (broker->server < 0)
        startup_fail(broker->startup, EXIT_OTHER, "cannot fork: %s", strerror(errno));
    if (broker->server == 0) {
        become_server(broker, asks, orders, server);
        return true;
    }
    close(asks[1]);
    close(orders[1]);
    broker->asks = asks[0];
    broker->orders = orders[0];
    broker->servers++;
    return false;
}

void broker_bind_life(void)
{
    child_ends_with(parent);
}

/* ------------------------------------------------------------------ their end */

NORETURN static void end(struct broker *broker, int code)
{
    startup_remove_pid(broker->startup);
    startup_give_verdict(broker->startup, code);
    _exit(code);
}

/* A place for one restart more in this minute. */
static bool may_restart(struct broker *broker)
{
    mono_ms now = instant_mono();
    mono_ms *oldest = &broker->made[broker->servers % BROKER_RESTARTS];
    if (broker->servers > BROKER_RESTARTS && now - *oldest < BROKER_WITHIN_S * 1000)
        return false;
    *oldest = now;
    return true;
}

/* The server is gone: its exit code is ours, unless a fault killed it. Returns to make another. */
static void bury(struct broker *broker, int status)
{
    close_channels(broker);
    if (WIFEXITED(status))
        end(broker, WEXITSTATUS(status));
    log_line(LOG_PART_MAIN, LOG_CRITICAL, "the server process was killed by signal %d (%s)",
             WTERMSIG(status), strsignal(WTERMSIG(status)));
    if (broker->ending || arrived[SIGTERM] != 0)
        end(broker, EXIT_OK);
    if (!broker->started) {
        log_line(LOG_PART_MAIN, LOG_CRITICAL, "FAILED to start up");
        end(broker, EXIT_OTHER);
    }
    if (broker->plan->once) {
        log_line(LOG_PART_MAIN, LOG_CRITICAL,
                 "with leasefile-ro only the script knows the leases: giving up");
        end(broker, EXIT_OTHER);
    }
    if (may_restart(broker)) {
        log_line(LOG_PART_MAIN, LOG_CRITICAL, "it is started again, with its sockets");
        return;
    }
    log_line(LOG_PART_MAIN, LOG_CRITICAL, "it was started %d times in a minute: giving up",
             BROKER_RESTARTS);
    end(broker, EXIT_OTHER);
}

/* True when the server was among the dead. */
static bool reap(struct broker *broker)
{
    int status, of_server = 0;
    pid_t gone;
    bool is_server = false;
    arrived[SIGCHLD] = 0;
    while ((gone = waitpid(-1, &status, WNOHANG)) > 0) {
        if (gone != broker->server)
            continue; /* the script helper, whose end the server sees */
        is_server = true;
        of_server = status;
    }
    if (is_server)
        bury(broker, of_server);
    return is_server;
}

/* ------------------------------------------------------------------ what a server asks for */

static void note_start(struct broker *broker)
{
    if (!broker->started)
        startup_done(broker->startup);
    broker->started = true;
}

/* Line by line, and only what a server has to say: not who is the main process, nor how long the
 * manager is to wait. */
static void tell_manager(struct bytes said)
{
    static const char *const known[] = { "READY=",     "STATUS=",         "STOPPING=",
                                         "RELOADING=", "MONOTONIC_USEC=", "WATCHDOG=1" };
    char text[SERVICE_NOTIFY_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    struct text rest = text_from_bytes(said), line;
    while (text_next_line(&rest, &line)) {
        for (size_t i = 0; i < COUNT_OF(known); i++) {
            if (text_starts(line, text_of(known[i])))
                text_printf(&out, "%.*s\n", TEXT_ARG(line));
        }
    }
    if (text_starts(text_from_bytes(said), TEXT("READY=")))
        text_printf(&out, "MAINPID=%ld\n", (long)getpid());
    if (!out.failed && text_out_text(&out).count > 0)
        service_notify("%.*s", TEXT_ARG(text_out_text(&out)));
}

static void answer(struct broker *broker, const struct rights_request *request)
{
    if (request->verb == RIGHTS_TELL)
        tell_manager(request->payload);
    else if (request->verb == RIGHTS_STARTED)
        note_start(broker);
    else if (request->verb == RIGHTS_RELOADED)
        broker->reloaded = true;
    else
        rights_grant(broker->asks, &broker->plan->policy, request);
    rights_let_go(request->fd);
}

static void hear(struct broker *broker)
{
    static _Alignas(8) uint8_t room[RIGHTS_PAYLOAD_MAX];
    struct rights_request request;
    enum status status = rights_take(broker->asks, room, &request);
    if (status == STATUS_OK)
        answer(broker, &request);
    if (status == STATUS_CLOSED) { /* it is about to be gone */
        close(broker->asks);
        broker->asks = -1;
    }
}

/* Until there is a server to be made: the one there was has died of a fault. */
static void serve_server(struct broker *broker)
{
    for (;;) {
        struct pollfd polls[] = {
            { .fd = broker->asks, .events = POLLIN },
            { .fd = any_to_pass_on() ? broker->orders : -1, .events = POLLOUT },
        };
        int ready = ppoll(polls, COUNT_OF(polls), NULL, &broker->open);
        if (ready > 0 && polls[0].revents != 0)
            hear(broker);
        if (arrived[SIGCHLD] != 0 && reap(broker))
            return;
        pass_on(broker);
    }
}

struct broker_server broker_split(struct startup *startup, const struct broker_plan *plan)
{
    struct broker broker = { .startup = startup, .plan = plan, .asks = -1, .orders = -1 };
    struct broker_server server;
    take_signals(&broker);
    while (!make_server(&broker, &server)) {
        if (broker.servers == 1 && plan->let_go != NULL)
            plan->let_go(plan->context);
        serve_server(&broker);
    }
    return server;
}

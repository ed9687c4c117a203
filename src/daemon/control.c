#include "daemon/control.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"
#include "platform/instant.h"
#include "platform/local_socket.h"

#define BACKLOG         16
#define ACCEPT_AGAIN_MS 1000 /* when there is no memory for a client */
#define CLIENT_HANDLES  2

enum client_state { CLIENT_ASKS, CLIENT_WAITS, CLIENT_TAKES, CLIENT_CLOSING };

struct control_client {
    struct control *control;
    enum client_state state;
    unsigned handles; /* that the loop has not let go of */
    uint64_t serial;
    uv_pipe_t pipe;
    uv_timer_t timer; /* its patience; or the next turn of an answer with nothing to write yet */
    uv_write_t write;
    struct control_answer answer;
    size_t line_count;
    char line[CONTROL_LINE_MAX];
};

struct control {
    struct daemon *daemon;
    uv_loop_t *loop;
    char *path;
    struct stat made; /* to remove our own socket alone */
    int fd;           /* until it is handed to the listener */
    bool running;
    uv_pipe_t listener;
    uv_timer_t again;
    struct control_client *clients[CONTROL_CLIENTS_MAX];
    uint64_t serial;
    struct instant since;
    struct control_counters counters;
};

/* ------------------------------------------------------------------ the socket */

static void say_none(const char *path, const char *why)
{
    log_line(LOG_PART_MAIN, LOG_INFORM, "no control socket %s: %s", path, why);
}

static void explain_failure(enum status status, const struct local_peer *holder,
                            struct text_out *why)
{
    if (status == STATUS_EXISTS)
        text_printf(why, "process %d listens there; control-socket= gives this one its own",
                    (int)holder->pid);
    else if (status == STATUS_CONFLICT)
        text_put_string(why, "something that is no socket has this name");
    else if (status == STATUS_RANGE)
        text_put_string(why, "the path is too long for a socket");
    else
        text_put_string(why, strerror(errno));
}

struct control *control_open(struct startup *startup, const struct daemon_config *config)
{
    const char *path = config->control_socket;
    bool by_default = path == NULL;
    if (by_default && strcmp(startup->program, "dnsmasq") == 0)
        return NULL;
    if (!by_default && path[0] == '\0')
        return NULL;
    if (by_default) {
        path = CONTROL_SOCKET;
        startup_make_folder(startup, config, CONTROL_SOCKET_FOLDER);
    }
    struct control *control = calloc(1, sizeof *control);
    if (control == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for the control socket");
    control->path = strdup(path);
    if (control->path == NULL)
        startup_fail(startup, EXIT_MEMORY, "no memory for the control socket");
    control->since = instant_now();
    struct local_peer holder = { .pid = 0 };
    enum status status = local_socket_listen(path, &control->fd, &holder);
    if (status == STATUS_OK) {
        startup_give_to_group(startup, config, path);
        (void)lstat(path, &control->made);
        return control;
    }
    char buffer[256];
    struct text_out why = text_out_on(buffer, sizeof buffer);
    explain_failure(status, &holder, &why);
    control_free(control);
    if (!by_default)
        startup_fail(startup, EXIT_FILE, "cannot create control socket %s: %s", path, buffer);
    say_none(path, buffer);
    return NULL;
}

/* ------------------------------------------------------------------ clients come and go */

static void drop_client(struct control_client *client)
{
    struct control *control = client->control;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (control->clients[i] == client)
            control->clients[i] = NULL;
    control->counters.clients--;
    if (client->answer.waiter != NULL)
        *client->answer.waiter = NULL;
    control_answer_free(&client->answer);
    free(client);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct control_client *client = handle->data;
    if (--client->handles == 0)
        drop_client(client);
}

static void close_client(struct control_client *client)
{
    if (client->state == CLIENT_CLOSING)
        return;
    client->state = CLIENT_CLOSING;
    uv_close((uv_handle_t *)&client->pipe, on_client_closed);
    uv_close((uv_handle_t *)&client->timer, on_client_closed);
}

static void on_impatient(uv_timer_t *timer)
{
    struct control_client *client = timer->data;
    client->control->counters.slow++;
    close_client(client);
}

static void be_patient(struct control_client *client)
{
    uv_timer_start(&client->timer, on_impatient, CONTROL_PATIENCE_MS, 0);
}

/* ------------------------------------------------------------------ the answer */

/* Not 0: libuv would run it in the same pass of its timers, and the loop would never turn. */
#define TURN_MS 1

static void next_piece(struct control_client *client);

static void on_turn(uv_timer_t *timer)
{
    next_piece(timer->data);
}

static void on_written(uv_write_t *write, int status)
{
    struct control_client *client = write->data;
    if (client->state == CLIENT_CLOSING)
        return;
    if (status != 0 || client->answer.more == NULL)
        close_client(client);
    else
        uv_timer_start(&client->timer, on_turn, TURN_MS, 0);
}

/* What `out` holds; behind the last piece the NUL that ends it there. */
static void send_piece(struct control_client *client)
{
    struct control_answer *answer = &client->answer;
    size_t count = answer->out.count + (answer->more == NULL);
    uv_buf_t buffer = uv_buf_init(answer->out.start, (unsigned)count);
    client->state = CLIENT_TAKES;
    client->write.data = client;
    be_patient(client);
    if (uv_write(&client->write, (uv_stream_t *)&client->pipe, &buffer, 1, on_written) != 0)
        close_client(client);
}

static void next_piece(struct control_client *client)
{
    struct control_answer *answer = &client->answer;
    text_out_rewind(&answer->out, 0);
    if (!answer->more(answer))
        answer->more = NULL;
    if (answer->out.count == 0 && answer->more != NULL)
        uv_timer_start(&client->timer, on_turn, TURN_MS, 0);
    else
        send_piece(client);
}

void control_answer_ready(struct control_answer *answer)
{
    struct control_client *client = CONTAINER_OF(answer, struct control_client, answer);
    answer->waits = false;
    if (client->state != CLIENT_CLOSING)
        send_piece(client);
}

static void refuse(struct control_client *client, enum control_verdict verdict, const char *why)
{
    control_answer_refuse(&client->answer, verdict, "%s", why);
    send_piece(client);
}

/* ------------------------------------------------------------------ the request */

static void begin_answer(struct control_client *client, const struct worker_report *workers)
{
    client->answer.workers = workers;
    client->state = CLIENT_WAITS;
    control_command_begin(&client->answer);
    client->answer.workers = NULL;
    if (!client->answer.waits)
        send_piece(client);
}

static bool waits_for_workers(const struct control_client *client)
{
    return client != NULL && client->state == CLIENT_WAITS && !client->answer.waits;
}

static void on_workers(void *context, const struct worker_report *sum)
{
    struct control *control = context;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (waits_for_workers(control->clients[i]))
            begin_answer(control->clients[i], sum);
}

/* Only who could open the socket came this far; but its mode may have been changed. */
static bool may_change(const struct control_client *client, struct local_peer *peer)
{
    int fd;
    struct stat *made = &client->control->made;
    if (uv_fileno((const uv_handle_t *)&client->pipe, &fd) != 0 || !local_socket_peer(fd, peer))
        return false;
    return peer->user == 0 || peer->user == getuid() || local_socket_peer_in(fd, made->st_gid);
}

static bool admit_change(struct control_client *client)
{
    struct local_peer peer = { .pid = 0 };
    const char *name = client->answer.request.command->name;
    bool admitted = may_change(client, &peer);
    if (!admitted)
        client->control->counters.denied++;
    log_line(LOG_PART_MAIN, admitted ? LOG_INFORM : LOG_WARN,
             "control: %s%s by user %u, process %d%s", name,
             client->answer.request.dry_run ? " --dry-run" : "", (unsigned)peer.user, (int)peer.pid,
             admitted ? "" : ": denied");
    if (!admitted)
        refuse(client, CONTROL_REFUSED, "only root, the daemon's user and its group may do that");
    return admitted;
}

static void take_request(struct control_client *client, struct text line)
{
    struct control *control = client->control;
    struct control_answer *answer = &client->answer;
    char buffer[512];
    struct text_out error = text_out_on(buffer, sizeof buffer);
    uv_read_stop((uv_stream_t *)&client->pipe);
    uv_timer_stop(&client->timer);
    control->counters.requests++;
    if (control_request_read(line, &answer->request, &error) != STATUS_OK) {
        control->counters.malformed++;
        refuse(client, CONTROL_USAGE, buffer);
        return;
    }
    /* A dry run too: it reads all files and holds up other reloads. */
    if (answer->request.command->changes && !admit_change(client))
        return;
    if (!control_command_wants_workers((enum control_command_id)answer->request.command->id)
        || control->daemon->workers == NULL) {
        begin_answer(client, NULL);
        return;
    }
    client->state = CLIENT_WAITS;
    workers_read(control->daemon->workers, on_workers, control);
}

static void on_room(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct control_client *client = handle->data;
    (void)suggested;
    *buffer = uv_buf_init(client->line + client->line_count,
                          (unsigned)(sizeof client->line - client->line_count));
}

static void on_read(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer)
{
    struct control_client *client = stream->data;
    (void)buffer;
    if (count == 0)
        return;
    if (count < 0 && count != UV_ENOBUFS) {
        close_client(client);
        return;
    }
    client->line_count += count > 0 ? (size_t)count : 0;
    struct text said = { client->line, client->line_count };
    size_t end = text_find(said, '\n');
    if (end != SIZE_MAX) {
        take_request(client, text_part(said, 0, end));
    } else if (client->line_count == sizeof client->line) {
        uv_read_stop(stream);
        client->control->counters.malformed++;
        refuse(client, CONTROL_USAGE, "the request is too long");
    }
}

/* ------------------------------------------------------------------ listening */

/* The one that has kept silent longest gives way. NULL: all of them have asked something. */
static struct control_client *most_silent(const struct control *control)
{
    struct control_client *oldest = NULL;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        struct control_client *client = control->clients[i];
        if (client != NULL && client->state == CLIENT_ASKS
            && (oldest == NULL || client->serial < oldest->serial))
            oldest = client;
    }
    return oldest;
}

/* Those that are closing have no place any more; but the loop still holds them for a moment. */
static bool take_place(struct control *control, struct control_client *client)
{
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++) {
        if (control->clients[i] == NULL || control->clients[i]->state == CLIENT_CLOSING) {
            control->clients[i] = client;
            return true;
        }
    }
    return false;
}

/* With its NUL; in which form it would ask is not known yet. */
static const char busy[] = "refused\nlinnet is busy with other clients, try again\n";

static void seat_client(struct control *control, struct control_client *client)
{
    struct control_counters *counters = &control->counters;
    if (!take_place(control, client)) {
        struct control_client *silent = most_silent(control);
        counters->evicted++;
        if (silent == NULL) {
            /* It fits into an empty socket, or nobody waits for it. */
            uv_buf_t said = uv_buf_init((char *)(uintptr_t)busy, sizeof busy);
            (void)uv_try_write((uv_stream_t *)&client->pipe, &said, 1);
            close_client(client);
            return;
        }
        close_client(silent);
        (void)take_place(control, client);
    }
    size_t seated = 0;
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        seated += control->clients[i] != NULL && control->clients[i]->state != CLIENT_CLOSING;
    if (seated > counters->clients_max)
        counters->clients_max = seated;
    be_patient(client);
    if (uv_read_start((uv_stream_t *)&client->pipe, on_room, on_read) != 0)
        close_client(client);
}

static void on_again(uv_timer_t *timer);

static struct control_client *make_client(struct control *control)
{
    struct control_client *client = calloc(1, sizeof *client);
    if (client == NULL || control_answer_init(&client->answer) != STATUS_OK) {
        free(client);
        return NULL;
    }
    client->control = control;
    client->serial = ++control->serial;
    client->answer.daemon = control->daemon;
    client->handles = CLIENT_HANDLES;
    uv_pipe_init(control->loop, &client->pipe, 0);
    uv_timer_init(control->loop, &client->timer);
    client->pipe.data = client->timer.data = client;
    control->counters.clients++;
    return client;
}

/* Until it is accepted the loop looks for no other, so without memory we come back to it. */
static void accept_client(struct control *control)
{
    struct control_client *client = make_client(control);
    if (client == NULL) {
        uv_timer_start(&control->again, on_again, ACCEPT_AGAIN_MS, 0);
        return;
    }
    if (uv_accept((uv_stream_t *)&control->listener, (uv_stream_t *)&client->pipe) == 0)
        seat_client(control, client);
    else
        close_client(client);
}

static void on_again(uv_timer_t *timer)
{
    accept_client(timer->data);
}

static void on_connection(uv_stream_t *listener, int status)
{
    if (status == 0)
        accept_client(listener->data);
}

void control_start(struct control *control, struct daemon *daemon, uv_loop_t *loop)
{
    if (control == NULL)
        return;
    control->daemon = daemon;
    control->loop = loop;
    control->running = true;
    uv_pipe_init(loop, &control->listener, 0);
    uv_timer_init(loop, &control->again);
    control->listener.data = control->again.data = control;
    if (uv_pipe_open(&control->listener, control->fd) != 0
        || uv_listen((uv_stream_t *)&control->listener, BACKLOG, on_connection) != 0)
        say_none(control->path, "the event loop does not take it");
}

void control_stop(struct control *control)
{
    struct stat info;
    if (control == NULL)
        return;
    if (lstat(control->path, &info) == 0 && info.st_ino == control->made.st_ino
        && info.st_dev == control->made.st_dev)
        unlink(control->path);
    if (!control->running)
        return;
    uv_close((uv_handle_t *)&control->listener, NULL);
    uv_close((uv_handle_t *)&control->again, NULL);
    for (size_t i = 0; i < CONTROL_CLIENTS_MAX; i++)
        if (control->clients[i] != NULL)
            close_client(control->clients[i]);
}

void control_free(struct control *control)
{
    if (control == NULL)
        return;
    free(control->path);
    free(control);
}

const struct control_counters *control_counters(const struct control *control)
{
    return &control->counters;
}

struct instant control_since(const struct control *control)
{
    return control->since;
}

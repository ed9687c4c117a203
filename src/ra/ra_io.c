#include "ra/ra_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/file.h"
#include "platform/icmp6.h"
#include "platform/instant.h"

#define MESSAGES_A_TURN 64
#define STATE_BYTES_MAX ((size_t)1024 * 1024)
#define PATH_BYTES      4096
#define MESSAGE_MAX     2048 /* a solicitation has a few dozen bytes */

/* The file, as a thread of the pool writes it. */
struct saving {
    uv_work_t work;
    char *text; /* NULL: none under way */
    size_t count;
    int error;
    bool again; /* it changed meanwhile */
};

struct ra_io {
    struct ra_io_setup setup;
    uv_poll_t poll;
    uv_timer_t timer;
    uint32_t *joined; /* interfaces, in order */
    size_t joined_count;
    struct saving saving;
    bool closing;
    struct ra_outbox outbox;
};

/* ------------------------------------------------------------------ what is remembered */

void ra_io_load(struct ra_server *server, const char *state_path)
{
    struct text content, text;
    struct ra_state_line line;
    if (state_path == NULL)
        return;
    enum status status = file_read(state_path, STATE_BYTES_MAX, &content);
    if (status == STATUS_NOT_FOUND)
        return;
    if (status != STATUS_OK) {
        log_line(LOG_PART_DHCP, LOG_WARN, "cannot read %s: %s", state_path, status_text(status));
        return;
    }
    struct text rest = content;
    for (unsigned number = 1; text_next_line(&rest, &text); number++) {
        if (ra_state_line_read(text, &line) != STATUS_OK)
            log_line(LOG_PART_DHCP, LOG_WARN, "%s: ignoring line %u: not a prefix", state_path,
                     number);
        else if (ra_server_load(server, &line, instant_now()) != STATUS_OK)
            break;
    }
    free((char *)(uintptr_t)content.at);
}

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

int ra_io_open_state(const char *state_path)
{
    return open(state_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0644);
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

static int write_state(const struct ra_io *io, const char *text, size_t count)
{
    int error = write_new(io->setup.state_path, text, count);
    bool denied = error == EACCES || error == EPERM || error == EROFS || error == EBUSY;
    return denied && io->setup.state >= 0 ? write_over(io->setup.state, text, count) : error;
}

static void on_save(uv_work_t *work)
{
    struct ra_io *io = CONTAINER_OF(work, struct ra_io, saving.work);
    io->saving.error = write_state(io, io->saving.text, io->saving.count);
}

static bool take_state(struct ra_io *io, char **text, size_t *count)
{
    size_t room = ra_server_state_bytes(io->setup.server);
    *text = malloc(room);
    if (*text == NULL)
        return false;
    struct text_out out = text_out_on(*text, room);
    ra_server_put_state(io->setup.server, instant_now(), &out);
    *count = out.count;
    return true;
}

static void tell_trouble(const struct ra_io *io, int error)
{
    if (error != 0)
        log_line(LOG_PART_DHCP, LOG_ERROR, "cannot write %s: %s", io->setup.state_path,
                 strerror(error));
}

static void on_saved(uv_work_t *work, int status);

static void save(struct ra_io *io)
{
    struct saving *saving = &io->saving;
    if (io->setup.state_path == NULL || io->closing)
        return;
    if (saving->text != NULL) {
        saving->again = true;
        return;
    }
    if (!take_state(io, &saving->text, &saving->count))
        return;
    if (uv_queue_work(io->setup.loop, &saving->work, on_save, on_saved) != 0) {
        free(saving->text);
        saving->text = NULL;
    }
}

static void on_saved(uv_work_t *work, int status)
{
    (void)status;
    struct ra_io *io = CONTAINER_OF(work, struct ra_io, saving.work);
    bool again = io->saving.again;
    tell_trouble(io, io->saving.error);
    free(io->saving.text);
    io->saving.text = NULL;
    io->saving.again = false;
    if (!again)
        return;
    if (!io->closing) {
        save(io);
        return;
    }
    /* The end came meanwhile, and what is newest is not on the disk yet. */
    char *text;
    size_t count;
    if (take_state(io, &text, &count)) {
        tell_trouble(io, write_state(io, text, count));
        free(text);
    }
}

/* ------------------------------------------------------------------ sending */

static void show(const struct ra_io *io, const struct address *from, const struct address *to,
                 struct bytes message)
{
    const struct packet_tap_packet packet = {
        .mask = PACKET_TAP_RA,
        .icmp6 = true,
        .from = { .address = *from },
        .to = { .address = *to },
        .message = message,
    };
    packet_tap_show(io->setup.tap, &packet);
}

static void carry_out(void *context, struct ra_outbox *outbox)
{
    struct ra_io *io = context;
    for (size_t i = 0; i < outbox->count; i++) {
        const struct ra_action *action = &outbox->actions[i];
        show(io, &action->from, &action->to, action->bytes);
        enum status status = icmp6_send(io->setup.socket, &action->to, &action->from,
                                        action->interface, action->bytes);
        (void)status; /* the interface may be gone; the next comes by itself */
    }
    outbox->count = 0;
}

static void on_timer(uv_timer_t *timer);

/* After every call into the core: carry out what it wants, then sleep until its next deadline. */
static void finish_turn(struct ra_io *io, mono_ms now)
{
    if (io->outbox.count > 0)
        carry_out(io, &io->outbox);
    if (ra_server_take_changed(io->setup.server))
        save(io);
    mono_ms deadline = ra_server_deadline(io->setup.server);
    if (deadline == MONO_NEVER) {
        uv_timer_stop(&io->timer);
        return;
    }
    uv_update_time(io->setup.loop);
    uv_timer_start(&io->timer, on_timer, deadline > now ? deadline - now : 0, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct ra_io *io = CONTAINER_OF(timer, struct ra_io, timer);
    struct instant now = instant_now();
    ra_server_tick(io->setup.server, now, &io->outbox);
    finish_turn(io, now.mono);
}

/* ------------------------------------------------------------------ receiving */

static void take_message(struct ra_io *io, const struct icmp6_arrival *arrival, struct instant now)
{
    uint16_t id, sequence;
    if (arrival->cut) {
        ra_server_message_cut(io->setup.server);
        return;
    }
    if (icmp6_echo_reply_read(arrival->message, &id, &sequence) == STATUS_OK)
        return; /* somebody else's */
    show(io, &arrival->from, &arrival->local, arrival->message);
    struct ra_datagram datagram = {
        .message = arrival->message,
        .from = arrival->from,
        .interface = arrival->interface,
        .hop_limit = arrival->hop_limit,
    };
    ra_server_message(io->setup.server, &datagram, now, &io->outbox);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct ra_io *io = CONTAINER_OF(poll, struct ra_io, poll);
    /* The loop lets go of a socket with an error; receiving takes the error away. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_readable);
    struct instant now = instant_now();
    for (int turn = 0; turn < MESSAGES_A_TURN; turn++) {
        uint8_t buffer[MESSAGE_MAX];
        struct icmp6_arrival arrival;
        if (icmp6_receive(io->setup.socket, buffer, sizeof buffer, &arrival) != STATUS_OK)
            break;
        take_message(io, &arrival, now);
    }
    finish_turn(io, now.mono);
}

/* Groups of interfaces that are gone are left by the kernel; joining twice is joining once. */
static void follow_links(struct ra_io *io)
{
    const struct ra_links *links = ra_server_links(io->setup.server);
    uint32_t *joined = calloc(links->count + 1, sizeof *joined);
    size_t count = 0;
    if (joined == NULL)
        return;
    size_t before = 0;
    for (size_t i = 0; i < links->count; i++) {
        const struct ra_link *link = &links->at[i];
        for (; before < io->joined_count && io->joined[before] < link->interface; before++)
            icmp6_leave(io->setup.socket, io->joined[before]);
        bool known = before < io->joined_count && io->joined[before] == link->interface;
        before += known;
        if (icmp6_join(io->setup.socket, link->interface) == STATUS_SYSTEM && !known)
            log_line(LOG_PART_DHCP, LOG_WARN, "cannot hear router solicitations on %s: %s",
                     link->name, strerror(errno));
        joined[count++] = link->interface;
    }
    for (; before < io->joined_count; before++)
        icmp6_leave(io->setup.socket, io->joined[before]);
    free(io->joined);
    io->joined = joined;
    io->joined_count = count;
}

void ra_io_changed(struct ra_io *io)
{
    follow_links(io);
    finish_turn(io, instant_mono());
}

/* ------------------------------------------------------------------ start and end */

struct ra_io *ra_io_create(const struct ra_io_setup *setup)
{
    struct ra_io *io = calloc(1, sizeof *io);
    if (io == NULL || uv_poll_init(setup->loop, &io->poll, setup->socket) != 0) {
        free(io);
        return NULL;
    }
    io->setup = *setup;
    io->outbox.flush = carry_out;
    io->outbox.context = io;
    uv_timer_init(setup->loop, &io->timer);
    uv_poll_start(&io->poll, UV_READABLE, on_readable);
    ra_io_changed(io);
    return io;
}

void ra_io_close(struct ra_io *io)
{
    io->closing = true;
    uv_close((uv_handle_t *)&io->poll, NULL);
    uv_close((uv_handle_t *)&io->timer, NULL);
    close(io->setup.socket);
}

void ra_io_free(struct ra_io *io)
{
    if (io->setup.state >= 0)
        close(io->setup.state);
    free(io->saving.text);
    free(io->joined);
    free(io);
}

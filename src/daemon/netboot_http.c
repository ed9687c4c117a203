#include "daemon/netboot_http.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "daemon/http_library.h"
#include "daemon/tftp_service.h"
#include "platform/beneath.h"
#include "platform/instant.h"
#include "platform/tcp.h"
#include "tftp/file_allowed_io.h"
#include "tftp/http_range.h"

#define LISTENERS_MAX 2  /* IPv4 and IPv6 */
#define ACCEPTS_MAX   16 /* in one turn of the loop */
#define REST_MS       1000
#define LOOK_MS       1000 /* at the pace of clients */

struct listener {
    struct netboot_http *http;
    int fd;
    enum address_family family;
    uv_poll_t poll;
};

struct netboot_http {
    const struct config *config;  /* changed by main, with the mutex */
    const struct config *serving; /* what its thread goes by: held; NULL: no request yet */
    const struct views *views;
    struct listener listeners[LISTENERS_MAX];
    size_t count;
    uv_timer_t rest; /* without descriptors the listeners rest for a moment */
    uv_timer_t pace; /* runs while there are clients */
    pthread_mutex_t mutex;
    struct http_clients clients; /* of both threads: only with the mutex */
    struct MHD_Daemon *daemon;
    bool started;
    struct netboot_http_counters counters;
};

/* What is known of a request until it is over. */
struct request {
    enum { ANSWER_NONE, ANSWER_HEAD, ANSWER_PART, ANSWER_WHOLE } answer;
    char part[80]; /* of Content-Range */
    char path[];   /* printable */
};

static const struct http_library *mhd; /* once it is there */

bool netboot_http_is_there(void)
{
    if (mhd == NULL)
        mhd = http_library_load();
    return mhd != NULL;
}

/* ------------------------------------------------------------------ clients, on both threads */

/* Its descriptor is open at least until on_connection has let go of it with the same mutex. */
static void end_client(struct netboot_http *http, const struct http_client *client)
{
    http->counters.ended++;
    (void)shutdown(client->fd, SHUT_RDWR);
}

static uint64_t taken_by(const struct http_client *client)
{
    uint64_t bytes = UINT64_MAX;
    (void)tcp_acknowledged(client->fd, &bytes);
    return bytes;
}

/* True when there is nobody left. */
static bool end_the_late(struct netboot_http *http)
{
    mono_ms now = instant_mono();
    pthread_mutex_lock(&http->mutex);
    for (size_t i = 0; i < COUNT_OF(http->clients.at); i++) {
        struct http_client *client = &http->clients.at[i];
        uint64_t taken = http_client_stretch_is_over(client, now) ? taken_by(client) : 0;
        if (http_client_is_late(client, now, taken))
            end_client(http, client);
    }
    bool any = http_clients_any(&http->clients);
    pthread_mutex_unlock(&http->mutex);
    return !any;
}

/* False when there is no place for it. */
static bool take_client(struct netboot_http *http, int fd, const struct address *address)
{
    struct http_client *victim;
    pthread_mutex_lock(&http->mutex);
    bool taken = http_clients_take(&http->clients, address, fd, instant_mono(), &victim) != NULL;
    if (victim != NULL)
        end_client(http, victim);
    pthread_mutex_unlock(&http->mutex);
    return taken;
}

static void release_client(struct netboot_http *http, int fd)
{
    pthread_mutex_lock(&http->mutex);
    struct http_client *client = http_clients_find(&http->clients, fd);
    if (client != NULL)
        http_client_release(client);
    pthread_mutex_unlock(&http->mutex);
}

/* It waits for a request, or gets an answer. */
static void set_client(struct netboot_http *http, struct MHD_Connection *connection, bool sends)
{
    const union MHD_ConnectionInfo *info =
        mhd->get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    if (info == NULL)
        return;
    pthread_mutex_lock(&http->mutex);
    struct http_client *client = http_clients_find(&http->clients, info->connect_fd);
    if (client != NULL && sends)
        http_client_sends(client, instant_mono(), taken_by(client));
    else if (client != NULL)
        http_client_waits(client, instant_mono());
    pthread_mutex_unlock(&http->mutex);
}

/* When its thread has begun with one, and just before it closes its descriptor. */
static void on_connection(void *context, struct MHD_Connection *connection, void **owner,
                          enum MHD_ConnectionNotificationCode code)
{
    struct netboot_http *http = context;
    const union MHD_ConnectionInfo *info =
        mhd->get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    (void)owner;
    if (code == MHD_CONNECTION_NOTIFY_STARTED)
        set_client(http, connection, false);
    else if (info != NULL)
        release_client(http, info->connect_fd);
}

/* ------------------------------------------------------------------ requests, on its thread */

static void put_client(struct text_out *out, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        mhd->get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct endpoint client;
    if (info != NULL && endpoint_from_sockaddr(info->client_addr, &client) == STATUS_OK)
        text_put_address(out, &client.address);
}

/* On its thread: what is configured now. It stays until this is asked again. */
static const struct config *use_config(struct netboot_http *http)
{
    const struct config *before = NULL;
    pthread_mutex_lock(&http->mutex);
    if (http->serving != http->config) {
        before = http->serving;
        http->serving = config_hold(http->config);
    }
    pthread_mutex_unlock(&http->mutex);
    config_free(before);
    return http->serving;
}

/* "sent <file> to <client> by HTTP": as of TFTP. */
static void say(struct netboot_http *http, struct MHD_Connection *connection, const char *before,
                const struct request *request, const char *after)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof(line));
    const char *folder = use_config(http)->netboot.folder;
    text_printf(&out, "%s %s%s%s ", before, folder != NULL ? folder : "",
                request->path[0] == '/' ? "" : "/", request->path);
    if (request->answer == ANSWER_PART)
        text_printf(&out, "%s ", request->part);
    text_put_string(&out, after);
    put_client(&out, connection);
    text_put_string(&out, " by HTTP");
    log_line(LOG_PART_TFTP, LOG_INFORM, "%s", line);
}

static enum MHD_Result answer_empty(struct MHD_Connection *connection, unsigned code,
                                    const char *header, const char *value)
{
    struct MHD_Response *response =
        mhd->create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    if (header != NULL)
        (void)mhd->add_response_header(response, header, value);
    enum MHD_Result result = mhd->queue_response(connection, code, response);
    mhd->destroy_response(response);
    return result;
}

/* UEFI goes by it (UEFI specification, section 24.7.3.2); others do not care. */
static const char *type_of(const char *path)
{
    static const char *const types[][2] = {
        { ".efi", "application/efi" },
        { ".iso", "application/vnd.efi-iso" },
        { ".img", "application/vnd.efi-img" },
        { ".ipxe", "text/plain" },
    };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct text suffix = text_of(types[i][0]);
        struct text name = text_of(path);
        if (name.count > suffix.count
            && text_equal_nocase(text_after(name, name.count - suffix.count), suffix))
            return types[i][1];
    }
    return "application/octet-stream";
}

static struct text field_of(struct MHD_Connection *connection, const char *name)
{
    return text_of(mhd->lookup_connection_value(connection, MHD_HEADER_KIND, name));
}

/* Only GET knows of parts (RFC 9110 section 14.2). */
static enum http_range_kind read_range(struct MHD_Connection *connection, bool is_head,
                                       const char *tag, uint64_t bytes, struct http_range *range)
{
    *range = (struct http_range){ 0, bytes };
    if (is_head || !http_range_counts(field_of(connection, MHD_HTTP_HEADER_IF_RANGE), tag))
        return HTTP_RANGE_WHOLE;
    return http_range_read(field_of(connection, MHD_HTTP_HEADER_RANGE), bytes, range);
}

/* Of an open file, which it closes. */
static enum MHD_Result answer_file(struct netboot_http *http, struct MHD_Connection *connection,
                                   const char *path, bool is_head, int fd,
                                   const struct beneath_file *file, struct request *request)
{
    char tag[HTTP_TAG_MAX];
    struct text_out out = text_out_on(request->part, sizeof(request->part));
    struct http_range range;
    (void)http_tag(file->inode, file->modified_ns, file->bytes, tag);
    enum http_range_kind kind = read_range(connection, is_head, tag, file->bytes, &range);
    if (kind == HTTP_RANGE_NONE) {
        close(fd);
        text_printf(&out, "bytes */%llu", (unsigned long long)file->bytes);
        return answer_empty(connection, MHD_HTTP_RANGE_NOT_SATISFIABLE,
                            MHD_HTTP_HEADER_CONTENT_RANGE, request->part);
    }
    struct MHD_Response *response =
        mhd->create_response_from_fd_at_offset64(range.count, fd, range.first);
    if (response == NULL) {
        close(fd);
        return MHD_NO;
    }
    (void)mhd->add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type_of(path));
    (void)mhd->add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    (void)mhd->add_response_header(response, MHD_HTTP_HEADER_ETAG, tag);
    request->answer = is_head ? ANSWER_HEAD : ANSWER_WHOLE;
    if (kind == HTTP_RANGE_PART) {
        request->answer = ANSWER_PART;
        http_range_put(&out, &range, file->bytes);
        (void)mhd->add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, request->part);
    }
    set_client(http, connection, true);
    enum MHD_Result result = mhd->queue_response(
        connection, kind == HTTP_RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
    mhd->destroy_response(response);
    return result;
}

/* The folder is opened anew each time, as TFTP does: its name may be another folder's by now. */
static enum status open_path(struct netboot_http *http, const char *path, int *fd,
                             struct beneath_file *file)
{
    const struct config *config = use_config(http);
    int folder;
    if (config->netboot.folder == NULL)
        return STATUS_NOT_FOUND; /* not any more */
    if (path[strspn(path, "/")] == '\0')
        return STATUS_EXISTS; /* the folder itself */
    enum status status = beneath_folder(config->netboot.folder, &folder);
    if (status != STATUS_OK)
        return status;
    status = beneath_open(folder, config->netboot.folder, path, fd, file);
    if (status == STATUS_SYSTEM && errno == ENOTDIR)
        status = STATUS_NOT_FOUND; /* "file/": nothing lies beneath a file */
    close(folder);
    if (status == STATUS_OK && !file_allowed(&config->tftp, file)) {
        close(*fd);
        return STATUS_DENIED;
    }
    return status;
}

static enum MHD_Result answer_path(struct netboot_http *http, struct MHD_Connection *connection,
                                   const char *path, bool is_head, struct request *request)
{
    struct netboot_http_counters *counters = &http->counters;
    struct beneath_file file;
    int fd;
    switch (open_path(http, path, &fd, &file)) {
    case STATUS_OK:
        return answer_file(http, connection, path, is_head, fd, &file, request);
    case STATUS_NOT_FOUND:
    case STATUS_EXISTS: /* a folder: there are no lists of files */
        counters->not_found++;
        if (!http->serving->tftp.quiet)
            say(http, connection, "file", request, "not found for ");
        return answer_empty(connection, MHD_HTTP_NOT_FOUND, NULL, NULL);
    case STATUS_DENIED:
    case STATUS_UNSUPPORTED:
        counters->denied++;
        say(http, connection, "cannot access", request, "for ");
        return answer_empty(connection, MHD_HTTP_FORBIDDEN, NULL, NULL);
    default:
        counters->failed++;
        say(http, connection, "cannot read", request, "for ");
        return answer_empty(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, NULL, NULL);
    }
}

static struct request *request_create(const char *url)
{
    /* A byte is shown as up to four characters. */
    size_t room = 4 * strlen(url) + 1;
    struct request *request = malloc(sizeof(*request) + room);
    if (request == NULL)
        return NULL;
    struct text_out out = text_out_on(request->path, room);
    request->answer = ANSWER_NONE;
    text_put_safe(&out, text_bytes(text_of(url)));
    return request;
}

/* Called first when the head of a request is there, then with what comes after the head, if
 * anything does, then when all of it is there. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **owner)
{
    struct netboot_http *http = context;
    const char *path = http_target_path(url);
    bool is_head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
    (void)version;
    (void)data;
    if (*owner == NULL) {
        *owner = request_create(path);
        http->counters.requests++;
        if (*owner == NULL)
            return MHD_NO;
        if (is_head || strcmp(method, MHD_HTTP_METHOD_GET) == 0)
            return MHD_YES;
        /* Answered before what it wants to give us, of which nothing is read: the connection ends
         * with the answer. */
        http->counters.unsupported++;
        return answer_empty(connection, MHD_HTTP_METHOD_NOT_ALLOWED, MHD_HTTP_HEADER_ALLOW,
                            "GET, HEAD");
    }
    if (*data_bytes
        > 0) { /* RFC 9110 section 9.3.1: it means nothing. Passed over, while time is */
        *data_bytes = 0;
        return MHD_YES;
    }
    return answer_path(http, connection, path, is_head, *owner);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **owner,
                         enum MHD_RequestTerminationCode code)
{
    struct netboot_http *http = context;
    struct request *request = *owner;
    if (request == NULL)
        return;
    bool is_file = request->answer == ANSWER_WHOLE || request->answer == ANSWER_PART;
    if (is_file && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        (*(request->answer == ANSWER_WHOLE ? &http->counters.sent : &http->counters.parts))++;
        say(http, connection, "sent", request, "to ");
    } else if (is_file && code != MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN) {
        http->counters.failed++;
        say(http, connection, "failed sending", request, "to ");
    }
    set_client(http, connection, false);
    free(request);
    *owner = NULL;
}

PRINTF_LIKE(2, 0)
static void on_trouble(void *context, const char *format, va_list arguments)
{
    (void)context;
    log_vline(LOG_PART_TFTP, LOG_DETAIL, format, arguments);
}

/* ------------------------------------------------------------------ connections, on ours */

static bool is_admitted(struct netboot_http *http, int fd, enum address_family family)
{
    const struct network *network = http->views->network->network;
    struct address local = { 0 };
    uint32_t interface = 0;
    struct endpoint end;
    if (!tcp_arrival(fd, family, &interface, &local)) {
        if (!tcp_local_end(fd, &end))
            return false;
        local = end.address;
        const struct network_address *own = network_own_address(network, &local);
        interface = own != NULL ? own->interface : 0;
    }
    return tftp_service_admits(http->config, network, interface, &local);
}

static void on_pace(uv_timer_t *timer)
{
    if (end_the_late(CONTAINER_OF(timer, struct netboot_http, pace)))
        (void)uv_timer_stop(timer);
}

static void hand_over(struct netboot_http *http, int fd, const struct endpoint *from)
{
    struct sockaddr_storage address;
    unsigned bytes = endpoint_to_sockaddr(from, &address);
    http->counters.connections++;
    if (!is_admitted(http, fd, from->address.family)) {
        http->counters.not_admitted++;
        close(fd);
        return;
    }
    if (!take_client(http, fd, &from->address)) {
        http->counters.refused++;
        close(fd);
        return;
    }
    if (!uv_is_active((uv_handle_t *)&http->pace))
        (void)uv_timer_start(&http->pace, on_pace, LOOK_MS, LOOK_MS);
    /* It closes what it does not take. */
    if (mhd->add_connection(http->daemon, fd, (const struct sockaddr *)&address, bytes)
        != MHD_YES) {
        http->counters.refused++;
        release_client(http, fd);
    }
}

static void on_connections(uv_poll_t *poll, int status, int events);

static void listen_again(struct netboot_http *http)
{
    for (size_t i = 0; i < http->count; i++)
        (void)uv_poll_start(&http->listeners[i].poll, UV_READABLE, on_connections);
}

static void on_rest_over(uv_timer_t *timer)
{
    listen_again(CONTAINER_OF(timer, struct netboot_http, rest));
}

static void take_a_rest(struct netboot_http *http)
{
    for (size_t i = 0; i < http->count; i++)
        (void)uv_poll_stop(&http->listeners[i].poll);
    (void)uv_timer_start(&http->rest, on_rest_over, REST_MS, 0);
}

static void on_connections(uv_poll_t *poll, int status, int events)
{
    struct listener *listener = CONTAINER_OF(poll, struct listener, poll);
    struct netboot_http *http = listener->http;
    (void)status;
    (void)events;
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        struct endpoint from;
        int fd;
        enum status accepted = tcp_accept(listener->fd, &fd, &from);
        if (accepted == STATUS_OK) {
            hand_over(http, fd, &from);
        } else if (accepted == STATUS_FULL) {
            http->counters.refused++;
            take_a_rest(http);
            return;
        } else if (accepted == STATUS_NOT_FOUND) {
            return;
        }
    }
}

/* ------------------------------------------------------------------ its life */

static enum status listen_on(struct netboot_http *http, const struct address *address,
                             struct endpoint *what)
{
    struct listener *listener = &http->listeners[http->count];
    *what = (struct endpoint){ *address, http->config->netboot.http_port, 0 };
    enum status status = tcp_bind(what, false, &listener->fd);
    if (status != STATUS_OK)
        return status;
    listener->http = http;
    listener->family = address->family;
    http->count++;
    return STATUS_OK;
}

static enum status listen_everywhere(struct netboot_http *http, struct endpoint *what)
{
    const struct address ip4 = address_any(ADDRESS_IP4), ip6 = address_any(ADDRESS_IP6);
    enum status status = listen_on(http, &ip4, what);
    if (status != STATUS_OK)
        return status;
    status = listen_on(http, &ip6, what);
    /* There are systems without IPv6. */
    return status == STATUS_SYSTEM && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL) ? STATUS_OK
                                                                                        : status;
}

enum status netboot_http_open(const struct config *config, struct netboot_http **http,
                              struct endpoint *what)
{
    struct netboot_http *made = calloc(1, sizeof(*made));
    *what = (struct endpoint){ 0 };
    *http = NULL;
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->config = config;
    pthread_mutex_init(&made->mutex, NULL);
    enum status status = address_is_none(&config->netboot.http_address)
                             ? listen_everywhere(made, what)
                             : listen_on(made, &config->netboot.http_address, what);
    if (status != STATUS_OK) {
        int error = errno;
        netboot_http_free(made);
        errno = error;
        return status;
    }
    *http = made;
    return STATUS_OK;
}

enum status netboot_http_start(struct netboot_http *http, uv_loop_t *loop,
                               const struct views *views)
{
    http->views = views;
    /* The connections are ours to take, so that one gate is for all protocols. */
    http->daemon = mhd->start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_trouble, http,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION,
        on_connection, http, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)(HTTP_CLIENTS_MAX + HTTP_CLIENTS_SPARE), MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)NETBOOT_HTTP_SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)NETBOOT_HTTP_MEMORY, MHD_OPTION_END);
    if (http->daemon == NULL)
        return STATUS_SYSTEM;
    for (size_t i = 0; i < http->count; i++) {
        int error = uv_poll_init(loop, &http->listeners[i].poll, http->listeners[i].fd);
        if (error != 0) {
            mhd->stop_daemon(http->daemon);
            errno = -error;
            return STATUS_SYSTEM;
        }
    }
    uv_timer_init(loop, &http->rest);
    uv_timer_init(loop, &http->pace);
    listen_again(http);
    http->started = true;
    return STATUS_OK;
}

void netboot_http_config_changed(struct netboot_http *http, const struct config *config)
{
    if (http == NULL)
        return;
    pthread_mutex_lock(&http->mutex);
    http->config = config;
    pthread_mutex_unlock(&http->mutex);
}

void netboot_http_stop(struct netboot_http *http)
{
    if (http == NULL || !http->started)
        return;
    for (size_t i = 0; i < http->count; i++)
        uv_close((uv_handle_t *)&http->listeners[i].poll, NULL);
    uv_close((uv_handle_t *)&http->rest, NULL);
    uv_close((uv_handle_t *)&http->pace, NULL);
    mhd->stop_daemon(http->daemon);
    http->started = false;
}

void netboot_http_free(struct netboot_http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->count; i++)
        close(http->listeners[i].fd);
    pthread_mutex_destroy(&http->mutex);
    config_free(http->serving);
    free(http);
}

const struct netboot_http_counters *netboot_http_counters(const struct netboot_http *http)
{
    return http != NULL ? &http->counters : NULL;
}

#include "daemon/netboot_http.h"

#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/beneath.h"
#include "platform/tcp.h"
#include "tftp/http_range.h"

#define LISTENERS_MAX  2  /* IPv4 and IPv6 */
#define ACCEPTS_MAX    16 /* in one turn of the loop */
#define REST_MS        1000
#define WORLD_MAY_READ 4

struct listener {
    struct netboot_http *http;
    int fd;
    enum address_family family;
    uv_poll_t poll;
};

struct netboot_http {
    const struct config *config;
    const struct views *views;
    int folder;
    struct listener listeners[LISTENERS_MAX];
    size_t count;
    uv_timer_t rest; /* without descriptors the listeners rest for a moment */
    struct MHD_Daemon *daemon;
    bool started;
    struct netboot_http_counters counters;
};

/* What is known of a request until it is over. */
struct request {
    bool sent;
    char path[]; /* printable */
};

bool netboot_http_is_built(void)
{
    return true;
}

/* ------------------------------------------------------------------ requests, on its thread */

static void put_client(struct text_out *out, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    struct endpoint client;
    if (info != NULL && endpoint_from_sockaddr(info->client_addr, &client) == STATUS_OK)
        text_put_address(out, &client.address);
}

/* "sent <file> to <client> by HTTP": as of TFTP. */
static void say(struct netboot_http *http, struct MHD_Connection *connection, const char *before,
                const char *path, const char *after)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof(line));
    text_printf(&out, "%s %s%s%s ", before, http->config->netboot.folder, path[0] == '/' ? "" : "/",
                path);
    text_put_string(&out, after);
    put_client(&out, connection);
    text_put_string(&out, " by HTTP");
    log_line(LOG_PART_TFTP, LOG_INFORM, "%s", line);
}

static enum MHD_Result answer_empty(struct MHD_Connection *connection, unsigned code,
                                    const char *header, const char *value)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
    if (response == NULL)
        return MHD_NO;
    if (header != NULL)
        (void)MHD_add_response_header(response, header, value);
    enum MHD_Result result = MHD_queue_response(connection, code, response);
    MHD_destroy_response(response);
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

/* Of an open file, which it closes. */
static enum MHD_Result answer_file(struct MHD_Connection *connection, const char *path, int fd,
                                   uint64_t bytes)
{
    const char *field =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_RANGE);
    char text[80];
    struct text_out out = text_out_on(text, sizeof(text));
    struct http_range range;
    enum http_range_kind kind = http_range_read(text_of(field), bytes, &range);
    if (kind == HTTP_RANGE_NONE) {
        close(fd);
        text_printf(&out, "bytes */%llu", (unsigned long long)bytes);
        return answer_empty(connection, MHD_HTTP_RANGE_NOT_SATISFIABLE,
                            MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    struct MHD_Response *response =
        MHD_create_response_from_fd_at_offset64(range.count, fd, range.first);
    if (response == NULL) {
        close(fd);
        return MHD_NO;
    }
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type_of(path));
    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ACCEPT_RANGES, "bytes");
    if (kind == HTTP_RANGE_PART) {
        http_range_put(&out, &range, bytes);
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_RANGE, text);
    }
    enum MHD_Result result = MHD_queue_response(
        connection, kind == HTTP_RANGE_PART ? MHD_HTTP_PARTIAL_CONTENT : MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

/* As root we could read everything: then only what everybody may (process.md section 1.2). */
static bool is_secret(const struct beneath_file *file, const struct tftp_config *tftp)
{
    if (tftp->secure && geteuid() != 0)
        return file->owner != geteuid();
    return geteuid() == 0 && (file->mode & WORLD_MAY_READ) == 0;
}

static enum MHD_Result answer_path(struct netboot_http *http, struct MHD_Connection *connection,
                                   const char *path, struct request *request)
{
    struct netboot_http_counters *counters = &http->counters;
    struct beneath_file file;
    int fd;
    enum status status = STATUS_EXISTS; /* the folder itself */
    if (path[strspn(path, "/")] != '\0')
        status = beneath_open(http->folder, http->config->netboot.folder, path, &fd, &file);
    if (status == STATUS_OK && is_secret(&file, &http->config->tftp)) {
        close(fd);
        status = STATUS_DENIED;
    }
    switch (status) {
    case STATUS_OK:
        request->sent = true;
        return answer_file(connection, path, fd, file.bytes);
    case STATUS_NOT_FOUND:
    case STATUS_EXISTS: /* a folder: there are no lists of files */
        counters->not_found++;
        if (!http->config->tftp.quiet)
            say(http, connection, "file", request->path, "not found for ");
        return answer_empty(connection, MHD_HTTP_NOT_FOUND, NULL, NULL);
    case STATUS_DENIED:
    case STATUS_UNSUPPORTED:
        counters->denied++;
        say(http, connection, "cannot access", request->path, "for ");
        return answer_empty(connection, MHD_HTTP_FORBIDDEN, NULL, NULL);
    default:
        counters->failed++;
        say(http, connection, "cannot read", request->path, "for ");
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
    request->sent = false;
    text_put_safe(&out, text_bytes(text_of(url)));
    return request;
}

/* Called first when the head of a request is there, then when all of it is. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_bytes, void **owner)
{
    struct netboot_http *http = context;
    (void)version;
    (void)data;
    if (*owner == NULL) {
        *owner = request_create(url);
        http->counters.requests++;
        return *owner != NULL ? MHD_YES : MHD_NO;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        /* What it wants to give us is passed over, up to the bounds of a connection. */
        if (*data_bytes > 0) {
            *data_bytes = 0;
            return MHD_YES;
        }
        http->counters.unsupported++;
        return answer_empty(connection, MHD_HTTP_METHOD_NOT_ALLOWED, MHD_HTTP_HEADER_ALLOW,
                            "GET, HEAD");
    }
    return answer_path(http, connection, url, *owner);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **owner,
                         enum MHD_RequestTerminationCode code)
{
    struct netboot_http *http = context;
    struct request *request = *owner;
    if (request == NULL)
        return;
    if (request->sent && code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        http->counters.sent++;
        say(http, connection, "sent", request->path, "to ");
    } else if (request->sent && code != MHD_REQUEST_TERMINATED_DAEMON_SHUTDOWN) {
        http->counters.failed++;
        say(http, connection, "failed sending", request->path, "to ");
    }
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
    return network_admits(network, &http->config->site, interface, &local);
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
    /* It closes what it does not take. */
    if (MHD_add_connection(http->daemon, fd, (const struct sockaddr *)&address, bytes) != MHD_YES)
        http->counters.refused++;
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

enum status netboot_http_open(const struct config *config, int folder, struct netboot_http **http,
                              struct endpoint *what)
{
    struct netboot_http *made = calloc(1, sizeof(*made));
    *what = (struct endpoint){ 0 };
    *http = NULL;
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->config = config;
    made->folder = folder;
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
    http->daemon = MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ITC | MHD_USE_ERROR_LOG,
        0, NULL, NULL, on_request, http, MHD_OPTION_EXTERNAL_LOGGER, on_trouble, http,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_CONNECTION_LIMIT,
        (unsigned)NETBOOT_HTTP_CONNECTIONS, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        (unsigned)NETBOOT_HTTP_CONNECTIONS_IP, MHD_OPTION_CONNECTION_TIMEOUT,
        (unsigned)NETBOOT_HTTP_SILENCE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)NETBOOT_HTTP_MEMORY, MHD_OPTION_END);
    if (http->daemon == NULL)
        return STATUS_SYSTEM;
    uv_timer_init(loop, &http->rest);
    for (size_t i = 0; i < http->count; i++)
        uv_poll_init(loop, &http->listeners[i].poll, http->listeners[i].fd);
    listen_again(http);
    http->started = true;
    return STATUS_OK;
}

void netboot_http_stop(struct netboot_http *http)
{
    if (http == NULL || !http->started)
        return;
    for (size_t i = 0; i < http->count; i++)
        uv_close((uv_handle_t *)&http->listeners[i].poll, NULL);
    uv_close((uv_handle_t *)&http->rest, NULL);
    MHD_stop_daemon(http->daemon);
    http->started = false;
}

void netboot_http_free(struct netboot_http *http)
{
    if (http == NULL)
        return;
    for (size_t i = 0; i < http->count; i++)
        close(http->listeners[i].fd);
    free(http);
}

const struct netboot_http_counters *netboot_http_counters(const struct netboot_http *http)
{
    return http != NULL ? &http->counters : NULL;
}

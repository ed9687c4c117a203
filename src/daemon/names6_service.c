#include "daemon/names6_service.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "dhcp6/dhcp6_registration.h"
#include "platform/icmp6.h"
#include "platform/instant.h"
#include "platform/neighbours.h"
#include "wire/icmp6_message.h"

#define ECHO_BYTES_MAX    64
#define ECHO_HEADER_BYTES 8
#define REPLIES_A_TURN    64
#define ARENA_CHUNK_BYTES ((size_t)16 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)16 << 20)
#define WAIT_MAX_MS       ((mono_ms)3600 * 1000)

bool names6_service_wanted(const struct config *config)
{
    const struct dhcp_config *dhcp = &config->dhcp;
    if (config->site.port == 0 || dhcp->range6_count == 0)
        return false;
    bool has_names = dhcp->join_names || dhcp->address_registration;
    for (size_t i = 0; i < dhcp->range6_count; i++)
        has_names = has_names || (dhcp->ranges6[i].modes & DHCP_RANGE6_RA_NAMES) != 0;
    return has_names;
}

static size_t registrations(const struct config *config)
{
    return config->dhcp.address_registration ? DHCP6_REGISTRATIONS_MAX : 0;
}

size_t names6_service_room(const struct config *config)
{
    if (!names6_service_wanted(config))
        return 0;
    size_t leases = 2 * (size_t)config->dhcp.leases_max;
    return registrations(config) + host_names6_addresses_max(leases + registrations(config));
}

static const struct local_names *configured_names(void *context)
{
    const struct names6_service *service = context;
    return views_names(service->views);
}

/* ------------------------------------------------------------------ turns */

static void on_timer(uv_timer_t *timer);

static void plan_turn(struct names6_service *service)
{
    mono_ms now = instant_mono();
    mono_ms deadline = host_names6_deadline(service->names);
    mono_ms wait = deadline > now ? deadline - now : 0;
    uv_timer_start(&service->timer, on_timer, wait < WAIT_MAX_MS ? wait : WAIT_MAX_MS, 0);
}

static void wake(void *context)
{
    struct names6_service *service = context;
    uv_timer_start(&service->timer, on_timer, 0, 0);
}

static void send_probe(struct names6_service *service, const struct host_names6_probe *probe)
{
    uint8_t buffer[ECHO_BYTES_MAX];
    const struct address anywhere = { .family = ADDRESS_NONE };
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    icmp6_echo_write(&writer, probe->id, probe->sequence);
    bytes_write_u64(&writer, probe->cookie);
    if (icmp6_send(service->echo, &probe->address, &anywhere, probe->interface,
                   bytes_writer_written(&writer))
        == STATUS_OK)
        return;
    /* Links go down with addresses still to be asked: no line for each. */
    if (service->unsent++ == 0)
        log_line(LOG_PART_DHCP, LOG_WARN, "cannot send an echo request: %s", strerror(errno));
}

static void on_timer(uv_timer_t *timer)
{
    struct names6_service *service = CONTAINER_OF(timer, struct names6_service, timer);
    struct host_names6_probe probe;
    mono_ms now = instant_mono();
    host_names6_tick(service->names, now);
    while (host_names6_next_probe(service->names, now, &probe))
        send_probe(service, &probe);
    plan_turn(service);
}

/* What came back of one of our requests, or of one that somebody makes up. */
static void take_reply(struct names6_service *service, const struct icmp6_arrival *arrival)
{
    struct host_names6_probe reply = { .address = arrival->from, .interface = arrival->interface };
    struct bytes_reader reader = bytes_reader_on(arrival->message);
    if (icmp6_echo_reply_read(arrival->message, &reply.id, &reply.sequence) != STATUS_OK)
        return;
    bytes_read_skip(&reader, ECHO_HEADER_BYTES);
    reply.cookie = bytes_read_u64(&reader);
    if (!reader.failed && bytes_reader_left(&reader) == 0)
        host_names6_heard(service->names, &reply, instant_mono());
}

static void on_echo(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct names6_service *service = CONTAINER_OF(poll, struct names6_service, echo_poll);
    uint8_t buffer[ECHO_BYTES_MAX];
    struct icmp6_arrival arrival;
    for (int i = 0; i < REPLIES_A_TURN; i++) {
        if (icmp6_receive(service->echo, buffer, sizeof(buffer), &arrival) != STATUS_OK)
            break;
        take_reply(service, &arrival);
    }
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_echo);
    plan_turn(service);
}

/* ------------------------------------------------------------------ neighbours */

static void take_news(void *context, const struct neighbours_news *news)
{
    struct names6_service *service = context;
    host_names6_neighbour(service->names, &news->address, news->interface, &news->hardware,
                          instant_mono());
}

static void list_neighbours(struct names6_service *service)
{
    const struct neighbours_listener listener = { take_news, service };
    if (neighbours_list_now(&listener) != STATUS_OK)
        log_line(LOG_PART_DHCP, LOG_ERROR, "cannot list neighbours: %s", strerror(errno));
}

static void on_neighbours(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct names6_service *service = CONTAINER_OF(poll, struct names6_service, neighbours_poll);
    const struct neighbours_listener listener = { take_news, service };
    if (!neighbours_read(service->neighbours, &listener))
        list_neighbours(service);
    /* News was lost, and the loop let go of the socket because of the error; it is taken now. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_neighbours);
    plan_turn(service);
}

/* ------------------------------------------------------------------ leases */

static bool is_of_lease(enum event_kind kind)
{
    return kind == EVENT_LEASE_ADDED || kind == EVENT_LEASE_CHANGED || kind == EVENT_LEASE_REMOVED
           || kind == EVENT_LEASE_RENEWED || kind == EVENT_LEASE_KNOWN;
}

static void on_event(void *context, const struct event *event)
{
    struct names6_service *service = context;
    event_tell(&service->next, event);
    if (!is_of_lease(event->kind))
        return;
    host_names6_lease(service->names, event);
    plan_turn(service);
}

struct event_sink names6_service_sink(struct names6_service *service, struct event_sink next)
{
    struct event_sink sink = { .wanted = next.wanted,
                               .on_event = on_event,
                               .context = service,
                               .wants_facts = next.wants_facts };
    if (!service->active)
        return next;
    service->next = next;
    for (unsigned kind = 0; kind < EVENT_KIND_COUNT; kind++)
        if (is_of_lease((enum event_kind)kind))
            sink.wanted |= (uint64_t)1 << kind;
    return sink;
}

/* ------------------------------------------------------------------ prefixes */

static void use_network(struct names6_service *service)
{
    const struct network *network = service->views->network->network;
    struct arena *arena = &service->arenas[service->arena_now ^= 1];
    struct range6_set set = { NULL, 0 };
    arena_reset(arena);
    if (range6_set_build(&service->config->dhcp, network, arena, &set) != STATUS_OK) {
        log_line(LOG_PART_DHCP, LOG_ERROR, "no memory for the prefixes of names");
        set = (struct range6_set){ NULL, 0 };
    }
    host_names6_set_network(service->names, network, &set);
}

void names6_service_network_changed(struct names6_service *service)
{
    if (!service->active)
        return;
    use_network(service);
    list_neighbours(service);
    plan_turn(service);
}

void names6_service_config_changed(struct names6_service *service, const struct config *config)
{
    service->config = config;
    if (!service->active)
        return;
    host_names6_set_site(service->names, &config->site, config->dhcp.fqdn);
    use_network(service);
    names6_service_names_changed(service);
}

void names6_service_names_changed(struct names6_service *service)
{
    if (service == NULL || !service->active)
        return;
    host_names6_names_changed(service->names);
    plan_turn(service);
}

/* ------------------------------------------------------------------ start and stop */

void names6_service_open(struct names6_service *service, struct startup *startup, uv_loop_t *loop,
                         const struct config *config, struct views *views, struct random *random,
                         struct lease_names *names, struct event_sink log,
                         const struct siphash_key *key)
{
    *service = (struct names6_service){ .loop = loop,
                                        .config = config,
                                        .views = views,
                                        .log = log,
                                        .echo = -1,
                                        .neighbours = -1,
                                        .active = true };
    struct host_names6_setup setup = {
        .namer = { &config->site, names, NULL, *key, &service->log, config->dhcp.fqdn, NULL },
        .configured_names = configured_names,
        .wake = wake,
        .context = service,
        .random = random,
        .leases_max = (uint32_t)(2 * (size_t)config->dhcp.leases_max + registrations(config)),
        .join_names = config->dhcp.join_names,
    };
    arena_init(&service->arenas[0], ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    arena_init(&service->arenas[1], ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    uv_timer_init(loop, &service->timer);
    if (host_names6_create(&setup, &service->names) != STATUS_OK)
        startup_fail(startup, EXIT_MEMORY, "no memory for the names of IPv6 hosts");
    if (icmp6_open(&service->echo) != STATUS_OK)
        startup_fail(startup, EXIT_NETWORK, "cannot create ICMPv6 socket: %s", strerror(errno));
    use_network(service);
}

void names6_service_start(struct names6_service *service)
{
    if (!service->active)
        return;
    int error = uv_poll_init(service->loop, &service->echo_poll, service->echo);
    service->hears = error == 0;
    if (service->hears)
        uv_poll_start(&service->echo_poll, UV_READABLE, on_echo);
    else
        log_line(LOG_PART_DHCP, LOG_ERROR,
                 "cannot hear echo replies, no IPv6 host gets a name by its address: %s",
                 uv_strerror(error));
    bool opened = neighbours_open(&service->neighbours) == STATUS_OK;
    if (opened
        && uv_poll_init(service->loop, &service->neighbours_poll, service->neighbours) == 0) {
        uv_poll_start(&service->neighbours_poll, UV_READABLE, on_neighbours);
        list_neighbours(service);
    } else {
        log_line(LOG_PART_DHCP, LOG_ERROR, "cannot hear of neighbours: %s", strerror(errno));
        if (opened)
            close(service->neighbours);
        service->neighbours = -1;
    }
    plan_turn(service);
}

void names6_service_report(const struct names6_service *service)
{
    if (!service->active)
        return;
    const struct host_names6_counters *counters = host_names6_counters(service->names);
    log_line(LOG_PART_MAIN, LOG_INFORM,
             "IPv6 names: confirmed %" PRIu64 ", joined %" PRIu64 ", withdrawn %" PRIu64
             ", echo requests %" PRIu64 ", replies %" PRIu64 ", unsent %" PRIu64
             ", no room %" PRIu64 ", pushed out %" PRIu64,
             counters->confirmed, counters->joined, counters->withdrawn, counters->probes,
             counters->replies, service->unsent, counters->no_room, counters->pushed_out);
}

void names6_service_stop(struct names6_service *service)
{
    if (!service->active)
        return;
    uv_close((uv_handle_t *)&service->timer, NULL);
    if (service->hears)
        uv_close((uv_handle_t *)&service->echo_poll, NULL);
    if (service->neighbours >= 0)
        uv_close((uv_handle_t *)&service->neighbours_poll, NULL);
    close(service->echo);
    if (service->neighbours >= 0)
        close(service->neighbours);
}

void names6_service_free(struct names6_service *service)
{
    if (!service->active)
        return;
    host_names6_free(service->names);
    arena_free(&service->arenas[0]);
    arena_free(&service->arenas[1]);
}

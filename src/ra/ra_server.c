#include "ra/ra_server.h"

#include <stdlib.h>

#include "ra/ra_advert.h"
#include "ra/ra_memory.h"

#define ARENA_CHUNK_BYTES ((size_t)16 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)64 * 1024 * 1024)

/* RFC 4861 section 10 */
#define INITIAL_COUNT        3
#define INITIAL_INTERVAL_MS  16000
#define ANSWER_DELAY_MS      500
#define BETWEEN_MULTICAST_MS 3000
#define HOP_LIMIT            255

/* When advertisements to all leave an interface. */
struct timing {
    mono_ms next;     /* MONO_NEVER: there is nothing to tell */
    mono_ms sent;     /* the last; 0: none yet */
    unsigned initial; /* more to come that follow each other fast */
};

/* An answer to one host. */
struct pending {
    uint32_t interface;
    struct address to;
    mono_ms at;
};

struct ra_server {
    struct ra_setup setup;
    struct arena arenas[2]; /* the links' and the one for the next */
    unsigned arena;         /* which is in use */
    struct ra_links links;
    struct timing *timings; /* one for each link */
    mono_ms read_at;        /* of the network: lifetimes of the links count from here */
    struct ra_memory memory;
    struct pending pending[RA_PENDING_MAX];
    size_t pending_count;
    bool started;
    struct ra_counters counters;
};

static const struct address all_nodes = { ADDRESS_IP6, { 0xff, 0x02, [15] = 1 } };

enum status ra_server_create(const struct ra_setup *setup, struct ra_server **server)
{
    struct ra_server *created = calloc(1, sizeof *created);
    if (created == NULL)
        return STATUS_NO_MEMORY;
    created->setup = *setup;
    for (size_t i = 0; i < COUNT_OF(created->arenas); i++)
        arena_init(&created->arenas[i], ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    *server = created;
    return STATUS_OK;
}

void ra_server_free(struct ra_server *server)
{
    if (server == NULL)
        return;
    for (size_t i = 0; i < COUNT_OF(server->arenas); i++)
        arena_free(&server->arenas[i]);
    ra_memory_free(&server->memory);
    free(server);
}

/* ------------------------------------------------------------------ telling */

static void tell(const struct ra_server *server, enum event_kind kind, const struct text_out *text)
{
    event_tell(server->setup.events, &(struct event){ .kind = kind, .text = text->start });
}

/* RTR-ADVERT(lan0) fd00:50:: */
static void tell_advert(const struct ra_server *server, const struct ra_link *link,
                        const struct ra_moment *moment)
{
    if (!event_wanted(server->setup.events, EVENT_DHCP_NOTE))
        return;
    for (size_t i = 0; i < moment->count; i++) {
        char line[128];
        struct text_out out = text_out_on(line, sizeof line);
        text_printf(&out, "RTR-ADVERT(%s) ", link->served);
        text_put_address(&out, &moment->prefixes[i].address);
        if (i >= link->prefix_count)
            text_put_string(&out, " old prefix");
        tell(server, EVENT_DHCP_NOTE, &out);
    }
}

static void tell_solicit(const struct ra_server *server, const struct ra_link *link,
                         const struct hardware *hardware)
{
    char line[128];
    struct text_out out = text_out_on(line, sizeof line);
    if (!event_wanted(server->setup.events, EVENT_DHCP_NOTE))
        return;
    text_printf(&out, "RTR-SOLICIT(%s) ", link->name);
    text_put_hardware(&out, hardware);
    tell(server, EVENT_DHCP_NOTE, &out);
}

static void tell_dropped(const struct ra_server *server, const struct ra_datagram *in,
                         const char *why)
{
    struct endpoint peer = { .address = in->from };
    event_tell(server->setup.events,
               &(struct event){ .kind = EVENT_DHCP_DROPPED, .text = why, .peer = &peer });
}

static bool is_constructed(const struct ra_links *links, const char *interface,
                           const struct prefix *prefix)
{
    for (size_t i = 0; i < links->count; i++) {
        const struct ra_link *link = &links->at[i];
        if (strcmp(link->name, interface) != 0)
            continue;
        for (size_t j = 0; j < link->prefix_count; j++)
            if (prefix_equal(&link->prefixes[j].prefix, prefix))
                return link->prefixes[j].constructed;
    }
    return false;
}

/* "router advertisement on fd00:50::, constructed for lan0" */
static void tell_prefix(void *context, const char *interface, const struct prefix *prefix,
                        bool gone)
{
    const struct ra_server *server = context;
    char line[128];
    struct text_out out = text_out_on(line, sizeof line);
    if (!gone && !is_constructed(&server->links, interface, prefix))
        return; /* what is spelled out was told at the start */
    text_put_string(&out, "router advertisement on ");
    text_put_address(&out, &prefix->address);
    text_printf(&out, gone ? ", old prefix for %s" : ", constructed for %s", interface);
    tell(server, EVENT_DHCP_DETAIL, &out);
}

/* ------------------------------------------------------------------ when */

static bool has_something(const struct ra_server *server, const struct ra_link *link, mono_ms now)
{
    struct icmp6_prefix one;
    return !address_is_none(&link->link_local)
           && (link->prefix_count > 0
               || ra_memory_gone(&server->memory, link->name, now, &one, 0, 1) > 0);
}

static mono_ms between(struct random *random, mono_ms from, mono_ms to)
{
    return from + random_below(random, (uint32_t)(to - from) + 1);
}

/* RFC 4861 section 6.2.4: the next one to all that nobody has asked for. */
static void schedule_next(const struct ra_server *server, const struct ra_link *link,
                          struct timing *timing, mono_ms now)
{
    mono_ms interval_ms = (mono_ms)link->interval_s * 1000;
    mono_ms delay = between(server->setup.random, interval_ms * 3 / 4, interval_ms);
    if (timing->initial > 0) {
        timing->initial--;
        if (delay > INITIAL_INTERVAL_MS)
            delay = INITIAL_INTERVAL_MS;
    }
    timing->next = now + delay;
}

/* One to all within half a second, but not so soon after the last (RFC 4861 section 6.2.6). */
static void schedule_soon(const struct ra_server *server, struct timing *timing, mono_ms now)
{
    mono_ms at = between(server->setup.random, now, now + ANSWER_DELAY_MS);
    if (timing->sent != 0 && at < timing->sent + BETWEEN_MULTICAST_MS)
        at = timing->sent + BETWEEN_MULTICAST_MS;
    timing->next = mono_earlier(timing->next, at);
}

/* ------------------------------------------------------------------ what there is */

static size_t link_index(const struct ra_links *links, uint32_t interface)
{
    size_t low = 0, high = links->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (links->at[middle].interface < interface)
            low = middle + 1;
        else
            high = middle;
    }
    return low < links->count && links->at[low].interface == interface ? low : SIZE_MAX;
}

/* Timing goes on where the same is told as before; what is new is told soon, and a few times. */
static void carry_over(const struct ra_server *server, const struct ra_links *links,
                       const struct timing *timings, size_t index, mono_ms now)
{
    const struct ra_link *link = &server->links.at[index];
    struct timing *timing = &server->timings[index];
    size_t before = link_index(links, link->interface);
    *timing = (struct timing){ .next = MONO_NEVER, .initial = INITIAL_COUNT };
    if (before != SIZE_MAX) {
        *timing = timings[before];
        if (ra_link_equal(link, &links->at[before]) && timing->next != MONO_NEVER)
            return;
        timing->initial = INITIAL_COUNT;
    }
    if (has_something(server, link, now))
        schedule_soon(server, timing, now);
    else
        timing->next = MONO_NEVER;
}

NODISCARD static enum status rebuild(struct ra_server *server, mono_ms now)
{
    const struct ra_setup *setup = &server->setup;
    struct ra_world world = { setup->dhcp, setup->ra, setup->site, setup->network };
    struct arena *arena = &server->arenas[server->arena ^ 1];
    struct ra_links links;
    arena_reset(arena);
    enum status status = ra_links_build(&world, arena, &links);
    if (status != STATUS_OK)
        return status;
    struct timing *timings = arena_take_array(arena, links.count, sizeof *timings);
    if (timings == NULL)
        return STATUS_NO_MEMORY;

    struct ra_links old_links = server->links;
    struct timing *old_timings = server->timings;
    server->arena ^= 1;
    server->links = links;
    server->timings = timings;
    server->read_at = setup->network->read_at;
    server->counters.prefixes_left_out = links.left_out;
    ra_memory_update(&server->memory, &links, server->read_at, now, tell_prefix, server);
    server->counters.prefixes_not_remembered = server->memory.left_out;
    for (size_t i = 0; i < links.count; i++)
        carry_over(server, &old_links, old_timings, i, now);
    return STATUS_OK;
}

enum status ra_server_load(struct ra_server *server, const struct ra_state_line *line,
                           struct instant now)
{
    return ra_memory_load(&server->memory, line, now);
}

enum status ra_server_start(struct ra_server *server, struct instant now)
{
    server->started = true;
    return rebuild(server, now.mono);
}

enum status ra_server_set_network(struct ra_server *server, const struct network *network,
                                  struct instant now)
{
    server->setup.network = network;
    return server->started ? rebuild(server, now.mono) : STATUS_OK;
}

void ra_server_set_rules(struct ra_server *server, const struct ra_config *ra,
                         const struct site *site)
{
    server->setup.ra = ra;
    server->setup.site = site;
}

enum status ra_server_set_config(struct ra_server *server, const struct dhcp_config *dhcp,
                                 struct instant now)
{
    server->setup.dhcp = dhcp;
    enum status status = server->started ? rebuild(server, now.mono) : STATUS_OK;
    if (status != STATUS_OK)
        server->links = (struct ra_links){ 0 }; /* they point into the ones before */
    return status;
}

/* ------------------------------------------------------------------ sending */

/* What is left of a lifetime. The links may be built anew long after the network was read. */
static uint32_t left_of(uint32_t lifetime_s, mono_ms read_at, mono_ms now)
{
    uint64_t passed_s = now > read_at ? (now - read_at) / 1000 : 0;
    if (lifetime_s == UINT32_MAX)
        return lifetime_s;
    return lifetime_s > passed_s ? (uint32_t)(lifetime_s - passed_s) : 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static struct icmp6_prefix prefix_now(const struct ra_server *server,
                                      const struct ra_prefix *prefix, mono_ms now)
{
    mono_ms read_at = server->read_at;
    uint32_t valid_s = smaller(left_of(prefix->valid_s, read_at, now), prefix->cap_s);
    uint32_t preferred_s = smaller(left_of(prefix->preferred_s, read_at, now), prefix->cap_s);
    return (struct icmp6_prefix){
        .address = prefix->router ? prefix->own : prefix->prefix.address,
        .length = prefix->prefix.length,
        .on_link = prefix->on_link,
        .autonomous = prefix->autonomous,
        .router = prefix->router,
        .valid_s = valid_s,
        .preferred_s = prefix->deprecated ? 0 : smaller(preferred_s, valid_s),
    };
}

/* What is told of DNS holds as long as anything does. */
static uint32_t dns_lifetime(const struct icmp6_prefix *prefixes, size_t count)
{
    uint32_t longest = 0;
    for (size_t i = 0; i < count; i++)
        longest = prefixes[i].valid_s > longest ? prefixes[i].valid_s : longest;
    return longest;
}

static struct bytes_writer next_message(struct ra_outbox *out)
{
    if (out->count == RA_OUTBOX_ACTIONS)
        out->flush(out->context, out);
    return bytes_writer_on(out->buffers[out->count], sizeof out->buffers[0]);
}

static void send_advert(struct ra_server *server, const struct ra_link *link,
                        const struct address *to, mono_ms now, struct ra_outbox *out)
{
    struct icmp6_prefix prefixes[2 * RA_LINK_PREFIXES_MAX];
    size_t count = link->prefix_count;
    if (address_is_none(&link->link_local))
        return;
    for (size_t i = 0; i < count; i++)
        prefixes[i] = prefix_now(server, &link->prefixes[i], now);
    count = ra_memory_gone(&server->memory, link->name, now, prefixes, count, COUNT_OF(prefixes));
    struct ra_moment moment = {
        .prefixes = prefixes,
        .count = count,
        .is_router = link->prefix_count > 0,
        .dns_lifetime_s = dns_lifetime(prefixes, count),
    };
    for (size_t next = 0; next < count;) {
        struct bytes_writer writer = next_message(out);
        ra_advert_write(link, server->setup.ra, &moment, &next, &writer);
        out->actions[out->count++] = (struct ra_action){
            .bytes = bytes_writer_written(&writer),
            .to = *to,
            .from = link->link_local,
            .interface = link->interface,
        };
        server->counters.adverts++;
    }
    tell_advert(server, link, &moment);
}

static void send_to_all(struct ra_server *server, size_t index, mono_ms now, struct ra_outbox *out)
{
    const struct ra_link *link = &server->links.at[index];
    struct timing *timing = &server->timings[index];
    if (!has_something(server, link, now)) {
        timing->next = MONO_NEVER;
        return;
    }
    send_advert(server, link, &all_nodes, now, out);
    timing->sent = now;
    schedule_next(server, link, timing, now);
}

static void send_pending(struct ra_server *server, mono_ms now, struct ra_outbox *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < server->pending_count; i++) {
        struct pending *pending = &server->pending[i];
        if (pending->at > now) {
            server->pending[kept++] = *pending;
            continue;
        }
        size_t index = link_index(&server->links, pending->interface);
        if (index != SIZE_MAX)
            send_advert(server, &server->links.at[index], &pending->to, now, out);
    }
    server->pending_count = kept;
}

void ra_server_tick(struct ra_server *server, struct instant now, struct ra_outbox *out)
{
    if (ra_memory_deadline(&server->memory) <= now.mono)
        ra_memory_expire(&server->memory, now.mono);
    send_pending(server, now.mono, out);
    for (size_t i = 0; i < server->links.count; i++)
        if (server->timings[i].next <= now.mono)
            send_to_all(server, i, now.mono, out);
}

mono_ms ra_server_deadline(const struct ra_server *server)
{
    mono_ms deadline = ra_memory_deadline(&server->memory);
    for (size_t i = 0; i < server->pending_count; i++)
        deadline = mono_earlier(deadline, server->pending[i].at);
    for (size_t i = 0; i < server->links.count; i++)
        deadline = mono_earlier(deadline, server->timings[i].next);
    return deadline;
}

/* ------------------------------------------------------------------ being asked */

/* Its link-local address, or one of a prefix that is on the link. */
static bool is_neighbor(const struct ra_server *server, const struct ra_link *link,
                        const struct ra_datagram *in)
{
    if (address_is_any(&in->from) || address_is_link_local(&in->from)
        || network_on_link(server->setup.network, in->interface, &in->from) != NULL)
        return true;
    for (size_t i = 0; i < link->prefix_count; i++)
        if (prefix_contains(&link->prefixes[i].prefix, &in->from))
            return true;
    return false;
}

/* One host is told alone, the others need not hear it again; who has no address hears it with all.
 * Either waits a little, so that routers do not answer at the same moment. */
static void schedule_answer(struct ra_server *server, size_t index, const struct address *to,
                            mono_ms now)
{
    uint32_t interface = server->links.at[index].interface;
    for (size_t i = 0; i < server->pending_count; i++)
        if (server->pending[i].interface == interface && address_equal(&server->pending[i].to, to))
            return;
    bool full = server->pending_count == RA_PENDING_MAX;
    if (full)
        server->counters.pending_full++;
    if (full || address_is_any(to)) {
        schedule_soon(server, &server->timings[index], now);
        return;
    }
    server->pending[server->pending_count++] = (struct pending){
        .interface = interface,
        .to = *to,
        .at = between(server->setup.random, now, now + ANSWER_DELAY_MS),
    };
}

void ra_server_message(struct ra_server *server, const struct ra_datagram *in, struct instant now,
                       struct ra_outbox *out)
{
    (void)out; /* answers wait for their moment */
    struct icmp6_solicit solicit;
    size_t index = link_index(&server->links, in->interface);
    if (index == SIZE_MAX) {
        server->counters.dropped_not_admitted++;
        return;
    }
    /* Whatever has passed a router has another hop limit. */
    if (in->hop_limit != HOP_LIMIT
        || icmp6_solicit_read(in->message, &in->from, &solicit) != STATUS_OK) {
        server->counters.dropped_malformed++;
        tell_dropped(server, in, "malformed router solicitation");
        return;
    }
    if (address_is_multicast(&in->from) || !is_neighbor(server, &server->links.at[index], in)) {
        server->counters.dropped_not_on_link++;
        tell_dropped(server, in, "router solicitation of another network");
        return;
    }
    server->counters.solicits++;
    tell_solicit(server, &server->links.at[index], &solicit.source);
    if (has_something(server, &server->links.at[index], now.mono))
        schedule_answer(server, index, &in->from, now.mono);
}

void ra_server_message_cut(struct ra_server *server)
{
    server->counters.dropped_malformed++;
}

/* ------------------------------------------------------------------ what others want to know */

const struct ra_links *ra_server_links(const struct ra_server *server)
{
    return &server->links;
}

bool ra_server_take_changed(struct ra_server *server)
{
    bool changed = server->memory.changed;
    server->memory.changed = false;
    return changed;
}

size_t ra_server_state_bytes(const struct ra_server *server)
{
    return server->memory.count * RA_STATE_LINE_MAX + 1;
}

void ra_server_put_state(const struct ra_server *server, struct instant now, struct text_out *out)
{
    ra_memory_put(&server->memory, now, out);
}

const struct ra_counters *ra_server_counters(const struct ra_server *server)
{
    return &server->counters;
}

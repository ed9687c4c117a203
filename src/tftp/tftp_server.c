#include "tftp/tftp_server.h"

#include <stdlib.h>
#include <string.h>

#include "base/hashmap.h"
#include "base/list.h"
#include "base/pool.h"
#include "base/timer_heap.h"
#include "tftp/tftp_allowance.h"
#include "tftp/tftp_lines.h"
#include "tftp/tftp_transfer.h"

#define OVERHEAD_IP4  32 /* of a packet: IP, UDP and TFTP headers (RFC 2348) */
#define OVERHEAD_IP6  52
#define BLOCK_LEAST   8    /* RFC 2348 */
#define SILENT_MS     3000 /* after which a transfer gives way to a new one */
#define BUSY_MS       1000 /* so long it is left alone by other requests from its client's port */
#define STRANGERS_MAX 8    /* told about their wrong port, in one transfer */
/* tftp-single-port: whoever knows a client's port can ask and acknowledge in its name, and what
 * floods a victim then are our blocks. So windows are small, and so is what one address gets. */
#define SINGLE_WINDOW_MAX   4
#define SINGLE_BYTES_SECOND (4 * 1024 * 1024)
#define SINGLE_PLACES       64   /* addresses share them */
#define SITE_SLOTS          1024 /* by a keyed hash: what one holds is at least what a site has */
#define GREEDY_COUNTED      32   /* sites counted exactly in the search for who has most */
#define EVENT_TEXT_MAX      (TFTP_PATH_MAX + 256)

struct transfer {
    struct tftp_transfer core;
    struct endpoint peer;
    struct address local;
    uint32_t interface;
    uint32_t listener;
    uint64_t request;  /* hash of it */
    bool lost;         /* without a socket */
    bool waits;        /* for its address to be allowed more bytes */
    uint8_t strangers; /* packets from a wrong port; counts no further than STRANGERS_MAX */
    struct timer timer;
    struct list node; /* of `active` */
    uint16_t site;    /* slot of its address's */
    char path[TFTP_PATH_MAX];
};

struct tftp_server {
    struct tftp_setup setup;
    struct pool pool;
    struct hashmap by_peer;
    struct timer_heap timers;
    struct list active; /* who has been silent longest is first */
    struct tftp_counters counters;
    bool full;   /* and said so */
    mono_ms now; /* of the call */
    struct tftp_lines lines;
    struct tftp_allowance single[SINGLE_PLACES];
    uint32_t held[SITE_SLOTS]; /* transfers under way */
};

enum status tftp_server_create(const struct tftp_setup *setup, struct tftp_server **server)
{
    struct tftp_server *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    made->setup = *setup;
    tftp_lines_init(&made->lines);
    for (size_t i = 0; i < SINGLE_PLACES; i++)
        made->single[i].left = SINGLE_BYTES_SECOND;
    list_init(&made->active);
    if (pool_init(&made->pool, sizeof(struct transfer), setup->transfers_max) != STATUS_OK
        || hashmap_init(&made->by_peer, setup->transfers_max) != STATUS_OK
        || timer_heap_init(&made->timers, setup->transfers_max) != STATUS_OK) {
        tftp_server_free(made);
        return STATUS_NO_MEMORY;
    }
    *server = made;
    return STATUS_OK;
}

void tftp_server_set_config(struct tftp_server *server, const struct tftp_config *config)
{
    server->setup.config = config;
}

void tftp_server_free(struct tftp_server *server)
{
    if (server == NULL)
        return;
    LIST_EACH(node, &server->active)
    {
        struct transfer *transfer = CONTAINER_OF(node, struct transfer, node);
        server->setup.files->close(server->setup.files->context, transfer->core.file);
    }
    timer_heap_free(&server->timers);
    hashmap_free(&server->by_peer);
    pool_free(&server->pool);
    free(server);
}

/* ------------------------------------------------------------------ telling */

/* One more line that strangers can cause? held: as tftp_lines_take. */
static bool may_tell(struct tftp_server *server, enum tftp_event_kind kind, uint64_t *held)
{
    bool may = tftp_lines_take(&server->lines, kind, server->now, held);
    server->counters.left_out += !may;
    return may;
}

static void tell_left_out(struct tftp_server *server)
{
    char text[64];
    struct text_out out = text_out_on(text, sizeof text);
    struct tftp_event event = { .kind = TFTP_EVENT_LEFT_OUT, .text = text };
    if (server->lines.left_out == 0)
        return;
    text_put_u64(&out, server->lines.left_out);
    text_put_string(&out, " more lines left out");
    server->lines.left_out = 0;
    server->setup.on_event(server->setup.context, &event);
}

static void tell(struct tftp_server *server, enum tftp_event_kind kind,
                 const struct endpoint *client, const char *text)
{
    char line[EVENT_TEXT_MAX + 32];
    uint64_t held;
    if (!may_tell(server, kind, &held))
        return;
    if (kind >= TFTP_EVENT_BAD_COUNT)
        tell_left_out(server);
    struct text_out out = text_out_on(line, sizeof line);
    text_put_string(&out, text);
    if (held > 0)
        text_printf(&out, " (and %ju more)", (uintmax_t)held);
    struct tftp_event event = { .kind = kind, .text = line, .client = &client->address };
    server->setup.on_event(server->setup.context, &event);
}

static void put_path(struct text_out *out, const char *path)
{
    tftp_path_put_printable(out, text_of(path));
}

/* "failed sending P to A", "sent P to A". */
static void tell_end(struct tftp_server *server, const struct transfer *transfer,
                     enum tftp_event_kind kind)
{
    char text[EVENT_TEXT_MAX];
    uint64_t held;
    if (kind != TFTP_EVENT_SENT && !may_tell(server, kind, &held))
        return;
    tell_left_out(server);
    struct text_out out = text_out_on(text, sizeof text);
    text_put_string(&out, kind == TFTP_EVENT_SENT ? "sent " : "failed sending ");
    put_path(&out, transfer->path);
    text_put_string(&out, " to ");
    text_put_address(&out, &transfer->peer.address);
    struct tftp_event event = {
        .kind = kind,
        .text = text,
        .client = &transfer->peer.address,
        .path = transfer->path,
        .bytes = transfer->core.file->bytes,
    };
    server->setup.on_event(server->setup.context, &event);
}

static void send_error_from(struct tftp_outbox *outbox, const struct tftp_datagram *datagram,
                            uint32_t transfer, enum tftp_error error, const char *text)
{
    struct tftp_action action = {
        .kind = TFTP_ACTION_SEND,
        .transfer = transfer,
        .listener = datagram->listener,
        .interface = datagram->interface,
        .local = datagram->local,
        .to = datagram->from,
    };
    struct bytes_writer writer = tftp_outbox_writer(outbox, TFTP_REASON_MAX + TFTP_HEADER_BYTES);
    tftp_write_error(&writer, error, text_part(text_of(text), 0, TFTP_REASON_MAX - 1));
    action.datagram_bytes = bytes_writer_count(&writer);
    tftp_outbox_add(outbox, &action, &writer);
}

/* What is wrong with a request: to its client and to the log, in the same words. */
static void refuse(struct tftp_server *server, const struct tftp_datagram *datagram,
                   struct tftp_outbox *outbox, enum tftp_event_kind kind, enum tftp_error error,
                   const char *text)
{
    send_error_from(outbox, datagram, TFTP_NO_TRANSFER, error, text);
    tell(server, kind, &datagram->from, text);
}

/* ------------------------------------------------------------------ transfers come and go */

static bool has_peer(const void *value, const void *key)
{
    const struct transfer *transfer = value;
    return endpoint_equal(&transfer->peer, key);
}

static uint64_t hash_of(const struct tftp_server *server, const struct endpoint *peer)
{
    uint8_t bytes[24];
    struct bytes_writer writer = bytes_writer_on(bytes, sizeof bytes);
    bytes_write_u8(&writer, peer->address.family);
    bytes_write_copy(&writer, peer->address.bytes, sizeof peer->address.bytes);
    bytes_write_u16(&writer, peer->port);
    bytes_write_u32(&writer, peer->scope);
    return siphash13(&server->setup.key, bytes, bytes_writer_count(&writer));
}

static uint64_t hash_of_request(const struct tftp_server *server,
                                const struct tftp_datagram *datagram)
{
    return siphash13(&server->setup.key, datagram->message.at, datagram->message.count);
}

static struct transfer *find_peer(const struct tftp_server *server, const struct endpoint *peer)
{
    return hashmap_find(&server->by_peer, hash_of(server, peer), has_peer, peer);
}

static bool is_active(const struct tftp_server *server, uint32_t index)
{
    if (index >= server->pool.touched)
        return false;
    const struct transfer *transfer = pool_at(&server->pool, index);
    return transfer->core.file != NULL;
}

static struct tftp_action action_of(const struct tftp_server *server,
                                    const struct transfer *transfer, enum tftp_action_kind kind)
{
    bool is_single = server->setup.config->single_port;
    return (struct tftp_action){
        .kind = kind,
        .transfer = is_single ? TFTP_NO_TRANSFER : pool_index(&server->pool, transfer),
        .listener = transfer->listener,
        .interface = transfer->interface,
        .local = transfer->local,
        .to = transfer->peer,
    };
}

static void end(struct tftp_server *server, struct transfer *transfer, enum tftp_event_kind kind,
                struct tftp_outbox *outbox)
{
    struct tftp_counters *counters = &server->counters;
    if (kind == TFTP_EVENT_SENT) {
        counters->sent++;
        counters->sent_bytes += transfer->core.file->bytes;
    } else {
        counters->failed++;
    }
    if (!transfer->lost)
        tell_end(server, transfer, kind);
    if (!server->setup.config->single_port && !transfer->lost) {
        struct tftp_action action = action_of(server, transfer, TFTP_ACTION_CLOSE);
        tftp_outbox_add(outbox, &action, NULL);
    }
    server->setup.files->close(server->setup.files->context, transfer->core.file);
    transfer->core.file = NULL;
    timer_heap_cancel(&server->timers, &transfer->timer);
    hashmap_remove(&server->by_peer, hash_of(server, &transfer->peer), transfer);
    list_remove(&transfer->node);
    server->held[transfer->site]--;
    pool_give(&server->pool, transfer);
    server->full = false;
}

/* Timers move on lazily: one that is early looks again and is set anew. */
static void set_timer(struct tftp_server *server, struct transfer *transfer)
{
    if (transfer->timer.place != TIMER_IDLE && transfer->timer.deadline <= transfer->core.due)
        return;
    enum status status = timer_heap_set(&server->timers, &transfer->timer, transfer->core.due);
    assert(status == STATUS_OK); /* it has a place for each */
}

/* tftp-single-port: may so many bytes go out now? Else the timer sends them. */
static bool may_send(struct tftp_server *server, struct transfer *transfer, size_t bytes)
{
    const struct address *address = &transfer->peer.address;
    uint64_t hash = siphash13(&server->setup.key, address->bytes, sizeof address->bytes);
    mono_ms wait = tftp_allowance_take(&server->single[hash % SINGLE_PLACES], bytes,
                                       SINGLE_BYTES_SECOND, SINGLE_BYTES_SECOND, server->now);
    if (wait == 0 && transfer->waits)
        transfer->core.due = server->now + transfer->core.interval_ms;
    transfer->waits = wait > 0;
    if (wait == 0)
        return true;
    transfer->core.due = server->now + wait;
    set_timer(server, transfer);
    return false;
}

static void send(struct tftp_server *server, struct transfer *transfer, struct tftp_outbox *outbox)
{
    struct tftp_action action = action_of(server, transfer, TFTP_ACTION_SEND);
    size_t most = tftp_transfer_send_most(&transfer->core);
    if (server->setup.config->single_port && !may_send(server, transfer, most))
        return;
    struct bytes_writer writer = tftp_outbox_writer(outbox, most);
    if (transfer->lost) /* the writer may have flushed */
        return;
    if (!tftp_transfer_send(&transfer->core, server->setup.files, &writer,
                            &action.datagram_bytes)) {
        struct tftp_datagram back = {
            .from = transfer->peer,
            .local = transfer->local,
            .interface = transfer->interface,
            .listener = transfer->listener,
        };
        send_error_from(outbox, &back, action.transfer, TFTP_ERROR_OTHER, "the file has changed");
        end(server, transfer, TFTP_EVENT_FAILED, outbox);
        return;
    }
    tftp_outbox_add(outbox, &action, &writer);
    set_timer(server, transfer);
}

static uint16_t site_slot(const struct tftp_server *server, const struct address *address)
{
    struct address site = address_site(address);
    return (uint16_t)(siphash13(&server->setup.key, &site, sizeof site) % SITE_SLOTS);
}

/* same: address_equal or address_same_site. */
static uint32_t count_held(const struct tftp_server *server, const struct address *address,
                           bool (*same)(const struct address *a, const struct address *b))
{
    uint32_t count = 0;
    LIST_EACH(node, (struct list *)(uintptr_t)&server->active)
    count += same(&CONTAINER_OF(node, struct transfer, node)->peer.address, address);
    return count;
}

/* The last quarter of the places is for those who have not half of them already. */
static bool has_its_share(const struct tftp_server *server, const struct address *client)
{
    const struct pool *pool = &server->pool;
    uint32_t share = pool->capacity / 2;
    return pool->capacity - pool->used <= pool->capacity / 4
           && server->held[site_slot(server, client)] > share
           && count_held(server, client, address_equal) > share;
}

/* Who agreed on more time between two tries has more time to be silent. */
static bool is_silent(const struct transfer *transfer, mono_ms now)
{
    uint32_t time = 2 * transfer->core.interval_ms;
    return now - transfer->core.progress_at >= (time > SILENT_MS ? time : SILENT_MS);
}

/* The one that has been silent longest; of this client only, unless it is NULL. */
static struct transfer *find_silent(const struct tftp_server *server, const struct address *client,
                                    mono_ms now)
{
    LIST_EACH(node, (struct list *)(uintptr_t)&server->active)
    {
        struct transfer *transfer = CONTAINER_OF(node, struct transfer, node);
        if (now - transfer->core.progress_at < SILENT_MS)
            break;
        if (is_silent(transfer, now)
            && (client == NULL || address_equal(&transfer->peer.address, client)))
            return transfer;
    }
    return NULL;
}

/* When all are busy: of the site that has most, and clearly more than this client's (with one more
 * they would only take turns), the transfer that has got on least lately. */
static struct transfer *find_greedy(const struct tftp_server *server, const struct address *client)
{
    uint32_t most = count_held(server, client, address_same_site) + 1;
    unsigned counted = 0;
    struct transfer *found = NULL;
    LIST_EACH(node, (struct list *)(uintptr_t)&server->active)
    {
        struct transfer *transfer = CONTAINER_OF(node, struct transfer, node);
        if (server->held[transfer->site] <= most)
            continue;
        uint32_t held = count_held(server, &transfer->peer.address, address_same_site);
        if (held > most) {
            most = held;
            found = transfer;
        }
        if (++counted == GREEDY_COUNTED)
            break;
    }
    return found;
}

/* Makes a place, from whoever has been silent longest if need be, or from whoever has most; for a
 * client that has its share, from one of its own. */
static bool make_place(struct tftp_server *server, const struct tftp_datagram *datagram,
                       mono_ms now, struct tftp_outbox *outbox)
{
    const struct address *client = &datagram->from.address;
    bool is_over = has_its_share(server, client);
    if (!is_over && server->pool.used < server->pool.capacity)
        return true;
    struct transfer *giver = find_silent(server, is_over ? client : NULL, now);
    if (giver == NULL && !is_over)
        giver = find_greedy(server, client);
    if (giver != NULL) {
        server->counters.evicted++;
        end(server, giver, TFTP_EVENT_FAILED, outbox);
        return true;
    }
    server->counters.over_share += is_over;
    server->counters.dropped++;
    if (!server->full)
        tell(server, TFTP_EVENT_FULL, &datagram->from,
             "maximum number of concurrent TFTP transfers reached");
    server->full = true;
    return false;
}

/* ------------------------------------------------------------------ requests */

static uint32_t block_most(const struct tftp_server *server, const struct tftp_datagram *datagram)
{
    const struct tftp_config *config = server->setup.config;
    uint32_t overhead = datagram->from.address.family == ADDRESS_IP6 ? OVERHEAD_IP6 : OVERHEAD_IP4;
    uint32_t mtu = datagram->mtu;
    if (config->no_blocksize)
        return 0;
    if (config->mtu != 0 && (mtu == 0 || config->mtu < mtu))
        mtu = config->mtu;
    if (mtu == 0)
        return TFTP_BLOCK_DEFAULT;
    return mtu > overhead + BLOCK_LEAST ? mtu - overhead : BLOCK_LEAST;
}

/* tftp-unique-root: the client's own folder if there is one, else "". */
static void find_client_folder(const struct tftp_server *server,
                               const struct tftp_datagram *datagram, const char *root,
                               char folder[TFTP_CLIENT_FOLDER_MAX])
{
    const struct tftp_setup *setup = &server->setup;
    struct hardware hardware = { .count = 0 };
    struct tftp_path path;
    folder[0] = '\0';
    if (setup->config->unique_root == TFTP_UNIQUE_NONE)
        return;
    bool by_hardware = setup->config->unique_root == TFTP_UNIQUE_HARDWARE;
    if (by_hardware
        && (setup->hardware_of == NULL
            || !setup->hardware_of(setup->context, &datagram->from.address, &hardware)
            || hardware.count == 0))
        return;
    tftp_path_client_folder(&datagram->from.address, by_hardware ? &hardware : NULL, folder);
    if (tftp_path_make(setup->config, root, "", text_of(folder), &path) != STATUS_OK
        || !setup->files->is_folder(setup->files->context, &path))
        folder[0] = '\0';
}

/* As open of tftp_files; STATUS_MALFORMED, STATUS_NO_SPACE: a name that leads up, one too long. */
static enum status open_in(const struct tftp_server *server, const struct tftp_datagram *datagram,
                           const char *root, struct text name, struct tftp_path *path,
                           struct tftp_file **file, const char **why)
{
    const struct tftp_setup *setup = &server->setup;
    char client_folder[TFTP_CLIENT_FOLDER_MAX];
    find_client_folder(server, datagram, root, client_folder);
    enum status status = tftp_path_make(setup->config, root, client_folder, name, path);
    *why = "File name too long";
    if (status == STATUS_DENIED)
        return STATUS_MALFORMED;
    if (status != STATUS_OK)
        return STATUS_NO_SPACE;
    return setup->files->open(setup->files->context, path, file, why);
}

/* In tftp-root, then in netboot's folder, which is the only one where there is no other. Whatever
 * is in the way in the first may be another thing in the second; a name that leads up is refused in
 * both. */
static enum status open_file(const struct tftp_server *server, const struct tftp_datagram *datagram,
                             struct text name, struct tftp_path *path, struct tftp_file **file,
                             const char **why)
{
    const struct tftp_config *config = server->setup.config;
    const char *root = tftp_path_root(config, datagram->interface_name);
    if (config->second_root != NULL && root[0] == '\0')
        return open_in(server, datagram, config->second_root, name, path, file, why);
    enum status status = open_in(server, datagram, root, name, path, file, why);
    if (status == STATUS_OK || config->second_root == NULL)
        return status;
    struct tftp_path second;
    const char *second_why;
    if (open_in(server, datagram, config->second_root, name, &second, file, &second_why)
        != STATUS_OK)
        return status;
    *path = second;
    return STATUS_OK;
}

static void refuse_file(struct tftp_server *server, const struct tftp_datagram *datagram,
                        struct tftp_outbox *outbox, enum status status, const char *path,
                        const char *why)
{
    char text[EVENT_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    if (status == STATUS_NOT_FOUND) {
        text_put_string(&out, "file ");
        put_path(&out, path);
        text_put_string(&out, " not found for ");
        text_put_address(&out, &datagram->from.address);
        server->counters.not_found++;
        refuse(server, datagram, outbox, TFTP_EVENT_NOT_FOUND, TFTP_ERROR_NOT_FOUND, text);
        return;
    }
    bool is_denied = status == STATUS_DENIED || status == STATUS_MALFORMED;
    bool is_bad = status == STATUS_NO_SPACE || status == STATUS_MALFORMED;
    text_put_string(&out, is_denied ? "cannot access " : "cannot read ");
    put_path(&out, path);
    text_put_string(&out, ": ");
    text_put_string(&out, is_denied ? "Permission denied" : why);
    server->counters.refused++;
    refuse(server, datagram, outbox, is_bad ? TFTP_EVENT_BAD_NAME : TFTP_EVENT_REFUSED,
           is_denied ? TFTP_ERROR_DENIED : TFTP_ERROR_OTHER, text);
}

static struct transfer *add_transfer(struct tftp_server *server,
                                     const struct tftp_datagram *datagram,
                                     const struct tftp_packet *packet, struct tftp_file *file,
                                     mono_ms now)
{
    struct transfer *transfer = pool_take(&server->pool);
    assert(transfer != NULL); /* make_place has seen to it */
    tftp_transfer_init(&transfer->core, file, &packet->options, packet->mode == TFTP_MODE_NETASCII,
                       block_most(server, datagram),
                       server->setup.config->single_port ? SINGLE_WINDOW_MAX : TFTP_WINDOW_MAX,
                       now);
    transfer->peer = datagram->from;
    transfer->local = datagram->local;
    transfer->interface = datagram->interface;
    transfer->listener = datagram->listener;
    transfer->request = hash_of_request(server, datagram);
    transfer->lost = transfer->waits = false;
    transfer->strangers = 0;
    transfer->site = site_slot(server, &transfer->peer.address);
    server->held[transfer->site]++;
    timer_init(&transfer->timer);
    list_push_back(&server->active, &transfer->node);
    enum status status =
        hashmap_insert(&server->by_peer, hash_of(server, &transfer->peer), transfer);
    assert(status == STATUS_OK); /* it has a place for each */
    return transfer;
}

/* known: what the client's port has under way, and gives up when the new file can be had. */
static void start(struct tftp_server *server, const struct tftp_datagram *datagram,
                  const struct tftp_packet *packet, struct transfer *known, mono_ms now,
                  struct tftp_outbox *outbox)
{
    struct tftp_path path;
    struct tftp_file *file;
    const char *why = "";
    enum status status = open_file(server, datagram, packet->name, &path, &file, &why);
    if (status != STATUS_OK) {
        refuse_file(server, datagram, outbox, status, path.whole, why);
        return;
    }
    if (known != NULL)
        end(server, known, TFTP_EVENT_FAILED, outbox);
    if (!make_place(server, datagram, now, outbox)) {
        server->setup.files->close(server->setup.files->context, file);
        return;
    }
    struct transfer *transfer = add_transfer(server, datagram, packet, file, now);
    struct text_out out = text_out_on(transfer->path, sizeof transfer->path);
    text_put_string(&out, path.whole);
    if (!server->setup.config->single_port) {
        struct tftp_action action = action_of(server, transfer, TFTP_ACTION_OPEN);
        tftp_outbox_add(outbox, &action, NULL);
    }
    send(server, transfer, outbox);
}

/* A read request from where one came before, with a transfer still under way: is there no other to
 * be begun? Who says it again because the answer was late or lost keeps the transfer, whose port it
 * may know already. One whose blocks are all sent may have got them and begins anew. Another
 * request is believed only when the transfer stands still, or anybody could end it in its client's
 * name. */
static bool keeps_transfer(struct tftp_server *server, const struct tftp_datagram *datagram,
                           struct transfer *known, mono_ms now, struct tftp_outbox *outbox)
{
    struct tftp_transfer *core = &known->core;
    mono_ms quiet = now - core->progress_at;
    bool is_new = tftp_transfer_is_new(core);
    if (known->lost)
        return false;
    if (known->request != hash_of_request(server, datagram))
        return !is_new && quiet < BUSY_MS;
    if (quiet >= SILENT_MS)
        return false;
    if (is_new) {
        core->next = core->first;
        send(server, known, outbox);
    }
    return is_new || !tftp_transfer_is_all_sent(core);
}

static void take_read(struct tftp_server *server, const struct tftp_datagram *datagram,
                      const struct tftp_packet *packet, mono_ms now, struct tftp_outbox *outbox)
{
    struct transfer *known = find_peer(server, &datagram->from);
    if (known == NULL || !keeps_transfer(server, datagram, known, now, outbox))
        start(server, datagram, packet, known, now, outbox);
}

/* To anything that is not a read request; but errors are not answered with errors, or two servers
 * could keep each other busy for ever. */
static void take_strange(struct tftp_server *server, const struct tftp_datagram *datagram,
                         const struct tftp_packet *packet, struct tftp_outbox *outbox)
{
    char text[ADDRESS_TEXT_MAX + 64];
    struct text_out out = text_out_on(text, sizeof text);
    server->counters.unsupported++;
    if (packet->opcode == TFTP_ERROR || datagram->message.count < 2)
        return;
    bool is_write = packet->opcode == TFTP_WRITE;
    text_put_string(&out,
                    is_write ? "unsupported write request from " : "unsupported request from ");
    text_put_address(&out, &datagram->from.address);
    refuse(server, datagram, outbox, is_write ? TFTP_EVENT_WRITE : TFTP_EVENT_UNSUPPORTED,
           TFTP_ERROR_ILLEGAL, text);
}

/* ------------------------------------------------------------------ within a transfer */

static void take_client_error(struct tftp_server *server, struct transfer *transfer,
                              const struct tftp_packet *packet, struct tftp_outbox *outbox)
{
    char text[EVENT_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    text_printf(&out, "error %u ", packet->error);
    tftp_path_put_printable(&out, text_part(packet->reason, 0, TFTP_REASON_MAX));
    text_put_string(&out, " received from ");
    text_put_address(&out, &transfer->peer.address);
    unsigned kind = TFTP_EVENT_CLIENT_ERROR + packet->error;
    tell(server, kind < TFTP_EVENT_CLIENT_LAST ? kind : TFTP_EVENT_CLIENT_LAST, &transfer->peer,
         text);
    end(server, transfer, TFTP_EVENT_FAILED, outbox);
}

static void take_ack(struct tftp_server *server, struct transfer *transfer, uint16_t block,
                     mono_ms now, struct tftp_outbox *outbox)
{
    mono_ms before = transfer->core.progress_at;
    enum tftp_says says = tftp_transfer_ack(&transfer->core, server->setup.files, block, now);
    if (transfer->core.progress_at != before) {
        list_remove(&transfer->node);
        list_push_back(&server->active, &transfer->node);
    }
    if (says == TFTP_SAYS_SEND)
        send(server, transfer, outbox);
    else if (says == TFTP_SAYS_DONE)
        end(server, transfer, TFTP_EVENT_SENT, outbox);
}

static void take_message(struct tftp_server *server, struct transfer *transfer,
                         const struct tftp_packet *packet, enum status status, mono_ms now,
                         struct tftp_outbox *outbox)
{
    if (status == STATUS_OK && packet->opcode == TFTP_ACK)
        take_ack(server, transfer, packet->block, now, outbox);
    else if (status == STATUS_OK && packet->opcode == TFTP_ERROR)
        take_client_error(server, transfer, packet, outbox);
    else
        server->counters.malformed++;
}

void tftp_server_message(struct tftp_server *server, uint32_t index,
                         const struct tftp_datagram *datagram, mono_ms now,
                         struct tftp_outbox *outbox)
{
    struct tftp_packet packet;
    if (!is_active(server, index))
        return;
    server->now = now;
    struct transfer *transfer = pool_at(&server->pool, index);
    enum status status = tftp_packet_read(datagram->message, &packet);
    if (endpoint_equal(&datagram->from, &transfer->peer)) {
        take_message(server, transfer, &packet, status, now, outbox);
        return;
    }
    /* RFC 1350 section 4: told so, and the transfer is not disturbed. */
    server->counters.wrong_port++;
    if (transfer->strangers == STRANGERS_MAX)
        return;
    char text[ADDRESS_TEXT_MAX + 64];
    struct text_out out = text_out_on(text, sizeof text);
    text_put_string(&out, "ignoring packet from ");
    text_put_address(&out, &datagram->from.address);
    text_put_string(&out, " (TID mismatch)");
    if (transfer->strangers++ == 0)
        tell(server, TFTP_EVENT_WRONG_PORT, &datagram->from, text);
    if (packet.opcode != TFTP_ERROR)
        send_error_from(outbox, datagram, index, TFTP_ERROR_WRONG_PORT, text);
}

void tftp_server_request(struct tftp_server *server, const struct tftp_datagram *datagram,
                         mono_ms now, struct tftp_outbox *outbox)
{
    struct tftp_packet packet;
    enum status status = tftp_packet_read(datagram->message, &packet);
    server->now = now;
    if (datagram->cut || datagram->from.port == 0) {
        server->counters.malformed++;
        return;
    }
    if (server->setup.config->single_port && packet.opcode != TFTP_READ) {
        struct transfer *transfer = find_peer(server, &datagram->from);
        if (transfer != NULL) {
            take_message(server, transfer, &packet, status, now, outbox);
            return;
        }
        /* Late ones of a transfer that is over: nobody waits for an answer. */
        if (packet.opcode >= TFTP_DATA && packet.opcode <= TFTP_OACK) {
            server->counters.strays++;
            return;
        }
    }
    server->counters.requests++;
    if (status == STATUS_OK && packet.opcode == TFTP_READ && packet.mode != TFTP_MODE_OTHER)
        take_read(server, datagram, &packet, now, outbox);
    else
        take_strange(server, datagram, &packet, outbox);
}

void tftp_server_no_socket(struct tftp_server *server, uint32_t index)
{
    if (!is_active(server, index))
        return;
    struct transfer *transfer = pool_at(&server->pool, index);
    tell(server, TFTP_EVENT_NO_SOCKET, &transfer->peer, "no socket for a TFTP transfer");
    transfer->lost = true;
    transfer->core.due = 0; /* the next tick takes it away */
    set_timer(server, transfer);
}

/* ------------------------------------------------------------------ time */

static void take_due(struct tftp_server *server, struct transfer *transfer, mono_ms now,
                     struct tftp_outbox *outbox)
{
    if (transfer->lost) {
        end(server, transfer, TFTP_EVENT_FAILED, outbox);
        return;
    }
    if (transfer->core.due > now) {
        set_timer(server, transfer);
        return;
    }
    if (transfer->waits) {
        send(server, transfer, outbox);
        return;
    }
    if (tftp_transfer_due(&transfer->core, now) == TFTP_SAYS_GIVE_UP) {
        end(server, transfer, TFTP_EVENT_FAILED, outbox);
        return;
    }
    server->counters.repeated++;
    send(server, transfer, outbox);
}

void tftp_server_tick(struct tftp_server *server, mono_ms now, struct tftp_outbox *outbox)
{
    struct timer *timer;
    server->now = now;
    while ((timer = timer_heap_pop_due(&server->timers, now)) != NULL)
        take_due(server, CONTAINER_OF(timer, struct transfer, timer), now, outbox);
    if (tftp_lines_owed(&server->lines, now))
        tell_left_out(server);
}

mono_ms tftp_server_deadline(const struct tftp_server *server)
{
    return timer_heap_deadline(&server->timers);
}

const struct tftp_counters *tftp_server_counters(const struct tftp_server *server)
{
    return &server->counters;
}

uint32_t tftp_server_transfers(const struct tftp_server *server)
{
    return server->pool.used;
}

uint32_t tftp_server_transfers_most(const struct tftp_server *server)
{
    return server->pool.used_max;
}

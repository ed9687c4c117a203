#include "daemon/views.h"

#include <stdlib.h>

#include "base/log.h"

#define RESOLV_ARENA_BYTES (1 << 20)

/* A view with the names and the network it holds on to. */
struct published_view {
    struct list node;
    struct dns_view *view;
    struct shared_names *names;
    struct shared_network *network;
};

/* ------------------------------------------------------------------ counted things */

static struct shared_names *names_hold(struct shared_names *names)
{
    names->uses++;
    return names;
}

void views_drop_names(struct shared_names *names)
{
    if (names == NULL || --names->uses > 0)
        return;
    local_names_free(names->names);
    free(names);
}

static struct shared_network *network_hold(struct shared_network *network)
{
    network->uses++;
    return network;
}

void views_drop_network(struct shared_network *network)
{
    if (network == NULL || --network->uses > 0)
        return;
    network_free(network->network);
    free(network);
}

/* ------------------------------------------------------------------ publishing */

static void ignored_server(void *context, const struct dns_server *server)
{
    (void)context;
    char text[ENDPOINT_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    text_put_address(&out, &server->endpoint.address);
    log_line(LOG_PART_MAIN, LOG_WARN, "ignoring nameserver %s - local interface", text);
}

static void drop_published(struct published_view *published)
{
    list_remove(&published->node);
    dns_view_free(published->view);
    views_drop_names(published->names);
    views_drop_network(published->network);
    free(published);
}

/* The snapshot gives back only the view: what it held is found by it. */
static struct list *retired_from;

static void release_view(void *object)
{
    LIST_EACH(node, retired_from)
    {
        struct published_view *published = CONTAINER_OF(node, struct published_view, node);
        if (published->view == object) {
            drop_published(published);
            return;
        }
    }
}

enum status views_publish(struct views *views, bool new_servers)
{
    struct published_view *published = calloc(1, sizeof *published);
    if (published == NULL)
        return STATUS_NO_MEMORY;
    if (new_servers)
        views->generation++;
    struct dns_view_setup setup = {
        .config = &views->config->dns,
        .site = &views->config->site,
        .network = views->network->network,
        .names = views->names->names,
        .resolv = views->resolv,
        .key = views->key,
        .generation = views->generation,
        .ignored = new_servers ? ignored_server : NULL,
    };
    enum status status = dns_view_create(&setup, &published->view);
    if (status != STATUS_OK) {
        free(published);
        return status;
    }
    published->names = names_hold(views->names);
    published->network = network_hold(views->network);
    list_push_back(&views->published, &published->node);
    retired_from = &views->published;
    if (snapshot_read(&views->slot) == NULL)
        snapshot_slot_init(&views->slot, published->view);
    else
        status = snapshot_publish(views->domain, &views->slot, published->view, release_view);
    if (status != STATUS_OK) {
        drop_published(published);
        return status;
    }
    if (new_servers && views->config->site.port != 0)
        views_log_servers(published->view);
    return STATUS_OK;
}

size_t views_reclaim(struct views *views)
{
    return snapshot_reclaim(views->domain);
}

const struct dns_view *views_current(const struct views *views)
{
    return snapshot_read(&views->slot);
}

enum status views_init(struct views *views, const struct config *config,
                       struct snapshot_domain *domain, const struct siphash_key *key)
{
    *views = (struct views){ .config = config, .key = *key, .domain = domain };
    list_init(&views->published);
    snapshot_slot_init(&views->slot, NULL);
    arena_init(&views->resolv_arena, 8192, RESOLV_ARENA_BYTES);
    return views_read_network(views);
}

void views_free(struct views *views)
{
    snapshot_domain_free(views->domain);
    LIST_EACH(node, &views->published)
    drop_published(CONTAINER_OF(node, struct published_view, node));
    views_drop_names(views->names);
    views_drop_network(views->network);
    arena_free(&views->resolv_arena);
}

#include "daemon/views.h"

#include <stdlib.h>

#include "base/log.h"
#include "platform/instant.h"

#define RESOLV_ARENA_BYTES (1 << 20)

/* A view with what it holds on to. As waste, also what was loaded before. */
struct published_view {
    struct list node;
    struct dns_view *view;
    struct local_names *names;
    struct local_names *network_names; /* NULL: none are configured */
    struct loaded_servers *servers; /* its configuration is in there; NULL: the start's */
    struct shared_network *network; /* let go by main, before it is waste */
    struct views_loaded *loaded;
};

/* ------------------------------------------------------------------ counted things */

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

static void free_published(struct published_view *published)
{
    list_remove(&published->node);
    dns_view_free(published->view);
    local_names_free(published->names);
    local_names_free(published->network_names);
    loaded_servers_free(published->servers);
    views_loaded_free(published->loaded);
    free(published);
}

static void make_waste(struct views *views, struct published_view *published)
{
    list_remove(&published->node);
    views_drop_network(published->network);
    published->network = NULL;
    list_push_back(&views->waste, &published->node);
}

/* The snapshot gives back only the view: what it held is found by it. */
static struct views *retired_from;

static void release_view(void *object)
{
    LIST_EACH(node, &retired_from->published)
    {
        struct published_view *published = CONTAINER_OF(node, struct published_view, node);
        if (published->view == object) {
            make_waste(retired_from, published);
            return;
        }
    }
}

bool views_take_waste(struct views *views, struct list *waste)
{
    list_init(waste);
    if (list_is_empty(&views->waste))
        return false;
    for (struct list *node; (node = list_pop_front(&views->waste)) != NULL;)
        list_push_back(waste, node);
    return true;
}

void views_free_waste(struct list *waste)
{
    while (!list_is_empty(waste))
        free_published(CONTAINER_OF(list_first(waste), struct published_view, node));
}

/* ------------------------------------------------------------------ what files say */

const struct local_names *views_names(const struct views *views)
{
    return views->loaded != NULL ? views->loaded->names : NULL;
}

void views_begin_load(struct views *views, enum views_load_what what, struct views_load *load)
{
    views->load_network = network_hold(views->network);
    *load = (struct views_load){
        .config = views->config,
        .network = views->network->network,
        .key = views->key,
        .what = what,
        .before = views->loaded,
    };
}

bool views_end_load(struct views *views, struct views_load *load)
{
    views_drop_network(views->load_network);
    views->load_network = NULL;
    if (load->status != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot read names anew: %s",
                 status_text(load->status));
    if (load->after == NULL)
        return false;
    struct views_loaded *before = views->loaded;
    struct published_view *waste = calloc(1, sizeof *waste);
    views->loaded = load->after;
    load->after = NULL;
    if (waste == NULL) {
        views_loaded_free(before);
        return true;
    }
    waste->loaded = before;
    list_push_back(&views->waste, &waste->node);
    return true;
}

enum status views_read_names(struct views *views)
{
    struct views_load load;
    struct list waste;
    views_begin_load(views, VIEWS_LOAD_ALL, &load);
    views_load_run(&load);
    views_load_tell(&load.log);
    (void)views_end_load(views, &load);
    if (views_take_waste(views, &waste))
        views_free_waste(&waste);
    return load.status;
}

/* ------------------------------------------------------------------ publishing */

/* Of the network only addresses can be in a zone; their lifetimes change all the time. */
static bool same_addresses(const struct network *a, const struct network *b)
{
    if (a->address_count != b->address_count)
        return false;
    for (size_t i = 0; i < a->address_count; i++) {
        if (!address_equal(&a->addresses[i].address, &b->addresses[i].address)
            || a->addresses[i].prefix_length != b->addresses[i].prefix_length
            || a->addresses[i].interface != b->addresses[i].interface)
            return false;
    }
    return true;
}

/* Zones are made of names and the network: what is published last tells whether they are new. */
static void count_auth_serial(struct views *views)
{
    const struct auth_config *auth = &views->config->dns.auth;

    if (list_is_empty(&views->published)) {
        views->auth_serial = auth->soa_fields > 0 ? auth->serial : (uint32_t)instant_now().wall;
        return;
    }
    const struct published_view *before =
        CONTAINER_OF(views->published.previous, struct published_view, node);
    views->auth_serial +=
        before->names != views->loaded->names
        || !same_addresses(before->network->network, views->network->network);
}

enum status views_publish(struct views *views, bool new_servers)
{
    struct published_view *published = calloc(1, sizeof *published);
    if (published == NULL)
        return STATUS_NO_MEMORY;
    if (new_servers)
        views->generation++;
    count_auth_serial(views);
    struct loaded_servers *servers = views->loaded->servers;
    enum status status = dns_records_network_names(&views->config->dns, &views->config->site,
                                                   views->network->network, &views->key,
                                                   &published->network_names);
    if (status != STATUS_OK) {
        free(published);
        return status;
    }
    struct dns_view_setup setup = {
        .config = servers != NULL ? &servers->config : &views->config->dns,
        .site = &views->config->site,
        .network = views->network->network,
        .names = views->loaded->names,
        .network_names = published->network_names,
        .resolv = views->resolv,
        .key = views->key,
        .generation = views->generation,
        .auth_serial = views->auth_serial,
        .ignored = new_servers ? ignored_server : NULL,
    };
    status = dns_view_create(&setup, &published->view);
    if (status != STATUS_OK) {
        local_names_free(published->network_names);
        free(published);
        return status;
    }
    /* An address of ours that is a configured server's too takes that server out, or back in. */
    const struct dns_view *before = snapshot_read(&views->slot);
    if (!new_servers && before != NULL && !dns_view_same_servers(before, published->view))
        published->view->generation = ++views->generation;
    published->names = local_names_hold(views->loaded->names);
    published->servers = servers != NULL ? loaded_servers_hold(servers) : NULL;
    published->network = network_hold(views->network);
    list_push_back(&views->published, &published->node);
    retired_from = views;
    if (snapshot_read(&views->slot) == NULL)
        snapshot_slot_init(&views->slot, published->view);
    else
        status = snapshot_publish(views->domain, &views->slot, published->view, release_view);
    if (status != STATUS_OK) {
        make_waste(views, published);
        return status;
    }
    if (new_servers && views->config->site.port != 0)
        views_log_servers(published->view, views->loops);
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
    list_init(&views->waste);
    snapshot_slot_init(&views->slot, NULL);
    arena_init(&views->resolv_arena, 8192, RESOLV_ARENA_BYTES);
    if (views_list_resolv(views) != STATUS_OK)
        return STATUS_NO_MEMORY;
    return views_read_network(views);
}

void views_free(struct views *views)
{
    snapshot_domain_free(views->domain);
    LIST_EACH(node, &views->published)
    make_waste(views, CONTAINER_OF(node, struct published_view, node));
    views_free_waste(&views->waste);
    views_loaded_free(views->loaded);
    views_drop_network(views->network);
    free(views->resolv_paths);
    free(views->resolv_stamps);
    arena_free(&views->resolv_arena);
}

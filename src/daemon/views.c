#include "daemon/views.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "platform/instant.h"

#define RESOLV_ARENA_BYTES (1 << 20)

/* A view with what it holds on to. As waste, also what was loaded before. */
struct published_view {
    struct list node;
    struct dns_view *view;
    struct local_names *names;
    struct local_names *network_names; /* NULL: none are configured */
    struct dns_config effective;    /* the view's: with what buses have set */
    struct loaded_servers *servers; /* its configuration is in there; NULL: the start's */
    struct loaded_servers *bus;     /* the same, with servers of a bus; NULL: none */
    struct shared_network *network; /* let go by main, before it is waste */
    struct views_loaded *loaded;
    const struct config *config; /* held; NULL: what was loaded, as waste */
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
    loaded_servers_free(published->bus);
    loaded_servers_free(published->servers);
    views_loaded_free(published->loaded);
    config_free(published->config);
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

void views_abandon_load(struct views *views)
{
    views_drop_network(views->load_network);
    views->load_network = NULL;
}

bool views_end_load(struct views *views, struct views_load *load)
{
    views_abandon_load(views);
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
    const struct auth_config *was = &before->config->dns.auth;
    if (auth->soa_fields > 0 && (was->soa_fields == 0 || was->serial != auth->serial)) {
        views->auth_serial = auth->serial; /* a reload has given one */
        return;
    }
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
    if (status == STATUS_OK)
        status = views_overrides_apply(&views->overrides, views->config, servers,
                                       &published->effective, &published->bus);
    if (status != STATUS_OK) {
        local_names_free(published->network_names);
        free(published);
        return status;
    }
    struct dns_view_setup setup = {
        .config = &published->effective,
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
        loaded_servers_free(published->bus);
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
    published->config = config_hold(views->config);
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

/* The lists of resolv files and their stamps, for a configuration that may name others. */
struct resolv_list {
    const char **paths;
    struct file_stamp *stamps;
    size_t count;
};

static void swap_resolv_list(struct views *views, struct resolv_list *list)
{
    struct resolv_list was = { views->resolv_paths, views->resolv_stamps, views->resolv_count };
    views->resolv_paths = list->paths;
    views->resolv_stamps = list->stamps;
    views->resolv_count = list->count;
    *list = was;
}

static bool same_resolv_list(const struct views *views, const struct resolv_list *list)
{
    bool same = views->resolv_count == list->count;
    for (size_t i = 0; same && i < list->count; i++)
        same = strcmp(views->resolv_paths[i], list->paths[i]) == 0;
    return same;
}

/* Servers of files that are not asked for any more go; those of files that are, stay. */
static void follow_resolv_list(struct views *views, const struct resolv_list *before)
{
    const char *last = views->resolv_path;
    views->resolv_path = NULL;
    for (size_t i = 0; last != NULL && i < views->resolv_count; i++) {
        if (strcmp(views->resolv_paths[i], last) == 0)
            views->resolv_path = views->resolv_paths[i];
    }
    if (same_resolv_list(views, before)) {
        if (before->count > 0)
            memcpy(views->resolv_stamps, before->stamps,
                   before->count * sizeof(*views->resolv_stamps));
        return;
    }
    views->resolv = (struct dns_resolv_servers){ 0 };
    arena_reset(&views->resolv_arena);
    views_read_resolv(views, true);
}

enum status views_use_config(struct views *views, const struct config *config,
                             struct views_load *load)
{
    const struct config *before = views->config;
    struct views_loaded *loaded = views->loaded;
    struct dns_resolv_servers resolv = views->resolv;
    struct arena resolv_arena = views->resolv_arena;
    const char *resolv_path = views->resolv_path;
    uint32_t auth_serial = views->auth_serial;
    struct resolv_list list = { 0 };
    swap_resolv_list(views, &list);
    views->config = config;
    enum status status = views_list_resolv(views);
    /* What is there now is given back only when all has gone well. */
    arena_init(&views->resolv_arena, 8192, RESOLV_ARENA_BYTES);
    bool same = status == STATUS_OK && same_resolv_list(views, &list);
    if (same)
        views->resolv_arena = resolv_arena;
    if (status == STATUS_OK)
        follow_resolv_list(views, &list);
    views->loaded = load->after;
    if (status == STATUS_OK)
        status = views_publish(views, false);
    if (status != STATUS_OK) {
        if (!same)
            arena_free(&views->resolv_arena);
        swap_resolv_list(views, &list);
        views->config = before;
        views->loaded = loaded;
        views->resolv = resolv;
        views->resolv_arena = resolv_arena;
        views->resolv_path = resolv_path;
        views->auth_serial = auth_serial;
    } else {
        if (!same)
            arena_free(&resolv_arena);
        views->loaded = loaded; /* to become waste */
        (void)views_end_load(views, load);
    }
    free(list.paths);
    free(list.stamps);
    return status;
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
    views_overrides_free(&views->overrides);
    views_drop_network(views->network);
    free(views->resolv_paths);
    free(views->resolv_stamps);
    arena_free(&views->resolv_arena);
}

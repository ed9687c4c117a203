#include "daemon/watches.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "platform/file.h"

#define RESOLV_SETTLE_MS  20  /* a writer of resolv.conf is given this long to finish */
#define FOLDERS_SETTLE_MS 30  /* so long after the last change, */
#define FOLDERS_LATEST_MS 300 /* but no longer after the first */
#define POLL_MS           1000

enum watch_for { WATCH_RESOLV = 1, WATCH_FOLDERS = 2 };

struct watch {
    struct list node;
    uv_fs_event_t event;
    struct watches *owner;
    uint64_t inode;   /* a folder made anew is another one */
    unsigned reasons; /* enum watch_for */
    bool wanted;
    char folder[];
};

/* ------------------------------------------------------------------ bursts */

static void on_resolv_timer(uv_timer_t *timer)
{
    struct watches *watches = CONTAINER_OF(timer, struct watches, resolv_timer);
    watches_refresh(watches); /* a link may lead elsewhere now */
    watches->setup.resolv_changed(watches->setup.context);
}

static void on_folders_timer(uv_timer_t *timer)
{
    struct watches *watches = CONTAINER_OF(timer, struct watches, folders_timer);
    watches_refresh(watches);
    watches->setup.folders_changed(watches->setup.context);
}

static void settle_resolv(struct watches *watches)
{
    /* A folder where something happens all the time must not put it off for ever. */
    if (!uv_is_active((uv_handle_t *)&watches->resolv_timer))
        uv_timer_start(&watches->resolv_timer, on_resolv_timer, RESOLV_SETTLE_MS, 0);
}

static void settle_folders(struct watches *watches)
{
    uint64_t now = uv_now(watches->setup.loop);
    if (!uv_is_active((uv_handle_t *)&watches->folders_timer))
        watches->folders_deadline_ms = now + FOLDERS_LATEST_MS;
    uint64_t left = watches->folders_deadline_ms > now ? watches->folders_deadline_ms - now : 0;
    uv_timer_start(&watches->folders_timer, on_folders_timer,
                   left < FOLDERS_SETTLE_MS ? left : FOLDERS_SETTLE_MS, 0);
}

static void on_event(uv_fs_event_t *event, const char *name, int events, int status)
{
    (void)name;
    (void)events;
    const struct watch *watch = event->data;
    if (status != 0 || watch->owner->stopped)
        return;
    if ((watch->reasons & WATCH_RESOLV) != 0)
        settle_resolv(watch->owner);
    if ((watch->reasons & WATCH_FOLDERS) != 0)
        settle_folders(watch->owner);
}

/* ------------------------------------------------------------------ one folder */

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void close_watch(struct watch *watch)
{
    list_remove(&watch->node);
    uv_close((uv_handle_t *)&watch->event, on_closed);
}

static struct watch *find_watch(const struct watches *watches, const char *folder)
{
    LIST_EACH(node, &watches->all)
    {
        struct watch *watch = CONTAINER_OF(node, struct watch, node);
        if (strcmp(watch->folder, folder) == 0)
            return watch;
    }
    return NULL;
}

static struct watch *open_watch(struct watches *watches, const char *folder, uint64_t inode)
{
    size_t count = strlen(folder) + 1;
    struct watch *watch = calloc(1, sizeof *watch + count);
    if (watch == NULL)
        return NULL;
    memcpy(watch->folder, folder, count);
    watch->owner = watches;
    watch->inode = inode;
    if (uv_fs_event_init(watches->setup.loop, &watch->event) != 0) {
        free(watch);
        return NULL;
    }
    watch->event.data = watch;
    list_push_back(&watches->all, &watch->node);
    if (uv_fs_event_start(&watch->event, on_event, watch->folder, 0) == 0)
        return watch;
    close_watch(watch);
    return NULL;
}

/* Returns whether the folder is watched now; *fresh becomes true when it was not before. */
static bool want_folder(struct watches *watches, const char *folder, enum watch_for reason,
                        bool *fresh)
{
    struct file_stamp stamp;
    file_stamp_read(folder, &stamp);
    struct watch *watch = find_watch(watches, folder);
    if (watch != NULL && (!stamp.exists || watch->inode != stamp.inode)) {
        close_watch(watch);
        watch = NULL;
    }
    if (watch == NULL && stamp.exists && stamp.is_folder) {
        watch = open_watch(watches, folder, stamp.inode);
        *fresh = *fresh || watch != NULL;
    }
    if (watch == NULL)
        return false;
    watch->reasons |= (unsigned)reason;
    watch->wanted = true;
    return true;
}

/* The folder of the file and, while it is a link, of what it points to. */
static bool want_resolv(struct watches *watches, const char *path, bool *fresh)
{
    char at[PATH_MAX];
    bool watched = true;
    if ((size_t)snprintf(at, sizeof at, "%s", path) >= sizeof at)
        return false;
    for (unsigned links = 0; links < WATCHES_LINKS_MAX; links++) {
        char copy[PATH_MAX];
        char target[PATH_MAX];
        memcpy(copy, at, sizeof copy);
        const char *folder = dirname(copy);
        watched = want_folder(watches, folder, WATCH_RESOLV, fresh) && watched;
        ssize_t count = readlink(at, target, sizeof target - 1);
        if (count < 0)
            return watched;
        target[count] = '\0';
        size_t needed = target[0] == '/'
                            ? (size_t)snprintf(at, sizeof at, "%s", target)
                            : (size_t)snprintf(at, sizeof at, "%.2000s/%.2000s", folder, target);
        if (needed >= sizeof at)
            return false;
    }
    return watched;
}

/* ------------------------------------------------------------------ all of them */

static void drop_unwanted(struct watches *watches)
{
    struct list *next;
    for (struct list *node = watches->all.next; node != &watches->all; node = next) {
        struct watch *watch = CONTAINER_OF(node, struct watch, node);
        next = node->next;
        if (!watch->wanted)
            close_watch(watch);
    }
}

/* Something could not be watched: then it is looked at. */
static void on_poll_timer(uv_timer_t *timer)
{
    struct watches *watches = CONTAINER_OF(timer, struct watches, poll_timer);
    watches_refresh(watches);
    if (watches->resolv_unwatched)
        watches->setup.resolv_changed(watches->setup.context);
}

void watches_init(struct watches *watches, const struct watches_setup *setup)
{
    *watches = (struct watches){ .setup = *setup };
    list_init(&watches->all);
    uv_timer_init(setup->loop, &watches->resolv_timer);
    uv_timer_init(setup->loop, &watches->folders_timer);
    uv_timer_init(setup->loop, &watches->poll_timer);
}

void watches_refresh(struct watches *watches)
{
    const struct dns_config *dns = &watches->setup.config->dns;
    const struct dhcp_config *dhcp = &watches->setup.config->dhcp;
    bool resolv_watched = true;
    bool folders_watched = true;
    bool fresh_resolv = false;
    bool fresh_folder = false;
    LIST_EACH(node, &watches->all)
    {
        struct watch *watch = CONTAINER_OF(node, struct watch, node);
        watch->wanted = false;
        watch->reasons = 0;
    }
    for (size_t i = 0; !dns->no_poll && i < watches->setup.resolv_count; i++)
        resolv_watched =
            want_resolv(watches, watches->setup.resolv_paths[i], &fresh_resolv) && resolv_watched;
    for (size_t i = 0; watches->setup.config->site.port != 0 && i < dns->hosts_folder_count; i++)
        folders_watched =
            want_folder(watches, dns->hosts_folders[i].path, WATCH_FOLDERS, &fresh_folder)
            && folders_watched;
    for (size_t i = 0; i < dhcp->source_count; i++) {
        const struct dhcp_source *source = &dhcp->sources[i];
        if (source->kind == DHCP_SOURCE_HOSTS_FOLDER || source->kind == DHCP_SOURCE_OPTIONS_FOLDER)
            folders_watched = want_folder(watches, source->path, WATCH_FOLDERS, &fresh_folder)
                              && folders_watched;
    }
    drop_unwanted(watches);
    watches->resolv_unwatched = !resolv_watched;
    /* What happened before the watch began was not heard of. */
    if (fresh_folder)
        settle_folders(watches);
    if (fresh_resolv)
        settle_resolv(watches);
    if (resolv_watched && folders_watched)
        uv_timer_stop(&watches->poll_timer);
    else if (!uv_is_active((uv_handle_t *)&watches->poll_timer))
        uv_timer_start(&watches->poll_timer, on_poll_timer, POLL_MS, POLL_MS);
}

void watches_stop(struct watches *watches)
{
    watches->stopped = true;
    while (!list_is_empty(&watches->all))
        close_watch(CONTAINER_OF(list_first(&watches->all), struct watch, node));
    uv_close((uv_handle_t *)&watches->resolv_timer, NULL);
    uv_close((uv_handle_t *)&watches->folders_timer, NULL);
    uv_close((uv_handle_t *)&watches->poll_timer, NULL);
}

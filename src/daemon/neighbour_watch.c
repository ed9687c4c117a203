#include "daemon/neighbour_watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/neighbours.h"

static void take_news(void *context, const struct neighbours_news *news)
{
    struct neighbour_watch *watch = context;

    if (news->hardware.count == 0)
        neighbour_table_remove(watch->table, &news->address, news->interface);
    else if (neighbour_table_set(watch->table, &news->address, news->interface, &news->hardware)
                 == STATUS_FULL
             && neighbour_table_overflows(watch->table) == 1)
        log_line(LOG_PART_MAIN, LOG_WARN, "more than %d neighbours: some addresses are not told",
                 NEIGHBOUR_WATCH_MAX);
}

/* Called by main when news come, and by any worker that misses somebody. */
static void read_news(void *context)
{
    struct neighbour_watch *watch = context;
    const struct neighbours_listener listener = { take_news, watch };

    /* One at a time, so that news are taken in the order they came; who comes second finds them. */
    if (pthread_mutex_trylock(&watch->reading) != 0)
        return;
    if (!neighbours_read(watch->fd, &listener) && neighbours_list_now(&listener) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list neighbours: %s", strerror(errno));
    pthread_mutex_unlock(&watch->reading);
}

static void on_news(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct neighbour_watch *watch = CONTAINER_OF(poll, struct neighbour_watch, poll);
    read_news(watch);
    /* News was lost, and the loop let go of the socket because of the error; it is taken now. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_news);
}

void neighbour_watch_open(struct neighbour_watch *watch, const struct siphash_key *key)
{
    const struct neighbours_listener listener = { take_news, watch };

    *watch = (struct neighbour_watch){ .fd = -1, .reading = PTHREAD_MUTEX_INITIALIZER };
    if (neighbour_table_create(key, NEIGHBOUR_WATCH_MAX, &watch->table) != STATUS_OK) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "no memory for neighbours: add-mac does nothing");
        return;
    }
    if (neighbours_open(&watch->fd) == STATUS_OK && neighbours_list_now(&listener) == STATUS_OK) {
        neighbour_table_on_miss(watch->table, read_news, watch);
        return;
    }
    log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list neighbours, add-mac does nothing: %s",
             strerror(errno));
    if (watch->fd >= 0)
        close(watch->fd);
    watch->fd = -1;
    neighbour_table_free(watch->table);
    watch->table = NULL;
}

void neighbour_watch_start(struct neighbour_watch *watch, uv_loop_t *loop)
{
    if (watch->table == NULL)
        return;
    if (uv_poll_init(loop, &watch->poll, watch->fd) != 0) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot hear of neighbours: add-mac does nothing");
        neighbour_watch_free(watch);
        return;
    }
    uv_poll_start(&watch->poll, UV_READABLE, on_news);
}

void neighbour_watch_again(struct neighbour_watch *watch)
{
    const struct neighbours_listener listener = { take_news, watch };
    if (watch->table != NULL && neighbours_list_now(&listener) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list neighbours: %s", strerror(errno));
}

void neighbour_watch_stop(struct neighbour_watch *watch)
{
    if (watch->table != NULL)
        uv_close((uv_handle_t *)&watch->poll, NULL);
}

void neighbour_watch_free(struct neighbour_watch *watch)
{
    if (watch->table == NULL)
        return;
    close(watch->fd);
    neighbour_table_free(watch->table);
    watch->table = NULL;
}

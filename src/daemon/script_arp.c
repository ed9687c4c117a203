#include "daemon/script_arp.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "platform/neighbours.h"

/* The system's own tables hold 1024 of a family unless it is told otherwise. */
#define NEIGHBOURS_MAX 8192

static void go(struct script_arp *arp, const struct neighbours_news *news,
               const struct hardware *known)
{
    struct hardware again;
    neighbour_table_remove(arp->table, &news->address, news->interface);
    /* It may have been known on another link only. */
    if (!neighbour_table_find(arp->table, &news->address, &again))
        arp->tell(arp->context, false, &news->address, known);
}

static void take_news(void *context, const struct neighbours_news *news)
{
    struct script_arp *arp = context;
    struct hardware known;
    bool was_known = neighbour_table_find(arp->table, &news->address, &known);
    if (address_is_multicast(&news->address))
        return;
    if (news->hardware.count == 0) {
        if (was_known)
            go(arp, news, &known);
        return;
    }
    if (was_known && hardware_equal(&known, &news->hardware))
        return;
    if (neighbour_table_set(arp->table, &news->address, news->interface, &news->hardware)
        != STATUS_OK) {
        if (neighbour_table_overflows(arp->table) == 1)
            log_line(LOG_PART_MAIN, LOG_WARN,
                     "more than %d neighbours: some are not told to the script", NEIGHBOURS_MAX);
        return;
    }
    if (was_known)
        arp->tell(arp->context, false, &news->address, &known);
    arp->tell(arp->context, true, &news->address, &news->hardware);
}

static void read_news(struct script_arp *arp)
{
    const struct neighbours_listener listener = { take_news, arp };
    if (!neighbours_read(arp->fd, &listener) && neighbours_list_now(&listener) != STATUS_OK)
        log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list neighbours: %s", strerror(errno));
}

static void on_news(uv_poll_t *poll, int status, int events)
{
    (void)events;
    struct script_arp *arp = CONTAINER_OF(poll, struct script_arp, poll);
    read_news(arp);
    /* News was lost, and the loop let go of the socket because of the error; it is taken now. */
    if (status < 0)
        uv_poll_start(poll, UV_READABLE, on_news);
}

void script_arp_start(struct script_arp *arp, uv_loop_t *loop, const struct siphash_key *key)
{
    const struct neighbours_listener listener = { take_news, arp };
    arp->fd = -1;
    if (neighbour_table_create(key, NEIGHBOURS_MAX, &arp->table) != STATUS_OK) {
        log_line(LOG_PART_MAIN, LOG_ERROR, "no memory for neighbours: script-arp does nothing");
        return;
    }
    if (neighbours_open(&arp->fd) == STATUS_OK && neighbours_list_now(&listener) == STATUS_OK
        && uv_poll_init(loop, &arp->poll, arp->fd) == 0) {
        uv_poll_start(&arp->poll, UV_READABLE, on_news);
        return;
    }
    log_line(LOG_PART_MAIN, LOG_ERROR, "cannot list neighbours, script-arp does nothing: %s",
             strerror(errno));
    if (arp->fd >= 0)
        close(arp->fd);
    neighbour_table_free(arp->table);
    arp->table = NULL;
}

void script_arp_stop(struct script_arp *arp)
{
    if (arp->table != NULL)
        uv_close((uv_handle_t *)&arp->poll, NULL);
}

void script_arp_free(struct script_arp *arp)
{
    if (arp->table == NULL)
        return;
    close(arp->fd);
    neighbour_table_free(arp->table);
    arp->table = NULL;
}

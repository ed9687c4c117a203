#include "tftp/http_clients.h"

#include <string.h>

static bool is_alive(const struct http_client *client)
{
    return client->state != HTTP_CLIENT_NONE && client->state != HTTP_CLIENT_ENDED;
}

static size_t count_site(const struct http_clients *clients, const struct address *address)
{
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(clients->at); i++)
        count += is_alive(&clients->at[i]) && address_same_site(&clients->at[i].address, address)
                     ? 1
                     : 0;
    return count;
}

/* ------------------------------------------------------------------ who gives way */

enum worth { WORTH_NOTHING, WORTH_LITTLE, WORTH_CROWD, WORTH_KEEPING };

static enum worth worth_of(const struct http_clients *clients, const struct http_client *client,
                           size_t of_newcomer, mono_ms now)
{
    if (client->state == HTTP_CLIENT_HANDED)
        return WORTH_KEEPING; /* its descriptor may be closed already */
    if (client->state == HTTP_CLIENT_WAITING && now - client->since > HTTP_IDLE_MS)
        return WORTH_NOTHING;
    if (client->state == HTTP_CLIENT_SENDING && client->pace < HTTP_STRETCH_LITTLE)
        return WORTH_LITTLE;
    /* With just one more the two would only take turns. */
    return count_site(clients, &client->address) > of_newcomer + 1 ? WORTH_CROWD : WORTH_KEEPING;
}

/* Of the least worth the one that is in its state for the longest time. */
static struct http_client *find_victim(struct http_clients *clients, const struct address *newcomer,
                                       mono_ms now)
{
    size_t of_newcomer = count_site(clients, newcomer);
    enum worth least = WORTH_KEEPING;
    struct http_client *victim = NULL;
    for (size_t i = 0; i < COUNT_OF(clients->at); i++) {
        struct http_client *client = &clients->at[i];
        if (!is_alive(client))
            continue;
        enum worth worth = worth_of(clients, client, of_newcomer, now);
        if (worth > least || worth == WORTH_KEEPING
            || (worth == least && client->since >= victim->since))
            continue;
        least = worth;
        victim = client;
    }
    return victim;
}

/* ------------------------------------------------------------------ places */

struct http_client *http_clients_take(struct http_clients *clients, const struct address *address,
                                      int fd, mono_ms now, struct http_client **victim)
{
    struct http_client *place = NULL;
    struct http_client *stale = http_clients_find(clients, fd);
    size_t alive = 0, of_address = 0;
    *victim = NULL;
    if (stale != NULL) /* who was never heard of, for the descriptor is another's now */
        http_client_release(stale);
    for (size_t i = 0; i < COUNT_OF(clients->at); i++) {
        struct http_client *client = &clients->at[i];
        if (client->state == HTTP_CLIENT_NONE)
            place = client;
        if (!is_alive(client))
            continue;
        alive++;
        of_address += address_equal(&client->address, address) ? 1 : 0;
    }
    if (place == NULL || of_address >= HTTP_CLIENTS_SHARE)
        return NULL;
    if (alive >= HTTP_CLIENTS_MAX) {
        *victim = find_victim(clients, address, now);
        if (*victim == NULL)
            return NULL;
        (*victim)->state = HTTP_CLIENT_ENDED;
    }
    *place = (struct http_client){
        .state = HTTP_CLIENT_HANDED, .fd = fd, .address = *address, .since = now, .pace = UINT64_MAX
    };
    return place;
}

void http_client_release(struct http_client *client)
{
    client->state = HTTP_CLIENT_NONE;
}

struct http_client *http_clients_find(struct http_clients *clients, int fd)
{
    for (size_t i = 0; i < COUNT_OF(clients->at); i++)
        if (clients->at[i].state != HTTP_CLIENT_NONE && clients->at[i].fd == fd)
            return &clients->at[i];
    return NULL;
}

bool http_clients_any(const struct http_clients *clients)
{
    for (size_t i = 0; i < COUNT_OF(clients->at); i++)
        if (clients->at[i].state != HTTP_CLIENT_NONE)
            return true;
    return false;
}

/* ------------------------------------------------------------------ pace */

void http_client_waits(struct http_client *client, mono_ms now)
{
    if (client->state == HTTP_CLIENT_ENDED)
        return;
    client->state = HTTP_CLIENT_WAITING;
    client->since = now;
}

void http_client_sends(struct http_client *client, mono_ms now, uint64_t taken)
{
    if (client->state == HTTP_CLIENT_ENDED)
        return;
    client->state = HTTP_CLIENT_SENDING;
    client->since = now;
    client->taken_before = taken;
    client->pace = UINT64_MAX;
}

bool http_client_stretch_is_over(const struct http_client *client, mono_ms now)
{
    return client->state == HTTP_CLIENT_SENDING && now - client->since >= HTTP_STRETCH_MS;
}

/* True when it was too slow. */
static bool end_stretch(struct http_client *client, mono_ms now, uint64_t taken)
{
    uint64_t before = client->taken_before;
    client->since = now;
    client->taken_before = taken;
    if (taken == UINT64_MAX || before > taken)
        return false;
    client->pace = taken - before;
    return client->pace < HTTP_STRETCH_LEAST;
}

bool http_client_is_late(struct http_client *client, mono_ms now, uint64_t taken)
{
    bool late = false;
    if (client->state == HTTP_CLIENT_HANDED && now - client->since >= HTTP_HEAD_MS)
        http_client_release(client);
    else if (client->state == HTTP_CLIENT_WAITING)
        late = now - client->since >= HTTP_HEAD_MS;
    else if (http_client_stretch_is_over(client, now))
        late = end_stretch(client, now, taken);
    if (late)
        client->state = HTTP_CLIENT_ENDED;
    return late;
}

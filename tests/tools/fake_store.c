#include "fake_store.h"

#include <stdlib.h>
#include <string.h>

static char *copy_string(const char *string)
{
    char *copy = strdup(string);
    if (copy == NULL)
        abort();
    return copy;
}

static enum status load(struct lease_backend *backend,
                        bool (*each)(void *context, const struct lease_line *line),
                        void (*complain)(void *context, unsigned line, const char *why),
                        void *context)
{
    struct fake_store *store = CONTAINER_OF(backend, struct fake_store, backend);
    for (size_t i = 0; i < store->line_count; i++) {
        struct lease_line line;
        if (address_is_none(&store->lines[i].address))
            continue;
        struct text rest = text_of(store->lines[i].line), one;
        while (text_next_field(&rest, '\n', &one)) { /* of one lease there may be several */
            if (lease_line_read(one, &line) == STATUS_OK)
                each(context, &line);
            else if (complain != NULL)
                complain(context, (unsigned)i + 1, "malformed");
        }
    }
    return STATUS_OK;
}

static enum status commit(struct lease_backend *backend, const struct lease_change *change)
{
    struct fake_store *store = CONTAINER_OF(backend, struct fake_store, backend);
    if (store->mode == FAKE_STORE_FULL || store->change_count == FAKE_STORE_CHANGES_MAX)
        return STATUS_FULL;

    struct fake_store_change *waiting = &store->changes[store->change_count++];
    *waiting =
        (struct fake_store_change){ .address = change->lease->address, .ticket = change->ticket };
    if (change->kind == LEASE_CHANGE_PUT) {
        char line[LEASE_LINES_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        text_put_lease_lines(&out, change->lease);
        if (out.count > 0 && line[out.count - 1] == '\n')
            line[out.count - 1] = '\0';
        waiting->line = copy_string(line);
    }
    return STATUS_OK;
}

static void close_store(struct lease_backend *backend)
{
    (void)backend;
}

static const struct lease_backend_class fake_class = {
    .name = "fake",
    .load = load,
    .commit = commit,
    .close = close_store,
};

void fake_store_init(struct fake_store *store)
{
    memset(store, 0, sizeof *store);
    store->backend.class_ = &fake_class;
}

void fake_store_free(struct fake_store *store)
{
    fake_store_forget_changes(store);
    for (size_t i = 0; i < store->line_count; i++)
        free(store->lines[i].line);
    store->line_count = 0;
}

void fake_store_forget_changes(struct fake_store *store)
{
    for (size_t i = 0; i < store->change_count; i++)
        free(store->changes[i].line);
    store->change_count = 0;
}

static struct fake_store_line *line_of(struct fake_store *store, const struct address *address)
{
    for (size_t i = 0; i < store->line_count; i++)
        if (address_equal(&store->lines[i].address, address))
            return &store->lines[i];
    return NULL;
}

static void remove_line(struct fake_store *store, const struct address *address)
{
    struct fake_store_line *line = line_of(store, address);
    if (line == NULL)
        return;
    free(line->line);
    /* Order stays: the file has the oldest first. */
    size_t after = store->line_count - (size_t)(line - store->lines) - 1;
    memmove(line, line + 1, after * sizeof *line);
    store->line_count--;
}

void fake_store_put(struct fake_store *store, const struct address *address, const char *text)
{
    struct fake_store_line *line = line_of(store, address);
    if (line == NULL) {
        if (store->line_count == FAKE_STORE_LINES_MAX)
            abort();
        line = &store->lines[store->line_count++];
        *line = (struct fake_store_line){ .address = *address };
    }
    free(line->line);
    line->line = copy_string(text);
}

bool fake_store_settle(struct fake_store *store, bool durable, uint64_t *ticket)
{
    if (store->change_count == 0)
        return false;
    struct fake_store_change change = store->changes[0];
    store->change_count--;
    memmove(&store->changes[0], &store->changes[1], store->change_count * sizeof change);

    if (durable && change.line != NULL)
        fake_store_put(store, &change.address, change.line);
    else if (durable)
        remove_line(store, &change.address);
    free(change.line);
    *ticket = change.ticket;
    return true;
}

const char *fake_store_find(const struct fake_store *store, const struct address *address)
{
    for (size_t i = 0; i < store->line_count; i++)
        if (address_equal(&store->lines[i].address, address))
            return store->lines[i].line;
    return NULL;
}

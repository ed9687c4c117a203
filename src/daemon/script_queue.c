#include "daemon/script_queue.h"

#include <stdlib.h>

/* What an entry is about: a lease and a neighbour may have the same address. A file sent is about
 * nothing that could be superseded. */
enum subject { SUBJECT_LEASE, SUBJECT_NEIGHBOUR, SUBJECT_NONE };

/* A whole record as bytes, in memory of its own. */
struct parcel {
    uint8_t *at; /* NULL: none */
    size_t count;
};

struct entry {
    struct list node;
    struct entry *before; /* SCRIPT_DEL of the address's last lease, which must come out first */
    struct entry *after;  /* the other way round */
    enum subject subject;
    enum script_action action;
    struct address address;
    struct parcel rename; /* SCRIPT_OLD with the name it has lost */
    struct parcel state;
};

struct subject_key {
    enum subject subject;
    struct address address;
};

/* ------------------------------------------------------------------ parcels */

NODISCARD static bool pack(const struct script_record *record, struct parcel *parcel)
{
    uint8_t buffer[SCRIPT_RECORD_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    script_record_write(record, &writer);
    size_t count = bytes_writer_count(&writer);
    uint8_t *memory = writer.failed ? NULL : malloc(count);
    if (memory == NULL)
        return false;
    struct bytes_writer copy = bytes_writer_on(memory, count);
    bytes_write_span(&copy, bytes_writer_written(&writer));
    *parcel = (struct parcel){ memory, count };
    return true;
}

static void drop(struct parcel *parcel)
{
    free(parcel->at);
    *parcel = (struct parcel){ NULL, 0 };
}

/* ------------------------------------------------------------------ life */

enum status script_queue_init(struct script_queue *queue, const struct siphash_key *key,
                              size_t count_max)
{
    *queue = (struct script_queue){ .key = *key, .count_max = count_max };
    list_init(&queue->entries);
    return hashmap_init(&queue->latest, 0);
}

static void free_entry(struct script_queue *queue, struct entry *entry)
{
    list_remove(&entry->node);
    if (entry->before != NULL)
        entry->before->after = NULL;
    if (entry->after != NULL)
        entry->after->before = NULL;
    drop(&entry->rename);
    drop(&entry->state);
    free(entry);
    queue->count--;
}

void script_queue_free(struct script_queue *queue)
{
    LIST_EACH(node, &queue->entries)
    free_entry(queue, CONTAINER_OF(node, struct entry, node));
    hashmap_free(&queue->latest);
}

/* ------------------------------------------------------------------ finding */

static enum subject subject_of(enum script_action action)
{
    switch (action) {
    case SCRIPT_ADD:
    case SCRIPT_OLD:
    case SCRIPT_DEL:
        return SUBJECT_LEASE;
    case SCRIPT_ARP_ADD:
    case SCRIPT_ARP_DEL:
        return SUBJECT_NEIGHBOUR;
    case SCRIPT_TFTP:
    case SCRIPT_RELAY_SNOOP:
    case SCRIPT_ACTION_COUNT:
        break;
    }
    return SUBJECT_NONE;
}

static bool is_about(const void *value, const void *key)
{
    const struct entry *entry = value;
    const struct subject_key *wanted = key;
    return entry->subject == wanted->subject && address_equal(&entry->address, &wanted->address);
}

static uint64_t hash_of(const struct script_queue *queue, const struct address *address)
{
    return siphash13(&queue->key, address, sizeof(*address));
}

static struct entry *latest_of(const struct script_queue *queue, enum subject subject,
                               const struct address *address)
{
    struct subject_key key = { subject, *address };
    if (subject == SUBJECT_NONE)
        return NULL;
    return hashmap_find(&queue->latest, hash_of(queue, address), is_about, &key);
}

static void forget_latest(struct script_queue *queue, struct entry *entry)
{
    (void)hashmap_remove(&queue->latest, hash_of(queue, &entry->address), entry);
}

/* ------------------------------------------------------------------ putting */

static enum status refuse(struct script_queue *queue, enum status status)
{
    queue->dropped++;
    return status;
}

/* At the back; before: a removal of the same address that still waits, or NULL. */
NODISCARD static enum status append(struct script_queue *queue, const struct script_record *record,
                                    struct parcel *rename, struct parcel *state,
                                    struct entry *before)
{
    struct entry *entry = queue->count < queue->count_max ? malloc(sizeof(*entry)) : NULL;
    if (entry == NULL)
        return queue->count < queue->count_max ? STATUS_NO_MEMORY : STATUS_FULL;
    *entry = (struct entry){
        .subject = subject_of(record->action),
        .action = record->action,
        .address = record->address,
        .rename = *rename,
        .state = *state,
    };
    if (before != NULL)
        forget_latest(queue, before);
    if (entry->subject != SUBJECT_NONE
        && hashmap_insert(&queue->latest, hash_of(queue, &entry->address), entry) != STATUS_OK) {
        /* Only that what comes next will not find it: it waits in its place all the same. */
        entry->subject = SUBJECT_NONE;
    }
    entry->before = before;
    if (before != NULL)
        before->after = entry;
    list_push_back(&queue->entries, &entry->node);
    queue->count++;
    return STATUS_OK;
}

/* What the newest event is to look like when an older one, not told yet, is its base. A new lease
 * stays new, and what its client said is not lost by a renewal that does not repeat it. */
static struct script_record merged(const struct entry *entry, const struct script_record *record,
                                   struct script_record *old)
{
    struct script_record merged = *record;
    if (entry->subject != SUBJECT_LEASE || record->action == SCRIPT_DEL
        || script_record_read(bytes_of(entry->state.at, entry->state.count), old) != STATUS_OK)
        return merged;
    if (entry->action == SCRIPT_ADD)
        merged.action = SCRIPT_ADD;
    if (!merged.has_facts) {
        merged.has_facts = old->has_facts;
        merged.facts = old->facts;
    }
    return merged;
}

/* The lease that was to be removed first is to stay removed. */
static void cancel(struct script_queue *queue, struct entry *entry)
{
    struct entry *before = entry->before;
    forget_latest(queue, entry);
    free_entry(queue, entry);
    if (hashmap_insert(&queue->latest, hash_of(queue, &before->address), before) != STATUS_OK)
        before->subject = SUBJECT_NONE;
}

NODISCARD static enum status replace(struct script_queue *queue, struct entry *entry,
                                     const struct script_record *record, struct parcel *rename)
{
    struct script_record old;
    struct script_record whole = merged(entry, record, &old);
    struct parcel state;
    if (!pack(&whole, &state))
        return STATUS_NO_MEMORY;
    queue->collapsed++;
    drop(&entry->state);
    entry->state = state;
    /* The script knows the first name it has not been told the end of. */
    if (entry->action != SCRIPT_ADD && entry->rename.at == NULL)
        entry->rename = *rename;
    else
        drop(rename);
    entry->action = whole.action;
    return STATUS_OK;
}

NODISCARD static enum status put_packed(struct script_queue *queue,
                                        const struct script_record *record, struct parcel *rename)
{
    struct entry *latest = latest_of(queue, subject_of(record->action), &record->address);
    struct parcel state;
    bool follows = latest != NULL && latest->action == SCRIPT_DEL && record->action != SCRIPT_DEL;
    if (latest != NULL && !follows) {
        if (record->action != SCRIPT_DEL || latest->before == NULL)
            return replace(queue, latest, record, rename);
        queue->collapsed++;
        drop(rename);
        cancel(queue, latest);
        return STATUS_OK;
    }
    if (!pack(record, &state))
        return STATUS_NO_MEMORY;
    enum status status = append(queue, record, rename, &state, follows ? latest : NULL);
    if (status != STATUS_OK)
        drop(&state);
    return status;
}

enum status script_queue_put(struct script_queue *queue, const struct script_record *record)
{
    struct script_record now = *record;
    struct parcel rename = { NULL, 0 };
    now.old_name = TEXT_NONE;
    if (!text_is_empty(record->old_name) && record->action == SCRIPT_OLD) {
        struct script_record lost = *record;
        lost.name = TEXT_NONE;
        if (!text_is_empty(record->old_domain))
            lost.domain = record->old_domain;
        if (!pack(&lost, &rename))
            return refuse(queue, STATUS_NO_MEMORY);
    }
    enum status status = put_packed(queue, &now, &rename);
    if (status == STATUS_OK)
        return status;
    drop(&rename);
    return refuse(queue, status);
}

/* ------------------------------------------------------------------ taking */

bool script_queue_first(const struct script_queue *queue, struct bytes *record)
{
    struct list *node = list_first(&queue->entries);
    if (node == NULL)
        return false;
    const struct entry *entry = CONTAINER_OF(node, struct entry, node);
    const struct parcel *parcel = entry->rename.at != NULL ? &entry->rename : &entry->state;
    *record = bytes_of(parcel->at, parcel->count);
    return true;
}

void script_queue_drop_first(struct script_queue *queue)
{
    struct list *node = list_first(&queue->entries);
    if (node == NULL)
        return;
    struct entry *entry = CONTAINER_OF(node, struct entry, node);
    if (entry->rename.at != NULL) {
        drop(&entry->rename);
        /* Unless a new lease of the address waits, which must not overtake the old one's end. */
        if (entry->after == NULL) {
            list_remove(node);
            list_push_back(&queue->entries, node);
        }
        return;
    }
    if (entry->subject != SUBJECT_NONE && entry->after == NULL)
        forget_latest(queue, entry);
    free_entry(queue, entry);
}

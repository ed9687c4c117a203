#include <stdatomic.h>
#include <stdlib.h>

#include "model/local_names.h"

/* One place per client, in two hash tables of chains: by its names (twice, for the plain and the
 * qualified form) and by its address. The chains and the places change and are walked under the
 * lock; but the heads of the chains are atomic, so that a reader whose chain is empty - nearly
 * every query - goes away after one load. A reader that comes while a client is being added may
 * miss it, as if it had come a moment earlier. */

#define NONE 0u /* links and heads are index + 1 */

enum name_form { FORM_PLAIN, FORM_QUALIFIED, FORM_COUNT };

/* An element of a chain by name. Its number is place * FORM_COUNT + form. */
struct name_link {
    uint32_t next;
    uint32_t tag; /* of the hash */
};

struct lease_place {
    struct address address; /* none: the place is free */
    uint8_t name_count;
    uint8_t plain_count; /* bytes of the plain form's labels, which begin `name` */
    bool is_qualified;   /* name is the qualified form */
    uint8_t *name;       /* wire form, owned */
    struct name_link links[FORM_COUNT];
    uint32_t next_by_address; /* or the next free place */
};

/* Heads of chains. When there are more leases a larger one takes its place; the old one stays until
 * the end, because a reader may look at it without the lock. Together they are as large again. */
struct name_heads {
    struct name_heads *before;
    uint32_t mask;
    _Atomic uint32_t at[];
};

struct lease_names {
    struct siphash_key key;
    _Atomic uint32_t count;
    struct name_heads *_Atomic by_name;
    struct name_heads *_Atomic by_address;

    pthread_mutex_t lock;
    struct lease_place *places;
    uint32_t capacity;
    uint32_t touched; /* places from here on have never been in use */
    uint32_t free_head;
};

#define HEADS_AT_START 64

/* Chains are mostly empty by intent: see above. */
#define NAME_HEADS_A_LEASE    4
#define ADDRESS_HEADS_A_LEASE 2

/* ------------------------------------------------------------------ making */

static struct name_heads *make_heads(uint32_t count, struct name_heads *before)
{
    struct name_heads *heads = calloc(1, sizeof *heads + count * sizeof heads->at[0]);
    if (heads != NULL) {
        heads->mask = count - 1;
        heads->before = before;
    }
    return heads;
}

static void free_heads(struct name_heads *heads)
{
    while (heads != NULL) {
        struct name_heads *before = heads->before;
        free(heads);
        heads = before;
    }
}

enum status lease_names_create(const struct siphash_key *key, size_t capacity,
                               struct lease_names **names)
{
    if (capacity > UINT32_MAX / 32)
        return STATUS_NO_MEMORY;
    struct lease_names *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;

    made->key = *key;
    made->capacity = (uint32_t)capacity;
    made->by_name = make_heads(HEADS_AT_START, NULL);
    made->by_address = make_heads(HEADS_AT_START, NULL);
    made->places = calloc(capacity > 0 ? capacity : 1, sizeof *made->places);
    pthread_mutex_init(&made->lock, NULL);
    if (made->by_name == NULL || made->by_address == NULL || made->places == NULL) {
        lease_names_free(made);
        return STATUS_NO_MEMORY;
    }
    *names = made;
    return STATUS_OK;
}

static void free_places(struct lease_names *names)
{
    for (uint32_t i = 0; i < names->touched; i++) {
        free(names->places[i].name);
        names->places[i] = (struct lease_place){ .name = NULL };
    }
    names->touched = 0;
    names->free_head = NONE;
}

void lease_names_free(struct lease_names *names)
{
    if (names == NULL)
        return;
    pthread_mutex_destroy(&names->lock);
    free_heads(names->by_name);
    free_heads(names->by_address);
    if (names->places != NULL)
        free_places(names);
    free(names->places);
    free(names);
}

static void clear_heads(struct name_heads *heads)
{
    for (uint32_t i = 0; i <= heads->mask; i++)
        atomic_store_explicit(&heads->at[i], NONE, memory_order_relaxed);
}

void lease_names_clear(struct lease_names *names)
{
    pthread_mutex_lock(&names->lock);
    clear_heads(names->by_name);
    clear_heads(names->by_address);
    free_places(names);
    atomic_store_explicit(&names->count, 0, memory_order_relaxed);
    pthread_mutex_unlock(&names->lock);
}

size_t lease_names_count(struct lease_names *names)
{
    return atomic_load_explicit(&names->count, memory_order_relaxed);
}

/* ------------------------------------------------------------------ chains; all under the lock */

static uint32_t load_relaxed(_Atomic uint32_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static void store_relaxed(_Atomic uint32_t *to, uint32_t value)
{
    atomic_store_explicit(to, value, memory_order_relaxed);
}

static _Atomic uint32_t *head_in(struct name_heads *heads, uint64_t hash)
{
    return &heads->at[(uint32_t)hash & heads->mask];
}

static _Atomic uint32_t *name_head(const struct lease_names *names, uint64_t hash)
{
    return head_in(atomic_load_explicit(&names->by_name, memory_order_acquire), hash);
}

static uint64_t address_hash(const struct lease_names *names, const struct address *address)
{
    return siphash13(&names->key, address->bytes, sizeof address->bytes);
}

static _Atomic uint32_t *address_head(const struct lease_names *names,
                                      const struct address *address)
{
    return head_in(atomic_load_explicit(&names->by_address, memory_order_acquire),
                   address_hash(names, address));
}

static struct name_link *link_at(const struct lease_names *names, uint32_t link)
{
    return &names->places[(link - 1) / FORM_COUNT].links[(link - 1) % FORM_COUNT];
}

static struct lease_place *place_of_address(const struct lease_names *names,
                                            const struct address *address)
{
    uint32_t at = load_relaxed(address_head(names, address));
    while (at != NONE && !address_equal(&names->places[at - 1].address, address))
        at = names->places[at - 1].next_by_address;
    return at != NONE ? &names->places[at - 1] : NULL;
}

/* One form of a place's name; FORM_PLAIN is the only one when there is no qualified one. */
static struct dname form_of(const struct lease_place *place, enum name_form form)
{
    struct dname name;
    bool whole = form == FORM_QUALIFIED || !place->is_qualified;
    name.count = (uint8_t)(whole ? place->name_count : place->plain_count + 1);
    memcpy(name.wire, place->name, (size_t)name.count - 1);
    name.wire[name.count - 1] = 0;
    return name;
}

static void link_form(struct lease_names *names, struct name_heads *heads,
                      struct lease_place *place, enum name_form form)
{
    struct dname name = form_of(place, form);
    uint64_t hash = dname_hash(&names->key, &name);
    uint32_t number = (uint32_t)(place - names->places) * FORM_COUNT + form + 1;
    _Atomic uint32_t *head = head_in(heads, hash);
    place->links[form] = (struct name_link){ load_relaxed(head), (uint32_t)(hash >> 32) };
    store_relaxed(head, number);
}

static void unlink_form(struct lease_names *names, struct lease_place *place, enum name_form form)
{
    struct dname name = form_of(place, form);
    uint32_t number = (uint32_t)(place - names->places) * FORM_COUNT + form + 1;
    _Atomic uint32_t *head = name_head(names, dname_hash(&names->key, &name));
    uint32_t at = load_relaxed(head);

    if (at == number) {
        store_relaxed(head, place->links[form].next);
        return;
    }
    while (link_at(names, at)->next != number)
        at = link_at(names, at)->next;
    link_at(names, at)->next = place->links[form].next;
}

static void unlink_address(struct lease_names *names, struct lease_place *place)
{
    uint32_t number = (uint32_t)(place - names->places) + 1;
    _Atomic uint32_t *head = address_head(names, &place->address);
    uint32_t at = load_relaxed(head);

    if (at == number) {
        store_relaxed(head, place->next_by_address);
        return;
    }
    while (names->places[at - 1].next_by_address != number)
        at = names->places[at - 1].next_by_address;
    names->places[at - 1].next_by_address = place->next_by_address;
}

static void unlink_forms(struct lease_names *names, struct lease_place *place)
{
    unlink_form(names, place, FORM_PLAIN);
    if (place->is_qualified)
        unlink_form(names, place, FORM_QUALIFIED);
}

/* ------------------------------------------------------------------ changing */

static void link_address(struct lease_names *names, struct name_heads *heads,
                         struct lease_place *place)
{
    _Atomic uint32_t *head = head_in(heads, address_hash(names, &place->address));
    place->next_by_address = load_relaxed(head);
    store_relaxed(head, (uint32_t)(place - names->places) + 1);
}

static void link_forms(struct lease_names *names, struct name_heads *heads,
                       struct lease_place *place)
{
    link_form(names, heads, place, FORM_PLAIN);
    if (place->is_qualified)
        link_form(names, heads, place, FORM_QUALIFIED);
}

/* Twice as many heads when they have become too few. Without memory the chains grow longer. */
static void grow_heads(struct lease_names *names, struct name_heads *_Atomic *heads,
                       uint32_t wanted,
                       void (*link)(struct lease_names *names, struct name_heads *heads,
                                    struct lease_place *place))
{
    struct name_heads *old = *heads;
    if (old->mask + 1 >= wanted)
        return;
    struct name_heads *larger = make_heads((old->mask + 1) * 2, old);
    if (larger == NULL)
        return;
    for (uint32_t i = 0; i < names->touched; i++) {
        if (!address_is_none(&names->places[i].address))
            link(names, larger, &names->places[i]);
    }
    /* Only now, so that no reader without the lock misses a lease that was there. */
    atomic_store_explicit(heads, larger, memory_order_release);
}

/* A place for an address that has none, or NULL when all are taken. */
static struct lease_place *take_place(struct lease_names *names, const struct address *address)
{
    struct lease_place *place;
    if (names->free_head != NONE) {
        place = &names->places[names->free_head - 1];
        names->free_head = place->next_by_address;
    } else if (names->touched < names->capacity) {
        place = &names->places[names->touched++];
    } else {
        return NULL;
    }
    place->address = *address;
    link_address(names, names->by_address, place);
    store_relaxed(&names->count, load_relaxed(&names->count) + 1);
    return place;
}

static bool begins_with(const struct dname *qualified, const struct dname *name)
{
    struct dname start = *qualified;
    if (name->count > qualified->count)
        return false;
    start.count = name->count;
    start.wire[start.count - 1] = 0;
    return dname_equal(&start, name);
}

static void give_place(struct lease_names *names, struct lease_place *place)
{
    unlink_address(names, place);
    free(place->name);
    *place = (struct lease_place){ .next_by_address = names->free_head };
    names->free_head = (uint32_t)(place - names->places) + 1;
    store_relaxed(&names->count, load_relaxed(&names->count) - 1);
}

/* Puts the names into a place of this address, found or made. */
static enum status set_names(struct lease_names *names, const struct address *address,
                             const struct dname *plain, const struct dname *qualified)
{
    const struct dname *whole = qualified != NULL ? qualified : plain;
    struct lease_place *place = place_of_address(names, address);
    uint8_t *wire = malloc(whole->count);
    if (wire == NULL)
        return STATUS_NO_MEMORY;
    if (place != NULL)
        unlink_forms(names, place);
    else
        place = take_place(names, address);
    if (place == NULL) {
        free(wire);
        return STATUS_FULL;
    }
    free(place->name);
    memcpy(wire, whole->wire, whole->count);
    place->name = wire;
    place->name_count = whole->count;
    place->plain_count = (uint8_t)(plain->count - 1);
    place->is_qualified = qualified != NULL;
    link_forms(names, names->by_name, place);
    return STATUS_OK;
}

enum status lease_names_set(struct lease_names *names, const struct address *address,
                            const struct dname *name, const struct dname *qualified)
{
    if (qualified != NULL && !begins_with(qualified, name))
        return STATUS_CONFLICT;
    if (qualified != NULL && qualified->count == name->count)
        qualified = NULL; /* in the root domain both are one */

    pthread_mutex_lock(&names->lock);
    enum status status = set_names(names, address, name, qualified);
    uint32_t count = load_relaxed(&names->count);
    grow_heads(names, &names->by_name, count * NAME_HEADS_A_LEASE, link_forms);
    grow_heads(names, &names->by_address, count * ADDRESS_HEADS_A_LEASE, link_address);
    pthread_mutex_unlock(&names->lock);
    return status;
}

void lease_names_remove(struct lease_names *names, const struct address *address)
{
    pthread_mutex_lock(&names->lock);
    struct lease_place *place = place_of_address(names, address);
    if (place != NULL) {
        unlink_forms(names, place);
        give_place(names, place);
    }
    pthread_mutex_unlock(&names->lock);
}

/* ------------------------------------------------------------------ finding */

/* The next place from link *at on that bears the name; NULL at the end of the chain. */
static const struct lease_place *next_bearer(const struct lease_names *names, uint32_t *at,
                                             const struct dname *name, uint64_t hash)
{
    while (*at != NONE) {
        uint32_t number = *at;
        const struct lease_place *place = &names->places[(number - 1) / FORM_COUNT];
        const struct name_link *link = link_at(names, number);
        *at = link->next;
        if (link->tag != (uint32_t)(hash >> 32))
            continue;
        struct dname held = form_of(place, (enum name_form)((number - 1) % FORM_COUNT));
        if (dname_equal(&held, name))
            return place;
    }
    return NULL;
}

static bool is_asked(const struct address *address, uint16_t type)
{
    return type == RRTYPE_ANY || (type == RRTYPE_A && address->family == ADDRESS_IP4)
           || (type == RRTYPE_AAAA && address->family == ADDRESS_IP6);
}

static void find_by_name(struct lease_names *names, const struct dname *name, uint64_t hash,
                         uint16_t type, struct lease_answer *answer)
{
    if (load_relaxed(name_head(names, hash)) == NONE)
        return;

    pthread_mutex_lock(&names->lock);
    uint32_t at = load_relaxed(name_head(names, hash));
    for (const struct lease_place *place; (place = next_bearer(names, &at, name, hash)) != NULL
                                          && answer->address_count < LEASE_ADDRESSES_MAX;) {
        answer->exists = true;
        if (is_asked(&place->address, type))
            answer->addresses[answer->address_count++] = place->address;
    }
    pthread_mutex_unlock(&names->lock);
}

bool lease_names_any(struct lease_names *names, const struct dname *name, uint64_t hash,
                     bool (*test)(void *context, const struct address *address), void *context)
{
    const struct lease_place *place = NULL;
    pthread_mutex_lock(&names->lock);
    uint32_t at = load_relaxed(name_head(names, hash));
    do
        place = next_bearer(names, &at, name, hash);
    while (place != NULL && !test(context, &place->address));
    pthread_mutex_unlock(&names->lock);
    return place != NULL;
}

/* All but names under arpa and int are told apart by one byte. */
static bool may_be_reverse(const struct dname *name)
{
    if (name->count < 5)
        return false;
    uint8_t last = name->wire[name->count - 2] | 0x20;
    return last == 'a' || last == 't';
}

static void find_by_address(struct lease_names *names, const struct dname *name, uint16_t type,
                            struct lease_answer *answer)
{
    struct prefix prefix;
    if (!may_be_reverse(name) || dname_reverse_parse(name, &prefix) != STATUS_OK
        || prefix.length != 8 * address_size(prefix.address.family)
        || load_relaxed(address_head(names, &prefix.address)) == NONE)
        return;

    pthread_mutex_lock(&names->lock);
    const struct lease_place *place = place_of_address(names, &prefix.address);
    if (place != NULL) {
        answer->exists = true;
        if (type == RRTYPE_PTR || type == RRTYPE_ANY)
            answer->pointer = form_of(place, FORM_QUALIFIED);
    }
    pthread_mutex_unlock(&names->lock);
}

bool lease_names_find(struct lease_names *names, const struct dname *name, uint64_t hash,
                      uint16_t type, struct lease_answer *answer)
{
    answer->exists = false;
    answer->address_count = 0;
    answer->pointer.count = 0;
    if (load_relaxed(&names->count) == 0)
        return false;

    find_by_name(names, name, hash, type, answer);
    if (!answer->exists)
        find_by_address(names, name, type, answer);
    return answer->exists;
}

bool lease_names_holder(struct lease_names *names, const struct dname *name,
                        struct address *address)
{
    uint64_t hash = dname_hash(&names->key, name);

    pthread_mutex_lock(&names->lock);
    uint32_t at = load_relaxed(name_head(names, hash));
    const struct lease_place *place = next_bearer(names, &at, name, hash);
    if (place != NULL)
        *address = place->address;
    pthread_mutex_unlock(&names->lock);
    return place != NULL;
}

/* ------------------------------------------------------------------ walking */

bool lease_names_walk(struct lease_names *names, size_t *place, struct address *address,
                      struct dname *name)
{
    bool found = false;

    for (bool more = true; !found && more;) {
        pthread_mutex_lock(&names->lock);
        for (size_t i = 0; !found && i < LEASE_WALK_STEP && *place < names->touched; i++) {
            const struct lease_place *at = &names->places[(*place)++];
            if (address_is_none(&at->address))
                continue;
            *address = at->address;
            *name = form_of(at, FORM_PLAIN);
            found = true;
        }
        more = *place < names->touched;
        pthread_mutex_unlock(&names->lock);
    }
    return found;
}

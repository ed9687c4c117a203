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
    uint8_t plain_count;    /* bytes of the plain form's labels, which begin `name` */
    bool is_qualified;      /* name is the qualified form */
    struct dname name;
    struct name_link links[FORM_COUNT];
    uint32_t next_by_address; /* or the next free place */
};

struct lease_names {
    struct siphash_key key;
    _Atomic uint32_t count;
    _Atomic uint32_t *name_heads;
    _Atomic uint32_t *address_heads;
    uint32_t name_mask;
    uint32_t address_mask;

    pthread_mutex_t lock;
    struct lease_place *places;
    uint32_t capacity;
    uint32_t free_head;
};

/* ------------------------------------------------------------------ making */

static uint32_t power_of_two_from(size_t least)
{
    uint32_t power = 4;
    while (power < least)
        power *= 2;
    return power;
}

static void free_all_places(struct lease_names *names)
{
    for (uint32_t i = 0; i < names->capacity; i++) {
        names->places[i].address.family = ADDRESS_NONE;
        names->places[i].next_by_address = i + 1 < names->capacity ? i + 2 : NONE;
    }
    names->free_head = names->capacity > 0 ? 1 : NONE;
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
    /* Chains are mostly empty by intent: see above. */
    uint32_t name_heads = power_of_two_from(capacity * FORM_COUNT * 4);
    uint32_t address_heads = power_of_two_from(capacity * 2);
    made->name_mask = name_heads - 1;
    made->address_mask = address_heads - 1;
    made->name_heads = calloc(name_heads, sizeof *made->name_heads);
    made->address_heads = calloc(address_heads, sizeof *made->address_heads);
    made->places = calloc(capacity > 0 ? capacity : 1, sizeof *made->places);
    pthread_mutex_init(&made->lock, NULL);
    if (made->name_heads == NULL || made->address_heads == NULL || made->places == NULL) {
        lease_names_free(made);
        return STATUS_NO_MEMORY;
    }
    free_all_places(made);
    *names = made;
    return STATUS_OK;
}

void lease_names_free(struct lease_names *names)
{
    if (names == NULL)
        return;
    pthread_mutex_destroy(&names->lock);
    free(names->name_heads);
    free(names->address_heads);
    free(names->places);
    free(names);
}

void lease_names_clear(struct lease_names *names)
{
    pthread_mutex_lock(&names->lock);
    for (uint32_t i = 0; i <= names->name_mask; i++)
        atomic_store_explicit(&names->name_heads[i], NONE, memory_order_relaxed);
    for (uint32_t i = 0; i <= names->address_mask; i++)
        atomic_store_explicit(&names->address_heads[i], NONE, memory_order_relaxed);
    free_all_places(names);
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

static _Atomic uint32_t *name_head(const struct lease_names *names, uint64_t hash)
{
    return &names->name_heads[(uint32_t)hash & names->name_mask];
}

static _Atomic uint32_t *address_head(const struct lease_names *names,
                                      const struct address *address)
{
    uint64_t hash = siphash13(&names->key, address->bytes, sizeof address->bytes);
    return &names->address_heads[(uint32_t)hash & names->address_mask];
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
    if (form == FORM_QUALIFIED || !place->is_qualified)
        return place->name;
    struct dname plain;
    memcpy(plain.wire, place->name.wire, place->plain_count);
    plain.wire[place->plain_count] = 0;
    plain.count = (uint8_t)(place->plain_count + 1);
    return plain;
}

static void link_form(struct lease_names *names, struct lease_place *place, enum name_form form,
                      uint64_t hash)
{
    uint32_t number = (uint32_t)(place - names->places) * FORM_COUNT + form + 1;
    _Atomic uint32_t *head = name_head(names, hash);
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

/* A place for an address that has none, or NULL when all are taken. */
static struct lease_place *take_place(struct lease_names *names, const struct address *address)
{
    if (names->free_head == NONE)
        return NULL;
    uint32_t number = names->free_head;
    struct lease_place *place = &names->places[number - 1];
    names->free_head = place->next_by_address;

    _Atomic uint32_t *head = address_head(names, address);
    place->address = *address;
    place->next_by_address = load_relaxed(head);
    store_relaxed(head, number);
    store_relaxed(&names->count, load_relaxed(&names->count) + 1);
    return place;
}

static bool begins_with(const struct dname *qualified, const struct dname *name)
{
    struct lease_place place = { .plain_count = (uint8_t)(name->count - 1), .is_qualified = true };
    if (name->count > qualified->count)
        return false;
    place.name = *qualified;
    struct dname start = form_of(&place, FORM_PLAIN);
    return dname_equal(&start, name);
}

enum status lease_names_set(struct lease_names *names, const struct address *address,
                            const struct dname *name, const struct dname *qualified)
{
    if (qualified != NULL && !begins_with(qualified, name))
        return STATUS_CONFLICT;
    if (qualified != NULL && qualified->count == name->count)
        qualified = NULL; /* in the root domain both are one */
    uint64_t plain_hash = dname_hash(&names->key, name);
    uint64_t qualified_hash = qualified != NULL ? dname_hash(&names->key, qualified) : 0;

    pthread_mutex_lock(&names->lock);
    struct lease_place *place = place_of_address(names, address);
    if (place != NULL)
        unlink_forms(names, place);
    else
        place = take_place(names, address);
    if (place != NULL) {
        place->name = qualified != NULL ? *qualified : *name;
        place->plain_count = (uint8_t)(name->count - 1);
        place->is_qualified = qualified != NULL;
        link_form(names, place, FORM_PLAIN, plain_hash);
        if (qualified != NULL)
            link_form(names, place, FORM_QUALIFIED, qualified_hash);
    }
    pthread_mutex_unlock(&names->lock);
    return place != NULL ? STATUS_OK : STATUS_FULL;
}

void lease_names_remove(struct lease_names *names, const struct address *address)
{
    pthread_mutex_lock(&names->lock);
    struct lease_place *place = place_of_address(names, address);
    if (place != NULL) {
        unlink_forms(names, place);
        unlink_address(names, place);
        place->address.family = ADDRESS_NONE;
        place->next_by_address = names->free_head;
        names->free_head = (uint32_t)(place - names->places) + 1;
        store_relaxed(&names->count, load_relaxed(&names->count) - 1);
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
            answer->pointer = place->name;
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

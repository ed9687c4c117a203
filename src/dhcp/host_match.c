#include "dhcp/host_match.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/hashmap.h"

#define HOST_ARENA_LIMIT ((size_t)256 << 20)

/* One way to reach a line: by an id, a hardware address, a name or an address. */
struct host_link {
    const struct dhcp_host *host;
    struct host_link *next; /* same key, configured before */
    const struct dhcp_hardware_pattern *hardware;
    struct address address;
    uint8_t length; /* by_block6: of the prefix that begins at `address` */
};

/* What a map holds: the newest of the links with one key. */
struct host_chain {
    struct host_link *first;
};

struct host_match {
    struct siphash_key key;
    const struct dhcp_config *config;
    const struct local_names *names;
    struct arena arena;
    struct hashmap by_id, by_hardware, by_name, by_address;
    struct hashmap by_label;     /* lines with a name that are found by something else */
    struct hashmap by_block6;    /* IPv6 addresses and blocks, host parts among them */
    uint64_t block6_lengths[3];  /* bit n: by_block6 holds one of length n */
    struct arena address_arena;  /* the last two: built anew with the hosts files */
    struct host_link *wildcards; /* fewest wildcards first */
    size_t wildcard_count;
};

/* ------------------------------------------------------------------ keys */

static uint64_t hash_bytes(const struct host_match *match, struct bytes bytes)
{
    return siphash13(&match->key, bytes.at, bytes.count);
}

/* Lines without a type of hardware are for all types; they are filed under this one. */
#define ANY_TYPE UINT16_MAX

static uint64_t hash_hardware(const struct host_match *match, const struct hardware *hardware)
{
    return hash_bytes(match, bytes_of(hardware->bytes, hardware->count)) ^ hardware->type;
}

static struct hardware hardware_key(const struct dhcp_hardware_pattern *pattern)
{
    struct hardware key = pattern->hardware;
    if (pattern->any_type)
        key.type = ANY_TYPE;
    return key;
}

static bool match_id(const void *value, const void *key)
{
    return bytes_equal(((const struct host_chain *)value)->first->host->client_id,
                       *(const struct bytes *)key);
}

static bool match_hardware(const void *value, const void *key)
{
    struct hardware own = hardware_key(((const struct host_chain *)value)->first->hardware);
    return hardware_equal(&own, key);
}

static bool match_name(const void *value, const void *key)
{
    return dname_equal(&((const struct host_chain *)value)->first->host->name, key);
}

/* All clients of a name share its first label: the domain comes from their addresses. */
static struct dname label_of(const struct dname *name)
{
    struct dname root = dname_root(), label;
    return dname_prepend(dname_first_label(name), &root, &label) == STATUS_OK ? label : root;
}

static bool match_label(const void *value, const void *key)
{
    struct dname own = label_of(&((const struct host_chain *)value)->first->host->name);
    return dname_equal(&own, key);
}

static bool match_address(const void *value, const void *key)
{
    return address_equal(&((const struct host_chain *)value)->first->address, key);
}

static bool match_block6(const void *value, const void *key)
{
    const struct host_link *own = ((const struct host_chain *)value)->first;
    const struct prefix *wanted = key;
    return own->length == wanted->length && address_equal(&own->address, &wanted->address);
}

static const struct host_link *first_of(const struct hashmap *map, uint64_t hash,
                                        hashmap_match *equal, const void *key)
{
    const struct host_chain *chain = hashmap_find(map, hash, equal, key);
    return chain != NULL ? chain->first : NULL;
}

/* ------------------------------------------------------------------ building */

/* The link goes before those with an equal key: the last configured is asked first. */
NODISCARD static enum status file_link(struct hashmap *map, struct arena *arena, uint64_t hash,
                                       hashmap_match *equal, const void *key,
                                       const struct host_link *given)
{
    struct host_link *link = arena_take(arena, sizeof(*link));
    if (link == NULL)
        return STATUS_NO_MEMORY;
    *link = *given;
    struct host_chain *chain = hashmap_find(map, hash, equal, key);
    if (chain != NULL) {
        link->next = chain->first;
        chain->first = link;
        return STATUS_OK;
    }
    chain = arena_take(arena, sizeof(*chain));
    if (chain == NULL)
        return STATUS_NO_MEMORY;
    chain->first = link;
    return hashmap_insert(map, hash, chain);
}

static unsigned wildcard_bytes(const struct dhcp_hardware_pattern *pattern)
{
    return (unsigned)__builtin_popcount(pattern->wildcards);
}

/* Fewest wildcards first, and of equals the last configured: lines stand in one array. */
static int compare_wildcards(const void *a, const void *b)
{
    const struct host_link *first = a;
    const struct host_link *second = b;
    unsigned one = wildcard_bytes(first->hardware), two = wildcard_bytes(second->hardware);
    if (one != two)
        return one < two ? -1 : 1;
    if (first->host != second->host)
        return first->host > second->host ? -1 : 1;
    return first->hardware > second->hardware ? -1 : first->hardware < second->hardware;
}

NODISCARD static enum status add_host(struct host_match *match, const struct dhcp_host *host)
{
    struct host_link link = { .host = host };
    enum status status = STATUS_OK;
    if (host->client_id.count > 0)
        status = file_link(&match->by_id, &match->arena, hash_bytes(match, host->client_id),
                           match_id, &host->client_id, &link);
    if (status == STATUS_OK && host->name.count > 0 && host->client_id.count == 0
        && host->hardware_count == 0)
        status = file_link(&match->by_name, &match->arena, dname_hash(&match->key, &host->name),
                           match_name, &host->name, &link);
    if (status == STATUS_OK && host->name.count > 0
        && (host->client_id.count > 0 || host->hardware_count > 0)) {
        struct dname label = label_of(&host->name);
        status = file_link(&match->by_label, &match->arena, dname_hash(&match->key, &label),
                           match_label, &label, &link);
    }
    for (size_t i = 0; status == STATUS_OK && i < host->hardware_count; i++) {
        link.hardware = &host->hardware[i];
        struct hardware key = hardware_key(link.hardware);
        if (link.hardware->wildcards != 0)
            match->wildcards[match->wildcard_count++] = link;
        else
            status = file_link(&match->by_hardware, &match->arena, hash_hardware(match, &key),
                               match_hardware, &key, &link);
    }
    return status;
}

static size_t count_wildcards(const struct dhcp_config *config)
{
    size_t count = 0;
    for (size_t i = 0; i < config->host_count; i++) {
        for (size_t j = 0; j < config->hosts[i].hardware_count; j++)
            count += config->hosts[i].hardware[j].wildcards != 0;
    }
    return count;
}

NODISCARD static enum status fill(struct host_match *match)
{
    const struct dhcp_config *config = match->config;
    match->wildcards =
        arena_take_array(&match->arena, count_wildcards(config), sizeof(*match->wildcards));
    if (match->wildcards == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < config->host_count; i++) {
        enum status status = add_host(match, &config->hosts[i]);
        if (status != STATUS_OK)
            return status;
    }
    qsort(match->wildcards, match->wildcard_count, sizeof(*match->wildcards), compare_wildcards);
    return host_match_set_names(match, NULL);
}

enum status host_match_create(const struct siphash_key *key, const struct dhcp_config *config,
                              struct host_match **out)
{
    struct host_match *match = calloc(1, sizeof(*match));
    if (match == NULL)
        return STATUS_NO_MEMORY;
    match->key = *key;
    match->config = config;
    arena_init(&match->arena, 16384, HOST_ARENA_LIMIT);
    arena_init(&match->address_arena, 16384, HOST_ARENA_LIMIT);
    struct hashmap *maps[] = { &match->by_id,      &match->by_hardware, &match->by_name,
                               &match->by_address, &match->by_block6,   &match->by_label };
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < COUNT_OF(maps); i++)
        status = hashmap_init(maps[i], 0);
    if (status == STATUS_OK)
        status = fill(match);
    if (status != STATUS_OK) {
        host_match_free(match);
        return status;
    }
    *out = match;
    return STATUS_OK;
}

void host_match_free(struct host_match *match)
{
    if (match == NULL)
        return;
    hashmap_free(&match->by_id);
    hashmap_free(&match->by_hardware);
    hashmap_free(&match->by_name);
    hashmap_free(&match->by_address);
    hashmap_free(&match->by_block6);
    hashmap_free(&match->by_label);
    arena_free(&match->arena);
    arena_free(&match->address_arena);
    free(match);
}

/* ------------------------------------------------------------------ addresses of names */

static const struct local_name *configured_name(const struct host_match *match,
                                                const struct dname *name)
{
    if (match->names == NULL || name->count == 0)
        return NULL;
    return local_names_find(match->names, name, dname_hash(&match->key, name));
}

/* Address `index` of those of this type a hosts file gives the name; false past the last. */
static bool name_address(const struct local_name *name, unsigned type, size_t *index,
                         struct address *address)
{
    while (name != NULL && *index < name->count) {
        const struct local_record *record = &name->records[(*index)++];
        if (record->type == type && address_from_bytes(record->rdata, address) == STATUS_OK)
            return true;
    }
    return false;
}

NODISCARD static enum status own_address(struct host_match *match, const struct dhcp_host *host,
                                         const struct address *address)
{
    struct host_link link = { .host = host, .address = *address };
    return file_link(&match->by_address, &match->address_arena,
                     hash_bytes(match, address_bytes(address)), match_address, address, &link);
}

NODISCARD static enum status own_block6(struct host_match *match, const struct dhcp_host *host,
                                        const struct address *address, uint8_t length)
{
    struct host_link link = { .host = host, .address = *address, .length = length };
    struct prefix block = { *address, length };
    match->block6_lengths[length / 64] |= (uint64_t)1 << (length % 64);
    return file_link(&match->by_block6, &match->address_arena,
                     hash_bytes(match, address_bytes(address)), match_block6, &block, &link);
}

/* All IPv6 addresses of the line or, when it has none of either family, of its name. */
NODISCARD static enum status own_blocks6(struct host_match *match, const struct dhcp_host *host)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; status == STATUS_OK && i < host->address6_count; i++)
        status = own_block6(match, host, &host->addresses6[i].address, host->addresses6[i].length);
    if (host->address6_count > 0 || !address_is_none(&host->address))
        return status;
    const struct local_name *name = configured_name(match, &host->name);
    struct address address;
    for (size_t at = 0; status == STATUS_OK && name_address(name, RRTYPE_AAAA, &at, &address);)
        status = own_block6(match, host, &address, 128);
    return status;
}

enum status host_match_set_names(struct host_match *match, const struct local_names *names)
{
    enum status status = STATUS_OK;
    match->names = names;
    hashmap_clear(&match->by_address);
    hashmap_clear(&match->by_block6);
    memset(match->block6_lengths, 0, sizeof(match->block6_lengths));
    arena_reset(&match->address_arena);
    for (size_t i = 0; i < match->config->host_count && status == STATUS_OK; i++) {
        const struct dhcp_host *host = &match->config->hosts[i];
        if (!address_is_none(&host->address)) {
            status = own_address(match, host, &host->address);
            continue;
        }
        const struct local_name *name = configured_name(match, &host->name);
        struct address address;
        for (size_t at = 0; status == STATUS_OK && name_address(name, RRTYPE_A, &at, &address);)
            status = own_address(match, host, &address);
    }
    for (size_t i = 0; i < match->config->host_count && status == STATUS_OK; i++)
        status = own_blocks6(match, &match->config->hosts[i]);
    return status;
}

const struct dhcp_host *host_match_owner(const struct host_match *match,
                                         const struct address *address)
{
    const struct host_link *link = first_of(
        &match->by_address, hash_bytes(match, address_bytes(address)), match_address, address);
    return link != NULL ? link->host : NULL;
}

/* Whatever it gives, and in whichever network. */
static bool speaks_of(const struct dhcp_host *host, const struct client_id *client)
{
    if (client->id.count > 0 && bytes_equal(host->client_id, client->id))
        return true;
    for (size_t i = 0; client->hardware.count > 0 && i < host->hardware_count; i++) {
        if (host_match_hardware(&host->hardware[i], &client->hardware))
            return true;
    }
    return false;
}

bool host_match_keeps_name(const struct host_match *match, const struct dname *name,
                           const struct client_id *client)
{
    struct dname label = label_of(name);
    const struct host_link *link =
        first_of(&match->by_label, dname_hash(&match->key, &label), match_label, &label);
    bool is_kept = link != NULL;
    for (; link != NULL; link = link->next)
        is_kept = is_kept && !speaks_of(link->host, client);
    return is_kept;
}

bool host_match_next_address(const struct host_match *match, size_t *place, struct address *address)
{
    const struct host_chain *chain = hashmap_next(&match->by_address, place);
    if (chain == NULL)
        return false;
    *address = chain->first->address;
    return true;
}

/* ------------------------------------------------------------------ IPv6 addresses of lines */

#define HOST_PART_BYTES 8 /* of an address whose network is the client's */

static bool is_host_part(const struct address *address)
{
    static const uint8_t zeros[HOST_PART_BYTES];
    return memcmp(address->bytes, zeros, sizeof(zeros)) == 0;
}

static struct address host_part_of(struct address address)
{
    memset(address.bytes, 0, HOST_PART_BYTES);
    return address;
}

static uint64_t block_count(const struct dhcp_host_address6 *block)
{
    unsigned bits = 128u - block->length;
    return bits < 16 ? (uint64_t)1 << bits : HOST_BLOCK_MAX;
}

/* Address `offset` of the block, in this network; false when it lies in another. */
static bool in_network(const struct dhcp_host_address6 *block, uint64_t offset,
                       const struct prefix *network, struct address *address)
{
    *address = address_add(block->address, offset);
    if (is_host_part(&block->address)) {
        for (size_t i = 0; i < HOST_PART_BYTES; i++)
            address->bytes[i] = network->address.bytes[i];
    }
    return prefix_contains(network, address);
}

bool host_match_next_address6(const struct dhcp_host *host, const struct prefix *network,
                              size_t *place, struct address *address)
{
    size_t index;
    while ((index = *place / HOST_BLOCK_MAX) < host->address6_count) {
        const struct dhcp_host_address6 *block = &host->addresses6[index];
        uint64_t offset = *place % HOST_BLOCK_MAX;
        bool here = in_network(block, offset, network, address);
        if (here && offset + 1 < block_count(block))
            (*place)++;
        else
            *place = (index + 1) * HOST_BLOCK_MAX;
        if (here)
            return true;
    }
    return false;
}

bool host_match_has6(const struct dhcp_host *host, const struct address *address)
{
    for (size_t i = 0; i < host->address6_count; i++) {
        const struct dhcp_host_address6 *own = &host->addresses6[i];
        struct prefix block = { own->address, own->length };
        struct address part = host_part_of(*address);
        if (prefix_contains(&block, is_host_part(&own->address) ? &part : address))
            return true;
    }
    return false;
}

static bool has_block6(const struct host_match *match, const struct address *address,
                       unsigned length)
{
    struct prefix block;
    return prefix_make(*address, length, &block) == STATUS_OK
           && first_of(&match->by_block6, hash_bytes(match, address_bytes(&block.address)),
                       match_block6, &block)
                  != NULL;
}

bool host_match_reserves6(const struct host_match *match, const struct address *address)
{
    struct address part = host_part_of(*address);
    for (unsigned word = 0; word < COUNT_OF(match->block6_lengths); word++) {
        for (uint64_t left = match->block6_lengths[word]; left != 0; left &= left - 1) {
            unsigned length = word * 64 + (unsigned)__builtin_ctzll(left);
            if (has_block6(match, address, length) || has_block6(match, &part, length))
                return true;
        }
    }
    return false;
}

/* ------------------------------------------------------------------ finding */

/* One search: what is asked, in which pass, and what was seen on the way. */
struct search {
    const struct host_match *match;
    const struct host_question *question;
    bool with_conditions;
    bool elsewhere;
    struct host_found found;
};

/* An address of the line that is of use here, or none. False when the line is for other networks.
 */
static bool address_here(struct search *search, const struct dhcp_host *host,
                         struct address *address)
{
    const struct host_question *question = search->question;
    *address = host->address;
    if (!address_is_none(address))
        return question->is_served(question->context, address);
    const struct local_name *name = configured_name(search->match, &host->name);
    for (size_t at = 0; name_address(name, RRTYPE_A, &at, address);) {
        if (question->is_served(question->context, address))
            return true;
    }
    *address = (struct address){ 0 };
    return host->address6_count == 0;
}

/* The same for DHCPv6: *address is what a hosts file says. */
static bool address6_here(struct search *search, const struct dhcp_host *host,
                          struct address *address)
{
    const struct host_question *question = search->question;
    for (size_t i = 0; i < host->address6_count; i++) {
        const struct address *own = &host->addresses6[i].address;
        if (is_host_part(own) || question->is_served(question->context, own))
            return true;
    }
    if (host->address6_count > 0 || !address_is_none(&host->address))
        return false;
    const struct local_name *name = configured_name(search->match, &host->name);
    for (size_t at = 0; name_address(name, RRTYPE_AAAA, &at, address);) {
        if (question->is_served(question->context, address))
            return true;
    }
    *address = (struct address){ 0 };
    return true;
}

static bool takes(struct search *search, const struct dhcp_host *host)
{
    const struct host_question *question = search->question;
    if ((host->conditions.count > 0) != search->with_conditions)
        return false;
    if (search->with_conditions
        && !tag_set_matches(question->tags, question->tag_names, &host->conditions))
        return false;
    struct address address = { 0 };
    if (!(question->ip6 ? address6_here : address_here)(search, host, &address)) {
        search->elsewhere = true;
        return false;
    }
    search->found.host = host;
    search->found.address = address;
    return true;
}

static bool takes_one_of(struct search *search, const struct host_link *link)
{
    for (; link != NULL; link = link->next) {
        if (takes(search, link->host))
            return true;
    }
    return false;
}

/* An id configured as text is the client's also when it comes with a type byte of zero before it.
 */
static bool find_by_id(struct search *search)
{
    const struct host_match *match = search->match;
    struct bytes id = search->question->client->id;
    if (id.count == 0)
        return false;
    if (takes_one_of(search, first_of(&match->by_id, hash_bytes(match, id), match_id, &id)))
        return true;
    if (search->question->ip6 || id.at[0] != 0 || id.count == 1)
        return false;
    struct bytes_reader reader = bytes_reader_on(id);
    bytes_read_skip(&reader, 1);
    id = bytes_read_rest(&reader);
    return takes_one_of(search, first_of(&match->by_id, hash_bytes(match, id), match_id, &id));
}

bool host_match_hardware(const struct dhcp_hardware_pattern *pattern,
                         const struct hardware *hardware)
{
    if (pattern->hardware.count != hardware->count
        || (!pattern->any_type && pattern->hardware.type != hardware->type))
        return false;
    for (size_t i = 0; i < hardware->count; i++) {
        if ((pattern->wildcards >> i & 1) == 0 && pattern->hardware.bytes[i] != hardware->bytes[i])
            return false;
    }
    return true;
}

/* Lines with this very address, of its type or of any. */
static const struct host_link *by_hardware(const struct host_match *match,
                                           const struct hardware *hardware, bool any_type)
{
    struct hardware key = *hardware;
    if (any_type)
        key.type = ANY_TYPE;
    return first_of(&match->by_hardware, hash_hardware(match, &key), match_hardware, &key);
}

static bool find_by_hardware(struct search *search)
{
    const struct host_match *match = search->match;
    const struct hardware *hardware = &search->question->client->hardware;
    if (hardware->count == 0)
        return false;
    if (takes_one_of(search, by_hardware(match, hardware, false))
        || takes_one_of(search, by_hardware(match, hardware, true)))
        return true;
    for (size_t i = 0; i < match->wildcard_count; i++) {
        if (host_match_hardware(match->wildcards[i].hardware, hardware)
            && takes(search, match->wildcards[i].host))
            return true;
    }
    return false;
}

static bool find_by_name(struct search *search)
{
    const struct dname *name = search->question->name;
    if (name == NULL || name->count == 0)
        return false;
    return takes_one_of(search, first_of(&search->match->by_name,
                                         dname_hash(&search->match->key, name), match_name, name));
}

void host_match_find(const struct host_match *match, const struct host_question *question,
                     struct host_found *found)
{
    struct search search = { .match = match, .question = question };
    for (int pass = 0; pass < 2 && search.found.host == NULL; pass++) {
        search.with_conditions = pass == 0;
        if (!find_by_id(&search) && !find_by_hardware(&search))
            search.found.by_name = find_by_name(&search);
    }
    search.found.known_elsewhere = search.found.host == NULL && search.elsewhere;
    *found = search.found;
}

bool host_match_ignores_id(const struct host_match *match, const struct hardware *hardware)
{
    for (int any_type = 0; any_type < 2; any_type++) {
        const struct host_link *link = by_hardware(match, hardware, any_type == 1);
        for (; link != NULL; link = link->next) {
            if (link->host->client_id_any)
                return true;
        }
    }
    for (size_t i = 0; i < match->wildcard_count; i++) {
        const struct host_link *wildcard = &match->wildcards[i];
        if (wildcard->host->client_id_any && host_match_hardware(wildcard->hardware, hardware))
            return true;
    }
    return false;
}

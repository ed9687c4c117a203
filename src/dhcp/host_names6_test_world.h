/* A link with two prefixes, fd00:50:: with ra-names and fd00:51:: without, and hosts on it that
 * answer echo requests or not. For tests alone. */
#ifndef LINNET_DHCP_HOST_NAMES6_TEST_WORLD_H
#define LINNET_DHCP_HOST_NAMES6_TEST_WORLD_H

#include <stdio.h>

#include "dhcp/host_names6.h"

#define WORLD_LINK      2
#define WORLD_PROBES    256
#define WORLD_ANSWERERS 16

struct world {
    struct site site;
    struct site_domain domains[2];
    struct network *network;
    struct range6_live live[2];
    struct range6_set set;
    struct dhcp_range6 ranges[2];
    struct random random;
    struct siphash_key key;
    struct lease_names *in_dns;
    struct local_names *configured;
    struct event_sink sink;
    unsigned confirmations;
    char said[256];
    struct host_names6 *names;
    mono_ms now;
    struct address answerers[WORLD_ANSWERERS];
    size_t answerer_count;
    struct {
        struct host_names6_probe probe;
        mono_ms at;
    } probes[WORLD_PROBES]; /* the last ones, from 0 again when full */
    size_t probe_count;
    unsigned probes_a_tick;
};

static inline struct address world_address(const char *text)
{
    struct address address;
    enum status status = address_from_text(text_of(text), &address);
    assert(status == STATUS_OK);
    (void)status;
    return address;
}

static inline struct hardware world_hardware(uint8_t last)
{
    return (struct hardware){ 1, 6, { 2, 0, 0, 0, 0, last } };
}

static inline void world_on_event(void *context, const struct event *event)
{
    struct world *world = context;
    world->confirmations += strncmp(event->text, "SLAAC-CONFIRM", 13) == 0;
    snprintf(world->said, sizeof(world->said), "%s", event->text);
}

static inline const struct local_names *world_configured(void *context)
{
    return ((struct world *)context)->configured;
}

static inline void world_set_domain(struct site_domain *domain, const char *text)
{
    enum status status = dname_from_text(text_of(text), &domain->name);
    assert(status == STATUS_OK);
    (void)status;
}

static inline void world_make_network(struct world *world)
{
    struct network_interface interface = { .index = WORLD_LINK, .name = "s0", .up = true };
    struct network_address addresses[] = {
        { .address = world_address("192.168.50.1"), .prefix_length = 24, .interface = WORLD_LINK },
        { .address = world_address("fd00:50::1"), .prefix_length = 64, .interface = WORLD_LINK },
        { .address = world_address("fd00:51::1"), .prefix_length = 64, .interface = WORLD_LINK },
    };
    enum status status = network_create(&interface, 1, addresses, 3, &world->network);
    assert(status == STATUS_OK);
    world->ranges[0].modes = DHCP_RANGE6_RA_NAMES;
    for (size_t i = 0; i < 2; i++) {
        world->live[i] = (struct range6_live){ .range = &world->ranges[i],
                                               .interface = WORLD_LINK,
                                               .local = addresses[i + 1].address };
        status = prefix_make(addresses[i + 1].address, 64, &world->live[i].prefix);
        assert(status == STATUS_OK);
    }
    world->set = (struct range6_set){ world->live, 2 };
}

static inline void world_open(struct world *world, bool join_names, uint32_t leases_max)
{
    *world = (struct world){ .now = 1000000 };
    site_init(&world->site);
    world->domains[0] = (struct site_domain){ .by = SITE_DOMAIN_ALL };
    world_set_domain(&world->domains[0], "lan");
    world->site.domains = world->domains;
    world->site.domain_count = 1;
    random_init_seeded(&world->random, 6);
    world_make_network(world);
    world->sink = (struct event_sink){ UINT64_MAX, world_on_event, world, false };
    enum status status = lease_names_create(&world->key, 65536, &world->in_dns);
    assert(status == STATUS_OK);
    status = local_names_create(&world->key, &world->configured);
    assert(status == STATUS_OK);
    struct dname taken;
    struct address elsewhere = world_address("fd00:99::1");
    status = dname_from_text(TEXT("printer.lan"), &taken);
    assert(status == STATUS_OK);
    status = local_names_add_address(world->configured, &taken, &elsewhere, LOCAL_HOSTS,
                                     "/etc/hosts", true);
    assert(status == STATUS_OK);
    status = dname_from_text(TEXT("printer"), &taken);
    assert(status == STATUS_OK);
    status = local_names_add_address(world->configured, &taken, &elsewhere, LOCAL_HOSTS,
                                     "/etc/hosts", false);
    assert(status == STATUS_OK);
    status = local_names_freeze(world->configured);
    assert(status == STATUS_OK);
    struct host_names6_setup setup = {
        .namer = { &world->site, world->in_dns, NULL, world->key, &world->sink, false, NULL },
        .configured_names = world_configured,
        .context = world,
        .random = &world->random,
        .leases_max = leases_max,
        .join_names = join_names,
    };
    status = host_names6_create(&setup, &world->names);
    assert(status == STATUS_OK);
    (void)status;
    host_names6_set_network(world->names, world->network, &world->set);
}

static inline void world_close(struct world *world)
{
    host_names6_free(world->names);
    lease_names_free(world->in_dns);
    local_names_free(world->configured);
    network_free(world->network);
}

static inline void world_answers(struct world *world, const char *text)
{
    assert(world->answerer_count < WORLD_ANSWERERS);
    world->answerers[world->answerer_count++] = world_address(text);
}

static inline void world_probe(struct world *world, const struct host_names6_probe *probe)
{
    size_t place = world->probe_count++ % WORLD_PROBES;
    world->probes[place].probe = *probe;
    world->probes[place].at = world->now;
    for (size_t i = 0; i < world->answerer_count; i++)
        if (address_equal(&world->answerers[i], &probe->address))
            host_names6_heard(world->names, probe, world->now);
}

/* Goes to `until`, doing what is due on the way. */
static inline void world_run(struct world *world, mono_ms until)
{
    struct host_names6_probe probe;
    while (host_names6_deadline(world->names) <= until) {
        mono_ms due = host_names6_deadline(world->names);
        if (due > world->now)
            world->now = due;
        host_names6_tick(world->names, world->now);
        while (host_names6_next_probe(world->names, world->now, &probe))
            world_probe(world, &probe);
    }
    world->now = until;
}

/* A lease in this state: kind, address, hardware address (0: none known), name ("": none), DUID. */
static inline void world_lease(struct world *world, enum event_kind what, enum lease_kind kind,
                               const char *address, uint8_t hardware, const char *name,
                               const char *duid)
{
    char kept[64];
    uint8_t id[64];
    struct lease lease = { .address = world_address(address),
                           .kind = (uint8_t)kind,
                           .interface = kind == LEASE_IP4 ? WORLD_LINK : 0 };
    snprintf(kept, sizeof(kept), "%s", name);
    if (name[0] != '\0')
        lease.name = kept;
    lease.domain = name[0] != '\0' ? (char[]){ "lan" } : NULL;
    if (hardware != 0)
        lease.hardware = world_hardware(hardware);
    lease.hardware_seen = hardware != 0;
    if (duid != NULL) {
        memcpy(id, duid, strlen(duid));
        lease.client_id = id;
        lease.client_id_count = (uint16_t)strlen(duid);
    }
    /* What the server does with its own names before it tells. */
    struct lease_namer namer = { &world->site, world->in_dns, world->configured, world->key,
                                 NULL, false, NULL };
    if (what == EVENT_LEASE_REMOVED)
        lease_name_withdraw(&namer, &lease);
    else
        lease_name_publish(&namer, &lease);
    host_names6_lease(world->names, &(struct event){ .kind = what, .lease = &lease });
}

static inline void world_neighbour(struct world *world, const char *address, uint8_t hardware)
{
    struct address is = world_address(address);
    struct hardware at = { .count = 0 };
    if (hardware != 0)
        at = world_hardware(hardware);
    host_names6_neighbour(world->names, &is, WORLD_LINK, &at, world->now);
}

/* The name has this address in the DNS. */
static inline bool world_has(struct world *world, const char *name, const char *address)
{
    struct dname asked;
    struct address wanted = world_address(address);
    struct lease_answer answer;
    enum status status = dname_from_text(text_of(name), &asked);
    assert(status == STATUS_OK);
    (void)status;
    if (!lease_names_find(world->in_dns, &asked, dname_hash(&world->key, &asked),
                          wanted.family == ADDRESS_IP4 ? RRTYPE_A : RRTYPE_AAAA, &answer))
        return false;
    for (size_t i = 0; i < answer.address_count; i++)
        if (address_equal(&answer.addresses[i], &wanted))
            return true;
    return false;
}

/* The address has a name in the DNS. */
static inline bool world_is_named(struct world *world, const char *address)
{
    struct address is = world_address(address);
    struct dname reverse = dname_reverse(&is);
    struct lease_answer answer;
    return lease_names_find(world->in_dns, &reverse, dname_hash(&world->key, &reverse), RRTYPE_PTR,
                            &answer);
}

#endif

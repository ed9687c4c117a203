#include <stddef.h>
#include <stdint.h>

#include "dhcp/host_machines.h"
#include "dhcp/host_names6_test_world.h"

/* Bytes as what happens on a link: leases of both families come, change and go, neighbours are seen
 * and lost, addresses are registered, echo requests answered or not, prefixes and time pass.
 *
 * Always: no more names than there are leases and addresses to bear them, no more probes than a
 * second allows, and once all leases are gone, no name of ours is left. */

#define LEASES 6

static const char *const addresses[] = {
    "192.168.50.10", "192.168.50.11", "fd00:50::100",       "fd00:51::100",
    "fd00:50::a",    "fd00:50::b",    "fd00:50::ff:fe00:1", "fd00:51::ff:fe00:2",
    "fd00:50::c",    "fd00:50::d",    "fd00:50::ff:fe00:2", "fd00:50::e",
    "fe80::1",       "fd00:52::1",    "fd00:50::1",         "fd00:50::f",
};
static const char *const names[] = { "", "foo", "bar", "printer" };
static const char *const duids[] = { NULL, "someduid", "\xffIAIDsomeduid", "otherduid" };
static const enum event_kind kinds[] = { EVENT_LEASE_ADDED, EVENT_LEASE_CHANGED,
                                         EVENT_LEASE_RENEWED, EVENT_LEASE_REMOVED };

static void lease(struct world *world, uint8_t which, uint8_t how)
{
    const char *address = addresses[which % 4];
    bool is_ip4 = address[0] == '1';
    world_lease(world, kinds[which >> 2 & 3], is_ip4 ? LEASE_IP4 : LEASE_IP6_NA, address, how & 3,
                names[how >> 2 & 3], duids[how >> 4 & 3]);
}

static void registration(struct world *world, uint8_t which, uint8_t how)
{
    struct address address = world_address(addresses[2 + which % 14]);
    struct hardware at = { .count = 0 };
    if ((how & 3) != 0)
        at = world_hardware(how & 3);
    if ((how & 0x80) != 0)
        host_names6_unregister(world->names, &address);
    else if (host_names6_register(world->names, &address, bytes_of("someduid", 8), &at, WORLD_LINK,
                                  names[how >> 2 & 3])
             == STATUS_OK)
        assert(host_names6_counters(world->names)->no_room < UINT64_MAX);
}

static void step(struct world *world, uint8_t what, uint8_t which, uint8_t how)
{
    static const struct range6_set no_ranges;
    switch (what % 6) {
    case 0:
        lease(world, which, how);
        break;
    case 1:
        world_neighbour(world, addresses[which % 16], how & 3);
        break;
    case 2:
        if (addresses[2 + which % 14][5] == '5')
            registration(world, which, how);
        break;
    case 3:
        world_run(world, world->now + ((mono_ms)how << (which & 15)));
        break;
    case 4:
        if (world->answerer_count < WORLD_ANSWERERS)
            world_answers(world, addresses[which % 16]);
        else
            world->answerer_count = 0;
        break;
    default:
        host_names6_set_network(world->names, world->network,
                                (how & 1) != 0 ? &no_ranges : &world->set);
        break;
    }
}

static void clear(struct world *world)
{
    for (size_t i = 0; i < COUNT_OF(addresses); i++) {
        struct address address = world_address(addresses[i]);
        if (i < 4)
            lease(world, (uint8_t)(i | 3 << 2), 0);
        host_names6_unregister(world->names, &address);
    }
    world_run(world, world->now + 1000);
    assert(lease_names_count(world->in_dns) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct world world;
    if (count == 0 || count > 600)
        return 0;
    world_open(&world, (data[0] & 1) != 0, LEASES);
    for (size_t i = 1; i + 2 < count; i += 3) {
        mono_ms before = world.now;
        size_t sent = world.probe_count;
        step(&world, data[i], data[i + 1], data[i + 2]);
        assert(lease_names_count(world.in_dns) <= LEASES + 4 * HOST_ADDRESSES_MAX);
        assert(world.probe_count - sent
               <= ((world.now - before) / 1000 + 2) * HOST_NAMES6_PROBES_A_SECOND);
    }
    clear(&world);
    world_close(&world);
    return 0;
}

#include "dhcp4/dhcp4_test_world.h"

/* Bytes as a conversation of a few clients with one server: each step is a message made from a few
 * bytes, a raw datagram, some time that passes, an answer of the store, an answer to a probe, a
 * restart with the leases that the store has.
 *
 * Always: an address has one lease and one client; no reply is larger than its client takes; what
 * is acknowledged is in the table and in the store; memory stays inside its bounds. */

#define NAMES_MAX 4096

static struct world *fuzz_world;
static uint16_t size_allowed;

static void check_sent(void *context, struct dhcp4_outbox *out)
{
    struct world *world = context;
    for (size_t i = 0; i < out->count; i++) {
        const struct dhcp4_action *action = &out->actions[i];
        struct dhcp4_message message;
        if (action->kind == DHCP4_ACTION_PROBE) {
            world->probed = action->to.address;
            continue;
        }
        enum status status = dhcp4_message_read(action->bytes, &message);
        assert(status == STATUS_OK);
        assert(message.op == DHCP4_BOOTREPLY);
        size_t most = size_allowed > 576 ? size_allowed : 576;
        assert(action->bytes.count <= most - 28);
        /* What is told about booting is told about an address that somebody else gave. */
        if (message.type == DHCP4_ACK && !address_is_any(&message.yiaddr)
            && action->from.port != DHCP4_BOOT_PORT) {
            const struct lease *lease = lease_table_by_address(world->leases, &message.yiaddr);
            assert(lease != NULL && lease->stored);
        }
    }
    dhcp4_outbox_reset(out);
}

static void check_leases(const struct world *world)
{
    const struct lease *lease = lease_table_first(world->leases);
    uint32_t count = 0;
    for (; lease != NULL; lease = lease_table_next(world->leases, lease), count++)
        assert(lease_table_by_address(world->leases, &lease->address) == lease);
    assert(count == lease_table_count(world->leases) && count <= 12);
    assert(lease_names_count(world->names) <= 2 * count);
}

/* A menu, a file, BOOTP for all: part of the raw datagrams come to port 4011. */
static void set_up_boot(void)
{
    static struct dhcp_pxe_service services[] = {
        { .system = 0, .type = DHCP_PXE_FIRST_FILE, .text = "Install", .file = "linux" },
        { .system = 7, .type = DHCP_PXE_FIRST_FILE + 1, .text = "EFI", .file = "boot.efi" },
        { .system = 0, .type = DHCP_PXE_LOCAL_BOOT, .text = "Disk" },
    };
    static struct dhcp_pxe_prompt prompt = { .text = "Press", .seconds = 3 };
    static struct dhcp_boot boot = { .file = "file",
                                     .server_name = "server",
                                     .server = { .host = "one" } };
    static struct dhcp_conditions everyone;
    static struct dhcp_range proxy;
    proxy = (struct dhcp_range){ .first = address_ip4(192, 168, 50, 0),
                                 .last = address_ip4(192, 168, 50, 0),
                                 .mode = DHCP_RANGE_PROXY };
    fuzz_world->config.ranges[fuzz_world->config.range_count++] = proxy;
    fuzz_world->config.boot = (struct dhcp_boot_config){
        .boots = &boot,
        .boot_count = 1,
        .services = services,
        .service_count = COUNT_OF(services),
        .file_count = 2,
        .prompts = &prompt,
        .prompt_count = 1,
        .bootp_dynamics = &everyone,
        .bootp_dynamic_count = 1,
    };
}

static void set_up(void)
{
    fuzz_world = world_create();
    fuzz_world->capacity = 12;
    world_range(fuzz_world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 107), 600);
    struct dhcp_range *far =
        world_range(fuzz_world, address_ip4(10, 9, 0, 10), address_ip4(10, 9, 0, 12), 600);
    far->netmask = address_ip4(255, 255, 255, 0);
    struct dhcp_host *host = world_host(fuzz_world, 1, address_ip4(192, 168, 50, 101), "one");
    host->hardware[host->hardware_count++] =
        (struct dhcp_hardware_pattern){ .hardware = { 1, 6, { 2, 0, 0, 0, 0, 2 } } };
    world_option(fuzz_world, 42, "1234");
    world_option(fuzz_world, 200, "a value of some length, so that there is something to send");
    world_domain(fuzz_world, "lan");
    fuzz_world->config.rapid_commit = true;
    set_up_boot();
    fuzz_world->out.flush = check_sent;
    fuzz_world->sink.wanted |= (uint64_t)1 << EVENT_DHCP_DETAIL;
}

static void settle(struct world *world)
{
    check_sent(world, &world->out);
    world->line_count = 0;
}

static const char *const texts[] = {
    NULL,        "192.168.50.1", "192.168.50.100", "192.168.50.101", "192.168.50.105",
    "10.9.0.11", "10.9.0.1",     "192.168.50.200"
};
static const char *const names[] = { NULL, "one", "two", "two.lan", "x.y.z", "-", "a b", "TWO" };

/* A message from eight bytes. */
static void hear_made(struct world *world, struct bytes_reader *reader)
{
    uint8_t buffer[2048];
    uint8_t kind = bytes_read_u8(reader), who = bytes_read_u8(reader),
            address = bytes_read_u8(reader);
    uint8_t more = bytes_read_u8(reader), name = bytes_read_u8(reader),
            size = bytes_read_u8(reader);
    static const uint8_t agent[] = { 5, 4, 10, 9, 0, 0, 1, 1, 'x' };
    struct client_message message = {
        .type = kind % 11,
        .mac = who & 3,
        .id = (who & 4) != 0 ? "id" : NULL,
        .wanted = texts[address & 7],
        .server = texts[address >> 3 & 1],
        .ciaddr = texts[address >> 4 & 7],
        .giaddr = (more & 1) != 0 ? "192.168.50.200" : NULL,
        .agent = (more & 2) != 0 ? bytes_of(agent, sizeof(agent)) : BYTES_NONE,
        .rapid = (more & 4) != 0,
        .broadcast = (more & 8) != 0,
        .unicast = (more & 16) != 0,
        .fqdn = (more & 32) != 0 ? bytes_of("\4\0\0\3two", 7) : BYTES_NONE,
        .lease_s = (more & 64) != 0 ? 300 : 0,
        .name = names[name & 7],
        .max_size = (uint16_t)(size * 8),
    };
    size_allowed = message.max_size;
    struct dhcp4_datagram in = {
        .message = world_write(&message, buffer, sizeof(buffer)),
        .from = { world_address(message.ciaddr), 68, 0 },
        .local = message.unicast ? address_ip4(192, 168, 50, 1) : address_ip4(255, 255, 255, 255),
        .interface = WORLD_ETH0,
    };
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    settle(world);
}

static void hear_raw(struct world *world, struct bytes_reader *reader)
{
    uint16_t head = bytes_read_u16(reader);
    size_t count = head % 700;
    if (count > bytes_reader_left(reader))
        count = bytes_reader_left(reader);
    struct dhcp4_datagram in = {
        .message = bytes_read_span(reader, count),
        .from = { address_ip4(192, 168, 50, 9), 68, 0 },
        .local = address_ip4(255, 255, 255, 255),
        .interface = WORLD_ETH0,
        .boot_port = (head & 0x8000) != 0,
    };
    size_allowed = UINT16_MAX;
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    settle(world);
}

static void step(struct world *world, struct bytes_reader *reader)
{
    uint8_t what = bytes_read_u8(reader);
    switch (what & 7) {
    case 0:
        hear_raw(world, reader);
        break;
    case 1:
        /* A reply that waited was made for the size its own client gave. */
        size_allowed = UINT16_MAX;
        world->now.mono += (mono_ms)bytes_read_u8(reader) * (what & 8 ? 10000 : 100);
        world->now.wall += (int8_t)bytes_read_u8(reader) * 100;
        dhcp4_server_tick(world->server, world->now, &world->out);
        break;
    case 2:
        size_allowed = UINT16_MAX;
        world_store_answers(world, what & 8 ? STATUS_SYSTEM : STATUS_OK);
        break;
    case 3:
        size_allowed = UINT16_MAX;
        if ((what & 8) != 0) {
            world_restart(world, NAMES_MAX);
            break;
        }
        dhcp4_server_probe_heard(world->server, &world->probed, world->now, &world->out);
        break;
    default:
        hear_made(world, reader);
        break;
    }
    settle(world);
    check_leases(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes_reader reader = bytes_reader_on(bytes_of(data, count));
    set_up();
    uint8_t mode = bytes_read_u8(&reader);
    fuzz_world->config.authoritative = (mode & 1) != 0;
    fuzz_world->config.no_ping = (mode & 2) != 0;
    fuzz_world->config.sequential_ip = (mode & 4) != 0;
    fuzz_world->config.relay.delay_s = (mode & 4) != 0 ? 2 : 0;
    fuzz_world->config.relay.query = fuzz_world->config.relay.query_anybody = true;
    fuzz_world->config.ignore_client_id = (mode & 8) != 0;
    static struct netboot_listing listing = { .present = UINT64_MAX >> 1, .http_port = 80 };
    fuzz_world->netboot = (mode & 128) != 0 ? &listing : NULL;
    fuzz_world->config.boot.netboot = fuzz_world->netboot != NULL;
    fuzz_world->config.boot.boot_count = fuzz_world->netboot == NULL;
    world_start(fuzz_world);
    for (unsigned steps = 0; bytes_reader_left(&reader) > 0 && steps < 1000; steps++) {
        fuzz_world->store_full = (mode & 16) != 0 && steps % 7 == 3;
        if (fuzz_world->ticket_count < 1000)
            step(fuzz_world, &reader);
    }
    fuzz_world->store_full = false;
    size_allowed = UINT16_MAX;
    world_store_answers(fuzz_world, STATUS_OK);
    settle(fuzz_world);
    /* All comes to rest: nothing is due any more once every wait is over and every lease has
     * expired. */
    for (int turn = 0; turn < 16 && dhcp4_server_deadline(fuzz_world->server) != MONO_NEVER;
         turn++) {
        fuzz_world->now.mono += 1000000000;
        dhcp4_server_tick(fuzz_world->server, fuzz_world->now, &fuzz_world->out);
        settle(fuzz_world);
    }
    assert(dhcp4_server_deadline(fuzz_world->server) == MONO_NEVER);
    fuzz_world->ticket_count = 0;
    world_free(fuzz_world);
    return 0;
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dhcp4/dhcp4_netboot.h"
#include "dhcp4/dhcp4_test_world.h"

#define PXE_BIOS  "PXEClient:Arch:00000:UNDI:002001"
#define PXE_UEFI  "PXEClient:Arch:00007:UNDI:003016"
#define HTTP_UEFI "HTTPClient:Arch:00016:UNDI:003001"

static uint64_t bit_of(const char *file)
{
    for (size_t i = 0; i < netboot_name_count; i++) {
        if (text_equal(text_of(netboot_name(i)), text_of(file)))
            return (uint64_t)1 << i;
    }
    fail_msg("%s is not a known name", file);
    return 0;
}

/* A folder with a file for each kind, and a range. */
static struct world *world_with_netboot(enum dhcp_range_mode mode)
{
    static struct netboot_listing listing;
    struct world *world = world_create();
    struct dhcp_range *range =
        world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 110), 3600);
    range->mode = (uint8_t)mode;
    if (mode == DHCP_RANGE_PROXY)
        range->first = range->last = address_ip4(192, 168, 50, 0);
    listing = (struct netboot_listing){
        .present = bit_of("pxelinux.0") | bit_of("bootx64.efi") | bit_of("boot.ipxe"),
        .changes = 1,
        .http_port = 80,
    };
    world->netboot = &listing;
    world->config.boot.netboot = true;
    return world;
}

static void add(struct dhcp4_builder *builder, unsigned code, const char *value)
{
    if (value != NULL)
        assert_true(dhcp4_builder_option(builder, code, text_bytes(text_of(value))));
}

struct boot_message {
    uint8_t type; /* 0: DISCOVER */
    const char *vendor;
    int system; /* negative: none said */
    const char *user_class;
    const char *asked;
    bool boot_port;
};

static void hear(struct world *world, const struct boot_message *from)
{
    uint8_t buffer[1024], system[2] = { 0, (uint8_t)from->system };
    uint8_t type = from->type != 0 ? from->type : DHCP4_DISCOVER;
    struct dhcp4_builder builder;
    struct address nobody = address_any(ADDRESS_IP4);
    struct address client = from->boot_port ? address_ip4(192, 168, 50, 77) : nobody;
    struct dhcp4_reply_header header = { .op = DHCP4_BOOTREQUEST,
                                         .xid = 78,
                                         .ciaddr = client,
                                         .yiaddr = nobody,
                                         .siaddr = nobody,
                                         .giaddr = nobody,
                                         .hardware = { 1, 6, { 2, 0, 0, 0, 0, 9 } } };
    dhcp4_builder_start(&builder, buffer, sizeof(buffer), sizeof(buffer), &header, false);
    assert_true(dhcp4_builder_option(&builder, DHCP4_MESSAGE_TYPE, bytes_of(&type, 1)));
    add(&builder, DHCP4_VENDOR_CLASS, from->vendor);
    add(&builder, DHCP4_USER_CLASS, from->user_class);
    add(&builder, DHCP4_REQUESTED_OPTIONS, from->asked);
    if (from->system >= 0)
        assert_true(dhcp4_builder_option(&builder, DHCP4_CLIENT_ARCH, bytes_of(system, 2)));
    struct dhcp4_datagram in = {
        .message = dhcp4_builder_finish(&builder),
        .from = { client, 68, 0 },
        .local = address_ip4(192, 168, 50, 1),
        .interface = WORLD_ETH0,
        .boot_port = from->boot_port,
    };
    world_forget(world);
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    world_drain(world);
}

/* The file of the last reply: of its field, else of option 67; "": none. */
static const char *file_of(const struct world *world)
{
    static char file[512];
    struct bytes option;
    const struct world_sent *sent = world_last(world);
    if (sent == NULL)
        return "silence";
    if (dhcp4_option_first(&sent->message, DHCP4_BOOTFILE, &option))
        snprintf(file, sizeof(file), "%.*s", (int)option.count, (const char *)option.at);
    else
        snprintf(file, sizeof(file), "%s", (const char *)sent->message.file.at);
    return file;
}

static void check_file(const struct world *world, const char *claim, const char *file)
{
    if (!text_equal(text_of(file_of(world)), text_of(file)))
        fail_msg("%s: the file is \"%s\"", claim, file_of(world));
}

static const char *class_of(const struct world *world)
{
    static char class[64];
    struct bytes option;
    if (!dhcp4_option_first(&world_last(world)->message, DHCP4_VENDOR_CLASS, &option))
        return "";
    snprintf(class, sizeof(class), "%.*s", (int)option.count, (const char *)option.at);
    return class;
}

static void each_client_gets_its_file(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        struct boot_message from;
        const char *file, *class;
    } rows[] = {
        { "BIOS", { .vendor = PXE_BIOS }, "pxelinux.0", "" },
        { "UEFI", { .vendor = PXE_UEFI, .system = 7 }, "bootx64.efi", "" },
        { "UEFI, listed", { .vendor = PXE_UEFI, .system = 7, .asked = "\103" }, "bootx64.efi", "" },
        { "HTTP",
          { .vendor = HTTP_UEFI, .system = 16, .asked = "\74\103" },
          "http://192.168.50.1/bootx64.efi",
          "HTTPClient" },
        { "HTTP, class not listed",
          { .vendor = HTTP_UEFI, .system = 16, .asked = "\103" },
          "http://192.168.50.1/bootx64.efi",
          "HTTPClient" },
        { "iPXE",
          { .vendor = PXE_BIOS, .user_class = "iPXE" },
          "http://192.168.50.1/boot.ipxe",
          "" },
        { "not booting", { .vendor = "udhcp", .system = -1 }, "", "" },
        { "no class", { .system = -1 }, "", "" },
        { "nothing for it", { .vendor = PXE_UEFI, .system = 11 }, "", "" },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct world *world = world_with_netboot(DHCP_RANGE_DYNAMIC);
        world_start(world);
        hear(world, &rows[i].from);
        check_file(world, rows[i].claim, rows[i].file);
        if (!text_equal(text_of(class_of(world)), text_of(rows[i].class)))
            fail_msg("%s: the class is \"%s\"", rows[i].claim, class_of(world));
        const struct address own = address_ip4(192, 168, 50, 1);
        if (rows[i].file[0] != '\0' && !address_equal(&world_last(world)->message.siaddr, &own))
            fail_msg("%s: another next server", rows[i].claim);
        world_free(world);
    }
}

static struct dhcp_boot *add_boot(struct world *world, const char *file)
{
    struct dhcp_boot_config *boot = &world->config.boot;
    boot->boots = arena_take_array(&world->arena, 1, sizeof(*boot->boots));
    boot->boots[0] = (struct dhcp_boot){ .file = file };
    boot->boot_count = 1;
    return &boot->boots[0];
}

static void add_service(struct world *world, uint16_t system)
{
    struct dhcp_boot_config *boot = &world->config.boot;
    boot->services = arena_take_array(&world->arena, 1, sizeof(*boot->services));
    boot->services[0] = (struct dhcp_pxe_service){
        .system = system, .type = DHCP_PXE_FIRST_FILE, .text = "Install", .file = "menu.0"
    };
    boot->service_count = 1;
}

static void lines_of_the_configuration_go_first(void **state)
{
    (void)state;
    struct world *world = world_with_netboot(DHCP_RANGE_DYNAMIC);
    add_boot(world, "mine.0");
    world_start(world);
    hear(world, &(struct boot_message){ .vendor = PXE_BIOS });
    check_file(world, "dhcp-boot", "mine.0");
    hear(world, &(struct boot_message){ .vendor = HTTP_UEFI, .system = 16 });
    check_file(world, "dhcp-boot and HTTP", "mine.0");
    world_free(world);

    world = world_with_netboot(DHCP_RANGE_DYNAMIC);
    world_condition(world, &add_boot(world, "mine.0")->conditions, "nobody", false);
    world_start(world);
    hear(world, &(struct boot_message){ .vendor = PXE_BIOS });
    check_file(world, "dhcp-boot for others", "pxelinux.0");
    world_free(world);

    world = world_with_netboot(DHCP_RANGE_DYNAMIC);
    add_service(world, 0);
    world_start(world);
    hear(world, &(struct boot_message){ .vendor = PXE_BIOS });
    check_file(world, "pxe-service", "");
    hear(world, &(struct boot_message){ .vendor = PXE_UEFI, .system = 7 });
    check_file(world, "pxe-service for another system", "bootx64.efi");
    world_free(world);
}

static void beside_another_server(void **state)
{
    (void)state;
    struct world *world = world_with_netboot(DHCP_RANGE_PROXY);
    world_start(world);
    hear(world, &(struct boot_message){ .vendor = PXE_BIOS });
    check_file(world, "BIOS", "pxelinux.0");
    assert_true(address_is_any(&world_last(world)->message.yiaddr));
    assert_string_equal(class_of(world), "PXEClient");
    hear(world, &(struct boot_message){ .vendor = PXE_UEFI, .system = 7 });
    check_file(world, "UEFI", "bootx64.efi");
    hear(world, &(struct boot_message){
                    .type = DHCP4_REQUEST, .vendor = PXE_UEFI, .system = 7, .boot_port = true });
    check_file(world, "port 4011", "bootx64.efi");
    hear(world, &(struct boot_message){ .vendor = HTTP_UEFI, .system = 16 });
    check_file(world, "HTTP", "http://192.168.50.1/bootx64.efi");
    assert_string_equal(class_of(world), "HTTPClient");
    hear(world, &(struct boot_message){ .vendor = "udhcp", .system = -1 });
    check_file(world, "others", "silence");
    world_free(world);
}

/* How many lines of advice a client of that system causes now. */
static unsigned advices(struct world *world, int system)
{
    char wanted[64];
    unsigned count = 0;
    snprintf(wanted, sizeof(wanted), "option:client-arch,%d", system);
    hear(world, &(struct boot_message){ .vendor = PXE_UEFI, .system = system });
    for (size_t i = 0; i < world->line_count; i++)
        count += strstr(world->lines[i], wanted) != NULL;
    return count;
}

static void what_is_missing_is_said_once(void **state)
{
    (void)state;
    struct world *world = world_with_netboot(DHCP_RANGE_DYNAMIC);
    world_start(world);
    assert_int_equal(advices(world, 7), 0); /* there is a file */
    assert_int_equal(advices(world, 11), 1);
    assert_int_equal(advices(world, 11), 0);
    assert_int_equal(advices(world, 99), 1);
    world->netboot->changes++;
    assert_int_equal(advices(world, 11), 1);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_client_gets_its_file),
        cmocka_unit_test(lines_of_the_configuration_go_first),
        cmocka_unit_test(beside_another_server),
        cmocka_unit_test(what_is_missing_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

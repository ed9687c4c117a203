#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dhcp4/dhcp4_pxe.h"
#include "dhcp4/dhcp4_test_world.h"

#define UUID                                                                                       \
    "\0"                                                                                           \
    "0123456789abcdef"

/* A message of a PXE client, with what the tests vary. */
struct pxe_message {
    uint8_t type;
    const char *vendor; /* NULL: PXEClient and more */
    int system;         /* negative: none said */
    bool boot_port;
    const char *ciaddr;
    struct bytes choice; /* option 43 */
    struct bytes asked;  /* option 55 */
};

static void add(struct dhcp4_builder *builder, unsigned code, struct bytes value)
{
    if (value.at != NULL)
        assert_true(dhcp4_builder_option(builder, code, value));
}

static void hear(struct world *world, const struct pxe_message *from)
{
    uint8_t buffer[1024], system[2] = { 0, (uint8_t)from->system };
    struct dhcp4_builder builder;
    struct address ciaddr = world_address(from->ciaddr);
    struct dhcp4_reply_header header = { .op = DHCP4_BOOTREQUEST,
                                         .xid = 77,
                                         .ciaddr = ciaddr,
                                         .hardware = { 1, 6, { 2, 0, 0, 0, 0, 9 } } };
    dhcp4_builder_start(&builder, buffer, sizeof(buffer), sizeof(buffer), &header, false);
    add(&builder, DHCP4_MESSAGE_TYPE, bytes_of(&from->type, 1));
    add(&builder, DHCP4_VENDOR_CLASS,
        text_bytes(text_of(from->vendor != NULL ? from->vendor : "PXEClient:Arch:00000")));
    add(&builder, DHCP4_UUID, bytes_of(UUID, 17));
    add(&builder, DHCP4_MAX_SIZE, bytes_of("\5\300", 2));
    if (from->system >= 0)
        add(&builder, DHCP4_CLIENT_ARCH, bytes_of(system, 2));
    add(&builder, DHCP4_VENDOR_ENCAP, from->choice);
    add(&builder, DHCP4_REQUESTED_OPTIONS, from->asked);
    struct dhcp4_datagram in = {
        .message = dhcp4_builder_finish(&builder),
        .from = { ciaddr, 68, 0 },
        .local = address_ip4(192, 168, 50, 1),
        .interface = WORLD_ETH0,
        .boot_port = from->boot_port,
    };
    world_forget(world);
    dhcp4_server_message(world->server, &in, world->now, &world->out);
    world_drain(world);
}

static struct dhcp_pxe_service *add_service(struct world *world, uint16_t system, uint16_t type,
                                            const char *text, const char *file)
{
    struct dhcp_boot_config *boot = &world->config.boot;
    if (boot->services == NULL)
        boot->services = arena_take_array(&world->arena, 64, sizeof(*boot->services));
    struct dhcp_pxe_service *service = &boot->services[boot->service_count++];
    *service =
        (struct dhcp_pxe_service){ .system = system, .type = type, .text = text, .file = file };
    return service;
}

static struct world *world_with(enum dhcp_range_mode mode)
{
    struct world *world = world_create();
    struct dhcp_range *range =
        world_range(world, address_ip4(192, 168, 50, 100), address_ip4(192, 168, 50, 110), 3600);
    range->mode = (uint8_t)mode;
    if (mode == DHCP_RANGE_PROXY)
        range->first = range->last = address_ip4(192, 168, 50, 0);
    return world;
}

/* Option 43 of the last reply, as hex; "none". */
static const char *menu_of(const struct world *world)
{
    static char text[2048];
    static uint8_t scratch[1024];
    struct bytes value;
    struct text_out out = text_out_on(text, sizeof(text));
    const struct world_sent *sent = world_last(world);
    if (sent == NULL)
        return "silence";
    if (!dhcp4_option_find(&sent->message, DHCP4_VENDOR_ENCAP, scratch, sizeof(scratch), &value))
        return "none";
    text_put_hex(&out, value, '\0');
    return text;
}

/* What stands in option 43, by what is configured for the client's system. */
static void menus(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        int system;
        const char *menu;
    } rows[] = {
        { "entries, one looked for on the network", 0,
          "060102"
          "0a04ff505845"
          "08078000"
          "01c0a83201"
          "090c0000014480000141"
          "0001"
          "014e"
          "ff" },
        { "EFI with one file boots it", 7, "none" },
        { "EFI with two shows the menu", 6,
          "060103"
          "0a04ff505845"
          "080e8002"
          "01c0a83201"
          "8003"
          "01c0a83201"
          "0908"
          "80020142"
          "80030143"
          "ff" },
        { "nothing for this system", 3,
          "060108"
          "0a0400505845"
          "ff" },
        { "no system said, no menu", -1, "none" },
    };
    struct world *world = world_with(DHCP_RANGE_DYNAMIC);
    add_service(world, 0, 0, "D", NULL);
    add_service(world, 0, 0x8000, "A", "a");
    add_service(world, 0, 1, "N", NULL);
    add_service(world, 7, 0x8001, "E", "e.efi");
    add_service(world, 6, 0x8002, "B", "b");
    add_service(world, 6, 0x8003, "C", "c");
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER, .system = rows[i].system });
        const char *menu = menu_of(world);
        if (strcmp(menu, rows[i].menu) != 0)
            fail_msg("%s: %s", rows[i].claim, menu);
    }
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER, .system = 7 });
    assert_string_equal((const char *)world_last(world)->message.file.at, "e.efi");
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER, .vendor = "Other" });
    assert_string_equal(menu_of(world), "none");
    world_free(world);
}

static void prompts(void **state)
{
    (void)state;
    static struct dhcp_pxe_prompt lines[2] = { { .text = "P", .seconds = 5 },
                                               { .text = "K", .seconds = DHCP_PXE_WAIT_FOR_EVER } };
    struct world *world = world_with(DHCP_RANGE_DYNAMIC);
    world_condition(world, &lines[1].conditions, "known", false);
    world->config.boot.prompts = lines;
    world->config.boot.prompt_count = 2;
    world_start(world);
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER });
    assert_string_equal(menu_of(world), "060108"
                                        "0a020550"
                                        "ff");
    world_free(world);
    world = world_with(DHCP_RANGE_DYNAMIC);
    lines[1].conditions = (struct tag_conditions){ 0 };
    world_condition(world, &lines[1].conditions, "known", false);
    world->config.boot.prompts = lines;
    world->config.boot.prompt_count = 2;
    world_host(world, 9, address_ip4(192, 168, 50, 60), NULL);
    world_start(world);
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER });
    assert_string_equal(menu_of(world), "060108"
                                        "0a02ff4b"
                                        "ff");
    world_free(world);
}

/* A menu longer than its item is cut between entries, and that is said. */
static void too_many_entries(void **state)
{
    (void)state;
    static char text[60];
    memset(text, 't', sizeof(text) - 1);
    struct world *world = world_with(DHCP_RANGE_DYNAMIC);
    for (unsigned i = 0; i < 60; i++)
        add_service(world, 0, (uint16_t)(0x8000 + i), text, "a");
    world_start(world);
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER });
    assert_int_equal(strncmp(menu_of(world), "0601030a04ff505845081c", 22), 0);
    bool said = false;
    for (size_t i = 0; i < world->line_count; i++)
        said = said || strcmp(world->lines[i], "the PXE menu is too long") == 0;
    assert_true(said);
    world_free(world);
}

static void proxy(void **state)
{
    (void)state;
    struct world *world = world_with(DHCP_RANGE_PROXY);
    struct bytes value;
    add_service(world, 0, 0x8000, "A", "a");
    add_service(world, 7, 0x8001, "E", "e.efi");
    struct dhcp_option_rule *rule = world_option(world, 210, "for pxe");
    rule->pxe_only = true;
    world_option(world, 209, "for all")->force = true;
    world_start(world);

    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER });
    const struct world_sent *sent = world_last(world);
    assert_int_equal(sent->message.type, DHCP4_OFFER);
    assert_true(address_is_any(&sent->message.yiaddr));
    assert_true(address_is_any(&sent->message.siaddr));
    assert_int_equal(address_ip4_to_u32(sent->action.to.address), UINT32_MAX);
    assert_int_equal(sent->action.from.port, 67);
    assert_string_equal(menu_of(world), "0601030a04005058450807800001c0a83201090480000141ff");
    assert_true(dhcp4_option_first(&sent->message, 210, &value));
    assert_false(dhcp4_option_first(&sent->message, 209, &value));
    assert_false(dhcp4_option_first(&sent->message, DHCP4_LEASE_TIME, &value));
    assert_true(dhcp4_option_first(&sent->message, DHCP4_UUID, &value) && value.count == 17);
    assert_string_equal(world->lines[0], "PXE(eth0) 02:00:00:00:00:09 proxy");

    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER, .system = 7 });
    assert_string_equal(menu_of(world), "none");
    assert_int_equal(address_ip4_to_u32(world_last(world)->message.siaddr), 0xc0a83201);

    /* Nothing else is served there. */
    static const uint8_t types[] = { DHCP4_REQUEST, DHCP4_INFORM, DHCP4_DECLINE, DHCP4_RELEASE };
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        hear(world, &(struct pxe_message){ .type = types[i], .ciaddr = "192.168.50.77" });
        assert_string_equal(menu_of(world), "silence");
    }
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER, .vendor = "MSFT 5.0" });
    assert_string_equal(menu_of(world), "silence");
    world_hears(world, &(struct client_message){ .mac = 9 });
    assert_string_equal(menu_of(world), "silence");
    assert_int_equal(lease_table_count(world->leases), 0);
    world_free(world);
}

static void choices(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        const char *choice;
        size_t count;
        const char *ciaddr;
        const char *file; /* NULL: silence */
    } rows[] = {
        { "layer 0", "\107\4\200\0\0\0\377", 7, "192.168.50.77", "a.0" },
        { "layer 2", "\107\4\200\0\0\2\377", 7, "192.168.50.77", "a.2" },
        { "a name with a suffix", "\107\4\200\1\0\0\377", 7, "192.168.50.77", "e.efi" },
        { "among other items", "\1\1\0\107\4\200\0\0\0\377", 10, "192.168.50.77", "a.0" },
        { "no such entry", "\107\4\200\7\0\0\377", 7, "192.168.50.77", NULL },
        { "local boot", "\107\4\0\0\0\0\377", 7, "192.168.50.77", NULL },
        { "signature wanted", "\107\4\200\0\200\0\377", 7, "192.168.50.77", NULL },
        { "a short item", "\107\2\200\0\377", 5, "192.168.50.77", NULL },
        { "an item past the end", "\107\4\200\0", 4, "192.168.50.77", NULL },
        { "no address", "\107\4\200\0\0\0\377", 7, NULL, NULL },
    };
    struct world *world = world_with(DHCP_RANGE_DYNAMIC);
    add_service(world, 0, 0x8000, "A", "a")->server.address = address_ip4(192, 168, 50, 5);
    add_service(world, 7, 0x8001, "E", "e.efi");
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        hear(world, &(struct pxe_message){ .type = DHCP4_REQUEST,
                                           .boot_port = true,
                                           .ciaddr = rows[i].ciaddr,
                                           .choice = bytes_of(rows[i].choice, rows[i].count) });
        const struct world_sent *sent = world_last(world);
        if ((sent != NULL) != (rows[i].file != NULL))
            fail_msg("%s: reply %d", rows[i].claim, sent != NULL);
        if (sent == NULL)
            continue;
        if (strcmp((const char *)sent->message.file.at, rows[i].file) != 0)
            fail_msg("%s: %s", rows[i].claim, (const char *)sent->message.file.at);
        assert_int_equal(sent->action.from.port, DHCP4_BOOT_PORT);
        assert_int_equal(address_ip4_to_u32(sent->message.yiaddr), 0xc0a8324d);
        assert_true(address_is_any(&sent->message.ciaddr));
    }
    /* Ordinary DHCP is not spoken there. */
    hear(world, &(struct pxe_message){ .type = DHCP4_DISCOVER, .boot_port = true });
    assert_string_equal(menu_of(world), "silence");
    hear(world, &(struct pxe_message){
                    .type = DHCP4_REQUEST, .boot_port = true, .ciaddr = "192.168.50.77" });
    assert_string_equal(menu_of(world), "silence");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(menus), cmocka_unit_test(prompts), cmocka_unit_test(too_many_entries),
        cmocka_unit_test(proxy), cmocka_unit_test(choices),
    };
    return cmocka_run_group_tests_name("dhcp4_pxe", tests, NULL, NULL);
}

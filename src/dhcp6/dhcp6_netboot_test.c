#include <stddef.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "dhcp6/dhcp6_test_says.h"

#define PXE  "PXEClient:Arch:00007:UNDI:003001"
#define HTTP "HTTPClient:Arch:00016:UNDI:003001"

struct boot_row {
    const char *claim, *class;
    uint8_t system;
    const char *user_class;
    const char *asked;
    const char *url; /* "": none */
    bool is_http;    /* the class comes back */
};

/* " raw:CODE=HEX" of the value with what comes before its text: enterprise and length. */
static void put_raw(struct text_out *out, unsigned code, struct bytes before, const char *value)
{
    uint8_t buffer[256];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    bytes_write_span(&writer, before);
    bytes_write_u16(&writer, (uint16_t)strlen(value));
    bytes_write_span(&writer, text_bytes(text_of(value)));
    text_printf(out, " raw:%u=", code);
    text_put_hex(out, bytes_writer_written(&writer), '\0');
}

static void check(const struct boot_row *row)
{
    char line[1024], wanted[1024] = "";
    struct text_out out = text_out_on(line, sizeof(line));
    struct text_out reply = text_out_on(wanted, sizeof(wanted));
    text_printf(&out, "inform oro=%s raw:61=00%02x", row->asked, row->system);
    put_raw(&out, DHCP6_VENDOR_CLASS, bytes_of("\0\0\1\127", 4), row->class);
    if (row->user_class != NULL)
        put_raw(&out, DHCP6_USER_CLASS, BYTES_NONE, row->user_class);
    text_put_string(&reply, " 59=");
    text_put_hex(&reply, text_bytes(text_of(row->url)), '\0');
    if (row->is_http)
        text_put_string(&reply, " 16=00000157000a48545450436c69656e74");

    world_forget(world);
    world_hears(world, line);
    if (world->sent_count != 1)
        fail_msg("%s: %zu replies to [%s]", row->claim, world->sent_count, line);
    const char *found = strstr(world->sent[0].text, " 59=");
    bool is_told = strstr(world->sent[0].text, " 16=") != NULL;
    if ((found == NULL ? row->url[0] != '\0' : strncmp(found, wanted, reply.count) != 0)
        || is_told != row->is_http)
        fail_msg("%s: got [%s], expected [%s]", row->claim, world->sent[0].text, wanted);
}

static const struct boot_row rows[] = {
    { "UEFI", PXE, 7, NULL, "59", "tftp://[fd00:50::1]/bootx64.efi", false },
    { "HTTP", HTTP, 16, NULL, "59,60", "http://[fd00:50::1]/bootx64.efi", true },
    { "iPXE", PXE, 7, "iPXE", "59", "http://[fd00:50::1]/boot.ipxe", false },
    { "another system", PXE, 11, NULL, "59", "", false },
    { "not asked for", PXE, 7, NULL, "23", "", false },
    { "not booting", "udhcp", 7, NULL, "59", "", false },
};

static uint64_t bit_of(const char *file)
{
    size_t i = 0;
    while (!text_equal(text_of(netboot_name(i)), text_of(file)))
        i++;
    return (uint64_t)1 << i;
}

static void each_client_gets_its_url(void **state)
{
    (void)state;
    struct netboot_listing listing = { .present = bit_of("bootx64.efi") | bit_of("boot.ipxe"),
                                       .changes = 1,
                                       .http_port = 80 };
    world->netboot = &listing;
    world_start(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

static void what_is_missing_is_said_once(void **state)
{
    (void)state;
    struct netboot_listing listing = { .changes = 1 };
    world->netboot = &listing;
    world_start(world);
    check(&(struct boot_row){ "nothing there", PXE, 11, NULL, "59", "", false });
    size_t lines = world->line_count;
    check(&(struct boot_row){ "nothing there again", PXE, 11, NULL, "59", "", false });
    assert_int_equal(world->line_count, lines - 1);
}

static void a_configured_url_goes_first(void **state)
{
    (void)state;
    struct netboot_listing listing = { .present = bit_of("bootx64.efi"), .changes = 1 };
    world->netboot = &listing;
    struct dhcp_option_rule *rule = world_option(world, DHCP6_BOOTFILE_URL, "mine");
    assert_non_null(rule);
    world_start(world);
    check(&(struct boot_row){ "dhcp-option", PXE, 7, NULL, "59", "mine", false });
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_client_gets_its_url, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_is_missing_is_said_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_configured_url_goes_first, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

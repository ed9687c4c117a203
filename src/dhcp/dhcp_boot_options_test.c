#include "config/option_line_test.h"
#include "dhcp/dhcp_config.h"

extern const struct option dhcp_boot_options[];
extern const size_t dhcp_boot_option_count;

static struct dhcp_config dhcp;

static void reset(void *part)
{
    dhcp_config_init(part);
}

#define TEXT_50  "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeee"
#define TEXT_250 TEXT_50 TEXT_50 TEXT_50 TEXT_50 TEXT_50

static const struct line_row boot_rows[] = {
    { "a file", "dhcp-boot=pxelinux.0", "dhcp-boot=pxelinux.0", NULL, NULL },
    { "blanks", "dhcp-boot= pxelinux.0 , host , 10.0.0.1 ", "dhcp-boot=pxelinux.0,host,10.0.0.1",
      NULL, NULL },
    { "a server by name", "dhcp-boot=f,,tftp.lan", "dhcp-boot=f,,tftp.lan", NULL, NULL },
    { "only a server", "dhcp-boot=,host", "dhcp-boot=,host", NULL, NULL },
    { "nothing", "dhcp-boot=", "dhcp-boot=", NULL, NULL },
    { "empty fields", "dhcp-boot=a,,", "dhcp-boot=a", NULL, NULL },
    { "tags", "dhcp-boot=tag:a,net:b,#c,f", "dhcp-boot=tag:a,tag:b,tag:!c,f", NULL, NULL },
    { "a comma in quotes", "dhcp-boot=\"a,b\"", "dhcp-boot=\"a,b\"", NULL, NULL },
    { "a URL", "dhcp-boot=http://boot.lan/menu.ipxe", "dhcp-boot=\"http://boot.lan/menu.ipxe\"",
      NULL, NULL },
    { "an IPv6 address is no IPv4 address", "dhcp-boot=a,b,::1", "dhcp-boot=a,b,\"::1\"", NULL,
      NULL },
    { "only tags", "dhcp-boot=tag:x", NULL, NULL, "the boot file is missing" },
};

static const struct line_row service_rows[] = {
    { "a file", "pxe-service=x86PC,\"Install Linux\",pxelinux",
      "pxe-service=x86PC,\"Install Linux\",pxelinux", NULL, NULL },
    { "a number", "pxe-service=7,A,a.efi", "pxe-service=x86-64_EFI,A,a.efi", NULL, NULL },
    { "a number without a name", "pxe-service=65535,A,a", "pxe-service=65535,A,a", NULL, NULL },
    { "any case", "pxe-service=X86-64_efi,A", "pxe-service=x86-64_EFI,A", NULL, NULL },
    { "a type and a server", "pxe-service=0,A,1,10.0.0.8", "pxe-service=x86PC,A,1,10.0.0.8", NULL,
      NULL },
    { "local boot", "pxe-service=0,A,0", "pxe-service=x86PC,A", NULL, NULL },
    { "tags", "pxe-service=tag:a,tag:!b,0,A", "pxe-service=tag:a,tag:!b,x86PC,A", NULL, NULL },
    { "a server by name", "pxe-service=0,A,a,tftp.lan", "pxe-service=x86PC,A,a,tftp.lan", NULL,
      NULL },
    { "a text that is too long for the menu", "pxe-service=0," TEXT_250 "x,a",
      "pxe-service=x86PC," TEXT_250 ",a", NULL, NULL },
    { "nothing", "pxe-service=", NULL, NULL, "no kind of client system" },
    { "no text", "pxe-service=x86PC", NULL, NULL, "text for the menu is missing" },
    { "only tags", "pxe-service=tag:x", NULL, NULL, "the kind of client system is missing" },
    { "an unknown system", "pxe-service=riscv,A", NULL, NULL, "no kind of client system" },
    { "a system past 16 bits", "pxe-service=70000,A", NULL, NULL, "up to 65535" },
    { "a type past 16 bits", "pxe-service=0,A,70000", NULL, NULL, "up to 65535" },
};

static const struct line_row other_rows[] = {
    { "a prompt", "pxe-prompt=\"Press F8\",10", "pxe-prompt=\"Press F8\",10", NULL, NULL },
    { "a prompt that waits", "pxe-prompt=A", "pxe-prompt=A", NULL, NULL },
    { "a prompt at once", "pxe-prompt=tag:a,A,0", "pxe-prompt=tag:a,A,0", NULL, NULL },
    { "more seconds than a byte", "pxe-prompt=A,300", "pxe-prompt=A", NULL, NULL },
    { "only tags before a prompt", "pxe-prompt=tag:x", NULL, NULL, "text for the menu is missing" },
    { "vendors", "dhcp-pxe-vendor=A,,B c", "dhcp-pxe-vendor=A\ndhcp-pxe-vendor=\"B c\"", NULL,
      NULL },
    { "broadcasts for all", "dhcp-broadcast", "dhcp-broadcast", NULL, NULL },
    { "broadcasts for some", "dhcp-broadcast=tag:a,!b\ndhcp-broadcast=c",
      "dhcp-broadcast=tag:a,tag:!b\ndhcp-broadcast=tag:c", NULL, NULL },
    { "BOOTP for all", "bootp-dynamic=", "bootp-dynamic", NULL, NULL },
    { "BOOTP for some", "bootp-dynamic=tag:a", "bootp-dynamic=tag:a", NULL, NULL },
    { "an option for PXE", "dhcp-option-pxe=tag:a,option:tftp-server,boot.lan",
      "dhcp-option-pxe=tag:a,option:tftp-server,boot.lan", NULL, NULL },
    { "a bad option for PXE", "dhcp-option-pxe=foo", NULL, "bad dhcp-option", "not a DHCP option" },
};

static struct option_table table = { dhcp_boot_options, 0, &dhcp };
static const struct option_set set = { &table, 1 };

static void check(const struct line_row *rows, size_t count)
{
    table.count = dhcp_boot_option_count;
    for (size_t i = 0; i < count; i++)
        line_check(&set, reset, &dhcp, &rows[i]);
}

static void boots(void **state)
{
    (void)state;
    check(boot_rows, COUNT_OF(boot_rows));
}

static void services(void **state)
{
    (void)state;
    check(service_rows, COUNT_OF(service_rows));
}

static void others(void **state)
{
    (void)state;
    check(other_rows, COUNT_OF(other_rows));
}

static void what_the_lines_fill(void **state)
{
    (void)state;
    table.count = dhcp_boot_option_count;
    arena_init(&line_arena, 4096, 1 << 20);
    reset(&dhcp);
    line_read(&set, "dhcp-boot=f,,10.0.0.9\npxe-service=0,A,1\npxe-service=0,B,b\n"
                    "pxe-service=0,C\npxe-service=0,D,d.0,boot\ndhcp-option-pxe=66,x");
    assert_int_equal(line_errors.count, 0);
    const struct dhcp_boot_config *boot = &dhcp.boot;
    assert_int_equal(boot->boot_count, 1);
    assert_null(boot->boots[0].server_name);
    assert_null(boot->boots[0].server.host);
    assert_int_equal(address_ip4_to_u32(boot->boots[0].server.address), 0x0a000009);
    assert_int_equal(boot->service_count, 4);
    static const uint16_t types[] = { 1, 0x8000, 0, 0x8001 };
    for (size_t i = 0; i < COUNT_OF(types); i++)
        assert_int_equal(boot->services[i].type, types[i]);
    assert_string_equal(boot->services[3].server.host, "boot");
    assert_true(address_is_none(&boot->services[3].server.address));
    assert_true(dhcp_boot_has_pxe(boot));
    assert_true(dhcp.options[0].pxe_only);
    arena_free(&line_arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(boots),
        cmocka_unit_test(services),
        cmocka_unit_test(others),
        cmocka_unit_test(what_the_lines_fill),
    };
    return cmocka_run_group_tests_name("dhcp_boot_options", tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dhcp/netboot.h"

#define IPXE                                                                                       \
    {                                                                                              \
        (const uint8_t *)"iPXE", 4                                                                 \
    }
#define SYSTEM(number)                                                                             \
    {                                                                                              \
        (const uint8_t[]){ 0, number }, 2                                                          \
    }

/* Bits of the files named in "a b c". */
static uint64_t bits_of(const char *files)
{
    struct text rest = text_of(files), word;
    uint64_t bits = 0;
    while (text_next_word(&rest, &word)) {
        size_t i = 0;
        while (i < netboot_name_count && !text_equal(text_of(netboot_name(i)), word))
            i++;
        if (i == netboot_name_count)
            fail_msg("%.*s is not a known name", TEXT_ARG(word));
        bits |= (uint64_t)1 << i;
    }
    return bits;
}

static const struct row {
    const char *claim, *files, *vendor;
    struct bytes systems, user_class;
    enum netboot_verdict verdict;
    const char *file;
    bool by_http;
} rows[] = {
    { "BIOS",
      "pxelinux.0 bootx64.efi",
      "PXEClient:Arch:00000:UNDI:002001",
      SYSTEM(0),
      { NULL, 0 },
      NETBOOT_FILE,
      "pxelinux.0",
      false },
    { "no architecture is BIOS",
      "pxelinux.0",
      "PXEClient",
      { NULL, 0 },
      { NULL, 0 },
      NETBOOT_FILE,
      "pxelinux.0",
      false },
    { "a cut architecture is BIOS",
      "pxelinux.0",
      "PXEClient",
      { (const uint8_t *)"\7", 1 },
      { NULL, 0 },
      NETBOOT_FILE,
      "pxelinux.0",
      false },
    { "UEFI, 7",
      "pxelinux.0 bootx64.efi",
      "PXEClient",
      SYSTEM(7),
      { NULL, 0 },
      NETBOOT_FILE,
      "bootx64.efi",
      false },
    { "UEFI, 9",
      "bootx64.efi",
      "PXEClient",
      SYSTEM(9),
      { NULL, 0 },
      NETBOOT_FILE,
      "bootx64.efi",
      false },
    { "the first architecture counts",
      "bootx64.efi pxelinux.0",
      "PXEClient",
      { (const uint8_t *)"\0\7\0\0", 4 },
      { NULL, 0 },
      NETBOOT_FILE,
      "bootx64.efi",
      false },
    { "32-bit UEFI",
      "bootx64.efi bootia32.efi",
      "PXEClient",
      SYSTEM(6),
      { NULL, 0 },
      NETBOOT_FILE,
      "bootia32.efi",
      false },
    { "ARM",
      "bootx64.efi grubaa64.efi",
      "PXEClient",
      SYSTEM(11),
      { NULL, 0 },
      NETBOOT_FILE,
      "grubaa64.efi",
      false },
    { "as on install media",
      "EFI/BOOT/BOOTX64.EFI",
      "PXEClient",
      SYSTEM(7),
      { NULL, 0 },
      NETBOOT_FILE,
      "EFI/BOOT/BOOTX64.EFI",
      false },
    { "a shim before its GRUB",
      "grubx64.efi shimx64.efi",
      "PXEClient",
      SYSTEM(7),
      { NULL, 0 },
      NETBOOT_FILE,
      "shimx64.efi",
      false },
    { "UEFI HTTP boot",
      "bootx64.efi",
      "HTTPClient:Arch:00016:UNDI:003001",
      SYSTEM(16),
      { NULL, 0 },
      NETBOOT_FILE,
      "bootx64.efi",
      true },
    { "ARM by HTTP",
      "bootaa64.efi",
      "HTTPClient",
      SYSTEM(19),
      { NULL, 0 },
      NETBOOT_FILE,
      "bootaa64.efi",
      true },
    { "iPXE gets its script", "boot.ipxe undionly.kpxe", "PXEClient", SYSTEM(0), IPXE, NETBOOT_FILE,
      "boot.ipxe", true },
    { "a class with its length",
      "boot.ipxe undionly.kpxe",
      "PXEClient",
      SYSTEM(0),
      { (const uint8_t *)"\4iPXE", 5 },
      NETBOOT_FILE,
      "boot.ipxe",
      true },
    { "what is not iPXE yet loads it",
      "boot.ipxe undionly.kpxe",
      "PXEClient",
      SYSTEM(0),
      { NULL, 0 },
      NETBOOT_FILE,
      "undionly.kpxe",
      false },
    { "iPXE does not load itself", "undionly.kpxe ipxe.efi", "PXEClient", SYSTEM(0), IPXE,
      NETBOOT_NO_FILE, NULL, false },
    { "iPXE without a script loads another", "undionly.kpxe pxelinux.0", "PXEClient", SYSTEM(0),
      IPXE, NETBOOT_FILE, "pxelinux.0", false },
    { "nothing for this one",
      "pxelinux.0",
      "PXEClient",
      SYSTEM(7),
      { NULL, 0 },
      NETBOOT_NO_FILE,
      NULL,
      false },
    { "an empty folder", "", "PXEClient", SYSTEM(0), { NULL, 0 }, NETBOOT_NO_FILE, NULL, false },
    { "unknown",
      "pxelinux.0 bootx64.efi",
      "PXEClient",
      SYSTEM(99),
      { NULL, 0 },
      NETBOOT_UNKNOWN_SYSTEM,
      NULL,
      false },
    { "an ordinary client",
      "pxelinux.0",
      "udhcp 1.36",
      { NULL, 0 },
      { NULL, 0 },
      NETBOOT_NOTHING,
      NULL,
      false },
    { "no vendor class", "pxelinux.0", "", { NULL, 0 }, { NULL, 0 }, NETBOOT_NOTHING, NULL, false },
};

static enum netboot_verdict pick(const struct row *row, const struct netboot_listing *listing,
                                 const struct address *own, struct netboot_choice *choice)
{
    struct netboot_client client =
        netboot_client_read(text_of(row->vendor), row->systems, row->user_class);
    return netboot_pick(listing, &client, own, choice);
}

static void the_file_for_each(void **state)
{
    (void)state;
    const struct address own = address_ip4(192, 0, 2, 1);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        struct netboot_listing listing = { .present = bits_of(row->files), .http_port = 80 };
        struct netboot_choice choice = { .file = NULL };
        enum netboot_verdict verdict = pick(row, &listing, &own, &choice);
        if (verdict != row->verdict)
            fail_msg("%s: verdict %d", row->claim, verdict);
        if (!text_equal(text_of(choice.file), text_of(row->file)) || choice.by_http != row->by_http)
            fail_msg("%s: \"%s\", by HTTP %d", row->claim, choice.file, choice.by_http);
        listing.http_port = 0;
        verdict = pick(row, &listing, &own, &choice);
        bool wants_http = text_starts(text_of(row->vendor), TEXT("HTTPClient"));
        if (verdict != (wants_http ? NETBOOT_NO_HTTP : row->verdict))
            fail_msg("%s, without HTTP: verdict %d", row->claim, verdict);
        if (verdict == NETBOOT_FILE && choice.by_http)
            fail_msg("%s, without HTTP: by HTTP", row->claim);
    }
}

static void check_url(const char *claim, const struct netboot_listing *listing, bool by_http,
                      const char *own, const char *expected)
{
    char buffer[256];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    struct netboot_choice choice = { .file = "bootx64.efi", .by_http = by_http };
    struct address address;
    assert_int_equal(address_from_text(text_of(own), &address), STATUS_OK);
    netboot_put_url(listing, &choice, &address, &out);
    if (!text_equal(text_of(buffer), text_of(expected)))
        fail_msg("%s: %s", claim, buffer);
}

static void urls(void **state)
{
    (void)state;
    struct netboot_listing listing = { .http_port = 80 };
    check_url("HTTP", &listing, true, "192.0.2.1", "http://192.0.2.1/bootx64.efi");
    check_url("IPv6", &listing, true, "2001:db8::1", "http://[2001:db8::1]/bootx64.efi");
    check_url("TFTP", &listing, false, "2001:db8::1", "tftp://[2001:db8::1]/bootx64.efi");
    listing.http_port = 8080;
    check_url("port", &listing, true, "2001:db8::1", "http://[2001:db8::1]:8080/bootx64.efi");
    check_url("not of TFTP", &listing, false, "192.0.2.1", "tftp://192.0.2.1/bootx64.efi");
    listing.http_address = address_ip4(192, 0, 2, 9);
    check_url("address", &listing, true, "192.0.2.1", "http://192.0.2.9:8080/bootx64.efi");
    check_url("not for TFTP", &listing, false, "192.0.2.1", "tftp://192.0.2.1/bootx64.efi");
}

static void http_on_an_address_of_the_other_family(void **state)
{
    (void)state;
    const struct address own = address_ip4(192, 0, 2, 1);
    struct netboot_listing listing = { .present = bits_of("bootx64.efi"), .http_port = 80 };
    struct netboot_client client = { .boots = true, .by_http = true, .system = 16 };
    struct netboot_choice choice;
    assert_int_equal(address_from_text(TEXT("2001:db8::1"), &listing.http_address), STATUS_OK);
    assert_int_equal(netboot_pick(&listing, &client, &own, &choice), NETBOOT_NO_HTTP);
    assert_int_equal(netboot_pick(&listing, &client, &listing.http_address, &choice), NETBOOT_FILE);
}

static void advice_names_the_lines(void **state)
{
    (void)state;
    static const struct {
        const char *claim;
        enum netboot_verdict verdict;
        uint16_t system;
        const char *says;
        enum address_family family;
    } advices[] = {
        { "no file", NETBOOT_NO_FILE, 11, "bootaa64.efi", ADDRESS_IP4 },
        { "no file, kind", NETBOOT_NO_FILE, 11, "64-bit ARM UEFI", ADDRESS_IP4 },
        { "no file, line", NETBOOT_NO_FILE, 11, "dhcp-match=set:arch11,option:client-arch,11",
          ADDRESS_IP4 },
        { "unknown", NETBOOT_UNKNOWN_SYSTEM, 77, "dhcp-boot=tag:arch77,<file>", ADDRESS_IP4 },
        { "no HTTP", NETBOOT_NO_HTTP, 16, "netboot-http", ADDRESS_IP4 },
        { "IPv6", NETBOOT_NO_FILE, 11, "set:arch11,option6:61,00:0b ", ADDRESS_IP6 },
        { "IPv6, line", NETBOOT_NO_FILE, 11, "tag:arch11,option6:bootfile-url", ADDRESS_IP6 },
    };
    for (size_t i = 0; i < COUNT_OF(advices); i++) {
        char buffer[512];
        struct text_out out = text_out_on(buffer, sizeof(buffer));
        struct netboot_client client = { .boots = true, .system = advices[i].system };
        netboot_put_advice(advices[i].verdict, &client, advices[i].family, &out);
        if (out.failed || strstr(buffer, advices[i].says) == NULL)
            fail_msg("%s: %s", advices[i].claim, buffer);
    }
}

static void each_kind_is_said_once(void **state)
{
    (void)state;
    struct netboot_said said = { 0 };
    struct netboot_listing listing = { .changes = 1 };
    unsigned count = 0;
    for (unsigned system = 0; system <= UINT16_MAX; system++) {
        struct netboot_client client = { .system = (uint16_t)system };
        count += netboot_may_say(&said, &listing, &client);
        assert_false(netboot_may_say(&said, &listing, &client));
    }
    assert_int_equal(count, 64);
    struct netboot_client bios = { .system = 0 };
    listing.changes++;
    assert_true(netboot_may_say(&said, &listing, &bios)); /* anew once the folder has changed */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_for_each),
        cmocka_unit_test(urls),
        cmocka_unit_test(http_on_an_address_of_the_other_family),
        cmocka_unit_test(advice_names_the_lines),
        cmocka_unit_test(each_kind_is_said_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "dhcp/netboot.h"

/* Kinds of system, as far as they want different files. */
enum kind { BIOS, IA32, X64, ARM32, ARM64, RISCV64, LOONG64, SCRIPT };

struct name {
    const char *file;
    enum kind kind;
    bool is_ipxe; /* is iPXE: who runs it already would load it for ever */
};

/* What stands on install media (EFI/BOOT) and what distributions call their own. A shim comes
 * before the GRUB that it loads. */
static const struct name names[] = {
    { "boot.ipxe", SCRIPT, false },
    { "autoexec.ipxe", SCRIPT, false },
    { "pxelinux.0", BIOS, false },
    { "lpxelinux.0", BIOS, false },
    { "undionly.kpxe", BIOS, true },
    { "undionly.kkpxe", BIOS, true },
    { "ipxe.pxe", BIOS, true },
    { "boot/grub/i386-pc/core.0", BIOS, false },
    { "bootx64.efi", X64, false },
    { "BOOTX64.EFI", X64, false },
    { "EFI/BOOT/BOOTX64.EFI", X64, false },
    { "bootnetx64.efi", X64, false },
    { "debian-installer/amd64/bootnetx64.efi", X64, false },
    { "shimx64.efi", X64, false },
    { "grubx64.efi", X64, false },
    { "boot/grub/x86_64-efi/core.efi", X64, false },
    { "syslinux.efi", X64, false },
    { "ipxe.efi", X64, true },
    { "snponly.efi", X64, true },
    { "bootia32.efi", IA32, false },
    { "BOOTIA32.EFI", IA32, false },
    { "EFI/BOOT/BOOTIA32.EFI", IA32, false },
    { "shimia32.efi", IA32, false },
    { "grubia32.efi", IA32, false },
    { "ipxe32.efi", IA32, true },
    { "bootaa64.efi", ARM64, false },
    { "BOOTAA64.EFI", ARM64, false },
    { "EFI/BOOT/BOOTAA64.EFI", ARM64, false },
    { "bootnetaa64.efi", ARM64, false },
    { "debian-installer/arm64/bootnetaa64.efi", ARM64, false },
    { "shimaa64.efi", ARM64, false },
    { "grubaa64.efi", ARM64, false },
    { "boot/grub/arm64-efi/core.efi", ARM64, false },
    { "ipxe-arm64.efi", ARM64, true },
    { "snponly-arm64.efi", ARM64, true },
    { "bootarm.efi", ARM32, false },
    { "EFI/BOOT/BOOTARM.EFI", ARM32, false },
    { "grubarm.efi", ARM32, false },
    { "ipxe-arm32.efi", ARM32, true },
    { "bootriscv64.efi", RISCV64, false },
    { "EFI/BOOT/BOOTRISCV64.EFI", RISCV64, false },
    { "grubriscv64.efi", RISCV64, false },
    { "bootloongarch64.efi", LOONG64, false },
    { "EFI/BOOT/BOOTLOONGARCH64.EFI", LOONG64, false },
    { "grubloongarch64.efi", LOONG64, false },
};
static_assert(COUNT_OF(names) < 64, "a bit for each name");
const size_t netboot_name_count = COUNT_OF(names);

/* IANA's registry of processor architecture types. 7 and 9 both mean x86-64: the RFC and its
 * erratum give them the other way round. */
struct system {
    uint16_t number;
    uint8_t kind;
    const char *title;
};
static const struct system systems[] = {
    { 0, BIOS, "x86 BIOS" },
    { 6, IA32, "32-bit x86 UEFI" },
    { 7, X64, "x86-64 UEFI" },
    { 9, X64, "x86-64 UEFI" },
    { 10, ARM32, "32-bit ARM UEFI" },
    { 11, ARM64, "64-bit ARM UEFI" },
    { 15, IA32, "32-bit x86 UEFI, HTTP" },
    { 16, X64, "x86-64 UEFI, HTTP" },
    { 17, X64, "x86-64 UEFI, HTTP" },
    { 18, ARM32, "32-bit ARM UEFI, HTTP" },
    { 19, ARM64, "64-bit ARM UEFI, HTTP" },
    { 20, BIOS, "x86 BIOS, HTTP" },
    { 27, RISCV64, "64-bit RISC-V UEFI" },
    { 28, RISCV64, "64-bit RISC-V UEFI, HTTP" },
    { 39, LOONG64, "64-bit LoongArch UEFI" },
    { 40, LOONG64, "64-bit LoongArch UEFI, HTTP" },
};

const char *netboot_name(size_t index)
{
    assert(index < netboot_name_count);
    return names[index].file;
}

static const struct system *find_system(uint16_t number)
{
    for (size_t i = 0; i < COUNT_OF(systems); i++) {
        if (systems[i].number == number)
            return &systems[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------ who asks */

static bool holds(struct text text, struct text word)
{
    for (size_t i = 0; i + word.count <= text.count; i++) {
        if (text_equal(text_part(text, i, word.count), word))
            return true;
    }
    return false;
}

struct netboot_client netboot_client_read(struct text vendor, struct bytes list,
                                          struct bytes user_class)
{
    struct netboot_client client = { .by_http = text_starts(vendor, TEXT("HTTPClient")) };
    client.is_ipxe = holds(text_from_bytes(user_class), TEXT("iPXE"));
    client.boots = client.by_http || client.is_ipxe || text_starts(vendor, TEXT("PXEClient"));
    struct bytes_reader reader = bytes_reader_on(list);
    if (list.count >= 2)
        client.system = bytes_read_u16(&reader);
    return client;
}

/* ------------------------------------------------------------------ what for */

static bool has_http(const struct netboot_listing *listing, const struct address *own)
{
    const struct address *only = &listing->http_address;
    return listing->http_port != 0 && (address_is_none(only) || only->family == own->family);
}

/* The first name of this kind that is there; not iPXE again for who runs it. NULL: none. */
static const char *find(const struct netboot_listing *listing, enum kind kind, bool is_ipxe)
{
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (names[i].kind == kind && (listing->present >> i & 1) != 0
            && !(is_ipxe && names[i].is_ipxe))
            return names[i].file;
    }
    return NULL;
}

enum netboot_verdict netboot_pick(const struct netboot_listing *listing,
                                  const struct netboot_client *client, const struct address *own,
                                  struct netboot_choice *choice)
{
    bool http = has_http(listing, own);
    if (!client->boots)
        return NETBOOT_NOTHING;
    if (client->by_http && !http)
        return NETBOOT_NO_HTTP;

    const char *file = client->is_ipxe ? find(listing, SCRIPT, true) : NULL;
    if (file != NULL) {
        /* A kernel that a script names relative to itself comes by HTTP then too, and faster. */
        *choice = (struct netboot_choice){ .file = file, .by_http = http };
        return NETBOOT_FILE;
    }
    const struct system *system = find_system(client->system);
    if (system == NULL)
        return NETBOOT_UNKNOWN_SYSTEM;
    file = find(listing, system->kind, client->is_ipxe);
    if (file == NULL)
        return NETBOOT_NO_FILE;
    *choice = (struct netboot_choice){ .file = file, .by_http = client->by_http };
    return NETBOOT_FILE;
}

void netboot_put_url(const struct netboot_listing *listing, const struct netboot_choice *choice,
                     const struct address *own, struct text_out *out)
{
    const struct address *host = own;
    if (choice->by_http && !address_is_none(&listing->http_address))
        host = &listing->http_address;
    bool is_ip6 = host->family == ADDRESS_IP6;
    text_put_string(out, choice->by_http ? "http://" : "tftp://");
    text_put_string(out, is_ip6 ? "[" : "");
    text_put_address(out, host);
    text_put_string(out, is_ip6 ? "]" : "");
    if (choice->by_http && listing->http_port != NETBOOT_HTTP_PORT)
        text_printf(out, ":%u", (unsigned)listing->http_port);
    text_put_char(out, '/');
    text_put_string(out, choice->file);
}

/* ------------------------------------------------------------------ when there is none */

static void put_names(enum kind kind, struct text_out *out)
{
    const char *before = "";
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (names[i].kind != kind || text_find(text_of(names[i].file), '/') != SIZE_MAX)
            continue;
        text_printf(out, "%s%s", before, names[i].file);
        before = ", ";
    }
}

void netboot_put_advice(enum netboot_verdict verdict, const struct netboot_client *client,
                        enum address_family family, struct text_out *out)
{
    const struct system *system = find_system(client->system);
    unsigned number = client->system;
    text_printf(out, "netboot: no boot file for architecture %u", number);
    if (system != NULL)
        text_printf(out, " (%s)", system->title);
    if (verdict == NETBOOT_NO_HTTP) {
        text_put_string(out, ": it boots by HTTP, which is not served to it; see netboot-http");
        return;
    }
    if (verdict == NETBOOT_NO_FILE && system != NULL) {
        text_put_string(out, ": the folder has none of ");
        put_names(system->kind, out);
    }
    if (family == ADDRESS_IP6)
        text_printf(out,
                    "; another file: dhcp-match=set:arch%u,option6:61,%02x:%02x and "
                    "dhcp-option=tag:arch%u,option6:bootfile-url,<url>",
                    number, number >> 8, number & 255, number);
    else
        text_printf(out,
                    "; another file: dhcp-match=set:arch%u,option:client-arch,%u and "
                    "dhcp-boot=tag:arch%u,<file>",
                    number, number, number);
}

bool netboot_may_say(struct netboot_said *said, const struct netboot_listing *listing,
                     const struct netboot_client *client)
{
    /* Numbers beyond the registry's share a bit: a stranger must not fill the log with them. */
    uint64_t bit = (uint64_t)1 << (client->system < 63 ? client->system : 63);
    if (said->changes != listing->changes)
        *said = (struct netboot_said){ .changes = listing->changes };
    if ((said->systems & bit) != 0)
        return false;
    said->systems |= bit;
    return true;
}

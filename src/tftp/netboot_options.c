/* The option of network boot with one line. */
#include "config/option.h"
#include "tftp/netboot_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option netboot_options[];
extern const size_t netboot_option_count;

static enum status read_netboot(struct option_context *context, struct value value)
{
    struct netboot_config *config = context->part;
    struct text folder = value.text;
    if (text_is_empty(folder))
        return option_fail(context, folder, NULL, "the folder is missing (try netboot=/srv/boot)");
    if (folder.at[0] != '/')
        return option_fail(context, folder, NULL,
                           "\"%.*s\" does not begin with '/': where it lies would depend on where "
                           "the program is started",
                           TEXT_ARG(folder));
    config->place = context->place;
    config->folder = option_string(context, folder);
    return config->folder != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void print_netboot(const void *part, struct option_printer *printer)
{
    const struct netboot_config *config = part;
    char quoted[4096];
    struct text_out out = text_out_on(quoted, sizeof(quoted));
    if (config->folder == NULL)
        return;
    option_put_whole(&out, text_of(config->folder));
    option_print_value(printer, "%s", quoted);
}

/* clang-format off */
const struct option netboot_options[] = {
    {
        .name = "netboot", .kind = OPTION_STRUCTURED, .once = true, .ours = true, .area = "tftp",
        .read = read_netboot, .print = print_netboot, .shape = "<folder>",
        .help = "Boot machines from this folder, each with the loader for its kind",
        .doc = DOC("Serves the folder by TFTP and, where the program was built with it, by HTTP, and tells clients of "
               "DHCP which file to load, by what is in the folder and what they say of themselves: PXE of a BIOS "
               "gets pxelinux.0, lpxelinux.0, undionly.kpxe or ipxe.pxe, UEFI of x86-64 bootx64.efi, shimx64.efi, "
               "grubx64.efi, ipxe.efi or snponly.efi, other processors the same with ia32, aa64, arm, riscv64 or "
               "loongarch64, UEFI HTTP boot the same as an address of HTTP, and iPXE boot.ipxe; EFI/BOOT, as on "
               "install media, is looked into as well. With a proxy range this works beside another DHCP server. "
               "What dhcp-boot, pxe-service or dhcp-option give goes first. The folder may change at any time. "
               "A kind that nothing is found for is logged once, with the lines that would give it a file."),
        .examples = EXAMPLES("netboot=/srv/boot"),
    },
};
/* clang-format on */

const size_t netboot_option_count = COUNT_OF(netboot_options);

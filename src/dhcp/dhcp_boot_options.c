/* The options of network boot, and of clients that need to be served in an old way. The struct they
 * fill is struct dhcp_config, in its part dhcp/dhcp_boot.h. */
#include "dhcp/dhcp_options.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dhcp_boot_options[];
extern const size_t dhcp_boot_option_count;

#define TEXT_MAX_BYTES 250 /* of a menu entry or prompt: a PXE item has 255 */

static struct dhcp_boot_config *boot_of(struct option_context *context)
{
    struct dhcp_config *dhcp = context->part;
    return &dhcp->boot;
}

/* ------------------------------------------------------------------ what the lines share */

/* Takes the conditions at the front off *rest. */
static enum status read_conditions(struct option_context *context, struct value *rest,
                                   struct tag_conditions *conditions)
{
    for (;;) {
        struct value after = *rest, field;
        struct text name;
        if (!value_next_field(&after, ',', &field) || dhcp_tag_word(field, &name) == DHCP_TAG_NONE)
            return STATUS_OK;
        enum status status = dhcp_add_condition(context, name, conditions);
        if (status != STATUS_OK)
            return status;
        *rest = after;
    }
}

/* The next field as a string; NULL in *string when it is empty or missing. */
static enum status next_string(struct option_context *context, struct value *rest,
                               const char **string)
{
    struct value field;
    *string = NULL;
    if (!value_next_field(rest, ',', &field) || field.text.count == 0)
        return STATUS_OK;
    *string = option_string(context, field.text);
    return *string != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* An address, or a name that is looked up each time. */
static enum status next_server(struct option_context *context, struct value *rest,
                               struct dhcp_boot_server *server)
{
    const char *written;
    *server = (struct dhcp_boot_server){ .host = NULL };
    enum status status = next_string(context, rest, &written);
    if (status != STATUS_OK || written == NULL)
        return status;
    if (address_from_text(text_of(written), &server->address) == STATUS_OK
        && server->address.family == ADDRESS_IP4)
        return STATUS_OK;
    *server = (struct dhcp_boot_server){ .host = written };
    return STATUS_OK;
}

static void put_server(struct text_out *out, const struct dhcp_boot_server *server)
{
    if (server->host != NULL)
        option_put_quoted(out, text_of(server->host));
    else
        text_put_address(out, &server->address);
}

static bool has_server(const struct dhcp_boot_server *server)
{
    return server->host != NULL || !address_is_none(&server->address);
}

static void put_string(struct text_out *out, const char *string)
{
    if (string != NULL)
        option_put_quoted(out, text_of(string));
}

/* ------------------------------------------------------------------ dhcp-boot */

static enum status read_boot(struct option_context *context, struct value value)
{
    struct dhcp_boot_config *boot = boot_of(context);
    struct dhcp_boot line = { .place = context->place };
    struct value rest = value;

    enum status status = read_conditions(context, &rest, &line.conditions);
    if (status == STATUS_OK && rest.text.at == NULL)
        return option_fail(context, TEXT_NONE, NULL, "the boot file is missing after the tags");
    if (status == STATUS_OK)
        status = next_string(context, &rest, &line.file);
    if (status == STATUS_OK)
        status = next_string(context, &rest, &line.server_name);
    if (status == STATUS_OK)
        status = next_server(context, &rest, &line.server);
    if (status != STATUS_OK)
        return status;

    struct dhcp_boot *kept =
        option_append(context, &boot->boots, &boot->boot_count, &boot->boot_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

static void print_boot(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->boot.boot_count; i++) {
        const struct dhcp_boot *boot = &dhcp->boot.boots[i];
        char line[DHCP_LINE_MAX_BYTES * 2];
        struct text_out out = text_out_on(line, sizeof(line));
        dhcp_put_conditions(&out, &boot->conditions, &dhcp->tags);
        put_string(&out, boot->file);
        if (boot->server_name != NULL || has_server(&boot->server))
            text_put_char(&out, ',');
        put_string(&out, boot->server_name);
        if (has_server(&boot->server)) {
            text_put_char(&out, ',');
            put_server(&out, &boot->server);
        }
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ pxe-service */

/* Kinds of clients, as RFC 4578 section 2.1 and IANA number them; 7 and 9 by what clients send. */
static const struct {
    const char *name;
    uint16_t system;
} systems[] = {
    { "x86PC", 0 },    { "PC98", 1 },       { "IA64_EFI", 2 },
    { "Alpha", 3 },    { "Arc_x86", 4 },    { "Intel_Lean_Client", 5 },
    { "IA32_EFI", 6 }, { "x86-64_EFI", 7 }, { "Xscale_EFI", 8 },
    { "BC_EFI", 9 },   { "ARM32_EFI", 10 }, { "ARM64_EFI", 11 },
};

static bool is_number(struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    }
    return text.count > 0;
}

static enum status read_system(struct option_context *context, struct text text, uint16_t *system)
{
    for (size_t i = 0; i < COUNT_OF(systems); i++) {
        if (text_equal_nocase(text_of(systems[i].name), text)) {
            *system = systems[i].system;
            return STATUS_OK;
        }
    }
    if (!is_number(text))
        return option_fail(context, text, NULL,
                           "\"%.*s\" is no kind of client system (x86PC, x86-64_EFI, ARM64_EFI, "
                           "... or a number)",
                           TEXT_ARG(text));
    if (text_to_u16(text, system) != STATUS_OK)
        return option_fail(context, text, NULL, "a client system has a number up to 65535");
    return STATUS_OK;
}

/* A number is a type of boot server; anything else is a file, of which this machine or the one that
 * is given is the boot server. */
static enum status read_program(struct option_context *context, struct value *rest,
                                struct dhcp_pxe_service *service)
{
    const char *written;
    enum status status = next_string(context, rest, &written);
    if (status != STATUS_OK || written == NULL)
        return status;
    if (!is_number(text_of(written)))
        service->file = written;
    else if (text_to_u16(text_of(written), &service->type) != STATUS_OK)
        return option_fail(context, TEXT_NONE, NULL, "a boot server has a type up to 65535");
    return next_server(context, rest, &service->server);
}

static enum status read_menu_text(struct option_context *context, struct value *rest,
                                  const char **text)
{
    struct value field;
    if (!value_next_field(rest, ',', &field))
        return option_fail(context, TEXT_NONE, NULL, "the text for the menu is missing");
    if (field.text.count > TEXT_MAX_BYTES)
        field.text.count = TEXT_MAX_BYTES;
    *text = option_string(context, field.text);
    return *text != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_service(struct option_context *context, struct value value)
{
    struct dhcp_boot_config *boot = boot_of(context);
    struct dhcp_pxe_service line = { .place = context->place };
    struct value rest = value;
    struct value field;

    enum status status = read_conditions(context, &rest, &line.conditions);
    if (status == STATUS_OK && !value_next_field(&rest, ',', &field))
        return option_fail(context, TEXT_NONE, NULL, "the kind of client system is missing");
    if (status == STATUS_OK)
        status = read_system(context, field.text, &line.system);
    if (status == STATUS_OK)
        status = read_menu_text(context, &rest, &line.text);
    if (status == STATUS_OK)
        status = read_program(context, &rest, &line);
    if (status != STATUS_OK)
        return status;
    if (line.file != NULL && boot->file_count > UINT16_MAX - DHCP_PXE_FIRST_FILE)
        return option_fail(context, TEXT_NONE, NULL, "too many pxe-service lines with files");

    struct dhcp_pxe_service *kept = option_append(context, &boot->services, &boot->service_count,
                                                  &boot->service_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    if (line.file != NULL)
        line.type = (uint16_t)(DHCP_PXE_FIRST_FILE + boot->file_count++);
    *kept = line;
    return STATUS_OK;
}

static void put_system(struct text_out *out, uint16_t system)
{
    if (system < COUNT_OF(systems))
        text_put_string(out, systems[system].name);
    else
        text_put_u64(out, system);
}

static void print_service(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->boot.service_count; i++) {
        const struct dhcp_pxe_service *service = &dhcp->boot.services[i];
        char line[DHCP_LINE_MAX_BYTES * 2];
        struct text_out out = text_out_on(line, sizeof(line));
        dhcp_put_conditions(&out, &service->conditions, &dhcp->tags);
        put_system(&out, service->system);
        text_put_char(&out, ',');
        put_string(&out, service->text);
        if (service->file != NULL) {
            text_put_char(&out, ',');
            option_put_quoted(&out, text_of(service->file));
        } else if (service->type != DHCP_PXE_LOCAL_BOOT || has_server(&service->server)) {
            text_printf(&out, ",%u", (unsigned)service->type);
        }
        if (has_server(&service->server)) {
            text_put_char(&out, ',');
            put_server(&out, &service->server);
        }
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ pxe-prompt */

/* The byte that PXE has for the time; what does not fit in it waits for ever, as nothing does. */
static enum status read_seconds(struct value *rest, uint8_t *seconds)
{
    struct value field;
    uint64_t number;
    *seconds = DHCP_PXE_WAIT_FOR_EVER;
    if (value_next_field(rest, ',', &field) && is_number(field.text)
        && text_to_u64(field.text, DHCP_PXE_WAIT_FOR_EVER, &number) == STATUS_OK)
        *seconds = (uint8_t)number;
    return STATUS_OK;
}

static enum status read_prompt(struct option_context *context, struct value value)
{
    struct dhcp_boot_config *boot = boot_of(context);
    struct dhcp_pxe_prompt line = { .place = context->place };
    struct value rest = value;

    enum status status = read_conditions(context, &rest, &line.conditions);
    if (status == STATUS_OK)
        status = read_menu_text(context, &rest, &line.text);
    if (status == STATUS_OK)
        status = read_seconds(&rest, &line.seconds);
    if (status != STATUS_OK)
        return status;
    struct dhcp_pxe_prompt *kept = option_append(context, &boot->prompts, &boot->prompt_count,
                                                 &boot->prompt_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

static void print_prompt(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->boot.prompt_count; i++) {
        const struct dhcp_pxe_prompt *prompt = &dhcp->boot.prompts[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        dhcp_put_conditions(&out, &prompt->conditions, &dhcp->tags);
        put_string(&out, prompt->text);
        if (prompt->seconds != DHCP_PXE_WAIT_FOR_EVER)
            text_printf(&out, ",%u", prompt->seconds);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ dhcp-pxe-vendor */

static enum status read_vendor(struct option_context *context, struct value value)
{
    struct dhcp_boot_config *boot = boot_of(context);
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0) /* it would be the beginning of every class */
            continue;
        const char *vendor = option_string(context, field.text);
        if (vendor == NULL)
            return STATUS_NO_MEMORY;
        const char **kept = option_append(context, &boot->vendors, &boot->vendor_count,
                                          &boot->vendor_room, sizeof(*kept));
        if (kept == NULL)
            return STATUS_NO_MEMORY;
        *kept = vendor;
    }
    return STATUS_OK;
}

static void print_vendor(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->boot.vendor_count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        option_put_quoted(&out, text_of(dhcp->boot.vendors[i]));
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ for whom */

/* Any spelling of a tag is a condition here; none at all: everyone. */
static enum status read_for_whom(struct option_context *context, struct value value,
                                 struct dhcp_conditions **lines, size_t *count, size_t *room)
{
    struct dhcp_conditions line = { .place = context->place };
    struct value rest = value;
    struct value field;

    while (value_next_field(&rest, ',', &field)) {
        struct text name;
        if (field.text.count == 0)
            continue;
        (void)dhcp_tag_word(field, &name);
        enum status status = dhcp_add_condition(context, name, &line.conditions);
        if (status != STATUS_OK)
            return status;
    }
    struct dhcp_conditions *kept = option_append(context, lines, count, room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = line;
    return STATUS_OK;
}

static void print_for_whom(const struct dhcp_config *dhcp, const struct dhcp_conditions *lines,
                           size_t count, struct option_printer *printer)
{
    for (size_t i = 0; i < count; i++) {
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        if (lines[i].conditions.count == 0) {
            option_print_flag(printer);
            continue;
        }
        dhcp_put_conditions(&out, &lines[i].conditions, &dhcp->tags);
        text_out_rewind(&out, out.count - 1);
        option_print_value(printer, "%s", line);
    }
}

static enum status read_broadcast(struct option_context *context, struct value value)
{
    struct dhcp_boot_config *boot = boot_of(context);
    return read_for_whom(context, value, &boot->broadcasts, &boot->broadcast_count,
                         &boot->broadcast_room);
}

static void print_broadcast(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    print_for_whom(dhcp, dhcp->boot.broadcasts, dhcp->boot.broadcast_count, printer);
}

static enum status read_bootp_dynamic(struct option_context *context, struct value value)
{
    struct dhcp_boot_config *boot = boot_of(context);
    return read_for_whom(context, value, &boot->bootp_dynamics, &boot->bootp_dynamic_count,
                         &boot->bootp_dynamic_room);
}

static void print_bootp_dynamic(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    print_for_whom(dhcp, dhcp->boot.bootp_dynamics, dhcp->boot.bootp_dynamic_count, printer);
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option dhcp_boot_options[] = {
    {
        .name = "dhcp-boot", .letter = 'M', .kind = OPTION_STRUCTURED, .area = "pxe",
        .read = read_boot, .print = print_boot,
        .shape = "{tag:<tag>,}<file>[,<server name>[,<server>]]",
        .help = "What clients boot over the network, and from where",
        .doc = DOC("The file is fetched from this machine unless a server is given, as an address or as a name; of "
               "a name with several addresses every client gets the next. A client that asks for options 66 and "
               "67 gets them there, others in the fields of the message. Of several lines that fit, the last "
               "with tags counts, else the last without."),
        .examples = EXAMPLES("dhcp-boot=pxelinux.0", "dhcp-boot=tag:efi64,efi/boot.efi,boot,192.0.2.69",
                             "dhcp-boot=ipxe.kpxe,,tftp.lan"),
    },
    {
        .name = "pxe-service", .kind = OPTION_STRUCTURED, .area = "pxe",
        .read = read_service, .print = print_service,
        .shape = "{tag:<tag>,}<system>,<text>[,<file>|<number>[,<server>]]",
        .help = "An entry of the PXE boot menu",
        .doc = DOC("For one kind of system, by its name (x86PC, PC98, IA64_EFI, Alpha, Arc_x86, Intel_Lean_Client, "
               "IA32_EFI, x86-64_EFI, Xscale_EFI, BC_EFI, ARM32_EFI, ARM64_EFI) or number. The file is fetched "
               "from this machine or the server given; \".0\" is added when it has no suffix. A number is a type "
               "of boot server, which is looked for on the network or asked at the address given. Without a "
               "file or with 0 the client boots from its disk. An EFI client that has only one entry with a "
               "file boots it without a menu."),
        .examples = EXAMPLES("pxe-service=x86PC,\"Install Linux\",pxelinux",
                             "pxe-service=x86-64_EFI,\"Boot from disk\"",
                             "pxe-service=tag:lab,x86PC,\"Windows\",1,192.0.2.70"),
    },
    {
        .name = "pxe-prompt", .kind = OPTION_STRUCTURED, .area = "pxe",
        .read = read_prompt, .print = print_prompt,
        .shape = "{tag:<tag>,}<text>[,<seconds>]",
        .help = "What the PXE boot menu asks, and how long it waits",
        .doc = DOC("With 0 seconds the first entry is taken at once; without them the client waits for a key."),
        .examples = EXAMPLES("pxe-prompt=\"Press F8 for the menu\",10"),
    },
    {
        .name = "dhcp-pxe-vendor", .kind = OPTION_STRUCTURED, .area = "pxe",
        .read = read_vendor, .print = print_vendor,
        .shape = "<vendor>{,<vendor>}",
        .help = "Vendor classes that mean PXE",
        .doc = DOC("PXEClient unless given. What a client sends has to begin so."),
        .examples = EXAMPLES("dhcp-pxe-vendor=PXEClient,AAPLBSDPC"),
    },
    {
        .name = "dhcp-option-pxe", .kind = OPTION_STRUCTURED, .area = "pxe",
        .read = dhcp_read_option_pxe, .print = dhcp_print_option_pxe,
        .shape = DHCP_OPTION_SHAPE,
        .help = "Send this option to clients that boot with PXE",
        .doc = DOC("In answers of a proxy range too. Otherwise as dhcp-option."),
        .examples = EXAMPLES("dhcp-option-pxe=66,boot.lan"),
    },
    {
        .name = "dhcp-broadcast", .kind = OPTION_STRUCTURED, .value_optional = true, .area = "dhcp4",
        .read = read_broadcast, .print = print_broadcast,
        .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Always broadcast answers to clients that have no address yet",
        .doc = DOC("For clients that cannot hear anything else and do not say so."),
        .examples = EXAMPLES("dhcp-broadcast", "dhcp-broadcast=tag:old"),
    },
    {
        .name = "bootp-dynamic", .letter = '3', .kind = OPTION_STRUCTURED, .value_optional = true,
        .area = "dhcp4", .read = read_bootp_dynamic, .print = print_bootp_dynamic,
        .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Give addresses of a range to BOOTP clients",
        .doc = DOC("For ever, since such clients never say that they leave."),
        .examples = EXAMPLES("bootp-dynamic", "bootp-dynamic=tag:old"),
    },
};
/* clang-format on */

const size_t dhcp_boot_option_count = COUNT_OF(dhcp_boot_options);

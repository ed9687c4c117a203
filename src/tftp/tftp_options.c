/* The options of TFTP. */
#include "config/option.h"
#include "tftp/tftp_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option tftp_options[];
extern const size_t tftp_option_count;

/* ------------------------------------------------------------------ enable-tftp */

static enum status keep_interface(struct option_context *context, struct text name)
{
    struct tftp_config *config = context->part;
    struct site_interface *kept =
        option_append(context, &config->interfaces, &config->interface_count,
                      &config->interface_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    kept->place = context->place;
    kept->prefix = text_ends(name, TEXT("*"));
    if (kept->prefix)
        name.count--;
    kept->pattern = option_string(context, name);
    return kept->pattern != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_enable(struct option_context *context, struct value value)
{
    struct tftp_config *config = context->part;
    struct value rest = value, field;
    config->enabled = true;
    while (rest.text.at != NULL && value_next_field(&rest, ',', &field)) {
        if (field.text.count == 0)
            continue;
        enum status status = keep_interface(context, field.text);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void print_enable(const void *part, struct option_printer *printer)
{
    const struct tftp_config *config = part;
    if (config->enabled && config->interface_count == 0)
        option_print_flag(printer);
    for (size_t i = 0; i < config->interface_count; i++) {
        char quoted[256];
        struct text_out out = text_out_on(quoted, sizeof(quoted));
        option_put_quoted(&out, text_of(config->interfaces[i].pattern));
        option_print_value(printer, "%s%s", quoted, config->interfaces[i].prefix ? "*" : "");
    }
}

/* ------------------------------------------------------------------ tftp-root */

static enum status keep_root(struct option_context *context, struct text folder,
                             const char *interface)
{
    struct tftp_config *config = context->part;
    struct tftp_root *kept = option_append(context, &config->roots, &config->root_count,
                                           &config->root_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    kept->place = context->place;
    kept->interface = interface;
    kept->folder = option_string(context, folder);
    return kept->folder != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* What follows the interface dnsmasq passes over, and so do we. */
static enum status read_root(struct option_context *context, struct value value)
{
    struct value rest = value, folder, interface;
    const char *name = NULL;
    if (!value_next_field(&rest, ',', &folder))
        folder = (struct value){ .text = TEXT("") };
    if (value_next_field(&rest, ',', &interface) && interface.text.count > 0) {
        name = option_string(context, interface.text);
        if (name == NULL)
            return STATUS_NO_MEMORY;
    }
    return keep_root(context, folder.text, name);
}

static void print_root(const void *part, struct option_printer *printer)
{
    const struct tftp_config *config = part;
    for (size_t i = 0; i < config->root_count; i++) {
        char quoted[8192];
        struct text_out out = text_out_on(quoted, sizeof(quoted));
        option_put_quoted(&out, text_of(config->roots[i].folder));
        if (config->roots[i].interface != NULL) {
            text_put_char(&out, ',');
            option_put_quoted(&out, text_of(config->roots[i].interface));
        }
        option_print_value(printer, "%s", quoted);
    }
}

/* ------------------------------------------------------------------ tftp-unique-root */

static enum status read_unique(struct option_context *context, struct value value)
{
    struct tftp_config *config = context->part;
    if (value.text.at == NULL || text_equal_nocase(value.text, TEXT("ip"))) {
        config->unique_root = TFTP_UNIQUE_ADDRESS;
        return STATUS_OK;
    }
    if (text_equal_nocase(value.text, TEXT("mac"))) {
        config->unique_root = TFTP_UNIQUE_HARDWARE;
        return STATUS_OK;
    }
    return option_fail(context, value.text, NULL,
                       "clients are told apart by ip or by mac, not by \"%.*s\"",
                       TEXT_ARG(value.text));
}

static void print_unique(const void *part, struct option_printer *printer)
{
    const struct tftp_config *config = part;
    if (config->unique_root == TFTP_UNIQUE_ADDRESS)
        option_print_value(printer, "ip");
    if (config->unique_root == TFTP_UNIQUE_HARDWARE)
        option_print_value(printer, "mac");
}

/* ------------------------------------------------------------------ tftp-port-range */

static const char bad_range[] = "bad port range";

static enum status read_port(struct option_context *context, struct value field, uint16_t *port)
{
    *port = 0;
    if (field.text.count > 0 && text_to_u16(field.text, port) != STATUS_OK)
        return option_fail(context, field.text, bad_range, "\"%.*s\" is not a port (1 to 65535)",
                           TEXT_ARG(field.text));
    return STATUS_OK;
}

/* The two in either order, as dnsmasq takes them; an end of 0 or none is no range at all. */
static enum status read_range(struct option_context *context, struct value value)
{
    struct tftp_config *config = context->part;
    struct value rest = value, field;
    uint16_t first, last;
    if (value_count_fields(value, ',') != 2)
        return option_fail(context, value.text, bad_range,
                           "the first and the last port are needed (try 50000,50099)");
    (void)value_next_field(&rest, ',', &field);
    enum status status = read_port(context, field, &first);
    (void)value_next_field(&rest, ',', &field);
    if (status == STATUS_OK)
        status = read_port(context, field, &last);
    if (status != STATUS_OK)
        return status;
    config->port_first = first < last ? first : last;
    config->port_last = first < last ? last : first;
    if (config->port_first == 0 && config->port_last != 0)
        config->port_first = 1;
    return STATUS_OK;
}

static void print_range(const void *part, struct option_printer *printer)
{
    const struct tftp_config *config = part;
    if (config->port_first != 0)
        option_print_value(printer, "%u,%u", config->port_first, config->port_last);
}

/* ------------------------------------------------------------------ the rows */

/* clang-format off */
const struct option tftp_options[] = {
    {
        .name = "enable-tftp", .kind = OPTION_STRUCTURED, .value_optional = true,
        .read = read_enable, .print = print_enable,
        .area = "tftp", .shape = "[<interface>{,<interface>}]",
        .help = "Serve files over TFTP",
        .doc = DOC("For reading only, on the interfaces that serve DHCP or on those listed. The same port is "
               "used for IPv4 and IPv6. Files are found beneath tftp-root; regular files alone are served."),
        .examples = EXAMPLES("enable-tftp", "enable-tftp=eth0,eth1"),
    },
    {
        .name = "tftp-root", .kind = OPTION_STRUCTURED, .read = read_root, .print = print_root,
        .area = "tftp", .shape = "<folder>[,<interface>]",
        .help = "Serve the files of this folder, and nothing outside it",
        .doc = DOC("For all interfaces or for one. Symbolic links may lead anywhere inside the folder; those that "
               "lead out of it are refused, as are names with \"..\" in them. A folder that cannot be read "
               "when the service starts is an error, unless tftp-no-fail is given."),
        .examples = EXAMPLES("tftp-root=/srv/tftp", "tftp-root=/srv/lab,eth1"),
    },
    {
        .name = "tftp-no-fail", .kind = OPTION_FLAG, .field = offsetof(struct tftp_config, no_fail),
        .area = "tftp", .shape = "",
        .help = "Start even when the folder of tftp-root cannot be read",
        .doc = DOC("A warning is logged."),
        .examples = EXAMPLES("tftp-no-fail"),
    },
    {
        .name = "tftp-unique-root", .kind = OPTION_STRUCTURED, .value_optional = true,
        .read = read_unique, .print = print_unique,
        .area = "tftp", .shape = "[ip|mac]",
        .help = "Serve each client from a folder of its own, if there is one",
        .doc = DOC("Below tftp-root, named by the client's address or, with mac, by its hardware address in lower "
               "case with dashes (02-00-00-00-00-01), which is known of neighbours and of our own leases. "
               "What is not in that folder is not looked for elsewhere."),
        .examples = EXAMPLES("tftp-unique-root", "tftp-unique-root=mac"),
    },
    {
        .name = "tftp-secure", .kind = OPTION_FLAG, .field = offsetof(struct tftp_config, secure),
        .area = "tftp", .shape = "",
        .help = "Serve only files that belong to the user the process runs as",
        .doc = DOC("As root, those that everyone may read."),
        .examples = EXAMPLES("tftp-secure"),
    },
    {
        .name = "tftp-lowercase", .kind = OPTION_FLAG, .field = offsetof(struct tftp_config, lowercase),
        .area = "tftp", .shape = "",
        .help = "Look for files in lower case, however they are asked for",
        .doc = DOC("For clients that do not tell cases apart."),
        .examples = EXAMPLES("tftp-lowercase"),
    },
    {
        .name = "tftp-max", .at_start = true, .kind = OPTION_NUMBER, .once = true,
        .field = offsetof(struct tftp_config, transfers_max),
        .area = "tftp", .min = 0, .max = UINT32_MAX, .shape = "<transfers>",
        .help = "How many files may be on their way at once",
        .doc = DOC("50 unless given. Requests above it get no answer; but transfers whose clients have fallen "
               "silent give way to new ones, and the last quarter of the places is kept from a client that "
               "has more than half of them."),
        .examples = EXAMPLES("tftp-max=100"),
    },
    {
        .name = "tftp-mtu", .kind = OPTION_NUMBER, .once = true, .field = offsetof(struct tftp_config, mtu),
        .area = "tftp", .min = 0, .max = UINT32_MAX, .shape = "<bytes>",
        .help = "Largest packet to agree on with a client",
        .doc = DOC("In place of the interface's own limit. A block is 32 bytes smaller (52 with IPv6)."),
        .examples = EXAMPLES("tftp-mtu=1400"),
    },
    {
        .name = "tftp-no-blocksize", .kind = OPTION_FLAG,
        .field = offsetof(struct tftp_config, no_blocksize),
        .area = "tftp", .shape = "",
        .help = "Always send blocks of 512 bytes",
        .doc = DOC("For clients that ask for more and cannot take it."),
        .examples = EXAMPLES("tftp-no-blocksize"),
    },
    {
        .name = "tftp-port-range", .kind = OPTION_STRUCTURED, .once = true,
        .read = read_range, .print = print_range,
        .area = "tftp", .shape = "<first>,<last>",
        .help = "Send files from these ports",
        .doc = DOC("To suit a firewall. There can be no more transfers at once than ports. Each takes any of them; "
               "the fewer there are, the easier somebody else can guess a transfer's port and acknowledge "
               "in its client's name."),
        .examples = EXAMPLES("tftp-port-range=50000,50099"),
    },
    {
        .name = "tftp-single-port", .at_start = true, .kind = OPTION_FLAG,
        .field = offsetof(struct tftp_config, single_port),
        .area = "tftp", .shape = "",
        .help = "Send files from port 69 too",
        .doc = DOC("For networks where packets from another port are lost. Whoever can forge a client's address "
               "knows both ports then, and could have files sent to it that it never asked for: so at most "
               "4 blocks are under way at once, and 4 MB a second for one address."),
        .examples = EXAMPLES("tftp-single-port"),
    },
    {
        .name = "quiet-tftp", .kind = OPTION_FLAG, .field = offsetof(struct tftp_config, quiet),
        .area = "log", .shape = "",
        .help = "Do not log ordinary TFTP traffic",
        .doc = DOC("A file that is not found counts as ordinary."),
        .examples = EXAMPLES("quiet-tftp"),
    },
};
/* clang-format on */

const size_t tftp_option_count = COUNT_OF(tftp_options);

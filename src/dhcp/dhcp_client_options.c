/* What clients are, what they are called, and lines about them that stand in files of their own.
 * The readers of the structured ones stand in the files that dhcp_options.h lists. */
#include "dhcp/dhcp_options.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dhcp_client_options[];
extern const size_t dhcp_client_option_count;

/* ------------------------------------------------------------------ files of lines */

static const char *const source_options[] = {
    [DHCP_SOURCE_HOSTS] = "dhcp-hostsfile",
    [DHCP_SOURCE_OPTIONS] = "dhcp-optsfile",
    [DHCP_SOURCE_HOSTS_FOLDER] = "dhcp-hostsdir",
    [DHCP_SOURCE_OPTIONS_FOLDER] = "dhcp-optsdir",
};

static enum status read_source(struct option_context *context, struct value value)
{
    struct dhcp_config *dhcp = context->part;
    struct dhcp_source source = { .place = context->place };
    if (value.text.count == 0)
        return STATUS_OK;
    for (size_t i = 0; i < COUNT_OF(source_options); i++) {
        if (text_equal(text_of(source_options[i]), text_of(context->option->name)))
            source.kind = (uint8_t)i;
    }
    source.path = option_string(context, value.text);
    if (source.path == NULL)
        return STATUS_NO_MEMORY;
    struct dhcp_source *kept = option_append(context, &dhcp->sources, &dhcp->source_count,
                                             &dhcp->source_room, sizeof(*kept));
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = source;
    return STATUS_OK;
}

static void print_sources(const void *part, struct option_printer *printer)
{
    const struct dhcp_config *dhcp = part;
    for (size_t i = 0; i < dhcp->source_count; i++) {
        const struct dhcp_source *source = &dhcp->sources[i];
        char line[DHCP_LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof(line));
        if (!text_equal(text_of(source_options[source->kind]), text_of(printer->option->name)))
            continue;
        option_put_whole(&out, text_of(source->path));
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option dhcp_client_options[] = {
    /* Lines in files. */
    {
        .name = "dhcp-hostsfile", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_source, .print = print_sources,
        .shape = "<path>",
        .help = "Read dhcp-host values from this file or folder, again on SIGHUP",
        .doc = DOC("One value a line, without \"dhcp-host=\"; '#' begins a comment. A bad line is told and left out. "
               "Of a folder every file is read, in the order of their names, but those that begin with '.' or "
               "'#' or end in '~'. What cannot be read keeps what it said before."),
        .examples = EXAMPLES("dhcp-hostsfile=/etc/linnet/hosts"),
    },
    {
        .name = "dhcp-hostsdir", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_source, .print = print_sources,
        .shape = "<folder>",
        .help = "Read dhcp-host values from this folder, and again whenever a file changes",
        .doc = DOC("A changed file replaces what it said before and goes behind the others, and of two lines for one "
               "host the later holds. What a deleted file said stays until SIGHUP."),
        .examples = EXAMPLES("dhcp-hostsdir=/etc/linnet/hosts.d"),
    },
    {
        .name = "read-ethers", .letter = 'Z', .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, read_ethers),
        .shape = "",
        .help = "Read hosts from /etc/ethers, again on SIGHUP",
        .doc = DOC("Each line is a hardware address and a name or an address. It adds the hardware address to a "
               "dhcp-host line with that name or address, if there is one. Client ids of these hosts do not "
               "count."),
        .examples = EXAMPLES("read-ethers"),
    },
    {
        .name = "dhcp-optsfile", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_source, .print = print_sources,
        .shape = "<path>",
        .help = "Read dhcp-option values from this file or folder, again on SIGHUP",
        .doc = DOC("One value a line, without \"dhcp-option=\"."),
        .examples = EXAMPLES("dhcp-optsfile=/etc/linnet/options"),
    },
    {
        .name = "dhcp-optsdir", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = read_source, .print = print_sources,
        .shape = "<folder>",
        .help = "Read dhcp-option values from this folder, and again whenever a file changes",
        .doc = DOC("What a deleted file said stays until SIGHUP."),
        .examples = EXAMPLES("dhcp-optsdir=/etc/linnet/options.d"),
    },

    /* What is known of clients. */
    {
        .name = "tag-if", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_tag_if, .print = dhcp_print_tag_if,
        .shape = "set:<tag>|tag:[!]<tag>[*]{,...}",
        .help = "Set tags on clients that have other tags",
        .doc = DOC("When all conditions hold all set: tags are set. Lines are gone through in their order; a name "
               "in a condition may end in '*'."),
        .examples = EXAMPLES("tag-if=set:slow,tag:guest,tag:!paid", "tag-if=set:any,tag:vlan*"),
    },
    {
        .name = "dhcp-vendorclass", .letter = 'U', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_vendor_class, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,[enterprise:<number>,]<class>",
        .help = "Set a tag on clients of this vendor class",
        .doc = DOC("The class may be any part of what the client sends, in the same case."),
        .examples = EXAMPLES("dhcp-vendorclass=set:phones,SIP",
                             "dhcp-vendorclass=set:efi,enterprise:343,PXEClient"),
    },
    {
        .name = "dhcp-userclass", .letter = 'j', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_user_class, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<class>",
        .help = "Set a tag on clients of this user class",
        .doc = DOC("The class may be any part of one that the client sends."),
        .examples = EXAMPLES("dhcp-userclass=set:ipxe,iPXE"),
    },
    {
        .name = "dhcp-mac", .letter = '4', .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_mac, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<hardware address>",
        .help = "Set a tag on clients by hardware address",
        .doc = DOC("Bytes may be '*'."),
        .examples = EXAMPLES("dhcp-mac=set:cameras,02:00:5e:*:*:*"),
    },
    {
        .name = "dhcp-match", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_match, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<number>|option:<name>|vi-encap:<enterprise>[,<value>]",
        .help = "Set a tag on clients that send an option, perhaps with this value",
        .doc = DOC("Without a value it is enough that the option is not empty. A number or an address may be any of a "
               "list; bytes, in which '*' stands for any, are what the option begins with; text may be any part "
               "of it."),
        .examples = EXAMPLES("dhcp-match=set:ipxe,175", "dhcp-match=set:efi64,option:client-arch,7",
                             "dhcp-match=set:odd,200,01:*:ff", "dhcp-match=set:modem,vi-encap:4491,docsis"),
    },
    {
        .name = "dhcp-name-match", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_name_match, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<name>[*]",
        .help = "Set a tag on clients that claim this name",
        .doc = DOC("In any case; with '*' any name that starts so."),
        .examples = EXAMPLES("dhcp-name-match=set:tablets,tab-*"),
    },
    {
        .name = "dhcp-circuitid", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_circuit_id, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<hex>|<text>",
        .help = "Set a tag by the circuit a relay names",
        .doc = DOC("RFC 3046 circuit id, compared whole."),
        .examples = EXAMPLES("dhcp-circuitid=set:floor2,00:04:00:02"),
    },
    {
        .name = "dhcp-remoteid", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_remote_id, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<hex>|<text>",
        .help = "Set a tag by the remote end a relay names",
        .doc = DOC("RFC 3046 remote id, compared whole."),
        .examples = EXAMPLES("dhcp-remoteid=set:line7,modem-7"),
    },
    {
        .name = "dhcp-subscrid", .kind = OPTION_STRUCTURED, .area = "dhcp4",
        .read = dhcp_read_subscriber_id, .print = dhcp_print_matches,
        .shape = "[set:]<tag>,<hex>|<text>",
        .help = "Set a tag by the subscriber a relay names",
        .doc = DOC("RFC 3993 subscriber id, compared whole."),
        .examples = EXAMPLES("dhcp-subscrid=set:gold,customer-17"),
    },

    /* Names of clients. */
    {
        .name = "dhcp-ignore-names", .kind = OPTION_STRUCTURED,
        .value_optional = true, .area = "dhcp4",
        .read = dhcp_read_ignore_names, .print = dhcp_print_ignore_names,
        .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Do not believe the names clients give",
        .doc = DOC("Of all clients, or of those that have the tags. Names of dhcp-host are still used."),
        .examples = EXAMPLES("dhcp-ignore-names", "dhcp-ignore-names=tag:guest"),
    },
    {
        .name = "dhcp-generate-names", .kind = OPTION_STRUCTURED,
        .value_optional = true, .area = "dhcp4",
        .read = dhcp_read_generate_names, .print = dhcp_print_generate_names,
        .shape = "[tag:<tag>{,tag:<tag>}]",
        .help = "Make a name of the hardware address for clients without one",
        .doc = DOC("With dashes in it, as 02-00-00-00-00-01."),
        .examples = EXAMPLES("dhcp-generate-names", "dhcp-generate-names=tag:guest"),
    },
    {
        .name = "dhcp-fqdn", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, fqdn),
        .place_field = offsetof(struct dhcp_config, fqdn_place) + 1, .shape = "",
        .help = "Put only full names of clients into DNS",
        .doc = DOC("So that two clients in different domains may have the same name. Needs domain=."),
        .examples = EXAMPLES("dhcp-fqdn"),
    },
    {
        .name = "dhcp-client-update", .kind = OPTION_FLAG, .area = "dhcp4",
        .field = offsetof(struct dhcp_config, client_update),
        .shape = "",
        .help = "Let clients update DNS themselves",
        .doc = DOC("They are told so in the FQDN option (RFC 4702)."),
        .examples = EXAMPLES("dhcp-client-update"),
    },
};
/* clang-format on */

const size_t dhcp_client_option_count = COUNT_OF(dhcp_client_options);

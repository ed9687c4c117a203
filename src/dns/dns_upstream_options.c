/* The options about how questions are put to upstream servers: what is added to them and
 * taken away, and when they are put again. */
#include <stddef.h>

#include "config/option.h"
#include "dns/dns_config.h"

#define LINE_MAX_BYTES 512

/* ------------------------------------------------------------------ add-mac */

static const struct {
    const char *word; /* "" for the option alone */
    uint8_t form;
} mac_forms[] = {
    { "", DNS_MAC_BINARY },
    { "base64", DNS_MAC_BASE64 },
    { "text", DNS_MAC_TEXT },
};

static enum status read_add_mac(struct option_context *context, struct value value)
{
    struct dns_asking *asking = &((struct dns_config *)context->part)->asking;

    if (value.text.at == NULL) {
        asking->mac_forms |= DNS_MAC_BINARY;
        return STATUS_OK;
    }
    for (size_t i = 1; i < COUNT_OF(mac_forms); i++) {
        if (text_equal(value.text, text_of(mac_forms[i].word))) {
            asking->mac_forms |= mac_forms[i].form;
            return STATUS_OK;
        }
    }
    return option_fail(context, value.text, NULL,
                       "\"%.*s\" is not a form of a hardware address (base64, text, or nothing for "
                       "binary)",
                       TEXT_ARG(value.text));
}

static void print_add_mac(const void *part, struct option_printer *printer)
{
    const struct dns_asking *asking = &((const struct dns_config *)part)->asking;

    if ((asking->mac_forms & DNS_MAC_BINARY) != 0)
        option_print_flag(printer);
    for (size_t i = 1; i < COUNT_OF(mac_forms); i++) {
        if ((asking->mac_forms & mac_forms[i].form) != 0)
            option_print_value(printer, "%s", mac_forms[i].word);
    }
}

/* ------------------------------------------------------------------ add-cpe-id */

static enum status read_cpe_id(struct option_context *context, struct value value)
{
    struct dns_asking *asking = &((struct dns_config *)context->part)->asking;

    if (value.text.at == NULL)
        return option_fail(context, value.text, NULL, "it needs a text: add-cpe-id=customer-17");
    if (value.text.count > DNS_CPE_ID_MAX)
        return option_fail(context, value.text, NULL,
                           "the text has %zu characters; there is room for %d in every query",
                           value.text.count, DNS_CPE_ID_MAX);
    asking->cpe_id = option_string(context, value.text);
    return asking->cpe_id != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static void print_cpe_id(const void *part, struct option_printer *printer)
{
    const struct dns_asking *asking = &((const struct dns_config *)part)->asking;
    char line[LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof line);

    if (asking->cpe_id == NULL)
        return;
    option_put_whole(&out, text_of(asking->cpe_id));
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ add-subnet */

/* "24", "192.0.2.0/24" or nothing. `bits_max` is that of clients when no address is given. */
static enum status read_subnet(struct option_context *context, struct text field, unsigned bits_max,
                               struct dns_subnet *subnet)
{
    struct text number = field;
    size_t slash = text_find(field, '/');
    uint32_t length = 0;

    *subnet = (struct dns_subnet){ .length = 0 };
    if (slash != SIZE_MAX) {
        struct text address = text_trim(text_part(field, 0, slash));
        if (address_from_text(address, &subnet->address) != STATUS_OK)
            return option_fail(context, field, "bad address", "\"%.*s\" is not an address",
                               TEXT_ARG(address));
        bits_max = (unsigned)address_size((enum address_family)subnet->address.family) * 8;
        number = text_trim(text_after(field, slash + 1));
    }
    if (number.count > 0 && text_to_u32(number, &length) != STATUS_OK) {
        struct address alone;
        if (address_from_text(number, &alone) == STATUS_OK)
            return option_fail(context, field, NULL,
                               "an address needs the length of its network: %.*s/%u",
                               TEXT_ARG(number), alone.family == ADDRESS_IP4 ? 24u : 56u);
        return option_fail(context, field, NULL, "\"%.*s\" is not a length of a network",
                           TEXT_ARG(number));
    }
    if (length > bits_max)
        return option_fail(context, field, NULL, "an address has %u bits, not %u", bits_max,
                           length);
    subnet->length = (uint8_t)length;
    return STATUS_OK;
}

static enum status read_add_subnet(struct option_context *context, struct value value)
{
    struct dns_asking *asking = &((struct dns_config *)context->part)->asking;
    struct value field;

    asking->add_subnet = true;
    asking->subnet4 = asking->subnet6 = (struct dns_subnet){ .length = 0 };
    if (value.text.at == NULL || !value_next_field(&value, ',', &field))
        return STATUS_OK;
    enum status status = read_subnet(context, field.text, 32, &asking->subnet4);
    if (status == STATUS_OK && value_next_field(&value, ',', &field))
        status = read_subnet(context, field.text, 128, &asking->subnet6);
    if (status == STATUS_OK && value_next_field(&value, ',', &field))
        return option_fail(context, field.text, NULL,
                           "there are two networks at most: for IPv4 and for IPv6 clients");
    return status;
}

static void put_subnet(struct text_out *out, const struct dns_subnet *subnet)
{
    if (!address_is_none(&subnet->address)) {
        text_put_address(out, &subnet->address);
        text_put_char(out, '/');
    }
    text_put_u64(out, subnet->length);
}

static void print_add_subnet(const void *part, struct option_printer *printer)
{
    const struct dns_asking *asking = &((const struct dns_config *)part)->asking;
    char line[LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof line);

    if (!asking->add_subnet)
        return;
    put_subnet(&out, &asking->subnet4);
    text_put_char(&out, ',');
    put_subnet(&out, &asking->subnet6);
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ umbrella */

static enum status read_umbrella_item(struct option_context *context, struct value field,
                                      struct dns_umbrella *umbrella)
{
    struct value after;
    size_t count = 0;
    uint8_t device[DNS_UMBRELLA_DEVICE];

    if (value_after_prefix(field, "orgid:", &after)) {
        umbrella->has_organisation = true;
        if (after.text.count == 0 || text_to_u32(after.text, &umbrella->organisation) == STATUS_OK)
            return STATUS_OK;
    } else if (value_after_prefix(field, "assetid:", &after)) {
        umbrella->has_asset = true;
        if (after.text.count == 0 || text_to_u32(after.text, &umbrella->asset) == STATUS_OK)
            return STATUS_OK;
    } else if (value_after_prefix(field, "deviceid:", &after)) {
        umbrella->has_device = true;
        if (after.text.count != 2 * sizeof device
            || text_to_hex_bytes(after.text, device, sizeof device, &count) != STATUS_OK
            || count != sizeof device)
            return option_fail(context, field.text, NULL,
                               "\"%.*s\" is not a device id (16 hexadecimal digits)",
                               TEXT_ARG(after.text));
        for (size_t i = 0; i < sizeof device; i++)
            umbrella->device[i] = device[i];
        return STATUS_OK;
    } else {
        return option_fail(context, field.text, NULL,
                           "\"%.*s\" is none of deviceid:<hex>, orgid:<number>, assetid:<number>",
                           TEXT_ARG(field.text));
    }
    return option_fail(context, field.text, NULL, "\"%.*s\" is not a number (0 to 4294967295)",
                       TEXT_ARG(after.text));
}

static enum status read_umbrella(struct option_context *context, struct value value)
{
    struct dns_umbrella *umbrella = &((struct dns_config *)context->part)->asking.umbrella;
    struct value field;

    umbrella->wanted = true;
    while (value.text.at != NULL && value_next_field(&value, ',', &field)) {
        enum status status = read_umbrella_item(context, field, umbrella);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

static void print_umbrella(const void *part, struct option_printer *printer)
{
    const struct dns_umbrella *umbrella = &((const struct dns_config *)part)->asking.umbrella;
    char line[LINE_MAX_BYTES];
    struct text_out out = text_out_on(line, sizeof line);

    if (!umbrella->wanted)
        return;
    if (umbrella->has_device) {
        text_put_string(&out, "deviceid:");
        text_put_hex(&out, bytes_of(umbrella->device, sizeof umbrella->device), '\0');
    }
    if (umbrella->has_organisation)
        text_printf(&out, "%sorgid:%u", out.count > 0 ? "," : "", umbrella->organisation);
    if (umbrella->has_asset)
        text_printf(&out, "%sassetid:%u", out.count > 0 ? "," : "", umbrella->asset);
    if (out.count > 0)
        option_print_value(printer, "%s", line);
    else
        option_print_flag(printer);
}

/* ------------------------------------------------------------------ fast-dns-retry */

static enum status read_milliseconds(struct option_context *context, struct text text,
                                     uint32_t least, uint32_t *number)
{
    if (text_to_u32(text, number) != STATUS_OK)
        return option_fail(context, text, NULL, "\"%.*s\" is not a number of milliseconds",
                           TEXT_ARG(text));
    if (*number < least)
        return option_fail(context, text, NULL, "%u ms is too short: %u at least", *number, least);
    return STATUS_OK;
}

static enum status read_fast_retry(struct option_context *context, struct value value)
{
    struct dns_asking *asking = &((struct dns_config *)context->part)->asking;
    struct value field;
    enum status status = STATUS_OK;

    asking->retry = true;
    asking->retry_first_ms = DNS_RETRY_FIRST_DEFAULT;
    asking->retry_limit_ms = DNS_RETRY_LIMIT_DEFAULT;
    if (value.text.at == NULL)
        return STATUS_OK;
    if (value_next_field(&value, ',', &field))
        status =
            read_milliseconds(context, field.text, DNS_RETRY_FIRST_MIN, &asking->retry_first_ms);
    if (status == STATUS_OK && value_next_field(&value, ',', &field) && field.text.count > 0)
        status = read_milliseconds(context, field.text, 0, &asking->retry_limit_ms);
    if (status == STATUS_OK && value_next_field(&value, ',', &field))
        return option_fail(context, field.text, NULL,
                           "there are two numbers at most: the first wait and the limit");
    return status;
}

static void print_fast_retry(const void *part, struct option_printer *printer)
{
    const struct dns_asking *asking = &((const struct dns_config *)part)->asking;
    if (asking->retry)
        option_print_value(printer, "%u,%u", asking->retry_first_ms, asking->retry_limit_ms);
}

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_upstream_options[];
extern const size_t dns_upstream_option_count;

/* clang-format off */
const struct option dns_upstream_options[] = {
    {
        .name = "add-mac", .kind = OPTION_STRUCTURED, .value_optional = true,
        .area = "dns", .read = read_add_mac, .print = print_add_mac, .shape = "[base64|text]",
        .help = "Tell the servers the client's hardware address",
        .doc = DOC("In an EDNS option that filtering services read; binary unless a form is given. Answers are "
               "then not cached."),
        .examples = EXAMPLES("add-mac", "add-mac=base64", "add-mac=text"),
    },
    {
        .name = "strip-mac", .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, asking.strip_mac), .shape = "",
        .help = "Take hardware addresses out of clients' queries",
        .doc = DOC("When a forwarder further in has added one."),
        .examples = EXAMPLES("strip-mac"),
    },
    {
        .name = "add-cpe-id", .kind = OPTION_STRUCTURED, .once = true,
        .area = "dns", .read = read_cpe_id, .print = print_cpe_id, .shape = "<text>",
        .help = "Tell the servers this text to know the customer by",
        .doc = DOC("In an EDNS option, with every query."),
        .examples = EXAMPLES("add-cpe-id=customer-17"),
    },
    {
        .name = "add-subnet", .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "dns",
        .read = read_add_subnet, .print = print_add_subnet,
        .shape = "[[<address>/]<length>[,[<address>/]<length>]]",
        .help = "Tell the servers the client's network",
        .doc = DOC("The first so many bits of its address (RFC 7871), for IPv4 and then IPv6, or always the "
               "address given. Answers are cached only in the second case."),
        .examples = EXAMPLES("add-subnet", "add-subnet=24,56", "add-subnet=192.0.2.0/24"),
    },
    {
        .name = "strip-subnet", .kind = OPTION_FLAG, .area = "dns",
        .field = offsetof(struct dns_config, asking.strip_subnet), .shape = "",
        .help = "Take network addresses (RFC 7871) out of clients' queries",
        .doc = DOC("They are also kept from being told when add-subnet adds its own."),
        .examples = EXAMPLES("strip-subnet"),
    },
    {
        .name = "umbrella", .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "dns",
        .read = read_umbrella, .print = print_umbrella,
        .shape = "[<item>{,<item>}], item = deviceid:<hex>|orgid:<number>|assetid:<number>",
        .help = "Tell Cisco Umbrella who asks",
        .doc = DOC("Adds the client's address and the numbers given in an EDNS option."),
        .examples = EXAMPLES("umbrella", "umbrella=orgid:1234,deviceid:0102030405060708"),
    },
    {
        .name = "dns-loop-detect", .at_start = true, .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, asking.loop_detect), .shape = "",
        .help = "Find servers that send our queries back to us, and stop using them",
        .doc = DOC("A probe goes to each server whenever the set of servers changes."),
        .examples = EXAMPLES("dns-loop-detect"),
    },
    {
        .name = "do-0x20-encode", .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, asking.mix_case), .shape = "",
        .help = "Change the case of letters in queries at random and require the answer to match",
        .doc = DOC("A forged answer has to guess the letters too. Some servers do not keep case."),
        .examples = EXAMPLES("do-0x20-encode"),
    },
    {
        .name = "no-0x20-encode", .kind = OPTION_FLAG, .area = "upstream",
        .field = offsetof(struct dns_config, asking.never_mix_case), .shape = "",
        .help = "Never change the case of letters in queries",
        .doc = DOC("Wins over do-0x20-encode."),
        .examples = EXAMPLES("no-0x20-encode"),
    },
    {
        .name = "fast-dns-retry", .kind = OPTION_STRUCTURED, .once = true,
        .value_optional = true, .area = "upstream",
        .read = read_fast_retry, .print = print_fast_retry,
        .shape = "[<first milliseconds>[,<limit milliseconds>]]",
        .help = "Send unanswered queries again without waiting for the client",
        .doc = DOC("The first time after 1000 ms unless given, then after twice as long each time, until the "
               "limit, 10000 ms unless given, has passed. Without the option unanswered queries are sent "
               "again too, at times that follow how quick the server usually is."),
        .examples = EXAMPLES("fast-dns-retry", "fast-dns-retry=500,4000"),
    },
    {
        .name = "port-limit", .kind = OPTION_NUMBER, .once = true,
        .area = "upstream", .min = 1, .max = 65535,
        .field = offsetof(struct dns_config, asking.port_limit), .shape = "<ports>",
        .help = "From how many ports one query may be sent when it is repeated",
        .doc = DOC("One unless given. More ports help against networks that lose single flows."),
        .examples = EXAMPLES("port-limit=4"),
    },
};
/* clang-format on */

const size_t dns_upstream_option_count = COUNT_OF(dns_upstream_options);

/* DHCPv4 in scenarios: what a client says to bytes, and what the server sends to words. */
#include "scenario.h"

#include <ctype.h>
#include <stdlib.h>

#include "wire/dhcp4_message.h"

#define MESSAGE_BYTES 1472
#define VALUE_BYTES   1024

struct option_row {
    const char *key;
    uint8_t code;
    uint8_t form; /* enum dhcp_form */
};

static const struct option_row option_rows[] = {
    { "netmask", DHCP4_NETMASK, DHCP_FORM_ADDRESSES },
    { "router", DHCP4_ROUTER, DHCP_FORM_ADDRESSES },
    { "dns", DHCP4_DNS_SERVER, DHCP_FORM_ADDRESSES },
    { "name", DHCP4_HOSTNAME, DHCP_FORM_TEXT },
    { "domain", DHCP4_DOMAIN_NAME, DHCP_FORM_TEXT },
    { "broadcast-address", DHCP4_BROADCAST, DHCP_FORM_ADDRESSES },
    { "requested", DHCP4_REQUESTED_IP, DHCP_FORM_ADDRESSES },
    { "lease", DHCP4_LEASE_TIME, DHCP_FORM_SECONDS },
    { "server", DHCP4_SERVER_ID, DHCP_FORM_ADDRESSES },
    { "prl", DHCP4_REQUESTED_OPTIONS, DHCP_FORM_CODES },
    { "message", DHCP4_MESSAGE, DHCP_FORM_TEXT },
    { "max-size", DHCP4_MAX_SIZE, DHCP_FORM_U16 },
    { "t1", DHCP4_T1, DHCP_FORM_SECONDS },
    { "t2", DHCP4_T2, DHCP_FORM_SECONDS },
    { "class", DHCP4_VENDOR_CLASS, DHCP_FORM_TEXT },
    { "id", DHCP4_CLIENT_ID, DHCP_FORM_HEX },
    { "user-class", DHCP4_USER_CLASS, DHCP_FORM_TEXT },
    { "rapid-commit", DHCP4_RAPID_COMMIT, DHCP_FORM_EMPTY },
    { "fqdn", DHCP4_FQDN, DHCP_FORM_FQDN },
    { "agent", DHCP4_AGENT_INFO, DHCP_FORM_HEX },
    { "subnet", DHCP4_SUBNET_SELECT, DHCP_FORM_ADDRESSES },
};

static const struct option_row *row_by_code(unsigned code)
{
    for (size_t i = 0; i < COUNT_OF(option_rows); i++)
        if (option_rows[i].code == code)
            return &option_rows[i];
    return NULL;
}

/* ------------------------------------------------------------------ values to bytes */

static bool write_addresses(struct bytes_writer *writer, struct text text)
{
    struct text field;
    while (text_next_field(&text, ',', &field)) {
        struct address address;
        if (address_from_text(field, &address) != STATUS_OK)
            return false;
        bytes_write_span(writer, address_bytes(&address));
    }
    return true;
}

static bool write_hex(struct bytes_writer *writer, struct text text)
{
    uint8_t bytes[VALUE_BYTES];
    size_t count;
    if (text_to_hex_bytes(text, bytes, sizeof bytes, &count) != STATUS_OK)
        return false;
    bytes_write_copy(writer, bytes, count);
    return true;
}

static bool write_codes(struct bytes_writer *writer, struct text text)
{
    struct text field;
    while (text_next_field(&text, ',', &field)) {
        uint64_t code;
        if (text_to_u64(field, 255, &code) != STATUS_OK)
            return false;
        bytes_write_u8(writer, (uint8_t)code);
    }
    return true;
}

/* FLAGS,NAME: flags in hex; with E (4) the name goes in wire form. */
static bool write_fqdn(struct bytes_writer *writer, struct text text)
{
    size_t comma = text_find(text, ',');
    uint64_t flags;
    if (comma == SIZE_MAX || text_to_u64_hex(text_part(text, 0, comma), &flags) != STATUS_OK)
        return false;
    struct text name = text_after(text, comma + 1);
    bytes_write_u8(writer, (uint8_t)flags);
    bytes_write_u16(writer, 0);
    if ((flags & 4) == 0) {
        bytes_write_span(writer, text_bytes(name));
        return true;
    }
    struct dname wire;
    if (dname_from_text(name, &wire) != STATUS_OK)
        return false;
    /* A name without its end is only a part of one (RFC 4702 section 2.3.1). */
    bool partial = text_find(name, '.') == SIZE_MAX;
    bytes_write_copy(writer, wire.wire, wire.count - (partial ? 1u : 0u));
    return true;
}

static bool write_seconds(struct bytes_writer *writer, struct text text)
{
    uint32_t seconds;
    if (text_to_duration(text, &seconds) != STATUS_OK)
        return false;
    bytes_write_u32(writer, seconds);
    return true;
}

/* 5b, 5s, 5i: one, two and four bytes. */
static bool write_sized_number(struct bytes_writer *writer, struct text text)
{
    uint32_t number;
    if (text.count < 2 || text_to_u32(text_part(text, 0, text.count - 1), &number) != STATUS_OK)
        return false;
    switch (text.at[text.count - 1]) {
    case 'b':
        bytes_write_u8(writer, (uint8_t)number);
        return true;
    case 's':
        bytes_write_u16(writer, (uint16_t)number);
        return true;
    case 'i':
        bytes_write_u32(writer, number);
        return true;
    default:
        return false;
    }
}

static bool write_by_look(struct bytes_writer *writer, struct text text, bool quoted)
{
    if (!quoted && (write_sized_number(writer, text)))
        return true;
    size_t start = bytes_writer_count(writer);
    if (!quoted && write_addresses(writer, text))
        return true;
    bytes_writer_rewind(writer, start);
    if (!quoted && text_starts(text, TEXT("0x")))
        return write_hex(writer, text_after(text, 2));
    if (!quoted && text.count > 2 && text.at[2] == ':' && write_hex(writer, text))
        return true;
    bytes_write_span(writer, text_bytes(text));
    return true;
}

static bool write_value(struct bytes_writer *writer, unsigned form, struct text text, bool quoted)
{
    uint16_t number;
    switch ((enum dhcp_form)form) {
    case DHCP_FORM_AUTO:
        return write_by_look(writer, text, quoted);
    case DHCP_FORM_ADDRESSES:
        return write_addresses(writer, text);
    case DHCP_FORM_SECONDS:
        return write_seconds(writer, text);
    case DHCP_FORM_U16:
        if (text_to_u16(text, &number) != STATUS_OK)
            return false;
        bytes_write_u16(writer, number);
        return true;
    case DHCP_FORM_TEXT:
        bytes_write_span(writer, text_bytes(text));
        return true;
    case DHCP_FORM_HEX:
        return write_hex(writer, text);
    case DHCP_FORM_CODES:
        return write_codes(writer, text);
    case DHCP_FORM_FQDN:
        return write_fqdn(writer, text);
    case DHCP_FORM_EMPTY:
        return true;
    }
    return false;
}

bool scenario_dhcp4_equal(struct scenario *scenario, const struct attribute *attribute,
                          struct text text, bool quoted, bool generic)
{
    uint8_t bytes[VALUE_BYTES];
    struct bytes_writer writer = bytes_writer_on(bytes, sizeof bytes);
    if (!write_value(&writer, generic ? DHCP_FORM_AUTO : attribute->form, text, quoted)
        || writer.failed)
        scenario_fail(scenario, "%s=%.*s cannot be understood", attribute->key, TEXT_ARG(text));
    return bytes_equal(bytes_writer_written(&writer), attribute->raw);
}

/* ------------------------------------------------------------------ a client's message */

static struct scenario_client *client_of(struct scenario *scenario, const struct hardware *hardware)
{
    for (size_t i = 0; i < scenario->client_count; i++)
        if (hardware_equal(&scenario->clients[i].hardware, hardware))
            return &scenario->clients[i];
    if (scenario->client_count == SCENARIO_CLIENTS_MAX)
        scenario_fail(scenario, "more than %d clients", SCENARIO_CLIENTS_MAX);
    struct scenario_client *client = &scenario->clients[scenario->client_count++];
    *client = (struct scenario_client){ .hardware = *hardware };
    return client;
}

static unsigned take_type(struct scenario *scenario)
{
    struct text word = line_take(scenario, "a message type");
    if (text_equal(word, TEXT("bootp")))
        return 0;
    for (unsigned type = 1; type < 16; type++) {
        const char *name = dhcp4_message_type_name(type);
        if (name != NULL && text_equal_nocase(word, text_of(name + strlen("DHCP"))))
            return type;
    }
    scenario_fail(scenario, "\"%.*s\" is not a kind of DHCP message", TEXT_ARG(word));
}

static struct dhcp4_reply_header take_header(struct scenario *scenario)
{
    struct address zero = address_any(ADDRESS_IP4);
    struct dhcp4_reply_header header = { .op = DHCP4_BOOTREQUEST };
    const struct word *mac = line_key(scenario, "mac");
    if (mac == NULL || hardware_from_text(mac->value, &header.hardware) != STATUS_OK)
        scenario_fail(scenario, "a client needs mac=02:00:00:00:00:01");
    if (header.hardware.type == 0)
        header.hardware.type = 1;
    header.xid = (uint32_t)line_number(scenario, "xid", 0x5ce00000 + ++scenario->xids);
    if (line_flag(scenario, "reply")) /* of a server, to a relay */
        header.op = DHCP4_BOOTREPLY;
    header.hops = (uint8_t)line_number(scenario, "hops", 0);
    header.secs = (uint16_t)line_number(scenario, "secs", 0);
    header.flags = line_flag(scenario, "broadcast") ? DHCP4_FLAG_BROADCAST : 0;
    header.ciaddr = line_address(scenario, "client", zero);
    header.yiaddr = line_address(scenario, "your", zero);
    header.siaddr = line_address(scenario, "next", zero);
    header.giaddr = line_address(scenario, "relay", zero);
    return header;
}

/* The row of an option's key; of option:N a row without a form. */
static struct option_row row_of_word(struct scenario *scenario, const struct word *word)
{
    struct option_row row = { .form = DHCP_FORM_AUTO };
    uint64_t code;
    if (text_starts(word->key, TEXT("option:"))) {
        if (text_to_u64(text_after(word->key, 7), 254, &code) != STATUS_OK || code == 0)
            scenario_fail(scenario, "\"%.*s\" is no option", TEXT_ARG(word->key));
        row.code = (uint8_t)code;
        return row;
    }
    for (size_t i = 0; i < COUNT_OF(option_rows); i++)
        if (text_equal(word->key, text_of(option_rows[i].key)))
            return option_rows[i];
    scenario_fail(scenario, "\"%.*s\" is not understood here", TEXT_ARG(word->key));
}

/* In the order of the line. */
static void add_options(struct scenario *scenario, struct dhcp4_builder *builder)
{
    for (size_t i = 0; i < scenario->line.count; i++) {
        struct word *word = &scenario->line.words[i];
        if (word->used)
            continue;
        uint8_t bytes[VALUE_BYTES];
        struct bytes_writer writer = bytes_writer_on(bytes, sizeof bytes);
        struct option_row row = row_of_word(scenario, word);
        word->used = true;
        if (!write_value(&writer, row.form, word->value, word->quoted) || writer.failed)
            scenario_fail(scenario, "%.*s=%.*s cannot be understood", TEXT_ARG(word->key),
                          TEXT_ARG(word->value));
        if (!dhcp4_builder_option(builder, row.code, bytes_writer_written(&writer)))
            scenario_fail(scenario, "the message is too long");
    }
}

/* Where the message comes from and goes to, unless the line says. */
static struct dhcp4_datagram take_addresses(struct scenario *scenario,
                                            const struct network_interface *interface,
                                            const struct dhcp4_reply_header *header)
{
    const struct network_address *own =
        network_first(scenario->network.network, interface->index, ADDRESS_IP4);
    bool relayed = header != NULL && !address_is_any(&header->giaddr);
    struct endpoint from = { .address = address_any(ADDRESS_IP4), .port = 68 };
    struct address to = address_ip4(255, 255, 255, 255);
    if (relayed) {
        from = (struct endpoint){ .address = header->giaddr, .port = 67 };
        to = own != NULL ? own->address : to;
    } else if (header != NULL) {
        from.address = header->ciaddr;
    }
    return (struct dhcp4_datagram){
        .from = line_endpoint(scenario, "from", from),
        .local = line_address(scenario, "to", to),
        .interface = interface->index,
        .boot_port = line_flag(scenario, "boot-port"),
    };
}

/* eth0 < dhcp4 TYPE mac=... [field=...] [option=...] */
static void send_message(struct scenario *scenario, const struct network_interface *interface)
{
    static uint8_t buffer[MESSAGE_BYTES];
    struct dhcp4_builder builder;
    unsigned type = take_type(scenario);
    struct dhcp4_reply_header header = take_header(scenario);
    struct dhcp4_datagram in = take_addresses(scenario, interface, &header);
    const struct word *file = line_key(scenario, "file");

    dhcp4_builder_start(&builder, buffer, sizeof buffer, sizeof buffer, &header, false);
    if (file != NULL && !dhcp4_builder_file(&builder, file->value))
        scenario_fail(scenario, "file= is too long");
    if (type != 0 && !dhcp4_builder_option_u8(&builder, DHCP4_MESSAGE_TYPE, (uint8_t)type))
        abort();
    add_options(scenario, &builder);
    line_done(scenario);
    struct scenario_client *client = client_of(scenario, &header.hardware);
    client->xids[client->xid_count++ % SCENARIO_XIDS_MAX] = header.xid;
    in.message = dhcp4_builder_finish(&builder);
    fake_network_dhcp4(&scenario->network, &in);
}

/* eth0 < dhcp4 raw HEX */
static void send_raw(struct scenario *scenario, const struct network_interface *interface)
{
    static uint8_t buffer[MESSAGE_BYTES];
    size_t count;
    struct text text = line_take(scenario, "hex digits");
    if (text_to_hex_bytes(text, buffer, sizeof buffer, &count) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not hex digits", TEXT_ARG(text));
    struct dhcp4_datagram in = take_addresses(scenario, interface, NULL);
    line_done(scenario);
    in.message = (struct bytes){ buffer, count };
    fake_network_dhcp4(&scenario->network, &in);
}

void scenario_dhcp4_input(struct scenario *scenario, const struct network_interface *interface)
{
    if (scenario->network.dhcp4 == NULL)
        scenario_fail(scenario, "there is no DHCP without dhcp-range");
    if (line_take_if(scenario, "raw"))
        send_raw(scenario, interface);
    else
        send_message(scenario, interface);
}

/* ------------------------------------------------------------------ what the server sends */

static void put_fqdn(struct text_out *out, struct bytes raw)
{
    struct dhcp4_fqdn fqdn;
    struct dname name;
    if (dhcp4_fqdn_read(raw, &fqdn) != STATUS_OK) {
        text_put_hex(out, raw, ':');
        return;
    }
    text_printf(out, "%02x,", fqdn.flags);
    if (fqdn.is_wire && dname_from_wire(fqdn.name, &name) == STATUS_OK)
        text_put_dname(out, &name);
    else
        text_put_safe(out, fqdn.name);
}

static void put_addresses(struct text_out *out, struct bytes raw)
{
    for (size_t i = 0; i + 4 <= raw.count; i += 4) {
        struct address address =
            address_ip4(raw.at[i], raw.at[i + 1], raw.at[i + 2], raw.at[i + 3]);
        if (i > 0)
            text_put_char(out, ',');
        text_put_address(out, &address);
    }
}

static uint32_t number_of(struct bytes raw)
{
    uint32_t number = 0;
    for (size_t i = 0; i < raw.count; i++)
        number = number << 8 | raw.at[i];
    return number;
}

static void put_value(struct text_out *out, unsigned form, struct bytes raw)
{
    switch ((enum dhcp_form)form) {
    case DHCP_FORM_ADDRESSES:
        if (raw.count % 4 == 0)
            put_addresses(out, raw);
        else
            text_put_hex(out, raw, ':');
        return;
    case DHCP_FORM_SECONDS:
        if (raw.count == 4 && number_of(raw) == DURATION_INFINITE)
            text_put_string(out, "infinite");
        else if (raw.count == 4)
            text_put_u64(out, number_of(raw));
        else
            text_put_hex(out, raw, ':');
        return;
    case DHCP_FORM_U16:
        text_put_u64(out, number_of(raw));
        return;
    case DHCP_FORM_TEXT:
        text_put_safe(out, raw);
        return;
    case DHCP_FORM_CODES:
        for (size_t i = 0; i < raw.count; i++)
            text_printf(out, "%s%u", i > 0 ? "," : "", raw.at[i]);
        return;
    case DHCP_FORM_FQDN:
        put_fqdn(out, raw);
        return;
    case DHCP_FORM_AUTO:
    case DHCP_FORM_HEX:
        text_put_hex(out, raw, ':');
        return;
    case DHCP_FORM_EMPTY:
        return;
    }
}

static void put_option(struct scenario *scenario, struct output *output,
                       const struct dhcp4_message *message, unsigned code)
{
    static uint8_t joined[DHCP4_MESSAGE_MAX];
    struct bytes raw;
    if (!dhcp4_option_find(message, code, joined, sizeof joined, &raw))
        return;
    const struct option_row *row = row_by_code(code);
    unsigned form = row != NULL ? row->form : DHCP_FORM_AUTO;
    char text[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(text, sizeof text);
    put_value(&out, form, raw);
    const char *alias = scenario_string(scenario, "option:%u", code);
    const char *key = row != NULL ? row->key : alias;
    struct attribute *attribute = raw.count > 0
                                      ? output_attribute(scenario, output, key, "%s", text)
                                      : output_flag(scenario, output, key);
    attribute->alias = alias;
    attribute->kind = ATTRIBUTE_OPTION;
    attribute->form = (uint8_t)form;
    attribute->raw = scenario_bytes(scenario, raw);
}

/* Each option, and options= with the codes in their order. */
static void put_options(struct scenario *scenario, struct output *output,
                        const struct dhcp4_message *message)
{
    char list[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(list, sizeof list);
    bool seen[256] = { false };
    for (unsigned i = 0; i < message->option_count; i++) {
        unsigned code = message->options[i].code;
        if (seen[code])
            continue;
        seen[code] = true;
        text_printf(&out, "%s%u", out.count > 0 ? "," : "", code);
        if (code != DHCP4_MESSAGE_TYPE)
            put_option(scenario, output, message, code);
    }
    output_attribute(scenario, output, "options", "%s", list);
}

static void put_address_field(struct scenario *scenario, struct output *output, const char *key,
                              const struct address *address)
{
    char buffer[ADDRESS_TEXT_MAX];
    if (!address_is_any(address))
        output_attribute(scenario, output, key, "%s", address_text(address, buffer));
}

static void put_text_field(struct scenario *scenario, struct output *output, const char *key,
                           struct bytes field)
{
    size_t count = 0;
    while (count < field.count && field.at[count] != 0)
        count++;
    if (count > 0)
        output_attribute(scenario, output, key, "%.*s", (int)count, (const char *)field.at);
}

static void put_header(struct scenario *scenario, struct output *output,
                       const struct dhcp4_message *message)
{
    char mac[HARDWARE_TEXT_MAX];
    struct text_out out = text_out_on(mac, sizeof mac);
    text_put_hardware(&out, &message->hardware);
    output_attribute(scenario, output, "mac", "%s", mac);
    put_address_field(scenario, output, "your", &message->yiaddr);
    put_address_field(scenario, output, "client", &message->ciaddr);
    put_address_field(scenario, output, "next", &message->siaddr);
    put_address_field(scenario, output, "relay", &message->giaddr);
    if ((message->flags & DHCP4_FLAG_BROADCAST) != 0)
        output_flag(scenario, output, "broadcast");
    if ((message->overload & 1) == 0)
        put_text_field(scenario, output, "file", message->file);
    if ((message->overload & 2) == 0)
        put_text_field(scenario, output, "sname", message->sname);
}

static void put_road(struct scenario *scenario, struct output *output,
                     const struct dhcp4_action *action)
{
    char to[ENDPOINT_TEXT_MAX];
    struct text_out out = text_out_on(to, sizeof to);
    text_put_endpoint(&out, &action->to);
    output_attribute(scenario, output, "to", "%s", to);
    if (action->from.port == DHCP4_BOOT_PORT)
        output_flag(scenario, output, "boot-port");
    if (action->kind == DHCP4_ACTION_SEND_UDP) {
        output_attribute(scenario, output, "via", "udp");
        return;
    }
    char link[HARDWARE_TEXT_MAX];
    out = text_out_on(link, sizeof link);
    text_put_hardware(&out, &action->hardware);
    output_attribute(scenario, output, "via", "link");
    output_attribute(scenario, output, "link", "%s", link);
}

static const char *type_word(struct scenario *scenario, unsigned type)
{
    const char *name = dhcp4_message_type_name(type);
    if (type == 0)
        return "bootp";
    if (name == NULL)
        scenario_fail(scenario, "a message of type %u was sent", type);
    char word[32];
    size_t count = 0;
    for (name += strlen("DHCP"); *name != '\0' && count < sizeof word - 1; name++)
        word[count++] = (char)tolower((unsigned char)*name);
    word[count] = '\0';
    return scenario_string(scenario, "%s", word);
}

/* What no client could take for an answer to its message. */
static void check_answer(struct scenario *scenario, const struct dhcp4_message *message)
{
    if (message->op != DHCP4_BOOTREPLY && address_is_any(&message->giaddr))
        scenario_fail(scenario, "the server sent a message that is no reply");
    /* The answer to a DHCPLEASEQUERY speaks of another client than the one that asked. */
    const struct scenario_client *client = client_of(scenario, &message->hardware);
    bool asked = message->type >= DHCP4_LEASEUNASSIGNED && message->type <= DHCP4_LEASEACTIVE;
    for (size_t i = 0; i < client->xid_count && i < SCENARIO_XIDS_MAX; i++)
        asked = asked || client->xids[i] == message->xid;
    if (!asked)
        scenario_fail(scenario, "a reply with xid %x that the client did not ask with",
                      message->xid);
    if (message->bytes.count < 300)
        scenario_fail(scenario, "a reply of only %zu bytes", message->bytes.count);
}

static void on_send(struct scenario *scenario, const struct dhcp4_action *action)
{
    struct dhcp4_message message;
    if (dhcp4_message_read(action->bytes, &message) != STATUS_OK)
        scenario_fail(scenario, "the server sent what is no DHCP message");
    check_answer(scenario, &message);

    struct output *output = output_new(scenario);
    output->head[0] = fake_network_interface_name(&scenario->network, action->interface);
    output->head[1] = ">";
    output->head[2] = "dhcp4";
    output->head[3] = type_word(scenario, message.type);
    output_attribute(scenario, output, "xid", "%u", message.xid)->kind = ATTRIBUTE_NUMBER;
    if (message.op == DHCP4_BOOTREQUEST) { /* a relay passes it on */
        output_flag(scenario, output, "request");
        output_attribute(scenario, output, "hops", "%u", message.hops)->kind = ATTRIBUTE_NUMBER;
    }
    put_header(scenario, output, &message);
    put_options(scenario, output, &message);
    put_road(scenario, output, action);
    output_attribute(scenario, output, "bytes", "%zu", message.bytes.count);
}

void scenario_on_dhcp4_action(void *context, const struct dhcp4_action *action)
{
    struct scenario *scenario = context;
    if (action->kind != DHCP4_ACTION_PROBE) {
        on_send(scenario, action);
        return;
    }
    char buffer[ADDRESS_TEXT_MAX];
    struct output *output = output_new(scenario);
    output->head[0] = "probe";
    output->names[0] = scenario_string(scenario, "%s", address_text(&action->to.address, buffer));
}

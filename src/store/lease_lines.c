#include "store/lease_lines.h"

#include "store/lease_table.h"

/* Writes the decimal or hexadecimal fields of a line; see dhcp.md section 9 for the whole format.
 */

#define EXPIRY_MAX INT64_MAX

/* "*" or hexadecimal pairs. */
NODISCARD static enum status read_id(struct text field, uint8_t *to, size_t *count)
{
    if (text_equal(field, TEXT("*"))) {
        *count = 0;
        return STATUS_OK;
    }
    enum status status = text_to_hex_bytes(field, to, LEASE_CLIENT_ID_MAX, count);
    return status == STATUS_OK && *count > 0 ? STATUS_OK : STATUS_MALFORMED;
}

/* Names of other servers' files may hold anything; control characters would reach logs and files.
 */
static bool name_is_printable(struct text name)
{
    for (size_t i = 0; i < name.count; i++) {
        if (name.at[i] <= ' ' || name.at[i] >= 0x7f)
            return false;
    }
    return name.count > 0 && name.count <= DNAME_TEXT_MAX;
}

NODISCARD static enum status read_iaid(struct text field, struct lease_line *line)
{
    line->lease_kind = LEASE_IP6_NA;
    if (text_starts(field, TEXT("T"))) {
        line->lease_kind = LEASE_IP6_TA;
        field = text_after(field, 1);
    } else if (text_starts(field, TEXT("P"))) {
        line->lease_kind = LEASE_IP6_PD;
        field = text_after(field, 1);
    }
    return text_to_u32(field, &line->iaid);
}

/* The second field is a hardware address or, before an IPv6 address, an IAID. */
NODISCARD static enum status read_client(struct text field, struct lease_line *line)
{
    if (line->address.family == ADDRESS_IP6)
        return read_iaid(field, line);
    line->lease_kind = LEASE_IP4;
    if (text_equal(field, TEXT("*")))
        return STATUS_OK;
    return hardware_from_text(field, &line->hardware);
}

/* An address, or a delegated prefix without host bits. */
NODISCARD static enum status read_address(struct text field, struct lease_line *line)
{
    struct prefix prefix;
    size_t slash = text_find(field, '/');
    if (slash == SIZE_MAX)
        return address_from_text(field, &line->address);
    if (prefix_from_text(field, &prefix) != STATUS_OK
        || address_from_text(text_part(field, 0, slash), &line->address) != STATUS_OK
        || !address_equal(&prefix.address, &line->address) || line->address.family != ADDRESS_IP6)
        return STATUS_MALFORMED;
    line->prefix_length = prefix.length;
    return STATUS_OK;
}

NODISCARD static enum status read_lease(struct text expires, struct text rest,
                                        struct lease_line *line)
{
    struct text client, address, name, id, more;
    uint64_t seconds;
    line->kind = LEASE_LINE_LEASE;
    if (!text_next_word(&rest, &client) || !text_next_word(&rest, &address)
        || !text_next_word(&rest, &name) || !text_next_word(&rest, &id)
        || text_next_word(&rest, &more))
        return STATUS_MALFORMED;
    if (text_to_u64(expires, EXPIRY_MAX, &seconds) != STATUS_OK
        || read_address(address, line) != STATUS_OK || read_client(client, line) != STATUS_OK
        || read_id(id, line->client_id, &line->client_id_count) != STATUS_OK
        || !name_is_printable(name))
        return STATUS_MALFORMED;
    if ((line->lease_kind == LEASE_IP6_PD) != (text_find(address, '/') != SIZE_MAX))
        return STATUS_MALFORMED;
    line->expires = (wall_s)seconds;
    line->name = text_equal(name, TEXT("*")) ? TEXT_NONE : name;
    return STATUS_OK;
}

/* "agent-info ADDRESS HEX": belongs to the lease of the address. */
NODISCARD static enum status read_origin(struct text rest, enum lease_line_kind kind,
                                         struct lease_line *line)
{
    struct text address, value, more;
    line->kind = kind;
    if (!text_next_word(&rest, &address) || !text_next_word(&rest, &value)
        || text_next_word(&rest, &more) || address_from_text(address, &line->address) != STATUS_OK
        || read_id(value, line->client_id, &line->client_id_count) != STATUS_OK)
        return STATUS_MALFORMED;
    return STATUS_OK;
}

NODISCARD static enum status read_duid(struct text rest, struct lease_line *line)
{
    struct text value, more;
    line->kind = LEASE_LINE_DUID;
    if (!text_next_word(&rest, &value) || text_next_word(&rest, &more))
        return STATUS_MALFORMED;
    if (read_id(value, line->duid, &line->duid_count) != STATUS_OK || line->duid_count == 0)
        return STATUS_MALFORMED;
    return STATUS_OK;
}

enum status lease_line_read(struct text line, struct lease_line *out)
{
    struct text rest = line;
    struct text first;
    struct lease_line read = { .kind = LEASE_LINE_EMPTY };
    enum status status = STATUS_OK;
    if (line.count >= LEASE_LINE_MAX)
        return STATUS_MALFORMED;
    if (!text_next_word(&rest, &first))
        read.kind = LEASE_LINE_EMPTY;
    else if (text_equal(first, TEXT("duid")))
        status = read_duid(rest, &read);
    else if (text_equal(first, TEXT("agent-info")))
        status = read_origin(rest, LEASE_LINE_AGENT_INFO, &read);
    else if (text_equal(first, TEXT("vendorclass")))
        status = read_origin(rest, LEASE_LINE_VENDOR_CLASS, &read);
    else
        status = read_lease(first, rest, &read);
    if (status == STATUS_OK)
        *out = read;
    return status;
}

static bool is_keyword(struct text word)
{
    for (size_t i = 0; i < word.count; i++) {
        char c = word.at[i];
        if (!(c >= 'a' && c <= 'z') && !(i > 0 && ((c >= '0' && c <= '9') || c == '-')))
            return false;
    }
    return word.count > 0 && !text_equal(word, TEXT("duid"));
}

bool lease_line_is_foreign(struct text line)
{
    struct text rest = line;
    struct text word, value;
    struct address address;
    uint8_t bytes[LEASE_CLIENT_ID_MAX];
    size_t count;
    if (!text_next_word(&rest, &word) || !text_next_word(&rest, &value) || !is_keyword(word))
        return false;
    for (size_t i = 0; i < line.count; i++) {
        if (line.at[i] < ' ' || line.at[i] >= 0x7f)
            return false;
    }
    return address_from_text(value, &address) == STATUS_OK
           || text_to_hex_bytes(value, bytes, sizeof(bytes), &count) == STATUS_OK;
}

/* ------------------------------------------------------------------ writing */

static void put_id(struct text_out *out, const uint8_t *id, size_t count)
{
    if (count == 0)
        text_put_char(out, '*');
    else
        text_put_hex(out, bytes_of(id, count), ':');
}

/* A name never holds blanks when it comes through the server; one that does must not break the
 * line. */
static void put_name(struct text_out *out, const char *name)
{
    if (name == NULL || name[0] == '\0') {
        text_put_char(out, '*');
        return;
    }
    for (const char *at = name; *at != '\0'; at++) {
        if (*at > ' ' && *at < 0x7f)
            text_put_char(out, *at);
        else
            text_printf(out, "\\%03o", (unsigned)(uint8_t)*at);
    }
}

void text_put_lease_line(struct text_out *out, const struct lease *lease)
{
    text_put_u64(out, lease->expires_wall > 0 ? (uint64_t)lease->expires_wall : 0);
    text_put_char(out, ' ');
    if (lease->kind == LEASE_IP4) {
        if (lease->hardware.count > 0)
            text_put_hardware(out, &lease->hardware);
        else
            text_put_char(out, '*');
    } else {
        text_put_string(out, lease->kind == LEASE_IP6_TA   ? "T"
                             : lease->kind == LEASE_IP6_PD ? "P"
                                                           : "");
        text_put_u64(out, lease->iaid);
    }
    text_put_char(out, ' ');
    text_put_address(out, &lease->address);
    if (lease->kind == LEASE_IP6_PD)
        text_printf(out, "/%u", lease->prefix_length);
    text_put_char(out, ' ');
    put_name(out, lease->kind == LEASE_IP6_PD ? lease->next_hop : lease->name);
    text_put_char(out, ' ');
    put_id(out, lease->client_id, lease->client_id_count);
    text_put_char(out, '\n');
}

static void put_origin(struct text_out *out, const char *keyword, const struct lease *lease,
                       struct bytes value)
{
    if (value.count == 0)
        return;
    text_put_string(out, keyword);
    text_put_char(out, ' ');
    text_put_address(out, &lease->address);
    text_put_char(out, ' ');
    text_put_hex(out, value, ':');
    text_put_char(out, '\n');
}

void text_put_lease_lines(struct text_out *out, const struct lease *lease)
{
    text_put_lease_line(out, lease);
    put_origin(out, "agent-info", lease, lease_table_agent_info(lease));
    put_origin(out, "vendorclass", lease, lease_table_vendor_class(lease));
}

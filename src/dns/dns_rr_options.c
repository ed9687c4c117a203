#include "dns/dns_record_options.h"
#include "wire/rdata.h"
#include "wire/rdata_parse.h"

#define LINE_MAX_BYTES (3 * RDATA_MAX) /* hexadecimal, or a quoted string's escapes */

/* ------------------------------------------------------------------ keeping and finding */

/* Room for the rdata of one line while it is read. */
struct rdata_draft {
    struct bytes_writer writer;
    uint8_t buffer[RDATA_MAX];
};

static void start_rdata(struct rdata_draft *draft)
{
    draft->writer = bytes_writer_on(draft->buffer, sizeof draft->buffer);
}

static enum status keep(struct option_context *context, const struct dns_own_record *record,
                        const struct rdata_draft *draft)
{
    struct dns_records *records = &((struct dns_config *)context->part)->records;

    if (draft->writer.failed)
        return option_fail(context, TEXT_NONE, NULL, "more than %d bytes of data for one record",
                           RDATA_MAX);
    struct dns_own_record *kept = option_append(context, &records->records, &records->record_count,
                                                &records->record_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *record;
    kept->place = context->place;
    kept->rdata = arena_bytes(context->arena, bytes_writer_written(&draft->writer));
    return kept->rdata.count == bytes_writer_count(&draft->writer) ? STATUS_OK : STATUS_NO_MEMORY;
}

/* The next record of a form, NULL at the end; start with *place = 0. */
static const struct dns_own_record *next_record(const void *part, enum dns_record_form form,
                                                size_t *place)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;

    while (*place < records->record_count) {
        const struct dns_own_record *record = &records->records[(*place)++];
        if (record->form == form || (form == DNS_RECORD_RR && record->form == DNS_RECORD_RR_TEXT))
            return record;
    }
    return NULL;
}

/* ------------------------------------------------------------------ fields */

/* The next field, an empty one at the end of the value when there is none. */
static struct value take_field(struct value *rest, struct value whole)
{
    struct value field;
    return value_next_field(rest, ',', &field) ? field : value_part(whole, whole.text.count, 0);
}

static enum status read_number(struct option_context *context, struct value field,
                               uint16_t otherwise, uint64_t max, const char *compat,
                               const char *what, uint16_t *number)
{
    uint64_t value = otherwise;
    if (field.text.count > 0 && text_to_u64(field.text, max, &value) != STATUS_OK)
        return option_fail(context, field.text, compat, "\"%.*s\" is not %s (0 to %u)",
                           TEXT_ARG(field.text), what, (unsigned)max);
    *number = (uint16_t)value;
    return STATUS_OK;
}

static enum status write_string(struct option_context *context, struct value field,
                                const char *compat, struct bytes_writer *to)
{
    if (field.text.count > UINT8_MAX)
        return option_fail(context, field.text, compat,
                           "%zu characters are too many: this string has at most 255",
                           field.text.count);
    bytes_write_u8(to, (uint8_t)field.text.count);
    bytes_write_span(to, text_bytes(field.text));
    return STATUS_OK;
}

/* An empty field is the root: "no such thing". */
static enum status write_target(struct option_context *context, struct value field,
                                const char *compat, struct bytes_writer *to)
{
    struct dname target = dname_root();
    enum status status = STATUS_OK;
    if (field.text.count > 0)
        status = dns_record_name(context, field, compat, &target);
    if (status == STATUS_OK)
        bytes_write_span(to, dname_bytes(&target));
    return status;
}

static enum status expect_end(struct option_context *context, struct value rest, const char *compat)
{
    struct value field;
    if (!value_next_field(&rest, ',', &field))
        return STATUS_OK;
    return option_fail(context, field.text, compat, "\"%.*s\" is one field too many",
                       TEXT_ARG(field.text));
}

/* Takes a character-string off `reader` and puts it as a field. */
static void put_string(struct text_out *out, struct bytes_reader *reader)
{
    struct bytes string = bytes_read_span(reader, bytes_read_u8(reader));
    option_put_quoted(out, text_from_bytes(string));
}

/* The name at the end of an rdata; nothing for the root. */
static void put_target(struct text_out *out, struct bytes_reader *reader)
{
    struct dname target;
    if (dname_from_wire(bytes_read_rest(reader), &target) == STATUS_OK && !dname_is_root(&target))
        dns_record_put_name(out, &target);
}

/* ------------------------------------------------------------------ txt-record */

static const char bad_txt[] = "bad TXT record";

/* Unlike elsewhere, blanks around the commas belong to the strings. */
static struct value take_string(struct value *rest)
{
    size_t comma = value_find(*rest, ',');
    struct value string = value_part(*rest, 0, comma);
    *rest = comma == SIZE_MAX ? (struct value){ TEXT_NONE, NULL }
                              : value_part(*rest, comma + 1, SIZE_MAX);
    return string;
}

static struct value without_front_blanks(struct value value)
{
    size_t at = 0;
    while (at < value.text.count && value.text.at[at] == ' '
           && (value.quoted == NULL || value.quoted[at] == 0))
        at++;
    return value_part(value, at, SIZE_MAX);
}

enum status dns_read_txt_record(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .type = RRTYPE_TXT, .form = DNS_RECORD_TXT };
    struct rdata_draft draft;
    struct value rest = value;
    struct value field;

    start_rdata(&draft);
    value_next_field(&rest, ',', &field);
    enum status status = dns_record_name(context, field, bad_txt, &record.name);
    if (status != STATUS_OK)
        return status;
    rest = without_front_blanks(rest);
    if (rest.text.at == NULL)
        bytes_write_strings(&draft.writer, BYTES_NONE);
    while (rest.text.at != NULL)
        bytes_write_strings(&draft.writer, text_bytes(take_string(&rest).text));
    return keep(context, &record, &draft);
}

void dns_print_txt_record(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_TXT, &place)) != NULL;) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        dns_record_put_name(&out, &record->name);
        while (bytes_reader_left(&reader) > 0) {
            text_put_char(&out, ',');
            put_string(&out, &reader);
        }
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ ptr-record */

static const char bad_ptr[] = "bad PTR record";

enum status dns_read_ptr_record(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .type = RRTYPE_PTR, .form = DNS_RECORD_PTR };
    struct rdata_draft draft;
    struct value rest = value;

    start_rdata(&draft);
    enum status status = dns_record_name(context, take_field(&rest, value), bad_ptr, &record.name);
    if (status == STATUS_OK)
        status = write_target(context, take_field(&rest, value), bad_ptr, &draft.writer);
    if (status == STATUS_OK)
        status = expect_end(context, rest, bad_ptr);
    return status == STATUS_OK ? keep(context, &record, &draft) : status;
}

void dns_print_ptr_record(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_PTR, &place)) != NULL;) {
        char line[4 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        dns_record_put_name(&out, &record->name);
        text_put_char(&out, ',');
        put_target(&out, &reader);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ srv-host */

static const char bad_srv[] = "bad SRV record";

enum status dns_read_srv_host(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .type = RRTYPE_SRV, .form = DNS_RECORD_SRV };
    struct rdata_draft draft;
    struct value rest = value;
    uint16_t port = 0;
    uint16_t priority = 0;
    uint16_t weight = 0;

    start_rdata(&draft);
    enum status status = dns_record_name(context, take_field(&rest, value), bad_srv, &record.name);
    struct value target = take_field(&rest, value);
    if (status == STATUS_OK)
        status = read_number(context, take_field(&rest, value), 1, UINT16_MAX,
                             "invalid port number", "a port", &port);
    if (status == STATUS_OK)
        status = read_number(context, take_field(&rest, value), 0, UINT16_MAX, "invalid priority",
                             "a priority", &priority);
    if (status == STATUS_OK)
        status = read_number(context, take_field(&rest, value), 0, UINT16_MAX, "invalid weight",
                             "a weight", &weight);
    if (status == STATUS_OK)
        status = expect_end(context, rest, "invalid weight");
    bytes_write_u16(&draft.writer, priority);
    bytes_write_u16(&draft.writer, weight);
    bytes_write_u16(&draft.writer, port);
    if (status == STATUS_OK)
        status = write_target(context, target, bad_srv, &draft.writer);
    return status == STATUS_OK ? keep(context, &record, &draft) : status;
}

void dns_print_srv_host(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_SRV, &place)) != NULL;) {
        char line[4 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        unsigned priority = bytes_read_u16(&reader);
        unsigned weight = bytes_read_u16(&reader);
        unsigned port = bytes_read_u16(&reader);
        dns_record_put_name(&out, &record->name);
        text_put_char(&out, ',');
        put_target(&out, &reader);
        text_printf(&out, ",%u,%u,%u", port, priority, weight);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ mail */

static const char bad_mx[] = "bad MX name";

enum status dns_read_mx_host(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .type = RRTYPE_MX, .form = DNS_RECORD_MX };
    struct rdata_draft draft;
    struct value rest = value;
    uint16_t preference = 1;

    start_rdata(&draft);
    enum status status = dns_record_name(context, take_field(&rest, value), bad_mx, &record.name);
    struct value target = take_field(&rest, value);
    if (status == STATUS_OK)
        status = read_number(context, take_field(&rest, value), 1, UINT16_MAX, "bad MX preference",
                             "a preference", &preference);
    if (status == STATUS_OK)
        status = expect_end(context, rest, "bad MX preference");
    bytes_write_u16(&draft.writer, preference);
    record.default_target = target.text.count == 0;
    if (status == STATUS_OK && !record.default_target)
        status = write_target(context, target, bad_mx, &draft.writer);
    return status == STATUS_OK ? keep(context, &record, &draft) : status;
}

void dns_print_mx_host(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_MX, &place)) != NULL;) {
        char line[4 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        unsigned preference = bytes_read_u16(&reader);
        dns_record_put_name(&out, &record->name);
        text_put_char(&out, ',');
        if (!record->default_target)
            put_target(&out, &reader);
        text_printf(&out, ",%u", preference);
        option_print_value(printer, "%s", line);
    }
}

enum status dns_read_mx_target(struct option_context *context, struct value value)
{
    struct dns_records *records = &((struct dns_config *)context->part)->records;
    return dns_record_name(context, value, bad_mx, &records->mx_target);
}

void dns_print_mx_target(const void *part, struct option_printer *printer)
{
    const struct dns_records *records = &((const struct dns_config *)part)->records;
    char line[2 * DNAME_TEXT_MAX];
    struct text_out out = text_out_on(line, sizeof line);

    if (records->mx_target.count == 0)
        return;
    dns_record_put_name(&out, &records->mx_target);
    option_print_value(printer, "%s", line);
}

/* ------------------------------------------------------------------ naptr-record */

static const char bad_naptr[] = "bad NAPTR record";

enum status dns_read_naptr_record(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .type = RRTYPE_NAPTR, .form = DNS_RECORD_NAPTR };
    struct rdata_draft draft;
    struct value rest = value;
    uint16_t number = 0;

    start_rdata(&draft);
    if (value_count_fields(value, ',') < 6)
        return option_fail(
            context, value.text, bad_naptr,
            "a NAPTR record has six fields or seven: name, order, preference, flags, "
            "service, regexp, replacement");
    enum status status =
        dns_record_name(context, take_field(&rest, value), bad_naptr, &record.name);
    for (unsigned i = 0; i < 2 && status == STATUS_OK; i++) {
        status = read_number(context, take_field(&rest, value), 0, UINT16_MAX, bad_naptr,
                             i == 0 ? "an order" : "a preference", &number);
        if (status == STATUS_OK)
            bytes_write_u16(&draft.writer, number);
    }
    for (unsigned i = 0; i < 3 && status == STATUS_OK; i++)
        status = write_string(context, take_field(&rest, value), bad_naptr, &draft.writer);
    if (status == STATUS_OK)
        status = write_target(context, take_field(&rest, value), bad_naptr, &draft.writer);
    if (status == STATUS_OK)
        status = expect_end(context, rest, bad_naptr);
    return status == STATUS_OK ? keep(context, &record, &draft) : status;
}

void dns_print_naptr_record(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_NAPTR, &place)) != NULL;) {
        char line[6 * DNAME_TEXT_MAX];
        struct text_out out = text_out_on(line, sizeof line);
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        unsigned order = bytes_read_u16(&reader);
        unsigned preference = bytes_read_u16(&reader);
        dns_record_put_name(&out, &record->name);
        text_printf(&out, ",%u,%u,", order, preference);
        for (unsigned i = 0; i < 3; i++) {
            put_string(&out, &reader);
            text_put_char(&out, ',');
        }
        put_target(&out, &reader);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ caa-record */

static const char bad_caa[] = "bad CAA record";

/* RFC 8659 section 4.1: letters and digits. */
static bool is_tag(struct text text)
{
    for (size_t i = 0; i < text.count; i++) {
        char c = text_fold(text.at[i]);
        if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
            return false;
    }
    return text.count > 0;
}

enum status dns_read_caa_record(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .type = RRTYPE_CAA, .form = DNS_RECORD_CAA };
    struct rdata_draft draft;
    struct value rest = value;
    uint16_t flags = 0;

    start_rdata(&draft);
    if (value_count_fields(value, ',') < 4)
        return option_fail(context, value.text, bad_caa,
                           "a CAA record has four fields: name, flags, tag, value (try "
                           "home.example,0,issue,ca.example)");
    enum status status = dns_record_name(context, take_field(&rest, value), bad_caa, &record.name);
    if (status == STATUS_OK)
        status = read_number(context, take_field(&rest, value), 0, UINT8_MAX, bad_caa,
                             "a number of flags", &flags);
    if (status != STATUS_OK)
        return status;
    bytes_write_u8(&draft.writer, (uint8_t)flags);
    struct value tag = take_field(&rest, value);
    if (!is_tag(tag.text))
        return option_fail(
            context, tag.text, bad_caa,
            "\"%.*s\" is not a tag: letters and digits, like issue, issuewild, iodef",
            TEXT_ARG(tag.text));
    status = write_string(context, tag, bad_caa, &draft.writer);
    if (status == STATUS_OK) {
        bytes_write_span(&draft.writer, text_bytes(take_field(&rest, value).text));
        status = expect_end(context, rest, bad_caa);
    }
    return status == STATUS_OK ? keep(context, &record, &draft) : status;
}

void dns_print_caa_record(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_CAA, &place)) != NULL;) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        struct bytes_reader reader = bytes_reader_on(record->rdata);
        dns_record_put_name(&out, &record->name);
        text_printf(&out, ",%u,", bytes_read_u8(&reader));
        put_string(&out, &reader);
        text_put_char(&out, ',');
        option_put_quoted(&out, text_from_bytes(bytes_read_rest(&reader)));
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ dns-rr */

static const char bad_rr[] = "bad RR record";

/* Bytes of one or two hexadecimal digits, with ':', '-', a blank or nothing between them. False
 * when it is something else. */
static bool read_hex(struct text text, struct bytes_writer *to)
{
    size_t at = 0;
    while (at < text.count) {
        uint64_t byte;
        size_t digits = 2;
        if (strchr(": -", text.at[at]) != NULL) {
            at++;
            continue;
        }
        if (at + 1 == text.count || strchr(": -", text.at[at + 1]) != NULL)
            digits = 1;
        if (text_to_u64_hex(text_part(text, at, digits), &byte) != STATUS_OK)
            return false;
        bytes_write_u8(to, (uint8_t)byte);
        at += digits;
    }
    return true;
}

/* The field as presentation form. Quoted as a whole it is taken as it stands; otherwise what stood
 * in quotes is a quoted string again. False when it does not fit. */
static bool presentation_of(struct value field, struct text_out *out)
{
    bool whole = field.quoted != NULL;
    for (size_t i = 0; i < field.text.count && whole; i++)
        whole = field.quoted[i] != 0;

    bool quoted = false;
    for (size_t i = 0; i < field.text.count; i++) {
        bool is_quoted = !whole && field.quoted != NULL && field.quoted[i] != 0;
        if (is_quoted != quoted)
            text_put_char(out, '"');
        quoted = is_quoted;
        if (quoted && (field.text.at[i] == '"' || field.text.at[i] == '\\'))
            text_put_char(out, '\\');
        text_put_char(out, field.text.at[i]);
    }
    if (quoted)
        text_put_char(out, '"');
    return !out->failed;
}

static enum status read_presentation(struct option_context *context, struct value field,
                                     uint16_t type, struct bytes_writer *to)
{
    char buffer[LINE_MAX_BYTES];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    struct rdata_complaint complaint;

    if (!presentation_of(field, &out))
        return option_fail(context, field.text, bad_rr, "is too long");
    enum status status = rdata_parse(text_out_text(&out), type, to, &complaint);
    if (status == STATUS_OK)
        return STATUS_OK;
    if (status == STATUS_NOT_FOUND)
        return option_fail(context, field.text, bad_rr,
                           "records of this type are written as bytes (try \\# 2 0102)");
    /* Without quotes and escapes the characters stand where they stood. */
    struct text where = field.text;
    if (complaint.where.at != NULL && out.count == field.text.count)
        where = text_part(field.text, (size_t)(complaint.where.at - buffer), complaint.where.count);
    if (status == STATUS_MALFORMED && complaint.where.count == 0)
        return option_fail(context, where, bad_rr, "%s", complaint.what);
    if (status == STATUS_MALFORMED)
        return option_fail(context, where, bad_rr, "\"%.*s\" %s", TEXT_ARG(complaint.where),
                           complaint.what);
    return option_fail(context, field.text, bad_rr, "more than %d bytes of data", RDATA_MAX);
}

/* Types that only questions and transactions have (RFC 6895 section 3.1), and OPT. */
static bool is_no_data_type(uint16_t type)
{
    return type == 0 || type == RRTYPE_OPT || (type >= 249 && type <= 255);
}

static enum status read_rr_type(struct option_context *context, struct value field, uint16_t *type)
{
    if (rrtype_from_text(field.text, type) != STATUS_OK)
        return option_fail(context, field.text, bad_rr,
                           "\"%.*s\" is not a record type (its name, TYPE65 or a number)",
                           TEXT_ARG(field.text));
    if (is_no_data_type(*type))
        return option_fail(context, field.text, bad_rr, "no record can have the type %.*s",
                           TEXT_ARG(field.text));
    return STATUS_OK;
}

/* Addresses and names have to be whole, for answers are made with them. Other types are given out
 * as they are written: dnsmasq's own example is no sound record of its type. */
static bool may_be_given(struct bytes rdata, uint16_t type)
{
    bool is_used =
        type == RRTYPE_A || type == RRTYPE_AAAA || type == RRTYPE_SRV || rdata_name_count(type) > 0;
    return !is_used || rdata_check(rdata, type) == STATUS_OK;
}

/* dnsmasq's form is a number and hexadecimal digits. A type by its name, "\#" in front, or a quoted
 * text that is not hexadecimal means presentation form. */
static enum status read_rr_data(struct option_context *context, bool by_number, struct value field,
                                struct dns_own_record *record, struct bytes_writer *to)
{
    bool is_generic = text_starts(field.text, TEXT("\\#"));

    if (by_number && !is_generic) {
        if (read_hex(field.text, to)) {
            if (to->failed || may_be_given(bytes_writer_written(to), record->type))
                return STATUS_OK;
            return option_fail(context, field.text, bad_rr,
                               "these bytes are not what a record of this type holds");
        }
        if (!value_is_quoted(field))
            return option_fail(context, field.text, bad_rr,
                               "\"%.*s\" is not hexadecimal; with the type's name instead of its "
                               "number the data is read as in a zone file",
                               TEXT_ARG(field.text));
        bytes_writer_rewind(to, 0);
    }
    record->form = DNS_RECORD_RR_TEXT;
    return read_presentation(context, field, record->type, to);
}

enum status dns_read_rr(struct option_context *context, struct value value)
{
    struct dns_own_record record = { .form = DNS_RECORD_RR };
    struct rdata_draft draft;
    struct value rest = value;

    start_rdata(&draft);
    struct value name = take_field(&rest, value);
    struct value type = take_field(&rest, value);
    if (type.text.count == 0)
        return option_fail(context, value.text, bad_rr,
                           "the type is missing (try lan,51,01:23:45)");
    enum status status = dns_record_name(context, name, bad_rr, &record.name);
    if (status == STATUS_OK)
        status = read_rr_type(context, type, &record.type);
    if (status != STATUS_OK)
        return status;
    struct value data = without_front_blanks(rest);
    if (data.text.at == NULL)
        data = value_part(value, value.text.count, 0);
    status = read_rr_data(context, dns_record_is_digits(type.text), data, &record, &draft.writer);
    return status == STATUS_OK ? keep(context, &record, &draft) : status;
}

/* What was written in presentation form is shown so, if it fits and reads back to the same. */
static bool put_presentation(struct text_out *out, const struct dns_own_record *record)
{
    char buffer[LINE_MAX_BYTES];
    struct text_out text = text_out_on(buffer, sizeof buffer);
    struct rdata_draft draft;
    struct rdata_complaint complaint;

    start_rdata(&draft);
    text_put_rdata(&text, record->rdata, record->type);
    if (text.failed
        || rdata_parse(text_out_text(&text), record->type, &draft.writer, &complaint) != STATUS_OK
        || !bytes_equal(bytes_writer_written(&draft.writer), record->rdata))
        return false;
    option_put_in_quotes(out, text_out_text(&text));
    return !out->failed;
}

void dns_print_rr(const void *part, struct option_printer *printer)
{
    const struct dns_own_record *record;
    for (size_t place = 0; (record = next_record(part, DNS_RECORD_RR, &place)) != NULL;) {
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        const char *type = rrtype_name(record->type);
        dns_record_put_name(&out, &record->name);
        size_t mark = out.count;
        if (record->form == DNS_RECORD_RR_TEXT) {
            if (type != NULL)
                text_printf(&out, ",%s,", type);
            else
                text_printf(&out, ",TYPE%u,", record->type);
            if (put_presentation(&out, record)) {
                option_print_value(printer, "%s", line);
                continue;
            }
            text_out_rewind(&out, mark);
        }
        text_printf(&out, ",%u,", record->type);
        text_put_hex(&out, record->rdata, 0);
        option_print_value(printer, "%s", line);
    }
}

#include "dns/fixture_text.h"

#include "wire/rdata.h"

/* ------------------------------------------------------------------ reading */

static bool write_name_word(struct text *words, struct bytes_writer *rdata)
{
    struct text word;
    struct dname name;
    if (!text_next_word(words, &word) || dname_from_text(word, &name) != STATUS_OK)
        return false;
    bytes_write_span(rdata, dname_bytes(&name));
    return true;
}

static bool write_number_words(struct text *words, unsigned count, struct bytes_writer *rdata)
{
    for (; count > 0; count--) {
        struct text word;
        uint16_t number;
        if (!text_next_word(words, &word) || text_to_u16(word, &number) != STATUS_OK)
            return false;
        bytes_write_u16(rdata, number);
    }
    return true;
}

static bool write_soa(struct text word, struct bytes_writer *rdata)
{
    struct soa soa = { .mname = dname_root(), .rname = dname_root() };
    if (text_to_u32(word, &soa.minimum) != STATUS_OK)
        return false;
    bytes_write_soa(rdata, &soa);
    return true;
}

static bool write_hex(struct text word, struct bytes_writer *rdata)
{
    uint8_t bytes[FIXTURE_RDATA_MAX];
    size_t count;
    if (text_to_hex_bytes(word, bytes, sizeof bytes, &count) != STATUS_OK)
        return false;
    bytes_write_copy(rdata, bytes, count);
    return true;
}

bool fixture_read_rdata(struct text *words, uint16_t type, struct bytes_writer *rdata)
{
    struct address address;
    struct text word;

    switch (type) {
    case RRTYPE_CNAME:
    case RRTYPE_DNAME:
    case RRTYPE_NS:
    case RRTYPE_PTR:
        return write_name_word(words, rdata);
    case RRTYPE_MX:
        return write_number_words(words, 1, rdata) && write_name_word(words, rdata);
    case RRTYPE_SRV:
        return write_number_words(words, 3, rdata) && write_name_word(words, rdata);
    default:
        break;
    }
    if (!text_next_word(words, &word))
        return false;
    switch (type) {
    case RRTYPE_A:
    case RRTYPE_AAAA:
        if (address_from_text(word, &address) != STATUS_OK)
            return false;
        bytes_write_span(rdata, address_bytes(&address));
        return true;
    case RRTYPE_TXT:
        bytes_write_strings(rdata, text_bytes(word));
        return true;
    case RRTYPE_SOA:
        return write_soa(word, rdata);
    default:
        return write_hex(word, rdata);
    }
}

static bool put_record(struct dns_builder *builder, enum dns_section section, struct text words)
{
    uint8_t buffer[FIXTURE_RDATA_MAX];
    struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);
    struct text name;
    struct text ttl;
    struct text type_name;
    struct dname owner;
    uint32_t seconds;
    uint16_t type;
    uint32_t repeat = 1;

    if (!text_next_word(&words, &name))
        return false;
    if (text_starts(name, TEXT("*"))) {
        if (text_to_u32(text_after(name, 1), &repeat) != STATUS_OK
            || !text_next_word(&words, &name))
            return false;
    }
    if (!text_next_word(&words, &ttl) || !text_next_word(&words, &type_name)
        || dname_from_text(name, &owner) != STATUS_OK || text_to_u32(ttl, &seconds) != STATUS_OK
        || rrtype_from_text(type_name, &type) != STATUS_OK
        || !fixture_read_rdata(&words, type, &rdata) || rdata.failed)
        return false;
    for (uint32_t i = 0; i < repeat; i++) {
        dns_builder_record(builder, section, &owner, type, RRCLASS_IN, seconds,
                           bytes_writer_written(&rdata));
        size_t last = bytes_writer_count(&rdata) - 1;
        if (++buffer[last] == 0 && last > 0)
            buffer[last - 1]++;
    }
    return true;
}

bool fixture_put_records(struct dns_builder *builder, enum dns_section section, struct text records)
{
    struct text record;
    while (text_next_field(&records, ',', &record)) {
        if (!text_is_empty(text_trim(record)) && !put_record(builder, section, record))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ printing */

void text_put_fixture_rdata(struct text_out *out, uint16_t type, struct bytes rdata)
{
    struct soa soa;
    if (type == RRTYPE_SOA && rdata_soa(rdata, &soa) == STATUS_OK) {
        text_put_u64(out, soa.minimum);
        return;
    }
    size_t start = out->count;
    text_put_rdata(out, rdata, type);
    /* Names are written as they were given, without the dot that ends them in a zone file. */
    if (out->count > start + 1 && out->start[out->count - 1] == '.')
        text_out_rewind(out, out->count - 1);
}

void text_put_fixture_record(struct text_out *out, const struct dname *owner, uint32_t ttl,
                             uint16_t type, struct bytes rdata)
{
    text_put_dname(out, owner);
    text_printf(out, " %u ", ttl);
    text_put_rrtype(out, type);
    text_put_char(out, ' ');
    text_put_fixture_rdata(out, type, rdata);
}

/* More records than these are given as their number and the first. */
#define RECORDS_SHOWN_MAX 6

static void put_section(struct text_out *out, const struct dns_message *message,
                        enum dns_section section, const char *lead)
{
    struct dns_cursor cursor = dns_section_cursor(message, section);
    struct dns_record record;
    const char *before = lead;

    if (cursor.left > RECORDS_SHOWN_MAX) {
        text_printf(out, "%s*%u", lead, cursor.left);
        before = " ";
        cursor.left = 1;
    }

    while (dns_record_next(&cursor, &record)) {
        uint8_t buffer[FIXTURE_RDATA_MAX];
        struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);
        struct dname owner;
        if (record.type == RRTYPE_OPT)
            continue;
        text_put_string(out, before);
        before = ", ";
        if (dns_record_owner(message, &record, &owner) != STATUS_OK
            || rdata_read(message->bytes, record.rdata_offset, record.rdata_count, record.type,
                          &rdata)
                   != STATUS_OK) {
            text_put_string(out, "(unreadable)");
            continue;
        }
        text_put_fixture_record(out, &owner, record.ttl, record.type, bytes_writer_written(&rdata));
    }
}

static void put_edns(struct text_out *out, const struct edns *edns)
{
    size_t place = 0;
    uint16_t code;
    struct bytes value;

    text_printf(out, "; opt %u", edns->udp_size);
    if (edns->dnssec_ok)
        text_put_string(out, " do");
    while (edns_next_option(edns, &place, &code, &value)) {
        struct bytes_reader reader = bytes_reader_on(value);
        if (code == EDNS_ERROR)
            text_printf(out, " ede=%u", bytes_read_u16(&reader));
        else
            text_printf(out, " option=%u", code);
    }
}

void text_put_fixture_message(struct text_out *out, struct bytes bytes)
{
    static const struct {
        uint16_t flag;
        const char *word;
    } flags[] = {
        { DNS_FLAG_AA, " aa" }, { DNS_FLAG_TC, " tc" }, { DNS_FLAG_RD, " rd" },
        { DNS_FLAG_RA, " ra" }, { DNS_FLAG_AD, " ad" }, { DNS_FLAG_CD, " cd" },
    };
    struct dns_message message;

    if (dns_message_read(bytes, &message) != STATUS_OK) {
        text_put_string(out, "(unreadable message)");
        return;
    }
    unsigned rcode = DNS_RCODE(message.flags) | (unsigned)message.edns.extended_rcode << 4;
    const char *name = rcode_name(rcode);
    if (name != NULL)
        text_put_string(out, name);
    else
        text_printf(out, "rcode%u", rcode);
    for (size_t i = 0; i < COUNT_OF(flags); i++) {
        if ((message.flags & flags[i].flag) != 0)
            text_put_string(out, flags[i].word);
    }
    put_section(out, &message, DNS_ANSWER, ": ");
    put_section(out, &message, DNS_AUTHORITY, "; authority ");
    put_section(out, &message, DNS_ADDITIONAL, "; additional ");
    if (message.edns.present)
        put_edns(out, &message.edns);
}

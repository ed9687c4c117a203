#include "wire/dns_builder.h"

#include <stdlib.h>

#include "wire/rdata.h"

/* Builds a message of any records at any limit, reads it again, and finds the records that were
 * accepted, in order; only RRsets at the end may be missing, and then TC is set. */

#define RECORDS_MAX 64

struct given_record {
    unsigned section;
    struct dname owner;
    uint16_t type;
    struct bytes rdata;
};

struct given {
    struct given_record records[RECORDS_MAX];
    unsigned count;
};

/* A name from anywhere in the input, so that names come back and share their ends. */
static struct dname take_name(struct bytes_reader *reader, struct bytes data)
{
    struct dname name = dname_root();
    size_t at = bytes_read_u8(reader);
    if (dname_read(data, &at, &name) != STATUS_OK)
        return dname_root();
    return name;
}

static void add_records(struct dns_builder *builder, struct bytes_reader *reader, struct bytes data,
                        struct given *given)
{
    unsigned section = DNS_ANSWER;

    while (bytes_reader_left(reader) > 0 && given->count < RECORDS_MAX) {
        struct given_record *record = &given->records[given->count];
        uint8_t step = bytes_read_u8(reader);
        if (step % 8 == 7 && section < DNS_ADDITIONAL)
            section++;
        record->section = section;
        record->owner = take_name(reader, data);
        record->type = bytes_read_u8(reader);
        if (record->type == RRTYPE_OPT)
            record->type = RRTYPE_A;
        size_t rdata_count = bytes_read_u8(reader);
        record->rdata = bytes_read_span(reader, rdata_count);
        if (dns_builder_record(builder, section, &record->owner, record->type, RRCLASS_IN, 1,
                               record->rdata))
            given->count++;
    }
}

static void check_record(const struct dns_message *message, const struct dns_record *record,
                         const struct given_record *given)
{
    static uint8_t plain[RDATA_MAX];
    struct bytes_writer writer = bytes_writer_on(plain, sizeof plain);
    struct dname owner;

    enum status status = dns_record_owner(message, record, &owner);
    assert(status == STATUS_OK && dname_equal(&owner, &given->owner));
    assert(record->type == given->type);
    if (rdata_check(given->rdata, given->type) != STATUS_OK)
        return;
    status = rdata_read(message->bytes, record->rdata_offset, record->rdata_count, record->type,
                        &writer);
    assert(status == STATUS_OK);
    /* A name that was pointed at may come back in another case. */
    assert(text_equal_nocase(text_from_bytes(bytes_writer_written(&writer)),
                             text_from_bytes(given->rdata)));
}

static void check_message(struct dns_builder *builder, struct bytes bytes,
                          const struct given *given)
{
    static struct dns_message message;
    unsigned found = 0;

    enum status status = dns_message_read(bytes, &message);
    assert(status == STATUS_OK && message.end == bytes.count && message.counts[0] == 1);
    for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        struct dns_cursor cursor = dns_section_cursor(&message, section);
        struct dns_record record;
        while (dns_record_next(&cursor, &record)) {
            if (record.type == RRTYPE_OPT)
                continue;
            assert(found < given->count && given->records[found].section == section);
            check_record(&message, &record, &given->records[found++]);
        }
    }
    assert(found == given->count || builder->truncated);
    assert(((message.flags & DNS_FLAG_TC) != 0) == builder->truncated);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static struct given given;
    struct bytes input = { data, count };
    struct bytes_reader reader = bytes_reader_on(input);
    struct dns_builder builder;
    size_t limit = bytes_read_u16(&reader) % 2048;
    uint8_t choices = bytes_read_u8(&reader);

    uint8_t *buffer = malloc(limit > 0 ? limit : 1);
    assert(buffer != NULL);
    given.count = 0;
    struct dname qname = take_name(&reader, input);
    dns_builder_start(&builder, buffer, limit, limit);
    dns_builder_header(&builder, 1, DNS_FLAG_QR);
    dns_builder_question(&builder, &qname, RRTYPE_A, RRCLASS_IN);
    dns_builder_reserve(&builder, choices & 1 ? EDNS_FIXED_BYTES : 0);
    add_records(&builder, &reader, input, &given);
    if (choices & 2) {
        dns_builder_drop_records(&builder);
        given.count = 0;
    }
    if (choices & 4)
        dns_builder_opt(&builder, EDNS_UDP_DEFAULT, true, 0, choices >> 4,
                        bytes_of("\0\3\0\1x", choices & 8 ? 5 : 0));

    struct bytes message = dns_builder_finish(&builder);
    assert(message.count <= limit);
    if (message.count > 0)
        check_message(&builder, message, &given);
    free(buffer);
    return 0;
}

#include "wire/dns_message.h"
#include "wire/rdata.h"

/* A message that was read can be walked to its end, and whatever of it reads is sound. */

static void check_record(const struct dns_message *message, const struct dns_record *record)
{
    static uint8_t plain[RDATA_MAX];
    char text[512];
    struct bytes_writer writer = bytes_writer_on(plain, sizeof plain);
    struct text_out out = text_out_on(text, sizeof text);
    struct dname owner;

    assert(record->owner_offset >= DNS_HEADER_BYTES);
    assert(record->rdata_offset + record->rdata_count <= message->end);
    if (dns_record_owner(message, record, &owner) == STATUS_OK)
        text_put_dname(&out, &owner);
    if (rdata_read(message->bytes, record->rdata_offset, record->rdata_count, record->type, &writer)
        != STATUS_OK)
        return;
    struct bytes rdata = bytes_writer_written(&writer);
    enum status status = rdata_check(rdata, record->type);
    assert(status == STATUS_OK);
    text_put_rdata(&out, rdata, record->type);
}

static void check_sections(const struct dns_message *message)
{
    for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++) {
        struct dns_cursor cursor = dns_section_cursor(message, section);
        struct dns_record record;
        unsigned records = 0;

        for (; dns_record_next(&cursor, &record); records++)
            check_record(message, &record);
        assert(records == message->counts[1 + section]);
        assert(cursor.offset
               == (section == DNS_ADDITIONAL ? message->end : message->section_start[section + 1]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct dns_message message;

    if (dns_message_read(bytes_of(data, count), &message) == STATUS_OK) {
        assert(message.question_end <= message.end && message.end <= count);
        check_sections(&message);
    } else if (count < DNS_HEADER_BYTES) {
        return 0;
    }
    /* Sound or not, the header and the question's name may be believed. */
    assert(message.id == (data[0] << 8 | data[1]));
    assert(message.question_end >= DNS_HEADER_BYTES && message.question_end <= count);
    struct dname name;
    enum status status = dname_from_wire(dname_bytes(&message.qname), &name);
    assert(status == STATUS_OK);
    return 0;
}

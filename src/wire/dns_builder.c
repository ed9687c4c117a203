#include "wire/dns_builder.h"

#include "wire/rdata.h"

#define FLAGS_AT        2
#define COUNTS_AT       4
#define POINTER         0xC000
#define POINTER_TO_MOST 0x3FFF /* a pointer has 14 bits */
#define EDE_BYTES       6

void dns_builder_start(struct dns_builder *builder, void *buffer, size_t room, size_t limit)
{
    assert(limit <= room);
    if (limit > DNS_MESSAGE_MAX)
        limit = DNS_MESSAGE_MAX;
    builder->writer = bytes_writer_on(buffer, limit);
    builder->flags = 0;
    memset(builder->counts, 0, sizeof builder->counts);
    builder->reserve = 0;
    builder->truncated = false;
    builder->suffix_count = 0;
    builder->effort = DNS_COMPRESSION_EFFORT;
}

void dns_builder_header(struct dns_builder *builder, uint16_t id, uint16_t flags)
{
    builder->flags = flags;
    bytes_write_u16(&builder->writer, id);
    bytes_write_zeros(&builder->writer, DNS_HEADER_BYTES - sizeof id);
}

void dns_builder_reserve(struct dns_builder *builder, size_t bytes)
{
    size_t room = bytes_writer_room(&builder->writer);
    size_t kept = bytes < room ? bytes : room;
    builder->writer.end -= kept;
    builder->reserve += kept;
}

/* ------------------------------------------------------------------ names */

/* Labels written at `offset` are offered to later names, the longest suffix first. */
static void remember_labels(struct dns_builder *builder, size_t offset, struct bytes labels)
{
    for (size_t at = 0; at < labels.count && labels.at[at] != 0; at += 1 + (size_t)labels.at[at]) {
        if (builder->suffix_count == DNS_COMPRESSION_NAMES || offset + at > POINTER_TO_MOST)
            return;
        builder->suffixes[builder->suffix_count++] = (uint16_t)(offset + at);
    }
}

static void spend(struct dns_builder *builder, size_t bytes)
{
    builder->effort -= bytes < builder->effort ? bytes : builder->effort;
}

/* Whether the name written at `offset` is `wire` (in full, ending in the root), in any case.
 * Follows our own pointers, which always go back to labels. */
static bool is_written_at(struct dns_builder *builder, size_t offset, struct bytes wire)
{
    const uint8_t *written = builder->writer.start;
    size_t at = 0;

    for (;;) {
        while (written[offset] >= POINTER >> 8)
            offset = (size_t)(written[offset] & 0x3F) << 8 | written[offset + 1];
        uint8_t label = written[offset];
        bool same_count = label == wire.at[at];
        spend(builder, same_count ? 1 + (size_t)label : 1);
        if (!same_count)
            return false;
        if (label == 0)
            return true;
        struct bytes ours = { written + offset + 1, label };
        struct bytes theirs = { wire.at + at + 1, label };
        if (!text_equal_nocase(text_from_bytes(ours), text_from_bytes(theirs)))
            return false;
        offset += 1 + (size_t)label;
        at += 1 + (size_t)label;
    }
}

/* Where this name was written before; 0 (the header) when it was not. */
static size_t find_written(struct dns_builder *builder, struct bytes wire)
{
    for (unsigned i = 0; i < builder->suffix_count && builder->effort > 0; i++) {
        if (is_written_at(builder, builder->suffixes[i], wire))
            return builder->suffixes[i];
    }
    return 0;
}

/* A whole uncompressed name: as many labels as are new, then a pointer. */
static void write_name(struct dns_builder *builder, struct bytes wire)
{
    size_t start = bytes_writer_count(&builder->writer);
    size_t target = 0;
    size_t at = 0;

    for (; wire.at[at] != 0; at += 1 + (size_t)wire.at[at]) {
        target = find_written(builder, bytes_of(wire.at + at, wire.count - at));
        if (target != 0)
            break;
    }
    if (target == 0) {
        bytes_write_span(&builder->writer, wire);
    } else {
        bytes_write_copy(&builder->writer, wire.at, at);
        bytes_write_u16(&builder->writer, (uint16_t)(POINTER | target));
    }
    if (!builder->writer.failed)
        remember_labels(builder, start, bytes_of(wire.at, at));
}

/* Most owners are the question, letter for letter, and its name stands in full after the header. */
static bool owner_is_question(const struct dns_builder *builder, const struct dname *owner)
{
    return builder->counts[0] > 0
           && DNS_HEADER_BYTES + (size_t)owner->count <= bytes_writer_count(&builder->writer)
           && memcmp(builder->writer.start + DNS_HEADER_BYTES, owner->wire, owner->count) == 0;
}

static void write_owner(struct dns_builder *builder, const struct dname *owner)
{
    if (!dname_is_root(owner) && owner_is_question(builder, owner))
        bytes_write_u16(&builder->writer, POINTER | DNS_HEADER_BYTES);
    else
        write_name(builder, dname_bytes(owner));
}

void dns_builder_question(struct dns_builder *builder, const struct dname *qname, uint16_t qtype,
                          uint16_t qclass)
{
    size_t start = bytes_writer_count(&builder->writer);
    bytes_write_span(&builder->writer, dname_bytes(qname));
    bytes_write_u16(&builder->writer, qtype);
    bytes_write_u16(&builder->writer, qclass);
    builder->counts[0]++;
    if (!builder->writer.failed)
        remember_labels(builder, start, dname_bytes(qname));
}

/* ------------------------------------------------------------------ records */

/* Count of bytes of the uncompressed name at `offset` of the rdata; 0 when there is none. */
static size_t name_size(struct bytes rdata, size_t offset)
{
    struct bytes_reader reader = bytes_reader_on(rdata);
    bytes_reader_seek(&reader, offset);

    for (;;) {
        uint8_t label = bytes_read_u8(&reader);
        bytes_read_skip(&reader, label);
        size_t size = bytes_reader_offset(&reader) - offset;
        if (reader.failed || label > DNAME_LABEL_MAX || size > DNAME_WIRE_MAX)
            return 0;
        if (label == 0)
            return size;
    }
}

static void write_rdata(struct dns_builder *builder, uint16_t type, struct bytes rdata)
{
    size_t at = rdata_first_name(type);
    if (at > rdata.count) {
        bytes_write_span(&builder->writer, rdata);
        return;
    }

    bytes_write_copy(&builder->writer, rdata.at, at);
    for (unsigned left = rdata_name_count(type); left > 0; left--) {
        size_t size = name_size(rdata, at);
        if (size == 0)
            break; /* not what its type says: the bytes go out as they are */
        write_name(builder, bytes_of(rdata.at + at, size));
        at += size;
    }
    if (at < rdata.count)
        bytes_write_copy(&builder->writer, rdata.at + at, rdata.count - at);
}

/* Forgets what was written from `offset` on. */
static void rewind_to(struct dns_builder *builder, size_t offset)
{
    bytes_writer_rewind(&builder->writer, offset);
    while (builder->suffix_count > 0 && builder->suffixes[builder->suffix_count - 1] >= offset)
        builder->suffix_count--;
}

static size_t end_of_questions(const struct dns_builder *builder)
{
    struct bytes written = bytes_writer_written(&builder->writer);
    size_t at = DNS_HEADER_BYTES;

    for (unsigned left = builder->counts[0]; left > 0; left--) {
        if (dname_skip(written, &at) != STATUS_OK)
            break;
        at += 4; /* type and class */
    }
    return at;
}

/* The record that did not fit has gone; those of its RRset just before it go with it, for half an
 * RRset must never look like the whole (RFC 2181 section 5). Walks what has been written, which is
 * done once a message. */
static void drop_partial_rrset(struct dns_builder *builder, enum dns_section section,
                               const struct dname *owner, uint16_t type, uint16_t class_)
{
    struct bytes_reader reader = bytes_reader_on(bytes_writer_written(&builder->writer));
    size_t at = end_of_questions(builder);
    size_t rrset = 0; /* where the run of equal records that ends the section begins */
    unsigned run = 0;
    unsigned earlier = 0;
    for (unsigned i = DNS_ANSWER; i < (unsigned)section; i++)
        earlier += builder->counts[1 + i];

    for (unsigned i = 0; i < earlier + builder->counts[1 + (unsigned)section]; i++) {
        size_t start = at;
        if (dname_skip(bytes_writer_written(&builder->writer), &at) != STATUS_OK)
            return;
        bytes_reader_seek(&reader, at);
        bool same = bytes_read_u16(&reader) == type;
        same = bytes_read_u16(&reader) == class_ && same;
        bytes_read_skip(&reader, sizeof(uint32_t));
        bytes_read_skip(&reader, bytes_read_u16(&reader));
        at = bytes_reader_offset(&reader);

        if (i < earlier || !same || !is_written_at(builder, start, dname_bytes(owner)))
            run = 0;
        else if (run++ == 0)
            rrset = start;
    }
    if (run > 0) {
        rewind_to(builder, rrset);
        builder->counts[1 + (unsigned)section] -= (uint16_t)run;
    }
}

/* A reader refuses more than DNS_RECORDS_MAX, and OPT may still come. */
static bool is_full(const struct dns_builder *builder)
{
    unsigned entries = 0;
    for (unsigned i = 0; i < COUNT_OF(builder->counts); i++)
        entries += builder->counts[i];
    return entries >= DNS_RECORDS_MAX - 1;
}

bool dns_builder_record(struct dns_builder *builder, enum dns_section section,
                        const struct dname *owner, uint16_t type, uint16_t class_, uint32_t ttl,
                        struct bytes rdata)
{
    for (unsigned later = (unsigned)section + 1; later <= DNS_ADDITIONAL; later++)
        assert(builder->counts[1 + later] == 0);
    if (builder->truncated || builder->writer.failed)
        return false;

    size_t start = bytes_writer_count(&builder->writer);
    write_owner(builder, owner);
    bytes_write_u16(&builder->writer, type);
    bytes_write_u16(&builder->writer, class_);
    bytes_write_u32(&builder->writer, ttl);
    size_t length_at = bytes_writer_count(&builder->writer);
    bytes_write_u16(&builder->writer, 0);
    write_rdata(builder, type, rdata);

    if (builder->writer.failed || is_full(builder)) {
        rewind_to(builder, start);
        drop_partial_rrset(builder, section, owner, type, class_);
        builder->truncated = true;
        return false;
    }
    size_t written = bytes_writer_count(&builder->writer) - length_at - sizeof(uint16_t);
    bytes_patch_u16(&builder->writer, length_at, (uint16_t)written);
    builder->counts[1 + (unsigned)section]++;
    return true;
}

void dns_builder_drop_records(struct dns_builder *builder)
{
    if (builder->writer.failed)
        return;
    rewind_to(builder, end_of_questions(builder));
    for (unsigned section = DNS_ANSWER; section <= DNS_ADDITIONAL; section++)
        builder->counts[1 + section] = 0;
}

/* ------------------------------------------------------------------ OPT and the end */

void dns_builder_opt(struct dns_builder *builder, uint16_t udp_size, bool dnssec_ok, unsigned rcode,
                     int ede_code, struct bytes options)
{
    builder->writer.end += builder->reserve;
    builder->reserve = 0;
    if (builder->writer.failed)
        return;

    /* What does not fit is left out, the least needed first: an OPT alone tells more than none. */
    size_t room = bytes_writer_room(&builder->writer);
    if (room < EDNS_FIXED_BYTES + options.count + (ede_code >= 0 ? EDE_BYTES : 0))
        ede_code = EDE_NONE;
    if (room < EDNS_FIXED_BYTES + options.count)
        options = BYTES_NONE;
    if (room < EDNS_FIXED_BYTES) {
        builder->truncated = true;
        return;
    }

    size_t start = edns_write_start(&builder->writer, udp_size, (uint8_t)(rcode >> 4), dnssec_ok);
    bytes_write_span(&builder->writer, options);
    edns_write_error(&builder->writer, ede_code);
    edns_write_end(&builder->writer, start);
    builder->counts[1 + DNS_ADDITIONAL]++;
}

struct bytes dns_builder_finish(struct dns_builder *builder)
{
    if (builder->writer.failed || bytes_writer_count(&builder->writer) < DNS_HEADER_BYTES)
        return BYTES_NONE;
    if (builder->truncated)
        builder->flags |= DNS_FLAG_TC;
    bytes_patch_u16(&builder->writer, FLAGS_AT, builder->flags);
    for (unsigned i = 0; i < COUNT_OF(builder->counts); i++)
        bytes_patch_u16(&builder->writer, COUNTS_AT + i * sizeof(uint16_t), builder->counts[i]);
    return bytes_writer_written(&builder->writer);
}

struct bytes dns_build_error(struct bytes query, unsigned rcode, void *buffer, size_t room)
{
    struct bytes_reader reader = bytes_reader_on(query);
    uint16_t id = bytes_read_u16(&reader);
    uint16_t flags = bytes_read_u16(&reader);
    if (query.count < DNS_HEADER_BYTES || (flags & DNS_FLAG_QR) != 0 || room < DNS_HEADER_BYTES)
        return BYTES_NONE;

    struct bytes_writer writer = bytes_writer_on(buffer, room);
    unsigned kept = (unsigned)DNS_OPCODE(flags) << 11 | (flags & (unsigned)DNS_FLAG_RD);
    bytes_write_u16(&writer, id);
    bytes_write_u16(&writer, (uint16_t)(DNS_FLAG_QR | kept | DNS_RCODE(rcode)));
    bytes_write_zeros(&writer, DNS_HEADER_BYTES - 2 * sizeof(uint16_t));
    return bytes_writer_written(&writer);
}

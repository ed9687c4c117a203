#include "wire/rdata_parse.h"

#include <time.h>

#include "base/address.h"
#include "wire/dname.h"
#include "wire/rdata.h"
#include "wire/rdata_fields.h"
#include "wire/rdata_lexer.h"
#include "wire/rrtype.h"

#define BITMAP_WINDOWS 256
#define BITMAP_BYTES   32
#define FLAT_BYTES     16 /* types below 128 */

/* ------------------------------------------------------------------ words */

enum status rdata_complain(struct rdata_lexer *lexer, struct text where, const char *what)
{
    *lexer->complaint = (struct rdata_complaint){ where, what };
    return STATUS_MALFORMED;
}

static bool is_gap(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == '(' || c == ')';
}

bool rdata_next_word(struct rdata_lexer *lexer, struct text *word)
{
    size_t at = 0;
    bool quoted = false;

    while (at < lexer->rest.count && is_gap(lexer->rest.at[at]))
        at++;
    struct text rest = text_after(lexer->rest, at);
    if (rest.count == 0) {
        lexer->rest = rest;
        return false;
    }
    for (at = 0; at < rest.count && (quoted || !is_gap(rest.at[at])); at++) {
        if (rest.at[at] == '"')
            quoted = !quoted;
        else if (rest.at[at] == '\\' && at + 1 < rest.count)
            at++;
    }
    *word = text_part(rest, 0, at);
    lexer->rest = text_after(rest, at);
    return true;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The byte of the escape whose backslash stands at *at, which goes to the escape's last character;
 * -1 when there is none. */
static int escaped_byte(struct text word, size_t *at)
{
    struct text rest = text_after(word, *at + 1);
    uint16_t value;

    if (rest.count == 0)
        return -1;
    if (!is_digit(rest.at[0])) {
        *at += 1;
        return (uint8_t)rest.at[0];
    }
    if (rest.count < 3 || text_to_u16(text_part(rest, 0, 3), &value) != STATUS_OK
        || value > UINT8_MAX)
        return -1;
    *at += 3;
    return value;
}

enum status rdata_write_word(struct rdata_lexer *lexer, struct text word, struct bytes_writer *to)
{
    bool quoted = false;

    for (size_t at = 0; at < word.count; at++) {
        int byte = (uint8_t)word.at[at];
        if (byte == '"') {
            quoted = !quoted;
            continue;
        }
        if (byte == '\\')
            byte = escaped_byte(word, &at);
        if (byte < 0)
            return rdata_complain(lexer, word, "holds an escape that is not \\ddd or \\x");
        bytes_write_u8(to, (uint8_t)byte);
    }
    return quoted ? rdata_complain(lexer, word, "has a quote that does not end") : STATUS_OK;
}

static enum status need_word(struct rdata_lexer *lexer, struct text *word, const char *missing)
{
    return rdata_next_word(lexer, word) ? STATUS_OK : rdata_complain(lexer, lexer->rest, missing);
}

/* ------------------------------------------------------------------ plain fields */

static enum status parse_name(struct rdata_lexer *lexer)
{
    struct text word;
    struct dname name;
    enum status status = need_word(lexer, &word, "a domain name is missing at the end");
    if (status != STATUS_OK)
        return status;
    if (word.count >= 2 && word.at[0] == '"' && word.at[word.count - 1] == '"')
        word = text_part(word, 1, word.count - 2);
    if (dname_from_text(word, &name) != STATUS_OK)
        return rdata_complain(lexer, word, "is not a domain name");
    bytes_write_span(lexer->out, dname_bytes(&name));
    return STATUS_OK;
}

static enum status parse_number(struct rdata_lexer *lexer, uint64_t max, const char *what)
{
    struct text word;
    uint64_t value;
    enum status status = need_word(lexer, &word, "a number is missing at the end");
    if (status != STATUS_OK)
        return status;
    if (text_to_u64(word, max, &value) != STATUS_OK)
        return rdata_complain(lexer, word, what);
    if (max == UINT8_MAX)
        bytes_write_u8(lexer->out, (uint8_t)value);
    else if (max == UINT16_MAX)
        bytes_write_u16(lexer->out, (uint16_t)value);
    else
        bytes_write_u32(lexer->out, (uint32_t)value);
    return STATUS_OK;
}

static enum status parse_u8(struct rdata_lexer *lexer)
{
    return parse_number(lexer, UINT8_MAX, "is not a number from 0 to 255");
}

static enum status parse_u16(struct rdata_lexer *lexer)
{
    return parse_number(lexer, UINT16_MAX, "is not a number from 0 to 65535");
}

static enum status parse_u32(struct rdata_lexer *lexer)
{
    return parse_number(lexer, UINT32_MAX, "is not a number from 0 to 4294967295");
}

static enum status parse_type(struct rdata_lexer *lexer)
{
    struct text word;
    uint16_t type;
    enum status status = need_word(lexer, &word, "a record type is missing at the end");
    if (status != STATUS_OK)
        return status;
    if (rrtype_from_text(word, &type) != STATUS_OK)
        return rdata_complain(lexer, word, "is not a record type");
    bytes_write_u16(lexer->out, type);
    return STATUS_OK;
}

/* Two digits at `at`. */
static int two_digits(struct text word, size_t at)
{
    return (word.at[at] - '0') * 10 + (word.at[at + 1] - '0');
}

/* YYYYMMDDHHmmSS, or seconds since 1970 (RFC 4034 section 3.2). */
static enum status parse_time(struct rdata_lexer *lexer)
{
    struct text word;
    uint64_t value;
    enum status status = need_word(lexer, &word, "a time is missing at the end");
    if (status != STATUS_OK)
        return status;
    status = text_to_u64(word, UINT64_MAX, &value);
    if (status == STATUS_OK && word.count == 14) {
        struct tm parts = {
            .tm_year = two_digits(word, 0) * 100 + two_digits(word, 2) - 1900,
            .tm_mon = two_digits(word, 4) - 1,
            .tm_mday = two_digits(word, 6),
            .tm_hour = two_digits(word, 8),
            .tm_min = two_digits(word, 10),
            .tm_sec = two_digits(word, 12),
        };
        time_t seconds = timegm(&parts);
        value = seconds < 0 ? UINT64_MAX : (uint64_t)seconds;
    }
    if (status != STATUS_OK || value > UINT32_MAX)
        return rdata_complain(lexer, word, "is not a time (try 20260131235959)");
    bytes_write_u32(lexer->out, (uint32_t)value);
    return STATUS_OK;
}

static enum status parse_address(struct rdata_lexer *lexer, enum address_family family,
                                 const char *what)
{
    struct text word;
    struct address address;
    enum status status = need_word(lexer, &word, "an address is missing at the end");
    if (status != STATUS_OK)
        return status;
    if (address_from_text(word, &address) != STATUS_OK || address.family != family)
        return rdata_complain(lexer, word, what);
    bytes_write_span(lexer->out, address_bytes(&address));
    return STATUS_OK;
}

static enum status parse_ip4(struct rdata_lexer *lexer)
{
    return parse_address(lexer, ADDRESS_IP4, "is not an IPv4 address");
}

static enum status parse_ip6(struct rdata_lexer *lexer)
{
    return parse_address(lexer, ADDRESS_IP6, "is not an IPv6 address");
}

/* Exactly `count` bytes in groups of `group` bytes with `separator` between them. */
static enum status parse_groups(struct rdata_lexer *lexer, size_t count, size_t group,
                                char separator, const char *what)
{
    struct text word;
    enum status status = need_word(lexer, &word, "a number is missing at the end");
    if (status != STATUS_OK)
        return status;
    size_t groups = count / group;
    if (word.count != groups * (2 * group + 1) - 1)
        return rdata_complain(lexer, word, what);
    for (size_t i = 0; i < groups; i++) {
        uint64_t value;
        size_t at = i * (2 * group + 1);
        if ((i > 0 && word.at[at - 1] != separator)
            || text_to_u64_hex(text_part(word, at, 2 * group), &value) != STATUS_OK)
            return rdata_complain(lexer, word, what);
        for (size_t byte = group; COUNT_DOWN(byte);)
            bytes_write_u8(lexer->out, (uint8_t)(value >> 8 * byte));
    }
    return STATUS_OK;
}

static enum status parse_locator64(struct rdata_lexer *lexer)
{
    return parse_groups(lexer, 8, 2, ':', "is not like 2001:0db8:1140:1000");
}

static enum status parse_eui48(struct rdata_lexer *lexer)
{
    return parse_groups(lexer, 6, 1, '-', "is not like 00-00-5e-00-53-2a");
}

static enum status parse_eui64(struct rdata_lexer *lexer)
{
    return parse_groups(lexer, 8, 1, '-', "is not like 00-00-5e-ef-10-00-00-2a");
}

/* ------------------------------------------------------------------ strings */

/* A word behind its length. */
static enum status write_string(struct rdata_lexer *lexer, struct text word)
{
    size_t length_at = bytes_writer_count(lexer->out);
    bytes_write_u8(lexer->out, 0);
    enum status status = rdata_write_word(lexer, word, lexer->out);
    if (status != STATUS_OK || lexer->out->failed)
        return status;
    size_t count = bytes_writer_count(lexer->out) - length_at - 1;
    if (count > UINT8_MAX)
        return rdata_complain(lexer, word, "is longer than 255 characters");
    bytes_patch_u8(lexer->out, length_at, (uint8_t)count);
    return STATUS_OK;
}

static enum status parse_string(struct rdata_lexer *lexer)
{
    struct text word;
    enum status status = need_word(lexer, &word, "a string is missing at the end (try \"\")");
    return status == STATUS_OK ? write_string(lexer, word) : status;
}

static enum status parse_tag(struct rdata_lexer *lexer)
{
    struct text word;
    size_t start = bytes_writer_count(lexer->out);
    enum status status = need_word(lexer, &word, "a tag is missing at the end");
    if (status == STATUS_OK)
        status = write_string(lexer, word);
    if (status == STATUS_OK && !lexer->out->failed && bytes_writer_count(lexer->out) - start < 2)
        return rdata_complain(lexer, word, "is empty");
    return status;
}

static enum status parse_strings(struct rdata_lexer *lexer)
{
    struct text word;
    enum status status = parse_string(lexer);
    while (status == STATUS_OK && rdata_next_word(lexer, &word))
        status = write_string(lexer, word);
    return status;
}

static enum status parse_quoted(struct rdata_lexer *lexer)
{
    struct text word;
    enum status status = need_word(lexer, &word, "a text is missing at the end (try \"\")");
    return status == STATUS_OK ? rdata_write_word(lexer, word, lexer->out) : status;
}

/* ------------------------------------------------------------------ digits */

static int digit_value(char c, unsigned bits_each)
{
    if (bits_each == 5) {
        char folded = text_fold(c);
        if (is_digit(c))
            return c - '0';
        return folded >= 'a' && folded <= 'v' ? folded - 'a' + 10 : -1;
    }
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (is_digit(c))
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

enum status rdata_write_digits(struct rdata_lexer *lexer, struct rdata_digits *digits,
                               struct text word, struct bytes_writer *to)
{
    const char *what = digits->bits_each == 6 ? "is not base64" : "is not base32hex";

    for (size_t i = 0; i < word.count; i++) {
        if (word.at[i] == '=' && digits->bits_each == 6) {
            digits->filled = true;
            continue;
        }
        int value = digit_value(word.at[i], digits->bits_each);
        if (value < 0 || digits->filled)
            return rdata_complain(lexer, word, what);
        digits->held = digits->held << digits->bits_each | (uint32_t)value;
        digits->held_bits += digits->bits_each;
        if (digits->held_bits >= 8) {
            digits->held_bits -= 8;
            bytes_write_u8(to, (uint8_t)(digits->held >> digits->held_bits));
        }
        digits->held &= (1u << digits->held_bits) - 1;
    }
    return STATUS_OK;
}

/* What is left over of the last byte must be less than a digit, and zero. */
static enum status end_digits(struct rdata_lexer *lexer, const struct rdata_digits *digits,
                              struct text word)
{
    if (digits->held_bits >= digits->bits_each || digits->held != 0)
        return rdata_complain(lexer, word, "ends within a byte");
    return STATUS_OK;
}

static enum status parse_base64(struct rdata_lexer *lexer)
{
    struct rdata_digits digits = { .bits_each = 6 };
    struct text word = lexer->rest;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && rdata_next_word(lexer, &word))
        status = rdata_write_digits(lexer, &digits, word, lexer->out);
    return status == STATUS_OK ? end_digits(lexer, &digits, word) : status;
}

static enum status parse_hash(struct rdata_lexer *lexer)
{
    struct rdata_digits digits = { .bits_each = 5 };
    struct text word;
    size_t length_at = bytes_writer_count(lexer->out);
    enum status status = need_word(lexer, &word, "a hash is missing at the end");
    if (status != STATUS_OK)
        return status;

    bytes_write_u8(lexer->out, 0);
    status = rdata_write_digits(lexer, &digits, word, lexer->out);
    if (status == STATUS_OK)
        status = end_digits(lexer, &digits, word);
    if (status != STATUS_OK || lexer->out->failed)
        return status;
    size_t count = bytes_writer_count(lexer->out) - length_at - 1;
    if (count < 1 || count > UINT8_MAX)
        return rdata_complain(lexer, word, "is not a hash of 1 to 255 bytes");
    bytes_patch_u8(lexer->out, length_at, (uint8_t)count);
    return STATUS_OK;
}

/* Pairs of digits. */
static enum status write_hex(struct rdata_lexer *lexer, struct text word)
{
    if (word.count % 2 != 0)
        return rdata_complain(lexer, word, "has half a byte too many");
    for (size_t i = 0; i < word.count; i += 2) {
        uint64_t byte;
        if (text_to_u64_hex(text_part(word, i, 2), &byte) != STATUS_OK)
            return rdata_complain(lexer, word, "is not hexadecimal");
        bytes_write_u8(lexer->out, (uint8_t)byte);
    }
    return STATUS_OK;
}

static enum status parse_hex(struct rdata_lexer *lexer)
{
    struct text word;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && rdata_next_word(lexer, &word))
        status = write_hex(lexer, word);
    return status;
}

static enum status parse_salt(struct rdata_lexer *lexer)
{
    struct text word;
    size_t length_at = bytes_writer_count(lexer->out);
    enum status status = need_word(lexer, &word, "a salt is missing at the end (try -)");
    if (status != STATUS_OK)
        return status;
    bytes_write_u8(lexer->out, (uint8_t)(word.count / 2));
    if (text_equal(word, TEXT("-"))) {
        bytes_patch_u8(lexer->out, length_at, 0);
        return STATUS_OK;
    }
    if (word.count / 2 > UINT8_MAX)
        return rdata_complain(lexer, word, "is longer than 255 bytes");
    return write_hex(lexer, word);
}

/* ------------------------------------------------------------------ bitmaps */

/* RFC 4034 section 4.1.2. */
static enum status parse_types(struct rdata_lexer *lexer)
{
    uint8_t bitmap[BITMAP_WINDOWS][BITMAP_BYTES] = { { 0 } };
    struct text word;
    uint16_t type;

    while (rdata_next_word(lexer, &word)) {
        if (rrtype_from_text(word, &type) != STATUS_OK)
            return rdata_complain(lexer, word, "is not a record type");
        bitmap[type >> 8][(type & 0xff) / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    for (unsigned window = 0; window < BITMAP_WINDOWS; window++) {
        size_t count = BITMAP_BYTES;
        while (count > 0 && bitmap[window][count - 1] == 0)
            count--;
        if (count == 0)
            continue;
        bytes_write_u8(lexer->out, (uint8_t)window);
        bytes_write_u8(lexer->out, (uint8_t)count);
        bytes_write_copy(lexer->out, bitmap[window], count);
    }
    return STATUS_OK;
}

/* RFC 2535 section 5.2. */
static enum status parse_types_flat(struct rdata_lexer *lexer)
{
    uint8_t bitmap[FLAT_BYTES] = { 0 };
    size_t count = FLAT_BYTES;
    struct text word;
    uint16_t type;

    while (rdata_next_word(lexer, &word)) {
        if (rrtype_from_text(word, &type) != STATUS_OK || type >= FLAT_BYTES * 8)
            return rdata_complain(lexer, word, "is not a record type below 128");
        bitmap[type / 8] |= (uint8_t)(0x80 >> type % 8);
    }
    while (count > 0 && bitmap[count - 1] == 0)
        count--;
    bytes_write_copy(lexer->out, bitmap, count);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ whole rdata */

static enum status (*const parsers[FIELD_KINDS])(struct rdata_lexer *lexer) = {
    [FIELD_NAME_COMPRESSED] = parse_name,
    [FIELD_NAME_TOLERATED] = parse_name,
    [FIELD_NAME] = parse_name,
    [FIELD_U8] = parse_u8,
    [FIELD_U16] = parse_u16,
    [FIELD_U32] = parse_u32,
    [FIELD_TYPE] = parse_type,
    [FIELD_TIME] = parse_time,
    [FIELD_LOCATOR64] = parse_locator64,
    [FIELD_IP4] = parse_ip4,
    [FIELD_IP6] = parse_ip6,
    [FIELD_EUI48] = parse_eui48,
    [FIELD_EUI64] = parse_eui64,
    [FIELD_STRING] = parse_string,
    [FIELD_TAG] = parse_tag,
    [FIELD_SALT] = parse_salt,
    [FIELD_HASH] = parse_hash,
    [FIELD_STRINGS] = parse_strings,
    [FIELD_TYPES] = parse_types,
    [FIELD_TYPES_FLAT] = parse_types_flat,
    [FIELD_PARAMETERS] = rdata_parse_parameters,
    [FIELD_QUOTED] = parse_quoted,
    [FIELD_BASE64] = parse_base64,
    [FIELD_HEX] = parse_hex,
};

/* "\# LENGTH HEX...", the first word already taken. */
static enum status parse_unknown(struct rdata_lexer *lexer, uint16_t type)
{
    struct text length_word;
    uint16_t length;
    size_t start = bytes_writer_count(lexer->out);
    enum status status = need_word(lexer, &length_word, "the count of bytes is missing behind \\#");
    if (status != STATUS_OK)
        return status;
    if (text_to_u16(length_word, &length) != STATUS_OK)
        return rdata_complain(lexer, length_word, "is not a count of bytes (0 to 65535)");
    struct text digits = lexer->rest;
    status = parse_hex(lexer);
    if (status != STATUS_OK || lexer->out->failed)
        return status;
    struct bytes written = bytes_writer_written(lexer->out);
    struct bytes rdata = bytes_of(written.at + start, written.count - start);
    if (rdata.count != length)
        return rdata_complain(lexer, length_word, "is not how many bytes follow");
    return rdata_check(rdata, type) == STATUS_OK
               ? STATUS_OK
               : rdata_complain(lexer, digits, "is not what a record of this type holds");
}

static enum status parse_fields(struct rdata_lexer *lexer, uint16_t type)
{
    const uint8_t *layout = rdata_fields_of(type);
    struct text word;

    for (const uint8_t *field = layout; field != NULL && *field != FIELD_END; field++) {
        if (parsers[*field] == NULL)
            return STATUS_NOT_FOUND;
    }
    if (layout == NULL)
        return STATUS_NOT_FOUND;
    for (; *layout != FIELD_END; layout++) {
        enum status status = parsers[*layout](lexer);
        if (status != STATUS_OK)
            return status;
    }
    if (rdata_next_word(lexer, &word))
        return rdata_complain(lexer, word, "is one field more than a record of this type has");
    return STATUS_OK;
}

enum status rdata_parse(struct text text, uint16_t type, struct bytes_writer *out,
                        struct rdata_complaint *complaint)
{
    struct rdata_lexer lexer = { text, out, complaint };
    struct rdata_lexer ahead = lexer;
    size_t mark = bytes_writer_count(out);
    struct text word;

    *complaint = (struct rdata_complaint){ text, "" };
    if (out->failed)
        return STATUS_NO_SPACE;
    bool unknown = rdata_next_word(&ahead, &word) && text_equal(word, TEXT("\\#"));
    enum status status = unknown ? parse_unknown(&ahead, type) : parse_fields(&lexer, type);
    if (status == STATUS_OK && (out->failed || bytes_writer_count(out) - mark > RDATA_MAX))
        status = STATUS_NO_SPACE;
    if (status != STATUS_OK)
        bytes_writer_rewind(out, mark);
    return status;
}

#include "base/text.h"

#include <stdio.h>

/* ------------------------------------------------------------------ comparing */

char text_fold(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_equal(struct text a, struct text b)
{
    return a.count == b.count && (a.count == 0 || memcmp(a.at, b.at, a.count) == 0);
}

bool text_equal_nocase(struct text a, struct text b)
{
    return a.count == b.count && text_starts_nocase(a, b);
}

int text_compare(struct text a, struct text b)
{
    size_t shared = a.count < b.count ? a.count : b.count;
    int order = shared > 0 ? memcmp(a.at, b.at, shared) : 0;
    if (order != 0)
        return order;
    return (a.count > b.count) - (a.count < b.count);
}

bool text_starts(struct text text, struct text prefix)
{
    return text.count >= prefix.count && text_equal(text_part(text, 0, prefix.count), prefix);
}

bool text_ends(struct text text, struct text suffix)
{
    return text.count >= suffix.count
           && text_equal(text_after(text, text.count - suffix.count), suffix);
}

bool text_starts_nocase(struct text text, struct text prefix)
{
    if (text.count < prefix.count)
        return false;
    for (size_t i = 0; i < prefix.count; i++) {
        if (text_fold(text.at[i]) != text_fold(prefix.at[i]))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ taking apart */

size_t text_find(struct text text, char c)
{
    const char *found = text.count > 0 ? memchr(text.at, c, text.count) : NULL;
    return found != NULL ? (size_t)(found - text.at) : SIZE_MAX;
}

size_t text_find_last(struct text text, char c)
{
    for (size_t i = text.count; i > 0; i--) {
        if (text.at[i - 1] == c)
            return i - 1;
    }
    return SIZE_MAX;
}

struct text text_part(struct text text, size_t from, size_t count)
{
    if (text.at == NULL)
        return TEXT_NONE;
    if (from > text.count)
        from = text.count;
    if (count > text.count - from)
        count = text.count - from;
    return (struct text){ text.at + from, count };
}

struct text text_after(struct text text, size_t from)
{
    return text_part(text, from, SIZE_MAX);
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct text text_trim(struct text text)
{
    size_t first = 0;
    size_t end = text.count;

    while (first < end && is_blank(text.at[first]))
        first++;
    while (end > first && is_blank(text.at[end - 1]))
        end--;
    return text_part(text, first, end - first);
}

bool text_next_field(struct text *rest, char separator, struct text *field)
{
    /* Stands for the empty field after a last separator. Its address tells it from an empty text at
     * the start, which has no field at all. */
    static const char last_is_empty[1];

    if (rest->count == 0 && rest->at != last_is_empty) {
        *rest = TEXT_NONE;
        return false;
    }

    size_t end = text_find(*rest, separator);
    *field = text_part(*rest, 0, end);
    if (end == SIZE_MAX)
        *rest = TEXT_NONE;
    else if (end + 1 == rest->count)
        *rest = (struct text){ last_is_empty, 0 };
    else
        *rest = text_after(*rest, end + 1);
    return true;
}

bool text_next_word(struct text *rest, struct text *word)
{
    size_t first = 0;
    while (first < rest->count && is_blank(rest->at[first]))
        first++;

    size_t end = first;
    while (end < rest->count && !is_blank(rest->at[end]))
        end++;

    struct text found = text_part(*rest, first, end - first);
    *rest = text_after(*rest, end);
    if (found.count == 0)
        return false;
    *word = found;
    return true;
}

bool text_next_line(struct text *rest, struct text *line)
{
    if (rest->count == 0)
        return false;

    size_t end = text_find(*rest, '\n');
    *line = text_part(*rest, 0, end);
    if (end != SIZE_MAX && line->count > 0 && line->at[line->count - 1] == '\r')
        line->count--;
    *rest = end == SIZE_MAX ? text_after(*rest, rest->count) : text_after(*rest, end + 1);
    return true;
}

/* ------------------------------------------------------------------ edit distance */

#define DISTANCE_TEXT_MAX 64

static unsigned smaller(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Optimal string alignment: Levenshtein's table with one more move, a swap of neighbours, so three
 * rows of the table are alive at once. */
unsigned text_distance(struct text a, struct text b, unsigned limit)
{
    if (a.count > DISTANCE_TEXT_MAX || b.count > DISTANCE_TEXT_MAX)
        return limit + 1;

    unsigned rows[3][DISTANCE_TEXT_MAX + 1];
    for (unsigned j = 0; j <= b.count; j++)
        rows[0][j] = j;

    for (unsigned i = 1; i <= a.count; i++) {
        unsigned *row = rows[i % 3];
        const unsigned *above = rows[(i + 2) % 3];
        const unsigned *above_two = rows[(i + 1) % 3];

        row[0] = i;
        for (unsigned j = 1; j <= b.count; j++) {
            unsigned replaced = above[j - 1] + (a.at[i - 1] != b.at[j - 1]);
            row[j] = smaller(replaced, smaller(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a.at[i - 1] == b.at[j - 2] && a.at[i - 2] == b.at[j - 1])
                row[j] = smaller(row[j], above_two[j - 2] + 1);
        }
    }
    return smaller(rows[a.count % 3][b.count], limit + 1);
}

/* ------------------------------------------------------------------ reading values */

/* The value of a hexadecimal digit, or 16 and more. */
static unsigned digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c = text_fold(c);
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return 16;
}

static bool all_digits(struct text text, unsigned base)
{
    for (size_t i = 0; i < text.count; i++) {
        if (digit_value(text.at[i]) >= base)
            return false;
    }
    return text.count > 0;
}

static enum status read_number(struct text text, unsigned base, uint64_t max, uint64_t *value)
{
    if (!all_digits(text, base))
        return STATUS_MALFORMED;

    uint64_t sum = 0;
    for (size_t i = 0; i < text.count; i++) {
        if (__builtin_mul_overflow(sum, base, &sum)
            || __builtin_add_overflow(sum, digit_value(text.at[i]), &sum))
            return STATUS_RANGE;
    }
    if (sum > max)
        return STATUS_RANGE;
    *value = sum;
    return STATUS_OK;
}

enum status text_to_u64(struct text text, uint64_t max, uint64_t *value)
{
    return read_number(text, 10, max, value);
}

enum status text_to_u32(struct text text, uint32_t *value)
{
    uint64_t wide;
    enum status status = read_number(text, 10, UINT32_MAX, &wide);
    if (status == STATUS_OK)
        *value = (uint32_t)wide;
    return status;
}

enum status text_to_u16(struct text text, uint16_t *value)
{
    uint64_t wide;
    enum status status = read_number(text, 10, UINT16_MAX, &wide);
    if (status == STATUS_OK)
        *value = (uint16_t)wide;
    return status;
}

enum status text_to_u32_any(struct text text, uint32_t *value)
{
    uint64_t wide;
    bool hex = text_starts_nocase(text, TEXT("0x"));
    enum status status = hex ? read_number(text_after(text, 2), 16, UINT32_MAX, &wide)
                             : read_number(text, 10, UINT32_MAX, &wide);
    if (status == STATUS_OK)
        *value = (uint32_t)wide;
    return status;
}

enum status text_to_u64_hex(struct text text, uint64_t *value)
{
    if (text.count > 16)
        return all_digits(text, 16) ? STATUS_RANGE : STATUS_MALFORMED;
    return read_number(text, 16, UINT64_MAX, value);
}

/* Seconds of a unit letter, 0 when it is none. */
static uint32_t unit_seconds(char letter)
{
    switch (text_fold(letter)) {
    case 's':
        return 1;
    case 'm':
        return 60;
    case 'h':
        return 60 * 60;
    case 'd':
        return 24 * 60 * 60;
    case 'w':
        return 7 * 24 * 60 * 60;
    default:
        return 0;
    }
}

enum status text_to_duration(struct text text, uint32_t *seconds)
{
    if (text_equal(text, TEXT("infinite"))) {
        *seconds = DURATION_INFINITE;
        return STATUS_OK;
    }

    uint32_t unit = text.count > 0 ? unit_seconds(text.at[text.count - 1]) : 0;
    if (unit != 0)
        text.count--;
    else
        unit = 1;

    uint64_t count;
    enum status status = read_number(text, 10, (DURATION_INFINITE - 1) / unit, &count);
    if (status == STATUS_OK)
        *seconds = (uint32_t)count * unit;
    return status;
}

/* Walks the pairs; writes them when `to` is given, else only checks and counts. */
static bool walk_hex_pairs(struct text text, uint8_t *to, size_t *count)
{
    size_t pairs = 0;

    for (size_t i = 0; i < text.count; pairs++) {
        if (pairs > 0 && (text.at[i] == ':' || text.at[i] == '-' || text.at[i] == ' '))
            i++;
        if (text.count - i < 2)
            return false;
        unsigned high = digit_value(text.at[i]);
        unsigned low = digit_value(text.at[i + 1]);
        if (high > 15 || low > 15)
            return false;
        if (to != NULL)
            to[pairs] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    *count = pairs;
    return true;
}

enum status text_to_hex_bytes(struct text text, uint8_t *to, size_t room, size_t *count)
{
    size_t pairs;

    if (!walk_hex_pairs(text, NULL, &pairs))
        return STATUS_MALFORMED;
    if (pairs > room)
        return STATUS_NO_SPACE;
    (void)walk_hex_pairs(text, to, count);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ building */

struct text_out text_out_on(char *buffer, size_t room)
{
    assert(buffer != NULL || room == 0);
    if (room > 0)
        buffer[0] = '\0';
    return (struct text_out){ buffer, 0, room, false };
}

/* Characters that still fit before the NUL. */
static size_t room_left(const struct text_out *out)
{
    return out->room > 0 ? out->room - 1 - out->count : 0;
}

void text_put(struct text_out *out, struct text text)
{
    if (out->failed || text.count == 0)
        return;

    size_t left = room_left(out);
    if (text.count > left) {
        out->failed = true;
        text.count = left;
    }
    if (text.count == 0)
        return;
    memcpy(out->start + out->count, text.at, text.count);
    out->count += text.count;
    out->start[out->count] = '\0';
}

void text_put_string(struct text_out *out, const char *string)
{
    text_put(out, text_of(string));
}

void text_put_char(struct text_out *out, char c)
{
    text_put(out, (struct text){ &c, 1 });
}

void text_put_u64(struct text_out *out, uint64_t value)
{
    char digits[20]; /* UINT64_MAX has 20 */
    size_t first = sizeof digits;

    do {
        digits[--first] = (char)('0' + value % 10);
        value /= 10;
    } while (value != 0);
    text_put(out, (struct text){ digits + first, sizeof digits - first });
}

void text_printf(struct text_out *out, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    text_vprintf(out, format, arguments);
    va_end(arguments);
}

void text_vprintf(struct text_out *out, const char *format, va_list arguments)
{
    if (out->failed)
        return;

    char no_buffer[1];
    char *end = out->room > 0 ? out->start + out->count : no_buffer;
    int count = vsnprintf(end, out->room > 0 ? out->room - out->count : 1, format, arguments);
    if (count < 0) {
        *end = '\0';
        out->failed = true;
        return;
    }

    size_t left = room_left(out);
    out->failed = (size_t)count > left;
    out->count += out->failed ? left : (size_t)count;
}

void text_put_hex(struct text_out *out, struct bytes bytes, char separator)
{
    static const char digits[] = "0123456789abcdef";

    for (size_t i = 0; i < bytes.count; i++) {
        if (i > 0 && separator != '\0')
            text_put_char(out, separator);
        char pair[2] = { digits[bytes.at[i] >> 4], digits[bytes.at[i] & 15] };
        text_put(out, (struct text){ pair, 2 });
    }
}

void text_put_base64(struct text_out *out, struct bytes bytes)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    for (size_t i = 0; i < bytes.count; i += 3) {
        size_t left = bytes.count - i;
        uint32_t group = (uint32_t)bytes.at[i] << 16;
        if (left > 1)
            group |= (uint32_t)bytes.at[i + 1] << 8;
        if (left > 2)
            group |= bytes.at[i + 2];

        char four[4] = { digits[group >> 18], digits[group >> 12 & 63],
                         left > 1 ? digits[group >> 6 & 63] : '=',
                         left > 2 ? digits[group & 63] : '=' };
        text_put(out, (struct text){ four, 4 });
    }
}

void text_put_safe(struct text_out *out, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.count; i++) {
        uint8_t c = bytes.at[i];
        if (c >= ' ' && c <= '~' && c != '\\') {
            text_put_char(out, (char)c);
            continue;
        }
        char octal[4] = { '\\', (char)('0' + (c >> 6)), (char)('0' + (c >> 3 & 7)),
                          (char)('0' + (c & 7)) };
        text_put(out, (struct text){ octal, 4 });
    }
}

void text_put_duration(struct text_out *out, uint32_t seconds)
{
    static const struct {
        uint32_t seconds;
        char letter;
    } units[] = { { 24 * 60 * 60, 'd' }, { 60 * 60, 'h' }, { 60, 'm' }, { 1, 's' } };

    if (seconds == DURATION_INFINITE) {
        text_put(out, TEXT("infinite"));
        return;
    }
    if (seconds == 0) {
        text_put(out, TEXT("0s"));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(units); i++) {
        if (seconds < units[i].seconds)
            continue;
        text_put_u64(out, seconds / units[i].seconds);
        text_put_char(out, units[i].letter);
        seconds %= units[i].seconds;
    }
}

void text_out_rewind(struct text_out *out, size_t count)
{
    assert(count <= out->count);
    out->count = count;
    out->failed = false;
    if (out->room > 0)
        out->start[count] = '\0';
}

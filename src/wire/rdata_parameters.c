#include "wire/rdata_lexer.h"

#include <stdlib.h>

#include "base/address.h"

#define PARAMETERS_MAX 64 /* of one record */
#define MANDATORY_MAX  32
#define VALUE_MAX      4096

enum {
    KEY_MANDATORY,
    KEY_ALPN,
    KEY_NO_DEFAULT_ALPN,
    KEY_PORT,
    KEY_IP4_HINT,
    KEY_ECH,
    KEY_IP6_HINT,
    KEY_DOHPATH,
    KEYS_KNOWN,
};

static const char *const key_names[KEYS_KNOWN] = {
    "mandatory", "alpn", "no-default-alpn", "port", "ipv4hint", "ech", "ipv6hint", "dohpath",
};

static bool read_key(struct text text, uint16_t *key)
{
    for (uint16_t i = 0; i < KEYS_KNOWN; i++) {
        if (text_equal_nocase(text, text_of(key_names[i]))) {
            *key = i;
            return true;
        }
    }
    return text_starts_nocase(text, TEXT("key"))
           && text_to_u16(text_after(text, 3), key) == STATUS_OK
           && *key != UINT16_MAX; /* reserved: no such parameter (RFC 9460 section 14.3.2) */
}

static int compare_keys(const void *a, const void *b)
{
    return *(const uint16_t *)a - *(const uint16_t *)b;
}

/* ------------------------------------------------------------------ values */

/* Each gets the value with quotes and escapes undone, and `word` for complaints. */

static enum status write_mandatory(struct rdata_lexer *lexer, struct text word, struct text value,
                                   struct bytes_writer *to)
{
    uint16_t keys[MANDATORY_MAX];
    size_t count = 0;
    struct text one;

    while (text_next_field(&value, ',', &one)) {
        if (count == MANDATORY_MAX || !read_key(one, &keys[count]) || keys[count] == KEY_MANDATORY)
            return rdata_complain(lexer, word, "is not a list of service parameters");
        count++;
    }
    qsort(keys, count, sizeof keys[0], compare_keys);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && keys[i] == keys[i - 1])
            return rdata_complain(lexer, word, "names a service parameter twice");
        bytes_write_u16(to, keys[i]);
    }
    return STATUS_OK;
}

/* Protocols with commas between them; a comma or backslash of a protocol's name stands behind a
 * backslash of its own (RFC 9460 appendix A.1). */
static enum status write_alpn(struct rdata_lexer *lexer, struct text word, struct text value,
                              struct bytes_writer *to)
{
    size_t start = bytes_writer_count(to);
    bytes_write_u8(to, 0);

    for (size_t i = 0; i <= value.count && !to->failed; i++) {
        if (i < value.count && value.at[i] != ',') {
            if (value.at[i] == '\\' && ++i == value.count)
                return rdata_complain(lexer, word, "ends within an escape");
            bytes_write_u8(to, (uint8_t)value.at[i]);
            continue;
        }
        size_t count = bytes_writer_count(to) - start - 1;
        if (count == 0 || count > UINT8_MAX)
            return rdata_complain(lexer, word, "holds a protocol of no or too many characters");
        bytes_patch_u8(to, start, (uint8_t)count);
        start = bytes_writer_count(to);
        if (i < value.count)
            bytes_write_u8(to, 0);
    }
    return STATUS_OK;
}

static enum status write_port(struct rdata_lexer *lexer, struct text word, struct text value,
                              struct bytes_writer *to)
{
    uint16_t port;
    if (text_to_u16(value, &port) != STATUS_OK)
        return rdata_complain(lexer, word, "is not a port (0 to 65535)");
    bytes_write_u16(to, port);
    return STATUS_OK;
}

static enum status write_hints(struct rdata_lexer *lexer, struct text word, struct text value,
                               struct bytes_writer *to, enum address_family family)
{
    struct text one;
    struct address address;

    while (text_next_field(&value, ',', &one)) {
        if (address_from_text(one, &address) != STATUS_OK || address.family != family)
            return rdata_complain(lexer, word,
                                  family == ADDRESS_IP4 ? "is not a list of IPv4 addresses"
                                                        : "is not a list of IPv6 addresses");
        bytes_write_span(to, address_bytes(&address));
    }
    return STATUS_OK;
}

static enum status write_ech(struct rdata_lexer *lexer, struct text word, struct text value,
                             struct bytes_writer *to)
{
    struct rdata_digits digits = { .bits_each = 6 };
    (void)word;
    return rdata_write_digits(lexer, &digits, value, to);
}

static enum status write_value(struct rdata_lexer *lexer, uint16_t key, struct text word,
                               struct text value, struct bytes_writer *to)
{
    switch (key) {
    case KEY_MANDATORY:
        return write_mandatory(lexer, word, value, to);
    case KEY_ALPN:
        return write_alpn(lexer, word, value, to);
    case KEY_PORT:
        return write_port(lexer, word, value, to);
    case KEY_IP4_HINT:
        return write_hints(lexer, word, value, to, ADDRESS_IP4);
    case KEY_ECH:
        return write_ech(lexer, word, value, to);
    case KEY_IP6_HINT:
        return write_hints(lexer, word, value, to, ADDRESS_IP6);
    default:
        bytes_write_span(to, text_bytes(value));
        return STATUS_OK;
    }
}

/* ------------------------------------------------------------------ the list */

struct parameter {
    uint16_t key;
    struct text word;  /* all of it */
    struct text value; /* as written; at NULL: none */
};

static int compare_parameters(const void *a, const void *b)
{
    const struct parameter *left = a;
    const struct parameter *right = b;
    return left->key - right->key;
}

static enum status read_parameter(struct rdata_lexer *lexer, struct text word,
                                  struct parameter *parameter)
{
    size_t equals = text_find(word, '=');
    *parameter = (struct parameter){ .word = word };

    if (!read_key(text_part(word, 0, equals), &parameter->key))
        return rdata_complain(lexer, word,
                              "is not a service parameter (try alpn=h2, port=443, ipv4hint=..., "
                              "key65280=...)");
    if (equals != SIZE_MAX)
        parameter->value = text_after(word, equals + 1);
    if (parameter->key == KEY_NO_DEFAULT_ALPN && equals != SIZE_MAX)
        return rdata_complain(lexer, word, "takes no value");
    if (parameter->key < KEYS_KNOWN && parameter->key != KEY_NO_DEFAULT_ALPN
        && parameter->value.count == 0)
        return rdata_complain(lexer, word, "needs a value");
    return STATUS_OK;
}

static enum status write_parameter(struct rdata_lexer *lexer, const struct parameter *parameter)
{
    uint8_t buffer[VALUE_MAX];
    struct bytes_writer value = bytes_writer_on(buffer, sizeof buffer);

    if (parameter->value.count > VALUE_MAX)
        return rdata_complain(lexer, parameter->word, "is too long");
    enum status status = rdata_write_word(lexer, parameter->value, &value);
    if (status != STATUS_OK)
        return status;

    bytes_write_u16(lexer->out, parameter->key);
    size_t length_at = bytes_writer_count(lexer->out);
    bytes_write_u16(lexer->out, 0);
    status = write_value(lexer, parameter->key, parameter->word,
                         text_from_bytes(bytes_writer_written(&value)), lexer->out);
    if (status != STATUS_OK || lexer->out->failed)
        return status;
    bytes_patch_u16(lexer->out, length_at,
                    (uint16_t)(bytes_writer_count(lexer->out) - length_at - 2));
    return STATUS_OK;
}

enum status rdata_parse_parameters(struct rdata_lexer *lexer)
{
    struct parameter parameters[PARAMETERS_MAX];
    size_t count = 0;
    struct text word;

    while (rdata_next_word(lexer, &word)) {
        if (count == PARAMETERS_MAX)
            return rdata_complain(lexer, word, "is one service parameter too many");
        enum status status = read_parameter(lexer, word, &parameters[count++]);
        if (status != STATUS_OK)
            return status;
    }
    qsort(parameters, count, sizeof parameters[0], compare_parameters);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && parameters[i].key == parameters[i - 1].key)
            return rdata_complain(lexer, parameters[i].word, "is a service parameter given twice");
        enum status status = write_parameter(lexer, &parameters[i]);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX (1 << 20)

bool scenario_open(struct scenario *scenario, const char *path)
{
    scenario->path = path;
    scenario->next_number = 1;
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return false;
    }
    char *content = arena_take(&scenario->arena, FILE_BYTES_MAX);
    size_t count = content != NULL ? fread(content, 1, FILE_BYTES_MAX - 1, file) : 0;
    fclose(file);
    if (count == 0) {
        fprintf(stderr, "%s: empty\n", path);
        return false;
    }
    scenario->content = (struct text){ content, count };
    return true;
}

/* ------------------------------------------------------------------ lines into words */

static struct text look_up(const struct scenario *scenario, struct text text)
{
    for (size_t i = 0; i < scenario->variable_count && text_starts(text, TEXT("$")); i++)
        if (text_equal(text_of(scenario->variables[i].name), text))
            return text_of(scenario->variables[i].value);
    return text;
}

/* Takes one word off the front of *rest, its characters without quotes to the line's buffer.
 * Inside quotes \" \\ \n and \ooo (octal) are escapes. */
struct word_reader {
    struct scenario *scenario;
    struct text rest;
    char *at;
    char *end;
};

static void put_character(struct word_reader *reader, char c)
{
    if (reader->at >= reader->end)
        scenario_fail(reader->scenario, "the line is too long");
    *reader->at++ = c;
}

static char next_character(struct word_reader *reader)
{
    char c = reader->rest.at[0];
    reader->rest = text_after(reader->rest, 1);
    return c;
}

static void read_escape(struct word_reader *reader)
{
    if (reader->rest.count == 0)
        scenario_fail(reader->scenario, "a quoted word ends in a backslash");
    char c = next_character(reader);
    if (c < '0' || c > '7') {
        put_character(reader, c == 'n' ? '\n' : c);
        return;
    }
    unsigned value = (unsigned)(c - '0');
    for (int i = 0; i < 2 && reader->rest.count > 0; i++)
        value = value * 8 + (unsigned)(next_character(reader) - '0');
    put_character(reader, (char)value);
}

static void read_quoted(struct word_reader *reader)
{
    for (;;) {
        if (reader->rest.count == 0)
            scenario_fail(reader->scenario, "a quote is not closed");
        char c = next_character(reader);
        if (c == '"')
            return;
        if (c == '\\')
            read_escape(reader);
        else
            put_character(reader, c);
    }
}

static void read_word(struct word_reader *reader, struct word *word)
{
    char *start = reader->at;
    char *equals = NULL;
    *word = (struct word){ .used = false };
    if (reader->rest.count > 1 && reader->rest.at[0] == '!') {
        word->negated = true;
        reader->rest = text_after(reader->rest, 1);
    }
    while (reader->rest.count > 0 && reader->rest.at[0] != ' ' && reader->rest.at[0] != '\t') {
        char c = next_character(reader);
        if (c == '"') {
            word->quoted = true;
            read_quoted(reader);
            continue;
        }
        if (c == '=' && equals == NULL && !word->quoted)
            equals = reader->at;
        put_character(reader, c);
    }
    struct text all = { start, (size_t)(reader->at - start) };
    word->key = equals != NULL ? text_part(all, 0, (size_t)(equals - start)) : all;
    word->has_value = equals != NULL;
    if (equals != NULL)
        word->value = text_after(all, (size_t)(equals - start) + 1);
    if (!word->quoted) {
        word->key = look_up(reader->scenario, word->key);
        word->value = look_up(reader->scenario, word->value);
    }
}

static void split_line(struct scenario *scenario, struct text text)
{
    struct line *line = &scenario->line;
    struct word_reader reader = { scenario, text, line->buffer,
                                  line->buffer + sizeof line->buffer };
    line->count = line->next = 0;
    while (reader.rest = text_trim(reader.rest), reader.rest.count > 0) {
        if (reader.rest.at[0] == '#')
            return;
        if (line->count == SCENARIO_WORDS_MAX)
            scenario_fail(scenario, "too many words");
        read_word(&reader, &line->words[line->count++]);
    }
}

static bool take_raw_line(struct scenario *scenario, struct text *raw)
{
    struct text rest = text_after(scenario->content, scenario->offset);
    if (!text_next_line(&rest, raw))
        return false;
    scenario->offset =
        rest.at == NULL ? scenario->content.count : (size_t)(rest.at - scenario->content.at);
    scenario->next_number++;
    return true;
}

bool scenario_next_line(struct scenario *scenario)
{
    struct text raw;
    do {
        scenario->line.number = scenario->next_number;
        if (!take_raw_line(scenario, &raw))
            return false;
        scenario->line.raw = text_trim(raw);
        split_line(scenario, scenario->line.raw);
    } while (scenario->line.count == 0);
    return true;
}

struct text scenario_take_block(struct scenario *scenario, bool keep_numbers)
{
    unsigned before = keep_numbers ? scenario->next_number - 1 : 0;
    size_t start = scenario->offset;
    size_t end = start;
    struct text raw;
    for (;;) {
        if (!take_raw_line(scenario, &raw))
            scenario_fail(scenario, "the block has no end");
        if (text_equal(text_trim(raw), TEXT("end")))
            break;
        end = scenario->offset;
    }
    char *block = arena_take(&scenario->arena, before + (end - start) + 1);
    if (block == NULL)
        abort();
    memset(block, '\n', before);
    memcpy(block + before, scenario->content.at + start, end - start);
    return (struct text){ block, before + (end - start) };
}

/* ------------------------------------------------------------------ taking words */

static bool is_positional(const struct word *word)
{
    return !word->used && !word->has_value && !word->negated;
}

static struct word *next_positional(struct line *line)
{
    while (line->next < line->count && !is_positional(&line->words[line->next]))
        line->next++;
    return line->next < line->count ? &line->words[line->next] : NULL;
}

struct text line_take(struct scenario *scenario, const char *what)
{
    struct word *word = next_positional(&scenario->line);
    if (word == NULL)
        scenario_fail(scenario, "%s is missing", what);
    word->used = true;
    scenario->line.next++;
    return word->key;
}

bool line_take_if(struct scenario *scenario, const char *word)
{
    struct word *next = next_positional(&scenario->line);
    if (next == NULL || next->quoted || !text_equal(next->key, text_of(word)))
        return false;
    next->used = true;
    scenario->line.next++;
    return true;
}

static struct word *find_word(struct scenario *scenario, const char *key, bool has_value)
{
    for (size_t i = 0; i < scenario->line.count; i++) {
        struct word *word = &scenario->line.words[i];
        if (!word->used && !word->negated && word->has_value == has_value
            && (has_value || !word->quoted) && text_equal(word->key, text_of(key))) {
            word->used = true;
            return word;
        }
    }
    return NULL;
}

const struct word *line_key(struct scenario *scenario, const char *key)
{
    return find_word(scenario, key, true);
}

bool line_flag(struct scenario *scenario, const char *key)
{
    return find_word(scenario, key, false) != NULL;
}

uint64_t line_number(struct scenario *scenario, const char *key, uint64_t without)
{
    const struct word *word = line_key(scenario, key);
    uint32_t value;
    if (word == NULL)
        return without;
    if (text_to_u32_any(word->value, &value) != STATUS_OK
        && text_to_duration(word->value, &value) != STATUS_OK)
        scenario_fail(scenario, "%s=%.*s is not a number", key, TEXT_ARG(word->value));
    return value;
}

struct address line_address(struct scenario *scenario, const char *key, struct address without)
{
    const struct word *word = line_key(scenario, key);
    return word != NULL ? scenario_address(scenario, word->value) : without;
}

struct endpoint line_endpoint(struct scenario *scenario, const char *key, struct endpoint without)
{
    const struct word *word = line_key(scenario, key);
    return word != NULL ? scenario_endpoint(scenario, word->value, without.port) : without;
}

void line_done(struct scenario *scenario)
{
    for (size_t i = 0; i < scenario->line.count; i++) {
        const struct word *word = &scenario->line.words[i];
        if (!word->used)
            scenario_fail(scenario, "\"%.*s\" is not understood here", TEXT_ARG(word->key));
    }
}

/* ------------------------------------------------------------------ values */

struct address scenario_address(struct scenario *scenario, struct text text)
{
    struct address address;
    if (address_from_text(text, &address) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" is not an address", TEXT_ARG(text));
    return address;
}

struct endpoint scenario_endpoint(struct scenario *scenario, struct text text, uint16_t port)
{
    size_t hash = text_find(text, '#');
    struct endpoint endpoint = { .port = port };
    endpoint.address = scenario_address(scenario, text_part(text, 0, hash));
    if (hash != SIZE_MAX && text_to_u16(text_after(text, hash + 1), &endpoint.port) != STATUS_OK)
        scenario_fail(scenario, "\"%.*s\" has no port", TEXT_ARG(text));
    return endpoint;
}

static uint64_t unit_ms(struct text unit)
{
    static const struct {
        const char *unit;
        uint64_t ms;
    } units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
    };
    for (size_t i = 0; i < COUNT_OF(units); i++)
        if (text_equal(unit, text_of(units[i].unit)))
            return units[i].ms;
    return 0;
}

uint64_t scenario_time_ms(struct scenario *scenario, struct text text)
{
    uint64_t whole = 0;
    uint64_t thousandths = 0;
    uint64_t scale = 100;
    bool fraction = false;
    size_t i = 0;
    for (; i < text.count && (text.at[i] == '.' || (text.at[i] >= '0' && text.at[i] <= '9')); i++) {
        unsigned digit = (unsigned)(text.at[i] - '0');
        if (text.at[i] == '.') {
            fraction = true;
        } else if (fraction) {
            thousandths += digit * scale;
            scale /= 10;
        } else {
            whole = whole * 10 + digit;
        }
    }
    uint64_t unit = unit_ms(text_after(text, i));
    if (i == 0 || unit == 0 || whole > 1000000000)
        scenario_fail(scenario, "\"%.*s\" is not a time (10s, 250ms, 1h)", TEXT_ARG(text));
    return whole * unit + thousandths * unit / 1000;
}

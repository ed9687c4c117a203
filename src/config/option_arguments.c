/* The command line, read as GNU getopt_long does. */
#include "config/option.h"
#include "config/option_reader.h"

struct arguments {
    struct option_reader *reader;
    int count;
    char *const *words;
    int at;                      /* the word being read */
    const char *optional_before; /* the word before took only an attached value, and had none */
    bool unknown_before;         /* the word before is no option of ours: this may be its value */
    bool stopped;                /* after --help and --version */
};

/* What goes wrong with a word before its option is known. */
static struct option_reading reading_of_word(struct arguments *arguments, const char *word,
                                             unsigned value_column)
{
    struct option_reading reading =
        option_reading_at(arguments->reader, OPTION_FROM_COMMAND_LINE, (struct place){ 0 });
    struct option_context *context = &reading.context;
    context->line_text = word;
    context->decoded = word + value_column - 1;
    context->decoded_count = strlen(context->decoded);
    context->value_column = value_column;
    return reading;
}

/* ------------------------------------------------------------------ one option and its value */

/* Reads a value that is part of `word`, from value_column on; column 0: the option has none. */
static void take(struct arguments *arguments, struct known_option *known, const char *word,
                 unsigned value_column)
{
    unsigned column = value_column != 0 ? value_column : 1;
    struct option_reading reading = reading_of_word(arguments, word, column);
    struct value value = { TEXT_NONE, NULL };

    if (value_column != 0)
        value = value_of(text_of(reading.context.decoded));
    (void)option_reading_take(&reading, known, value);
}

/* Reads the next word as the value, shown in errors behind the option as it was written. */
static void take_next_word(struct arguments *arguments, struct known_option *known,
                           const char *option)
{
    struct arena *arena = arguments->reader->arena;
    if (arguments->at + 1 >= arguments->count && known->row->value_optional) {
        /* Optional with the long name, but not with the letter. */
        struct option_reading reading = reading_of_word(arguments, option, 1);
        reading.context.option = known->row;
        (void)option_fail(&reading.context, TEXT_NONE, NULL, "needs a value: -%c %s",
                          known->row->letter,
                          known->row->shape != NULL ? known->row->shape : "<value>");
        return;
    }
    if (arguments->at + 1 >= arguments->count) {
        take(arguments, known, option, 0);
        return;
    }

    struct text value = text_of(arguments->words[++arguments->at]);
    size_t option_count = strlen(option);
    char *both = arena_take(arena, option_count + 1 + value.count + 1);
    if (both == NULL) {
        (void)option_fail_whole(arguments->reader->errors, arena, (struct place){ 0 }, 4,
                                "could not get memory", "out of memory");
        return;
    }
    memcpy(both, option, option_count);
    both[option_count] = ' ';
    memcpy(both + option_count + 1, value.at, value.count);
    take(arguments, known, both, (unsigned)option_count + 2);
}

/* --help and --version answer at once and nothing behind them is looked at, except help's topic. */
static void after_option(struct arguments *arguments)
{
    struct option_requests *requests = &arguments->reader->requests;
    static const char *const topics[] = { "dhcp", "dhcp6" };

    if (!requests->help && !requests->version)
        return;
    arguments->stopped = true;
    const char *next =
        arguments->at + 1 < arguments->count ? arguments->words[arguments->at + 1] : "";
    for (size_t i = 0; requests->help && i < COUNT_OF(topics); i++) {
        if (strcmp(next, topics[i]) == 0)
            requests->help_topic = topics[i];
    }
}

/* ------------------------------------------------------------------ long options */

/* The rows a shortened name may mean. Those of linnet do not make a name of dnsmasq's ambiguous. */
struct candidates {
    struct known_option *first;
    size_t count;
    char names[400];
};

#define CANDIDATES_SHOWN 8

static struct candidates find_candidates(struct option_reader *reader, struct text prefix,
                                         bool ours)
{
    struct candidates found = { 0 };
    struct text_out names = text_out_on(found.names, sizeof found.names);

    for (size_t i = 0; i < reader->known_count; i++) {
        struct known_option *known = &reader->known[i];
        if (known->row->ours != ours || !text_starts(text_of(known->row->name), prefix))
            continue;
        if (found.count == 0)
            found.first = known;
        if (found.count < CANDIDATES_SHOWN)
            text_printf(&names, "%s--%s", found.count > 0 ? ", " : "", known->row->name);
        else if (found.count == CANDIDATES_SHOWN)
            text_put_string(&names, ", ...");
        found.count++;
    }
    return found;
}

static void fail_unknown(struct arguments *arguments, const char *word, struct text name)
{
    struct option_reading reading = reading_of_word(arguments, word, 1);
    const char *near = option_suggest(arguments->reader->set, name);

    if (near == NULL)
        (void)option_fail(&reading.context, text_of(word), NULL, "unknown option \"--%.*s\"",
                          TEXT_ARG(name));
    else
        (void)option_fail(&reading.context, text_of(word), NULL,
                          "unknown option \"--%.*s\"; did you mean --%s?", TEXT_ARG(name), near);
}

/* The row a long name means, exactly or as an unambiguous beginning; NULL after an error. */
static struct known_option *find_long(struct arguments *arguments, const char *word,
                                      struct text name)
{
    struct known_option *exact = option_reader_find(arguments->reader, name);
    if (exact != NULL)
        return exact;

    struct candidates found = { 0 };
    if (!text_is_empty(name)) {
        found = find_candidates(arguments->reader, name, false);
        if (found.count == 0)
            found = find_candidates(arguments->reader, name, true);
    }
    if (found.count == 1)
        return found.first;
    if (found.count == 0) {
        fail_unknown(arguments, word, name);
        return NULL;
    }
    struct option_reading reading = reading_of_word(arguments, word, 1);
    (void)option_fail(&reading.context, text_of(word), NULL, "\"--%.*s\" may mean %s",
                      TEXT_ARG(name), found.names);
    return NULL;
}

static void read_long(struct arguments *arguments, const char *word)
{
    struct text body = text_of(word + 2);
    size_t equals = text_find(body, '=');
    struct text name = text_part(body, 0, equals);
    struct known_option *known = find_long(arguments, word, name);

    if (known == NULL) {
        arguments->unknown_before = equals == SIZE_MAX;
        return;
    }
    if (equals != SIZE_MAX) {
        take(arguments, known, word, (unsigned)equals + 4);
    } else if (known->row->kind == OPTION_FLAG || known->row->value_optional) {
        take(arguments, known, word, 0);
        if (known->row->kind != OPTION_FLAG)
            arguments->optional_before = word;
    } else {
        take_next_word(arguments, known, word);
    }
    after_option(arguments);
}

/* ------------------------------------------------------------------ letters */

static struct known_option *find_letter(struct arguments *arguments, char letter)
{
    const struct option *row = option_find_letter(arguments->reader->set, letter, NULL);
    return row != NULL ? option_reader_find(arguments->reader, text_of(row->name)) : NULL;
}

/* "-abc", "-p5353", "-p 5353": letters of flags until one that takes the rest, or the next word. */
static void read_letters(struct arguments *arguments, const char *word)
{
    for (size_t i = 1; word[i] != '\0' && !arguments->stopped; i++) {
        struct known_option *known = find_letter(arguments, word[i]);
        char option[3] = { '-', word[i], '\0' };

        if (known == NULL) {
            struct option_reading reading = reading_of_word(arguments, word, (unsigned)i + 1);
            (void)option_fail(&reading.context, text_of(word + i), NULL, "unknown option \"%s\"",
                              option);
            continue;
        }
        if (known->row->kind == OPTION_FLAG) {
            take(arguments, known, word, 0);
            after_option(arguments);
            continue;
        }
        if (word[i + 1] != '\0') {
            take(arguments, known, word, (unsigned)i + 2);
        } else if (known->row->letter_value_optional) {
            take(arguments, known, word, 0);
            arguments->optional_before = word;
        } else {
            take_next_word(arguments, known, word);
        }
        return;
    }
}

/* ------------------------------------------------------------------ all words */

/* dnsmasq reports stray words after all else, and only once. */
static void fail_stray(struct arguments *arguments, const char *word, const char *optional_before)
{
    struct option_errors *errors = arguments->reader->errors;
    size_t kept_before = errors->count;
    struct option_reading reading = reading_of_word(arguments, word, 1);
    const char *compat = "junk found in command line";

    if (optional_before != NULL)
        (void)option_fail(&reading.context, text_of(word), compat,
                          "stray word \"%s\"; a value for %s must be attached to it", word,
                          optional_before);
    else
        (void)option_fail(&reading.context, text_of(word), compat, "stray word \"%s\"", word);
    if (errors->count > kept_before)
        errors->errors[kept_before].compat_whole = true;
}

enum status option_read_arguments(struct option_reader *reader, int argc, char *const *argv)
{
    size_t errors_before = option_errors_total(reader->errors);
    struct arguments arguments = { .reader = reader, .count = argc, .words = argv, .at = 1 };
    const char *stray = NULL;
    const char *before_stray = NULL;
    bool options_over = false;

    for (; arguments.at < argc && !arguments.stopped; arguments.at++) {
        const char *word = argv[arguments.at];
        const char *optional_before = arguments.optional_before;
        bool unknown_before = arguments.unknown_before;
        arguments.optional_before = NULL;
        arguments.unknown_before = false;

        if (!options_over && strcmp(word, "--") == 0) {
            options_over = true;
        } else if (!options_over && word[0] == '-' && word[1] == '-') {
            read_long(&arguments, word);
        } else if (!options_over && word[0] == '-' && word[1] != '\0') {
            read_letters(&arguments, word);
        } else if (word[0] != '\0' && !unknown_before && stray == NULL) {
            stray = word;
            before_stray = optional_before;
        }
    }
    if (stray != NULL && !arguments.stopped)
        fail_stray(&arguments, stray, before_stray);
    return option_errors_since(reader->errors, errors_before);
}

#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>

#define REPORT_BYTES (256 * 1024)

/* ------------------------------------------------------------------ memory */

const char *scenario_string(struct scenario *scenario, const char *format, ...)
{
    char buffer[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    const char *string = arena_string(&scenario->arena, text_out_text(&out));
    if (string == NULL)
        abort();
    return string;
}

struct bytes scenario_bytes(struct scenario *scenario, struct bytes bytes)
{
    struct bytes copy = arena_bytes(&scenario->arena, bytes);
    if (copy.at == NULL && bytes.count > 0)
        abort();
    return copy;
}

struct output *output_new(struct scenario *scenario)
{
    if (scenario->output_count == SCENARIO_OUTPUTS_MAX)
        scenario_fail(scenario, "more than %d outputs", SCENARIO_OUTPUTS_MAX);
    struct output *output = &scenario->outputs[scenario->output_count++];
    *output = (struct output){ .at = scenario->network.now.mono };
    return output;
}

struct attribute *output_flag(struct scenario *scenario, struct output *output, const char *key)
{
    if (output->attribute_count == SCENARIO_ATTRIBUTES_MAX)
        scenario_fail(scenario, "an output with more than %d attributes", SCENARIO_ATTRIBUTES_MAX);
    struct attribute *attribute = &output->attributes[output->attribute_count++];
    *attribute = (struct attribute){ .key = key };
    return attribute;
}

struct attribute *output_attribute(struct scenario *scenario, struct output *output,
                                   const char *key, const char *format, ...)
{
    char buffer[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    struct attribute *attribute = output_flag(scenario, output, key);
    attribute->value = scenario_string(scenario, "%s", buffer);
    return attribute;
}

/* ------------------------------------------------------------------ showing */

/* A word as the file would have it. */
static void put_word(struct text_out *out, const char *word)
{
    if (word[0] != '\0' && word[0] != '#' && word[0] != '!' && strpbrk(word, " \t\"=") == NULL) {
        text_put_string(out, word);
        return;
    }
    text_put_char(out, '"');
    for (; *word != '\0'; word++) {
        if (*word == '"' || *word == '\\')
            text_put_char(out, '\\');
        text_put_char(out, *word);
    }
    text_put_char(out, '"');
}

static void put_output(struct text_out *out, const struct output *output)
{
    for (size_t i = 0; output->head[i] != NULL; i++)
        text_printf(out, "%s%s", i > 0 ? " " : "", output->head[i]);
    for (size_t i = 0; output->names[i] != NULL; i++) {
        text_put_char(out, ' ');
        put_word(out, output->names[i]);
    }
    for (size_t i = 0; i < output->data_count; i++) {
        text_put_char(out, ' ');
        put_word(out, output->data[i]);
    }
    for (size_t i = 0; i < output->attribute_count; i++) {
        const struct attribute *attribute = &output->attributes[i];
        text_printf(out, " %s", attribute->key);
        if (attribute->value == NULL)
            continue;
        text_put_char(out, '=');
        put_word(out, attribute->value);
    }
}

static void put_time(struct text_out *out, const struct scenario *scenario, mono_ms at)
{
    (void)scenario;
    uint64_t ms = at - FAKE_START_MONO;
    text_printf(out, "%llu.%03llus", (unsigned long long)(ms / 1000),
                (unsigned long long)(ms % 1000));
}

static void put_pending(struct text_out *out, const struct scenario *scenario)
{
    size_t pending = 0;
    for (size_t i = 0; i < scenario->output_count; i++) {
        if (scenario->outputs[i].consumed)
            continue;
        text_put_string(out, pending++ == 0 ? "  pending:\n    " : "    ");
        put_time(out, scenario, scenario->outputs[i].at);
        text_put_string(out, "  ");
        put_output(out, &scenario->outputs[i]);
        text_put_char(out, '\n');
    }
    if (pending == 0)
        text_put_string(out, "  pending: nothing\n");
    for (size_t i = 0; i < scenario->log_count; i++)
        text_printf(out, "%s%s\n", i == 0 ? "  log since the last at:\n    " : "    ",
                    scenario->logs[i]);
}

/* A scenario that says `fails "..."` is right to fail, with that text: then the exit status is that
 * of a failure, which the build expects of it; any other failure ends well and so is found out. */
static NORETURN void report(struct scenario *scenario, const char *text)
{
    fputs(text, stderr);
    if (scenario->must_fail == NULL || strstr(text, scenario->must_fail) != NULL)
        exit(1);
    fprintf(stderr, "%s: should have failed with \"%s\"\n", scenario->path, scenario->must_fail);
    exit(0);
}

void scenario_fail(struct scenario *scenario, const char *format, ...)
{
    static char buffer[REPORT_BYTES];
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_printf(&out, "%s:%u: ", scenario->path, scenario->line.number);
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    text_printf(&out, "\n  line: %.*s\n  time: ", TEXT_ARG(scenario->line.raw));
    put_time(&out, scenario, scenario->network.now.mono);
    text_put_char(&out, '\n');
    put_pending(&out, scenario);
    report(scenario, buffer);
}

/* ------------------------------------------------------------------ matching */

static void bind_variable(struct scenario *scenario, struct text name, const char *value)
{
    if (scenario->variable_count == SCENARIO_VARIABLES_MAX)
        scenario_fail(scenario, "too many variables");
    scenario->variables[scenario->variable_count++] = (struct variable){
        .name = scenario_string(scenario, "%.*s", TEXT_ARG(name)),
        .value = value,
    };
}

static bool is_unbound(struct text text)
{
    return text_starts(text, TEXT("$"));
}

/* A star takes any value, and so does an unbound $name, which is bound when the whole output has
 * matched. */
static bool same_word(struct text expected, const char *actual)
{
    return is_unbound(expected) || text_equal(expected, TEXT("*"))
           || text_equal(expected, text_of(actual));
}

static bool to_number(struct text text, uint64_t *number)
{
    uint32_t value;
    enum status status = text_to_u32_any(text, &value);
    if (status != STATUS_OK)
        status = text_to_duration(text, &value);
    *number = value;
    return status == STATUS_OK;
}

static bool same_value(struct scenario *scenario, const struct attribute *attribute,
                       const struct word *word)
{
    if (attribute->value == NULL)
        return !word->has_value;
    if (!word->has_value)
        return true;
    if (same_word(word->value, attribute->value))
        return true;
    if (attribute->kind == ATTRIBUTE_OPTION)
        return scenario_dhcp4_equal(scenario, attribute, word->value, word->quoted,
                                    text_starts(word->key, TEXT("option:")));
    uint64_t expected, actual;
    return attribute->kind == ATTRIBUTE_NUMBER && to_number(word->value, &expected)
           && to_number(text_of(attribute->value), &actual) && expected == actual;
}

static bool has_key(const struct attribute *attribute, struct text key)
{
    return text_equal(key, text_of(attribute->key))
           || (attribute->alias != NULL && text_equal(key, text_of(attribute->alias)));
}

static const struct attribute *find_attribute(const struct output *output, struct text key)
{
    for (size_t i = 0; i < output->attribute_count; i++)
        if (has_key(&output->attributes[i], key))
            return &output->attributes[i];
    return NULL;
}

/* Bare words of a DNS answer that are flags and not data. */
static bool is_flag_word(struct text text)
{
    static const char *const flags[] = { "aa", "tc", "ra",  "rd",      "ad",
                                         "cd", "do", "tcp", "ordered", "edns" };
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (text_equal(text, text_of(flags[i])))
            return true;
    return false;
}

/* Why an output does not match; empty when it does. */
struct mismatch {
    char buffer[SCENARIO_LINE_BYTES];
    struct text_out out;
};

static bool match_words(const char *const *actual, const struct line *line, size_t *at,
                        struct mismatch *why)
{
    for (size_t i = 0; actual[i] != NULL; i++, (*at)++) {
        if (*at < line->count && !line->words[*at].has_value
            && same_word(line->words[*at].key, actual[i]))
            continue;
        text_printf(&why->out, "\"%s\" is not expected there", actual[i]);
        return false;
    }
    return true;
}

static bool match_attribute(struct scenario *scenario, const struct output *output,
                            const struct word *word, struct mismatch *why)
{
    const struct attribute *attribute = find_attribute(output, word->key);
    bool same = false;
    /* authority= and its like may be there several times. */
    for (size_t i = 0; i < output->attribute_count && !same; i++)
        same = has_key(&output->attributes[i], word->key)
               && same_value(scenario, &output->attributes[i], word);
    if (same != word->negated)
        return true;
    if (word->negated)
        text_printf(&why->out, "%.*s is there", TEXT_ARG(word->key));
    else if (attribute == NULL)
        text_printf(&why->out, "%.*s is not there", TEXT_ARG(word->key));
    else
        text_printf(&why->out, "%s is %s", attribute->key,
                    attribute->value != NULL ? attribute->value : "without a value");
    return false;
}

/* Every loud attribute has to be named, so that nothing surprising goes unnoticed. */
static bool match_loud(const struct output *output, const struct line *line, size_t from,
                       struct mismatch *why)
{
    for (size_t i = 0; i < output->attribute_count; i++) {
        const struct attribute *attribute = &output->attributes[i];
        bool named = !attribute->loud;
        for (size_t w = from; w < line->count && !named; w++)
            named = text_equal(line->words[w].key, text_of(attribute->key));
        if (named)
            continue;
        text_printf(&why->out, "%s%s%s is there and not expected", attribute->key,
                    attribute->value != NULL ? "=" : "",
                    attribute->value != NULL ? attribute->value : "");
        return false;
    }
    return true;
}

static struct text without_type(const struct output *output, struct text text)
{
    struct text type = text_of(output->type);
    if (text_starts(text, type) && text.count > type.count && text.at[type.count] == ':')
        return text_after(text, type.count + 1);
    return text;
}

/* Both lists hold the same, in the same order only when asked for. */
static bool match_data(const struct output *output, const struct text *expected, size_t count,
                       bool ordered, struct mismatch *why)
{
    bool taken[SCENARIO_DATA_MAX] = { false };
    for (size_t i = 0; i < count; i++) {
        struct text text = without_type(output, expected[i]);
        size_t found = SIZE_MAX;
        for (size_t d = ordered ? i : 0; d < output->data_count && found == SIZE_MAX; d++) {
            if (!taken[d] && text_equal(text, text_of(output->data[d])))
                found = d;
            if (ordered)
                break;
        }
        if (found == SIZE_MAX) {
            text_printf(&why->out, "no record %.*s%s", TEXT_ARG(expected[i]),
                        ordered ? " in that place" : "");
            return false;
        }
        taken[found] = true;
    }
    if (count == output->data_count)
        return true;
    text_printf(&why->out, "%zu records, expected %zu", output->data_count, count);
    return false;
}

static bool match_rest(struct scenario *scenario, const struct output *output, size_t from,
                       struct mismatch *why)
{
    const struct line *line = &scenario->line;
    struct text expected[SCENARIO_DATA_MAX];
    size_t count = 0;
    bool ordered = false;
    for (size_t i = from; i < line->count; i++) {
        const struct word *word = &line->words[i];
        bool is_data = output->has_data && !word->has_value && !word->negated
                       && (word->quoted || !is_flag_word(word->key));
        if (is_data && count < SCENARIO_DATA_MAX)
            expected[count++] = word->key;
        else if (!word->has_value && text_equal(word->key, TEXT("ordered")))
            ordered = true;
        else if (!match_attribute(scenario, output, word, why))
            return false;
    }
    return match_loud(output, line, from, why)
           && (!output->has_data || match_data(output, expected, count, ordered, why));
}

static bool match_output(struct scenario *scenario, const struct output *output,
                         struct mismatch *why)
{
    why->out = text_out_on(why->buffer, sizeof why->buffer);
    size_t at = scenario->line.next;
    return match_words(output->head, &scenario->line, &at, why)
           && match_words(output->names, &scenario->line, &at, why)
           && match_rest(scenario, output, at, why);
}

static void bind_names(struct scenario *scenario, const struct output *output)
{
    const struct line *line = &scenario->line;
    size_t at = line->next;
    for (size_t i = 0; output->head[i] != NULL; i++)
        at++;
    for (size_t i = 0; output->names[i] != NULL; i++, at++)
        if (is_unbound(line->words[at].key))
            bind_variable(scenario, line->words[at].key, output->names[i]);
    for (; at < line->count; at++) {
        const struct word *word = &line->words[at];
        if (word->has_value && is_unbound(word->value) && !word->negated)
            bind_variable(scenario, word->value, find_attribute(output, word->key)->value);
    }
}

/* The first output that matches is taken; the reasons why others do not are kept for the report. */
void output_expect(struct scenario *scenario)
{
    static char reasons[REPORT_BYTES];
    struct text_out out = text_out_on(reasons, sizeof reasons);
    struct mismatch why;
    for (size_t i = 0; i < scenario->output_count; i++) {
        struct output *output = &scenario->outputs[i];
        if (output->consumed)
            continue;
        if (match_output(scenario, output, &why)) {
            output->consumed = true;
            bind_names(scenario, output);
            return;
        }
        text_put_string(&out, "\n  got ");
        put_output(&out, output);
        text_printf(&out, "\n      (%s)", why.buffer);
    }
    struct text rest = scenario->line.raw;
    scenario_fail(scenario, "expected %.*s%s", TEXT_ARG(rest),
                  out.count > 0 ? reasons : "\n  got nothing");
}

void output_check(struct scenario *scenario, const struct output *output)
{
    static char shown[SCENARIO_LINE_BYTES];
    struct text_out out = text_out_on(shown, sizeof shown);
    struct mismatch why;
    why.out = text_out_on(why.buffer, sizeof why.buffer);
    if (match_rest(scenario, output, scenario->line.next, &why))
        return;
    put_output(&out, output);
    scenario_fail(scenario, "expected %.*s\n  got %s\n      (%s)", TEXT_ARG(scenario->line.raw),
                  shown, why.buffer);
}

void output_none_pending(struct scenario *scenario, const char *when)
{
    for (size_t i = 0; i < scenario->output_count; i++)
        if (!scenario->outputs[i].consumed)
            scenario_fail(scenario, "expected nothing more %s, got the pending outputs", when);
    scenario->output_count = 0;
}

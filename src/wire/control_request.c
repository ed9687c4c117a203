#include "wire/control_request.h"

#define DISTANCE_MAX 2 /* of a word that was meant */
#define SHAPE_WIDTH  34

const struct control_command control_commands[] = {
    { "status", CONTROL_STATUS, 0, 0, false, "",
      "what runs, since when, how much it does and holds" },
    { "leases", CONTROL_LEASES, 0, 1, false, "[FILTER]",
      "DHCP leases; with a filter those whose address, hardware, identity or name has it" },
    { "cache", CONTROL_CACHE, 0, 1, false, "[NAME]", "what the DNS cache holds, or of one name" },
    { "cache flush", CONTROL_CACHE_FLUSH, 0, 1, true, "[NAME]", "forget all of it, or one name" },
    { "upstreams", CONTROL_UPSTREAMS, 0, 0, false, "", "the servers asked, and how they do" },
    { "reload", CONTROL_RELOAD, 0, 0, true, "[--dry-run]",
      "read the whole configuration again; a bad one changes nothing" },
    { "explain", CONTROL_EXPLAIN, 1, 2, false, "NAME [TYPE] [--as CLIENT]",
      "how a question would be answered, and by which lines" },
    { "explain-dhcp", CONTROL_EXPLAIN_DHCP, 1, 1, false, "MAC|DUID|ADDRESS",
      "what a DHCP client would be given, and by which lines" },
    { "doctor", CONTROL_DOCTOR, 0, 0, false, "", "look for what is wrong, and say what to do" },
};
const size_t control_command_count = COUNT_OF(control_commands);

static enum status fail(struct text_out *error, const char *why, struct text word)
{
    text_put_string(error, why);
    if (word.count > 0) {
        text_put(error, TEXT(" \""));
        text_put_safe(error, text_bytes(word));
        text_put_char(error, '"');
    }
    return STATUS_MALFORMED;
}

/* ------------------------------------------------------------------ commands */

static enum status unknown(struct text word, struct text_out *error)
{
    const struct control_command *nearest = NULL;
    unsigned best = DISTANCE_MAX + 1;
    for (size_t i = 0; i < control_command_count; i++) {
        unsigned distance = text_distance(word, text_of(control_commands[i].name), DISTANCE_MAX);
        if (distance < best) {
            best = distance;
            nearest = &control_commands[i];
        }
    }
    (void)fail(error, "there is no command", word);
    if (nearest != NULL)
        text_printf(error, " (did you mean \"%s\"?)", nearest->name);
    return STATUS_MALFORMED;
}

static const struct control_command *find(struct text name)
{
    for (size_t i = 0; i < control_command_count; i++)
        if (text_equal(text_of(control_commands[i].name), name))
            return &control_commands[i];
    return NULL;
}

/* "cache flush" is a command of two words. */
static const struct control_command *take_command(struct text *rest, struct text *word)
{
    struct text after = *rest;
    struct text second;
    if (text_equal(*word, TEXT("cache")) && text_next_word(&after, &second)
        && text_equal(second, TEXT("flush"))) {
        *rest = after;
        return find(TEXT("cache flush"));
    }
    return find(*word);
}

/* ------------------------------------------------------------------ what follows */

static enum status take_option(struct control_request *request, struct text word, struct text *rest,
                               struct text_out *error)
{
    uint8_t id = request->command->id;
    if (id == CONTROL_RELOAD && text_equal(word, TEXT("--dry-run"))) {
        request->dry_run = true;
        return STATUS_OK;
    }
    if (id == CONTROL_EXPLAIN && text_starts(word, TEXT("--as="))) {
        request->client = text_after(word, 5);
    } else if (id == CONTROL_EXPLAIN && text_equal(word, TEXT("--as"))) {
        if (!text_next_word(rest, &request->client))
            request->client = TEXT_NONE;
    } else {
        return fail(error, "unknown option", word);
    }
    if (request->client.count == 0)
        return fail(error, "--as needs the address of a client", TEXT_NONE);
    return STATUS_OK;
}

static enum status take_words(struct control_request *request, struct text rest,
                              struct text_out *error)
{
    const struct control_command *command = request->command;
    struct text word;
    while (text_next_word(&rest, &word)) {
        if (text_starts(word, TEXT("--"))) {
            enum status status = take_option(request, word, &rest, error);
            if (status != STATUS_OK)
                return status;
        } else if (request->word_count == command->words_max) {
            text_printf(error, "%s: ", command->name);
            return fail(error, "one word too many:", word);
        } else {
            request->words[request->word_count++] = word;
        }
    }
    if (request->word_count < command->words_min) {
        text_printf(error, "%s: needs %s", command->name, command->shape);
        return STATUS_MALFORMED;
    }
    return STATUS_OK;
}

static bool has_controls(struct text line)
{
    for (size_t i = 0; i < line.count; i++)
        if ((uint8_t)line.at[i] < 0x20 || line.at[i] == 0x7F)
            return true;
    return false;
}

enum status control_request_read(struct text line, struct control_request *request,
                                 struct text_out *error)
{
    struct text rest = line;
    struct text word;
    *request = (struct control_request){ .form = REPORT_TEXT };
    if (!text_next_word(&rest, &word))
        return fail(error, "an empty request", TEXT_NONE);
    if (text_equal(word, TEXT("json")))
        request->form = REPORT_JSON;
    else if (!text_equal(word, TEXT("text")))
        return fail(error, "not a form (text or json):", word);
    if (has_controls(line))
        return fail(error, "a control character in the request", TEXT_NONE);
    if (!text_next_word(&rest, &word))
        return fail(error, "no command", TEXT_NONE);
    request->command = take_command(&rest, &word);
    if (request->command == NULL)
        return unknown(word, error);
    return take_words(request, rest, error);
}

void control_request_help(struct text_out *out)
{
    for (size_t i = 0; i < control_command_count; i++) {
        const struct control_command *command = &control_commands[i];
        char shape[64];
        struct text_out shown = text_out_on(shape, sizeof shape);
        text_printf(&shown, "%s %s", command->name, command->shape);
        text_printf(out, "  %-*s %s\n", SHAPE_WIDTH, shape, command->help);
    }
}

/* ------------------------------------------------------------------ verdicts */

static const char *const verdicts[] = { "ok", "refused", "usage" };

const char *control_verdict_name(enum control_verdict verdict)
{
    return verdicts[verdict];
}

enum status control_verdict_read(struct text line, enum control_verdict *verdict)
{
    for (size_t i = 0; i < COUNT_OF(verdicts); i++) {
        if (text_equal(line, text_of(verdicts[i]))) {
            *verdict = (enum control_verdict)i;
            return STATUS_OK;
        }
    }
    return STATUS_NOT_FOUND;
}

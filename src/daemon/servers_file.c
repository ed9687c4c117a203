#include "daemon/servers_file.h"

#include <stdlib.h>

#include "base/log.h"
#include "config/config_file.h"
#include "dns/dns_rules.h"

#define ARENA_CHUNK_BYTES ((size_t)256 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)1 << 31) /* a list of a million domains and more */

struct reading {
    const struct servers_file_setup *setup;
    const char *path; /* in the arena */
    struct option_reader *reader;
    struct option_errors errors;
    size_t right, wrong;
};

/* ------------------------------------------------------------------ complaints */

PRINTF_LIKE(2, 3) static void complain(struct reading *reading, const char *format, ...)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    if (++reading->wrong > VIEWS_LOAD_COMPLAINTS_MAX)
        return;
    va_list arguments;
    va_start(arguments, format);
    text_vprintf(&out, format, arguments);
    va_end(arguments);
    reading->setup->log(reading->setup->context, line);
}

/* What the reader of a value recorded. */
static void complain_of_errors(struct reading *reading)
{
    const struct option_error *error = &reading->errors.errors[0];
    if (reading->errors.count > 0)
        complain(reading, "%s at line %u of %s: %s", error->compat, error->place.line,
                 reading->path, error->message);
    else
        complain(reading, "error in %s", reading->path);
    /* While the bound is reached no more texts are made. */
    reading->errors.count =
        reading->wrong < VIEWS_LOAD_COMPLAINTS_MAX ? 0 : COUNT_OF(reading->errors.errors);
}

static void complain_of_rest(struct reading *reading)
{
    if (reading->wrong <= VIEWS_LOAD_COMPLAINTS_MAX)
        return;
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    text_printf(&out, "%zu more bad lines in %s", reading->wrong - VIEWS_LOAD_COMPLAINTS_MAX,
                reading->path);
    reading->setup->log(reading->setup->context, line);
}

/* ------------------------------------------------------------------ lines */

static void read_line(struct reading *reading, const struct config_line *line)
{
    const struct option_table *table;
    struct place place = { .source = reading->path, .line = line->number };
    const char *name = NULL;
    if (text_equal(line->name.text, TEXT("server")))
        name = "server";
    else if (text_equal(line->name.text, TEXT("rev-server")))
        name = "rev-server";
    if (name == NULL) {
        bool known = option_find(&reading->setup->config->set, line->name.text, &table) != NULL;
        complain(reading, "%s option at line %u of %s", known ? "illegal" : "bad", line->number,
                 reading->path);
        return;
    }
    if (option_read_value(reading->reader, name, line->value, place) == STATUS_OK)
        reading->right++;
    else
        complain_of_errors(reading);
}

static void complain_of_line(struct reading *reading, const struct config_line *line,
                             enum status status)
{
    const char *what = "error";
    if (status == STATUS_TRUNCATED)
        what = "missing \"";
    complain(reading, "%s at line %u of %s", what, line->number, reading->path);
}

static enum status read_lines(struct reading *reading, struct text text)
{
    struct config_lines lines;
    struct config_line line;
    enum status status = config_lines_init(&lines, text);
    if (status != STATUS_OK)
        return status;
    while ((status = config_lines_next(&lines, &line)) != STATUS_NOT_FOUND) {
        if (status == STATUS_OK)
            read_line(reading, &line);
        else
            complain_of_line(reading, &line, status);
    }
    config_lines_free(&lines);
    complain_of_rest(reading);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ the configuration they join */

static enum status copy_array(struct arena *arena, void *items, size_t count, size_t *room,
                              size_t size)
{
    void *from;
    memcpy(&from, items, sizeof from);
    void *copy = arena_take_array(arena, count, size);
    if (copy == NULL)
        return STATUS_NO_MEMORY;
    if (count > 0)
        memcpy(copy, from, count * size);
    memcpy(items, &copy, sizeof copy);
    *room = count;
    return STATUS_OK;
}

/* Readers append to the arrays of the struct they fill, so a copy of ours is what they get. */
enum status servers_file_copy(struct loaded_servers *servers, const struct dns_config *config,
                              const struct dns_rules *rules)
{
    struct dns_config *copy = &servers->config;
    *copy = *config;
    /* Lines about domains are not copied: the new ones stand over them. */
    copy->domain_rules = NULL;
    enum status status = copy_array(&servers->arena, &copy->servers, copy->server_count,
                                    &copy->server_room, sizeof *copy->servers);
    if (status == STATUS_OK)
        status = copy_array(&servers->arena, &copy->rules, copy->rule_count, &copy->rule_room,
                            sizeof *copy->rules);
    if (status == STATUS_OK)
        status = dns_rules_create(rules, &copy->domain_rules);
    return status;
}

static enum status read_text(const struct servers_file_setup *setup, struct text text,
                             struct loaded_servers *servers, bool *useful)
{
    const struct option_table *table;
    const struct option_set *set = &setup->config->set;
    const struct option *server = option_find(set, TEXT("server"), &table);
    const struct option *rev_server = option_find(set, TEXT("rev-server"), &table);
    assert(server != NULL && rev_server != NULL);
    const struct option_table tables[] = {
        { .rows = server, .count = 1, .part = &servers->config },
        { .rows = rev_server, .count = 1, .part = &servers->config },
    };
    const struct option_set few = { tables, COUNT_OF(tables) };
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL)
        return STATUS_NO_MEMORY;
    reading->setup = setup;
    reading->path = arena_string(&servers->arena, text_of(setup->path));
    reading->reader = option_reader_create(&few, &servers->arena, &reading->errors);
    enum status status = STATUS_NO_MEMORY;
    if (reading->path != NULL && reading->reader != NULL)
        status = read_lines(reading, text);
    *useful = reading->right > 0 || reading->wrong == 0;
    option_reader_free(reading->reader);
    free(reading);
    return status;
}

enum status servers_file_load(const struct servers_file_setup *setup, struct text text,
                              struct loaded_servers **servers)
{
    *servers = NULL;
    struct loaded_servers *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    bool useful = false;
    atomic_init(&made->uses, 1);
    made->base = config_hold(setup->config);
    arena_init(&made->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    enum status status =
        servers_file_copy(made, &setup->config->dns, setup->config->dns.domain_rules);
    if (status == STATUS_OK)
        status = read_text(setup, text, made, &useful);
    if (status == STATUS_OK && useful)
        status = dns_config_finish(&made->config, &setup->config->site);
    if (status != STATUS_OK || !useful) {
        loaded_servers_free(made);
        return status;
    }
    *servers = made;
    return STATUS_OK;
}

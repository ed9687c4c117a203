#include "daemon/views_overrides.h"

#include <stdlib.h>

#include "base/log.h"
#include "daemon/servers_file.h"
#include "dns/dns_rules.h"

#define ARENA_CHUNK_BYTES ((size_t)64 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)1 << 31) /* what a servers-file may need, and it is in there */

struct bus_servers {
    struct arena arena; /* of the lines */
    struct text *lines;
    size_t count;
    struct loaded_servers *made;   /* with them; its base is the configuration they stand over */
    struct loaded_servers *loaded; /* held: the servers-file they stand over; NULL: none */
};

/* ------------------------------------------------------------------ checking lines */

/* Reading the configuration may wait for a name to be looked up; the running daemon may not. */
static bool is_address(struct text target)
{
    struct address address;
    size_t end = text_find(target, '@');
    if (end != SIZE_MAX)
        target = text_part(target, 0, end);
    end = text_find(target, '#');
    if (end != SIZE_MAX)
        target = text_part(target, 0, end);
    end = text_find(target, '%');
    if (end != SIZE_MAX)
        target = text_part(target, 0, end);
    target = text_trim(target);
    return text_is_empty(target) || address_from_text(target, &address) == STATUS_OK;
}

static enum status check_line(struct text line, struct text_out *error)
{
    size_t slash = text_find_last(line, '/');
    struct text target = slash == SIZE_MAX ? line : text_after(line, slash + 1);
    if (text_is_empty(text_trim(line))) {
        text_put_string(error, "Empty string");
        return STATUS_MALFORMED;
    }
    if (line.at[0] == '/' && slash == 0) {
        text_put_string(error, "No domain terminator '");
        text_put_safe(error, text_bytes(text_after(line, 1)));
        text_put_char(error, '\'');
        return STATUS_MALFORMED;
    }
    if (is_address(target))
        return STATUS_OK;
    text_put_string(error, "Invalid IP address '");
    text_put_safe(error, text_bytes(target));
    text_put_string(error, "': names are not looked up while running");
    return STATUS_MALFORMED;
}

static enum status copy_lines(struct bus_servers *servers, const struct text *lines, size_t count,
                              struct text_out *error)
{
    size_t bytes = 0;
    servers->lines = arena_take_array(&servers->arena, count, sizeof *servers->lines);
    if (servers->lines == NULL)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < count; i++) {
        bytes += lines[i].count;
        if (lines[i].count > VIEWS_BUS_LINE_BYTES_MAX || bytes > VIEWS_BUS_BYTES_MAX)
            return STATUS_FULL;
        enum status status = check_line(lines[i], error);
        if (status != STATUS_OK)
            return status;
        const char *copy = arena_string(&servers->arena, lines[i]);
        if (copy == NULL)
            return STATUS_NO_MEMORY;
        servers->lines[i] = (struct text){ copy, lines[i].count };
    }
    servers->count = count;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ over a configuration */

/* Rules stand over one base only, so what a servers-file says is said again. */
static enum status repeat_rules(const struct dns_rules *from, struct dns_rules *to)
{
    struct dns_rule rule;
    uint32_t walk = 0;
    enum status status = STATUS_OK;
    while (status == STATUS_OK && dns_rules_next(from, DNS_LINES_ALL, &walk, &rule))
        status = dns_rules_add(to, &rule);
    return status;
}

static enum status start_from(struct loaded_servers *made, const struct config *config,
                              const struct loaded_servers *loaded)
{
    if (loaded == NULL)
        return servers_file_copy(made, &config->dns, config->dns.domain_rules);
    const struct dns_rules *rules = loaded->config.domain_rules;
    const struct dns_rules *base = rules != NULL ? dns_rules_base(rules) : NULL;
    enum status status = servers_file_copy(made, &loaded->config, base);
    if (status == STATUS_OK && rules != NULL)
        status = repeat_rules(rules, made->config.domain_rules);
    return status;
}

static enum status read_lines(const struct bus_servers *servers, const struct config *config,
                              struct loaded_servers *made, struct text_out *error)
{
    const struct option_table *table;
    const struct option *row = option_find(&config->set, TEXT("server"), &table);
    assert(row != NULL);
    const struct option_table few = { .rows = row, .count = 1, .part = &made->config };
    const struct option_set set = { &few, 1 };
    struct option_errors *errors = calloc(1, sizeof *errors);
    if (errors == NULL)
        return STATUS_NO_MEMORY;
    struct option_reader *reader = option_reader_create(&set, &made->arena, errors);
    enum status status = reader != NULL ? STATUS_OK : STATUS_NO_MEMORY;
    for (size_t i = 0; i < servers->count && status == STATUS_OK; i++) {
        const struct place place = { .source = "D-Bus", .line = (unsigned)i + 1 };
        status = option_read_value(reader, "server", value_of(servers->lines[i]), place);
    }
    if (status != STATUS_OK && errors->count > 0)
        text_put_string(error, errors->errors[0].message);
    option_reader_free(reader);
    free(errors);
    return status;
}

/* Workers cannot share one source port (daemon.c), and how many there are was settled at start. */
static enum status check_ports(const struct loaded_servers *made, size_t first,
                               struct text_out *error)
{
    for (size_t i = first; i < made->config.server_count; i++) {
        if (made->config.servers[i].source_port_given && made->config.threads > 1) {
            text_put_string(error, "a source port does not go with dns-threads");
            return STATUS_MALFORMED;
        }
    }
    return STATUS_OK;
}

static enum status put_over(struct bus_servers *servers, const struct config *config,
                            struct loaded_servers *loaded, struct text_out *error)
{
    struct loaded_servers *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    atomic_init(&made->uses, 1);
    made->base = config_hold(config);
    arena_init(&made->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    enum status status = start_from(made, config, loaded);
    size_t before = made->config.server_count;
    if (status == STATUS_OK)
        status = read_lines(servers, config, made, error);
    if (status == STATUS_OK)
        status = check_ports(made, before, error);
    if (status == STATUS_OK)
        status = dns_config_finish(&made->config, &config->site);
    if (status != STATUS_OK) {
        loaded_servers_free(made);
        return status;
    }
    loaded_servers_free(servers->made);
    loaded_servers_free(servers->loaded);
    servers->made = made;
    servers->loaded = loaded != NULL ? loaded_servers_hold(loaded) : NULL;
    return STATUS_OK;
}

enum status bus_servers_read(const struct config *config, struct loaded_servers *loaded,
                             const struct text *lines, size_t count, struct text_out *error,
                             struct bus_servers **made)
{
    *made = NULL;
    if (count == 0)
        return STATUS_OK;
    if (count > VIEWS_BUS_SERVERS_MAX)
        return STATUS_FULL;
    struct bus_servers *servers = calloc(1, sizeof *servers);
    if (servers == NULL)
        return STATUS_NO_MEMORY;
    arena_init(&servers->arena, 4096, 2 * VIEWS_BUS_BYTES_MAX);
    enum status status = copy_lines(servers, lines, count, error);
    if (status == STATUS_OK)
        status = put_over(servers, config, loaded, error);
    if (status != STATUS_OK) {
        bus_servers_free(servers);
        return status;
    }
    *made = servers;
    return STATUS_OK;
}

void bus_servers_free(struct bus_servers *servers)
{
    if (servers == NULL)
        return;
    loaded_servers_free(servers->made);
    loaded_servers_free(servers->loaded);
    arena_free(&servers->arena);
    free(servers);
}

/* ------------------------------------------------------------------ making a view */

static enum status follow(struct bus_servers *servers, const struct config *config,
                          struct loaded_servers *loaded)
{
    char text[LOG_LINE_MAX];
    struct text_out error = text_out_on(text, sizeof text);
    if (servers->made->base == config && servers->loaded == loaded)
        return STATUS_OK;
    enum status status = put_over(servers, config, loaded, &error);
    if (status == STATUS_MALFORMED)
        log_line(LOG_PART_MAIN, LOG_ERROR, "servers set from a bus: %s", text);
    return status;
}

static void set_switches(const struct views_overrides *overrides, struct dns_config *dns)
{
    struct dns_filters *filters = &dns->filters;
    const struct {
        bool *flag;
        struct place *place; /* NULL: nobody asks where it came from */
    } switches[VIEWS_SWITCH_COUNT] = {
        [VIEWS_FILTER_WIN2K] = { &filters->filter_win2k, &filters->filter_win2k_place },
        [VIEWS_FILTER_A] = { &filters->filter_a, &filters->filter_a_place },
        [VIEWS_FILTER_AAAA] = { &filters->filter_aaaa, &filters->filter_aaaa_place },
        [VIEWS_BOGUS_PRIV] = { &dns->bogus_priv, &dns->bogus_priv_place },
        [VIEWS_LOCALISE_QUERIES] = { &dns->records.localise, NULL },
    };
    for (unsigned i = 0; i < VIEWS_SWITCH_COUNT; i++) {
        if ((overrides->given >> i & 1) == 0)
            continue;
        *switches[i].flag = (overrides->on >> i & 1) != 0;
        if (switches[i].place != NULL)
            *switches[i].place = (struct place){ .source = "D-Bus" };
    }
}

enum status views_overrides_apply(struct views_overrides *overrides, const struct config *config,
                                  struct loaded_servers *loaded, struct dns_config *effective,
                                  struct loaded_servers **held)
{
    *held = NULL;
    *effective = loaded != NULL ? loaded->config : config->dns;
    if (overrides->servers != NULL) {
        enum status status = follow(overrides->servers, config, loaded);
        if (status != STATUS_OK)
            return status;
        *effective = overrides->servers->made->config;
        *held = loaded_servers_hold(overrides->servers->made);
    }
    set_switches(overrides, effective);
    return STATUS_OK;
}

void views_overrides_free(struct views_overrides *overrides)
{
    bus_servers_free(overrides->servers);
    *overrides = (struct views_overrides){ 0 };
}

#include "daemon/config_changes.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_CHUNK_BYTES ((size_t)4 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)1 << 20) /* CONFIG_CHANGES_SHOWN lines need far less */
#define PRINT_BYTES_FIRST ((size_t)64 * 1024)
#define PRINT_BYTES_MAX   ((size_t)1 << 30)

/* ------------------------------------------------------------------ the lines of one row */

/* What a row prints; grows until all of it fits, and is used for every row. */
struct printed {
    char *memory;
    size_t room;
    struct text text;
};

static bool print(const struct option_table *table, size_t index, struct printed *printed)
{
    for (;;) {
        struct text_out out = text_out_on(printed->memory, printed->room);
        option_print_row(table, index, &out);
        if (!out.failed) {
            printed->text = text_out_text(&out);
            return true;
        }
        size_t larger = printed->room * 4;
        char *memory = larger <= PRINT_BYTES_MAX ? realloc(printed->memory, larger) : NULL;
        if (memory == NULL)
            return false;
        printed->memory = memory;
        printed->room = larger;
    }
}

/* ------------------------------------------------------------------ lines that differ */

struct lines {
    struct text *at;
    size_t count;
};

static int compare_lines(const void *a, const void *b)
{
    return text_compare(*(const struct text *)a, *(const struct text *)b);
}

static bool split(struct text text, struct lines *lines)
{
    size_t room = 0;
    struct text line;
    for (size_t i = 0; i < text.count; i++)
        room += text.at[i] == '\n';
    lines->at = malloc((room + 1) * sizeof(*lines->at));
    lines->count = 0;
    while (lines->at != NULL && lines->count <= room && text_next_line(&text, &line))
        lines->at[lines->count++] = line;
    return lines->at != NULL;
}

/* Where configurations are long, few of their lines are others: what is the same at both ends is
 * not looked at. */
static void trim_common(struct text *a, struct text *b)
{
    size_t first = 0;
    size_t same = 0;
    while (same < a->count && same < b->count && a->at[same] == b->at[same]) {
        same++;
        if (a->at[same - 1] == '\n')
            first = same;
    }
    *a = text_after(*a, first);
    *b = text_after(*b, first);
    size_t last = 0;
    same = 0;
    while (same < a->count && same < b->count
           && a->at[a->count - 1 - same] == b->at[b->count - 1 - same]) {
        /* Up to, and without, the newline that ends the line before. */
        if (same > 0 && a->at[a->count - 1 - same] == '\n')
            last = same;
        same++;
    }
    if (same == a->count || same == b->count) {
        bool a_begins = same == a->count || a->at[a->count - 1 - same] == '\n';
        bool b_begins = same == b->count || b->at[b->count - 1 - same] == '\n';
        if (a_begins && b_begins)
            last = same;
    }
    *a = text_part(*a, 0, a->count - last);
    *b = text_part(*b, 0, b->count - last);
}

/* ------------------------------------------------------------------ changes */

static const char *shown_line(struct config_changes *changes, struct text line)
{
    char cut[CONFIG_CHANGES_LINE + 8];
    struct text_out out = text_out_on(cut, sizeof(cut));
    size_t count = line.count < CONFIG_CHANGES_LINE ? line.count : CONFIG_CHANGES_LINE;
    while (count < line.count && count > 0 && ((unsigned char)line.at[count] & 0xC0) == 0x80)
        count--; /* not in the middle of a character */
    text_put(&out, text_part(line, 0, count));
    if (count < line.count)
        text_put_string(&out, "...");
    return arena_string(&changes->arena, text_out_text(&out));
}

static void add(struct config_changes *changes, enum config_change_kind kind,
                const struct option *option, const struct text *before, const struct text *now)
{
    size_t lines = kind == CONFIG_CHANGE_VALUE ? 2 : 1;
    changes->lines += lines;
    if (option->at_start)
        changes->at_start += lines;
    if (changes->shown == CONFIG_CHANGES_SHOWN)
        return;
    struct config_change *change = &changes->at[changes->shown];
    *change = (struct config_change){
        .kind = kind,
        .option = option,
        .before = before != NULL ? shown_line(changes, *before) : NULL,
        .now = now != NULL ? shown_line(changes, *now) : NULL,
    };
    bool kept = (before == NULL || change->before != NULL) && (now == NULL || change->now != NULL);
    changes->shown += kept;
    changes->complete = changes->complete && kept;
}

static bool is_one_line(struct text text)
{
    return text.count > 0 && text_find(text, '\n') == text.count - 1;
}

/* Of one row: `before` and `now` are what it prints. */
static void compare_row(struct config_changes *changes, const struct option *option,
                        struct text before, struct text now)
{
    struct lines old, fresh;
    size_t i = 0, j = 0;
    size_t found = changes->lines;
    if (before.count == now.count && (now.count == 0 || memcmp(before.at, now.at, now.count) == 0))
        return;
    struct text whole_before = before, whole_now = now;
    trim_common(&before, &now);
    bool is_single = option->once && is_one_line(whole_before) && is_one_line(whole_now);
    bool have_old = split(before, &old);
    bool have_fresh = split(now, &fresh);
    if (!have_old || !have_fresh) {
        changes->complete = false;
    } else if (is_single) {
        add(changes, CONFIG_CHANGE_VALUE, option, &old.at[0], &fresh.at[0]);
    } else {
        qsort(old.at, old.count, sizeof(*old.at), compare_lines);
        qsort(fresh.at, fresh.count, sizeof(*fresh.at), compare_lines);
        while (i < old.count || j < fresh.count) {
            int order = i == old.count     ? 1
                        : j == fresh.count ? -1
                                           : text_compare(old.at[i], fresh.at[j]);
            if (order < 0)
                add(changes, CONFIG_CHANGE_GONE, option, &old.at[i], NULL);
            else if (order > 0)
                add(changes, CONFIG_CHANGE_NEW, option, NULL, &fresh.at[j]);
            i += order <= 0;
            j += order >= 0;
        }
        if (changes->lines == found)
            add(changes, CONFIG_CHANGE_ORDER, option, NULL, NULL);
    }
    free(old.at);
    free(fresh.at);
}

/* Answers are cached as these rules left them. */
static bool shapes_the_cache(const struct option_table *table)
{
    return table->rows == dns_filter_options || table->rows == dns_upstream_options;
}

static void compare_all(const struct config *before, const struct config *now,
                        struct printed *printed, struct config_changes *changes)
{
    for (size_t t = 0; t < now->set.count; t++) {
        for (size_t i = 0; i < now->set.tables[t].count; i++) {
            size_t found = changes->lines;
            if (!print(&before->set.tables[t], i, &printed[0])
                || !print(&now->set.tables[t], i, &printed[1])) {
                changes->complete = false;
                continue;
            }
            compare_row(changes, &now->set.tables[t].rows[i], printed[0].text, printed[1].text);
            if (changes->lines > found && shapes_the_cache(&now->set.tables[t]))
                changes->cache_stale = true;
        }
    }
}

void config_changes_find(const struct config *before, const struct config *now,
                         struct config_changes *changes)
{
    struct printed printed[2] = {
        { .memory = malloc(PRINT_BYTES_FIRST), .room = PRINT_BYTES_FIRST },
        { .memory = malloc(PRINT_BYTES_FIRST), .room = PRINT_BYTES_FIRST },
    };
    *changes = (struct config_changes){ .complete = true };
    arena_init(&changes->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    changes->at = arena_take_array(&changes->arena, CONFIG_CHANGES_SHOWN, sizeof(*changes->at));
    if (changes->at != NULL && printed[0].memory != NULL && printed[1].memory != NULL)
        compare_all(before, now, printed, changes);
    else
        changes->complete = false;
    free(printed[0].memory);
    free(printed[1].memory);
}

void config_changes_free(struct config_changes *changes)
{
    arena_free(&changes->arena);
    *changes = (struct config_changes){ 0 };
}

/* ------------------------------------------------------------------ words */

/* The value, or "on" of what has none. */
static const char *value_of_line(const char *line)
{
    const char *sign = strchr(line, '=');
    return sign != NULL ? sign + 1 : "on";
}

void config_changes_put(const struct config_changes *changes, struct text_out *out)
{
    for (size_t i = 0; i < changes->shown; i++) {
        const struct config_change *change = &changes->at[i];
        switch (change->kind) {
        case CONFIG_CHANGE_NEW:
            text_printf(out, "%s is new", change->now);
            break;
        case CONFIG_CHANGE_GONE:
            text_printf(out, "%s is gone", change->before);
            break;
        case CONFIG_CHANGE_VALUE:
            text_printf(out, "%s: %s -> %s", change->option->name, value_of_line(change->before),
                        value_of_line(change->now));
            break;
        case CONFIG_CHANGE_ORDER:
            text_printf(out, "the lines of %s come in another order", change->option->name);
            break;
        }
        text_put_string(out,
                        change->option->at_start ? ", takes effect at the next start\n" : "\n");
    }
    if (changes->shown == CONFIG_CHANGES_SHOWN)
        text_printf(out, "%zu lines are new or gone in all\n", changes->lines);
    if (!changes->complete)
        text_put_string(out, "there was no memory to tell all that changed\n");
}

/* ------------------------------------------------------------------ what stays */

static bool keep_string(struct arena *arena, const char **to, const char *from)
{
    *to = from != NULL ? arena_string(arena, text_of(from)) : NULL;
    return from == NULL || *to != NULL;
}

static void keep_dns(struct dns_config *to, const struct dns_config *from)
{
    to->cache_size = from->cache_size;
    to->cache_size_given = from->cache_size_given;
    to->forward_max = from->forward_max;
    to->forward_max_given = from->forward_max_given;
    to->query_port = from->query_port;
    to->query_port_given = from->query_port_given;
    to->min_port = from->min_port;
    to->max_port = from->max_port;
    to->tcp_connections_max = from->tcp_connections_max;
    to->threads = from->threads;
    to->asking.loop_detect = from->asking.loop_detect;
}

static bool keep_dhcp(struct arena *arena, struct dhcp_config *to, const struct dhcp_config *from)
{
    to->no_ping = from->no_ping;
    to->leases_max = from->leases_max;
    to->join_names = from->join_names;
    to->address_registration = from->address_registration;
    to->relay.server_port = from->relay.server_port;
    to->relay.client_port = from->relay.client_port;
    to->duid = arena_bytes(arena, from->duid);
    return keep_string(arena, &to->lease_file, from->lease_file)
           && (to->duid.at != NULL || from->duid.count == 0);
}

static bool keep_process(struct arena *arena, struct daemon_config *to,
                         const struct daemon_config *from)
{
    to->no_daemon = from->no_daemon;
    to->keep_in_foreground = from->keep_in_foreground;
    to->no_sandbox = from->no_sandbox;
    to->log_queue = from->log_queue;
    to->log_malloc = from->log_malloc;
    to->dump_mask = from->dump_mask;
    return keep_string(arena, &to->user, from->user) && keep_string(arena, &to->group, from->group)
           && keep_string(arena, &to->pid_file, from->pid_file)
           && keep_string(arena, &to->log_facility, from->log_facility)
           && keep_string(arena, &to->control_socket, from->control_socket)
           && keep_string(arena, &to->dump_file, from->dump_file)
           && keep_string(arena, &to->dbus_name, from->dbus_name)
           && keep_string(arena, &to->ubus_name, from->ubus_name);
}

static bool keep_script(struct arena *arena, struct script_config *to,
                        const struct script_config *from)
{
    *to = *from;
    return keep_string(arena, &to->path, from->path) && keep_string(arena, &to->lua, from->lua)
           && keep_string(arena, &to->user, from->user);
}

enum status config_keep_start(struct config *to, const struct config *from)
{
    to->site.port = from->site.port;
    to->site.port_given = from->site.port_given;
    to->site.log_debug = from->site.log_debug;
    to->site.bind = from->site.bind;
    to->site.bind_interfaces = from->site.bind_interfaces;
    to->site.bind_dynamic = from->site.bind_dynamic;
    keep_dns(&to->dns, &from->dns);
    to->netboot.http_off = from->netboot.http_off;
    to->netboot.http_port = from->netboot.http_port;
    to->netboot.http_address = from->netboot.http_address;
    to->tftp.transfers_max = from->tftp.transfers_max;
    to->tftp.single_port = from->tftp.single_port;
    return keep_dhcp(&to->arena, &to->dhcp, &from->dhcp)
                   && keep_process(&to->arena, &to->daemon, &from->daemon)
                   && keep_script(&to->arena, &to->script, &from->script)
               ? STATUS_OK
               : STATUS_NO_MEMORY;
}

#include "dns/resolv_file.h"

#define DNS_PORT 53

static bool starts_comment(struct text line, size_t at)
{
    bool behind_blank = at == 0 || line.at[at - 1] == ' ' || line.at[at - 1] == '\t';
    return behind_blank && (line.at[at] == '#' || line.at[at] == ';');
}

/* The line without its comment, trimmed. One starts in front or behind a blank: "192.0.2.1#5353"
 * is no address with a comment, but something that we must not take half of. */
static struct text without_comment(struct text line)
{
    size_t end = 0;
    while (end < line.count && !starts_comment(line, end))
        end++;
    return text_trim(text_part(line, 0, end));
}

/* A scope that is a number is the interface's index; otherwise its name. */
static enum status read_scope(struct text scope, struct arena *arena, struct dns_server *server)
{
    if (text_is_empty(scope))
        return STATUS_MALFORMED;
    if (text_to_u32(scope, &server->endpoint.scope) == STATUS_OK)
        return STATUS_OK;
    server->interface = arena_string(arena, scope);
    return server->interface != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* STATUS_MALFORMED for a line to ignore. */
static enum status read_server(struct text word, struct arena *arena, struct dns_server *server)
{
    size_t percent = text_find(word, '%');
    *server = (struct dns_server){ .endpoint.port = DNS_PORT };

    enum status status = address_from_text(text_part(word, 0, percent), &server->endpoint.address);
    if (status != STATUS_OK || address_is_any(&server->endpoint.address))
        return STATUS_MALFORMED;
    if (percent != SIZE_MAX)
        return read_scope(text_after(word, percent + 1), arena, server);
    return STATUS_OK;
}

enum status resolv_file_read(struct text text, struct arena *arena,
                             const struct dns_server **servers, size_t *count)
{
    struct dns_server *found = arena_take_array(arena, RESOLV_SERVERS_MAX, sizeof *found);
    size_t used = 0;
    struct text line;
    if (found == NULL)
        return STATUS_NO_MEMORY;

    while (used < RESOLV_SERVERS_MAX && text_next_line(&text, &line)) {
        struct text rest = without_comment(line);
        struct text keyword;
        struct text word;
        if (!text_next_word(&rest, &keyword)
            || !(text_equal(keyword, TEXT("nameserver")) || text_equal(keyword, TEXT("server")))
            || !text_next_word(&rest, &word))
            continue;
        enum status status = read_server(word, arena, &found[used]);
        if (status == STATUS_OK)
            used++;
        else if (status == STATUS_NO_MEMORY)
            return status;
    }

    *servers = found;
    *count = used;
    return STATUS_OK;
}

enum status resolv_file_search(struct text text, struct dname *domain)
{
    enum status status = STATUS_NOT_FOUND;
    struct text line;

    while (text_next_line(&text, &line)) {
        struct text rest = without_comment(line);
        struct text keyword;
        struct text word;
        struct dname name;
        if (!text_next_word(&rest, &keyword)
            || !(text_equal(keyword, TEXT("search")) || text_equal(keyword, TEXT("domain")))
            || !text_next_word(&rest, &word))
            continue;
        if (dname_from_host(word, false, &name) == STATUS_OK) {
            *domain = name;
            status = STATUS_OK;
        }
    }
    return status;
}

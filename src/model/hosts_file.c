#include "model/hosts_file.h"

/* What reading one file needs, passed along. */
struct hosts_reader {
    struct local_names *names;
    const char *path; /* in the names' own memory */
    const struct site *expand;
    hosts_file_complaint *complain;
    void *context;
    unsigned line;
    size_t count;
};

static void complain_of(const struct hosts_reader *reader, const char *what)
{
    if (reader->complain != NULL)
        reader->complain(reader->context, reader->path, reader->line, what);
}

/* Hosts files name things that no host may be called ("*.x", "-a"): any printable character will
 * do, except the one that presentation form needs for escapes. */
static bool read_name(struct text word, struct dname *name)
{
    for (size_t i = 0; i < word.count; i++) {
        if (word.at[i] <= ' ' || word.at[i] > '~' || word.at[i] == '\\')
            return false;
    }
    return dname_from_text(word, name) == STATUS_OK && !dname_is_root(name);
}

static enum status add_name(struct hosts_reader *reader, const struct dname *name,
                            const struct address *address)
{
    enum status status =
        local_names_add_address(reader->names, name, address, LOCAL_HOSTS, reader->path, true);
    if (status == STATUS_OK)
        reader->count++;
    return status;
}

/* A name without a dot stands for name.domain too, which then gets the PTR because it comes first.
 */
static enum status add_expanded(struct hosts_reader *reader, struct text word,
                                const struct dname *name, const struct address *address)
{
    if (reader->expand == NULL || text_find(word, '.') != SIZE_MAX)
        return STATUS_OK;
    const struct dname *domain = site_domain_for(reader->expand, address, NULL);
    struct dname qualified;
    if (domain == NULL || dname_join(name, domain, &qualified) != STATUS_OK)
        return STATUS_OK;
    return add_name(reader, &qualified, address);
}

static enum status read_line(struct hosts_reader *reader, struct text line)
{
    struct text rest = text_part(line, 0, text_find(line, '#'));
    struct text word;
    struct address address;
    bool complained = false;

    if (!text_next_word(&rest, &word))
        return STATUS_OK;
    if (address_from_text(word, &address) != STATUS_OK) {
        complain_of(reader, "bad address");
        return STATUS_OK;
    }
    while (text_next_word(&rest, &word)) {
        struct dname name;
        if (!read_name(word, &name)) {
            if (!complained)
                complain_of(reader, "bad name");
            complained = true;
            continue;
        }
        enum status status = add_expanded(reader, word, &name, &address);
        if (status == STATUS_OK)
            status = add_name(reader, &name, &address);
        if (status != STATUS_OK)
            return status;
    }
    return STATUS_OK;
}

enum status hosts_file_read(struct local_names *names, struct text text, const char *path,
                            const struct site *expand, hosts_file_complaint *complain,
                            void *context, size_t *count)
{
    struct hosts_reader reader = {
        .names = names,
        .path = local_names_keep(names, path),
        .expand = expand,
        .complain = complain,
        .context = context,
    };
    struct text line;

    if (reader.path == NULL)
        return STATUS_NO_MEMORY;
    while (text_next_line(&text, &line)) {
        reader.line++;
        enum status status = read_line(&reader, line);
        if (status != STATUS_OK)
            return status;
    }
    *count = reader.count;
    return STATUS_OK;
}

bool hosts_file_name_counts(const char *name)
{
    struct text text = text_of(name);
    if (text_is_empty(text) || text_starts(text, TEXT(".")) || text_ends(text, TEXT("~")))
        return false;
    return !(text_starts(text, TEXT("#")) && text_ends(text, TEXT("#")));
}

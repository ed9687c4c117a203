#include "model/hosts_file.h"

/* What reading one file needs, passed along. */
struct hosts_reader {
    struct local_names *names;
    const struct hosts_file_setup *setup;
    const char *path;  /* in the names' own memory */
    bool by_interface; /* some domain is an interface's */
    unsigned line;
    size_t count;
};

static void complain_of(const struct hosts_reader *reader, const char *what)
{
    if (reader->setup->complain != NULL)
        reader->setup->complain(reader->setup->context, reader->path, reader->line, what);
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

/* The interface in whose subnet the address lies, where that matters. */
static const char *interface_of(const struct hosts_reader *reader, const struct address *address)
{
    const struct network *network = reader->setup->network;
    if (!reader->by_interface || network == NULL)
        return NULL;
    for (size_t i = 0; i < network->interface_count; i++) {
        if (network_on_link(network, network->interfaces[i].index, address) != NULL)
            return network->interfaces[i].name;
    }
    return NULL;
}

/* A name without a dot stands for name.domain too, which then gets the PTR because it comes first.
 */
static enum status add_expanded(struct hosts_reader *reader, struct text word,
                                const struct dname *name, const struct address *address)
{
    const struct site *site = reader->setup->expand;
    if (site == NULL || text_find(word, '.') != SIZE_MAX)
        return STATUS_OK;
    const struct dname *domain = site_domain_for(site, address, interface_of(reader, address));
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

/* A file has about a name a line. */
static size_t count_lines(struct text text)
{
    size_t count = 1;
    for (const char *at = text.at, *end = text.at + text.count;
         at < end && (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
        count++;
    return count;
}

static bool has_interface_domain(const struct site *site)
{
    for (size_t i = 0; site != NULL && i < site->domain_count; i++) {
        if (site->domains[i].by == SITE_DOMAIN_INTERFACE)
            return true;
    }
    return false;
}

enum status hosts_file_read(struct local_names *names, struct text text,
                            const struct hosts_file_setup *setup, size_t *count)
{
    if (local_names_expect(names, count_lines(text)) != STATUS_OK)
        return STATUS_NO_MEMORY;
    struct hosts_reader reader = {
        .names = names,
        .setup = setup,
        .path = local_names_keep(names, setup->path),
        .by_interface = has_interface_domain(setup->expand),
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

/* ------------------------------------------------------------------ looking for a line */

/* A word of one label may have got a domain behind it. */
static bool gives_name(struct text word, const struct dname *wanted)
{
    struct dname name;
    if (!read_name(word, &name))
        return false;
    return dname_equal(&name, wanted)
           || (text_find(word, '.') == SIZE_MAX
               && text_equal_nocase(word, text_from_bytes(dname_first_label(wanted))));
}

static bool line_gives(struct text line, const struct dname *wanted)
{
    struct text rest = text_part(line, 0, text_find(line, '#'));
    struct address address;
    struct text word;
    if (!text_next_word(&rest, &word) || address_from_text(word, &address) != STATUS_OK)
        return false;
    struct dname reverse = dname_reverse(&address);
    if (dname_equal(&reverse, wanted))
        return text_next_word(&rest, &word);
    while (text_next_word(&rest, &word)) {
        if (gives_name(word, wanted))
            return true;
    }
    return false;
}

unsigned hosts_file_line_of(struct text text, const struct dname *name)
{
    unsigned number = 0;
    struct text line;
    while (text_next_line(&text, &line)) {
        number++;
        if (line_gives(line, name))
            return number;
    }
    return 0;
}

#include <stdlib.h>

#include "model/hosts_file.h"

/* Any text: reading ends, complains at most once a line, and every name counted can be found. */

struct seen {
    unsigned last_line;
    size_t complaints;
};

static void note_complaint(void *context, const char *path, unsigned line, const char *what)
{
    struct seen *seen = context;
    assert(path != NULL && what != NULL);
    assert(line > seen->last_line);
    seen->last_line = line;
    seen->complaints++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static const struct siphash_key key = { 1, 2 };
    struct site_domain domain = { .by = SITE_DOMAIN_ALL };
    struct site site = { .domains = &domain, .domain_count = 1 };
    struct local_names *names;
    struct seen seen = { 0, 0 };
    size_t named = 0;

    if (dname_from_text(TEXT("example.lan"), &domain.name) != STATUS_OK
        || local_names_create(&key, &names) != STATUS_OK)
        abort();
    struct hosts_file_setup setup = {
        .path = "fuzz", .expand = &site, .complain = note_complaint, .context = &seen
    };
    if (hosts_file_read(names, text_from_bytes(bytes_of(data, count)), &setup, &named) != STATUS_OK
        || local_names_freeze(names) != STATUS_OK)
        abort();
    /* A name counts twice when it is expanded, and brings at most one reverse name. */
    assert(named <= count && seen.complaints <= count);
    assert(local_names_count(names) <= 2 * named);
    assert((named > 0) == (local_names_count(names) > 0));
    local_names_free(names);
    return 0;
}

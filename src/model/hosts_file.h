/* Hosts file syntax (hosts(5), dns.md section 6): text in, local names out. The daemon reads the
 * files; this only reads their text. */
#ifndef LINNET_MODEL_HOSTS_FILE_H
#define LINNET_MODEL_HOSTS_FILE_H

#include "model/local_names.h"
#include "model/network.h"
#include "model/site.h"

/* Told of each line that is not understood: "bad address at F line N", "bad name at F line N" (the
 * line's other names count). */
typedef void hosts_file_complaint(void *context, const char *path, unsigned line, const char *what);

/* How a text is read. */
struct hosts_file_setup {
    const char *path;                /* shown as the source */
    const struct site *expand;       /* whose domains complete dot-less names, or NULL */
    const struct network *network;   /* for domains of interfaces; may be NULL */
    hosts_file_complaint *complain;  /* may be NULL */
    void *context;
};

/* Adds every name of the text. *count: names read, expanded and repeated ones too. A name is of
 * printable characters, each label 1 to 63 of them. STATUS_NO_MEMORY. */
NODISCARD enum status hosts_file_read(struct local_names *names, struct text text,
                                      const struct hosts_file_setup *setup, size_t *count);

/* Whether a folder's entry counts as a file to read: not "*~", ".*", "#*#". */
bool hosts_file_name_counts(const char *name);
/* The first line that gives this name, alone or before a domain that is put behind it, or, of a
 * reverse name, the address. 1 is the first of the file; 0: none. */
unsigned hosts_file_line_of(struct text text, const struct dname *name);

#endif

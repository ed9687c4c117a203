/* The text of a lease file in the making. What is appended to a file is shown to its readers page
 * by page, so a line can be put so that it lies in one page: a reader sees all of it or nothing. */
#ifndef LINNET_STORE_LEASE_TEXT_H
#define LINNET_STORE_LEASE_TEXT_H

#include "base/text.h"

#define LEASE_TEXT_PAGE 4096  /* the least that a reader is shown at once */
#define LEASE_TEXT_TAIL 160   /* all lines but those of the longest names are shorter */

/* Zeroed: empty. `at` is freed by the owner. */
struct lease_text {
    char *at;
    size_t count, room;
};

/* False without memory: then the text is as it was. */
NODISCARD bool lease_text_put(struct lease_text *text, struct text more);
/* A line with its newline, at most a page, into the text that will stand at `begin` of the file.
 * Where it would lie in two pages, the line before it ends in blanks up to the end of the page;
 * when there is none, an empty line fills the page. False without memory: blanks may be there. */
NODISCARD bool lease_text_put_line(struct lease_text *text, uint64_t begin, struct text line);
/* All lines are there. The last one ends in blanks up to the end of its page when there is too
 * little room behind it for a line that is appended later. */
void lease_text_end(struct lease_text *text, uint64_t begin);

#endif

/* A report for a person or for a program: the same calls make either lines of text or JSON (RFC
 * 8259), in a caller's buffer, with text_out's sticky failure.
 *
 *     report_begin(&report, NULL);                          {
 *     report_number(&report, "leases", 3);                    "leases": 3,        leases: 3
 *     report_begin_list(&report, "upstreams");                "upstreams": [      upstreams:
 *     report_begin(&report, NULL);                              {
 *     report_string(&report, "address", TEXT("192.0.2.1"));       "address": ...    address: ..
 *     report_end(&report);                                      }
 *     report_end(&report);                                    ]
 *     report_end(&report);                                  }
 *
 * As text, an object's members are lines `name: value`, indented by depth, names with '_' shown as
 * blanks; the objects of a list are parted so that each can be told from the next. Strings may be
 * strangers' words: controls and bytes that are no UTF-8 are escaped in both forms, quotes and
 * backslashes in JSON alone (a caret below a line would shift). */
#ifndef LINNET_BASE_REPORT_H
#define LINNET_BASE_REPORT_H

#include "base/place.h"
#include "base/text.h"

#define REPORT_DEPTH_MAX 8

enum report_form { REPORT_TEXT, REPORT_JSON };

struct report {
    struct text_out *out;
    enum report_form form;
    uint8_t depth;
    bool list[REPORT_DEPTH_MAX];  /* what is open is a list */
    bool filled[REPORT_DEPTH_MAX];/* and has something in it */
};

struct report report_on(struct text_out *out, enum report_form form);

/* name: NULL inside a list and for the outermost. Too deep: the text fails. */
void report_begin(struct report *report, const char *name);
void report_begin_list(struct report *report, const char *name);
void report_end(struct report *report);

void report_string(struct report *report, const char *name, struct text value);
void report_number(struct report *report, const char *name, int64_t value);
void report_flag(struct report *report, const char *name, bool value); /* yes, no; true, false */
void report_none(struct report *report, const char *name);            /* "-"; null */
PRINTF_LIKE(3, 4)
void report_format(struct report *report, const char *name, const char *format, ...);
/* A line for people only: JSON leaves it out. */
PRINTF_LIKE(2, 3) void report_say(struct report *report, const char *format, ...);

/* "office.conf:12", or "command line". */
void report_place(struct report *report, const char *name, const struct place *place);

#endif

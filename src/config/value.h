/* The value of an option as its reader sees it: characters, and which of them stood in double
 * quotes.
 *
 * Quoted characters are never separators and a quoted field is always a string, so quoting has to
 * survive until the fields are taken apart. The columns for error messages are found from the
 * character's address (option.h, option_fail). */
#ifndef LINNET_CONFIG_VALUE_H
#define LINNET_CONFIG_VALUE_H

#include "base/address.h"
#include "base/status.h"
#include "base/text.h"

/* A view into the decoded line. `quoted` runs parallel to text.at (non-zero: stood in quotes); NULL
 * when nothing is quoted, as on the command line. */
struct value {
    struct text text;
    const uint8_t *quoted;
};

static inline struct value value_of(struct text text)
{
    return (struct value){ text, NULL };
}

/* Any character of it stood in quotes: then it is a string. */
bool value_is_quoted(struct value value);

/* Takes the field before the next unquoted `separator` off the front of *rest, unquoted blanks
 * around it trimmed. False when nothing is left (rest->text.at == NULL). "a,,b" gives "a", "", "b";
 * "a," gives "a", "". An empty value gives one empty field. */
bool value_next_field(struct value *rest, char separator, struct value *field);

/* Fields that would be taken; 0 only when value.text.at is NULL. */
size_t value_count_fields(struct value value, char separator);

/* If the field starts with this unquoted prefix ("tag:"), *after is what follows and it is true. */
bool value_after_prefix(struct value field, const char *prefix, struct value *after);

/* [from, from+count) clamped, quoting kept. */
struct value value_part(struct value value, size_t from, size_t count);

/* First unquoted such character, SIZE_MAX when none. */
size_t value_find(struct value value, char c);

#endif

#include "config/value.h"

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_quoted_at(struct value value, size_t index)
{
    return value.quoted != NULL && value.quoted[index] != 0;
}

bool value_is_quoted(struct value value)
{
    for (size_t i = 0; i < value.text.count; i++) {
        if (is_quoted_at(value, i))
            return true;
    }
    return false;
}

size_t value_find(struct value value, char c)
{
    size_t at = 0;

    while (at < value.text.count) {
        size_t found = text_find(text_after(value.text, at), c);
        if (found == SIZE_MAX)
            return SIZE_MAX;
        at += found;
        if (!is_quoted_at(value, at))
            return at;
        at++;
    }
    return SIZE_MAX;
}

struct value value_part(struct value value, size_t from, size_t count)
{
    struct text part = text_part(value.text, from, count);
    if (part.at == NULL)
        return (struct value){ TEXT_NONE, NULL };

    size_t offset = (size_t)(part.at - value.text.at);
    return (struct value){ part, value.quoted != NULL ? value.quoted + offset : NULL };
}

/* Quoted blanks belong to the string and stay. */
static struct value trim(struct value value)
{
    size_t first = 0;
    size_t end = value.text.count;

    while (first < end && is_blank(value.text.at[first]) && !is_quoted_at(value, first))
        first++;
    while (end > first && is_blank(value.text.at[end - 1]) && !is_quoted_at(value, end - 1))
        end--;
    return value_part(value, first, end - first);
}

bool value_next_field(struct value *rest, char separator, struct value *field)
{
    if (rest->text.at == NULL)
        return false;

    size_t end = value_find(*rest, separator);
    *field = trim(value_part(*rest, 0, end));
    *rest =
        end == SIZE_MAX ? (struct value){ TEXT_NONE, NULL } : value_part(*rest, end + 1, SIZE_MAX);
    return true;
}

size_t value_count_fields(struct value value, char separator)
{
    struct value field;
    size_t count = 0;

    while (value_next_field(&value, separator, &field))
        count++;
    return count;
}

bool value_after_prefix(struct value field, const char *prefix, struct value *after)
{
    struct text wanted = text_of(prefix);
    if (!text_starts(field.text, wanted) || value_is_quoted(value_part(field, 0, wanted.count)))
        return false;
    *after = value_part(field, wanted.count, SIZE_MAX);
    return true;
}

#include "tftp/http_range.h"

#include <string.h>

/* A number that is longer than 64 bits is beyond the end of any file. */
static bool read_number(struct text digits, uint64_t *value)
{
    if (text_is_empty(digits))
        return false;
    for (size_t i = 0; i < digits.count; i++) {
        if (digits.at[i] < '0' || digits.at[i] > '9')
            return false;
    }
    if (text_to_u64(digits, UINT64_MAX, value) != STATUS_OK)
        *value = UINT64_MAX;
    return true;
}

static enum http_range_kind cut(uint64_t first, uint64_t last, uint64_t bytes,
                                struct http_range *range)
{
    if (first >= bytes)
        return HTTP_RANGE_NONE;
    if (last >= bytes)
        last = bytes - 1;
    *range = (struct http_range){ first, last - first + 1 };
    return HTTP_RANGE_PART;
}

enum http_range_kind http_range_read(struct text field, uint64_t bytes, struct http_range *range)
{
    const struct text unit = TEXT("bytes=");
    uint64_t first, last;
    *range = (struct http_range){ 0, bytes };
    field = text_trim(field);
    if (!text_starts_nocase(field, unit))
        return HTTP_RANGE_WHOLE;
    field = text_trim(text_after(field, unit.count));
    size_t dash = text_find(field, '-');
    if (dash == SIZE_MAX)
        return HTTP_RANGE_WHOLE;

    struct text before = text_part(field, 0, dash), after = text_after(field, dash + 1);
    if (text_is_empty(before)) { /* so many at the end */
        if (!read_number(after, &last))
            return HTTP_RANGE_WHOLE;
        if (last == 0)
            return HTTP_RANGE_NONE;
        return cut(last < bytes ? bytes - last : 0, UINT64_MAX, bytes, range);
    }
    if (!read_number(before, &first))
        return HTTP_RANGE_WHOLE;
    if (text_is_empty(after))
        return cut(first, UINT64_MAX, bytes, range);
    if (!read_number(after, &last) || last < first)
        return HTTP_RANGE_WHOLE;
    return cut(first, last, bytes, range);
}

const char *http_tag(uint64_t inode, int64_t modified_ns, uint64_t bytes, char text[HTTP_TAG_MAX])
{
    struct text_out out = text_out_on(text, HTTP_TAG_MAX);
    text_printf(&out, "\"%llx-%llx-%llx\"", (unsigned long long)inode,
                (unsigned long long)modified_ns, (unsigned long long)bytes);
    return text;
}

bool http_range_counts(struct text field, const char *tag)
{
    return text_is_empty(field) || text_equal(text_trim(field), text_of(tag));
}

const char *http_target_path(const char *target)
{
    const struct text scheme = TEXT("http://");
    if (!text_starts_nocase(text_of(target), scheme))
        return target;
    const char *path = strchr(target + scheme.count, '/');
    return path != NULL ? path : "/";
}

void http_range_put(struct text_out *out, const struct http_range *range, uint64_t bytes)
{
    text_put_string(out, "bytes ");
    text_put_u64(out, range->first);
    text_put_char(out, '-');
    text_put_u64(out, range->first + range->count - 1);
    text_put_char(out, '/');
    text_put_u64(out, bytes);
}

#include "ra/ra_state.h"

#define ENDS_MAX ((uint64_t)1 << 40)

static bool read_flags(struct text text, struct ra_state_line *line)
{
    line->on_link = text_find(text, 'l') != SIZE_MAX;
    line->autonomous = text_find(text, 'a') != SIZE_MAX;
    size_t known = (size_t)line->on_link + line->autonomous;
    return text.count == known || (known == 0 && text_equal(text, TEXT("-")));
}

/* Names of interfaces have no blanks, and nothing that would harm a log or a path. */
static bool read_name(struct text text, struct ra_state_line *line)
{
    if (text.count == 0 || text.count >= sizeof(line->interface))
        return false;
    for (size_t i = 0; i < text.count; i++)
        if (text.at[i] <= ' ' || text.at[i] >= 0x7f || text.at[i] == '/')
            return false;
    memcpy(line->interface, text.at, text.count);
    return true;
}

enum status ra_state_line_read(struct text text, struct ra_state_line *line)
{
    struct ra_state_line read = { .gone = true };
    struct text rest = text, name, prefix, flags, ends, more;
    uint64_t seconds;
    if (!text_next_word(&rest, &name) || !text_next_word(&rest, &prefix)
        || !text_next_word(&rest, &flags) || !text_next_word(&rest, &ends)
        || text_next_word(&rest, &more))
        return STATUS_MALFORMED;
    if (!read_name(name, &read) || !read_flags(flags, &read)
        || prefix_from_text(prefix, &read.prefix) != STATUS_OK
        || read.prefix.address.family != ADDRESS_IP6
        || text_to_u64(ends, ENDS_MAX, &seconds) != STATUS_OK)
        return STATUS_MALFORMED;
    read.gone = seconds != 0;
    read.ends = (wall_s)seconds;
    *line = read;
    return STATUS_OK;
}

void text_put_ra_state_line(struct text_out *out, const struct ra_state_line *line)
{
    text_put_string(out, line->interface);
    text_put_char(out, ' ');
    text_put_prefix(out, &line->prefix);
    text_put_char(out, ' ');
    if (line->on_link)
        text_put_char(out, 'l');
    if (line->autonomous)
        text_put_char(out, 'a');
    if (!line->on_link && !line->autonomous)
        text_put_char(out, '-');
    text_put_char(out, ' ');
    text_put_u64(out, line->gone && line->ends > 0 ? (uint64_t)line->ends : 0);
    text_put_char(out, '\n');
}

#include "store/lease_text.h"

#include <stdlib.h>

#include "base/bytes.h"

#define ROOM_AT_START 4096

bool lease_text_put(struct lease_text *text, struct text more)
{
    size_t needed;
    if (!size_add(text->count, more.count, &needed))
        return false;
    if (needed > text->room) {
        size_t room = text->room > 0 ? text->room : ROOM_AT_START;
        while (room < needed)
            room *= 2;
        char *at = realloc(text->at, room);
        if (at == NULL)
            return false;
        text->at = at;
        text->room = room;
    }
    struct bytes_writer writer = bytes_writer_on(text->at + text->count, more.count);
    bytes_write_span(&writer, text_bytes(more));
    text->count = needed;
    return true;
}

static size_t room_in_page(const struct lease_text *text, uint64_t begin)
{
    return (size_t)(LEASE_TEXT_PAGE - (begin + text->count) % LEASE_TEXT_PAGE);
}

/* The newline of the last line moves to the end of the page. */
NODISCARD static bool fill_page(struct lease_text *text, size_t room)
{
    static const char blanks[] = "                                                               ";
    size_t old = text->count;
    bool filled = true;
    for (size_t left = room - 1; left > 0 && filled;) {
        size_t count = left < sizeof(blanks) - 1 ? left : sizeof(blanks) - 1;
        filled = lease_text_put(text, (struct text){ blanks, count });
        left -= count;
    }
    if (!filled || !lease_text_put(text, TEXT("\n"))) {
        text->count = old;
        return false;
    }
    if (old > 0)
        text->at[old - 1] = ' ';
    return true;
}

bool lease_text_put_line(struct lease_text *text, uint64_t begin, struct text line)
{
    size_t room = room_in_page(text, begin);
    return (line.count <= room || fill_page(text, room)) && lease_text_put(text, line);
}

void lease_text_end(struct lease_text *text, uint64_t begin)
{
    size_t room = room_in_page(text, begin);
    if (text->count == 0 || room >= LEASE_TEXT_TAIL)
        return;
    bool filled = fill_page(text, room);
    (void)filled; /* without memory the line that is appended next brings an empty one */
}

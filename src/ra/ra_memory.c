#include "ra/ra_memory.h"

#include <stdlib.h>

#define ROOM_FIRST 16

void ra_memory_free(struct ra_memory *memory)
{
    free(memory->at);
    *memory = (struct ra_memory){ .at = NULL };
}

static struct ra_remembered *find(const struct ra_memory *memory, const char *interface,
                                  const struct prefix *prefix)
{
    for (size_t i = 0; i < memory->count; i++) {
        struct ra_remembered *entry = &memory->at[i];
        if (prefix_equal(&entry->prefix, prefix) && strcmp(entry->interface, interface) == 0)
            return entry;
    }
    return NULL;
}

NODISCARD static enum status add(struct ra_memory *memory, const char *interface,
                                 const struct prefix *prefix, struct ra_remembered **added)
{
    if (memory->count == RA_MEMORY_MAX) {
        memory->left_out++;
        return STATUS_FULL;
    }
    if (memory->count == memory->room) {
        size_t room = memory->room == 0 ? ROOM_FIRST : memory->room * 2;
        struct ra_remembered *at = realloc(memory->at, room * sizeof *at);
        if (at == NULL)
            return STATUS_NO_MEMORY;
        memory->at = at;
        memory->room = room;
    }
    struct ra_remembered *entry = &memory->at[memory->count++];
    *entry = (struct ra_remembered){ .prefix = *prefix };
    struct text_out name = text_out_on(entry->interface, sizeof entry->interface);
    text_put_string(&name, interface);
    memory->changed = true;
    *added = entry;
    return STATUS_OK;
}

static mono_ms seconds_from(mono_ms now, uint64_t seconds)
{
    return now + seconds * 1000;
}

enum status ra_memory_load(struct ra_memory *memory, const struct ra_state_line *line,
                           struct instant now)
{
    struct ra_remembered *entry = find(memory, line->interface, &line->prefix);
    /* The clock may have been set: nothing lasts longer than it could have. */
    wall_s left = line->ends - now.wall;
    if (line->gone && left <= 0) {
        memory->changed = true;
        return STATUS_OK;
    }
    if (entry == NULL) {
        enum status status = add(memory, line->interface, &line->prefix, &entry);
        if (status != STATUS_OK)
            return status;
        memory->changed = memory->changed || line->gone;
    }
    entry->on_link = line->on_link;
    entry->autonomous = line->autonomous;
    entry->gone = line->gone;
    if (line->gone)
        entry->ends = seconds_from(now.mono, left < RA_GONE_S ? (uint64_t)left : RA_GONE_S);
    entry->valid_to = MONO_NEVER;
    entry->cap_s = UINT32_MAX;
    return STATUS_OK;
}

/* ------------------------------------------------------------------ what is there now */

static void see(struct ra_memory *memory, const struct ra_link *link,
                const struct ra_prefix *prefix, mono_ms read_at, ra_memory_told *told,
                void *context)
{
    struct ra_remembered *entry = find(memory, link->name, &prefix->prefix);
    bool is_new = entry == NULL;
    if (is_new && add(memory, link->name, &prefix->prefix, &entry) != STATUS_OK)
        return; /* it is advertised, but not taken back when it goes */
    if (is_new || entry->gone || entry->on_link != prefix->on_link
        || entry->autonomous != prefix->autonomous)
        memory->changed = true;
    if (is_new || entry->gone)
        told(context, link->name, &prefix->prefix, false);
    entry->gone = false;
    entry->seen = true;
    entry->on_link = prefix->on_link;
    entry->autonomous = prefix->autonomous;
    entry->valid_to =
        prefix->valid_s == UINT32_MAX ? MONO_NEVER : seconds_from(read_at, prefix->valid_s);
    entry->cap_s = prefix->cap_s;
}

static void lose(struct ra_memory *memory, struct ra_remembered *entry, mono_ms now,
                 ra_memory_told *told, void *context)
{
    entry->gone = true;
    /* Hosts may have been told of it a moment ago, and for all of its time. */
    uint32_t kept_s = entry->cap_s < RA_GONE_S ? entry->cap_s : RA_GONE_S;
    entry->ends = mono_earlier(seconds_from(now, kept_s), entry->valid_to);
    memory->changed = true;
    told(context, entry->interface, &entry->prefix, true);
}

void ra_memory_update(struct ra_memory *memory, const struct ra_links *links, mono_ms read_at,
                      mono_ms now, ra_memory_told *told, void *context)
{
    for (size_t i = 0; i < memory->count; i++)
        memory->at[i].seen = false;
    for (size_t i = 0; i < links->count; i++)
        for (size_t j = 0; j < links->at[i].prefix_count; j++)
            see(memory, &links->at[i], &links->at[i].prefixes[j], read_at, told, context);
    for (size_t i = 0; i < memory->count; i++)
        if (!memory->at[i].seen && !memory->at[i].gone)
            lose(memory, &memory->at[i], now, told, context);
    ra_memory_expire(memory, now);
}

void ra_memory_expire(struct ra_memory *memory, mono_ms now)
{
    size_t kept = 0;
    for (size_t i = 0; i < memory->count; i++) {
        if (memory->at[i].gone && memory->at[i].ends <= now)
            memory->changed = true;
        else
            memory->at[kept++] = memory->at[i];
    }
    memory->count = kept;
}

mono_ms ra_memory_deadline(const struct ra_memory *memory)
{
    mono_ms deadline = MONO_NEVER;
    for (size_t i = 0; i < memory->count; i++)
        if (memory->at[i].gone)
            deadline = mono_earlier(deadline, memory->at[i].ends);
    return deadline;
}

size_t ra_memory_gone(const struct ra_memory *memory, const char *interface, mono_ms now,
                      struct icmp6_prefix *prefixes, size_t count, size_t room)
{
    for (size_t i = 0; i < memory->count && count < room; i++) {
        const struct ra_remembered *entry = &memory->at[i];
        if (!entry->gone || entry->ends <= now || strcmp(entry->interface, interface) != 0)
            continue;
        prefixes[count++] = (struct icmp6_prefix){
            .address = entry->prefix.address,
            .length = entry->prefix.length,
            .on_link = entry->on_link,
            .autonomous = entry->autonomous,
            .valid_s = (uint32_t)((entry->ends - now) / 1000),
        };
    }
    return count;
}

void ra_memory_put(const struct ra_memory *memory, struct instant now, struct text_out *out)
{
    for (size_t i = 0; i < memory->count; i++) {
        const struct ra_remembered *entry = &memory->at[i];
        struct ra_state_line line = {
            .prefix = entry->prefix,
            .on_link = entry->on_link,
            .autonomous = entry->autonomous,
            .gone = entry->gone,
        };
        memcpy(line.interface, entry->interface, sizeof line.interface);
        if (entry->gone)
            line.ends =
                now.wall + (wall_s)(entry->ends > now.mono ? (entry->ends - now.mono) / 1000 : 0);
        text_put_ra_state_line(out, &line);
    }
}

#include "store/lease_file_plan.h"

#include <stdlib.h>

#include "store/lease_plan_lines.h"

#define CHANGES_TEXT_MAX ((size_t)1 << 20)
#define DISK_BLOCK       512   /* what a disk writes whole or not at all */
#define IMAGE_KEPT_BYTES 65536 /* longest image whose memory is kept for the next one */

/* ------------------------------------------------------------------ records and lines */

NODISCARD static bool grow_records(struct lease_plan *plan)
{
    uint32_t room = plan->record_room + plan->record_room / 2 + 256;
    struct lease_record *records = realloc(plan->records, room * sizeof(*records));
    if (records == NULL)
        return false;
    plan->records = records;
    plan->record_room = room;
    return true;
}

enum status lease_plan_record_take(struct lease_plan *plan, uint32_t *index)
{
    if (plan->free_record != LEASE_RECORD_NONE) {
        *index = plan->free_record;
        plan->free_record = plan->records[*index].next_free;
    } else {
        if (plan->record_touched == plan->record_room && !grow_records(plan))
            return STATUS_NO_MEMORY;
        *index = plan->record_touched++;
    }
    plan->records[*index] = (struct lease_record){ .line = lease_no_line, .older = lease_no_line };
    if (*index < plan->images_room)
        plan->images[*index] = lease_no_line;
    plan->record_count++;
    return STATUS_OK;
}

void lease_plan_record_give(struct lease_plan *plan, uint32_t index)
{
    plan->records[index] = (struct lease_record){ .next_free = plan->free_record };
    plan->free_record = index;
    plan->record_count--;
}

struct lease_place lease_plan_measure(struct text line, uint64_t offset)
{
    static const struct siphash_key key = { 0x6c65617365206c69, 0x6e65206469676573 };
    size_t digits = text_find(line, ' ');
    struct text rest = text_after(line, digits);
    return (struct lease_place){ .offset = offset & LEASE_LINE_NONE,
                                 .digits = digits & UINT8_MAX,
                                 .digest = siphash13(&key, rest.at, rest.count) };
}

struct text lease_plan_text(const struct lease *lease, char *buffer, size_t room)
{
    struct text_out out = text_out_on(buffer, room);
    text_put_lease_lines(&out, lease);
    return out.failed ? TEXT_NONE : text_out_text(&out);
}

static const struct lease_table *table_of(const struct lease_plan *plan, unsigned family)
{
    return family == ADDRESS_IP6 && plan->table6 != NULL ? plan->table6 : plan->table;
}

struct lease *lease_plan_find(const struct lease_plan *plan, const struct address *address)
{
    return lease_table_by_address(table_of(plan, address->family), address);
}

NODISCARD static struct text duid_as_text(struct bytes duid, char *buffer, size_t room)
{
    struct text_out out = text_out_on(buffer, room);
    if (duid.count == 0)
        return TEXT_NONE;
    text_put_string(&out, "duid ");
    text_put_hex(&out, duid, ':');
    text_put_char(&out, '\n');
    return out.failed ? TEXT_NONE : text_out_text(&out);
}

/* ------------------------------------------------------------------ planning a batch */

/* Digits behind the line of a batch that is still being put together are changed there. */
static void patch(struct lease_plan *plan, uint64_t offset, struct text digits)
{
    if (offset >= plan->size) {
        struct bytes_writer writer =
            bytes_writer_on(plan->append.at + (offset - plan->size), digits.count);
        bytes_write_span(&writer, text_bytes(digits));
        return;
    }
    struct lease_patch *to = &plan->patches[plan->patch_count++];
    to->offset = offset;
    to->count = (uint8_t)digits.count;
    struct bytes_writer writer = bytes_writer_on(to->digits, sizeof(to->digits));
    bytes_write_span(&writer, text_bytes(digits));
}

/* An expiry of one second after the epoch: every reader takes such a lease for expired. */
static void kill_line(struct lease_plan *plan, const struct lease_place *line)
{
    static const char past[] = "00000000000000000001";
    if (lease_line_exists(line))
        patch(plan, line->offset,
              (struct text){ past + LEASE_DIGITS_MAX - line->digits, line->digits });
}

static void count_dead(struct lease_plan *plan, const struct lease_place *line, uint64_t now_ms)
{
    if (lease_line_exists(line) && plan->dead++ == 0)
        plan->dead_since_ms = now_ms;
}

/* A disk may write one of two blocks and lose the other, so digits that lie in two are not touched.
 */
static bool may_overwrite(const struct lease_place *line, const struct lease_file_change *change)
{
    return lease_line_exists(line) && line->digest == change->digest
           && line->digits == change->digits
           && line->offset / DISK_BLOCK == (line->offset + line->digits - 1) / DISK_BLOCK;
}

/* A line behind all others. */
NODISCARD static bool append_line(struct lease_plan *plan, struct text line)
{
    if (plan->tail_open && plan->append.count == 0 && !lease_text_put(&plan->append, TEXT("\n")))
        return false;
    return lease_text_put_line(&plan->append, plan->size, line);
}

NODISCARD static bool plan_put(struct lease_plan *plan, struct lease_file_change *change,
                               uint64_t now_ms)
{
    struct lease_record *record = &plan->records[change->record];
    struct text line = { plan->flight.text + change->text_at, change->text_count };
    if (may_overwrite(&record->line, change)) {
        change->needs_append = record->line.offset >= plan->size;
        patch(plan, record->line.offset, text_part(line, 0, change->digits));
        return true;
    }
    if (!append_line(plan, line))
        return false;
    uint64_t offset = plan->size + plan->append.count - line.count;
    count_dead(plan, &record->line, now_ms);
    if (lease_line_exists(&record->line) && record->line.offset >= plan->size) {
        kill_line(plan, &record->line); /* of this batch: no more durable than this one */
    } else {
        /* The line before the last cannot matter any more; the last one does until this one is
         * durable. */
        kill_line(plan, &record->older);
        record->older = record->line;
    }
    record->line = lease_plan_measure(line, offset);
    change->needs_append = true;
    return true;
}

static void plan_remove(struct lease_plan *plan, const struct lease_file_change *change,
                        uint64_t now_ms)
{
    struct lease_record *record = &plan->records[change->record];
    kill_line(plan, &record->line);
    kill_line(plan, &record->older);
    count_dead(plan, &record->line, now_ms);
    record->line = lease_no_line;
    record->older = lease_no_line;
}

/* The line of the DUID, or nothing. Leases that come after it count on it. */
static void plan_duid(struct lease_plan *plan, struct lease_file_change *change)
{
    struct text line = { plan->flight.text + change->text_at, change->text_count };
    change->needs_append = line.count > 0;
    change->failed = line.count > 0 && !append_line(plan, line);
    plan->duid_unwritten = plan->duid_unwritten || change->failed;
}

/* The line of the DUID was refused: it goes before all others of this batch. */
static void plan_duid_again(struct lease_plan *plan)
{
    char buffer[LEASE_LINE_MAX];
    struct bytes duid = bytes_of(plan->duid, plan->duid_count);
    plan->duid_appended =
        plan->duid_unwritten && append_line(plan, duid_as_text(duid, buffer, sizeof(buffer)));
}

static void plan_patches(struct lease_plan *plan, const struct lease_disk *disk, uint64_t now_ms,
                         struct lease_work *work)
{
    plan->append.count = 0;
    plan->patch_count = 0;
    plan_duid_again(plan);
    for (size_t i = 0; i < plan->flight.count; i++) {
        struct lease_file_change *change = &plan->flight.changes[i];
        change->needs_append = change->failed = false;
        if (change->record == LEASE_RECORD_NONE) {
            plan_duid(plan, change);
            continue;
        }
        change->before_line = plan->records[change->record].line;
        change->before_older = plan->records[change->record].older;
        if (change->kind == LEASE_CHANGE_REMOVE)
            plan_remove(plan, change, now_ms);
        else if (!plan_put(plan, change, now_ms))
            change->failed = true;
    }
    lease_text_end(&plan->append, plan->size);
    *work = (struct lease_work){
        .disk = disk,
        .size = plan->size,
        .append = bytes_of(plan->append.at, plan->append.count),
        .patches = plan->patches,
        .patch_count = plan->patch_count,
    };
}

/* An extra line about an address that has a lease of its own by now. */
static bool is_superseded(const struct lease_plan *plan, struct text line)
{
    struct lease_line read;
    return lease_line_read(line, &read) == STATUS_OK && read.kind == LEASE_LINE_LEASE
           && lease_plan_find(plan, &read.address) != NULL;
}

NODISCARD static bool grow_images(struct lease_plan *plan, uint32_t room)
{
    if (room <= plan->images_room)
        return true;
    if (room < plan->record_room)
        room = plan->record_room;
    struct lease_place *images = realloc(plan->images, room * sizeof(*images));
    if (images == NULL)
        return false;
    for (uint32_t i = plan->images_room; i < room; i++)
        images[i] = lease_no_line;
    plan->images = images;
    plan->images_room = room;
    return true;
}

/* An image of many leases is not kept in memory after it has been written. */
static void forget_image(struct lease_plan *plan)
{
    free(plan->images);
    plan->images = NULL;
    plan->images_room = 0;
    if (plan->image.room <= IMAGE_KEPT_BYTES)
        return;
    free(plan->image.at);
    plan->image = (struct lease_text){ .at = NULL };
}

NODISCARD static bool image_put_lease(struct lease_plan *plan, struct lease *lease)
{
    char buffer[LEASE_LINES_MAX];
    struct text line = lease_plan_text(lease, buffer, sizeof(buffer));
    if (text_is_empty(line) || lease->expires_wall == LEASE_LINE_DEAD_WALL)
        return true;
    if (lease->store_cookie != 0 && plan->records[lease->store_cookie - 1].removed)
        return true;
    if (lease->store_cookie == 0) {
        uint32_t index;
        if (lease_plan_record_take(plan, &index) != STATUS_OK)
            return false;
        lease->store_cookie = index + 1;
    }
    if (!grow_images(plan, lease->store_cookie))
        return false;
    plan->images[lease->store_cookie - 1] = lease_plan_measure(line, plan->image.count);
    return lease_text_put(&plan->image, text_part(line, 0, text_find(line, '\n') + 1));
}

/* What belongs to the leases comes behind all of them: dnsmasq before 2.93 reads no lease that
 * stands behind such a line. */
NODISCARD static bool image_put_origins(struct lease_plan *plan)
{
    const struct lease *lease = lease_table_first(plan->table);
    for (; lease != NULL; lease = lease_table_next(plan->table, lease)) {
        uint32_t cookie = lease->store_cookie;
        if (lease->origin == NULL || cookie == 0 || cookie > plan->images_room
            || !lease_line_exists(&plan->images[cookie - 1]))
            continue;
        char buffer[LEASE_LINES_MAX];
        struct text lines = lease_plan_text(lease, buffer, sizeof(buffer));
        if (!lease_text_put(&plan->image, text_after(lines, text_find(lines, '\n') + 1)))
            return false;
    }
    plan->mixed = false;
    return true;
}

NODISCARD static bool image_put_leases(struct lease_plan *plan, bool ip4)
{
    const struct lease_table *table = table_of(plan, ip4 ? ADDRESS_IP4 : ADDRESS_IP6);
    struct lease *lease = lease_table_first(table);
    for (; lease != NULL; lease = lease_table_next(table, lease)) {
        if ((lease->kind == LEASE_IP4) == ip4 && !image_put_lease(plan, lease))
            return false;
    }
    return true;
}

NODISCARD static bool image_put_duid(struct lease_plan *plan)
{
    char buffer[LEASE_LINE_MAX];
    struct bytes duid = bytes_of(plan->duid, plan->duid_count);
    return duid.count == 0
           || lease_text_put(&plan->image, duid_as_text(duid, buffer, sizeof(buffer)));
}

NODISCARD static bool image_put_extra(struct lease_plan *plan)
{
    struct text rest = { plan->extra.at, plan->extra.count };
    struct text line;
    while (text_next_line(&rest, &line)) {
        if (is_superseded(plan, line))
            continue;
        if (!lease_text_put(&plan->image, line) || !lease_text_put(&plan->image, TEXT("\n")))
            return false;
    }
    return true;
}

static bool may_overwrite_file(const struct lease_plan *plan);

/* The file as it should be: IPv4 leases, newest first; who we are; IPv6 leases; lines of others;
 * what belongs to leases. */
NODISCARD static bool plan_image(struct lease_plan *plan, const struct lease_disk *disk,
                                 struct lease_work *work)
{
    plan->image.count = 0;
    for (uint32_t i = 0; i < plan->images_room; i++)
        plan->images[i] = lease_no_line;
    if (!image_put_leases(plan, true) || !image_put_duid(plan) || !image_put_leases(plan, false)
        || !image_put_extra(plan) || !image_put_origins(plan))
        return false;
    lease_text_end(&plan->image, 0);
    for (size_t i = 0; i < plan->flight.count; i++)
        plan->flight.changes[i].failed = false;
    *work = (struct lease_work){
        .disk = disk,
        .rewrite = true,
        .size = plan->size,
        .image = bytes_of(plan->image.at, plan->image.count),
        .keep_broken = plan->has_broken && !may_overwrite_file(plan),
        .overwrite = may_overwrite_file(plan),
    };
    return true;
}

/* ------------------------------------------------------------------ what went wrong */

static void fail_all(struct lease_plan *plan)
{
    for (size_t i = 0; i < plan->flight.count; i++)
        plan->flight.changes[i].failed = true;
}

/* The lines of these changes are not in the file: the records go back to what is. */
static void unwind(struct lease_plan *plan, bool all)
{
    for (size_t i = plan->flight.count; COUNT_DOWN(i);) {
        struct lease_file_change *change = &plan->flight.changes[i];
        if (change->record == LEASE_RECORD_NONE)
            plan->duid_unwritten = plan->duid_unwritten || change->needs_append;
        if (change->record == LEASE_RECORD_NONE || !(all || change->needs_append))
            continue;
        struct lease_record *record = &plan->records[change->record];
        if (lease_line_exists(&change->before_line)
            && record->line.offset != change->before_line.offset)
            plan->dead--; /* it lives after all */
        record->line = change->before_line;
        record->older = change->before_older;
        change->failed = true;
    }
}

static void block_rewrite(struct lease_plan *plan, uint64_t now_ms)
{
    plan->needs_rewrite = true;
    plan->failed_ms = now_ms;
    plan->blocked_until_ms = now_ms + LEASE_FILE_RETRY_MS;
}

/* ------------------------------------------------------------------ choosing the way */

/* A line of the file is about to become untrue. */
static bool batch_kills(const struct lease_plan *plan, const struct lease_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct lease_file_change *change = &batch->changes[i];
        if (change->record == LEASE_RECORD_NONE)
            continue;
        const struct lease_place *line = &plan->records[change->record].line;
        if (lease_line_exists(line)
            && (change->kind == LEASE_CHANGE_REMOVE || line->digest != change->digest))
            return true;
    }
    return false;
}

/* Broken lines cannot be kept aside in a closed folder, so they are given up only for good reason:
 * somebody else has been at them already, or the file would grow without end. */
static bool may_overwrite_file(const struct lease_plan *plan)
{
    if (!plan->closed)
        return false;
    bool mostly_dead = plan->dead > plan->record_count && plan->size > LEASE_FILE_CLOSED_BYTES;
    return plan->lost || mostly_dead || (plan->ghosts && !plan->has_broken);
}

/* An image is not out of the question: it did not fail just now. */
static bool may_image(const struct lease_plan *plan, const struct lease_batch *batch, uint64_t now)
{
    if (plan->patch_only)
        return false;
    return now >= plan->blocked_until_ms
           || (batch->count > 0 && now - plan->failed_ms >= LEASE_FILE_REWRITE_MS);
}

/* Readers look for a released lease soon after: Neutron does in a file of thousands. So a dead line
 * waits as long as its file is large, and rewriting takes no more than so many bytes a second. */
static uint64_t dead_until_ms(const struct lease_plan *plan)
{
    uint64_t wait = plan->size / LEASE_FILE_DEAD_BYTES;
    return plan->dead_since_ms + (wait < LEASE_FILE_DEAD_WAIT_MS ? wait : LEASE_FILE_DEAD_WAIT_MS);
}

static bool wants_image(const struct lease_plan *plan, const struct lease_batch *batch,
                        uint64_t now)
{
    if (plan->force_rewrite)
        return true;
    if (plan->lost)
        return batch->count > 0 || now >= plan->blocked_until_ms;
    if (!may_image(plan, batch, now))
        return false;
    if (plan->closed && (batch->count == 0 || now - plan->closed_ms < LEASE_FILE_CLOSED_MS))
        return may_overwrite_file(plan);
    if (plan->needs_rewrite && (batch->count > 0 || plan->blocked_until_ms > 0))
        return true;
    if (plan->size <= LEASE_FILE_SMALL_BYTES)
        return plan->dead > 0 || batch_kills(plan, batch);
    if (plan->dead == 0)
        return false;
    return (plan->dead >= plan->record_count / 4
            && now - plan->rewritten_ms >= LEASE_FILE_REWRITE_MS)
           || now >= dead_until_ms(plan);
}

bool lease_plan_is_idle(const struct lease_plan *plan, uint64_t now_ms)
{
    return plan->waiting.count == 0 && !wants_image(plan, &plan->waiting, now_ms);
}

uint64_t lease_plan_deadline(const struct lease_plan *plan)
{
    if (plan->needs_rewrite && plan->blocked_until_ms > 0)
        return plan->blocked_until_ms;
    if (plan->dead == 0 || plan->closed)
        return UINT64_MAX;
    uint64_t soon = plan->rewritten_ms + LEASE_FILE_REWRITE_MS;
    uint64_t late = dead_until_ms(plan);
    return plan->dead >= plan->record_count / 4 && soon < late ? soon : late;
}

static void plan_flight(struct lease_plan *plan, const struct lease_disk *disk, uint64_t now_ms,
                        struct lease_work *work)
{
    bool wanted = wants_image(plan, &plan->flight, now_ms);
    plan->force_rewrite = plan->patch_only = false;
    if (!wanted) {
        plan_patches(plan, disk, now_ms, work);
        return;
    }
    if (plan_image(plan, disk, work))
        return;
    block_rewrite(plan, now_ms); /* no memory for it now */
    plan_patches(plan, disk, now_ms, work);
    if (plan->lost)
        work->size = UINT64_MAX; /* no file is as large: the disk will not touch it */
}

void lease_plan_start(struct lease_plan *plan, const struct lease_disk *disk, uint64_t now_ms,
                      struct lease_work *work)
{
    struct lease_batch empty = plan->flight;
    plan->flight = plan->waiting;
    plan->waiting = empty;
    plan->waiting.count = 0;
    plan->waiting.text_count = 0;
    plan_flight(plan, disk, now_ms, work);
}

/* ------------------------------------------------------------------ after a batch */

static void adopt_image(struct lease_plan *plan, uint64_t now_ms)
{
    for (uint32_t i = 0; i < plan->record_touched; i++) {
        plan->records[i].line = i < plan->images_room ? plan->images[i] : lease_no_line;
        plan->records[i].older = lease_no_line;
    }
    plan->size = plan->image.count;
    plan->dead = 0;
    plan->tail_open = false;
    plan->needs_rewrite = plan->lost = plan->ghosts = plan->duid_unwritten = false;
    plan->blocked_until_ms = 0;
    plan->rewritten_ms = now_ms;
}

void lease_plan_close_folder(struct lease_plan *plan, uint64_t now_ms)
{
    plan->closed = true;
    plan->closed_ms = now_ms;
}

/* False: to be done again, as patches or over the old file. */
NODISCARD static bool settle_image(struct lease_plan *plan, const struct lease_work *work,
                                   uint64_t now_ms)
{
    bool overwritten = work->in_place && !work->rewrite_failed;
    if (work->closed_error != 0)
        lease_plan_close_folder(plan, now_ms);
    else if (work->new_fd >= 0)
        plan->closed = false;
    if (work->broken_kept || overwritten)
        plan->has_broken = false;
    if (work->new_fd >= 0 || overwritten)
        adopt_image(plan, now_ms);
    if (work->closed_error != 0 && !work->in_place)
        return plan->flight.count == 0 && !may_overwrite_file(plan);
    if (!work->rewrite_failed)
        return true;
    block_rewrite(plan, now_ms);
    plan->lost = plan->lost || work->foreign;
    if (work->new_fd >= 0 || plan->lost) {
        fail_all(plan);
        return true;
    }
    plan->patch_only = plan->flight.count > 0;
    return !plan->patch_only;
}

/* False: to be done again, as an image. */
NODISCARD static bool settle_patches(struct lease_plan *plan, const struct lease_work *work,
                                     uint64_t now_ms)
{
    if (work->foreign && !work->append_failed && !work->patch_failed) {
        unwind(plan, true);
        plan->needs_rewrite = plan->lost = true;
        return false;
    }
    if (work->append_failed || work->patch_failed)
        block_rewrite(plan, now_ms);
    if (work->patch_failed) {
        plan->ghosts = true;
        fail_all(plan);
    }
    if (work->append_failed) {
        unwind(plan, false);
    } else {
        plan->size += work->append.count;
        plan->duid_unwritten = plan->duid_unwritten && !plan->duid_appended;
        plan->tail_open = plan->tail_open && work->append.count == 0;
    }
    return true;
}

bool lease_plan_settle(struct lease_plan *plan, struct lease_work *work, uint64_t now_ms)
{
    bool foreign = !work->rewrite && work->foreign;
    bool settled =
        work->rewrite ? settle_image(plan, work, now_ms) : settle_patches(plan, work, now_ms);
    if (work->rewrite)
        forget_image(plan);
    if (settled)
        return true;
    plan_flight(plan, work->disk, now_ms, work);
    if (work->rewrite || !foreign)
        return false;
    /* No memory for an image, and nothing may be patched into a stranger's file. */
    unwind(plan, true);
    block_rewrite(plan, now_ms);
    return true;
}

/* The lease of a removal is gone, so its record goes too, whether the disk took part or not. */
void lease_plan_done(struct lease_plan *plan)
{
    for (size_t i = 0; i < plan->flight.count; i++) {
        struct lease_file_change *change = &plan->flight.changes[i];
        if (change->kind == LEASE_CHANGE_REMOVE && change->record != LEASE_RECORD_NONE)
            lease_plan_record_give(plan, change->record);
    }
    plan->flight.count = 0;
    plan->flight.text_count = 0;
}

/* ------------------------------------------------------------------ changes */

NODISCARD static enum status queue_text(struct lease_plan *plan, const struct lease *lease,
                                        struct lease_file_change *change)
{
    struct lease_batch *batch = &plan->waiting;
    struct text line = lease_plan_text(lease, batch->text + batch->text_count,
                                       CHANGES_TEXT_MAX - batch->text_count);
    if (text_is_empty(line))
        return STATUS_FULL;
    struct lease_place measured = lease_plan_measure(line, 0);
    change->text_at = batch->text_count;
    change->text_count = (uint16_t)line.count;
    change->digest = measured.digest;
    change->digits = measured.digits;
    return STATUS_OK;
}

NODISCARD static enum status queue_put(struct lease_plan *plan, struct lease *lease,
                                       struct lease_file_change *change)
{
    enum status status = queue_text(plan, lease, change);
    if (status == STATUS_OK && change->record == LEASE_RECORD_NONE)
        status = lease_plan_record_take(plan, &change->record);
    if (status != STATUS_OK)
        return status;
    lease->store_cookie = change->record + 1;
    plan->mixed = plan->mixed || lease->origin != NULL;
    plan->waiting.text_count += change->text_count;
    return STATUS_OK;
}

enum status lease_plan_change(struct lease_plan *plan, const struct lease_change *given)
{
    struct lease_file_change change = { .kind = (uint8_t)given->kind,
                                        .record = LEASE_RECORD_NONE,
                                        .ticket = given->ticket };
    if (given->lease->store_cookie != 0)
        change.record = given->lease->store_cookie - 1;
    if (given->kind == LEASE_CHANGE_REMOVE && change.record == LEASE_RECORD_NONE
        && given->ticket == 0)
        return STATUS_OK; /* the file never heard of it */
    if (plan->waiting.count == LEASE_FILE_CHANGES_MAX)
        return STATUS_FULL;
    if (given->kind == LEASE_CHANGE_PUT) {
        enum status status = queue_put(plan, given->lease, &change);
        if (status != STATUS_OK)
            return status;
    } else if (change.record != LEASE_RECORD_NONE) {
        plan->records[change.record].removed = true;
    }
    plan->waiting.changes[plan->waiting.count++] = change;
    return STATUS_OK;
}

enum status lease_plan_set_duid(struct lease_plan *plan, struct bytes duid)
{
    struct lease_batch *batch = &plan->waiting;
    struct bytes known = bytes_of(plan->duid, plan->duid_count);
    struct lease_file_change change = { .kind = LEASE_CHANGE_PUT, .record = LEASE_RECORD_NONE };

    assert(duid.count > 0 && duid.count <= sizeof(plan->duid));
    if (bytes_equal(known, duid))
        return STATUS_OK;
    if (batch->count == LEASE_FILE_CHANGES_MAX)
        return STATUS_FULL;
    struct text line =
        duid_as_text(duid, batch->text + batch->text_count, CHANGES_TEXT_MAX - batch->text_count);
    if (text_is_empty(line))
        return STATUS_FULL;
    change.text_at = batch->text_count;
    change.text_count = (uint16_t)line.count;
    batch->text_count += line.count;
    batch->changes[batch->count++] = change;
    memcpy(plan->duid, duid.at, duid.count);
    plan->duid_count = duid.count;
    plan->needs_rewrite = true;
    return STATUS_OK;
}

void lease_plan_renew_all(struct lease_plan *plan)
{
    plan->needs_rewrite = true;
    plan->force_rewrite = true;
}

/* ------------------------------------------------------------------ life */

static void batch_free(struct lease_batch *batch)
{
    free(batch->changes);
    free(batch->text);
}

NODISCARD static bool batch_take(struct lease_batch *batch)
{
    batch->changes = malloc(LEASE_FILE_CHANGES_MAX * sizeof(*batch->changes));
    batch->text = malloc(CHANGES_TEXT_MAX);
    return batch->changes != NULL && batch->text != NULL;
}

enum status lease_plan_init(struct lease_plan *plan, const struct lease_table *table,
                            const struct lease_table *table6)
{
    *plan =
        (struct lease_plan){ .table = table, .table6 = table6, .free_record = LEASE_RECORD_NONE };
    /* A change kills two lines at most, or overwrites one. */
    plan->patches = malloc(2 * LEASE_FILE_CHANGES_MAX * sizeof(*plan->patches));
    if (batch_take(&plan->waiting) && batch_take(&plan->flight) && plan->patches != NULL)
        return STATUS_OK;
    lease_plan_free(plan);
    *plan = (struct lease_plan){ .free_record = LEASE_RECORD_NONE };
    return STATUS_NO_MEMORY;
}

void lease_plan_free(struct lease_plan *plan)
{
    batch_free(&plan->waiting);
    batch_free(&plan->flight);
    free(plan->extra.at);
    free(plan->append.at);
    free(plan->image.at);
    free(plan->images);
    free(plan->patches);
    free(plan->records);
}

/* What the two files of the plan share: lease_file_plan.c and lease_file_load.c. Nobody else
 * includes this. */
#ifndef LINNET_STORE_LEASE_PLAN_LINES_H
#define LINNET_STORE_LEASE_PLAN_LINES_H

#include "store/lease_file_plan.h"

#define LEASE_RECORD_NONE UINT32_MAX

static const struct lease_place lease_no_line = { .offset = LEASE_LINE_NONE };

static inline bool lease_line_exists(const struct lease_place *line)
{
    return line->offset != LEASE_LINE_NONE;
}

/* A record without a line. STATUS_NO_MEMORY. */
NODISCARD enum status lease_plan_record_take(struct lease_plan *plan, uint32_t *index);
/* Nobody's any more. */
void lease_plan_record_give(struct lease_plan *plan, uint32_t index);
/* Where the parts of a finished line are; its offset is the caller's. */
struct lease_place lease_plan_measure(struct text line, uint64_t offset);
/* The lines of a lease; empty when they do not fit. */
NODISCARD struct text lease_plan_text(const struct lease *lease, char *buffer, size_t room);
/* In the table of its family, or NULL. */
struct lease *lease_plan_find(const struct lease_plan *plan, const struct address *address);

#endif

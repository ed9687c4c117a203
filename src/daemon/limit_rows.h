/* Every limit that an outsider can bring the program to, with its use: for SIGUSR1, status and
 * doctor. docs/limits.md says of each who gives way. */
#ifndef LINNET_DAEMON_LIMIT_ROWS_H
#define LINNET_DAEMON_LIMIT_ROWS_H

#include <stdint.h>

struct daemon;
struct worker_report;

#define LIMIT_UNKNOWN (-1)

struct limit {
    const char *name;
    int64_t used, highest; /* LIMIT_UNKNOWN where nobody counts them */
    uint64_t most;
    uint64_t hit;          /* times that it was reached: somebody had to give way or was refused */
};

typedef void limit_rows_put(void *context, const struct limit *limit);

/* Those of what is served. workers: NULL where there is no DNS. */
void limit_rows_each(const struct daemon *daemon, const struct worker_report *workers,
                     limit_rows_put *put, void *context);
/* A line for each: "limit of questions under way: 3 of 16384, highest 17, reached 0 times". */
void limit_rows_log(const struct daemon *daemon, const struct worker_report *workers);

#endif

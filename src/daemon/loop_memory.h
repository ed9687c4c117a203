/* Memory for libuv's loops, which end the program by a signal where they need some and there is
 * none: when the system has none left they live on a reserve of ours, long enough for the rest of
 * the program to be told the same, refuse what it can refuse and give memory back. */
#ifndef LINNET_DAEMON_LOOP_MEMORY_H
#define LINNET_DAEMON_LOOP_MEMORY_H

/* All that libuv asks for passes through here from now on. Call before anything else of libuv. */
void loop_memory_begin(void);

#endif

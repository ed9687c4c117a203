/* An event as lease scripts get it: words and environment (dhcp.md section 10). Only ever handed to
 * execve as they are; no shell reads them. */
#ifndef LINNET_DAEMON_SCRIPT_ENVIRONMENT_H
#define LINNET_DAEMON_SCRIPT_ENVIRONMENT_H

#include "daemon/script_record.h"

struct script_moment {
    wall_s now;
    bool log_dhcp;
};

/* Each variable that the event has, without the DNSMASQ_ in front. Values end at their first NUL,
 * as every one in an environment does; whatever else is in them stays, for Lua. */
void script_environment_each(const struct script_record *record, const struct script_moment *moment,
                             void (*each)(void *context, const char *name, struct text value),
                             void *context);

/* "add", "arp-del", ... */
const char *script_action_word(enum script_action action);
/* The client as the script's second word has it: hardware address or DUID. */
void text_put_script_client(struct text_out *out, const struct script_record *record);

#define SCRIPT_WORDS_MAX       6
#define SCRIPT_ENVIRONMENT_MAX 768
#define SCRIPT_CALL_BYTES      65536

struct script_call {
    char *words[SCRIPT_WORDS_MAX + 1];
    size_t word_count;
    char *environment[SCRIPT_ENVIRONMENT_MAX + 1];
    size_t environment_count;
    size_t used;
    char memory[SCRIPT_CALL_BYTES];
};

/* All of what execve wants. base: the daemon's own environment, of which the script gets what is
 * harmless; its strings are referred to. What does not fit is left out. In words and values, the
 * path of a file excepted, a byte that is not printable ASCII or that means something to a shell
 * ($ ` " ' \ ; & | < > ( ) { } [ ] * ? ! # ~) becomes '_'. */
void script_call_build(struct script_call *call, const char *path,
                       const struct script_record *record, const struct script_moment *moment,
                       char *const *base);
/* `init`: one word, and nothing but the base. */
void script_call_build_init(struct script_call *call, const char *path, char *const *base);

/* May a script see this variable of ours? Not what makes a loader or a shell do something by
 * itself, and not what could pass for one of the event's. */
bool script_environment_passes(const char *variable);

#endif

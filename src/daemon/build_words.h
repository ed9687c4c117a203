/* What this program is built with, told by its option rows: a feature is there when the row that
 * asks for it can be used. */
#ifndef LINNET_DAEMON_BUILD_WORDS_H
#define LINNET_DAEMON_BUILD_WORDS_H

#include "base/text.h"
#include "config/option.h"

/* The dnsmasq whose behaviour we have under its name. Programs that drive it look for a number. */
#define DNSMASQ_VERSION "2.93"

/* "IPv6 GNU-getopt DBus no-UBus ...": dnsmasq's words in its order, "no-" before what is absent. */
void build_words_put(const struct option_set *set, struct text_out *out);
/* What --version says; compat: as dnsmasq. */
void build_words_put_version(const struct option_set *set, bool compat, struct text_out *out);

#endif

/* Looks for others on a network who do what linnet does there: DHCPv6 servers and routers, asked as
 * a host would ask. Nobody gives anything away for it: a SOLICIT without a REQUEST behind it takes
 * no address, and linnet itself does not hear what this machine asks. */
#ifndef LINNET_COMPANIONS_LINNETCTL_OTHERS_H
#define LINNET_COMPANIONS_LINNETCTL_OTHERS_H

#include <net/if.h>

#include "base/address.h"

#define LINNETCTL_LINKS_MAX  32
#define LINNETCTL_OTHERS_MAX 32
#define LINNETCTL_OTHERS_MS  3500 /* a router may wait for three seconds (RFC 4861 section 6.2.6) */

enum linnetctl_other_kind { LINNETCTL_DHCP6, LINNETCTL_ROUTER };

/* An interface on which is looked. */
struct linnetctl_link {
    char name[IF_NAMESIZE];
    uint32_t index;
    bool dhcp6, router; /* linnet is one there */
    int fd;             /* DHCPv6's; -1: none */
};

struct linnetctl_other {
    enum linnetctl_other_kind kind;
    struct address address;
    const struct linnetctl_link *link;
    char what[128]; /* of a router: its lifetime and prefix */
};

struct linnetctl_others {
    struct linnetctl_link links[LINNETCTL_LINKS_MAX];
    size_t link_count;
    struct linnetctl_other found[LINNETCTL_OTHERS_MAX]; /* each once */
    size_t found_count;
    const char *failed; /* what could not be asked, or NULL; `error` is its errno */
    int error;
    int icmp_fd;
    uint32_t xid;
    uint8_t duid[18];
    uint64_t until_ms;
};

/* linnet is this on that interface; one that is gone is passed over. */
void linnetctl_others_add(struct linnetctl_others *others, struct text interface,
                          enum linnetctl_other_kind kind);
/* Asks on all that were added; answers may come while other things are done. */
void linnetctl_others_ask(struct linnetctl_others *others);
/* Hears the answers, until LINNETCTL_OTHERS_MS after the question. */
void linnetctl_others_hear(struct linnetctl_others *others);

#endif

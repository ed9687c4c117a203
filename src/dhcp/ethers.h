/* /etc/ethers (ethers(5)): a hardware address and a name or an IPv4 address on each line, '#' for
 * comments. */
#ifndef LINNET_DHCP_ETHERS_H
#define LINNET_DHCP_ETHERS_H

#include "dhcp/dhcp_config.h"

enum ethers_kind {
    ETHERS_HOST,
    ETHERS_BAD_LINE, /* no hardware address, or nothing after it */
    ETHERS_BAD_NAME, /* neither a host name nor an IPv4 address */
};

struct ethers_line {
    unsigned number; /* 1-based */
    enum ethers_kind kind;
    struct dhcp_hardware_pattern hardware;
    struct address address; /* none: a name */
    struct dname name;      /* count 0: an address */
};

/* The next line that says something, taken off the front of *rest; line->number counts on from what
 * it was, 0 at the start. False at the end. Allocates nothing. */
bool ethers_next(struct text *rest, struct ethers_line *line);

#endif

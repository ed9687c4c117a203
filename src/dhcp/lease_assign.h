/* A lease that somebody other than its client asks for: an administrator, a bus. */
#ifndef LINNET_DHCP_LEASE_ASSIGN_H
#define LINNET_DHCP_LEASE_ASSIGN_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/text.h"

struct lease_assign {
    struct address address;
    struct hardware hardware; /* count 0: not known */
    struct bytes identity;    /* client id or DUID; empty: none */
    struct text name;         /* empty: none */
    uint32_t seconds;         /* DURATION_INFINITE: for ever */
    uint32_t iaid;            /* IPv6 */
    bool temporary;           /* IPv6 */
};

#endif

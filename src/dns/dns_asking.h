/* How questions are put to upstream servers: what is added and taken away, when they are put again
 * (dns_upstream_options.c). Memory is the config arena's. */
#ifndef LINNET_DNS_DNS_ASKING_H
#define LINNET_DNS_DNS_ASKING_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

struct dns_asking {
    bool any; /* something of it is configured */
};

#endif

/* What is done to the answers of upstream servers and with the questions never to be asked: the
 * configuration of dns_filter_options.c. Memory is the config arena's. */
#ifndef LINNET_DNS_DNS_FILTERS_H
#define LINNET_DNS_DNS_FILTERS_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

struct dns_filters {
    bool any; /* something of it is configured */
};

#endif

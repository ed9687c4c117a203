/* Records of the configuration (dns_record_options.c). Memory is the config arena's. */
#ifndef LINNET_DNS_DNS_RECORDS_H
#define LINNET_DNS_DNS_RECORDS_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

struct dns_records {
    bool any; /* something of it is configured */
};

#endif

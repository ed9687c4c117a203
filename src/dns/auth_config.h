/* Authoritative service (dns_auth_options.c). Memory is the config arena's. */
#ifndef LINNET_DNS_AUTH_CONFIG_H
#define LINNET_DNS_AUTH_CONFIG_H

#include "base/address.h"
#include "base/place.h"
#include "wire/dname.h"

struct auth_config {
    bool any; /* something of it is configured */
};

#endif

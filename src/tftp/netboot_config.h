/* What the configuration says about netboot=. Filled by netboot_options.c and
 * netboot_http_options.c, read-only afterwards. */
#ifndef LINNET_TFTP_NETBOOT_CONFIG_H
#define LINNET_TFTP_NETBOOT_CONFIG_H

#include "base/address.h"
#include "base/compiler.h"
#include "base/place.h"

#define NETBOOT_HTTP_PORT_DEFAULT 80

struct netboot_config {
    const char *folder; /* absolute; NULL: no netboot */
    struct place place;
    bool http_off;
    uint16_t http_port;
    struct address http_address; /* listens on this alone; none: on all */
};

static inline void netboot_config_init(struct netboot_config *config)
{
    *config = (struct netboot_config){ .http_port = NETBOOT_HTTP_PORT_DEFAULT };
}

#endif

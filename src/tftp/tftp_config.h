/* What the configuration says about TFTP. Filled by tftp_options.c, read-only afterwards. */
#ifndef LINNET_TFTP_TFTP_CONFIG_H
#define LINNET_TFTP_TFTP_CONFIG_H

#include "base/compiler.h"
#include "base/place.h"
#include "model/site.h"

#define TFTP_TRANSFERS_DEFAULT 50

/* tftp-root */
struct tftp_root {
    const char *folder;    /* "" for none: names are taken from "/" */
    const char *interface; /* requests that come in here; NULL: all others */
    struct place place;
};

enum tftp_unique { TFTP_UNIQUE_NONE, TFTP_UNIQUE_ADDRESS, TFTP_UNIQUE_HARDWARE };

struct tftp_config {
    bool enabled;                      /* enable-tftp */
    struct site_interface *interfaces; /* enable-tftp=...: only these */
    size_t interface_count, interface_room;
    struct tftp_root *roots;
    size_t root_count, root_room;
    const char *second_root; /* looked in for what the root lacks; NULL: none. Set by netboot */
    uint8_t unique_root;     /* enum tftp_unique */
    bool no_fail, secure, lowercase, no_blocksize, single_port, quiet;
    uint32_t transfers_max; /* tftp-max */
    uint32_t mtu;           /* tftp-mtu; 0: the interface's own */
    uint16_t port_first, port_last; /* tftp-port-range; 0: any */
};

static inline void tftp_config_init(struct tftp_config *config)
{
    *config = (struct tftp_config){ .transfers_max = TFTP_TRANSFERS_DEFAULT };
}

#endif

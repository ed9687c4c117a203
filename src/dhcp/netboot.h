/* Network boot with one line, netboot=<folder>: which of the boot loaders in the folder a client
 * is to load, by what it says of itself. The same for DHCPv4 and DHCPv6. */
#ifndef LINNET_DHCP_NETBOOT_H
#define LINNET_DHCP_NETBOOT_H

#include "base/address.h"
#include "base/text.h"

#define NETBOOT_HTTP_PORT 80

/* Names that are looked for; fewer than 64. The earlier of two that fit a client is taken. */
extern const size_t netboot_name_count;
const char *netboot_name(size_t index);

/* What is in the folder now. */
struct netboot_listing {
    uint64_t present;            /* bit i: netboot_name(i) */
    uint32_t changes;            /* how often `present` has changed */
    uint16_t http_port;          /* 0: the folder is not served by HTTP */
    struct address http_address; /* HTTP is served on this address alone; none: on all */
};

/* What a client says of itself. */
struct netboot_client {
    bool boots;      /* PXE, UEFI HTTP boot or iPXE; else nothing here is for it */
    bool by_http;    /* UEFI HTTP boot: it wants an address of HTTP, and its class sent back */
    bool is_ipxe;    /* runs scripts */
    uint16_t system; /* RFC 4578 section 2.1, as IANA has it; 0, BIOS, when it says nothing */
};

/* vendor      vendor class: DHCPv4 option 60, the text in DHCPv6 option 16
 * systems     list of architectures: option 93, DHCPv6 option 61; the first is what runs now
 * user_class  option 77, DHCPv6 option 15, with lengths (RFC 3004) or without
 * Each may be empty. */
struct netboot_client netboot_client_read(struct text vendor, struct bytes systems,
                                          struct bytes user_class);

enum netboot_verdict {
    NETBOOT_FILE,           /* load this */
    NETBOOT_NOTHING,        /* it does not boot from the network */
    NETBOOT_NO_FILE,        /* nothing in the folder is for its kind of system */
    NETBOOT_UNKNOWN_SYSTEM, /* no loader is known for it */
    NETBOOT_NO_HTTP,        /* it boots by HTTP, which is not served on that address */
};

struct netboot_choice {
    const char *file; /* beneath the folder */
    bool by_http;     /* fetch it by HTTP: netboot_put_url; else by TFTP */
};

/* own: our address as the client sees us. *choice is written with NETBOOT_FILE only. */
enum netboot_verdict netboot_pick(const struct netboot_listing *listing,
                                  const struct netboot_client *client, const struct address *own,
                                  struct netboot_choice *choice);
/* "http://192.0.2.1/bootx64.efi", "tftp://[2001:db8::1]/bootx64.efi". */
void netboot_put_url(const struct netboot_listing *listing, const struct netboot_choice *choice,
                     const struct address *own, struct text_out *out);
/* What to say to the operator of any verdict but the first two: what was looked for, and which
 * lines would help in DHCP of this family. */
void netboot_put_advice(enum netboot_verdict verdict, const struct netboot_client *client,
                        enum address_family family, struct text_out *out);

/* What was said already: once for each kind of system, until the folder changes. At first zeros. */
struct netboot_said {
    uint64_t systems;
    uint32_t changes;
};
NODISCARD bool netboot_may_say(struct netboot_said *said, const struct netboot_listing *listing,
                               const struct netboot_client *client);

#endif

/* What the configuration says about network boot: dhcp-boot, pxe-service, pxe-prompt,
 * dhcp-pxe-vendor, and who is served how (dhcp-broadcast, bootp-dynamic). Filled by
 * dhcp_boot_options.c, then read-only. */
#ifndef LINNET_DHCP_DHCP_BOOT_H
#define LINNET_DHCP_DHCP_BOOT_H

#include "base/address.h"
#include "base/place.h"
#include "model/tags.h"

/* Where a boot file lies. At most one of the two is given; neither: on this machine. */
struct dhcp_boot_server {
    struct address address; /* IPv4, or none */
    const char *host;       /* a name looked up when it is needed; NULL: none */
};

/* One dhcp-boot line. */
struct dhcp_boot {
    const char *file;        /* NULL: none */
    const char *server_name; /* NULL: none */
    struct dhcp_boot_server server;
    struct tag_conditions conditions;
    struct place place;
};

#define DHCP_PXE_LOCAL_BOOT 0      /* type: the client boots from its disk */
#define DHCP_PXE_FIRST_FILE 0x8000 /* types of services with a file, in their order */

/* One pxe-service line: an entry of the menu (PXE 2.1, option 43 sub-options 8 and 9). */
struct dhcp_pxe_service {
    uint16_t system;  /* RFC 4578 section 2.1 */
    uint16_t type;    /* of boot server */
    const char *text; /* what the menu shows */
    const char *file; /* base name; NULL: boot servers of this type know */
    struct dhcp_boot_server server;
    struct tag_conditions conditions;
    struct place place;
};

/* One pxe-prompt line. */
struct dhcp_pxe_prompt {
    const char *text;
    uint8_t seconds; /* DHCP_PXE_WAIT_FOR_EVER: until a key is pressed */
    struct tag_conditions conditions;
    struct place place;
};
#define DHCP_PXE_WAIT_FOR_EVER 255

struct dhcp_conditions;

struct dhcp_boot_config {
    struct dhcp_boot *boots;
    size_t boot_count, boot_room;
    struct dhcp_pxe_service *services;
    size_t service_count, service_room;
    uint16_t file_count; /* services with a file, for their types */
    struct dhcp_pxe_prompt *prompts;
    size_t prompt_count, prompt_room;
    const char **vendors; /* beginnings of vendor classes; none: PXEClient */
    size_t vendor_count, vendor_room;
    struct dhcp_conditions *broadcasts; /* a line without conditions is for everyone */
    size_t broadcast_count, broadcast_room;
    struct dhcp_conditions *bootp_dynamics;
    size_t bootp_dynamic_count, bootp_dynamic_room;
    bool netboot; /* netboot= gives files: PXE clients of a proxy range are answered */
};

/* PXE clients are told more than others. */
static inline bool dhcp_boot_has_pxe(const struct dhcp_boot_config *boot)
{
    return boot->service_count > 0 || boot->prompt_count > 0;
}

/* Those of a proxy range are answered, and port 4011 is served. */
static inline bool dhcp_boot_answers_pxe(const struct dhcp_boot_config *boot)
{
    return dhcp_boot_has_pxe(boot) || boot->netboot;
}

#endif

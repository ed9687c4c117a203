/* A reply while it is written: what its parts share. Of dhcp4_reply.c and its helpers only. */
#ifndef LINNET_DHCP4_DHCP4_WRITING_H
#define LINNET_DHCP4_DHCP4_WRITING_H

#include "dhcp4/dhcp4_reply.h"

#define DHCP4_VALUE_MAX       4096 /* bytes of one option */
#define DHCP4_ASKED_BYTES     1024 /* of options that come in pieces (RFC 3396) */
#define DHCP4_BOOT_FILE_BYTES 512

/* What the client is to boot. */
struct dhcp4_boot_plan {
    bool is_given; /* by a dhcp-boot, pxe-service or netboot line: not by options 66, 67, 255 */
    bool is_http;  /* the client is told that this is UEFI HTTP boot */
    const char *file;
    const char *server_name;
    struct address server; /* siaddr */
};

/* Memory of one reply; nothing in it has a value before it is written. */
struct dhcp4_scratch {
    uint8_t asked[DHCP4_ASKED_BYTES];
    uint8_t vendor[DHCP4_ASKED_BYTES];
    char boot_file[DHCP4_BOOT_FILE_BYTES];
    char boot_server[ADDRESS_TEXT_MAX];
};

/* What the parts of a reply share while it is written. */
struct dhcp4_writing {
    struct dhcp4_exchange *exchange;
    const struct dhcp4_reply *reply;
    const struct option_pick *options;
    struct dhcp4_builder builder;
    struct bytes asked; /* option 55 */
    bool has_asked;
    struct bytes vendor; /* option 60 */
    bool has_vendor;
    struct address own; /* our address, as that client sees us */
    struct address server_id;
    uint16_t flags;
    struct tag_set *tags; /* all of the client's */
    struct dhcp4_pxe pxe;
    const struct dhcp_pxe_service *pxe_single; /* booted without a menu */
    struct dhcp4_boot_plan boot;
    struct dhcp4_scratch *scratch;
};

/* The client lists the option; or lists nothing, and so gets all. */
bool dhcp4_writing_lists(const struct dhcp4_writing *writing, unsigned code);
bool dhcp4_writing_wants(const struct dhcp4_writing *writing, unsigned code);
/* The dhcp-option line for it, or NULL. */
const struct dhcp_option_rule *dhcp4_writing_rule(const struct dhcp4_writing *writing,
                                                  unsigned code);
/* The bytes to send, own addresses filled in; false when nothing is left of it. */
NODISCARD bool dhcp4_writing_fill(const struct dhcp4_writing *writing,
                                  const struct dhcp_option_rule *rule, struct bytes_writer *writer);
/* Adds an option, or says that there is no room for it. */
void dhcp4_writing_put(struct dhcp4_writing *writing, unsigned code, struct bytes value);
void dhcp4_writing_left_out(const struct dhcp4_writing *writing, unsigned code);

#endif

/* Clients that boot with PXE (PXE 2.1, RFC 4578; dhcp.md section 12): who they are, the menu they
 * get in option 43, the answers of proxy-DHCP and of port 4011. */
#ifndef LINNET_DHCP4_DHCP4_PXE_H
#define LINNET_DHCP4_DHCP4_PXE_H

#include "dhcp4/dhcp4_state.h"

#define DHCP4_PXE_FIRST_EFI 6 /* RFC 4578: IA32_EFI; what comes after it boots by EFI too */

/* What a message says of its sender. */
struct dhcp4_pxe {
    const char *vendor; /* the vendor class that means PXE; NULL: not a PXE client */
    bool has_system;    /* option 93 */
    uint16_t system;
    bool is_http; /* not PXE but UEFI HTTP boot, which netboot= serves */
    bool is_told; /* it gets the menu: there is one, and we know what kind of system it is */
};

/* Why a reply is written for a PXE client. */
enum dhcp4_pxe_answer {
    DHCP4_PXE_ORDINARY, /* it is an ordinary DHCP or BOOTP reply */
    DHCP4_PXE_PROXY,    /* another server gives the address, we say how to boot */
    DHCP4_PXE_CHOICE,   /* the file of the menu entry it has chosen */
};

void dhcp4_pxe_read(const struct dhcp4_exchange *exchange, struct dhcp4_pxe *pxe);

/* A message to port 4011, or one that only a proxy range can serve, or a PXE client's DISCOVER
 * where there is such a range. True: dealt with, perhaps by silence. */
NODISCARD bool dhcp4_pxe_handle(struct dhcp4_exchange *exchange, bool ignored);

/* The only entry of an EFI client, when it has a file: EFI boots that without a menu. Else NULL. */
const struct dhcp_pxe_service *dhcp4_pxe_single(const struct dhcp4_server *server,
                                                const struct dhcp4_pxe *pxe,
                                                const struct tag_set *tags);
/* Some entry of the menu is for it. */
bool dhcp4_pxe_has_entry(const struct dhcp4_server *server, const struct dhcp4_pxe *pxe,
                         const struct tag_set *tags);
/* Writes discovery control, prompt (unless `has_prompt`: the caller writes one), boot servers and
 * entries. `own` is who answers for entries with files. False: some entries did not fit. */
NODISCARD bool dhcp4_pxe_put_menu(struct dhcp4_server *server, const struct dhcp4_pxe *pxe,
                                  const struct tag_set *tags, const struct address *own,
                                  bool has_prompt, struct bytes_writer *writer);
/* The pxe-prompt line for the client, or NULL; and its item. */
const struct dhcp_pxe_prompt *dhcp4_pxe_prompt(const struct dhcp4_server *server,
                                               const struct tag_set *tags);
void dhcp4_pxe_put_prompt(const struct dhcp_pxe_prompt *prompt, struct bytes_writer *writer);
/* The item that says which entry was chosen. */
void dhcp4_pxe_put_choice(const struct dhcp_pxe_service *service, uint16_t layer,
                          struct bytes_writer *writer);
/* "name.0": the file of a service at a layer; a name with a suffix stays as it is. */
void dhcp4_pxe_put_file(const struct dhcp_pxe_service *service, uint16_t layer,
                        struct text_out *out);

#endif

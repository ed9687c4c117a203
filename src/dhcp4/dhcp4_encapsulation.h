/* Options that hold options: 43 of a vendor or of PXE, 125 of enterprises, and encap: lines. */
#ifndef LINNET_DHCP4_DHCP4_ENCAPSULATION_H
#define LINNET_DHCP4_DHCP4_ENCAPSULATION_H

#include "dhcp4/dhcp4_writing.h"

/* Those of the configuration. Option 43 of a client that is told of PXE is left to the other. */
void dhcp4_encapsulation_put(struct dhcp4_writing *writing);
/* What a PXE client is told: who we are to it, its own id back, and option 43. */
void dhcp4_encapsulation_put_pxe(struct dhcp4_writing *writing);

#endif

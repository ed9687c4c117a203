/* Options' values as log-dhcp and explain-dhcp write them. */
#ifndef LINNET_DHCP_DHCP_VALUE_TEXT_H
#define LINNET_DHCP_DHCP_VALUE_TEXT_H

#include "base/bytes.h"
#include "base/text.h"
#include "wire/dhcp_codes.h"

/* address_bytes: of one address in a list, 4 or 16. What is no text, number, time or list of
 * addresses is written in hexadecimal, cut where it gets long; so is a number of more than 8 bytes
 * and a time that has not 4. */
void dhcp_value_text_put(struct text_out *out, enum dhcp_value kind, size_t address_bytes,
                         struct bytes value);

#endif

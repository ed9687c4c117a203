#include "daemon/dhcp_help.h"

#include "wire/dhcp_codes.h"

void dhcp_help_print(bool ip6, struct text_out *out)
{
    size_t count;
    const struct dhcp_code *codes = ip6 ? dhcp6_codes(&count) : dhcp4_codes(&count);
    text_put_string(out, ip6 ? "Known DHCPv6 options:\n" : "Known DHCP options:\n");
    for (size_t i = 0; i < count; i++)
        if (codes[i].in_help)
            text_printf(out, "%3u %s\n", codes[i].code, codes[i].name);
}

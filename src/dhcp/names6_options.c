/* linnet's own options about names of IPv6 hosts. */
#include "config/option.h"
#include "dhcp/dhcp_config.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option names6_options[];
extern const size_t names6_option_count;

/* clang-format off */
const struct option names6_options[] = {
    {
        .name = "join-names", .at_start = true, .kind = OPTION_FLAG, .ours = true, .area = "dhcp6",
        .field = offsetof(struct dhcp_config, join_names),
        .shape = "",
        .help = "A host has its name in both families, however it got its addresses",
        .doc = DOC("A lease without a name gets the one that the same machine has in the other family, and the IPv6 "
               "addresses that hosts made themselves get names in every IPv6 range, as with the mode ra-names of "
               "dhcp-range. A machine is known by its hardware address."),
        .examples = EXAMPLES("join-names"),
    },
    {
        .name = "address-registration", .at_start = true, .kind = OPTION_FLAG, .ours = true, .area = "dhcp6",
        .field = offsetof(struct dhcp_config, address_registration),
        .shape = "",
        .help = "Let hosts register the IPv6 addresses they made themselves",
        .doc = DOC("RFC 9686: a host that sees the offer tells which addresses it uses and perhaps what it is called, "
               "and gets a name for each as long as it repeats that."),
        .examples = EXAMPLES("address-registration"),
    },
};
const size_t names6_option_count = COUNT_OF(names6_options);

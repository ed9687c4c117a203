/* ubus, in a build without libubus: --test takes the option, a start does not. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option ubus_options[] = {
    {
        .name = "enable-ubus", .at_start = true, .kind = OPTION_TEXT, .feature = "UBus",
        .field = offsetof(struct daemon_config, ubus_name), .once = true, .value_optional = true,
        .area = "process", .shape = "[<service name>]",
        .help = "Answer and give news over ubus",
        .doc = DOC("For OpenWrt, as the object dnsmasq unless another name is given: its method metrics tells the "
               "numbers, its notifications dhcp.ack and dhcp.release tell of leases."),
        .examples = EXAMPLES("enable-ubus", "enable-ubus=dnsmasq.lan"),
    },
};
/* clang-format on */

const size_t ubus_option_count = COUNT_OF(ubus_options);
const bool ubus_is_built = false;

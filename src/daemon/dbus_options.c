/* D-Bus, in a build that has libsystemd. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option dbus_options[] = {
    {
        .name = "enable-dbus", .at_start = true, .letter = '1', .kind = OPTION_TEXT,
        .field = offsetof(struct daemon_config, dbus_name), .once = true, .value_optional = true,
        .letter_value_optional = true, .area = "process", .shape = "[<service name>]",
        .help = "Take commands and give news over D-Bus",
        .doc = DOC("On the system bus, under the name uk.org.thekelleys.dnsmasq unless given, which is that of the "
               "interface too. Servers, some switches, leases and numbers are dnsmasq's methods of the object "
               "/uk/org/thekelleys/dnsmasq. The bus must allow the name; it may come later, go and come again."),
        .examples = EXAMPLES("enable-dbus", "enable-dbus=org.example.linnet"),
    },
};
/* clang-format on */

const size_t dbus_option_count = COUNT_OF(dbus_options);

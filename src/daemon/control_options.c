/* The control socket. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option control_options[] = {
    {
        .name = "control-socket", .at_start = true, .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .ours = true, .area = "process", .field = offsetof(struct daemon_config, control_socket),
        .read = daemon_read_text, .print = daemon_print_text,
        .shape = "[<path>]",
        .help = "Take commands of linnetctl on this socket",
        .doc = DOC("/run/linnet/control.sock unless given; none when called dnsmasq. Root and the group that the "
               "program runs as may use it. An empty value means none."),
        .examples = EXAMPLES("control-socket=/run/linnet/office/control.sock", "control-socket="),
    },
};
/* clang-format on */

const size_t control_option_count = COUNT_OF(control_options);

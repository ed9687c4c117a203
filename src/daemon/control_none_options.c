/* The control socket, in a build without it. */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option control_options[] = {
    {
        .name = "control-socket", .at_start = true, .kind = OPTION_TEXT, .once = true, .value_optional = true,
        .state = OPTION_NO_FEATURE, .feature = "the control socket",
        .ours = true, .area = "process", .field = offsetof(struct daemon_config, control_socket),
        .shape = "[<path>]",
        .help = "Take commands of linnetctl on this socket",
        .doc = DOC("linnetctl is not built either."),
        .examples = EXAMPLES("control-socket=/run/linnet/office/control.sock", "control-socket="),
    },
};
/* clang-format on */

const size_t control_option_count = COUNT_OF(control_options);

#include "daemon/manual.h"

static const char head[] =
    ".Dd November 22, 2026\n"
    ".Dt LINNET.CONF 5\n"
    ".Os\n"
    ".Sh NAME\n"
    ".Nm linnet.conf\n"
    ".Nd configuration of linnet, names and addresses for a small network\n"
    ".Sh DESCRIPTION\n"
    "Each line is an option,\n"
    ".Ar name\n"
    "or\n"
    ".Ar name Ns = Ns Ar value ;\n"
    "the same options may stand on the command line with two dashes before them.\n"
    "A number sign begins a comment at the start of a line or after a blank.\n"
    "Double quotes keep commas, number signs and blanks together; inside them \\e\\e, "
    "\\e\\(dq, \\et, \\en,\n"
    "\\er, \\eb and \\ee are escapes.\n"
    ".Pp\n"
    "Run under the name dnsmasq, linnet reads\n"
    ".Pa /etc/dnsmasq.conf\n"
    "and speaks as dnsmasq does.\n"
    "An option whose behaviour is not built yet is refused at start.\n"
    ".Pp\n"
    "With\n"
    ".Fl -test\n"
    "the configuration is read and checked and nothing is started;\n"
    ".Fl -print-config\n"
    "shows what was understood.\n"
    ".Sh OPTIONS\n";

static const char tail[] =
    ".Sh FILES\n"
    ".Bl -tag -width Ds\n"
    ".It Pa /etc/linnet.conf\n"
    "Read when no other file is named.\n"
    ".It Pa /var/lib/linnet/linnet.leases\n"
    "The leases, one a line: expiry, hardware address, address, name, client id.\n"
    ".It Pa /run/linnet.pid\n"
    "The process id of a linnet in the background.\n"
    ".El\n"
    ".Sh EXIT STATUS\n"
    "0 after SIGTERM or when the configuration is right, 1 for the configuration, 2 for the "
    "network, 3 for\n"
    "files, 4 for memory, 5 for anything else, 10 when a conf-script fails.\n"
    ".Sh SEE ALSO\n"
    ".Xr hosts 5 ,\n"
    ".Xr resolv.conf 5\n";

void manual_print(const struct option_set *set, struct text_out *out)
{
    text_put_string(out, head);
    option_print_manual(set, out);
    text_put_string(out, tail);
}

/* Options of lease scripts. Those of Lua have rows of their own (script_lua_options.c, or
 * script_lua_none_options.c in a build without it). */
#include "config/option.h"
#include "daemon/daemon_config.h"

/* clang-format off */
const struct option script_options[] = {
    {
        .name = "dhcp-script", .at_start = true, .letter = '6', .kind = OPTION_TEXT, .once = true, .area = "script",
        .field = offsetof(struct script_config, path), .shape = "<path>",
        .help = "Run this program whenever a lease begins, changes or ends",
        .doc = DOC("Its words are add, old or del, the hardware address (for DHCPv6 the DUID), the address and, if "
               "there is one, the host name. tftp, the bytes, the client and the file when a file was sent; with "
               "script-arp arp-add and arp-del with hardware address and address. More is in its environment: "
               "DNSMASQ_DOMAIN, DNSMASQ_INTERFACE, DNSMASQ_LEASE_EXPIRES, DNSMASQ_TIME_REMAINING, "
               "DNSMASQ_CLIENT_ID, DNSMASQ_OLD_HOSTNAME, DNSMASQ_RELAY_ADDRESS, of a delegated prefix "
               "DNSMASQ_CLIENT_ADDRESS (where its router is), and of a client that came with more than a renewal "
               "DNSMASQ_SUPPLIED_HOSTNAME, DNSMASQ_VENDOR_CLASS, DNSMASQ_USER_CLASS0 and so on, "
               "DNSMASQ_REQUESTED_OPTIONS, DNSMASQ_TAGS, DNSMASQ_MUD_URL, DNSMASQ_CIRCUIT_ID, "
               "DNSMASQ_REMOTE_ID, DNSMASQ_SUBSCRIBER_ID, DNSMASQ_CPEWAN_OUI, DNSMASQ_CPEWAN_SERIAL and "
               "DNSMASQ_CPEWAN_CLASS; without them there is DNSMASQ_DATA_MISSING. These are strangers' words: "
               "a script has to quote them. What a shell takes specially, and all that is not printable ASCII, is "
               "an underscore in them. "
               "All leases are told as old at start and after SIGHUP. A change of name is two calls: without "
               "a name and with DNSMASQ_OLD_HOSTNAME, then with the new one. "
               "It runs as root unless dhcp-scriptuser says otherwise, one call at a time and in order, and the "
               "service does not wait for it: while it runs, of several events of a lease only the latest is "
               "kept. What it prints is logged. One that runs for ten minutes is killed."),
        .examples = EXAMPLES("dhcp-script=/usr/local/sbin/on-lease"),
    },
    {
        .name = "dhcp-scriptuser", .at_start = true, .kind = OPTION_TEXT, .once = true, .area = "script",
        .field = offsetof(struct script_config, user), .shape = "<name>",
        .help = "Run lease scripts as this user",
        .doc = DOC("Otherwise as the user the daemon was started by, which may be root."),
        .examples = EXAMPLES("dhcp-scriptuser=nobody"),
    },
    {
        .name = "script-arp", .at_start = true, .kind = OPTION_FLAG, .area = "script",
        .field = offsetof(struct script_config, arp), .shape = "",
        .help = "Tell the script of neighbours that come and go, too",
        .doc = DOC("Those the system sees on its networks, with or without a lease: arp-add and arp-del. Those it "
               "knows at start are told then."),
        .examples = EXAMPLES("script-arp"),
    },
    {
        .name = "script-on-renewal", .at_start = true, .kind = OPTION_FLAG, .area = "script",
        .field = offsetof(struct script_config, on_renewal), .shape = "",
        .help = "Call the script when a lease is renewed, too",
        .doc = DOC("With old, whenever its end changes."),
        .examples = EXAMPLES("script-on-renewal"),
    },
    {
        .name = "leasefile-ro", .at_start = true, .letter = '9', .kind = OPTION_FLAG, .area = "script",
        .field = offsetof(struct script_config, lease_file_ro), .shape = "",
        .help = "Leave it to the script to keep the leases",
        .doc = DOC("There is no lease file. At start the script is run with the word init and prints the leases, in "
               "the form of a lease file; if it fails with the exit code n, we end with 10 + n. It is called at "
               "each renewal, too. Leases are acknowledged before the script has run."),
        .examples = EXAMPLES("leasefile-ro"),
    },
};
/* clang-format on */

const size_t script_option_count = COUNT_OF(script_options);

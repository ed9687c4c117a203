/* The process's own part of the configuration: user, files, logging. */
#ifndef LINNET_DAEMON_DAEMON_CONFIG_H
#define LINNET_DAEMON_DAEMON_CONFIG_H

#include <stdatomic.h>

#include "base/compiler.h"
#include "base/text.h"
#include "config/option.h"
#include "daemon/script_config.h"
#include "dhcp/dhcp_config.h"
#include "dns/dns_config.h"
#include "model/site.h"
#include "ra/ra_config.h"
#include "tftp/netboot_config.h"
#include "tftp/tftp_config.h"


struct daemon_config {
    bool no_daemon;          /* -d */
    bool keep_in_foreground; /* -k */
    bool no_sandbox;         /* sandbox=no */
    const char *user;        /* NULL: default; "": keep */
    const char *group;
    const char *pid_file;    /* NULL: default; "": none */
    const char *log_facility;/* NULL: daemon; a name, a path with '/', or "-" */
    uint32_t log_queue;      /* log-async: lines; 0: not given */
    const char *control_socket; /* NULL: default; "": none */
    bool log_malloc;
    const char *dump_file;   /* NULL: none */
    uint32_t dump_mask;      /* which packets it gets */
    const char *dbus_name;   /* NULL: no D-Bus; "": dnsmasq's own */
    const char *ubus_name;   /* NULL: no ubus; "": dnsmasq's own */
    struct option_texts trust_anchors; /* for dnssec */
    bool reload_config;      /* SIGHUP reads the configuration again */
};

/* One parsed configuration: a part per folder, and the memory that holds it. It may be replaced
 * while the daemon runs (daemon/config_reload.h): who keeps a pointer into it past a turn of the
 * main loop is told of the next one, or holds a use. */
struct config {
    atomic_uint uses;
    struct arena arena;
    struct daemon_config daemon;
    struct site site;
    struct dns_config dns;
    struct dhcp_config dhcp;
    struct ra_config ra;
    struct script_config script;
    struct netboot_config netboot;
    struct tftp_config tftp;
    struct option_table tables[26];
    struct option_set set;
    struct option_texts sources; /* files and folders it was read from */
    struct option_errors errors;
};

void daemon_config_init(struct daemon_config *config);

/* An empty configuration with defaults and its option set. NULL when memory ends. */
NODISCARD struct config *config_create(void);
/* One use more. Any thread that has one, or main. */
const struct config *config_hold(const struct config *config);
/* Ends one use; the last frees. NULL is harmless. Slow where there are many lines. */
void config_free(const struct config *config);
/* Where the configuration is when the command line names no file. compat: called dnsmasq. */
const char *config_default_file(bool compat);

/* After all sources are read: defaults, cross-checks of every part (both bind modes, duplicate host
 * addresses, ...). Errors are recorded in config->errors. `test_only` leaves out the checks dnsmasq
 * makes only at a real start (process.md section 3). */
enum status config_finish(struct config *config, bool test_only);

/* The checks once more of what has kept values of its start (daemon/config_changes.h). */
NODISCARD enum status config_check_kept(struct config *config);

/* For rows of daemon_config: a text that may be left out or empty, which is not the same as not
 * given at all. */
NODISCARD enum status daemon_read_text(struct option_context *context, struct value value);
void daemon_print_text(const void *part, struct option_printer *printer);

/* The rows of each folder, in the order --help shows them. */
extern const struct option daemon_options[];
extern const size_t daemon_option_count;
extern const struct option control_options[];
extern const size_t control_option_count;
extern const struct option config_reload_options[];
extern const size_t config_reload_option_count;
extern const struct option dbus_options[];
extern const size_t dbus_option_count;
extern const struct option ubus_options[];
extern const size_t ubus_option_count;
extern const bool ubus_is_built;
extern const struct option site_options[];
extern const size_t site_option_count;
extern const struct option dns_options[];
extern const size_t dns_option_count;
extern const struct option dns_record_options[];
extern const size_t dns_record_option_count;
extern const struct option dns_filter_options[];
extern const size_t dns_filter_option_count;
extern const struct option dns_upstream_options[];
extern const size_t dns_upstream_option_count;
extern const struct option dns_auth_options[];
extern const size_t dns_auth_option_count;
extern const struct option dns_firewall_options[];
extern const size_t dns_firewall_option_count;
extern const struct option dhcp_client_options[];
extern const size_t dhcp_client_option_count;
extern const struct option dhcp_options[];
extern const size_t dhcp_option_count;
extern const struct option dhcp6_options[];
extern const size_t dhcp6_option_count;
extern const struct option dhcp_boot_options[];
extern const size_t dhcp_boot_option_count;
extern const struct option dhcp_relay_options[];
extern const size_t dhcp_relay_option_count;
extern const struct option names6_options[];
extern const size_t names6_option_count;
extern const struct option netboot_options[];
extern const size_t netboot_option_count;
extern const struct option netboot_http_options[];
extern const size_t netboot_http_option_count;
extern const struct option tftp_options[];
extern const size_t tftp_option_count;
extern const struct option ra_options[];
extern const size_t ra_option_count;
extern const struct option script_options[];
extern const size_t script_option_count;
extern const struct option script_lua_options[];
extern const size_t script_lua_option_count;
extern const struct option later_options[];
extern const size_t later_option_count;

#endif

/* The process's own part of the configuration: user, files, logging. */
#ifndef LINNET_DAEMON_DAEMON_CONFIG_H
#define LINNET_DAEMON_DAEMON_CONFIG_H

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
    const char *user;        /* NULL: default; "": keep */
    const char *group;
    const char *pid_file;    /* NULL: default; "": none */
    const char *log_facility;/* NULL: daemon; a name, a path with '/', or "-" */
    uint32_t log_queue;      /* log-async: lines; 0: not given */
    bool log_malloc;
    const char *dump_file;   /* NULL: none */
    uint32_t dump_mask;      /* which packets it gets */
};

/* One parsed configuration: a part per folder, and the memory that holds it. */
struct config {
    struct arena arena;
    struct daemon_config daemon;
    struct site site;
    struct dns_config dns;
    struct dhcp_config dhcp;
    struct ra_config ra;
    struct script_config script;
    struct netboot_config netboot;
    struct tftp_config tftp;
    struct option_table tables[24];
    struct option_set set;
    struct option_errors errors;
};

void daemon_config_init(struct daemon_config *config);

/* An empty configuration with defaults and its option set. NULL when memory ends. */
NODISCARD struct config *config_create(void);
void config_free(struct config *config);

/* After all sources are read: defaults, cross-checks of every part (both bind modes, duplicate host
 * addresses, ...). Errors are recorded in config->errors. `test_only` leaves out the checks dnsmasq
 * makes only at a real start (process.md section 3). */
enum status config_finish(struct config *config, bool test_only);

/* The rows of each folder, in the order --help shows them. */
extern const struct option daemon_options[];
extern const size_t daemon_option_count;
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

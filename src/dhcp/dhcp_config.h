/* The DHCP part of the configuration, shared by DHCPv4, DHCPv6 and router advertisement. Filled by
 * dhcp_options.c, then read-only. All memory is the config arena's. */
#ifndef LINNET_DHCP_DHCP_CONFIG_H
#define LINNET_DHCP_DHCP_CONFIG_H

#include "base/address.h"
#include "base/place.h"
#include "dhcp/dhcp_boot.h"
#include "dhcp/dhcp_range6.h"
#include "dhcp/dhcp_relay_config.h"
#include "dhcp/option_value.h"
#include "model/site.h"
#include "model/tags.h"
#include "wire/dname.h"

#define DHCP_LEASE_MIN_S     120
#define DHCP_LEASE_DEFAULT_S 3600
#define DHCP_LEASES_DEFAULT  1000

enum dhcp_range_mode { DHCP_RANGE_DYNAMIC, DHCP_RANGE_STATIC, DHCP_RANGE_PROXY };

struct dhcp_range {
    struct address first, last; /* IPv4; equal for static and proxy: the network */
    uint8_t mode;               /* enum dhcp_range_mode */
    struct address netmask;     /* contiguous; none: from the interface, else by class */
    struct address broadcast;   /* none: from the interface, else computed */
    uint32_t lease_s;           /* DURATION_INFINITE possible */
    bool lease_given;
    struct tag_conditions conditions;
    uint16_t set_tag;
    bool has_set_tag;
    const char *interface; /* interface:name prefix, or NULL */
    struct place place;
};

/* A hardware address with wildcards. */
struct dhcp_hardware_pattern {
    struct hardware hardware;
    uint32_t wildcards; /* bit i: byte i is '*' */
    bool any_type;      /* no TT- in front: hardware of any type */
};

/* [address] or [address/length] of a dhcp-host line: host bits zero below the length, or, with a
 * length of 128, one address, perhaps only its host part ([::5]). */
struct dhcp_host_address6 {
    struct address address;
    uint8_t length;
};

struct dhcp_host {
    struct dhcp_hardware_pattern *hardware;
    size_t hardware_count, hardware_room;
    struct bytes client_id;                /* id:..., empty when none */
    bool client_id_any;                    /* id:* : ignore client ids of this host */
    struct address address;                /* IPv4, none when not given */
    struct dhcp_host_address6 *addresses6; /* DHCPv6 */
    size_t address6_count, address6_room;
    struct dname name; /* count 0: none; one or more labels */
    uint32_t lease_s;
    bool lease_given;
    bool ignore;
    struct tag_conditions conditions;
    uint16_t *set_tags;
    size_t set_tag_count, set_tag_room;
    struct place place;
};

enum dhcp_option_scope { DHCP_SCOPE_TOP, DHCP_SCOPE_ENCAP, DHCP_SCOPE_VENDOR, DHCP_SCOPE_VI_ENCAP };

struct dhcp_option_rule {
    uint16_t code;
    bool ip6;
    uint8_t scope;            /* enum dhcp_option_scope */
    uint32_t encap;           /* outer option or enterprise number */
    const char *vendor_class; /* DHCP_SCOPE_VENDOR */
    bool force;
    bool pxe_only;
    bool by_name;             /* written as option:name */
    struct bytes value;       /* the encoded bytes, own addresses still zeros */
    struct option_value form; /* where those stand: option_value_fill puts them in */
    const char *written;      /* the value as text, for printing; NULL when empty */
    bool empty;               /* no value given: suppresses a default */
    struct tag_conditions conditions;
    struct place place;
};

struct dhcp_conditions { /* one line of dhcp-ignore and its like */
    struct tag_conditions conditions;
    struct place place;
};

struct dhcp_tag_if { /* all conditions hold: all tags are set */
    struct tag_conditions conditions;
    uint16_t *set_tags;
    size_t set_tag_count, set_tag_room;
    struct place place;
};

/* Lines of dhcp-host or dhcp-option that stand in files, read again while the server runs. */
enum dhcp_source_kind {
    DHCP_SOURCE_HOSTS,          /* dhcp-hostsfile: a file or a folder */
    DHCP_SOURCE_OPTIONS,        /* dhcp-optsfile */
    DHCP_SOURCE_HOSTS_FOLDER,   /* dhcp-hostsdir: watched */
    DHCP_SOURCE_OPTIONS_FOLDER, /* dhcp-optsdir */
};
struct dhcp_source {
    uint8_t kind; /* enum dhcp_source_kind */
    const char *path;
    struct place place;
};

struct client_match_rule; /* dhcp/client_match.h */

struct dhcp_config {
    struct dhcp_range *ranges;
    size_t range_count, range_room;
    struct dhcp_range6 *ranges6; /* in order of the files */
    size_t range6_count, range6_room;
    struct dhcp_host *hosts; /* in order of the files */
    size_t host_count, host_room;
    struct dhcp_option_rule *options;
    size_t option_count, option_room;
    struct dhcp_conditions *ignores;
    size_t ignore_count, ignore_room;
    struct client_match_rule *matches; /* in order of the files */
    size_t match_count, match_room;
    struct dhcp_tag_if *tag_ifs; /* in order of the files */
    size_t tag_if_count, tag_if_room;
    struct dhcp_conditions *ignore_names; /* a line without conditions is for all */
    size_t ignore_name_count, ignore_name_room;
    struct dhcp_conditions *generate_names;
    size_t generate_name_count, generate_name_room;
    struct dhcp_source *sources;
    size_t source_count, source_room;
    bool read_ethers, fqdn, client_update;
    struct place fqdn_place;
    struct tag_names tags;
    struct dhcp_boot_config boot;

    bool authoritative, no_ping, sequential_ip, ignore_client_id, rapid_commit, no_override;
    uint32_t leases_max;
    const char *lease_file;         /* NULL: the default, which the daemon knows */
    struct site_interface *no_dhcp; /* no-dhcp-interface */
    size_t no_dhcp_count, no_dhcp_room;
    struct site_interface *no_dhcp6; /* no-dhcpv6-interface */
    size_t no_dhcp6_count, no_dhcp6_room;
    bool quiet_dhcp6;  /* no log lines of ordinary DHCPv6 traffic, unless log-dhcp */
    struct bytes duid; /* dhcp-duid: the whole DUID-EN; empty: made from hardware */
    bool join_names;           /* one name in both families: dhcp/host_names6.h */
    bool address_registration; /* RFC 9686 */
    struct dhcp_relay_config relay;
};

/* Zeros and the default number of leases. */
void dhcp_config_init(struct dhcp_config *config);
/* No DHCPv4 on this interface (no-dhcp-interface, no-dhcpv4-interface). */
bool dhcp_config_excludes(const struct dhcp_config *config, const char *interface);
/* No DHCPv6 and no router advertisement on it (no-dhcp-interface, no-dhcpv6-interface). */
bool dhcp_config_excludes6(const struct dhcp_config *config, const char *interface);

#endif

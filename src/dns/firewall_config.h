/* What the configuration says about the firewall: which names' addresses go into which of its sets,
 * and which names clients with a mark may look up. All memory is the config arena's, but for
 * `rules`. */
#ifndef LINNET_DNS_FIREWALL_CONFIG_H
#define LINNET_DNS_FIREWALL_CONFIG_H

#include "base/compiler.h"

enum firewall_set_kind { FIREWALL_IPSET, FIREWALL_NFT, FIREWALL_SET_KINDS };

/* Of tables of nftables. */
enum firewall_family { FIREWALL_INET, FIREWALL_IP, FIREWALL_IP6, FIREWALL_ARP, FIREWALL_BRIDGE,
                       FIREWALL_NETDEV };

#define FIREWALL_SETS_MAX       1024 /* different ones, of all lines */
#define FIREWALL_IPSET_NAME_MAX 31   /* characters, as the kernel has it */
#define FIREWALL_NFT_NAME_MAX   255

struct firewall_set {
    uint8_t kind;       /* enum firewall_set_kind */
    uint8_t only;       /* 4# or 6#: an address family; ADDRESS_NONE: both */
    uint8_t family;     /* nftables: enum firewall_family */
    bool family_given;
    const char *table;  /* nftables */
    const char *name;
    const char *text;   /* as written, with blanks for '#': for the log */
};

/* The sets of one line: indices into `sets`. */
struct firewall_list {
    uint8_t kind;
    uint16_t *sets;
    size_t count, room;
};

/* One connmark-allowlist line. */
struct connmark_entry {
    uint32_t mark;
    uint32_t mask;
    bool mask_given;
    bool everything;        /* "*" is among the patterns */
    const char **patterns;  /* as written; those that are "*" too */
    size_t count, room;
};

struct firewall_rules;

struct firewall_config {
    struct firewall_set *sets;     /* each once */
    size_t set_count, set_room;
    struct firewall_list *lists;
    size_t list_count, list_room;
    struct firewall_rules *rules;  /* which names have which list; NULL: none has */

    bool conntrack;                /* questions go upstream with the client's mark */
    bool allowlist;                /* connmark-allowlist-enable */
    uint32_t allow_mask;
    bool allow_mask_given;
    struct connmark_entry *entries;
    size_t entry_count, entry_room;
};

/* Something is to be put into sets, or the marks of clients matter. */
static inline bool firewall_config_is_used(const struct firewall_config *config)
{
    return config->rules != NULL || config->conntrack || config->allowlist;
}

#endif

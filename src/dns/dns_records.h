/* Records of the configuration: what the options that put records into DNS say
 * (dns_record_options.c), and how it becomes names that are answered for. Filled while the
 * configuration is read, completed by dns_records_finish, then read-only; memory is the config
 * arena's. */
#ifndef LINNET_DNS_DNS_RECORDS_H
#define LINNET_DNS_DNS_RECORDS_H

#include "base/address.h"
#include "base/place.h"
#include "model/local_names.h"
#include "model/network.h"
#include "wire/dname.h"

/* Which option a record stands in. */
enum dns_record_form {
    DNS_RECORD_TXT,
    DNS_RECORD_PTR,
    DNS_RECORD_SRV,
    DNS_RECORD_MX,
    DNS_RECORD_NAPTR,
    DNS_RECORD_CAA,
    DNS_RECORD_RR,
    DNS_RECORD_RR_TEXT,  /* dns-rr whose data was written in presentation form */
};

/* One resource record: txt-record, ptr-record, srv-host, mx-host, naptr-record, caa-record,
 * dns-rr. */
struct dns_own_record {
    struct dname name;    /* as written; srv-host: the domain comes in by dns_records_finish */
    uint16_t type;
    uint8_t form;         /* enum dns_record_form */
    bool default_target;  /* mx-host without one: rdata holds the preference alone until finished */
    struct bytes rdata;   /* uncompressed, well formed for its type */
    struct place place;
};

/* host-record */
struct dns_host_record {
    struct dname *names;
    size_t name_count;
    struct address ip4, ip6;  /* family NONE: not given */
    uint32_t ttl;
    bool has_ttl;
    struct place place;
};

/* interface-name (no host part, one or both families) and dynamic-host (a host part for each family
 * it is about): the address of a name follows that of an interface. */
struct dns_interface_name {
    struct dname name;
    const char *interface;
    bool ip4, ip6;             /* which families the line is about */
    bool is_dynamic_host;
    struct address host4, host6;  /* dynamic-host: the bits that are not the network's */
    struct place place;
};

/* synth-domain */
struct dns_synth {
    struct dname domain;
    struct text prefix;          /* without the '*' */
    bool numbered;               /* '*': names count through the range */
    struct address_range range;
    uint8_t length;              /* of the subnet it was written as; UINT8_MAX: two addresses */
    struct place place;
};

/* cname */
struct dns_cname {
    struct dname alias;   /* may begin with a label "*": effective in authoritative zones only */
    struct dname target;
    uint32_t ttl;
    bool has_ttl;
    struct place place;
};

struct dns_records {
    struct dns_own_record *records;  /* in the order of the files */
    size_t record_count, record_room;
    struct dns_host_record *hosts;
    size_t host_count, host_room;
    struct dns_interface_name *interface_names;
    size_t interface_name_count, interface_name_room;
    struct dns_synth *synths;
    size_t synth_count, synth_room;
    struct dns_cname *cnames;
    size_t cname_count, cname_room;

    struct dname mx_target;      /* count 0: not given */
    struct dname mail_host;      /* mx_target, or this machine; count 0 until finished */
    struct dname own_name;       /* this machine; count 0: it has no name that can stand in DNS */
    bool self_mx, local_mx;
    bool localise;               /* localise-queries */

    const struct dname **names;  /* of all of the above but synth, in canonical order; by finish */
    size_t name_count;
};

#define DNS_RECORD_SOURCE "config" /* the source's word in logs */

struct dns_config;
struct site;

/* After all lines have been read: the domain of services without one, the target of mail records
 * without one. own_name: what gethostname says; anything that is no name counts as none.
 * STATUS_NO_MEMORY, STATUS_RANGE when a completed name would be too long (it is left as it was). */
NODISCARD enum status dns_records_finish(struct dns_config *config, const struct site *site,
                                         const char *own_name, struct arena *arena);

/* Puts everything that does not depend on the network into `names`, which is not frozen. To be
 * called before hosts files are read, so that an address's pointer goes to the first host-record
 * that has it. STATUS_NO_MEMORY. */
NODISCARD enum status dns_records_add_names(const struct dns_config *config,
                                            const struct site *site, struct local_names *names);

/* The names that follow interfaces, as the network is now, frozen. *names stays NULL when none are
 * configured. STATUS_NO_MEMORY.
 *
 * A family a line is about leaves a mark, found by local_lookup, so that a name whose interface has
 * no such address is denied here instead of being asked upstream. */
NODISCARD enum status dns_records_network_names(const struct dns_config *config,
                                                const struct site *site,
                                                const struct network *network,
                                                const struct siphash_key *key,
                                                struct local_names **names);

/* A name of the configuration lies below this one, so it exists, without records of its own
 * (RFC 8020). Costs one binary search. */
bool dns_records_have_below(const struct dns_records *records, const struct dname *name);

/* The mark: a record of a type that no packet can have an answer of (RFC 6895 section 3.1), its
 * rdata the type that is denied. */
#define DNS_RECORD_MARK 0

/* The cname= line with a wildcard that covers `name`, the nearest one; NULL. For authoritative
 * zones, which are the only ones in which it works (dns.md section 12). */
const struct dns_cname *dns_records_wildcard_cname(const struct dns_records *records,
                                                   const struct dname *name);

/* MX for a host of ours (localmx, selfmx): writes its rdata and returns true when one of the two is
 * configured. `owner` is the host's own name. */
bool dns_records_host_mx(const struct dns_records *records, const struct dname *owner,
                         struct bytes_writer *rdata);

#endif

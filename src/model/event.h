/* Something worth telling: a query came, an answer left, a lease was given, a packet was dropped. A
 * core fills one on its stack and hands it to the sink; the log, the script, metrics and buses
 * listen. Nothing is formatted unless somebody listens: cores test event_wanted first. */
#ifndef LINNET_MODEL_EVENT_H
#define LINNET_MODEL_EVENT_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "wire/dname.h"

enum event_kind {
    /* DNS; log words in dns.md section 15 */
    EVENT_DNS_QUERY,       /* query[type] name from client */
    EVENT_DNS_FORWARDED,   /* forwarded name to server */
    EVENT_DNS_REPLY,       /* reply name is rdata: one per record of an upstream's answer */
    EVENT_DNS_CACHED,      /* cached name is rdata */
    EVENT_DNS_LOCAL,       /* <source> name is rdata: config, hosts file, DHCP */
    EVENT_DNS_SET,         /* <verb> add <text> address name: put into a set of the firewall */
    EVENT_DNS_ERROR,       /* reply/config error is RCODE */
    EVENT_DNS_LIMIT,       /* Maximum number of concurrent DNS queries reached */
    EVENT_DNS_REBIND,      /* possible DNS-rebind attack detected: name */
    EVENT_DNS_SERVER,      /* nameserver X `text`: it does what it should not */
    EVENT_DNS_DROPPED,     /* malformed or unwanted packet: `text` says which kind */
    EVENT_DNS_TRANSFER_REFUSED, /* ignoring zone transfer request from client */
    /* DHCP; log lines in dhcp.md section 13 */
    EVENT_DHCP_MESSAGE,    /* DHCPDISCOVER(eth0) [address] mac [name or text] */
    EVENT_DHCP_NOTE,       /* a line of its own: `text` */
    EVENT_DHCP_WARNING,
    EVENT_DHCP_DETAIL,     /* log-dhcp: `text`, with xid */
    EVENT_DHCP_DROPPED,
    /* Leases: scripts, buses, dashboards */
    EVENT_LEASE_ADDED,
    EVENT_LEASE_CHANGED,
    EVENT_LEASE_REMOVED,
    EVENT_LEASE_RENEWED,   /* given again as it was, but for its time and perhaps its client id */
    EVENT_LEASE_KNOWN,     /* it is there: one for each at start and after SIGHUP */
    EVENT_DHCP_SNOOPED,    /* a DHCPv6 client behind us as a relay, at `address` by `interface`, was
                              delegated the prefix `text` */
    EVENT_KIND_COUNT
};

/* What stands on the right of "is". */
enum event_answer {
    EVENT_ANSWER_RDATA,    /* rdata of `type` */
    EVENT_ANSWER_NODATA,
    EVENT_ANSWER_NXDOMAIN,
};

struct lease;

struct event {
    enum event_kind kind;
    /* DNS */
    const struct dname *name;
    uint16_t type;
    uint8_t answer;                 /* enum event_answer */
    uint8_t rcode;
    int ede;                        /* enum ede_code */
    struct bytes rdata;             /* uncompressed */
    const char *source;             /* EVENT_DNS_LOCAL: "config", "/etc/hosts", "DHCP" */
    const struct endpoint *peer;    /* client or server */
    uint32_t serial;                /* log-queries=extra */
    const struct endpoint *client;  /* log-queries=extra: who asked */
    bool tcp;
    bool authoritative;
    /* DHCP */
    const char *verb;               /* "DHCPACK" */
    const char *interface;
    const struct address *address;  /* NULL: none */
    uint8_t prefix_length;          /* of a delegated prefix that begins at `address`; 0: it is
                                       an address */
    const struct hardware *hardware;
    struct bytes duid;              /* DHCPv6: the client; empty: none */
    uint32_t xid;
    const char *text;               /* NUL-terminated, perhaps a stranger's words: log escapes */
    const struct lease *lease;
    const char *old_name;           /* EVENT_LEASE_CHANGED: the name it had */
    const char *old_domain;         /* and the domain that completed it; NULL: the one it has */
    const struct address *relay;    /* that its client is behind; NULL: none known */
    bool has_facts;                 /* it came with all it has to say, not merely to renew */
    struct bytes facts;             /* then: what that was (model/lease_facts.h) */
    struct bytes server_duid;       /* DHCPv6: who we are; empty: not told */
};

struct event_sink {
    uint64_t wanted;  /* bit per kind; event_sink_want changes it while others look */
    void (*on_event)(void *context, const struct event *event);
    void *context;
    bool wants_facts; /* with the events of leases: what clients said */
};

/* Other kinds from now on; other threads may be looking. */
static inline void event_sink_want(struct event_sink *sink, uint64_t wanted)
{
    __atomic_store_n(&sink->wanted, wanted, __ATOMIC_RELAXED);
}

static inline bool event_wanted(const struct event_sink *sink, enum event_kind kind)
{
    return sink != NULL && (__atomic_load_n(&sink->wanted, __ATOMIC_RELAXED) >> kind & 1) != 0;
}

static inline bool event_wants_facts(const struct event_sink *sink)
{
    return sink != NULL && sink->wants_facts;
}

static inline void event_tell(const struct event_sink *sink, const struct event *event)
{
    if (event_wanted(sink, event->kind))
        sink->on_event(sink->context, event);
}

/* An event of these words alone, at most 1023 bytes. Nothing is written when nobody wants it. */
PRINTF_LIKE(3, 4)
void event_say(const struct event_sink *sink, enum event_kind kind, const char *format, ...);
/* Whether words that strangers can cause may be said now, once a minute. *said: when they last
 * were, 0: never. */
NODISCARD bool event_may_say(mono_ms *said, mono_ms now);

#endif

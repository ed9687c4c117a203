/* The firewall's sets and the marks of connections, over nfnetlink: putting addresses into an ipset
 * or a set of nftables, asking what such a set is like, asking for the mark of a client's
 * connection. Messages are made and read apart from the socket they go through.
 *
 * The kernel does what it is asked and writes its answer while the message is being sent, so the
 * answer is there when nfnetlink_send returns and nobody waits for it. */
#ifndef LINNET_PLATFORM_NFNETLINK_H
#define LINNET_PLATFORM_NFNETLINK_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

#define NFNETLINK_IPSET_NAME_MAX  31  /* characters, as the kernel has it */
#define NFNETLINK_NFT_NAME_MAX    255
#define NFNETLINK_ADDRESSES_MAX   32     /* of one set in one message */
#define NFNETLINK_MESSAGE_MAX     16384  /* more than any message made here takes */
#define NFNETLINK_ANSWER_MAX      16384
#define NFNETLINK_TIMEOUT_MAX_S   2147482 /* an ipset's; one of nftables takes more */

/* Errors beside errno's, as ipset has them. */
#define NFNETLINK_NO_TIMEOUTS  (-1) /* the set was made without timeouts */
#define NFNETLINK_OTHER_FAMILY (-2) /* the set holds addresses of the other family */

enum nfnetlink_family { NFNETLINK_INET, NFNETLINK_IP, NFNETLINK_IP6, NFNETLINK_ARP,
                        NFNETLINK_BRIDGE, NFNETLINK_NETDEV };

/* A set of nftables; names of at most NFNETLINK_NFT_NAME_MAX characters. */
struct nfnetlink_nft_name {
    enum nfnetlink_family family;
    const char *table;
    const char *set;
};

/* What a set of nftables is like. */
struct nfnetlink_nft_facts {
    uint8_t family;       /* of the addresses it holds; ADDRESS_NONE: it holds something else */
    bool intervals;
    bool timeouts;
    uint32_t default_s;   /* with timeouts: what it gives to those that bring none; 0: for ever */
};

/* Addresses of one family. */
struct nfnetlink_elements {
    const struct address *addresses;
    size_t count;         /* 1..NFNETLINK_ADDRESSES_MAX */
    uint32_t timeout_s;   /* 0: none is said */
    bool longer;          /* nftables: those that are there already get the new timeout */
};

/* Who talks to whom: the client's question and where it came in. */
struct nfnetlink_flow {
    struct endpoint client;
    struct endpoint local;
    bool tcp;
};

/* Each writes one or several netlink messages, all with this sequence number, and returns how many
 * bytes they take. `room`: NFNETLINK_MESSAGE_MAX bytes, aligned to 8. */
size_t nfnetlink_ipset_add(uint8_t *room, uint32_t sequence, const char *set,
                           const struct nfnetlink_elements *elements);
size_t nfnetlink_nft_add(uint8_t *room, uint32_t sequence, const struct nfnetlink_nft_name *name,
                         const struct nfnetlink_nft_facts *facts,
                         const struct nfnetlink_elements *elements);
size_t nfnetlink_nft_ask(uint8_t *room, uint32_t sequence, const struct nfnetlink_nft_name *name);
size_t nfnetlink_mark_ask(uint8_t *room, uint32_t sequence, const struct nfnetlink_flow *flow);

enum nfnetlink_answer_kind {
    NFNETLINK_DONE,  /* it was done, or `error` says why not */
    NFNETLINK_FACTS, /* of a set of nftables */
    NFNETLINK_MARK,  /* of a connection */
};

struct nfnetlink_answer {
    enum nfnetlink_answer_kind kind;
    uint32_t sequence;
    int error;                        /* 0, an errno, or one of the above */
    struct nfnetlink_nft_facts facts;
    uint32_t mark;                    /* 0: none */
};

/* Takes the next answer off the front of `left`, which is aligned to 8; others are passed over.
 * False at the end, and at what is no message. */
bool nfnetlink_next(struct bytes *left, struct nfnetlink_answer *answer);

/* Words for an error, as nft says them. */
const char *nfnetlink_error_text(int error);

/* A socket that never waits. Needs no right; what goes through it needs CAP_NET_ADMIN of both who
 * opened it and who sends. STATUS_SYSTEM with errno. */
NODISCARD enum status nfnetlink_open(int *fd);
/* STATUS_AGAIN when there is no room, STATUS_SYSTEM with errno. */
NODISCARD enum status nfnetlink_send(int fd, struct bytes message);
/* What waits, into `room` (NFNETLINK_ANSWER_MAX bytes, aligned to 8); empty when nothing does.
 * *lost: answers were lost for want of room. */
struct bytes nfnetlink_receive(int fd, uint8_t *room, bool *lost);

/* ------------------------------------------------------------------ for another process */

/* The sets that may be spoken of. */
struct nfnetlink_sets {
    bool (*has_ipset)(const void *context, const char *name);
    bool (*has_nft)(const void *context, const char *table, const char *name);
    const void *context;
};

/* Every message is one that this file's functions make, about one of these sets. `messages`: from a
 * process that is not trusted; aligned to 8. */
bool nfnetlink_is_ours(struct bytes messages, const struct nfnetlink_sets *sets);

/* For the process that has CAP_NET_ADMIN, on behalf of one that has not (platform/rights.h): sends
 * such messages, through a socket to the firewall only. An errno, or 0. */
int nfnetlink_pass_on(int fd, struct bytes messages, const struct nfnetlink_sets *sets);

#endif

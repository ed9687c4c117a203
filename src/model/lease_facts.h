/* What a client said of itself when it got its lease, for lease scripts and buses. Packed bytes,
 * for most clients say little and some say a lot: a list of facts, each with its length. */
#ifndef LINNET_MODEL_LEASE_FACTS_H
#define LINNET_MODEL_LEASE_FACTS_H

#include "base/bytes.h"

#define LEASE_FACTS_MAX      4096 /* bytes of all facts of a lease */
#define LEASE_FACT_CLASSES   32   /* classes of one kind that are kept */
#define LEASE_FACT_VALUE_MAX 1024 /* bytes of one; what is longer is cut */

enum lease_fact {
    LEASE_FACT_VENDOR_CLASS = 1, /* option 60; of DHCPv6 each class of option 16, in order */
    LEASE_FACT_USER_CLASS,       /* each class, in order; an empty one counts */
    LEASE_FACT_SUPPLIED_NAME,    /* the host name as it was sent */
    LEASE_FACT_REQUESTED,        /* text: "1,3,6" */
    LEASE_FACT_TAGS,             /* text: names with a blank between them */
    LEASE_FACT_MUD_URL,
    LEASE_FACT_CIRCUIT_ID, /* the relay's words: option 82 */
    LEASE_FACT_SUBSCRIBER_ID,
    LEASE_FACT_REMOTE_ID,
    LEASE_FACT_CPEWAN_OUI, /* TR-069: option 125 of the Broadband Forum */
    LEASE_FACT_CPEWAN_SERIAL,
    LEASE_FACT_CPEWAN_CLASS,
    LEASE_FACT_VENDOR_ID, /* text: the enterprise number of a DHCPv6 vendor class */
    LEASE_FACT_COUNT
};

/* Strangers' bytes, as they are. One for which there is no room is left out whole. */
void lease_facts_put(struct bytes_writer *facts, enum lease_fact fact, struct bytes value);

/* The next one; false at the end, and when the bytes are no list of facts (the reader has failed
 * then). Ends because every fact is three bytes or more. */
bool lease_facts_next(struct bytes_reader *facts, enum lease_fact *fact, struct bytes *value);

#endif

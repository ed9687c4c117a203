/* What goes between the daemon and the process that runs lease scripts: one message each, bounded,
 * without pointers. The daemon handles strangers' packets and that process may be root, so each
 * side reads what the other says as if it were hostile (R12). */
#ifndef LINNET_DAEMON_SCRIPT_RECORD_H
#define LINNET_DAEMON_SCRIPT_RECORD_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/status.h"
#include "base/text.h"

#define SCRIPT_RECORD_MAX 12288 /* bytes of any record */
#define SCRIPT_NAME_MAX   255   /* of a host name or domain */
#define SCRIPT_ID_MAX     255   /* of a client id or DUID */
#define SCRIPT_PATH_MAX   4096

enum script_action {
    SCRIPT_ADD = 1,
    SCRIPT_OLD,
    SCRIPT_DEL,
    SCRIPT_TFTP,
    SCRIPT_ARP_ADD,
    SCRIPT_ARP_DEL,
    SCRIPT_RELAY_SNOOP,
    SCRIPT_ACTION_COUNT
};

/* Texts and bytes are views: of the event when written, of the message when read. Those that are
 * empty, zero or none are not there. */
struct script_record {
    enum script_action action;
    struct address address;
    struct hardware hardware;
    struct address relay;
    struct address client; /* of a prefix: that its client spoke from; none: not known */
    bool has_facts;
    struct bytes facts; /* model/lease_facts.h */
    struct bytes client_id; /* DHCPv4: option 61; DHCPv6: DUID */
    struct bytes server_duid;
    uint32_t iaid;
    bool temporary;
    uint8_t prefix_length; /* of a delegated prefix that begins at `address`; 0: an address */
    wall_s expires; /* 0: never */
    struct text name, domain;
    struct text old_name; /* it has lost this name: the record says no other */
    struct text old_domain; /* never sent: what completed it, for script_queue_put */
    struct text interface;
    struct text path; /* SCRIPT_TFTP: the file. SCRIPT_RELAY_SNOOP: the prefix */
    uint64_t size;    /* SCRIPT_TFTP */
};

/* The writer fails when it does not fit; SCRIPT_RECORD_MAX is enough for all that is within the
 * bounds above. What is beyond them is left out. */
void script_record_write(const struct script_record *record, struct bytes_writer *writer);
/* STATUS_MALFORMED: unknown, twice, too long, or not what such a field can be. */
NODISCARD enum status script_record_read(struct bytes message, struct script_record *record);

/* ------------------------------------------------------------------ the way back */

enum script_note_kind {
    SCRIPT_NOTE_READY = 1, /* the process has started: whatever it had to do before is over */
    SCRIPT_NOTE_DONE,      /* the record is dealt with */
    SCRIPT_NOTE_LINE,      /* `text` was printed by a script */
    SCRIPT_NOTE_WARNING,   /* `text` went wrong */
    SCRIPT_NOTE_COUNT
};

#define SCRIPT_NOTE_TEXT_MAX 1024
#define SCRIPT_NOTE_MAX      (1 + SCRIPT_NOTE_TEXT_MAX)

struct script_note {
    enum script_note_kind kind;
    struct text text;
};

/* Longer text is cut. */
void script_note_write(const struct script_note *note, struct bytes_writer *writer);
NODISCARD enum status script_note_read(struct bytes message, struct script_note *note);

#endif

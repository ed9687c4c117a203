/* A lease as a line of the dnsmasq-compatible lease file, and back (dhcp.md section 9). Lease
 * files are written by others too, so a line is hostile input. */
#ifndef LINNET_STORE_LEASE_LINES_H
#define LINNET_STORE_LEASE_LINES_H

#include "base/status.h"
#include "base/text.h"
#include "store/lease.h"

#define LEASE_LINE_MAX 2048

#define LEASE_LINES_MAX 4000  /* of one lease, with those that follow it */

enum lease_line_kind {
    LEASE_LINE_LEASE,
    LEASE_LINE_AGENT_INFO,    /* of the address, in client_id */
    LEASE_LINE_VENDOR_CLASS,  /* the same */
    LEASE_LINE_DUID,
    LEASE_LINE_EMPTY
};

/* What a line said: views into it and into `scratch`. */
struct lease_line {
    enum lease_line_kind kind;
    wall_s expires;                 /* 0: infinite */
    enum lease_kind lease_kind;
    struct hardware hardware;
    uint32_t iaid;
    struct address address;
    uint8_t prefix_length;          /* of a delegated prefix */
    struct text name;               /* of a prefix its next hop; empty: none */
    uint8_t client_id[LEASE_CLIENT_ID_MAX];
    size_t client_id_count;
    uint8_t duid[LEASE_CLIENT_ID_MAX];  /* LEASE_LINE_DUID */
    size_t duid_count;
};

/* One line without its newline. STATUS_MALFORMED. */
NODISCARD enum status lease_line_read(struct text line, struct lease_line *out);
/* "keyword ADDRESS ..." or "keyword 01:02 ...": what a later version or another server may
 * understand, of printable characters. */
bool lease_line_is_foreign(struct text line);
/* The line with its newline: "EXPIRY MAC IP NAME|* CLIENTID|*\n". IPv6: the number of the identity
 * association in place of the MAC, "T77" when it is a temporary address, and, which is ours, "P77"
 * and ADDRESS/LENGTH for a delegated prefix, with its next hop in place of a name: dnsmasq passes
 * over a line of five words that it cannot use, and no other. */
void text_put_lease_line(struct text_out *out, const struct lease *lease);
/* The same and, when the lease has them, "agent-info IP HEX\n" and "vendorclass IP HEX\n". */
void text_put_lease_lines(struct text_out *out, const struct lease *lease);

#endif

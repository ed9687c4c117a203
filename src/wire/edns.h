/* EDNS(0): the OPT pseudo-record (RFC 6891) and its options. */
#ifndef LINNET_WIRE_EDNS_H
#define LINNET_WIRE_EDNS_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"

#define EDNS_UDP_DEFAULT 1232
#define EDNS_UDP_MIN     512
#define EDNS_OPTIONS_MAX 32  /* a message with more is malformed */

enum edns_option_code {
    EDNS_NSID = 3, EDNS_CLIENT_SUBNET = 8, EDNS_EXPIRE = 9, EDNS_COOKIE = 10, EDNS_KEEPALIVE = 11,
    EDNS_PADDING = 12, EDNS_ERROR = 15, EDNS_UMBRELLA = 20292, EDNS_MAC = 65001,
    EDNS_MAC_TEXT = 65073, EDNS_CPE_ID = 65074,
};

/* Extended DNS errors (RFC 8914). */
enum ede_code {
    EDE_NONE = -1, EDE_OTHER = 0, EDE_STALE = 3, EDE_FORGED = 4, EDE_DNSSEC_BOGUS = 6,
    EDE_CACHED_ERROR = 13, EDE_NOT_READY = 14, EDE_BLOCKED = 15, EDE_CENSORED = 16,
    EDE_FILTERED = 17, EDE_PROHIBITED = 18, EDE_STALE_NXDOMAIN = 19,
    EDE_NOT_AUTHORITATIVE = 20, EDE_NOT_SUPPORTED = 21,
    EDE_NO_REACHABLE = 22, EDE_NETWORK_ERROR = 23, EDE_INVALID_DATA = 24,
};
/* As log lines say it: "not ready"; NULL for a code without a name. */
const char *ede_name(int code);

struct edns {
    bool present;
    uint16_t udp_size;  /* as sent */
    uint8_t extended_rcode;
    uint8_t version;
    bool dnssec_ok;
    struct bytes options;  /* view: the rdata of OPT, checked to be well formed */
};

/* Reads an OPT record's fixed part and checks its options. `class_` and `ttl` are those of the
 * record. STATUS_MALFORMED when an option lies about its length or there are more than
 * EDNS_OPTIONS_MAX. */
NODISCARD enum status edns_read(uint16_t class_, uint32_t ttl, struct bytes rdata,
                                struct edns *edns);

/* Walks options: start with *place = 0; false at the end. */
bool edns_next_option(const struct edns *edns, size_t *place, uint16_t *code, struct bytes *value);
/* First option of this code; false when there is none. */
bool edns_find_option(const struct edns *edns, uint16_t code, struct bytes *value);

struct edns_subnet {
    struct address address;
    uint8_t source_length;
    uint8_t scope_length;
};
/* RFC 7871 section 6; family 0 or a wrong length is STATUS_MALFORMED. */
NODISCARD enum status edns_subnet_read(struct bytes value, struct edns_subnet *subnet);
void bytes_write_edns_subnet(struct bytes_writer *writer, const struct edns_subnet *subnet);

/* OPT in two steps, so options can be written in between: returns the offset to hand to the end. */
size_t edns_write_start(struct bytes_writer *writer, uint16_t udp_size, uint8_t extended_rcode,
                        bool dnssec_ok);
void edns_write_option(struct bytes_writer *writer, uint16_t code, struct bytes value);
void edns_write_error(struct bytes_writer *writer, int ede_code);  /* nothing for EDE_NONE */
void edns_write_end(struct bytes_writer *writer, size_t start);
#define EDNS_FIXED_BYTES 11

#endif

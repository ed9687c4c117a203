/* Types, classes, opcodes and rcodes of DNS, and their names (IANA DNS parameters). */
#ifndef LINNET_WIRE_RRTYPE_H
#define LINNET_WIRE_RRTYPE_H

#include "base/status.h"
#include "base/text.h"

enum rrtype {
    RRTYPE_A = 1, RRTYPE_NS = 2, RRTYPE_CNAME = 5, RRTYPE_SOA = 6, RRTYPE_NULL = 10,
    RRTYPE_PTR = 12, RRTYPE_HINFO = 13, RRTYPE_MX = 15, RRTYPE_TXT = 16, RRTYPE_RP = 17,
    RRTYPE_AFSDB = 18, RRTYPE_SIG = 24, RRTYPE_KEY = 25, RRTYPE_PX = 26, RRTYPE_AAAA = 28,
    RRTYPE_LOC = 29, RRTYPE_NXT = 30, RRTYPE_SRV = 33, RRTYPE_NAPTR = 35, RRTYPE_KX = 36,
    RRTYPE_CERT = 37, RRTYPE_DNAME = 39, RRTYPE_OPT = 41, RRTYPE_APL = 42, RRTYPE_DS = 43,
    RRTYPE_SSHFP = 44, RRTYPE_IPSECKEY = 45, RRTYPE_RRSIG = 46, RRTYPE_NSEC = 47,
    RRTYPE_DNSKEY = 48, RRTYPE_DHCID = 49, RRTYPE_NSEC3 = 50, RRTYPE_NSEC3PARAM = 51,
    RRTYPE_TLSA = 52, RRTYPE_SMIMEA = 53, RRTYPE_HIP = 55, RRTYPE_CDS = 59, RRTYPE_CDNSKEY = 60,
    RRTYPE_OPENPGPKEY = 61, RRTYPE_CSYNC = 62, RRTYPE_ZONEMD = 63, RRTYPE_SVCB = 64,
    RRTYPE_HTTPS = 65, RRTYPE_SPF = 99, RRTYPE_TKEY = 249, RRTYPE_TSIG = 250, RRTYPE_IXFR = 251,
    RRTYPE_AXFR = 252, RRTYPE_ANY = 255, RRTYPE_URI = 256, RRTYPE_CAA = 257,
};

enum rrclass {
    RRCLASS_IN = 1, RRCLASS_CH = 3, RRCLASS_HS = 4, RRCLASS_NONE = 254, RRCLASS_ANY = 255,
};

enum opcode {
    OPCODE_QUERY = 0, OPCODE_IQUERY = 1, OPCODE_STATUS = 2, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5,
};

enum rcode {
    RCODE_NOERROR = 0, RCODE_FORMERR = 1, RCODE_SERVFAIL = 2, RCODE_NXDOMAIN = 3, RCODE_NOTIMP = 4,
    RCODE_REFUSED = 5, RCODE_BADVERS = 16, RCODE_BADCOOKIE = 23,
};

/* "A", "AAAA", ...; NULL when it has no name. */
const char *rrtype_name(uint16_t type);
/* The name, or "type=65400" as log readers know it. */
void text_put_rrtype(struct text_out *out, uint16_t type);
/* A name in any case, "TYPE65", or a decimal number. STATUS_NOT_FOUND. */
NODISCARD enum status rrtype_from_text(struct text text, uint16_t *type);
/* "NOERROR", ...; NULL when it has none. */
const char *rcode_name(unsigned rcode);

#endif

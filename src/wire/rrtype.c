#include "wire/rrtype.h"

/* Types that have a name here and no use of their own in linnet are numbered (IANA registry). */
static const char *const type_names[] = {
    [RRTYPE_A] = "A",
    [RRTYPE_NS] = "NS",
    [3] = "MD",
    [4] = "MF",
    [RRTYPE_CNAME] = "CNAME",
    [RRTYPE_SOA] = "SOA",
    [7] = "MB",
    [8] = "MG",
    [9] = "MR",
    [RRTYPE_NULL] = "NULL",
    [11] = "WKS",
    [RRTYPE_PTR] = "PTR",
    [RRTYPE_HINFO] = "HINFO",
    [14] = "MINFO",
    [RRTYPE_MX] = "MX",
    [RRTYPE_TXT] = "TXT",
    [RRTYPE_RP] = "RP",
    [RRTYPE_AFSDB] = "AFSDB",
    [19] = "X25",
    [20] = "ISDN",
    [21] = "RT",
    [22] = "NSAP",
    [23] = "NSAP-PTR",
    [RRTYPE_SIG] = "SIG",
    [RRTYPE_KEY] = "KEY",
    [RRTYPE_PX] = "PX",
    [27] = "GPOS",
    [RRTYPE_AAAA] = "AAAA",
    [RRTYPE_LOC] = "LOC",
    [RRTYPE_NXT] = "NXT",
    [31] = "EID",
    [32] = "NIMLOC",
    [RRTYPE_SRV] = "SRV",
    [34] = "ATMA",
    [RRTYPE_NAPTR] = "NAPTR",
    [RRTYPE_KX] = "KX",
    [RRTYPE_CERT] = "CERT",
    [38] = "A6",
    [RRTYPE_DNAME] = "DNAME",
    [40] = "SINK",
    [RRTYPE_OPT] = "OPT",
    [RRTYPE_APL] = "APL",
    [RRTYPE_DS] = "DS",
    [RRTYPE_SSHFP] = "SSHFP",
    [RRTYPE_IPSECKEY] = "IPSECKEY",
    [RRTYPE_RRSIG] = "RRSIG",
    [RRTYPE_NSEC] = "NSEC",
    [RRTYPE_DNSKEY] = "DNSKEY",
    [RRTYPE_DHCID] = "DHCID",
    [RRTYPE_NSEC3] = "NSEC3",
    [RRTYPE_NSEC3PARAM] = "NSEC3PARAM",
    [RRTYPE_TLSA] = "TLSA",
    [RRTYPE_SMIMEA] = "SMIMEA",
    [RRTYPE_HIP] = "HIP",
    [56] = "NINFO",
    [57] = "RKEY",
    [58] = "TALINK",
    [RRTYPE_CDS] = "CDS",
    [RRTYPE_CDNSKEY] = "CDNSKEY",
    [RRTYPE_OPENPGPKEY] = "OPENPGPKEY",
    [RRTYPE_CSYNC] = "CSYNC",
    [RRTYPE_ZONEMD] = "ZONEMD",
    [RRTYPE_SVCB] = "SVCB",
    [RRTYPE_HTTPS] = "HTTPS",
    [RRTYPE_SPF] = "SPF",
    [100] = "UINFO",
    [101] = "UID",
    [102] = "GID",
    [103] = "UNSPEC",
    [104] = "NID",
    [105] = "L32",
    [106] = "L64",
    [107] = "LP",
    [108] = "EUI48",
    [109] = "EUI64",
    [RRTYPE_TKEY] = "TKEY",
    [RRTYPE_TSIG] = "TSIG",
    [RRTYPE_IXFR] = "IXFR",
    [RRTYPE_AXFR] = "AXFR",
    [253] = "MAILB",
    [254] = "MAILA",
    [RRTYPE_ANY] = "ANY",
    [RRTYPE_URI] = "URI",
    [RRTYPE_CAA] = "CAA",
    [258] = "AVC",
    [259] = "DOA",
    [260] = "AMTRELAY",
    [261] = "RESINFO",
};

/* Two that lie far from the others. */
#define RRTYPE_TA  32768
#define RRTYPE_DLV 32769

static const char *const rcode_names[] = {
    [RCODE_NOERROR] = "NOERROR",
    [RCODE_FORMERR] = "FORMERR",
    [RCODE_SERVFAIL] = "SERVFAIL",
    [RCODE_NXDOMAIN] = "NXDOMAIN",
    [RCODE_NOTIMP] = "NOTIMP",
    [RCODE_REFUSED] = "REFUSED",
    [6] = "YXDOMAIN",
    [7] = "YXRRSET",
    [8] = "NXRRSET",
    [9] = "NOTAUTH",
    [10] = "NOTZONE",
    [11] = "DSOTYPENI",
    [RCODE_BADVERS] = "BADVERS",
    [17] = "BADKEY",
    [18] = "BADTIME",
    [19] = "BADMODE",
    [20] = "BADNAME",
    [21] = "BADALG",
    [22] = "BADTRUNC",
    [RCODE_BADCOOKIE] = "BADCOOKIE",
};

const char *rrtype_name(uint16_t type)
{
    if (type < COUNT_OF(type_names))
        return type_names[type];
    if (type == RRTYPE_TA)
        return "TA";
    if (type == RRTYPE_DLV)
        return "DLV";
    return NULL;
}

void text_put_rrtype(struct text_out *out, uint16_t type)
{
    const char *name = rrtype_name(type);
    if (name != NULL) {
        text_put_string(out, name);
        return;
    }
    text_put(out, TEXT("type="));
    text_put_u64(out, type);
}

static bool find_name(struct text text, uint16_t *type)
{
    for (size_t i = 0; i < COUNT_OF(type_names); i++) {
        if (type_names[i] != NULL && text_equal_nocase(text, text_of(type_names[i]))) {
            *type = (uint16_t)i;
            return true;
        }
    }
    return false;
}

enum status rrtype_from_text(struct text text, uint16_t *type)
{
    if (find_name(text, type))
        return STATUS_OK;
    if (text_equal_nocase(text, TEXT("TA"))) {
        *type = RRTYPE_TA;
        return STATUS_OK;
    }
    if (text_equal_nocase(text, TEXT("DLV"))) {
        *type = RRTYPE_DLV;
        return STATUS_OK;
    }
    /* RFC 3597 section 5. */
    if (text_starts_nocase(text, TEXT("TYPE")))
        text = text_after(text, 4);
    return text_to_u16(text, type) == STATUS_OK ? STATUS_OK : STATUS_NOT_FOUND;
}

const char *rcode_name(unsigned rcode)
{
    return rcode < COUNT_OF(rcode_names) ? rcode_names[rcode] : NULL;
}

/* What clients say of themselves, and what relays say of them, turned into tags (dhcp.md section
 * 4): dhcp-vendorclass, dhcp-userclass, dhcp-match, dhcp-mac, dhcp-name-match, dhcp-circuitid,
 * dhcp-remoteid, dhcp-subscrid. */
#ifndef LINNET_DHCP_CLIENT_MATCH_H
#define LINNET_DHCP_CLIENT_MATCH_H

#include "dhcp/dhcp_config.h"
#include "wire/dhcp4_message.h"
#include "wire/dhcp6_message.h"

#define CLIENT_MATCH_SUBJECTS 9

enum client_match_subject {
    CLIENT_MATCH_VENDOR_CLASS,  /* option 60; DHCPv6 option 16: any of its classes */
    CLIENT_MATCH_USER_CLASS,    /* option 77: plain, or RFC 3004 instances; DHCPv6 option 15 */
    CLIENT_MATCH_OPTION,        /* any option */
    CLIENT_MATCH_ENTERPRISE,    /* a class of option 124 (RFC 3925); DHCPv4 only */
    CLIENT_MATCH_HARDWARE,
    CLIENT_MATCH_CIRCUIT_ID,    /* option 82, suboption 1 (RFC 3046); DHCPv4 only */
    CLIENT_MATCH_REMOTE_ID,     /* suboption 2; DHCPv6 option 37, with its enterprise or without */
    CLIENT_MATCH_SUBSCRIBER_ID, /* suboption 6 (RFC 3993); DHCPv6 option 38 */
    CLIENT_MATCH_NAME,          /* what the client calls itself */
};

enum client_match_form {
    CLIENT_MATCH_PRESENT, /* not empty is enough */
    CLIENT_MATCH_TEXT,    /* the value stands somewhere in it */
    CLIENT_MATCH_ELEMENT, /* it is a list of things as long as the value, and one of them is it */
    CLIENT_MATCH_BYTES,   /* it begins with the value, in which some bytes may be anything */
    CLIENT_MATCH_WHOLE,   /* it is the value */
};

/* One line. All memory is the config arena's. */
struct client_match_rule {
    uint8_t subject; /* enum client_match_subject */
    uint8_t form;    /* enum client_match_form */
    bool ip6;        /* says nothing of DHCPv4: option6:, a vendor class by its enterprise alone */
    bool by_name;    /* written as option:name */
    bool prefix;     /* CLIENT_MATCH_NAME: any name that begins so */
    bool has_enterprise;
    bool quoted;         /* the value looks like something else than the text it is */
    uint16_t tag;
    uint16_t code;       /* CLIENT_MATCH_OPTION */
    uint32_t enterprise; /* CLIENT_MATCH_ENTERPRISE; of a vendor class: DHCPv6 only */
    struct dhcp_hardware_pattern hardware;
    struct bytes value;
    const uint8_t *any;  /* CLIENT_MATCH_BYTES: non-zero where the byte does not count */
    const char *written; /* the value as text, for printing; NULL without one */
    struct place place;
};

/* What is known of a client: of one of the two protocols. */
struct client_match_facts {
    const struct dhcp4_message *message;  /* DHCPv4; NULL: DHCPv6 */
    struct bytes agent_info;              /* DHCPv4 option 82; empty: none */
    struct text name;                     /* as it was said, whole; empty: none */
    const struct dhcp6_options *options6; /* DHCPv6: of the client's own message */
    const struct dhcp6_wrapped *wrapped6; /* DHCPv6: with what relays said; NULL: none did */
    struct hardware hardware6;            /* DHCPv6: count 0 when not known */
};

/* Which subjects are looked at in one call: bits 1 << enum client_match_subject. */
#define CLIENT_MATCH_NAMES   (1u << CLIENT_MATCH_NAME)
#define CLIENT_MATCH_CLASSES                                                                       \
    (1u << CLIENT_MATCH_VENDOR_CLASS | 1u << CLIENT_MATCH_USER_CLASS | 1u << CLIENT_MATCH_OPTION   \
     | 1u << CLIENT_MATCH_ENTERPRISE)
#define CLIENT_MATCH_CARDS  (1u << CLIENT_MATCH_HARDWARE)
#define CLIENT_MATCH_RELAYS                                                                        \
    (1u << CLIENT_MATCH_CIRCUIT_ID | 1u << CLIENT_MATCH_REMOTE_ID                                  \
     | 1u << CLIENT_MATCH_SUBSCRIBER_ID)

/* Adds the tags of the lines that fit, in the order of the configuration. */
void client_match_apply(const struct dhcp_config *config, const struct client_match_facts *facts,
                        unsigned subjects, struct tag_set *set);
/* The client says it is a TR-069 device: option 125 with its maker's and its own number. */
bool client_match_is_cpe(const struct dhcp4_message *message);

/* `part` is somewhere in `whole`; an empty one always is. */
bool client_match_contains(struct bytes whole, struct bytes part);
/* One value against a line of one of the forms above; bytes from anywhere. */
bool client_match_value(const struct client_match_rule *rule, struct bytes value);

#endif

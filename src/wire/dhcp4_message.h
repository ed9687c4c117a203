/* DHCPv4 and BOOTP messages (RFC 2131, 2132, 951): the fixed header, the option field, options
 * longer than 255 bytes (RFC 3396), overload of file and sname, relay information (RFC 3046).
 *
 * Reading gives a view with an index of options; a handler never walks raw options itself. */
#ifndef LINNET_WIRE_DHCP4_MESSAGE_H
#define LINNET_WIRE_DHCP4_MESSAGE_H

#include "base/address.h"
#include "base/bytes.h"
#include "base/status.h"
#include "wire/dhcp_codes.h"

#define DHCP4_FIXED_BYTES    236  /* up to the magic cookie */
#define DHCP4_MESSAGE_MAX    16384
#define DHCP4_OPTIONS_MAX    128   /* fragments indexed; a message with more is malformed */
#define DHCP4_FLAG_BROADCAST 0x8000
#define DHCP4_SNAME_BYTES 64
#define DHCP4_FILE_BYTES  128

enum dhcp4_op { DHCP4_BOOTREQUEST = 1, DHCP4_BOOTREPLY = 2 };

struct dhcp4_option_place {
    uint8_t code;
    uint8_t field;  /* 0 options, 1 file, 2 sname */
    uint16_t count;
    uint16_t offset;  /* of the value, in the message */
};

struct dhcp4_message {
    struct bytes bytes;
    uint8_t op;
    uint8_t hops;
    uint32_t xid;
    uint16_t secs;
    uint16_t flags;
    struct address ciaddr, yiaddr, siaddr, giaddr;  /* always IPv4, 0.0.0.0 when unset */
    struct hardware hardware;                       /* htype, chaddr */
    struct bytes sname;                             /* 64-byte field, view */
    struct bytes file;                              /* 128-byte field, view */
    bool is_dhcp;     /* magic cookie and option 53 present; otherwise plain BOOTP */
    uint8_t type;     /* enum dhcp4_message_type, 0 for BOOTP */
    uint8_t overload; /* option 52: 1 file, 2 sname, 3 both */
    unsigned option_count;
    struct dhcp4_option_place options[DHCP4_OPTIONS_MAX];  /* in order of appearance */
};

/* STATUS_TRUNCATED  shorter than the fixed part
 * STATUS_MALFORMED  op not 1 or 2, hlen over 16, an option whose length runs past its field, a
 *                   wrong magic cookie where one is needed, overload inside an overloaded field, or
 *                   more than DHCP4_OPTIONS_MAX options
 * A message without END is accepted. BOOTP without a cookie is accepted with no options. */
NODISCARD enum status dhcp4_message_read(struct bytes bytes, struct dhcp4_message *message);

/* The value of an option. Fragments of one code (RFC 3396) are joined into `scratch` (`room`
 * bytes); when there is only one it is a view of the message and scratch stays untouched. False
 * when absent, or when joined it does not fit. */
bool dhcp4_option_find(const struct dhcp4_message *message, unsigned code, void *scratch,
                       size_t room, struct bytes *value);
/* First fragment only; for the many options that are always short. */
bool dhcp4_option_first(const struct dhcp4_message *message, unsigned code, struct bytes *value);
bool dhcp4_option_address(const struct dhcp4_message *message, unsigned code,
                          struct address *address);
bool dhcp4_option_u32(const struct dhcp4_message *message, unsigned code, uint32_t *value);
bool dhcp4_option_u16(const struct dhcp4_message *message, unsigned code, uint16_t *value);
bool dhcp4_option_u8(const struct dhcp4_message *message, unsigned code, uint8_t *value);

/* A sub-option of option 82 (or any code-length-value list). False when absent or malformed. */
bool dhcp4_suboption_find(struct bytes list, unsigned code, struct bytes *value);

struct dhcp4_fqdn {
    uint8_t flags;       /* RFC 4702: S 1, O 2, E 4, N 8 */
    bool is_wire;        /* E: canonical wire format */
    struct bytes name;   /* as sent, without flags and rcodes */
};
NODISCARD enum status dhcp4_fqdn_read(struct bytes value, struct dhcp4_fqdn *fqdn);

/* ------------------------------------------------------------------ building */

/* Options are added in the order of calls. When the option field is full and `may_overload`,
 * further ones go to file, then sname (option 52 is written by itself), if those fields are still
 * unused. An option that fits nowhere is left out and counted in `refused`. */
struct dhcp4_builder {
    uint8_t *buffer;
    size_t room;         /* of buffer */
    size_t limit;        /* most bytes of the whole message */
    struct bytes_writer options;
    struct bytes_writer file;
    struct bytes_writer sname;
    bool may_overload;
    bool file_used, sname_used;  /* hold boot file / server name, not options */
    unsigned refused;            /* options that did not fit */
    unsigned last_refused;       /* code of the last one */
};

struct dhcp4_reply_header {
    uint8_t op;
    uint8_t hops;
    uint32_t xid;
    uint16_t secs;
    uint16_t flags;
    struct address ciaddr, yiaddr, siaddr, giaddr;
    struct hardware hardware;
};

/* room >= limit >= 300 (asserted). Writes header and cookie. */
void dhcp4_builder_start(struct dhcp4_builder *builder, void *buffer, size_t room, size_t limit,
                         const struct dhcp4_reply_header *header, bool may_overload);
/* The text fields; false when longer than 63 / 127 bytes. They must come before any overload. */
bool dhcp4_builder_sname(struct dhcp4_builder *builder, struct text name);
bool dhcp4_builder_file(struct dhcp4_builder *builder, struct text name);
/* Values longer than 255 bytes are split (RFC 3396). False when it was left out. */
bool dhcp4_builder_option(struct dhcp4_builder *builder, unsigned code, struct bytes value);
bool dhcp4_builder_option_address(struct dhcp4_builder *builder, unsigned code,
                                  const struct address *address);
bool dhcp4_builder_option_u32(struct dhcp4_builder *builder, unsigned code, uint32_t value);
bool dhcp4_builder_option_u8(struct dhcp4_builder *builder, unsigned code, uint8_t value);
bool dhcp4_builder_has(const struct dhcp4_builder *builder, unsigned code);
/* END options, pad to 300 bytes. The finished message as a view of the buffer. */
struct bytes dhcp4_builder_finish(struct dhcp4_builder *builder);

#endif

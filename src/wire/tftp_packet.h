/* TFTP packets (RFC 1350) with the options of RFC 2347, 2348, 2349 and 7440: bytes to a struct and
 * back. */
#ifndef LINNET_WIRE_TFTP_PACKET_H
#define LINNET_WIRE_TFTP_PACKET_H

#include "base/bytes.h"
#include "base/status.h"
#include "base/text.h"

#define TFTP_PORT          69
#define TFTP_HEADER_BYTES  4   /* opcode and block number before the data */
#define TFTP_BLOCK_DEFAULT 512 /* RFC 1350 section 2 */
#define TFTP_BLOCK_MAX     65464 /* RFC 2348 */
#define TFTP_OPTIONS_MAX   64 /* pairs looked at in a request; the rest is as if not there */

enum tftp_opcode {
    TFTP_READ = 1, TFTP_WRITE = 2, TFTP_DATA = 3, TFTP_ACK = 4, TFTP_ERROR = 5, TFTP_OACK = 6,
};

/* RFC 1350 appendix, RFC 2347. */
enum tftp_error {
    TFTP_ERROR_OTHER = 0, TFTP_ERROR_NOT_FOUND = 1, TFTP_ERROR_DENIED = 2, TFTP_ERROR_FULL = 3,
    TFTP_ERROR_ILLEGAL = 4, TFTP_ERROR_WRONG_PORT = 5, TFTP_ERROR_EXISTS = 6, TFTP_ERROR_USER = 7,
    TFTP_ERROR_OPTIONS = 8,
};

enum tftp_mode { TFTP_MODE_OTHER, TFTP_MODE_OCTET, TFTP_MODE_NETASCII };

/* Which options a request has, with a value in their range, or a reply is to have. */
enum tftp_option {
    TFTP_OPTION_BLKSIZE = 1u << 0,
    TFTP_OPTION_TSIZE = 1u << 1,
    TFTP_OPTION_TIMEOUT = 1u << 2,
    TFTP_OPTION_WINDOWSIZE = 1u << 3,
};

struct tftp_options {
    uint8_t present; /* enum tftp_option, ored */
    uint32_t blksize;
    uint64_t tsize;
    uint32_t timeout_s;
    uint32_t windowsize;
};

/* Text points into the packet, without its NUL; it is a stranger's. */
struct tftp_packet {
    uint16_t opcode;
    uint16_t block;              /* DATA, ACK */
    uint16_t error;              /* ERROR */
    uint8_t mode;                /* READ, WRITE: enum tftp_mode */
    struct text name;            /* READ, WRITE: at least one character */
    struct text reason;          /* ERROR; its NUL may be missing */
    struct bytes data;           /* DATA */
    struct tftp_options options; /* READ, WRITE, OACK */
};

/* Reads a packet of any kind. Of an option that comes twice the last counts; one without a value,
 * or with a value that is no number in its range (blksize from 1, for some clients ask for less
 * than the 8 of RFC 2348; timeout 1 to 255, RFC 2349; windowsize 1 to 65535, RFC 7440) is as if it
 * were not there; but tsize only has to be there.
 *
 * STATUS_TRUNCATED    shorter than its kind is, or a name, mode or option without its NUL
 * STATUS_MALFORMED    a file without a name
 * STATUS_UNSUPPORTED  an opcode that is none; packet->opcode is set even so */
NODISCARD enum status tftp_packet_read(struct bytes bytes, struct tftp_packet *packet);

void tftp_write_data_header(struct bytes_writer *writer, uint16_t block);
void tftp_write_ack(struct bytes_writer *writer, uint16_t block);
/* The options that are present, in the order blksize, tsize, timeout, windowsize. */
void tftp_write_oack(struct bytes_writer *writer, const struct tftp_options *options);
/* reason: without NULs in it. */
void tftp_write_error(struct bytes_writer *writer, enum tftp_error error, struct text reason);

#endif

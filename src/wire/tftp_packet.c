#include "wire/tftp_packet.h"

#define TIMEOUT_MAX_S 255
#define WINDOW_MAX    65535

/* The characters before the next NUL, which is taken too. */
static struct text read_string(struct bytes_reader *reader)
{
    struct bytes rest = bytes_of(reader->at, bytes_reader_left(reader));
    size_t count = 0;
    while (count < rest.count && rest.at[count] != 0)
        count++;
    struct bytes string = bytes_read_span(reader, count);
    bytes_read_skip(reader, 1);
    return reader->failed ? TEXT_NONE : text_from_bytes(string);
}

static bool read_number(struct text text, uint64_t min, uint64_t max, uint64_t *number)
{
    uint64_t value;
    if (text_to_u64(text, max, &value) != STATUS_OK || value < min)
        return false;
    *number = value;
    return true;
}

static void read_option(struct text name, struct text value, struct tftp_options *options)
{
    static const struct {
        struct text name;
        enum tftp_option option;
        uint64_t min, max;
    } known[] = {
        { { "blksize", 7 }, TFTP_OPTION_BLKSIZE, 1, UINT32_MAX },
        { { "tsize", 5 }, TFTP_OPTION_TSIZE, 0, UINT64_MAX },
        { { "timeout", 7 }, TFTP_OPTION_TIMEOUT, 1, TIMEOUT_MAX_S },
        { { "windowsize", 10 }, TFTP_OPTION_WINDOWSIZE, 1, WINDOW_MAX },
    };
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        uint64_t number;
        if (!text_equal_nocase(name, known[i].name))
            continue;
        if (!read_number(value, known[i].min, known[i].max, &number)) {
            if (known[i].option != TFTP_OPTION_TSIZE)
                return;
            number = 0; /* of a read request it only has to be there (RFC 2349) */
        }
        options->present |= (uint8_t)known[i].option;
        switch (known[i].option) {
        case TFTP_OPTION_BLKSIZE:
            options->blksize = (uint32_t)number;
            break;
        case TFTP_OPTION_TSIZE:
            options->tsize = number;
            break;
        case TFTP_OPTION_TIMEOUT:
            options->timeout_s = (uint32_t)number;
            break;
        case TFTP_OPTION_WINDOWSIZE:
            options->windowsize = (uint32_t)number;
            break;
        }
        return;
    }
}

/* A name without a value at the end is passed over; a string without its NUL fails the reader. */
static void read_options(struct bytes_reader *reader, struct tftp_options *options)
{
    for (int i = 0; i < TFTP_OPTIONS_MAX && bytes_reader_left(reader) > 0; i++) {
        struct text name = read_string(reader);
        if (bytes_reader_left(reader) == 0)
            return;
        struct text value = read_string(reader);
        if (!reader->failed)
            read_option(name, value, options);
    }
}

static enum tftp_mode mode_of(struct text text)
{
    if (text_equal_nocase(text, TEXT("octet")))
        return TFTP_MODE_OCTET;
    if (text_equal_nocase(text, TEXT("netascii")))
        return TFTP_MODE_NETASCII;
    return TFTP_MODE_OTHER;
}

static enum status read_request(struct bytes_reader *reader, struct tftp_packet *packet)
{
    packet->name = read_string(reader);
    struct text mode = read_string(reader);
    if (reader->failed)
        return STATUS_TRUNCATED;
    if (packet->name.count == 0)
        return STATUS_MALFORMED;
    packet->mode = (uint8_t)mode_of(mode);
    read_options(reader, &packet->options);
    return reader->failed ? STATUS_TRUNCATED : STATUS_OK;
}

static void read_reason(struct bytes_reader *reader, struct tftp_packet *packet)
{
    struct text rest = text_from_bytes(bytes_read_rest(reader));
    packet->reason = text_part(rest, 0, text_find(rest, '\0'));
}

enum status tftp_packet_read(struct bytes bytes, struct tftp_packet *packet)
{
    struct bytes_reader reader = bytes_reader_on(bytes);
    *packet = (struct tftp_packet){ .opcode = bytes_read_u16(&reader) };
    switch (packet->opcode) {
    case TFTP_READ:
    case TFTP_WRITE:
        if (reader.failed)
            return STATUS_TRUNCATED;
        return read_request(&reader, packet);
    case TFTP_DATA:
        packet->block = bytes_read_u16(&reader);
        packet->data = bytes_read_rest(&reader);
        break;
    case TFTP_ACK:
        packet->block = bytes_read_u16(&reader);
        break;
    case TFTP_ERROR:
        packet->error = bytes_read_u16(&reader);
        read_reason(&reader, packet);
        break;
    case TFTP_OACK:
        read_options(&reader, &packet->options);
        break;
    default:
        return reader.failed ? STATUS_TRUNCATED : STATUS_UNSUPPORTED;
    }
    return reader.failed ? STATUS_TRUNCATED : STATUS_OK;
}

void tftp_write_data_header(struct bytes_writer *writer, uint16_t block)
{
    bytes_write_u16(writer, TFTP_DATA);
    bytes_write_u16(writer, block);
}

void tftp_write_ack(struct bytes_writer *writer, uint16_t block)
{
    bytes_write_u16(writer, TFTP_ACK);
    bytes_write_u16(writer, block);
}

static void write_string(struct bytes_writer *writer, struct text text)
{
    bytes_write_span(writer, text_bytes(text));
    bytes_write_u8(writer, 0);
}

static void write_option(struct bytes_writer *writer, const char *name, uint64_t value)
{
    char digits[24];
    struct text_out out = text_out_on(digits, sizeof(digits));
    text_put_u64(&out, value);
    write_string(writer, text_of(name));
    write_string(writer, text_out_text(&out));
}

void tftp_write_oack(struct bytes_writer *writer, const struct tftp_options *options)
{
    bytes_write_u16(writer, TFTP_OACK);
    if ((options->present & TFTP_OPTION_BLKSIZE) != 0)
        write_option(writer, "blksize", options->blksize);
    if ((options->present & TFTP_OPTION_TSIZE) != 0)
        write_option(writer, "tsize", options->tsize);
    if ((options->present & TFTP_OPTION_TIMEOUT) != 0)
        write_option(writer, "timeout", options->timeout_s);
    if ((options->present & TFTP_OPTION_WINDOWSIZE) != 0)
        write_option(writer, "windowsize", options->windowsize);
}

void tftp_write_error(struct bytes_writer *writer, enum tftp_error error, struct text reason)
{
    bytes_write_u16(writer, TFTP_ERROR);
    bytes_write_u16(writer, (uint16_t)error);
    write_string(writer, reason);
}

#include "daemon/packet_dump.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"

#define MAGIC         0xa1b2c3d4u
#define VERSION_MAJOR 2
#define VERSION_MINOR 4
#define SNAP_BYTES    65535
#define LINK_RAW_IP   101
#define HEADER_BYTES  24
#define RECORD_HEAD   16
#define IP4_BYTES     20
#define IP6_BYTES     40
#define UDP_BYTES     8
#define PROTOCOL_UDP  17
#define PROTOCOL_ICMP 58 /* version 6 */
#define HOPS          64
#define ICMP_LEAST    4   /* type, code, checksum */
#define ICMP_HOPS     255 /* RFC 4861: what neighbours say has crossed no router */
#define MESSAGE_MAX   (SNAP_BYTES - IP6_BYTES - UDP_BYTES) /* a longer one, by TCP, is cut */

/* ------------------------------------------------------------------ a record */

/* The file's own numbers are in this machine's order, as all writers of this form do it. */
static void write_native(struct bytes_writer *writer, uint32_t value)
{
    bytes_write_copy(writer, &value, sizeof value);
}

/* RFC 1071, without the complement. */
static uint32_t add_words(uint32_t sum, struct bytes bytes)
{
    for (size_t i = 0; i < bytes.count; i++)
        sum += (uint32_t)bytes.at[i] << (i % 2 == 0 ? 8 : 0);
    return sum;
}

static uint16_t fold(uint32_t sum)
{
    while (sum > 0xffff)
        sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)~sum;
}

/* The ends' family is that of the end that is known. */
static struct address end_address(const struct endpoint *end, uint8_t family)
{
    return end->address.family == family ? end->address : address_any((enum address_family)family);
}

static void write_ip4(struct bytes_writer *writer, const struct address *from,
                      const struct address *to, size_t udp_bytes)
{
    size_t start = bytes_writer_count(writer);
    bytes_write_u16(writer, 0x4500);
    bytes_write_u16(writer, (uint16_t)(IP4_BYTES + udp_bytes));
    bytes_write_u32(writer, 0);
    bytes_write_u8(writer, HOPS);
    bytes_write_u8(writer, PROTOCOL_UDP);
    bytes_write_u16(writer, 0);
    bytes_write_span(writer, address_bytes(from));
    bytes_write_span(writer, address_bytes(to));
    struct bytes header = bytes_writer_written(writer);
    header = bytes_of(header.at + start, header.count - start);
    bytes_patch_u16(writer, start + 10, fold(add_words(0, header)));
}

static void write_ip6(struct bytes_writer *writer, const struct address *from,
                      const struct address *to, size_t inner_bytes, bool icmp)
{
    bytes_write_u32(writer, 0x60000000);
    bytes_write_u16(writer, (uint16_t)inner_bytes);
    bytes_write_u8(writer, icmp ? PROTOCOL_ICMP : PROTOCOL_UDP);
    bytes_write_u8(writer, icmp ? ICMP_HOPS : HOPS);
    bytes_write_span(writer, address_bytes(from));
    bytes_write_span(writer, address_bytes(to));
}

static void write_udp(struct bytes_writer *writer, const struct packet_tap_packet *packet,
                      const struct address *from, const struct address *to, struct bytes message)
{
    size_t start = bytes_writer_count(writer);
    uint16_t count = (uint16_t)(UDP_BYTES + message.count);
    bytes_write_u16(writer, packet->from.port);
    bytes_write_u16(writer, packet->to.port);
    bytes_write_u16(writer, count);
    bytes_write_u16(writer, 0);
    bytes_write_span(writer, message);
    struct bytes datagram = bytes_writer_written(writer);
    datagram = bytes_of(datagram.at + start, datagram.count - start);
    uint32_t sum = add_words(add_words(0, address_bytes(from)), address_bytes(to));
    uint16_t check = fold(add_words(sum + PROTOCOL_UDP + count, datagram));
    bytes_patch_u16(writer, start + 6, check != 0 ? check : 0xffff);
}

/* The kernel writes the sum of what we send, and of what we hear it is right. */
static void write_icmp(struct bytes_writer *writer, const struct address *from,
                       const struct address *to, struct bytes message)
{
    size_t start = bytes_writer_count(writer);
    bytes_write_span(writer, message);
    bytes_patch_u16(writer, start + 2, 0);
    struct bytes whole = bytes_writer_written(writer);
    whole = bytes_of(whole.at + start, whole.count - start);
    uint32_t sum = add_words(add_words(0, address_bytes(from)), address_bytes(to));
    sum += PROTOCOL_ICMP + (uint32_t)message.count;
    bytes_patch_u16(writer, start + 2, fold(add_words(sum, whole)));
}

size_t packet_dump_record(const struct packet_tap_packet *packet, int64_t seconds, uint32_t micros,
                          uint8_t record[PACKET_DUMP_RECORD_MAX])
{
    struct bytes_writer writer = bytes_writer_on(record, PACKET_DUMP_RECORD_MAX);
    struct bytes message = packet->message;
    bool from_known = packet->from.address.family != ADDRESS_NONE;
    uint8_t family = from_known ? packet->from.address.family : packet->to.address.family;
    bool is_icmp = packet->icmp6 && packet->message.count >= ICMP_LEAST;
    bool is_ip6 = family == ADDRESS_IP6 || is_icmp;
    if (is_icmp)
        family = ADDRESS_IP6;
    struct address from = end_address(&packet->from, family);
    struct address to = end_address(&packet->to, family);

    if (message.count > MESSAGE_MAX)
        message.count = MESSAGE_MAX;
    size_t inner_bytes = (is_icmp ? 0 : UDP_BYTES) + message.count;
    uint32_t whole = (uint32_t)((is_ip6 ? IP6_BYTES : IP4_BYTES) + inner_bytes);
    write_native(&writer, (uint32_t)seconds);
    write_native(&writer, micros);
    write_native(&writer, whole);
    write_native(&writer, whole);
    if (is_ip6)
        write_ip6(&writer, &from, &to, inner_bytes, is_icmp);
    else
        write_ip4(&writer, &from, &to, inner_bytes);
    if (is_icmp)
        write_icmp(&writer, &from, &to, message);
    else
        write_udp(&writer, packet, &from, &to, message);
    return bytes_writer_count(&writer);
}

/* ------------------------------------------------------------------ the file */

static void put_header(uint8_t header[HEADER_BYTES])
{
    static const uint16_t versions[] = { VERSION_MAJOR, VERSION_MINOR };
    struct bytes_writer writer = bytes_writer_on(header, HEADER_BYTES);
    write_native(&writer, MAGIC);
    bytes_write_copy(&writer, versions, sizeof versions);
    write_native(&writer, 0);
    write_native(&writer, 0);
    write_native(&writer, SNAP_BYTES);
    write_native(&writer, LINK_RAW_IP);
}

/* What is there must be a file of the same kind. */
static enum status check_header(int fd)
{
    uint8_t header[HEADER_BYTES];
    uint8_t expected[HEADER_BYTES];
    put_header(expected);
    if (pread(fd, header, sizeof header, 0) != (ssize_t)sizeof header
        || memcmp(header, expected, 8) != 0 || memcmp(header + 20, expected + 20, 4) != 0)
        return STATUS_MALFORMED;
    return STATUS_OK;
}

static enum status begin_file(int fd)
{
    struct stat stat;
    uint8_t header[HEADER_BYTES];
    if (fstat(fd, &stat) != 0)
        return STATUS_SYSTEM;
    if (S_ISREG(stat.st_mode) && stat.st_size > 0)
        return check_header(fd);
    put_header(header);
    return write(fd, header, sizeof header) == (ssize_t)sizeof header ? STATUS_OK : STATUS_SYSTEM;
}

/* As much of what waits as the file takes now. */
static void write_waiting(struct packet_dump *dump)
{
    ssize_t count = dump->waiting > 0 ? write(dump->fd, dump->buffer, dump->waiting) : 0;
    if (count <= 0)
        return;
    dump->waiting -= (size_t)count;
    memmove(dump->buffer, dump->buffer + count, dump->waiting);
}

/* Records are kept whole: one that finds no room is left out. */
static bool keep_record(struct packet_dump *dump, const uint8_t *record, size_t count)
{
    ssize_t written = 0;
    write_waiting(dump);
    if (dump->waiting == 0) {
        written = write(dump->fd, record, count);
        if (written < 0)
            written = 0;
    }
    size_t rest = count - (size_t)written;
    if (rest > sizeof dump->buffer - dump->waiting) {
        assert(written == 0); /* a record that has begun finds the buffer empty, and large enough */
        return false;
    }
    memcpy(dump->buffer + dump->waiting, record + written, rest);
    dump->waiting += rest;
    return true;
}

static void on_packet(void *context, const struct packet_tap_packet *packet)
{
    struct packet_dump *dump = context;
    uint8_t record[PACKET_DUMP_RECORD_MAX];
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    size_t count = packet_dump_record(packet, now.tv_sec, (uint32_t)(now.tv_nsec / 1000), record);

    pthread_mutex_lock(&dump->lock);
    uint64_t number = ++dump->count;
    uint64_t left_out = 0;
    if (!keep_record(dump, record, count)) {
        dump->left_out++;
    } else {
        left_out = dump->left_out;
        dump->left_out = 0;
    }
    pthread_mutex_unlock(&dump->lock);
    if (left_out > 0)
        log_line(LOG_PART_MAIN, LOG_WARN, "dumpfile is slow: %" PRIu64 " packets left out",
                 left_out);
    log_line(LOG_PART_MAIN, LOG_INFORM, "dumping packet %" PRIu64 " mask 0x%04x", number,
             packet->mask);
}

enum status packet_dump_open(const char *path, uint32_t mask, struct packet_dump **dump)
{
    /* Reading too, so that opening a pipe does not wait for its reader. */
    int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    if (fd < 0)
        return STATUS_SYSTEM;
    enum status status = begin_file(fd);
    struct packet_dump *made = status == STATUS_OK ? calloc(1, sizeof *made) : NULL;
    if (made == NULL) {
        int error = errno;
        close(fd);
        errno = error;
        return status == STATUS_OK ? STATUS_NO_MEMORY : status;
    }
    pthread_mutex_init(&made->lock, NULL);
    made->fd = fd;
    made->tap = (struct packet_tap){ .mask = mask, .on_packet = on_packet, .context = made };
    *dump = made;
    return STATUS_OK;
}

void packet_dump_close(struct packet_dump *dump)
{
    if (dump == NULL)
        return;
    write_waiting(dump);
    close(dump->fd);
    pthread_mutex_destroy(&dump->lock);
    free(dump);
}

int packet_dump_descriptor(const struct packet_dump *dump)
{
    return dump->fd;
}

const struct packet_tap *packet_dump_tap(struct packet_dump *dump)
{
    return &dump->tap;
}

#include "daemon/packet_dump.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static char folder[] = "/tmp/packet_dump_test.XXXXXX";
static char path[64];

static int set_up(void **test)
{
    (void)test;
    struct log_setup log = { .target = LOG_TO_MEMORY, .name = "linnet", .level = LOG_INFORM };
    if (mkdtemp(folder) == NULL)
        return -1;
    snprintf(path, sizeof path, "%s/dump", folder);
    return log_open(&log) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **test)
{
    (void)test;
    unlink(path);
    log_close();
    return rmdir(folder);
}

static const uint8_t message[] = "a message";

static struct packet_tap_packet packet_of(struct address from, struct address to)
{
    return (struct packet_tap_packet){
        .mask = PACKET_TAP_QUERY,
        .from = { .address = from, .port = 1234 },
        .to = { .address = to, .port = 53 },
        .message = bytes_of(message, sizeof message),
    };
}

static uint16_t sum_of(const uint8_t *bytes, size_t count, uint32_t sum)
{
    for (size_t i = 0; i < count; i++)
        sum += (uint32_t)bytes[i] << (i % 2 == 0 ? 8 : 0);
    while (sum > 0xffff)
        sum = (sum >> 16) + (sum & 0xffff);
    return (uint16_t)sum;
}

static void test_ip4(void **test)
{
    (void)test;
    static uint8_t record[PACKET_DUMP_RECORD_MAX];
    struct packet_tap_packet packet =
        packet_of(address_ip4(192, 0, 2, 1), address_ip4(192, 0, 2, 2));
    size_t count = packet_dump_record(&packet, 1000, 7, record);
    uint32_t head[4];
    memcpy(head, record, sizeof head);
    assert_int_equal(head[0], 1000);
    assert_int_equal(head[1], 7);
    assert_int_equal(head[2], 20 + 8 + sizeof message);
    assert_int_equal(head[3], head[2]);
    assert_int_equal(count, 16 + head[2]);
    const uint8_t *ip = record + 16;
    assert_int_equal(ip[0], 0x45);
    assert_int_equal(sum_of(ip, 20, 0), 0xffff);
    assert_memory_equal(ip + 12, "\xc0\0\2\1\xc0\0\2\2", 8);
    assert_memory_equal(ip + 20, "\4\xd2\0\x35", 4);
    /* The pseudo header: addresses, protocol, length. */
    assert_int_equal(sum_of(ip + 12, head[2] - 12, 17 + 8 + (uint32_t)sizeof message), 0xffff);
    assert_memory_equal(ip + 28, message, sizeof message);
}

static void test_ip6_and_unknown(void **test)
{
    (void)test;
    static uint8_t record[PACKET_DUMP_RECORD_MAX];
    struct address from = address_ip6((const uint8_t[16]){ 0x20, 1, 0xd, 0xb8, [15] = 1 });
    struct packet_tap_packet packet = packet_of(from, (struct address){ .family = ADDRESS_NONE });
    size_t count = packet_dump_record(&packet, 0, 0, record);
    const uint8_t *ip = record + 16;
    assert_int_equal(count, 16 + 40 + 8 + sizeof message);
    assert_int_equal(ip[0], 0x60);
    assert_int_equal(ip[6], 17);
    assert_memory_equal(ip + 8, from.bytes, 16);
    assert_int_equal(sum_of(ip + 8, 32 + 8 + sizeof message, 17 + 8 + (uint32_t)sizeof message),
                     0xffff);
    packet.from.address = (struct address){ .family = ADDRESS_NONE }; /* nothing known at all */
    assert_true(packet_dump_record(&packet, 0, 0, record) > 0);
}

/* As the kernel sends it: the sum is made up. */
static void test_icmp6(void **test)
{
    (void)test;
    static uint8_t record[PACKET_DUMP_RECORD_MAX];
    static const uint8_t solicitation[] = { 133, 0, 0, 0, 0, 0, 0, 0 };
    struct address from = address_ip6((const uint8_t[16]){ 0xfe, 0x80, [15] = 1 });
    struct packet_tap_packet packet = packet_of(from, (struct address){ .family = ADDRESS_NONE });
    packet.icmp6 = true;
    packet.message = bytes_of(solicitation, sizeof solicitation);
    size_t count = packet_dump_record(&packet, 0, 0, record);
    const uint8_t *ip = record + 16;
    assert_int_equal(count, 16 + 40 + sizeof solicitation);
    assert_int_equal(ip[5], sizeof solicitation);
    assert_int_equal(ip[6], 58);
    assert_int_equal(ip[7], 255);
    assert_int_equal(ip[40], 133);
    assert_int_equal(sum_of(ip + 8, 32 + sizeof solicitation, 58 + (uint32_t)sizeof solicitation),
                     0xffff);
}

static void test_longest(void **test)
{
    (void)test;
    static uint8_t record[PACKET_DUMP_RECORD_MAX];
    static uint8_t longest[65535];
    struct packet_tap_packet packet =
        packet_of(address_ip4(192, 0, 2, 1), address_ip4(192, 0, 2, 2));
    packet.message = bytes_of(longest, sizeof longest);
    size_t count = packet_dump_record(&packet, 0, 0, record);
    assert_in_range(count, 65000, 16 + 65535);
}

static off_t file_bytes(void)
{
    struct stat stat_of_file;
    assert_int_equal(stat(path, &stat_of_file), 0);
    assert_int_equal(stat_of_file.st_mode & 0777, 0600);
    return stat_of_file.st_size;
}

static void dump_one(struct packet_dump *dump)
{
    struct packet_tap_packet packet =
        packet_of(address_ip4(192, 0, 2, 1), address_ip4(192, 0, 2, 2));
    const struct packet_tap *tap = packet_dump_tap(dump);
    tap->on_packet(tap->context, &packet);
}

/* Made for its owner alone, gone on with, and nothing else overwritten. */
static void test_file(void **test)
{
    (void)test;
    struct packet_dump *dump;
    off_t one = 16 + 28 + sizeof message;
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal(packet_dump_open(path, 3, &dump), STATUS_OK);
        assert_int_equal(packet_dump_tap(dump)->mask, 3);
        dump_one(dump);
        packet_dump_close(dump);
        assert_int_equal(file_bytes(), 24 + one * (turn + 1));
    }
    char logged[512];
    log_take_memory(logged, sizeof logged);
    assert_non_null(strstr(logged, "dumping packet 1 mask 0x0001\n"));
    unlink(path);
    FILE *file = fopen(path, "we");
    fputs("something quite different", file);
    fclose(file);
    assert_int_equal(packet_dump_open(path, 3, &dump), STATUS_MALFORMED);
    unlink(path);
    assert_int_equal(packet_dump_open("/nowhere/at/all", 3, &dump), STATUS_SYSTEM);
}

/* A pipe whose reader is slow costs packets, never time, and never half a record. */
static void test_slow_pipe(void **test)
{
    (void)test;
    static uint8_t got[1 << 20];
    struct packet_dump *dump;
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(packet_dump_open(path, 15, &dump), STATUS_OK);
    int reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(reader >= 0);
    for (int i = 0; i < 20000; i++)
        dump_one(dump);
    assert_true(dump->left_out > 1000);
    size_t count = 0;
    for (;;) {
        ssize_t part = read(reader, got + count, sizeof got - count);
        if (part > 0)
            count += (size_t)part;
        else if (dump->waiting > 0)
            dump_one(dump); /* what waited goes first */
        else
            break;
    }
    size_t one = 16 + 28 + sizeof message;
    assert_true(count > PACKET_DUMP_BYTES / 2);
    assert_int_equal((count - 24) % one, 0);
    char logged[65536];
    log_take_memory(logged, sizeof logged);
    packet_dump_close(dump);
    close(reader);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ip4),   cmocka_unit_test(test_ip6_and_unknown),
        cmocka_unit_test(test_icmp6), cmocka_unit_test(test_longest),
        cmocka_unit_test(test_file),  cmocka_unit_test(test_slow_pipe),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

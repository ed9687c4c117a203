#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "daemon/script_record.h"
#include "model/lease_facts.h"

static void a_record_comes_back_whole(void **state)
{
    (void)state;
    uint8_t facts[64], buffer[SCRIPT_RECORD_MAX];
    struct bytes_writer fact_writer = bytes_writer_on(facts, sizeof(facts));
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    lease_facts_put(&fact_writer, LEASE_FACT_TAGS, text_bytes(TEXT("known eth0")));
    struct script_record record = {
        .action = SCRIPT_OLD,
        .address = address_ip4(192, 0, 2, 5),
        .hardware = { .type = 6, .count = 6, .bytes = { 2, 0, 0, 0, 0, 1 } },
        .relay = address_ip4(192, 0, 2, 1),
        .client = address_ip4(192, 0, 2, 2),
        .has_facts = true,
        .facts = bytes_writer_written(&fact_writer),
        .client_id = bytes_of("\1\2", 2),
        .expires = 2000000000,
        .name = TEXT("laptop"),
        .domain = TEXT("lan.test"),
        .old_name = TEXT("desk"),
        .interface = TEXT("eth0"),
    };
    struct script_record read;
    script_record_write(&record, &writer);
    assert_false(writer.failed);
    assert_int_equal(script_record_read(bytes_writer_written(&writer), &read), STATUS_OK);
    assert_int_equal(read.action, SCRIPT_OLD);
    assert_true(address_equal(&read.address, &record.address));
    assert_true(address_equal(&read.relay, &record.relay));
    assert_true(address_equal(&read.client, &record.client));
    assert_true(hardware_equal(&read.hardware, &record.hardware));
    assert_true(read.has_facts && bytes_equal(read.facts, record.facts));
    assert_true(bytes_equal(read.client_id, record.client_id));
    assert_int_equal(read.expires, record.expires);
    assert_true(text_equal(read.name, record.name) && text_equal(read.domain, record.domain));
    assert_true(text_equal(read.old_name, record.old_name));
    assert_true(text_equal(read.interface, record.interface));
}

static void the_largest_record_fits(void **state)
{
    (void)state;
    static uint8_t facts[LEASE_FACTS_MAX], buffer[SCRIPT_RECORD_MAX];
    static char path[SCRIPT_PATH_MAX], name[SCRIPT_NAME_MAX], interface[64];
    struct bytes_writer fact_writer = bytes_writer_on(facts, sizeof(facts));
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct script_record read;
    memset(path, 'p', sizeof(path));
    memset(name, 'n', sizeof(name));
    memset(interface, 'i', sizeof(interface));
    for (int i = 0; i < LEASE_FACTS_MAX; i++)
        lease_facts_put(&fact_writer, LEASE_FACT_USER_CLASS, text_bytes(TEXT("x")));
    struct script_record record = {
        .action = SCRIPT_ADD,
        .address = address_any(ADDRESS_IP6),
        .relay = address_any(ADDRESS_IP6),
        .client = address_any(ADDRESS_IP6),
        .hardware = { .count = HARDWARE_MAX },
        .has_facts = true,
        .facts = bytes_writer_written(&fact_writer),
        .client_id = bytes_of(name, sizeof(name)),
        .server_duid = bytes_of(name, sizeof(name)),
        .expires = INT64_MAX,
        .name = { name, sizeof(name) },
        .domain = { name, sizeof(name) },
        .old_name = { name, sizeof(name) },
        .interface = { interface, sizeof(interface) },
        .path = { path, sizeof(path) },
        .size = UINT64_MAX,
    };
    script_record_write(&record, &writer);
    assert_false(writer.failed);
    assert_int_equal(script_record_read(bytes_writer_written(&writer), &read), STATUS_OK);
    /* A client id of more than a DUID can have is not told at all. */
    record.client_id = bytes_of(path, SCRIPT_ID_MAX + 1);
    writer = bytes_writer_on(buffer, sizeof(buffer));
    script_record_write(&record, &writer);
    assert_int_equal(script_record_read(bytes_writer_written(&writer), &read), STATUS_OK);
    assert_int_equal(read.client_id.count, 0);
}

static void what_is_no_record_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *claim, *bytes;
        size_t count;
    } rows[] = {
        { "nothing", "", 0 },
        { "no such action", "\x63", 1 },
        { "action zero", "\0", 1 },
        { "no such field", "\1\x63\0\0", 4 },
        { "a field twice", "\1\x09\0\1a\x09\0\1a", 9 },
        { "longer than it is", "\1\x09\0\5abc", 7 },
        { "an address of five bytes", "\1\1\0\5abcde", 9 },
        { "no hardware address", "\1\2\0\2\0\1", 6 },
        { "a NUL in a name", "\1\x09\0\3a\0b", 7 },
        { "an empty name", "\1\x09\0\0", 4 },
        { "a time of four bytes", "\1\x08\0\4\0\0\0\1", 8 },
        { "a negative time", "\1\x08\0\x08\xff\0\0\0\0\0\0\1", 12 },
        { "facts that are no list", "\1\4\0\3\1\0\5", 7 },
        { "a IAID that is neither", "\1\7\0\5\2\0\0\0\1", 9 },
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct script_record record;
        if (script_record_read(bytes_of(rows[i].bytes, rows[i].count), &record) != STATUS_MALFORMED)
            fail_msg("%s: was taken", rows[i].claim);
    }
}

static void notes_come_back(void **state)
{
    (void)state;
    static char text[SCRIPT_NOTE_TEXT_MAX + 5];
    uint8_t buffer[SCRIPT_NOTE_MAX];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof(buffer));
    struct script_note note = { SCRIPT_NOTE_LINE, { text, sizeof(text) } };
    script_note_write(&note, &writer);
    assert_false(writer.failed);
    assert_int_equal(script_note_read(bytes_writer_written(&writer), &note), STATUS_OK);
    assert_int_equal(note.kind, SCRIPT_NOTE_LINE);
    assert_int_equal(note.text.count, SCRIPT_NOTE_TEXT_MAX);
    assert_int_equal(script_note_read(BYTES_NONE, &note), STATUS_MALFORMED);
    assert_int_equal(script_note_read(bytes_of("\x09", 1), &note), STATUS_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_comes_back_whole),
        cmocka_unit_test(the_largest_record_fits),
        cmocka_unit_test(what_is_no_record_is_refused),
        cmocka_unit_test(notes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

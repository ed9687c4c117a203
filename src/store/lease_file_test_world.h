/* A lease file in a folder of its own, and a stranger who reads it all the while: for the tests of
 * lease_file_io.c. */
#ifndef LINNET_STORE_LEASE_FILE_TEST_WORLD_H
#define LINNET_STORE_LEASE_FILE_TEST_WORLD_H

#include "store/lease_file_io.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A loop, a table and a file in a folder of its own; every answer is remembered, and the file is
 * read as a stranger would read it at every turn of the loop. */
struct world {
    uv_loop_t loop;
    struct lease_table *table, *table6; /* the latter only where `both` */
    bool both;                          /* every third lease is one of IPv6 */
    struct bytes duid;
    struct lease_backend *backend;
    char folder[64];
    char path[96];
    struct instant now;
    enum status answers[8192];
    uint64_t last_ticket;
    unsigned answered, ok, failed, troubles, losses, complaints, lines_loaded;
    unsigned last_complaint;
    char trouble[512];
    bool check_on_answer, reader_pauses;
    char content[1 << 20];
};

static struct world *world;

/* ------------------------------------------------------------------ a stranger reads the file */

static inline const char *content_of(const char *path)
{
    int fd = open(path, O_RDONLY);
    ssize_t count = 0, got;
    world->content[0] = '\0';
    if (fd < 0)
        return NULL;
    while ((got = read(fd, world->content + count, sizeof(world->content) - 1 - (size_t)count)) > 0)
        count += got;
    close(fd);
    world->content[count] = '\0';
    return world->content;
}

static inline const char *content(void)
{
    return content_of(world->path);
}

/* The last line for this address, or NULL; its text without the newline in `line`. */
static inline const char *line_of(const char *address, char line[256])
{
    struct text rest = text_of(content());
    struct text each;
    bool found = false;
    while (text_next_line(&rest, &each)) {
        struct text words = each;
        struct text word = TEXT_NONE;
        for (unsigned i = 0; i < 3; i++)
            (void)text_next_word(&words, &word);
        if (!text_equal(word, text_of(address)))
            continue;
        found = true;
        each = text_trim(each);
        snprintf(line, 256, "%.*s", TEXT_ARG(each));
    }
    return found ? line : NULL;
}

static inline void check_whole_lines(void)
{
    const char *all = content();
    if (all == NULL || world->reader_pauses)
        return;
    size_t count = strlen(all);
    struct text rest = { all, count };
    struct text each;
    if (count > 0 && all[count - 1] != '\n')
        fail_msg("a reader sees a cut line: %s", all);
    while (text_next_line(&rest, &each)) {
        struct lease_line line;
        if (lease_line_read(each, &line) != STATUS_OK && !text_starts(each, TEXT("agent-info")))
            fail_msg("a reader sees a broken line: %.*s", TEXT_ARG(each));
    }
}

/* ------------------------------------------------------------------ the world */

static inline void on_committed(void *context, uint64_t ticket, enum status status)
{
    struct world *w = context;
    assert_true(ticket > w->last_ticket);
    w->last_ticket = ticket;
    w->answers[ticket % COUNT_OF(w->answers)] = status;
    w->answered++;
    *(status == STATUS_OK ? &w->ok : &w->failed) += 1;
    if (w->check_on_answer && status == STATUS_OK) {
        char address[32], line[256];
        snprintf(address, sizeof(address), "10.0.%u.%u", (unsigned)(ticket >> 8),
                 (unsigned)(ticket & 255));
        if (line_of(address, line) == NULL)
            fail_msg("ticket %u answered before its line was in the file", (unsigned)ticket);
    }
}

static inline void on_trouble(void *context, bool kept, const char *what, int error)
{
    struct world *w = context;
    (void)error;
    w->troubles++;
    w->losses += !kept;
    snprintf(w->trouble, sizeof(w->trouble), "%s", what);
}

static inline bool on_line(void *context, const struct lease_line *line)
{
    struct world *w = context;
    struct lease *lease = lease_table_by_address(w->table, &line->address);
    struct bytes id = bytes_of(line->client_id, line->client_id_count);
    w->lines_loaded++;
    if (line->kind == LEASE_LINE_AGENT_INFO)
        assert_int_equal(lease_table_set_origin(lease, id, lease_table_vendor_class(lease)),
                         STATUS_OK);
    if (line->kind == LEASE_LINE_VENDOR_CLASS)
        assert_int_equal(lease_table_set_origin(lease, lease_table_agent_info(lease), id),
                         STATUS_OK);
    if (line->kind != LEASE_LINE_LEASE || line->lease_kind != LEASE_IP4)
        return true;
    if (lease == NULL
        && lease_table_add(w->table, &line->address, LEASE_IP4, &line->hardware, id, &lease)
               != STATUS_OK)
        return true;
    assert_int_equal(lease_table_set_client(w->table, lease, &line->hardware, id), STATUS_OK);
    assert_int_equal(lease_table_set_name(w->table, lease, line->name, TEXT_NONE), STATUS_OK);
    lease_table_set_expiry_wall(w->table, lease, w->now, line->expires);
    return true;
}

static inline void on_complaint(void *context, unsigned line, const char *why)
{
    (void)why;
    ((struct world *)context)->complaints++;
    ((struct world *)context)->last_complaint = line;
}

static inline void open_world(void)
{
    static const struct siphash_key key = { 1, 2 };
    struct lease_file_setup setup = {
        .loop = &world->loop,
        .path = world->path,
        .committed = on_committed,
        .trouble = on_trouble,
        .context = world,
    };
    assert_int_equal(lease_table_create(&key, 20000, &world->table), STATUS_OK);
    setup.table = world->table;
    if (world->both)
        assert_int_equal(lease_table_create(&key, 20000, &world->table6), STATUS_OK);
    setup.table6 = world->table6;
    assert_int_equal(lease_file_open(&setup, &world->backend), STATUS_OK);
    assert_int_equal(world->backend->class_->load(world->backend, on_line, on_complaint, world),
                     STATUS_OK);
}

static inline void close_world(void)
{
    world->backend->class_->close(world->backend);
    assert_int_equal(uv_run(&world->loop, UV_RUN_DEFAULT), 0);
    lease_table_free(world->table);
    lease_table_free(world->table6);
    world->table6 = NULL;
}

static inline int set_up(void **state)
{
    (void)state;
    world = calloc(1, sizeof(*world));
    assert_int_equal(uv_loop_init(&world->loop), 0);
    snprintf(world->folder, sizeof(world->folder), "/tmp/lease_file_test.XXXXXX");
    assert_non_null(mkdtemp(world->folder));
    snprintf(world->path, sizeof(world->path), "%s/leases", world->folder);
    world->now = (struct instant){ 1000, 1700000000 };
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    char command[128];
    if (getuid() == 0)
        assert_int_equal(seteuid(0), 0); /* a test may have ended early */
    assert_int_equal(uv_loop_close(&world->loop), 0);
    snprintf(command, sizeof(command), "rm -rf %s", world->folder);
    assert_int_equal(system(command), 0);
    free(world);
    return 0;
}

static inline void write_file(const char *text)
{
    FILE *file = fopen(world->path, "w");
    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static inline bool is_ip6(unsigned number)
{
    return world->both && number % 3 == 0;
}

static inline struct lease_table *table_of(unsigned number)
{
    return is_ip6(number) ? world->table6 : world->table;
}

static inline struct address address_of(unsigned number)
{
    struct address address = address_ip4(10, 0, (uint8_t)(number >> 8), (uint8_t)number);
    if (is_ip6(number))
        address = (struct address){ ADDRESS_IP6,
                                    { 0xfd, [2] = (uint8_t)(number >> 8), [3] = (uint8_t)number } };
    return address;
}

static inline struct lease *lease_at(unsigned number)
{
    struct address address = address_of(number);
    return lease_table_by_address(table_of(number), &address);
}

static inline struct lease *add_lease(unsigned number)
{
    struct address address = address_of(number);
    struct hardware hardware = { 1, 6, { 2, 0, 0, 0, (uint8_t)(number >> 8), (uint8_t)number } };
    struct lease *lease;
    enum status status =
        is_ip6(number)
            ? lease_table_add6(world->table6, &address, 64,
                               number % 2 == 0 ? LEASE_IP6_PD : LEASE_IP6_NA,
                               bytes_of(&hardware.bytes, 6), number, &lease)
            : lease_table_add(world->table, &address, LEASE_IP4, &hardware, BYTES_NONE, &lease);
    assert_int_equal(status, STATUS_OK);
    return lease;
}

static inline void put(unsigned number, uint32_t seconds, const char *name, uint64_t ticket)
{
    struct lease *lease = lease_at(number);
    if (lease == NULL)
        lease = add_lease(number);
    lease_table_set_expiry(table_of(number), lease, world->now, seconds);
    assert_int_equal(lease_table_set_name(table_of(number), lease, text_of(name), TEXT_NONE),
                     STATUS_OK);
    struct lease_change change = { LEASE_CHANGE_PUT, lease, ticket };
    assert_int_equal(world->backend->class_->commit(world->backend, &change), STATUS_OK);
}

static inline void take_out(unsigned number)
{
    struct lease *lease = lease_at(number);
    struct lease_change change = { LEASE_CHANGE_REMOVE, lease, 0 };
    assert_int_equal(world->backend->class_->commit(world->backend, &change), STATUS_OK);
    lease_table_remove(table_of(number), lease);
}

static inline void turn(void)
{
    uv_run(&world->loop, UV_RUN_NOWAIT);
    check_whole_lines();
}

/* Turns until all tickets up to this one are answered. */
static inline void wait_for(unsigned answered)
{
    for (unsigned i = 0; world->answered < answered; i++) {
        assert_true(i < 20000);
        turn();
        usleep(100);
    }
}

/* Lets everything settle that needs no timer. */
static inline void settle(void)
{
    while (uv_run(&world->loop, UV_RUN_ONCE) != 0)
        check_whole_lines();
    check_whole_lines();
}

#endif

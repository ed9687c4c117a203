/* What the tests of this folder ask of their one world. Not part of the program. */
#ifndef LINNET_RA_RA_TEST_SAYS_H
#define LINNET_RA_RA_TEST_SAYS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ra/ra_test_world.h"

#define HOUR_MS ((mono_ms)3600 * 1000)

static struct world world;

static inline int teardown(void **state)
{
    (void)state;
    if (world.network != NULL)
        world_free(&world);
    world = (struct world){ .network = NULL };
    return 0;
}

static inline void start(const char *config)
{
    teardown(NULL);
    world_init(&world, config);
    world_start(&world);
}

/* The last advertisement out of an interface, NULL when there was none. */
static inline const struct world_sent *last_sent(uint32_t interface)
{
    for (size_t i = world.sent_count; i-- > 0;)
        if (world.sent[i].action.interface == interface)
            return &world.sent[i];
    return NULL;
}

static inline size_t sent_on(uint32_t interface)
{
    size_t count = 0;
    for (size_t i = 0; i < world.sent_count; i++)
        count += world.sent[i].action.interface == interface;
    return count;
}

static inline bool find_option(const struct world_sent *sent, unsigned type, struct bytes *value)
{
    for (unsigned i = 0; i < sent->options.count; i++)
        if (sent->options.at[i].type == type) {
            *value = sent->options.at[i].value;
            return true;
        }
    return false;
}

/* The prefix option with this address. */
static inline bool find_prefix(const struct world_sent *sent, const char *address,
                        struct icmp6_prefix *prefix)
{
    struct address wanted;
    assert_int_equal(address_from_text(text_of(address), &wanted), STATUS_OK);
    for (unsigned i = 0; i < sent->options.count; i++)
        if (sent->options.at[i].type == ICMP6_PREFIX
            && icmp6_prefix_read(sent->options.at[i].value, prefix) == STATUS_OK
            && address_equal(&prefix->address, &wanted))
            return true;
    return false;
}

static inline bool was_told(const char *line)
{
    for (size_t i = 0; i < world.line_count; i++)
        if (strcmp(world.lines[i], line) == 0)
            return true;
    return false;
}

#define TEST(function) cmocka_unit_test_teardown(function, teardown)

#endif

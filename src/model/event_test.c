#include "model/event.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static char told[2048];
static unsigned count;

static void on_event(void *context, const struct event *event)
{
    assert_ptr_equal(context, told);
    assert_int_equal(event->kind, EVENT_DHCP_WARNING);
    strncpy(told, event->text, sizeof(told) - 1);
    count++;
}

static int set_up(void **state)
{
    (void)state;
    memset(told, 0, sizeof(told));
    count = 0;
    return 0;
}

static void words_to_who_wants_them(void **state)
{
    (void)state;
    struct event_sink sink = { .wanted = UINT64_C(1) << EVENT_DHCP_WARNING,
                               .on_event = on_event,
                               .context = told };
    event_say(&sink, EVENT_DHCP_WARNING, "no %s in %u", "room", 7U);
    assert_string_equal(told, "no room in 7");
    event_say(&sink, EVENT_DHCP_NOTE, "of no concern");
    event_say(NULL, EVENT_DHCP_WARNING, "to nobody");
    assert_int_equal(count, 1);
}

static void long_words_are_cut(void **state)
{
    (void)state;
    struct event_sink sink = { .wanted = UINT64_C(1) << EVENT_DHCP_WARNING,
                               .on_event = on_event,
                               .context = told };
    event_say(&sink, EVENT_DHCP_WARNING, "%1500s", "end");
    assert_int_equal(count, 1);
    assert_true(strlen(told) < 1024);
}

static void once_a_minute(void **state)
{
    (void)state;
    mono_ms said = 0;
    assert_true(event_may_say(&said, 5));
    assert_false(event_may_say(&said, 5));
    assert_false(event_may_say(&said, 60004));
    assert_true(event_may_say(&said, 60005));
    assert_false(event_may_say(&said, 60006));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(words_to_who_wants_them, set_up),
        cmocka_unit_test_setup(long_words_are_cut, set_up),
        cmocka_unit_test_setup(once_a_minute, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/chaos.h"
#include "dns/worker_fixture.h"

static const struct fixture_row rows[] = {
    { "the version is ours",
      "ask CH version.bind TXT\n"
      "= reply NOERROR aa rd ra: version.bind 0 TXT \"linnet-" LINNET_VERSION "\"\n" },
    { "any case", "ask CH VERSION.bind TXT\n"
                  "= reply NOERROR aa rd ra: VERSION.bind 0 TXT \"linnet-" LINNET_VERSION "\"\n" },
    { "counters", "set cache-size 77\n"
                  "server 198.51.100.1\n"
                  "name a.lan 192.0.2.1\n"
                  "ask a.lan A\n"
                  "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1\n"
                  "ask a.test A\n"
                  "= send 0 udp a.test A rd\n"
                  "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                  "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                  "ask CH cachesize.bind TXT\n"
                  "= reply NOERROR aa rd ra: cachesize.bind 0 TXT \"77\"\n"
                  "ask CH misses.bind TXT\n"
                  "= reply NOERROR aa rd ra: misses.bind 0 TXT \"1\"\n"
                  "ask CH insertions.bind TXT\n"
                  "= reply NOERROR aa rd ra: insertions.bind 0 TXT \"1\"\n"
                  "ask CH evictions.bind TXT\n"
                  "= reply NOERROR aa rd ra: evictions.bind 0 TXT \"0\"\n"
                  "ask CH hits.bind TXT\n"
                  "= reply NOERROR aa rd ra: hits.bind 0 TXT \"5\"\n"
                  "ask CH auth.bind TXT\n"
                  "= reply NOERROR aa rd ra: auth.bind 0 TXT \"0\"\n"
                  "ask CH servers.bind TXT\n"
                  "= reply NOERROR aa rd ra: servers.bind 0 TXT \"198.51.100.1#53 1 0\"\n" },
    { "no server, no string", "ask CH servers.bind TXT\n"
                              "= reply NOERROR aa rd ra: servers.bind 0 TXT \"\"\n" },
    { "several servers", "server 198.51.100.1\n"
                         "server 198.51.100.2\n"
                         "ask CH servers.bind TXT\n"
                         "= reply NOERROR aa rd ra: servers.bind 0 TXT \"198.51.100.1#53 0 0\" "
                         "\"198.51.100.2#53 0 0\"\n" },
    { "authors and copyright",
      "ask CH authors.bind TXT\n"
      "= reply NOERROR aa rd ra: authors.bind 0 TXT \"the linnet authors\"\n"
      "ask CH copyright.bind TXT\n"
      "= reply NOERROR aa rd ra: copyright.bind 0 TXT \"ISC licence\"\n" },
    { "unknown name, other type", "ask CH x.bind TXT\n"
                                  "= reply NOTIMP rd ra\n"
                                  "ask CH version.bind A\n"
                                  "= reply NOTIMP rd ra\n"
                                  "ask CH version.server TXT\n"
                                  "= reply NOTIMP rd ra\n"
                                  "ask CH . TXT\n"
                                  "= reply NOTIMP rd ra\n" },
    { "no-ident", "set no-ident\n"
                  "ask CH version.bind TXT\n"
                  "= reply NOTIMP rd ra\n"
                  "event error (config) version.bind TXT NOTIMP ede=-1\n" },
};

static void test_chaos(void **state)
{
    (void)state;
    assert_int_equal(fixture_play_rows(rows, COUNT_OF(rows)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_chaos) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

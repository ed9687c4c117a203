#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/query.h"
#include "dns/worker_fixture.h"

static const struct fixture_row rows[] = {
    { "512 bytes without EDNS", "server 198.51.100.1\n"
                                "ask a.test A\n"
                                "= send 0 udp a.test A rd\n"
                                "answer 0 NOERROR *31 a.test 60 A 192.0.2.1\n"
                                "= reply NOERROR tc rd ra\n"
                                "ask tcp a.test A\n"
                                "= reply NOERROR rd ra: *31 a.test 60 A 192.0.2.1\n" },
    { "the last record that fits in 512 bytes",
      "set no-round-robin\n"
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR *30 a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: *30 a.test 60 A 192.0.2.1\n" },
    { "the client's size", "server 198.51.100.1\n"
                           "ask size=1000 a.test A\n"
                           "= send 0 udp a.test A rd\n"
                           "answer 0 NOERROR *61 a.test 60 A 192.0.2.1\n"
                           "= reply NOERROR tc rd ra; opt 1232\n" },
    { "a size below 512 counts as 512",
      "set no-round-robin\n"
      "server 198.51.100.1\n"
      "ask size=100 a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR *29 a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: *29 a.test 60 A 192.0.2.1; opt 1232\n" },
    { "never more than edns-packet-max", "set edns 600\n"
                                         "server 198.51.100.1\n"
                                         "ask size=4096 a.test A\n"
                                         "= send 0 udp a.test A rd\n"
                                         "answer 0 NOERROR *40 a.test 60 A 192.0.2.1\n"
                                         "= reply NOERROR tc rd ra; opt 600\n" },
    { "OPT comes back only to who sent one, DO too",
      "name a.lan 192.0.2.1\n"
      "ask a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1\n"
      "ask edns a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1; opt 1232\n"
      "ask do a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1; opt 1232 do\n" },
    { "CD and RD come back, AD does not", "name a.lan 192.0.2.1\n"
                                          "ask cd ad norec a.lan A\n"
                                          "= reply NOERROR aa ra cd: a.lan 0 A 192.0.2.1\n" },
    { "an unknown version of EDNS", "name a.lan 192.0.2.1\n"
                                    "ask version=1 a.lan A\n"
                                    "= reply BADVERS rd ra; opt 1232\n" },
    { "whole sets only: what does not fit goes with its like",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 60 CNAME a.test, *30 a.test 60 A 192.0.2.1\n"
      "= reply NOERROR tc rd ra: w.test 60 CNAME a.test\n" },
};

static void test_query(void **state)
{
    (void)state;
    assert_int_equal(fixture_play_rows(rows, COUNT_OF(rows)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_query) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

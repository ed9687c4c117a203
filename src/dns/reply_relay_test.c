#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/reply_relay.h"
#include "dns/worker_fixture.h"

static const struct fixture_row rows[] = {
    { "answer and authority are passed on, additional records are not",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1; test 60 NS ns.test\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1; authority test 60 NS ns.test\n" },
    { "authority that does not fit does not truncate a whole answer",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR *29 a.test 60 A 192.0.2.1; test 60 NS ns.test, test 60 NS ns.other\n"
      "= reply NOERROR rd ra: *29 a.test 60 A 192.0.2.1\n" },
    { "a foreign record is left out",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR bank.test 60 A 192.0.2.66, a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "signatures are left out for others",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 RRSIG 00010d020000003c00000000000000000001047465737400aa, a.test "
      "60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "denial of a name of ours becomes NODATA with the SOA kept",
      "server 198.51.100.1\n"
      "name a.lan 192.0.2.5\n"
      "ask a.lan MX\n"
      "= send 0 udp a.lan MX rd\n"
      "answer 0 NXDOMAIN ; lan 300 SOA 60\n"
      "= reply NOERROR aa rd ra; authority lan 300 SOA 60\n" },
    { "a denied name with address= has no such type",
      "server 198.51.100.1\n"
      "address /ads.test/ 203.0.113.9\n"
      "ask x.ads.test TXT\n"
      "= send 0 udp x.ads.test TXT rd\n"
      "answer 0 NXDOMAIN ; test 300 SOA 60\n"
      "= reply NOERROR aa rd ra; authority test 300 SOA 60\n" },
    { "a denied name stays denied where a server's line is nearer than address=",
      "server /sub.ads.test/ 198.51.100.1\n"
      "address /ads.test/ 203.0.113.9\n"
      "ask x.sub.ads.test TXT\n"
      "= send 0 udp x.sub.ads.test TXT rd\n"
      "answer 0 NXDOMAIN ; test 300 SOA 60\n"
      "= reply NXDOMAIN rd ra; authority test 300 SOA 60\n" },
    { "denial behind an alias stays", "server 198.51.100.1\n"
                                      "name x.lan 192.0.2.5\n"
                                      "ask w.test MX\n"
                                      "= send 0 udp w.test MX rd\n"
                                      "answer 0 NXDOMAIN w.test 60 CNAME x.lan\n"
                                      "= reply NXDOMAIN rd ra: w.test 60 CNAME x.lan\n" },
    { "a loop of aliases is passed on and not kept",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 CNAME b.test, b.test 60 CNAME a.test\n"
      "= reply NOERROR rd ra: a.test 60 CNAME b.test, b.test 60 CNAME a.test\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n" },
    { "the DNAME an alias was made from is passed on",
      "server 198.51.100.1\n"
      "ask a.old.test A\n"
      "= send 0 udp a.old.test A rd\n"
      "answer 0 NOERROR old.test 60 DNAME new.test, a.old.test 0 CNAME a.new.test, a.new.test 60 A "
      "192.0.2.1\n"
      "= reply NOERROR rd ra: old.test 60 DNAME new.test, a.old.test 0 CNAME a.new.test, "
      "a.new.test 60 A 192.0.2.1\n" },
    { "signatures go to who asked for them",
      "server 198.51.100.1\n"
      "ask do a.test TXT\n"
      "= send 0 udp a.test TXT rd do\n"
      "answer 0 NOERROR a.test 60 TXT hi; test 60 NSEC 047465737400000160\n"
      "= reply NOERROR rd ra: a.test 60 TXT \"hi\"; authority test 60 NSEC test. A NS; opt 1232 "
      "do\n" },
};

static void test_reply_relay(void **state)
{
    (void)state;
    assert_int_equal(fixture_play_rows(rows, COUNT_OF(rows)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_reply_relay) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

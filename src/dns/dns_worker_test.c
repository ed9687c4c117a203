#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/dns_worker.h"
#include "dns/worker_fixture.h"

static const struct fixture_row rows[] = {
    { "too short for a header: silence", "server 198.51.100.1\n"
                                         "packet 0001010000010000000000\n"
                                         "= nothing\n"
                                         "event dropped shorter than a header\n" },
    { "an answer: silence", "server 198.51.100.1\n"
                            "packet 00018100000100000000000001610000010001\n"
                            "= nothing\n"
                            "event dropped an answer where questions come\n" },
    { "no question", "server 198.51.100.1\n"
                     "packet 000101000000000000000000\n"
                     "= reply FORMERR rd\n" },
    { "two questions", "server 198.51.100.1\n"
                       "packet 0007010000020000000000000161000001000101620000010001\n"
                       "= reply id=7 FORMERR rd\n"
                       "event dropped malformed query\n" },
    { "a question cut off", "server 198.51.100.1\n"
                            "packet 0001010000010000000000000161\n"
                            "= reply FORMERR rd\n" },
    { "a name that points forward", "server 198.51.100.1\n"
                                    "packet 000101000001000000000000c00e00010001\n"
                                    "= reply FORMERR rd\n" },
    { "records that are not there", "server 198.51.100.1\n"
                                    "packet 00010100000100000000000101610000010001\n"
                                    "= reply FORMERR rd\n" },
    { "two OPT records",
      "server 198.51.100.1\n"
      "packet 0001010000010000000000020161000001000100002910000000000000000000291000000000000000\n"
      "= reply FORMERR rd\n" },
    { "another opcode", "server 198.51.100.1\n"
                        "packet 00012100000100000000000001610000010001\n"
                        "= reply NOTIMP rd\n"
                        "event dropped opcode is not implemented\n" },
    { "class HS", "server 198.51.100.1\n"
                  "ask HS a.test A\n"
                  "= reply NOTIMP rd ra\n" },
    { "zone transfers", "server 198.51.100.1\n"
                        "ask a.test AXFR\n"
                        "= reply REFUSED rd ra\n"
                        "ask a.test IXFR\n"
                        "= reply REFUSED rd ra\n" },
    { "OPT as a question", "server 198.51.100.1\n"
                           "ask a.test 41\n"
                           "= reply FORMERR rd ra\n" },
    { "another interface: silence", "set interface\n"
                                    "name a.lan 192.0.2.1\n"
                                    "ask interface=3 a.lan A\n"
                                    "= nothing\n"
                                    "ask tcp interface=3 a.lan A\n"
                                    "= nothing\n"
                                    "ask a.lan A\n"
                                    "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1\n" },
    { "domain-needed", "set domain-needed\n"
                       "server 198.51.100.1\n"
                       "server /corp/ 198.51.100.2\n"
                       "address /lan/ 203.0.113.1\n"
                       "name known 2001:db8::1\n"
                       "ask foo A\n"
                       "= reply NXDOMAIN rd ra\n"
                       "event local (config) foo A NXDOMAIN\n"
                       "ask foo ANY\n"
                       "= reply NXDOMAIN rd ra\n"
                       "ask corp AAAA\n"
                       "= reply NXDOMAIN rd ra\n"
                       "ask known A\n"
                       "= reply NOERROR rd ra\n"
                       "ask lan A\n"
                       "= reply NOERROR aa rd ra: lan 0 A 203.0.113.1\n"
                       "ask foo TXT\n"
                       "= send 0 udp foo TXT rd\n"
                       "ask . A\n"
                       "= send 0 udp . A rd\n"
                       "ask foo.test A\n"
                       "= send 0 udp foo.test A rd\n" },
    { "bogus-priv", "set bogus-priv\n"
                    "server 198.51.100.1\n"
                    "server /168.192.in-addr.arpa/ 198.51.100.2\n"
                    "name a.lan 10.0.0.1\n"
                    "ask 1.1.1.10.in-addr.arpa PTR\n"
                    "= reply NXDOMAIN aa rd ra\n"
                    "event local (config) 1.1.1.10.in-addr.arpa PTR NXDOMAIN\n"
                    "ask 1.0.0.10.in-addr.arpa PTR\n"
                    "= reply NOERROR aa rd ra: 1.0.0.10.in-addr.arpa 0 PTR a.lan\n"
                    "ask 1.1.168.192.in-addr.arpa PTR\n"
                    "= send 1 udp 1.1.168.192.in-addr.arpa PTR rd\n"
                    "ask 1.1.1.10.in-addr.arpa SOA\n"
                    "= send 0 udp 1.1.1.10.in-addr.arpa SOA rd\n"
                    "ask 1.1.1.11.in-addr.arpa PTR\n"
                    "= send 0 udp 1.1.1.11.in-addr.arpa PTR rd\n" },
    { "the whole road: nothing local, nothing cached, asked, kept",
      "server 198.51.100.1\n"
      "name b.test 192.0.2.9\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "event query a.test A\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "= close\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask b.test A\n"
      "= reply NOERROR aa rd ra: b.test 0 A 192.0.2.9\n" },
    { "the root", "server 198.51.100.1\n"
                  "ask . NS\n"
                  "= send 0 udp . NS rd\n"
                  "answer 0 NOERROR . 60 NS a.root\n"
                  "= reply NOERROR rd ra: . 60 NS a.root\n"
                  "ask . NS\n"
                  "= reply NOERROR rd ra: . 60 NS a.root\n" },
    { "address= for one family: the other is asked for",
      "server 198.51.100.1\n"
      "address /a.test/ 203.0.113.1\n"
      "ask a.test AAAA\n"
      "= send 0 udp a.test AAAA rd\n"
      "ask a.test A\n"
      "= reply NOERROR aa rd ra: a.test 0 A 203.0.113.1\n" },
    { "address=/#/ and a server for one domain", "server 198.51.100.1\n"
                                                 "address /#/ 203.0.113.1\n"
                                                 "server /x.test/ 198.51.100.2\n"
                                                 "ask foo A\n"
                                                 "= reply NOERROR aa rd ra: foo 0 A 203.0.113.1\n"
                                                 "ask a.x.test A\n"
                                                 "= send 1 udp a.x.test A rd\n"
                                                 "ask foo TXT\n"
                                                 "= send 0 udp foo TXT rd\n" },
};

static void test_dns_worker(void **state)
{
    (void)state;
    assert_int_equal(fixture_play_rows(rows, COUNT_OF(rows)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_dns_worker) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

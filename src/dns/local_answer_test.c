#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/local_answer.h"
#include "dns/worker_fixture.h"

static const struct fixture_row rows[] = {
    { "hosts file, address and pointer",
      "name printer.lan 192.0.2.5\n"
      "ask printer.lan A\n"
      "= reply NOERROR aa rd ra: printer.lan 0 A 192.0.2.5\n"
      "event local (/etc/hosts) printer.lan A 192.0.2.5\n"
      "ask 5.2.0.192.in-addr.arpa PTR\n"
      "= reply NOERROR aa rd ra: 5.2.0.192.in-addr.arpa 0 PTR printer.lan\n" },
    { "the answer is spelt as the question",
      "name printer.lan 192.0.2.5\n"
      "ask PrInTeR.lAn A\n"
      "= reply NOERROR aa rd ra: PrInTeR.lAn 0 A 192.0.2.5\n" },
    { "without recursion desired", "name printer.lan 192.0.2.5\n"
                                   "ask norec printer.lan A\n"
                                   "= reply NOERROR aa ra: printer.lan 0 A 192.0.2.5\n" },
    { "local-ttl", "set local-ttl 77\n"
                   "name a.lan 192.0.2.5\n"
                   "ask a.lan A\n"
                   "= reply NOERROR aa rd ra: a.lan 77 A 192.0.2.5\n" },
    { "max-ttl is not about what is ours", "set local-ttl 77\n"
                                           "set max-ttl 30\n"
                                           "name a.lan 192.0.2.5\n"
                                           "record b.lan 500 A 192.0.2.6\n"
                                           "ask a.lan A\n"
                                           "= reply NOERROR aa rd ra: a.lan 77 A 192.0.2.5\n"
                                           "ask b.lan A\n"
                                           "= reply NOERROR aa rd ra: b.lan 500 A 192.0.2.6\n" },
    { "addresses rotate",
      "name a.lan 192.0.2.1\n"
      "name a.lan 192.0.2.2\n"
      "name a.lan 192.0.2.3\n"
      "ask a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1, a.lan 0 A 192.0.2.2, a.lan 0 A 192.0.2.3\n"
      "ask a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.2, a.lan 0 A 192.0.2.3, a.lan 0 A 192.0.2.1\n" },
    { "no-round-robin", "set no-round-robin\n"
                        "name a.lan 192.0.2.1\n"
                        "name a.lan 192.0.2.2\n"
                        "ask a.lan A\n"
                        "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1, a.lan 0 A 192.0.2.2\n"
                        "ask a.lan A\n"
                        "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1, a.lan 0 A 192.0.2.2\n" },
    { "ANY: texts, addresses, mail",
      "record a.lan - MX 5 mail.test\n"
      "record a.lan - TXT hello\n"
      "name a.lan 2001:db8::5\n"
      "name a.lan 192.0.2.5\n"
      "ask a.lan ANY\n"
      "= reply NOERROR aa rd ra: a.lan 0 TXT \"hello\", a.lan 0 A "
      "192.0.2.5, a.lan 0 AAAA 2001:db8::5, a.lan 0 MX 5 mail.test\n" },
    { "an alias has no other data",
      "record w.lan - CNAME a.lan\n"
      "record w.lan - TXT hidden\n"
      "name w.lan 192.0.2.9\n"
      "name a.lan 192.0.2.5\n"
      "ask w.lan A\n"
      "= reply NOERROR aa rd ra: w.lan 0 CNAME a.lan, a.lan 0 A 192.0.2.5\n"
      "ask w.lan TXT\n"
      "= reply NOERROR aa rd ra: w.lan 0 CNAME a.lan\n"
      "ask w.lan ANY\n"
      "= reply NOERROR aa rd ra: w.lan 0 CNAME a.lan, a.lan 0 A 192.0.2.5\n" },
    { "selfmx: hosts, leases, and nobody else",
      "set selfmx\n"
      "name a.lan 192.0.2.5\n"
      "lease laptop 192.0.2.6\n"
      "record text.lan - TXT x\n"
      "record own.lan - MX 7 mail.lan\n"
      "name own.lan 192.0.2.7\n"
      "local /lan/\n"
      "ask a.lan MX\n"
      "= reply NOERROR aa rd ra: a.lan 0 MX 1 a.lan\n"
      "ask laptop MX\n"
      "= reply NOERROR aa rd ra: laptop 0 MX 1 laptop\n"
      "ask own.lan MX\n"
      "= reply NOERROR aa rd ra: own.lan 0 MX 7 mail.lan\n"
      "ask text.lan MX\n"
      "= reply NOERROR rd ra\n"
      "ask a.lan ANY\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.5, a.lan 0 MX 1 a.lan\n" },
    { "localise-queries gives what is near",
      "set localise\n"
      "name a.lan 198.51.100.1\n"
      "name a.lan 192.0.2.1\n"
      "name a.lan 192.0.2.2\n"
      "name far.lan 198.51.100.1\n"
      "name far.lan 198.51.100.2\n"
      "ask a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.1, a.lan 0 A 192.0.2.2\n"
      "ask far.lan A\n"
      "= reply NOERROR aa rd ra: far.lan 0 A 198.51.100.2, far.lan 0 A 198.51.100.1\n" },
    { "made-up names, both ways",
      "synth g.lan 192.0.2.0 192.0.2.255 ip-\n"
      "local /lan/\n"
      "name real.lan 192.0.2.9\n"
      "record w.lan - CNAME ip-192-0-2-7.g.lan\n"
      "set local-ttl 5\n"
      "ask ip-192-0-2-7.g.lan A\n"
      "= reply NOERROR aa rd ra: ip-192-0-2-7.g.lan 5 A 192.0.2.7\n"
      "event local (config) ip-192-0-2-7.g.lan A 192.0.2.7\n"
      "ask ip-192-0-2-7.g.lan AAAA\n"
      "= reply NOERROR rd ra\n"
      "ask ip-192-0-3-7.g.lan A\n"
      "= reply NXDOMAIN rd ra\n"
      "ask 7.2.0.192.in-addr.arpa PTR\n"
      "= reply NOERROR aa rd ra: 7.2.0.192.in-addr.arpa 5 PTR ip-192-0-2-7.g.lan\n"
      "ask 9.2.0.192.in-addr.arpa PTR\n"
      "= reply NOERROR aa rd ra: 9.2.0.192.in-addr.arpa 5 PTR real.lan\n"
      "ask w.lan A\n"
      "= reply NOERROR aa rd ra: w.lan 5 CNAME ip-192-0-2-7.g.lan, ip-192-0-2-7.g.lan 5 A "
      "192.0.2.7\n" },
    { "a name that follows an interface",
      "interface-name gw.lan lan0\n"
      "interface-name gone.lan nosuch\n"
      "name gw.lan 198.51.100.9\n"
      "record w.lan - CNAME gone.lan\n"
      "ask gw.lan A\n"
      "= reply NOERROR aa rd ra: gw.lan 0 A 192.0.2.254\n"
      "ask gw.lan AAAA\n"
      "= reply NOERROR rd ra\n"
      "ask gw.lan ANY\n"
      "= reply NOERROR aa rd ra: gw.lan 0 A 192.0.2.254\n"
      "ask gone.lan A\n"
      "= reply NOERROR rd ra\n"
      "ask gone.lan ANY\n"
      "= reply NOERROR rd ra\n"
      "ask w.lan A\n"
      "= reply NOERROR aa rd ra: w.lan 0 CNAME gone.lan\n"
      "ask 254.2.0.192.in-addr.arpa PTR\n"
      "= reply NOERROR aa rd ra: 254.2.0.192.in-addr.arpa 0 PTR gw.lan\n" },
    { "alias to a name of ours",
      "name a.lan 192.0.2.5\n"
      "record www.lan - CNAME a.lan\n"
      "ask www.lan A\n"
      "= reply NOERROR aa rd ra: www.lan 0 CNAME a.lan, a.lan 0 A 192.0.2.5\n" },
    { "alias of an alias, asked for the alias itself",
      "name a.lan 192.0.2.5\n"
      "record w.lan 9 CNAME x.lan\n"
      "record x.lan - CNAME a.lan\n"
      "ask w.lan A\n"
      "= reply NOERROR aa rd ra: w.lan 9 CNAME x.lan, x.lan 0 CNAME a.lan, a.lan 0 A 192.0.2.5\n"
      "ask w.lan CNAME\n"
      "= reply NOERROR aa rd ra: w.lan 9 CNAME x.lan\n" },
    { "alias to a name we do not know stands alone",
      "record www.lan - CNAME far.test\n"
      "ask www.lan A\n"
      "= reply NOERROR aa rd ra: www.lan 0 CNAME far.test\n" },
    { "aliases that run in a circle end",
      "record a.lan - CNAME b.lan\n"
      "record b.lan - CNAME a.lan\n"
      "ask a.lan A\n"
      "= reply NOERROR aa rd ra: a.lan 0 CNAME b.lan, b.lan 0 CNAME a.lan\n"
      "ask a.lan ANY\n"
      "= reply NOERROR aa rd ra: a.lan 0 CNAME b.lan, b.lan 0 CNAME a.lan\n" },
    { "ANY of an alias gives the target's records too",
      "name a.lan 192.0.2.5\n"
      "record w.lan - CNAME a.lan\n"
      "ask w.lan ANY\n"
      "= reply NOERROR aa rd ra: w.lan 0 CNAME a.lan, a.lan 0 A 192.0.2.5\n" },
    { "glue for a mail server of ours", "record lan.test - MX 10 mail.lan.test\n"
                                        "name mail.lan.test 192.0.2.25\n"
                                        "ask lan.test MX\n"
                                        "= reply NOERROR aa rd ra: lan.test 0 MX 10 mail.lan.test; "
                                        "additional mail.lan.test 0 A 192.0.2.25\n" },
    { "glue from a lease", "record _ipp._tcp.lan - SRV 0 0 631 printer\n"
                           "lease printer 192.0.2.9\n"
                           "ask _ipp._tcp.lan SRV\n"
                           "= reply NOERROR aa rd ra: _ipp._tcp.lan 0 SRV 0 0 631 printer; "
                           "additional printer 0 A 192.0.2.9\n" },
    { "lease, forward and back",
      "lease laptop 192.0.2.77\n"
      "ask laptop A\n"
      "= reply NOERROR aa rd ra: laptop 0 A 192.0.2.77\n"
      "event local (DHCP) laptop A 192.0.2.77\n"
      "ask 77.2.0.192.in-addr.arpa PTR\n"
      "= reply NOERROR aa rd ra: 77.2.0.192.in-addr.arpa 0 PTR laptop\n" },
    { "dhcp-ttl is for leases only", "set dhcp-ttl 20\n"
                                     "set local-ttl 5\n"
                                     "lease laptop 192.0.2.77\n"
                                     "name a.lan 192.0.2.1\n"
                                     "ask laptop A\n"
                                     "= reply NOERROR aa rd ra: laptop 20 A 192.0.2.77\n"
                                     "ask a.lan A\n"
                                     "= reply NOERROR aa rd ra: a.lan 5 A 192.0.2.1\n" },
    { "a configured name is not taken over by a client",
      "name wpad 192.0.2.1\n"
      "lease wpad 192.0.2.66\n"
      "ask wpad A\n"
      "= reply NOERROR aa rd ra: wpad 0 A 192.0.2.1\n" },
    { "reverse name of old",
      "name a.lan 2001:db8::1\n"
      "ask 1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.int PTR\n"
      "= reply NOERROR aa rd ra: "
      "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.int 0 PTR a.lan\n" },
    { "other type of a known name goes upstream",
      "server 198.51.100.1\n"
      "name a.lan 192.0.2.5\n"
      "ask a.lan AAAA\n"
      "= send 0 udp a.lan AAAA rd\n"
      "answer 0 NXDOMAIN aa ; lan 300 SOA 60\n"
      "= reply NOERROR aa rd ra; authority lan 300 SOA 60\n"
      "wait 10000\n"
      "ask a.lan AAAA\n"
      "= reply NOERROR rd ra; authority lan 50 SOA 60\n" },
    { "the same for a lease", "server 198.51.100.1\n"
                              "lease laptop 192.0.2.77\n"
                              "ask laptop AAAA\n"
                              "= send 0 udp laptop AAAA rd\n"
                              "answer 0 NXDOMAIN\n"
                              "= reply NOERROR aa rd ra\n" },
    { "local-only domain: unknown name", "server 198.51.100.1\n"
                                         "local /lan/\n"
                                         "ask b.lan A\n"
                                         "= reply NXDOMAIN rd ra\n"
                                         "event local (config) b.lan A NXDOMAIN\n" },
    { "local-only domain: known name, other type", "server 198.51.100.1\n"
                                                   "local /lan/\n"
                                                   "name a.lan 192.0.2.5\n"
                                                   "ask a.lan TXT\n"
                                                   "= reply NOERROR rd ra\n"
                                                   "event local (config) a.lan TXT NODATA\n" },
    { "local-only domain: name of a lease, other family", "local /lan/\n"
                                                          "lease l.lan 192.0.2.5\n"
                                                          "ask l.lan AAAA\n"
                                                          "= reply NOERROR rd ra\n" },
    { "address literal", "address /ads.test/ 203.0.113.9\n"
                         "ask x.ads.test A\n"
                         "= reply NOERROR aa rd ra: x.ads.test 0 A 203.0.113.9\n"
                         "ask ads.test ANY\n"
                         "= reply NOERROR aa rd ra: ads.test 0 A 203.0.113.9\n" },
    { "several literals rotate",
      "address /a.test/ 203.0.113.1\n"
      "address /a.test/ 203.0.113.2\n"
      "address /a.test/ 2001:db8::1\n"
      "ask a.test A\n"
      "= reply NOERROR aa rd ra: a.test 0 A 203.0.113.1, a.test 0 A 203.0.113.2\n"
      "ask a.test A\n"
      "= reply NOERROR aa rd ra: a.test 0 A 203.0.113.2, a.test 0 A 203.0.113.1\n"
      "ask a.test AAAA\n"
      "= reply NOERROR aa rd ra: a.test 0 AAAA 2001:db8::1\n" },
    { "null address", "address /ads.test/ #\n"
                      "ask ads.test A\n"
                      "= reply NOERROR aa rd ra: ads.test 0 A 0.0.0.0\n"
                      "ask ads.test AAAA\n"
                      "= reply NOERROR aa rd ra: ads.test 0 AAAA ::\n"
                      "ask ads.test ANY\n"
                      "= reply NOERROR aa rd ra: ads.test 0 A 0.0.0.0, ads.test 0 AAAA ::\n" },
    { "hosts beat address=", "address /lan/ 203.0.113.9\n"
                             "name a.lan 192.0.2.5\n"
                             "ask a.lan A\n"
                             "= reply NOERROR aa rd ra: a.lan 0 A 192.0.2.5\n" },
    { "a flight never holds back a name of ours",
      "server 198.51.100.1\n"
      "name a.lan 192.0.2.5\n"
      "ask a.lan HINFO\n"
      "= send 0 udp a.lan HINFO rd\n"
      "ask id=2 a.lan A\n"
      "= reply id=2 NOERROR aa rd ra: a.lan 0 A 192.0.2.5\n" },
};

static void test_local(void **state)
{
    (void)state;
    assert_int_equal(fixture_play_rows(rows, COUNT_OF(rows)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_local) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

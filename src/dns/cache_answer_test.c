#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/cache_answer.h"
#include "dns/worker_fixture.h"

static const struct {
    const char *name;
    const char *script;
} rows[] = {
    { "data is kept and its TTL counts down", "server 198.51.100.1\n"
                                              "ask a.test A\n"
                                              "= send 0 udp a.test A rd\n"
                                              "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                              "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                              "wait 20500\n"
                                              "ask id=2 A.test A\n"
                                              "= reply id=2 NOERROR rd ra: A.test 40 A 192.0.2.1\n"
                                              "event cached A.test A 192.0.2.1\n"
                                              "wait 39500\n"
                                              "ask a.test A\n"
                                              "= send 0 udp a.test A rd\n" },
    { "rotation",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR *3 a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2, a.test 60 A 192.0.2.3\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2, a.test 60 A 192.0.2.3\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.2, a.test 60 A 192.0.2.3, a.test 60 A "
      "192.0.2.1\n" },
    { "no-round-robin", "set no-round-robin\n"
                        "server 198.51.100.1\n"
                        "ask a.test A\n"
                        "= send 0 udp a.test A rd\n"
                        "answer 0 NOERROR *2 a.test 60 A 192.0.2.1\n"
                        "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2\n"
                        "ask a.test A\n"
                        "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2\n"
                        "ask a.test A\n"
                        "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 A 192.0.2.2\n" },
    { "a chain, link by link",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 100 CNAME x.test, x.test 50 CNAME y.net, y.net 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: w.test 100 CNAME x.test, x.test 50 CNAME y.net, y.net 60 A "
      "192.0.2.1\n"
      "wait 1000\n"
      "ask w.test A\n"
      "= reply NOERROR rd ra: w.test 99 CNAME x.test, x.test 49 CNAME y.net, y.net 59 A 192.0.2.1\n"
      "ask y.net A\n"
      "= reply NOERROR rd ra: y.net 59 A 192.0.2.1\n"
      "ask w.test CNAME\n"
      "= reply NOERROR rd ra: w.test 99 CNAME x.test\n"
      "wait 49000\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n" },
    { "a chain in the wrong order",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR y.net 60 A 192.0.2.1, x.test 50 CNAME y.net, w.test 100 CNAME x.test\n"
      "= reply NOERROR rd ra: y.net 60 A 192.0.2.1, x.test 50 CNAME y.net, w.test 100 CNAME "
      "x.test\n"
      "ask w.test A\n"
      "= reply NOERROR rd ra: w.test 100 CNAME x.test, x.test 50 CNAME y.net, y.net 60 A "
      "192.0.2.1\n" },
    { "a chain whose end does not exist",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NXDOMAIN w.test 100 CNAME x.test; test 30 SOA 20\n"
      "= reply NXDOMAIN rd ra: w.test 100 CNAME x.test; authority test 30 SOA 20\n"
      "wait 5000\n"
      "ask w.test A\n"
      "= reply NXDOMAIN rd ra: w.test 95 CNAME x.test; authority test 15 SOA 20\n"
      "event cached x.test A NXDOMAIN\n"
      "ask x.test TXT\n"
      "= reply NXDOMAIN rd ra; authority test 15 SOA 20\n" },
    { "a chain that ends without data",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 100 CNAME x.test; test 30 SOA 60\n"
      "= reply NOERROR rd ra: w.test 100 CNAME x.test; authority test 30 SOA 60\n"
      "ask w.test A\n"
      "= reply NOERROR rd ra: w.test 100 CNAME x.test; authority test 30 SOA 60\n" },
    { "NXDOMAIN holds for every type", "server 198.51.100.1\n"
                                       "ask n.test A\n"
                                       "= send 0 udp n.test A rd\n"
                                       "answer 0 NXDOMAIN ; test 300 SOA 60\n"
                                       "= reply NXDOMAIN rd ra; authority test 300 SOA 60\n"
                                       "ask n.test MX\n"
                                       "= reply NXDOMAIN rd ra; authority test 60 SOA 60\n"
                                       "event cached n.test MX NXDOMAIN\n" },
    { "NODATA holds for its type", "server 198.51.100.1\n"
                                   "ask n.test AAAA\n"
                                   "= send 0 udp n.test AAAA rd\n"
                                   "answer 0 NOERROR ; test 300 SOA 60\n"
                                   "= reply NOERROR rd ra; authority test 300 SOA 60\n"
                                   "ask n.test AAAA\n"
                                   "= reply NOERROR rd ra; authority test 60 SOA 60\n"
                                   "event cached n.test AAAA NODATA\n"
                                   "ask n.test A\n"
                                   "= send 0 udp n.test A rd\n" },
    { "the SOA must stand above the name", "server 198.51.100.1\n"
                                           "ask n.test A\n"
                                           "= send 0 udp n.test A rd\n"
                                           "answer 0 NXDOMAIN ; other 300 SOA 60\n"
                                           "= reply NXDOMAIN rd ra; authority other 300 SOA 60\n"
                                           "ask n.test A\n"
                                           "= send 0 udp n.test A rd\n" },
    { "neg-ttl when there is no usable SOA", "set neg-ttl 30\n"
                                             "server 198.51.100.1\n"
                                             "ask n.test A\n"
                                             "= send 0 udp n.test A rd\n"
                                             "answer 0 NXDOMAIN\n"
                                             "= reply NXDOMAIN rd ra\n"
                                             "wait 29000\n"
                                             "ask n.test A\n"
                                             "= reply NXDOMAIN rd ra\n"
                                             "wait 1000\n"
                                             "ask n.test A\n"
                                             "= send 0 udp n.test A rd\n" },
    { "a referral is not NODATA", "set neg-ttl 30\n"
                                  "server 198.51.100.1\n"
                                  "ask n.test A\n"
                                  "= send 0 udp n.test A rd\n"
                                  "answer 0 NOERROR ; test 300 NS ns.test\n"
                                  "= reply NOERROR rd ra; authority test 300 NS ns.test\n"
                                  "ask n.test A\n"
                                  "= send 0 udp n.test A rd\n" },
    { "no-negcache", "set no-negcache\n"
                     "server 198.51.100.1\n"
                     "ask n.test A\n"
                     "= send 0 udp n.test A rd\n"
                     "answer 0 NXDOMAIN ; test 300 SOA 60\n"
                     "= reply NXDOMAIN rd ra; authority test 300 SOA 60\n"
                     "ask n.test A\n"
                     "= send 0 udp n.test A rd\n" },
    { "max-cache-ttl, also of absence", "set max-cache-ttl 10\n"
                                        "server 198.51.100.1\n"
                                        "ask a.test A\n"
                                        "= send 0 udp a.test A rd\n"
                                        "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                        "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                        "ask a.test A\n"
                                        "= reply NOERROR rd ra: a.test 10 A 192.0.2.1\n"
                                        "ask n.test A\n"
                                        "= send 0 udp n.test A rd\n"
                                        "answer 0 NXDOMAIN ; test 300 SOA 60\n"
                                        "= reply NXDOMAIN rd ra; authority test 300 SOA 60\n"
                                        "ask n.test A\n"
                                        "= reply NXDOMAIN rd ra; authority test 10 SOA 60\n" },
    { "min-cache-ttl, also of TTL 0 and of absence",
      "set min-cache-ttl 100\n"
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 0 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 0 A 192.0.2.1\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 100 A 192.0.2.1\n"
      "ask n.test A\n"
      "= send 0 udp n.test A rd\n"
      "answer 0 NXDOMAIN ; test 30 SOA 60\n"
      "= reply NXDOMAIN rd ra; authority test 30 SOA 60\n"
      "ask n.test A\n"
      "= reply NXDOMAIN rd ra; authority test 100 SOA 60\n" },
    { "min-cache-ttl does not keep what has no TTL", "set min-cache-ttl 100\n"
                                                     "server 198.51.100.1\n"
                                                     "ask n.test A\n"
                                                     "= send 0 udp n.test A rd\n"
                                                     "answer 0 NXDOMAIN\n"
                                                     "= reply NXDOMAIN rd ra\n"
                                                     "ask n.test A\n"
                                                     "= send 0 udp n.test A rd\n" },
    { "max-ttl lowers what clients see, not what is kept",
      "set max-ttl 10\n"
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 10 A 192.0.2.1\n"
      "wait 20000\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 10 A 192.0.2.1\n" },
    { "a kept denial of a name with address= or of our own only denies the type",
      "server 198.51.100.1\n"
      "address /ads.test/ 203.0.113.9\n"
      "name a.lan 192.0.2.5\n"
      "ask x.ads.test TXT\n"
      "= send 0 udp x.ads.test TXT rd\n"
      "answer 0 NXDOMAIN ; test 300 SOA 60\n"
      "= reply NOERROR aa rd ra; authority test 300 SOA 60\n"
      "ask x.ads.test MX\n"
      "= reply NOERROR rd ra; authority test 60 SOA 60\n"
      "ask a.lan MX\n"
      "= send 0 udp a.lan MX rd\n"
      "answer 0 NXDOMAIN ; lan 300 SOA 60\n"
      "= reply NOERROR aa rd ra; authority lan 300 SOA 60\n"
      "ask a.lan TXT\n"
      "= reply NOERROR rd ra; authority lan 60 SOA 60\n" },
    { "max-ttl lowers the SOA too", "set max-ttl 10\n"
                                    "server 198.51.100.1\n"
                                    "ask n.test A\n"
                                    "= send 0 udp n.test A rd\n"
                                    "answer 0 NXDOMAIN ; test 300 SOA 60\n"
                                    "= reply NXDOMAIN rd ra; authority test 10 SOA 60\n"
                                    "ask n.test A\n"
                                    "= reply NXDOMAIN rd ra; authority test 10 SOA 60\n" },
    { "TTL 0 is not kept", "server 198.51.100.1\n"
                           "ask a.test A\n"
                           "= send 0 udp a.test A rd\n"
                           "answer 0 NOERROR a.test 0 A 192.0.2.1\n"
                           "= reply NOERROR rd ra: a.test 0 A 192.0.2.1\n"
                           "ask a.test A\n"
                           "= send 0 udp a.test A rd\n" },
    { "the shortest TTL of a set counts",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 30 A 192.0.2.1, a.test 60 A 192.0.2.2\n"
      "= reply NOERROR rd ra: a.test 30 A 192.0.2.1, a.test 60 A 192.0.2.2\n"
      "set no-round-robin\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 30 A 192.0.2.1, a.test 30 A 192.0.2.2\n" },
    { "DO passes the cache by", "server 198.51.100.1\n"
                                "ask a.test A\n"
                                "= send 0 udp a.test A rd\n"
                                "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                "ask do a.test A\n"
                                "= send 0 udp a.test A rd do\n" },
    { "CD may use the cache but does not fill it",
      "server 198.51.100.1\n"
      "ask cd a.test A\n"
      "= send 0 udp a.test A rd cd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra cd: a.test 60 A 192.0.2.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask cd a.test A\n"
      "= reply NOERROR rd ra cd: a.test 60 A 192.0.2.1\n" },
    { "without recursion desired neither", "server 198.51.100.1\n"
                                           "ask norec a.test A\n"
                                           "= send 0 udp a.test A\n"
                                           "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                           "= reply NOERROR ra: a.test 60 A 192.0.2.1\n"
                                           "ask a.test A\n"
                                           "= send 0 udp a.test A rd\n"
                                           "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                           "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                           "ask norec a.test A\n"
                                           "= send 0 udp a.test A\n" },
    { "an answer for a client's subnet is not kept",
      "server 198.51.100.1\n"
      "ask ecs a.test A\n"
      "= send 0 udp a.test A rd option=8\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1; opt 1232\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n" },
    { "an alias in the cache is no answer to ANY",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 60 CNAME a.test, a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: w.test 60 CNAME a.test, a.test 60 A 192.0.2.1\n"
      "ask w.test ANY\n"
      "= send 0 udp w.test ANY rd\n" },
    { "ANY is never kept", "server 198.51.100.1\n"
                           "ask a.test ANY\n"
                           "= send 0 udp a.test ANY rd\n"
                           "answer 0 NOERROR a.test 60 A 192.0.2.1, a.test 60 TXT hi\n"
                           "= reply NOERROR rd ra: a.test 60 A 192.0.2.1, a.test 60 TXT \"hi\"\n"
                           "ask a.test ANY\n"
                           "= send 0 udp a.test ANY rd\n" },
    { "SERVFAIL is kept for a second", "server 198.51.100.1\n"
                                       "ask a.test A\n"
                                       "= send 0 udp a.test A rd\n"
                                       "answer 0 SERVFAIL\n"
                                       "= send 0 udp a.test A rd\n"
                                       "answer 0 SERVFAIL\n"
                                       "= reply SERVFAIL rd ra\n"
                                       "ask a.test A\n"
                                       "= reply SERVFAIL rd ra\n"
                                       "wait 1000\n"
                                       "ask a.test A\n"
                                       "= send 0 udp a.test A rd\n" },
    { "records of other names are not kept",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1, bank.test 60 A 192.0.2.66\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask bank.test A\n"
      "= send 0 udp bank.test A rd\n" },
    { "records of other types at the end are not kept",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1, a.test 60 TXT x\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask a.test TXT\n"
      "= send 0 udp a.test TXT rd\n" },
    { "a second alias of one name is not kept",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 60 CNAME x.test, w.test 60 CNAME bank.test, x.test 60 A 192.0.2.1, "
      "bank.test 60 A 192.0.2.66\n"
      "= reply NOERROR rd ra: w.test 60 CNAME x.test, x.test 60 A 192.0.2.1\n"
      "ask bank.test A\n"
      "= send 0 udp bank.test A rd\n" },
    { "data of one domain's servers is not used for another's",
      "server 198.51.100.1\n"
      "server /corp.test/ 198.51.100.2\n"
      "ask w.corp.test A\n"
      "= send 1 udp w.corp.test A rd\n"
      "answer 1 NOERROR w.corp.test 60 CNAME bank.test, bank.test 60 A 192.0.2.66\n"
      "= reply NOERROR rd ra: w.corp.test 60 CNAME bank.test, bank.test 60 A 192.0.2.66\n"
      "ask bank.test A\n"
      "= send 0 udp bank.test A rd\n" },
    { "an alias left dangling by a server that does not recurse",
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR nora w.test 60 CNAME x.test\n"
      "= reply NOERROR rd ra: w.test 60 CNAME x.test\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n" },
    { "stale, and fetched anew once", "set stale 100\n"
                                      "server 198.51.100.1\n"
                                      "ask a.test A\n"
                                      "= send 0 udp a.test A rd\n"
                                      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                      "wait 61000\n"
                                      "ask a.test A\n"
                                      "= reply NOERROR rd ra: a.test 0 A 192.0.2.1\n"
                                      "= send 0 udp a.test A rd\n"
                                      "ask id=2 port=4002 a.test A\n"
                                      "= reply port=4002 id=2 NOERROR rd ra: a.test 0 A 192.0.2.1\n"
                                      "answer 0 NOERROR a.test 60 A 192.0.2.2\n"
                                      "ask a.test A\n"
                                      "= reply NOERROR rd ra: a.test 60 A 192.0.2.2\n"
                                      "wait 160000\n"
                                      "ask a.test A\n"
                                      "= send 0 udp a.test A rd\n" },
    { "a chain that is partly stale",
      "set stale 100\n"
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 100 CNAME x.test, x.test 50 A 192.0.2.1\n"
      "= reply NOERROR rd ra: w.test 100 CNAME x.test, x.test 50 A 192.0.2.1\n"
      "wait 60000\n"
      "ask w.test A\n"
      "= reply NOERROR rd ra: w.test 40 CNAME x.test, x.test 0 A 192.0.2.1\n"
      "= send 0 udp w.test A rd\n" },
    { "a type that is filtered, of a name that exists",
      "set filter-AAAA\n"
      "server 198.51.100.1\n"
      "ask w.test A\n"
      "= send 0 udp w.test A rd\n"
      "answer 0 NOERROR w.test 60 CNAME x.test, x.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: w.test 60 CNAME x.test, x.test 60 A 192.0.2.1\n"
      "ask w.test AAAA\n"
      "= reply NOERROR rd ra: w.test 60 CNAME x.test\n"
      "ask new.test AAAA\n"
      "= send 0 udp new.test AAAA rd\n"
      "answer 0 NXDOMAIN ; test 60 SOA 60\n"
      "= reply NXDOMAIN rd ra; authority test 60 SOA 60\n"
      "ask new.test AAAA\n"
      "= reply NXDOMAIN rd ra; authority test 60 SOA 60\n" },
    { "cache-size=0", "set cache-size 0\n"
                      "server 198.51.100.1\n"
                      "ask a.test A\n"
                      "= send 0 udp a.test A rd\n"
                      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                      "ask a.test A\n"
                      "= send 0 udp a.test A rd\n" },
    { "pointers, mail servers and unknown types are kept",
      "server 198.51.100.1\n"
      "ask 1.113.0.203.in-addr.arpa PTR\n"
      "= send 0 udp 1.113.0.203.in-addr.arpa PTR rd\n"
      "answer 0 NOERROR 1.113.0.203.in-addr.arpa 60 PTR a.test\n"
      "= reply NOERROR rd ra: 1.113.0.203.in-addr.arpa 60 PTR a.test\n"
      "ask 1.113.0.203.in-addr.arpa PTR\n"
      "= reply NOERROR rd ra: 1.113.0.203.in-addr.arpa 60 PTR a.test\n"
      "ask test MX\n"
      "= send 0 udp test MX rd\n"
      "answer 0 NOERROR test 60 MX 10 mx.test\n"
      "= reply NOERROR rd ra: test 60 MX 10 mx.test\n"
      "ask test MX\n"
      "= reply NOERROR rd ra: test 60 MX 10 mx.test\n" },
};

static void test_cache_answer(void **state)
{
    unsigned failures = 0;
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const char *problem = fixture_play(rows[i].script);
        if (problem != NULL) {
            print_error("%s: %s\n", rows[i].name, problem);
            failures++;
        }
    }
    assert_int_equal(failures, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_cache_answer) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

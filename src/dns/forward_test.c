#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "dns/forward.h"
#include "dns/worker_fixture.h"

static const struct fixture_row rows[] = {
    { "an answer comes and is passed on", "server 198.51.100.1\n"
                                          "ask a.test A\n"
                                          "= send 0 udp a.test A rd\n"
                                          "event forwarded a.test A 198.51.100.1\n"
                                          "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                          "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                          "= close\n"
                                          "event reply a.test A 192.0.2.1\n" },
    { "no server at all", "ask a.test A\n"
                          "= reply REFUSED rd ra\n"
                          "event error (config) a.test A REFUSED ede=14\n"
                          "ask edns a.test A\n"
                          "= reply REFUSED rd ra; opt 1232 ede=14\n" },
    { "flags go upstream as they came", "server 198.51.100.1\n"
                                        "ask ad cd do a.test A\n"
                                        "= send 0 udp a.test A rd ad cd do\n"
                                        "ask norec b.test A\n"
                                        "= send 0 udp b.test A\n" },
    { "EDNS options go upstream, client subnet too", "server 198.51.100.1\n"
                                                     "ask ecs a.test A\n"
                                                     "= send 0 udp a.test A rd option=8\n" },
    { "equal questions are one flight, each client is answered in its own spelling",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "ask id=2 port=4001 A.TEST A\n"
      "ask id=3 port=4002 a.tesT A\n"
      "= nothing\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "= reply port=4001 id=2 NOERROR rd ra: A.TEST 60 A 192.0.2.1\n"
      "= reply port=4002 id=3 NOERROR rd ra: a.tesT 60 A 192.0.2.1\n"
      "= close\n" },
    { "other type, flags or DO are other flights", "server 198.51.100.1\n"
                                                   "ask a.test A\n"
                                                   "= send 0 udp a.test A rd\n"
                                                   "ask a.test AAAA\n"
                                                   "= send 0 udp a.test AAAA rd\n"
                                                   "ask cd a.test A\n"
                                                   "= send 0 udp a.test A rd cd\n"
                                                   "ask do a.test A\n"
                                                   "= send 0 udp a.test A rd do\n" },
    { "options of EDNS do not make another flight", "server 198.51.100.1\n"
                                                    "ask a.test A\n"
                                                    "= send 0 udp a.test A rd\n"
                                                    "ask ecs id=2 a.test A\n"
                                                    "= nothing\n" },
    { "the first question goes to all, later ones to the first that answered",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask b.test A\n"
      "= send 1 udp b.test A rd\n" },
    { "after ten seconds all are asked again", "server 198.51.100.1\n"
                                               "server 198.51.100.2\n"
                                               "ask a.test A\n"
                                               "= send 0 udp a.test A rd\n"
                                               "= send 1 udp a.test A rd\n"
                                               "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
                                               "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                               "wait 10000\n"
                                               "ask b.test A\n"
                                               "= send 0 udp b.test A rd\n"
                                               "= send 1 udp b.test A rd\n"
                                               "answer 0 NOERROR\n"
                                               "= reply NOERROR rd ra\n"
                                               "ask c.test A\n"
                                               "= send 0 udp c.test A rd\n" },
    { "all-servers", "set all-servers\n"
                     "server 198.51.100.1\n"
                     "server 198.51.100.2\n"
                     "ask a.test A\n"
                     "= send 0 udp a.test A rd\n"
                     "= send 1 udp a.test A rd\n"
                     "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                     "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                     "ask b.test A\n"
                     "= send 0 udp b.test A rd\n"
                     "= send 1 udp b.test A rd\n"
                     "answer 0 SERVFAIL\n"
                     "= nothing\n"
                     "answer 1 NOERROR\n"
                     "= reply NOERROR rd ra\n" },
    { "strict-order goes on after an error, and begins anew",
      "set strict-order\n"
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "server 198.51.100.3\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 SERVFAIL\n"
      "= send 1 udp a.test A rd\n"
      "answer 1 REFUSED\n"
      "= send 2 udp a.test A rd\n"
      "answer 2 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask b.test A\n"
      "= send 0 udp b.test A rd\n" },
    { "strict-order goes on after silence and stays at the last",
      "set strict-order\n"
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "wait 1000\n"
      "= send 1 udp a.test A rd\n"
      "wait 250\n"
      "= send 1 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "strict-order: the same client again moves on", "set strict-order\n"
                                                      "server 198.51.100.1\n"
                                                      "server 198.51.100.2\n"
                                                      "ask a.test A\n"
                                                      "= send 0 udp a.test A rd\n"
                                                      "wait 500\n"
                                                      "ask a.test A\n"
                                                      "= send 1 udp a.test A rd\n" },
    { "an error from one is kept while another is waited for",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "answer 0 SERVFAIL\n"
      "= nothing\n"
      "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "all fail: the last error", "server 198.51.100.1\n"
                                  "server 198.51.100.2\n"
                                  "ask a.test A\n"
                                  "= send 0 udp a.test A rd\n"
                                  "= send 1 udp a.test A rd\n"
                                  "answer 0 SERVFAIL\n"
                                  "answer 1 REFUSED\n"
                                  "= reply REFUSED rd ra\n"
                                  "event error (reply) a.test A REFUSED ede=-1\n" },
    { "the preferred server fails: the rest is asked at once",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask b.test A\n"
      "= send 0 udp b.test A rd\n"
      "answer 0 SERVFAIL\n"
      "= send 1 udp b.test A rd\n"
      "answer 1 NOERROR\n"
      "= reply NOERROR rd ra\n"
      "ask c.test A\n"
      "= send 1 udp c.test A rd\n" },
    { "an error and silence: the error after a while", "server 198.51.100.1\n"
                                                       "server 198.51.100.2\n"
                                                       "ask a.test A\n"
                                                       "= send 0 udp a.test A rd\n"
                                                       "= send 1 udp a.test A rd\n"
                                                       "answer 0 SERVFAIL\n"
                                                       "wait 1249\n"
                                                       "= send 1 udp a.test A rd\n"
                                                       "= send 1 udp a.test A rd\n"
                                                       "wait 1\n"
                                                       "= reply SERVFAIL rd ra\n" },
    { "a single server is asked twice before its error counts", "server 198.51.100.1\n"
                                                                "ask a.test A\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "answer 0 SERVFAIL\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "answer 0 SERVFAIL\n"
                                                                "= reply SERVFAIL rd ra\n" },
    { "other errors are answers", "server 198.51.100.1\n"
                                  "ask do a.test A\n"
                                  "= send 0 udp a.test A rd do\n"
                                  "answer 0 NOTIMP\n"
                                  "= reply NOTIMP rd ra; opt 1232 do\n"
                                  "event error (reply) a.test A NOTIMP ede=-1\n" },
    { "silence: asked again, then an error", "server 198.51.100.1\n"
                                             "ask edns a.test A\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 499\n"
                                             "= nothing\n"
                                             "wait 1\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 250\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 500\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 500\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1000\n"
                                             "= send 0 udp a.test A rd\n"
                                             "wait 1249\n"
                                             "= nothing\n"
                                             "wait 1\n"
                                             "= reply SERVFAIL rd ra; opt 1232 ede=22\n"
                                             "= close\n" },
    { "an answer to any of the sends will do", "server 198.51.100.1\n"
                                               "ask a.test A\n"
                                               "= send 0 udp a.test A rd\n"
                                               "wait 500\n"
                                               "= send 0 udp a.test A rd\n"
                                               "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                               "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "a dead preferred server: the others soon", "server 198.51.100.1\n"
                                                  "server 198.51.100.2\n"
                                                  "ask a.test A\n"
                                                  "= send 0 udp a.test A rd\n"
                                                  "= send 1 udp a.test A rd\n"
                                                  "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                                  "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                                  "ask b.test A\n"
                                                  "= send 0 udp b.test A rd\n"
                                                  "wait 20\n"
                                                  "= send 0 udp b.test A rd\n"
                                                  "= send 1 udp b.test A rd\n"
                                                  "answer 1 NOERROR\n"
                                                  "= reply NOERROR rd ra\n"
                                                  "ask c.test A\n"
                                                  "= send 1 udp c.test A rd\n" },
    { "the same client again makes us ask again, but not at once",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "wait 50\n"
      "ask a.test A\n"
      "= nothing\n"
      "wait 50\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "another client makes us ask again only after a silence", "server 198.51.100.1\n"
                                                                "ask a.test A\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "wait 500\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "wait 4250\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "= send 0 udp a.test A rd\n"
                                                                "wait 999\n"
                                                                "ask id=2 a.test A\n"
                                                                "= nothing\n" },
    { "truncated: the same by TCP", "server 198.51.100.1\n"
                                    "ask a.test A\n"
                                    "= send 0 udp a.test A rd\n"
                                    "answer 0 NOERROR tc\n"
                                    "= send 0 tcp a.test A rd\n"
                                    "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                    "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "truncated and TCP refused: the client may try itself", "server 198.51.100.1\n"
                                                              "ask a.test A\n"
                                                              "= send 0 udp a.test A rd\n"
                                                              "ask tcp id=2 a.test A\n"
                                                              "answer 0 NOERROR tc\n"
                                                              "= send 0 tcp a.test A rd\n"
                                                              "fail 0\n"
                                                              "= reply NOERROR tc rd ra\n"
                                                              "= reply id=2 SERVFAIL rd ra\n" },
    { "truncated and TCP silent", "server 198.51.100.1\n"
                                  "ask a.test A\n"
                                  "= send 0 udp a.test A rd\n"
                                  "answer 0 NOERROR tc\n"
                                  "= send 0 tcp a.test A rd\n"
                                  "wait 2999\n"
                                  "= nothing\n"
                                  "wait 1\n"
                                  "= reply NOERROR tc rd ra\n" },
    { "truncated by TCP is an error", "server 198.51.100.1\n"
                                      "ask a.test A\n"
                                      "= send 0 udp a.test A rd\n"
                                      "answer 0 NOERROR tc\n"
                                      "= send 0 tcp a.test A rd\n"
                                      "answer 0 NOERROR tc\n"
                                      "= reply NOERROR tc rd ra\n" },
    { "a wrong id is settled by a connection", "server 198.51.100.1\n"
                                               "ask a.test A\n"
                                               "= send 0 udp a.test A rd\n"
                                               "forge 0 id\n"
                                               "= send 0 tcp a.test A rd\n"
                                               "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                               "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "a wrong question is settled by a connection",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "forge 0 question\n"
      "= send 0 tcp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "a wrong case is settled by a connection", "server 198.51.100.1\n"
                                                 "ask a.test A\n"
                                                 "= send 0 udp a.test A rd\n"
                                                 "forge 0 case\n"
                                                 "= send 0 tcp a.test A rd\n"
                                                 "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                                 "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "what came in fragments is settled by a connection",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "forge 0 fragments\n"
      "= send 0 tcp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "after fragments from one server the whole answer of another still counts",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "forge 0 fragments\n"
      "= send 0 tcp a.test A rd\n"
      "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "a query, a stump and garbage are not heard",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "forge 0 query\n"
      "forge 0 short\n"
      "forge 0 garbage\n"
      "= nothing\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "garbage by TCP is an error of the server",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "answer 0 NOERROR tc\n"
      "= send 0 tcp a.test A rd\n"
      "forge 0 id\n"
      "= nothing\n"
      "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "a late answer is not heard", "server 198.51.100.1\n"
                                    "ask a.test A\n"
                                    "= send 0 udp a.test A rd\n"
                                    "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                                    "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                                    "answer 0 NOERROR a.test 60 A 192.0.2.66\n"
                                    "= nothing\n" },
    { "a server without EDNS is asked again without",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 FORMERR noopt\n"
      "= send 0 udp a.test A rd noopt\n"
      "answer 0 NOERROR noopt a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "even when it leaves out the question", "server 198.51.100.1\n"
                                              "ask a.test A\n"
                                              "= send 0 udp a.test A rd\n"
                                              "answer 0 FORMERR noopt noquestion\n"
                                              "= send 0 udp a.test A rd noopt\n" },
    { "nothing can be sent: once more, then network error",
      "server 198.51.100.1\n"
      "ask edns a.test A\n"
      "= send 0 udp a.test A rd\n"
      "fail 0\n"
      "= nothing\n"
      "wait 250\n"
      "= send 0 udp a.test A rd\n"
      "fail 0\n"
      "= reply REFUSED rd ra; opt 1232 ede=23\n" },
    { "one cannot be reached: the other is asked",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "fail 0\n"
      "= nothing\n"
      "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "the table is full", "set flights 1\n"
                           "server 198.51.100.1\n"
                           "ask a.test A\n"
                           "= send 0 udp a.test A rd\n"
                           "ask b.test A\n"
                           "= reply REFUSED rd ra\n"
                           "event limit b.test A\n"
                           "ask id=2 a.test A\n"
                           "= nothing\n"
                           "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
                           "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                           "= reply id=2 NOERROR rd ra: a.test 60 A 192.0.2.1\n"
                           "ask b.test A\n"
                           "= send 0 udp b.test A rd\n" },
    { "too many clients wait", "set waiters 1\n"
                               "server 198.51.100.1\n"
                               "ask a.test A\n"
                               "= send 0 udp a.test A rd\n"
                               "ask id=2 a.test A\n"
                               "= reply id=2 REFUSED rd ra\n"
                               "ask b.test A\n"
                               "= reply REFUSED rd ra\n" },
    { "dns-forward-max=0", "set flights 0\n"
                           "server 198.51.100.1\n"
                           "ask a.test A\n"
                           "= reply REFUSED rd ra\n" },
    { "the server list changes: flights start over",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "reload 198.51.100.7\n"
      "wait 1\n"
      "= close\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "answer 1 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "a TCP client hangs up: nobody is answered, the cache learns",
      "server 198.51.100.1\n"
      "ask tcp a.test A\n"
      "= send 0 udp a.test A rd\n"
      "hangup 4000\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= close\n"
      "= nothing\n"
      "ask a.test A\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n" },
    { "servers of a domain", "server 198.51.100.1\n"
                             "server /corp.test/ 198.51.100.2\n"
                             "ask a.corp.test A\n"
                             "= send 1 udp a.corp.test A rd\n"
                             "ask a.test A\n"
                             "= send 0 udp a.test A rd\n" },
    { "all but one domain has a server", "server /corp.test/ 198.51.100.2\n"
                                         "ask a.test A\n"
                                         "= reply REFUSED rd ra\n" },
    { "AD of an unchecked answer is not passed on, AA is",
      "server 198.51.100.1\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "answer 0 NOERROR aa ad a.test 60 A 192.0.2.1\n"
      "= reply NOERROR aa rd ra: a.test 60 A 192.0.2.1\n" },
    { "a preferred server that stays silent is no longer preferred",
      "server 198.51.100.1\n"
      "server 198.51.100.2\n"
      "ask a.test A\n"
      "= send 0 udp a.test A rd\n"
      "= send 1 udp a.test A rd\n"
      "answer 0 NOERROR a.test 60 A 192.0.2.1\n"
      "= reply NOERROR rd ra: a.test 60 A 192.0.2.1\n"
      "ask b.test A\n"
      "= send 0 udp b.test A rd\n"
      "wait 270\n"
      "= send 0 udp b.test A rd\n"
      "= send 1 udp b.test A rd\n"
      "= send 0 udp b.test A rd\n"
      "= send 1 udp b.test A rd\n"
      "ask c.test A\n"
      "= send 0 udp c.test A rd\n"
      "= send 1 udp c.test A rd\n" },
};

/* Each send has an id of its own, the same question or not. */
static void test_ids(void **state)
{
    struct fixture *fixture = fixture_create();
    struct fixture_send sends[3];
    (void)state;

    assert_non_null(fixture);
    assert_true(fixture_step(fixture, "server 198.51.100.1"));
    assert_true(fixture_step(fixture, "ask a.test A"));
    assert_true(fixture_last_send(fixture, 0, &sends[0]));
    assert_true(fixture_step(fixture, "wait 500"));
    assert_true(fixture_last_send(fixture, 0, &sends[1]));
    assert_true(fixture_step(fixture, "ask b.test A"));
    assert_true(fixture_last_send(fixture, 0, &sends[2]));
    for (unsigned i = 0; i < 3; i++)
        assert_memory_not_equal(sends[i].bytes, sends[(i + 1) % 3].bytes, 2);
    assert_memory_equal(sends[0].bytes + 2, sends[1].bytes + 2, sends[0].count - 2);
    assert_int_equal(sends[0].flight, sends[1].flight);
    assert_int_not_equal(sends[0].flight, sends[2].flight);
    fixture_free(fixture);
}

/* 150 clients asking the same thing make one flight (the birthday attack of CVE-2020-25686). */
static void test_many_clients(void **state)
{
    struct fixture *fixture = fixture_create();
    (void)state;

    assert_non_null(fixture);
    assert_true(fixture_step(fixture, "server 198.51.100.1"));
    for (unsigned i = 0; i < 150; i++) {
        char ask[64];
        snprintf(ask, sizeof ask, "ask id=%u port=%u a.test A", i + 2, 5000 + i);
        assert_true(fixture_step(fixture, ask));
    }
    const struct dns_counters *counters = dns_worker_counters(fixture_worker(fixture));
    assert_int_equal(counters->upstream_sent, 1);
    assert_int_equal(counters->joined, 149);
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), 1);
    assert_true(fixture_step(fixture, "answer 0 NOERROR a.test 60 A 192.0.2.1"));
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), 0);
    for (unsigned i = 0; i < 150; i++) {
        char reply[96];
        snprintf(reply, sizeof reply, "= reply port=%u id=%u NOERROR rd ra: a.test 60 A 192.0.2.1",
                 5000 + i, i + 2);
        if ((i == 0 && !fixture_step(fixture, "= send 0 udp a.test A rd"))
            || !fixture_step(fixture, reply))
            fail_msg("%s", fixture_error(fixture));
    }
    fixture_free(fixture);
}

/* A name of its own, from 192.0.2.HOST. */
static void ask_from(struct fixture *fixture, uint8_t host, unsigned number)
{
    char words[96];
    snprintf(words, sizeof words, "n%u.test A", number);
    struct dns_datagram datagram = fixture_question(fixture, words);
    datagram.client.from.address = address_ip4(192, 0, 2, host);
    dns_worker_query(fixture_worker(fixture), &datagram, fixture_now(fixture),
                     fixture_outbox(fixture));
}

/* One of many clients asks this name, or with NULL one of its own. */
static void ask(struct fixture *fixture, const char *name, unsigned number)
{
    char words[96];
    if (name != NULL)
        snprintf(words, sizeof words, "%s A", name);
    else
        snprintf(words, sizeof words, "n%u.test A", number);
    struct dns_datagram datagram = fixture_question(fixture, words);
    /* More clients than a port has numbers. */
    datagram.client.from.port = (uint16_t)(5000 + number % 60000);
    dns_worker_query(fixture_worker(fixture), &datagram, fixture_now(fixture),
                     fixture_outbox(fixture));
}

/* A crowd asks one name that is not cached: one question upstream, everybody is answered. */
static void test_crowd(void **state)
{
    struct fixture *fixture = fixture_create();
    (void)state;

    assert_non_null(fixture);
    assert_true(fixture_step(fixture, "set quiet"));
    assert_true(fixture_step(fixture, "set flights 16384"));
    assert_true(fixture_step(fixture, "set waiters 131072"));
    assert_true(fixture_step(fixture, "server 198.51.100.1"));
    assert_true(fixture_step(fixture, "ask a.test A"));
    for (unsigned i = 1; i < 50000; i++)
        ask(fixture, "a.test", i);
    const struct dns_counters *counters = dns_worker_counters(fixture_worker(fixture));
    assert_int_equal(counters->upstream_sent, 1);
    assert_int_equal(counters->joined, 49999);
    assert_int_equal(counters->refused_full, 0);
    assert_true(fixture_step(fixture, "answer 0 NOERROR a.test 60 A 192.0.2.1"));
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), 0);
    fixture_free(fixture);
}

/* Without dns-forward-max there is no cliff at 150, nor at ten times that. */
static void test_no_cliff(void **state)
{
    struct fixture *fixture = fixture_create();
    struct dns_worker_setup limits = { .flights_max = 0 };
    struct dns_config config;
    char step[64];
    (void)state;

    dns_config_init(&config);
    dns_worker_set_limits(&limits, &config);
    assert_true(limits.fair_shares);
    assert_int_equal(limits.group_flights_max, 0);

    assert_non_null(fixture);
    assert_true(fixture_step(fixture, "set quiet"));
    snprintf(step, sizeof step, "set flights %u", limits.flights_max);
    assert_true(fixture_step(fixture, step));
    snprintf(step, sizeof step, "set waiters %u", limits.waiters_max);
    assert_true(fixture_step(fixture, step));
    assert_true(fixture_step(fixture, "server 198.51.100.1"));
    assert_true(fixture_start(fixture));
    for (unsigned i = 0; i < 2000; i++)
        ask(fixture, NULL, i);
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), 2000);
    const struct dns_counters *counters = dns_worker_counters(fixture_worker(fixture));
    assert_int_equal(counters->refused_full, 0);
    for (unsigned i = 2000; i < 20000; i++)
        ask(fixture, NULL, i);
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), limits.flights_max);
    assert_int_equal(counters->refused_full, 20000 - limits.flights_max);
    fixture_free(fixture);

    config.forward_max_given = true;
    config.forward_max = 7;
    dns_worker_set_limits(&limits, &config);
    assert_false(limits.fair_shares);
    assert_int_equal(limits.group_flights_max, 7);
    config.forward_max = 100000;
    dns_worker_set_limits(&limits, &config);
    assert_int_equal(limits.flights_max, 100000);
}

/* So many clients that nobody has more than a share, and all is taken: a client that asks one
 * question is served, and one of the greedy gives way for it. */
static void test_modest_client(void **state)
{
    struct fixture *fixture = fixture_create();
    (void)state;

    assert_non_null(fixture);
    assert_true(fixture_step(fixture, "set quiet"));
    assert_true(fixture_step(fixture, "set flights 160"));
    assert_true(fixture_step(fixture, "set waiters 320"));
    assert_true(fixture_step(fixture, "set fair"));
    assert_true(fixture_step(fixture, "server 198.51.100.1"));
    assert_true(fixture_start(fixture));
    for (unsigned i = 0; i < 400; i++)
        ask_from(fixture, (uint8_t)(10 + i % 16), i);
    const struct dns_counters *counters = dns_worker_counters(fixture_worker(fixture));
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), 160);
    uint64_t refused = counters->refused_full;
    assert_true(refused > 0);
    ask_from(fixture, 99, 1000);
    assert_int_equal(counters->refused_full, refused);
    assert_int_equal(counters->gave_way, 1);
    assert_int_equal(dns_worker_flights(fixture_worker(fixture)), 160);
    fixture_free(fixture);
}

static void test_forward(void **state)
{
    (void)state;
    assert_int_equal(fixture_play_rows(rows, COUNT_OF(rows)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forward),      cmocka_unit_test(test_ids),
        cmocka_unit_test(test_many_clients), cmocka_unit_test(test_crowd),
        cmocka_unit_test(test_no_cliff),     cmocka_unit_test(test_modest_client),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Nanoseconds a DNS worker takes for one answer, system calls not included: from the cache (one
 * address, four, a chain of aliases, absence), from a hosts file, from a rule, and through an
 * upstream that answers at once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dns/worker_fixture.h"

#define ROUNDS     1000000
#define SOME_NAMES 10000

static double nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static void must(bool ok, const struct fixture *fixture)
{
    if (!ok) {
        fprintf(stderr, "%s\n", fixture_error(fixture));
        exit(1);
    }
}

static struct fixture *prepare(void)
{
    static const char *const steps[] = {
        "server 198.51.100.1",
        "local /lan/",
        "address /ads.test/ 203.0.113.9",
        "name printer.lan 192.0.2.5",
        "set cache-size 50000",
        "set quiet",
        "ask www.example.test A",
        "answer 0 NOERROR www.example.test 3600 A 192.0.2.1",
        "ask four.example.test A",
        "answer 0 NOERROR *4 four.example.test 3600 A 192.0.2.1",
        "ask chain.example.test A",
        "answer 0 NOERROR chain.example.test 3600 CNAME b.example.test, b.example.test 3600 CNAME "
        "c.example.test, c.example.test 3600 A 192.0.2.1",
        "ask gone.example.test A",
        "answer 0 NXDOMAIN ; example.test 3600 SOA 3600",
    };
    struct fixture *fixture = fixture_create();
    if (fixture == NULL)
        exit(1);
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++)
        must(fixture_step(fixture, steps[i]), fixture);
    return fixture;
}

static void measure(struct fixture *fixture, const char *what, const char *question)
{
    struct dns_worker *worker = fixture_worker(fixture);
    struct dns_outbox *outbox = fixture_outbox(fixture);
    struct instant now = fixture_now(fixture);
    struct dns_datagram query = fixture_question(fixture, question);

    double start = nanoseconds();
    for (unsigned i = 0; i < ROUNDS; i++)
        dns_worker_query(worker, &query, now, outbox);
    printf("%-28s %7.0f ns\n", what, (nanoseconds() - start) / ROUNDS);
}

/* Each name is asked once and then found in the cache, in turn: the caches of the processor do not
 * help as much as with one name. */
static void measure_many(struct fixture *fixture)
{
    static uint8_t messages[SOME_NAMES][64];
    static size_t counts[SOME_NAMES];
    struct dns_worker *worker = fixture_worker(fixture);
    struct dns_outbox *outbox = fixture_outbox(fixture);
    struct instant now = fixture_now(fixture);
    struct dns_datagram query = { .message = BYTES_NONE };

    for (unsigned i = 0; i < SOME_NAMES; i++) {
        char words[64];
        snprintf(words, sizeof words, "name%u.example.test A", i);
        query = fixture_question(fixture, words);
        counts[i] = query.message.count;
        memcpy(messages[i], query.message.at, counts[i]);
    }

    double start = nanoseconds();
    for (unsigned i = 0; i < SOME_NAMES; i++) {
        query.message = (struct bytes){ messages[i], counts[i] };
        dns_worker_query(worker, &query, now, outbox);
        /* The question itself, turned round and with one address, is the answer. */
        const struct dns_action *send = &outbox->actions[outbox->count - 1];
        static const uint8_t address[] = { 0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 1 };
        uint8_t answer[128];
        memcpy(answer, send->bytes.at, counts[i]);
        memcpy(answer + counts[i], address, sizeof address);
        answer[2] |= 0x80;
        answer[7] = 1;
        answer[11] = 0;
        dns_worker_reply(worker, send->flight, send->server, false,
                         (struct bytes){ answer, counts[i] + sizeof address }, now, outbox);
        dns_outbox_reset(outbox);
    }
    printf("%-28s %7.0f ns\n", "asked upstream and kept", (nanoseconds() - start) / SOME_NAMES);

    start = nanoseconds();
    for (unsigned i = 0; i < ROUNDS; i++) {
        query.message = (struct bytes){ messages[i % SOME_NAMES], counts[i % SOME_NAMES] };
        dns_worker_query(worker, &query, now, outbox);
    }
    printf("%-28s %7.0f ns\n", "cached, many names", (nanoseconds() - start) / ROUNDS);
    if (dns_worker_counters(worker)->answered_cache < ROUNDS)
        fprintf(stderr, "the cache did not hold all names\n");
}

int main(void)
{
    struct fixture *fixture = prepare();

    measure(fixture, "cached, one address", "www.example.test A");
    measure(fixture, "cached, with EDNS", "edns www.example.test A");
    measure(fixture, "cached, four addresses", "four.example.test A");
    measure(fixture, "cached, two aliases", "chain.example.test A");
    measure(fixture, "cached, no such name", "gone.example.test A");
    measure(fixture, "hosts file", "printer.lan A");
    measure(fixture, "local-only, unknown", "nobody.lan A");
    measure(fixture, "address=", "x.ads.test A");
    measure_many(fixture);
    fixture_free(fixture);
    return 0;
}

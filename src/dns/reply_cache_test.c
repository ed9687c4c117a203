#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dns/reply_cache.h"
#include "wire/rdata.h"

static struct dname name_of(const char *text)
{
    struct dname name;
    assert_int_equal(dname_from_text(text_of(text), &name), STATUS_OK);
    return name;
}

static void test_ttl(void **state)
{
    static const struct {
        const char *claim;
        uint32_t ttl, min, max, kept;
    } rows[] = {
        { "as it is", 60, 0, 0, 60 },
        { "zero is not kept", 0, 0, 0, 0 },
        { "raised", 60, 100, 0, 100 },
        { "lowered", 600, 0, 100, 100 },
        { "zero raised", 0, 100, 0, 100 },
        { "between", 150, 100, 200, 150 },
        { "the upper limit wins", 5, 100, 50, 50 },
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_config config = { .min_cache_ttl = rows[i].min, .max_cache_ttl = rows[i].max };
        if (reply_cache_ttl(&config, rows[i].ttl) != rows[i].kept)
            fail_msg("%s", rows[i].claim);
    }
}

/* RFC 2308 section 5, dns.md section 5. */
static void test_negative_ttl(void **state)
{
    static const struct {
        const char *claim;
        const char *owner; /* of the SOA; NULL: none */
        uint32_t soa_ttl, minimum, neg_ttl, min, max, kept;
    } rows[] = {
        { "the minimum", "test", 300, 60, 0, 0, 0, 60 },
        { "the SOA's own TTL", "test", 30, 60, 0, 0, 0, 30 },
        { "SOA at the name", "a.test", 300, 60, 0, 0, 0, 60 },
        { "SOA at the root", ".", 300, 60, 0, 0, 0, 60 },
        { "SOA beside", "b.test", 300, 60, 0, 0, 0, 0 },
        { "SOA beside, neg-ttl", "b.test", 300, 60, 20, 0, 0, 20 },
        { "no SOA", NULL, 0, 0, 0, 0, 0, 0 },
        { "no SOA, neg-ttl", NULL, 0, 0, 20, 0, 0, 20 },
        { "a usable SOA beats neg-ttl", "test", 300, 60, 20, 0, 0, 60 },
        { "limits hold", "test", 300, 60, 0, 0, 10, 10 },
        { "limits hold for neg-ttl", NULL, 0, 0, 20, 100, 0, 100 },
        { "min-cache-ttl makes nothing of nothing", NULL, 0, 0, 0, 100, 0, 0 },
        { "min-cache-ttl raises a zero", "test", 300, 0, 0, 100, 0, 100 },
    };
    static struct dns_reply reply;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dns_config config = {
            .neg_ttl = rows[i].neg_ttl,
            .min_cache_ttl = rows[i].min,
            .max_cache_ttl = rows[i].max,
        };
        uint8_t buffer[64];
        struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);
        struct soa soa = { dname_root(), dname_root(), 0, 0, 0, 0, rows[i].minimum };
        struct dname owner = name_of(rows[i].owner != NULL ? rows[i].owner : ".");
        bytes_write_soa(&rdata, &soa);
        reply.link_count = 1;
        reply.links[0] = name_of("a.test");
        reply.records[0] = (struct reply_record){
            .type = RRTYPE_SOA,
            .ttl = rows[i].soa_ttl,
            .owner = dname_bytes(&owner),
            .rdata = bytes_writer_written(&rdata),
        };
        reply.soa = rows[i].owner != NULL ? &reply.records[0] : NULL;
        if (reply_negative_ttl(&config, &reply) != rows[i].kept)
            fail_msg("%s: %u", rows[i].claim, reply_negative_ttl(&config, &reply));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ttl),
        cmocka_unit_test(test_negative_ttl),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

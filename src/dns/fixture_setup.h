/* What a test's configuration lines set, for worker_fixture.c: rules, switches, names, leases. */
#ifndef LINNET_DNS_FIXTURE_SETUP_H
#define LINNET_DNS_FIXTURE_SETUP_H

#include "base/text.h"
#include "dns/dns_config.h"
#include "model/local_names.h"
#include "model/site.h"

#define FIXTURE_SERVERS_MAX 32
#define FIXTURE_RULES_MAX   64
#define FIXTURE_SYNTHS_MAX  4 /* of interface names too */

struct fixture_setup {
    struct dns_config config;
    struct dns_server servers[FIXTURE_SERVERS_MAX];
    struct dns_rule rules[FIXTURE_RULES_MAX];
    struct dns_server resolv[FIXTURE_SERVERS_MAX];
    size_t resolv_count;
    struct site site;
    struct dns_synth synths[FIXTURE_SYNTHS_MAX];
    struct dns_interface_name interface_names[FIXTURE_SYNTHS_MAX];
    struct local_names *names;
    struct lease_names *leases;
    uint32_t flights_max, waiters_max;
    bool has_interface; /* only lan0 is served */
    bool quiet;         /* no events */
    bool fair;          /* each client has its share of flights */
};

/* Defaults, no names. STATUS_NO_MEMORY; to be freed all the same. */
NODISCARD enum status fixture_setup_init(struct fixture_setup *setup,
                                         const struct siphash_key *key);
void fixture_setup_free(struct fixture_setup *setup);

/* One line of those described in worker_fixture.h. NULL, or what is wrong with it. */
const char *fixture_setup_line(struct fixture_setup *setup, struct text keyword, struct text words);

/* "198.51.100.1#53" */
bool fixture_read_endpoint(struct text word, struct endpoint *endpoint);

#endif

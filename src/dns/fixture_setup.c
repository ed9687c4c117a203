#include "dns/fixture_setup.h"

#include "dns/fixture_text.h"

bool fixture_read_endpoint(struct text word, struct endpoint *endpoint)
{
    size_t hash = text_find(word, '#');
    *endpoint = (struct endpoint){ .port = 53 };
    return address_from_text(text_part(word, 0, hash), &endpoint->address) == STATUS_OK
           && (hash == SIZE_MAX
               || text_to_u16(text_after(word, hash + 1), &endpoint->port) == STATUS_OK);
}

/* "/a.b/" and its forms (dns.md 2.1). */
static bool read_pattern(struct text word, struct dns_rule *rule)
{
    struct text inner = text_part(word, 1, word.count >= 2 ? word.count - 2 : 0);

    rule->domain = dname_root();
    if (text_is_empty(inner)) {
        rule->match = DNS_RULE_UNQUALIFIED;
        return true;
    }
    if (text_equal(inner, TEXT("#"))) {
        rule->match = DNS_RULE_ANY;
        return true;
    }
    rule->match = DNS_RULE_DOMAIN;
    if (text_starts(inner, TEXT("*."))) {
        rule->match = DNS_RULE_BELOW;
        inner = text_after(inner, 2);
    } else if (text_starts(inner, TEXT("*"))) {
        rule->match = DNS_RULE_SUFFIX_TEXT;
        inner = text_after(inner, 1);
    }
    return dname_from_text(inner, &rule->domain) == STATUS_OK;
}

/* server, local, address */
static const char *set_rule(struct fixture_setup *setup, struct text keyword, struct text words)
{
    struct dns_config *config = &setup->config;
    struct dns_rule *rule = &config->rules[config->rule_count];
    struct text word;
    struct text value = TEXT_NONE;

    *rule = (struct dns_rule){ .match = DNS_RULE_ALL, .domain = dname_root() };
    if (!text_next_word(&words, &word) || config->rule_count == FIXTURE_RULES_MAX)
        return "bad rule";
    if (text_starts(word, TEXT("/"))) {
        if (!read_pattern(word, rule))
            return "bad pattern";
        text_next_word(&words, &value);
    } else {
        value = word;
    }

    bool is_address = text_equal(keyword, TEXT("address"));
    if (text_is_empty(value)) {
        rule->action = DNS_RULE_LOCAL;
    } else if (text_equal(value, TEXT("#"))) {
        rule->action = is_address ? DNS_RULE_NULL : DNS_RULE_STANDARD;
    } else if (is_address) {
        rule->action = DNS_RULE_ADDRESS;
        if (address_from_text(value, &rule->address) != STATUS_OK)
            return "bad address";
    } else {
        rule->action = DNS_RULE_SERVER;
        rule->server = (uint32_t)config->server_count;
        config->servers[config->server_count] = (struct dns_server){ .interface = NULL };
        if (!fixture_read_endpoint(value, &config->servers[config->server_count++].endpoint))
            return "bad server";
    }
    config->rule_count++;
    return NULL;
}

static const char *set_option(struct fixture_setup *setup, struct text words)
{
    struct dns_config *config = &setup->config;
    const struct {
        const char *name;
        bool *flag;
        uint32_t *number;
        struct place *place; /* of the flag: line 7 of test.conf */
    } options[] = {
        { "strict-order", &config->strict_order, NULL, NULL },
        { "all-servers", &config->all_servers, NULL, NULL },
        { "no-negcache", &config->no_negcache, NULL, NULL },
        { "no-round-robin", &config->no_round_robin, NULL, NULL },
        { "domain-needed", &config->domain_needed, NULL, &config->domain_needed_place },
        { "bogus-priv", &config->bogus_priv, NULL, &config->bogus_priv_place },
        { "no-ident", &config->no_ident, NULL, NULL },
        { "filterwin2k", &config->filters.filter_win2k, NULL, &config->filters.filter_win2k_place },
        { "filter-A", &config->filters.filter_a, NULL, &config->filters.filter_a_place },
        { "filter-AAAA", &config->filters.filter_aaaa, NULL, &config->filters.filter_aaaa_place },
        { "stop-dns-rebind", &config->filters.stop_rebind, NULL,
          &config->filters.stop_rebind_place },
        { "proxy-dnssec", &config->filters.proxy_dnssec, NULL, NULL },
        { "stale", &config->filters.use_stale, &config->filters.stale_max_s, NULL },
        { "selfmx", &config->records.self_mx, NULL, NULL },
        { "localmx", &config->records.local_mx, NULL, NULL },
        { "localise", &config->records.localise, NULL, NULL },
        { "interface", &setup->has_interface, NULL, NULL },
        { "quiet", &setup->quiet, NULL, NULL },
        { "fair", &setup->fair, NULL, NULL },
        { "neg-ttl", NULL, &config->neg_ttl, NULL },
        { "max-ttl", NULL, &config->max_ttl, NULL },
        { "max-cache-ttl", NULL, &config->max_cache_ttl, NULL },
        { "min-cache-ttl", NULL, &config->min_cache_ttl, NULL },
        { "dhcp-ttl", &config->dhcp_ttl_given, &config->dhcp_ttl, NULL },
        { "local-ttl", NULL, &setup->site.local_ttl, NULL },
        { "cache-size", NULL, &config->cache_size, NULL },
        { "edns", NULL, &config->edns_udp_size, NULL },
        { "flights", NULL, &setup->flights_max, NULL },
        { "waiters", NULL, &setup->waiters_max, NULL },
    };
    struct text name;
    struct text value;

    if (!text_next_word(&words, &name))
        return "set what?";
    for (size_t i = 0; i < COUNT_OF(options); i++) {
        if (!text_equal(name, text_of(options[i].name)))
            continue;
        if (options[i].flag != NULL)
            *options[i].flag = true;
        if (options[i].place != NULL)
            *options[i].place = (struct place){ "test.conf", 7 };
        if (options[i].number != NULL
            && (!text_next_word(&words, &value)
                || text_to_u32(value, options[i].number) != STATUS_OK))
            return "not a number";
        return NULL;
    }
    return "no such setting";
}

static const char *set_name(struct fixture_setup *setup, struct text words, bool is_lease)
{
    struct text name_word;
    struct text address_word;
    struct dname name;
    struct address address;
    enum status status;

    if (!text_next_word(&words, &name_word) || !text_next_word(&words, &address_word)
        || dname_from_text(name_word, &name) != STATUS_OK
        || address_from_text(address_word, &address) != STATUS_OK)
        return "bad name";
    if (is_lease)
        status = lease_names_set(setup->leases, &address, &name, NULL);
    else
        status =
            local_names_add_address(setup->names, &name, &address, LOCAL_HOSTS, "/etc/hosts", true);
    return status == STATUS_OK ? NULL : status_text(status);
}

static const char *set_record(struct fixture_setup *setup, struct text words)
{
    uint8_t buffer[FIXTURE_RDATA_MAX];
    struct bytes_writer rdata = bytes_writer_on(buffer, sizeof buffer);
    struct local_record record = { .source = LOCAL_CONFIG, .source_name = "config" };
    struct text name_word;
    struct text ttl;
    struct text type;
    struct dname name;

    if (!text_next_word(&words, &name_word) || !text_next_word(&words, &ttl)
        || !text_next_word(&words, &type) || dname_from_text(name_word, &name) != STATUS_OK
        || rrtype_from_text(type, &record.type) != STATUS_OK
        || !fixture_read_rdata(&words, record.type, &rdata))
        return "bad record";
    record.has_ttl = text_to_u32(ttl, &record.ttl) == STATUS_OK;
    record.rdata = bytes_writer_written(&rdata);
    return local_names_add(setup->names, &name, &record) == STATUS_OK ? NULL : "record not added";
}

/* DOMAIN FIRST LAST PREFIX, a '*' behind the prefix for numbers */
static const char *set_synth(struct fixture_setup *setup, struct text words)
{
    struct dns_records *records = &setup->config.records;
    struct dns_synth *synth = &setup->synths[records->synth_count];
    struct text domain;
    struct text first;
    struct text last;

    if (records->synth_count == FIXTURE_SYNTHS_MAX || !text_next_word(&words, &domain)
        || !text_next_word(&words, &first) || !text_next_word(&words, &last)
        || !text_next_word(&words, &synth->prefix)
        || dname_from_text(domain, &synth->domain) != STATUS_OK
        || address_from_text(first, &synth->range.first) != STATUS_OK
        || address_from_text(last, &synth->range.last) != STATUS_OK)
        return "bad synth";
    synth->numbered = text_ends(synth->prefix, TEXT("*"));
    synth->prefix.count -= synth->numbered;
    records->synths = setup->synths;
    records->synth_count++;
    return NULL;
}

/* NAME INTERFACE */
static const char *set_interface_name(struct fixture_setup *setup, struct text words)
{
    static const char *const known[] = { "lan0", "wan0", "lo", "nosuch" };
    struct dns_records *records = &setup->config.records;
    struct dns_interface_name *line = &setup->interface_names[records->interface_name_count];
    struct text name;
    struct text interface;

    if (records->interface_name_count == FIXTURE_SYNTHS_MAX || !text_next_word(&words, &name)
        || !text_next_word(&words, &interface) || dname_from_text(name, &line->name) != STATUS_OK)
        return "bad interface-name";
    line->ip4 = line->ip6 = true;
    for (size_t i = 0; i < COUNT_OF(known); i++)
        if (text_equal(interface, text_of(known[i])))
            line->interface = known[i];
    records->interface_names = setup->interface_names;
    records->interface_name_count++;
    return line->interface != NULL ? NULL : "no such interface";
}

const char *fixture_setup_line(struct fixture_setup *setup, struct text keyword, struct text words)
{
    if (text_equal(keyword, TEXT("set")))
        return set_option(setup, words);
    if (text_equal(keyword, TEXT("name")))
        return set_name(setup, words, false);
    if (text_equal(keyword, TEXT("lease")))
        return set_name(setup, words, true);
    if (text_equal(keyword, TEXT("record")))
        return set_record(setup, words);
    if (text_equal(keyword, TEXT("synth")))
        return set_synth(setup, words);
    if (text_equal(keyword, TEXT("interface-name")))
        return set_interface_name(setup, words);
    if (text_equal(keyword, TEXT("server")) || text_equal(keyword, TEXT("local"))
        || text_equal(keyword, TEXT("address")))
        return set_rule(setup, keyword, words);
    return "no such step";
}

enum status fixture_setup_init(struct fixture_setup *setup, const struct siphash_key *key)
{
    dns_config_init(&setup->config);
    setup->config.servers = setup->servers;
    setup->config.rules = setup->rules;
    site_init(&setup->site);
    setup->flights_max = 150;
    setup->waiters_max = 300;
    enum status status = local_names_create(key, &setup->names);
    return status == STATUS_OK ? lease_names_create(key, 16, &setup->leases) : status;
}

void fixture_setup_free(struct fixture_setup *setup)
{
    if (setup->leases != NULL)
        lease_names_free(setup->leases);
    if (setup->names != NULL)
        local_names_free(setup->names);
}

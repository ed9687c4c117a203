#include "daemon/daemon_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/dns_record_options.h"

#define DEFAULT_FILE        "/etc/linnet.conf"
#define DEFAULT_FILE_COMPAT "/etc/dnsmasq.conf"

#define ARENA_CHUNK_BYTES ((size_t)64 * 1024)
#define ARENA_LIMIT_BYTES ((size_t)1 << 31) /* a block list of a million names and more */
#define RESOLV_LINE_BYTES 1024
#define RESOLV_LINES_MAX  1000

void daemon_config_init(struct daemon_config *config)
{
    *config = (struct daemon_config){ 0 };
}

struct config *config_create(void)
{
    struct config *config = calloc(1, sizeof(*config));
    if (config == NULL)
        return NULL;
    atomic_init(&config->uses, 1);
    arena_init(&config->arena, ARENA_CHUNK_BYTES, ARENA_LIMIT_BYTES);
    daemon_config_init(&config->daemon);
    site_init(&config->site);
    dns_config_init(&config->dns);
    dhcp_config_init(&config->dhcp);
    netboot_config_init(&config->netboot);
    tftp_config_init(&config->tftp);

    const struct option_table tables[] = {
        option_own_table(),
        { daemon_options, daemon_option_count, &config->daemon },
        { control_options, control_option_count, &config->daemon },
        { config_reload_options, config_reload_option_count, &config->daemon },
        { dbus_options, dbus_option_count, &config->daemon },
        { ubus_options, ubus_option_count, &config->daemon },
        { site_options, site_option_count, &config->site },
        { dns_options, dns_option_count, &config->dns },
        { dns_record_options, dns_record_option_count, &config->dns },
        { dns_filter_options, dns_filter_option_count, &config->dns },
        { dns_upstream_options, dns_upstream_option_count, &config->dns },
        { dns_auth_options, dns_auth_option_count, &config->dns },
        { dns_firewall_options, dns_firewall_option_count, &config->dns },
        { dhcp_options, dhcp_option_count, &config->dhcp },
        { dhcp_client_options, dhcp_client_option_count, &config->dhcp },
        { dhcp6_options, dhcp6_option_count, &config->dhcp },
        { dhcp_boot_options, dhcp_boot_option_count, &config->dhcp },
        { dhcp_relay_options, dhcp_relay_option_count, &config->dhcp },
        { names6_options, names6_option_count, &config->dhcp },
        { netboot_options, netboot_option_count, &config->netboot },
        { netboot_http_options, netboot_http_option_count, &config->netboot },
        { tftp_options, tftp_option_count, &config->tftp },
        { ra_options, ra_option_count, &config->ra },
        { script_options, script_option_count, &config->script },
        { script_lua_options, script_lua_option_count, &config->script },
        { later_options, later_option_count, &config->daemon },
    };
    static_assert(sizeof(tables) <= sizeof(config->tables), "a table more");
    memcpy(config->tables, tables, sizeof(tables));
    config->set = (struct option_set){ config->tables, COUNT_OF(tables), &config->sources };
    return config;
}

/* Its holders only look at it; how many they are is not part of what it says. */
static struct config *counted(const struct config *config)
{
    return (struct config *)(uintptr_t)config;
}

const struct config *config_hold(const struct config *config)
{
    atomic_fetch_add_explicit(&counted(config)->uses, 1, memory_order_relaxed);
    return config;
}

void config_free(const struct config *config)
{
    struct config *last = counted(config);
    if (last == NULL || atomic_fetch_sub_explicit(&last->uses, 1, memory_order_acq_rel) > 1)
        return;
    dns_config_free(&last->dns);
    arena_free(&last->arena);
    free(last);
}

const char *config_default_file(bool compat)
{
    return compat ? DEFAULT_FILE_COMPAT : DEFAULT_FILE;
}

/* ------------------------------------------------------------------ site */

static void finish_process(struct config *config, bool test_only)
{
    if (config->daemon.ubus_name != NULL && !ubus_is_built && !test_only)
        (void)option_fail_whole(&config->errors, &config->arena, (struct place){ 0 }, 1,
                                "Ubus not available: set HAVE_UBUS in src/config.h",
                                "enable-ubus: linnet was built without UBus");
}

static void finish_site(struct config *config, bool test_only)
{
    struct site *site = &config->site;
    if (site->bind_interfaces && site->bind_dynamic && !test_only)
        (void)option_fail_whole(&config->errors, &config->arena, (struct place){ 0 }, 1,
                                "cannot set --bind-interfaces and --bind-dynamic",
                                "bind-interfaces and bind-dynamic exclude each other; bind-dynamic "
                                "does all that the other does");
    site->bind = SITE_BIND_WILDCARD;
    if (site->bind_dynamic)
        site->bind = SITE_BIND_DYNAMIC;
    else if (site->bind_interfaces)
        site->bind = SITE_BIND_INTERFACES;
}

/* The first name of a "search" or "domain" line of resolv.conf. */
static bool read_search_domain(const char *path, struct dname *domain)
{
    FILE *file = fopen(path, "re");
    char line[RESOLV_LINE_BYTES];
    bool found = false;
    if (file == NULL)
        return false;
    for (int i = 0; !found && i < RESOLV_LINES_MAX && fgets(line, sizeof(line), file) != NULL;
         i++) {
        struct text rest = text_of(line);
        struct text word;
        found = text_next_word(&rest, &word)
                && (text_equal(word, TEXT("search")) || text_equal(word, TEXT("domain")))
                && text_next_word(&rest, &word) && dname_from_text(word, domain) == STATUS_OK
                && !dname_is_root(domain);
    }
    (void)fclose(file);
    return found;
}

/* domain=# */
static void fill_domains(struct config *config)
{
    for (size_t i = 0; i < config->site.domain_count; i++) {
        struct site_domain *domain = &config->site.domains[i];
        /* With a range or an interface dnsmasq does not mind that there is none. */
        if (domain->from_resolv && !read_search_domain("/etc/resolv.conf", &domain->name)
            && domain->by == SITE_DOMAIN_ALL)
            (void)option_fail_whole(&config->errors, &config->arena, domain->place, 5,
                                    "no search directive found in /etc/resolv.conf",
                                    "domain=# takes the domain from a \"search\" line of "
                                    "/etc/resolv.conf, and there is none");
    }
}

/* ------------------------------------------------------------------ dns */

static void finish_dns(struct config *config, bool test_only)
{
    struct dns_config *dns = &config->dns;

    if (dns->edns_udp_size < DNS_EDNS_UDP_SIZE_MIN)
        dns->edns_udp_size = DNS_EDNS_UDP_SIZE_MIN;
    if (dns->min_cache_ttl > DNS_MIN_CACHE_TTL_CAP)
        dns->min_cache_ttl = DNS_MIN_CACHE_TTL_CAP;

    if (dns->max_port != 0 && dns->max_port < dns->min_port && !test_only)
        (void)option_fail_whole(&config->errors, &config->arena, (struct place){ 0 }, 1,
                                "max_port cannot be smaller than min_port",
                                "max-port=%u is smaller than min-port=%u", dns->max_port,
                                dns->min_port);
    if (dns->firewall.conntrack && dns->query_port_given && !test_only)
        (void)option_fail_whole(&config->errors, &config->arena, (struct place){ 0 }, 1,
                                "cannot use --conntrack AND --query-port",
                                "conntrack and query-port exclude each other: with one port for "
                                "all questions their marks cannot be told apart");
    if (dns->no_poll && !dns->no_resolv && dns->resolv_file_count > 1)
        (void)option_fail_whole(
            &config->errors, &config->arena, dns->resolv_files[1].place, 1,
            "only one resolv.conf file allowed in no-poll mode.",
            "with no-poll nobody looks which resolv-file is the newest, so there "
            "can be only one");
}

static void finish_auth(struct config *config, bool test_only)
{
    const struct auth_config *auth = &config->dns.auth;
    struct site *site = &config->site;

    site->auths = auth->listens;
    site->auth_count = auth->listen_count;
    site->auth_given = auth->server_given;
    if (auth->zone_count > 0 && !auth->server_given && !test_only)
        (void)option_fail_whole(&config->errors, &config->arena, auth->zones[0].place, 1,
                                "--auth-server required when an auth zone is defined.",
                                "auth-zone needs auth-server, which gives the name of this server "
                                "in the zone's NS and SOA records");
}

/* ------------------------------------------------------------------ dhcp */

/* By address, and lines with the same one in their order. */
static int compare_hosts(const void *a, const void *b)
{
    const struct dhcp_host *first = *(const struct dhcp_host *const *)a;
    const struct dhcp_host *second = *(const struct dhcp_host *const *)b;
    int order = address_compare(&first->address, &second->address);
    if (order != 0)
        return order;
    return first < second ? -1 : first > second;
}

static int compare_places(const void *a, const void *b)
{
    const struct dhcp_host *first = *(const struct dhcp_host *const *)a;
    const struct dhcp_host *second = *(const struct dhcp_host *const *)b;
    return first < second ? -1 : first > second;
}

static void fail_duplicate(struct config *config, const struct dhcp_host *host)
{
    char address[ADDRESS_TEXT_MAX];
    char compat[ADDRESS_TEXT_MAX + 64];
    struct text_out out = text_out_on(compat, sizeof(compat));
    address_text(&host->address, address);
    text_printf(&out, "duplicate dhcp-host IP address %s", address);
    (void)option_fail_at(&config->errors, &config->arena, host->place, compat,
                         "dhcp-host: another host has the address %s already", address);
}

static void check_hosts(struct config *config)
{
    const struct dhcp_config *dhcp = &config->dhcp;
    const struct dhcp_host **hosts = calloc(dhcp->host_count + 1, sizeof(*hosts));
    size_t count = 0;
    size_t doubled = 0;
    if (hosts == NULL) {
        (void)option_fail_whole(&config->errors, &config->arena, (struct place){ 0 }, 4,
                                "could not get memory", "out of memory");
        return;
    }

    for (size_t i = 0; i < dhcp->host_count; i++)
        if (!address_is_none(&dhcp->hosts[i].address))
            hosts[count++] = &dhcp->hosts[i];
    qsort(hosts, count, sizeof(const struct dhcp_host *), compare_hosts);
    /* The doubled ones gather at the front, where all has been compared: doubled < i. */
    for (size_t i = 1; i < count; i++)
        if (address_equal(&hosts[i - 1]->address, &hosts[i]->address))
            hosts[doubled++] = hosts[i];
    qsort(hosts, doubled, sizeof(const struct dhcp_host *), compare_places);
    for (size_t i = 0; i < doubled; i++)
        fail_duplicate(config, hosts[i]);
    free(hosts);
}

/* The network of a line; false: it is completed by an interface. */
NODISCARD static bool network_of(const struct dhcp_range6 *range, struct prefix *network)
{
    return range->constructor == NULL
           && prefix_make(range->first, range->prefix_length, network) == STATUS_OK;
}

static void fail_overlap(struct config *config, const struct dhcp_range6 *range,
                         const struct prefix *own, const struct prefix *other)
{
    char whole[2 * ADDRESS_TEXT_MAX + 32];
    struct text_out out = text_out_on(whole, sizeof(whole));
    text_put_prefix(&out, own);
    text_put_string(&out, " overlaps ");
    text_put_prefix(&out, other);
    (void)option_fail_at(&config->errors, &config->arena, range->place, "bad dhcp-range",
                         "dhcp-range: %s of an earlier line, and what a pool (\"pd\") delegates "
                         "can be in use nowhere else",
                         whole);
}

/* A prefix is delegated once, and not one that a link of ours has. */
static void check_pool(struct config *config, size_t at)
{
    const struct dhcp_config *dhcp = &config->dhcp;
    struct prefix pool, other;
    if (!network_of(&dhcp->ranges6[at], &pool))
        return;
    for (size_t i = 0; i < dhcp->range6_count; i++) {
        const struct dhcp_range6 *range = &dhcp->ranges6[i];
        bool is_pool = (range->modes & DHCP_RANGE6_DELEGATE) != 0;
        if (i == at || (is_pool && i > at) || !network_of(range, &other)
            || (!prefix_contains(&pool, &other.address) && !prefix_contains(&other, &pool.address)))
            continue;
        if (i < at)
            fail_overlap(config, &dhcp->ranges6[at], &pool, &other);
        else
            fail_overlap(config, range, &other, &pool);
    }
}

static void check_pools(struct config *config)
{
    for (size_t i = 0; i < config->dhcp.range6_count; i++) {
        if ((config->dhcp.ranges6[i].modes & DHCP_RANGE6_DELEGATE) != 0)
            check_pool(config, i);
    }
}

static void check_names(struct config *config)
{
    if (config->dhcp.fqdn && site_domain_default(&config->site) == NULL)
        (void)option_fail_whole(&config->errors, &config->arena, config->dhcp.fqdn_place, 1,
                                "there must be a default domain when --dhcp-fqdn is set",
                                "dhcp-fqdn needs a domain= for all clients, since their names are "
                                "known only with it");
}

/* ------------------------------------------------------------------ netboot */

/* The folder is one of TFTP's: the only one where no tftp-root is for all interfaces, so that
 * netboot alone shows nothing else; else the one that is looked into second. */
static enum status finish_netboot(struct config *config)
{
    struct tftp_config *tftp = &config->tftp;
    bool has_root = false;
    if (config->netboot.folder == NULL)
        return STATUS_OK;
    config->dhcp.boot.netboot = true;
    tftp->enabled = true;
    tftp->second_root = config->netboot.folder;
    for (size_t i = 0; i < tftp->root_count; i++)
        has_root = has_root || tftp->roots[i].interface == NULL;
    if (has_root)
        return STATUS_OK;
    struct tftp_root *roots =
        arena_take_array(&config->arena, tftp->root_count + 1, sizeof(*roots));
    if (roots == NULL)
        return STATUS_NO_MEMORY;
    if (tftp->root_count > 0)
        memcpy(roots, tftp->roots, tftp->root_count * sizeof(*roots));
    roots[tftp->root_count] =
        (struct tftp_root){ .folder = config->netboot.folder, .place = config->netboot.place };
    tftp->roots = roots;
    tftp->root_count++;
    tftp->root_room = tftp->root_count;
    return STATUS_OK;
}

/* Last, for the site's domains are among them. */
static void finish_rules(struct config *config)
{
    enum status status = dns_config_finish(&config->dns, &config->site);
    if (status != STATUS_OK)
        (void)option_fail_whole(&config->errors, &config->arena, (struct place){ 0 }, 4,
                                "could not get memory", "no room for the lines about domains: %s",
                                status_text(status));
}

enum status config_finish(struct config *config, bool test_only)
{
    finish_process(config, test_only);
    finish_site(config, test_only);
    fill_domains(config);
    finish_dns(config, test_only);
    finish_auth(config, test_only);
    dns_record_options_finish(&config->dns, &config->site, &config->errors, &config->arena);
    check_hosts(config);
    check_pools(config);
    check_names(config);
    if (finish_netboot(config) != STATUS_OK)
        (void)option_fail_whole(&config->errors, &config->arena, config->netboot.place, 4,
                                "could not get memory", "out of memory");
    if (config->errors.count == 0)
        finish_rules(config);
    return config->errors.count == 0 ? STATUS_OK : STATUS_MALFORMED;
}

enum status config_check_kept(struct config *config)
{
    finish_site(config, false);
    finish_dns(config, false);
    return config->errors.count == 0 ? STATUS_OK : STATUS_MALFORMED;
}

/* linnetctl status: what runs, how much it has done, and each limit with its use. */
#include <time.h>
#include <unistd.h>

#include "daemon/control.h"
#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"
#include "daemon/limit_rows.h"
#include "platform/instant.h"
#include "ra/ra_server.h"
#include "wire/dhcp_codes.h"

#define MS_PER_S 1000

#define WORDS_SHOWN 40  /* of the command line, */
#define WORD_SHOWN  200 /* so much of each */

static void put_time(struct report *report, const char *name, wall_s when)
{
    char text[40];
    struct tm parts;
    time_t seconds = (time_t)when;
    if (gmtime_r(&seconds, &parts) == NULL
        || strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
        report_none(report, name);
    else
        report_string(report, name, text_of(text));
}

static void put_process(struct report *report, const struct daemon *daemon)
{
    struct instant since = control_since(daemon->control);
    size_t resident;
    report_string(report, "version", TEXT(LINNET_VERSION));
    report_number(report, "pid", daemon->main_pid);
    report_number(report, "user", getuid());
    put_time(report, "since", since.wall);
    report_number(report, "running_s", (int64_t)((instant_mono() - since.mono) / MS_PER_S));
    if (uv_resident_set_memory(&resident) == 0)
        report_number(report, "memory_bytes", (int64_t)resident);
    else
        report_none(report, "memory_bytes");
}

/* The words of the command line: they say which configuration files. */
static void put_words(struct report *report, const struct daemon *daemon)
{
    report_begin_list(report, "started_with");
    for (int i = 0; i < daemon->start.argc && i < WORDS_SHOWN; i++)
        report_string(report, NULL, text_part(text_of(daemon->start.argv[i]), 0, WORD_SHOWN));
    report_end(report);
}

static void put_services(struct report *report, const struct daemon *daemon)
{
    const struct config *config = daemon->config;
    report_begin(report, "services");
    report_flag(report, "dns", config->site.port != 0);
    if (config->site.port != 0) {
        report_number(report, "dns_port", config->site.port);
        report_number(report, "dns_threads", config->dns.threads);
    }
    report_flag(report, "dhcp", daemon->dhcp.ip4.active);
    report_flag(report, "dhcp6", daemon->dhcp.ip6.active);
    report_flag(report, "router_advertisement", daemon->ra.active);
    report_flag(report, "tftp", daemon->tftp.active);
    report_flag(report, "netboot", daemon->netboot.active);
    report_flag(report, "scripts", daemon->script.active);
    report_end(report);
}

/* ------------------------------------------------------------------ counters */

/* A counter that has never moved says nothing to people. */
static void count(struct report *report, const char *name, uint64_t value)
{
    if (value > 0 || report->form == REPORT_JSON)
        report_number(report, name, (int64_t)value);
}

static void put_dns(struct report *report, const struct worker_report *workers)
{
    const struct dns_counters *dns = &workers->dns;
    report_begin(report, "dns");
    report_number(report, "queries", (int64_t)(dns->queries_udp + dns->queries_tcp));
    count(report, "queries_tcp", dns->queries_tcp);
    count(report, "answered_locally", dns->answered_local);
    count(report, "answered_from_cache", dns->answered_cache);
    count(report, "answered_stale", dns->answered_stale);
    count(report, "answered_for_zones", dns->authoritative);
    count(report, "forwarded", dns->forwarded);
    count(report, "joined", dns->joined);
    count(report, "sent_upstream", dns->upstream_sent);
    count(report, "sent_again", dns->upstream_retried);
    count(report, "sent_by_tcp", dns->upstream_tcp);
    count(report, "servfail", dns->servfail);
    count(report, "nxdomain", dns->nxdomain);
    count(report, "timeouts", dns->timeouts);
    count(report, "truncated", dns->truncated);
    count(report, "dropped_malformed",
          dns->dropped_malformed + dns->dropped_response + dns->dropped_short);
    count(report, "dropped_not_admitted",
          dns->dropped_not_admitted + workers->shell.tcp_not_admitted);
    count(report, "replies_unknown", dns->reply_unknown);
    count(report, "replies_wrong_id", dns->reply_wrong_id);
    count(report, "replies_wrong_question", dns->reply_wrong_question + dns->reply_wrong_case);
    count(report, "replies_malformed", dns->reply_malformed);
    count(report, "replies_in_fragments", dns->reply_fragmented);
    count(report, "replies_blocked", dns->reply_blocked);
    count(report, "refused_by_mark", dns->refused_mark);
    count(report, "set_addresses", dns->set_addresses);
    count(report, "set_failures", dns->set_failures);
    count(report, "tcp_accepted", workers->shell.tcp_accepted);
    count(report, "tcp_idle_closed", workers->shell.tcp_idle_closed);
    count(report, "tcp_slow_closed", workers->shell.tcp_slow_closed);
    count(report, "answers_not_sent", workers->shell.send_failed);
    report_end(report);
}

static void put_cache(struct report *report, const struct dns_cache_counters *cache)
{
    report_begin(report, "cache");
    report_number(report, "entries", (int64_t)cache->entries);
    report_number(report, "records", (int64_t)cache->records);
    report_number(report, "hits", (int64_t)cache->hits);
    report_number(report, "misses", (int64_t)cache->misses);
    report_number(report, "insertions", (int64_t)cache->insertions);
    report_number(report, "evictions", (int64_t)cache->evictions);
    report_number(report, "bytes", (int64_t)cache->bytes);
    report_end(report);
}

/* By message type; types without a name are left to those who ask for a packet dump. */
static void put_messages(struct report *report, const char *name, const uint64_t *counts,
                         size_t types, const char *(*name_of)(unsigned type))
{
    report_begin(report, name);
    for (unsigned i = 1; i < types; i++)
        if (counts[i] > 0 && name_of(i) != NULL)
            report_number(report, name_of(i), (int64_t)counts[i]);
    report_end(report);
}

static void put_dhcp(struct report *report, const struct dhcp4_counters *dhcp)
{
    report_begin(report, "dhcp");
    put_messages(report, "received", dhcp->received, COUNT_OF(dhcp->received),
                 dhcp4_message_type_name);
    put_messages(report, "sent", dhcp->sent, COUNT_OF(dhcp->sent), dhcp4_message_type_name);
    count(report, "bootp", dhcp->bootp);
    count(report, "dropped_malformed", dhcp->dropped_malformed);
    count(report, "dropped_not_admitted", dhcp->dropped_not_admitted);
    count(report, "dropped_ignored", dhcp->dropped_ignored);
    count(report, "dropped_no_range", dhcp->dropped_no_range);
    count(report, "no_address", dhcp->no_address);
    count(report, "not_stored", dhcp->commit_failed);
    count(report, "addresses_in_use", dhcp->probe_conflicts);
    count(report, "offers_of_other_servers", dhcp->other_servers);
    count(report, "relayed", dhcp->relay_requests + dhcp->relay_replies);
    report_end(report);
}

static void put_dhcp6(struct report *report, const struct dhcp6_counters *dhcp)
{
    report_begin(report, "dhcp6");
    put_messages(report, "received", dhcp->received, COUNT_OF(dhcp->received),
                 dhcp6_message_type_name);
    put_messages(report, "sent", dhcp->sent, COUNT_OF(dhcp->sent), dhcp6_message_type_name);
    count(report, "dropped_malformed", dhcp->dropped_malformed);
    count(report, "dropped_not_admitted", dhcp->dropped_not_admitted);
    count(report, "dropped_no_range", dhcp->dropped_no_range);
    count(report, "no_address", dhcp->no_address);
    count(report, "not_stored", dhcp->commit_failed);
    report_end(report);
}

static void put_ra(struct report *report, const struct ra_counters *ra)
{
    report_begin(report, "router_advertisement");
    report_number(report, "sent", (int64_t)ra->adverts);
    report_number(report, "solicitations", (int64_t)ra->solicits);
    count(report, "dropped", ra->dropped_malformed + ra->dropped_not_on_link);
    report_end(report);
}

static void put_tftp(struct report *report, const struct tftp_counters *tftp)
{
    report_begin(report, "tftp");
    report_number(report, "requests", (int64_t)tftp->requests);
    report_number(report, "sent", (int64_t)tftp->sent);
    report_number(report, "sent_bytes", (int64_t)tftp->sent_bytes);
    count(report, "failed", tftp->failed);
    count(report, "not_found", tftp->not_found);
    count(report, "refused", tftp->refused);
    report_end(report);
}

static void put_control(struct report *report, const struct control_counters *control)
{
    report_begin(report, "control");
    report_number(report, "requests", (int64_t)control->requests);
    count(report, "malformed", control->malformed);
    count(report, "denied", control->denied);
    count(report, "slow_closed", control->slow);
    count(report, "gave_way_or_refused", control->evicted);
    report_end(report);
}

/* ------------------------------------------------------------------ limits */

static void put_known(struct report *report, const char *name, int64_t value)
{
    if (value == LIMIT_UNKNOWN)
        report_none(report, name);
    else
        report_number(report, name, value);
}

static void put_limit(void *context, const struct limit *limit)
{
    struct control_answer *answer = context;
    struct report *report = &answer->report;
    if (report->form == REPORT_TEXT) {
        char use[80];
        struct text_out out = text_out_on(use, sizeof use);
        if (limit->used != LIMIT_UNKNOWN)
            text_printf(&out, "%lld of %llu", (long long)limit->used,
                        (unsigned long long)limit->most);
        else
            text_printf(&out, "at most %llu", (unsigned long long)limit->most);
        if (limit->highest != LIMIT_UNKNOWN)
            text_printf(&out, ", highest %lld", (long long)limit->highest);
        report_say(report, "%s: %s, reached %llu times", limit->name, use,
                   (unsigned long long)limit->hit);
        return;
    }
    report_begin(report, NULL);
    report_string(report, "name", text_of(limit->name));
    put_known(report, "used", limit->used);
    put_known(report, "highest", limit->highest);
    report_number(report, "limit", (int64_t)limit->most);
    report_number(report, "hit", (int64_t)limit->hit);
    report_end(report);
}

/* ------------------------------------------------------------------ the whole */

void control_status(struct control_answer *answer)
{
    struct daemon *daemon = answer->daemon;
    struct report *report = &answer->report;
    struct statistics statistics = { .dhcp = NULL };
    struct dns_cache_counters cache;
    dns_cache_read_counters(daemon->cache, &cache);
    dhcp_services_count(&daemon->dhcp, &statistics);
    control_answer_ok(answer);
    report_begin(report, NULL);
    put_process(report, daemon);
    put_words(report, daemon);
    put_services(report, daemon);
    if (answer->workers != NULL) {
        put_dns(report, answer->workers);
        put_cache(report, &cache);
    }
    if (statistics.dhcp != NULL)
        put_dhcp(report, statistics.dhcp);
    if (statistics.dhcp6 != NULL)
        put_dhcp6(report, statistics.dhcp6);
    if (daemon->ra.server != NULL)
        put_ra(report, ra_server_counters(daemon->ra.server));
    if (daemon->tftp.server != NULL)
        put_tftp(report, tftp_server_counters(daemon->tftp.server));
    put_control(report, control_counters(daemon->control));
    report_begin_list(report, "limits");
    limit_rows_each(daemon, answer->workers, put_limit, answer);
    report_end(report);
    report_end(report);
}

/* linnetctl upstreams: the servers of the view, for which domains, and how they have done. */
#include <stdlib.h>

#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"
#include "dns/dns_rules.h"
#include "platform/instant.h"

#define DOMAINS_SHOWN  16
#define LINES_MAX      20000 /* looked at: block lists are long, and questions wait */
#define BYTES_BASE     4096
#define BYTES_A_SERVER (2048 + DOMAINS_SHOWN * 400)
#define MS_PER_S       1000
#define NO_LINE        UINT32_MAX

/* Lines about domains, chained by the server they are for. */
struct domain_lines {
    uint32_t *first; /* of each server of the configuration; the last that was seen */
    size_t server_count;
    struct domain_line {
        const struct dns_rules *rules; /* of which layer, */
        uint32_t walk;                 /* and where dns_rules_next finds it there */
        uint32_t next;
    } * lines;
    size_t line_count;
    bool complete;
};

/* ------------------------------------------------------------------ domains */

static void gather(struct domain_lines *domains, const struct dns_rules *rules)
{
    uint32_t walk = 0, at = 0;
    struct dns_rule rule;
    if (rules == NULL)
        return;
    gather(domains, dns_rules_base(rules));
    while (dns_rules_next(rules, DNS_LINES(DNS_RULE_SERVER), &walk, &rule)) {
        if (domains->line_count == LINES_MAX) {
            domains->complete = false;
            return;
        }
        if (rule.server < domains->server_count) {
            struct domain_line *line = &domains->lines[domains->line_count];
            *line = (struct domain_line){ rules, at, domains->first[rule.server] };
            domains->first[rule.server] = (uint32_t)domains->line_count++;
        }
        at = walk;
    }
}

static bool gather_all(struct domain_lines *domains, const struct dns_config *config)
{
    const struct dns_rules *rules = config->domain_rules;
    size_t count = 0;
    for (const struct dns_rules *layer = rules; layer != NULL; layer = dns_rules_base(layer))
        count += dns_rules_count(layer, DNS_LINES(DNS_RULE_SERVER));
    *domains = (struct domain_lines){ .server_count = config->server_count, .complete = true };
    domains->first = calloc(config->server_count + 1, sizeof *domains->first);
    domains->lines = calloc((count < LINES_MAX ? count : LINES_MAX) + 1, sizeof *domains->lines);
    if (domains->first == NULL || domains->lines == NULL)
        return false;
    for (size_t i = 0; i < config->server_count; i++)
        domains->first[i] = NO_LINE;
    gather(domains, rules);
    return true;
}

static void free_domains(struct domain_lines *domains)
{
    free(domains->first);
    free(domains->lines);
}

static void put_domain(struct report *report, const struct dns_rule *rule)
{
    static const char *const before[] = {
        [DNS_RULE_DOMAIN] = "",
        [DNS_RULE_SUFFIX_TEXT] = "*",
        [DNS_RULE_BELOW] = "*.",
    };
    char text[DNAME_TEXT_MAX];
    dname_text(&rule->domain, text);
    report_format(report, NULL, "%s%s", before[rule->match], text);
}

static void put_whole_rules(struct report *report, const struct dns_config *config, uint32_t server)
{
    for (size_t i = 0; i < config->rule_count; i++) {
        const struct dns_rule *rule = &config->rules[i];
        if (rule->action != DNS_RULE_SERVER || rule->server != server)
            continue;
        if (rule->match == DNS_RULE_UNQUALIFIED)
            report_string(report, NULL, TEXT("(names of one label)"));
        else
            report_string(report, NULL, TEXT("(every name)"));
    }
}

/* server: of the configuration; NO_LINE: of a resolv file. */
static void put_domains(struct report *report, const struct dns_config *config,
                        const struct domain_lines *domains, uint32_t server)
{
    uint32_t line = server != NO_LINE ? domains->first[server] : NO_LINE;
    unsigned shown = 0;
    report_begin_list(report, "domains");
    if (server == NO_LINE)
        report_string(report, NULL, TEXT("(every name)"));
    else
        put_whole_rules(report, config, server);
    for (; line != NO_LINE && shown < DOMAINS_SHOWN; line = domains->lines[line].next, shown++) {
        uint32_t walk = domains->lines[line].walk;
        struct dns_rule rule;
        if (dns_rules_next(domains->lines[line].rules, DNS_LINES(DNS_RULE_SERVER), &walk, &rule))
            put_domain(report, &rule);
    }
    report_end(report);
    report_flag(report, "more_domains", line != NO_LINE || !domains->complete);
}

/* ------------------------------------------------------------------ servers */

static void put_place(struct report *report, const struct place *place, const char *resolv)
{
    if (place->source == NULL && resolv != NULL)
        report_string(report, "configured_in", text_of(resolv));
    else if (place->source == NULL)
        report_string(report, "configured_in", TEXT("command line"));
    else if (place->line == 0)
        report_string(report, "configured_in", text_of(place->source));
    else
        report_format(report, "configured_in", "%s:%u", place->source, place->line);
}

static void put_endpoint(struct report *report, const char *name, const struct endpoint *endpoint)
{
    char text[ENDPOINT_TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    text_put_endpoint(&out, endpoint);
    report_string(report, name, text_of(text));
}

/* counters: NULL where nobody keeps them, for there are more servers than places. */
static void put_counters(struct report *report, const struct dns_server_counters *counters,
                         mono_ms now)
{
    static const char *const names[] = { "sent",     "sent_again", "failed",
                                         "nxdomain", "latency_ms", "last_answer_s_ago" };
    for (size_t i = 0; counters == NULL && i < COUNT_OF(names); i++)
        report_none(report, names[i]);
    if (counters == NULL)
        return;
    report_number(report, "sent", (int64_t)counters->sent);
    report_number(report, "sent_again", (int64_t)counters->retried);
    report_number(report, "failed", (int64_t)counters->failed);
    report_number(report, "nxdomain", (int64_t)counters->nxdomain);
    if (counters->heard == 0) {
        report_none(report, "latency_ms");
        report_none(report, "last_answer_s_ago");
        return;
    }
    report_number(report, "latency_ms", counters->latency_ms);
    report_number(report, "last_answer_s_ago", (int64_t)((now - counters->heard) / MS_PER_S));
}

static uint32_t configured_index(const struct dns_config *config, const struct dns_server *server,
                                 size_t near)
{
    for (size_t i = 0; i < config->server_count; i++) {
        size_t at = (near + i) % config->server_count;
        if (config->servers[at].place.source == server->place.source
            && config->servers[at].place.line == server->place.line
            && dns_server_equal(&config->servers[at], server))
            return (uint32_t)at;
    }
    return NO_LINE;
}

static void put_server(struct control_answer *answer, const struct domain_lines *domains, size_t i)
{
    const struct daemon *daemon = answer->daemon;
    const struct dns_view *view = views_current(&daemon->views);
    const struct dns_server *server = &view->servers[i];
    struct report *report = &answer->report;
    uint32_t configured = configured_index(view->config, server, i);
    bool known = answer->workers != NULL && i < answer->workers->server_count;
    report_begin(report, NULL);
    put_endpoint(report, "address", &server->endpoint);
    if (server->interface != NULL)
        report_string(report, "interface", text_of(server->interface));
    if (!address_is_none(&server->source.address))
        put_endpoint(report, "source", &server->source);
    put_domains(report, view->config, domains, configured);
    put_counters(report, known ? &answer->workers->servers[i] : NULL, instant_mono());
    report_flag(report, "in_loop", dns_loops_has(&daemon->loops, view->generation, i));
    put_place(report, &server->place, configured == NO_LINE ? daemon->views.resolv_path : NULL);
    report_end(report);
}

void control_upstreams(struct control_answer *answer)
{
    const struct dns_view *view = views_current(&answer->daemon->views);
    struct domain_lines domains;
    if (!control_answer_room(answer, BYTES_BASE + view->server_count * BYTES_A_SERVER))
        return;
    if (!gather_all(&domains, view->config)) {
        free_domains(&domains);
        control_answer_refuse(answer, CONTROL_REFUSED, "no memory for the domains");
        return;
    }
    control_answer_ok(answer);
    report_begin(&answer->report, NULL);
    report_number(&answer->report, "count", (int64_t)view->server_count);
    report_begin_list(&answer->report, "upstreams");
    for (size_t i = 0; i < view->server_count; i++)
        put_server(answer, &domains, i);
    report_end(&answer->report);
    report_end(&answer->report);
    free_domains(&domains);
}

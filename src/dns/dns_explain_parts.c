#include "dns/dns_explain_state.h"

#include <inttypes.h>

#include "dns/dns_loop.h"
#include "dns/local_lookup.h"
#include "dns/reply_rules.h"
#include "dns/synth_name.h"
#include "model/domain_tree.h"
#include "wire/rdata.h"
#include "wire/rrtype.h"

#define TEXT_MAX  1024
#define LINKS_MAX 17 /* aliases followed in the cache */

/* ------------------------------------------------------------------ small things */

void dns_explain_put_type(struct report *report, const char *name, uint16_t type)
{
    if (rrtype_name(type) != NULL)
        report_string(report, name, text_of(rrtype_name(type)));
    else
        report_format(report, name, "TYPE%u", type);
}

static void put_record(struct report *report, const char *name, const struct dname *owner,
                       uint32_t ttl, uint16_t type, struct bytes rdata)
{
    char buffer[TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof buffer);

    text_put_dname(&out, owner);
    text_printf(&out, " %" PRIu32 " ", ttl);
    if (rrtype_name(type) != NULL)
        text_put_string(&out, rrtype_name(type));
    else
        text_printf(&out, "TYPE%u", type);
    text_put_char(&out, ' ');
    text_put_rdata(&out, rdata, type);
    report_string(report, name, text_out_text(&out));
}

/* ------------------------------------------------------------------ local names */

/* What the caller has room for is bounded, and lists of lines and of servers can be long. */
static bool is_half_full(const struct report *report)
{
    return report->out->count > report->out->room / 2;
}

static bool is_name(const struct dname *line, const struct dname *name)
{
    /* A line's plain name may have got the domain behind it. */
    return dname_equal(line, name)
           || (dname_label_count(line) == 1
               && bytes_equal(dname_first_label(line), dname_first_label(name)));
}

/* Returns how many lines are left out: 0 or 1. */
static unsigned put_line(const struct dns_explanation *explanation, const char *option,
                         const struct place *place)
{
    struct report *report = explanation->report;
    if (is_half_full(report))
        return 1;
    report_begin(report, NULL);
    report_string(report, "option", text_of(option));
    report_place(report, "line", place);
    report_end(report);
    return 0;
}

static bool gives_address(const struct dns_host_record *host, const struct dname *name)
{
    struct dname reverse4 =
        host->ip4.family != ADDRESS_NONE ? dname_reverse(&host->ip4) : dname_root();
    struct dname reverse6 =
        host->ip6.family != ADDRESS_NONE ? dname_reverse(&host->ip6) : dname_root();
    return dname_equal(&reverse4, name) || dname_equal(&reverse6, name);
}

/* The lines of the configuration that speak of the name. Returns how many are left out. */
static unsigned put_config_lines(const struct dns_explanation *explanation)
{
    const struct dns_records *records = &explanation->view->config->records;
    const struct dname *name = &explanation->question->name;
    unsigned left_out = 0;

    for (size_t i = 0; i < records->host_count; i++) {
        bool speaks = gives_address(&records->hosts[i], name);
        for (size_t j = 0; j < records->hosts[i].name_count; j++)
            speaks = speaks || is_name(&records->hosts[i].names[j], name);
        if (speaks)
            left_out += put_line(explanation, "host-record", &records->hosts[i].place);
    }
    for (size_t i = 0; i < records->record_count; i++) {
        if (is_name(&records->records[i].name, name))
            left_out += put_line(explanation, "record", &records->records[i].place);
    }
    for (size_t i = 0; i < records->cname_count; i++) {
        if (is_name(&records->cnames[i].alias, name))
            left_out += put_line(explanation, "cname", &records->cnames[i].place);
    }
    for (size_t i = 0; i < records->interface_name_count; i++) {
        const struct dns_interface_name *line = &records->interface_names[i];
        if (is_name(&line->name, name))
            left_out +=
                put_line(explanation, line->is_dynamic_host ? "dynamic-host" : "interface-name",
                         &line->place);
    }
    return left_out;
}

/* Which synth-domain line: the one that would do it alone. */
static unsigned put_synth_line(const struct dns_explanation *explanation,
                               const struct local_found *found)
{
    const struct dns_records *records = &explanation->view->config->records;
    struct address address;
    struct dname pointer;

    for (size_t i = 0; i < records->synth_count; i++) {
        struct dns_records one = *records;
        one.synths = &records->synths[i];
        one.synth_count = 1;
        bool makes = synth_name_address(&one, &explanation->question->name, &address);
        if (!makes && found->address.family == ADDRESS_NONE) {
            struct prefix prefix;
            makes = dname_reverse_parse(&explanation->question->name, &prefix) == STATUS_OK
                    && synth_name_of(&one, &prefix.address, &pointer);
        }
        if (makes)
            return put_line(explanation, "synth-domain", &records->synths[i].place);
    }
    return 0;
}

/* The hosts files that the records came from; `config` is told by its lines. */
static unsigned put_sources(const struct dns_explanation *explanation,
                            const struct local_found *found)
{
    const char *last = NULL;
    unsigned left_out = 0;

    for (size_t i = 0; found->name != NULL && i < found->name->count; i++) {
        const struct local_record *record = &found->name->records[i];
        if (record->source != LOCAL_HOSTS || record->source_name == NULL
            || record->source_name == last)
            continue;
        last = record->source_name;
        const struct dns_explain_question *question = explanation->question;
        unsigned line = question->line_of != NULL
                            ? question->line_of(question->context, last, &question->name)
                            : 0;
        left_out += put_line(explanation, "hosts file", &(struct place){ last, line });
    }
    return left_out;
}

static const char *why_local(const struct dns_explanation *explanation,
                             const struct local_found *found)
{
    uint16_t type = explanation->question->type;

    if (!local_found_any(found))
        return "the name is not known here";
    if (local_found_alias(found) != NULL)
        return "the name is an alias here (cname)";
    if (lease_answer_has(found, type))
        return "a DHCP client has this name or address";
    if (local_found_records(found, type) != NULL)
        return "the name has records of this type here";
    if (local_found_denies(found, type))
        return "its interface has no address of this family now";
    if (found->made_up && local_found_has(found, type))
        return "synth-domain makes the name up";
    if (found->mail_host && local_found_has(found, type))
        return "localmx or selfmx gives it an MX record";
    return "the name is known here, but has no record of this type";
}

void dns_explain_local(const struct dns_explanation *explanation)
{
    struct report *report = explanation->report;
    struct local_found found;

    local_lookup(explanation->rehearsal.worker, &explanation->question->name, explanation->hash,
                 explanation->question->type, &found);
    report_string(report, "because", text_of(why_local(explanation, &found)));
    if (!local_found_any(&found))
        return;
    report_begin_list(report, "known_by");
    unsigned left_out = put_sources(explanation, &found);
    if (found.name != NULL || found.network != NULL)
        left_out += put_config_lines(explanation);
    if (found.leased)
        left_out += put_line(explanation, "lease", &(struct place){ "dhcp-leasefile", 0 });
    if (found.made_up)
        left_out += put_synth_line(explanation, &found);
    report_end(report);
    if (left_out > 0)
        report_number(report, "more_lines", left_out);
}

/* ------------------------------------------------------------------ cache */

static void put_hit(struct report *report, enum dns_cache_kind kind,
                    const struct dns_cache_hit *hit)
{
    static const char *const kinds[] = {
        [DNS_CACHE_MISS] = "none",
        [DNS_CACHE_RRSET] = "records",
        [DNS_CACHE_CNAME] = "alias",
        [DNS_CACHE_NODATA] = "negative: the name has no such records",
        [DNS_CACHE_NXDOMAIN] = "negative: there is no such name",
    };

    report_string(report, "entry", text_of(kinds[kind]));
    if (kind == DNS_CACHE_MISS)
        return;
    report_string(report, "age", hit->stale_s > 0 ? TEXT("stale") : TEXT("fresh"));
    if (hit->stale_s > 0)
        report_number(report, "expired_s", hit->stale_s);
    else
        report_number(report, "ttl_left_s", hit->ttl_left);
    if (kind == DNS_CACHE_RRSET)
        report_number(report, "records", hit->record_count);
}

static bool next_link(const struct dns_cache_hit *hit, struct dname *name)
{
    struct bytes_reader reader = bytes_reader_on(hit->rdatas);
    struct bytes rdata = bytes_read_span(&reader, bytes_read_u16(&reader));
    return !reader.failed && rdata_target(rdata, RRTYPE_CNAME, name) == STATUS_OK;
}

/* The cache's chain of aliases from the name that is asked, link by link. */
struct chain {
    struct dname name; /* of this link */
    enum dns_cache_kind kind;
    struct dns_cache_hit hit;
    unsigned links; /* looked at so far; 0: none yet */
};

/* False: that was the last. Expired ones count for so many seconds. */
static bool next_in_chain(const struct dns_explanation *explanation, uint32_t stale_max_s,
                          struct chain *chain)
{
    const struct dns_explain_question *question = explanation->question;
    struct dns_worker *worker = explanation->rehearsal.worker;

    if (chain->links == 0)
        chain->name = question->name;
    else if (chain->kind != DNS_CACHE_CNAME || question->type == RRTYPE_CNAME
             || chain->links == LINKS_MAX || !next_link(&chain->hit, &chain->name))
        return false;
    chain->links++;
    chain->kind = dns_cache_peek(worker->setup.cache, &chain->name,
                                 dname_hash(&worker->setup.key, &chain->name), question->type,
                                 explanation->route.group, explanation->now.mono, stale_max_s,
                                 worker->cache_buffer, &chain->hit);
    return true;
}

static void put_links(const struct dns_explanation *explanation)
{
    struct report *report = explanation->report;
    struct chain chain = { .links = 0 };
    char text[DNAME_TEXT_MAX];

    while (next_in_chain(explanation, UINT32_MAX, &chain)) {
        report_begin(report, NULL);
        report_string(report, "name", text_of(dname_text(&chain.name, text)));
        put_hit(report, chain.kind, &chain.hit);
        report_end(report);
    }
}

/* The option that takes records of this type out of answers, and its line; NULL: none does. */
static const char *filter_of(const struct dns_filters *filters, uint16_t type,
                             const struct place **place)
{
    if (type == RRTYPE_A && filters->filter_a) {
        *place = &filters->filter_a_place;
        return "filter-A";
    }
    if (type == RRTYPE_AAAA && filters->filter_aaaa) {
        *place = &filters->filter_aaaa_place;
        return "filter-AAAA";
    }
    for (size_t i = 0; i < filters->filtered.count; i++) {
        if (filters->filtered.at[i].type == type) {
            *place = &filters->filtered.at[i].place;
            return "filter-rr";
        }
    }
    return NULL;
}

/* Why the cache's step settles it: with what is there, or because the type is taken out anyhow. */
static const char *why_cached(const struct dns_explanation *explanation, bool *by_filter)
{
    const struct dns_filters *filters = &explanation->view->config->filters;
    struct dns_worker *worker = explanation->rehearsal.worker;
    uint32_t stale_max_s = filters->stale_max_s != 0 ? filters->stale_max_s : UINT32_MAX;
    struct chain chain = { .links = 0 };

    *by_filter = false;
    if (explanation->rehearsal.server_count > 0)
        return "use-stale-cache: what has expired is given, and asked for anew";
    while (next_in_chain(explanation, filters->use_stale ? stale_max_s : 0, &chain))
        ;
    *by_filter = true;
    if (chain.kind == DNS_CACHE_CNAME)
        return "records of this type are taken out of every answer: no server is asked";
    if (chain.kind == DNS_CACHE_MISS)
        return dns_cache_knows(worker->setup.cache, &chain.name,
                               dname_hash(&worker->setup.key, &chain.name),
                               explanation->route.group, explanation->now.mono)
                   ? "it knows the name, and records of this type are taken out of every answer: "
                     "no server is asked"
                   : "the name is known here, and records of this type are taken out of every "
                     "answer: no server is asked";
    if ((chain.hit.flags & DNS_CACHE_FILTERED) != 0)
        return "it has what was left of an answer when records of this type were taken out";
    *by_filter = false;
    return "it has the whole answer";
}

void dns_explain_cache(const struct dns_explanation *explanation)
{
    const struct dns_filters *filters = &explanation->view->config->filters;
    struct report *report = explanation->report;
    const struct place *place;
    const char *why = "it has no whole answer";
    const char *option = NULL;
    bool by_filter = false;

    if (explanation->rehearsal.personal)
        why = "not used: something is told of the client";
    else if (explanation->question->type == RRTYPE_ANY)
        why = "questions of type ANY are not answered from it";
    else if (explanation->rehearsal.step == DNS_STEP_CACHE)
        why = why_cached(explanation, &by_filter);
    report_string(report, "because", text_of(why));
    if (by_filter)
        option = filter_of(filters, explanation->question->type, &place);
    if (option != NULL) {
        report_string(report, "option", text_of(option));
        report_place(report, "line", place);
    }
    if (filters->use_stale)
        report_number(report, "stale_max_s", filters->stale_max_s);
    report_begin_list(report, "links");
    put_links(explanation);
    report_end(report);
}

/* ------------------------------------------------------------------ rules of domains */

/* The last text_count bytes of the name: whole labels, or of a star's pattern the end of one. */
static void put_pattern(struct report *report, const struct dname *name,
                        const struct dns_rules_match *match)
{
    struct dname pattern = { .count = match->text_count };
    size_t start = name->count - match->text_count;
    size_t label = 0;
    char text[DNAME_TEXT_MAX];

    while (label + 1u + name->wire[label] <= start)
        label += 1u + name->wire[label];
    memcpy(pattern.wire, name->wire + start, match->text_count);
    pattern.wire[0] = (uint8_t)(label + name->wire[label] - start);
    const char *star = match->kind == DOMAIN_MATCH_BELOW         ? "*."
                       : match->kind == DOMAIN_MATCH_TEXT_SUFFIX ? "*"
                                                                 : "";
    report_format(report, "domain", "/%s%s/", star, dname_text(&pattern, text));
}

static void put_meaning(const struct dns_explanation *explanation, const struct dns_route *route)
{
    struct report *report = explanation->report;
    char buffer[TEXT_MAX], text[ADDRESS_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof buffer);

    for (size_t i = 0; i < route->address_count && i < 8; i++)
        text_printf(&out, "%saddress %s", out.count > 0 ? ", " : "",
                    address_text(&route->addresses[i], text));
    if (route->null_address)
        text_printf(&out, "%snull address", out.count > 0 ? ", " : "");
    if (route->local)
        text_printf(&out, "%sno such name but here", out.count > 0 ? ", " : "");
    if (route->standard)
        text_printf(&out, "%sthe default servers", out.count > 0 ? ", " : "");
    if (route->servers != DNS_SERVERS_NONE)
        text_printf(&out, "%s%u servers of its own", out.count > 0 ? ", " : "",
                    explanation->view->groups[explanation->view->set_groups[route->servers]].count);
    report_string(report, "says", text_out_text(&out));
}

/* The lines of // and /#/ are kept whole. */
static void put_special(const struct dns_explanation *explanation, enum dns_rule_match match)
{
    const struct dns_config *config = explanation->view->config;

    report_string(explanation->report, "domain",
                  match == DNS_RULE_ANY ? TEXT("/#/") : TEXT("// (names without a dot)"));
    for (size_t i = 0; i < config->rule_count; i++) {
        if (config->rules[i].match == match) {
            report_place(explanation->report, "line", &config->rules[i].place);
            return;
        }
    }
}

void dns_explain_routes(const struct dns_explanation *explanation)
{
    const struct dns_rules *rules = explanation->view->rules;
    struct report *report = explanation->report;

    report_begin_list(report, "routes");
    for (size_t i = 0; i < explanation->trace.count; i++) {
        const struct dns_rules_match *match = &explanation->trace.steps[i].match;
        struct place place;
        report_begin(report, NULL);
        switch ((enum dns_route_by)explanation->trace.steps[i].by) {
        case DNS_ROUTE_BY_DOMAIN:
            put_pattern(report, &explanation->question->name, match);
            place = dns_rules_place(rules, match->pattern, match->from_base);
            report_place(report, "line", &place);
            break;
        case DNS_ROUTE_BY_UNQUALIFIED:
            put_special(explanation, DNS_RULE_UNQUALIFIED);
            break;
        case DNS_ROUTE_BY_ANY:
            put_special(explanation, DNS_RULE_ANY);
            break;
        }
        put_meaning(explanation, match->route);
        report_flag(report, "decides", explanation->trace.steps[i].decides);
        if (!explanation->trace.steps[i].decides)
            report_string(report, "because", TEXT("it says nothing of this type"));
        report_end(report);
    }
    report_end(report);
}

/* ------------------------------------------------------------------ servers */

static const char *why_chosen(enum upstream_why why)
{
    switch (why) {
    case UPSTREAM_WHY_ORDER:
        return "strict-order: the first";
    case UPSTREAM_WHY_ALONE:
        return "the only one";
    case UPSTREAM_WHY_PREFERRED:
        return "it was the last to answer first";
    case UPSTREAM_WHY_ALL:
        return "all-servers";
    case UPSTREAM_WHY_UNKNOWN:
        return "none is preferred: the last has failed or was silent, or none has answered yet";
    case UPSTREAM_WHY_COMPARE:
        return "it is time to ask all again and see who answers first";
    case UPSTREAM_WHY_NONE:
        break;
    }
    return "there is none";
}

static bool would_ask(const struct dns_rehearsal *rehearsal, uint16_t server)
{
    for (unsigned i = 0; i < rehearsal->server_count; i++) {
        if (rehearsal->servers[i] == server)
            return true;
    }
    return false;
}

static void put_server(const struct dns_explanation *explanation,
                       const struct upstream_state *known, uint16_t index, const char *why)
{
    const struct dns_view *view = explanation->view;
    const struct dns_server *server = &view->servers[index];
    const struct upstream_server *state = &known->servers[index];
    struct report *report = explanation->report;
    char text[TEXT_MAX];
    struct text_out out = text_out_on(text, sizeof text);
    bool asked = would_ask(&explanation->rehearsal, index);
    bool loops = dns_loops_has(explanation->worker->setup.loops, view->generation, index);

    text_put_endpoint(&out, &server->endpoint);
    report_begin(report, NULL);
    report_string(report, "server", text_out_text(&out));
    report_place(report, "line", &server->place);
    report_flag(report, "asked", asked);
    if (asked)
        report_string(report, "because", text_of(why));
    else if (loops)
        report_string(report, "because", TEXT("it sends our questions back to us"));
    else
        report_string(report, "because", TEXT("another is asked first"));
    if (state->measured)
        report_number(report, "latency_ms", state->counters.latency_ms);
    report_number(report, "sent", (int64_t)state->counters.sent);
    report_number(report, "failed", (int64_t)state->counters.failed);
    report_number(report, "silent_in_a_row", state->silent);
    report_end(report);
}

enum status dns_explain_upstreams(const struct dns_explanation *explanation)
{
    const struct dns_view *view = explanation->view;
    const struct dns_group *group = &view->groups[explanation->route.group];
    struct report *report = explanation->report;
    struct upstream_state known;
    struct upstream_plan plan;
    enum status status = upstream_state_copy(&known, &explanation->worker->upstream);

    if (status != STATUS_OK)
        return status;
    (void)upstream_state_map(&known, view);
    upstream_state_choose(&known, view, explanation->route.group, explanation->now.mono, &plan);
    report_string(report, "group",
                  explanation->route.route != NULL && !explanation->route.route->standard
                      ? TEXT("the servers of the rule that decides")
                      : TEXT("the default servers"));
    report_begin_list(report, "upstreams");
    uint16_t told = 0;
    for (; told < group->count && !is_half_full(report); told++)
        put_server(explanation, &known, view->member_servers[group->first + told],
                   why_chosen((enum upstream_why)plan.why));
    report_end(report);
    if (told < group->count)
        report_number(report, "more_upstreams", group->count - told);
    upstream_state_free(&known);
    return STATUS_OK;
}

/* ------------------------------------------------------------------ filters */

/* place: of its first line, of so many. */
static void put_filter(const struct dns_explanation *explanation, const char *option,
                       const char *effect, const struct place *place, size_t lines)
{
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "option", text_of(option));
    report_string(report, "effect", text_of(effect));
    report_place(report, "line", place);
    if (lines > 1)
        report_number(report, "more_lines", (int64_t)lines - 1);
    report_end(report);
}

static void put_type_filter(const struct dns_explanation *explanation)
{
    const struct dns_filters *filters = &explanation->view->config->filters;
    uint16_t type = explanation->question->type;
    const struct place *place;
    const char *option = filter_of(filters, type, &place);

    if (option != NULL)
        put_filter(explanation, option,
                   type == RRTYPE_ANY ? "of an answer to ANY only A, AAAA, MX and CNAME are left"
                                      : "records of this type are taken out",
                   place, 1);
}

void dns_explain_filters(const struct dns_explanation *explanation)
{
    const struct reply_rules *rules = explanation->view->reply_rules;
    const struct dns_filters *filters = &explanation->view->config->filters;
    struct report *report = explanation->report;

    report_begin_list(report, "filters");
    if (filters->ignored.count > 0)
        put_filter(explanation, "ignore-address", "an answer with such an address is passed over",
                   &filters->ignored.first, filters->ignored.count);
    if (filters->alias_count > 0)
        put_filter(explanation, "alias", "addresses in its ranges are replaced",
                   &filters->aliases[0].place, filters->alias_count);
    if (filters->bogus.count > 0)
        put_filter(explanation, "bogus-nxdomain", "an answer with such an address is NXDOMAIN",
                   &filters->bogus.first, filters->bogus.count);
    if (filters->stop_rebind && rules != NULL)
        put_filter(explanation, "stop-dns-rebind",
                   reply_rules_excuses(rules, &explanation->question->name)
                       ? "not for this name: rebind-domain-ok"
                       : "an answer with a private address is refused",
                   &filters->stop_rebind_place, 1);
    put_type_filter(explanation);
    report_end(report);
}

/* ------------------------------------------------------------------ the answer */

static void put_section(const struct dns_explanation *explanation, const char *name,
                        enum dns_section section)
{
    const struct dns_message *message = &explanation->rehearsal.reply;
    struct dns_worker *worker = explanation->rehearsal.worker;
    struct report *report = explanation->report;
    struct dns_cursor cursor = dns_section_cursor(message, section);
    struct dns_record record;
    struct dname owner;

    report_begin_list(report, name);
    while (dns_record_next(&cursor, &record)) {
        struct bytes_writer rdata =
            bytes_writer_on(worker->reply_buffer, sizeof worker->reply_buffer);
        if (record.type == RRTYPE_OPT || dns_record_owner(message, &record, &owner) != STATUS_OK
            || rdata_read(message->bytes, record.rdata_offset, record.rdata_count, record.type,
                          &rdata)
                   != STATUS_OK)
            continue;
        put_record(report, NULL, &owner, record.ttl, record.type, bytes_writer_written(&rdata));
    }
    report_end(report);
}

static void put_flags(struct report *report, uint16_t flags)
{
    static const struct {
        uint16_t flag;
        const char *word;
    } rows[] = {
        { DNS_FLAG_AA, "aa" }, { DNS_FLAG_TC, "tc" }, { DNS_FLAG_RD, "rd" },
        { DNS_FLAG_RA, "ra" }, { DNS_FLAG_AD, "ad" },
    };
    char buffer[16];
    struct text_out out = text_out_on(buffer, sizeof buffer);

    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if ((flags & rows[i].flag) != 0)
            text_printf(&out, "%s%s", out.count > 0 ? " " : "", rows[i].word);
    }
    report_string(report, "flags", text_out_text(&out));
}

static void put_reply(const struct dns_explanation *explanation)
{
    const struct dns_message *message = &explanation->rehearsal.reply;
    struct report *report = explanation->report;
    unsigned rcode = DNS_RCODE(message->flags) | (unsigned)message->edns.extended_rcode << 4;
    struct bytes value;

    if (rcode_name(rcode) != NULL)
        report_string(report, "rcode", text_of(rcode_name(rcode)));
    else
        report_number(report, "rcode", rcode);
    put_flags(report, message->flags);
    if (edns_find_option(&message->edns, EDNS_ERROR, &value)) {
        struct bytes_reader reader = bytes_reader_on(value);
        uint16_t code = bytes_read_u16(&reader);
        report_number(report, "extended_error_code", code);
        if (ede_name(code) != NULL)
            report_string(report, "extended_error", text_of(ede_name(code)));
    }
    put_section(explanation, "records", DNS_ANSWER);
    put_section(explanation, "authority", DNS_AUTHORITY);
    put_section(explanation, "additional", DNS_ADDITIONAL);
}

void dns_explain_answer(const struct dns_explanation *explanation)
{
    const struct dns_rehearsal *rehearsal = &explanation->rehearsal;
    struct report *report = explanation->report;

    if (rehearsal->server_count > 0) {
        report_begin_list(report, rehearsal->replied ? "refreshed_from" : "would_be_forwarded_to");
        for (unsigned i = 0; i < rehearsal->server_count; i++) {
            char text[TEXT_MAX];
            struct text_out out = text_out_on(text, sizeof text);
            text_put_endpoint(&out, &explanation->view->servers[rehearsal->servers[i]].endpoint);
            report_string(report, NULL, text_out_text(&out));
        }
        report_end(report);
    }
    if (rehearsal->replied) {
        report_begin(report, "answer");
        put_reply(explanation);
        report_end(report);
    } else if (rehearsal->server_count == 0) {
        report_string(report, "answer", TEXT("none"));
    }
}

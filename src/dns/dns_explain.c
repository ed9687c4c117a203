#include "dns/dns_explain.h"

#include "dns/auth_answer.h"
#include "dns/dns_explain_state.h"
#include "dns/dns_loop.h"
#include "dns/local_answer.h"
#include "dns/question_rules.h"
#include "wire/rrtype.h"

#define TEXT_MAX 1024

/* ------------------------------------------------------------------ the client */

void dns_explain_client(const struct network *network, const struct address *from,
                        struct dns_client *client)
{
    struct address address = *from;
    if (address_is_none(&address))
        address = address_ip4(127, 0, 0, 1);
    enum address_family family = (enum address_family)address.family;
    const struct network_address *own = NULL;

    *client = (struct dns_client){ .from = { .address = address, .port = 1024 } };
    client->interface = network_link_of(network, &address);
    if (network_own_address(network, &address) != NULL)
        client->local = address;
    else if (client->interface != 0)
        own = network_on_link(network, client->interface, &address);
    for (size_t i = 0; client->interface == 0 && i < network->interface_count; i++) {
        const struct network_interface *interface = &network->interfaces[i];
        own = interface->loopback ? NULL : network_first(network, interface->index, family);
        client->interface = own != NULL ? interface->index : 0;
    }
    if (own != NULL)
        client->local = own->address;
}

static void put_question(const struct dns_explanation *explanation)
{
    struct report *report = explanation->report;
    const struct dns_client *client = &explanation->question->client;
    const struct network_interface *link =
        network_by_index(explanation->view->network, client->interface);
    char text[DNAME_TEXT_MAX];

    report_begin(report, "question");
    report_string(report, "name", text_of(dname_text(&explanation->question->name, text)));
    dns_explain_put_type(report, "type", explanation->question->type);
    report_string(report, "client", text_of(address_text(&client->from.address, text)));
    if (link != NULL)
        report_string(report, "interface", text_of(link->name));
    if (!address_is_none(&client->local))
        report_string(report, "server_address", text_of(address_text(&client->local, text)));
    report_end(report);
}

/* ------------------------------------------------------------------ single steps */

/* One step: its name, and what became of it. The last one tried is the one that settled it. */
static void begin_step(const struct dns_explanation *explanation, enum dns_step step)
{
    static const struct {
        const char *name, *rule;
    } rows[DNS_STEP_COUNT] = {
        [DNS_STEP_ADMISSION] = { "admission", "interface, listen-address, local-service" },
        [DNS_STEP_PACKET] = { "packet", NULL },
        [DNS_STEP_MARK] = { "connection marks", "connmark-allowlist-enable" },
        [DNS_STEP_ZONES] = { "own zones", "auth-server, auth-zone" },
        [DNS_STEP_LOOP] = { "loop", "dns-loop-detect" },
        [DNS_STEP_QUESTION] = { "kind of question", NULL },
        [DNS_STEP_CHAOS] = { "about the server", NULL },
        [DNS_STEP_LOCAL] = { "local names", "hosts files, records, leases, synth-domain" },
        [DNS_STEP_WINDOWS] = { "questions of Windows", "filterwin2k" },
        [DNS_STEP_RULES] = { "domain rules", "address, local, server" },
        [DNS_STEP_PRIVATE] = { "private addresses", "bogus-priv" },
        [DNS_STEP_UNQUALIFIED] = { "names without a dot", "domain-needed" },
        [DNS_STEP_CACHE] = { "cache", "cache-size, use-stale-cache, filter-A, filter-AAAA, "
                                      "filter-rr" },
        [DNS_STEP_FORWARD] = { "upstream", "server, resolv-file" },
    };
    struct report *report = explanation->report;

    report_begin(report, NULL);
    report_string(report, "step", text_of(rows[step].name));
    if (rows[step].rule != NULL)
        report_string(report, "options", text_of(rows[step].rule));
    report_flag(report, "settles", step == explanation->rehearsal.step);
}

static void because(const struct dns_explanation *explanation, const char *why)
{
    report_string(explanation->report, "because", text_of(why));
}

/* Where the option that decides was given. */
static void by_line(const struct dns_explanation *explanation, const struct place *place)
{
    report_place(explanation->report, "line", place);
}

/* The interface= or except-interface= line that names the interface. */
static const struct site_interface *line_of(const struct site_interface *lines, size_t count,
                                            const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (site_interface_matches(&lines[i], name))
            return &lines[i];
    }
    return NULL;
}

static void explain_admission(const struct dns_explanation *explanation)
{
    const struct dns_view *view = explanation->view;
    const struct site *site = view->site;
    const struct dns_client *client = &explanation->question->client;
    const struct network_interface *link = network_by_index(view->network, client->interface);
    const char *name = link != NULL ? link->name : "";
    const struct site_interface *line = line_of(site->excepts, site->except_count, name);

    if (line == NULL)
        line = line_of(site->interfaces, site->interface_count, name);
    if (!network_admits_client(view->network, site, &client->from.address))
        because(explanation, "local-service: the client is in none of our networks, and no "
                             "interface=, except-interface=, listen-address= or auth-server= "
                             "is given");
    else if (network_is_auth(view->network, site, client->interface, &client->local))
        because(explanation, "auth-server= names where it comes in");
    else if (network_admits(view->network, site, client->interface, &client->local))
        because(explanation, "the interface and the address are served");
    else
        because(explanation, "the interface is not served");
    if (line != NULL)
        by_line(explanation, &line->place);
}

static void explain_zones(const struct dns_explanation *explanation)
{
    const struct dns_view *view = explanation->view;
    const struct dns_explain_question *question = explanation->question;
    struct auth_reverse reverse;
    const struct auth_zone *zone = NULL;

    if (view->auth == NULL) {
        because(explanation, "no auth-server line");
        return;
    }
    if (auth_zone_reverse(view->auth, &question->name, &reverse))
        zone = reverse.zone;
    else
        zone = auth_zone_of(view->auth, &question->name);
    if (network_is_auth(view->network, view->site, question->client.interface,
                        &question->client.local))
        because(explanation, "only zone data is served where it comes in");
    else
        because(explanation,
                zone != NULL ? "the name is in a zone of ours" : "the name is in no zone of ours");
    for (size_t i = 0; zone != NULL && i < view->config->auth.zone_count; i++) {
        if (dname_equal(&view->config->auth.zones[i].domain, &zone->domain)) {
            by_line(explanation, &view->config->auth.zones[i].place);
            return;
        }
    }
}

static void explain_question(const struct dns_explanation *explanation)
{
    if (explanation->rehearsal.step == DNS_STEP_QUESTION)
        because(explanation, "questions of this type are not answered by a forwarder");
    else
        because(explanation, "an ordinary question");
}

static void explain_windows(const struct dns_explanation *explanation)
{
    const struct dns_explain_question *question = explanation->question;
    const struct dns_filters *filters = &explanation->view->config->filters;
    if (!filters->filter_win2k) {
        because(explanation, "the option is not set");
        return;
    }
    if (question_rules_windows(explanation->view, &question->name, question->type))
        because(explanation, "old Windows asks such questions without end");
    else
        because(explanation, "not one of those");
    by_line(explanation, &filters->filter_win2k_place);
}

static void explain_rules(const struct dns_explanation *explanation)
{
    static const char *const kinds[] = {
        [DNS_ROUTE_ADDRESS] = "address= gives it an address",
        [DNS_ROUTE_NULL] = "address= gives it the null address",
        [DNS_ROUTE_LOCAL] = "it is answered here only: no server is asked",
        [DNS_ROUTE_FORWARD] = "it may be forwarded",
    };
    because(explanation, kinds[explanation->route.kind]);
}

/* Of both, as far as one function decides them. */
static void explain_fate(const struct dns_explanation *explanation, enum question_fate fate)
{
    const struct dns_config *config = explanation->view->config;
    const struct dns_explain_question *question = explanation->question;
    bool is_set = fate == QUESTION_PRIVATE ? config->bogus_priv : config->domain_needed;

    if (!is_set) {
        because(explanation, "the option is not set");
        return;
    }
    if (question_rules_fate(explanation->view, &question->name, question->type, &explanation->route)
        != fate)
        because(explanation, fate == QUESTION_PRIVATE
                                 ? "no reverse name of a private address, or a server is set for it"
                                 : "the name has a dot, or no address is asked for");
    else
        because(explanation, fate == QUESTION_PRIVATE
                                 ? "a private address that nobody here has"
                                 : "a name without a dot is not asked upstream");
    by_line(explanation,
            fate == QUESTION_PRIVATE ? &config->bogus_priv_place : &config->domain_needed_place);
}

static void explain_forward(const struct dns_explanation *explanation)
{
    const struct dns_rehearsal *rehearsal = &explanation->rehearsal;

    if (rehearsal->server_count > 0)
        because(explanation, "nothing here answers it");
    else if (explanation->view->groups[explanation->route.group].count == 0)
        because(explanation, "nothing here answers it, and there is no server to ask");
    else if (rehearsal->failure_told && rehearsal->failure_rcode == RCODE_REFUSED)
        because(explanation, "no server can be asked now");
    else
        because(explanation, "all servers have just failed to answer this question (RFC 9520)");
}

static void explain_step(const struct dns_explanation *explanation, enum dns_step step)
{
    switch (step) {
    case DNS_STEP_ADMISSION:
        explain_admission(explanation);
        break;
    case DNS_STEP_MARK:
        because(explanation, "the question here comes on no connection, so it has no mark");
        break;
    case DNS_STEP_ZONES:
        explain_zones(explanation);
        break;
    case DNS_STEP_LOOP:
        because(explanation, explanation->rehearsal.step == step
                                 ? "a question of our own, come back from a server"
                                 : "not one of our own questions");
        break;
    case DNS_STEP_QUESTION:
        explain_question(explanation);
        break;
    case DNS_STEP_LOCAL:
        dns_explain_local(explanation);
        break;
    case DNS_STEP_WINDOWS:
        explain_windows(explanation);
        break;
    case DNS_STEP_RULES:
        explain_rules(explanation);
        break;
    case DNS_STEP_PRIVATE:
        explain_fate(explanation, QUESTION_PRIVATE);
        break;
    case DNS_STEP_UNQUALIFIED:
        explain_fate(explanation, QUESTION_UNQUALIFIED);
        break;
    case DNS_STEP_CACHE:
        dns_explain_cache(explanation);
        break;
    case DNS_STEP_FORWARD:
        explain_forward(explanation);
        break;
    case DNS_STEP_PACKET: /* ours is sound and of class IN */
    case DNS_STEP_CHAOS:
    case DNS_STEP_COUNT:
        break;
    }
}

/* Every step up to the one that settled it; the packet and the class are of our own making. */
static void put_steps(const struct dns_explanation *explanation)
{
    struct report *report = explanation->report;

    report_begin_list(report, "steps");
    for (unsigned step = 0; step <= (unsigned)explanation->rehearsal.step; step++) {
        if (step == DNS_STEP_PACKET || step == DNS_STEP_CHAOS
            || (step == DNS_STEP_LOOP && explanation->rehearsal.worker->setup.loops == NULL)
            || (step == DNS_STEP_MARK && !explanation->view->config->firewall.allowlist))
            continue;
        begin_step(explanation, (enum dns_step)step);
        explain_step(explanation, (enum dns_step)step);
        report_end(report);
    }
    report_end(report);
}

/* ------------------------------------------------------------------ the whole */

enum status dns_explain(const struct dns_worker *worker,
                        const struct dns_explain_question *question, struct instant now,
                        struct report *report)
{
    struct dns_explanation explanation = {
        .worker = worker,
        .question = question,
        .view = snapshot_read(worker->setup.view),
        .now = now,
        .report = report,
        .hash = dname_hash(&worker->setup.key, &question->name),
    };
    explanation.route = dns_view_route_traced(explanation.view, &question->name, question->type,
                                              &explanation.trace);
    enum status status = dns_rehearse(&explanation.rehearsal, worker, &question->name,
                                      question->type, &question->client, now);
    if (status == STATUS_OK) {
        enum dns_step step = explanation.rehearsal.step;
        put_question(&explanation);
        put_steps(&explanation);
        if (step >= DNS_STEP_RULES)
            dns_explain_routes(&explanation);
        if (step >= DNS_STEP_CACHE) {
            status = dns_explain_upstreams(&explanation);
            dns_explain_filters(&explanation);
        }
        dns_explain_answer(&explanation);
    }
    dns_rehearsal_free(&explanation.rehearsal);
    return status;
}

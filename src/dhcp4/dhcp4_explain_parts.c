#include "dhcp4/dhcp4_explain_state.h"

#include "dhcp4/dhcp4_boot.h"
#include "dhcp4/dhcp4_detail.h"

#define VALUE_MAX  4096
#define ENCAP_CODE 43

/* ------------------------------------------------------------------ tags */

void dhcp4_explain_tags(const struct dhcp4_explanation *explanation, const struct tag_set *tags)
{
    struct dhcp4_exchange *exchange = explanation->exchange;
    const struct dhcp_range *range = NULL;

    if (!address_is_none(&explanation->address)) {
        const struct dhcp4_scope_range *of =
            dhcp4_scope_network(&exchange->scope, &explanation->address, &exchange->tags,
                                &explanation->server->tags.names);
        range = of != NULL ? of->range : NULL;
    }
    struct tag_facts facts = dhcp4_exchange_tag_facts(exchange, range);
    dhcp_explain_tags(explanation->report, &explanation->server->tags, &facts, tags);
}

/* ------------------------------------------------------------------ options */

/* The line of an option that holds others: the first that is put into it. */
static const struct dhcp_option_rule *line_of(const struct option_pick *pick, unsigned code)
{
    if (pick->top4[code] != NULL)
        return pick->top4[code];
    for (size_t i = 0; i < pick->count; i++) {
        const struct dhcp_option_rule *rule = pick->rules[i];
        if ((rule->scope == DHCP_SCOPE_VENDOR && code == ENCAP_CODE)
            || (rule->scope == DHCP_SCOPE_ENCAP && code == rule->encap))
            return rule;
    }
    return NULL;
}

static void put_sent(const struct dhcp4_explanation *explanation, unsigned code, struct bytes value)
{
    struct report *report = explanation->report;
    const struct dhcp_option_rule *line = line_of(&explanation->server->options, code);
    char text[VALUE_MAX];
    struct text_out out = text_out_on(text, sizeof(text));

    report_begin(report, NULL);
    dhcp_explain_code(report, code, dhcp4_code_find(code));
    dhcp4_detail_put_value(&out, code, value);
    report_string(report, "value", text_out_text(&out));
    dhcp_explain_line(report, line);
    report_end(report);
}

/* What is in a field of the header does not count as left out. */
static bool is_sent(const struct dhcp4_message *sent, const struct dhcp_option_rule *rule)
{
    struct bytes value;
    unsigned code = rule->scope == DHCP_SCOPE_ENCAP    ? rule->encap
                    : rule->scope == DHCP_SCOPE_VENDOR ? ENCAP_CODE
                                                       : rule->code;
    return rule->scope == DHCP_SCOPE_VI_ENCAP || dhcp4_option_first(sent, code, &value)
           || (code == DHCP4_BOOTFILE && sent->file.count > 0 && sent->file.at[0] != 0)
           || (code == DHCP4_TFTP_SERVER && sent->sname.count > 0 && sent->sname.at[0] != 0);
}

static void put_left_out(const struct dhcp4_explanation *explanation,
                         const struct dhcp4_message *sent, const struct dhcp_option_rule *rule,
                         const struct tag_set *tags)
{
    const struct option_pick *pick = &explanation->server->options;
    struct report *report = explanation->report;

    if (rule->ip6 || (dhcp_explain_is_picked(pick, rule) && is_sent(sent, rule)))
        return;
    report_begin(report, NULL);
    dhcp_explain_code(report, rule->code, dhcp4_code_find(rule->code));
    dhcp_explain_left_out(report, rule, pick, &explanation->server->tags.names, tags,
                          TEXT("not for this client, or the server's own affair"));
    report_end(report);
}

/* ------------------------------------------------------------------ booting */

static void put_field(struct report *report, const char *name, struct bytes field)
{
    struct text text = text_from_bytes(field);
    text = text_part(text, 0, text_find(text, '\0'));
    if (text.count > 0)
        report_string(report, name, text);
}

static void put_boot(const struct dhcp4_explanation *explanation, const struct dhcp4_message *sent,
                     const struct tag_set *tags)
{
    const struct dhcp_boot *line = dhcp4_boot_choose(explanation->server, tags);
    struct report *report = explanation->report;
    char text[ADDRESS_TEXT_MAX];

    report_begin(report, "boot");
    if (line != NULL)
        report_place(report, "line", &line->place);
    if (!address_is_any(&sent->siaddr))
        report_string(report, "next_server", text_of(address_text(&sent->siaddr, text)));
    if ((sent->overload & 1) == 0)
        put_field(report, "file", sent->file);
    if ((sent->overload & 2) == 0)
        put_field(report, "server_name", sent->sname);
    report_end(report);
}

void dhcp4_explain_options(const struct dhcp4_explanation *explanation, struct bytes message,
                           const struct tag_set *tags)
{
    const struct dhcp_config *config = explanation->server->setup.config;
    struct report *report = explanation->report;
    struct dhcp4_message sent;

    if (dhcp4_message_read(message, &sent) != STATUS_OK)
        return;
    report_begin_list(report, "options");
    for (unsigned i = 0; i < sent.option_count; i++) {
        const struct dhcp4_option_place *place = &sent.options[i];
        struct bytes_reader reader = bytes_reader_on(sent.bytes);
        bytes_reader_seek(&reader, place->offset);
        if (place->code != DHCP4_OVERLOAD)
            put_sent(explanation, place->code, bytes_read_span(&reader, place->count));
    }
    report_end(report);
    put_boot(explanation, &sent, tags);
    report_begin_list(report, "left_out");
    size_t looked = 0;
    for (; looked < config->option_count && !dhcp4_explain_is_full(report); looked++)
        put_left_out(explanation, &sent, &config->options[looked], tags);
    report_end(report);
    if (looked < config->option_count)
        report_number(report, "option_lines_not_shown", (int64_t)(config->option_count - looked));
}

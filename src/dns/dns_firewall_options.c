/* The options about the firewall: names whose addresses go into its sets, and marks of
 * connections. */
#include "config/option.h"
#include "dns/connmark.h"
#include "dns/dns_rule_options.h"
#include "dns/firewall_rules.h"

/* The table is found by the daemon, which lists it in daemon/daemon_config.h. */
extern const struct option dns_firewall_options[];
extern const size_t dns_firewall_option_count;

#define LINE_MAX_BYTES   4096
#define FIREWALL(member) offsetof(struct dns_config, firewall.member)

static struct firewall_config *firewall_of(struct option_context *context)
{
    struct dns_config *dns = context->part;
    return &dns->firewall;
}

static const struct firewall_config *firewall_in(const void *part)
{
    const struct dns_config *dns = part;
    return &dns->firewall;
}

/* ------------------------------------------------------------------ sets */

static const char *const families[] = {
    [FIREWALL_INET] = "inet", [FIREWALL_IP] = "ip",         [FIREWALL_IP6] = "ip6",
    [FIREWALL_ARP] = "arp",   [FIREWALL_BRIDGE] = "bridge", [FIREWALL_NETDEV] = "netdev",
};

static bool find_family(struct text word, uint8_t *family)
{
    for (uint8_t i = 0; i < COUNT_OF(families); i++) {
        if (text_equal(word, text_of(families[i]))) {
            *family = i;
            return true;
        }
    }
    return false;
}

/* "[4#|6#][family#]table#set", taken apart at the hashes. */
#define NFT_WORDS_MAX 4

static size_t split_words(struct text text, struct text words[NFT_WORDS_MAX + 1])
{
    size_t count = 0;
    while (count <= NFT_WORDS_MAX) {
        size_t hash = text_find(text, '#');
        words[count++] = text_part(text, 0, hash);
        if (hash == SIZE_MAX)
            break;
        text = text_after(text, hash + 1);
    }
    return count;
}

static enum status fail_nft(struct option_context *context, struct text text)
{
    return option_fail(context, text, NULL,
                       "\"%.*s\" is not a set of nftables (write TABLE#SET or FAMILY#TABLE#SET, "
                       "as in inet#filter#streams, perhaps with 4# or 6# before it)",
                       TEXT_ARG(text));
}

static enum status read_nft(struct option_context *context, struct text text,
                            struct firewall_set *set)
{
    struct text words[NFT_WORDS_MAX + 1];
    size_t count = split_words(text, words);
    size_t at = 0;

    if (count > 2 && (text_equal(words[0], TEXT("4")) || text_equal(words[0], TEXT("6"))))
        set->only = words[at++].at[0] == '4' ? ADDRESS_IP4 : ADDRESS_IP6;
    set->family = FIREWALL_IP;
    if (count - at == 3) {
        if (!find_family(words[at], &set->family))
            return option_fail(context, words[at], NULL,
                               "\"%.*s\" is not a family of nftables (ip, ip6, inet, arp, bridge "
                               "or netdev)",
                               TEXT_ARG(words[at]));
        set->family_given = true;
        at++;
    }
    if (count - at != 2)
        return fail_nft(context, text);
    for (size_t i = at; i < count; i++) {
        if (words[i].count == 0 || words[i].count > FIREWALL_NFT_NAME_MAX)
            return fail_nft(context, text);
    }
    set->table = option_string(context, words[at]);
    set->name = option_string(context, words[at + 1]);
    return set->table != NULL && set->name != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_ipset(struct option_context *context, struct text text,
                              struct firewall_set *set)
{
    if (text.count > FIREWALL_IPSET_NAME_MAX)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is too long for the name of an ipset (%d characters)",
                           TEXT_ARG(text), FIREWALL_IPSET_NAME_MAX);
    set->name = option_string(context, text);
    return set->name != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

/* As it stands in the log. */
static enum status keep_text(struct option_context *context, struct text text,
                             struct firewall_set *set)
{
    char *kept = arena_string(context->arena, text);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    for (char *c = kept; *c != '\0' && set->kind == FIREWALL_NFT; c++)
        *c = *c == '#' ? ' ' : *c;
    set->text = kept;
    return STATUS_OK;
}

/* A set, which is new or was named before. */
static enum status find_set(struct option_context *context, const struct firewall_set *set,
                            uint16_t *index)
{
    struct firewall_config *firewall = firewall_of(context);

    for (size_t i = 0; i < firewall->set_count; i++) {
        const struct firewall_set *other = &firewall->sets[i];
        if (other->kind == set->kind && strcmp(other->text, set->text) == 0) {
            *index = (uint16_t)i;
            return STATUS_OK;
        }
    }
    if (firewall->set_count == FIREWALL_SETS_MAX)
        return option_fail(context, TEXT_NONE, NULL, "more than %d sets of the firewall",
                           FIREWALL_SETS_MAX);
    struct firewall_set *kept = option_append(context, &firewall->sets, &firewall->set_count,
                                              &firewall->set_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = *set;
    *index = (uint16_t)(firewall->set_count - 1);
    return STATUS_OK;
}

static enum status read_set(struct option_context *context, struct text text,
                            struct firewall_list *list)
{
    struct firewall_set set = { .kind = list->kind };
    uint16_t index = 0;

    enum status status = list->kind == FIREWALL_IPSET ? read_ipset(context, text, &set)
                                                      : read_nft(context, text, &set);
    if (status == STATUS_OK)
        status = keep_text(context, text, &set);
    if (status == STATUS_OK)
        status = find_set(context, &set, &index);
    if (status != STATUS_OK)
        return status;
    uint16_t *kept = option_append(context, &list->sets, &list->count, &list->room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = index;
    return STATUS_OK;
}

/* Fields left empty are passed over. */
static enum status read_sets(struct option_context *context, struct value target,
                             struct firewall_list *list)
{
    struct value whole = target;
    struct value field;
    enum status status = STATUS_OK;

    while (status == STATUS_OK && value_next_field(&target, ',', &field)) {
        if (field.text.count > 0)
            status = read_set(context, field.text, list);
    }
    if (status == STATUS_OK && list->count == 0)
        return option_fail(context, whole.text, NULL,
                           "the set is missing (it stands after the domains, as in %s)",
                           list->kind == FIREWALL_IPSET ? "/video.example/streams"
                                                        : "/video.example/inet#filter#streams");
    return status;
}

static enum status fail_rules(struct option_context *context, enum status status)
{
    return option_fail_whole(context->errors, context->arena, context->place, 4,
                             "could not get memory", "no room for the lines about sets: %s",
                             status_text(status));
}

static enum status add_domain(struct option_context *context, struct text text,
                              enum firewall_set_kind kind, uint32_t list)
{
    struct firewall_config *firewall = firewall_of(context);
    struct dns_rule rule = { .match = DNS_RULE_ANY };
    bool never = false;

    enum status status = STATUS_OK;
    if (text.at != NULL)
        status = dns_read_pattern(context, text, &rule, &never);
    if (status != STATUS_OK || never)
        return status;
    if (firewall->rules == NULL)
        status = firewall_rules_create(&firewall->rules);
    if (status == STATUS_OK)
        status = firewall_rules_add(firewall->rules, rule.match, &rule.domain, kind, list);
    return status == STATUS_OK ? STATUS_OK : fail_rules(context, status);
}

static enum status add_domains(struct option_context *context, struct text domains,
                               enum firewall_set_kind kind, uint32_t list)
{
    enum status status = STATUS_OK;

    if (domains.at == NULL)
        return add_domain(context, TEXT_NONE, kind, list);
    for (size_t from = 0; status == STATUS_OK && from <= domains.count;) {
        struct text rest = text_after(domains, from);
        size_t slash = text_find(rest, '/');
        status = add_domain(context, text_trim(text_part(rest, 0, slash)), kind, list);
        from = slash == SIZE_MAX ? domains.count + 1 : from + slash + 1;
    }
    return status;
}

/* "/a/b/sets", or the sets alone for every name. */
static enum status read_list(struct option_context *context, struct value value,
                             enum firewall_set_kind kind)
{
    struct firewall_config *firewall = firewall_of(context);
    struct firewall_list list = { .kind = (uint8_t)kind };
    struct text domains;
    struct value target;

    dns_split_domains(value, &domains, &target);
    if (domains.at != NULL && value.text.count > 0 && text_find_last(value.text, '/') == 0)
        return option_fail(context, value.text, NULL, "the set is missing (write \"%.*s/SET\")",
                           TEXT_ARG(value.text));
    enum status status = read_sets(context, target, &list);
    if (status != STATUS_OK)
        return status;
    struct firewall_list *kept = option_append(context, &firewall->lists, &firewall->list_count,
                                               &firewall->list_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = list;
    return add_domains(context, domains, kind, (uint32_t)(firewall->list_count - 1));
}

static enum status read_ipsets(struct option_context *context, struct value value)
{
    return read_list(context, value, FIREWALL_IPSET);
}

static enum status read_nftsets(struct option_context *context, struct value value)
{
    return read_list(context, value, FIREWALL_NFT);
}

static void put_set(struct text_out *out, const struct firewall_set *set)
{
    for (const char *c = set->text; *c != '\0'; c++)
        text_put_char(out, *c == ' ' && set->kind == FIREWALL_NFT ? '#' : *c);
}

static void print_lists(const void *part, struct option_printer *printer,
                        enum firewall_set_kind kind)
{
    const struct firewall_config *firewall = firewall_in(part);
    struct dns_rule rule = { .server = 0 };
    uint32_t walk = 0;
    uint32_t index;

    while (
        firewall->rules != NULL
        && firewall_rules_next(firewall->rules, kind, &walk, &rule.match, &rule.domain, &index)) {
        const struct firewall_list *list = &firewall->lists[index];
        char line[LINE_MAX_BYTES];
        char quoted[2 * LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        struct text_out quoting = text_out_on(quoted, sizeof quoted);
        text_put_char(&out, '/');
        dns_put_pattern(&out, &rule);
        for (size_t i = 0; i < list->count; i++) {
            text_put_char(&out, i == 0 ? '/' : ',');
            put_set(&out, &firewall->sets[list->sets[i]]);
        }
        option_put_whole(&quoting, text_out_text(&out));
        option_print_value(printer, "%s", quoted);
    }
}

static void print_ipsets(const void *part, struct option_printer *printer)
{
    print_lists(part, printer, FIREWALL_IPSET);
}

static void print_nftsets(const void *part, struct option_printer *printer)
{
    print_lists(part, printer, FIREWALL_NFT);
}

/* ------------------------------------------------------------------ marks */

static enum status read_number(struct option_context *context, struct text text, uint32_t *number)
{
    if (text_to_u32(text, number) != STATUS_OK)
        return option_fail(context, text, NULL,
                           "\"%.*s\" is not a mark (a decimal number up to 4294967295)",
                           TEXT_ARG(text));
    return STATUS_OK;
}

static enum status read_enable(struct option_context *context, struct value value)
{
    struct firewall_config *firewall = firewall_of(context);
    struct text text = text_trim(value.text);
    uint32_t mask = UINT32_MAX;

    if (value.text.at != NULL) {
        enum status status = read_number(context, text, &mask);
        if (status != STATUS_OK)
            return status;
        if (mask == 0)
            return option_fail(context, text, NULL,
                               "under the mask 0 no connection has a mark (leave it out for all "
                               "bits)");
    }
    firewall->allowlist = true;
    firewall->allow_mask = mask;
    firewall->allow_mask_given = value.text.at != NULL;
    return STATUS_OK;
}

static void print_enable(const void *part, struct option_printer *printer)
{
    const struct firewall_config *firewall = firewall_in(part);

    if (!firewall->allowlist)
        return;
    if (firewall->allow_mask_given)
        option_print_value(printer, "%u", firewall->allow_mask);
    else
        option_print_flag(printer);
}

static enum status read_mark(struct option_context *context, struct text text,
                             struct connmark_entry *entry)
{
    size_t slash = text_find(text, '/');

    enum status status = read_number(context, text_part(text, 0, slash), &entry->mark);
    entry->mask = UINT32_MAX;
    entry->mask_given = slash != SIZE_MAX;
    if (status == STATUS_OK && entry->mask_given)
        status = read_number(context, text_after(text, slash + 1), &entry->mask);
    return status;
}

static enum status check_mark(struct option_context *context, struct text text,
                              const struct connmark_entry *entry)
{
    if (entry->mark == 0)
        return option_fail(context, text, NULL,
                           "the mark 0 is none: such connections may look up anything");
    if ((entry->mark & ~entry->mask) != 0)
        return option_fail(context, text, NULL,
                           "the mark %u is not within the mask %u, so no connection can have it",
                           entry->mark, entry->mask);
    return STATUS_OK;
}

static enum status read_connmark_pattern(struct option_context *context, struct text text,
                                         struct connmark_entry *entry)
{
    bool everything = text_equal(text, TEXT(CONNMARK_EVERYTHING));
    const char *fault = everything ? NULL : connmark_pattern_fault(text);

    if (fault != NULL)
        return option_fail(context, text, NULL, "\"%.*s\" is not a pattern of names: %s",
                           TEXT_ARG(text), fault);
    const char **kept =
        option_append(context, &entry->patterns, &entry->count, &entry->room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = option_string(context, text);
    entry->everything = entry->everything || everything;
    return *kept != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static enum status read_allowlist(struct option_context *context, struct value value)
{
    struct firewall_config *firewall = firewall_of(context);
    struct connmark_entry entry = { .mask = 0 };
    struct value mark;
    struct value patterns;
    struct value more;

    if (!value_next_field(&value, ',', &mark))
        return option_fail(context, TEXT_NONE, NULL, "a mark is missing");
    enum status status = read_mark(context, mark.text, &entry);
    bool has_patterns = value_next_field(&value, ',', &patterns);
    if (status == STATUS_OK && value_next_field(&value, ',', &more))
        return option_fail(context, more.text, NULL,
                           "\"%.*s\": patterns stand between slashes, not commas",
                           TEXT_ARG(more.text));
    /* A line without patterns allows nothing, whatever its mark. */
    if (status == STATUS_OK && has_patterns)
        status = check_mark(context, mark.text, &entry);
    while (status == STATUS_OK && has_patterns && value_next_field(&patterns, '/', &more))
        status = read_connmark_pattern(context, more.text, &entry);
    if (status != STATUS_OK)
        return status;
    struct connmark_entry *kept = option_append(context, &firewall->entries, &firewall->entry_count,
                                                &firewall->entry_room, sizeof *kept);
    if (kept == NULL)
        return STATUS_NO_MEMORY;
    *kept = entry;
    return STATUS_OK;
}

static void print_allowlist(const void *part, struct option_printer *printer)
{
    const struct firewall_config *firewall = firewall_in(part);

    for (size_t i = 0; i < firewall->entry_count; i++) {
        const struct connmark_entry *entry = &firewall->entries[i];
        char line[LINE_MAX_BYTES];
        struct text_out out = text_out_on(line, sizeof line);
        text_printf(&out, "%u", entry->mark);
        if (entry->mask_given)
            text_printf(&out, "/%u", entry->mask);
        for (size_t k = 0; k < entry->count; k++)
            text_printf(&out, "%c%s", k == 0 ? ',' : '/', entry->patterns[k]);
        option_print_value(printer, "%s", line);
    }
}

/* ------------------------------------------------------------------ rows */

/* clang-format off */
const struct option dns_firewall_options[] = {
    {
        .name = "ipset", .kind = OPTION_STRUCTURED, .area = "firewall",
        .shape = "[/<domain>/{<domain>/}]<set>{,<set>}",
        .read = read_ipsets, .print = print_ipsets,
        .help = "Put the addresses of these domains into IP sets of the firewall",
        .doc = DOC("When an answer comes from a server, every IPv4 and IPv6 address in it is put into each of the "
               "sets, which must exist; an address of the other family than the set's is passed over. Domains "
               "are those of server=, and the name that was asked for counts, not those it is an alias of. The "
               "most specific domain decides; of two lines for the same domain the first holds. Where a set was "
               "made with timeouts, the address stays as long as the answer may be used, but at least ten "
               "seconds, and longer when it is given again from the cache; a set's own timeout is the shortest "
               "that is given."),
        .examples = EXAMPLES("ipset=/video.example/streams", "ipset=/a.example/b.example/one,two"),
    },
    {
        .name = "nftset", .kind = OPTION_STRUCTURED, .area = "firewall",
        .shape = "[/<domain>/{<domain>/}]<set>{,<set>}, set = [4#|6#][<family>#]<table>#<name>",
        .read = read_nftsets, .print = print_nftsets,
        .help = "Put the addresses of these domains into nftables sets",
        .doc = DOC("As ipset, with sets of nftables. 4# or 6# before a set gives it the addresses of that family only; "
               "without, addresses that the set cannot hold are errors, which are logged. The family of the table "
               "is ip unless it is given. The set may be one of intervals, and have timeouts: then addresses stay "
               "as long as the answer may be used, or as long as the set says when that is longer."),
        .examples = EXAMPLES("nftset=/video.example/inet#filter#streams",
                             "nftset=/video.example/4#ip#filter#v4,6#ip6#filter#v6"),
    },
    {
        .name = "conntrack", .kind = OPTION_FLAG, .area = "firewall", .field = FIREWALL(conntrack),
        .shape = "",
        .help = "Give forwarded queries the connection mark of the client's",
        .doc = DOC("So that rules can tell whose traffic they cause. Questions with different marks are asked "
               "separately. Not together with query-port, which has all of them leave from one port."),
        .examples = EXAMPLES("conntrack"),
    },
    {
        .name = "connmark-allowlist-enable", .kind = OPTION_STRUCTURED, .once = true, .value_optional = true,
        .area = "firewall", .shape = "[<mask>]", .read = read_enable, .print = print_enable,
        .help = "Answer marked clients only for names on their lists",
        .doc = DOC("The mark of a client's connection is looked at under the mask (all bits unless given). Clients "
               "without a mark are answered as ever; those with one only for names that a connmark-allowlist line "
               "for it allows, and refused otherwise. Only the name asked for counts, not what it is an alias of."),
        .examples = EXAMPLES("connmark-allowlist-enable", "connmark-allowlist-enable=255"),
    },
    {
        .name = "connmark-allowlist", .kind = OPTION_STRUCTURED, .area = "firewall",
        .shape = "<mark>[/<mask>][,<pattern>{/<pattern>}]", .read = read_allowlist, .print = print_allowlist,
        .help = "The names that clients with this mark may look up",
        .doc = DOC("Marks are compared under the mask. A pattern is a name of two labels or more, in which each label "
               "but the last two may hold up to two '*' for any characters but dots: *.example.com allows "
               "api.example.com, not api.us.example.com and not example.com. '*' alone allows every name. Without "
               "a pattern none is allowed."),
        .examples = EXAMPLES("connmark-allowlist=1,*.example.com/www.example.net",
                             "connmark-allowlist=2/3,*"),
    },
};
/* clang-format on */

const size_t dns_firewall_option_count = COUNT_OF(dns_firewall_options);

#include "daemon/script_environment.h"

#include <inttypes.h>

#include "model/lease_facts.h"

#define PREFIX        "DNSMASQ_" /* under either name: scripts look for it */
#define NAME_MAX_HERE 64
#define HEX_TEXT_MAX  (3 * SCRIPT_ID_MAX + 8)

static const char *const action_words[SCRIPT_ACTION_COUNT] = {
    [SCRIPT_ADD] = "add",
    [SCRIPT_OLD] = "old",
    [SCRIPT_DEL] = "del",
    [SCRIPT_TFTP] = "tftp",
    [SCRIPT_ARP_ADD] = "arp-add",
    [SCRIPT_ARP_DEL] = "arp-del",
    [SCRIPT_RELAY_SNOOP] = "relay-snoop",
};

const char *script_action_word(enum script_action action)
{
    return action_words[action];
}

static bool is_lease(const struct script_record *record)
{
    return record->action == SCRIPT_ADD || record->action == SCRIPT_OLD
           || record->action == SCRIPT_DEL;
}

static bool is_ip6_lease(const struct script_record *record)
{
    return is_lease(record) && record->address.family == ADDRESS_IP6;
}

void text_put_script_client(struct text_out *out, const struct script_record *record)
{
    if (is_ip6_lease(record))
        text_put_hex(out, record->client_id, ':');
    else
        text_put_hardware(out, &record->hardware);
}

/* ------------------------------------------------------------------ variables */

struct telling {
    void (*each)(void *context, const char *name, struct text value);
    void *context;
};

/* Empty values are not told, as if they were not there. */
static void tell(const struct telling *telling, const char *name, struct text value)
{
    value = text_part(value, 0, text_find(value, '\0'));
    if (!text_is_empty(value))
        telling->each(telling->context, name, value);
}

static void tell_hex(const struct telling *telling, const char *name, struct bytes value)
{
    char buffer[HEX_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_put_hex(&out, value, ':');
    tell(telling, name, text_out_text(&out));
}

static void tell_number(const struct telling *telling, const char *name, int64_t value)
{
    char buffer[32];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_printf(&out, "%" PRId64, value);
    tell(telling, name, text_out_text(&out));
}

static void tell_address(const struct telling *telling, const char *name,
                         const struct address *address)
{
    char buffer[ADDRESS_TEXT_MAX];
    if (!address_is_none(address))
        tell(telling, name, text_of(address_text(address, buffer)));
}

static void tell_class(const struct telling *telling, const char *name, unsigned index,
                       struct bytes value)
{
    char buffer[NAME_MAX_HERE];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    text_printf(&out, "%s%u", name, index);
    tell(telling, buffer, text_from_bytes(value));
}

static void tell_facts(const struct telling *telling, const struct script_record *record)
{
    static const char *const names[LEASE_FACT_COUNT] = {
        [LEASE_FACT_VENDOR_CLASS] = "VENDOR_CLASS",
        [LEASE_FACT_SUPPLIED_NAME] = "SUPPLIED_HOSTNAME",
        [LEASE_FACT_REQUESTED] = "REQUESTED_OPTIONS",
        [LEASE_FACT_TAGS] = "TAGS",
        [LEASE_FACT_MUD_URL] = "MUD_URL",
        [LEASE_FACT_CIRCUIT_ID] = "CIRCUIT_ID",
        [LEASE_FACT_SUBSCRIBER_ID] = "SUBSCRIBER_ID",
        [LEASE_FACT_REMOTE_ID] = "REMOTE_ID",
        [LEASE_FACT_CPEWAN_OUI] = "CPEWAN_OUI",
        [LEASE_FACT_CPEWAN_SERIAL] = "CPEWAN_SERIAL",
        [LEASE_FACT_CPEWAN_CLASS] = "CPEWAN_CLASS",
        [LEASE_FACT_VENDOR_ID] = "VENDOR_CLASS_ID",
    };
    struct bytes_reader reader = bytes_reader_on(record->facts);
    enum lease_fact fact;
    struct bytes value;
    unsigned user_classes = 0;
    unsigned vendor_classes = 0;
    while (lease_facts_next(&reader, &fact, &value)) {
        if (fact == LEASE_FACT_USER_CLASS && user_classes < LEASE_FACT_CLASSES)
            tell_class(telling, "USER_CLASS", user_classes++, value);
        else if (fact == LEASE_FACT_VENDOR_CLASS && is_ip6_lease(record)
                 && vendor_classes < LEASE_FACT_CLASSES)
            tell_class(telling, "VENDOR_CLASS", vendor_classes++, value);
        else if (names[fact] != NULL && !(fact == LEASE_FACT_VENDOR_CLASS && is_ip6_lease(record)))
            tell(telling, names[fact], text_from_bytes(value));
    }
}

static void tell_ip6(const struct telling *telling, const struct script_record *record)
{
    char buffer[HARDWARE_TEXT_MAX];
    struct text_out out = text_out_on(buffer, sizeof(buffer));
    const char *kind = record->temporary ? "T" : record->prefix_length > 0 ? "P" : "";
    text_printf(&out, "%s%" PRIu32, kind, record->iaid);
    tell(telling, "IAID", text_out_text(&out));
    tell_hex(telling, "SERVER_DUID", record->server_duid);
    tell_address(telling, "CLIENT_ADDRESS", &record->client);
    if (record->hardware.count == 0)
        return;
    text_out_rewind(&out, 0);
    text_put_hardware(&out, &record->hardware);
    tell(telling, "MAC", text_out_text(&out));
}

static void tell_lease(const struct telling *telling, const struct script_record *record,
                       wall_s now)
{
    if (is_ip6_lease(record))
        tell_ip6(telling, record);
    else
        tell_hex(telling, "CLIENT_ID", record->client_id);
    tell(telling, "INTERFACE", record->interface);
    tell_number(telling, "LEASE_EXPIRES", record->expires);
    tell(telling, "DOMAIN", record->domain);
    if (!record->has_facts)
        tell(telling, "DATA_MISSING", TEXT("1"));
    tell_address(telling, "RELAY_ADDRESS", &record->relay);
    if (record->action != SCRIPT_DEL && record->expires > now)
        tell_number(telling, "TIME_REMAINING", record->expires - now);
    tell(telling, "OLD_HOSTNAME", record->old_name);
    /* Strangers' words last: they must not leave ours without room. */
    if (record->has_facts)
        tell_facts(telling, record);
}

void script_environment_each(const struct script_record *record, const struct script_moment *moment,
                             void (*each)(void *context, const char *name, struct text value),
                             void *context)
{
    const struct telling telling = { each, context };
    if (moment->log_dhcp)
        tell(&telling, "LOG_DHCP", TEXT("1"));
    if (is_lease(record))
        tell_lease(&telling, record, moment->now);
}

/* ------------------------------------------------------------------ ours */

bool script_environment_passes(const char *variable)
{
    static const char *const kept_back[] = { "BASH_ENV",   "ENV",           "IFS",
                                             "SHELLOPTS",  "BASHOPTS",      "NOTIFY_SOCKET",
                                             "LISTEN_FDS", "LISTEN_PID",    "LISTEN_FDNAMES",
                                             "MAINPID",    "WATCHDOG_USEC", "WATCHDOG_PID" };
    struct text text = text_of(variable);
    size_t end = text_find(text, '=');
    struct text name = text_part(text, 0, end);
    if (end == SIZE_MAX || text_is_empty(name) || text_starts(name, TEXT("LD_"))
        || text_starts(name, TEXT("BASH_FUNC_")) || text_starts(name, TEXT(PREFIX)))
        return false;
    for (size_t i = 0; i < COUNT_OF(kept_back); i++)
        if (text_equal(name, text_of(kept_back[i])))
            return false;
    return true;
}

/* ------------------------------------------------------------------ a call */

/* A stranger's words in a careless script are evaluated by its shell: nothing of theirs may mean
 * something to one (R12). Our own words have no such characters. */
static char harmless(char c)
{
    bool is_plain =
        c >= ' ' && c <= '~' && text_find(TEXT("$`\"'\\;&|<>(){}[]*?!#~"), c) == SIZE_MAX;
    return is_plain ? c : '_';
}

static void put_harmless(struct text_out *out, struct text text)
{
    for (size_t i = 0; i < text.count; i++)
        text_put_char(out, harmless(text.at[i]));
}

/* Text at the end of the call's memory; NULL when there is no room. */
static struct text_out begin(struct script_call *call)
{
    return text_out_on(call->memory + call->used, sizeof(call->memory) - call->used);
}

static char *end(struct script_call *call, const struct text_out *out)
{
    if (out->failed || call->used + out->count + 1 >= sizeof(call->memory))
        return NULL;
    call->used += out->count + 1;
    return out->start;
}

static void add_word(struct script_call *call, const struct text_out *out)
{
    char *word = end(call, out);
    if (word != NULL && call->word_count < SCRIPT_WORDS_MAX)
        call->words[call->word_count++] = word;
}

static void add_text(struct script_call *call, struct text text)
{
    struct text_out out = begin(call);
    put_harmless(&out, text_part(text, 0, text_find(text, '\0')));
    add_word(call, &out);
}

/* A file's name is what it is: with other characters it would be another file's. */
static void add_path(struct script_call *call, struct text path)
{
    struct text_out out = begin(call);
    text_put(&out, text_part(path, 0, text_find(path, '\0')));
    add_word(call, &out);
}

static void add_address(struct script_call *call, const struct address *address)
{
    struct text_out out = begin(call);
    text_put_address(&out, address);
    add_word(call, &out);
}

/* What the lease is of: an address, or a prefix for the script to route. */
static void add_leased(struct script_call *call, const struct script_record *record)
{
    struct text_out out = begin(call);
    text_put_address(&out, &record->address);
    if (record->prefix_length > 0)
        text_printf(&out, "/%u", (unsigned)record->prefix_length);
    add_word(call, &out);
}

static void add_client(struct script_call *call, const struct script_record *record)
{
    struct text_out out = begin(call);
    text_put_script_client(&out, record);
    add_word(call, &out);
}

static void add_words(struct script_call *call, const struct script_record *record)
{
    struct text_out out;
    switch (record->action) {
    case SCRIPT_ADD:
    case SCRIPT_OLD:
    case SCRIPT_DEL:
        add_client(call, record);
        add_leased(call, record);
        if (!text_is_empty(record->name) && text_is_empty(record->old_name))
            add_text(call, record->name);
        break;
    case SCRIPT_TFTP:
        out = begin(call);
        text_put_u64(&out, record->size);
        add_word(call, &out);
        add_address(call, &record->address);
        add_path(call, record->path);
        break;
    case SCRIPT_ARP_ADD:
    case SCRIPT_ARP_DEL:
        add_client(call, record);
        add_address(call, &record->address);
        break;
    case SCRIPT_RELAY_SNOOP:
        add_text(call, record->interface);
        add_address(call, &record->address);
        add_text(call, record->path);
        break;
    case SCRIPT_ACTION_COUNT:
        break;
    }
}

static void add_variable(void *context, const char *name, struct text value)
{
    struct script_call *call = context;
    struct text_out out = begin(call);
    text_put_string(&out, PREFIX);
    text_put_string(&out, name);
    text_put_char(&out, '=');
    put_harmless(&out, value);
    char *variable = end(call, &out);
    if (variable != NULL && call->environment_count < SCRIPT_ENVIRONMENT_MAX)
        call->environment[call->environment_count++] = variable;
}

/* The event's own variables come first: they are what must not be left out. */
static void add_base(struct script_call *call, char *const *base)
{
    for (size_t i = 0; base[i] != NULL && call->environment_count < SCRIPT_ENVIRONMENT_MAX; i++)
        if (script_environment_passes(base[i]))
            call->environment[call->environment_count++] = base[i];
    call->environment[call->environment_count] = NULL;
    call->words[call->word_count] = NULL;
}

void script_call_build(struct script_call *call, const char *path,
                       const struct script_record *record, const struct script_moment *moment,
                       char *const *base)
{
    call->word_count = call->environment_count = call->used = 0;
    add_path(call, text_of(path));
    add_text(call, text_of(script_action_word(record->action)));
    add_words(call, record);
    script_environment_each(record, moment, add_variable, call);
    add_base(call, base);
}

void script_call_build_init(struct script_call *call, const char *path, char *const *base)
{
    call->word_count = call->environment_count = call->used = 0;
    add_path(call, text_of(path));
    add_text(call, TEXT("init"));
    add_base(call, base);
}

/* linnetctl leases: both families, a piece at a time. Which addresses there are is written down at
 * the start; what has gone when its turn comes is left out. */
#include <stdlib.h>

#include "daemon/control_answer.h"
#include "daemon/daemon_state.h"
#include "platform/instant.h"

#define PIECE_LEASES 200
#define SORTED_MAX   10000 /* more are told in the order they came */
#define MS_PER_S     1000
#define IDENTITY_MAX (3 * LEASE_CLIENT_ID_MAX)

struct lease_listing {
    size_t count, at, told;
    size_t reserved_count;
    const struct address *reserved; /* sorted; behind the leases' */
    struct address addresses[];
};

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct address));
}

static void write_down(struct lease_listing *listing, const struct lease_table *table)
{
    const struct lease *lease = table != NULL ? lease_table_first(table) : NULL;
    for (; lease != NULL; lease = lease_table_next(table, lease))
        listing->addresses[listing->count++] = lease->address;
}

/* ------------------------------------------------------------------ reservations */

static size_t count_reserved(const struct dhcp_config *dhcp)
{
    size_t count = 0;
    for (size_t i = 0; i < dhcp->host_count; i++)
        count += 1 + dhcp->hosts[i].address6_count;
    return count;
}

static void write_reserved(struct lease_listing *listing, const struct dhcp_config *dhcp)
{
    struct address *to = &listing->addresses[listing->count];
    size_t count = 0;
    for (size_t i = 0; i < dhcp->host_count; i++) {
        const struct dhcp_host *host = &dhcp->hosts[i];
        if (!address_is_none(&host->address))
            to[count++] = host->address;
        for (size_t j = 0; j < host->address6_count; j++)
            to[count++] = host->addresses6[j].address;
    }
    qsort(to, count, sizeof *to, compare);
    listing->reserved = to;
    listing->reserved_count = count;
}

/* By its own address, or, as in [::5], by what follows the network's 64 bits. */
static bool is_reserved(const struct lease_listing *listing, const struct address *address)
{
    struct address host = *address;
    if (bsearch(address, listing->reserved, listing->reserved_count, sizeof *address, compare)
        != NULL)
        return true;
    if (address->family != ADDRESS_IP6)
        return false;
    memset(host.bytes, 0, 8);
    return bsearch(&host, listing->reserved, listing->reserved_count, sizeof host, compare) != NULL;
}

/* ------------------------------------------------------------------ one lease */

struct lease_words {
    char address[ADDRESS_TEXT_MAX + 4];
    char hardware[64];
    char identity[IDENTITY_MAX];
    char name[DNAME_TEXT_MAX];
};

static void describe(const struct lease *lease, struct lease_words *words)
{
    struct text_out out = text_out_on(words->address, sizeof words->address);
    text_put_address(&out, &lease->address);
    if (lease->kind == LEASE_IP6_PD)
        text_printf(&out, "/%u", lease->prefix_length);
    out = text_out_on(words->hardware, sizeof words->hardware);
    if (lease->hardware.count > 0)
        text_put_hardware(&out, &lease->hardware);
    out = text_out_on(words->identity, sizeof words->identity);
    text_put_hex(&out, bytes_of(lease->client_id, lease->client_id_count), ':');
    out = text_out_on(words->name, sizeof words->name);
    if (lease->name != NULL)
        text_put_string(&out, lease->name);
    if (lease->name != NULL && lease->domain != NULL && lease->domain[0] != '\0')
        text_printf(&out, ".%s", lease->domain);
}

static bool has(const char *string, struct text part)
{
    struct text whole = text_of(string);
    for (size_t i = 0; i + part.count <= whole.count; i++)
        if (text_starts_nocase(text_after(whole, i), part))
            return true;
    return false;
}

static bool passes(const struct lease_words *words, struct text filter)
{
    return filter.count == 0 || has(words->address, filter) || has(words->hardware, filter)
           || has(words->identity, filter) || has(words->name, filter);
}

static const char *kind_name(const struct lease *lease)
{
    static const char *const names[] = { "IPv4", "IPv6", "IPv6 temporary", "IPv6 prefix" };
    return names[lease->kind];
}

static const char *state_of(const struct lease *lease, mono_ms now)
{
    if (lease->expires_mono <= now)
        return "expired";
    return lease->committed ? "active" : "not stored yet";
}

static void put_string(struct report *report, const char *name, const char *value)
{
    if (value[0] != '\0')
        report_string(report, name, text_of(value));
    else
        report_none(report, name);
}

static void put_json(struct report *report, const struct lease *lease,
                     const struct lease_words *words, bool reserved, mono_ms now)
{
    bool is_ip4 = lease->kind == LEASE_IP4;
    report_begin(report, NULL);
    report_string(report, "address", text_of(words->address));
    report_string(report, "kind", text_of(kind_name(lease)));
    put_string(report, "mac", words->hardware);
    put_string(report, is_ip4 ? "client_id" : "duid", words->identity);
    if (!is_ip4)
        report_number(report, "iaid", lease->iaid);
    put_string(report, "name", words->name);
    if (lease->expires_mono == LEASE_NEVER)
        report_none(report, "expires_in");
    else
        report_number(report, "expires_in",
                      lease->expires_mono > now ? (int64_t)(lease->expires_mono - now) / MS_PER_S
                                                : 0);
    report_number(report, "lease_s",
                  lease->length_s == DURATION_INFINITE ? -1 : (int64_t)lease->length_s);
    report_string(report, "state", text_of(state_of(lease, now)));
    report_flag(report, "reserved", reserved);
    report_end(report);
}

static void put_row(struct report *report, const struct lease *lease,
                    const struct lease_words *words, bool reserved, mono_ms now)
{
    char expires[32];
    struct text_out out = text_out_on(expires, sizeof expires);
    uint64_t left = lease->expires_mono > now ? (lease->expires_mono - now) / MS_PER_S : 0;
    text_put_duration(&out, left < DURATION_INFINITE ? (uint32_t)left : DURATION_INFINITE);
    report_say(report, "%-20s %-17s %-24s %-10s %s%s%s%s", words->address,
               words->hardware[0] != '\0' ? words->hardware : "-",
               words->name[0] != '\0' ? words->name : "-", expires, state_of(lease, now),
               reserved ? ", reserved" : "", lease->kind != LEASE_IP4 ? ", duid " : "",
               lease->kind != LEASE_IP4 ? words->identity : "");
}

static void put_lease(struct control_answer *answer, const struct lease *lease, mono_ms now)
{
    struct lease_listing *listing = answer->state;
    struct lease_words words;
    describe(lease, &words);
    if (!passes(&words, answer->request.words[0]))
        return;
    bool reserved = is_reserved(listing, &lease->address);
    if (answer->report.form == REPORT_JSON)
        put_json(&answer->report, lease, &words, reserved, now);
    else
        put_row(&answer->report, lease, &words, reserved, now);
    listing->told++;
}

/* ------------------------------------------------------------------ all of them */

static void end(struct control_answer *answer)
{
    struct lease_listing *listing = answer->state;
    if (answer->report.form == REPORT_JSON)
        report_end(&answer->report);
    report_number(&answer->report, "count", (int64_t)listing->told);
    report_end(&answer->report);
}

static bool more(struct control_answer *answer)
{
    struct lease_listing *listing = answer->state;
    const struct lease_store *store = &answer->daemon->dhcp.store;
    mono_ms now = instant_mono();
    for (int i = 0; i < PIECE_LEASES && listing->at < listing->count; i++) {
        const struct address *address = &listing->addresses[listing->at];
        const struct lease_table *table =
            address->family == ADDRESS_IP4 ? store->leases4 : store->leases6;
        const struct lease *lease = lease_table_by_address(table, address);
        struct control_mark mark = control_answer_mark(answer);
        size_t told = listing->told;
        if (lease != NULL)
            put_lease(answer, lease, now);
        if (answer->out.failed) {
            control_answer_back(answer, &mark);
            listing->told = told;
            return true;
        }
        listing->at++;
    }
    if (listing->at < listing->count)
        return true;
    struct control_mark mark = control_answer_mark(answer);
    end(answer);
    if (!answer->out.failed)
        return false;
    control_answer_back(answer, &mark);
    return true;
}

void control_leases(struct control_answer *answer)
{
    const struct dhcp_services *dhcp = &answer->daemon->dhcp;
    const struct dhcp_config *hosts =
        dhcp->active ? dhcp_services_config(dhcp) : &answer->daemon->config->dhcp;
    const struct lease_table *tables[] = { dhcp->store.leases4, dhcp->store.leases6 };
    size_t room = count_reserved(hosts);
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        room += tables[i] != NULL ? lease_table_count(tables[i]) : 0;
    struct lease_listing *listing = calloc(1, sizeof *listing + room * sizeof(struct address));
    if (listing == NULL) {
        control_answer_refuse(answer, CONTROL_REFUSED, "no memory for the list");
        return;
    }
    answer->state = listing;
    for (size_t i = 0; i < COUNT_OF(tables); i++)
        write_down(listing, tables[i]);
    if (listing->count <= SORTED_MAX)
        qsort(listing->addresses, listing->count, sizeof(struct address), compare);
    write_reserved(listing, hosts);
    control_answer_ok(answer);
    report_begin(&answer->report, NULL);
    report_flag(&answer->report, "dhcp", dhcp->active);
    if (answer->report.form == REPORT_JSON)
        report_begin_list(&answer->report, "leases");
    answer->more = more;
}

#include "daemon/log_lines.h"

#include <inttypes.h>

#include "base/log.h"
#include "platform/instant.h"
#include "wire/edns.h"
#include "wire/rdata.h"
#include "wire/rrtype.h"

#define LIMIT_EVERY_MS   5000
#define DROPPED_EVERY_MS 1000
#define REBIND_EVERY_MS  1000

/* ------------------------------------------------------------------ DNS */

static void put_name(struct text_out *out, const struct dname *name)
{
    text_put_dname(out, name);
}

static const char *nodata_text(uint16_t type)
{
    if (type == RRTYPE_A)
        return "NODATA-IPv4";
    return type == RRTYPE_AAAA ? "NODATA-IPv6" : "NODATA";
}

/* The character-strings of a TXT record, made fit for a log line. */
static void put_strings(struct text_out *out, struct bytes rdata)
{
    struct bytes_reader reader = bytes_reader_on(rdata);
    while (bytes_reader_left(&reader) > 0)
        text_put_safe(out, bytes_read_span(&reader, bytes_read_u8(&reader)));
}

/* What stands right of "is". Addresses and TXT are shown, a PTR is shown as its target; the rest is
 * its type in brackets. */
static void put_answer(struct text_out *out, const struct event *event)
{
    if (event->answer == EVENT_ANSWER_NXDOMAIN) {
        text_put_string(out, "NXDOMAIN");
        return;
    }
    if (event->answer == EVENT_ANSWER_NODATA) {
        text_put_string(out, nodata_text(event->type));
        return;
    }
    struct dname target;
    switch (event->type) {
    case RRTYPE_A:
    case RRTYPE_AAAA:
        text_put_rdata(out, event->rdata, event->type);
        return;
    case RRTYPE_PTR:
        if (rdata_target(event->rdata, RRTYPE_PTR, &target) == STATUS_OK)
            text_put_dname(out, &target);
        return;
    case RRTYPE_TXT:
        if (event->kind != EVENT_DNS_REPLY)
            break; /* only what comes from elsewhere is news */
        put_strings(out, event->rdata);
        return;
    default:
        break;
    }
    const char *name = rrtype_name(event->type);
    if (name != NULL)
        text_printf(out, "<%s>", name);
    else
        text_printf(out, "<type=%u>", event->type);
}

/* The left side: the name asked, or for a reverse question the address it stands for. */
static void put_subject(struct text_out *out, const struct event *event)
{
    struct prefix prefix;
    if (event->type == RRTYPE_PTR && dname_reverse_parse(event->name, &prefix) == STATUS_OK
        && prefix.length == address_size((enum address_family)prefix.address.family) * 8)
        text_put_address(out, &prefix.address);
    else
        put_name(out, event->name);
}

static const char *rcode_words(unsigned rcode)
{
    switch (rcode) {
    case RCODE_SERVFAIL:
        return "SERVFAIL";
    case RCODE_REFUSED:
        return "REFUSED";
    case RCODE_NOTIMP:
        return "not implemented";
    default:
        break;
    }
    const char *name = rcode_name(rcode);
    return name != NULL ? name : "unknown";
}

static void put_serial(const struct log_lines *lines, struct text_out *out,
                       const struct event *event)
{
    uint8_t extra = __atomic_load_n(&lines->site->log_queries_extra, __ATOMIC_RELAXED);
    if (extra == 0 || event->serial == 0)
        return;
    if (extra == 2)
        text_put_string(out, event->tcp ? "TCP " : "UDP ");
    text_printf(out, "%u ", event->serial);
    if (event->client != NULL) {
        text_put_address(out, &event->client->address);
        text_printf(out, "/%u ", event->client->port);
    }
}

static bool format_dns(const struct log_lines *lines, const struct event *event,
                       struct text_out *out)
{
    put_serial(lines, out, event);
    switch ((unsigned)event->kind) {
    case EVENT_DNS_QUERY:
        text_put_string(out, event->authoritative ? "auth[" : "query[");
        text_put_rrtype(out, event->type);
        text_put_string(out, "] ");
        put_name(out, event->name);
        text_put_string(out, " from ");
        text_put_address(out, &event->peer->address);
        return true;
    case EVENT_DNS_FORWARDED:
        text_put_string(out, "forwarded ");
        put_name(out, event->name);
        text_put_string(out, " to ");
        text_put_address(out, &event->peer->address);
        if (event->peer->port != 53)
            text_printf(out, "#%u", event->peer->port);
        return true;
    case EVENT_DNS_REPLY:
        text_put_string(out, "reply ");
        break;
    case EVENT_DNS_CACHED:
        text_printf(out, "%s ", event->source != NULL ? event->source : "cached");
        break;
    case EVENT_DNS_LOCAL:
        text_printf(out, "%s ", event->source != NULL ? event->source : "config");
        break;
    case EVENT_DNS_SET:
        text_printf(out, "%s add %s ", event->verb, event->text);
        text_put_address(out, event->address);
        text_put_char(out, ' ');
        if (!dname_is_root(event->name))
            put_name(out, event->name);
        return true;
    case EVENT_DNS_ERROR:
        text_printf(out, "%s error is %s", event->source != NULL ? event->source : "reply",
                    rcode_words(event->rcode));
        if (event->ede != EDE_NONE && ede_name(event->ede) != NULL)
            text_printf(out, " (EDE: %s)", ede_name(event->ede));
        return true;
    default:
        return false;
    }
    put_subject(out, event);
    text_put_string(out, " is ");
    put_answer(out, event);
    return true;
}

static bool format_dropped(const struct event *event, struct text_out *out)
{
    text_put_string(out, "dropped: ");
    text_put_safe(out, text_bytes(text_of(event->text != NULL ? event->text : "no reason given")));
    if (event->peer != NULL) {
        text_put_string(out, " from ");
        text_put_address(out, &event->peer->address);
    }
    return true;
}

/* ------------------------------------------------------------------ DHCP */

static bool format_dhcp_message(const struct event *event, struct text_out *out)
{
    text_printf(out, "%s(%s) ", event->verb, event->interface != NULL ? event->interface : "?");
    if (event->address != NULL) {
        text_put_address(out, event->address);
        if (event->prefix_length > 0)
            text_printf(out, "/%u", (unsigned)event->prefix_length);
        text_put_char(out, ' ');
    }
    if (event->duid.count > 0)
        text_put_hex(out, event->duid, ':');
    else if (event->hardware != NULL && event->hardware->count == 0)
        text_put_string(out, "<null>");
    else if (event->hardware != NULL)
        text_put_hardware(out, event->hardware);
    text_put_char(out, ' ');
    if (event->text != NULL)
        text_put_safe(out, text_bytes(text_of(event->text)));
    return true;
}

bool log_lines_format(const struct log_lines *lines, const struct event *event,
                      struct text_out *out)
{
    if (event->kind < EVENT_DNS_LIMIT)
        return format_dns(lines, event, out);
    if (event->kind == EVENT_DNS_LIMIT) {
        text_printf(out, "Maximum number of concurrent DNS queries reached (max: %" PRIu32 ")",
                    lines->forward_max);
        return true;
    }
    if (event->kind == EVENT_DNS_REBIND) {
        text_put_string(out, "possible DNS-rebind attack detected: ");
        put_name(out, event->name);
        return true;
    }
    if (event->kind == EVENT_DNS_SERVER) {
        text_put_string(out, "nameserver ");
        text_put_endpoint(out, event->peer);
        text_printf(out, " %s", event->text);
        return true;
    }
    if (event->kind == EVENT_DNS_DROPPED || event->kind == EVENT_DHCP_DROPPED)
        return format_dropped(event, out);
    if (event->kind == EVENT_DNS_TRANSFER_REFUSED) {
        text_put_string(out, "ignoring zone transfer request from ");
        text_put_address(out, &event->peer->address);
        return true;
    }
    if (event->kind >= EVENT_DHCP_MESSAGE && event->kind <= EVENT_DHCP_DETAIL
        && event->xid != 0 && __atomic_load_n(&lines->site->log_dhcp, __ATOMIC_RELAXED))
        text_printf(out, "%" PRIu32 " ", event->xid);
    if (event->kind == EVENT_DHCP_MESSAGE)
        return format_dhcp_message(event, out);
    if (event->kind >= EVENT_LEASE_ADDED || event->text == NULL)
        return false;
    text_put_safe(out, text_bytes(text_of(event->text)));
    return true;
}

/* ------------------------------------------------------------------ sinks */

static enum log_level level_of(enum event_kind kind)
{
    if (kind == EVENT_DHCP_WARNING || kind == EVENT_DNS_LIMIT || kind == EVENT_DNS_REBIND
        || kind == EVENT_DNS_SERVER)
        return LOG_WARN;
    return kind == EVENT_DNS_DROPPED || kind == EVENT_DHCP_DROPPED ? LOG_NOTE : LOG_INFORM;
}

/* The place of a kind, taken at its first line. NULL when all are taken: then it is not held back
 * by kind, and there are no more kinds than places. */
static struct log_lines_rate *rate_of(struct log_lines *lines, const char *kind)
{
    for (size_t i = 0; i < LOG_LINES_KINDS; i++) {
        struct log_lines_rate *rate = &lines->rates[i];
        const char *owner = NULL;
        if (atomic_compare_exchange_strong(&rate->kind, &owner, kind) || owner == kind)
            return rate;
    }
    return NULL;
}

/* Workers come here at the same time, and the one that moves the time on is the one that speaks. */
static bool is_time(struct log_lines *lines, const char *kind, uint64_t every_ms, uint64_t *held)
{
    struct log_lines_rate *rate = rate_of(lines, kind);
    *held = 0;
    if (rate == NULL)
        return true;
    uint64_t now = instant_mono();
    uint64_t last = atomic_load(&rate->told);
    if ((last != 0 && now - last < every_ms)
        || !atomic_compare_exchange_strong(&rate->told, &last, now)) {
        atomic_fetch_add(&rate->held, 1);
        return false;
    }
    *held = atomic_exchange(&rate->held, 0);
    return true;
}

static void write_line(struct log_lines *lines, const struct event *event, enum log_part part)
{
    char line[LOG_LINE_MAX];
    struct text_out out = text_out_on(line, sizeof line);
    uint64_t held = 0;
    bool is_limit = event->kind == EVENT_DNS_LIMIT;
    bool is_drop = event->kind == EVENT_DNS_DROPPED || event->kind == EVENT_DHCP_DROPPED;
    bool is_rebind = event->kind == EVENT_DNS_REBIND;
    bool is_transfer = event->kind == EVENT_DNS_TRANSFER_REFUSED;
    if (is_transfer && !is_time(lines, "transfer", DROPPED_EVERY_MS, &held))
        return;
    if (is_rebind && !is_time(lines, "rebind", REBIND_EVERY_MS, &held))
        return;
    if (is_limit && !is_time(lines, "limit", LIMIT_EVERY_MS, &held))
        return;
    if (is_drop && event->text != NULL && !is_time(lines, event->text, DROPPED_EVERY_MS, &held))
        return;
    if (!log_lines_format(lines, event, &out))
        return;
    if ((is_drop || is_rebind || is_transfer) && held > 0)
        text_printf(&out, " (and %" PRIu64 " more)", held);
    log_text(part, level_of(event->kind), text_out_text(&out));
}

/* log-queries=auth and only_failed narrow what log-queries shows. */
static bool is_shown(const struct site *site, const struct event *event)
{
    bool is_query_line = event->kind <= EVENT_DNS_ERROR;
    uint8_t only = __atomic_load_n(&site->log_queries_only, __ATOMIC_RELAXED);
    if (!is_query_line || only == 0)
        return true;
    if ((only & SITE_LOG_AUTH) != 0 && event->authoritative)
        return true;
    return (only & SITE_LOG_FAILED) != 0
           && (event->kind == EVENT_DNS_ERROR
               || (event->kind != EVENT_DNS_QUERY && event->kind != EVENT_DNS_FORWARDED
                   && event->answer != EVENT_ANSWER_RDATA));
}

/* The strings of a TXT record of an upstream have a line each. */
static void write_strings(struct log_lines *lines, const struct event *event)
{
    struct bytes_reader reader = bytes_reader_on(event->rdata);
    struct event part = *event;
    do {
        size_t start = bytes_reader_offset(&reader);
        bytes_read_skip(&reader, bytes_read_u8(&reader));
        if (reader.failed)
            return;
        part.rdata = bytes_of(event->rdata.at + start, bytes_reader_offset(&reader) - start);
        write_line(lines, &part, LOG_PART_MAIN);
    } while (bytes_reader_left(&reader) > 0);
}

static void on_dns_event(void *context, const struct event *event)
{
    struct log_lines *lines = context;
    if (!is_shown(lines->site, event))
        return;
    if (event->kind == EVENT_DNS_REPLY && event->type == RRTYPE_TXT
        && event->answer == EVENT_ANSWER_RDATA && event->rdata.count > 0)
        write_strings(lines, event);
    else
        write_line(lines, event, LOG_PART_MAIN);
}

static void on_dhcp_event(void *context, const struct event *event)
{
    write_line(context, event, LOG_PART_DHCP);
}

/* Workers read these at any time, each on its own, so each is changed in one piece. */
void log_lines_set_site(struct log_lines *lines, const struct site *site)
{
    struct site *shown = &lines->shown;
    __atomic_store_n(&shown->log_queries, site->log_queries, __ATOMIC_RELAXED);
    __atomic_store_n(&shown->log_queries_extra, site->log_queries_extra, __ATOMIC_RELAXED);
    __atomic_store_n(&shown->log_queries_only, site->log_queries_only, __ATOMIC_RELAXED);
    __atomic_store_n(&shown->log_dhcp, site->log_dhcp, __ATOMIC_RELAXED);
    __atomic_store_n(&shown->quiet_dhcp, site->quiet_dhcp, __ATOMIC_RELAXED);
    if (lines->site != shown) /* the first time: before there are workers */
        lines->site = shown;
}

#define WANT(kind) (UINT64_C(1) << (kind))

struct event_sink log_lines_dns_sink(struct log_lines *lines)
{
    struct event_sink sink = { .on_event = on_dns_event, .context = lines };
    sink.wanted = WANT(EVENT_DNS_LIMIT) | WANT(EVENT_DNS_DROPPED) | WANT(EVENT_DNS_REBIND)
                  | WANT(EVENT_DNS_SERVER) | WANT(EVENT_DNS_TRANSFER_REFUSED);
    if (lines->site->log_queries)
        sink.wanted |= WANT(EVENT_DNS_QUERY) | WANT(EVENT_DNS_FORWARDED) | WANT(EVENT_DNS_REPLY)
                       | WANT(EVENT_DNS_CACHED) | WANT(EVENT_DNS_LOCAL) | WANT(EVENT_DNS_SET)
                       | WANT(EVENT_DNS_ERROR);
    return sink;
}

static struct event_sink dhcp_sink(struct log_lines *lines, bool quiet)
{
    struct event_sink sink = { .on_event = on_dhcp_event, .context = lines };
    sink.wanted = WANT(EVENT_DHCP_WARNING) | WANT(EVENT_DHCP_DROPPED);
    if (!quiet || lines->site->log_dhcp)
        sink.wanted |= WANT(EVENT_DHCP_MESSAGE) | WANT(EVENT_DHCP_NOTE);
    if (lines->site->log_dhcp)
        sink.wanted |= WANT(EVENT_DHCP_DETAIL);
    return sink;
}

struct event_sink log_lines_dhcp_sink(struct log_lines *lines)
{
    return dhcp_sink(lines, lines->site->quiet_dhcp);
}

struct event_sink log_lines_dhcp6_sink(struct log_lines *lines, bool quiet)
{
    return dhcp_sink(lines, quiet);
}

struct event_sink log_lines_ra_sink(struct log_lines *lines, bool quiet)
{
    struct event_sink sink = { .on_event = on_dhcp_event, .context = lines };
    sink.wanted = WANT(EVENT_DHCP_WARNING) | WANT(EVENT_DHCP_DROPPED) | WANT(EVENT_DHCP_DETAIL);
    if (!quiet)
        sink.wanted |= WANT(EVENT_DHCP_NOTE);
    return sink;
}

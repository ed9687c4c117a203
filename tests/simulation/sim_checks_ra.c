/* What must hold of router advertisements (RFC 4861 section 6.2, RFC 9096), reckoned apart from the
 * core out of what it was given and what it has sent.
 *
 * Where the core may or may not know (a message was changed on the way, the file was old at a
 * restart) nothing is owed, and nothing forbidden. A link that goes down, or a router that is
 * started anew, forgets when it has sent last. */
#include "sim_ra.h"

#define ANSWER_MS    500   /* MAX_RA_DELAY_TIME */
#define APART_MS     3000  /* MIN_DELAY_BETWEEN_RAS */
#define FAST_COUNT   3     /* MAX_INITIAL_RTR_ADVERTISEMENTS */
#define FAST_MS      16000 /* MAX_INITIAL_RTR_ADVERT_INTERVAL */
#define GONE_MS      (RA_GONE_S * SIM_SECOND)
#define HEADER_BYTES 40 /* of IPv6 */
#define MTU_LEAST    1280
#define ROUNDED_MS   SIM_SECOND /* lifetimes are in whole seconds */

/* ------------------------------------------------------------------ what there is */

static struct sim_ra_link *link_of(uint32_t interface)
{
    uint32_t index = interface - SIM_RA_FIRST;
    return index < sim_ra.link_count ? &sim_ra.links[index] : NULL;
}

static unsigned number_of(const struct sim_ra_link *link)
{
    return (unsigned)(link - sim_ra.links);
}

static const struct sim_ra_line *line_of(const struct sim_ra_link *link)
{
    return &sim_ra.lines[sim_ra.variant][number_of(link)];
}

static mono_ms interval_ms(const struct sim_ra_link *link)
{
    return line_of(link)->interval_s * SIM_SECOND;
}

static mono_ms later(mono_ms a, mono_ms b)
{
    return a > b ? a : b;
}

/* There is surely something to tell. */
static bool has_something(const struct sim *sim, const struct sim_ra_link *link)
{
    for (unsigned i = 0; i < link->place_count && link->ready; i++) {
        const struct sim_ra_place *place = &link->places[i];
        if (place->present || (place->gone && sim->now < place->back_least))
            return true;
    }
    return false;
}

/* The kernel counts in whole seconds. */
static mono_ms in_seconds(const struct sim *sim, mono_ms until)
{
    if (until == MONO_NEVER || until <= sim->now)
        return until == MONO_NEVER ? until : sim->now;
    return sim->now + (until - sim->now) / SIM_SECOND * SIM_SECOND;
}

void sim_ra_read(struct sim *sim)
{
    for (unsigned i = 0; i < sim_ra.link_count; i++) {
        struct sim_ra_link *link = &sim_ra.links[i];
        link->given_up = link->up;
        link->given_usable = !link->flushed && !link->tentative;
        for (unsigned j = 0; j < link->place_count; j++) {
            struct sim_ra_row *given = &link->places[j].given;
            *given = link->places[j].now;
            given->there &= !link->flushed;
            given->deprecated = given->preferred_until <= sim->now;
            given->preferred_until = in_seconds(sim, given->preferred_until);
            given->valid_until = in_seconds(sim, given->valid_until);
        }
    }
}

/* ------------------------------------------------------------------ what is advertised */

static bool is_present(const struct sim_ra_link *link, unsigned number)
{
    const struct sim_ra_line *line = line_of(link);
    const struct sim_ra_row *row = &link->places[number].given;
    if (!row->there || !link->given_up)
        return false;
    if (line->kind == SIM_RA_LITERAL)
        return number == 0 && !(line->router && row->tentative);
    return line->kind == SIM_RA_TEMPLATE && !row->tentative && !row->autoconf && !row->deprecated;
}

static uint32_t cap_of(const struct sim_ra_line *line)
{
    uint32_t least = RA_LIFETIMES * (uint32_t)line->interval_s;
    if (!line->lease_given)
        return UINT32_MAX;
    return line->lease_s > least ? line->lease_s : least;
}

/* Hosts were told of it for no longer than this. */
static void lose(const struct sim *sim, struct sim_ra_place *place)
{
    mono_ms kept_ms = mono_earlier(place->cap_s * SIM_SECOND, GONE_MS);
    place->gone = true;
    place->back_least = place->back_most = mono_earlier(sim->now + kept_ms, place->valid_until);
}

/* True when it has come or gone. */
static bool place_given(const struct sim *sim, const struct sim_ra_link *link,
                        struct sim_ra_place *place)
{
    bool before = place->present;
    place->present = is_present(link, (unsigned)(place - link->places));
    if (before && !place->present)
        lose(sim, place);
    if (!place->present)
        return before;
    place->gone = false;
    place->cap_s = cap_of(line_of(link));
    place->valid_until = place->given.valid_until;
    return !before;
}

/* ------------------------------------------------------------------ what is to come */

static void expect(struct sim_ra_link *link, mono_ms due, enum sim_invariant why)
{
    if (due >= link->due)
        return;
    link->due = due;
    link->why_due = why;
}

/* To all, but not so soon after the last. */
static mono_ms soon(const struct sim *sim, const struct sim_ra_link *link)
{
    mono_ms soonest = link->sent != 0 ? link->sent + APART_MS : 0;
    return later(sim->now + ANSWER_MS, soonest);
}

static void link_given(const struct sim *sim, struct sim_ra_link *link)
{
    bool was_ready = link->ready, differs = false, takes_back = false;
    for (unsigned i = 0; i < link->place_count; i++) {
        bool differs_here = place_given(sim, link, &link->places[i]);
        differs |= differs_here;
        takes_back |= differs_here && !link->places[i].present;
    }
    link->ready = link->given_up && link->given_usable;
    if (!link->given_up)
        link->sent = 0;
    link->reason = true;
    link->fast_maybe = FAST_COUNT + 1; /* the first of them comes by itself */
    if (!has_something(sim, link)) {
        link->due = MONO_NEVER;
        return;
    }
    if (differs || !was_ready || link->due == MONO_NEVER) {
        link->fast_surely = FAST_COUNT;
        expect(link, soon(sim, link), takes_back ? SIM_RA_TAKEN_BACK : SIM_RA_INTERVAL);
    } else if (link->sent != 0) { /* the interval may be another now */
        mono_ms next = link->sent + interval_ms(link);
        expect(link, later(soon(sim, link), next), SIM_RA_INTERVAL);
    }
}

void sim_ra_given(struct sim *sim)
{
    for (unsigned i = 0; i < sim_ra.link_count; i++)
        link_given(sim, &sim_ra.links[i]);
    /* What is owed to hosts of a link that has nothing to tell is not owed any more. */
    for (size_t i = 0; i < sim_ra.owed_count; i++)
        sim_ra.owed[i].surely &= has_something(sim, link_of(sim_ra.owed[i].interface));
}

/* Of what was advertised the file knows that, but for how long not; of what was gone, until when by
 * the wall clock. Of an old file nothing is known. */
static void place_restarted(const struct sim *sim, struct sim_ra_place *place)
{
    mono_ms ahead = sim_ra.set_since > 0 ? (mono_ms)sim_ra.set_since * SIM_SECOND : 0;
    mono_ms back = sim_ra.set_since < 0 ? (mono_ms)-sim_ra.set_since * SIM_SECOND : 0;
    mono_ms lost = 2 * ROUNDED_MS + ahead;
    place->cap_s = UINT32_MAX;
    place->valid_until = MONO_NEVER;
    if (sim_ra.stale) {
        place->present = place->told = false;
        place->gone = true;
        place->back_least = 0;
        place->back_most = sim->now + GONE_MS;
    } else if (place->gone) {
        place->back_least = place->back_least > lost ? place->back_least - lost : 0;
        place->back_most = mono_earlier(place->back_most + ROUNDED_MS + back, sim->now + GONE_MS);
    }
}

void sim_ra_restarted(struct sim *sim)
{
    sim_ra.owed_count = 0;
    sim_ra.heard = sim_ra.sent = 0;
    for (unsigned i = 0; i < sim_ra.link_count; i++) {
        struct sim_ra_link *link = &sim_ra.links[i];
        link->ready = false;
        link->sent = 0;
        link->due = MONO_NEVER;
        for (unsigned j = 0; j < link->place_count; j++)
            place_restarted(sim, &link->places[j]);
    }
}

/* ------------------------------------------------------------------ solicitations */

static struct sim_ra_owed *find_owed(uint32_t interface, const struct address *to)
{
    for (size_t i = 0; i < sim_ra.owed_count; i++)
        if (sim_ra.owed[i].interface == interface && address_equal(&sim_ra.owed[i].to, to))
            return &sim_ra.owed[i];
    return NULL;
}

static void owe(struct sim *sim, uint32_t interface, const struct address *to, bool surely)
{
    struct sim_ra_owed *owed = find_owed(interface, to);
    if (owed != NULL && (owed->surely || !surely))
        return;
    if (owed == NULL && sim_ra.owed_count == SIM_RA_OWED_MAX) {
        sim_break(sim, SIM_ALL_ENDS, "more than %d answers to solicitations wait", SIM_RA_OWED_MAX);
        return;
    }
    if (owed == NULL)
        owed = &sim_ra.owed[sim_ra.owed_count++];
    *owed = (struct sim_ra_owed){ interface, *to, sim->now + ANSWER_MS, surely };
}

void sim_ra_heard(struct sim *sim, uint32_t interface, const struct address *from,
                  enum sim_ra_worth worth, bool full)
{
    struct sim_ra_link *link = link_of(interface);
    sim_ra.heard++;
    if (full && sim_ra.owed_count < RA_PENDING_MAX)
        sim_break(sim, SIM_COUNTERS, "no room for an answer when %zu wait", sim_ra.owed_count);
    if (!link->given_up || worth == SIM_RA_BAD)
        return;
    bool surely = worth == SIM_RA_GOOD && has_something(sim, link);
    if (!full && !address_is_any(from)) {
        owe(sim, interface, from, surely);
        return;
    }
    link->reason = true;
    if (surely)
        expect(link, soon(sim, link), SIM_RA_ANSWERED);
}

/* ------------------------------------------------------------------ one advertisement */

/* As long as hosts may be told, in milliseconds. */
static mono_ms left_until(const struct sim *sim, mono_ms until)
{
    if (until == MONO_NEVER)
        return MONO_NEVER;
    return (until > sim->now ? until - sim->now : 0) + ROUNDED_MS;
}

static bool is_longer(const struct sim *sim, uint32_t lifetime_s, mono_ms until, uint32_t cap_s)
{
    if (lifetime_s == UINT32_MAX)
        return until != MONO_NEVER || cap_s != UINT32_MAX;
    return lifetime_s * SIM_SECOND > left_until(sim, until) || lifetime_s > cap_s;
}

static mono_ms preferred_most(const struct sim *sim, const struct sim_ra_link *link,
                              const struct sim_ra_place *place)
{
    const struct sim_ra_line *line = line_of(link);
    if (line->deprecated)
        return 0;
    /* An address that stays may be deprecated by hand. */
    if (line->kind == SIM_RA_LITERAL && place->given.valid_until == MONO_NEVER)
        return MONO_NEVER;
    return place->given.deprecated ? 0 : left_until(sim, place->given.preferred_until);
}

static void check_present(struct sim *sim, const struct sim_ra_link *link,
                          struct sim_ra_place *place, const struct icmp6_prefix *prefix)
{
    mono_ms most = preferred_most(sim, link, place);
    if (is_longer(sim, prefix->valid_s, place->valid_until, place->cap_s)
        || prefix->preferred_s > prefix->valid_s
        || (most != MONO_NEVER && prefix->preferred_s * SIM_SECOND > most))
        sim_break(sim, SIM_RA_LIFETIME, "prefix %u of eth%u for %u s, preferred %u s",
                  (unsigned)(place - link->places), number_of(link), prefix->valid_s,
                  prefix->preferred_s);
    place->told |= prefix->preferred_s > 0;
}

static void check_prefix(struct sim *sim, struct sim_ra_link *link,
                         const struct icmp6_prefix *prefix)
{
    unsigned number = prefix->address.bytes[7];
    struct address ours = sim_ra_address(number_of(link), number, prefix->router ? 1 : 0);
    if (number >= link->place_count || prefix->length != 64
        || !address_equal(&ours, &prefix->address)) {
        sim_break(sim, SIM_RA_LIFETIME, "a prefix that eth%u never had", number_of(link));
        return;
    }
    struct sim_ra_place *place = &link->places[number];
    sim_ra.shown[number] = true;
    if (prefix->valid_s > sim_ra.longest_s)
        sim_ra.longest_s = prefix->valid_s;
    if (place->present)
        check_present(sim, link, place, prefix);
    else if (!place->gone)
        sim_break(sim, SIM_RA_LIFETIME, "prefix %u of eth%u is told of and is not there", number,
                  number_of(link));
    else if (prefix->preferred_s > 0)
        sim_break(sim, SIM_RA_TAKEN_BACK, "prefix %u of eth%u is gone and preferred for %u s",
                  number, number_of(link), prefix->preferred_s);
    else if (is_longer(sim, prefix->valid_s, place->back_most, UINT32_MAX))
        sim_break(sim, SIM_RA_LIFETIME, "prefix %u of eth%u is gone and told of for %u s", number,
                  number_of(link), prefix->valid_s);
}

static void check_header(struct sim *sim, const struct sim_ra_link *link,
                         const struct icmp6_advert *advert, const struct ra_action *action)
{
    struct address from = sim_ra_link_local(number_of(link));
    size_t most = sim->fault == SIM_FAULT_RA_LESS_ROOM ? MTU_LEAST / 8 : MTU_LEAST;
    bool is_router = false;
    for (unsigned i = 0; i < link->place_count; i++)
        is_router |= link->places[i].present;
    if (action->bytes.count + HEADER_BYTES > most)
        sim_break(sim, SIM_RA_SIZE, "an advertisement of %zu bytes", action->bytes.count);
    else if (!link->ready || !address_equal(&from, &action->from))
        sim_break(sim, SIM_RA_ASKED, "an advertisement of eth%u that cannot be sent",
                  number_of(link));
    else if (advert->lifetime_s != (is_router ? RA_LIFETIMES * line_of(link)->interval_s : 0))
        sim_break(sim, SIM_RA_LIFETIME, "eth%u has a router for %u s", number_of(link),
                  advert->lifetime_s);
}

static void read_message(struct sim *sim, struct sim_ra_link *link, const struct ra_action *action)
{
    struct icmp6_advert advert;
    struct icmp6_options options;
    if (icmp6_advert_read(action->bytes, &advert, &options) != STATUS_OK) {
        sim_break(sim, SIM_RA_WHOLE, "an advertisement that cannot be read");
        return;
    }
    check_header(sim, link, &advert, action);
    for (unsigned i = 0; i < options.count; i++) {
        struct icmp6_prefix prefix;
        struct bytes_reader reader = bytes_reader_on(options.at[i].value);
        unsigned type = options.at[i].type;
        bytes_read_skip(&reader, 2);
        if (type == ICMP6_PREFIX && icmp6_prefix_read(options.at[i].value, &prefix) == STATUS_OK)
            check_prefix(sim, link, &prefix);
        else if (type == ICMP6_RDNSS || type == ICMP6_DNSSL)
            sim_ra.dns_s = bytes_read_u32(&reader);
        else if (type == ICMP6_PREFIX)
            sim_break(sim, SIM_RA_WHOLE, "a prefix that cannot be read");
    }
}

void sim_ra_sent(struct sim *sim, const struct ra_action *action)
{
    struct sim_ra_link *link = link_of(action->interface);
    sim_ra.sent++;
    if (link == NULL) {
        sim_break(sim, SIM_RA_ASKED, "an advertisement out of interface %u", action->interface);
        return;
    }
    if (!sim_ra.open
        || sim_ra.interface != action->interface || !address_equal(&sim_ra.to, &action->to)) {
        sim_ra_sent_all(sim);
        sim_ra.open = true;
        sim_ra.interface = action->interface;
        sim_ra.to = action->to;
        sim_ra.longest_s = sim_ra.dns_s = 0;
        memset(sim_ra.shown, 0, sizeof sim_ra.shown);
    }
    read_message(sim, link, action);
}

/* ------------------------------------------------------------------ all of one */

static void check_whole(struct sim *sim, const struct sim_ra_link *link)
{
    for (unsigned i = 0; i < link->place_count; i++) {
        const struct sim_ra_place *place = &link->places[i];
        bool shown = sim_ra.shown[i] && !(place->present && sim->fault == SIM_FAULT_RA_CUT);
        if (place->present && !shown)
            sim_break(sim, SIM_RA_WHOLE, "prefix %u of eth%u is there and not told of", i,
                      number_of(link));
        if (place->gone && place->told && sim->now < place->back_least && !shown)
            sim_break(sim, SIM_RA_TAKEN_BACK, "prefix %u of eth%u is gone, and no host is told", i,
                      number_of(link));
    }
    if (sim_ra.dns_s > sim_ra.longest_s)
        sim_break(sim, SIM_RA_LIFETIME, "servers for %u s, prefixes for %u s", sim_ra.dns_s,
                  sim_ra.longest_s);
}

/* Without a reason they are so far apart, after a change the first few less (RFC 4861 section
 * 6.2.4). */
static void sent_to_all(struct sim *sim, struct sim_ra_link *link)
{
    mono_ms interval = interval_ms(link), apart = sim->now - link->sent;
    mono_ms fast = mono_earlier(interval, FAST_MS);
    mono_ms least =
        link->fast_maybe > 0 ? mono_earlier(FAST_MS, interval * 3 / 4) : interval * 3 / 4;
    if (link->sent != 0 && apart < APART_MS)
        sim_break(sim, SIM_RA_SPACED, "two advertisements on eth%u in %llu ms", number_of(link),
                  (unsigned long long)apart);
    if (link->sent != 0 && apart < least && !link->reason)
        sim_break(sim, SIM_RA_ASKED, "an advertisement to all on eth%u after %llu ms",
                  number_of(link), (unsigned long long)apart);
    link->sent = sim->now;
    link->reason = false;
    link->due = MONO_NEVER;
    if (has_something(sim, link))
        expect(link, sim->now + (link->fast_surely > 0 ? fast : interval), SIM_RA_INTERVAL);
    link->fast_surely -= link->fast_surely > 0;
    link->fast_maybe -= link->fast_maybe > 0;
}

static void sent_to_one(struct sim *sim)
{
    struct sim_ra_owed *owed = find_owed(sim_ra.interface, &sim_ra.to);
    char text[ADDRESS_TEXT_MAX];
    if (owed == NULL)
        sim_break(sim, SIM_RA_ASKED, "%s is answered, and has not asked",
                  address_text(&sim_ra.to, text));
    else
        *owed = sim_ra.owed[--sim_ra.owed_count];
}

void sim_ra_sent_all(struct sim *sim)
{
    struct sim_ra_link *link = link_of(sim_ra.interface);
    char text[ADDRESS_TEXT_MAX];
    if (!sim_ra.open)
        return;
    sim_ra.open = false;
    bool to_all = address_is_multicast(&sim_ra.to);
    sim_tell(sim, "advertisement on eth%u to %s", number_of(link), address_text(&sim_ra.to, text));
    check_whole(sim, link);
    if (!to_all)
        sent_to_one(sim);
    else if (sim->fault != SIM_FAULT_RA_SILENT || sim_ra.sent % 2 == 0)
        sent_to_all(sim, link);
    if (to_all && sim->fault == SIM_FAULT_RA_HASTE)
        sent_to_all(sim, link);
    sim_ra_tell_hosts(sim, sim_ra.interface, &sim_ra.to);
}

/* ------------------------------------------------------------------ what is overdue */

static void judge_owed(struct sim *sim)
{
    char text[ADDRESS_TEXT_MAX];
    for (size_t i = 0; i < sim_ra.owed_count;) {
        const struct sim_ra_owed *owed = &sim_ra.owed[i];
        if (owed->due >= sim->now) {
            i++;
            continue;
        }
        if (owed->surely && has_something(sim, link_of(owed->interface)))
            sim_break(sim, SIM_RA_ANSWERED, "%s is not answered", address_text(&owed->to, text));
        sim_ra.owed[i] = sim_ra.owed[--sim_ra.owed_count];
    }
}

static void judge_link(struct sim *sim, struct sim_ra_link *link)
{
    for (unsigned i = 0; i < link->place_count; i++) {
        struct sim_ra_place *place = &link->places[i];
        if (!place->gone || sim->now < place->back_most)
            continue;
        place->gone = place->told = false;
    }
    if (link->due >= sim->now)
        return;
    if (has_something(sim, link))
        sim_break(sim, link->why_due, "an advertisement on eth%u is %llu ms late", number_of(link),
                  (unsigned long long)(sim->now - link->due));
    link->due = MONO_NEVER;
}

void sim_ra_judge(struct sim *sim)
{
    judge_owed(sim);
    for (unsigned i = 0; i < sim_ra.link_count; i++)
        judge_link(sim, &sim_ra.links[i]);
}

void sim_ra_check_end(struct sim *sim)
{
    const struct ra_counters *counters = ra_server_counters(sim_ra.server);
    uint64_t heard = counters->solicits + counters->dropped_malformed
                     + counters->dropped_not_on_link + counters->dropped_not_admitted;
    if (ra_server_deadline(sim_ra.server) != MONO_NEVER)
        sim_break(sim, SIM_ALL_ENDS, "router advertisement waits until %llu s",
                  (unsigned long long)((ra_server_deadline(sim_ra.server) - FAKE_START_MONO)
                                       / SIM_SECOND));
    if (sim_ra.file_count > 0)
        sim_break(sim, SIM_ALL_ENDS, "%zu bytes of prefixes are still kept", sim_ra.file_count);
    if (heard + (sim->fault == SIM_FAULT_RA_MISCOUNTED) != sim_ra.heard
        || counters->adverts != sim_ra.sent)
        sim_break(sim, SIM_COUNTERS,
                  "%llu solicitations counted of %llu, %llu advertisements of %llu",
                  (unsigned long long)heard, (unsigned long long)sim_ra.heard,
                  (unsigned long long)counters->adverts, (unsigned long long)sim_ra.sent);
}

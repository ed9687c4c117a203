/* Hosts that look for a router (RFC 4861 section 6.3.7): up to three solicitations four seconds
 * apart, until they hear an advertisement; and now and then one that no router may believe. */
#include "sim_ra.h"

#define TRIES_MAX     3
#define TRY_AGAIN_MS  4000
#define MESSAGE_BYTES 8
#define HOP_LIMIT     255
#define BAD_RATE      80 /* in a thousand */
#define HEAD_BYTES    17 /* of an event, before the message: from whom, hop limit */

enum { FROM_NONE, FROM_LINK_LOCAL, FROM_GLOBAL };

/* What is wrong with a solicitation (RFC 4861 section 6.1.1). */
enum wrong {
    WRONG_HOP_LIMIT,
    WRONG_ZERO_LENGTH,
    WRONG_CUT_OFF,
    WRONG_CUT_OPTION,
    WRONG_CODE,
    WRONG_SOURCE_OPTION, /* without an address */
    WRONG_MULTICAST,
    WRONG_NETWORK,
    WRONG_TYPE,
    WRONG_COUNT,
    NOTHING_WRONG = WRONG_COUNT,
};
static const char *const wrong_names[] = { "of another hop limit",
                                           "with an option of length 0",
                                           "cut off",
                                           "with an option cut off",
                                           "of another code",
                                           "without an address but with its hardware's",
                                           "from a multicast address",
                                           "from another network",
                                           "that is none",
                                           "" };

/* ------------------------------------------------------------------ asking */

static struct address address_of(struct sim *sim, unsigned who)
{
    const struct sim_ra_host *host = &sim_ra.hosts[who];
    const struct sim_ra_link *link = &sim_ra.links[host->link];
    if (host->from == FROM_NONE)
        return address_any(ADDRESS_IP6);
    if (host->from == FROM_GLOBAL)
        return sim_ra_address(host->link, sim_between(sim, 0, link->place_count - 1), 0x1000 + who);
    struct address address = sim_ra_link_local(0);
    address.bytes[14] = 0x20;
    address.bytes[15] = (uint8_t)who;
    return address;
}

static void write_option(struct bytes_writer *writer, unsigned who)
{
    static const uint8_t head[] = { ICMP6_SOURCE_LINK_LAYER, 1, 2, 0, 0, 0, 0x20 };
    bytes_write_copy(writer, head, sizeof head);
    bytes_write_u8(writer, (uint8_t)who);
}

static void write_message(struct sim *sim, unsigned who, enum wrong wrong, bool with_option,
                          struct bytes_writer *writer)
{
    static const uint8_t zero_length[MESSAGE_BYTES] = { ICMP6_SOURCE_LINK_LAYER, 0 };
    const uint8_t message[MESSAGE_BYTES] = {
        wrong == WRONG_TYPE ? ICMP6_ROUTER_ADVERT : ICMP6_ROUTER_SOLICIT,
        wrong == WRONG_CODE ? 1 : 0,
    };
    size_t count = wrong == WRONG_CUT_OFF ? sim_between(sim, 1, MESSAGE_BYTES - 1) : sizeof message;
    bytes_write_copy(writer, message, count);
    if (wrong == WRONG_ZERO_LENGTH)
        bytes_write_copy(writer, zero_length, sizeof zero_length);
    if (wrong == WRONG_CUT_OPTION)
        bytes_write_copy(writer, "\1\1\2", 3);
    if (with_option && wrong != WRONG_CUT_OFF)
        write_option(writer, who);
}

static void arrive(struct sim *sim, const struct sim_event *event);

static void solicit(struct sim *sim, unsigned who)
{
    uint8_t buffer[64];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    enum wrong wrong = sim_chance(sim, BAD_RATE) ? (enum wrong)sim_between(sim, 0, WRONG_COUNT - 1)
                                                 : NOTHING_WRONG;
    struct address from = address_of(sim, who);
    if (wrong == WRONG_SOURCE_OPTION)
        from = address_any(ADDRESS_IP6);
    if (wrong == WRONG_NETWORK)
        from = sim_ra_address(SIM_RA_LINKS, 0, who);
    if (wrong == WRONG_MULTICAST)
        from.bytes[0] = 0xff;
    bool with_option =
        wrong == WRONG_SOURCE_OPTION
        || (!address_is_any(&from) && wrong < WRONG_MULTICAST && sim_chance(sim, 500))
        || (wrong == NOTHING_WRONG && !address_is_any(&from) && sim_chance(sim, 500));
    bytes_write_span(&writer, address_bytes(&from));
    bytes_write_u8(&writer, wrong == WRONG_HOP_LIMIT ? HOP_LIMIT - 1 : HOP_LIMIT);
    write_message(sim, who, wrong, with_option, &writer);
    char text[ADDRESS_TEXT_MAX];
    sim_tell(sim, "host %u on eth%u solicits from %s %s", who, sim_ra.hosts[who].link,
             address_text(&from, text), wrong_names[wrong]);
    struct sim_event event = { .act = arrive,
                               .who = sim_ra.hosts[who].link,
                               .number = wrong == NOTHING_WRONG ? SIM_RA_GOOD : SIM_RA_BAD };
    sim_carry(sim, event, bytes_writer_written(&writer));
}

/* ------------------------------------------------------------------ at the router */

/* One with an address of the link's own networks is believed only while they are that. */
static bool is_of_link(const struct address *from, unsigned link)
{
    if (address_is_any(from) || address_is_link_local(from))
        return true;
    for (unsigned i = 0; i < sim_ra.links[link].place_count; i++) {
        struct address own = sim_ra_address(link, i, 1);
        if (sim_ra.links[link].places[i].given.there && memcmp(own.bytes, from->bytes, 8) == 0)
            return true;
    }
    return false;
}

static void arrive(struct sim *sim, const struct sim_event *event)
{
    if (!sim_ra.links[event->who].up || sim_ra_postpone(sim, event))
        return;
    struct ra_datagram in = {
        .message = bytes_of(event->bytes + HEAD_BYTES, event->count - HEAD_BYTES),
        .from = address_ip6(event->bytes),
        .interface = SIM_RA_FIRST + event->who,
        .hop_limit = event->bytes[HEAD_BYTES - 1],
    };
    enum sim_ra_worth worth = (enum sim_ra_worth)event->number;
    if (!is_of_link(&in.from, event->who))
        worth = SIM_RA_BAD;
    if (event->corrupt)
        worth = SIM_RA_UNCLEAR;
    if (sim->fault == SIM_FAULT_RA_BELIEVING)
        in.hop_limit = HOP_LIMIT;
    uint64_t full = ra_server_counters(sim_ra.server)->pending_full;
    if (sim->fault == SIM_FAULT_RA_UNHEARD)
        ra_server_message_cut(sim_ra.server);
    else
        ra_server_message(sim_ra.server, &in, sim_ra_now(sim), &sim_ra.out);
    full = ra_server_counters(sim_ra.server)->pending_full - full;
    sim_ra_heard(sim, in.interface, &in.from, worth, full > 0);
    sim_ra_finish(sim);
}

/* ------------------------------------------------------------------ the life of a host */

static void wait(struct sim *sim, unsigned who, mono_ms after);

static void on_timer(struct sim *sim, const struct sim_event *event)
{
    struct sim_ra_host *host = &sim_ra.hosts[event->who];
    if (event->number != host->timer || sim_ra.draining)
        return;
    if (host->tries == 0)
        host->silent = false;
    if (host->tries == 0 && sim_chance(sim, sim->choice.moving))
        host->link = sim_between(sim, 0, sim_ra.link_count - 1);
    if (!host->silent && host->tries < TRIES_MAX) {
        host->tries++;
        solicit(sim, event->who);
        wait(sim, event->who, TRY_AGAIN_MS);
        return;
    }
    /* It sleeps, or is started anew, some time. */
    mono_ms span = sim_ra.end - sim->now;
    host->tries = 0;
    if (sim->now < sim_ra.end)
        wait(sim, event->who, 1000 + random_below(&sim->random, (uint32_t)span));
}

static void wait(struct sim *sim, unsigned who, mono_ms after)
{
    struct sim_event event = { .act = on_timer, .who = who, .number = ++sim_ra.hosts[who].timer };
    sim_later(sim, after, event, BYTES_NONE);
}

/* Now and then all come at once, as after a failure of power. */
void sim_ra_begin_hosts(struct sim *sim)
{
    bool at_once = sim_chance(sim, 200);
    for (unsigned i = 0; i < sim_ra.host_count; i++) {
        unsigned kind = sim_between(sim, 0, 99);
        sim_ra.hosts[i] = (struct sim_ra_host){
            .link = sim_between(sim, 0, sim_ra.link_count - 1),
            .from = kind < 20   ? FROM_NONE
                    : kind < 85 ? FROM_LINK_LOCAL
                                : FROM_GLOBAL,
        };
        mono_ms span = sim_ra.end - sim->now;
        wait(sim, i,
             1 + (at_once ? sim_between(sim, 0, 300) : random_below(&sim->random, (uint32_t)span)));
    }
}

void sim_ra_tell_hosts(struct sim *sim, uint32_t interface, const struct address *to)
{
    bool to_all = address_is_multicast(to);
    for (unsigned i = 0; i < sim_ra.host_count && !sim_ra.draining; i++) {
        struct sim_ra_host *host = &sim_ra.hosts[i];
        if (host->silent || host->tries == 0 || SIM_RA_FIRST + host->link != interface)
            continue;
        if ((to_all || to->bytes[15] == i) && !sim_chance(sim, sim->choice.loss))
            host->silent = true;
    }
}

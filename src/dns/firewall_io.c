#include "dns/firewall_io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "dns/set_memory.h"
#include "platform/instant.h"
#include "platform/nfnetlink.h"
#include "wire/rrtype.h"

#define MS_A_SECOND 1000u

static_assert((int)FIREWALL_INET == (int)NFNETLINK_INET && (int)FIREWALL_IP == (int)NFNETLINK_IP
                  && (int)FIREWALL_IP6 == (int)NFNETLINK_IP6
                  && (int)FIREWALL_ARP == (int)NFNETLINK_ARP
                  && (int)FIREWALL_BRIDGE == (int)NFNETLINK_BRIDGE
                  && (int)FIREWALL_NETDEV == (int)NFNETLINK_NETDEV
                  && FIREWALL_IPSET_NAME_MAX == NFNETLINK_IPSET_NAME_MAX
                  && FIREWALL_NFT_NAME_MAX == NFNETLINK_NFT_NAME_MAX
                  && DNS_LEARNED_MAX == NFNETLINK_ADDRESSES_MAX,
              "the configuration's words are the platform's");

/* When an error was told of last, and how many were not since. */
struct tellings {
    mono_ms told; /* 0: never */
    uint64_t held;
};

/* What is known of a set. */
struct set_state {
    mono_ms known_until;              /* 0: nothing is */
    struct nfnetlink_nft_facts facts; /* of an ipset only `timeouts` */
    struct tellings errors;
};

struct firewall_io {
    struct dns_hooks hooks;
    const struct event_sink *events;
    struct siphash_key key;
    struct set_memory memory;
    uint64_t identity; /* of the rules that memory and states are about */
    int fd;
    uint32_t sequence;
    struct tellings mark_errors;
    struct set_state states[FIREWALL_SETS_MAX];
    uint8_t message[NFNETLINK_MESSAGE_MAX] __attribute__((aligned(8)));
    uint8_t answer[NFNETLINK_ANSWER_MAX] __attribute__((aligned(8)));
};

/* ------------------------------------------------------------------ asking the kernel */

/* Of several answers with this number the first error, or else what is told, counts. */
static bool take_answer(const struct nfnetlink_answer *one, uint32_t sequence,
                        struct nfnetlink_answer *answer)
{
    if (one->sequence != sequence)
        return false; /* of something before, that came late */
    if (answer->error == 0)
        *answer = *one;
    return true;
}

/* Sends the message made last and reads what the kernel says to it. */
static void ask(struct firewall_io *io, size_t count, struct nfnetlink_answer *answer)
{
    bool answered = false;
    bool lost = false;

    *answer = (struct nfnetlink_answer){ .kind = NFNETLINK_DONE };
    enum status status = nfnetlink_send(io->fd, bytes_of(io->message, count));
    if (status != STATUS_OK) {
        answer->error = status == STATUS_AGAIN ? ENOBUFS : errno;
        return;
    }
    for (;;) {
        struct nfnetlink_answer one;
        struct bytes left = nfnetlink_receive(io->fd, io->answer, &lost);
        if (left.count == 0)
            break;
        while (nfnetlink_next(&left, &one))
            answered = take_answer(&one, io->sequence, answer) || answered;
    }
    if (!answered)
        answer->error = lost ? ENOBUFS : ETIMEDOUT;
}

/* ------------------------------------------------------------------ the log */

static bool may_tell(struct tellings *tellings, mono_ms now, uint64_t *held)
{
    if (tellings->told != 0 && now - tellings->told < FIREWALL_TELL_MS) {
        tellings->held++;
        return false;
    }
    *held = tellings->held;
    *tellings = (struct tellings){ .told = now };
    return true;
}

static void tell_error(struct tellings *tellings, mono_ms now, const char *what, const char *which,
                       const char *error)
{
    uint64_t held;

    if (!may_tell(tellings, now, &held))
        return;
    if (held > 0)
        log_line(LOG_PART_MAIN, LOG_ERROR, "%s%s Error: %s (and %" PRIu64 " more)", what, which,
                 error, held);
    else
        log_line(LOG_PART_MAIN, LOG_ERROR, "%s%s Error: %s", what, which, error);
}

static void tell_added(const struct firewall_io *io, const struct dns_learned *learned,
                       const struct firewall_set *set, const struct nfnetlink_elements *elements)
{
    struct dname domain;

    if (!learned->fresh || !event_wanted(io->events, EVENT_DNS_SET))
        return;
    firewall_rules_domain(learned->config->rules, (enum firewall_set_kind)set->kind, learned->match,
                          &domain);
    struct event event = {
        .kind = EVENT_DNS_SET,
        .name = &domain,
        .verb = set->kind == FIREWALL_IPSET ? "ipset" : "nftset",
        .text = set->text,
    };
    if (learned->asker != NULL) {
        event.client = &learned->asker->client.from;
        event.serial = learned->asker->serial;
        event.tcp = learned->asker->client.tcp;
    }
    for (size_t i = 0; i < elements->count; i++) {
        event.address = &elements->addresses[i];
        event_tell(io->events, &event);
    }
}

/* ------------------------------------------------------------------ ipset */

/* Whether it has timeouts shows when one is given. */
static int add_to_ipset(struct firewall_io *io, const struct firewall_set *set,
                        struct set_state *state, mono_ms now, struct nfnetlink_elements *elements)
{
    struct nfnetlink_answer answer;
    uint32_t timeout_s = elements->timeout_s;

    if (now >= state->known_until)
        state->facts.timeouts = true;
    elements->timeout_s = state->facts.timeouts ? timeout_s : 0;
    ask(io, nfnetlink_ipset_add(io->message, ++io->sequence, set->name, elements), &answer);
    if (answer.error == NFNETLINK_NO_TIMEOUTS) {
        state->facts.timeouts = false;
        state->known_until = now + FIREWALL_ASK_AGAIN_MS;
        elements->timeout_s = 0;
        ask(io, nfnetlink_ipset_add(io->message, ++io->sequence, set->name, elements), &answer);
    }
    return answer.error;
}

static bool put_into_ipset(struct firewall_io *io, const struct dns_learned *learned,
                           const struct firewall_set *set, struct set_state *state,
                           struct nfnetlink_elements *elements)
{
    int error = add_to_ipset(io, set, state, learned->now, elements);

    tell_added(io, learned, set, elements);
    if (error == 0 || error == NFNETLINK_OTHER_FAMILY)
        return true;
    tell_error(&state->errors, learned->now, "ipset ", set->text, nfnetlink_error_text(error));
    return false;
}

/* ------------------------------------------------------------------ nftables */

static int learn_facts(struct firewall_io *io, const struct nfnetlink_nft_name *name,
                       struct set_state *state, mono_ms now)
{
    struct nfnetlink_answer answer;

    if (now < state->known_until)
        return 0;
    ask(io, nfnetlink_nft_ask(io->message, ++io->sequence, name), &answer);
    if (answer.error == 0 && answer.kind != NFNETLINK_FACTS)
        answer.error = EPROTO;
    if (answer.error != 0)
        return answer.error;
    state->facts = answer.facts;
    state->known_until = now + FIREWALL_ASK_AGAIN_MS;
    return 0;
}

static int add_to_nft(struct firewall_io *io, const struct nfnetlink_nft_name *name,
                      const struct set_state *state, const struct nfnetlink_elements *elements)
{
    struct nfnetlink_answer answer;

    ask(io, nfnetlink_nft_add(io->message, ++io->sequence, name, &state->facts, elements), &answer);
    /* An interval that somebody else has put in holds it already. */
    if (state->facts.intervals && (answer.error == EEXIST || answer.error == ENOTEMPTY))
        return 0;
    return answer.error;
}

/* Where one of many cannot be put in, none is: then they go one by one. */
static int add_singly(struct firewall_io *io, const struct nfnetlink_nft_name *name,
                      const struct set_state *state, const struct nfnetlink_elements *elements)
{
    int error = 0;

    for (size_t i = 0; i < elements->count; i++) {
        struct nfnetlink_elements one = *elements;
        one.addresses = &elements->addresses[i];
        one.count = 1;
        int failed = add_to_nft(io, name, state, &one);
        error = failed != 0 ? failed : error;
    }
    return error;
}

static const char *family_fault(uint8_t held, uint8_t family)
{
    if (held == ADDRESS_NONE)
        return "the set does not hold addresses";
    if (held == family)
        return NULL;
    return family == ADDRESS_IP6 ? "the set does not hold IPv6 addresses"
                                 : "the set does not hold IPv4 addresses";
}

static bool put_into_nft(struct firewall_io *io, const struct dns_learned *learned,
                         const struct firewall_set *set, struct set_state *state,
                         struct nfnetlink_elements *elements)
{
    const struct nfnetlink_nft_name name = { (enum nfnetlink_family)set->family, set->table,
                                             set->name };
    /* The text without 4# or 6#, as nft would be given it. */
    const char *text = set->only == ADDRESS_NONE ? set->text : set->text + 2;
    const char *fault = NULL;

    int error = learn_facts(io, &name, state, learned->now);
    if (error == 0)
        fault = family_fault(state->facts.family, elements->addresses[0].family);
    if (error == 0 && fault == NULL) {
        if (!state->facts.timeouts)
            elements->timeout_s = 0;
        else if (elements->timeout_s < state->facts.default_s)
            elements->timeout_s = state->facts.default_s;
        elements->longer = elements->longer && state->facts.timeouts;
        error = add_to_nft(io, &name, state, elements);
        if (error != 0 && elements->count > 1)
            error = add_singly(io, &name, state, elements);
    }
    if (error == 0 && fault == NULL) {
        tell_added(io, learned, set, elements);
        return true;
    }
    if (error != 0)
        state->known_until = 0; /* it may be another one now */
    tell_error(&state->errors, learned->now, "nftset ", text,
               fault != NULL ? fault : nfnetlink_error_text(error));
    return false;
}

/* ------------------------------------------------------------------ what is learned */

static uint64_t hash_of(const struct firewall_io *io, uint16_t set, const struct address *address)
{
    uint8_t bytes[2 + sizeof *address];

    memcpy(bytes, &set, sizeof set);
    memcpy(bytes + sizeof set, address, sizeof *address);
    return siphash13(&io->key, bytes, sizeof bytes);
}

static uint32_t stay_s(const struct dns_learned *learned)
{
    uint32_t ttl = learned->ttl < NFNETLINK_TIMEOUT_MAX_S ? learned->ttl : NFNETLINK_TIMEOUT_MAX_S;
    return ttl > FIREWALL_STAY_MIN_S ? ttl : FIREWALL_STAY_MIN_S;
}

/* Those addresses of a family that have to be put into the set now, and for how long: none goes
 * sooner than it would have. */
static void choose(const struct firewall_io *io, const struct dns_learned *learned, uint16_t set,
                   uint8_t family, struct address chosen[DNS_LEARNED_MAX],
                   struct nfnetlink_elements *elements)
{
    mono_ms needed = learned->now + (mono_ms)stay_s(learned) * MS_A_SECOND;
    mono_ms longest = needed;

    *elements = (struct nfnetlink_elements){ .addresses = chosen };
    for (size_t i = 0; i < learned->count; i++) {
        const struct address *address = &learned->addresses[i];
        mono_ms until;
        if (address->family != family)
            continue;
        enum set_memory_verdict verdict =
            set_memory_ask(&io->memory, hash_of(io, set, address), learned->now, needed, &until);
        if (verdict == SET_MEMORY_HOLDS && !learned->fresh)
            continue;
        elements->longer =
            elements->longer || verdict == SET_MEMORY_LONGER || verdict == SET_MEMORY_ABSENT;
        longest = until > longest ? until : longest;
        chosen[elements->count++] = *address;
    }
    elements->timeout_s = (uint32_t)((longest - learned->now + MS_A_SECOND - 1) / MS_A_SECOND);
}

static size_t put_family(struct firewall_io *io, const struct dns_learned *learned, uint16_t index,
                         uint8_t family)
{
    const struct firewall_set *set = &learned->config->sets[index];
    struct set_state *state = &io->states[index];
    struct address chosen[DNS_LEARNED_MAX];
    struct nfnetlink_elements elements;

    if (set->only != ADDRESS_NONE && set->only != family)
        return 0;
    choose(io, learned, index, family, chosen, &elements);
    if (elements.count == 0)
        return 0;
    bool done = set->kind == FIREWALL_IPSET ? put_into_ipset(io, learned, set, state, &elements)
                                            : put_into_nft(io, learned, set, state, &elements);
    /* One that stays for ever is put in again now and then all the same. */
    uint32_t stays_s = elements.timeout_s > 0 ? elements.timeout_s : stay_s(learned);
    for (size_t i = 0; i < elements.count; i++) {
        uint64_t hash = hash_of(io, index, &chosen[i]);
        if (done)
            set_memory_note(&io->memory, hash, learned->now,
                            learned->now + (mono_ms)stays_s * MS_A_SECOND);
        else
            set_memory_forget(&io->memory, hash);
    }
    return done ? 0 : elements.count;
}

/* Another configuration has other sets. */
static void notice_rules(struct firewall_io *io, const struct firewall_rules *rules)
{
    if (io->identity == firewall_rules_identity(rules))
        return;
    io->identity = firewall_rules_identity(rules);
    set_memory_clear(&io->memory);
    for (size_t i = 0; i < COUNT_OF(io->states); i++)
        io->states[i] = (struct set_state){ .known_until = 0 };
}

static size_t on_learned(void *context, const struct dns_learned *learned)
{
    struct firewall_io *io = context;
    size_t failed = 0;

    notice_rules(io, learned->config->rules);
    for (unsigned kind = 0; kind < FIREWALL_SET_KINDS; kind++) {
        if (learned->match->lists[kind] == FIREWALL_LIST_NONE)
            continue;
        const struct firewall_list *list = &learned->config->lists[learned->match->lists[kind]];
        for (size_t i = 0; i < list->count; i++) {
            failed += put_family(io, learned, list->sets[i], ADDRESS_IP4);
            failed += put_family(io, learned, list->sets[i], ADDRESS_IP6);
        }
    }
    return failed;
}

/* ------------------------------------------------------------------ marks */

static uint32_t on_mark(void *context, const struct dns_client *client, uint16_t port)
{
    struct firewall_io *io = context;
    const struct nfnetlink_flow flow = {
        .client = client->from,
        .local = { .address = client->local, .port = port },
        .tcp = client->tcp,
    };
    struct nfnetlink_answer answer;

    if (client->local.family != client->from.address.family)
        return 0;
    ask(io, nfnetlink_mark_ask(io->message, ++io->sequence, &flow), &answer);
    /* A connection that is not followed has no mark. */
    if (answer.error != 0 && answer.error != ENOENT)
        tell_error(&io->mark_errors, instant_mono(), "conntrack", "",
                   nfnetlink_error_text(answer.error));
    return answer.error == 0 && answer.kind == NFNETLINK_MARK ? answer.mark : 0;
}

/* ------------------------------------------------------------------ life */

enum status firewall_io_create(const struct siphash_key *key, const struct event_sink *events,
                               struct firewall_io **io)
{
    struct firewall_io *made = calloc(1, sizeof *made);
    if (made == NULL)
        return STATUS_NO_MEMORY;
    enum status status = set_memory_init(&made->memory);
    if (status == STATUS_OK)
        status = nfnetlink_open(&made->fd);
    if (status != STATUS_OK) {
        set_memory_free(&made->memory);
        free(made);
        return status;
    }
    made->key = *key;
    made->events = events;
    made->hooks = (struct dns_hooks){ .mark = on_mark, .learned = on_learned, .context = made };
    *io = made;
    return STATUS_OK;
}

void firewall_io_free(struct firewall_io *io)
{
    if (io == NULL)
        return;
    close(io->fd);
    set_memory_free(&io->memory);
    free(io);
}

const struct dns_hooks *firewall_io_hooks(struct firewall_io *io)
{
    return &io->hooks;
}

/* ------------------------------------------------------------------ for another process */

static bool has_set(const struct firewall_config *config, enum firewall_set_kind kind,
                    const char *table, const char *name)
{
    for (size_t i = 0; i < config->set_count; i++) {
        const struct firewall_set *set = &config->sets[i];
        if (set->kind == kind && strcmp(set->name, name) == 0
            && (kind != FIREWALL_NFT || strcmp(set->table, table) == 0))
            return true;
    }
    return false;
}

static bool has_ipset(const void *context, const char *name)
{
    return has_set(context, FIREWALL_IPSET, NULL, name);
}

static bool has_nft(const void *context, const char *table, const char *name)
{
    return has_set(context, FIREWALL_NFT, table, name);
}

int firewall_io_pass_on(const struct firewall_config *config, int fd, struct bytes messages)
{
    const struct nfnetlink_sets sets = { has_ipset, has_nft, config };
    return nfnetlink_pass_on(fd, messages, &sets);
}

const char *firewall_io_new_set(const struct firewall_config *config,
                                const struct firewall_config *later)
{
    for (size_t i = 0; i < later->set_count; i++) {
        const struct firewall_set *set = &later->sets[i];
        if (!has_set(config, (enum firewall_set_kind)set->kind, set->table, set->name))
            return set->text;
    }
    return NULL;
}

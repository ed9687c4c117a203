#include "dhcp4/dhcp4_decide.h"

static bool exists(const struct dhcp4_candidate *candidate)
{
    return !address_is_none(&candidate->address);
}

static bool is_allowed(const struct dhcp4_candidate *candidate)
{
    return candidate->place == DHCP4_IN_POOL || candidate->place == DHCP4_AT_HOME;
}

/* Free for this client, or its own already. */
static bool is_to_be_had(const struct dhcp4_candidate *candidate)
{
    return exists(candidate) && is_allowed(candidate)
           && (candidate->holder == DHCP4_FREE || candidate->holder == DHCP4_OWN);
}

static struct dhcp4_plan offer(const struct dhcp4_candidate *candidate, enum dhcp4_why why,
                               bool probe)
{
    return (struct dhcp4_plan){
        .verdict = DHCP4_DO_OFFER, .why = why, .address = candidate->address, .probe = probe
    };
}

struct dhcp4_plan dhcp4_decide_discover(const struct dhcp4_discover *facts)
{
    /* RFC 2131 section 4.3.1 lists the preference. What is configured, or is the client's already,
     * is not probed: nobody else may use it, and an answer could only come from the client itself.
     */
    if (is_to_be_had(&facts->configured))
        return offer(&facts->configured, DHCP4_WHY_CONFIGURED, false);
    if (is_to_be_had(&facts->own))
        return offer(&facts->own, DHCP4_WHY_OWN, false);
    if (!facts->room && !exists(&facts->own))
        return (struct dhcp4_plan){ .verdict = DHCP4_DO_NOTHING, .why = DHCP4_WHY_FULL };
    if (is_to_be_had(&facts->standing))
        return offer(&facts->standing, DHCP4_WHY_STANDING, true);
    if (is_to_be_had(&facts->requested))
        return offer(&facts->requested, DHCP4_WHY_REQUESTED, true);
    return (struct dhcp4_plan){ .verdict = DHCP4_DO_PICK, .why = DHCP4_WHY_ANY, .probe = true };
}

/* ------------------------------------------------------------------ REQUEST */

static struct dhcp4_plan nothing(void)
{
    return (struct dhcp4_plan){ .verdict = DHCP4_DO_NOTHING };
}

static struct dhcp4_plan nak(const char *reason)
{
    return (struct dhcp4_plan){ .verdict = DHCP4_DO_NAK, .reason = reason };
}

/* Why the address cannot be this client's; NULL when it can. */
static const char *obstacle(const struct dhcp4_request *facts)
{
    if (facts->wanted.place == DHCP4_OFF_NET)
        return "wrong network";
    if (!is_allowed(&facts->wanted))
        return facts->wanted.holder == DHCP4_RESERVED ? "address reserved"
                                                      : "address not available";
    switch (facts->wanted.holder) {
    case DHCP4_FREE:
    case DHCP4_OWN:
        return NULL;
    case DHCP4_OFFERED:
        /* An offer binds nobody (RFC 2131 section 3.1): the first REQUEST has it. */
        return facts->state == DHCP4_SELECTING ? NULL : "address in use";
    case DHCP4_LEASED:
    case DHCP4_BUSY:
        return "address in use";
    case DHCP4_RESERVED:
        return "address reserved";
    case DHCP4_SERVER:
    case DHCP4_DECLINED:
        break;
    }
    return "address not available";
}

/* RFC 2131 section 4.3.2: a server that has no record of the client must remain silent, so that
 * several can live on one network; dhcp-authoritative says there is no other. */
static bool may_speak(const struct dhcp4_request *facts)
{
    return facts->authoritative || facts->has_lease || facts->state == DHCP4_SELECTING;
}

/* A client that renews an address we have not leased to it. By unicast it takes us for the server
 * it has the address from, and must hear that we are not; a broadcast may be meant for another. */
static bool is_renewal_of_nothing(const struct dhcp4_request *facts)
{
    if (facts->state != DHCP4_RENEWING || facts->wants_own)
        return false;
    return facts->authoritative ? facts->has_lease : facts->by_unicast;
}

struct dhcp4_plan dhcp4_decide_request(const struct dhcp4_request *facts)
{
    if (!exists(&facts->wanted))
        return nothing();
    if (facts->state == DHCP4_SELECTING && !facts->is_for_us) {
        struct dhcp4_plan plan = facts->authoritative ? nak("wrong server-ID") : nothing();
        plan.release_own = facts->has_lease;
        return plan;
    }
    if (is_renewal_of_nothing(facts))
        return nak("lease not found");
    if (!may_speak(facts))
        return nothing();
    if (facts->has_lease && !facts->wants_own) {
        /* A client that rebinds another address than ours may have it from another server. */
        if (facts->state == DHCP4_RENEWING)
            return nothing();
        if (facts->state != DHCP4_SELECTING)
            return nak("wrong address");
    }
    const char *reason = obstacle(facts);
    if (reason != NULL)
        return nak(reason);
    if (facts->wants_own && facts->static_available)
        return nak("static lease available");
    if (!facts->room && !facts->has_lease)
        return nothing();
    return (struct dhcp4_plan){ .verdict = DHCP4_DO_ACK, .address = facts->wanted.address };
}

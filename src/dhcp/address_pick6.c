#include "dhcp/address_pick6.h"

#define NEAR_TRIES  16  /* behind the client's own place; then as many elsewhere */
#define JUMPS       16  /* so often; then all in a row */
#define SMALL_RANGE 256 /* is looked through in a row */

/* The hash known as sdbm, begun with the IAID. */
WRAPS uint64_t address_pick6_place(struct bytes duid, uint32_t iaid)
{
    uint64_t hash = iaid;

    for (size_t i = 0; i < duid.count; i++)
        hash = duid.at[i] + (hash << 6) + (hash << 16) - hash;
    return hash;
}

/* Another place altogether: clients with DUIDs in a row have places in a row, so that what lies
 * behind one is taken when it is. */
WRAPS static uint64_t other_place(uint64_t place)
{
    place *= 0x9e3779b97f4a7c15u;
    return place ^ place >> 29;
}

bool address_pick6_next(const struct address *first, const struct address *last, uint64_t place,
                        address_pick6_taken *taken, void *context, struct address *address)
{
    uint64_t distance = address_distance(first, last); /* count - 1; UINT64_MAX: or more */
    uint64_t tries = distance < ADDRESS_PICK6_TRIES ? distance + 1 : ADDRESS_PICK6_TRIES;
    uint64_t modulus = distance < UINT64_MAX ? distance + 1 : UINT64_MAX;
    uint64_t apart = place == 0 || distance < SMALL_RANGE ? 0 : JUMPS * NEAR_TRIES;
    uint64_t limit = apart + tries < ADDRESS_PICK6_TRIES ? apart + tries : ADDRESS_PICK6_TRIES;
    struct address candidate = address_add(*first, place % modulus);

    for (uint64_t i = 0; i < limit; i++) {
        if (i > 0 && i <= apart && i % NEAR_TRIES == 0) {
            place = other_place(place);
            candidate = address_add(*first, place % modulus);
        }
        if (!taken(context, &candidate)) {
            *address = candidate;
            return true;
        }
        candidate = address_equal(&candidate, last) ? *first : address_next(candidate);
    }
    return false;
}

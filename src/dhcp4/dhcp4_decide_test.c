#include "dhcp4/dhcp4_decide.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NONE                                                                                       \
    {                                                                                              \
        { 0 }, DHCP4_OFF_NET, DHCP4_FREE                                                           \
    }
#define AT(host, place, holder)                                                                    \
    {                                                                                              \
        { ADDRESS_IP4, { 192, 0, 2, host } }, place, holder                                        \
    }

static const struct {
    const char *name;
    struct dhcp4_discover facts;
    enum dhcp4_verdict verdict;
    uint8_t host;
    bool probe;
} discovers[] = {
    { "nothing known: any address, after a probe",
      { NONE, NONE, NONE, NONE, true },
      DHCP4_DO_PICK,
      0,
      true },
    { "its own lease, without a probe",
      { AT(1, DHCP4_IN_POOL, DHCP4_OWN), NONE, NONE, AT(4, DHCP4_IN_POOL, DHCP4_FREE), true },
      DHCP4_DO_OFFER,
      1,
      false },
    { "a configured address beats its lease",
      { AT(1, DHCP4_IN_POOL, DHCP4_OWN), AT(2, DHCP4_AT_HOME, DHCP4_FREE), NONE, NONE, true },
      DHCP4_DO_OFFER,
      2,
      false },
    { "a configured address that another client has does not",
      { AT(1, DHCP4_IN_POOL, DHCP4_OWN), AT(2, DHCP4_AT_HOME, DHCP4_LEASED), NONE, NONE, true },
      DHCP4_DO_OFFER,
      1,
      false },
    { "a declined configured address: any other",
      { NONE, AT(2, DHCP4_AT_HOME, DHCP4_DECLINED), NONE, NONE, true },
      DHCP4_DO_PICK,
      0,
      true },
    { "its lease is no longer allowed",
      { AT(1, DHCP4_ON_NET, DHCP4_OWN), NONE, NONE, NONE, true },
      DHCP4_DO_PICK,
      0,
      true },
    { "its lease is reserved for another now",
      { AT(1, DHCP4_IN_POOL, DHCP4_RESERVED), NONE, NONE, NONE, true },
      DHCP4_DO_PICK,
      0,
      true },
    { "what it asks for",
      { NONE, NONE, NONE, AT(4, DHCP4_IN_POOL, DHCP4_FREE), true },
      DHCP4_DO_OFFER,
      4,
      true },
    { "what it asks for is taken",
      { NONE, NONE, NONE, AT(4, DHCP4_IN_POOL, DHCP4_LEASED), true },
      DHCP4_DO_PICK,
      0,
      true },
    { "what it asks for is in use",
      { NONE, NONE, NONE, AT(4, DHCP4_IN_POOL, DHCP4_BUSY), true },
      DHCP4_DO_PICK,
      0,
      true },
    { "what it asks for is elsewhere",
      { NONE, NONE, NONE, AT(4, DHCP4_OFF_NET, DHCP4_FREE), true },
      DHCP4_DO_PICK,
      0,
      true },
    { "an earlier offer stands",
      { NONE, NONE, AT(3, DHCP4_IN_POOL, DHCP4_FREE), AT(4, DHCP4_IN_POOL, DHCP4_FREE), true },
      DHCP4_DO_OFFER,
      3,
      true },
    { "no room for one more lease", { NONE, NONE, NONE, NONE, false }, DHCP4_DO_NOTHING, 0, false },
    { "no room, but it has one",
      { AT(1, DHCP4_IN_POOL, DHCP4_OWN), NONE, NONE, NONE, false },
      DHCP4_DO_OFFER,
      1,
      false },
};

static void test_discover(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(discovers); i++) {
        struct dhcp4_plan plan = dhcp4_decide_discover(&discovers[i].facts);
        if (plan.verdict != discovers[i].verdict || plan.address.bytes[3] != discovers[i].host
            || plan.probe != discovers[i].probe)
            fail_msg("%s: verdict %d, .%u", discovers[i].name, (int)plan.verdict,
                     plan.address.bytes[3]);
    }
}

/* The table of dhcp.md section 5.2. */
enum { NO = 0, YES = 1 };
#define SEL  DHCP4_SELECTING
#define BOOT DHCP4_INIT_REBOOT
#define REN  DHCP4_RENEWING
#define POOL DHCP4_IN_POOL
#define HOME DHCP4_AT_HOME

static const struct {
    const char *name;
    enum dhcp4_client_state state;
    bool for_us, authoritative, has_lease;
    enum dhcp4_place place;
    enum dhcp4_holder holder;
    bool static_available, room;
    enum dhcp4_verdict verdict;
    const char *reason;
} requests[] = {
    { "selecting, free, even without a discover", SEL, YES, NO, NO, POOL, DHCP4_FREE, NO, YES,
      DHCP4_DO_ACK, NULL },
    { "selecting another server", SEL, NO, NO, NO, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_NOTHING,
      NULL },
    { "selecting another server, authoritative", SEL, NO, YES, NO, POOL, DHCP4_FREE, NO, YES,
      DHCP4_DO_NAK, "wrong server-ID" },
    { "selecting moves a client that has a lease", SEL, YES, NO, YES, POOL, DHCP4_FREE, NO, YES,
      DHCP4_DO_ACK, NULL },
    { "selecting a leased address", SEL, YES, NO, NO, POOL, DHCP4_LEASED, NO, YES, DHCP4_DO_NAK,
      "address in use" },
    { "selecting an address that answered", SEL, YES, NO, NO, POOL, DHCP4_BUSY, NO, YES,
      DHCP4_DO_NAK, "address in use" },
    { "selecting what another was offered", SEL, YES, NO, NO, POOL, DHCP4_OFFERED, NO, YES,
      DHCP4_DO_ACK, NULL },
    { "reboot with what another was offered", BOOT, NO, YES, NO, POOL, DHCP4_OFFERED, NO, YES,
      DHCP4_DO_NAK, "address in use" },
    { "selecting another's reservation", SEL, YES, NO, NO, POOL, DHCP4_RESERVED, NO, YES,
      DHCP4_DO_NAK, "address reserved" },
    { "selecting outside the pool", SEL, YES, NO, NO, DHCP4_ON_NET, DHCP4_FREE, NO, YES,
      DHCP4_DO_NAK, "address not available" },
    { "selecting the server's address", SEL, YES, NO, NO, POOL, DHCP4_SERVER, NO, YES, DHCP4_DO_NAK,
      "address not available" },
    { "selecting in another network", SEL, YES, NO, NO, DHCP4_OFF_NET, DHCP4_FREE, NO, YES,
      DHCP4_DO_NAK, "wrong network" },
    { "selecting with the limit reached", SEL, YES, NO, NO, POOL, DHCP4_FREE, NO, NO,
      DHCP4_DO_NOTHING, NULL },
    { "reboot, no lease", BOOT, NO, NO, NO, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_NOTHING, NULL },
    { "reboot, no lease, authoritative", BOOT, NO, YES, NO, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_ACK,
      NULL },
    { "reboot with its lease", BOOT, NO, NO, YES, POOL, DHCP4_OWN, NO, YES, DHCP4_DO_ACK, NULL },
    { "reboot with another address than its lease", BOOT, NO, NO, YES, POOL, DHCP4_FREE, NO, YES,
      DHCP4_DO_NAK, "wrong address" },
    { "the same, authoritative", BOOT, NO, YES, YES, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_NAK,
      "wrong address" },
    { "reboot outside every pool", BOOT, NO, NO, NO, DHCP4_ON_NET, DHCP4_FREE, NO, YES,
      DHCP4_DO_NOTHING, NULL },
    { "the same, authoritative", BOOT, NO, YES, NO, DHCP4_ON_NET, DHCP4_FREE, NO, YES, DHCP4_DO_NAK,
      "address not available" },
    { "reboot in another network", BOOT, NO, NO, NO, DHCP4_OFF_NET, DHCP4_FREE, NO, YES,
      DHCP4_DO_NOTHING, NULL },
    { "the same, authoritative", BOOT, NO, YES, NO, DHCP4_OFF_NET, DHCP4_FREE, NO, YES,
      DHCP4_DO_NAK, "wrong network" },
    { "reboot with a leased address", BOOT, NO, NO, NO, POOL, DHCP4_LEASED, NO, YES,
      DHCP4_DO_NOTHING, NULL },
    { "the same, authoritative", BOOT, NO, YES, NO, POOL, DHCP4_LEASED, NO, YES, DHCP4_DO_NAK,
      "address in use" },
    { "lease, address no longer allowed", REN, NO, NO, YES, DHCP4_ON_NET, DHCP4_OWN, NO, YES,
      DHCP4_DO_NAK, "address not available" },
    { "the same, authoritative", BOOT, NO, YES, YES, DHCP4_ON_NET, DHCP4_OWN, NO, YES, DHCP4_DO_NAK,
      "address not available" },
    { "lease, reserved for another now", REN, NO, NO, YES, POOL, DHCP4_RESERVED, NO, YES,
      DHCP4_DO_NAK, "address reserved" },
    { "lease, and a configured address has become free", REN, NO, NO, YES, POOL, DHCP4_OWN, YES,
      YES, DHCP4_DO_NAK, "static lease available" },
    { "renewal", REN, NO, NO, YES, POOL, DHCP4_OWN, NO, NO, DHCP4_DO_ACK, NULL },
    { "renewal at home", REN, NO, NO, YES, HOME, DHCP4_OWN, NO, YES, DHCP4_DO_ACK, NULL },
    { "renewal, no lease", REN, NO, NO, NO, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_NOTHING, NULL },
    { "renewal, no lease, authoritative", REN, NO, YES, NO, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_ACK,
      NULL },
    { "renewal of another address", REN, NO, NO, YES, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_NOTHING,
      NULL },
    { "the same, authoritative", REN, NO, YES, YES, POOL, DHCP4_FREE, NO, YES, DHCP4_DO_NAK,
      "lease not found" },
    { "limit reached, authoritative", BOOT, NO, YES, NO, POOL, DHCP4_FREE, NO, NO, DHCP4_DO_NOTHING,
      NULL },
};

static void test_request(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests); i++) {
        struct dhcp4_request facts = {
            .state = requests[i].state,
            .is_for_us = requests[i].for_us,
            .authoritative = requests[i].authoritative,
            .has_lease = requests[i].has_lease,
            .wants_own =
                requests[i].has_lease
                && (requests[i].holder == DHCP4_OWN || requests[i].holder == DHCP4_RESERVED),
            .wanted = AT(7, requests[i].place, requests[i].holder),
            .static_available = requests[i].static_available,
            .room = requests[i].room,
        };
        struct dhcp4_plan plan = dhcp4_decide_request(&facts);
        if (plan.verdict != requests[i].verdict
            || !text_equal(text_of(plan.reason), text_of(requests[i].reason)))
            fail_msg("row %u, %s: verdict %d, %s", (unsigned)i, requests[i].name, (int)plan.verdict,
                     plan.reason != NULL ? plan.reason : "-");
        assert_int_equal(plan.verdict == DHCP4_DO_ACK, plan.address.bytes[3] == 7);
        assert_int_equal(plan.release_own,
                         requests[i].state == SEL && !requests[i].for_us && requests[i].has_lease);
    }
}

static const struct {
    const char *name;
    enum dhcp4_client_state state;
    bool authoritative, has_lease, wants_own;
    enum dhcp4_verdict verdict;
    const char *reason;
} unicasts[] = {
    { "renewal", REN, NO, YES, YES, DHCP4_DO_ACK, NULL },
    { "renewal without a lease", REN, NO, NO, NO, DHCP4_DO_NAK, "lease not found" },
    { "the same, authoritative", REN, YES, NO, NO, DHCP4_DO_ACK, NULL },
    { "renewal of another address", REN, NO, YES, NO, DHCP4_DO_NAK, "lease not found" },
    { "the same, authoritative", REN, YES, YES, NO, DHCP4_DO_NAK, "lease not found" },
    { "reboot", BOOT, NO, NO, NO, DHCP4_DO_NOTHING, NULL },
};

static void test_request_by_unicast(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(unicasts); i++) {
        struct dhcp4_request facts = {
            .state = unicasts[i].state,
            .by_unicast = true,
            .authoritative = unicasts[i].authoritative,
            .has_lease = unicasts[i].has_lease,
            .wants_own = unicasts[i].wants_own,
            .wanted = AT(7, POOL, DHCP4_FREE),
            .room = true,
        };
        struct dhcp4_plan plan = dhcp4_decide_request(&facts);
        if (plan.verdict != unicasts[i].verdict
            || !text_equal(text_of(plan.reason), text_of(unicasts[i].reason)))
            fail_msg("row %u, %s: verdict %d, %s", (unsigned)i, unicasts[i].name, (int)plan.verdict,
                     plan.reason != NULL ? plan.reason : "-");
    }
}

static void test_request_for_nothing(void **state)
{
    (void)state;
    struct dhcp4_request facts = { .state = SEL, .is_for_us = true, .authoritative = true };
    assert_int_equal(dhcp4_decide_request(&facts).verdict, DHCP4_DO_NOTHING);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_discover),
        cmocka_unit_test(test_request),
        cmocka_unit_test(test_request_by_unicast),
        cmocka_unit_test(test_request_for_nothing),
    };
    return cmocka_run_group_tests_name("dhcp4_decide", tests, NULL, NULL);
}

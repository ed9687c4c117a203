#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dhcp/client_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static const uint8_t any[] = { 0, 1, 0 };

/* The same of DHCPv6. */
static void fuzz6(struct dhcp_config *config, struct bytes bytes)
{
    static struct dhcp6_wrapped wrapped;
    static struct dhcp6_message message;
    struct tag_set set;
    if (dhcp6_unwrap(bytes, &wrapped) != STATUS_OK
        || dhcp6_message_read(wrapped.inner, &message) != STATUS_OK)
        return;
    struct client_match_facts facts = { .options6 = &message.options, .wrapped6 = &wrapped };
    for (int ip6 = 0; ip6 < 2; ip6++) {
        for (size_t i = 0; i < config->match_count; i++)
            config->matches[i].ip6 = ip6 == 1;
        tag_set_init(&set);
        client_match_apply(config, &facts, ~0u, &set);
        assert(!tag_set_has(&set, CLIENT_MATCH_HARDWARE * 5));
    }
}

/* Lines of every form, held against a client's message: a value that is there is present. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    static const uint8_t value[] = { 1, 0, 3 };
    static struct client_match_rule rules[CLIENT_MATCH_SUBJECTS * 5];
    struct dhcp_config config = { .matches = rules, .match_count = COUNT_OF(rules) };
    struct dhcp4_message message;
    struct tag_set set;
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        rules[i] = (struct client_match_rule){
            .subject = (uint8_t)(i / 5),
            .form = (uint8_t)(i % 5),
            .tag = (uint16_t)i,
            .code = 60,
            .enterprise = 9,
            .value = { value, sizeof(value) },
            .any = any,
        };
    fuzz6(&config, bytes_of(data, count));
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        rules[i].ip6 = false;
    if (dhcp4_message_read(bytes_of(data, count), &message) != STATUS_OK)
        return 0;
    struct client_match_facts facts = { .message = &message, .name = TEXT("abc") };
    (void)dhcp4_option_first(&message, DHCP4_AGENT_INFO, &facts.agent_info);
    tag_set_init(&set);
    client_match_apply(&config, &facts, ~0u, &set);
    (void)client_match_is_cpe(&message);
    for (uint16_t subject = 0; subject < CLIENT_MATCH_SUBJECTS; subject++) {
        bool present = tag_set_has(&set, (uint16_t)(subject * 5 + CLIENT_MATCH_PRESENT));
        bool has_form = subject != CLIENT_MATCH_HARDWARE && subject != CLIENT_MATCH_NAME;
        for (uint16_t form = 0; has_form && form < 5; form++)
            assert(present || !tag_set_has(&set, (uint16_t)(subject * 5 + form)));
    }
    return 0;
}

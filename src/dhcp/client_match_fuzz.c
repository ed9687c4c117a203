#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "dhcp/client_match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

static const uint8_t any[] = { 0, 1, 0 };

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

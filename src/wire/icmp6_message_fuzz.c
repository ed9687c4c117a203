#include <stdint.h>

#include "wire/icmp6_message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);

/* What was read as an advertisement and written again reads to the same. */
static void write_again(const struct icmp6_advert *advert, const struct icmp6_options *options)
{
    uint8_t buffer[16 + ICMP6_OPTIONS_MAX * ICMP6_PREFIX_BYTES];
    struct bytes_writer writer = bytes_writer_on(buffer, sizeof buffer);
    struct icmp6_advert again;
    static struct icmp6_options options_again;
    unsigned prefixes = 0;
    icmp6_advert_write(&writer, advert);
    for (unsigned i = 0; i < options->count; i++) {
        struct icmp6_prefix prefix;
        if (options->at[i].type == ICMP6_PREFIX
            && icmp6_prefix_read(options->at[i].value, &prefix) == STATUS_OK) {
            icmp6_prefix_write(&writer, &prefix);
            prefixes++;
        }
    }
    assert(!writer.failed);
    enum status status = icmp6_advert_read(bytes_writer_written(&writer), &again, &options_again);
    assert(status == STATUS_OK && options_again.count == prefixes);
    assert(again.lifetime_s == advert->lifetime_s && again.managed == advert->managed
           && again.other == advert->other && again.preference == advert->preference
           && again.hop_limit == advert->hop_limit && again.retrans_ms == advert->retrans_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct bytes message = { data, count };
    struct address any = address_any(ADDRESS_IP6);
    struct address from = address_ip6((const uint8_t[16]){ 0xfe, 0x80, [15] = 1 });
    struct icmp6_solicit solicit;
    struct icmp6_advert advert;
    static struct icmp6_options options;
    uint16_t id, sequence;

    if (icmp6_solicit_read(message, &any, &solicit) == STATUS_OK) {
        assert(count >= 8 && data[0] == ICMP6_ROUTER_SOLICIT && solicit.source.count == 0);
        enum status status = icmp6_solicit_read(message, &from, &solicit);
        assert(status == STATUS_OK);
    } else if (icmp6_solicit_read(message, &from, &solicit) == STATUS_OK) {
        assert(solicit.source.count >= 6 && solicit.source.count <= HARDWARE_MAX);
    }
    if (icmp6_advert_read(message, &advert, &options) == STATUS_OK) {
        size_t sum = 16;
        for (unsigned i = 0; i < options.count; i++)
            sum += options.at[i].value.count + 2;
        assert(sum == count);
        write_again(&advert, &options);
    }
    if (icmp6_echo_reply_read(message, &id, &sequence) == STATUS_OK)
        assert(count >= 8 && data[0] == ICMP6_ECHO_REPLY);
    return 0;
}

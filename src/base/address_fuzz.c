#include "base/address.h"

/* What is printed reads back as the same thing, and only one text is printed for it. */

static void check_address(struct text text)
{
    struct address address;
    struct address again;
    char buffer[ADDRESS_TEXT_MAX];

    if (address_from_text(text, &address) != STATUS_OK)
        return;
    assert(address.family == ADDRESS_IP4 || address.family == ADDRESS_IP6);
    enum status status = address_from_text(text_of(address_text(&address, buffer)), &again);
    assert(status == STATUS_OK && address_equal(&address, &again));
    status = address_from_bytes(address_bytes(&address), &again);
    assert(status == STATUS_OK && address_equal(&address, &again));
}

static void check_prefix(struct text text)
{
    struct prefix prefix;
    struct prefix again;
    char buffer[ADDRESS_TEXT_MAX + 4];

    if (prefix_from_text(text, &prefix) != STATUS_OK)
        return;
    assert(prefix_contains(&prefix, &prefix.address));
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_prefix(&out, &prefix);
    enum status status = prefix_from_text(text_out_text(&out), &again);
    assert(!out.failed && status == STATUS_OK && prefix_equal(&prefix, &again));
}

static void check_hardware(struct text text)
{
    struct hardware hardware;
    struct hardware again;
    char buffer[HARDWARE_TEXT_MAX];

    if (hardware_from_text(text, &hardware) != STATUS_OK)
        return;
    assert(hardware.count >= 1 && hardware.count <= HARDWARE_MAX);
    struct text_out out = text_out_on(buffer, sizeof buffer);
    text_put_hardware(&out, &hardware);
    assert(!out.failed);
    /* One byte leaves no colon to tell a type from a byte by. */
    if (hardware.count == 1)
        return;
    enum status status = hardware_from_text(text_out_text(&out), &again);
    assert(status == STATUS_OK && hardware_equal(&hardware, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
    struct text text = { (const char *)data, count };

    check_address(text);
    check_prefix(text);
    check_hardware(text);
    return 0;
}

#include "dhcp/ethers.h"

/* "02:0:*:..", with dashes for colons if one likes; bytes have one or two digits. */
static bool read_hardware(struct text text, struct dhcp_hardware_pattern *pattern)
{
    char separator = text_find(text, ':') == SIZE_MAX ? '-' : ':';
    struct text byte;
    *pattern = (struct dhcp_hardware_pattern){ .hardware.type = 1, .any_type = true };
    while (text_next_field(&text, separator, &byte)) {
        struct hardware *hardware = &pattern->hardware;
        uint64_t value = 0;
        if (hardware->count == HARDWARE_MAX)
            return false;
        if (text_equal(byte, TEXT("*")))
            pattern->wildcards |= 1u << hardware->count;
        else if (byte.count > 2 || text_to_u64_hex(byte, &value) != STATUS_OK)
            return false;
        hardware->bytes[hardware->count] = (uint8_t)value;
        hardware->count++;
    }
    return pattern->hardware.count > 1;
}

static enum ethers_kind read_line(struct text text, struct ethers_line *line)
{
    struct text word;
    line->address = (struct address){ 0 };
    line->name = (struct dname){ 0 };
    if (!text_next_word(&text, &word) || !read_hardware(word, &line->hardware))
        return ETHERS_BAD_LINE;
    text = text_trim(text);
    if (text_is_empty(text))
        return ETHERS_BAD_LINE;
    if (address_from_text(text, &line->address) == STATUS_OK)
        return line->address.family == ADDRESS_IP4 ? ETHERS_HOST : ETHERS_BAD_NAME;
    line->address = (struct address){ 0 };
    return dname_from_host(text, false, &line->name) == STATUS_OK ? ETHERS_HOST : ETHERS_BAD_NAME;
}

bool ethers_next(struct text *rest, struct ethers_line *line)
{
    struct text text;
    while (text_next_line(rest, &text)) {
        line->number++;
        text = text_trim(text_part(text, 0, text_find(text, '#')));
        if (text_is_empty(text))
            continue;
        line->kind = read_line(text, line);
        return true;
    }
    return false;
}
